/* The session's reports (RFC 3550 6): what we tell the far end and what it tells us, and statistics
 * made of both. Session lock. */
#include "engine/session_state.h"

#include "media/rtcp.h"

#include <string.h>

#define MAX_REPORT 512

uint32_t omsp_session_random32(struct omsp_session *session)
{
    uint32_t value;

    session->ports->random(session->ports->ctx, &value, sizeof(value));
    return value;
}

/* The wall's time as it was when the session began, and steady since: a clock that is set meanwhile
 * would tear the far end's mapping of media to time, and be taken for a round trip. */
static uint64_t ntp_now(struct omsp_session *session)
{
    int64_t now_us = (int64_t)session->ports->now_us(session->ports->ctx);

    return omsp_ntp_from_unix_us(now_us + session->wall_ahead_us);
}

/* 0.0.0.0 is how some say that they hold (RFC 3264 8.4); sent there it would be this machine. */
static bool is_somewhere(const struct omsp_addr *addr)
{
    static const uint8_t nowhere[sizeof(addr->ip)];

    return addr->family && addr->port && memcmp(addr->ip, nowhere, sizeof(nowhere)) != 0;
}

void omsp_session_send_report(struct omsp_session *session, uint64_t now_us, bool bye)
{
    struct omsp_rtcp_sender_info info;
    struct omsp_rtcp_block blocks[OMSP_SESSION_VOICES + OMSP_STREAM_MAX_SUBSTREAMS];
    bool sent = session->sender.packets != session->reported_packets;
    struct omsp_rtcp_compound compound = {
        .ssrc = session->sender.ssrc,
        .cname = omsp_span_text(session->cname),
        .bye = bye,
    };
    struct omsp_udp *udp = session->rtcp_mux ? session->rtp : session->rtcp;
    uint8_t packet[MAX_REPORT];
    size_t len;

    if (sent) {
        omsp_rtp_sender_info(&session->sender, ntp_now(session), now_us, &info);
        compound.sender = &info;
    }
    if (omsp_rtp_receiver_report(&session->receiver, now_us, &blocks[0]) == OMSP_OK)
        compound.count = 1;
    for (unsigned i = 0; i < session->source_count; i++)
        if (omsp_rtp_receiver_report(&session->sources[i]->receiver, now_us,
                                     &blocks[compound.count]) == OMSP_OK)
            compound.count++;
    compound.count += omsp_session_report_voices(session, now_us, &blocks[compound.count]);
    compound.blocks = compound.count ? blocks : NULL;
    if (omsp_rtcp_build(&compound, packet, sizeof(packet), &len))
        return;
    if (udp && is_somewhere(&session->peer_rtcp) &&
        (session->srtp
             ? omsp_session_srtp_send(session, udp, &session->peer_rtcp, packet, len, true)
             : udp->loop->send(udp, &session->peer_rtcp, packet, len)) == OMSP_OK)
        session->reports_sent++;
    session->reported_packets = session->sender.packets;
    omsp_rtcp_schedule_members(&session->reports, 2, sent ? 2 : 1, sent);
    omsp_rtcp_schedule_sent(&session->reports, len, now_us, omsp_session_random32(session));
}

struct reading {
    struct omsp_session *session;
    uint64_t now_us;
};

static void on_sender(void *ctx, uint32_t ssrc, const struct omsp_rtcp_sender_info *info)
{
    struct reading *reading = ctx;

    omsp_rtp_receiver_note_sr(&reading->session->receiver, ssrc, info->ntp, reading->now_us);
    for (unsigned i = 0; i < reading->session->source_count; i++)
        omsp_rtp_receiver_note_sr(&reading->session->sources[i]->receiver, ssrc, info->ntp,
                                  reading->now_us);
    omsp_session_voices_sr(reading->session, ssrc, info->ntp, reading->now_us);
}

static void on_bye(void *ctx, uint32_t ssrc, struct omsp_span reason)
{
    struct reading *reading = ctx;

    (void)reason;
    omsp_session_source_left(reading->session, ssrc);
    omsp_session_voice_left(reading->session, ssrc);
}

static void on_block(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *block)
{
    struct reading *reading = ctx;
    struct omsp_session *session = reading->session;
    uint32_t trip;

    (void)reporter;
    if (block->ssrc != session->sender.ssrc)
        return;
    session->remote_lost = block->lost > 0 ? (uint32_t)block->lost : 0;
    trip = omsp_rtcp_round_trip_us(omsp_ntp_middle(ntp_now(session)), block->last_sr, block->delay);
    if (trip)
        session->round_trip_us = trip;
}

void omsp_session_receive_report(struct omsp_session *session, const uint8_t *data, size_t len,
                                 uint64_t now_us)
{
    struct reading reading = {session, now_us};
    struct omsp_rtcp_visitor visitor = {
        .sender = on_sender, .block = on_block, .bye = on_bye, .ctx = &reading};

    if (omsp_rtcp_parse(data, len, &visitor)) {
        session->rejected++;
        return;
    }
    session->reports_received++;
    omsp_rtcp_schedule_received(&session->reports, len);
}

void omsp_session_get_stats(struct omsp_session *session, struct omsp_call_stats *out)
{
    struct omsp_rtp_receiver_stats received;

    memset(out, 0, sizeof(*out));
    omsp_lock_acquire(&session->lock);
    omsp_rtp_receiver_get_stats(&session->receiver, &received);
    omsp_session_count_received(&session->receiver, session->jitter, out);
    omsp_session_add_sources(session, out);
    omsp_session_count_voices(session, out);
    out->packets_rejected = session->rejected + session->forged + session->replayed;
    out->packets_forged = session->forged;
    out->packets_replayed = session->replayed;
    out->secure = session->srtp != NULL;
    out->jitter_us = received.jitter_us;
    out->packets_sent = session->sender.total_packets;
    out->bytes_sent = session->sender.total_octets;
    out->reports_received = session->reports_received;
    out->reports_sent = session->reports_sent;
    out->round_trip_us = session->round_trip_us;
    out->remote_lost = session->remote_lost;
    out->frames_concealed = session->samples_concealed / 160;
    out->frames_played = session->samples_played / 160;
    out->codec = session->connected || session->ending ? session->send_type : 255;
    out->ptime_ms = session->ptime_ms;
    omsp_lock_release(&session->lock);
}
