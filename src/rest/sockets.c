/*
 * The gate's dealings with sockets. Knows no request. Whoever calls owns the socket; the waker is
 * anybody's to wake.
 */
#include "rest/sockets.h"

#include <errno.h>
#include <string.h>
#ifdef _WIN32
#include <ws2tcpip.h>
#define SEND_FLAGS 0
#else
#include <fcntl.h>
#include <netinet/in.h>
#define SEND_FLAGS     MSG_NOSIGNAL
#define closesocket(s) close(s)
#endif
#define FAILED_MS 10 /* after a poll that failed, before who asked can ask again */
#define SENDING   1  /* SHUT_WR, SD_SEND */

static enum omsp_status why(void)
{
#ifdef _WIN32
    switch (WSAGetLastError()) {
    case WSAEWOULDBLOCK:
        return OMSP_EMPTY;
    case WSAEMFILE:
    case WSAENOBUFS:
        return OMSP_FULL;
    case WSAEADDRINUSE:
        return OMSP_ADDRINUSE;
    case WSAEACCES:
        return OMSP_ACCESS;
    case WSAEADDRNOTAVAIL:
        return OMSP_INVALID;
    }
#else
    switch (errno) {
    case EAGAIN:
        return OMSP_EMPTY;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return OMSP_FULL;
    case EADDRINUSE:
        return OMSP_ADDRINUSE;
    case EACCES:
    case EPERM:
        return OMSP_ACCESS;
    case EADDRNOTAVAIL:
        return OMSP_INVALID;
    }
#endif
    return OMSP_IO;
}

/* Neither blocks nor is inherited. */
static bool make_ours(MHD_socket sock)
{
#ifdef _WIN32
    u_long one = 1;

    SetHandleInformation((HANDLE)sock, HANDLE_FLAG_INHERIT, 0);
    return ioctlsocket(sock, (long)FIONBIO, &one) == 0;
#else
    return fcntl(sock, F_SETFD, FD_CLOEXEC) == 0 && fcntl(sock, F_SETFL, O_NONBLOCK) == 0;
#endif
}

socklen_t omsp_rest_sockaddr(const struct omsp_addr *addr, struct sockaddr_storage *out)
{
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (addr->family == 4) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(addr->port);
        memcpy(&in4->sin_addr, addr->ip, 4);
        return sizeof(*in4);
    }
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(addr->port);
    in6->sin6_scope_id = addr->scope;
    memcpy(&in6->sin6_addr, addr->ip, 16);
    return sizeof(*in6);
}

static void from_system(const struct sockaddr_storage *from, struct omsp_addr *out)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

    memset(out, 0, sizeof(*out));
    out->family = from->ss_family == AF_INET ? 4 : 6;
    if (out->family == 4) {
        memcpy(out->ip, &in4->sin_addr, 4);
        out->port = ntohs(in4->sin_port);
    } else {
        memcpy(out->ip, &in6->sin6_addr, 16);
        out->port = ntohs(in6->sin6_port);
    }
}

static void set(MHD_socket sock, int level, int option)
{
    int one = 1;

    setsockopt(sock, level, option, (const void *)&one, sizeof(one));
}

enum omsp_status omsp_rest_listen(struct omsp_addr *addr, MHD_socket *out)
{
    struct sockaddr_storage at;
    socklen_t len = omsp_rest_sockaddr(addr, &at);
    MHD_socket sock = socket(addr->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
    enum omsp_status status;

    if (sock == MHD_INVALID_SOCKET)
        return why();
#ifdef _WIN32
    set(sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE); /* or others could share the port, and steal */
#else
    set(sock, SOL_SOCKET, SO_REUSEADDR);
#endif
    if (addr->family == 6)
        set(sock, IPPROTO_IPV6, IPV6_V6ONLY);
    if (!make_ours(sock) || bind(sock, (struct sockaddr *)&at, len) || listen(sock, SOMAXCONN) ||
        getsockname(sock, (struct sockaddr *)&at, &len)) {
        status = why();
        closesocket(sock);
        return status;
    }
    /* IPv4's and IPv6's port lie at the same place. */
    addr->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
    *out = sock;
    return OMSP_OK;
}

enum omsp_status omsp_rest_accept(MHD_socket listener, struct omsp_addr *from, MHD_socket *out)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    MHD_socket sock = accept(listener, (struct sockaddr *)&at, &len);

    if (sock == MHD_INVALID_SOCKET)
        return why();
    if (!make_ours(sock)) {
        closesocket(sock);
        return OMSP_IO;
    }
    from_system(&at, from);
    *out = sock;
    return OMSP_OK;
}

enum omsp_status omsp_rest_peek(MHD_socket sock, char *out, size_t room, size_t *got)
{
    int len = (int)recv(sock, out, (int)room, MSG_PEEK);
    enum omsp_status status;

    if (len > 0) {
        *got = (size_t)len;
        return OMSP_OK;
    }
    if (!len)
        return OMSP_EOF;
    status = why();
    return status == OMSP_EMPTY ? OMSP_EMPTY : OMSP_IO;
}

void omsp_rest_dismiss(MHD_socket sock, const char *last_words, size_t len)
{
    char unread[4096];

    if (len)
        (void)send(sock, last_words, (int)len, SEND_FLAGS);
    shutdown(sock, SENDING);
    /* What is left unread would make the end a reset, which overtakes what was said. */
    for (int i = 0; i < 16 && recv(sock, unread, sizeof(unread), 0) > 0; i++)
        ;
    closesocket(sock);
}

void omsp_rest_close(MHD_socket sock)
{
    if (sock != MHD_INVALID_SOCKET)
        closesocket(sock);
}

enum omsp_status omsp_rest_waker(MHD_socket *out)
{
    struct omsp_addr loopback = {.family = 4, .ip = {127, 0, 0, 1}};
    struct sockaddr_storage at;
    socklen_t len = omsp_rest_sockaddr(&loopback, &at);
    MHD_socket sock = socket(AF_INET, SOCK_DGRAM, 0);

    if (sock == MHD_INVALID_SOCKET)
        return OMSP_IO;
    /* Bound and connected to itself: nobody else's datagrams come in. */
    if (!make_ours(sock) || bind(sock, (struct sockaddr *)&at, len) ||
        getsockname(sock, (struct sockaddr *)&at, &len) ||
        connect(sock, (struct sockaddr *)&at, len)) {
        closesocket(sock);
        return OMSP_IO;
    }
    *out = sock;
    return OMSP_OK;
}

void omsp_rest_wake(MHD_socket waker)
{
    (void)send(waker, "", 1, SEND_FLAGS);
}

void omsp_rest_awake(MHD_socket waker)
{
    char unread[16];

    while (recv(waker, unread, sizeof(unread), 0) > 0)
        ;
}

static void pause_a_moment(void)
{
#ifdef _WIN32
    Sleep(FAILED_MS);
#else
    poll(NULL, 0, FAILED_MS); /* of nothing, which needs nothing */
#endif
}

void omsp_rest_poll(struct pollfd *fds, unsigned count, int timeout_ms)
{
    int ready;

    for (unsigned i = 0; i < count; i++) {
        fds[i].events = POLLRDNORM; /* POLLIN has a bit that some sockets of Windows do not know */
        fds[i].revents = 0;
    }
#ifdef _WIN32
    ready = WSAPoll(fds, count, timeout_ms);
#else
    ready = poll(fds, count, timeout_ms);
#endif
    if (ready < 0) /* for want of memory, as a rule: it fails at once, and would again */
        pause_a_moment();
    for (unsigned i = 0; ready <= 0 && i < count; i++)
        fds[i].revents = 0;
}
