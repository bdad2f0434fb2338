/*
 * A resolver that never answers, beside real sockets: the media stream that needs it ends within
 * its bound, others and the call do not notice, and neither hanging up nor the engine's end waits
 * for it. The system's getaddrinfo, which libcurl calls, is replaced here for one name.
 */
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <dlfcn.h>
#include <netdb.h>
#endif

#include "support/tcp_rig.h"

#include "engine/fork.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The engine gives the last callbacks 3 s when it ends; a name takes for ever. */
#define CONNECT_MS 1000
#define BOUND_US   (8 * SECOND)

#define NAME "hangs.test"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool answers;
static int inside;

#ifdef _WIN32
#define CALLED WSAAPI
#else
#define CALLED
#endif

typedef int(CALLED *resolve_fn)(const char *, const char *, const struct addrinfo *,
                                struct addrinfo **);

static resolve_fn the_systems(void)
{
    resolve_fn real;

#ifdef _WIN32
    real = (resolve_fn)(void *)GetProcAddress(GetModuleHandleA("ws2_32.dll"), "getaddrinfo");
#else
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
#endif
    return real;
}

static int CALLED resolve(const char *node, const char *service, const struct addrinfo *hints,
                          struct addrinfo **out)
{
    if (node && !strcmp(node, NAME)) {
        pthread_mutex_lock(&gate);
        inside++;
        pthread_cond_broadcast(&changed);
        while (!answers)
            pthread_cond_wait(&changed, &gate);
        inside--;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&gate);
        return EAI_AGAIN;
    }
    return the_systems()(node, service, hints, out);
}

/* In the place of what the linker would take from the system's library. */
#ifdef _WIN64
resolve_fn instead __asm__("__imp_getaddrinfo") = resolve;
#elif defined(_WIN32)
resolve_fn instead __asm__("__imp__getaddrinfo@16") = resolve;
#else
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    return resolve(node, service, hints, out);
}
#endif

/* Natively bounded, for a look-up that nobody begins when memory runs out (walk.h). */
static void wait_inside(int count)
{
    int late = 0;
#ifndef _WIN32
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
#endif
    pthread_mutex_lock(&gate);
    while (inside < count && !late)
#ifdef _WIN32
        pthread_cond_wait(&changed, &gate);
#else
        late = pthread_cond_timedwait(&changed, &gate, &until);
#endif
    pthread_mutex_unlock(&gate);
    ck_assert_msg(!late, "the name was not looked up");
}

/* Those left behind come home, for the leak check. */
static void let_answer(void)
{
    pthread_mutex_lock(&gate);
    answers = true;
    pthread_cond_broadcast(&changed);
    while (inside)
        pthread_cond_wait(&changed, &gate);
    answers = false;
    pthread_mutex_unlock(&gate);
}

struct scene {
    struct tcp_rig rig;
    struct tcp_far echo;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_call *call;
    struct omsp_stream *good;
    char good_url[64];
};

static void nothing(void *ctx)
{
    (void)ctx;
}

static struct omsp_stream *fork_to(struct scene *scene, const char *url, const char *callback)
{
    struct omsp_fork_options options = {
        .url = url, .tracks = OMSP_TRACK_INBOUND, .callback_url = callback};
    struct omsp_stream *stream;

    ck_assert_int_eq(omsp_call_fork(scene->call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &stream),
                     OMSP_OK);
    return stream;
}

static enum omsp_fork_state state_of(struct omsp_stream *stream)
{
    struct omsp_fork_info info;

    ck_assert_int_eq(omsp_stream_fork_info(stream, &info), OMSP_OK);
    return info.state;
}

static void scene_open(struct scene *scene)
{
    struct omsp_fork_settings settings = {.auth_token = "secret", .connect_ms = CONNECT_MS};
    struct omsp_addr peer;

    memset(scene, 0, sizeof(*scene));
    tcp_rig_up(&scene->rig, false);
    tcp_far_open(&scene->echo, &scene->rig, TCP_HOLD); /* takes the connection, says nothing */
    snprintf(scene->good_url, sizeof(scene->good_url), "ws://127.0.0.1:%u/x", scene->echo.port);
    ck_assert_int_eq(omsp_engine_create(omsp_system_ports(), NULL, &scene->engine), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(scene->engine, &settings), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(scene->engine, &scene->address), OMSP_OK);
    ck_assert_int_eq(omsp_address_listen(scene->address, nothing, NULL, &scene->listener), OMSP_OK);
    ck_assert_int_eq(omsp_call_create(scene->address, OMSP_MEDIA_AUDIO, 1, &scene->call), OMSP_OK);
    ck_assert_int_eq(omsp_addr_parse("127.0.0.1:9", &peer), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_peer(scene->call, &peer, 0), OMSP_OK);
}

static void scene_close(struct scene *scene)
{
    uint64_t began = tcp_now(&scene->rig);

    omsp_address_shutdown(scene->address);
    omsp_call_release(scene->call);
    omsp_listener_close(scene->listener);
    omsp_address_release(scene->address);
    omsp_engine_destroy(scene->engine);
    ck_assert_uint_lt(tcp_now(&scene->rig) - began, BOUND_US);
    tcp_far_close(&scene->echo);
    tcp_rig_down(&scene->rig);
    let_answer();
}

START_TEST(a_stream_whose_name_is_not_resolved_ends_in_time_and_alone)
{
    struct scene scene;
    struct omsp_stream *stuck[2], *good;
    uint64_t began;

    scene_open(&scene);
    stuck[0] = fork_to(&scene, "wss://" NAME "/x", NULL);
    wait_inside(1);
    began = tcp_now(&scene.rig);
    good = fork_to(&scene, scene.good_url, "https://" NAME "/status");
    while (!atomic_load(&scene.echo.accepted)) /* another connects meanwhile */
        ck_assert_uint_lt(tcp_now(&scene.rig) - began, BOUND_US);
    while (state_of(stuck[0]) != OMSP_FORK_STOPPED)
        ck_assert_uint_lt(tcp_now(&scene.rig) - began, 10 * SECOND);
    ck_assert_int_eq(omsp_call_get_state(scene.call), OMSP_CALL_CONNECTED);
    stuck[1] = fork_to(&scene, "wss://" NAME "/again", NULL);
    omsp_stream_stop(stuck[1], OMSP_CAUSE_LOCAL_REQUEST);
    ck_assert_int_eq(state_of(stuck[1]), OMSP_FORK_STOPPED);
    omsp_stream_release(good);
    omsp_stream_release(stuck[0]);
    omsp_stream_release(stuck[1]);
    scene_close(&scene);
}
END_TEST

START_TEST(neither_hanging_up_nor_the_end_waits_for_the_resolver)
{
    struct scene scene;
    uint64_t began;

    scene_open(&scene);
    for (int i = 0; i < 4; i++)
        omsp_stream_release(fork_to(&scene, "wss://" NAME "/x", "https://" NAME "/status"));
    wait_inside(4);
    began = tcp_now(&scene.rig);
    ck_assert_int_eq(omsp_call_shutdown(scene.call), OMSP_OK);
    ck_assert_uint_lt(tcp_now(&scene.rig) - began, BOUND_US);
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("resolver", TEST(a_stream_whose_name_is_not_resolved_ends_in_time_and_alone),
           TEST(neither_hanging_up_nor_the_end_waits_for_the_resolver))
