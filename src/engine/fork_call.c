/*
 * A call's media streams: which it has, whether there is room for one more, and the doors that make
 * one, the call's own and its terminals'. Not here: what one is made of (fork.c).
 */
#include "engine/fork_state.h"

#include "engine/call.h"

#include <string.h>

enum omsp_status omsp_fork_check_room(struct omsp_call *call,
                                      const struct omsp_fork_options *options,
                                      const struct omsp_websocket *replaced)
{
    unsigned tracks = omsp_fork_tracks(options->tracks);

    for (unsigned i = 0; i < call->fork_count; i++) {
        const struct omsp_fork *fork = call->forks[i]->fork;

        if (call->forks[i]->fsm.desired == OMSP_WANT_STOP || (replaced && fork->owner == replaced))
            continue;
        tracks += omsp_fork_tracks(fork->tracks_wanted);
        if (options->name && fork->name && !strcmp(options->name, fork->name))
            return OMSP_EXISTS;
        if (options->bidirectional && fork->bidirectional)
            return OMSP_EXISTS;
    }
    return tracks > OMSP_CALL_MAX_TRACKS ? OMSP_FULL : OMSP_OK;
}

enum omsp_status omsp_fork_may_start(const struct omsp_stream *stream)
{
    const struct omsp_fork *fork = stream->fork;
    const struct omsp_fork_options options = {
        .name = fork->name, .tracks = fork->tracks_wanted, .bidirectional = fork->bidirectional};

    if (stream->fsm.shut || stream->fsm.desired != OMSP_WANT_STOP)
        return OMSP_OK;
    return omsp_fork_check_room(stream->call, &options, NULL);
}

/* Address lock. Stopped ones stay addressable, the oldest go when there is no more room. */
static void add_fork(struct omsp_call *call, struct omsp_stream *stream)
{
    if (call->fork_count == OMSP_CALL_MAX_FORKS) {
        unsigned oldest = 0;

        while (!call->forks[oldest]->fork->over)
            oldest++; /* at most four are not over */
        omsp_stream_shutdown(call->forks[oldest]);
        omsp_stream_release(call->forks[oldest]);
        memmove(&call->forks[oldest], &call->forks[oldest + 1],
                (call->fork_count - oldest - 1) * sizeof(call->forks[0]));
        call->fork_count--;
    }
    call->forks[call->fork_count++] = stream;
    omsp_stream_ref(stream);
}

/* All that the format needs, so that media never waits for memory. */
static enum omsp_status make_coders(struct omsp_fork *fork)
{
    enum omsp_status status = OMSP_OK;

    for (unsigned i = 0; !status && i < 2; i++)
        if (fork->tracks_wanted & fork->tracks[i].which)
            status = omsp_stream_encoder_create(&fork->format, &fork->tracks[i].encoder);
    if (!status && fork->bidirectional)
        status = omsp_stream_decoder_create(&fork->format, &fork->decoder);
    return status;
}

/* Address lock. The format that the options say, else the call's. */
static enum omsp_status draw(const struct omsp_call *call, const struct omsp_fork_options *options,
                             bool of_terminal, struct omsp_fork_blueprint *out)
{
    bool says = options->format.encoding != OMSP_STREAM_ULAW || options->format.rate;

    out->options = options;
    out->of_terminal = of_terminal;
    out->format = says ? options->format : call->format;
    return omsp_stream_format_check(&out->format);
}

/* Address lock. */
static enum omsp_status begin(struct omsp_stream *stream, const struct omsp_fork_options *options,
                              enum omsp_cause cause, const struct omsp_websocket *replaced)
{
    struct omsp_call *call = stream->call;
    enum omsp_status status;

    if (call->shut)
        return OMSP_SHUTDOWN;
    if (call->state != OMSP_CALL_CONNECTED || !call->session)
        return OMSP_WRONG_STATE;
    status = omsp_fork_check_room(call, options, replaced);
    if (!status)
        status = make_coders(stream->fork);
    if (status)
        return status;
    stream->fork->stream = stream;
    stream->fork->cause = cause;
    stream->fork->reconnects_max = options->reconnects > 0    ? (unsigned)options->reconnects
                                   : options->reconnects == 0 ? call->reconnects
                                                              : 0;
    add_fork(call, stream);
    omsp_stream_post(stream, OMSP_NEW_STREAM, cause, OMSP_OK, 0);
    omsp_fork_follow(stream);
    return OMSP_OK;
}

enum omsp_status omsp_call_fork(struct omsp_call *call, const struct omsp_fork_options *options,
                                enum omsp_cause cause, int *error, struct omsp_stream **out)
{
    struct omsp_links *links;
    struct omsp_stream *stream;
    struct omsp_fork_blueprint blueprint;
    enum omsp_status status;
    int ignored;

    if (!error)
        error = &ignored;
    *error = 0;
    status = omsp_engine_get_links(call->address->engine, &links);
    if (!status)
        status = omsp_fork_check_options(links, options, error);
    omsp_lock_acquire(&call->address->lock);
    if (!status)
        status = draw(call, options, false, &blueprint);
    omsp_lock_release(&call->address->lock);
    if (!status)
        status = omsp_fork_make(call, links, &blueprint, &stream);
    if (status)
        return status;
    omsp_call_enter(call);
    status = begin(stream, options, cause, NULL);
    omsp_call_leave(call);
    if (status) {
        omsp_stream_release(stream);
        return status;
    }
    *out = stream;
    return OMSP_OK;
}

enum omsp_status omsp_fork_open(struct omsp_call *call, const struct omsp_fork_options *options,
                                const struct omsp_websocket *owner, struct omsp_stream **out)
{
    struct omsp_links *links;
    struct omsp_stream *stream;
    struct omsp_fork_blueprint blueprint;
    enum omsp_status status = omsp_engine_get_links(call->address->engine, &links);

    if (!status)
        status = draw(call, options, true, &blueprint);
    if (!status)
        status = omsp_fork_make(call, links, &blueprint, &stream);
    if (status)
        return status;
    status = begin(stream, options, OMSP_CAUSE_LOCAL_REQUEST, owner);
    if (status) {
        omsp_stream_release(stream);
        return status;
    }
    *out = stream;
    return OMSP_OK;
}

enum omsp_status omsp_call_set_reconnects(struct omsp_call *call, unsigned reconnects)
{
    if (reconnects > OMSP_FORK_MAX_RECONNECTS)
        return OMSP_INVALID;
    omsp_call_enter(call);
    call->reconnects = reconnects;
    omsp_call_leave(call);
    return OMSP_OK;
}

enum omsp_status omsp_call_set_format(struct omsp_call *call,
                                      const struct omsp_stream_format *format)
{
    struct omsp_stream_format checked = *format;

    if (omsp_stream_format_check(&checked))
        return OMSP_INVALID;
    omsp_call_enter(call);
    call->format = checked;
    omsp_call_leave(call);
    return OMSP_OK;
}
