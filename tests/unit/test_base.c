/* Allocator, text builder, status words. */
#include "support/suite.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

#include <stdint.h>
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

OMSP_SUITE("base", TEST(every_status_has_words_and_a_name), TEST(array_allocation_refuses_overflow),
           TEST(text_never_passes_its_room_and_tells_the_need),
           TEST(the_walk_fails_each_allocation_once))
