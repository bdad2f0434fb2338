/* Rounds, medians and the JSON line. Not a profiler: it knows nothing of what it times. One thread.
 */
#include "bench/compare.h"

#include "port/ports.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Many short rounds: one that the scheduler broke into does not reach the median. */
enum { SIDES = 3, ROUNDS = 61, ROUND_US = 1000 };

bool omsp_bench_is_quick(void)
{
    const char *quick = getenv("OMSP_BENCH_QUICK");

    return quick && *quick;
}

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

static double median(const struct omsp_bench_values *values)
{
    return values->value[values->count / 2];
}

static void print_side(const char *key, const char *name, const struct omsp_bench_values *values)
{
    printf(",\"%s\":\"%s\"", key, name ? name : "none");
    if (values->count)
        printf(",\"%s_value\":%.2f,\"%s_min\":%.2f,\"%s_max\":%.2f", key, median(values), key,
               values->value[0], key, values->value[values->count - 1]);
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
    return bench->faster_than_peer > 0 || bench->times_limit > 0 || bench->at_most > 0;
}

/* ", " between goals, and "none" for none at all. */
static void print_goal(const struct omsp_bench *bench, const char *unit)
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
    if (bench->at_most > 0)
        printf("%s<= %.0f %s", comma, bench->at_most, unit);
    printf("%s\"", has_goal(bench) ? "" : "none");
}

bool omsp_bench_report(const struct omsp_bench *bench, const char *unit,
                       struct omsp_bench_values *ours, struct omsp_bench_values *peer,
                       struct omsp_bench_values *limit)
{
    struct omsp_bench_values *all[SIDES] = {ours, peer, limit};
    double to_peer = 0, to_limit = 0, mine;
    bool unknown, missed;

    for (int s = 0; s < SIDES; s++)
        qsort(all[s]->value, all[s]->count, sizeof(all[s]->value[0]), by_value);
    mine = median(ours);
    if (peer->count && mine > 0)
        to_peer = median(peer) / mine;
    if (limit->count)
        to_limit = mine / median(limit);
    missed = (bench->faster_than_peer > 0 && peer->count && to_peer < bench->faster_than_peer) ||
             (bench->times_limit > 0 && limit->count && to_limit > bench->times_limit) ||
             (bench->at_most > 0 && mine > bench->at_most);
    /* Without a goal there is nothing to meet. */
    unknown = !has_goal(bench) || (!missed && ((bench->faster_than_peer > 0 && !peer->count) ||
                                               (bench->times_limit > 0 && !limit->count)));

    printf("{\"bench\":\"%s\",\"ours\":%.2f,\"ours_min\":%.2f,\"ours_max\":%.2f", bench->name, mine,
           ours->value[0], ours->value[ours->count - 1]);
    print_side("peer", bench->peer.name, peer);
    print_side("limit", bench->limit.name, limit);
    printf(",\"unit\":\"%s\"", unit);
    print_ratio("ratio_peer", peer->count && mine > 0, to_peer);
    print_ratio("ratio_limit", limit->count, to_limit);
    print_goal(bench, unit);
    printf(",\"met\":%s}\n", unknown ? "null" : missed ? "false" : "true");
    fflush(stdout);
    return !missed;
}

bool omsp_bench_compare(const struct omsp_bench *bench)
{
    const struct omsp_bench_side *sides[SIDES] = {&bench->ours, &bench->peer, &bench->limit};
    struct omsp_bench_values all[SIDES] = {0};
    size_t times[SIDES] = {0};

    for (int s = 0; s < SIDES; s++)
        if (sides[s]->run)
            times[s] = times_per_round(sides[s]);
    for (int round = 0; round < ROUNDS; round++)
        for (int s = 0; s < SIDES; s++)
            if (times[s])
                all[s].value[all[s].count++] =
                    (double)run_us(sides[s], times[s]) * 1000.0 / (double)times[s];
    return omsp_bench_report(bench, "ns", &all[0], &all[1], &all[2]);
}
