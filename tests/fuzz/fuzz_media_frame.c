/* The fast media frame is its plain twin, masked: numbers, mask and payload from the input. */
#include "fuzz.h"

#include "wire/media_stream.h"
#include "wire/websocket.h"

#define SID "MZ00112233445566778899aabbccddeeff"

static uint64_t number(struct fuzz_input *input)
{
    uint64_t high = fuzz_u32(input);

    return (high << 32 | fuzz_u32(input)) >> fuzz_u8(input) % 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    uint8_t out[OMSP_MS_MEDIA_MAX], header[OMSP_WS_HEADER_MAX], mask[4];
    char room[OMSP_MS_MEDIA_MAX];
    struct omsp_ms_template tmpl;
    struct omsp_ms_media media;
    struct omsp_text text;
    size_t len, header_len;

    media.track = 1u + (fuzz_u8(&input) & 1);
    omsp_put_be32(mask, fuzz_u32(&input));
    media.sequence = number(&input);
    media.chunk = number(&input);
    media.timestamp_ms = number(&input);
    media.payload = fuzz_bytes(&input, OMSP_MS_PAYLOAD_MAX + 1);

    omsp_ms_template_init(&tmpl, SID);
    len = omsp_ms_put_media(&tmpl, &media, mask, out);
    omsp_text_init(&text, room, sizeof(room));
    omsp_ms_put_media_plain(&text, &media, SID);
    FUZZ_CHECK(!text.truncated && (len == 0) == (text.len == 0));
    FUZZ_CHECK((len == 0) == (media.payload.len > OMSP_MS_PAYLOAD_MAX));
    if (!len)
        return 0;
    header_len = omsp_ws_put_header(header, OMSP_WS_TEXT, text.len, mask);
    FUZZ_CHECK(len == header_len + text.len && !memcmp(out, header, header_len));
    omsp_ws_mask(out + header_len, text.len, mask);
    FUZZ_CHECK(!memcmp(out + header_len, room, text.len));
    return 0;
}
