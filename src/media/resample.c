/*
 * Rate conversion by a windowed sinc. The fraction between two input samples is one of `phases`
 * exact ones when the rates' ratio is simple, else the nearest. No notion of files or streams; one
 * owner at a time.
 */
#include "media/resample.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

#define PI          3.14159265358979323846
#define TRANSITION  0.11 /* of the lower rate */
#define MIDDLE      0.48 /* of the lower rate: the -6 dB point */
#define ATTENUATION 55.0 /* dB */
#define MOST_PHASES 512u
#define UNITY       32768.0

struct omsp_resample {
    uint32_t in, out;      /* reduced rates */
    uint32_t phases, taps; /* taps is even */
    uint32_t ahead;        /* input still to come before the next output: 0 means now */
    uint32_t fraction;     /* of an input sample, in 1/out */
    uint32_t at;           /* where the next input goes in the ring */
    uint64_t taken, given; /* since the start */
    int16_t *ring;         /* 2 * taps: everything twice, so that a window is always in one piece */
    int16_t *filter;       /* phases * taps, 1.0 is 32768 */
};

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The modified Bessel function of order 0, by its series. */
static double bessel0(double x)
{
    double sum = 1, term = 1;

    for (int k = 1; term > sum * 1e-12; k++) {
        term *= (x / 2 / k) * (x / 2 / k);
        sum += term;
    }
    return sum;
}

/* The tap at `distance` input samples from the centre, but for a factor; half: of the window,
 * cutoff in cycles per input sample. */
static double tap(double distance, double half, double cutoff)
{
    const double beta = 0.1102 * (ATTENUATION - 8.7); /* Kaiser's rule */
    double x = 2 * PI * cutoff * distance, r = distance / half;

    if (r <= -1 || r >= 1)
        return 0;
    return (fabs(x) < 1e-9 ? 1 : sin(x) / x) * bessel0(beta * sqrt(1 - r * r));
}

/* Each phase is brought to exactly unity gain for a constant, or the phases would hum. */
static void design(struct omsp_resample *resample, double cutoff)
{
    double half = resample->taps / 2;

    for (uint32_t phase = 0; phase < resample->phases; phase++) {
        int16_t *taps = resample->filter + phase * resample->taps;
        double centre = half - 1 + (double)phase / resample->phases, sum = 0;
        int32_t rest = (int32_t)UNITY;

        for (uint32_t i = 0; i < resample->taps; i++)
            sum += tap(i - centre, half, cutoff);
        for (uint32_t i = 0; i < resample->taps; i++) {
            taps[i] = (int16_t)lrint(tap(i - centre, half, cutoff) / sum * (UNITY - 1));
            rest -= taps[i];
        }
        taps[resample->taps / 2] = (int16_t)(taps[resample->taps / 2] + rest);
    }
}

enum omsp_status omsp_resample_create(uint32_t rate_in, uint32_t rate_out,
                                      struct omsp_resample **out)
{
    uint32_t divisor, lower = rate_in < rate_out ? rate_in : rate_out, taps, phases;
    struct omsp_resample *resample;

    if (rate_in < OMSP_RESAMPLE_MIN_RATE || rate_in > OMSP_RESAMPLE_MAX_RATE ||
        rate_out < OMSP_RESAMPLE_MIN_RATE || rate_out > OMSP_RESAMPLE_MAX_RATE)
        return OMSP_INVALID;
    divisor = common_divisor(rate_in, rate_out);
    /* Kaiser: taps = (A - 8) / (2.285 * transition in radians per input sample) */
    taps = (uint32_t)((ATTENUATION - 8) / (2.285 * 2 * PI * TRANSITION * lower / rate_in)) + 2;
    taps += taps & 1;
    phases = rate_out / divisor <= MOST_PHASES ? rate_out / divisor : MOST_PHASES;
    if (rate_in == rate_out)
        taps = phases = 0;
    resample = omsp_zalloc(sizeof(*resample) +
                           ((size_t)phases * taps + 2 * (size_t)taps) * sizeof(int16_t));
    if (!resample)
        return OMSP_NOMEM;
    resample->in = rate_in / divisor;
    resample->out = rate_out / divisor;
    resample->taps = taps;
    resample->phases = phases;
    resample->ring = (int16_t *)(void *)(resample + 1);
    resample->filter = resample->ring + 2 * taps;
    design(resample, MIDDLE * lower / rate_in);
    omsp_resample_reset(resample);
    *out = resample;
    return OMSP_OK;
}

void omsp_resample_destroy(struct omsp_resample *resample)
{
    omsp_free(resample);
}

void omsp_resample_reset(struct omsp_resample *resample)
{
    memset(resample->ring, 0, 2 * (size_t)resample->taps * sizeof(int16_t));
    resample->at = resample->fraction = 0;
    /* The first output lies at the first input, which must be in the window's middle. */
    resample->ahead = resample->taps / 2 + 1;
    resample->taken = resample->given = 0;
}

static void push(struct omsp_resample *resample, int16_t sample)
{
    resample->ring[resample->at] = resample->ring[resample->at + resample->taps] = sample;
    if (++resample->at == resample->taps)
        resample->at = 0;
    resample->ahead--;
}

static int16_t pull(struct omsp_resample *resample)
{
    const int16_t *window = resample->ring + resample->at;
    uint32_t phase = (uint32_t)((uint64_t)resample->fraction * resample->phases / resample->out);
    const int16_t *taps = resample->filter + phase * resample->taps;
    int64_t sum = 0;

    for (uint32_t i = 0; i < resample->taps; i++)
        sum += (int32_t)window[i] * taps[i];
    sum = (sum + 16384) >> 15;
    resample->fraction += resample->in;
    resample->ahead = resample->fraction / resample->out;
    resample->fraction %= resample->out;
    resample->given++;
    return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

size_t omsp_resample_process(struct omsp_resample *resample, const int16_t *in, size_t in_count,
                             size_t *used, int16_t *out, size_t room)
{
    size_t taken = 0, made = 0;

    if (!resample->taps) {
        made = in_count < room ? in_count : room;
        memcpy(out, in, made * sizeof(*in));
        *used = made;
        return made;
    }
    for (;;) {
        while (resample->ahead && taken < in_count)
            push(resample, in[taken++]);
        if (resample->ahead || made == room)
            break;
        out[made++] = pull(resample);
    }
    resample->taken += taken;
    *used = taken;
    return made;
}

size_t omsp_resample_flush(struct omsp_resample *resample, int16_t *out, size_t room)
{
    uint64_t total = (resample->taken * resample->out + resample->in - 1) / resample->in;
    size_t made = 0;

    if (!resample->taps)
        return 0;
    while (made < room && resample->given < total) {
        while (resample->ahead)
            push(resample, 0);
        out[made++] = pull(resample);
    }
    if (made < room)
        omsp_resample_reset(resample);
    return made;
}
