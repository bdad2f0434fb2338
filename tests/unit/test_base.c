/* Allocator, text builder, status words, the log port. */
#include "support/suite.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

START_TEST(every_status_has_words_and_a_name)
{
    for (int s = 0; s < OMSP_STATUS_COUNT; s++) {
        ck_assert(strlen(omsp_status_words((enum omsp_status)s)) > 1);
        ck_assert(strncmp(omsp_status_name((enum omsp_status)s), "OMSP_", 5) == 0);
    }
    ck_assert_str_eq(omsp_status_words((enum omsp_status)9999), "unknown status");
}
END_TEST

START_TEST(array_allocation_refuses_overflow)
{
    ck_assert_ptr_null(omsp_zalloc_array(SIZE_MAX / 2, 3));
}
END_TEST

START_TEST(text_never_passes_its_room_and_tells_the_need)
{
    char room[8];
    struct omsp_text text;

    omsp_text_init(&text, room, sizeof(room));
    omsp_text_puts(&text, "abc");
    omsp_text_printf(&text, "%d", 123456);
    ck_assert_str_eq(room, "abc1234");
    ck_assert(text.truncated);
    ck_assert_uint_eq(text.need, 9);
}
END_TEST

static void walk_body(void *ctx)
{
    char *a = omsp_strdup("x"), *b = omsp_strdup("y");

    (void)ctx;
    ck_assert(omsp_test_alloc_failed() == (!a || !b));
    omsp_free(a);
    omsp_free(b);
}

START_TEST(the_walk_fails_each_allocation_once)
{
    ck_assert_int_eq(omsp_test_alloc_walk(walk_body, NULL), 2);
}
END_TEST

static void keep_line(void *ctx, enum omsp_log_level level, const char *line)
{
    (void)level;
    snprintf(ctx, 600, "%s", line);
}

START_TEST(a_log_line_that_is_cut_ends_with_a_whole_character)
{
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    char line[600], said[600];

    omsp_log_set(keep_line, line, OMSP_LOG_ERROR);
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
        for (size_t before = 500; before < 512; before++) {
            size_t size = strlen(characters[i]), whole = (511 - before) / size;

            memset(said, 'a', before);
            said[before] = '\0';
            while (strlen(said) < 520)
                strcat(said, characters[i]);
            omsp_log(OMSP_LOG_ERROR, "%s", said);
            ck_assert_uint_eq(strlen(line), before + whole * size);
            ck_assert(omsp_utf8_is_valid(line, strlen(line)));
        }
    memset(said, 0x80, 599); /* not UTF-8: no more is lost than must be */
    said[599] = '\0';
    omsp_log(OMSP_LOG_ERROR, "%s", said);
    ck_assert_uint_ge(strlen(line), 507);
    omsp_log(OMSP_LOG_ERROR, "\xC3"); /* nor of one that was not cut */
    ck_assert_str_eq(line, "\xC3");
    omsp_log_set(NULL, NULL, OMSP_LOG_ERROR);
}
END_TEST

OMSP_SUITE("base", TEST(every_status_has_words_and_a_name), TEST(array_allocation_refuses_overflow),
           TEST(text_never_passes_its_room_and_tells_the_need),
           TEST(a_log_line_that_is_cut_ends_with_a_whole_character),
           TEST(the_walk_fails_each_allocation_once))
