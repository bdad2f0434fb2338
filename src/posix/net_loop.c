/*
 * UDP over epoll: level-triggered readiness, one receive call for each ready socket into buffers
 * that the loop allocated once, one eventfd for wakes. Sending is a plain non-blocking sendto by
 * any thread. Not a timer wheel and not a thread: whoever calls wait is the loop thread.
 *
 * A packet every 20 ms is one recvfrom, which costs a third less than recvmmsg does for one. Of a
 * socket that is ready in two waits one after the other more may lie there: recvmmsg.
 *
 * A socket's memory is freed on the loop thread only, at the end of a wait, so a pointer that epoll
 * gave out in the same wait is good. close() marks it, closes the descriptor and wakes; the loop
 * thread looks at the mark before each callback, and for what was closed after a wake. It says when
 * it is about to use a descriptor, looks at the mark then, and who closes waits while it does, for
 * the time of one receive call that never blocks: so the address is free when close() returns.
 */
#include "posix/socket.h"

#include "posix/posix.h"

#include "base/alloc.h"
#include "base/list.h"
#include "port/lock.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH  32 /* datagrams taken from one socket in one call */
#define EVENTS 64 /* sockets served in one wait */

struct loop {
    struct omsp_net_loop base;
    int epoll, wakefd;
    bool no_pwait2; /* an old kernel, or not allowed: milliseconds only */
    atomic_bool wake_pending;
    struct omsp_lock lock;    /* of closing; a leaf */
    struct omsp_link closing; /* struct udp.link */
    atomic_uint sockets;
    uint64_t turn; /* counts waits */
    struct mmsghdr heads[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage froms[BATCH];
    uint8_t data[BATCH][OMSP_UDP_MAX];
};

struct udp {
    struct omsp_udp base;
    int fd;
    uint8_t family;
    bool deaf;     /* loop thread; receiving failed and was reported */
    uint64_t turn; /* loop thread; the last wait that found it ready */
    atomic_bool closed;
    atomic_bool in_use; /* the loop thread is at the descriptor */
    struct omsp_link link;
};

static struct loop *loop_of(struct omsp_net_loop *base)
{
    return (struct loop *)base;
}

static void loop_wake(struct omsp_net_loop *base)
{
    struct loop *loop = loop_of(base);
    uint64_t one = 1;

    if (atomic_exchange(&loop->wake_pending, true))
        return;
    while (write(loop->wakefd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static void udp_free(struct udp *udp)
{
    if (udp->fd >= 0)
        close(udp->fd);
    omsp_free(udp);
}

static enum omsp_status loop_open(struct omsp_net_loop *base, const struct omsp_udp *init,
                                  struct omsp_addr *addr, struct omsp_udp **out)
{
    struct loop *loop = loop_of(base);
    struct omsp_addr asked = *addr, bound = *addr;
    struct udp *udp;
    struct epoll_event watch = {.events = EPOLLIN};
    enum omsp_status status;

    if (addr->family != 4 && addr->family != 6)
        return OMSP_INVALID;
    udp = omsp_zalloc(sizeof(*udp));
    if (!udp)
        return OMSP_NOMEM;
    udp->base = *init;
    udp->base.loop = base;
    omsp_list_init(&udp->link);
    udp->fd = -1;
    udp->family = addr->family;
    status = omsp_posix_socket_bind(&bound, &udp->fd);
    if (status != OMSP_OK) {
        udp_free(udp);
        return status;
    }
    /* Once epoll knows it the loop thread may hand out datagrams, even before this returns. */
    *addr = bound;
    *out = &udp->base;
    atomic_fetch_add(&loop->sockets, 1);
    watch.data.ptr = udp;
    atomic_store(&udp->closed, false); /* publishes all of the above: receive() loads it first */
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, udp->fd, &watch)) {
        status = omsp_posix_socket_status(errno);
        atomic_fetch_sub(&loop->sockets, 1);
        *addr = asked;
        *out = NULL;
        udp_free(udp);
        return status;
    }
    return OMSP_OK;
}

static enum omsp_status udp_send(struct omsp_udp *base, const struct omsp_addr *to,
                                 const void *data, size_t len)
{
    struct udp *udp = (struct udp *)base;

    if (to->family != udp->family)
        return OMSP_UNREACHABLE;
    return omsp_posix_socket_send(udp->fd, to, data, len);
}

static void udp_close(struct omsp_udp *base)
{
    struct udp *udp = (struct udp *)base;
    struct loop *loop = loop_of(base->loop);

    atomic_store(&udp->closed, true);
    while (atomic_load(&udp->in_use))
        sched_yield();
    /* Closing alone would not do: a child process may have a copy. */
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, udp->fd, NULL);
    close(udp->fd);
    udp->fd = -1;
    omsp_lock_acquire(&loop->lock);
    omsp_list_insert(&loop->closing, &udp->link);
    /* Under the lock: once it is free, the socket, and with the last one the loop, may be gone. */
    loop_wake(&loop->base);
    omsp_lock_release(&loop->lock);
}

/* Ends the sockets closed so far. Loop thread, no datagram being handed out. */
static void reap(struct loop *loop)
{
    for (;;) {
        struct udp *udp = NULL;
        void (*on_closed)(void *owner);
        void *owner;

        omsp_lock_acquire(&loop->lock);
        if (!omsp_list_empty(&loop->closing)) {
            udp = omsp_container(loop->closing.next, struct udp, link);
            omsp_list_remove(&udp->link);
        }
        omsp_lock_release(&loop->lock);
        if (!udp)
            return;
        on_closed = udp->base.on_closed;
        owner = udp->base.owner;
        if (on_closed)
            on_closed(owner);
        udp_free(udp);
        atomic_fetch_sub(&loop->sockets, 1);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* False: it is closed, and its descriptor perhaps another's. */
static bool begin_use(struct udp *udp)
{
    atomic_store(&udp->in_use, true);
    if (!atomic_load(&udp->closed))
        return true;
    atomic_store_explicit(&udp->in_use, false, memory_order_release);
    return false;
}

static void end_use(struct udp *udp)
{
    atomic_store_explicit(&udp->in_use, false, memory_order_release);
}

static void receiving_failed(struct loop *loop, struct udp *udp, int error)
{
    if (!begin_use(udp))
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, udp->fd, NULL);
    end_use(udp);
    udp->deaf = true;
    if (udp->base.on_error && !atomic_load(&udp->closed))
        udp->base.on_error(udp->base.owner, &udp->base, error == ENOMEM ? OMSP_NOMEM : OMSP_IO);
}

static void hand_out(struct udp *udp, const struct sockaddr_storage *who, const uint8_t *data,
                     size_t len, uint64_t now)
{
    struct omsp_addr from;

    if (len > OMSP_UDP_MAX)
        return;
    omsp_posix_socket_addr(who, &from);
    udp->base.on_datagram(udp->base.owner, &udp->base, &from, data, len, now);
}

static void receive_many(struct loop *loop, struct udp *udp, uint64_t now)
{
    int count, error;

    for (int i = 0; i < BATCH; i++)
        loop->heads[i].msg_hdr.msg_namelen = sizeof(loop->froms[i]);
    if (!begin_use(udp))
        return;
    count = recvmmsg(udp->fd, loop->heads, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    error = errno;
    end_use(udp);
    if (count < 0 && !omsp_posix_socket_recovers(error))
        receiving_failed(loop, udp, error);
    for (int i = 0; i < count && !atomic_load(&udp->closed); i++)
        hand_out(udp, &loop->froms[i], loop->data[i], loop->heads[i].msg_len, now);
}

static void receive_one(struct loop *loop, struct udp *udp, uint64_t now)
{
    struct sockaddr *from = (struct sockaddr *)&loop->froms[0];
    socklen_t from_len = sizeof(loop->froms[0]);
    ssize_t len;
    int error;

    if (!begin_use(udp))
        return;
    len = recvfrom(udp->fd, loop->data[0], OMSP_UDP_MAX, MSG_DONTWAIT | MSG_TRUNC, from, &from_len);
    error = errno;
    end_use(udp);
    if (len < 0 && !omsp_posix_socket_recovers(error))
        receiving_failed(loop, udp, error);
    else if (len >= 0 && !atomic_load(&udp->closed))
        hand_out(udp, &loop->froms[0], loop->data[0], (size_t)len, now);
}

static void receive(struct loop *loop, struct udp *udp, uint64_t now)
{
    bool again;

    if (atomic_load(&udp->closed) || udp->deaf)
        return;
    again = udp->turn + 1 == loop->turn;
    udp->turn = loop->turn;
    if (again)
        receive_many(loop, udp, now);
    else
        receive_one(loop, udp, now);
}

/* Rounds up, so that a wait never ends before its deadline for being late to say so. */
static int sleep_ms(uint64_t us)
{
    uint64_t ms = us / 1000 + (us % 1000 != 0);

    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int wait_events(struct loop *loop, struct epoll_event *events, uint64_t deadline_us)
{
    uint64_t left = UINT64_MAX;

    if (deadline_us != UINT64_MAX) {
        uint64_t now = omsp_posix_now_us();

        left = deadline_us > now ? deadline_us - now : 0;
    }
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
    if (!loop->no_pwait2) {
        struct timespec rest = {.tv_sec = (time_t)(left / 1000000),
                                .tv_nsec = (long)(left % 1000000) * 1000};
        int count =
            epoll_pwait2(loop->epoll, events, EVENTS, left == UINT64_MAX ? NULL : &rest, NULL);

        /* Lists of calls that a container may make, older than this one, say EPERM of it. */
        if (count >= 0 || errno == EINTR)
            return count;
        loop->no_pwait2 = true;
    }
#endif
#endif
    return epoll_wait(loop->epoll, events, EVENTS, left == UINT64_MAX ? -1 : sleep_ms(left));
}

static uint64_t loop_wait(struct omsp_net_loop *base, uint64_t deadline_us)
{
    struct loop *loop = loop_of(base);
    struct epoll_event events[EVENTS];
    int count = wait_events(loop, events, deadline_us);
    uint64_t now = omsp_posix_now_us();
    bool woken = false;

    loop->turn++;
    for (int i = 0; i < count; i++) {
        uint64_t wakes;

        if (events[i].data.ptr) {
            receive(loop, events[i].data.ptr, now);
        } else {
            while (read(loop->wakefd, &wakes, sizeof(wakes)) < 0 && errno == EINTR)
                ;
            /* After the read: a wake between the two finds the mark and relies on this return. */
            atomic_exchange(&loop->wake_pending, false);
            woken = true;
        }
    }
    if (woken)
        reap(loop);
    return now;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void loop_destroy(struct omsp_net_loop *base)
{
    struct loop *loop = loop_of(base);

    if (atomic_load(&loop->sockets))
        abort(); /* a caller's bug that would else be a use after free somewhere later */
    omsp_lock_destroy(&loop->lock);
    close(loop->wakefd);
    close(loop->epoll);
    omsp_free(loop);
}

static const struct omsp_net_loop functions = {
    .open = loop_open,
    .send = udp_send,
    .close = udp_close,
    .wait = loop_wait,
    .wake = loop_wake,
    .destroy = loop_destroy,
};

static enum omsp_status open_descriptors(struct loop *loop)
{
    struct epoll_event watch = {.events = EPOLLIN, .data = {.ptr = NULL}};

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return omsp_posix_socket_status(errno);
    loop->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wakefd < 0)
        return omsp_posix_socket_status(errno);
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakefd, &watch)
               ? omsp_posix_socket_status(errno)
               : OMSP_OK;
}

enum omsp_status omsp_posix_loop_create(void *ctx, struct omsp_net_loop **out)
{
    struct loop *loop = omsp_zalloc(sizeof(*loop));
    enum omsp_status status;

    (void)ctx;
    if (!loop)
        return OMSP_NOMEM;
    loop->base = functions;
    loop->epoll = loop->wakefd = -1;
    omsp_lock_init(&loop->lock);
    omsp_list_init(&loop->closing);
    for (int i = 0; i < BATCH; i++) {
        loop->vectors[i].iov_base = loop->data[i];
        loop->vectors[i].iov_len = OMSP_UDP_MAX;
        loop->heads[i].msg_hdr.msg_iov = &loop->vectors[i];
        loop->heads[i].msg_hdr.msg_iovlen = 1;
        loop->heads[i].msg_hdr.msg_name = &loop->froms[i];
    }
    status = open_descriptors(loop);
    if (status != OMSP_OK) {
        if (loop->wakefd >= 0)
            close(loop->wakefd);
        if (loop->epoll >= 0)
            close(loop->epoll);
        omsp_lock_destroy(&loop->lock);
        omsp_free(loop);
        return status;
    }
    *out = &loop->base;
    return OMSP_OK;
}
