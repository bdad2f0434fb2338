/* What load.c and load_sink.c share. The sender writes slots and zeroes `got` while nothing is
 * under way; the sink takes slots, writes delays and counts. */
#ifndef OMSP_TESTS_BENCH_NATIVE_LOAD_SHARED_H
#define OMSP_TESTS_BENCH_NATIVE_LOAD_SHARED_H

#include "bench/native/load.h"

#include <stdatomic.h>

enum { BENCH_LOAD_SLOTS = 128, BENCH_LOAD_DELAYS = 1 << 19 };

#define BENCH_LOAD_MAGIC "omR" /* then the stream, two bytes, and the sequence, four */

struct bench_load_shared {
    uint16_t port;
    atomic_ullong got;
    atomic_ullong sent_ns[BENCH_LOAD_MAX_STREAMS][BENCH_LOAD_SLOTS]; /* 0: it arrived */
    uint32_t delay_ns[BENCH_LOAD_DELAYS];                            /* at most four seconds */
};

static inline atomic_ullong *bench_load_slot(struct bench_load_shared *shared, unsigned stream,
                                             uint32_t sequence)
{
    return &shared->sent_ns[stream][sequence % BENCH_LOAD_SLOTS];
}

uint64_t bench_load_wall_ns(void);
/* Before others, or as everybody; nothing happens where that is not allowed. */
void bench_load_precedence(bool is_first);
/* Answers any byte on fd by eight once its ports are open. Does not return. */
void bench_load_sink(struct bench_load_shared *shared, int fd);

#endif
