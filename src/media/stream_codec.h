/*
 * The payloads of media streams: G.711 µ-law as on the telephone line, and beyond Twilio linear
 * samples and Opus (twilio-streams, mediaFormat). One frame is 20 ms. Lines have 8 kHz: for the
 * other rates linear samples are converted, 2 ms late; Opus is coded from 8 kHz, for an Opus
 * decoder gives any of the rates, and is 6.5 ms late, as Opus is for speech.
 * Linear samples have their lower byte first, as consumers of audio/x-l16 expect them.
 * One owner at a time; everything is allocated at create.
 */
#ifndef OMSP_MEDIA_STREAM_CODEC_H
#define OMSP_MEDIA_STREAM_CODEC_H

#include "base/bytes.h"
#include "base/status.h"

#define OMSP_STREAM_FRAME     160 /* codes or samples of a frame at 8 kHz */
#define OMSP_STREAM_PIECE_MAX 960 /* samples that one call of omsp_stream_decode gives at most */
#define OMSP_STREAM_BYTES_MAX 960 /* of a frame's payload, in whatever format */

enum omsp_stream_encoding { OMSP_STREAM_ULAW, OMSP_STREAM_L16, OMSP_STREAM_OPUS };

struct omsp_stream_format {
    enum omsp_stream_encoding encoding;
    unsigned rate; /* 8000, 16000, 24000; 0 is 8000 */
};

/* "audio/x-mulaw", "audio/x-l16", "audio/opus"; case counts. encoding NULL: µ-law, rate 0: 8000.
 * OMSP_INVALID: another encoding, or a rate that it does not have (µ-law: 8000 alone). */
enum omsp_status omsp_stream_format_read(const char *encoding, unsigned rate,
                                         struct omsp_stream_format *out);
/* The same for a format that is given; fills in a rate of 0. */
enum omsp_status omsp_stream_format_check(struct omsp_stream_format *format);
const char *omsp_stream_encoding_name(enum omsp_stream_encoding encoding);
/* Bytes of a frame's payload at most, of a format that was read or checked. */
size_t omsp_stream_bytes_max(const struct omsp_stream_format *format);

/* ---- to the consumer ------------------------------------------------------------------------ */

struct omsp_stream_encoder;

/* Of a format that was read or checked. *out is NULL for µ-law, which needs none, and after an
 * error. OMSP_NOMEM, OMSP_IO (libopus). */
enum omsp_status omsp_stream_encoder_create(const struct omsp_stream_format *format,
                                            struct omsp_stream_encoder **out);
void omsp_stream_encoder_destroy(struct omsp_stream_encoder *encoder); /* NULL is fine */
/* As new: for another listener than the one that heard what was before. NULL is fine. */
void omsp_stream_encoder_reset(struct omsp_stream_encoder *encoder);
/* joins: the frame follows on the one before. Answers the payload's length; 0: libopus failed.
 * encoder NULL: a copy. */
size_t omsp_stream_encode(struct omsp_stream_encoder *encoder,
                          const uint8_t codes[OMSP_STREAM_FRAME], bool joins,
                          uint8_t payload[OMSP_STREAM_BYTES_MAX]);

/* ---- from the consumer ---------------------------------------------------------------------- */

struct omsp_stream_decoder;

/* Of a format that was read or checked. OMSP_NOMEM, OMSP_IO (libopus). */
enum omsp_status omsp_stream_decoder_create(const struct omsp_stream_format *format,
                                            struct omsp_stream_decoder **out);
void omsp_stream_decoder_destroy(struct omsp_stream_decoder *decoder); /* NULL is fine */
/* What comes does not follow on what was. */
void omsp_stream_decoder_reset(struct omsp_stream_decoder *decoder);
/* How many samples at 8 kHz a payload gives at most. OMSP_INVALID: half a sample, no Opus packet.
 * A payload of Opus is one packet; one without bytes gives nothing in every format. */
enum omsp_status omsp_stream_samples(const struct omsp_stream_decoder *decoder,
                                     struct omsp_span payload, size_t *samples);
/* Takes a piece off the payload's front, so that in the end nothing is left, and gives its *count
 * samples at 8 kHz, which may be none. OMSP_INVALID as above; the payload is then useless. */
enum omsp_status omsp_stream_decode(struct omsp_stream_decoder *decoder, struct omsp_span *payload,
                                    int16_t pcm[OMSP_STREAM_PIECE_MAX], size_t *count);

#endif
