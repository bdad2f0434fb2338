/*
 * Connections that are open: waiting for all of them, reading, sending, ending. Not how they came
 * to be (dialler.c). Whoever calls wait is the loop thread.
 *
 * A plain connection is a bare socket: recv and send are the system's, send on any thread. A TLS
 * one is curl's easy handle, touched by the loop thread alone.
 *
 * A connection is freed on the loop thread only, at the end of a wait, so a pointer in an event of
 * the same wait is good. close() marks it; the loop thread looks at the mark before each callback.
 * A send that is under way on another thread holds send_lock, and the socket is closed under it.
 */
#include "curl/tcp_conn.h"

#include "base/alloc.h"
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS    64
#define TLS_READS 8 /* from one connection before the others have their turn */
#define PAUSE_US  10000

static struct tcp_loop *loop_of(struct omsp_tcp_loop *base)
{
    return (struct tcp_loop *)base;
}

static void loop_wake(struct omsp_tcp_loop *base)
{
    loop_of(base)->os->wake(loop_of(base)->poller);
}

/* ---- dialling and closing ------------------------------------------------------------------ */

static void conn_free(struct tcp_conn *conn)
{
    omsp_lock_destroy(&conn->send_lock);
    omsp_free(conn); /* and what lay_out gave it */
}

/* A name or an address and nothing else, for it becomes part of a URL. */
static bool is_host(const char *host)
{
    size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:");

    return len && !host[len];
}

/* The connection and, in its block, what it keeps of its target. */
static struct tcp_conn *lay_out(struct omsp_arena *arena, const struct omsp_tcp_target *target)
{
    bool valid = is_host(target->host), v6 = strchr(target->host, ':') != NULL;
    size_t room = strlen(target->host) + 32;
    struct tcp_conn *conn = omsp_arena_cut(arena, sizeof(*conn));
    uint8_t *stuck = target->tls ? omsp_arena_cut(arena, TLS_CHUNK) : NULL;
    char *url = omsp_arena_cut(arena, room);
    char *host = omsp_arena_text(arena, target->host);
    char *ca_file = omsp_arena_text(arena, target->ca_file);

    if (!conn)
        return NULL;
    /* A host that is none gives a URL that is none: on_end tells like any other bad name. */
    snprintf(url, room, "%s://%s%s%s:%u/", target->tls ? "https" : "http", v6 ? "[" : "",
             valid ? target->host : "", v6 ? "]" : "", target->port);
    conn->url = url;
    conn->host = host;
    conn->ca_file = ca_file;
    conn->stuck = stuck;
    conn->timeout_ms = target->timeout_ms;
    return conn;
}

static enum omsp_status loop_dial(struct omsp_tcp_loop *base, const struct omsp_tcp *init,
                                  const struct omsp_tcp_target *target, struct omsp_tcp **out)
{
    struct tcp_loop *loop = loop_of(base);
    struct tcp_conn *conn;
    struct omsp_arena arena;
    enum omsp_status status;

    omsp_arena_begin(&arena);
    lay_out(&arena, target);
    status = omsp_arena_make(&arena);
    if (status)
        return status;
    conn = lay_out(&arena, target);
    conn->base = *init;
    conn->base.loop = base;
    conn->base.send_anywhere = !target->tls;
    conn->sock = CURL_SOCKET_BAD;
    conn->with_dialler = true;
    omsp_list_init(&conn->link);
    omsp_list_init(&conn->close_link);
    omsp_list_init(&conn->more_link);
    omsp_list_init(&conn->pause_link);
    omsp_list_init(&conn->watches);
    omsp_lock_init(&conn->send_lock);
    atomic_fetch_add(&loop->connections, 1);
    *out = &conn->base; /* before callbacks can run */
    omsp_lock_acquire(&loop->lock);
    omsp_list_insert(&loop->fresh, &conn->link);
    loop->os->wake(loop->dial_poller);
    omsp_lock_release(&loop->lock);
    return OMSP_OK;
}

static void tcp_close(struct omsp_tcp *base)
{
    struct tcp_conn *conn = (struct tcp_conn *)base;
    struct tcp_loop *loop = loop_of(base->loop);

    omsp_lock_acquire(&loop->lock);
    atomic_store(&conn->closed, true);
    if (conn->with_dialler) {
        omsp_list_insert(&loop->given_up, &conn->close_link);
        loop->os->wake(loop->dial_poller);
    } else if (omsp_list_empty(&conn->link)) {
        omsp_list_insert(&loop->closing, &conn->close_link);
        loop->os->wake(loop->poller);
    } /* else the loop finds the mark when it takes it from `dialled` */
    /* The wakes are under the lock: once it is free, the connection, and with the last one the
     * loop, may be gone. */
    omsp_lock_release(&loop->lock);
}

static void dispose(struct tcp_loop *loop, struct tcp_conn *conn)
{
    void (*on_closed)(void *owner) = conn->base.on_closed;
    void *owner = conn->base.owner;

    omsp_lock_acquire(&conn->send_lock);
    conn->open = false;
    omsp_list_remove(&conn->more_link);
    omsp_list_remove(&conn->pause_link);
    if (conn->sock != CURL_SOCKET_BAD)
        loop->os->forget(loop->poller, conn->sock, conn);
    if (conn->easy)
        omsp_conn_drop_curl(conn);
    else if (conn->sock != CURL_SOCKET_BAD)
        loop->os->sock_close(conn->sock);
    conn->sock = CURL_SOCKET_BAD;
    omsp_lock_release(&conn->send_lock);
    if (on_closed)
        on_closed(owner);
    conn_free(conn);
    atomic_fetch_sub(&loop->connections, 1);
}

static void reap(struct tcp_loop *loop)
{
    for (;;) {
        struct tcp_conn *conn = NULL;

        omsp_lock_acquire(&loop->lock);
        if (!omsp_list_empty(&loop->closing)) {
            conn = omsp_container(loop->closing.next, struct tcp_conn, close_link);
            omsp_list_remove(&conn->close_link);
        }
        omsp_lock_release(&loop->lock);
        if (!conn)
            return;
        dispose(loop, conn);
    }
}

/* ---- sending ------------------------------------------------------------------------------- */

/* There was no room: on_writable is owed. Under send_lock, or TLS. */
static void want_room(struct tcp_loop *loop, struct tcp_conn *conn)
{
    /* Should the system refuse to watch, the loop's next event of this socket tells the error. */
    loop->os->watch(loop->poller, conn->sock, conn, true, true);
}

void omsp_conn_sent(struct tcp_loop *loop, struct tcp_conn *conn, enum omsp_status status,
                    size_t sent, size_t len)
{
    if (status != OMSP_OK) {
        atomic_store(&conn->broken, true);
        return;
    }
    conn->took |= sent > 0;
    if (sent < len && !conn->shortage) {
        conn->shortage = true;
        want_room(loop, conn);
    }
}

/* send_lock held, plain. Room was told of and nothing taken: it is the system that has no memory,
 * and the socket would tell of room again and again for as long. */
static void hold_back(struct tcp_loop *loop, struct tcp_conn *conn)
{
    loop->os->watch(loop->poller, conn->sock, conn, true, false);
    if (omsp_list_empty(&loop->paused))
        loop->resume_us = loop->os->now_us() + PAUSE_US;
    omsp_list_remove(&conn->pause_link);
    omsp_list_insert(&loop->paused, &conn->pause_link);
}

static void resume(struct tcp_loop *loop)
{
    while (!omsp_list_empty(&loop->paused)) {
        struct tcp_conn *conn = omsp_container(loop->paused.next, struct tcp_conn, pause_link);

        omsp_list_remove(&conn->pause_link);
        want_room(loop, conn);
    }
}

static enum omsp_status send_plain(struct tcp_loop *loop, struct tcp_conn *conn, const void *data,
                                   size_t len, size_t *sent)
{
    enum omsp_status status = OMSP_IO;

    omsp_lock_acquire(&conn->send_lock);
    if (conn->open && !atomic_load(&conn->closed)) {
        status = loop->os->sock_send(conn->sock, data, len, sent);
        omsp_conn_sent(loop, conn, status, *sent, len);
    }
    omsp_lock_release(&conn->send_lock);
    return status;
}

/* The unfinished chunk. OMSP_OK: it is out; OMSP_FULL; OMSP_IO. */
static enum omsp_status send_stuck(struct tcp_loop *loop, struct tcp_conn *conn)
{
    while (conn->stuck_len) {
        size_t n = 0;
        CURLcode code;

        /* Schannel's sending would wait for room by itself. */
        if (!loop->os->sock_writable(conn->sock))
            return OMSP_FULL;
        code = curl_easy_send(conn->easy, conn->stuck, conn->stuck_len, &n);
        if (code == CURLE_AGAIN)
            return OMSP_FULL;
        if (code != CURLE_OK)
            return OMSP_IO;
        conn->stuck_len -= n;
        memmove(conn->stuck, conn->stuck + n, conn->stuck_len);
    }
    return OMSP_OK;
}

/* The next wait looks, whatever the socket tells; also of one that it was to look at already. */
static void read_later(struct tcp_loop *loop, struct tcp_conn *conn)
{
    omsp_list_remove(&conn->more_link);
    omsp_list_insert(&loop->more, &conn->more_link);
}

/* TLS cannot send any more, be it for want of memory, and perhaps no event of the socket ever
 * tells: the next wait ends it, after what can still be read. */
static void fall_mute(struct tcp_loop *loop, struct tcp_conn *conn)
{
    atomic_store(&conn->broken, true);
    conn->mute = true;
    read_later(loop, conn);
}

static enum omsp_status send_tls(struct tcp_loop *loop, struct tcp_conn *conn, const uint8_t *data,
                                 size_t len, size_t *sent)
{
    enum omsp_status status;

    if (!conn->open || atomic_load(&conn->closed))
        return OMSP_IO;
    status = send_stuck(loop, conn);
    while (status == OMSP_OK && len) {
        size_t part = len < TLS_CHUNK ? len : TLS_CHUNK;

        if (!loop->os->sock_writable(conn->sock)) {
            status = OMSP_FULL;
            break;
        }
        memcpy(conn->stuck, data, part);
        conn->stuck_len = part;
        status = send_stuck(loop, conn);
        if (status == OMSP_IO)
            break;
        data += part;
        len -= part;
        *sent += part; /* what is stuck counts: it is ours now */
    }
    if (status == OMSP_IO) {
        fall_mute(loop, conn);
        return OMSP_IO;
    }
    if (conn->stuck_len || len) {
        conn->shortage |= len > 0;
        want_room(loop, conn);
    }
    return OMSP_OK;
}

static enum omsp_status tcp_send(struct omsp_tcp *base, const void *data, size_t len, size_t *sent)
{
    struct tcp_conn *conn = (struct tcp_conn *)base;
    struct tcp_loop *loop = loop_of(base->loop);

    *sent = 0;
    if (!len)
        return OMSP_OK;
    return base->send_anywhere ? send_plain(loop, conn, data, len, sent)
                               : send_tls(loop, conn, data, len, sent);
}

/* ---- what happens -------------------------------------------------------------------------- */

static void ended(struct tcp_loop *loop, struct tcp_conn *conn, enum omsp_tcp_end end)
{
    if (conn->ended || atomic_load(&conn->closed))
        return;
    conn->ended = true;
    omsp_list_remove(&conn->pause_link);
    omsp_lock_acquire(&conn->send_lock);
    conn->open = false;
    if (conn->sock != CURL_SOCKET_BAD)
        loop->os->forget(loop->poller, conn->sock, conn);
    /* The system tells an error once, and another call than the receiving one may have had it. */
    if (end == OMSP_TCP_OK && (atomic_load(&conn->broken) || loop->os->is_dead(conn->sock)))
        end = OMSP_TCP_BROKEN;
    omsp_lock_release(&conn->send_lock);
    if (conn->base.on_end)
        conn->base.on_end(conn->base.owner, end);
}

static bool is_over(struct tcp_conn *conn)
{
    return conn->ended || atomic_load(&conn->closed);
}

static void hand_out(struct tcp_loop *loop, struct tcp_conn *conn, size_t len)
{
    if (conn->base.on_data)
        conn->base.on_data(conn->base.owner, loop->data, len, loop->os->now_us());
}

static void read_plain(struct tcp_loop *loop, struct tcp_conn *conn)
{
    size_t len = 0;

    switch (loop->os->sock_recv(conn->sock, loop->data, sizeof(loop->data), &len)) {
    case OMSP_OK:
        hand_out(loop, conn, len);
        break;
    case OMSP_EMPTY:
        break;
    case OMSP_EOF:
        ended(loop, conn, OMSP_TCP_OK);
        break;
    default:
        ended(loop, conn, OMSP_TCP_BROKEN);
    }
}

/* TLS has nothing more to give: the peer said farewell (CURLE_OK), or went without, which is an
 * orderly end all the same if it is one of TCP: what must not be cut off has frames of its own
 * above. A peer that is still there sent what is no TLS. */
static enum omsp_tcp_end tls_end(struct tcp_loop *loop, struct tcp_conn *conn, CURLcode code)
{
    size_t len;

    if (code == CURLE_OK)
        return OMSP_TCP_OK;
    return loop->os->sock_recv(conn->sock, loop->data, sizeof(loop->data), &len) == OMSP_EOF
               ? OMSP_TCP_OK
               : OMSP_TCP_BROKEN;
}

static void read_tls(struct tcp_loop *loop, struct tcp_conn *conn)
{
    for (int i = 0; i < TLS_READS; i++) {
        size_t len = 0;
        CURLcode code = curl_easy_recv(conn->easy, loop->data, sizeof(loop->data), &len);

        if (code == CURLE_AGAIN) {
            if (conn->mute)
                ended(loop, conn, OMSP_TCP_BROKEN);
            return;
        }
        if (code != CURLE_OK || !len) {
            ended(loop, conn, tls_end(loop, conn, code));
            return;
        }
        hand_out(loop, conn, len);
        if (is_over(conn))
            return;
    }
    read_later(loop, conn);
}

static void receive(struct tcp_loop *loop, struct tcp_conn *conn)
{
    if (is_over(conn))
        return;
    if (conn->easy)
        read_tls(loop, conn);
    else
        read_plain(loop, conn);
}

static void writable(struct tcp_loop *loop, struct tcp_conn *conn)
{
    enum omsp_status status;
    bool told = false;

    if (is_over(conn))
        return;
    omsp_lock_acquire(&conn->send_lock);
    status = conn->easy ? send_stuck(loop, conn) : OMSP_OK;
    if (status == OMSP_OK) {
        told = conn->shortage;
        conn->shortage = conn->took = false;
        loop->os->watch(loop->poller, conn->sock, conn, true, false);
    } else if (status == OMSP_IO) {
        fall_mute(loop, conn);
    }
    omsp_lock_release(&conn->send_lock);
    if (!told || !conn->base.on_writable)
        return;
    conn->base.on_writable(conn->base.owner);
    omsp_lock_acquire(&conn->send_lock);
    if (!conn->easy && conn->shortage && !conn->took && conn->open)
        hold_back(loop, conn);
    omsp_lock_release(&conn->send_lock);
}

static void dialled(struct tcp_loop *loop, struct tcp_conn *conn)
{
    if (conn->end == OMSP_TCP_OK &&
        loop->os->watch(loop->poller, conn->sock, conn, true, false) != OMSP_OK)
        conn->end = OMSP_TCP_BROKEN;
    if (conn->end != OMSP_TCP_OK) {
        ended(loop, conn, conn->end);
        return;
    }
    omsp_lock_acquire(&conn->send_lock);
    conn->open = true;
    omsp_lock_release(&conn->send_lock);
    if (conn->base.on_open)
        conn->base.on_open(conn->base.owner);
    if (conn->easy && !is_over(conn)) /* bytes may have come with the handshake's last */
        read_later(loop, conn);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void take_dialled(struct tcp_loop *loop)
{
    for (;;) {
        struct tcp_conn *conn = NULL;
        bool closed = false;

        omsp_lock_acquire(&loop->lock);
        if (!omsp_list_empty(&loop->dialled)) {
            conn = omsp_container(loop->dialled.next, struct tcp_conn, link);
            omsp_list_remove(&conn->link);
            closed = atomic_load(&conn->closed); /* else close puts it on its list from now on */
        }
        omsp_lock_release(&loop->lock);
        if (!conn)
            return;
        if (closed)
            dispose(loop, conn);
        else
            dialled(loop, conn);
    }
}

static void read_more(struct tcp_loop *loop)
{
    struct omsp_link round;

    omsp_list_init(&round);
    while (!omsp_list_empty(&loop->more)) {
        struct omsp_link *link = loop->more.next;

        omsp_list_remove(link);
        omsp_list_insert(&round, link);
    }
    while (!omsp_list_empty(&round)) {
        struct omsp_link *link = round.next;

        omsp_list_remove(link);
        receive(loop, omsp_container(link, struct tcp_conn, more_link));
    }
}

static void loop_wait(struct omsp_tcp_loop *base, uint64_t deadline_us)
{
    struct tcp_loop *loop = loop_of(base);
    struct omsp_poll_event events[EVENTS];
    unsigned count;

    if (!omsp_list_empty(&loop->paused) && loop->resume_us < deadline_us)
        deadline_us = loop->resume_us;
    count = loop->os->wait(loop->poller, events, EVENTS,
                           omsp_list_empty(&loop->more) ? deadline_us : 0);
    if (!omsp_list_empty(&loop->paused) && loop->resume_us <= loop->os->now_us())
        resume(loop);
    for (unsigned i = 0; i < count; i++) {
        struct tcp_conn *conn = events[i].data;

        if (!conn)
            continue;
        if (events[i].error)
            atomic_store(&conn->broken, true);
        if (events[i].out)
            writable(loop, conn);
        if (events[i].in)
            receive(loop, conn);
    }
    read_more(loop);
    take_dialled(loop);
    reap(loop);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void release(struct tcp_loop *loop)
{
    omsp_conn_drop_senders(loop);
    if (loop->dial_poller)
        loop->os->poller_destroy(loop->dial_poller);
    if (loop->poller)
        loop->os->poller_destroy(loop->poller);
    omsp_lock_destroy(&loop->lock);
    omsp_free(loop);
    curl_global_cleanup();
}

static void loop_destroy(struct omsp_tcp_loop *base)
{
    struct tcp_loop *loop = loop_of(base);

    if (atomic_load(&loop->connections))
        abort(); /* a caller's bug that would else be a use after free somewhere later */
    omsp_lock_acquire(&loop->lock);
    loop->stopping = true;
    loop->os->wake(loop->dial_poller);
    omsp_lock_release(&loop->lock);
    omsp_thread_join(loop->thread);
    release(loop);
}

static const struct omsp_tcp_loop functions = {
    .dial = loop_dial,
    .send = tcp_send,
    .close = tcp_close,
    .wait = loop_wait,
    .wake = loop_wake,
    .destroy = loop_destroy,
};

enum omsp_status omsp_curl_tcp_create(const struct omsp_curl_os *os, struct omsp_tcp_loop **out)
{
    struct tcp_loop *loop = omsp_zalloc(sizeof(*loop));
    enum omsp_status status;

    if (!loop)
        return OMSP_NOMEM;
    /* Counted and thread-safe since 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        omsp_free(loop);
        return OMSP_IO;
    }
    loop->base = functions;
    loop->os = os;
    omsp_lock_init(&loop->lock);
    omsp_list_init(&loop->fresh);
    omsp_list_init(&loop->given_up);
    omsp_list_init(&loop->dialled);
    omsp_list_init(&loop->closing);
    omsp_list_init(&loop->more);
    omsp_list_init(&loop->paused);
    omsp_list_init(&loop->active);
    omsp_list_init(&loop->dead);
    loop->base.send_many = omsp_conn_may_send_many(loop) ? omsp_conn_send_many : NULL;
    status = os->poller_create(&loop->poller);
    if (status == OMSP_OK)
        status = os->poller_create(&loop->dial_poller);
    if (status == OMSP_OK)
        status = omsp_thread_start(omsp_dialler_run, loop, "omsp-dial", &loop->thread);
    if (status != OMSP_OK) {
        release(loop);
        return status;
    }
    *out = &loop->base;
    return OMSP_OK;
}
