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

OMSP_SUITE("fork_again", TEST(a_start_while_the_last_connection_is_being_closed_is_carried_out),
           TEST(a_start_before_the_call_is_connected_again_is_carried_out_then),
           TEST(a_start_before_the_call_has_a_peer_again_is_carried_out_then),
           TEST(who_was_not_started_again_stays_stopped_when_the_call_is_connected_again))
