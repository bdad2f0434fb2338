/* SIDs: format, validity, comparison. */
#include "support/suite.h"

#include "base/sid.h"

#include <string.h>

static const uint8_t sample[OMSP_SID_RANDOM_BYTES] = {
    0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60};
#define SAMPLE_TEXT "CA000123456789abcdefff102030405060"

START_TEST(format_is_prefix_and_lower_case_hex)
{
    char text[OMSP_SID_CHARS + 2];

    memset(text, 'z', sizeof(text));
    omsp_sid_format("CA", sample, text);
    ck_assert_str_eq(text, SAMPLE_TEXT);
    ck_assert_int_eq(text[OMSP_SID_CHARS + 1], 'z');
}
END_TEST

START_TEST(what_is_formatted_is_valid_with_its_prefix_alone)
{
    char text[OMSP_SID_CHARS + 1];

    omsp_sid_format("MZ", sample, text);
    ck_assert(omsp_sid_is_valid(text, OMSP_SID_CHARS, NULL));
    ck_assert(omsp_sid_is_valid(text, OMSP_SID_CHARS, "MZ"));
    ck_assert(!omsp_sid_is_valid(text, OMSP_SID_CHARS, "CA"));
    ck_assert(!omsp_sid_is_valid(text, OMSP_SID_CHARS, "MA"));
}
END_TEST

START_TEST(every_other_length_is_invalid)
{
    char text[80];

    memset(text, 'A', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++)
        ck_assert(omsp_sid_is_valid(text, len, NULL) == (len == 34));
}
END_TEST

START_TEST(each_position_takes_its_characters_and_no_others)
{
    for (size_t i = 0; i < OMSP_SID_CHARS; i++) {
        for (int c = 0; c < 256; c++) {
            char text[] = SAMPLE_TEXT;
            const char *set = i < 2 ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "0123456789abcdefABCDEF";

            text[i] = (char)c;
            ck_assert(omsp_sid_is_valid(text, OMSP_SID_CHARS, NULL) == (c && strchr(set, c)));
        }
    }
}
END_TEST

START_TEST(comparison_ignores_case_and_refuses_what_is_invalid)
{
    ck_assert(omsp_sid_equal(SAMPLE_TEXT, SAMPLE_TEXT));
    ck_assert(omsp_sid_equal(SAMPLE_TEXT, "CA000123456789ABCDEFFF102030405060"));
    ck_assert(!omsp_sid_equal(SAMPLE_TEXT, "CA000123456789abcdefff102030405061"));
    ck_assert(!omsp_sid_equal(SAMPLE_TEXT, "CB000123456789abcdefff102030405060"));
    ck_assert(!omsp_sid_equal("", ""));
    ck_assert(!omsp_sid_equal(SAMPLE_TEXT, SAMPLE_TEXT "0"));
    ck_assert(!omsp_sid_equal("ca000123456789abcdefff102030405060",
                              "ca000123456789abcdefff102030405060"));
}
END_TEST

OMSP_SUITE("sid", TEST(format_is_prefix_and_lower_case_hex),
           TEST(what_is_formatted_is_valid_with_its_prefix_alone),
           TEST(every_other_length_is_invalid),
           TEST(each_position_takes_its_characters_and_no_others),
           TEST(comparison_ignores_case_and_refuses_what_is_invalid))
