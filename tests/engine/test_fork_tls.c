/*
 * wss media streams of real sockets whose peers break inside a TLS record or in the handshake
 * (servers of OpenSSL: tests/tls-far.sh): that stream alone ends, once and with its number; another
 * of the same call does not notice, and the call goes on.
 */
#include "support/tls_rig.h"

#include "base/alloc.h"

#include <string.h>

#define BREAKS 3 /* and one that does not: four tracks a call */

struct scene {
    struct tls_rig rig;
    struct omsp_stream *good;
};

struct breaking {
    const char *server;
    int error;
    struct omsp_stream *stream;
    unsigned ends; /* events that tell its end */
};

static struct omsp_stream *fork_to(struct scene *scene, const char *server)
{
    struct omsp_fork_options options = {0};

    return tls_rig_fork(&scene->rig, server, &options);
}

/* Counts what is told of ends. */
static void take_events(struct scene *scene, struct breaking *breaking)
{
    struct omsp_event event;

    while (omsp_listener_take(scene->rig.listener, NULL, NULL, &event) == OMSP_OK) {
        omsp_free(event.blob);
        if (event.kind != OMSP_EVENT_CALL ||
            (event.type != OMSP_STREAM_FAIL && event.type != OMSP_STREAM_INACTIVE))
            continue;
        ck_assert_uint_ne(event.stream, omsp_stream_id(scene->good));
        ck_assert_uint_ne(event.stream, omsp_stream_id(scene->rig.send));
        for (unsigned i = 0; i < BREAKS; i++)
            breaking[i].ends += event.stream == omsp_stream_id(breaking[i].stream);
    }
}

static bool all_ended(struct scene *scene, struct breaking *breaking)
{
    bool all = true;

    take_events(scene, breaking);
    for (unsigned i = 0; i < BREAKS; i++)
        all &= breaking[i].ends > 0;
    return all;
}

static uint64_t good_frames(struct scene *scene)
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(scene->good, &info), OMSP_OK);
    ck_assert_int_eq(info.last_error, 0);
    return info.frames_sent;
}

static void await_good(struct scene *scene, uint64_t frames, uint64_t messages)
{
    uint64_t give_up = tls_rig_limit(&scene->rig);
    struct omsp_fork_info info;

    do {
        tls_rig_pause(&scene->rig, give_up);
        ck_assert_int_eq(omsp_stream_fork_info(scene->good, &info), OMSP_OK);
    } while (info.frames_sent < frames || info.messages_received < messages);
    ck_assert_int_eq(info.last_error, 0);
}

static void those_alone_end(struct breaking *breaking)
{
    struct scene scene;
    uint64_t give_up, before;

    tls_rig_up(&scene.rig);
    scene.good = fork_to(&scene, "wss");
    for (unsigned i = 0; i < BREAKS; i++)
        breaking[i].stream = fork_to(&scene, breaking[i].server);
    tls_rig_speak(&scene.rig);
    give_up = tls_rig_limit(&scene.rig);
    while (!all_ended(&scene, breaking))
        tls_rig_pause(&scene.rig, give_up);
    before = good_frames(&scene);
    await_good(&scene, before + 20, 1); /* it had its ten */
    take_events(&scene, breaking);
    for (unsigned i = 0; i < BREAKS; i++) {
        struct omsp_fork_info info;

        ck_assert_int_eq(omsp_stream_fork_info(breaking[i].stream, &info), OMSP_OK);
        ck_assert_int_eq(info.state, OMSP_FORK_STOPPED);
#ifdef _WIN32
        /* Wine's Schannel waits for more of such a handshake. */
        if (strcmp(breaking[i].server, "hello-garbage") != 0 ||
            info.last_error != OMSP_FORK_TIMEOUT)
#endif
            ck_assert_msg(info.last_error == breaking[i].error, "%s: %d", breaking[i].server,
                          info.last_error);
        ck_assert_uint_eq(info.messages_received, 0);
        ck_assert_uint_eq(breaking[i].ends, 1);
        omsp_stream_release(breaking[i].stream);
    }
    ck_assert_int_eq(omsp_stream_get_actual(scene.rig.send), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_stop(scene.good, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    await_good(&scene, before, 2); /* it got the stop */
    omsp_stream_release(scene.good);
    tls_rig_down(&scene.rig);
}

START_TEST(a_record_that_breaks_ends_that_stream_alone)
{
    struct breaking breaking[BREAKS] = {{"wss-cut", OMSP_FORK_CLOSED, NULL, 0},
                                        {"wss-cut-hard", OMSP_FORK_BROKEN, NULL, 0},
                                        {"wss-garbage", OMSP_FORK_BROKEN, NULL, 0}};

    those_alone_end(breaking);
}
END_TEST

START_TEST(a_handshake_that_breaks_ends_that_stream_alone)
{
    struct breaking breaking[BREAKS] = {{"hello-cut", OMSP_FORK_TLS, NULL, 0},
                                        {"hello-cut-hard", OMSP_FORK_TLS, NULL, 0},
                                        {"hello-garbage", OMSP_FORK_TLS, NULL, 0}};

    those_alone_end(breaking);
}
END_TEST

OMSP_SUITE("fork_tls", TEST(a_record_that_breaks_ends_that_stream_alone),
           TEST(a_handshake_that_breaks_ends_that_stream_alone))
