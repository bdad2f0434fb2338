/* A worker's load. The worker ends the windows; whoever asks ends one that nobody ended because
 * the worker sleeps. */
#include "engine/load.h"

void omsp_load_init(struct omsp_load *load, uint64_t now_us)
{
    atomic_init(&load->packets, 0);
    atomic_init(&load->begin_us, now_us);
    omsp_lock_init(&load->lock);
    load->begin_packets = load->rate = 0;
    load->placed = load->placed_before = 0;
}

void omsp_load_destroy(struct omsp_load *load)
{
    omsp_lock_destroy(&load->lock);
}

static uint64_t age(const struct omsp_load *load, uint64_t now_us)
{
    uint64_t begin_us = atomic_load_explicit(&load->begin_us, memory_order_relaxed);

    return now_us > begin_us ? now_us - begin_us : 0;
}

/* Lock held. */
static void roll(struct omsp_load *load, uint64_t now_us)
{
    uint64_t packets = atomic_load_explicit(&load->packets, memory_order_relaxed);
    uint64_t since_us = age(load, now_us);

    if (since_us < OMSP_LOAD_WINDOW_US)
        return;
    load->rate = (packets - load->begin_packets) * 1000000 / since_us;
    load->begin_packets = packets;
    load->placed_before = since_us < 2 * OMSP_LOAD_WINDOW_US ? load->placed : 0;
    load->placed = 0;
    atomic_store_explicit(&load->begin_us, now_us, memory_order_relaxed);
}

void omsp_load_tick(struct omsp_load *load, uint64_t now_us)
{
    if (age(load, now_us) < OMSP_LOAD_WINDOW_US)
        return;
    omsp_lock_acquire(&load->lock);
    roll(load, now_us);
    omsp_lock_release(&load->lock);
}

uint64_t omsp_load_read(struct omsp_load *load, uint64_t now_us)
{
    uint64_t sum;

    omsp_lock_acquire(&load->lock);
    roll(load, now_us);
    sum = load->rate + (uint64_t)(load->placed + load->placed_before) * OMSP_LOAD_NEW;
    omsp_lock_release(&load->lock);
    return sum;
}

void omsp_load_place(struct omsp_load *load, uint64_t now_us)
{
    omsp_lock_acquire(&load->lock);
    roll(load, now_us);
    load->placed++;
    omsp_lock_release(&load->lock);
}
