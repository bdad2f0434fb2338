/* Twenty-four bytes to thirty-two masked characters at a time with AVX2, what is left as with
 * SSSE3. Not the choice of it (media_payload.c). Any thread; no allocation. */
#include "wire/media_payload.h"

#ifdef OMSP_CPU_X86

#include "wire/media_payload_x86.h"

/* As in media_payload_x86.h, twice as wide. */
#define HELPER static inline __attribute__((always_inline, target("avx2"))) __m256i

HELPER six_bits_32(__m256i lanes)
{
    __m256i outer = _mm256_mulhi_epu16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x0fc0fc00)),
                                       _mm256_set1_epi32(0x04000040));
    __m256i inner = _mm256_mullo_epi16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x003f03f0)),
                                       _mm256_set1_epi32(0x01000010));

    return _mm256_or_si256(outer, inner);
}

HELPER characters_32(__m256i values)
{
    const __m256i add = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    __m256i range = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    __m256i upper =
        _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13));

    return _mm256_add_epi8(values, _mm256_shuffle_epi8(add, _mm256_or_si256(range, upper)));
}

HELPER lanes_32(const uint8_t *in)
{
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(in + 12));

    return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1),
                               order);
}

__attribute__((target("avx2"))) void omsp_ms_put_payload_avx2(uint8_t *out, const uint8_t *in,
                                                              size_t len, uint32_t mask)
{
    __m256i pattern = _mm256_set1_epi32((int)mask);

    if (len < 16) {
        omsp_ms_put_payload_plain(out, in, len, mask);
        return;
    }
    for (; len >= 28; in += 24, len -= 24, out += 32) {
        __m256i chars = characters_32(six_bits_32(lanes_32(in)));

        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_xor_si256(chars, pattern));
    }
    omsp_put_rest_16(out, in, len, _mm256_castsi256_si128(pattern));
}

#endif
