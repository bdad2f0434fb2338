/*
 * What the suites of the MSP's classes share: an address with the system's ports, an outer object
 * that plays tapi3.dll's part and counts, and the check that nothing is left.
 */
#ifndef OMSP_TESTS_MSP_KIT_H
#define OMSP_TESTS_MSP_KIT_H

#include "support/suite.h"

#include "com/module.h"
#include "com/object.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "msp/msp.h"
#include "openmsp/openmsp.h"
#include "port/ports.h"

#define ck_assert_hr(expression, expected)                                                         \
    do {                                                                                           \
        HRESULT hr_ = (expression);                                                                \
        ck_assert_msg(hr_ == (HRESULT)(expected), "%s: 0x%08lx, not 0x%08lx", #expression,         \
                      (unsigned long)hr_, (unsigned long)(HRESULT)(expected));                     \
    } while (0)

/* ---- before and after ------------------------------------------------------------------------ */

static inline void kit_begin(void)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    msp_engine_configure(omsp_system_ports, NULL);
}

/* Threads of sinks let go of what they hold a little later than the test does. */
static inline void kit_end(void)
{
    ULONGLONG give_up = GetTickCount64() + 10000;

    while ((com_module_references() || msp_engine_holds()) && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_int_eq(com_module_references(), 0);
    ck_assert_uint_eq(msp_engine_holds(), 0);
    CoUninitialize();
}

/* ---- an outer object ------------------------------------------------------------------------- */

/* As tapi3.dll's address or call object: answers IUnknown itself and asks the inner for the rest.
 */
struct outer {
    IUnknown iface;
    IUnknown *inner;
    LONG refs, queries;
};

static HRESULT STDMETHODCALLTYPE outer_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    struct outer *self = CONTAINING_RECORD(iface, struct outer, iface);

    InterlockedIncrement(&self->queries);
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown)) {
        InterlockedIncrement(&self->refs);
        *out = iface;
        return S_OK;
    }
    return self->inner ? IUnknown_QueryInterface(self->inner, iid, out) : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE outer_AddRef(IUnknown *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct outer, iface)->refs);
}

static ULONG STDMETHODCALLTYPE outer_Release(IUnknown *iface)
{
    return (ULONG)InterlockedDecrement(&CONTAINING_RECORD(iface, struct outer, iface)->refs);
}

static inline void outer_init(struct outer *outer)
{
    static IUnknownVtbl vtable = {outer_QueryInterface, outer_AddRef, outer_Release};

    memset(outer, 0, sizeof(*outer));
    outer->iface.lpVtbl = &vtable;
    outer->refs = 1;
}

/* ---- addresses and calls --------------------------------------------------------------------- */

static inline ITMSPAddress *kit_address(void)
{
    ITMSPAddress *address = NULL;

    ck_assert_hr(msp_address_create(NULL, &IID_ITMSPAddress, (void **)&address), S_OK);
    return address;
}

static inline ITMSPAddress *kit_live(HANDLE event)
{
    ITMSPAddress *address = kit_address();

    ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
    return address;
}

static inline HANDLE kit_event(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);

    ck_assert_ptr_nonnull(event);
    return event;
}

static inline IUnknown *kit_call(ITMSPAddress *address, DWORD media)
{
    IUnknown *call = NULL;

    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)(ULONG_PTR)0x1234, 0, media,
                                                NULL, &call),
                 S_OK);
    return call;
}

static inline void *kit_query(void *iface, REFIID iid)
{
    void *out = NULL;

    ck_assert_hr(IUnknown_QueryInterface((IUnknown *)iface, iid, &out), S_OK);
    ck_assert_ptr_nonnull(out);
    return out;
}

static inline ULONG kit_release(void *iface)
{
    IUnknown *unknown = iface;

    return IUnknown_Release(unknown);
}

/* Every interface reachable from every other, one IUnknown for all. */
static inline void kit_check_identity(IUnknown *start, const IID *const *iids, size_t count)
{
    IUnknown *identity = kit_query(start, &IID_IUnknown);

    for (size_t i = 0; i < count; i++) {
        IUnknown *from = kit_query(start, iids[i]);

        for (size_t j = 0; j < count; j++) {
            IUnknown *to = kit_query(from, iids[j]), *same = kit_query(to, &IID_IUnknown);

            ck_assert_ptr_eq(same, identity);
            kit_release(same);
            kit_release(to);
        }
        kit_release(from);
    }
    kit_release(identity);
}

#endif
