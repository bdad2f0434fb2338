/* Both directions under both policies: what comes out is well-formed, what was well-formed
 * survives, and a small room gets a beginning of the whole. */
#include "fuzz.h"

#include "base/utf.h"

static void from_utf8(const char *text, size_t len, size_t room)
{
    bool valid = omsp_utf8_is_valid(text, len);
    uint16_t *units = malloc(len * 2 + 2), *some = malloc(room * 2 + 2);
    char *back = malloc(len * 3 + 1);
    size_t n, m;

    FUZZ_CHECK(units && some && back);
    FUZZ_CHECK((omsp_utf8_to_utf16(text, len, OMSP_UTF_STRICT, units, len, &n) == OMSP_OK) ==
               valid);
    FUZZ_CHECK(omsp_utf8_to_utf16(text, len, OMSP_UTF_REPLACE, units, len, &n) == OMSP_OK);
    FUZZ_CHECK(omsp_utf16_to_utf8(units, n, OMSP_UTF_STRICT, back, len * 3, &m) == OMSP_OK);
    FUZZ_CHECK(omsp_utf8_is_valid(back, m));
    FUZZ_CHECK((m == len && memcmp(back, text, m) == 0) || !valid);
    FUZZ_CHECK(omsp_utf8_to_utf16(text, len, OMSP_UTF_REPLACE, some, room, &m) ==
               (n > room ? OMSP_MORE : OMSP_OK));
    FUZZ_CHECK(m == n);
    n = n < room ? n : room;
    if (n && n == room && units[n - 1] >= 0xD800 && units[n - 1] <= 0xDBFF)
        n--; /* half a pair is not stored */
    FUZZ_CHECK(memcmp(some, units, n * 2) == 0);
    free(units);
    free(some);
    free(back);
}

static void from_utf16(const uint16_t *units, size_t len)
{
    char *text = malloc(len * 3 + 1);
    uint16_t *back = malloc(len * 2 + 2);
    size_t n, m;

    FUZZ_CHECK(text && back);
    FUZZ_CHECK(omsp_utf16_to_utf8(units, len, OMSP_UTF_REPLACE, text, len * 3, &n) == OMSP_OK);
    FUZZ_CHECK(omsp_utf8_is_valid(text, n));
    FUZZ_CHECK(omsp_utf8_to_utf16(text, n, OMSP_UTF_STRICT, back, len, &m) == OMSP_OK);
    FUZZ_CHECK(m == len);
    if (omsp_utf16_to_utf8(units, len, OMSP_UTF_STRICT, text, len * 3, &n) == OMSP_OK)
        FUZZ_CHECK(memcmp(back, units, len * 2) == 0);
    free(text);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t *units = malloc(size + 1);

    FUZZ_CHECK(units);
    from_utf8((const char *)data, size, size ? data[0] % (size + 1) : 0);
    memcpy(units, data, size & ~(size_t)1);
    from_utf16(units, size / 2);
    free(units);
    return 0;
}
