/*
 * What the suites of the MSP's classes share beside support/outer.h: an address with the system's
 * ports, and the check that nothing is left.
 */
#ifndef OMSP_TESTS_MSP_KIT_H
#define OMSP_TESTS_MSP_KIT_H

#include "support/outer.h"

#include "com/module.h"
#include "com/object.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "msp/msp.h"
#include "openmsp/openmsp.h"
#include "port/ports.h"

#include <stdlib.h>

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

/* The inner of a call whose outer is a block of memory for the rest of the program. */
static inline IUnknown *kit_call(ITMSPAddress *address, DWORD media)
{
    static struct kept {
        struct outer outer;
        struct kept *before;
    } * last;
    struct kept *kept = malloc(sizeof(*kept));
    struct outer *outer = &kept->outer;

    ck_assert_ptr_nonnull(kept);
    kept->before = last;
    last = kept;
    outer_init(outer);
    ck_assert_hr(address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)(ULONG_PTR)0x1234, 0, media,
                                                &outer->iface, &outer->inner),
                 S_OK);
    return outer->inner;
}

/* A call without TAPI. */
static inline IUnknown *kit_standalone(ITMSPAddress *address, LONG media)
{
    IOpenMSPAddress *open = kit_query(address, &IID_IOpenMSPAddress);
    IOpenMSPCall *call = NULL;

    ck_assert_hr(IOpenMSPAddress_CreateCall(open, media, &call), S_OK);
    kit_release(open);
    return (IUnknown *)call;
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
