/* The media worker's thread. Not here: what its timers do (session.c). */
#include "engine/worker.h"

#include "port/thread.h"

#include <stdatomic.h>

void omsp_turn_init(struct omsp_turn *turn, void (*run)(struct omsp_turn *turn))
{
    omsp_list_init(&turn->link);
    turn->run = run;
}

void omsp_worker_at_end(struct omsp_worker *worker, struct omsp_turn *turn)
{
    if (omsp_list_empty(&turn->link))
        omsp_list_insert(&worker->turns, &turn->link);
}

void omsp_turn_cancel(struct omsp_turn *turn)
{
    omsp_list_remove(&turn->link);
}

static void end_turn(struct omsp_worker *worker)
{
    while (!omsp_list_empty(&worker->turns)) {
        struct omsp_turn *turn = omsp_container(worker->turns.next, struct omsp_turn, link);

        omsp_turn_cancel(turn);
        turn->run(turn);
    }
    omsp_outbox_send(&worker->outbox);
}

/* Timers come after datagrams, so that what is due when datagrams came shares their turn. */
void omsp_worker_step(struct omsp_worker *worker, uint64_t deadline_us)
{
    uint64_t until = omsp_timers_sleep(&worker->timers, deadline_us);
    uint64_t now = worker->loop->wait(worker->loop, until);

    omsp_timers_fire(&worker->timers, now);
    end_turn(worker);
    omsp_load_tick(&worker->load, now);
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
    atomic_init(&worker->stopping, false);
    atomic_init(&worker->wakes, 0);
    omsp_list_init(&worker->turns);
    omsp_outbox_init(&worker->outbox);
    status = ports->loop_create(ports->ctx, &worker->loop);
    if (status)
        return status;
    omsp_timers_init(&worker->timers);
    omsp_load_init(&worker->load, ports->now_us(ports->ctx));
    if (!manual)
        status = omsp_thread_start(worker_main, worker, name, &worker->thread);
    if (status) {
        omsp_load_destroy(&worker->load);
        omsp_timers_free(&worker->timers);
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
    while (omsp_timers_reserved(&worker->timers))
        omsp_worker_step(worker, worker->ports->now_us(worker->ports->ctx) + 10000);
    worker->loop->destroy(worker->loop);
    omsp_timers_free(&worker->timers);
    omsp_load_destroy(&worker->load);
}

void omsp_worker_wake(struct omsp_worker *worker)
{
    worker->loop->wake(worker->loop);
}
