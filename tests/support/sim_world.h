/*
 * What the tests of the simulation share: a simulated machine with one loop, and owners of sockets
 * that keep account of what came, when, and in what order.
 */
#ifndef OMSP_TESTS_SUPPORT_SIM_WORLD_H
#define OMSP_TESTS_SUPPORT_SIM_WORLD_H

#include "support/suite.h"

#include "sim/sim.h"

#define SECOND 1000000u

struct sim_world {
    struct omsp_sim *sim;
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
};

struct sim_box {
    struct omsp_udp *udp;
    struct omsp_addr addr, from;
    int count, closed, inverted, last;
    enum omsp_status error;
    uint64_t at, first_at, slowest;
    uint64_t trace; /* a hash over (time, number) of all that came */
};

/* A datagram carries its number and when it was sent. */
struct sim_load {
    int number;
    uint64_t sent;
};

struct sim_world sim_world_new(uint64_t seed);
void sim_world_end(struct sim_world *world);
struct omsp_addr sim_address(const char *text);
/* The callbacks of a box, for tests that open by themselves. */
void sim_box_init(struct sim_box *box, struct omsp_udp *init);
void sim_box_open(struct sim_box *box, struct omsp_net_loop *loop, const char *where);
void sim_box_close(struct sim_world *world, struct sim_box *box);
enum omsp_status sim_send_number(struct sim_world *world, struct sim_box *from,
                                 const struct sim_box *to, int number);
void sim_pump_until(struct sim_world *world, uint64_t t_us);
/* Sends count datagrams 20 ms apart over one link and lets all arrive; answers the receiver. */
struct sim_box sim_stream_over(struct sim_world *world, const struct omsp_sim_link *link,
                               int count);

#endif
