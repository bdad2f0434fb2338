/*
 * The WebSocket terminal in simulated time: what of its streams reaches the consumer, over how many
 * connections, and what is told when one fails.
 */
#include "support/call_rig.h"
#include "support/sim_consumer.h"
#include "support/suite.h"

#include "base/alloc.h"

#include <string.h>

#define URL  "ws://127.0.0.1:9000/listen"
#define BOTH (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND)

struct fixture {
    struct rig rig;
    struct sim_consumer consumer;
    struct omsp_call *a, *b;              /* b is where the terminals are */
    struct omsp_stream *render, *capture; /* of b */
    struct omsp_stream *far;              /* a's capture stream, which speaks */
    struct omsp_terminal *player, *track; /* on it */
    struct omsp_terminal *socket;
};

static struct omsp_terminal *make_socket(struct fixture *f)
{
    struct omsp_terminal *socket;

    ck_assert_int_eq(omsp_websocket_create(f->rig.address, &socket), OMSP_OK);
    ck_assert_int_eq(omsp_websocket_set(socket, OMSP_WEBSOCKET_URL, URL), OMSP_OK);
    return socket;
}

static void drain(struct fixture *f)
{
    while ((int)rig_event(&f->rig).kind != -1)
        ;
}

static void open_fixture(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    rig_open(&f->rig, 11);
    sim_consumer_open(&f->consumer, f->rig.sim, 9000);
    rig_put_tone(&f->rig, "in.wav", 60 * 8000, NULL);
    f->a = rig_call(&f->rig);
    f->b = rig_call(&f->rig);
    f->render = rig_stream(f->b, OMSP_RENDER);
    f->capture = rig_stream(f->b, OMSP_CAPTURE);
    f->far = rig_stream(f->a, OMSP_CAPTURE);
    f->player = rig_player(&f->rig, "in.wav", &f->track);
    ck_assert_int_eq(omsp_stream_select(f->far, f->track), OMSP_OK);
    f->socket = make_socket(f);
    drain(f);
}

static void connect_fixture(struct fixture *f)
{
    rig_connect(f->a, f->b);
    drain(f);
}

static void close_fixture(struct fixture *f)
{
    omsp_terminal_release(f->socket);
    omsp_terminal_release(f->track);
    omsp_terminal_release(f->player);
    omsp_stream_release(f->far);
    omsp_stream_release(f->render);
    omsp_stream_release(f->capture);
    omsp_call_release(f->a);
    omsp_call_release(f->b);
    rig_close(&f->rig);
    sim_consumer_free(&f->consumer);
}

static void expect_terminal(struct fixture *f, struct omsp_stream *stream,
                            enum omsp_call_event type, enum omsp_cause cause,
                            enum omsp_status error, struct omsp_terminal *terminal)
{
    struct omsp_event event = rig_event(&f->rig);

    ck_assert_int_eq(event.kind, OMSP_EVENT_CALL);
    ck_assert_int_eq(event.type, type);
    ck_assert_int_eq(event.cause, cause);
    ck_assert_int_eq(event.error, error);
    ck_assert_uint_eq(event.stream, omsp_stream_id(stream));
    ck_assert_uint_eq(event.terminal, omsp_terminal_id(terminal));
}

static void expect_state(struct fixture *f, struct omsp_stream *stream, enum omsp_call_event type,
                         enum omsp_cause cause)
{
    expect_terminal(f, stream, type, cause, OMSP_OK, f->socket);
}

static void select_on(struct fixture *f, struct omsp_stream *stream)
{
    ck_assert_int_eq(omsp_stream_select(stream, f->socket), OMSP_OK);
}

static struct sim_connection *nth(struct fixture *f, unsigned number)
{
    ck_assert_uint_lt(number, f->consumer.count);
    return f->consumer.connections[number];
}

static enum omsp_fork_state state_of(struct fixture *f, struct omsp_fork_info *info)
{
    uint32_t call;
    struct omsp_stream *stream = omsp_websocket_stream(f->socket, &call);

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(call, omsp_call_id(f->b));
    ck_assert_int_eq(omsp_stream_fork_info(stream, info), OMSP_OK);
    omsp_stream_release(stream);
    return info->state;
}

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

/* ---- failures -------------------------------------------------------------------------------- */

static void expect_failure(struct fixture *f, struct omsp_stream *stream, enum omsp_status error)
{
    expect_terminal(f, stream, OMSP_TERMINAL_FAIL, OMSP_CAUSE_CONNECT_FAIL, error, f->socket);
    expect_terminal(f, stream, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, error, f->socket);
}

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

/* ---- by SID ---------------------------------------------------------------------------------- */

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
    media = omsp_websocket_stream(f.socket, &call);
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

START_TEST(taken_off_a_stream_after_a_stop_by_its_sid_it_hears_that_stream_no_more)
{
    struct fixture f;
    struct omsp_terminal *player, *track;
    struct omsp_stream *media;
    uint32_t call;

    open_fixture(&f);
    select_on(&f, f.render);
    select_on(&f, f.capture);
    player = rig_player(&f.rig, "in.wav", &track);
    ck_assert_int_eq(omsp_stream_select(f.capture, track), OMSP_OK);
    connect_fixture(&f);
    rig_run(&f.rig, 500);
    media = omsp_websocket_stream(f.socket, &call);
    ck_assert_int_eq(omsp_stream_stop(media, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_unselect(f.capture, f.socket), OMSP_OK);
    ck_assert_int_eq(omsp_stream_get_actual(f.capture), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_start(f.render, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, 1), OMSP_TRACK_INBOUND, false);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 1), OMSP_TRACK_INBOUND), 20);
    ck_assert_uint_eq(sim_connection_media(nth(&f, 1), OMSP_TRACK_OUTBOUND), 0);
    /* Beside the player again it is a track of the next connection. */
    select_on(&f, f.capture);
    rig_run(&f.rig, 500);
    sim_connection_judge(nth(&f, 2), BOTH, false);
    ck_assert_uint_ge(sim_connection_media(nth(&f, 2), OMSP_TRACK_OUTBOUND), 20);
    omsp_stream_release(media);
    omsp_terminal_release(track);
    omsp_terminal_release(player);
    drain(&f);
    close_fixture(&f);
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
    media = omsp_websocket_stream(f.socket, &call);
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
           TEST(a_refused_connection_fails_its_streams_and_the_next_start_tries_again),
           TEST(each_way_to_fail_has_its_status),
           TEST(a_consumer_that_closes_harms_no_other_terminal),
           TEST(a_stream_that_lost_it_does_not_keep_the_next_connection),
           TEST(the_last_of_several_that_fails_fails_the_stream),
           TEST(one_lost_while_held_is_told_and_dialled_when_the_hold_ends),
           TEST(unselect_while_dialling_lets_the_dial_go),
           TEST(shutdown_while_dialling_and_while_running_leaves_nothing),
           TEST(a_terminal_released_while_selected_lives_until_it_is_not),
           TEST(it_is_found_by_name_but_no_stream_of_the_call_s_list),
           TEST(stopped_by_its_sid_it_stops_the_streams_that_have_nothing_else),
           TEST(taken_off_a_stream_after_a_stop_by_its_sid_it_hears_that_stream_no_more),
           TEST(paused_by_its_sid_only_the_connection_pauses),
           TEST(it_is_selected_on_streams_of_one_call_once_each),
           TEST(what_is_no_address_is_not_selected_and_selected_properties_are_fixed),
           TEST(a_name_in_use_and_a_fifth_track_fail_to_connect),
           TEST(two_calls_at_once_do_not_mix),
           TEST(every_failing_allocation_is_told_and_harms_nothing))
