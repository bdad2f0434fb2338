/*
 * Packet loss concealment for 8 kHz 16-bit mono, after the idea of ITU-T G.711 Appendix I: repeat
 * the last pitch period, fade it out, cross-fade into what comes next. No delay is added: the join
 * at the start of a loss is made by a decaying offset instead of an overlap.
 * Embedded by its owner, no allocation, no locks.
 */
#ifndef OMSP_MEDIA_CONCEAL_H
#define OMSP_MEDIA_CONCEAL_H

#include <stddef.h>
#include <stdint.h>

#define OMSP_CONCEAL_HISTORY 280 /* samples looked back at: 35 ms */
#define OMSP_CONCEAL_CYCLE   120 /* the longest pitch period: 66 Hz */

struct omsp_conceal {
    int16_t history[OMSP_CONCEAL_HISTORY]; /* what was put out last: a ring */
    uint32_t oldest;                       /* its place there */
    int16_t cycle[OMSP_CONCEAL_CYCLE];     /* what is being repeated */
    uint32_t cycle_len;                    /* 0: not concealing */
    uint32_t cycle_at;
    uint32_t made;  /* samples made up since the last good one */
    int32_t offset; /* step at the seam of the cycle */
};

void omsp_conceal_init(struct omsp_conceal *conceal);
/* Received samples pass through in place. Right after a loss or a cut the first 5 ms (more after a
 * longer loss, at most 10; of a shorter piece all) are cross-faded with the made-up signal; else
 * nothing changes. */
void omsp_conceal_good(struct omsp_conceal *conceal, int16_t *samples, size_t count);
/* Makes up `count` samples: 10 ms at full level, then fading, silence from 60 ms on. */
void omsp_conceal_lost(struct omsp_conceal *conceal, int16_t *out, size_t count);
/* The next good samples do not follow the last ones: cross-fade into them. */
void omsp_conceal_cut(struct omsp_conceal *conceal);
/* The last `count` samples that were put out, at most OMSP_CONCEAL_HISTORY; silence before them. */
void omsp_conceal_recent(const struct omsp_conceal *conceal, int16_t *out, size_t count);
/* How many samples, at most `most`, could be left out (a cut) or made up (as if lost) right here
 * without being heard: all where what was put out last is near silence, one pitch period where it
 * repeats itself, else 0. About 5 us where it is not quiet. */
unsigned omsp_conceal_spare(const struct omsp_conceal *conceal, unsigned most);

#endif
