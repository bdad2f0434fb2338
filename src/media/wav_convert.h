/*
 * Between the bytes of a WAV file and 16-bit samples at 8 kHz, both ways: companding, width,
 * channels, rate. Reading makes mono of all channels (their mean). Writing takes mono, which goes
 * into every channel, or one track for each channel. At 8 kHz the samples are exact; other rates go
 * through resample.h. Allocates at create alone. Not thread-safe.
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
/* The same for as many tracks as the format has channels: samples are interleaved, and what is
 * counted below in samples is of each track. */
enum omsp_status omsp_wav_encoder_create_tracks(const struct omsp_wav_format *format,
                                                struct omsp_wav_encoder **out);
/* Takes samples until they end or out has no room for a block; answers the bytes written, whole
 * blocks. 12 bytes of room for each sample and channel are always enough to take all, plus 12. */
size_t omsp_wav_encode(struct omsp_wav_encoder *encoder, const int16_t *samples, size_t count,
                       size_t *used, uint8_t *out, size_t room);
/* At the end: what the resampler still holds; until it answers less than room less one block. */
size_t omsp_wav_encode_flush(struct omsp_wav_encoder *encoder, uint8_t *out, size_t room);

#endif
