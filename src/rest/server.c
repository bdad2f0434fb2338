/*
 * The server's life: where it listens, libmicrohttpd's daemon, an orderly end. What a request means
 * is elsewhere. start and stop are the owner's; the threads are libmicrohttpd's and the watch's.
 */
#include "rest/state.h"

#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#ifndef _WIN32
#include <netinet/in.h> /* what <microhttpd.h> brings along on Windows only */
#endif

#define POOL_THREADS 2
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

static void to_socket_address(const struct omsp_addr *addr, struct sockaddr_storage *out)
{
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (addr->family == 4) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(addr->port);
        memcpy(&in4->sin_addr, addr->ip, 4);
    } else {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(addr->port);
        in6->sin6_scope_id = addr->scope;
        memcpy(&in6->sin6_addr, addr->ip, 16);
    }
}

static void close_socket(MHD_socket socket)
{
    if (socket == MHD_INVALID_SOCKET)
        return;
#ifdef _WIN32
    closesocket(socket);
#else
    close(socket);
#endif
}

static enum omsp_status why_not_listening(int error)
{
#ifdef _WIN32
    error = WSAGetLastError();
    if (error == WSAEADDRINUSE)
        return OMSP_ADDRINUSE;
    if (error == WSAEACCES)
        return OMSP_ACCESS;
    if (error == WSAEADDRNOTAVAIL)
        return OMSP_INVALID;
#else
    if (error == EADDRINUSE)
        return OMSP_ADDRINUSE;
    if (error == EACCES || error == EPERM)
        return OMSP_ACCESS;
    if (error == EADDRNOTAVAIL)
        return OMSP_INVALID;
#endif
    return OMSP_IO;
}

static enum omsp_status listen_at(struct omsp_rest_server *server)
{
    unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC;
    unsigned threads = server->config.max_connections < POOL_THREADS
                           ? server->config.max_connections
                           : POOL_THREADS; /* each gets its part of the connections */
    struct sockaddr_storage address;
    const union MHD_DaemonInfo *info;

    to_socket_address(&server->addr, &address);
    if (server->addr.family == 6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, server->addr.port, NULL, NULL, omsp_request_step, server, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_CONNECTION_TIMEOUT, omsp_peer_fallback_s(server->config.request_ms),
        MHD_OPTION_CONNECTION_LIMIT, server->config.max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_encoded, NULL, MHD_OPTION_URI_LOG_CALLBACK, omsp_request_begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, omsp_request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
        omsp_peer_notify, server, MHD_OPTION_END);
    if (!server->daemon)
        return why_not_listening(errno);
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (!info)
        return OMSP_IO;
    server->addr.port = info->port;
    omsp_addr_text(&server->addr, server->address, sizeof(server->address));
    return OMSP_OK;
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
        status = omsp_peers_watch(server);
    }
    if (status == OMSP_OK)
        status = listen_at(server);
    if (status != OMSP_OK) {
        omsp_rest_stop(server);
        return status;
    }
    omsp_log(OMSP_LOG_INFO, "rest: listening on %s", server->address);
    *out = server;
    return OMSP_OK;
}

const char *omsp_rest_address(const struct omsp_rest_server *server)
{
    return server->address;
}

/* Until no request is under way, stop_ms at most. The engine's clock may stand still, so the waits
 * are counted, each of which ends early when something changes. */
static void let_finish(struct omsp_rest_server *server)
{
    uint64_t left = (uint64_t)server->config.stop_ms * 1000;

    omsp_lock_acquire(&server->lock);
    server->stopping = true;
    while (server->busy) {
        uint64_t slice = left < 20000 ? left : 20000;

        if (!slice)
            break;
        if (!omsp_cond_wait(&server->changed, &server->lock, slice))
            left -= slice;
    }
    omsp_lock_release(&server->lock);
}

void omsp_rest_stop(struct omsp_rest_server *server)
{
    MHD_socket listener = MHD_INVALID_SOCKET;

    if (!server)
        return;
    if (server->daemon) {
        listener = MHD_quiesce_daemon(server->daemon);
        let_finish(server);
    }
    omsp_peers_unwatch(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    close_socket(listener); /* its number was libmicrohttpd's to use until now */
    omsp_settings_free(&server->config);
    omsp_cond_destroy(&server->changed);
    omsp_lock_destroy(&server->lock);
    omsp_free(server);
}
