/*
 * The sending half of an RTP session: numbers packets and keeps the media clock. Sends nothing
 * itself, paces nothing, chooses no SSRC. The session's lock owns it.
 */
#include "media/rtp_sender.h"

#define CLOCK_FOLLOW 32 /* a packet moves the clock by 1/32 of how far off it is */

static int64_t to_ticks(const struct omsp_rtp_sender *sender, int64_t us)
{
    int64_t rate = sender->clock_rate;

    return us / 1000000 * rate + us % 1000000 * rate / 1000000;
}

static uint64_t to_us(const struct omsp_rtp_sender *sender, uint32_t ticks)
{
    return (uint64_t)ticks * 1000000 / sender->clock_rate;
}

void omsp_rtp_sender_init(struct omsp_rtp_sender *sender, uint32_t clock_rate, uint32_t ssrc,
                          uint16_t seq, uint32_t timestamp)
{
    memset(sender, 0, sizeof(*sender));
    sender->clock_rate = clock_rate;
    omsp_rtp_sender_set_ssrc(sender, ssrc, seq, timestamp);
}

void omsp_rtp_sender_set_ssrc(struct omsp_rtp_sender *sender, uint32_t ssrc, uint16_t seq,
                              uint32_t timestamp)
{
    sender->ssrc = ssrc;
    sender->next_seq = seq;
    sender->next_timestamp = timestamp;
    sender->packets = sender->octets = 0;
    sender->marker = true;
}

/* Ends a pause, or begins. */
static void anchor(struct omsp_rtp_sender *sender, uint64_t now_us)
{
    if (!sender->started) {
        sender->clock_us = now_us;
    } else if (now_us > sender->clock_us) {
        /* What was sent last may reach beyond now: then the clock simply goes on behind it. */
        sender->next_timestamp += (uint32_t)to_ticks(sender, (int64_t)(now_us - sender->clock_us));
        sender->clock_us = now_us;
    }
    sender->started = true;
    sender->paused = false;
    sender->marker = true;
}

enum omsp_status omsp_rtp_sender_packet(struct omsp_rtp_sender *sender, uint8_t type,
                                        struct omsp_span payload, uint32_t ticks, uint64_t now_us,
                                        void *out, size_t room, size_t *len)
{
    uint8_t *bytes = out;
    int64_t off;

    if (type > 127)
        return OMSP_INVALID;
    *len = OMSP_RTP_HEADER + payload.len;
    if (*len > room)
        return OMSP_MORE;
    if (!sender->started || sender->paused)
        anchor(sender, now_us);

    if (payload.len && payload.ptr != bytes + OMSP_RTP_HEADER)
        memmove(bytes + OMSP_RTP_HEADER, payload.ptr, payload.len);
    omsp_rtp_put_header(bytes, sender->marker, type, sender->next_seq, sender->next_timestamp,
                        sender->ssrc);

    /* The media's own clock and now_us's drift apart over hours; a report must not tell the
     * difference as delay. Small steps, because now_us also has the caller's jitter in it. */
    off = (int64_t)(now_us - sender->clock_us) / CLOCK_FOLLOW;
    sender->clock_us += (uint64_t)off + to_us(sender, ticks);
    sender->next_timestamp += ticks;
    sender->next_seq++;
    sender->marker = false;
    sender->packets++;
    sender->octets += (uint32_t)payload.len;
    sender->total_packets++;
    sender->total_octets += payload.len;
    return OMSP_OK;
}

void omsp_rtp_sender_skip(struct omsp_rtp_sender *sender, uint32_t ticks)
{
    sender->next_timestamp += ticks;
    sender->clock_us += to_us(sender, ticks);
    sender->marker = true;
}

void omsp_rtp_sender_pause(struct omsp_rtp_sender *sender)
{
    sender->paused = true;
}

uint32_t omsp_rtp_sender_clock(const struct omsp_rtp_sender *sender, uint64_t now_us)
{
    if (!sender->started)
        return sender->next_timestamp;
    return sender->next_timestamp +
           (uint32_t)to_ticks(sender, (int64_t)(now_us - sender->clock_us));
}

void omsp_rtp_sender_info(const struct omsp_rtp_sender *sender, uint64_t ntp, uint64_t now_us,
                          struct omsp_rtcp_sender_info *out)
{
    out->ntp = ntp;
    out->timestamp = omsp_rtp_sender_clock(sender, now_us);
    out->packets = sender->packets;
    out->octets = sender->octets;
}
