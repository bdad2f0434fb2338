/*
 * A media worker: one thread, one network loop, one heap of timers. Sessions belong to one worker
 * for life; their datagrams and timers come on its thread.
 */
#ifndef OMSP_ENGINE_WORKER_H
#define OMSP_ENGINE_WORKER_H

#include "engine/timers.h"
#include "port/net.h"
#include "port/ports.h"

struct omsp_thread;

struct omsp_worker {
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
    struct omsp_thread *thread; /* NULL: manual */
    struct omsp_timers timers;  /* reserved: sessions on this worker */
    _Atomic bool stopping;
    _Atomic uint64_t wakes;
};

/* OMSP_NOMEM, OMSP_FULL, and what the loop's creation says. */
enum omsp_status omsp_worker_init(struct omsp_worker *worker, const struct omsp_ports *ports,
                                  const char *name, bool manual);
/* Every socket of its loop must be closing and every timer given back, or be given back while it
 * finishes: it pumps until they are. */
void omsp_worker_finish(struct omsp_worker *worker);
/* Manual mode, or the thread's own step: fires what is due, then waits until then or deadline. */
void omsp_worker_step(struct omsp_worker *worker, uint64_t deadline_us);
void omsp_worker_wake(struct omsp_worker *worker);

#endif
