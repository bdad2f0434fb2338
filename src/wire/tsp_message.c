/*
 * The TSP's messages: one row of `kinds` for each type, with a function that reads a body and one
 * that writes it. Not the conversation: who may send what when is the engine's. Pure; any thread.
 */
#include "wire/tsp_message.h"

#include "base/sid.h"
#include "base/utf.h"

#define HEADER   sizeof(struct omsp_tsp_header)
#define MAX_BODY sizeof(struct omsp_tsp_stats)

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

static bool direction_is_valid(uint8_t direction)
{
    return direction == OMSP_TSP_CAPTURE || direction == OMSP_TSP_RENDER;
}

/* ---- configure ----------------------------------------------------------------------------- */

static bool read_addr(const struct omsp_tsp_addr *wire, struct omsp_addr *out)
{
    size_t used = wire->family == 4 ? 4 : wire->family == 6 ? 16 : 0;

    if (wire->family != 0 && used == 0)
        return false;
    if (wire->reserved || !all_zero(wire->ip + used, sizeof(wire->ip) - used))
        return false;
    if (wire->family != 6 && !all_zero(wire->scope, sizeof(wire->scope)))
        return false;
    if (wire->family == 0 && !all_zero(wire->port, sizeof(wire->port)))
        return false;
    out->family = wire->family;
    memcpy(out->ip, wire->ip, sizeof(out->ip));
    out->port = omsp_le16(wire->port);
    out->scope = omsp_le32(wire->scope);
    return true;
}

static bool codecs_are_valid(const struct omsp_tsp_configure *wire)
{
    if (wire->codec_count > OMSP_TSP_MAX_CODECS)
        return false;
    for (unsigned i = 0; i < wire->codec_count; i++) {
        if (wire->codecs[i] > 127)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (wire->codecs[k] == wire->codecs[i])
                return false;
    }
    return all_zero(wire->codecs + wire->codec_count, OMSP_TSP_MAX_CODECS - wire->codec_count);
}

static bool read_configure(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_configure *wire = (const void *)body;
    unsigned ptime = omsp_le16(wire->ptime_ms);

    if (wire->transport != OMSP_TSP_TRANSPORT_RTP && wire->transport != OMSP_TSP_TRANSPORT_HARDWARE)
        return false;
    if (wire->offers > (OMSP_TSP_OFFER_START | OMSP_TSP_OFFER_PAUSE | OMSP_TSP_OFFER_STOP) ||
        (wire->transport == OMSP_TSP_TRANSPORT_RTP && wire->offers))
        return false;
    if (ptime > 60 || ptime % 10)
        return false;
    if (!codecs_are_valid(wire) || !all_zero(wire->reserved, sizeof(wire->reserved)) ||
        !read_addr(&wire->local, &out->u.configure.local))
        return false;
    out->u.configure.transport = wire->transport;
    out->u.configure.offers = wire->offers;
    out->u.configure.ptime_ms = (uint16_t)ptime;
    out->u.configure.media_timeout_ms = omsp_le32(wire->media_timeout_ms);
    out->u.configure.codec_count = wire->codec_count;
    memcpy(out->u.configure.codecs, wire->codecs, sizeof(wire->codecs));
    return true;
}

static void write_configure(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_configure *wire = (void *)body;
    const struct omsp_addr *local = &message->u.configure.local;

    wire->transport = message->u.configure.transport;
    wire->offers = message->u.configure.offers;
    omsp_put_le16(wire->ptime_ms, message->u.configure.ptime_ms);
    omsp_put_le32(wire->media_timeout_ms, message->u.configure.media_timeout_ms);
    wire->local.family = local->family;
    memcpy(wire->local.ip, local->ip, sizeof(wire->local.ip));
    omsp_put_le16(wire->local.port, local->port);
    omsp_put_le32(wire->local.scope, local->scope);
    wire->codec_count = message->u.configure.codec_count;
    memcpy(wire->codecs, message->u.configure.codecs, sizeof(wire->codecs));
}

/* ---- the small ones ------------------------------------------------------------------------ */

static bool read_nothing(const uint8_t *body, struct omsp_tsp_message *out)
{
    (void)body;
    (void)out;
    return true;
}

static void write_nothing(const struct omsp_tsp_message *message, uint8_t *body)
{
    (void)message;
    (void)body;
}

static bool read_disconnect(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_disconnect *wire = (const void *)body;

    out->u.reason = wire->reason;
    return wire->reason <= OMSP_TSP_REASON_TIMEOUT &&
           all_zero(wire->reserved, sizeof(wire->reserved));
}

static bool read_security(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_security *wire = (const void *)body;

    out->u.srtp = wire->srtp;
    return wire->srtp <= OMSP_TSP_SRTP_OFF && all_zero(wire->reserved, sizeof(wire->reserved));
}

static void write_security(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_security *wire = (void *)body;

    wire->srtp = message->u.srtp;
}

static void write_disconnect(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_disconnect *wire = (void *)body;

    wire->reason = message->u.reason;
}

static bool read_stream_state(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_stream_state *wire = (const void *)body;

    out->u.stream_state.direction = wire->direction;
    out->u.stream_state.state = wire->state;
    return direction_is_valid(wire->direction) && wire->state <= OMSP_TSP_RUNNING &&
           all_zero(wire->reserved, sizeof(wire->reserved)) &&
           omsp_tsp_status_from_wire(omsp_le32(wire->status), &out->u.stream_state.status) ==
               OMSP_OK;
}

static void write_stream_state(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_stream_state *wire = (void *)body;

    wire->direction = message->u.stream_state.direction;
    wire->state = message->u.stream_state.state;
    omsp_put_le32(wire->status, omsp_tsp_status_to_wire(message->u.stream_state.status));
}

static bool read_result(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_result *wire = (const void *)body;

    out->u.result.request = omsp_le16(wire->request);
    return out->u.result.request >= OMSP_TSP_CONFIGURE &&
           out->u.result.request < OMSP_TSP_STREAM_STATE &&
           all_zero(wire->reserved, sizeof(wire->reserved)) &&
           omsp_tsp_status_from_wire(omsp_le32(wire->status), &out->u.result.status) == OMSP_OK;
}

static void write_result(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_result *wire = (void *)body;

    omsp_put_le16(wire->request, message->u.result.request);
    omsp_put_le32(wire->status, omsp_tsp_status_to_wire(message->u.result.status));
}

static bool read_stats(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_stats *wire = (const void *)body;

#define READ_STATS_FIELD(bits, name) out->u.stats.name = omsp_le##bits(wire->name);
    OMSP_TSP_STATS_LIST(READ_STATS_FIELD)
#undef READ_STATS_FIELD
    return true;
}

static void write_stats(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_stats *wire = (void *)body;

#define WRITE_STATS_FIELD(bits, name) omsp_put_le##bits(wire->name, message->u.stats.name);
    OMSP_TSP_STATS_LIST(WRITE_STATS_FIELD)
#undef WRITE_STATS_FIELD
}

static bool read_call_sid(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_call_sid *wire = (const void *)body;

    memcpy(out->u.sid, wire->sid, sizeof(wire->sid));
    out->u.sid[OMSP_TSP_SID_CHARS] = '\0';
    return omsp_sid_is_valid(out->u.sid, sizeof(wire->sid), NULL) &&
           all_zero(wire->reserved, sizeof(wire->reserved));
}

static void write_call_sid(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_call_sid *wire = (void *)body;

    memcpy(wire->sid, message->u.sid, sizeof(wire->sid));
}

static bool read_stream_command(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_stream_command *wire = (const void *)body;

    out->u.stream_command.direction = wire->direction;
    out->u.stream_command.to = wire->to;
    return direction_is_valid(wire->direction) && wire->to <= OMSP_TSP_RUNNING &&
           all_zero(wire->reserved, sizeof(wire->reserved));
}

static void write_stream_command(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_stream_command *wire = (void *)body;

    wire->direction = message->u.stream_command.direction;
    wire->to = message->u.stream_command.to;
}

static bool read_digit(const uint8_t *body, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_digit *wire = (const void *)body;

    out->u.digit = wire->digit;
    return wire->digit <= 15 && all_zero(wire->reserved, sizeof(wire->reserved));
}

static void write_digit(const struct omsp_tsp_message *message, uint8_t *body)
{
    struct omsp_tsp_digit *wire = (void *)body;

    wire->digit = message->u.digit;
}

/* ---- the table ----------------------------------------------------------------------------- */

static const struct kind {
    uint16_t type;
    uint16_t size; /* of the body; 0 with `read` NULL: text */
    bool (*read)(const uint8_t *body, struct omsp_tsp_message *out);
    void (*write)(const struct omsp_tsp_message *message, uint8_t *zeroed_body);
} kinds[] = {
    {OMSP_TSP_CONFIGURE, sizeof(struct omsp_tsp_configure), read_configure, write_configure},
    {OMSP_TSP_REMOTE_SDP, 0, NULL, NULL},
    {OMSP_TSP_CONNECT, 0, read_nothing, write_nothing},
    {OMSP_TSP_DISCONNECT, sizeof(struct omsp_tsp_disconnect), read_disconnect, write_disconnect},
    {OMSP_TSP_QUERY_SDP, 0, read_nothing, write_nothing},
    {OMSP_TSP_QUERY_STATS, 0, read_nothing, write_nothing},
    {OMSP_TSP_QUERY_SID, 0, read_nothing, write_nothing},
    {OMSP_TSP_STREAM_STATE, sizeof(struct omsp_tsp_stream_state), read_stream_state,
     write_stream_state},
    {OMSP_TSP_SECURITY, sizeof(struct omsp_tsp_security), read_security, write_security},
    {OMSP_TSP_RESULT, sizeof(struct omsp_tsp_result), read_result, write_result},
    {OMSP_TSP_LOCAL_SDP, 0, NULL, NULL},
    {OMSP_TSP_STATS, sizeof(struct omsp_tsp_stats), read_stats, write_stats},
    {OMSP_TSP_CALL_SID, sizeof(struct omsp_tsp_call_sid), read_call_sid, write_call_sid},
    {OMSP_TSP_STREAM_COMMAND, sizeof(struct omsp_tsp_stream_command), read_stream_command,
     write_stream_command},
    {OMSP_TSP_DIGIT, sizeof(struct omsp_tsp_digit), read_digit, write_digit},
};

static const struct kind *kind_of(unsigned type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static bool text_is_valid(struct omsp_span text)
{
    return text.len >= 1 && text.len <= OMSP_TSP_MAX_TEXT && !memchr(text.ptr, 0, text.len) &&
           omsp_utf8_is_valid((const char *)text.ptr, text.len);
}

enum omsp_status omsp_tsp_parse(const void *data, size_t len, struct omsp_tsp_message *out)
{
    const struct omsp_tsp_header *header = data;
    const uint8_t *body;
    struct omsp_tsp_message message = {0};
    const struct kind *kind;

    if (!data || len < HEADER)
        return OMSP_INVALID;
    body = (const uint8_t *)data + HEADER;
    kind = kind_of(omsp_le16(header->type));
    if (omsp_le32(header->magic) != OMSP_TSP_MAGIC ||
        omsp_le16(header->version) != OMSP_TSP_VERSION || omsp_le32(header->size) != len || !kind)
        return OMSP_INVALID;
    message.type = kind->type;
    message.sequence = omsp_le32(header->sequence);
    if (kind->read) {
        if (len != HEADER + kind->size || !kind->read(body, &message))
            return OMSP_INVALID;
    } else {
        message.u.text = omsp_span(body, len - HEADER);
        if (!text_is_valid(message.u.text))
            return OMSP_INVALID;
    }
    *out = message;
    return OMSP_OK;
}

enum omsp_status omsp_tsp_build(const struct omsp_tsp_message *message, void *out, size_t room,
                                size_t *need)
{
    const struct kind *kind = kind_of(message->type);
    struct omsp_tsp_message read_back;
    struct omsp_span body;
    uint8_t fixed[MAX_BODY] = {0};
    struct omsp_tsp_header *header = out;
    size_t size;

    if (!kind)
        return OMSP_INVALID;
    if (kind->read) {
        kind->write(message, fixed);
        body = omsp_span(fixed, kind->size);
        if (!kind->read(fixed, &read_back))
            return OMSP_INVALID;
    } else {
        body = message->u.text;
        if (!text_is_valid(body))
            return OMSP_INVALID;
    }
    size = HEADER + body.len;
    if (need)
        *need = size;
    if (room < size)
        return OMSP_MORE;
    omsp_put_le32(header->magic, OMSP_TSP_MAGIC);
    omsp_put_le16(header->version, OMSP_TSP_VERSION);
    omsp_put_le16(header->type, message->type);
    omsp_put_le32(header->size, (uint32_t)size);
    omsp_put_le32(header->sequence, message->sequence);
    memcpy((uint8_t *)out + HEADER, body.ptr, body.len);
    return OMSP_OK;
}

/* ---- status numbers ------------------------------------------------------------------------ */

/* The numbers are the public header's for ever; the enum may be reordered. */
static const enum omsp_status statuses[OMSP_TSP_STATUS_COUNT] = {
    [OMSP_TSP_OK] = OMSP_OK,
    [OMSP_TSP_NOMEM] = OMSP_NOMEM,
    [OMSP_TSP_INVALID] = OMSP_INVALID,
    [OMSP_TSP_MORE] = OMSP_MORE,
    [OMSP_TSP_EMPTY] = OMSP_EMPTY,
    [OMSP_TSP_FULL] = OMSP_FULL,
    [OMSP_TSP_NOTFOUND] = OMSP_NOTFOUND,
    [OMSP_TSP_EXISTS] = OMSP_EXISTS,
    [OMSP_TSP_SHUTDOWN] = OMSP_SHUTDOWN,
    [OMSP_TSP_NOTSUPPORTED] = OMSP_NOTSUPPORTED,
    [OMSP_TSP_NOTIMPL] = OMSP_NOTIMPL,
    [OMSP_TSP_TIMEOUT] = OMSP_TIMEOUT,
    [OMSP_TSP_IO] = OMSP_IO,
    [OMSP_TSP_EOF] = OMSP_EOF,
    [OMSP_TSP_NOSPACE] = OMSP_NOSPACE,
    [OMSP_TSP_ACCESS] = OMSP_ACCESS,
    [OMSP_TSP_ADDRINUSE] = OMSP_ADDRINUSE,
    [OMSP_TSP_UNREACHABLE] = OMSP_UNREACHABLE,
    [OMSP_TSP_NODEVICE] = OMSP_NODEVICE,
    [OMSP_TSP_BAD_MEDIA] = OMSP_BAD_MEDIA,
    [OMSP_TSP_BAD_DIRECTION] = OMSP_BAD_DIRECTION,
    [OMSP_TSP_BAD_TERMINAL] = OMSP_BAD_TERMINAL,
    [OMSP_TSP_BAD_CLASS] = OMSP_BAD_CLASS,
    [OMSP_TSP_MAX_STREAMS] = OMSP_MAX_STREAMS,
    [OMSP_TSP_MAX_TERMINALS] = OMSP_MAX_TERMINALS,
    [OMSP_TSP_TERMINAL_IN_USE] = OMSP_TERMINAL_IN_USE,
    [OMSP_TSP_NO_TERMINAL] = OMSP_NO_TERMINAL,
    [OMSP_TSP_NO_FORMAT] = OMSP_NO_FORMAT,
    [OMSP_TSP_WRONG_STATE] = OMSP_WRONG_STATE,
    [OMSP_TSP_NO_CODEC] = OMSP_NO_CODEC,
};

uint32_t omsp_tsp_status_to_wire(enum omsp_status status)
{
    for (uint32_t code = 0; code < OMSP_TSP_STATUS_COUNT; code++)
        if (statuses[code] == status)
            return code;
    return OMSP_TSP_IO;
}

enum omsp_status omsp_tsp_status_from_wire(uint32_t code, enum omsp_status *out)
{
    if (code >= OMSP_TSP_STATUS_COUNT)
        return OMSP_INVALID;
    *out = statuses[code];
    return OMSP_OK;
}
