/*
 * Automatic gain control of 16-bit mono speech at 8 kHz: brings whoever speaks to one loudness, by
 * at most 12 dB a second up and 40 dB down, up to 30 dB louder; what is no speech moves nothing
 * (libspeexdsp's preprocessor). Not thread-safe.
 */
#ifndef OMSP_MEDIA_GAIN_CONTROL_H
#define OMSP_MEDIA_GAIN_CONTROL_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_GAIN_CONTROL_FRAME 80u /* samples: 10 ms */

struct omsp_gain_control;

/* OMSP_NOMEM; OMSP_NOTSUPPORTED (a libspeexdsp without
 * floating point). */
enum omsp_status omsp_gain_control_create(struct omsp_gain_control **out);
void omsp_gain_control_destroy(struct omsp_gain_control *gain); /* NULL is fine */
/* In place, 10 ms late; whole frames, what is over stays as it is. No allocation. */
void omsp_gain_control_run(struct omsp_gain_control *gain, int16_t *pcm, size_t count);

#endif
