/* A voice that never says anything; see speech.h. */
#include "support/speech.h"

#include <math.h>

#define TWO_PI 6.28318530717958647692

static double next_random(struct speech *speech) /* 0..1 */
{
    speech->random = speech->random * 1664525u + 1013904223u;
    return (double)(speech->random >> 8) / (1 << 24);
}

static void next_part(struct speech *speech)
{
    double chance = next_random(speech);

    speech->part = chance < 0.65 ? 0 : chance < 0.85 ? 1 : 2;
    speech->at = 0;
    speech->length = 400 + (unsigned)(next_random(speech) * (speech->part ? 800 : 2400));
    speech->pitch = 100 + 120 * next_random(speech);
    speech->tilt = 0.6 + 0.3 * next_random(speech);
}

void speech_init(struct speech *speech, double level, uint32_t seed)
{
    *speech = (struct speech){.level = level, .random = seed * 2654435761u + 1};
    next_part(speech);
}

static double sample(struct speech *speech)
{
    double rise = fmin(1, fmin(speech->at, speech->length - speech->at) / 160.0), sum = 0, part = 1;

    if (speech->part == 2)
        return 0;
    if (speech->part == 1)
        return rise * 0.8 * (2 * next_random(speech) - 1);
    speech->phase = fmod(speech->phase + TWO_PI * speech->pitch / 8000, TWO_PI);
    for (int overtone = 1; overtone <= 12; overtone++) {
        sum += part * sin(overtone * speech->phase + overtone * overtone);
        part *= speech->tilt;
    }
    return rise * sum;
}

void speech_fill(struct speech *speech, int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = speech->level * sample(speech);

        pcm[i] = (int16_t)lrint(fmax(-32768, fmin(32767, value)));
        if (++speech->at >= speech->length)
            next_part(speech);
    }
}
