/*
 * The server over the real engine: the one file of this room that names the engine's functions. Not
 * a server by itself: server.c is. No thread owns it; everything here is constant.
 */
#include "rest/calls.h"
#include "rest/server.h"

const struct omsp_rest_calls omsp_rest_engine_calls = {
    .now_us = omsp_engine_now_us,
    .find_call = omsp_engine_find_call,
    .release_call = omsp_call_release,
    .fork = omsp_call_fork,
    .find_fork = omsp_call_find_fork,
    .forks = omsp_call_forks,
    .release_stream = omsp_stream_release,
    .start = omsp_stream_start,
    .pause = omsp_stream_pause,
    .stop = omsp_stream_stop,
    .info = omsp_stream_fork_info,
};

enum omsp_status omsp_rest_start(struct omsp_engine *engine, const struct omsp_rest_config *config,
                                 struct omsp_rest_server **out)
{
    return omsp_rest_start_with(&omsp_rest_engine_calls, engine, config, out);
}
