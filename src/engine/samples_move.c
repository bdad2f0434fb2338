/*
 * What a program writes to a samples terminal and reads from it: conversion and the ring, on the
 * program's thread. Not here: the media worker's side (terminal_samples.c), whose header comment
 * has the locks.
 */
#include "engine/samples_state.h"

#include <string.h>

/* ---- moving data ---------------------------------------------------------------------------- */

static size_t block_bytes(const struct omsp_samples *samples)
{
    return (size_t)samples->format.channels * (samples->format.bits / 8u);
}

/* Door and leaf. Nothing of another connection, or of what was dropped, is mixed into this one. */
static void follow_connection(struct omsp_samples *samples)
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
static size_t room_to_write(struct omsp_samples *samples, enum omsp_status *status)
{
    size_t room;

    omsp_lock_acquire(&samples->lock);
    follow_connection(samples);
    room = omsp_samples_available(samples);
    if (samples->ending)
        *status = OMSP_EOF;
    else if (!room)
        *status = OMSP_FULL;
    omsp_samples_rearm(samples);
    omsp_lock_release(&samples->lock);
    return room < BLOCK ? room : BLOCK;
}

static void put_decoded(struct omsp_samples *samples, const int16_t *pcm, size_t count)
{
    omsp_lock_acquire(&samples->lock);
    /* What was decoded for a connection that ended meanwhile goes with it. */
    if (samples->connection == samples->door_connection)
        omsp_pcm_ring_put(&samples->ring, pcm, count);
    omsp_samples_rearm(samples);
    omsp_lock_release(&samples->lock);
}

enum omsp_status omsp_samples_write(struct omsp_terminal *terminal, const void *bytes, size_t len,
                                    size_t *used)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
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
    struct omsp_samples *samples = omsp_samples_of(terminal);
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
            omsp_samples_tell(samples, OMSP_SAMPLES_ENDED);
        }
        omsp_lock_release(&samples->lock);
    }
    omsp_lock_release(&samples->door);
    return OMSP_OK;
}

/* Door. More samples into the hold when it is empty; false: there are none, or they begin another
 * chunk. */
static bool refill(struct omsp_samples *samples, struct omsp_samples_chunk *chunk,
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
    omsp_samples_rearm(samples);
    omsp_lock_release(&samples->lock);
    return samples->hold_count > 0;
}

enum omsp_status omsp_samples_read(struct omsp_terminal *terminal, void *bytes, size_t room,
                                   struct omsp_samples_chunk *chunk)
{
    struct omsp_samples *samples = omsp_samples_of(terminal);
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
