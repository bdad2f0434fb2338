/* Several sources that no substream took: the stream's own terminals hear them all at once. */
#include "support/hall.h"

#include "engine/session.h"
#include "media/clip.h"

#include <math.h>

/* A loudness of its own for each, so that sums show who is in them. */
static void tell(struct hall *hall, unsigned source, uint8_t code)
{
    uint8_t packet[OMSP_RTP_HEADER + FRAME];
    unsigned n = hall->sent[source]++;

    omsp_rtp_put_header(packet, n == 0, 0, (uint16_t)(100 + n), n * FRAME, 1000 + source);
    memset(packet + OMSP_RTP_HEADER, code, FRAME);
    ck_assert_int_eq(
        omsp_sim_inject(hall->rig.sim, &hall->far, &hall->local, packet, sizeof(packet)), OMSP_OK);
}

static uint8_t loud(unsigned source)
{
    return (uint8_t)(0x8f + 0x10 * source);
}

static int level(unsigned source)
{
    return omsp_ulaw_to_linear(loud(source));
}

static void speak(struct hall *hall, unsigned mask, unsigned frames)
{
    while (frames--) {
        for (unsigned source = 0; source < 16; source++)
            if (mask & 1u << source)
                tell(hall, source, loud(source));
        rig_run(&hall->rig, 20);
    }
}

/* All that there is; how many samples. */
static size_t listen(struct omsp_terminal *terminal, int16_t *pcm, size_t room)
{
    struct omsp_samples_chunk chunk = {0};
    size_t got = 0;

    while (got < room &&
           omsp_samples_read(terminal, pcm + got, (room - got) * sizeof(pcm[0]), &chunk) == OMSP_OK)
        got += chunk.bytes / sizeof(pcm[0]);
    return got;
}

static size_t count_of(const int16_t *pcm, size_t count, int value)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += pcm[i] == value;
    return found;
}

START_TEST(two_sources_side_by_side_are_heard_together_without_a_loss)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    struct omsp_call_stats stats;
    size_t got;

    speak(hall, 1, 10);
    speak(hall, 3, 50);
    speak(hall, 1, 10);
    got = listen(own, pcm, 20000);
    /* One frame of the second is heard by itself, before it shows that the first goes on. */
    ck_assert_uint_ge(got, 70 * FRAME);
    ck_assert_uint_le(got, 72 * FRAME);
    ck_assert_uint_ge(count_of(pcm, got, level(0) + level(1)), 47 * FRAME);
    ck_assert_uint_ge(count_of(pcm, got, level(0)), 19 * FRAME);
    ck_assert_uint_eq(count_of(pcm, got, level(0)) + count_of(pcm, got, level(1)) +
                          2 * count_of(pcm, got, level(0) + level(1)),
                      (70 + 50) * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 120);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_rejected +
                          stats.frames_concealed,
                      0);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(who_says_bye_or_nothing_for_three_seconds_is_out_and_the_rest_goes_on)
{
    static int16_t pcm[60000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    struct omsp_call_stats stats;
    size_t got;

    speak(hall, 7, 20);
    listen(own, pcm, 60000);
    leave(hall, 2); /* the one that was heard last, so the session's own */
    speak(hall, 3, 20);
    got = listen(own, pcm, 60000);
    ck_assert_uint_ge(count_of(pcm, got, level(0) + level(1)), 20 * FRAME);
    leave(hall, 0);
    speak(hall, 2, 20);
    got = listen(own, pcm, 60000);
    ck_assert_uint_eq(count_of(pcm, got, level(1)), 20 * FRAME);
    speak(hall, 10, 20); /* with the fourth, which then says nothing more */
    speak(hall, 2, 200);
    got = listen(own, pcm, 60000);
    ck_assert_uint_ge(count_of(pcm, got, level(1) + level(3)), 18 * FRAME);
    ck_assert_uint_ge(count_of(pcm, got, level(1)), 200 * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 60 + 40 + 20 + 40 + 200);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_rejected, 0);
    /* And alone it is not held up any more. */
    tell(hall, 1, loud(1));
    rig_run(&hall->rig, 1);
    ck_assert_uint_eq(listen(own, pcm, 60000), FRAME);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(one_that_follows_another_is_no_mix)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    size_t got;

    for (unsigned source = 0; source < 4; source++)
        speak(hall, 1u << source, 10);
    rig_run(&hall->rig, 200);
    got = listen(own, pcm, 20000);
    ck_assert_uint_eq(got, 40 * FRAME);
    for (unsigned source = 0; source < 4; source++)
        ck_assert_uint_eq(count_of(pcm, got, level(source)), 10 * FRAME);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(a_loss_of_one_is_concealed_and_the_other_is_whole)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    struct omsp_call_stats stats;

    speak(hall, 3, 20);
    hall->sent[0]++;
    speak(hall, 3, 20);
    rig_run(&hall->rig, 300);
    ck_assert_uint_ge(listen(own, pcm, 20000), 40 * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 80);
    ck_assert_uint_eq(stats.packets_lost, 1);
    ck_assert_uint_eq(stats.frames_concealed, 1);
    for (unsigned i = 0; i < 500 && hall->blocks != 2; i++)
        speak(hall, 3, 1);
    ck_assert_uint_eq(hall->blocks, 2); /* each is reported */
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(sources_come_and_go_between_the_mix_and_a_substream)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream), *one;
    struct omsp_call_stats stats;
    struct omsp_stream *sub;
    size_t got;

    speak(hall, 7, 20);
    sub = substream(hall);
    one = ear(hall, sub);
    speak(hall, 7, 1); /* it takes the first that it hears */
    listen(own, pcm, 20000);
    listen(one, pcm, 20000);
    speak(hall, 7, 20);
    got = listen(one, pcm, 20000);
    ck_assert_uint_eq(got, 20 * FRAME);
    ck_assert_uint_eq(count_of(pcm, got, level(0)), got);
    got = listen(own, pcm, 20000);
    ck_assert_uint_ge(count_of(pcm, got, level(1) + level(2)), 16 * FRAME);
    ck_assert_int_eq(omsp_stream_remove_substream(hall->stream, sub), OMSP_OK);
    speak(hall, 7, 5);
    listen(own, pcm, 20000);
    speak(hall, 7, 20);
    got = listen(own, pcm, 20000);
    ck_assert_uint_ge(count_of(pcm, got, level(0) + level(1) + level(2)), 18 * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 3 * 66);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_late + stats.packets_rejected, 0);
    omsp_stream_release(sub);
    omsp_terminal_release(one);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(more_than_eight_are_too_many)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    struct omsp_call_stats stats;
    size_t got;

    for (unsigned source = 0; source < 12; source++)
        speak(hall, 1, 1), speak(hall, (2u << source) - 1, 1);
    listen(own, pcm, 20000);
    speak(hall, 0xfff, 20);
    got = listen(own, pcm, 20000);
    ck_assert_uint_ge(got, 19 * FRAME);
    ck_assert_uint_le(got, 21 * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_ge(stats.packets_rejected, 4 * 20);
    ck_assert_uint_eq(stats.packets_lost, 0);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(a_stream_that_stops_and_starts_begins_anew)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    struct omsp_call_stats stats;
    size_t got;

    speak(hall, 3, 20);
    ck_assert_int_eq(omsp_stream_pause(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    speak(hall, 3, 20);
    ck_assert_int_eq(omsp_stream_start(hall->stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    listen(own, pcm, 20000);
    speak(hall, 3, 20);
    got = listen(own, pcm, 20000);
    ck_assert_uint_ge(count_of(pcm, got, level(0) + level(1)), 16 * FRAME);
    omsp_call_get_stats(hall->call, &stats);
    ck_assert_uint_eq(stats.packets_received, 120);
    ck_assert_uint_eq(stats.packets_lost + stats.packets_rejected, 0);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(no_memory_is_asked_for_while_sources_are_mixed)
{
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    static int16_t pcm[40000];
    long before;

    speak(hall, 1, 5);
    before = omsp_test_outstanding();
    speak(hall, 1, 50);
    ck_assert_int_eq(omsp_test_outstanding(), before); /* one source needs nothing */
    speak(hall, 7, 20);
    ck_assert_int_gt(omsp_test_outstanding(), before);
    before = omsp_test_outstanding();
    speak(hall, 7, 100);
    ck_assert_int_eq(omsp_test_outstanding(), before);
    listen(own, pcm, 40000);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

START_TEST(without_memory_the_newest_source_is_heard)
{
    static int16_t pcm[20000];
    struct hall *hall = hall_open();
    struct omsp_terminal *own = ear(hall, hall->stream);
    size_t got;

    speak(hall, 1, 10);
    tell(hall, 1, loud(1));
    omsp_test_fail_alloc(0);
    rig_run(&hall->rig, 20);
    ck_assert(omsp_test_alloc_failed());
    omsp_test_allow_alloc();
    speak(hall, 2, 10);
    got = listen(own, pcm, 20000);
    ck_assert_uint_eq(count_of(pcm, got, level(1)), 11 * FRAME);
    omsp_terminal_release(own);
    hall_close(hall);
}
END_TEST

OMSP_SUITE("voices", TEST(two_sources_side_by_side_are_heard_together_without_a_loss),
           TEST(who_says_bye_or_nothing_for_three_seconds_is_out_and_the_rest_goes_on),
           TEST(one_that_follows_another_is_no_mix),
           TEST(a_loss_of_one_is_concealed_and_the_other_is_whole),
           TEST(sources_come_and_go_between_the_mix_and_a_substream),
           TEST(more_than_eight_are_too_many), TEST(a_stream_that_stops_and_starts_begins_anew),
           TEST(no_memory_is_asked_for_while_sources_are_mixed),
           TEST(without_memory_the_newest_source_is_heard))
