/* Answers to an upgrade: what is right is right only when it is whole, and whatever follows. */
#include "fuzz.h"

#include "wire/websocket.h"

static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static enum omsp_status check(const uint8_t *data, size_t size, size_t *used, int *http)
{
    return omsp_ws_check_response(omsp_span(data, size), accept_value, used, http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used, again;
    int http, http_again;
    enum omsp_status status = check(data, size, &used, &http);

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
