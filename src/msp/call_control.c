/*
 * ITStreamControl of the call (mspi.md 3.1). The streams are those the call was made with, of which
 * none can be added or removed, and behind them the media streams that run, which IOpenMSPCall and
 * the REST server make. Any thread.
 */
#include "msp/call.h"

#include "engine/fork.h"
#include "msp/interfaces.h"

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

static HRESULT add(struct msp_call *self, struct omsp_stream *stream, struct msp_interfaces *all)
{
    HRESULT hr = msp_stream_wrap(self, stream, (ITStream **)&all->items[all->count]);

    if (SUCCEEDED(hr))
        all->count++;
    return hr;
}

static HRESULT gather(struct msp_call *self, struct msp_interfaces *all)
{
    struct omsp_stream **forks;
    struct omsp_fork_info info;
    unsigned count;
    HRESULT hr;

    all->items = NULL;
    all->count = 0;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_call_forks(self, &forks, &count);
    if (FAILED(hr))
        return hr;
    hr = msp_interfaces_room(all, self->stream_count + count);
    for (unsigned i = 0; i < self->stream_count && SUCCEEDED(hr); i++)
        hr = add(self, self->streams[i], all);
    for (unsigned i = 0; i < count && SUCCEEDED(hr); i++)
        if (omsp_stream_fork_info(forks[i], &info) == OMSP_OK && !info.of_terminal &&
            info.state != OMSP_FORK_STOPPED)
            hr = add(self, forks[i], all);
    msp_call_forks_drop(forks, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE control_EnumerateStreams(ITStreamControl *iface, IEnumStream **out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_enum(&all, gather(self_of(iface), &all), &IID_IEnumStream, (void **)out);
}

static HRESULT STDMETHODCALLTYPE control_get_Streams(ITStreamControl *iface, VARIANT *out)
{
    struct msp_interfaces all;

    if (!out)
        return E_POINTER;
    return msp_interfaces_list(&all, gather(self_of(iface), &all), out);
}

MSP_VTABLE(msp_call_control_vtable, ITStreamControl, struct msp_call, control,
           &msp_dispatch_ITStreamControl, COM_DISPATCH_SLOTS(ITStreamControl),
           .CreateStream = control_CreateStream, .RemoveStream = control_RemoveStream,
           .EnumerateStreams = control_EnumerateStreams, .get_Streams = control_get_Streams);
