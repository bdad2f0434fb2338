/*
 * The playout delay estimator: a histogram of transit times over a sliding window of packets. What
 * to do with its answer (grow, shrink, when) is jitter_play.c's business. Owned by the jitter
 * buffer.
 */
#include "media/playout.h"

#include <string.h>

#define REFRESH 10 /* packets; divides the window */

void omsp_playout_init(struct omsp_playout *playout, uint32_t min_us, uint32_t max_us,
                       uint32_t start_us, unsigned late_per_thousand)
{
    memset(playout, 0, sizeof(*playout));
    playout->min_us = min_us;
    playout->max_us = max_us;
    playout->start_us = start_us;
    playout->late_per_thousand = late_per_thousand;
    playout->stale = true;
}

void omsp_playout_reset(struct omsp_playout *playout)
{
    memset(playout->count, 0, sizeof(playout->count));
    playout->filled = playout->at = 0;
    playout->low = playout->high = 0;
    playout->stale = true;
}

/* Rounds down for negative values too. */
static int64_t bin_of(int64_t us)
{
    int64_t bin = us / OMSP_PLAYOUT_BIN_US;

    return us % OMSP_PLAYOUT_BIN_US < 0 ? bin - 1 : bin;
}

static unsigned place(int64_t bin)
{
    return (unsigned)((uint64_t)bin % OMSP_PLAYOUT_BINS);
}

static void forget_oldest(struct omsp_playout *playout)
{
    playout->count[playout->window[playout->at]]--;
    playout->filled--;
    while (playout->filled && !playout->count[place(playout->low)])
        playout->low++;
}

void omsp_playout_note(struct omsp_playout *playout, int64_t transit_us)
{
    int64_t bin = bin_of(transit_us);

    if (playout->filled == OMSP_PLAYOUT_WINDOW)
        forget_oldest(playout);
    /* A path so much faster (or a clock that jumped) makes the old measurements worthless. */
    if (playout->filled && bin < playout->low && playout->high - bin >= OMSP_PLAYOUT_BINS)
        omsp_playout_reset(playout);
    if (!playout->filled)
        playout->low = playout->high = bin;
    if (bin < playout->low) {
        playout->low = bin;
        playout->stale = true;
    }
    if (bin - playout->low >= OMSP_PLAYOUT_BINS)
        bin = playout->low + OMSP_PLAYOUT_BINS - 1;
    if (bin > playout->high)
        playout->high = bin;
    playout->count[place(bin)]++;
    playout->window[playout->at] = (uint8_t)place(bin);
    playout->at = (playout->at + 1) % OMSP_PLAYOUT_WINDOW;
    playout->filled++;
    /* Growing cannot wait, shrinking can. */
    if ((bin - playout->low) * OMSP_PLAYOUT_BIN_US >= playout->target_us ||
        playout->at % REFRESH == 0)
        playout->stale = true;
}

int64_t omsp_playout_floor_us(const struct omsp_playout *playout)
{
    return playout->filled ? playout->low * OMSP_PLAYOUT_BIN_US : 0;
}

/* The upper edge of the bin below which all but the tolerated share of the window lies. */
static uint32_t quantile_us(struct omsp_playout *playout)
{
    uint32_t tolerated = playout->filled * playout->late_per_thousand / 1000, above = 0;
    int64_t bin;

    while (playout->high > playout->low && !playout->count[place(playout->high)])
        playout->high--;
    for (bin = playout->high; bin > playout->low; bin--) {
        above += playout->count[place(bin)];
        if (above > tolerated)
            break;
    }
    return (uint32_t)(bin - playout->low + 1) * OMSP_PLAYOUT_BIN_US;
}

uint32_t omsp_playout_target_us(struct omsp_playout *playout)
{
    uint32_t target;

    if (!playout->stale)
        return playout->target_us;
    target = quantile_us(playout);
    if (playout->filled < OMSP_PLAYOUT_TRUST && target < playout->start_us)
        target = playout->start_us;
    if (target < playout->min_us)
        target = playout->min_us;
    if (target > playout->max_us)
        target = playout->max_us;
    playout->target_us = target;
    playout->stale = false;
    return target;
}
