/*
 * G.711 in blocks of 32 with AVX2: the parts of a code are looked up in tables of sixteen bytes
 * that lie in registers, shifts by a varying number of bits are multiplications. What does not fill
 * a block is done by a last block that overlaps the one before; less than one is the SSE2 twin's.
 * Not the choice of it (g711_blocks.c). Any thread.
 */
#include "media/g711_blocks.h"

#ifdef OMSP_CPU_X86

#include <immintrin.h>

#define AVX2   __attribute__((target("avx2")))
#define INLINE AVX2 static inline __attribute__((always_inline))

enum { BLOCK = 32 };

/* The same sixteen bytes in both halves, which the look-up handles apart. */
#define TABLE(...)  _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define LOAD(p)     _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), (v))

/* Constants that are the same all over, but from memory: made in registers, as compilers prefer it,
 * they cost a twentieth of the time of a short block. */
#define EVERY(value)                                                                               \
    {                                                                                              \
        [0 ... 31] = (value)                                                                       \
    }
static const uint8_t ones[32] = EVERY(1), fifteens[32] = EVERY(15), biases[32] = EVERY(132);

/* Hides from the compiler what lies there. */
static inline const uint8_t *hidden(const uint8_t *constant)
{
    __asm__("" : "+r"(constant));
    return constant;
}
#define BYTES(constant) LOAD(hidden(constant))

/* ---- encoding ------------------------------------------------------------------------------- */

/* Segment, in both halves of each byte, of h = magnitude >> 7: its binary logarithm's whole part.
 * The look-up answers 0 when bit 7 of what it looks up is set, and ignores bits 4-6. */
INLINE __m256i segments(__m256i h, __m256i by_low, __m256i by_high)
{
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(h, 4), BYTES(fifteens));

    return _mm256_max_epu8(_mm256_shuffle_epi8(by_low, h), _mm256_shuffle_epi8(by_high, high));
}

/* magnitude >> (segment + 3) in bytes: the leading one is shifted to bit 14, then all down by 10.
 */
INLINE __m256i steps(__m256i first, __m256i second, __m256i segment)
{
    __m256i zero = _mm256_setzero_si256();
    __m256i factors = _mm256_shuffle_epi8(
        TABLE((char)128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0), segment);

    first = _mm256_mullo_epi16(first, _mm256_unpacklo_epi8(factors, zero));
    second = _mm256_mullo_epi16(second, _mm256_unpackhi_epi8(factors, zero));
    return _mm256_packus_epi16(_mm256_srli_epi16(first, 10), _mm256_srli_epi16(second, 10));
}

/* Packing works within halves: puts the quarters in order. */
INLINE __m256i in_order(__m256i packed)
{
    return _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
}

/* With the bias, clipped at 32635 + 132 = 32767; unsigned, because of -32768. */
INLINE __m256i ulaw_magnitudes(__m256i samples)
{
    return _mm256_min_epu16(_mm256_add_epi16(_mm256_abs_epi16(samples), _mm256_set1_epi16(0x84)),
                            _mm256_set1_epi16(0x7FFF));
}

INLINE void ulaw_encode_32(uint8_t *out, const int16_t *in)
{
    __m256i first = LOAD(in), second = LOAD(in + 16);
    __m256i signs = _mm256_packs_epi16(first, second), h, segment, codes;

    first = ulaw_magnitudes(first);
    second = ulaw_magnitudes(second);
    h = _mm256_packus_epi16(_mm256_srli_epi16(first, 7), _mm256_srli_epi16(second, 7));
    segment = segments(h,
                       TABLE(0, 0, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22, 0x33, 0x33, 0x33, 0x33, 0x33,
                             0x33, 0x33, 0x33),
                       TABLE(0, 0x44, 0x55, 0x55, 0x66, 0x66, 0x66, 0x66, 0x77, 0x77, 0x77, 0x77,
                             0x77, 0x77, 0x77, 0x77));
    /* 127 - (segment << 4) - (step - 16): the line has the bits inverted. */
    codes = _mm256_sub_epi8(
        _mm256_shuffle_epi8(TABLE((char)143, 127, 111, 95, 79, 63, 47, 31, 0, 0, 0, 0, 0, 0, 0, 0),
                            segment),
        steps(first, second, segment));
    codes = _mm256_or_si256(codes, _mm256_andnot_si256(signs, _mm256_set1_epi8((char)0x80)));
    STORE(out, in_order(codes));
}

INLINE void alaw_encode_32(uint8_t *out, const int16_t *in)
{
    __m256i first = LOAD(in), second = LOAD(in + 16);
    __m256i signs = _mm256_packs_epi16(first, second), h, segment, codes;

    first = _mm256_xor_si256(first, _mm256_srai_epi16(first, 15));
    second = _mm256_xor_si256(second, _mm256_srai_epi16(second, 15));
    h = _mm256_packus_epi16(_mm256_srli_epi16(first, 7), _mm256_srli_epi16(second, 7));
    /* The lowest segment has the steps of the next, and is taken for a part of it. */
    segment = segments(h,
                       TABLE(0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22, 0x33, 0x33, 0x33, 0x33,
                             0x33, 0x33, 0x33, 0x33),
                       TABLE(0, 0x44, 0x55, 0x55, 0x66, 0x66, 0x66, 0x66, 0x77, 0x77, 0x77, 0x77,
                             0x77, 0x77, 0x77, 0x77));
    codes = _mm256_add_epi8(
        _mm256_shuffle_epi8(TABLE(0, 0, 16, 32, 48, 64, 80, 96, 0, 0, 0, 0, 0, 0, 0, 0), segment),
        steps(first, second, segment));
    codes = _mm256_or_si256(codes, _mm256_andnot_si256(signs, _mm256_set1_epi8((char)0x80)));
    STORE(out, in_order(_mm256_xor_si256(codes, _mm256_set1_epi8(0x55))));
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* Stores pairs[0] * factors[0] + pairs[1] * factors[1] of each code, with the sign that bit 7 of
 * the code asks for: set is positive. The factors are negative, because -128 is a byte and 128 is
 * not. */
INLINE void store_sums(int16_t *out, __m256i codes, __m256i a, __m256i factor_a, __m256i b,
                       __m256i factor_b)
{
    __m256i one = BYTES(ones); /* below the code: a sign of 0 would clear the sample */
    __m256i first =
        _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(factor_a, factor_b));
    __m256i second =
        _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(factor_a, factor_b));

    STORE(out, _mm256_sign_epi16(first, _mm256_unpacklo_epi8(one, codes)));
    STORE(out + 16, _mm256_sign_epi16(second, _mm256_unpackhi_epi8(one, codes)));
}

#define LOW(codes)  _mm256_and_si256((codes), BYTES(fifteens))
#define HIGH(codes) LOW(_mm256_srli_epi16(codes, 4))

/* Every factor twice: for either sign. */
#define BOTH_SIGNS(a, b, c, d, e, f, g, h) TABLE(a, b, c, d, e, f, g, h, a, b, c, d, e, f, g, h)

/* (8 step + 132) << segment, less 132; the line has the bits inverted. */
INLINE void ulaw_decode_32(int16_t *out, const uint8_t *in)
{
    __m256i codes = in_order(LOAD(in)); /* unpacking, too, works within halves */
    __m256i step =
        _mm256_shuffle_epi8(TABLE((char)252, (char)244, (char)236, (char)228, (char)220, (char)212,
                                  (char)204, (char)196, (char)188, (char)180, (char)172, (char)164,
                                  (char)156, (char)148, (char)140, (char)132),
                            LOW(codes));
    __m256i segment =
        _mm256_shuffle_epi8(BOTH_SIGNS(-128, -64, -32, -16, -8, -4, -2, -1), HIGH(codes));

    store_sums(out, codes, step, segment, BYTES(biases), BYTES(ones));
}

/* (16 step + 8 + 256) << (segment - 1), and 16 step + 8 in segment 0; the line has 0x55 on it,
 * which is in the order of the tables. */
INLINE void alaw_decode_32(int16_t *out, const uint8_t *in)
{
    __m256i codes = in_order(LOAD(in));
    __m256i high = HIGH(codes);
    __m256i step = _mm256_shuffle_epi8(TABLE(0x58, 0x48, 0x78, 0x68, 0x18, 0x08, 0x38, 0x28,
                                             (char)0xD8, (char)0xC8, (char)0xF8, (char)0xE8,
                                             (char)0x98, (char)0x88, (char)0xB8, (char)0xA8),
                                       LOW(codes));
    __m256i segment = _mm256_shuffle_epi8(BOTH_SIGNS(-16, -8, -64, -32, -1, -1, -4, -2), high);
    /* 128 of these are the 256. */
    __m256i leading = _mm256_shuffle_epi8(BOTH_SIGNS(-32, -16, -128, -64, -2, 0, -8, -4), high);

    store_sums(out, codes, step, segment, _mm256_set1_epi8((char)128), leading);
}

/* ---- blocks --------------------------------------------------------------------------------- */

#define BLOCKS(name, to, from)                                                                     \
    AVX2 static void name(to *out, const from *in, size_t n)                                       \
    {                                                                                              \
        size_t i = 0;                                                                              \
                                                                                                   \
        if (n < BLOCK) {                                                                           \
            omsp_g711_sse2.name(out, in, n);                                                       \
            return;                                                                                \
        }                                                                                          \
        for (; i + BLOCK <= n; i += BLOCK)                                                         \
            name##_32(out + i, in + i);                                                            \
        if (i < n)                                                                                 \
            name##_32(out + n - BLOCK, in + n - BLOCK);                                            \
    }

BLOCKS(ulaw_encode, uint8_t, int16_t)
BLOCKS(ulaw_decode, int16_t, uint8_t)
BLOCKS(alaw_encode, uint8_t, int16_t)
BLOCKS(alaw_decode, int16_t, uint8_t)

const struct omsp_g711_blocks omsp_g711_avx2 = {
    "avx2", OMSP_CPU_AVX2, ulaw_encode, ulaw_decode, alaw_encode, alaw_decode,
};

#endif
