/* Rate conversion, measured with sines. */
#include "support/suite.h"

#include "media/resample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PI     3.14159265358979323846
#define SECOND 48000
#define LEVEL  16000.0

static const uint32_t rates[] = {8000,  9999,  11025, 12000, 16000,
                                 22050, 24000, 32000, 44100, 48000};
#define RATES (sizeof(rates) / sizeof(rates[0]))

static int16_t in[SECOND], out[SECOND + 64];

static struct omsp_resample *make(uint32_t from, uint32_t to)
{
    struct omsp_resample *resample = NULL;

    ck_assert_int_eq(omsp_resample_create(from, to, &resample), OMSP_OK);
    return resample;
}

/* All of `in` at once, and the rest. */
static size_t convert(uint32_t from, uint32_t to, size_t count)
{
    struct omsp_resample *resample = make(from, to);
    size_t used, made = omsp_resample_process(resample, in, count, &used, out, SECOND + 64);

    ck_assert_uint_eq(used, count);
    made += omsp_resample_flush(resample, out + made, SECOND + 64 - made);
    omsp_resample_destroy(resample);
    return made;
}

static void sine(double frequency, uint32_t rate, size_t count)
{
    for (size_t i = 0; i < count; i++)
        in[i] = (int16_t)lrint(LEVEL * sin(2 * PI * frequency * (double)i / rate));
}

/* Level in dB against LEVEL of everything in the middle of out, and of what is not the sine. */
static void measure(double frequency, uint32_t rate, size_t count, double *all, double *rest)
{
    size_t from = count / 4, to = count * 3 / 4;
    double power = 0, error = 0, n = (double)(to - from);

    for (size_t i = from; i < to; i++) {
        double wanted = LEVEL * sin(2 * PI * frequency * (double)i / rate);

        power += (double)out[i] * out[i];
        error += (out[i] - wanted) * (out[i] - wanted);
    }
    *all = 10 * log10((power + 1e-9) / n / (LEVEL * LEVEL / 2));
    *rest = 10 * log10((error + 1e-9) / n / (LEVEL * LEVEL / 2));
}

START_TEST(the_pass_band_is_flat_and_in_phase)
{
    for (unsigned r = 0; r < RATES; r++) {
        for (double f = 100; f <= 3400; f += 300) {
            double all, rest;
            size_t count;

            sine(f, rates[r], rates[r]);
            count = convert(rates[r], 8000, rates[r]);
            measure(f, 8000, count, &all, &rest);
            ck_assert_msg(fabs(all) < 0.5, "%u Hz down, %g Hz: %g dB", rates[r], f, all);
            ck_assert_msg(rest < -35, "%u Hz down, %g Hz: rest %g dB", rates[r], f, rest);
            sine(f, 8000, 8000);
            count = convert(8000, rates[r], 8000);
            measure(f, rates[r], count, &all, &rest);
            ck_assert_msg(fabs(all) < 0.5, "%u Hz up, %g Hz: %g dB", rates[r], f, all);
            ck_assert_msg(rest < -35, "%u Hz up, %g Hz: rest %g dB", rates[r], f, rest);
        }
    }
}
END_TEST

START_TEST(what_would_alias_is_gone)
{
    for (unsigned r = 1; r < RATES; r++) {
        for (double f = 4600; f < rates[r] / 2.0; f += 437) {
            double all, rest;

            sine(f, rates[r], rates[r]);
            measure(0, 8000, convert(rates[r], 8000, rates[r]), &all, &rest);
            ck_assert_msg(all < -40, "%u Hz, %g Hz: %g dB", rates[r], f, all);
        }
    }
}
END_TEST

START_TEST(images_are_gone)
{
    static const uint32_t up[] = {16000, 22050, 48000};

    for (unsigned r = 0; r < 3; r++) {
        double all, rest;

        sine(3300, 8000, 8000);
        measure(3300, up[r], convert(8000, up[r], 8000), &all, &rest);
        ck_assert_msg(rest < -35, "%u Hz: rest %g dB", up[r], rest);
    }
}
END_TEST

START_TEST(a_constant_stays_and_full_scale_does_not_wrap)
{
    for (unsigned r = 0; r < RATES; r++) {
        size_t count;

        for (size_t i = 0; i < rates[r]; i++)
            in[i] = 12345;
        count = convert(rates[r], 8000, rates[r]);
        for (size_t i = 1000; i < count - 1000; i++)
            ck_assert_int_eq(out[i], 12345);
        for (size_t i = 0; i < rates[r]; i++)
            in[i] = i / 50 & 1 ? INT16_MIN : INT16_MAX;
        count = convert(rates[r], 8000, rates[r]);
        for (size_t i = 1000; i < count - 1000; i++) {
            size_t place = (size_t)((double)i * rates[r] / 8000) % 50;

            if (rates[r] <= 16000 && place > 10 && place < 40)
                ck_assert(out[i] > 20000 || out[i] < -20000);
        }
    }
}
END_TEST

START_TEST(the_count_is_that_of_the_rates)
{
    static const size_t counts[] = {0, 1, 7, 160, 1000, 7999};

    memset(in, 0, sizeof(in));
    for (unsigned r = 0; r < RATES; r++) {
        for (unsigned c = 0; c < 6; c++) {
            uint64_t n = counts[c];

            ck_assert_uint_eq(convert(rates[r], 8000, n), (n * 8000 + rates[r] - 1) / rates[r]);
            ck_assert_uint_eq(convert(8000, rates[r], n), (n * rates[r] + 7999) / 8000);
        }
    }
}
END_TEST

START_TEST(pieces_give_the_same_as_the_whole)
{
    static int16_t whole[SECOND + 64];
    uint32_t seed = 3;

    for (unsigned r = 0; r < RATES; r++) {
        struct omsp_resample *resample = make(rates[r], 8000);
        size_t count, at = 0, made = 0, used, got;

        sine(700, rates[r], rates[r]);
        count = convert(rates[r], 8000, rates[r]);
        memcpy(whole, out, count * sizeof(out[0]));
        memset(out, 0, sizeof(out));
        while (at < rates[r]) {
            size_t give, room;

            seed = seed * 1103515245u + 12345u;
            give = (seed >> 16) % 200;
            room = (seed >> 24) % 50;
            if (give > rates[r] - at)
                give = rates[r] - at;
            made += omsp_resample_process(resample, in + at, give, &used, out + made, room);
            at += used;
        }
        do {
            got = omsp_resample_flush(resample, out + made, 7);
            made += got;
        } while (got == 7);
        ck_assert_uint_eq(made, count);
        ck_assert_mem_eq(whole, out, count * sizeof(out[0]));
        /* And it is as new. */
        at = omsp_resample_process(resample, in, rates[r], &used, out, SECOND);
        at += omsp_resample_flush(resample, out + at, SECOND - at);
        ck_assert_uint_eq(at, count);
        ck_assert_mem_eq(whole, out, count * sizeof(out[0]));
        omsp_resample_destroy(resample);
    }
}
END_TEST

START_TEST(equal_rates_are_exact)
{
    for (size_t i = 0; i < 8000; i++)
        in[i] = (int16_t)(i * 7919);
    ck_assert_uint_eq(convert(8000, 8000, 8000), 8000);
    ck_assert_mem_eq(in, out, 8000 * sizeof(in[0]));
}
END_TEST

START_TEST(rates_outside_the_limits_are_refused)
{
    struct omsp_resample *resample = NULL;

    ck_assert_int_eq(omsp_resample_create(7999, 8000, &resample), OMSP_INVALID);
    ck_assert_int_eq(omsp_resample_create(8000, 48001, &resample), OMSP_INVALID);
    ck_assert_int_eq(omsp_resample_create(0, 0, &resample), OMSP_INVALID);
    ck_assert_ptr_null(resample);
    omsp_resample_destroy(NULL);
}
END_TEST

static void create_body(void *ctx)
{
    struct omsp_resample *resample = NULL;
    enum omsp_status status = omsp_resample_create(44100, 8000, &resample);

    (void)ctx;
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_resample_destroy(resample);
}

START_TEST(out_of_memory_is_told)
{
    ck_assert_int_eq(omsp_test_alloc_walk(create_body, NULL), 1);
}
END_TEST

OMSP_SUITE("resample", TEST(the_pass_band_is_flat_and_in_phase), TEST(what_would_alias_is_gone),
           TEST(images_are_gone), TEST(a_constant_stays_and_full_scale_does_not_wrap),
           TEST(the_count_is_that_of_the_rates), TEST(pieces_give_the_same_as_the_whole),
           TEST(equal_rates_are_exact), TEST(rates_outside_the_limits_are_refused),
           TEST(out_of_memory_is_told))
