/* UTF-8 <-> UTF-16 against Unicode's tables and against a second way of saying what is well-formed.
 */
#include "support/suite.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

static uint32_t seed = 20240229;

static uint32_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

/* The textbook's encoder, as the oracle. */
static size_t oracle_utf8(uint32_t c, unsigned char *out)
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (unsigned char)(192 + c / 64);
        out[1] = (unsigned char)(128 + c % 64);
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (unsigned char)(224 + c / 4096);
        out[1] = (unsigned char)(128 + c / 64 % 64);
        out[2] = (unsigned char)(128 + c % 64);
        return 3;
    }
    out[0] = (unsigned char)(240 + c / 262144);
    out[1] = (unsigned char)(128 + c / 4096 % 64);
    out[2] = (unsigned char)(128 + c / 64 % 64);
    out[3] = (unsigned char)(128 + c % 64);
    return 4;
}

START_TEST(every_character_goes_there_and_back)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        unsigned char bytes[4];
        uint16_t units[3];
        char back[5];
        size_t len = oracle_utf8(c, bytes), n, m;

        if (c >= 0xD800 && c <= 0xDFFF) {
            ck_assert(!omsp_utf8_is_valid((char *)bytes, len));
            continue;
        }
        if (omsp_utf8_to_utf16((char *)bytes, len, OMSP_UTF_STRICT, units, 2, &n) != OMSP_OK ||
            n != (c > 0xFFFF ? 2u : 1u) ||
            omsp_utf16_to_utf8(units, n, OMSP_UTF_STRICT, back, 4, &m) != OMSP_OK || m != len ||
            memcmp(back, bytes, len) != 0 || !omsp_utf8_is_valid(back, m))
            ck_abort_msg("U+%06X", (unsigned)c);
        if (c <= 0xFFFF)
            ck_assert_uint_eq(units[0], c);
    }
}
END_TEST

/* Is the sequence of 1..4 bytes one character? By decoding it any old way and encoding it again. */
static bool oracle_is_one(const unsigned char *s, size_t len)
{
    static const unsigned char lead[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char again[4];
    uint32_t c = s[0] & lead[len];

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (s[i] & 0x3F);
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return false;
    return oracle_utf8(c, again) == len && memcmp(again, s, len) == 0;
}

START_TEST(every_sequence_of_three_bytes_is_judged_right)
{
    for (uint32_t v = 0; v < 1u << 24; v += 1 + v / 0x800000) { /* the upper half: every second */
        unsigned char s[3] = {(unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
        bool valid =
            oracle_is_one(s, 3) ||
            (oracle_is_one(s, 1) &&
             (oracle_is_one(s + 1, 2) || (oracle_is_one(s + 1, 1) && oracle_is_one(s + 2, 1)))) ||
            (oracle_is_one(s, 2) && oracle_is_one(s + 2, 1));

        if (omsp_utf8_is_valid((char *)s, 3) != valid)
            ck_abort_msg("%02x %02x %02x", s[0], s[1], s[2]);
    }
}
END_TEST

static const struct {
    const char *utf8;
    uint16_t utf16[12];
    size_t n;
} ill_formed[] = {
    /* Unicode 15, table 3-8 to 3-11 */
    {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41",
     {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41},
     9},
    {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41",
     {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41},
     9},
    {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
     {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41, 0xFFFD, 0xFFFD, 0x42},
     9},
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41}, 5},
    {"a\xF0\x9F\x98", {'a', 0xFFFD}, 2}, /* cut at the end */
};

START_TEST(each_maximal_ill_formed_part_becomes_one_replacement)
{
    for (size_t i = 0; i < sizeof(ill_formed) / sizeof(ill_formed[0]); i++) {
        uint16_t out[12];
        size_t n = 99;

        ck_assert_int_eq(omsp_utf8_to_utf16(ill_formed[i].utf8, strlen(ill_formed[i].utf8),
                                            OMSP_UTF_REPLACE, out, 12, &n),
                         OMSP_OK);
        ck_assert_uint_eq(n, ill_formed[i].n);
        ck_assert_mem_eq(out, ill_formed[i].utf16, n * sizeof(out[0]));
        ck_assert_int_eq(omsp_utf8_to_utf16(ill_formed[i].utf8, strlen(ill_formed[i].utf8),
                                            OMSP_UTF_STRICT, out, 12, &n),
                         OMSP_INVALID);
        ck_assert_uint_eq(n, 0);
    }
}
END_TEST

START_TEST(lone_surrogates_are_refused_or_replaced)
{
    static const uint16_t cases[][3] = {
        {0xD800, 'x', 0}, {0xDC00, 'x', 0}, {0xDBFF, 0xD800, 0xDC00}, {'x', 0xDFFF, 0xD800}};
    static const char *const expected[] = {"\xEF\xBF\xBDx", "\xEF\xBF\xBDx",
                                           "\xEF\xBF\xBD\xF0\x90\x80\x80",
                                           "x\xEF\xBF\xBD\xEF\xBF\xBD"};

    for (size_t i = 0; i < 4; i++) {
        char out[12];
        size_t n, len = cases[i][2] ? 3 : 2;

        ck_assert_int_eq(omsp_utf16_to_utf8(cases[i], len, OMSP_UTF_STRICT, out, 12, &n),
                         OMSP_INVALID);
        ck_assert_uint_eq(n, 0);
        ck_assert_int_eq(omsp_utf16_to_utf8(cases[i], len, OMSP_UTF_REPLACE, out, 12, &n), OMSP_OK);
        ck_assert_uint_eq(n, strlen(expected[i]));
        ck_assert_mem_eq(out, expected[i], n);
    }
}
END_TEST

START_TEST(a_small_room_gets_whole_characters_and_the_need)
{
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* 1+2+3+4+1 bytes */
    static const size_t fits8[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    static const size_t fits16[] = {0, 1, 2, 3, 3, 5, 6};
    uint16_t whole[6], units[7];
    char bytes[12];
    size_t need;

    ck_assert_int_eq(omsp_utf8_to_utf16(text, 11, OMSP_UTF_STRICT, whole, 6, NULL), OMSP_OK);
    for (size_t room = 0; room <= 6; room++) {
        memset(units, 0x55, sizeof(units));
        ck_assert_int_eq(omsp_utf8_to_utf16(text, 11, OMSP_UTF_STRICT, units, room, &need),
                         room < 6 ? OMSP_MORE : OMSP_OK);
        ck_assert_uint_eq(need, 6);
        ck_assert_mem_eq(units, whole, fits16[room] * 2);
        for (size_t i = fits16[room]; i < 7; i++)
            ck_assert_uint_eq(units[i], 0x5555);
    }
    for (size_t room = 0; room <= 11; room++) {
        memset(bytes, 0x55, sizeof(bytes));
        ck_assert_int_eq(omsp_utf16_to_utf8(whole, 6, OMSP_UTF_STRICT, bytes, room, &need),
                         room < 11 ? OMSP_MORE : OMSP_OK);
        ck_assert_uint_eq(need, 11);
        ck_assert_mem_eq(bytes, text, fits8[room]);
        for (size_t i = fits8[room]; i < 12; i++)
            ck_assert_int_eq(bytes[i], 0x55);
    }
    ck_assert_int_eq(omsp_utf8_to_utf16(text, 11, OMSP_UTF_STRICT, NULL, 0, &need), OMSP_MORE);
    ck_assert_int_eq(omsp_utf8_to_utf16(NULL, 0, OMSP_UTF_STRICT, NULL, 0, &need), OMSP_OK);
    ck_assert_uint_eq(need, 0);
}
END_TEST

START_TEST(nul_is_a_character_like_any_other)
{
    uint16_t units[3];
    size_t n;

    ck_assert_int_eq(omsp_utf8_to_utf16("a\0b", 3, OMSP_UTF_STRICT, units, 3, &n), OMSP_OK);
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(units[1], 0);
}
END_TEST

START_TEST(garbage_is_read_only_inside_and_replaced_into_valid_text)
{
    for (int round = 0; round < 50000; round++) {
        size_t len = rnd() % 40, n, m;
        char *in = malloc(len ? len : 1); /* exact, so that the sanitizer sees a step outside */
        uint16_t units[40], *half = malloc(len * 2 + 1);
        char out[160];
        bool valid;

        for (size_t i = 0; i < len; i++) {
            in[i] = (char)(rnd() % 3 ? 0x80 | rnd() : rnd());
            half[i] = (uint16_t)(rnd() % 2 ? 0xD800 | (rnd() & 0x7FF) : rnd());
        }
        valid = omsp_utf8_is_valid(in, len);
        ck_assert((omsp_utf8_to_utf16(in, len, OMSP_UTF_STRICT, units, 40, &n) == OMSP_OK) ==
                  valid);
        ck_assert_int_eq(omsp_utf8_to_utf16(in, len, OMSP_UTF_REPLACE, units, 40, &n), OMSP_OK);
        ck_assert_int_eq(omsp_utf16_to_utf8(units, n, OMSP_UTF_STRICT, out, 160, &m), OMSP_OK);
        if (valid)
            ck_assert(m == len && memcmp(in, out, m) == 0);
        ck_assert_int_eq(omsp_utf16_to_utf8(half, len, OMSP_UTF_REPLACE, out, 160, &m), OMSP_OK);
        ck_assert(omsp_utf8_is_valid(out, m));
        free(in);
        free(half);
    }
}
END_TEST

OMSP_SUITE("utf", TEST(every_character_goes_there_and_back),
           TEST(every_sequence_of_three_bytes_is_judged_right),
           TEST(each_maximal_ill_formed_part_becomes_one_replacement),
           TEST(lone_surrogates_are_refused_or_replaced),
           TEST(a_small_room_gets_whole_characters_and_the_need),
           TEST(nul_is_a_character_like_any_other),
           TEST(garbage_is_read_only_inside_and_replaced_into_valid_text))
