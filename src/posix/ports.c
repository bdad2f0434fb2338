/* The Linux system's clock and entropy, and the bundle. Stateless; any thread. */
#include "posix/posix.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

uint64_t omsp_posix_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    /* Plus one, so that not even the first microsecond after boot is 0. */
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 + 1;
}

static uint64_t now_us(void *ctx)
{
    (void)ctx;
    return omsp_posix_now_us();
}

static int64_t wall_us(void *ctx)
{
    struct timespec now;

    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fill_random(void *ctx, void *out, size_t len)
{
    unsigned char *at = out;

    (void)ctx;
    while (len) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            abort();
        at += n;
        len -= (size_t)n;
    }
}

static enum omsp_status tcp_loop_create(void *ctx, struct omsp_tcp_loop **out)
{
    (void)ctx;
    return omsp_curl_tcp_create(&omsp_posix_curl_os, out);
}

static enum omsp_status http_create(void *ctx, struct omsp_http **out)
{
    (void)ctx;
    return omsp_curl_http_create(&omsp_posix_curl_os, out);
}

const struct omsp_ports *omsp_system_ports(void)
{
    static const struct omsp_ports ports = {
        .now_us = now_us,
        .wall_us = wall_us,
        .random = fill_random,
        .loop_create = omsp_posix_loop_create,
        .file = {.open = omsp_posix_file_open},
        .tcp_loop_create = tcp_loop_create,
        .http_create = http_create,
    };

    return &ports;
}
