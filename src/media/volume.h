/* Volume and level of 16-bit samples. Pure; any thread. */
#ifndef OMSP_MEDIA_VOLUME_H
#define OMSP_MEDIA_VOLUME_H

#include <stddef.h>
#include <stdint.h>

/* Linear factors on the scale of TAPI's volumes, 0..0xFFFF: a quarter of it changes nothing, so
 * that there is room to amplify by 12 dB. */
#define OMSP_VOLUME_MUTE 0u
#define OMSP_VOLUME_SAME 0x4000u
#define OMSP_VOLUME_MAX  0xffffu

#define OMSP_LEVEL_MAX 32767u

/* Multiplies by volume / OMSP_VOLUME_SAME, rounded to the nearest, clipped to 16 bit. volume <=
 * OMSP_VOLUME_MAX. */
void omsp_volume_apply(int16_t *pcm, size_t count, unsigned volume);

/* The root of the mean square, in units of a sample: 0..OMSP_LEVEL_MAX; 0 of nothing. count below
 * 2^32. */
unsigned omsp_level_rms(const int16_t *pcm, size_t count);
/* Its two halves: the sum of the squares, and what that comes to. */
uint64_t omsp_level_energy(const int16_t *pcm, size_t count);
unsigned omsp_level_of(uint64_t energy, size_t count);

#endif
