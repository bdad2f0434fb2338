/*
 * UDP over an I/O completion port: exactly one overlapped receive outstanding per socket, so one
 * receive call per packet, and completions fetched in batches. Sending is a plain non-blocking
 * sendto by any thread (overlapped sends cost two and a half times as much).
 *
 * Receives are asked for, cancelled and ended on the loop thread alone: open and close on other
 * threads only put the socket on a list and wake it. So a socket's receive state needs no lock, and
 * a receive never dies with the thread that opened the socket.
 *
 * Deadlines: a completion port waits in ticks of 15.6 ms unless somebody asked for finer ones, so
 * the period is 1 ms while a loop exists. A high-resolution waitable timer would need a thread of
 * its own to become a completion; a media process asks for 1 ms anyway.
 */
#include "win/win.h"

#include "base/alloc.h"
#include "base/list.h"
#include "port/lock.h"

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <timeapi.h>
#include <stdlib.h>
#include <string.h>

#ifndef SIO_UDP_CONNRESET
#define SIO_UDP_CONNRESET _WSAIOW(IOC_VENDOR, 12)
#endif
#ifndef SIO_UDP_NETRESET
#define SIO_UDP_NETRESET _WSAIOW(IOC_VENDOR, 15)
#endif
#ifndef WSA_FLAG_NO_HANDLE_INHERIT
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#endif

#define EVENTS   64
#define RECEIVE  524288 /* receive buffer asked for; the system may grant less */
#define PATIENCE 1000   /* receives refused in a row before the socket counts as broken */

#define NT_OK        0x00000000u
#define NT_TRUNCATED 0x80000005u /* STATUS_BUFFER_OVERFLOW */

struct loop {
    struct omsp_net_loop base;
    HANDLE port;
    volatile LONG wake_pending;
    volatile LONG sockets;
    struct omsp_lock lock;              /* of the lists; a leaf */
    struct omsp_link starting, closing; /* struct udp.link */
};

struct udp {
    struct omsp_udp base;
    SOCKET handle;
    uint8_t family;
    volatile LONG closed;
    struct omsp_link link;
    /* The loop thread's alone. */
    bool pending;      /* a completion of ours is to come */
    bool doubtful;     /* whether `receive` completes is unknown; `again` will tell */
    bool dying;        /* taken off the closing list */
    unsigned refusals; /* in a row */
    OVERLAPPED receive, again;
    struct sockaddr_storage from;
    int from_len;
    uint8_t data[OMSP_UDP_MAX + 1]; /* one more, to know a longer datagram however it is reported */
};

static struct loop *loop_of(struct omsp_net_loop *base)
{
    return (struct loop *)base;
}

static int to_system(const struct omsp_addr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (addr->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;

        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        return (int)sizeof(*in);
    }
    if (addr->family == 6) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;

        in->sin6_family = AF_INET6;
        in->sin6_port = htons(addr->port);
        in->sin6_scope_id = addr->scope;
        memcpy(&in->sin6_addr, addr->ip, 16);
        return (int)sizeof(*in);
    }
    return 0;
}

static void from_system(const struct sockaddr_storage *addr, struct omsp_addr *out)
{
    memset(out, 0, sizeof(*out));
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

        out->family = 4;
        out->port = ntohs(in->sin_port);
        memcpy(out->ip, &in->sin_addr, 4);
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)addr;

        out->family = 6;
        out->port = ntohs(in->sin6_port);
        out->scope = in->sin6_scope_id;
        memcpy(out->ip, &in->sin6_addr, 16);
    }
}

static enum omsp_status open_status(int error)
{
    switch (error) {
    case WSAEADDRINUSE:
        return OMSP_ADDRINUSE;
    case WSAEADDRNOTAVAIL:
    case WSAEAFNOSUPPORT:
    case WSAEPROTONOSUPPORT:
    case WSAEINVAL:
        return OMSP_INVALID;
    case WSAEACCES:
        return OMSP_ACCESS;
    case WSAENOBUFS:
    case WSA_NOT_ENOUGH_MEMORY:
        return OMSP_NOMEM;
    case WSAEMFILE:
        return OMSP_FULL;
    default:
        return OMSP_IO;
    }
}

static enum omsp_status send_status(int error)
{
    switch (error) {
    case WSAEWOULDBLOCK:
    case WSAENOBUFS:
    case WSAEINTR:
        return OMSP_FULL;
    case WSAECONNRESET:
    case WSAENETRESET:
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
    case WSAENETDOWN:
    case WSAEHOSTDOWN:
    case WSAECONNREFUSED:
    case WSAEADDRNOTAVAIL:
    case WSAEAFNOSUPPORT:
    case WSAEACCES: /* broadcast, firewall */
        return OMSP_UNREACHABLE;
    default:
        return OMSP_IO;
    }
}

/* What an ICMP message, a too long datagram, a shortage or the end of an earlier loop thread leaves
 * behind, as opposed to a dead socket. */
static bool passes(int error)
{
    switch (error) {
    case WSAEWOULDBLOCK:
    case WSAEINTR:
    case WSAECONNRESET:
    case WSAENETRESET:
    case WSAECONNREFUSED:
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
    case WSAENETDOWN:
    case WSAEHOSTDOWN:
    case WSAEMSGSIZE:
    case WSAENOBUFS:
    case WSA_NOT_ENOUGH_MEMORY:
    case WSA_OPERATION_ABORTED:
    case ERROR_PORT_UNREACHABLE:
        return true;
    default:
        return false;
    }
}

static void loop_wake(struct omsp_net_loop *base)
{
    struct loop *loop = loop_of(base);

    /* Should the system have no memory for the packet, the mark makes the next wait return. */
    if (!InterlockedExchange(&loop->wake_pending, 1))
        PostQueuedCompletionStatus(loop->port, 0, 0, NULL);
}

/* ---- sockets ------------------------------------------------------------------------------- */

static enum omsp_status udp_bind(struct udp *udp, struct omsp_addr *addr)
{
    struct sockaddr_storage where;
    int len = to_system(addr, &where), room = RECEIVE, error;
    DWORD on = 1, off = 0, got;
    u_long nonblocking = 1;

    udp->handle = WSASocketW(where.ss_family, SOCK_DGRAM, IPPROTO_UDP, NULL, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (udp->handle == INVALID_SOCKET)
        return open_status(WSAGetLastError());
    if (ioctlsocket(udp->handle, FIONBIO, &nonblocking) ||
        setsockopt(udp->handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on)))
        return OMSP_IO;
    if (where.ss_family == AF_INET6 &&
        setsockopt(udp->handle, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&on, sizeof(on)))
        return OMSP_IO;
    /* Wishes: without them bursts are lost sooner, and ICMP errors cost a receive each. */
    setsockopt(udp->handle, SOL_SOCKET, SO_RCVBUF, (const char *)&room, sizeof(room));
    WSAIoctl(udp->handle, SIO_UDP_CONNRESET, &off, sizeof(off), NULL, 0, &got, NULL, NULL);
    WSAIoctl(udp->handle, SIO_UDP_NETRESET, &off, sizeof(off), NULL, 0, &got, NULL, NULL);
    if (bind(udp->handle, (struct sockaddr *)&where, len)) {
        error = WSAGetLastError();
        /* What Windows says of a port that another holds exclusively or that is set aside. */
        return error == WSAEACCES ? OMSP_ADDRINUSE : open_status(error);
    }
    len = sizeof(where);
    if (getsockname(udp->handle, (struct sockaddr *)&where, &len))
        return OMSP_IO;
    from_system(&where, addr);
    udp->family = addr->family;
    return OMSP_OK;
}

static void udp_free(struct udp *udp)
{
    if (udp->handle != INVALID_SOCKET)
        closesocket(udp->handle);
    omsp_free(udp);
}

static enum omsp_status loop_open(struct omsp_net_loop *base, const struct omsp_udp *init,
                                  struct omsp_addr *addr, struct omsp_udp **out)
{
    struct loop *loop = loop_of(base);
    struct omsp_addr bound = *addr;
    enum omsp_status status;
    struct udp *udp;

    if (addr->family != 4 && addr->family != 6)
        return OMSP_INVALID;
    udp = omsp_zalloc(sizeof(*udp));
    if (!udp)
        return OMSP_NOMEM;
    udp->base = *init;
    udp->base.loop = base;
    omsp_list_init(&udp->link);
    udp->handle = INVALID_SOCKET;
    status = udp_bind(udp, &bound);
    if (status == OMSP_OK &&
        !CreateIoCompletionPort((HANDLE)udp->handle, loop->port, (ULONG_PTR)udp, 0))
        status = OMSP_IO;
    if (status != OMSP_OK) {
        udp_free(udp);
        return status;
    }
    InterlockedIncrement(&loop->sockets);
    *addr = bound;
    *out = &udp->base;
    omsp_lock_acquire(&loop->lock);
    omsp_list_insert(&loop->starting, &udp->link);
    loop_wake(base);
    omsp_lock_release(&loop->lock);
    return OMSP_OK;
}

static enum omsp_status udp_send(struct omsp_udp *base, const struct omsp_addr *to,
                                 const void *data, size_t len)
{
    struct udp *udp = (struct udp *)base;
    struct sockaddr_storage where;
    int where_len;

    if (to->family != udp->family)
        return OMSP_UNREACHABLE;
    if (len > INT_MAX)
        return OMSP_IO;
    where_len = to_system(to, &where);
    if (sendto(udp->handle, data, (int)len, 0, (struct sockaddr *)&where, where_len) >= 0)
        return OMSP_OK;
    return send_status(WSAGetLastError());
}

static void udp_close(struct omsp_udp *base)
{
    struct udp *udp = (struct udp *)base;
    struct loop *loop = loop_of(base->loop);

    InterlockedExchange(&udp->closed, 1);
    omsp_lock_acquire(&loop->lock);
    omsp_list_remove(&udp->link); /* it may not even have been started */
    omsp_list_insert(&loop->closing, &udp->link);
    /* Under the lock: once it is free, the socket, and with the last one the loop, may be gone. */
    loop_wake(&loop->base);
    omsp_lock_release(&loop->lock);
}

/* Nothing of it is outstanding any more. */
static void finish(struct loop *loop, struct udp *udp)
{
    void (*on_closed)(void *owner) = udp->base.on_closed;
    void *owner = udp->base.owner;

    closesocket(udp->handle);
    udp->handle = INVALID_SOCKET;
    if (on_closed)
        on_closed(owner);
    udp_free(udp);
    InterlockedDecrement(&loop->sockets);
}

/* ---- receiving, on the loop thread --------------------------------------------------------- */

static void receiving_failed(struct udp *udp, int error)
{
    if (udp->base.on_error && !udp->closed)
        udp->base.on_error(udp->base.owner, &udp->base,
                           error == WSAENOBUFS || error == WSA_NOT_ENOUGH_MEMORY ? OMSP_NOMEM
                                                                                 : OMSP_IO);
}

/* Asks for the next datagram. */
static void ask(struct loop *loop, struct udp *udp)
{
    WSABUF room = {sizeof(udp->data), (char *)udp->data};
    DWORD flags = 0;
    int error;

    if (udp->closed)
        return;
    memset(&udp->receive, 0, sizeof(udp->receive));
    udp->from_len = sizeof(udp->from);
    if (WSARecvFrom(udp->handle, &room, 1, NULL, &flags, (struct sockaddr *)&udp->from,
                    &udp->from_len, &udp->receive, NULL) == 0 ||
        (error = WSAGetLastError()) == WSA_IO_PENDING) {
        udp->pending = true;
        return;
    }
    /* Refused at once. Whether such a call completes too depends on the error and the system, so
     * a packet of our own follows it through the port, which is first in, first out: when that one
     * arrives nothing else is to come, and we ask again. */
    if (!passes(error) || ++udp->refusals > PATIENCE ||
        !PostQueuedCompletionStatus(loop->port, 0, (ULONG_PTR)udp, &udp->again)) {
        receiving_failed(udp, error);
        return;
    }
    udp->doubtful = udp->pending = true;
}

static void received(struct udp *udp, DWORD len, uint64_t now)
{
    DWORD status = (DWORD)udp->receive.Internal, n, flags;
    struct omsp_addr from;

    if (status == NT_OK) {
        udp->refusals = 0;
        if (len > OMSP_UDP_MAX)
            return;
        from_system(&udp->from, &from);
        udp->base.on_datagram(udp->base.owner, &udp->base, &from, udp->data, len, now);
    } else if (status != NT_TRUNCATED &&
               !WSAGetOverlappedResult(udp->handle, &udp->receive, &n, FALSE, &flags)) {
        int error = WSAGetLastError();

        if (!passes(error) || ++udp->refusals > PATIENCE) {
            receiving_failed(udp, error);
            udp->refusals = PATIENCE + 1;
        }
    }
}

static void completed(struct loop *loop, struct udp *udp, const OVERLAPPED_ENTRY *entry,
                      uint64_t now)
{
    bool answer = entry->lpOverlapped == &udp->receive;

    if (answer && udp->doubtful)
        return;
    udp->pending = udp->doubtful = false;
    if (udp->dying) {
        finish(loop, udp);
        return;
    }
    if (udp->closed)
        return;
    if (answer)
        received(udp, entry->dwNumberOfBytesTransferred, now);
    if (udp->refusals <= PATIENCE)
        ask(loop, udp);
}

static struct udp *take(struct loop *loop, struct omsp_link *head)
{
    struct udp *udp = NULL;

    omsp_lock_acquire(&loop->lock);
    if (!omsp_list_empty(head)) {
        udp = omsp_container(head->next, struct udp, link);
        omsp_list_remove(&udp->link);
    }
    omsp_lock_release(&loop->lock);
    return udp;
}

/* What open and close left to do. */
static void tend(struct loop *loop)
{
    struct udp *udp;

    while ((udp = take(loop, &loop->starting)) != NULL)
        ask(loop, udp);
    while ((udp = take(loop, &loop->closing)) != NULL) {
        udp->dying = true;
        if (udp->pending)
            CancelIoEx((HANDLE)udp->handle, &udp->receive); /* or it has completed already */
        else
            finish(loop, udp);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

static DWORD sleep_ms(uint64_t deadline_us)
{
    uint64_t now, ms;

    if (deadline_us == UINT64_MAX)
        return INFINITE;
    now = omsp_win_now_us();
    if (deadline_us <= now)
        return 0;
    ms = (deadline_us - now + 999) / 1000;
    return ms < 0x7fffffff ? (DWORD)ms : 0x7fffffff;
}

static ULONG wait_events(struct loop *loop, OVERLAPPED_ENTRY *entries, uint64_t deadline_us)
{
    bool woken = loop->wake_pending != 0;
    ULONG count = 0;

    while (!GetQueuedCompletionStatusEx(loop->port, entries, EVENTS, &count,
                                        woken ? 0 : sleep_ms(deadline_us), FALSE)) {
        count = 0;
        /* A timeout may come a tick early. */
        if (woken || GetLastError() != WAIT_TIMEOUT || sleep_ms(deadline_us) == 0)
            break;
    }
    for (ULONG i = 0; i < count; i++)
        woken |= !entries[i].lpCompletionKey;
    /* A wake from now on posts anew; one before it relies on this return. */
    if (woken)
        InterlockedExchange(&loop->wake_pending, 0);
    return count;
}

static void loop_wait(struct omsp_net_loop *base, uint64_t deadline_us)
{
    struct loop *loop = loop_of(base);
    OVERLAPPED_ENTRY entries[EVENTS];
    ULONG count = wait_events(loop, entries, deadline_us);
    uint64_t now = omsp_win_now_us();

    for (ULONG i = 0; i < count; i++) {
        if (entries[i].lpCompletionKey)
            completed(loop, (struct udp *)entries[i].lpCompletionKey, &entries[i], now);
    }
    tend(loop);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void loop_destroy(struct omsp_net_loop *base)
{
    struct loop *loop = loop_of(base);

    if (loop->sockets)
        abort(); /* a caller's bug that would else be a use after free somewhere later */
    CloseHandle(loop->port);
    omsp_lock_destroy(&loop->lock);
    omsp_free(loop);
    timeEndPeriod(1);
    WSACleanup();
}

static const struct omsp_net_loop functions = {
    .open = loop_open,
    .send = udp_send,
    .close = udp_close,
    .wait = loop_wait,
    .wake = loop_wake,
    .destroy = loop_destroy,
};

enum omsp_status omsp_win_loop_create(void *ctx, struct omsp_net_loop **out)
{
    struct loop *loop = omsp_zalloc(sizeof(*loop));
    WSADATA about;

    (void)ctx;
    if (!loop)
        return OMSP_NOMEM;
    loop->base = functions;
    omsp_lock_init(&loop->lock);
    omsp_list_init(&loop->starting);
    omsp_list_init(&loop->closing);
    /* Winsock counts these itself: one per loop, given back by destroy. */
    if (WSAStartup(MAKEWORD(2, 2), &about)) {
        omsp_free(loop);
        return OMSP_IO;
    }
    /* One concurrent thread: there is one loop thread. */
    loop->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (!loop->port) {
        WSACleanup();
        omsp_free(loop);
        return OMSP_FULL;
    }
    timeBeginPeriod(1);
    *out = &loop->base;
    return OMSP_OK;
}
