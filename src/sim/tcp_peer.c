/*
 * The far end of simulated TCP and the wire to it: who listens where, what becomes of a dialling,
 * bytes on their way, the peer's window. Not the client's loop (tcp_loop.c). One thread.
 */
#include "sim/tcp_conn.h"

#include "base/alloc.h"

#include <string.h>

#define ONE_WAY_US 100
#define BUFFER     65536

struct sim_server {
    struct omsp_link link; /* in omsp_sim.servers */
    char *host;
    uint16_t port;
    struct omsp_sim_server server;
};

/* ---- servers ------------------------------------------------------------------------------- */

static struct sim_server *find(const struct omsp_sim *sim, const char *host, uint16_t port)
{
    omsp_list_each(it, &sim->servers)
    {
        struct sim_server *server = omsp_container(it, struct sim_server, link);

        if (server->port == port && strcmp(server->host, host) == 0)
            return server;
    }
    return NULL;
}

enum omsp_status omsp_sim_tcp_listen(struct omsp_sim *sim, const char *host, uint16_t port,
                                     const struct omsp_sim_server *server)
{
    struct sim_server *entry = find(sim, host, port);

    if (!entry) {
        entry = omsp_zalloc(sizeof(*entry));
        if (!entry)
            return OMSP_NOMEM;
        entry->host = omsp_strdup(host);
        if (!entry->host) {
            omsp_free(entry);
            return OMSP_NOMEM;
        }
        entry->port = port;
        omsp_list_insert(&sim->servers, &entry->link);
    }
    entry->server = *server;
    if (!entry->server.delay_us)
        entry->server.delay_us = ONE_WAY_US;
    if (!entry->server.buffer)
        entry->server.buffer = BUFFER;
    return OMSP_OK;
}

static void server_free(struct sim_server *server)
{
    omsp_list_remove(&server->link);
    omsp_free(server->host);
    omsp_free(server);
}

void omsp_sim_tcp_unlisten(struct omsp_sim *sim, const char *host, uint16_t port)
{
    struct sim_server *server = find(sim, host, port);

    if (server)
        server_free(server);
}

void sim_servers_clear(struct omsp_sim *sim)
{
    omsp_list_each_safe(it, &sim->servers)
    {
        server_free(omsp_container(it, struct sim_server, link));
    }
}

/* ---- dialling ------------------------------------------------------------------------------ */

static void conn_forgotten(void *arg)
{
    sim_conn_unref(arg);
}

static void dial_ended(void *arg)
{
    struct omsp_sim_peer *conn = arg;

    conn->end_due = true;
    sim_conn_ready(conn);
    sim_conn_unref(conn);
}

static void dial_accepted(void *arg)
{
    struct omsp_sim_peer *conn = arg;

    if (!conn->closed) {
        conn->accepted = conn->open_due = true;
        conn->refs++; /* the peer's */
        sim_conn_ready(conn);
        if (conn->server.on_accept)
            conn->server.on_accept(conn->server.owner, conn);
    }
    sim_conn_unref(conn);
}

enum omsp_status sim_conn_dial(struct omsp_sim_peer *conn, const struct omsp_tcp_target *target)
{
    const struct sim_server *entry = find(conn->sim, target->host, target->port);
    enum omsp_sim_dial answer = entry ? OMSP_SIM_ACCEPT : OMSP_SIM_REFUSE;
    uint64_t limit = (target->timeout_ms ? target->timeout_ms : 1) * (uint64_t)1000;
    uint64_t delay = 2 * ONE_WAY_US;
    enum omsp_status status;

    if (entry) {
        conn->server = entry->server;
        delay = 2 * conn->server.delay_us;
        if (conn->server.on_dial)
            answer = conn->server.on_dial(conn->server.owner, target, &delay);
    }
    if (answer == OMSP_SIM_SILENT || delay > limit) {
        answer = OMSP_SIM_SILENT;
        delay = limit;
    }
    conn->end = answer == OMSP_SIM_SILENT     ? OMSP_TCP_TIMEOUT
                : answer == OMSP_SIM_TLS_FAIL ? OMSP_TCP_TLS
                                              : OMSP_TCP_REFUSED;
    conn->refs++; /* the event's */
    status =
        sim_push_call(conn->sim, conn->sim->now + delay,
                      answer == OMSP_SIM_ACCEPT ? dial_accepted : dial_ended, conn_forgotten, conn);
    if (status != OMSP_OK)
        conn->refs--;
    return status;
}

/* ---- the wire ------------------------------------------------------------------------------ */

struct sim_segment *sim_segment_make(struct omsp_sim_peer *conn, enum sim_segment_kind kind,
                                     bool to_peer, const void *data, size_t len)
{
    struct sim_segment *segment = omsp_alloc(sizeof(*segment) + len);

    if (!segment)
        return NULL;
    omsp_list_init(&segment->link);
    segment->conn = conn;
    segment->kind = kind;
    segment->to_peer = to_peer;
    segment->len = len;
    if (len)
        memcpy(segment->data, data, len);
    return segment;
}

/* Hands the peer what its window lets through. */
static void drain(struct omsp_sim_peer *conn)
{
    if (conn->draining)
        return; /* called by the peer in on_bytes: the loop below goes on */
    conn->draining = true;
    conn->refs++; /* a callback may close the client and so end the connection */
    while (conn->unread && conn->window && !conn->finished) {
        size_t len = conn->unread < conn->window ? conn->unread : conn->window;
        uint8_t *data = conn->inbox;
        size_t rest = conn->unread - len;

        /* The peer gets the whole array: new bytes cannot come while it looks. */
        if (conn->window != SIZE_MAX)
            conn->window -= len;
        conn->buffered -= len;
        if (conn->server.on_bytes)
            conn->server.on_bytes(conn->server.owner, conn, data, len);
        memmove(conn->inbox, conn->inbox + len, rest);
        conn->unread = rest;
    }
    conn->draining = false;
    if (conn->shortage && conn->buffered < conn->server.buffer) {
        conn->shortage = false;
        conn->writable_due = true;
        sim_conn_ready(conn);
    }
    sim_conn_unref(conn);
}

static void came_to_peer(struct omsp_sim_peer *conn, struct sim_segment *segment)
{
    if (segment->kind == SIM_FIN) {
        if (conn->server.on_gone)
            conn->server.on_gone(conn->server.owner, conn);
        sim_conn_unref(conn);
    } else {
        memcpy(conn->inbox + conn->unread, segment->data, segment->len);
        conn->unread += segment->len;
        drain(conn);
    }
    omsp_free(segment);
}

static void came_to_client(struct omsp_sim_peer *conn, struct sim_segment *segment)
{
    if (conn->closed || conn->ended || conn->reset) {
        omsp_free(segment);
        return;
    }
    if (segment->kind == SIM_RESET) {
        conn->reset = true;
        omsp_list_each_safe(it, &conn->arrived)
        {
            omsp_list_remove(it);
            omsp_free(omsp_container(it, struct sim_segment, link));
        }
    }
    omsp_list_insert(&conn->arrived, &segment->link);
    sim_conn_ready(conn);
}

static void segment_came(void *arg)
{
    struct sim_segment *segment = arg;
    struct omsp_sim_peer *conn = segment->conn;

    if (segment->to_peer)
        came_to_peer(conn, segment);
    else
        came_to_client(conn, segment);
    sim_conn_unref(conn);
}

static void segment_dropped(void *arg)
{
    struct sim_segment *segment = arg;
    struct omsp_sim_peer *conn = segment->conn;

    if (segment->to_peer && segment->kind == SIM_FIN)
        sim_conn_unref(conn); /* the peer's */
    omsp_free(segment);
    sim_conn_unref(conn);
}

/* The inbox always has room for all that the client may have sent, so that arriving cannot fail. */
static bool make_room(struct omsp_sim_peer *conn)
{
    if (!conn->inbox)
        conn->inbox = omsp_alloc(conn->server.buffer);
    return conn->inbox != NULL;
}

enum omsp_status sim_segment_send(struct sim_segment *segment)
{
    struct omsp_sim_peer *conn = segment->conn;
    enum omsp_status status = OMSP_OK;

    if (segment->to_peer && segment->kind == SIM_BYTES && !make_room(conn))
        status = OMSP_NOMEM;
    conn->refs++; /* the event's */
    if (status == OMSP_OK)
        status = sim_push_call(conn->sim, conn->sim->now + conn->server.delay_us, segment_came,
                               segment_dropped, segment);
    if (status != OMSP_OK) {
        conn->refs--;
        omsp_free(segment);
    }
    return status;
}

static void room_came(void *arg)
{
    struct omsp_sim_peer *conn = arg;

    conn->writable_due = true;
    sim_conn_ready(conn);
    sim_conn_unref(conn);
}

void sim_conn_room_soon(struct omsp_sim_peer *conn)
{
    conn->refs++; /* the event's */
    if (sim_push_call(conn->sim, conn->sim->now + 1, room_came, conn_forgotten, conn) != OMSP_OK)
        room_came(conn); /* without memory at once; it must not be lost */
}

void sim_conn_goodbye(struct omsp_sim_peer *conn)
{
    struct sim_segment *segment = conn->goodbye;

    conn->goodbye = NULL;
    conn->refs++; /* the event's */
    if (sim_push_call(conn->sim, conn->sim->now + conn->server.delay_us, segment_came,
                      segment_dropped, segment) != OMSP_OK)
        segment_came(segment); /* without memory it overtakes; it must not be lost */
}

/* ---- what a peer does ---------------------------------------------------------------------- */

static enum omsp_status send_to_client(struct omsp_sim_peer *peer, enum sim_segment_kind kind,
                                       const void *data, size_t len)
{
    struct sim_segment *segment;

    if (!peer)
        return OMSP_NOTFOUND;
    if (peer->finished || (peer->half_closed && kind != SIM_RESET))
        return OMSP_OK;
    segment = sim_segment_make(peer, kind, false, data, len);
    return segment ? sim_segment_send(segment) : OMSP_NOMEM;
}

enum omsp_status omsp_sim_peer_send(struct omsp_sim_peer *peer, const void *data, size_t len)
{
    return len ? send_to_client(peer, SIM_BYTES, data, len) : OMSP_OK;
}

enum omsp_status omsp_sim_peer_close(struct omsp_sim_peer *peer)
{
    enum omsp_status status = send_to_client(peer, SIM_FIN, NULL, 0);

    if (status == OMSP_OK)
        peer->half_closed = true;
    return status;
}

enum omsp_status omsp_sim_peer_break(struct omsp_sim_peer *peer)
{
    enum omsp_status status = send_to_client(peer, SIM_RESET, NULL, 0);

    if (status == OMSP_OK)
        peer->finished = true;
    return status;
}

void omsp_sim_peer_set_window(struct omsp_sim_peer *peer, size_t bytes)
{
    if (!peer)
        return;
    peer->window = bytes;
    drain(peer);
}

void omsp_sim_set_tcp_together(struct omsp_sim *sim, bool together)
{
    sim->tcp_singly = !together;
}

void omsp_sim_set_tcp_grain(struct omsp_sim *sim, size_t bytes)
{
    sim->tcp_grain = bytes;
}

size_t omsp_sim_peer_unread(const struct omsp_sim_peer *peer)
{
    return peer->unread;
}

void omsp_sim_peer_set_data(struct omsp_sim_peer *peer, void *data)
{
    peer->data = data;
}

void *omsp_sim_peer_get_data(const struct omsp_sim_peer *peer)
{
    return peer->data;
}
