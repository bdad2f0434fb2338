/*
 * The client's end of simulated TCP: what port/tcp.h promises, in virtual time. Not the wire and
 * not the far end (tcp_peer.c). One thread.
 */
#include "sim/tcp_conn.h"

#include "base/alloc.h"

#include <stdlib.h>

static struct sim_tcp_loop *loop_of(struct omsp_tcp_loop *base)
{
    return (struct sim_tcp_loop *)base;
}

static void loop_wake(struct omsp_tcp_loop *base)
{
    loop_of(base)->woken = true;
    sim_stir(loop_of(base)->sim, base);
}

/* ---- connections --------------------------------------------------------------------------- */

void sim_conn_unref(struct omsp_sim_peer *conn)
{
    if (--conn->refs)
        return;
    omsp_free(conn->goodbye);
    omsp_free(conn->inbox);
    omsp_free(conn);
}

void sim_conn_ready(struct omsp_sim_peer *conn)
{
    struct sim_tcp_loop *loop = loop_of(conn->base.loop);

    if (conn->closed || conn->ended)
        return;
    omsp_list_remove(&conn->link);
    omsp_list_insert(&loop->ready, &conn->link);
    sim_stir(loop->sim, loop);
}

static void drop_arrived(struct omsp_sim_peer *conn)
{
    omsp_list_each_safe(it, &conn->arrived)
    {
        omsp_list_remove(it);
        omsp_free(omsp_container(it, struct sim_segment, link));
    }
}

static enum omsp_status loop_dial(struct omsp_tcp_loop *base, const struct omsp_tcp *init,
                                  const struct omsp_tcp_target *target, struct omsp_tcp **out)
{
    struct sim_tcp_loop *loop = loop_of(base);
    enum omsp_status status = sim_fault(loop->sim, OMSP_SIM_DIAL);
    struct omsp_sim_peer *conn;

    if (status != OMSP_OK)
        return status;
    conn = omsp_zalloc(sizeof(*conn));
    if (!conn)
        return OMSP_NOMEM;
    conn->base = *init;
    conn->base.loop = base;
    conn->base.send_anywhere = !target->tls;
    conn->sim = loop->sim;
    conn->refs = 1;
    conn->tls = target->tls;
    conn->window = SIZE_MAX;
    omsp_list_init(&conn->link);
    omsp_list_init(&conn->arrived);
    conn->goodbye = sim_segment_make(conn, SIM_FIN, true, NULL, 0);
    status = conn->goodbye ? sim_conn_dial(conn, target) : OMSP_NOMEM;
    if (status != OMSP_OK) {
        sim_conn_unref(conn);
        return status;
    }
    loop->connections++;
    *out = &conn->base;
    return OMSP_OK;
}

static enum omsp_status tcp_send(struct omsp_tcp *base, const void *data, size_t len, size_t *sent)
{
    struct omsp_sim_peer *conn = (struct omsp_sim_peer *)base;
    enum omsp_status status = sim_fault(conn->sim, OMSP_SIM_TCP_SEND);
    size_t room = conn->server.buffer - conn->buffered;
    struct sim_segment *segment;

    *sent = 0;
    if (status != OMSP_OK)
        return status;
    if (!conn->open || conn->closed || conn->reset || conn->ended)
        return OMSP_IO;
    if (len > room) {
        len = room;
        conn->shortage = true;
    }
    if (!len)
        return OMSP_OK;
    if (conn->sim->tcp_grain && len > conn->sim->tcp_grain) {
        len = conn->sim->tcp_grain;
        conn->shortage = false;
        sim_conn_room_soon(conn);
    }
    segment = sim_segment_make(conn, SIM_BYTES, true, data, len);
    if (!segment || sim_segment_send(segment) != OMSP_OK) {
        /* As a system without memory for its buffers: nothing was taken, there is room later. */
        conn->shortage = false;
        conn->writable_due = true;
        sim_conn_ready(conn);
        return OMSP_OK;
    }
    conn->buffered += len;
    *sent = len;
    return OMSP_OK;
}

static void tcp_send_many(struct omsp_tcp_loop *base, struct omsp_tcp_send *sends, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sends[i].status = base->send(sends[i].tcp, sends[i].data, sends[i].len, &sends[i].sent);
}

static void tcp_close(struct omsp_tcp *base)
{
    struct omsp_sim_peer *conn = (struct omsp_sim_peer *)base;
    struct sim_tcp_loop *loop = loop_of(base->loop);

    if (conn->closed)
        abort(); /* a caller's bug: a system's adapter would have freed it */
    conn->closed = true;
    drop_arrived(conn);
    omsp_list_remove(&conn->link);
    omsp_list_insert(&loop->closing, &conn->link);
    if (conn->accepted)
        sim_conn_goodbye(conn);
    sim_stir(loop->sim, loop);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void end(struct omsp_sim_peer *conn, enum omsp_tcp_end how)
{
    drop_arrived(conn);
    conn->ended = true;
    if (conn->base.on_end)
        conn->base.on_end(conn->base.owner, how);
}

static void tell_bytes(struct omsp_sim_peer *conn, const struct sim_segment *segment)
{
    size_t grain = conn->sim->tcp_grain ? conn->sim->tcp_grain : segment->len;

    for (size_t at = 0; at < segment->len && !conn->closed && !conn->ended; at += grain) {
        size_t left = segment->len - at;

        conn->base.on_data(conn->base.owner, segment->data + at, left < grain ? left : grain,
                           conn->sim->now);
    }
}

static void tell_arrived(struct omsp_sim_peer *conn)
{
    while (!conn->closed && !conn->ended && !omsp_list_empty(&conn->arrived)) {
        struct sim_segment *segment = omsp_container(conn->arrived.next, struct sim_segment, link);

        omsp_list_remove(&segment->link);
        if (segment->kind == SIM_BYTES && conn->base.on_data)
            tell_bytes(conn, segment);
        else if (segment->kind != SIM_BYTES)
            end(conn, segment->kind == SIM_FIN ? OMSP_TCP_OK : OMSP_TCP_BROKEN);
        omsp_free(segment);
    }
}

static void tell(struct omsp_sim_peer *conn)
{
    if (conn->end_due) {
        end(conn, conn->end);
        return;
    }
    if (conn->open_due) {
        conn->open_due = false;
        conn->open = true;
        if (conn->base.on_open)
            conn->base.on_open(conn->base.owner);
    }
    tell_arrived(conn);
    if (conn->writable_due && !conn->closed && !conn->ended) {
        conn->writable_due = false;
        if (conn->base.on_writable)
            conn->base.on_writable(conn->base.owner);
    }
}

static void reap(struct sim_tcp_loop *loop)
{
    while (!omsp_list_empty(&loop->closing)) {
        struct omsp_sim_peer *conn = omsp_container(loop->closing.next, struct omsp_sim_peer, link);

        omsp_list_remove(&conn->link);
        if (conn->base.on_closed)
            conn->base.on_closed(conn->base.owner);
        sim_conn_unref(conn);
        loop->connections--;
    }
}

static bool has_work(const void *who)
{
    const struct sim_tcp_loop *loop = who;

    return loop->woken || !omsp_list_empty(&loop->ready) || !omsp_list_empty(&loop->closing);
}

static void loop_wait(struct omsp_tcp_loop *base, uint64_t deadline_us)
{
    struct sim_tcp_loop *loop = loop_of(base);
    struct omsp_link round;

    sim_wait(loop->sim, loop, has_work, deadline_us);
    loop->woken = false;
    /* What callbacks make ready waits for the next call. */
    omsp_list_init(&round);
    while (!omsp_list_empty(&loop->ready)) {
        struct omsp_link *link = loop->ready.next;

        omsp_list_remove(link);
        omsp_list_insert(&round, link);
    }
    while (!omsp_list_empty(&round)) {
        struct omsp_sim_peer *conn = omsp_container(round.next, struct omsp_sim_peer, link);

        omsp_list_remove(&conn->link);
        tell(conn);
    }
    reap(loop);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void loop_destroy(struct omsp_tcp_loop *base)
{
    struct sim_tcp_loop *loop = loop_of(base);

    if (loop->connections)
        abort(); /* a caller's bug; the system's adapters say it the same way */
    loop->sim->tcp_loops--;
    omsp_free(loop);
}

static const struct omsp_tcp_loop functions = {
    .dial = loop_dial,
    .send = tcp_send,
    .close = tcp_close,
    .wait = loop_wait,
    .wake = loop_wake,
    .destroy = loop_destroy,
};

enum omsp_status sim_tcp_loop_create(void *ctx, struct omsp_tcp_loop **out)
{
    struct omsp_sim *sim = ctx;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_TCP_LOOP_CREATE);
    struct sim_tcp_loop *loop;

    if (status != OMSP_OK)
        return status;
    loop = omsp_zalloc(sizeof(*loop));
    if (!loop)
        return OMSP_NOMEM;
    loop->base = functions;
    loop->base.send_many = sim->tcp_singly ? NULL : tcp_send_many;
    loop->sim = sim;
    omsp_list_init(&loop->ready);
    omsp_list_init(&loop->closing);
    sim->tcp_loops++;
    *out = &loop->base;
    return OMSP_OK;
}
