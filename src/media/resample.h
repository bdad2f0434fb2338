/*
 * Rate conversion of 16-bit mono by a windowed sinc (Kaiser), linear phase, delay compensated: the
 * first sample out belongs to the first sample in. Pass band flat within 0.5 dB up to 0.425 of the
 * lower rate (3.4 kHz at 8 kHz), aliases and images below -40 dB from 0.575 on.
 * One allocation at create. Not thread-safe.
 */
#ifndef OMSP_MEDIA_RESAMPLE_H
#define OMSP_MEDIA_RESAMPLE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_RESAMPLE_MIN_RATE 8000u
#define OMSP_RESAMPLE_MAX_RATE 48000u

struct omsp_resample;

/* Equal rates copy. OMSP_INVALID (a rate outside the limits), OMSP_NOMEM. */
enum omsp_status omsp_resample_create(uint32_t rate_in, uint32_t rate_out,
                                      struct omsp_resample **out);
void omsp_resample_destroy(struct omsp_resample *resample); /* NULL is fine */
/* Takes as many of in_count samples as needed to fill out (*used; they are remembered inside) and
 * answers how many were written, at most room. Call again with the rest while *used < in_count or
 * the answer is `room`. */
size_t omsp_resample_process(struct omsp_resample *resample, const int16_t *in, size_t in_count,
                             size_t *used, int16_t *out, size_t room);
/* After the last input: the rest, so that in total ceil(in * rate_out / rate_in) come out; call
 * until it answers less than room. */
size_t omsp_resample_flush(struct omsp_resample *resample, int16_t *out, size_t room);
/* As new. */
void omsp_resample_reset(struct omsp_resample *resample);

#endif
