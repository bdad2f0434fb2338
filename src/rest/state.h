/*
 * The server's own view of itself, shared by its files: server.c (life), settings.c
 * (configuration), gate.c (connections before their request is there), peers.c (connections and
 * their deadlines after that), request.c (one request's way), headers.c (what is refused of it),
 * streams.c (what a route does), reply.c (what goes out).
 *
 * Threads: libmicrohttpd's, a few, each with connections of its own, run the callbacks; one thread
 * of ours is the gate's, one watches deadlines. server->lock is a leaf: nothing is called under it
 * but the system's send, recv and shutdown on a socket that does not block.
 */
#ifndef OMSP_REST_STATE_H
#define OMSP_REST_STATE_H

#include "base/list.h"
#include "port/lock.h"
#include "port/net.h"
#include "port/thread.h"
#include "rest/answer.h"
#include "rest/calls.h"
#include "rest/error.h"
#include "rest/route.h"
#include "rest/server.h"

#include <microhttpd.h>

/* So many requests at once, then so many a second. */
struct omsp_bucket {
    uint64_t at_us;
    double tokens;
};

struct omsp_gate; /* gate.c's */

/* A connection that was given to libmicrohttpd, which has not begun it yet. */
struct omsp_handover {
    MHD_socket socket;
    struct omsp_addr from;
    uint64_t at_us, deadline_us;
    bool is_long, awaited;
};

struct omsp_rest_server {
    const struct omsp_rest_calls *calls;
    struct omsp_engine *engine;
    struct omsp_rest_config config;       /* every string our own copy; no zeros left */
    char account_sid[OMSP_SID_CHARS + 1]; /* as it is printed: lower case */
    struct omsp_addr addr;
    char address[64];
    struct MHD_Daemon *daemon;
    struct omsp_thread *watch;
    struct omsp_gate *gate;

    struct omsp_lock lock; /* from here */
    struct omsp_cond changed;
    struct omsp_link peers;
    unsigned busy; /* requests from when they are there until the end of their answer */
    struct omsp_handover *handovers;     /* config.max_connections of them */
    unsigned handover_count, peer_count; /* together max_connections at most; of these ... */
    unsigned long_count;                 /* ... bring a request that has to be read to be known */
    unsigned kept_count;                 /* ... may stay for another request */
    unsigned unwatched_count;            /* beside these: shut down, for want of memory */
    struct omsp_rest_counts counts;
    bool stopping, ending, quit;
    struct omsp_bucket allowed, refused;
};

/* ---- peers.c --------------------------------------------------------------------------------- */

enum omsp_peer_phase {
    OMSP_PEER_READING, /* a request is due or on its way in */
    OMSP_PEER_ANSWERING,
    OMSP_PEER_IDLE,  /* between requests */
    OMSP_PEER_ENDED, /* shut down by us, not yet closed by libmicrohttpd */
};

/* One connection; server->lock. */
struct omsp_peer {
    struct omsp_link link;
    struct omsp_rest_server *server;
    MHD_socket socket;
    enum omsp_peer_phase phase;
    uint64_t deadline_us;
    struct omsp_addr from;
    bool is_long; /* one of server->long_count */
    bool kept;    /* one of server->kept_count */
    bool awaited; /* one of server->busy, for a request that the gate saw and nobody read yet */
};

/* libmicrohttpd's callback for connections. */
void omsp_peer_notify(void *ctx, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code);
/* The connection's next request began (false: it is one of server->busy already); its answer
 * begins; its answer is out (connection NULL: or the connection is ending). On the connection's
 * thread. */
bool omsp_peer_reads(struct omsp_peer *peer, struct MHD_Connection *connection);
void omsp_peer_answers(struct omsp_peer *peer);
void omsp_peer_rests(struct omsp_peer *peer, struct MHD_Connection *connection);
/* May the connection stay after this answer? Only half of them may, or who once asked would keep
 * all others out. */
bool omsp_peer_may_stay(struct omsp_peer *peer);
/* Seconds of silence after which libmicrohttpd itself gives up, for a deadline of ours. */
unsigned omsp_peer_fallback_s(unsigned ms);
/* The thread that ends what lasts too long. OMSP_NOMEM, OMSP_FULL. */
enum omsp_status omsp_peers_watch(struct omsp_rest_server *server);
/* Shuts down all connections, and from now on each that libmicrohttpd begins. server->lock held. */
void omsp_peers_end(struct omsp_rest_server *server);
/* Has libmicrohttpd still to read what one of them sent? server->lock held. */
bool omsp_peers_unread(const struct omsp_rest_server *server);
void omsp_peers_unwatch(struct omsp_rest_server *server);

/* ---- gate.c ---------------------------------------------------------------------------------- */

/* Listens at server->addr, writes the real port back, and lets in. What omsp_rest_listen answers,
 * OMSP_NOMEM, OMSP_FULL. */
enum omsp_status omsp_gate_open(struct omsp_rest_server *server);
/* Nobody more comes in; who waits is sent away. NULL gate is fine. */
void omsp_gate_close(struct omsp_rest_server *server);
/* Takes what the gate knows of this socket out of the hand-overs. server->lock held. */
bool omsp_gate_claim(struct omsp_rest_server *server, MHD_socket socket, struct omsp_handover *out);
/* There is room again. server->lock held. */
void omsp_gate_has_room(struct omsp_rest_server *server);

/* ---- request.c ------------------------------------------------------------------------------- */

struct omsp_request {
    struct omsp_rest_server *server;
    struct omsp_peer *peer;
    char *target; /* as it came */
    bool begun;   /* its header was judged */
    bool refused; /* error holds; what comes of the body is thrown away */
    bool preflight;
    bool end; /* the connection is not used again */
    struct omsp_rest_error error;
    unsigned retry_after_s; /* for 429, 503 */
    struct omsp_route route;
    enum omsp_format format;
    const struct omsp_action *action;
    char allow[40]; /* for 405 */
    char *body;     /* max_body bytes at most, terminated */
    size_t body_len, body_room;
    uint64_t seen;            /* bytes of body that came */
    struct omsp_stream *made; /* what was created and its maker was not told of yet: a reference */
};

void *omsp_request_begin(void *ctx, const char *target, struct MHD_Connection *connection);
enum MHD_Result omsp_request_step(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context);
void omsp_request_end(void *ctx, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code);

/* ---- headers.c ------------------------------------------------------------------------------- */

#define OMSP_REST_MAX_HEADERS 100

/* Refuses what two readers could understand differently, and what is too much (request->error). */
enum omsp_status omsp_headers_check(struct omsp_request *request, struct MHD_Connection *connection,
                                    const char *version);
/* NULL when absent. */
const char *omsp_header(struct MHD_Connection *connection, const char *name);

/* ---- streams.c ------------------------------------------------------------------------------- */

/* What a method on a kind of path does. OMSP_OK: *status and *body; else request->error. */
struct omsp_action {
    const char *method;
    enum omsp_route_kind kind;
    bool extension;
    enum omsp_status (*run)(struct omsp_request *request, int *status, struct omsp_body *body);
};

/* NULL, and request->allow says what there is. */
const struct omsp_action *omsp_action_find(struct omsp_request *request, const char *method);
/* The answer is on its way, or there is none: nothing runs that its maker does not know of. */
void omsp_creation_end(struct omsp_request *request, bool told);
/* The one answer for everything that does not exist. */
enum omsp_status omsp_refuse_unknown(struct omsp_request *request);

/* ---- reply.c --------------------------------------------------------------------------------- */

enum MHD_Result omsp_reply_error(struct omsp_request *request, struct MHD_Connection *connection);
/* For a request that there is no memory for; the connection ends. */
enum MHD_Result omsp_reply_no_memory(const struct omsp_rest_server *server,
                                     struct MHD_Connection *connection);
/* Takes body. */
enum MHD_Result omsp_reply_body(struct omsp_request *request, struct MHD_Connection *connection,
                                int status, struct omsp_body *body);
enum MHD_Result omsp_reply_preflight(struct omsp_request *request,
                                     struct MHD_Connection *connection);
/* A whole answer 408 as bytes, for a request that never came; answers its length. */
size_t omsp_reply_timeout_text(const struct omsp_rest_server *server, char *out, size_t room);

/* ---- settings.c ------------------------------------------------------------------------------ */

/* Deep copy with defaults filled in. OMSP_INVALID, OMSP_NOMEM; then *out is empty. */
enum omsp_status omsp_settings_copy(const struct omsp_rest_config *config,
                                    struct omsp_rest_config *out);
/* Overwrites secrets and frees. */
void omsp_settings_free(struct omsp_rest_config *config);

#endif
