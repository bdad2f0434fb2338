/*
 * What the server needs of the engine, as a table, so that tests can put something else behind it.
 * The functions are those of engine/engine.h and engine/fork.h, with their contracts.
 */
#ifndef OMSP_REST_CALLS_H
#define OMSP_REST_CALLS_H

#include "engine/fork.h"

struct omsp_rest_config;
struct omsp_rest_server;

struct omsp_rest_calls {
    uint64_t (*now_us)(const struct omsp_engine *engine);
    struct omsp_call *(*find_call)(struct omsp_engine *engine, const char *sid);
    void (*release_call)(struct omsp_call *call);
    enum omsp_status (*fork)(struct omsp_call *call, const struct omsp_fork_options *options,
                             enum omsp_cause cause, int *error, struct omsp_stream **out);
    struct omsp_stream *(*find_fork)(struct omsp_call *call, const char *sid_or_name);
    unsigned (*forks)(struct omsp_call *call, struct omsp_stream **out, unsigned room);
    void (*release_stream)(struct omsp_stream *stream);
    enum omsp_status (*start)(struct omsp_stream *stream, enum omsp_cause cause);
    enum omsp_status (*pause)(struct omsp_stream *stream, enum omsp_cause cause);
    enum omsp_status (*stop)(struct omsp_stream *stream, enum omsp_cause cause);
    enum omsp_status (*info)(struct omsp_stream *stream, struct omsp_fork_info *out);
};

/* The engine itself. */
extern const struct omsp_rest_calls omsp_rest_engine_calls;

/* omsp_rest_start with another table, which outlives the server. engine is only handed on. */
enum omsp_status omsp_rest_start_with(const struct omsp_rest_calls *calls,
                                      struct omsp_engine *engine,
                                      const struct omsp_rest_config *config,
                                      struct omsp_rest_server **out);

#endif
