/*
 * Which of the twins codes a block. The table is chosen at the first call, by whichever thread
 * comes first; should several come at once, each finds the same answer. Not the codec: that is
 * g711.c, g711_sse2.c, g711_avx2.c and g711_avx512.c. Any thread.
 */
#include "media/g711_blocks.h"

#include "media/g711.h"

#include <stdatomic.h>

static const struct omsp_g711_blocks *const twins[] = {
    &omsp_g711_plain,
#ifdef OMSP_CPU_X86
    &omsp_g711_sse2,
    &omsp_g711_avx2,
    &omsp_g711_avx512,
#endif
};

enum { TWINS = sizeof(twins) / sizeof(twins[0]) };

const struct omsp_g711_blocks *omsp_g711_twin(unsigned index)
{
    /* In order of level: the first that cannot run ends the list. */
    return index < TWINS && twins[index]->level <= omsp_cpu_level() ? twins[index] : NULL;
}

static const struct omsp_g711_blocks unchosen; /* its functions choose, and then do the work */
/* Relaxed is enough: what it points to is constant from the start. */
static const struct omsp_g711_blocks *_Atomic chosen = &unchosen;

static const struct omsp_g711_blocks *choose(void)
{
    const struct omsp_g711_blocks *best = twins[0];

    for (unsigned i = 1; omsp_g711_twin(i); i++)
        best = twins[i];
    atomic_store_explicit(&chosen, best, memory_order_relaxed);
    return best;
}

static void choose_ulaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    choose()->ulaw_encode(out, in, n);
}

static void choose_ulaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    choose()->ulaw_decode(out, in, n);
}

static void choose_alaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    choose()->alaw_encode(out, in, n);
}

static void choose_alaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    choose()->alaw_decode(out, in, n);
}

static const struct omsp_g711_blocks unchosen = {
    .name = "unchosen",
    .ulaw_encode = choose_ulaw_encode,
    .ulaw_decode = choose_ulaw_decode,
    .alaw_encode = choose_alaw_encode,
    .alaw_decode = choose_alaw_decode,
};

void omsp_ulaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    atomic_load_explicit(&chosen, memory_order_relaxed)->ulaw_encode(out, in, n);
}

void omsp_ulaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    atomic_load_explicit(&chosen, memory_order_relaxed)->ulaw_decode(out, in, n);
}

void omsp_alaw_encode(uint8_t *out, const int16_t *in, size_t n)
{
    atomic_load_explicit(&chosen, memory_order_relaxed)->alaw_encode(out, in, n);
}

void omsp_alaw_decode(int16_t *out, const uint8_t *in, size_t n)
{
    atomic_load_explicit(&chosen, memory_order_relaxed)->alaw_decode(out, in, n);
}
