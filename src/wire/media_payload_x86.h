/*
 * The last bytes of a payload, for the two vector twins of media_payload.h. Included by them alone;
 * each compiles it for its own instructions. Pure; any thread.
 */
#ifndef OMSP_WIRE_MEDIA_PAYLOAD_X86_H
#define OMSP_WIRE_MEDIA_PAYLOAD_X86_H

#include "base/bytes.h"

#include <immintrin.h>

/* Vectors as arguments have no agreed way of being passed: helpers are never calls. */
#define OMSP_SSSE3_HELPER static inline __attribute__((always_inline, target("ssse3"))) __m128i

/* Twelve bytes, each three of them twice over in a lane of four, to six-bit values: two products
 * shift the outer and the inner pairs into place (W. Mula, D. Lemire, "Faster Base64 Encoding and
 * Decoding Using AVX2 Instructions", 2018). */
OMSP_SSSE3_HELPER omsp_six_bits_16(__m128i lanes)
{
    __m128i outer = _mm_mulhi_epu16(_mm_and_si128(lanes, _mm_set1_epi32(0x0fc0fc00)),
                                    _mm_set1_epi32(0x04000040));
    __m128i inner = _mm_mullo_epi16(_mm_and_si128(lanes, _mm_set1_epi32(0x003f03f0)),
                                    _mm_set1_epi32(0x01000010));

    return _mm_or_si128(outer, inner);
}

/* Six-bit values to characters: what is to be added is looked up by the range: 13 for A-Z, 0 for
 * a-z, 1-10 for the digits, 11 and 12 for plus and slash. */
OMSP_SSSE3_HELPER omsp_characters_16(__m128i values)
{
    const __m128i add =
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    __m128i range = _mm_subs_epu8(values, _mm_set1_epi8(51));
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), values), _mm_set1_epi8(13));

    return _mm_add_epi8(values, _mm_shuffle_epi8(add, _mm_or_si128(range, upper)));
}

/* Each three bytes a, b, c in a lane as b a c b. */
OMSP_SSSE3_HELPER omsp_lanes_16(__m128i bytes)
{
    return _mm_shuffle_epi8(bytes,
                            _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
}

/* 1 to 12 bytes up to end, before which at least 16 may be read; always writes 16. */
static inline __attribute__((always_inline, target("ssse3"))) void
omsp_put_last_of_16(uint8_t *out, const uint8_t *end, size_t left, __m128i pattern)
{
    /* Bytes from 16 - left on move to the front, and zeros come behind them: 0x80 looks up 0. */
    static const uint8_t front[32] = {0,    1,    2,    3,    4,    5,    6,    7,
                                      8,    9,    10,   11,   12,   13,   14,   15,
                                      0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
    __m128i chars, beyond;

    bytes = _mm_shuffle_epi8(bytes,
                             _mm_loadu_si128((const __m128i *)(const void *)(front + 16 - left)));
    chars = omsp_characters_16(omsp_six_bits_16(omsp_lanes_16(bytes)));
    /* Three bytes are four characters, one is two, two are three; '=' behind them. */
    beyond = _mm_cmpgt_epi8(places, _mm_set1_epi8((char)(left + (left - 1) / 3)));
    chars =
        _mm_or_si128(_mm_andnot_si128(beyond, chars), _mm_and_si128(beyond, _mm_set1_epi8('=')));
    _mm_storeu_si128((__m128i *)(void *)out, _mm_xor_si128(chars, pattern));
}

/* What is left of a payload that was at least 16 bytes long. */
static inline __attribute__((always_inline, target("ssse3"))) void
omsp_put_rest_16(uint8_t *out, const uint8_t *in, size_t len, __m128i pattern)
{
    for (; len >= 16; in += 12, len -= 12, out += 16) {
        __m128i lanes = omsp_lanes_16(_mm_loadu_si128((const __m128i *)(const void *)in));
        __m128i chars = omsp_characters_16(omsp_six_bits_16(lanes));

        _mm_storeu_si128((__m128i *)(void *)out, _mm_xor_si128(chars, pattern));
    }
    if (len > 12) {
        omsp_put_last_of_16(out, in + 12, 12, pattern);
        in += 12;
        len -= 12;
        out += 16;
    }
    if (len)
        omsp_put_last_of_16(out, in + len, len, pattern);
}

#endif
