/*
 * The simulated machine's audio devices: each open stream is a clock of its own that ticks in the
 * simulation's time. One thread, so a callback runs inside whatever lets time pass.
 */
#include "sim/machine.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_RATE   48000
#define DEFAULT_PERIOD 10000
#define MOST_RATE      384000
#define MOST_SAMPLES   4096 /* handed over at once */

struct sim_device {
    struct omsp_link link; /* omsp_sim.devices */
    struct omsp_audio_device facts;
    uint32_t rate, period_us, jitter_us;
    int32_t drift_ppm;
    bool at_once;
};

struct sim_audio {
    struct omsp_audio base;
    struct omsp_link link; /* omsp_sim.audios */
    struct omsp_sim *sim;
    struct omsp_audio_watch watch;
    struct omsp_link streams; /* struct sim_stream.link, until closed */
};

/* Freed by its last tick, for an event that waits cannot be taken back. */
struct sim_stream {
    struct omsp_audio_stream base;
    struct omsp_link link;
    struct omsp_sim *sim;
    struct sim_device *device; /* NULL: lost */
    bool closed;
    uint64_t begun_us, ticks;
    uint64_t carry; /* samples * 1000000 that the periods so far left over */
    uint32_t left;
};

static struct sim_audio *audio_of(struct omsp_audio *base)
{
    return (struct sim_audio *)base;
}

static struct sim_device *find(const struct omsp_sim *sim, const char *id)
{
    omsp_list_each(it, &sim->devices)
    {
        struct sim_device *device = omsp_container(it, struct sim_device, link);

        if (!strcmp(device->facts.id, id))
            return device;
    }
    return NULL;
}

/* ---- streams -------------------------------------------------------------------------------- */

static void drop_stream(void *arg)
{
    omsp_free(arg);
}

static void lose(struct sim_stream *stream, enum omsp_status status)
{
    if (!stream->device)
        return;
    stream->device = NULL;
    stream->base.on_lost(stream->base.owner, status);
    sim_stir(stream->sim, stream);
}

static void capture(struct sim_stream *stream, size_t count)
{
    struct omsp_sim *sim = stream->sim;
    int16_t pcm[MOST_SAMPLES] = {0};

    if (sim->say)
        sim->say(sim->people, stream->device->facts.id, stream->base.rate, pcm, count);
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)((int64_t)pcm[i] * stream->left / OMSP_AUDIO_UNITY);
    stream->base.on_capture(stream->base.owner, &stream->base, pcm, count);
}

static void render(struct sim_stream *stream, size_t count)
{
    struct omsp_sim *sim = stream->sim;
    int16_t pcm[MOST_SAMPLES];

    memset(pcm, 0x55, sizeof(pcm)); /* whoever leaves a part out is heard */
    stream->base.on_render(stream->base.owner, &stream->base, pcm, count);
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)((int64_t)pcm[i] * stream->left / OMSP_AUDIO_UNITY);
    if (sim->hear)
        sim->hear(sim->people, stream->device->facts.id, stream->base.rate, pcm, count);
}

static void tick(void *arg);

/* Period n of the device's clock on the simulation's. */
static enum omsp_status next_tick(struct sim_stream *stream)
{
    const struct sim_device *device = stream->device;
    uint64_t at = ++stream->ticks * device->period_us;

    at = at * 1000000 / (uint64_t)(1000000 + (int64_t)device->drift_ppm) + stream->begun_us;
    at += sim_dice_upto(&stream->sim->net_dice, device->jitter_us);
    return sim_push_call(stream->sim, at, tick, drop_stream, stream);
}

static void run_period(struct sim_stream *stream)
{
    const struct sim_device *device = stream->device;
    uint64_t count;

    stream->base.rate = device->rate;
    stream->carry += (uint64_t)device->rate * device->period_us;
    count = stream->carry / 1000000;
    stream->carry %= 1000000;
    if (count > MOST_SAMPLES)
        count = MOST_SAMPLES;
    if (device->facts.flow == OMSP_AUDIO_CAPTURE)
        capture(stream, (size_t)count);
    else
        render(stream, (size_t)count);
}

static void tick(void *arg)
{
    struct sim_stream *stream = arg;

    if (stream->closed) {
        omsp_free(stream);
        return;
    }
    if (stream->device)
        run_period(stream);
    if (stream->device && next_tick(stream) == OMSP_OK)
        return;
    /* Lost, and nothing will free it later: close does. */
    lose(stream, OMSP_IO);
    stream->closed = true;
}

static enum omsp_status stream_open(struct omsp_audio *base, const char *id,
                                    const struct omsp_audio_stream *init,
                                    struct omsp_audio_stream **out)
{
    struct sim_audio *audio = audio_of(base);
    enum omsp_status status = sim_fault(audio->sim, OMSP_SIM_AUDIO_OPEN);
    struct sim_device *device = find(audio->sim, id);
    struct sim_stream *stream;

    if (!status && !device)
        status = OMSP_NODEVICE;
    if (status)
        return status;
    stream = omsp_zalloc(sizeof(*stream));
    if (!stream)
        return OMSP_NOMEM;
    stream->base = *init;
    stream->base.audio = base;
    stream->base.rate = device->rate;
    stream->sim = audio->sim;
    stream->device = device;
    stream->begun_us = audio->sim->now;
    stream->left = OMSP_AUDIO_UNITY;
    status = next_tick(stream);
    if (status) {
        omsp_free(stream);
        return status;
    }
    omsp_list_insert(&audio->streams, &stream->link);
    if (device->at_once)
        run_period(stream);
    *out = &stream->base;
    return OMSP_OK;
}

static void stream_close(struct omsp_audio_stream *base)
{
    struct sim_stream *stream = (struct sim_stream *)base;

    omsp_list_remove(&stream->link);
    if (stream->closed) { /* its last tick was */
        omsp_free(stream);
        return;
    }
    stream->closed = true;
    stream->device = NULL;
}

static void stream_set_gain(struct omsp_audio_stream *base, uint32_t left, uint32_t right)
{
    (void)right;
    ((struct sim_stream *)base)->left = left;
}

/* ---- the port ------------------------------------------------------------------------------- */

static unsigned audio_list(struct omsp_audio *base, struct omsp_audio_device *out, unsigned room)
{
    unsigned count = 0;

    if (audio_of(base)->sim->devices_unknown)
        return OMSP_AUDIO_UNKNOWN;
    omsp_list_each(it, &audio_of(base)->sim->devices)
    {
        if (count < room)
            out[count] = omsp_container(it, struct sim_device, link)->facts;
        count++;
    }
    return count;
}

static enum omsp_status audio_wave_id(struct omsp_audio *base, const char *id, uint32_t *out)
{
    const struct sim_device *wanted = find(audio_of(base)->sim, id);
    uint32_t number = 0;

    if (!wanted)
        return OMSP_NODEVICE;
    omsp_list_each(it, &audio_of(base)->sim->devices)
    {
        const struct sim_device *device = omsp_container(it, struct sim_device, link);

        if (device == wanted)
            break;
        number += device->facts.flow == wanted->facts.flow;
    }
    *out = number;
    return OMSP_OK;
}

static void audio_destroy(struct omsp_audio *base)
{
    struct sim_audio *audio = audio_of(base);

    if (!omsp_list_empty(&audio->streams))
        abort(); /* a caller's bug; the system's adapters say it the same way */
    omsp_list_remove(&audio->link);
    omsp_free(audio);
}

enum omsp_status sim_audio_create(void *ctx, const struct omsp_audio_watch *watch,
                                  struct omsp_audio **out)
{
    static const struct omsp_audio functions = {
        .list = audio_list,
        .open = stream_open,
        .close = stream_close,
        .set_gain = stream_set_gain,
        .wave_id = audio_wave_id,
        .destroy = audio_destroy,
    };
    struct omsp_sim *sim = ctx;
    enum omsp_status status = sim_fault(sim, OMSP_SIM_AUDIO_CREATE);
    struct sim_audio *audio;

    if (status)
        return status;
    audio = omsp_zalloc(sizeof(*audio));
    if (!audio)
        return OMSP_NOMEM;
    audio->base = functions;
    audio->sim = sim;
    audio->watch = *watch;
    omsp_list_init(&audio->streams);
    omsp_list_insert(&sim->audios, &audio->link);
    *out = &audio->base;
    return OMSP_OK;
}

/* ---- the world ------------------------------------------------------------------------------ */

static void tell(struct omsp_sim *sim)
{
    omsp_list_each(it, &sim->audios)
    {
        struct sim_audio *audio = omsp_container(it, struct sim_audio, link);

        if (audio->watch.on_change)
            audio->watch.on_change(audio->watch.owner);
    }
    sim_stir(sim, &sim->audios);
}

static void lose_all(struct omsp_sim *sim, const struct sim_device *device, enum omsp_status status)
{
    omsp_list_each(it, &sim->audios)
    {
        omsp_list_each(at, &omsp_container(it, struct sim_audio, link)->streams)
        {
            struct sim_stream *stream = omsp_container(at, struct sim_stream, link);

            if (stream->device == device)
                lose(stream, status);
        }
    }
}

static bool has_default(const struct omsp_sim *sim, enum omsp_audio_flow flow)
{
    omsp_list_each(it, &sim->devices)
    {
        const struct sim_device *device = omsp_container(it, struct sim_device, link);

        if (device->facts.flow == flow && device->facts.is_default)
            return true;
    }
    return false;
}

enum omsp_status omsp_sim_audio_add(struct omsp_sim *sim, const struct omsp_sim_device *add)
{
    struct sim_device *device;

    if (find(sim, add->id))
        return OMSP_EXISTS;
    if (strlen(add->id) >= OMSP_AUDIO_ID_ROOM || strlen(add->name) >= OMSP_AUDIO_NAME_ROOM ||
        add->rate > MOST_RATE)
        return OMSP_FULL;
    device = omsp_zalloc(sizeof(*device));
    if (!device)
        return OMSP_NOMEM;
    memcpy(device->facts.id, add->id, strlen(add->id));
    memcpy(device->facts.name, add->name, strlen(add->name));
    device->facts.flow = add->flow;
    device->facts.is_default = !has_default(sim, add->flow);
    device->rate = add->rate ? add->rate : DEFAULT_RATE;
    device->period_us = add->period_us ? add->period_us : DEFAULT_PERIOD;
    device->drift_ppm = add->drift_ppm;
    device->jitter_us = add->jitter_us;
    device->at_once = add->at_once;
    omsp_list_insert(&sim->devices, &device->link);
    tell(sim);
    return OMSP_OK;
}

enum omsp_status omsp_sim_audio_remove(struct omsp_sim *sim, const char *id)
{
    struct sim_device *device = find(sim, id);

    if (!device)
        return OMSP_NOTFOUND;
    omsp_list_remove(&device->link);
    if (device->facts.is_default)
        omsp_list_each(it, &sim->devices)
        {
            struct sim_device *other = omsp_container(it, struct sim_device, link);

            if (other->facts.flow == device->facts.flow) {
                other->facts.is_default = true;
                break;
            }
        }
    lose_all(sim, device, OMSP_NODEVICE);
    omsp_free(device);
    tell(sim);
    return OMSP_OK;
}

enum omsp_status omsp_sim_audio_break(struct omsp_sim *sim, const char *id, enum omsp_status status)
{
    const struct sim_device *device = find(sim, id);

    if (!device)
        return OMSP_NOTFOUND;
    lose_all(sim, device, status);
    return OMSP_OK;
}

enum omsp_status omsp_sim_audio_set_default(struct omsp_sim *sim, const char *id)
{
    struct sim_device *device = find(sim, id);

    if (!device)
        return OMSP_NOTFOUND;
    omsp_list_each(it, &sim->devices)
    {
        struct sim_device *other = omsp_container(it, struct sim_device, link);

        if (other->facts.flow == device->facts.flow)
            other->facts.is_default = other == device;
    }
    tell(sim);
    return OMSP_OK;
}

void omsp_sim_audio_set_unknown(struct omsp_sim *sim, bool unknown)
{
    sim->devices_unknown = unknown;
}

enum omsp_status omsp_sim_audio_set_rate(struct omsp_sim *sim, const char *id, uint32_t rate)
{
    struct sim_device *device = find(sim, id);

    if (!device)
        return OMSP_NOTFOUND;
    device->rate = rate;
    return OMSP_OK;
}

unsigned omsp_sim_audio_open_streams(const struct omsp_sim *sim, const char *id)
{
    const struct sim_device *device = find(sim, id);
    unsigned count = 0;

    omsp_list_each(it, &sim->audios)
    {
        omsp_list_each(at, &omsp_container(it, struct sim_audio, link)->streams)
        {
            count += device && omsp_container(at, struct sim_stream, link)->device == device;
        }
    }
    return count;
}

void omsp_sim_audio_set_people(struct omsp_sim *sim, omsp_sim_say_fn say, omsp_sim_hear_fn hear,
                               void *ctx)
{
    sim->say = say;
    sim->hear = hear;
    sim->people = ctx;
}

void sim_devices_clear(struct omsp_sim *sim)
{
    omsp_list_each_safe(it, &sim->devices)
    {
        omsp_free(omsp_container(it, struct sim_device, link));
    }
}
