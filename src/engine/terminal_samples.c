/*
 * The samples terminal: a ring between the program and the media worker. The worker copies 16-bit
 * mono at 8 kHz under a leaf lock; what the program gives and takes is converted on its own thread.
 * Not here: who the program is (a COM client's samples, a filter graph's pins).
 *
 * Locks: `watch` is held while the watcher runs (control thread), `door` over a read or write with
 * its conversion (program's threads), `lock` is the leaf. Order watch, door, lock; the address and
 * session locks may be held for `lock` alone.
 */
#include "engine/samples.h"

#include "base/alloc.h"
#include "engine/objects.h"
#include "engine/pcm_ring.h"
#include "media/wav_convert.h"

#include <string.h>

#define RATE_MS 8u /* samples a millisecond, inside */
#define BLOCK   480u
#define SLACK   1024u /* what the resampler still holds when the data end */

struct samples {
    struct omsp_terminal base;
    struct omsp_task news_task;
    struct omsp_lock watch;
    omsp_samples_fn fn;
    void *ctx;
    enum omsp_status (*gate)(void *ctx);
    void *gate_ctx;
    void *attachment; /* constant once shared */
    void (*release)(void *attachment);

    struct omsp_lock door;
    struct omsp_audio_format format;
    struct omsp_wav_decoder *decoder; /* capture */
    struct omsp_wav_encoder *encoder; /* render */
    unsigned door_connection;         /* that decoder, encoder and hold belong to */
    int16_t hold[BLOCK];              /* taken from the ring and not encoded yet */
    size_t hold_at, hold_count;
    uint64_t base_us, blocks; /* of the last discontinuity, given out since */

    struct omsp_lock lock;
    struct omsp_pcm_ring ring;
    size_t limit; /* of the ring; its room is larger */
    unsigned ring_ms, news;
    size_t threshold; /* samples, at least 1 */
    unsigned connection;
    bool connected, watched, armed, ending, ended;
    bool cut;         /* what is first in the ring does not join what was taken from it */
    bool overrunning; /* since the last read */
    bool playing;     /* the call heard something since the connection or the last end */
    uint64_t gap;     /* samples of silence since it ran dry */
    uint64_t put;     /* samples that came since the connection */
    size_t held;      /* of the hold, as of the last read */
    uint64_t moved, overruns, overrun_samples, underruns, underrun_samples, discontinuities;
};

static struct samples *samples_of(struct omsp_terminal *terminal)
{
    return terminal->kind == OMSP_TERMINAL_SAMPLES ? omsp_container(terminal, struct samples, base)
                                                   : NULL;
}

/* ---- news ----------------------------------------------------------------------------------- */

/* Leaf lock; the caller has a reference, so giving back the task's is never the last. */
static void tell(struct samples *samples, unsigned news)
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
    struct samples *samples = omsp_container(task, struct samples, news_task);
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
static size_t available(const struct samples *samples)
{
    size_t fill = samples->ring.fill;

    if (samples->base.direction == OMSP_RENDER)
        return fill;
    return fill < samples->limit ? samples->limit - fill : 0;
}

/* Leaf lock; after the worker moved something. */
static void tell_ready(struct samples *samples)
{
    if (samples->armed && samples->connected && available(samples) >= samples->threshold) {
        samples->armed = false;
        tell(samples, OMSP_SAMPLES_READY);
    }
}

/* Leaf lock; after the program moved something. */
static void rearm(struct samples *samples)
{
    if (available(samples) < samples->threshold)
        samples->armed = true;
}

/* ---- worker and control --------------------------------------------------------------------- */

static void drop_ring(struct samples *samples)
{
    omsp_pcm_ring_clear(&samples->ring);
    samples->cut = true;
    samples->ending = samples->ended = samples->playing = samples->overrunning = false;
    samples->gap = 0;
    samples->held = 0;
}

static enum omsp_status samples_connect(struct omsp_terminal *terminal)
{
    struct samples *samples = samples_of(terminal);
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
    tell(samples, OMSP_SAMPLES_CONNECTED);
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return OMSP_OK;
}

static void samples_disconnect(struct omsp_terminal *terminal)
{
    struct samples *samples = samples_of(terminal);

    omsp_lock_acquire(&samples->lock);
    samples->connected = false;
    if (terminal->direction == OMSP_CAPTURE) {
        drop_ring(samples);
        samples->connection++;
    }
    tell(samples, OMSP_SAMPLES_STOPPED);
    omsp_lock_release(&samples->lock);
}

static size_t worker_takes(struct omsp_terminal *terminal, int16_t *pcm, size_t count)
{
    struct samples *samples = samples_of(terminal);
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
        tell(samples, OMSP_SAMPLES_ENDED);
    } else if (samples->playing) {
        samples->gap += count - got;
    }
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    return got;
}

static void worker_gives(struct omsp_terminal *terminal, const int16_t *pcm, size_t count)
{
    struct samples *samples = samples_of(terminal);
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
    struct samples *samples = samples_of(terminal);

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
static enum omsp_status make_converter(struct samples *samples,
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

enum omsp_status omsp_samples_create(struct omsp_address *address, enum omsp_direction direction,
                                     unsigned ring_ms, struct omsp_terminal **out)
{
    static const struct omsp_audio_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    bool capture = direction == OMSP_CAPTURE;
    struct samples *samples;
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
    status = omsp_pcm_ring_init(&samples->ring, (size_t)ring_ms * RATE_MS + SLACK);
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
    struct samples *samples = samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    samples->attachment = attachment;
    samples->release = release;
    return OMSP_OK;
}

void *omsp_samples_attachment(struct omsp_terminal *terminal)
{
    struct samples *samples = samples_of(terminal);

    return samples ? samples->attachment : NULL;
}

/* ---- settings ------------------------------------------------------------------------------- */

static bool is_connected(struct samples *samples)
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
    struct samples *samples = samples_of(terminal);
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
    struct samples *samples = samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    omsp_lock_acquire(&samples->door);
    *out = samples->format;
    omsp_lock_release(&samples->door);
    return OMSP_OK;
}

enum omsp_status omsp_samples_set_ring(struct omsp_terminal *terminal, unsigned ring_ms)
{
    struct samples *samples = samples_of(terminal);
    struct omsp_pcm_ring ring, old;
    enum omsp_status status;

    if (!samples)
        return OMSP_BAD_TERMINAL;
    if (!ring_ms_ok(ring_ms))
        return OMSP_INVALID;
    status = omsp_pcm_ring_init(&ring, (size_t)ring_ms * RATE_MS + SLACK);
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
    struct samples *samples = samples_of(terminal);

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
    struct samples *samples = samples_of(terminal);

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
        tell(samples, OMSP_SAMPLES_CONNECTED);
    tell_ready(samples);
    omsp_lock_release(&samples->lock);
    omsp_lock_release(&samples->watch);
    return OMSP_OK;
}

enum omsp_status omsp_samples_drop(struct omsp_terminal *terminal)
{
    struct samples *samples = samples_of(terminal);

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

/* ---- moving data ---------------------------------------------------------------------------- */

static size_t block_bytes(const struct samples *samples)
{
    return (size_t)samples->format.channels * (samples->format.bits / 8u);
}

/* Door and leaf. Nothing of another connection, or of what was dropped, is mixed into this one. */
static void follow_connection(struct samples *samples)
{
    int16_t pcm[BLOCK];
    uint8_t bytes[BLOCK];

    if (samples->door_connection == samples->connection)
        return;
    samples->door_connection = samples->connection;
    samples->hold_at = samples->hold_count = 0;
    while (samples->decoder && omsp_wav_decode_flush(samples->decoder, pcm, BLOCK) == BLOCK)
        ;
    while (samples->encoder &&
           omsp_wav_encode_flush(samples->encoder, bytes, BLOCK) + block_bytes(samples) > BLOCK)
        ;
}

/* Door. Room in the ring now; only this side makes it smaller. */
static size_t room_to_write(struct samples *samples, enum omsp_status *status)
{
    size_t room;

    omsp_lock_acquire(&samples->lock);
    follow_connection(samples);
    room = available(samples);
    if (samples->ending)
        *status = OMSP_EOF;
    else if (!room)
        *status = OMSP_FULL;
    rearm(samples);
    omsp_lock_release(&samples->lock);
    return room < BLOCK ? room : BLOCK;
}

static void put_decoded(struct samples *samples, const int16_t *pcm, size_t count)
{
    omsp_lock_acquire(&samples->lock);
    /* What was decoded for a connection that ended meanwhile goes with it. */
    if (samples->connection == samples->door_connection)
        omsp_pcm_ring_put(&samples->ring, pcm, count);
    rearm(samples);
    omsp_lock_release(&samples->lock);
}

enum omsp_status omsp_samples_write(struct omsp_terminal *terminal, const void *bytes, size_t len,
                                    size_t *used)
{
    struct samples *samples = samples_of(terminal);
    enum omsp_status status = OMSP_OK;
    int16_t pcm[BLOCK];
    size_t block;

    *used = 0;
    if (!samples)
        return OMSP_BAD_TERMINAL;
    if (terminal->direction != OMSP_CAPTURE)
        return OMSP_BAD_DIRECTION;
    omsp_lock_acquire(&samples->door);
    block = block_bytes(samples);
    if (len && len < block)
        status = OMSP_INVALID;
    while (!status && len - *used >= block) {
        size_t room = room_to_write(samples, &status), taken, made;

        if (status)
            break;
        made = omsp_wav_decode(samples->decoder, (const uint8_t *)bytes + *used, len - *used,
                               &taken, pcm, room);
        *used += taken;
        put_decoded(samples, pcm, made);
    }
    omsp_lock_release(&samples->door);
    return status;
}

enum omsp_status omsp_samples_end(struct omsp_terminal *terminal)
{
    struct samples *samples = samples_of(terminal);
    enum omsp_status status = OMSP_OK;
    int16_t pcm[BLOCK];
    size_t count;

    if (!samples)
        return OMSP_BAD_TERMINAL;
    if (terminal->direction != OMSP_CAPTURE)
        return OMSP_BAD_DIRECTION;
    omsp_lock_acquire(&samples->door);
    room_to_write(samples, &status);
    if (status != OMSP_EOF) {
        do {
            count = omsp_wav_decode_flush(samples->decoder, pcm, BLOCK);
            put_decoded(samples, pcm, count); /* there is slack for it */
        } while (count == BLOCK);
        omsp_lock_acquire(&samples->lock);
        samples->ending = true;
        if (samples->connected && !samples->ring.fill) {
            samples->ended = true;
            samples->playing = false;
            tell(samples, OMSP_SAMPLES_ENDED);
        }
        omsp_lock_release(&samples->lock);
    }
    omsp_lock_release(&samples->door);
    return OMSP_OK;
}

/* Door. More samples into the hold when it is empty; false: there are none, or they begin another
 * chunk. */
static bool refill(struct samples *samples, struct omsp_samples_chunk *chunk,
                   enum omsp_status *status)
{
    omsp_lock_acquire(&samples->lock);
    follow_connection(samples);
    samples->overrunning = false;
    *status = samples->connected ? OMSP_EMPTY : OMSP_WRONG_STATE;
    if (!samples->hold_count && samples->ring.fill && (!samples->cut || !chunk->bytes)) {
        if (samples->cut) {
            samples->cut = false;
            samples->discontinuities++;
            samples->base_us = (samples->put - samples->ring.fill) * 1000 / RATE_MS;
            samples->blocks = 0;
            chunk->discontinuity = true;
        }
        samples->hold_at = 0;
        samples->hold_count = omsp_pcm_ring_get(&samples->ring, samples->hold, BLOCK);
        samples->moved += samples->hold_count;
    }
    rearm(samples);
    omsp_lock_release(&samples->lock);
    return samples->hold_count > 0;
}

enum omsp_status omsp_samples_read(struct omsp_terminal *terminal, void *bytes, size_t room,
                                   struct omsp_samples_chunk *chunk)
{
    struct samples *samples = samples_of(terminal);
    enum omsp_status status = OMSP_OK;
    size_t block;

    memset(chunk, 0, sizeof(*chunk));
    if (!samples)
        return OMSP_BAD_TERMINAL;
    if (terminal->direction != OMSP_RENDER)
        return OMSP_BAD_DIRECTION;
    omsp_lock_acquire(&samples->door);
    block = block_bytes(samples);
    if (room < block) {
        omsp_lock_release(&samples->door);
        return OMSP_INVALID;
    }
    while (room - chunk->bytes >= block && refill(samples, chunk, &status)) {
        size_t used;

        chunk->bytes +=
            omsp_wav_encode(samples->encoder, samples->hold + samples->hold_at, samples->hold_count,
                            &used, (uint8_t *)bytes + chunk->bytes, room - chunk->bytes);
        samples->hold_at += used;
        samples->hold_count -= used;
    }
    if (chunk->bytes) {
        chunk->at_us = samples->base_us + samples->blocks * 1000000 / samples->format.rate;
        samples->blocks += chunk->bytes / block;
        status = OMSP_OK;
    }
    omsp_lock_acquire(&samples->lock);
    samples->held = samples->hold_count; /* what is left of the hold counts as waiting */
    omsp_lock_release(&samples->lock);
    omsp_lock_release(&samples->door);
    return status;
}

/* ---- account -------------------------------------------------------------------------------- */

enum omsp_status omsp_samples_get_stats(struct omsp_terminal *terminal,
                                        struct omsp_samples_stats *out)
{
    struct samples *samples = samples_of(terminal);

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
    struct samples *samples = samples_of(terminal);

    if (!samples)
        return OMSP_BAD_TERMINAL;
    samples->gate = gate;
    samples->gate_ctx = ctx;
    return OMSP_OK;
}
