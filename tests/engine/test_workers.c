/*
 * Which media worker a call goes to: to the one that moves the fewest packets, measured, and it
 * stays there. Simulated time, but for the threads' idleness at the end.
 */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/samples.h"
#include "port/lock.h"

#include <string.h>

#define MOST 64

/* Calls that send 50 packets a second to nobody, or that only have their sockets. */
struct hall {
    struct rig rig;
    struct omsp_call *calls[MOST];
    unsigned count;
};

static void hall_open(struct hall *hall, unsigned workers)
{
    memset(hall, 0, sizeof(*hall));
    rig_open(&hall->rig, 1);
    ck_assert_int_eq(omsp_engine_set_workers(hall->rig.engine, workers), OMSP_OK);
}

static void release_calls(struct hall *hall)
{
    omsp_address_shutdown(hall->rig.address);
    while (hall->count)
        omsp_call_release(hall->calls[--hall->count]);
}

static void hall_close(struct hall *hall)
{
    release_calls(hall);
    rig_close(&hall->rig);
}

static void add_call(struct hall *hall, bool busy)
{
    struct omsp_addr local, nobody;
    struct omsp_terminal *terminal;
    struct omsp_stream *stream;
    struct omsp_call *call = rig_call(&hall->rig);

    ck_assert_uint_lt(hall->count, MOST);
    hall->calls[hall->count++] = call;
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &local), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("192.0.2.1:9", &nobody), OMSP_OK);
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    if (!busy)
        return;
    stream = rig_stream(call, OMSP_CAPTURE);
    ck_assert_int_eq(omsp_samples_create(hall->rig.address, OMSP_CAPTURE, 60, &terminal), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(stream, terminal), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(call, &nobody, 0), OMSP_OK);
    omsp_terminal_release(terminal);
    omsp_stream_release(stream);
}

/* Small steps, so that every worker has its turn. */
static void pass(struct hall *hall, unsigned ms)
{
    while (ms--)
        rig_run(&hall->rig, 1);
}

static struct omsp_worker_counters worker(struct hall *hall, unsigned number)
{
    struct omsp_worker_counters counters;

    ck_assert_int_eq(omsp_engine_worker_counters(hall->rig.engine, number, &counters), OMSP_OK);
    return counters;
}

static unsigned made(struct hall *hall)
{
    unsigned count;

    omsp_engine_get_workers(hall->rig.engine, &count);
    return count;
}

START_TEST(calls_of_one_moment_are_dealt_out)
{
    struct hall hall;

    hall_open(&hall, 4);
    for (unsigned i = 0; i < 12; i++)
        add_call(&hall, false);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(worker(&hall, i).calls, 3);
    hall_close(&hall);
}
END_TEST

START_TEST(packets_are_spread)
{
    struct hall hall;
    uint64_t all = 0;

    hall_open(&hall, 3);
    for (unsigned i = 0; i < 12; i++)
        add_call(&hall, true);
    pass(&hall, 4000);
    for (unsigned i = 0; i < 3; i++) {
        struct omsp_worker_counters counters = worker(&hall, i);

        ck_assert_uint_eq(counters.calls, 4);
        ck_assert_uint_ge(counters.packets, 4 * 195);
        ck_assert_uint_le(counters.packets, 4 * 205);
        ck_assert_uint_ge(counters.load, 4 * 48);
        ck_assert_uint_le(counters.load, 4 * 52);
        all += counters.packets;
    }
    ck_assert_uint_ge(all, 12 * 195);
    hall_close(&hall);
}
END_TEST

/* One that talks weighs more than ten that are silent. */
START_TEST(what_counts_is_packets_and_not_calls)
{
    struct hall hall;

    hall_open(&hall, 2);
    add_call(&hall, true);
    for (unsigned i = 0; i < 10; i++) {
        pass(&hall, 2500);
        add_call(&hall, false);
    }
    ck_assert_uint_eq(worker(&hall, 0).calls, 1);
    ck_assert_uint_eq(worker(&hall, 1).calls, 10);
    ck_assert_uint_ge(worker(&hall, 0).packets, 24 * 50);
    ck_assert_uint_eq(worker(&hall, 1).packets, 0);
    hall_close(&hall);
}
END_TEST

/* What was loaded an hour ago is not loaded now. */
START_TEST(load_is_what_is_now)
{
    struct hall hall;

    hall_open(&hall, 2);
    add_call(&hall, true);
    pass(&hall, 3000);
    ck_assert_uint_ge(worker(&hall, 0).load, 48);
    ck_assert_int_eq(omsp_call_shutdown(hall.calls[0]), OMSP_OK);
    pass(&hall, 1);
    rig_run(&hall.rig, 3600 * 1000);
    ck_assert_uint_eq(worker(&hall, 0).load, 0);
    add_call(&hall, true);
    ck_assert_uint_eq(worker(&hall, 0).calls, 1);
    hall_close(&hall);
}
END_TEST

START_TEST(a_call_stays_where_it_began)
{
    struct hall hall;
    uint64_t before;

    hall_open(&hall, 2);
    add_call(&hall, true);
    add_call(&hall, true);
    ck_assert_uint_eq(worker(&hall, 1).calls, 1);
    ck_assert_int_eq(omsp_engine_set_workers(hall.rig.engine, 1), OMSP_OK);
    before = worker(&hall, 1).packets;
    pass(&hall, 1000);
    ck_assert_uint_ge(worker(&hall, 1).packets, before + 48);
    for (unsigned i = 0; i < 5; i++)
        add_call(&hall, true);
    ck_assert_uint_eq(worker(&hall, 0).calls, 6);
    ck_assert_uint_eq(worker(&hall, 1).calls, 1);
    ck_assert_uint_eq(made(&hall), 2);
    hall_close(&hall);
}
END_TEST

/* The rig's engine, but with workers by need. */
static void by_need(struct hall *hall, unsigned most)
{
    struct omsp_engine_config config = {.manual = true, .max_workers = most};

    hall_open(hall, 1);
    omsp_address_shutdown(hall->rig.address);
    omsp_listener_close(hall->rig.listener);
    omsp_engine_destroy(hall->rig.engine);
    omsp_address_release(hall->rig.address);
    ck_assert_int_eq(omsp_engine_create(omsp_sim_ports(hall->rig.sim), &config, &hall->rig.engine),
                     OMSP_OK);
    ck_assert_int_eq(omsp_address_create(hall->rig.engine, &hall->rig.address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(hall->rig.address, NULL, NULL, &hall->rig.listener),
                     OMSP_OK);
}

START_TEST(another_worker_comes_when_all_there_are_are_full)
{
    struct hall hall;

    by_need(&hall, 3);
    ck_assert_uint_eq(made(&hall), 1);
    for (unsigned i = 0; i < OMSP_WORKER_FULL / 100; i++)
        add_call(&hall, true);
    ck_assert_uint_eq(made(&hall), 1);
    add_call(&hall, true);
    ck_assert_uint_eq(made(&hall), 2);
    ck_assert_uint_eq(worker(&hall, 1).calls, 1);
    /* They were taken for more than they are: one way only. */
    pass(&hall, 2500);
    add_call(&hall, true);
    ck_assert_uint_eq(made(&hall), 2);
    ck_assert_uint_eq(worker(&hall, 1).calls, 2);
    hall_close(&hall);
}
END_TEST

START_TEST(by_need_there_is_one_where_no_more_may_be)
{
    struct hall hall;

    by_need(&hall, 1);
    for (unsigned i = 0; i < MOST; i++)
        add_call(&hall, true);
    ck_assert_uint_eq(made(&hall), 1);
    ck_assert_uint_eq(worker(&hall, 0).calls, MOST);
    hall_close(&hall);
}
END_TEST

START_TEST(wrong_numbers_and_no_memory_change_nothing)
{
    struct omsp_engine_config config = {.manual = true, .workers = OMSP_MAX_WORKERS + 1};
    struct omsp_worker_counters counters;
    struct omsp_engine *engine = NULL;
    struct hall hall;
    unsigned count;

    hall_open(&hall, 2);
    ck_assert_int_eq(omsp_engine_set_workers(hall.rig.engine, OMSP_MAX_WORKERS + 1), OMSP_INVALID);
    omsp_test_fail_alloc(0);
    ck_assert_int_eq(omsp_engine_set_workers(hall.rig.engine, 3), OMSP_NOMEM);
    omsp_test_allow_alloc();
    ck_assert_uint_eq(omsp_engine_get_workers(hall.rig.engine, &count), 2);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(omsp_engine_worker_counters(hall.rig.engine, 2, &counters), OMSP_NOTFOUND);
    ck_assert_int_eq(omsp_engine_create(omsp_sim_ports(hall.rig.sim), &config, &engine),
                     OMSP_INVALID);
    config.workers = 0;
    config.max_workers = OMSP_MAX_WORKERS + 1;
    ck_assert_int_eq(omsp_engine_create(omsp_sim_ports(hall.rig.sim), &config, &engine),
                     OMSP_INVALID);
    hall_close(&hall);
}
END_TEST

/* ---- real threads ---------------------------------------------------------------------------- */

static uint64_t wakes_of(struct omsp_engine *engine, unsigned threads)
{
    struct omsp_engine_counters counters;

    omsp_engine_get_counters(engine, &counters);
    ck_assert_uint_eq(counters.threads, threads);
    return counters.wakes;
}

static void linger(unsigned ms)
{
    struct omsp_lock lock;
    struct omsp_cond never;

    omsp_lock_init(&lock);
    omsp_cond_init(&never);
    omsp_lock_acquire(&lock);
    omsp_cond_wait(&never, &lock, ms * 1000);
    omsp_lock_release(&lock);
    omsp_cond_destroy(&never);
    omsp_lock_destroy(&lock);
}

/* Calls that nobody talks to cost no turn of any worker, and no thread. */
START_TEST(idle_workers_sleep)
{
    struct omsp_engine_config config = {.workers = 4};
    struct omsp_call *calls[20];
    struct omsp_listener *listener;
    struct omsp_address *address;
    struct omsp_engine *engine;
    uint64_t before;

    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), &config, &engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(address, NULL, NULL, &listener), OMSP_OK);
    wakes_of(engine, 6);
    for (unsigned i = 0; i < 20; i++) {
        struct omsp_addr local;

        ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &local), OMSP_OK);
        ck_assert_int_eq(omsp_call_create(address, OMSP_MEDIA_AUDIO, i, &calls[i]), OMSP_OK);
        ck_assert_int_eq(omsp_call_bind(calls[i], &local), OMSP_OK);
    }
    /* What opening left to do comes first, however long that takes here. */
    for (unsigned tries = 0;; tries++) {
        before = wakes_of(engine, 6);
        linger(1000);
        if (wakes_of(engine, 6) == before)
            break;
        ck_assert_uint_lt(tries, 20);
    }
    omsp_address_shutdown(address);
    for (unsigned i = 0; i < 20; i++)
        omsp_call_release(calls[i]);
    omsp_listener_close(listener);
    omsp_engine_destroy(engine);
    omsp_address_release(address);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("workers", TEST(calls_of_one_moment_are_dealt_out), TEST(packets_are_spread),
           TEST(what_counts_is_packets_and_not_calls), TEST(load_is_what_is_now),
           TEST(a_call_stays_where_it_began),
           TEST(another_worker_comes_when_all_there_are_are_full),
           TEST(by_need_there_is_one_where_no_more_may_be),
           TEST(wrong_numbers_and_no_memory_change_nothing), TEST(idle_workers_sleep))
