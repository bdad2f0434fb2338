/*
 * The enumerator of our filter's one pin: an ordinary one, and when there is no memory for it one
 * that is a part of the filter, for one user at a time. Any thread.
 */
#include "com/enumerator.h"
#include "msp/hosted_filter.h"

static struct msp_filter *of(IEnumPins *iface)
{
    return CONTAINING_RECORD(iface, struct msp_filter, spare);
}

static ULONG STDMETHODCALLTYPE spare_AddRef(IEnumPins *iface)
{
    return (ULONG)InterlockedIncrement(&of(iface)->spare_refs);
}

static ULONG STDMETHODCALLTYPE spare_Release(IEnumPins *iface)
{
    struct msp_filter *self = of(iface);
    LONG left = InterlockedDecrement(&self->spare_refs);

    if (!left)
        IBaseFilter_Release(&self->filter);
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE spare_QueryInterface(IEnumPins *iface, REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IEnumPins))
        return E_NOINTERFACE;
    *out = iface;
    spare_AddRef(iface);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE spare_Next(IEnumPins *iface, ULONG count, IPin **pins,
                                            ULONG *fetched)
{
    struct msp_filter *self = of(iface);
    ULONG got = 0;

    if (!pins || (!fetched && count > 1))
        return E_POINTER;
    if (count && !InterlockedExchange(&self->spare_at, 1)) {
        pins[got++] = &self->pin;
        IPin_AddRef(&self->pin);
    }
    if (fetched)
        *fetched = got;
    return got == count ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE spare_Skip(IEnumPins *iface, ULONG count)
{
    return !count || (count == 1 && !InterlockedExchange(&of(iface)->spare_at, 1)) ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE spare_Reset(IEnumPins *iface)
{
    InterlockedExchange(&of(iface)->spare_at, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE spare_Clone(IEnumPins *iface, IEnumPins **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return E_OUTOFMEMORY; /* which is why it is in use */
}

static IEnumPinsVtbl spare_vtbl = {
    spare_QueryInterface, spare_AddRef, spare_Release, spare_Next,
    spare_Skip,           spare_Reset,  spare_Clone,
};

HRESULT msp_filter_enum_pins(struct msp_filter *self, IEnumPins **out)
{
    IPin *pin = &self->pin;
    HRESULT hr = com_enum_interfaces(&IID_IEnumPins, COM_ENUM_SKIP_RESET, (void *const *)&pin, 1,
                                     (void **)out);

    if (hr != E_OUTOFMEMORY || InterlockedCompareExchange(&self->spare_refs, 1, 0))
        return hr;
    self->spare.lpVtbl = &spare_vtbl;
    InterlockedExchange(&self->spare_at, 0);
    IBaseFilter_AddRef(&self->filter);
    *out = &self->spare;
    return S_OK;
}
