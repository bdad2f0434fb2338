/* What is decoded is encoded again to the same characters; any bytes survive the way there and
 * back. */
#include "fuzz.h"

#include "wire/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t chars = OMSP_BASE64_CHARS(size), len = 0;
    uint8_t *bytes = malloc(size + 1);
    char *text = malloc(chars + 1);

    FUZZ_CHECK(bytes && text);
    omsp_base64_encode(text, data, size);
    FUZZ_CHECK(omsp_base64_decode(text, chars, bytes, size, &len) == OMSP_OK && len == size);
    FUZZ_CHECK(size == 0 || memcmp(bytes, data, size) == 0);
    if (omsp_base64_decode((const char *)data, size, bytes, size, &len) == OMSP_OK) {
        FUZZ_CHECK(OMSP_BASE64_CHARS(len) == size);
        omsp_base64_encode(text, bytes, len);
        FUZZ_CHECK(size == 0 || memcmp(text, data, size) == 0);
    }
    free(bytes);
    free(text);
    return 0;
}
