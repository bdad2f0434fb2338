/*
 * libopus behind our allocator: its states are plain memory of a size that it tells. The only file
 * that knows libopus. No notion of streams; one owner at a time.
 */
#include "media/opus.h"

#include "base/alloc.h"

#include <opus/opus.h>

#define RATE       8000
#define BITRATE    24000 /* bit/s: telephone speech without audible loss */
#define COMPLEXITY 5     /* of 10: what is above costs the media thread more than it gives speech */

/* The states lie behind; the union keeps them aligned for whatever is in them. */
union head {
    size_t size;
    double number;
    void *pointer;
};

struct omsp_opus_encoder {
    union head head;
};

struct omsp_opus_decoder {
    union head head;
};

static OpusEncoder *encoder_state(struct omsp_opus_encoder *encoder)
{
    return (OpusEncoder *)(void *)(encoder + 1);
}

static OpusDecoder *decoder_state(struct omsp_opus_decoder *decoder)
{
    return (OpusDecoder *)(void *)(decoder + 1);
}

enum omsp_status omsp_opus_encoder_create(struct omsp_opus_encoder **out)
{
    struct omsp_opus_encoder *encoder =
        omsp_zalloc(sizeof(*encoder) + (size_t)opus_encoder_get_size(1));
    OpusEncoder *state;

    if (!encoder)
        return OMSP_NOMEM;
    state = encoder_state(encoder);
    if (opus_encoder_init(state, RATE, 1, OPUS_APPLICATION_VOIP) != OPUS_OK ||
        opus_encoder_ctl(state, OPUS_SET_BITRATE(BITRATE)) != OPUS_OK ||
        opus_encoder_ctl(state, OPUS_SET_COMPLEXITY(COMPLEXITY)) != OPUS_OK) {
        omsp_free(encoder);
        return OMSP_IO;
    }
    *out = encoder;
    return OMSP_OK;
}

void omsp_opus_encoder_destroy(struct omsp_opus_encoder *encoder)
{
    omsp_free(encoder);
}

void omsp_opus_encoder_reset(struct omsp_opus_encoder *encoder)
{
    opus_encoder_ctl(encoder_state(encoder), OPUS_RESET_STATE);
}

size_t omsp_opus_encode(struct omsp_opus_encoder *encoder, const int16_t pcm[OMSP_OPUS_FRAME],
                        uint8_t packet[OMSP_OPUS_PACKET_MAX])
{
    opus_int32 len =
        opus_encode(encoder_state(encoder), pcm, OMSP_OPUS_FRAME, packet, OMSP_OPUS_PACKET_MAX);

    return len > 0 ? (size_t)len : 0;
}

enum omsp_status omsp_opus_decoder_create(struct omsp_opus_decoder **out)
{
    struct omsp_opus_decoder *decoder =
        omsp_zalloc(sizeof(*decoder) + (size_t)opus_decoder_get_size(1));

    if (!decoder)
        return OMSP_NOMEM;
    if (opus_decoder_init(decoder_state(decoder), RATE, 1) != OPUS_OK) {
        omsp_free(decoder);
        return OMSP_IO;
    }
    *out = decoder;
    return OMSP_OK;
}

void omsp_opus_decoder_destroy(struct omsp_opus_decoder *decoder)
{
    omsp_free(decoder);
}

void omsp_opus_decoder_reset(struct omsp_opus_decoder *decoder)
{
    opus_decoder_ctl(decoder_state(decoder), OPUS_RESET_STATE);
}

size_t omsp_opus_samples(struct omsp_span packet)
{
    int samples;

    if (!packet.len || packet.len > INT32_MAX)
        return 0;
    samples = opus_packet_get_nb_samples(packet.ptr, (opus_int32)packet.len, RATE);
    return samples > 0 && samples <= OMSP_OPUS_DECODED_MAX ? (size_t)samples : 0;
}

enum omsp_status omsp_opus_decode(struct omsp_opus_decoder *decoder, struct omsp_span packet,
                                  int16_t pcm[OMSP_OPUS_DECODED_MAX], size_t *count)
{
    int got;

    *count = 0;
    /* An empty packet would be taken for a lost one. */
    if (!omsp_opus_samples(packet))
        return OMSP_INVALID;
    got = opus_decode(decoder_state(decoder), packet.ptr, (opus_int32)packet.len, pcm,
                      OMSP_OPUS_DECODED_MAX, 0);
    if (got < 0)
        return OMSP_INVALID;
    *count = (size_t)got;
    return OMSP_OK;
}
