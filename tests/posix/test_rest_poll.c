/*
 * A poll() that keeps failing, here because it is asked of more descriptors than the process may
 * have: whoever asks again at once must not take a whole core for it.
 */
#include "support/suite.h"

#include "rest/sockets.h"

#include <sys/resource.h>
#include <time.h>

#define TRIES 20

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

START_TEST(one_that_fails_takes_a_moment)
{
    struct pollfd fds[8];
    struct rlimit before, few;
    MHD_socket waker;
    double began;

    ck_assert_int_eq(omsp_rest_waker(&waker), OMSP_OK);
    omsp_rest_wake(waker);
    for (int i = 0; i < 8; i++)
        fds[i].fd = waker;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 4;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    began = now_ms();
    for (int i = 0; i < TRIES; i++) {
        omsp_rest_poll(fds, 8, -1);
        for (int j = 0; j < 8; j++)
            ck_assert_int_eq(fds[j].revents, 0);
    }
    ck_assert(now_ms() - began >= TRIES * 5);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    omsp_rest_poll(fds, 8, -1);
    ck_assert_int_ne(fds[0].revents, 0);
    omsp_rest_close(waker);
}
END_TEST

OMSP_SUITE("rest poll", TEST(one_that_fails_takes_a_moment))
