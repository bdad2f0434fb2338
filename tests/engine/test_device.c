/* Static terminals on simulated devices: a tone in at one side of a call and out at the other, what
 * clocks that differ do to it, and devices that come, go and break. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/device.h"
#include "sim/sim_audio.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO_PI 6.28318530717958647692
#define TONE   440.0
#define LEVEL  8000.0

/* One mouth and one ear before the machine. */
struct people {
    double phase;
    double re, im; /* of what was heard, against the tone */
    double power;
    double turn;               /* the phase that the ear's own tone has reached */
    size_t heard, said, wrong; /* wrong: samples of a jump that no tone of LEVEL makes */
    int16_t last;
};

struct talk {
    struct rig rig;
    struct people people;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear;     /* a's capture, b's render */
    struct omsp_terminal *mic, *speaker; /* of a and of b */
};

static void say(void *ctx, const char *id, uint32_t rate, int16_t *pcm, size_t count)
{
    struct people *people = ctx;

    (void)id;
    for (size_t i = 0; i < count; i++) {
        pcm[i] = (int16_t)lrint(LEVEL * sin(people->phase));
        people->phase = fmod(people->phase + TWO_PI * TONE / rate, TWO_PI);
    }
    people->said += count;
}

static void hear(void *ctx, const char *id, uint32_t rate, const int16_t *pcm, size_t count)
{
    struct people *people = ctx;
    double step = LEVEL * TWO_PI * TONE / rate;

    (void)id;
    for (size_t i = 0; i < count; i++) {
        people->re += pcm[i] * cos(people->turn);
        people->im += pcm[i] * sin(people->turn);
        people->power += (double)pcm[i] * pcm[i];
        people->turn = fmod(people->turn + TWO_PI * TONE / rate, TWO_PI);
        people->wrong += abs(pcm[i] - people->last) > 2 * step + 600;
        people->last = pcm[i];
    }
    people->heard += count;
}

static void forget(struct people *people)
{
    people->re = people->im = people->power = 0;
    people->heard = people->said = people->wrong = 0;
}

/* Peak level of the tone, and how much of all that was heard is it, 0..1. */
static double tone_level(const struct people *people)
{
    return 2 * hypot(people->re, people->im) / (double)people->heard;
}

static double purity(const struct people *people)
{
    double level = tone_level(people);

    return level * level / 2 / (people->power / (double)people->heard);
}

static void plug(struct rig *rig, const char *id, enum omsp_audio_flow flow, uint32_t rate,
                 int32_t drift_ppm, uint32_t jitter_us)
{
    struct omsp_sim_device device = {.id = id,
                                     .name = id,
                                     .flow = flow,
                                     .rate = rate,
                                     .drift_ppm = drift_ppm,
                                     .jitter_us = jitter_us};

    ck_assert_int_eq(omsp_sim_audio_add(rig->sim, &device), OMSP_OK);
}

static struct omsp_terminal *default_of(struct rig *rig, enum omsp_direction direction)
{
    struct omsp_terminal *terminal = NULL;

    ck_assert_int_eq(omsp_address_default_device(rig->address, direction, &terminal), OMSP_OK);
    ck_assert_int_eq(omsp_terminal_get_kind(terminal), OMSP_TERMINAL_DEVICE);
    ck_assert_int_eq(omsp_terminal_direction(terminal), direction);
    return terminal;
}

static void expect_address(struct rig *rig, enum omsp_address_event type, uint32_t terminal)
{
    struct omsp_event event = rig_event(rig);

    ck_assert_int_eq((int)event.kind, OMSP_EVENT_ADDRESS);
    ck_assert_int_eq(event.type, type);
    ck_assert_uint_eq(event.terminal, terminal);
    ck_assert_uint_eq(event.call, 0);
}

static void expect_terminal_fail(struct talk *talk, struct omsp_stream *stream,
                                 enum omsp_cause cause, enum omsp_status error,
                                 const struct omsp_terminal *terminal)
{
    struct omsp_event event = rig_event(&talk->rig);

    ck_assert_int_eq((int)event.kind, OMSP_EVENT_CALL);
    ck_assert_int_eq(event.type, OMSP_TERMINAL_FAIL);
    ck_assert_int_eq(event.cause, cause);
    ck_assert_int_eq(event.error, error);
    ck_assert_uint_eq(event.stream, omsp_stream_id(stream));
    ck_assert_uint_eq(event.terminal, omsp_terminal_id(terminal));
}

/* A machine with people before it. */
static void talk_begin(struct talk *talk)
{
    memset(talk, 0, sizeof(*talk));
    rig_open(&talk->rig, 1);
    omsp_sim_audio_set_people(talk->rig.sim, say, hear, &talk->people);
}

/* A call from a's microphone to b's speaker, the default ones, not connected. */
static void talk_make(struct talk *talk)
{
    talk->mic = default_of(&talk->rig, OMSP_CAPTURE);
    talk->speaker = default_of(&talk->rig, OMSP_RENDER);
    talk->a = rig_call(&talk->rig);
    talk->b = rig_call(&talk->rig);
    talk->send = rig_stream(talk->a, OMSP_CAPTURE);
    talk->hear = rig_stream(talk->b, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_select(talk->send, talk->mic), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(talk->hear, talk->speaker), OMSP_OK);
    rig_expect_nothing(&talk->rig);
}

static void talk_open(struct talk *talk, uint32_t mic_rate, int32_t mic_ppm, uint32_t speaker_rate,
                      int32_t speaker_ppm, uint32_t jitter_us)
{
    talk_begin(talk);
    plug(&talk->rig, "mic", OMSP_AUDIO_CAPTURE, mic_rate, mic_ppm, jitter_us);
    plug(&talk->rig, "speaker", OMSP_AUDIO_RENDER, speaker_rate, speaker_ppm, jitter_us);
    talk_make(talk);
}

static void talk_connect(struct talk *talk)
{
    rig_connect(talk->a, talk->b);
    rig_expect_call(&talk->rig, talk->hear, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&talk->rig, talk->send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
}

static void talk_close(struct talk *talk)
{
    omsp_terminal_release(talk->mic);
    omsp_terminal_release(talk->speaker);
    omsp_stream_release(talk->send);
    omsp_stream_release(talk->hear);
    omsp_call_release(talk->a);
    omsp_call_release(talk->b);
    rig_close(&talk->rig);
}

/* Until the start's caution has gone and the delay is what the network needs: from then on nothing
 * is left out of a steady tone. */
static void settle(struct talk *talk)
{
    rig_run(&talk->rig, 8000);
    forget(&talk->people);
}

/* ---- audio ----------------------------------------------------------------------------------- */

static void expect_tone(const struct talk *talk, double least_purity)
{
    ck_assert_uint_gt(talk->people.heard, 0);
    ck_assert_double_gt(tone_level(&talk->people), LEVEL * 0.93);
    ck_assert_double_lt(tone_level(&talk->people), LEVEL * 1.07);
    ck_assert_double_gt(purity(&talk->people), least_purity);
}

START_TEST(a_tone_goes_from_microphone_to_speaker_at_any_rate)
{
    static const uint32_t rates[][2] = {
        {48000, 48000}, {44100, 48000}, {16000, 44100}, {8000, 8000}, {192000, 96000}};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct talk talk;

        talk_open(&talk, rates[i][0], 0, rates[i][1], 0, 0);
        ck_assert_uint_eq(omsp_sim_audio_open_streams(talk.rig.sim, "mic"), 0);
        talk_connect(&talk);
        ck_assert(omsp_terminal_in_use(talk.mic) && omsp_terminal_in_use(talk.speaker));
        ck_assert_uint_eq(omsp_sim_audio_open_streams(talk.rig.sim, "mic"), 1);
        settle(&talk);
        rig_run(&talk.rig, 3000);
        ck_assert_uint_ge(talk.people.heard, 3 * rates[i][1] - rates[i][1] / 50);
        expect_tone(&talk, 0.995);
        ck_assert_uint_eq(talk.people.wrong, 0);
        rig_expect_nothing(&talk.rig);
        talk_close(&talk);
    }
}
END_TEST

START_TEST(from_mouth_to_ear_it_takes_less_than_150_ms)
{
    struct talk talk;
    unsigned waited = 0;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    while (talk.people.power / 48000 < 1000 && waited < 1000) {
        rig_run(&talk.rig, 5);
        waited += 5;
    }
    ck_assert_uint_le(waited, 150);
    talk_close(&talk);
}
END_TEST

/* Five minutes with clocks that are 500 ppm off: 150 ms at either end that must go somewhere. How
 * exactly the correction is known at a given moment depends on how evenly the device calls. */
static void drift(int32_t mic_ppm, int32_t speaker_ppm, uint32_t jitter_us)
{
    int tolerance = jitter_us ? 250 : 60;
    struct talk talk;
    struct omsp_device_stats mic, speaker;

    talk_open(&talk, 48000, mic_ppm, 44100, speaker_ppm, jitter_us);
    talk_connect(&talk);
    rig_run(&talk.rig, 60000);
    omsp_device_get_stats(talk.mic, &mic);
    omsp_device_get_stats(talk.speaker, &speaker);
    ck_assert_uint_le(mic.underruns + mic.overruns, jitter_us ? 3 : 1);
    ck_assert_uint_le(speaker.underruns, 2);
    forget(&talk.people);
    for (int minute = 0; minute < 4; minute++) {
        struct omsp_device_stats now;

        rig_run(&talk.rig, 60000);
        omsp_device_get_stats(talk.mic, &now);
        ck_assert_uint_eq(now.underruns, mic.underruns);
        ck_assert_uint_eq(now.overruns, mic.overruns);
        ck_assert_uint_le(now.delay_us, 60000);
        ck_assert_int_le(abs(now.drift_ppm - mic_ppm), tolerance);
        omsp_device_get_stats(talk.speaker, &now);
        ck_assert_uint_le(now.underruns, speaker.underruns);
        ck_assert_uint_le(now.delay_us, 100000);
        ck_assert_int_le(abs(now.drift_ppm + speaker_ppm), tolerance);
    }
    /* No click in four minutes. */
    ck_assert_uint_eq(talk.people.wrong, 0);
    rig_expect_nothing(&talk.rig);
    talk_close(&talk);
}

START_TEST(clocks_that_run_apart_are_kept_together)
{
    drift(500, -500, 0);
    drift(-500, 500, 0);
}
END_TEST

START_TEST(clocks_that_run_apart_are_kept_together_on_a_busy_machine)
{
    drift(500, 500, 8000);
    drift(-500, -500, 8000);
}
END_TEST

START_TEST(volume_and_balance_are_the_terminals_own)
{
    struct talk talk;
    int32_t balance;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    ck_assert_int_eq(omsp_device_get_volume(talk.speaker), 0xffff);
    ck_assert_int_eq(omsp_device_set_volume(talk.speaker, 0x8000), OMSP_OK);
    ck_assert_int_eq(omsp_device_set_volume(talk.speaker, 0x10000), OMSP_INVALID);
    ck_assert_int_eq(omsp_device_set_volume(talk.speaker, -1), OMSP_INVALID);
    ck_assert_int_eq(omsp_device_get_volume(talk.speaker), 0x8000);
    talk_connect(&talk);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    ck_assert_double_eq_tol(tone_level(&talk.people), LEVEL / 2, LEVEL * 0.04);
    ck_assert_int_eq(omsp_device_set_balance(talk.speaker, 5000), OMSP_OK); /* the left is heard */
    ck_assert_int_eq(omsp_device_set_balance(talk.speaker, 10001), OMSP_INVALID);
    ck_assert_int_eq(omsp_device_get_balance(talk.speaker, &balance), OMSP_OK);
    ck_assert_int_eq(balance, 5000);
    ck_assert_int_eq(omsp_device_set_volume(talk.mic, 0x8000), OMSP_OK);
    ck_assert_int_eq(omsp_device_set_balance(talk.mic, 0), OMSP_NOTIMPL);
    ck_assert_int_eq(omsp_device_get_balance(talk.mic, &balance), OMSP_NOTIMPL);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    ck_assert_double_eq_tol(tone_level(&talk.people), LEVEL / 8, LEVEL * 0.02);
    talk_close(&talk);
}
END_TEST

/* The system may hand over the first period before it says that the device is open. */
START_TEST(a_microphone_that_is_off_is_off_from_its_first_period_on)
{
    struct omsp_sim_device mic = {
        .id = "mic", .name = "mic", .flow = OMSP_AUDIO_CAPTURE, .at_once = true};
    struct omsp_device_stats stats;
    struct talk talk;

    talk_begin(&talk);
    ck_assert_int_eq(omsp_sim_audio_add(talk.rig.sim, &mic), OMSP_OK);
    plug(&talk.rig, "speaker", OMSP_AUDIO_RENDER, 48000, 0, 0);
    talk_make(&talk);
    ck_assert_int_eq(omsp_device_set_volume(talk.mic, 0), OMSP_OK);
    talk_connect(&talk);
    rig_run(&talk.rig, 1000);
    ck_assert_uint_gt(talk.people.said, 0);
    ck_assert_uint_gt(talk.people.heard, 0);
    ck_assert_double_eq(talk.people.power, 0);
    omsp_device_get_stats(talk.mic, &stats);
    ck_assert_uint_eq(stats.peak, 0);
    talk_close(&talk);
}
END_TEST

START_TEST(a_device_that_changes_its_rate_goes_on)
{
    struct talk talk;
    struct omsp_device_stats stats;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 1000);
    ck_assert_int_eq(omsp_sim_audio_set_rate(talk.rig.sim, "mic", 16000), OMSP_OK);
    ck_assert_int_eq(omsp_sim_audio_set_rate(talk.rig.sim, "speaker", 44100), OMSP_OK);
    rig_run(&talk.rig, 1000);
    omsp_device_get_stats(talk.speaker, &stats);
    ck_assert_uint_eq(stats.rate, 44100);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    expect_tone(&talk, 0.99);
    rig_expect_nothing(&talk.rig);
    talk_close(&talk);
}
END_TEST

/* On the device's thread there is nobody to be told: it is tried again until there is memory. */
START_TEST(a_device_whose_conversion_finds_no_memory_is_heard_when_there_is_some)
{
    for (long n = 0; n < 4; n++) {
        struct talk talk;
        double loudness;

        talk_open(&talk, 48000, 0, 44100, 0, 0);
        talk_connect(&talk);
        settle(&talk);
        omsp_test_fail_alloc(n);
        omsp_sim_audio_set_rate(talk.rig.sim, "mic", 44100);
        omsp_sim_audio_set_rate(talk.rig.sim, "speaker", 48000);
        rig_run(&talk.rig, 50);
        ck_assert(omsp_test_alloc_failed());
        omsp_test_allow_alloc();
        settle(&talk);
        rig_run(&talk.rig, 2000);
        loudness = sqrt(2 * talk.people.power / (double)talk.people.heard);
        ck_assert_double_eq_tol(loudness, LEVEL, LEVEL * 0.07);
        talk_close(&talk);
    }
}
END_TEST

START_TEST(a_pause_leaves_no_old_audio_behind)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 1000);
    ck_assert_int_eq(omsp_stream_pause(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    ck_assert(omsp_terminal_in_use(talk.mic));
    rig_run(&talk.rig, 500);
    forget(&talk.people);
    rig_run(&talk.rig, 300);
    ck_assert_double_eq(talk.people.power, 0);
    ck_assert_int_eq(omsp_stream_start(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    expect_tone(&talk, 0.98);
    ck_assert_int_eq(omsp_stream_stop(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert(!omsp_terminal_in_use(talk.mic));
    ck_assert_uint_eq(omsp_sim_audio_open_streams(talk.rig.sim, "mic"), 0);
    talk_close(&talk);
}
END_TEST

START_TEST(the_level_of_a_device_is_measured)
{
    struct talk talk;
    struct omsp_device_stats stats;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 1000);
    omsp_device_get_stats(talk.mic, &stats);
    ck_assert_uint_ge(stats.peak, 7900);
    ck_assert_uint_le(stats.peak, 8000);
    omsp_device_get_stats(talk.speaker, &stats);
    ck_assert_uint_ge(stats.peak, 7000);
    ck_assert_uint_le(stats.peak, 9000);
    talk_close(&talk);
}
END_TEST

/* ---- coming and going ------------------------------------------------------------------------ */

START_TEST(without_devices_the_list_is_empty)
{
    struct rig rig;
    struct omsp_terminal *terminal = NULL;
    unsigned count = 7;

    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(omsp_address_default_device(rig.address, OMSP_CAPTURE, &terminal),
                     OMSP_NODEVICE);
    ck_assert_ptr_null(terminal);
    rig_close(&rig);
}
END_TEST

START_TEST(a_machine_without_sound_has_no_devices)
{
    struct rig rig;
    unsigned count = 7;

    rig_open(&rig, 1);
    plug(&rig, "mic", OMSP_AUDIO_CAPTURE, 0, 0, 0);
    omsp_sim_fail(rig.sim, OMSP_SIM_AUDIO_CREATE, 0, OMSP_SIM_FOR_EVER, OMSP_IO);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    rig_close(&rig);
}
END_TEST

/* The thread that looks after the devices could not be started, say: that is not for ever. */
START_TEST(a_machine_whose_sound_cannot_be_had_now_is_asked_again)
{
    struct rig rig;
    struct omsp_terminal *best = NULL;
    unsigned count = 7;

    rig_open(&rig, 1);
    plug(&rig, "mic", OMSP_AUDIO_CAPTURE, 0, 0, 0);
    omsp_sim_fail(rig.sim, OMSP_SIM_AUDIO_CREATE, 0, 2, OMSP_FULL);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(omsp_address_default_device(rig.address, OMSP_CAPTURE, &best), OMSP_NODEVICE);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 1);
    rig_expect_nothing(&rig); /* who asked has the list */
    plug(&rig, "speaker", OMSP_AUDIO_RENDER, 0, 0, 0);
    rig_run(&rig, 10);
    ck_assert_int_eq(omsp_address_default_device(rig.address, OMSP_RENDER, &best), OMSP_OK);
    expect_address(&rig, OMSP_TERMINAL_AVAILABLE, omsp_terminal_id(best));
    omsp_terminal_release(best);
    rig_close(&rig);
}
END_TEST

START_TEST(nothing_is_told_before_somebody_asked_for_the_list)
{
    struct rig rig;

    rig_open(&rig, 1);
    plug(&rig, "mic", OMSP_AUDIO_CAPTURE, 0, 0, 0);
    rig_run(&rig, 10);
    rig_expect_nothing(&rig);
    rig_close(&rig);
}
END_TEST

START_TEST(arrivals_and_removals_are_told_to_who_has_a_list)
{
    struct rig rig;
    struct omsp_terminal *list[OMSP_ADDRESS_MAX_DEVICES], *found, *again;
    unsigned count;
    uint32_t id;

    rig_open(&rig, 1);
    plug(&rig, "one", OMSP_AUDIO_RENDER, 0, 0, 0);
    ck_assert_int_eq(omsp_address_devices(rig.address, list, 64, &count), OMSP_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(omsp_device_name(list[0]), "one");
    plug(&rig, "two", OMSP_AUDIO_RENDER, 0, 0, 0);
    rig_run(&rig, 10);
    found = default_of(&rig, OMSP_RENDER);
    ck_assert_ptr_eq(found, list[0]);
    omsp_terminal_release(found);
    omsp_terminal_release(list[0]);
    ck_assert_int_eq(omsp_address_devices(rig.address, list, 64, &count), OMSP_OK);
    ck_assert_uint_eq(count, 2);
    expect_address(&rig, OMSP_TERMINAL_AVAILABLE, omsp_terminal_id(list[1]));
    omsp_terminal_release(list[1]);

    /* The default goes: its terminal is told, still found by its id, and the other is the default.
     */
    id = omsp_terminal_id(list[0]);
    ck_assert_int_eq(omsp_sim_audio_remove(rig.sim, "one"), OMSP_OK);
    rig_run(&rig, 10);
    expect_address(&rig, OMSP_TERMINAL_UNAVAILABLE, id);
    found = omsp_address_find_device(rig.address, id);
    ck_assert_ptr_eq(found, list[0]);
    omsp_terminal_release(found);
    omsp_terminal_release(list[0]);
    found = default_of(&rig, OMSP_RENDER);
    ck_assert_str_eq(omsp_device_name(found), "two");
    omsp_terminal_release(found);

    /* It comes back: another terminal. */
    plug(&rig, "one", OMSP_AUDIO_RENDER, 0, 0, 0);
    rig_run(&rig, 10);
    ck_assert_int_eq(omsp_address_devices(rig.address, list, 64, &count), OMSP_OK);
    ck_assert_uint_eq(count, 2);
    again = list[1];
    ck_assert_str_eq(omsp_device_name(again), "one");
    ck_assert_uint_ne(omsp_terminal_id(again), id);
    expect_address(&rig, OMSP_TERMINAL_AVAILABLE, omsp_terminal_id(again));
    ck_assert_int_eq(omsp_sim_audio_set_default(rig.sim, "one"), OMSP_OK);
    rig_run(&rig, 10);
    found = default_of(&rig, OMSP_RENDER);
    ck_assert_ptr_eq(found, again);
    omsp_terminal_release(found);
    omsp_terminal_release(list[0]);
    omsp_terminal_release(list[1]);
    rig_expect_nothing(&rig);
    rig_close(&rig);
}
END_TEST

START_TEST(many_devices_come_and_go_without_a_trace)
{
    struct rig rig;
    unsigned count;
    char id[16];

    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        plug(&rig, id, OMSP_AUDIO_CAPTURE, 0, 0, 0);
    }
    rig_run(&rig, 10);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, OMSP_ADDRESS_MAX_DEVICES);
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "d%d", i);
        ck_assert_int_eq(omsp_sim_audio_remove(rig.sim, id), OMSP_OK);
    }
    rig_run(&rig, 10);
    ck_assert_int_eq(omsp_address_devices(rig.address, NULL, 0, &count), OMSP_OK);
    ck_assert_uint_eq(count, 0);
    rig_close(&rig);
}
END_TEST

START_TEST(every_address_has_terminals_of_its_own)
{
    struct talk talk;
    struct omsp_address *other;
    struct omsp_terminal *foreign;
    uint32_t number;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    ck_assert_int_eq(omsp_address_create(talk.rig.engine, &other), OMSP_OK);
    ck_assert_int_eq(omsp_address_default_device(other, OMSP_CAPTURE, &foreign), OMSP_OK);
    ck_assert_ptr_ne(foreign, talk.mic);
    ck_assert_int_eq(omsp_stream_select(talk.send, foreign), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_select(talk.send, talk.speaker), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_device_wave_id(foreign, &number), OMSP_OK);
    ck_assert_uint_eq(number, 0);
    omsp_address_shutdown(other);
    ck_assert_int_eq(omsp_address_devices(other, NULL, 0, &number), OMSP_SHUTDOWN);
    omsp_terminal_release(foreign);
    omsp_address_release(other);
    talk_close(&talk);
}
END_TEST

/* ---- breaking -------------------------------------------------------------------------------- */

START_TEST(an_unplugged_microphone_fails_its_terminal_and_stream)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 200);
    ck_assert_int_eq(omsp_sim_audio_remove(talk.rig.sim, "mic"), OMSP_OK);
    rig_run(&talk.rig, 10);
    expect_terminal_fail(&talk, talk.send, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE, talk.mic);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE);
    expect_address(&talk.rig, OMSP_TERMINAL_UNAVAILABLE, omsp_terminal_id(talk.mic));
    rig_expect_nothing(&talk.rig);
    ck_assert_int_eq(omsp_stream_get_actual(talk.send), OMSP_STOPPED);
    ck_assert(!omsp_terminal_in_use(talk.mic));

    /* It is still selected; starting says what is wrong. */
    ck_assert_int_eq(omsp_stream_start(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_NODEVICE);
    expect_terminal_fail(&talk, talk.send, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE, talk.mic);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE);

    /* The device that comes back is a new terminal, which takes over. */
    plug(&talk.rig, "mic", OMSP_AUDIO_CAPTURE, 48000, 0, 0);
    rig_run(&talk.rig, 10);
    ck_assert_int_eq(omsp_stream_unselect(talk.send, talk.mic), OMSP_OK);
    omsp_terminal_release(talk.mic);
    talk.mic = default_of(&talk.rig, OMSP_CAPTURE);
    expect_address(&talk.rig, OMSP_TERMINAL_AVAILABLE, omsp_terminal_id(talk.mic));
    ck_assert_int_eq(omsp_stream_select(talk.send, talk.mic), OMSP_OK);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    expect_tone(&talk, 0.99);
    talk_close(&talk);
}
END_TEST

START_TEST(an_unplugged_speaker_fails_while_another_goes_on)
{
    struct talk talk;
    struct omsp_terminal *second, *list[2];
    unsigned count;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    plug(&talk.rig, "second", OMSP_AUDIO_RENDER, 44100, 0, 0);
    rig_run(&talk.rig, 10);
    ck_assert_int_eq((int)rig_event(&talk.rig).kind, OMSP_EVENT_ADDRESS);
    ck_assert_int_eq(omsp_sim_audio_set_default(talk.rig.sim, "second"), OMSP_OK);
    rig_run(&talk.rig, 10);
    second = default_of(&talk.rig, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_select(talk.hear, second), OMSP_OK);
    talk_connect(&talk);
    rig_run(&talk.rig, 500);
    ck_assert_int_eq(omsp_sim_audio_remove(talk.rig.sim, "speaker"), OMSP_OK);
    rig_run(&talk.rig, 10);
    expect_terminal_fail(&talk, talk.hear, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE, talk.speaker);
    expect_address(&talk.rig, OMSP_TERMINAL_UNAVAILABLE, omsp_terminal_id(talk.speaker));
    rig_expect_nothing(&talk.rig);
    ck_assert_int_eq(omsp_stream_get_actual(talk.hear), OMSP_RUNNING);
    ck_assert(!omsp_terminal_in_use(talk.speaker));
    ck_assert(omsp_terminal_in_use(second));
    count = omsp_stream_terminals(talk.hear, list, 2);
    ck_assert_uint_eq(count, 2);
    omsp_terminal_release(list[0]);
    omsp_terminal_release(list[1]);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    expect_tone(&talk, 0.99);
    omsp_terminal_release(second);
    talk_close(&talk);
}
END_TEST

START_TEST(a_device_that_breaks_but_stays_is_started_again)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 200);
    ck_assert_int_eq(omsp_sim_audio_break(talk.rig.sim, "speaker", OMSP_IO), OMSP_OK);
    rig_run(&talk.rig, 10);
    expect_terminal_fail(&talk, talk.hear, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE, talk.speaker);
    rig_expect_call(&talk.rig, talk.hear, OMSP_STREAM_FAIL, OMSP_CAUSE_BAD_DEVICE, OMSP_NODEVICE);
    rig_expect_nothing(&talk.rig);
    ck_assert_int_eq(omsp_stream_start(talk.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&talk.rig, talk.hear, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    settle(&talk);
    rig_run(&talk.rig, 1000);
    expect_tone(&talk, 0.99);
    talk_close(&talk);
}
END_TEST

START_TEST(a_device_that_cannot_be_opened_says_so)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    omsp_sim_fail(talk.rig.sim, OMSP_SIM_AUDIO_OPEN, 0, 1, OMSP_ACCESS);
    rig_connect(talk.a, talk.b);
    expect_terminal_fail(&talk, talk.hear, OMSP_CAUSE_CONNECT_FAIL, OMSP_ACCESS, talk.speaker);
    rig_expect_call(&talk.rig, talk.hear, OMSP_STREAM_FAIL, OMSP_CAUSE_CONNECT_FAIL, OMSP_ACCESS);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_nothing(&talk.rig);
    ck_assert(!omsp_terminal_in_use(talk.speaker));
    talk_close(&talk);
}
END_TEST

START_TEST(a_loss_that_crosses_a_stop_is_nobodys)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 100);
    ck_assert_int_eq(omsp_sim_audio_break(talk.rig.sim, "mic", OMSP_NODEVICE), OMSP_OK);
    ck_assert_int_eq(omsp_stream_stop(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_INACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_expect_call(&talk.rig, talk.send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
    rig_run(&talk.rig, 100);
    rig_expect_nothing(&talk.rig);
    ck_assert_int_eq(omsp_stream_get_actual(talk.send), OMSP_RUNNING);
    talk_close(&talk);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

static void connect_body(void *ctx)
{
    struct talk *talk = ctx;
    enum omsp_status status;

    status = omsp_stream_stop(talk->send, OMSP_CAUSE_LOCAL_REQUEST);
    ck_assert_int_eq(status, OMSP_OK);
    status = omsp_stream_start(talk->send, OMSP_CAUSE_LOCAL_REQUEST);
    ck_assert(status == OMSP_OK || omsp_test_alloc_failed());
    omsp_stream_stop(talk->send, OMSP_CAUSE_LOCAL_REQUEST);
    omsp_test_allow_alloc();
    rig_run(&talk->rig, 30); /* closed simulated streams end with their next tick */
    while ((int)rig_event(&talk->rig).kind >= 0)
        ;
}

START_TEST(no_allocation_that_fails_leaves_a_device_open)
{
    struct talk talk;

    talk_open(&talk, 48000, 0, 48000, 0, 0);
    talk_connect(&talk);
    rig_run(&talk.rig, 100);
    for (long n = 0; n < 8; n++) {
        omsp_test_fail_alloc(n);
        connect_body(&talk);
        ck_assert_uint_eq(omsp_sim_audio_open_streams(talk.rig.sim, "mic"), 0);
        ck_assert(!omsp_terminal_in_use(talk.mic));
    }
    ck_assert_int_eq(omsp_stream_start(talk.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    talk_close(&talk);
}
END_TEST

OMSP_SUITE("device", TEST(a_tone_goes_from_microphone_to_speaker_at_any_rate),
           TEST(from_mouth_to_ear_it_takes_less_than_150_ms),
           TEST(clocks_that_run_apart_are_kept_together),
           TEST(clocks_that_run_apart_are_kept_together_on_a_busy_machine),
           TEST(volume_and_balance_are_the_terminals_own),
           TEST(a_microphone_that_is_off_is_off_from_its_first_period_on),
           TEST(a_device_that_changes_its_rate_goes_on),
           TEST(a_device_whose_conversion_finds_no_memory_is_heard_when_there_is_some),
           TEST(a_pause_leaves_no_old_audio_behind), TEST(the_level_of_a_device_is_measured),
           TEST(without_devices_the_list_is_empty), TEST(a_machine_without_sound_has_no_devices),
           TEST(a_machine_whose_sound_cannot_be_had_now_is_asked_again),
           TEST(nothing_is_told_before_somebody_asked_for_the_list),
           TEST(arrivals_and_removals_are_told_to_who_has_a_list),
           TEST(many_devices_come_and_go_without_a_trace),
           TEST(every_address_has_terminals_of_its_own),
           TEST(an_unplugged_microphone_fails_its_terminal_and_stream),
           TEST(an_unplugged_speaker_fails_while_another_goes_on),
           TEST(a_device_that_breaks_but_stays_is_started_again),
           TEST(a_device_that_cannot_be_opened_says_so),
           TEST(a_loss_that_crosses_a_stop_is_nobodys),
           TEST(no_allocation_that_fails_leaves_a_device_open))
