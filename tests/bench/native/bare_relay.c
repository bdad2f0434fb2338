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

static uint64_t frames;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void forward(int in, int out)
{
    static uint8_t data[2048],
        ready[BENCH_LOAD_FRAME] = {0x82, 0x80 | 126, (BENCH_LOAD_FRAME - 8) >> 8,
                                   (BENCH_LOAD_FRAME - 8) & 0xff};

    if (recv(in, data, sizeof(data), 0) != BENCH_LOAD_RTP || data[0] >> 6 != 2)
        return;
    memcpy(ready + 8, data + 12, BENCH_LOAD_TAG);
    if (send(out, ready, sizeof(ready), MSG_NOSIGNAL) != sizeof(ready))
        die("a bare send");
    frames++;
}

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

void bench_bare_relay(const struct bench_rtp_load *load, int fd)
{
    struct epoll_event events[64], watch = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int *in = calloc(load->streams, sizeof(int)), *out = calloc(load->streams, sizeof(int));

    if (!in || !out)
        die("memory");
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch);
    for (unsigned i = 0; i < load->streams; i++) {
        open_stream(load, i, &in[i], &out[i]);
        watch.data.u64 = i;
        epoll_ctl(epoll, EPOLL_CTL_ADD, in[i], &watch);
    }
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);

        for (int e = 0; e < count; e++) {
            uint64_t i = events[e].data.u64;
            char question;

            if (i != UINT64_MAX)
                forward(in[i], out[i]);
            else if (read(fd, &question, 1) != 1 ||
                     write(fd, &frames, sizeof(frames)) != sizeof(frames))
                return;
        }
    }
}
