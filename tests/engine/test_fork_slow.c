/*
 * A media stream's consumer that reads far too slowly, over the system's sockets: what waits is
 * bounded, frames are dropped and counted, the stream beside it on the same call has every frame,
 * and once the consumer reads again it has whole messages and the stop.
 */
#include "support/crowd_far.h"
#include "support/pair.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "engine/fork.h"
#include "engine/samples.h"
#include "port/lock.h"
#include "port/ports.h"

#include <stdio.h>
#include <string.h>

#define WAIT_S 100
#define GRAIN  64 /* bytes in 10 ms, so 6 kB a second of 72 */
#define LOST   100

struct scene {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_call *a, *b; /* b hears what a says */
    struct omsp_stream *send, *slow, *other;
    struct omsp_terminal *mouth;
    struct omsp_lock lock;
    struct omsp_cond never;
    struct crowd_far slow_far, other_far;
};

static struct omsp_stream *fork_to(struct scene *scene, const struct crowd_far *far,
                                   struct omsp_stream_format format)
{
    char url[64];
    struct omsp_fork_options options = {.url = url, .tracks = OMSP_TRACK_INBOUND, .format = format};
    struct omsp_stream *stream;

    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/slow", (unsigned)far->port);
    ck_assert_int_eq(omsp_call_fork(scene->b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    return stream;
}

static void scene_open(struct scene *scene)
{
    const struct omsp_stream_format wide = {OMSP_STREAM_L16, 24000}, plain = {OMSP_STREAM_ULAW, 0};
    struct omsp_fork_settings settings = {.auth_token = "secret", .connect_ms = 20000};

    memset(scene, 0, sizeof(*scene));
    omsp_lock_init(&scene->lock);
    omsp_cond_init(&scene->never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &scene->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(scene->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(scene->engine, &scene->address), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 1, &scene->a), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 2, &scene->b), OMSP_OK);
    connect_pair(scene->a, scene->b);
    crowd_far_open_slow(&scene->slow_far, 1, GRAIN);
    crowd_far_open(&scene->other_far, 1, 0);
    scene->slow = fork_to(scene, &scene->slow_far, wide);
    scene->other = fork_to(scene, &scene->other_far, plain);
    /* Silence is speech for all that matters here. */
    ck_assert_int_eq(omsp_samples_create(scene->address, OMSP_CAPTURE, 0, &scene->mouth), OMSP_OK);
    scene->send = omsp_call_stream_at(scene->a, 0);
    ck_assert_int_eq(omsp_stream_select(scene->send, scene->mouth), OMSP_OK);
}

static void scene_close(struct scene *scene)
{
    omsp_address_shutdown(scene->address);
    omsp_stream_release(scene->slow);
    omsp_stream_release(scene->other);
    omsp_stream_release(scene->send);
    omsp_terminal_release(scene->mouth);
    omsp_call_release(scene->a);
    omsp_call_release(scene->b);
    omsp_engine_destroy(scene->engine);
    omsp_address_release(scene->address);
    omsp_cond_destroy(&scene->never);
    omsp_lock_destroy(&scene->lock);
    crowd_far_close(&scene->slow_far);
    crowd_far_close(&scene->other_far);
}

static void wait_a_little(struct scene *scene)
{
    omsp_lock_acquire(&scene->lock);
    omsp_cond_wait(&scene->never, &scene->lock, 5000);
    omsp_lock_release(&scene->lock);
}

static struct omsp_fork_info info_of(struct omsp_stream *stream)
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    return info;
}

START_TEST(a_consumer_that_reads_too_slowly_loses_counted_frames_and_nobody_else_does)
{
    static struct scene scene;
    struct omsp_fork_info slow, other;
    uint64_t give_up;

    scene_open(&scene);
    give_up = omsp_engine_now_us(scene.engine) + WAIT_S * 1000000ull;
    do {
        wait_a_little(&scene);
        slow = info_of(scene.slow);
        ck_assert_uint_le(slow.queue_ms, 1000);
        ck_assert_msg(omsp_engine_now_us(scene.engine) < give_up, "%u frames dropped, %u sent",
                      (unsigned)slow.frames_dropped, (unsigned)slow.frames_sent);
    } while (slow.frames_dropped < LOST);
    ck_assert_int_eq(slow.state, OMSP_FORK_OPEN);
    ck_assert_int_eq(slow.last_error, OMSP_FORK_OVERFLOW);
    /* What the system holds for it is bounded as well, or it would hear of minutes ago. */
    ck_assert_msg(slow.bytes_sent < 600000, "%u bytes sent", (unsigned)slow.bytes_sent);
    atomic_store(&scene.slow_far.grain, 0);
    while (info_of(scene.slow).queue_ms > 0) {
        ck_assert(omsp_engine_now_us(scene.engine) < give_up);
        wait_a_little(&scene);
    }
    ck_assert_int_eq(omsp_stream_stop(scene.slow, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(scene.other, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    while (atomic_load(&scene.slow_far.stopped) + atomic_load(&scene.other_far.stopped) < 2) {
        ck_assert(omsp_engine_now_us(scene.engine) < give_up);
        wait_a_little(&scene);
    }
    slow = info_of(scene.slow);
    other = info_of(scene.other);
    ck_assert_int_eq(omsp_stream_get_actual(scene.send), OMSP_RUNNING);
    scene_close(&scene);
    ck_assert_str_eq(scene.slow_far.members[0].wrong, "");
    ck_assert_str_eq(scene.other_far.members[0].wrong, "");
    ck_assert_uint_eq(scene.slow_far.members[0].media[0], slow.frames_sent);
    /* Where the machine stood still the mouth said nothing: the same hole for both. */
    ck_assert_uint_eq(scene.slow_far.members[0].lost_ms / 20,
                      slow.frames_dropped + scene.other_far.members[0].lost_ms / 20);
    ck_assert_uint_eq(other.frames_dropped, 0);
    ck_assert_int_eq(other.last_error, 0);
    ck_assert_uint_eq(scene.other_far.members[0].media[0], other.frames_sent);
    crowd_far_free(&scene.slow_far);
    crowd_far_free(&scene.other_far);
}
END_TEST

OMSP_SUITE("fork_slow",
           TEST(a_consumer_that_reads_too_slowly_loses_counted_frames_and_nobody_else_does))
