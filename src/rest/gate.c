/*
 * The gate: takes connections, keeps them until their request is there, then gives them to
 * libmicrohttpd. Who never says a whole request costs a socket here and nothing else, and makes
 * room for who comes later, so nobody is kept out by those who only hold the door. It reads
 * nothing: it looks at what lies in the system's buffer (extent.h). Its state is its own thread's;
 * what it has in common with the others is in the server, under server->lock.
 */
#include "rest/extent.h"
#include "rest/sockets.h"
#include "rest/state.h"

#include "base/alloc.h"

#include <string.h>
#ifndef _WIN32
#include <netinet/in.h> /* what <microhttpd.h> brings along on Windows only */
#endif

#define ACCEPTS_A_TURN 256
#define FIRST_LOOK_US  1000   /* after a part of a request came; doubles until ... */
#define LAST_LOOK_US   256000 /* ... this */
#define SHORTAGE_US    100000 /* without descriptors: until the next try */
#define FAILED_US      10000  /* after a turn in which nothing but failures was accepted */
#define LOST_US        1000000
#define LONGEST_US     1000000 /* a wait: the system may have had no memory for a wake */

enum guest_state { GUEST_SILENT, GUEST_PART, GUEST_WHOLE, GUEST_LONG };

struct guest {
    struct omsp_link link; /* in gate->guests, oldest first, or in gate->unused */
    MHD_socket socket;
    struct omsp_addr from;
    enum guest_state state;
    uint64_t deadline_us, look_us, pause_us; /* the latter two: GUEST_PART */
    unsigned polled;                         /* its place in gate->fds; 0: none */
};

struct omsp_gate {
    struct omsp_rest_server *server;
    struct omsp_thread *thread;
    MHD_socket listener, waker;
    struct omsp_link guests, unused;
    struct guest *places; /* config.max_waiting */
    struct pollfd *fds;   /* the waker, the listener, guests */
    unsigned count;
    uint64_t rest_until_us; /* no accept before, for lack of descriptors or for failures */
    bool quit;              /* server->lock */
    bool hungry;            /* server->lock: somebody is let in as soon as there is room */
    char window[OMSP_REST_WINDOW];
};

static uint64_t now_us(const struct omsp_gate *gate)
{
    return gate->server->calls->now_us(gate->server->engine);
}

static bool same_host(const struct omsp_addr *a, const struct omsp_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

/* ---- hand-overs: server->lock held ----------------------------------------------------------- */

static void drop_handover(struct omsp_rest_server *server, unsigned i)
{
    server->handovers[i] = server->handovers[--server->handover_count];
}

bool omsp_gate_claim(struct omsp_rest_server *server, MHD_socket socket, struct omsp_handover *out)
{
    for (unsigned i = 0; i < server->handover_count; i++)
        if (server->handovers[i].socket == socket) {
            *out = server->handovers[i];
            drop_handover(server, i);
            return true;
        }
    return false;
}

void omsp_gate_has_room(struct omsp_rest_server *server)
{
    if (server->gate && server->gate->hungry) {
        server->gate->hungry = false;
        omsp_rest_wake(server->gate->waker);
    }
}

/* libmicrohttpd closes what it cannot begin, and tells nobody. */
static void forget_lost(struct omsp_rest_server *server, uint64_t now)
{
    struct omsp_handover lost;

    for (unsigned i = server->handover_count; i--;)
        if (now > server->handovers[i].at_us + LOST_US) {
            lost = server->handovers[i];
            drop_handover(server, i);
            server->long_count -= lost.is_long;
            server->busy -= lost.awaited;
        }
}

static bool book(struct omsp_gate *gate, const struct guest *guest)
{
    struct omsp_rest_server *server = gate->server;
    unsigned max = server->config.max_connections;
    struct omsp_handover *handover;

    forget_lost(server, now_us(gate));
    if (server->peer_count + server->handover_count >= max ||
        (guest->state == GUEST_LONG && server->long_count >= (max < 4 ? 1 : max / 4))) {
        gate->hungry = true;
        return false;
    }
    handover = &server->handovers[server->handover_count++];
    handover->socket = guest->socket;
    handover->from = guest->from;
    handover->at_us = now_us(gate);
    handover->deadline_us = guest->deadline_us;
    handover->is_long = guest->state == GUEST_LONG;
    handover->awaited = guest->state == GUEST_WHOLE;
    server->long_count += handover->is_long;
    server->busy += handover->awaited;
    server->counts.let_in++;
    return true;
}

/* ---- guests ---------------------------------------------------------------------------------- */

static void release(struct omsp_gate *gate, struct guest *guest)
{
    omsp_list_remove(&guest->link);
    omsp_list_insert(&gate->unused, &guest->link);
    gate->count--;
}

static void count(struct omsp_gate *gate, uint64_t *what)
{
    omsp_lock_acquire(&gate->server->lock);
    ++*what;
    omsp_lock_release(&gate->server->lock);
}

static void let_in(struct omsp_gate *gate, struct guest *guest)
{
    struct omsp_rest_server *server = gate->server;
    struct sockaddr_storage from;
    struct omsp_handover failed;
    socklen_t len = omsp_rest_sockaddr(&guest->from, &from);
    MHD_socket socket = guest->socket;
    bool booked;

    omsp_lock_acquire(&server->lock);
    booked = book(gate, guest);
    omsp_lock_release(&server->lock);
    if (!booked)
        return;
    release(gate, guest);
    if (MHD_add_connection(server->daemon, socket, (struct sockaddr *)&from, len) == MHD_YES)
        return;
    omsp_lock_acquire(&server->lock); /* and the socket is closed */
    if (omsp_gate_claim(server, socket, &failed)) {
        server->long_count -= failed.is_long;
        server->busy -= failed.awaited;
        omsp_gate_has_room(server);
        omsp_cond_broadcast(&server->changed);
    }
    omsp_lock_release(&server->lock);
}

/* What is there of its request? False: it is gone. */
static bool look(struct omsp_gate *gate, struct guest *guest, uint64_t now)
{
    static const enum guest_state states[] = {[OMSP_EXTENT_PART] = GUEST_PART,
                                              [OMSP_EXTENT_WHOLE] = GUEST_WHOLE,
                                              [OMSP_EXTENT_LONG] = GUEST_LONG};
    size_t len;
    enum omsp_status status =
        omsp_rest_peek(guest->socket, gate->window, sizeof(gate->window), &len);

    if (status == OMSP_EMPTY)
        return true;
    if (status != OMSP_OK) {
        omsp_rest_close(guest->socket);
        release(gate, guest);
        return false;
    }
    guest->state = states[omsp_request_extent(gate->window, len)];
    if (guest->state ==
        GUEST_PART) { /* it stays readable: from now on the clock says when to look */
        guest->pause_us = guest->pause_us ? 2 * guest->pause_us : FIRST_LOOK_US;
        if (guest->pause_us > LAST_LOOK_US)
            guest->pause_us = LAST_LOOK_US;
        guest->look_us = now + guest->pause_us;
    }
    return true;
}

/* False: it is not here any more. */
static bool tend(struct omsp_gate *gate, struct guest *guest, uint64_t now)
{
    struct omsp_rest_server *server = gate->server;
    char text[1024];

    if ((guest->state == GUEST_SILENT && guest->polled && gate->fds[guest->polled].revents) ||
        (guest->state == GUEST_PART && guest->look_us <= now))
        if (!look(gate, guest, now))
            return false;
    if (guest->state >= GUEST_WHOLE) {
        unsigned before = gate->count;

        let_in(gate, guest);
        if (gate->count < before)
            return false;
    }
    if (guest->deadline_us > now)
        return true;
    omsp_rest_dismiss(guest->socket, text, omsp_reply_timeout_text(server, text, sizeof(text)));
    release(gate, guest);
    count(gate, &server->counts.late);
    return false;
}

/* The oldest that has not said all; NULL: all have. */
static struct guest *who_makes_room(struct omsp_gate *gate)
{
    struct guest *slow = NULL;

    omsp_list_each(it, &gate->guests)
    {
        struct guest *guest = omsp_container(it, struct guest, link);

        if (guest->state < GUEST_WHOLE)
            return guest;
        if (!slow && guest->state == GUEST_LONG)
            slow = guest;
    }
    return slow;
}

static bool evict(struct omsp_gate *gate)
{
    struct guest *oldest = who_makes_room(gate);

    if (!oldest)
        return false;
    omsp_rest_close(oldest->socket);
    release(gate, oldest);
    count(gate, &gate->server->counts.evicted);
    return true;
}

static bool has_too_many(struct omsp_gate *gate, const struct omsp_addr *from)
{
    struct omsp_rest_server *server = gate->server;
    unsigned max = server->config.max_per_address, n = 0;

    if (!max)
        return false;
    omsp_list_each(it, &gate->guests)
    {
        n += same_host(&omsp_container(it, struct guest, link)->from, from);
    }
    omsp_lock_acquire(&server->lock);
    omsp_list_each(it, &server->peers)
    {
        n += same_host(&omsp_container(it, struct omsp_peer, link)->from, from);
    }
    for (unsigned i = 0; i < server->handover_count; i++)
        n += same_host(&server->handovers[i].from, from);
    omsp_lock_release(&server->lock);
    return n >= max;
}

static void welcome(struct omsp_gate *gate, MHD_socket socket, const struct omsp_addr *from)
{
    struct omsp_rest_server *server = gate->server;
    uint64_t now = now_us(gate);
    struct guest *guest;

    count(gate, &server->counts.accepted);
    if (has_too_many(gate, from) || (omsp_list_empty(&gate->unused) && !evict(gate))) {
        omsp_rest_close(socket);
        count(gate, &server->counts.refused);
        return;
    }
    guest = omsp_container(gate->unused.next, struct guest, link);
    omsp_list_remove(&guest->link);
    omsp_list_insert(&gate->guests, &guest->link);
    gate->count++;
    guest->socket = socket;
    guest->from = *from;
    guest->state = GUEST_SILENT;
    guest->pause_us = 0;
    guest->polled = 0;
    guest->deadline_us = now + (uint64_t)server->config.request_ms * 1000;
    if (look(gate, guest, now) && guest->state >= GUEST_WHOLE) /* as a rule it is there already */
        let_in(gate, guest);
}

static void take_in(struct omsp_gate *gate)
{
    int failed = 0;

    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct omsp_addr from;
        MHD_socket socket;
        enum omsp_status status = omsp_rest_accept(gate->listener, &from, &socket);

        if (status == OMSP_OK)
            welcome(gate, socket, &from);
        else if (status == OMSP_EMPTY)
            return;
        else if (status == OMSP_FULL && !evict(gate)) {
            gate->rest_until_us = now_us(gate) + SHORTAGE_US;
            return;
        }
        failed += status == OMSP_IO;
    }
    if (failed == ACCEPTS_A_TURN) /* the listener stays readable */
        gate->rest_until_us = now_us(gate) + FAILED_US;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static unsigned prepare(struct omsp_gate *gate, uint64_t now, int *timeout_ms)
{
    uint64_t next = now + LONGEST_US; /* also because of what is lost nobody tells (forget_lost) */
    unsigned n = 1;

    gate->fds[0].fd = gate->waker;
    if (gate->rest_until_us <= now)
        gate->fds[n++].fd = gate->listener;
    else if (gate->rest_until_us < next)
        next = gate->rest_until_us;
    omsp_list_each(it, &gate->guests)
    {
        struct guest *guest = omsp_container(it, struct guest, link);
        uint64_t due = guest->state == GUEST_PART && guest->look_us < guest->deadline_us
                           ? guest->look_us
                           : guest->deadline_us;

        guest->polled = 0;
        if (guest->state == GUEST_SILENT) {
            guest->polled = n;
            gate->fds[n++].fd = guest->socket;
        }
        next = due < next ? due : next;
    }
    *timeout_ms = next <= now ? 0 : (int)((next - now) / 1000 + 1);
    return n;
}

static void run(void *arg)
{
    struct omsp_gate *gate = arg;
    struct omsp_rest_server *server = gate->server;
    bool quit = false;

    while (!quit) {
        int timeout_ms;
        uint64_t now = now_us(gate);
        unsigned n = prepare(gate, now, &timeout_ms);

        omsp_rest_poll(gate->fds, n, timeout_ms);
        if (gate->fds[0].revents)
            omsp_rest_awake(gate->waker);
        now = now_us(gate);
        omsp_list_each_safe(it, &gate->guests)
        {
            tend(gate, omsp_container(it, struct guest, link), now);
        }
        if (n > 1 && gate->fds[1].fd == gate->listener && gate->fds[1].revents)
            take_in(gate);
        omsp_lock_acquire(&server->lock);
        server->counts.waiting = gate->count;
        quit = gate->quit;
        omsp_lock_release(&server->lock);
    }
}

static void discard(struct omsp_gate *gate)
{
    while (!omsp_list_empty(&gate->guests)) {
        struct guest *guest = omsp_container(gate->guests.next, struct guest, link);

        omsp_rest_close(guest->socket);
        release(gate, guest);
    }
    omsp_rest_close(gate->listener);
    omsp_rest_close(gate->waker);
    omsp_free(gate->fds);
    omsp_free(gate->places);
    omsp_free(gate);
}

enum omsp_status omsp_gate_open(struct omsp_rest_server *server)
{
    unsigned max = server->config.max_waiting;
    struct omsp_gate *gate = omsp_zalloc(sizeof(*gate));
    enum omsp_status status = OMSP_NOMEM;

    if (!gate)
        return OMSP_NOMEM;
    gate->server = server;
    gate->listener = gate->waker = MHD_INVALID_SOCKET;
    omsp_list_init(&gate->guests);
    omsp_list_init(&gate->unused);
    gate->places = omsp_zalloc(max * sizeof(*gate->places));
    gate->fds = omsp_zalloc((max + 2) * sizeof(*gate->fds));
    if (gate->places && gate->fds)
        status = omsp_rest_waker(&gate->waker);
    if (status == OMSP_OK)
        status = omsp_rest_listen(&server->addr, &gate->listener);
    if (status != OMSP_OK) {
        discard(gate);
        return status;
    }
    for (unsigned i = 0; i < max; i++)
        omsp_list_insert(&gate->unused, &gate->places[i].link);
    omsp_lock_acquire(&server->lock);
    server->gate = gate;
    omsp_lock_release(&server->lock);
    status = omsp_thread_start(run, gate, "omsp-gate", &gate->thread);
    if (status != OMSP_OK) {
        server->gate = NULL; /* nobody came in yet who would ask for it */
        discard(gate);
    }
    return status;
}

void omsp_gate_close(struct omsp_rest_server *server)
{
    struct omsp_gate *gate = server->gate;

    if (!gate)
        return;
    omsp_lock_acquire(&server->lock);
    gate->quit = true;
    omsp_rest_wake(gate->waker);
    omsp_lock_release(&server->lock);
    omsp_thread_join(gate->thread);
    omsp_lock_acquire(&server->lock);
    server->gate = NULL;
    server->counts.waiting = 0;
    omsp_lock_release(&server->lock);
    discard(gate);
}
