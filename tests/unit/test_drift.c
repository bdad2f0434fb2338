/* Clocks that run apart: the controller, the conversion that it bends, and folding of channels. */
#include "support/suite.h"

#include "media/drift.h"
#include "media/rate_match.h"
#include "port/audio.h"

#include <math.h>
#include <stdlib.h>

/* A buffer that gains `off` ppm and is looked at every 20 ms; answers the level after `seconds`. */
static double control(struct omsp_drift *drift, double off, int seconds, double level)
{
    uint64_t now = 1000000;

    for (int i = 0; i < seconds * 50; i++) {
        now += 20000;
        level += (off - drift->ppm) * 0.02;
        omsp_drift_note(drift, now, (int64_t)level + rand() % 4000 - 2000);
    }
    return level;
}

START_TEST(the_level_stays_where_it_was_and_the_difference_is_found)
{
    static const int offs[] = {0, 500, -500, 1500, -1500};

    for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
        struct omsp_drift drift;
        double level;

        srand(1);
        omsp_drift_init(&drift, 0, 100000);
        level = control(&drift, offs[i], 300, 30000);
        ck_assert_int_le(abs(drift.ppm - offs[i]), 40);
        ck_assert_double_eq_tol(level, 30000, 2500);
    }
}
END_TEST

START_TEST(no_difference_is_corrected_beyond_the_limit)
{
    struct omsp_drift drift;

    omsp_drift_init(&drift, 0, 100000);
    control(&drift, 50000, 100, 30000);
    ck_assert_int_eq(drift.ppm, OMSP_DRIFT_MOST_PPM);
}
END_TEST

START_TEST(what_is_right_lies_within_its_limits)
{
    struct omsp_drift drift;
    double level;

    omsp_drift_init(&drift, 20000, 40000);
    level = control(&drift, 0, 300, 5000);
    ck_assert_double_eq_tol(level, 20000, 2500);
}
END_TEST

START_TEST(a_bent_conversion_takes_more_or_less_by_so_much)
{
    static const uint32_t rates[][2] = {{48000, 8000},  {44100, 8000}, {8000, 44100},
                                        {8000, 48000},  {8000, 8000},  {11025, 8000},
                                        {192000, 8000}, {8001, 47999}};
    static const int bends[] = {0, 500, -500, 2000, -5000, 5000, 10};
    static int16_t in[1000], out[8000];

    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
        for (size_t b = 0; b < sizeof(bends) / sizeof(bends[0]); b++) {
            double taken = 0, made = 0, ratio;
            struct omsp_rate_match *match;

            ck_assert_int_eq(omsp_rate_match_create(rates[r][0], rates[r][1], &match), OMSP_OK);
            omsp_rate_match_bend(match, bends[b]);
            while (taken < 40.0 * rates[r][0]) {
                size_t used;

                made += (double)omsp_rate_match_process(match, in, 1000, &used, out, 8000);
                taken += (double)used;
            }
            ratio = taken / made / ((double)rates[r][0] / rates[r][1]);
            ck_assert_double_eq_tol((ratio - 1) * 1e6, bends[b], 15);
            omsp_rate_match_destroy(match);
        }
}
END_TEST

START_TEST(bending_again_and_again_makes_no_click)
{
    struct omsp_rate_match *match;
    int16_t in[480], out[200], last = 0;
    double phase = 0;

    ck_assert_int_eq(omsp_rate_match_create(44100, 8000, &match), OMSP_OK);
    for (int piece = 0; piece < 2000; piece++) {
        size_t used, made;

        for (int i = 0; i < 480; i++) {
            in[i] = (int16_t)lrint(10000 * sin(phase));
            phase += 6.283185307179586 * 400 / 44100;
        }
        omsp_rate_match_bend(match, (piece * 37) % 4000 - 2000);
        made = omsp_rate_match_process(match, in, 480, &used, out, 200);
        ck_assert_uint_eq(used, 480);
        for (size_t i = 0; i < made; i++) {
            ck_assert_int_le(abs(out[i] - last), 3400);
            last = out[i];
        }
    }
    omsp_rate_match_destroy(match);
}
END_TEST

START_TEST(rates_out_of_bounds_are_refused)
{
    struct omsp_rate_match *match = NULL;

    ck_assert_int_eq(omsp_rate_match_create(7999, 8000, &match), OMSP_INVALID);
    ck_assert_int_eq(omsp_rate_match_create(8000, 384001, &match), OMSP_INVALID);
    ck_assert_ptr_null(match);
}
END_TEST

START_TEST(channels_are_folded_and_spread_with_their_gains)
{
    const struct omsp_audio_frames stereo = {true, 2}, many = {false, 4}, mono = {false, 1};
    const float heard[] = {0.5f, 0.25f, 2.0f, 2.0f, NAN, 0.0f, -3.0f, -3.0f};
    const int16_t said[] = {1000, -32768};
    float out[4];
    int16_t pcm[4], wide[8];

    omsp_audio_fold(&stereo, heard, 4, OMSP_AUDIO_UNITY, pcm);
    ck_assert_int_eq(pcm[0], 12288);
    ck_assert_int_eq(pcm[1], 32767);
    ck_assert_int_eq(pcm[2], 0);
    ck_assert_int_eq(pcm[3], -32768);
    omsp_audio_fold(&mono, said, 2, OMSP_AUDIO_UNITY / 2, pcm);
    ck_assert_int_eq(pcm[0], 500);
    ck_assert_int_eq(pcm[1], -16384);
    omsp_audio_spread(&stereo, said, 2, OMSP_AUDIO_UNITY, 0, out);
    ck_assert_double_eq_tol(out[0], 1000.0 / 32768, 1e-6);
    ck_assert_double_eq(out[1], 0);
    ck_assert_double_eq(out[2], -1);
    omsp_audio_spread(&many, said, 2, OMSP_AUDIO_UNITY / 2, OMSP_AUDIO_UNITY, wide);
    ck_assert_int_eq(wide[0], 500);
    ck_assert_int_eq(wide[1], 1000);
    ck_assert_int_eq(wide[2], 0);
    ck_assert_int_eq(wide[4], -16384);
    ck_assert_int_eq(wide[5], -32768);
}
END_TEST

OMSP_SUITE("drift", TEST(the_level_stays_where_it_was_and_the_difference_is_found),
           TEST(no_difference_is_corrected_beyond_the_limit),
           TEST(what_is_right_lies_within_its_limits),
           TEST(a_bent_conversion_takes_more_or_less_by_so_much),
           TEST(bending_again_and_again_makes_no_click), TEST(rates_out_of_bounds_are_refused),
           TEST(channels_are_folded_and_spread_with_their_gains))
