/*
 * A static terminal's own state, shared by its files: device.c (life, opening, what doors ask) and
 * device_media.c (audio). What is not marked is `lock`'s, a leaf taken by the device thread and by
 * the media worker under its session's lock.
 */
#ifndef OMSP_ENGINE_DEVICE_STATE_H
#define OMSP_ENGINE_DEVICE_STATE_H

#include "engine/devices.h"
#include "engine/pcm_ring.h"
#include "engine/quality.h"
#include "media/conceal.h"
#include "media/drift.h"
#include "media/jitter.h"
#include "media/rate_match.h"

#define OMSP_DEVICE_RATE      8000u
#define OMSP_DEVICE_SAMPLE_US (1000000 / OMSP_DEVICE_RATE)
#define OMSP_DEVICE_CHUNK     480u /* samples at 8 kHz, converted at once */
/* Captured audio that waits for the network: what is aimed at to begin with, and what is too much.
 */
#define OMSP_DEVICE_GOAL     240u /* 30 ms */
#define OMSP_DEVICE_TOO_MUCH 960u /* 120 ms */

struct omsp_device {
    struct omsp_terminal base;
    struct omsp_task lost; /* control runner */
    struct omsp_audio_device facts;
    /* address lock */
    struct omsp_audio_stream *stream; /* NULL: closed */
    int32_t volume, balance;
    _Atomic bool is_lost; /* until the control runner has seen it */

    struct omsp_lock lock;
    bool open;
    uint32_t rate;                 /* what `match` was made for; 0: none */
    struct omsp_rate_match *match; /* NULL: none, silence */
    struct omsp_drift drift;
    struct omsp_echo_path *echo; /* a reference; NULL: none */
    uint64_t now_us;             /* the latest seen here: two threads' readings may cross */
    uint64_t came_us;            /* when the last packet, or what was heard last, came */
    /* render */
    struct omsp_jitter *jitter;
    struct omsp_conceal conceal;
    int16_t held[OMSP_DEVICE_CHUNK]; /* taken from the buffer, not converted yet */
    size_t held_at, held_count;
    struct omsp_sound sound;  /* the stream's */
    uint32_t newest, playing; /* timestamps: after the last packet, of the next sample */
    uint64_t breaks;          /* silences and restarts */
    uint64_t breaks_seen;     /* these and the buffer's own, when last looked at */
    /* capture */
    struct omsp_pcm_ring ring;
    bool flowing; /* the reader was given audio last time */
    size_t goal;  /* samples to begin with; more after each time they were too few */
    uint64_t read_us;
    /* both */
    uint64_t samples, underruns, overruns;
    uint64_t peak_us;
    uint16_t peak, peak_before;
};

/* The port's callbacks; the owner is the device. */
void omsp_device_on_render(void *owner, struct omsp_audio_stream *stream, int16_t *pcm,
                           size_t count);
void omsp_device_on_capture(void *owner, struct omsp_audio_stream *stream, const int16_t *pcm,
                            size_t count);
/* struct omsp_terminal_ops. */
void omsp_device_packet(struct omsp_terminal *terminal, uint64_t now_us,
                        const struct omsp_jitter_packet *packet, const struct omsp_sound *sound,
                        bool restart);
size_t omsp_device_read(struct omsp_terminal *terminal, int16_t *pcm, size_t count);

#endif
