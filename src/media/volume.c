/*
 * Volume and level. Integer arithmetic, so that every build says the same. Not whose volume it is,
 * nor when it is measured (engine/session_sound.c).
 */
#include "media/volume.h"

#include "media/clip.h"

void omsp_volume_apply(int16_t *pcm, size_t count, unsigned volume)
{
    const int32_t half = (int32_t)OMSP_VOLUME_SAME / 2;

    if (volume == OMSP_VOLUME_SAME)
        return;
    for (size_t i = 0; i < count; i++) {
        int32_t product = pcm[i] * (int32_t)volume; /* -2^31 < product: volume is below 2^16 */

        pcm[i] = omsp_clip16((product + (product < 0 ? -half : half)) / (int32_t)OMSP_VOLUME_SAME);
    }
}

static uint32_t root(uint64_t value)
{
    uint64_t result = 0;

    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
        if ((result + bit) * (result + bit) <= value)
            result += bit;
    return (uint32_t)result;
}

uint64_t omsp_level_energy(const int16_t *pcm, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (uint64_t)((int32_t)pcm[i] * pcm[i]);
    return sum;
}

unsigned omsp_level_of(uint64_t energy, size_t count)
{
    uint32_t rms = count ? root(energy / count) : 0;

    return rms < OMSP_LEVEL_MAX ? rms : OMSP_LEVEL_MAX;
}

unsigned omsp_level_rms(const int16_t *pcm, size_t count)
{
    return omsp_level_of(omsp_level_energy(pcm, count), count);
}
