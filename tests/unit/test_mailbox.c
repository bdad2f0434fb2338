/*
 * The engine's mailbox: for one thread at a time the plain queue behind a lock, in every answer
 * and number; for many, everything arrives, each thread's events in order, and who sleeps until
 * it is signalled misses nothing. What schedules there are is test_ring_schedules.c's.
 */
#include "support/events.h"

#include "engine/mailbox.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdatomic.h>

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* ---- against its twin -------------------------------------------------------------------------
 */

struct twins {
    struct omsp_mailbox *mailbox;
    struct omsp_queue *queue;
};

static void twins_open(struct twins *twins, size_t limit)
{
    ck_assert_int_eq(omsp_mailbox_create(limit, &twins->mailbox), OMSP_OK);
    ck_assert_int_eq(omsp_queue_create(limit, &twins->queue), OMSP_OK);
}

static void twins_close(struct twins *twins)
{
    omsp_mailbox_destroy(twins->mailbox);
    omsp_queue_destroy(twins->queue);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

/* high_water only ever compares by what was there when somebody looked, which is after each. */
static void expect_equal(struct twins *twins)
{
    struct omsp_queue_stats mine, theirs;

    omsp_mailbox_get_stats(twins->mailbox, &mine);
    omsp_queue_get_stats(twins->queue, &theirs);
    ck_assert_uint_eq(mine.posted, theirs.posted);
    ck_assert_uint_eq(mine.taken, theirs.taken);
    ck_assert_uint_eq(mine.coalesced, theirs.coalesced);
    ck_assert_uint_eq(mine.dropped, theirs.dropped);
    ck_assert_uint_eq(mine.waiting, theirs.waiting);
    ck_assert_uint_eq(mine.high_water, theirs.high_water);
}

static void twins_post(struct twins *twins, struct omsp_event event)
{
    struct omsp_event copy = event;
    bool edge, was_empty;

    if (event.blob) {
        copy.blob = omsp_alloc(sizeof(*copy.blob) + event.blob->len);
        ck_assert_ptr_nonnull(copy.blob);
        memcpy(copy.blob, event.blob, sizeof(*copy.blob) + event.blob->len);
    }
    ck_assert_int_eq(omsp_mailbox_post(twins->mailbox, &event, &edge),
                     omsp_queue_post(twins->queue, &copy, &was_empty));
    ck_assert_int_eq(edge, was_empty);
}

static void twins_purge(struct twins *twins, uint32_t call)
{
    ck_assert_uint_eq(omsp_mailbox_purge(twins->mailbox, call),
                      omsp_queue_purge(twins->queue, call));
}

static bool fits_odd(void *ctx, const struct omsp_event *head)
{
    ++*(unsigned *)ctx;
    return head->at_us & 1;
}

static enum omsp_status twins_take(struct twins *twins, bool choosy)
{
    struct omsp_event mine, theirs;
    unsigned asked[2] = {0, 0};
    enum omsp_status status =
        omsp_mailbox_take(twins->mailbox, choosy ? fits_odd : NULL, &asked[0], &mine);

    ck_assert_int_eq(status,
                     omsp_queue_take(twins->queue, choosy ? fits_odd : NULL, &asked[1], &theirs));
    ck_assert_uint_eq(asked[0], asked[1]);
    if (status)
        return status;
    ck_assert_int_eq(mine.kind, theirs.kind);
    ck_assert_int_eq(mine.type, theirs.type);
    ck_assert_int_eq(mine.cause, theirs.cause);
    ck_assert_int_eq(mine.error, theirs.error);
    ck_assert_uint_eq(mine.call, theirs.call);
    ck_assert_uint_eq(mine.stream, theirs.stream);
    ck_assert_uint_eq(mine.terminal, theirs.terminal);
    ck_assert_uint_eq(mine.track, theirs.track);
    ck_assert_uint_eq(mine.detail, theirs.detail);
    ck_assert_uint_eq(mine.at_us, theirs.at_us);
    ck_assert_int_eq(mine.blob != NULL, theirs.blob != NULL);
    if (mine.blob)
        ck_assert_mem_eq(mine.blob, theirs.blob, sizeof(*mine.blob) + mine.blob->len);
    omsp_free(mine.blob);
    omsp_free(theirs.blob);
    return OMSP_OK;
}

static struct omsp_event any_event(uint64_t number)
{
    struct omsp_event event;

    switch (rnd(8)) {
    case 0:
        event = tsp_data((uint32_t)number);
        break;
    case 1:
        event = plain(OMSP_EVENT_PRIVATE, rnd(16));
        break;
    case 2:
        event = file_event(rnd(2), (enum omsp_media_state)rnd(3), rnd(3) ? OMSP_OK : OMSP_IO);
        break;
    case 3:
        event = call_event(rnd(4) + 1, rnd(2) ? OMSP_STREAM_FAIL : OMSP_TERMINAL_FAIL);
        event.error = rnd(2) ? OMSP_IO : OMSP_NODEVICE;
        break;
    default:
        event = call_event(rnd(4) + 1, rnd(2) ? OMSP_STREAM_ACTIVE : OMSP_STREAM_INACTIVE);
        break;
    }
    event.call = rnd(3);
    event.at_us = number;
    return event;
}

/* Takes so many of a thousand: from never to as many as come; now and then all, or a call's. */
static void storm(size_t limit, uint32_t start, unsigned takes, unsigned operations)
{
    struct twins twins;

    seed = start;
    twins_open(&twins, limit);
    for (unsigned number = 0; number < operations; number++) {
        uint32_t what = rnd(1000);

        if (what < takes)
            twins_take(&twins, rnd(2));
        else if (what < 996)
            twins_post(&twins, any_event(number));
        else if (what < 998)
            while (!twins_take(&twins, false))
                expect_equal(&twins);
        else
            twins_purge(&twins, what == 998 ? 1 + rnd(2) : 0);
        expect_equal(&twins);
    }
    twins_close(&twins);
}

START_TEST(it_is_the_plain_queue_whatever_one_thread_does)
{
    static const size_t limits[] = {16, 17, 100, 1000};
    static const unsigned takes[] = {0, 100, 400, 490, 500, 510, 700};

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 7; k++)
            storm(limits[i], (uint32_t)(i * 7 + k), takes[k], 6000);
}
END_TEST

/* At every fill from nothing to beyond the limit: posted, then taken, then posted again. */
START_TEST(it_is_the_plain_queue_at_every_fill)
{
    for (unsigned fill = 0; fill < 40; fill++) {
        for (unsigned left = 0; left <= fill; left++) {
            struct twins twins;
            uint64_t number = 0;

            twins_open(&twins, 20);
            for (unsigned i = 0; i < fill; i++)
                twins_post(&twins, call_event((uint32_t)++number, OMSP_STREAM_FAIL));
            for (unsigned i = left; i < fill; i++)
                ck_assert_int_eq(twins_take(&twins, false), OMSP_OK);
            expect_equal(&twins);
            for (unsigned i = 0; i < 30; i++)
                twins_post(&twins, call_event((uint32_t)++number, OMSP_STREAM_FAIL));
            while (!twins_take(&twins, false))
                ;
            expect_equal(&twins);
            twins_close(&twins);
        }
    }
}
END_TEST

static void walk(void *ctx)
{
    struct omsp_mailbox *mailbox = NULL;
    struct omsp_queue_stats stats;
    unsigned lost = 0;
    bool edge;

    (void)ctx;
    if (omsp_mailbox_create(16, &mailbox)) {
        ck_assert(omsp_test_alloc_failed());
        return;
    }
    for (uint32_t i = 0; i < 100; i++) {
        struct omsp_event event = call_event(i + 1, OMSP_STREAM_FAIL);
        enum omsp_status status = omsp_mailbox_post(mailbox, &event, &edge);

        ck_assert(status == OMSP_OK || (status == OMSP_NOMEM && omsp_test_alloc_failed()));
        ck_assert_int_eq(edge, i == 0);
        lost += status != OMSP_OK;
    }
    omsp_mailbox_get_stats(mailbox, &stats);
    ck_assert_uint_eq(stats.posted, 100);
    ck_assert_uint_eq(stats.waiting, 100 - lost);
    ck_assert_uint_eq(stats.dropped, lost);
    omsp_mailbox_destroy(mailbox);
}

START_TEST(without_memory_it_says_so_and_goes_on)
{
    ck_assert_int_ge(omsp_test_alloc_walk(walk, NULL), 5);
}
END_TEST

START_TEST(a_burst_is_one_signal_and_no_allocation)
{
    struct omsp_mailbox *mailbox;
    struct omsp_event event;
    unsigned edges = 0;
    long before;
    bool edge;

    ck_assert_int_eq(omsp_mailbox_create(1024, &mailbox), OMSP_OK);
    before = omsp_test_allocations();
    for (unsigned burst = 1; burst <= 1024; burst++) { /* some in the ring, some beyond it */
        for (unsigned i = 0; i < burst; i++) {
            event = call_event(i + 1, OMSP_STREAM_FAIL);
            ck_assert_int_eq(omsp_mailbox_post(mailbox, &event, &edge), OMSP_OK);
            edges += edge;
        }
        ck_assert_uint_eq(edges, burst);
        for (unsigned i = 0; i < burst; i++) {
            ck_assert_int_eq(omsp_mailbox_take(mailbox, NULL, NULL, &event), OMSP_OK);
            ck_assert_uint_eq(event.stream, i + 1);
        }
    }
    ck_assert_int_eq(omsp_test_allocations(), before);
    omsp_mailbox_destroy(mailbox);
}
END_TEST

/* ---- many threads -----------------------------------------------------------------------------
 */

#define POSTERS 4
#define EVENTS  6000u /* each */
#define WAIT_US 60000000u

struct crowd {
    struct omsp_mailbox *mailbox;
    struct omsp_lock lock;
    struct omsp_cond cond;
    unsigned signals; /* lock */
    unsigned pace;    /* posted in a row before a look at how much waits */
    size_t most;      /* that may wait then */
    uint32_t next[POSTERS];
    unsigned taken, wakes;
};

struct poster {
    struct crowd *crowd;
    uint32_t number;
};

static void give_way(struct crowd *crowd)
{
    struct omsp_queue_stats stats;

    for (;;) {
        omsp_mailbox_get_stats(crowd->mailbox, &stats);
        if (stats.waiting <= crowd->most)
            return;
        omsp_lock_acquire(&crowd->lock);
        omsp_cond_wait(&crowd->cond, &crowd->lock, 100);
        omsp_lock_release(&crowd->lock);
    }
}

static void post_many(void *arg)
{
    struct poster *poster = arg;
    struct crowd *crowd = poster->crowd;

    for (uint32_t i = 0; i < EVENTS; i++) {
        /* No two are equal, so that nothing coalesces however full it is. */
        struct omsp_event event = call_event(poster->number + 1, OMSP_TERMINAL_FAIL);
        bool edge;

        event.terminal = i;
        if (omsp_mailbox_post(crowd->mailbox, &event, &edge))
            return; /* what is missing is seen */
        if (edge) {
            omsp_lock_acquire(&crowd->lock);
            crowd->signals++;
            omsp_cond_broadcast(&crowd->cond);
            omsp_lock_release(&crowd->lock);
        }
        if (i % crowd->pace == 0)
            give_way(crowd);
    }
}

/* Sleeps until signalled, then takes until there is nothing: as GetEvent's callers do. */
static void take_all(struct crowd *crowd)
{
    struct omsp_event event;

    while (crowd->taken < POSTERS * EVENTS) {
        omsp_lock_acquire(&crowd->lock);
        while (!crowd->signals)
            ck_assert_msg(omsp_cond_wait(&crowd->cond, &crowd->lock, WAIT_US), "%u were taken",
                          crowd->taken);
        crowd->wakes += crowd->signals;
        crowd->signals = 0;
        omsp_lock_release(&crowd->lock);
        while (omsp_mailbox_take(crowd->mailbox, NULL, NULL, &event) == OMSP_OK) {
            ck_assert_uint_eq(event.terminal, crowd->next[event.stream - 1]++);
            crowd->taken++;
        }
    }
}

static void crowd_run(size_t limit, unsigned pace, size_t most)
{
    struct crowd crowd = {.pace = pace, .most = most};
    struct omsp_thread *threads[POSTERS];
    struct poster posters[POSTERS];
    struct omsp_queue_stats stats;

    ck_assert_int_eq(omsp_mailbox_create(limit, &crowd.mailbox), OMSP_OK);
    omsp_lock_init(&crowd.lock);
    omsp_cond_init(&crowd.cond);
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){&crowd, i};
        ck_assert_int_eq(omsp_thread_start(post_many, &posters[i], "poster", &threads[i]), OMSP_OK);
    }
    take_all(&crowd);
    for (unsigned i = 0; i < POSTERS; i++)
        omsp_thread_join(threads[i]);
    omsp_mailbox_get_stats(crowd.mailbox, &stats);
    ck_assert_uint_eq(stats.posted, POSTERS * EVENTS);
    ck_assert_uint_eq(stats.taken, POSTERS * EVENTS);
    ck_assert_uint_eq(stats.waiting, 0);
    ck_assert_uint_eq(stats.coalesced + stats.dropped, 0);
    ck_assert_uint_le(crowd.wakes, crowd.taken);
    omsp_cond_destroy(&crowd.cond);
    omsp_lock_destroy(&crowd.lock);
    omsp_mailbox_destroy(crowd.mailbox);
}

/* Mostly empty; mostly full; far beyond the ring; and a ring of 16, which is closed all the time.
 */
START_TEST(nothing_is_lost_between_threads_and_nobody_sleeps_over_it)
{
    crowd_run(1024, 1, 0);
    crowd_run(1024, 16, 64);
    crowd_run(1024, 64, 4096);
    crowd_run(16, 1, 4);
    crowd_run(16, 4, 20);
}
END_TEST

OMSP_SUITE("mailbox", TEST(it_is_the_plain_queue_whatever_one_thread_does),
           TEST(it_is_the_plain_queue_at_every_fill), TEST(without_memory_it_says_so_and_goes_on),
           TEST(a_burst_is_one_signal_and_no_allocation),
           TEST(nothing_is_lost_between_threads_and_nobody_sleeps_over_it))
