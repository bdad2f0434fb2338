/*
 * A media worker: one thread, one network loop, one heap of timers. Sessions belong to one worker
 * for life; their datagrams and timers come on its thread.
 */
#ifndef OMSP_ENGINE_WORKER_H
#define OMSP_ENGINE_WORKER_H

#include "base/list.h"
#include "engine/load.h"
#include "engine/outbox.h"
#include "engine/timers.h"
#include "port/net.h"
#include "port/ports.h"

struct omsp_thread;

/* What is to be done when all of one turn - the datagrams that came together and the timers due
 * then
 * - has been looked at. Intrusive; the loop thread's alone. */
struct omsp_turn {
    struct omsp_link link;
    void (*run)(struct omsp_turn *turn);
};

struct omsp_worker {
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
    struct omsp_thread *thread; /* NULL: manual */
    struct omsp_timers timers;  /* reserved: sessions on this worker */
    struct omsp_load load;
    _Atomic bool stopping;
    _Atomic uint64_t wakes;
    struct omsp_link turns; /* struct omsp_turn.link */
    struct omsp_outbox outbox;
};

/* OMSP_NOMEM, OMSP_FULL, and what the loop's creation says. */
enum omsp_status omsp_worker_init(struct omsp_worker *worker, const struct omsp_ports *ports,
                                  const char *name, bool manual);
/* Every socket of its loop must be closing and every timer given back, or be given back while it
 * finishes: it pumps until they are. */
void omsp_worker_finish(struct omsp_worker *worker);
/* Manual mode, or the thread's own step: waits until something is due or deadline, fires what is
 * due, ends the turn. */
void omsp_worker_step(struct omsp_worker *worker, uint64_t deadline_us);
void omsp_turn_init(struct omsp_turn *turn, void (*run)(struct omsp_turn *turn));
/* From a datagram's or a timer's callback: once at the turn's end, however often it is asked for.
 */
void omsp_worker_at_end(struct omsp_worker *worker, struct omsp_turn *turn);
/* Not any more, if it was to be. */
void omsp_turn_cancel(struct omsp_turn *turn);
void omsp_worker_wake(struct omsp_worker *worker);

#endif
