/* Twelve bytes to sixteen masked characters at a time with SSSE3. Less than sixteen bytes are the
 * plain twin's. Not the choice of it (media_payload.c). Any thread; no allocation. */
#include "wire/media_payload.h"

#ifdef OMSP_CPU_X86

#include "wire/media_payload_x86.h"

__attribute__((target("ssse3"))) void omsp_ms_put_payload_ssse3(uint8_t *out, const uint8_t *in,
                                                                size_t len, uint32_t mask)
{
    if (len < 16)
        omsp_ms_put_payload_plain(out, in, len, mask);
    else
        omsp_put_rest_16(out, in, len, _mm_set1_epi32((int)mask));
}

#endif
