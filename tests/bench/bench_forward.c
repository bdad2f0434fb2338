/*
 * RTP in, WebSocket out, 100 streams: processor time per packet of the process between. Ours is the
 * engine, a call and a media stream for each; the limits receive the same packets (epoll,
 * recv) and send as many bytes that lie ready, one after the other or by io_uring; the peer is
 * node, dgram and npm `ws`, written as a voice bot's relay would be. This process sends RTP,
 * evenly, another reads what comes out; neither is timed.
 */
#include "bench/compare.h"
#include "bench/native/bare_relay.h"
#include "bench/native/sink.h"
#include "bench/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STREAMS = 100,
    SINK_PORT = 20970,
    FROM_PORT = 20972,
    RTP_BYTES = 172,
    GROUPS = 20, /* every millisecond a twentieth of the streams */
};

enum contestant { OURS, BARE, RING, NODE, CONTESTANTS };

static const uint16_t first_port[CONTESTANTS] = {22000, 22400, 22600, 22800};

static uint16_t port_of(enum contestant who, unsigned stream)
{
    return (uint16_t)(first_port[who] + 2 * stream);
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static struct bench_rtp_load load_of(enum contestant who)
{
    return (struct bench_rtp_load){.address = "127.0.0.1",
                                   .first_port = first_port[who],
                                   .step = 2,
                                   .streams = STREAMS,
                                   .from_port = FROM_PORT,
                                   .out_port = SINK_PORT};
}

static void run_ours(int fd)
{
    struct bench_relay relay = {.address = "127.0.0.1",
                                .first_port = first_port[OURS],
                                .streams = STREAMS,
                                .from_port = FROM_PORT,
                                .sink_port = SINK_PORT};
    char question;

    bench_relay_open(&relay);
    while (read(fd, &question, 1) == 1) {
        uint64_t frames = bench_relay_frames();

        if (write(fd, &frames, sizeof(frames)) != sizeof(frames))
            return;
    }
}

static void run_bare(int fd)
{
    struct bench_rtp_load load = load_of(BARE);

    bench_bare_relay(&load, fd, false);
}

static void run_ring(int fd)
{
    struct bench_rtp_load load = load_of(RING);

    bench_bare_relay(&load, fd, true);
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
    struct bench_rtp_load node = load_of(NODE);
    struct omsp_bench_values none = {0};
    struct bench_process sink;
    uint64_t ready;
    bool there[CONTESTANTS] = {true, true, bench_bare_has_ring(), false};

    bench_process_fork(&sink, run_sink);
    if (recv(sink.fd, &ready, sizeof(ready), MSG_WAITALL) != sizeof(ready))
        die("the sink");
    bench_process_fork(&processes[OURS], run_ours);
    bench_process_fork(&processes[BARE], run_bare);
    if (there[RING])
        bench_process_fork(&processes[RING], run_ring);
    there[NODE] = bench_peer_node(&processes[NODE], &node);
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
    /* Whoever sends one after the other is no limit for who does not. */
    bench.faster_than_peer = bench.times_limit = 0;
    bench.peer.name = NULL;
    bench.limit.name = "bare recv, sends by io_uring";
    omsp_bench_report(&bench, "us", &cpu[OURS], &none, &cpu[RING]);
    for (int who = 0; who < CONTESTANTS; who++)
        if (there[who])
            bench_process_end(&processes[who]);
    bench_process_end(&sink);
    return 0;
}
