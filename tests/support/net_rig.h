/*
 * What the tests of port/net.h share: a loop of the system's adapter or of the simulated one,
 * owners of sockets, and a test body run with either. What happens "elsewhere" is another thread on
 * the one and a scheduled callback on the other.
 */
#ifndef OMSP_TESTS_SUPPORT_NET_RIG_H
#define OMSP_TESTS_SUPPORT_NET_RIG_H

#include "support/suite.h"

#include "port/ports.h"
#include "port/thread.h"
#include "sim/sim.h"

#include <stdatomic.h>

#define SECOND 1000000u

struct net_rig {
    const struct omsp_ports *ports;
    struct omsp_net_loop *loop;
    struct omsp_sim *sim; /* NULL: the system's */
    struct omsp_thread *thread;
};

/* An owner of a socket. */
struct net_box {
    struct net_rig *rig;
    struct omsp_udp *udp;
    struct omsp_addr addr;
    atomic_int count; /* datagrams */
    int errors;
    atomic_int closed;
    int disorder;          /* datagrams whose number was not `count` */
    bool closes;           /* closes its socket in the callback */
    bool echoes;           /* sends back what came */
    struct net_box *opens; /* opens this one in the callback */
    struct omsp_addr from;
    uint8_t data[OMSP_UDP_MAX];
    size_t len;
    uint64_t at;
};

void net_rig_up(struct net_rig *rig, bool simulated);
/* All sockets must have been closed. */
void net_rig_down(struct net_rig *rig);
uint64_t net_now(struct net_rig *rig);
/* Waits until *value reaches target or the time is over. */
void net_pump(struct net_rig *rig, const atomic_int *value, int target, uint64_t at_most_us);
/* Starts fn elsewhere; with the simulation within the next wait. */
void net_elsewhere(struct net_rig *rig, void (*fn)(void *arg), void *arg);
void net_elsewhere_ends(struct net_rig *rig);
struct omsp_addr net_address(const char *text);

/* The callbacks of a box, for tests that open by themselves. */
void net_box_init(struct net_box *box, struct omsp_udp *init);
/* Does not clear the box. */
enum omsp_status net_box_open(struct net_box *box, struct net_rig *rig, struct omsp_addr addr);
void net_box_on_loopback(struct net_box *box, struct net_rig *rig);
/* Closes and waits for on_closed; no error may have been reported. */
void net_box_close(struct net_box *box);
enum omsp_status net_box_send(struct net_box *from, const struct net_box *to, const void *data,
                              size_t len);
/* 172 bytes, its number first, for the receiver to check the order. */
void net_send_number(struct net_box *from, const struct net_box *to, int number);

/* The body of a test for either adapter. */
#define BOTH(name)                                                                                 \
    static void name(struct net_rig *rig);                                                         \
    START_TEST(system_##name)                                                                      \
    {                                                                                              \
        struct net_rig rig;                                                                        \
        net_rig_up(&rig, false);                                                                   \
        name(&rig);                                                                                \
        net_rig_down(&rig);                                                                        \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(sim_##name)                                                                         \
    {                                                                                              \
        struct net_rig rig;                                                                        \
        net_rig_up(&rig, true);                                                                    \
        name(&rig);                                                                                \
        net_rig_down(&rig);                                                                        \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name(struct net_rig *rig)

#define TEST_BOTH(name) TEST(system_##name), TEST(sim_##name)

#endif
