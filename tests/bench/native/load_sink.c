/*
 * Where what was relayed arrives: a WebSocket server that takes frames apart far enough to know
 * which packet each was, and a UDP port of the same number. The kernel's time of arrival counts, so
 * that this process may be late. One thread, for ever.
 */
#include "bench/native/load_shared.h"
#include "bench/native/sink.h"

#include "wire/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 16384, FILES = 16384, BATCH = 64, CONTROL = 64 };

/* What follows the payload in a message: "},"streamSid":"MZ…"}. */
enum { TAIL = 52, BASE64 = 216 };

struct peer {
    size_t len;
    uint8_t data[ROOM];
};

static struct bench_load_shared *shared;
static struct peer *peers[FILES]; /* by descriptor */

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static uint64_t stamp_of(struct msghdr *head)
{
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(head);
    struct timespec at;

    if (!cmsg || cmsg->cmsg_type != SCM_TIMESTAMPNS)
        return bench_load_wall_ns();
    memcpy(&at, CMSG_DATA(cmsg), sizeof(at));
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void arrived(const uint8_t *tag, uint64_t now)
{
    unsigned stream = tag[3] << 8 | tag[4];
    uint32_t sequence =
        (uint32_t)tag[5] << 24 | (uint32_t)tag[6] << 16 | (uint32_t)tag[7] << 8 | tag[8];
    uint64_t sent, got, delay;

    if (memcmp(tag, BENCH_LOAD_MAGIC, 3) != 0 || stream >= BENCH_LOAD_MAX_STREAMS)
        return;
    sent = atomic_exchange(bench_load_slot(shared, stream, sequence), 0);
    if (!sent)
        return; /* once more */
    delay = now > sent ? now - sent : 0;
    got = atomic_load(&shared->got);
    if (got < BENCH_LOAD_DELAYS)
        shared->delay_ns[got] = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
    atomic_store(&shared->got, got + 1);
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void message(const uint8_t *mask, const uint8_t *text, size_t len, uint64_t now)
{
    uint8_t tag[BENCH_LOAD_TAG];
    char chars[BENCH_LOAD_TAG / 3 * 4];
    size_t first = len - TAIL - BASE64, bytes;

    if (len < TAIL + BASE64)
        return;
    for (size_t i = 0; i < sizeof(chars); i++)
        chars[i] = (char)(text[first + i] ^ mask[(first + i) % 4]);
    if (omsp_base64_decode(chars, sizeof(chars), tag, sizeof(tag), &bytes) == OMSP_OK &&
        bytes == sizeof(tag))
        arrived(tag, now);
}

/* What is whole; the rest moves to the front. */
static void frames(struct peer *peer, uint64_t now)
{
    size_t at = 0;

    while (peer->len - at >= 2) {
        const uint8_t *frame = peer->data + at;
        size_t len = frame[1] & 0x7f, head = (frame[1] & 0x80 ? 4 : 0) + (len == 126 ? 4u : 2u);

        if (peer->len - at < head)
            break;
        if (len == 126)
            len = (size_t)frame[2] << 8 | frame[3];
        if (len == 127 || head + len > ROOM)
            die("a frame that nobody sends");
        if (peer->len - at < head + len)
            break;
        if ((frame[0] & 15) == 1)
            message(frame + head - 4, frame + head, len, now);
        else if ((frame[0] & 15) == 2 && len > BENCH_LOAD_TAG)
            arrived(frame + head, now);
        at += head + len;
    }
    memmove(peer->data, peer->data + at, peer->len - at);
    peer->len -= at;
}

/* ---- sockets ----------------------------------------------------------------------------------
 */

static void stamped(int fd)
{
    int on = 1, room = 16 << 20;

    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static void take_stream(int fd)
{
    struct peer *peer = peers[fd];
    struct iovec vector = {peer->data + peer->len, ROOM - 1 - peer->len};
    char control[CONTROL];
    struct msghdr head = {.msg_iov = &vector,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(fd, &head, 0);

    if (got <= 0) {
        close(fd);
        free(peer);
        peers[fd] = NULL;
        return;
    }
    peer->len += (size_t)got;
    if (memcmp(peer->data, "GET ", 4) != 0) {
        frames(peer, stamp_of(&head));
        return;
    }
    peer->data[peer->len] = 0;
    if (strstr((char *)peer->data, "\r\n\r\n")) {
        bench_sink_upgrade(fd, (char *)peer->data);
        peer->len = 0;
    }
}

static void take_datagrams(int fd)
{
    static uint8_t data[BATCH][512];
    static char control[BATCH][CONTROL];
    static struct mmsghdr heads[BATCH];
    static struct iovec vectors[BATCH];
    int got;

    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){data[i], sizeof(data[i])};
        heads[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
                                           .msg_iovlen = 1,
                                           .msg_control = control[i],
                                           .msg_controllen = CONTROL};
    }
    got = recvmmsg(fd, heads, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++)
        if (heads[i].msg_len == BENCH_LOAD_RTP)
            arrived(data[i] + 12, stamp_of(&heads[i].msg_hdr));
}

static int open_port(int type)
{
    struct sockaddr_in addr = bench_sink_addr(shared->port);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
        (type == SOCK_STREAM && listen(fd, 4096)))
        die("a port of the sink");
    return fd;
}

static void add(int epoll, int fd)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &watch))
        die("epoll");
}

static void take_connection(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

    if (fd < 0)
        return;
    if (fd >= FILES || !(peers[fd] = malloc(sizeof(*peers[fd]))))
        die("so many connections");
    peers[fd]->len = 0;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    add(epoll, fd);
}

static void answer(int fd)
{
    uint64_t value = 1;
    char question;

    if (read(fd, &question, 1) != 1 || write(fd, &value, sizeof(value)) != sizeof(value))
        exit(0);
}

void bench_load_sink(struct bench_load_shared *memory, int fd)
{
    struct epoll_event events[BATCH];
    int epoll = epoll_create1(EPOLL_CLOEXEC), listener, datagrams;

    shared = memory;
    listener = open_port(SOCK_STREAM);
    datagrams = open_port(SOCK_DGRAM);
    stamped(datagrams);
    add(epoll, fd);
    add(epoll, listener);
    add(epoll, datagrams);
    for (;;) {
        int count = epoll_wait(epoll, events, BATCH, -1);

        for (int e = 0; e < count; e++) {
            int ready = events[e].data.fd;

            if (ready == fd)
                answer(fd);
            else if (ready == listener)
                take_connection(epoll, listener);
            else if (ready == datagrams)
                take_datagrams(datagrams);
            else
                take_stream(ready);
        }
    }
}
