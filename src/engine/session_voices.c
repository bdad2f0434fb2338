/*
 * Several sources that no substream took, side by side: what the stream's own terminals and the
 * media streams hear of them is their mix. Each has a receiver, a jitter buffer and a concealment
 * of its own; the session's own ones are the first voice's. One source alone never comes here.
 *
 * The memory is the control thread's to find: as soon as a second source is heard at all, and from
 * then on two voices ahead of those in use. Everything else is the media worker's, session lock.
 */
#include "engine/session_state.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "media/g711.h"
#include "media/mix.h"

#include <string.h>

#define RATE      8000
#define SILENT_US OMSP_LATCH_SILENCE_US
#define AHEAD     2
#define RIVAL_US  100000u /* a former source's two packets in a row are no further apart */

struct omsp_session_voice {
    bool bound, left; /* to ssrc; which said BYE, or is a substream's now */
    uint32_t ssrc;
    uint64_t heard_us;
    struct omsp_rtp_receiver receiver;
    struct omsp_jitter *jitter;
    struct omsp_conceal conceal;
    struct omsp_mix_voice heard;
};

struct omsp_session_mix {
    bool on; /* two sources or more */
    bool main_left;
    uint64_t main_us; /* when the first voice was heard last */
    struct omsp_mix_voice main;
    struct omsp_session_voice *voices[OMSP_SESSION_VOICES - 1];
    unsigned count;
    /* The mix as packets, for players by a clock of their own. */
    uint16_t seq;
    uint32_t timestamp;
    /* A packet of the source that was replaced last, which may go on or be late. */
    struct {
        uint32_t ssrc;
        uint64_t us;
        uint16_t seq;
        uint32_t timestamp;
        uint8_t type;
        bool marker;
        size_t len;
        uint8_t payload[OMSP_JITTER_PAYLOAD_MAX];
    } rival;
};

static void destroy_voice(struct omsp_session_voice *voice)
{
    if (!voice)
        return;
    omsp_jitter_drop(voice->jitter);
    omsp_free(voice); /* and the jitter buffer with it */
}

void omsp_session_free_voices(struct omsp_session *session)
{
    struct omsp_session_mix *mix = session->mix;

    for (unsigned i = 0; mix && i < mix->count; i++)
        destroy_voice(mix->voices[i]);
    omsp_free(mix);
}

/* ---- control -------------------------------------------------------------------------------- */

/* A voice and its jitter buffer. */
static struct omsp_session_voice *lay_out(struct omsp_arena *arena)
{
    struct omsp_session_voice *voice = omsp_arena_cut(arena, sizeof(*voice));
    struct omsp_jitter *jitter = omsp_arena_cut(arena, omsp_jitter_bytes());

    if (voice)
        voice->jitter = jitter;
    return voice;
}

static struct omsp_session_voice *make_voice(void)
{
    struct omsp_session_voice *voice;
    struct omsp_arena arena;

    omsp_arena_begin(&arena);
    lay_out(&arena);
    if (omsp_arena_make(&arena))
        return NULL;
    voice = lay_out(&arena);
    omsp_jitter_init(voice->jitter);
    omsp_rtp_receiver_init(&voice->receiver, RATE);
    return voice;
}

static bool wants_voice(const struct omsp_session_mix *mix)
{
    unsigned spare = 0;

    for (unsigned i = 0; i < mix->count; i++)
        spare += !mix->voices[i]->bound;
    return mix->count < OMSP_SESSION_VOICES - 1 && spare < AHEAD;
}

/* Without memory the newest source is the one that is heard, as long as there is none. */
void omsp_session_add_voices(struct omsp_session *session)
{
    bool more = true;

    while (more) {
        struct omsp_session_mix *mix = omsp_zalloc(sizeof(*mix));
        struct omsp_session_voice *voice = make_voice();

        more = mix && voice;
        omsp_lock_acquire(&session->lock);
        if (more && !session->mix && !session->ending) {
            session->mix = mix;
            mix = NULL;
        }
        more = more && session->mix && wants_voice(session->mix);
        if (more) {
            session->mix->voices[session->mix->count++] = voice;
            voice = NULL;
        }
        omsp_lock_release(&session->lock);
        destroy_voice(voice);
        omsp_free(mix);
    }
}

/* ---- who there is --------------------------------------------------------------------------- */

static unsigned list(struct omsp_session_mix *mix, struct omsp_mix_voice **out)
{
    unsigned count = 0;

    out[count++] = &mix->main;
    for (unsigned i = 0; i < mix->count; i++)
        if (mix->voices[i]->bound)
            out[count++] = &mix->voices[i]->heard;
    return count;
}

static struct omsp_session_voice *find(const struct omsp_session_mix *mix, uint32_t ssrc)
{
    for (unsigned i = 0; i < mix->count; i++)
        if (mix->voices[i]->bound && mix->voices[i]->ssrc == ssrc)
            return mix->voices[i];
    return NULL;
}

static void unbind(struct omsp_session *session, struct omsp_session_voice *voice)
{
    omsp_session_count_receiver(&voice->receiver, &session->gone);
    omsp_rtp_receiver_init(&voice->receiver, RATE);
    voice->bound = false;
}

static void begin(struct omsp_session *session)
{
    struct omsp_session_mix *mix = session->mix;

    mix->on = true;
    mix->main_left = false;
    mix->main_us = session->receiver.heard_us;
    omsp_mix_voice_init(&mix->main, &session->conceal);
    mix->main.last_us = session->receiver.heard_us;
    mix->main.awaited = true;
    mix->seq++;
    session->receive.restart = true;
}

/* A free voice, bound to this source; NULL: there is none. */
static struct omsp_session_voice *bind(struct omsp_session *session, uint32_t ssrc, uint64_t now_us)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_session_voice *voice = NULL;

    for (unsigned i = 0; i < mix->count && !voice; i++)
        if (!mix->voices[i]->bound)
            voice = mix->voices[i];
    if (voice)
        voice->bound = true;
    if (wants_voice(mix))
        omsp_session_notice(session, OMSP_FACT_VOICE);
    if (!voice)
        return NULL;
    if (!mix->on)
        begin(session);
    voice->left = false;
    voice->ssrc = ssrc;
    voice->heard_us = now_us;
    omsp_rtp_receiver_init(&voice->receiver, RATE);
    omsp_rtp_receiver_set_own(&voice->receiver, session->sender.ssrc);
    omsp_jitter_reset(voice->jitter);
    omsp_conceal_init(&voice->conceal);
    omsp_mix_voice_init(&voice->heard, &voice->conceal);
    return voice;
}

/* Another source than the one that is heard and was just now. Of one that was replaced a late
 * packet may come, which proves nothing (omsp_session_rival). */
static bool speaks_besides(const struct omsp_session *session, uint32_t ssrc, uint64_t now_us)
{
    const struct omsp_rtp_receiver *receiver = &session->receiver;

    return receiver->has_source && ssrc != receiver->ssrc &&
           now_us < receiver->heard_us + OMSP_RTP_HANDOVER_US &&
           !(receiver->has_former && receiver->former == ssrc &&
             now_us < receiver->former_us + OMSP_RTP_FORMER_US);
}

struct omsp_rtp_receiver *omsp_session_voice_of(struct omsp_session *session, uint32_t ssrc,
                                                uint64_t now_us, struct omsp_session_voice **out)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_session_voice *voice;

    *out = NULL;
    if (!mix || ssrc == session->sender.ssrc ||
        (!mix->on && !speaks_besides(session, ssrc, now_us)))
        return &session->receiver;
    if (ssrc == session->receiver.ssrc) {
        mix->main_us = now_us;
        mix->main_left = false;
        return &session->receiver;
    }
    voice = mix->on ? find(mix, ssrc) : NULL;
    if (!voice)
        voice = bind(session, ssrc, now_us);
    if (!voice)
        return mix->on ? NULL : &session->receiver;
    voice->left = false;
    voice->heard_us = now_us;
    *out = voice;
    return &voice->receiver;
}

/* ---- the source that was replaced ----------------------------------------------------------- */

bool omsp_session_rival(struct omsp_session *session, const struct omsp_rtp_packet *packet,
                        uint64_t now_us)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_session_voice *voice;
    struct omsp_rtp_packet before;
    struct omsp_jitter_packet kept;
    bool again;

    if (!mix || mix->on || packet->ssrc == session->receiver.ssrc)
        return false;
    again = mix->rival.len && mix->rival.ssrc == packet->ssrc &&
            (int16_t)(packet->seq - mix->rival.seq) > 0 && now_us < mix->rival.us + RIVAL_US;
    voice = again ? bind(session, packet->ssrc, now_us) : NULL;
    if (voice) {
        before = *packet;
        before.seq = mix->rival.seq;
        before.timestamp = mix->rival.timestamp;
        before.payload = omsp_span(mix->rival.payload, mix->rival.len);
        kept = (struct omsp_jitter_packet){
            .seq = mix->rival.seq,
            .timestamp = mix->rival.timestamp,
            .payload_type = mix->rival.type,
            .marker = mix->rival.marker,
            .payload = mix->rival.payload,
            .payload_len = mix->rival.len,
        };
        omsp_rtp_receiver_arrive(&voice->receiver, &before, true, now_us);
        omsp_jitter_put(voice->jitter, now_us, &kept);
        mix->rival.len = 0;
        return true;
    }
    if (omsp_session_type(session, packet->type) < 0 ||
        packet->payload.len > sizeof(mix->rival.payload))
        return false;
    mix->rival.ssrc = packet->ssrc;
    mix->rival.us = now_us;
    mix->rival.seq = packet->seq;
    mix->rival.timestamp = packet->timestamp;
    mix->rival.type = packet->type;
    mix->rival.marker = packet->marker;
    mix->rival.len = packet->payload.len;
    if (packet->payload.len)
        memcpy(mix->rival.payload, packet->payload.ptr, packet->payload.len);
    return false;
}

/* ---- media ---------------------------------------------------------------------------------- */

static void pour_frame(struct omsp_session *session, const struct omsp_jitter_frame *frame,
                       struct omsp_mix_voice *heard, uint64_t now_us)
{
    int16_t pcm[OMSP_JITTER_PAYLOAD_MAX];

    if (frame->kind != OMSP_FRAME_AUDIO) {
        session->samples_concealed +=
            omsp_mix_voice_miss(heard, now_us, frame->kind == OMSP_FRAME_LOST, frame->samples);
        return;
    }
    if (omsp_session_type(session, frame->payload_type) == 1)
        omsp_alaw_decode(pcm, frame->payload, frame->samples);
    else
        omsp_ulaw_decode(pcm, frame->payload, frame->samples);
    omsp_mix_voice_put(heard, now_us, pcm, frame->samples);
}

static void pour(struct omsp_session *session, struct omsp_jitter *jitter,
                 struct omsp_mix_voice *heard, uint64_t now_us)
{
    struct omsp_jitter_frame frame;

    while (omsp_jitter_next(jitter, now_us, &frame))
        pour_frame(session, &frame, heard, now_us);
}

static void hand_out(struct omsp_session *session, uint64_t now_us)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_mix_voice *voices[OMSP_SESSION_VOICES];
    unsigned count = list(mix, voices);
    int16_t pcm[OMSP_MIX_MAX];
    uint8_t codes[OMSP_MIX_MAX];
    size_t got;

    while ((got = omsp_mix_take(voices, count, now_us, pcm)) > 0) {
        omsp_ulaw_encode(codes, pcm, got);
        omsp_session_hand_out_mix(session, pcm, codes, got, mix->seq++, mix->timestamp, now_us);
        mix->timestamp += (uint32_t)got;
    }
}

/* The first voice's place goes to another one, whose count goes on. */
static void promote(struct omsp_session *session, struct omsp_session_voice *voice)
{
    struct omsp_session_mix *mix = session->mix;

    omsp_session_count_receiver(&session->receiver, &session->gone);
    session->receiver = voice->receiver;
    omsp_jitter_swap(session->jitter, voice->jitter);
    session->conceal = voice->conceal;
    mix->main = voice->heard;
    mix->main.conceal = &session->conceal;
    mix->main_us = voice->heard_us;
    mix->main_left = voice->left;
    omsp_rtp_receiver_init(&voice->receiver, RATE);
    voice->bound = false;
}

/* What is over makes room, and one that is alone is none to mix. */
static void tidy(struct omsp_session *session, uint64_t now_us)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_session_voice *other = NULL;

    for (unsigned i = 0; i < mix->count; i++) {
        struct omsp_session_voice *voice = mix->voices[i];

        if (voice->bound && (voice->left || now_us >= voice->heard_us + SILENT_US)) {
            omsp_mix_voice_end(&voice->heard);
            if (!voice->heard.fill)
                unbind(session, voice);
        }
        if (voice->bound)
            other = voice;
    }
    if (other && (mix->main_left || now_us >= mix->main_us + SILENT_US)) {
        omsp_mix_voice_end(&mix->main);
        if (!mix->main.fill)
            promote(session, other);
    } else if (!other && !mix->main.fill) {
        mix->on = false;
        session->receive.restart = true;
    }
}

void omsp_session_deliver_mix(struct omsp_session *session, uint64_t now_us)
{
    struct omsp_session_mix *mix = session->mix;

    pour(session, session->jitter, &mix->main, now_us);
    for (unsigned i = 0; i < mix->count; i++)
        if (mix->voices[i]->bound)
            pour(session, mix->voices[i]->jitter, &mix->voices[i]->heard, now_us);
    hand_out(session, now_us);
    tidy(session, now_us);
    if (mix->on) /* of who is over nobody waits any more */
        hand_out(session, now_us);
}

void omsp_session_voice_audio(struct omsp_session *session, struct omsp_session_voice *voice,
                              const struct omsp_jitter_packet *packet,
                              const struct omsp_rtp_arrival *arrival, uint64_t now_us)
{
    struct omsp_jitter *jitter = voice ? voice->jitter : session->jitter;
    struct omsp_jitter_frame frame;

    if (!omsp_session_hears(session))
        return;
    if (arrival->verdict == OMSP_RTP_FIRST || arrival->verdict == OMSP_RTP_RESYNC)
        omsp_jitter_reset(jitter);
    if (omsp_jitter_pass(jitter, packet, &frame))
        pour_frame(session, &frame, voice ? &voice->heard : &session->mix->main, now_us);
    else
        omsp_jitter_put(jitter, now_us, packet);
    omsp_session_deliver_mix(session, now_us);
}

bool omsp_session_mixes(const struct omsp_session *session)
{
    return session->mix && session->mix->on;
}

uint64_t omsp_session_mix_due(const struct omsp_session *session)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_mix_voice *voices[OMSP_SESSION_VOICES];
    uint64_t due, other;

    if (!mix || !mix->on)
        return UINT64_MAX;
    due = omsp_mix_deadline(voices, list(mix, voices));
    other = omsp_jitter_deadline(session->jitter);
    due = other < due ? other : due;
    other = mix->main.fill ? UINT64_MAX : mix->main_us + SILENT_US;
    due = other < due ? other : due;
    for (unsigned i = 0; i < mix->count; i++) {
        if (!mix->voices[i]->bound)
            continue;
        other = omsp_jitter_deadline(mix->voices[i]->jitter);
        due = other < due ? other : due;
        other = mix->voices[i]->heard.fill ? UINT64_MAX : mix->voices[i]->heard_us + SILENT_US;
        due = other < due ? other : due;
    }
    return due;
}

/* ---- what is told of a source --------------------------------------------------------------- */

void omsp_session_voice_left(struct omsp_session *session, uint32_t ssrc)
{
    struct omsp_session_mix *mix = session->mix;
    struct omsp_session_voice *voice;

    if (!mix || !mix->on)
        return;
    voice = find(mix, ssrc);
    if (voice)
        voice->left = true;
    else if (ssrc == session->receiver.ssrc)
        mix->main_left = true;
}

void omsp_session_pause_voices(struct omsp_session *session)
{
    for (unsigned i = 0; session->mix && i < session->mix->count; i++)
        omsp_rtp_receiver_pause(&session->mix->voices[i]->receiver);
}

void omsp_session_end_mix(struct omsp_session *session)
{
    struct omsp_session_mix *mix = session->mix;

    if (!mix || !mix->on)
        return;
    for (unsigned i = 0; i < mix->count; i++)
        if (mix->voices[i]->bound)
            unbind(session, mix->voices[i]);
    mix->on = false;
    session->receive.restart = true;
}

unsigned omsp_session_report_voices(struct omsp_session *session, uint64_t now_us,
                                    struct omsp_rtcp_block *out)
{
    unsigned count = 0;

    for (unsigned i = 0; session->mix && i < session->mix->count; i++)
        if (session->mix->voices[i]->bound &&
            omsp_rtp_receiver_report(&session->mix->voices[i]->receiver, now_us, &out[count]) ==
                OMSP_OK)
            count++;
    return count;
}

void omsp_session_voices_sr(struct omsp_session *session, uint32_t ssrc, uint64_t ntp,
                            uint64_t now_us)
{
    struct omsp_session_voice *voice = session->mix ? find(session->mix, ssrc) : NULL;

    if (voice)
        omsp_rtp_receiver_note_sr(&voice->receiver, ssrc, ntp, now_us);
}

void omsp_session_count_voices(const struct omsp_session *session, struct omsp_call_stats *out)
{
    for (unsigned i = 0; session->mix && i < session->mix->count; i++) {
        const struct omsp_session_voice *voice = session->mix->voices[i];

        omsp_session_count_received(&voice->receiver, voice->jitter, out);
    }
}
