/*
 * One UDP socket of the system: addresses and errors translated, bound and sent through. Knows
 * nothing of loops and owners. Stateless; any thread.
 */
#include "posix/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE 524288 /* receive buffer asked for; the system may grant less */

static socklen_t to_system(const struct omsp_addr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (addr->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;

        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        return sizeof(*in);
    }
    if (addr->family == 6) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;

        in->sin6_family = AF_INET6;
        in->sin6_port = htons(addr->port);
        in->sin6_scope_id = addr->scope;
        memcpy(&in->sin6_addr, addr->ip, 16);
        return sizeof(*in);
    }
    return 0;
}

void omsp_posix_socket_addr(const struct sockaddr_storage *addr, struct omsp_addr *out)
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

enum omsp_status omsp_posix_socket_status(int error)
{
    switch (error) {
    case EADDRINUSE:
        return OMSP_ADDRINUSE;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EINVAL:
    case ENODEV:
        return OMSP_INVALID;
    case EACCES:
    case EPERM:
        return OMSP_ACCESS;
    case ENOMEM:
    case ENOBUFS:
        return OMSP_NOMEM;
    case EMFILE:
    case ENFILE:
    case ENOSPC: /* epoll's limit of watches */
        return OMSP_FULL;
    default:
        return OMSP_IO;
    }
}

static enum omsp_status send_status(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case ENOBUFS:
    case ENOMEM:
    case EINTR:
        return OMSP_FULL;
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EACCES: /* broadcast */
    case EPERM:  /* firewall */
        return OMSP_UNREACHABLE;
    default:
        return OMSP_IO;
    }
}

bool omsp_posix_socket_recovers(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
    case ECONNREFUSED:
    case ECONNRESET:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EACCES:
    case EMSGSIZE:
    case ENOMEM:
    case ENOBUFS:
        return true;
    default:
        return false;
    }
}

static enum omsp_status prepare(int fd, struct omsp_addr *addr)
{
    struct sockaddr_storage where;
    socklen_t len = to_system(addr, &where);
    int on = 1, room = RECEIVE;

    if (where.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
        return OMSP_IO;
    /* A wish: with the system's default a burst is lost sooner, that is all. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (bind(fd, (struct sockaddr *)&where, len))
        return omsp_posix_socket_status(errno);
    len = sizeof(where);
    if (getsockname(fd, (struct sockaddr *)&where, &len))
        return OMSP_IO;
    omsp_posix_socket_addr(&where, addr);
    return OMSP_OK;
}

enum omsp_status omsp_posix_socket_bind(struct omsp_addr *addr, int *out)
{
    int fd = socket(addr->family == 4 ? AF_INET : AF_INET6,
                    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    enum omsp_status status;

    if (fd < 0)
        return omsp_posix_socket_status(errno);
    status = prepare(fd, addr);
    if (status != OMSP_OK) {
        close(fd);
        return status;
    }
    *out = fd;
    return OMSP_OK;
}

enum omsp_status omsp_posix_socket_send(int fd, const struct omsp_addr *to, const void *data,
                                        size_t len)
{
    struct sockaddr_storage where;
    socklen_t where_len = to_system(to, &where);

    if (sendto(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&where, where_len) >=
        0)
        return OMSP_OK;
    return send_status(errno);
}
