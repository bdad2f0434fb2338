/* Payloads of media streams in each format, measured with sines. */
#include "support/suite.h"

#include "media/g711.h"
#include "media/opus.h"
#include "media/stream_codec.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PI     3.14159265358979323846
#define LEVEL  8000.0
#define FRAMES 100

static uint8_t codes[FRAMES * OMSP_STREAM_FRAME], payload[FRAMES * OMSP_STREAM_BYTES_MAX];
static int16_t heard[FRAMES * OMSP_STREAM_BYTES_MAX / 2 + OMSP_STREAM_PIECE_MAX];

static struct omsp_stream_format format_of(enum omsp_stream_encoding encoding, unsigned rate)
{
    struct omsp_stream_format format = {encoding, rate};

    ck_assert_int_eq(omsp_stream_format_check(&format), OMSP_OK);
    return format;
}

static struct omsp_stream_encoder *encoder_of(enum omsp_stream_encoding encoding, unsigned rate)
{
    struct omsp_stream_format format = format_of(encoding, rate);
    struct omsp_stream_encoder *encoder;

    ck_assert_int_eq(omsp_stream_encoder_create(&format, &encoder), OMSP_OK);
    return encoder;
}

static struct omsp_stream_decoder *decoder_of(enum omsp_stream_encoding encoding, unsigned rate)
{
    struct omsp_stream_format format = format_of(encoding, rate);
    struct omsp_stream_decoder *decoder;

    ck_assert_int_eq(omsp_stream_decoder_create(&format, &decoder), OMSP_OK);
    return decoder;
}

static int16_t sine(double frequency, double rate, size_t i)
{
    return (int16_t)lrint(LEVEL * sin(2 * PI * frequency * (double)i / rate));
}

static void say(double frequency)
{
    for (size_t i = 0; i < sizeof(codes); i++)
        codes[i] = omsp_ulaw_from_linear(sine(frequency, 8000, i));
}

/* All of `heard` as a payload, samples with the lower byte first. */
static size_t speak(double frequency, unsigned rate, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t sample = (uint16_t)sine(frequency, rate, i);

        payload[2 * i] = (uint8_t)sample;
        payload[2 * i + 1] = (uint8_t)(sample >> 8);
    }
    return 2 * count;
}

static void read_samples(size_t bytes)
{
    for (size_t i = 0; i < bytes / 2; i++)
        heard[i] = (int16_t)(payload[2 * i] | payload[2 * i + 1] << 8);
}

/* dB of the sine in the middle of `heard` against LEVEL, of whatever phase, and how far everything
 * else is below it. */
static void measure(double frequency, unsigned rate, size_t count, double *level, double *snr)
{
    size_t from = count / 4, to = count * 3 / 4;
    double s = 0, c = 0, power = 0, n = (double)(to - from), sine_power;

    for (size_t i = from; i < to; i++) {
        double w = 2 * PI * frequency * (double)i / rate;

        s += heard[i] * sin(w);
        c += heard[i] * cos(w);
        power += (double)heard[i] * heard[i];
    }
    sine_power = 2 * (s * s + c * c) / (n * n);
    *level = 10 * log10(sine_power / (LEVEL * LEVEL / 2));
    *snr = 10 * log10(sine_power / (power / n - sine_power + 1e-9));
}

static void expect_sine(double frequency, unsigned rate, size_t count, double least_snr)
{
    double level, snr;

    measure(frequency, rate, count, &level, &snr);
    ck_assert_msg(fabs(level) < 1.5, "%g Hz at %u: level %g dB", frequency, rate, level);
    ck_assert_msg(snr > least_snr, "%g Hz at %u: SNR %g dB", frequency, rate, snr);
}

static size_t encode_all(struct omsp_stream_encoder *encoder)
{
    size_t at = 0;

    for (size_t i = 0; i < FRAMES; i++)
        at += omsp_stream_encode(encoder, codes + i * OMSP_STREAM_FRAME, i > 0, payload + at);
    return at;
}

START_TEST(formats_are_read_and_named)
{
    static const unsigned rates[] = {8000, 16000, 24000};
    static const unsigned no_rates[] = {1, 7999, 8001, 11025, 12000, 32000, 48000, 4294967295u};
    static const char *const no_names[] = {
        "",           "audio/x-L16", "audio/l16", "audio/x-l16;rate=8000",
        "audio/x-l1", "opus",        "audio/PCMU"};
    struct omsp_stream_format format = {OMSP_STREAM_OPUS, 1};

    ck_assert_int_eq(omsp_stream_format_read(NULL, 0, &format), OMSP_OK);
    ck_assert_int_eq(format.encoding, OMSP_STREAM_ULAW);
    ck_assert_uint_eq(format.rate, 8000);
    for (int e = OMSP_STREAM_ULAW; e <= OMSP_STREAM_OPUS; e++) {
        const char *name = omsp_stream_encoding_name((enum omsp_stream_encoding)e);

        ck_assert_int_eq(omsp_stream_format_read(name, 0, &format), OMSP_OK);
        ck_assert_int_eq((int)format.encoding, e);
        ck_assert_uint_eq(format.rate, 8000);
        for (unsigned i = 0; i < 3; i++)
            ck_assert_int_eq(omsp_stream_format_read(name, rates[i], &format), e && i ? OMSP_OK
                                                                               : i    ? OMSP_INVALID
                                                                                      : OMSP_OK);
        for (unsigned i = 0; i < sizeof(no_rates) / sizeof(no_rates[0]); i++)
            ck_assert_int_eq(omsp_stream_format_read(name, no_rates[i], &format), OMSP_INVALID);
    }
    for (unsigned i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++)
        ck_assert_int_eq(omsp_stream_format_read(no_names[i], 8000, &format), OMSP_INVALID);
    format.encoding = (enum omsp_stream_encoding)3;
    format.rate = 8000;
    ck_assert_int_eq(omsp_stream_format_check(&format), OMSP_INVALID);
    ck_assert_str_eq(omsp_stream_encoding_name(OMSP_STREAM_ULAW), "audio/x-mulaw");
    ck_assert_str_eq(omsp_stream_encoding_name(OMSP_STREAM_L16), "audio/x-l16");
    ck_assert_str_eq(omsp_stream_encoding_name(OMSP_STREAM_OPUS), "audio/opus");
}
END_TEST

START_TEST(u_law_is_what_was_on_the_line)
{
    struct omsp_stream_encoder *encoder = encoder_of(OMSP_STREAM_ULAW, 8000);
    struct omsp_stream_decoder *decoder = decoder_of(OMSP_STREAM_ULAW, 8000);
    struct omsp_span all;
    size_t made, count, at = 0;

    say(440);
    made = encode_all(encoder);
    ck_assert_uint_eq(made, sizeof(codes));
    ck_assert_mem_eq(payload, codes, sizeof(codes));
    all = omsp_span(payload, made);
    ck_assert_int_eq(omsp_stream_samples(decoder, all, &count), OMSP_OK);
    ck_assert_uint_eq(count, sizeof(codes));
    while (all.len) {
        ck_assert_int_eq(omsp_stream_decode(decoder, &all, heard + at, &count), OMSP_OK);
        at += count;
    }
    ck_assert_uint_eq(at, sizeof(codes));
    for (size_t i = 0; i < at; i++)
        ck_assert_int_eq(heard[i], omsp_ulaw_to_linear(codes[i]));
    omsp_stream_encoder_destroy(encoder);
    omsp_stream_decoder_destroy(decoder);
}
END_TEST

START_TEST(linear_samples_have_their_lower_byte_first)
{
    struct omsp_stream_encoder *encoder = encoder_of(OMSP_STREAM_L16, 8000);

    for (unsigned i = 0; i < sizeof(codes); i++)
        codes[i] = (uint8_t)i;
    ck_assert_uint_eq(encode_all(encoder), 2 * sizeof(codes));
    for (unsigned i = 0; i < sizeof(codes); i++) {
        uint16_t sample = (uint16_t)omsp_ulaw_to_linear((uint8_t)i);

        ck_assert_uint_eq(payload[2 * i], sample & 255);
        ck_assert_uint_eq(payload[2 * i + 1], sample >> 8);
    }
    omsp_stream_encoder_destroy(encoder);
}
END_TEST

START_TEST(a_sine_keeps_frequency_and_level_at_every_rate)
{
    for (unsigned rate = 8000; rate <= 24000; rate += 8000) {
        for (double f = 200; f <= 3400; f += 400) {
            struct omsp_stream_encoder *encoder = encoder_of(OMSP_STREAM_L16, rate);
            size_t frame = rate / 50;

            say(f);
            ck_assert_uint_eq(encode_all(encoder), FRAMES * frame * 2);
            read_samples(FRAMES * frame * 2);
            expect_sine(f, rate, FRAMES * frame, 30);
            omsp_stream_encoder_destroy(encoder);
        }
    }
}
END_TEST

START_TEST(behind_a_gap_nothing_is_left_of_what_was_before)
{
    for (unsigned rate = 16000; rate <= 24000; rate += 8000) {
        struct omsp_stream_encoder *encoder = encoder_of(OMSP_STREAM_L16, rate);
        uint8_t silence[OMSP_STREAM_FRAME];
        size_t len;

        say(1000);
        encode_all(encoder);
        memset(silence, OMSP_ULAW_SILENCE, sizeof(silence));
        len = omsp_stream_encode(encoder, silence, false, payload);
        ck_assert_uint_eq(len, rate / 25);
        for (size_t i = 0; i < len; i++)
            ck_assert_uint_eq(payload[i], 0);
        encode_all(encoder);
        omsp_stream_encoder_reset(encoder);
        omsp_stream_encode(encoder, silence, true, payload);
        for (size_t i = 0; i < len; i++)
            ck_assert_uint_eq(payload[i], 0);
        omsp_stream_encoder_destroy(encoder);
    }
}
END_TEST

START_TEST(opus_brings_the_sine_back_in_few_bytes)
{
    for (unsigned rate = 8000; rate <= 24000; rate += 8000) {
        for (double f = 200; f <= 3000; f += 400) {
            struct omsp_stream_encoder *encoder = encoder_of(OMSP_STREAM_OPUS, rate);
            struct omsp_stream_decoder *decoder = decoder_of(OMSP_STREAM_OPUS, rate);
            size_t bytes = 0, at = 0;

            say(f);
            for (size_t i = 0; i < FRAMES; i++) {
                size_t len = omsp_stream_encode(encoder, codes + i * OMSP_STREAM_FRAME, i != 50,
                                                payload),
                       count;
                struct omsp_span packet = omsp_span(payload, len);

                ck_assert_uint_gt(len, 0);
                ck_assert_int_eq(omsp_stream_samples(decoder, packet, &count), OMSP_OK);
                ck_assert_uint_eq(count, OMSP_STREAM_FRAME);
                ck_assert_int_eq(omsp_stream_decode(decoder, &packet, heard + at, &count), OMSP_OK);
                ck_assert_uint_eq(count, OMSP_STREAM_FRAME);
                ck_assert_uint_eq(packet.len, 0);
                at += count;
                bytes += len;
            }
            ck_assert_uint_lt(bytes, FRAMES * 90);
            expect_sine(f, 8000, at, 18);
            omsp_stream_encoder_destroy(encoder);
            omsp_stream_decoder_destroy(decoder);
        }
    }
}
END_TEST

START_TEST(what_a_consumer_says_in_pieces_comes_to_the_line_in_one)
{
    static const size_t sizes[] = {640, 2, 4, 958, 1600, 30, 962, 3200};

    for (unsigned rate = 8000; rate <= 24000; rate += 8000) {
        for (double f = 300; f <= 3300; f += 500) {
            struct omsp_stream_decoder *decoder = decoder_of(OMSP_STREAM_L16, rate);
            size_t bytes = speak(f, rate, rate), from = 0, at = 0;

            for (unsigned k = 0; from < bytes; k++) {
                size_t len = sizes[k % 8] < bytes - from ? sizes[k % 8] : bytes - from;
                struct omsp_span piece = omsp_span(payload + from, len);
                size_t most, before = at, count;

                ck_assert_int_eq(omsp_stream_samples(decoder, piece, &most), OMSP_OK);
                while (piece.len) {
                    ck_assert_int_eq(omsp_stream_decode(decoder, &piece, heard + at, &count),
                                     OMSP_OK);
                    at += count;
                }
                ck_assert_uint_le(at - before, most);
                from += len;
            }
            /* One sample lies before the first. */
            ck_assert_uint_eq(at, rate > 8000 ? 8001 : 8000);
            expect_sine(f, 8000, at, 30);
            omsp_stream_decoder_destroy(decoder);
        }
    }
}
END_TEST

START_TEST(after_a_reset_the_line_hears_nothing_of_what_was_before)
{
    struct omsp_stream_decoder *decoder = decoder_of(OMSP_STREAM_L16, 24000);
    struct omsp_span piece = omsp_span(payload, 960);
    size_t count;

    speak(1000, 24000, 480);
    ck_assert_int_eq(omsp_stream_decode(decoder, &piece, heard, &count), OMSP_OK);
    omsp_stream_decoder_reset(decoder);
    memset(payload, 0, 960);
    piece = omsp_span(payload, 960);
    ck_assert_int_eq(omsp_stream_decode(decoder, &piece, heard, &count), OMSP_OK);
    ck_assert_uint_eq(count, 161);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(heard[i], 0);
    omsp_stream_decoder_destroy(decoder);
}
END_TEST

START_TEST(what_is_no_payload_is_refused)
{
    static const uint8_t no_packets[][4] = {
        {0x03},       /* code 3 without its count byte */
        {0x03, 0x00}, /* no frame */
        {0x1b, 0x3f}, /* 63 frames of 60 ms */
        {0x01, 0x00}, /* two frames of equal size in an odd number of bytes */
    };
    static const size_t lens[] = {1, 2, 2, 2};
    struct omsp_stream_decoder *linear = decoder_of(OMSP_STREAM_L16, 16000);
    struct omsp_stream_decoder *opus = decoder_of(OMSP_STREAM_OPUS, 16000);
    struct omsp_span none = omsp_span("", 0), odd = omsp_span("abc", 3);
    size_t count = 1;

    ck_assert_int_eq(omsp_stream_samples(linear, odd, &count), OMSP_INVALID);
    ck_assert_int_eq(omsp_stream_decode(linear, &odd, heard, &count), OMSP_INVALID);
    ck_assert_uint_eq(count, 0);
    for (unsigned i = 0; i < 4; i++) {
        struct omsp_span packet = omsp_span(no_packets[i], lens[i]);

        ck_assert_msg(omsp_stream_decode(opus, &packet, heard, &count) == OMSP_INVALID, "%u", i);
        ck_assert_uint_eq(count, 0);
    }
    count = 1;
    ck_assert_int_eq(omsp_stream_samples(opus, none, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(omsp_stream_decode(opus, &none, heard, &count), OMSP_OK);
    ck_assert_int_eq(omsp_stream_decode(linear, &none, heard, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    omsp_stream_decoder_destroy(linear);
    omsp_stream_decoder_destroy(opus);
}
END_TEST

/* Whatever bytes come: an answer, never more samples than were said, never a write elsewhere. */
START_TEST(noise_is_decoded_or_refused)
{
    struct omsp_stream_decoder *opus = decoder_of(OMSP_STREAM_OPUS, 8000);
    uint32_t seed = 1;
    unsigned good = 0;

    for (unsigned i = 0; i < 20000; i++) {
        uint8_t noise[80];
        size_t len = 1 + (seed >> 8) % sizeof(noise), most, count;
        struct omsp_span packet = omsp_span(noise, len);
        enum omsp_status status;

        for (size_t k = 0; k < len; k++) {
            seed = seed * 1664525 + 1013904223;
            noise[k] = (uint8_t)(seed >> 24);
        }
        status = omsp_stream_samples(opus, packet, &most);
        if (omsp_stream_decode(opus, &packet, heard, &count) == OMSP_OK) {
            ck_assert_int_eq(status, OMSP_OK);
            ck_assert_uint_le(count, most);
            good++;
        }
    }
    ck_assert_uint_gt(good, 1000);
    omsp_stream_decoder_destroy(opus);
}
END_TEST

START_TEST(nothing_is_allocated_but_at_create)
{
    for (int e = OMSP_STREAM_L16; e <= OMSP_STREAM_OPUS; e++) {
        struct omsp_stream_encoder *encoder = encoder_of((enum omsp_stream_encoding)e, 24000);
        struct omsp_stream_decoder *decoder = decoder_of((enum omsp_stream_encoding)e, 24000);

        say(700);
        omsp_test_fail_alloc(0);
        for (size_t i = 0; i < FRAMES; i++) {
            struct omsp_span frame =
                omsp_span(payload, omsp_stream_encode(encoder, codes + i * OMSP_STREAM_FRAME,
                                                      i % 7 != 0, payload));
            size_t count;

            while (frame.len)
                ck_assert_int_eq(omsp_stream_decode(decoder, &frame, heard, &count), OMSP_OK);
        }
        omsp_stream_encoder_reset(encoder);
        omsp_stream_decoder_reset(decoder);
        ck_assert(!omsp_test_alloc_failed());
        omsp_test_allow_alloc();
        omsp_stream_encoder_destroy(encoder);
        omsp_stream_decoder_destroy(decoder);
    }
}
END_TEST

static void create_body(void *ctx)
{
    const struct omsp_stream_format *format = ctx;
    struct omsp_stream_encoder *encoder = NULL;
    struct omsp_stream_decoder *decoder = NULL;

    if (omsp_stream_encoder_create(format, &encoder))
        ck_assert(omsp_test_alloc_failed());
    if (omsp_stream_decoder_create(format, &decoder))
        ck_assert(omsp_test_alloc_failed());
    omsp_stream_encoder_destroy(encoder);
    omsp_stream_decoder_destroy(decoder);
}

START_TEST(without_memory_nothing_is_made_and_nothing_stays)
{
    for (int e = OMSP_STREAM_ULAW; e <= OMSP_STREAM_OPUS; e++) {
        struct omsp_stream_format format =
            format_of((enum omsp_stream_encoding)e, e ? 16000 : 8000);

        ck_assert_int_ge(omsp_test_alloc_walk(create_body, &format), e ? 4 : 1);
    }
}
END_TEST

OMSP_SUITE("stream_codec", TEST(formats_are_read_and_named), TEST(u_law_is_what_was_on_the_line),
           TEST(linear_samples_have_their_lower_byte_first),
           TEST(a_sine_keeps_frequency_and_level_at_every_rate),
           TEST(behind_a_gap_nothing_is_left_of_what_was_before),
           TEST(opus_brings_the_sine_back_in_few_bytes),
           TEST(what_a_consumer_says_in_pieces_comes_to_the_line_in_one),
           TEST(after_a_reset_the_line_hears_nothing_of_what_was_before),
           TEST(what_is_no_payload_is_refused), TEST(noise_is_decoded_or_refused),
           TEST(nothing_is_allocated_but_at_create),
           TEST(without_memory_nothing_is_made_and_nothing_stays))
