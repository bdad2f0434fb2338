/*
 * The WebSocket terminal in simulated time: what of its streams reaches the consumer, over how many
 * connections, and what is refused. Its ends are test_terminal_websocket_ends.c's, other doors to
 * its connection test_terminal_websocket_sid.c's.
 */
#include "support/listener.h"

#include "base/alloc.h"

START_TEST(on_the_render_stream_it_hears_the_far_end)
{
    struct fixture f;
    struct omsp_fork_info info;

    open_fixture(&f);
    connect_fixture(&f);
    ck_assert(!omsp_terminal_in_use(f.socket));
    select_on(&f, f.render);
    ck_assert(omsp_terminal_in_use(f.socket));
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(state_of(&f, &info), OMSP_FORK_OPEN);
    ck_assert_uint_eq(info.tracks, OMSP_TRACK_INBOUND);
    ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    ck_assert(!omsp_terminal_in_use(f.socket));
    rig_run(&f.rig, 500);
    ck_assert_int_eq(state_of(&f, &info), OMSP_FORK_STOPPED);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, true);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 45);
    rig_expect_nothing(&f.rig);
    close_fixture(&f);
}
END_TEST

START_TEST(on_the_capture_stream_it_hears_what_is_sent)
{
    struct fixture f;

    open_fixture(&f);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_stream_unselect(f.far, f.track), OMSP_OK);
    drain(&f);
    ck_assert_int_eq(omsp_stream_select(f.capture, f.track), OMSP_OK);
    drain(&f);
    select_on(&f, f.capture);
    rig_expect_nothing(&f.rig); /* it runs already */
    rig_run(&f.rig, 1000);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_OUTBOUND, false);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_OUTBOUND), 45);
    /* Without it the stream goes on with the file. */
    ck_assert_int_eq(omsp_stream_unselect(f.capture, f.socket), OMSP_OK);
    rig_expect_nothing(&f.rig);
    ck_assert_int_eq(omsp_stream_get_actual(f.capture), OMSP_RUNNING);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_OUTBOUND, true);
    close_fixture(&f);
}
END_TEST

START_TEST(both_streams_are_two_tracks_of_one_connection)
{
    struct fixture f;
    struct omsp_fork_info info;

    open_fixture(&f);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    ck_assert(!omsp_terminal_in_use(f.socket));
    rig_run(&f.rig, 100);
    ck_assert_uint_eq(f.consumer.count, 0); /* no call yet */
    rig_expect_nothing(&f.rig);
    rig_connect(f.a, f.b);
    drain(&f);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(state_of(&f, &info), OMSP_FORK_OPEN);
    ck_assert_uint_eq(info.tracks, BOTH);
    ck_assert_uint_eq(f.consumer.count, 1);
    ck_assert_int_eq(omsp_call_disconnect(f.b, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    expect_state(&f, f.capture, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(nth(&f, 0), BOTH, true);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 45);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_OUTBOUND), 45);
    close_fixture(&f);
}
END_TEST

START_TEST(a_second_stream_selected_while_dialling_joins_the_connection)
{
    struct fixture f;

    open_fixture(&f);
    connect_fixture(&f);
    select_on(&f, f.capture);
    select_on(&f, f.render);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(nth(&f, 0), BOTH, false);
    close_fixture(&f);
}
END_TEST

START_TEST(a_second_stream_selected_later_makes_a_new_connection_of_both_tracks)
{
    struct fixture f;
    struct omsp_fork_info before, after;

    open_fixture(&f);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_NAME, "kept"), OMSP_OK);
    connect_fixture(&f);
    select_on(&f, f.render);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    state_of(&f, &before);
    select_on(&f, f.capture);
    expect_state(&f, f.capture, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    rig_expect_nothing(&f.rig); /* the render stream is not touched */
    state_of(&f, &after);
    ck_assert_str_ne(before.sid, after.sid);
    ck_assert_str_eq(after.name, "kept");
    ck_assert_uint_eq(f.consumer.count, 2);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, true);
    sim_connection_judge(nth(&f, 1), BOTH, false);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 1), OMSP_TRACK_INBOUND), 20);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 1), OMSP_TRACK_OUTBOUND), 20);
    /* One less is no reason for another. */
    ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    sim_connection_judge(nth(&f, 1), BOTH, false);
    ck_assert_uint_le(sim_connection_media(nth(&f, 1), OMSP_TRACK_INBOUND), 27);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 1), OMSP_TRACK_OUTBOUND), 45);
    close_fixture(&f);
}
END_TEST

START_TEST(pause_holds_the_track_and_its_timestamp_jumps)
{
    struct fixture f;
    struct sim_connection *c;
    unsigned inbound, outbound;
    uint64_t last, next;

    open_fixture(&f);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_stream_pause(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 5); /* what was under way */
    c = nth(&f, 0);
    inbound = sim_connection_media(c, OMSP_TRACK_INBOUND);
    outbound = sim_connection_media(c, OMSP_TRACK_OUTBOUND);
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(sim_connection_media(c, OMSP_TRACK_INBOUND), inbound);
    ck_assert_uint_ge(sim_connection_media(c, OMSP_TRACK_OUTBOUND), outbound + 48);
    ck_assert(omsp_terminal_in_use(f.socket));
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    last = sim_message_number(sim_connection_nth(c, OMSP_TRACK_INBOUND, inbound - 1), "timestamp");
    next = sim_message_number(sim_connection_nth(c, OMSP_TRACK_INBOUND, inbound), "timestamp");
    ck_assert_uint_ge(next, last + 1000);
    ck_assert_uint_le(next, last + 1080);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(c, BOTH, false);
    close_fixture(&f);
}
END_TEST

START_TEST(stop_of_one_stream_leaves_the_other_track_and_the_connection)
{
    struct fixture f;
    struct sim_connection *c;
    unsigned inbound, outbound;

    open_fixture(&f);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_stream_stop(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    expect_state(&f, f.capture, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 5);
    c = nth(&f, 0);
    inbound = sim_connection_media(c, OMSP_TRACK_INBOUND);
    outbound = sim_connection_media(c, OMSP_TRACK_OUTBOUND);
    rig_run(&f.rig, 500);
    ck_assert_uint_ge(sim_connection_media(c, OMSP_TRACK_INBOUND), inbound + 24);
    ck_assert_uint_eq(sim_connection_media(c, OMSP_TRACK_OUTBOUND), outbound);
    ck_assert_int_eq(omsp_stream_start(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    expect_state(&f, f.capture, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    ck_assert_uint_ge(sim_connection_media(c, OMSP_TRACK_OUTBOUND), outbound + 24);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(c, BOTH, false);
    /* The last one that stops ends it; a start begins another. */
    ck_assert_int_eq(omsp_stream_stop(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert(!omsp_terminal_in_use(f.socket));
    drain(&f);
    rig_run(&f.rig, 500);
    sim_connection_judge(c, BOTH, true);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    sim_connection_judge(nth(&f, 1), BOTH, false);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 1), OMSP_TRACK_OUTBOUND), 0);
    close_fixture(&f);
}
END_TEST

START_TEST(stop_and_start_at_once_is_another_connection)
{
    struct fixture f;

    open_fixture(&f);
    select_on(&f, f.render);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(omsp_stream_stop(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
        expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
        rig_run(&f.rig, 500);
        rig_expect_nothing(&f.rig);
        ck_assert_uint_eq(f.consumer.count, (unsigned)i + 2);
        sim_connection_judge(nth(&f, (unsigned)i), OMSP_TRACK_INBOUND, true);
        sim_connection_judge(nth(&f, (unsigned)i + 1), OMSP_TRACK_INBOUND, false);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(hold_keeps_the_connection)
{
    struct fixture f;
    char sdp[2048];
    size_t need;
    char *line;
    unsigned inbound;

    open_fixture(&f);
    select_on(&f, f.render);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_call_local_sdp(f.a, sdp, sizeof(sdp), &need), OMSP_OK);
    line = strstr(sdp, "a=sendrecv");
    ck_assert_ptr_nonnull(line);
    memcpy(line, "a=inactive", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, sdp, strlen(sdp)), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    rig_run(&f.rig, 5);
    inbound = sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND);
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), inbound);
    memcpy(line, "a=sendrecv", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, sdp, strlen(sdp)), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    rig_run(&f.rig, 500);
    ck_assert_uint_gt(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), inbound + 20);
    ck_assert_uint_eq(f.consumer.count, 1);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, false);
    /* Stopped while it is held, it ends. */
    memcpy(line, "a=inactive", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, sdp, strlen(sdp)), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, true);
    close_fixture(&f);
}
END_TEST

START_TEST(a_stream_stopped_before_the_call_dials_when_it_is_started)
{
    struct fixture f;

    open_fixture(&f);
    ck_assert_int_eq(omsp_stream_stop(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    select_on(&f, f.render);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 0);
    ck_assert_int_eq(omsp_stream_pause(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 1);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 0);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 1);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 20);
    close_fixture(&f);
}
END_TEST

/* ---- rules ----------------------------------------------------------------------------------- */

START_TEST(it_is_selected_on_streams_of_one_call_once_each)
{
    struct fixture f;
    struct omsp_terminal *listed[2];
    struct omsp_stream *other;

    open_fixture(&f);
    ck_assert_int_eq(omsp_terminal_get_kind(f.socket), OMSP_TERMINAL_WEBSOCKET);
    ck_assert_int_eq(omsp_terminal_direction(f.socket), OMSP_BIDIRECTIONAL);
    ck_assert_uint_eq(omsp_terminal_media(f.socket), OMSP_MEDIA_AUDIO);
    ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_BAD_TERMINAL);
    select_on(&f, f.render);
    ck_assert_int_eq(omsp_stream_select(f.render, f.socket), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_unselect(f.capture, f.socket), OMSP_BAD_TERMINAL);
    other = rig_stream(f.a, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_select(f.far, f.socket), OMSP_TERMINAL_IN_USE);
    ck_assert_int_eq(omsp_stream_select(other, f.socket), OMSP_TERMINAL_IN_USE);
    omsp_stream_release(other);
    select_on(&f, f.capture);
    ck_assert_uint_eq(omsp_stream_terminals(f.capture, listed, 2), 1);
    ck_assert_ptr_eq(listed[0], f.socket);
    omsp_terminal_release(listed[0]);
    ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_unselect(f.capture, f.socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.far, f.socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_unselect(f.far, f.socket), OMSP_OK);
    close_fixture(&f);
}
END_TEST

START_TEST(what_is_no_address_is_not_selected_and_selected_properties_are_fixed)
{
    struct fixture f;
    char *text = NULL;

    open_fixture(&f);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_URL, NULL), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_get(f.socket, OMSP_WEBSOCKET_URL, &text), OMSP_OK);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(omsp_stream_select(f.render, f.socket), OMSP_INVALID);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_URL, "http://127.0.0.1/"),
                     OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.render, f.socket), OMSP_INVALID);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_URL, URL), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_METHOD, "PUT"), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.render, f.socket), OMSP_INVALID);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_METHOD, "GET"), OMSP_OK);
    for (int i = 0; i < OMSP_FORK_MAX_PARAMS; i++)
        ck_assert_int_eq(omsp_websocket_add_param(f.socket, "n", "v"), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_add_param(f.socket, "n", "v"), OMSP_FULL);
    select_on(&f, f.render);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_URL, NULL), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_websocket_add_param(f.socket, "n", "v"), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_websocket_get(f.socket, OMSP_WEBSOCKET_URL, &text), OMSP_OK);
    ck_assert_str_eq(text, URL);
    omsp_free(text);
    close_fixture(&f);
}
END_TEST

START_TEST(a_name_in_use_and_a_fifth_track_fail_to_connect)
{
    struct fixture f;
    struct omsp_terminal *more[3];

    open_fixture(&f);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_NAME, "one"), OMSP_OK);
    select_on(&f, f.render);
    drain(&f);
    for (int i = 0; i < 3; i++)
        more[i] = make_socket(&f);
    ck_assert_int_eq(omsp_websocket_set(more[0], OMSP_WEBSOCKET_NAME, "one"), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.render, more[0]), OMSP_EXISTS);
    expect_terminal(&f, f.render, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_EXISTS,
                    more[0]);
    rig_expect_nothing(&f.rig);
    ck_assert_int_eq(omsp_websocket_last(more[0]), OMSP_EXISTS);
    ck_assert_int_eq(omsp_websocket_set(more[0], OMSP_WEBSOCKET_NAME, "two"), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.render, more[0]), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.render, more[1]), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(f.capture, more[1]), OMSP_OK);
    drain(&f);
    /* Four tracks: whether asked for by a new terminal or by one that has a track. */
    ck_assert_int_eq(omsp_stream_select(f.render, more[2]), OMSP_MAX_TERMINALS);
    ck_assert_int_eq(omsp_stream_select(f.capture, f.socket), OMSP_MAX_TERMINALS);
    rig_run(&f.rig, 500);
    drain(&f);
    ck_assert_int_eq(omsp_stream_select(f.capture, f.socket), OMSP_MAX_TERMINALS);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 3);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, false); /* it keeps what it has */
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 45);
    drain(&f);
    for (int i = 0; i < 3; i++)
        omsp_terminal_release(more[i]);
    close_fixture(&f);
}
END_TEST

START_TEST(two_calls_at_once_do_not_mix)
{
    struct fixture f;
    struct omsp_terminal *other;
    struct omsp_stream *render;

    open_fixture(&f);
    other = make_socket(&f);
    render = rig_stream(f.a, OMSP_RENDER);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    ck_assert_int_eq(omsp_stream_select(render, other), OMSP_OK);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        bool first = sim_connection_count(nth(&f, i), omsp_call_sid(f.b)) != 0;

        sim_connection_judge(nth(&f, i), first ? BOTH : OMSP_TRACK_INBOUND, false);
        ck_assert_uint_eq(sim_connection_count(nth(&f, i), omsp_call_sid(f.a)), first ? 0 : 1);
    }
    ck_assert_int_eq(omsp_call_shutdown(f.a), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert(omsp_terminal_in_use(f.socket));
    ck_assert(!omsp_terminal_in_use(other));
    drain(&f);
    omsp_stream_release(render);
    omsp_terminal_release(other);
    close_fixture(&f);
}
END_TEST

/* ---- allocation walk ------------------------------------------------------------------------- */

START_TEST(every_failing_allocation_is_told_and_harms_nothing)
{
    struct fixture f;
    bool hit = true;

    open_fixture(&f);
    connect_fixture(&f);
    for (long n = 0; hit && n < 200; n++) {
        struct omsp_terminal *socket = NULL;
        enum omsp_status status;

        omsp_test_fail_alloc(n);
        status = omsp_websocket_create(f.rig.address, &socket);
        if (!status)
            status = omsp_websocket_set(socket, OMSP_WEBSOCKET_URL, URL);
        if (!status)
            status = omsp_websocket_set(socket, OMSP_WEBSOCKET_NAME, "walk");
        if (!status)
            status = omsp_websocket_add_param(socket, "n", "v");
        if (!status)
            status = omsp_stream_select(f.render, socket);
        if (!status)
            status = omsp_stream_select(f.capture, socket);
        ck_assert(status == OMSP_OK || (status == OMSP_NOMEM && omsp_test_alloc_failed()));
        rig_run(&f.rig, 100);
        hit = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        omsp_stream_unselect(f.render, socket);
        omsp_stream_unselect(f.capture, socket);
        ck_assert(!socket || !omsp_terminal_in_use(socket));
        omsp_terminal_release(socket);
        rig_run(&f.rig, 100);
        drain(&f);
    }
    ck_assert(!hit);
    /* Its streams are as usable as before. */
    select_on(&f, f.render);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, f.consumer.count - 1), OMSP_TRACK_INBOUND, false);
    close_fixture(&f);
}
END_TEST

OMSP_SUITE("terminal_websocket", TEST(on_the_render_stream_it_hears_the_far_end),
           TEST(on_the_capture_stream_it_hears_what_is_sent),
           TEST(both_streams_are_two_tracks_of_one_connection),
           TEST(a_second_stream_selected_while_dialling_joins_the_connection),
           TEST(a_second_stream_selected_later_makes_a_new_connection_of_both_tracks),
           TEST(pause_holds_the_track_and_its_timestamp_jumps),
           TEST(stop_of_one_stream_leaves_the_other_track_and_the_connection),
           TEST(stop_and_start_at_once_is_another_connection), TEST(hold_keeps_the_connection),
           TEST(a_stream_stopped_before_the_call_dials_when_it_is_started),
           TEST(it_is_selected_on_streams_of_one_call_once_each),
           TEST(what_is_no_address_is_not_selected_and_selected_properties_are_fixed),
           TEST(a_name_in_use_and_a_fifth_track_fail_to_connect),
           TEST(two_calls_at_once_do_not_mix),
           TEST(every_failing_allocation_is_told_and_harms_nothing))
