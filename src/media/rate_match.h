/*
 * Rate conversion of 16-bit mono whose ratio can be bent while it runs, for sound cards whose clock
 * is not ours (libspeexdsp). For fixed ratios see resample.h. Delays by some 4 ms.
 * Allocates at create, and for a bend that needs a longer filter than there was. Not thread-safe.
 */
#ifndef OMSP_MEDIA_RATE_MATCH_H
#define OMSP_MEDIA_RATE_MATCH_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_RATE_MATCH_MIN 8000u
#define OMSP_RATE_MATCH_MAX 384000u

struct omsp_rate_match;

/* OMSP_INVALID (a rate outside the limits), OMSP_NOMEM. */
enum omsp_status omsp_rate_match_create(uint32_t rate_in, uint32_t rate_out,
                                        struct omsp_rate_match **out);
void omsp_rate_match_destroy(struct omsp_rate_match *match); /* NULL is fine */
/* From now on ppm millionths more of the input go into the same output (less, when negative), in
 * steps of 10; at most 5000. Costs some tens of microseconds. Without memory all stays as it was,
 * and the next call tries again. */
void omsp_rate_match_bend(struct omsp_rate_match *match, int32_t ppm);
/* Takes as many of in_count samples as fill out (*used) and answers how many were written; at the
 * start the filter swallows some. */
size_t omsp_rate_match_process(struct omsp_rate_match *match, const int16_t *in, size_t in_count,
                               size_t *used, int16_t *out, size_t room);
/* How many input samples `out` more output samples will take, within one. */
size_t omsp_rate_match_need(const struct omsp_rate_match *match, size_t out);

#endif
