/*
 * A media worker: one thread, one network loop, one heap of timers. Sessions belong to one worker
 * for life; their datagrams and timers come on its thread.
 */
#ifndef OMSP_ENGINE_WORKER_H
#define OMSP_ENGINE_WORKER_H

#include "port/lock.h"
#include "port/net.h"
#include "port/ports.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct omsp_thread;

struct omsp_timer {
    uint64_t due_us;
    size_t place; /* in the heap, from 1; 0: not armed */
    /* Worker thread, no worker lock held; not armed any more. */
    void (*fire)(struct omsp_timer *timer, uint64_t now_us);
};

struct omsp_worker {
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
    struct omsp_thread *thread; /* NULL: manual */
    struct omsp_lock lock;      /* leaf: heap, asleep_until, load */
    struct omsp_timer **heap;   /* heap[1..count] */
    size_t count, room;
    uint64_t asleep_until; /* deadline of the wait under way; 0: awake */
    unsigned load;         /* timers reserved */
    _Atomic bool stopping;
    _Atomic uint64_t wakes;
};

/* OMSP_NOMEM, OMSP_FULL, and what the loop's creation says. */
enum omsp_status omsp_worker_init(struct omsp_worker *worker, const struct omsp_ports *ports,
                                  const char *name, bool manual);
/* Every socket of its loop must be closing and every reservation given back, or be given back while
 * it finishes: it pumps until they are. */
void omsp_worker_finish(struct omsp_worker *worker);
/* Manual mode, or the thread's own step: fires what is due, then waits until then or deadline. */
void omsp_worker_step(struct omsp_worker *worker, uint64_t deadline_us);

/* Room for one timer, so that arming cannot fail. OMSP_NOMEM. Any thread. */
enum omsp_status omsp_worker_reserve(struct omsp_worker *worker);
/* Gives it back; the timer is disarmed. Any thread; on the worker's own it is sure that fire is not
 * running and will not. */
void omsp_worker_unreserve(struct omsp_worker *worker, struct omsp_timer *timer);
/* Sets or moves the timer. Any thread, under a session's lock or none. Answers whether the worker
 * sleeps past it, which the caller turns into omsp_worker_wake once it holds no lock. */
bool omsp_worker_arm(struct omsp_worker *worker, struct omsp_timer *timer, uint64_t due_us);
void omsp_worker_wake(struct omsp_worker *worker);

#endif
