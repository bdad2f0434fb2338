/*
 * The engine's media workers: how many there are, and which of them a new session goes to. Sessions
 * stay where they are put, so nothing moves while media flow. Not here: what a worker does.
 */
#include "engine/objects.h"

#include "port/thread.h"

/* workers_lock held. */
static enum omsp_status add_worker(struct omsp_engine *engine)
{
    unsigned count = atomic_load(&engine->worker_count);
    enum omsp_status status = omsp_worker_init(&engine->workers[count], engine->ports, "omsp-media",
                                               engine->config.manual);

    if (!status)
        atomic_store(&engine->worker_count, count + 1); /* publishes it to pump and counters */
    return status;
}

/* How many there may be by need. */
static unsigned most_by_need(const struct omsp_engine *engine)
{
    unsigned most = engine->config.max_workers;

    if (!most)
        most = engine->config.manual ? 1 : omsp_thread_processors() / 2;
    if (most > OMSP_MAX_WORKERS)
        most = OMSP_MAX_WORKERS;
    return most ? most : 1;
}

enum omsp_status omsp_engine_set_workers(struct omsp_engine *engine, unsigned workers)
{
    enum omsp_status status = OMSP_OK;

    if (workers > OMSP_MAX_WORKERS)
        return OMSP_INVALID;
    omsp_lock_acquire(&engine->workers_lock);
    while (!status && atomic_load(&engine->worker_count) < (workers ? workers : 1))
        status = add_worker(engine);
    if (!status) {
        engine->config.workers = workers;
        engine->worker_limit = workers ? workers : most_by_need(engine);
    }
    omsp_lock_release(&engine->workers_lock);
    return status;
}

unsigned omsp_engine_get_workers(struct omsp_engine *engine, unsigned *made)
{
    unsigned workers;

    omsp_lock_acquire(&engine->workers_lock);
    workers = engine->config.workers;
    *made = atomic_load(&engine->worker_count);
    omsp_lock_release(&engine->workers_lock);
    return workers;
}

/* workers_lock held. The first of those that do least; of equals the one with fewer sessions. */
static struct omsp_worker *least_loaded(struct omsp_engine *engine, uint64_t now_us,
                                        uint64_t *least)
{
    unsigned count = atomic_load(&engine->worker_count), fewest = 0;
    struct omsp_worker *best = NULL;

    for (unsigned i = 0; i < count && i < engine->worker_limit; i++) {
        struct omsp_worker *worker = &engine->workers[i];
        uint64_t load = omsp_load_read(&worker->load, now_us);
        unsigned sessions = omsp_timers_reserved(&worker->timers);

        if (best && (load > *least || (load == *least && sessions >= fewest)))
            continue;
        best = worker;
        *least = load;
        fewest = sessions;
    }
    return best;
}

struct omsp_worker *omsp_engine_pick_worker(struct omsp_engine *engine)
{
    uint64_t now_us = engine->ports->now_us(engine->ports->ctx), least = 0;
    struct omsp_worker *worker;
    unsigned count;

    omsp_lock_acquire(&engine->workers_lock);
    worker = least_loaded(engine, now_us, &least);
    count = atomic_load(&engine->worker_count);
    /* Without another one, all is as it was before. */
    if (least >= OMSP_WORKER_FULL && count < engine->worker_limit && !add_worker(engine))
        worker = &engine->workers[count];
    omsp_load_place(&worker->load, now_us);
    omsp_lock_release(&engine->workers_lock);
    return worker;
}

enum omsp_status omsp_engine_worker_counters(struct omsp_engine *engine, unsigned worker,
                                             struct omsp_worker_counters *out)
{
    struct omsp_worker *one;

    if (worker >= atomic_load(&engine->worker_count))
        return OMSP_NOTFOUND;
    one = &engine->workers[worker];
    out->packets = atomic_load_explicit(&one->load.packets, memory_order_relaxed);
    out->load = omsp_load_read(&one->load, engine->ports->now_us(engine->ports->ctx));
    out->calls = omsp_timers_reserved(&one->timers);
    return OMSP_OK;
}
