/*
 * A media stream whose connection breaks is dialled again when that was asked for: same SID, the
 * media clock going on, nothing told to the application, one end in the end (docs/choices.md).
 * Simulated time.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "wire/websocket.h"

#include <string.h>

static void fork_redialing(struct fixture *f, int reconnects, unsigned tracks)
{
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = tracks, .callback_url = FORK_CALLBACK, .reconnects = reconnects};

    ck_assert_int_eq(omsp_call_fork(f->b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f->fork),
                     OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_NEW_STREAM, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f->rig, 100);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
}

/* A stream that has been sending for half a second. */
static void open_running(struct fixture *f, int reconnects)
{
    open_fixture(f, 60 * 8000);
    connect_fixture(f);
    fork_redialing(f, reconnects, OMSP_TRACK_INBOUND);
    start_audio(f);
    rig_run(&f->rig, 500);
}

static struct omsp_fork_info info_of(struct fixture *f)
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(f->fork, &info), OMSP_OK);
    return info;
}

static void expect_callbacks(struct fixture *f, unsigned started, unsigned stopped, unsigned error)
{
    ck_assert_uint_eq(count_callbacks(f, "stream-started"), started);
    ck_assert_uint_eq(count_callbacks(f, "stream-stopped"), stopped);
    ck_assert_uint_eq(count_callbacks(f, "stream-error"), error);
}

/* Every connection begins with connected and start and numbers its messages from 1; chunks and
 * timestamps go on over all of them; what the broken socket had taken is lost and counted. Answers
 * how long the longest hole was, in ms. */
static uint64_t check_messages(struct fixture *f)
{
    struct consumer *c = &f->consumer;
    const char *sid = info_of(f).sid;
    uint64_t sequence = 0, chunk = 0, last = 0, hole = 0;
    unsigned connection = 0;
    bool first = true;

    for (unsigned i = 0; i < c->count; i++) {
        const char *text = c->messages[i].text;

        if (c->messages[i].connection != connection) {
            connection = c->messages[i].connection;
            ck_assert_ptr_nonnull(strstr(text, "{\"event\":\"connected\""));
            ck_assert_uint_lt(++i, c->count);
            text = c->messages[i].text;
            ck_assert_ptr_nonnull(strstr(text, "{\"event\":\"start\",\"sequenceNumber\":\"1\""));
            ck_assert_ptr_nonnull(strstr(text, info_of(f).sid));
            sequence = 1;
            first = true;
            continue;
        }
        ck_assert_uint_eq(number(text, "sequenceNumber"), ++sequence);
        ck_assert_msg(strstr(text, info_of(f).sid) != NULL, "another SID than %s", sid);
        if (!is_media(&c->messages[i]))
            continue;
        ck_assert_uint_eq(number(text, "timestamp") % 20, 0);
        if (first && chunk)
            ck_assert_uint_le(number(text, "chunk"), chunk + 3);
        chunk = first && chunk ? number(text, "chunk") : chunk + 1;
        first = false;
        if (chunk > 1) {
            uint64_t step = number(text, "timestamp") - last;

            ck_assert_uint_ge(number(text, "timestamp"), last + 20);
            hole = step > hole ? step : hole;
        }
        last = number(text, "timestamp");
        ck_assert_uint_eq(number(text, "chunk"), chunk);
    }
    return hole;
}

START_TEST(without_the_option_a_broken_connection_is_the_end)
{
    struct fixture f;

    open_running(&f, 0);
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 3000);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_FAIL, OMSP_CAUSE_UNKNOWN, OMSP_IO);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(f.consumer.dials, 1);
    expect_callbacks(&f, 1, 0, 1);
    close_fixture(&f);
}
END_TEST

START_TEST(a_short_outage_loses_nothing_and_tells_nobody)
{
    struct fixture f;

    open_running(&f, 3);
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 2000);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(f.consumer.connections, 2);
    ck_assert_uint_eq(info_of(&f).reconnects, 1);
    ck_assert_int_eq(info_of(&f).state, OMSP_FORK_OPEN);
    ck_assert_int_eq(info_of(&f).last_error, OMSP_FORK_BROKEN);
    ck_assert_uint_eq(info_of(&f).frames_dropped, 0);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 300);
    /* What the old socket had swallowed is lost, at most a frame; the outage waited. */
    ck_assert_uint_le(check_messages(&f), 40);
    ck_assert_ptr_nonnull(strstr(f.consumer.messages[f.consumer.count - 1].text, "\"stop\""));
    expect_callbacks(&f, 1, 1, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(a_long_outage_jumps_the_clock_and_keeps_the_last_second)
{
    struct fixture f;
    uint64_t hole;

    open_running(&f, 10);
    f.consumer.answer = OMSP_SIM_REFUSE;
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 5000);
    rig_expect_nothing(&f.rig);
    ck_assert_int_eq(info_of(&f).state, OMSP_FORK_CONNECTING);
    ck_assert_int_eq(omsp_stream_get_actual(f.fork), OMSP_RUNNING);
    ck_assert_uint_eq(info_of(&f).queue_ms, 1000);
    f.consumer.answer = OMSP_SIM_ACCEPT;
    rig_run(&f.rig, 8000);
    ck_assert_uint_eq(f.consumer.connections, 2);
    ck_assert_uint_eq(info_of(&f).reconnects, 1);
    ck_assert_uint_gt(info_of(&f).frames_dropped, 100);
    ck_assert_int_ne(info_of(&f).last_error, OMSP_FORK_OVERFLOW);
    hole = check_messages(&f);
    ck_assert_uint_ge(hole, 4000);
    /* Besides what was dropped, what the broken socket had taken. */
    ck_assert_uint_ge(hole, (info_of(&f).frames_dropped + 1) * 20);
    ck_assert_uint_le(hole, (info_of(&f).frames_dropped + 3) * 20);
    expect_callbacks(&f, 1, 0, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(both_tracks_go_on_over_a_break)
{
    struct fixture f;
    uint64_t last[2] = {0, 0}, chunk[2] = {0, 0};
    unsigned connection[2] = {0, 0};

    open_fixture(&f, 10 * 8000);
    connect_fixture(&f);
    fork_redialing(&f, 1, OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND);
    start_audio(&f);
    for (int i = 0; i < 3; i++) {
        rig_run(&f.rig, 11000); /* steady: the count begins anew */
        omsp_sim_peer_break(f.consumer.peer);
    }
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(f.consumer.connections, 4);
    ck_assert_uint_eq(info_of(&f).reconnects, 3);
    for (unsigned i = 0; i < f.consumer.count; i++) {
        const char *text = f.consumer.messages[i].text;
        int track = strstr(text, "\"track\":\"outbound\"") != NULL;

        if (!is_media(&f.consumer.messages[i]))
            continue;
        if (f.consumer.messages[i].connection == connection[track])
            ck_assert_uint_eq(number(text, "chunk"), chunk[track] + 1);
        else
            ck_assert_uint_gt(number(text, "chunk"), chunk[track]);
        ck_assert(!chunk[track] || number(text, "timestamp") >= last[track] + 20);
        connection[track] = f.consumer.messages[i].connection;
        chunk[track] = number(text, "chunk");
        last[track] = number(text, "timestamp");
    }
    close_fixture(&f);
}
END_TEST

START_TEST(the_last_failure_is_one_error_and_one_event)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    uint64_t least = 125000;

    open_running(&f, 6);
    c->answer = OMSP_SIM_REFUSE;
    omsp_sim_peer_break(c->peer);
    rig_run(&f.rig, 40000);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_FAIL, OMSP_CAUSE_UNKNOWN, OMSP_UNREACHABLE);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(c->dials, 7);
    ck_assert_int_eq(info_of(&f).last_error, OMSP_FORK_REFUSED);
    ck_assert_int_eq(info_of(&f).state, OMSP_FORK_STOPPED);
    ck_assert_uint_eq(info_of(&f).queue_ms, 0);
    expect_callbacks(&f, 1, 0, 1);
    /* 250 ms at most, twice as long each time, never less than half; 8 s bound it. */
    for (unsigned i = 2; i < 7; i++) {
        uint64_t waited = c->dialed_us[i] - c->dialed_us[i - 1];

        least = least * 2 < 4000000 ? least * 2 : 4000000;
        ck_assert_uint_ge(waited, least);
        ck_assert_uint_le(waited, 2 * least + 1000);
    }
    close_fixture(&f);
}
END_TEST

static void check_ends(uint16_t code, int refuse, enum omsp_sim_dial answer, unsigned dials)
{
    struct fixture f;

    open_running(&f, 2);
    f.consumer.refuse = refuse;
    f.consumer.answer = answer;
    if (code)
        send_close(&f.consumer, code);
    else
        omsp_sim_peer_close(f.consumer.peer);
    rig_run(&f.rig, 20000);
    ck_assert_msg(f.consumer.dials == dials, "close %u, answer %d, dial %d: %u attempts", code,
                  refuse, (int)answer, f.consumer.dials - 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), refuse || answer || dials == 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 0);
    ck_assert_int_eq(info_of(&f).state,
                     refuse || answer || dials == 1 ? OMSP_FORK_STOPPED : OMSP_FORK_OPEN);
    close_fixture(&f);
}

START_TEST(what_means_no_ends_and_what_may_pass_is_tried_again)
{
    static const uint16_t no[] = {1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 4001},
                          passes[] = {0, 1001, 1011, 1012, 1013, 1014};

    for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        check_ends(no[i], 0, OMSP_SIM_ACCEPT, 1);
    for (unsigned i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
        check_ends(passes[i], 0, OMSP_SIM_ACCEPT, 2);
    check_ends(1001, 403, OMSP_SIM_ACCEPT, 2);
    check_ends(1001, 503, OMSP_SIM_ACCEPT, 3);
    check_ends(1001, 429, OMSP_SIM_ACCEPT, 3);
    check_ends(1001, 0, OMSP_SIM_TLS_FAIL, 2);
    check_ends(1001, 0, OMSP_SIM_SILENT, 3);
}
END_TEST

START_TEST(the_first_connection_is_tried_once)
{
    struct fixture f;
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .reconnects = 5};

    open_fixture(&f, 8000);
    f.consumer.answer = OMSP_SIM_REFUSE;
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 5000);
    ck_assert_uint_eq(f.consumer.dials, 1);
    rig_event(&f.rig);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_UNREACHABLE);
    options.reconnects = OMSP_FORK_MAX_RECONNECTS + 1;
    {
        struct omsp_stream *other;

        ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &other),
                         OMSP_INVALID);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(the_call_says_for_streams_that_do_not)
{
    for (int own = OMSP_FORK_RECONNECTS_OFF; own <= 1; own++) {
        struct fixture f;

        open_fixture(&f, 8000);
        connect_fixture(&f);
        ck_assert_int_eq(omsp_call_set_reconnects(f.b, OMSP_FORK_MAX_RECONNECTS + 1), OMSP_INVALID);
        ck_assert_int_eq(omsp_call_set_reconnects(f.b, 2), OMSP_OK);
        fork_redialing(&f, own, OMSP_TRACK_INBOUND);
        f.consumer.answer = OMSP_SIM_REFUSE;
        omsp_sim_peer_break(f.consumer.peer);
        rig_run(&f.rig, 10000);
        ck_assert_uint_eq(f.consumer.dials, own == 0 ? 3 : own == 1 ? 2 : 1);
        rig_event(&f.rig);
        close_fixture(&f);
    }
}
END_TEST

/* In ms after the break: before on_closed, while waiting, while dialling that nobody answers. */
START_TEST(a_stop_between_connections_works_at_once_and_is_told_once)
{
    static const unsigned after_ms[] = {0, 1, 60, 400, 2000};

    for (unsigned i = 0; i < sizeof(after_ms) / sizeof(after_ms[0]); i++) {
        struct fixture f;
        unsigned dials;

        open_running(&f, 50);
        f.consumer.answer = OMSP_SIM_SILENT;
        omsp_sim_peer_break(f.consumer.peer);
        rig_run(&f.rig, after_ms[i]);
        ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
        rig_run(&f.rig, 5);
        dials = f.consumer.dials;
        ck_assert_uint_eq(
            count_callbacks(&f, "stream-stopped") + count_callbacks(&f, "stream-error"), 1);
        rig_run(&f.rig, 20000);
        rig_expect_nothing(&f.rig);
        ck_assert_uint_eq(f.consumer.dials, dials);
        ck_assert_uint_eq(
            count_callbacks(&f, "stream-stopped") + count_callbacks(&f, "stream-error"), 1);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_call_that_ends_between_connections_leaves_nothing_behind)
{
    struct fixture f;

    open_running(&f, 50);
    f.consumer.answer = OMSP_SIM_REFUSE;
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 3000);
    omsp_call_disconnect(f.b, OMSP_CAUSE_LOCAL_REQUEST);
    rig_run(&f.rig, 100);
    ck_assert_int_eq(info_of(&f).state, OMSP_FORK_STOPPED);
    expect_callbacks(&f, 1, 1, 0);
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f); /* with the rig's check that nothing is left */
}
END_TEST

START_TEST(paused_while_it_was_away_it_comes_back_paused)
{
    struct fixture f;
    unsigned count;

    open_running(&f, 5);
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 1);
    ck_assert_int_eq(omsp_stream_pause(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 2000);
    ck_assert_uint_eq(f.consumer.connections, 2);
    ck_assert_int_eq(info_of(&f).state, OMSP_FORK_PAUSED);
    count = f.consumer.count;
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(f.consumer.count, count);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_gt(f.consumer.count, count);
    ck_assert_uint_ge(check_messages(&f), 2900);
    close_fixture(&f);
}
END_TEST

START_TEST(a_new_start_after_the_end_has_a_new_sid_and_a_clock_from_nought)
{
    struct fixture f;
    char before[OMSP_SID_CHARS + 1];
    unsigned first;

    open_running(&f, 1);
    omsp_sim_peer_break(f.consumer.peer);
    rig_run(&f.rig, 3000);
    memcpy(before, info_of(&f).sid, sizeof(before));
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    first = f.consumer.count;
    rig_run(&f.rig, 500);
    ck_assert_str_ne(info_of(&f).sid, before);
    ck_assert_uint_gt(f.consumer.count, first + 10);
    ck_assert_ptr_nonnull(strstr(f.consumer.messages[first + 1].text,
                                 "{\"event\":\"start\",\"sequenceNumber\":\"1\""));
    ck_assert_uint_eq(number(f.consumer.messages[first + 2].text, "chunk"), 1);
    ck_assert_uint_le(number(f.consumer.messages[first + 2].text, "timestamp"), 40);
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    expect_callbacks(&f, 2, 1, 0);
    close_fixture(&f);
}
END_TEST

OMSP_SUITE("fork_redial", TEST(without_the_option_a_broken_connection_is_the_end),
           TEST(a_short_outage_loses_nothing_and_tells_nobody),
           TEST(a_long_outage_jumps_the_clock_and_keeps_the_last_second),
           TEST(both_tracks_go_on_over_a_break), TEST(the_last_failure_is_one_error_and_one_event),
           TEST(what_means_no_ends_and_what_may_pass_is_tried_again),
           TEST(the_first_connection_is_tried_once), TEST(the_call_says_for_streams_that_do_not),
           TEST(a_stop_between_connections_works_at_once_and_is_told_once),
           TEST(a_call_that_ends_between_connections_leaves_nothing_behind),
           TEST(paused_while_it_was_away_it_comes_back_paused),
           TEST(a_new_start_after_the_end_has_a_new_sid_and_a_clock_from_nought))
