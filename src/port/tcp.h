/*
 * Outgoing byte streams, plain or TLS, with completion semantics like port/net.h: a loop owns
 * connections and tells their owners what happened. One thread runs a loop at a time ("the loop
 * thread"). posix/ and win/ are made on libcurl (CONNECT_ONLY); sim/ has scripted peers.
 *
 * TLS verifies host name, validity and trust, always. No redirect, no proxy from the environment.
 */
#ifndef OMSP_PORT_TCP_H
#define OMSP_PORT_TCP_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a connection could not be made or ended; OMSP_TCP_OK: in order. */
enum omsp_tcp_end {
    OMSP_TCP_OK,      /* the peer closed in order */
    OMSP_TCP_TIMEOUT, /* not connected in time */
    OMSP_TCP_REFUSED, /* refused, unreachable, or the name does not resolve */
    OMSP_TCP_TLS,     /* handshake failed: host, expiry, trust, protocol */
    OMSP_TCP_BROKEN,  /* reset, or any other error after it was open; no memory, before it too */
};

struct omsp_tcp_target {
    const char *host; /* name or IP (IPv6 without brackets); copied */
    uint16_t port;
    bool tls;
    const char *ca_file; /* PEM of a private CA that is trusted besides none else (one that cannot
                            be read: OMSP_TCP_TLS), or NULL: the system's store; copied */
    unsigned timeout_ms; /* for name, connect and TLS handshake together; 0 is 1 */
};

struct omsp_tcp_loop;

struct omsp_tcp {
    struct omsp_tcp_loop *loop;
    void *owner;
    /* send may be called on any thread (plain TCP). False (TLS): on the loop thread only. Set
     * before on_open. */
    bool send_anywhere;
    /* All on the loop thread, no adapter lock held; may send and close.
     * on_open: connected, TLS verified. on_data: bytes came, valid during the call.
     * on_writable: after a send took less than all, there is room again (edge: once per shortage).
     * on_end: it could not be opened, or ended; nothing follows but on_closed after close. */
    void (*on_open)(void *owner);
    void (*on_data)(void *owner, const uint8_t *data, size_t len, uint64_t now_us);
    void (*on_writable)(void *owner);
    void (*on_end)(void *owner, enum omsp_tcp_end end);
    /* The last call, exactly once per close; tcp is freed when it returns. */
    void (*on_closed)(void *owner);
};

/* One of several sends. */
struct omsp_tcp_send {
    struct omsp_tcp *tcp;
    const void *data;
    size_t len;
    size_t sent;             /* out, */
    enum omsp_status status; /* both as send's */
};

struct omsp_tcp_loop {
    /* Begins to connect. init: owner and callbacks. A host that is none is told by on_end, as one
     * that does not resolve. Any thread; *out is set before a callback can come. OMSP_NOMEM. */
    enum omsp_status (*dial)(struct omsp_tcp_loop *loop, const struct omsp_tcp *init,
                             const struct omsp_tcp_target *target, struct omsp_tcp **out);
    /* Never blocks. *sent <= len; OMSP_OK also when less than len was taken (on_writable will
     * come). OMSP_IO: it broke (on_end comes), is not open, or was closed meanwhile. One system
     * call for plain TCP; two threads' sends do not mix. A send on another thread may overlap
     * close; the owner sees to it that none is left when on_closed may run, for then tcp is freed.
     */
    enum omsp_status (*send)(struct omsp_tcp *tcp, const void *data, size_t len, size_t *sent);
    /* Does for each what `send` does, in fewer system calls; no connection is named twice, all can
     * send anywhere. The order among connections is anybody's. Any thread. NULL: this system has
     * no way that is cheaper than one send after the other. Constant. */
    void (*send_many)(struct omsp_tcp_loop *loop, struct omsp_tcp_send *sends, unsigned count);
    /* Returns at once; ends dialling too. No callback starts after it but on_closed. */
    void (*close)(struct omsp_tcp *tcp);
    /* Sleeps until something happens, a wake, or deadline_us (UINT64_MAX: none). Loop thread. */
    void (*wait)(struct omsp_tcp_loop *loop, uint64_t deadline_us);
    void (*wake)(struct omsp_tcp_loop *loop);
    /* All connections must have been closed and their on_closed run (call wait until then). */
    void (*destroy)(struct omsp_tcp_loop *loop);
};

#endif
