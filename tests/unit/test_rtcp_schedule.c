/* When reports are due: the interval of RFC 3550 6.3.1 and its timer. */
#include "support/suite.h"

#include "media/rtcp_schedule.h"

#include <stdlib.h>

/* RFC 3550 A.7 in floating point, as the oracle. */
static double reference(const struct omsp_rtcp_load *load)
{
    double bandwidth = load->bandwidth, minimum = load->initial ? 2.5 : 5.0, t;
    double n = load->members;

    if (load->senders <= load->members * 0.25) {
        if (load->we_sent) {
            bandwidth *= 0.25;
            n = load->senders;
        } else {
            bandwidth *= 0.75;
            n -= load->senders;
        }
    }
    t = load->average * n / bandwidth;
    return t < minimum ? minimum : t;
}

START_TEST(a_call_of_two_reports_at_the_minimum)
{
    struct omsp_rtcp_load load = {2, 2, true, false, 400, 120};

    ck_assert_uint_eq(omsp_rtcp_interval_us(&load), 5000000);
    load.initial = true;
    ck_assert_uint_eq(omsp_rtcp_interval_us(&load), 2500000);
    load.bandwidth = 0;
    load.initial = false;
    ck_assert_uint_eq(omsp_rtcp_interval_us(&load), 5000000);
}
END_TEST

START_TEST(the_interval_is_that_of_appendix_a7)
{
    for (unsigned members = 1; members < 400; members += 3) {
        for (unsigned senders = 0; senders <= members && senders < 120; senders++) {
            for (unsigned bits = 0; bits < 4; bits++) {
                struct omsp_rtcp_load load = {members,  senders, (bits & 1) && senders,
                                              bits & 2, 400,     60 + members};
                double expected = reference(&load) * 1e6;
                double got = (double)omsp_rtcp_interval_us(&load);

                ck_assert(got > expected - 2 && got < expected + 2);
            }
        }
    }
}
END_TEST

START_TEST(randomness_spreads_from_half_to_one_and_a_half)
{
    uint64_t low = omsp_rtcp_randomise_us(5000000, 0);
    uint64_t middle = omsp_rtcp_randomise_us(5000000, 0x80000000u);
    uint64_t high = omsp_rtcp_randomise_us(5000000, 0xFFFFFFFFu);

    ck_assert_int_le(abs((int)low - (int)(2500000 / 1.21828)), 100);
    ck_assert_int_le(abs((int)middle - (int)(5000000 / 1.21828)), 100);
    ck_assert_int_le(abs((int)high - (int)(7500000 / 1.21828)), 100);
}
END_TEST

START_TEST(reports_come_at_the_rate_of_the_rfc)
{
    struct omsp_rtcp_schedule schedule;
    uint64_t now = 1000000, last = now, shortest = UINT64_MAX, longest = 0;
    uint32_t x = 521288629u;
    unsigned sent = 0;

    omsp_rtcp_schedule_init(&schedule, 400, now, x);
    omsp_rtcp_schedule_members(&schedule, 2, 2, true);
    ck_assert_uint_ge(schedule.due_us - now, 1026000);
    ck_assert_uint_le(schedule.due_us - now, 3079000);
    while (now < 100000u * 1000000ull) {
        now = schedule.due_us;
        ck_assert(!omsp_rtcp_schedule_due(&schedule, now - 1, x));
        x = x * 1664525u + 1013904223u;
        if (!omsp_rtcp_schedule_due(&schedule, now, x)) {
            ck_assert_uint_gt(schedule.due_us, now); /* reconsidered: no busy loop */
            continue;
        }
        if (sent++) {
            shortest = now - last < shortest ? now - last : shortest;
            longest = now - last > longest ? now - last : longest;
        }
        last = now;
        omsp_rtcp_schedule_sent(&schedule, 80, now, x * 69069u);
        omsp_rtcp_schedule_received(&schedule, 80);
    }
    /* Reconsideration brings the mean to the deterministic 5 s; that is what e - 3/2 is for. */
    ck_assert_uint_gt(sent, 100000 / 5 * 94 / 100);
    ck_assert_uint_lt(sent, 100000 / 5 * 106 / 100);
    ck_assert_uint_ge(shortest, 2000000);
    ck_assert_uint_le(longest, 6200000);
    ck_assert_uint_ge(schedule.load.average, 106); /* came down to 80 + 28 */
    ck_assert_uint_le(schedule.load.average, 110);
}
END_TEST

START_TEST(the_average_follows_what_is_sent_and_received)
{
    struct omsp_rtcp_schedule schedule;

    omsp_rtcp_schedule_init(&schedule, 400, 1, 0);
    for (int i = 0; i < 200; i++)
        omsp_rtcp_schedule_received(&schedule, 500);
    ck_assert_int_le(abs((int)schedule.load.average - 528), 1);
    omsp_rtcp_schedule_received(&schedule, (size_t)-1); /* no overflow */
    ck_assert_uint_le(schedule.load.average, 528 + 65563 / 16 + 1);
}
END_TEST

START_TEST(members_are_made_consistent)
{
    struct omsp_rtcp_schedule schedule;

    omsp_rtcp_schedule_init(&schedule, 400, 1, 0);
    omsp_rtcp_schedule_members(&schedule, 0, 7, false);
    ck_assert_uint_eq(schedule.load.members, 1);
    ck_assert_uint_eq(schedule.load.senders, 1);
    ck_assert_uint_ge(omsp_rtcp_interval_us(&schedule.load), 2500000);
}
END_TEST

OMSP_SUITE("rtcp_schedule", TEST(a_call_of_two_reports_at_the_minimum),
           TEST(the_interval_is_that_of_appendix_a7),
           TEST(randomness_spreads_from_half_to_one_and_a_half),
           TEST(reports_come_at_the_rate_of_the_rfc),
           TEST(the_average_follows_what_is_sent_and_received), TEST(members_are_made_consistent))
