/*
 * What src/curl needs of Linux: epoll, eventfd, stream sockets, OpenSSL's verification. A poller is
 * waited for by one thread; watch and wake are anyone's.
 */
#include "posix/posix.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64

struct omsp_poller {
    int epoll, wakefd;
    atomic_bool wake_pending;
};

static void poller_destroy(struct omsp_poller *poller)
{
    if (poller->wakefd >= 0)
        close(poller->wakefd);
    if (poller->epoll >= 0)
        close(poller->epoll);
    omsp_free(poller);
}

static enum omsp_status status_of(int error)
{
    switch (error) {
    case ENOMEM:
        return OMSP_NOMEM;
    case EMFILE:
    case ENFILE:
    case ENOSPC: /* epoll's limit of watches */
        return OMSP_FULL;
    default:
        return OMSP_IO;
    }
}

static enum omsp_status poller_create(struct omsp_poller **out)
{
    struct omsp_poller *poller = omsp_zalloc(sizeof(*poller));
    struct epoll_event watch = {.events = EPOLLIN, .data = {.ptr = NULL}};

    if (!poller)
        return OMSP_NOMEM;
    poller->wakefd = -1;
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll >= 0)
        poller->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->wakefd < 0 || epoll_ctl(poller->epoll, EPOLL_CTL_ADD, poller->wakefd, &watch)) {
        enum omsp_status status = status_of(errno);

        poller_destroy(poller);
        return status;
    }
    *out = poller;
    return OMSP_OK;
}

static enum omsp_status watch_socket(struct omsp_poller *poller, curl_socket_t sock, void *data,
                                     bool in, bool out)
{
    struct epoll_event event = {.events = (in ? EPOLLIN : 0u) | (out ? EPOLLOUT : 0u),
                                .data = {.ptr = data}};

    if (epoll_ctl(poller->epoll, EPOLL_CTL_MOD, sock, &event) == 0)
        return OMSP_OK;
    if (errno == ENOENT && epoll_ctl(poller->epoll, EPOLL_CTL_ADD, sock, &event) == 0)
        return OMSP_OK;
    return status_of(errno);
}

static void forget(struct omsp_poller *poller, curl_socket_t sock, const void *data)
{
    (void)data; /* a number of its own: sock_share */
    epoll_ctl(poller->epoll, EPOLL_CTL_DEL, sock, NULL);
}

/* Rounded up, so that a wait never ends before its deadline for being late to say so. */
static int sleep_ms(uint64_t deadline_us)
{
    uint64_t now, ms;

    if (deadline_us == UINT64_MAX)
        return -1;
    now = omsp_posix_now_us();
    if (deadline_us <= now)
        return 0;
    ms = (deadline_us - now + 999) / 1000;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static unsigned wait_events(struct omsp_poller *poller, struct omsp_poll_event *events,
                            unsigned max, uint64_t deadline_us)
{
    struct epoll_event found[EVENTS];
    int count =
        epoll_wait(poller->epoll, found, max < EVENTS ? (int)max : EVENTS, sleep_ms(deadline_us));

    for (int i = 0; i < count; i++) {
        uint32_t what = found[i].events;
        uint64_t wakes;

        events[i].data = found[i].data.ptr;
        events[i].in = what & (EPOLLIN | EPOLLERR | EPOLLHUP);
        events[i].out = what & (EPOLLOUT | EPOLLERR | EPOLLHUP);
        events[i].error = what & EPOLLERR;
        if (events[i].data)
            continue;
        while (read(poller->wakefd, &wakes, sizeof(wakes)) < 0 && errno == EINTR)
            ;
        /* After the read: a wake between the two finds the mark and relies on this return. */
        atomic_store(&poller->wake_pending, false);
    }
    return count > 0 ? (unsigned)count : 0;
}

static void wake(struct omsp_poller *poller)
{
    uint64_t one = 1;

    if (atomic_exchange(&poller->wake_pending, true))
        return;
    while (write(poller->wakefd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static curl_socket_t sock_open(int family, int type, int protocol)
{
    const int room = OMSP_TCP_SEND_ROOM;
    int sock = socket(family, type | SOCK_CLOEXEC, protocol);

    if (sock >= 0 && type == SOCK_STREAM)
        setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return sock;
}

static void sock_close(curl_socket_t sock)
{
    close(sock);
}

static curl_socket_t sock_share(curl_socket_t sock)
{
    return fcntl(sock, F_DUPFD_CLOEXEC, 0);
}

static bool would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static enum omsp_status sock_recv(curl_socket_t sock, void *data, size_t len, size_t *got)
{
    ssize_t n = recv(sock, data, len, MSG_DONTWAIT);

    if (n < 0)
        return would_block(errno) ? OMSP_EMPTY : OMSP_IO;
    *got = (size_t)n;
    return n ? OMSP_OK : OMSP_EOF;
}

enum omsp_status omsp_posix_sock_send(curl_socket_t sock, const void *data, size_t len,
                                      size_t *sent)
{
    ssize_t n = send(sock, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && !would_block(errno) && errno != ENOBUFS && errno != ENOMEM)
        return OMSP_IO;
    *sent = n < 0 ? 0 : (size_t)n;
    return OMSP_OK;
}

static bool sock_writable(curl_socket_t sock)
{
    struct pollfd one = {.fd = sock, .events = POLLOUT};

    return poll(&one, 1, 0) == 1;
}

static bool is_dead(curl_socket_t sock)
{
    return send(sock, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && !would_block(errno);
}

/* ---- TLS ----------------------------------------------------------------------------------- */

static CURLcode verify(CURL *easy, const char *ca_file, struct omsp_tls_check *check)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);

    (void)check; /* OpenSSL does all of it by itself */
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!code && ca_file)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    if (!code && ca_file)
        code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* trusted besides none else */
    return code;
}

static void stay_loaded(void)
{
}

#ifdef __GLIBC__
static void trim(void)
{
    malloc_trim(0);
}
#define TRIM trim
#else
#define TRIM NULL
#endif

const struct omsp_curl_os omsp_posix_curl_os = {
    .now_us = omsp_posix_now_us,
    .poller_create = poller_create,
    .poller_destroy = poller_destroy,
    .watch = watch_socket,
    .forget = forget,
    .wait = wait_events,
    .wake = wake,
    .sock_open = sock_open,
    .sock_close = sock_close,
    .sock_share = sock_share,
    .sock_recv = sock_recv,
    .sock_send = omsp_posix_sock_send,
#ifdef OMSP_URING
    .sender_create = omsp_posix_sender_create,
    .sender_destroy = omsp_posix_sender_destroy,
    .sender_send = omsp_posix_sender_send,
#endif
    .sock_writable = sock_writable,
    .is_dead = is_dead,
    .verify = verify,
    .stay_loaded = stay_loaded,
    .trim = TRIM,
};
