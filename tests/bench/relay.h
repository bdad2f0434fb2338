/*
 * Ours as the contestant of what comes in as RTP and goes out over WebSockets: an engine with one
 * call and one media stream (inbound track, u-law) for each source. Same on every system.
 */
#ifndef OMSP_TESTS_BENCH_RELAY_H
#define OMSP_TESTS_BENCH_RELAY_H

#include <stdint.h>

struct bench_relay {
    const char *address; /* where RTP comes in: on every second port from first_port on */
    uint16_t first_port;
    unsigned streams;
    uint16_t from_port; /* on 127.0.0.1: whose RTP it is */
    uint16_t sink_port; /* on 127.0.0.1: the WebSocket server */
    unsigned workers;   /* media threads; 0: as many as the engine makes by itself */
};

/* Returns when all connections are open; says what failed and exits else. Once in a process. */
void bench_relay_open(const struct bench_relay *relay);
uint64_t bench_relay_frames(void); /* sent so far */

#endif
