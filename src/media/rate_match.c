/* libspeexdsp's resampler behind our types. One owner at a time. */
#include "media/rate_match.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>
#include <speex/speex_resampler.h>

/* Of 0..10: 64 taps at the lower rate. Beyond this band G.711 has nothing to offer. */
#define QUALITY  4
#define STEP_PPM 10
#define MOST_PPM 5000
/* The library multiplies two denominators in 32 bits. */
#define MOST_DENOMINATOR 65535u

struct omsp_rate_match {
    SpeexResamplerState *state;
    uint32_t rate_in, rate_out;
    double ratio; /* of input to output, bent */
    int32_t ppm;
};

/* The fraction with a small denominator that is nearest to value, by its continued fraction; off by
 * a few millionths at most for the ratios of sound cards. */
static void approximate(double value, uint32_t *numerator, uint32_t *denominator)
{
    uint32_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
    double rest = value;

    for (;;) {
        double whole = floor(rest);
        uint32_t most = q1 ? (MOST_DENOMINATOR - q0) / q1 : UINT32_MAX;
        uint32_t a = whole < most ? (uint32_t)whole : most;
        uint32_t p2 = a * p1 + p0, q2 = a * q1 + q0;
        bool cut = whole > most;

        if (cut && fabs((double)p2 / q2 - value) > fabs((double)p1 / q1 - value))
            break;
        p0 = p1, q0 = q1;
        p1 = p2, q1 = q2;
        rest -= whole;
        if (cut || rest < 1e-9)
            break;
        rest = 1 / rest;
    }
    *numerator = p1;
    *denominator = q1;
}

enum omsp_status omsp_rate_match_create(uint32_t rate_in, uint32_t rate_out,
                                        struct omsp_rate_match **out)
{
    struct omsp_rate_match *match;
    int error;

    if (rate_in < OMSP_RATE_MATCH_MIN || rate_in > OMSP_RATE_MATCH_MAX ||
        rate_out < OMSP_RATE_MATCH_MIN || rate_out > OMSP_RATE_MATCH_MAX)
        return OMSP_INVALID;
    match = omsp_zalloc(sizeof(*match));
    if (!match)
        return OMSP_NOMEM;
    match->rate_in = rate_in;
    match->rate_out = rate_out;
    match->ratio = (double)rate_in / rate_out;
    match->state = speex_resampler_init(1, rate_in, rate_out, QUALITY, &error);
    if (!match->state) {
        omsp_free(match);
        return OMSP_NOMEM;
    }
    *out = match;
    return OMSP_OK;
}

void omsp_rate_match_destroy(struct omsp_rate_match *match)
{
    if (!match)
        return;
    speex_resampler_destroy(match->state);
    omsp_free(match);
}

void omsp_rate_match_bend(struct omsp_rate_match *match, int32_t ppm)
{
    uint32_t numerator, denominator;
    spx_uint32_t was_numerator, was_denominator;
    double ratio;

    if (ppm > MOST_PPM)
        ppm = MOST_PPM;
    if (ppm < -MOST_PPM)
        ppm = -MOST_PPM;
    ppm -= ppm % STEP_PPM;
    if (ppm == match->ppm)
        return;
    ratio = (double)match->rate_in / match->rate_out * (1 + ppm * 1e-6);
    approximate(ratio, &numerator, &denominator);
    speex_resampler_get_ratio(match->state, &was_numerator, &was_denominator);
    if (speex_resampler_set_rate_frac(match->state, numerator, denominator, match->rate_in,
                                      match->rate_out) == 0) {
        match->ppm = ppm;
        match->ratio = ratio;
    } else {
        /* No memory, and the library converts nothing any more: what it had has its room still. */
        speex_resampler_set_rate_frac(match->state, was_numerator, was_denominator, match->rate_in,
                                      match->rate_out);
    }
}

size_t omsp_rate_match_process(struct omsp_rate_match *match, const int16_t *in, size_t in_count,
                               size_t *used, int16_t *out, size_t room)
{
    spx_uint32_t take = (spx_uint32_t)in_count, make = (spx_uint32_t)room;

    if (speex_resampler_process_int(match->state, 0, in, &take, out, &make) != 0)
        take = make = 0;
    *used = take;
    return make;
}

size_t omsp_rate_match_need(const struct omsp_rate_match *match, size_t out)
{
    return (size_t)ceil((double)out * match->ratio);
}
