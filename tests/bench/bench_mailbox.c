/*
 * A listener's mailbox without the signal: one thread posting and taking by turns and in bursts;
 * then two and four posting while one takes, the time of the posters, an event. Peer: the same
 * queue with a lock around each call; limit: without one, which only one thread may use.
 *
 * Not pinned: threads meet on several processors.
 */
#include "bench/compare.h"

#include "engine/mailbox.h"
#include "port/lock.h"
#include "port/ports.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 65536, BURST = 64, POSTERS_MAX = 4, ROUNDS = 31, EVENTS = 24000 };

static struct omsp_mailbox *mailbox;
static struct omsp_queue *queue;
static struct omsp_lock lock;
static const struct omsp_event event = {.kind = OMSP_EVENT_CALL, .type = OMSP_TERMINAL_FAIL};

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(2);
}

static bool post_mailbox(void)
{
    bool edge;

    return omsp_mailbox_post(mailbox, &event, &edge) == OMSP_OK;
}

static bool take_mailbox(void)
{
    struct omsp_event out;

    if (omsp_mailbox_take(mailbox, NULL, NULL, &out))
        return false;
    OMSP_BENCH_KEEP(&out);
    return true;
}

static bool post_locked(void)
{
    bool was_empty, posted;

    omsp_lock_acquire(&lock);
    posted = omsp_queue_post(queue, &event, &was_empty) == OMSP_OK;
    omsp_lock_release(&lock);
    return posted;
}

static bool take_locked(void)
{
    struct omsp_event out;
    bool taken;

    omsp_lock_acquire(&lock);
    taken = omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK;
    omsp_lock_release(&lock);
    OMSP_BENCH_KEEP(&out);
    return taken;
}

static bool post_bare(void)
{
    bool was_empty;

    return omsp_queue_post(queue, &event, &was_empty) == OMSP_OK;
}

static bool take_bare(void)
{
    struct omsp_event out;
    bool taken = omsp_queue_take(queue, NULL, NULL, &out) == OMSP_OK;

    OMSP_BENCH_KEEP(&out);
    return taken;
}

/* ---- one thread -------------------------------------------------------------------------------
 */

#define ONE_THREAD(who)                                                                            \
    static void who##_by_turns(void *ctx, size_t times)                                            \
    {                                                                                              \
        (void)ctx;                                                                                 \
        while (times--)                                                                            \
            if (!post_##who() || !take_##who())                                                    \
                die(#who);                                                                         \
    }                                                                                              \
    static void who##_in_bursts(void *ctx, size_t times)                                           \
    {                                                                                              \
        (void)ctx;                                                                                 \
        for (size_t done = 0; done < times; done += BURST) {                                       \
            for (int i = 0; i < BURST; i++)                                                        \
                if (!post_##who())                                                                 \
                    die(#who);                                                                     \
            for (int i = 0; i < BURST; i++)                                                        \
                if (!take_##who())                                                                 \
                    die(#who);                                                                     \
        }                                                                                          \
    }

ONE_THREAD(mailbox)
ONE_THREAD(locked)
ONE_THREAD(bare)

/* ---- several ----------------------------------------------------------------------------------
 */

static struct {
    bool (*post)(void);
    unsigned each;
    atomic_uint there, left;
    atomic_bool go;
    _Atomic uint64_t ended_us;
} storm;

static uint64_t now_us(void)
{
    const struct omsp_ports *ports = omsp_system_ports();

    return ports->now_us(ports->ctx);
}

static void run_poster(void *arg)
{
    (void)arg;
    atomic_fetch_add(&storm.there, 1);
    while (!atomic_load_explicit(&storm.go, memory_order_acquire))
        ;
    for (unsigned i = 0; i < storm.each; i++)
        if (!storm.post())
            die("posting");
    if (atomic_fetch_sub(&storm.left, 1) == 1)
        atomic_store(&storm.ended_us, now_us());
}

/* Nanoseconds an event, of the posters. */
static double run_storm(unsigned posters, bool (*post)(void), bool (*take)(void))
{
    struct omsp_thread *threads[POSTERS_MAX];
    unsigned taken = 0;
    uint64_t begin;

    storm.post = post;
    storm.each = EVENTS / posters;
    atomic_store(&storm.there, 0);
    atomic_store(&storm.left, posters);
    atomic_store(&storm.go, false);
    for (unsigned i = 0; i < posters; i++)
        if (omsp_thread_start(run_poster, NULL, "poster", &threads[i]))
            die("a thread");
    while (atomic_load(&storm.there) < posters)
        ;
    begin = now_us();
    atomic_store_explicit(&storm.go, true, memory_order_release);
    while (taken < storm.each * posters)
        taken += take();
    for (unsigned i = 0; i < posters; i++)
        omsp_thread_join(threads[i]);
    return (double)(atomic_load(&storm.ended_us) - begin) * 1000 / (storm.each * posters);
}

static void compare_storms(unsigned posters)
{
    struct omsp_bench_values mine = {0}, theirs = {0}, none = {0};
    char name[64];
    struct omsp_bench bench = {.name = name, .peer.name = "queue behind a lock"};

    snprintf(name, sizeof(name), "mailbox, %u threads post, one takes", posters);
    for (unsigned round = 0; round < ROUNDS; round++) {
        mine.value[mine.count++] = run_storm(posters, post_mailbox, take_mailbox);
        theirs.value[theirs.count++] = run_storm(posters, post_locked, take_locked);
    }
    omsp_bench_report(&bench, "ns", &mine, &theirs, &none);
}

int main(void)
{
    omsp_lock_init(&lock);
    if (omsp_queue_create(LIMIT, &queue) || omsp_mailbox_create(LIMIT, &mailbox))
        die("memory");
    omsp_bench_compare(&(struct omsp_bench){"mailbox, post and take",
                                            {"ours", mailbox_by_turns, NULL},
                                            {"queue behind a lock", locked_by_turns, NULL},
                                            {"queue without a lock", bare_by_turns, NULL},
                                            1,
                                            0,
                                            16});
    omsp_bench_compare(&(struct omsp_bench){"mailbox, 64 posted, 64 taken",
                                            {"ours", mailbox_in_bursts, NULL},
                                            {"queue behind a lock", locked_in_bursts, NULL},
                                            {"queue without a lock", bare_in_bursts, NULL},
                                            1,
                                            0,
                                            16});
    compare_storms(2);
    compare_storms(4);
    omsp_mailbox_destroy(mailbox);
    omsp_queue_destroy(queue);
    return 0;
}
