/*
 * The audio port as the engine holds it - opened by the first address that asks for static
 * terminals, one for all - and the lists of static terminals that follow what it tells. Nobody
 * outside src/engine includes this.
 */
#ifndef OMSP_ENGINE_DEVICES_H
#define OMSP_ENGINE_DEVICES_H

#include "engine/device.h"
#include "engine/objects.h"
#include "engine/timers.h"

#include <stdatomic.h>

struct omsp_devices {
    struct omsp_engine *engine;
    struct omsp_task changed;      /* control runner: lists are to be looked at */
    struct omsp_lock refresh_lock; /* before the registry's and any address's: one list at a time */
    struct omsp_lock lock;         /* audio and quiet; only timers' locks are taken under it */
    struct omsp_audio *audio;      /* NULL: not asked for yet, or there is none */
    bool closed;                   /* lock */
    _Atomic bool missed;           /* a change that no list could follow: nobody could look */
    struct omsp_timer again;       /* first worker's: then it is looked at again */
    bool quiet;                    /* lock: no more of that, for the workers end */
    unsigned round;                /* refresh_lock: of looking at all addresses */
};

enum omsp_status omsp_devices_create(struct omsp_engine *engine, struct omsp_devices **out);
/* The workers are about to end. */
void omsp_devices_quiet(struct omsp_devices *devices);
/* Every address was shut down: no device is open. The device thread ends here, before the runners.
 */
void omsp_devices_close(struct omsp_devices *devices);
/* The runners were stopped. */
void omsp_devices_destroy(struct omsp_devices *devices);
/* The port, or NULL. Valid as long as the engine's threads. */
struct omsp_audio *omsp_devices_audio(struct omsp_devices *devices);
/* The address was shut down: gives its static terminals back. No lock held. */
void omsp_devices_forget(struct omsp_address *address);

/* device.c. A reference. OMSP_NOMEM. */
enum omsp_status omsp_device_create(struct omsp_address *address,
                                    const struct omsp_audio_device *facts,
                                    struct omsp_device **out);
struct omsp_terminal *omsp_device_terminal(struct omsp_device *device);
/* Address lock. */
bool omsp_device_is(const struct omsp_device *device, const struct omsp_audio_device *facts);
void omsp_device_set_default(struct omsp_device *device, bool is_default);
bool omsp_device_is_default(const struct omsp_device *device);
/* While it is connected: whose echo it plays or hears; NULL: nobody's. Keeps a reference. */
struct omsp_echo_path;
void omsp_device_set_echo(struct omsp_terminal *device, struct omsp_echo_path *path);

#endif
