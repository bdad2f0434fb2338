/*
 * What the status callback of a wss media stream is told of its end, over real sockets and https
 * (servers of OpenSSL: tests/tls-far.sh): stopped, hung up on, closed by the consumer, reset
 * between records and inside one, and several of these at the same moment. Each stream that started
 * is told to have started and, once, to have ended.
 */
#include "support/tls_rig.h"

#include <stdio.h>
#include <string.h>

#define SIDS 4 /* tracks a call */

struct told {
    const char *server;
    int error; /* of the end; 0: stream-stopped */
    bool get;
    char sid[OMSP_SID_CHARS + 1];
    struct omsp_stream *stream;
};

struct count {
    unsigned started, stopped, failed;
    char error[32]; /* its beginning */
};

/* What FOLDER/told says of this stream: the fields of a request a line. */
static struct count count_of(const char *sid)
{
    FILE *file = fopen("tls/told", "r");
    struct count count = {0};
    char line[8192], wanted[64];

    snprintf(wanted, sizeof(wanted), "StreamSid=%s&", sid);
    while (file && fgets(line, sizeof(line), file)) {
        const char *error = strstr(line, "StreamError=");

        if (!strstr(line, wanted))
            continue;
        count.started += strstr(line, "StreamEvent=stream-started&") != NULL;
        count.stopped += strstr(line, "StreamEvent=stream-stopped&") != NULL;
        count.failed += strstr(line, "StreamEvent=stream-error&") != NULL;
        if (error)
            snprintf(count.error, sizeof(count.error), "%.5s", error + strlen("StreamError="));
    }
    if (file)
        fclose(file);
    return count;
}

static void fork_told(struct tls_rig *rig, struct told *told)
{
    char url[64];
    struct omsp_fork_options options = {.callback_url = url, .callback_get = told->get};
    struct omsp_fork_info info;

    snprintf(url, sizeof(url), "https://localhost:%u/tell", (unsigned)far_port("https"));
    told->stream = tls_rig_fork(rig, told->server, &options);
    ck_assert_int_eq(omsp_stream_fork_info(told->stream, &info), OMSP_OK);
    memcpy(told->sid, info.sid, sizeof(told->sid));
}

static void await_frames(struct tls_rig *rig, const struct told *told, uint64_t frames)
{
    uint64_t give_up = tls_rig_limit(rig);
    struct omsp_fork_info info;

    for (;;) {
        ck_assert_int_eq(omsp_stream_fork_info(told->stream, &info), OMSP_OK);
        if (info.frames_sent >= frames || info.state == OMSP_FORK_STOPPED)
            return;
        tls_rig_pause(rig, give_up);
    }
}

static void await_ends(struct tls_rig *rig, const struct told *all, unsigned count)
{
    uint64_t give_up = tls_rig_limit(rig);

    for (unsigned i = 0; i < count; i++)
        for (;;) {
            struct count now = count_of(all[i].sid);

            if (now.stopped + now.failed)
                break;
            tls_rig_pause(rig, give_up);
        }
}

/* With the engine's end: what is not told by then never is. */
static void close_told(struct tls_rig *rig, struct told *all, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        omsp_stream_release(all[i].stream);
    tls_rig_down(rig);
}

static void expect(const struct told *told)
{
    struct count count = count_of(told->sid);
    char number[8];

    ck_assert_msg(count.started == 1 && count.stopped == !told->error &&
                      count.failed == (told->error != 0),
                  "%s: started %u, stopped %u, failed %u times", told->server, count.started,
                  count.stopped, count.failed);
    snprintf(number, sizeof(number), "%d", told->error);
    if (told->error)
        ck_assert_str_eq(count.error, number);
}

START_TEST(each_way_to_end_is_told_once)
{
    static const struct told ways[][SIDS] = {
        {{"wss", 0, false, "", NULL},
         {"wss-bye", OMSP_FORK_CLOSED, false, "", NULL},
         {"wss-reset", OMSP_FORK_BROKEN, false, "", NULL},
         {"wss-cut-hard", OMSP_FORK_BROKEN, false, "", NULL}},
        {{"wss", 0, true, "", NULL},
         {"wss-bye", OMSP_FORK_CLOSED, true, "", NULL},
         {"wss-cut", OMSP_FORK_CLOSED, false, "", NULL},
         {"wss-garbage", OMSP_FORK_BROKEN, true, "", NULL}},
    };

    for (unsigned way = 0; way < 2; way++) {
        struct tls_rig rig;
        struct told all[SIDS];

        memcpy(all, ways[way], sizeof(all));
        tls_rig_up(&rig);
        for (unsigned i = 0; i < SIDS; i++)
            fork_told(&rig, &all[i]);
        tls_rig_speak(&rig);
        await_frames(&rig, &all[0], 20);
        ck_assert_int_eq(omsp_stream_stop(all[0].stream, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
        await_ends(&rig, all, SIDS);
        /* Asked again, nothing is told again. */
        for (unsigned i = 0; i < SIDS; i++)
            omsp_stream_stop(all[i].stream, OMSP_CAUSE_LOCAL_REQUEST);
        omsp_call_shutdown(rig.b);
        close_told(&rig, all, SIDS);
        for (unsigned i = 0; i < SIDS; i++)
            expect(&all[i]);
    }
}
END_TEST

START_TEST(a_hang_up_is_told_once_for_each_stream)
{
    struct told all[SIDS] = {{"wss", 0, false, "", NULL},
                             {"wss", 0, true, "", NULL},
                             {"wss", 0, false, "", NULL},
                             {"wss", 0, false, "", NULL}};
    struct tls_rig rig;

    tls_rig_up(&rig);
    for (unsigned i = 0; i < SIDS; i++)
        fork_told(&rig, &all[i]);
    tls_rig_speak(&rig);
    for (unsigned i = 0; i < SIDS; i++)
        await_frames(&rig, &all[i], 1);
    ck_assert_int_eq(omsp_call_shutdown(rig.b), OMSP_OK);
    await_ends(&rig, all, SIDS);
    close_told(&rig, all, SIDS);
    for (unsigned i = 0; i < SIDS; i++)
        expect(&all[i]);
}
END_TEST

/* Consumers that go after the tenth frame, and who stops or hangs up about then: which of the two
 * is told may be either, but it is one. */
START_TEST(ends_that_meet_are_told_as_one)
{
    static const char *const servers[SIDS] = {"wss-bye", "wss-reset", "wss-cut-hard", "wss-cut"};

    for (unsigned round = 0; round < 8; round++) {
        struct told all[SIDS] = {0};
        struct tls_rig rig;

        tls_rig_up(&rig);
        for (unsigned i = 0; i < SIDS; i++) {
            all[i].server = servers[i];
            fork_told(&rig, &all[i]);
        }
        tls_rig_speak(&rig);
        await_frames(&rig, &all[round % SIDS], 8 + round / 2);
        if (round % 2)
            omsp_call_shutdown(rig.b);
        for (unsigned i = 0; i < SIDS; i++)
            omsp_stream_stop(all[i].stream, OMSP_CAUSE_LOCAL_REQUEST);
        await_ends(&rig, all, SIDS);
        close_told(&rig, all, SIDS);
        for (unsigned i = 0; i < SIDS; i++) {
            struct count count = count_of(all[i].sid);

            ck_assert_msg(count.started <= 1 && count.stopped + count.failed == 1,
                          "%s: started %u, stopped %u, failed %u times", servers[i], count.started,
                          count.stopped, count.failed);
        }
    }
}
END_TEST

OMSP_SUITE("fork_told", TEST(each_way_to_end_is_told_once),
           TEST(a_hang_up_is_told_once_for_each_stream), TEST(ends_that_meet_are_told_as_one))
