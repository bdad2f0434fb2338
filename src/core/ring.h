/*
 * A bounded ring of events that is posted to without a lock: any number of threads post, one at a
 * time takes. It never blocks, waits or spins on another thread: who posts claims a place by one
 * compare-and-swap and fills it by one exchange, after D. Vyukov's bounded queue ("Bounded MPMC
 * queue", 1024cores.net), where each place carries the number of the turn that it is free or full
 * for.
 *
 * Edges. The word that places are claimed from also says that the taker has everything ("armed"),
 * so that the claim that ends this, and no other, owes the taker a signal: one for a burst however
 * long. A taker that comes upon a place which is claimed and not filled yet goes away, too, and
 * leaves a mark there; whoever fills the place finds it and owes the signal. No wake-up is lost:
 * each of the two is decided by the order of changes of one word (tests/unit/test_ring_schedules.c
 * tries them).
 *
 * Closing. A ring that is full stays what it is until the taker closes it: what is in it is taken
 * out, who posts is sent away, and whoever has claimed a place and not filled it finds out when
 * doing so. core/queue.h is what the mailbox of the engine falls back upon then.
 */
#ifndef OMSP_CORE_RING_H
#define OMSP_CORE_RING_H

#include "core/event.h"

#include <stdbool.h>

struct omsp_ring;

/* places: a power of two, 2 to 65536. Open, empty and armed. OMSP_NOMEM, OMSP_INVALID. */
enum omsp_status omsp_ring_create(size_t places, struct omsp_ring **out);
/* NULL is fine; what is in it is not freed. */
void omsp_ring_destroy(struct omsp_ring *ring);

/* Any thread. OMSP_OK: it is in. OMSP_FULL: it is not, for the ring is full, or closed. *edge: the
 * taker is owed a signal, now (OMSP_OK) or when the event is where the taker looks. */
enum omsp_status omsp_ring_post(struct omsp_ring *ring, const struct omsp_event *event, bool *edge);

/* ---- one thread at a time ---------------------------------------------------------------------
 */

/* The oldest, which stays; NULL: nothing, and the next post owes a signal. */
const struct omsp_event *omsp_ring_head(struct omsp_ring *ring);
/* Takes away what omsp_ring_head showed. When it was the last, the next post owes a signal. */
void omsp_ring_pop(struct omsp_ring *ring);
/* Claimed and not taken. */
size_t omsp_ring_waiting(const struct omsp_ring *ring);

/* Nobody gets in any more. True: it was armed. */
bool omsp_ring_close(struct omsp_ring *ring);
/* Closed. Moves the oldest into *out; false: there is no more, and omsp_ring_open may come. Places
 * that are not filled are skipped: who claimed them is sent away by omsp_ring_post. *awaited
 * becomes true when the taker was sent away from one, so that nobody else owes it a signal. */
bool omsp_ring_salvage(struct omsp_ring *ring, struct omsp_event *out, bool *awaited);
/* Empty again, and armed. */
void omsp_ring_open(struct omsp_ring *ring);

#endif
