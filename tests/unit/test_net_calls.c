/*
 * How often the system's adapter of port/net.h calls the system, counted where it does: this
 * program has the socket functions in place of the C library's (natively) or of Winsock's import
 * (Windows), and hands each call on.
 */
#include "support/net_rig.h"

#include <string.h>

static atomic_int receives, batches, sends, waits;

#ifdef _WIN32
#include <winsock2.h>

static int(WSAAPI *real_receive)(SOCKET, WSABUF *, DWORD, DWORD *, DWORD *, struct sockaddr *,
                                 int *, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE);
static int(WSAAPI *real_send)(SOCKET, const char *, int, int, const struct sockaddr *, int);

/* So many receives fail, and with what. */
static atomic_int failures, failure;

static BOOL(WINAPI *real_wait)(HANDLE, OVERLAPPED_ENTRY *, ULONG, ULONG *, DWORD, BOOL);

static BOOL(WINAPI *real_post)(HANDLE, DWORD, ULONG_PTR, OVERLAPPED *);
static atomic_bool posts_fail;

static void *real(const char *dll, const char *name)
{
    void *found = (void *)GetProcAddress(LoadLibraryA(dll), name);

    ck_assert_ptr_nonnull(found);
    return found;
}

static int WSAAPI count_receive(SOCKET sock, WSABUF *bufs, DWORD count, DWORD *got, DWORD *flags,
                                struct sockaddr *from, int *from_len, OVERLAPPED *overlapped,
                                LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    if (!real_receive)
        *(void **)&real_receive = real("ws2_32.dll", "WSARecvFrom");
    atomic_fetch_add(&receives, 1);
    if (atomic_load(&failures)) {
        atomic_fetch_sub(&failures, 1);
        WSASetLastError(atomic_load(&failure));
        return SOCKET_ERROR;
    }
    return real_receive(sock, bufs, count, got, flags, from, from_len, overlapped, routine);
}

static int WSAAPI count_send(SOCKET sock, const char *data, int len, int flags,
                             const struct sockaddr *to, int to_len)
{
    if (!real_send)
        *(void **)&real_send = real("ws2_32.dll", "sendto");
    atomic_fetch_add(&sends, 1);
    return real_send(sock, data, len, flags, to, to_len);
}

static BOOL WINAPI count_wait(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                              DWORD ms, BOOL alertable)
{
    if (!real_wait)
        *(void **)&real_wait = real("kernel32.dll", "GetQueuedCompletionStatusEx");
    atomic_fetch_add(&waits, 1);
    return real_wait(port, entries, room, count, ms, alertable);
}

static BOOL WINAPI fail_post(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped)
{
    if (!real_post)
        *(void **)&real_post = real("kernel32.dll", "PostQueuedCompletionStatus");
    if (!atomic_load(&posts_fail))
        return real_post(port, bytes, key, overlapped);
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

/* What a call of an imported function goes through. */
#ifdef _WIN64
extern void *__imp_PostQueuedCompletionStatus;
void *__imp_PostQueuedCompletionStatus = (void *)fail_post;
extern void *__imp_WSARecvFrom, *__imp_sendto, *__imp_GetQueuedCompletionStatusEx;
void *__imp_WSARecvFrom = (void *)count_receive, *__imp_sendto = (void *)count_send;
void *__imp_GetQueuedCompletionStatusEx = (void *)count_wait;
#else
extern void *wait_import __asm__("__imp__GetQueuedCompletionStatusEx@24");
void *wait_import = (void *)count_wait;
extern void *post_import __asm__("__imp__PostQueuedCompletionStatus@16");
void *post_import = (void *)fail_post;
extern void *receive_import __asm__("__imp__WSARecvFrom@36");
extern void *send_import __asm__("__imp__sendto@24");
void *receive_import = (void *)count_receive, *send_import = (void *)count_send;
#endif
#else
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recvfrom(int fd, void *restrict data, size_t len, int flags, __SOCKADDR_ARG from,
                 socklen_t *restrict from_len)
{
    atomic_fetch_add(&receives, 1);
    return syscall(SYS_recvfrom, fd, data, len, flags, from.__sockaddr__, from_len);
}

int recvmmsg(int fd, struct mmsghdr *heads, unsigned count, int flags, struct timespec *timeout)
{
    atomic_fetch_add(&batches, 1);
    return (int)syscall(SYS_recvmmsg, fd, heads, count, flags, timeout);
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, __CONST_SOCKADDR_ARG to,
               socklen_t to_len)
{
    atomic_fetch_add(&sends, 1);
    return syscall(SYS_sendto, fd, data, len, flags, to.__sockaddr__, to_len);
}
#endif

static void forget(void)
{
    atomic_store(&receives, 0);
    atomic_store(&batches, 0);
    atomic_store(&sends, 0);
    atomic_store(&waits, 0);
}

#define STREAMS 8
#define PACKETS 40

static void open_streams(struct net_rig *rig, struct net_box *from, struct net_box *to)
{
    net_rig_up(rig, false);
    net_box_on_loopback(from, rig);
    for (unsigned i = 0; i < STREAMS; i++)
        net_box_on_loopback(&to[i], rig);
    rig->loop->wait(rig->loop, net_now(rig) + 1000);
}

static void close_streams(struct net_rig *rig, struct net_box *from, struct net_box *to)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        ck_assert_int_eq(to[i].disorder + to[i].errors, 0);
        net_box_close(&to[i]);
    }
    net_box_close(from);
    net_rig_down(rig);
}

START_TEST(a_packet_is_one_receive_and_one_send)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;

    open_streams(&rig, &from, to);
    forget();
    /* Each socket in turn, as streams do whose packets are 20 ms apart. */
    for (int n = 0; n < PACKETS; n++) {
        for (unsigned i = 0; i < STREAMS; i++) {
            net_send_number(&from, &to[i], n);
            net_pump(&rig, &to[i].count, n + 1, 10 * SECOND);
            ck_assert_int_eq(atomic_load(&to[i].count), n + 1);
        }
    }
    ck_assert_int_eq(atomic_load(&sends), STREAMS * PACKETS);
    ck_assert_int_eq(atomic_load(&receives), STREAMS * PACKETS);
    ck_assert_int_eq(atomic_load(&batches), 0);
    close_streams(&rig, &from, to);
}
END_TEST

START_TEST(an_idle_loop_does_not_receive)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;

    open_streams(&rig, &from, to);
    forget();
    for (int i = 0; i < 10; i++)
        rig.loop->wait(rig.loop, net_now(&rig) + 1000);
    ck_assert_int_eq(atomic_load(&receives) + atomic_load(&batches), 0);
    close_streams(&rig, &from, to);
}
END_TEST

/* What piled up on one socket. Natively the first of it, then all that fits a batch in a call; on
 * Windows a receive each, but no turn through the port for what is there already. */
START_TEST(a_burst_is_taken_in_few_calls)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;

    open_streams(&rig, &from, to);
    forget();
    for (int n = 0; n < PACKETS; n++)
        net_send_number(&from, &to[0], n);
    net_pump(&rig, &to[0].count, PACKETS, 10 * SECOND);
    ck_assert_int_eq(atomic_load(&to[0].count), PACKETS);
#ifdef _WIN32
    ck_assert_int_eq(atomic_load(&receives), PACKETS);
    ck_assert_int_ge(atomic_load(&waits), 1);
    ck_assert_int_le(atomic_load(&waits), PACKETS / 4);
#else
    ck_assert_int_eq(atomic_load(&receives), 1);
    ck_assert_int_eq(atomic_load(&batches), 2);
#endif
    close_streams(&rig, &from, to);
}
END_TEST

#ifdef _WIN32
/* Anybody may send what is too long, or have ICMP messages sent, and as much of it as he likes; and
 * the system may be short of memory for a moment. */
START_TEST(a_flood_of_refusals_does_not_deafen)
{
    static const int told[] = {WSAEMSGSIZE, WSAECONNRESET, WSAENOBUFS};
    struct net_box from, to[STREAMS];
    struct net_rig rig;

    open_streams(&rig, &from, to);
    for (int i = 0; i < 3; i++) {
        atomic_store(&failure, told[i]);
        atomic_store(&failures, 3000);
        net_send_number(&from, &to[i], 0); /* after it the next is asked for */
        net_pump(&rig, &to[i].count, 1, 10 * SECOND);
        net_send_number(&from, &to[i], 1);
        net_pump(&rig, &to[i].count, 2, 10 * SECOND);
        ck_assert_int_eq(atomic_load(&to[i].count), 2);
        ck_assert_int_eq(atomic_load(&failures), 0);
    }
    close_streams(&rig, &from, to);
}
END_TEST

START_TEST(a_shortage_that_lasts_is_told)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;
    uint64_t give_up;

    open_streams(&rig, &from, to);
    atomic_store(&failure, WSAENOBUFS);
    atomic_store(&failures, INT32_MAX);
    net_send_number(&from, &to[0], 0);
    give_up = net_now(&rig) + 30 * SECOND;
    while (!to[0].errors && net_now(&rig) < give_up)
        rig.loop->wait(rig.loop, net_now(&rig) + 1000);
    atomic_store(&failures, 0);
    ck_assert_int_eq(to[0].errors, 1);
    to[0].errors = 0;
    close_streams(&rig, &from, to);
}
END_TEST

START_TEST(a_burst_without_memory_for_a_turn_does_not_deafen)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;

    open_streams(&rig, &from, to);
    atomic_store(&posts_fail, true);
    for (int n = 0; n < PACKETS; n++)
        net_send_number(&from, &to[0], n);
    net_pump(&rig, &to[0].count, PACKETS, 10 * SECOND);
    atomic_store(&posts_fail, false);
    ck_assert_int_eq(atomic_load(&to[0].count), PACKETS);
    close_streams(&rig, &from, to);
}
END_TEST

static void wake_it(void *arg)
{
    struct net_rig *rig = arg;

    rig->loop->wake(rig->loop);
}

/* Before the wait or within it. */
START_TEST(a_wake_without_memory_is_seen_all_the_same)
{
    struct net_rig rig;

    net_rig_up(&rig, false);
    atomic_store(&posts_fail, true);
    for (int i = 0; i < 3; i++) {
        uint64_t before = net_now(&rig);

        net_elsewhere(&rig, wake_it, &rig);
        rig.loop->wait(rig.loop, before + 60 * SECOND);
        ck_assert_uint_lt(net_now(&rig) - before, 20 * SECOND);
        net_elsewhere_ends(&rig);
    }
    atomic_store(&posts_fail, false);
    net_rig_down(&rig);
}
END_TEST
#define TEST_ON_WINSOCK                                                                            \
    TEST(a_flood_of_refusals_does_not_deafen), TEST(a_shortage_that_lasts_is_told),                \
        TEST(a_burst_without_memory_for_a_turn_does_not_deafen),                                   \
        TEST(a_wake_without_memory_is_seen_all_the_same),
#else
#define TEST_ON_WINSOCK
#endif

/* All that came in one wait came at one time: the clock was read once for it. */
START_TEST(datagrams_of_one_wait_have_its_time)
{
    struct net_box from, to[STREAMS];
    struct net_rig rig;
    uint64_t now = 0;

    open_streams(&rig, &from, to);
    for (unsigned i = 0; i < STREAMS; i++)
        net_send_number(&from, &to[i], 0);
    for (unsigned i = 0; i < STREAMS; i++) {
        while (!atomic_load(&to[i].count)) {
            uint64_t before = net_now(&rig);

            now = rig.loop->wait(rig.loop, before + 10 * SECOND);
            ck_assert_uint_ge(now, before);
            ck_assert_uint_le(now, net_now(&rig));
            for (unsigned k = 0; k < STREAMS; k++)
                ck_assert(!atomic_load(&to[k].count) || to[k].at <= now);
            ck_assert(!atomic_load(&to[i].count) || to[i].at == now);
        }
    }
    close_streams(&rig, &from, to);
}
END_TEST

OMSP_SUITE("net_calls", TEST(a_packet_is_one_receive_and_one_send),
           TEST(an_idle_loop_does_not_receive), TEST(a_burst_is_taken_in_few_calls),
           TEST_ON_WINSOCK TEST(datagrams_of_one_wait_have_its_time))
