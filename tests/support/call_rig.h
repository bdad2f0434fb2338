/*
 * A simulated machine with an engine on it, for tests of calls: one address with one listener,
 * pumped by hand. Virtual time; nothing here waits for real.
 */
#ifndef OMSP_TESTS_SUPPORT_CALL_RIG_H
#define OMSP_TESTS_SUPPORT_CALL_RIG_H

#include "engine/engine.h"
#include "sim/sim.h"

struct rig {
    struct omsp_sim *sim;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    unsigned signals;
};

void rig_open(struct rig *rig, uint64_t seed);
/* Shuts everything down; nothing may be outstanding afterwards. */
void rig_close(struct rig *rig);
/* Lets virtual time pass. */
void rig_run(struct rig *rig, unsigned ms);

/* A mono 8 kHz 16-bit WAV with a tone of this many samples, which *pcm gets too (may be NULL). */
void rig_put_tone(struct rig *rig, const char *path, size_t samples, int16_t *pcm);
/* The samples of a recording (mono 16 bit), how many, at most room. */
size_t rig_get_wav(struct rig *rig, const char *path, int16_t *pcm, size_t room);

/* A call of audio, and its streams by direction (a reference each is the caller's). */
struct omsp_call *rig_call(struct rig *rig);
struct omsp_stream *rig_stream(struct omsp_call *call, enum omsp_direction direction);
/* A started player's or recorder's track (references on both are the caller's). */
struct omsp_terminal *rig_player(struct rig *rig, const char *path, struct omsp_terminal **track);
struct omsp_terminal *rig_recorder(struct rig *rig, const char *path, struct omsp_terminal **track);
/* Offer from a, answer from b. */
void rig_connect(struct omsp_call *a, struct omsp_call *b);

/* The next event, or kind -1 when there is none. Blobs are freed. */
struct omsp_event rig_event(struct rig *rig);
/* The next event must be this one. */
void rig_expect_call(struct rig *rig, struct omsp_stream *stream, enum omsp_call_event type,
                     enum omsp_cause cause, enum omsp_status error);
void rig_expect_file(struct rig *rig, enum omsp_media_state state, enum omsp_file_cause cause,
                     enum omsp_status error);
void rig_expect_nothing(struct rig *rig);

#endif
