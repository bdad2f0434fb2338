/* Files from anywhere: the audio found lies inside, decodes, and its format can be written and
 * read. */
#include "fuzz.h"

#include "media/wav_convert.h"

static void decodes(struct omsp_span file, const struct omsp_wav_info *info)
{
    struct omsp_wav_decoder *decoder;
    struct omsp_wav_encoder *encoder;
    size_t at = (size_t)info->data_offset, end = at + (size_t)info->data_bytes, n, used;
    int16_t samples[160];
    uint8_t bytes[160 * 24 + 24];

    FUZZ_CHECK(omsp_wav_decoder_create(&info->format, &decoder) == OMSP_OK);
    FUZZ_CHECK(omsp_wav_encoder_create(&info->format, &encoder) == OMSP_OK);
    for (unsigned rounds = 0; rounds < 64; rounds++) {
        n = omsp_wav_decode(decoder, file.ptr + at, end - at, &used, samples, 160);
        FUZZ_CHECK(n <= 160 && used <= end - at);
        FUZZ_CHECK(used % omsp_wav_block_bytes(&info->format) == 0);
        if (!n && !used)
            break;
        at += used;
        FUZZ_CHECK(omsp_wav_encode(encoder, samples, n, &used, bytes, sizeof(bytes)) <=
                   sizeof(bytes));
        FUZZ_CHECK(used == n);
    }
    while ((n = omsp_wav_decode_flush(decoder, samples, 160)) == 160)
        ;
    FUZZ_CHECK(n < 160);
    while ((n = omsp_wav_encode_flush(encoder, bytes, sizeof(bytes))) >
           sizeof(bytes) - omsp_wav_block_bytes(&info->format))
        ;
    FUZZ_CHECK(n % omsp_wav_block_bytes(&info->format) == 0);
    omsp_wav_decoder_destroy(decoder);
    omsp_wav_encoder_destroy(encoder);
}

/* With memory that ends at some point both say so and leave nothing behind. */
static void runs_out(const struct omsp_wav_format *format, long left)
{
    struct omsp_wav_decoder *decoder = NULL;
    struct omsp_wav_encoder *encoder = NULL;
    struct fuzz_memory memory;
    enum omsp_status status;

    fuzz_memory_begin(&memory, left);
    status = omsp_wav_decoder_create(format, &decoder);
    if (!status)
        status = omsp_wav_encoder_create(format, &encoder);
    FUZZ_CHECK(memory.failed ? status == OMSP_NOMEM : status != OMSP_NOMEM);
    omsp_wav_decoder_destroy(decoder);
    omsp_wav_encoder_destroy(encoder);
    fuzz_memory_end(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_wav_info info, own;
    struct omsp_wav_reader reader;
    enum omsp_status status = omsp_wav_parse(omsp_span(data, size), &info), fed = OMSP_MORE;
    uint8_t header[OMSP_WAV_HEADER_MAX];
    size_t len;

    /* by pieces, as from a disk: the same */
    omsp_wav_reader_init(&reader, size);
    for (unsigned steps = 0; fed == OMSP_MORE; steps++) {
        uint64_t offset;
        size_t want;

        FUZZ_CHECK(steps <= size + 2);
        omsp_wav_reader_wants(&reader, &offset, &want);
        FUZZ_CHECK(want > 0 && want <= OMSP_WAV_WANT_MAX);
        if (offset > size)
            offset = size;
        if (want > size - (size_t)offset)
            want = size - (size_t)offset;
        fed = omsp_wav_reader_feed(&reader, data + offset, want, &own);
    }
    FUZZ_CHECK(fed == status);
    if (status != OMSP_OK)
        return 0;
    FUZZ_CHECK(own.data_offset == info.data_offset && own.data_bytes == info.data_bytes);
    FUZZ_CHECK(omsp_wav_format_ok(&info.format));
    FUZZ_CHECK(info.data_offset <= size && info.data_bytes <= size - info.data_offset);
    FUZZ_CHECK(info.data_bytes % omsp_wav_block_bytes(&info.format) == 0);
    decodes(omsp_span(data, size), &info);
    runs_out(&info.format, size % 8);
    own.format = info.format;
    own.format.bits ^= 4;
    runs_out(&own.format, 0); /* no format at all */
    len = omsp_wav_header(&info.format, 0, header);
    FUZZ_CHECK(len == omsp_wav_header_bytes(&info.format) && len <= sizeof(header));
    FUZZ_CHECK(omsp_wav_parse(omsp_span(header, len), &own) == OMSP_OK && own.data_bytes == 0);
    FUZZ_CHECK(memcmp(&own.format, &info.format, sizeof(own.format)) == 0);
    return 0;
}
