/*
 * Terminals that listen, in thousands of short lives of simulated time (support/audience.h).
 * OMSP_AUDIENCE_LIVES says how many; OMSP_AUDIENCE_SEED lives one of them and tells each step. The
 * first line counts what was done.
 */
#include "support/audience.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS 40

START_TEST(a_consumer_hears_what_its_terminal_is_on_and_nothing_else)
{
    const char *asked = getenv("OMSP_AUDIENCE_LIVES"), *one = getenv("OMSP_AUDIENCE_SEED");
    unsigned long lives = asked ? strtoul(asked, NULL, 10) : 1200;
    struct audience_counts counts = {0};

    ck_assert_uint_gt(lives, 0);
    if (one)
        audience_live(strtoull(one, NULL, 10), STEPS, true, &counts);
    for (unsigned long seed = 0; seed < lives && !one; seed++)
        audience_live(seed, STEPS, false, &counts);
    printf("%lu lives: %" PRIu64 " steps, %" PRIu64 " selected, %" PRIu64 " streams moved, %" PRIu64
           " connections moved by their SIDs, %" PRIu64 " failed terminals, %" PRIu64
           " connections, %" PRIu64 " of them dialled again, %" PRIu64 " media messages\n",
           lives, counts.steps, counts.selected, counts.moved, counts.by_sid, counts.failed,
           counts.connections, counts.redialled, counts.frames);
}
END_TEST

OMSP_SUITE("terminal_websocket_year",
           TEST(a_consumer_hears_what_its_terminal_is_on_and_nothing_else))
