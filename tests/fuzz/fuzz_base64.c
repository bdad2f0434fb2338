/* What is decoded is encoded again to the same characters; any bytes survive the way there and
 * back. */
#include "fuzz.h"

#include "wire/base64.h"

/* Taken exactly when it is taken with the padding that it lacks, and padding lacks as a whole. */
static void check_bare(const char *text, size_t size)
{
    size_t rest = size % 4, whole = rest ? size + 4 - rest : size, len, padded_len;
    uint8_t *bytes = malloc(whole + 1), *expected = malloc(whole + 1);
    char *padded = malloc(whole + 1);
    enum omsp_status bare, strict;

    FUZZ_CHECK(bytes && expected && padded);
    if (size)
        memcpy(padded, text, size);
    memset(padded + size, '=', whole - size);
    bare = omsp_base64_decode_bare(text, size, bytes, whole, &len);
    strict = omsp_base64_decode(padded, whole, expected, whole, &padded_len);
    if (rest && text[size - 1] == '=')
        strict = OMSP_INVALID;
    FUZZ_CHECK((bare == OMSP_OK) == (strict == OMSP_OK));
    FUZZ_CHECK(bare || (len == padded_len && !memcmp(bytes, expected, len)));
    free(bytes);
    free(expected);
    free(padded);
}

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
    check_bare((const char *)data, size);
    free(bytes);
    free(text);
    return 0;
}
