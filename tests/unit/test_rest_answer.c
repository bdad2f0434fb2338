/* Bodies of the Stream resource, in JSON and XML. */
#include "support/suite.h"

#include "base/alloc.h"
#include "rest/answer.h"

#include <locale.h>
#include <string.h>

#define ACCOUNT "AC0123456789abcdef0123456789abcdef"
#define CALL    "CA0123456789abcdef0123456789abcdef"
#define STREAM  "MZ0123456789abcdef0123456789abcdef"
#define PATH    "/2010-04-01/Accounts/" ACCOUNT "/Calls/" CALL "/Streams/" STREAM

static struct omsp_fork_info info_of(const char *name, enum omsp_fork_state state)
{
    static struct omsp_fork_info info; /* large */

    memset(&info, 0, sizeof(info));
    strcpy(info.sid, STREAM);
    strcpy(info.call_sid, CALL);
    strcpy(info.name, name);
    info.tracks = OMSP_TRACK_INBOUND;
    info.state = state;
    info.updated_us = INT64_C(1724630400000000);
    return info;
}

static void expect(struct omsp_body body, const char *want)
{
    ck_assert_str_eq(body.text, want);
    ck_assert_uint_eq(body.len, strlen(want));
    omsp_free(body.text);
}

START_TEST(a_stream_in_json)
{
    struct omsp_fork_info info = info_of("my stream", OMSP_FORK_OPEN);
    struct omsp_body body;

    ck_assert_int_eq(omsp_answer_stream(OMSP_FORMAT_JSON, ACCOUNT, &info, false, &body), OMSP_OK);
    expect(body, "{\"account_sid\":\"" ACCOUNT "\",\"call_sid\":\"" CALL "\",\"sid\":\"" STREAM
                 "\",\"name\":\"my stream\",\"status\":\"in-progress\","
                 "\"date_updated\":\"Mon, 26 Aug 2024 00:00:00 +0000\",\"uri\":\"" PATH ".json\"}");
}
END_TEST

START_TEST(a_stream_in_xml)
{
    struct omsp_fork_info info = info_of("", OMSP_FORK_STOPPED);
    struct omsp_body body;

    ck_assert_int_eq(omsp_answer_stream(OMSP_FORMAT_XML, ACCOUNT, &info, false, &body), OMSP_OK);
    expect(body,
           "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><Stream><AccountSid>" ACCOUNT
           "</AccountSid><CallSid>" CALL "</CallSid><Sid>" STREAM "</Sid><Name/>"
           "<Status>stopped</Status>"
           "<DateUpdated>Mon, 26 Aug 2024 00:00:00 +0000</DateUpdated><Uri>" PATH
           "</Uri></Stream></TwilioResponse>");
}
END_TEST

static void expect_inside(enum omsp_format format, const struct omsp_fork_info *info, bool extended,
                          const char *want)
{
    struct omsp_body body;

    ck_assert_int_eq(omsp_answer_stream(format, ACCOUNT, info, extended, &body), OMSP_OK);
    ck_assert_msg(strstr(body.text, want) != NULL, "%s is not in %s", want, body.text);
    omsp_free(body.text);
}

START_TEST(no_name_is_null)
{
    struct omsp_fork_info info = info_of("", OMSP_FORK_CONNECTING);

    expect_inside(OMSP_FORMAT_JSON, &info, false, "\"name\":null,\"status\":\"in-progress\"");
}
END_TEST

START_TEST(paused_is_told_to_those_who_know_it)
{
    struct omsp_fork_info info = info_of("", OMSP_FORK_PAUSED);

    expect_inside(OMSP_FORMAT_JSON, &info, false, "\"status\":\"in-progress\"");
    expect_inside(OMSP_FORMAT_JSON, &info, true, "\"status\":\"paused\"");
}
END_TEST

START_TEST(what_needs_escaping_is_escaped)
{
    struct omsp_fork_info info = info_of("a\"\\</&>\n\x7f\xc3\xa4", OMSP_FORK_OPEN);

    expect_inside(OMSP_FORMAT_JSON, &info, false,
                  "\"name\":\"a\\\"\\\\</&>\\u000a\\u007f\xc3\xa4\",");
    expect_inside(OMSP_FORMAT_XML, &info, false,
                  "<Name>a&quot;\\&lt;/&amp;&gt; \x7f\xc3\xa4</Name>");
}
END_TEST

START_TEST(no_name_makes_xml_that_nobody_can_read)
{
    struct omsp_fork_info info = info_of("a\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd z", OMSP_FORK_OPEN);

    expect_inside(OMSP_FORMAT_XML, &info, false, "<Name>a  \xef\xbf\xbd z</Name>");
}
END_TEST

START_TEST(statistics_are_live_numbers)
{
    struct omsp_fork_info info = info_of("", OMSP_FORK_OPEN);

    expect_inside(OMSP_FORMAT_JSON, &info, true, "\"round_trip_ms\":null,\"last_error\":null}}");
    info.tracks = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    info.bidirectional = true;
    info.frames_sent = 1234567890123;
    info.frames_dropped = 2;
    info.bytes_sent = 3;
    info.messages_received = 4;
    info.messages_bad = 5;
    info.reconnects = 6;
    info.format = (struct omsp_stream_format){OMSP_STREAM_L16, 16000};
    info.queue_ms = 60;
    info.round_trip_us = 1500;
    info.last_error = 31930;
    expect_inside(OMSP_FORMAT_JSON, &info, true,
                  ",\"statistics\":{\"connection\":\"open\",\"track\":\"both_tracks\","
                  "\"bidirectional\":true,\"encoding\":\"audio/x-l16\",\"sample_rate\":16000,"
                  "\"frames_sent\":1234567890123,\"frames_dropped\":2,"
                  "\"bytes_sent\":3,\"messages_received\":4,\"messages_bad\":5,\"reconnects\":6,"
                  "\"queue_ms\":60,"
                  "\"round_trip_ms\":1.5,\"last_error\":31930}}");
    expect_inside(OMSP_FORMAT_XML, &info, true,
                  "<Statistics><Connection>open</Connection><Track>both_tracks</Track>"
                  "<Bidirectional>true</Bidirectional><Encoding>audio/x-l16</Encoding>"
                  "<SampleRate>16000</SampleRate><FramesSent>1234567890123</FramesSent>");
}
END_TEST

/* The locale is the application's to set, and much of the world writes a comma. Where the system
 * has no such locale this looks at the digits alone; Windows has them all. */
START_TEST(a_fraction_has_a_point_in_every_locale)
{
    static const char *const commas[] = {"German", "de_DE.UTF-8", "de_DE"};
    static const struct {
        uint32_t us;
        const char *text;
    } rows[] = {{1500, "\"round_trip_ms\":1.5,"},
                {1050, "\"round_trip_ms\":1.05,"},
                {1, "\"round_trip_ms\":0.001,"},
                {2000, "\"round_trip_ms\":2,"},
                {UINT32_MAX, "\"round_trip_ms\":4294967.295,"}};
    struct omsp_fork_info info = info_of("", OMSP_FORK_OPEN);
    const char *set = NULL;

    for (unsigned i = 0; !set && i < 3; i++)
        set = setlocale(LC_NUMERIC, commas[i]);
#ifdef _WIN32
    ck_assert_ptr_nonnull(set);
    ck_assert_str_eq(localeconv()->decimal_point, ",");
#endif
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        info.round_trip_us = rows[i].us;
        expect_inside(OMSP_FORMAT_JSON, &info, true, rows[i].text);
    }
    expect_inside(OMSP_FORMAT_XML, &info, true, "<RoundTripMs>4294967.295</RoundTripMs>");
    setlocale(LC_NUMERIC, "C");
}
END_TEST

START_TEST(lists_of_none_and_of_two)
{
    struct omsp_fork_info two[2] = {info_of("a", OMSP_FORK_OPEN), info_of("b", OMSP_FORK_STOPPED)};
    struct omsp_body body;
    const char *first, *second;

    ck_assert_int_eq(omsp_answer_list(OMSP_FORMAT_JSON, ACCOUNT, two, 0, &body), OMSP_OK);
    expect(body, "{\"streams\":[]}");
    ck_assert_int_eq(omsp_answer_list(OMSP_FORMAT_XML, ACCOUNT, two, 0, &body), OMSP_OK);
    expect(body, "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><Streams></Streams>"
                 "</TwilioResponse>");
    ck_assert_int_eq(omsp_answer_list(OMSP_FORMAT_JSON, ACCOUNT, two, 2, &body), OMSP_OK);
    first = strstr(body.text, "{\"streams\":[{\"account_sid\"");
    second = strstr(body.text, "}},{\"account_sid\"");
    ck_assert(first == body.text && second != NULL);
    ck_assert(strstr(second, "\"name\":\"b\"") != NULL && strstr(second, "}}]}") != NULL);
    omsp_free(body.text);
}
END_TEST

START_TEST(errors_have_their_four_members)
{
    struct omsp_rest_error error;
    struct omsp_body body;

    omsp_rest_refuse(&error, 404, 20404, "The requested resource %s was not found", "/x\"<");
    ck_assert_int_eq(omsp_answer_error(OMSP_FORMAT_JSON, &error, &body), OMSP_OK);
    expect(body, "{\"code\":20404,\"message\":\"The requested resource /x\\\"< was not found\","
                 "\"more_info\":\"https://www.twilio.com/docs/errors/20404\",\"status\":404}");
    ck_assert_int_eq(omsp_answer_error(OMSP_FORMAT_XML, &error, &body), OMSP_OK);
    expect(body, "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException>"
                 "<Code>20404</Code><Message>The requested resource /x&quot;&lt; was not found"
                 "</Message><MoreInfo>https://www.twilio.com/docs/errors/20404</MoreInfo>"
                 "<Status>404</Status></RestException></TwilioResponse>");
}
END_TEST

START_TEST(what_the_engine_says_becomes_a_number)
{
    static const struct {
        enum omsp_status status;
        int engine, http, code;
    } rows[] = {
        {OMSP_INVALID, 31922, 400, 31922},      {OMSP_INVALID, 31923, 400, 31923},
        {OMSP_INVALID, 31941, 400, 31941},      {OMSP_INVALID, 0, 400, 20001},
        {OMSP_EXISTS, 0, 400, 20001},           {OMSP_FULL, 0, 400, 20001},
        {OMSP_WRONG_STATE, 0, 400, 21220},      {OMSP_NOMEM, 0, 500, 20500},
        {OMSP_NOTSUPPORTED, 31922, 500, 20500},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct omsp_rest_error error;

        omsp_rest_error_of_fork(&error, rows[i].status, rows[i].engine);
        ck_assert_int_eq(error.status, rows[i].http);
        ck_assert_int_eq(error.code, rows[i].code);
        ck_assert(strlen(error.message) > 5);
    }
}
END_TEST

START_TEST(accept_decides_where_the_path_does_not)
{
    static const struct {
        const char *accept;
        enum omsp_format format;
    } rows[] = {
        {NULL, OMSP_FORMAT_JSON},
        {"", OMSP_FORMAT_JSON},
        {"*/*", OMSP_FORMAT_JSON},
        {"application/json", OMSP_FORMAT_JSON},
        {"text/html", OMSP_FORMAT_JSON},
        {"application/xml", OMSP_FORMAT_XML},
        {"Text/XML;q=0.2", OMSP_FORMAT_XML},
        {"application/xml;q=0", OMSP_FORMAT_JSON},
        {"application/xml, application/json", OMSP_FORMAT_JSON},
        {"application/json;q=0.5, application/xml", OMSP_FORMAT_XML},
        {"application/json; q=0.501,\tapplication/xml ;v=1; Q=0.51", OMSP_FORMAT_XML},
        {"application/xml;q=0.9,application/json;q=1.0", OMSP_FORMAT_JSON},
        {"application/xmlx", OMSP_FORMAT_JSON},
        {",,,;q=,;", OMSP_FORMAT_JSON},
        {"application/xml;q=9999999999999999", OMSP_FORMAT_XML},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(omsp_answer_format(rows[i].accept) == rows[i].format, "%s", rows[i].accept);
}
END_TEST

static void walk_body(void *ctx)
{
    struct omsp_fork_info info = info_of("n", OMSP_FORK_OPEN);
    struct omsp_body body = {NULL, 0};
    enum omsp_status status = omsp_answer_list(*(enum omsp_format *)ctx, ACCOUNT, &info, 1, &body);

    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
    omsp_free(body.text);
}

START_TEST(no_memory_is_an_answer)
{
    enum omsp_format format;

    for (format = OMSP_FORMAT_JSON; format <= OMSP_FORMAT_XML; format++)
        ck_assert_int_eq(omsp_test_alloc_walk(walk_body, &format), 1);
}
END_TEST

OMSP_SUITE("rest_answer", TEST(a_stream_in_json), TEST(a_stream_in_xml), TEST(no_name_is_null),
           TEST(paused_is_told_to_those_who_know_it), TEST(what_needs_escaping_is_escaped),
           TEST(no_name_makes_xml_that_nobody_can_read), TEST(statistics_are_live_numbers),
           TEST(a_fraction_has_a_point_in_every_locale), TEST(lists_of_none_and_of_two),
           TEST(errors_have_their_four_members), TEST(what_the_engine_says_becomes_a_number),
           TEST(accept_decides_where_the_path_does_not), TEST(no_memory_is_an_answer))
