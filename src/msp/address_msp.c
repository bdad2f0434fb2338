/*
 * ITMSPAddress: what tapi3.dll calls (mspi.md 2). Translates; the work is the address's, the call's
 * and the engine's. Any thread.
 */
#include "msp/address.h"
#include "msp/call.h"

static struct msp_address *self_of(ITMSPAddress *iface)
{
    return COM_SELF(iface, struct msp_address, msp);
}

static HRESULT STDMETHODCALLTYPE msp_Initialize(ITMSPAddress *iface, MSP_HANDLE event)
{
    if (!event)
        return E_INVALIDARG;
    return msp_address_start(self_of(iface), (HANDLE)event);
}

static HRESULT STDMETHODCALLTYPE msp_Shutdown(ITMSPAddress *iface)
{
    return msp_address_stop(self_of(iface));
}

static HRESULT STDMETHODCALLTYPE msp_CreateMSPCall(ITMSPAddress *iface, MSP_HANDLE token,
                                                   DWORD reserved, DWORD media, IUnknown *outer,
                                                   IUnknown **out)
{
    struct msp_address *self = self_of(iface);
    struct msp_call *call;
    HRESULT hr;

    (void)reserved; /* 0 is passed; other values mean nothing */
    if (!out)
        return E_POINTER;
    *out = NULL;
    /* tapi3's call objects aggregate theirs; who made the address by itself may do without. */
    if (!outer && self->object.outer != &self->object.inner)
        return E_POINTER;
    hr = msp_address_check_live(self);
    if (SUCCEEDED(hr))
        hr = msp_call_create(self, token, media, outer, &call);
    if (SUCCEEDED(hr))
        *out = &call->object.inner;
    return hr;
}

static HRESULT STDMETHODCALLTYPE msp_ShutdownMSPCall(ITMSPAddress *iface, IUnknown *unknown)
{
    struct msp_address *self = self_of(iface);
    struct msp_call *call;
    HRESULT hr;

    if (!unknown)
        return E_POINTER;
    hr = msp_address_check_live(self);
    if (FAILED(hr))
        return hr;
    call = msp_address_find_call(self, unknown);
    if (!call)
        return E_INVALIDARG;
    hr = msp_call_forget(call) ? S_OK : E_INVALIDARG;
    msp_call_shut(call);
    msp_call_unref(call);
    return hr;
}

static HRESULT STDMETHODCALLTYPE msp_ReceiveTSPData(ITMSPAddress *iface, IUnknown *unknown,
                                                    BYTE *data, DWORD size)
{
    struct msp_address *self = self_of(iface);
    struct msp_call *call;
    HRESULT hr;

    if (!data)
        return E_POINTER;
    hr = msp_address_check_live(self);
    if (FAILED(hr))
        return hr;
    if (!unknown) /* about the address: there is nothing to say to it, but it must be sense */
        return msp_tsp_check(data, size);
    call = msp_address_find_call(self, unknown);
    if (!call)
        return E_INVALIDARG;
    hr = msp_tsp_receive(call, data, size);
    msp_call_unref(call);
    return hr;
}

static HRESULT STDMETHODCALLTYPE msp_GetEvent(ITMSPAddress *iface, DWORD *size, byte *buffer)
{
    return msp_address_get_event(self_of(iface), size, buffer);
}

MSP_VTABLE(msp_address_msp_vtable, ITMSPAddress, struct msp_address, msp, NULL,
           COM_UNKNOWN_SLOTS(ITMSPAddress), .Initialize = msp_Initialize, .Shutdown = msp_Shutdown,
           .CreateMSPCall = msp_CreateMSPCall, .ShutdownMSPCall = msp_ShutdownMSPCall,
           .ReceiveTSPData = msp_ReceiveTSPData, .GetEvent = msp_GetEvent);
