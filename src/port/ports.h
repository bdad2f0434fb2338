/*
 * Everything the engine needs from outside, in one bundle. Three makers of equal rank: win/,
 * posix/, sim/. The bundle outlives the engine.
 */
#ifndef OMSP_PORT_PORTS_H
#define OMSP_PORT_PORTS_H

#include "port/audio.h"
#include "port/file.h"
#include "port/http.h"
#include "port/net.h"
#include "port/tcp.h"

struct omsp_ports {
    void *ctx; /* handed to the functions below */
    /* Monotonic microseconds from an arbitrary start, never 0. Any thread. */
    uint64_t (*now_us)(void *ctx);
    /* Microseconds since 1970-01-01 UTC. May jump. Any thread. */
    int64_t (*wall_us)(void *ctx);
    /* Fills with unpredictable bytes (sim: from its seed). Any thread. Cannot fail: adapters abort
     * the process when the system has no entropy. */
    void (*random)(void *ctx, void *out, size_t len);
    /* OMSP_NOMEM, OMSP_FULL, OMSP_IO. */
    enum omsp_status (*loop_create)(void *ctx, struct omsp_net_loop **out);
    struct omsp_file_port file;
    /* Made when first needed. NULL: this build has none. Errors as loop_create. */
    enum omsp_status (*tcp_loop_create)(void *ctx, struct omsp_tcp_loop **out);
    enum omsp_status (*http_create)(void *ctx, struct omsp_http **out);
    /* Made when first asked for static terminals. NULL: this build has no audio devices. watch is
     * copied. OMSP_NOMEM, OMSP_FULL, OMSP_IO. */
    enum omsp_status (*audio_create)(void *ctx, const struct omsp_audio_watch *watch,
                                     struct omsp_audio **out);
};

/* The system's own ports; static storage, never freed. Defined once each by win/ and posix/. */
const struct omsp_ports *omsp_system_ports(void);

#endif
