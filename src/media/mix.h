/*
 * Several sources' audio as one, in media time: what all have is handed out at once, and who has
 * nothing is waited for as long as a jitter buffer waits for a packet and no longer. So a single
 * one that speaks is not delayed at all, and of several none by more than OMSP_MIX_HOLD_US.
 *
 * Sources run by clocks of their own: one that is faster than the others piles up here, and of that
 * 10 ms at a time are left out, joined smoothly, so that the slowest clock is the mix's. Who is
 * waited for in vain is silent.
 *
 * 8 kHz, 16 bit, mono. Embedded by its owner, no allocation, no clock, no lock of its own.
 */
#ifndef OMSP_MEDIA_MIX_H
#define OMSP_MEDIA_MIX_H

#include "media/conceal.h"

#include <stdbool.h>

#define OMSP_MIX_HOLD_US 80000u  /* a jitter buffer's 60 ms for a gap, and a packet */
#define OMSP_MIX_PILE_US 120000u /* older than this it is the others that are slower */
#define OMSP_MIX_ROOM    1920u   /* samples: 240 ms */
#define OMSP_MIX_MAX     480u    /* samples that come out at once: 60 ms */

struct omsp_mix_voice {
    struct omsp_conceal *conceal; /* the source's own, its owner's */
    bool awaited;
    uint64_t last_us; /* when something came last */
    uint64_t head_us; /* when the first sample in here came, as far as its clock is right */
    uint32_t passed;  /* samples that went by without it since then */
    size_t first, fill;
    int16_t pcm[OMSP_MIX_ROOM];
};

/* Nothing in it, and nothing expected before the second frame in a row. */
void omsp_mix_voice_init(struct omsp_mix_voice *voice, struct omsp_conceal *conceal);
/* What was received, in order. It passes through the concealment. Beyond the room the oldest goes.
 */
void omsp_mix_voice_put(struct omsp_mix_voice *voice, uint64_t now_us, int16_t *pcm, size_t count);
/* So much was lost (made up here) or never sent (silence); what went by without it counts, and of
 * the rest OMSP_MIX_MAX samples at most. Answers how many samples were made up. */
size_t omsp_mix_voice_miss(struct omsp_mix_voice *voice, uint64_t now_us, bool lost,
                           uint32_t samples);
/* Nothing more of it will come: what it has is handed out, and nobody waits. */
void omsp_mix_voice_end(struct omsp_mix_voice *voice);

/* What is due now into out, which has room for OMSP_MIX_MAX samples; call again until it answers 0.
 */
size_t omsp_mix_take(struct omsp_mix_voice *const *voices, unsigned count, uint64_t now_us,
                     int16_t *out);
/* When to ask though nothing came; UINT64_MAX: nothing waits. */
uint64_t omsp_mix_deadline(struct omsp_mix_voice *const *voices, unsigned count);

#endif
