/*
 * The system's far end of the TCP tests: one thread, blocking sockets by twos and threes, poll for
 * all of them. Its sockets are its own; nothing of the adapter under test is used.
 */
#include "support/tcp_rig.h"

#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#undef far /* of the days of segments */
#define poll    WSAPoll
#define NO_PIPE 0
typedef SOCKET sock_t;
#define NONE INVALID_SOCKET
#else
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#define closesocket close
#define NO_PIPE     MSG_NOSIGNAL
typedef int sock_t;
#define NONE        (-1)
#endif

#define MOST  400
#define STUFF 16 /* connections that fill the queue of a listener nobody accepts from */

struct tcp_far_sockets {
    char data[65536];
    sock_t listener, stuffing[STUFF];
    struct pollfd polls[MOST];
    int count;
};

static void never_block(sock_t sock)
{
#ifdef _WIN32
    u_long on = 1;

    ioctlsocket(sock, FIONBIO, &on);
#else
    fcntl(sock, F_SETFL, fcntl(sock, F_GETFL) | O_NONBLOCK);
#endif
}

static void reset(sock_t sock)
{
    struct linger hard = {1, 0};

    setsockopt(sock, SOL_SOCKET, SO_LINGER, (const void *)&hard, sizeof(hard));
    closesocket(sock);
}

static void send_all(sock_t sock, const char *data, int len)
{
    while (len > 0) {
        struct pollfd one = {.fd = sock, .events = POLLOUT};
        int n = (int)send(sock, data, (size_t)len, NO_PIPE);

        if (n > 0) {
            data += n;
            len -= n;
        } else if (poll(&one, 1, 5000) != 1 || (one.revents & (POLLERR | POLLHUP))) {
            return; /* the client went away; the next read tells */
        }
    }
}

/* False: the connection is over. */
static bool serve(struct tcp_far *far, sock_t sock)
{
    char *data = far->sockets->data;
    int n;

    n = (int)recv(sock, data, sizeof(far->sockets->data), 0);
    if (n <= 0) {
        atomic_fetch_add(&far->gone, 1);
        closesocket(sock);
        return false;
    }
    for (int i = 0; far->manner == TCP_HOLD && i < n; i++) {
        if ((uint8_t)data[i] != tcp_pattern((size_t)atomic_load(&far->bytes) + (size_t)i))
            atomic_fetch_add(&far->bad, 1);
    }
    atomic_fetch_add(&far->bytes, n);
    switch (far->manner) {
    case TCP_ECHO:
        send_all(sock, data, n);
        return true;
    case TCP_BYE:
        send_all(sock, "bye", 3);
        closesocket(sock);
        return false;
    case TCP_RESET:
        reset(sock);
        return false;
    default:
        return true;
    }
}

static void take_one(struct tcp_far *far)
{
    struct tcp_far_sockets *all = far->sockets;
    sock_t sock = accept(all->listener, NULL, NULL);

    if (sock == NONE)
        return;
    if (all->count == MOST) {
        closesocket(sock);
        return;
    }
    never_block(sock);
    all->polls[all->count].fd = sock;
    all->polls[all->count++].events = POLLIN;
    atomic_fetch_add(&far->accepted, 1);
}

static void run(void *arg)
{
    struct tcp_far *far = arg;
    struct tcp_far_sockets *all = far->sockets;

    while (!atomic_load(&far->stop)) {
        bool hold = far->manner == TCP_HOLD && !atomic_load(&far->released);
        int ready = poll(all->polls, hold ? 1 : (unsigned)all->count, 10);

        for (int i = all->count - 1; ready > 0 && !hold && i > 0; i--) {
            if (all->polls[i].revents && !serve(far, all->polls[i].fd))
                all->polls[i] = all->polls[--all->count];
        }
        if (ready > 0 && all->polls[0].revents)
            take_one(far);
    }
    for (int i = 1; i < all->count; i++)
        closesocket(all->polls[i].fd);
}

static struct sockaddr_in here(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

/* Below Linux's ephemeral ports. */
static void listen_somewhere(struct tcp_far *far, int backlog)
{
    static unsigned next;
    struct tcp_far_sockets *all = far->sockets;

    if (!next)
        next = (unsigned)(tcp_now(far->rig) % 6000);
    for (int tries = 0; tries < 2000; tries++) {
        struct sockaddr_in addr;

        far->port = (uint16_t)(24000 + next++ % 6000);
        addr = here(far->port);
        all->listener = socket(AF_INET, SOCK_STREAM, 0);
        ck_assert(all->listener != NONE);
        if (bind(all->listener, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
            listen(all->listener, backlog) == 0)
            return;
        closesocket(all->listener);
    }
    ck_abort_msg("no port to listen at");
}

void tcp_far_listen(struct tcp_far *far)
{
    struct tcp_far_sockets *all = calloc(1, sizeof(*all));

    ck_assert_ptr_nonnull(all);
    far->sockets = all;
    listen_somewhere(far, far->manner == TCP_SILENT ? 0 : 128);
    for (int i = 0; i < STUFF; i++)
        all->stuffing[i] = NONE;
    if (far->manner == TCP_NOBODY) {
        closesocket(all->listener);
    } else if (far->manner == TCP_SILENT) {
        struct sockaddr_in addr = here(far->port);

        /* A full queue: the system answers no further SYN. */
        for (int i = 0; i < STUFF; i++) {
            all->stuffing[i] = socket(AF_INET, SOCK_STREAM, 0);
            never_block(all->stuffing[i]);
            (void)connect(all->stuffing[i], (struct sockaddr *)&addr, sizeof(addr));
        }
    } else {
        all->polls[0].fd = all->listener;
        all->polls[0].events = POLLIN;
        all->count = 1;
        ck_assert_int_eq(omsp_thread_start(run, far, "far", &far->thread), OMSP_OK);
    }
}

void tcp_far_unlisten(struct tcp_far *far)
{
    struct tcp_far_sockets *all = far->sockets;

    atomic_store(&far->stop, true);
    if (far->thread)
        omsp_thread_join(far->thread);
    if (far->manner != TCP_NOBODY)
        closesocket(all->listener);
    for (int i = 0; i < STUFF; i++) {
        if (all->stuffing[i] != NONE)
            closesocket(all->stuffing[i]);
    }
    free(all);
}
