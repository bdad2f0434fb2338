/* Saturating sums of samples back to 16 bit. Pure. */
#ifndef OMSP_MEDIA_CLIP_H
#define OMSP_MEDIA_CLIP_H

#include <stdint.h>

static inline int16_t omsp_clip16(int32_t sample)
{
    if (sample > INT16_MAX)
        return INT16_MAX;
    return sample < INT16_MIN ? INT16_MIN : (int16_t)sample;
}

#endif
