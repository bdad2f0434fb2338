/*
 * Audio devices: which there are, when that changes, and streams of samples to and from them.
 * win/: WASAPI in shared mode; posix/: none; sim/: devices that come, go, fail and run fast or
 * slow. Whoever makes an adapter gets one thread for all devices ("the device thread"), on which
 * every callback runs with no lock of the adapter held but the stream's own; in sim/ that is the
 * simulation's thread.
 *
 * Samples are 16 bit, mono, at the rate that the device itself runs at: the adapter folds and
 * spreads channels, the engine converts rates.
 */
#ifndef OMSP_PORT_AUDIO_H
#define OMSP_PORT_AUDIO_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum omsp_audio_flow { OMSP_AUDIO_CAPTURE, OMSP_AUDIO_RENDER };

#define OMSP_AUDIO_ID_ROOM   256 /* bytes with terminator */
#define OMSP_AUDIO_NAME_ROOM 256

/* One device in one direction. */
struct omsp_audio_device {
    char id[OMSP_AUDIO_ID_ROOM];     /* the system's own; stays when it is plugged in again */
    char name[OMSP_AUDIO_NAME_ROOM]; /* for people, UTF-8 */
    enum omsp_audio_flow flow;
    bool is_default; /* what the system prefers for speech in this direction; at most one each */
};

struct omsp_audio;

/* Instead of a count: nobody could look, for want of memory. */
#define OMSP_AUDIO_NO_MEMORY (~0u)
/* Instead of a count: the system could not say, as while its audio service starts. */
#define OMSP_AUDIO_UNKNOWN (~0u - 1)

/* Made by open, ended by close. The adapters embed it first in their own struct. */
struct omsp_audio_stream {
    struct omsp_audio *audio;
    void *owner;
    /* Frames a second. Device thread; may change between two calls when the system changed the
     * device's format. */
    uint32_t rate;
    /* Device thread. CAPTURE: count samples that were heard. RENDER: fills count samples to play.
     * May come before open has returned. Must not call open, close or list. */
    void (*on_capture)(void *owner, struct omsp_audio_stream *stream, const int16_t *pcm,
                       size_t count);
    void (*on_render)(void *owner, struct omsp_audio_stream *stream, int16_t *pcm, size_t count);
    /* The device is gone or broken for good: OMSP_NODEVICE, OMSP_IO. Device thread, at most once,
     * the last callback; the stream must still be closed, but not from here. */
    void (*on_lost)(void *owner, enum omsp_status status);
};

/* 1.0 of a gain. */
#define OMSP_AUDIO_UNITY 65536u

struct omsp_audio {
    /* Up to room devices that are there now, in the system's order (win/: those to capture from
     * first); answers how many there are, of more than room perhaps no more than that. Waits for
     * the system, which may take seconds; of one that hangs, what it said last, if it ever did.
     * OMSP_AUDIO_NO_MEMORY, OMSP_AUDIO_UNKNOWN: on_change need not come when it can be had, it is
     * to be asked for again. Any thread but the device's, under no lock that a callback takes. */
    unsigned (*list)(struct omsp_audio *audio, struct omsp_audio_device *out, unsigned room);
    /* Opens and starts. owner and callbacks come from `init`. Waits for the device, at most a few
     * seconds (the first time ten). Any thread but the device's. OMSP_NODEVICE (no such device,
     * gone), OMSP_ACCESS (held by another program alone, forbidden), OMSP_NO_FORMAT, OMSP_NOMEM,
     * OMSP_FULL (too many are open), OMSP_TIMEOUT, OMSP_IO. */
    enum omsp_status (*open)(struct omsp_audio *audio, const char *id,
                             const struct omsp_audio_stream *init, struct omsp_audio_stream **out);
    /* After it returned no callback runs or will. Any thread but the device's, under no lock that a
     * callback takes. */
    void (*close)(struct omsp_audio_stream *stream);
    /* Gains up to OMSP_AUDIO_UNITY, of the left and the right side of what is played; of a device
     * with one channel, or of what is captured, `left` counts alone. Any thread. Starts at unity.
     */
    void (*set_gain)(struct omsp_audio_stream *stream, uint32_t left, uint32_t right);
    /* The number of the system's older interface to the same device (waveIn, waveOut), or
     * OMSP_NODEVICE, OMSP_NOTSUPPORTED. Any thread; waits for the system. */
    enum omsp_status (*wave_id)(struct omsp_audio *audio, const char *id, uint32_t *out);
    /* All streams must have been closed. No callback runs or will when it returned. */
    void (*destroy)(struct omsp_audio *audio);
};

/* Whom to tell that list would answer something else now. Device thread; may call nothing here. */
struct omsp_audio_watch {
    void *owner;
    void (*on_change)(void *owner);
};

/* Channels and gains for the adapters (audio_mix.c). Interleaved frames; `floats`: 32-bit floats in
 * -1..1, else 16-bit integers. */
struct omsp_audio_frames {
    bool floats;
    unsigned channels; /* 1 or more */
};
/* What is heard on all channels, averaged. */
void omsp_audio_fold(const struct omsp_audio_frames *format, const void *frames, size_t count,
                     uint32_t gain, int16_t *pcm);
/* To one channel, or to the first two; further channels stay silent. */
void omsp_audio_spread(const struct omsp_audio_frames *format, const int16_t *pcm, size_t count,
                       uint32_t left, uint32_t right, void *frames);

#endif
