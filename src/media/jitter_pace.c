/*
 * When playout bends media time. Where the delay is longer than needed samples are left out, where
 * audio is about to run out they are repeated: pitch periods, or anything where it is quiet (what
 * Liang, Faerber and Girod describe in "Adaptive playout scheduling using time-scale modification
 * in packet voice communications", 2001). Only decisions; jitter_play.c carries them out.
 */
#include "media/jitter_store.h"

#define US_PER_SAMPLE (1000000 / OMSP_JITTER_RATE)
/* In samples: played between two bends, the least worth leaving out, the most of either. */
#define SPACING      80u
#define LEAST_OUT    8u
#define MOST_OUT     160u
#define MOST_REPEATS 120u
/* With so much too much delay, and nothing to be left out unheard for so long, some goes anyway. */
#define FORCED_EXCESS  240
#define FORCED_SPACING 4000u
#define FORCED_OUT     40u
/* How far below the target is repeated for, and how far above it for what is late out of the
 * ordinary: it may become much later. */
#define BELOW_US 10000
#define ABOVE_US 40000
/* The device's clock is watched in spans of this, and for so long before anything is left out. */
#define WATCH       2000u
#define WATCH_FIRST 800u

void omsp_jitter_pace_anew(struct omsp_jitter *jitter)
{
    jitter->since_bent = jitter->watched = 0;
    jitter->least_us[0] = jitter->least_us[1] = INT64_MAX;
}

void omsp_jitter_pace_shift(struct omsp_jitter *jitter, int32_t samples)
{
    for (unsigned i = 0; i < 2; i++) {
        if (jitter->least_us[i] != INT64_MAX)
            jitter->least_us[i] += (int64_t)samples * US_PER_SAMPLE;
    }
}

/* A device asks now earlier, now later. What counts is the delay when it asks at its earliest, or
 * what is there by a late moment would be taken for what is there always. */
static int64_t least_delay(struct omsp_jitter *jitter, int64_t delay_us)
{
    if (jitter->watched >= WATCH) {
        jitter->watched = 0;
        jitter->least_us[1] = jitter->least_us[0];
        jitter->least_us[0] = INT64_MAX;
    }
    if (delay_us < jitter->least_us[0])
        jitter->least_us[0] = delay_us;
    return jitter->least_us[0] < jitter->least_us[1] ? jitter->least_us[0] : jitter->least_us[1];
}

/* Packets are taken only when the device asks for a period. How long the next packet will have been
 * waiting there for its place in the period, in samples modulo step: for nothing. */
static uint32_t place_in_period(const struct omsp_jitter *jitter,
                                const struct omsp_jitter_slot *slot, uint32_t step)
{
    uint32_t left = slot->len - jitter->offset; /* to where the next packet begins */
    uint32_t rest = jitter->period - jitter->filled;

    /* Most often these are equal, or one is twice the other; divisions are slow. */
    if (left == rest || left == rest + step)
        return 0;
    return (left % step + step - rest % step) % step;
}

/* Whether more than so many samples are there, without a gap, from where slot is being played. */
static bool is_there(const struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                     uint32_t samples)
{
    uint32_t have = slot->len - jitter->offset;

    while (have <= samples) {
        const struct omsp_jitter_slot *after = &jitter->slots[(slot->seq + 1) % OMSP_JITTER_SLOTS];

        if (!after->used || after->seq != slot->seq + 1 || !after->len ||
            after->timestamp != slot->timestamp + slot->len)
            return false;
        slot = after;
        have += slot->len;
    }
    return true;
}

/* over: by how many samples packets wait longer than they need to. Only whole steps of a period or
 * a packet count of these; what lies before a packet's place in the period can go in any case. */
static uint32_t leave_out(const struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                          int64_t over, uint32_t place, uint32_t step,
                          const struct omsp_jitter_ear *ear)
{
    bool forced = over >= FORCED_EXCESS && jitter->since_bent >= FORCED_SPACING;
    uint32_t most = place, spare;

    if (place < LEAST_OUT && over < (int64_t)step)
        return 0;
    if (over > (int64_t)MOST_OUT)
        over = MOST_OUT;
    most += (uint32_t)over / step * step;
    if (most < LEAST_OUT || !is_there(jitter, slot, most))
        return 0;
    spare = ear ? ear->spare(ear->ctx, most) : 0;
    if (!spare && forced)
        return most < FORCED_OUT ? most : FORCED_OUT; /* no more than is there */
    return spare;
}

/* What comes after slot is not here though newer packets are, and such holes use to be filled. */
static bool is_hole_next(const struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot)
{
    return jitter->mended > 128 && jitter->held > 1 &&
           !jitter->slots[(slot->seq + 1) % OMSP_JITTER_SLOTS].used;
}

int omsp_jitter_pace(struct omsp_jitter *jitter, const struct omsp_jitter_slot *slot,
                     int64_t delay_us, const struct omsp_jitter_ear *ear)
{
    uint32_t step = jitter->period < slot->len ? jitter->period : slot->len, place;
    int64_t least = least_delay(jitter, delay_us), target, slack;
    bool awaited;

    if (jitter->since_bent < SPACING)
        return 0;
    target = omsp_playout_target_us(jitter->playout);
    place = place_in_period(jitter, slot, step);
    slack = least - (int64_t)(place + jitter->period - step) * US_PER_SAMPLE;
    /* How late the first packet that is not here is by now; or whether one is missing before it. */
    awaited = least - (int64_t)(int32_t)(jitter->newest - jitter->expect) * US_PER_SAMPLE >
                  omsp_playout_odd_us(jitter->playout) ||
              is_hole_next(jitter, slot);
    if (slack >= target && !awaited) {
        if (jitter->watched < WATCH_FIRST && jitter->least_us[1] == INT64_MAX)
            return 0;
        return (int)leave_out(jitter, slot, (slack - target) / US_PER_SAMPLE, place, step, ear);
    }
    if (ear && least <= jitter->max_delay_us &&
        (slack < target - BELOW_US || (awaited && slack < target + ABOVE_US)))
        return -(int)ear->spare(ear->ctx, MOST_REPEATS);
    return 0;
}
