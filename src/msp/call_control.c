/*
 * ITStreamControl of the call (mspi.md 3.1). The streams are those the call was made with: none can
 * be added or removed. Any thread.
 */
#include "msp/call.h"

#include "com/collection.h"
#include "com/enumerator.h"

static struct msp_call *self_of(ITStreamControl *iface)
{
    return COM_SELF(iface, struct msp_call, control);
}

static HRESULT STDMETHODCALLTYPE control_CreateStream(ITStreamControl *iface, __LONG32 media,
                                                      TERMINAL_DIRECTION direction, ITStream **out)
{
    struct msp_call *self = self_of(iface);

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    if (!omsp_media_is_single((uint32_t)media) ||
        !((uint32_t)media & omsp_call_media(self->engine)))
        return TAPI_E_INVALIDMEDIATYPE;
    if (direction != TD_CAPTURE && direction != TD_RENDER && direction != TD_BIDIRECTIONAL)
        return TAPI_E_INVALIDDIRECTION;
    return TAPI_E_MAXSTREAMS;
}

static HRESULT STDMETHODCALLTYPE control_RemoveStream(ITStreamControl *iface, ITStream *stream)
{
    struct msp_call *self = self_of(iface);
    struct omsp_stream *engine;
    bool ours = false;
    HRESULT hr;

    if (!stream)
        return E_INVALIDARG;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_stream_from_interface((IUnknown *)stream, &engine);
    if (FAILED(hr))
        return E_INVALIDARG;
    for (unsigned i = 0; i < self->stream_count; i++)
        ours = ours || self->streams[i] == engine;
    omsp_stream_release(engine);
    return ours ? TAPI_E_NOTSUPPORTED : E_INVALIDARG;
}

/* One reference each; *count of them are valid also on failure. */
static HRESULT wrap_all(struct msp_call *self, ITStream *streams[MSP_CALL_MAX_STREAMS],
                        unsigned *count)
{
    HRESULT hr = S_OK;

    *count = 0;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    while (*count < self->stream_count && SUCCEEDED(hr)) {
        hr = msp_stream_wrap(self, self->streams[*count], &streams[*count]);
        if (SUCCEEDED(hr))
            (*count)++;
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_EnumerateStreams(ITStreamControl *iface, IEnumStream **out)
{
    ITStream *streams[MSP_CALL_MAX_STREAMS];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = wrap_all(self_of(iface), streams, &count);
    if (SUCCEEDED(hr))
        hr = com_enum_interfaces(&IID_IEnumStream, COM_ENUM_RESET_SKIP, (void *const *)streams,
                                 count, (void **)out);
    for (unsigned i = 0; i < count; i++)
        ITStream_Release(streams[i]);
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_get_Streams(ITStreamControl *iface, VARIANT *out)
{
    ITStream *streams[MSP_CALL_MAX_STREAMS];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = wrap_all(self_of(iface), streams, &count);
    if (SUCCEEDED(hr))
        hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)streams, count,
                                               out);
    for (unsigned i = 0; i < count; i++)
        ITStream_Release(streams[i]);
    return hr;
}

MSP_VTABLE(msp_call_control_vtable, ITStreamControl, struct msp_call, control,
           &msp_dispatch_ITStreamControl, COM_DISPATCH_SLOTS(ITStreamControl),
           .CreateStream = control_CreateStream, .RemoveStream = control_RemoveStream,
           .EnumerateStreams = control_EnumerateStreams, .get_Streams = control_get_Streams);
