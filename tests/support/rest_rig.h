/*
 * A REST server over an engine that is played: one account, one call, streams that remember what
 * was done to them. For tests of the server alone.
 */
#ifndef OMSP_TESTS_SUPPORT_REST_RIG_H
#define OMSP_TESTS_SUPPORT_REST_RIG_H

#include "support/rest_client.h"
#include "support/suite.h"

#include "port/lock.h"
#include "rest/calls.h"
#include "rest/server.h"

#define REST_MAX_STREAMS 32

struct rest_stream {
    struct omsp_fork_info info;
    unsigned starts, pauses, stops;
};

struct rest_rig {
    struct omsp_rest_config config; /* change before rest_rig_start */
    struct omsp_rest_server *server;
    struct http_client client; /* open after rest_rig_start */

    struct omsp_lock lock; /* from here */
    struct omsp_cond changed;
    struct rest_stream streams[REST_MAX_STREAMS];
    unsigned stream_count;
    int references;
    enum omsp_status fork_answer; /* what the next forks get */
    int fork_error;
    bool hold, held; /* forks wait while hold */
    bool stopping;   /* a test's own: somebody is about to stop the server */
    /* the last fork's options */
    char url[512], name[512], callback[512], authorization[512], params[8192];
    bool callback_get;
    unsigned tracks;
    enum omsp_cause cause;
};

void rest_rig_init(struct rest_rig *rig);
void rest_rig_start(struct rest_rig *rig);
/* Another server over the same engine, as the configuration says. */
enum omsp_status rest_rig_try(struct rest_rig *rig, const struct omsp_rest_config *config,
                              struct omsp_rest_server **out);
/* Stops the server, sees that no reference is left. */
void rest_rig_end(struct rest_rig *rig);

/* One request over the rig's connection with the account's credentials; asserts its status. body
 * NULL: none. Free the answer. */
struct http_answer rest_ask(struct rest_rig *rig, const char *method, const char *path,
                            const char *body, int status);
/* The same, freed; the body must hold `want`. */
void rest_expect(struct rest_rig *rig, const char *method, const char *path, const char *body,
                 int status, const char *want);
/* Sends these bytes over the rig's connection and reads one answer of that status, which must be an
 * error in proper form with this code (or 0: any body); opens a new connection when told to close.
 */
void rest_expect_raw(struct rest_rig *rig, const char *request, int status, int code);
/* A four-member error body of this code. */
void rest_check_error(const struct http_answer *answer, int code);

#endif
