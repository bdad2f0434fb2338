/*
 * The lock-free ring: places with turns. Not a mailbox: what is done when it is full, and who is
 * signalled, is decided by its owner. Posting belongs to any thread, the rest to one at a time.
 *
 * A turn is a position, which grows for ever (and wraps), with two bits of state below it. A place
 * goes FREE of its position, perhaps AWAITED, FULL, then FREE of the position a lap later; from
 * FREE or AWAITED a closing ring makes it EVICTED, and whoever fills it frees it.
 */
#include "core/ring.h"

#include "base/alloc.h"

#include <stdatomic.h>

#define STEP   4u /* from one position to the next */
#define STATES 3u

enum { FREE = 0, AWAITED = 1, EVICTED = 2, FULL = 3 }; /* of a place */
enum { ARMED = 1, CLOSED = 2 };                        /* of the tail */

#define LINE 64

struct place {
    _Atomic size_t turn;
    struct omsp_event event;
};

struct omsp_ring {
    _Atomic size_t tail; /* the next position to be claimed */
    char apart[LINE - sizeof(size_t)];
    size_t head; /* the next to be taken; the taker's */
    size_t places;
    struct place place[];
};

static size_t position(size_t turn)
{
    return turn & ~(size_t)STATES;
}

static struct place *place_of(struct omsp_ring *ring, size_t at)
{
    return &ring->place[at / STEP & (ring->places - 1)];
}

static size_t next_lap(const struct omsp_ring *ring, size_t at)
{
    return at + ring->places * STEP;
}

enum omsp_status omsp_ring_create(size_t places, struct omsp_ring **out)
{
    struct omsp_ring *ring;

    if (places < 2 || places > 65536 || (places & (places - 1)))
        return OMSP_INVALID;
    ring = omsp_alloc(sizeof(*ring) + places * sizeof(ring->place[0]));
    if (!ring)
        return OMSP_NOMEM;
    ring->head = 0;
    ring->places = places;
    atomic_init(&ring->tail, ARMED);
    for (size_t i = 0; i < places; i++)
        atomic_init(&ring->place[i].turn, i * STEP | FREE);
    *out = ring;
    return OMSP_OK;
}

void omsp_ring_destroy(struct omsp_ring *ring)
{
    omsp_free(ring);
}

/* ---- posting --------------------------------------------------------------------------------- */

/* The place at *at is the caller's to fill; *edge: it ended that the taker had everything. NULL:
 * full or closed. */
static struct place *claim(struct omsp_ring *ring, size_t *at, bool *edge)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

    while (!(tail & CLOSED)) {
        struct place *place = place_of(ring, position(tail));
        size_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);

        if (turn == (position(tail) | FREE)) {
            if (atomic_compare_exchange_weak_explicit(&ring->tail, &tail, position(tail) + STEP,
                                                      memory_order_acq_rel, memory_order_acquire)) {
                *at = position(tail);
                *edge = tail & ARMED;
                return place;
            }
        } else if ((position(turn) - position(tail)) > SIZE_MAX / 2) {
            return NULL; /* the lap before has not been taken */
        } else {
            tail = atomic_load_explicit(&ring->tail, memory_order_acquire); /* it was old */
        }
    }
    return NULL;
}

enum omsp_status omsp_ring_post(struct omsp_ring *ring, const struct omsp_event *event, bool *edge)
{
    struct place *place;
    size_t at;

    *edge = false;
    place = claim(ring, &at, edge);
    if (!place)
        return OMSP_FULL;
    place->event = *event;
    switch (atomic_exchange_explicit(&place->turn, at | FULL, memory_order_acq_rel) & STATES) {
    case AWAITED:
        *edge = true;
        return OMSP_OK;
    case EVICTED: /* nobody else will look at it */
        atomic_store_explicit(&place->turn, next_lap(ring, at) | FREE, memory_order_release);
        return OMSP_FULL;
    default:
        return OMSP_OK;
    }
}

/* ---- taking -----------------------------------------------------------------------------------
 */

const struct omsp_event *omsp_ring_head(struct omsp_ring *ring)
{
    size_t head = ring->head;
    struct place *place = place_of(ring, head);

    for (;;) {
        size_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);

        if (turn == (head | FULL))
            return &place->event;
        if (position(atomic_load_explicit(&ring->tail, memory_order_acquire)) == head ||
            turn == (head | AWAITED))
            return NULL;
        turn = head | FREE;
        if (atomic_compare_exchange_strong_explicit(&place->turn, &turn, head | AWAITED,
                                                    memory_order_acq_rel, memory_order_acquire))
            return NULL;
    }
}

void omsp_ring_pop(struct omsp_ring *ring)
{
    struct place *place = place_of(ring, ring->head);
    size_t tail = ring->head + STEP;

    atomic_store_explicit(&place->turn, next_lap(ring, ring->head) | FREE, memory_order_release);
    ring->head = tail;
    if (position(atomic_load_explicit(&ring->tail, memory_order_relaxed)) == tail)
        /* When this fails there is one more, claimed before the taker had everything. */
        atomic_compare_exchange_strong_explicit(&ring->tail, &tail, tail | ARMED,
                                                memory_order_acq_rel, memory_order_relaxed);
}

size_t omsp_ring_waiting(const struct omsp_ring *ring)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    return (position(tail) - ring->head) / STEP;
}

/* ---- closing ----------------------------------------------------------------------------------
 */

bool omsp_ring_close(struct omsp_ring *ring)
{
    return atomic_fetch_or_explicit(&ring->tail, CLOSED, memory_order_acq_rel) & ARMED;
}

bool omsp_ring_salvage(struct omsp_ring *ring, struct omsp_event *out, bool *awaited)
{
    size_t tail = position(atomic_load_explicit(&ring->tail, memory_order_relaxed));

    while (ring->head != tail) {
        size_t head = ring->head;
        struct place *place = place_of(ring, head);
        size_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);

        if (turn == (head | FULL)) {
            *out = place->event;
            atomic_store_explicit(&place->turn, next_lap(ring, head) | FREE, memory_order_release);
            ring->head += STEP;
            return true;
        }
        if (atomic_compare_exchange_strong_explicit(&place->turn, &turn, head | EVICTED,
                                                    memory_order_acq_rel, memory_order_acquire)) {
            *awaited |= (turn & STATES) == AWAITED;
            ring->head += STEP;
        }
    }
    return false;
}

void omsp_ring_open(struct omsp_ring *ring)
{
    atomic_store_explicit(&ring->tail, ring->head | ARMED, memory_order_release);
}
