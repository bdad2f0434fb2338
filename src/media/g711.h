/*
 * G.711: µ-law and A-law, 64 kbit/s. Linear samples are 16 bit, left justified, as ITU-T G.191 and
 * the field have them (µ-law uses the top 14 bits, A-law the top 13). Pure functions: any thread.
 *
 * µ-law works on the magnitude: bias 132, clip 32635, code(-x) is code(x) with the other sign, +0
 * is 0xFF and 0x00 is a legal code (no zero trap). Where a negative sample lies exactly on a
 * decision value (127 of the 65536 inputs) the G.191 tool takes the neighbouring code, which is
 * equally near; everywhere else the two agree. A-law agrees with G.191 on all inputs.
 */
#ifndef OMSP_MEDIA_G711_H
#define OMSP_MEDIA_G711_H

#include <stddef.h>
#include <stdint.h>

#define OMSP_ULAW_SILENCE 0xFFu /* +0 */
#define OMSP_ALAW_SILENCE 0xD5u /* the smallest positive step, +8: A-law has no zero */

/* n samples to n codes and back. out and in do not overlap; n may be 0. */
void omsp_ulaw_encode(uint8_t *out, const int16_t *in, size_t n);
void omsp_ulaw_decode(int16_t *out, const uint8_t *in, size_t n);
void omsp_alaw_encode(uint8_t *out, const int16_t *in, size_t n);
void omsp_alaw_decode(int16_t *out, const uint8_t *in, size_t n);

/* Code to code after G.711 table 4 (which is not the same as decoding and encoding again). out may
 * be in. */
void omsp_alaw_to_ulaw(uint8_t *out, const uint8_t *in, size_t n);

/* One sample. */
uint8_t omsp_ulaw_from_linear(int16_t sample);
int16_t omsp_ulaw_to_linear(uint8_t code);
uint8_t omsp_alaw_from_linear(int16_t sample);
int16_t omsp_alaw_to_linear(uint8_t code);

#endif
