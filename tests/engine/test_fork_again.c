/*
 * A media stream that is started again while the end of its life before is still under way, or
 * before its call is connected again: the stop and the start are the application's, and what the
 * consumer does late undoes neither. Simulated time.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include <string.h>

static void sid_of(struct fixture *f, char sid[OMSP_SID_CHARS + 1])
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(f->fork, &info), OMSP_OK);
    memcpy(sid, info.sid, sizeof(info.sid));
}

/* Runs, was stopped, and has not been answered its close yet. */
static void open_closing(struct fixture *f)
{
    open_fixture(f, 60 * 8000);
    connect_fixture(f);
    fork_call(f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    rig_run(&f->rig, 100);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    start_audio(f);
    rig_run(&f->rig, 300);
    omsp_sim_peer_set_window(f->consumer.peer, 0);
    ck_assert_int_eq(omsp_stream_stop(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f->rig, 100);
}

START_TEST(a_start_while_the_last_connection_is_being_closed_is_carried_out)
{
    char before[OMSP_SID_CHARS + 1], after[OMSP_SID_CHARS + 1];
    struct fixture f;
    unsigned first;

    open_closing(&f);
    sid_of(&f, before);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    first = f.consumer.count;
    rig_run(&f.rig, 4000); /* the consumer never answers the close: 2 s */
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_nothing(&f.rig);
    sid_of(&f, after);
    ck_assert_str_ne(before, after);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_RUNNING);
    ck_assert_uint_eq(f.consumer.connections, 2);
    ck_assert_uint_gt(f.consumer.count, first + 10);
    ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 0);
    close_fixture(&f);
}
END_TEST

/* A stream of a call that was disconnected, before it is connected again. */
static void open_parted(struct fixture *f, unsigned ms)
{
    open_fixture(f, 60 * 8000);
    connect_fixture(f);
    fork_call(f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    rig_run(&f->rig, 100);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    start_audio(f);
    rig_run(&f->rig, 300);
    ck_assert_int_eq(omsp_call_disconnect(f->b, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    rig_run(&f->rig, ms);
    rig_expect_nothing(&f->rig);
}

START_TEST(a_start_before_the_call_is_connected_again_is_carried_out_then)
{
    char before[OMSP_SID_CHARS + 1], after[OMSP_SID_CHARS + 1];
    struct fixture f;
    unsigned first;

    open_parted(&f, 3000);
    sid_of(&f, before);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 3000);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(f.consumer.dials, 1);
    first = f.consumer.count;
    ck_assert_int_eq(omsp_call_connect(f.b), OMSP_OK);
    rig_run(&f.rig, 1000);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_nothing(&f.rig);
    sid_of(&f, after);
    ck_assert_str_ne(before, after);
    ck_assert_uint_eq(f.consumer.dials, 2);
    ck_assert_uint_gt(f.consumer.count, first + 10);
    ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 0);
    close_fixture(&f);
}
END_TEST

/* As above, but by a peer that is set, and before the consumer has heard of the end. */
START_TEST(a_start_before_the_call_has_a_peer_again_is_carried_out_then)
{
    struct omsp_addr local;
    struct fixture f;

    open_parted(&f, 0);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    omsp_call_local_addr(f.a, &local);
    ck_assert_int_eq(omsp_call_set_peer(f.b, &local, 0), OMSP_OK);
    rig_run(&f.rig, 1000);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(f.consumer.dials, 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    close_fixture(&f);
}
END_TEST

/* The far end of a call ends its media streams for good, and so does a stop. */
START_TEST(who_was_not_started_again_stays_stopped_when_the_call_is_connected_again)
{
    struct fixture f;

    for (int started = 0; started < 2; started++) {
        open_parted(&f, 3000);
        if (started) {
            ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
            ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        }
        ck_assert_int_eq(omsp_call_connect(f.b), OMSP_OK);
        rig_run(&f.rig, 1000);
        rig_expect_nothing(&f.rig);
        ck_assert_uint_eq(f.consumer.dials, 1);
        close_fixture(&f);
    }
}
END_TEST

static struct omsp_stream *make(struct fixture *f, const struct omsp_fork_options *options)
{
    struct omsp_stream *stream;
    int error;

    ck_assert_int_eq(omsp_call_fork(f->b, options, OMSP_CAUSE_LOCAL_REQUEST, &error, &stream),
                     OMSP_OK);
    rig_run(&f->rig, 100);
    ck_assert_int_eq(omsp_stream_get_actual(stream), OMSP_RUNNING);
    return stream;
}

/* One that was stopped, another in its place, and the first one started: only when the second is
 * stopped. */
static void take_turns(const struct omsp_fork_options *options, enum omsp_status refused)
{
    struct omsp_stream *first, *second;
    char before[OMSP_SID_CHARS + 1], after[OMSP_SID_CHARS + 1];
    struct omsp_fork_info info;
    struct fixture f;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    f.fork = first = make(&f, options);
    sid_of(&f, before);
    ck_assert_int_eq(omsp_stream_stop(first, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 100);
    second = make(&f, options);
    ck_assert_int_eq(omsp_stream_start(first, OMSP_CAUSE_LOCAL_REQUEST), refused);
    ck_assert_int_eq(omsp_stream_pause(first, OMSP_CAUSE_LOCAL_REQUEST), refused);
    ck_assert_int_eq(omsp_stream_stop(first, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_get_actual(first), OMSP_STOPPED);
    sid_of(&f, after);
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(omsp_stream_get_actual(second), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_start(second, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(second, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(first, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_get_actual(first), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_fork_info(second, &info), OMSP_OK);
    ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
    /* Also while the call is disconnected, though neither runs then. */
    ck_assert_int_eq(omsp_call_disconnect(f.b, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(second, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(second, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(first, OMSP_CAUSE_LOCAL_REQUEST), refused);
    ck_assert_int_eq(omsp_call_connect(f.b), OMSP_OK);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_get_actual(first), OMSP_STOPPED);
    ck_assert_int_eq(omsp_stream_get_actual(second), OMSP_RUNNING);
    while ((int)rig_event(&f.rig).kind >= 0)
        ;
    omsp_stream_release(second);
    close_fixture(&f);
}

START_TEST(who_is_started_again_does_not_share_its_name)
{
    take_turns(
        &(struct omsp_fork_options){.url = FORK_URL, .name = "one", .tracks = OMSP_TRACK_INBOUND},
        OMSP_EXISTS);
}
END_TEST

START_TEST(who_is_started_again_is_not_the_second_that_speaks)
{
    take_turns(&(struct omsp_fork_options){.url = FORK_URL,
                                           .tracks = OMSP_TRACK_INBOUND,
                                           .bidirectional = true},
               OMSP_EXISTS);
}
END_TEST

START_TEST(who_is_started_again_has_no_track_beyond_four)
{
    const struct omsp_fork_options both = {.url = FORK_URL,
                                           .tracks = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND};
    struct omsp_stream *others[2];
    struct fixture f;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    f.fork = make(&f, &both);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 100);
    others[0] = make(&f, &both);
    others[1] = make(&f, &both);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_FULL);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_STOPPED);
    ck_assert_int_eq(omsp_stream_stop(others[1], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_RUNNING);
    while ((int)rig_event(&f.rig).kind >= 0)
        ;
    omsp_stream_release(others[0]);
    omsp_stream_release(others[1]);
    close_fixture(&f);
}
END_TEST

/* Who answers the callback that tells of the end, before anybody else can have heard of it. */
static int start_anew(void *ctx, const struct omsp_sim_http_request *request, uint64_t *delay_us)
{
    struct fixture *f = ctx;

    (void)delay_us;
    if (strstr(request->body, "stream-error")) {
        ck_assert_int_eq(omsp_stream_stop(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert_int_eq(omsp_stream_start(f->fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    }
    return 200;
}

START_TEST(a_start_while_an_end_is_told_is_not_ended_by_it)
{
    char before[OMSP_SID_CHARS + 1], after[OMSP_SID_CHARS + 1];
    struct fixture f;

    open_fixture(&f, 60 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    rig_run(&f.rig, 100);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    sid_of(&f, before);
    omsp_sim_http_set_server(f.rig.sim, start_anew, &f);
    send_close(&f.consumer, 1000);
    rig_run(&f.rig, 4000);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_nothing(&f.rig);
    sid_of(&f, after);
    ck_assert_str_ne(before, after);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_RUNNING);
    ck_assert_uint_eq(f.consumer.connections, 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 2);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 1);
    close_fixture(&f);
}
END_TEST

OMSP_SUITE("fork_again", TEST(who_is_started_again_does_not_share_its_name),
           TEST(who_is_started_again_is_not_the_second_that_speaks),
           TEST(who_is_started_again_has_no_track_beyond_four),
           TEST(a_start_while_the_last_connection_is_being_closed_is_carried_out),
           TEST(a_start_before_the_call_is_connected_again_is_carried_out_then),
           TEST(a_start_before_the_call_has_a_peer_again_is_carried_out_then),
           TEST(who_was_not_started_again_stays_stopped_when_the_call_is_connected_again),
           TEST(a_start_while_an_end_is_told_is_not_ended_by_it))
