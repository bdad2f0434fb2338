/*
 * The mailbox of one listener: a ring that is posted to without a lock (core/ring.h) in front of
 * the queue that bounds what waits (core/queue.h). While the ring is not full, posting neither
 * waits for who takes nor for others who post. When it is, what is in it moves into the queue, and
 * everybody uses that, under the lock, until it is empty. For one thread at a time a mailbox is
 * exactly the queue behind a lock; with more, events of one thread stay in order.
 */
#ifndef OMSP_ENGINE_MAILBOX_H
#define OMSP_ENGINE_MAILBOX_H

#include "core/queue.h"

struct omsp_mailbox;

/* The ring has a place for each of `limit` events, but at most these. */
#define OMSP_MAILBOX_RING 256

/* limit: as omsp_queue_create. All memory for `limit` events is made here. OMSP_NOMEM,
 * OMSP_INVALID. */
enum omsp_status omsp_mailbox_create(size_t limit, struct omsp_mailbox **out);
/* Frees with whatever is waiting. NULL is fine. */
void omsp_mailbox_destroy(struct omsp_mailbox *mailbox);

/* Any thread. As omsp_queue_post; *edge: it went from empty to not empty, and who takes has to be
 * woken: true for one of all that are posted until it is empty again, and never too early: what
 * was posted can be taken. */
enum omsp_status omsp_mailbox_post(struct omsp_mailbox *mailbox, const struct omsp_event *event,
                                   bool *edge);
/* Any thread. As omsp_queue_take; `fits` runs under the mailbox's gate, a leaf lock. OMSP_EMPTY: an
 * edge will follow. */
enum omsp_status omsp_mailbox_take(struct omsp_mailbox *mailbox,
                                   bool (*fits)(void *ctx, const struct omsp_event *head),
                                   void *ctx, struct omsp_event *out);
/* Any thread. As omsp_queue_purge, of what was posted before. */
size_t omsp_mailbox_purge(struct omsp_mailbox *mailbox, uint32_t call);
/* Any thread. high_water: as who took found it, and as it is now. */
void omsp_mailbox_get_stats(struct omsp_mailbox *mailbox, struct omsp_queue_stats *out);

#endif
