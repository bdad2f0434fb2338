/*
 * The WebSocket terminal: one connection to a consumer for the audio of a call's streams that it is
 * selected on. What applications hold is the whole; what stands on a stream is one of its two
 * parts, the inbound track's on the render stream and the outbound track's on the capture stream.
 * The connection is a fork (fork.c) that tells no events of its own: those of the streams say what
 * happens. The address lock guards everything here. Not here: the connection, the audio.
 */
#include "engine/fork_state.h"

#include "base/alloc.h"

#include <string.h>

enum { INBOUND, OUTBOUND, PARTS };

struct part {
    struct omsp_terminal base;
    bool started; /* its stream wants the connection, though it may be held just now */
    bool ended;   /* stopped by its SID while the stream went on, which does not dial again by a
                     mere resume, but when it was stopped itself */
    bool running; /* its stream runs: the track's audio flows */
};

struct omsp_websocket {
    struct omsp_terminal base;
    struct part parts[PARTS];
    char *texts[OMSP_WEBSOCKET_TEXTS];
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    unsigned param_count;
    struct omsp_stream *stream; /* of the connection made last; a reference, or NULL */
    bool live;                  /* that connection is ours to end; its fork's owner is set */
    enum omsp_status last;      /* of the last try to make one, or why it was lost */
};

static struct omsp_websocket *socket_of(struct omsp_terminal *terminal)
{
    return omsp_container(omsp_terminal_whole(terminal), struct omsp_websocket, base);
}

static struct part *part_of(struct omsp_terminal *terminal)
{
    return omsp_container(terminal, struct part, base);
}

static unsigned track_bit(unsigned part)
{
    return part == INBOUND ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND;
}

/* ---- the connection -------------------------------------------------------------------------- */

static void set_gates(struct omsp_websocket *socket)
{
    const struct omsp_stream *heard = socket->parts[INBOUND].base.selected_on;
    unsigned gates = 0;

    for (unsigned i = 0; i < PARTS; i++)
        if (socket->parts[i].running)
            gates |= track_bit(i);
    if (socket->live)
        omsp_fork_set_gates(socket->stream->fork, gates, heard ? heard->source : NULL);
}

/* It is not ours any more, whatever becomes of it. */
static void disown(struct omsp_websocket *socket)
{
    socket->live = false;
    socket->stream->fork->owner = NULL;
}

static void end_connection(struct omsp_websocket *socket)
{
    if (!socket->live)
        return;
    disown(socket);
    omsp_stream_input(socket->stream, OMSP_IN_STOP, OMSP_CAUSE_LOCAL_REQUEST);
    omsp_fork_follow(socket->stream);
}

static enum omsp_status get_options(const struct omsp_websocket *socket,
                                    struct omsp_fork_options *out)
{
    const char *method = socket->texts[OMSP_WEBSOCKET_METHOD];
    struct omsp_fork_options options = {
        .url = socket->texts[OMSP_WEBSOCKET_URL],
        .name = socket->texts[OMSP_WEBSOCKET_NAME],
        .callback_url = socket->texts[OMSP_WEBSOCKET_CALLBACK],
        .params = socket->params,
        .param_count = socket->param_count,
    };

    for (unsigned i = 0; i < PARTS; i++)
        if (socket->parts[i].base.selected_on)
            options.tracks |= track_bit(i);
    options.callback_get = method && !strcmp(method, "GET");
    *out = options;
    return method && *method && !options.callback_get && strcmp(method, "POST") ? OMSP_INVALID
                                                                                : OMSP_OK;
}

/* The connection that has this track, announced: the one there is, or a new one in its place with
 * the tracks of all streams that the terminal is on. */
static enum omsp_status make_connection(struct omsp_websocket *socket, struct omsp_call *call,
                                        unsigned track)
{
    struct omsp_fork_options options;
    struct omsp_stream *stream;
    enum omsp_status status;

    if (socket->live) {
        status = omsp_fork_add_track(socket->stream->fork, track);
        if (status != OMSP_WRONG_STATE)
            return status;
    }
    status = get_options(socket, &options);
    if (!status)
        status = omsp_fork_open(call, &options, socket, &stream);
    if (status)
        return status;
    end_connection(socket);
    omsp_stream_release(socket->stream);
    socket->stream = stream;
    socket->live = true;
    stream->fork->owner = socket;
    set_gates(socket);
    return OMSP_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void note_use(struct omsp_websocket *socket)
{
    bool used = false;

    for (unsigned i = 0; i < PARTS; i++)
        used |= atomic_load(&socket->parts[i].base.in_use);
    atomic_store(&socket->base.in_use, used);
}

static enum omsp_status connect_part(struct omsp_terminal *terminal)
{
    struct omsp_websocket *socket = socket_of(terminal);
    struct part *part = part_of(terminal);
    enum omsp_status status;

    if (part->ended)
        return OMSP_EMPTY;
    status = make_connection(socket, terminal->selected_on->call,
                             track_bit((unsigned)(part - socket->parts)));
    if (status == OMSP_FULL)
        status = OMSP_MAX_TERMINALS;
    socket->last = status;
    if (status)
        return status;
    part->started = true;
    atomic_store(&socket->base.in_use, true);
    return OMSP_OK;
}

static void run_part(struct omsp_terminal *terminal, bool running)
{
    part_of(terminal)->running = running;
    set_gates(socket_of(terminal));
}

static void disconnect_part(struct omsp_terminal *terminal)
{
    run_part(terminal, false);
    note_use(socket_of(terminal));
}

/* Of a substream also that its parent was. */
static bool is_stopped(const struct omsp_stream *stream)
{
    return stream->fsm.desired == OMSP_WANT_STOP ||
           (stream->parent && stream->parent->fsm.desired == OMSP_WANT_STOP);
}

/* A stream that is held keeps the connection, one that was stopped does not. */
static void settle_part(struct omsp_terminal *terminal)
{
    struct omsp_websocket *socket = socket_of(terminal);
    bool needed = false;

    for (unsigned i = 0; i < PARTS; i++) {
        const struct omsp_stream *stream = socket->parts[i].base.selected_on;

        if (!stream || stream->fsm.shut || is_stopped(stream) ||
            stream->call->state != OMSP_CALL_CONNECTED)
            socket->parts[i].started = socket->parts[i].ended = false;
        needed |= socket->parts[i].started;
    }
    if (!needed)
        end_connection(socket);
}

static const struct omsp_terminal_ops part_ops = {
    .connect = connect_part,
    .disconnect = disconnect_part,
    .run = run_part,
    .settle = settle_part,
};

/* ---- the whole ------------------------------------------------------------------------------- */

static enum omsp_status admit(struct omsp_terminal *terminal, const struct omsp_stream *stream)
{
    struct omsp_websocket *socket = socket_of(terminal);
    struct omsp_fork_options options;
    struct omsp_links *links;
    enum omsp_status status;
    int error;

    for (unsigned i = 0; i < PARTS; i++) {
        const struct omsp_stream *on = socket->parts[i].base.selected_on;

        if (on && on->call != stream->call)
            return OMSP_TERMINAL_IN_USE;
    }
    status = get_options(socket, &options);
    options.tracks = OMSP_TRACK_INBOUND;
    if (!status)
        status = omsp_engine_get_links(terminal->address->engine, &links);
    if (!status)
        status = omsp_fork_check_options(links, &options, &error);
    return status;
}

static struct omsp_terminal *choose_part(struct omsp_terminal *terminal,
                                         enum omsp_direction direction)
{
    return &socket_of(terminal)->parts[direction == OMSP_RENDER ? INBOUND : OUTBOUND].base;
}

static const struct omsp_terminal_ops whole_ops = {.part = choose_part, .admit = admit};

static void destroy(struct omsp_terminal *terminal)
{
    struct omsp_websocket *socket = socket_of(terminal);

    /* Selected nowhere, so that its connection has ended. */
    omsp_stream_release(socket->stream);
    for (unsigned i = 0; i < socket->param_count; i++) {
        omsp_free((char *)socket->params[i].name);
        omsp_free((char *)socket->params[i].value);
    }
    for (unsigned i = 0; i < OMSP_WEBSOCKET_TEXTS; i++)
        omsp_free(socket->texts[i]);
    omsp_free(socket);
}

enum omsp_status omsp_websocket_create(struct omsp_address *address, struct omsp_terminal **out)
{
    struct omsp_websocket *socket = omsp_zalloc(sizeof(*socket));

    if (!socket)
        return OMSP_NOMEM;
    omsp_terminal_init(&socket->base, address, OMSP_TERMINAL_WEBSOCKET, OMSP_BIDIRECTIONAL,
                       OMSP_MEDIA_AUDIO, &whole_ops, destroy);
    for (unsigned i = 0; i < PARTS; i++) {
        struct omsp_terminal *part = &socket->parts[i].base;

        part->whole = &socket->base; /* whose references count, and whose number events carry */
        part->id = socket->base.id;
        part->kind = socket->base.kind;
        part->direction = i == INBOUND ? OMSP_RENDER : OMSP_CAPTURE;
        part->media = OMSP_MEDIA_AUDIO;
        part->ops = &part_ops;
        part->address = address;
        atomic_init(&part->in_use, false);
    }
    *out = &socket->base;
    return OMSP_OK;
}

/* ---- properties ------------------------------------------------------------------------------ */

static void enter(struct omsp_websocket *socket)
{
    omsp_lock_acquire(&socket->base.address->lock);
}

static void leave(struct omsp_websocket *socket)
{
    omsp_lock_release(&socket->base.address->lock);
}

static bool is_selected(const struct omsp_websocket *socket)
{
    return socket->parts[INBOUND].base.selected_on || socket->parts[OUTBOUND].base.selected_on;
}

enum omsp_status omsp_websocket_set(struct omsp_terminal *terminal, enum omsp_websocket_text which,
                                    const char *text)
{
    struct omsp_websocket *socket = socket_of(terminal);
    char *copy = text ? omsp_strdup(text) : NULL;
    enum omsp_status status = OMSP_OK;

    if (text && !copy)
        return OMSP_NOMEM;
    enter(socket);
    if (is_selected(socket)) {
        status = OMSP_WRONG_STATE;
    } else {
        char *before = socket->texts[which];

        socket->texts[which] = copy;
        copy = before;
    }
    leave(socket);
    omsp_free(copy);
    return status;
}

enum omsp_status omsp_websocket_get(struct omsp_terminal *terminal, enum omsp_websocket_text which,
                                    char **out)
{
    struct omsp_websocket *socket = socket_of(terminal);
    bool set;

    enter(socket);
    set = socket->texts[which] != NULL;
    *out = set ? omsp_strdup(socket->texts[which]) : NULL;
    leave(socket);
    return set && !*out ? OMSP_NOMEM : OMSP_OK;
}

enum omsp_status omsp_websocket_add_param(struct omsp_terminal *terminal, const char *name,
                                          const char *value)
{
    struct omsp_websocket *socket = socket_of(terminal);
    char *name_copy = omsp_strdup(name), *value_copy = omsp_strdup(value);
    enum omsp_status status = name_copy && value_copy ? OMSP_OK : OMSP_NOMEM;

    enter(socket);
    if (!status && is_selected(socket))
        status = OMSP_WRONG_STATE;
    if (!status && socket->param_count == OMSP_FORK_MAX_PARAMS)
        status = OMSP_FULL;
    if (!status) {
        struct omsp_fork_param *param = &socket->params[socket->param_count++];

        param->name = name_copy;
        param->value = value_copy;
        name_copy = value_copy = NULL;
    }
    leave(socket);
    omsp_free(name_copy);
    omsp_free(value_copy);
    return status;
}

struct omsp_stream *omsp_websocket_stream(struct omsp_terminal *terminal, uint32_t *call)
{
    struct omsp_websocket *socket = socket_of(terminal);
    struct omsp_stream *stream;

    enter(socket);
    stream = socket->stream;
    *call = stream ? stream->call->id : 0;
    if (stream)
        omsp_stream_ref(stream);
    leave(socket);
    return stream;
}

enum omsp_status omsp_websocket_last(struct omsp_terminal *terminal)
{
    struct omsp_websocket *socket = socket_of(terminal);
    enum omsp_status last;

    enter(socket);
    last = socket->last;
    leave(socket);
    return last;
}

/* ---- from the fork --------------------------------------------------------------------------- */

void omsp_websocket_lost(struct omsp_websocket *socket, enum omsp_status why)
{
    disown(socket);
    socket->last = why;
    for (unsigned i = 0; i < PARTS; i++) {
        struct part *part = &socket->parts[i];
        bool told = part->started && part->base.selected_on;

        part->started = part->running = false;
        if (told)
            omsp_stream_lose_terminal(part->base.selected_on, &part->base, why);
    }
    note_use(socket);
}

void omsp_websocket_let_go(struct omsp_websocket *socket, enum omsp_cause cause)
{
    disown(socket);
    for (unsigned i = 0; i < PARTS; i++) {
        struct part *part = &socket->parts[i];
        struct omsp_stream *stream = part->base.selected_on;

        if (!part->started || !stream)
            continue;
        if (stream->terminal_count == 1) {
            omsp_stream_input(stream, OMSP_IN_STOP, cause);
        } else {
            /* Not in use, so that nobody disconnects it later: its track ends here. */
            part->started = part->running = false;
            part->ended = true;
            atomic_store(&part->base.in_use, false);
        }
        /* Of a substream's own state nobody is told. */
        if (stream->terminal_count > 1 || stream->parent)
            omsp_stream_post(stream, OMSP_TERMINAL_FAIL, cause, OMSP_OK, socket->base.id);
    }
    note_use(socket);
}
