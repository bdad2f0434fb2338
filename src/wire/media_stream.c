/*
 * What we say on a media stream, but for the media themselves (media_frame.c): JSON text, compact,
 * in the key order that live captures show. Not the frames around it. Pure; any thread.
 */
#include "wire/media_stream.h"

#include "wire/base64.h"

#include <stdint.h>

/* RFC 8259 7, in the form that JSON.stringify gives. */
static void put_string(struct omsp_text *text, const char *chars, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    size_t plain = 0;

    omsp_text_put(text, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)chars[i];
        char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        omsp_text_put(text, chars + plain, i - plain);
        plain = i + 1;
        if (c >= ' ' || shorts[c]) {
            escape[1] = c >= ' ' ? (char)c : shorts[c];
            omsp_text_put(text, escape, 2);
        } else {
            omsp_text_put(text, escape, 6);
        }
    }
    omsp_text_put(text, chars + plain, len - plain);
    omsp_text_put(text, "\"", 1);
}

/* "name":"value" */
static void put_member(struct omsp_text *text, const char *name, const char *value)
{
    put_string(text, name, strlen(name));
    omsp_text_put(text, ":", 1);
    put_string(text, value, strlen(value));
}

static void put_head(struct omsp_text *text, const char *event, uint64_t sequence)
{
    omsp_text_printf(text, "{\"event\":\"%s\",\"sequenceNumber\":\"%llu\",\"%s\":{", event,
                     (unsigned long long)sequence, event);
}

static void put_tail(struct omsp_text *text, const char *stream_sid)
{
    omsp_text_puts(text, "},");
    put_member(text, "streamSid", stream_sid);
    omsp_text_puts(text, "}");
}

void omsp_ms_put_connected(struct omsp_text *text)
{
    omsp_text_puts(text, "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
}

void omsp_ms_put_start(struct omsp_text *text, uint64_t sequence, const struct omsp_ms_start *start)
{
    static const char *const tracks[4] = {"", "\"inbound\"", "\"outbound\"",
                                          "\"inbound\",\"outbound\""};

    put_head(text, "start", sequence);
    put_member(text, "accountSid", start->account_sid);
    omsp_text_puts(text, ",");
    put_member(text, "streamSid", start->stream_sid);
    omsp_text_puts(text, ",");
    put_member(text, "callSid", start->call_sid);
    omsp_text_printf(text, ",\"tracks\":[%s],\"mediaFormat\":{", tracks[start->tracks & 3]);
    put_member(text, "encoding", start->encoding);
    omsp_text_printf(text, ",\"sampleRate\":%u,\"channels\":%u},\"customParameters\":{",
                     start->rate, start->channels);
    for (unsigned i = 0; i < start->param_count; i++) {
        if (i)
            omsp_text_puts(text, ",");
        put_member(text, start->params[i].name, start->params[i].value);
    }
    omsp_text_puts(text, "}");
    put_tail(text, start->stream_sid);
}

void omsp_ms_put_stop(struct omsp_text *text, uint64_t sequence, const char *account_sid,
                      const char *call_sid, const char *stream_sid)
{
    put_head(text, "stop", sequence);
    put_member(text, "accountSid", account_sid);
    omsp_text_puts(text, ",");
    put_member(text, "callSid", call_sid);
    put_tail(text, stream_sid);
}

void omsp_ms_put_mark(struct omsp_text *text, uint64_t sequence, const char *name, size_t name_len,
                      const char *stream_sid)
{
    put_head(text, "mark", sequence);
    omsp_text_puts(text, "\"name\":");
    put_string(text, name, name_len);
    put_tail(text, stream_sid);
}

void omsp_ms_put_dtmf(struct omsp_text *text, uint64_t sequence, char digit, const char *stream_sid)
{
    const char name[2] = {digit, '\0'};

    put_head(text, "dtmf", sequence);
    omsp_text_puts(text, "\"track\":\"inbound_track\",");
    put_member(text, "digit", name);
    put_tail(text, stream_sid);
}

void omsp_ms_put_media_plain(struct omsp_text *text, const struct omsp_ms_media *media,
                             const char *stream_sid)
{
    char payload[OMSP_BASE64_CHARS(OMSP_MS_PAYLOAD_MAX)];

    if (media->payload.len > OMSP_MS_PAYLOAD_MAX)
        return;
    omsp_base64_encode(payload, media->payload.ptr, media->payload.len);
    put_head(text, "media", media->sequence);
    omsp_text_printf(text,
                     "\"track\":\"%s\",\"chunk\":\"%llu\",\"timestamp\":\"%llu\",\"payload\":\"",
                     media->track == OMSP_MS_TRACK_OUTBOUND ? "outbound" : "inbound",
                     (unsigned long long)media->chunk, (unsigned long long)media->timestamp_ms);
    omsp_text_put(text, payload, OMSP_BASE64_CHARS(media->payload.len));
    omsp_text_puts(text, "\"");
    put_tail(text, stream_sid);
}
