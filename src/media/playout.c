/*
 * The playout delay estimator: a forgetful histogram of transit times. What to do with its answers
 * (grow, shrink, when) is jitter_play.c's business. Owned by the jitter buffer.
 */
#include "media/playout.h"

#include <string.h>

#define SHARE_BITS 20
/* The weight grows between these; then everything is divided. The largest total fits 32 bits. */
#define WEIGHT_BITS  20
#define WEIGHT_LEAST ((uint64_t)1 << (WEIGHT_BITS + 8))
#define WEIGHT_MOST  ((uint64_t)1 << (WEIGHT_BITS + 18))
#define WEIGHT_SHIFT 10
/* In packets, how long is remembered (one that old counts a third): the rarer the exceptions to be
 * covered, the longer. Two seconds suffice else, since what comes unforeseen is met by stretching.
 */
#define MEMORY_LEAST     100u
#define MEMORY_MOST      4000u
#define MEMORY_LATE      2u /* exceptions */
#define ODD_PER_THOUSAND 120u

static uint32_t share_of(unsigned per_thousand)
{
    return (uint32_t)(((uint64_t)per_thousand << SHARE_BITS) / 1000);
}

/* The upper edge of the quantile's bin, above the floor's lower one. */
static uint32_t above_floor(const struct omsp_playout *playout,
                            const struct omsp_playout_quantile *q)
{
    return playout->noted ? (uint32_t)(q->bin - playout->low + 1) * OMSP_PLAYOUT_BIN_US : 0;
}

static void conclude(struct omsp_playout *playout)
{
    uint32_t target = above_floor(playout, &playout->late);

    if (playout->noted < OMSP_PLAYOUT_TRUST && target < playout->start_us)
        target = playout->start_us;
    if (target < playout->min_us)
        target = playout->min_us;
    if (target > playout->max_us)
        target = playout->max_us;
    playout->target_us = target;
    playout->odd_us = above_floor(playout, &playout->odd);
}

void omsp_playout_init(struct omsp_playout *playout, uint32_t min_us, uint32_t max_us,
                       uint32_t start_us, unsigned late_per_thousand)
{
    uint32_t memory = late_per_thousand ? MEMORY_LATE * 1000 / late_per_thousand : MEMORY_MOST;

    memset(playout, 0, sizeof(*playout));
    playout->min_us = min_us;
    playout->max_us = max_us;
    playout->start_us = start_us;
    playout->late.share = share_of(late_per_thousand);
    playout->odd.share = share_of(ODD_PER_THOUSAND);
    playout->growth = (1u << WEIGHT_BITS) / (memory > MEMORY_LEAST ? memory : MEMORY_LEAST);
    omsp_playout_reset(playout);
}

void omsp_playout_reset(struct omsp_playout *playout)
{
    memset(playout->count, 0, sizeof(playout->count));
    playout->noted = 0;
    playout->weight = WEIGHT_LEAST;
    playout->total = 0;
    playout->low = playout->high = 0;
    conclude(playout);
}

/* Rounds down for negative values too. */
static int64_t bin_of(int64_t us)
{
    int64_t bin = us / OMSP_PLAYOUT_BIN_US;

    return us % OMSP_PLAYOUT_BIN_US < 0 ? bin - 1 : bin;
}

static uint32_t *count_at(struct omsp_playout *playout, int64_t bin)
{
    return &playout->count[(uint64_t)bin % OMSP_PLAYOUT_BINS];
}

static void start(struct omsp_playout *playout, int64_t bin)
{
    playout->low = playout->high = bin;
    playout->late.bin = playout->odd.bin = bin;
    playout->late.above = playout->odd.above = 0;
    for (unsigned i = 0; i < OMSP_PLAYOUT_BLOCKS; i++)
        playout->least[i] = INT64_MAX;
    playout->block = playout->in_block = 0;
    playout->least[0] = bin;
}

/* Bins that the floor leaves below it count as the floor's own. */
static void raise_floor(struct omsp_playout *playout, int64_t low)
{
    while (playout->low < low) {
        *count_at(playout, playout->low + 1) += *count_at(playout, playout->low);
        *count_at(playout, playout->low) = 0;
        playout->low++;
    }
    if (playout->high < low)
        playout->high = low;
    for (unsigned i = 0; i < 2; i++) {
        struct omsp_playout_quantile *q = i ? &playout->odd : &playout->late;

        if (q->bin < low) {
            q->bin = low;
            q->above = 0;
            for (int64_t bin = low + 1; bin <= playout->high; bin++)
                q->above += *count_at(playout, bin);
        }
    }
}

static void note_floor(struct omsp_playout *playout, int64_t bin)
{
    int64_t low = INT64_MAX;

    if (bin < playout->least[playout->block])
        playout->least[playout->block] = bin;
    if (bin < playout->low)
        playout->low = bin;
    if (++playout->in_block < OMSP_PLAYOUT_BLOCK)
        return;
    playout->in_block = 0;
    playout->block = (playout->block + 1) % OMSP_PLAYOUT_BLOCKS;
    playout->least[playout->block] = INT64_MAX;
    for (unsigned i = 0; i < OMSP_PLAYOUT_BLOCKS; i++) {
        if (playout->least[i] < low)
            low = playout->least[i];
    }
    raise_floor(playout, low);
}

/* The weight has grown too large: divides all by the same. */
static void divide(struct omsp_playout *playout)
{
    playout->weight >>= WEIGHT_SHIFT;
    playout->total = playout->late.above = playout->odd.above = 0;
    for (int64_t bin = playout->high; bin >= playout->low; bin--) {
        uint32_t *count = count_at(playout, bin);

        *count >>= WEIGHT_SHIFT;
        playout->total += *count;
        playout->late.above += bin > playout->late.bin ? *count : 0;
        playout->odd.above += bin > playout->odd.bin ? *count : 0;
        if (bin == playout->high && !*count && bin > playout->low)
            playout->high--;
    }
}

/* A packet of this weight came into this bin. */
static void move_quantile(struct omsp_playout *playout, struct omsp_playout_quantile *q,
                          int64_t bin, uint32_t weight)
{
    uint32_t tolerated = (uint32_t)(((uint64_t)playout->total * q->share) >> SHARE_BITS);

    if (bin > q->bin)
        q->above += weight;
    while (q->above > tolerated)
        q->above -= *count_at(playout, ++q->bin);
    while (q->bin > playout->low && q->above + *count_at(playout, q->bin) <= tolerated)
        q->above += *count_at(playout, q->bin--);
}

void omsp_playout_note(struct omsp_playout *playout, int64_t transit_us)
{
    int64_t bin = bin_of(transit_us);
    uint32_t weight;

    /* A path so much faster (or a clock that jumped) makes the old measurements worthless. */
    if (playout->noted && bin < playout->low && playout->high - bin >= OMSP_PLAYOUT_BINS)
        omsp_playout_reset(playout);
    if (!playout->noted)
        start(playout, bin);
    if (bin - playout->low >= OMSP_PLAYOUT_BINS)
        bin = playout->low + OMSP_PLAYOUT_BINS - 1;
    note_floor(playout, bin);
    if (bin < playout->low)
        bin = playout->low;
    if (bin > playout->high)
        playout->high = bin;
    weight = (uint32_t)(playout->weight >> WEIGHT_BITS);
    *count_at(playout, bin) += weight;
    playout->total += weight;
    move_quantile(playout, &playout->late, bin, weight);
    move_quantile(playout, &playout->odd, bin, weight);
    if (playout->noted < OMSP_PLAYOUT_TRUST)
        playout->noted++;
    playout->weight += playout->weight * playout->growth >> WEIGHT_BITS;
    if (playout->weight >= WEIGHT_MOST)
        divide(playout);
    conclude(playout);
}

int64_t omsp_playout_floor_us(const struct omsp_playout *playout)
{
    return playout->noted ? playout->low * OMSP_PLAYOUT_BIN_US : 0;
}

uint32_t omsp_playout_odd_us(const struct omsp_playout *playout)
{
    return playout->odd_us;
}

uint32_t omsp_playout_target_us(const struct omsp_playout *playout)
{
    return playout->target_us;
}
