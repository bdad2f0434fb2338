/*
 * The Stream resource over HTTP (spec/twilio-streams 1): libmicrohttpd's threads answer requests by
 * calls of the engine. One server serves one account; its calls are those of one engine.
 *
 * Safe to expose as far as HTTP goes: credentials before anything else, one answer for whatever
 * does not exist, a deadline for every phase of a request, bounds on everything that grows.
 */
#ifndef OMSP_REST_SERVER_H
#define OMSP_REST_SERVER_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct omsp_engine;
struct omsp_rest_server;

#define OMSP_REST_MAX_TOKENS  2 /* primary and secondary, so that a token can be changed */
#define OMSP_REST_MAX_KEYS    16
#define OMSP_REST_MAX_ORIGINS 16
#define OMSP_REST_SECRET_MAX  256 /* bytes of a token or an API key's secret */

struct omsp_rest_key {
    const char *sid; /* "SK…" */
    const char *secret;
};

/* Strings are UTF-8 and copied. Numbers: 0 is the default in brackets. */
struct omsp_rest_config {
    const char *listen; /* "IP:PORT"; port 0 picks one */
    bool allow_any;     /* listen elsewhere than on loopback (127.0.0.0/8, ::1) */

    const char *account_sid;                       /* "AC" and 32 hex digits */
    const char *auth_tokens[OMSP_REST_MAX_TOKENS]; /* NULL: none; not empty */
    struct omsp_rest_key keys[OMSP_REST_MAX_KEYS];
    unsigned key_count;

    int created_status; /* of create: 200 or 201 [200] */
    bool strict_url;    /* a query in Url is 400; else it is cut off, with a warning in the log */
    bool extensions;    /* beyond Twilio: pause, resume, GET, the extra fields of create */
    /* Origins that browsers may send credentials from; none: "*" without credentials. */
    const char *allowed_origins[OMSP_REST_MAX_ORIGINS];
    unsigned origin_count;

    size_t max_body;     /* bytes [262144]; more is 413 */
    unsigned request_ms; /* a whole request, from its first byte on, and its answer [10000] */
    unsigned idle_ms;    /* between the requests of one connection [60000] */
    /* Connections whose request is there or being read [64]; each costs up to 1.25 MB while it is
     * read. A quarter of them may bring long requests (above 16 KiB, chunked, Expect), half of them
     * stay for another request. */
    unsigned max_connections;
    unsigned max_waiting;     /* whose request is not there yet [1024]: the oldest makes room */
    unsigned max_per_address; /* of both kinds, from one IP address; more are refused [no limit] */
    unsigned rate_per_s;      /* requests with right credentials, and those without [500 each] */
    unsigned stop_ms;         /* how long stop waits for answers under way [2000] */
};

/* Since the start, but for waiting and open: now. */
struct omsp_rest_counts {
    uint64_t accepted;
    uint64_t let_in;  /* their request was there, or too long to be waited for */
    uint64_t evicted; /* made room for another before their request was there */
    uint64_t late;    /* ended by a deadline */
    uint64_t refused; /* max_per_address, or everybody who waited had a request */
    unsigned waiting, open;
};

/* Starts listening. OMSP_INVALID (address, account, a credential or origin that cannot be, none at
 * all, created_status), OMSP_ACCESS (not loopback without allow_any, or refused by the system),
 * OMSP_ADDRINUSE, OMSP_NOMEM, OMSP_IO. engine outlives the server. */
enum omsp_status omsp_rest_start(struct omsp_engine *engine, const struct omsp_rest_config *config,
                                 struct omsp_rest_server **out);
/* "127.0.0.1:8080" with the real port; lives as long as the server. */
const char *omsp_rest_address(const struct omsp_rest_server *server);
void omsp_rest_counts(struct omsp_rest_server *server, struct omsp_rest_counts *out);
/* Takes no new connection, lets requests under way be answered (stop_ms at most), then ends all
 * connections, joins the threads and frees. Not from a thread of the server. NULL is fine. */
void omsp_rest_stop(struct omsp_rest_server *server);

#endif
