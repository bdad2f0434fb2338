/* Simulated HTTP: the record, answers in virtual time, limits, the end. */
#include "support/suite.h"

#include "base/alloc.h"
#include "sim/sim_http.h"

#include <string.h>

struct scene {
    struct omsp_sim *sim;
    struct omsp_http *http;
    int done, status;
    uint64_t done_at;
    int answer;
    uint64_t delay;
    bool again; /* sends another one in on_done */
};

static struct omsp_http_request request_of(struct scene *s);

static void on_done(void *owner, int http_status)
{
    struct scene *s = owner;

    s->done++;
    s->status = http_status;
    s->done_at = omsp_sim_now(s->sim);
    if (s->again) {
        const struct omsp_http_request request = request_of(s);

        s->again = false;
        ck_assert_int_eq(s->http->send(s->http, &request), OMSP_OK);
    }
}

static struct omsp_http_request request_of(struct scene *s)
{
    static const char *const headers[] = {"X-First: 1", "X-Twilio-Signature:   abc="};
    const struct omsp_http_request request = {.url = "https://a.example/cb?x=1",
                                              .post = true,
                                              .body = "StreamSid=MZ1",
                                              .headers = headers,
                                              .header_count = 2,
                                              .timeout_ms = 5000,
                                              .on_done = on_done,
                                              .owner = s};

    return request;
}

static int answer(void *ctx, const struct omsp_sim_http_request *request, uint64_t *delay_us)
{
    struct scene *s = ctx;

    ck_assert_str_eq(request->url, "https://a.example/cb?x=1");
    if (s->delay)
        *delay_us = s->delay;
    return s->answer;
}

static void up(struct scene *s)
{
    const struct omsp_ports *ports;

    memset(s, 0, sizeof(*s));
    ck_assert_int_eq(omsp_sim_create(1, &s->sim), OMSP_OK);
    ports = omsp_sim_ports(s->sim);
    ck_assert_int_eq(ports->http_create(ports->ctx, &s->http), OMSP_OK);
}

static void down(struct scene *s)
{
    s->http->destroy(s->http);
    omsp_sim_destroy(s->sim);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

static void send_one(struct scene *s)
{
    const struct omsp_http_request request = request_of(s);

    ck_assert_int_eq(s->http->send(s->http, &request), OMSP_OK);
}

START_TEST(a_request_is_on_record_with_all_its_parts)
{
    struct scene s;
    const struct omsp_sim_http_request *request;

    up(&s);
    ck_assert_ptr_null(omsp_sim_http_get(s.sim, 0));
    send_one(&s);
    ck_assert_uint_eq(omsp_sim_http_count(s.sim), 1);
    request = omsp_sim_http_get(s.sim, 0);
    ck_assert_str_eq(request->url, "https://a.example/cb?x=1");
    ck_assert_str_eq(request->body, "StreamSid=MZ1");
    ck_assert(request->post);
    ck_assert_uint_eq(request->at_us, OMSP_SIM_START_US);
    ck_assert_uint_eq(request->header_count, 2);
    ck_assert_str_eq(omsp_sim_http_header(request, "x-twilio-signature"), "abc=");
    ck_assert_str_eq(omsp_sim_http_header(request, "X-FIRST"), "1");
    ck_assert_ptr_null(omsp_sim_http_header(request, "X-Firs"));
    ck_assert_ptr_null(omsp_sim_http_header(request, "X-First: 1"));
    down(&s);
}
END_TEST

static void ends(int given, uint64_t delay, int status, uint64_t after)
{
    struct scene s;

    up(&s);
    omsp_sim_http_set_server(s.sim, answer, &s);
    s.answer = given;
    s.delay = delay;
    send_one(&s);
    ck_assert_int_eq(s.done, 0);
    omsp_sim_run(s.sim, OMSP_SIM_START_US + 60000000);
    ck_assert_int_eq(s.done, 1);
    ck_assert_int_eq(s.status, status);
    ck_assert_uint_eq(s.done_at - OMSP_SIM_START_US, after);
    down(&s);
    ck_assert_int_eq(s.done, 1);
}

START_TEST(answers_come_as_the_script_says)
{
    ends(204, 0, 204, 1000);
    ends(500, 5000000, 500, 5000000);
    ends(200, 5000001, 0, 5000000);
    ends(0, 70000, 0, 70000);
    ends(0, UINT64_MAX, 0, 5000000);
}
END_TEST

START_TEST(on_done_may_send)
{
    struct scene s;

    up(&s);
    s.again = true;
    send_one(&s);
    omsp_sim_run(s.sim, OMSP_SIM_START_US + 10000);
    ck_assert_int_eq(s.done, 2);
    ck_assert_int_eq(s.status, 200);
    ck_assert_uint_eq(omsp_sim_http_count(s.sim), 2);
    down(&s);
}
END_TEST

START_TEST(destroying_ends_what_is_under_way)
{
    struct scene s;

    up(&s);
    send_one(&s);
    send_one(&s);
    s.status = 1;
    s.http->destroy(s.http);
    ck_assert_int_eq(s.done, 2);
    ck_assert_int_eq(s.status, 0);
    omsp_sim_run(s.sim, OMSP_SIM_START_US + 10000);
    ck_assert_int_eq(s.done, 2);
    omsp_sim_destroy(s.sim);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

START_TEST(more_than_a_thousand_and_other_schemes_are_refused)
{
    static const char *const two_lines[] = {"X-First: 1", "X-Second: 2\r\nX-Third: 3"};
    struct scene s;
    struct omsp_http_request request;

    up(&s);
    request = request_of(&s);
    for (int i = 0; i < 1000; i++)
        send_one(&s);
    ck_assert_int_eq(s.http->send(s.http, &request), OMSP_FULL);
    omsp_sim_run(s.sim, OMSP_SIM_START_US + 10000);
    ck_assert_int_eq(s.done, 1000);
    request.url = "ftp://a.example/";
    ck_assert_int_eq(s.http->send(s.http, &request), OMSP_INVALID);
    request = request_of(&s);
    request.headers = two_lines;
    ck_assert_int_eq(s.http->send(s.http, &request), OMSP_INVALID);
    omsp_sim_fail(s.sim, OMSP_SIM_HTTP_SEND, 0, 1, OMSP_NOMEM);
    request = request_of(&s);
    ck_assert_int_eq(s.http->send(s.http, &request), OMSP_NOMEM);
    ck_assert_uint_eq(omsp_sim_http_count(s.sim), 1000);
    down(&s);
    ck_assert_int_eq(s.done, 1000);
}
END_TEST

OMSP_SUITE("sim_http", TEST(a_request_is_on_record_with_all_its_parts),
           TEST(answers_come_as_the_script_says), TEST(on_done_may_send),
           TEST(destroying_ends_what_is_under_way),
           TEST(more_than_a_thousand_and_other_schemes_are_refused))
