/*
 * What is said of a stream and of an error, as lists of fields, and the two ways of writing such
 * lists. Knows no HTTP. Pure; any thread.
 */
#include "rest/answer.h"

#include "base/alloc.h"
#include "base/text.h"
#include "rest/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct field {
    const char *json, *xml;
    const char *text; /* NULL with is_text: null */
    uint64_t number;
    bool is_text, is_truth, is_thousandths;
};

#define MAX_FIELDS 16

struct fields {
    unsigned count;
    struct field all[MAX_FIELDS];
};

/* A stream's fields and the texts they point to. */
struct stream_fields {
    struct fields main, live;
    char uri[160];
    char date[OMSP_DATE_CHARS + 1];
};

const char *omsp_format_type(enum omsp_format format)
{
    return format == OMSP_FORMAT_XML ? "application/xml" : "application/json";
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void add_text(struct fields *fields, const char *json, const char *xml, const char *text)
{
    struct field field = {json, xml, text, 0, true, false, false};

    fields->all[fields->count++] = field;
}

static void add_number(struct fields *fields, const char *json, const char *xml, uint64_t number)
{
    struct field field = {json, xml, NULL, number, false, false, false};

    fields->all[fields->count++] = field;
}

static const char *status_of(const struct omsp_fork_info *info, bool extended)
{
    if (info->state == OMSP_FORK_STOPPED)
        return "stopped";
    return extended && info->state == OMSP_FORK_PAUSED ? "paused" : "in-progress";
}

static const char *connection_of(enum omsp_fork_state state)
{
    static const char *const words[] = {"connecting", "open", "paused", "stopped"};

    return words[state];
}

static const char *track_of(unsigned tracks)
{
    if (tracks == OMSP_TRACK_INBOUND)
        return "inbound_track";
    return tracks == OMSP_TRACK_OUTBOUND ? "outbound_track" : "both_tracks";
}

static void describe(const char *account_sid, const struct omsp_fork_info *info,
                     enum omsp_format format, bool extended, struct stream_fields *out)
{
    struct fields *live = &out->live;
    struct field two_way = {
        "bidirectional", "Bidirectional", NULL, info->bidirectional, false, true, false};
    struct field round_trip = {"round_trip_ms", "RoundTripMs", NULL, info->round_trip_us,
                               false,           false,         true};

    memset(out, 0, sizeof(*out));
    omsp_date_format(info->updated_us, out->date);
    /* A resource's address in XML is the one without suffix. */
    snprintf(out->uri, sizeof(out->uri), "/2010-04-01/Accounts/%s/Calls/%s/Streams/%s%s",
             account_sid, info->call_sid, info->sid, format == OMSP_FORMAT_JSON ? ".json" : "");
    add_text(&out->main, "account_sid", "AccountSid", account_sid);
    add_text(&out->main, "call_sid", "CallSid", info->call_sid);
    add_text(&out->main, "sid", "Sid", info->sid);
    add_text(&out->main, "name", "Name", info->name[0] ? info->name : NULL);
    add_text(&out->main, "status", "Status", status_of(info, extended));
    add_text(&out->main, "date_updated", "DateUpdated", out->date);
    add_text(&out->main, "uri", "Uri", out->uri);
    if (!extended)
        return;
    add_text(live, "connection", "Connection", connection_of(info->state));
    add_text(live, "track", "Track", track_of(info->tracks));
    live->all[live->count++] = two_way;
    add_text(live, "encoding", "Encoding", omsp_stream_encoding_name(info->format.encoding));
    add_number(live, "sample_rate", "SampleRate", info->format.rate);
    add_number(live, "frames_sent", "FramesSent", info->frames_sent);
    add_number(live, "frames_dropped", "FramesDropped", info->frames_dropped);
    add_number(live, "bytes_sent", "BytesSent", info->bytes_sent);
    add_number(live, "messages_received", "MessagesReceived", info->messages_received);
    add_number(live, "messages_bad", "MessagesBad", info->messages_bad);
    add_number(live, "reconnects", "Reconnects", info->reconnects);
    add_number(live, "queue_ms", "QueueMs", info->queue_ms);
    if (info->round_trip_us)
        live->all[live->count++] = round_trip;
    else
        add_text(live, "round_trip_ms", "RoundTripMs", NULL);
    if (info->last_error)
        add_number(live, "last_error", "LastError", (unsigned)info->last_error);
    else
        add_text(live, "last_error", "LastError", NULL);
}

/* Alike in JSON and XML. By hand: the decimal point of C's printf is the locale's, which is the
 * application's to set. */
static void put_number(struct omsp_text *text, const struct field *field)
{
    unsigned rest = field->is_thousandths ? (unsigned)(field->number % 1000) : 0, digits = 3;

    omsp_text_printf(text, "%" PRIu64,
                     field->is_thousandths ? field->number / 1000 : field->number);
    if (!rest)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    omsp_text_printf(text, ".%0*u", (int)digits, rest);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* RFC 8259 7; the rest of UTF-8 stands for itself. */
static void put_string(struct omsp_text *text, const char *value)
{
    omsp_text_puts(text, "\"");
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == '"' || c == '\\')
            omsp_text_printf(text, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            omsp_text_printf(text, "\\u%04x", c);
        else
            omsp_text_put(text, value, 1);
    }
    omsp_text_puts(text, "\"");
}

/* The members, without the braces. */
static void put_json(struct omsp_text *text, const struct fields *fields)
{
    for (unsigned i = 0; i < fields->count; i++) {
        const struct field *field = &fields->all[i];

        omsp_text_printf(text, "%s\"%s\":", i ? "," : "", field->json);
        if (field->is_truth)
            omsp_text_puts(text, field->number ? "true" : "false");
        else if (!field->is_text)
            put_number(text, field);
        else if (field->text)
            put_string(text, field->text);
        else
            omsp_text_puts(text, "null");
    }
}

static void put_json_stream(struct omsp_text *text, const struct stream_fields *stream)
{
    omsp_text_puts(text, "{");
    put_json(text, &stream->main);
    if (stream->live.count) {
        omsp_text_puts(text, ",\"statistics\":{");
        put_json(text, &stream->live);
        omsp_text_puts(text, "}");
    }
    omsp_text_puts(text, "}");
}

/* ---- XML ------------------------------------------------------------------------------------- */

static void put_escaped(struct omsp_text *text, const char *value)
{
    for (; *value; value++) {
        switch (*value) {
        case '&':
            omsp_text_puts(text, "&amp;");
            break;
        case '<':
            omsp_text_puts(text, "&lt;");
            break;
        case '>':
            omsp_text_puts(text, "&gt;");
            break;
        case '"':
            omsp_text_puts(text, "&quot;");
            break;
        case '\xef': /* U+FFFE and U+FFFF: no more than control characters are they XML 1.0's */
            if (value[1] == '\xbf' && (value[2] == '\xbe' || value[2] == '\xbf')) {
                omsp_text_puts(text, " ");
                value += 2;
                break;
            }
            omsp_text_put(text, value, 1);
            break;
        default: /* control characters cannot be written in XML 1.0 at all */
            omsp_text_put(text, (unsigned char)*value < 0x20 ? " " : value, 1);
        }
    }
}

static void put_xml(struct omsp_text *text, const struct fields *fields)
{
    for (unsigned i = 0; i < fields->count; i++) {
        const struct field *field = &fields->all[i];

        if (field->is_text && !field->text) {
            omsp_text_printf(text, "<%s/>", field->xml);
            continue;
        }
        omsp_text_printf(text, "<%s>", field->xml);
        if (field->is_truth)
            omsp_text_puts(text, field->number ? "true" : "false");
        else if (field->is_text)
            put_escaped(text, field->text);
        else
            put_number(text, field);
        omsp_text_printf(text, "</%s>", field->xml);
    }
}

static void put_xml_stream(struct omsp_text *text, const struct stream_fields *stream)
{
    omsp_text_puts(text, "<Stream>");
    put_xml(text, &stream->main);
    if (stream->live.count) {
        omsp_text_puts(text, "<Statistics>");
        put_xml(text, &stream->live);
        omsp_text_puts(text, "</Statistics>");
    }
    omsp_text_puts(text, "</Stream>");
}

/* ---- answers --------------------------------------------------------------------------------- */

/* What a body is made of, one of the three. */
struct content {
    enum omsp_format format;
    const char *account_sid;
    const struct omsp_fork_info *infos;
    unsigned count;
    bool extended, is_list;
    const struct fields *error; /* NULL: streams */
};

static void put_streams(struct omsp_text *text, const struct content *content)
{
    for (unsigned i = 0; i < content->count; i++) {
        struct stream_fields fields;

        describe(content->account_sid, &content->infos[i], content->format, content->extended,
                 &fields);
        if (content->format == OMSP_FORMAT_XML) {
            put_xml_stream(text, &fields);
            continue;
        }
        omsp_text_puts(text, i ? "," : "");
        put_json_stream(text, &fields);
    }
}

static void put_content(struct omsp_text *text, const struct content *content)
{
    bool xml = content->format == OMSP_FORMAT_XML;

    if (xml)
        omsp_text_puts(text, "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse>");
    if (content->error) {
        omsp_text_puts(text, xml ? "<RestException>" : "{");
        (xml ? put_xml : put_json)(text, content->error);
        omsp_text_puts(text, xml ? "</RestException>" : "}");
    } else {
        if (content->is_list)
            omsp_text_puts(text, xml ? "<Streams>" : "{\"streams\":[");
        put_streams(text, content);
        if (content->is_list)
            omsp_text_puts(text, xml ? "</Streams>" : "]}");
    }
    if (xml)
        omsp_text_puts(text, "</TwilioResponse>");
}

/* Writes twice: once for the size. */
static enum omsp_status print(const struct content *content, struct omsp_body *out)
{
    struct omsp_text text;
    size_t size;
    char *room;

    omsp_text_init(&text, NULL, 0);
    put_content(&text, content);
    size = text.need + 1;
    room = omsp_alloc(size);
    if (!room)
        return OMSP_NOMEM;
    omsp_text_init(&text, room, size);
    put_content(&text, content);
    out->text = room;
    out->len = text.len;
    return OMSP_OK;
}

enum omsp_status omsp_answer_stream(enum omsp_format format, const char *account_sid,
                                    const struct omsp_fork_info *info, bool extended,
                                    struct omsp_body *out)
{
    struct content content = {format, account_sid, info, 1, extended, false, NULL};

    return print(&content, out);
}

enum omsp_status omsp_answer_list(enum omsp_format format, const char *account_sid,
                                  const struct omsp_fork_info *infos, unsigned count,
                                  struct omsp_body *out)
{
    struct content content = {format, account_sid, infos, count, true, true, NULL};

    return print(&content, out);
}

enum omsp_status omsp_answer_error(enum omsp_format format, const struct omsp_rest_error *error,
                                   struct omsp_body *out)
{
    struct fields fields = {0};
    struct content content = {.format = format, .error = &fields};
    char more[64];

    snprintf(more, sizeof(more), "https://www.twilio.com/docs/errors/%d", error->code);
    add_number(&fields, "code", "Code", (unsigned)error->code);
    add_text(&fields, "message", "Message", error->message);
    add_text(&fields, "more_info", "MoreInfo", more);
    add_number(&fields, "status", "Status", (unsigned)error->status);
    return print(&content, out);
}

/* ---- Accept ---------------------------------------------------------------------------------- */

static bool names(const char *item, size_t len, const char *type)
{
    if (strlen(type) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = item[i] >= 'A' && item[i] <= 'Z' ? (char)(item[i] - 'A' + 'a') : item[i];

        if (c != type[i])
            return false;
    }
    return true;
}

/* The q of one item's parameters in thousandths (RFC 9110 12.4.2); 1000 when there is none. */
static int quality(const char *p, const char *end)
{
    for (; p < end; p++) {
        int q = 0, weight = 1000;

        if (*p != ';')
            continue;
        for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
            ;
        if (end - p < 3 || (*p != 'q' && *p != 'Q') || p[1] != '=')
            continue;
        for (p += 2; p < end && ((*p >= '0' && *p <= '9') || *p == '.') && weight; p++) {
            if (*p == '.')
                continue;
            q += (*p - '0') * weight;
            weight /= 10;
        }
        return q > 1000 ? 1000 : q;
    }
    return 1000;
}

enum omsp_format omsp_answer_format(const char *accept)
{
    int json = -1, xml = -1;

    while (accept && *accept) {
        size_t item = strcspn(accept, ","), type;

        while (item && (*accept == ' ' || *accept == '\t')) {
            accept++;
            item--;
        }
        for (type = 0;
             type < item && accept[type] != ';' && accept[type] != ' ' && accept[type] != '\t';
             type++)
            ;
        if (names(accept, type, "application/json"))
            json = quality(accept + type, accept + item);
        else if (names(accept, type, "application/xml") || names(accept, type, "text/xml"))
            xml = quality(accept + type, accept + item);
        accept += item + (accept[item] == ',');
    }
    return xml > 0 && xml > json ? OMSP_FORMAT_XML : OMSP_FORMAT_JSON;
}
