/*
 * A year of calls (support/year.h), its choices made at random from thousands of seeds.
 * OMSP_YEAR_HOURS says how much time passes (24); a year is 8760. The first line counts what was
 * done to the engine.
 */
#include "support/suite.h"
#include "support/year.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct chance {
    uint64_t random, minutes, end;
};

static uint32_t below(void *ctx, uint32_t bound)
{
    struct chance *chance = ctx;

    chance->random ^= chance->random << 13;
    chance->random ^= chance->random >> 7;
    chance->random ^= chance->random << 17;
    return (uint32_t)(chance->random >> 33) % bound;
}

static bool more(void *ctx, uint64_t now_us)
{
    struct chance *chance = ctx;

    if (!chance->end)
        chance->end = now_us + chance->minutes * 60000000;
    return now_us < chance->end;
}

static void live(uint64_t seed, unsigned minutes, struct year_counts *counts)
{
    struct chance chance = {.random = seed * 0x9e3779b97f4a7c15u + 1, .minutes = minutes};
    struct year_choices choices = {below, more, &chance};

    year_live(&choices, seed, counts);
}

START_TEST(what_must_hold_holds_for_as_long_as_anybody_waits)
{
    const char *asked = getenv("OMSP_YEAR_HOURS");
    unsigned hours = asked ? (unsigned)strtoul(asked, NULL, 10) : 24;
    struct year_counts counts = {0};

    ck_assert_uint_gt(hours, 0);
    for (unsigned hour = 0; hour < hours; hour += 4)
        live(omsp_test_seed(1 + hour), 240, &counts);
    printf("%u hours: %" PRIu64 " steps, %" PRIu64 " calls, %" PRIu64 " media streams, %" PRIu64
           " starts, stops and pauses, %" PRIu64 " faults, %" PRIu64 " RTP packets, %" PRIu64
           " events, %" PRIu64 " callbacks, %" PRIu64 " upgrades, %" PRIu64
           " media messages, %" PRIu64 " stop messages\n",
           hours, counts.steps, counts.calls, counts.forks, counts.changes, counts.faults,
           counts.packets, counts.events, counts.callbacks, counts.upgrades, counts.frames,
           counts.stops);
}
END_TEST

OMSP_SUITE("year", TEST(what_must_hold_holds_for_as_long_as_anybody_waits))
