/*
 * The stream: plans a change with the state machine, moves the media, commits, queues the events.
 * The address lock guards everything here; the session's lock is taken inside by session.c.
 */
#include "engine/objects.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "engine/call_log.h"
#include "engine/echo_path.h"
#include "engine/fork_state.h"
#include "engine/session.h"
#include "media/gain_control.h"
#include "media/volume.h"

#include <string.h>

struct omsp_stream *omsp_stream_new(struct omsp_call *call, uint32_t media,
                                    enum omsp_direction direction, struct omsp_stream_offers offers)
{
    struct omsp_stream *stream = omsp_zalloc(sizeof(*stream));

    if (!stream)
        return NULL;
    omsp_stream_init(stream, call, media, direction, offers);
    stream->cut = false;
    return stream;
}

void omsp_stream_init(struct omsp_stream *stream, struct omsp_call *call, uint32_t media,
                      enum omsp_direction direction, struct omsp_stream_offers offers)
{
    atomic_init(&stream->refs, 1);
    stream->cut = true;
    stream->id = omsp_engine_new_id(call->address->engine);
    stream->media = media;
    stream->direction = direction;
    stream->call = call;
    omsp_call_ref(call);
    stream->sound.volume = OMSP_VOLUME_SAME;
    omsp_stream_fsm_init(&stream->fsm, offers);
}

void omsp_stream_ref(struct omsp_stream *stream)
{
    atomic_fetch_add(&stream->refs, 1);
}

void omsp_stream_release(struct omsp_stream *stream)
{
    struct omsp_call *call;
    struct omsp_fork *fork;

    if (!stream || atomic_fetch_sub(&stream->refs, 1) != 1)
        return;
    call = stream->call;
    fork = stream->fork;
    omsp_session_source_destroy(stream->source);
    omsp_gain_control_destroy(stream->sound.gain);
    omsp_echo_path_unref(stream->echo);
    omsp_stream_release(stream->parent);
    if (stream->cut)
        omsp_arena_retire(stream, sizeof(*stream));
    else
        omsp_free(stream);
    /* Only now, for the stream may lie in their blocks. */
    omsp_fork_unref(fork);
    omsp_call_release(call);
}

/* ---- media ---------------------------------------------------------------------------------- */

void omsp_stream_post(struct omsp_stream *stream, enum omsp_call_event type, enum omsp_cause cause,
                      enum omsp_status error, uint32_t terminal)
{
    struct omsp_event event = {
        .kind = OMSP_EVENT_CALL,
        .type = type,
        .cause = cause,
        .error = error,
        .call = stream->call->id,
        .stream = stream->parent ? stream->parent->id : stream->id,
        .terminal = terminal,
    };

    /* What a substream does is what it was told or what its parent did; of its terminals the parent
     * tells. */
    if (stream->parent && type != OMSP_TERMINAL_FAIL)
        return;
    omsp_log_stream(stream, &event);
    /* A terminal's connection is told by the streams that the terminal is on. */
    if (!stream->fork || !stream->fork->of_terminal)
        omsp_address_post(stream->call->address, &event);
}

static enum omsp_status connect_terminal(struct omsp_terminal *terminal)
{
    enum omsp_status status = OMSP_OK;

    if (!atomic_load(&terminal->in_use)) {
        status = terminal->ops->connect(terminal);
        if (!status)
            atomic_store(&terminal->in_use, true);
    }
    return status;
}

static void disconnect_terminal(struct omsp_terminal *terminal)
{
    if (atomic_exchange(&terminal->in_use, false))
        terminal->ops->disconnect(terminal);
}

/* What a stream holds of a terminal that is selected on it. An application that lets go of a file
 * terminal whose track is on a stream means that it shall go on. */
static void keep_terminal(struct omsp_terminal *terminal)
{
    omsp_terminal_ref(terminal);
    if (terminal->kind == OMSP_TERMINAL_TRACK)
        terminal->kept = omsp_track_parent(terminal);
}

static void drop_terminal(struct omsp_terminal *terminal)
{
    struct omsp_terminal *kept = terminal->kept;

    terminal->kept = NULL;
    omsp_terminal_release(terminal);
    omsp_terminal_release(kept);
}

static enum omsp_cause connect_cause(enum omsp_status status)
{
    return status == OMSP_NODEVICE ? OMSP_CAUSE_BAD_DEVICE : OMSP_CAUSE_CONNECT_FAIL;
}

struct move_outcome {
    enum omsp_status status;
    enum omsp_cause failed_cause;
    enum omsp_actual actual;
    uint32_t failed_terminal;
};

/* Connects what is not connected yet. One terminal that works is enough; those that do not are told
 * one by one, and only when none works does the whole move fail, which commit tells then. */
static void connect_all(struct omsp_stream *stream, struct move_outcome *outcome)
{
    enum omsp_status errors[OMSP_STREAM_MAX_TERMINALS];
    unsigned good = 0;

    /* A device may take seconds. Who armed a timer of the worker's and owes the wake owes it
     * others, too, who rely on it. */
    if (stream->call->session)
        omsp_session_flush(stream->call->session);
    for (unsigned i = 0; i < stream->terminal_count; i++) {
        errors[i] = connect_terminal(stream->terminals[i]);
        if (errors[i] == OMSP_EMPTY) {
            errors[i] = OMSP_OK; /* it stays away, and there is nothing to tell */
        } else if (errors[i]) {
            outcome->status = errors[i];
            outcome->failed_cause = connect_cause(errors[i]);
            outcome->failed_terminal = stream->terminals[i]->id;
        } else {
            good++;
        }
    }
    if (!good)
        return;
    for (unsigned i = 0; i < stream->terminal_count; i++)
        if (errors[i])
            omsp_stream_post(stream, OMSP_TERMINAL_FAIL, connect_cause(errors[i]), errors[i],
                             stream->terminals[i]->id);
    outcome->status = OMSP_OK;
}

static void run_session(struct omsp_stream *stream, bool running)
{
    struct omsp_terminal *connected[OMSP_STREAM_MAX_TERMINALS];
    unsigned count = 0;

    if (!stream->call->session)
        return;
    if (stream->fork) {
        omsp_session_feed(stream->call->session, stream->fork,
                          running ? omsp_fork_flow(stream->fork) : 0, stream->fork->source);
        return;
    }
    for (unsigned i = 0; running && i < stream->terminal_count; i++)
        if (atomic_load(&stream->terminals[i]->in_use) && !stream->terminals[i]->ops->run)
            connected[count++] = stream->terminals[i];
    if (stream->parent) {
        omsp_substream_run(stream, running, connected, count);
    } else {
        omsp_session_set_sound(stream->call->session, stream->direction, &stream->sound);
        omsp_session_run(stream->call->session, stream->direction, running, connected, count);
    }
    for (unsigned i = 0; i < stream->terminal_count; i++) {
        struct omsp_terminal *terminal = stream->terminals[i];

        if (terminal->ops->run)
            terminal->ops->run(terminal, running && atomic_load(&terminal->in_use));
    }
    omsp_echo_path_settle(stream->call);
}

static void take_down(struct omsp_stream *stream)
{
    run_session(stream, false);
    for (unsigned i = 0; i < stream->terminal_count; i++)
        disconnect_terminal(stream->terminals[i]);
}

static struct move_outcome move_media(struct omsp_stream *stream, enum omsp_actual to)
{
    struct omsp_call *call = stream->call;
    struct move_outcome outcome = {OMSP_OK, OMSP_CAUSE_LOCAL_REQUEST, to, 0};

    if (to != OMSP_STOPPED && !stream->fork)
        connect_all(stream, &outcome);
    if (!outcome.status && !stream->fork && !stream->parent &&
        call->transport == OMSP_TRANSPORT_HARDWARE && call->hardware)
        outcome.status = call->hardware(call->hardware_ctx, call, stream->direction, to);
    if (outcome.status && to != OMSP_STOPPED) {
        /* Down is the one state that always can be reached. */
        outcome.actual = OMSP_STOPPED;
        to = OMSP_STOPPED;
    } else if (outcome.status) {
        outcome.actual = stream->fsm.actual;
        return outcome;
    }
    if (to == OMSP_STOPPED)
        take_down(stream);
    else
        run_session(stream, to == OMSP_RUNNING);
    return outcome;
}

/* It is over, whatever the hardware says. */
static void halt(struct omsp_stream *stream)
{
    if (move_media(stream, OMSP_STOPPED).status)
        take_down(stream);
}

static void settle_terminal(struct omsp_terminal *terminal)
{
    if (terminal->ops->settle)
        terminal->ops->settle(terminal);
}

void omsp_stream_publish(struct omsp_stream *stream)
{
    unsigned idle = 0;

    /* What follows a media stream or a source does more than its state machine says. */
    if (stream->fork || stream->parent)
        return;
    for (int input = OMSP_IN_START; input <= OMSP_IN_STOP; input++)
        if (omsp_stream_is_idle(&stream->fsm, (enum omsp_input)input))
            idle |= 1u << input;
    atomic_store(&stream->idle, (uint8_t)idle);
}

static enum omsp_status commit(struct omsp_stream *stream, const struct omsp_stream_plan *plan,
                               const struct move_outcome *outcome)
{
    struct omsp_stream_commit done = omsp_stream_commit(&stream->fsm, plan, outcome->status,
                                                        outcome->failed_cause, outcome->actual);

    /* Some inputs happen all the same, though the hardware would not. */
    if (outcome->status && outcome->actual != OMSP_STOPPED && stream->fsm.actual == OMSP_STOPPED)
        take_down(stream);
    for (unsigned i = 0; i < done.count; i++) {
        uint32_t terminal = stream->terminal_count ? stream->terminals[0]->id : 0;

        if (outcome->failed_terminal)
            terminal = outcome->failed_terminal;
        omsp_stream_post(stream, done.events[i].type, done.events[i].cause, done.events[i].error,
                         terminal);
    }
    for (unsigned i = 0; i < stream->terminal_count; i++)
        settle_terminal(stream->terminals[i]);
    omsp_stream_publish(stream);
    omsp_substreams_follow(stream);
    return done.status;
}

enum omsp_status omsp_stream_input(struct omsp_stream *stream, enum omsp_input input,
                                   enum omsp_cause cause)
{
    struct omsp_stream_plan plan = omsp_stream_plan(&stream->fsm, input, cause);
    struct move_outcome outcome = {OMSP_OK, OMSP_CAUSE_LOCAL_REQUEST, plan.to, 0};

    if (plan.status)
        return plan.status;
    if (plan.move)
        outcome = move_media(stream, plan.to);
    return commit(stream, &plan, &outcome);
}

enum omsp_status omsp_stream_break(struct omsp_stream *stream, enum omsp_status why,
                                   enum omsp_cause cause)
{
    struct omsp_stream_plan plan = omsp_stream_plan(&stream->fsm, OMSP_IN_BROKE, cause);
    struct move_outcome outcome = {why, cause, OMSP_STOPPED, 0};

    if (plan.status)
        return plan.status;
    halt(stream);
    return commit(stream, &plan, &outcome);
}

void omsp_stream_lose_terminal(struct omsp_stream *stream, struct omsp_terminal *terminal,
                               enum omsp_status why)
{
    struct omsp_stream_plan plan =
        omsp_stream_plan(&stream->fsm, OMSP_IN_BROKE, OMSP_CAUSE_UNKNOWN);
    struct move_outcome outcome = {why, connect_cause(why), stream->fsm.actual, terminal->id};
    bool works = false;

    disconnect_terminal(terminal);
    if (plan.status)
        return;
    for (unsigned i = 0; i < stream->terminal_count; i++)
        works |= atomic_load(&stream->terminals[i]->in_use);
    if (!plan.move) {
        omsp_stream_post(stream, OMSP_TERMINAL_FAIL, outcome.failed_cause, why, terminal->id);
        return;
    }
    if (works) {
        run_session(stream, stream->fsm.actual == OMSP_RUNNING);
    } else {
        halt(stream);
        outcome.actual = OMSP_STOPPED;
    }
    commit(stream, &plan, &outcome);
}

void omsp_stream_shutdown(struct omsp_stream *stream)
{
    omsp_substreams_shutdown(stream);
    omsp_stream_input(stream, OMSP_IN_SHUTDOWN, OMSP_CAUSE_LOCAL_REQUEST);
    if (stream->fork) {
        omsp_fork_follow(stream);
        stream->fork->stream = NULL;
    }
    while (stream->terminal_count) {
        struct omsp_terminal *terminal = stream->terminals[--stream->terminal_count];

        terminal->selected_on = NULL;
        drop_terminal(terminal);
    }
}

/* ---- doors ---------------------------------------------------------------------------------- */

static void enter(struct omsp_stream *stream)
{
    omsp_lock_acquire(&stream->call->address->lock);
}

/* What must not happen under the lock: waking listeners and the worker. The session pointer is
 * taken under the lock; the session lives until its worker has seen it end, and our call holds it
 * up to then, so flushing is done while the lock still shows it. */
static void leave(struct omsp_stream *stream)
{
    struct omsp_address *address = stream->call->address;

    if (stream->parent)
        omsp_substream_settle(stream);
    if (stream->call->session)
        omsp_session_flush(stream->call->session);
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
}

static enum omsp_status door(struct omsp_stream *stream, enum omsp_input input,
                             enum omsp_cause cause)
{
    enum omsp_status status = OMSP_OK;

    if (atomic_load(&stream->idle) & 1u << input)
        return OMSP_OK;
    enter(stream);
    if (stream->fork && stream->fork->of_terminal && stream->fork->over && input != OMSP_IN_STOP)
        status = stream->fsm.shut ? OMSP_SHUTDOWN : OMSP_WRONG_STATE; /* its terminal makes anew */
    else if (stream->fork && input != OMSP_IN_STOP)
        status = omsp_fork_may_start(stream);
    if (!status)
        status = omsp_stream_input(stream, input, cause);
    if (!status && stream->fork && !stream->fsm.shut) {
        if (input == OMSP_IN_START)
            stream->fork->cause = cause;
        omsp_fork_follow(stream);
        if (stream->fork->over && stream->fork->owner)
            omsp_websocket_let_go(stream->fork->owner, cause);
    }
    leave(stream);
    return status;
}

enum omsp_status omsp_stream_start(struct omsp_stream *stream, enum omsp_cause cause)
{
    return door(stream, OMSP_IN_START, cause);
}

enum omsp_status omsp_stream_pause(struct omsp_stream *stream, enum omsp_cause cause)
{
    return door(stream, OMSP_IN_PAUSE, cause);
}

enum omsp_status omsp_stream_stop(struct omsp_stream *stream, enum omsp_cause cause)
{
    return door(stream, OMSP_IN_STOP, cause);
}

static int place_of(const struct omsp_stream *stream, const struct omsp_terminal *terminal)
{
    for (unsigned i = 0; i < stream->terminal_count; i++)
        if (omsp_terminal_whole(stream->terminals[i]) == terminal)
            return (int)i;
    return -1;
}

static void take_out(struct omsp_stream *stream, unsigned place)
{
    struct omsp_terminal *terminal = stream->terminals[place];

    memmove(&stream->terminals[place], &stream->terminals[place + 1],
            (stream->terminal_count - place - 1) * sizeof(stream->terminals[0]));
    stream->terminal_count--;
    terminal->selected_on = NULL;
}

/* Of one that was taken out. */
static void let_go(struct omsp_terminal *terminal)
{
    disconnect_terminal(terminal);
    settle_terminal(terminal);
    drop_terminal(terminal);
}

static enum omsp_status may_select(const struct omsp_stream *stream, struct omsp_terminal *terminal,
                                   struct omsp_terminal **part)
{
    struct omsp_stream_facts stream_facts = {
        .media = stream->media,
        .direction = stream->direction,
        .owner_token = (uintptr_t)stream->call->address,
        .selected = stream->terminal_count,
        .capacity = OMSP_STREAM_MAX_TERMINALS,
        .shut = stream->fsm.shut,
    };
    struct omsp_terminal_facts terminal_facts = {
        .media = terminal->media,
        .direction = terminal->direction,
        .owner_token = (uintptr_t)terminal->address,
    };
    enum omsp_status status;

    *part = terminal->ops && terminal->ops->part ? terminal->ops->part(terminal, stream->direction)
                                                 : terminal;
    terminal_facts.selected_here = (*part)->selected_on == stream;
    terminal_facts.selected_elsewhere = (*part)->selected_on && (*part)->selected_on != stream;
    status = omsp_terminal_may_select(&stream_facts, &terminal_facts);
    if (status)
        return status;
    if (!terminal->ops || stream->fork)
        return OMSP_BAD_TERMINAL; /* a multitrack parent: only its tracks carry media */
    return terminal->ops->admit ? terminal->ops->admit(terminal, stream) : OMSP_OK;
}

static enum omsp_status select_locked(struct omsp_stream *stream, struct omsp_terminal *whole)
{
    struct move_outcome outcome = {OMSP_OK, OMSP_CAUSE_LOCAL_REQUEST, stream->fsm.actual, 0};
    struct omsp_terminal *terminal;
    enum omsp_status status = may_select(stream, whole, &terminal);
    struct omsp_stream_plan plan;

    if (status)
        return status;
    plan = omsp_stream_plan(&stream->fsm, OMSP_IN_SELECT, OMSP_CAUSE_LOCAL_REQUEST);
    if (plan.status)
        return plan.status;
    stream->terminals[stream->terminal_count++] = terminal;
    terminal->selected_on = stream;
    keep_terminal(terminal);
    if (plan.move) {
        outcome = move_media(stream, plan.to);
    } else if (stream->fsm.actual != OMSP_STOPPED) {
        outcome.status = connect_terminal(terminal);
        if (outcome.status) {
            outcome.failed_cause = connect_cause(outcome.status);
            outcome.failed_terminal = terminal->id;
        } else {
            run_session(stream, stream->fsm.actual == OMSP_RUNNING);
        }
    }
    status = commit(stream, &plan, &outcome);
    if (outcome.status) {
        take_out(stream, stream->terminal_count - 1);
        let_go(terminal);
    }
    return status;
}

enum omsp_status omsp_stream_select(struct omsp_stream *stream, struct omsp_terminal *terminal)
{
    enum omsp_status status;

    enter(stream);
    status = select_locked(stream, terminal);
    leave(stream);
    return status;
}

enum omsp_status omsp_stream_foresee(struct omsp_stream *stream, enum omsp_input input,
                                     struct omsp_terminal *terminal, enum omsp_actual *to)
{
    struct omsp_stream_plan plan;
    struct omsp_terminal *part;
    enum omsp_status status = OMSP_OK;

    enter(stream);
    plan = omsp_stream_plan(&stream->fsm, input, OMSP_CAUSE_LOCAL_REQUEST);
    if (input == OMSP_IN_SELECT)
        status = may_select(stream, terminal, &part);
    leave(stream);
    *to = plan.to;
    return status ? status : plan.status;
}

enum omsp_status omsp_terminal_break(struct omsp_terminal *terminal, enum omsp_status why)
{
    struct omsp_address *address = terminal->address;
    struct omsp_stream *stream;

    omsp_lock_acquire(&address->lock);
    stream = terminal->selected_on;
    if (!stream || !atomic_load(&terminal->in_use)) {
        omsp_lock_release(&address->lock);
        return OMSP_WRONG_STATE;
    }
    omsp_stream_ref(stream);
    omsp_stream_lose_terminal(stream, terminal, why);
    leave(stream);
    omsp_stream_release(stream);
    return OMSP_OK;
}

static enum omsp_status unselect_locked(struct omsp_stream *stream, struct omsp_terminal *whole)
{
    int place = place_of(stream, whole);
    struct omsp_terminal *terminal;
    enum omsp_status status;

    if (stream->fsm.shut)
        return OMSP_SHUTDOWN;
    if (place < 0)
        return OMSP_BAD_TERMINAL;
    terminal = stream->terminals[place];
    /* The event of a stream that falls silent with its last terminal still names that terminal. */
    if (stream->terminal_count == 1) {
        status = omsp_stream_input(stream, OMSP_IN_UNSELECT, OMSP_CAUSE_LOCAL_REQUEST);
        take_out(stream, (unsigned)place);
    } else {
        take_out(stream, (unsigned)place);
        status = omsp_stream_input(stream, OMSP_IN_UNSELECT, OMSP_CAUSE_LOCAL_REQUEST);
        run_session(stream, stream->fsm.actual == OMSP_RUNNING);
    }
    let_go(terminal);
    return status;
}

enum omsp_status omsp_stream_unselect(struct omsp_stream *stream, struct omsp_terminal *terminal)
{
    enum omsp_status status;

    enter(stream);
    status = unselect_locked(stream, terminal);
    leave(stream);
    return status;
}
