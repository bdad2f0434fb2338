/*
 * Opus (RFC 6716) by libopus, for speech from and to a telephone: frames of 20 ms, mono, 8 kHz. An
 * Opus packet can be decoded at any of Opus' rates, whatever it was coded from.
 * One allocation at create, none later. Not thread-safe.
 */
#ifndef OMSP_MEDIA_OPUS_H
#define OMSP_MEDIA_OPUS_H

#include "base/bytes.h"
#include "base/status.h"

#define OMSP_OPUS_FRAME       160 /* samples of one packet that we make */
#define OMSP_OPUS_PACKET_MAX  320 /* bytes of it; about 60 at the rate that is asked for */
#define OMSP_OPUS_DECODED_MAX 960 /* samples of any packet: 120 ms */

struct omsp_opus_encoder;
struct omsp_opus_decoder;

/* OMSP_NOMEM, OMSP_IO (libopus did not like its settings). */
enum omsp_status omsp_opus_encoder_create(struct omsp_opus_encoder **out);
void omsp_opus_encoder_destroy(struct omsp_opus_encoder *encoder); /* NULL is fine */
/* As new: for another decoder than the one that heard what was before. */
void omsp_opus_encoder_reset(struct omsp_opus_encoder *encoder);
/* Answers the packet's length; 0: libopus failed, which it does not for valid arguments. */
size_t omsp_opus_encode(struct omsp_opus_encoder *encoder, const int16_t pcm[OMSP_OPUS_FRAME],
                        uint8_t packet[OMSP_OPUS_PACKET_MAX]);

/* OMSP_NOMEM, OMSP_IO. */
enum omsp_status omsp_opus_decoder_create(struct omsp_opus_decoder **out);
void omsp_opus_decoder_destroy(struct omsp_opus_decoder *decoder); /* NULL is fine */
void omsp_opus_decoder_reset(struct omsp_opus_decoder *decoder);
/* How many samples at 8 kHz a packet holds; 0: it is none. */
size_t omsp_opus_samples(struct omsp_span packet);
/* OMSP_INVALID: no Opus packet; *count is then 0. */
enum omsp_status omsp_opus_decode(struct omsp_opus_decoder *decoder, struct omsp_span packet,
                                  int16_t pcm[OMSP_OPUS_DECODED_MAX], size_t *count);

#endif
