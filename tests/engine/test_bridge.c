/* Two calls that hear each other by a bridge: caller - leg = leg - caller. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "engine/bridge.h"
#include "media/g711.h"
#include "media/wav.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 8000

struct side {
    struct omsp_call *caller, *leg;
    struct omsp_stream *says, *hears;         /* the caller's */
    struct omsp_stream *leg_says, *leg_hears; /* the leg's */
    struct omsp_terminal *player, *played, *recorder, *recorded;
    int16_t source[8 * SECOND], heard[16 * SECOND];
    size_t count;
};

struct bench {
    struct rig rig;
    struct side sides[2];
    struct omsp_terminal *bridge, *ends[OMSP_BRIDGE_ENDS];
};

/* Noise that u-law does not change, and no second of which is like another. */
static void put_noise(struct bench *bench, unsigned i, const char *path)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    static uint8_t bytes[OMSP_WAV_HEADER_MAX + 2 * 8 * SECOND];
    size_t header = omsp_wav_header(&format, 2 * 8 * SECOND, bytes);
    struct side *side = &bench->sides[i];
    uint32_t seed = 7 + i;

    for (size_t k = 0; k < 8 * SECOND; k++) {
        seed = seed * 1664525u + 1013904223u;
        side->source[k] = omsp_ulaw_to_linear((uint8_t)(seed >> 24));
        omsp_put_le16(bytes + header + 2 * k, (uint16_t)side->source[k]);
    }
    ck_assert_int_eq(omsp_sim_file_put(bench->rig.sim, path, bytes, header + 2 * 8 * SECOND),
                     OMSP_OK);
}

static struct bench *bench_open(void)
{
    static const char *const in[] = {"0.wav", "1.wav"}, *const out[] = {"a.wav", "b.wav"};
    struct bench *bench = calloc(1, sizeof(*bench));

    rig_open(&bench->rig, 5);
    ck_assert_int_eq(omsp_bridge_create(bench->rig.address, &bench->bridge), OMSP_OK);
    omsp_bridge_ends(bench->bridge, bench->ends);
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &bench->sides[i];

        put_noise(bench, i, in[i]);
        side->caller = rig_call(&bench->rig);
        side->leg = rig_call(&bench->rig);
        side->says = rig_stream(side->caller, OMSP_CAPTURE);
        side->hears = rig_stream(side->caller, OMSP_RENDER);
        side->leg_says = rig_stream(side->leg, OMSP_CAPTURE);
        side->leg_hears = rig_stream(side->leg, OMSP_RENDER);
        side->player = rig_player(&bench->rig, in[i], &side->played);
        side->recorder = rig_recorder(&bench->rig, out[i], &side->recorded);
        ck_assert_int_eq(omsp_stream_select(side->says, side->played), OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(side->hears, side->recorded), OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(side->leg_hears, bench->ends[2 * i]), OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(side->leg_says, bench->ends[2 * i + 1]), OMSP_OK);
    }
    return bench;
}

static void connect_side(struct side *side)
{
    rig_connect(side->caller, side->leg);
}

static void bench_close(struct bench *bench)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &bench->sides[i];

        omsp_terminal_release(side->played);
        omsp_terminal_release(side->player);
        omsp_terminal_release(side->recorded);
        omsp_terminal_release(side->recorder);
        omsp_stream_release(side->says);
        omsp_stream_release(side->hears);
        omsp_stream_release(side->leg_says);
        omsp_stream_release(side->leg_hears);
        omsp_call_release(side->caller);
        omsp_call_release(side->leg);
    }
    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++)
        omsp_terminal_release(bench->ends[i]);
    omsp_terminal_release(bench->bridge);
    rig_close(&bench->rig);
    free(bench);
}

static void take_recording(struct bench *bench, unsigned i)
{
    struct side *side = &bench->sides[i];

    ck_assert_int_eq(omsp_file_stop(side->recorder), OMSP_OK);
    side->count = rig_get_wav(&bench->rig, i ? "b.wav" : "a.wav", side->heard, 16 * SECOND);
}

/* Where in what was heard this second of the source begins, sample by sample; fails if nowhere. */
static size_t find(const struct side *heard, const struct side *said, size_t from, size_t samples)
{
    for (size_t at = 0; at + samples <= heard->count; at++)
        if (!memcmp(heard->heard + at, said->source + from, samples * sizeof(int16_t)))
            return at;
    ck_abort_msg("what was said from %zu on was not heard", from);
    return 0;
}

START_TEST(each_call_hears_the_other_unharmed_and_soon)
{
    struct bench *bench = bench_open();

    connect_side(&bench->sides[0]);
    connect_side(&bench->sides[1]);
    rig_run(&bench->rig, 5000);
    for (unsigned i = 0; i < 2; i++)
        take_recording(bench, i);
    for (unsigned i = 0; i < 2; i++) {
        size_t at = find(&bench->sides[i], &bench->sides[!i], SECOND, 3 * SECOND);

        ck_assert_uint_ge(at, SECOND);
        ck_assert_uint_le(at, SECOND + 800); /* 100 ms of the bridge and both calls together */
    }
    bench_close(bench);
}
END_TEST

START_TEST(packet_times_and_codecs_of_the_calls_are_their_own)
{
    static const uint8_t alaw[] = {8};
    struct bench *bench = bench_open();
    struct omsp_call_stats stats;
    int16_t again;
    size_t good = 0;

    ck_assert_int_eq(omsp_call_set_ptime(bench->sides[0].caller, 60), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_ptime(bench->sides[0].leg, 10), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_codecs(bench->sides[1].caller, alaw, 1), OMSP_OK);
    connect_side(&bench->sides[0]);
    connect_side(&bench->sides[1]);
    rig_run(&bench->rig, 5000);
    omsp_call_get_stats(bench->sides[1].leg, &stats);
    ck_assert_uint_eq(stats.codec, 8);
    ck_assert_uint_eq(stats.packets_lost, 0);
    take_recording(bench, 1);
    for (size_t shift = 0; shift < 2000 && good < SECOND; shift++) {
        good = 0;
        while (good < SECOND) {
            again = omsp_alaw_to_linear(
                omsp_alaw_from_linear(bench->sides[0].source[2 * SECOND + good]));
            if (bench->sides[1].heard[2 * SECOND + shift + good] != again)
                break;
            good++;
        }
    }
    ck_assert_uint_eq(good, SECOND);
    bench_close(bench);
}
END_TEST

START_TEST(a_call_that_goes_leaves_the_other_silence)
{
    struct bench *bench = bench_open();
    struct omsp_call_stats before, after;
    struct side *stays = &bench->sides[1];

    connect_side(&bench->sides[0]);
    connect_side(&bench->sides[1]);
    rig_run(&bench->rig, 2000);
    ck_assert_int_eq(omsp_call_shutdown(bench->sides[0].leg), OMSP_OK);
    omsp_call_get_stats(stays->leg, &before);
    rig_run(&bench->rig, 2000);
    omsp_call_get_stats(stays->leg, &after);
    ck_assert_uint_ge(after.packets_sent, before.packets_sent + 99);
    ck_assert_int_eq(omsp_stream_get_actual(stays->leg_says), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_get_actual(stays->leg_hears), OMSP_RUNNING);
    take_recording(bench, 1);
    find(stays, &bench->sides[0], SECOND, SECOND / 2);
    for (size_t i = 2 * SECOND + 1600; i < 4 * SECOND - 1600; i++)
        ck_assert_int_eq(stays->heard[i], 0);
    bench_close(bench);
}
END_TEST

START_TEST(an_end_may_move_to_another_call_and_begins_with_what_is_said_then)
{
    struct bench *bench = bench_open();
    struct omsp_call *other, *other_leg;
    struct omsp_stream *hears;

    connect_side(&bench->sides[0]);
    connect_side(&bench->sides[1]);
    rig_run(&bench->rig, 2000);
    ck_assert_int_eq(omsp_stream_unselect(bench->sides[1].leg_says, bench->ends[3]), OMSP_OK);
    rig_run(&bench->rig, 1000);
    other = rig_call(&bench->rig);
    other_leg = rig_call(&bench->rig);
    hears = rig_stream(other_leg, OMSP_CAPTURE);
    ck_assert_int_eq(omsp_stream_select(hears, bench->ends[3]), OMSP_OK);
    omsp_stream_release(hears);
    hears = rig_stream(other, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_unselect(bench->sides[1].hears, bench->sides[1].recorded),
                     OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(hears, bench->sides[1].recorded), OMSP_OK);
    rig_connect(other, other_leg);
    rig_run(&bench->rig, 2000);
    take_recording(bench, 1);
    find(&bench->sides[1], &bench->sides[0], 3 * SECOND + 1600, SECOND);
    omsp_stream_release(hears);
    omsp_call_release(other);
    omsp_call_release(other_leg);
    bench_close(bench);
}
END_TEST

/* A quarter of a second comes all at once: it piles up in the bridge, and is thrown away there. */
START_TEST(what_piles_up_is_thrown_away_and_the_delay_is_small_again)
{
    struct omsp_sim_link link = {.delay_us = 250000};
    struct bench *bench = bench_open();
    size_t at;

    connect_side(&bench->sides[0]);
    connect_side(&bench->sides[1]);
    rig_run(&bench->rig, 2000);
    ck_assert_int_eq(omsp_sim_set_link(bench->rig.sim, NULL, NULL, &link), OMSP_OK);
    rig_run(&bench->rig, 1000);
    link.delay_us = 100;
    ck_assert_int_eq(omsp_sim_set_link(bench->rig.sim, NULL, NULL, &link), OMSP_OK);
    rig_run(&bench->rig, 4800);
    take_recording(bench, 1);
    at = find(&bench->sides[1], &bench->sides[0], 7 * SECOND, SECOND / 2);
    ck_assert_uint_le(at, 7 * SECOND + 1200);
    bench_close(bench);
}
END_TEST

START_TEST(ends_go_on_streams_of_their_direction_and_the_bridge_on_none)
{
    struct bench *bench = bench_open();
    struct omsp_call *call = rig_call(&bench->rig);
    struct omsp_stream *capture = rig_stream(call, OMSP_CAPTURE);
    struct omsp_terminal *bridge, *ends[OMSP_BRIDGE_ENDS];

    ck_assert_int_eq(omsp_bridge_create(bench->rig.address, &bridge), OMSP_OK);
    omsp_bridge_ends(bridge, ends);
    ck_assert_int_eq(omsp_stream_select(capture, bridge), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_select(capture, ends[0]), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_stream_select(capture, bench->ends[1]), OMSP_TERMINAL_IN_USE);
    omsp_terminal_release(bridge); /* the ends live on */
    ck_assert_int_eq(omsp_stream_select(capture, ends[1]), OMSP_OK);
    for (unsigned i = 0; i < OMSP_BRIDGE_ENDS; i++)
        omsp_terminal_release(ends[i]);
    omsp_stream_release(capture);
    omsp_call_release(call);
    bench_close(bench);
}
END_TEST

static void create_body(void *ctx)
{
    struct omsp_terminal *bridge = NULL;
    enum omsp_status status = omsp_bridge_create(ctx, &bridge);

    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_terminal_release(bridge);
}

START_TEST(out_of_memory_is_told)
{
    struct bench *bench = bench_open();

    ck_assert_int_ge(omsp_test_alloc_walk(create_body, bench->rig.address), 9);
    bench_close(bench);
}
END_TEST

OMSP_SUITE("bridge", TEST(each_call_hears_the_other_unharmed_and_soon),
           TEST(packet_times_and_codecs_of_the_calls_are_their_own),
           TEST(a_call_that_goes_leaves_the_other_silence),
           TEST(an_end_may_move_to_another_call_and_begins_with_what_is_said_then),
           TEST(what_piles_up_is_thrown_away_and_the_delay_is_small_again),
           TEST(ends_go_on_streams_of_their_direction_and_the_bridge_on_none),
           TEST(out_of_memory_is_told))
