/* The beginnings of requests as they come, the first bytes one by one: once something is known of
 * one, more bytes do not change it. */
#include "fuzz.h"

#include "rest/extent.h"

static enum omsp_extent extent(const uint8_t *data, size_t len)
{
    char *bytes = malloc(len ? len : 1);
    enum omsp_extent now;

    FUZZ_CHECK(bytes != NULL);
    if (len)
        memcpy(bytes, data, len);
    now = omsp_request_extent(bytes, len);
    free(bytes);
    return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum omsp_extent known = OMSP_EXTENT_PART, now;

    for (size_t len = 0; len < size; len += len < 128 ? 1 : len / 8) {
        now = extent(data, len);
        FUZZ_CHECK(now == known || known == OMSP_EXTENT_PART);
        known = now;
    }
    now = extent(data, size);
    FUZZ_CHECK(now == known || known == OMSP_EXTENT_PART);
    return 0;
}
