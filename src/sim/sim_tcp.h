/*
 * The far ends of simulated TCP: a test listens at host:port and plays the peer of every connection
 * that is dialled there. All callbacks run inside a wait or omsp_sim_run, at their virtual time, on
 * the simulation's one thread; they may do anything but wait and destroy.
 *
 * Bytes take `delay_us` each way and keep their order. TLS is a flag: nothing is encrypted, a
 * server says whether the handshake would have failed.
 */
#ifndef OMSP_SIM_SIM_TCP_H
#define OMSP_SIM_SIM_TCP_H

#include "sim/sim.h"

/* The far end of one connection: from on_accept until on_gone. */
struct omsp_sim_peer;

enum omsp_sim_dial {
    OMSP_SIM_ACCEPT,   /* on_open, or OMSP_TCP_TIMEOUT when the delay is longer than allowed */
    OMSP_SIM_REFUSE,   /* OMSP_TCP_REFUSED */
    OMSP_SIM_TLS_FAIL, /* OMSP_TCP_TLS */
    OMSP_SIM_SILENT,   /* never answers: OMSP_TCP_TIMEOUT when the target's time is over */
};

/* All callbacks may be NULL. */
struct omsp_sim_server {
    void *owner;
    uint64_t delay_us; /* of bytes and closing, one way; 0: 100 */
    size_t buffer;     /* what a client may have sent and the peer not read; 0: 65536 */
    /* What becomes of this dialling, *delay_us from now (preset: twice the one-way delay). NULL:
     * accepted. target is valid during the call. */
    enum omsp_sim_dial (*on_dial)(void *owner, const struct omsp_tcp_target *target,
                                  uint64_t *delay_us);
    /* The connection is there; the client's on_open comes at its loop's next wait. */
    void (*on_accept)(void *owner, struct omsp_sim_peer *peer);
    void (*on_bytes)(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len);
    /* The client closed, and this is the last call: peer is gone when it returns. Exactly once for
     * each on_accept, also after omsp_sim_peer_close and _break, unless the simulation is destroyed
     * before. What the peer had not read by then is lost. */
    void (*on_gone)(void *owner, struct omsp_sim_peer *peer);
};

/* From now on dialling this host (byte for byte as dialled) and port reaches the server, which is
 * copied; the same pair again replaces it, for later connections. Anything else is refused after
 * 200 µs. OMSP_NOMEM. */
enum omsp_status omsp_sim_tcp_listen(struct omsp_sim *sim, const char *host, uint16_t port,
                                     const struct omsp_sim_server *server);
/* Refused again; connections live on. */
void omsp_sim_tcp_unlisten(struct omsp_sim *sim, const char *host, uint16_t port);

/* Short counts, for all connections from now on: one send takes at most so many bytes (there is
 * room for more at the loop's next wait), one on_data brings at most so many. 0 (how it begins):
 * any. */
void omsp_sim_set_tcp_grain(struct omsp_sim *sim, size_t bytes);

/* Loops that are made from now on have send_many (how it begins), or are a system that has no way
 * for sends to go together. */
void omsp_sim_set_tcp_together(struct omsp_sim *sim, bool together);

/* What a peer does. Where peer is NULL, which is who never connected: OMSP_NOTFOUND, and nothing.
 *
 * Bytes for the client; they count as sent even when it has closed meanwhile. After _close or
 * _break of this peer they are dropped. OMSP_NOMEM. */
enum omsp_status omsp_sim_peer_send(struct omsp_sim_peer *peer, const void *data, size_t len);
/* In order, behind what was sent before: the client's on_end(OMSP_TCP_OK). The client's bytes are
 * still read. OMSP_NOMEM. */
enum omsp_status omsp_sim_peer_close(struct omsp_sim_peer *peer);
/* A reset: the client's on_end(OMSP_TCP_BROKEN) after the delay; bytes under way to it are lost,
 * and nothing of it is read any more. OMSP_NOMEM. */
enum omsp_status omsp_sim_peer_break(struct omsp_sim_peer *peer);
/* Reads at most this many bytes more, until told anew; SIZE_MAX (how it begins): all that comes. 0
 * stops reading. Bytes that wait already are read before this returns. */
void omsp_sim_peer_set_window(struct omsp_sim_peer *peer, size_t bytes);
/* Bytes that came and wait for the window. */
size_t omsp_sim_peer_unread(const struct omsp_sim_peer *peer);
/* Whatever the test wants to find again. */
void omsp_sim_peer_set_data(struct omsp_sim_peer *peer, void *data);
void *omsp_sim_peer_get_data(const struct omsp_sim_peer *peer);

#endif
