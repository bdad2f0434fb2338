/* Volume, silence, level and rates of whole calls in simulated time (mspi.md 4.6). */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/quality.h"
#include "media/g711.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 8000

/* a plays a file to b, which records. */
struct pair {
    struct rig rig;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear;
    struct omsp_terminal *player, *play_track, *recorder, *record_track;
    int16_t source[6 * SECOND];
};

static struct pair *pair_open(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    rig_open(&pair->rig, 1);
    rig_put_tone(&pair->rig, "in.wav", 6 * SECOND, pair->source);
    pair->a = rig_call(&pair->rig);
    pair->b = rig_call(&pair->rig);
    pair->send = rig_stream(pair->a, OMSP_CAPTURE);
    pair->hear = rig_stream(pair->b, OMSP_RENDER);
    pair->player = rig_player(&pair->rig, "in.wav", &pair->play_track);
    pair->recorder = rig_recorder(&pair->rig, "out.wav", &pair->record_track);
    ck_assert_int_eq(omsp_stream_select(pair->send, pair->play_track), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(pair->hear, pair->record_track), OMSP_OK);
    return pair;
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
    rig_close(&pair->rig);
    free(pair);
}

static const int16_t *recorded(struct pair *pair, size_t *count)
{
    static int16_t heard[10 * SECOND];

    ck_assert_int_eq(omsp_file_stop(pair->recorder), OMSP_OK);
    *count = rig_get_wav(&pair->rig, "out.wav", heard, 10 * SECOND);
    return heard;
}

static int16_t pass(int16_t sample)
{
    return omsp_ulaw_to_linear(omsp_ulaw_from_linear(sample));
}

START_TEST(volume_of_the_capture_stream_is_what_the_far_end_hears)
{
    struct pair *pair = pair_open();
    const int16_t *heard;
    size_t count;

    ck_assert_int_eq(omsp_stream_set_volume(pair->send, OMSP_STREAM_VOLUME_SAME / 2), OMSP_OK);
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 2000);
    heard = recorded(pair, &count);
    ck_assert_uint_ge(count, 2 * SECOND - 320);
    for (size_t i = 0; i < 2 * SECOND - 320; i++) {
        int16_t half =
            (int16_t)((pair->source[i] + (pair->source[i] > 0) - (pair->source[i] < 0)) / 2);

        ck_assert_int_eq(heard[i], pass(half));
    }
    pair_close(pair);
}
END_TEST

START_TEST(volume_of_the_render_stream_is_what_the_terminals_get_clipped)
{
    struct pair *pair = pair_open();
    const int16_t *heard;
    bool clipped = false;
    size_t count;

    rig_connect(pair->a, pair->b);
    ck_assert_int_eq(omsp_stream_set_volume(pair->hear, OMSP_STREAM_VOLUME_MAX), OMSP_OK);
    rig_run(&pair->rig, 2000);
    heard = recorded(pair, &count);
    for (size_t i = 0; i < 2 * SECOND - 320; i++) {
        double wanted = (double)pass(pair->source[i]) * 65535 / 16384;

        wanted = wanted > 32767 ? 32767 : wanted < -32768 ? -32768 : wanted;
        clipped |= heard[i] == 32767;
        ck_assert(heard[i] - wanted < 1 && wanted - heard[i] < 1);
    }
    ck_assert(clipped);
    pair_close(pair);
}
END_TEST

START_TEST(volume_may_change_while_it_runs_and_outlives_a_stop)
{
    struct pair *pair = pair_open();
    struct omsp_stream_quality quality;
    const int16_t *heard;
    size_t count;

    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 1000);
    ck_assert_int_eq(omsp_stream_set_volume(pair->send, 0), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(pair->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(pair->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&pair->rig, 1000);
    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_uint_eq(quality.volume, 0);
    ck_assert_uint_eq(quality.level, 0);
    heard = recorded(pair, &count);
    ck_assert_uint_ge(count, 2 * SECOND - 480);
    for (size_t i = SECOND + 480; i < 2 * SECOND - 480; i++)
        ck_assert_int_eq(heard[i], 0);
    ck_assert_int_ne(heard[SECOND / 2], heard[SECOND / 2 + 3]);
    pair_close(pair);
}
END_TEST

START_TEST(level_is_of_the_last_twenty_milliseconds)
{
    struct pair *pair = pair_open();
    struct omsp_stream_quality quality;

    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_uint_eq(quality.level, 0);
    ck_assert_int_eq(quality.codec, -1);
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 1000);
    omsp_stream_get_quality(pair->send, &quality); /* a sine of 9000: 6364 */
    ck_assert_uint_ge(quality.level, 6000);
    ck_assert_uint_le(quality.level, 6700);
    omsp_stream_get_quality(pair->hear, &quality);
    ck_assert_uint_ge(quality.level, 6000);
    ck_assert_uint_le(quality.level, 6700);
    ck_assert_int_eq(omsp_stream_set_volume(pair->hear, OMSP_STREAM_VOLUME_SAME / 4), OMSP_OK);
    rig_run(&pair->rig, 40);
    omsp_stream_get_quality(pair->hear, &quality);
    ck_assert_uint_ge(quality.level, 1500);
    ck_assert_uint_le(quality.level, 1700);
    ck_assert_int_eq(omsp_stream_stop(pair->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_uint_eq(quality.level, 0);
    rig_run(&pair->rig, 300);
    omsp_stream_get_quality(pair->hear, &quality); /* nothing comes any more */
    ck_assert_uint_eq(quality.level, 0);
    pair_close(pair);
}
END_TEST

#define MOMENTS 40

/* silence: a threshold that nothing is below, so that the samples go another way to the level. */
static void levels_of(unsigned silence, unsigned levels[MOMENTS])
{
    struct pair *pair = pair_open();

    ck_assert_int_eq(omsp_stream_set_silence(pair->hear, silence), OMSP_OK);
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 100);
    for (unsigned i = 0; i < MOMENTS; i++) {
        struct omsp_stream_quality quality;

        rig_run(&pair->rig, 20);
        omsp_stream_get_quality(pair->hear, &quality);
        levels[i] = quality.level;
    }
    pair_close(pair);
}

START_TEST(a_level_is_the_same_whether_samples_were_kept_or_squared)
{
    unsigned kept[MOMENTS], squared[MOMENTS];

    levels_of(0, kept);
    levels_of(1, squared);
    for (unsigned i = 0; i < MOMENTS; i++) {
        ck_assert_uint_gt(kept[i], 5000);
        ck_assert_uint_eq(kept[i], squared[i]);
    }
    ck_assert_uint_ne(kept[0], kept[7]); /* it is not one level all the time */
}
END_TEST

START_TEST(what_is_below_the_threshold_becomes_silence)
{
    struct pair *pair = pair_open();
    const int16_t *heard;
    size_t count;

    ck_assert_int_eq(omsp_stream_set_silence(pair->send, 6000), OMSP_OK); /* the tone is louder */
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 1000);
    ck_assert_int_eq(omsp_stream_set_silence(pair->send, 8000), OMSP_OK);
    rig_run(&pair->rig, 1000);
    heard = recorded(pair, &count);
    for (size_t i = 0; i < SECOND - 320; i++)
        ck_assert_int_eq(heard[i], pass(pair->source[i]));
    for (size_t i = SECOND + 320; i < 2 * SECOND - 320; i++)
        ck_assert_int_eq(heard[i], 0);
    pair_close(pair);
}
END_TEST

START_TEST(rates_are_those_of_the_wire)
{
    struct pair *pair = pair_open();
    struct omsp_stream_quality quality;
    struct omsp_call_quality call;

    omsp_call_get_quality(pair->a, &call);
    ck_assert_uint_eq(call.interval_ms, OMSP_QUALITY_INTERVAL_DEFAULT_MS);
    ck_assert_uint_eq(call.output_bits_per_second, 0);
    ck_assert_int_eq(omsp_call_set_ptime(pair->a, 40), OMSP_OK);
    ck_assert_uint_eq(omsp_call_get_ptime(pair->a), 40);
    ck_assert_int_eq(omsp_call_set_ptime(pair->b, 40), OMSP_OK);
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 3000);
    omsp_call_get_quality(pair->a, &call);
    ck_assert_uint_eq(call.output_bits_per_second, 64000);
    ck_assert_uint_eq(call.input_bits_per_second, 0);
    omsp_call_get_quality(pair->b, &call);
    ck_assert_uint_ge(call.input_bits_per_second, 62000);
    ck_assert_uint_le(call.input_bits_per_second, 66000);
    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_uint_eq(quality.packet_interval_us, 40000);
    ck_assert_uint_eq(quality.bits_per_second, 64000);
    ck_assert_int_eq(quality.codec, 0);
    ck_assert_int_eq(omsp_call_set_quality_interval(pair->b, 200), OMSP_OK);
    rig_run(&pair->rig, 1000);
    ck_assert_int_eq(omsp_stream_stop(pair->send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_uint_eq(quality.bits_per_second, 0);
    rig_run(&pair->rig, 500);
    omsp_call_get_quality(pair->b, &call);
    ck_assert_uint_eq(call.interval_ms, 200);
    ck_assert_uint_eq(call.input_bits_per_second, 0);
    pair_close(pair);
}
END_TEST

START_TEST(the_codec_is_the_one_of_each_direction)
{
    static const uint8_t alaw_first[] = {8, 0};
    struct pair *pair = pair_open();
    struct omsp_stream_quality quality;

    ck_assert_int_eq(omsp_call_set_codecs(pair->a, alaw_first, 2), OMSP_OK);
    rig_connect(pair->a, pair->b);
    rig_run(&pair->rig, 500);
    omsp_stream_get_quality(pair->send, &quality);
    ck_assert_int_eq(quality.codec, 8);
    omsp_stream_get_quality(pair->hear, &quality);
    ck_assert_int_eq(quality.codec, 8);
    pair_close(pair);
}
END_TEST

START_TEST(values_out_of_range_and_streams_without_sound_are_refused)
{
    struct pair *pair = pair_open();
    struct omsp_stream_offers offers = {0};
    struct omsp_stream *video;
    struct omsp_call *call;

    ck_assert_int_eq(omsp_stream_set_volume(pair->send, OMSP_STREAM_VOLUME_MAX + 1), OMSP_INVALID);
    ck_assert_int_eq(omsp_stream_set_silence(pair->send, OMSP_STREAM_LEVEL_MAX + 1), OMSP_INVALID);
    ck_assert_int_eq(omsp_call_set_quality_interval(pair->a, 99), OMSP_INVALID);
    ck_assert_int_eq(omsp_call_set_quality_interval(pair->a, 10001), OMSP_INVALID);
    ck_assert_int_eq(
        omsp_call_create(pair->rig.address, OMSP_MEDIA_AUDIO | OMSP_MEDIA_VIDEO, 1, &call),
        OMSP_OK);
    video = omsp_call_stream_at(call, 2);
    ck_assert_int_eq(omsp_stream_set_volume(video, 1), OMSP_NOTSUPPORTED);
    omsp_stream_release(video);
    ck_assert_int_eq(omsp_call_set_transport(call, OMSP_TRANSPORT_HARDWARE, offers), OMSP_OK);
    video = omsp_call_stream_at(call, 0);
    ck_assert_int_eq(omsp_stream_set_volume(video, 1), OMSP_NOTSUPPORTED);
    ck_assert_int_eq(omsp_call_shutdown(call), OMSP_OK);
    ck_assert_int_eq(omsp_stream_set_silence(video, 1), OMSP_SHUTDOWN);
    ck_assert_int_eq(omsp_call_set_quality_interval(call, 500), OMSP_SHUTDOWN);
    omsp_stream_release(video);
    omsp_call_release(call);
    pair_close(pair);
}
END_TEST

OMSP_SUITE("quality", TEST(volume_of_the_capture_stream_is_what_the_far_end_hears),
           TEST(volume_of_the_render_stream_is_what_the_terminals_get_clipped),
           TEST(volume_may_change_while_it_runs_and_outlives_a_stop),
           TEST(level_is_of_the_last_twenty_milliseconds),
           TEST(a_level_is_the_same_whether_samples_were_kept_or_squared),
           TEST(what_is_below_the_threshold_becomes_silence), TEST(rates_are_those_of_the_wire),
           TEST(the_codec_is_the_one_of_each_direction),
           TEST(values_out_of_range_and_streams_without_sound_are_refused))
