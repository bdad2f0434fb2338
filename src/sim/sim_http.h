/*
 * Simulated HTTP: requests are recorded and answered as the test wishes. on_done runs inside a wait
 * or omsp_sim_run, at its virtual time, on the simulation's one thread.
 */
#ifndef OMSP_SIM_SIM_HTTP_H
#define OMSP_SIM_SIM_HTTP_H

#include "sim/sim.h"

struct omsp_sim_http_request {
    uint64_t at_us; /* when it was sent */
    const char *url;
    bool post;
    const char *body; /* "" when there was none */
    const char *const *headers;
    unsigned header_count;
    const char *ca_file; /* or NULL */
    unsigned timeout_ms;
};

/* All requests that were taken, in order, answered or not. */
size_t omsp_sim_http_count(const struct omsp_sim *sim);
/* Valid until the simulation is destroyed; NULL: there is no such one. */
const struct omsp_sim_http_request *omsp_sim_http_get(const struct omsp_sim *sim, size_t index);
/* The value of the first header of that name (any case), or NULL. */
const char *omsp_sim_http_header(const struct omsp_sim_http_request *request, const char *name);

/* Answers with this status *delay_us from now (preset: 1000); 0: no answer, which is told after the
 * delay; UINT64_MAX as delay: at the timeout. Later than the timeout is no answer, at the timeout.
 * fn NULL (how it begins): 200 to all. */
typedef int (*omsp_sim_http_fn)(void *ctx, const struct omsp_sim_http_request *request,
                                uint64_t *delay_us);
void omsp_sim_http_set_server(struct omsp_sim *sim, omsp_sim_http_fn fn, void *ctx);

#endif
