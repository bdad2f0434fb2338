/* The rig of the simulation's tests. One thread. */
#include "support/sim_world.h"

#include "sim/sim_tcp.h"

#include <string.h>

struct sim_world sim_world_new(uint64_t seed)
{
    struct sim_world world;

    ck_assert_int_eq(omsp_sim_create(seed, &world.sim), OMSP_OK);
    omsp_sim_set_tcp_together(world.sim, !omsp_test_sends_singly());
    world.ports = omsp_sim_ports(world.sim);
    ck_assert_int_eq(world.ports->loop_create(world.ports->ctx, &world.loop), OMSP_OK);
    return world;
}

void sim_world_end(struct sim_world *world)
{
    world->loop->destroy(world->loop);
    omsp_sim_destroy(world->sim);
}

struct omsp_addr sim_address(const char *text)
{
    struct omsp_addr addr;

    ck_assert_int_eq(omsp_addr_parse(text, &addr), OMSP_OK);
    return addr;
}

static void on_datagram(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t now_us)
{
    struct sim_box *box = owner;
    struct sim_load load = {-1, now_us};

    (void)udp;
    if (len == sizeof(load))
        memcpy(&load, data, len);
    if (!box->count++)
        box->first_at = now_us;
    if (load.number < box->last)
        box->inverted++;
    box->last = load.number;
    box->from = *from;
    box->at = now_us;
    if (now_us - load.sent > box->slowest)
        box->slowest = now_us - load.sent;
    box->trace = (box->trace ^ now_us ^ (uint64_t)load.number << 48) * 0x100000001b3u;
}

static void on_error(void *owner, struct omsp_udp *udp, enum omsp_status status)
{
    (void)udp;
    ((struct sim_box *)owner)->error = status;
}

static void on_closed(void *owner)
{
    ((struct sim_box *)owner)->closed++;
}

void sim_box_init(struct sim_box *box, struct omsp_udp *init)
{
    const struct omsp_udp made = {NULL, box, on_datagram, on_error, on_closed};

    *init = made;
}

void sim_box_open(struct sim_box *box, struct omsp_net_loop *loop, const char *where)
{
    struct omsp_udp init;

    sim_box_init(box, &init);
    memset(box, 0, sizeof(*box));
    box->addr = sim_address(where);
    ck_assert_int_eq(loop->open(loop, &init, &box->addr, &box->udp), OMSP_OK);
}

void sim_box_close(struct sim_world *world, struct sim_box *box)
{
    struct omsp_net_loop *loop = box->udp->loop;

    loop->close(box->udp);
    loop->wait(loop, omsp_sim_now(world->sim));
    ck_assert_int_eq(box->closed, 1);
}

enum omsp_status sim_send_number(struct sim_world *world, struct sim_box *from,
                                 const struct sim_box *to, int number)
{
    struct sim_load load;

    memset(&load, 0, sizeof(load));
    load.number = number;
    load.sent = omsp_sim_now(world->sim);
    return from->udp->loop->send(from->udp, &to->addr, &load, sizeof(load));
}

void sim_pump_until(struct sim_world *world, uint64_t t_us)
{
    while (omsp_sim_now(world->sim) < t_us)
        world->loop->wait(world->loop, t_us);
}

struct sim_box sim_stream_over(struct sim_world *world, const struct omsp_sim_link *link, int count)
{
    struct sim_box a, b;

    sim_box_open(&a, world->loop, "127.0.0.1:5000");
    sim_box_open(&b, world->loop, "127.0.0.1:5002");
    ck_assert_int_eq(omsp_sim_set_link(world->sim, &a.addr, &b.addr, link), OMSP_OK);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(sim_send_number(world, &a, &b, i), OMSP_OK);
        sim_pump_until(world, omsp_sim_now(world->sim) + 20000);
    }
    sim_pump_until(world, omsp_sim_now(world->sim) + 10 * SECOND);
    sim_box_close(world, &a);
    sim_box_close(world, &b);
    return b;
}
