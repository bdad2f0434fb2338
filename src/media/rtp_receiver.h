/*
 * What a session knows of the source it hears: RFC 3550 A.1 (sequence), A.3 (loss), A.8 (jitter),
 * with duplicates told from reordering by a window of what came. Owned by the session's lock; no
 * clock, no allocation. It judges packets; it keeps none.
 *
 * Choices where RFC 3550 leaves them:
 *  - No probation. media/latch.h keeps strangers away by address, so the first packet of a source
 * is taken at once and nothing of a call's beginning is lost. A new SSRC likewise, except one that
 *    was replaced within the last 2 s: that may be a late packet of the old source, which must not
 *    turn the clock back. It is held until two of it come in sequence with none of the present
 *    source's between them, or until the present source was silent for 100 ms.
 *  - A jump (3000 or more forward, 100 or more back, both as in A.1) is held, not taken: the next
 *    packet in sequence after it confirms it, and the count starts anew at the held one.
 *  - A packet from before the first one heard moves the beginning back: it was reordered, not
 * extra.
 */
#ifndef OMSP_MEDIA_RTP_RECEIVER_H
#define OMSP_MEDIA_RTP_RECEIVER_H

#include "media/rtcp.h"
#include "media/rtp.h"

#define OMSP_RTP_MAX_DROPOUT  3000
#define OMSP_RTP_MAX_MISORDER 100
#define OMSP_RTP_FORMER_US    2000000u
#define OMSP_RTP_HANDOVER_US  100000u

enum omsp_rtp_verdict {
    /* usable */
    OMSP_RTP_FIRST,     /* of a source: start the playout anew */
    OMSP_RTP_IN_ORDER,  /* the one that was expected */
    OMSP_RTP_GAP,       /* newer than expected: `missing` have not come (yet) */
    OMSP_RTP_REORDERED, /* older than the newest, not seen before */
    OMSP_RTP_RESYNC,    /* a jump was confirmed: start the playout anew; the packet held just before
                           belongs in front of this one */
    /* to be dropped */
    OMSP_RTP_DUPLICATE,
    OMSP_RTP_HELD,      /* a jump or a former source, not confirmed: a caller may keep a copy until
                           the next packet */
    OMSP_RTP_COLLISION, /* carries our own SSRC: choose another, omsp_rtp_receiver_set_own
                           (RFC 3550 8.2) */
    OMSP_RTP_LOOP,      /* carries our own SSRC though it was changed for that already */
};

static inline bool omsp_rtp_usable(enum omsp_rtp_verdict verdict)
{
    return verdict <= OMSP_RTP_RESYNC;
}

struct omsp_rtp_arrival {
    enum omsp_rtp_verdict verdict;
    uint64_t seq;        /* extended; grows over the life of one source, starts above 65535.
                            Meaningless for HELD, COLLISION, LOOP */
    unsigned missing;    /* GAP: how many between the newest before and this */
    bool source_changed; /* FIRST of a source that replaces former_ssrc; RESYNC never sets it */
    uint32_t former_ssrc;
};

struct omsp_rtp_receiver_stats { /* since init, over all sources */
    uint64_t received;           /* usable packets, held ones once confirmed; no duplicates */
    uint64_t octets;             /* of their payload */
    uint64_t lost;               /* expected and not come until now */
    uint64_t duplicates, reordered;
    uint64_t held, resyncs, collisions;
    uint64_t sources;   /* how many were heard; 1: none was ever replaced */
    uint32_t jitter_us; /* of the present source, RFC 3550 6.4.1 */
};

struct omsp_rtp_receiver {
    /* First what each packet in order touches, so that it lies in few cache lines. */
    uint32_t clock_rate;
    uint32_t own_ssrc;
    uint32_t ssrc;
    bool has_own, own_changed;
    bool has_source, has_former, has_jump, has_return, has_transit;
    uint32_t transit;
    uint32_t jitter_16;                    /* timestamp units / 16 */
    uint64_t newest;                       /* extended */
    uint64_t heard_us;                     /* last usable packet of the present source */
    uint64_t seen[2];                      /* bit n: newest - n came */
    uint64_t unique;                       /* since base, without duplicates */
    struct omsp_rtp_receiver_stats totals; /* lost: of closed epochs */

    uint64_t base;       /* extended */
    uint64_t duplicates; /* since base */
    /* Of this SSRC before base, and all of it at the last report (RFC 3550 A.3; duplicates count
     * as received there). */
    uint64_t expected_before, received_before;
    uint64_t expected_prior, received_prior;

    uint16_t jump_next; /* what would confirm */
    uint16_t return_next;
    uint32_t former;
    size_t jump_octets;
    uint64_t former_us; /* when it was replaced */

    uint32_t sr_ssrc, sr_middle; /* last sender report; middle 0: none */
    uint64_t sr_us;
};

/* clock_rate: of the payload types, > 0 (8000 for G.711). */
void omsp_rtp_receiver_init(struct omsp_rtp_receiver *receiver, uint32_t clock_rate);
/* Our own SSRC, to see collisions with. Setting another one later is the answer to a collision. */
void omsp_rtp_receiver_set_own(struct omsp_rtp_receiver *receiver, uint32_t ssrc);

/* Judges and counts a packet that came from the latched source. timed: its timestamp is when it was
 * made, so it counts for jitter (false for telephone-events, whose updates share one). */
struct omsp_rtp_arrival omsp_rtp_receiver_arrive(struct omsp_rtp_receiver *receiver,
                                                 const struct omsp_rtp_packet *packet, bool timed,
                                                 uint64_t now_us);

/* The session was paused on our side or the peer put it on hold: what comes next is judged as
 * FIRST, whatever its sequence number, and the time between counts neither as loss nor as jitter.
 */
void omsp_rtp_receiver_pause(struct omsp_rtp_receiver *receiver);

/* A sender report came; for LSR and DLSR when it is the present source's. */
void omsp_rtp_receiver_note_sr(struct omsp_rtp_receiver *receiver, uint32_t ssrc, uint64_t ntp,
                               uint64_t now_us);

/* Fills a report block and starts the next interval of `fraction`. OMSP_EMPTY: nothing came since
 * the last one, so there is nothing to report (RFC 3550 6.4). */
enum omsp_status omsp_rtp_receiver_report(struct omsp_rtp_receiver *receiver, uint64_t now_us,
                                          struct omsp_rtcp_block *out);

void omsp_rtp_receiver_get_stats(const struct omsp_rtp_receiver *receiver,
                                 struct omsp_rtp_receiver_stats *out);

#endif
