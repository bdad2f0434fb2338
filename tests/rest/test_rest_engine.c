/* The Stream resource over the engine itself, with the system's sockets: what it says of a stream
 * is what the other doors see. Consumers here take connections and never answer. */
#include "support/http_client.h"
#include "support/rest_rig.h"

#include "engine/fork.h"
#include "port/ports.h"

#include <stdio.h>
#include <string.h>

static struct {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *call;
    struct rest_rig http; /* its connection and server only */
    intptr_t consumer;
    char create[128], path[256];
} world;

static void nobody(void *ctx)
{
    (void)ctx;
}

static void set_up(bool connected)
{
    struct omsp_fork_settings settings = {.account_sid = REST_ACCOUNT, .auth_token = REST_TOKEN};
    struct omsp_addr peer;

    memset(&world, 0, sizeof(world));
    rest_rig_init(&world.http);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &world.engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(world.engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(world.engine, &world.address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(world.address, nobody, NULL, &world.listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(world.address, OMSP_MEDIA_AUDIO, 1, &world.call), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:9", &peer), OMSP_OK);
    if (connected)
        ck_assert_int_eq(omsp_call_set_peer(world.call, &peer, 0), OMSP_OK);
    world.http.config.extensions = true;
    ck_assert_int_eq(omsp_rest_start(world.engine, &world.http.config, &world.http.server),
                     OMSP_OK);
    http_open(&world.http.client, omsp_rest_address(world.http.server));
    snprintf(world.create, sizeof(world.create), "Url=ws%%3A%%2F%%2F127.0.0.1%%3A%u%%2Fx",
             http_mute_server(&world.consumer));
    snprintf(world.path, sizeof(world.path),
             "/2010-04-01/Accounts/" REST_ACCOUNT "/Calls/%s/Streams", omsp_call_sid(world.call));
}

static void tear_down(void)
{
    http_close(&world.http.client);
    omsp_rest_stop(world.http.server);
    world.http.server = NULL;
    rest_rig_end(&world.http);
    omsp_call_shutdown(world.call);
    omsp_call_release(world.call);
    omsp_address_shutdown(world.address);
    omsp_listener_close(world.listener);
    omsp_address_release(world.address);
    omsp_engine_destroy(world.engine);
    http_mute_close(world.consumer);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

/* Creates with more fields; the SID. */
static void create(const char *more, char sid[OMSP_SID_CHARS + 1])
{
    char path[300], body[512];
    struct http_answer answer;
    const char *at;

    snprintf(path, sizeof(path), "%s.json", world.path);
    snprintf(body, sizeof(body), "%s%s", world.create, more);
    answer = rest_ask(&world.http, "POST", path, body, 200);
    at = strstr(answer.body, "\"sid\":\"MZ");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"status\":\"in-progress\""));
    memcpy(sid, at + 7, OMSP_SID_CHARS);
    sid[OMSP_SID_CHARS] = 0;
    http_free(&answer);
}

static void refused(const char *body, int status, const char *want)
{
    char path[300];

    snprintf(path, sizeof(path), "%s.json", world.path);
    rest_expect(&world.http, "POST", path, body, status, want);
}

static void change(const char *sid_or_name, const char *body, int status, const char *want)
{
    char path[600];

    snprintf(path, sizeof(path), "%s/%s.json", world.path, sid_or_name);
    rest_expect(&world.http, "POST", path, body, status, want);
}

/* The next call event of this type; there must be one. */
static struct omsp_event next_event(enum omsp_call_event type)
{
    struct omsp_event event;

    do
        ck_assert_int_eq(omsp_listener_take(world.listener, NULL, NULL, &event), OMSP_OK);
    while (event.kind != OMSP_EVENT_CALL || event.type != (int)type);
    return event;
}

START_TEST(a_stream_made_here_is_a_stream_of_the_call)
{
    char sid[OMSP_SID_CHARS + 1];
    struct omsp_stream *stream;
    struct omsp_fork_info info;

    set_up(true);
    create("&Name=one&Track=both_tracks", sid);
    stream = omsp_call_find_fork(world.call, sid);
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(next_event(OMSP_NEW_STREAM).stream, omsp_stream_id(stream));
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    ck_assert_str_eq(info.name, "one");
    ck_assert_uint_eq(info.tracks, OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND);
    ck_assert_str_eq(info.call_sid, omsp_call_sid(world.call));
    change("one", "Status=stopped", 200, "\"status\":\"stopped\"");
    change(sid, "Status=stopped", 200, "\"status\":\"stopped\"");
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
    omsp_stream_release(stream);
    tear_down();
}
END_TEST

START_TEST(a_stream_made_elsewhere_is_stopped_here)
{
    struct omsp_fork_options options = {.name = "by com", .tracks = OMSP_TRACK_OUTBOUND};
    struct omsp_stream *stream;
    struct omsp_fork_info info;
    char url[64];

    set_up(true);
    ck_assert_int_eq(sscanf(world.create, "Url=ws%%3A%%2F%%2F127.0.0.1%%3A%5[0-9]", url), 1);
    memmove(url + 15, url, 6);
    memcpy(url, "ws://127.0.0.1:", 15);
    options.url = url;
    ck_assert_int_eq(omsp_call_fork(world.call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    change("by%20com", "Status=stopped", 200, "\"name\":\"by com\",\"status\":\"stopped\"");
    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
    omsp_stream_release(stream);
    tear_down();
}
END_TEST

START_TEST(limits_of_the_engine_are_told)
{
    char body[256], sid[OMSP_SID_CHARS + 1];

    set_up(true);
    create("&Name=n&Track=both_tracks", sid);
    snprintf(body, sizeof(body), "%s&Name=n", world.create);
    refused(body, 400, "{\"code\":20001,\"message\":\"Name");
    create("", sid);
    create("", sid); /* without a name, to the same place, beside the other */
    refused(world.create, 400, "{\"code\":20001,\"message\":\"Track");
    change("n", "Status=stopped", 200, "stopped");
    create("&Name=n&Track=both_tracks", sid);
    tear_down();
}
END_TEST

START_TEST(urls_are_judged_by_the_engine)
{
    set_up(true);
    refused("Url=https%3A%2F%2Fh%2Fx", 400, "{\"code\":31922,");
    refused("Url=ftp%3A%2F%2Fh", 400, "{\"code\":31922,");
    refused("Url=ws%3A%2F%2Fexample.com%2Fx", 400, "{\"code\":31922,"); /* plain, not loopback */
    refused("Url=%2Frelative", 400, "{\"code\":31923,");
    refused("Url=wss%3A%2F%2F", 400, "{\"code\":31923,");
    refused("Url=wss%3A%2F%2Fh%3A99999", 400, "{\"code\":31923,");
    refused("Url=wss%3A%2F%2Fu%3Ap%40h", 400, "{\"code\":31923,");
    refused("Url=nonsense", 400, "{\"code\":31923,");
    tear_down();
}
END_TEST

START_TEST(a_call_that_is_not_connected_has_no_streams)
{
    set_up(false);
    refused(world.create, 400, "{\"code\":21220,");
    tear_down();
}
END_TEST

START_TEST(what_was_stopped_is_found_until_the_call_goes)
{
    char sid[OMSP_SID_CHARS + 1];

    set_up(true);
    create("", sid);
    change(sid, "Status=stopped", 200, "stopped");
    change(sid, "Status=stopped", 200, "stopped");
    change(sid, "Status=in-progress", 400, "20001");
    ck_assert_int_eq(omsp_call_shutdown(world.call), OMSP_OK);
    change(sid, "Status=stopped", 404, "20404");
    refused(world.create, 404, "20404");
    tear_down();
}
END_TEST

START_TEST(live_statistics_are_told)
{
    char sid[OMSP_SID_CHARS + 1], path[600];

    set_up(true);
    create("", sid);
    snprintf(path, sizeof(path), "%s/%s.json", world.path, sid);
    rest_expect(&world.http, "GET", path, NULL, 200, "\"connection\":\"connecting\"");
    rest_expect(&world.http, "GET", path, NULL, 200, "\"frames_sent\":0,");
    snprintf(path, sizeof(path), "%s.json", world.path);
    rest_expect(&world.http, "GET", path, NULL, 200, sid);
    tear_down();
}
END_TEST

/* One request of a client whose connection is there already, with the n-th allocation failing. The
 * answer is what the request deserves, or that the server could not, in proper form; never
 * nothing. */
static int post_failing(const char *path, const char *body, long n)
{
    struct http_answer answer;
    char request[1200];
    int status;

    snprintf(request, sizeof(request),
             "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: " REST_BASIC
             "\r\nContent-Type: " REST_FORM "\r\nContent-Length: %zu\r\n\r\n%s",
             path, strlen(body), body);
    omsp_test_fail_alloc(n);
    ck_assert(http_puts(&world.http.client, request));
    ck_assert_msg(http_read(&world.http.client, &answer, false), "no answer, %ld", n);
    omsp_test_allow_alloc();
    status = answer.status;
    if (status != 200) {
        ck_assert_int_eq(status, 500);
        rest_check_error(&answer, 20500);
    }
    if (http_has(&answer, "Connection", "close")) {
        http_close(&world.http.client);
        http_open(&world.http.client, omsp_rest_address(world.http.server));
    }
    http_free(&answer);
    return status;
}

START_TEST(without_memory_it_says_so_and_the_next_request_is_served)
{
    unsigned refusals = 0, served = 0;
    struct omsp_addr peer;
    bool failed = true;

    set_up(true);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:9", &peer), OMSP_OK);
    change("nobody", "Status=stopped", 404, "20404"); /* the connection is the server's */
    for (long n = 0; failed || n < 24; n++) {         /* later ones are of who dials */
        char path[300], sid[OMSP_SID_CHARS + 1], body[512];

        ck_assert_int_lt(n, 400);
        omsp_call_shutdown(world.call);
        omsp_call_release(world.call);
        ck_assert_int_eq(omsp_call_create(world.address, OMSP_MEDIA_AUDIO, 1, &world.call),
                         OMSP_OK);
        ck_assert_int_eq(omsp_call_set_peer(world.call, &peer, 0), OMSP_OK);
        snprintf(world.path, sizeof(world.path),
                 "/2010-04-01/Accounts/" REST_ACCOUNT "/Calls/%s/Streams",
                 omsp_call_sid(world.call));
        snprintf(path, sizeof(path), "%s.json", world.path);
        snprintf(body, sizeof(body), "%s&Name=first&Parameter1.Name=a&Parameter1.Value=b",
                 world.create);
        if (post_failing(path, body, n) == 200) {
            served++;
            failed = omsp_test_alloc_failed(); /* if one did, it was one after the answer */
            change("first", "Status=stopped", 200, "\"status\":\"stopped\"");
        } else {
            refusals++;
            ck_assert(omsp_test_alloc_failed());
        }
        create("&Name=first", sid); /* the name is free */
        snprintf(path, sizeof(path), "%s/%s.json", world.path, sid);
        if (post_failing(path, "Status=stopped", n) != 200)
            change(sid, "Status=stopped", 200, "\"status\":\"stopped\"");
    }
    printf("%u requests refused, %u served\n", refusals, served);
    ck_assert_uint_ge(refusals, 4);
    tear_down(); /* and nothing is left */
}
END_TEST

OMSP_SUITE("rest_engine", TEST(a_stream_made_here_is_a_stream_of_the_call),
           TEST(a_stream_made_elsewhere_is_stopped_here), TEST(limits_of_the_engine_are_told),
           TEST(urls_are_judged_by_the_engine), TEST(a_call_that_is_not_connected_has_no_streams),
           TEST(what_was_stopped_is_found_until_the_call_goes), TEST(live_statistics_are_told),
           TEST(without_memory_it_says_so_and_the_next_request_is_served))
