/*
 * Static terminals: one for each audio device and direction, of every address that asked. A device
 * is opened when its terminal is connected, that is when a stream with it starts, and closed when
 * it stops. Which devices there are is first looked at when an address asks; from then on arrivals
 * and removals are told to it as OMSP_EVENT_ADDRESS. A device that comes back is a new terminal.
 *
 * A device that breaks while its terminal is connected is told as TERMINAL_FAIL with
 * OMSP_CAUSE_BAD_DEVICE, followed by STREAM_FAIL when it was the stream's only one. Its terminal
 * stays selected, not in use; the next start tries it again.
 */
#ifndef OMSP_ENGINE_DEVICE_H
#define OMSP_ENGINE_DEVICE_H

#include "engine/engine.h"

/* Up to room terminals, a reference each, in the system's order; *count is how many there are.
 * The first call waits for the system, as do calls of omsp_address_default_device. OMSP_NOMEM: not
 * all of them could be had, and none is given; the next call tries again. OMSP_SHUTDOWN: none is
 * given. */
#define OMSP_ADDRESS_MAX_DEVICES 64
enum omsp_status omsp_address_devices(struct omsp_address *address, struct omsp_terminal **out,
                                      unsigned room, unsigned *count);
/* What the system prefers for speech, else the first; a reference. OMSP_NODEVICE (none of this
 * direction), OMSP_NOMEM (as above), OMSP_SHUTDOWN. */
enum omsp_status omsp_address_default_device(struct omsp_address *address,
                                             enum omsp_direction direction,
                                             struct omsp_terminal **out);
/* The static terminal with this id, a reference, also when its device went lately; NULL. */
struct omsp_terminal *omsp_address_find_device(struct omsp_address *address, uint32_t id);

/* UTF-8; lives as long as the terminal. */
const char *omsp_device_name(const struct omsp_terminal *device);
/* OMSP_NODEVICE; OMSP_NOTSUPPORTED. Waits for the system. */
enum omsp_status omsp_device_wave_id(struct omsp_terminal *device, uint32_t *out);

#define OMSP_DEVICE_MAX_VOLUME  0xffff
#define OMSP_DEVICE_MAX_BALANCE 10000
/* The gain of this terminal's own audio, 0..OMSP_DEVICE_MAX_VOLUME, linear; at the start full. It
 * is kept while the device is closed and touches nobody else's sound. OMSP_INVALID. */
enum omsp_status omsp_device_set_volume(struct omsp_terminal *device, int32_t volume);
int32_t omsp_device_get_volume(struct omsp_terminal *device);
/* -OMSP_DEVICE_MAX_BALANCE (left alone) .. OMSP_DEVICE_MAX_BALANCE (right alone); 0 at the start.
 * OMSP_INVALID; OMSP_NOTIMPL (capture, which has one side). */
enum omsp_status omsp_device_set_balance(struct omsp_terminal *device, int32_t balance);
enum omsp_status omsp_device_get_balance(struct omsp_terminal *device, int32_t *out);

struct omsp_device_stats {
    uint32_t rate;      /* the device's, frames a second; 0: closed */
    uint64_t samples;   /* at 8 kHz, handed over since the terminal was made */
    uint64_t underruns; /* times there was nothing to hand over in time */
    uint64_t overruns;  /* times there was so much that some was thrown away */
    uint32_t delay_us;  /* waiting between network and device, about now */
    int32_t drift_ppm;  /* what is corrected now: positive, when more must be taken to keep pace */
    uint16_t peak;      /* the loudest of the last 100 ms or so */
};
void omsp_device_get_stats(struct omsp_terminal *device, struct omsp_device_stats *out);

#endif
