/*
 * Media streams with real threads and sockets: many threads make, pause, stop and drop them while
 * their consumers refuse, answer nonsense, or hang up. Run under ThreadSanitizer too. Nobody here
 * is a WebSocket server: what is tested is that every way to fail ends in order, leaks nothing and
 * leaves the call alone.
 */
#include "support/pair.h"
#include "support/tcp_rig.h"

#include "engine/fork.h"

#include <stdio.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  60

struct storm {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *calls[2];
    char urls[3][64];
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void storm_open(struct storm *storm, const struct tcp_far *echo, const struct tcp_far *bye)
{
    struct omsp_fork_settings settings = {.auth_token = "secret", .connect_ms = 2000};

    memset(storm, 0, sizeof(*storm));
    snprintf(storm->urls[0], sizeof(storm->urls[0]), "ws://127.0.0.1:%u/echo", echo->port);
    snprintf(storm->urls[1], sizeof(storm->urls[1]), "ws://127.0.0.1:%u/bye", bye->port);
    snprintf(storm->urls[2], sizeof(storm->urls[2]), "ws://127.0.0.1:1/");
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &storm->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(storm->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(storm->engine, &storm->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(storm->address, nothing, NULL, &storm->listener), OMSP_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(omsp_call_create(storm->address, OMSP_MEDIA_AUDIO, 1, &storm->calls[i]),
                         OMSP_OK);
    connect_pair(storm->calls[0], storm->calls[1]);
}

static void storm_close(struct storm *storm)
{
    omsp_address_shutdown(storm->address);
    for (int i = 0; i < 2; i++)
        omsp_call_release(storm->calls[i]);
    omsp_listener_close(storm->listener);
    omsp_engine_destroy(storm->engine);
    omsp_address_release(storm->address);
}

struct hand {
    struct storm *storm;
    unsigned seed, made;
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

    for (int i = 0; i < ROUNDS; i++) {
        struct omsp_fork_options options = {
            .url = hand->storm->urls[next(&hand->seed) % 3],
            .tracks = OMSP_TRACK_INBOUND,
            .callback_url = next(&hand->seed) % 2 ? "http://127.0.0.1:1/status" : NULL,
            .bidirectional = next(&hand->seed) % 4 == 0,
        };
        struct omsp_call *call = hand->storm->calls[next(&hand->seed) % 2];
        struct omsp_fork_info info;
        struct omsp_stream *stream;
        enum omsp_status status =
            omsp_call_fork(call, &options, OMSP_CAUSE_REMOTE_REQUEST, NULL, &stream);

        if (status == OMSP_FULL || status == OMSP_EXISTS) {
            struct omsp_stream *others[8];
            unsigned count = omsp_call_forks(call, others, 8);

            for (unsigned k = 0; k < count && k < 8; k++) {
                omsp_stream_stop(others[k], OMSP_CAUSE_REMOTE_REQUEST);
                omsp_stream_release(others[k]);
            }
            continue;
        }
        ck_assert_int_eq(status, OMSP_OK);
        hand->made++;
        if (next(&hand->seed) % 3 == 0)
            omsp_stream_pause(stream, OMSP_CAUSE_LOCAL_REQUEST);
        ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
        if (next(&hand->seed) % 2)
            omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
        if (next(&hand->seed) % 4 == 0)
            omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
        omsp_stream_release(stream);
    }
}

START_TEST(every_way_to_fail_ends_in_order)
{
    struct tcp_rig rig;
    struct tcp_far echo, bye;
    struct storm storm;
    struct hand hands[THREADS];
    struct omsp_call_stats stats;
    unsigned made = 0;

    tcp_rig_up(&rig, false);
    tcp_far_open(&echo, &rig, TCP_ECHO);
    tcp_far_open(&bye, &rig, TCP_BYE);
    storm_open(&storm, &echo, &bye);
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, omsp_test_seed(i * 7919 + 1), 0, NULL};
        ck_assert_int_eq(omsp_thread_start(hand_main, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        omsp_thread_join(hands[i].thread);
        made += hands[i].made;
    }
    ck_assert_uint_gt(made, THREADS);
    ck_assert_int_eq(omsp_call_get_state(storm.calls[0]), OMSP_CALL_CONNECTED);
    omsp_call_get_stats(storm.calls[0], &stats);
    storm_close(&storm);
    tcp_far_close(&echo);
    tcp_far_close(&bye);
    tcp_rig_down(&rig);
}
END_TEST

OMSP_SUITE("fork_storm", TEST(every_way_to_fail_ends_in_order))
