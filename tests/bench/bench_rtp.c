/*
 * 100 streams of RTP (G.711, 20 ms) arriving over loopback: processor time per packet of the
 * process that receives them, its memory and its threads per stream. Ours is the engine with a
 * samples terminal on each call, so what is timed holds decoding too; the limit reads the same
 * packets from epoll and recvmmsg and looks at the header; the peers are GStreamer's udpsrc with
 * and without rtpjitterbuffer, all streams in one gst-launch-1.0, janus with a mountpoint of its
 * streaming plugin for each and nobody watching, and rtpengine, which also sends every packet on.
 * This process sends, evenly, and is not timed.
 */
#include "bench/compare.h"
#include "bench/native/peers.h"

#include "engine/engine.h"
#include "engine/samples.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STREAMS = 100,
    FROM_PORT = 20990,
    RTP_BYTES = 172,
    GROUPS = 20, /* every millisecond a twentieth of the streams */
    BATCH = 32,
    NOBODY_PORT = 20994,
};

#define RTPENGINE_ADDRESS "127.0.77.6"

enum contestant { OURS, BARE, GST, GST_JITTER, JANUS, RTPENGINE, CONTESTANTS };

static const uint16_t first_port[CONTESTANTS] = {21000, 21400, 21600, 21800, 22200, 22600};

static uint16_t port_of(enum contestant who, unsigned stream)
{
    return (uint16_t)(first_port[who] + 2 * stream);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(2);
}

static void answer(int fd, uint64_t value)
{
    if (write(fd, &value, sizeof(value)) != sizeof(value))
        exit(0);
}

/* ---- ours ----------------------------------------------------------------------------------- */

static void nothing(void *ctx)
{
    (void)ctx;
}

static struct omsp_call *open_call(struct omsp_address *address, unsigned number)
{
    struct omsp_addr local, peer;
    struct omsp_terminal *terminal;
    struct omsp_stream *stream;
    struct omsp_call *call;

    omsp_addr_parse("127.0.0.1", &local);
    peer = local;
    local.port = port_of(OURS, number);
    peer.port = FROM_PORT;
    if (omsp_call_create(address, OMSP_MEDIA_AUDIO, number, &call) ||
        omsp_samples_create(address, OMSP_RENDER, 60, &terminal) || omsp_call_bind(call, &local) ||
        omsp_call_set_media_timeout(call, 0))
        die("making a call");
    stream = omsp_call_stream_at(call, 1);
    if (omsp_stream_direction(stream) != OMSP_RENDER || omsp_stream_select(stream, terminal) ||
        omsp_call_set_peer(call, &peer, 0))
        die("connecting a call");
    omsp_stream_release(stream);
    omsp_terminal_release(terminal);
    return call;
}

/* 'o': open the streams; 'c': how many packets came. */
static void run_ours(int fd)
{
    struct omsp_call *calls[STREAMS] = {0};
    struct omsp_listener *listener;
    struct omsp_address *address;
    struct omsp_engine *engine;
    char question;

    if (omsp_engine_create(omsp_system_ports(), NULL, &engine) ||
        omsp_address_create(engine, &address) ||
        omsp_address_listen(address, nothing, NULL, &listener))
        die("the engine");
    while (read(fd, &question, 1) == 1) {
        uint64_t packets = 0;

        for (unsigned i = 0; i < STREAMS && question == 'o'; i++)
            calls[i] = open_call(address, i);
        for (unsigned i = 0; i < STREAMS && calls[i]; i++) {
            struct omsp_call_stats stats;

            omsp_call_get_stats(calls[i], &stats);
            packets += stats.packets_received;
        }
        answer(fd, packets);
    }
}

/* ---- the limit ------------------------------------------------------------------------------ */

static uint64_t parse(const uint8_t *packet, unsigned len)
{
    return len >= 12 && packet[0] >> 6 == 2 && (packet[1] & 0x7f) == 0;
}

static void run_bare(int fd)
{
    static uint8_t data[BATCH][2048];
    struct mmsghdr heads[BATCH] = {0};
    struct iovec vectors[BATCH];
    struct epoll_event events[64], watch = {.events = EPOLLIN, .data.fd = fd};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t packets = 0;

    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){data[i], sizeof(data[i])};
        heads[i].msg_hdr.msg_iov = &vectors[i];
        heads[i].msg_hdr.msg_iovlen = 1;
    }
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct sockaddr_in addr = loopback(port_of(BARE, i));

        watch.data.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (bind(watch.data.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, watch.data.fd, &watch))
            die("a socket of the bare loop");
    }
    for (;;) {
        int ready = epoll_wait(epoll, events, 64, -1);

        for (int e = 0; e < ready; e++) {
            char question;
            int got;

            if (events[e].data.fd == fd) {
                if (read(fd, &question, 1) != 1)
                    return;
                answer(fd, packets);
                continue;
            }
            got = recvmmsg(events[e].data.fd, heads, BATCH, 0, NULL);
            for (int i = 0; i < got; i++)
                packets += parse(data[i], heads[i].msg_len);
        }
    }
}

/* ---- peers ---------------------------------------------------------------------------------- */

static uint16_t rtpengine_ports[STREAMS];

static bool start_peer(struct bench_process *process, enum contestant who, unsigned streams)
{
    struct bench_rtp_load load = {.address = "127.0.0.1",
                                  .first_port = first_port[who],
                                  .step = 2,
                                  .streams = streams,
                                  .from_port = FROM_PORT};

    if (who == JANUS)
        return bench_peer_janus(process, &load);
    if (who != RTPENGINE)
        return bench_peer_gst(process, &load, who == GST_JITTER);
    /* It sends on what it takes: to a port that is open and where nobody reads. */
    load.address = RTPENGINE_ADDRESS;
    load.out_port = NOBODY_PORT;
    return bench_peer_rtpengine(process, &load, rtpengine_ports);
}

/* ---- sending -------------------------------------------------------------------------------- */

struct sender {
    int fd;
    uint16_t seq[CONTESTANTS];
    uint8_t packets[STREAMS][RTP_BYTES];
    struct sockaddr_in to[STREAMS];
    struct iovec vectors[STREAMS];
    struct mmsghdr heads[STREAMS];
};

static int udp_socket(uint16_t port)
{
    struct sockaddr_in addr = loopback(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
        die("binding a socket");
    return fd;
}

static void sender_open(struct sender *sender)
{
    sender->fd = udp_socket(FROM_PORT);
    udp_socket(NOBODY_PORT);
    for (unsigned i = 0; i < STREAMS; i++) {
        uint8_t *packet = sender->packets[i];

        memset(packet, 0xd5, RTP_BYTES);
        memcpy(packet, "\x80\0\0\0\0\0\0\0\x12\x34\x56", 11);
        packet[11] = (uint8_t)i;
        sender->vectors[i] = (struct iovec){packet, RTP_BYTES};
        sender->heads[i].msg_hdr.msg_iov = &sender->vectors[i];
        sender->heads[i].msg_hdr.msg_iovlen = 1;
        sender->heads[i].msg_hdr.msg_name = &sender->to[i];
        sender->heads[i].msg_hdr.msg_namelen = sizeof(sender->to[i]);
    }
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Answers how many packets went out. */
static unsigned send_to(struct sender *sender, enum contestant who, unsigned ms)
{
    uint64_t at = bench_now_ns();
    unsigned sent = 0;

    for (unsigned i = 0; i < STREAMS; i++)
        sender->to[i] = who == RTPENGINE ? bench_addr(RTPENGINE_ADDRESS, rtpengine_ports[i])
                                         : loopback(port_of(who, i));
    for (unsigned t = 0; t < ms; t++) {
        unsigned group = t % GROUPS, each = STREAMS / GROUPS;
        uint32_t timestamp = sender->seq[who] * 160u;

        for (unsigned i = group * each; i < (group + 1) * each; i++) {
            put16(sender->packets[i] + 2, sender->seq[who]);
            put16(sender->packets[i] + 4, timestamp >> 16);
            put16(sender->packets[i] + 6, timestamp);
        }
        if (sendmmsg(sender->fd, &sender->heads[group * each], each, 0) != (int)each)
            die("sending");
        sent += each;
        if (group == GROUPS - 1)
            sender->seq[who]++;
        at += 1000000;
        bench_sleep_until(at);
    }
    return sent;
}

/* ---- measuring ------------------------------------------------------------------------------ */

static struct bench_process processes[CONTESTANTS];
static bool there[CONTESTANTS];
static struct omsp_bench_values cpu[CONTESTANTS];
static struct sender sender;

static void measure(enum contestant who, unsigned ms)
{
    bool tells = who == OURS || who == BARE;
    uint64_t before = tells ? bench_process_ask(&processes[who], 'c') : 0;
    uint64_t start = bench_process_cpu_ns(&processes[who]), used, got;
    unsigned sent = send_to(&sender, who, ms);

    /* What is under way arrives, what waits in a jitter buffer is played. */
    bench_sleep_until(bench_now_ns() + 60000000);
    used = bench_process_cpu_ns(&processes[who]) - start;
    got = tells ? bench_process_ask(&processes[who], 'c') - before : sent;
    if (got < sent - sent / 100)
        fprintf(stderr, "contestant %d got %u of %u packets\n", who, (unsigned)got, sent);
    if (got)
        cpu[who].value[cpu[who].count++] = (double)used / 1000 / (double)got;
}

static void report_cpu(enum contestant peer, const char *peer_name, double faster, double limit)
{
    struct omsp_bench bench = {
        .name = "rtp receive, 100 streams, a packet",
        .ours = {"openmsp", NULL, NULL},
        .peer = {peer_name, NULL, NULL},
        .limit = {"epoll and recvmmsg", NULL, NULL},
        .faster_than_peer = faster,
        .times_limit = limit,
    };

    omsp_bench_report(&bench, "us", &cpu[OURS], &cpu[peer], &cpu[BARE]);
}

static void report_one(const char *name, const char *unit, double at_most, double ours,
                       bool peer_there, double peer)
{
    struct omsp_bench bench = {.name = name, .peer.name = "gst jitterbuffer", .at_most = at_most};
    struct omsp_bench_values mine = {{ours}, 1}, theirs = {{peer}, peer_there}, none = {0};

    omsp_bench_report(&bench, unit, &mine, &theirs, &none);
}

int main(void)
{
    unsigned rounds = omsp_bench_is_quick() ? 3 : 7, ms = omsp_bench_is_quick() ? 500 : 1500;
    uint64_t memory_before, memory_one = 0;
    unsigned threads_before, threads_one = 0;
    struct bench_process one;
    double ours_kb, gst_kb = 0, ours_threads, gst_threads = 0;
    bool one_there;

    bench_process_fork(&processes[OURS], run_ours);
    bench_process_fork(&processes[BARE], run_bare);
    bench_process_ask(&processes[BARE], 'c');
    /* The engine alone, then with its streams. */
    bench_process_ask(&processes[OURS], 'c');
    memory_before = bench_process_memory(&processes[OURS]);
    threads_before = bench_process_threads(&processes[OURS]);
    bench_process_ask(&processes[OURS], 'o');
    /* gst-launch with one stream, then with all. */
    one_there = start_peer(&one, GST_JITTER, 1);
    sender_open(&sender);
    if (one_there) {
        send_to(&sender, GST_JITTER, 300);
        memory_one = bench_process_memory(&one);
        threads_one = bench_process_threads(&one);
        bench_process_end(&one);
    }
    there[OURS] = there[BARE] = true;
    for (int who = GST; who < CONTESTANTS; who++)
        there[who] = start_peer(&processes[who], (enum contestant)who, STREAMS);

    for (int who = 0; who < CONTESTANTS; who++)
        if (there[who])
            send_to(&sender, (enum contestant)who, 300);
    for (unsigned round = 0; round < rounds; round++)
        for (int who = 0; who < CONTESTANTS; who++)
            if (there[who])
                measure((enum contestant)who, ms);

    ours_kb = (double)(bench_process_memory(&processes[OURS]) - memory_before) / 1024 / STREAMS;
    ours_threads = (double)(bench_process_threads(&processes[OURS]) - threads_before) / STREAMS;
    if (one_there && there[GST_JITTER]) {
        gst_kb = (double)(bench_process_memory(&processes[GST_JITTER]) - memory_one) / 1024 /
                 (STREAMS - 1);
        gst_threads =
            (double)(bench_process_threads(&processes[GST_JITTER]) - threads_one) / (STREAMS - 1);
    }
    report_cpu(GST_JITTER, "gst udpsrc and jitterbuffer", 10, 0);
    report_cpu(GST, "gst udpsrc", 0, 0);
    report_cpu(JANUS, "janus streaming", 3, 0);
    report_cpu(RTPENGINE, "rtpengine, which sends on", 0, 0);
    report_one("rtp memory a stream", "KB", 16, ours_kb, gst_kb > 0, gst_kb);
    report_one("rtp threads a stream", "threads", 0.001, ours_threads, gst_kb > 0, gst_threads);
    for (int who = 0; who < CONTESTANTS; who++)
        if (there[who])
            bench_process_end(&processes[who]);
    return 0;
}
