/*
 * RTCP compound packets (RFC 3550 6): reading by a visitor, writing into the caller's buffer, and
 * the two clocks that they carry. Pure functions: any thread, no allocation. When to send one is
 * told by media/rtcp_schedule.h; what to report by media/rtp_receiver.h and media/rtp_sender.h.
 */
#ifndef OMSP_MEDIA_RTCP_H
#define OMSP_MEDIA_RTCP_H

#include "base/bytes.h"
#include "base/status.h"

enum omsp_rtcp_type {
    OMSP_RTCP_SR = 200,
    OMSP_RTCP_RR = 201,
    OMSP_RTCP_SDES = 202,
    OMSP_RTCP_BYE = 203,
    OMSP_RTCP_APP = 204,
};

#define OMSP_RTCP_MAX_BLOCKS 31
#define OMSP_RTCP_CNAME      1 /* SDES item type */

/* RFC 3550 6.4.1, sender info. */
struct omsp_rtcp_sender_info {
    uint64_t ntp;       /* 32.32 seconds since 1900 */
    uint32_t timestamp; /* of the media clock at that moment */
    uint32_t packets, octets;
};

/* RFC 3550 6.4.1, report block. */
struct omsp_rtcp_block {
    uint32_t ssrc;    /* of whom it speaks */
    uint8_t fraction; /* lost since the last report, of 256 */
    int32_t lost;     /* cumulative, signed 24 bit: -8388608..8388607 */
    uint32_t highest; /* extended highest sequence number */
    uint32_t jitter;  /* timestamp units */
    uint32_t last_sr; /* middle 32 bits of the last SR's ntp; 0: none came */
    uint32_t delay;   /* since it came, 1/65536 s */
};

/* Each may be NULL. Spans and pointers are valid during the call. */
struct omsp_rtcp_visitor {
    void (*sender)(void *ctx, uint32_t ssrc, const struct omsp_rtcp_sender_info *info);
    /* Every SR and RR, after `sender`, even without blocks: the reporter lives. */
    void (*reporter)(void *ctx, uint32_t ssrc, unsigned blocks);
    void (*block)(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *block);
    /* One SDES item; text is not NUL-terminated and not checked for UTF-8. */
    void (*sdes)(void *ctx, uint32_t ssrc, uint8_t item, struct omsp_span text);
    /* Once per source that leaves; reason may be empty. */
    void (*bye)(void *ctx, uint32_t ssrc, struct omsp_span reason);
    /* Any other packet, its 4 header bytes included. */
    void (*other)(void *ctx, uint8_t type, struct omsp_span packet);
    void *ctx;
};

/* Checks everything first and visits only then: after OMSP_INVALID nothing was visited. Refused
 * are: less than 8 bytes, a first packet that is no SR or RR, a version other than 2, lengths that
 * do not add up to len, padding anywhere but in the last packet or in the first of several, counts
 * that need more bytes than there are, SDES chunks and BYE reasons that leave their packet. Unknown
 * packet types are handed to `other`. Profile-specific words after report blocks are passed over.
 */
enum omsp_status omsp_rtcp_parse(const void *data, size_t len,
                                 const struct omsp_rtcp_visitor *visitor);

struct omsp_rtcp_compound {
    uint32_t ssrc;                              /* ours */
    const struct omsp_rtcp_sender_info *sender; /* NULL: RR */
    const struct omsp_rtcp_block *blocks;       /* NULL when count is 0 */
    unsigned count;                             /* 0..31 */
    struct omsp_span cname;                     /* 1..255 bytes */
    bool bye;
    struct omsp_span reason; /* of the BYE, 0..255 bytes; empty: none */
};

/* SR or RR, SDES with the CNAME, and BYE when asked. *len gets the size, also with OMSP_MORE (room
 * is less, nothing written). lost is clamped to 24 bits. OMSP_INVALID: count or text lengths. */
enum omsp_status omsp_rtcp_build(const struct omsp_rtcp_compound *compound, void *out, size_t room,
                                 size_t *len);

/* Wall microseconds since 1970-01-01 UTC to NTP 32.32 (RFC 3550 4); wraps in 2036 as NTP does. */
uint64_t omsp_ntp_from_unix_us(int64_t unix_us);
static inline uint32_t omsp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}
/* A duration as 1/65536 s, saturating at 2^32-1, and back. */
uint32_t omsp_ntp_short_from_us(uint64_t us);
uint64_t omsp_ntp_short_to_us(uint32_t units);

/* RFC 3550 6.4.1, figure 2: now - LSR - DLSR, in microseconds; now: middle of the NTP time on the
 * clock that wrote our SR. 0 when unknown (last_sr 0) or when clocks make it negative; a real trip
 * below one microsecond counts as 1. */
uint32_t omsp_rtcp_round_trip_us(uint32_t now, uint32_t last_sr, uint32_t delay);

#endif
