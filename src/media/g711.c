/*
 * G.711 by tables one way and by arithmetic the other: a decoded sample is a look-up in 512 bytes,
 * a code is computed, because a 64 KB table would push the caller's data out of the first-level
 * cache. Its blocks are the plain twins of those in g711_sse2.c, g711_avx2.c and g711_avx512.c;
 * which are used is g711_blocks.c's business. No codec state: there is none. Any thread.
 */
#include "media/g711.h"

#include "media/g711_blocks.h"
#include "media/g711_rules.h"

#define ULAW_CLIP 32635

/* From constant expressions, so that the compiler fills the tables and no generated numbers have to
 * be believed. Code c as on the line. */
#define ULAW(c) (int16_t)(((c)&0x80) ? OMSP_ULAW_MAGNITUDE(c) : -OMSP_ULAW_MAGNITUDE(c))
#define ALAW(c) (int16_t)(((c)&0x80) ? OMSP_ALAW_MAGNITUDE(c) : -OMSP_ALAW_MAGNITUDE(c))
#define ALL(f)  OMSP_FOR_128(f, 0), OMSP_FOR_128(f, 128)

static const int16_t ulaw_linear[256] = {ALL(ULAW)};
static const int16_t alaw_linear[256] = {ALL(ALAW)};

/* G.711 table 4 for the positive codes (the sign bit goes through as it is). */
static const uint8_t alaw_ulaw[128] = {
    0xAA, 0xAB, 0xA8, 0xA9, 0xAE, 0xAF, 0xAC, 0xAD, 0xA2, 0xA3, 0xA0, 0xA1, 0xA6, 0xA7, 0xA4, 0xA5,
    0xB9, 0xBA, 0xB7, 0xB8, 0xBD, 0xBE, 0xBB, 0xBC, 0xB1, 0xB2, 0xAF, 0xB0, 0xB5, 0xB6, 0xB3, 0xB4,
    0x8A, 0x8B, 0x88, 0x89, 0x8E, 0x8F, 0x8C, 0x8D, 0x82, 0x83, 0x80, 0x81, 0x86, 0x87, 0x84, 0x85,
    0x9A, 0x9B, 0x98, 0x99, 0x9E, 0x9F, 0x9C, 0x9D, 0x92, 0x93, 0x90, 0x91, 0x96, 0x97, 0x94, 0x95,
    0xE2, 0xE3, 0xE0, 0xE1, 0xE6, 0xE7, 0xE4, 0xE5, 0xDD, 0xDD, 0xDC, 0xDC, 0xDF, 0xDF, 0xDE, 0xDE,
    0xF4, 0xF6, 0xF0, 0xF2, 0xFC, 0xFE, 0xF8, 0xFA, 0xEA, 0xEB, 0xE8, 0xE9, 0xEE, 0xEF, 0xEC, 0xED,
    0xC8, 0xC9, 0xC6, 0xC7, 0xCC, 0xCD, 0xCA, 0xCB, 0xC0, 0xC1, 0xBF, 0xBF, 0xC4, 0xC5, 0xC2, 0xC3,
    0xD6, 0xD7, 0xD4, 0xD5, 0xDA, 0xDB, 0xD8, 0xD9, 0xCF, 0xCF, 0xCE, 0xCE, 0xD2, 0xD3, 0xD0, 0xD1,
};

/* Segment and step of a magnitude of 128..32767: its binary logarithm's whole part, less 7, and the
 * four bits after the leading one. Just these are the exponent and the first bits of a float, exact
 * for such numbers, and turning into a float is what compilers can do for many samples at once. */
static inline unsigned logarithm(int magnitude)
{
    union {
        float number;
        uint32_t bits; /* IEEE 754 binary32: 8 bits exponent, bias 127, 23 bits fraction */
    } as = {(float)magnitude};

    return (as.bits >> 19) - ((127 + 7) << 4);
}

static inline uint8_t ulaw_code(int sample)
{
    int negative = sample >> 31; /* 0 or -1: no branch, the sign of speech cannot be predicted */
    int magnitude = (sample ^ negative) - negative;

    magnitude = magnitude > ULAW_CLIP ? ULAW_CLIP : magnitude;
    return (uint8_t) ~(logarithm(magnitude + OMSP_ULAW_BIAS) ^ ((unsigned)negative & 0x80));
}

static inline uint8_t alaw_code(int sample)
{
    int negative = sample >> 31;
    int magnitude = sample ^ negative; /* -1 belongs to the step below 0 */
    unsigned linear = (unsigned)magnitude >> 4, curved = logarithm(magnitude);
    unsigned code = magnitude < 256 ? linear : curved; /* both are made: a choice, not a branch */

    return (uint8_t)(code ^ ((unsigned)~negative & 0x80) ^ OMSP_ALAW_EVEN);
}

static void ulaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ulaw_code(in[i]);
}

static void ulaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ulaw_linear[in[i]];
}

static void alaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = alaw_code(in[i]);
}

static void alaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = alaw_linear[in[i]];
}

const struct omsp_g711_blocks omsp_g711_plain = {
    "plain", OMSP_CPU_PLAIN, ulaw_encode, ulaw_decode, alaw_encode, alaw_decode,
};

void omsp_alaw_to_ulaw(uint8_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = alaw_ulaw[in[i] & 0x7F] ^ (uint8_t)(~in[i] & 0x80);
}

uint8_t omsp_ulaw_from_linear(int16_t sample)
{
    return ulaw_code(sample);
}

int16_t omsp_ulaw_to_linear(uint8_t code)
{
    return ulaw_linear[code];
}

uint8_t omsp_alaw_from_linear(int16_t sample)
{
    return alaw_code(sample);
}

int16_t omsp_alaw_to_linear(uint8_t code)
{
    return alaw_linear[code];
}
