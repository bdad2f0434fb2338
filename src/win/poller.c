/*
 * What src/curl needs of Windows, sockets' part: WSAPoll over a table, a loopback UDP socket for
 * wakes. A poller is waited for by one thread; watch and wake are anyone's.
 *
 * Not the completion port of net_loop.c: TLS reads through curl, which wants readiness, and a
 * connection carries a few packets a tick, so one poll serves many.
 */
#include "win/poller.h"

#include "win/win.h"

#include "base/alloc.h"
#include "port/lock.h"

#include <windows.h>
#include <timeapi.h>
#include <string.h>

#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#endif

#define WAKE_LOST_MS 50

struct slot {
    SOCKET sock;
    void *data; /* NULL: the wake socket */
    SHORT want;
};

struct omsp_poller {
    struct omsp_lock lock; /* of the table; a leaf */
    struct slot *slots;
    unsigned count, room;
    SOCKET wake;
    struct omsp_lock wake_lock; /* of sending to it; a leaf */
    volatile LONG wake_pending;
    volatile LONG woken_at; /* GetTickCount of the last datagram */
    /* The waiting thread's copies. */
    WSAPOLLFD *fds;
    void **datas;
    unsigned copies;
};

static void drop(SOCKET sock)
{
    if (sock != INVALID_SOCKET)
        closesocket(sock);
}

static void poller_destroy(struct omsp_poller *poller)
{
    drop(poller->wake);
    omsp_lock_destroy(&poller->wake_lock);
    omsp_lock_destroy(&poller->lock);
    omsp_free(poller->slots);
    omsp_free(poller->fds);
    omsp_free(poller->datas);
    omsp_free(poller);
    timeEndPeriod(1);
    WSACleanup();
}

static curl_socket_t sock_open(int family, int type, int protocol)
{
    const int room = OMSP_TCP_SEND_ROOM;
    SOCKET sock = WSASocketW(family, type, protocol, NULL, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

    if (sock != INVALID_SOCKET && type == SOCK_STREAM)
        setsockopt(sock, SOL_SOCKET, SO_SNDBUF, (const char *)&room, sizeof(room));
    return sock;
}

/* A datagram socket connected to itself: what it sends wakes it. */
static SOCKET wake_socket(void)
{
    SOCKET sock = sock_open(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET};
    int len = sizeof(here);
    u_long on = 1;

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sock == INVALID_SOCKET || bind(sock, (struct sockaddr *)&here, len) ||
        getsockname(sock, (struct sockaddr *)&here, &len) ||
        connect(sock, (struct sockaddr *)&here, len) || ioctlsocket(sock, FIONBIO, &on)) {
        drop(sock);
        return INVALID_SOCKET;
    }
    return sock;
}

/* One datagram for all who wake before it is read. It may get lost (the system may be out of
 * memory, and says so or not): who comes when it should have been read long ago sends another, and
 * no wait is longer than a second. One thread at a time: Wine refuses what is sent while another
 * thread's send has not quite returned, though that one's datagram may have been read by then. */
static void wake(struct omsp_poller *poller)
{
    LONG now = (LONG)GetTickCount();
    bool first = !InterlockedExchange(&poller->wake_pending, 1);

    if (first || (ULONG)now - (ULONG)poller->woken_at > WAKE_LOST_MS) {
        InterlockedExchange(&poller->woken_at, now);
        omsp_lock_acquire(&poller->wake_lock);
        if (send(poller->wake, "", 1, 0) != 1)
            InterlockedExchange(&poller->wake_pending, 0); /* the next one tries again */
        omsp_lock_release(&poller->wake_lock);
    }
}

static struct slot *find(struct omsp_poller *poller, SOCKET sock)
{
    for (unsigned i = 0; i < poller->count; i++) {
        if (poller->slots[i].sock == sock)
            return &poller->slots[i];
    }
    return NULL;
}

static struct slot *add(struct omsp_poller *poller, SOCKET sock)
{
    if (poller->count == poller->room) {
        unsigned room = poller->room ? poller->room * 2 : 16;
        struct slot *slots = omsp_resize(poller->slots, room * sizeof(*slots));

        if (!slots)
            return NULL;
        poller->slots = slots;
        poller->room = room;
    }
    poller->slots[poller->count].sock = sock;
    return &poller->slots[poller->count++];
}

static enum omsp_status watch(struct omsp_poller *poller, curl_socket_t sock, void *data, bool in,
                              bool out)
{
    struct slot *slot;

    omsp_lock_acquire(&poller->lock);
    slot = find(poller, sock);
    if (!slot)
        slot = add(poller, sock);
    if (slot) {
        slot->data = data;
        slot->want = (SHORT)((in ? POLLRDNORM : 0) | (out ? POLLWRNORM : 0));
    }
    omsp_lock_release(&poller->lock);
    if (slot)
        wake(poller); /* a wait that runs has the old table */
    return slot ? OMSP_OK : OMSP_NOMEM;
}

static void forget(struct omsp_poller *poller, curl_socket_t sock, const void *data)
{
    struct slot *slot;

    omsp_lock_acquire(&poller->lock);
    slot = find(poller, sock);
    if (slot && slot->data == data)
        *slot = poller->slots[--poller->count];
    omsp_lock_release(&poller->lock);
}

static enum omsp_status poller_create(struct omsp_poller **out)
{
    struct omsp_poller *poller = omsp_zalloc(sizeof(*poller));
    struct slot *slot;
    WSADATA about;

    if (!poller)
        return OMSP_NOMEM;
    if (WSAStartup(MAKEWORD(2, 2), &about)) {
        omsp_free(poller);
        return OMSP_IO;
    }
    timeBeginPeriod(1); /* or waits end in ticks of 15.6 ms */
    omsp_lock_init(&poller->lock);
    omsp_lock_init(&poller->wake_lock);
    poller->wake = wake_socket();
    slot = poller->wake == INVALID_SOCKET ? NULL : add(poller, poller->wake);
    if (!slot) {
        enum omsp_status status = poller->wake == INVALID_SOCKET ? OMSP_FULL : OMSP_NOMEM;

        poller_destroy(poller);
        return status;
    }
    slot->data = NULL;
    slot->want = POLLRDNORM;
    *out = poller;
    return OMSP_OK;
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Under the lock. Without memory: as many as there is room for, the wake socket among them. */
static unsigned copy_table(struct omsp_poller *poller)
{
    unsigned count = poller->count;

    if (poller->copies < poller->room) {
        WSAPOLLFD *fds = omsp_resize(poller->fds, poller->room * sizeof(*fds));
        void **datas = omsp_resize(poller->datas, poller->room * sizeof(*datas));

        if (fds)
            poller->fds = fds;
        if (datas)
            poller->datas = datas;
        if (fds && datas)
            poller->copies = poller->room;
    }
    if (count > poller->copies)
        count = poller->copies;
    for (unsigned i = 0; i < count; i++) {
        poller->fds[i].fd = poller->slots[i].sock;
        poller->fds[i].events = poller->slots[i].want;
        poller->fds[i].revents = 0;
        poller->datas[i] = poller->slots[i].data;
    }
    return count;
}

static void awoken(struct omsp_poller *poller)
{
    char drain[64];

    recv(poller->wake, drain, sizeof(drain), 0);
    /* After the read: a wake between the two finds the mark and relies on this return. */
    InterlockedExchange(&poller->wake_pending, 0);
}

/* The system refused the table as a whole, for the sake of one in it: that one is told as broken,
 * so that whoever watches it comes, and the others go on. */
static int ask_each(struct omsp_poller *poller, unsigned count)
{
    int ready = 0;

    for (unsigned i = 0; i < count; i++) {
        poller->fds[i].revents = 0;
        if (WSAPoll(&poller->fds[i], 1, 0) < 0)
            poller->fds[i].revents = POLLNVAL;
        ready += poller->fds[i].revents != 0;
    }
    if (!ready)
        Sleep(1); /* or this would be a busy wait */
    return ready;
}

static unsigned wait_events(struct omsp_poller *poller, struct omsp_poll_event *events,
                            unsigned max, uint64_t deadline_us)
{
    unsigned count, found = 0, start;
    int ready;

    omsp_lock_acquire(&poller->lock);
    count = copy_table(poller);
    omsp_lock_release(&poller->lock);
    if (!count) {
        Sleep(1); /* no memory for the table */
        return 0;
    }
    ready = WSAPoll(poller->fds, count, (INT)omsp_win_wait_ms(deadline_us));
    if (ready < 0)
        ready = ask_each(poller, count);
    if (ready <= 0)
        return 0;
    /* Beginning elsewhere each time, so that the first ones cannot starve the last. */
    start = ready > (int)max ? (unsigned)omsp_win_now_us() % count : 0;
    for (unsigned n = 0; n < count && found < max; n++) {
        unsigned i = (start + n) % count;
        SHORT what = poller->fds[i].revents;

        if (!what)
            continue;
        if (!poller->datas[i])
            awoken(poller);
        events[found].data = poller->datas[i];
        events[found].in = what & (POLLRDNORM | POLLERR | POLLHUP | POLLNVAL);
        events[found].out = what & (POLLWRNORM | POLLERR | POLLHUP | POLLNVAL);
        events[found].error = what & POLLERR;
        found++;
    }
    return found;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static void sock_close(curl_socket_t sock)
{
    closesocket(sock);
}

static int part(size_t len)
{
    return len > 0x40000000 ? 0x40000000 : (int)len;
}

static enum omsp_status sock_recv(curl_socket_t sock, void *data, size_t len, size_t *got)
{
    int n = recv(sock, data, part(len), 0);

    if (n < 0)
        return WSAGetLastError() == WSAEWOULDBLOCK ? OMSP_EMPTY : OMSP_IO;
    *got = (size_t)n;
    return n ? OMSP_OK : OMSP_EOF;
}

static enum omsp_status sock_send(curl_socket_t sock, const void *data, size_t len, size_t *sent)
{
    int n = send(sock, data, part(len), 0);

    if (n < 0) {
        int error = WSAGetLastError();

        if (error != WSAEWOULDBLOCK && error != WSAENOBUFS)
            return OMSP_IO;
    }
    *sent = n < 0 ? 0 : (size_t)n;
    return OMSP_OK;
}

static bool sock_writable(curl_socket_t sock)
{
    WSAPOLLFD one = {.fd = sock, .events = POLLWRNORM};

    return WSAPoll(&one, 1, 0) == 1;
}

static bool is_dead(curl_socket_t sock)
{
    return send(sock, "", 0, 0) < 0 && WSAGetLastError() != WSAEWOULDBLOCK;
}

const struct omsp_curl_os omsp_win_curl_os = {
    .now_us = omsp_win_now_us,
    .poller_create = poller_create,
    .poller_destroy = poller_destroy,
    .watch = watch,
    .forget = forget,
    .wait = wait_events,
    .wake = wake,
    .sock_open = sock_open,
    .sock_close = sock_close,
    .sock_recv = sock_recv,
    .sock_send = sock_send,
    .sock_writable = sock_writable,
    .is_dead = is_dead,
    .verify = omsp_win_tls_verify,
    .stay_loaded = omsp_win_stay_loaded,
};
