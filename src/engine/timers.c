/* The heap of timers: a plain binary heap with back pointers, so that moving and removing one is
 * O(log n) without search. */
#include "engine/timers.h"

#include "base/alloc.h"

static void put(struct omsp_timers *timers, size_t place, struct omsp_timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct omsp_timers *timers, struct omsp_timer *timer, size_t place)
{
    while (place > 1 && timers->heap[place / 2]->due_us > timer->due_us) {
        put(timers, place, timers->heap[place / 2]);
        place /= 2;
    }
    put(timers, place, timer);
}

static void sift_down(struct omsp_timers *timers, struct omsp_timer *timer, size_t place)
{
    for (;;) {
        size_t child = place * 2;

        if (child > timers->count)
            break;
        if (child < timers->count && timers->heap[child + 1]->due_us < timers->heap[child]->due_us)
            child++;
        if (timers->heap[child]->due_us >= timer->due_us)
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

static void heap_remove(struct omsp_timers *timers, struct omsp_timer *timer)
{
    size_t place = timer->place;
    struct omsp_timer *last;

    if (!place)
        return;
    timer->place = 0;
    last = timers->heap[timers->count--];
    if (last == timer)
        return;
    if (place > 1 && timers->heap[place / 2]->due_us > last->due_us)
        sift_up(timers, last, place);
    else
        sift_down(timers, last, place);
}

void omsp_timers_init(struct omsp_timers *timers)
{
    omsp_lock_init(&timers->lock);
    timers->heap = NULL;
    timers->count = timers->room = 0;
    timers->asleep_until = 0;
    timers->reserved = 0;
}

void omsp_timers_free(struct omsp_timers *timers)
{
    omsp_lock_destroy(&timers->lock);
    omsp_free(timers->heap);
}

enum omsp_status omsp_timers_reserve(struct omsp_timers *timers)
{
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&timers->lock);
    if (timers->reserved + 4 > timers->room) {
        size_t room = timers->room ? timers->room * 2 : 32;
        struct omsp_timer **heap = omsp_resize(timers->heap, room * sizeof(*heap));

        if (heap) {
            timers->heap = heap;
            timers->room = room;
        } else {
            status = OMSP_NOMEM;
        }
    }
    if (!status)
        timers->reserved++;
    omsp_lock_release(&timers->lock);
    return status;
}

void omsp_timers_unreserve(struct omsp_timers *timers, struct omsp_timer *timer)
{
    omsp_lock_acquire(&timers->lock);
    heap_remove(timers, timer);
    timers->reserved--;
    omsp_lock_release(&timers->lock);
}

unsigned omsp_timers_reserved(struct omsp_timers *timers)
{
    unsigned reserved;

    omsp_lock_acquire(&timers->lock);
    reserved = timers->reserved;
    omsp_lock_release(&timers->lock);
    return reserved;
}

bool omsp_timers_arm(struct omsp_timers *timers, struct omsp_timer *timer, uint64_t due_us)
{
    bool wake;

    omsp_lock_acquire(&timers->lock);
    heap_remove(timers, timer);
    timer->due_us = due_us;
    timers->count++;
    sift_up(timers, timer, timers->count);
    wake = timers->asleep_until > due_us;
    if (wake)
        timers->asleep_until = due_us; /* one wake per sleep is enough */
    omsp_lock_release(&timers->lock);
    return wake;
}

void omsp_timers_fire(struct omsp_timers *timers, uint64_t now_us)
{
    /* One reading of the clock for all: a timer that re-arms itself for the past must not starve
     * the owner's other work. */
    for (;;) {
        struct omsp_timer *timer = NULL;

        omsp_lock_acquire(&timers->lock);
        timers->asleep_until = 0;
        if (timers->count && timers->heap[1]->due_us <= now_us) {
            timer = timers->heap[1];
            heap_remove(timers, timer);
        }
        omsp_lock_release(&timers->lock);
        if (!timer)
            return;
        timer->fire(timer, now_us);
    }
}

uint64_t omsp_timers_next(struct omsp_timers *timers)
{
    uint64_t due;

    omsp_lock_acquire(&timers->lock);
    due = timers->count ? timers->heap[1]->due_us : UINT64_MAX;
    omsp_lock_release(&timers->lock);
    return due;
}

uint64_t omsp_timers_sleep(struct omsp_timers *timers, uint64_t deadline_us)
{
    omsp_lock_acquire(&timers->lock);
    if (timers->count && timers->heap[1]->due_us < deadline_us)
        deadline_us = timers->heap[1]->due_us;
    timers->asleep_until = deadline_us;
    omsp_lock_release(&timers->lock);
    return deadline_us;
}

void omsp_timers_awake(struct omsp_timers *timers)
{
    omsp_lock_acquire(&timers->lock);
    timers->asleep_until = 0;
    omsp_lock_release(&timers->lock);
}
