/* Payloads of a consumer's messages in every format of media streams: what is decoded are as many
 * samples as were announced, and the whole payload is used; a frame that we make is taken again. */
#include "fuzz.h"

#include "media/stream_codec.h"

static const struct omsp_stream_format formats[] = {
    {OMSP_STREAM_ULAW, 8000},  {OMSP_STREAM_L16, 8000},  {OMSP_STREAM_L16, 16000},
    {OMSP_STREAM_L16, 24000},  {OMSP_STREAM_OPUS, 8000}, {OMSP_STREAM_OPUS, 16000},
    {OMSP_STREAM_OPUS, 24000},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static void decode(struct omsp_stream_decoder *decoder, struct omsp_span payload)
{
    static int16_t pcm[OMSP_STREAM_PIECE_MAX];
    size_t announced, count, all = 0;

    if (omsp_stream_samples(decoder, payload, &announced) != OMSP_OK) {
        FUZZ_CHECK(payload.len > 0);
        return;
    }
    while (payload.len) {
        size_t before = payload.len;

        if (omsp_stream_decode(decoder, &payload, pcm, &count) != OMSP_OK)
            return;
        FUZZ_CHECK(payload.len < before && count <= OMSP_STREAM_PIECE_MAX);
        all += count;
    }
    FUZZ_CHECK(all <= announced);
}

static void encode(struct fuzz_input *input, struct omsp_stream_encoder *encoder,
                   struct omsp_stream_decoder *decoder, const struct omsp_stream_format *format)
{
    uint8_t codes[OMSP_STREAM_FRAME], payload[OMSP_STREAM_BYTES_MAX];
    bool joins = fuzz_u8(input) & 1;
    uint8_t step = fuzz_u8(input);
    size_t len;

    for (unsigned i = 0; i < OMSP_STREAM_FRAME; i++)
        codes[i] = (uint8_t)(i * step);
    len = omsp_stream_encode(encoder, codes, joins, payload);
    FUZZ_CHECK(len <= omsp_stream_bytes_max(format) && len <= sizeof(payload));
    decode(decoder, omsp_span(payload, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const struct omsp_stream_format *format = &formats[fuzz_u8(&input) % FORMATS];
    struct omsp_stream_encoder *encoder;
    struct omsp_stream_decoder *decoder;
    struct fuzz_memory memory;

    fuzz_memory_begin(&memory, -1);
    FUZZ_CHECK(omsp_stream_encoder_create(format, &encoder) == OMSP_OK);
    FUZZ_CHECK(omsp_stream_decoder_create(format, &decoder) == OMSP_OK);
    while (fuzz_more(&input)) {
        uint8_t what = fuzz_u8(&input);

        if (what % 8 == 0)
            encode(&input, encoder, decoder, format);
        else if (what % 8 == 1)
            omsp_stream_decoder_reset(decoder);
        else if (what % 8 == 2)
            omsp_stream_encoder_reset(encoder);
        else
            decode(decoder, fuzz_bytes(&input, fuzz_u16(&input) % 2048));
    }
    omsp_stream_encoder_destroy(encoder);
    omsp_stream_decoder_destroy(decoder);
    fuzz_memory_end(&memory);
    return 0;
}
