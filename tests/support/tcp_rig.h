/*
 * What the tests of port/tcp.h share: a loop of the system's adapter or of the simulated one,
 * owners of connections, and far ends that behave the same on both. A far end of the system is a
 * thread with sockets of its own; a simulated one is scripted. Test thread only, but for the atomic
 * counters.
 */
#ifndef OMSP_TESTS_SUPPORT_TCP_RIG_H
#define OMSP_TESTS_SUPPORT_TCP_RIG_H

#include "support/suite.h"

#include "port/ports.h"
#include "port/thread.h"
#include "sim/sim_tcp.h"

#include <stdatomic.h>

#define SECOND 1000000u

struct tcp_rig {
    const struct omsp_ports *ports;
    struct omsp_tcp_loop *loop;
    struct omsp_sim *sim; /* NULL: the system's */
    struct omsp_thread *thread;
};

enum tcp_manner {
    TCP_ECHO,   /* sends back what comes */
    TCP_HOLD,   /* reads nothing until released, then all */
    TCP_BYE,    /* at the first bytes: says "bye" and closes in order */
    TCP_RESET,  /* at the first bytes: resets the connection */
    TCP_SILENT, /* nobody answers the dialling */
    TCP_NOBODY, /* nobody listens */
};

struct tcp_far {
    struct tcp_rig *rig;
    enum tcp_manner manner;
    uint16_t port; /* on 127.0.0.1 */
    atomic_int accepted, gone;
    atomic_llong bytes; /* read */
    atomic_int bad;     /* TCP_HOLD: bytes that were not the pattern's */
    atomic_bool released, stop;
    struct omsp_thread *thread;
    struct tcp_far_sockets *sockets;
    struct omsp_sim_peer *peer; /* the last one */
};

/* An owner of a connection. */
struct tcp_box {
    struct tcp_rig *rig;
    struct omsp_tcp *tcp;
    atomic_int opened, writable, ended, closed;
    enum omsp_tcp_end end;
    atomic_int got; /* bytes */
    int bad;        /* that were not the pattern's */
    char text[64];  /* the first ones, terminated */
    uint64_t at;    /* of the last data */
    int after;      /* callbacks after on_end or after close was called */
    bool closing;
    bool closes_on_open, closes_on_data, closes_on_end;
};

void tcp_rig_up(struct tcp_rig *rig, bool simulated);
/* All boxes and far ends must have been closed. */
void tcp_rig_down(struct tcp_rig *rig);
uint64_t tcp_now(struct tcp_rig *rig);
/* Waits until *value reaches target or the time is over. */
void tcp_pump(struct tcp_rig *rig, const atomic_int *value, int target, uint64_t at_most_us);
/* Lets this much time pass. */
void tcp_idle(struct tcp_rig *rig, uint64_t us);
/* fn on another thread; simulated: within the next wait. */
void tcp_elsewhere(struct tcp_rig *rig, void (*fn)(void *arg), void *arg);
void tcp_elsewhere_ends(struct tcp_rig *rig);

void tcp_far_open(struct tcp_far *far, struct tcp_rig *rig, enum tcp_manner manner);
void tcp_far_release(struct tcp_far *far);
void tcp_far_close(struct tcp_far *far);

uint8_t tcp_pattern(size_t offset);
void tcp_box_init(struct tcp_box *box, struct tcp_rig *rig, struct omsp_tcp *init);
void tcp_box_dial_to(struct tcp_box *box, struct tcp_rig *rig,
                     const struct omsp_tcp_target *target);
/* Begins to connect, 5 s. */
void tcp_box_dial(struct tcp_box *box, const struct tcp_far *far);
/* Dials and waits for on_open. */
void tcp_box_open(struct tcp_box *box, const struct tcp_far *far);
/* Closes unless that was done, and waits for on_closed. */
void tcp_box_close(struct tcp_box *box);
/* The whole of it, waiting for room. */
void tcp_box_send(struct tcp_box *box, const void *data, size_t len);

/* The body of a test for either adapter. */
#define BOTH(name)                                                                                 \
    static void name(struct tcp_rig *rig);                                                         \
    START_TEST(system_##name)                                                                      \
    {                                                                                              \
        struct tcp_rig rig;                                                                        \
        tcp_rig_up(&rig, false);                                                                   \
        name(&rig);                                                                                \
        tcp_rig_down(&rig);                                                                        \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(sim_##name)                                                                         \
    {                                                                                              \
        struct tcp_rig rig;                                                                        \
        tcp_rig_up(&rig, true);                                                                    \
        name(&rig);                                                                                \
        tcp_rig_down(&rig);                                                                        \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name(struct tcp_rig *rig)

#define TEST_BOTH(name) TEST(system_##name), TEST(sim_##name)

/* tcp_far.c: the system's far end. */
void tcp_far_listen(struct tcp_far *far);
void tcp_far_unlisten(struct tcp_far *far);

#endif
