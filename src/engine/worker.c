/*
 * The media worker's thread and timers. Not here: what a timer does (session.c). The heap is a
 * plain binary heap with back pointers, so that moving and removing a timer is O(log n) without
 * search.
 */
#include "engine/worker.h"

#include "base/alloc.h"
#include "port/thread.h"

#include <stdatomic.h>

static void put(struct omsp_worker *worker, size_t place, struct omsp_timer *timer)
{
    worker->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct omsp_worker *worker, struct omsp_timer *timer, size_t place)
{
    while (place > 1 && worker->heap[place / 2]->due_us > timer->due_us) {
        put(worker, place, worker->heap[place / 2]);
        place /= 2;
    }
    put(worker, place, timer);
}

static void sift_down(struct omsp_worker *worker, struct omsp_timer *timer, size_t place)
{
    for (;;) {
        size_t child = place * 2;

        if (child > worker->count)
            break;
        if (child < worker->count && worker->heap[child + 1]->due_us < worker->heap[child]->due_us)
            child++;
        if (worker->heap[child]->due_us >= timer->due_us)
            break;
        put(worker, place, worker->heap[child]);
        place = child;
    }
    put(worker, place, timer);
}

static void heap_remove(struct omsp_worker *worker, struct omsp_timer *timer)
{
    size_t place = timer->place;
    struct omsp_timer *last;

    if (!place)
        return;
    timer->place = 0;
    last = worker->heap[worker->count--];
    if (last == timer)
        return;
    if (place > 1 && worker->heap[place / 2]->due_us > last->due_us)
        sift_up(worker, last, place);
    else
        sift_down(worker, last, place);
}

static void fire_due(struct omsp_worker *worker)
{
    uint64_t now = worker->ports->now_us(worker->ports->ctx);

    /* `now` is taken once: a timer that re-arms itself for the past must not starve the loop. */
    for (;;) {
        struct omsp_timer *timer = NULL;

        omsp_lock_acquire(&worker->lock);
        if (worker->count && worker->heap[1]->due_us <= now) {
            timer = worker->heap[1];
            heap_remove(worker, timer);
        }
        omsp_lock_release(&worker->lock);
        if (!timer)
            return;
        timer->fire(timer, now);
    }
}

void omsp_worker_step(struct omsp_worker *worker, uint64_t deadline_us)
{
    fire_due(worker);
    omsp_lock_acquire(&worker->lock);
    if (worker->count && worker->heap[1]->due_us < deadline_us)
        deadline_us = worker->heap[1]->due_us;
    worker->asleep_until = deadline_us;
    omsp_lock_release(&worker->lock);
    worker->loop->wait(worker->loop, deadline_us);
    omsp_lock_acquire(&worker->lock);
    worker->asleep_until = 0;
    omsp_lock_release(&worker->lock);
    atomic_fetch_add_explicit(&worker->wakes, 1, memory_order_relaxed);
}

static void worker_main(void *arg)
{
    struct omsp_worker *worker = arg;

    while (!atomic_load(&worker->stopping))
        omsp_worker_step(worker, UINT64_MAX);
}

enum omsp_status omsp_worker_init(struct omsp_worker *worker, const struct omsp_ports *ports,
                                  const char *name, bool manual)
{
    enum omsp_status status;

    worker->ports = ports;
    worker->thread = NULL;
    worker->heap = NULL;
    worker->count = worker->room = 0;
    worker->asleep_until = 0;
    worker->load = 0;
    atomic_init(&worker->stopping, false);
    atomic_init(&worker->wakes, 0);
    status = ports->loop_create(ports->ctx, &worker->loop);
    if (status)
        return status;
    omsp_lock_init(&worker->lock);
    if (!manual)
        status = omsp_thread_start(worker_main, worker, name, &worker->thread);
    if (status) {
        omsp_lock_destroy(&worker->lock);
        worker->loop->destroy(worker->loop);
    }
    return status;
}

void omsp_worker_finish(struct omsp_worker *worker)
{
    if (worker->thread) {
        atomic_store(&worker->stopping, true);
        worker->loop->wake(worker->loop);
        omsp_thread_join(worker->thread);
        worker->thread = NULL;
    }
    /* Sessions end asynchronously: their sockets' last completions and timers come here. */
    for (;;) {
        unsigned load;

        omsp_lock_acquire(&worker->lock);
        load = worker->load;
        omsp_lock_release(&worker->lock);
        if (!load)
            break;
        omsp_worker_step(worker, worker->ports->now_us(worker->ports->ctx) + 10000);
    }
    worker->loop->destroy(worker->loop);
    omsp_lock_destroy(&worker->lock);
    omsp_free(worker->heap);
}

enum omsp_status omsp_worker_reserve(struct omsp_worker *worker)
{
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&worker->lock);
    if (worker->load + 2 > worker->room) {
        size_t room = worker->room ? worker->room * 2 : 32;
        struct omsp_timer **heap = omsp_resize(worker->heap, room * sizeof(*heap));

        if (heap) {
            worker->heap = heap;
            worker->room = room;
        } else {
            status = OMSP_NOMEM;
        }
    }
    if (!status)
        worker->load++;
    omsp_lock_release(&worker->lock);
    return status;
}

void omsp_worker_unreserve(struct omsp_worker *worker, struct omsp_timer *timer)
{
    omsp_lock_acquire(&worker->lock);
    heap_remove(worker, timer);
    worker->load--;
    omsp_lock_release(&worker->lock);
}

bool omsp_worker_arm(struct omsp_worker *worker, struct omsp_timer *timer, uint64_t due_us)
{
    bool wake;

    omsp_lock_acquire(&worker->lock);
    heap_remove(worker, timer);
    timer->due_us = due_us;
    worker->count++;
    sift_up(worker, timer, worker->count);
    wake = worker->asleep_until > due_us;
    if (wake)
        worker->asleep_until = due_us; /* one wake per sleep is enough */
    omsp_lock_release(&worker->lock);
    return wake;
}

void omsp_worker_wake(struct omsp_worker *worker)
{
    worker->loop->wake(worker->loop);
}
