/*
 * IOpenMSPCall's media streams: making, finding, listing. Turns strings into the engine's options
 * and answers into HRESULTs; what a media stream does is the engine's business. Any thread.
 */
#include "msp/call.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "engine/fork.h"
#include "msp/stream.h"
#include "msp/terminal.h"

static struct msp_call *self_of(IOpenMSPCall *iface)
{
    return COM_SELF(iface, struct msp_call, open);
}

HRESULT msp_fork_hresult(enum omsp_status status)
{
    switch (status) {
    case OMSP_EXISTS:
        return TAPI_E_INUSE;
    case OMSP_FULL:
        return TAPI_E_MAXSTREAMS;
    case OMSP_WRONG_STATE:
        return TAPI_E_INVALCALLSTATE;
    default:
        return msp_hresult(status);
    }
}

HRESULT msp_fork_tracks(const char *track, unsigned *out)
{
    *out = OMSP_TRACK_INBOUND;
    if (!track || !track[0] || !strcmp(track, "inbound_track"))
        return S_OK;
    *out = OMSP_TRACK_OUTBOUND;
    if (!strcmp(track, "outbound_track"))
        return S_OK;
    *out = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    return strcmp(track, "both_tracks") ? E_INVALIDARG : S_OK;
}

HRESULT msp_fork_method(const char *method, bool *get)
{
    *get = method && !strcmp(method, "GET");
    return *get || !method || !method[0] || !strcmp(method, "POST") ? S_OK : E_INVALIDARG;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* What the engine is told, and the memory that it points into. */
struct request {
    struct omsp_fork_options options;
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    struct msp_playlist pairs; /* "NAME=VALUE", cut at the '=' */
    char *url, *name, *track, *callback, *method;
};

static void request_clear(struct request *request)
{
    msp_playlist_clear(&request->pairs);
    omsp_free(request->url);
    omsp_free(request->name);
    omsp_free(request->track);
    omsp_free(request->callback);
    omsp_free(request->method);
}

static bool is_empty(const VARIANT *value)
{
    if (value->vt == (VT_BYREF | VT_VARIANT) && value->pvarVal)
        value = value->pvarVal;
    switch (value->vt) {
    case VT_EMPTY:
    case VT_NULL:
        return true;
    case VT_ERROR:
        return value->scode == DISP_E_PARAMNOTFOUND;
    case VT_ARRAY | VT_VARIANT:
    case VT_ARRAY | VT_BSTR:
        return value->parray && SafeArrayGetDim(value->parray) == 1 &&
               !value->parray->rgsabound[0].cElements;
    default:
        return false;
    }
}

static HRESULT read_params(struct request *request, const VARIANT *value)
{
    HRESULT hr;

    if (is_empty(value))
        return S_OK;
    hr = msp_playlist_read(value, &request->pairs);
    if (FAILED(hr))
        return hr;
    if (request->pairs.count > OMSP_FORK_MAX_PARAMS)
        return E_INVALIDARG;
    for (unsigned i = 0; i < request->pairs.count; i++) {
        char *pair = request->pairs.paths[i], *equals = strchr(pair, '=');

        if (!equals || equals == pair)
            return E_INVALIDARG;
        *equals = 0;
        request->params[i].name = pair;
        request->params[i].value = equals + 1;
    }
    request->options.params = request->params;
    request->options.param_count = request->pairs.count;
    return S_OK;
}

/* ---- methods --------------------------------------------------------------------------------- */

HRESULT STDMETHODCALLTYPE msp_call_create_media_stream(IOpenMSPCall *iface, BSTR url, BSTR name,
                                                       BSTR track, VARIANT parameters,
                                                       BSTR callback, BSTR callback_method,
                                                       IOpenMSPMediaStream **out)
{
    struct msp_call *self = self_of(iface);
    struct request *request;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    request = omsp_zalloc(sizeof(*request));
    if (!request)
        return E_OUTOFMEMORY;
    hr = msp_optional_text(url, &request->url);
    if (SUCCEEDED(hr) && !request->url)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_optional_text(name, &request->name);
    if (SUCCEEDED(hr))
        hr = msp_optional_text(track, &request->track);
    if (SUCCEEDED(hr))
        hr = msp_optional_text(callback, &request->callback);
    if (SUCCEEDED(hr))
        hr = msp_optional_text(callback_method, &request->method);
    if (SUCCEEDED(hr))
        hr = msp_fork_tracks(request->track, &request->options.tracks);
    if (SUCCEEDED(hr))
        hr = msp_fork_method(request->method, &request->options.callback_get);
    if (SUCCEEDED(hr))
        hr = read_params(request, &parameters);
    if (SUCCEEDED(hr)) {
        request->options.url = request->url;
        request->options.name = request->name;
        request->options.callback_url = request->callback;
        hr = msp_media_stream_create(self, &request->options, out);
    }
    request_clear(request);
    omsp_free(request);
    return hr;
}

HRESULT STDMETHODCALLTYPE msp_call_get_reconnects(IOpenMSPCall *iface, LONG *out)
{
    struct msp_call *self = self_of(iface);

    if (!out)
        return E_POINTER;
    *out = 0;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    AcquireSRWLockShared(&self->lock);
    *out = self->reconnects;
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_call_put_reconnects(IOpenMSPCall *iface, LONG count)
{
    struct msp_call *self = self_of(iface);

    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    if (count < 0 || omsp_call_set_reconnects(self->engine, (unsigned)count) != OMSP_OK)
        return E_INVALIDARG;
    AcquireSRWLockExclusive(&self->lock);
    self->reconnects = count;
    ReleaseSRWLockExclusive(&self->lock);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_call_set_media_format(IOpenMSPCall *iface, BSTR encoding, LONG rate)
{
    struct msp_call *self = self_of(iface);
    struct omsp_stream_format format;
    char *name = NULL;
    HRESULT hr;

    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_optional_text(encoding, &name);
    if (SUCCEEDED(hr) && (rate < 0 || omsp_stream_format_read(name, (unsigned)rate, &format) ||
                          omsp_call_set_format(self->engine, &format)))
        hr = E_INVALIDARG;
    omsp_free(name);
    return hr;
}

HRESULT STDMETHODCALLTYPE msp_call_find_media_stream(IOpenMSPCall *iface, BSTR sid_or_name,
                                                     IOpenMSPMediaStream **out)
{
    struct msp_call *self = self_of(iface);
    struct omsp_stream *stream = NULL;
    char *text = NULL;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_optional_text(sid_or_name, &text);
    if (SUCCEEDED(hr) && text)
        stream = omsp_call_find_fork(self->engine, text);
    omsp_free(text);
    if (FAILED(hr))
        return hr;
    if (!stream)
        return TAPI_E_NOITEMS;
    hr = msp_media_stream_wrap(self, stream, out);
    omsp_stream_release(stream);
    return hr;
}

void msp_call_forks_drop(struct omsp_stream **forks, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        omsp_stream_release(forks[i]);
    omsp_free(forks);
}

HRESULT msp_call_forks(struct msp_call *call, struct omsp_stream ***out, unsigned *count)
{
    unsigned room = 4;

    *out = NULL;
    *count = 0;
    for (;;) {
        struct omsp_stream **forks = omsp_zalloc_array(room, sizeof(*forks));
        unsigned have;

        if (!forks)
            return E_OUTOFMEMORY;
        have = omsp_call_forks(call->engine, forks, room);
        if (have < room) { /* nothing was cut off */
            *out = forks;
            *count = have;
            return S_OK;
        }
        msp_call_forks_drop(forks, room);
        room = have + 4;
    }
}

HRESULT STDMETHODCALLTYPE msp_call_media_streams(IOpenMSPCall *iface, VARIANT *out)
{
    struct msp_call *self = self_of(iface);
    struct omsp_stream **forks = NULL;
    void **streams = NULL;
    unsigned count = 0, used = 0;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_call_forks(self, &forks, &count);
    if (FAILED(hr))
        return hr;
    streams = omsp_zalloc_array(count ? count : 1, sizeof(*streams));
    if (!streams)
        hr = E_OUTOFMEMORY;
    for (; used < count && SUCCEEDED(hr); used += SUCCEEDED(hr))
        hr = msp_media_stream_wrap(self, forks[used], (IOpenMSPMediaStream **)&streams[used]);
    if (SUCCEEDED(hr))
        hr = com_collection_variant_of_objects(&IID_ITCollection, streams, used, out);
    for (unsigned i = 0; i < used; i++)
        IUnknown_Release((IUnknown *)streams[i]);
    omsp_free(streams);
    msp_call_forks_drop(forks, count);
    return hr;
}
