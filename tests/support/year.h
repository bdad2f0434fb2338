/*
 * Engines that live through simulated time by the hour: calls come and go, streams are started,
 * paused, stopped, selected and unselected, re-negotiated and cut off, media streams are forked to
 * a consumer that judges every message (support/stream_judge.h), and disks, networks, dials,
 * callbacks and clocks fail. After each step what must always hold is checked:
 *
 *  - ACTIVE and INACTIVE (or STREAM_FAIL) of every stream alternate;
 *  - no event of a call that has been shut down, none of a released address;
 *  - RTP of every source has consecutive numbers and timestamps that never go back;
 *  - every media stream that was told as started is told as ended exactly once;
 *  - with the last object the memory is back where it was.
 *
 * Media flows in bursts of seconds; between them calls lie idle for minutes, for no law needs every
 * packet of a year.
 */
#ifndef OMSP_TESTS_SUPPORT_YEAR_H
#define OMSP_TESTS_SUPPORT_YEAR_H

#include <stdbool.h>
#include <stdint.h>

/* Who chooses what happens: a generator of numbers, or the bytes of a fuzzer. */
struct year_choices {
    uint32_t (*below)(void *ctx, uint32_t bound); /* 0 .. bound - 1 */
    bool (*more)(void *ctx, uint64_t now_us);     /* simulated time, which starts anywhere */
    void *ctx;
};

/* What was done, and what came of it; added to. */
struct year_counts {
    uint64_t steps, calls, forks, changes, faults, packets, events, callbacks;
    uint64_t upgrades, frames, stops;
};

/* One life from an engine's first day to its last. The seed is the simulated network's. */
void year_live(const struct year_choices *choices, uint64_t seed, struct year_counts *counts);

#endif
