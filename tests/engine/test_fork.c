/*
 * Media streams in simulated time: a call's audio to a scripted WebSocket consumer, message by
 * message (spec twilio-streams 2.2-2.7, acceptance list 6).
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "engine/objects.h"
#include "media/g711.h"
#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(connected_start_media_stop_in_this_order_and_numbered)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    struct omsp_fork_info info;
    uint64_t timestamp = 0;

    open_fixture(&f, 3 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, "first", NULL);
    rig_run(&f.rig, 50);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    start_audio(&f);
    rig_run(&f.rig, 2000);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 500);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_ge(c->count, 100);
    ck_assert_str_eq(c->messages[0].text,
                     "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
    ck_assert_ptr_nonnull(
        strstr(c->messages[1].text, "{\"event\":\"start\",\"sequenceNumber\":\"1\""));
    ck_assert_ptr_nonnull(strstr(c->messages[1].text, "\"tracks\":[\"inbound\"]"));
    ck_assert_ptr_nonnull(strstr(c->messages[1].text, omsp_call_sid(f.b)));
    ck_assert_ptr_nonnull(strstr(c->messages[1].text, "\"one\":\"1\""));
    for (unsigned i = 2; i + 1 < c->count; i++) {
        const char *text = c->messages[i].text;

        ck_assert(is_media(&c->messages[i]));
        ck_assert_uint_eq(number(text, "sequenceNumber"), i);
        ck_assert_uint_eq(number(text, "chunk"), i - 1);
        if (i > 2)
            ck_assert_uint_eq(number(text, "timestamp"), timestamp + 20);
        timestamp = number(text, "timestamp");
        ck_assert_uint_eq(timestamp % 20, 0);
    }
    ck_assert_ptr_nonnull(strstr(c->messages[c->count - 1].text, "{\"event\":\"stop\""));
    ck_assert_uint_eq(number(c->messages[c->count - 1].text, "sequenceNumber"), c->count - 1);
    ck_assert(c->closed);
    ck_assert_uint_eq(c->close_code, 1000);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
    ck_assert_uint_eq(info.frames_sent, c->count - 3);
    ck_assert_uint_eq(info.frames_dropped, 0);
    ck_assert_int_eq(info.last_error, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(payloads_are_the_wire_s_codes_byte_for_byte)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    size_t sample = 0;

    open_fixture(&f, 2 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 50);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 3000);
    for (unsigned i = 2; i < c->count && sample < 2 * 8000; i++) {
        const char *payload = strstr(c->messages[i].text, "\"payload\":\"");
        uint8_t codes[160];
        size_t len;

        ck_assert_ptr_nonnull(payload);
        ck_assert_int_eq(omsp_base64_decode(payload + 11, 216, codes, sizeof(codes), &len),
                         OMSP_OK);
        ck_assert_uint_eq(len, 160);
        for (size_t k = 0; k < 160 && sample < 2 * 8000; k++, sample++)
            ck_assert_uint_eq(codes[k], omsp_ulaw_from_linear(f.source[sample]));
    }
    ck_assert_uint_eq(sample, 2 * 8000);
    close_fixture(&f);
}
END_TEST

START_TEST(the_upgrade_is_what_was_captured_and_signed)
{
    struct fixture f;
    char expected[64] = "";
    uint8_t digest[OMSP_SHA1_BYTES];
    static const char signed_url[] = "wss://127.0.0.1:9000/listen";

    open_fixture(&f, 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 50);
    omsp_hmac_sha1("12345", 5, signed_url, strlen(signed_url), digest);
    omsp_base64_encode(expected, digest, sizeof(digest));
    ck_assert_ptr_nonnull(strstr(f.consumer.request, "GET /listen HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(f.consumer.request, expected));
    ck_assert_ptr_nonnull(find_text(f.consumer.request, "user-agent: Twilio.TmeWs/1.0\r\n"));
    ck_assert_ptr_null(find_text(f.consumer.request, "origin"));
    ck_assert_ptr_null(find_text(f.consumer.request, "extensions"));
    ck_assert_ptr_null(find_text(f.consumer.request, "protocol:"));
    close_fixture(&f);
}
END_TEST

START_TEST(callbacks_tell_started_then_stopped_once_each)
{
    struct fixture f;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, "n", FORK_CALLBACK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 1);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 0);
    close_fixture(&f);
}
END_TEST

static int refuse_later(void *ctx, const struct omsp_sim_http_request *request, uint64_t *delay_us)
{
    (void)ctx, (void)request;
    *delay_us = 300000;
    return 500;
}

static void keep_line(void *ctx, enum omsp_log_level level, const char *line)
{
    (void)level;
    if (!strncmp(line, "11200", 5))
        snprintf(ctx, 256, "%s", line);
}

START_TEST(a_callback_that_is_refused_is_logged_with_the_sid_that_it_told)
{
    struct fixture f;
    struct omsp_fork_info before, after;
    char line[256] = "";

    open_fixture(&f, 8000);
    omsp_sim_http_set_server(f.rig.sim, refuse_later, NULL);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, "n", FORK_CALLBACK);
    rig_run(&f.rig, 500);
    omsp_stream_fork_info(f.fork, &before);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 100);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    omsp_log_set(keep_line, line, OMSP_LOG_WARNING);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    omsp_stream_fork_info(f.fork, &after);
    ck_assert_str_ne(after.sid, before.sid);
    rig_run(&f.rig, 250);
    omsp_log_set(NULL, NULL, OMSP_LOG_ERROR);
    ck_assert_ptr_nonnull(strstr(line, "status callback answered 500"));
    ck_assert_msg(strstr(line, before.sid) != NULL, "%s: not of %s", line, before.sid);
    close_fixture(&f);
}
END_TEST

START_TEST(a_refused_upgrade_is_31920_and_one_error_callback)
{
    struct fixture f;
    struct omsp_fork_info info;

    open_fixture(&f, 8000);
    f.consumer.refuse = 403;
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    rig_run(&f.rig, 500);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_UNREACHABLE);
    rig_expect_nothing(&f.rig);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.last_error, OMSP_FORK_HANDSHAKE);
    ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 1);
    ck_assert_uint_eq(count_callbacks(&f, "stream-st"), 0);
    close_fixture(&f);
}
END_TEST

START_TEST(a_port_that_refuses_is_31902)
{
    struct fixture f;
    struct omsp_fork_options options = {.url = "ws://127.0.0.1:9999/",
                                        .tracks = OMSP_TRACK_INBOUND};
    struct omsp_fork_info info;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 500);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.last_error, OMSP_FORK_REFUSED);
    close_fixture(&f);
}
END_TEST

START_TEST(stop_while_connecting_cancels_the_dial)
{
    struct fixture f;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1000);
    rig_expect_nothing(&f.rig);
    ck_assert_uint_eq(f.consumer.count, 0);
    ck_assert_uint_le(omsp_sim_http_count(f.rig.sim), 1);
    close_fixture(&f);
}
END_TEST

START_TEST(a_consumer_that_closes_ends_the_stream_and_not_the_call)
{
    struct fixture f;
    struct omsp_fork_info info;
    uint8_t code[2] = {0x03, 0xe8};

    open_fixture(&f, 3 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, FORK_CALLBACK);
    rig_run(&f.rig, 100);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 300);
    send_frame(&f.consumer, OMSP_WS_CLOSE, code, 2);
    rig_run(&f.rig, 300);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    rig_expect_nothing(&f.rig);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.last_error, OMSP_FORK_CLOSED);
    ck_assert_uint_eq(count_callbacks(&f, "stream-error"), 1);
    ck_assert_int_eq(omsp_stream_get_actual(f.send), OMSP_RUNNING);
    close_fixture(&f);
}
END_TEST

START_TEST(a_reader_that_stalls_loses_the_oldest_audio_and_gets_the_stop)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    struct omsp_fork_info info;
    uint64_t last = 0, jumps = 0;
    unsigned i = 2;

    open_fixture(&f, 20 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 100);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 500);
    omsp_sim_peer_set_window(c->peer, 0);
    rig_run(&f.rig, 10000);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_gt(info.frames_dropped, 100);
    ck_assert_int_eq(info.last_error, OMSP_FORK_OVERFLOW);
    ck_assert_uint_le(info.queue_ms, 1000);
    omsp_sim_peer_set_window(c->peer, SIZE_MAX);
    rig_run(&f.rig, 1000);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    for (; i + 1 < c->count; i++) {
        uint64_t timestamp = number(c->messages[i].text, "timestamp");

        ck_assert_uint_eq(number(c->messages[i].text, "sequenceNumber"), i);
        if (i > 2) {
            ck_assert_uint_gt(timestamp, last);
            jumps += timestamp != last + 20;
        }
        last = timestamp;
    }
    ck_assert_uint_eq(jumps, 1);
    ck_assert_ptr_nonnull(strstr(c->messages[i].text, "\"event\":\"stop\""));
    close_fixture(&f);
}
END_TEST

START_TEST(pause_stops_the_media_keeps_the_socket_and_jumps_the_timestamp)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    unsigned before;
    uint64_t last, first;

    open_fixture(&f, 20 * 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, NULL, NULL);
    rig_run(&f.rig, 100);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 500);
    ck_assert_int_eq(omsp_stream_pause(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 10);
    before = c->count;
    last = number(c->messages[before - 1].text, "timestamp");
    rig_run(&f.rig, 1000);
    ck_assert_uint_eq(c->count, before);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&f.rig, f.fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_uint_gt(c->count, before);
    first = number(c->messages[before].text, "timestamp");
    ck_assert_uint_ge(first, last + 1000);
    ck_assert_uint_le(first, last + 1060);
    ck_assert_uint_eq(c->connections, 1);
    close_fixture(&f);
}
END_TEST

START_TEST(both_tracks_number_their_chunks_apart_and_never_go_back)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    uint64_t chunk[2] = {0, 0}, timestamp[2] = {0, 0};

    open_fixture(&f, 5 * 8000);
    connect_fixture(&f);
    {
        struct omsp_fork_options options = {.url = FORK_URL,
                                            .tracks = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND};

        ck_assert_int_eq(omsp_call_fork(f.a, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                         OMSP_OK);
    }
    rig_run(&f.rig, 100);
    rig_event(&f.rig);
    rig_event(&f.rig);
    start_audio(&f);
    rig_run(&f.rig, 1000);
    for (unsigned i = 2; i < c->count; i++) {
        int track = strstr(c->messages[i].text, "\"track\":\"outbound\"") != NULL;

        ck_assert_uint_eq(number(c->messages[i].text, "chunk"), ++chunk[track]);
        if (chunk[track] > 1)
            ck_assert_uint_eq(number(c->messages[i].text, "timestamp"), timestamp[track] + 20);
        timestamp[track] = number(c->messages[i].text, "timestamp");
    }
    ck_assert_uint_ge(chunk[1], 49);
    close_fixture(&f);
}
END_TEST

START_TEST(limits_names_and_options_are_checked)
{
    struct fixture f;
    struct omsp_fork_options options = {.url = "ws://127.0.0.1:9999/", .tracks = 3, .name = "x"};
    struct omsp_stream *more[3];
    int error;

    open_fixture(&f, 8000);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_WRONG_STATE);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &more[0]),
                     OMSP_EXISTS);
    options.name = NULL;
    options.tracks = OMSP_TRACK_INBOUND;
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &more[0]),
                     OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &more[1]),
                     OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &more[2]),
                     OMSP_FULL);
    ck_assert_int_eq(omsp_stream_stop(more[1], OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &more[2]),
                     OMSP_OK);
    options.url = "http://127.0.0.1/";
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_INVALID);
    ck_assert_int_eq(error, OMSP_FORK_BAD_SCHEME);
    options.url = "ws://192.0.2.1/";
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_INVALID);
    ck_assert_int_eq(error, OMSP_FORK_BAD_SCHEME);
    options.url = "no url";
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_INVALID);
    ck_assert_int_eq(error, OMSP_FORK_BAD_URL);
    options.url = FORK_URL;
    options.tracks = 4;
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                     OMSP_INVALID);
    ck_assert_int_eq(error, OMSP_FORK_BAD_TRACK);
    for (int i = 0; i < 3; i++)
        omsp_stream_release(more[i]);
    rig_run(&f.rig, 100);
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f);
}
END_TEST

START_TEST(found_by_sid_in_any_case_and_by_name)
{
    struct fixture f;
    struct omsp_fork_info info;
    struct omsp_stream *found;
    struct omsp_call *call;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, "my stream", NULL);
    omsp_stream_fork_info(f.fork, &info);
    for (char *p = info.sid + 2; *p; p++)
        *p = (char)(*p >= 'a' && *p <= 'f' ? *p - 32 : *p);
    found = omsp_call_find_fork(f.b, info.sid);
    ck_assert_ptr_eq(found, f.fork);
    omsp_stream_release(found);
    found = omsp_call_find_fork(f.b, "my stream");
    ck_assert_ptr_eq(found, f.fork);
    omsp_stream_release(found);
    ck_assert_ptr_null(omsp_call_find_fork(f.b, "other"));
    call = omsp_engine_find_call(f.rig.engine, omsp_call_sid(f.b));
    ck_assert_ptr_eq(call, f.b);
    omsp_call_release(call);
    ck_assert_ptr_null(omsp_engine_find_call(f.rig.engine, "CA00000000000000000000000000000000"));
    omsp_call_shutdown(f.b);
    ck_assert_ptr_null(omsp_engine_find_call(f.rig.engine, omsp_call_sid(f.b)));
    close_fixture(&f);
}
END_TEST

/* As while a device of it hangs: this thread would wait for itself. */
START_TEST(a_call_is_found_while_an_address_hangs)
{
    struct omsp_call *call;
    struct fixture f;

    open_fixture(&f, 8000);
    omsp_lock_acquire(&f.rig.address->lock);
    call = omsp_engine_find_call(f.rig.engine, omsp_call_sid(f.b));
    omsp_lock_release(&f.rig.address->lock);
    ck_assert_ptr_eq(call, f.b);
    omsp_call_release(call);
    close_fixture(&f);
}
END_TEST

START_TEST(a_bidirectional_consumer_is_heard_and_its_marks_are_echoed_when_played)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .bidirectional = true};
    struct omsp_fork_info info;
    struct omsp_call_stats stats;
    uint8_t codes[800];
    char text[1600], payload[OMSP_BASE64_CHARS(800) + 1] = "";
    bool echoed = false;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 100);
    omsp_stream_fork_info(f.fork, &info);
    memset(codes, 0x10, sizeof(codes));
    omsp_base64_encode(payload, codes, sizeof(codes));
    snprintf(text, sizeof(text),
             "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"%s\"}}", info.sid,
             payload);
    send_frame(c, OMSP_WS_TEXT, text, strlen(text));
    snprintf(text, sizeof(text),
             "{\"event\":\"mark\",\"streamSid\":\"%s\",\"mark\":{\"name\":\"done\"}}", info.sid);
    send_frame(c, OMSP_WS_TEXT, text, strlen(text));
    rig_run(&f.rig, 60);
    for (unsigned i = 0; i < c->count; i++)
        ck_assert_ptr_null(strstr(c->messages[i].text, "\"event\":\"mark\""));
    rig_run(&f.rig, 300);
    for (unsigned i = 0; i < c->count; i++)
        echoed |= strstr(c->messages[i].text, "\"mark\":{\"name\":\"done\"}") != NULL;
    ck_assert(echoed);
    omsp_call_get_stats(f.b, &stats);
    ck_assert_uint_ge(stats.frames_played, 5);
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f);
}
END_TEST
OMSP_SUITE("fork", TEST(connected_start_media_stop_in_this_order_and_numbered),
           TEST(payloads_are_the_wire_s_codes_byte_for_byte),
           TEST(the_upgrade_is_what_was_captured_and_signed),
           TEST(callbacks_tell_started_then_stopped_once_each),
           TEST(a_callback_that_is_refused_is_logged_with_the_sid_that_it_told),
           TEST(a_refused_upgrade_is_31920_and_one_error_callback),
           TEST(a_port_that_refuses_is_31902), TEST(stop_while_connecting_cancels_the_dial),
           TEST(a_consumer_that_closes_ends_the_stream_and_not_the_call),
           TEST(a_reader_that_stalls_loses_the_oldest_audio_and_gets_the_stop),
           TEST(pause_stops_the_media_keeps_the_socket_and_jumps_the_timestamp),
           TEST(both_tracks_number_their_chunks_apart_and_never_go_back),
           TEST(limits_names_and_options_are_checked), TEST(found_by_sid_in_any_case_and_by_name),
           TEST(a_call_is_found_while_an_address_hangs),
           TEST(a_bidirectional_consumer_is_heard_and_its_marks_are_echoed_when_played))
