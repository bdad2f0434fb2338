/* The link thread's loop, and what all media streams share. Not here: what one does (fork_link.c).
 */
#include "engine/links.h"

#include "base/alloc.h"
#include "base/sid.h"
#include "engine/fork_state.h"
#include "engine/objects.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <string.h>

#define DEFAULT_QUEUE_MS    1000
#define DEFAULT_CONNECT_MS  5000
#define DEFAULT_CALLBACK_MS 5000
#define DEFAULT_PING_MS     20000
#define FINISH_US           3000000 /* 2 s a consumer has for our close, then its callback goes */

static bool run_one(struct omsp_links *links)
{
    struct omsp_link_task *task = NULL;

    omsp_lock_acquire(&links->lock);
    if (!omsp_list_empty(&links->tasks)) {
        task = omsp_container(links->tasks.next, struct omsp_link_task, link);
        omsp_list_remove(&task->link);
        task->waiting = false;
    }
    omsp_lock_release(&links->lock);
    if (task)
        task->run(task);
    return task != NULL;
}

void omsp_links_step(struct omsp_links *links, uint64_t deadline_us)
{
    const struct omsp_ports *ports = links->engine->ports;

    while (run_one(links))
        ;
    omsp_timers_fire(&links->timers, ports->now_us(ports->ctx));
    links->loop->wait(links->loop, omsp_timers_sleep(&links->timers, deadline_us));
    omsp_timers_awake(&links->timers);
    while (run_one(links))
        ;
}

static void links_main(void *arg)
{
    struct omsp_links *links = arg;

    while (!atomic_load(&links->stopping))
        omsp_links_step(links, UINT64_MAX);
}

bool omsp_links_post(struct omsp_links *links, struct omsp_link_task *task)
{
    bool first = false, posted = false;

    omsp_lock_acquire(&links->lock);
    if (!task->waiting) {
        task->waiting = posted = true;
        first = omsp_list_empty(&links->tasks);
        omsp_list_insert(&links->tasks, &task->link);
    }
    omsp_lock_release(&links->lock);
    if (first)
        links->loop->wake(links->loop);
    return posted;
}

void omsp_links_arm(struct omsp_links *links, struct omsp_timer *timer, uint64_t due_us)
{
    if (omsp_timers_arm(&links->timers, timer, due_us))
        links->loop->wake(links->loop);
}

static void free_links(struct omsp_links *links)
{
    omsp_free(links->account_sid);
    omsp_free(links->auth_token);
    omsp_free(links->ca_file);
    omsp_free(links);
}

static enum omsp_status copy_text(char **to, const char *from)
{
    *to = from ? omsp_strdup(from) : NULL;
    return from && !*to ? OMSP_NOMEM : OMSP_OK;
}

static enum omsp_status copy_settings(struct omsp_links *links,
                                      const struct omsp_fork_settings *settings)
{
    static const char nobody[] = "AC00000000000000000000000000000000";
    static const struct omsp_fork_settings none;
    enum omsp_status status;

    if (!settings)
        settings = &none;
    if (settings->account_sid &&
        !omsp_sid_is_valid(settings->account_sid, strlen(settings->account_sid), "AC"))
        return OMSP_INVALID;
    links->allow_plain = settings->allow_plain;
    links->queue_ms = settings->queue_ms ? settings->queue_ms : DEFAULT_QUEUE_MS;
    links->connect_ms = settings->connect_ms ? settings->connect_ms : DEFAULT_CONNECT_MS;
    links->callback_ms = settings->callback_ms ? settings->callback_ms : DEFAULT_CALLBACK_MS;
    links->ping_ms = settings->ping_ms ? settings->ping_ms : DEFAULT_PING_MS;
    status = copy_text(&links->account_sid, settings->account_sid ? settings->account_sid : nobody);
    if (!status)
        status = copy_text(&links->auth_token, settings->auth_token);
    if (!status)
        status = copy_text(&links->ca_file, settings->ca_file);
    return status;
}

enum omsp_status omsp_links_create(struct omsp_engine *engine,
                                   const struct omsp_fork_settings *settings,
                                   struct omsp_links **out)
{
    const struct omsp_ports *ports = engine->ports;
    struct omsp_links *links;
    enum omsp_status status;

    if (!ports->tcp_loop_create || !ports->http_create)
        return OMSP_NOTSUPPORTED;
    links = omsp_zalloc(sizeof(*links));
    if (!links)
        return OMSP_NOMEM;
    links->engine = engine;
    atomic_init(&links->stopping, false);
    status = copy_settings(links, settings);
    if (status)
        goto no_loop;
    status = ports->tcp_loop_create(ports->ctx, &links->loop);
    if (status)
        goto no_loop;
    status = ports->http_create(ports->ctx, &links->http);
    if (status)
        goto no_http;
    omsp_timers_init(&links->timers);
    omsp_lock_init(&links->lock);
    omsp_list_init(&links->tasks);
    omsp_list_init(&links->starved);
    links->retry.fire = omsp_fork_retry_callbacks;
    /* The room that there is beside what is reserved. */
    status = omsp_timers_reserve(&links->timers);
    if (!status)
        omsp_timers_unreserve(&links->timers, &links->retry);
    if (!status && !engine->config.manual)
        status = omsp_thread_start(links_main, links, "omsp-link", &links->thread);
    if (status)
        goto no_thread;
    *out = links;
    return OMSP_OK;

no_thread:
    omsp_lock_destroy(&links->lock);
    omsp_timers_free(&links->timers);
    links->http->destroy(links->http);
no_http:
    links->loop->destroy(links->loop);
no_loop:
    free_links(links);
    return status;
}

static bool is_starved(struct omsp_links *links)
{
    bool starved;

    omsp_lock_acquire(&links->lock);
    starved = !omsp_list_empty(&links->starved);
    omsp_lock_release(&links->lock);
    return starved;
}

void omsp_links_destroy(struct omsp_links *links)
{
    const struct omsp_ports *ports;
    uint64_t end;

    if (!links)
        return;
    ports = links->engine->ports;
    if (links->thread) {
        atomic_store(&links->stopping, true);
        links->loop->wake(links->loop);
        omsp_thread_join(links->thread);
        links->thread = NULL;
    }
    /* Stop messages and callbacks are still under way; whoever does not take them in time is left.
     * A fork's own deadlines are shorter than this one, so all do end. */
    end = ports->now_us(ports->ctx) + FINISH_US;
    while (run_one(links) || omsp_timers_reserved(&links->timers) || is_starved(links)) {
        uint64_t now = ports->now_us(ports->ctx);

        if (now >= end && links->http) {
            links->http->destroy(links->http); /* ends the callbacks under way */
            links->http = NULL;
        }
        omsp_links_step(links, now + 10000);
    }
    if (links->http)
        links->http->destroy(links->http);
    links->loop->destroy(links->loop);
    omsp_lock_destroy(&links->lock);
    omsp_timers_free(&links->timers);
    free_links(links);
}
