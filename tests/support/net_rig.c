/* The rig of the network tests: either adapter, boxes that own sockets. Test thread only. */
#include "support/net_rig.h"

#include <string.h>

void net_rig_up(struct net_rig *rig, bool simulated)
{
    memset(rig, 0, sizeof(*rig));
    if (simulated) {
        ck_assert_int_eq(omsp_sim_create(1, &rig->sim), OMSP_OK);
        rig->ports = omsp_sim_ports(rig->sim);
    } else {
        rig->ports = omsp_system_ports();
    }
    ck_assert_int_eq(rig->ports->loop_create(rig->ports->ctx, &rig->loop), OMSP_OK);
}

void net_rig_down(struct net_rig *rig)
{
    rig->loop->destroy(rig->loop);
    omsp_sim_destroy(rig->sim);
}

uint64_t net_now(struct net_rig *rig)
{
    return rig->ports->now_us(rig->ports->ctx);
}

void net_pump(struct net_rig *rig, const atomic_int *value, int target, uint64_t at_most_us)
{
    uint64_t end = net_now(rig) + at_most_us;

    while (atomic_load(value) < target && net_now(rig) < end)
        rig->loop->wait(rig->loop, end);
}

void net_elsewhere(struct net_rig *rig, void (*fn)(void *arg), void *arg)
{
    if (rig->sim)
        ck_assert_int_eq(omsp_sim_at(rig->sim, net_now(rig) + 1000, fn, arg), OMSP_OK);
    else
        ck_assert_int_eq(omsp_thread_start(fn, arg, "elsewhere", &rig->thread), OMSP_OK);
}

void net_elsewhere_ends(struct net_rig *rig)
{
    if (rig->thread)
        omsp_thread_join(rig->thread);
    rig->thread = NULL;
}

struct omsp_addr net_address(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

static void on_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t at)
{
    struct net_box *box = owner;

    if (len >= 2 && (data[0] | data[1] << 8) != atomic_load(&box->count))
        box->disorder++;
    box->from = *from;
    box->len = len;
    box->at = at;
    memcpy(box->data, data, len < sizeof(box->data) ? len : sizeof(box->data));
    if (box->echoes)
        ck_assert_int_eq(udp->loop->send(udp, from, data, len), OMSP_OK);
    if (box->opens)
        ck_assert_int_eq(net_box_open(box->opens, box->rig, net_address("127.0.0.1")), OMSP_OK);
    box->opens = NULL;
    atomic_fetch_add(&box->count, 1);
    if (box->closes)
        udp->loop->close(udp);
}

static void on_error(void *owner, struct omsp_udp *udp, enum omsp_status status)
{
    (void)udp;
    (void)status;
    ((struct net_box *)owner)->errors++;
}

static void on_closed(void *owner)
{
    atomic_fetch_add(&((struct net_box *)owner)->closed, 1);
}

void net_box_init(struct net_box *box, struct omsp_udp *init)
{
    const struct omsp_udp made = {NULL, box, on_datagram, on_error, on_closed};

    *init = made;
}

enum omsp_status net_box_open(struct net_box *box, struct net_rig *rig, struct omsp_addr addr)
{
    struct omsp_udp init;

    net_box_init(box, &init);
    box->rig = rig;
    box->addr = addr;
    return rig->loop->open(rig->loop, &init, &box->addr, &box->udp);
}

void net_box_on_loopback(struct net_box *box, struct net_rig *rig)
{
    memset(box, 0, sizeof(*box));
    ck_assert_int_eq(net_box_open(box, rig, net_address("127.0.0.1")), OMSP_OK);
}

void net_box_close(struct net_box *box)
{
    box->rig->loop->close(box->udp);
    net_pump(box->rig, &box->closed, 1, 5 * SECOND);
    ck_assert_int_eq(atomic_load(&box->closed), 1);
    ck_assert_int_eq(box->errors, 0);
}

enum omsp_status net_box_send(struct net_box *from, const struct net_box *to, const void *data,
                              size_t len)
{
    return from->udp->loop->send(from->udp, &to->addr, data, len);
}

void net_send_number(struct net_box *from, const struct net_box *to, int number)
{
    uint8_t data[172] = {(uint8_t)number, (uint8_t)(number >> 8)};

    ck_assert_int_eq(net_box_send(from, to, data, sizeof(data)), OMSP_OK);
}
