/*
 * What goes out: status, headers, body. Every answer carries the CORS headers, or a browser would
 * hide an error from the page that caused it. Decides nothing about requests. Runs on
 * libmicrohttpd's threads.
 */
#include "rest/state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ALLOWED_HEADERS "Content-Type, Authorization"
#define EXPOSED_HEADERS "Retry-After, WWW-Authenticate, Allow"

static const char *methods_of(const struct omsp_rest_server *server)
{
    return server->config.extensions ? "GET, POST, OPTIONS" : "POST, OPTIONS";
}

static bool put(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* The Origin to be named, or NULL. */
static const char *allowed_origin(const struct omsp_rest_server *server, const char *origin)
{
    for (unsigned i = 0; origin && i < server->config.origin_count; i++)
        if (strcmp(origin, server->config.allowed_origins[i]) == 0)
            return server->config.allowed_origins[i];
    return NULL;
}

/* "*" and credentials exclude each other (Fetch standard). */
static bool put_cors(const struct omsp_rest_server *server, struct MHD_Connection *connection,
                     struct MHD_Response *response)
{
    const char *origin = "*";
    bool ok = true;

    if (server->config.origin_count) {
        ok = put(response, "Vary", "Origin");
        origin = allowed_origin(server, omsp_header(connection, "Origin"));
    }
    if (origin)
        ok = ok && put(response, "Access-Control-Allow-Origin", origin);
    return ok &&
           put(response, "Access-Control-Allow-Credentials",
               origin && server->config.origin_count ? "true" : "false") &&
           put(response, "Access-Control-Allow-Methods", methods_of(server)) &&
           put(response, "Access-Control-Allow-Headers", ALLOWED_HEADERS) &&
           put(response, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
}

/* Takes response, which may be NULL. MHD_NO ends the connection. */
static enum MHD_Result send_response(struct omsp_request *request,
                                     struct MHD_Connection *connection, int status,
                                     struct MHD_Response *response)
{
    enum MHD_Result result = MHD_NO;

    if (!response)
        return MHD_NO;
    request->end = request->end || !omsp_peer_may_stay(request->peer);
    if (put_cors(request->server, connection, response) &&
        put(response, "Cache-Control", "no-store") &&
        put(response, "X-Content-Type-Options", "nosniff") &&
        (!request->end || put(response, "Connection", "close"))) {
        omsp_peer_answers(request->peer);
        /* Without the query, where people put what is secret. */
        omsp_log(OMSP_LOG_INFO, "rest: %s %.*s: %d",
                 request->action ? request->action->method : "-",
                 request->target ? (int)strcspn(request->target, "?") : 0,
                 request->target ? request->target : "", status);
        result = MHD_queue_response(connection, (unsigned)status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *make_response(enum omsp_format format, struct omsp_body *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(body->len, body->text, omsp_free);

    if (!response) {
        omsp_free(body->text);
        return NULL;
    }
    if (!put(response, "Content-Type", omsp_format_type(format))) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

enum MHD_Result omsp_reply_body(struct omsp_request *request, struct MHD_Connection *connection,
                                int status, struct omsp_body *body)
{
    return send_response(request, connection, status, make_response(request->format, body));
}

/* What is told when there is no memory to say anything else. */
static struct MHD_Response *make_last_words(enum omsp_format format)
{
#define MORE "https://www.twilio.com/docs/errors/20500"
    static char json[] = "{\"code\":20500,\"message\":\"Out of memory\","
                         "\"more_info\":\"" MORE "\",\"status\":500}";
    static char xml[] = "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException>"
                        "<Code>20500</Code><Message>Out of memory</Message><MoreInfo>" MORE
                        "</MoreInfo><Status>500</Status></RestException></TwilioResponse>";
    bool is_xml = format == OMSP_FORMAT_XML;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        is_xml ? sizeof(xml) - 1 : sizeof(json) - 1, is_xml ? xml : json, MHD_RESPMEM_PERSISTENT);

    if (response && !put(response, "Content-Type", omsp_format_type(format))) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

enum MHD_Result omsp_reply_no_memory(const struct omsp_rest_server *server,
                                     struct MHD_Connection *connection)
{
    struct MHD_Response *response = make_last_words(OMSP_FORMAT_JSON);
    enum MHD_Result result = MHD_NO;

    if (!response)
        return MHD_NO;
    if (put_cors(server, connection, response) && put(response, "Cache-Control", "no-store") &&
        put(response, "Connection", "close"))
        result = MHD_queue_response(connection, 500, response);
    MHD_destroy_response(response);
    return result;
}

static bool put_extras(const struct omsp_request *request, struct MHD_Response *response)
{
    char seconds[16];

    switch (request->error.status) {
    case 401:
        return put(response, "WWW-Authenticate", "Basic realm=\"Twilio API\"");
    case 405:
        return put(response, "Allow", request->allow);
    case 429:
    case 503:
        snprintf(seconds, sizeof(seconds), "%u", request->retry_after_s);
        return put(response, "Retry-After", seconds);
    default:
        return true;
    }
}

enum MHD_Result omsp_reply_error(struct omsp_request *request, struct MHD_Connection *connection)
{
    struct MHD_Response *response;
    struct omsp_body body;

    if (omsp_answer_error(request->format, &request->error, &body) != OMSP_OK)
        return send_response(request, connection, 500, make_last_words(request->format));
    response = make_response(request->format, &body);
    if (response && !put_extras(request, response)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return send_response(request, connection, request->error.status, response);
}

enum MHD_Result omsp_reply_preflight(struct omsp_request *request,
                                     struct MHD_Connection *connection)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    if (response && (!put(response, "Access-Control-Max-Age", "600") ||
                     !put(response, "Allow", methods_of(request->server)))) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return send_response(request, connection, 204, response);
}

size_t omsp_reply_timeout_text(const struct omsp_rest_server *server, char *out, size_t room)
{
    static const char body[] = "{\"code\":20408,\"message\":\"The request took too long\","
                               "\"more_info\":\"https://www.twilio.com/docs/errors/20408\","
                               "\"status\":408}";
    struct omsp_text text;

    omsp_text_init(&text, out, room);
    omsp_text_printf(&text,
                     "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                     "Content-Type: application/json\r\nContent-Length: %u\r\n",
                     (unsigned)sizeof(body) - 1);
    /* Which Origin asked is not known; with a list of allowed ones none is named. */
    if (!server->config.origin_count)
        omsp_text_puts(&text, "Access-Control-Allow-Origin: *\r\n");
    omsp_text_printf(&text,
                     "Access-Control-Allow-Credentials: false\r\n"
                     "Access-Control-Allow-Methods: %s\r\n"
                     "Access-Control-Allow-Headers: " ALLOWED_HEADERS "\r\n"
                     "Access-Control-Expose-Headers: " EXPOSED_HEADERS "\r\n"
                     "Cache-Control: no-store\r\n\r\n%s",
                     methods_of(server), body);
    return text.len;
}
