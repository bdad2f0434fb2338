/*
 * A media stream's connection, on the link thread: dial, upgrade, what the consumer says, pings,
 * the end. Not here: media (fork_media.c, on the media worker) and the model (fork.c).
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/log.h"

#include <string.h>

#define CLOSE_US      2000000 /* for the consumer to answer our close */
#define MAX_NOTES     32 /* when so many wait, a pong takes the last one's place (RFC 6455 5.5.3) */
#define RESPONSE_ROOM (OMSP_WS_RESPONSE_MAX + 4096)

static void dial(struct omsp_fork *fork);

static uint64_t now_of(struct omsp_fork *fork)
{
    const struct omsp_ports *ports = fork->links->engine->ports;

    return ports->now_us(ports->ctx);
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

static void finish(struct omsp_fork *fork, int error)
{
    if (fork->link_state == OMSP_LINK_IDLE || fork->link_state == OMSP_LINK_DEAD)
        return;
    if (fork->link_state == OMSP_LINK_CLOSING)
        error = fork->end_error; /* what began the end is what it was */
    hang_up(fork, false, 0);
    omsp_fork_ended(fork, error);
}

/* An end that may pass: the connection is made anew when that is wanted and not yet given up. */
static void lose(struct omsp_fork *fork, int error)
{
    enum omsp_link_state state = fork->link_state;

    if ((state == OMSP_LINK_DIALING || state == OMSP_LINK_UPGRADING || state == OMSP_LINK_OPEN) &&
        omsp_fork_may_redial(fork, now_of(fork)))
        hang_up(fork, true, error);
    else
        finish(fork, error);
}

/* fork->lock held. */
static void note_close(struct omsp_fork *fork, uint16_t code)
{
    uint8_t body[2];

    if (fork->close_sent)
        return;
    fork->close_sent = true;
    omsp_put_be16(body, code);
    omsp_fork_note(fork, OMSP_WS_CLOSE, body, sizeof(body));
}

/* Says goodbye and waits for the consumer's, bounded. code: our close; stop: with the stop message.
 */
static void begin_close(struct omsp_fork *fork, uint16_t code, bool stop, int error)
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
    note_close(fork, code);
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
    arm(fork);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void on_open(void *owner)
{
    struct omsp_fork *fork = owner;
    struct omsp_fork_note *note;

    note = fork->link_state == OMSP_LINK_DIALING ? omsp_fork_upgrade(fork) : NULL;
    if (!note) {
        finish(fork, OMSP_FORK_BAD_URL);
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
        finish(fork, OMSP_FORK_BROKEN);
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

/* ---- what the consumer says --------------------------------------------------------------------
 */

static void on_message(struct omsp_fork *fork, const struct omsp_ws_input *input)
{
    omsp_lock_acquire(&fork->lock);
    fork->messages_received++;
    if (!fork->bidirectional)
        fork->messages_bad++;
    omsp_lock_release(&fork->lock);
    if (fork->bidirectional && input->opcode == OMSP_WS_TEXT) {
        omsp_fork_heard(fork, input->payload);
    } else if (!fork->bad_told) {
        fork->bad_told = true;
        omsp_log(OMSP_LOG_WARNING, "%d: stream %s: the consumer sends what nobody takes",
                 OMSP_FORK_BAD_MESSAGE, fork->sid);
    }
}

/* fork->lock held. Sent with all that the bytes at hand bring: a flood is not a send for each. */
static void note_pong(struct omsp_fork *fork, struct omsp_span payload)
{
    struct omsp_fork_note *last = omsp_container(fork->notes.prev, struct omsp_fork_note, link);
    bool begun = fork->note_at && fork->notes.next == fork->notes.prev;

    if (fork->close_sent)
        return;
    if (fork->note_count >= MAX_NOTES && !begun && (last->bytes[0] & 15) == OMSP_WS_PONG) {
        omsp_list_remove(&last->link);
        omsp_free(last);
        fork->note_count--;
    }
    omsp_fork_note(fork, OMSP_WS_PONG, payload.ptr, payload.len);
}

static void on_control(struct omsp_fork *fork, const struct omsp_ws_input *input)
{
    omsp_lock_acquire(&fork->lock);
    if (input->event == OMSP_WS_GOT_PING) {
        note_pong(fork, input->payload);
    } else if (fork->ping_sent_us) {
        uint64_t trip = now_of(fork) - fork->ping_sent_us;

        fork->round_trip_us = trip > UINT32_MAX ? UINT32_MAX : (uint32_t)trip;
        fork->ping_sent_us = 0;
        fork->pings_unanswered = 0;
    }
    omsp_lock_release(&fork->lock);
}

static void on_close_frame(struct omsp_fork *fork, const struct omsp_ws_input *input)
{
    if (fork->link_state == OMSP_LINK_OPEN) {
        omsp_lock_acquire(&fork->lock);
        fork->open = false; /* no media behind it */
        note_close(fork, input->close_code == 1005 ? 1000 : input->close_code);
        omsp_fork_pump(fork);
        omsp_lock_release(&fork->lock);
    }
    if (omsp_fork_close_passes(input->close_code))
        lose(fork, OMSP_FORK_CLOSED);
    else
        finish(fork, OMSP_FORK_CLOSED);
}

/* False: the connection is on its way out, what follows is not looked at. */
static bool take_input(struct omsp_fork *fork, const struct omsp_ws_input *input)
{
    switch (input->event) {
    case OMSP_WS_MESSAGE:
        on_message(fork, input);
        return fork->link_state == OMSP_LINK_OPEN || fork->link_state == OMSP_LINK_CLOSING;
    case OMSP_WS_GOT_PING:
    case OMSP_WS_GOT_PONG:
        on_control(fork, input);
        return true;
    case OMSP_WS_GOT_CLOSE:
        on_close_frame(fork, input);
        return false;
    case OMSP_WS_NOTHING:
        return true;
    default:
        begin_close(fork,
                    input->event == OMSP_WS_TOO_BIG    ? 1009
                    : input->event == OMSP_WS_BAD_TEXT ? 1007
                                                       : 1002,
                    false, OMSP_FORK_PROTOCOL);
        finish(fork, OMSP_FORK_PROTOCOL);
        return false;
    }
}

static void take_frames(struct omsp_fork *fork, struct omsp_span bytes)
{
    do {
        struct omsp_ws_input input;
        size_t used = 0;

        if (omsp_ws_parser_feed(&fork->parser, bytes, &used, &input)) {
            finish(fork, OMSP_FORK_BROKEN);
            return;
        }
        if (!take_input(fork, &input))
            return;
        bytes.ptr += used;
        bytes.len -= used;
        if (input.event == OMSP_WS_NOTHING && !used)
            break;
    } while (bytes.len);
    omsp_lock_acquire(&fork->lock);
    omsp_fork_pump(fork);
    omsp_lock_release(&fork->lock);
}

/* What came of an answer is kept until the rest comes. False: it is too long, or there is no
 * memory.
 */
static bool keep_response(struct omsp_fork *fork, const uint8_t *data, size_t len)
{
    if (len > RESPONSE_ROOM - fork->response_len)
        return false;
    if (!fork->response)
        fork->response = omsp_alloc(RESPONSE_ROOM);
    if (!fork->response)
        return false;
    memcpy(fork->response + fork->response_len, data, len);
    fork->response_len += len;
    return true;
}

/* An answer that comes in one piece, as most do, is looked at where it lies. */
static void take_response(struct omsp_fork *fork, const uint8_t *data, size_t len)
{
    struct omsp_span answer = omsp_span(data, len);
    enum omsp_status status;
    uint8_t *response;
    size_t used = 0;
    int http_status = 0;

    if (fork->response_len) {
        if (!keep_response(fork, data, len)) {
            finish(fork, OMSP_FORK_HANDSHAKE);
            return;
        }
        answer = omsp_span(fork->response, fork->response_len);
    }
    status = omsp_ws_check_response(answer, fork->accept, &used, &http_status);
    if (status == OMSP_MORE) {
        if (!fork->response_len && !keep_response(fork, data, len))
            finish(fork, OMSP_FORK_HANDSHAKE);
        return;
    }
    if (status) {
        omsp_log(OMSP_LOG_WARNING, "%d: stream %s: the consumer answered the upgrade with %d",
                 OMSP_FORK_HANDSHAKE, fork->sid, http_status);
        if (omsp_fork_answer_passes(http_status))
            lose(fork, OMSP_FORK_HANDSHAKE);
        else
            finish(fork, OMSP_FORK_HANDSHAKE);
        return;
    }
    /* Frames may have come with the answer already. */
    response = fork->response;
    fork->response = NULL;
    fork->response_len = 0;
    go_live(fork);
    if (answer.len > used && fork->link_state == OMSP_LINK_OPEN)
        take_frames(fork, omsp_span(answer.ptr + used, answer.len - used));
    omsp_free(response);
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    struct omsp_fork *fork = owner;

    (void)now_us;
    if (fork->link_state == OMSP_LINK_UPGRADING)
        take_response(fork, data, len);
    else if (fork->link_state == OMSP_LINK_OPEN || fork->link_state == OMSP_LINK_CLOSING)
        take_frames(fork, omsp_span(data, len));
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
        finish(fork, error); /* whom it does not trust it does not ask again */
    else
        lose(fork, error);
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
    omsp_free(fork->response);
    fork->response = NULL;
    fork->response_len = 0;
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
        begin_close(fork, 1000, true, 0);
    else if ((!want || fresh) &&
             (fork->link_state == OMSP_LINK_DIALING || fork->link_state == OMSP_LINK_UPGRADING))
        finish(fork, 0);
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
            lose(fork, OMSP_FORK_TIMEOUT);
        return;
    }
    if (fork->link_state == OMSP_LINK_OPEN && fork->ping_due_us <= now_us) {
        if (fork->pings_unanswered == 2) {
            lose(fork, OMSP_FORK_BROKEN);
            return;
        }
        fork->pings_unanswered++;
        fork->ping_sent_us = now_us;
        fork->ping_due_us = now_us + (uint64_t)fork->links->ping_ms * 1000;
        omsp_lock_acquire(&fork->lock);
        omsp_fork_note(fork, OMSP_WS_PING, NULL, 0);
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
