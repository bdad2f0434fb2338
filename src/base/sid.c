/* SIDs: format, check, compare. Pure; no randomness of its own. */
#include "base/sid.h"

#include <string.h>

/* 0..15, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void omsp_sid_format(const char *prefix, const uint8_t random[OMSP_SID_RANDOM_BYTES],
                     char out[OMSP_SID_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";

    out[0] = prefix[0];
    out[1] = prefix[1];
    for (size_t i = 0; i < OMSP_SID_RANDOM_BYTES; i++) {
        out[2 + 2 * i] = digits[random[i] >> 4];
        out[3 + 2 * i] = digits[random[i] & 15];
    }
    out[OMSP_SID_CHARS] = '\0';
}

bool omsp_sid_is_valid(const char *text, size_t len, const char *prefix)
{
    if (len != OMSP_SID_CHARS)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (text[i] < 'A' || text[i] > 'Z' || (prefix && text[i] != prefix[i]))
            return false;
    for (size_t i = 2; i < OMSP_SID_CHARS; i++)
        if (hex_value(text[i]) < 0)
            return false;
    return true;
}

bool omsp_sid_equal(const char *a, const char *b)
{
    if (!omsp_sid_is_valid(a, strlen(a), NULL) || !omsp_sid_is_valid(b, strlen(b), a))
        return false;
    for (size_t i = 2; i < OMSP_SID_CHARS; i++)
        if (hex_value(a[i]) != hex_value(b[i]))
            return false;
    return true;
}
