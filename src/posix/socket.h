/* One UDP socket of the system, for net_loop.c alone. */
#ifndef OMSP_POSIX_SOCKET_H
#define OMSP_POSIX_SOCKET_H

#include "port/net.h"

#include <sys/socket.h>

/* A non-blocking socket bound to *addr (family 4 or 6), which gets the real port when that worked.
 * For close(). Errors as omsp_net_loop.open's. */
enum omsp_status omsp_posix_socket_bind(struct omsp_addr *addr, int *out);
/* One sendto, to an address of the socket's family. Errors as omsp_net_loop.send's. */
enum omsp_status omsp_posix_socket_send(int fd, const struct omsp_addr *to, const void *data,
                                        size_t len);
/* errno of making, binding or watching a socket: OMSP_ADDRINUSE, OMSP_INVALID, OMSP_ACCESS,
 * OMSP_NOMEM, OMSP_FULL, OMSP_IO; never OMSP_OK. */
enum omsp_status omsp_posix_socket_status(int error);
/* Is errno of a receive what an ICMP message or a moment's shortage leaves behind, as opposed to a
 * dead socket? */
bool omsp_posix_socket_recovers(int error);
/* Another family than IPv4 and IPv6 becomes family 0. */
void omsp_posix_socket_addr(const struct sockaddr_storage *addr, struct omsp_addr *out);

#endif
