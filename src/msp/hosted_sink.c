/*
 * The sink: an input pin that takes samples from a hosted terminal and writes them to the call. Its
 * pace is the call's: a ring that is full holds whoever delivers, until there is room or the graph
 * stops. Receive runs on the terminal's thread.
 */
#include "msp/hosted_filter.h"
#include "msp/terminal.h"

#include <evcode.h>

static struct msp_filter *of(IMemInputPin *iface)
{
    return COM_SELF(iface, struct msp_filter, mem);
}

/* ---- IPin ------------------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE pin_Connect(IPin *iface, IPin *peer, const AM_MEDIA_TYPE *type)
{
    (void)iface, (void)peer, (void)type;
    return E_UNEXPECTED; /* output pins do */
}

static HRESULT STDMETHODCALLTYPE pin_ReceiveConnection(IPin *iface, IPin *peer,
                                                       const AM_MEDIA_TYPE *type)
{
    struct msp_filter *self = msp_filter_of_pin(iface);
    struct omsp_audio_format format;
    PIN_DIRECTION direction;
    HRESULT hr;

    if (!peer || !type)
        return E_POINTER;
    if (msp_filter_state(self) != State_Stopped)
        return VFW_E_NOT_STOPPED;
    hr = IPin_QueryDirection(peer, &direction);
    if (FAILED(hr))
        return hr;
    if (direction != PINDIR_OUTPUT)
        return VFW_E_INVALID_DIRECTION;
    if (FAILED(msp_media_type_read(type, &format)) ||
        omsp_samples_set_format(self->engine, &format))
        return VFW_E_TYPE_NOT_ACCEPTED;
    return msp_filter_join(self, peer, &format);
}

static HRESULT STDMETHODCALLTYPE pin_Disconnect(IPin *iface)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    return msp_filter_state(self) == State_Stopped ? msp_filter_part(self) : VFW_E_NOT_STOPPED;
}

/* Nothing more will come: the call hears silence from then on. */
static HRESULT STDMETHODCALLTYPE pin_EndOfStream(IPin *iface)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    if (self->flushing)
        return S_FALSE;
    omsp_samples_end(self->engine);
    msp_filter_notify(self, EC_COMPLETE, S_OK, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_BeginFlush(IPin *iface)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    InterlockedExchange(&self->flushing, 1);
    SetEvent(self->wake);
    omsp_samples_drop(self->engine);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_EndFlush(IPin *iface)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    omsp_samples_drop(self->engine); /* lifts an end, too */
    InterlockedExchange(&self->flushing, 0);
    return S_OK;
}

static const IPinVtbl pin_vtbl = {
    msp_pin_query,         msp_pin_addref,    msp_pin_release,      pin_Connect,
    pin_ReceiveConnection, pin_Disconnect,    msp_pin_connected_to, msp_pin_media_type,
    msp_pin_info,          msp_pin_direction, msp_pin_id,           msp_pin_accept,
    msp_pin_types,         msp_pin_internal,  pin_EndOfStream,      pin_BeginFlush,
    pin_EndFlush,          msp_pin_segment,
};

/* ---- IMemInputPin ---------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE mem_QueryInterface(IMemInputPin *iface, REFIID iid, void **out)
{
    return msp_pin_query(&of(iface)->pin, iid, out);
}

static ULONG STDMETHODCALLTYPE mem_AddRef(IMemInputPin *iface)
{
    return com_object_addref(&of(iface)->object);
}

static ULONG STDMETHODCALLTYPE mem_Release(IMemInputPin *iface)
{
    return com_object_release(&of(iface)->object);
}

/* Whatever the other side has will do. */
static HRESULT STDMETHODCALLTYPE mem_GetAllocator(IMemInputPin *iface, IMemAllocator **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return CoCreateInstance(&CLSID_MemoryAllocator, NULL, CLSCTX_INPROC_SERVER, &IID_IMemAllocator,
                            (void **)out);
}

static HRESULT STDMETHODCALLTYPE mem_NotifyAllocator(IMemInputPin *iface, IMemAllocator *allocator,
                                                     BOOL read_only)
{
    (void)iface, (void)read_only;
    return allocator ? S_OK : E_POINTER;
}

static HRESULT STDMETHODCALLTYPE mem_GetAllocatorRequirements(IMemInputPin *iface,
                                                              ALLOCATOR_PROPERTIES *out)
{
    (void)iface;
    return out ? E_NOTIMPL : E_POINTER;
}

static HRESULT write_all(struct msp_filter *self, const BYTE *bytes, size_t left)
{
    while (left >= msp_filter_block(&self->format)) {
        size_t used = 0;
        enum omsp_status status;

        if (self->flushing)
            return S_FALSE;
        if (self->stopping)
            return VFW_E_WRONG_STATE;
        status = omsp_samples_write(self->engine, bytes, left, &used);
        bytes += used;
        left -= used;
        if (status == OMSP_EOF)
            return S_FALSE;
        if (status && status != OMSP_FULL)
            return E_FAIL;
        if (status == OMSP_FULL)
            WaitForSingleObject(self->wake, 100);
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE mem_Receive(IMemInputPin *iface, IMediaSample *sample)
{
    struct msp_filter *self = of(iface);
    BYTE *bytes = NULL;
    HRESULT hr;

    if (!sample)
        return E_POINTER;
    if (self->flushing)
        return S_FALSE;
    if (self->stopping)
        return VFW_E_WRONG_STATE;
    hr = IMediaSample_GetPointer(sample, &bytes);
    return SUCCEEDED(hr) ? write_all(self, bytes, (size_t)IMediaSample_GetActualDataLength(sample))
                         : hr;
}

static HRESULT STDMETHODCALLTYPE mem_ReceiveMultiple(IMemInputPin *iface, IMediaSample **samples,
                                                     LONG count, LONG *done)
{
    HRESULT hr = S_OK;

    if (!samples || !done)
        return E_POINTER;
    for (*done = 0; *done < count && hr == S_OK; *done += hr == S_OK)
        hr = mem_Receive(iface, samples[*done]);
    return hr;
}

static HRESULT STDMETHODCALLTYPE mem_ReceiveCanBlock(IMemInputPin *iface)
{
    (void)iface;
    return S_OK;
}

static const IMemInputPinVtbl mem_vtbl = {
    mem_QueryInterface, mem_AddRef,          mem_Release,
    mem_GetAllocator,   mem_NotifyAllocator, mem_GetAllocatorRequirements,
    mem_Receive,        mem_ReceiveMultiple, mem_ReceiveCanBlock,
};

static const struct msp_filter_kind kind = {PINDIR_INPUT, L"In", &pin_vtbl, &mem_vtbl, NULL, NULL};

HRESULT msp_sink_create(struct omsp_terminal *engine, struct msp_filter **out)
{
    return msp_filter_create(&kind, engine, out);
}
