/*
 * What a media stream costs: sends and memory. Simulated time; the consumer reads once
 * for each send.
 */
#include "support/crowd.h"
#include "support/fork_rig.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define BOTH (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND)

/* Two calls that play to each other, and what comes from a takes so long to b. */
struct talk {
    struct fixture f;
    struct omsp_stream *back;
    struct omsp_terminal *player, *track;
};

static void open_talk(struct talk *talk, uint32_t delay_us)
{
    struct omsp_sim_link link = {.delay_us = delay_us};

    open_fixture(&talk->f, 10 * 8000);
    ck_assert_int_eq(omsp_sim_set_link(talk->f.rig.sim, NULL, NULL, &link), OMSP_OK);
    connect_fixture(&talk->f);
    talk->back = rig_stream(talk->f.b, OMSP_CAPTURE);
    talk->player = rig_player(&talk->f.rig, "in.wav", &talk->track);
    while ((int)rig_event(&talk->f.rig).kind != -1)
        ;
}

/* Both begin to speak at one moment, so that their packets leave at one moment. */
static void speak(struct talk *talk)
{
    ck_assert_int_eq(omsp_stream_select(talk->f.send, talk->f.track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(talk->back, talk->track), OMSP_OK);
}

static void fork_both(struct talk *talk, const char *url, const struct omsp_stream_format *format)
{
    struct omsp_fork_options options = {.url = url, .tracks = BOTH, .format = *format};

    ck_assert_int_eq(
        omsp_call_fork(talk->f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &talk->f.fork),
        OMSP_OK);
    rig_run(&talk->f.rig, 50);
    ck_assert_uint_eq(talk->f.consumer.count, 2);
}

static void close_talk(struct talk *talk)
{
    while ((int)rig_event(&talk->f.rig).kind != -1)
        ;
    omsp_stream_release(talk->back);
    omsp_terminal_release(talk->track);
    omsp_terminal_release(talk->player);
    close_fixture(&talk->f);
}

static const struct omsp_stream_format ulaw = {OMSP_STREAM_ULAW, 8000};

START_TEST(a_frame_of_one_track_is_one_send)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    unsigned reads, count;

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 50);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 500);
    reads = c->reads;
    count = c->count;
    rig_run(&f.rig, 4000);
    ck_assert_uint_ge(c->count, count + 199);
    ck_assert_uint_eq(c->reads - reads, c->count - count);
    close_fixture(&f);
}
END_TEST

/* Inbound and outbound frames come in one turn of the worker, so they leave in one send. */
static void expect_pairs(const char *url, const struct omsp_stream_format *format)
{
    struct talk talk;
    struct consumer *c = &talk.f.consumer;
    unsigned reads, count, pairs = 0;
    uint64_t chunks[2] = {0, 0};

    open_talk(&talk, 20000);
    fork_both(&talk, url, format);
    speak(&talk);
    rig_run(&talk.f.rig, 500);
    reads = c->reads;
    count = c->count;
    rig_run(&talk.f.rig, 4000);
    ck_assert_uint_ge(c->count, count + 2 * 199);
    ck_assert_uint_eq(2 * (c->reads - reads), c->count - count);
    for (unsigned i = 2; i < c->count; i++) {
        bool out = strstr(c->messages[i].text, "\"track\":\"outbound\"") != NULL;

        ck_assert(is_media(&c->messages[i]));
        ck_assert_uint_eq(number(c->messages[i].text, "sequenceNumber"), i);
        ck_assert_uint_eq(number(c->messages[i].text, "chunk"), ++chunks[out]);
        pairs += i > count && out != (strstr(c->messages[i - 1].text, "\"outbound\"") != NULL);
    }
    ck_assert_uint_ge(pairs, 2 * 198);
    close_talk(&talk);
}

START_TEST(both_tracks_of_one_turn_are_one_send)
{
    expect_pairs(FORK_URL, &ulaw);
}
END_TEST

START_TEST(both_tracks_of_one_turn_are_one_send_over_tls)
{
    expect_pairs("wss://127.0.0.1:9000/listen", &ulaw);
}
END_TEST

START_TEST(the_longest_payloads_go_in_pairs_too)
{
    static const struct omsp_stream_format longest = {OMSP_STREAM_L16, 24000};

    expect_pairs(FORK_URL, &longest);
}
END_TEST

START_TEST(a_track_does_not_wait_for_the_other_s_turn)
{
    struct talk talk;
    struct consumer *c = &talk.f.consumer;
    unsigned reads, count;

    open_talk(&talk, 7000);
    fork_both(&talk, FORK_URL, &ulaw);
    speak(&talk);
    rig_run(&talk.f.rig, 500);
    reads = c->reads;
    count = c->count;
    rig_run(&talk.f.rig, 4000);
    ck_assert_uint_ge(c->count, count + 2 * 199);
    ck_assert_uint_eq(c->reads - reads, c->count - count);
    close_talk(&talk);
}
END_TEST

START_TEST(what_was_gathered_is_sent_before_a_pause_and_before_the_stop)
{
    struct talk talk;
    struct consumer *c = &talk.f.consumer;
    struct omsp_fork_info info;

    open_talk(&talk, 20000);
    fork_both(&talk, FORK_URL, &ulaw);
    speak(&talk);
    for (unsigned i = 0; i < 40; i++) {
        rig_run(&talk.f.rig, 35 + i);
        ck_assert_int_eq(omsp_stream_pause(talk.f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        rig_run(&talk.f.rig, 1);
        omsp_stream_fork_info(talk.f.fork, &info);
        ck_assert_uint_eq(c->count, 2 + info.frames_sent);
        ck_assert_int_eq(omsp_stream_start(talk.f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    }
    rig_run(&talk.f.rig, 100);
    ck_assert_int_eq(omsp_stream_stop(talk.f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&talk.f.rig, 100);
    omsp_stream_fork_info(talk.f.fork, &info);
    ck_assert_uint_eq(c->count, 3 + info.frames_sent);
    ck_assert_ptr_nonnull(strstr(c->messages[c->count - 1].text, "\"event\":\"stop\""));
    close_talk(&talk);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

#define CROWD_URL "ws://127.0.0.1:9002/listen"

struct crowd {
    struct crowd_member members[4];
    unsigned count;
};

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct crowd *crowd = owner;

    ck_assert_uint_lt(crowd->count, 4);
    omsp_sim_peer_set_data(peer, &crowd->members[crowd->count++]);
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    char reply[CROWD_REPLY];

    (void)owner;
    len = crowd_take(omsp_sim_peer_get_data(peer), data, len, reply, sizeof(reply));
    ck_assert_int_eq(omsp_sim_peer_send(peer, reply, len), OMSP_OK);
}

/* What a stream of µ-law more costs: itself, its place in lists and heaps, and here the simulated
 * consumer's buffer, which is kept small. */
START_TEST(a_stream_takes_at_most_8_kib)
{
    struct omsp_fork_options options = {.url = CROWD_URL, .tracks = OMSP_TRACK_INBOUND};
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    struct omsp_sim_server server = {
        .owner = crowd, .buffer = 4096, .on_accept = on_accept, .on_bytes = on_bytes};
    struct omsp_stream *streams[4];
    struct fixture f;
    long before = 0, each;

    open_fixture(&f, 30 * 8000);
    ck_assert_int_eq(omsp_sim_tcp_listen(f.rig.sim, "127.0.0.1", 9002, &server), OMSP_OK);
    connect_fixture(&f);
    start_audio(&f);
    /* The first brings what all share. */
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &streams[i]),
                         OMSP_OK);
        rig_run(&f.rig, 2000);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
        if (!i)
            before = omsp_test_bytes();
    }
    each = (omsp_test_bytes() - before) / 3;
    ck_assert_uint_eq(crowd->count, 4);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_ge(crowd->members[i].media[0], 90);
        ck_assert_str_eq(crowd->members[i].wrong, "");
        omsp_stream_release(streams[i]);
    }
    ck_assert_int_gt(each, 2048);
    ck_assert_msg(each <= 8 * 1024, "%ld bytes", each);
    close_fixture(&f);
    free(crowd);
}
END_TEST

static void forget_events(struct fixture *f)
{
    while ((int)rig_event(&f->rig).kind != -1)
        ;
}

START_TEST(starting_pausing_and_stopping_takes_no_memory)
{
    struct fixture f;
    long before;

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 50);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 500);
    forget_events(&f);
    before = omsp_test_allocations();
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(omsp_stream_pause(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert_int_eq(omsp_stream_stop(f.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert_int_eq(omsp_stream_start(f.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        forget_events(&f);
    }
    ck_assert_int_eq(omsp_test_allocations(), before);
    close_fixture(&f);
}
END_TEST

/* Of the simulated network's two pieces are counted: the packet that comes, the frame that goes. */
START_TEST(a_frame_takes_no_memory)
{
    struct fixture f;
    long before;
    unsigned frames;

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 50);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 510);
    forget_events(&f);
    before = omsp_test_allocations();
    frames = f.consumer.count;
    rig_run(&f.rig, 1000);
    frames = f.consumer.count - frames;
    ck_assert_uint_eq(frames, 50);
    ck_assert_int_eq(omsp_test_allocations() - before, 2 * (long)frames);
    close_fixture(&f);
}
END_TEST

/* The call with its streams, and what counts recorded samples beyond its life; then, bound, session
 * and jitter buffer, and the two sockets. */
START_TEST(a_call_is_made_with_two_allocations_and_bound_with_three)
{
    struct omsp_addr local;
    struct omsp_call *call;
    struct fixture f;
    long before;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    before = omsp_test_allocations();
    ck_assert_int_eq(omsp_call_create(f.rig.address, OMSP_MEDIA_AUDIO | OMSP_MEDIA_VIDEO, 3, &call),
                     OMSP_OK);
    ck_assert_int_eq(omsp_test_allocations() - before, 2);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1", &local), OMSP_OK);
    before = omsp_test_allocations();
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    ck_assert_int_eq(omsp_test_allocations() - before, 3);
    omsp_call_release(call);
    forget_events(&f);
    close_fixture(&f);
}
END_TEST

/* With all the options that it keeps: name, parameters, callback URL. */
START_TEST(a_stream_is_made_with_one_allocation)
{
    static const struct omsp_fork_param params[] = {{"FirstName", "Jane"}, {"Room", "6"}};
    struct omsp_fork_options options = {.url = FORK_URL,
                                        .name = "one",
                                        .callback_url = "https://127.0.0.1/status",
                                        .tracks = BOTH,
                                        .params = params,
                                        .param_count = 2};
    long before, outstanding;
    struct fixture f;

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    before = omsp_test_allocations();
    outstanding = omsp_test_outstanding();
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    ck_assert_int_eq(omsp_test_allocations() - before, 1);
    ck_assert_int_eq(omsp_test_outstanding() - outstanding, 1);
    forget_events(&f);
    close_fixture(&f);
}
END_TEST

/* What the state of things keeps, when a stream was stopped and started again: nothing. */
START_TEST(stopping_and_starting_again_keeps_no_memory)
{
    struct fixture f;
    long outstanding = 0, bytes = 0;

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 100);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        rig_run(&f.rig, 100);
        ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        rig_run(&f.rig, 100);
        forget_events(&f);
        if (i) {
            ck_assert_int_eq(omsp_test_outstanding(), outstanding);
            ck_assert_int_eq(omsp_test_bytes(), bytes);
        }
        outstanding = omsp_test_outstanding();
        bytes = omsp_test_bytes();
    }
    close_fixture(&f);
}
END_TEST

OMSP_SUITE(
    "fork_cost", TEST(a_frame_of_one_track_is_one_send), TEST(both_tracks_of_one_turn_are_one_send),
    TEST(both_tracks_of_one_turn_are_one_send_over_tls), TEST(the_longest_payloads_go_in_pairs_too),
    TEST(a_track_does_not_wait_for_the_other_s_turn),
    TEST(what_was_gathered_is_sent_before_a_pause_and_before_the_stop),
    TEST(a_stream_takes_at_most_8_kib), TEST(starting_pausing_and_stopping_takes_no_memory),
    TEST(a_frame_takes_no_memory), TEST(a_call_is_made_with_two_allocations_and_bound_with_three),
    TEST(a_stream_is_made_with_one_allocation), TEST(stopping_and_starting_again_keeps_no_memory))
