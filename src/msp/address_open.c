/*
 * IOpenMSPAddress: the address for applications and scripts without a TSP (openmsp.h). Any thread.
 */
#include "msp/address.h"
#include "msp/engine_host.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "core/queue.h"
#include "msp/call.h"

static struct msp_address *self_of(IOpenMSPAddress *iface)
{
    return COM_SELF(iface, struct msp_address, open);
}

static HRESULT STDMETHODCALLTYPE open_Open(IOpenMSPAddress *iface)
{
    return msp_address_start(self_of(iface), NULL);
}

static HRESULT STDMETHODCALLTYPE open_Close(IOpenMSPAddress *iface)
{
    return msp_address_stop(self_of(iface));
}

static HRESULT STDMETHODCALLTYPE open_CreateCall(IOpenMSPAddress *iface, LONG media,
                                                 IOpenMSPCall **out)
{
    struct msp_address *self = self_of(iface);
    struct msp_call *call;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self);
    if (SUCCEEDED(hr))
        hr = msp_call_create(self, NULL, (uint32_t)media, NULL, &call);
    if (FAILED(hr))
        return hr;
    hr = com_object_query(&call->object, &IID_IOpenMSPCall, (void **)out);
    msp_call_unref(call);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_Calls(IOpenMSPAddress *iface, VARIANT *out)
{
    struct msp_address *self = self_of(iface);
    struct msp_call **calls = NULL;
    void **interfaces = NULL;
    size_t count = 0, used = 0;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = msp_address_check_live(self);
    if (SUCCEEDED(hr))
        hr = msp_address_calls(self, &calls, &count);
    if (FAILED(hr))
        return hr;
    interfaces = omsp_zalloc_array(count ? count : 1, sizeof(*interfaces));
    for (size_t i = 0; interfaces && i < count; i++)
        if (calls[i]->object.class == &msp_call_class) /* others live by their outer's grace */
            interfaces[used++] = &calls[i]->open;
    hr = interfaces ? com_collection_variant_of_objects(&IID_ITCollection, interfaces, used, out)
                    : E_OUTOFMEMORY;
    for (size_t i = 0; i < count; i++)
        msp_call_unref(calls[i]);
    omsp_free(interfaces);
    omsp_free(calls);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_Version(IOpenMSPAddress *iface, BSTR *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = msp_bstr(OMSP_VERSION);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT queue_stats(IOpenMSPAddress *iface, double *out, struct omsp_queue_stats *stats)
{
    struct msp_address *self = self_of(iface);
    HRESULT hr = S_OK;

    if (!out)
        return E_POINTER;
    *out = 0;
    AcquireSRWLockShared(&self->listener_lock);
    if (self->listener)
        omsp_listener_get_stats(self->listener, stats);
    else
        hr = E_UNEXPECTED;
    ReleaseSRWLockShared(&self->listener_lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_EventsWaiting(IOpenMSPAddress *iface, double *out)
{
    struct omsp_queue_stats stats;
    HRESULT hr = queue_stats(iface, out, &stats);

    if (SUCCEEDED(hr))
        *out = (double)stats.waiting;
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_EventsCoalesced(IOpenMSPAddress *iface, double *out)
{
    struct omsp_queue_stats stats;
    HRESULT hr = queue_stats(iface, out, &stats);

    if (SUCCEEDED(hr))
        *out = (double)stats.coalesced;
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_EventsDropped(IOpenMSPAddress *iface, double *out)
{
    struct omsp_queue_stats stats;
    HRESULT hr = queue_stats(iface, out, &stats);

    if (SUCCEEDED(hr))
        *out = (double)stats.dropped;
    return hr;
}

/* The engine is held meanwhile: another thread may close the last address. */
static HRESULT hold_engine(IOpenMSPAddress *iface, struct omsp_engine **engine)
{
    HRESULT hr = msp_address_check_live(self_of(iface));

    return SUCCEEDED(hr) ? msp_engine_acquire(engine) : hr;
}

static HRESULT STDMETHODCALLTYPE open_get_MediaWorkers(IOpenMSPAddress *iface, LONG *out)
{
    struct omsp_engine *engine;
    unsigned made;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = 0;
    hr = hold_engine(iface, &engine);
    if (FAILED(hr))
        return hr;
    *out = (LONG)omsp_engine_get_workers(engine, &made);
    msp_engine_release();
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE open_put_MediaWorkers(IOpenMSPAddress *iface, LONG count)
{
    struct omsp_engine *engine;
    HRESULT hr = hold_engine(iface, &engine);

    if (FAILED(hr))
        return hr;
    hr = count < 0 ? E_INVALIDARG : msp_hresult(omsp_engine_set_workers(engine, (unsigned)count));
    msp_engine_release();
    return hr;
}

MSP_VTABLE(msp_address_open_vtable, IOpenMSPAddress, struct msp_address, open,
           &msp_dispatch_IOpenMSPAddress, COM_DISPATCH_SLOTS(IOpenMSPAddress), .Open = open_Open,
           .Close = open_Close, .CreateCall = open_CreateCall, .get_Calls = open_get_Calls,
           .get_Version = open_get_Version, .get_EventsWaiting = open_get_EventsWaiting,
           .get_EventsCoalesced = open_get_EventsCoalesced,
           .get_EventsDropped = open_get_EventsDropped,
           .ConfigureMediaStreams = msp_address_configure_media,
           .StartRest = msp_address_start_rest, .StopRest = msp_address_stop_rest,
           .get_MediaWorkers = open_get_MediaWorkers, .put_MediaWorkers = open_put_MediaWorkers,
           .get_RestMaxWaiting = msp_address_get_rest_waiting,
           .put_RestMaxWaiting = msp_address_put_rest_waiting,
           .get_RestMaxPerAddress = msp_address_get_rest_per_address,
           .put_RestMaxPerAddress = msp_address_put_rest_per_address);
