/*
 * WAV file bytes to 16-bit mono at 8 kHz and back. Works through small blocks on the stack, so any
 * amount may be given at once. One owner at a time.
 */
#include "media/wav_convert.h"

#include "base/alloc.h"
#include "media/g711.h"
#include "media/resample.h"

#include <string.h>

#define BLOCK 160u /* samples at a time */

/* ---- file to mono --------------------------------------------------------------------------- */

struct omsp_wav_decoder {
    struct omsp_wav_format format;
    struct omsp_resample *resample; /* NULL at 8 kHz */
};

enum omsp_status omsp_wav_decoder_create(const struct omsp_wav_format *format,
                                         struct omsp_wav_decoder **out)
{
    struct omsp_wav_decoder *decoder;
    enum omsp_status status = OMSP_OK;

    if (!omsp_wav_format_ok(format))
        return OMSP_NO_FORMAT;
    decoder = omsp_zalloc(sizeof(*decoder));
    if (!decoder)
        return OMSP_NOMEM;
    decoder->format = *format;
    if (format->rate != OMSP_WAV_MONO_RATE)
        status = omsp_resample_create(format->rate, OMSP_WAV_MONO_RATE, &decoder->resample);
    if (status) {
        omsp_wav_decoder_destroy(decoder);
        return status;
    }
    *out = decoder;
    return OMSP_OK;
}

void omsp_wav_decoder_destroy(struct omsp_wav_decoder *decoder)
{
    if (!decoder)
        return;
    omsp_resample_destroy(decoder->resample);
    omsp_free(decoder);
}

static int32_t sample_at(const struct omsp_wav_format *format, const uint8_t *bytes)
{
    if (format->tag == OMSP_WAV_ULAW)
        return omsp_ulaw_to_linear(*bytes);
    if (format->tag == OMSP_WAV_ALAW)
        return omsp_alaw_to_linear(*bytes);
    if (format->bits == 8)
        return ((int32_t)*bytes - 128) * 256;
    return (int16_t)omsp_le16(bytes);
}

static void to_mono(const struct omsp_wav_format *format, const uint8_t *bytes, int16_t *mono,
                    size_t count)
{
    uint32_t width = format->bits / 8u, block = omsp_wav_block_bytes(format);

    for (size_t i = 0; i < count; i++) {
        int32_t sum = 0;

        for (uint32_t c = 0; c < format->channels; c++)
            sum += sample_at(format, bytes + i * block + c * width);
        mono[i] = (int16_t)(sum / format->channels);
    }
}

size_t omsp_wav_decode(struct omsp_wav_decoder *decoder, const uint8_t *bytes, size_t len,
                       size_t *used, int16_t *out, size_t room)
{
    uint32_t block = omsp_wav_block_bytes(&decoder->format);
    size_t blocks = len / block, at = 0, made = 0;
    int16_t mono[BLOCK];

    if (!decoder->resample) {
        made = blocks < room ? blocks : room;
        to_mono(&decoder->format, bytes, out, made);
        *used = made * block;
        return made;
    }
    while (at < blocks && made < room) {
        size_t count = blocks - at < BLOCK ? blocks - at : BLOCK, taken;

        to_mono(&decoder->format, bytes + at * block, mono, count);
        made +=
            omsp_resample_process(decoder->resample, mono, count, &taken, out + made, room - made);
        at += taken;
    }
    *used = at * block;
    return made;
}

size_t omsp_wav_decode_flush(struct omsp_wav_decoder *decoder, int16_t *out, size_t room)
{
    return decoder->resample ? omsp_resample_flush(decoder->resample, out, room) : 0;
}

/* ---- to a file ------------------------------------------------------------------------------ */

struct omsp_wav_encoder {
    struct omsp_wav_format format;
    unsigned tracks; /* 1: for all channels, or a track each */
    struct omsp_resample *resample[OMSP_WAV_CHANNELS_MAX]; /* NULL at 8 kHz; one for each track */
};

static enum omsp_status create(const struct omsp_wav_format *format, unsigned tracks,
                               struct omsp_wav_encoder **out)
{
    struct omsp_wav_encoder *encoder;
    enum omsp_status status = OMSP_OK;

    if (!omsp_wav_format_ok(format))
        return OMSP_NO_FORMAT;
    encoder = omsp_zalloc(sizeof(*encoder));
    if (!encoder)
        return OMSP_NOMEM;
    encoder->format = *format;
    encoder->tracks = tracks;
    for (unsigned i = 0; i < tracks && format->rate != OMSP_WAV_MONO_RATE && !status; i++)
        status = omsp_resample_create(OMSP_WAV_MONO_RATE, format->rate, &encoder->resample[i]);
    if (status) {
        omsp_wav_encoder_destroy(encoder);
        return status;
    }
    *out = encoder;
    return OMSP_OK;
}

enum omsp_status omsp_wav_encoder_create(const struct omsp_wav_format *format,
                                         struct omsp_wav_encoder **out)
{
    return create(format, 1, out);
}

enum omsp_status omsp_wav_encoder_create_tracks(const struct omsp_wav_format *format,
                                                struct omsp_wav_encoder **out)
{
    return create(format, format->channels, out);
}

void omsp_wav_encoder_destroy(struct omsp_wav_encoder *encoder)
{
    if (!encoder)
        return;
    for (unsigned i = 0; i < OMSP_WAV_CHANNELS_MAX; i++)
        omsp_resample_destroy(encoder->resample[i]);
    omsp_free(encoder);
}

static void put_sample(const struct omsp_wav_format *format, int16_t sample, uint8_t *bytes)
{
    if (format->tag == OMSP_WAV_ULAW)
        *bytes = omsp_ulaw_from_linear(sample);
    else if (format->tag == OMSP_WAV_ALAW)
        *bytes = omsp_alaw_from_linear(sample);
    else if (format->bits == 8) /* rounded; the top half step has nowhere to go */
        *bytes = (uint8_t)(sample > 32639 ? 255 : (sample + 128 + 32768) / 256);
    else
        omsp_put_le16(bytes, (uint16_t)sample);
}

/* Interleaved tracks to blocks. */
static void put_blocks(const struct omsp_wav_encoder *encoder, const int16_t *samples, size_t count,
                       uint8_t *bytes)
{
    const struct omsp_wav_format *format = &encoder->format;
    uint32_t width = format->bits / 8u;

    for (size_t i = 0; i < count; i++, samples += encoder->tracks)
        for (uint32_t c = 0; c < format->channels; c++, bytes += width)
            put_sample(format, samples[encoder->tracks > 1 ? c : 0], bytes);
}

/* One step of every track's resampler; samples NULL: what they still hold. All are in the same
 * state, so that they take and give alike. */
static size_t resample(struct omsp_wav_encoder *encoder, const int16_t *samples, size_t count,
                       size_t *used, int16_t *out, size_t room)
{
    int16_t in[BLOCK], one[BLOCK];
    size_t got = 0;

    *used = 0;
    for (unsigned t = 0; t < encoder->tracks; t++) {
        for (size_t i = 0; i < count; i++)
            in[i] = samples[i * encoder->tracks + t];
        got = samples ? omsp_resample_process(encoder->resample[t], in, count, used, one, room)
                      : omsp_resample_flush(encoder->resample[t], one, room);
        for (size_t i = 0; i < got; i++)
            out[i * encoder->tracks + t] = one[i];
    }
    return got;
}

size_t omsp_wav_encode(struct omsp_wav_encoder *encoder, const int16_t *samples, size_t count,
                       size_t *used, uint8_t *out, size_t room)
{
    uint32_t block = omsp_wav_block_bytes(&encoder->format);
    size_t blocks = room / block, taken = 0, made = 0;
    int16_t some[BLOCK * OMSP_WAV_CHANNELS_MAX];

    if (!encoder->resample[0]) {
        made = count < blocks ? count : blocks;
        put_blocks(encoder, samples, made, out);
        *used = made;
        return made * block;
    }
    for (;;) {
        size_t most = blocks - made < BLOCK ? blocks - made : BLOCK, step, got;
        size_t give = count - taken < BLOCK ? count - taken : BLOCK;

        got = resample(encoder, samples + taken * encoder->tracks, give, &step, some, most);
        put_blocks(encoder, some, got, out + made * block);
        made += got;
        taken += step;
        if (made == blocks || (got < most && taken == count))
            break;
    }
    *used = taken;
    return made * block;
}

size_t omsp_wav_encode_flush(struct omsp_wav_encoder *encoder, uint8_t *out, size_t room)
{
    uint32_t block = omsp_wav_block_bytes(&encoder->format);
    size_t blocks = room / block, made = 0, none;
    int16_t some[BLOCK * OMSP_WAV_CHANNELS_MAX];

    while (encoder->resample[0] && made < blocks) {
        size_t most = blocks - made < BLOCK ? blocks - made : BLOCK;
        size_t got = resample(encoder, NULL, 0, &none, some, most);

        put_blocks(encoder, some, got, out + made * block);
        made += got;
        if (got < most)
            break;
    }
    return made * block;
}
