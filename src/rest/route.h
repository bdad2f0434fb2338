/*
 * Paths of the Stream resource (spec/twilio-streams 1.1, 1.4, 1.7). A path is cut at its slashes
 * first and percent-decoded once afterwards, so that "%2F" in a name is a slash of the name. Pure.
 */
#ifndef OMSP_REST_ROUTE_H
#define OMSP_REST_ROUTE_H

#include "base/status.h"

#include <stddef.h>

#define OMSP_ROUTE_SEGMENT_MAX 255 /* bytes of a decoded segment */

enum omsp_route_kind { OMSP_ROUTE_LIST, OMSP_ROUTE_STREAM };
enum omsp_route_suffix { OMSP_SUFFIX_NONE, OMSP_SUFFIX_JSON, OMSP_SUFFIX_XML };

struct omsp_route {
    enum omsp_route_kind kind;
    enum omsp_route_suffix suffix; /* filled for every path that ends in one, known or not */
    char account[OMSP_ROUTE_SEGMENT_MAX + 1]; /* decoded, as written */
    char call[OMSP_ROUTE_SEGMENT_MAX + 1];
    char stream[OMSP_ROUTE_SEGMENT_MAX + 1]; /* SID or name; "" for LIST */
};

/* target: the request target as it came, query and absolute form (scheme and authority) included.
 * OMSP_INVALID: broken percent-encoding, an encoded NUL, not UTF-8, not a path. OMSP_NOTFOUND: no
 * path of ours. Whether the account and the call exist is not looked at. */
enum omsp_status omsp_route_parse(const char *target, struct omsp_route *out);

/* The path of a target, for people: without query, visible ASCII only, at most room - 1 bytes,
 * terminated. */
void omsp_route_path(const char *target, char *out, size_t room);

#endif
