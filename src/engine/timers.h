/*
 * A heap of timers for one thread that waits: media workers have one, the link thread has one.
 * Arming comes from any thread; firing is the owner's.
 */
#ifndef OMSP_ENGINE_TIMERS_H
#define OMSP_ENGINE_TIMERS_H

#include "base/status.h"
#include "port/lock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct omsp_timer {
    uint64_t due_us;
    size_t place; /* in the heap, from 1; 0: not armed */
    /* Owner's thread, no lock held; not armed any more. */
    void (*fire)(struct omsp_timer *timer, uint64_t now_us);
};

struct omsp_timers {
    struct omsp_lock lock;    /* leaf */
    struct omsp_timer **heap; /* heap[1..count] */
    size_t count, room;
    uint64_t asleep_until; /* deadline of the wait under way; 0: awake */
    unsigned reserved;
};

void omsp_timers_init(struct omsp_timers *timers);
void omsp_timers_free(struct omsp_timers *timers);
/* Room for one timer, so that arming cannot fail. OMSP_NOMEM. Any thread. From the first one on
 * there is room for two more than are reserved: those that whoever has the heap arms for itself. */
enum omsp_status omsp_timers_reserve(struct omsp_timers *timers);
/* Gives it back; the timer is disarmed. On the owner's thread it is sure that fire is not running.
 */
void omsp_timers_unreserve(struct omsp_timers *timers, struct omsp_timer *timer);
unsigned omsp_timers_reserved(struct omsp_timers *timers);
/* Sets or moves the timer. True: the owner sleeps past it and must be woken. Any thread. */
bool omsp_timers_arm(struct omsp_timers *timers, struct omsp_timer *timer, uint64_t due_us);
/* Owner, awake: fires what is due at now_us. */
void omsp_timers_fire(struct omsp_timers *timers, uint64_t now_us);
/* When the next is due; UINT64_MAX: none. */
uint64_t omsp_timers_next(struct omsp_timers *timers);
/* Owner, around its wait: when to wake at the latest (at most deadline_us); and that it woke, which
 * firing says as well. */
uint64_t omsp_timers_sleep(struct omsp_timers *timers, uint64_t deadline_us);
void omsp_timers_awake(struct omsp_timers *timers);

#endif
