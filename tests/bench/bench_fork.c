/*
 * One media frame (20 ms of u-law as JSON, masked) on each of many connections, every 20 ms: the
 * processor time per frame of the process that makes and sends them, up to the return of the send
 * call. Ours is the frame of wire/media_stream.h through the system's port/tcp.h, as a media worker
 * does it at the end of a turn; the limits send as many bytes that lie ready, by bare send() and by
 * bare io_uring; the peers are npm `ws` and libwebsockets (peers/). Then both tracks of a stream in
 * one send against two. A fourth process,
 * not timed, reads it all.
 */
#include "bench/compare.h"
#include "bench/native/process.h"
#include "bench/native/sink.h"

#include "port/ports.h"
#include "port/thread.h"
#include "wire/media_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef OMSP_URING
#include <liburing.h>
#endif

enum {
    CONNECTIONS = 500,
    FEW = 100,
    PORT = 20980,
    FRAME = 386,
    TICK_NS = 20000000,
    TOGETHER = 24, /* engine/outbox.c's */
    RING = 64,
};

static uint8_t payload[160];

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- ours ----------------------------------------------------------------------------------- */

struct connection {
    struct omsp_tcp *tcp;
    struct omsp_ms_template template;
    uint64_t sequence, chunk;
};

static struct connection connections[CONNECTIONS];
static atomic_uint opened, ended;

static void on_open(void *owner)
{
    (void)owner;
    atomic_fetch_add(&opened, 1);
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    (void)owner;
    (void)end;
    atomic_fetch_add(&ended, 1);
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    (void)owner;
    (void)data;
    (void)len;
    (void)now_us;
}

static void on_nothing(void *owner)
{
    (void)owner;
}

static void loop_main(void *arg)
{
    struct omsp_tcp_loop *loop = arg;

    for (;;)
        loop->wait(loop, UINT64_MAX);
}

static void connect_ours(void)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct omsp_tcp_target target = {.host = "127.0.0.1", .port = PORT, .timeout_ms = 30000};
    struct omsp_tcp_loop *loop;
    struct omsp_thread *thread;

    if (ports->tcp_loop_create(ports->ctx, &loop) ||
        omsp_thread_start(loop_main, loop, "loop", &thread))
        die("the loop");
    for (int i = 0; i < CONNECTIONS; i++) {
        struct omsp_tcp init = {.owner = &connections[i],
                                .on_open = on_open,
                                .on_data = on_data,
                                .on_writable = on_nothing,
                                .on_end = on_end};

        omsp_ms_template_init(&connections[i].template, "MZ0123456789abcdef0123456789abcdef");
        connections[i].sequence = 1000;
        if (loop->dial(loop, &init, &target, &connections[i].tcp))
            die("dialling");
    }
    while (atomic_load(&opened) < CONNECTIONS) {
        if (atomic_load(&ended))
            die("connecting");
        bench_sleep_until(bench_now_ns() + 1000000);
    }
}

static size_t make_frame(struct connection *connection, unsigned track, uint8_t *out)
{
    static uint32_t masks = 1;
    struct omsp_ms_media media = {track, ++connection->sequence, ++connection->chunk,
                                  connection->chunk * 20, omsp_span(payload, sizeof(payload))};
    uint8_t mask[4];

    masks = masks * 1664525u + 1013904223u;
    memcpy(mask, &masks, 4);
    return omsp_ms_put_media(&connection->template, &media, mask, out);
}

static void send_ours(struct connection *connection, const uint8_t *bytes, size_t len)
{
    size_t sent = 0;

    if (connection->tcp->loop->send(connection->tcp, bytes, len, &sent) || sent != len)
        die("a send of ours");
}

/* What a worker's turn has for its consumers goes together, as engine/outbox.c does it. */
static void ours_together(int first, int count, unsigned tracks)
{
    static uint8_t out[TOGETHER][2 * OMSP_MS_MEDIA_MAX];
    struct omsp_tcp_send sends[TOGETHER];
    struct omsp_tcp_loop *loop = connections[first].tcp->loop;

    for (int i = 0; i < count; i++) {
        struct connection *connection = &connections[first + i];
        size_t len = 0;

        for (unsigned track = OMSP_MS_TRACK_INBOUND; track <= OMSP_MS_TRACK_OUTBOUND; track++)
            if (tracks & 1u << track)
                len += make_frame(connection, track, out[i] + len);
        if (!loop->send_many)
            send_ours(connection, out[i], len);
        sends[i] = (struct omsp_tcp_send){.tcp = connection->tcp, .data = out[i], .len = len};
    }
    if (!loop->send_many)
        return;
    loop->send_many(loop, sends, (unsigned)count);
    for (int i = 0; i < count; i++)
        if (sends[i].status || sends[i].sent != sends[i].len)
            die("a send of ours");
}

enum { IN = 1u << OMSP_MS_TRACK_INBOUND, OUT = 1u << OMSP_MS_TRACK_OUTBOUND };

static void ours_by(int count, unsigned first, unsigned second)
{
    for (int i = 0; i < count; i += TOGETHER) {
        int some = count - i < TOGETHER ? count - i : TOGETHER;

        ours_together(i, some, first);
        if (second)
            ours_together(i, some, second);
    }
}

static void ours_frames(int count)
{
    ours_by(count, IN, 0);
}

static void ours_two_sends(int count)
{
    for (int i = 0; i < count; i++)
        for (unsigned track = OMSP_MS_TRACK_INBOUND; track <= OMSP_MS_TRACK_OUTBOUND; track++) {
            uint8_t out[OMSP_MS_MEDIA_MAX];

            send_ours(&connections[i], out, make_frame(&connections[i], track, out));
        }
}

static void ours_two_together(int count)
{
    ours_by(count, IN, OUT);
}

static void ours_one_send(int count)
{
    ours_by(count, IN | OUT, 0);
}

/* ---- the limit ------------------------------------------------------------------------------ */

static int bare[CONNECTIONS];

static void connect_bare(void)
{
    struct sockaddr_in addr = bench_sink_addr(PORT);
    int on = 1;

    for (int i = 0; i < CONNECTIONS; i++) {
        bare[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(bare[i], (struct sockaddr *)&addr, sizeof(addr)))
            die("a connection of the bare sender");
        setsockopt(bare[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
}

static uint8_t ready[FRAME];

static void bare_frames(int count)
{
    for (int i = 0; i < count; i++)
        if (send(bare[i], ready, FRAME, MSG_DONTWAIT | MSG_NOSIGNAL) != FRAME)
            die("a bare send");
}

/* The same through io_uring, as many at a time as help. */
#ifdef OMSP_URING
static struct io_uring ring;

static void bare_ring_some(int first, int count)
{
    for (int i = 0; i < count; i++)
        io_uring_prep_send(io_uring_get_sqe(&ring), bare[first + i], ready, FRAME,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
    if (io_uring_submit_and_wait(&ring, (unsigned)count) != count)
        die("a bare submission");
    for (int i = 0; i < count; i++) {
        struct io_uring_cqe *cqe;

        if (io_uring_wait_cqe(&ring, &cqe) || cqe->res != FRAME)
            die("a bare send of the ring");
        io_uring_cqe_seen(&ring, cqe);
    }
}

static void bare_ring_frames(int count)
{
    for (int i = 0; i < count; i += RING)
        bare_ring_some(i, count - i < RING ? count - i : RING);
}

static bool has_ring(void)
{
    return !io_uring_queue_init(RING, &ring, 0);
}
#else
static bool has_ring(void)
{
    return false;
}

static void bare_ring_frames(int count)
{
    (void)count;
}
#endif

/* ---- being asked ---------------------------------------------------------------------------- */

struct order {
    char what; /* 'f': a frame, '2': two in two sends, 't': each with others, '1': two in one */
    uint8_t rounds;
    uint16_t connections;
};

/* Each on so many connections. */
struct manners {
    void (*one)(int count);
    void (*two)(int count);
    void (*two_together)(int count);
    void (*both)(int count);
};

static void serve(int fd, const struct manners *how)
{
    struct order order;

    while (recv(fd, &order, sizeof(order), MSG_WAITALL) == sizeof(order)) {
        void (*send_to)(int) = order.what == 'f'   ? how->one
                               : order.what == '2' ? how->two
                               : order.what == 't' ? how->two_together
                                                   : how->both;
        uint64_t at = bench_now_ns(), frames = (uint64_t)order.rounds * order.connections;

        for (unsigned r = 0; r < order.rounds; r++) {
            send_to(order.connections);
            at += TICK_NS;
            bench_sleep_until(at);
        }
        if (write(fd, &frames, sizeof(frames)) != sizeof(frames))
            return;
    }
}

static void run_ours(int fd)
{
    static const struct manners how = {ours_frames, ours_two_sends, ours_two_together,
                                       ours_one_send};

    connect_ours();
    serve(fd, &how);
}

static void run_bare(int fd)
{
    static const struct manners how = {.one = bare_frames};

    connect_bare();
    serve(fd, &how);
}

static void run_ring(int fd)
{
    static const struct manners how = {.one = bare_ring_frames};

    if (!has_ring())
        return;
    connect_bare();
    serve(fd, &how);
}

/* ---- measuring ------------------------------------------------------------------------------ */

static uint64_t answer_of(struct bench_process *process)
{
    uint64_t answer;

    if (recv(process->fd, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer)) {
        fprintf(stderr, "a contestant is gone\n");
        exit(2);
    }
    return answer;
}

/* Microseconds a frame (or pair). */
static double ask(struct bench_process *process, char what, uint8_t rounds, unsigned count)
{
    struct order order = {what, rounds, (uint16_t)count};
    uint64_t start = bench_process_cpu_ns(process), frames;

    if (write(process->fd, &order, sizeof(order)) != sizeof(order))
        die("asking");
    frames = answer_of(process);
    return (double)(bench_process_cpu_ns(process) - start) / 1000 / (double)(frames ? frames : 1);
}

static double ask_peer(struct bench_process *process, uint8_t rounds)
{
    uint64_t start = bench_process_cpu_ns(process), frames;

    if (write(process->fd, &rounds, 1) != 1)
        die("asking a peer");
    frames = answer_of(process);
    return (double)(bench_process_cpu_ns(process) - start) / 1000 / (double)(frames ? frames : 1);
}

static void put(struct omsp_bench_values *values, double value)
{
    values->value[values->count++] = value;
}

enum peer { NODE, LWS, PEERS };

static bool start_peer(struct bench_process *process, enum peer which, unsigned count)
{
    char url[64], port[16], number[16];
    const char *node[] = {"node", "tests/bench/peers/ws_peer.js", url, number, NULL};
    const char *lws[] = {bench_own_peer("lws_peer"), "send", port, number, NULL};

    snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", PORT);
    snprintf(port, sizeof(port), "%d", PORT);
    snprintf(number, sizeof(number), "%u", count);
    return bench_process_exec_ready(process, which == NODE ? node : lws);
}

/* ring_too: NULL without io_uring. */
static void compare(struct bench_process *ours, struct bench_process *plain,
                    struct bench_process *ring_too, unsigned count, unsigned rounds, uint8_t ticks)
{
    char name[64];
    struct omsp_bench bench = {
        .name = name,
        .ours = {"openmsp", NULL, NULL},
        .peer = {"node ws", NULL, NULL},
        .limit = {"bare send", NULL, NULL},
        .faster_than_peer = 1.9,
        .times_limit = 1.1,
    };
    struct omsp_bench_values mine = {0}, theirs[PEERS] = {0}, limit = {0}, limit_ring = {0},
                             none = {0};
    struct bench_process peers[PEERS];
    bool there[PEERS];

    /* Compiled code, warm caches, grown windows. */
    ask(ours, 'f', 10, count);
    ask(plain, 'f', 10, count);
    if (ring_too)
        ask(ring_too, 'f', 10, count);
    for (int p = 0; p < PEERS; p++) {
        there[p] = start_peer(&peers[p], (enum peer)p, count);
        if (there[p])
            ask_peer(&peers[p], 50);
    }
    for (unsigned r = 0; r < rounds; r++) {
        put(&mine, ask(ours, 'f', ticks, count));
        for (int p = 0; p < PEERS; p++)
            if (there[p])
                put(&theirs[p], ask_peer(&peers[p], ticks));
        put(&limit, ask(plain, 'f', ticks, count));
        if (ring_too)
            put(&limit_ring, ask(ring_too, 'f', ticks, count));
    }
    for (int p = 0; p < PEERS; p++)
        if (there[p])
            bench_process_end(&peers[p]);
    snprintf(name, sizeof(name), "fork frame, %u connections", count);
    omsp_bench_report(&bench, "us", &mine, &theirs[NODE], &limit);
    bench.peer.name = "libwebsockets";
    bench.faster_than_peer = 0;
    bench.times_limit = 0;
    omsp_bench_report(&bench, "us", &mine, &theirs[LWS], &limit);
    /* Whoever sends one after the other is no limit for who does not. */
    bench.peer.name = NULL;
    bench.limit.name = "bare io_uring, 64 at a time";
    omsp_bench_report(&bench, "us", &mine, &none, &limit_ring);
}

static void run_sink(int fd)
{
    bench_sink_run(PORT, fd);
}

int main(void)
{
    unsigned rounds = omsp_bench_is_quick() ? 3 : 9;
    uint8_t ticks = omsp_bench_is_quick() ? 20 : 40;
    struct bench_process sink, ours, plain, ring_too;
    bool rings = has_ring();
    struct omsp_bench_values one = {0}, two = {0}, together = {0}, none = {0};
    struct omsp_bench both = {
        .name = "fork both tracks, one send",
        .peer = {"two sends", NULL, NULL},
        .faster_than_peer = 1 / 0.6,
    };

    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 73);
    bench_process_fork(&sink, run_sink);
    answer_of(&sink);
    bench_process_fork(&ours, run_ours);
    bench_process_fork(&plain, run_bare);
    if (rings)
        bench_process_fork(&ring_too, run_ring);
    compare(&ours, &plain, rings ? &ring_too : NULL, FEW, rounds, ticks);
    compare(&ours, &plain, rings ? &ring_too : NULL, CONNECTIONS, rounds, ticks);
    for (unsigned r = 0; r < rounds; r++) {
        put(&one, ask(&ours, '1', ticks, FEW));
        put(&two, ask(&ours, '2', ticks, FEW));
        put(&together, ask(&ours, 't', ticks, FEW));
    }
    omsp_bench_report(&both, "us", &one, &two, &none);
    both.peer.name = "two sends, each with other connections'";
    both.faster_than_peer = 0;
    omsp_bench_report(&both, "us", &one, &together, &none);
    if (rings)
        bench_process_end(&ring_too);
    bench_process_end(&plain);
    bench_process_end(&ours);
    bench_process_end(&sink);
    return 0;
}
