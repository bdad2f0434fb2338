/*
 * Judges arriving packets: which source, which place in its sequence, seen before or not; and
 * counts for reports. Not the jitter buffer (it keeps no packet) and not the latch (it sees no
 * address). The session's lock owns it.
 */
#include "media/rtp_receiver.h"

#define FIRST_CYCLE   65536u /* room below, for what was sent before the first that came */
#define WINDOW        128u   /* bits of seen; more than OMSP_RTP_MAX_MISORDER */
#define TRANSIT_LIMIT 5u     /* seconds: a larger step is a new timestamp base, not jitter */

void omsp_rtp_receiver_init(struct omsp_rtp_receiver *receiver, uint32_t clock_rate)
{
    memset(receiver, 0, sizeof(*receiver));
    receiver->clock_rate = clock_rate;
}

void omsp_rtp_receiver_set_own(struct omsp_rtp_receiver *receiver, uint32_t ssrc)
{
    if (receiver->has_own && receiver->own_ssrc != ssrc && receiver->totals.collisions)
        receiver->own_changed = true;
    receiver->has_own = true;
    receiver->own_ssrc = ssrc;
}

/* ---- the window of what was seen ---------------------------------------------------------------
 */

static void window_advance(struct omsp_rtp_receiver *receiver, unsigned steps)
{
    uint64_t *seen = receiver->seen;

    if (steps >= WINDOW) {
        seen[0] = seen[1] = 0;
    } else if (steps >= 64) {
        seen[1] = seen[0] << (steps - 64);
        seen[0] = 0;
    } else if (steps) {
        seen[1] = seen[1] << steps | seen[0] >> (64 - steps);
        seen[0] <<= steps;
    }
    seen[0] |= 1;
}

/* True when it was seen before. back < WINDOW. */
static bool window_mark(struct omsp_rtp_receiver *receiver, unsigned back)
{
    uint64_t bit = (uint64_t)1 << (back & 63);
    uint64_t *word = &receiver->seen[back >> 6];
    bool before = *word & bit;

    *word |= bit;
    return before;
}

/* ---- sources and epochs ------------------------------------------------------------------------
 */

static uint64_t expected(const struct omsp_rtp_receiver *receiver)
{
    return receiver->has_source ? receiver->newest - receiver->base + 1 : 0;
}

/* The counts since base become history. */
static void close_epoch(struct omsp_rtp_receiver *receiver)
{
    receiver->totals.lost += expected(receiver) - receiver->unique;
    receiver->expected_before += expected(receiver);
    receiver->received_before += receiver->unique + receiver->duplicates;
    receiver->unique = receiver->duplicates = 0;
    receiver->has_source = false;
}

static void open_epoch(struct omsp_rtp_receiver *receiver, uint16_t seq)
{
    receiver->has_source = true;
    receiver->base = receiver->newest = FIRST_CYCLE + seq;
    receiver->seen[0] = 1;
    receiver->seen[1] = 0;
    receiver->unique = 1;
    receiver->has_jump = receiver->has_return = receiver->has_transit = false;
}

static void change_source(struct omsp_rtp_receiver *receiver, uint32_t ssrc, uint64_t now_us)
{
    receiver->has_former = true;
    receiver->former = receiver->ssrc;
    receiver->former_us = now_us;
    receiver->ssrc = ssrc;
    receiver->expected_before = receiver->received_before = 0;
    receiver->expected_prior = receiver->received_prior = 0;
    receiver->jitter_16 = 0;
    receiver->totals.sources++;
}

static struct omsp_rtp_arrival begin(struct omsp_rtp_receiver *receiver,
                                     const struct omsp_rtp_packet *packet, uint64_t now_us)
{
    struct omsp_rtp_arrival arrival = {.verdict = OMSP_RTP_FIRST};

    close_epoch(receiver);
    if (!receiver->totals.sources) {
        receiver->ssrc = packet->ssrc;
        receiver->totals.sources = 1;
    } else if (receiver->ssrc != packet->ssrc) {
        arrival.source_changed = true;
        arrival.former_ssrc = receiver->ssrc;
        change_source(receiver, packet->ssrc, now_us);
    }
    open_epoch(receiver, packet->seq);
    arrival.seq = receiver->newest;
    return arrival;
}

/* May a packet with another SSRC take over now? See the header's second choice. */
static bool may_replace(struct omsp_rtp_receiver *receiver, const struct omsp_rtp_packet *packet,
                        uint64_t now_us)
{
    if (!receiver->has_former || packet->ssrc != receiver->former ||
        now_us >= receiver->former_us + OMSP_RTP_FORMER_US ||
        now_us >= receiver->heard_us + OMSP_RTP_HANDOVER_US ||
        (receiver->has_return && packet->seq == receiver->return_next))
        return true;
    receiver->has_return = true;
    receiver->return_next = (uint16_t)(packet->seq + 1);
    return false;
}

/* ---- sequence ----------------------------------------------------------------------------------
 */

static struct omsp_rtp_arrival jumped(struct omsp_rtp_receiver *receiver,
                                      const struct omsp_rtp_packet *packet)
{
    struct omsp_rtp_arrival arrival = {.verdict = OMSP_RTP_HELD};

    if (!receiver->has_jump || packet->seq != receiver->jump_next) {
        receiver->has_jump = true;
        receiver->jump_next = (uint16_t)(packet->seq + 1);
        receiver->jump_octets = packet->payload.len;
        return arrival;
    }
    /* Confirmed: the epoch begins with the held one, which has come as well. */
    close_epoch(receiver);
    open_epoch(receiver, (uint16_t)(packet->seq - 1));
    receiver->newest++;
    receiver->unique++;
    window_advance(receiver, 1);
    receiver->totals.received++;
    receiver->totals.octets += receiver->jump_octets;
    receiver->totals.resyncs++;
    arrival.verdict = OMSP_RTP_RESYNC;
    arrival.seq = receiver->newest;
    return arrival;
}

static struct omsp_rtp_arrival in_sequence(struct omsp_rtp_receiver *receiver,
                                           const struct omsp_rtp_packet *packet)
{
    uint16_t ahead = (uint16_t)(packet->seq - (uint16_t)receiver->newest);
    unsigned back = 65536u - ahead;
    struct omsp_rtp_arrival arrival = {0};

    if (ahead && ahead < OMSP_RTP_MAX_DROPOUT) {
        window_advance(receiver, ahead);
        receiver->newest += ahead;
        receiver->unique++;
        arrival.verdict = ahead == 1 ? OMSP_RTP_IN_ORDER : OMSP_RTP_GAP;
        arrival.missing = ahead - 1u;
        arrival.seq = receiver->newest;
    } else if (!ahead || back < OMSP_RTP_MAX_MISORDER) {
        back = ahead ? back : 0;
        arrival.seq = receiver->newest - back;
        if (window_mark(receiver, back)) {
            receiver->duplicates++;
            arrival.verdict = OMSP_RTP_DUPLICATE;
            return arrival;
        }
        receiver->unique++;
        if (arrival.seq < receiver->base)
            receiver->base = arrival.seq;
        arrival.verdict = OMSP_RTP_REORDERED;
    } else {
        return jumped(receiver, packet);
    }
    receiver->has_jump = receiver->has_return = false;
    return arrival;
}

/* RFC 3550 A.8. */
static void note_jitter(struct omsp_rtp_receiver *receiver, uint32_t timestamp, uint64_t now_us)
{
    uint64_t rate = receiver->clock_rate;
    uint32_t arrival = (uint32_t)(now_us / 1000000 * rate + now_us % 1000000 * rate / 1000000);
    uint32_t transit = arrival - timestamp;
    uint32_t step = transit - receiver->transit;

    if (step >= 0x80000000u)
        step = 0u - step;
    if (receiver->has_transit && step <= TRANSIT_LIMIT * rate)
        receiver->jitter_16 += step - ((receiver->jitter_16 + 8) >> 4);
    receiver->has_transit = true;
    receiver->transit = transit;
}

static void count(struct omsp_rtp_receiver *receiver, enum omsp_rtp_verdict verdict)
{
    struct omsp_rtp_receiver_stats *totals = &receiver->totals;

    switch (verdict) {
    case OMSP_RTP_REORDERED:
        totals->reordered++;
        break;
    case OMSP_RTP_DUPLICATE:
        totals->duplicates++;
        break;
    case OMSP_RTP_HELD:
        totals->held++;
        break;
    case OMSP_RTP_COLLISION:
    case OMSP_RTP_LOOP:
        totals->collisions++;
        break;
    default:
        break;
    }
}

static struct omsp_rtp_arrival judge(struct omsp_rtp_receiver *receiver,
                                     const struct omsp_rtp_packet *packet, uint64_t now_us)
{
    struct omsp_rtp_arrival arrival = {0};

    if (receiver->has_own && packet->ssrc == receiver->own_ssrc) {
        arrival.verdict = receiver->own_changed ? OMSP_RTP_LOOP : OMSP_RTP_COLLISION;
        return arrival;
    }
    if (!receiver->has_source)
        return begin(receiver, packet, now_us);
    if (packet->ssrc == receiver->ssrc)
        return in_sequence(receiver, packet);
    if (may_replace(receiver, packet, now_us))
        return begin(receiver, packet, now_us);
    arrival.verdict = OMSP_RTP_HELD;
    return arrival;
}

struct omsp_rtp_arrival omsp_rtp_receiver_arrive(struct omsp_rtp_receiver *receiver,
                                                 const struct omsp_rtp_packet *packet, bool timed,
                                                 uint64_t now_us)
{
    struct omsp_rtp_arrival arrival = judge(receiver, packet, now_us);

    count(receiver, arrival.verdict);
    if (!omsp_rtp_usable(arrival.verdict))
        return arrival;
    receiver->heard_us = now_us;
    receiver->totals.received++;
    receiver->totals.octets += packet->payload.len;
    if (timed)
        note_jitter(receiver, packet->timestamp, now_us);
    return arrival;
}

void omsp_rtp_receiver_pause(struct omsp_rtp_receiver *receiver)
{
    close_epoch(receiver);
}

/* ---- reports -----------------------------------------------------------------------------------
 */

void omsp_rtp_receiver_note_sr(struct omsp_rtp_receiver *receiver, uint32_t ssrc, uint64_t ntp,
                               uint64_t now_us)
{
    receiver->sr_ssrc = ssrc;
    receiver->sr_middle = omsp_ntp_middle(ntp);
    receiver->sr_us = now_us;
}

enum omsp_status omsp_rtp_receiver_report(struct omsp_rtp_receiver *receiver, uint64_t now_us,
                                          struct omsp_rtcp_block *out)
{
    uint64_t all = receiver->expected_before + expected(receiver);
    uint64_t received = receiver->received_before + receiver->unique + receiver->duplicates;
    uint64_t all_now = all - receiver->expected_prior;
    uint64_t received_now = received - receiver->received_prior;
    int64_t lost = (int64_t)(all - received);

    if (!received_now)
        return OMSP_EMPTY;
    memset(out, 0, sizeof(*out));
    out->ssrc = receiver->ssrc;
    if (all_now > received_now)
        out->fraction = (uint8_t)(((all_now - received_now) << 8) / all_now);
    out->lost = (int32_t)(lost > 0x7FFFFF ? 0x7FFFFF : lost < -0x800000 ? -0x800000 : lost);
    out->highest = (uint32_t)(receiver->newest - FIRST_CYCLE);
    out->jitter = receiver->jitter_16 >> 4;
    if (receiver->sr_middle && receiver->sr_ssrc == receiver->ssrc) {
        out->last_sr = receiver->sr_middle;
        out->delay = omsp_ntp_short_from_us(now_us - receiver->sr_us);
    }
    receiver->expected_prior = all;
    receiver->received_prior = received;
    return OMSP_OK;
}

void omsp_rtp_receiver_get_stats(const struct omsp_rtp_receiver *receiver,
                                 struct omsp_rtp_receiver_stats *out)
{
    *out = receiver->totals;
    out->lost += expected(receiver) - receiver->unique;
    out->jitter_us =
        (uint32_t)((uint64_t)receiver->jitter_16 * 1000000 / 16 / receiver->clock_rate);
}
