/*
 * The jitter buffer as a device reads it, with speech in the packets and concealment behind it, on
 * the kept traces of networks. In the traces' own time.
 */
#include "support/suite.h"
#include "support/speech.h"
#include "support/trace.h"

#include "media/conceal.h"
#include "media/g711.h"
#include "media/jitter.h"

#include <stdlib.h>
#include <string.h>

#define PLACES 6000 /* two minutes */
#define PERIOD 80

static int16_t spoken[PLACES * TRACE_SAMPLES];
static uint8_t coded[PLACES * TRACE_SAMPLES];

struct player {
    struct trace trace;
    struct omsp_jitter *jitter;
    struct omsp_conceal conceal;
    struct trace_judge judge;
    struct omsp_jitter_stats stats;
    uint64_t changed;     /* samples that sound otherwise than what was sent */
    double last_delay_us; /* sum over the last minute */
    uint64_t last_played;
};

static unsigned spare(void *ctx, unsigned most)
{
    const struct player *player = ctx;

    return omsp_conceal_spare(&player->conceal, most);
}

/* When made up or played, in order. */
static void take(struct player *player, const struct omsp_jitter_frame *frame, uint64_t at_us)
{
    int16_t pcm[PERIOD];

    switch (frame->kind) {
    case OMSP_FRAME_AUDIO:
        omsp_ulaw_decode(pcm, frame->payload, frame->samples);
        if (frame->skipped || frame->restart)
            omsp_conceal_cut(&player->conceal);
        omsp_conceal_good(&player->conceal, pcm, frame->samples);
        for (uint32_t i = 0; i < frame->samples; i++) {
            int16_t sent;

            omsp_ulaw_decode(&sent, &coded[frame->timestamp + i], 1);
            player->changed += pcm[i] != sent;
        }
        trace_judge_played(&player->judge, at_us, frame->timestamp, frame->samples);
        break;
    case OMSP_FRAME_LOST:
        omsp_conceal_lost(&player->conceal, pcm, frame->samples);
        trace_judge_made_up(&player->judge, frame->samples);
        break;
    case OMSP_FRAME_REPEAT:
        omsp_conceal_lost(&player->conceal, pcm, frame->samples);
        trace_judge_repeated(&player->judge, frame->samples);
        break;
    case OMSP_FRAME_SILENCE:
        memset(pcm, 0, sizeof(pcm));
        omsp_conceal_good(&player->conceal, pcm, frame->samples);
        trace_judge_made_up(&player->judge, frame->samples);
        break;
    }
}

static void play_period(struct player *player, uint64_t now)
{
    const struct omsp_jitter_ear ear = {spare, player};

    for (uint32_t filled = 0; filled < PERIOD;) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(player->jitter, now, PERIOD - filled, &ear, &frame);
        take(player, &frame, now + filled * 125);
        filled += frame.samples;
    }
}

static void code_speech(void)
{
    struct speech speech;

    speech_init(&speech, 3000, 1);
    speech_fill(&speech, spoken, PLACES * TRACE_SAMPLES);
    omsp_ulaw_encode(coded, spoken, PLACES * TRACE_SAMPLES);
}

/* A trace with the settings of a device. */
static void play(struct player *player, const char *name)
{
    struct omsp_jitter_config config;
    struct trace_score before = {0};
    size_t next = 0;

    code_speech();
    memset(player, 0, sizeof(*player));
    ck_assert_msg(trace_load(&player->trace, OMSP_TEST_DATA "/traces", name, PLACES), "%s", name);
    omsp_jitter_config_init(&config);
    config.playout = true;
    ck_assert_int_eq(omsp_jitter_create(&config, &player->jitter), OMSP_OK);
    omsp_conceal_init(&player->conceal);
    trace_judge_init(&player->judge, &player->trace);
    for (uint64_t now = 21000; next < player->trace.count; now += PERIOD * 125) {
        const struct trace_packet *packet = &player->trace.packets[next];

        for (; next < player->trace.count && packet->arrival_us <= now; next++, packet++) {
            struct omsp_jitter_packet in = {(uint16_t)packet->number,  packet->timestamp, 0, false,
                                            &coded[packet->timestamp], TRACE_SAMPLES};

            (void)omsp_jitter_put(player->jitter, packet->arrival_us, &in);
        }
        play_period(player, now);
        if (now < 60000000)
            before = player->judge.score;
    }
    player->last_delay_us = player->judge.score.delay_us - before.delay_us;
    player->last_played = player->judge.score.played - before.played;
    omsp_jitter_get_stats(player->jitter, &player->stats);
    omsp_jitter_destroy(player->jitter);
}

static void is_within(struct player *player, const char *name, double delay_ms, double late_percent,
                      double changed_percent)
{
    double delay, late, changed;

    play(player, name);
    delay = trace_delay_ms(&player->judge.score);
    late = trace_late_percent(&player->judge.score, &player->trace);
    changed =
        100.0 *
        (double)(player->changed + player->judge.score.dropped + player->judge.score.repeated) /
        (double)player->judge.score.played;
    ck_assert_msg(delay <= delay_ms, "%s: %g ms", name, delay);
    ck_assert_msg(late <= late_percent, "%s: %g %% late", name, late);
    ck_assert_msg(changed <= changed_percent, "%s: %g %% not as sent", name, changed);
    trace_free(&player->trace);
}

START_TEST(each_network_is_played_with_a_bounded_delay_and_little_late)
{
    static struct player player;

    is_within(&player, "wifi", 110, 0.6, 15);
    is_within(&player, "lte", 60, 0.8, 8);
    is_within(&player, "dsl", 220, 0.1, 8);
    is_within(&player, "dtx", 100, 0.5, 15);
    is_within(&player, "powersave", 130, 0.2, 15);
    is_within(&player, "reorder", 60, 0.5, 15);
    is_within(&player, "route", 60, 0.2, 8);
}
END_TEST

START_TEST(on_a_clean_network_nothing_is_changed)
{
    static struct player player;

    play(&player, "lan");
    ck_assert_int_eq(player.judge.score.late, 0);
    ck_assert_uint_eq(player.stats.underruns + player.stats.lost + player.stats.late, 0);
    ck_assert_uint_eq(player.judge.score.repeated, 0);
    /* At the very beginning the delay is made shorter, once it is known how clean it is. */
    ck_assert_uint_le(player.judge.score.dropped, 60 * 8);
    ck_assert_uint_le(player.changed, 20 * 60);
    ck_assert_double_le(player.last_delay_us / (double)player.last_played, 20000);
    trace_free(&player.trace);
}
END_TEST

START_TEST(a_faster_clock_is_followed_without_anything_made_up)
{
    static struct player player;

    play(&player, "skew");
    ck_assert_double_le(player.last_delay_us / (double)player.last_played, 45000);
    ck_assert_double_le(trace_late_percent(&player.judge.score, &player.trace), 0.1);
    trace_free(&player.trace);
}
END_TEST

START_TEST(the_judge_counts_what_is_made_up_and_thrown_away)
{
    struct trace trace;
    struct trace_judge judge;
    uint32_t lost = 0, first;

    ck_assert(trace_load(&trace, OMSP_TEST_DATA "/traces", "wifi", PLACES));
    trace_judge_init(&judge, &trace);
    /* The first place whose packet is lost, and it alone. */
    while (trace.arrived[lost + 1] != trace.arrived[lost] ||
           trace.arrived[lost + 2] == trace.arrived[lost + 1])
        lost++;
    first = lost * TRACE_SAMPLES;
    trace_judge_played(&judge, first * 125, first - TRACE_SAMPLES, TRACE_SAMPLES);
    trace_judge_made_up(&judge, TRACE_SAMPLES); /* for the lost one */
    trace_judge_played(&judge, first * 125, first + TRACE_SAMPLES, TRACE_SAMPLES);
    ck_assert_int_eq(judge.score.late, 0);
    ck_assert_uint_eq(judge.score.dropped, 0);
    /* A standstill; then one thrown away and made up for. */
    trace_judge_made_up(&judge, 100);
    trace_judge_played(&judge, 0, first + 2 * TRACE_SAMPLES, TRACE_SAMPLES);
    ck_assert_int_eq(judge.score.late, 100);
    trace_judge_made_up(&judge, TRACE_SAMPLES);
    trace_judge_played(&judge, 0, first + 4 * TRACE_SAMPLES, TRACE_SAMPLES);
    ck_assert_int_eq(judge.score.late, 260);
    ck_assert_uint_eq(judge.score.dropped, TRACE_SAMPLES);
    trace_free(&trace);
    ck_assert(!trace_load(&trace, OMSP_TEST_DATA "/traces", "nowhere", 0));
    trace_free(&trace);
}
END_TEST

START_TEST(half_of_speech_can_be_time_scaled)
{
    struct omsp_conceal conceal;
    unsigned can = 0, all = 0;

    code_speech();
    /* What the bench's figures rest on: how often something can be spared. */
    omsp_conceal_init(&conceal);
    for (size_t at = 0; at < 96000; at += PERIOD, all++) {
        omsp_conceal_good(&conceal, spoken + at, PERIOD);
        can += omsp_conceal_spare(&conceal, 120) > 0;
    }
    ck_assert_uint_ge(can * 2, all);
    ck_assert_uint_le(can * 10, all * 9);
}
END_TEST

OMSP_SUITE("traces", TEST(each_network_is_played_with_a_bounded_delay_and_little_late),
           TEST(on_a_clean_network_nothing_is_changed),
           TEST(a_faster_clock_is_followed_without_anything_made_up),
           TEST(half_of_speech_can_be_time_scaled),
           TEST(the_judge_counts_what_is_made_up_and_thrown_away))
