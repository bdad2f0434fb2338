/*
 * The connections and how long each may take. libmicrohttpd's own timeout counts silence only, so a
 * peer that sends a byte now and then would never end; here every phase of a request has a deadline
 * of its own. Reads and writes no request: request.c and reply.c do. Callbacks run on
 * libmicrohttpd's threads, the watch on its own; server->lock guards everything.
 */
#include "rest/sockets.h"
#include "rest/state.h"

#include "base/alloc.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Windows has no SIGPIPE */
#endif
#define BOTH_WAYS 2 /* SHUT_RDWR, SD_BOTH */

static uint64_t now_us(const struct omsp_rest_server *server)
{
    return server->calls->now_us(server->engine);
}

/* Lock held. */
static void enter(struct omsp_peer *peer, enum omsp_peer_phase phase, unsigned ms)
{
    if (peer->phase == OMSP_PEER_ENDED)
        return;
    peer->phase = phase;
    peer->deadline_us = now_us(peer->server) + (uint64_t)ms * 1000;
    omsp_cond_broadcast(&peer->server->changed);
}

/* libmicrohttpd sees the end of the stream and closes; if not, see fall_back_after. Lock held. */
static void shut_down(struct omsp_peer *peer)
{
    shutdown(peer->socket, BOTH_WAYS);
    peer->phase = OMSP_PEER_ENDED;
    peer->deadline_us = UINT64_MAX;
}

/* Its time began when it came to the gate. Lock held. */
static void admit(struct omsp_peer *peer)
{
    struct omsp_rest_server *server = peer->server;
    struct omsp_handover from;

    omsp_list_insert(&server->peers, &peer->link);
    server->peer_count++;
    enter(peer, OMSP_PEER_READING, server->config.request_ms);
    if (!omsp_gate_claim(server, peer->socket, &from))
        return;
    peer->deadline_us = from.deadline_us;
    peer->from = from.from;
    peer->is_long = from.is_long;
    peer->awaited = from.awaited;
    if (server->ending)
        shut_down(peer);
}

/* Without memory nobody could watch it: it ends. */
static void turn_away(struct omsp_rest_server *server, MHD_socket socket)
{
    struct omsp_handover from;

    shutdown(socket, BOTH_WAYS);
    omsp_lock_acquire(&server->lock);
    server->unwatched_count++;
    if (omsp_gate_claim(server, socket, &from)) {
        server->long_count -= from.is_long;
        server->busy -= from.awaited;
        omsp_gate_has_room(server);
        omsp_cond_broadcast(&server->changed);
    }
    omsp_lock_release(&server->lock);
}

void omsp_peer_notify(void *ctx, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct omsp_rest_server *server = ctx;
    struct omsp_peer *peer = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        peer = omsp_zalloc(sizeof(*peer));
        *context = peer;
        if (!peer) {
            turn_away(server, info->connect_fd);
            return;
        }
        peer->server = server;
        peer->socket = info->connect_fd;
        omsp_lock_acquire(&server->lock);
        admit(peer);
        omsp_lock_release(&server->lock);
    } else if (peer) { /* CLOSED comes before the socket is closed: it is nobody else's yet */
        omsp_lock_acquire(&server->lock);
        omsp_list_remove(&peer->link);
        server->peer_count--;
        server->long_count -= peer->is_long;
        server->kept_count -= peer->kept;
        server->busy -= peer->awaited;
        omsp_gate_has_room(server);
        omsp_cond_broadcast(&server->changed);
        omsp_lock_release(&server->lock);
        omsp_free(peer);
        *context = NULL;
    } else {
        omsp_lock_acquire(&server->lock);
        server->unwatched_count--;
        omsp_cond_broadcast(&server->changed);
        omsp_lock_release(&server->lock);
    }
}

/* On Windows a thread that waits does not see our shutdown of a socket before the peer closes too,
 * and the peer may never do that. libmicrohttpd's own timeout then ends the connection, always
 * after our deadline. Its own thread only. */
static void fall_back_after(struct MHD_Connection *connection, unsigned ms)
{
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, omsp_peer_fallback_s(ms));
}

unsigned omsp_peer_fallback_s(unsigned ms)
{
    return ms / 1000 + 2;
}

bool omsp_peer_reads(struct omsp_peer *peer, struct MHD_Connection *connection)
{
    unsigned ms = peer->server->config.request_ms;
    bool next, awaited;

    omsp_lock_acquire(&peer->server->lock);
    /* The first request's time began with the connection. */
    next = peer->phase == OMSP_PEER_IDLE;
    if (next)
        enter(peer, OMSP_PEER_READING, ms);
    awaited = peer->awaited;
    peer->awaited = false;
    omsp_lock_release(&peer->server->lock);
    if (next)
        fall_back_after(connection, ms);
    return !awaited;
}

void omsp_peer_answers(struct omsp_peer *peer)
{
    omsp_lock_acquire(&peer->server->lock);
    enter(peer, OMSP_PEER_ANSWERING, peer->server->config.request_ms);
    if (peer->is_long) { /* it is known now */
        peer->is_long = false;
        peer->server->long_count--;
        omsp_gate_has_room(peer->server);
    }
    omsp_lock_release(&peer->server->lock);
}

bool omsp_peer_may_stay(struct omsp_peer *peer)
{
    struct omsp_rest_server *server = peer->server;
    unsigned half = server->config.max_connections / 2;

    omsp_lock_acquire(&server->lock);
    if (!peer->kept && server->kept_count < (half ? half : 1)) {
        peer->kept = true;
        server->kept_count++;
    }
    omsp_lock_release(&server->lock);
    return peer->kept;
}

void omsp_peer_rests(struct omsp_peer *peer, struct MHD_Connection *connection)
{
    unsigned ms = peer->server->config.idle_ms;

    omsp_lock_acquire(&peer->server->lock);
    enter(peer, OMSP_PEER_IDLE, ms);
    omsp_lock_release(&peer->server->lock);
    if (connection)
        fall_back_after(connection, ms);
}

/* It took too long. Lock held. */
static void end_peer(struct omsp_peer *peer)
{
    if (peer->phase == OMSP_PEER_READING) {
        char text[1024];
        size_t len = omsp_reply_timeout_text(peer->server, text, sizeof(text));

        /* Nothing of an answer went out in this phase, and a new socket's buffer takes this whole;
         * if not, the peer learns it from the end of the connection. */
        (void)send(peer->socket, text, len, MSG_NOSIGNAL);
    }
    peer->server->counts.late += peer->phase != OMSP_PEER_IDLE;
    shut_down(peer);
}

static void watch(void *arg)
{
    struct omsp_rest_server *server = arg;

    omsp_lock_acquire(&server->lock);
    while (!server->quit) {
        uint64_t now = now_us(server), next = UINT64_MAX;

        omsp_list_each(it, &server->peers)
        {
            struct omsp_peer *peer = omsp_container(it, struct omsp_peer, link);

            if (peer->deadline_us <= now)
                end_peer(peer);
            else if (peer->deadline_us < next)
                next = peer->deadline_us;
        }
        omsp_cond_wait(&server->changed, &server->lock,
                       next == UINT64_MAX ? UINT64_MAX : next - now);
    }
    omsp_lock_release(&server->lock);
}

void omsp_peers_end(struct omsp_rest_server *server)
{
    server->ending = true;
    omsp_list_each(it, &server->peers)
    {
        shut_down(omsp_container(it, struct omsp_peer, link));
    }
}

bool omsp_peers_unread(const struct omsp_rest_server *server)
{
    omsp_list_each(it, &server->peers)
    {
        char first;
        size_t got;

        if (!omsp_rest_peek(omsp_container(it, struct omsp_peer, link)->socket, &first, 1, &got))
            return true;
    }
    return false;
}

enum omsp_status omsp_peers_watch(struct omsp_rest_server *server)
{
    return omsp_thread_start(watch, server, "omsp-rest", &server->watch);
}

void omsp_peers_unwatch(struct omsp_rest_server *server)
{
    if (!server->watch)
        return;
    omsp_lock_acquire(&server->lock);
    server->quit = true;
    omsp_cond_broadcast(&server->changed);
    omsp_lock_release(&server->lock);
    omsp_thread_join(server->watch);
    server->watch = NULL;
}
