/* The simulated machine beyond the ports' contracts: time, links, failures, and sameness by seed.
 */
#include "support/suite.h"

#include "sim/sim.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000000u

struct world {
    struct omsp_sim *sim;
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
};

struct box {
    struct omsp_udp *udp;
    struct omsp_addr addr, from;
    int count, closed, inverted, last;
    enum omsp_status error;
    uint64_t at, first_at, slowest;
    uint64_t trace; /* a hash over (time, number) of all that came */
};

static struct world world_new(uint64_t seed)
{
    struct world world;

    ck_assert_int_eq(omsp_sim_create(seed, &world.sim), OMSP_OK);
    world.ports = omsp_sim_ports(world.sim);
    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &world.loop), OMSP_OK);
    return world;
}

static void world_end(struct world *world)
{
    world->loop->destroy(world->loop);
    omsp_sim_destroy(world->sim);
}

static struct omsp_addr address(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

/* A datagram carries its number and when it was sent. */
struct load {
    int number;
    uint64_t sent;
};

static void on_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t now_us)
{
    struct box *box = owner;
    struct load load = {-1, now_us};

    (void)udp;
    if (len == sizeof(load))
        memcpy(&load, data, len);
    if (!box->count++)
        box->first_at = now_us;
    if (load.number < box->last)
        box->inverted++;
    box->last = load.number;
    box->from = *from;
    box->at = now_us;
    if (now_us - load.sent > box->slowest)
        box->slowest = now_us - load.sent;
    box->trace = (box->trace ^ now_us ^ (uint64_t)load.number << 48) * 0x100000001b3u;
}

static void on_error(void *owner, struct omsp_udp *udp, enum omsp_status status)
{
    (void)udp;
    ((struct box *)owner)->error = status;
}

static void on_closed(void *owner)
{
    ((struct box *)owner)->closed++;
}

static void box_open(struct box *box, struct omsp_net_loop *loop, const char *where)
{
    struct omsp_udp init = {NULL, box, on_datagram, on_error, on_closed};

    memset(box, 0, sizeof(*box));
    box->addr = address(where);
    ck_assert_int_eq(loop->open(loop, &init, &box->addr, &box->udp), OMSP_OK);
}

static void box_close(struct world *world, struct box *box)
{
    struct omsp_net_loop *loop = box->udp->loop;

    loop->close(box->udp);
    loop->wait(loop, omsp_sim_now(world->sim));
    ck_assert_int_eq(box->closed, 1);
}

static enum omsp_status send_number(struct world *world, struct box *from, const struct box *to,
                                    int number)
{
    struct load load;

    memset(&load, 0, sizeof(load));
    load.number = number;
    load.sent = omsp_sim_now(world->sim);
    return from->udp->loop->send(from->udp, &to->addr, &load, sizeof(load));
}

static void pump_until(struct world *world, uint64_t t_us)
{
    while (omsp_sim_now(world->sim) < t_us)
        world->loop->wait(world->loop, t_us);
}

/* Sends count datagrams 20 ms apart over one link and lets all arrive. */
static struct box stream_over(struct world *world, const struct omsp_sim_link *link, int count)
{
    struct box a, b;

    box_open(&a, world->loop, "127.0.0.1:5000");
    box_open(&b, world->loop, "127.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world->sim, &a.addr, &b.addr, link), OMSP_OK);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(send_number(world, &a, &b, i), OMSP_OK);
        pump_until(world, omsp_sim_now(world->sim) + 20000);
    }
    pump_until(world, omsp_sim_now(world->sim) + 10 * SECOND);
    box_close(world, &a);
    box_close(world, &b);
    return b;
}

/* ---- time ---------------------------------------------------------------------------------- */

START_TEST(time_stands_still_but_in_a_wait)
{
    struct world world = world_new(1);

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
    world_end(&world);
}
END_TEST

struct diary {
    struct world *world;
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
    struct world world = world_new(1);
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
    world_end(&world);
}
END_TEST

START_TEST(many_callbacks_come_sorted)
{
    struct world world = world_new(7);
    uint64_t last = 0, now;
    struct box box;

    box_open(&box, world.loop, "127.0.0.1:5000");
    for (int i = 0; i < 2000; i++) {
        struct omsp_sim_link link = {.delay_us = (uint32_t)(i * 7919 % 2000) * 10};

        ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &link), OMSP_OK);
        link.reorder_ppm = 1000000; /* each keeps its own delay */
        ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &link), OMSP_OK);
        ck_assert_int_eq(send_number(&world, &box, &box, i), OMSP_OK);
    }
    while (box.count < 2000) {
        int before = box.count;

        world.loop->wait(world.loop, UINT64_MAX);
        now = omsp_sim_now(world.sim);
        ck_assert_int_eq(box.count, before + 1);
        ck_assert(now > last || before == 0);
        last = now;
    }
    box_close(&world, &box);
    world_end(&world);
}
END_TEST

START_TEST(hours_pass_in_a_moment)
{
    struct world world = world_new(1);
    const struct omsp_sim_link link = {.delay_us = 40000, .jitter_us = 3000};
    struct box b = stream_over(&world, &link, 180000); /* one hour of packets */

    ck_assert_int_eq(b.count, 180000);
    ck_assert_int_eq(b.inverted, 0);
    ck_assert(omsp_sim_now(world.sim) > OMSP_SIM_START_US + 3600ull * SECOND);
    world_end(&world);
}
END_TEST

static void wake_loop(void *arg)
{
    struct omsp_net_loop *loop = arg;

    loop->wake(loop);
}

START_TEST(loops_pumped_in_turn_each_see_the_right_time)
{
    struct world world = world_new(1);
    struct omsp_net_loop *second;
    struct box a, b;

    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &second), OMSP_OK);
    box_open(&a, world.loop, "127.0.0.1:5000");
    box_open(&b, second, "127.0.0.1:5002");
    ck_assert_int_eq(send_number(&world, &a, &b, 0), OMSP_OK);
    /* The first loop's wait passes the time, and stops when the second has something. */
    world.loop->wait(world.loop, OMSP_SIM_START_US + SECOND);
    ck_assert_uint_eq(omsp_sim_now(world.sim), OMSP_SIM_START_US + 100);
    ck_assert_int_eq(b.count, 0);
    second->wait(second, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(b.count, 1);
    ck_assert_uint_eq(b.at, OMSP_SIM_START_US + 100);
    /* But it does not stand still for a loop that nobody pumps. */
    ck_assert_int_eq(send_number(&world, &a, &b, 1), OMSP_OK);
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
    box_close(&world, &a);
    box_close(&world, &b);
    second->destroy(second);
    world_end(&world);
}
END_TEST

/* ---- links --------------------------------------------------------------------------------- */

START_TEST(delay_and_jitter_stay_in_their_bounds)
{
    struct world world = world_new(3);
    const struct omsp_sim_link link = {.delay_us = 50000, .jitter_us = 9000};
    struct box b = stream_over(&world, &link, 2000);

    ck_assert_int_eq(b.count, 2000);
    ck_assert_int_eq(b.inverted, 0);
    ck_assert(b.first_at >= OMSP_SIM_START_US + 50000);
    ck_assert(b.slowest > 58000 && b.slowest <= 59000);
    world_end(&world);
}
END_TEST

START_TEST(jitter_alone_never_reorders)
{
    struct world world = world_new(4);
    const struct omsp_sim_link link = {.delay_us = 1000, .jitter_us = 200000};
    struct box b = stream_over(&world, &link, 2000);

    ck_assert_int_eq(b.count, 2000);
    ck_assert_int_eq(b.inverted, 0);
    world_end(&world);
}
END_TEST

START_TEST(loss_hits_its_rate)
{
    struct world world = world_new(5);
    const struct omsp_sim_link link = {.delay_us = 1000, .loss_ppm = 100000};
    struct omsp_sim_counters counters;
    struct box b = stream_over(&world, &link, 10000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_uint_eq(counters.sent, 10000);
    ck_assert_uint_eq(counters.lost + counters.delivered, 10000);
    ck_assert_int_eq(b.count, (int)counters.delivered);
    ck_assert(counters.lost > 850 && counters.lost < 1150);
    world_end(&world);
}
END_TEST

START_TEST(loss_of_everything_and_in_bursts)
{
    struct world world = world_new(6);
    struct omsp_sim_link link = {.loss_ppm = 1000000};
    struct omsp_sim_counters counters, before;

    ck_assert_int_eq(stream_over(&world, &link, 100).count, 0);
    omsp_sim_get_counters(world.sim, &before);
    ck_assert_uint_eq(before.lost, 100);
    link.loss_ppm = 10000;
    link.loss_burst = 5;
    stream_over(&world, &link, 10000);
    omsp_sim_get_counters(world.sim, &counters);
    counters.lost -= before.lost;
    ck_assert(counters.lost > 350 && counters.lost < 650);
    world_end(&world);
}
END_TEST

START_TEST(duplicates_come_twice)
{
    struct world world = world_new(7);
    const struct omsp_sim_link link = {.delay_us = 1000, .duplicate_ppm = 200000};
    struct omsp_sim_counters counters;
    struct box b = stream_over(&world, &link, 5000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(b.count, 5000 + (int)counters.duplicated);
    ck_assert(counters.duplicated > 850 && counters.duplicated < 1150);
    world_end(&world);
}
END_TEST

START_TEST(reordered_ones_are_overtaken)
{
    struct world world = world_new(8);
    const struct omsp_sim_link link = {
        .delay_us = 1000, .reorder_ppm = 100000, .reorder_us = 30000};
    struct omsp_sim_counters counters;
    struct box b = stream_over(&world, &link, 5000);

    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(b.count, 5000);
    ck_assert(counters.reordered > 400 && counters.reordered < 600);
    ck_assert(b.inverted > 300 && b.inverted <= (int)counters.reordered);
    world_end(&world);
}
END_TEST

START_TEST(the_rule_set_last_counts)
{
    struct world world = world_new(9);
    struct omsp_sim_link dead = {.loss_ppm = 1000000}, fine = {.delay_us = 10};
    struct omsp_addr host = address("10.0.0.1");
    struct box a, b;

    ck_assert_int_eq(omsp_sim_add_ip(world.sim, &host), OMSP_OK);
    box_open(&a, world.loop, "127.0.0.1:5000");
    box_open(&b, world.loop, "10.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &a, &b, 0), OMSP_OK);
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, &host, &fine), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &a, &b, 1), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &b, &a, 1), OMSP_OK);
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &a, &b, 2), OMSP_OK);
    pump_until(&world, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(b.count, 1);
    ck_assert_int_eq(b.last, 1);
    ck_assert_int_eq(a.count, 0);
    box_close(&world, &a);
    box_close(&world, &b);
    world_end(&world);
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
        struct world world = world_new(seeds[i]);

        /* What the random port gives out must not move the network. */
        world.ports->random(world.ports->ctx, noise[i], sizeof(noise[i]));
        if (i == 1)
            world.ports->random(world.ports->ctx, &noise[2], 7);
        traces[i] = stream_over(&world, &link, 3000).trace;
        world_end(&world);
    }
    ck_assert(traces[0] == traces[1]);
    ck_assert(traces[0] != traces[2]);
    ck_assert_mem_eq(noise[0], noise[1], 32);
    ck_assert(memcmp(noise[0], noise[2], 32) != 0);
}
END_TEST

/* ---- sockets ------------------------------------------------------------------------------- */

START_TEST(injected_datagrams_come_from_where_they_say)
{
    struct world world = world_new(1);
    struct omsp_addr far = address("203.0.113.9:4000"), six = address("[::1]:1");
    struct omsp_sim_counters counters;
    struct box a;

    box_open(&a, world.loop, "0.0.0.0:5000");
    a.addr = address("127.0.0.1:5000");
    ck_assert_int_eq(omsp_sim_inject(world.sim, &far, &a.addr, "hi", 2), OMSP_OK);
    ck_assert_int_eq(omsp_sim_inject(world.sim, &six, &a.addr, "hi", 2), OMSP_INVALID);
    pump_until(&world, OMSP_SIM_START_US + SECOND);
    ck_assert_int_eq(a.count, 1);
    ck_assert(omsp_addr_equal(&a.from, &far));
    /* Nobody hears what goes to a machine that is not ours. */
    ck_assert_int_eq(omsp_sim_inject(world.sim, &a.addr, &far, "hi", 2), OMSP_OK);
    pump_until(&world, OMSP_SIM_START_US + 2 * SECOND);
    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_uint_eq(counters.unheard, 1);
    box_close(&world, &a);
    world_end(&world);
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
    struct world world = world_new(1);
    const struct omsp_sim_link dead = {.loss_ppm = 1000000};
    struct tapped tapped = {0};
    struct box a, b;

    box_open(&a, world.loop, "0.0.0.0:5000");
    box_open(&b, world.loop, "127.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world.sim, NULL, NULL, &dead), OMSP_OK);
    omsp_sim_set_tap(world.sim, on_tap, &tapped);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &b.addr, "abc", 3), OMSP_OK);
    ck_assert_int_eq(tapped.count, 1);
    ck_assert_uint_eq(tapped.len, 3);
    ck_assert(omsp_addr_equal(&tapped.to, &b.addr));
    a.addr = address("127.0.0.1:5000");
    ck_assert(omsp_addr_equal(&tapped.from, &a.addr));
    omsp_sim_set_tap(world.sim, NULL, NULL);
    ck_assert_int_eq(a.udp->loop->send(a.udp, &b.addr, "abc", 3), OMSP_OK);
    ck_assert_int_eq(tapped.count, 1);
    box_close(&world, &a);
    box_close(&world, &b);
    world_end(&world);
}
END_TEST

START_TEST(a_full_receive_buffer_loses_the_newest)
{
    struct world world = world_new(1);
    struct omsp_sim_counters counters;
    struct box a;

    box_open(&a, world.loop, "127.0.0.1:5000");
    omsp_sim_set_receive_buffer(world.sim, 10 * (sizeof(struct load) + 512));
    for (int i = 0; i < 25; i++)
        ck_assert_int_eq(send_number(&world, &a, &a, i), OMSP_OK);
    omsp_sim_run(world.sim, OMSP_SIM_START_US + 1000);
    pump_until(&world, OMSP_SIM_START_US + 2000);
    omsp_sim_get_counters(world.sim, &counters);
    ck_assert_int_eq(a.count, 10);
    ck_assert_int_eq(a.last, 9);
    ck_assert_uint_eq(counters.overflowed, 15);
    /* Reading makes room again. */
    ck_assert_int_eq(send_number(&world, &a, &a, 99), OMSP_OK);
    pump_until(&world, OMSP_SIM_START_US + 3000);
    ck_assert_int_eq(a.last, 99);
    box_close(&world, &a);
    world_end(&world);
}
END_TEST

START_TEST(a_broken_socket_reports_and_still_sends)
{
    struct world world = world_new(1);
    struct box a, b;

    box_open(&a, world.loop, "127.0.0.1:5000");
    box_open(&b, world.loop, "127.0.0.1:5002");
    ck_assert_int_eq(send_number(&world, &b, &a, 0), OMSP_OK);
    omsp_sim_break_socket(a.udp, OMSP_IO);
    pump_until(&world, OMSP_SIM_START_US + 1000);
    ck_assert_int_eq(a.error, OMSP_IO);
    ck_assert_int_eq(a.count, 0);
    ck_assert_int_eq(send_number(&world, &a, &b, 1), OMSP_OK);
    pump_until(&world, OMSP_SIM_START_US + 2000);
    ck_assert_int_eq(b.count, 1);
    box_close(&world, &a);
    box_close(&world, &b);
    /* Broken and closed before anybody waited: no report any more. */
    box_open(&a, world.loop, "127.0.0.1:5000");
    omsp_sim_break_socket(a.udp, OMSP_IO);
    box_close(&world, &a);
    ck_assert_int_eq(a.error, OMSP_OK);
    world_end(&world);
}
END_TEST

START_TEST(opens_and_sends_fail_when_they_are_told_to)
{
    struct world world = world_new(1);
    struct omsp_net_loop *none = NULL;
    struct omsp_udp init = {NULL, NULL, on_datagram, NULL, NULL}, *udp = NULL;
    struct omsp_addr where = address("127.0.0.1");
    struct box a;

    omsp_sim_fail(world.sim, OMSP_SIM_LOOP_CREATE, 0, 1, OMSP_FULL);
    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &none), OMSP_FULL);
    omsp_sim_fail(world.sim, OMSP_SIM_OPEN, 1, 1, OMSP_NOMEM);
    box_open(&a, world.loop, "127.0.0.1");
    ck_assert_int_eq(world.loop->open(world.loop, &init, &where, &udp), OMSP_NOMEM);
    ck_assert_uint_eq(where.port, 0);
    omsp_sim_fail(world.sim, OMSP_SIM_SEND, 2, 2, OMSP_FULL);
    ck_assert_int_eq(send_number(&world, &a, &a, 0), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &a, &a, 1), OMSP_OK);
    ck_assert_int_eq(send_number(&world, &a, &a, 2), OMSP_FULL);
    ck_assert_int_eq(send_number(&world, &a, &a, 3), OMSP_FULL);
    ck_assert_int_eq(send_number(&world, &a, &a, 4), OMSP_OK);
    pump_until(&world, OMSP_SIM_START_US + 1000);
    ck_assert_int_eq(a.count, 3);
    ck_assert_ptr_null(udp);
    box_close(&world, &a);
    world_end(&world);
}
END_TEST

START_TEST(what_is_under_way_goes_with_the_simulation)
{
    struct world world = world_new(1);
    struct box a;

    box_open(&a, world.loop, "127.0.0.1:5000");
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(send_number(&world, &a, &a, i), OMSP_OK);
    omsp_sim_run(world.sim, OMSP_SIM_START_US + 1000);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(send_number(&world, &a, &a, i), OMSP_OK);
    box_close(&world, &a); /* the first 64 of those waiting, none after the close */
    ck_assert_int_eq(a.count, 0);
    ck_assert_int_eq(omsp_sim_file_put(world.sim, "left", "behind", 6), OMSP_OK);
    world_end(&world);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("sim", TEST(time_stands_still_but_in_a_wait), TEST(callbacks_run_in_order_at_their_time),
           TEST(many_callbacks_come_sorted), TEST(hours_pass_in_a_moment),
           TEST(loops_pumped_in_turn_each_see_the_right_time),
           TEST(delay_and_jitter_stay_in_their_bounds), TEST(jitter_alone_never_reorders),
           TEST(loss_hits_its_rate), TEST(loss_of_everything_and_in_bursts),
           TEST(duplicates_come_twice), TEST(reordered_ones_are_overtaken),
           TEST(the_rule_set_last_counts), TEST(same_seed_same_trace),
           TEST(injected_datagrams_come_from_where_they_say), TEST(the_tap_sees_what_is_lost_too),
           TEST(a_full_receive_buffer_loses_the_newest),
           TEST(a_broken_socket_reports_and_still_sends),
           TEST(opens_and_sends_fail_when_they_are_told_to),
           TEST(what_is_under_way_goes_with_the_simulation))
