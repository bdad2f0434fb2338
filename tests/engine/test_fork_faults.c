/*
 * A media stream's connection at its worst, in simulated time: a consumer that reads a few bytes a
 * second for as long as the call lasts, sends and receives that count one byte, a wall clock that
 * jumps. Another stream of the same call has another consumer, which must not notice.
 */
#include "support/fork_rig.h"
#include "support/sim_consumer.h"
#include "support/suite.h"

#include "media/g711.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_URL  "ws://127.0.0.1:9002/listen"
#define OTHER_PORT 9002
#define HOUR_US    3600000000ll

struct scene {
    struct fixture f;
    struct sim_consumer other;
    struct omsp_stream *other_fork;
};

/* The stream of the fixture and one beside it, both active, before any audio. */
static struct scene *scene_open(unsigned seconds, const char *callback)
{
    struct omsp_fork_options options = {.url = OTHER_URL, .tracks = OMSP_TRACK_INBOUND};
    struct scene *scene = calloc(1, sizeof(*scene));
    struct fixture *f = &scene->f;

    open_fixture(f, (seconds + 5) * 8000); /* does not end meanwhile */
    sim_consumer_open(&scene->other, f->rig.sim, OTHER_PORT);
    connect_fixture(f);
    fork_call(f, OMSP_TRACK_INBOUND, NULL, callback);
    rig_run(&f->rig, 50);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    ck_assert_int_eq(
        omsp_call_fork(f->b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &scene->other_fork),
        OMSP_OK);
    rig_run(&f->rig, 50);
    rig_expect_call(&f->rig, scene->other_fork, OMSP_NEW_STREAM, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&f->rig, scene->other_fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST,
                    OMSP_OK);
    return scene;
}

/* Both streams end in order. */
static void scene_stop(struct scene *scene)
{
    struct fixture *f = &scene->f;

    rig_expect_nothing(&f->rig); /* the call and both streams went on */
    ck_assert_int_eq(omsp_stream_stop(scene->other_fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, scene->other_fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST,
                    OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f->rig, 500);
    rig_expect_nothing(&f->rig);
}

static void scene_close(struct scene *scene)
{
    omsp_stream_release(scene->other_fork);
    close_fixture(&scene->f);
    sim_consumer_free(&scene->other);
    free(scene);
}

/* The stream beside: every frame of the tone, in order, 20 ms apart, none dropped. */
static void other_had_all(struct scene *scene, unsigned frames)
{
    const struct sim_connection *connection = scene->other.connections[0];
    struct omsp_fork_info info;
    uint64_t first = 0;

    ck_assert_uint_eq(scene->other.count, 1);
    sim_connection_judge(connection, OMSP_TRACK_INBOUND, true);
    ck_assert_uint_ge(sim_connection_media(connection, OMSP_TRACK_INBOUND), frames);
    for (unsigned i = 0; i < frames; i++) {
        uint64_t at = sim_message_number(connection->messages[2 + i], "timestamp");

        first = i ? first : at;
        ck_assert_uint_eq(at, first + 20 * i);
    }
    omsp_stream_fork_info(scene->other_fork, &info);
    ck_assert_uint_eq(info.frames_dropped, 0);
    ck_assert_int_eq(info.last_error, 0);
}

/* Connected, start, media numbered without a hole whose clock only goes forward, stop; answers how
 * many ms it jumped. */
static uint64_t jumped_ms(const struct consumer *c)
{
    uint64_t last = 0, jumped = 0;
    unsigned i = 2;

    ck_assert_uint_gt(c->count, 3);
    ck_assert_ptr_nonnull(strstr(c->messages[0].text, "\"event\":\"connected\""));
    ck_assert_ptr_nonnull(strstr(c->messages[1].text, "{\"event\":\"start\""));
    for (; i + 1 < c->count; i++) {
        uint64_t timestamp = number(c->messages[i].text, "timestamp");

        ck_assert(is_media(&c->messages[i]));
        ck_assert_uint_eq(number(c->messages[i].text, "sequenceNumber"), i);
        ck_assert_uint_eq(number(c->messages[i].text, "chunk"), i - 1);
        ck_assert_uint_eq(timestamp % 20, 0);
        if (i > 2) {
            ck_assert_uint_gt(timestamp, last);
            jumped += timestamp - last - 20;
        }
        last = timestamp;
    }
    ck_assert_ptr_nonnull(strstr(c->messages[i].text, "\"event\":\"stop\""));
    ck_assert_uint_eq(number(c->messages[i].text, "sequenceNumber"), i);
    return jumped;
}

#define SLOW_SECONDS 50 /* the second ping is not missed yet */

START_TEST(a_consumer_that_reads_a_few_bytes_a_second_loses_counted_frames_and_nobody_else_does)
{
    struct scene *scene = scene_open(SLOW_SECONDS, FORK_CALLBACK);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;
    struct omsp_fork_info info;
    long after_10s = 0;
    uint64_t lost;

    start_audio(f);
    /* Ten bytes a second; a frame's message is 390 and comes 50 times a second. */
    for (unsigned tick = 0; tick < SLOW_SECONDS * 10; tick++) {
        omsp_sim_peer_set_window(c->peer, 1);
        rig_run(&f->rig, 100);
        omsp_stream_fork_info(f->fork, &info);
        ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
        ck_assert_uint_le(info.queue_ms, 1000);
        if (tick == 100)
            after_10s = omsp_test_bytes();
    }
    /* Ours and the simulation's alike: nothing grew since the queue was full. */
    ck_assert_msg(omsp_test_bytes() < after_10s + 65536, "%ld bytes, %ld after 10 s",
                  omsp_test_bytes(), after_10s);
    ck_assert_int_eq(info.last_error, OMSP_FORK_OVERFLOW);
    ck_assert_uint_ge(info.queue_ms, 900);
    /* Each frame was sent, waits, or was dropped. */
    ck_assert_uint_ge(info.frames_sent + info.frames_dropped + info.queue_ms / 20,
                      SLOW_SECONDS * 50 - 10);
    ck_assert_uint_gt(info.frames_dropped, (SLOW_SECONDS - 10) * 50);
    lost = info.frames_dropped;
    omsp_sim_peer_set_window(c->peer, SIZE_MAX);
    rig_run(&f->rig, 1000);
    omsp_stream_fork_info(f->fork, &info);
    ck_assert_uint_eq(info.queue_ms, 0);
    ck_assert_uint_eq(info.frames_dropped, lost);
    scene_stop(scene);
    ck_assert_uint_eq(jumped_ms(c), lost * 20);
    omsp_stream_fork_info(f->fork, &info);
    ck_assert_uint_eq(info.frames_sent, c->count - 3);
    other_had_all(scene, SLOW_SECONDS * 50);
    ck_assert_uint_eq(count_callbacks(f, "stream-started"), 1);
    ck_assert_uint_eq(count_callbacks(f, "stream-stopped"), 1);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), 0); /* 31930 is a warning */
    scene_close(scene);
}
END_TEST

START_TEST(a_consumer_that_is_too_slow_to_see_a_ping_is_dead_and_the_call_is_not)
{
    struct scene *scene = scene_open(180, FORK_CALLBACK);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;
    struct omsp_fork_info info;
    unsigned tick = 0;

    start_audio(f);
    for (; tick < 1800; tick++) {
        if (!c->gone)
            omsp_sim_peer_set_window(c->peer, 1);
        rig_run(&f->rig, 100);
        omsp_stream_fork_info(f->fork, &info);
        if (info.state == OMSP_FORK_STOPPED)
            break;
    }
    ck_assert_uint_ge(tick, 590); /* two pings of 20 s are not answered */
    ck_assert_uint_le(tick, 610);
    ck_assert_int_eq(info.last_error, OMSP_FORK_BROKEN);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_FAIL, OMSP_CAUSE_UNKNOWN, OMSP_IO);
    rig_run(&f->rig, 30000);
    rig_expect_nothing(&f->rig);
    ck_assert(c->gone);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), 1);
    ck_assert_uint_eq(count_callbacks(f, "stream-stopped"), 0);
    ck_assert_int_eq(omsp_stream_get_actual(f->send), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_stop(scene->other_fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, scene->other_fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST,
                    OMSP_OK);
    rig_run(&f->rig, 100);
    other_had_all(scene, 85 * 50);
    scene_close(scene);
}
END_TEST

/* An unsolicited pong answers no ping that is still ours. */
START_TEST(a_consumer_that_never_reads_is_dead_whatever_it_says)
{
    struct scene *scene = scene_open(180, FORK_CALLBACK);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;
    struct omsp_fork_info info;
    unsigned second = 0;

    start_audio(f);
    omsp_sim_peer_set_window(c->peer, 0);
    for (; second < 180; second++) {
        if (!c->gone)
            send_frame(c, OMSP_WS_PONG, "", 0);
        rig_run(&f->rig, 1000);
        omsp_stream_fork_info(f->fork, &info);
        if (info.state == OMSP_FORK_STOPPED)
            break;
    }
    ck_assert_uint_ge(second, 55);
    ck_assert_uint_le(second, 85); /* a ping more when the first still fits into the socket */
    ck_assert_int_eq(info.last_error, OMSP_FORK_BROKEN);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_FAIL, OMSP_CAUSE_UNKNOWN, OMSP_IO);
    rig_run(&f->rig, 5000);
    rig_expect_nothing(&f->rig);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), 1);
    ck_assert_int_eq(omsp_stream_stop(scene->other_fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, scene->other_fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST,
                    OMSP_OK);
    rig_run(&f->rig, 100);
    other_had_all(scene, 50 * 50);
    scene_close(scene);
}
END_TEST

START_TEST(a_consumer_that_still_reads_a_byte_now_and_then_does_not_keep_the_end_waiting)
{
    struct scene *scene = scene_open(10, FORK_CALLBACK);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;

    start_audio(f);
    for (unsigned tick = 0; tick < 100; tick++) {
        omsp_sim_peer_set_window(c->peer, 1);
        rig_run(&f->rig, 100);
    }
    ck_assert_int_eq(omsp_stream_stop(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    for (unsigned tick = 0; tick < 25 && !c->gone; tick++) {
        omsp_sim_peer_set_window(c->peer, 1);
        rig_run(&f->rig, 100);
    }
    ck_assert(c->gone); /* 2 s for the farewell, then without */
    rig_run(&f->rig, 1000);
    rig_expect_nothing(&f->rig);
    ck_assert_uint_eq(count_callbacks(f, "stream-stopped"), 1);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), 0);
    ck_assert_int_eq(omsp_stream_get_actual(scene->other_fork), OMSP_RUNNING);
    scene_close(scene);
}
END_TEST

#define GRAINY_SECONDS 2

static void short_counts(size_t grain)
{
    struct scene *scene;
    struct fixture *f;
    struct consumer *c;
    struct omsp_fork_info info;
    size_t sample = 0;
    char big[600] = "";

    scene = scene_open(GRAINY_SECONDS, FORK_CALLBACK);
    f = &scene->f;
    c = &f->consumer;
    omsp_sim_set_tcp_grain(f->rig.sim, grain);
    /* A second stream of life: its upgrade and start are cut up as well. */
    ck_assert_int_eq(omsp_stream_stop(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f->rig, 500);
    c->count = 0;
    c->len = c->request_len = 0;
    ck_assert_int_eq(omsp_stream_start(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f->rig, 100);
    while ((int)rig_event(&f->rig).kind != -1)
        ;
    ck_assert_int_eq(omsp_stream_get_actual(f->fork), OMSP_RUNNING);
    start_audio(f);
    memset(big, 'x', sizeof(big) - 1);
    for (unsigned i = 0; i < 10; i++) {
        rig_run(&f->rig, 100);
        send_frame(c, OMSP_WS_PING, "short", 5);
        send_frame(c, OMSP_WS_TEXT, big, sizeof(big) - 1);
    }
    rig_run(&f->rig, GRAINY_SECONDS * 1000 - 800);
    omsp_stream_fork_info(f->fork, &info);
    ck_assert_uint_eq(c->pongs, 10);
    ck_assert_uint_eq(info.messages_received, 10);
    ck_assert_uint_eq(info.frames_dropped, 0);
    ck_assert_int_eq(info.last_error, 0);
    scene_stop(scene);
    ck_assert_uint_eq(jumped_ms(c), 0);
    for (unsigned i = 2; i + 1 < c->count && sample < GRAINY_SECONDS * 8000; i++) {
        const char *payload = strstr(c->messages[i].text, "\"payload\":\"");
        uint8_t codes[160];
        size_t len;

        ck_assert_ptr_nonnull(payload);
        ck_assert_int_eq(omsp_base64_decode(payload + 11, 216, codes, sizeof(codes), &len),
                         OMSP_OK);
        ck_assert_uint_eq(len, 160);
        for (size_t k = 0; k < 160 && sample < GRAINY_SECONDS * 8000; k++, sample++)
            ck_assert_uint_eq(codes[k], omsp_ulaw_from_linear(f->source[sample]));
    }
    ck_assert_uint_eq(sample, GRAINY_SECONDS * 8000);
    other_had_all(scene, GRAINY_SECONDS * 50);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), 0);
    scene_close(scene);
}

START_TEST(sends_and_receives_of_one_byte_change_nothing_of_what_is_said)
{
    short_counts(1);
}
END_TEST

START_TEST(sends_and_receives_of_odd_sizes_change_nothing_of_what_is_said)
{
    short_counts(7);
    short_counts(143);
}
END_TEST

START_TEST(a_wall_clock_that_jumps_moves_no_media_and_no_deadline)
{
    struct scene *scene = scene_open(70, FORK_CALLBACK);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;
    struct omsp_call_stats stats;
    struct omsp_fork_info info;

    start_audio(f);
    /* Back and forth by hours and years and fractions of a second, also before 1970; the media
     * stream is pinged thrice meanwhile and the calls report to each other. */
    for (unsigned i = 0; i < 700; i++) {
        static const int64_t jumps[] = {HOUR_US, -24 * HOUR_US, 87600 * HOUR_US, -700000, 900000};

        omsp_sim_set_wall(f->rig.sim, i % 50 == 49 ? -HOUR_US : OMSP_SIM_START_WALL + jumps[i % 5]);
        rig_run(&f->rig, 100);
        omsp_call_get_stats(f->a, &stats);
        ck_assert_msg(stats.round_trip_us < 10000, "a round trip of %u us", stats.round_trip_us);
    }
    ck_assert_uint_gt(stats.round_trip_us, 0);
    ck_assert_uint_ge(c->pings, 3);
    omsp_stream_fork_info(f->fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    ck_assert_uint_lt(info.round_trip_us, 10000);
    ck_assert_uint_eq(info.frames_dropped, 0);
    ck_assert_int_eq(info.last_error, 0);
    omsp_sim_set_wall(f->rig.sim, 0);
    scene_stop(scene);
    ck_assert_uint_eq(jumped_ms(c), 0);
    other_had_all(scene, 70 * 50);
    /* What is meant to be the wall's time is. */
    ck_assert_uint_eq(count_callbacks(f, "Timestamp=1970-01-01T00%3A00%3A00"), 1);
    omsp_stream_fork_info(f->fork, &info);
    ck_assert(info.updated_us >= 0 && info.updated_us < 1000000);
    scene_close(scene);
}
END_TEST

struct told {
    unsigned stopped; /* callbacks */
    bool answers;
};

static int hear_callback(void *ctx, const struct omsp_sim_http_request *request, uint64_t *delay_us)
{
    struct told *told = ctx;

    told->stopped += strstr(request->body, "stream-stopped") != NULL;
    if (!told->answers)
        *delay_us = UINT64_MAX;
    return 200;
}

/* Neither consumer hears our close, and perhaps nobody hears the callbacks either. */
static void end_deaf(bool answers)
{
    struct scene *scene = scene_open(1, FORK_CALLBACK);
    struct told told = {.answers = answers};

    omsp_sim_http_set_server(scene->f.rig.sim, hear_callback, &told);
    omsp_sim_peer_set_window(scene->f.consumer.peer, 0);
    ck_assert_int_eq(omsp_call_shutdown(scene->f.b), OMSP_OK);
    ck_assert_int_eq(omsp_call_shutdown(scene->f.a), OMSP_OK);
    ck_assert_uint_eq(told.stopped, 0);
    scene_close(scene); /* the engine's end is as long as all that takes */
    ck_assert_uint_eq(told.stopped, 1);
}

START_TEST(an_engine_that_ends_gives_up_a_consumer_that_is_deaf_and_tells)
{
    end_deaf(true);
    end_deaf(false);
}
END_TEST

/* However many pings come at once: the newest is answered, and not each costs a send. */
START_TEST(of_pings_that_come_at_once_the_newest_is_answered)
{
    struct scene *scene = scene_open(1, NULL);
    struct fixture *f = &scene->f;
    struct consumer *c = &f->consumer;
    uint8_t frames[1000][10];
    unsigned before;

    rig_run(&f->rig, 100);
    send_frame(c, OMSP_WS_PING, "one", 3);
    rig_run(&f->rig, 10);
    ck_assert_uint_eq(c->pongs, 1);
    ck_assert_str_eq(c->pong, "one");
    for (unsigned i = 0; i < 1000; i++) {
        char text[16];

        snprintf(text, sizeof(text), "ping%04u", i);
        frames[i][0] = 0x80 | OMSP_WS_PING;
        frames[i][1] = 8;
        memcpy(frames[i] + 2, text, 8);
    }
    before = c->reads;
    omsp_sim_peer_send(c->peer, frames, sizeof(frames));
    rig_run(&f->rig, 10);
    ck_assert_uint_gt(c->pongs, 1);
    ck_assert_uint_lt(c->pongs, 100);
    ck_assert_uint_lt(c->reads - before, 100);
    ck_assert_str_eq(c->pong, "ping0999");
    /* While nothing can be sent the newest takes the others' place, too. */
    omsp_sim_peer_set_window(c->peer, 0);
    for (unsigned i = 0; i < 4000; i++) { /* more than its buffer holds */
        char text[101];

        snprintf(text, sizeof(text), "%0100u", i);
        send_frame(c, OMSP_WS_PING, text, 100);
        if (i % 100 == 0)
            rig_run(&f->rig, 1);
    }
    rig_run(&f->rig, 10);
    omsp_sim_peer_set_window(c->peer, SIZE_MAX);
    rig_run(&f->rig, 100);
    ck_assert_uint_eq(strtoul(c->pong, NULL, 10), 3999);
    scene_close(scene);
}
END_TEST

OMSP_SUITE(
    "fork_faults", TEST(an_engine_that_ends_gives_up_a_consumer_that_is_deaf_and_tells),
    TEST(a_consumer_that_reads_a_few_bytes_a_second_loses_counted_frames_and_nobody_else_does),
    TEST(a_consumer_that_is_too_slow_to_see_a_ping_is_dead_and_the_call_is_not),
    TEST(a_consumer_that_never_reads_is_dead_whatever_it_says),
    TEST(of_pings_that_come_at_once_the_newest_is_answered),
    TEST(a_consumer_that_still_reads_a_byte_now_and_then_does_not_keep_the_end_waiting),
    TEST(sends_and_receives_of_one_byte_change_nothing_of_what_is_said),
    TEST(sends_and_receives_of_odd_sizes_change_nothing_of_what_is_said),
    TEST(a_wall_clock_that_jumps_moves_no_media_and_no_deadline))
