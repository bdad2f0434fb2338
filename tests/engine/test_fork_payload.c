/*
 * Media streams whose payloads are linear samples or Opus, in simulated time: what is announced is
 * what comes, in both directions, and the media clock is that of any stream.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/g711.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PI      3.14159265358979323846
#define SECONDS 2
#define SAMPLES (SECONDS * 8000)

static const struct omsp_stream_format formats[] = {
    {OMSP_STREAM_L16, 8000},  {OMSP_STREAM_L16, 16000},  {OMSP_STREAM_L16, 24000},
    {OMSP_STREAM_OPUS, 8000}, {OMSP_STREAM_OPUS, 16000}, {OMSP_STREAM_OPUS, 24000},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int16_t heard[3 * SAMPLES + 4 * 24000];

static void fork_as(struct fixture *f, const struct omsp_stream_format *format, unsigned tracks,
                    bool bidirectional)
{
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = tracks, .format = *format, .bidirectional = bidirectional};

    ck_assert_int_eq(omsp_call_fork(f->b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f->fork),
                     OMSP_OK);
    rig_run(&f->rig, 50);
    rig_expect_call(&f->rig, f->fork, OMSP_NEW_STREAM, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
}

/* The consumer's own reading of the message's payload; its length. */
static size_t payload_of(const struct message *message, uint8_t bytes[OMSP_STREAM_BYTES_MAX])
{
    const char *from = strstr(message->text, "\"payload\":\""), *to;
    size_t len;

    ck_assert_ptr_nonnull(from);
    from += strlen("\"payload\":\"");
    to = strchr(from, '"');
    ck_assert_ptr_nonnull(to);
    ck_assert_int_eq(
        omsp_base64_decode(from, (size_t)(to - from), bytes, OMSP_STREAM_BYTES_MAX, &len), OMSP_OK);
    return len;
}

/* All media from message `first` on as samples, and how many for each of the line; linear ones are
 * not converted. */
static size_t listen_to(struct consumer *c, const struct omsp_stream_format *format, unsigned first,
                        unsigned *factor)
{
    struct omsp_stream_decoder *decoder;
    size_t at = 0;

    ck_assert_int_eq(omsp_stream_decoder_create(format, &decoder), OMSP_OK);
    *factor = format->encoding == OMSP_STREAM_OPUS ? 1 : format->rate / 8000;
    for (unsigned i = first; i < c->count; i++) {
        uint8_t bytes[OMSP_STREAM_BYTES_MAX];
        struct omsp_span payload = omsp_span(bytes, 0);
        size_t count;

        if (!is_media(&c->messages[i]))
            continue;
        payload.len = payload_of(&c->messages[i], bytes);
        if (format->encoding == OMSP_STREAM_OPUS) {
            ck_assert_int_eq(omsp_stream_decode(decoder, &payload, heard + at, &count), OMSP_OK);
            ck_assert_uint_eq(count, 160);
            at += count;
            continue;
        }
        ck_assert_uint_eq(payload.len, format->rate / 50 * 2);
        for (size_t k = 0; k < payload.len; k += 2)
            heard[at++] = (int16_t)(bytes[k] | bytes[k + 1] << 8);
    }
    omsp_stream_decoder_destroy(decoder);
    return at;
}

/* dB by which the source, at whatever delay, is above what differs from it, over a second from half
 * a second on. factor: samples of heard for each of the source. */
static double best_snr(const int16_t *source, unsigned factor, size_t count)
{
    double best = -100;

    for (size_t delay = 0; delay < 800 * (size_t)factor; delay++) {
        double power = 0, error = 0;

        for (size_t i = 4000; i < 12000; i++) {
            size_t at = i * factor + delay;
            double wanted = source[i], got = at < count ? heard[at] : 0;

            power += wanted * wanted;
            error += (got - wanted) * (got - wanted);
        }
        if (10 * log10(power / (error + 1)) > best)
            best = 10 * log10(power / (error + 1));
    }
    return best;
}

START_TEST(what_is_announced_is_what_comes)
{
    for (unsigned n = 0; n < FORMATS; n++) {
        const struct omsp_stream_format *format = &formats[n];
        struct fixture f;
        struct consumer *c = &f.consumer;
        struct omsp_fork_info info;
        uint64_t timestamp = 0;
        unsigned factor;
        char expected[128];
        size_t count;
        double snr;

        open_fixture(&f, SAMPLES);
        connect_fixture(&f);
        fork_as(&f, format, OMSP_TRACK_INBOUND, false);
        start_audio(&f);
        rig_run(&f.rig, SECONDS * 1000 + 200);
        snprintf(expected, sizeof(expected),
                 "\"mediaFormat\":{\"encoding\":\"%s\",\"sampleRate\":%u,\"channels\":1}",
                 n < 3 ? "audio/x-l16" : "audio/opus", format->rate);
        ck_assert_msg(strstr(c->messages[1].text, expected) != NULL, "%s", c->messages[1].text);
        ck_assert_uint_ge(c->count, 2 + SECONDS * 50);
        for (unsigned i = 2; i < c->count; i++) {
            const char *text = c->messages[i].text;

            ck_assert(is_media(&c->messages[i]));
            ck_assert_uint_eq(number(text, "sequenceNumber"), i);
            ck_assert_uint_eq(number(text, "chunk"), i - 1);
            if (i > 2)
                ck_assert_uint_eq(number(text, "timestamp"), timestamp + 20);
            timestamp = number(text, "timestamp");
        }
        count = listen_to(c, format, 2, &factor);
        snr = best_snr(f.source, factor, count);
        ck_assert_msg(snr > (n < 3 ? 30 : 12), "format %u: SNR %g dB", n, snr);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_int_eq(info.format.encoding, format->encoding);
        ck_assert_uint_eq(info.format.rate, format->rate);
        ck_assert_uint_eq(info.frames_sent, c->count - 2);
        ck_assert_uint_eq(info.frames_dropped, 0);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_format_that_does_not_exist_makes_no_stream)
{
    static const struct omsp_stream_format none[] = {{OMSP_STREAM_ULAW, 16000},
                                                     {OMSP_STREAM_L16, 48000},
                                                     {OMSP_STREAM_OPUS, 12000},
                                                     {(enum omsp_stream_encoding)7, 8000}};
    struct fixture f;

    open_fixture(&f, 800);
    connect_fixture(&f);
    for (unsigned n = 0; n < 4; n++) {
        struct omsp_fork_options options = {
            .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .format = none[n]};
        int error = 1;

        ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, &error, &f.fork),
                         OMSP_INVALID);
        ck_assert_int_eq(error, 0);
    }
    ck_assert_uint_eq(omsp_call_forks(f.b, NULL, 0), 0);
    rig_expect_nothing(&f.rig);
    fork_as(&f, &(struct omsp_stream_format){OMSP_STREAM_ULAW, 0}, OMSP_TRACK_INBOUND, false);
    ck_assert_ptr_nonnull(
        strstr(f.consumer.messages[1].text, "\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000"));
    close_fixture(&f);
}
END_TEST

START_TEST(a_stream_that_does_not_say_takes_the_call_s_format)
{
    static const struct omsp_stream_format bad = {OMSP_STREAM_OPUS, 44100}, says_nothing,
                                           ulaw = {OMSP_STREAM_ULAW, 8000};
    struct fixture f;
    struct consumer *c = &f.consumer;

    open_fixture(&f, 800);
    connect_fixture(&f);
    ck_assert_int_eq(omsp_call_set_format(f.b, &bad), OMSP_INVALID);
    ck_assert_int_eq(omsp_call_set_format(f.b, &formats[1]), OMSP_OK);
    fork_as(&f, &says_nothing, OMSP_TRACK_INBOUND, false);
    omsp_stream_release(f.fork);
    ck_assert_ptr_nonnull(
        strstr(c->messages[1].text, "\"encoding\":\"audio/x-l16\",\"sampleRate\":16000"));
    fork_as(&f, &ulaw, OMSP_TRACK_INBOUND, false);
    omsp_stream_release(f.fork);
    ck_assert_ptr_nonnull(strstr(c->messages[c->count - 1].text, "\"encoding\":\"audio/x-mulaw\""));
    ck_assert_int_eq(omsp_call_set_format(f.b, &says_nothing), OMSP_OK);
    fork_as(&f, &says_nothing, OMSP_TRACK_INBOUND, false);
    ck_assert_ptr_nonnull(strstr(c->messages[c->count - 1].text, "\"encoding\":\"audio/x-mulaw\""));
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f);
}
END_TEST

START_TEST(a_pause_jumps_the_clock_as_ever_and_what_follows_is_clean)
{
    struct fixture f;
    struct consumer *c = &f.consumer;
    uint64_t before;
    unsigned first, factor;
    size_t count;

    open_fixture(&f, SAMPLES);
    connect_fixture(&f);
    fork_as(&f, &formats[2], OMSP_TRACK_INBOUND, false);
    start_audio(&f);
    rig_run(&f.rig, 400);
    ck_assert_int_eq(omsp_stream_pause(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    before = number(c->messages[c->count - 1].text, "timestamp");
    first = c->count;
    rig_run(&f.rig, (SECONDS - 1) * 1000 + 1000);
    ck_assert_uint_le(c->count, first + 1);
    first = c->count;
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 300);
    ck_assert_uint_ge(c->count, first + 10);
    ck_assert_uint_ge(number(c->messages[first].text, "timestamp"), before + SECONDS * 1000 - 60);
    ck_assert_uint_eq(number(c->messages[first].text, "timestamp") % 20, 0);
    /* The player is at its end: silence, and nothing of what was before the pause. */
    count = listen_to(c, &formats[2], first, &factor);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(heard[i], 0);
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    close_fixture(&f);
}
END_TEST

START_TEST(both_tracks_have_a_coder_each)
{
    for (unsigned n = 1; n < FORMATS; n += 3) {
        struct fixture f;
        struct consumer *c = &f.consumer;
        unsigned factor;
        size_t count;
        double snr;

        open_fixture(&f, SAMPLES);
        connect_fixture(&f);
        fork_as(&f, &formats[n], OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND, false);
        start_audio(&f);
        rig_run(&f.rig, SECONDS * 1000 + 200);
        ck_assert_ptr_nonnull(strstr(c->messages[1].text, "\"tracks\":[\"inbound\",\"outbound\"]"));
        for (unsigned i = 2; i < c->count; i++)
            if (strstr(c->messages[i].text, "\"track\":\"outbound\""))
                c->messages[i].text[2] = 'x'; /* not to be listened to */
        count = listen_to(c, &formats[n], 2, &factor);
        snr = best_snr(f.source, factor, count);
        ck_assert_msg(snr > (n < 3 ? 30 : 12), "format %u: SNR %g dB", n, snr);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(a_reader_that_stalls_loses_the_oldest_and_then_hears_whole_payloads)
{
    for (unsigned n = 2; n < FORMATS; n += 3) {
        struct fixture f;
        struct consumer *c = &f.consumer;
        struct omsp_fork_info info;
        unsigned first, factor;
        uint64_t last = 0;

        open_fixture(&f, 8000);
        connect_fixture(&f);
        fork_as(&f, &formats[n], OMSP_TRACK_INBOUND, false);
        start_audio(&f);
        rig_run(&f.rig, 200);
        first = c->count;
        omsp_sim_peer_set_window(c->peer, 0);
        rig_run(&f.rig, 30000);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_uint_le(info.queue_ms, 1000);
        ck_assert_uint_ge(info.queue_ms, 900);
        ck_assert_uint_gt(info.frames_dropped, 100);
        omsp_sim_peer_set_window(c->peer, SIZE_MAX);
        rig_run(&f.rig, 500);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_uint_eq(info.queue_ms, 0);
        ck_assert_uint_eq(info.frames_sent, c->count - 2);
        for (unsigned i = 2; i < c->count; i++) {
            if (i > 2)
                ck_assert_uint_gt(number(c->messages[i].text, "timestamp"), last);
            last = number(c->messages[i].text, "timestamp");
            ck_assert_uint_eq(last % 20, 0);
        }
        ck_assert_uint_gt(listen_to(c, &formats[n], first, &factor), 0);
        close_fixture(&f);
    }
}
END_TEST

/* dB by which 1000 Hz at a level of 8000, of whatever phase, are above all else. */
static double sine_snr(void)
{
    double s = 0, c = 0, power = 0, n = 8000;

    for (size_t i = 4000; i < 12000; i++) {
        double w = 2 * PI * 1000 * (double)i / 8000;

        s += heard[i] * sin(w) * 2 / n;
        c += heard[i] * cos(w) * 2 / n;
        power += (double)heard[i] * heard[i] / n;
    }
    ck_assert_double_gt(sqrt(s * s + c * c), 7000);
    ck_assert_double_lt(sqrt(s * s + c * c), 9000);
    return 10 * log10((s * s + c * c) / 2 / (power - (s * s + c * c) / 2 + 1));
}

static void say_text(struct fixture *f, const char *sid, const void *bytes, size_t len)
{
    char text[2000], payload[OMSP_BASE64_CHARS(OMSP_STREAM_BYTES_MAX) + 1] = "";

    omsp_base64_encode(payload, bytes, len);
    snprintf(text, sizeof(text),
             "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"%s\"}}", sid,
             payload);
    send_frame(&f->consumer, OMSP_WS_TEXT, text, strlen(text));
}

/* What a consumer says in the announced format comes out at the far end. */
START_TEST(a_bidirectional_consumer_speaks_in_the_announced_format)
{
    for (unsigned n = 0; n < FORMATS; n++) {
        const struct omsp_stream_format *format = &formats[n];
        struct fixture f;
        struct omsp_fork_info info;
        struct omsp_stream_encoder *encoder;
        struct omsp_terminal *recorder, *track;
        struct omsp_stream *hears;
        uint8_t codes[160], bytes[OMSP_STREAM_BYTES_MAX];
        size_t count;
        double snr;

        open_fixture(&f, SAMPLES);
        connect_fixture(&f);
        recorder = rig_recorder(&f.rig, "out.wav", &track);
        hears = rig_stream(f.a, OMSP_RENDER);
        ck_assert_int_eq(omsp_stream_select(hears, track), OMSP_OK);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
        fork_as(&f, format, OMSP_TRACK_INBOUND, true);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_int_eq(omsp_stream_encoder_create(format, &encoder), OMSP_OK);
        for (size_t i = 0; i < SAMPLES / 160; i++) {
            for (size_t k = 0; k < 160; k++)
                codes[k] = omsp_ulaw_from_linear(
                    (int16_t)lrint(8000 * sin(2 * PI * 1000 * (double)(160 * i + k) / 8000)));
            say_text(&f, info.sid, bytes, omsp_stream_encode(encoder, codes, true, bytes));
        }
        omsp_stream_encoder_destroy(encoder);
        rig_run(&f.rig, SECONDS * 1000 + 300);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_uint_eq(info.messages_bad, 0);
        ck_assert_uint_eq(info.messages_received, SAMPLES / 160);
        ck_assert_int_eq(omsp_file_stop(recorder), OMSP_OK);
        rig_run(&f.rig, 100);
        count = rig_get_wav(&f.rig, "out.wav", heard, sizeof(heard) / sizeof(heard[0]));
        ck_assert_uint_ge(count, SAMPLES);
        snr = sine_snr();
        ck_assert_msg(snr > (n < 3 ? 25 : 18), "format %u: SNR %g dB", n, snr);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
        omsp_terminal_release(track);
        omsp_terminal_release(recorder);
        omsp_stream_release(hears);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(half_a_sample_and_no_packet_are_bad_messages_and_nothing_else)
{
    for (unsigned n = 1; n < FORMATS; n += 3) {
        struct fixture f;
        struct omsp_fork_info info;
        struct omsp_call_stats stats;

        open_fixture(&f, 800);
        connect_fixture(&f);
        fork_as(&f, &formats[n], OMSP_TRACK_INBOUND, true);
        omsp_stream_fork_info(f.fork, &info);
        say_text(&f, info.sid, "\x03", 1);
        say_text(&f, info.sid, "\x03\x00\x00", 3);
        say_text(&f, info.sid, "", 0);
        rig_run(&f.rig, 300);
        omsp_stream_fork_info(f.fork, &info);
        ck_assert_uint_eq(info.messages_received, 3);
        ck_assert_uint_eq(info.messages_bad, 2);
        ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
        omsp_call_get_stats(f.b, &stats);
        ck_assert_uint_eq(stats.frames_played, 0);
        close_fixture(&f);
    }
}
END_TEST

START_TEST(making_one_survives_every_failing_allocation)
{
    for (unsigned n = 1; n < FORMATS; n += 3) {
        struct omsp_fork_options options = {.url = FORK_URL,
                                            .tracks = OMSP_TRACK_INBOUND,
                                            .format = formats[n],
                                            .bidirectional = true};
        struct fixture f;
        bool hit = true;

        open_fixture(&f, 800);
        connect_fixture(&f);
        for (long k = 0; hit && k < 200; k++) {
            enum omsp_status status;

            omsp_test_fail_alloc(k);
            status = omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork);
            ck_assert(status == OMSP_OK || (status == OMSP_NOMEM && omsp_test_alloc_failed()));
            hit = omsp_test_alloc_failed();
            omsp_test_allow_alloc();
            if (!status) {
                omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST);
                omsp_stream_release(f.fork);
            }
            rig_run(&f.rig, 50);
        }
        ck_assert(!hit);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
        f.fork = NULL;
        close_fixture(&f);
    }
}
END_TEST

OMSP_SUITE("fork_payload", TEST(what_is_announced_is_what_comes),
           TEST(a_format_that_does_not_exist_makes_no_stream),
           TEST(a_stream_that_does_not_say_takes_the_call_s_format),
           TEST(a_pause_jumps_the_clock_as_ever_and_what_follows_is_clean),
           TEST(both_tracks_have_a_coder_each),
           TEST(a_reader_that_stalls_loses_the_oldest_and_then_hears_whole_payloads),
           TEST(a_bidirectional_consumer_speaks_in_the_announced_format),
           TEST(half_a_sample_and_no_packet_are_bad_messages_and_nothing_else),
           TEST(making_one_survives_every_failing_allocation))
