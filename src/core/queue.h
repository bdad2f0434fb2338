/*
 * The event queue of one listener: FIFO, bounded in memory for ever. Not locked: the engine's
 * mailbox has it behind a ring and puts a leaf lock around it (engine/mailbox.h).
 *
 * Room: `limit` events. When that many wait, posting coalesces instead of losing what matters
 * (issue "foundation", 4). Below, a stream's tokens are its ACTIVE, INACTIVE and STREAM_FAIL.
 *  - ACTIVE, INACTIVE: when the newest waiting token of the stream is the opposite state, the two
 *    cancel out; otherwise the new one is kept. What remains still alternates (a STREAM_FAIL may
 * stand for the INACTIVE, see core/stream.h) and ends in the stream's last state.
 *  - STREAM_FAIL, TERMINAL_FAIL, NOT_USED, TERMINAL_AVAILABLE, _UNAVAILABLE: takes the place of an
 *    equal one (same kind, type, cause, error, call, stream, terminal, track) but stands at the
 * end, so that the last word is still the last; states that the old STREAM_FAIL kept apart merge or
 *    cancel (the old one stays as well when it is the oldest waiting token and a state follows: it
 * may part that from an equal one which was taken). A different one is always kept.
 *  - NEW_STREAM: the same, but the old one stays where it is and the new one goes.
 *  - FILE: per call, terminal and track the last state wins, unless the waiting one carries another
 *    error, which is kept.
 *  - PRIVATE and TSP_DATA: the oldest of that kind is dropped.
 * What is kept although the queue is full makes it grow beyond `limit`: by at most one for each
 * distinct event of the second to fourth rule, one state after each STREAM_FAIL, one state and one
 * STREAM_FAIL for each stream, one state for each file track, one PRIVATE and one TSP_DATA.
 * Every event that will not be delivered is counted in `coalesced` (state kept) or `dropped`:
 * posted = taken + waiting + coalesced + dropped.
 */
#ifndef OMSP_CORE_QUEUE_H
#define OMSP_CORE_QUEUE_H

#include "core/event.h"

#include <stdbool.h>

struct omsp_queue;

#define OMSP_QUEUE_MIN_LIMIT 16
#define OMSP_QUEUE_MAX_LIMIT 1048576

struct omsp_queue_stats {
    uint64_t posted, taken, coalesced, dropped;
    size_t waiting, high_water;
};

/* limit: OMSP_QUEUE_MIN_LIMIT to OMSP_QUEUE_MAX_LIMIT. All memory for `limit` events is made here,
 * so that posting up to it cannot fail. OMSP_NOMEM, OMSP_INVALID. */
enum omsp_status omsp_queue_create(size_t limit, struct omsp_queue **out);
/* Frees with whatever is waiting. NULL is fine. */
void omsp_queue_destroy(struct omsp_queue *queue);

/* Takes ownership of event->blob, whatever the answer. *was_empty (may be NULL) tells that the
 * listener sleeps and needs a signal. OMSP_OK also when coalesced; OMSP_NOMEM only beyond `limit`
 * (the event is lost and counted in dropped: the caller reports it). */
enum omsp_status omsp_queue_post(struct omsp_queue *queue, const struct omsp_event *event,
                                 bool *was_empty);

/* Asks `fits` (NULL: always) about the head. OMSP_EMPTY; OMSP_MORE when it does not fit, which
 * leaves it there; OMSP_OK moves it, blob included, into *out. */
enum omsp_status omsp_queue_take(struct omsp_queue *queue,
                                 bool (*fits)(void *ctx, const struct omsp_event *head), void *ctx,
                                 struct omsp_event *out);

/* Throws away everything that waits of one call (call != 0) or all (0); counted as dropped.
 * Returns how many. */
size_t omsp_queue_purge(struct omsp_queue *queue, uint32_t call);

size_t omsp_queue_waiting(const struct omsp_queue *queue);
void omsp_queue_get_stats(const struct omsp_queue *queue, struct omsp_queue_stats *out);

#endif
