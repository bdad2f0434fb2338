/* One UDP socket of Windows, for net_loop.c alone. Includes winsock2.h, which must come before
 * windows.h. */
#ifndef OMSP_WIN_SOCKET_H
#define OMSP_WIN_SOCKET_H

#include "port/net.h"

#include <winsock2.h>
#include <ws2tcpip.h>

/* A non-blocking overlapped socket bound to *addr (family 4 or 6), which gets the real port when
 * that worked. For closesocket(). Errors as omsp_net_loop.open's. */
enum omsp_status omsp_win_socket_bind(struct omsp_addr *addr, SOCKET *out);
/* One sendto, to an address of the socket's family. Errors as omsp_net_loop.send's. */
enum omsp_status omsp_win_socket_send(SOCKET handle, const struct omsp_addr *to, const void *data,
                                      size_t len);
/* Is the Winsock error of a receive what an ICMP message, a too long datagram, a shortage or the
 * end of an earlier loop thread leaves behind, as opposed to a dead socket? */
bool omsp_win_socket_recovers(int error);
/* Another family than IPv4 and IPv6 becomes family 0. */
void omsp_win_socket_addr(const struct sockaddr_storage *addr, struct omsp_addr *out);

#endif
