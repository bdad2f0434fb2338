/*
 * The frames that a server sends (RFC 6455 5.2, 5.4, 5.5, 7.4, 8.1) as events. Bytes may come in
 * any pieces. Not the answers to them (pong, close): those are the caller's. Owned by who feeds it.
 */
#include "base/alloc.h"
#include "base/utf.h"
#include "wire/websocket.h"

/* What is kept of a big message's buffer for the next one. */
#define KEEP_MAX 8192

void omsp_ws_parser_init(struct omsp_ws_parser *parser)
{
    memset(parser, 0, sizeof(*parser));
}

void omsp_ws_parser_free(struct omsp_ws_parser *parser)
{
    omsp_free(parser->message);
    omsp_ws_parser_init(parser);
    parser->dead = true;
}

static void die(struct omsp_ws_parser *parser, struct omsp_ws_input *out, enum omsp_ws_event event)
{
    parser->dead = true;
    out->event = event;
}

static bool is_control(unsigned opcode)
{
    return opcode >= 8;
}

/* What the first two bytes alone tell. */
static bool start_is_valid(const struct omsp_ws_parser *parser)
{
    unsigned first = parser->header[0], second = parser->header[1], opcode = first & 15;

    if ((first & 0x70) || (second & 0x80))
        return false;
    if (is_control(opcode))
        return opcode <= OMSP_WS_PONG && (first & 0x80) && second <= OMSP_WS_CONTROL_MAX;
    return opcode <= OMSP_WS_BINARY && (opcode == OMSP_WS_CONTINUATION) == parser->in_message;
}

static size_t header_size(const struct omsp_ws_parser *parser)
{
    unsigned len = parser->header_len < 2 ? 0 : parser->header[1] & 127;

    return len == 127 ? 10 : len == 126 ? 4 : 2;
}

/* The length of a whole header; false when it is not in its shortest form. */
static bool read_length(const struct omsp_ws_parser *parser, uint64_t *len)
{
    const uint8_t *header = parser->header;

    *len = header[1] & 127;
    if (*len == 126) {
        *len = omsp_be16(header + 2);
        return *len >= 126;
    }
    if (*len == 127) {
        *len = (uint64_t)omsp_be32(header + 2) << 32 | omsp_be32(header + 6);
        return *len > 0xffff && !(*len >> 63);
    }
    return true;
}

static void begin_payload(struct omsp_ws_parser *parser, struct omsp_ws_input *out)
{
    uint64_t len;

    if (!read_length(parser, &len)) {
        die(parser, out, OMSP_WS_BAD);
        return;
    }
    parser->fin = (parser->header[0] & 0x80) != 0;
    parser->opcode = parser->header[0] & 15;
    parser->left = len;
    parser->in_payload = true;
    parser->header_len = 0;
    if (is_control(parser->opcode)) {
        parser->control_len = 0;
        return;
    }
    if (parser->opcode != OMSP_WS_CONTINUATION) {
        parser->message_opcode = parser->opcode;
        parser->message_len = 0;
        parser->in_message = true;
    }
    if (len > OMSP_WS_MESSAGE_MAX - parser->message_len)
        die(parser, out, OMSP_WS_TOO_BIG);
}

/* Takes header bytes one by one: there are few, and they may be cut anywhere. */
static size_t take_header(struct omsp_ws_parser *parser, struct omsp_span bytes,
                          struct omsp_ws_input *out)
{
    size_t used = 0;

    while (used < bytes.len && !parser->in_payload && !parser->dead) {
        parser->header[parser->header_len++] = bytes.ptr[used++];
        if (parser->header_len == 2 && !start_is_valid(parser))
            die(parser, out, OMSP_WS_BAD);
        else if (parser->header_len >= 2 && parser->header_len == header_size(parser))
            begin_payload(parser, out);
    }
    return used;
}

static bool make_room(struct omsp_ws_parser *parser, size_t more)
{
    size_t need = parser->message_len + more,
           room = parser->message_room ? parser->message_room : 512;
    uint8_t *message;

    if (need <= parser->message_room)
        return true;
    while (room < need)
        room *= 2;
    message = omsp_resize(parser->message, room);
    if (!message)
        return false;
    parser->message = message;
    parser->message_room = room;
    return true;
}

/* RFC 6455 7.4 and the registry it founded: what may stand in a close frame. */
static bool close_code_is_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static void end_control(struct omsp_ws_parser *parser, struct omsp_ws_input *out)
{
    out->payload = omsp_span(parser->control, parser->control_len);
    if (parser->opcode != OMSP_WS_CLOSE) {
        out->event = parser->opcode == OMSP_WS_PING ? OMSP_WS_GOT_PING : OMSP_WS_GOT_PONG;
        return;
    }
    out->close_code = 1005;
    if (parser->control_len) {
        out->close_code = parser->control_len < 2 ? 0 : omsp_be16(parser->control);
        out->payload = omsp_span(parser->control + 2,
                                 parser->control_len < 2 ? 0 : (size_t)parser->control_len - 2);
        if (!close_code_is_valid(out->close_code) ||
            !omsp_utf8_is_valid((const char *)out->payload.ptr, out->payload.len)) {
            out->payload.len = 0;
            die(parser, out, OMSP_WS_BAD);
            return;
        }
    }
    parser->closed = true;
    out->event = OMSP_WS_GOT_CLOSE;
}

static void end_frame(struct omsp_ws_parser *parser, struct omsp_ws_input *out)
{
    parser->in_payload = false;
    if (is_control(parser->opcode)) {
        end_control(parser, out);
        return;
    }
    if (!parser->fin)
        return;
    parser->in_message = false;
    if (parser->message_opcode == OMSP_WS_TEXT && parser->message_len &&
        !omsp_utf8_is_valid((const char *)parser->message, parser->message_len)) {
        die(parser, out, OMSP_WS_BAD_TEXT);
        return;
    }
    out->event = OMSP_WS_MESSAGE;
    out->opcode = (enum omsp_ws_opcode)parser->message_opcode;
    out->payload =
        omsp_span(parser->message_len ? parser->message : parser->control, parser->message_len);
}

static enum omsp_status take_payload(struct omsp_ws_parser *parser, struct omsp_span bytes,
                                     size_t *used)
{
    size_t take = bytes.len < parser->left ? bytes.len : (size_t)parser->left;

    if (!take)
        return OMSP_OK;
    if (is_control(parser->opcode)) {
        memcpy(parser->control + parser->control_len, bytes.ptr, take);
        parser->control_len = (uint8_t)(parser->control_len + take);
    } else {
        if (!make_room(parser, take))
            return OMSP_NOMEM;
        memcpy(parser->message + parser->message_len, bytes.ptr, take);
        parser->message_len += take;
    }
    parser->left -= take;
    *used += take;
    return OMSP_OK;
}

/* A message was handed out before this feed: its buffer is no longer needed. */
static void shrink(struct omsp_ws_parser *parser)
{
    if (parser->in_message || parser->message_room <= KEEP_MAX)
        return;
    omsp_free(parser->message);
    parser->message = NULL;
    parser->message_room = parser->message_len = 0;
}

enum omsp_status omsp_ws_parser_feed(struct omsp_ws_parser *parser, struct omsp_span bytes,
                                     size_t *used, struct omsp_ws_input *out)
{
    memset(out, 0, sizeof(*out));
    *used = 0;
    shrink(parser);
    if (parser->dead)
        out->event = OMSP_WS_BAD;
    while (*used < bytes.len && out->event == OMSP_WS_NOTHING && !parser->closed) {
        if (!parser->in_payload)
            *used += take_header(parser, omsp_span(bytes.ptr + *used, bytes.len - *used), out);
        if (!parser->in_payload || parser->dead)
            break;
        if (take_payload(parser, omsp_span(bytes.ptr + *used, bytes.len - *used), used)) {
            parser->dead = true;
            return OMSP_NOMEM;
        }
        if (parser->left)
            break;
        end_frame(parser, out);
    }
    /* After a close frame, and after an error, whatever comes is nobody's business. */
    if (parser->dead || (parser->closed && out->event == OMSP_WS_NOTHING))
        *used = bytes.len;
    return OMSP_OK;
}
