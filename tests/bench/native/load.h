/*
 * The load of bench_scale and bench_scale_wine: who sends RTP to a relay, and who gets what the
 * relay sends on, as media frames over WebSockets or as RTP. Each packet says in its sound who it
 * is, so that the sink can tell when it was sent. Delay is from before the packet's send call to
 * the kernel's having what was sent on. The sender is the calling process, the sink one of its own.
 * Linux, loopback, one load in a process.
 */
#ifndef OMSP_TESTS_BENCH_NATIVE_LOAD_H
#define OMSP_TESTS_BENCH_NATIVE_LOAD_H

#include "bench/native/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum {
    BENCH_LOAD_MAX_STREAMS = 2000,
    BENCH_LOAD_TAG = 9, /* bytes at the start of a packet's sound */
    BENCH_LOAD_RTP = 172,
    BENCH_LOAD_FRAME = 386, /* a media frame, and what bare contestants send: the tag behind eight
                               bytes of a binary frame's header with a mask of zeros */
};

/* Binds both ports of 127.0.0.1 and starts the sink. Exits when it cannot. */
void bench_load_open(uint16_t from_port, uint16_t sink_port);
void bench_load_close(void);

struct bench_load_result {
    uint64_t sent, got;
    double p50_us, p99_us, max_us; /* of those got; 0 when none was */
    double pace;                   /* how much of a second of media was sent in a second */
};

/* So long, to each of these addresses a packet every 20 ms, evenly spread; then waits for what is
 * under way, at most two seconds. sequences: one of each contestant's own, kept from run to run. */
void bench_load_run(const struct sockaddr_in *to, unsigned streams, uint32_t *sequence, unsigned ms,
                    struct bench_load_result *result);

/* How many datagrams the system dropped at sockets bound to these ports of this address, since they
 * were bound. */
uint64_t bench_load_drops(const char *address, uint16_t first_port, uint16_t last_port);

#endif
