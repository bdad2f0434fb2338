/* Volume, level, and the rate meter. */
#include "support/suite.h"

#include "media/rate_meter.h"
#include "media/volume.h"

#include <math.h>
#include <string.h>

START_TEST(same_changes_nothing_and_mute_everything)
{
    int16_t pcm[] = {-32768, -1, 0, 1, 32767}, copy[5];

    memcpy(copy, pcm, sizeof(pcm));
    omsp_volume_apply(pcm, 5, OMSP_VOLUME_SAME);
    ck_assert_mem_eq(pcm, copy, sizeof(pcm));
    omsp_volume_apply(pcm, 5, OMSP_VOLUME_MUTE);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(pcm[i], 0);
}
END_TEST

START_TEST(every_sample_at_every_step_is_rounded_and_clipped)
{
    for (unsigned volume = 0; volume <= OMSP_VOLUME_MAX; volume += 4369) {
        for (int value = -32768; value <= 32767; value += 13) {
            double wanted = round((double)value * volume / OMSP_VOLUME_SAME);
            int16_t pcm = (int16_t)value;

            if (wanted > 32767)
                wanted = 32767;
            if (wanted < -32768)
                wanted = -32768;
            omsp_volume_apply(&pcm, 1, volume);
            ck_assert_int_eq(pcm, (int)wanted);
        }
    }
}
END_TEST

START_TEST(level_is_the_root_of_the_mean_square)
{
    int16_t pcm[8000] = {0};

    ck_assert_uint_eq(omsp_level_rms(pcm, 0), 0);
    for (int i = 0; i < 8000; i++)
        pcm[i] = (int16_t)(10000 * sin(2 * 3.14159265358979 * 440 * i / 8000));
    ck_assert_uint_ge(omsp_level_rms(pcm, 8000), 7070);
    ck_assert_uint_le(omsp_level_rms(pcm, 8000), 7071);
    for (int i = 0; i < 8000; i++)
        pcm[i] = i % 2 ? 5 : -5;
    ck_assert_uint_eq(omsp_level_rms(pcm, 8000), 5);
    for (int i = 0; i < 8000; i++)
        pcm[i] = -32768;
    ck_assert_uint_eq(omsp_level_rms(pcm, 8000), OMSP_LEVEL_MAX);
}
END_TEST

START_TEST(even_packets_have_exactly_their_rate)
{
    struct omsp_rate_meter meter;
    struct omsp_rate rate;

    omsp_rate_meter_init(&meter, 1000000);
    rate = omsp_rate_meter_read(&meter, 77);
    ck_assert_uint_eq(rate.bits_per_second, 0);
    for (uint64_t at = 5000; at < 3600000000u; at += 20000) {
        omsp_rate_meter_add(&meter, at, 160);
        if (at < 1100000)
            continue;
        rate = omsp_rate_meter_read(&meter, at + 19999);
        ck_assert_uint_eq(rate.bits_per_second, 64000);
        ck_assert_uint_eq(rate.interval_us, 20000);
    }
}
END_TEST

START_TEST(the_first_window_is_told_as_far_as_it_goes)
{
    struct omsp_rate_meter meter;
    struct omsp_rate rate;

    omsp_rate_meter_init(&meter, 1000000);
    for (int i = 0; i < 5; i++)
        omsp_rate_meter_add(&meter, 1000 + (uint64_t)i * 20000, 160);
    rate = omsp_rate_meter_read(&meter, 1000 + 100000);
    ck_assert_uint_eq(rate.bits_per_second, 64000);
    ck_assert_uint_eq(rate.interval_us, 20000);
}
END_TEST

START_TEST(what_ended_falls_to_nothing_and_begins_anew)
{
    struct omsp_rate_meter meter;
    struct omsp_rate rate;
    uint64_t at;

    omsp_rate_meter_init(&meter, 500000);
    for (at = 0; at < 2000000; at += 20000)
        omsp_rate_meter_add(&meter, at, 160);
    rate = omsp_rate_meter_read(&meter, at + 600000);
    ck_assert_uint_lt(rate.bits_per_second, 64000);
    rate = omsp_rate_meter_read(&meter, at + 1000000);
    ck_assert_uint_eq(rate.bits_per_second, 0);
    ck_assert_uint_eq(rate.interval_us, 0);
    at += 60000000;
    omsp_rate_meter_add(&meter, at, 80);
    rate = omsp_rate_meter_read(&meter, at + 10000);
    ck_assert_uint_eq(rate.bits_per_second, 64000); /* the minute between is not averaged in */
}
END_TEST

OMSP_SUITE("volume", TEST(same_changes_nothing_and_mute_everything),
           TEST(every_sample_at_every_step_is_rounded_and_clipped),
           TEST(level_is_the_root_of_the_mean_square), TEST(even_packets_have_exactly_their_rate),
           TEST(the_first_window_is_told_as_far_as_it_goes),
           TEST(what_ended_falls_to_nothing_and_begins_anew))
