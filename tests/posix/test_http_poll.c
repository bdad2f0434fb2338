/*
 * A poll() that keeps failing under the HTTP adapter, here because the process may have no
 * descriptors: its thread must not take a whole core, and ends when it is asked to.
 */
#include "support/suite.h"

#include "port/lock.h"
#include "port/ports.h"

#include <sys/resource.h>
#include <time.h>

#define WATCHED_US 300000

static double cpu_ms(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

START_TEST(one_that_fails_takes_no_core)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct rlimit before, none;
    const struct omsp_http_request request = {.url = "http://127.0.0.1:9/", .timeout_ms = 1000};
    struct omsp_http *http;
    struct omsp_lock lock;
    struct omsp_cond never;
    double used;

    omsp_lock_init(&lock);
    omsp_cond_init(&never);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(ports->http_create(ports->ctx, &http), OMSP_OK);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(http->send(http, &request), OMSP_OK); /* wakes it from its first poll */
    used = -cpu_ms();
    omsp_lock_acquire(&lock);
    while (omsp_cond_wait(&never, &lock, WATCHED_US))
        ;
    omsp_lock_release(&lock);
    used += cpu_ms();
    http->destroy(http);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_msg(used < 0.5 * WATCHED_US / 1000, "%.0f ms of %d", used, WATCHED_US / 1000);
    omsp_cond_destroy(&never);
    omsp_lock_destroy(&lock);
}
END_TEST

OMSP_SUITE("http poll", TEST(one_that_fails_takes_no_core))
