/*
 * The samples terminal: a ring between the program and the media worker. The worker copies 16-bit
 * mono at 8 kHz under a leaf lock; what the program gives and takes is converted on its own thread.
 * Not here: moving the program's data (samples_move.c), who the program is.
 *
 * Locks: `watch` is held while the watcher runs (control thread), `door` over a read or write with
 * its conversion (program's threads), `lock` is the leaf. Order watch, door, lock; the address and
 * session locks may be held for `lock` alone.
 */
#include "engine/samples_state.h"

#include "base/alloc.h"

#include <string.h>

struct omsp_samples *omsp_samples_of(struct omsp_terminal *terminal)
{
    return terminal->kind == OMSP_TERMINAL_SAMPLES
               ? omsp_container(terminal, struct omsp_samples, base)
               : NULL;
}

/* ---- news ----------------------------------------------------------------------------------- */

/* Leaf lock; the caller has a reference, so giving back the task's is never the last. */
void omsp_samples_tell(struct omsp_samples *samples, unsigned news)
{
    struct omsp_terminal *terminal = &samples->base;

    if (!samples->watched)
        return;
    samples->news |= news;
    omsp_terminal_ref(terminal);
    if (omsp_runner_post(&terminal->address->engine->control, &samples->news_task) != OMSP_POSTED)
        omsp_terminal_release(terminal);
}

static void run_news(struct omsp_task *task)
{
    struct omsp_samples *samples = omsp_container(task, struct omsp_samples, news_task);
    unsigned news;

    omsp_lock_acquire(&samples->watch);
    omsp_lock_acquire(&samples->lock);
    news = samples->news;
    samples->news = 0;
    omsp_lock_release(&samples->lock);
    if (news && samples->fn)
        samples->fn(samples->ctx, news);
    omsp_lock_release(&samples->watch);
    omsp_terminal_release(&samples->base);
}

/* Leaf lock. What the program could take or give now. */
size_t omsp_samples_available(const struct omsp_samples *samples)
{
    size_t fill = samples->ring.fill;

    if (samples->base.direction == OMSP_RENDER)
        return fill;
    return fill < samples->limit ? samples->limit - fill : 0;
}

/* Leaf lock; after the worker moved something. */
static void tell_ready(struct omsp_samples *samples)
{
    if (samples->armed && samples->connected &&
        omsp_samples_available(samples) >= samples->threshold) {
        samples->armed = false;
        omsp_samples_tell(samples, OMSP_SAMPLES_READY);
    }
}

/* Leaf lock; after the program moved something. */
void omsp_samples_rearm(struct omsp_samples *samples)
{
    if (omsp_samples_available(samples) < samples->threshold)
        samples->armed = true;
}

/* ---- worker and control --------------------------------------------------------------------- */

static void drop_ring(struct omsp_samples *samples)
{
    omsp_pcm_ring_clear(&samples->ring);
    samples->cut = true;
    samples->ending = samples->ended = samples->playing = samples->overrunning = false;
    samples->gap = 0;
    samples->held = 0;
}

static enum omsp_status samples_connect(struct omsp_terminal *terminal)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
    enum omsp_status status = samples->gate ? samples->gate(samples->gate_ctx) : OMSP_OK;

    if (status)
        return status;
    omsp_lock_acquire(&samples->lock);
    if (terminal->direction == OMSP_RENDER) {
        drop_ring(samples); /* of the connection before */
        samples->connection++;
    }
    samples->put = 0;
    samples->connected = samples->armed = true;
    omsp_samples_tell(samples, OMSP_SAMPLES_CONNECTED);
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return OMSP_OK;
}

static void samples_disconnect(struct omsp_terminal *terminal)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    omsp_lock_acquire(&samples->lock);
    samples->connected = false;
    if (terminal->direction == OMSP_CAPTURE) {
        drop_ring(samples);
        samples->connection++;
    }
    omsp_samples_tell(samples, OMSP_SAMPLES_STOPPED);
    omsp_lock_release(&samples->lock);
}

static size_t worker_takes(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
    size_t got;

    omsp_lock_acquire(&samples->lock);
    got = omsp_pcm_ring_get(&samples->ring, pcm, count);
    samples->moved += got;
    if (got && samples->gap) {
        samples->underruns++;
        samples->underrun_samples += samples->gap;
        samples->gap = 0;
    }
    samples->playing |= got > 0;
    if (samples->ending && !samples->ended && !samples->ring.fill) {
        samples->ended = true;
        samples->playing = false;
        omsp_samples_tell(samples, OMSP_SAMPLES_ENDED);
    } else if (samples->playing) {
        samples->gap += count - got;
    }
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return got;
}

static void worker_gives(struct omsp_terminal *terminal, const int16_t *pcm, size_t count)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
    size_t fill;

    omsp_lock_acquire(&samples->lock);
    fill = samples->ring.fill;
    if (fill + count > samples->limit) {
        /* The newest is what a live listener wants. */
        size_t dropped = omsp_pcm_ring_get(&samples->ring, NULL, fill + count - samples->limit);

        samples->overruns += !samples->overrunning;
        samples->overrun_samples += dropped;
        samples->overrunning = samples->cut = true;
    }
    samples->put += omsp_pcm_ring_put(&samples->ring, pcm, count);
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
}

static const struct omsp_terminal_ops capture_ops = {
    .connect = samples_connect,
    .disconnect = samples_disconnect,
    .read = worker_takes,
};

static const struct omsp_terminal_ops render_ops = {
    .connect = samples_connect,
    .disconnect = samples_disconnect,
    .write = worker_gives,
};

/* ---- life ----------------------------------------------------------------------------------- */

static void destroy(struct omsp_terminal *terminal)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (samples->attachment)
        samples->release(samples->attachment);
    omsp_wav_decoder_destroy(samples->decoder);
    omsp_wav_encoder_destroy(samples->encoder);
    omsp_pcm_ring_free(&samples->ring);
    omsp_lock_destroy(&samples->lock);
    omsp_lock_destroy(&samples->door);
    omsp_lock_destroy(&samples->watch);
    omsp_free(samples);
}

/* Door held, or nobody else there yet. */
static enum omsp_status make_converter(struct omsp_samples *samples,
                                       const struct omsp_audio_format *format)
{
    struct omsp_wav_format wav = {format->tag, format->channels, format->rate, format->bits};
    struct omsp_wav_decoder *decoder = NULL;
    struct omsp_wav_encoder *encoder = NULL;
    enum omsp_status status;

    if (format->channels > 2)
        return OMSP_NO_FORMAT;
    status = samples->base.direction == OMSP_CAPTURE ? omsp_wav_decoder_create(&wav, &decoder)
                                                     : omsp_wav_encoder_create(&wav, &encoder);

    if (status)
        return status;
    omsp_wav_decoder_destroy(samples->decoder);
    omsp_wav_encoder_destroy(samples->encoder);
    samples->decoder = decoder;
    samples->encoder = encoder;
    samples->format = *format;
    return OMSP_OK;
}

static bool ring_ms_ok(unsigned ring_ms)
{
    return ring_ms >= OMSP_SAMPLES_MIN_RING_MS && ring_ms <= OMSP_SAMPLES_MAX_RING_MS;
}

/* Capturing, what the resampler still holds when the data end goes in above the limit. */
static enum omsp_status make_ring(struct omsp_pcm_ring *ring, enum omsp_direction direction,
                                  unsigned ring_ms)
{
    return omsp_pcm_ring_init(ring,
                              (size_t)ring_ms * RATE_MS + (direction == OMSP_CAPTURE ? SLACK : 0));
}

enum omsp_status omsp_samples_create(struct omsp_address *address, enum omsp_direction direction,
                                     unsigned ring_ms, struct omsp_terminal **out)
{
    static const struct omsp_audio_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    bool capture = direction == OMSP_CAPTURE;
    struct omsp_samples *samples;
    enum omsp_status status;

    if (!capture && direction != OMSP_RENDER)
        return OMSP_BAD_DIRECTION;
    if (!ring_ms)
        ring_ms = OMSP_SAMPLES_DEFAULT_RING_MS;
    if (!ring_ms_ok(ring_ms))
        return OMSP_INVALID;
    samples = omsp_zalloc(sizeof(*samples));
    if (!samples)
        return OMSP_NOMEM;
    status = make_ring(&samples->ring, direction, ring_ms);
    if (status) {
        omsp_free(samples);
        return status;
    }
    omsp_task_init(&samples->news_task, run_news);
    omsp_lock_init(&samples->watch);
    omsp_lock_init(&samples->door);
    omsp_lock_init(&samples->lock);
    samples->ring_ms = ring_ms;
    samples->limit = (size_t)ring_ms * RATE_MS;
    samples->threshold = 1;
    omsp_terminal_init(&samples->base, address, OMSP_TERMINAL_SAMPLES, direction, OMSP_MEDIA_AUDIO,
                       capture ? &capture_ops : &render_ops, destroy);
    status = make_converter(samples, &format);
    if (status)
        omsp_terminal_release(&samples->base);
    else
        *out = &samples->base;
    return status;
}

enum omsp_status omsp_samples_attach(struct omsp_terminal *terminal, void *attachment,
                                     void (*release)(void *attachment))
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    samples->attachment = attachment;
    samples->release = release;
    return OMSP_OK;
}

void *omsp_samples_attachment(struct omsp_terminal *terminal)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    return samples ? samples->attachment : NULL;
}

/* ---- settings ------------------------------------------------------------------------------- */

static bool is_connected(struct omsp_samples *samples)
{
    bool connected;

    omsp_lock_acquire(&samples->lock);
    connected = samples->connected;
    omsp_lock_release(&samples->lock);
    return connected;
}

static bool same_format(const struct omsp_audio_format *a, const struct omsp_audio_format *b)
{
    return a->tag == b->tag && a->channels == b->channels && a->rate == b->rate &&
           a->bits == b->bits;
}

enum omsp_status omsp_samples_set_format(struct omsp_terminal *terminal,
                                         const struct omsp_audio_format *format)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
    enum omsp_status status = OMSP_OK;

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->door);
    if (!same_format(format, &samples->format))
        status = is_connected(samples) ? OMSP_WRONG_STATE : make_converter(samples, format);
    omsp_lock_release(&samples->door);
    return status;
}

enum omsp_status omsp_samples_get_format(struct omsp_terminal *terminal,
                                         struct omsp_audio_format *out)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->door);
    *out = samples->format;
    omsp_lock_release(&samples->door);
    return OMSP_OK;
}

enum omsp_status omsp_samples_set_ring(struct omsp_terminal *terminal, unsigned ring_ms)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
    struct omsp_pcm_ring ring, old;
    enum omsp_status status;

    if (!samples)
        return OMSP_BAD_TERMINAL;
    if (!ring_ms_ok(ring_ms))
        return OMSP_INVALID;
    status = make_ring(&ring, terminal->direction, ring_ms);
    if (status)
        return status;
    old = ring;
    omsp_lock_acquire(&samples->lock);
    if (samples->connected) {
        status = OMSP_WRONG_STATE;
    } else {
        old = samples->ring;
        samples->ring = ring;
        samples->ring_ms = ring_ms;
        samples->limit = (size_t)ring_ms * RATE_MS;
        if (samples->threshold > samples->limit)
            samples->threshold = samples->limit;
        drop_ring(samples);
        samples->connection++;
    }
    omsp_lock_release(&samples->lock);
    omsp_pcm_ring_free(&old);
    return status;
}

enum omsp_status omsp_samples_set_threshold(struct omsp_terminal *terminal, unsigned ms)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->lock);
    samples->threshold = ms < samples->ring_ms ? (size_t)ms * RATE_MS : samples->limit;
    if (!samples->threshold)
        samples->threshold = 1;
    samples->armed = true;
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return OMSP_OK;
}

enum omsp_status omsp_samples_watch(struct omsp_terminal *terminal, omsp_samples_fn fn, void *ctx)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->watch);
    samples->fn = fn;
    samples->ctx = ctx;
    omsp_lock_acquire(&samples->lock);
    samples->watched = fn != NULL;
    samples->news = 0;
    samples->armed = true;
    if (samples->connected)
        omsp_samples_tell(samples, OMSP_SAMPLES_CONNECTED);
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    omsp_lock_release(&samples->watch);
    return OMSP_OK;
}

enum omsp_status omsp_samples_drop(struct omsp_terminal *terminal)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->lock);
    drop_ring(samples);
    samples->connection++;
    samples->armed |= terminal->direction == OMSP_RENDER;
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return OMSP_OK;
}

/* ---- account -------------------------------------------------------------------------------- */

enum omsp_status omsp_samples_get_stats(struct omsp_terminal *terminal,
                                        struct omsp_samples_stats *out)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    memset(out, 0, sizeof(*out));
    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->lock);
    out->connected = samples->connected;
    out->ended = samples->ended;
    out->ring_ms = samples->ring_ms;
    out->buffered_us = (uint32_t)((samples->ring.fill + samples->held) * 1000 / RATE_MS);
    out->moved_us = (samples->moved - samples->held) * 1000 / RATE_MS;
    out->overruns = samples->overruns;
    out->overrun_us = samples->overrun_samples * 1000 / RATE_MS;
    out->underruns = samples->underruns;
    out->underrun_us = samples->underrun_samples * 1000 / RATE_MS;
    out->discontinuities = samples->discontinuities;
    omsp_lock_release(&samples->lock);
    return OMSP_OK;
}

enum omsp_status omsp_samples_set_gate(struct omsp_terminal *terminal,
                                       enum omsp_status (*gate)(void *ctx), void *ctx)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    samples->gate = gate;
    samples->gate_ctx = ctx;
    return OMSP_OK;
}
