/*
 * A media stream's connection, on the link thread: when it is dialled, open, pinged, closed, lost.
 * Not here: what it begins with (fork_upgrade.c), what comes on it (fork_input.c), media
 * (fork_media.c, on the media worker) and the model (fork.c).
 */
#include "engine/fork_state.h"

#include "base/log.h"

#define CLOSE_US 2000000 /* for the consumer to answer our close */

static void dial(struct omsp_fork *fork);

static uint64_t now_of(const struct omsp_fork *fork)
{
    return omsp_engine_now_us(fork->links->engine);
}

static void arm(struct omsp_fork *fork)
{
    uint64_t due = fork->deadline_us ? fork->deadline_us : UINT64_MAX;

    if (fork->link_state == OMSP_LINK_OPEN && fork->ping_due_us < due)
        due = fork->ping_due_us;
    if (due != UINT64_MAX)
        omsp_links_arm(fork->links, &fork->timer, due);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* error: kept as the last one when it is to be dialled again. */
static void hang_up(struct omsp_fork *fork, bool redial, int error)
{
    fork->link_state = OMSP_LINK_DEAD;
    fork->deadline_us = 0;
    fork->redial_due = redial;
    omsp_lock_acquire(&fork->lock);
    fork->tcp = NULL;
    fork->open = false;
    fork->redialing = redial;
    fork->fresh = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    fork->out_at = fork->out_len = 0;
    if (redial)
        fork->last_error = error;
    else
        omsp_fork_drop_queue(fork);
    omsp_fork_drop_notes(fork);
    omsp_lock_release(&fork->lock);
    if (!redial)
        omsp_fork_play_drop(fork);
    fork->dialed->loop->close(fork->dialed);
}

void omsp_fork_finish(struct omsp_fork *fork, int error)
{
    if (fork->link_state == OMSP_LINK_IDLE || fork->link_state == OMSP_LINK_DEAD)
        return;
    if (fork->link_state == OMSP_LINK_CLOSING)
        error = fork->end_error; /* what began the end is what it was */
    hang_up(fork, false, 0);
    omsp_fork_ended(fork, error);
}

void omsp_fork_lose(struct omsp_fork *fork, int error)
{
    enum omsp_link_state state = fork->link_state;

    if ((state == OMSP_LINK_DIALING || state == OMSP_LINK_UPGRADING || state == OMSP_LINK_OPEN) &&
        omsp_fork_may_redial(fork, now_of(fork)))
        hang_up(fork, true, error);
    else
        omsp_fork_finish(fork, error);
}

void omsp_fork_note_close(struct omsp_fork *fork, uint16_t code)
{
    uint8_t body[2];

    if (fork->close_sent)
        return;
    fork->close_sent = true;
    omsp_put_be16(body, code);
    omsp_fork_note(fork, OMSP_WS_CLOSE, body, sizeof(body));
}

void omsp_fork_begin_close(struct omsp_fork *fork, uint16_t code, bool stop, int error)
{
    char text[512];
    struct omsp_text message;

    fork->link_state = OMSP_LINK_CLOSING;
    fork->end_error = error;
    fork->deadline_us = now_of(fork) + CLOSE_US;
    omsp_lock_acquire(&fork->lock);
    omsp_fork_pump(fork);
    fork->open = false;
    omsp_fork_drop_queue(fork); /* a consumer that is behind gets the stop, not the past */
    if (stop) {
        omsp_text_init(&message, text, sizeof(text));
        omsp_ms_put_stop(&message, ++fork->sequence, fork->links->account_sid, fork->call->sid,
                         fork->sid);
        omsp_fork_note(fork, OMSP_WS_TEXT, text, message.len);
    }
    omsp_fork_note_close(fork, code);
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    arm(fork);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void go_live(struct omsp_fork *fork)
{
    enum omsp_status status;

    fork->link_state = OMSP_LINK_OPEN;
    fork->deadline_us = 0;
    fork->opened_us = now_of(fork);
    fork->ping_due_us = fork->opened_us + (uint64_t)fork->links->ping_ms * 1000;
    fork->pings_unanswered = 0;
    omsp_lock_acquire(&fork->lock);
    if (fork->redialing)
        fork->sequence = 0; /* counts the messages of a connection: start is the first */
    status = omsp_fork_note_start(fork);
    if (!status && fork->redialing) {
        /* Nothing but the connection is new: what waited goes out, the clock went on. */
        fork->redialing = false;
        fork->reconnects++;
        fork->open = true;
    } else if (!status) {
        fork->origin_us = fork->opened_us;
        fork->open = true;
        fork->ready_due = false;
        fork->started_told = true;
        omsp_fork_tell(fork, OMSP_CALLBACK_STARTED, 0);
    }
    omsp_lock_release(&fork->lock);
    if (status) {
        omsp_fork_finish(fork, OMSP_FORK_BROKEN);
        return;
    }
    omsp_fork_send_callbacks(fork);
    arm(fork);
    /* First the audio is let through, then the consumer is told: it has all from there on. */
    omsp_fork_opened(fork);
    omsp_lock_acquire(&fork->lock);
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    if (fork->bidirectional)
        omsp_fork_echo_marks(fork);
}

/* What is left of the bytes are frames. */
static void take_answer(struct omsp_fork *fork, struct omsp_span *bytes)
{
    int http_status;
    enum omsp_status status = omsp_fork_answer(fork, bytes, &http_status);

    if (!status) {
        go_live(fork);
    } else if (status == OMSP_NOMEM) {
        omsp_fork_lose(fork, OMSP_FORK_HANDSHAKE);
    } else if (status != OMSP_MORE) {
        omsp_log(OMSP_LOG_WARNING, "%d: stream %s: the consumer answered the upgrade with %d",
                 OMSP_FORK_HANDSHAKE, fork->sid, http_status);
        if (omsp_fork_answer_passes(http_status))
            omsp_fork_lose(fork, OMSP_FORK_HANDSHAKE);
        else
            omsp_fork_finish(fork, OMSP_FORK_HANDSHAKE);
    }
}

/* ---- what the loop tells -----------------------------------------------------------------------
 */

static void on_open(void *owner)
{
    struct omsp_fork *fork = owner;
    struct omsp_fork_note *note;
    enum omsp_status status;

    if (fork->link_state != OMSP_LINK_DIALING) {
        omsp_fork_finish(fork, OMSP_FORK_BROKEN); /* what began the end is what is told */
        return;
    }
    status = omsp_fork_upgrade(fork, &note);
    if (status) {
        if (status == OMSP_NOMEM)
            omsp_fork_lose(fork, OMSP_FORK_HANDSHAKE);
        else
            omsp_fork_finish(fork, OMSP_FORK_BAD_URL);
        return;
    }
    fork->link_state = OMSP_LINK_UPGRADING;
    omsp_lock_acquire(&fork->lock);
    fork->tcp = fork->dialed;
    fork->stalled = false;
    omsp_list_insert(&fork->notes, &note->link);
    fork->note_count++;
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct omsp_fork *fork = owner;
    struct omsp_span bytes = omsp_span(data, len);

    (void)now_us;
    if (fork->link_state == OMSP_LINK_UPGRADING)
        take_answer(fork, &bytes);
    if (bytes.len && (fork->link_state == OMSP_LINK_OPEN || fork->link_state == OMSP_LINK_CLOSING))
        omsp_fork_input(fork, bytes);
}

static void on_writable(void *owner)
{
    struct omsp_fork *fork = owner;

    omsp_lock_acquire(&fork->lock);
    fork->stalled = false;
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    if (fork->bidirectional)
        omsp_fork_echo_marks(fork); /* those that waited for this room */
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    struct omsp_fork *fork = owner;
    int error = OMSP_FORK_BROKEN;

    if (end == OMSP_TCP_TIMEOUT)
        error = OMSP_FORK_TIMEOUT;
    else if (end == OMSP_TCP_REFUSED)
        error = OMSP_FORK_REFUSED;
    else if (end == OMSP_TCP_TLS)
        error = OMSP_FORK_TLS;
    else if (fork->link_state == OMSP_LINK_UPGRADING)
        error = OMSP_FORK_HANDSHAKE;
    else if (end == OMSP_TCP_OK)
        error = OMSP_FORK_CLOSED;
    if (end == OMSP_TCP_TLS)
        omsp_fork_finish(fork, error); /* whom it does not trust it does not ask again */
    else
        omsp_fork_lose(fork, error);
}

/* The connection is gone, or there was none: the fork rests until the next start. */
static void rest(struct omsp_fork *fork)
{
    bool again;

    fork->link_state = OMSP_LINK_IDLE;
    fork->deadline_us = 0;
    omsp_timers_unreserve(&fork->links->timers, &fork->timer);
    omsp_lock_acquire(&fork->lock);
    again = fork->want && !fork->used;
    omsp_lock_release(&fork->lock);
    if (again)
        dial(fork);
    omsp_fork_unref(fork);
}

/* Between two connections. */
static void give_up(struct omsp_fork *fork, int error)
{
    omsp_lock_acquire(&fork->lock);
    fork->redialing = false;
    omsp_fork_drop_queue(fork);
    omsp_lock_release(&fork->lock);
    omsp_fork_play_drop(fork);
    omsp_fork_ended(fork, error);
    rest(fork);
}

static void wait_to_redial(struct omsp_fork *fork)
{
    uint64_t wait_us = omsp_fork_redial_wait(fork);

    omsp_log(OMSP_LOG_INFO, "stream %s: connection lost (%d), attempt %u in %u ms", fork->sid,
             fork->last_error, fork->attempts, (unsigned)(wait_us / 1000));
    fork->link_state = OMSP_LINK_WAITING;
    fork->deadline_us = now_of(fork) + wait_us;
    arm(fork);
}

static void on_closed(void *owner)
{
    struct omsp_fork *fork = owner;
    bool want, redial = fork->redial_due;

    fork->dialed = NULL;
    fork->redial_due = false;
    omsp_ws_parser_free(&fork->parser);
    omsp_ws_parser_init(&fork->parser);
    omsp_fork_drop_answer(fork);
    omsp_lock_acquire(&fork->lock);
    want = fork->want;
    omsp_lock_release(&fork->lock);
    if (redial && want)
        wait_to_redial(fork);
    else if (redial)
        give_up(fork, 0);
    else
        rest(fork);
}

/* ---- orders ------------------------------------------------------------------------------------
 */

/* On failure the state is what it was. */
static enum omsp_status connect(struct omsp_fork *fork)
{
    struct omsp_tcp init = {
        .owner = fork,
        .on_open = on_open,
        .on_data = on_data,
        .on_writable = on_writable,
        .on_end = on_end,
        .on_closed = on_closed,
    };
    struct omsp_tcp_target target = {.ca_file = fork->links->ca_file,
                                     .timeout_ms = fork->links->connect_ms};
    struct omsp_url url;
    enum omsp_link_state before = fork->link_state;
    enum omsp_status status;

    fork->close_sent = false;
    fork->ping_sent_us = 0;
    status = omsp_url_parse(fork->url, &url);
    if (status)
        return status;
    target.host = url.host;
    target.port = url.port;
    target.tls = url.scheme == OMSP_SCHEME_WSS;
    fork->link_state = OMSP_LINK_DIALING;
    fork->deadline_us = now_of(fork) + (uint64_t)fork->links->connect_ms * 1000;
    status = fork->links->loop->dial(fork->links->loop, &init, &target, &fork->dialed);
    if (status)
        fork->link_state = before;
    else
        arm(fork);
    return status;
}

static void dial(struct omsp_fork *fork)
{
    omsp_lock_acquire(&fork->lock);
    fork->used = true;
    omsp_lock_release(&fork->lock);
    fork->bad_told = false;
    fork->attempts = 0;
    if (!omsp_timers_reserve(&fork->links->timers)) {
        omsp_fork_ref(fork); /* until rest */
        if (!connect(fork))
            return;
        fork->deadline_us = 0;
        omsp_timers_unreserve(&fork->links->timers, &fork->timer);
        omsp_fork_unref(fork);
    }
    omsp_fork_ended(fork, OMSP_FORK_REFUSED);
}

static void redial(struct omsp_fork *fork)
{
    if (!connect(fork))
        return;
    if (omsp_fork_may_redial(fork, now_of(fork)))
        wait_to_redial(fork);
    else
        give_up(fork, OMSP_FORK_REFUSED);
}

/* Whatever changed: brings the connection in line with what is wanted. */
static void run_task(struct omsp_link_task *task)
{
    struct omsp_fork *fork = omsp_container(task, struct omsp_fork, task);
    bool want, fresh, ready;

    omsp_lock_acquire(&fork->lock);
    want = fork->want;
    ready = want && fork->ready_due && fork->link_state == OMSP_LINK_OPEN;
    if (ready)
        fork->ready_due = false;
    fresh = !fork->used;
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    if (want && fresh && fork->link_state == OMSP_LINK_IDLE)
        dial(fork);
    else if ((!want || fresh) && fork->link_state == OMSP_LINK_OPEN)
        omsp_fork_begin_close(fork, 1000, true, 0);
    else if ((!want || fresh) &&
             (fork->link_state == OMSP_LINK_DIALING || fork->link_state == OMSP_LINK_UPGRADING))
        omsp_fork_finish(fork, 0);
    else if (!want && fork->link_state == OMSP_LINK_WAITING)
        give_up(fork, 0);
    else if (ready)
        omsp_fork_opened(fork); /* stopped and started again before anybody looked */
    if (fork->bidirectional)
        omsp_fork_echo_marks(fork);
    omsp_fork_unref(fork); /* omsp_fork_kick's */
}

void omsp_fork_kick(struct omsp_fork *fork)
{
    omsp_fork_ref(fork);
    if (!omsp_links_post(fork->links, &fork->task))
        omsp_fork_unref(fork); /* never the last: the caller has one */
}

static void on_timer(struct omsp_timer *timer, uint64_t now_us)
{
    struct omsp_fork *fork = omsp_container(timer, struct omsp_fork, timer);

    if (fork->deadline_us && fork->deadline_us <= now_us) {
        if (fork->link_state == OMSP_LINK_WAITING)
            redial(fork);
        else
            omsp_fork_lose(fork, OMSP_FORK_TIMEOUT);
        return;
    }
    if (fork->link_state == OMSP_LINK_OPEN && fork->ping_due_us <= now_us) {
        if (fork->pings_unanswered == 2) {
            omsp_fork_lose(fork, OMSP_FORK_BROKEN);
            return;
        }
        fork->pings_unanswered++;
        fork->ping_sent_us = now_us;
        fork->ping_due_us = now_us + (uint64_t)fork->links->ping_ms * 1000;
        omsp_lock_acquire(&fork->lock);
        if (!fork->ping_waits)
            fork->ping_waits = !omsp_fork_note(fork, OMSP_WS_PING, NULL, 0);
        omsp_fork_pump(fork);
        omsp_lock_release(&fork->lock);
    }
    arm(fork);
}

void omsp_fork_link_init(struct omsp_fork *fork)
{
    omsp_list_init(&fork->task.link);
    fork->task.run = run_task;
    fork->timer.fire = on_timer;
    fork->link_state = OMSP_LINK_IDLE;
}
