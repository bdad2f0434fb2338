/*
 * RTP in, WebSocket out, 100 streams: processor time per packet of the process between. Ours is the
 * engine, a call and a media stream for each; the limit receives the same packets (epoll,
 * recvmmsg) and sends as many bytes that lie ready; the peer is node, dgram and npm `ws`, written
 * as a voice bot's relay would be. This process sends RTP, evenly, another reads what comes out;
 * neither is timed.
 */
#include "bench/compare.h"
#include "bench/native/process.h"
#include "bench/native/sink.h"

#include "engine/engine.h"
#include "engine/fork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    STREAMS = 100,
    SINK_PORT = 20970,
    FROM_PORT = 20972,
    RTP_BYTES = 172,
    FRAME = 386,
    GROUPS = 20, /* every millisecond a twentieth of the streams */
};

enum contestant { OURS, BARE, NODE, CONTESTANTS };

static const uint16_t first_port[CONTESTANTS] = {22000, 22400, 22800};

static uint16_t port_of(enum contestant who, unsigned stream)
{
    return (uint16_t)(first_port[who] + 2 * stream);
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void answer(int fd, uint64_t value)
{
    if (write(fd, &value, sizeof(value)) != sizeof(value))
        exit(0);
}

/* ---- ours ------------------------------------------------------------------------------------ */

static void nothing(void *ctx)
{
    (void)ctx;
}

static struct omsp_stream *open_stream(struct omsp_address *address, unsigned number)
{
    char url[64];
    struct omsp_fork_options options = {.url = url, .tracks = OMSP_TRACK_INBOUND};
    struct omsp_addr local, peer;
    struct omsp_stream *stream;
    struct omsp_call *call;
    int error;

    snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", SINK_PORT);
    omsp_addr_parse("127.0.0.1", &local);
    peer = local;
    local.port = port_of(OURS, number);
    peer.port = FROM_PORT;
    if (omsp_call_create(address, OMSP_MEDIA_AUDIO, number, &call) ||
        omsp_call_bind(call, &local) || omsp_call_set_media_timeout(call, 0) ||
        omsp_call_set_peer(call, &peer, 0) ||
        omsp_call_fork(call, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &stream))
        die("making a call");
    return stream;
}

/* Any byte: how many frames went out; the first one waits until all connections are open. */
static void run_ours(int fd)
{
    static struct omsp_fork_info info;
    struct omsp_stream *streams[STREAMS];
    struct omsp_listener *listener;
    struct omsp_address *address;
    struct omsp_engine *engine;
    char question;

    if (omsp_engine_create(omsp_system_ports(), NULL, &engine) ||
        omsp_address_create(engine, &address) ||
        omsp_address_listen(address, nothing, NULL, &listener))
        die("the engine");
    for (unsigned i = 0; i < STREAMS; i++)
        streams[i] = open_stream(address, i);
    for (unsigned i = 0; i < STREAMS; i++)
        while (omsp_stream_fork_info(streams[i], &info) || info.state != OMSP_FORK_OPEN)
            bench_sleep_until(bench_now_ns() + 1000000);
    while (read(fd, &question, 1) == 1) {
        uint64_t frames = 0;

        for (unsigned i = 0; i < STREAMS; i++) {
            omsp_stream_fork_info(streams[i], &info);
            frames += info.frames_sent;
        }
        answer(fd, frames);
    }
}

/* ---- the limit ------------------------------------------------------------------------------- */

static void run_bare(int fd)
{
    static uint8_t data[2048], ready[FRAME];
    struct sockaddr_in sink = bench_sink_addr(SINK_PORT);
    struct epoll_event events[64], watch = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    int in[STREAMS], out[STREAMS], epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t frames = 0;

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct sockaddr_in addr = bench_sink_addr(port_of(BARE, i));

        watch.data.u64 = i;
        in[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        out[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(in[i], (struct sockaddr *)&addr, sizeof(addr)) ||
            connect(out[i], (struct sockaddr *)&sink, sizeof(sink)) ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, in[i], &watch))
            die("the bare loop");
    }
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);

        for (int e = 0; e < count; e++) {
            uint64_t i = events[e].data.u64;
            char question;

            if (i == UINT64_MAX) {
                if (read(fd, &question, 1) != 1)
                    return;
                answer(fd, frames);
            } else if (recv(in[i], data, sizeof(data), 0) == RTP_BYTES && data[0] >> 6 == 2) {
                if (send(out[i], ready, FRAME, MSG_NOSIGNAL) != FRAME)
                    die("a bare send");
                frames++;
            }
        }
    }
}

/* ---- node ------------------------------------------------------------------------------------ */

static bool start_node(struct bench_process *process)
{
    char url[64], port[16], count[16];
    const char *argv[] = {"node", "tests/bench/peers/relay_peer.js", url, port, count, "127.0.0.1",
                          NULL};

    snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", SINK_PORT);
    snprintf(port, sizeof(port), "%u", first_port[NODE]);
    snprintf(count, sizeof(count), "%d", STREAMS);
    return bench_process_exec_ready(process, argv);
}

/* ---- sending --------------------------------------------------------------------------------- */

static int from;
static uint16_t sequence[CONTESTANTS];

static void send_packet(enum contestant who, unsigned stream)
{
    struct sockaddr_in to = bench_sink_addr(port_of(who, stream));
    uint32_t timestamp = sequence[who] * 160u;
    uint8_t packet[RTP_BYTES];

    memset(packet, 0xd5, sizeof(packet));
    memcpy(packet, "\x80\0\0\0\0\0\0\0\x12\x34\x56", 11);
    packet[11] = (uint8_t)stream;
    packet[2] = (uint8_t)(sequence[who] >> 8);
    packet[3] = (uint8_t)sequence[who];
    packet[5] = (uint8_t)(timestamp >> 16);
    packet[6] = (uint8_t)(timestamp >> 8);
    packet[7] = (uint8_t)timestamp;
    if (sendto(from, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) != RTP_BYTES)
        die("sending");
}

static unsigned send_to(enum contestant who, unsigned ms)
{
    uint64_t at = bench_now_ns();
    unsigned sent = 0;

    for (unsigned t = 0; t < ms; t++) {
        for (unsigned i = t % GROUPS; i < STREAMS; i += GROUPS, sent++)
            send_packet(who, i);
        if (t % GROUPS == GROUPS - 1)
            sequence[who]++;
        at += 1000000;
        bench_sleep_until(at);
    }
    return sent;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static struct bench_process processes[CONTESTANTS];
static struct omsp_bench_values cpu[CONTESTANTS];

static uint64_t frames_of(enum contestant who)
{
    return bench_process_ask(&processes[who], 'c');
}

static void measure(enum contestant who, unsigned ms)
{
    uint64_t before = frames_of(who), start = bench_process_cpu_ns(&processes[who]), used, got;
    unsigned sent = send_to(who, ms);

    bench_sleep_until(bench_now_ns() + 60000000);
    used = bench_process_cpu_ns(&processes[who]) - start;
    got = frames_of(who) - before;
    if (got != sent)
        fprintf(stderr, "contestant %d sent on %u of %u packets\n", who, (unsigned)got, sent);
    if (got)
        cpu[who].value[cpu[who].count++] = (double)used / 1000 / (double)got;
}

static void run_sink(int fd)
{
    bench_sink_run(SINK_PORT, fd);
}

int main(void)
{
    unsigned rounds = omsp_bench_is_quick() ? 3 : 7, ms = omsp_bench_is_quick() ? 500 : 1500;
    struct sockaddr_in addr = bench_sink_addr(FROM_PORT);
    struct omsp_bench bench = {
        .name = "rtp in, websocket out, 100 streams",
        .ours = {"openmsp", NULL, NULL},
        .peer = {"node dgram and ws", NULL, NULL},
        .limit = {"bare recv and send", NULL, NULL},
        .faster_than_peer = 2.5,
        .times_limit = 1.1,
    };
    struct bench_process sink;
    uint64_t ready;
    bool there[CONTESTANTS] = {true, true, false};

    bench_process_fork(&sink, run_sink);
    if (recv(sink.fd, &ready, sizeof(ready), MSG_WAITALL) != sizeof(ready))
        die("the sink");
    bench_process_fork(&processes[OURS], run_ours);
    bench_process_fork(&processes[BARE], run_bare);
    there[NODE] = start_node(&processes[NODE]);
    from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(from, (struct sockaddr *)&addr, sizeof(addr)))
        die("the sender's socket");
    for (int who = 0; who < CONTESTANTS; who++)
        if (there[who]) {
            frames_of((enum contestant)who);
            send_to((enum contestant)who, 400); /* sources are locked, code compiled */
        }
    for (unsigned round = 0; round < rounds; round++)
        for (int who = 0; who < CONTESTANTS; who++)
            if (there[who])
                measure((enum contestant)who, ms);
    omsp_bench_report(&bench, "us", &cpu[OURS], &cpu[NODE], &cpu[BARE]);
    for (int who = 0; who < CONTESTANTS; who++)
        if (there[who])
            bench_process_end(&processes[who]);
    bench_process_end(&sink);
    return 0;
}
