/*
 * Acoustic echo cancellation of 16-bit mono at 8 kHz: takes out of what a microphone hears what a
 * loudspeaker near it plays (libspeexdsp's canceller and its suppression of what remains). It
 * learns the way between the two in some seconds of sound; echoes up to OMSP_ECHO_TAIL_MS after
 * they were handed to the loudspeaker are known. Not thread-safe.
 */
#ifndef OMSP_MEDIA_ECHO_H
#define OMSP_MEDIA_ECHO_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_ECHO_TAIL_MS 250u

struct omsp_echo;

/* OMSP_NOMEM. */
enum omsp_status omsp_echo_create(struct omsp_echo **out);
void omsp_echo_destroy(struct omsp_echo *echo); /* NULL is fine */
/* What the loudspeaker was given just now. */
void omsp_echo_played(struct omsp_echo *echo, const int16_t *pcm, size_t count);
/* What the microphone heard just now, in place; 20 ms late. No allocation. */
void omsp_echo_heard(struct omsp_echo *echo, int16_t *pcm, size_t count);

#endif
