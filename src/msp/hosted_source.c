/*
 * The source: an output pin through which a hosted terminal gets what the call hears, a sample of
 * 20 ms as soon as it is there, stamped with the stream's time. One thread while the filter is
 * paused or running; it calls the terminal's pin.
 */
#include "msp/hosted_filter.h"

#include "base/alloc.h"
#include "com/module.h"
#include "msp/terminal.h"

#include <evcode.h>

#define BUFFERS  8
#define UNITS_MS 10000 /* of REFERENCE_TIME */
#define GRACE_MS 500u  /* of MSP_BOUND_MS, for who has a buffer or is about to get one */

/* ---- connecting ------------------------------------------------------------------------------ */

static void free_type(AM_MEDIA_TYPE *type)
{
    if (!type)
        return;
    CoTaskMemFree(type->pbFormat);
    if (type->pUnk)
        IUnknown_Release(type->pUnk);
    CoTaskMemFree(type);
}

static HRESULT agree_on_allocator(struct msp_filter *self, IMemInputPin *transport,
                                  const struct omsp_audio_format *format, IMemAllocator **out)
{
    ALLOCATOR_PROPERTIES want = {0}, got;
    HRESULT hr = IMemInputPin_GetAllocator(transport, out);

    (void)self;
    if (FAILED(hr))
        hr = CoCreateInstance(&CLSID_MemoryAllocator, NULL, CLSCTX_INPROC_SERVER,
                              &IID_IMemAllocator, (void **)out);
    if (FAILED(hr))
        return hr;
    if (FAILED(IMemInputPin_GetAllocatorRequirements(transport, &want)))
        memset(&want, 0, sizeof(want));
    if (want.cBuffers < BUFFERS)
        want.cBuffers = BUFFERS;
    if (want.cbAlign < 1)
        want.cbAlign = 1;
    if (want.cbBuffer < (LONG)(format->rate / 10 * msp_filter_block(format)))
        want.cbBuffer = (LONG)(format->rate / 10 * msp_filter_block(format));
    hr = IMemAllocator_SetProperties(*out, &want, &got);
    if (SUCCEEDED(hr) &&
        got.cbBuffer < (LONG)(format->rate / 1000 * MSP_FILTER_CHUNK_MS * msp_filter_block(format)))
        hr = E_FAIL;
    if (SUCCEEDED(hr))
        hr = IMemInputPin_NotifyAllocator(transport, *out, FALSE);
    return hr;
}

/* One format: the peer takes it and there is an allocator, or nothing has happened. */
static HRESULT try_format(struct msp_filter *self, IPin *peer,
                          const struct omsp_audio_format *format)
{
    IMemInputPin *transport = NULL;
    IMemAllocator *allocator = NULL;
    AM_MEDIA_TYPE *type;
    HRESULT hr;

    if (omsp_samples_set_format(self->engine, format))
        return VFW_E_TYPE_NOT_ACCEPTED;
    hr = msp_media_type_create(format, &type);
    if (FAILED(hr))
        return hr;
    hr = msp_filter_join(self, peer, format);
    if (SUCCEEDED(hr)) {
        hr = IPin_ReceiveConnection(peer, &self->pin, type);
        if (SUCCEEDED(hr)) {
            hr = IPin_QueryInterface(peer, &IID_IMemInputPin, (void **)&transport);
            if (FAILED(hr))
                hr = VFW_E_NO_TRANSPORT;
            if (SUCCEEDED(hr))
                hr = agree_on_allocator(self, transport, format, &allocator);
            if (FAILED(hr))
                IPin_Disconnect(peer);
        }
        if (SUCCEEDED(hr)) {
            AcquireSRWLockExclusive(&self->lock);
            self->allocator = allocator;
            self->transport = transport;
            ReleaseSRWLockExclusive(&self->lock);
            allocator = NULL;
            transport = NULL;
        } else {
            msp_filter_part(self);
        }
    }
    if (allocator)
        IMemAllocator_Release(allocator);
    if (transport)
        IMemInputPin_Release(transport);
    free_type(type);
    return hr;
}

/* The peer's own wishes that the samples terminal can meet. */
static HRESULT try_peers_types(struct msp_filter *self, IPin *peer)
{
    IEnumMediaTypes *types;
    AM_MEDIA_TYPE *type;
    HRESULT hr = VFW_E_NO_ACCEPTABLE_TYPES;

    if (FAILED(IPin_EnumMediaTypes(peer, &types)))
        return hr;
    while (FAILED(hr) && IEnumMediaTypes_Next(types, 1, &type, NULL) == S_OK) {
        struct omsp_audio_format format;

        if (SUCCEEDED(msp_media_type_read(type, &format)))
            hr = try_format(self, peer, &format);
        free_type(type);
    }
    IEnumMediaTypes_Release(types);
    return hr;
}

static HRESULT STDMETHODCALLTYPE pin_Connect(IPin *iface, IPin *peer, const AM_MEDIA_TYPE *type)
{
    struct msp_filter *self = msp_filter_of_pin(iface);
    struct omsp_audio_format format;
    PIN_DIRECTION direction;
    HRESULT hr;

    if (!peer)
        return E_POINTER;
    if (msp_filter_state(self) != State_Stopped)
        return VFW_E_NOT_STOPPED;
    if (self->peer)
        return VFW_E_ALREADY_CONNECTED;
    hr = IPin_QueryDirection(peer, &direction);
    if (FAILED(hr))
        return hr;
    if (direction != PINDIR_INPUT)
        return VFW_E_INVALID_DIRECTION;
    if (type && !IsEqualGUID(&type->majortype, &GUID_NULL) &&
        !IsEqualGUID(&type->majortype, &MEDIATYPE_Audio))
        return VFW_E_TYPE_NOT_ACCEPTED;
    if (type && type->pbFormat)
        return SUCCEEDED(msp_media_type_read(type, &format)) ? try_format(self, peer, &format)
                                                             : VFW_E_TYPE_NOT_ACCEPTED;
    /* Ours before the peer's, for it needs no conversion; then what is usual. */
    hr = try_format(self, peer, &msp_filter_formats[0]);
    if (FAILED(hr))
        hr = try_peers_types(self, peer);
    for (unsigned i = 1; FAILED(hr) && i < MSP_FILTER_FORMATS; i++)
        hr = try_format(self, peer, &msp_filter_formats[i]);
    return FAILED(hr) ? VFW_E_NO_ACCEPTABLE_TYPES : hr;
}

static HRESULT STDMETHODCALLTYPE pin_ReceiveConnection(IPin *iface, IPin *peer,
                                                       const AM_MEDIA_TYPE *type)
{
    (void)iface, (void)peer, (void)type;
    return E_UNEXPECTED; /* input pins do */
}

static HRESULT STDMETHODCALLTYPE pin_Disconnect(IPin *iface)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    return msp_filter_state(self) == State_Stopped ? msp_filter_part(self) : VFW_E_NOT_STOPPED;
}

static HRESULT STDMETHODCALLTYPE pin_not_here(IPin *iface)
{
    (void)iface;
    return E_UNEXPECTED; /* they come from upstream */
}

static const IPinVtbl pin_vtbl = {
    msp_pin_query,         msp_pin_addref,    msp_pin_release,      pin_Connect,
    pin_ReceiveConnection, pin_Disconnect,    msp_pin_connected_to, msp_pin_media_type,
    msp_pin_info,          msp_pin_direction, msp_pin_id,           msp_pin_accept,
    msp_pin_types,         msp_pin_internal,  pin_not_here,         pin_not_here,
    pin_not_here,          msp_pin_segment,
};

/* ---- delivering ------------------------------------------------------------------------------ */

struct flow {
    struct msp_filter *self; /* not counted: it outlives the thread (deactivate) */
    IMemAllocator *allocator;
    IMemInputPin *transport;
    struct omsp_audio_format format;
    REFERENCE_TIME next; /* where the next sample begins; -1: where the clock is */
};

static REFERENCE_TIME stream_time(struct msp_filter *self)
{
    IReferenceClock *clock;
    REFERENCE_TIME now = 0, start;

    AcquireSRWLockShared(&self->lock);
    clock = self->clock;
    start = self->start;
    if (clock)
        IReferenceClock_AddRef(clock);
    ReleaseSRWLockShared(&self->lock);
    if (!clock)
        return 0;
    IReferenceClock_GetTime(clock, &now);
    IReferenceClock_Release(clock);
    return now > start ? now - start : 0;
}

static HRESULT send(struct flow *flow, const BYTE *bytes, const struct omsp_samples_chunk *chunk)
{
    REFERENCE_TIME begin, end;
    LONGLONG blocks = (LONGLONG)(chunk->bytes / msp_filter_block(&flow->format));
    bool joins = flow->next >= 0 && !chunk->discontinuity;
    IMediaSample *sample;
    BYTE *room;
    HRESULT hr = IMemAllocator_GetBuffer(flow->allocator, &sample, NULL, NULL, 0);

    if (FAILED(hr))
        return hr;
    hr = IMediaSample_GetPointer(sample, &room);
    if (SUCCEEDED(hr) && (size_t)IMediaSample_GetSize(sample) < chunk->bytes)
        hr = VFW_E_BUFFER_OVERFLOW;
    if (SUCCEEDED(hr)) {
        memcpy(room, bytes, chunk->bytes);
        begin = joins ? flow->next : stream_time(flow->self);
        end = flow->next = begin + blocks * 1000 * UNITS_MS / flow->format.rate;
        IMediaSample_SetActualDataLength(sample, (LONG)chunk->bytes);
        IMediaSample_SetTime(sample, &begin, &end);
        IMediaSample_SetSyncPoint(sample, TRUE);
        IMediaSample_SetPreroll(sample, FALSE);
        IMediaSample_SetDiscontinuity(sample, !joins);
        hr = IMemInputPin_Receive(flow->transport, sample);
    }
    IMediaSample_Release(sample);
    return hr;
}

/* False: the other side wants no more. */
static bool send_what_there_is(struct flow *flow, BYTE *bytes, size_t room)
{
    struct msp_filter *self = flow->self;

    while (!self->stopping && msp_filter_state(self) == State_Running) {
        struct omsp_samples_chunk chunk;
        HRESULT hr;

        if (omsp_samples_read(self->engine, bytes, room, &chunk))
            return true;
        hr = send(flow, bytes, &chunk);
        if (hr == S_OK)
            continue;
        if (FAILED(hr) && !self->stopping)
            msp_filter_notify(self, EC_ERRORABORT, hr, 0);
        return false;
    }
    return true;
}

static void run(void *ctx)
{
    struct flow *flow = ctx;
    struct msp_filter *self = flow->self;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));
    size_t room = flow->format.rate / 1000 * MSP_FILTER_CHUNK_MS * msp_filter_block(&flow->format);
    BYTE *bytes = omsp_alloc(room);

    if (!bytes)
        msp_filter_notify(self, EC_ERRORABORT, E_OUTOFMEMORY, 0);
    while (bytes && !self->stopping) {
        if (msp_filter_state(self) != State_Running)
            flow->next = -1;
        if (!send_what_there_is(flow, bytes, room))
            break;
        WaitForSingleObject(self->wake, 100);
    }
    omsp_free(bytes);
    IMemAllocator_Release(flow->allocator);
    IMemInputPin_Release(flow->transport);
    omsp_free(flow);
    if (initialised)
        CoUninitialize();
}

static HRESULT activate(struct msp_filter *self)
{
    struct flow *flow = omsp_zalloc(sizeof(*flow));
    HRESULT hr;

    if (!flow)
        return E_OUTOFMEMORY;
    hr = IMemAllocator_Commit(self->allocator);
    if (FAILED(hr)) {
        omsp_free(flow);
        return hr;
    }
    flow->self = self;
    flow->allocator = self->allocator;
    flow->transport = self->transport;
    flow->format = self->format;
    flow->next = -1;
    IMemAllocator_AddRef(flow->allocator);
    IMemInputPin_AddRef(flow->transport);
    hr = com_module_thread(run, flow, &self->thread);
    if (FAILED(hr)) {
        self->thread = NULL;
        IMemAllocator_Decommit(self->allocator);
        IMemAllocator_Release(flow->allocator);
        IMemInputPin_Release(flow->transport);
        omsp_free(flow);
    }
    return hr;
}

/* The filter outlives its thread: who stops it holds it, and nobody destroys it before. It may be
 * waiting for a buffer, which only closing the allocator ends; but not all allocators bear to be
 * closed while somebody begins to ask them (Wine 8's lets him wait for what is no longer there), so
 * the thread is given the time to end by itself. */
static void deactivate(struct msp_filter *self)
{
    bool ended = !self->thread || WaitForSingleObject(self->thread, GRACE_MS) == WAIT_OBJECT_0;

    if (self->allocator)
        IMemAllocator_Decommit(self->allocator);
    if (!ended)
        WaitForSingleObject(self->thread, INFINITE);
    if (self->thread)
        CloseHandle(self->thread);
    self->thread = NULL;
}

static const struct msp_filter_kind kind = {PINDIR_OUTPUT, L"Out",   &pin_vtbl,
                                            NULL,          activate, deactivate};

HRESULT msp_source_create(struct omsp_terminal *engine, struct msp_filter **out)
{
    return msp_filter_create(&kind, engine, out);
}
