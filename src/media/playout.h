/*
 * The delay estimator of the playout discipline: how much later than the fastest packets do packets
 * come, and so how long must each wait that only a given share is late. A sliding window of
 * relative transit times and its quantile. It knows nothing of sequence numbers or of what is held.
 * Not thread-safe; embedded by its owner; never allocates.
 */
#ifndef OMSP_MEDIA_PLAYOUT_H
#define OMSP_MEDIA_PLAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define OMSP_PLAYOUT_BIN_US 2500u /* resolution */
#define OMSP_PLAYOUT_BINS   256u  /* 640 ms of spread */
#define OMSP_PLAYOUT_WINDOW 500u  /* packets: 10 s at 20 ms */
#define OMSP_PLAYOUT_TRUST  50u   /* packets before the measurement replaces the start value */

struct omsp_playout {
    uint32_t min_us, max_us, start_us;
    unsigned late_per_thousand;
    uint16_t count[OMSP_PLAYOUT_BINS]; /* by bin modulo OMSP_PLAYOUT_BINS */
    uint8_t window[OMSP_PLAYOUT_WINDOW];
    unsigned filled, at;
    int64_t low;  /* the lowest bin that is not empty */
    int64_t high; /* no bin above it is filled; brought down when asked */
    uint32_t target_us;
    bool stale;
};

void omsp_playout_init(struct omsp_playout *playout, uint32_t min_us, uint32_t max_us,
                       uint32_t start_us, unsigned late_per_thousand);
/* Forgets the measurements, keeps the limits. */
void omsp_playout_reset(struct omsp_playout *playout);
/* transit_us: arrival minus media time, on any fixed scale. */
void omsp_playout_note(struct omsp_playout *playout, int64_t transit_us);
/* The transit of the fastest packets in the window; 0 while nothing was noted. */
int64_t omsp_playout_floor_us(const struct omsp_playout *playout);
/* What to wait beyond the floor, within min..max. */
uint32_t omsp_playout_target_us(struct omsp_playout *playout);

#endif
