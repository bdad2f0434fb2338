/*
 * A wake of the REST server's gate that the system has no memory for: its thread may sleep without
 * end, and the server is to end all the same.
 */
#include "support/rest_rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#define SOON_S 20

static atomic_int refused;
static atomic_bool wakes_fail;

/* Datagrams are wakes. */
ssize_t send(int sock, const void *data, size_t len, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int);
    int type = 0;
    socklen_t room = sizeof(type);

    if (atomic_load(&wakes_fail) && !getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &room) &&
        type == SOCK_DGRAM) {
        atomic_fetch_add(&refused, 1);
        errno = ENOBUFS;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "send");
    return real(sock, data, len, flags);
}

static time_t steady_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Nobody is at the gate, so that its thread has no deadline. */
static void let_sleep(struct rest_rig *rig)
{
    time_t give_up = steady_s() + SOON_S;
    struct omsp_rest_counts counts;

    http_close(&rig->client);
    rig->client.socket = -1;
    do {
        omsp_lock_acquire(&rig->lock);
        omsp_cond_wait(&rig->changed, &rig->lock, 1000);
        omsp_lock_release(&rig->lock);
        omsp_rest_counts(rig->server, &counts);
    } while ((!counts.accepted || counts.waiting) && steady_s() < give_up);
    ck_assert_uint_eq(counts.waiting, 0);
}

START_TEST(without_memory_for_a_wake_the_server_ends)
{
    struct rest_rig rig;
    time_t began;

    rest_rig_init(&rig);
    rest_rig_start(&rig);
    let_sleep(&rig);
    atomic_store(&wakes_fail, true);
    began = steady_s();
    rest_rig_end(&rig);
    atomic_store(&wakes_fail, false);
    ck_assert_int_gt(atomic_load(&refused), 0);
    ck_assert_int_lt(steady_s() - began, SOON_S);
}
END_TEST

OMSP_SUITE("rest wake", TEST(without_memory_for_a_wake_the_server_ends))
