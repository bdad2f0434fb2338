/*
 * The event queue of one listener: FIFO, bounded in memory for ever. Not locked: the engine's mailbox
 * puts a leaf lock around it.
 *
 * Room: `limit` events. When it is full, posting coalesces instead of losing what matters
 * (issue "foundation", 4):
 *  - per stream, an ACTIVE/INACTIVE pair that has not been taken cancels out, so that what remains
 *    still alternates and the last state of the stream is the one delivered;
 *  - FAIL, NEW_STREAM, NOT_USED, TERMINAL_*: an equal one (same kind, type, cause, error, stream,
 *    terminal) already waiting absorbs the new one; a different one is always kept, for which the
 *    queue may grow beyond `limit` by at most the number of distinct ones;
 *  - FILE: per terminal and track the last state wins unless it carries an error;
 *  - PRIVATE and TSP_DATA: the oldest of that kind is dropped.
 * Every event that will not be delivered is counted in `coalesced` (state kept) or `dropped`.
 */
#ifndef OMSP_CORE_QUEUE_H
#define OMSP_CORE_QUEUE_H

#include "core/event.h"

#include <stdbool.h>

struct omsp_queue;

struct omsp_queue_stats {
    uint64_t posted, taken, coalesced, dropped;
    size_t waiting, high_water;
};

/* limit >= 16. All memory for `limit` events is made here, so that posting up to it cannot fail.
 * OMSP_NOMEM, OMSP_INVALID. */
enum omsp_status omsp_queue_create(size_t limit, struct omsp_queue **out);
/* Frees with whatever is waiting. NULL is fine. */
void omsp_queue_destroy(struct omsp_queue *queue);

/* Takes ownership of event->blob, whatever the answer. *was_empty tells that the listener sleeps and
 * needs a signal. OMSP_OK also when coalesced; OMSP_NOMEM only beyond `limit` (the event is lost and
 * counted in dropped: the caller reports it). */
enum omsp_status omsp_queue_post(struct omsp_queue *queue, const struct omsp_event *event,
                                 bool *was_empty);

/* Asks `fits` (NULL: always) about the head. OMSP_EMPTY; OMSP_MORE when it does not fit, which leaves
 * it there; OMSP_OK moves it, blob included, into *out. */
enum omsp_status omsp_queue_take(struct omsp_queue *queue,
                                 bool (*fits)(void *ctx, const struct omsp_event *head), void *ctx,
                                 struct omsp_event *out);

/* Throws away everything that waits of one call (call != 0) or all (0). Returns how many. */
size_t omsp_queue_purge(struct omsp_queue *queue, uint32_t call);

void omsp_queue_get_stats(const struct omsp_queue *queue, struct omsp_queue_stats *out);

#endif
