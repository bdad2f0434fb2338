/*
 * A process that was forked has copies of our descriptors until it ends or becomes another program
 * (they are closed on exec). What is closed here is over here all the same.
 */
#include "support/net_rig.h"

#include "port/http.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A copy of this process that does nothing until *leash is closed. */
static pid_t have_child(int *leash)
{
    int ends[2];
    pid_t child;
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        close(ends[1]);
        while (read(ends[0], &byte, 1) < 0)
            ;
        _exit(0);
    }
    close(ends[0]);
    *leash = ends[1];
    return child;
}

START_TEST(a_socket_that_a_child_still_has_is_closed)
{
    struct net_rig rig;
    struct net_box a, b;
    pid_t child;
    int leash, status;

    net_rig_up(&rig, false);
    net_box_on_loopback(&a, &rig);
    net_box_on_loopback(&b, &rig);
    a.echoes = true;
    child = have_child(&leash);
    net_box_close(&b);
    for (int i = 0; i < 3; i++)
        net_send_number(&a, &b, i); /* to the child's copy, which nobody reads */
    for (int i = 0; i < 3; i++) {
        net_box_on_loopback(&b, &rig); /* another one, and the loop still serves it */
        net_send_number(&b, &a, i);
        net_pump(&rig, &b.count, 1, 10 * SECOND);
        ck_assert_int_eq(atomic_load(&b.count), 1);
        net_box_close(&b);
    }
    net_box_close(&a);
    net_rig_down(&rig);
    close(leash);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* Of our own sockets that are connected to this port. */
static int inherited_to(uint16_t port, int *all)
{
    int inherited = 0;

    *all = 0;
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer = {.sin_port = 0};
        socklen_t len = sizeof(peer);

        if (getpeername(fd, (struct sockaddr *)&peer, &len) || peer.sin_family != AF_INET ||
            peer.sin_port != htons(port))
            continue;
        ++*all;
        inherited += !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    return inherited;
}

static void note_status(void *owner, int http_status)
{
    *(int *)owner = http_status;
}

START_TEST(a_callbacks_connection_is_not_inherited)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), peer, all, told = -1;
    char url[64];
    struct omsp_http_request request = {
        .url = url, .timeout_ms = 10000, .on_done = note_status, .owner = &told};
    struct omsp_http *http;

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(addr.sin_port));
    ck_assert_int_eq(ports->http_create(ports->ctx, &http), OMSP_OK);
    ck_assert_int_eq(http->send(http, &request), OMSP_OK);
    peer = accept(listener, NULL, NULL);
    ck_assert_int_ge(peer, 0);
    ck_assert_int_eq(inherited_to(ntohs(addr.sin_port), &all), 0);
    ck_assert_int_eq(all, 1);
    http->destroy(http);
    ck_assert_int_eq(told, 0);
    close(peer);
    close(listener);
}
END_TEST

OMSP_SUITE("child", TEST(a_socket_that_a_child_still_has_is_closed),
           TEST(a_callbacks_connection_is_not_inherited))
