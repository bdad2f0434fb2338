/*
 * UTF-8 <-> UTF-16. One decoder each way that says how many units a character (or an ill-formed
 * part) takes; the converters count, and store while there is room. Pure.
 */
#include "base/utf.h"

#define REPLACEMENT 0xFFFDu
#define BAD         0xFFFFFFFFu

/* The character at s[0..len), len > 0; *used units of it. BAD: *used is the length of the maximal
 * ill-formed part, at least 1. */
static uint32_t decode8(const unsigned char *s, size_t len, size_t *used)
{
    /* What the second byte may be depends on the first (Unicode table 3-7). */
    unsigned char lead = s[0], low = 0x80, high = 0xBF;
    size_t need;
    uint32_t c;

    *used = 1;
    if (lead < 0x80)
        return lead;
    if (lead >= 0xC2 && lead <= 0xDF) {
        need = 2;
        c = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        need = 3;
        c = lead & 0x0Fu;
        if (lead == 0xE0)
            low = 0xA0;
        else if (lead == 0xED)
            high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        need = 4;
        c = lead & 0x07u;
        if (lead == 0xF0)
            low = 0x90;
        else if (lead == 0xF4)
            high = 0x8F;
    } else {
        return BAD;
    }
    for (; *used < need; ++*used) {
        if (*used >= len || s[*used] < low || s[*used] > high)
            return BAD;
        c = c << 6 | (s[*used] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    return c;
}

static uint32_t decode16(const uint16_t *s, size_t len, size_t *used)
{
    *used = 1;
    if (s[0] < 0xD800 || s[0] > 0xDFFF)
        return s[0];
    if (s[0] > 0xDBFF || len < 2 || s[1] < 0xDC00 || s[1] > 0xDFFF)
        return BAD;
    *used = 2;
    return 0x10000u + ((uint32_t)(s[0] - 0xD800) << 10) + (uint32_t)(s[1] - 0xDC00);
}

static size_t encode16(uint32_t c, uint16_t out[2])
{
    if (c < 0x10000u) {
        out[0] = (uint16_t)c;
        return 1;
    }
    c -= 0x10000u;
    out[0] = (uint16_t)(0xD800u + (c >> 10));
    out[1] = (uint16_t)(0xDC00u + (c & 0x3FFu));
    return 2;
}

static size_t encode8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0u | c >> 6);
        out[1] = (char)(0x80u | (c & 0x3Fu));
        return 2;
    }
    if (c < 0x10000u) {
        out[0] = (char)(0xE0u | c >> 12);
        out[1] = (char)(0x80u | (c >> 6 & 0x3Fu));
        out[2] = (char)(0x80u | (c & 0x3Fu));
        return 3;
    }
    out[0] = (char)(0xF0u | c >> 18);
    out[1] = (char)(0x80u | (c >> 12 & 0x3Fu));
    out[2] = (char)(0x80u | (c >> 6 & 0x3Fu));
    out[3] = (char)(0x80u | (c & 0x3Fu));
    return 4;
}

/* The end of both converters. */
static enum omsp_status answer(size_t total, size_t room, size_t *need)
{
    if (need)
        *need = total;
    return total > room ? OMSP_MORE : OMSP_OK;
}

static enum omsp_status refuse(size_t *need)
{
    if (need)
        *need = 0;
    return OMSP_INVALID;
}

enum omsp_status omsp_utf8_to_utf16(const char *utf8, size_t len, enum omsp_utf_policy policy,
                                    uint16_t *out, size_t room, size_t *need)
{
    const unsigned char *s = (const unsigned char *)utf8;
    size_t total = 0, used;

    for (size_t i = 0; i < len; i += used) {
        uint32_t c = decode8(s + i, len - i, &used);
        uint16_t units[2];
        size_t n;

        if (c == BAD && policy == OMSP_UTF_STRICT)
            return refuse(need);
        n = encode16(c == BAD ? REPLACEMENT : c, units);
        for (size_t k = 0; total + n <= room && k < n; k++)
            out[total + k] = units[k];
        total += n;
    }
    return answer(total, room, need);
}

enum omsp_status omsp_utf16_to_utf8(const uint16_t *utf16, size_t len, enum omsp_utf_policy policy,
                                    char *out, size_t room, size_t *need)
{
    size_t total = 0, used;

    for (size_t i = 0; i < len; i += used) {
        uint32_t c = decode16(utf16 + i, len - i, &used);
        char bytes[4];
        size_t n;

        if (c == BAD && policy == OMSP_UTF_STRICT)
            return refuse(need);
        n = encode8(c == BAD ? REPLACEMENT : c, bytes);
        for (size_t k = 0; total + n <= room && k < n; k++)
            out[total + k] = bytes[k];
        total += n;
    }
    return answer(total, room, need);
}

bool omsp_utf8_is_valid(const char *utf8, size_t len)
{
    const unsigned char *s = (const unsigned char *)utf8;
    size_t used;

    for (size_t i = 0; i < len; i += used)
        if (decode8(s + i, len - i, &used) == BAD)
            return false;
    return true;
}
