/*
 * Media streams for which there is no memory at some moment, in simulated time: what was begun is
 * told and ends, and what can wait is done later.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "wire/websocket.h"

#include <stdio.h>
#include <string.h>

START_TEST(a_callback_that_there_is_no_memory_for_is_sent_later)
{
    unsigned late = 0;

    for (long n = 0; n < 40; n++) {
        const struct omsp_sim_http_request *last;
        struct fixture f;
        unsigned told;

        open_fixture(&f, 8000);
        connect_fixture(&f);
        fork_call(&f, OMSP_TRACK_INBOUND, "n", FORK_CALLBACK);
        rig_run(&f.rig, 500);
        ck_assert_uint_eq(count_callbacks(&f, "stream-started"), 1);
        omsp_test_fail_alloc(n);
        omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST);
        rig_run(&f.rig, 200);
        omsp_test_allow_alloc();
        told = count_callbacks(&f, "stream-stopped") + count_callbacks(&f, "stream-error");
        late += !told;
        rig_run(&f.rig, 3500);
        told = count_callbacks(&f, "stream-stopped") + count_callbacks(&f, "stream-error");
        ck_assert_msg(told == 1, "allocation %ld: told %u times", n, told);
        last = omsp_sim_http_get(f.rig.sim, omsp_sim_http_count(f.rig.sim) - 1);
        ck_assert_uint_eq(strlen(omsp_sim_http_header(last, "X-Twilio-Signature")), 28);
        close_fixture(&f);
    }
    ck_assert_uint_ge(late, 3); /* the text that is signed, the URL, the request */
}
END_TEST

START_TEST(an_upgrade_that_there_is_no_memory_for_is_told_as_one_that_failed)
{
    unsigned handshakes = 0;

    for (long n = 0; n < 20; n++) {
        const struct omsp_sim_http_request *last;
        struct fixture f;

        open_fixture(&f, 8000);
        connect_fixture(&f);
        fork_call(&f, OMSP_TRACK_INBOUND, "n", FORK_CALLBACK);
        omsp_test_fail_alloc(n);
        rig_run(&f.rig, 100);
        omsp_test_allow_alloc();
        rig_run(&f.rig, 3500);
        if (count_callbacks(&f, "stream-error")) {
            last = omsp_sim_http_get(f.rig.sim, omsp_sim_http_count(f.rig.sim) - 1);
            ck_assert_ptr_null(strstr(last->body, "StreamError=31923"));
            handshakes += strstr(last->body, "StreamError=31920") != NULL;
        }
        close_fixture(&f);
    }
    ck_assert_uint_ge(handshakes, 1);
}
END_TEST

START_TEST(a_callback_waits_while_there_is_no_memory)
{
    struct fixture f;

    open_fixture(&f, 8000);
    connect_fixture(&f);
    fork_call(&f, OMSP_TRACK_INBOUND, "n", FORK_CALLBACK);
    rig_run(&f.rig, 500);
    omsp_sim_fail(f.rig.sim, OMSP_SIM_HTTP_SEND, 0, 5, OMSP_FULL);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1900);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 0);
    rig_run(&f.rig, 2000);
    ck_assert_uint_eq(count_callbacks(&f, "stream-stopped"), 1);
    close_fixture(&f);
}
END_TEST

/* How often it is in what the consumer heard. */
static unsigned times(const struct consumer *c, const char *text)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->count; i++)
        count += strstr(c->messages[i].text, text) != NULL;
    return count;
}

/* Of the allocations while a mark is played and echoed, each fails once: the simulated network's
 * may lose a message, with which the connection ends. */
START_TEST(a_mark_is_echoed_once_when_memory_runs_out)
{
    unsigned ends = 0;
    bool failed;
    long number = 0;

    do {
        struct fixture f;
        struct omsp_fork_options options = {
            .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .bidirectional = true};
        struct omsp_fork_info info;
        char text[200];

        open_fixture(&f, 8000);
        connect_fixture(&f);
        ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                         OMSP_OK);
        rig_run(&f.rig, 100);
        omsp_stream_fork_info(f.fork, &info);
        snprintf(text, sizeof(text),
                 "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"%s\"}}",
                 info.sid, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        send_frame(&f.consumer, OMSP_WS_TEXT, text, strlen(text));
        snprintf(text, sizeof(text),
                 "{\"event\":\"mark\",\"streamSid\":\"%s\",\"mark\":{\"name\":\"done\"}}",
                 info.sid);
        send_frame(&f.consumer, OMSP_WS_TEXT, text, strlen(text));
        omsp_test_fail_alloc(number++);
        rig_run(&f.rig, 60);
        failed = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        rig_run(&f.rig, 100);
        omsp_stream_fork_info(f.fork, &info);
        if (info.state == OMSP_FORK_STOPPED || info.messages_bad)
            ends++; /* told otherwise */
        else
            ck_assert_uint_eq(times(&f.consumer, "\"mark\":{\"name\":\"done\"}"), 1);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
        close_fixture(&f);
    } while (failed);
    ck_assert_int_ge(number, 10);
    ck_assert_uint_lt(ends, number - 3);
}
END_TEST

static struct fixture walked;

static void walk_body(void *ctx)
{
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .name = "w", .callback_url = FORK_CALLBACK};
    enum omsp_status status;

    (void)ctx;
    status = omsp_call_fork(walked.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &walked.fork);
    ck_assert(status == OMSP_OK || status == OMSP_NOMEM);
    ck_assert(status == OMSP_OK || omsp_test_alloc_failed());
    omsp_test_allow_alloc();
    if (!status) {
        omsp_stream_stop(walked.fork, OMSP_CAUSE_LOCAL_REQUEST);
        omsp_stream_release(walked.fork);
    }
}

START_TEST(making_one_survives_every_failing_allocation)
{
    bool hit = true;

    open_fixture(&walked, 8000);
    connect_fixture(&walked);
    for (long n = 0; hit && n < 200; n++) {
        omsp_test_fail_alloc(n);
        walk_body(NULL);
        hit = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        rig_run(&walked.rig, 50);
    }
    ck_assert(!hit);
    while ((int)rig_event(&walked.rig).kind != -1)
        ;
    walked.fork = NULL;
    close_fixture(&walked);
}
END_TEST
OMSP_SUITE("fork_memory", TEST(a_callback_that_there_is_no_memory_for_is_sent_later),
           TEST(an_upgrade_that_there_is_no_memory_for_is_told_as_one_that_failed),
           TEST(a_callback_waits_while_there_is_no_memory),
           TEST(a_mark_is_echoed_once_when_memory_runs_out),
           TEST(making_one_survives_every_failing_allocation))
