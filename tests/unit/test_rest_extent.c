/* How much of a request is there: what the REST server's gate lets in by, at every byte. */
#include "support/suite.h"

#include "rest/extent.h"

#include <stdlib.h>
#include <string.h>

#define LINE "POST /x HTTP/1.1\r\n"

/* What is said of each of the text's beginnings: PART before `first`, then `then`. */
static void check(const char *text, enum omsp_extent then, size_t first)
{
    size_t len = strlen(text);

    for (size_t n = 0; n <= len; n++) {
        char *copy = malloc(n ? n : 1); /* of exactly this size: nothing behind it is read */
        enum omsp_extent got, want = n < first ? OMSP_EXTENT_PART : then;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, n);
        got = omsp_request_extent(copy, n);
        ck_assert_msg(got == want, "%d instead of %d after %zu of %s", got, want, n, text);
        free(copy);
    }
}

static void whole_at_end(const char *text)
{
    check(text, OMSP_EXTENT_WHOLE, strlen(text));
}

START_TEST(a_request_is_whole_with_its_last_byte)
{
    whole_at_end(LINE "\r\n");
    whole_at_end(LINE "Host: h\r\n\r\n");
    whole_at_end("\r\n\r\n" LINE "\r\n");
    whole_at_end(LINE "Content-Length: 4\r\n\r\nabcd");
    whole_at_end(LINE "cOnTeNt-LeNgTh:4\r\nHost: h\r\n\r\n\r\n\r\n");
    whole_at_end(LINE "Content-Length \t: \t4\r\n\r\nabcd");
    whole_at_end("POST /x HTTP/1.1\nContent-Length: 4\n\nabcd");
    whole_at_end(LINE "X: y\rContent-Length: 4\r\n\r\nabcd");
    whole_at_end(LINE "Content-Lengths: 4\r\n\r\n");
    whole_at_end(LINE "XContent-Length: 4\r\n\r\n");
    whole_at_end(LINE "Content-Length 4\r\n\r\n");
}
END_TEST

START_TEST(lines_end_as_the_library_lets_them_end)
{
    /* A CR at the end may be half of CR LF: one byte more must come. */
    check(LINE "Host: h\r\rx", OMSP_EXTENT_WHOLE, strlen(LINE "Host: h\r\rx"));
    check(LINE "\nx", OMSP_EXTENT_WHOLE, strlen(LINE "\n"));
}
END_TEST

START_TEST(what_the_header_alone_condemns_is_not_waited_for)
{
    static const char two[] = LINE "Content-Length: 0\r\nContent-Length: 400\r\n\r\n";
    static const char bad[] = LINE "Content-Length: ten\r\n\r\n";

    check(two, OMSP_EXTENT_WHOLE, sizeof(two) - 1);
    check(bad, OMSP_EXTENT_WHOLE, sizeof(bad) - 1);
}
END_TEST

START_TEST(what_must_be_read_to_be_known_is_long)
{
    static const char *const texts[] = {
        LINE "Transfer-Encoding: chunked\r\n\r\n", LINE "transfer-encoding : x\r\n\r\n",
        LINE "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        LINE "Content-Length: 16384\r\n\r\n", LINE "Content-Length: 99999999999999999999\r\n\r\n",
        /* The library joins what is folded. */
        LINE "Content-Length:\r\n 400\r\n\r\n", LINE "Content-Length:\n\t400\n\n",
        LINE "Content-Length:\r\n 0\r\nContent-Length: 400\r\n\r\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check(texts[i], OMSP_EXTENT_LONG, strlen(texts[i]));
}
END_TEST

START_TEST(beyond_the_window_everything_is_long)
{
    char *bytes = malloc(OMSP_REST_WINDOW);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', OMSP_REST_WINDOW);
    ck_assert_int_eq(omsp_request_extent(bytes, OMSP_REST_WINDOW - 1), OMSP_EXTENT_PART);
    ck_assert_int_eq(omsp_request_extent(bytes, OMSP_REST_WINDOW), OMSP_EXTENT_LONG);
    memset(bytes, '\n', OMSP_REST_WINDOW);
    ck_assert_int_eq(omsp_request_extent(bytes, OMSP_REST_WINDOW), OMSP_EXTENT_LONG);
    free(bytes);
}
END_TEST

OMSP_SUITE("rest_extent", TEST(a_request_is_whole_with_its_last_byte),
           TEST(lines_end_as_the_library_lets_them_end),
           TEST(what_the_header_alone_condemns_is_not_waited_for),
           TEST(what_must_be_read_to_be_known_is_long), TEST(beyond_the_window_everything_is_long))
