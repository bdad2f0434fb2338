/*
 * A static terminal: what lies between a call's media and one audio device. Packets come from the
 * media worker and are played by the device's clock (jitter buffer, playout); what the device hears
 * goes through a ring that the media worker empties by the network's clock. In both directions the
 * rate conversion is bent so that the two clocks keep pace.
 *
 * Locks: `lock` is a leaf, taken by the device thread and by the media worker (under its session's
 * lock). The port's open, close and set_gain are called under the address lock, never under `lock`.
 */
#include "engine/devices.h"

#include "base/alloc.h"
#include "engine/pcm_ring.h"
#include "engine/quality.h"
#include "media/conceal.h"
#include "media/drift.h"
#include "media/g711.h"
#include "media/jitter.h"
#include "media/rate_match.h"
#include "media/volume.h"

#include <stdlib.h>
#include <string.h>

#define RATE          8000u
#define US_PER_SAMPLE (1000000 / RATE)
#define CHUNK         480u /* samples at 8 kHz, converted at once */
/* Captured audio that waits for the network: what is aimed at, what is too much, and when a pause
 * of the reader makes it stale. */
#define GOAL      240u /* 30 ms */
#define GOAL_STEP 80u
#define MOST_GOAL 640u
#define TOO_MUCH  960u /* 120 ms */
#define STALE_US  100000u
/* Between two readings, and with what is under way. */
#define LEAST_LEVEL_US    8000
#define MOST_LEVEL_US     50000
#define MOST_DELAY_US     500000
#define MOST_UNDER_WAY_US 60000u
/* Near silence, where samples may be left out unheard. */
#define QUIET_PEAK 100
#define PEAK_US    100000u

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
    uint64_t now_us;  /* the latest seen here: two threads' readings may cross */
    uint64_t came_us; /* when the last packet, or what was heard last, came */
    /* render */
    struct omsp_jitter *jitter;
    struct omsp_conceal conceal;
    int16_t held[CHUNK]; /* taken from the buffer, not converted yet */
    size_t held_at, held_count;
    bool quiet;
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

static struct omsp_device *of(struct omsp_terminal *terminal)
{
    return (struct omsp_device *)terminal;
}

static const struct omsp_device *of_const(const struct omsp_terminal *terminal)
{
    return (const struct omsp_device *)terminal;
}

static struct omsp_audio *audio_of(const struct omsp_device *device)
{
    return omsp_devices_audio(device->base.address->engine->devices);
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
    status = omsp_rate_match_create(render ? RATE : rate, render ? rate : RATE, &device->match);
    if (status)
        device->match = NULL;
    else
        omsp_rate_match_bend(device->match, device->drift.ppm);
}

/* ---- playing -------------------------------------------------------------------------------- */

static void packet(struct omsp_terminal *terminal, uint64_t now_us,
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

/* Lock held. The next `count` samples, at most CHUNK, into `held`. */
static void pull(struct omsp_device *device, size_t count)
{
    size_t done = 0;

    while (done < count) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(device->jitter, device->now_us, (uint32_t)(count - done), device->quiet,
                         &frame);
        decode(device, &frame, device->held + done);
        done += frame.samples;
        if (frame.kind == OMSP_FRAME_AUDIO)
            device->playing = frame.timestamp + frame.samples;
        if (frame.kind == OMSP_FRAME_SILENCE || frame.restart)
            device->breaks++;
    }
    device->quiet = peak_of(device->held, count) <= QUIET_PEAK;
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

            pull(device, need > CHUNK ? CHUNK : need ? need : 1);
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
                        level * (int64_t)US_PER_SAMPLE + under_way(device)))
        omsp_rate_match_bend(device->match, device->drift.ppm);
}

/* Lock held, after a period was played. How much delay is right is the jitter buffer's matter, that
 * it does not creep away from there is ours. */
static void keep_level(struct omsp_device *device)
{
    struct omsp_jitter_stats stats;
    uint64_t breaks;

    omsp_jitter_get_stats(device->jitter, &stats);
    breaks = device->breaks + stats.skipped_samples + stats.underruns;
    if (breaks != device->breaks_seen)
        omsp_drift_restart(&device->drift);
    device->breaks_seen = breaks;
    keep_pace(device,
              (int64_t)(int32_t)(device->newest - device->playing) + (int64_t)device->held_count);
}

static void on_render(void *owner, struct omsp_audio_stream *stream, int16_t *pcm, size_t count)
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
    if (device->ring.fill + count > TOO_MUCH) {
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

static void on_capture(void *owner, struct omsp_audio_stream *stream, const int16_t *pcm,
                       size_t count)
{
    struct omsp_device *device = owner;
    uint64_t now_us = clock_of(device);

    omsp_lock_acquire(&device->lock);
    advance(device, now_us);
    fit(device, stream->rate);
    device->came_us = device->now_us;
    note_peak(device, peak_of(pcm, count));
    for (size_t idle = 0; device->open && device->match && count && idle < 2;) {
        int16_t narrow[CHUNK];
        size_t used, got;

        got = omsp_rate_match_process(device->match, pcm, count, &used, narrow, CHUNK);
        take_in(device, narrow, got);
        pcm += used;
        count -= used;
        idle = used || got ? 0 : idle + 1;
    }
    omsp_lock_release(&device->lock);
}

static size_t read_heard(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
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

/* ---- opening and closing -------------------------------------------------------------------- */

static void on_lost(void *owner, enum omsp_status status)
{
    struct omsp_device *device = owner;

    (void)status; /* broken or gone, it is no device to go on with */
    atomic_store(&device->is_lost, true);
    omsp_terminal_ref(&device->base);
    if (omsp_runner_post(&device->base.address->engine->control, &device->lost) != OMSP_POSTED)
        omsp_terminal_release(&device->base); /* never the last: a stream has it selected */
}

static void run_lost(struct omsp_task *task)
{
    struct omsp_device *device = omsp_container(task, struct omsp_device, lost);
    struct omsp_address *address = device->base.address;

    omsp_lock_acquire(&address->lock);
    if (atomic_exchange(&device->is_lost, false) && device->base.selected_on &&
        atomic_load(&device->base.in_use))
        omsp_stream_lose_terminal(device->base.selected_on, &device->base, OMSP_NODEVICE);
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
    omsp_terminal_release(&device->base);
}

/* Address lock. */
static void apply_gain(struct omsp_device *device)
{
    uint32_t gain =
        (uint32_t)((uint64_t)device->volume * OMSP_AUDIO_UNITY / OMSP_DEVICE_MAX_VOLUME);
    uint32_t left = gain, right = gain;

    if (device->balance > 0)
        left = (uint32_t)((uint64_t)gain * (uint32_t)(OMSP_DEVICE_MAX_BALANCE - device->balance) /
                          OMSP_DEVICE_MAX_BALANCE);
    if (device->balance < 0)
        right = (uint32_t)((uint64_t)gain * (uint32_t)(OMSP_DEVICE_MAX_BALANCE + device->balance) /
                           OMSP_DEVICE_MAX_BALANCE);
    if (device->stream)
        device->stream->audio->set_gain(device->stream, left, right);
}

/* Makes everything that runs between two calls of connect and disconnect. */
static enum omsp_status prepare(struct omsp_device *device)
{
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter = NULL;
    struct omsp_pcm_ring ring = {0};
    enum omsp_status status;

    if (device->base.direction == OMSP_RENDER) {
        omsp_jitter_config_init(&config);
        config.playout = true;
        status = omsp_jitter_create(&config, &jitter);
    } else {
        status = omsp_pcm_ring_init(&ring, TOO_MUCH + CHUNK);
    }
    if (status)
        return status;
    omsp_lock_acquire(&device->lock);
    device->jitter = jitter;
    device->ring = ring;
    device->rate = 0;
    device->held_count = 0;
    device->flowing = device->quiet = false;
    device->read_us = 0;
    device->goal = GOAL;
    omsp_conceal_init(&device->conceal);
    if (device->base.direction == OMSP_RENDER)
        omsp_drift_init(&device->drift, 0, MOST_DELAY_US);
    else
        omsp_drift_init(&device->drift, LEAST_LEVEL_US, MOST_LEVEL_US);
    device->breaks = device->breaks_seen = 0;
    device->newest = device->playing = 0;
    device->open = true;
    omsp_lock_release(&device->lock);
    return OMSP_OK;
}

static void clear(struct omsp_device *device)
{
    struct omsp_rate_match *match;
    struct omsp_jitter *jitter;
    struct omsp_pcm_ring ring;

    omsp_lock_acquire(&device->lock);
    device->open = false;
    match = device->match;
    jitter = device->jitter;
    ring = device->ring;
    device->match = NULL;
    device->jitter = NULL;
    memset(&device->ring, 0, sizeof(device->ring));
    device->rate = 0;
    omsp_lock_release(&device->lock);
    omsp_rate_match_destroy(match);
    omsp_jitter_destroy(jitter);
    omsp_pcm_ring_free(&ring);
}

static enum omsp_status connect(struct omsp_terminal *terminal)
{
    struct omsp_device *device = of(terminal);
    struct omsp_audio *audio = audio_of(device);
    struct omsp_audio_stream init = {
        .owner = device, .on_capture = on_capture, .on_render = on_render, .on_lost = on_lost};
    enum omsp_status status;

    if (!audio)
        return OMSP_NODEVICE;
    status = prepare(device);
    if (status)
        return status;
    atomic_store(&device->is_lost, false);
    status = audio->open(audio, device->facts.id, &init, &device->stream);
    if (status) {
        device->stream = NULL;
        clear(device);
        return status;
    }
    apply_gain(device);
    return OMSP_OK;
}

static void disconnect(struct omsp_terminal *terminal)
{
    struct omsp_device *device = of(terminal);
    struct omsp_audio_stream *stream = device->stream;

    device->stream = NULL;
    if (stream)
        stream->audio->close(stream);
    clear(device);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void destroy(struct omsp_terminal *terminal)
{
    struct omsp_device *device = of(terminal);

    clear(device);
    omsp_lock_destroy(&device->lock);
    omsp_free(device);
}

enum omsp_status omsp_device_create(struct omsp_address *address,
                                    const struct omsp_audio_device *facts, struct omsp_device **out)
{
    static const struct omsp_terminal_ops capture_ops = {
        .connect = connect, .disconnect = disconnect, .read = read_heard};
    static const struct omsp_terminal_ops render_ops = {
        .connect = connect, .disconnect = disconnect, .packet = packet};
    bool render = facts->flow == OMSP_AUDIO_RENDER;
    struct omsp_device *device = omsp_zalloc(sizeof(*device));

    if (!device)
        return OMSP_NOMEM;
    device->facts = *facts;
    device->volume = OMSP_DEVICE_MAX_VOLUME;
    device->sound.volume = OMSP_VOLUME_SAME;
    atomic_init(&device->is_lost, false);
    omsp_task_init(&device->lost, run_lost);
    omsp_lock_init(&device->lock);
    omsp_terminal_init(&device->base, address, OMSP_TERMINAL_DEVICE,
                       render ? OMSP_RENDER : OMSP_CAPTURE, OMSP_MEDIA_AUDIO,
                       render ? &render_ops : &capture_ops, destroy);
    *out = device;
    return OMSP_OK;
}

struct omsp_terminal *omsp_device_terminal(struct omsp_device *device)
{
    return &device->base;
}

bool omsp_device_is(const struct omsp_device *device, const struct omsp_audio_device *facts)
{
    return device->facts.flow == facts->flow && !strcmp(device->facts.id, facts->id);
}

void omsp_device_set_default(struct omsp_device *device, bool is_default)
{
    device->facts.is_default = is_default;
}

bool omsp_device_is_default(const struct omsp_device *device)
{
    return device->facts.is_default;
}

/* ---- doors ---------------------------------------------------------------------------------- */

const char *omsp_device_name(const struct omsp_terminal *device)
{
    return of_const(device)->facts.name;
}

enum omsp_status omsp_device_wave_id(struct omsp_terminal *device, uint32_t *out)
{
    struct omsp_audio *audio = audio_of(of(device));

    return audio ? audio->wave_id(audio, of(device)->facts.id, out) : OMSP_NODEVICE;
}

enum omsp_status omsp_device_set_volume(struct omsp_terminal *device, int32_t volume)
{
    if (volume < 0 || volume > OMSP_DEVICE_MAX_VOLUME)
        return OMSP_INVALID;
    omsp_lock_acquire(&device->address->lock);
    of(device)->volume = volume;
    apply_gain(of(device));
    omsp_lock_release(&device->address->lock);
    return OMSP_OK;
}

int32_t omsp_device_get_volume(struct omsp_terminal *device)
{
    int32_t volume;

    omsp_lock_acquire(&device->address->lock);
    volume = of(device)->volume;
    omsp_lock_release(&device->address->lock);
    return volume;
}

enum omsp_status omsp_device_set_balance(struct omsp_terminal *device, int32_t balance)
{
    if (device->direction != OMSP_RENDER)
        return OMSP_NOTIMPL;
    if (balance < -OMSP_DEVICE_MAX_BALANCE || balance > OMSP_DEVICE_MAX_BALANCE)
        return OMSP_INVALID;
    omsp_lock_acquire(&device->address->lock);
    of(device)->balance = balance;
    apply_gain(of(device));
    omsp_lock_release(&device->address->lock);
    return OMSP_OK;
}

enum omsp_status omsp_device_get_balance(struct omsp_terminal *device, int32_t *out)
{
    if (device->direction != OMSP_RENDER)
        return OMSP_NOTIMPL;
    omsp_lock_acquire(&device->address->lock);
    *out = of(device)->balance;
    omsp_lock_release(&device->address->lock);
    return OMSP_OK;
}

void omsp_device_get_stats(struct omsp_terminal *terminal, struct omsp_device_stats *out)
{
    struct omsp_device *device = of(terminal);
    struct omsp_jitter_stats jitter = {0};

    omsp_lock_acquire(&device->lock);
    if (device->jitter)
        omsp_jitter_get_stats(device->jitter, &jitter);
    *out = (struct omsp_device_stats){
        .rate = device->rate,
        .samples = device->samples,
        .underruns = device->underruns + jitter.underruns,
        .overruns = device->overruns,
        .delay_us =
            device->jitter ? jitter.delay_us : (uint32_t)(device->ring.fill * US_PER_SAMPLE),
        .drift_ppm = device->drift.ppm,
        .peak = device->peak > device->peak_before ? device->peak : device->peak_before,
    };
    omsp_lock_release(&device->lock);
}
