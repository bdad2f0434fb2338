/*
 * All doors of the engine at once: REST clients make, change and stop media streams of calls while
 * threads of the engine's own side do the same to the same calls, make calls of their own and hang
 * them up, and the server is stopped and started again under requests. Run under ThreadSanitizer
 * too. Consumers refuse, or take connections and never answer.
 */
#include "support/rest_client.h"
#include "support/rest_rig.h"

#include "engine/fork.h"
#include "port/ports.h"
#include "port/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS  3
#define HANDS    3
#define STEPS    600
#define RESTARTS 4

struct storm {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *calls[2];
    intptr_t mute;
    char consumer[64];
    struct omsp_rest_config config;
    struct omsp_rest_server *server;
    struct omsp_lock lock;
    struct omsp_cond changed;
    char at[64];       /* the server's; by lock */
    unsigned finished; /* clients; by lock */
    bool gone;         /* there will be no server any more; by lock */
};

struct hand {
    struct storm *storm;
    unsigned seed, made, wrong;
    struct rest_client *client;
    struct omsp_thread *thread;
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void start_server(struct storm *storm)
{
    ck_assert_int_eq(omsp_rest_start(storm->engine, &storm->config, &storm->server), OMSP_OK);
    omsp_lock_acquire(&storm->lock);
    snprintf(storm->at, sizeof(storm->at), "%s", omsp_rest_address(storm->server));
    omsp_lock_release(&storm->lock);
}

static void storm_open(struct storm *storm)
{
    struct omsp_fork_settings settings = {
        .account_sid = REST_ACCOUNT, .auth_token = REST_TOKEN, .connect_ms = 300};
    struct omsp_addr peer;

    memset(storm, 0, sizeof(*storm));
    omsp_lock_init(&storm->lock);
    omsp_cond_init(&storm->changed);
    storm->config = (struct omsp_rest_config){.listen = "127.0.0.1:0",
                                              .account_sid = REST_ACCOUNT,
                                              .auth_tokens = {REST_TOKEN},
                                              .extensions = true,
                                              .max_connections = 8,
                                              .rate_per_s = 1000000};
    snprintf(storm->consumer, sizeof(storm->consumer), "ws%%3A%%2F%%2F127.0.0.1%%3A%u%%2Fx",
             http_mute_server(&storm->mute));
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &storm->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(storm->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(storm->engine, &storm->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(storm->address, nothing, NULL, &storm->listener), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:9", &peer), OMSP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(omsp_call_create(storm->address, OMSP_MEDIA_AUDIO, 1, &storm->calls[i]),
                         OMSP_OK);
        ck_assert_int_eq(omsp_call_set_peer(storm->calls[i], &peer, 0), OMSP_OK);
    }
    start_server(storm);
}

static void storm_close(struct storm *storm)
{
    omsp_rest_stop(storm->server);
    omsp_lock_acquire(&storm->lock);
    storm->gone = true;
    omsp_lock_release(&storm->lock);
    omsp_address_shutdown(storm->address);
    for (int i = 0; i < 2; i++)
        omsp_call_release(storm->calls[i]);
    omsp_listener_close(storm->listener);
    omsp_address_release(storm->address);
    omsp_engine_destroy(storm->engine);
}

/* When nobody knows it any more. */
static void storm_forget(struct storm *storm)
{
    http_mute_close(storm->mute);
    omsp_cond_destroy(&storm->changed);
    omsp_lock_destroy(&storm->lock);
}

/* Until so many connections had a request, or all clients are through. */
static void let_come(struct storm *storm, unsigned count)
{
    struct omsp_rest_counts counts;

    omsp_lock_acquire(&storm->lock);
    do {
        omsp_rest_counts(storm->server, &counts);
        if (counts.let_in < count && storm->finished < CLIENTS)
            omsp_cond_wait(&storm->changed, &storm->lock, 1000);
    } while (counts.let_in < count && storm->finished < CLIENTS);
    omsp_lock_release(&storm->lock);
}

static unsigned any(struct hand *hand, unsigned count)
{
    hand->seed = hand->seed * 1664525u + 1013904223u;
    return (hand->seed >> 12) % count;
}

/* What the engine's own door does to a call's media streams. */
static void act(struct hand *hand, struct omsp_call *call)
{
    struct omsp_fork_options options = {.url = "ws://127.0.0.1:1/x",
                                        .tracks = OMSP_TRACK_INBOUND,
                                        .callback_url = "http://127.0.0.1:1/status"};
    struct omsp_fork_info info;
    struct omsp_stream *stream = NULL;
    char name[8];

    snprintf(name, sizeof(name), "n%u", any(hand, 6));
    options.name = any(hand, 2) ? name : NULL;
    if (any(hand, 2))
        stream = omsp_call_find_fork(call, name);
    else if (omsp_call_fork(call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream) == OMSP_OK)
        hand->made++;
    else
        stream = NULL;
    if (!stream)
        return;
    switch (any(hand, 4)) {
    case 0:
        omsp_stream_pause(stream, OMSP_CAUSE_LOCAL_REQUEST);
        break;
    case 1:
        omsp_stream_start(stream, OMSP_CAUSE_LOCAL_REQUEST);
        break;
    default:
        omsp_stream_stop(stream, OMSP_CAUSE_LOCAL_REQUEST);
    }
    hand->wrong += omsp_stream_fork_info(stream, &info) != OMSP_OK;
    omsp_stream_release(stream);
}

static void own_call(struct hand *hand)
{
    struct omsp_call *call;
    struct omsp_addr peer;

    if (omsp_call_create(hand->storm->address, OMSP_MEDIA_AUDIO, 2, &call) != OMSP_OK ||
        omsp_addr_parse("127.0.0.1:9", &peer) != OMSP_OK ||
        omsp_call_set_peer(call, &peer, 0) != OMSP_OK) {
        hand->wrong++;
        return;
    }
    for (int i = 0; i < 3; i++)
        act(hand, call);
    if (any(hand, 2))
        hand->wrong += omsp_call_shutdown(call) != OMSP_OK;
    omsp_call_release(call);
}

static void hand_main(void *arg)
{
    struct hand *hand = arg;

    for (int i = 0; i < STEPS; i++)
        if (any(hand, 6))
            act(hand, hand->storm->calls[any(hand, 2)]);
        else
            own_call(hand);
}

static void client_main(void *arg)
{
    struct hand *hand = arg;
    struct rest_client *client = hand->client;
    bool gone = false;

    while (client->asked < STEPS && !gone) {
        if (!rest_client_step(client)) { /* it is between two lives */
            omsp_lock_acquire(&hand->storm->lock);
            omsp_cond_wait(&hand->storm->changed, &hand->storm->lock, 1000);
            memcpy(client->address, hand->storm->at, sizeof(client->address));
            gone = hand->storm->gone;
            omsp_lock_release(&hand->storm->lock);
        }
    }
    rest_client_close(client);
    omsp_lock_acquire(&hand->storm->lock);
    hand->storm->finished++;
    omsp_cond_broadcast(&hand->storm->changed);
    omsp_lock_release(&hand->storm->lock);
}

static void start_client(struct hand *hand, struct storm *storm, unsigned seed)
{
    struct rest_client *client = calloc(1, sizeof(*client));

    ck_assert_ptr_nonnull(client);
    for (int k = 0; k < 3; k++)
        snprintf(client->sids[k], sizeof(client->sids[k]), "%s",
                 omsp_call_sid(storm->calls[k % 2]));
    snprintf(client->consumer, sizeof(client->consumer), "%s", storm->consumer);
    client->seed = omsp_test_seed(seed);
    snprintf(client->address, sizeof(client->address), "%s", omsp_rest_address(storm->server));
    *hand = (struct hand){.storm = storm, .client = client};
    ck_assert_int_eq(omsp_thread_start(client_main, hand, "client", &hand->thread), OMSP_OK);
}

START_TEST(rest_beside_the_engine_under_restarts)
{
    struct storm storm;
    struct hand hands[HANDS], clients[CLIENTS];
    unsigned asked = 0, done = 0, lost = 0, made = 0;
    long before = omsp_test_outstanding();

    storm_open(&storm);
    for (unsigned i = 0; i < CLIENTS; i++)
        start_client(&clients[i], &storm, 977 * i + 1);
    for (unsigned i = 0; i < HANDS; i++) {
        hands[i] = (struct hand){.storm = &storm, .seed = omsp_test_seed(i * 7919 + 1)};
        ck_assert_int_eq(omsp_thread_start(hand_main, &hands[i], "hand", &hands[i].thread),
                         OMSP_OK);
    }
    for (int i = 0; i < RESTARTS; i++) {
        let_come(&storm, 15); /* now it goes under their requests */
        omsp_rest_stop(storm.server);
        start_server(&storm);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        omsp_thread_join(clients[i].thread);
        ck_assert_uint_eq(rest_client_wrong(clients[i].client), 0);
        asked += clients[i].client->asked;
        done += clients[i].client->statuses[200];
        lost += clients[i].client->lost;
        free(clients[i].client);
    }
    for (unsigned i = 0; i < HANDS; i++) {
        omsp_thread_join(hands[i].thread);
        ck_assert_uint_eq(hands[i].wrong, 0);
        made += hands[i].made;
    }
    printf("%u requests, %u carried out, %u without an answer, %u streams of the other door\n",
           asked, done, lost, made);
    ck_assert_uint_eq(asked, CLIENTS * STEPS);
    ck_assert_uint_gt(done, CLIENTS * STEPS / 20);
    ck_assert_uint_gt(made, 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(omsp_call_get_state(storm.calls[i]), OMSP_CALL_CONNECTED);
    storm_close(&storm);
    storm_forget(&storm);
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

START_TEST(everything_ends_under_requests)
{
    long before = omsp_test_outstanding();

    for (unsigned life = 0; life < 5; life++) {
        struct storm storm;
        struct hand clients[CLIENTS];

        storm_open(&storm);
        for (unsigned i = 0; i < CLIENTS; i++)
            start_client(&clients[i], &storm, 977 * i + 31 * life + 5);
        let_come(&storm, 3 + 4 * life);
        if (life % 2) /* first the calls go, then the server */
            for (int i = 0; i < 2; i++)
                ck_assert_int_eq(omsp_call_shutdown(storm.calls[i]), OMSP_OK);
        storm_close(&storm);
        for (unsigned i = 0; i < CLIENTS; i++) {
            omsp_thread_join(clients[i].thread);
            ck_assert_uint_eq(rest_client_wrong(clients[i].client), 0);
            free(clients[i].client);
        }
        storm_forget(&storm);
    }
    ck_assert_int_eq(omsp_test_outstanding(), before);
}
END_TEST

OMSP_SUITE("rest_storm", TEST(rest_beside_the_engine_under_restarts),
           TEST(everything_ends_under_requests))
