/*
 * A process that was forked has copies of our descriptors until it ends or becomes another program
 * (they are closed on exec). What is closed here is over here all the same.
 */
#include "support/net_rig.h"

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

OMSP_SUITE("child", TEST(a_socket_that_a_child_still_has_is_closed))
