/* The WebSocket terminal in simulated time: its connection found, stopped and paused by its name or
 * SID. */
#include "support/listener.h"

START_TEST(it_is_found_by_name_but_no_stream_of_the_call_s_list)
{
    struct fixture f;
    struct omsp_stream *found, *all[4];

    open_fixture(&f);
    ck_assert_int_eq(omsp_websocket_set(f.socket, OMSP_WEBSOCKET_NAME, "listener"), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_add_param(f.socket, "who", "me"), OMSP_OK);
    connect_fixture(&f);
    select_on(&f, f.render);
    rig_run(&f.rig, 100);
    ck_assert_uint_eq(omsp_call_stream_count(f.b), 2);
    ck_assert_uint_eq(omsp_call_forks(f.b, all, 4), 1);
    found = omsp_call_find_fork(f.b, "listener");
    ck_assert_ptr_eq(found, all[0]);
    ck_assert_int_eq(omsp_stream_select(found, f.socket), OMSP_BAD_TERMINAL);
    omsp_stream_release(found);
    omsp_stream_release(all[0]);
    ck_assert_uint_eq(sim_connection_count(nth(&f, 0), "\"customParameters\":{\"who\":\"me\"}"), 1);
    close_fixture(&f);
}
END_TEST

START_TEST(stopped_by_its_sid_it_stops_the_streams_that_have_nothing_else)
{
    struct fixture f;
    struct omsp_stream *media;
    uint32_t call;

    open_fixture(&f);
    select_on(&f, f.render);
    ck_assert_int_eq(omsp_stream_select(f.capture, f.socket), OMSP_OK);
    {
        struct omsp_terminal *player, *track;

        player = rig_player(&f.rig, "in.wav", &track);
        ck_assert_int_eq(omsp_stream_select(f.capture, track), OMSP_OK);
        omsp_terminal_release(track);
        omsp_terminal_release(player);
    }
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_ptr_nonnull(media = omsp_websocket_stream(f.socket, &call));
    ck_assert_int_eq(omsp_stream_stop(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    expect_state(&f, f.render, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST);
    expect_terminal(&f, f.capture, OMSP_TERMINAL_FAIL, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK,
                    f.socket);
    rig_expect_nothing(&f.rig);
    ck_assert(!omsp_terminal_in_use(f.socket));
    ck_assert_int_eq(omsp_stream_get_actual(f.capture), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_stop(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_WRONG_STATE);
    rig_run(&f.rig, 500);
    rig_expect_nothing(&f.rig);
    sim_connection_judge(nth(&f, 0), BOTH, true);
    /* A pause that ends is not a reason to call again, but the application's own start is. */
    ck_assert_int_eq(omsp_stream_pause(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 1);
    ck_assert_int_eq(omsp_stream_stop(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.count, 2);
    sim_connection_judge(nth(&f, 1), BOTH, false);
    omsp_stream_release(media);
    drain(&f);
    close_fixture(&f);
}
END_TEST

/* The fixture with a player beside the terminal on b's capture stream, connected and heard, and the
 * connection stopped by its SID. */
struct stopped {
    struct fixture f;
    struct omsp_terminal *player, *track;
    struct omsp_stream *media;
};

static void open_stopped(struct stopped *s, bool on_render)
{
    uint32_t call;

    open_fixture(&s->f);
    if (on_render)
        select_on(&s->f, s->f.render);
    select_on(&s->f, s->f.capture);
    s->player = rig_player(&s->f.rig, "in.wav", &s->track);
    ck_assert_int_eq(omsp_stream_select(s->f.capture, s->track), OMSP_OK);
    connect_fixture(&s->f);
    rig_run(&s->f.rig, 500);
    ck_assert_ptr_nonnull(s->media = omsp_websocket_stream(s->f.socket, &call));
    ck_assert_int_eq(omsp_stream_stop(s->media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
}

static void close_stopped(struct stopped *s)
{
    omsp_stream_release(s->media);
    omsp_terminal_release(s->track);
    omsp_terminal_release(s->player);
    drain(&s->f);
    close_fixture(&s->f);
}

START_TEST(taken_off_a_stream_after_a_stop_by_its_sid_it_hears_that_stream_no_more)
{
    struct stopped s;

    open_stopped(&s, true);
    ck_assert_int_eq(omsp_stream_unselect(s.f.capture, s.f.socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(s.f.capture), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_start(s.f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&s.f.rig, 500);
    sim_connection_judge(nth(&s.f, 1), OMSP_TRACK_INBOUND, false);
    ck_assert_uint_ge(sim_connection_media(nth(&s.f, 1), OMSP_TRACK_INBOUND), 20);
    ck_assert_uint_eq(sim_connection_media(nth(&s.f, 1), OMSP_TRACK_OUTBOUND), 0);
    /* Beside the player again it is a track of the next connection. */
    select_on(&s.f, s.f.capture);
    rig_run(&s.f.rig, 500);
    sim_connection_judge(nth(&s.f, 2), BOTH, false);
    ck_assert_uint_ge(sim_connection_media(nth(&s.f, 2), OMSP_TRACK_OUTBOUND), 20);
    close_stopped(&s);
}
END_TEST

START_TEST(a_stream_that_its_sid_stopped_dials_by_its_own_start)
{
    struct stopped s;
    struct omsp_fork_info info;

    open_stopped(&s, true);
    /* A pause of the stream that went on has no part in it. */
    ck_assert_int_eq(omsp_stream_pause(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&s.f.rig, 500);
    ck_assert_uint_eq(s.f.consumer.count, 1);
    ck_assert(!omsp_terminal_in_use(s.f.socket));
    /* The stream that was stopped is alone on the next connection, and ends it. */
    ck_assert_int_eq(omsp_stream_start(s.f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert(omsp_terminal_in_use(s.f.socket));
    rig_run(&s.f.rig, 500);
    ck_assert_uint_eq(s.f.consumer.count, 2);
    ck_assert_uint_ge(sim_connection_media(nth(&s.f, 1), OMSP_TRACK_INBOUND), 20);
    ck_assert_uint_eq(sim_connection_media(nth(&s.f, 1), OMSP_TRACK_OUTBOUND), 0);
    ck_assert_int_eq(omsp_stream_stop(s.f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(state_of(&s.f, &info), OMSP_FORK_STOPPED);
    ck_assert_int_eq(omsp_stream_start(s.f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&s.f.rig, 500);
    /* The other joins it when it was stopped and started, too. */
    ck_assert_int_eq(omsp_stream_stop(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&s.f.rig, 500);
    ck_assert_uint_eq(s.f.consumer.count, 3);
    sim_connection_judge(nth(&s.f, 2), BOTH, false);
    ck_assert_uint_ge(sim_connection_media(nth(&s.f, 2), OMSP_TRACK_OUTBOUND), 20);
    close_stopped(&s);
}
END_TEST

START_TEST(one_that_its_sid_stopped_does_not_keep_a_stream_going)
{
    struct stopped s;

    open_stopped(&s, false);
    ck_assert_int_eq(omsp_stream_pause(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(s.f.capture, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    drain(&s.f);
    ck_assert_int_eq(omsp_terminal_break(s.track, OMSP_NODEVICE), OMSP_OK);
    expect_terminal(&s.f, s.f.capture, OMSP_TERMINAL_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE,
                    s.track);
    expect_terminal(&s.f, s.f.capture, OMSP_STREAM_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE,
                    s.track);
    rig_expect_nothing(&s.f.rig);
    close_stopped(&s);
}
END_TEST

START_TEST(paused_by_its_sid_only_the_connection_pauses)
{
    struct fixture f;
    struct omsp_stream *media;
    unsigned inbound;
    uint32_t call;

    open_fixture(&f);
    select_on(&f, f.render);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    ck_assert_ptr_nonnull(media = omsp_websocket_stream(f.socket, &call));
    ck_assert_int_eq(omsp_stream_pause(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    rig_run(&f.rig, 5);
    inbound = sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND);
    /* What the stream does meanwhile does not open it. */
    ck_assert_int_eq(omsp_stream_pause(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), inbound);
    ck_assert_int_eq(omsp_stream_start(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 0), OMSP_TRACK_INBOUND), inbound + 24);
    sim_connection_judge(nth(&f, 0), OMSP_TRACK_INBOUND, false);
    omsp_stream_release(media);
    drain(&f);
    close_fixture(&f);
}
END_TEST

OMSP_SUITE("terminal_websocket_sid", TEST(it_is_found_by_name_but_no_stream_of_the_call_s_list),
           TEST(stopped_by_its_sid_it_stops_the_streams_that_have_nothing_else),
           TEST(taken_off_a_stream_after_a_stop_by_its_sid_it_hears_that_stream_no_more),
           TEST(a_stream_that_its_sid_stopped_dials_by_its_own_start),
           TEST(one_that_its_sid_stopped_does_not_keep_a_stream_going),
           TEST(paused_by_its_sid_only_the_connection_pauses))
