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

/* A format by its name, or by whatever is no name. */
static void names(struct fuzz_input *input)
{
    static const unsigned rates[] = {0, 8000, 16000, 24000, 48000};
    struct omsp_stream_format format, other;
    unsigned rate = rates[fuzz_u8(input) % 5];
    uint8_t which = fuzz_u8(input);
    const char *name = which % 4 < 3 ? omsp_stream_encoding_name(which % 4) : "audio/none";

    if (omsp_stream_format_read(which & 64 ? NULL : name, rate, &format) == OMSP_OK) {
        FUZZ_CHECK(format.rate && (!rate || format.rate == rate));
        other = format;
        FUZZ_CHECK(omsp_stream_format_check(&other) == OMSP_OK && other.rate == format.rate);
        FUZZ_CHECK(omsp_stream_bytes_max(&format) <= OMSP_STREAM_BYTES_MAX);
        other.encoding = (enum omsp_stream_encoding)3;
        FUZZ_CHECK(omsp_stream_format_check(&other) == OMSP_INVALID);
    }
}

static bool make(struct fuzz_memory *memory, uint8_t how, const struct omsp_stream_format *format,
                 struct omsp_stream_encoder **encoder, struct omsp_stream_decoder **decoder)
{
    enum omsp_status status;

    if (how & 128)
        memory->left = how & 15;
    status = omsp_stream_encoder_create(format, encoder);
    if (!status) {
        status = omsp_stream_decoder_create(format, decoder);
        if (status)
            omsp_stream_encoder_destroy(*encoder);
    }
    FUZZ_CHECK(!status || (memory->failed && (status == OMSP_NOMEM || status == OMSP_IO)));
    omsp_stream_decoder_destroy(NULL);
    return !status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const struct omsp_stream_format *format = &formats[fuzz_u8(&input) % FORMATS];
    struct omsp_stream_encoder *encoder;
    struct omsp_stream_decoder *decoder;
    struct fuzz_memory memory;

    names(&input);
    fuzz_memory_begin(&memory, -1);
    if (!make(&memory, fuzz_u8(&input), format, &encoder, &decoder)) {
        fuzz_memory_end(&memory);
        return 0;
    }
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
