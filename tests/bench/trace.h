/*
 * Arrivals of one audio stream on kinds of networks, for the jitter buffer's benchmark: the same
 * numbers on every machine and in every run (fixed seeds, integers only), so no file is kept.
 */
#ifndef OMSP_TESTS_BENCH_TRACE_H
#define OMSP_TESTS_BENCH_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_PTIME_US 20000u
#define TRACE_SAMPLES  160u

struct trace_packet {
    uint32_t number;     /* in order of sending */
    uint32_t timestamp;  /* samples since the start: sent at timestamp * 125 us */
    uint64_t arrival_us; /* on the sender's clock */
};

enum trace_kind {
    TRACE_WIFI, /* contention in bursts, Gilbert loss of 1 % */
    TRACE_LTE,  /* scheduling in steps of 1 ms; a handover every quarter of a minute */
    TRACE_DSL,  /* an upload fills the modem's queue for seconds; drops at its end */
    TRACE_DTX,  /* a quieter wifi, and nothing is sent while nobody speaks */
    TRACE_KINDS,
};

const char *trace_name(enum trace_kind kind);
/* Minutes of speech, lost packets left out, by arrival. The caller frees *out (free). Answers how
 * many. */
size_t trace_make(enum trace_kind kind, unsigned seconds, struct trace_packet **out);
/* The least transit time in it. */
int64_t trace_floor_us(const struct trace_packet *packets, size_t count);

#endif
