/* Automatic gain and echo cancellation, each by itself, on sound like speech. */
#include "support/suite.h"

#include "media/echo.h"
#include "media/gain_control.h"
#include "media/volume.h"
#include "port/thread.h"
#include "support/speech.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 8000u
#define FRAME  80u

/* Root mean square over `seconds` at the end of `total`. */
static double loudness_behind_gain(double level, unsigned total)
{
    struct omsp_gain_control *gain = NULL;
    struct speech speech;
    int16_t last[2 * SECOND];

    ck_assert_int_eq(omsp_gain_control_create(&gain), OMSP_OK);
    speech_init(&speech, level, 1);
    for (unsigned done = 0; done < total * SECOND; done += FRAME) {
        int16_t *pcm = last + done % (2 * SECOND);

        speech_fill(&speech, pcm, FRAME);
        omsp_gain_control_run(gain, pcm, FRAME);
    }
    omsp_gain_control_destroy(gain);
    return omsp_level_rms(last, 2 * SECOND);
}

START_TEST(gain_control_brings_the_quiet_up_and_the_loud_down)
{
    double quiet = loudness_behind_gain(200, 20), normal = loudness_behind_gain(2000, 20),
           loud = loudness_behind_gain(12000, 20);

    ck_assert_double_gt(quiet, 1200); /* from 200: more than 15 dB up */
    ck_assert_double_lt(loud, 12000 / 1.4);
    /* 36 dB apart before, 6 dB at most behind it. */
    ck_assert_double_lt(loud / quiet, 2);
    ck_assert_double_lt(normal / quiet, 2);
    ck_assert_double_gt(normal / loud, 0.5);
}
END_TEST

START_TEST(gain_control_leaves_silence_silent_and_odd_ends_alone)
{
    struct omsp_gain_control *gain = NULL;
    int16_t pcm[FRAME + 10] = {0};

    ck_assert_int_eq(omsp_gain_control_create(&gain), OMSP_OK);
    for (int i = 0; i < 1000; i++) {
        memset(pcm, 0, sizeof(pcm));
        pcm[FRAME + 3] = 77;
        omsp_gain_control_run(gain, pcm, FRAME + 10);
        ck_assert_uint_le(omsp_level_rms(pcm, FRAME), 1);
        ck_assert_int_eq(pcm[FRAME + 3], 77);
    }
    omsp_gain_control_destroy(gain);
    omsp_gain_control_destroy(NULL);
}
END_TEST

/* A room: what is played comes back after `delay` samples, with a reflection behind it. */
struct room {
    int16_t line[4 * SECOND];
    size_t written, delay;
};

static void room_play(struct room *room, const int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++)
        room->line[room->written++ % (4 * SECOND)] = pcm[i];
}

static double room_echo(const struct room *room, size_t at)
{
    double sum = 0;

    if (at >= room->delay)
        sum += 0.5 * room->line[(at - room->delay) % (4 * SECOND)];
    if (at >= room->delay + 137)
        sum -= 0.2 * room->line[(at - room->delay - 137) % (4 * SECOND)];
    return sum;
}

struct outcome {
    double before, after; /* level of the last two seconds */
};

/* `chunk`: samples that loudspeaker and microphone are given at once, in turns. Somebody near the
 * microphone speaks with `near`, the far end with `far`. */
static struct outcome echo_of(double far_level, double near_level, size_t chunk, size_t delay)
{
    static int16_t before[2 * SECOND], after[2 * SECOND];
    struct room *room = calloc(1, sizeof(*room));
    struct omsp_echo *echo = NULL;
    struct speech far, near;
    struct outcome outcome;
    size_t heard = 0;

    ck_assert_int_eq(omsp_echo_create(&echo), OMSP_OK);
    room->delay = delay;
    speech_init(&far, far_level, 3);
    speech_init(&near, near_level, 4);
    while (heard < 15 * SECOND) {
        int16_t pcm[480];

        speech_fill(&far, pcm, chunk);
        room_play(room, pcm, chunk);
        omsp_echo_played(echo, pcm, chunk);
        speech_fill(&near, pcm, chunk);
        for (size_t i = 0; i < chunk; i++) {
            pcm[i] = (int16_t)(pcm[i] + room_echo(room, heard + i));
            before[(heard + i) % (2 * SECOND)] = pcm[i];
        }
        omsp_echo_heard(echo, pcm, chunk);
        for (size_t i = 0; i < chunk; i++)
            after[(heard + i) % (2 * SECOND)] = pcm[i];
        heard += chunk;
    }
    omsp_echo_destroy(echo);
    free(room);
    outcome.before = omsp_level_rms(before, 2 * SECOND);
    outcome.after = omsp_level_rms(after, 2 * SECOND);
    return outcome;
}

START_TEST(what_the_loudspeaker_plays_is_taken_out_of_what_the_microphone_hears)
{
    static const size_t chunks[] = {80, 79, 81, 160, 240};
    static const size_t delays[] = {560, 720, 1200};

    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
        for (size_t k = 0; k < sizeof(delays) / sizeof(delays[0]); k++) {
            struct outcome outcome = echo_of(4000, 0, chunks[i], delays[k]);

            ck_assert_double_gt(outcome.before, 1000);
            ck_assert_msg(outcome.after < outcome.before / 10, "%zu, %zu: %g of %g", chunks[i],
                          delays[k], outcome.after, outcome.before); /* 20 dB */
        }
}
END_TEST

START_TEST(who_speaks_alone_is_heard_as_before)
{
    struct outcome outcome = echo_of(0, 3000, 80, 560);

    /* The canceller takes what is below the telephone's band. */
    ck_assert_double_gt(outcome.after, outcome.before * 0.8);
    ck_assert_double_lt(outcome.after, outcome.before * 1.1);
}
END_TEST

START_TEST(who_speaks_into_the_echo_is_heard)
{
    struct outcome both = echo_of(4000, 3000, 80, 560), alone = echo_of(0, 3000, 80, 560);

    ck_assert_double_gt(both.after, alone.after * 0.6);
    ck_assert_double_lt(both.after, alone.after * 1.1);
}
END_TEST

START_TEST(a_loudspeaker_that_falls_silent_or_gets_ahead_stops_nothing)
{
    struct omsp_echo *echo = NULL;
    int16_t pcm[480] = {0};

    ck_assert_int_eq(omsp_echo_create(&echo), OMSP_OK);
    for (int i = 0; i < 100; i++)
        omsp_echo_heard(echo, pcm, 480);
    for (int i = 0; i < 100; i++)
        omsp_echo_played(echo, pcm, 480);
    for (int i = 0; i < 100; i++)
        omsp_echo_heard(echo, pcm, 480);
    ck_assert_uint_eq(omsp_level_rms(pcm, 480), 0);
    omsp_echo_destroy(echo);
    omsp_echo_destroy(NULL);
}
END_TEST

static void make_both(void *ctx)
{
    struct omsp_gain_control *gain = NULL;
    struct omsp_echo *echo = NULL;
    enum omsp_status status = omsp_gain_control_create(&gain);

    (void)ctx;
    if (!status)
        status = omsp_echo_create(&echo);
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_gain_control_destroy(gain);
    omsp_echo_destroy(echo);
}

START_TEST(without_memory_there_is_none_and_the_process_goes_on)
{
    ck_assert_int_eq(omsp_test_alloc_walk(make_both, NULL), 4);
}
END_TEST

static void make_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++)
        make_both(NULL);
}

START_TEST(threads_may_make_them_at_once)
{
    struct omsp_thread *threads[3];

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(omsp_thread_start(make_many, NULL, "voice", &threads[i]), OMSP_OK);
    for (int i = 0; i < 3; i++)
        omsp_thread_join(threads[i]);
}
END_TEST

OMSP_SUITE("voice", TEST(gain_control_brings_the_quiet_up_and_the_loud_down),
           TEST(gain_control_leaves_silence_silent_and_odd_ends_alone),
           TEST(what_the_loudspeaker_plays_is_taken_out_of_what_the_microphone_hears),
           TEST(who_speaks_alone_is_heard_as_before), TEST(who_speaks_into_the_echo_is_heard),
           TEST(a_loudspeaker_that_falls_silent_or_gets_ahead_stops_nothing),
           TEST(without_memory_there_is_none_and_the_process_goes_on),
           TEST(threads_may_make_them_at_once))
