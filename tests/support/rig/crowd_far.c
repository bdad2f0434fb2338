/* Sockets for a crowd: one thread and poll. Not a test by itself. */
#include "support/crowd_far.h"

#include "port/ports.h"
#include "port/thread.h"
#include "support/suite.h"

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

struct crowd_far_sockets {
    struct pollfd *polls;     /* the first is the listener */
    struct crowd_member **of; /* by place in polls */
    unsigned count, used;     /* used: members */
    char data[65536];
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

static void take_one(struct crowd_far *far)
{
    struct crowd_far_sockets *all = far->sockets;
    sock_t sock = accept(all->polls[0].fd, NULL, NULL);

    if (sock == NONE)
        return;
    if (all->used == far->room) {
        closesocket(sock);
        return;
    }
    never_block(sock);
    all->of[all->count] = &far->members[all->used++];
    all->polls[all->count].fd = sock;
    all->polls[all->count].revents = 0;
    all->polls[all->count++].events = POLLIN;
    atomic_fetch_add(&far->accepted, 1);
}

/* False: it is over. */
static bool serve(struct crowd_far *far, unsigned place)
{
    struct crowd_far_sockets *all = far->sockets;
    struct crowd_member *member = all->of[place];
    sock_t sock = all->polls[place].fd;
    unsigned started = member->started, stopped = member->stopped;
    char reply[CROWD_REPLY];
    size_t replied, grain = atomic_load(&far->grain);
    int n = (int)recv(sock, all->data, grain ? grain : sizeof(all->data), 0);

    if (n <= 0) {
        closesocket(sock);
        return false;
    }
    replied = crowd_take(member, all->data, (size_t)n, reply, sizeof(reply));
    /* A few hundred bytes at most on a socket that nobody else writes to: it takes them. */
    if (replied && send(sock, reply, replied, NO_PIPE) != (int)replied)
        strcpy(member->wrong, "the reply was not taken");
    atomic_fetch_add(&far->started, member->started - started);
    atomic_fetch_add(&far->stopped, member->stopped - stopped);
    if (member->closed) {
        closesocket(sock);
        return false;
    }
    if (far->break_after && member->media[0] + member->media[1] >= far->break_after) {
        struct linger hard = {1, 0};

        setsockopt(sock, SOL_SOCKET, SO_LINGER, (const void *)&hard, sizeof(hard));
        closesocket(sock);
        atomic_fetch_add(&far->broken, 1);
        return false;
    }
    return true;
}

static void run(void *arg)
{
    struct crowd_far *far = arg;
    struct crowd_far_sockets *all = far->sockets;

    while (!atomic_load(&far->stop)) {
        int ready = poll(all->polls, all->count, 10);

        for (unsigned i = all->count - 1; ready > 0 && i > 0; i--) {
            if (all->polls[i].revents && !serve(far, i)) {
                all->polls[i] = all->polls[--all->count];
                all->of[i] = all->of[all->count];
            }
        }
        if (ready > 0 && all->polls[0].revents)
            take_one(far);
        if (atomic_load(&far->grain))
            poll(all->polls, 1, 10);
    }
    for (unsigned i = 0; i < all->count; i++)
        closesocket(all->polls[i].fd);
}

/* Below Linux's ephemeral ports. */
static sock_t listen_somewhere(struct crowd_far *far)
{
    static unsigned next;
    const int small = 4096;
    const struct omsp_ports *ports = omsp_system_ports();

    if (!next)
        next = (unsigned)(ports->now_us(ports->ctx) % 6000);

    for (int tries = 0; tries < 2000; tries++) {
        struct sockaddr_in addr = {.sin_family = AF_INET};
        sock_t sock = socket(AF_INET, SOCK_STREAM, 0);

        ck_assert(sock != NONE);
        far->port = (uint16_t)(18000 + next++ % 6000);
        addr.sin_port = htons(far->port);
        addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (atomic_load(&far->grain)) /* what is accepted has it, too */
            setsockopt(sock, SOL_SOCKET, SO_RCVBUF, (const void *)&small, sizeof(small));
        if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(sock, 1024) == 0) {
            never_block(sock);
            return sock;
        }
        closesocket(sock);
    }
    ck_abort_msg("no port to listen at");
    return NONE;
}

static void open_far(struct crowd_far *far, unsigned room, unsigned break_after, unsigned grain)
{
    struct crowd_far_sockets *all = calloc(1, sizeof(*all));

    memset(far, 0, sizeof(*far));
    far->room = room;
    far->break_after = break_after;
    atomic_store(&far->grain, grain);
    far->members = calloc(room, sizeof(*far->members));
    far->sockets = all;
    all->polls = calloc(room + 1, sizeof(*all->polls));
    all->of = calloc(room + 1, sizeof(struct crowd_member *));
    all->polls[0].fd = listen_somewhere(far);
    all->polls[0].events = POLLIN;
    all->count = 1;
    ck_assert_int_eq(omsp_thread_start(run, far, "crowd", &far->thread), OMSP_OK);
}

void crowd_far_open(struct crowd_far *far, unsigned room, unsigned break_after)
{
    open_far(far, room, break_after, 0);
}

void crowd_far_open_slow(struct crowd_far *far, unsigned room, unsigned grain)
{
    open_far(far, room, 0, grain);
}

void crowd_far_close(struct crowd_far *far)
{
    atomic_store(&far->stop, true);
    omsp_thread_join(far->thread);
    free(far->sockets->polls);
    free(far->sockets->of);
    free(far->sockets);
}

void crowd_far_free(struct crowd_far *far)
{
    free(far->members);
}
