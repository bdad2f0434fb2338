/*
 * The beginning of a media stream over the system's sockets: a consumer that has `start` has all
 * the audio from there on.
 */
#include "support/crowd_far.h"
#include "support/pair.h"
#include "support/suite.h"

#include "engine/call.h"
#include "engine/fork.h"
#include "engine/objects.h"
#include "port/lock.h"
#include "port/ports.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS  10
#define GAZE_MS 150 /* how long it is watched that nothing comes */

static struct omsp_lock lock;
static struct omsp_cond never;

static void wait_ms(unsigned ms)
{
    omsp_lock_acquire(&lock);
    omsp_cond_wait(&never, &lock, ms * 1000);
    omsp_lock_release(&lock);
}

/* While somebody has the call, which letting audio through needs, no consumer is told of a start,
 * unless its stream runs already. */
START_TEST(nobody_is_told_of_a_start_before_the_audio_is_let_through)
{
    struct omsp_fork_settings settings = {.auth_token = "secret", .connect_ms = 20000};
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_call *a, *b;

    omsp_lock_init(&lock);
    omsp_cond_init(&never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(address, OMSP_MEDIA_AUDIO, 1, &a), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(address, OMSP_MEDIA_AUDIO, 2, &b), OMSP_OK);
    connect_pair(a, b);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crowd_far far = {0};
        char url[64];
        struct omsp_fork_options options = {.url = url, .tracks = OMSP_TRACK_INBOUND};
        struct omsp_stream *stream;
        unsigned waited;

        crowd_far_open(&far, 1, 0);
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/begin", (unsigned)far.port);
        ck_assert_int_eq(omsp_call_fork(b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                         OMSP_OK);
        omsp_call_enter(b);
        if (stream->fsm.actual != OMSP_RUNNING) {
            for (waited = 0; !atomic_load(&far.accepted) && waited < 20000; waited++)
                wait_ms(1);
            for (waited = 0; !atomic_load(&far.started) && waited < GAZE_MS; waited += 10)
                wait_ms(10);
            ck_assert_uint_eq(atomic_load(&far.started), 0);
        }
        omsp_call_leave(b);
        for (waited = 0; !atomic_load(&far.started); waited++) {
            ck_assert_uint_lt(waited, 20000);
            wait_ms(1);
        }
        ck_assert_int_eq(omsp_stream_get_actual(stream), OMSP_RUNNING);
        ck_assert_int_eq(omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        for (waited = 0; !atomic_load(&far.stopped); waited++) {
            ck_assert_uint_lt(waited, 20000);
            wait_ms(1);
        }
        omsp_stream_release(stream);
        crowd_far_close(&far);
        ck_assert_str_eq(far.members[0].wrong, "");
        crowd_far_free(&far);
    }
    omsp_address_shutdown(address);
    omsp_call_release(a);
    omsp_call_release(b);
    omsp_engine_destroy(engine);
    omsp_address_release(address);
    omsp_cond_destroy(&never);
    omsp_lock_destroy(&lock);
}
END_TEST

OMSP_SUITE("fork_begin", TEST(nobody_is_told_of_a_start_before_the_audio_is_let_through))
