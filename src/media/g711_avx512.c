/*
 * G.711 in blocks of 64 and 32 with AVX-512 and its byte permutes (VBMI): tables of 128 bytes are
 * looked up in registers, and a byte is cut out of a sample at any bit. What does not fill a block
 * is done by a last block that overlaps the one before; less than 32 are the SSE2 twin's. Not the
 * choice of it (g711_blocks.c). Any thread.
 */
#include "media/g711_blocks.h"
#include "media/g711_rules.h"

#ifdef OMSP_CPU_X86

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))
#define INLINE AVX512 static inline __attribute__((always_inline))

/* A table of 128 bytes; a look-up ignores bit 7. */
struct table {
    __m512i low, high;
};

INLINE struct table table(const uint8_t bytes[128])
{
    return (struct table){_mm512_loadu_si512(bytes), _mm512_loadu_si512(bytes + 64)};
}

/* ---- encoding ------------------------------------------------------------------------------- */

/* Segments by bits 8-14 of a magnitude, with ones in the bits that a segment has none of. In A-law
 * the lowest has the steps of the next, and is taken for a part of it. */
#define TWO(x)     (x), (x)
#define FOUR(x)    TWO(x), TWO(x)
#define EIGHT(x)   FOUR(x), FOUR(x)
#define SIXTEEN(x) EIGHT(x), EIGHT(x)
#define SEGMENTS(lowest)                                                                           \
    {                                                                                              \
        lowest, 0xF1, TWO(0xF2), FOUR(0xF3), EIGHT(0xF4), SIXTEEN(0xF5), SIXTEEN(0xF6),            \
            SIXTEEN(0xF6), SIXTEEN(0xF7), SIXTEEN(0xF7), SIXTEEN(0xF7), SIXTEEN(0xF7)              \
    }
static const uint8_t ulaw_segments[128] = SEGMENTS(0xF0), alaw_segments[128] = SEGMENTS(0xF1);

/* The upper bytes of all lanes, then the lower ones. */
#define UPPER(i) (2 * (i) + 1)
#define LOWER(i) (2 * (i))
static const uint8_t uppers_lowers[64] = {OMSP_FOR_16(UPPER, 0), OMSP_FOR_16(UPPER, 16),
                                          OMSP_FOR_16(LOWER, 0), OMSP_FOR_16(LOWER, 16)};
#define SWAPPED(i) ((i) ^ 1)
static const uint8_t swapped[64] = {OMSP_FOR_64(SWAPPED, 0)};
static const __mmask64 lowers = 0x5555555555555555;

#define STORE_HALF(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), _mm512_castsi512_si256(v))

/* ternary logic: the truths of its three operands, of which C expressions make those of a result */
enum { X = 0xF0, Y = 0xCC, Z = 0xAA };
#define TERNARY(x, y, z, truths) _mm512_ternarylogic_epi64((x), (y), (z), (truths)&0xFF)

/* What is the same all over. */
struct constants {
    uint64_t bias;    /* 132 and bit 15 for µ-law, bit 15 for A-law */
    uint64_t segment; /* what of a code is in the segment alone */
    uint64_t begin;   /* where a step begins, but for its segment */
    uint64_t sign;
    uint64_t even; /* what A-law inverts */
};
/* A step begins at bit 3 of its lane, both bytes of it. Counted in four lanes and modulo 64: the
 * ones above a segment make 48. */
#define STEP_BEGIN 0x4343333323231313
static const struct constants ulaw = {0x8084808480848084, 0x7070707070707070, STEP_BEGIN,
                                      0x8080808080808080, 0},
                              alaw = {0x8000800080008000, 0x6060606060606060, STEP_BEGIN,
                                      0x8080808080808080, 0x5555555555555555};

/* All that encoding needs in registers. */
struct encoder {
    struct table segments;
    __m512i order, swapped, bias, segment, begin, sign, even;
};

INLINE struct encoder encoder(const uint8_t segments[128], const struct constants *constants)
{
    /* From memory: made in ordinary registers, as compilers prefer it, they cost more. */
    __asm__("" : "+r"(constants));
    return (struct encoder){
        .segments = table(segments),
        .order = _mm512_loadu_si512(uppers_lowers),
        .swapped = _mm512_loadu_si512(swapped),
        .bias = _mm512_set1_epi64((long long)constants->bias),
        .segment = _mm512_set1_epi64((long long)constants->segment),
        .begin = _mm512_set1_epi64((long long)constants->begin),
        .sign = _mm512_set1_epi64((long long)constants->sign),
        .even = _mm512_set1_epi64((long long)constants->even),
    };
}

/* From here on a register has the codes of 64 samples: those of the first 32 in the upper bytes of
 * its lanes, those of the others in the lower. */
INLINE __m512i upper_bytes(struct encoder with, __m512i first, __m512i second)
{
    return _mm512_mask_shuffle_epi8(first, lowers, second, with.swapped);
}

INLINE __m512i in_order(struct encoder with, __m512i codes)
{
    return _mm512_permutexvar_epi8(with.order, codes);
}

/* By bits 8-14 of magnitudes. */
INLINE __m512i segments_of(struct encoder with, __m512i magnitudes)
{
    return _mm512_permutex2var_epi8(with.segments.low, magnitudes, with.segments.high);
}

/* Of each magnitude the eight bits from segment + 3 on: the lowest four are the step, the next is
 * the leading one. Bit 15 of a magnitude does not matter. */
INLINE __m512i steps(struct encoder with, __m512i first, __m512i second, __m512i segments)
{
    __m512i begin = _mm512_add_epi8(segments, with.begin);

    return _mm512_mask_multishift_epi64_epi8(_mm512_multishift_epi64_epi8(begin, first), lowers,
                                             begin, second);
}

INLINE __m512i steps_32(struct encoder with, __m512i magnitudes, __m512i segments)
{
    return _mm512_multishift_epi64_epi8(_mm512_add_epi8(segments, with.begin), magnitudes);
}

/* With the bias, and bit 15 set; saturation is the clip: 32635 + 132 = 32767. */
INLINE __m512i ulaw_magnitudes(struct encoder with, __m512i samples)
{
    return _mm512_adds_epu16(_mm512_abs_epi16(samples), with.bias);
}

/* The line has all bits inverted but the sign, which was that already. */
INLINE __m512i ulaw_codes(struct encoder with, __m512i segments, __m512i steps, __m512i signs)
{
    __m512i codes =
        TERNARY(_mm512_slli_epi16(segments, 4), steps, with.segment, (~X & Z) | (~Y & ~Z));

    return TERNARY(codes, signs, with.sign, (X & ~Z) | (~Y & Z));
}

INLINE void ulaw_encode_64(uint8_t *out, const int16_t *in, struct encoder with)
{
    __m512i first = _mm512_loadu_si512(in), second = _mm512_loadu_si512(in + 32);
    __m512i signs = upper_bytes(with, first, second), segments, codes;

    first = ulaw_magnitudes(with, first);
    second = ulaw_magnitudes(with, second);
    segments = segments_of(with, upper_bytes(with, first, second));
    codes = ulaw_codes(with, segments, steps(with, first, second, segments), signs);
    _mm512_storeu_si512(out, in_order(with, codes));
}

INLINE void ulaw_encode_32(uint8_t *out, const int16_t *in, struct encoder with)
{
    __m512i samples = _mm512_loadu_si512(in), magnitudes = ulaw_magnitudes(with, samples);
    __m512i segments = segments_of(with, magnitudes);
    __m512i codes = ulaw_codes(with, segments, steps_32(with, magnitudes, segments), samples);

    STORE_HALF(out, in_order(with, codes));
}

/* With the sample's bit 15. */
INLINE __m512i alaw_magnitudes(struct encoder with, __m512i samples)
{
    return TERNARY(samples, _mm512_srai_epi16(samples, 15), with.bias, (X & Z) | ((X ^ Y) & ~Z));
}

/* The lowest segment has the steps of the next and was taken for it: without a leading one the
 * segment's last bit does not count. */
INLINE __m512i alaw_codes(struct encoder with, __m512i segments, __m512i steps, __m512i signs)
{
    /* Turned, not moved, so that there are ones below every segment. */
    __m512i codes = TERNARY(_mm512_rol_epi32(segments, 4), steps, with.segment, X & (Y | Z));

    codes = TERNARY(codes, signs, with.sign, (X & ~Z) | (~Y & Z));
    return _mm512_xor_si512(codes, with.even);
}

INLINE void alaw_encode_64(uint8_t *out, const int16_t *in, struct encoder with)
{
    __m512i first = alaw_magnitudes(with, _mm512_loadu_si512(in));
    __m512i second = alaw_magnitudes(with, _mm512_loadu_si512(in + 32));
    __m512i tops = upper_bytes(with, first, second), segments = segments_of(with, tops);
    __m512i codes = alaw_codes(with, segments, steps(with, first, second, segments), tops);

    _mm512_storeu_si512(out, in_order(with, codes));
}

INLINE void alaw_encode_32(uint8_t *out, const int16_t *in, struct encoder with)
{
    __m512i magnitudes = alaw_magnitudes(with, _mm512_loadu_si512(in));
    __m512i segments = segments_of(with, magnitudes);
    __m512i codes = alaw_codes(with, segments, steps_32(with, magnitudes, segments), magnitudes);

    STORE_HALF(out, in_order(with, codes));
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* By bits 0-6 of a code what a negative one stands for, in two tables of bytes. */
#define ULAW_LOW(c)  (uint8_t)(-OMSP_ULAW_MAGNITUDE(c))
#define ULAW_HIGH(c) (uint8_t)((0x10000 - OMSP_ULAW_MAGNITUDE(c)) >> 8)
#define ALAW_LOW(c)  (uint8_t)(-OMSP_ALAW_MAGNITUDE(c))
#define ALAW_HIGH(c) (uint8_t)((0x10000 - OMSP_ALAW_MAGNITUDE(c)) >> 8)
static const uint8_t ulaw_low[128] = {OMSP_FOR_128(ULAW_LOW, 0)},
                     ulaw_high[128] = {OMSP_FOR_128(ULAW_HIGH, 0)},
                     alaw_low[128] = {OMSP_FOR_128(ALAW_LOW, 0)},
                     alaw_high[128] = {OMSP_FOR_128(ALAW_HIGH, 0)};

/* Each byte twice. */
#define PAIR(c) (c) / 2
static const uint8_t pairs[64] = {OMSP_FOR_64(PAIR, 0)};

struct decoder {
    struct table low, high;
    __m512i pairs;
};

INLINE struct decoder decoder(const uint8_t low[128], const uint8_t high[128])
{
    return (struct decoder){table(low), table(high), _mm512_loadu_si512(pairs)};
}

INLINE void decode_32(int16_t *out, const uint8_t *in, struct decoder with)
{
    __m256i half = _mm256_loadu_si256((const __m256i *)(const void *)in);
    __m512i codes = _mm512_permutexvar_epi8(with.pairs, _mm512_castsi256_si512(half)), samples;
    __mmask32 positive = _mm512_movepi16_mask(codes);

    samples = _mm512_mask2_permutex2var_epi8(with.low.low, codes, lowers, with.low.high);
    samples = _mm512_mask2_permutex2var_epi8(with.high.low, samples, ~lowers, with.high.high);
    samples = _mm512_mask_sub_epi16(samples, positive, _mm512_setzero_si512(), samples);
    _mm512_storeu_si512(out, samples);
}

INLINE void decode_64(int16_t *out, const uint8_t *in, struct decoder with)
{
    decode_32(out, in, with);
    decode_32(out + 32, in + 32, with);
}

/* ---- blocks --------------------------------------------------------------------------------- */

#define BLOCKS(name, to, from, block, type, registers)                                             \
    AVX512 static void name(to *out, const from *in, size_t n)                                     \
    {                                                                                              \
        struct type with;                                                                          \
        size_t i = 0;                                                                              \
                                                                                                   \
        if (n < 32) {                                                                              \
            omsp_g711_sse2.name(out, in, n);                                                       \
            return;                                                                                \
        }                                                                                          \
        with = registers;                                                                          \
        for (; i + 64 <= n; i += 64)                                                               \
            block##_64(out + i, in + i, with);                                                     \
        if (i + 32 <= n) {                                                                         \
            block##_32(out + i, in + i, with);                                                     \
            i += 32;                                                                               \
        }                                                                                          \
        if (i < n)                                                                                 \
            block##_32(out + n - 32, in + n - 32, with);                                           \
    }

BLOCKS(ulaw_encode, uint8_t, int16_t, ulaw_encode, encoder, encoder(ulaw_segments, &ulaw))
BLOCKS(ulaw_decode, int16_t, uint8_t, decode, decoder, decoder(ulaw_low, ulaw_high))
BLOCKS(alaw_encode, uint8_t, int16_t, alaw_encode, encoder, encoder(alaw_segments, &alaw))
BLOCKS(alaw_decode, int16_t, uint8_t, decode, decoder, decoder(alaw_low, alaw_high))

const struct omsp_g711_blocks omsp_g711_avx512 = {
    "avx512", OMSP_CPU_AVX512, ulaw_encode, ulaw_decode, alaw_encode, alaw_decode,
};

#endif
