/* Rounds, medians and the JSON line. Not a profiler: it knows nothing of what it times. One thread.
 */
#include "bench/compare.h"

#include "port/ports.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Many short rounds: one that the scheduler broke into does not reach the median. */
enum { SIDES = 3, ROUNDS = 61, ROUND_US = 1000 };

struct measured {
    double ns[ROUNDS];
    size_t times; /* per round; 0: this side is missing */
};

static uint64_t run_us(const struct omsp_bench_side *side, size_t times)
{
    const struct omsp_ports *ports = omsp_system_ports();
    uint64_t start = ports->now_us(ports->ctx);

    side->run(side->ctx, times);
    return ports->now_us(ports->ctx) - start;
}

/* How many times fill a round; also warms caches and branch predictors. */
static size_t times_per_round(const struct omsp_bench_side *side)
{
    for (size_t times = 16;; times *= 2) {
        uint64_t us = run_us(side, times);

        if (us >= ROUND_US / 4)
            return (size_t)((double)times * ROUND_US / (double)us) + 1;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_side(const char *key, const char *name, const struct measured *m)
{
    printf(",\"%s\":\"%s\"", key, name);
    if (m->times)
        printf(",\"%s_value\":%.2f,\"%s_min\":%.2f,\"%s_max\":%.2f", key, m->ns[ROUNDS / 2], key,
               m->ns[0], key, m->ns[ROUNDS - 1]);
    else
        printf(",\"%s_value\":null,\"%s_missing\":true", key, key);
}

static void print_ratio(const char *key, bool known, double value)
{
    if (known)
        printf(",\"%s\":%.2f", key, value);
    else
        printf(",\"%s\":null", key);
}

static bool has_goal(const struct omsp_bench *bench)
{
    return bench->faster_than_peer > 0 || bench->times_limit > 0 || bench->ns_at_most > 0;
}

/* ", " between goals, and "none" for none at all. */
static void print_goal(const struct omsp_bench *bench)
{
    const char *comma = "";

    printf(",\"goal\":\"");
    if (bench->faster_than_peer > 0) {
        printf(">= %.2fx as fast as %s", bench->faster_than_peer, bench->peer.name);
        comma = ", ";
    }
    if (bench->times_limit > 0) {
        printf("%s<= %.2fx %s", comma, bench->times_limit, bench->limit.name);
        comma = ", ";
    }
    if (bench->ns_at_most > 0)
        printf("%s<= %.0f ns", comma, bench->ns_at_most);
    printf("%s\"", has_goal(bench) ? "" : "none");
}

bool omsp_bench_compare(const struct omsp_bench *bench)
{
    const struct omsp_bench_side *sides[SIDES] = {&bench->ours, &bench->peer, &bench->limit};
    struct measured all[SIDES] = {0};
    double to_peer = 0, to_limit = 0;
    bool unknown, missed;

    for (int s = 0; s < SIDES; s++)
        if (sides[s]->run)
            all[s].times = times_per_round(sides[s]);
    for (int round = 0; round < ROUNDS; round++)
        for (int s = 0; s < SIDES; s++)
            if (all[s].times)
                all[s].ns[round] =
                    (double)run_us(sides[s], all[s].times) * 1000.0 / (double)all[s].times;
    for (int s = 0; s < SIDES; s++)
        qsort(all[s].ns, ROUNDS, sizeof(all[s].ns[0]), by_value);

    if (all[1].times)
        to_peer = all[1].ns[ROUNDS / 2] / all[0].ns[ROUNDS / 2];
    if (all[2].times)
        to_limit = all[0].ns[ROUNDS / 2] / all[2].ns[ROUNDS / 2];
    missed = (bench->faster_than_peer > 0 && all[1].times && to_peer < bench->faster_than_peer) ||
             (bench->times_limit > 0 && all[2].times && to_limit > bench->times_limit) ||
             (bench->ns_at_most > 0 && all[0].ns[ROUNDS / 2] > bench->ns_at_most);
    /* Without a goal there is nothing to meet. */
    unknown = !has_goal(bench) || (!missed && ((bench->faster_than_peer > 0 && !all[1].times) ||
                                               (bench->times_limit > 0 && !all[2].times)));

    printf("{\"bench\":\"%s\",\"ours\":%.2f,\"ours_min\":%.2f,\"ours_max\":%.2f", bench->name,
           all[0].ns[ROUNDS / 2], all[0].ns[0], all[0].ns[ROUNDS - 1]);
    print_side("peer", bench->peer.name ? bench->peer.name : "none", &all[1]);
    print_side("limit", bench->limit.name ? bench->limit.name : "none", &all[2]);
    printf(",\"unit\":\"ns\"");
    print_ratio("ratio_peer", all[1].times, to_peer);
    print_ratio("ratio_limit", all[2].times, to_limit);
    print_goal(bench);
    printf(",\"met\":%s}\n", unknown ? "null" : missed ? "false" : "true");
    fflush(stdout);
    return !missed;
}
