/*
 * Packet loss concealment: pitch repetition with fade. No decoder and no notion of packets; whoever
 * plays a stream to a device or records it owns one and calls it from its own thread.
 */
#include "media/conceal.h"

#include <stdbool.h>
#include <string.h>

#define LAG_MIN  40u /* 200 Hz */
#define LAG_MAX  ((unsigned)OMSP_CONCEAL_CYCLE)
#define MATCH    160u /* samples compared */
#define SEAM     20u  /* samples over which a step at a seam decays: 2.5 ms */
#define HOLD     80u  /* full level so long */
#define FADED    480u /* silence from here on */
#define FADE_MIN 40u  /* cross-fade into good samples */
#define FADE_MAX 80u
#define QUIET    100 /* near silence: no sample above */
#define ALIKE                                                                                      \
    64 /* percent of the square of the correlation that makes a period of a repetition             \
        */

_Static_assert(LAG_MAX + MATCH <= OMSP_CONCEAL_HISTORY, "the search stays inside the history");

void omsp_conceal_init(struct omsp_conceal *conceal)
{
    memset(conceal, 0, sizeof(*conceal));
}

/* Nothing is moved: each sample of every stream comes through here. */
static void remember(struct omsp_conceal *conceal, const int16_t *samples, size_t count)
{
    size_t first, run;

    if (count >= OMSP_CONCEAL_HISTORY) {
        memcpy(conceal->history, samples + count - OMSP_CONCEAL_HISTORY, sizeof(conceal->history));
        conceal->oldest = 0;
        return;
    }
    first = conceal->oldest;
    run = OMSP_CONCEAL_HISTORY - first < count ? OMSP_CONCEAL_HISTORY - first : count;
    memcpy(conceal->history + first, samples, run * sizeof(*samples));
    memcpy(conceal->history, samples + run, (count - run) * sizeof(*samples));
    conceal->oldest =
        (uint32_t)(first + count < OMSP_CONCEAL_HISTORY ? first + count
                                                        : first + count - OMSP_CONCEAL_HISTORY);
}

void omsp_conceal_recent(const struct omsp_conceal *conceal, int16_t *out, size_t count)
{
    size_t first, run;

    if (count > OMSP_CONCEAL_HISTORY)
        count = OMSP_CONCEAL_HISTORY;
    first = (conceal->oldest + OMSP_CONCEAL_HISTORY - count) % OMSP_CONCEAL_HISTORY;
    run = OMSP_CONCEAL_HISTORY - first < count ? OMSP_CONCEAL_HISTORY - first : count;
    memcpy(out, conceal->history + first, run * sizeof(*out));
    memcpy(out + run, conceal->history, (count - run) * sizeof(*out));
}

/* How alike the last MATCH samples are to those `lag` before: 0 (not, or opposed) and more. Only
 * every `stride`-th sample is looked at. */
static double likeness(const int16_t *end, unsigned lag, unsigned stride)
{
    int64_t cross = 0, energy = 1;

    for (unsigned i = stride; i <= MATCH; i += stride) {
        int32_t a = *(end - i), b = *(end - i - lag);

        cross += (int64_t)a * b;
        energy += (int64_t)b * b;
    }
    return cross > 0 ? (double)cross * (double)cross / (double)energy : 0;
}

/* The lag up to `most` at which the history that ends there repeats itself best. */
static unsigned find_lag(const int16_t *end, unsigned most)
{
    unsigned coarse = most, lag;
    double best = 0, value;

    for (lag = LAG_MIN; lag <= most; lag += 2) {
        value = likeness(end, lag, 2);
        if (value > best) {
            best = value;
            coarse = lag;
        }
    }
    best = -1;
    lag = coarse;
    for (unsigned near = coarse > LAG_MIN ? coarse - 1 : coarse; near <= coarse + 1 && near <= most;
         near++) {
        value = likeness(end, near, 1);
        if (value > best) {
            best = value;
            lag = near;
        }
    }
    return lag;
}

/* Takes the last `len` samples of the history for repetition. The step from the last sample to the
 * first is known: it is spread over the first samples of each turn. */
static void take_cycle(struct omsp_conceal *conceal, const int16_t *end, unsigned len)
{
    memcpy(conceal->cycle, end - len, len * sizeof(*end));
    conceal->cycle_len = len;
    conceal->cycle_at = 0;
    conceal->offset = *(end - 1) - *(end - len - 1);
}

static void begin(struct omsp_conceal *conceal)
{
    int16_t line[OMSP_CONCEAL_HISTORY];
    const int16_t *end = line + OMSP_CONCEAL_HISTORY;

    omsp_conceal_recent(conceal, line, OMSP_CONCEAL_HISTORY);
    take_cycle(conceal, end, find_lag(end, LAG_MAX));
    conceal->made = 0;
}

static bool is_quiet(const int16_t *end)
{
    for (unsigned i = 1; i <= MATCH; i++) {
        if (*(end - i) > QUIET || *(end - i) < -QUIET)
            return false;
    }
    return true;
}

unsigned omsp_conceal_spare(const struct omsp_conceal *conceal, unsigned most)
{
    int16_t line[OMSP_CONCEAL_HISTORY];
    const int16_t *end = line + OMSP_CONCEAL_HISTORY;
    double energy = 1;
    unsigned lag;

    if (conceal->cycle_len)
        return 0;
    omsp_conceal_recent(conceal, line, OMSP_CONCEAL_HISTORY);
    if (is_quiet(end))
        return most;
    if (most < LAG_MIN)
        return 0;
    lag = find_lag(end, most < LAG_MAX ? most : LAG_MAX);
    for (unsigned i = 1; i <= MATCH; i++)
        energy += (double)*(end - i) * *(end - i);
    return likeness(end, lag, 1) * 100 >= ALIKE * energy ? lag : 0;
}

static int16_t clip(int32_t value)
{
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

static int16_t make_one(struct omsp_conceal *conceal)
{
    int32_t value;

    if (conceal->made >= FADED)
        return 0;
    value = conceal->cycle[conceal->cycle_at];
    if (conceal->cycle_at < SEAM)
        value += conceal->offset * (int32_t)(SEAM - conceal->cycle_at) / (int32_t)SEAM;
    if (conceal->made > HOLD)
        value = value * (int32_t)(FADED - conceal->made) / (int32_t)(FADED - HOLD);
    conceal->made++;
    if (++conceal->cycle_at == conceal->cycle_len)
        conceal->cycle_at = 0;
    return clip(value);
}

void omsp_conceal_lost(struct omsp_conceal *conceal, int16_t *out, size_t count)
{
    size_t at = 0;

    if (!conceal->cycle_len)
        begin(conceal);
    while (at < count)
        out[at++] = make_one(conceal);
    remember(conceal, out, count);
}

void omsp_conceal_cut(struct omsp_conceal *conceal)
{
    if (!conceal->cycle_len)
        begin(conceal);
}

void omsp_conceal_good(struct omsp_conceal *conceal, int16_t *samples, size_t count)
{
    if (conceal->cycle_len && count) {
        uint32_t fade = conceal->made / 4;

        if (fade < FADE_MIN)
            fade = FADE_MIN;
        if (fade > FADE_MAX)
            fade = FADE_MAX;
        if (fade > count)
            fade = (uint32_t)count;
        for (uint32_t i = 0; i < fade; i++) {
            int32_t made = make_one(conceal);
            int32_t weight = (int32_t)(i + 1);

            samples[i] = (int16_t)((made * ((int32_t)fade + 1 - weight) + samples[i] * weight) /
                                   ((int32_t)fade + 1));
        }
        conceal->cycle_len = 0;
        conceal->made = 0;
    }
    remember(conceal, samples, count);
}
