/*
 * The client's side of RFC 6455 as pure functions and a parser over bytes: opening handshake,
 * frames out (masked), frames in. No extension, no subprotocol. Digests come from outside.
 */
#ifndef OMSP_WIRE_WEBSOCKET_H
#define OMSP_WIRE_WEBSOCKET_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

#define OMSP_WS_HEADER_MAX   14
#define OMSP_WS_CONTROL_MAX  125
#define OMSP_WS_MESSAGE_MAX  1048576 /* a consumer's message: 98 s of u-law; longer is TOO_BIG */
#define OMSP_WS_RESPONSE_MAX 8192    /* the answer to the upgrade, headers only */
#define OMSP_WS_KEY_CHARS    24
#define OMSP_WS_ACCEPT_CHARS 28

enum omsp_ws_opcode {
    OMSP_WS_CONTINUATION = 0,
    OMSP_WS_TEXT = 1,
    OMSP_WS_BINARY = 2,
    OMSP_WS_CLOSE = 8,
    OMSP_WS_PING = 9,
    OMSP_WS_PONG = 10,
};

/* ---- handshake (spec/twilio-streams 2.1) ----------------------------------------------------- */

struct omsp_ws_upgrade {
    const char *host;      /* as in the URL, IPv6 in brackets; with port unless the scheme's own */
    struct omsp_span path; /* with query; "/" is put before it when it does not begin with one */
    const char *key;       /* OMSP_WS_KEY_CHARS of base64 over 16 random bytes */
    const char *signature; /* X-Twilio-Signature, or NULL */
    const char *authorization; /* Authorization, or NULL */
};

/* The whole request, in the order of the live capture: host, user-agent, connection, upgrade,
 * sec-websocket-version, sec-websocket-key, x-twilio-signature, accept-encoding. */
void omsp_ws_put_upgrade(struct omsp_text *text, const struct omsp_ws_upgrade *upgrade);
/* key with the GUID of RFC 6455 1.3 behind it, what SHA-1 is taken of: 60 characters. */
void omsp_ws_accept_input(const char *key, char out[61]);
/* Looks at what came so far. OMSP_MORE (nothing is wrong yet); OMSP_OK: a right 101 with this
 * accept value, *used bytes are the header, the rest is frames; OMSP_INVALID: anything else
 * (*http_status tells the status when there was one, else 0), also a header of more than
 * OMSP_WS_RESPONSE_MAX bytes, an extension or a subprotocol that was not asked for. */
enum omsp_status omsp_ws_check_response(struct omsp_span bytes, const char *accept, size_t *used,
                                        int *http_status);

/* ---- frames out ------------------------------------------------------------------------------ */

/* The header of a final, masked frame; answers its length (6, 8 or 14). */
size_t omsp_ws_put_header(uint8_t out[OMSP_WS_HEADER_MAX], enum omsp_ws_opcode opcode, uint64_t len,
                          const uint8_t mask[4]);
/* XORs in place, beginning with mask[0]. */
void omsp_ws_mask(uint8_t *data, size_t len, const uint8_t mask[4]);

/* ---- frames in ------------------------------------------------------------------------------- */

enum omsp_ws_event {
    OMSP_WS_NOTHING, /* more bytes are needed */
    OMSP_WS_MESSAGE, /* text or binary, whole, fragments joined */
    OMSP_WS_GOT_PING,
    OMSP_WS_GOT_PONG,
    OMSP_WS_GOT_CLOSE, /* code 1005 when none was given */
    OMSP_WS_BAD,       /* protocol error: masked, reserved bits or opcodes, fragmented or long
                          control frame, continuation without start, length not minimal, close of
                          one byte or with a bad code or text; the parser is dead */
    OMSP_WS_TOO_BIG,   /* the message is longer than OMSP_WS_MESSAGE_MAX; dead */
    OMSP_WS_BAD_TEXT,  /* a text message that is not UTF-8; dead (close 1007) */
};

struct omsp_ws_input {
    enum omsp_ws_event event;
    enum omsp_ws_opcode opcode; /* MESSAGE */
    struct omsp_span payload;   /* MESSAGE, PING, PONG, CLOSE (reason); valid until the next feed */
    uint16_t close_code;
};

struct omsp_ws_parser {
    uint8_t header[OMSP_WS_HEADER_MAX];
    uint8_t header_len;
    bool in_payload, fin, dead, in_message, closed;
    uint8_t opcode, message_opcode;
    uint64_t left;
    uint8_t control[OMSP_WS_CONTROL_MAX];
    uint8_t control_len;
    uint8_t *message; /* grows by base/alloc.h */
    size_t message_len, message_room;
};

void omsp_ws_parser_init(struct omsp_ws_parser *parser);
void omsp_ws_parser_free(struct omsp_ws_parser *parser);
/* Takes some of bytes (*used) and tells one event; call again with the rest until NOTHING with all
 * used. After CLOSE everything is swallowed in silence (RFC 6455 5.5.1); a dead parser says BAD to
 * everything. OMSP_NOMEM: dead too. */
enum omsp_status omsp_ws_parser_feed(struct omsp_ws_parser *parser, struct omsp_span bytes,
                                     size_t *used, struct omsp_ws_input *out);

#endif
