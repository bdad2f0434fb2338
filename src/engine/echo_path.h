/*
 * The way from a loudspeaker to a microphone of the same call, and the canceller that knows it: the
 * two devices hold it while both are open, the capture stream as long as cancellation is wanted.
 * Nobody outside src/engine includes this.
 */
#ifndef OMSP_ENGINE_ECHO_PATH_H
#define OMSP_ENGINE_ECHO_PATH_H

#include "engine/objects.h"

struct omsp_echo_path;

/* A reference. OMSP_NOMEM. */
enum omsp_status omsp_echo_path_create(struct omsp_echo_path **out);
void omsp_echo_path_ref(struct omsp_echo_path *path);
void omsp_echo_path_unref(struct omsp_echo_path *path); /* NULL is fine; no leaf held */
/* Samples at 8 kHz; under a device's lock. heard: in place. */
void omsp_echo_path_played(struct omsp_echo_path *path, const int16_t *pcm, size_t count);
void omsp_echo_path_heard(struct omsp_echo_path *path, int16_t *pcm, size_t count);

/* Address lock. Joins the devices that the call's audio streams have open, as the capture stream
 * wants it; after whatever may have changed either. */
void omsp_echo_path_settle(struct omsp_call *call);

#endif
