/*
 * UDP over an I/O completion port: exactly one overlapped receive outstanding per socket, so one
 * receive call per packet, and completions fetched in batches. What lies there already when the
 * next receive is asked for is handed out at once, without a turn through the port
 * (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS), a batch of it at most. Under Wine completions are fetched
 * one by one: each is a request to its server anyway, and a batch that is not full one more.
 * Sending is a plain non-blocking sendto by any thread (overlapped sends cost two and a half times
 * as much).
 *
 * Receives are asked for, cancelled and ended on the loop thread alone: open and close on other
 * threads only put the socket on a list and wake it. So a socket's receive state needs no lock, and
 * a receive never dies with the thread that opened the socket. (A handle that another thread closed
 * under a receive now and then left it without a completion under Wine.) Who binds an address that
 * a socket still has which was closed before waits until the loop thread has closed it.
 *
 * Deadlines: a completion port waits in ticks of 15.6 ms unless somebody asked for finer ones, so
 * the period is 1 ms while a loop exists. A high-resolution waitable timer would need a thread of
 * its own to become a completion; a media process asks for 1 ms anyway.
 */
#include "win/socket.h"

#include "win/win.h"

#include "base/alloc.h"
#include "base/list.h"
#include "port/lock.h"

#include <windows.h>
#include <timeapi.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS      64
#define BATCH       32   /* datagrams taken from one socket in one go */
#define PATIENCE    1000 /* receives refused in a row, */
#define PATIENCE_MS 2000 /* and for so long, before the socket counts as broken */
#define CLOSING_MS  500  /* that a loop thread may take to close a handle */

#define NT_OK        0x00000000u
#define NT_TRUNCATED 0x80000005u /* STATUS_BUFFER_OVERFLOW */

struct loop {
    struct omsp_net_loop base;
    HANDLE port;
    ULONG events; /* fetched at a time */
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
    bool direct;       /* a receive that succeeds at once sends no completion */
    bool deaf;         /* receiving failed and was reported */
    unsigned refusals; /* in a row */
    ULONGLONG refused; /* tick count of the first of them */
    OVERLAPPED receive, again;
    struct sockaddr_storage from;
    int from_len;
    uint8_t data[OMSP_UDP_MAX + 1]; /* one more, to know a longer datagram however it is reported */
};

static struct loop *loop_of(struct omsp_net_loop *base)
{
    return (struct loop *)base;
}

static void loop_wake(struct omsp_net_loop *base)
{
    struct loop *loop = loop_of(base);

    /* Should the system have no memory for the packet, waits look at the mark, too. */
    if (!InterlockedExchange(&loop->wake_pending, 1))
        PostQueuedCompletionStatus(loop->port, 0, 0, NULL);
}

/* ---- sockets ------------------------------------------------------------------------------- */

/* Of all loops: closed by their owners, their handles not yet by the loop threads. */
static volatile LONG handles_to_close;

/* An address may still be held by such a one: then its loop thread is waited for, for a moment. */
static enum omsp_status bind_when_free(struct omsp_addr *bound, SOCKET *handle)
{
    ULONGLONG give_up = GetTickCount64() + CLOSING_MS;
    struct omsp_addr wanted = *bound;
    enum omsp_status status;

    for (;;) {
        bool closing = handles_to_close > 0; /* looked at before the address is */

        *bound = wanted;
        status = omsp_win_socket_bind(bound, handle);
        if (status != OMSP_ADDRINUSE || !closing || GetTickCount64() >= give_up)
            return status;
        Sleep(1);
    }
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
    udp->family = addr->family;
    status = bind_when_free(&bound, &udp->handle);
    if (status == OMSP_OK &&
        !CreateIoCompletionPort((HANDLE)udp->handle, loop->port, (ULONG_PTR)udp, 0))
        status = OMSP_IO;
    if (status != OMSP_OK) {
        udp_free(udp);
        return status;
    }
    /* Refused where sockets are not the system's own (layered providers): all go through the port.
     */
    udp->direct = SetFileCompletionNotificationModes((HANDLE)udp->handle,
                                                     FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
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

    if (to->family != udp->family)
        return OMSP_UNREACHABLE;
    return omsp_win_socket_send(udp->handle, to, data, len);
}

static void udp_close(struct omsp_udp *base)
{
    struct udp *udp = (struct udp *)base;
    struct loop *loop = loop_of(base->loop);

    InterlockedIncrement(&handles_to_close);
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
    InterlockedDecrement(&handles_to_close);
    if (on_closed)
        on_closed(owner);
    udp_free(udp);
    InterlockedDecrement(&loop->sockets);
}

/* ---- receiving, on the loop thread --------------------------------------------------------- */

static void receiving_failed(struct udp *udp, int error)
{
    udp->deaf = true;
    if (udp->base.on_error && !udp->closed)
        udp->base.on_error(udp->base.owner, &udp->base,
                           error == WSAENOBUFS || error == WSA_NOT_ENOUGH_MEMORY ? OMSP_NOMEM
                                                                                 : OMSP_IO);
}

static void hand_out(struct udp *udp, DWORD len, uint64_t now)
{
    struct omsp_addr from;

    udp->refusals = 0;
    if (len > OMSP_UDP_MAX)
        return;
    omsp_win_socket_addr(&udp->from, &from);
    udp->base.on_datagram(udp->base.owner, &udp->base, &from, udp->data, len, now);
}

/* After a receive that failed: is it broken? What is too long, or an ICMP message, was there and is
 * gone now: however many of them come, that is no refusal. A shortage of the system's memory is
 * one, and may pass. */
static bool is_broken(struct udp *udp, int error)
{
    switch (error) {
    case WSAEMSGSIZE:
    case WSAECONNRESET:
    case WSAENETRESET:
    case WSAECONNREFUSED:
    case ERROR_PORT_UNREACHABLE:
        udp->refusals = 0;
        return false;
    default:
        if (!udp->refusals++)
            udp->refused = GetTickCount64();
        return !omsp_win_socket_recovers(error) ||
               (udp->refusals > PATIENCE && GetTickCount64() - udp->refused >= PATIENCE_MS);
    }
}

/* Asks for the next datagram. True: it is here already, *len bytes of it. */
static bool ask_once(struct loop *loop, struct udp *udp, DWORD *len)
{
    WSABUF room = {sizeof(udp->data), (char *)udp->data};
    DWORD flags = 0;
    int error;

    memset(&udp->receive, 0, sizeof(udp->receive));
    udp->from_len = sizeof(udp->from);
    if (WSARecvFrom(udp->handle, &room, 1, len, &flags, (struct sockaddr *)&udp->from,
                    &udp->from_len, &udp->receive, NULL) == 0) {
        udp->pending = !udp->direct;
        return udp->direct;
    }
    error = WSAGetLastError();
    if (error == WSA_IO_PENDING) {
        udp->pending = true;
        return false;
    }
    /* Refused at once. Whether such a call completes too depends on the error and the system, so
     * a packet of our own follows it through the port, which is first in, first out: when that one
     * arrives nothing else is to come, and we ask again. */
    if (is_broken(udp, error) ||
        !PostQueuedCompletionStatus(loop->port, 0, (ULONG_PTR)udp, &udp->again)) {
        receiving_failed(udp, error);
        return false;
    }
    udp->doubtful = udp->pending = true;
    return false;
}

/* Nothing is outstanding, and the system has no memory for a packet of ours: as if it had just been
 * opened. The mark makes the next wait return at once. */
static void ask_later(struct loop *loop, struct udp *udp)
{
    omsp_lock_acquire(&loop->lock);
    if (!udp->closed)
        omsp_list_insert(&loop->starting, &udp->link);
    omsp_lock_release(&loop->lock);
    InterlockedExchange(&loop->wake_pending, 1);
}

/* Until nothing is there, or others shall have their turn. */
static void ask(struct loop *loop, struct udp *udp, uint64_t now)
{
    for (int i = 0; i < BATCH; i++) {
        DWORD len = 0;

        if (udp->closed || !ask_once(loop, udp, &len))
            return;
        hand_out(udp, len, now);
    }
    if (udp->closed)
        return;
    if (PostQueuedCompletionStatus(loop->port, 0, (ULONG_PTR)udp, &udp->again))
        udp->pending = true;
    else
        ask_later(loop, udp);
}

static void received(struct udp *udp, DWORD len, uint64_t now)
{
    DWORD status = (DWORD)udp->receive.Internal, n, flags;

    if (status == NT_OK) {
        hand_out(udp, len, now);
    } else if (status != NT_TRUNCATED &&
               !WSAGetOverlappedResult(udp->handle, &udp->receive, &n, FALSE, &flags)) {
        int error = WSAGetLastError();

        if (is_broken(udp, error))
            receiving_failed(udp, error);
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
    if (!udp->deaf)
        ask(loop, udp, now);
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

/* All of one list to another, which others still take from: under the lock. */
static void move_all(struct loop *loop, struct omsp_link *from, struct omsp_link *to)
{
    omsp_lock_acquire(&loop->lock);
    while (!omsp_list_empty(from)) {
        struct omsp_link *link = from->next;

        omsp_list_remove(link);
        omsp_list_insert(to, link);
    }
    omsp_lock_release(&loop->lock);
}

/* What open and close left to do. Who comes to be asked later waits for the next turn. */
static void tend(struct loop *loop, uint64_t now)
{
    struct omsp_link round;
    struct udp *udp;

    omsp_list_init(&round);
    move_all(loop, &loop->starting, &round);
    while ((udp = take(loop, &round)) != NULL)
        ask(loop, udp, now);
    while ((udp = take(loop, &loop->closing)) != NULL) {
        udp->dying = true;
        if (udp->pending)
            CancelIoEx((HANDLE)udp->handle, &udp->receive); /* or it has completed already */
        else
            finish(loop, udp);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

static ULONG wait_events(struct loop *loop, OVERLAPPED_ENTRY *entries, uint64_t deadline_us)
{
    bool woken = loop->wake_pending != 0;
    ULONG count = 0;

    while (!GetQueuedCompletionStatusEx(loop->port, entries, loop->events, &count,
                                        woken ? 0 : omsp_win_wait_ms(deadline_us), FALSE)) {
        count = 0;
        /* A timeout may come a tick early. */
        if (woken || GetLastError() != WAIT_TIMEOUT || omsp_win_wait_ms(deadline_us) == 0)
            break;
        woken = loop->wake_pending != 0;
    }
    for (ULONG i = 0; i < count; i++)
        woken |= !entries[i].lpCompletionKey;
    /* A wake from now on posts anew; one before it relies on this return. */
    if (woken)
        InterlockedExchange(&loop->wake_pending, 0);
    return count;
}

static uint64_t loop_wait(struct omsp_net_loop *base, uint64_t deadline_us)
{
    struct loop *loop = loop_of(base);
    OVERLAPPED_ENTRY entries[EVENTS];
    ULONG count = wait_events(loop, entries, deadline_us);
    uint64_t now = omsp_win_now_us();

    for (ULONG i = 0; i < count; i++) {
        if (entries[i].lpCompletionKey)
            completed(loop, (struct udp *)entries[i].lpCompletionKey, &entries[i], now);
    }
    tend(loop, now);
    return now;
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
    loop->events = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") ? 1 : EVENTS;
    timeBeginPeriod(1);
    *out = &loop->base;
    return OMSP_OK;
}
