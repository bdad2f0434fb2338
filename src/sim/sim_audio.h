/*
 * The simulated machine's sound: devices that are plugged in and out, break, and whose clocks run
 * fast or slow. Their callbacks come from time's passing, on the simulation's thread.
 */
#ifndef OMSP_SIM_SIM_AUDIO_H
#define OMSP_SIM_SIM_AUDIO_H

#include "sim/sim.h"

struct omsp_sim_device {
    const char *id, *name;
    enum omsp_audio_flow flow;
    uint32_t rate;      /* frames a second by its own clock; 0: 48000 */
    int32_t drift_ppm;  /* its clock against the simulation's */
    uint32_t period_us; /* between callbacks, by its own clock; 0: 10000 */
    uint32_t jitter_us; /* each callback comes 0..this late */
    bool at_once;       /* the first one comes before open has returned */
};

/* Plugs in. The first of a direction is the default. OMSP_NOMEM, OMSP_EXISTS, OMSP_FULL. */
enum omsp_status omsp_sim_audio_add(struct omsp_sim *sim, const struct omsp_sim_device *device);
/* Unplugs: what is open on it is lost with OMSP_NODEVICE. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_audio_remove(struct omsp_sim *sim, const char *id);
/* Streams on it are lost with status, though it stays. OMSP_NOTFOUND. */
enum omsp_status omsp_sim_audio_break(struct omsp_sim *sim, const char *id,
                                      enum omsp_status status);
enum omsp_status omsp_sim_audio_set_default(struct omsp_sim *sim, const char *id);
/* The system gives the device another rate; streams go on with it. */
enum omsp_status omsp_sim_audio_set_rate(struct omsp_sim *sim, const char *id, uint32_t rate);
/* From now on the system cannot say which there are, or can again; nobody is told of either. */
void omsp_sim_audio_set_unknown(struct omsp_sim *sim, bool unknown);
/* How many streams are open on it. */
unsigned omsp_sim_audio_open_streams(const struct omsp_sim *sim, const char *id);

/* What people before the machine say and hear. say: fills what a capture device hears (the start:
 * silence). hear: sees what a render device plays, gain of the left side included. */
typedef void (*omsp_sim_say_fn)(void *ctx, const char *id, uint32_t rate, int16_t *pcm,
                                size_t count);
typedef void (*omsp_sim_hear_fn)(void *ctx, const char *id, uint32_t rate, const int16_t *pcm,
                                 size_t count);
void omsp_sim_audio_set_people(struct omsp_sim *sim, omsp_sim_say_fn say, omsp_sim_hear_fn hear,
                               void *ctx);

#endif
