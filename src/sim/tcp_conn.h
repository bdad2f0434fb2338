/* One simulated connection, seen from both ends; tcp_loop.c has the client's, tcp_peer.c the peer's
 * and what lies between them. */
#ifndef OMSP_SIM_TCP_CONN_H
#define OMSP_SIM_TCP_CONN_H

#include "sim/machine.h"

struct sim_tcp_loop {
    struct omsp_tcp_loop base;
    struct omsp_sim *sim;
    struct omsp_link ready, closing; /* struct omsp_sim_peer.link */
    unsigned connections;
    bool woken;
};

enum sim_segment_kind { SIM_BYTES, SIM_FIN, SIM_RESET };

/* What is under way, or has come and waits. */
struct sim_segment {
    struct omsp_link link; /* in omsp_sim_peer.arrived */
    struct omsp_sim_peer *conn;
    enum sim_segment_kind kind;
    bool to_peer;
    size_t len;
    uint8_t data[];
};

/* Owned by: the client until its on_closed has run, the peer until on_gone, each event. */
struct omsp_sim_peer {
    struct omsp_tcp base;
    struct omsp_sim *sim;
    struct omsp_sim_server server;
    unsigned refs;
    bool tls;
    void *data;

    /* The client's end. */
    struct omsp_link link;    /* in its loop's ready or closing */
    bool open, closed, ended; /* ended: on_end was called */
    bool open_due, writable_due, end_due;
    enum omsp_tcp_end end;       /* of end_due */
    struct omsp_link arrived;    /* struct sim_segment.link, for the client */
    bool reset;                  /* the peer's reset has come */
    bool shortage;               /* a send took less than all */
    size_t buffered;             /* sent and not read by the peer */
    struct sim_segment *goodbye; /* made beforehand: closing cannot fail */

    /* The peer's end. */
    bool accepted, half_closed, finished, draining; /* finished: broke it */
    uint8_t *inbox;                                 /* has come, waits for the window */
    size_t unread, inbox_room, window;
};

/* ---- tcp_loop.c ---- */

/* The client has something to be told of. */
void sim_conn_ready(struct omsp_sim_peer *conn);
void sim_conn_unref(struct omsp_sim_peer *conn);

/* ---- tcp_peer.c ---- */

/* Asks the server, if there is one, and puts the outcome into the future. OMSP_NOMEM. */
enum omsp_status sim_conn_dial(struct omsp_sim_peer *conn, const struct omsp_tcp_target *target);
/* NULL: out of memory */
struct sim_segment *sim_segment_make(struct omsp_sim_peer *conn, enum sim_segment_kind kind,
                                     bool to_peer, const void *data, size_t len);
/* Onto the wire; takes it over, on failure too. OMSP_NOMEM. */
enum omsp_status sim_segment_send(struct sim_segment *segment);
/* on_writable a microsecond from now. */
void sim_conn_room_soon(struct omsp_sim_peer *conn);
/* The client's last word is on its way. */
void sim_conn_goodbye(struct omsp_sim_peer *conn);

#endif
