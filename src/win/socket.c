/*
 * One UDP socket of Windows: addresses and errors translated, bound and sent through. Knows nothing
 * of loops and owners. Stateless; any thread.
 */
#include "win/socket.h"

#include <windows.h>
#include <limits.h>
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

#define RECEIVE 524288 /* receive buffer asked for; the system may grant less */

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

void omsp_win_socket_addr(const struct sockaddr_storage *addr, struct omsp_addr *out)
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

bool omsp_win_socket_recovers(int error)
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

/* Options that must be set before binding, or that are wishes. */
static bool configure(SOCKET handle, uint8_t family)
{
    DWORD on = 1, off = 0, got;
    u_long nonblocking = 1;
    int room = RECEIVE;

    if (ioctlsocket(handle, FIONBIO, &nonblocking) ||
        setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on)))
        return false;
    if (family == 6 && setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&on, sizeof(on)))
        return false;
    /* Without these bursts are lost sooner, and ICMP errors cost a receive each. */
    setsockopt(handle, SOL_SOCKET, SO_RCVBUF, (const char *)&room, sizeof(room));
    WSAIoctl(handle, SIO_UDP_CONNRESET, &off, sizeof(off), NULL, 0, &got, NULL, NULL);
    WSAIoctl(handle, SIO_UDP_NETRESET, &off, sizeof(off), NULL, 0, &got, NULL, NULL);
    return true;
}

static enum omsp_status prepare(SOCKET handle, struct omsp_addr *addr)
{
    struct sockaddr_storage where;
    int len = to_system(addr, &where), error;

    if (!configure(handle, addr->family))
        return OMSP_IO;
    if (bind(handle, (struct sockaddr *)&where, len)) {
        error = WSAGetLastError();
        /* What Windows says of a port that another holds exclusively or that is set aside. */
        return error == WSAEACCES ? OMSP_ADDRINUSE : open_status(error);
    }
    len = sizeof(where);
    if (getsockname(handle, (struct sockaddr *)&where, &len))
        return OMSP_IO;
    omsp_win_socket_addr(&where, addr);
    return OMSP_OK;
}

enum omsp_status omsp_win_socket_bind(struct omsp_addr *addr, SOCKET *out)
{
    SOCKET handle = WSASocketW(addr->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP,
                               NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    enum omsp_status status;

    if (handle == INVALID_SOCKET)
        return open_status(WSAGetLastError());
    status = prepare(handle, addr);
    if (status != OMSP_OK) {
        closesocket(handle);
        return status;
    }
    *out = handle;
    return OMSP_OK;
}

enum omsp_status omsp_win_socket_send(SOCKET handle, const struct omsp_addr *to, const void *data,
                                      size_t len)
{
    struct sockaddr_storage where;
    int where_len = to_system(to, &where);

    if (len > INT_MAX)
        return OMSP_IO;
    if (sendto(handle, data, (int)len, 0, (struct sockaddr *)&where, where_len) >= 0)
        return OMSP_OK;
    return send_status(WSAGetLastError());
}
