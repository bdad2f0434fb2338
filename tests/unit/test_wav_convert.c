/* WAV file bytes to mono at 8 kHz and back. */
#include "support/suite.h"

#include "base/bytes.h"
#include "media/g711.h"
#include "media/wav_convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

static struct omsp_wav_decoder *decoder_of(uint16_t tag, uint16_t channels, uint32_t rate,
                                           uint16_t bits)
{
    struct omsp_wav_format format = {tag, channels, rate, bits};
    struct omsp_wav_decoder *decoder = NULL;

    ck_assert_int_eq(omsp_wav_decoder_create(&format, &decoder), OMSP_OK);
    return decoder;
}

static struct omsp_wav_encoder *encoder_of(uint16_t tag, uint16_t channels, uint32_t rate,
                                           uint16_t bits)
{
    struct omsp_wav_format format = {tag, channels, rate, bits};
    struct omsp_wav_encoder *encoder = NULL;

    ck_assert_int_eq(omsp_wav_encoder_create(&format, &encoder), OMSP_OK);
    return encoder;
}

static void decodes(uint16_t tag, uint16_t channels, uint16_t bits, const uint8_t *bytes,
                    size_t len, const int16_t *wanted, size_t count)
{
    struct omsp_wav_decoder *decoder = decoder_of(tag, channels, 8000, bits);
    int16_t out[16];
    size_t used;

    ck_assert_uint_eq(omsp_wav_decode(decoder, bytes, len, &used, out, 16), count);
    ck_assert_uint_eq(used, len);
    ck_assert_mem_eq(out, wanted, count * sizeof(out[0]));
    ck_assert_uint_eq(omsp_wav_decode_flush(decoder, out, 16), 0);
    omsp_wav_decoder_destroy(decoder);
}

START_TEST(samples_of_every_kind_are_known)
{
    static const uint8_t pcm16[] = {0x00, 0x00, 0xFF, 0x7F, 0x00, 0x80, 0x34, 0x12};
    static const int16_t from16[] = {0, 32767, -32768, 0x1234};
    static const uint8_t pcm8[] = {128, 255, 0, 129};
    static const int16_t from8[] = {0, 32512, -32768, 256};
    static const uint8_t stereo[] = {0x10, 0x00, 0x30, 0x00, 0xFF, 0x7F, 0x01, 0x80};
    static const int16_t from_stereo[] = {0x20, 0};
    uint8_t codes[16];
    int16_t wanted[16];

    decodes(OMSP_WAV_PCM, 1, 16, pcm16, 8, from16, 4);
    decodes(OMSP_WAV_PCM, 1, 8, pcm8, 4, from8, 4);
    decodes(OMSP_WAV_PCM, 2, 16, stereo, 8, from_stereo, 2);
    for (unsigned i = 0; i < 16; i++)
        codes[i] = (uint8_t)(i * 17);
    omsp_ulaw_decode(wanted, codes, 16);
    decodes(OMSP_WAV_ULAW, 1, 8, codes, 16, wanted, 16);
    omsp_alaw_decode(wanted, codes, 16);
    decodes(OMSP_WAV_ALAW, 1, 8, codes, 16, wanted, 16);
}
END_TEST

START_TEST(what_is_encoded_decodes_to_the_same)
{
    static const struct {
        uint16_t tag, bits;
        int tolerance; /* in parts of 1024 of the sample, plus the format's step */
        int step;
    } cases[] = {
        {OMSP_WAV_PCM, 16, 0, 0},
        {OMSP_WAV_PCM, 8, 0, 256},
        {OMSP_WAV_ULAW, 8, 40, 8},
        {OMSP_WAV_ALAW, 8, 40, 16},
    };
    int16_t in[512], out[512];
    uint8_t bytes[512 * 4];

    for (unsigned i = 0; i < 512; i++)
        in[i] = (int16_t)(i * 128 - 32768 + i % 128);
    for (unsigned c = 0; c < 4; c++) {
        for (uint16_t channels = 1; channels <= 2; channels++) {
            struct omsp_wav_encoder *encoder =
                encoder_of(cases[c].tag, channels, 8000, cases[c].bits);
            struct omsp_wav_decoder *decoder =
                decoder_of(cases[c].tag, channels, 8000, cases[c].bits);
            size_t used, len = omsp_wav_encode(encoder, in, 512, &used, bytes, sizeof(bytes));

            ck_assert_uint_eq(used, 512);
            ck_assert_uint_eq(len, 512u * channels * cases[c].bits / 8);
            ck_assert_uint_eq(omsp_wav_decode(decoder, bytes, len, &used, out, 512), 512);
            for (unsigned i = 0; i < 512; i++)
                ck_assert_int_le(abs(in[i] - out[i]),
                                 abs(in[i]) * cases[c].tolerance / 1024 + cases[c].step);
            omsp_wav_encoder_destroy(encoder);
            omsp_wav_decoder_destroy(decoder);
        }
    }
}
END_TEST

START_TEST(part_of_a_block_waits_and_room_is_kept)
{
    struct omsp_wav_decoder *decoder = decoder_of(OMSP_WAV_PCM, 2, 8000, 16);
    struct omsp_wav_encoder *encoder = encoder_of(OMSP_WAV_PCM, 2, 8000, 16);
    uint8_t bytes[23] = {0}, file[11];
    int16_t out[8], in[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t used;

    ck_assert_uint_eq(omsp_wav_decode(decoder, bytes, 23, &used, out, 8), 5);
    ck_assert_uint_eq(used, 20);
    ck_assert_uint_eq(omsp_wav_decode(decoder, bytes, 23, &used, out, 3), 3);
    ck_assert_uint_eq(used, 12);
    ck_assert_uint_eq(omsp_wav_decode(decoder, bytes, 3, &used, out, 8), 0);
    ck_assert_uint_eq(used, 0);
    ck_assert_uint_eq(omsp_wav_encode(encoder, in, 8, &used, file, 11), 8);
    ck_assert_uint_eq(used, 2);
    ck_assert_uint_eq(omsp_wav_encode(encoder, in, 8, &used, file, 3), 0);
    ck_assert_uint_eq(used, 0);
    omsp_wav_decoder_destroy(decoder);
    omsp_wav_encoder_destroy(encoder);
}
END_TEST

/* A tone through file bytes at another rate, in odd pieces, comes out as the same tone. */
START_TEST(other_rates_keep_the_sound_and_the_length)
{
    static const uint32_t rates[] = {11025, 16000, 44100, 48000};
    static int16_t in[8000], out[8100];
    static uint8_t bytes[8100 * 24];

    for (unsigned i = 0; i < 8000; i++)
        in[i] = (int16_t)lrint(10000 * sin(2 * PI * 1000 * i / 8000));
    for (unsigned r = 0; r < 4; r++) {
        struct omsp_wav_encoder *encoder = encoder_of(OMSP_WAV_PCM, 2, rates[r], 16);
        struct omsp_wav_decoder *decoder = decoder_of(OMSP_WAV_PCM, 2, rates[r], 16);
        size_t used, len = 0, at, made = 0;

        for (at = 0; at < 8000; at += used)
            len += omsp_wav_encode(encoder, in + at, 8000 - at < 333 ? 8000 - at : 333, &used,
                                   bytes + len, 1000);
        for (size_t got = 500; got >= 500 - 4;) {
            got = omsp_wav_encode_flush(encoder, bytes + len, 500);
            len += got;
        }
        ck_assert_uint_eq(len, (size_t)rates[r] * 4);
        for (at = 0; at < len; at += used) {
            size_t give = len - at < 777 ? len - at : 777;

            made += omsp_wav_decode(decoder, bytes + at, give, &used, out + made, 100);
            ck_assert(used || give < 4 || made);
        }
        for (size_t got = 50; got == 50;) {
            got = omsp_wav_decode_flush(decoder, out + made, 50);
            made += got;
        }
        ck_assert_uint_eq(made, 8000);
        for (unsigned i = 200; i < 7800; i++)
            ck_assert_int_le(abs(in[i] - out[i]), 200);
        omsp_wav_encoder_destroy(encoder);
        omsp_wav_decoder_destroy(decoder);
    }
}
END_TEST

/* Each track comes back from its own channel, at any rate, given in any pieces. */
START_TEST(tracks_keep_to_their_channels)
{
    static const uint32_t rates[] = {8000, 11025, 48000};
    static int16_t in[4000 * 8], one[4000], alone[30000];
    static uint8_t bytes[4000 * 12 * 8], single[30000 * 2];

    for (unsigned r = 0; r < 3; r++) {
        for (uint16_t tracks = 2; tracks <= 8; tracks += 3) {
            struct omsp_wav_format format = {OMSP_WAV_PCM, tracks, rates[r], 16};
            struct omsp_wav_encoder *encoder;
            size_t len = 0, done = 0, used, frames;

            for (unsigned i = 0; i < 4000; i++)
                for (unsigned t = 0; t < tracks; t++)
                    in[i * tracks + t] = (int16_t)(3000 * (t + 1) * sin(i * (0.1 + 0.07 * t)));
            ck_assert_int_eq(omsp_wav_encoder_create_tracks(&format, &encoder), OMSP_OK);
            for (size_t piece = 1; done < 4000; piece = piece * 3 % 701) {
                size_t give = piece < 4000 - done ? piece : 4000 - done;

                len += omsp_wav_encode(encoder, in + done * tracks, give, &used, bytes + len,
                                       give * 12 * tracks + 12 * tracks);
                ck_assert_uint_eq(used, give);
                done += give;
            }
            len += omsp_wav_encode_flush(encoder, bytes + len, sizeof(bytes) - len);
            omsp_wav_encoder_destroy(encoder);
            frames = len / 2 / tracks;
            ck_assert_uint_eq(frames, (4000 * rates[r] + 7999) / 8000);
            for (unsigned t = 0; t < tracks; t++) {
                struct omsp_wav_encoder *mono = encoder_of(OMSP_WAV_PCM, 1, rates[r], 16);

                for (unsigned i = 0; i < 4000; i++)
                    one[i] = in[i * tracks + t];
                len = omsp_wav_encode(mono, one, 4000, &used, single, sizeof(single));
                len += omsp_wav_encode_flush(mono, single + len, sizeof(single) - len);
                omsp_wav_encoder_destroy(mono);
                ck_assert_uint_eq(len / 2, frames);
                memcpy(alone, single, len);
                for (size_t i = 0; i < frames; i++)
                    ck_assert_int_eq((int16_t)omsp_le16(bytes + (i * tracks + t) * 2), alone[i]);
            }
        }
    }
}
END_TEST

START_TEST(formats_not_supported_are_refused)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 24};
    struct omsp_wav_decoder *decoder = NULL;
    struct omsp_wav_encoder *encoder = NULL;

    ck_assert_int_eq(omsp_wav_decoder_create(&format, &decoder), OMSP_NO_FORMAT);
    ck_assert_int_eq(omsp_wav_encoder_create(&format, &encoder), OMSP_NO_FORMAT);
    ck_assert(!decoder && !encoder);
    omsp_wav_decoder_destroy(NULL);
    omsp_wav_encoder_destroy(NULL);
}
END_TEST

static void create_body(void *ctx)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 16000, 16};
    struct omsp_wav_decoder *decoder = NULL;
    struct omsp_wav_encoder *encoder = NULL;
    enum omsp_status status = omsp_wav_decoder_create(&format, &decoder);

    (void)ctx;
    if (!status)
        status = omsp_wav_encoder_create(&format, &encoder);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_wav_decoder_destroy(decoder);
    omsp_wav_encoder_destroy(encoder);
}

START_TEST(out_of_memory_is_told)
{
    ck_assert_int_eq(omsp_test_alloc_walk(create_body, NULL), 4);
}
END_TEST

OMSP_SUITE("wav_convert", TEST(samples_of_every_kind_are_known),
           TEST(what_is_encoded_decodes_to_the_same), TEST(part_of_a_block_waits_and_room_is_kept),
           TEST(other_rates_keep_the_sound_and_the_length), TEST(tracks_keep_to_their_channels),
           TEST(formats_not_supported_are_refused), TEST(out_of_memory_is_told))
