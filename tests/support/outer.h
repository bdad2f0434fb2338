/*
 * What every test of COM objects shares: the check of an HRESULT, references, and an outer object
 * that plays tapi3.dll's part and counts. Windows only.
 */
#ifndef OMSP_TESTS_SUPPORT_OUTER_H
#define OMSP_TESTS_SUPPORT_OUTER_H

#include "support/suite.h"

#include <windows.h>

#include <ole2.h>

#define ck_assert_hr(expression, expected)                                                         \
    do {                                                                                           \
        HRESULT hr_ = (expression);                                                                \
        if (hr_ != (HRESULT)(expected) && hr_ != S_OK && omsp_walk_again(__FILE__, __LINE__, hr_)) \
            hr_ = (expression);                                                                    \
        ck_assert_msg(hr_ == (HRESULT)(expected), "%s: 0x%08lx, not 0x%08lx", #expression,         \
                      (unsigned long)hr_, (unsigned long)(HRESULT)(expected));                     \
    } while (0)

/* As tapi3.dll's address or call object: answers IUnknown itself and asks the inner for the rest.
 * One that has interfaces of its own, or an end, sets the hooks. */
struct outer {
    IUnknown iface;
    IUnknown *inner;
    LONG refs, queries;
    void *(*own)(struct outer *outer, REFIID iid); /* NULL, or not one of its own; not counted */
    void (*gone)(struct outer *outer);             /* NULL, or called with the last reference */
    void *ctx;
};

static HRESULT STDMETHODCALLTYPE outer_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    struct outer *self = CONTAINING_RECORD(iface, struct outer, iface);

    InterlockedIncrement(&self->queries);
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown))
        *out = iface;
    else if (self->own)
        *out = self->own(self, iid);
    if (*out) {
        InterlockedIncrement(&self->refs);
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
    struct outer *self = CONTAINING_RECORD(iface, struct outer, iface);
    LONG refs = InterlockedDecrement(&self->refs);

    if (!refs && self->gone)
        self->gone(self);
    return (ULONG)refs;
}

static inline void outer_init(struct outer *outer)
{
    static IUnknownVtbl vtable = {outer_QueryInterface, outer_AddRef, outer_Release};

    ZeroMemory(outer, sizeof(*outer));
    outer->iface.lpVtbl = &vtable;
    outer->refs = 1;
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

static inline HANDLE kit_event(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);

    ck_assert_ptr_nonnull(event);
    return event;
}

#endif
