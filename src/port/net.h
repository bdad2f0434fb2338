/*
 * UDP with completion semantics: a loop owns sockets and hands each arriving datagram to its owner.
 * One loop is run by one thread at a time ("the loop thread"); everything else may be called on any
 * thread. posix/: epoll and one receive call per ready socket; win/: IOCP with one overlapped
 * receive per socket, so one receive call per packet; sim/: virtual time with loss, delay,
 * reordering and failures on demand.
 */
#ifndef OMSP_PORT_NET_H
#define OMSP_PORT_NET_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest datagram that is handed out; a longer one is dropped by every adapter, for media
 * never comes in fragments and a buffer per socket must stay small. Sending has no such limit. */
#define OMSP_UDP_MAX 2048

/* An IP address and port. ip: 4 bytes used for IPv4, 16 for IPv6, network order, rest zero. */
struct omsp_addr {
    uint8_t family; /* 4 or 6; 0: none */
    uint8_t ip[16];
    uint16_t port;  /* host order */
    uint32_t scope; /* IPv6 scope id, else 0 */
};

/* Made by loop->open, closed by loop->close. The adapters embed it first in their own struct. */
struct omsp_udp {
    struct omsp_net_loop *loop;
    void *owner;
    /* A datagram of len bytes came (len 0 is legal). Loop thread, no lock of the adapter held; data
     * is the adapter's, valid during the call. May send, open and close, even close itself. */
    void (*on_datagram)(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t now_us);
    /* Receiving failed for good (never for ICMP errors, which are swallowed); the socket stays open
     * for sending until closed. Loop thread. NULL: not wanted. */
    void (*on_error)(void *owner, struct omsp_udp *udp, enum omsp_status status);
    /* The last call for this socket, exactly once per close, on the loop thread, after which the
     * adapter has forgotten owner. udp is freed when it returns. NULL: not wanted. */
    void (*on_closed)(void *owner);
};

struct omsp_net_loop {
    /* Binds. addr->port 0 picks one; the real one is written back to *addr. The callbacks come from
     * `init` (loop field ignored). OMSP_ADDRINUSE, OMSP_INVALID (not a local address), OMSP_ACCESS,
     * OMSP_NOMEM, OMSP_FULL (no more sockets), OMSP_IO. */
    enum omsp_status (*open)(struct omsp_net_loop *loop, const struct omsp_udp *init,
                             struct omsp_addr *addr, struct omsp_udp **out);
    /* Never blocks. OMSP_OK when the system took it; OMSP_FULL when its buffer is full (the
     * datagram is lost, which is what RTP expects); OMSP_UNREACHABLE, OMSP_IO. One system call. */
    enum omsp_status (*send)(struct omsp_udp *udp, const struct omsp_addr *to, const void *data,
                             size_t len);
    /* Returns at once, and then the address is free again (on Windows for who binds it while the
     * loop's thread waits in it); any thread, once per socket. A callback
     * already running on the loop thread may still be running; none starts after it except
     * on_closed. Nobody may be inside send for this socket at this moment or later. */
    void (*close)(struct omsp_udp *udp);
    /* Sleeps until a datagram, a wake or deadline_us (on now_us's scale; UINT64_MAX: none), and
     * hands out what came, at most one batch. Answers now_us as it was after the sleep, which is
     * what every datagram was given, too. Loop thread only. */
    uint64_t (*wait)(struct omsp_net_loop *loop, uint64_t deadline_us);
    /* Makes a running or the next wait return soon. Cheap when a wake is pending already. */
    void (*wake)(struct omsp_net_loop *loop);
    /* All sockets must have been closed and their on_closed run (call wait until then). */
    void (*destroy)(struct omsp_net_loop *loop);
};

/* "192.0.2.1:5004", "[2001:db8::1]:5004"; port optional, 0 then. No names are resolved.
 * OMSP_INVALID. In base terms pure; lives here because the type does. */
enum omsp_status omsp_addr_parse(const char *text, struct omsp_addr *out);
/* The IP alone; family 0 gives "". */
void omsp_addr_ip_text(const struct omsp_addr *addr, char *out, size_t room);
/* As omsp_addr_parse reads it; family 0 gives "". 64 bytes are always enough. */
void omsp_addr_text(const struct omsp_addr *addr, char *out, size_t room);
bool omsp_addr_equal(const struct omsp_addr *a, const struct omsp_addr *b);
bool omsp_addr_same_ip(const struct omsp_addr *a, const struct omsp_addr *b);

#endif
