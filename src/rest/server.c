/*
 * The server's life: libmicrohttpd's daemon, the gate before it, an orderly end. What a request
 * means is elsewhere. start and stop are the owner's; the threads are libmicrohttpd's, the gate's
 * and the watch's.
 */
#include "rest/state.h"

#include "base/alloc.h"
#include "base/log.h"

#include <string.h>

#define POOL_THREADS      2
#define SPARE_CONNECTIONS 64
/* From when all connections are shut down until libmicrohttpd has seen it. On Windows a thread that
 * waits does not see it while the peer does nothing, so this time is lost where one stays;
 * elsewhere it takes longer only while an answer is being made, for which MHD_stop_daemon waits,
 * too. */
#ifdef _WIN32
#define ENDING_MS 500u
#else
#define ENDING_MS 10000u
#endif
#define UNREAD_MS 10000u /* as long as something is there to be read it does see it */
#define BEGIN_MS  1000u  /* what it was given it begins at once, or never, and tells nobody */
/* libmicrohttpd keeps a request's header in one block per connection; a request with ten thousand
 * fields must fit, or libmicrohttpd answers by itself and not in our form. */
#define CONNECTION_BYTES (1280 * 1024)

/* The path stays as it came: route.c cuts it before it decodes. */
static size_t leave_encoded(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

static bool is_loopback(const struct omsp_addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};

    return addr->family == 4 ? addr->ip[0] == 127 : memcmp(addr->ip, one, 16) == 0;
}

/* The gate listens and lets in. libmicrohttpd waits by poll: with epoll it does not see the end of
 * a stream that came together with the last bytes, and keeps the connection until its deadline. */
static enum omsp_status start_daemon(struct omsp_rest_server *server)
{
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET;
    unsigned max = server->config.max_connections;
    unsigned threads = max < POOL_THREADS ? max : POOL_THREADS;

    /* Each thread gets its part of the limit, but not its part of the connections. Those that ended
     * are the library's for a moment after they are not ours. */
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, omsp_request_step, server, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_CONNECTION_TIMEOUT, omsp_peer_fallback_s(server->config.request_ms),
        MHD_OPTION_CONNECTION_LIMIT, threads * (max + SPARE_CONNECTIONS),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_encoded, NULL, MHD_OPTION_URI_LOG_CALLBACK, omsp_request_begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, omsp_request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
        omsp_peer_notify, server, MHD_OPTION_END);
    return server->daemon ? OMSP_OK : OMSP_IO;
}

static void lower_account(struct omsp_rest_server *server)
{
    for (unsigned i = 0; i < OMSP_SID_CHARS; i++) {
        char c = server->config.account_sid[i];

        server->account_sid[i] = i >= 2 && c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
}

enum omsp_status omsp_rest_start_with(const struct omsp_rest_calls *calls,
                                      struct omsp_engine *engine,
                                      const struct omsp_rest_config *config,
                                      struct omsp_rest_server **out)
{
    struct omsp_rest_server *server = omsp_zalloc(sizeof(*server));
    enum omsp_status status;

    if (!server)
        return OMSP_NOMEM;
    server->calls = calls;
    server->engine = engine;
    omsp_lock_init(&server->lock);
    omsp_cond_init(&server->changed);
    omsp_list_init(&server->peers);
    status = omsp_settings_copy(config, &server->config);
    if (status == OMSP_OK)
        status = omsp_addr_parse(server->config.listen, &server->addr);
    if (status == OMSP_OK && !is_loopback(&server->addr) && !server->config.allow_any)
        status = OMSP_ACCESS;
    if (status == OMSP_OK) {
        lower_account(server);
        server->allowed.at_us = server->refused.at_us = calls->now_us(engine);
        server->allowed.tokens = server->refused.tokens = server->config.rate_per_s;
        server->handovers =
            omsp_zalloc(server->config.max_connections * sizeof(*server->handovers));
        status = server->handovers ? omsp_peers_watch(server) : OMSP_NOMEM;
    }
    if (status == OMSP_OK)
        status = start_daemon(server);
    if (status == OMSP_OK)
        status = omsp_gate_open(server);
    if (status != OMSP_OK) {
        omsp_rest_stop(server);
        return status;
    }
    omsp_addr_text(&server->addr, server->address, sizeof(server->address));
    omsp_log(OMSP_LOG_INFO, "rest: listening on %s", server->address);
    *out = server;
    return OMSP_OK;
}

const char *omsp_rest_address(const struct omsp_rest_server *server)
{
    return server->address;
}

void omsp_rest_counts(struct omsp_rest_server *server, struct omsp_rest_counts *out)
{
    omsp_lock_acquire(&server->lock);
    *out = server->counts;
    out->open = server->peer_count + server->handover_count;
    omsp_lock_release(&server->lock);
}

static bool has_requests(const struct omsp_rest_server *server)
{
    return server->busy != 0;
}

static bool has_handovers(const struct omsp_rest_server *server)
{
    return server->handover_count != 0;
}

static bool has_connections(const struct omsp_rest_server *server)
{
    return server->peer_count + server->unwatched_count != 0;
}

/* The engine's clock may stand still, so the waits are counted, each of which ends early when
 * something changes. Lock held. */
static void wait_while(struct omsp_rest_server *server,
                       bool (*holds)(const struct omsp_rest_server *), unsigned ms)
{
    uint64_t left = (uint64_t)ms * 1000;

    while (holds(server)) {
        uint64_t slice = left < 20000 ? left : 20000;

        if (!slice)
            break;
        if (!omsp_cond_wait(&server->changed, &server->lock, slice))
            left -= slice;
    }
}

/* The requests under way may take stop_ms at most; then nobody is left who could send more. What
 * libmicrohttpd cannot read it answers by itself, and when it is being stopped meanwhile (0.9.75,
 * transmit_error_response_len) it takes an answer for there that is not: it must have nothing to
 * read any more. */
static void let_finish(struct omsp_rest_server *server)
{
    omsp_lock_acquire(&server->lock);
    server->stopping = true;
    wait_while(server, has_requests, server->config.stop_ms);
    omsp_peers_end(server);
    wait_while(server, has_handovers, BEGIN_MS);
    wait_while(server, has_connections, ENDING_MS);
    wait_while(server, omsp_peers_unread, UNREAD_MS);
    omsp_lock_release(&server->lock);
}

void omsp_rest_stop(struct omsp_rest_server *server)
{
    if (!server)
        return;
    omsp_gate_close(server);
    if (server->daemon)
        let_finish(server);
    omsp_peers_unwatch(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    omsp_free(server->handovers);
    omsp_settings_free(&server->config);
    omsp_cond_destroy(&server->changed);
    omsp_lock_destroy(&server->lock);
    omsp_free(server);
}
