/*
 * The client's opening handshake and its outgoing frames (RFC 6455 4.1, 5.2, 5.3). Not the frames
 * that come in (websocket_parser.c), not the connection. Pure; any thread.
 */
#include "wire/websocket.h"

#include <string.h>

/* ---- request -------------------------------------------------------------------------------- */

static void put_field(struct omsp_text *text, const char *name, const char *value)
{
    omsp_text_puts(text, name);
    omsp_text_puts(text, ": ");
    omsp_text_puts(text, value);
    omsp_text_puts(text, "\r\n");
}

void omsp_ws_put_upgrade(struct omsp_text *text, const struct omsp_ws_upgrade *upgrade)
{
    omsp_text_puts(text, "GET ");
    /* A URL's path may be missing before its query (RFC 6455 3), a request's may not. */
    if (!upgrade->path.len || upgrade->path.ptr[0] != '/')
        omsp_text_puts(text, "/");
    omsp_text_put(text, (const char *)upgrade->path.ptr, upgrade->path.len);
    omsp_text_puts(text, " HTTP/1.1\r\n");
    put_field(text, "Host", upgrade->host);
    put_field(text, "User-Agent", "Twilio.TmeWs/1.0");
    put_field(text, "Connection", "Upgrade");
    put_field(text, "Upgrade", "websocket");
    put_field(text, "Sec-WebSocket-Version", "13");
    put_field(text, "Sec-WebSocket-Key", upgrade->key);
    if (upgrade->signature)
        put_field(text, "X-Twilio-Signature", upgrade->signature);
    if (upgrade->authorization)
        put_field(text, "Authorization", upgrade->authorization);
    put_field(text, "Accept-Encoding", "gzip");
    omsp_text_puts(text, "\r\n");
}

void omsp_ws_accept_input(const char *key, char out[61])
{
    memcpy(out, key, OMSP_WS_KEY_CHARS);
    memcpy(out + OMSP_WS_KEY_CHARS, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
}

/* ---- response ------------------------------------------------------------------------------- */

/* By hand: the locale has no say in HTTP. */
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool equals_ignoring_case(struct omsp_span span, const char *lower_case)
{
    if (span.len != strlen(lower_case))
        return false;
    for (size_t i = 0; i < span.len; i++)
        if (lower(span.ptr[i]) != (uint8_t)lower_case[i])
            return false;
    return true;
}

static bool is_token_character(uint8_t c)
{
    uint8_t l = lower(c);

    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct omsp_span trimmed(const uint8_t *from, const uint8_t *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return omsp_span(from, (size_t)(to - from));
}

/* Is this token one of a comma-separated list? */
static bool list_has(struct omsp_span list, const char *lower_case)
{
    const uint8_t *at = list.ptr, *end = list.ptr + list.len;

    while (at < end) {
        const uint8_t *comma = memchr(at, ',', (size_t)(end - at));
        const uint8_t *stop = comma ? comma : end;

        if (equals_ignoring_case(trimmed(at, stop), lower_case))
            return true;
        at = comma ? comma + 1 : end;
    }
    return false;
}

/* "HTTP/1.1 101 Switching Protocols": the status, 0 when this is no status line. */
static int read_status(const uint8_t *line, size_t len)
{
    if (len < 12 || memcmp(line, "HTTP/1.", 7) || line[7] < '0' || line[7] > '9' || line[8] != ' ')
        return 0;
    for (unsigned i = 9; i < 12; i++)
        if (line[i] < '0' || line[i] > '9')
            return 0;
    if (line[9] == '0' || (len > 12 && line[12] != ' '))
        return 0;
    return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

struct response {
    bool upgrade, connection, accept;
};

/* One header line without its CRLF; false when it makes the response a wrong one. */
static bool read_header(const uint8_t *line, size_t len, const char *accept, struct response *seen)
{
    size_t name_len = 0;
    struct omsp_span name, value;

    while (name_len < len && is_token_character(line[name_len]))
        name_len++;
    if (!name_len || name_len == len || line[name_len] != ':')
        return false;
    name = omsp_span(line, name_len);
    value = trimmed(line + name_len + 1, line + len);
    for (size_t i = 0; i < value.len; i++)
        if ((value.ptr[i] < ' ' && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
            return false;
    if (equals_ignoring_case(name, "upgrade")) {
        seen->upgrade = equals_ignoring_case(value, "websocket");
        return seen->upgrade;
    }
    if (equals_ignoring_case(name, "connection")) {
        seen->connection = seen->connection || list_has(value, "upgrade");
        return true;
    }
    if (equals_ignoring_case(name, "sec-websocket-accept")) {
        if (seen->accept)
            return false;
        seen->accept = value.len == OMSP_WS_ACCEPT_CHARS && strlen(accept) == value.len &&
                       !memcmp(value.ptr, accept, value.len);
        return seen->accept;
    }
    return !equals_ignoring_case(name, "sec-websocket-extensions") &&
           !equals_ignoring_case(name, "sec-websocket-protocol");
}

/* The length of the line at `at`, without its CRLF; false: it is not whole yet. */
static bool find_line(struct omsp_span bytes, size_t at, size_t *len)
{
    for (size_t i = at; i + 1 < bytes.len; i++) {
        const uint8_t *cr = memchr(bytes.ptr + i, '\r', bytes.len - 1 - i);

        if (!cr)
            return false;
        i = (size_t)(cr - bytes.ptr);
        if (bytes.ptr[i + 1] == '\n') {
            *len = i - at;
            return true;
        }
    }
    return false;
}

/* Can this still become a status line? So that what is no HTTP at all is refused at once. */
static bool may_become_http(struct omsp_span bytes)
{
    static const char start[] = "HTTP/1.";
    size_t len = bytes.len < sizeof(start) - 1 ? bytes.len : sizeof(start) - 1;

    return !len || !memcmp(bytes.ptr, start, len);
}

enum omsp_status omsp_ws_check_response(struct omsp_span bytes, const char *accept, size_t *used,
                                        int *http_status)
{
    struct response seen = {false, false, false};
    size_t at = 0, len;

    *used = 0;
    *http_status = 0;
    if (bytes.len > OMSP_WS_RESPONSE_MAX)
        bytes.len = OMSP_WS_RESPONSE_MAX;
    if (!may_become_http(bytes))
        return OMSP_INVALID;
    while (find_line(bytes, at, &len)) {
        const uint8_t *line = bytes.ptr + at;

        if (at == 0) {
            *http_status = read_status(line, len);
            if (*http_status != 101 || line[7] == '0')
                return OMSP_INVALID;
        } else if (len == 0) {
            if (!seen.upgrade || !seen.connection || !seen.accept)
                return OMSP_INVALID;
            *used = at + 2;
            return OMSP_OK;
        } else if (!read_header(line, len, accept, &seen)) {
            return OMSP_INVALID;
        }
        at += len + 2;
    }
    return bytes.len < OMSP_WS_RESPONSE_MAX ? OMSP_MORE : OMSP_INVALID;
}

/* ---- frames out ----------------------------------------------------------------------------- */

size_t omsp_ws_put_header(uint8_t out[OMSP_WS_HEADER_MAX], enum omsp_ws_opcode opcode, uint64_t len,
                          const uint8_t mask[4])
{
    size_t at = 2;

    out[0] = (uint8_t)(0x80u | (unsigned)opcode);
    if (len < 126) {
        out[1] = (uint8_t)(0x80u | len);
    } else if (len <= 0xffff) {
        out[1] = 0x80 | 126;
        omsp_put_be16(out + 2, (uint16_t)len);
        at = 4;
    } else {
        out[1] = 0x80 | 127;
        omsp_put_be32(out + 2, (uint32_t)(len >> 32));
        omsp_put_be32(out + 6, (uint32_t)len);
        at = 10;
    }
    memcpy(out + at, mask, 4);
    return at + 4;
}

void omsp_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4])
{
    uint8_t twice[8];
    uint64_t pattern, word;
    size_t i = 0;

    memcpy(twice, mask, 4);
    memcpy(twice + 4, mask, 4);
    memcpy(&pattern, twice, 8);
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, data + i, 8);
        word ^= pattern;
        memcpy(data + i, &word, 8);
    }
    for (; i < len; i++)
        data[i] ^= mask[i & 3];
}
