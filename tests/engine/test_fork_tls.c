/*
 * wss media streams of real sockets whose peers break inside a TLS record or in the handshake
 * (servers of OpenSSL: tests/tls-far.sh): that stream alone ends, once and with its number; another
 * of the same call does not notice, and the call goes on.
 */
#include "support/far_ports.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "engine/fork.h"
#include "engine/samples.h"
#include "port/lock.h"
#include "port/ports.h"

#include <stdio.h>
#include <string.h>

#define WAIT_S 60
#define BREAKS 3 /* and one that does not: four tracks a call */

struct scene {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *a, *b; /* b hears what a says */
    struct omsp_stream *send, *good;
    struct omsp_terminal *mouth;
    struct omsp_lock lock;
    struct omsp_cond never;
};

struct breaking {
    const char *server;
    int error;
    struct omsp_stream *stream;
    unsigned ends; /* events that tell its end */
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void connect_pair(struct omsp_call *a, struct omsp_call *b)
{
    char sdp[2048];
    size_t need;

    ck_assert_int_eq(omsp_call_local_sdp(a, sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(b, sdp, strlen(sdp)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(b, sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(a, sdp, strlen(sdp)), OMSP_OK);
}

static struct omsp_stream *fork_to(struct scene *scene, const char *server)
{
    char url[64];
    struct omsp_fork_options options = {.url = url, .tracks = OMSP_TRACK_INBOUND};
    struct omsp_stream *stream;

    snprintf(url, sizeof(url), "wss://localhost:%u/listen", (unsigned)far_port(server));
    ck_assert_int_eq(omsp_call_fork(scene->b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    return stream;
}

/* What a says lasts for ten seconds and begins with the call's first stream. */
static void speak(struct scene *scene)
{
    static int16_t pcm[8000];
    size_t used;

    for (size_t i = 0; i < 8000; i++)
        pcm[i] = (int16_t)(i * 37);
    ck_assert_int_eq(omsp_samples_create(scene->address, OMSP_CAPTURE, 10000, &scene->mouth),
                     OMSP_OK);
    for (unsigned second = 0; second < 9; second++)
        ck_assert_int_eq(omsp_samples_write(scene->mouth, pcm, sizeof(pcm), &used), OMSP_OK);
    scene->send = omsp_call_stream_at(scene->a, 0);
    ck_assert_int_eq(omsp_stream_select(scene->send, scene->mouth), OMSP_OK);
}

static void scene_open(struct scene *scene)
{
    struct omsp_fork_settings settings = {
        .auth_token = "secret", .connect_ms = 5000, .ca_file = FAR_CA};

    memset(scene, 0, sizeof(*scene));
    omsp_lock_init(&scene->lock);
    omsp_cond_init(&scene->never);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &scene->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(scene->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(scene->engine, &scene->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(scene->address, nothing, NULL, &scene->listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 1, &scene->a), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 2, &scene->b), OMSP_OK);
    connect_pair(scene->a, scene->b);
    scene->good = fork_to(scene, "wss");
}

static void scene_close(struct scene *scene)
{
    omsp_address_shutdown(scene->address);
    omsp_stream_release(scene->good);
    omsp_stream_release(scene->send);
    omsp_terminal_release(scene->mouth);
    omsp_call_release(scene->a);
    omsp_call_release(scene->b);
    omsp_listener_close(scene->listener);
    omsp_engine_destroy(scene->engine);
    omsp_address_release(scene->address);
    omsp_cond_destroy(&scene->never);
    omsp_lock_destroy(&scene->lock);
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}

static void wait_a_little(struct scene *scene)
{
    omsp_lock_acquire(&scene->lock);
    omsp_cond_wait(&scene->never, &scene->lock, 5000);
    omsp_lock_release(&scene->lock);
}

/* Counts what is told of ends. */
static void take_events(struct scene *scene, struct breaking *breaking)
{
    struct omsp_event event;

    while (omsp_listener_take(scene->listener, NULL, NULL, &event) == OMSP_OK) {
        omsp_free(event.blob);
        if (event.kind != OMSP_EVENT_CALL ||
            (event.type != OMSP_STREAM_FAIL && event.type != OMSP_STREAM_INACTIVE))
            continue;
        ck_assert_uint_ne(event.stream, omsp_stream_id(scene->good));
        ck_assert_uint_ne(event.stream, omsp_stream_id(scene->send));
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
    uint64_t give_up = omsp_engine_now_us(scene->engine) + WAIT_S * 1000000ull;
    struct omsp_fork_info info;

    do {
        ck_assert_msg(omsp_engine_now_us(scene->engine) < give_up, "the other stream stands still");
        wait_a_little(scene);
        ck_assert_int_eq(omsp_stream_fork_info(scene->good, &info), OMSP_OK);
    } while (info.frames_sent < frames || info.messages_received < messages);
    ck_assert_int_eq(info.last_error, 0);
}

static void those_alone_end(struct breaking *breaking)
{
    struct scene scene;
    uint64_t give_up, before;

    scene_open(&scene);
    for (unsigned i = 0; i < BREAKS; i++)
        breaking[i].stream = fork_to(&scene, breaking[i].server);
    speak(&scene);
    give_up = omsp_engine_now_us(scene.engine) + WAIT_S * 1000000ull;
    while (!all_ended(&scene, breaking)) {
        ck_assert_msg(omsp_engine_now_us(scene.engine) < give_up, "ended: %u %u %u",
                      breaking[0].ends, breaking[1].ends, breaking[2].ends);
        wait_a_little(&scene);
    }
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
    ck_assert_int_eq(omsp_stream_get_actual(scene.send), OMSP_RUNNING);
    ck_assert_int_eq(omsp_stream_stop(scene.good, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    await_good(&scene, before, 2); /* it got the stop */
    scene_close(&scene);
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
