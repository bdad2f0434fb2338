/*
 * The jitter buffer read by a device's clock, and the estimator behind it. A trace of packets with
 * their delays is played through a simulated device; nothing here takes real time.
 */
#include "support/suite.h"

#include "media/jitter.h"
#include "media/playout.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_US 20000
#define START_US  1000000

static uint32_t seed;

/* 0..below-1 */
static unsigned draw(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)(seed >> 8) * below >> 24);
}

struct trace_packet {
    uint64_t arrival_us; /* UINT64_MAX: lost */
    uint16_t seq;
    uint32_t timestamp;
};

/* What came out. */
struct result {
    unsigned audio, lost, silence, repeated; /* samples */
    unsigned packets;                        /* of which some audio was played */
    uint64_t delay_sum_us;                   /* over played samples, beyond the fastest packet */
    uint64_t delay_last_us, delay_most_us;
    struct omsp_jitter_stats stats;
};

static int by_arrival(const void *a, const void *b)
{
    const struct trace_packet *x = a, *y = b;

    return x->arrival_us != y->arrival_us ? (x->arrival_us < y->arrival_us ? -1 : 1)
                                          : (int)(int16_t)(x->seq - y->seq);
}

/* What the reader of a frame may rely on; adds it up. */
static void take(struct result *result, const struct omsp_jitter_frame *frame, uint64_t now,
                 uint64_t sent_0, uint16_t *last_seq)
{
    unsigned wrong = 0;

    switch (frame->kind) {
    case OMSP_FRAME_AUDIO:
        ck_assert_ptr_nonnull(frame->payload);
        for (uint32_t i = 0; i < frame->samples; i++)
            wrong += frame->payload[i] != (frame->seq & 0xFF);
        ck_assert_uint_eq(wrong, 0);
        if (!result->audio || frame->seq != *last_seq) {
            ck_assert(!result->audio || (int16_t)(frame->seq - *last_seq) > 0);
            result->packets++;
        }
        *last_seq = frame->seq;
        result->audio += frame->samples;
        if (sent_0) {
            uint64_t media = sent_0 + (uint64_t)frame->timestamp * 125;

            result->delay_last_us = now > media ? now - media : 0;
            result->delay_sum_us += result->delay_last_us * frame->samples;
            if (result->delay_last_us > result->delay_most_us)
                result->delay_most_us = result->delay_last_us;
        }
        break;
    case OMSP_FRAME_LOST:
        result->lost += frame->samples;
        break;
    case OMSP_FRAME_REPEAT:
        result->repeated += frame->samples;
        break;
    default:
        result->silence += frame->samples;
        break;
    }
}

/* Any number where it is quiet, none elsewhere. */
static unsigned spare(void *ctx, unsigned most)
{
    const bool *quiet = ctx;

    ck_assert_uint_gt(most, 0);
    return *quiet ? most : 0;
}

/* How much later than at its time, at most, a device asks. */
static unsigned unsteady_us;

/* Plays the trace (sorted here) until end_us. sent_0: when timestamp 0 would have arrived at the
 * soonest, 0: not meaningful. period_us: the device's, of 160 samples. */
static struct result play(struct omsp_jitter *jitter, struct trace_packet *trace, unsigned count,
                          uint64_t end_us, uint64_t sent_0, uint64_t period_us, bool quiet)
{
    const struct omsp_jitter_ear ear = {spare, &quiet};
    struct result result = {0};
    uint64_t now = trace[0].arrival_us;
    uint16_t last_seq = 0;
    unsigned at = 0;

    qsort(trace, count, sizeof(*trace), by_arrival);
    for (uint64_t due = now; due < end_us; due += period_us) {
        uint32_t filled = 0;

        now = due + (unsteady_us ? draw(unsteady_us) : 0);

        for (; at < count && trace[at].arrival_us <= now; at++) {
            uint8_t bytes[160];
            struct omsp_jitter_packet packet = {trace[at].seq, trace[at].timestamp, 0, false,
                                                bytes,         sizeof(bytes)};

            memset(bytes, trace[at].seq & 0xFF, sizeof(bytes));
            (void)omsp_jitter_put(jitter, trace[at].arrival_us, &packet);
        }
        while (filled < 160) {
            struct omsp_jitter_frame frame;

            memset(&frame, 0xEE, sizeof(frame));
            omsp_jitter_play(jitter, now, 160 - filled, &ear, &frame);
            ck_assert_uint_gt(frame.samples, 0);
            ck_assert_uint_le(frame.samples, 160 - filled);
            take(&result, &frame, now + filled * 125, sent_0, &last_seq);
            filled += frame.samples;
        }
    }
    omsp_jitter_get_stats(jitter, &result.stats);
    return result;
}

static struct omsp_jitter *make_for(unsigned late_per_thousand)
{
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter = NULL;

    omsp_jitter_config_init(&config);
    config.playout = true;
    config.late_per_thousand = late_per_thousand;
    ck_assert_int_eq(omsp_jitter_create(&config, &jitter), OMSP_OK);
    return jitter;
}

static struct omsp_jitter *make(void)
{
    return make_for(10);
}

#define LONG 3000 /* packets: one minute */
static struct trace_packet trace[LONG * 10];

/* 20 ms packets; delay drawn evenly below spread_us; loss of 1000. */
static void make_trace(unsigned count, unsigned spread_us, unsigned loss)
{
    for (unsigned i = 0; i < count; i++) {
        trace[i].seq = (uint16_t)i;
        trace[i].timestamp = i * 160;
        trace[i].arrival_us = START_US + (uint64_t)i * PACKET_US;
        trace[i].arrival_us += spread_us ? draw(spread_us) : 0;
        if (i && loss && draw(1000) < loss)
            trace[i].arrival_us = UINT64_MAX;
    }
}

static struct result play_trace(unsigned count, bool quiet)
{
    struct omsp_jitter *jitter = make();
    struct result result = play(jitter, trace, count, START_US + (uint64_t)count * PACKET_US,
                                START_US, PACKET_US, quiet);

    omsp_jitter_destroy(jitter);
    return result;
}

START_TEST(a_steady_stream_is_played_whole_and_with_little_delay)
{
    struct result result;

    make_trace(LONG, 0, 0);
    result = play_trace(LONG, true);
    ck_assert_uint_eq(result.lost, 0);
    ck_assert_uint_eq(result.stats.late, 0);
    ck_assert_uint_eq(result.stats.underruns, 0);
    ck_assert_uint_ge(result.packets, LONG - 3);
    ck_assert_uint_le(result.delay_last_us, 20000);
    ck_assert_uint_le(result.delay_most_us, 62500);
}
END_TEST

START_TEST(jitter_is_taken_up_by_a_delay_not_much_longer)
{
    seed = 1;
    for (unsigned spread = 20000; spread <= 120000; spread += 20000) {
        struct result result;

        make_trace(LONG, spread, 0);
        result = play_trace(LONG, true);
        ck_assert_msg(result.lost * 50 < result.audio, "spread %u: %u lost of %u", spread,
                      result.lost, result.audio);
        ck_assert_uint_lt(result.delay_sum_us / result.audio, spread + 25000);
        ck_assert_uint_ge(result.packets, LONG * 97 / 100);
    }
}
END_TEST

START_TEST(loss_is_concealed_for_exactly_its_duration)
{
    struct result result;

    make_trace(500, 0, 0);
    for (unsigned i = 0; i < 10; i++)
        trace[100 + 31 * i].arrival_us = UINT64_MAX;
    trace[101].arrival_us = UINT64_MAX;
    result = play_trace(500, false);
    ck_assert_uint_eq(result.lost, 11 * 160);
    ck_assert_uint_eq(result.stats.lost, 11);
    ck_assert_uint_eq(result.stats.underruns, 0);
}
END_TEST

START_TEST(what_was_made_up_while_waiting_counts_for_the_loss)
{
    struct result result;

    /* With so little delay a lost packet looks like a late one at first: the next one comes just
     * after the device asked. */
    make_trace(1000, 0, 0);
    for (unsigned i = 1; i < 1000; i++)
        trace[i].arrival_us += 1000;
    trace[900].arrival_us = UINT64_MAX;
    result = play_trace(1000, true);
    ck_assert_uint_eq(result.stats.underruns, 1);
    ck_assert_uint_eq(result.stats.lost, 1);
    ck_assert_uint_ge(result.lost, 160);
    ck_assert_uint_lt(result.lost, 320);
    ck_assert_uint_le(result.delay_last_us, 20000);
    /* Of three only the first was waited for. */
    make_trace(1000, 0, 0);
    for (unsigned i = 1; i < 1000; i++)
        trace[i].arrival_us += 1000;
    trace[900].arrival_us = trace[901].arrival_us = trace[902].arrival_us = UINT64_MAX;
    result = play_trace(1000, true);
    ck_assert_uint_eq(result.stats.lost, 3);
    ck_assert_uint_ge(result.lost, 480);
    ck_assert_uint_lt(result.lost, 640);
    ck_assert_uint_le(result.delay_last_us, 20000);
}
END_TEST

START_TEST(an_underrun_makes_the_delay_grow_at_once_and_loses_nothing)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    make_trace(200, 0, 0);
    /* From packet 150 on everything is 100 ms later. */
    for (unsigned i = 150; i < 200; i++)
        trace[i].arrival_us += 100000;
    result =
        play(jitter, trace, 200, START_US + 200 * PACKET_US + 50000, START_US, PACKET_US, false);
    ck_assert_uint_eq(result.stats.underruns, 1);
    ck_assert_uint_eq(result.stats.late, 0);
    ck_assert_uint_ge(result.lost, 160);
    ck_assert_uint_le(result.lost, 6 * 160);
    ck_assert_uint_ge(result.delay_last_us, 100000);
    ck_assert_uint_eq(result.stats.lost, 0);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(the_delay_shrinks_faster_where_it_is_quiet)
{
    uint64_t after[2], skipped[2];

    for (int quiet = 0; quiet < 2; quiet++) {
        struct result result;

        /* One stall of 150 ms, then 30 s of a steady stream: longer than the window remembers. */
        make_trace(2000, 0, 0);
        for (unsigned i = 500; i < 508; i++)
            trace[i].arrival_us = START_US + 508 * PACKET_US;
        result = play_trace(700, quiet);
        after[quiet] = result.delay_last_us;
        make_trace(2000, 0, 0);
        for (unsigned i = 500; i < 508; i++)
            trace[i].arrival_us = START_US + 508 * PACKET_US;
        result = play_trace(2000, quiet);
        skipped[quiet] = result.stats.skipped_samples;
        ck_assert_uint_lt(result.delay_last_us, 60000);
        ck_assert_uint_eq(result.stats.lost, 0);
    }
    ck_assert_uint_le(after[1], after[0]);
    ck_assert_uint_gt(skipped[0], 0);
    ck_assert_uint_gt(skipped[1], skipped[0]);
}
END_TEST

/* From packet 500 on `packets` come at once, when the one after them does. */
static void make_spike(unsigned count, unsigned packets)
{
    make_trace(count, 0, 0);
    for (unsigned i = 500; i < 500 + packets; i++)
        trace[i].arrival_us = START_US + (500ull + packets) * PACKET_US;
}

/* One of 120 ms, played until `until` packets are due. */
static struct result play_spike(unsigned late_per_thousand, unsigned until)
{
    struct omsp_jitter *jitter = make_for(late_per_thousand);
    struct result result;

    make_spike(2000, 6);
    result = play(jitter, trace, until, START_US + until * (uint64_t)PACKET_US, START_US, PACKET_US,
                  true);
    omsp_jitter_destroy(jitter);
    return result;
}

START_TEST(after_a_spike_the_delay_is_soon_back_and_nothing_was_thrown_away)
{
    struct result result = play_spike(50, 508);

    ck_assert_uint_ge(result.delay_most_us, 100000);
    /* A second later. */
    result = play_spike(50, 508 + 50);
    ck_assert_uint_le(result.delay_last_us, 20000);
    ck_assert_uint_eq(result.stats.lost, 0);
    ck_assert_uint_eq(result.stats.late, 0);
    /* What is left out is no more than what was made up, and what the start was too long. */
    ck_assert_uint_le(result.stats.skipped_samples, result.lost + result.repeated + 480);
    /* With a tenth of that to be late the spike is remembered for some seconds. */
    result = play_spike(5, 508 + 50);
    ck_assert_uint_ge(result.delay_last_us, 100000);
    result = play_spike(5, 508 + 600);
    ck_assert_uint_le(result.delay_last_us, 20000);
    ck_assert_uint_eq(result.stats.lost, 0);
}
END_TEST

START_TEST(audio_is_stretched_while_packets_stay_away)
{
    unsigned lost[2];

    for (int can = 0; can < 2; can++) {
        struct result result;

        /* A packet in 50 is late, so that there is something to stretch; then nothing for 160 ms.
         */
        seed = 3;
        make_trace(1000, 10000, 0);
        for (unsigned i = 20; i < 500; i += 50)
            trace[i].arrival_us += 60000;
        for (unsigned i = 500; i < 510; i++) {
            if (trace[i].arrival_us < START_US + 508ull * PACKET_US)
                trace[i].arrival_us = START_US + 508ull * PACKET_US;
        }
        result = play_trace(510, can);
        lost[can] = result.lost;
        ck_assert_uint_eq(result.repeated, result.stats.repeated_samples);
        ck_assert((result.repeated > 0) == (can > 0));
    }
    ck_assert_uint_lt(lost[1], lost[0]);
}
END_TEST

START_TEST(where_packets_come_out_of_order_a_hole_is_waited_for_by_stretching)
{
    for (int filled = 0; filled < 2; filled++) {
        struct omsp_jitter *jitter = make_for(60);
        struct result result;

        /* Each tenth packet comes up to 50 ms after its time, or never does. */
        seed = 8;
        make_trace(LONG, 2000, 0);
        for (unsigned i = 5; i < LONG; i += 10)
            trace[i].arrival_us = filled ? trace[i].arrival_us + draw(50000) : UINT64_MAX;
        result = play(jitter, trace, LONG, START_US + LONG * (uint64_t)PACKET_US, START_US,
                      PACKET_US, true);
        ck_assert_uint_le(result.delay_sum_us / result.audio, 50000);
        if (filled) {
            ck_assert_uint_gt(result.repeated, LONG / 10 * 40);
            ck_assert_uint_le(result.stats.late, LONG * 4 / 100);
        } else {
            ck_assert_uint_lt(result.repeated, LONG / 10 * 10);
            ck_assert_uint_eq(result.stats.lost, LONG / 10);
        }
        omsp_jitter_destroy(jitter);
    }
}
END_TEST

START_TEST(a_device_that_asks_unsteadily_has_no_gaps)
{
    struct result result;

    seed = 2;
    make_trace(LONG, 3000, 0);
    unsteady_us = 12000;
    result = play_trace(LONG, true);
    unsteady_us = 0;
    ck_assert_uint_le(result.stats.underruns, 1);
    ck_assert_uint_le(result.lost, 160);
    ck_assert_uint_le(result.delay_last_us, 50000);
}
END_TEST

START_TEST(handovers_now_and_then_do_not_leave_a_long_delay)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    /* Each 10 s nothing comes for 120 ms. */
    make_trace(LONG, 4000, 0);
    for (unsigned at = 300; at + 6 < LONG; at += 500) {
        for (unsigned i = at; i < at + 6; i++)
            trace[i].arrival_us = START_US + (at + 6ull) * PACKET_US;
    }
    result =
        play(jitter, trace, LONG, START_US + LONG * (uint64_t)PACKET_US, START_US, PACKET_US, true);
    ck_assert_uint_lt(result.delay_sum_us / result.audio, 60000);
    ck_assert_uint_le(result.lost, LONG * 160 / 100);
    ck_assert_uint_eq(result.stats.lost, 0);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(nothing_is_left_out_or_repeated_where_the_sound_does_not_allow_it)
{
    struct result result;

    seed = 5;
    make_trace(LONG, 30000, 0);
    result = play_trace(LONG, false);
    ck_assert_uint_eq(result.repeated, 0);
    /* But for 5 ms now and then, where the delay is much too long. */
    ck_assert_uint_le(result.stats.skipped_samples, 60u * 2 * 40);
}
END_TEST

START_TEST(a_pause_of_the_sender_is_silence_and_the_delay_is_set_anew)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    make_trace(200, 0, 0);
    for (unsigned i = 100; i < 200; i++) { /* 3 s of nothing, sequence goes on */
        trace[i].timestamp += 24000;
        trace[i].arrival_us += 3000000;
    }
    result =
        play(jitter, trace, 200, START_US + 200 * PACKET_US + 3100000, START_US, PACKET_US, false);
    ck_assert_uint_eq(result.packets, 200);
    ck_assert_uint_eq(result.stats.lost, 0);
    /* Until it is clear that it is a pause, loss is concealed. */
    ck_assert_uint_le(result.lost, (240 + 60 + 20) * 8);
    ck_assert_uint_ge(result.silence, 20000);
    ck_assert_uint_le(result.delay_last_us, 80000);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(an_outage_is_survived_and_the_delay_stays_bounded)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    make_trace(1000, 0, 0);
    /* 2 s pass, then all of it comes at once. */
    for (unsigned i = 300; i < 400; i++)
        trace[i].arrival_us = START_US + 400 * PACKET_US;
    result = play(jitter, trace, 1000, START_US + 1000 * PACKET_US, START_US, PACKET_US, true);
    ck_assert_uint_le(result.delay_most_us, 240000 + 2 * PACKET_US + PACKET_US);
    ck_assert_uint_ge(result.packets, 1000 - 110);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(two_clocks_that_drift_apart_stay_together)
{
    for (int faster = 0; faster < 2; faster++) {
        struct omsp_jitter *jitter = make();
        struct result result;
        /* 300 parts in a million; arrival is by the sender's clock, now by ours. */
        const int64_t ppm = faster ? 300 : -300;

        for (unsigned i = 0; i < LONG * 10; i++) {
            trace[i].seq = (uint16_t)i;
            trace[i].timestamp = i * 160;
            trace[i].arrival_us =
                START_US + (uint64_t)((int64_t)i * PACKET_US * (1000000 + ppm) / 1000000);
        }
        result = play(jitter, trace, LONG * 10, START_US + LONG * 10ull * PACKET_US - 1000000, 0,
                      PACKET_US, true);
        ck_assert_uint_lt(result.stats.delay_us, 70000);
        ck_assert_uint_lt(result.lost, 600 * 8000 / 500);
        ck_assert_uint_lt(result.stats.skipped_samples, 600 * 8000 / 500);
        /* 51 are not due yet at the end, 9 are what the faster clock is ahead by. */
        ck_assert_uint_ge(result.packets, LONG * 10 - 65);
        omsp_jitter_destroy(jitter);
    }
}
END_TEST

START_TEST(the_end_of_a_stream_fades_into_silence_frames)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    make_trace(50, 0, 0);
    result =
        play(jitter, trace, 50, START_US + 50 * PACKET_US + 2000000, START_US, PACKET_US, false);
    ck_assert_uint_eq(result.packets, 50);
    ck_assert_uint_le(result.lost, 2400);
    ck_assert_uint_ge(result.silence, 12000);
    ck_assert_uint_eq(result.stats.underruns, 1);
    ck_assert_uint_eq(result.stats.lost, 0);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(a_new_sequence_or_time_scale_is_followed)
{
    struct omsp_jitter *jitter = make();
    struct result result;

    make_trace(300, 0, 0);
    for (unsigned i = 100; i < 200; i++)
        trace[i].timestamp += 3000000000u;
    for (unsigned i = 200; i < 300; i++)
        trace[i].seq = (uint16_t)(trace[i].seq + 10000);
    result = play(jitter, trace, 300, START_US + 300 * PACKET_US, 0, PACKET_US, false);
    ck_assert_uint_ge(result.packets, 280);
    ck_assert_uint_ge(result.stats.restarts, 2);
    ck_assert_uint_le(result.lost + result.silence, 300 * 160 - result.audio);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(reset_forgets_the_delay)
{
    struct omsp_jitter *jitter = make();
    struct omsp_jitter_stats stats;

    seed = 9;
    make_trace(500, 150000, 0);
    play(jitter, trace, 500, START_US + 500 * PACKET_US, START_US, PACKET_US, false);
    omsp_jitter_get_stats(jitter, &stats);
    ck_assert_uint_gt(stats.target_us, 100000);
    omsp_jitter_reset(jitter);
    omsp_jitter_get_stats(jitter, &stats);
    ck_assert_uint_eq(stats.target_us, 60000);
    ck_assert_uint_eq(stats.held, 0);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(a_device_that_stops_pulling_finds_what_is_newest)
{
    struct omsp_jitter *jitter = make();
    struct omsp_jitter_frame frame;
    uint8_t bytes[160] = {0};
    uint64_t now = START_US;

    for (unsigned i = 0; i < 500; i++, now += PACKET_US) {
        struct omsp_jitter_packet packet = {(uint16_t)i, i * 160, 0, false, bytes, sizeof(bytes)};

        ck_assert_int_eq(omsp_jitter_put(jitter, now, &packet), OMSP_OK);
    }
    do {
        omsp_jitter_play(jitter, now, 160, NULL, &frame);
        now += frame.samples * 125;
    } while (frame.kind != OMSP_FRAME_AUDIO);
    ck_assert_uint_ge(frame.seq, 500 - 240 / 20 - 3);
    omsp_jitter_destroy(jitter);
}
END_TEST

START_TEST(random_traffic_keeps_the_promises)
{
    for (unsigned round = 0; round < 100; round++) {
        struct omsp_jitter *jitter = make();

        seed = round;
        for (unsigned i = 0; i < 500; i++) {
            trace[i].seq = (uint16_t)(65200 + i);
            trace[i].timestamp = i * 160;
            trace[i].arrival_us = START_US + (uint64_t)i * PACKET_US + draw(1 + round * 3000);
            if (i && draw(10) == 0)
                trace[i].arrival_us = UINT64_MAX;
            if (i && draw(100) == 0)
                trace[i] = trace[i - 1];
            if (i && draw(100) == 0)
                trace[i].timestamp = seed;
        }
        /* take() asserts order, bytes and durations. */
        play(jitter, trace, 500, START_US + 500 * PACKET_US, 0, PACKET_US, round & 1);
        omsp_jitter_destroy(jitter);
    }
}
END_TEST

/* More than the floor is remembered for. */
#define FORGOTTEN (OMSP_PLAYOUT_BLOCK * (OMSP_PLAYOUT_BLOCKS + 1))

/* ---- the estimator alone --------------------------------------------------------------------- */

START_TEST(the_target_covers_the_wanted_share)
{
    struct omsp_playout playout;

    seed = 4;
    omsp_playout_init(&playout, 0, 400000, 60000, 50); /* 5 % may be late */
    for (unsigned i = 0; i < 5000; i++)
        omsp_playout_note(&playout, -7000000 + (int64_t)draw(100000));
    ck_assert_uint_ge(omsp_playout_target_us(&playout), 90000);
    ck_assert_uint_le(omsp_playout_target_us(&playout), 100000);
    ck_assert_int_ge(omsp_playout_floor_us(&playout), -7002500);
    ck_assert_int_le(omsp_playout_floor_us(&playout), -6995000);
}
END_TEST

START_TEST(rare_outliers_are_ignored_and_frequent_ones_are_not)
{
    struct omsp_playout playout;

    omsp_playout_init(&playout, 0, 400000, 0, 5);
    for (unsigned i = 0; i < 500; i++)
        omsp_playout_note(&playout, i % 250 == 7 ? 200000 : 1000);
    ck_assert_uint_le(omsp_playout_target_us(&playout), 5000);
    for (unsigned i = 0; i < 500; i++)
        omsp_playout_note(&playout, i % 50 == 7 ? 200000 : 1000);
    ck_assert_uint_ge(omsp_playout_target_us(&playout), 200000);
    /* And it forgets. */
    for (unsigned i = 0; i < FORGOTTEN; i++)
        omsp_playout_note(&playout, 1000);
    ck_assert_uint_le(omsp_playout_target_us(&playout), 5000);
}
END_TEST

START_TEST(the_floor_follows_a_path_that_changes)
{
    struct omsp_playout playout;

    omsp_playout_init(&playout, 10000, 240000, 0, 5);
    for (unsigned i = 0; i < 1000; i++)
        omsp_playout_note(&playout, 500000);
    ck_assert_int_eq(omsp_playout_floor_us(&playout), 500000);
    omsp_playout_note(&playout, 400000); /* faster: at once */
    ck_assert_int_eq(omsp_playout_floor_us(&playout), 400000);
    for (unsigned i = 0; i < FORGOTTEN; i++) /* slower: when the window has passed */
        omsp_playout_note(&playout, 500000);
    ck_assert_int_eq(omsp_playout_floor_us(&playout), 500000);
    omsp_playout_note(&playout, -9000000000); /* absurdly fast: starts anew */
    ck_assert_int_eq(omsp_playout_floor_us(&playout), -9000000000);
    omsp_playout_note(&playout, 9000000000); /* absurdly slow: counted as slow */
    ck_assert_uint_eq(omsp_playout_target_us(&playout), 240000);
    omsp_playout_reset(&playout);
    ck_assert_uint_eq(omsp_playout_target_us(&playout), 10000);
}
END_TEST

static unsigned nothing_spare(void *ctx, unsigned most)
{
    (void)ctx, (void)most;
    return 0;
}

/* 60 packets of 30 ms, one of which is lost, to a device that asks for a little more than one at a
 * time; of sound of which nothing can be left out unheard. Is the last one played? */
static bool last_is_played(unsigned period, unsigned lost, unsigned start_ms)
{
    const struct omsp_jitter_ear ear = {nothing_spare, NULL};
    static const uint8_t payload[240];
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter;
    bool last = false;
    unsigned next = 0;

    omsp_jitter_config_init(&config);
    config.playout = true;
    config.max_delay_ms = 400;
    config.start_delay_ms = start_ms;
    ck_assert_int_eq(omsp_jitter_create(&config, &jitter), OMSP_OK);
    for (uint64_t asked = 1; asked <= 80; asked++) {
        uint64_t now = 1000000 + 1000 * start_ms % 30000 + asked * period * 125;

        for (; next < 60 && 1000000 + next * UINT64_C(30000) <= now; next++) {
            const struct omsp_jitter_packet packet = {.seq = (uint16_t)next,
                                                      .timestamp = next * 240,
                                                      .payload = payload,
                                                      .payload_len = sizeof(payload)};

            if (next != lost)
                omsp_jitter_put(jitter, 1000000 + next * UINT64_C(30000), &packet);
        }
        for (uint32_t filled = 0; filled < period;) {
            struct omsp_jitter_frame frame;

            omsp_jitter_play(jitter, now, period - filled, &ear, &frame);
            filled += frame.samples;
            last |= frame.kind == OMSP_FRAME_AUDIO && frame.seq == 59;
        }
    }
    omsp_jitter_destroy(jitter);
    return last;
}

START_TEST(what_is_left_out_in_need_is_there)
{
    for (unsigned period = 241; period < 271; period++)
        for (unsigned lost = 15; lost < 55; lost++)
            for (unsigned start = 100; start < 200; start += 7)
                ck_assert_msg(last_is_played(period, lost, start), "%u %u %u", period, lost, start);
}
END_TEST

OMSP_SUITE("playout", TEST(a_steady_stream_is_played_whole_and_with_little_delay),
           TEST(jitter_is_taken_up_by_a_delay_not_much_longer),
           TEST(loss_is_concealed_for_exactly_its_duration),
           TEST(what_was_made_up_while_waiting_counts_for_the_loss),
           TEST(an_underrun_makes_the_delay_grow_at_once_and_loses_nothing),
           TEST(the_delay_shrinks_faster_where_it_is_quiet),
           TEST(after_a_spike_the_delay_is_soon_back_and_nothing_was_thrown_away),
           TEST(audio_is_stretched_while_packets_stay_away),
           TEST(where_packets_come_out_of_order_a_hole_is_waited_for_by_stretching),
           TEST(a_device_that_asks_unsteadily_has_no_gaps),
           TEST(handovers_now_and_then_do_not_leave_a_long_delay),
           TEST(nothing_is_left_out_or_repeated_where_the_sound_does_not_allow_it),
           TEST(a_pause_of_the_sender_is_silence_and_the_delay_is_set_anew),
           TEST(an_outage_is_survived_and_the_delay_stays_bounded),
           TEST(two_clocks_that_drift_apart_stay_together),
           TEST(the_end_of_a_stream_fades_into_silence_frames),
           TEST(a_new_sequence_or_time_scale_is_followed), TEST(reset_forgets_the_delay),
           TEST(a_device_that_stops_pulling_finds_what_is_newest),
           TEST(what_is_left_out_in_need_is_there), TEST(random_traffic_keeps_the_promises),
           TEST(the_target_covers_the_wanted_share),
           TEST(rare_outliers_are_ignored_and_frequent_ones_are_not),
           TEST(the_floor_follows_a_path_that_changes))
