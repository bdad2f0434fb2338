/* Windows' clocks and entropy, and the bundle. Any thread. */
#include "win/win.h"

#include "win/poller.h"

#include <windows.h>
#include <bcrypt.h>
#include <stdlib.h>

#define LONGEST_WAIT_MS 1000

uint64_t omsp_win_now_us(void)
{
    LARGE_INTEGER count, frequency;
    uint64_t per_second;

    QueryPerformanceFrequency(&frequency); /* a read of shared memory, not a system call */
    QueryPerformanceCounter(&count);
    per_second = (uint64_t)frequency.QuadPart;
    /* In two parts, or the product overflows after days; plus one, so that it is never 0. */
    return (uint64_t)count.QuadPart / per_second * 1000000 +
           (uint64_t)count.QuadPart % per_second * 1000000 / per_second + 1;
}

unsigned omsp_win_wait_ms(uint64_t deadline_us)
{
    uint64_t now = omsp_win_now_us(), ms;

    if (deadline_us <= now)
        return 0;
    ms = (deadline_us - now - 1) / 1000 + 1;
    return ms < LONGEST_WAIT_MS ? (unsigned)ms : LONGEST_WAIT_MS;
}

static uint64_t now_us(void *ctx)
{
    (void)ctx;
    return omsp_win_now_us();
}

static int64_t wall_us(void *ctx)
{
    FILETIME now; /* 100 ns since 1601 */

    (void)ctx;
    GetSystemTimePreciseAsFileTime(&now);
    return (int64_t)((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10 -
           11644473600000000LL;
}

static void fill_random(void *ctx, void *out, size_t len)
{
    unsigned char *at = out;

    (void)ctx;
    while (len) {
        ULONG part = len > 0x10000000 ? 0x10000000 : (ULONG)len;

        if (BCryptGenRandom(NULL, at, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0)
            abort();
        at += part;
        len -= part;
    }
}

static enum omsp_status tcp_loop_create(void *ctx, struct omsp_tcp_loop **out)
{
    (void)ctx;
    return omsp_curl_tcp_create(&omsp_win_curl_os, out);
}

static enum omsp_status http_create(void *ctx, struct omsp_http **out)
{
    (void)ctx;
    return omsp_curl_http_create(&omsp_win_curl_os, out);
}

const struct omsp_ports *omsp_system_ports(void)
{
    static const struct omsp_ports ports = {
        .now_us = now_us,
        .wall_us = wall_us,
        .random = fill_random,
        .loop_create = omsp_win_loop_create,
        .file = {.open = omsp_win_file_open},
        .tcp_loop_create = tcp_loop_create,
        .http_create = http_create,
        .audio_create = omsp_win_audio_create,
    };

    return &ports;
}
