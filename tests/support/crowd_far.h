/*
 * Hundreds of real consumers on one port of loopback: one thread, poll, a crowd_member for each
 * connection. Its sockets are its own; nothing of the adapter under test is used.
 */
#ifndef OMSP_TESTS_SUPPORT_CROWD_FAR_H
#define OMSP_TESTS_SUPPORT_CROWD_FAR_H

#include "support/crowd.h"

#include <stdatomic.h>

struct omsp_thread;
struct crowd_far_sockets;

struct crowd_far {
    uint16_t port;
    atomic_uint grain;    /* reads so many bytes of each, then rests 10 ms; 0: all that comes */
    unsigned break_after; /* resets a connection behind so many media messages; 0: never */
    atomic_uint accepted, started, stopped, broken; /* connections that got so far */
    atomic_bool stop;
    struct omsp_thread *thread;
    struct crowd_far_sockets *sockets;
    struct crowd_member *members; /* one a connection, in order; the thread's until close */
    unsigned room;
};

/* room: connections in all, further ones are hung up on. */
void crowd_far_open(struct crowd_far *far, unsigned room, unsigned break_after);
/* The same with a small receive buffer and a grain to begin with. */
void crowd_far_open_slow(struct crowd_far *far, unsigned room, unsigned grain);
/* Joins the thread; members can be read then. */
void crowd_far_close(struct crowd_far *far);
void crowd_far_free(struct crowd_far *far);

#endif
