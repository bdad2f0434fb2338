/*
 * The messages of the Media Streams protocol (spec/twilio-streams 2.2-2.4, 3): JSON in exactly the
 * key order and types that the field's consumers expect. Pure; the media message, fifty of which go
 * out each second on each track, is made from a template without allocation.
 */
#ifndef OMSP_WIRE_MEDIA_STREAM_H
#define OMSP_WIRE_MEDIA_STREAM_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "wire/base64.h"

#include <stdbool.h>

#define OMSP_MS_TRACK_INBOUND  1u
#define OMSP_MS_TRACK_OUTBOUND 2u

struct omsp_ms_param {
    const char *name, *value;
};

struct omsp_ms_start {
    const char *account_sid, *stream_sid, *call_sid;
    unsigned tracks;      /* OMSP_MS_TRACK_* */
    const char *encoding; /* "audio/x-mulaw" */
    unsigned rate, channels;
    const struct omsp_ms_param *params;
    unsigned param_count;
};

void omsp_ms_put_connected(struct omsp_text *text);
/* sequence: "1" on a stream's first connection; strings are JSON-escaped (they are UTF-8). */
void omsp_ms_put_start(struct omsp_text *text, uint64_t sequence,
                       const struct omsp_ms_start *start);
void omsp_ms_put_stop(struct omsp_text *text, uint64_t sequence, const char *account_sid,
                      const char *call_sid, const char *stream_sid);
void omsp_ms_put_mark(struct omsp_text *text, uint64_t sequence, const char *name, size_t name_len,
                      const char *stream_sid);
/* digit: one of 0-9 * # A-D. */
void omsp_ms_put_dtmf(struct omsp_text *text, uint64_t sequence, char digit,
                      const char *stream_sid);

/* ---- media ----------------------------------------------------------------------------------- */

#define OMSP_MS_PAYLOAD_MAX 960  /* 20 ms of L16 at 24 kHz */
#define OMSP_MS_MEDIA_MAX   1536 /* a whole frame: header, JSON with the longest numbers */
/* The same of payloads that have at most so many bytes. */
#define OMSP_MS_MEDIA_ROOM(payload)                                                                \
    (OMSP_MS_MEDIA_MAX - OMSP_BASE64_CHARS(OMSP_MS_PAYLOAD_MAX) + OMSP_BASE64_CHARS(payload))

struct omsp_ms_media {
    unsigned track; /* one of OMSP_MS_TRACK_* */
    uint64_t sequence, chunk, timestamp_ms;
    struct omsp_span payload; /* at most OMSP_MS_PAYLOAD_MAX bytes */
};

/* The fixed parts of one stream's media messages, made once. */
struct omsp_ms_template {
    char tail[64]; /* "\"},\"streamSid\":\"MZ…\"}" */
    uint8_t tail_len;
};
/* stream_sid: a SID; at most 44 characters that JSON does not escape. */
void omsp_ms_template_init(struct omsp_ms_template *tmpl, const char *stream_sid);
/* A whole masked WebSocket text frame into out (OMSP_MS_MEDIA_ROOM of the payload's bytes, all of
 * which may be written); answers its length, 0 when the payload is too long. */
size_t omsp_ms_put_media(const struct omsp_ms_template *tmpl, const struct omsp_ms_media *media,
                         const uint8_t mask[4], uint8_t *out);
/* The same by the plainest means, to test the fast one against: JSON text without frame; nothing
 * when the payload is too long. */
void omsp_ms_put_media_plain(struct omsp_text *text, const struct omsp_ms_media *media,
                             const char *stream_sid);

/* ---- what a bidirectional consumer says (3) ------------------------------------------------ */

enum omsp_ms_kind { OMSP_MS_MEDIA, OMSP_MS_MARK, OMSP_MS_CLEAR };

struct omsp_ms_message {
    enum omsp_ms_kind kind;
    uint8_t *payload; /* MEDIA: decoded, NULL when empty; free with omsp_free */
    size_t payload_len;
    char *mark; /* MARK: the name; free with omsp_free */
};

/* OMSP_INVALID: no JSON object, unknown event, wrong or missing streamSid (case-insensitive
 * hex), payload that is no base64, not UTF-8, a NUL in a string, more than OMSP_WS_MESSAGE_MAX.
 * OMSP_NOMEM. Other members are nobody's business. On failure *out holds nothing to free. */
enum omsp_status omsp_ms_parse(struct omsp_span text, const char *stream_sid,
                               struct omsp_ms_message *out);

#endif
