/*
 * What a session's sockets hand it: whose packets count, and where each goes. Not here: what
 * becomes of the audio (session_media.c), what reports say (session_rtcp.c). The worker's thread,
 * session's lock.
 */
#include "engine/session_state.h"

#include <string.h>

void omsp_session_latch_key(const struct omsp_addr *addr, struct omsp_latch_key *key)
{
    memset(key, 0, sizeof(*key));
    key->len = addr->family ? 19 : 0;
    key->bytes[0] = addr->family;
    memcpy(key->bytes + 1, addr->ip, 16);
    omsp_put_be16(key->bytes + 17, addr->port);
}

static void note_heard(struct omsp_session *session, uint64_t now_us)
{
    session->heard_us = now_us;
    if (session->silent) {
        session->silent = false;
        omsp_session_notice(session, OMSP_FACT_HEARD);
    }
}

static void take_event(struct omsp_session *session, const struct omsp_rtp_packet *packet,
                       uint64_t now_us)
{
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
    unsigned count = 0;
    bool any = false;

    if (omsp_telephone_event_receive(&session->events, packet->payload, packet->timestamp,
                                     packet->marker, packet->seq, now_us, news, &count))
        return;
    for (unsigned i = 0; i < count; i++) {
        if (news[i].ended || session->digit_count == OMSP_SESSION_DIGITS)
            continue;
        session->digits[(session->digit_first + session->digit_count++) % OMSP_SESSION_DIGITS] =
            news[i].digit;
        any = true;
    }
    if (any)
        omsp_session_notice(session, OMSP_FACT_DIGITS);
}

/* Another source of media, or the same one after a jump: what is held does not join what comes. */
static void take_audio(struct omsp_session *session, struct omsp_session_source *source,
                       struct omsp_session_voice *voice, const struct omsp_rtp_packet *packet,
                       const struct omsp_rtp_arrival *arrival, bool audio, uint64_t now_us)
{
    struct omsp_jitter_packet put = {
        .seq = packet->seq,
        .timestamp = packet->timestamp,
        .payload_type = packet->type,
        .marker = packet->marker,
        .payload = packet->payload.ptr,
        .payload_len = audio ? packet->payload.len : 0,
    };

    if (source) {
        omsp_session_source_audio(session, source, &put, arrival, now_us);
        return;
    }
    if (voice || omsp_session_mixes(session)) {
        omsp_session_voice_audio(session, voice, &put, arrival, now_us);
        return;
    }
    if (!omsp_session_hears(session))
        return;
    if (arrival->verdict == OMSP_RTP_FIRST || arrival->verdict == OMSP_RTP_RESYNC) {
        omsp_jitter_reset(session->jitter);
        omsp_session_break_forks(session, NULL, OMSP_TRACK_INBOUND);
        session->receive.restart = true;
    }
    omsp_session_play(session, &session->receive, now_us, &put);
    omsp_session_hear(session, &put, now_us);
}

void omsp_session_new_ssrc(struct omsp_session *session)
{
    /* The upper half of the numbers is left out (RFC 3711 3.3.1): who loses the first packets of a
     * secret stream, and with them the first wrap, would guess its rollover counter wrong. */
    omsp_rtp_sender_set_ssrc(&session->sender, omsp_session_random32(session),
                             (uint16_t)(omsp_session_random32(session) & 0x7FFF),
                             omsp_session_random32(session));
    omsp_rtp_receiver_set_own(&session->receiver, session->sender.ssrc);
}

static void receive_rtp(struct omsp_session *session, const struct omsp_addr *from,
                        const uint8_t *data, size_t len, uint64_t now_us)
{
    struct omsp_rtp_packet packet;
    struct omsp_rtp_arrival arrival;
    struct omsp_latch_key key;
    struct omsp_telephone_news ended;
    struct omsp_session_source *source;
    struct omsp_session_voice *voice = NULL;
    struct omsp_rtp_receiver *receiver;
    enum omsp_latch_verdict latched;
    bool audio, event;

    if (omsp_rtp_parse(data, len, &packet)) {
        session->rejected++;
        return;
    }
    audio = omsp_session_type(session, packet.type) >= 0;
    event = packet.type == session->event_type;
    if (!audio && !event && packet.type != OMSP_RTP_CN) {
        session->rejected++;
        return;
    }
    omsp_session_latch_key(from, &key);
    latched = omsp_latch_check(&session->latch, &key, now_us);
    if (latched == OMSP_LATCH_REJECT && !session->srtp) {
        session->rejected++;
        return;
    }
    if (latched == OMSP_LATCH_MOVED) {
        /* Symmetric RTP (RFC 4961) for who comes from another address than signalled, which is what
         * translation does. From the signalled address the signalled port is meant: there are peers
         * that send from one port and receive on another. */
        session->peer = omsp_addr_same_ip(from, &session->signalled) ? session->signalled : *from;
        if (session->rtcp_mux || !session->signalled.family) {
            session->peer_rtcp = session->peer;
            session->peer_rtcp.port = (uint16_t)(session->peer.port + !session->rtcp_mux);
        }
    }
    source = omsp_session_source_of(session, packet.ssrc, now_us);
    receiver =
        source ? &source->receiver : omsp_session_voice_of(session, packet.ssrc, now_us, &voice);
    if (!receiver) {
        session->rejected++;
        return;
    }
    arrival = omsp_rtp_receiver_arrive(receiver, &packet, audio, now_us);
    if (arrival.verdict == OMSP_RTP_HELD && receiver == &session->receiver &&
        omsp_session_rival(session, &packet, now_us)) {
        receiver = omsp_session_voice_of(session, packet.ssrc, now_us, &voice);
        arrival = omsp_rtp_receiver_arrive(receiver, &packet, audio, now_us);
    }
    if (arrival.verdict == OMSP_RTP_COLLISION)
        omsp_session_new_ssrc(session);
    if (!omsp_rtp_usable(arrival.verdict))
        return;
    note_heard(session, now_us);
    omsp_rate_meter_add(&session->receive.rate, now_us, (uint32_t)packet.payload.len);
    if (audio)
        session->heard_type = session->types[packet.type];
    if (receiver == &session->receiver &&
        (arrival.source_changed || arrival.verdict == OMSP_RTP_RESYNC))
        omsp_telephone_event_reset(&session->events, &ended); /* presses are told as they begin */
    if (arrival.source_changed && !session->mix)              /* the one before may go on */
        omsp_session_notice(session, OMSP_FACT_VOICE);
    if (event)
        take_event(session, &packet, now_us);
    take_audio(session, source, voice, &packet, &arrival, audio, now_us);
}

/* From the peer's machine only, whatever the port: translators give RTCP one of its own. Who has
 * the key is the peer. */
static void receive_rtcp(struct omsp_session *session, const struct omsp_addr *from,
                         const uint8_t *data, size_t len, uint64_t now_us)
{
    if (session->srtp || omsp_addr_same_ip(from, &session->peer) ||
        omsp_addr_same_ip(from, &session->peer_rtcp))
        omsp_session_receive_report(session, data, len, now_us);
    else
        session->rejected++;
}

void omsp_session_on_rtp(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                         const uint8_t *data, size_t len, uint64_t now_us)
{
    struct omsp_session *session = owner;

    (void)udp;
    omsp_load_count(&session->worker->load);
    omsp_lock_acquire(&session->lock);
    if (session->connected && !session->ending) {
        bool rtcp = session->rtcp_mux && omsp_rtp_classify(data, len) == OMSP_MUX_RTCP;
        bool silent = session->silent;

        session->passed = false;
        if (session->srtp)
            data = omsp_session_srtp_open(session, data, &len, rtcp, now_us);
        if (data && rtcp)
            receive_rtcp(session, from, data, len, now_us);
        else if (data)
            receive_rtp(session, from, data, len, now_us);
        if (!session->passed || silent || !session->timer_armed)
            omsp_session_rearm(session);
    }
    omsp_lock_release(&session->lock);
}

void omsp_session_on_rtcp(void *owner, struct omsp_udp *udp, const struct omsp_addr *from,
                          const uint8_t *data, size_t len, uint64_t now_us)
{
    struct omsp_session *session = owner;

    (void)udp;
    omsp_lock_acquire(&session->lock);
    if (session->connected && !session->ending) {
        if (session->srtp)
            data = omsp_session_srtp_open(session, data, &len, true, now_us);
        if (data)
            receive_rtcp(session, from, data, len, now_us);
    }
    omsp_lock_release(&session->lock);
}

void omsp_session_on_error(void *owner, struct omsp_udp *udp, enum omsp_status status)
{
    struct omsp_session *session = owner;

    (void)status;
    omsp_lock_acquire(&session->lock);
    if (!session->ending && udp == session->rtp)
        omsp_session_notice(session, OMSP_FACT_BROKEN);
    omsp_lock_release(&session->lock);
}
