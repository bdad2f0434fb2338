/*
 * Waiting on a loop of TCP connections, and waking it. For Windows this program has a function in
 * place of Winsock's import, which does always what Wine's does now and then: it returns some time
 * after the datagram was there to be read, and refuses what others send meanwhile.
 */
#include "support/tcp_rig.h"

#include "port/lock.h"

#ifdef _WIN32
#include "win/poller.h"

#include <winsock2.h>

static atomic_bool is_slow;
static atomic_int inside;

static int WSAAPI slow_send(SOCKET sock, const char *data, int len, int flags)
{
    static int(WSAAPI * real_send)(SOCKET, const char *, int, int);
    int sent = SOCKET_ERROR, error = WSAEWOULDBLOCK;

    if (!real_send)
        *(void **)&real_send = (void *)GetProcAddress(LoadLibraryA("ws2_32.dll"), "send");
    if (!atomic_load(&is_slow))
        return real_send(sock, data, len, flags);
    if (!atomic_fetch_add(&inside, 1)) {
        sent = real_send(sock, data, len, flags);
        error = WSAGetLastError();
        Sleep(1);
    }
    atomic_fetch_sub(&inside, 1);
    WSASetLastError(error);
    return sent;
}

/* What a call of the imported function goes through. */
#ifdef _WIN64
extern void *__imp_send;
void *__imp_send = (void *)slow_send;
#else
extern void *imp_send __asm__("__imp__send@16");
void *imp_send = (void *)slow_send;
#endif

static void make_sends_slow(void)
{
    atomic_store(&is_slow, true);
}
#else
static void make_sends_slow(void)
{
}
#endif

BOTH(a_wait_ends_at_its_deadline_and_not_before)
{
    uint64_t before = tcp_now(rig);

    while (tcp_now(rig) < before + 50000)
        rig->loop->wait(rig->loop, before + 50000);
    ck_assert_uint_lt(tcp_now(rig) - before, 500000);
    rig->loop->wait(rig->loop, 0);
    ck_assert_uint_lt(tcp_now(rig) - before, 500000);
}

static void wake_it(void *arg)
{
    struct tcp_rig *rig = arg;

    rig->loop->wake(rig->loop);
}

BOTH(a_wake_from_elsewhere_ends_the_wait)
{
    for (int i = 0; i < 20; i++) {
        uint64_t before = tcp_now(rig);

        tcp_elsewhere(rig, wake_it, rig);
        rig->loop->wait(rig->loop, before + 20 * SECOND);
        ck_assert_uint_lt(tcp_now(rig) - before, 10 * SECOND);
        tcp_elsewhere_ends(rig);
    }
}

BOTH(a_wake_before_the_wait_counts)
{
    uint64_t before = tcp_now(rig);

    rig->loop->wake(rig->loop);
    rig->loop->wake(rig->loop);
    rig->loop->wait(rig->loop, before + 20 * SECOND);
    ck_assert_uint_lt(tcp_now(rig) - before, 10 * SECOND);
}

/* Rounds in which each of some threads leaves an order and wakes. Nobody wakes again before all
 * orders of the round were seen, so that a wake which was lost is a long wait. */
#define WAKERS 4
#define ROUNDS 200

struct orders {
    struct tcp_rig *rig;
    struct omsp_lock lock; /* of the rest */
    struct omsp_cond begun;
    unsigned round, left; /* left: in this round */
};

static void leave_orders(void *arg)
{
    struct orders *orders = arg;
    struct omsp_tcp_loop *loop = orders->rig->loop;

    for (unsigned i = 1; i <= ROUNDS; i++) {
        omsp_lock_acquire(&orders->lock);
        while (orders->round < i)
            omsp_cond_wait(&orders->begun, &orders->lock, UINT64_MAX);
        orders->left++;
        omsp_lock_release(&orders->lock);
        loop->wake(loop);
    }
}

static bool all_left(struct orders *orders)
{
    bool all;

    omsp_lock_acquire(&orders->lock);
    all = orders->left == WAKERS;
    omsp_lock_release(&orders->lock);
    return all;
}

static void begin_round(struct orders *orders)
{
    omsp_lock_acquire(&orders->lock);
    orders->round++;
    orders->left = 0;
    omsp_cond_broadcast(&orders->begun);
    omsp_lock_release(&orders->lock);
}

START_TEST(system_of_wakes_by_several_threads_at_once_none_is_lost)
{
    struct tcp_rig rig;
    struct orders orders = {.rig = &rig};
    struct omsp_thread *threads[WAKERS];
    unsigned late = 0;

    make_sends_slow();
    tcp_rig_up(&rig, false);
    omsp_lock_init(&orders.lock);
    omsp_cond_init(&orders.begun);
    for (unsigned i = 0; i < WAKERS; i++)
        ck_assert_int_eq(omsp_thread_start(leave_orders, &orders, "waker", &threads[i]), OMSP_OK);
    for (unsigned i = 0; i < ROUNDS; i++) {
        begin_round(&orders);
        while (!all_left(&orders)) {
            uint64_t before = tcp_now(&rig);

            rig.loop->wait(rig.loop, before + SECOND / 2);
            late += tcp_now(&rig) >= before + SECOND / 2;
        }
    }
    for (unsigned i = 0; i < WAKERS; i++)
        omsp_thread_join(threads[i]);
    ck_assert_uint_eq(late, 0);
    omsp_cond_destroy(&orders.begun);
    omsp_lock_destroy(&orders.lock);
    tcp_rig_down(&rig);
}
END_TEST

#ifdef _WIN32
/* libcurl closes a socket before it says so: its number may be another connection's by then, and
 * stays that one's. */
START_TEST(what_is_forgotten_late_is_not_anothers)
{
    const struct omsp_curl_os *os = &omsp_win_curl_os;
    struct omsp_poll_event events[4];
    struct omsp_poller *poller;
    unsigned told = 0;
    int old, new;
    SOCKET sock;

    ck_assert_int_eq(os->poller_create(&poller), OMSP_OK);
    sock = os->sock_open(AF_INET, SOCK_DGRAM, 0);
    ck_assert(sock != INVALID_SOCKET);
    ck_assert_int_eq(os->watch(poller, sock, &old, true, false), OMSP_OK);
    ck_assert_int_eq(os->watch(poller, sock, &new, false, true), OMSP_OK);
    os->forget(poller, sock, &old);
    for (uint64_t end = os->now_us() + 10 * SECOND; !told && os->now_us() < end;) {
        unsigned count = os->wait(poller, events, 4, end);

        for (unsigned i = 0; i < count; i++) {
            ck_assert(!events[i].data || events[i].data == &new);
            told += events[i].data == &new;
        }
    }
    ck_assert_uint_eq(told, 1);
    os->forget(poller, sock, &new);
    ck_assert_uint_eq(os->wait(poller, events, 4, 0), 0);
    os->sock_close(sock);
    os->poller_destroy(poller);
}
END_TEST
#define TEST_ON_WINSOCK , TEST(what_is_forgotten_late_is_not_anothers)
#else
#define TEST_ON_WINSOCK
#endif

OMSP_SUITE("tcp_wait", TEST_BOTH(a_wait_ends_at_its_deadline_and_not_before),
           TEST_BOTH(a_wake_from_elsewhere_ends_the_wait), TEST_BOTH(a_wake_before_the_wait_counts),
           TEST(system_of_wakes_by_several_threads_at_once_none_is_lost) TEST_ON_WINSOCK)
