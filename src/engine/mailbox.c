/*
 * A listener's mailbox: the ring while it has room, else the queue. Not who is signalled, nor how
 * (address.c). Any thread; the gate is a lock for who takes and for the queue, and a leaf.
 *
 * The ring is closed exactly while the queue is in use, and the queue in use while something is in
 * it. Edges: an open ring knows whether who takes has everything; while it is closed `armed` does.
 * A thread whose place in the ring was taken from it by the closing still brings the signal that it
 * owes: it makes `armed` true again before it posts.
 */
#include "engine/mailbox.h"

#include "base/alloc.h"
#include "core/ring.h"
#include "port/lock.h"

#include <stdatomic.h>

#ifndef SPINS
#define SPINS 200 /* looks at the gate before sleeping: what it guards mostly takes less */
#endif

enum { OPEN, SHUT, SHUT_AND_AWAITED };

struct omsp_mailbox {
    struct omsp_ring *ring;
    atomic_int gate;
    struct omsp_lock lock; /* for who has to wait at the gate */
    struct omsp_cond cond;
    /* gate, and for taking from the ring */
    struct omsp_queue *queue;
    bool closed;         /* the ring */
    bool armed;          /* closed: the next post owes a signal */
    uint64_t ring_taken; /* straight from the ring */
    size_t high_water;   /* of the ring */
};

/* ---- the gate ----------------------------------------------------------------------------------
 */

/* A lock of two atomic operations, where one of the system's would cost more than all else here; it
 * comes in when somebody has to wait (after U. Drepper, "Futexes Are Tricky", 2011). */
static void enter(struct omsp_mailbox *mailbox)
{
    int was = OPEN;

    if (atomic_compare_exchange_strong_explicit(&mailbox->gate, &was, SHUT, memory_order_acquire,
                                                memory_order_relaxed))
        return;
    for (int i = 0; i < SPINS; i++) {
        was = OPEN;
        if (atomic_load_explicit(&mailbox->gate, memory_order_relaxed) == OPEN &&
            atomic_compare_exchange_strong_explicit(&mailbox->gate, &was, SHUT,
                                                    memory_order_acquire, memory_order_relaxed))
            return;
    }
    omsp_lock_acquire(&mailbox->lock);
    while (atomic_exchange_explicit(&mailbox->gate, SHUT_AND_AWAITED, memory_order_acquire) != OPEN)
        omsp_cond_wait(&mailbox->cond, &mailbox->lock, UINT64_MAX);
    omsp_lock_release(&mailbox->lock);
}

static void leave(struct omsp_mailbox *mailbox)
{
    if (atomic_exchange_explicit(&mailbox->gate, OPEN, memory_order_release) != SHUT_AND_AWAITED)
        return;
    omsp_lock_acquire(&mailbox->lock);
    omsp_cond_broadcast(&mailbox->cond);
    omsp_lock_release(&mailbox->lock);
}

/* ---- life -------------------------------------------------------------------------------------
 */

enum omsp_status omsp_mailbox_create(size_t limit, struct omsp_mailbox **out)
{
    struct omsp_mailbox *mailbox = omsp_zalloc(sizeof(*mailbox));
    enum omsp_status status;
    size_t places = 2;

    if (!mailbox)
        return OMSP_NOMEM;
    atomic_init(&mailbox->gate, OPEN);
    omsp_lock_init(&mailbox->lock);
    omsp_cond_init(&mailbox->cond);
    while (places * 2 <= limit && places < OMSP_MAILBOX_RING)
        places *= 2;
    status = omsp_queue_create(limit, &mailbox->queue);
    if (!status)
        status = omsp_ring_create(places, &mailbox->ring);
    if (status) {
        omsp_mailbox_destroy(mailbox);
        return status;
    }
    *out = mailbox;
    return OMSP_OK;
}

/* ---- from the ring to the queue and back; gate shut -------------------------------------------
 */

/* No more than the ring has places, for which there is room in the queue. */
static void close_ring(struct omsp_mailbox *mailbox)
{
    size_t waiting = omsp_ring_waiting(mailbox->ring);
    struct omsp_event event;

    if (waiting > mailbox->high_water)
        mailbox->high_water = waiting;
    mailbox->closed = true;
    mailbox->armed = omsp_ring_close(mailbox->ring);
    while (omsp_ring_salvage(mailbox->ring, &event, &mailbox->armed))
        omsp_queue_post(mailbox->queue, &event, NULL);
}

static void open_when_empty(struct omsp_mailbox *mailbox)
{
    if (omsp_queue_waiting(mailbox->queue))
        return;
    mailbox->closed = false;
    omsp_ring_open(mailbox->ring);
}

void omsp_mailbox_destroy(struct omsp_mailbox *mailbox)
{
    if (!mailbox)
        return;
    if (mailbox->ring && !mailbox->closed)
        close_ring(mailbox);
    omsp_ring_destroy(mailbox->ring);
    omsp_queue_destroy(mailbox->queue);
    omsp_cond_destroy(&mailbox->cond);
    omsp_lock_destroy(&mailbox->lock);
    omsp_free(mailbox);
}

/* ---- posting and taking -----------------------------------------------------------------------
 */

static enum omsp_status post_to_queue(struct omsp_mailbox *mailbox, const struct omsp_event *event,
                                      bool *edge)
{
    enum omsp_status status;

    enter(mailbox);
    if (!mailbox->closed)
        close_ring(mailbox);
    mailbox->armed |= *edge; /* what is owed already */
    status = omsp_queue_post(mailbox->queue, event, NULL);
    *edge = mailbox->armed && omsp_queue_waiting(mailbox->queue);
    if (*edge)
        mailbox->armed = false;
    open_when_empty(mailbox);
    leave(mailbox);
    return status;
}

enum omsp_status omsp_mailbox_post(struct omsp_mailbox *mailbox, const struct omsp_event *event,
                                   bool *edge)
{
    if (omsp_ring_post(mailbox->ring, event, edge) == OMSP_OK)
        return OMSP_OK;
    return post_to_queue(mailbox, event, edge);
}

/* The oldest in the ring. */
static enum omsp_status take_from_ring(struct omsp_mailbox *mailbox,
                                       bool (*fits)(void *ctx, const struct omsp_event *head),
                                       void *ctx, struct omsp_event *out)
{
    const struct omsp_event *head = omsp_ring_head(mailbox->ring);
    size_t waiting;

    if (!head)
        return OMSP_EMPTY;
    if (fits && !fits(ctx, head))
        return OMSP_MORE;
    *out = *head;
    waiting = omsp_ring_waiting(mailbox->ring);
    if (waiting > mailbox->high_water)
        mailbox->high_water = waiting;
    omsp_ring_pop(mailbox->ring);
    mailbox->ring_taken++;
    return OMSP_OK;
}

enum omsp_status omsp_mailbox_take(struct omsp_mailbox *mailbox,
                                   bool (*fits)(void *ctx, const struct omsp_event *head),
                                   void *ctx, struct omsp_event *out)
{
    enum omsp_status status;

    enter(mailbox);
    if (mailbox->closed) {
        status = omsp_queue_take(mailbox->queue, fits, ctx, out);
        open_when_empty(mailbox);
    } else {
        status = take_from_ring(mailbox, fits, ctx, out);
    }
    leave(mailbox);
    return status;
}

size_t omsp_mailbox_purge(struct omsp_mailbox *mailbox, uint32_t call)
{
    size_t gone;

    enter(mailbox);
    if (!mailbox->closed)
        close_ring(mailbox);
    gone = omsp_queue_purge(mailbox->queue, call);
    open_when_empty(mailbox);
    leave(mailbox);
    return gone;
}

void omsp_mailbox_get_stats(struct omsp_mailbox *mailbox, struct omsp_queue_stats *out)
{
    size_t waiting;

    enter(mailbox);
    omsp_queue_get_stats(mailbox->queue, out);
    waiting = omsp_ring_waiting(mailbox->ring);
    out->posted += mailbox->ring_taken + waiting;
    out->taken += mailbox->ring_taken;
    out->waiting += waiting;
    if (mailbox->high_water > out->high_water)
        out->high_water = mailbox->high_water;
    if (out->waiting > out->high_water)
        out->high_water = out->waiting;
    leave(mailbox);
}
