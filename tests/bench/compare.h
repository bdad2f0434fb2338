/*
 * Side-by-side timing for the benchmarks: ours, a peer, and the limit that no implementation
 * passes, one after the other, round after round, in one process; medians, lowest and highest. Only
 * ratios mean something. One thread. Each comparison prints one JSON object on a line of its own.
 */
#ifndef OMSP_TESTS_BENCH_COMPARE_H
#define OMSP_TESTS_BENCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

/* One contestant. run does the measured thing `times` times; NULL: not to be had here. */
struct omsp_bench_side {
    const char *name;
    void (*run)(void *ctx, size_t times);
    void *ctx;
};

struct omsp_bench {
    const char *name;
    struct omsp_bench_side ours;
    struct omsp_bench_side peer;
    struct omsp_bench_side limit;
    /* What is asked for: peer's time over ours at least, ours over the limit's at most, ours in the
     * unit at most; 0: nothing. */
    double faster_than_peer;
    double times_limit;
    double at_most;
};

/* Measures and prints. met is null in the line when a side that the goal names is missing. Returns
 * whether no goal was missed. */
bool omsp_bench_compare(const struct omsp_bench *bench);

/* The same line for what was measured elsewhere: values of each side, in this unit. They are
 * sorted.
 */
#define OMSP_BENCH_MAX_ROUNDS 64
struct omsp_bench_values {
    double value[OMSP_BENCH_MAX_ROUNDS];
    size_t count; /* 0: this side is missing */
};
bool omsp_bench_report(const struct omsp_bench *bench, const char *unit,
                       struct omsp_bench_values *ours, struct omsp_bench_values *peer,
                       struct omsp_bench_values *limit);

/* bench.sh --quick: fewer and shorter rounds where one takes seconds. */
bool omsp_bench_is_quick(void);

/* Keeps the compiler from leaving out or moving the work whose result lies at p. */
#define OMSP_BENCH_KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

#endif
