/*
 * Media streams: options, life, doors. A fork is what stands behind a stream whose audio goes to a
 * WebSocket consumer; the stream's state machine says whether it should run, "ready" means that the
 * consumer's socket is open. Not here: the connection (fork_link.c), the audio (fork_media.c).
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/utf.h"
#include "engine/call.h"
#include "engine/session.h"

#include <string.h>

/* ---- engine's share ------------------------------------------------------------------------- */

enum omsp_status omsp_engine_set_forks(struct omsp_engine *engine,
                                       const struct omsp_fork_settings *settings)
{
    struct omsp_links *links;
    enum omsp_status status = omsp_links_create(engine, settings, &links);

    if (status)
        return status;
    omsp_lock_acquire(&engine->links_lock);
    if (engine->links)
        status = OMSP_WRONG_STATE;
    else
        engine->links = links;
    omsp_lock_release(&engine->links_lock);
    if (status)
        omsp_links_destroy(links);
    return status;
}

enum omsp_status omsp_engine_get_links(struct omsp_engine *engine, struct omsp_links **out)
{
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&engine->links_lock);
    if (!engine->links)
        status = omsp_links_create(engine, NULL, &engine->links);
    *out = engine->links;
    omsp_lock_release(&engine->links_lock);
    return status;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_params(struct omsp_fork *fork)
{
    for (unsigned i = 0; i < fork->param_count; i++) {
        omsp_free((char *)fork->params[i].name);
        omsp_free((char *)fork->params[i].value);
    }
    omsp_free(fork->params);
}

static void free_fork(struct omsp_fork *fork)
{
    struct omsp_call *call = fork->call;

    omsp_fork_drop_queue(fork);
    omsp_fork_drop_notes(fork);
    omsp_fork_play_free(fork);
    omsp_ws_parser_free(&fork->parser);
    omsp_stream_encoder_destroy(fork->tracks[0].encoder);
    omsp_stream_encoder_destroy(fork->tracks[1].encoder);
    omsp_stream_decoder_destroy(fork->decoder);
    omsp_lock_destroy(&fork->lock);
    free_params(fork);
    omsp_free(fork->queue);
    omsp_free(fork->out);
    omsp_free(fork->callbacks);
    omsp_free(fork->response);
    omsp_free(fork->url);
    omsp_free(fork->name);
    omsp_free(fork->callback_url);
    omsp_free(fork->authorization);
    omsp_free(fork);
    omsp_call_release(call);
}

void omsp_fork_ref(struct omsp_fork *fork)
{
    atomic_fetch_add(&fork->refs, 1);
}

void omsp_fork_unref(struct omsp_fork *fork)
{
    if (fork && atomic_fetch_sub(&fork->refs, 1) == 1)
        free_fork(fork);
}

static enum omsp_status copy(char **to, const char *from)
{
    *to = from ? omsp_strdup(from) : NULL;
    return from && !*to ? OMSP_NOMEM : OMSP_OK;
}

static enum omsp_status copy_params(struct omsp_fork *fork, const struct omsp_fork_options *options)
{
    enum omsp_status status = OMSP_OK;

    if (!options->param_count)
        return OMSP_OK;
    fork->params = omsp_zalloc_array(options->param_count, sizeof(*fork->params));
    if (!fork->params)
        return OMSP_NOMEM;
    while (!status && fork->param_count < options->param_count) {
        struct omsp_ms_param *param = &fork->params[fork->param_count];
        char *name = NULL, *value = NULL;

        status = copy(&name, options->params[fork->param_count].name);
        if (!status)
            status = copy(&value, options->params[fork->param_count].value);
        param->name = name;
        param->value = value;
        fork->param_count++;
    }
    return status;
}

static void new_sid(struct omsp_fork *fork)
{
    const struct omsp_ports *ports = fork->links->engine->ports;
    uint8_t random[OMSP_SID_RANDOM_BYTES];

    ports->random(ports->ctx, random, sizeof(random));
    omsp_sid_format("MZ", random, fork->sid);
    omsp_ms_template_init(&fork->tmpl, fork->sid);
    fork->sequence = fork->chunk[0] = fork->chunk[1] = 0;
    fork->started_told = fork->ended_told = false;
    fork->used = false;
    fork->fresh = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    fork->last_error = 0;
}

static enum omsp_status make_fork(struct omsp_call *call, struct omsp_links *links,
                                  const struct omsp_fork_options *options, struct omsp_fork **out)
{
    const struct omsp_ports *ports = links->engine->ports;
    struct omsp_fork *fork = omsp_zalloc(sizeof(*fork));
    enum omsp_status status;

    if (!fork)
        return OMSP_NOMEM;
    atomic_init(&fork->refs, 1);
    fork->links = links;
    fork->call = call;
    omsp_call_ref(call);
    omsp_lock_init(&fork->lock);
    omsp_list_init(&fork->notes);
    omsp_list_init(&fork->due);
    omsp_list_init(&fork->marks);
    omsp_ws_parser_init(&fork->parser);
    omsp_fork_link_init(fork);
    fork->tracks_wanted = options->tracks;
    fork->tracks[0].which = OMSP_TRACK_INBOUND;
    fork->tracks[1].which = OMSP_TRACK_OUTBOUND;
    fork->callback_get = options->callback_get;
    fork->bidirectional = options->bidirectional;
    fork->updated_us = ports->wall_us(ports->ctx);
    fork->mask_next = sizeof(fork->masks) / sizeof(fork->masks[0]);
    new_sid(fork);
    status = copy(&fork->url, options->url);
    if (!status)
        status = copy(&fork->name, options->name);
    if (!status)
        status = copy(&fork->callback_url, options->callback_url);
    if (!status && fork->callback_url) {
        fork->callbacks = omsp_zalloc_array(OMSP_FORK_MAX_CALLBACKS, sizeof(*fork->callbacks));
        status = fork->callbacks ? OMSP_OK : OMSP_NOMEM;
    }
    if (!status)
        status = copy(&fork->authorization, options->authorization);
    if (!status)
        status = copy_params(fork, options);
    if (status) {
        omsp_fork_unref(fork);
        return status;
    }
    *out = fork;
    return OMSP_OK;
}

/* ---- options -------------------------------------------------------------------------------- */

static bool clean_text(const char *text, size_t most)
{
    size_t len = strlen(text);

    return len <= most && omsp_utf8_is_valid(text, len);
}

static enum omsp_status check_url(const struct omsp_links *links, const char *text, int *error)
{
    struct omsp_url url;

    *error = OMSP_FORK_BAD_URL;
    if (!text || strlen(text) > OMSP_FORK_URL_MAX || omsp_url_parse(text, &url))
        return OMSP_INVALID;
    *error = OMSP_FORK_BAD_SCHEME;
    if (url.scheme == OMSP_SCHEME_WS && !links->allow_plain && !omsp_url_is_loopback(&url))
        return OMSP_INVALID;
    if (url.scheme != OMSP_SCHEME_WS && url.scheme != OMSP_SCHEME_WSS)
        return OMSP_INVALID;
    *error = 0;
    return OMSP_OK;
}

static enum omsp_status check_callback(const struct omsp_links *links, const char *text)
{
    struct omsp_url url;

    if (strlen(text) > OMSP_FORK_URL_MAX || omsp_url_parse(text, &url))
        return OMSP_INVALID;
    if (url.scheme == OMSP_SCHEME_HTTP && !links->allow_plain && !omsp_url_is_loopback(&url))
        return OMSP_INVALID;
    return url.scheme == OMSP_SCHEME_HTTP || url.scheme == OMSP_SCHEME_HTTPS ? OMSP_OK
                                                                             : OMSP_INVALID;
}

enum omsp_status omsp_fork_check_options(const struct omsp_links *links,
                                         const struct omsp_fork_options *options, int *error)
{
    struct omsp_stream_format format = options->format;
    enum omsp_status status = check_url(links, options->url, error);

    if (status)
        return status;
    *error = OMSP_FORK_BAD_TRACK;
    if (!options->tracks || options->tracks > (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND) ||
        (options->bidirectional && options->tracks != OMSP_TRACK_INBOUND))
        return OMSP_INVALID;
    *error = 0;
    if (options->name && (!*options->name || !clean_text(options->name, OMSP_FORK_NAME_MAX)))
        return OMSP_INVALID;
    if (options->callback_url && check_callback(links, options->callback_url))
        return OMSP_INVALID;
    if (options->param_count > OMSP_FORK_MAX_PARAMS ||
        options->reconnects < OMSP_FORK_RECONNECTS_OFF ||
        options->reconnects > OMSP_FORK_MAX_RECONNECTS)
        return OMSP_INVALID;
    if (omsp_stream_format_check(&format))
        return OMSP_INVALID;
    for (unsigned i = 0; i < options->param_count; i++)
        if (!options->params[i].name || !options->params[i].value ||
            !clean_text(options->params[i].name, OMSP_FORK_URL_MAX) ||
            !clean_text(options->params[i].value, OMSP_FORK_URL_MAX))
            return OMSP_INVALID;
    return OMSP_OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

unsigned omsp_fork_tracks(unsigned tracks)
{
    return (tracks & 1) + (tracks >> 1 & 1);
}

/* Address lock. replaced: the terminal whose connection is to be replaced, or NULL. */
static enum omsp_status check_room(struct omsp_call *call, const struct omsp_fork_options *options,
                                   const struct omsp_websocket *replaced)
{
    unsigned tracks = omsp_fork_tracks(options->tracks);

    for (unsigned i = 0; i < call->fork_count; i++) {
        const struct omsp_fork *fork = call->forks[i]->fork;

        if (fork->over || (replaced && fork->owner == replaced))
            continue;
        tracks += omsp_fork_tracks(fork->tracks_wanted);
        if (options->name && fork->name && !strcmp(options->name, fork->name))
            return OMSP_EXISTS;
        if (options->bidirectional && fork->bidirectional)
            return OMSP_EXISTS;
    }
    return tracks > OMSP_CALL_MAX_TRACKS ? OMSP_FULL : OMSP_OK;
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

/* Any lock that is no leaf, or none. */
static enum omsp_status make_stream(struct omsp_call *call, struct omsp_links *links,
                                    const struct omsp_fork_options *options,
                                    struct omsp_stream **out)
{
    struct omsp_fork *fork;
    enum omsp_status status = make_fork(call, links, options, &fork);

    if (status)
        return status;
    *out = omsp_stream_new(call, OMSP_MEDIA_AUDIO,
                           options->bidirectional ? OMSP_BIDIRECTIONAL : OMSP_CAPTURE,
                           omsp_offers_all);
    if (!*out) {
        omsp_fork_unref(fork);
        return OMSP_NOMEM;
    }
    (*out)->fork = fork;
    (*out)->fsm.terminals = 1; /* the consumer, for life */
    return OMSP_OK;
}

/* Room for what goes in one send: the tracks that there are or, of a terminal, may come, and as
 * much again for what waited. */
static enum omsp_status make_out(struct omsp_fork *fork)
{
    unsigned tracks = fork->of_terminal ? 2 : omsp_fork_tracks(fork->tracks_wanted);

    fork->media_room = OMSP_MS_MEDIA_ROOM(omsp_stream_bytes_max(&fork->format));
    fork->out_room = 2 * tracks * fork->media_room;
    fork->out = omsp_alloc(fork->out_room);
    return fork->out ? OMSP_OK : OMSP_NOMEM;
}

/* Address lock. All that a format needs is made here, so that media never waits for memory. */
static enum omsp_status make_coders(struct omsp_fork *fork, const struct omsp_stream_format *wanted)
{
    bool says = wanted->encoding != OMSP_STREAM_ULAW || wanted->rate;
    enum omsp_status status;

    fork->format = says ? *wanted : fork->call->format;
    status = omsp_stream_format_check(&fork->format);
    if (!status)
        status = make_out(fork);
    for (unsigned i = 0; !status && i < 2; i++)
        if (fork->tracks_wanted & fork->tracks[i].which)
            status = omsp_stream_encoder_create(&fork->format, &fork->tracks[i].encoder);
    if (!status && fork->bidirectional)
        status = omsp_stream_decoder_create(&fork->format, &fork->decoder);
    return status;
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
    status = check_room(call, options, replaced);
    if (!status)
        status = make_coders(stream->fork, &options->format);
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
    enum omsp_status status;
    int ignored;

    if (!error)
        error = &ignored;
    *error = 0;
    status = omsp_engine_get_links(call->address->engine, &links);
    if (!status)
        status = omsp_fork_check_options(links, options, error);
    if (!status)
        status = make_stream(call, links, options, &stream);
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

/* ---- a terminal's ---------------------------------------------------------------------------- */

enum omsp_status omsp_fork_open(struct omsp_call *call, const struct omsp_fork_options *options,
                                const struct omsp_websocket *owner, struct omsp_stream **out)
{
    struct omsp_links *links;
    struct omsp_stream *stream;
    enum omsp_status status = omsp_engine_get_links(call->address->engine, &links);

    if (!status)
        status = make_stream(call, links, options, &stream);
    if (status)
        return status;
    stream->fork->of_terminal = true;
    status = begin(stream, options, OMSP_CAUSE_LOCAL_REQUEST, owner);
    if (status) {
        omsp_stream_release(stream);
        return status;
    }
    *out = stream;
    return OMSP_OK;
}

enum omsp_status omsp_fork_add_track(struct omsp_fork *fork, unsigned track)
{
    struct omsp_fork_options more = {.tracks = track};
    enum omsp_status status = OMSP_OK;

    if (fork->tracks_wanted & track)
        return OMSP_OK;
    status = check_room(fork->call, &more, NULL);
    if (!status && !fork->tracks[track - 1].encoder)
        status = omsp_stream_encoder_create(&fork->format, &fork->tracks[track - 1].encoder);
    if (status)
        return status;
    omsp_lock_acquire(&fork->lock);
    if (fork->started_told)
        status = OMSP_WRONG_STATE;
    else
        fork->tracks_wanted |= track;
    omsp_lock_release(&fork->lock);
    return status;
}

unsigned omsp_fork_flow(const struct omsp_fork *fork)
{
    return fork->of_terminal ? fork->gates : fork->tracks_wanted;
}

void omsp_fork_set_gates(struct omsp_fork *fork, unsigned gates, struct omsp_session_source *source)
{
    fork->gates = gates;
    fork->source = source;
    if (fork->call->session && fork->stream && fork->stream->fsm.actual == OMSP_RUNNING)
        omsp_session_feed(fork->call->session, fork, gates, source);
}

/* ---- following the state machine --------------------------------------------------------------
 */

void omsp_fork_follow(struct omsp_stream *stream)
{
    struct omsp_fork *fork = stream->fork;
    bool want = stream->fsm.desired != OMSP_WANT_STOP && !stream->fsm.shut &&
                stream->call->state == OMSP_CALL_CONNECTED;
    const struct omsp_ports *ports = fork->links->engine->ports;
    enum omsp_fork_state state;

    /* Ready is an open socket, which a stopped one has not: it runs again when there is a new one.
     */
    if (!want && stream->fsm.actual == OMSP_STOPPED)
        stream->fsm.ready = false;
    omsp_lock_acquire(&fork->lock);
    fork->ready_due |= want && !fork->want;
    fork->want = want;
    fork->over = !want;
    state = !want                                    ? OMSP_FORK_STOPPED
            : stream->fsm.actual == OMSP_RUNNING     ? OMSP_FORK_OPEN
            : stream->fsm.desired == OMSP_WANT_PAUSE ? OMSP_FORK_PAUSED
                                                     : OMSP_FORK_CONNECTING;
    if (state != fork->state)
        fork->updated_us = ports->wall_us(ports->ctx);
    fork->state = state;
    if (want && fork->ended_told)
        new_sid(fork);
    omsp_lock_release(&fork->lock);
    omsp_fork_kick(fork);
}

/* A stream that may not run again by itself: Stop is final for a media stream. */
static void finish_stream(struct omsp_stream *stream, enum omsp_cause cause)
{
    omsp_stream_input(stream, OMSP_IN_NOT_READY, cause);
    stream->fsm.desired = OMSP_WANT_STOP;
}

void omsp_fork_opened(struct omsp_fork *fork)
{
    struct omsp_call *call = fork->call;

    omsp_call_enter(call);
    if (fork->stream && !fork->stream->fsm.shut && !fork->over && !fork->stream->fsm.ready) {
        omsp_stream_input(fork->stream, OMSP_IN_READY, fork->cause);
        omsp_fork_follow(fork->stream);
    }
    omsp_call_leave(call);
}

static enum omsp_status status_of(int error)
{
    switch (error) {
    case OMSP_FORK_TIMEOUT:
        return OMSP_TIMEOUT;
    case OMSP_FORK_REFUSED:
    case OMSP_FORK_HANDSHAKE:
        return OMSP_UNREACHABLE;
    case OMSP_FORK_TLS:
        return OMSP_ACCESS;
    default:
        return OMSP_IO;
    }
}

void omsp_fork_ended(struct omsp_fork *fork, int error)
{
    struct omsp_call *call = fork->call;
    struct omsp_stream *stream;

    omsp_lock_acquire(&fork->lock);
    if (error)
        fork->last_error = error;
    if (!fork->ended_told) {
        fork->ended_told = true;
        omsp_fork_tell(fork, error ? OMSP_CALLBACK_ERROR : OMSP_CALLBACK_STOPPED, error);
    }
    omsp_lock_release(&fork->lock);
    omsp_fork_send_callbacks(fork);

    omsp_call_enter(call);
    stream = fork->stream;
    if (stream && !stream->fsm.shut && !fork->over) {
        if (error == OMSP_FORK_CLOSED || !error) {
            finish_stream(stream, OMSP_CAUSE_REMOTE_REQUEST);
        } else if (stream->fsm.actual != OMSP_STOPPED) {
            omsp_stream_break(stream, status_of(error), OMSP_CAUSE_UNKNOWN);
            finish_stream(stream, OMSP_CAUSE_REMOTE_REQUEST);
        } else {
            omsp_stream_post(stream, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, status_of(error),
                             0);
            finish_stream(stream, OMSP_CAUSE_REMOTE_REQUEST);
        }
        omsp_fork_follow(stream);
        if (fork->owner)
            omsp_websocket_lost(fork->owner, status_of(error));
    }
    omsp_call_leave(call);
}
