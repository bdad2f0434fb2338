/*
 * One request's way: its header is judged as soon as it is there, its body collected (or thrown
 * away once it is known that the answer is an error), then it is answered. An error is answered
 * after the body was read, within bounds: a peer that is still sending would lose the answer to a
 * reset. Runs on libmicrohttpd's threads; a request is one thread's at a time.
 */
#include "rest/auth.h"
#include "rest/state.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* As much of a body that nobody wants is read; a longer one ends the connection. */
#define DRAIN_MAX (16u * 1024 * 1024)

void *omsp_request_begin(void *ctx, const char *target, struct MHD_Connection *connection)
{
    struct omsp_rest_server *server = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct omsp_request *request;

    if (!info || !info->socket_context)
        return NULL;
    request = omsp_zalloc(sizeof(*request));
    if (!request)
        return NULL;
    request->server = server;
    request->peer = info->socket_context;
    request->target = omsp_strdup(target);
    if (!request->target) {
        omsp_free(request);
        return NULL;
    }
    if (omsp_peer_reads(request->peer, connection)) {
        omsp_lock_acquire(&server->lock);
        server->busy++;
        omsp_lock_release(&server->lock);
    }
    return request;
}

void omsp_request_end(void *ctx, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct omsp_rest_server *server = ctx;
    struct omsp_request *request = *context;

    if (!request)
        return;
    *context = NULL;
    omsp_peer_rests(request->peer, code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? connection : NULL);
    if (request->body)
        omsp_auth_forget(request->body, request->body_len);
    omsp_free(request->body);
    omsp_free(request->target);
    omsp_free(request);
    omsp_lock_acquire(&server->lock);
    server->busy--;
    omsp_cond_broadcast(&server->changed);
    omsp_lock_release(&server->lock);
}

/* ---- judging the header ---------------------------------------------------------------------- */

/* A token for this request, or how long to wait for one. */
static bool draw(struct omsp_rest_server *server, struct omsp_bucket *bucket, unsigned *wait_s)
{
    double rate = server->config.rate_per_s;
    uint64_t now = server->calls->now_us(server->engine);
    bool got;

    omsp_lock_acquire(&server->lock);
    if (now > bucket->at_us)
        bucket->tokens += (double)(now - bucket->at_us) / 1e6 * rate;
    if (bucket->tokens > rate)
        bucket->tokens = rate;
    bucket->at_us = now;
    got = bucket->tokens >= 1;
    if (got)
        bucket->tokens -= 1;
    omsp_lock_release(&server->lock);
    *wait_s = 1;
    return got;
}

/* Credentials, then the rate: those without right ones cannot use up the others' share. */
static enum omsp_status admit(struct omsp_request *request, struct MHD_Connection *connection)
{
    struct omsp_rest_server *server = request->server;
    const char *header = omsp_header(connection, "Authorization");
    struct omsp_credentials given;
    bool right = header && omsp_auth_parse(header, &given) == OMSP_OK &&
                 omsp_auth_matches(&given, &server->config);

    omsp_auth_forget(&given, sizeof(given));
    if (!draw(server, right ? &server->allowed : &server->refused, &request->retry_after_s))
        return omsp_rest_refuse(&request->error, 429, 20429, "Too many requests");
    if (right)
        return OMSP_OK;
    omsp_log(OMSP_LOG_INFO, "rest: request without valid credentials");
    return omsp_rest_refuse(&request->error, 401, OMSP_REST_UNAUTHORIZED, "Authenticate");
}

/* "application/x-www-form-urlencoded", parameters whatever. */
static bool is_form(const char *type)
{
    static const char form[] = "application/x-www-form-urlencoded";
    size_t i;

    for (i = 0; i < sizeof(form) - 1; i++)
        if ((type[i] | 0x20) != (form[i] | 0x20))
            return false;
    return !type[i] || type[i] == ';' || type[i] == ' ' || type[i] == '\t';
}

/* Bytes of the body as announced; UINT64_MAX when that is not known. */
static uint64_t announced(struct MHD_Connection *connection)
{
    const char *length = omsp_header(connection, "Content-Length");

    if (length)
        return strtoull(length, NULL, 10); /* libmicrohttpd has seen that it is a number */
    return omsp_header(connection, "Transfer-Encoding") ? UINT64_MAX : 0;
}

static enum omsp_status find_route(struct omsp_request *request, const char *method)
{
    enum omsp_status status = omsp_route_parse(request->target, &request->route);

    if (status == OMSP_INVALID)
        return omsp_rest_refuse(&request->error, 400, OMSP_REST_BAD_PARAMETER,
                                "The path is malformed");
    if (status != OMSP_OK || !omsp_sid_equal(request->route.account, request->server->account_sid))
        return omsp_refuse_unknown(request);
    request->action = omsp_action_find(request, method);
    return request->action
               ? OMSP_OK
               : omsp_rest_refuse(&request->error, 405, OMSP_REST_BAD_METHOD, "Method not allowed");
}

static enum omsp_status judge_body(struct omsp_request *request, struct MHD_Connection *connection)
{
    const char *type = omsp_header(connection, "Content-Type");
    const char *encoding = omsp_header(connection, "Content-Encoding");
    uint64_t length = announced(connection);

    if (length != UINT64_MAX && length > request->server->config.max_body)
        return omsp_rest_refuse(&request->error, 413, 20413, "The body is too large");
    if (!length)
        return OMSP_OK;
    if (!type || !is_form(type) || (encoding && strcmp(encoding, "identity") != 0))
        return omsp_rest_refuse(&request->error, 415, 20415,
                                "The body must be application/x-www-form-urlencoded");
    return OMSP_OK;
}

static bool is_stopping(struct omsp_rest_server *server)
{
    bool stopping;

    omsp_lock_acquire(&server->lock);
    stopping = server->stopping;
    omsp_lock_release(&server->lock);
    return stopping;
}

static enum MHD_Result begin(struct omsp_request *request, struct MHD_Connection *connection,
                             const char *method, const char *version)
{
    uint64_t length;

    /* Its suffix says how errors are told too, whatever else is wrong with the path. */
    omsp_route_parse(request->target, &request->route);
    if (request->route.suffix == OMSP_SUFFIX_NONE)
        request->format = omsp_answer_format(omsp_header(connection, "Accept"));
    else if (request->route.suffix == OMSP_SUFFIX_XML)
        request->format = OMSP_FORMAT_XML;

    if (omsp_headers_check(request, connection, version) != OMSP_OK) {
        /* Where this request ends is in doubt: nothing more is read of the connection. */
        request->end = true;
        return omsp_reply_error(request, connection);
    }
    length = announced(connection);
    if (strcmp(method, "OPTIONS") == 0) { /* what a browser asks first; it shows no credentials */
        request->preflight = true;
        return MHD_YES;
    }
    if (is_stopping(request->server)) {
        request->end = true;
        request->retry_after_s = 1;
        omsp_rest_refuse(&request->error, 503, 20503, "The server is shutting down");
        request->refused = true;
    } else {
        request->refused = admit(request, connection) != OMSP_OK ||
                           find_route(request, method) != OMSP_OK ||
                           judge_body(request, connection) != OMSP_OK;
    }
    if (request->refused && length &&
        (omsp_header(connection, "Expect") || (length != UINT64_MAX && length > DRAIN_MAX)))
        return omsp_reply_error(request, connection);
    return MHD_YES;
}

/* ---- body and answer ------------------------------------------------------------------------- */

static enum MHD_Result collect(struct omsp_request *request, const char *data, size_t len)
{
    size_t max = request->server->config.max_body, room;
    char *grown;

    request->seen += len;
    if (request->refused || request->preflight)
        return request->seen > DRAIN_MAX ? MHD_NO : MHD_YES;
    if (len > max - request->body_len) {
        omsp_rest_refuse(&request->error, 413, 20413, "The body is too large");
        request->refused = true;
        return MHD_YES;
    }
    if (request->body_room < request->body_len + len + 1) {
        room = request->body_len + len + 1;
        if (room < 2 * request->body_room)
            room = 2 * request->body_room;
        grown = omsp_resize(request->body, room);
        if (!grown) {
            omsp_rest_refuse(&request->error, 500, OMSP_REST_SERVER_FAULT, "Out of memory");
            request->refused = true;
            return MHD_YES;
        }
        request->body = grown;
        request->body_room = room;
    }
    memcpy(request->body + request->body_len, data, len);
    request->body_len += len;
    request->body[request->body_len] = 0;
    return MHD_YES;
}

static enum MHD_Result answer(struct omsp_request *request, struct MHD_Connection *connection)
{
    struct omsp_body body = {0};
    enum MHD_Result result;
    int status = 200;

    if (request->preflight)
        return omsp_reply_preflight(request, connection);
    if (request->refused || request->action->run(request, &status, &body) != OMSP_OK)
        return omsp_reply_error(request, connection);
    result = omsp_reply_body(request, connection, status, &body);
    omsp_creation_end(request, result == MHD_YES);
    return result == MHD_YES ? result : omsp_reply_no_memory(request->server, connection);
}

enum MHD_Result omsp_request_step(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    struct omsp_request *request = *context;
    size_t len = *upload_size;

    (void)url;
    if (!request)
        return omsp_reply_no_memory(ctx, connection);
    if (!request->begun) {
        request->begun = true;
        return begin(request, connection, method, version);
    }
    if (!len)
        return answer(request, connection);
    *upload_size = 0;
    return collect(request, upload, len);
}
