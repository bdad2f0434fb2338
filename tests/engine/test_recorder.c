/* Recording with several tracks, what is counted of it, and files that go bad under the player
 * (mspi.md 4.3-4.5). */
#include "support/call_rig.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "media/g711.h"
#include "media/wav.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 8000
#define MOST   3

/* So many pairs of calls; each plays a tone of its own into a track of the one recorder. */
struct bench {
    struct rig rig;
    unsigned count;
    struct omsp_call *said[MOST], *heard[MOST];
    struct omsp_stream *send[MOST], *hear[MOST];
    struct omsp_terminal *player[MOST], *played[MOST], *recorder, *track[MOST];
    int16_t source[MOST][8 * SECOND];
};

static void put_tone(struct bench *bench, unsigned i, const char *path)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    size_t samples = 8 * SECOND;
    uint8_t *bytes = malloc(OMSP_WAV_HEADER_MAX + samples * 2);
    size_t header = omsp_wav_header(&format, samples * 2, bytes);

    for (size_t k = 0; k < samples; k++) {
        int16_t sample = (int16_t)((int)(k * (i + 3) % 200) * 100 - 10000);

        bench->source[i][k] = omsp_ulaw_to_linear(omsp_ulaw_from_linear(sample));
        omsp_put_le16(bytes + header + 2 * k, (uint16_t)sample);
    }
    ck_assert_int_eq(omsp_sim_file_put(bench->rig.sim, path, bytes, header + samples * 2), OMSP_OK);
    free(bytes);
}

static struct bench *bench_open(unsigned count)
{
    static const char *const paths[MOST] = {"0.wav", "1.wav", "2.wav"};
    struct bench *bench = calloc(1, sizeof(*bench));

    rig_open(&bench->rig, 3);
    bench->count = count;
    ck_assert_int_eq(omsp_file_recorder_create(bench->rig.address, &bench->recorder), OMSP_OK);
    ck_assert_int_eq(omsp_file_recorder_set_name(bench->recorder, "out.wav"), OMSP_OK);
    for (unsigned i = 0; i < count; i++) {
        put_tone(bench, i, paths[i]);
        bench->said[i] = rig_call(&bench->rig);
        bench->heard[i] = rig_call(&bench->rig);
        bench->send[i] = rig_stream(bench->said[i], OMSP_CAPTURE);
        bench->hear[i] = rig_stream(bench->heard[i], OMSP_RENDER);
        bench->player[i] = rig_player(&bench->rig, paths[i], &bench->played[i]);
        ck_assert_int_eq(omsp_file_create_track(bench->recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER,
                                                &bench->track[i]),
                         OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(bench->send[i], bench->played[i]), OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(bench->hear[i], bench->track[i]), OMSP_OK);
    }
    return bench;
}

static void bench_run(struct bench *bench, unsigned ms)
{
    ck_assert_int_eq(omsp_file_start(bench->recorder), OMSP_OK);
    for (unsigned i = 0; i < bench->count; i++)
        rig_connect(bench->said[i], bench->heard[i]);
    rig_run(&bench->rig, ms);
}

static void bench_close(struct bench *bench)
{
    for (unsigned i = 0; i < bench->count; i++) {
        omsp_terminal_release(bench->played[i]);
        omsp_terminal_release(bench->player[i]);
        omsp_terminal_release(bench->track[i]);
        omsp_stream_release(bench->send[i]);
        omsp_stream_release(bench->hear[i]);
        omsp_call_release(bench->said[i]);
        omsp_call_release(bench->heard[i]);
    }
    omsp_terminal_release(bench->recorder);
    rig_close(&bench->rig);
    free(bench);
}

static void set_channels(struct bench *bench, uint16_t channels)
{
    struct omsp_audio_format format = {OMSP_WAV_PCM, channels, 8000, 16};

    ck_assert_int_eq(omsp_track_set_format(bench->track[0], &format), OMSP_OK);
}

/* The recording, interleaved; how many of all channels together. */
static const int16_t *result(struct bench *bench, unsigned channels, size_t *frames)
{
    static int16_t pcm[MOST * 10 * SECOND];
    struct omsp_wav_info info;
    const uint8_t *data;
    size_t len;

    ck_assert_int_eq(omsp_file_stop(bench->recorder), OMSP_OK);
    ck_assert_int_eq(omsp_sim_file_get(bench->rig.sim, "out.wav", &data, &len), OMSP_OK);
    ck_assert_int_eq(omsp_wav_parse(omsp_span(data, len), &info), OMSP_OK);
    ck_assert_uint_eq(info.format.channels, channels);
    *frames = rig_get_wav(&bench->rig, "out.wav", pcm, MOST * 10 * SECOND) / channels;
    return pcm;
}

/* Every channel has the tone of its own call and not a sample of another's. */
static void each_on_its_own(unsigned count)
{
    struct bench *bench = bench_open(count);
    struct omsp_audio_format format;
    const int16_t *pcm;
    size_t frames;

    ck_assert_int_eq(omsp_track_get_format(bench->track[0], &format), OMSP_OK);
    ck_assert_uint_eq(format.channels, count);
    bench_run(bench, 3000);
    pcm = result(bench, count, &frames);
    ck_assert_uint_ge(frames, 3 * SECOND - 320);
    for (unsigned c = 0; c < count; c++)
        for (size_t i = 0; i < 3 * SECOND - 320; i++)
            ck_assert_int_eq(pcm[i * count + c], bench->source[c][i]);
    bench_close(bench);
}

START_TEST(each_track_has_a_channel_of_its_own)
{
    each_on_its_own(1);
    each_on_its_own(2);
    each_on_its_own(3);
}
END_TEST

START_TEST(a_format_with_one_channel_mixes_the_tracks)
{
    struct bench *bench = bench_open(2);
    struct omsp_audio_format format;
    const int16_t *pcm;
    size_t frames;

    set_channels(bench, 1);
    ck_assert_int_eq(omsp_track_get_format(bench->track[1], &format), OMSP_OK);
    ck_assert_uint_eq(format.channels, 1);
    bench_run(bench, 2000);
    pcm = result(bench, 1, &frames);
    ck_assert_uint_ge(frames, 2 * SECOND - 320);
    for (size_t i = 0; i < 2 * SECOND - 320; i++)
        ck_assert_int_eq(pcm[i], bench->source[0][i] + bench->source[1][i]);
    bench_close(bench);
}
END_TEST

START_TEST(a_track_that_is_alone_fills_all_channels)
{
    struct bench *bench = bench_open(1);
    const int16_t *pcm;
    size_t frames;

    set_channels(bench, 2);
    bench_run(bench, 1000);
    pcm = result(bench, 2, &frames);
    ck_assert_uint_ge(frames, SECOND - 320);
    for (size_t i = 0; i < SECOND - 320; i++) {
        ck_assert_int_eq(pcm[2 * i], bench->source[0][i]);
        ck_assert_int_eq(pcm[2 * i + 1], bench->source[0][i]);
    }
    bench_close(bench);
}
END_TEST

START_TEST(tracks_beyond_the_channels_share_them_in_turn)
{
    struct bench *bench = bench_open(3);
    const int16_t *pcm;
    size_t frames;

    set_channels(bench, 2);
    bench_run(bench, 1000);
    pcm = result(bench, 2, &frames);
    ck_assert_uint_ge(frames, SECOND - 320);
    for (size_t i = 0; i < SECOND - 320; i++) {
        ck_assert_int_eq(pcm[2 * i], bench->source[0][i] + bench->source[2][i]);
        ck_assert_int_eq(pcm[2 * i + 1], bench->source[1][i]);
    }
    bench_close(bench);
}
END_TEST

START_TEST(a_track_removed_leaves_the_others_their_channels)
{
    struct bench *bench = bench_open(3);
    const int16_t *pcm;
    size_t frames;

    bench_run(bench, 1000);
    ck_assert_int_eq(omsp_file_remove_track(bench->recorder, bench->track[0]),
                     OMSP_TERMINAL_IN_USE);
    ck_assert_int_eq(omsp_stream_unselect(bench->hear[0], bench->track[0]), OMSP_OK);
    ck_assert_int_eq(omsp_file_remove_track(bench->recorder, bench->track[0]), OMSP_OK);
    rig_run(&bench->rig, 1000);
    pcm = result(bench, 3, &frames);
    ck_assert_uint_ge(frames, 2 * SECOND - 320);
    for (size_t i = 0; i < 2 * SECOND - 320; i++) {
        ck_assert_int_eq(pcm[3 * i + 1], bench->source[1][i]);
        ck_assert_int_eq(pcm[3 * i + 2], bench->source[2][i]);
    }
    bench_close(bench);
}
END_TEST

/* Whoever lets go of a recorder whose track is on a stream wants the recording; it ends with the
 * selection, and nothing of it is missing. */
START_TEST(a_recorder_let_go_of_records_on_until_its_track_is_unselected)
{
    static int16_t pcm[10 * SECOND];
    struct bench *bench = bench_open(1);
    struct omsp_wav_info info;
    const uint8_t *data;
    size_t len, frames;

    bench_run(bench, 1000);
    omsp_terminal_release(bench->recorder);
    bench->recorder = NULL;
    rig_run(&bench->rig, 1000);
    ck_assert_int_eq(omsp_stream_unselect(bench->hear[0], bench->track[0]), OMSP_OK);
    rig_run(&bench->rig, 20);
    ck_assert_ptr_null(omsp_track_parent(bench->track[0]));
    ck_assert_int_eq(omsp_sim_file_get(bench->rig.sim, "out.wav", &data, &len), OMSP_OK);
    ck_assert_int_eq(omsp_wav_parse(omsp_span(data, len), &info), OMSP_OK);
    frames = rig_get_wav(&bench->rig, "out.wav", pcm, 10 * SECOND);
    ck_assert_uint_ge(frames, 2 * SECOND - 320);
    for (size_t i = 0; i < 2 * SECOND - 320; i++)
        ck_assert_int_eq(pcm[i], bench->source[0][i]);
    bench_close(bench);
}
END_TEST

START_TEST(there_are_eight_tracks_at_most_and_eight_channels)
{
    struct bench *bench = bench_open(1);
    struct omsp_audio_format format = {OMSP_WAV_PCM, 9, 8000, 16};
    struct omsp_terminal *track;

    ck_assert_int_eq(omsp_track_set_format(bench->track[0], &format), OMSP_NO_FORMAT);
    for (unsigned i = 1; i < 8; i++) {
        ck_assert_int_eq(
            omsp_file_create_track(bench->recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER, &track),
            OMSP_OK);
        omsp_terminal_release(track);
    }
    ck_assert_int_eq(omsp_file_create_track(bench->recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER, &track),
                     OMSP_FULL);
    ck_assert_int_eq(omsp_track_get_format(bench->track[0], &format), OMSP_OK);
    ck_assert_uint_eq(format.channels, 8);
    bench_close(bench);
}
END_TEST

/* ---- what is counted ------------------------------------------------------------------------- */

START_TEST(what_is_counted_as_recorded_is_in_the_file)
{
    struct bench *bench = bench_open(1);
    struct omsp_call_stats stats;
    size_t frames;

    rig_connect(bench->said[0], bench->heard[0]);
    rig_run(&bench->rig, 1000);
    omsp_call_get_stats(bench->heard[0], &stats);
    ck_assert_uint_eq(stats.frames_recorded, 0); /* nobody started the recorder */
    ck_assert_int_eq(omsp_file_start(bench->recorder), OMSP_OK);
    rig_run(&bench->rig, 1000);
    ck_assert_int_eq(omsp_file_pause(bench->recorder), OMSP_OK);
    rig_run(&bench->rig, 1000);
    result(bench, 1, &frames);
    omsp_call_get_stats(bench->heard[0], &stats);
    ck_assert_uint_eq(stats.frames_recorded, frames / 160);
    ck_assert_uint_ge(stats.frames_recorded, 49);
    ck_assert_uint_le(stats.frames_recorded, 51);
    ck_assert_int_eq(omsp_call_shutdown(bench->heard[0]), OMSP_OK);
    omsp_call_get_stats(bench->heard[0], &stats);
    ck_assert_uint_eq(stats.frames_recorded, frames / 160);
    bench_close(bench);
}
END_TEST

START_TEST(what_a_full_disk_refused_is_not_counted)
{
    struct bench *bench = bench_open(1);
    struct omsp_call_stats stats;
    size_t frames;

    omsp_sim_set_disk_room(bench->rig.sim, 44 + 2 * SECOND);
    bench_run(bench, 3000);
    ck_assert_int_eq(omsp_file_state(bench->recorder), OMSP_MEDIA_IDLE);
    result(bench, 1, &frames);
    omsp_call_get_stats(bench->heard[0], &stats);
    ck_assert_uint_le(stats.frames_recorded, frames / 160);
    ck_assert_uint_ge(stats.frames_recorded + 4, frames / 160); /* a chunk that was cut */
    ck_assert_uint_ge(stats.frames_recorded, 40);
    bench_close(bench);
}
END_TEST

START_TEST(each_call_counts_its_own_track)
{
    struct bench *bench = bench_open(2);
    struct omsp_call_stats one, two;
    size_t frames;

    bench_run(bench, 1000);
    ck_assert_int_eq(omsp_stream_unselect(bench->hear[1], bench->track[1]), OMSP_OK);
    rig_run(&bench->rig, 2000);
    result(bench, 2, &frames);
    omsp_call_get_stats(bench->heard[0], &one);
    omsp_call_get_stats(bench->heard[1], &two);
    ck_assert_uint_ge(one.frames_recorded, 148);
    ck_assert_uint_ge(two.frames_recorded, 48);
    ck_assert_uint_le(two.frames_recorded, 52);
    bench_close(bench);
}
END_TEST

/* ---- files that go bad ----------------------------------------------------------------------- */

static void drain_events(struct bench *bench)
{
    while ((int)rig_event(&bench->rig).kind != -1)
        ;
}

START_TEST(a_playing_file_that_is_cut_is_a_read_error_and_the_stream_goes_on)
{
    struct bench *bench = bench_open(1);

    rig_connect(bench->said[0], bench->heard[0]);
    rig_run(&bench->rig, 1000);
    drain_events(bench);
    ck_assert_int_eq(omsp_sim_file_cut(bench->rig.sim, "0.wav", 44 + 2 * 5 * SECOND), OMSP_OK);
    rig_run(&bench->rig, 8000);
    rig_expect_file(&bench->rig, OMSP_MEDIA_IDLE, OMSP_FILE_READ_ERROR, OMSP_IO);
    rig_expect_nothing(&bench->rig);
    ck_assert_int_eq(omsp_stream_get_actual(bench->send[0]), OMSP_RUNNING);
    ck_assert_int_eq(omsp_file_start(bench->player[0]), OMSP_OK); /* what is left plays again */
    rig_expect_file(&bench->rig, OMSP_MEDIA_ACTIVE, OMSP_FILE_NORMAL, OMSP_OK);
    bench_close(bench);
}
END_TEST

START_TEST(a_disk_that_fails_while_it_is_read_is_a_read_error)
{
    struct bench *bench = bench_open(1);

    rig_connect(bench->said[0], bench->heard[0]);
    rig_run(&bench->rig, 1000);
    drain_events(bench);
    ck_assert_int_eq(omsp_sim_file_fail_from(bench->rig.sim, "0.wav", OMSP_SIM_FILE_READ,
                                             44 + 2 * 4 * SECOND, OMSP_IO),
                     OMSP_OK);
    rig_run(&bench->rig, 8000);
    rig_expect_file(&bench->rig, OMSP_MEDIA_IDLE, OMSP_FILE_READ_ERROR, OMSP_IO);
    rig_expect_nothing(&bench->rig);
    bench_close(bench);
}
END_TEST

static void second_of_a_list_is(enum omsp_status expected)
{
    static const char *const list[] = {"0.wav", "second.wav"};
    struct bench *bench = bench_open(1);

    rig_put_tone(&bench->rig, "second.wav", SECOND, NULL);
    ck_assert_int_eq(omsp_file_stop(bench->player[0]), OMSP_OK);
    ck_assert_int_eq(omsp_file_player_set_list(bench->player[0], list, 2), OMSP_OK);
    if (expected == OMSP_ACCESS)
        ck_assert_int_eq(omsp_sim_file_protect(bench->rig.sim, "second.wav", true, true), OMSP_OK);
    else
        ck_assert_int_eq(omsp_sim_file_put(bench->rig.sim, "second.wav", "no WAV", 6), OMSP_OK);
    ck_assert_int_eq(omsp_file_start(bench->player[0]), OMSP_OK);
    rig_connect(bench->said[0], bench->heard[0]);
    drain_events(bench);
    rig_run(&bench->rig, 12000);
    rig_expect_file(&bench->rig, OMSP_MEDIA_IDLE, OMSP_FILE_READ_ERROR, expected);
    rig_expect_nothing(&bench->rig);
    bench_close(bench);
}

START_TEST(a_file_of_the_list_that_cannot_be_played_any_more_is_a_read_error)
{
    second_of_a_list_is(OMSP_ACCESS);
    second_of_a_list_is(OMSP_INVALID);
}
END_TEST

OMSP_SUITE("recorder", TEST(each_track_has_a_channel_of_its_own),
           TEST(a_format_with_one_channel_mixes_the_tracks),
           TEST(a_track_that_is_alone_fills_all_channels),
           TEST(tracks_beyond_the_channels_share_them_in_turn),
           TEST(a_track_removed_leaves_the_others_their_channels),
           TEST(a_recorder_let_go_of_records_on_until_its_track_is_unselected),
           TEST(there_are_eight_tracks_at_most_and_eight_channels),
           TEST(what_is_counted_as_recorded_is_in_the_file),
           TEST(what_a_full_disk_refused_is_not_counted), TEST(each_call_counts_its_own_track),
           TEST(a_playing_file_that_is_cut_is_a_read_error_and_the_stream_goes_on),
           TEST(a_disk_that_fails_while_it_is_read_is_a_read_error),
           TEST(a_file_of_the_list_that_cannot_be_played_any_more_is_a_read_error))
