/*
 * Audio in and out of a session: decoding and concealing what the jitter buffer releases, mixing
 * and encoding what the terminals give. Worker thread, session lock; no allocation, no waiting.
 */
#include "engine/session_state.h"

#include "media/clip.h"
#include "media/g711.h"

#include <string.h>

#define SAMPLES_PER_MS  8
#define MAX_SAMPLES     480 /* 60 ms */
#define MAX_LATENESS_US 200000

/* from: who put these samples out last, or NULL. */
static void write_all(struct omsp_session_half *half, const struct omsp_conceal *from, int16_t *pcm,
                      size_t count, uint64_t now_us)
{
    omsp_session_shape(half, from, pcm, count, now_us);
    for (unsigned i = 0; i < half->count; i++) {
        struct omsp_terminal *terminal = half->terminals[i];

        if (!terminal->ops->packet)
            terminal->ops->write(terminal, pcm, count);
    }
}

/* Only of the inbound track there may be several sources. */
static bool flows(const struct omsp_fork *fork, const struct omsp_session_source *source,
                  unsigned track)
{
    return (fork->flowing & track) && (track == OMSP_TRACK_OUTBOUND || fork->heard == source);
}

bool omsp_session_hears(const struct omsp_session *session)
{
    bool hears = session->receive.running;

    for (unsigned i = 0; i < session->fork_count; i++)
        hears |= flows(session->forks[i], NULL, OMSP_TRACK_INBOUND);
    return hears;
}

bool omsp_session_speaks(const struct omsp_session *session)
{
    bool speaks = session->send.running;

    /* Streams stop with a hold by themselves, media streams do not. */
    for (unsigned i = 0; i < session->fork_count && session->may_send; i++)
        speaks |= session->forks[i]->bidirectional;
    return speaks;
}

void omsp_session_break_forks(struct omsp_session *session,
                              const struct omsp_session_source *source, unsigned track)
{
    for (unsigned i = 0; i < session->fork_count; i++)
        if (track == OMSP_TRACK_OUTBOUND || session->forks[i]->heard == source)
            omsp_fork_break(session->forks[i], track);
}

/* Media streams get codes as they are on the wire, so that u-law stays what it was bit for bit. */
static void fork_audio(struct omsp_session *session, const struct omsp_session_source *source,
                       unsigned track, bool alaw, const uint8_t *codes, size_t count,
                       uint64_t now_us)
{
    uint8_t ulaw[MAX_SAMPLES];

    if (alaw && session->fork_count) {
        omsp_alaw_to_ulaw(ulaw, codes, count);
        codes = ulaw;
    }
    for (unsigned i = 0; i < session->fork_count; i++)
        if (flows(session->forks[i], source, track) &&
            omsp_fork_audio(session->forks[i], track, codes, count, now_us))
            omsp_worker_at_end(session->worker, &session->turn);
}

static void fork_gap(struct omsp_session *session, const struct omsp_session_source *source,
                     uint32_t samples)
{
    for (unsigned i = 0; i < session->fork_count; i++)
        if (flows(session->forks[i], source, OMSP_TRACK_INBOUND) &&
            omsp_fork_gap(session->forks[i], OMSP_TRACK_INBOUND, samples))
            omsp_worker_at_end(session->worker, &session->turn);
}

void omsp_session_end_turn(struct omsp_turn *turn)
{
    struct omsp_session *session = omsp_container(turn, struct omsp_session, turn);

    omsp_lock_acquire(&session->lock);
    for (unsigned i = 0; i < session->fork_count; i++)
        if (omsp_fork_end_turn(session->forks[i]))
            omsp_outbox_put(&session->worker->outbox, session->forks[i]);
    omsp_lock_release(&session->lock);
}

static void hand_out_audio(struct omsp_session *session, struct omsp_session_half *half,
                           struct omsp_conceal *conceal, const struct omsp_jitter_frame *frame,
                           uint64_t now_us)
{
    int16_t pcm[MAX_SAMPLES];

    if (omsp_session_type(session, frame->payload_type) == 1)
        omsp_alaw_decode(pcm, frame->payload, frame->samples);
    else
        omsp_ulaw_decode(pcm, frame->payload, frame->samples);
    omsp_conceal_good(conceal, pcm, frame->samples);
    write_all(half, conceal, pcm, frame->samples, now_us);
}

/* Lost audio is made up, silence that was never sent is silence. */
static void hand_out_made_up(struct omsp_session *session, struct omsp_session_half *half,
                             struct omsp_conceal *conceal, const struct omsp_jitter_frame *frame,
                             uint64_t now_us)
{
    int16_t pcm[MAX_SAMPLES];
    uint32_t left = frame->samples;

    while (left) {
        uint32_t count = left < MAX_SAMPLES ? left : MAX_SAMPLES;

        if (frame->kind == OMSP_FRAME_LOST) {
            omsp_conceal_lost(conceal, pcm, count);
            session->samples_concealed += count;
        } else {
            memset(pcm, 0, count * sizeof(pcm[0]));
            omsp_conceal_good(conceal, pcm, count);
        }
        write_all(half, conceal, pcm, count, now_us);
        left -= count;
    }
}

void omsp_session_hand_out(struct omsp_session *session, struct omsp_session_half *half,
                           struct omsp_conceal *conceal, const struct omsp_jitter_frame *frame,
                           uint64_t now_us)
{
    if (frame->kind == OMSP_FRAME_AUDIO)
        hand_out_audio(session, half, conceal, frame, now_us);
    else
        hand_out_made_up(session, half, conceal, frame, now_us);
}

void omsp_session_fork_frame(struct omsp_session *session, const struct omsp_session_source *source,
                             const struct omsp_jitter_frame *frame, uint64_t now_us)
{
    if (frame->kind != OMSP_FRAME_AUDIO) {
        fork_gap(session, source, frame->samples);
        return;
    }
    if (frame->restart)
        omsp_session_break_forks(session, source, OMSP_TRACK_INBOUND);
    fork_audio(session, source, OMSP_TRACK_INBOUND,
               omsp_session_type(session, frame->payload_type) == 1, frame->payload, frame->samples,
               now_us);
}

static void deliver_frame(struct omsp_session *session, const struct omsp_jitter_frame *frame,
                          uint64_t now_us)
{
    if (session->fork_count)
        omsp_session_fork_frame(session, NULL, frame, now_us);
    if (session->receive.running)
        omsp_session_hand_out(session, &session->receive, &session->conceal, frame, now_us);
}

void omsp_session_deliver(struct omsp_session *session, uint64_t now_us)
{
    struct omsp_jitter_frame frame;

    if (omsp_session_mixes(session)) {
        omsp_session_deliver_mix(session, now_us);
        return;
    }
    while (omsp_jitter_next(session->jitter, now_us, &frame))
        deliver_frame(session, &frame, now_us);
}

void omsp_session_hear(struct omsp_session *session, const struct omsp_jitter_packet *packet,
                       uint64_t now_us)
{
    struct omsp_jitter_frame frame;

    if (omsp_jitter_pass(session->jitter, packet, &frame)) {
        session->passed = true;
        deliver_frame(session, &frame, now_us);
        return;
    }
    omsp_jitter_put(session->jitter, now_us, packet);
    omsp_session_deliver(session, now_us);
}

static void play(struct omsp_session_half *half, uint64_t now_us,
                 const struct omsp_jitter_packet *packet)
{
    for (unsigned i = 0; i < half->count; i++) {
        struct omsp_terminal *terminal = half->terminals[i];

        if (terminal->ops->packet)
            terminal->ops->packet(terminal, now_us, packet, &half->sound, half->restart);
    }
    half->restart = false;
}

void omsp_session_play(struct omsp_session *session, struct omsp_session_half *half,
                       uint64_t now_us, const struct omsp_jitter_packet *packet)
{
    struct omsp_jitter_packet copy = *packet;

    if (!half->running)
        return;
    copy.payload_type = omsp_session_type(session, packet->payload_type) == 1;
    play(half, now_us, &copy);
}

void omsp_session_hand_out_mix(struct omsp_session *session, int16_t *pcm, const uint8_t *codes,
                               size_t count, uint16_t seq, uint32_t timestamp, uint64_t now_us)
{
    struct omsp_jitter_packet packet = {
        .seq = seq, .timestamp = timestamp, .payload = codes, .payload_len = count};

    fork_audio(session, NULL, OMSP_TRACK_INBOUND, false, codes, count, now_us);
    if (!session->receive.running)
        return;
    play(&session->receive, now_us, &packet);
    write_all(&session->receive, NULL, pcm, count, now_us);
}

/* What all capture terminals say together; silence where they have nothing. */
static void read_all(struct omsp_session *session, int16_t *pcm, size_t count, uint64_t now_us)
{
    int16_t one[MAX_SAMPLES];
    size_t most = 0;

    memset(pcm, 0, count * sizeof(pcm[0]));
    for (unsigned i = 0; session->send.running && i < session->send.count; i++) {
        struct omsp_terminal *terminal = session->send.terminals[i];
        size_t got = terminal->ops->read(terminal, one, count);

        for (size_t k = 0; k < got; k++)
            pcm[k] = omsp_clip16((int32_t)pcm[k] + one[k]);
        if (got > most)
            most = got;
    }
    if (session->send.running)
        omsp_session_shape(&session->send, NULL, pcm, count, now_us);
    for (unsigned i = 0; i < session->fork_count; i++) {
        size_t got =
            session->forks[i]->bidirectional ? omsp_fork_read(session->forks[i], one, count) : 0;

        for (size_t k = 0; k < got; k++)
            pcm[k] = omsp_clip16((int32_t)pcm[k] + one[k]);
        if (got > most)
            most = got;
    }
    session->samples_played += most;
}

static void send_frame(struct omsp_session *session, uint64_t now_us)
{
    uint8_t packet[OMSP_RTP_HEADER + MAX_SAMPLES];
    int16_t pcm[MAX_SAMPLES];
    size_t count = (size_t)session->ptime_ms * SAMPLES_PER_MS;
    size_t len;

    read_all(session, pcm, count, now_us);
    if (session->send_alaw)
        omsp_alaw_encode(packet + OMSP_RTP_HEADER, pcm, count);
    else
        omsp_ulaw_encode(packet + OMSP_RTP_HEADER, pcm, count);
    if (omsp_rtp_sender_packet(&session->sender, session->send_type,
                               omsp_span(packet + OMSP_RTP_HEADER, count), (uint32_t)count, now_us,
                               packet, sizeof(packet), &len))
        return;
    if (session->rtp && session->peer.family && session->peer.port) {
        if (session->srtp)
            omsp_session_srtp_send(session, session->rtp, &session->peer, packet, len, false);
        else
            session->rtp->loop->send(session->rtp, &session->peer, packet, len);
    }
    omsp_load_count(&session->worker->load);
    omsp_rate_meter_add(&session->send.rate, now_us, (uint32_t)count);
    fork_audio(session, NULL, OMSP_TRACK_OUTBOUND, session->send_alaw, packet + OMSP_RTP_HEADER,
               count, now_us);
}

void omsp_session_send_due(struct omsp_session *session, uint64_t now_us)
{
    uint64_t step_us = (uint64_t)session->ptime_ms * 1000;

    if (!step_us)
        return;
    if (now_us > session->next_send_us + MAX_LATENESS_US) {
        /* The process stood still: the media clock goes on without a burst of stale audio. */
        uint64_t missed = (now_us - session->next_send_us) / step_us;

        omsp_rtp_sender_skip(&session->sender,
                             (uint32_t)(missed * session->ptime_ms * SAMPLES_PER_MS));
        session->next_send_us += missed * step_us;
    }
    while (session->next_send_us <= now_us) {
        send_frame(session, now_us);
        session->next_send_us += step_us;
    }
}
