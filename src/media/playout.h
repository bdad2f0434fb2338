/*
 * The delay estimator of the playout discipline: how much later than the fastest packets do packets
 * come, and so how long must each wait that only a given share is late. A histogram of transit
 * times that forgets exponentially, two of its quantiles, kept up to date packet by packet, and the
 * fastest of the last packets. It knows nothing of sequence numbers or of what is held.
 * Not thread-safe; embedded by its owner; never allocates.
 */
#ifndef OMSP_MEDIA_PLAYOUT_H
#define OMSP_MEDIA_PLAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define OMSP_PLAYOUT_BIN_US 2500u /* resolution */
#define OMSP_PLAYOUT_BINS   256u  /* 640 ms of spread */
#define OMSP_PLAYOUT_TRUST  50u   /* packets before the measurement replaces the start value */
/* The fastest of these many packets, 10 s at 20 ms, is the floor. */
#define OMSP_PLAYOUT_BLOCK  63u
#define OMSP_PLAYOUT_BLOCKS 8u

/* The lowest bin above which there is no more than a share of the weight. */
struct omsp_playout_quantile {
    int64_t bin;
    uint32_t above; /* the weight in the bins above */
    uint32_t share; /* of 2^20 */
};

struct omsp_playout {
    uint32_t min_us, max_us, start_us;
    uint32_t growth; /* of the weight from packet to packet, of 2^20 */
    unsigned noted;  /* packets, up to OMSP_PLAYOUT_TRUST */
    uint64_t weight; /* of the next packet, times 2^20: each counts a little more than the last */
    uint32_t total;
    uint32_t count[OMSP_PLAYOUT_BINS];  /* by bin modulo OMSP_PLAYOUT_BINS */
    int64_t low;                        /* the floor's bin; nothing is below it */
    int64_t high;                       /* nothing is above it */
    int64_t least[OMSP_PLAYOUT_BLOCKS]; /* the fastest of each block, in bins */
    unsigned block, in_block;
    struct omsp_playout_quantile late, odd;
    uint32_t target_us, odd_us; /* what these come to */
};

/* late_per_thousand: the share that may be late. */
void omsp_playout_init(struct omsp_playout *playout, uint32_t min_us, uint32_t max_us,
                       uint32_t start_us, unsigned late_per_thousand);
/* Forgets the measurements, keeps the limits. */
void omsp_playout_reset(struct omsp_playout *playout);
/* transit_us: arrival minus media time, on any fixed scale. */
void omsp_playout_note(struct omsp_playout *playout, int64_t transit_us);
/* The transit of the fastest packets lately; 0 while nothing was noted. */
int64_t omsp_playout_floor_us(const struct omsp_playout *playout);
/* What to wait beyond the floor, within min..max. */
uint32_t omsp_playout_target_us(const struct omsp_playout *playout);
/* A packet that is later than this beyond the floor is out of the ordinary. */
uint32_t omsp_playout_odd_us(const struct omsp_playout *playout);

#endif
