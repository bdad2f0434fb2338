/* Packet loss concealment: it sounds like what was, has no clicks, and ends. */
#include "support/suite.h"

#include "media/conceal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI    3.14159265358979323846
#define FRAME 160

/* Something like a voiced sound: harmonics of a pitch. */
static void voice(int16_t *out, size_t from, size_t count, double pitch)
{
    for (size_t i = 0; i < count; i++) {
        double t = (double)(from + i) / 8000, sum = 0;

        for (int k = 1; k <= 8; k++)
            sum += sin(2 * PI * pitch * k * t + k) / k;
        out[i] = (int16_t)lrint(5000 * sum);
    }
}

static int biggest_step(const int16_t *samples, size_t count)
{
    int step = 0;

    for (size_t i = 1; i < count; i++)
        if (abs(samples[i] - samples[i - 1]) > step)
            step = abs(samples[i] - samples[i - 1]);
    return step;
}

static double level(const int16_t *samples, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)samples[i] * samples[i];
    return sqrt(sum / (double)count);
}

/* 200 ms of voice of which frames lost..lost+n-1 are made up. */
static void with_loss(double pitch, unsigned lost, unsigned n, int16_t *clean, int16_t *out)
{
    struct omsp_conceal conceal;

    voice(clean, 0, 20 * FRAME, pitch);
    memcpy(out, clean, 20 * FRAME * sizeof(*out));
    omsp_conceal_init(&conceal);
    for (unsigned f = 0; f < 20; f++) {
        if (f >= lost && f < lost + n)
            omsp_conceal_lost(&conceal, out + f * FRAME, FRAME);
        else
            omsp_conceal_good(&conceal, out + f * FRAME, FRAME);
    }
}

/* The twin keeps nothing but the last samples in a row, and is given them all at once, so that its
 * ring begins where they begin. */
struct twin {
    int16_t all[OMSP_CONCEAL_HISTORY + 600];
    size_t count;
};

static void twin_put(struct twin *twin, const int16_t *samples, size_t count)
{
    memcpy(twin->all + twin->count, samples, count * sizeof(*samples));
    twin->count += count;
    if (twin->count > OMSP_CONCEAL_HISTORY) {
        memmove(twin->all, twin->all + twin->count - OMSP_CONCEAL_HISTORY,
                OMSP_CONCEAL_HISTORY * sizeof(*samples));
        twin->count = OMSP_CONCEAL_HISTORY;
    }
}

static void expect_alike(const struct omsp_conceal *conceal, const struct twin *twin)
{
    int16_t a[4 * FRAME], b[4 * FRAME], line[OMSP_CONCEAL_HISTORY];
    const int16_t *end = twin->all + OMSP_CONCEAL_HISTORY;
    struct omsp_conceal mine = *conceal, theirs;

    for (size_t count = 0; count <= OMSP_CONCEAL_HISTORY + 1; count += 23) {
        size_t got = count < OMSP_CONCEAL_HISTORY ? count : OMSP_CONCEAL_HISTORY;

        omsp_conceal_recent(conceal, line, count);
        ck_assert_mem_eq(line, end - got, got * sizeof(*line));
    }
    omsp_conceal_init(&theirs);
    memcpy(line, twin->all, sizeof(line));
    omsp_conceal_good(&theirs, line, OMSP_CONCEAL_HISTORY);
    ck_assert_uint_eq(omsp_conceal_spare(&mine, 120), omsp_conceal_spare(&theirs, 120));
    omsp_conceal_lost(&mine, a, 4 * FRAME);
    omsp_conceal_lost(&theirs, b, 4 * FRAME);
    ck_assert_mem_eq(a, b, sizeof(a));
}

/* Pieces of any size, of voice, noise and silence, lost and received. */
START_TEST(in_whatever_pieces_it_comes_the_same_is_remembered)
{
    static int16_t sound[60000];
    struct omsp_conceal conceal;
    struct twin twin = {.count = OMSP_CONCEAL_HISTORY};
    uint32_t random = 7;
    size_t at = 0;

    voice(sound, 0, 60000, 117);
    for (size_t i = 20000; i < 40000; i++) {
        random = random * 1664525 + 1013904223;
        sound[i] = (int16_t)(random >> 16);
    }
    memset(sound + 45000, 0, 5000 * sizeof(sound[0]));
    omsp_conceal_init(&conceal);
    while (at + 600 < 60000) {
        int16_t piece[600];
        size_t count;

        random = random * 1664525 + 1013904223;
        count = (random >> 30) ? 1 + (random >> 20) % 320 : (random >> 20) % 601;
        memcpy(piece, sound + at, count * sizeof(piece[0]));
        at += count;
        if (random % 16 == 3)
            omsp_conceal_lost(&conceal, piece, count);
        else
            omsp_conceal_good(&conceal, piece, count);
        twin_put(&twin, piece, count);
        if (!conceal.cycle_len)
            expect_alike(&conceal, &twin);
    }
}
END_TEST

START_TEST(good_samples_pass_untouched)
{
    int16_t clean[20 * FRAME], out[20 * FRAME];

    with_loss(120, 20, 0, clean, out);
    ck_assert_mem_eq(clean, out, sizeof(out));
}
END_TEST

START_TEST(one_lost_frame_of_voice_is_hardly_missed)
{
    static const double pitches[] = {80, 100, 125, 160, 190};

    for (unsigned p = 0; p < 5; p++) {
        int16_t clean[20 * FRAME], out[20 * FRAME], error[FRAME];

        with_loss(pitches[p], 8, 1, clean, out);
        for (unsigned i = 0; i < FRAME; i++)
            error[i] = (int16_t)(out[8 * FRAME + i] - clean[8 * FRAME + i]);
        ck_assert_msg(level(error, FRAME) < 0.35 * level(clean + 8 * FRAME, FRAME),
                      "%g Hz: error %g of %g", pitches[p], level(error, FRAME),
                      level(clean + 8 * FRAME, FRAME));
        /* A frame later nothing reminds of it. */
        ck_assert_mem_eq(out + 9 * FRAME + 80, clean + 9 * FRAME + 80, FRAME);
    }
}
END_TEST

START_TEST(there_are_no_clicks)
{
    for (double pitch = 70; pitch < 200; pitch += 7) {
        for (unsigned n = 1; n < 6; n++) {
            int16_t clean[20 * FRAME], out[20 * FRAME];

            with_loss(pitch, 8, n, clean, out);
            ck_assert_msg(biggest_step(out, 20 * FRAME) <= biggest_step(clean, 20 * FRAME) * 3 / 2,
                          "%g Hz, %u lost: step %d of %d", pitch, n, biggest_step(out, 20 * FRAME),
                          biggest_step(clean, 20 * FRAME));
        }
    }
}
END_TEST

/* Slower than any pitch that is looked for, so that the cycle never fits. */
START_TEST(a_sound_that_does_not_repeat_has_no_clicks_either)
{
    for (double frequency = 20; frequency < 65; frequency += 3) {
        for (unsigned start = 0; start < 400; start += 37) {
            int16_t samples[1200];
            struct omsp_conceal conceal;
            int clean;

            for (unsigned i = 0; i < 1200; i++)
                samples[i] = (int16_t)lrint(10000 * sin(2 * PI * frequency * (i + start) / 8000));
            clean = biggest_step(samples, 1200);
            omsp_conceal_init(&conceal);
            omsp_conceal_good(&conceal, samples, 400);
            omsp_conceal_lost(&conceal, samples + 400, 400);
            omsp_conceal_good(&conceal, samples + 800, 400);
            ck_assert_msg(biggest_step(samples, 1200) <= clean + 1000, "%g Hz at %u: step %d of %d",
                          frequency, start, biggest_step(samples, 1200), clean);
        }
    }
}
END_TEST

START_TEST(a_long_loss_fades_to_silence_in_60_ms)
{
    int16_t clean[20 * FRAME], out[20 * FRAME];
    double before;

    with_loss(110, 8, 8, clean, out);
    before = level(clean + 7 * FRAME, FRAME);
    ck_assert(level(out + 8 * FRAME, 80) > 0.7 * before);
    ck_assert(level(out + 9 * FRAME, FRAME) < level(out + 8 * FRAME, FRAME));
    ck_assert(level(out + 10 * FRAME, FRAME) < 0.35 * before);
    for (unsigned i = 11 * FRAME; i < 16 * FRAME; i++)
        ck_assert_int_eq(out[i], 0);
    ck_assert_mem_eq(out + 17 * FRAME, clean + 17 * FRAME, 3 * FRAME * sizeof(*out));
}
END_TEST

START_TEST(frames_of_any_size_give_the_same)
{
    int16_t good[400], whole[480], pieces[480];
    struct omsp_conceal a, b;

    voice(good, 0, 400, 140);
    omsp_conceal_init(&a);
    omsp_conceal_init(&b);
    omsp_conceal_good(&a, good, 400);
    for (unsigned i = 0; i < 400; i += 80)
        omsp_conceal_good(&b, good + i, 80);
    omsp_conceal_lost(&a, whole, 480);
    for (unsigned i = 0; i < 480; i += 24)
        omsp_conceal_lost(&b, pieces + i, 24);
    ck_assert_mem_eq(whole, pieces, sizeof(whole));
}
END_TEST

START_TEST(silence_and_full_scale_are_survived)
{
    int16_t frame[FRAME];
    struct omsp_conceal conceal;
    uint32_t seed = 5;

    omsp_conceal_init(&conceal);
    omsp_conceal_lost(&conceal, frame, FRAME); /* before anything was heard */
    for (unsigned i = 0; i < FRAME; i++)
        ck_assert_int_eq(frame[i], 0);
    omsp_conceal_good(&conceal, frame, 0);
    for (unsigned f = 0; f < 50; f++) {
        for (unsigned i = 0; i < FRAME; i++) {
            seed = seed * 1103515245u + 12345u;
            frame[i] = seed >> 31 ? INT16_MAX : INT16_MIN;
        }
        if (f % 3 == 2)
            omsp_conceal_lost(&conceal, frame, FRAME);
        else
            omsp_conceal_good(&conceal, frame, f % 7 ? FRAME : 3);
    }
}
END_TEST

START_TEST(a_cut_is_joined_smoothly)
{
    int16_t before[400], after[FRAME], raw;
    struct omsp_conceal conceal;

    voice(before, 0, 400, 100);
    voice(after, 437, FRAME, 100); /* 37 samples left out */
    raw = after[0];
    omsp_conceal_init(&conceal);
    omsp_conceal_good(&conceal, before, 400);
    omsp_conceal_cut(&conceal);
    omsp_conceal_good(&conceal, after, FRAME);
    ck_assert_int_lt(abs(after[0] - before[399]), abs(raw - before[399]));
    ck_assert_int_le(abs(after[0] - before[399]), biggest_step(before, 400));
}
END_TEST

/* 200 ms of voice; at `at` the spare samples are repeated (or left out). Answers how many. */
static unsigned bend(double pitch, bool repeated, unsigned most, int16_t *out)
{
    const size_t at = 10 * FRAME;
    struct omsp_conceal conceal;
    unsigned spare;

    voice(out, 0, at, pitch);
    omsp_conceal_init(&conceal);
    omsp_conceal_good(&conceal, out, at);
    spare = omsp_conceal_spare(&conceal, most);
    if (repeated) {
        omsp_conceal_lost(&conceal, out + at, spare);
        voice(out + at + spare, at, 10 * FRAME - spare, pitch);
        omsp_conceal_good(&conceal, out + at + spare, 10 * FRAME - spare);
    } else {
        voice(out + at, at + spare, 10 * FRAME, pitch);
        omsp_conceal_cut(&conceal);
        omsp_conceal_good(&conceal, out + at, 10 * FRAME);
    }
    return spare;
}

START_TEST(a_pitch_period_can_be_left_out_or_repeated_unheard)
{
    static const double pitches[] = {70, 90, 110, 130, 155, 175, 195};

    for (unsigned p = 0; p < sizeof(pitches) / sizeof(pitches[0]); p++) {
        for (int repeated = 0; repeated < 2; repeated++) {
            int16_t clean[20 * FRAME], out[20 * FRAME], error[2 * FRAME];
            unsigned spare = bend(pitches[p], repeated, 120, out);

            ck_assert_uint_ge(spare, 40);
            ck_assert_uint_le(spare, 120);
            voice(clean, 0, 20 * FRAME, pitches[p]);
            for (unsigned i = 0; i < 2 * FRAME; i++)
                error[i] = (int16_t)(out[10 * FRAME + i] - clean[10 * FRAME + i]);
            /* As if the voice went on, but for the rounding of the period to whole samples. */
            ck_assert_msg(level(error, 2 * FRAME) < 0.2 * level(clean, 20 * FRAME),
                          "%g Hz, %u: error %g of %g", pitches[p], spare, level(error, 2 * FRAME),
                          level(clean, 20 * FRAME));
            ck_assert_int_le(biggest_step(out, 20 * FRAME),
                             biggest_step(clean, 20 * FRAME) * 3 / 2);
        }
    }
}
END_TEST

START_TEST(only_what_is_allowed_and_repeats_itself_can_be_spared)
{
    int16_t out[20 * FRAME];
    struct omsp_conceal conceal;

    ck_assert_uint_eq(bend(70, true, 60, out), 0);
    ck_assert_uint_eq(bend(155, true, 39, out), 0);
    /* Noise has no period. */
    omsp_conceal_init(&conceal);
    srand(3);
    for (unsigned i = 0; i < 20 * FRAME; i++)
        out[i] = (int16_t)(rand() % 8000 - 4000);
    omsp_conceal_good(&conceal, out, 20 * FRAME);
    ck_assert_uint_eq(omsp_conceal_spare(&conceal, 120), 0);
    /* Nor is anything spared of what was made up. */
    omsp_conceal_lost(&conceal, out, FRAME);
    ck_assert_uint_eq(omsp_conceal_spare(&conceal, 120), 0);
    /* Of silence, anything. */
    memset(out, 0, sizeof(out));
    omsp_conceal_good(&conceal, out, 20 * FRAME);
    ck_assert_uint_eq(omsp_conceal_spare(&conceal, 7), 7);
    ck_assert_uint_eq(omsp_conceal_spare(&conceal, 500), 500);
}
END_TEST

OMSP_SUITE("conceal", TEST(a_pitch_period_can_be_left_out_or_repeated_unheard),
           TEST(only_what_is_allowed_and_repeats_itself_can_be_spared),
           TEST(in_whatever_pieces_it_comes_the_same_is_remembered),
           TEST(good_samples_pass_untouched), TEST(one_lost_frame_of_voice_is_hardly_missed),
           TEST(there_are_no_clicks), TEST(a_sound_that_does_not_repeat_has_no_clicks_either),
           TEST(a_long_loss_fades_to_silence_in_60_ms), TEST(frames_of_any_size_give_the_same),
           TEST(silence_and_full_scale_are_survived), TEST(a_cut_is_joined_smoothly))
