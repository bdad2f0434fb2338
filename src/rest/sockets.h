/*
 * The few things that the gate does with sockets by itself, alike on Windows and elsewhere. None of
 * them blocks but omsp_rest_poll.
 */
#ifndef OMSP_REST_SOCKETS_H
#define OMSP_REST_SOCKETS_H

#include "port/net.h"

#include <microhttpd.h>
#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <poll.h> /* on Windows it is in what <microhttpd.h> brings along */
#endif

/* For the system; answers its length. */
socklen_t omsp_rest_sockaddr(const struct omsp_addr *addr, struct sockaddr_storage *out);
/* Listens at *addr and writes the real port back. OMSP_ADDRINUSE, OMSP_ACCESS, OMSP_INVALID (not an
 * address of this machine), OMSP_IO. Sockets are not inherited by child processes. */
enum omsp_status omsp_rest_listen(struct omsp_addr *addr, MHD_socket *out);
/* The next one that came, which does not block. OMSP_EMPTY; OMSP_FULL: the process or the system
 * has no more descriptors or memory; OMSP_IO: that one is gone already, there may be another. */
enum omsp_status omsp_rest_accept(MHD_socket listener, struct omsp_addr *from, MHD_socket *out);
/* What came and was not read yet stays. OMSP_OK and *got > 0, OMSP_EMPTY, OMSP_EOF, OMSP_IO. */
enum omsp_status omsp_rest_peek(MHD_socket sock, char *out, size_t room, size_t *got);
/* Says so much, if it can, and ends the connection in order as far as the peer lets it. */
void omsp_rest_dismiss(MHD_socket sock, const char *last_words, size_t len);
void omsp_rest_close(MHD_socket sock);
/* A datagram socket that is readable once it was woken. OMSP_IO. */
enum omsp_status omsp_rest_waker(MHD_socket *out);
/* Any thread, one at a time (under a lock): Wine may lose one of two at once. */
void omsp_rest_wake(MHD_socket waker);
void omsp_rest_awake(MHD_socket waker); /* not readable any more, until the next wake */
/* poll() for what can be received; timeout_ms -1 is for ever. When the system refuses, nothing is
 * ready, after a moment of some 10 ms: who asks again in a loop does not spin. */
void omsp_rest_poll(struct pollfd *fds, unsigned count, int timeout_ms);

#endif
