/*
 * Simulated HTTP: what port/http.h promises, in virtual time; requests stay on record until the
 * simulation ends. One thread.
 */
#include "sim/machine.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define MAX_UNDER_WAY 1000
#define ANSWER_US     1000

struct sim_http {
    struct omsp_http base;
    struct omsp_sim *sim;
    struct omsp_link under_way; /* struct sim_request.pending */
    unsigned count;
    bool stopping;
};

/* One allocation with all its strings behind it. */
struct sim_request {
    struct omsp_link link;    /* in omsp_sim.requests */
    struct omsp_link pending; /* in sim_http.under_way */
    struct sim_http *http;    /* NULL: told */
    struct omsp_sim_http_request record;
    void (*on_done)(void *owner, int http_status);
    void *owner;
    int answer;
    char text[];
};

/* ---- the record ---------------------------------------------------------------------------- */

static const char *keep(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = *at;

    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct sim_request *record(const struct omsp_http_request *from)
{
    size_t table = from->header_count * sizeof(char *), size = table;
    struct sim_request *request;
    const char **headers;
    char *at;

    size += strlen(from->url) + 1 + (from->body ? strlen(from->body) : 0) + 1;
    size += from->ca_file ? strlen(from->ca_file) + 1 : 0;
    for (unsigned i = 0; i < from->header_count; i++)
        size += strlen(from->headers[i]) + 1;
    request = omsp_zalloc(sizeof(*request) + size + sizeof(char *));
    if (!request)
        return NULL;
    headers = (const char **)(((uintptr_t)request->text + sizeof(char *) - 1) / sizeof(char *) *
                              sizeof(char *));
    at = (char *)headers + table;
    for (unsigned i = 0; i < from->header_count; i++)
        headers[i] = keep(&at, from->headers[i]);
    request->record.headers = headers;
    request->record.header_count = from->header_count;
    request->record.url = keep(&at, from->url);
    request->record.body = keep(&at, from->body ? from->body : "");
    request->record.ca_file = from->ca_file ? keep(&at, from->ca_file) : NULL;
    request->record.post = from->post;
    request->record.timeout_ms = from->timeout_ms;
    request->on_done = from->on_done;
    request->owner = from->owner;
    omsp_list_init(&request->link);
    omsp_list_init(&request->pending);
    return request;
}

size_t omsp_sim_http_count(const struct omsp_sim *sim)
{
    return sim->request_count;
}

const struct omsp_sim_http_request *omsp_sim_http_get(const struct omsp_sim *sim, size_t index)
{
    omsp_list_each(it, &sim->requests)
    {
        if (!index--)
            return &omsp_container(it, struct sim_request, link)->record;
    }
    return NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

const char *omsp_sim_http_header(const struct omsp_sim_http_request *request, const char *name)
{
    for (unsigned i = 0; i < request->header_count; i++) {
        const char *at = request->headers[i], *want = name;

        while (*want && lower(*at) == lower(*want)) {
            at++;
            want++;
        }
        if (!*want && *at == ':')
            return at + 1 + strspn(at + 1, " \t");
    }
    return NULL;
}

void omsp_sim_http_set_server(struct omsp_sim *sim, omsp_sim_http_fn fn, void *ctx)
{
    sim->http_fn = fn;
    sim->http_ctx = ctx;
}

void sim_requests_clear(struct omsp_sim *sim)
{
    omsp_list_each_safe(it, &sim->requests)
    {
        omsp_free(omsp_container(it, struct sim_request, link));
    }
}

/* ---- the port ------------------------------------------------------------------------------ */

static void tell(struct sim_request *request, int http_status)
{
    struct sim_http *http = request->http;

    request->http = NULL;
    omsp_list_remove(&request->pending);
    http->count--;
    if (request->on_done)
        request->on_done(request->owner, http_status);
}

static void answered(void *arg)
{
    struct sim_request *request = arg;

    if (request->http)
        tell(request, request->answer);
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static enum omsp_status http_send(struct omsp_http *base, const struct omsp_http_request *from)
{
    struct sim_http *http = (struct sim_http *)base;
    struct omsp_sim *sim = http->sim;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_HTTP_SEND);
    uint64_t delay = ANSWER_US, limit = (from->timeout_ms ? from->timeout_ms : 1) * (uint64_t)1000;
    struct sim_request *request;

    if (status != OMSP_OK)
        return status;
    if (!is_http(from->url))
        return OMSP_INVALID;
    for (unsigned i = 0; i < from->header_count; i++)
        if (strpbrk(from->headers[i], "\r\n"))
            return OMSP_INVALID;
    if (http->count == MAX_UNDER_WAY)
        return OMSP_FULL;
    if (http->stopping)
        return OMSP_SHUTDOWN;
    request = record(from);
    if (!request)
        return OMSP_NOMEM;
    request->record.at_us = sim->now;
    request->answer = sim->http_fn ? sim->http_fn(sim->http_ctx, &request->record, &delay) : 200;
    if (delay > limit) {
        request->answer = 0;
        delay = limit;
    }
    status = omsp_sim_at(sim, sim->now + delay, answered, request);
    if (status != OMSP_OK) {
        omsp_free(request);
        return status;
    }
    request->http = http;
    http->count++;
    omsp_list_insert(&http->under_way, &request->pending);
    omsp_list_insert(&sim->requests, &request->link);
    sim->request_count++;
    return OMSP_OK;
}

static void http_destroy(struct omsp_http *base)
{
    struct sim_http *http = (struct sim_http *)base;

    http->stopping = true;
    while (!omsp_list_empty(&http->under_way))
        tell(omsp_container(http->under_way.next, struct sim_request, pending), 0);
    http->sim->https--;
    omsp_free(http);
}

enum omsp_status sim_http_create(void *ctx, struct omsp_http **out)
{
    struct omsp_sim *sim = ctx;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_HTTP_CREATE);
    struct sim_http *http;

    if (status != OMSP_OK)
        return status;
    http = omsp_zalloc(sizeof(*http));
    if (!http)
        return OMSP_NOMEM;
    http->base.send = http_send;
    http->base.destroy = http_destroy;
    http->sim = sim;
    omsp_list_init(&http->under_way);
    sim->https++;
    *out = &http->base;
    return OMSP_OK;
}
