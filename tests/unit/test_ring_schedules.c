/*
 * The mailbox and its ring under every schedule, as far as preemption goes: the real code, compiled
 * here with each atomic operation and each lock as a place where another thread may come in.
 * Threads run one at a time; of a program every run is made that has at most so many preemptions
 * (after M. Musuvathi and S. Qadeer, "Iterative Context Bounding", 2007). Steps are sequentially
 * consistent: what weaker orders do is left to the storms of test_mailbox.c under a thread
 * sanitizer.
 *
 * Whoever takes sleeps until it is signalled. A wake-up that is lost is a run in which nobody can
 * go on and not everything was taken.
 */
#include "support/events.h"

#include "core/ring.h"
#include "engine/mailbox.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdatomic.h>

/* ---- the scheduler ----------------------------------------------------------------------------
 */

#define THREADS 3
#define STEPS   1000

enum state { READY, AT_LOCK, AT_COND, ASLEEP, ENDED };

struct choice {
    uint8_t options, taken; /* of the threads that could go on, the running one first */
};

static struct {
    struct omsp_lock lock; /* the turn */
    struct omsp_cond cond[THREADS + 1];
    unsigned turn; /* THREADS: the test */
    bool unwind, over;
    bool broken;       /* a run failed: its threads are where they are */
    const char *wrong; /* what a thread found; only the test may fail */
    struct omsp_thread *threads[THREADS];
    /* one run */
    enum state state[THREADS];
    bool held; /* the lock of who waits at the mailbox's gate */
    unsigned threads_used, places, preemptions, limit;
    struct choice path[STEPS];
    unsigned depth, known; /* choices made; those that are given */
} world;

static void hand_to(unsigned next)
{
    unsigned me = world.turn;

    if (next == me)
        return;
    omsp_lock_acquire(&world.lock);
    world.turn = next;
    omsp_cond_broadcast(&world.cond[next]);
    while (world.turn != me)
        omsp_cond_wait(&world.cond[me], &world.lock, UINT64_MAX);
    omsp_lock_release(&world.lock);
}

static bool can_run(unsigned thread)
{
    return world.state[thread] == READY || (world.state[thread] == AT_LOCK && !world.held);
}

/* Who goes on; THREADS: nobody can. */
static unsigned choose(void)
{
    unsigned me = world.turn, options[THREADS], count = 0;
    bool i_can = me < THREADS && can_run(me);
    struct choice *choice;

    if (world.unwind)
        return THREADS;
    if (i_can)
        options[count++] = me;
    if (!i_can || world.preemptions < world.limit)
        for (unsigned i = 0; i < world.threads_used; i++)
            if (i != me && can_run(i))
                options[count++] = i;
    if (!count)
        return THREADS;
    if (count == 1 || world.depth == STEPS) {
        if (count > 1)
            world.wrong = "a run without end";
        return options[0];
    }
    choice = &world.path[world.depth];
    if (world.depth++ >= world.known)
        *choice = (struct choice){(uint8_t)count, 0};
    if (choice->options != count)
        world.wrong = "the same choices led elsewhere";
    world.preemptions += i_can && choice->taken;
    return options[choice->taken];
}

static void step(void)
{
    if (world.turn < THREADS)
        hand_to(choose());
}

static void sched_acquire(struct omsp_lock *lock)
{
    (void)lock;
    if (world.turn == THREADS)
        return;
    world.state[world.turn] = AT_LOCK;
    step();
    world.state[world.turn] = READY;
    world.held = true;
}

static void sched_release(struct omsp_lock *lock)
{
    (void)lock;
    if (world.turn == THREADS)
        return;
    world.held = false;
    step();
}

static bool sched_wait(struct omsp_cond *cond, struct omsp_lock *lock, uint64_t timeout_us)
{
    (void)cond, (void)lock, (void)timeout_us;
    world.held = false;
    world.state[world.turn] = AT_COND;
    step();
    world.state[world.turn] = READY;
    world.held = true;
    return true;
}

static void sched_broadcast(struct omsp_cond *cond)
{
    (void)cond;
    for (unsigned i = 0; i < THREADS; i++)
        if (world.state[i] == AT_COND)
            world.state[i] = AT_LOCK;
}

/* ---- the code ---------------------------------------------------------------------------------
 */

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_or_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_compare_exchange_strong_explicit
#define atomic_load_explicit(at, order)            (step(), __atomic_load_n(at, 5))
#define atomic_store_explicit(at, value, order)    (step(), __atomic_store_n(at, value, 5))
#define atomic_exchange_explicit(at, value, order) (step(), __atomic_exchange_n(at, value, 5))
#define atomic_fetch_or_explicit(at, value, order) (step(), __atomic_fetch_or(at, value, 5))
#define atomic_compare_exchange_strong_explicit(at, old, value, order, other)                      \
    (step(), __atomic_compare_exchange_n(at, old, value, 0, 5, 5))
#define atomic_compare_exchange_weak_explicit atomic_compare_exchange_strong_explicit
#define omsp_lock_acquire                     sched_acquire
#define omsp_lock_release                     sched_release
#define omsp_cond_wait                        sched_wait
#define omsp_cond_broadcast                   sched_broadcast
#define SPINS                                 0
#include "core/ring.c"
#include "engine/mailbox.c"
#undef omsp_lock_acquire
#undef omsp_lock_release
#undef omsp_cond_wait
#undef omsp_cond_broadcast

/* ---- programs ---------------------------------------------------------------------------------
 */

/* What each thread does: posts so many, or takes when it is signalled (TAKE) or at once, too
 * (POLL), or purges once (PURGE). */
enum { TAKE = 100, POLL, PURGE };

static struct {
    unsigned work[THREADS], takers;
    struct omsp_mailbox *mailbox;
    unsigned posted, taken, purged, signals, edges, next[THREADS];
} program;

static void signal_taker(void)
{
    program.edges++;
    program.signals++;
    for (unsigned i = 0; i < THREADS; i++)
        if (world.state[i] == ASLEEP)
            world.state[i] = READY;
}

static void do_post(unsigned thread, unsigned number)
{
    struct omsp_event event = call_event(thread + 1, OMSP_TERMINAL_FAIL);
    bool edge;

    event.terminal = number;
    if (omsp_mailbox_post(program.mailbox, &event, &edge))
        world.wrong = "not posted";
    program.posted++;
    if (edge)
        signal_taker();
}

static void sleep_until_signalled(unsigned thread)
{
    while (!program.signals && !world.unwind) {
        world.state[thread] = ASLEEP;
        step();
    }
    program.signals = 0;
}

static void do_take(unsigned thread)
{
    struct omsp_event event;

    if (program.work[thread] == TAKE)
        sleep_until_signalled(thread);
    while (!world.unwind) {
        while (omsp_mailbox_take(program.mailbox, NULL, NULL, &event) == OMSP_OK) {
            /* In order; a purge may have taken some. Of two takers one may come late with this. */
            if (program.takers == 1 && event.terminal < program.next[event.stream - 1])
                world.wrong = "out of order";
            program.next[event.stream - 1] = event.terminal + 1;
            program.taken++;
        }
        sleep_until_signalled(thread);
    }
}

static void run_thread(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;

    omsp_lock_acquire(&world.lock);
    while (world.turn != thread)
        omsp_cond_wait(&world.cond[thread], &world.lock, UINT64_MAX);
    omsp_lock_release(&world.lock);
    while (!world.over) {
        unsigned work = program.work[thread];

        if (work == TAKE || work == POLL)
            do_take(thread);
        else if (work == PURGE)
            program.purged += (unsigned)omsp_mailbox_purge(program.mailbox, 0);
        else
            for (unsigned i = 0; i < work; i++)
                do_post(thread, i);
        world.state[thread] = ENDED;
        hand_to(choose());
    }
    omsp_lock_acquire(&world.lock);
    world.turn = THREADS;
    omsp_cond_broadcast(&world.cond[THREADS]);
    omsp_lock_release(&world.lock);
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static bool post_one(void)
{
    struct omsp_event event = call_event(THREADS + 1, OMSP_TERMINAL_FAIL);
    bool edge;

    event.terminal = 1000 + program.posted++;
    ck_assert_int_eq(omsp_mailbox_post(program.mailbox, &event, &edge), OMSP_OK);
    return edge;
}

static void judge(void)
{
    struct omsp_queue_stats stats;
    struct omsp_event event;
    bool has_taker = false;

    ck_assert_msg(!world.wrong, "%s", world.wrong);
    for (unsigned i = 0; i < world.threads_used; i++) {
        ck_assert_msg(world.state[i] == ENDED || world.state[i] == ASLEEP, "%u hangs", i);
        has_taker |= world.state[i] == ASLEEP;
    }
    omsp_mailbox_get_stats(program.mailbox, &stats);
    ck_assert_uint_eq(stats.posted, program.posted);
    ck_assert_uint_eq(stats.taken, program.taken);
    ck_assert_uint_eq(stats.dropped, program.purged);
    ck_assert_uint_eq(stats.coalesced, 0);
    if (has_taker) {
        ck_assert_msg(stats.waiting == 0, "a wake-up was lost: %u wait", (unsigned)stats.waiting);
        ck_assert_uint_le(program.edges, program.posted);
    } else {
        ck_assert_uint_eq(stats.waiting, program.posted - program.purged);
        if (!program.purged)
            ck_assert_uint_eq(program.edges, 1); /* one burst */
        while (omsp_mailbox_take(program.mailbox, NULL, NULL, &event) == OMSP_OK)
            ;
    }
    ck_assert(post_one());
    ck_assert(!post_one());
}

static void run_once(void)
{
    memset(program.next, 0, sizeof(program.next));
    program.posted = program.taken = program.purged = program.signals = program.edges = 0;
    ck_assert_int_eq(omsp_mailbox_create(16, &program.mailbox), OMSP_OK);
    omsp_ring_destroy(program.mailbox->ring);
    ck_assert_int_eq(omsp_ring_create(world.places, &program.mailbox->ring), OMSP_OK);
    for (unsigned i = 0; i < THREADS; i++)
        world.state[i] = i < world.threads_used ? READY : ENDED;
    world.depth = world.preemptions = 0;
    world.held = false;
    hand_to(choose());
    judge();
    world.unwind = true;
    for (unsigned i = 0; i < world.threads_used; i++)
        if (world.state[i] != ENDED)
            hand_to(i);
    world.unwind = false;
    omsp_mailbox_destroy(program.mailbox);
}

/* The next run that differs; false: there is none. */
static bool go_back(void)
{
    while (world.depth) {
        struct choice *choice = &world.path[world.depth - 1];

        if (++choice->taken < choice->options) {
            world.known = world.depth;
            return true;
        }
        world.depth--;
    }
    return false;
}

static void start_threads(void)
{
    omsp_lock_init(&world.lock);
    world.turn = THREADS;
    for (unsigned i = 0; i <= THREADS; i++)
        omsp_cond_init(&world.cond[i]);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            omsp_thread_start(run_thread, (void *)(uintptr_t)i, "step", &world.threads[i]),
            OMSP_OK);
}

static void end_threads(void)
{
    world.over = true;
    for (unsigned i = 0; i < THREADS; i++) {
        hand_to(i);
        omsp_thread_join(world.threads[i]);
    }
    for (unsigned i = 0; i <= THREADS; i++)
        omsp_cond_destroy(&world.cond[i]);
    omsp_lock_destroy(&world.lock);
    world.over = false;
}

static void explore(unsigned preemptions, unsigned places, unsigned threads, unsigned a, unsigned b,
                    unsigned c)
{
    unsigned work[THREADS] = {a, b, c}, runs = 0;

    memcpy(program.work, work, sizeof(work));
    program.takers = 0;
    for (unsigned i = 0; i < threads; i++)
        program.takers += work[i] == TAKE || work[i] == POLL;
    world.limit = preemptions;
    world.places = places;
    world.threads_used = threads;
    world.known = 0;
    ck_assert(!world.broken);
    world.broken = true;
    start_threads();
    do {
        run_once();
        runs++;
    } while (go_back());
    end_threads();
    world.broken = false;
    ck_assert_uint_gt(runs, 20);
}

START_TEST(a_taker_that_sleeps_is_woken_for_everything)
{
    explore(3, 4, 2, 2, TAKE, 0);
    explore(3, 4, 2, 2, POLL, 0);
    explore(2, 4, 3, 1, 1, POLL);
    explore(2, 4, 3, 2, 1, TAKE);
}
END_TEST

START_TEST(so_it_is_when_the_ring_is_full_and_closed)
{
    explore(3, 2, 2, 4, POLL, 0);
    explore(2, 2, 3, 2, 2, POLL);
    explore(2, 2, 3, 3, 1, TAKE);
}
END_TEST

START_TEST(so_it_is_when_everything_is_thrown_away_meanwhile)
{
    explore(2, 4, 3, 2, PURGE, POLL);
    explore(2, 2, 3, 3, PURGE, TAKE);
}
END_TEST

START_TEST(what_nobody_takes_is_one_signal)
{
    explore(3, 8, 3, 1, 1, 1);
    explore(2, 2, 3, 2, 2, 1);
}
END_TEST

START_TEST(two_takers_are_one_signal_for_each_burst_too)
{
    explore(2, 4, 3, 2, POLL, POLL);
    explore(2, 2, 3, 3, POLL, TAKE);
}
END_TEST

OMSP_SUITE("ring_schedules", TEST(a_taker_that_sleeps_is_woken_for_everything),
           TEST(so_it_is_when_the_ring_is_full_and_closed),
           TEST(so_it_is_when_everything_is_thrown_away_meanwhile),
           TEST(what_nobody_takes_is_one_signal),
           TEST(two_takers_are_one_signal_for_each_burst_too))
