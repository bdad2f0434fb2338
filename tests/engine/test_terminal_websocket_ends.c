/* The WebSocket terminal in simulated time: what is told when its connection fails, and what is
 * left when it ends at a bad moment. */
#include "support/listener.h"

START_TEST(a_refused_connection_fails_its_streams_and_the_next_start_tries_again)
{
    struct fixture f;
    struct omsp_fork_info info;

    open_fixture(&f);
    f.consumer.dial = OMSP_SIM_REFUSE;
    select_on(&f, f.render);
    select_on(&f, f.capture);
    rig_connect(f.a, f.b);
    drain(&f);
    rig_run(&f.rig, 100);
    expect_failure(&f, f.render, OMSP_UNREACHABLE);
    expect_failure(&f, f.capture, OMSP_UNREACHABLE);
    rig_expect_nothing(&f.rig);
    ck_assert(!omsp_terminal_in_use(f.socket));
    ck_assert_int_eq(omsp_websocket_last(f.socket), OMSP_UNREACHABLE);
    ck_assert_int_eq(state_of(&f, &info), OMSP_FORK_STOPPED);
    ck_assert_int_eq(info.last_error, OMSP_FORK_REFUSED);
    f.consumer.dial = OMSP_SIM_ACCEPT;
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(f.consumer.count, 0);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_websocket_last(f.socket), OMSP_OK);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 20);
    close_fixture(&f);
}
END_TEST

START_TEST(each_way_to_fail_has_its_status)
{
    static const struct {
        enum omsp_sim_dial dial;
        bool refuse;
        enum omsp_status status;
        int number;
    } ways[] = {
        {OMSP_SIM_REFUSE, false, OMSP_UNREACHABLE, OMSP_FORK_REFUSED},
        {OMSP_SIM_SILENT, false, OMSP_TIMEOUT, OMSP_FORK_TIMEOUT},
        {OMSP_SIM_TLS_FAIL, false, OMSP_ACCESS, OMSP_FORK_TLS},
        {OMSP_SIM_ACCEPT, true, OMSP_UNREACHABLE, OMSP_FORK_HANDSHAKE},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct fixture f;
        struct omsp_fork_info info;

        open_fixture(&f);
        connect_fixture(&f);
        f.consumer.dial = ways[i].dial;
        f.consumer.refuse = ways[i].refuse;
        select_on(&f, f.render);
        expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
        rig_run(&f.rig, 6000);
        expect_failure(&f, f.render, ways[i].status);
        rig_expect_nothing(&f.rig);
        state_of(&f, &info);
        ck_assert_int_eq(info.last_error, ways[i].number);
        ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_OK);
        rig_expect_nothing(&f.rig);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_consumer_that_closes_harms_no_other_terminal)
{
    struct fixture f;
    struct omsp_terminal *recorder, *track, *second;
    static int16_t pcm[8 * 8000];

    open_fixture(&f);
    second = make_socket(&f);
    recorder = rig_recorder(&f.rig, "out.wav", &track);
    ck_assert_int_eq(omsp_stream_select(f.render, track), OMSP_OK);
    select_on(&f, f.render);
    ck_assert_int_eq(omsp_stream_select(f.render, second), OMSP_OK);
    connect_fixture(&f);
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(f.consumer.count, 2);
    sim_connection_close(nth(&f, 0));
    rig_run(&f.rig, 1000);
    expect_terminal(&f, f.render, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_IO, f.socket);
    rig_expect_nothing(&f.rig);
    ck_assert(!omsp_terminal_in_use(f.socket));
    ck_assert(omsp_terminal_in_use(second));
    ck_assert_int_eq(omsp_stream_get_actual(f.render), OMSP_RUNNING);
    sim_connection_judge(nth(&f, 1), OMSP_TRACK_INBOUND, false);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 1), OMSP_TRACK_INBOUND), 95);
    /* It is tried again by whatever starts the stream next. */
    ck_assert_int_eq(omsp_stream_stop(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 4);
    ck_assert(omsp_terminal_in_use(f.socket));
    omsp_file_stop(recorder);
    rig_run(&f.rig, 100);
    ck_assert_uint_ge(rig_get_wav(&f.rig, "out.wav", pcm, 8 * 8000), 8000 * 24 / 10);
    drain(&f);
    omsp_terminal_release(second);
    omsp_terminal_release(track);
    omsp_terminal_release(recorder);
    close_fixture(&f);
}
END_TEST

START_TEST(a_stream_that_lost_it_does_not_keep_the_next_connection)
{
    struct fixture f;
    struct omsp_terminal *recorder, *track;

    open_fixture(&f);
    recorder = rig_recorder(&f.rig, "out.wav", &track);
    ck_assert_int_eq(omsp_stream_select(f.render, track), OMSP_OK);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    omsp_sim_peer_break(nth(&f, 0)->peer);
    rig_run(&f.rig, 100);
    expect_terminal(&f, f.render, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_IO, f.socket);
    expect_failure(&f, f.capture, OMSP_IO);
    /* The capture stream dials anew; the render stream runs on without, and has no part in it. */
    ck_assert_int_eq(omsp_stream_start(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 1), OMSP_TRACK_INBOUND), 0);
    ck_assert_int_eq(omsp_stream_stop(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, 1), BOTH, true);
    drain(&f);
    omsp_terminal_release(track);
    omsp_terminal_release(recorder);
    close_fixture(&f);
}
END_TEST

START_TEST(the_last_of_several_that_fails_fails_the_stream)
{
    struct fixture f;
    struct omsp_terminal *second;

    open_fixture(&f);
    second = make_socket(&f);
    select_on(&f, f.render);
    ck_assert_int_eq(omsp_stream_select(f.render, second), OMSP_OK);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    omsp_sim_peer_break(nth(&f, 1)->peer);
    rig_run(&f.rig, 100);
    expect_terminal(&f, f.render, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_IO, second);
    rig_expect_nothing(&f.rig);
    omsp_sim_peer_break(nth(&f, 0)->peer);
    rig_run(&f.rig, 100);
    expect_failure(&f, f.render, OMSP_IO);
    rig_expect_nothing(&f.rig);
    ck_assert_int_eq(omsp_stream_get_actual(f.render), OMSP_STOPPED);
    omsp_terminal_release(second);
    close_fixture(&f);
}
END_TEST

START_TEST(one_lost_while_held_is_told_and_dialled_when_the_hold_ends)
{
    struct fixture f;
    char sdp[2048];
    size_t need;
    char *line;

    open_fixture(&f);
    select_on(&f, f.render);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_call_local_sdp(f.a, sdp, sizeof(sdp), &need), OMSP_OK);
    line = strstr(sdp, "a=sendrecv");
    ck_assert_ptr_nonnull(line);
    memcpy(line, "a=inactive", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, sdp, strlen(sdp)), OMSP_OK);
    drain(&f);
    omsp_sim_peer_break(nth(&f, 0)->peer);
    rig_run(&f.rig, 100);
    expect_terminal(&f, f.render, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_IO, f.socket);
    rig_expect_nothing(&f.rig);
    memcpy(line, "a=sendrecv", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, sdp, strlen(sdp)), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    close_fixture(&f);
}
END_TEST

/* ---- ends at bad moments --------------------------------------------------------------------- */

START_TEST(unselect_while_dialling_lets_the_dial_go)
{
    struct fixture f;

    open_fixture(&f);
    connect_fixture(&f);
    f.consumer.dial = OMSP_SIM_SILENT;
    select_on(&f, f.render);
    rig_run(&f.rig, 100);
    ck_assert_int_eq(omsp_stream_unselect(f.render, f.socket), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 6000);
    rig_expect_nothing(&f.rig);
    ck_assert_int_eq(omsp_websocket_last(f.socket), OMSP_OK);
    close_fixture(&f);
}
END_TEST

START_TEST(shutdown_while_dialling_and_while_running_leaves_nothing)
{
    for (unsigned ms = 0; ms < 3; ms++) {
        struct fixture f;

        open_fixture(&f);
        f.consumer.dial = ms ? OMSP_SIM_ACCEPT : OMSP_SIM_SILENT;
        select_on(&f, f.render);
        select_on(&f, f.capture);
        connect_fixture(&f);
        rig_run(&f.rig, ms * ms * 100);
        ck_assert_int_eq(omsp_call_shutdown(f.b), OMSP_OK);
        ck_assert(!omsp_terminal_in_use(f.socket));
        drain(&f);
        rig_run(&f.rig, 6000);
        rig_expect_nothing(&f.rig);
        if (ms == 2)
            sim_connection_judge(nth(&f, 0), BOTH, true);
        ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_URL, "ws://127.0.0.1/"),
                         OMSP_OK); /* free again */
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_terminal_released_while_selected_lives_until_it_is_not)
{
    struct fixture f;

    open_fixture(&f);
    connect_fixture(&f);
    select_on(&f, f.render);
    omsp_terminal_release(f.socket);
    f.socket = NULL;
    rig_run(&f.rig, 500);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), 20);
    close_fixture(&f);
}
END_TEST

OMSP_SUITE("terminal_websocket_ends",
           TEST(a_refused_connection_fails_its_streams_and_the_next_start_tries_again),
           TEST(each_way_to_fail_has_its_status),
           TEST(a_consumer_that_closes_harms_no_other_terminal),
           TEST(a_stream_that_lost_it_does_not_keep_the_next_connection),
           TEST(the_last_of_several_that_fails_fails_the_stream),
           TEST(one_lost_while_held_is_told_and_dialled_when_the_hold_ends),
           TEST(unselect_while_dialling_lets_the_dial_go),
           TEST(shutdown_while_dialling_and_while_running_leaves_nothing),
           TEST(a_terminal_released_while_selected_lives_until_it_is_not))
