/*
 * What a code of G.711 (tables 1 and 2) stands for as constant expressions, of which g711.c and
 * g711_avx512.c fill their tables. Code c as on the line; its bit 7, set for positive samples, does
 * not matter here. No data: any thread.
 */
#ifndef OMSP_MEDIA_G711_RULES_H
#define OMSP_MEDIA_G711_RULES_H

#define OMSP_ULAW_BIAS 0x84 /* 33 << 2: makes every segment start at a power of two */
#define OMSP_ULAW_MAGNITUDE(c)                                                                     \
    (((((~(c)) & 0x0F) << 3) + OMSP_ULAW_BIAS) * (1 << (((~(c)) >> 4) & 7)) - OMSP_ULAW_BIAS)

#define OMSP_ALAW_EVEN       0x55 /* every second bit is inverted on the line */
#define OMSP_ALAW_BITS(c)    ((c) ^ OMSP_ALAW_EVEN)
#define OMSP_ALAW_SEGMENT(c) ((OMSP_ALAW_BITS(c) >> 4) & 7)
#define OMSP_ALAW_STEP(c)    ((OMSP_ALAW_BITS(c) & 0x0F) << 4)
#define OMSP_ALAW_MAGNITUDE(c)                                                                     \
    (OMSP_ALAW_SEGMENT(c) ? (OMSP_ALAW_STEP(c) + 0x108) * (1 << (OMSP_ALAW_SEGMENT(c) + 7) % 8)    \
                          : OMSP_ALAW_STEP(c) + 8)

/* f(c), f(c + 1) and so on: the elements of a table. */
#define OMSP_FOR_4(f, c) f(c), f((c) + 1), f((c) + 2), f((c) + 3)
#define OMSP_FOR_16(f, c)                                                                          \
    OMSP_FOR_4(f, c), OMSP_FOR_4(f, (c) + 4), OMSP_FOR_4(f, (c) + 8), OMSP_FOR_4(f, (c) + 12)
#define OMSP_FOR_64(f, c)                                                                          \
    OMSP_FOR_16(f, c), OMSP_FOR_16(f, (c) + 16), OMSP_FOR_16(f, (c) + 32), OMSP_FOR_16(f, (c) + 48)
#define OMSP_FOR_128(f, c) OMSP_FOR_64(f, c), OMSP_FOR_64(f, (c) + 64)

#endif
