/* Splitting the URLs that we dial: ws, wss, http, https (RFC 3986). Pure. */
#ifndef OMSP_WIRE_URL_H
#define OMSP_WIRE_URL_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum omsp_scheme {
    OMSP_SCHEME_OTHER,
    OMSP_SCHEME_WS,
    OMSP_SCHEME_WSS,
    OMSP_SCHEME_HTTP,
    OMSP_SCHEME_HTTPS
};

struct omsp_url {
    enum omsp_scheme scheme;
    char host[256]; /* without brackets, lower case */
    bool ipv6;
    uint16_t port; /* the scheme's when none is written */
    bool port_given;
    const char *path; /* into the text: path and query, "" when absent; ends before '#' */
    size_t path_len;
    bool has_query;
    size_t query_at; /* in path: offset of '?' */
};

/* OMSP_INVALID: no absolute URL with host, bad port, user info, control characters, spaces, or not
 * valid UTF-8. scheme OTHER is not an error. */
enum omsp_status omsp_url_parse(const char *text, struct omsp_url *out);
/* 127.0.0.0/8, ::1, "localhost". */
bool omsp_url_is_loopback(const struct omsp_url *url);

#endif
