/*
 * Payloads of media streams from line codes, and samples for the line from payloads. Not here: when
 * a frame is due and what time it bears (engine/fork_media.c). One owner at a time; no allocation
 * but at create.
 */
#include "media/stream_codec.h"

#include "base/alloc.h"
#include "media/g711.h"
#include "media/opus.h"
#include "media/resample.h"

#include <string.h>

#define LINE_RATE 8000u
#define BEST_RATE 24000u

_Static_assert(OMSP_OPUS_FRAME == OMSP_STREAM_FRAME, "a frame is a packet");
_Static_assert(OMSP_OPUS_PACKET_MAX <= OMSP_STREAM_BYTES_MAX, "a packet fits");
_Static_assert(OMSP_OPUS_DECODED_MAX <= OMSP_STREAM_PIECE_MAX, "what is in any packet fits");

/* ---- formats -------------------------------------------------------------------------------- */

static const char *const names[] = {"audio/x-mulaw", "audio/x-l16", "audio/opus"};

const char *omsp_stream_encoding_name(enum omsp_stream_encoding encoding)
{
    return names[encoding];
}

enum omsp_status omsp_stream_format_check(struct omsp_stream_format *format)
{
    unsigned rate = format->rate ? format->rate : LINE_RATE;

    if ((unsigned)format->encoding > OMSP_STREAM_OPUS)
        return OMSP_INVALID;
    if (rate != LINE_RATE &&
        (format->encoding == OMSP_STREAM_ULAW || (rate != 2 * LINE_RATE && rate != BEST_RATE)))
        return OMSP_INVALID;
    format->rate = rate;
    return OMSP_OK;
}

enum omsp_status omsp_stream_format_read(const char *encoding, unsigned rate,
                                         struct omsp_stream_format *out)
{
    struct omsp_stream_format format = {OMSP_STREAM_ULAW, rate};
    enum omsp_status status;

    while (encoding && strcmp(encoding, names[format.encoding])) {
        if (format.encoding == OMSP_STREAM_OPUS)
            return OMSP_INVALID;
        format.encoding++;
    }
    status = omsp_stream_format_check(&format);
    if (!status)
        *out = format;
    return status;
}

size_t omsp_stream_bytes_max(const struct omsp_stream_format *format)
{
    switch (format->encoding) {
    case OMSP_STREAM_L16:
        return 2 * (size_t)OMSP_STREAM_FRAME * (format->rate / LINE_RATE);
    case OMSP_STREAM_OPUS:
        return OMSP_OPUS_PACKET_MAX;
    default:
        return OMSP_STREAM_FRAME;
    }
}

/* ---- linear samples ------------------------------------------------------------------------- */

/* After it, 160 samples of 8 kHz give 320 or 480, and 320 or 480 give 160: the filter has what lies
 * before them, and what it needs of the future it owes. */
static void prime(struct omsp_resample *resample)
{
    static const int16_t zeros[OMSP_STREAM_FRAME];
    int16_t none;
    size_t used;

    omsp_resample_reset(resample);
    omsp_resample_process(resample, zeros, OMSP_STREAM_FRAME, &used, &none, 0);
}

static void put_samples(uint8_t *out, const int16_t *pcm, size_t count)
{
    for (size_t i = 0; i < count; i++)
        omsp_put_le16(out + 2 * i, (uint16_t)pcm[i]);
}

static void get_samples(int16_t *pcm, const uint8_t *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)omsp_le16(in + 2 * i);
}

/* ---- to the consumer ------------------------------------------------------------------------ */

struct omsp_stream_encoder {
    struct omsp_opus_encoder *opus; /* or */
    struct omsp_resample *resample; /* or neither: L16 at 8 kHz */
    size_t samples;                 /* of a frame */
};

enum omsp_status omsp_stream_encoder_create(const struct omsp_stream_format *format,
                                            struct omsp_stream_encoder **out)
{
    struct omsp_stream_encoder *encoder;
    enum omsp_status status = OMSP_OK;

    *out = NULL;
    if (format->encoding == OMSP_STREAM_ULAW)
        return OMSP_OK;
    encoder = omsp_zalloc(sizeof(*encoder));
    if (!encoder)
        return OMSP_NOMEM;
    encoder->samples = OMSP_STREAM_FRAME * (size_t)(format->rate / LINE_RATE);
    if (format->encoding == OMSP_STREAM_OPUS)
        status = omsp_opus_encoder_create(&encoder->opus);
    else if (format->rate != LINE_RATE)
        status = omsp_resample_create(LINE_RATE, format->rate, &encoder->resample);
    if (status) {
        omsp_stream_encoder_destroy(encoder);
        return status;
    }
    omsp_stream_encoder_reset(encoder);
    *out = encoder;
    return OMSP_OK;
}

void omsp_stream_encoder_destroy(struct omsp_stream_encoder *encoder)
{
    if (!encoder)
        return;
    omsp_opus_encoder_destroy(encoder->opus);
    omsp_resample_destroy(encoder->resample);
    omsp_free(encoder);
}

void omsp_stream_encoder_reset(struct omsp_stream_encoder *encoder)
{
    if (encoder && encoder->opus)
        omsp_opus_encoder_reset(encoder->opus);
    else if (encoder && encoder->resample)
        prime(encoder->resample);
}

size_t omsp_stream_encode(struct omsp_stream_encoder *encoder,
                          const uint8_t codes[OMSP_STREAM_FRAME], bool joins,
                          uint8_t payload[OMSP_STREAM_BYTES_MAX])
{
    int16_t line[OMSP_STREAM_FRAME], wide[OMSP_STREAM_BYTES_MAX / 2], *pcm = line;
    size_t used;

    if (!encoder) {
        memcpy(payload, codes, OMSP_STREAM_FRAME);
        return OMSP_STREAM_FRAME;
    }
    omsp_ulaw_decode(line, codes, OMSP_STREAM_FRAME);
    /* Opus keeps its state over a gap: the decoder gets every packet and knows of none. */
    if (encoder->opus)
        return omsp_opus_encode(encoder->opus, line, payload);
    if (encoder->resample) {
        if (!joins)
            prime(encoder->resample);
        omsp_resample_process(encoder->resample, line, OMSP_STREAM_FRAME, &used, wide,
                              encoder->samples);
        pcm = wide;
    }
    put_samples(payload, pcm, encoder->samples);
    return 2 * encoder->samples;
}

/* ---- from the consumer ---------------------------------------------------------------------- */

struct omsp_stream_decoder {
    enum omsp_stream_encoding encoding;
    unsigned factor; /* of the rate over the line's */
    struct omsp_opus_decoder *opus;
    struct omsp_resample *resample; /* L16 at other rates than the line's */
};

enum omsp_status omsp_stream_decoder_create(const struct omsp_stream_format *format,
                                            struct omsp_stream_decoder **out)
{
    struct omsp_stream_decoder *decoder = omsp_zalloc(sizeof(*decoder));
    enum omsp_status status = OMSP_OK;

    if (!decoder)
        return OMSP_NOMEM;
    decoder->encoding = format->encoding;
    decoder->factor = format->rate / LINE_RATE;
    if (format->encoding == OMSP_STREAM_OPUS)
        status = omsp_opus_decoder_create(&decoder->opus);
    else if (format->encoding == OMSP_STREAM_L16 && format->rate != LINE_RATE)
        status = omsp_resample_create(format->rate, LINE_RATE, &decoder->resample);
    if (status) {
        omsp_stream_decoder_destroy(decoder);
        return status;
    }
    omsp_stream_decoder_reset(decoder);
    *out = decoder;
    return OMSP_OK;
}

void omsp_stream_decoder_destroy(struct omsp_stream_decoder *decoder)
{
    if (!decoder)
        return;
    omsp_opus_decoder_destroy(decoder->opus);
    omsp_resample_destroy(decoder->resample);
    omsp_free(decoder);
}

void omsp_stream_decoder_reset(struct omsp_stream_decoder *decoder)
{
    if (decoder->opus)
        omsp_opus_decoder_reset(decoder->opus);
    else if (decoder->resample)
        prime(decoder->resample);
}

enum omsp_status omsp_stream_samples(const struct omsp_stream_decoder *decoder,
                                     struct omsp_span payload, size_t *samples)
{
    *samples = 0;
    if (!payload.len)
        return OMSP_OK;
    switch (decoder->encoding) {
    case OMSP_STREAM_OPUS:
        *samples = omsp_opus_samples(payload);
        return *samples ? OMSP_OK : OMSP_INVALID;
    case OMSP_STREAM_L16:
        *samples = payload.len / 2 / decoder->factor + 1;
        return payload.len % 2 ? OMSP_INVALID : OMSP_OK;
    default:
        *samples = payload.len;
        return OMSP_OK;
    }
}

static void decode_linear(struct omsp_stream_decoder *decoder, struct omsp_span *payload,
                          int16_t pcm[OMSP_STREAM_PIECE_MAX], size_t *count)
{
    int16_t wide[OMSP_STREAM_BYTES_MAX / 2];
    size_t samples = payload->len / 2, most = sizeof(wide) / sizeof(wide[0]), used = 0;

    if (samples > most)
        samples = most;
    get_samples(decoder->resample ? wide : pcm, payload->ptr, samples);
    *count = samples;
    /* There is always room, so it takes all. */
    if (decoder->resample)
        *count = omsp_resample_process(decoder->resample, wide, samples, &used, pcm,
                                       OMSP_STREAM_PIECE_MAX);
    payload->ptr += 2 * samples;
    payload->len -= 2 * samples;
}

enum omsp_status omsp_stream_decode(struct omsp_stream_decoder *decoder, struct omsp_span *payload,
                                    int16_t pcm[OMSP_STREAM_PIECE_MAX], size_t *count)
{
    struct omsp_span whole = *payload;

    *count = 0;
    if (!payload->len)
        return OMSP_OK;
    switch (decoder->encoding) {
    case OMSP_STREAM_OPUS:
        *payload = omsp_span(NULL, 0);
        return omsp_opus_decode(decoder->opus, whole, pcm, count);
    case OMSP_STREAM_L16:
        if (payload->len % 2)
            return OMSP_INVALID;
        decode_linear(decoder, payload, pcm, count);
        return OMSP_OK;
    default:
        *count = payload->len < OMSP_STREAM_FRAME ? payload->len : OMSP_STREAM_FRAME;
        omsp_ulaw_decode(pcm, payload->ptr, *count);
        payload->ptr += *count;
        payload->len -= *count;
        return OMSP_OK;
    }
}
