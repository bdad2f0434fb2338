/*
 * The media message as a masked frame, fifty times a second for each track: constant parts copied,
 * numbers converted two digits at a time, the payload encoded and masked in one pass. Its plain
 * twin is omsp_ms_put_media_plain. Pure; any thread; no allocation.
 */
#include "wire/base64.h"
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

struct decimal {
    char digits[DIGITS_MAX + 4]; /* right-aligned; what is copied from it may pass its end by 4 */
    unsigned at;                 /* the first digit */
};

static void to_decimal(struct decimal *out, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    unsigned at = DIGITS_MAX;
    uint32_t small;

    /* Division of 64 bits is a library call on 32-bit machines. */
    for (; value > UINT32_MAX; value /= 100)
        memcpy(out->digits + (at -= 2), pairs + value % 100 * 2, 2);
    for (small = (uint32_t)value; small >= 100; small /= 100)
        memcpy(out->digits + (at -= 2), pairs + small % 100 * 2, 2);
    if (small >= 10)
        memcpy(out->digits + (at -= 2), pairs + small * 2, 2);
    else
        out->digits[--at] = (char)('0' + small);
    out->at = at;
}

static uint8_t *put_decimal(uint8_t *at, const struct decimal *number)
{
    memcpy(at, number->digits + number->at, DIGITS_MAX - number->at);
    return at + (DIGITS_MAX - number->at);
}

/* ---- payload -------------------------------------------------------------------------------- */

/* The mask as it stands for the byte at this offset of the message. */
static void rotate_mask(uint8_t out[4], const uint8_t mask[4], size_t offset)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = mask[(offset + i) & 3];
}

/* Six-bit values in eight bytes to their characters, without a table (RFC 4648 table 1): each range
 * begins where adding to the value carries into bit 7, and is then a constant away from ASCII. */
static uint64_t to_characters(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t from_a = (v + ones * (128 - 26)) >> 7 & ones; /* a-z and beyond */
    uint64_t from_0 = (v + ones * (128 - 52)) >> 7 & ones;
    uint64_t from_plus = (v + ones * (128 - 62)) >> 7 & ones;
    uint64_t slash = (v + ones * (128 - 63)) >> 7 & ones;

    /* 'A' + v; 'a' is 6 further; '0' 75 back from there, '+' 15 back, '/' 3 further. */
    return v + ones * 'A' + from_a * 6 - from_0 * 75 - from_plus * 15 + slash * 3;
}

/* Six bytes as eight six-bit values, the first in the lowest byte. */
static uint64_t spread(const uint8_t *in)
{
    uint32_t a = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    uint32_t b = (uint32_t)in[3] << 16 | (uint32_t)in[4] << 8 | in[5];
    uint32_t low = a >> 18 | (a >> 12 & 63) << 8 | (a >> 6 & 63) << 16 | (a & 63) << 24;
    uint32_t high = b >> 18 | (b >> 12 & 63) << 8 | (b >> 6 & 63) << 16 | (b & 63) << 24;

    return (uint64_t)high << 32 | low;
}

/* Base64 of the payload, already masked; mask as it stands for the first character. */
static uint8_t *put_payload(uint8_t *at, struct omsp_span bytes, const uint8_t mask[4])
{
    uint64_t pattern = omsp_le32(mask) | (uint64_t)omsp_le32(mask) << 32;
    size_t i = 0;

    for (; i + 6 <= bytes.len; i += 6, at += 8)
        omsp_put_le64(at, to_characters(spread(bytes.ptr + i)) ^ pattern);
    if (i < bytes.len) {
        size_t left = bytes.len - i, chars = OMSP_BASE64_CHARS(left);

        omsp_base64_encode((char *)at, bytes.ptr + i, left);
        omsp_ws_mask(at, chars, mask);
        at += chars;
    }
    return at;
}

/* ---- the frame ------------------------------------------------------------------------------ */

#define PUT(at, constant)                                                                          \
    (memcpy((at), (constant), sizeof(constant) - 1), (at) + sizeof(constant) - 1)

size_t omsp_ms_put_media(const struct omsp_ms_template *tmpl, const struct omsp_ms_media *media,
                         const uint8_t mask[4], uint8_t out[OMSP_MS_MEDIA_MAX])
{
    bool out_track = media->track == OMSP_MS_TRACK_OUTBOUND;
    struct decimal sequence, chunk, time;
    size_t len, header;
    uint8_t *json, *at, *tail, turned[4];

    if (media->payload.len > OMSP_MS_PAYLOAD_MAX)
        return 0;
    to_decimal(&sequence, media->sequence);
    to_decimal(&chunk, media->chunk);
    to_decimal(&time, media->timestamp_ms);
    len = sizeof(head) - 1 + (out_track ? sizeof(outbound) : sizeof(inbound)) - 1 +
          sizeof(timestamp) - 1 + sizeof(payload) - 1 +
          (3 * DIGITS_MAX - sequence.at - chunk.at - time.at) +
          OMSP_BASE64_CHARS(media->payload.len) + tmpl->tail_len;
    header = omsp_ws_put_header(out, OMSP_WS_TEXT, len, mask);
    json = at = out + header;

    at = PUT(at, head);
    at = put_decimal(at, &sequence);
    at = out_track ? PUT(at, outbound) : PUT(at, inbound);
    at = put_decimal(at, &chunk);
    at = PUT(at, timestamp);
    at = put_decimal(at, &time);
    at = PUT(at, payload);
    omsp_ws_mask(json, (size_t)(at - json), mask);

    rotate_mask(turned, mask, (size_t)(at - json));
    tail = put_payload(at, media->payload, turned);

    memcpy(tail, tmpl->tail, tmpl->tail_len);
    rotate_mask(turned, mask, (size_t)(tail - json));
    omsp_ws_mask(tail, tmpl->tail_len, turned);
    return header + len;
}
