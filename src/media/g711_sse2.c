/*
 * G.711 in blocks of sixteen with SSE2: segment and step are exponent and first bits of a float, as
 * in the plain twin, and back. What does not fill a block is done by a last block that overlaps the
 * one before; less than one block is the plain twin's. Not the choice of it (g711_blocks.c). Any
 * thread.
 */
#include "media/g711_blocks.h"

#ifdef OMSP_CPU_X86

#include <immintrin.h>

#define SSE2 __attribute__((target("sse2")))
/* Vectors as arguments have no agreed way of being passed: helpers are never calls. */
#define HELPER static inline __attribute__((always_inline, target("sse2"))) __m128i

enum { BLOCK = 16 };

/* Segment << 4 | step of magnitudes 128..32767: see logarithm() of the plain twin. */
HELPER logarithms(__m128i magnitudes)
{
    __m128i zero = _mm_setzero_si128();
    __m128i low = _mm_castps_si128(_mm_cvtepi32_ps(_mm_unpacklo_epi16(magnitudes, zero)));
    __m128i high = _mm_castps_si128(_mm_cvtepi32_ps(_mm_unpackhi_epi16(magnitudes, zero)));

    return _mm_sub_epi16(_mm_packs_epi32(_mm_srli_epi32(low, 19), _mm_srli_epi32(high, 19)),
                         _mm_set1_epi16((127 + 7) << 4));
}

/* Its inverse, to the middle of each step, of seven-bit codes times eight: bits 1.mmmm1 with the
 * segment in the exponent lie in the upper half of a float. */
HELPER middles(__m128i codes_by_8)
{
    __m128i zero = _mm_setzero_si128();
    __m128i halves = _mm_add_epi16(codes_by_8, _mm_set1_epi16(((127 + 7) << 7) + 4));
    __m128 low = _mm_castsi128_ps(_mm_unpacklo_epi16(zero, halves));
    __m128 high = _mm_castsi128_ps(_mm_unpackhi_epi16(zero, halves));

    return _mm_packs_epi32(_mm_cvttps_epi32(low), _mm_cvttps_epi32(high));
}

/* Where keep is all ones x, else -x. */
HELPER negated_unless(__m128i keep, __m128i x)
{
    __m128i flip = _mm_xor_si128(keep, _mm_set1_epi8(-1));

    return _mm_sub_epi16(_mm_xor_si128(x, flip), flip);
}

/* Bit 7 of each byte for samples that are not negative. */
HELPER positive_bits(__m128i first, __m128i second)
{
    return _mm_andnot_si128(_mm_packs_epi16(first, second), _mm_set1_epi8((char)0x80));
}

/* ---- µ-law ---------------------------------------------------------------------------------- */

HELPER ulaw_logarithms(__m128i samples)
{
    __m128i negative = _mm_subs_epi16(_mm_setzero_si128(), samples);

    /* Saturation is the clip: 32635 + 132 = 32767. */
    return logarithms(_mm_adds_epi16(_mm_max_epi16(samples, negative), _mm_set1_epi16(0x84)));
}

SSE2 static inline __attribute__((always_inline)) void ulaw_encode_16(uint8_t *out,
                                                                      const int16_t *in)
{
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(in + 8));
    __m128i codes = _mm_packus_epi16(ulaw_logarithms(first), ulaw_logarithms(second));

    codes = _mm_xor_si128(codes, _mm_set1_epi8(0x7F));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_or_si128(codes, positive_bits(first, second)));
}

/* Eight codes, each in the upper byte of a lane. */
HELPER ulaw_linear_8(__m128i codes)
{
    __m128i by_8 = _mm_andnot_si128(_mm_srli_epi16(codes, 5), _mm_set1_epi16(0x7F << 3));
    __m128i magnitudes = _mm_sub_epi16(middles(by_8), _mm_set1_epi16(0x84));

    return negated_unless(_mm_srai_epi16(codes, 15), magnitudes);
}

SSE2 static inline __attribute__((always_inline)) void ulaw_decode_16(int16_t *out,
                                                                      const uint8_t *in)
{
    __m128i zero = _mm_setzero_si128();
    __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i first = ulaw_linear_8(_mm_unpacklo_epi8(zero, codes));
    __m128i second = ulaw_linear_8(_mm_unpackhi_epi8(zero, codes));

    _mm_storeu_si128((__m128i *)(void *)out, first);
    _mm_storeu_si128((__m128i *)(void *)(out + 8), second);
}

/* ---- A-law ---------------------------------------------------------------------------------- */

/* The lowest segment has the steps of the next: it is coded as that, 256 further up. */
HELPER alaw_logarithms(__m128i samples)
{
    __m128i magnitudes = _mm_xor_si128(samples, _mm_srai_epi16(samples, 15));
    __m128i lowest = _mm_cmplt_epi16(magnitudes, _mm_set1_epi16(256));
    __m128i lifted = _mm_add_epi16(magnitudes, _mm_and_si128(lowest, _mm_set1_epi16(256)));

    return _mm_sub_epi16(logarithms(lifted), _mm_and_si128(lowest, _mm_set1_epi16(16)));
}

SSE2 static inline __attribute__((always_inline)) void alaw_encode_16(uint8_t *out,
                                                                      const int16_t *in)
{
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(in + 8));
    __m128i codes = _mm_packus_epi16(alaw_logarithms(first), alaw_logarithms(second));

    codes = _mm_or_si128(codes, positive_bits(first, second));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_xor_si128(codes, _mm_set1_epi8(0x55)));
}

HELPER alaw_linear_8(__m128i line)
{
    __m128i codes = _mm_xor_si128(line, _mm_set1_epi16(0x5500));
    __m128i by_8 = _mm_and_si128(_mm_srli_epi16(codes, 5), _mm_set1_epi16(0x7F << 3));
    __m128i lowest = _mm_cmplt_epi16(by_8, _mm_set1_epi16(16 << 3));
    __m128i lifted = _mm_or_si128(by_8, _mm_and_si128(lowest, _mm_set1_epi16(16 << 3)));
    __m128i magnitudes = _mm_sub_epi16(middles(lifted), _mm_and_si128(lowest, _mm_set1_epi16(256)));

    return negated_unless(_mm_srai_epi16(codes, 15), magnitudes);
}

SSE2 static inline __attribute__((always_inline)) void alaw_decode_16(int16_t *out,
                                                                      const uint8_t *in)
{
    __m128i zero = _mm_setzero_si128();
    __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i first = alaw_linear_8(_mm_unpacklo_epi8(zero, codes));
    __m128i second = alaw_linear_8(_mm_unpackhi_epi8(zero, codes));

    _mm_storeu_si128((__m128i *)(void *)out, first);
    _mm_storeu_si128((__m128i *)(void *)(out + 8), second);
}

/* ---- blocks --------------------------------------------------------------------------------- */

#define BLOCKS(name, to, from)                                                                     \
    SSE2 static void name(to *out, const from *in, size_t n)                                       \
    {                                                                                              \
        size_t i = 0;                                                                              \
                                                                                                   \
        if (n < BLOCK) {                                                                           \
            omsp_g711_plain.name(out, in, n);                                                      \
            return;                                                                                \
        }                                                                                          \
        for (; i + BLOCK <= n; i += BLOCK)                                                         \
            name##_16(out + i, in + i);                                                            \
        if (i < n)                                                                                 \
            name##_16(out + n - BLOCK, in + n - BLOCK);                                            \
    }

BLOCKS(ulaw_encode, uint8_t, int16_t)
BLOCKS(ulaw_decode, int16_t, uint8_t)
BLOCKS(alaw_encode, uint8_t, int16_t)
BLOCKS(alaw_decode, int16_t, uint8_t)

const struct omsp_g711_blocks omsp_g711_sse2 = {
    "sse2", OMSP_CPU_SSE2, ulaw_encode, ulaw_decode, alaw_encode, alaw_decode,
};

#endif
