/*
 * The engine: a fixed few threads for everything in the process. Not here: any object's behaviour.
 */
#include "engine/objects.h"

#include "base/alloc.h"
#include "engine/devices.h"
#include "engine/links.h"
#include "media/srtp.h"

#define DEFAULT_QUEUE_LIMIT      1024
#define DEFAULT_MEDIA_TIMEOUT_MS 5000

static void finish_workers(struct omsp_engine *engine)
{
    unsigned count = atomic_load(&engine->worker_count);

    atomic_store(&engine->worker_count, 0);
    while (count)
        omsp_worker_finish(&engine->workers[--count]);
}

/* Manual mode. Each runner's tasks may post to the other. */
static void drain(struct omsp_engine *engine)
{
    bool busy = engine->config.manual;

    while (busy) {
        busy = omsp_runner_drain(&engine->control);
        busy |= omsp_runner_drain(&engine->disk);
    }
}

enum omsp_status omsp_engine_create(const struct omsp_ports *ports,
                                    const struct omsp_engine_config *config,
                                    struct omsp_engine **out)
{
    struct omsp_engine *engine = omsp_zalloc(sizeof(*engine));
    enum omsp_status status;

    if (!engine)
        return OMSP_NOMEM;
    engine->ports = ports;
    if (config)
        engine->config = *config;
    if (!engine->config.queue_limit)
        engine->config.queue_limit = DEFAULT_QUEUE_LIMIT;
    if (!engine->config.media_timeout_ms)
        engine->config.media_timeout_ms = DEFAULT_MEDIA_TIMEOUT_MS;
    if (engine->config.workers > OMSP_MAX_WORKERS ||
        engine->config.max_workers > OMSP_MAX_WORKERS || engine->config.queue_limit < 16 ||
        (unsigned)engine->config.security > OMSP_SECURITY_OFF) {
        omsp_free(engine);
        return OMSP_INVALID;
    }
    atomic_init(&engine->next_id, 1);
    atomic_init(&engine->calls, 0);
    atomic_init(&engine->refs, 1);
    atomic_init(&engine->worker_count, 0);
    omsp_lock_init(&engine->workers_lock);
    omsp_lock_init(&engine->links_lock);
    omsp_lock_init(&engine->registry_lock);
    omsp_list_init(&engine->addresses);
    omsp_lock_init(&engine->sids_lock);
    omsp_list_init(&engine->sids);
    omsp_lock_init(&engine->later_lock);
    omsp_list_init(&engine->later);
    engine->signal_later.fire = omsp_address_signal_later;
    status = omsp_runner_init(&engine->control, "omsp-control", engine->config.manual);
    if (status)
        goto no_control;
    status = omsp_runner_init(&engine->disk, "omsp-disk", engine->config.manual);
    if (status)
        goto no_disk;
    status = omsp_engine_set_workers(engine, engine->config.workers);
    if (status)
        goto no_worker;
    status = omsp_devices_create(engine, &engine->devices);
    if (status)
        goto no_worker;
    *out = engine;
    return OMSP_OK;

no_worker:
    finish_workers(engine);
    omsp_runner_stop(&engine->disk);
    omsp_runner_destroy(&engine->disk);
no_disk:
    omsp_runner_stop(&engine->control);
    omsp_runner_destroy(&engine->control);
no_control:
    omsp_lock_destroy(&engine->later_lock);
    omsp_lock_destroy(&engine->sids_lock);
    omsp_lock_destroy(&engine->registry_lock);
    omsp_lock_destroy(&engine->links_lock);
    omsp_lock_destroy(&engine->workers_lock);
    omsp_free(engine);
    return status;
}

void omsp_engine_destroy(struct omsp_engine *engine)
{
    if (!engine)
        return;
    omsp_links_destroy(engine->links);
    engine->links = NULL;
    omsp_devices_quiet(engine->devices);
    /* Workers first: ending sessions may still leave tasks to the runners. */
    finish_workers(engine);
    omsp_devices_close(engine->devices);
    drain(engine);
    omsp_runner_stop(&engine->control);
    omsp_runner_stop(&engine->disk);
    omsp_engine_unref(engine);
}

void omsp_engine_ref(struct omsp_engine *engine)
{
    atomic_fetch_add(&engine->refs, 1);
}

void omsp_engine_unref(struct omsp_engine *engine)
{
    if (atomic_fetch_sub(&engine->refs, 1) != 1)
        return;
    omsp_devices_destroy(engine->devices);
    if (engine->srtp_open)
        omsp_srtp_close();
    omsp_runner_destroy(&engine->disk);
    omsp_runner_destroy(&engine->control);
    omsp_lock_destroy(&engine->later_lock);
    omsp_lock_destroy(&engine->sids_lock);
    omsp_lock_destroy(&engine->registry_lock);
    omsp_lock_destroy(&engine->links_lock);
    omsp_lock_destroy(&engine->workers_lock);
    omsp_free(engine);
}

enum omsp_status omsp_engine_open_srtp(struct omsp_engine *engine)
{
    enum omsp_status status = OMSP_OK;

    omsp_lock_acquire(&engine->links_lock);
    if (!engine->srtp_open)
        status = omsp_srtp_open();
    engine->srtp_open |= status == OMSP_OK;
    omsp_lock_release(&engine->links_lock);
    return status;
}

/* Every thread's work in turn; only the last waits, and not past any timer of the others. */
void omsp_engine_pump(struct omsp_engine *engine, uint64_t deadline_us)
{
    unsigned count = atomic_load(&engine->worker_count);

    drain(engine);
    if (engine->links) {
        uint64_t due;

        omsp_links_step(engine->links, 0);
        due = omsp_timers_next(&engine->links->timers);
        deadline_us = due < deadline_us ? due : deadline_us;
    }
    for (unsigned i = 0; i + 1 < count; i++) {
        uint64_t due;

        omsp_worker_step(&engine->workers[i], 0);
        due = omsp_timers_next(&engine->workers[i].timers);
        deadline_us = due < deadline_us ? due : deadline_us;
    }
    omsp_worker_step(&engine->workers[count - 1], deadline_us);
    drain(engine);
}

uint64_t omsp_engine_now_us(const struct omsp_engine *engine)
{
    return engine->ports->now_us(engine->ports->ctx);
}

void omsp_engine_get_counters(struct omsp_engine *engine, struct omsp_engine_counters *out)
{
    unsigned count = atomic_load(&engine->worker_count);

    out->wakes = 0;
    for (unsigned i = 0; i < count; i++)
        out->wakes += atomic_load_explicit(&engine->workers[i].wakes, memory_order_relaxed);
    out->calls = atomic_load(&engine->calls);
    out->threads = engine->config.manual ? 0 : count + 2;
}

uint32_t omsp_engine_new_id(struct omsp_engine *engine)
{
    uint32_t id;

    do
        id = atomic_fetch_add(&engine->next_id, 1);
    while (!id);
    return id;
}
