/*
 * A static terminal: opening, losing and closing its device, and what doors ask of it. Its audio is
 * device_media.c's. The port's open, close and set_gain are called under the address lock, never
 * under the device's own.
 */
#include "engine/device_state.h"

#include "base/alloc.h"
#include "engine/echo_path.h"
#include "media/volume.h"

#include <string.h>

/* What captured audio waits between two readings, with what is under way; and what may wait to be
 * played. */
#define LEAST_LEVEL_US 8000
#define MOST_LEVEL_US  50000
#define MOST_DELAY_US  500000

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
        status = omsp_pcm_ring_init(&ring, OMSP_DEVICE_TOO_MUCH + OMSP_DEVICE_CHUNK);
    }
    if (status)
        return status;
    omsp_lock_acquire(&device->lock);
    device->jitter = jitter;
    device->ring = ring;
    device->rate = 0;
    device->held_count = 0;
    device->flowing = false;
    device->read_us = 0;
    device->goal = OMSP_DEVICE_GOAL;
    omsp_conceal_init(&device->conceal);
    if (device->base.direction == OMSP_RENDER)
        omsp_drift_init(&device->drift, 0, MOST_DELAY_US);
    else
        omsp_drift_init(&device->drift, LEAST_LEVEL_US, MOST_LEVEL_US);
    device->breaks = device->breaks_seen = 0;
    device->newest = device->playing = 0;
    omsp_lock_release(&device->lock);
    return OMSP_OK;
}

static void clear(struct omsp_device *device)
{
    struct omsp_rate_match *match;
    struct omsp_echo_path *echo;
    struct omsp_jitter *jitter;
    struct omsp_pcm_ring ring;

    omsp_lock_acquire(&device->lock);
    device->open = false;
    echo = device->echo;
    device->echo = NULL;
    match = device->match;
    jitter = device->jitter;
    ring = device->ring;
    device->match = NULL;
    device->jitter = NULL;
    memset(&device->ring, 0, sizeof(device->ring));
    device->rate = 0;
    omsp_lock_release(&device->lock);
    omsp_rate_match_destroy(match);
    omsp_echo_path_unref(echo);
    omsp_jitter_destroy(jitter);
    omsp_pcm_ring_free(&ring);
}

static enum omsp_status connect(struct omsp_terminal *terminal)
{
    struct omsp_device *device = of(terminal);
    struct omsp_audio *audio = audio_of(device);
    struct omsp_audio_stream init = {.owner = device,
                                     .on_capture = omsp_device_on_capture,
                                     .on_render = omsp_device_on_render,
                                     .on_lost = on_lost};
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
    /* From here on: a microphone that is off is not heard for its first period either. */
    omsp_lock_acquire(&device->lock);
    device->open = true;
    omsp_lock_release(&device->lock);
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
        .connect = connect, .disconnect = disconnect, .read = omsp_device_read};
    static const struct omsp_terminal_ops render_ops = {
        .connect = connect, .disconnect = disconnect, .packet = omsp_device_packet};
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

void omsp_device_set_echo(struct omsp_terminal *terminal, struct omsp_echo_path *path)
{
    struct omsp_device *device = of(terminal);
    struct omsp_echo_path *old;

    if (path)
        omsp_echo_path_ref(path);
    omsp_lock_acquire(&device->lock);
    old = device->echo;
    device->echo = path;
    omsp_lock_release(&device->lock);
    omsp_echo_path_unref(old);
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
        .delay_us = device->jitter ? jitter.delay_us
                                   : (uint32_t)(device->ring.fill * OMSP_DEVICE_SAMPLE_US),
        .drift_ppm = device->drift.ppm,
        .peak = device->peak > device->peak_before ? device->peak : device->peak_before,
    };
    omsp_lock_release(&device->lock);
}
