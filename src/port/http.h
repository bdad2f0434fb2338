/*
 * Fire-and-tell HTTP requests (status callbacks): one thread of the adapter's own for all of them,
 * on libcurl; sim/ records them. Redirects are not followed, nothing is retried, the body of the
 * answer is thrown away. TLS as in port/tcp.h.
 */
#ifndef OMSP_PORT_HTTP_H
#define OMSP_PORT_HTTP_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct omsp_http_request {
    const char *url;            /* http or https; whole, query included. All strings are copied. */
    bool post;                  /* else GET */
    const char *body;           /* POST: application/x-www-form-urlencoded */
    const char *const *headers; /* "Name: value", count of them */
    unsigned header_count;
    const char *ca_file; /* as struct omsp_tcp_target's; copied */
    unsigned timeout_ms; /* for all of it; 0 is 1 */
    /* Once, on the adapter's thread, never inside send, though perhaps before the sender knows that
     * it returned: http status, or 0 when there was no whole answer (of one longer than 1 MiB the
     * rest is not waited for). Must not block; may send. */
    void (*on_done)(void *owner, int http_status);
    void *owner;
};

struct omsp_http {
    /* Any thread. OMSP_NOMEM, OMSP_FULL (1000 are under way), OMSP_INVALID (no http URL, a header
     * with a line break), OMSP_SHUTDOWN (in on_done, while it is destroyed); then on_done is not
     * called. */
    enum omsp_status (*send)(struct omsp_http *http, const struct omsp_http_request *request);
    /* Requests under way end with on_done(0). Joins its thread. Nobody else may be inside send. */
    void (*destroy)(struct omsp_http *http);
};

#endif
