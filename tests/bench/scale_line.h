/* What bench_scale and bench_scale_wine tell of one contestant at one number of streams. */
#ifndef OMSP_TESTS_BENCH_SCALE_LINE_H
#define OMSP_TESTS_BENCH_SCALE_LINE_H

#include "bench/compare.h"

#include <stdint.h>

struct bench_scale_line {
    const char *who;
    const char *missing; /* why there are no figures; NULL: there are */
    unsigned streams;
    bool is_relay;                   /* else it sends nothing on, and there are no delays */
    struct omsp_bench_values cpu_us; /* of processor time a stream and second of media */
    struct omsp_bench_values p50_us, p99_us, max_us;
    struct omsp_bench_values pace; /* of the sender: 1 when it sent in real time */
    uint64_t sent, got;
    double memory_kb; /* a stream; < 0: unknown */
};

/* One JSON object on a line of its own: "bench":"scale", medians with the lowest and highest round,
 * of max_us the highest. Sorts the values. */
void bench_scale_print(struct bench_scale_line *line);
double bench_scale_loss(const struct bench_scale_line *line); /* percent */

#endif
