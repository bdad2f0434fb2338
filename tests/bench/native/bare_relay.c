/* See bare_relay.h. A process of its own, one thread. */
#include "bench/native/bare_relay.h"
#include "bench/native/load.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef OMSP_URING
#include <liburing.h>
#endif

enum { EVENTS = 64 };

static uint64_t frames;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* False: nothing to send on. */
static bool receive(int in, uint8_t ready[BENCH_LOAD_FRAME])
{
    static const uint8_t header[4] = {0x82, 0x80 | 126, (BENCH_LOAD_FRAME - 8) >> 8,
                                      (BENCH_LOAD_FRAME - 8) & 0xff};
    static uint8_t data[2048];

    if (recv(in, data, sizeof(data), 0) != BENCH_LOAD_RTP || data[0] >> 6 != 2)
        return false;
    memcpy(ready, header, sizeof(header));
    memcpy(ready + 8, data + 12, BENCH_LOAD_TAG);
    frames++;
    return true;
}

static void forward(int in, int out)
{
    static uint8_t ready[BENCH_LOAD_FRAME];

    if (receive(in, ready) && send(out, ready, sizeof(ready), MSG_NOSIGNAL) != sizeof(ready))
        die("a bare send");
}

/* What came in one wait goes out together. */
#ifdef OMSP_URING
static struct io_uring ring;
static unsigned gathered;
static uint8_t gathered_frames[EVENTS][BENCH_LOAD_FRAME];

bool bench_bare_has_ring(void)
{
    struct io_uring probe;

    if (io_uring_queue_init(EVENTS, &probe, 0))
        return false;
    io_uring_queue_exit(&probe);
    return true;
}

static void open_ring(void)
{
    if (io_uring_queue_init(EVENTS, &ring, 0))
        die("io_uring");
}

static void gather(int in, int out)
{
    uint8_t *ready = gathered_frames[gathered];

    if (!receive(in, ready))
        return;
    io_uring_prep_send(io_uring_get_sqe(&ring), out, ready, BENCH_LOAD_FRAME,
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    gathered++;
}

static void send_gathered(void)
{
    struct io_uring_cqe *cqe;

    if (gathered && io_uring_submit_and_wait(&ring, gathered) != (int)gathered)
        die("a bare submission");
    for (; gathered; gathered--) {
        if (io_uring_wait_cqe(&ring, &cqe) || cqe->res != BENCH_LOAD_FRAME)
            die("a bare send of the ring");
        io_uring_cqe_seen(&ring, cqe);
    }
}
#else
bool bench_bare_has_ring(void)
{
    return false;
}

static void open_ring(void)
{
}

static void gather(int in, int out)
{
    forward(in, out);
}

static void send_gathered(void)
{
}
#endif

static void open_stream(const struct bench_rtp_load *load, unsigned number, int *in, int *out)
{
    struct sockaddr_in sink = bench_addr("127.0.0.1", load->out_port);
    struct sockaddr_in addr =
        bench_addr(load->address, (uint16_t)(load->first_port + number * load->step));
    int on = 1;

    *in = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(*out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (bind(*in, (struct sockaddr *)&addr, sizeof(addr)) ||
        connect(*out, (struct sockaddr *)&sink, sizeof(sink)))
        die("a socket of the bare loop");
}

void bench_bare_relay(const struct bench_rtp_load *load, int fd, bool with_ring)
{
    void (*pass)(int in, int out) = with_ring ? gather : forward;
    struct epoll_event events[EVENTS], watch = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int *in = calloc(load->streams, sizeof(int)), *out = calloc(load->streams, sizeof(int));

    if (!in || !out)
        die("memory");
    if (with_ring)
        open_ring();
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch);
    for (unsigned i = 0; i < load->streams; i++) {
        open_stream(load, i, &in[i], &out[i]);
        watch.data.u64 = i;
        epoll_ctl(epoll, EPOLL_CTL_ADD, in[i], &watch);
    }
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        for (int e = 0; e < count; e++) {
            uint64_t i = events[e].data.u64;
            char question;

            if (i != UINT64_MAX)
                pass(in[i], out[i]);
            else if (read(fd, &question, 1) != 1 ||
                     write(fd, &frames, sizeof(frames)) != sizeof(frames))
                return;
        }
        if (with_ring)
            send_gathered();
    }
}
