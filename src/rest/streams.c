/*
 * What the routes do: create, change, list and look at the media streams of a call. Translates
 * between forms, engine and bodies; HTTP itself is elsewhere. Runs on libmicrohttpd's threads,
 * holding references only while it runs.
 */
#include "rest/auth.h"
#include "rest/create_form.h"
#include "rest/state.h"

#include "base/alloc.h"
#include "base/log.h"

#include <string.h>

#define MAX_FIELDS 512 /* the contract has 203 */
#define MAX_LISTED 64  /* the newest ones */

enum omsp_status omsp_refuse_unknown(struct omsp_request *request)
{
    char path[512];

    omsp_route_path(request->target, path, sizeof(path));
    return omsp_rest_refuse(&request->error, 404, OMSP_REST_NOT_FOUND,
                            "The requested resource %s was not found", path);
}

static enum omsp_status refuse_fault(struct omsp_request *request)
{
    return omsp_rest_refuse(&request->error, 500, OMSP_REST_SERVER_FAULT,
                            "An internal server error has occurred");
}

/* A reference, or NULL with the error filled. */
static struct omsp_call *call_of(struct omsp_request *request)
{
    struct omsp_rest_server *server = request->server;
    char sid[OMSP_SID_CHARS + 1];
    const char *given = request->route.call;
    struct omsp_call *call = NULL;

    if (omsp_sid_is_valid(given, strlen(given), "CA")) {
        for (unsigned i = 0; i < OMSP_SID_CHARS; i++)
            sid[i] = given[i] >= 'A' && given[i] <= 'F' && i >= 2 ? (char)(given[i] - 'A' + 'a')
                                                                  : given[i];
        sid[OMSP_SID_CHARS] = 0;
        call = server->calls->find_call(server->engine, sid);
    }
    if (!call)
        omsp_refuse_unknown(request);
    return call;
}

/* The stream that the path names; a reference, or NULL with the error filled. */
static struct omsp_stream *stream_of(struct omsp_request *request)
{
    const struct omsp_rest_calls *calls = request->server->calls;
    struct omsp_call *call = call_of(request);
    struct omsp_stream *stream;

    if (!call)
        return NULL;
    stream = calls->find_fork(call, request->route.stream);
    calls->release_call(call);
    if (!stream)
        omsp_refuse_unknown(request);
    return stream;
}

static enum omsp_status read_form(struct omsp_request *request, struct omsp_form_field *fields,
                                  unsigned *count)
{
    enum omsp_status status = OMSP_OK;

    *count = 0;
    if (request->body && memchr(request->body, 0, request->body_len))
        status = OMSP_INVALID;
    else if (request->body)
        status = omsp_form_parse(request->body, fields, MAX_FIELDS, count);
    if (status == OMSP_OK)
        return status;
    return omsp_rest_refuse(&request->error, 400, OMSP_REST_BAD_PARAMETER, "%s",
                            status == OMSP_FULL ? "The form has too many fields"
                                                : "The form is malformed");
}

static enum omsp_status tell(struct omsp_request *request, struct omsp_stream *stream,
                             bool extended, bool created, struct omsp_body *body)
{
    const struct omsp_rest_server *server = request->server;
    struct omsp_fork_info info;

    if (server->calls->info(stream, &info) != OMSP_OK)
        return omsp_refuse_unknown(request);
    /* Created is created: that it failed in the meantime is the status callback's to tell. */
    if (created && info.state == OMSP_FORK_STOPPED)
        info.state = OMSP_FORK_CONNECTING;
    if (omsp_answer_stream(request->format, server->account_sid, &info, extended, body) != OMSP_OK)
        return refuse_fault(request);
    return OMSP_OK;
}

static enum omsp_status create(struct omsp_request *request, int *status, struct omsp_body *body)
{
    const struct omsp_rest_server *server = request->server;
    unsigned flags = (server->config.strict_url ? OMSP_CREATE_STRICT_URL : 0) |
                     (server->config.extensions ? OMSP_CREATE_EXTENSIONS : 0);
    struct omsp_form_field fields[MAX_FIELDS];
    struct omsp_create_form form;
    struct omsp_call *call = call_of(request);
    struct omsp_stream *stream = NULL;
    enum omsp_status made;
    unsigned count;
    int error = 0;

    if (!call)
        return OMSP_NOTFOUND;
    form.authorization[0] = 0;
    made = read_form(request, fields, &count);
    if (made == OMSP_OK)
        made = omsp_create_form_read(fields, count, flags, &form, &request->error);
    if (made == OMSP_OK) {
        if (form.query_cut)
            omsp_log(OMSP_LOG_WARNING, "rest: the query of a stream's Url was cut off");
        made = server->calls->fork(call, &form.options, OMSP_CAUSE_REMOTE_REQUEST, &error, &stream);
        if (made == OMSP_SHUTDOWN)
            omsp_refuse_unknown(request);
        else if (made != OMSP_OK)
            omsp_rest_error_of_fork(&request->error, made, error);
    }
    server->calls->release_call(call);
    omsp_auth_forget(form.authorization, sizeof(form.authorization));
    if (made != OMSP_OK)
        return made;
    *status = server->config.created_status;
    made = tell(request, stream, false, true, body);
    request->made = stream;
    if (made != OMSP_OK)
        omsp_creation_end(request, false);
    return made;
}

void omsp_creation_end(struct omsp_request *request, bool told)
{
    const struct omsp_rest_calls *calls = request->server->calls;

    if (!request->made)
        return;
    if (!told)
        calls->stop(request->made, OMSP_CAUSE_REMOTE_REQUEST);
    calls->release_stream(request->made);
    request->made = NULL;
}

/* Moves the stream as Status asks; nothing when it is there already. */
static enum omsp_status move(struct omsp_request *request, struct omsp_stream *stream,
                             const struct omsp_fork_info *info, const char *wanted)
{
    const struct omsp_rest_server *server = request->server;
    const struct omsp_rest_calls *calls = server->calls;
    enum omsp_status status = OMSP_OK;

    if (wanted && strcmp(wanted, "stopped") == 0) {
        if (info->bidirectional)
            return omsp_rest_refuse(&request->error, 400, OMSP_REST_BAD_PARAMETER,
                                    "A bidirectional stream cannot be stopped here");
        if (info->state != OMSP_FORK_STOPPED)
            status = calls->stop(stream, OMSP_CAUSE_REMOTE_REQUEST);
    } else if (wanted && server->config.extensions && strcmp(wanted, "paused") == 0 &&
               info->state != OMSP_FORK_STOPPED) {
        if (info->state != OMSP_FORK_PAUSED)
            status = calls->pause(stream, OMSP_CAUSE_REMOTE_REQUEST);
    } else if (wanted && server->config.extensions && strcmp(wanted, "in-progress") == 0 &&
               info->state != OMSP_FORK_STOPPED) {
        if (info->state == OMSP_FORK_PAUSED)
            status = calls->start(stream, OMSP_CAUSE_REMOTE_REQUEST);
    } else {
        return omsp_rest_refuse(&request->error, 400, OMSP_REST_BAD_PARAMETER,
                                wanted ? "Status: not allowed for this stream"
                                       : "Status is required");
    }
    if (status == OMSP_SHUTDOWN)
        return omsp_refuse_unknown(request);
    return status == OMSP_OK ? OMSP_OK : refuse_fault(request);
}

static enum omsp_status change(struct omsp_request *request, int *status, struct omsp_body *body)
{
    const struct omsp_rest_calls *calls = request->server->calls;
    struct omsp_form_field fields[MAX_FIELDS];
    struct omsp_stream *stream = stream_of(request);
    struct omsp_fork_info info;
    enum omsp_status moved;
    unsigned count;

    (void)status;
    if (!stream)
        return OMSP_NOTFOUND;
    moved = read_form(request, fields, &count);
    if (moved == OMSP_OK && calls->info(stream, &info) != OMSP_OK)
        moved = omsp_refuse_unknown(request);
    if (moved == OMSP_OK)
        moved = move(request, stream, &info, omsp_form_last(fields, count, "Status"));
    if (moved == OMSP_OK)
        moved = tell(request, stream, request->server->config.extensions, false, body);
    calls->release_stream(stream);
    return moved;
}

static enum omsp_status fetch(struct omsp_request *request, int *status, struct omsp_body *body)
{
    struct omsp_stream *stream = stream_of(request);
    enum omsp_status told;

    (void)status;
    if (!stream)
        return OMSP_NOTFOUND;
    told = tell(request, stream, true, false, body);
    request->server->calls->release_stream(stream);
    return told;
}

static enum omsp_status list(struct omsp_request *request, int *status, struct omsp_body *body)
{
    const struct omsp_rest_calls *calls = request->server->calls;
    struct omsp_stream *streams[MAX_LISTED];
    struct omsp_fork_info *infos = omsp_zalloc_array(MAX_LISTED, sizeof(*infos));
    struct omsp_call *call = infos ? call_of(request) : NULL;
    unsigned count, told = 0;
    enum omsp_status made;

    (void)status;
    if (!infos)
        return refuse_fault(request);
    if (!call) {
        omsp_free(infos);
        return OMSP_NOTFOUND;
    }
    count = calls->forks(call, streams, MAX_LISTED);
    calls->release_call(call);
    for (unsigned i = 0; i < count; i++) {
        told += calls->info(streams[i], &infos[told]) == OMSP_OK;
        calls->release_stream(streams[i]);
    }
    made = omsp_answer_list(request->format, request->server->account_sid, infos, told, body);
    omsp_free(infos);
    return made == OMSP_OK ? OMSP_OK : refuse_fault(request);
}

static const struct omsp_action actions[] = {
    {"POST", OMSP_ROUTE_LIST, false, create},
    {"POST", OMSP_ROUTE_STREAM, false, change},
    {"GET", OMSP_ROUTE_LIST, true, list},
    {"GET", OMSP_ROUTE_STREAM, true, fetch},
};

const struct omsp_action *omsp_action_find(struct omsp_request *request, const char *method)
{
    struct omsp_text allow;

    if (strcmp(method, "HEAD") == 0)
        method = "GET"; /* libmicrohttpd leaves the body out */
    omsp_text_init(&allow, request->allow, sizeof(request->allow));
    for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        const struct omsp_action *action = &actions[i];

        if (action->kind != request->route.kind ||
            (action->extension && !request->server->config.extensions))
            continue;
        if (strcmp(action->method, method) == 0)
            return action;
        omsp_text_printf(&allow, "%s, ", action->method);
    }
    omsp_text_puts(&allow, "OPTIONS");
    return NULL;
}
