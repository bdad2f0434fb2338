/*
 * Between the bytes of a WAV file and 16-bit mono at 8 kHz, both ways: companding, width, channels
 * (two are averaged; one is doubled), rate. At 8 kHz the samples are exact; other rates go through
 * resample.h. One allocation at create (and the resampler's). Not thread-safe.
 */
#ifndef OMSP_MEDIA_WAV_CONVERT_H
#define OMSP_MEDIA_WAV_CONVERT_H

#include "media/wav.h"

#define OMSP_WAV_MONO_RATE 8000u

struct omsp_wav_decoder;

/* OMSP_NO_FORMAT (not supported), OMSP_NOMEM. */
enum omsp_status omsp_wav_decoder_create(const struct omsp_wav_format *format,
                                         struct omsp_wav_decoder **out);
void omsp_wav_decoder_destroy(struct omsp_wav_decoder *decoder); /* NULL is fine */
/* Takes whole blocks from bytes, *used of them, until out is full or less than a block is left;
 * answers the samples written. Give the bytes not used again, with more behind them. */
size_t omsp_wav_decode(struct omsp_wav_decoder *decoder, const uint8_t *bytes, size_t len,
                       size_t *used, int16_t *out, size_t room);
/* At the end of the data: what the resampler still holds; until it answers less than room. The
 * decoder is as new after that. */
size_t omsp_wav_decode_flush(struct omsp_wav_decoder *decoder, int16_t *out, size_t room);

struct omsp_wav_encoder;

/* OMSP_NO_FORMAT, OMSP_NOMEM. */
enum omsp_status omsp_wav_encoder_create(const struct omsp_wav_format *format,
                                         struct omsp_wav_encoder **out);
void omsp_wav_encoder_destroy(struct omsp_wav_encoder *encoder); /* NULL is fine */
/* Takes samples until they end or out has no room for a block; answers the bytes written, whole
 * blocks. 24 bytes of room for each sample are always enough to take all, plus 24. */
size_t omsp_wav_encode(struct omsp_wav_encoder *encoder, const int16_t *samples, size_t count,
                       size_t *used, uint8_t *out, size_t room);
/* At the end: what the resampler still holds; until it answers less than room less one block. */
size_t omsp_wav_encode_flush(struct omsp_wav_encoder *encoder, uint8_t *out, size_t room);

#endif
