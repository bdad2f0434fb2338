/*
 * Media streams: what they share, their making and end, and their state. A fork is what stands
 * behind a stream whose audio goes to a WebSocket consumer; the stream's state machine says whether
 * it should run, "ready" means that the consumer's socket is open. Not here: what is asked of one
 * (fork_options.c), which of them a call has (fork_call.c), the connection (fork_link.c), the audio
 * (fork_media.c).
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "engine/call.h"

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

static void free_fork(struct omsp_fork *fork)
{
    struct omsp_call *call = fork->call;

    omsp_fork_drop_queue(fork);
    omsp_fork_drop_notes(fork);
    omsp_fork_play_drop(fork);
    omsp_ws_parser_free(&fork->parser);
    omsp_stream_encoder_destroy(fork->tracks[0].encoder);
    omsp_stream_encoder_destroy(fork->tracks[1].encoder);
    omsp_stream_decoder_destroy(fork->decoder);
    omsp_lock_destroy(&fork->lock);
    omsp_free(fork->queue);
    omsp_free(fork->response);
    omsp_free(fork); /* and what lay_out gave it */
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

unsigned omsp_fork_tracks(unsigned tracks)
{
    return (tracks & 1) + (tracks >> 1 & 1);
}

/* One without name is nobody's, and of two with one name the later counts: whoever names them,
 * they become members of one JSON object. */
static bool counts(const struct omsp_fork_options *options, unsigned i)
{
    const char *name = options->params[i].name;

    for (unsigned k = i + 1; k < options->param_count; k++)
        if (!strcmp(options->params[k].name, name))
            return false;
    return *name != '\0';
}

static void lay_out_params(struct omsp_arena *arena, const struct omsp_fork_options *options,
                           struct omsp_fork *fork)
{
    struct omsp_ms_param *params =
        options->param_count ? omsp_arena_cut_array(arena, options->param_count, sizeof(*params))
                             : NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < options->param_count; i++) {
        struct omsp_ms_param param;

        if (!counts(options, i))
            continue;
        param.name = omsp_arena_text(arena, options->params[i].name);
        param.value = omsp_arena_text(arena, options->params[i].value);
        if (params)
            params[count] = param;
        count++;
    }
    fork->params = params;
    fork->param_count = count;
}

/* The fork and what lives as long as it does, its stream's object included; *stream is that. */
static struct omsp_fork *lay_out(struct omsp_arena *arena, const struct omsp_fork_blueprint *from,
                                 struct omsp_stream **stream)
{
    const struct omsp_fork_options *options = from->options;
    /* Room for what goes in one send: the tracks that there are or, of a terminal, may come, and as
     * much again for what waited. */
    unsigned tracks = from->of_terminal ? 2 : omsp_fork_tracks(options->tracks);
    size_t media_room = OMSP_MS_MEDIA_ROOM(omsp_stream_bytes_max(&from->format));
    struct omsp_fork *made = omsp_arena_cut(arena, sizeof(*made));
    struct omsp_fork counted, *fork = made ? made : &counted;

    *stream = omsp_arena_cut(arena, sizeof(**stream));
    if (options->callback_url)
        fork->callbacks =
            omsp_arena_cut_array(arena, OMSP_FORK_MAX_CALLBACKS, sizeof(*fork->callbacks));
    fork->media_room = media_room;
    fork->out_room = 2 * tracks * media_room;
    fork->out = omsp_arena_cut(arena, fork->out_room);
    lay_out_params(arena, options, fork);
    fork->url = omsp_arena_text(arena, options->url);
    fork->name = omsp_arena_text(arena, options->name);
    fork->callback_url = omsp_arena_text(arena, options->callback_url);
    fork->authorization = omsp_arena_text(arena, options->authorization);
    return made;
}

enum omsp_status omsp_fork_make(struct omsp_call *call, struct omsp_links *links,
                                const struct omsp_fork_blueprint *from, struct omsp_stream **out)
{
    const struct omsp_ports *ports = links->engine->ports;
    const struct omsp_fork_options *options = from->options;
    struct omsp_arena arena;
    struct omsp_fork *fork;
    enum omsp_status status;

    omsp_arena_begin(&arena);
    lay_out(&arena, from, out);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    fork = lay_out(&arena, from, out);
    atomic_init(&fork->refs, 1);
    fork->links = links;
    fork->call = call;
    omsp_call_ref(call);
    omsp_lock_init(&fork->lock);
    omsp_list_init(&fork->notes);
    omsp_list_init(&fork->due);
    omsp_list_init(&fork->marks);
    omsp_list_init(&fork->starved);
    omsp_ws_parser_init(&fork->parser);
    omsp_fork_link_init(fork);
    fork->tracks_wanted = options->tracks;
    fork->tracks[0].which = OMSP_TRACK_INBOUND;
    fork->tracks[1].which = OMSP_TRACK_OUTBOUND;
    fork->callback_get = options->callback_get;
    fork->bidirectional = options->bidirectional;
    fork->of_terminal = from->of_terminal;
    fork->format = from->format;
    fork->updated_us = ports->wall_us(ports->ctx);
    fork->mask_next = sizeof(fork->masks) / sizeof(fork->masks[0]);
    new_sid(fork);
    omsp_stream_init(*out, call, OMSP_MEDIA_AUDIO,
                     options->bidirectional ? OMSP_BIDIRECTIONAL : OMSP_CAPTURE, omsp_offers_all);
    (*out)->fork = fork;
    (*out)->fsm.terminals = 1; /* the consumer, for life */
    return OMSP_OK;
}

/* ---- following the state machine ------------------------------------------------------------- */

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

    /* From here on under the one lock: a start is of the life that ends, or of the next one. */
    omsp_call_enter(call);
    omsp_lock_acquire(&fork->lock);
    if (error)
        fork->last_error = error;
    if (!fork->ended_told) {
        fork->ended_told = true;
        omsp_fork_tell(fork, error ? OMSP_CALLBACK_ERROR : OMSP_CALLBACK_STOPPED, error);
    }
    omsp_lock_release(&fork->lock);
    stream = fork->stream;
    if (stream && !stream->fsm.shut && !fork->over) {
        if (!error) {
            /* It was started again since: omsp_fork_follow gives it a new SID, to be dialled. */
        } else if (error == OMSP_FORK_CLOSED) {
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
    omsp_fork_send_callbacks(fork);
}
