/*
 * What the HTTP adapter waits by, and does not always get: a poll() that keeps failing, here
 * because the process may have no descriptors, must not take a whole core; a wake that does not
 * come must not leave requests, or the end, waiting for long.
 */
#include "support/suite.h"

#include "port/lock.h"
#include "port/ports.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#define WATCHED_US 300000
#define SOON_MS    20000

static atomic_bool wakes_fail;

CURLMcode curl_multi_wakeup(CURLM *multi)
{
    CURLMcode (*real)(CURLM *);

    if (atomic_load(&wakes_fail))
        return CURLM_WAKEUP_FAILURE;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_wakeup");
    return real(multi);
}

static double steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

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

/* Without descriptors there is nothing to be woken by. */
START_TEST(without_a_way_to_wake_it_there_is_none)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct rlimit before, none;
    struct omsp_http *http;
    enum omsp_status status;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    status = ports->http_create(ports->ctx, &http);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(status, OMSP_FULL);
}
END_TEST

struct awaited {
    struct omsp_lock lock;
    struct omsp_cond cond;
    bool done;
};

static void on_done(void *owner, int http_status)
{
    struct awaited *awaited = owner;

    (void)http_status;
    omsp_lock_acquire(&awaited->lock);
    awaited->done = true;
    omsp_cond_broadcast(&awaited->cond);
    omsp_lock_release(&awaited->lock);
}

START_TEST(a_wake_that_fails_costs_a_moment)
{
    const struct omsp_ports *ports = omsp_system_ports();
    struct awaited awaited = {.done = false};
    const struct omsp_http_request request = {
        .url = "http://127.0.0.1:9/", .timeout_ms = 1000, .on_done = on_done, .owner = &awaited};
    struct omsp_http *http;
    bool in_time = true;
    double began;

    omsp_lock_init(&awaited.lock);
    omsp_cond_init(&awaited.cond);
    ck_assert_int_eq(ports->http_create(ports->ctx, &http), OMSP_OK);
    atomic_store(&wakes_fail, true);
    ck_assert_int_eq(http->send(http, &request), OMSP_OK);
    omsp_lock_acquire(&awaited.lock);
    while (!awaited.done && in_time)
        in_time = omsp_cond_wait(&awaited.cond, &awaited.lock, SOON_MS * 1000);
    omsp_lock_release(&awaited.lock);
    began = steady_ms();
    http->destroy(http);
    ck_assert_msg(in_time, "the request waited for more than %d ms", SOON_MS);
    ck_assert(steady_ms() - began < SOON_MS);
    atomic_store(&wakes_fail, false);
    omsp_cond_destroy(&awaited.cond);
    omsp_lock_destroy(&awaited.lock);
}
END_TEST

OMSP_SUITE("http poll", TEST(one_that_fails_takes_no_core),
           TEST(without_a_way_to_wake_it_there_is_none), TEST(a_wake_that_fails_costs_a_moment))
