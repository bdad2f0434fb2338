/*
 * What the consumer says on an open connection: frames, one after the other, as the parser hands
 * them out. Link thread. Not here: what its messages mean (fork_play.c), and what becomes of the
 * connection (fork_link.c).
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/log.h"

#define MAX_NOTES 32 /* when so many wait, a pong takes the last one's place (RFC 6455 5.5.3) */

static void on_message(struct omsp_fork *fork, const struct omsp_ws_input *input)
{
    bool taken = fork->bidirectional && input->opcode == OMSP_WS_TEXT;

    omsp_lock_acquire(&fork->lock);
    fork->messages_received++;
    if (!taken)
        fork->messages_bad++;
    omsp_lock_release(&fork->lock);
    if (taken) {
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
    } else if (fork->ping_sent_us && !fork->ping_waits) { /* else unsolicited: RFC 6455 5.5.3 */
        uint64_t trip = omsp_engine_now_us(fork->links->engine) - fork->ping_sent_us;

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
        omsp_fork_note_close(fork, input->close_code == 1005 ? 1000 : input->close_code);
        omsp_fork_pump(fork);
        omsp_lock_release(&fork->lock);
    }
    if (omsp_fork_close_passes(input->close_code))
        omsp_fork_lose(fork, OMSP_FORK_CLOSED);
    else
        omsp_fork_finish(fork, OMSP_FORK_CLOSED);
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
        omsp_fork_begin_close(fork,
                              input->event == OMSP_WS_TOO_BIG    ? 1009
                              : input->event == OMSP_WS_BAD_TEXT ? 1007
                                                                 : 1002,
                              false, OMSP_FORK_PROTOCOL);
        omsp_fork_finish(fork, OMSP_FORK_PROTOCOL);
        return false;
    }
}

void omsp_fork_input(struct omsp_fork *fork, struct omsp_span bytes)
{
    do {
        struct omsp_ws_input input;
        size_t used = 0;

        if (omsp_ws_parser_feed(&fork->parser, bytes, &used, &input)) {
            omsp_fork_finish(fork, OMSP_FORK_BROKEN);
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
