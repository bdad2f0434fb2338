/*
 * The ways in which blocks of G.711 are coded on different processors: twins, equal in every bit,
 * of which media/g711.h's block functions use the best that this processor has. Here for the choice
 * itself, and for tests and benchmarks that compare the twins. Constant data: any thread.
 */
#ifndef OMSP_MEDIA_G711_BLOCKS_H
#define OMSP_MEDIA_G711_BLOCKS_H

#include "base/cpu.h"

#include <stddef.h>
#include <stdint.h>

struct omsp_g711_blocks {
    const char *name;
    enum omsp_cpu_level level; /* what the processor must have */
    /* As in media/g711.h; no alignment is asked for, nothing outside the n is touched. */
    void (*ulaw_encode)(uint8_t *out, const int16_t *in, size_t n);
    void (*ulaw_decode)(int16_t *out, const uint8_t *in, size_t n);
    void (*alaw_encode)(uint8_t *out, const int16_t *in, size_t n);
    void (*alaw_decode)(int16_t *out, const uint8_t *in, size_t n);
};

extern const struct omsp_g711_blocks omsp_g711_plain;
#ifdef OMSP_CPU_X86
extern const struct omsp_g711_blocks omsp_g711_sse2;
extern const struct omsp_g711_blocks omsp_g711_avx2;
extern const struct omsp_g711_blocks omsp_g711_avx512;
#endif

/* Those that this processor can run, from the plain one (0) to the best; NULL after the last. */
const struct omsp_g711_blocks *omsp_g711_twin(unsigned index);

#endif
