/* The Stream resource against clients that are broken, slow or malicious. */
#include "support/rest_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATE "Url=wss%3A%2F%2Fh"
#define HEAD   "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\nAuthorization: " REST_BASIC "\r\n"

static struct rest_rig rig;

static void set_up(void)
{
    rest_rig_init(&rig);
    rest_rig_start(&rig);
}

/* The server still does what it is for. */
static void tear_down(void)
{
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    rest_rig_end(&rig);
}

START_TEST(forms_of_every_malformation)
{
    static const char *const bad[] = {"Url=%",
                                      "Url=%4",
                                      "Url=%zz",
                                      "Url=wss://h%00",
                                      "%ff=1&" CREATE,
                                      CREATE "&Name=%c3",
                                      CREATE "&Name=%ed%a0%80",
                                      "",
                                      "&&&",
                                      "=",
                                      "Url",
                                      "Url=",
                                      "url=wss://h",
                                      "Name=x&Url=%2"};
    char many[8192] = CREATE;

    set_up();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        rest_expect(&rig, "POST", REST_STREAMS ".json", bad[i], 400, "{\"code\":20001,");
    for (int i = 0; i < 600; i++)
        strcat(many, "&a=b");
    rest_expect(&rig, "POST", REST_STREAMS ".json", many, 400, "too many fields");
    ck_assert_uint_eq(rig.stream_count, 0);
    tear_down();
}
END_TEST

START_TEST(a_nul_in_the_body_is_malformed)
{
    struct http_answer answer;

    set_up();
    http_puts(&rig.client, HEAD "Content-Type: " REST_FORM "\r\nContent-Length: 13\r\n\r\n");
    http_send(&rig.client, "Url=wss://h\0x", 13);
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 400);
    rest_check_error(&answer, 20001);
    http_free(&answer);
    tear_down();
}
END_TEST

START_TEST(paths_of_every_malformation)
{
    static const char *const bad[] = {
        "/x%", "/x%4", "/%zz", "/a%00b", REST_STREAMS "/%ff.json", REST_STREAMS "/%c3%28.json"};

    set_up();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        rest_expect(&rig, "POST", bad[i], "Status=stopped", 400, "{\"code\":20001,");
    tear_down();
}
END_TEST

START_TEST(other_body_types_are_refused)
{
    set_up();
    rest_expect_raw(&rig, HEAD "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 415,
                    20415);
    rest_expect_raw(&rig, HEAD "Content-Length: 3\r\n\r\na=b", 415, 20415);
    rest_expect_raw(&rig, HEAD "Content-Type: " REST_FORM "x\r\nContent-Length: 3\r\n\r\na=b", 415,
                    20415);
    rest_expect_raw(&rig,
                    HEAD "Content-Type: " REST_FORM
                         "\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\na=b",
                    415, 20415);
    tear_down();
}
END_TEST

/* The answer arrives although it was clear before the body had come, and the connection lives on.
 */
START_TEST(a_body_of_a_megabyte)
{
    size_t len = 1024 * 1024;
    char *body = malloc(len + 1);

    ck_assert_ptr_nonnull(body);
    memset(body, 'a', len);
    body[len] = 0;
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", body, 413, "{\"code\":20413,");
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    free(body);
    tear_down();
}
END_TEST

START_TEST(a_chunked_body_of_a_megabyte)
{
    struct http_answer answer;
    char chunk[4096 + 16];
    int head;

    set_up();
    http_puts(&rig.client,
              HEAD "Content-Type: " REST_FORM "\r\nTransfer-Encoding: chunked\r\n\r\n");
    head = snprintf(chunk, sizeof(chunk), "1000\r\n");
    memset(chunk + head, 'a', 4096);
    memcpy(chunk + head + 4096, "\r\n", 2);
    for (int i = 0; i < 256; i++)
        ck_assert(http_send(&rig.client, chunk, (size_t)head + 4098));
    http_puts(&rig.client, "0\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 413);
    rest_check_error(&answer, 20413);
    http_free(&answer);
    tear_down();
}
END_TEST

START_TEST(a_chunked_form_is_read)
{
    set_up();
    rest_expect_raw(&rig,
                    HEAD "Content-Type: " REST_FORM "\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "4\r\nUrl=\r\n7\r\nwss://h\r\n0\r\n\r\n",
                    200, 0);
    ck_assert_str_eq(rig.url, "wss://h");
    tear_down();
}
END_TEST

START_TEST(who_asks_before_sending_is_told_at_once)
{
    struct http_answer answer;

    set_up();
    http_puts(&rig.client, HEAD "Content-Type: " REST_FORM
                                "\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 413);
    rest_check_error(&answer, 20413);
    http_free(&answer);
    http_close(&rig.client);
    http_open(&rig.client, omsp_rest_address(rig.server));
    http_puts(&rig.client, HEAD "Content-Type: " REST_FORM
                                "\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, true));
    ck_assert_int_eq(answer.status, 100);
    http_free(&answer);
    http_puts(&rig.client, "Url=wss://h");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 200);
    http_free(&answer);
    tear_down();
}
END_TEST

static void many_headers(unsigned count, int status, int code)
{
    size_t room = 400 + count * 32ul;
    char *request = malloc(room);
    size_t at;

    ck_assert_ptr_nonnull(request);
    at = (size_t)snprintf(request, room, HEAD);
    for (unsigned i = 0; i < count; i++)
        at += (size_t)snprintf(request + at, room - at, "X-Header-%05u: value\r\n", i);
    snprintf(request + at, room - at, "Content-Length: 0\r\n\r\n");
    rest_expect_raw(&rig, request, status, code);
    free(request);
}

START_TEST(ten_thousand_headers)
{
    set_up();
    many_headers(90, 400, 20001); /* that is none too many: only Url is missing */
    many_headers(101, 431, 20431);
    many_headers(10000, 431, 20431);
    many_headers(10000, 431, 20431);
    tear_down();
}
END_TEST

/* libmicrohttpd answers these by itself; it must do so and live on. */
START_TEST(a_header_beyond_all_bounds)
{
    struct http_answer answer;
    static char junk[65536];

    set_up();
    http_puts(&rig.client, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    memset(junk, 'x', sizeof(junk));
    for (int i = 0; i < 32; i++)
        if (!http_send(&rig.client, junk, sizeof(junk)))
            break;
    if (http_read(&rig.client, &answer, false)) {
        ck_assert_int_eq(answer.status, 431);
        http_free(&answer);
    }
    ck_assert(http_ends(&rig.client));
    tear_down();
}
END_TEST

/* What libmicrohttpd answers before it asks anybody: the status is right, the body its own HTML,
 * the connection ends. docs/choices.md lists these. */
START_TEST(what_the_library_answers_by_itself)
{
    static const struct {
        const char *request;
        int status; /* 0: none, the connection just ends */
    } cases[] = {
        {"POST " REST_STREAMS ".json HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        {"POST " REST_STREAMS ".json HTTX/1.1\r\nHost: h\r\n\r\n", 400},
        {"POST " REST_STREAMS ".json\r\nHost: h\r\n\r\n", 400},
        {"POST\r\n\r\n", 0},
        {" \r\n\r\n", 0},
        {HEAD "Content-Length: ten\r\n\r\n", 400},
        {HEAD "Content-Length: -1\r\n\r\n", 400},
        {HEAD "Content-Length: 99999999999999999999\r\n\r\n", 413},
        {HEAD "No colon\r\n\r\n", 400},
    };

    set_up();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_answer answer;
        int status = 0;

        http_close(&rig.client);
        http_open(&rig.client, omsp_rest_address(rig.server));
        ck_assert(http_puts(&rig.client, cases[i].request));
        if (http_read(&rig.client, &answer, false)) {
            status = answer.status;
            ck_assert(!strstr(answer.body, "AC"));
            http_free(&answer);
        }
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, status);
        ck_assert_msg(http_ends(&rig.client), "case %zu stays open", i);
    }
    tear_down(); /* served as ever, and nothing is left */
}
END_TEST

/* Two readers of such a request could disagree about where it ends. */
START_TEST(ambiguous_framing_is_refused)
{
    static const struct {
        const char *headers;
        int status, code;
    } rows[] = {
        {"Content-Length: 3\r\nContent-Length: 4\r\n\r\na=bc", 400, 20001},
        {"Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b", 400, 20001},
        {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 20001},
        {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, 20001},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 20001},
        {"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, 20501},
        {"Transfer-Encoding: identity\r\n\r\n", 501, 20501},
        {"Host: other\r\nContent-Length: 0\r\n\r\n", 400, 20001},
        {"Authorization: Basic QTpi\r\nContent-Length: 0\r\n\r\n", 400, 20001},
        {"Content-Length : 3\r\n\r\na=b", 400, 20001},
        {"X Y: z\r\nContent-Length: 0\r\n\r\n", 400, 20001},
        {"X(: z\r\nContent-Length: 0\r\n\r\n", 400, 20001},
    };

    set_up();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char request[2048];
        struct http_answer answer;

        snprintf(request, sizeof(request), HEAD "%s", rows[i].headers);
        http_puts(&rig.client, request);
        ck_assert_msg(http_read(&rig.client, &answer, false), "no answer to %s", rows[i].headers);
        ck_assert_msg(answer.status == rows[i].status, "%d to %s", answer.status, rows[i].headers);
        rest_check_error(&answer, rows[i].code);
        ck_assert_msg(http_has(&answer, "Connection", "close"), "%s to %s", answer.head,
                      rows[i].headers);
        ck_assert(http_ends(&rig.client));
        http_free(&answer);
        http_close(&rig.client);
        http_open(&rig.client, omsp_rest_address(rig.server));
    }
    rest_expect_raw(&rig, "GET / HTTP/1.1\r\n\r\n", 400, 20001);
    ck_assert_uint_eq(rig.stream_count, 0);
    tear_down();
}
END_TEST

/* A little more of a request every 50 ms; the answer comes when all of it took too long. */
static void dribble(const char *start, const char *bit)
{
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.request_ms = 400;
    rest_rig_start(&rig);
    http_puts(&rig.client, start);
    omsp_lock_acquire(&rig.lock);
    for (int i = 0; i < 12; i++) {
        http_puts(&rig.client, bit);
        omsp_cond_wait(&rig.changed, &rig.lock, 50000);
    }
    omsp_lock_release(&rig.lock);
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 408);
    rest_check_error(&answer, 20408);
    ck_assert(http_has(&answer, "Access-Control-Allow-Origin", "*"));
    ck_assert(http_ends(&rig.client));
    http_free(&answer);
    tear_down();
}

START_TEST(headers_that_never_end)
{
    dribble("GET / HTTP/1.1\r\nHost: h\r\n", "X: y\r\n");
}
END_TEST

START_TEST(a_first_line_that_never_ends)
{
    dribble("GET /", "x");
}
END_TEST

START_TEST(a_body_that_never_ends)
{
    dribble(HEAD "Content-Type: " REST_FORM "\r\nContent-Length: 100000\r\n\r\n", "x");
}
END_TEST

START_TEST(a_body_that_nobody_wants_and_that_never_ends)
{
    dribble("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", "x");
}
END_TEST

START_TEST(a_second_request_that_never_ends)
{
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.request_ms = 300;
    rest_rig_start(&rig);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "in-progress");
    http_puts(&rig.client, "POST / HTTP/1.1\r\nHost: h\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 408);
    rest_check_error(&answer, 20408);
    http_free(&answer);
    ck_assert(http_ends(&rig.client));
    tear_down();
}
END_TEST

START_TEST(an_idle_connection_ends)
{
    rest_rig_init(&rig);
    rig.config.idle_ms = 200;
    rest_rig_start(&rig);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "in-progress");
    ck_assert(http_ends(&rig.client));
    ck_assert_uint_eq(rig.client.len, 0);
    tear_down();
}
END_TEST

/* One connection at most: the second one waits until the first ends. Then there is room again. */
START_TEST(connections_are_bounded)
{
    struct http_client second;
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.max_connections = 1;
    rig.config.idle_ms = 300;
    rest_rig_start(&rig);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "in-progress");
    http_open(&second, omsp_rest_address(rig.server));
    http_puts(&second, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "in-progress");
    ck_assert(http_ends(&rig.client)); /* idle for too long */
    ck_assert(http_read(&second, &answer, false));
    ck_assert_int_eq(answer.status, 401);
    http_free(&answer);
    ck_assert(http_ends(&second));
    http_close(&second);
    tear_down();
}
END_TEST

START_TEST(any_bytes_are_survived)
{
    static const char *const starts[] = {"", "GET ", "POST / HTTP/1.1\r\n", HEAD,
                                         HEAD "Transfer-Encoding: chunked\r\n\r\n"};
    uint32_t seed = 11;

    rest_rig_init(&rig);
    rig.config.rate_per_s = 1000000;
    rig.config.max_connections = 1000;
    rest_rig_start(&rig);
    for (int n = 0; n < 300; n++) {
        char bytes[600];

        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = n & 1 ? (char)(seed >> 24) : "\r\n :;%/=0aZ,\t"[(seed >> 16) % 13];
        }
        http_puts(&rig.client, starts[n % 5]);
        http_send(&rig.client, bytes, (seed >> 8) % sizeof(bytes));
        http_close(&rig.client);
        http_open(&rig.client, omsp_rest_address(rig.server));
    }
    tear_down();
}
END_TEST

/* Nothing but a whole and right request does anything. */
START_TEST(truncated_at_every_byte)
{
    static const char whole[] =
        HEAD "Content-Type: " REST_FORM "\r\nContent-Length: 11\r\n\r\nUrl=wss://h";

    rest_rig_init(&rig);
    rig.config.max_connections = 1000; /* they come faster than the server sees them end */
    rest_rig_start(&rig);
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        http_send(&rig.client, whole, len);
        http_close(&rig.client);
        http_open(&rig.client, omsp_rest_address(rig.server));
    }
    rest_expect_raw(&rig, whole, 200, 0);
    ck_assert_uint_eq(rig.stream_count, 1);
    tear_down();
}
END_TEST

OMSP_SUITE("rest_server_hostile", TEST(forms_of_every_malformation),
           TEST(a_nul_in_the_body_is_malformed), TEST(paths_of_every_malformation),
           TEST(other_body_types_are_refused), TEST(a_body_of_a_megabyte),
           TEST(a_chunked_body_of_a_megabyte), TEST(a_chunked_form_is_read),
           TEST(who_asks_before_sending_is_told_at_once), TEST(ten_thousand_headers),
           TEST(a_header_beyond_all_bounds), TEST(what_the_library_answers_by_itself),
           TEST(ambiguous_framing_is_refused), TEST(headers_that_never_end),
           TEST(a_first_line_that_never_ends), TEST(a_body_that_never_ends),
           TEST(a_body_that_nobody_wants_and_that_never_ends),
           TEST(a_second_request_that_never_ends), TEST(an_idle_connection_ends),
           TEST(connections_are_bounded), TEST(any_bytes_are_survived),
           TEST(truncated_at_every_byte))
