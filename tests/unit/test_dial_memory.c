/*
 * Connections and memory: what many that were made side by side leave with the C library goes back
 * to the system, asked for after the last of them, and once for 16 at most; and one for which there
 * is none ends.
 */
#include "support/suite.h"

#include "curl/adapter.h"
#include "port/lock.h"
#include "port/ports.h"
#include "port/tcp.h"

#ifdef _WIN32
#include "win/poller.h"
#define SYSTEM_OS omsp_win_curl_os
#else
#include "posix/posix.h"
#define SYSTEM_OS omsp_posix_curl_os
#endif

#include <stdatomic.h>

#define MANY 40
#define FEW  5

static struct omsp_lock lock;
static struct omsp_cond cond;
static unsigned trims; /* lock */
static unsigned ended, closed;

static void count_trim(void)
{
    omsp_lock_acquire(&lock);
    trims++;
    omsp_cond_broadcast(&cond);
    omsp_lock_release(&lock);
}

static void on_nothing(void *owner)
{
    (void)owner;
}

static void on_data(void *owner, const uint8_t *data, size_t len, uint64_t now_us)
{
    (void)owner, (void)data, (void)len, (void)now_us;
}

static void on_end(void *owner, enum omsp_tcp_end end)
{
    ck_assert_int_ne(end, OMSP_TCP_OK);
    *(bool *)owner = true;
    ended++;
}

static void on_closed(void *owner)
{
    (void)owner;
    closed++;
}

/* To a port where nobody listens. */
static void dial_in_vain(struct omsp_tcp_loop *loop, unsigned count)
{
    const struct omsp_tcp_target target = {.host = "127.0.0.1", .port = 9, .timeout_ms = 60000};
    struct omsp_tcp *connections[MANY];
    bool over[MANY] = {false};

    ended = closed = 0;
    for (unsigned i = 0; i < count; i++) {
        struct omsp_tcp init = {.owner = &over[i],
                                .on_open = on_nothing,
                                .on_data = on_data,
                                .on_writable = on_nothing,
                                .on_end = on_end,
                                .on_closed = on_closed};

        ck_assert_int_eq(loop->dial(loop, &init, &target, &connections[i]), OMSP_OK);
    }
    while (ended < count)
        loop->wait(loop, UINT64_MAX);
    for (unsigned i = 0; i < count; i++)
        loop->close(connections[i]);
    while (closed < count)
        loop->wait(loop, UINT64_MAX);
}

START_TEST(memory_goes_back_after_many)
{
    struct omsp_curl_os os = SYSTEM_OS;
    struct omsp_tcp_loop *loop;

    os.trim = count_trim;
    omsp_lock_init(&lock);
    omsp_cond_init(&cond);
    ck_assert_int_eq(omsp_curl_tcp_create(&os, &loop), OMSP_OK);
    for (unsigned round = 1; round <= 2; round++) {
        dial_in_vain(loop, MANY);
        omsp_lock_acquire(&lock);
        while (trims < round)
            ck_assert_msg(omsp_cond_wait(&cond, &lock, 60000000), "memory is kept");
        omsp_lock_release(&lock);
        dial_in_vain(loop, FEW);
    }
    loop->destroy(loop);
    ck_assert_uint_le(trims, 2 * (MANY + FEW) / 16); /* two, unless they took seconds */
    omsp_cond_destroy(&cond);
    omsp_lock_destroy(&lock);
}
END_TEST

START_TEST(without_memory_it_ends)
{
    const struct omsp_tcp_target target = {.host = "127.0.0.1", .port = 9, .timeout_ms = 60000};
    struct omsp_curl_os os = SYSTEM_OS;
    struct omsp_tcp_loop *loop;
    bool failed;
    long number = 0;

    ck_assert_int_eq(omsp_curl_tcp_create(&os, &loop), OMSP_OK);
    do {
        struct omsp_tcp *connection = NULL;
        bool over = false;
        struct omsp_tcp init = {.owner = &over,
                                .on_open = on_nothing,
                                .on_data = on_data,
                                .on_writable = on_nothing,
                                .on_end = on_end,
                                .on_closed = on_closed};
        uint64_t give_up = os.now_us() + 50000000; /* before the time for connecting is over */
        enum omsp_status status;

        ended = closed = 0;
        omsp_test_fail_alloc(number++);
        status = loop->dial(loop, &init, &target, &connection);
        if (status == OMSP_OK) {
            while (!ended) {
                ck_assert_msg(os.now_us() < give_up, "allocation %ld: no end", number - 1);
                loop->wait(loop, give_up);
            }
        } else {
            ck_assert_int_eq(status, OMSP_NOMEM);
        }
        failed = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        if (connection) {
            loop->close(connection);
            while (!closed)
                loop->wait(loop, UINT64_MAX);
        }
    } while (failed);
    ck_assert_int_ge(number, 3); /* the connection, and what watches its socket */
    loop->destroy(loop);
}
END_TEST

OMSP_SUITE("dial_memory", TEST(memory_goes_back_after_many), TEST(without_memory_it_ends))
