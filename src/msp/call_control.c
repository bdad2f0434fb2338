/*
 * ITStreamControl of the call (mspi.md 3.1). The streams are those the call was made with, of which
 * none can be added or removed, and behind them the media streams that run, which IOpenMSPCall and
 * the REST server make. Any thread.
 */
#include "msp/call.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "com/enumerator.h"
#include "engine/fork.h"

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

static bool is_fork_of(struct msp_call *self, struct omsp_stream *stream)
{
    struct omsp_fork_info info;

    return omsp_stream_fork_info(stream, &info) == OMSP_OK &&
           !strcmp(info.call_sid, omsp_call_sid(self->engine));
}

/* A media stream's removal is its stop, which is final. */
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
    if (ours)
        hr = TAPI_E_NOTSUPPORTED;
    else if (is_fork_of(self, engine))
        hr = msp_hresult(omsp_stream_stop(engine, OMSP_CAUSE_LOCAL_REQUEST));
    else
        hr = E_INVALIDARG;
    omsp_stream_release(engine);
    return hr;
}

struct wrapped {
    ITStream **streams; /* one reference each */
    unsigned count;
};

static void unwrap(struct wrapped *all)
{
    for (unsigned i = 0; i < all->count; i++)
        ITStream_Release(all->streams[i]);
    omsp_free(all->streams);
}

static HRESULT wrap_one(struct msp_call *self, struct omsp_stream *stream, struct wrapped *all)
{
    HRESULT hr = msp_stream_wrap(self, stream, &all->streams[all->count]);

    if (SUCCEEDED(hr))
        all->count++;
    return hr;
}

/* To be unwrapped also on failure. */
static HRESULT wrap_all(struct msp_call *self, struct wrapped *all)
{
    struct omsp_stream **forks;
    struct omsp_fork_info info;
    unsigned count;
    HRESULT hr;

    all->streams = NULL;
    all->count = 0;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_call_forks(self, &forks, &count);
    if (FAILED(hr))
        return hr;
    all->streams = omsp_zalloc_array(self->stream_count + count + 1, sizeof(ITStream *));
    if (!all->streams)
        hr = E_OUTOFMEMORY;
    for (unsigned i = 0; i < self->stream_count && SUCCEEDED(hr); i++)
        hr = wrap_one(self, self->streams[i], all);
    for (unsigned i = 0; i < count && SUCCEEDED(hr); i++)
        if (omsp_stream_fork_info(forks[i], &info) == OMSP_OK && !info.of_terminal &&
            info.state != OMSP_FORK_STOPPED)
            hr = wrap_one(self, forks[i], all);
    msp_call_forks_drop(forks, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_EnumerateStreams(ITStreamControl *iface, IEnumStream **out)
{
    struct wrapped all;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = wrap_all(self_of(iface), &all);
    if (SUCCEEDED(hr))
        hr = com_enum_interfaces(&IID_IEnumStream, COM_ENUM_RESET_SKIP, (void *const *)all.streams,
                                 all.count, (void **)out);
    unwrap(&all);
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_get_Streams(ITStreamControl *iface, VARIANT *out)
{
    struct wrapped all;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = wrap_all(self_of(iface), &all);
    if (SUCCEEDED(hr))
        hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)all.streams,
                                               all.count, out);
    unwrap(&all);
    return hr;
}

MSP_VTABLE(msp_call_control_vtable, ITStreamControl, struct msp_call, control,
           &msp_dispatch_ITStreamControl, COM_DISPATCH_SLOTS(ITStreamControl),
           .CreateStream = control_CreateStream, .RemoveStream = control_RemoveStream,
           .EnumerateStreams = control_EnumerateStreams, .get_Streams = control_get_Streams);
