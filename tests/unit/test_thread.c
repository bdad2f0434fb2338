/* What port/lock.h and port/thread.h promise. */
#include "support/suite.h"

#include "port/lock.h"
#include "port/ports.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <string.h>

#define SECOND 1000000u

static uint64_t now(void)
{
    return omsp_system_ports()->now_us(NULL);
}

struct shared {
    struct omsp_lock lock;
    struct omsp_cond cond;
    int turn, goal; /* under lock */
    long count;     /* under lock, and plainly so that a sanitizer sees a broken lock */
    int inside;
    int woken;
};

static void shared_init(struct shared *shared)
{
    memset(shared, 0, sizeof(*shared));
    omsp_lock_init(&shared->lock);
    omsp_cond_init(&shared->cond);
}

static void shared_end(struct shared *shared)
{
    omsp_cond_destroy(&shared->cond);
    omsp_lock_destroy(&shared->lock);
}

static struct omsp_thread *start(omsp_thread_fn fn, void *arg)
{
    struct omsp_thread *thread = NULL;

    ck_assert_int_eq(omsp_thread_start(fn, arg, "test", &thread), OMSP_OK);
    ck_assert_ptr_nonnull(thread);
    return thread;
}

static void count_up(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < 10000; i++) {
        omsp_lock_acquire(&shared->lock);
        shared->count++;
        omsp_lock_release(&shared->lock);
    }
}

START_TEST(a_lock_lets_one_in_at_a_time)
{
    struct omsp_thread *threads[16];
    struct shared shared;

    shared_init(&shared);
    for (int i = 0; i < 16; i++)
        threads[i] = start(count_up, &shared);
    for (int i = 0; i < 16; i++)
        omsp_thread_join(threads[i]);
    ck_assert_int_eq(shared.count, 160000);
    shared_end(&shared);
}
END_TEST

START_TEST(a_wait_times_out_but_not_early)
{
    static const uint32_t waits_us[] = {0, 500, 5000, 20000};
    struct shared shared;

    shared_init(&shared);
    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        uint64_t begin = now(), spent;
        bool woken;

        omsp_lock_acquire(&shared.lock);
        do
            woken = omsp_cond_wait(&shared.cond, &shared.lock, waits_us[i]);
        while (woken && now() - begin < 2 * SECOND); /* waking for no reason is allowed */
        omsp_lock_release(&shared.lock);
        spent = now() - begin;
        ck_assert(!woken);
        ck_assert_msg(spent + 1000 >= waits_us[i], "%u us early", (unsigned)(waits_us[i] - spent));
        ck_assert_msg(spent < waits_us[i] + SECOND / 2, "%u us late", (unsigned)spent);
    }
    shared_end(&shared);
}
END_TEST

static void wait_for_goal(void *arg)
{
    struct shared *shared = arg;

    omsp_lock_acquire(&shared->lock);
    shared->inside++;
    omsp_cond_broadcast(&shared->cond);
    while (!shared->goal)
        ck_assert(omsp_cond_wait(&shared->cond, &shared->lock, UINT64_MAX));
    shared->woken++;
    omsp_lock_release(&shared->lock);
}

START_TEST(a_broadcast_wakes_all)
{
    struct omsp_thread *threads[8];
    struct shared shared;

    shared_init(&shared);
    for (int i = 0; i < 8; i++)
        threads[i] = start(wait_for_goal, &shared);
    omsp_lock_acquire(&shared.lock);
    while (shared.inside < 8)
        omsp_cond_wait(&shared.cond, &shared.lock, SECOND);
    ck_assert_int_eq(shared.woken, 0);
    shared.goal = 1;
    omsp_cond_broadcast(&shared.cond);
    omsp_lock_release(&shared.lock);
    for (int i = 0; i < 8; i++)
        omsp_thread_join(threads[i]);
    ck_assert_int_eq(shared.woken, 8);
    shared_end(&shared);
}
END_TEST

static void answer_pings(void *arg)
{
    struct shared *shared = arg;

    omsp_lock_acquire(&shared->lock);
    for (int i = 0; i < 1000; i++) {
        while (shared->turn != 1)
            omsp_cond_wait(&shared->cond, &shared->lock, 10 * SECOND);
        shared->turn = 0;
        omsp_cond_broadcast(&shared->cond);
    }
    omsp_lock_release(&shared->lock);
}

START_TEST(two_threads_take_turns)
{
    struct omsp_thread *thread;
    struct shared shared;

    shared_init(&shared);
    thread = start(answer_pings, &shared);
    omsp_lock_acquire(&shared.lock);
    for (int i = 0; i < 1000; i++) {
        shared.turn = 1;
        omsp_cond_broadcast(&shared.cond);
        while (shared.turn != 0)
            ck_assert(omsp_cond_wait(&shared.cond, &shared.lock, 10 * SECOND));
    }
    omsp_lock_release(&shared.lock);
    omsp_thread_join(thread);
    shared_end(&shared);
}
END_TEST

struct identity {
    struct shared shared;
    struct omsp_thread *self;
    bool is_self;
};

static void who_am_i(void *arg)
{
    struct identity *identity = arg;

    omsp_lock_acquire(&identity->shared.lock);
    while (!identity->self)
        omsp_cond_wait(&identity->shared.cond, &identity->shared.lock, SECOND);
    identity->is_self = omsp_thread_is_current(identity->self);
    omsp_lock_release(&identity->shared.lock);
}

START_TEST(a_thread_knows_itself_and_only_itself)
{
    struct identity a = {.is_self = false};
    struct omsp_thread *thread;

    shared_init(&a.shared);
    thread = start(who_am_i, &a);
    ck_assert(!omsp_thread_is_current(thread));
    omsp_lock_acquire(&a.shared.lock);
    a.self = thread;
    omsp_cond_broadcast(&a.shared.cond);
    omsp_lock_release(&a.shared.lock);
    omsp_thread_join(thread);
    ck_assert(a.is_self);
    shared_end(&a.shared);
}
END_TEST

START_TEST(a_detached_thread_runs_to_its_end)
{
    long before = omsp_test_outstanding();
    uint64_t end = now() + 10 * SECOND;
    struct omsp_thread *thread;
    struct shared shared;

    shared_init(&shared);
    thread = start(wait_for_goal, &shared);
    omsp_thread_detach(thread);
    omsp_lock_acquire(&shared.lock);
    shared.goal = 1;
    omsp_cond_broadcast(&shared.cond);
    while (!shared.woken && now() < end)
        omsp_cond_wait(&shared.cond, &shared.lock, 1000);
    ck_assert_int_eq(shared.woken, 1);
    /* It frees its own block last of all. */
    while (omsp_test_outstanding() != before && now() < end)
        omsp_cond_wait(&shared.cond, &shared.lock, 1000);
    omsp_lock_release(&shared.lock);
    ck_assert_int_eq(omsp_test_outstanding(), before);
    shared_end(&shared);
}
END_TEST

static void bump(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

START_TEST(a_thousand_threads_come_and_go)
{
    atomic_int count = 0;
    long before = omsp_test_outstanding();

    for (int i = 0; i < 125; i++) {
        struct omsp_thread *threads[8];

        for (int k = 0; k < 8; k++)
            threads[k] = start(bump, &count);
        for (int k = 0; k < 8; k++)
            omsp_thread_join(threads[k]);
    }
    ck_assert_int_eq(atomic_load(&count), 1000);
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

static void start_once(void *ctx)
{
    struct omsp_thread *thread = NULL;
    enum omsp_status status = omsp_thread_start(bump, ctx, "a name of more than fifteen", &thread);

    if (status == OMSP_OK)
        omsp_thread_join(thread);
    else
        ck_assert_ptr_null(thread);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
}

START_TEST(no_memory_means_no_thread)
{
    atomic_int count = 0;

    ck_assert_int_eq(omsp_test_alloc_walk(start_once, &count), 1);
    ck_assert_int_eq(atomic_load(&count), 1);
}
END_TEST

START_TEST(the_clock_runs_forward_from_more_than_0)
{
    uint64_t last = now();

    ck_assert_uint_ne(last, 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t next = now();

        ck_assert(next >= last);
        last = next;
    }
}
END_TEST

START_TEST(the_wall_clock_is_of_this_century)
{
    int64_t wall = omsp_system_ports()->wall_us(NULL);

    ck_assert(wall > 1577836800000000LL); /* 2020 */
    ck_assert(wall < 4102444800000000LL); /* 2100 */
}
END_TEST

START_TEST(random_bytes_differ_and_stay_in_their_place)
{
    const struct omsp_ports *ports = omsp_system_ports();
    unsigned char a[66] = {0}, b[66] = {0};
    unsigned seen = 0;

    ports->random(ports->ctx, a + 1, 64);
    ports->random(ports->ctx, b + 1, 64);
    ck_assert(memcmp(a + 1, b + 1, 64) != 0);
    ck_assert_uint_eq(a[0] | a[65], 0);
    ports->random(ports->ctx, a, 0);
    ck_assert_uint_eq(a[0], 0);
    for (int i = 1; i < 65; i++)
        seen |= a[i];
    ck_assert_uint_eq(seen, 255); /* by chance less once in 10^17 */
}
END_TEST

START_TEST(there_are_processors)
{
    unsigned count = omsp_thread_processors();

    ck_assert_uint_ge(count, 1);
    ck_assert_uint_eq(omsp_thread_processors(), count);
}
END_TEST

OMSP_SUITE("thread", TEST(a_lock_lets_one_in_at_a_time), TEST(a_wait_times_out_but_not_early),
           TEST(a_broadcast_wakes_all), TEST(two_threads_take_turns),
           TEST(a_thread_knows_itself_and_only_itself), TEST(a_detached_thread_runs_to_its_end),
           TEST(a_thousand_threads_come_and_go), TEST(no_memory_means_no_thread),
           TEST(the_clock_runs_forward_from_more_than_0), TEST(the_wall_clock_is_of_this_century),
           TEST(random_bytes_differ_and_stay_in_their_place), TEST(there_are_processors))
