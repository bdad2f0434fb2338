/* Base64: the vectors of RFC 4648 10, and what a strict decoder refuses. */
#include "support/suite.h"

#include "wire/base64.h"

#include <stdlib.h>
#include <string.h>

static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static enum omsp_status decode(const char *text, uint8_t *out, size_t room, size_t *len)
{
    return omsp_base64_decode(text, strlen(text), out, room, len);
}

START_TEST(the_vectors_of_the_rfc_go_both_ways)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char text[9] = "";
        uint8_t bytes[6];
        size_t len = 99, plain = strlen(vectors[i][0]);

        omsp_base64_encode(text, (const uint8_t *)vectors[i][0], plain);
        ck_assert_str_eq(text, vectors[i][1]);
        ck_assert_int_eq(decode(vectors[i][1], bytes, plain, &len), OMSP_OK);
        ck_assert_uint_eq(len, plain);
        ck_assert_mem_eq(bytes, vectors[i][0], plain);
    }
}
END_TEST

START_TEST(every_byte_survives_at_every_length)
{
    uint8_t in[256], out[256];
    char text[OMSP_BASE64_CHARS(256) + 1];

    srand(1);
    for (size_t len = 0; len <= sizeof(in); len++) {
        size_t got;

        for (size_t i = 0; i < len; i++)
            in[i] = (uint8_t)(i * 7 + (unsigned)rand());
        memset(text, '#', sizeof(text));
        omsp_base64_encode(text, in, len);
        ck_assert_int_eq(text[OMSP_BASE64_CHARS(len)], '#');
        ck_assert_int_eq(omsp_base64_decode(text, OMSP_BASE64_CHARS(len), out, len, &got), OMSP_OK);
        ck_assert_uint_eq(got, len);
        ck_assert_mem_eq(in, out, len);
        if (len) {
            ck_assert_int_eq(omsp_base64_decode(text, OMSP_BASE64_CHARS(len), out, len - 1, &got),
                             OMSP_MORE);
            ck_assert_uint_eq(got, 0);
        }
    }
}
END_TEST

START_TEST(every_value_has_its_character)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t bytes[48];
    char text[65] = "";
    size_t len;

    ck_assert_int_eq(decode(all, bytes, sizeof(bytes), &len), OMSP_OK);
    for (unsigned i = 0; i < 64; i++)
        ck_assert_uint_eq(
            (bytes[i / 4 * 3] << 16 | bytes[i / 4 * 3 + 1] << 8 | bytes[i / 4 * 3 + 2]) >>
                    (18 - i % 4 * 6) &
                63,
            i);
    omsp_base64_encode(text, bytes, len);
    ck_assert_str_eq(text, all);
}
END_TEST

START_TEST(what_is_not_strict_is_refused)
{
    static const char *const bad[] = {
        "Z",        "Zg",       "Zg=",      "Zg==\n",     "Zg= =",      "=Zg=",
        "====",     "Z===",     "Zh==",     "Zm9=",       "Zg==Zg==",   "Zm=v",
        "Zm9v Zm9", "Zm9-",     "Zm9_",     "Zm9v\r\n==", "Zm9\x80",    "Zm9\xff",
        "Zm9v====", "Zm9vYh==", "Zm9vYmF=", "Zg==Zm9v",   "\xc3\xa4ZZ", "A=AA",
    };
    uint8_t out[16];
    size_t len;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(decode(bad[i], out, sizeof(out), &len) == OMSP_INVALID && len == 0,
                      "'%s' was taken", bad[i]);
    ck_assert_int_eq(omsp_base64_decode("Zm\0v", 4, out, sizeof(out), &len), OMSP_INVALID);
}
END_TEST

START_TEST(each_of_the_other_characters_is_refused_in_each_place)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (unsigned c = 0; c < 256; c++) {
        for (unsigned at = 0; at < 4; at++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            uint8_t out[3];
            size_t len;
            bool known = c && strchr(all, (int)c);

            text[at] = (char)c;
            /* One '=' at the end is padding. */
            known |= c == '=' && at == 3;
            ck_assert_int_eq(omsp_base64_decode(text, 4, out, 3, &len),
                             known ? OMSP_OK : OMSP_INVALID);
        }
    }
}
END_TEST

/* Of every text of up to four characters that a value has, and of those without its padding, as
 * well as of no other. */
START_TEST(padding_may_be_left_away_as_a_whole_where_it_may)
{
    static const char alphabet[] = "AQgwZm9v+/=-";
    size_t n = sizeof(alphabet) - 1, taken = 0, got;
    char text[9] = "Zm9v", padded[9];
    uint8_t out[6], expected[6];

    for (size_t i = 0; i < n * n * n; i++) {
        const size_t digits[3] = {i % n, i / n % n, i / n / n};

        for (size_t len = 0; len <= 3; len++) {
            enum omsp_status bare, strict;
            size_t want;

            for (size_t k = 0; k < len; k++)
                text[4 + k] = alphabet[digits[k]];
            memcpy(padded, text, 8);
            memset(padded + 4 + len, '=', 4 - len);
            bare = omsp_base64_decode_bare(text, 4 + len, out, sizeof(out), &got);
            strict = omsp_base64_decode(padded, len ? 8 : 4, expected, sizeof(expected), &want);
            if (len == 1 || (len && text[3 + len] == '='))
                strict = OMSP_INVALID;
            ck_assert_int_eq(bare, strict);
            ck_assert_uint_eq(got, strict ? 0 : want);
            ck_assert_mem_eq(out, expected, got);
            taken += !bare && len;
            if (!bare)
                ck_assert_int_eq(omsp_base64_decode_bare(text, 4 + len, out, want - 1, &got),
                                 OMSP_MORE);
        }
    }
    ck_assert_uint_ge(taken, 100);
    ck_assert_int_eq(omsp_base64_decode_bare("Zg==", 4, out, sizeof(out), &got), OMSP_OK);
    ck_assert_uint_eq(got, 1);
    ck_assert_int_eq(omsp_base64_decode_bare("Zg==Zg", 6, out, sizeof(out), &got), OMSP_INVALID);
    ck_assert_int_eq(omsp_base64_decode_bare("", 0, out, sizeof(out), &got), OMSP_OK);
    ck_assert_uint_eq(got, 0);
}
END_TEST

OMSP_SUITE("base64", TEST(padding_may_be_left_away_as_a_whole_where_it_may),
           TEST(the_vectors_of_the_rfc_go_both_ways), TEST(every_byte_survives_at_every_length),
           TEST(every_value_has_its_character), TEST(what_is_not_strict_is_refused),
           TEST(each_of_the_other_characters_is_refused_in_each_place))
