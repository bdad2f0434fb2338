/* Paths of the Stream resource. */
#include "support/suite.h"

#include "rest/route.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define STEM "/2010-04-01/Accounts/AC1/Calls/CA2/Streams"

static struct omsp_route parse(const char *target, enum omsp_status want)
{
    struct omsp_route route;

    ck_assert_msg(omsp_route_parse(target, &route) == want, "%s", target);
    return route;
}

static void expect_stream(const char *last, enum omsp_route_suffix suffix, const char *name)
{
    char target[1024];
    struct omsp_route route;

    snprintf(target, sizeof(target), STEM "/%s", last);
    route = parse(target, OMSP_OK);
    ck_assert_int_eq(route.kind, OMSP_ROUTE_STREAM);
    ck_assert_int_eq(route.suffix, suffix);
    ck_assert_str_eq(route.stream, name);
}

START_TEST(the_list)
{
    struct omsp_route route = parse(STEM ".json", OMSP_OK);

    ck_assert_int_eq(route.kind, OMSP_ROUTE_LIST);
    ck_assert_int_eq(route.suffix, OMSP_SUFFIX_JSON);
    ck_assert_str_eq(route.account, "AC1");
    ck_assert_str_eq(route.call, "CA2");
    ck_assert_str_eq(route.stream, "");
    ck_assert_int_eq(parse(STEM ".xml", OMSP_OK).suffix, OMSP_SUFFIX_XML);
    ck_assert_int_eq(parse(STEM, OMSP_OK).suffix, OMSP_SUFFIX_NONE);
}
END_TEST

START_TEST(one_stream_by_sid_or_name)
{
    expect_stream("MZ0123456789abcdef0123456789abcdef.json", OMSP_SUFFIX_JSON,
                  "MZ0123456789abcdef0123456789abcdef");
    expect_stream("my%20stream.xml", OMSP_SUFFIX_XML, "my stream");
    expect_stream("plain", OMSP_SUFFIX_NONE, "plain");
    expect_stream("%c3%A4", OMSP_SUFFIX_NONE, "\xc3\xa4");
    expect_stream("a+b.json", OMSP_SUFFIX_JSON, "a+b"); /* in a path a plus is a plus */
}
END_TEST

START_TEST(one_suffix_is_cut_and_no_more)
{
    expect_stream("name.json.json", OMSP_SUFFIX_JSON, "name.json");
    expect_stream("name.xml.json", OMSP_SUFFIX_JSON, "name.xml");
    expect_stream("name.JSON", OMSP_SUFFIX_NONE, "name.JSON");
    expect_stream("name%2Ejson", OMSP_SUFFIX_NONE, "name.json");
    expect_stream("json", OMSP_SUFFIX_NONE, "json");
    expect_stream("name.csv", OMSP_SUFFIX_NONE, "name.csv");
}
END_TEST

START_TEST(decoded_once_and_after_the_cut)
{
    expect_stream("a%2Fb.json", OMSP_SUFFIX_JSON, "a/b");
    expect_stream("a%252Fb.json", OMSP_SUFFIX_JSON, "a%2Fb");
    expect_stream("%3F%23.json", OMSP_SUFFIX_JSON, "?#");
}
END_TEST

START_TEST(query_and_absolute_form_do_not_matter)
{
    ck_assert_str_eq(parse(STEM "/x.json?a=/b/c.xml", OMSP_OK).stream, "x");
    ck_assert_str_eq(parse("http://127.0.0.1:80" STEM "/x.json", OMSP_OK).stream, "x");
    ck_assert_str_eq(parse("https://h" STEM "/x.json#f", OMSP_OK).stream, "x");
    parse("http://h", OMSP_INVALID);
    parse("http://h?x", OMSP_INVALID);
}
END_TEST

START_TEST(other_paths_are_not_found)
{
    static const char *const others[] = {
        "/",
        "/2010-04-01",
        "/2010-04-01/Accounts/AC1/Calls/CA2",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams.csv",
        "/2010-04-01/Accounts/AC1/Calls/CA2/streams.json",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams/",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams/.json",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams.json/",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams.json/x",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams/x/y.json",
        "/2010-04-01/Accounts/AC1/Calls/CA2/Streams/x/y/z/u/v.json",
        "//2010-04-01/Accounts/AC1/Calls/CA2/Streams.json",
        "/2010-04-01/Accounts//Calls/CA2/Streams.json",
        "/2010-04-01/Accounts/AC1/Calls//Streams.json",
        "/2010-04-02/Accounts/AC1/Calls/CA2/Streams.json",
        "/2010-04-01/Accounts/AC1/Recordings/CA2/Streams.json",
        "/2010-04-01/Accounts/AC1/../Calls/CA2/Streams.json",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        parse(others[i], OMSP_NOTFOUND);
    ck_assert_int_eq(parse("/nothing/of/ours/a/b/c/d/e/f.xml", OMSP_NOTFOUND).suffix,
                     OMSP_SUFFIX_XML);
}
END_TEST

START_TEST(malformed_paths_are_invalid)
{
    static const char *const bad[] = {"",
                                      "*",
                                      "x",
                                      STEM "/%",
                                      STEM "/%4",
                                      STEM "/%zz",
                                      STEM "/%4z.json",
                                      STEM "/a%00b",
                                      STEM "/%ff",
                                      STEM "/%c3",
                                      STEM "/%ed%a0%80",
                                      STEM "/%.json",
                                      "/%x/y"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        parse(bad[i], OMSP_INVALID);
}
END_TEST

START_TEST(segments_are_bounded)
{
    char last[800] = "", name[300];

    memset(name, 'n', OMSP_ROUTE_SEGMENT_MAX);
    name[OMSP_ROUTE_SEGMENT_MAX] = 0;
    expect_stream(name, OMSP_SUFFIX_NONE, name);
    for (int i = 0; i < OMSP_ROUTE_SEGMENT_MAX; i++)
        memcpy(last + 3 * i, "%6E", 4);
    expect_stream(last, OMSP_SUFFIX_NONE, name);
    snprintf(last, sizeof(last), STEM "/%sn", name);
    parse(last, OMSP_NOTFOUND);
}
END_TEST

/* Cut anywhere, a good path is another path or none, never something else. */
START_TEST(truncated_at_every_byte)
{
    static const char whole[] = STEM "/%c3%a4%20x.json";
    char part[sizeof(whole)];
    struct omsp_route route;

    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        enum omsp_status status;

        memcpy(part, whole, len);
        part[len] = 0;
        status = omsp_route_parse(part, &route);
        if (len < sizeof(STEM) - 1 || len == sizeof(STEM))
            ck_assert_msg(status != OMSP_OK, "%s", part);
        else
            ck_assert(status == OMSP_OK || status == OMSP_INVALID);
    }
}
END_TEST

START_TEST(any_bytes_are_survived)
{
    static const char alphabet[] = "/%2F.jsonxml?#AC\xc3\xa4";
    uint32_t seed = 7;

    for (int n = 0; n < 50000; n++) {
        char text[160] = STEM "/";
        struct omsp_route route;
        size_t at = n & 1 ? strlen(text) : 0, len;

        seed = seed * 1664525 + 1013904223;
        len = at + (seed >> 16) % (sizeof(text) - at - 1);
        for (; at < len; at++) {
            seed = seed * 1664525 + 1013904223;
            text[at] = n & 2 ? (char)(seed >> 24) : alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        text[len] = 0;
        omsp_route_parse(text, &route);
    }
}
END_TEST

START_TEST(the_path_for_people_has_no_query_and_nothing_odd)
{
    char out[16];

    omsp_route_path("http://user:secret@h/a?token=1", out, sizeof(out));
    ck_assert_str_eq(out, "/a");
    omsp_route_path("/a\xff\x01 b", out, sizeof(out));
    ck_assert_str_eq(out, "/a???b");
    omsp_route_path("/0123456789abcdefgh", out, sizeof(out));
    ck_assert_str_eq(out, "/0123456789abcd");
}
END_TEST

OMSP_SUITE("rest_route", TEST(the_list), TEST(one_stream_by_sid_or_name),
           TEST(one_suffix_is_cut_and_no_more), TEST(decoded_once_and_after_the_cut),
           TEST(query_and_absolute_form_do_not_matter), TEST(other_paths_are_not_found),
           TEST(malformed_paths_are_invalid), TEST(segments_are_bounded),
           TEST(truncated_at_every_byte), TEST(any_bytes_are_survived),
           TEST(the_path_for_people_has_no_query_and_nothing_odd))
