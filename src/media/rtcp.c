/*
 * RTCP compound packets: first all lengths are proved, then the visitor is called, then nothing can
 * go wrong any more. No state, no timing (rtcp_schedule.c), no statistics (rtp_receiver.c). Any
 * thread.
 */
#include "media/rtcp.h"

#define VERSION_2   0x80u
#define HAS_PADDING 0x20u
#define HEADER      4u
#define SENDER_INFO 20u
#define BLOCK       24u

#define NTP_UNIX_SECONDS 2208988800u /* 1900-01-01 to 1970-01-01 */

/* One packet of the compound: its header's count, and what follows the header without padding. */
struct packet {
    uint8_t type;
    unsigned count;
    struct omsp_span body;
    size_t whole; /* bytes on the wire, header and padding included */
};

static bool cut(struct omsp_span rest, bool first, struct packet *out)
{
    const uint8_t *p = rest.ptr;
    size_t padding = 0;

    if (rest.len < HEADER || (p[0] & 0xC0) != VERSION_2)
        return false;
    out->whole = 4u * (omsp_be16(p + 2) + (size_t)1);
    if (out->whole > rest.len)
        return false;
    if (p[0] & HAS_PADDING) {
        /* RFC 3550 A.2: only the last packet may be padded; the first one then is the only one. */
        if (out->whole != rest.len)
            return false;
        padding = p[out->whole - 1];
        if (!padding || padding % 4 || padding > out->whole - HEADER)
            return false;
    }
    out->type = p[1];
    out->count = p[0] & 0x1F;
    out->body = omsp_span(p + HEADER, out->whole - HEADER - padding);
    return !first || out->type == OMSP_RTCP_SR || out->type == OMSP_RTCP_RR;
}

static struct omsp_span after(struct omsp_span span, size_t n)
{
    return omsp_span(span.ptr + n, span.len - n);
}

/* ---- SDES --------------------------------------------------------------------------------------
 */

/* Takes one chunk off *body: SSRC, items, a zero octet and filling up to a word. visitor NULL:
 * checks only. */
static bool take_chunk(struct omsp_span *body, const struct omsp_rtcp_visitor *visitor)
{
    const uint8_t *p = body->ptr;
    size_t at = 4;

    if (body->len < 8) /* an SSRC and at least the word that ends the list */
        return false;
    while (p[at]) {
        if (body->len - at < 2 || body->len - at - 2 < p[at + 1])
            return false;
        if (visitor && visitor->sdes)
            visitor->sdes(visitor->ctx, omsp_be32(p), p[at], omsp_span(p + at + 2, p[at + 1]));
        at += 2u + p[at + 1];
        if (at >= body->len)
            return false;
    }
    at = (at + 4) & ~(size_t)3; /* within: bodies are whole words, and the zero at `at` is inside */
    *body = after(*body, at);
    return true;
}

static bool walk_sdes(const struct packet *packet, const struct omsp_rtcp_visitor *visitor)
{
    struct omsp_span body = packet->body;

    for (unsigned i = 0; i < packet->count; i++) {
        if (!take_chunk(&body, visitor))
            return false;
    }
    return true;
}

/* ---- checking ----------------------------------------------------------------------------------
 */

static bool bye_reason(const struct packet *packet, struct omsp_span *out)
{
    struct omsp_span rest = after(packet->body, 4u * packet->count);

    *out = omsp_span(rest.ptr, 0);
    if (!rest.len)
        return true;
    if (rest.ptr[0] > rest.len - 1)
        return false;
    *out = omsp_span(rest.ptr + 1, rest.ptr[0]);
    return true;
}

static bool sound(const struct packet *packet)
{
    struct omsp_span reason;

    switch (packet->type) {
    case OMSP_RTCP_SR:
        return packet->body.len >= 4 + SENDER_INFO + (size_t)BLOCK * packet->count;
    case OMSP_RTCP_RR:
        return packet->body.len >= 4 + (size_t)BLOCK * packet->count;
    case OMSP_RTCP_SDES:
        return walk_sdes(packet, NULL);
    case OMSP_RTCP_BYE:
        return packet->body.len >= 4u * packet->count && bye_reason(packet, &reason);
    default:
        return true;
    }
}

/* ---- visiting ----------------------------------------------------------------------------------
 */

static void visit_block(const uint8_t *p, uint32_t reporter,
                        const struct omsp_rtcp_visitor *visitor)
{
    uint32_t loss = omsp_be32(p + 4);
    struct omsp_rtcp_block block = {
        .ssrc = omsp_be32(p),
        .fraction = (uint8_t)(loss >> 24),
        .lost = (int32_t)(((loss & 0xFFFFFFu) ^ 0x800000u)) - 0x800000,
        .highest = omsp_be32(p + 8),
        .jitter = omsp_be32(p + 12),
        .last_sr = omsp_be32(p + 16),
        .delay = omsp_be32(p + 20),
    };

    visitor->block(visitor->ctx, reporter, &block);
}

static void visit_report(const struct packet *packet, const struct omsp_rtcp_visitor *visitor)
{
    const uint8_t *p = packet->body.ptr;
    uint32_t ssrc = omsp_be32(p);

    p += 4;
    if (packet->type == OMSP_RTCP_SR) {
        struct omsp_rtcp_sender_info info = {
            .ntp = (uint64_t)omsp_be32(p) << 32 | omsp_be32(p + 4),
            .timestamp = omsp_be32(p + 8),
            .packets = omsp_be32(p + 12),
            .octets = omsp_be32(p + 16),
        };

        if (visitor->sender)
            visitor->sender(visitor->ctx, ssrc, &info);
        p += SENDER_INFO;
    }
    if (visitor->reporter)
        visitor->reporter(visitor->ctx, ssrc, packet->count);
    for (unsigned i = 0; visitor->block && i < packet->count; i++)
        visit_block(p + (size_t)BLOCK * i, ssrc, visitor);
}

static void visit_bye(const struct packet *packet, const struct omsp_rtcp_visitor *visitor)
{
    struct omsp_span reason;

    if (!visitor->bye || !bye_reason(packet, &reason))
        return;
    for (unsigned i = 0; i < packet->count; i++)
        visitor->bye(visitor->ctx, omsp_be32(packet->body.ptr + 4u * i), reason);
}

static void visit(const struct packet *packet, struct omsp_span whole,
                  const struct omsp_rtcp_visitor *visitor)
{
    switch (packet->type) {
    case OMSP_RTCP_SR:
    case OMSP_RTCP_RR:
        visit_report(packet, visitor);
        break;
    case OMSP_RTCP_SDES:
        (void)walk_sdes(packet, visitor); /* was checked: it always answers true here */
        break;
    case OMSP_RTCP_BYE:
        visit_bye(packet, visitor);
        break;
    default:
        if (visitor->other)
            visitor->other(visitor->ctx, packet->type, omsp_span(whole.ptr, packet->whole));
        break;
    }
}

enum omsp_status omsp_rtcp_parse(const void *data, size_t len,
                                 const struct omsp_rtcp_visitor *visitor)
{
    struct omsp_span rest = omsp_span(data, len);
    struct packet packet;

    if (len < 8)
        return OMSP_INVALID;
    for (bool first = true; rest.len; rest = after(rest, packet.whole), first = false) {
        if (!cut(rest, first, &packet) || !sound(&packet))
            return OMSP_INVALID;
    }
    for (rest = omsp_span(data, len); rest.len; rest = after(rest, packet.whole)) {
        (void)cut(rest, false, &packet);
        visit(&packet, rest, visitor);
    }
    return OMSP_OK;
}

/* ---- building ----------------------------------------------------------------------------------
 */

static uint8_t *put_header(uint8_t *p, unsigned count, uint8_t type, size_t bytes)
{
    p[0] = (uint8_t)(VERSION_2 | count);
    p[1] = type;
    omsp_put_be16(p + 2, (uint16_t)(bytes / 4 - 1));
    return p + HEADER;
}

static uint8_t *put_word(uint8_t *p, uint32_t word)
{
    omsp_put_be32(p, word);
    return p + 4;
}

static uint8_t *put_block(uint8_t *p, const struct omsp_rtcp_block *block)
{
    int32_t lost = block->lost;

    lost = lost > 0x7FFFFF ? 0x7FFFFF : lost < -0x800000 ? -0x800000 : lost;
    p = put_word(p, block->ssrc);
    p = put_word(p, (uint32_t)block->fraction << 24 | ((uint32_t)lost & 0xFFFFFFu));
    p = put_word(p, block->highest);
    p = put_word(p, block->jitter);
    p = put_word(p, block->last_sr);
    return put_word(p, block->delay);
}

static size_t words(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

enum omsp_status omsp_rtcp_build(const struct omsp_rtcp_compound *compound, void *out, size_t room,
                                 size_t *len)
{
    const struct omsp_rtcp_sender_info *sender = compound->sender;
    size_t report = HEADER + 4 + (sender ? SENDER_INFO : 0) + (size_t)BLOCK * compound->count;
    /* Item type, length, text, and at least one zero octet to end the list. */
    size_t sdes = HEADER + 4 + words(2 + compound->cname.len + 1);
    size_t bye = 0;
    uint8_t *p = out;

    if (compound->count > OMSP_RTCP_MAX_BLOCKS || !compound->cname.len ||
        compound->cname.len > 255 || compound->reason.len > 255)
        return OMSP_INVALID;
    if (compound->bye)
        bye = HEADER + 4 + (compound->reason.len ? words(1 + compound->reason.len) : 0);
    *len = report + sdes + bye;
    if (*len > room)
        return OMSP_MORE;
    memset(p, 0, *len);

    p = put_header(p, compound->count, sender ? OMSP_RTCP_SR : OMSP_RTCP_RR, report);
    p = put_word(p, compound->ssrc);
    if (sender) {
        p = put_word(p, (uint32_t)(sender->ntp >> 32));
        p = put_word(p, (uint32_t)sender->ntp);
        p = put_word(p, sender->timestamp);
        p = put_word(p, sender->packets);
        p = put_word(p, sender->octets);
    }
    for (unsigned i = 0; i < compound->count; i++)
        p = put_block(p, &compound->blocks[i]);

    p = put_word(put_header(p, 1, OMSP_RTCP_SDES, sdes), compound->ssrc);
    p[0] = OMSP_RTCP_CNAME;
    p[1] = (uint8_t)compound->cname.len;
    memcpy(p + 2, compound->cname.ptr, compound->cname.len);

    if (compound->bye) {
        p = put_word(put_header((uint8_t *)out + report + sdes, 1, OMSP_RTCP_BYE, bye),
                     compound->ssrc);
        if (compound->reason.len) {
            p[0] = (uint8_t)compound->reason.len;
            memcpy(p + 1, compound->reason.ptr, compound->reason.len);
        }
    }
    return OMSP_OK;
}

/* ---- clocks ------------------------------------------------------------------------------------
 */

uint64_t omsp_ntp_from_unix_us(int64_t unix_us)
{
    int64_t seconds = unix_us / 1000000;
    int64_t micros = unix_us % 1000000;

    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    /* Rounded to nearest, so that the way back gives the same microsecond. */
    return ((uint64_t)seconds + NTP_UNIX_SECONDS) << 32 |
           (((uint64_t)micros << 32) + 500000) / 1000000;
}

uint32_t omsp_ntp_short_from_us(uint64_t us)
{
    uint64_t seconds = us / 1000000;
    uint64_t units;

    if (seconds > 0xFFFF)
        return UINT32_MAX;
    units = seconds << 16 | (us % 1000000 << 16) / 1000000;
    return (uint32_t)units;
}

uint64_t omsp_ntp_short_to_us(uint32_t units)
{
    return ((uint64_t)units * 1000000 + 0x8000) >> 16;
}

uint32_t omsp_rtcp_round_trip_us(uint32_t now, uint32_t last_sr, uint32_t delay)
{
    uint32_t units = now - last_sr - delay; /* modulo 2^32 as the times are */
    uint64_t us;

    if (!last_sr || units >= 0x80000000u)
        return 0;
    us = omsp_ntp_short_to_us(units);
    return us > UINT32_MAX ? UINT32_MAX : us ? (uint32_t)us : 1;
}
