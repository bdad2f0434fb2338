/* The simulated wire: delay, loss, duplication, reordering, which rule counts, sameness by seed. */
#include "support/sim_world.h"

#include <string.h>

/* ---- links --------------------------------------------------------------------------------- */

START_TEST(delay_and_jitter_stay_in_their_bounds)
{
    struct sim_world world = sim_world_new(3);
    const struct omsp_sim_link link = {.delay_us = 50000, .jitter_us = 9000};
    struct sim_box b = sim_stream_over(&world, &link, 2000);

    ck_assert_int_eq(b.count, 2000);
    ck_assert_int_eq(b.inverted, 0);
    ck_assert(b.first_at >= OMSP_SIM_START_US + 50000);
    ck_assert(b.slowest > 58000 && b.slowest <= 59000);
    sim_world_end(&world);
}
END_TEST

START_TEST(jitter_alone_never_reorders)
{
    struct sim_world world = sim_world_new(4);
    const struct omsp_sim_link link = {.delay_us = 1000, .jitter_us = 200000};
    struct sim_box b = sim_stream_over(&world, &link, 2000);

    ck_assert_int_eq(b.count, 2000);
    ck_assert_int_eq(b.inverted, 0);
    sim_world_end(&world);
}
END_TEST

START_TEST(loss_hits_its_rate)
{
    struct sim_world world = sim_world_new(5);
    const struct omsp_sim_link link = {.delay_us = 1000, .loss_ppm = 100000};
    struct omsp_sim_counters counters;
    struct sim_box b = sim_stream_over(&world, &link, 10000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_uint_eq(counters.sent, 10000);
    ck_assert_uint_eq(counters.lost + counters.delivered, 10000);
    ck_assert_int_eq(b.count, (int)counters.delivered);
    ck_assert(counters.lost > 850 && counters.lost < 1150);
    sim_world_end(&world);
}
END_TEST

START_TEST(loss_of_everything_and_in_bursts)
{
    struct sim_world world = sim_world_new(6);
    struct omsp_sim_link link = {.loss_ppm = 1000000};
    struct omsp_sim_counters counters, before;

    ck_assert_int_eq(sim_stream_over(&world, &link, 100).count, 0);
    omsp_sim_get_counters(world.sim, &before);
    ck_assert_uint_eq(before.lost, 100);
    link.loss_ppm = 10000;
    link.loss_burst = 5;
    sim_stream_over(&world, &link, 10000);
    omsp_sim_get_counters(world.sim, &counters);
    counters.lost -= before.lost;
    ck_assert(counters.lost > 350 && counters.lost < 650);
    sim_world_end(&world);
}
END_TEST

START_TEST(duplicates_come_twice)
{
    struct sim_world world = sim_world_new(7);
    const struct omsp_sim_link link = {.delay_us = 1000, .duplicate_ppm = 200000};
    struct omsp_sim_counters counters;
    struct sim_box b = sim_stream_over(&world, &link, 5000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(b.count, 5000 + (int)counters.duplicated);
    ck_assert(counters.duplicated > 850 && counters.duplicated < 1150);
    sim_world_end(&world);
}
END_TEST

START_TEST(reordered_ones_are_overtaken)
{
    struct sim_world world = sim_world_new(8);
    const struct omsp_sim_link link = {
        .delay_us = 1000, .reorder_ppm = 100000, .reorder_us = 30000};
    struct omsp_sim_counters counters;
    struct sim_box b = sim_stream_over(&world, &link, 5000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(b.count, 5000);
    ck_assert(counters.reordered > 400 && counters.reordered < 600);
    ck_assert(b.inverted > 300 && b.inverted <= (int)counters.reordered);
    sim_world_end(&world);
}
END_TEST

START_TEST(the_rule_set_last_counts)
{
    struct sim_world world = sim_world_new(9);
    struct omsp_sim_link dead = {.loss_ppm = 1000000}, fine = {.delay_us = 10};
    struct omsp_addr host = sim_address("10.0.0.1");
    struct sim_box a, b;

    ck_assert_int_eq(omsp_sim_add_ip(world.sim, &host), OMSP_OK);
    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    sim_box_open(&b, world.loop, "10.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 0), OMSP_OK);
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, &host, &fine), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 1), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &b, &a, 1), OMSP_OK);
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 2), OMSP_OK);
    sim_pump_until(&world, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(b.count, 1);
    ck_assert_int_eq(b.last, 1);
    ck_assert_int_eq(a.count, 0);
    sim_box_close(&world, &a);
    sim_box_close(&world, &b);
    sim_world_end(&world);
}
END_TEST

START_TEST(same_seed_same_trace)
{
    const struct omsp_sim_link link = {.delay_us = 20000,
                                       .jitter_us = 15000,
                                       .loss_ppm = 50000,
                                       .loss_burst = 2,
                                       .duplicate_ppm = 30000,
                                       .reorder_ppm = 30000,
                                       .reorder_us = 25000};
    uint64_t traces[3];
    uint8_t noise[3][32];
    static const uint64_t seeds[3] = {42, 42, 43};

    for (int i = 0; i < 3; i++) {
        struct sim_world world = sim_world_new(seeds[i]);

        /* What the random port gives out must not move the network. */
        world.ports->random(world.ports->ctx, noise[i], sizeof(noise[i]));
        if (i == 1)
            world.ports->random(world.ports->ctx, &noise[2], 7);
        traces[i] = sim_stream_over(&world, &link, 3000).trace;
        sim_world_end(&world);
    }
    ck_assert(traces[0] == traces[1]);
    ck_assert(traces[0] != traces[2]);
    ck_assert_mem_eq(noise[0], noise[1], 32);
    ck_assert(memcmp(noise[0], noise[2], 32) != 0);
}
END_TEST

OMSP_SUITE("sim_link", TEST(delay_and_jitter_stay_in_their_bounds),
           TEST(jitter_alone_never_reorders), TEST(loss_hits_its_rate),
           TEST(loss_of_everything_and_in_bursts), TEST(duplicates_come_twice),
           TEST(reordered_ones_are_overtaken), TEST(the_rule_set_last_counts),
           TEST(same_seed_same_trace))
