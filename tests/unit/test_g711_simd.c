/*
 * The vector twins of G.711 against the plain one, bit by bit: every sample and every code in every
 * lane, every short length, every misalignment, from and to memory that ends where the block does.
 */
#include "support/suite.h"

#include "media/g711.h"
#include "media/g711_blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 65536

static int16_t samples[SAMPLES], linear[2][SAMPLES];
static uint8_t codes[SAMPLES], coded[2][SAMPLES];

static uint32_t seed;

static uint32_t random32(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void twin_is_plain(const struct omsp_g711_blocks *twin, size_t n)
{
    const struct omsp_g711_blocks *plain = &omsp_g711_plain;

    plain->ulaw_encode(coded[0], samples, n);
    twin->ulaw_encode(coded[1], samples, n);
    ck_assert_mem_eq(coded[0], coded[1], n);
    plain->alaw_encode(coded[0], samples, n);
    twin->alaw_encode(coded[1], samples, n);
    ck_assert_mem_eq(coded[0], coded[1], n);
    plain->ulaw_decode(linear[0], codes, n);
    twin->ulaw_decode(linear[1], codes, n);
    ck_assert_mem_eq(linear[0], linear[1], n * sizeof(linear[0][0]));
    plain->alaw_decode(linear[0], codes, n);
    twin->alaw_decode(linear[1], codes, n);
    ck_assert_mem_eq(linear[0], linear[1], n * sizeof(linear[0][0]));
}

START_TEST(every_sample_and_code_in_every_lane)
{
    for (unsigned t = 0; omsp_g711_twin(t); t++) {
        for (int turn = 0; turn < 64; turn++) {
            for (int i = 0; i < SAMPLES; i++) {
                samples[i] = (int16_t)(i + turn);
                codes[i] = (uint8_t)(i + turn);
            }
            twin_is_plain(omsp_g711_twin(t), SAMPLES);
        }
    }
}
END_TEST

START_TEST(random_neighbours_do_not_matter)
{
    seed = 7;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < SAMPLES; i++) {
            /* Loud, quiet, and the edges of the scale side by side. */
            uint32_t r = random32();

            samples[i] = (int16_t)(r % 5 == 0 ? -32768 : r % 5 == 1 ? 32767 : (int)(r >> (r & 7)));
            codes[i] = (uint8_t)random32();
        }
        for (unsigned t = 0; omsp_g711_twin(t); t++)
            twin_is_plain(omsp_g711_twin(t), SAMPLES);
    }
}
END_TEST

/* From and to memory of its own, n long from some odd start, for a sanitizer to watch the ends of;
 * what lies around the result must stay as it is. */
static void encode_at(void (*twin)(uint8_t *, const int16_t *, size_t),
                      void (*plain)(uint8_t *, const int16_t *, size_t), size_t n, size_t skew)
{
    int16_t *in = malloc((n + skew + 1) * sizeof(*in));
    uint8_t *out = malloc(n + 2 * skew + 2), expected[160];
    int16_t *from = in + skew + 1;

    memcpy(from, samples + 100 * skew, n * sizeof(*from));
    memset(out, 0xA5, n + 2 * skew + 2);
    twin(out + skew + 1, from, n);
    plain(expected, from, n);
    ck_assert_mem_eq(out + skew + 1, expected, n);
    for (size_t i = 0; i <= skew; i++) {
        ck_assert_uint_eq(out[i], 0xA5);
        ck_assert_uint_eq(out[skew + 1 + n + i], 0xA5);
    }
    free(in);
    free(out);
}

static void decode_at(void (*twin)(int16_t *, const uint8_t *, size_t),
                      void (*plain)(int16_t *, const uint8_t *, size_t), size_t n, size_t skew)
{
    uint8_t *in = malloc(n + skew + 1);
    int16_t *out = malloc((n + 2 * skew + 2) * sizeof(*out)), expected[160];
    uint8_t *from = in + skew + 1;

    memcpy(from, codes + 100 * skew, n);
    memset(out, 0xA5, (n + 2 * skew + 2) * sizeof(*out));
    twin(out + skew + 1, from, n);
    plain(expected, from, n);
    ck_assert_mem_eq(out + skew + 1, expected, n * sizeof(*out));
    for (size_t i = 0; i <= skew; i++) {
        ck_assert_uint_eq((uint16_t)out[i], 0xA5A5);
        ck_assert_uint_eq((uint16_t)out[skew + 1 + n + i], 0xA5A5);
    }
    free(in);
    free(out);
}

START_TEST(every_length_at_every_misalignment_stays_inside)
{
    seed = 11;
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = (int16_t)random32();
        codes[i] = (uint8_t)random32();
    }
    for (unsigned t = 0; omsp_g711_twin(t); t++) {
        const struct omsp_g711_blocks *twin = omsp_g711_twin(t), *plain = &omsp_g711_plain;

        for (size_t n = 0; n <= 140; n++) {
            for (size_t skew = 0; skew < 64; skew++) {
                encode_at(twin->ulaw_encode, plain->ulaw_encode, n, skew);
                encode_at(twin->alaw_encode, plain->alaw_encode, n, skew);
                decode_at(twin->ulaw_decode, plain->ulaw_decode, n, skew);
                decode_at(twin->alaw_decode, plain->alaw_decode, n, skew);
            }
        }
    }
}
END_TEST

START_TEST(the_list_of_twins_goes_as_far_as_the_processor)
{
    unsigned count = 0;

    ck_assert_ptr_eq(omsp_g711_twin(0), &omsp_g711_plain);
    for (; omsp_g711_twin(count); count++)
        ck_assert_int_le(omsp_g711_twin(count)->level, omsp_cpu_level());
    ck_assert_ptr_null(omsp_g711_twin(count + 1));
#ifdef OMSP_CPU_X86
    ck_assert_uint_eq(count, omsp_cpu_level() >= OMSP_CPU_AVX512 ? 4
                             : omsp_cpu_level() >= OMSP_CPU_AVX2 ? 3
                             : omsp_cpu_level() >= OMSP_CPU_SSE2 ? 2
                                                                 : 1);
    if (omsp_cpu_level() < OMSP_CPU_AVX512)
        printf("skipped: avx512 (this processor or system has none)\n");
    if (omsp_cpu_level() < OMSP_CPU_AVX2)
        printf("skipped: avx2 (this processor or system has none)\n");
#else
    ck_assert_uint_eq(count, 1);
#endif
}
END_TEST

OMSP_SUITE("g711_simd", TEST(every_sample_and_code_in_every_lane),
           TEST(random_neighbours_do_not_matter),
           TEST(every_length_at_every_misalignment_stays_inside),
           TEST(the_list_of_twins_goes_as_far_as_the_processor))
