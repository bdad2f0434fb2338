/* The Stream resource over real sockets, against a played engine: what clients in order may expect.
 */
#include "support/rest_rig.h"

#include "base/log.h"
#include "port/thread.h"

#include <stdio.h>
#include <string.h>

#define FIRST  "MZ0000000000000000000000000000ab01"
#define CREATE "Url=wss%3A%2F%2Fconsumer.example%2Fmedia"

static struct rest_rig rig;

static void set_up(void)
{
    rest_rig_init(&rig);
    rest_rig_start(&rig);
}

START_TEST(create_answers_the_resource_at_once)
{
    struct http_answer answer;

    set_up();
    answer = rest_ask(&rig, "POST", REST_STREAMS ".json", CREATE, 200);
    ck_assert_str_eq(answer.body,
                     "{\"account_sid\":\"" REST_ACCOUNT "\",\"call_sid\":\"" REST_CALL "\","
                     "\"sid\":\"" FIRST "\",\"name\":null,\"status\":\"in-progress\","
                     "\"date_updated\":\"Mon, 26 Aug 2024 00:00:00 +0000\",\"uri\":\"" REST_STREAMS
                     "/" FIRST ".json\"}");
    ck_assert(http_has(&answer, "Content-Type", "application/json"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Origin", "*"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Credentials", "false"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Methods", "POST, OPTIONS"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Headers", "Content-Type, Authorization"));
    ck_assert(http_has(&answer, "Access-Control-Expose-Headers", NULL));
    http_free(&answer);
    ck_assert_str_eq(rig.url, "wss://consumer.example/media");
    ck_assert_str_eq(rig.name, "(none)");
    ck_assert_uint_eq(rig.tracks, OMSP_TRACK_INBOUND);
    ck_assert_int_eq(rig.cause, OMSP_CAUSE_REMOTE_REQUEST);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(created_status_may_be_201)
{
    rest_rig_init(&rig);
    rig.config.created_status = 201;
    rest_rig_start(&rig);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 201, "\"in-progress\"");
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=stopped", 200, "\"stopped\"");
    rest_rig_end(&rig);
}
END_TEST

START_TEST(every_parameter_arrives)
{
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json",
                "Url=wss%3A%2F%2Fh%2F%3Fx%3D1&Name=my%20str%C3%A4m&Track=both_tracks"
                "&StatusCallback=http%3A%2F%2Fh%2Fcb%3Fa%3Db&StatusCallbackMethod=GET"
                "&Parameter1.Name=a+b&Parameter1.Value=1%2B1&Parameter99.Name=z&Parameter99.Value="
                "&AuthorizationBearerToken=nobody&Unknown=1",
                200, "\"name\":\"my str\xc3\xa4m\"");
    ck_assert_str_eq(rig.url, "wss://h/");
    ck_assert_str_eq(rig.name, "my str\xc3\xa4m");
    ck_assert_uint_eq(rig.tracks, OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND);
    ck_assert_str_eq(rig.callback, "http://h/cb?a=b");
    ck_assert(rig.callback_get);
    ck_assert_str_eq(rig.params, "[a b=1+1][z=]");
    ck_assert_str_eq(rig.authorization, "(none)");
    rest_rig_end(&rig);
}
END_TEST

START_TEST(created_is_in_progress_even_if_it_failed_meanwhile)
{
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, "\"in-progress\"");
    rig.streams[0].info.state = OMSP_FORK_STOPPED;
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=stopped", 200, "\"stopped\"");
    ck_assert_uint_eq(rig.streams[0].stops, 0);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(stop_by_sid_and_again)
{
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, FIRST);
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=stopped", 200,
                "\"status\":\"stopped\"");
    rest_expect(&rig, "POST", REST_STREAMS "/MZ0000000000000000000000000000AB01.json",
                "Status=stopped", 200, "\"uri\":\"" REST_STREAMS "/" FIRST ".json\"");
    ck_assert_uint_eq(rig.streams[0].stops, 1);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(stop_by_name)
{
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE "&Name=a%20b%2Fc.json", 200,
                "\"name\":\"a b/c.json\"");
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE "&Name=0123abcdef", 200, "ab02");
    rest_expect(&rig, "POST", REST_STREAMS "/0123abcdef.json", "Status=stopped", 200,
                "ab02.json\"");
    rest_expect(&rig, "POST", REST_STREAMS "/a%20b%2Fc.json.json", "Status=stopped", 200,
                "\"uri\":\"" REST_STREAMS "/" FIRST ".json\"");
    ck_assert_uint_eq(rig.streams[0].stops, 1);
    ck_assert_uint_eq(rig.streams[1].stops, 1);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(sids_of_any_case_are_found_and_printed_in_lower_case)
{
    set_up();
    rest_expect(&rig, "POST",
                "/2010-04-01/Accounts/AC0123456789ABCDEF0123456789ABCDEF/Calls/"
                "CAFEDCBA9876543210FEDCBA9876543210/Streams.json",
                CREATE, 200, "\"account_sid\":\"" REST_ACCOUNT "\",\"call_sid\":\"" REST_CALL "\"");
    rest_rig_end(&rig);
}
END_TEST

START_TEST(status_is_stopped_and_nothing_else)
{
    static const char *const bad[] = {"",
                                      "Status=",
                                      "Status=Stopped",
                                      "Status=completed",
                                      "Status=paused",
                                      "Status=in-progress",
                                      "status=stopped"};

    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, FIRST);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", bad[i], 400, "\"code\":20001");
    ck_assert_uint_eq(rig.streams[0].stops, 0);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(a_bidirectional_stream_is_not_stopped_here)
{
    set_up();
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, FIRST);
    rig.streams[0].info.bidirectional = true;
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=stopped", 400, "20001");
    ck_assert_uint_eq(rig.streams[0].stops, 0);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(xml_is_spoken_too)
{
    struct http_answer answer;

    set_up();
    answer = rest_ask(&rig, "POST", REST_STREAMS ".xml", CREATE, 200);
    ck_assert(http_has(&answer, "Content-Type", "application/xml"));
    ck_assert_ptr_nonnull(strstr(answer.body, "<TwilioResponse><Stream><AccountSid>" REST_ACCOUNT));
    ck_assert_ptr_nonnull(strstr(answer.body, "<Name/><Status>in-progress</Status>"));
    http_free(&answer);
    rest_expect_raw(&rig,
                    "POST " REST_STREAMS " HTTP/1.1\r\nHost: h\r\nAuthorization: " REST_BASIC "\r\n"
                    "Accept: application/xml\r\nContent-Length: 0\r\n\r\n",
                    400, 0);
    http_puts(&rig.client, "GET /x.xml HTTP/1.1\r\nHost: h\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 401);
    ck_assert(http_has(&answer, "Content-Type", "application/xml"));
    ck_assert_ptr_nonnull(strstr(answer.body, "<RestException><Code>20003</Code>"));
    http_free(&answer);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(credentials_come_first)
{
    static const char *const bad[] = {
        "", "Authorization: Basic\r\n", "Authorization: Bearer x\r\n",
        "Authorization: Basic QUM6eA==\r\n",
        /* the account with another token */
        "Authorization: Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp4\r\n"};
    static const char *const paths[] = {REST_STREAMS ".json", "/", "/x%zz",
                                        "/2010-04-01/Accounts/AC1/Calls/CA1/Streams.json"};

    set_up();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
            char request[1024];
            struct http_answer answer;

            snprintf(request, sizeof(request),
                     "POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: 3\r\n\r\na=b", paths[k],
                     bad[i]);
            http_puts(&rig.client, request);
            ck_assert(http_read(&rig.client, &answer, false));
            ck_assert_int_eq(answer.status, 401);
            rest_check_error(&answer, 20003);
            ck_assert(http_has(&answer, "WWW-Authenticate", "Basic realm=\"Twilio API\""));
            ck_assert(http_has(&answer, "Access-Control-Allow-Origin", "*"));
            http_free(&answer);
        }
    ck_assert_uint_eq(rig.stream_count, 0);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(an_api_key_opens_too)
{
    set_up();
    rest_expect_raw(&rig,
                    "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\n"
                    "Authorization: " REST_KEY_BASIC "\r\nContent-Type: " REST_FORM
                    "; charset=x\r\n"
                    "Content-Length: 11\r\n\r\nUrl=wss://h",
                    200, 0);
    ck_assert_uint_eq(rig.stream_count, 1);
    rest_rig_end(&rig);
}
END_TEST

/* Whatever does not exist, the answer differs in the path asked for alone. */
START_TEST(what_does_not_exist_is_one_answer)
{
    static const char *const paths[] = {
        "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdee/Calls/" REST_CALL "/Streams.json",
        "/2010-04-01/Accounts/XX0123456789abcdef0123456789abcdef/Calls/" REST_CALL "/Streams.json",
        "/2010-04-01/Accounts/" REST_ACCOUNT
        "/Calls/CA00000000000000000000000000000000/Streams.json",
        "/2010-04-01/Accounts/" REST_ACCOUNT
        "/Calls/MZfedcba9876543210fedcba9876543210/Streams.json",
        "/2010-04-01/Accounts/" REST_ACCOUNT "/Calls/x/Streams.json",
        REST_STREAMS "/" FIRST ".json",
        REST_STREAMS "/nobody.json",
        "/2010-04-01/Accounts/" REST_ACCOUNT ".json",
        "/",
    };

    set_up();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char want[512];
        struct http_answer answer = rest_ask(&rig, "POST", paths[i], "Status=stopped", 404);

        snprintf(want, sizeof(want),
                 "{\"code\":20404,\"message\":\"The requested resource %s was not found\","
                 "\"more_info\":\"https://www.twilio.com/docs/errors/20404\",\"status\":404}",
                 paths[i]);
        ck_assert_str_eq(answer.body, want);
        http_free(&answer);
    }
    rest_rig_end(&rig);
}
END_TEST

START_TEST(other_methods_are_told_what_there_is)
{
    static const char *const methods[] = {"GET", "PUT", "DELETE", "PATCH", "HEAD", "FOO"};

    set_up();
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        for (int k = 0; k < 2; k++) {
            struct http_answer answer = rest_ask(
                &rig, methods[i], k ? REST_STREAMS "/x.json" : REST_STREAMS ".json", NULL, 405);

            ck_assert(http_has(&answer, "Allow", "POST, OPTIONS"));
            if (strcmp(methods[i], "HEAD") != 0)
                rest_check_error(&answer, 20004);
            http_free(&answer);
        }
    rest_rig_end(&rig);
}
END_TEST

START_TEST(what_the_engine_refuses_is_told)
{
    static const struct {
        enum omsp_status status;
        int error, http;
        const char *want;
    } rows[] = {
        {OMSP_INVALID, OMSP_FORK_BAD_SCHEME, 400, "\"code\":31922"},
        {OMSP_INVALID, OMSP_FORK_BAD_URL, 400, "\"code\":31923"},
        {OMSP_EXISTS, 0, 400, "\"code\":20001"},
        {OMSP_FULL, 0, 400, "\"code\":20001"},
        {OMSP_WRONG_STATE, 0, 400, "\"code\":21220"},
        {OMSP_SHUTDOWN, 0, 404, "\"code\":20404"},
        {OMSP_NOMEM, 0, 500, "\"code\":20500"},
    };

    set_up();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig.fork_answer = rows[i].status;
        rig.fork_error = rows[i].error;
        rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, rows[i].http, rows[i].want);
    }
    rest_rig_end(&rig);
}
END_TEST

START_TEST(preflight_needs_no_credentials)
{
    struct http_answer answer;

    set_up();
    http_puts(&rig.client, "OPTIONS " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\n"
                           "Origin: http://page\r\nAccess-Control-Request-Method: POST\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 204);
    ck_assert(http_has(&answer, "Access-Control-Allow-Origin", "*"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Methods", "POST, OPTIONS"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Headers", "Content-Type, Authorization"));
    ck_assert(http_has(&answer, "Access-Control-Max-Age", "600"));
    http_free(&answer);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, FIRST); /* same connection */
    rest_rig_end(&rig);
}
END_TEST

START_TEST(listed_origins_are_named_with_credentials)
{
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.allowed_origins[0] = "https://a.example";
    rig.config.allowed_origins[1] = "https://b.example";
    rig.config.origin_count = 2;
    rest_rig_start(&rig);
    http_puts(&rig.client, "GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://b.example\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 401);
    ck_assert(http_has(&answer, "Access-Control-Allow-Origin", "https://b.example"));
    ck_assert(http_has(&answer, "Access-Control-Allow-Credentials", "true"));
    ck_assert(http_has(&answer, "Vary", "Origin"));
    http_free(&answer);
    http_puts(&rig.client, "GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://b.example.evil\r\n\r\n");
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert(!http_has(&answer, "Access-Control-Allow-Origin", NULL));
    ck_assert(http_has(&answer, "Access-Control-Allow-Credentials", "false"));
    ck_assert(http_has(&answer, "Vary", "Origin"));
    http_free(&answer);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(extensions_pause_resume_and_look)
{
    struct http_answer answer;

    rest_rig_init(&rig);
    rig.config.extensions = true;
    rest_rig_start(&rig);
    rest_expect(&rig, "GET", REST_STREAMS ".json", NULL, 200, "{\"streams\":[]}");
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE "&AuthorizationBearerToken=tok", 200,
                FIRST);
    ck_assert_str_eq(rig.authorization, "Bearer tok");
    rig.streams[0].info.state = OMSP_FORK_OPEN;
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=paused", 200,
                "\"status\":\"paused\"");
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=paused", 200,
                "\"status\":\"paused\"");
    ck_assert_uint_eq(rig.streams[0].pauses, 1);
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=in-progress", 200,
                "\"status\":\"in-progress\"");
    ck_assert_uint_eq(rig.streams[0].starts, 1);
    rig.streams[0].info.frames_sent = 77;
    rest_expect(&rig, "GET", REST_STREAMS "/" FIRST ".json", NULL, 200, "\"frames_sent\":77");
    rest_expect(&rig, "GET", REST_STREAMS ".json", NULL, 200, "{\"streams\":[{\"account_sid\"");
    answer = rest_ask(&rig, "HEAD", REST_STREAMS ".json", NULL, 200);
    http_free(&answer);
    answer = rest_ask(&rig, "PUT", REST_STREAMS ".json", NULL, 405);
    ck_assert(http_has(&answer, "Allow", "POST, GET, OPTIONS"));
    http_free(&answer);
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=stopped", 200,
                "\"status\":\"stopped\"");
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=in-progress", 400, "20001");
    rest_expect(&rig, "POST", REST_STREAMS "/" FIRST ".json", "Status=paused", 400, "20001");
    rest_rig_end(&rig);
}
END_TEST

START_TEST(too_many_requests_are_told_when_to_come_again)
{
    struct http_answer answer;
    int refused = 0;

    rest_rig_init(&rig);
    rig.config.rate_per_s = 3;
    rest_rig_start(&rig);
    /* Those without credentials do not use up the others' share. */
    for (int i = 0; i < 8; i++) {
        http_puts(&rig.client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert(http_read(&rig.client, &answer, false));
        ck_assert(answer.status == 401 || answer.status == 429);
        refused += answer.status == 429;
        if (answer.status == 429) {
            rest_check_error(&answer, 20429);
            ck_assert(http_has(&answer, "Retry-After", "1"));
        }
        http_free(&answer);
    }
    ck_assert_int_gt(refused, 0);
    rest_expect(&rig, "POST", REST_STREAMS ".json", CREATE, 200, FIRST);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(one_connection_serves_many_requests)
{
    struct http_answer answer;

    set_up();
    for (int i = 0; i < 200; i++)
        rest_expect(&rig, "POST", REST_STREAMS "/nobody.json", "Status=stopped", 404, "20404");
    /* Three at once, answered in order. */
    for (int i = 0; i < 3; i++) {
        char one[1024];

        snprintf(one, sizeof(one), "GET /%d HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\n\r\n", i,
                 REST_BASIC);
        http_puts(&rig.client, one);
    }
    for (int i = 0; i < 3; i++) {
        char want[64];

        snprintf(want, sizeof(want), "resource /%d was", i);
        ck_assert(http_read(&rig.client, &answer, false));
        ck_assert_ptr_nonnull(strstr(answer.body, want));
        http_free(&answer);
    }
    rest_rig_end(&rig);
}
END_TEST

static void stop_server(void *arg)
{
    struct rest_rig *of = arg;

    omsp_lock_acquire(&of->lock);
    of->stopping = true;
    omsp_cond_broadcast(&of->changed);
    omsp_lock_release(&of->lock);
    omsp_rest_stop(of->server);
}

START_TEST(stop_lets_an_answer_under_way_arrive)
{
    struct omsp_thread *stopper;
    struct http_answer answer;
    static const char body[] = CREATE;
    char request[1024];

    rest_rig_init(&rig);
    rig.config.stop_ms = 20000;
    rig.hold = true;
    rest_rig_start(&rig);
    snprintf(request, sizeof(request),
             "POST " REST_STREAMS ".json HTTP/1.1\r\nHost: h\r\nAuthorization: " REST_BASIC "\r\n"
             "Content-Type: " REST_FORM "\r\nContent-Length: %u\r\n\r\n%s",
             (unsigned)strlen(body), body);
    http_puts(&rig.client, request);
    omsp_lock_acquire(&rig.lock);
    for (int i = 0; i < 100 && !rig.held; i++)
        omsp_cond_wait(&rig.changed, &rig.lock, 100000);
    ck_assert(rig.held);
    omsp_lock_release(&rig.lock);
    ck_assert_int_eq(omsp_thread_start(stop_server, &rig, "stopper", &stopper), OMSP_OK);
    omsp_lock_acquire(&rig.lock);
    while (!rig.stopping)
        omsp_cond_wait(&rig.changed, &rig.lock, 100000);
    /* Nothing tells that stop is inside; that it is not within this time is possible and harmless.
     */
    for (int i = 0; i < 3; i++)
        omsp_cond_wait(&rig.changed, &rig.lock, 100000);
    rig.hold = false;
    omsp_cond_broadcast(&rig.changed);
    omsp_lock_release(&rig.lock);
    ck_assert(http_read(&rig.client, &answer, false));
    ck_assert_int_eq(answer.status, 200);
    http_free(&answer);
    omsp_thread_join(stopper);
    rig.server = NULL;
    http_close(&rig.client);
    rest_rig_end(&rig);
}
END_TEST

START_TEST(stop_waits_for_nobody_beyond_its_time)
{
    set_up();
    /* A request that never becomes whole. */
    http_puts(&rig.client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na");
    omsp_rest_stop(rig.server);
    ck_assert(http_ends(&rig.client));
    rig.server = NULL;
    http_close(&rig.client);
    rest_rig_end(&rig);
}
END_TEST

static enum omsp_status try_start(struct omsp_rest_config *config)
{
    struct omsp_rest_server *server = NULL;
    enum omsp_status status = rest_rig_try(&rig, config, &server);

    if (status == OMSP_OK)
        omsp_rest_stop(server);
    return status;
}

START_TEST(what_cannot_be_is_refused_at_the_start)
{
    struct omsp_rest_config good, bad;
    char secret[300];

    rest_rig_init(&rig);
    good = rig.config;
    ck_assert_int_eq(try_start(&good), OMSP_OK);
#define BAD(change, want)                                                                          \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        ck_assert_int_eq(try_start(&bad), want);                                                   \
    } while (0)
    BAD(bad.listen = NULL, OMSP_INVALID);
    BAD(bad.listen = "localhost:80", OMSP_INVALID);
    BAD(bad.listen = "127.0.0.1:99999", OMSP_INVALID);
    BAD(bad.listen = "0.0.0.0:0", OMSP_ACCESS);
    BAD(bad.listen = "[::]:0", OMSP_ACCESS);
    BAD(bad.listen = "192.0.2.1:0", OMSP_ACCESS);
    BAD((bad.listen = "192.0.2.1:0", bad.allow_any = true), OMSP_INVALID);
    BAD((bad.listen = "0.0.0.0:0", bad.allow_any = true), OMSP_OK);
    BAD(bad.listen = "127.0.0.5:0", OMSP_OK);
    BAD(bad.account_sid = NULL, OMSP_INVALID);
    BAD(bad.account_sid = "AC1", OMSP_INVALID);
    BAD(bad.account_sid = REST_CALL, OMSP_INVALID);
    BAD(bad.auth_tokens[1] = "", OMSP_INVALID);
    BAD((bad.auth_tokens[0] = NULL, bad.key_count = 0), OMSP_INVALID);
    BAD(bad.auth_tokens[0] = NULL, OMSP_OK);
    BAD(bad.keys[0].sid = "XX1", OMSP_INVALID);
    BAD(bad.keys[0].sid = "SK:1", OMSP_INVALID);
    BAD(bad.keys[0].secret = "", OMSP_INVALID);
    BAD(bad.keys[0].secret = NULL, OMSP_INVALID);
    BAD(bad.created_status = 204, OMSP_INVALID);
    BAD(bad.key_count = OMSP_REST_MAX_KEYS + 1, OMSP_INVALID);
    BAD((bad.origin_count = 1, bad.allowed_origins[0] = "*"), OMSP_INVALID);
    BAD((bad.origin_count = 1, bad.allowed_origins[0] = "http://a\r\nX: y"), OMSP_INVALID);
    memset(secret, 's', sizeof(secret));
    secret[OMSP_REST_SECRET_MAX + 1] = 0;
    BAD(bad.auth_tokens[0] = secret, OMSP_INVALID);
#undef BAD
    rest_rig_end(&rig);
}
END_TEST

START_TEST(an_address_in_use_is_told)
{
    struct omsp_rest_config second;

    set_up();
    second = rig.config;
    second.listen = omsp_rest_address(rig.server);
    ck_assert_int_eq(try_start(&second), OMSP_ADDRINUSE);
    rest_rig_end(&rig);
}
END_TEST

static void walk_body(void *ctx)
{
    enum omsp_status status = try_start(ctx);

    if (omsp_test_alloc_failed())
        ck_assert_int_eq(status, OMSP_NOMEM);
    else
        ck_assert_int_eq(status, OMSP_OK);
}

START_TEST(without_memory_it_does_not_start)
{
    rest_rig_init(&rig);
    ck_assert_int_gt(omsp_test_alloc_walk(walk_body, &rig.config), 5);
    rest_rig_end(&rig);
}
END_TEST

static struct {
    char lines[16384];
    size_t len;
} logged;

static void take_line(void *ctx, enum omsp_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    logged.len += (size_t)snprintf(logged.lines + logged.len, sizeof(logged.lines) - logged.len,
                                   "%s\n", line);
    ck_assert_uint_lt(logged.len, sizeof(logged.lines) - 1);
}

START_TEST(no_secret_is_ever_logged)
{
    rest_rig_init(&rig);
    logged.len = 0;
    omsp_log_set(take_line, NULL, OMSP_LOG_DEBUG);
    rig.config.extensions = true;
    rest_rig_start(&rig);
    rest_expect(&rig, "POST", REST_STREAMS ".json",
                CREATE "%3Ftoken%3Dhidden1&AuthorizationBearerToken=hidden2&Parameter1.Name=a"
                       "&Parameter1.Value=hidden3",
                200, FIRST);
    rest_expect_raw(&rig,
                    "GET /x?y=hidden4 HTTP/1.1\r\nHost: h\r\n"
                    "Authorization: Basic QUM6aGlkZGVuNQ==\r\n\r\n",
                    401, 20003);
    http_close(&rig.client);
    omsp_rest_stop(rig.server);
    rig.server = NULL;
    omsp_log_set(NULL, NULL, OMSP_LOG_ERROR);
    ck_assert_ptr_nonnull(strstr(logged.lines, "listening"));
    ck_assert_ptr_nonnull(strstr(logged.lines, "query"));
    ck_assert_ptr_null(strstr(logged.lines, "hidden"));
    ck_assert_ptr_null(strstr(logged.lines, "aGlkZGVu"));
    ck_assert_ptr_null(strstr(logged.lines, REST_TOKEN));
    ck_assert_ptr_null(strstr(logged.lines, REST_SECRET));
    rest_rig_end(&rig);
}
END_TEST

OMSP_SUITE("rest_server", TEST(create_answers_the_resource_at_once),
           TEST(created_status_may_be_201), TEST(every_parameter_arrives),
           TEST(created_is_in_progress_even_if_it_failed_meanwhile), TEST(stop_by_sid_and_again),
           TEST(stop_by_name), TEST(sids_of_any_case_are_found_and_printed_in_lower_case),
           TEST(status_is_stopped_and_nothing_else),
           TEST(a_bidirectional_stream_is_not_stopped_here), TEST(xml_is_spoken_too),
           TEST(credentials_come_first), TEST(an_api_key_opens_too),
           TEST(what_does_not_exist_is_one_answer), TEST(other_methods_are_told_what_there_is),
           TEST(what_the_engine_refuses_is_told), TEST(preflight_needs_no_credentials),
           TEST(listed_origins_are_named_with_credentials), TEST(extensions_pause_resume_and_look),
           TEST(too_many_requests_are_told_when_to_come_again),
           TEST(one_connection_serves_many_requests), TEST(stop_lets_an_answer_under_way_arrive),
           TEST(stop_waits_for_nobody_beyond_its_time),
           TEST(what_cannot_be_is_refused_at_the_start), TEST(an_address_in_use_is_told),
           TEST(without_memory_it_does_not_start), TEST(no_secret_is_ever_logged))
