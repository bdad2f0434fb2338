/*
 * What may be set about the audio of a call's streams, and what is measured of it: for the doors
 * beside engine/engine.h, whose rules of threads and references hold here, too.
 *
 * Figures are of the RTP session: payload bytes, what was really sent and accepted. A stream of a
 * hardware call and a video stream have none, and answer zeros.
 */
#ifndef OMSP_ENGINE_QUALITY_H
#define OMSP_ENGINE_QUALITY_H

#include "engine/engine.h"

/* Of G.711, which is all that is spoken here: bits a second of one direction. */
#define OMSP_MAX_BITRATE 64000u

/* Linear; what is above SAME is amplified, and clipped. */
#define OMSP_STREAM_VOLUME_SAME 0x4000u
#define OMSP_STREAM_VOLUME_MAX  0xffffu
#define OMSP_STREAM_LEVEL_MAX   32767u

struct omsp_stream_quality {
    unsigned volume;            /* 0..OMSP_STREAM_VOLUME_MAX */
    unsigned silence_threshold; /* 0..OMSP_STREAM_LEVEL_MAX */
    bool gain_control, echo_cancellation;
    unsigned level;           /* of the last 20 ms that were said or handed out: root of the mean
                                 square after volume, 0..OMSP_STREAM_LEVEL_MAX; 0 when none were in
                                 the last 200 ms */
    uint32_t bits_per_second; /* of the stream while it runs */
    uint32_t packet_interval_us;
    int codec; /* payload type's codec in use: 0 (PCMU) or 8 (PCMA); -1: not connected */
};

void omsp_stream_get_quality(struct omsp_stream *stream, struct omsp_stream_quality *out);
/* At once, for all terminals of the stream; not for what media streams hear or say. OMSP_INVALID,
 * OMSP_NOTSUPPORTED (video, hardware, a media stream), OMSP_SHUTDOWN. */
enum omsp_status omsp_stream_set_volume(struct omsp_stream *stream, unsigned volume);
/* Frames whose level, after volume, is below it become digital silence; 0 (the default): none.
 * Errors as omsp_stream_set_volume. */
enum omsp_status omsp_stream_set_silence(struct omsp_stream *stream, unsigned level);

/* For the audio capture stream, off at the start. Gain: of what its terminals say together, before
 * volume (media/gain_control.h). Echo: while the call has a device open in each direction, of what
 * the first loudspeaker plays in what the first microphone hears (media/echo.h); otherwise without
 * effect. OMSP_NOTSUPPORTED (also other streams), OMSP_NOMEM, OMSP_SHUTDOWN. */
enum omsp_status omsp_stream_set_gain_control(struct omsp_stream *stream, bool on);
enum omsp_status omsp_stream_set_echo_cancellation(struct omsp_stream *stream, bool on);

struct omsp_call_quality {
    unsigned interval_ms; /* over which is measured */
    uint32_t input_bits_per_second, output_bits_per_second;
};

#define OMSP_QUALITY_INTERVAL_MIN_MS     100u
#define OMSP_QUALITY_INTERVAL_MAX_MS     10000u
#define OMSP_QUALITY_INTERVAL_DEFAULT_MS 1000u

void omsp_call_get_quality(struct omsp_call *call, struct omsp_call_quality *out);
/* Begins to measure anew. OMSP_INVALID, OMSP_SHUTDOWN. */
enum omsp_status omsp_call_set_quality_interval(struct omsp_call *call, unsigned ms);
/* What omsp_call_set_ptime set. */
unsigned omsp_call_get_ptime(struct omsp_call *call);

#endif
