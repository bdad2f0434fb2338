/*
 * IOpenMSPCall::ExecuteTwiML: a document's verbs about media streams, as calls of the engine. The
 * document is read twice: first it is only looked at, so that one with a verb that is not ours does
 * nothing. Any thread.
 */
#include "msp/call.h"

#include "base/alloc.h"
#include "engine/fork.h"
#include "wire/twiml.h"

struct execution {
    struct msp_call *call;
    bool foreign;   /* a verb of another kind, or one behind <Connect> */
    bool connected; /* <Connect> was seen */
    HRESULT hr;
};

/* What a visitor's refusal looks like to the reader; the reason is in hr. */
static enum omsp_status refuse(struct execution *execution, HRESULT hr)
{
    execution->hr = hr;
    return OMSP_INVALID;
}

static struct omsp_stream *find(struct execution *execution, const char *name)
{
    return name ? omsp_call_find_fork(execution->call->engine, name) : NULL;
}

static bool is_bidirectional(struct omsp_stream *stream)
{
    struct omsp_fork_info info;

    return omsp_stream_fork_info(stream, &info) == OMSP_OK && info.bidirectional;
}

/* ---- first: looking -------------------------------------------------------------------------- */

static enum omsp_status look(void *ctx, const struct omsp_twiml_stream *stream)
{
    struct execution *execution = ctx;
    unsigned tracks;
    bool get;

    if (execution->connected)
        execution->foreign = true;
    if (stream->verb == OMSP_TWIML_STOP) {
        struct omsp_stream *running = find(execution, stream->name);

        if (running && is_bidirectional(running))
            execution->foreign = true;
        if (running)
            omsp_stream_release(running);
        return OMSP_OK;
    }
    if (FAILED(msp_fork_tracks(stream->track, &tracks)) ||
        FAILED(msp_fork_method(stream->status_callback_method, &get)))
        return refuse(execution, E_INVALIDARG);
    if (stream->verb == OMSP_TWIML_CONNECT) {
        if (tracks != OMSP_TRACK_INBOUND)
            return refuse(execution, E_INVALIDARG);
        execution->connected = true;
    }
    return OMSP_OK;
}

static void look_other(void *ctx, const char *element)
{
    struct execution *execution = ctx;

    (void)element;
    execution->foreign = true;
}

/* ---- then: doing ----------------------------------------------------------------------------- */

static enum omsp_status begin(struct execution *execution, const struct omsp_twiml_stream *stream)
{
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    struct omsp_fork_options options = {
        .url = stream->url,
        .name = stream->name,
        .params = params,
        .callback_url = stream->status_callback,
        .bidirectional = stream->verb == OMSP_TWIML_CONNECT,
    };
    struct omsp_stream *made;
    HRESULT hr;

    msp_fork_tracks(stream->track, &options.tracks);
    msp_fork_method(stream->status_callback_method, &options.callback_get);
    while (options.param_count < stream->param_count &&
           options.param_count < OMSP_FORK_MAX_PARAMS) {
        const struct omsp_twiml_param *param = &stream->params[options.param_count];

        params[options.param_count].name = param->name;
        params[options.param_count++].value = param->value;
    }
    hr = msp_fork_hresult(
        omsp_call_fork(execution->call->engine, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &made));
    if (FAILED(hr))
        return refuse(execution, hr);
    omsp_stream_release(made);
    return OMSP_OK;
}

static enum omsp_status end(struct execution *execution, const char *name)
{
    struct omsp_stream *stream = find(execution, name);
    struct omsp_fork_info info;
    HRESULT hr = TAPI_E_NOITEMS;

    if (stream) {
        if (omsp_stream_fork_info(stream, &info) == OMSP_OK && info.state != OMSP_FORK_STOPPED)
            hr = msp_hresult(omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST));
        omsp_stream_release(stream);
    }
    return FAILED(hr) ? refuse(execution, hr) : OMSP_OK;
}

static enum omsp_status carry_out(void *ctx, const struct omsp_twiml_stream *stream)
{
    return stream->verb == OMSP_TWIML_STOP ? end(ctx, stream->name) : begin(ctx, stream);
}

static HRESULT execute(struct msp_call *call, const char *document)
{
    struct execution execution = {.call = call, .hr = S_OK};
    struct omsp_twiml_visitor visitor = {look, look_other, &execution};
    struct omsp_span span = {(const uint8_t *)document, strlen(document)};
    enum omsp_status status = omsp_twiml_parse(span, &visitor);

    if (status == OMSP_OK && execution.foreign)
        return TAPI_E_NOTSUPPORTED;
    if (status == OMSP_OK) {
        visitor.stream = carry_out;
        visitor.other = NULL;
        status = omsp_twiml_parse(span, &visitor);
    }
    return FAILED(execution.hr) ? execution.hr : msp_hresult(status);
}

HRESULT STDMETHODCALLTYPE msp_call_execute_twiml(IOpenMSPCall *iface, BSTR document)
{
    struct msp_call *self = COM_SELF(iface, struct msp_call, open);
    char *utf8;
    HRESULT hr;

    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    hr = msp_optional_text(document, &utf8);
    if (FAILED(hr))
        return hr;
    if (!utf8)
        return E_INVALIDARG;
    hr = execute(self, utf8);
    omsp_free(utf8);
    return hr;
}
