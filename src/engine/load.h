/*
 * How much a media worker does: packets a second, measured, so that new sessions go where the least
 * is done. Packets are counted by the worker's thread; everything else is any thread's.
 */
#ifndef OMSP_ENGINE_LOAD_H
#define OMSP_ENGINE_LOAD_H

#include "port/lock.h"

#include <stdatomic.h>
#include <stdint.h>

#define OMSP_LOAD_WINDOW_US 1000000u
/* What a session is taken for until its packets were measured: 50 a second each way. */
#define OMSP_LOAD_NEW 100u

struct omsp_load {
    _Atomic uint64_t packets;  /* received and sent, ever; the worker's thread writes */
    _Atomic uint64_t begin_us; /* of the window being filled; lock to write */
    struct omsp_lock lock;     /* leaf */
    uint64_t begin_packets;
    uint64_t rate;                  /* of the last full window, a second */
    unsigned placed, placed_before; /* sessions, in this window and the last */
};

void omsp_load_init(struct omsp_load *load, uint64_t now_us);
void omsp_load_destroy(struct omsp_load *load);
/* Worker's thread, each turn: ends the window when it is full. Cheap when it is not. */
void omsp_load_tick(struct omsp_load *load, uint64_t now_us);
/* Packets a second, with what was placed here and is not measured yet. */
uint64_t omsp_load_read(struct omsp_load *load, uint64_t now_us);
/* A session comes. */
void omsp_load_place(struct omsp_load *load, uint64_t now_us);

/* Worker's thread: a packet more. */
static inline void omsp_load_count(struct omsp_load *load)
{
    atomic_store_explicit(&load->packets,
                          atomic_load_explicit(&load->packets, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

#endif
