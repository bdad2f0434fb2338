/*
 * WebSocket terminals with real threads, sockets and consumers: many threads select them, move
 * their streams, stop their connections by SID and ask, while consumers break off and a call ends.
 * Run under ThreadSanitizer too. Whatever a consumer got must have been in order.
 */
#include "support/crowd_far.h"
#include "support/pair.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "engine/fork.h"
#include "port/lock.h"
#include "port/thread.h"

#include <stdio.h>
#include <string.h>

#define THREADS     4
#define ROUNDS      600
#define SOCKETS     3
#define CONNECTIONS 4000

struct storm {
    struct crowd_far far;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *calls[2];
    struct omsp_stream *streams[4]; /* of both */
    struct omsp_terminal *sockets[SOCKETS];
    struct omsp_lock lock;
    struct omsp_cond never; /* told */
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void storm_open(struct storm *storm)
{
    char url[64];

    memset(storm, 0, sizeof(*storm));
    omsp_lock_init(&storm->lock);
    omsp_cond_init(&storm->never);
    crowd_far_open(&storm->far, CONNECTIONS, 3);
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/", storm->far.port);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &storm->engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(storm->engine, &storm->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(storm->address, nothing, NULL, &storm->listener), OMSP_OK);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(omsp_call_create(storm->address, OMSP_MEDIA_AUDIO, 1, &storm->calls[i]),
                         OMSP_OK);
        storm->streams[2 * i] = omsp_call_stream_at(storm->calls[i], 0);
        storm->streams[2 * i + 1] = omsp_call_stream_at(storm->calls[i], 1);
    }
    connect_pair(storm->calls[0], storm->calls[1]);
    for (unsigned i = 0; i < SOCKETS; i++) {
        ck_assert_int_eq(omsp_websocket_create(storm->address, &storm->sockets[i]), OMSP_OK);
        ck_assert_int_eq(omsp_websocket_set(storm->sockets[i], OMSP_WEBSOCKET_URL, url), OMSP_OK);
    }
}

static void storm_close(struct storm *storm)
{
    omsp_address_shutdown(storm->address);
    for (unsigned i = 0; i < SOCKETS; i++) {
        ck_assert(!omsp_terminal_in_use(storm->sockets[i]));
        omsp_terminal_release(storm->sockets[i]);
    }
    for (unsigned i = 0; i < 4; i++)
        omsp_stream_release(storm->streams[i]);
    for (unsigned i = 0; i < 2; i++)
        omsp_call_release(storm->calls[i]);
    omsp_listener_close(storm->listener);
    omsp_engine_destroy(storm->engine);
    omsp_address_release(storm->address);
    crowd_far_close(&storm->far);
    for (unsigned i = 0; i < storm->far.accepted && i < storm->far.room; i++)
        ck_assert_msg(!storm->far.members[i].wrong[0], "connection %u: %s", i,
                      storm->far.members[i].wrong);
    ck_assert_uint_gt(storm->far.stopped, 10);
    ck_assert_uint_gt(storm->far.broken, 0);
    crowd_far_free(&storm->far);
    omsp_cond_destroy(&storm->never);
    omsp_lock_destroy(&storm->lock);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

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

/* So that some connections come to carry media. */
static void let_pass(struct storm *storm, unsigned ms)
{
    omsp_lock_acquire(&storm->lock);
    omsp_cond_wait(&storm->never, &storm->lock, (uint64_t)ms * 1000);
    omsp_lock_release(&storm->lock);
}

/* Its connection, from whatever other door. */
static void by_sid(struct omsp_terminal *socket, unsigned what)
{
    struct omsp_fork_info info;
    uint32_t call;
    struct omsp_stream *stream = omsp_websocket_stream(socket, &call);

    if (!stream)
        return;
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    if (what % 3 == 0)
        omsp_stream_stop(stream, OMSP_CAUSE_REMOTE_REQUEST);
    else if (what % 3 == 1)
        omsp_stream_pause(stream, OMSP_CAUSE_REMOTE_REQUEST);
    else
        omsp_stream_start(stream, OMSP_CAUSE_REMOTE_REQUEST);
    omsp_stream_release(stream);
}

static void hand_main(void *arg)
{
    struct hand *hand = arg;
    struct storm *storm = hand->storm;
    struct omsp_event event;

    for (int i = 0; i < ROUNDS; i++) {
        struct omsp_stream *stream = storm->streams[next(&hand->seed) % 4];
        struct omsp_terminal *socket = storm->sockets[next(&hand->seed) % SOCKETS];
        struct omsp_terminal *held[OMSP_STREAM_MAX_TERMINALS];
        unsigned count;

        switch (next(&hand->seed) % 8) {
        case 0:
        case 1:
        case 2:
            omsp_stream_select(stream, socket);
            break;
        case 3:
            omsp_stream_unselect(stream, socket);
            break;
        case 4:
            omsp_stream_pause(stream, OMSP_CAUSE_LOCAL_REQUEST);
            omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        case 5:
            omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
            omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
            break;
        case 6:
            by_sid(socket, next(&hand->seed));
            break;
        default:
            omsp_websocket_set(socket, OMSP_WEBSOCKET_NAME, next(&hand->seed) % 2 ? "n" : NULL);
            omsp_websocket_last(socket);
            count = omsp_stream_terminals(stream, held, OMSP_STREAM_MAX_TERMINALS);
            while (count)
                omsp_terminal_release(held[--count]);
            break;
        }
        while (omsp_listener_take(storm->listener, NULL, NULL, &event) == OMSP_OK)
            omsp_free(event.blob);
        if (i % 8 == 7)
            let_pass(storm, next(&hand->seed) % 60);
    }
}

START_TEST(whatever_is_done_to_them_consumers_get_what_is_in_order)
{
    struct storm storm;
    struct hand hands[THREADS];

    storm_open(&storm);
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (struct hand){&storm, omsp_test_seed(i * 7919 + 1), NULL};
        ck_assert_int_eq(omsp_thread_start(hand_main, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    omsp_thread_join(hands[0].thread);
    ck_assert_int_eq(omsp_call_shutdown(storm.calls[1]), OMSP_OK); /* amid the others */
    for (unsigned i = 1; i < THREADS; i++)
        omsp_thread_join(hands[i].thread);
    storm_close(&storm);
}
END_TEST

OMSP_SUITE("terminal_websocket_storm",
           TEST(whatever_is_done_to_them_consumers_get_what_is_in_order))
