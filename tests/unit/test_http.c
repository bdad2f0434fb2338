/*
 * Status callbacks of the system's adapter, against servers that are none of ours
 * (tests/tls-far.sh). Simulated ones: test_sim_http.c.
 */
#include "support/far_ports.h"
#include "support/suite.h"

#include "port/lock.h"
#include "port/ports.h"
#include "port/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000u

struct client {
    const struct omsp_ports *ports;
    struct omsp_http *http;
    struct omsp_lock lock;
    struct omsp_cond cond;
    int done; /* under lock */
    atomic_int good;
    atomic_int status;
    char url[128];
    bool again, always;
};

static void fill(struct client *client, struct omsp_http_request *request);

static void on_done(void *owner, int http_status)
{
    struct client *client = owner;

    atomic_store(&client->status, http_status);
    if (http_status == 200)
        atomic_fetch_add(&client->good, 1);
    if (client->again) {
        struct omsp_http_request request;

        client->again = false;
        fill(client, &request);
        ck_assert_int_eq(client->http->send(client->http, &request), OMSP_OK);
    }
    if (client->always) {
        struct omsp_http_request request;
        enum omsp_status status;

        fill(client, &request);
        status = client->http->send(client->http, &request);
        ck_assert(status == OMSP_OK || status == OMSP_SHUTDOWN);
    }
    omsp_lock_acquire(&client->lock);
    client->done++;
    omsp_cond_broadcast(&client->cond);
    omsp_lock_release(&client->lock);
}

static void fill(struct client *client, struct omsp_http_request *request)
{
    memset(request, 0, sizeof(*request));
    request->url = client->url;
    request->timeout_ms = 10000;
    request->ca_file = FAR_CA;
    request->on_done = on_done;
    request->owner = client;
}

static void aim(struct client *client, const char *server, const char *path)
{
    snprintf(client->url, sizeof(client->url), "%s://localhost:%u%s",
             strncmp(server, "https", 5) == 0 ? "https" : "http", far_port(server), path);
}

static void up(struct client *client)
{
    memset(client, 0, sizeof(*client));
    omsp_lock_init(&client->lock);
    omsp_cond_init(&client->cond);
    client->ports = omsp_system_ports();
    ck_assert_int_eq(client->ports->http_create(client->ports->ctx, &client->http), OMSP_OK);
}

static void down(struct client *client)
{
    client->http->destroy(client->http);
    omsp_cond_destroy(&client->cond);
    omsp_lock_destroy(&client->lock);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

static int done(struct client *client, int target, uint64_t at_most_us)
{
    uint64_t end = client->ports->now_us(NULL) + at_most_us;
    int got;

    omsp_lock_acquire(&client->lock);
    while (client->done < target && client->ports->now_us(NULL) < end)
        omsp_cond_wait(&client->cond, &client->lock, 100000);
    got = client->done;
    omsp_lock_release(&client->lock);
    return got;
}

static void send_one(struct client *client)
{
    struct omsp_http_request request;

    fill(client, &request);
    ck_assert_int_eq(client->http->send(client->http, &request), OMSP_OK);
}

/* What a GET is told. */
static int told(const char *server, const char *path)
{
    struct client client;
    int status;

    up(&client);
    aim(&client, server, path);
    send_one(&client);
    ck_assert_int_eq(done(&client, 1, 20 * SECOND), 1);
    status = atomic_load(&client.status);
    down(&client);
    ck_assert_int_eq(client.done, 1);
    return status;
}

START_TEST(statuses_are_told)
{
    ck_assert_int_eq(told("http", "/get?x=1"), 200);
    ck_assert_int_eq(told("https", "/get?x=1"), 200);
    ck_assert_int_eq(told("http", "/status/204"), 204);
    ck_assert_int_eq(told("http", "/status/500"), 500);
    ck_assert_int_eq(told("https", "/nothing"), 404);
}
END_TEST

START_TEST(redirects_are_not_followed)
{
    ck_assert_int_eq(told("http", "/redirect"), 302);
}
END_TEST

START_TEST(no_whole_answer_is_none)
{
    ck_assert_int_eq(told("http", "/drop"), 0);
    ck_assert_int_eq(told("http", "/cut"), 0);
}
END_TEST

START_TEST(an_endless_answer_is_cut_short)
{
    ck_assert_int_eq(told("http", "/endless"), 200);
}
END_TEST

START_TEST(who_is_not_to_be_trusted_gets_nothing)
{
    ck_assert_int_eq(told("https-wronghost", "/status/200"), 0);
    ck_assert_int_eq(told("https-untrusted", "/status/200"), 0);
}
END_TEST

START_TEST(without_the_private_ca_the_systems_store_refuses)
{
    struct client client;
    struct omsp_http_request request;

    up(&client);
    aim(&client, "https", "/status/200");
    fill(&client, &request);
    request.ca_file = NULL;
    ck_assert_int_eq(client.http->send(client.http, &request), OMSP_OK);
    ck_assert_int_eq(done(&client, 1, 10 * SECOND), 1);
    ck_assert_int_eq(atomic_load(&client.status), 0);
    /* Nor over a connection that another request was right to trust. */
    send_one(&client);
    ck_assert_int_eq(done(&client, 2, 10 * SECOND), 2);
    ck_assert_int_eq(atomic_load(&client.status), 200);
    ck_assert_int_eq(client.http->send(client.http, &request), OMSP_OK);
    ck_assert_int_eq(done(&client, 3, 10 * SECOND), 3);
    ck_assert_int_eq(atomic_load(&client.status), 0);
    down(&client);
}
END_TEST

START_TEST(a_post_has_body_type_and_headers)
{
    const char *const headers[] = {"X-Test: yes", "X-Other: a, b"};
    static const char *const servers[] = {"http", "https"};

    for (int i = 0; i < 2; i++) {
        struct client client;
        struct omsp_http_request request;

        up(&client);
        aim(&client, servers[i], "/post?x=1");
        fill(&client, &request);
        request.post = true;
        request.body = "a=1&b=%20";
        request.headers = headers;
        request.header_count = 2;
        ck_assert_int_eq(client.http->send(client.http, &request), OMSP_OK);
        ck_assert_int_eq(done(&client, 1, 10 * SECOND), 1);
        ck_assert_int_eq(atomic_load(&client.status), 200);
        down(&client);
    }
}
END_TEST

START_TEST(a_connection_is_used_again)
{
    struct client client;

    up(&client);
    aim(&client, "https", "/number");
    for (int i = 0; i < 5; i++) {
        send_one(&client);
        ck_assert_int_eq(done(&client, i + 1, 10 * SECOND), i + 1);
        ck_assert_int_eq(atomic_load(&client.status), 200 + i);
    }
    down(&client);
}
END_TEST

START_TEST(the_timeout_is_for_all_of_it)
{
    static const char *const paths[] = {"/slow", "/half"};

    for (int i = 0; i < 2; i++) {
        struct client client;
        struct omsp_http_request request;
        uint64_t before, took;

        up(&client);
        aim(&client, "http", paths[i]);
        fill(&client, &request);
        request.timeout_ms = 400;
        before = client.ports->now_us(NULL);
        ck_assert_int_eq(client.http->send(client.http, &request), OMSP_OK);
        ck_assert_int_eq(done(&client, 1, 10 * SECOND), 1);
        took = client.ports->now_us(NULL) - before;
        ck_assert_int_eq(atomic_load(&client.status), 0);
        ck_assert_uint_ge(took, 399000);
        ck_assert_uint_lt(took, 1500000);
        down(&client);
    }
}
END_TEST

START_TEST(what_is_no_http_url_is_refused)
{
    static const char *const urls[] = {"",
                                       "nothing",
                                       "ftp://localhost/",
                                       "http://",
                                       "file:///etc/passwd",
                                       "http://a b/",
                                       "//localhost/"};
    const char *const headers[] = {"X-A: 1\r\nX-B: 2"};
    struct client client;
    struct omsp_http_request request;

    up(&client);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        fill(&client, &request);
        request.url = urls[i];
        ck_assert_msg(client.http->send(client.http, &request) == OMSP_INVALID, "%s", urls[i]);
    }
    aim(&client, "http", "/status/200");
    fill(&client, &request);
    request.headers = headers;
    request.header_count = 1;
    ck_assert_int_eq(client.http->send(client.http, &request), OMSP_INVALID);
    down(&client);
    ck_assert_int_eq(client.done, 0);
}
END_TEST

START_TEST(on_done_may_send)
{
    struct client client;

    up(&client);
    aim(&client, "http", "/status/200");
    client.again = true;
    send_one(&client);
    ck_assert_int_eq(done(&client, 2, 10 * SECOND), 2);
    ck_assert_int_eq(atomic_load(&client.good), 2);
    down(&client);
}
END_TEST

START_TEST(destroying_ends_what_is_under_way)
{
    struct client client;

    up(&client);
    aim(&client, "http", "/slow");
    for (int i = 0; i < 20; i++)
        send_one(&client);
    atomic_store(&client.status, 1);
    down(&client);
    ck_assert_int_eq(client.done, 20);
    ck_assert_int_eq(atomic_load(&client.status), 0);
}
END_TEST

START_TEST(who_sends_again_whenever_one_ends_is_refused_at_last)
{
    struct client client;

    up(&client);
    client.always = true;
    aim(&client, "http", "/slow");
    for (int i = 0; i < 20; i++)
        send_one(&client);
    down(&client);
    ck_assert_int_eq(client.done, 20);
}
END_TEST

START_TEST(a_thousand_are_under_way_and_no_more)
{
    struct client client;
    struct omsp_http_request request;

    up(&client);

    aim(&client, "http", "/slow");
    fill(&client, &request);
    request.timeout_ms = 60000;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(client.http->send(client.http, &request), OMSP_OK);
    ck_assert_int_eq(client.http->send(client.http, &request), OMSP_FULL);
    down(&client);
    ck_assert_int_eq(client.done, 1000);
}
END_TEST

START_TEST(a_hundred_at_once_are_all_answered)
{
    struct client client;

    up(&client);
    aim(&client, "http", "/status/200");
    for (int i = 0; i < 100; i++)
        send_one(&client);
    ck_assert_int_eq(done(&client, 100, 20 * SECOND), 100);
    ck_assert_int_eq(atomic_load(&client.good), 100);
    down(&client);
}
END_TEST

OMSP_SUITE("http", TEST(statuses_are_told), TEST(redirects_are_not_followed),
           TEST(no_whole_answer_is_none), TEST(an_endless_answer_is_cut_short),
           TEST(who_is_not_to_be_trusted_gets_nothing),
           TEST(without_the_private_ca_the_systems_store_refuses),
           TEST(a_post_has_body_type_and_headers), TEST(a_connection_is_used_again),
           TEST(the_timeout_is_for_all_of_it), TEST(what_is_no_http_url_is_refused),
           TEST(on_done_may_send), TEST(destroying_ends_what_is_under_way),
           TEST(who_sends_again_whenever_one_ends_is_refused_at_last),
           TEST(a_thousand_are_under_way_and_no_more), TEST(a_hundred_at_once_are_all_answered))
