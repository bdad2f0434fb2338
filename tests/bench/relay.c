/* See relay.h. It lives until the process ends. Called on one thread. */
#include "bench/relay.h"

#include "engine/engine.h"
#include "engine/fork.h"
#include "port/lock.h"

#include <stdio.h>
#include <stdlib.h>

static struct omsp_stream **streams;
static unsigned stream_count;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(2);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static struct omsp_stream *open_stream(struct omsp_address *address,
                                       const struct bench_relay *relay, unsigned number)
{
    char url[64];
    struct omsp_fork_options options = {.url = url, .tracks = OMSP_TRACK_INBOUND};
    struct omsp_addr local, peer;
    struct omsp_stream *stream;
    struct omsp_call *call;
    int error;

    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/", relay->sink_port);
    omsp_addr_parse(relay->address, &local);
    omsp_addr_parse("127.0.0.1", &peer);
    local.port = (uint16_t)(relay->first_port + 2 * number);
    peer.port = relay->from_port;
    if (omsp_call_create(address, OMSP_MEDIA_AUDIO, number, &call))
        die("making a call");
    if (omsp_call_bind(call, &local))
        die("binding a call");
    if (omsp_call_set_media_timeout(call, 0) || omsp_call_set_peer(call, &peer, 0) ||
        omsp_call_fork(call, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &stream))
        die("making a media stream");
    omsp_call_release(call);
    return stream;
}

static void pause_ms(void)
{
    struct omsp_lock lock;
    struct omsp_cond never;

    omsp_lock_init(&lock);
    omsp_cond_init(&never);
    omsp_lock_acquire(&lock);
    omsp_cond_wait(&never, &lock, 1000);
    omsp_lock_release(&lock);
    omsp_cond_destroy(&never);
    omsp_lock_destroy(&lock);
}

/* The connections are opened side by side, but no more at a time than a server's backlog holds. */
static void wait_open(unsigned first, unsigned end)
{
    static struct omsp_fork_info info;
    const struct omsp_ports *ports = omsp_system_ports();
    uint64_t deadline = ports->now_us(ports->ctx) + 60000000;

    for (unsigned i = first; i < end; i++)
        while (omsp_stream_fork_info(streams[i], &info) || info.state != OMSP_FORK_OPEN) {
            if (info.state == OMSP_FORK_STOPPED || ports->now_us(ports->ctx) > deadline) {
                fprintf(stderr, "stream %u: error %d\n", i, info.last_error);
                die("opening a connection");
            }
            pause_ms();
        }
}

void bench_relay_open(const struct bench_relay *relay)
{
    enum { AT_A_TIME = 100 };
    struct omsp_engine_config config = {.workers = relay->workers};
    /* The sink answers no pings. */
    struct omsp_fork_settings settings = {.ping_ms = 3600000, .connect_ms = 60000};
    struct omsp_listener *listener;
    struct omsp_address *address;
    struct omsp_engine *engine;

    streams = calloc(relay->streams, sizeof(struct omsp_stream *));
    if (!streams || omsp_engine_create(omsp_system_ports(), &config, &engine) ||
        omsp_engine_set_forks(engine, &settings) || omsp_address_create(engine, &address) ||
        omsp_address_listen(address, nothing, NULL, &listener))
        die("the engine");
    for (; stream_count < relay->streams; stream_count++) {
        streams[stream_count] = open_stream(address, relay, stream_count);
        if (stream_count % AT_A_TIME == AT_A_TIME - 1)
            wait_open(stream_count + 1 - AT_A_TIME, stream_count + 1);
    }
    wait_open(stream_count - stream_count % AT_A_TIME, stream_count);
}

uint64_t bench_relay_frames(void)
{
    static struct omsp_fork_info info;
    uint64_t frames = 0;

    for (unsigned i = 0; i < stream_count; i++) {
        omsp_stream_fork_info(streams[i], &info);
        frames += info.frames_sent;
    }
    return frames;
}
