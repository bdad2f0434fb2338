/*
 * The plain twin, eight characters at a time in an ordinary register, and the choice between the
 * twins: made at the first call by whichever thread comes first; should several come at once, each
 * finds the same answer. Any thread; no allocation.
 */
#include "wire/media_payload.h"

#include "base/bytes.h"
#include "wire/base64.h"

#include <stdatomic.h>

/* Six-bit values in eight bytes to their characters, without a table (RFC 4648 table 1): each range
 * begins where adding to the value carries into bit 7, and is then a constant away from ASCII. */
static uint64_t to_characters(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t from_a = (v + ones * (128 - 26)) >> 7 & ones; /* a-z and beyond */
    uint64_t from_0 = (v + ones * (128 - 52)) >> 7 & ones;
    uint64_t from_plus = (v + ones * (128 - 62)) >> 7 & ones;
    uint64_t slash = (v + ones * (128 - 63)) >> 7 & ones;

    /* 'A' + v; 'a' is 6 further; '0' 75 back from there, '+' 15 back, '/' 3 further. */
    return v + ones * 'A' + from_a * 6 - from_0 * 75 - from_plus * 15 + slash * 3;
}

/* Six bytes as eight six-bit values, the first in the lowest byte. */
static uint64_t spread(const uint8_t *in)
{
    uint32_t a = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    uint32_t b = (uint32_t)in[3] << 16 | (uint32_t)in[4] << 8 | in[5];
    uint32_t low = a >> 18 | (a >> 12 & 63) << 8 | (a >> 6 & 63) << 16 | (a & 63) << 24;
    uint32_t high = b >> 18 | (b >> 12 & 63) << 8 | (b >> 6 & 63) << 16 | (b & 63) << 24;

    return (uint64_t)high << 32 | low;
}

void omsp_ms_put_payload_plain(uint8_t *out, const uint8_t *in, size_t len, uint32_t mask)
{
    uint64_t pattern = mask | (uint64_t)mask << 32;

    for (; len >= 6; in += 6, len -= 6, out += 8)
        omsp_put_le64(out, to_characters(spread(in)) ^ pattern);
    while (len) {
        size_t three = len < 3 ? len : 3;

        omsp_base64_encode((char *)out, in, three);
        omsp_put_le32(out, omsp_le32(out) ^ mask);
        in += three;
        len -= three;
        out += 4;
    }
}

/* ---- the choice ----------------------------------------------------------------------------- */

static const struct omsp_ms_payload_twin twins[] = {
    {"plain", OMSP_CPU_PLAIN, omsp_ms_put_payload_plain},
#ifdef OMSP_CPU_X86
    {"ssse3", OMSP_CPU_SSSE3, omsp_ms_put_payload_ssse3},
    {"avx2", OMSP_CPU_AVX2, omsp_ms_put_payload_avx2},
#endif
};

enum { TWINS = sizeof(twins) / sizeof(twins[0]) };

const struct omsp_ms_payload_twin *omsp_ms_payload_twin(unsigned index)
{
    /* In order of level: the first that cannot run ends the list. */
    return index < TWINS && twins[index].level <= omsp_cpu_level() ? &twins[index] : NULL;
}

static omsp_ms_payload_fn choose;
static omsp_ms_payload_fn *_Atomic chosen = choose;

static void choose(uint8_t *out, const uint8_t *in, size_t len, uint32_t mask)
{
    unsigned best = 0;

    while (omsp_ms_payload_twin(best + 1))
        best++;
    atomic_store_explicit(&chosen, twins[best].put, memory_order_relaxed);
    twins[best].put(out, in, len, mask);
}

void omsp_ms_put_payload(uint8_t *out, const uint8_t *in, size_t len, uint32_t mask)
{
    atomic_load_explicit(&chosen, memory_order_relaxed)(out, in, len, mask);
}
