/*
 * The engine with real threads and sockets: many threads start, stop, pause, select and end streams
 * while media flows. Run under ThreadSanitizer too. Counts, never times: each loop has a fixed
 * number of rounds, each wait a condition and a bound.
 */
#include "support/pair.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "core/queue.h"
#include "engine/engine.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS  400
#define THREADS 4

struct waker {
    struct omsp_lock lock;
    struct omsp_cond cond;
    unsigned signals;
};

static void wake(void *ctx)
{
    struct waker *waker = ctx;

    omsp_lock_acquire(&waker->lock);
    waker->signals++;
    omsp_cond_broadcast(&waker->cond);
    omsp_lock_release(&waker->lock);
}

struct storm {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct waker waker;
    struct omsp_call *calls[2];
    struct omsp_stream *capture, *render;
    struct omsp_terminal *player, *play_track, *recorder, *record_track;
    char in[64], out[64];
};

static void write_file(const char *path)
{
    FILE *file = fopen(path, "wb");
    unsigned char header[44] =
        "RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0\1\0\100\37\0\0\200>\0\0\2\0\20\0data";

    ck_assert_ptr_nonnull(file);
    header[40] = 0x00;
    header[41] = 0x7d; /* 32000 bytes: 2 s */
    ck_assert_uint_eq(fwrite(header, 1, 44, file), 44);
    for (int i = 0; i < 16000; i++) {
        short sample = (short)(i * 7 % 8000 - 4000);

        ck_assert_uint_eq(fwrite(&sample, 2, 1, file), 1);
    }
    fclose(file);
}

static void storm_open(struct storm *storm, const char *name)
{
    const char *list;

    memset(storm, 0, sizeof(*storm));
    snprintf(storm->in, sizeof(storm->in), "storm-%s-in.wav", name);
    snprintf(storm->out, sizeof(storm->out), "storm-%s-out.wav", name);
    write_file(storm->in);
    list = storm->in;
    omsp_lock_init(&storm->waker.lock);
    omsp_cond_init(&storm->waker.cond);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &storm->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(storm->engine, &storm->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(storm->address, wake, &storm->waker, &storm->listener),
                     OMSP_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(omsp_call_create(storm->address, OMSP_MEDIA_AUDIO, 1, &storm->calls[i]),
                         OMSP_OK);
    storm->capture = omsp_call_stream_at(storm->calls[0], 0);
    storm->render = omsp_call_stream_at(storm->calls[1], 1);
    ck_assert_int_eq(omsp_file_player_create(storm->address, &storm->player), OMSP_OK);
    ck_assert_int_eq(omsp_file_player_set_list(storm->player, &list, 1), OMSP_OK);
    omsp_file_tracks(storm->player, &storm->play_track, 1);
    ck_assert_int_eq(omsp_file_recorder_create(storm->address, &storm->recorder), OMSP_OK);
    ck_assert_int_eq(omsp_file_recorder_set_name(storm->recorder, storm->out), OMSP_OK);
    ck_assert_int_eq(omsp_file_create_track(storm->recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER,
                                            &storm->record_track),
                     OMSP_OK);
    ck_assert_int_eq(omsp_file_start(storm->player), OMSP_OK);
    ck_assert_int_eq(omsp_file_start(storm->recorder), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(storm->capture, storm->play_track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(storm->render, storm->record_track), OMSP_OK);
    connect_pair(storm->calls[0], storm->calls[1]);
}

static void storm_close(struct storm *storm)
{
    omsp_address_shutdown(storm->address);
    omsp_terminal_release(storm->play_track);
    omsp_terminal_release(storm->record_track);
    omsp_terminal_release(storm->player);
    omsp_terminal_release(storm->recorder);
    omsp_stream_release(storm->capture);
    omsp_stream_release(storm->render);
    for (int i = 0; i < 2; i++)
        omsp_call_release(storm->calls[i]);
    omsp_listener_close(storm->listener);
    omsp_engine_destroy(storm->engine);
    omsp_address_release(storm->address);
    omsp_cond_destroy(&storm->waker.cond);
    omsp_lock_destroy(&storm->waker.lock);
    remove(storm->in);
    remove(storm->out);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

/* Waits until the listener has something, at most 10 s. */
static bool await_event(struct storm *storm, struct omsp_event *event)
{
    for (int tries = 0; tries < 100; tries++) {
        enum omsp_status status;
        unsigned before;

        omsp_lock_acquire(&storm->waker.lock);
        before = storm->waker.signals;
        omsp_lock_release(&storm->waker.lock);
        status = omsp_listener_take(storm->listener, NULL, NULL, event);
        if (status == OMSP_OK)
            return true;
        omsp_lock_acquire(&storm->waker.lock);
        if (storm->waker.signals == before)
            omsp_cond_wait(&storm->waker.cond, &storm->waker.lock, 100000);
        omsp_lock_release(&storm->waker.lock);
    }
    return false;
}

START_TEST(audio_flows_over_real_sockets_to_the_end_of_the_file)
{
    struct storm storm;
    struct omsp_event event;
    struct omsp_call_stats sent;

    storm_open(&storm, "flow");
    do {
        ck_assert(await_event(&storm, &event));
    } while (event.kind != OMSP_EVENT_FILE || event.type != OMSP_MEDIA_IDLE);
    ck_assert_int_eq(event.cause, OMSP_FILE_END);
    omsp_call_get_stats(storm.calls[0], &sent);
    ck_assert_uint_ge(sent.packets_sent, 100);
    storm_close(&storm);
}
END_TEST

struct hand {
    struct storm *storm;
    unsigned seed;
    struct omsp_thread *thread;
};

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void hand_main(void *arg)
{
    struct hand *hand = arg;
    struct storm *storm = hand->storm;

    for (int i = 0; i < ROUNDS; i++) {
        struct omsp_stream *stream = next(&hand->seed) % 2 ? storm->capture : storm->render;
        struct omsp_terminal *terminal =
            stream == storm->capture ? storm->play_track : storm->record_track;
        struct omsp_call_stats stats;

        switch (next(&hand->seed) % 10) {
        case 0:
        case 1:
            omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        case 2:
            omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        case 3:
            omsp_stream_pause(stream, OMSP_CAUSE_REMOTE_REQUEST);
            break;
        case 4:
            omsp_stream_unselect(stream, terminal);
            break;
        case 5:
            omsp_stream_select(stream, terminal);
            break;
        case 6:
            omsp_call_get_stats(storm->calls[0], &stats);
            break;
        case 7:
            omsp_file_pause(storm->player);
            omsp_file_start(storm->player);
            break;
        case 8:
            omsp_call_disconnect(storm->calls[1], OMSP_CAUSE_REMOTE_REQUEST);
            omsp_call_connect(storm->calls[1]);
            break;
        default:
            omsp_file_stop(storm->recorder);
            omsp_file_start(storm->recorder);
            break;
        }
    }
}

/* Per stream the states that were told alternate, beginning with ACTIVE. */
static void check_alternation(struct storm *storm)
{
    bool active[2] = {false, false};
    struct omsp_event event;

    while (omsp_listener_take(storm->listener, NULL, NULL, &event) == OMSP_OK) {
        int which = event.stream == omsp_stream_id(storm->capture) ? 0 : 1;

        if (event.kind != OMSP_EVENT_CALL)
            continue;
        if (event.type == OMSP_STREAM_ACTIVE) {
            ck_assert(!active[which]);
            active[which] = true;
        } else if (event.type == OMSP_STREAM_INACTIVE) {
            ck_assert(active[which]);
            active[which] = false;
        } else {
            ck_abort_msg("unexpected event %d", event.type);
        }
    }
    ck_assert_int_eq(active[0], omsp_stream_get_actual(storm->capture) == OMSP_RUNNING);
    ck_assert_int_eq(active[1], omsp_stream_get_actual(storm->render) == OMSP_RUNNING);
}

START_TEST(a_storm_from_many_threads_leaves_everything_in_order)
{
    struct storm storm;
    struct hand hands[THREADS];

    storm_open(&storm, "hands");
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, omsp_test_seed(i * 7919 + 1), NULL};
        ck_assert_int_eq(omsp_thread_start(hand_main, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    for (unsigned i = 0; i < THREADS; i++)
        omsp_thread_join(hands[i].thread);
    check_alternation(&storm);
    storm_close(&storm);
}
END_TEST

static void churn_main(void *arg)
{
    struct hand *hand = arg;

    for (int i = 0; i < 40; i++) {
        struct omsp_call *a, *b;

        if (omsp_call_create(hand->storm->address, OMSP_MEDIA_AUDIO, 2, &a))
            return;
        if (omsp_call_create(hand->storm->address, OMSP_MEDIA_AUDIO, 3, &b)) {
            omsp_call_release(a);
            return;
        }
        connect_pair(a, b);
        omsp_call_shutdown(a);
        omsp_call_shutdown(b);
        omsp_call_release(a);
        omsp_call_release(b);
    }
}

START_TEST(calls_come_and_go_on_many_threads)
{
    struct storm storm;
    struct hand hands[THREADS];
    struct omsp_engine_counters counters;

    storm_open(&storm, "churn");
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, i, NULL};
        ck_assert_int_eq(omsp_thread_start(churn_main, &hands[i], "churn", &hands[i].thread),
                         OMSP_OK);
    }
    for (unsigned i = 0; i < THREADS; i++)
        omsp_thread_join(hands[i].thread);
    omsp_engine_get_counters(storm.engine, &counters);
    ck_assert_uint_eq(counters.calls, 2);
    storm_close(&storm);
}
END_TEST

static void late_main(void *arg)
{
    struct hand *hand = arg;

    for (int i = 0; i < 50; i++) {
        struct omsp_call *call;
        struct omsp_addr local = {.family = 4, .ip = {127, 0, 0, 1}};

        if (omsp_call_create(hand->storm->address, OMSP_MEDIA_AUDIO, 2, &call))
            return;
        omsp_call_bind(call, &local);
        omsp_call_release(call);
    }
}

START_TEST(shutdown_under_way_meets_calls_being_made)
{
    struct storm storm;
    struct hand hands[THREADS];

    storm_open(&storm, "late");
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, i, NULL};
        ck_assert_int_eq(omsp_thread_start(late_main, &hands[i], "late", &hands[i].thread),
                         OMSP_OK);
    }
    omsp_address_shutdown(storm.address);
    for (unsigned i = 0; i < THREADS; i++)
        omsp_thread_join(hands[i].thread);
    storm_close(&storm);
}
END_TEST

OMSP_SUITE("storm", TEST(audio_flows_over_real_sockets_to_the_end_of_the_file),
           TEST(a_storm_from_many_threads_leaves_everything_in_order),
           TEST(calls_come_and_go_on_many_threads), TEST(shutdown_under_way_meets_calls_being_made))
