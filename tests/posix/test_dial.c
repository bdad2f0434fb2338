/*
 * Attempts to connect that are refused after a while, or given up, on sockets of which others have
 * copies. A listener whose queue is full lets them wait; when it closes, the next SYN is refused.
 */
#include "support/tcp_rig.h"

#include "posix/posix.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOST  "127.0.0.2" /* the one that is slow to refuse */
#define NAME  "two.test"  /* HOST, then 127.0.0.1 */
#define WAITS 2           /* connections for which a queue of none has room, and one more */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int copy = -1; /* of the socket of the last attempt at HOST */
static bool done;     /* the request */

/* ---- in the place of the system's ---------------------------------------------------------- */

static bool is_host(const struct sockaddr *to)
{
    return to->sa_family == AF_INET &&
           ((const struct sockaddr_in *)(const void *)to)->sin_addr.s_addr == inet_addr(HOST);
}

static int really_connect(int sock, const struct sockaddr *to, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t);

    *(void **)&real = dlsym(RTLD_NEXT, "connect");
    return real(sock, to, len);
}

int connect(int sock, const struct sockaddr *to, socklen_t len)
{
    int answer = really_connect(sock, to, len);

    if (is_host(to)) {
        pthread_mutex_lock(&lock);
        copy = dup(sock);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return answer;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    int error;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!node || strcmp(node, NAME) != 0)
        return real(node, service, hints, out);
    error = real(HOST, service, hints, out);
    return error ? error : real("127.0.0.1", service, hints, &(*out)->ai_next);
}

/* ---- a listener that nobody gets through to ------------------------------------------------ */

struct deaf {
    int sock;
    int waits[WAITS];
};

static void deaf_open(struct deaf *deaf, uint16_t port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int on = 1;

    here.sin_addr.s_addr = inet_addr(HOST);
    deaf->sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(deaf->sock, 0);
    ck_assert_int_eq(setsockopt(deaf->sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    ck_assert_int_eq(bind(deaf->sock, (struct sockaddr *)&here, sizeof(here)), 0);
    ck_assert_int_eq(listen(deaf->sock, 0), 0);
    for (int i = 0; i < WAITS; i++) {
        deaf->waits[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_ge(deaf->waits[i], 0);
        really_connect(deaf->waits[i], (struct sockaddr *)&here, sizeof(here));
    }
}

/* Under the lock, until something changed. */
static void wait_change(time_t *until)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    if (!*until)
        *until = end.tv_sec + 20;
    end.tv_sec = *until;
    ck_assert_msg(pthread_cond_timedwait(&changed, &lock, &end) == 0, "it did not happen");
}

/* Until HOST is asked; answers a copy of the socket. */
static int wait_attempt(void)
{
    time_t until = 0;
    int got;

    pthread_mutex_lock(&lock);
    while (copy < 0)
        wait_change(&until);
    got = copy;
    copy = -1;
    pthread_mutex_unlock(&lock);
    return got;
}

static void deaf_close(struct deaf *deaf)
{
    close(deaf->sock);
    for (int i = 0; i < WAITS; i++)
        close(deaf->waits[i]);
}

/* ---- tests --------------------------------------------------------------------------------- */

/* An echo on 127.0.0.1 and a deaf listener on the same port of HOST. */
struct scene {
    struct tcp_rig rig;
    struct tcp_far far;
    struct deaf deaf;
};

static void scene_open(struct scene *scene)
{
    tcp_rig_up(&scene->rig, false);
    tcp_far_open(&scene->far, &scene->rig, TCP_ECHO);
    deaf_open(&scene->deaf, scene->far.port);
}

static void scene_close(struct scene *scene)
{
    tcp_far_close(&scene->far);
    tcp_rig_down(&scene->rig);
}

static void dial(struct scene *scene, struct tcp_box *box, const char *host)
{
    struct omsp_tcp_target target = {.host = host, .port = scene->far.port, .timeout_ms = 60000};

    tcp_box_dial_to(box, &scene->rig, &target);
}

static void expect_echo(struct scene *scene, struct tcp_box *box)
{
    tcp_box_send(box, "hello", 5);
    tcp_pump(&scene->rig, &box->got, 5, 5 * SECOND);
    ck_assert_str_eq(box->text, "hello");
    tcp_box_close(box);
}

START_TEST(the_next_address_is_tried_when_the_first_refuses_late)
{
    struct scene scene;
    struct tcp_box box = {0};

    scene_open(&scene);
    dial(&scene, &box, NAME);
    close(wait_attempt());
    deaf_close(&scene.deaf);
    tcp_pump(&scene.rig, &box.opened, 1, 15 * SECOND);
    ck_assert_int_eq(atomic_load(&box.opened), 1);
    expect_echo(&scene, &box);
    scene_close(&scene);
}
END_TEST

static void on_done(void *owner, int http_status)
{
    (void)owner;
    (void)http_status;
    pthread_mutex_lock(&lock);
    done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* The echo is no HTTP server, which ends the request. */
START_TEST(a_callback_goes_to_the_next_address_when_the_first_refuses_late)
{
    struct scene scene;
    struct omsp_http *http;
    char url[64];
    struct omsp_http_request request = {.url = url, .timeout_ms = 60000, .on_done = on_done};
    time_t until = 0;

    scene_open(&scene);
    ck_assert_int_eq(scene.rig.ports->http_create(scene.rig.ports->ctx, &http), OMSP_OK);
    snprintf(url, sizeof(url), "http://" NAME ":%u/", scene.far.port);
    done = false;
    ck_assert_int_eq(http->send(http, &request), OMSP_OK);
    close(wait_attempt());
    deaf_close(&scene.deaf);
    pthread_mutex_lock(&lock);
    while (!done)
        wait_change(&until);
    pthread_mutex_unlock(&lock);
    ck_assert_int_eq(atomic_load(&scene.far.accepted), 1);
    http->destroy(http);
    scene_close(&scene);
}
END_TEST

/* As a process that was forked has one until it becomes another program. */
START_TEST(what_was_given_up_is_forgotten_though_another_has_a_copy_of_its_socket)
{
    struct scene scene;
    struct tcp_box box = {0};
    struct pollfd left = {0};

    scene_open(&scene);
    dial(&scene, &box, HOST);
    left.fd = wait_attempt();
    tcp_box_close(&box);
    deaf_close(&scene.deaf);
    ck_assert_int_eq(poll(&left, 1, 15000), 1); /* refused: an event for whoever still watches */
    for (int i = 0; i < 3; i++) {
        tcp_box_open(&box, &scene.far);
        expect_echo(&scene, &box);
    }
    close(left.fd);
    scene_close(&scene);
}
END_TEST

/* ---- a poller that tells nothing of attempts that failed, as Windows' of old ---------------- */

static unsigned wait_without_errors(struct omsp_poller *poller, struct omsp_poll_event *events,
                                    unsigned max, uint64_t deadline_us)
{
    unsigned count = omsp_posix_curl_os.wait(poller, events, max, deadline_us);

    for (unsigned i = 0; i < count; i++)
        if (events[i].error)
            events[i].data = NULL;
    return count;
}

START_TEST(a_late_refusal_that_no_poller_tells_is_seen)
{
    struct omsp_curl_os os = omsp_posix_curl_os;
    struct scene scene;
    struct tcp_box box = {0};

    os.wait = wait_without_errors;
    scene_open(&scene);
    scene.rig.loop->destroy(scene.rig.loop);
    ck_assert_int_eq(omsp_curl_tcp_create(&os, &scene.rig.loop), OMSP_OK);
    dial(&scene, &box, HOST);
    close(wait_attempt());
    deaf_close(&scene.deaf);
    tcp_pump(&scene.rig, &box.ended, 1, 15 * SECOND);
    ck_assert_int_eq(atomic_load(&box.ended), 1);
    ck_assert_int_eq(box.end, OMSP_TCP_REFUSED);
    tcp_box_close(&box);
    scene_close(&scene);
}
END_TEST

OMSP_SUITE("dial", TEST(the_next_address_is_tried_when_the_first_refuses_late),
           TEST(a_callback_goes_to_the_next_address_when_the_first_refuses_late),
           TEST(what_was_given_up_is_forgotten_though_another_has_a_copy_of_its_socket),
           TEST(a_late_refusal_that_no_poller_tells_is_seen))
