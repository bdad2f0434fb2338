/*
 * Simulated sockets and the loop that lets the time pass. Same promises as the system's adapters,
 * down to an address that is free as soon as close returns. One thread; "wake from another thread"
 * is a scheduled callback here.
 */
#include "sim/machine.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define BATCH       64
#define LARGEST     65507 /* UDP over IPv4 carries no more */
#define OVERHEAD    512   /* what a waiting datagram costs beside its bytes */
#define PORTS_FIRST 20000
#define PORTS_LAST  29999

struct sim_loop {
    struct omsp_net_loop base;
    struct omsp_sim *sim;
    struct omsp_link link;    /* in omsp_sim.loops */
    struct omsp_link waiting; /* struct sim_packet.link, in order of arrival */
    struct omsp_link closing; /* struct sim_udp.link */
    struct omsp_link broken;  /* struct sim_udp.link, on_error due */
    unsigned sockets;
    bool woken;
};

struct sim_udp {
    struct omsp_udp base;
    struct omsp_addr addr;
    struct omsp_link bucket; /* in omsp_sim.buckets */
    struct omsp_link link;
    size_t buffered;
    bool closed, deaf;
    enum omsp_status failure;
};

static struct sim_loop *loop_of(struct omsp_net_loop *base)
{
    return (struct sim_loop *)base;
}

static void stir(const struct sim_loop *loop)
{
    sim_stir(loop->sim, loop);
}

static void loop_wake(struct omsp_net_loop *base)
{
    loop_of(base)->woken = true;
    stir(loop_of(base));
}

/* ---- sockets ------------------------------------------------------------------------------- */

static struct omsp_link *bucket_of(struct omsp_sim *sim, uint16_t port)
{
    return &sim->buckets[port % SIM_BUCKETS];
}

static bool in_use(struct omsp_sim *sim, const struct omsp_addr *addr)
{
    omsp_list_each(it, bucket_of(sim, addr->port))
    {
        const struct sim_udp *udp = omsp_container(it, struct sim_udp, bucket);

        if (udp->addr.port == addr->port && udp->addr.family == addr->family &&
            (omsp_addr_same_ip(&udp->addr, addr) || sim_is_wildcard(&udp->addr) ||
             sim_is_wildcard(addr)))
            return true;
    }
    return false;
}

static bool pick_port(struct omsp_sim *sim, struct omsp_addr *addr)
{
    for (int tries = 0; tries <= PORTS_LAST - PORTS_FIRST; tries++) {
        addr->port = sim->next_port++;
        if (sim->next_port > PORTS_LAST)
            sim->next_port = PORTS_FIRST;
        if (!in_use(sim, addr))
            return true;
    }
    return false;
}

static enum omsp_status loop_open(struct omsp_net_loop *base, const struct omsp_udp *init,
                                  struct omsp_addr *addr, struct omsp_udp **out)
{
    struct sim_loop *loop = loop_of(base);
    struct omsp_sim *sim = loop->sim;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_OPEN);
    struct omsp_addr bound = *addr;
    struct sim_udp *udp;

    if (status != OMSP_OK)
        return status;
    if ((addr->family != 4 && addr->family != 6) || !sim_is_local(sim, addr))
        return OMSP_INVALID;
    if (addr->port ? in_use(sim, addr) : !pick_port(sim, &bound))
        return OMSP_ADDRINUSE;
    udp = omsp_zalloc(sizeof(*udp));
    if (!udp)
        return OMSP_NOMEM;
    udp->base = *init;
    udp->base.loop = base;
    udp->addr = bound;
    omsp_list_init(&udp->link);
    omsp_list_insert(bucket_of(sim, bound.port), &udp->bucket);
    loop->sockets++;
    *addr = bound;
    *out = &udp->base;
    return OMSP_OK;
}

static enum omsp_status udp_send(struct omsp_udp *base, const struct omsp_addr *to,
                                 const void *data, size_t len)
{
    struct sim_udp *udp = (struct sim_udp *)base;
    struct omsp_sim *sim = loop_of(base->loop)->sim;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_SEND);
    struct omsp_addr from = udp->addr, there = *to;

    if (udp->closed)
        abort(); /* a caller's bug: the number may be another socket's by now */
    if (status != OMSP_OK)
        return status;
    if (to->family != udp->addr.family)
        return OMSP_UNREACHABLE;
    if (!to->port || len > LARGEST)
        return OMSP_IO;
    sim_pick_source(sim, to, &there); /* to the wildcard is to oneself */
    sim_pick_source(sim, &there, &from);
    status = sim_net_send(sim, &from, &there, data, len);
    return status == OMSP_NOMEM ? OMSP_FULL : status;
}

static void drop_waiting(struct sim_loop *loop, const struct sim_udp *udp)
{
    omsp_list_each_safe(it, &loop->waiting)
    {
        struct sim_packet *packet = omsp_container(it, struct sim_packet, link);

        if (packet->udp == udp) {
            omsp_list_remove(it);
            omsp_free(packet);
        }
    }
}

static void udp_close(struct omsp_udp *base)
{
    struct sim_udp *udp = (struct sim_udp *)base;
    struct sim_loop *loop = loop_of(base->loop);

    if (udp->closed)
        abort(); /* a caller's bug, likewise */
    udp->closed = true;
    drop_waiting(loop, udp);
    omsp_list_remove(&udp->bucket);
    omsp_list_remove(&udp->link);
    omsp_list_insert(&loop->closing, &udp->link);
    stir(loop);
}

void omsp_sim_break_socket(struct omsp_udp *base, enum omsp_status status)
{
    struct sim_udp *udp = (struct sim_udp *)base;
    struct sim_loop *loop = loop_of(base->loop);

    if (udp->closed || udp->deaf)
        return;
    udp->deaf = true;
    udp->failure = status;
    drop_waiting(loop, udp);
    omsp_list_insert(&loop->broken, &udp->link);
    stir(loop);
}

static struct sim_udp *hearer(struct omsp_sim *sim, const struct omsp_addr *to)
{
    struct sim_udp *found = NULL;

    omsp_list_each(it, bucket_of(sim, to->port))
    {
        struct sim_udp *udp = omsp_container(it, struct sim_udp, bucket);

        if (udp->addr.port != to->port || udp->addr.family != to->family)
            continue;
        if (omsp_addr_same_ip(&udp->addr, to))
            return udp;
        if (sim_is_wildcard(&udp->addr))
            found = udp;
    }
    return found;
}

enum omsp_status omsp_sim_break_at(struct omsp_sim *sim, const struct omsp_addr *where,
                                   enum omsp_status status)
{
    struct sim_udp *udp = hearer(sim, where);

    if (!udp)
        return OMSP_NOTFOUND;
    omsp_sim_break_socket(&udp->base, status);
    return OMSP_OK;
}

void sim_deliver(struct omsp_sim *sim, struct sim_packet *packet)
{
    struct sim_udp *udp = sim_is_local(sim, &packet->to) ? hearer(sim, &packet->to) : NULL;
    struct sim_loop *loop;

    if (!udp || udp->deaf) {
        sim->counters.unheard++;
        omsp_free(packet);
        return;
    }
    if (packet->len > OMSP_UDP_MAX ||
        udp->buffered + packet->len + OVERHEAD > sim->receive_buffer) {
        sim->counters.overflowed++;
        omsp_free(packet);
        return;
    }
    loop = loop_of(udp->base.loop);
    packet->udp = udp;
    udp->buffered += packet->len + OVERHEAD;
    omsp_list_insert(&loop->waiting, &packet->link);
    stir(loop);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void hand_out_datagrams(struct sim_loop *loop)
{
    for (int i = 0; i < BATCH && !omsp_list_empty(&loop->waiting); i++) {
        struct sim_packet *packet = omsp_container(loop->waiting.next, struct sim_packet, link);
        struct sim_udp *udp = packet->udp;

        omsp_list_remove(&packet->link);
        udp->buffered -= packet->len + OVERHEAD;
        loop->sim->counters.delivered++;
        udp->base.on_datagram(udp->base.owner, &udp->base, &packet->from, packet->data, packet->len,
                              loop->sim->now);
        omsp_free(packet);
    }
}

static void report_broken(struct sim_loop *loop)
{
    while (!omsp_list_empty(&loop->broken)) {
        struct sim_udp *udp = omsp_container(loop->broken.next, struct sim_udp, link);

        omsp_list_remove(&udp->link);
        if (udp->base.on_error)
            udp->base.on_error(udp->base.owner, &udp->base, udp->failure);
    }
}

static void reap(struct sim_loop *loop)
{
    while (!omsp_list_empty(&loop->closing)) {
        struct sim_udp *udp = omsp_container(loop->closing.next, struct sim_udp, link);

        omsp_list_remove(&udp->link);
        if (udp->base.on_closed)
            udp->base.on_closed(udp->base.owner);
        omsp_free(udp);
        loop->sockets--;
    }
}

static bool has_work(const void *who)
{
    const struct sim_loop *loop = who;

    return loop->woken || !omsp_list_empty(&loop->waiting) || !omsp_list_empty(&loop->closing) ||
           !omsp_list_empty(&loop->broken);
}

static uint64_t loop_wait(struct omsp_net_loop *base, uint64_t deadline_us)
{
    struct sim_loop *loop = loop_of(base);
    uint64_t now;

    sim_wait(loop->sim, loop, has_work, deadline_us);
    loop->woken = false;
    now = loop->sim->now;
    hand_out_datagrams(loop);
    report_broken(loop);
    reap(loop);
    return now;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void loop_destroy(struct omsp_net_loop *base)
{
    struct sim_loop *loop = loop_of(base);

    if (loop->sockets)
        abort(); /* a caller's bug; the system's adapters say it the same way */
    omsp_list_remove(&loop->link);
    omsp_free(loop);
}

static const struct omsp_net_loop functions = {
    .open = loop_open,
    .send = udp_send,
    .close = udp_close,
    .wait = loop_wait,
    .wake = loop_wake,
    .destroy = loop_destroy,
};

enum omsp_status sim_loop_create(void *ctx, struct omsp_net_loop **out)
{
    struct omsp_sim *sim = ctx;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_LOOP_CREATE);
    struct sim_loop *loop;

    if (status != OMSP_OK)
        return status;
    loop = omsp_zalloc(sizeof(*loop));
    if (!loop)
        return OMSP_NOMEM;
    loop->base = functions;
    loop->sim = sim;
    omsp_list_init(&loop->waiting);
    omsp_list_init(&loop->closing);
    omsp_list_init(&loop->broken);
    omsp_list_insert(&sim->loops, &loop->link);
    *out = &loop->base;
    return OMSP_OK;
}
