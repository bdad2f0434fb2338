/*
 * Hundreds of media streams over the system's sockets, with real threads: all are accepted, started
 * and stopped once; and streams that are dialled again and again, while others pause and stop them.
 * Run under ThreadSanitizer too.
 */
#include "support/crowd_far.h"
#include "support/pair.h"
#include "support/suite.h"

#include "engine/fork.h"
#include "port/lock.h"
#include "port/ports.h"
#include "port/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define STREAMS 60 /* wineserver is in the way of each */
#else
#define STREAMS 500
#endif
#define CALLS  ((STREAMS + 3) / 4 + 1)
#define WAIT_S 60

struct hall {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *calls[CALLS];
    struct omsp_lock lock;
    struct omsp_cond never;
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void hall_open(struct hall *hall)
{
    struct omsp_fork_settings settings = {.auth_token = "secret", .connect_ms = 20000};
    const struct omsp_addr nowhere = {.family = 4, .port = 9};

    memset(hall, 0, sizeof(*hall));
    omsp_lock_init(&hall->lock);
    omsp_cond_init(&hall->never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &hall->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(hall->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(hall->engine, &hall->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(hall->address, nothing, NULL, &hall->listener), OMSP_OK);
    for (unsigned i = 0; i < CALLS; i++)
        ck_assert_int_eq(omsp_call_create(hall->address, OMSP_MEDIA_AUDIO, i, &hall->calls[i]),
                         OMSP_OK);
    connect_pair(hall->calls[0], hall->calls[1]);
    for (unsigned i = 2; i < CALLS; i++)
        ck_assert_int_eq(omsp_call_set_peer(hall->calls[i], &nowhere, 0), OMSP_OK);
}

static void hall_close(struct hall *hall)
{
    omsp_address_shutdown(hall->address);
    for (unsigned i = 0; i < CALLS; i++)
        omsp_call_release(hall->calls[i]);
    omsp_listener_close(hall->listener);
    omsp_engine_destroy(hall->engine);
    omsp_address_release(hall->address);
    omsp_cond_destroy(&hall->never);
    omsp_lock_destroy(&hall->lock);
}

static void await(struct hall *hall, const atomic_uint *value, unsigned target)
{
    uint64_t give_up = omsp_engine_now_us(hall->engine) + WAIT_S * 1000000ull;

    while (atomic_load(value) < target) {
        ck_assert_msg(omsp_engine_now_us(hall->engine) < give_up, "%u of %u", atomic_load(value),
                      target);
        omsp_lock_acquire(&hall->lock);
        omsp_cond_wait(&hall->never, &hall->lock, 5000);
        omsp_lock_release(&hall->lock);
    }
}

static struct omsp_stream *make(struct hall *hall, const struct crowd_far *far, unsigned call,
                                int reconnects, bool bidirectional)
{
    char url[64];
    struct omsp_fork_options options = {.url = url,
                                        .tracks = OMSP_TRACK_INBOUND,
                                        .bidirectional = bidirectional,
                                        .reconnects = reconnects};
    struct omsp_stream *stream;

    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/crowd", (unsigned)far->port);
    ck_assert_int_eq(
        omsp_call_fork(hall->calls[call], &options, OMSP_CAUSE_REMOTE_REQUEST, NULL, &stream),
        OMSP_OK);
    return stream;
}

START_TEST(hundreds_of_sockets_start_and_stop_once)
{
    static struct hall hall;
    static struct omsp_stream *streams[STREAMS];
    struct crowd_far far;

    hall_open(&hall);
    crowd_far_open(&far, STREAMS, 0);
    /* The first speaks into its call, so that the next four hear something. */
    for (unsigned i = 0; i < STREAMS; i++)
        streams[i] = make(&hall, &far, (i + 3) / 4, 0, i == 0);
    await(&hall, &far.started, STREAMS);
    for (unsigned i = 0; i < STREAMS; i++)
        ck_assert_int_eq(omsp_stream_stop(streams[i], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    await(&hall, &far.stopped, STREAMS);
    for (unsigned i = 0; i < STREAMS; i++) {
        struct omsp_fork_info info;

        ck_assert_int_eq(omsp_stream_fork_info(streams[i], &info), OMSP_OK);
        ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
        ck_assert_int_eq(info.last_error, 0);
        omsp_stream_release(streams[i]);
    }
    ck_assert_uint_eq(atomic_load(&far.accepted), STREAMS);
    hall_close(&hall); /* ends what is closing still */
    crowd_far_close(&far);
    for (unsigned i = 0; i < STREAMS; i++)
        ck_assert_msg(!far.members[i].wrong[0] && far.members[i].started == 1 &&
                          far.members[i].stopped == 1,
                      "stream %u: %s", i, far.members[i].wrong);
    crowd_far_free(&far);
}
END_TEST

struct hand {
    struct hall *hall;
    struct omsp_stream **streams;
    atomic_bool stop;
    struct omsp_thread *thread;
};

/* Pauses and resumes, looks, and now and then stops one and starts it anew. */
static void hand_main(void *arg)
{
    struct hand *hand = arg;
    unsigned seed = 1;

    while (!atomic_load(&hand->stop)) {
        struct omsp_stream *stream = hand->streams[(seed = seed * 1103515245u + 12345u) >> 16 & 3];
        struct omsp_fork_info info;

        switch (seed >> 20 & 7) {
        case 0:
            omsp_stream_pause(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        case 1:
            omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        default:
            omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
        }
        omsp_stream_fork_info(stream, &info);
        omsp_lock_acquire(&hand->hall->lock);
        omsp_cond_wait(&hand->hall->never, &hand->hall->lock, 20000);
        omsp_lock_release(&hand->hall->lock);
    }
}

START_TEST(streams_that_break_come_back_under_whatever_happens)
{
    static struct hall hall;
    struct omsp_stream *streams[5];
    struct hand hand = {.hall = &hall, .streams = streams};
    struct crowd_far far;

    hall_open(&hall);
    crowd_far_open(&far, 1000, 5);
    for (unsigned i = 0; i < 4; i++)
        streams[i] = make(&hall, &far, 1, OMSP_FORK_MAX_RECONNECTS, false);
    streams[4] = make(&hall, &far, 0, OMSP_FORK_MAX_RECONNECTS, true); /* speaks to them */
    await(&hall, &far.broken, 4);
    ck_assert_int_eq(omsp_thread_start(hand_main, &hand, "hand", &hand.thread), OMSP_OK);
    await(&hall, &far.broken, 20);
    atomic_store(&hand.stop, true);
    omsp_thread_join(hand.thread);
    for (unsigned i = 0; i < 5; i++)
        omsp_stream_release(streams[i]);
    hall_close(&hall); /* in the middle of it */
    crowd_far_close(&far);
    for (unsigned i = 0; i < far.room; i++)
        ck_assert_msg(!far.members[i].started || far.members[i].connected == 1, "connection %u", i);
    crowd_far_free(&far);
}
END_TEST

OMSP_SUITE("fork_crowd", TEST(hundreds_of_sockets_start_and_stop_once),
           TEST(streams_that_break_come_back_under_whatever_happens))
