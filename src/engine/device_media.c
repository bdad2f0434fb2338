/*
 * A static terminal's audio. Packets come from the media worker and are played by the device's
 * clock (jitter buffer, playout); what the device hears goes through a ring that the media worker
 * empties by the network's clock. In both directions the rate conversion is bent so that the two
 * clocks keep pace. Not here: when a device is open (device.c). Device thread and media worker.
 */
#include "engine/device_state.h"

#include "engine/echo_path.h"
#include "media/g711.h"
#include "media/volume.h"

#include <stdlib.h>
#include <string.h>

/* More captured audio to begin with, after each time it was too little. */
#define GOAL_STEP 80u
#define MOST_GOAL 640u
/* A reader that paused for so long finds what waits stale. */
#define STALE_US          100000u
#define MOST_UNDER_WAY_US 60000u
#define PEAK_US           100000u

static struct omsp_device *of(struct omsp_terminal *terminal)
{
    return (struct omsp_device *)terminal;
}

static uint64_t clock_of(const struct omsp_device *device)
{
    return omsp_engine_now_us(device->base.address->engine);
}

/* Lock held. */
static uint64_t advance(struct omsp_device *device, uint64_t now_us)
{
    if (now_us > device->now_us)
        device->now_us = now_us;
    return device->now_us;
}

static uint16_t peak_of(const int16_t *pcm, size_t count)
{
    int most = 0;

    for (size_t i = 0; i < count; i++) {
        int level = abs(pcm[i]);

        if (level > most)
            most = level;
    }
    return (uint16_t)most;
}

static void note_peak(struct omsp_device *device, uint16_t peak)
{
    if (device->now_us - device->peak_us >= PEAK_US) {
        device->peak_us = device->now_us;
        device->peak_before = device->peak;
        device->peak = 0;
    }
    if (peak > device->peak)
        device->peak = peak;
}

/* Lock held. The device's rate is known, or another one, now. */
static void fit(struct omsp_device *device, uint32_t rate)
{
    bool render = device->base.direction == OMSP_RENDER;
    enum omsp_status status;

    if (rate == device->rate)
        return;
    omsp_rate_match_destroy(device->match);
    device->match = NULL;
    device->rate = rate;
    device->held_count = 0;
    status = omsp_rate_match_create(render ? OMSP_DEVICE_RATE : rate,
                                    render ? rate : OMSP_DEVICE_RATE, &device->match);
    if (!status) {
        omsp_rate_match_bend(device->match, device->drift.ppm);
        return;
    }
    device->match = NULL;
    if (status == OMSP_NOMEM)
        device->rate = 0; /* tried again with the next period: nobody else would */
}

/* ---- playing -------------------------------------------------------------------------------- */

void omsp_device_packet(struct omsp_terminal *terminal, uint64_t now_us,
                        const struct omsp_jitter_packet *packet, const struct omsp_sound *sound,
                        bool restart)
{
    struct omsp_device *device = of(terminal);

    omsp_lock_acquire(&device->lock);
    now_us = advance(device, now_us);
    if (device->open) {
        device->sound = *sound;
        if (restart) {
            omsp_jitter_reset(device->jitter);
            device->breaks++;
            device->newest = packet->timestamp;
        }
        if (omsp_jitter_put(device->jitter, now_us, packet) == OMSP_OK && packet->payload_len) {
            uint32_t end = packet->timestamp + (uint32_t)packet->payload_len;

            if ((int32_t)(end - device->newest) > 0) {
                device->newest = end;
                device->came_us = now_us;
            }
        }
    }
    omsp_lock_release(&device->lock);
}

/* What one frame of the buffer sounds like. */
static void decode(struct omsp_device *device, const struct omsp_jitter_frame *frame, int16_t *pcm)
{
    switch (frame->kind) {
    case OMSP_FRAME_AUDIO:
        if (frame->payload_type == 1)
            omsp_alaw_decode(pcm, frame->payload, frame->samples);
        else
            omsp_ulaw_decode(pcm, frame->payload, frame->samples);
        if (frame->skipped || frame->restart)
            omsp_conceal_cut(&device->conceal);
        omsp_conceal_good(&device->conceal, pcm, frame->samples);
        break;
    case OMSP_FRAME_LOST:
    case OMSP_FRAME_REPEAT:
        omsp_conceal_lost(&device->conceal, pcm, frame->samples);
        break;
    case OMSP_FRAME_SILENCE:
        memset(pcm, 0, frame->samples * sizeof(*pcm));
        omsp_conceal_good(&device->conceal, pcm, frame->samples);
        break;
    }
    omsp_volume_apply(pcm, frame->samples, device->sound.volume);
    if (device->sound.silence && omsp_level_rms(pcm, frame->samples) < device->sound.silence)
        memset(pcm, 0, frame->samples * sizeof(*pcm));
}

static unsigned spare(void *ctx, unsigned most)
{
    const struct omsp_device *device = ctx;

    return omsp_conceal_spare(&device->conceal, most);
}

/* Lock held. The next `count` samples, at most OMSP_DEVICE_CHUNK, into `held`. */
static void pull(struct omsp_device *device, size_t count)
{
    const struct omsp_jitter_ear ear = {spare, device};
    size_t done = 0;

    while (done < count) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(device->jitter, device->now_us, (uint32_t)(count - done), &ear, &frame);
        decode(device, &frame, device->held + done);
        done += frame.samples;
        if (frame.kind == OMSP_FRAME_AUDIO)
            device->playing = frame.timestamp + frame.samples;
        if (frame.kind == OMSP_FRAME_SILENCE || frame.restart)
            device->breaks++;
    }
    if (device->echo)
        omsp_echo_path_played(device->echo, device->held, count);
    device->held_at = 0;
    device->held_count = count;
    device->samples += count;
}

/* Lock held. */
static void convert_out(struct omsp_device *device, int16_t *pcm, size_t count)
{
    size_t made = 0, idle = 0;

    while (made < count && idle < 8) {
        size_t used, got;

        if (!device->held_count) {
            size_t need = omsp_rate_match_need(device->match, count - made);

            pull(device, need > OMSP_DEVICE_CHUNK ? OMSP_DEVICE_CHUNK : need ? need : 1);
        }
        got = omsp_rate_match_process(device->match, device->held + device->held_at,
                                      device->held_count, &used, pcm + made, count - made);
        device->held_at += used;
        device->held_count -= used;
        made += got;
        idle = got ? 0 : idle + 1; /* at the start the filter swallows some */
    }
    memset(pcm + made, 0, (count - made) * sizeof(*pcm));
}

/* Audio comes in pieces whose moments slip past each other when clocks differ. What is under way to
 * the next piece counts, or the level would be a saw of a whole piece's height. */
static int64_t under_way(const struct omsp_device *device)
{
    uint64_t since = device->now_us - device->came_us;

    return (int64_t)(since < MOST_UNDER_WAY_US ? since : MOST_UNDER_WAY_US);
}

/* Lock held. level: what waits, in samples. */
static void keep_pace(struct omsp_device *device, int64_t level)
{
    if (omsp_drift_note(&device->drift, device->now_us,
                        level * (int64_t)OMSP_DEVICE_SAMPLE_US + under_way(device)))
        omsp_rate_match_bend(device->match, device->drift.ppm);
}

/* Lock held, after a period was played. How much delay is right is the jitter buffer's matter, that
 * it does not creep away from there is ours. */
static void keep_level(struct omsp_device *device)
{
    struct omsp_jitter_stats stats;
    uint64_t breaks;

    omsp_jitter_get_stats(device->jitter, &stats);
    breaks = device->breaks + stats.skipped_samples + stats.repeated_samples + stats.underruns;
    if (breaks != device->breaks_seen)
        omsp_drift_restart(&device->drift);
    device->breaks_seen = breaks;
    keep_pace(device,
              (int64_t)(int32_t)(device->newest - device->playing) + (int64_t)device->held_count);
}

void omsp_device_on_render(void *owner, struct omsp_audio_stream *stream, int16_t *pcm,
                           size_t count)
{
    struct omsp_device *device = owner;
    uint64_t now_us = clock_of(device);

    omsp_lock_acquire(&device->lock);
    advance(device, now_us);
    fit(device, stream->rate);
    if (device->open && device->match) {
        convert_out(device, pcm, count);
        keep_level(device);
    } else {
        memset(pcm, 0, count * sizeof(*pcm));
    }
    note_peak(device, peak_of(pcm, count));
    omsp_lock_release(&device->lock);
}

/* ---- hearing -------------------------------------------------------------------------------- */

/* Lock held. */
static void take_in(struct omsp_device *device, const int16_t *pcm, size_t count)
{
    device->samples += count;
    if (device->ring.fill + count > OMSP_DEVICE_TOO_MUCH) {
        /* The reader pauses, or this is the clump after a standstill. */
        size_t goal = count > device->goal ? 0 : device->goal - count;

        if (device->flowing && device->now_us - device->read_us <= STALE_US)
            device->overruns++;
        if (device->ring.fill > goal)
            omsp_pcm_ring_get(&device->ring, NULL, device->ring.fill - goal);
        omsp_drift_restart(&device->drift);
    }
    omsp_pcm_ring_put(&device->ring, pcm, count);
}

void omsp_device_on_capture(void *owner, struct omsp_audio_stream *stream, const int16_t *pcm,
                            size_t count)
{
    struct omsp_device *device = owner;
    uint64_t now_us = clock_of(device);

    omsp_lock_acquire(&device->lock);
    advance(device, now_us);
    fit(device, stream->rate);
    device->came_us = device->now_us;
    if (device->open) /* before that its volume is not the one that was set */
        note_peak(device, peak_of(pcm, count));
    for (size_t idle = 0; device->open && device->match && count && idle < 2;) {
        int16_t narrow[OMSP_DEVICE_CHUNK];
        size_t used, got;

        got = omsp_rate_match_process(device->match, pcm, count, &used, narrow, OMSP_DEVICE_CHUNK);
        if (device->echo)
            omsp_echo_path_heard(device->echo, narrow, got);
        take_in(device, narrow, got);
        pcm += used;
        count -= used;
        idle = used || got ? 0 : idle + 1;
    }
    omsp_lock_release(&device->lock);
}

size_t omsp_device_read(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
{
    struct omsp_device *device = of(terminal);
    uint64_t now_us = clock_of(device);
    size_t got = 0;

    omsp_lock_acquire(&device->lock);
    now_us = advance(device, now_us);
    if (now_us - device->read_us > STALE_US) {
        /* The first of a run: what waits is old. */
        if (device->ring.fill > device->goal)
            omsp_pcm_ring_get(&device->ring, NULL, device->ring.fill - device->goal);
        device->flowing = false;
        omsp_drift_restart(&device->drift);
    }
    device->read_us = now_us;
    if (device->flowing || device->ring.fill >= device->goal) {
        got = omsp_pcm_ring_get(&device->ring, pcm, count);
        if (got < count && device->flowing) {
            device->underruns++;
            device->goal += device->goal < MOST_GOAL ? GOAL_STEP : 0;
        }
        device->flowing = got == count;
        if (!device->flowing)
            omsp_drift_restart(&device->drift);
        else if (device->match)
            keep_pace(device, (int64_t)device->ring.fill);
    }
    omsp_lock_release(&device->lock);
    return got;
}
