/*
 * Sound like speech, for what listens for it: vowels (a pitch with overtones that wanders) of a
 * quarter of a second, with noise in between and pauses. The same for the same seed.
 */
#ifndef OMSP_TESTS_SUPPORT_SPEECH_H
#define OMSP_TESTS_SUPPORT_SPEECH_H

#include <stddef.h>
#include <stdint.h>

struct speech {
    double level; /* root of the mean square, about; 0: silence */
    double phase, pitch, tilt;
    uint32_t random;
    unsigned at, length;
    int part; /* 0 vowel, 1 consonant, 2 pause */
};

void speech_init(struct speech *speech, double level, uint32_t seed);
/* At 8 kHz. */
void speech_fill(struct speech *speech, int16_t *pcm, size_t count);

#endif
