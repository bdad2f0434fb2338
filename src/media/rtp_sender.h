/*
 * The sending half of an RTP session: one SSRC, its sequence and media clock, the counts that a
 * sender report tells. Owned by the session's lock; no clock, no allocation, no randomness.
 *
 * The SSRC, sequence and media clock go on over pause and restart: after a pause the timestamp has
 * advanced by the time that passed and the first packet carries the marker (RFC 3551 4.1).
 */
#ifndef OMSP_MEDIA_RTP_SENDER_H
#define OMSP_MEDIA_RTP_SENDER_H

#include "media/rtcp.h"
#include "media/rtp.h"

struct omsp_rtp_sender {
    uint32_t clock_rate;
    uint32_t ssrc;
    uint16_t next_seq;
    uint32_t next_timestamp;
    bool marker;  /* the next packet begins a talkspurt */
    bool started; /* something was ever sent */
    bool paused;
    uint64_t clock_us;        /* time at which next_timestamp is due, once started */
    uint32_t packets, octets; /* of this SSRC, as RFC 3550 6.4.1 counts, modulo 2^32 */
    uint64_t total_packets, total_octets;
};

/* clock_rate > 0; ssrc, seq, timestamp: random (RFC 3550 5.1). */
void omsp_rtp_sender_init(struct omsp_rtp_sender *sender, uint32_t clock_rate, uint32_t ssrc,
                          uint16_t seq, uint32_t timestamp);

/* Builds the next packet of `ticks` of media time; payload.ptr may be out + OMSP_RTP_HEADER, then
 * nothing is copied. *len gets its size. OMSP_MORE: room is less; OMSP_INVALID: type above 127; in
 * both cases nothing changed. now_us anchors the media clock after init and after pauses only: in
 * between the timestamps go on by ticks, however late the caller is, and what omsp_rtp_sender_clock
 * answers follows now_us slowly. */
enum omsp_status omsp_rtp_sender_packet(struct omsp_rtp_sender *sender, uint8_t type,
                                        struct omsp_span payload, uint32_t ticks, uint64_t now_us,
                                        void *out, size_t room, size_t *len);

/* `ticks` of silence pass that are not sent; the next packet carries the marker. */
void omsp_rtp_sender_skip(struct omsp_rtp_sender *sender, uint32_t ticks);
/* Nothing is sent until further notice. The next packet ends the pause. Twice is fine. */
void omsp_rtp_sender_pause(struct omsp_rtp_sender *sender);

/* After a collision (RFC 3550 8.2): the counts of the report start at zero. */
void omsp_rtp_sender_set_ssrc(struct omsp_rtp_sender *sender, uint32_t ssrc, uint16_t seq,
                              uint32_t timestamp);

/* The media clock at now_us (RFC 3550 6.4.1: not that of the last packet). Before the first packet
 * it stands at the initial value. */
uint32_t omsp_rtp_sender_clock(const struct omsp_rtp_sender *sender, uint64_t now_us);
/* ntp: the wall clock at now_us. */
void omsp_rtp_sender_info(const struct omsp_rtp_sender *sender, uint64_t ntp, uint64_t now_us,
                          struct omsp_rtcp_sender_info *out);

#endif
