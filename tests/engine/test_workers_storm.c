/*
 * Several media workers at once, over real sockets and threads: calls that last, dealt out among
 * the workers, talk while threads make others, talk a moment and hang up. Nothing of what the
 * lasting ones said is lost. Run under ThreadSanitizer too.
 */
#include "support/pair.h"
#include "support/suite.h"

#include "engine/engine.h"
#include "engine/samples.h"
#include "port/lock.h"
#include "port/thread.h"

#include <string.h>

#define WORKERS 3
#define LASTING 9 /* pairs */
#define THREADS 3
#define ROUNDS  15
#define WAIT_US 60000000ull

struct pair {
    struct omsp_call *says, *hears;
    struct omsp_stream *mouth;
    struct omsp_terminal *words;
};

struct scene {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_lock lock;
    struct omsp_cond never;
};

struct hand {
    struct scene *scene;
    struct omsp_thread *thread;
    unsigned talked;
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void wait_a_little(struct scene *scene)
{
    omsp_lock_acquire(&scene->lock);
    omsp_cond_wait(&scene->never, &scene->lock, 5000);
    omsp_lock_release(&scene->lock);
}

static void pair_open(struct scene *scene, struct pair *pair, unsigned ms)
{
    int16_t pcm[80];
    size_t used;

    for (size_t i = 0; i < 80; i++)
        pcm[i] = (int16_t)(i * 137);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 1, &pair->says), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 2, &pair->hears), OMSP_OK);
    ck_assert_int_eq(omsp_samples_create(scene->address, OMSP_CAPTURE, ms + 20, &pair->words),
                     OMSP_OK);
    for (unsigned i = 0; i < ms / 10; i++)
        ck_assert_int_eq(omsp_samples_write(pair->words, pcm, sizeof(pcm), &used), OMSP_OK);
    pair->mouth = omsp_call_stream_at(pair->says, 0);
    ck_assert_int_eq(omsp_stream_select(pair->mouth, pair->words), OMSP_OK);
    connect_pair(pair->says, pair->hears);
}

static void pair_close(struct pair *pair)
{
    omsp_call_shutdown(pair->says);
    omsp_call_shutdown(pair->hears);
    omsp_stream_release(pair->mouth);
    omsp_terminal_release(pair->words);
    omsp_call_release(pair->says);
    omsp_call_release(pair->hears);
}

/* Until so many packets were heard; all that were said, and none lost, when whole. */
static void await_heard(struct scene *scene, struct pair *pair, uint64_t packets, bool whole)
{
    uint64_t give_up = omsp_engine_now_us(scene->engine) + WAIT_US;
    struct omsp_call_stats said, heard;

    do {
        omsp_call_get_stats(pair->says, &said);
        omsp_call_get_stats(pair->hears, &heard);
        ck_assert_msg(omsp_engine_now_us(scene->engine) < give_up, "%llu said, %llu heard",
                      (unsigned long long)said.packets_sent,
                      (unsigned long long)heard.packets_received);
        if (heard.packets_received < packets ||
            (whole && heard.packets_received < said.packets_sent))
            wait_a_little(scene);
    } while (heard.packets_received < packets ||
             (whole && heard.packets_received < said.packets_sent));
    ck_assert_uint_eq(heard.packets_lost, 0);
    ck_assert_uint_eq(heard.packets_rejected, 0);
}

static void come_and_go(void *arg)
{
    struct hand *hand = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct pair pair;

        pair_open(hand->scene, &pair, 1000);
        await_heard(hand->scene, &pair, 2, false);
        pair_close(&pair);
        hand->talked++;
    }
}

START_TEST(calls_that_come_and_go_on_three_workers_take_nothing_from_others)
{
    struct omsp_engine_config config = {.workers = WORKERS};
    struct scene scene;
    struct pair lasting[LASTING];
    struct hand hands[THREADS];
    unsigned made;

    memset(&scene, 0, sizeof(scene));
    omsp_lock_init(&scene.lock);
    omsp_cond_init(&scene.never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), &config, &scene.engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(scene.engine, &scene.address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(scene.address, nothing, NULL, &scene.listener), OMSP_OK);
    for (unsigned i = 0; i < LASTING; i++)
        pair_open(&scene, &lasting[i], 9000);
    omsp_engine_get_workers(scene.engine, &made);
    ck_assert_uint_eq(made, WORKERS);
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&scene, NULL, 0};
        ck_assert_int_eq(omsp_thread_start(come_and_go, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        omsp_thread_join(hands[i].thread);
        ck_assert_uint_eq(hands[i].talked, ROUNDS);
    }
    for (unsigned i = 0; i < LASTING; i++)
        await_heard(&scene, &lasting[i], 100, false);
    for (unsigned i = 0; i < LASTING; i++) {
        ck_assert_int_eq(omsp_stream_stop(lasting[i].mouth, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        await_heard(&scene, &lasting[i], 100, true);
        pair_close(&lasting[i]);
    }
    omsp_address_shutdown(scene.address);
    omsp_listener_close(scene.listener);
    omsp_engine_destroy(scene.engine);
    omsp_address_release(scene.address);
    omsp_cond_destroy(&scene.never);
    omsp_lock_destroy(&scene.lock);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("workers_storm", TEST(calls_that_come_and_go_on_three_workers_take_nothing_from_others))
