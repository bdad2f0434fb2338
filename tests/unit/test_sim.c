/* The simulated machine beyond the ports' contracts: time, sockets, failures. */
#include "support/sim_world.h"

#include <stdio.h>
#include <string.h>

/* ---- time ---------------------------------------------------------------------------------- */

START_TEST(time_stands_still_but_in_a_wait)
{
    struct sim_world world = sim_world_new(1);

    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US);
    ck_assert_uint_eq(world.ports->now_us(world.ports->ctx), OMSP_SIM_START_US);
    ck_assert(world.ports->wall_us(world.ports->ctx) == OMSP_SIM_START_WALL);
    world.loop->wait(world.loop, OMSP_SIM_START_US + 12345);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + 12345);
    ck_assert(world.ports->wall_us(world.ports->ctx) == OMSP_SIM_START_WALL + 12345);
    omsp_sim_set_wall(world.sim, 5);
    world.loop->wait(world.loop, OMSP_SIM_START_US + 12346);
    ck_assert(world.ports->wall_us(world.ports->ctx) == 6);
    /* Nothing to come and no deadline. */
    world.loop->wait(world.loop, UINT64_MAX);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + 12346);
    sim_world_end(&world);
}
END_TEST

START_TEST(waits_that_are_late_find_what_came_meanwhile)
{
    const uint32_t late_us = 30000;
    struct sim_world world = sim_world_new(3);
    struct sim_box a, b;
    uint64_t due = OMSP_SIM_START_US, latest = 0;

    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    sim_box_open(&b, world.loop, "127.0.0.1:5002");
    omsp_sim_set_lateness(world.sim, late_us);
    for (int i = 0; i < 200; i++) {
        uint64_t now = omsp_sim_now(world.sim);

        due = now + 20000;
        ck_assert_uint_eq(world.loop->wait(world.loop, due), omsp_sim_now(world.sim));
        ck_assert_uint_ge(omsp_sim_now(world.sim), due);
        ck_assert_uint_le(omsp_sim_now(world.sim), due + late_us);
        if (omsp_sim_now(world.sim) - due > latest)
            latest = omsp_sim_now(world.sim) - due;
    }
    ck_assert_uint_gt(latest, late_us / 2);
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 0), OMSP_OK);
    world.loop->wait(world.loop, omsp_sim_now(world.sim) + SECOND);
    ck_assert_int_eq(b.count, 1);
    due = omsp_sim_now(world.sim); /* no time passes where nothing is waited for */
    world.loop->wait(world.loop, due);
    ck_assert_uint_eq(omsp_sim_now(world.sim), due);
    sim_box_close(&world, &a);
    sim_box_close(&world, &b);
    sim_world_end(&world);
}
END_TEST

struct diary {
    struct sim_world *world;
    char lines[200];
};

static void write_a(void *arg)
{
    struct diary *diary = arg;
    size_t len = strlen(diary->lines);

    snprintf(diary->lines + len, sizeof(diary->lines) - len, "a%u ",
             (unsigned)(omsp_sim_now(diary->world->sim) - OMSP_SIM_START_US));
}

static void write_b_and_ask(void *arg)
{
    struct diary *diary = arg;
    size_t len = strlen(diary->lines);
    uint64_t now = omsp_sim_now(diary->world->sim);

    snprintf(diary->lines + len, sizeof(diary->lines) - len, "b%u ",
             (unsigned)(now - OMSP_SIM_START_US));
    omsp_sim_at(diary->world->sim, now + 5, write_a, diary);
    omsp_sim_at(diary->world->sim, 0, write_a, diary);
}

START_TEST(callbacks_run_in_order_at_their_time)
{
    struct sim_world world = sim_world_new(1);
    struct diary diary = {&world, ""};
    uint64_t start = OMSP_SIM_START_US;

    ck_assert_int_eq(omsp_sim_at(world.sim, start + 300, write_a, &diary), OMSP_OK);
    ck_assert_int_eq(omsp_sim_at(world.sim, start + 100, write_a, &diary), OMSP_OK);
    ck_assert_int_eq(omsp_sim_at(world.sim, start + 200, write_b_and_ask, &diary), OMSP_OK);
    ck_assert_int_eq(omsp_sim_at(world.sim, start + 200, write_a, &diary), OMSP_OK);
    world.loop->wait(world.loop, start + 250);
    ck_assert_str_eq(diary.lines, "a100 b200 a200 a200 a205 ");
    ck_assert_uint_eq(omsp_sim_now(world.sim), start + 250);
    omsp_sim_run(world.sim, start + 1000);
    ck_assert_str_eq(diary.lines, "a100 b200 a200 a200 a205 a300 ");
    ck_assert_uint_eq(omsp_sim_now(world.sim), start + 1000);
    sim_world_end(&world);
}
END_TEST

START_TEST(many_callbacks_come_sorted)
{
    struct sim_world world = sim_world_new(7);
    uint64_t last = 0, now;
    struct sim_box box;

    sim_box_open(&box, world.loop, "127.0.0.1:5000");
    for (int i = 0; i < 2000; i++) {
        struct omsp_sim_link link = {.delay_us = (uint32_t)(i * 7919 % 2000) * 10};

        ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &link), OMSP_OK);
        link.reorder_ppm = 1000000; /* each keeps its own delay */
        ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &link), OMSP_OK);
        ck_assert_int_eq(sim_send_number(&world, &box, &box, i), OMSP_OK);
    }
    while (box.count < 2000) {
        int before = box.count;

        world.loop->wait(world.loop, UINT64_MAX);
        now = omsp_sim_now(world.sim);
        ck_assert_int_eq(box.count, before + 1);
        ck_assert(now > last || before == 0);
        last = now;
    }
    sim_box_close(&world, &box);
    sim_world_end(&world);
}
END_TEST

START_TEST(hours_pass_in_a_moment)
{
    struct sim_world world = sim_world_new(1);
    const struct omsp_sim_link link = {.delay_us = 40000, .jitter_us = 3000};
    struct sim_box b = sim_stream_over(&world, &link, 180000); /* one hour of packets */

    ck_assert_int_eq(b.count, 180000);
    ck_assert_int_eq(b.inverted, 0);
    ck_assert(omsp_sim_now(world.sim) > OMSP_SIM_START_US + 3600ull * SECOND);
    sim_world_end(&world);
}
END_TEST

static void wake_loop(void *arg)
{
    struct omsp_net_loop *loop = arg;

    loop->wake(loop);
}

START_TEST(loops_pumped_in_turn_each_see_the_right_time)
{
    struct sim_world world = sim_world_new(1);
    struct omsp_net_loop *second;
    struct sim_box a, b;

    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &second), OMSP_OK);
    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    sim_box_open(&b, second, "127.0.0.1:5002");
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 0), OMSP_OK);
    /* The first loop's wait passes the time, and stops when the second has something. */
    world.loop->wait(world.loop, OMSP_SIM_START_US + SECOND);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + 100);
    ck_assert_int_eq(b.count, 0);
    second->wait(second, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(b.count, 1);
    ck_assert_uint_eq(b.at, OMSP_SIM_START_US + 100);
    /* But it does not stand still for a loop that nobody pumps. */
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 1), OMSP_OK);
    world.loop->wait(world.loop, OMSP_SIM_START_US + SECOND);
    world.loop->wait(world.loop, OMSP_SIM_START_US + SECOND);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + SECOND);
    second->wait(second, 0);
    ck_assert_int_eq(b.count, 2);
    /* A wake of the other one stops it, too. */
    ck_assert_int_eq(omsp_sim_at(world.sim, OMSP_SIM_START_US + SECOND + 5, wake_loop, second),
                     OMSP_OK);
    world.loop->wait(world.loop, OMSP_SIM_START_US + 2 * SECOND);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + SECOND + 5);
    sim_box_close(&world, &a);
    sim_box_close(&world, &b);
    second->destroy(second);
    sim_world_end(&world);
}
END_TEST

/* ---- sockets ------------------------------------------------------------------------------- */

START_TEST(injected_datagrams_come_from_where_they_say)
{
    struct sim_world world = sim_world_new(1);
    struct omsp_addr far = sim_address("203.0.113.9:4000"), six = sim_address("[::1]:1");
    struct omsp_sim_counters counters;
    struct sim_box a;

    sim_box_open(&a, world.loop, "0.0.0.0:5000");
    a.addr = sim_address("127.0.0.1:5000");
    ck_assert_int_eq(omsp_sim_inject(world.sim, &far, &a.addr, "hi", 2), OMSP_OK);
    ck_assert_int_eq(omsp_sim_inject(world.sim, &six, &a.addr, "hi", 2), OMSP_INVALID);
    sim_pump_until(&world, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(a.count, 1);
    ck_assert(omsp_addr_equal(&a.from, &far));
    /* Nobody hears what goes to a machine that is not ours. */
    ck_assert_int_eq(omsp_sim_inject(world.sim, &a.addr, &far, "hi", 2), OMSP_OK);
    sim_pump_until(&world, OMSP_SIM_START_US + 2 * SECOND);
    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_uint_eq(counters.unheard, 1);
    sim_box_close(&world, &a);
    sim_world_end(&world);
}
END_TEST

struct tapped {
    int count;
    struct omsp_addr from, to;
    size_t len;
};

static void on_tap(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                   const void *data, size_t len)
{
    struct tapped *tapped = ctx;

    (void)data;
    tapped->count++;
    tapped->from = *from;
    tapped->to = *to;
    tapped->len = len;
}

START_TEST(the_tap_sees_what_is_lost_too)
{
    struct sim_world world = sim_world_new(1);
    const struct omsp_sim_link dead = {.loss_ppm = 1000000};
    struct tapped tapped = {0};
    struct sim_box a, b;

    sim_box_open(&a, world.loop, "0.0.0.0:5000");
    sim_box_open(&b, world.loop, "127.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    omsp_sim_set_tap(world.sim, on_tap, &tapped);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &b.addr, "abc", 3), OMSP_OK);
    ck_assert_int_eq(tapped.count, 1);
    ck_assert_uint_eq(tapped.len, 3);
    ck_assert(omsp_addr_equal(&tapped.to, &b.addr));
    a.addr = sim_address("127.0.0.1:5000");
    ck_assert(omsp_addr_equal(&tapped.from, &a.addr));
    omsp_sim_set_tap(world.sim, NULL, NULL);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &b.addr, "abc", 3), OMSP_OK);
    ck_assert_int_eq(tapped.count, 1);
    sim_box_close(&world, &a);
    sim_box_close(&world, &b);
    sim_world_end(&world);
}
END_TEST

START_TEST(a_full_receive_buffer_loses_the_newest)
{
    struct sim_world world = sim_world_new(1);
    struct omsp_sim_counters counters;
    struct sim_box a;

    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    omsp_sim_set_receive_buffer(world.sim, 10 * (sizeof(struct sim_load) + 512));
    for (int i = 0; i < 25; i++)
        ck_assert_int_eq(sim_send_number(&world, &a, &a, i), OMSP_OK);
    omsp_sim_run(world.sim, OMSP_SIM_START_US + 1000);
    sim_pump_until(&world, OMSP_SIM_START_US + 2000);
    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(a.count, 10);
    ck_assert_int_eq(a.last, 9);
    ck_assert_uint_eq(counters.overflowed, 15);
    /* Reading makes room again. */
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 99), OMSP_OK);
    sim_pump_until(&world, OMSP_SIM_START_US + 3000);
    ck_assert_int_eq(a.last, 99);
    sim_box_close(&world, &a);
    sim_world_end(&world);
}
END_TEST

START_TEST(a_broken_socket_reports_and_still_sends)
{
    struct sim_world world = sim_world_new(1);
    struct sim_box a, b;

    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    sim_box_open(&b, world.loop, "127.0.0.1:5002");
    ck_assert_int_eq(sim_send_number(&world, &b, &a, 0), OMSP_OK);
    omsp_sim_break_socket(a.udp, OMSP_IO);
    sim_pump_until(&world, OMSP_SIM_START_US + 1000);
    ck_assert_int_eq(a.error, OMSP_IO);
    ck_assert_int_eq(a.count, 0);
    ck_assert_int_eq(sim_send_number(&world, &a, &b, 1), OMSP_OK);
    sim_pump_until(&world, OMSP_SIM_START_US + 2000);
    ck_assert_int_eq(b.count, 1);
    sim_box_close(&world, &a);
    sim_box_close(&world, &b);
    /* Broken and closed before anybody waited: no report any more. */
    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    omsp_sim_break_socket(a.udp, OMSP_IO);
    sim_box_close(&world, &a);
    ck_assert_int_eq(a.error, OMSP_OK);
    sim_world_end(&world);
}
END_TEST

START_TEST(opens_and_sends_fail_when_they_are_told_to)
{
    struct sim_world world = sim_world_new(1);
    struct omsp_net_loop *none = NULL;
    struct omsp_udp init, *udp = NULL;
    struct omsp_addr where = sim_address("127.0.0.1");
    struct sim_box a;

    sim_box_init(&a, &init);
    omsp_sim_fail(world.sim, OMSP_SIM_LOOP_CREATE, 0, 1, OMSP_FULL);
    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &none), OMSP_FULL);
    omsp_sim_fail(world.sim, OMSP_SIM_OPEN, 1, 1, OMSP_NOMEM);
    sim_box_open(&a, world.loop, "127.0.0.1");
    ck_assert_int_eq(world.loop->open(world.loop, &init, &where, &udp), OMSP_NOMEM);
    ck_assert_uint_eq(where.port, 0);
    omsp_sim_fail(world.sim, OMSP_SIM_SEND, 2, 2, OMSP_FULL);
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 0), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 1), OMSP_OK);
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 2), OMSP_FULL);
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 3), OMSP_FULL);
    ck_assert_int_eq(sim_send_number(&world, &a, &a, 4), OMSP_OK);
    sim_pump_until(&world, OMSP_SIM_START_US + 1000);
    ck_assert_int_eq(a.count, 3);
    ck_assert_ptr_null(udp);
    sim_box_close(&world, &a);
    sim_world_end(&world);
}
END_TEST

START_TEST(what_is_under_way_goes_with_the_simulation)
{
    struct sim_world world = sim_world_new(1);
    struct sim_box a;

    sim_box_open(&a, world.loop, "127.0.0.1:5000");
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(sim_send_number(&world, &a, &a, i), OMSP_OK);
    omsp_sim_run(world.sim, OMSP_SIM_START_US + 1000);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(sim_send_number(&world, &a, &a, i), OMSP_OK);
    sim_box_close(&world, &a); /* the first 64 of those waiting, none after the close */
    ck_assert_int_eq(a.count, 0);
    ck_assert_int_eq(omsp_sim_file_put(world.sim, "left", "behind", 6), OMSP_OK);
    sim_world_end(&world);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("sim", TEST(time_stands_still_but_in_a_wait),
           TEST(waits_that_are_late_find_what_came_meanwhile),
           TEST(callbacks_run_in_order_at_their_time), TEST(many_callbacks_come_sorted),
           TEST(hours_pass_in_a_moment), TEST(loops_pumped_in_turn_each_see_the_right_time),
           TEST(injected_datagrams_come_from_where_they_say), TEST(the_tap_sees_what_is_lost_too),
           TEST(a_full_receive_buffer_loses_the_newest),
           TEST(a_broken_socket_reports_and_still_sends),
           TEST(opens_and_sends_fail_when_they_are_told_to),
           TEST(what_is_under_way_goes_with_the_simulation))
