/*
 * Gain, volume, silence and level of what a session hands out and says, and how much comes and
 * goes. The media worker's part is to know where the last frame is, or a copy of it, and a count;
 * all else is done for whoever asks, when they ask. Session lock.
 */
#include "engine/quality.h"
#include "engine/session_state.h"
#include "media/gain_control.h"

#include <string.h>

#define STALE_US 200000 /* a level older than this is nobody's */

static struct omsp_session_half *half_of(struct omsp_session *session,
                                         enum omsp_direction direction)
{
    return direction == OMSP_CAPTURE ? &session->send : &session->receive;
}

static uint64_t now_of(struct omsp_session *session)
{
    return session->ports->now_us(session->ports->ctx);
}

void omsp_session_sound_init(struct omsp_session *session)
{
    session->send.last_room = session->said;
    session->receive.sound.volume = session->send.sound.volume = OMSP_VOLUME_SAME;
    omsp_rate_meter_init(&session->receive.rate, OMSP_QUALITY_INTERVAL_DEFAULT_MS * 1000);
    omsp_rate_meter_init(&session->send.rate, OMSP_QUALITY_INTERVAL_DEFAULT_MS * 1000);
}

/* Does it leave samples as they are? */
static bool is_plain(const struct omsp_sound *sound)
{
    return !sound->gain && sound->volume == OMSP_VOLUME_SAME && !sound->silence;
}

void omsp_session_shape(struct omsp_session_half *half, const struct omsp_conceal *from,
                        int16_t *pcm, size_t count, uint64_t now_us)
{
    size_t kept = count < OMSP_SOUND_SAMPLES ? count : OMSP_SOUND_SAMPLES;

    half->last_count = kept;
    half->last_us = now_us;
    half->last_of = is_plain(&half->sound) ? from : NULL;
    if (half->last_of)
        return;
    if (half->sound.gain)
        omsp_gain_control_run(half->sound.gain, pcm, count);
    omsp_volume_apply(pcm, count, half->sound.volume);
    if (half->sound.silence && omsp_level_rms(pcm, count) < half->sound.silence)
        memset(pcm, 0, count * sizeof(pcm[0]));
    if (half->last_room)
        memcpy(half->last_room, pcm + count - kept, kept * sizeof(pcm[0]));
    else
        half->last_energy = omsp_level_energy(pcm + count - kept, kept);
}

void omsp_session_set_sound(struct omsp_session *session, enum omsp_direction direction,
                            const struct omsp_sound *sound)
{
    omsp_lock_acquire(&session->lock);
    half_of(session, direction)->sound = *sound;
    omsp_lock_release(&session->lock);
}

void omsp_session_set_interval(struct omsp_session *session, unsigned ms)
{
    omsp_lock_acquire(&session->lock);
    omsp_rate_meter_init(&session->send.rate, (uint64_t)ms * 1000);
    omsp_rate_meter_init(&session->receive.rate, (uint64_t)ms * 1000);
    omsp_lock_release(&session->lock);
}

/* The payload type as RFC 3551 numbers it, whatever number it has on the wire. */
static int codec_of(const struct omsp_session *session, enum omsp_direction direction)
{
    if (!session->connected)
        return -1;
    if (direction == OMSP_CAPTURE)
        return session->send_alaw ? 8 : 0;
    return session->heard_type == OMSP_TYPE_UNKNOWN ? (session->send_alaw ? 8 : 0)
           : session->heard_type == OMSP_TYPE_ALAW  ? 8
                                                    : 0;
}

void omsp_session_measure(struct omsp_session *session, enum omsp_direction direction,
                          struct omsp_session_heard *out)
{
    struct omsp_session_half *half = half_of(session, direction);
    int16_t last[OMSP_SOUND_SAMPLES];
    uint64_t now = now_of(session), energy;
    bool copied = true;
    size_t count = 0;

    omsp_lock_acquire(&session->lock);
    out->running = half->running;
    out->codec = codec_of(session, direction);
    out->rate = omsp_rate_meter_read(&half->rate, now);
    if (half->running && now < half->last_us + STALE_US)
        count = half->last_count;
    energy = half->last_energy;
    if (half->last_of)
        omsp_conceal_recent(half->last_of, last, count);
    else if (half->last_room)
        memcpy(last, half->last_room, count * sizeof(last[0]));
    else
        copied = false;
    omsp_lock_release(&session->lock);
    if (copied)
        energy = omsp_level_energy(last, count);
    out->level = count ? omsp_level_of(energy, count) : 0;
}
