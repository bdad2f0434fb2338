/*
 * How soon a stream sends after StartStream was called, and what a storm of starts and stops does:
 * 500 streams send for good while 500 others are started and stopped as fast as one thread can.
 * Packets are timed by the kernel as they come in over loopback, so that nobody's sleep counts but
 * the engine's; the peer of the first packet is a sender of GStreamer that stands in PAUSED with
 * its first packet made. What an interval of the first 500 has beyond 20 ms is a gap; the same
 * without a storm stands beside it as the limit, for it is the machine's.
 *
 * Not pinned: engine, storm and watch are threads of their own.
 */
#include "bench/compare.h"
#include "bench/native/process.h"

#include "engine/engine.h"
#include "engine/samples.h"
#include "port/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLS = 500, /* of each kind */
    FIRST_PORT = 26000,
    LAST_PORT = 32000,
    STEADY_PORT = 20960, /* each with its RTCP port behind it */
    STORM_PORT = 20962,
    SEND_PORT = 20964,
    BATCH = 64,
    WARM_ROUNDS = 8,
};

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(2);
}

static uint64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the far end ---------------------------------------------------------------------------- */

static struct sockaddr_in loopback(unsigned port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

static int far_socket(unsigned port)
{
    struct sockaddr_in addr = loopback(port);
    struct timeval patience = {1, 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, room = 8 << 20;

    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
        die("a socket of the far end");
    return fd;
}

struct inbox {
    struct mmsghdr heads[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in froms[BATCH];
    char control[BATCH][64];
    uint8_t data[BATCH][256];
};

static struct inbox inbox;

static int take(int fd, int flags)
{
    for (int i = 0; i < BATCH; i++) {
        inbox.vectors[i] = (struct iovec){inbox.data[i], sizeof(inbox.data[i])};
        inbox.heads[i].msg_hdr = (struct msghdr){.msg_name = &inbox.froms[i],
                                                 .msg_namelen = sizeof(inbox.froms[i]),
                                                 .msg_iov = &inbox.vectors[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = inbox.control[i],
                                                 .msg_controllen = sizeof(inbox.control[i])};
    }
    return recvmmsg(fd, inbox.heads, BATCH, flags, NULL);
}

/* When the kernel got it. */
static uint64_t stamp_of(int i)
{
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&inbox.heads[i].msg_hdr);
    struct timespec at;

    if (!cmsg || cmsg->cmsg_type != SCM_TIMESTAMPNS)
        die("asking the kernel for the time of a packet");
    memcpy(&at, CMSG_DATA(cmsg), sizeof(at));
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void drain(int fd)
{
    while (take(fd, MSG_DONTWAIT) > 0)
        ;
}

/* Of the 500: the last packet's time, and the longest interval since the watch began. */
static uint64_t last_ns[CALLS];
static uint16_t call_of_port[65536]; /* plus 1 */
static atomic_ullong longest_ns, packets;
static atomic_bool anew;

static void watch_main(void *arg)
{
    int fd = *(int *)arg;

    for (;;) {
        int got = take(fd, MSG_WAITFORONE);

        if (atomic_exchange(&anew, false)) {
            memset(last_ns, 0, sizeof(last_ns));
            atomic_store(&longest_ns, 0);
            atomic_store(&packets, 0);
        }
        for (int i = 0; i < got; i++) {
            unsigned call = call_of_port[ntohs(inbox.froms[i].sin_port)] - 1u;
            uint64_t at = stamp_of(i);

            if (call >= CALLS)
                continue;
            if (last_ns[call] && at > last_ns[call] && at - last_ns[call] > longest_ns)
                atomic_store(&longest_ns, at - last_ns[call]);
            last_ns[call] = at;
            atomic_fetch_add(&packets, 1);
        }
    }
}

/* ---- the engine ----------------------------------------------------------------------------- */

static void nothing(void *ctx)
{
    (void)ctx;
}

static struct omsp_engine *engine;
static struct omsp_address *address;
static struct omsp_listener *listener;
static struct omsp_stream *streams[2 * CALLS];
static struct omsp_terminal *terminals[2 * CALLS];

/* To the next pair of ports that is free: others may work on this machine. */
static void bind_call(struct omsp_call *call, unsigned number)
{
    static uint16_t next = FIRST_PORT;
    enum omsp_status status;
    struct omsp_addr local;

    do {
        omsp_addr_parse("127.0.0.1", &local);
        local.port = next;
        next = (uint16_t)(next + 2);
        status = omsp_call_bind(call, &local);
    } while (status == OMSP_ADDRINUSE && next < LAST_PORT);
    if (status)
        die("binding a call");
    call_of_port[local.port] = (uint16_t)(number + 1);
}

static void open_call(unsigned number)
{
    struct omsp_addr peer;
    struct omsp_call *call;

    omsp_addr_parse("127.0.0.1", &peer);
    peer.port = number < CALLS ? STEADY_PORT : STORM_PORT;
    if (omsp_call_create(address, OMSP_MEDIA_AUDIO, number, &call) ||
        omsp_samples_create(address, OMSP_CAPTURE, 60, &terminals[number]) ||
        omsp_call_set_media_timeout(call, 0))
        die("making a call");
    bind_call(call, number);
    streams[number] = omsp_call_stream_at(call, 0);
    if (omsp_stream_direction(streams[number]) != OMSP_CAPTURE ||
        omsp_stream_select(streams[number], terminals[number]) ||
        omsp_call_set_peer(call, &peer, 0))
        die("connecting a call");
    omsp_call_release(call);
}

static uint64_t timed_start(struct omsp_stream *stream)
{
    uint64_t before = bench_now_ns();

    if (omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST))
        die("a start");
    return bench_now_ns() - before;
}

static void stop(struct omsp_stream *stream)
{
    if (omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST))
        die("a stop");
}

static void drop_events(void)
{
    struct omsp_event event;

    while (omsp_listener_take(listener, NULL, NULL, &event) == OMSP_OK)
        ;
}

/* ---- measuring ------------------------------------------------------------------------------ */

/* From the call of StartStream to the kernel's having the packet. */
static double first_packet_us(int fd)
{
    static const int16_t sound[160];
    uint64_t before;
    size_t used;

    stop(streams[CALLS]);
    drain(fd);
    omsp_samples_write(terminals[CALLS], sound, sizeof(sound), &used);
    before = wall_ns();
    if (omsp_stream_start(streams[CALLS], OMSP_CAUSE_LOCAL_REQUEST))
        die("a start");
    if (take(fd, MSG_WAITFORONE) < 1)
        die("waiting for the first packet");
    return (double)(stamp_of(0) - before) / 1000;
}

static double bare_packet_us(int from, int fd)
{
    struct sockaddr_in to = loopback(STORM_PORT);
    uint8_t packet[172] = {0x80};
    uint64_t before;

    drain(fd);
    before = wall_ns();
    if (sendto(from, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ||
        take(fd, MSG_WAITFORONE) < 1)
        die("a bare packet");
    return (double)(stamp_of(0) - before) / 1000;
}

static void put(struct omsp_bench_values *values, double value)
{
    values->value[values->count++] = value;
}

static struct bench_process gst;

static bool start_gst(void)
{
    char port[16];
    const char *argv[] = {bench_own_peer("gst_peer"), port, NULL};

    snprintf(port, sizeof(port), "%d", STORM_PORT);
    return bench_process_exec_ready(&gst, argv);
}

/* From asking for PLAYING, first packet made, to the kernel's having it. */
static double gst_packet_us(int fd)
{
    uint64_t before, at;

    drain(fd);
    before = bench_process_ask(&gst, 'p');
    if (take(fd, MSG_WAITFORONE) < 1)
        die("waiting for GStreamer's packet");
    at = stamp_of(0);
    bench_process_ask(&gst, 'r');
    return (double)(at - before) / 1000;
}

static void compare_first_packet(int storm_fd, bool has_gst)
{
    struct omsp_bench bench = {
        .name = "start to first packet",
        .peer = {"gst PLAYING", NULL, NULL},
        .limit = {"sendto", NULL, NULL},
        .at_most = 1000,
    };
    struct omsp_bench_values ours = {0}, peer = {0}, limit = {0};
    int from = far_socket(SEND_PORT);

    for (unsigned i = 0; i < OMSP_BENCH_MAX_ROUNDS; i++) {
        /* Not in step with the stream's own 20 ms. */
        bench_sleep_until(bench_now_ns() + 3000000 + i * 700000);
        put(&ours, first_packet_us(storm_fd));
        stop(streams[CALLS]);
        if (has_gst)
            put(&peer, gst_packet_us(storm_fd));
        put(&limit, bare_packet_us(from, storm_fd));
    }
    close(from);
    omsp_bench_report(&bench, "us", &ours, &peer, &limit);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static double watched_gap_ms(void)
{
    double ms = (double)atomic_load(&longest_ns) / 1000000 - 20;

    return ms > 0 ? ms : 0;
}

static void watch_anew(void)
{
    atomic_store(&anew, true);
    while (atomic_load(&anew))
        bench_sleep_until(bench_now_ns() + 1000000);
}

/* Everybody started, everybody stopped, on and on; answers how many starts there were. */
static size_t storm(uint64_t until_ns, uint64_t *took, size_t room)
{
    size_t count = 0;

    while (bench_now_ns() < until_ns && count + CALLS <= room) {
        for (unsigned i = 0; i < CALLS; i++)
            took[count++] = timed_start(streams[CALLS + i]);
        for (unsigned i = 0; i < CALLS; i++)
            stop(streams[CALLS + i]);
        drop_events();
    }
    return count;
}

static void compare_storm(void)
{
    enum { STARTS = 1000 * CALLS };
    unsigned rounds = omsp_bench_is_quick() ? 3 : 9;
    uint64_t span = omsp_bench_is_quick() ? 1000000000u : 2000000000u;
    uint64_t *took = malloc(STARTS * sizeof(*took));
    struct omsp_bench_values p99 = {0}, gap = {0}, calm = {0}, none = {0};
    struct omsp_bench starts = {.name = "storm, StartStream p99", .at_most = 1000};
    struct omsp_bench gaps = {
        .name = "storm, longest gap of others",
        .limit = {"without a storm", NULL, NULL},
        .at_most = 20,
    };

    if (!took)
        die("memory");
    for (unsigned r = 0; r < rounds; r++) {
        size_t count;

        watch_anew();
        bench_sleep_until(bench_now_ns() + span);
        put(&calm, watched_gap_ms());
        watch_anew();
        count = storm(bench_now_ns() + span, took, STARTS);
        put(&gap, watched_gap_ms());
        qsort(took, count, sizeof(*took), by_value);
        put(&p99, (double)took[count * 99 / 100] / 1000);
        if (!count || atomic_load(&packets) < CALLS)
            die("counting starts and packets");
    }
    free(took);
    omsp_bench_report(&starts, "us", &p99, &none, &none);
    omsp_bench_report(&gaps, "ms", &gap, &none, &calm);
}

int main(void)
{
    int steady = far_socket(STEADY_PORT), storm_fd = far_socket(STORM_PORT);
    struct omsp_thread *watcher;
    bool has_gst = start_gst(); /* before any thread */

    far_socket(STEADY_PORT + 1);
    far_socket(STORM_PORT + 1);
    if (omsp_engine_create(omsp_system_ports(), NULL, &engine) ||
        omsp_address_create(engine, &address) ||
        omsp_address_listen(address, nothing, NULL, &listener))
        die("the engine");
    open_call(CALLS);
    for (unsigned i = 0; i < WARM_ROUNDS; i++)
        first_packet_us(storm_fd);
    compare_first_packet(storm_fd, has_gst);
    if (has_gst)
        bench_process_end(&gst);
    for (unsigned i = 0; i < 2 * CALLS; i++)
        if (i != CALLS)
            open_call(i);
    for (unsigned i = CALLS; i < 2 * CALLS; i++)
        stop(streams[i]);
    if (omsp_thread_start(watch_main, &steady, "watch", &watcher))
        die("a thread");
    compare_storm();
    fflush(stdout);
    _exit(0);
}
