/*
 * How much of something comes in a second, measured over windows of fixed length: packets and their
 * bytes. No clock, no allocation; the lock of whoever owns it.
 */
#ifndef OMSP_MEDIA_RATE_METER_H
#define OMSP_MEDIA_RATE_METER_H

#include <stdbool.h>
#include <stdint.h>

struct omsp_rate_meter {
    uint64_t window_us;
    uint64_t begin_us, bytes; /* the window that is being filled */
    uint32_t count;
    bool begun, known; /* known: a window was full, the two below are its */
    uint32_t bits_per_second, interval_us;
};

struct omsp_rate {
    uint32_t bits_per_second;
    uint32_t interval_us; /* between two packets; 0: none come */
};

/* Begins anew. window_us > 0. */
void omsp_rate_meter_init(struct omsp_rate_meter *meter, uint64_t window_us);
/* A packet; now_us never goes back. */
void omsp_rate_meter_add(struct omsp_rate_meter *meter, uint64_t now_us, uint32_t bytes);
/* Of the last full window; before the first one is full, of what there is of it. Zeros once nothing
 * came for two windows. */
struct omsp_rate omsp_rate_meter_read(const struct omsp_rate_meter *meter, uint64_t now_us);

#endif
