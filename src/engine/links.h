/*
 * The link thread: one per engine, made with the first media stream, for everything between the
 * engine and WebSocket consumers that may wait - dialling, handshakes, what consumers say, closing
 * - and the HTTP port for status callbacks. Media frames of plain connections do not pass through
 * it.
 */
#ifndef OMSP_ENGINE_LINKS_H
#define OMSP_ENGINE_LINKS_H

#include "base/list.h"
#include "engine/fork.h"
#include "engine/timers.h"
#include "port/ports.h"

struct omsp_thread;
struct omsp_engine;

/* What a fork wants done on the link thread. Intrusive: posting allocates nothing. */
struct omsp_link_task {
    struct omsp_link link;
    bool waiting;
    void (*run)(struct omsp_link_task *task);
};

struct omsp_links {
    struct omsp_engine *engine;
    struct omsp_tcp_loop *loop;
    struct omsp_http *http;
    struct omsp_thread *thread; /* NULL: manual */
    struct omsp_timers timers;  /* reserved: forks alive */
    struct omsp_lock lock;      /* leaf: tasks */
    struct omsp_link tasks;
    struct omsp_link starved; /* lock: omsp_fork.starved, each with a reference: its callback waits
                                 for memory */
    struct omsp_timer retry;  /* of these */
    _Atomic bool stopping;

    /* omsp_fork_settings, owned */
    char *account_sid, *auth_token, *ca_file;
    bool allow_plain;
    unsigned queue_ms, connect_ms, callback_ms, ping_ms;
};

/* settings NULL: the defaults. OMSP_NOTSUPPORTED (no TCP in this build), OMSP_NOMEM, OMSP_FULL,
 * OMSP_INVALID. */
enum omsp_status omsp_links_create(struct omsp_engine *engine,
                                   const struct omsp_fork_settings *settings,
                                   struct omsp_links **out);
/* Lets forks that are ending end, at most two seconds, then drops them. */
void omsp_links_destroy(struct omsp_links *links);
/* False: it was waiting already. */
bool omsp_links_post(struct omsp_links *links, struct omsp_link_task *task);
/* Manual mode, or the thread's own step. */
void omsp_links_step(struct omsp_links *links, uint64_t deadline_us);
void omsp_links_arm(struct omsp_links *links, struct omsp_timer *timer, uint64_t due_us);

#endif
