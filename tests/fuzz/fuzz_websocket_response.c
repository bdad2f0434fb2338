/* Answers to an upgrade: what is right is right only when it is whole, and whatever follows. And
 * our side: requests end once, and frames are what a server's parser makes of them. */
#include "fuzz.h"

#include "wire/websocket.h"

static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static enum omsp_status check(const uint8_t *data, size_t size, size_t *used, int *http)
{
    return omsp_ws_check_response(omsp_span(data, size), accept_value, used, http);
}

static void requests(struct fuzz_input input)
{
    static const char key[] = "AAAAAAAAAAAAAAAAAAAAAA==";
    unsigned flags = fuzz_u8(&input);
    struct omsp_ws_upgrade upgrade = {.host = "example.org:81",
                                      .key = key,
                                      .signature = flags & 1 ? "c2ln" : NULL,
                                      .authorization = flags & 2 ? "Bearer a" : NULL};
    char out[1024], accept[61];
    struct omsp_text text;

    upgrade.path = fuzz_bytes(&input, 300);
    omsp_text_init(&text, out, sizeof(out));
    omsp_ws_put_upgrade(&text, &upgrade);
    FUZZ_CHECK(!text.truncated && !memcmp(out, "GET /", 5));
    FUZZ_CHECK(!memcmp(out + text.len - 4, "\r\n\r\n", 4));
    omsp_ws_accept_input(key, accept);
    FUZZ_CHECK(strlen(accept) == 60 && !memcmp(accept, key, OMSP_WS_KEY_CHARS));
}

static void frames(struct fuzz_input input)
{
    uint64_t len = (uint64_t)fuzz_u32(&input) << (fuzz_u8(&input) % 32);
    uint8_t header[OMSP_WS_HEADER_MAX], mask[4], payload[64], copy[64], rest;
    struct omsp_span bytes;
    size_t got;

    omsp_put_be32(mask, fuzz_u32(&input));
    got = omsp_ws_put_header(header, OMSP_WS_TEXT, len, mask);
    FUZZ_CHECK(got == (len < 126 ? 6u : len < 65536 ? 8u : 14u));
    FUZZ_CHECK(header[0] == 0x81 && header[1] & 0x80 && !memcmp(header + got - 4, mask, 4));
    rest = fuzz_u8(&input) % sizeof(payload);
    bytes = fuzz_bytes(&input, rest);
    memcpy(payload, bytes.ptr, bytes.len);
    memcpy(copy, payload, bytes.len);
    omsp_ws_mask(payload, bytes.len, mask);
    for (size_t i = 0; i < bytes.len; i++)
        FUZZ_CHECK(payload[i] == (copy[i] ^ mask[i % 4]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used, again;
    int http, http_again;
    enum omsp_status status = check(data, size, &used, &http);

    requests((struct fuzz_input){data, size});
    frames((struct fuzz_input){data, size});
    FUZZ_CHECK(status == OMSP_OK || status == OMSP_MORE || status == OMSP_INVALID);
    FUZZ_CHECK(http == 0 || (http >= 100 && http <= 999));
    if (status != OMSP_OK) {
        FUZZ_CHECK(used == 0 && (status == OMSP_INVALID || size < OMSP_WS_RESPONSE_MAX));
        return 0;
    }
    FUZZ_CHECK(http == 101 && used <= size && used <= OMSP_WS_RESPONSE_MAX && used > 100);
    FUZZ_CHECK(memcmp(data + used - 4, "\r\n\r\n", 4) == 0);
    FUZZ_CHECK(check(data, used, &again, &http_again) == OMSP_OK && again == used);
    for (size_t len = used < 64 ? 0 : used - 64; len < used; len++)
        FUZZ_CHECK(check(data, len, &again, &http_again) == OMSP_MORE);
    return 0;
}
