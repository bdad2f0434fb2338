/* Whole calls in simulated time: audio from file to file, and what is told about it. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "media/g711.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 8000

struct pair {
    struct rig rig;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear; /* a's capture, b's render */
    struct omsp_terminal *player, *play_track, *recorder, *record_track;
    int16_t *source;
};

static void pair_open(struct pair *pair, size_t samples)
{
    rig_open(&pair->rig, 1);
    pair->source = malloc(samples * sizeof(int16_t));
    rig_put_tone(&pair->rig, "in.wav", samples, pair->source);
    pair->a = rig_call(&pair->rig);
    pair->b = rig_call(&pair->rig);
    pair->send = rig_stream(pair->a, OMSP_CAPTURE);
    pair->hear = rig_stream(pair->b, OMSP_RENDER);
    pair->player = rig_player(&pair->rig, "in.wav", &pair->play_track);
    pair->recorder = rig_recorder(&pair->rig, "out.wav", &pair->record_track);
    rig_expect_file(&pair->rig, OMSP_MEDIA_ACTIVE, OMSP_FILE_NORMAL, OMSP_OK);
    rig_expect_file(&pair->rig, OMSP_MEDIA_ACTIVE, OMSP_FILE_NORMAL, OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(pair->send, pair->play_track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(pair->hear, pair->record_track), OMSP_OK);
    rig_expect_nothing(&pair->rig);
}

static void pair_connect(struct pair *pair)
{
    rig_connect(pair->a, pair->b);
    rig_expect_call(&pair->rig, pair->hear, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&pair->rig, pair->send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
}

static void pair_close(struct pair *pair)
{
    omsp_terminal_release(pair->play_track);
    omsp_terminal_release(pair->record_track);
    omsp_terminal_release(pair->player);
    omsp_terminal_release(pair->recorder);
    omsp_stream_release(pair->send);
    omsp_stream_release(pair->hear);
    omsp_call_release(pair->a);
    omsp_call_release(pair->b);
    free(pair->source);
    rig_close(&pair->rig);
}

/* What one G.711 pass makes of a sample. */
static int16_t pass(int16_t sample)
{
    return omsp_ulaw_to_linear(omsp_ulaw_from_linear(sample));
}

START_TEST(audio_goes_from_file_to_file_unharmed)
{
    struct pair pair;
    static int16_t heard[10 * SECOND];
    size_t count;

    pair_open(&pair, 3 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 4000);
    rig_expect_file(&pair.rig, OMSP_MEDIA_IDLE, OMSP_FILE_END, OMSP_OK);
    ck_assert_int_eq(omsp_file_stop(pair.recorder), OMSP_OK);
    rig_expect_file(&pair.rig, OMSP_MEDIA_IDLE, OMSP_FILE_NORMAL, OMSP_OK);
    rig_expect_nothing(&pair.rig);
    count = rig_get_wav(&pair.rig, "out.wav", heard, 10 * SECOND);
    ck_assert_uint_ge(count, 4 * SECOND - 320);
    ck_assert_uint_le(count, 4 * SECOND + 160);
    for (size_t i = 0; i < 3 * SECOND; i++)
        ck_assert_int_eq(heard[i], pass(pair.source[i]));
    pair_close(&pair);
}
END_TEST

START_TEST(statistics_count_what_went_over_the_wire)
{
    struct pair pair;
    struct omsp_call_stats sent, received;

    pair_open(&pair, 3 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 2000);
    omsp_call_get_stats(pair.a, &sent);
    omsp_call_get_stats(pair.b, &received);
    ck_assert_uint_ge(sent.packets_sent, 100);
    ck_assert_uint_le(sent.packets_sent, 101);
    ck_assert_uint_eq(sent.bytes_sent, sent.packets_sent * 160);
    ck_assert_uint_ge(received.packets_received + 1, sent.packets_sent);
    ck_assert_uint_eq(received.packets_lost, 0);
    ck_assert_uint_eq(received.packets_late + received.packets_duplicate, 0);
    ck_assert_uint_eq(received.codec, 0);
    rig_run(&pair.rig, 15000);
    omsp_call_get_stats(pair.a, &sent);
    ck_assert_uint_gt(sent.reports_sent, 0);
    ck_assert_uint_gt(sent.reports_received, 0);
    ck_assert_uint_gt(sent.round_trip_us, 0);
    pair_close(&pair);
}
END_TEST

START_TEST(a_stopped_stream_sends_nothing_and_a_started_one_at_once)
{
    struct pair pair;
    struct omsp_call_stats before, after;

    pair_open(&pair, 9 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 1010);
    ck_assert_int_eq(omsp_stream_stop(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    omsp_call_get_stats(pair.a, &before);
    rig_run(&pair.rig, 500);
    omsp_call_get_stats(pair.a, &after);
    ck_assert_uint_eq(before.packets_sent, after.packets_sent);
    ck_assert_int_eq(omsp_stream_start(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&pair.rig, 1); /* no waiting for a tick */
    omsp_call_get_stats(pair.a, &after);
    ck_assert_uint_eq(before.packets_sent + 1, after.packets_sent);
    rig_expect_nothing(&pair.rig);
    pair_close(&pair);
}
END_TEST

START_TEST(a_stop_and_a_start_of_the_recording_side_lose_only_what_lay_between)
{
    struct pair pair;
    static int16_t heard[10 * SECOND];
    size_t count, i = 0, k = 0;

    pair_open(&pair, 3 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 1010);
    ck_assert_int_eq(omsp_stream_stop(pair.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&pair.rig, 500);
    ck_assert_int_eq(omsp_stream_start(pair.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&pair.rig, 1000);
    ck_assert_int_eq(omsp_file_stop(pair.recorder), OMSP_OK);
    count = rig_get_wav(&pair.rig, "out.wav", heard, 10 * SECOND);
    ck_assert_uint_ge(count, 2 * SECOND - 320);
    ck_assert_uint_le(count, 2 * SECOND + 320);
    while (i < count && heard[i] == pass(pair.source[i]))
        i++;
    ck_assert_uint_ge(i, SECOND - 160);
    k = i + SECOND / 2; /* the second half: exactly half a second was left out */
    while (i < count && heard[i] == pass(pair.source[k])) {
        i++;
        k++;
    }
    ck_assert_uint_eq(i, count);
    pair_close(&pair);
}
END_TEST

START_TEST(a_stream_stopped_before_the_connect_stays_stopped)
{
    struct pair pair;

    pair_open(&pair, SECOND);
    ck_assert_int_eq(omsp_stream_stop(pair.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_connect(pair.a, pair.b);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&pair.rig, 100);
    rig_expect_nothing(&pair.rig);
    ck_assert_int_eq(omsp_stream_get_actual(pair.hear), OMSP_STOPPED);
    pair_close(&pair);
}
END_TEST

START_TEST(silence_of_the_peer_is_told_and_so_is_its_return)
{
    struct pair pair;

    pair_open(&pair, 9 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 500);
    ck_assert_int_eq(omsp_stream_pause(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&pair.rig, 900);
    rig_expect_nothing(&pair.rig);
    rig_run(&pair.rig, 200);
    rig_expect_call(&pair.rig, pair.hear, OMSP_STREAM_INACTIVE, OMSP_CAUSE_MEDIA_TIMEOUT, OMSP_OK);
    rig_run(&pair.rig, 3000);
    rig_expect_nothing(&pair.rig);
    ck_assert_int_eq(omsp_stream_start(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&pair.rig, 50);
    rig_expect_call(&pair.rig, pair.hear, OMSP_STREAM_ACTIVE, OMSP_CAUSE_MEDIA_RECOVERED, OMSP_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(a_new_offer_that_holds_stops_the_capture_side)
{
    struct pair pair;
    char sdp[2048], *at;
    size_t need;

    pair_open(&pair, 9 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 300);
    ck_assert_int_eq(omsp_call_local_sdp(pair.b, sdp, sizeof(sdp), &need), OMSP_OK);
    at = strstr(sdp, "a=sendrecv");
    ck_assert_ptr_nonnull(at);
    memcpy(at, "a=sendonly", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(pair.a, sdp, strlen(sdp)), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    rig_expect_nothing(&pair.rig);
    memcpy(at, "a=sendrecv", 10);
    ck_assert_int_eq(omsp_call_set_remote_sdp(pair.a, sdp, strlen(sdp)), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(loss_is_concealed_in_place)
{
    struct pair pair;
    struct omsp_sim_link link = {.delay_us = 5000, .loss_ppm = 50000};
    struct omsp_call_stats stats;
    static int16_t heard[10 * SECOND];
    size_t count;

    pair_open(&pair, 5 * SECOND);
    ck_assert_int_eq(omsp_sim_set_link(pair.rig.sim, NULL, NULL, &link), OMSP_OK);
    pair_connect(&pair);
    rig_run(&pair.rig, 5000);
    ck_assert_int_eq(omsp_file_stop(pair.recorder), OMSP_OK);
    omsp_call_get_stats(pair.b, &stats);
    ck_assert_uint_gt(stats.packets_lost, 3);
    ck_assert_uint_eq(stats.frames_concealed, stats.packets_lost);
    /* Nothing is shifted: at the end the samples stand where they would without loss. */
    count = rig_get_wav(&pair.rig, "out.wav", heard, 10 * SECOND);
    ck_assert_uint_ge(count, 5 * SECOND - 800);
    pair_close(&pair);
}
END_TEST

START_TEST(a_full_disk_ends_the_recording_and_leaves_it_playable)
{
    struct pair pair;
    static int16_t heard[10 * SECOND];
    size_t count;

    pair_open(&pair, 5 * SECOND);
    omsp_sim_set_disk_room(pair.rig.sim, 2 * 2 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 4000);
    rig_expect_file(&pair.rig, OMSP_MEDIA_IDLE, OMSP_FILE_WRITE_ERROR, OMSP_NOSPACE);
    rig_expect_nothing(&pair.rig);
    ck_assert_int_eq(omsp_file_state(pair.recorder), OMSP_MEDIA_IDLE);
    ck_assert_int_eq(omsp_stream_get_actual(pair.hear), OMSP_RUNNING);
    count = rig_get_wav(&pair.rig, "out.wav", heard, 10 * SECOND);
    ck_assert_uint_ge(count, 2 * SECOND - 2000);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(heard[i], pass(pair.source[i]));
    pair_close(&pair);
}
END_TEST

START_TEST(the_file_is_whole_up_to_the_last_second_at_any_moment)
{
    struct pair pair;
    static int16_t heard[10 * SECOND];

    pair_open(&pair, 5 * SECOND);
    pair_connect(&pair);
    for (unsigned ms = 100; ms <= 4000; ms += 100) {
        size_t count;

        rig_run(&pair.rig, 100);
        count = rig_get_wav(&pair.rig, "out.wav", heard, 10 * SECOND);
        ck_assert_uint_ge(count + SECOND, (size_t)ms * 8);
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(heard[i], pass(pair.source[i]));
    }
    pair_close(&pair);
}
END_TEST

struct aim {
    struct omsp_addr last; /* where the call's RTP went last */
    uint16_t from;
};

static void watch(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                  const void *data, size_t len)
{
    struct aim *aim = ctx;

    if (from->port == aim->from && len == 172 && ((const uint8_t *)data)[1] < 128)
        aim->last = *to;
}

/* A call whose peer was told as `told` and that hears one packet from `from`: where does it send?
 */
static struct omsp_addr aimed_at(const char *told, const char *from)
{
    uint8_t packet[172] = {0x80, 0x00, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};
    struct aim aim = {.from = 20000};
    struct omsp_addr local, peer, source;
    struct omsp_terminal *player, *track;
    struct omsp_stream *capture;
    struct omsp_call *call;
    struct rig rig;

    rig_open(&rig, 3);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:20000", &local), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse(told, &peer), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse(from, &source), OMSP_OK);
    omsp_sim_set_tap(rig.sim, watch, &aim);
    rig_put_tone(&rig, "in.wav", SECOND, NULL);
    call = rig_call(&rig);
    capture = rig_stream(call, OMSP_CAPTURE);
    player = rig_player(&rig, "in.wav", &track);
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(capture, track), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(call, &peer, 0), OMSP_OK);
    rig_run(&rig, 100);
    ck_assert_int_eq(omsp_sim_inject(rig.sim, &source, &local, packet, sizeof(packet)), OMSP_OK);
    rig_run(&rig, 100);
    omsp_stream_release(capture);
    omsp_terminal_release(track);
    omsp_terminal_release(player);
    omsp_call_release(call);
    rig_close(&rig);
    return aim.last;
}

START_TEST(media_goes_where_it_was_told_or_where_a_translator_shows_the_peer)
{
    struct omsp_addr expected;

    /* Another port alone: some send from one and receive on another. */
    expected = aimed_at("127.0.0.2:5000", "127.0.0.2:6000");
    ck_assert_uint_eq(expected.port, 5000);
    /* Another address: behind a translator. */
    expected = aimed_at("127.0.0.2:5000", "127.0.0.3:6000");
    ck_assert_uint_eq(expected.port, 6000);
    ck_assert_uint_eq(expected.ip[3], 3);
    /* Nobody told: whoever sends first. */
    expected = aimed_at("0.0.0.0:9", "127.0.0.3:6000");
    ck_assert_uint_eq(expected.port, 6000);
}
END_TEST

START_TEST(a_port_in_use_is_told)
{
    struct rig rig;
    struct omsp_call *a, *b;
    struct omsp_addr addr = {.family = 4, .ip = {127, 0, 0, 1}, .port = 20000}, again = addr;

    rig_open(&rig, 1);
    a = rig_call(&rig);
    b = rig_call(&rig);
    ck_assert_int_eq(omsp_call_bind(a, &addr), OMSP_OK);
    ck_assert_int_eq(omsp_call_bind(a, &addr), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_call_bind(b, &again), OMSP_ADDRINUSE);
    again.port = 0;
    ck_assert_int_eq(omsp_call_bind(b, &again), OMSP_OK);
    ck_assert_uint_ne(again.port, 0);
    ck_assert_uint_eq(again.port % 2, 0);
    omsp_call_release(a);
    omsp_call_release(b);
    rig_close(&rig);
}
END_TEST

START_TEST(a_bind_that_fails_halfway_leaves_the_port_free)
{
    struct rig rig;
    struct omsp_call *call, *other;
    struct omsp_addr fixed = {.family = 4, .ip = {127, 0, 0, 1}, .port = 20000}, rtcp = fixed;
    enum omsp_status status = OMSP_NOMEM;
    long failed = 0;

    rtcp.port++;
    rig_open(&rig, 1);
    call = rig_call(&rig);
    other = rig_call(&rig);
    /* Odd ports are taken as they are asked for. */
    ck_assert_int_eq(omsp_call_bind(other, &rtcp), OMSP_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(omsp_call_bind(call, &fixed), OMSP_ADDRINUSE);
    omsp_call_shutdown(other);
    for (; status != OMSP_OK; failed++) {
        omsp_test_fail_alloc(failed);
        status = omsp_call_bind(call, &fixed);
        omsp_test_allow_alloc();
        ck_assert(status == OMSP_OK || status == OMSP_NOMEM);
    }
    ck_assert_int_ge(failed, 4); /* the session, two sockets, and the time when it went well */
    ck_assert_uint_eq(fixed.port, 20000);
    omsp_call_release(call);
    omsp_call_release(other);
    rig_close(&rig);
}
END_TEST

START_TEST(the_port_of_a_call_is_free_when_it_is_shut_down)
{
    struct rig rig;
    struct omsp_addr fixed = {.family = 4, .ip = {127, 0, 0, 1}, .port = 20000};

    rig_open(&rig, 1);
    for (int i = 0; i < 3; i++) {
        struct omsp_call *call = rig_call(&rig);

        ck_assert_int_eq(omsp_call_bind(call, &fixed), OMSP_OK);
        ck_assert_int_eq(omsp_call_shutdown(call), OMSP_OK);
        omsp_call_release(call);
    }
    rig_close(&rig);
}
END_TEST

/* A socket alone is no peer: streams that ran would send to nobody. */
START_TEST(a_call_is_connected_once_there_is_a_peer)
{
    struct omsp_addr local = {.family = 4, .ip = {127, 0, 0, 1}}, peer;
    struct omsp_call *call;
    struct rig rig;
    char offer[2048];
    size_t need;

    rig_open(&rig, 1);
    call = rig_call(&rig);
    ck_assert_int_eq(omsp_call_connect(call), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    ck_assert_int_eq(omsp_call_connect(call), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_call_local_sdp(call, offer, sizeof(offer), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_connect(call), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_IDLE);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.2:5000", &peer), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(call, &peer, 0), OMSP_OK);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_CONNECTED);
    ck_assert_int_eq(omsp_call_disconnect(call, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_DISCONNECTED);
    ck_assert_int_eq(omsp_call_connect(call), OMSP_OK);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_CONNECTED);
    omsp_call_release(call);
    rig_close(&rig);
}
END_TEST

/* An offer, or the answer to one, of a peer at this address. */
static enum omsp_status describe_peer(struct omsp_call *call, const char *address, unsigned port)
{
    char sdp[512];

    snprintf(sdp, sizeof(sdp),
             "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN %s\r\nt=0 0\r\n"
             "m=audio %u RTP/AVP 0\r\n",
             address, port);
    return omsp_call_set_remote_sdp(call, sdp, strlen(sdp));
}

/* A socket of one family sends nothing to the other one. */
START_TEST(a_description_of_the_other_family_is_refused_and_changes_nothing)
{
    static const char v4[] = "IP4 127.0.0.2", v6[] = "IP6 2001:db8::2";
    struct omsp_addr local = {.family = 6};
    char before[2048], after[2048];
    struct omsp_call *call, *caller;
    struct rig rig;
    size_t need;

    rig_open(&rig, 1);
    call = rig_call(&rig);
    ck_assert_int_eq(describe_peer(call, v6, 5000), OMSP_INVALID); /* it would be bound to IPv4 */
    local.ip[15] = 1;
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK); /* but is not yet */
    ck_assert_int_eq(describe_peer(call, v4, 5000), OMSP_INVALID);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_IDLE);
    ck_assert_int_eq(describe_peer(call, v6, 5000), OMSP_OK);
    ck_assert_int_eq(omsp_call_get_state(call), OMSP_CALL_CONNECTED);
    ck_assert_int_eq(omsp_call_local_sdp(call, before, sizeof(before), &need), OMSP_OK);
    ck_assert_int_eq(describe_peer(call, v4, 5002), OMSP_INVALID); /* nor does it move there */
    ck_assert_int_eq(omsp_call_local_sdp(call, after, sizeof(after), &need), OMSP_OK);
    ck_assert_str_eq(after, before);
    ck_assert_int_eq(describe_peer(call, "IP4 0.0.0.0", 5000), OMSP_OK); /* a hold */

    caller = rig_call(&rig);
    ck_assert_int_eq(omsp_call_local_sdp(caller, before, sizeof(before), &need), OMSP_OK);
    ck_assert_int_eq(describe_peer(caller, v6, 5000), OMSP_INVALID);
    ck_assert_int_eq(describe_peer(caller, v6, 0), OMSP_BAD_MEDIA); /* declined, wherever it is */
    ck_assert_int_eq(omsp_call_local_sdp(caller, after, sizeof(after), &need), OMSP_OK);
    ck_assert_str_eq(after, before); /* the offer waits for its answer */
    ck_assert_int_eq(describe_peer(caller, v4, 5000), OMSP_OK);
    ck_assert_int_eq(omsp_call_get_state(caller), OMSP_CALL_CONNECTED);
    omsp_call_release(caller);
    omsp_call_release(call);
    rig_close(&rig);
}
END_TEST

START_TEST(a_call_whose_peer_is_refused_may_still_listen_where_it_likes)
{
    static const char offer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\n"
                                "t=0 0\r\nm=audio 5000 RTP/AVP 18\r\n";
    struct omsp_addr local = {.family = 6, .ip = {[15] = 1}};
    struct omsp_call *call;
    struct rig rig;

    rig_open(&rig, 1);
    call = rig_call(&rig);
    ck_assert_int_eq(omsp_call_set_remote_sdp(call, offer, strlen(offer)), OMSP_NO_CODEC);
    ck_assert_int_eq(describe_peer(call, "IP4 127.0.0.2", 0), OMSP_BAD_MEDIA);
    ck_assert_int_eq(omsp_call_bind(call, &local), OMSP_OK);
    omsp_call_release(call);
    rig_close(&rig);
}
END_TEST

START_TEST(everything_answers_after_shutdown)
{
    struct pair pair;
    struct omsp_call *late;
    struct omsp_terminal *terminal;
    struct omsp_addr addr = {.family = 4, .ip = {127, 0, 0, 1}};
    char sdp[100];
    size_t need;

    pair_open(&pair, SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 100);
    ck_assert_int_eq(omsp_call_shutdown(pair.a), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    ck_assert_int_eq(omsp_call_shutdown(pair.a), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_start(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_pause(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_stop(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_select(pair.send, pair.play_track), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_stream_unselect(pair.send, pair.play_track), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_call_bind(pair.a, &addr), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_call_local_sdp(pair.a, sdp, sizeof(sdp), &need), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_call_connect(pair.a), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_call_disconnect(pair.a, OMSP_CAUSE_LOCAL_REQUEST), OMSP_SHUTDOWN);
    ck_assert_uint_eq(omsp_call_stream_count(pair.a), 0);
    rig_run(&pair.rig, 100);
    rig_expect_nothing(&pair.rig);
    omsp_address_shutdown(pair.rig.address);
    ck_assert_int_eq(omsp_call_create(pair.rig.address, OMSP_MEDIA_AUDIO, 1, &late), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_file_start(pair.player), OMSP_SHUTDOWN);
    if (omsp_file_player_create(pair.rig.address, &terminal) == OMSP_OK)
        omsp_terminal_release(terminal);
    pair_close(&pair);
}
END_TEST

START_TEST(a_terminal_is_on_one_stream_only)
{
    struct pair pair;
    struct omsp_stream *other;

    pair_open(&pair, SECOND);
    other = rig_stream(pair.b, OMSP_CAPTURE);
    ck_assert_int_eq(omsp_stream_select(other, pair.play_track), OMSP_TERMINAL_IN_USE);
    ck_assert_int_eq(omsp_stream_select(other, pair.record_track), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_select(other, pair.player), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_unselect(other, pair.play_track), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_unselect(pair.send, pair.play_track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(other, pair.play_track), OMSP_OK);
    omsp_stream_release(other);
    pair_close(&pair);
}
END_TEST

START_TEST(unselecting_the_last_terminal_of_a_running_stream_ends_it_and_selecting_resumes)
{
    struct pair pair;

    pair_open(&pair, 5 * SECOND);
    pair_connect(&pair);
    rig_run(&pair.rig, 100);
    ck_assert(omsp_terminal_in_use(pair.play_track));
    ck_assert_int_eq(omsp_stream_unselect(pair.send, pair.play_track), OMSP_OK);
    ck_assert(!omsp_terminal_in_use(pair.play_track));
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(pair.send, pair.play_track), OMSP_OK);
    rig_expect_call(&pair.rig, pair.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(a_burst_is_one_signal_and_a_signal_that_was_missed_is_given_again)
{
    struct rig rig;
    struct omsp_call *call;
    struct omsp_stream *stream;
    struct omsp_terminal *player, *track;
    struct omsp_event event;
    static int16_t pcm[8000];
    unsigned before;

    rig_open(&rig, 7);
    rig_put_tone(&rig, "in.wav", 8000, pcm);
    call = rig_call(&rig);
    stream = rig_stream(call, OMSP_CAPTURE);
    player = rig_player(&rig, "in.wav", &track);
    while (omsp_listener_take(rig.listener, NULL, NULL, &event) == OMSP_OK)
        ;
    before = rig.signals;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(omsp_file_start(player), OMSP_OK);
        ck_assert_int_eq(omsp_file_stop(player), OMSP_OK);
    }
    ck_assert_uint_eq(rig.signals, before + 1);
    rig_run(&rig, 1000); /* nobody came */
    ck_assert_int_eq(omsp_file_start(player), OMSP_OK);
    ck_assert_uint_eq(rig.signals, before + 2);
    ck_assert_int_eq(omsp_file_stop(player), OMSP_OK);
    ck_assert_uint_eq(rig.signals, before + 2);
    omsp_terminal_release(track);
    omsp_terminal_release(player);
    omsp_stream_release(stream);
    omsp_call_release(call);
    rig_close(&rig);
}
END_TEST

START_TEST(video_streams_answer_not_implemented)
{
    struct rig rig;
    struct omsp_call *call;
    struct omsp_stream *video;

    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_call_create(rig.address, OMSP_MEDIA_AUDIO | OMSP_MEDIA_VIDEO, 1, &call),
                     OMSP_OK);
    ck_assert_uint_eq(omsp_call_stream_count(call), 4);
    video = omsp_call_stream_at(call, 2);
    ck_assert_uint_eq(omsp_stream_media(video), OMSP_MEDIA_VIDEO);
    ck_assert_int_eq(omsp_stream_start(video, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTIMPL);
    ck_assert_int_eq(omsp_stream_pause(video, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTIMPL);
    ck_assert_int_eq(omsp_stream_stop(video, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NOTIMPL);
    omsp_stream_release(video);
    omsp_call_release(call);
    ck_assert_int_eq(omsp_call_create(rig.address, 0, 1, &call), OMSP_BAD_MEDIA);
    ck_assert_int_eq(omsp_call_create(rig.address, OMSP_MEDIA_G3FAX, 1, &call), OMSP_BAD_MEDIA);
    rig_close(&rig);
}
END_TEST

OMSP_SUITE("call", TEST(audio_goes_from_file_to_file_unharmed),
           TEST(statistics_count_what_went_over_the_wire),
           TEST(a_stopped_stream_sends_nothing_and_a_started_one_at_once),
           TEST(a_stop_and_a_start_of_the_recording_side_lose_only_what_lay_between),
           TEST(a_stream_stopped_before_the_connect_stays_stopped),
           TEST(silence_of_the_peer_is_told_and_so_is_its_return),
           TEST(a_new_offer_that_holds_stops_the_capture_side), TEST(loss_is_concealed_in_place),
           TEST(a_full_disk_ends_the_recording_and_leaves_it_playable),
           TEST(the_file_is_whole_up_to_the_last_second_at_any_moment),
           TEST(media_goes_where_it_was_told_or_where_a_translator_shows_the_peer),
           TEST(a_port_in_use_is_told), TEST(a_bind_that_fails_halfway_leaves_the_port_free),
           TEST(the_port_of_a_call_is_free_when_it_is_shut_down),
           TEST(a_call_is_connected_once_there_is_a_peer),
           TEST(a_description_of_the_other_family_is_refused_and_changes_nothing),
           TEST(a_call_whose_peer_is_refused_may_still_listen_where_it_likes),
           TEST(everything_answers_after_shutdown), TEST(a_terminal_is_on_one_stream_only),
           TEST(unselecting_the_last_terminal_of_a_running_stream_ends_it_and_selecting_resumes),
           TEST(a_burst_is_one_signal_and_a_signal_that_was_missed_is_given_again),
           TEST(video_streams_answer_not_implemented))
