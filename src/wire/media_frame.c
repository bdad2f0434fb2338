/*
 * The media message as a masked frame, fifty times a second for each track: every part goes through
 * the mask to its place once, numbers by eight digits, the payload as media_payload.h has it. Its
 * plain twin is omsp_ms_put_media_plain. Pure; any thread; no allocation.
 */
#include "wire/base64.h"
#include "wire/media_payload.h"
#include "wire/media_stream.h"
#include "wire/websocket.h"

#define DIGITS_MAX 20 /* of 2^64-1 */

static const char head[] = "{\"event\":\"media\",\"sequenceNumber\":\"";
static const char inbound[] = "\",\"media\":{\"track\":\"inbound\",\"chunk\":\"";
static const char outbound[] = "\",\"media\":{\"track\":\"outbound\",\"chunk\":\"";
static const char timestamp[] = "\",\"timestamp\":\"";
static const char payload[] = "\",\"payload\":\"";
static const char before_sid[] = "\"},\"streamSid\":\"";
static const char after_sid[] = "\"}";

_Static_assert(8 + sizeof(head) + sizeof(outbound) + sizeof(timestamp) + sizeof(payload) +
                       3 * DIGITS_MAX + OMSP_BASE64_CHARS(OMSP_MS_PAYLOAD_MAX) +
                       sizeof(((struct omsp_ms_template *)NULL)->tail) <=
                   OMSP_MS_MEDIA_MAX,
               "the longest message fits");
/* The tail, of whatever SID, is the last to be written. */
_Static_assert(sizeof(before_sid) + sizeof(after_sid) - 2 >= OMSP_MS_PAYLOAD_SPILL,
               "the tail covers what the payload spills");

void omsp_ms_template_init(struct omsp_ms_template *tmpl, const char *stream_sid)
{
    struct omsp_text text;

    omsp_text_init(&text, tmpl->tail, sizeof(tmpl->tail));
    omsp_text_puts(&text, before_sid);
    omsp_text_puts(&text, stream_sid);
    omsp_text_puts(&text, after_sid);
    tmpl->tail_len = (uint8_t)text.len;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Up to twenty digits in groups of eight: the first group is as long as need be, and read from its
 * lowest byte on. */
struct decimal {
    uint64_t groups[3];
    unsigned count, first_len;
};

/* Eight digits, the first in the lowest byte: halves, then halves of those, side by side in one
 * register. Each division by a constant is a multiplication that is exact in its range. */
static uint64_t eight_digits(uint32_t value)
{
    uint32_t upper = value / 10000;
    uint64_t fours = upper | (uint64_t)(value - upper * 10000) << 32, tens, twos;

    tens = (fours * 10486 >> 20) & 0x0000007F0000007Fu; /* of each four digits the first two */
    twos = tens | (fours - tens * 100) << 16;
    tens = (twos * 103 >> 10) & 0x000F000F000F000Fu;
    return tens | (twos - tens * 10) << 8;
}

static void to_decimal(struct decimal *out, uint64_t value)
{
    const uint64_t zeros = 0x3030303030303030u;
    unsigned count = 1, leading;
    uint64_t digits;

    for (uint64_t rest = value; rest >= 100000000; rest /= 100000000)
        count++;
    out->count = count;
    for (; count > 1; value /= 100000000)
        out->groups[--count] = eight_digits((uint32_t)(value % 100000000)) + zeros;
    digits = eight_digits((uint32_t)value);
    leading = (unsigned)__builtin_ctzll(digits | (uint64_t)1 << 56) / 8; /* 0 has one digit */
    out->groups[0] = (digits + zeros) >> (8 * leading);
    out->first_len = 8 - leading;
}

static size_t decimal_len(const struct decimal *number)
{
    return number->first_len + (number->count - 1) * 8;
}

/* ---- masked pieces -------------------------------------------------------------------------- */

/* Where the next character comes, and the mask as it stands for it, twice. All of the message goes
 * from registers through the mask to its place: nothing is written to be read again. */
struct pen {
    uint8_t *at;
    uint64_t mask;
};

/* The mask n characters further on. */
static inline uint64_t turned(uint64_t mask, size_t n)
{
    unsigned bits = (unsigned)(n & 3) * 8;

    return mask >> bits | mask << ((64 - bits) & 63);
}

static inline void pen_move(struct pen *pen, size_t n)
{
    pen->at += n;
    pen->mask = turned(pen->mask, n);
}

/* Eight characters as a number, the first in its lowest byte, in one move: byte by byte, as bytes.h
 * has it, compilers take these apart again. */
static inline uint64_t word_of(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void put_word(uint8_t *at, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, sizeof(word));
}

/* At least eight characters; the last eight overlap those before. */
static inline void pen_put(struct pen *pen, const char *chars, size_t n)
{
    const uint8_t *from = (const uint8_t *)chars;

    for (size_t i = 0; i + 8 < n; i += 8)
        put_word(pen->at + i, word_of(from + i) ^ pen->mask);
    put_word(pen->at + n - 8, word_of(from + n - 8) ^ turned(pen->mask, n));
    pen_move(pen, n);
}

/* Writes up to seven bytes more than the number has: something is always put behind it. */
static inline void pen_put_decimal(struct pen *pen, const struct decimal *number)
{
    put_word(pen->at, number->groups[0] ^ pen->mask);
    pen_move(pen, number->first_len);
    for (unsigned i = 1; i < number->count; i++) {
        put_word(pen->at, number->groups[i] ^ pen->mask);
        pen->at += 8;
    }
}

#define PEN_PUT(pen, constant) pen_put((pen), (constant), sizeof(constant) - 1)

/* ---- the frame ------------------------------------------------------------------------------ */

size_t omsp_ms_put_media(const struct omsp_ms_template *tmpl, const struct omsp_ms_media *media,
                         const uint8_t mask[4], uint8_t *out)
{
    bool out_track = media->track == OMSP_MS_TRACK_OUTBOUND;
    size_t len, header, chars = OMSP_BASE64_CHARS(media->payload.len);
    struct decimal sequence, chunk, time;
    struct pen pen;

    if (media->payload.len > OMSP_MS_PAYLOAD_MAX)
        return 0;
    to_decimal(&sequence, media->sequence);
    to_decimal(&chunk, media->chunk);
    to_decimal(&time, media->timestamp_ms);
    len = sizeof(head) - 1 + (out_track ? sizeof(outbound) : sizeof(inbound)) - 1 +
          sizeof(timestamp) - 1 + sizeof(payload) - 1 + decimal_len(&sequence) +
          decimal_len(&chunk) + decimal_len(&time) + chars + tmpl->tail_len;
    header = omsp_ws_put_header(out, OMSP_WS_TEXT, len, mask);
    pen.at = out + header;
    pen.mask = omsp_le32(mask) | (uint64_t)omsp_le32(mask) << 32;

    PEN_PUT(&pen, head);
    pen_put_decimal(&pen, &sequence);
    if (out_track)
        PEN_PUT(&pen, outbound);
    else
        PEN_PUT(&pen, inbound);
    pen_put_decimal(&pen, &chunk);
    PEN_PUT(&pen, timestamp);
    pen_put_decimal(&pen, &time);
    PEN_PUT(&pen, payload);
    /* A multiple of four: the mask stands as before. What it spills the tail covers. */
    omsp_ms_put_payload(pen.at, media->payload.ptr, media->payload.len, (uint32_t)pen.mask);
    pen.at += chars;
    pen_put(&pen, tmpl->tail, tmpl->tail_len);
    return header + len;
}
