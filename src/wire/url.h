/* Splitting the URLs that we dial: ws, wss, http, https (RFC 3986). Pure. */
#ifndef OMSP_WIRE_URL_H
#define OMSP_WIRE_URL_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

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
    struct omsp_span
        user; /* into the text: user information as written, nothing when there is none */
};

/* OMSP_INVALID: no absolute URL with host, bad port, user info, control characters, spaces, or not
 * valid UTF-8. scheme OTHER is not an error. */
enum omsp_status omsp_url_parse(const char *text, struct omsp_url *out);
/* The same, but "user:password@" is taken, in the characters of RFC 3986 3.2.1. */
enum omsp_status omsp_url_parse_user(const char *text, struct omsp_url *out);

/* What is dialled, piece by piece: the host as a Host header has it, an IPv6 address in brackets …
 */
void omsp_url_put_host(struct omsp_text *text, const struct omsp_url *url);
/* … and the path, "/" when there is none, with the query or without; what is not ASCII as %XX, for
 * servers read a request line as Latin-1. */
void omsp_url_put_path(struct omsp_text *text, const struct omsp_url *url, bool query);
/* A hexadecimal digit's value, or -1. */
int omsp_url_hex(char c);
/* 127.0.0.0/8, ::1, "localhost". */
bool omsp_url_is_loopback(const struct omsp_url *url);

#endif
