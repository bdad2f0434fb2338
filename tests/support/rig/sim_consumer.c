/* The simulated consumer. Not a test by itself. */
#include "support/sim_consumer.h"

#include "base/bytes.h"
#include "port/crypto.h"
#include "support/suite.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct sim_consumer *consumer = owner;
    struct sim_connection *connection = calloc(1, sizeof(*connection));

    ck_assert_uint_lt(consumer->count, SIM_CONSUMER_MOST);
    connection->consumer = consumer;
    connection->peer = peer;
    consumer->connections[consumer->count++] = connection;
    omsp_sim_peer_set_data(peer, connection);
}

static const char *key_of(const struct sim_connection *connection)
{
    static const char name[] = "sec-websocket-key: ";

    for (const char *at = connection->request; *at; at++) {
        size_t i = 0;

        while (name[i] && (at[i] | 32) == (name[i] | 32))
            i++;
        if (!name[i])
            return at + i;
    }
    ck_abort_msg("no key");
    return NULL;
}

static void answer_upgrade(struct sim_connection *connection)
{
    char key[OMSP_WS_KEY_CHARS + 1] = "", input[61], reply[256];
    char accept[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1] = "";
    uint8_t digest[OMSP_SHA1_BYTES];
    int len;

    memcpy(key, key_of(connection), OMSP_WS_KEY_CHARS);
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), digest);
    omsp_base64_encode(accept, digest, sizeof(digest));
    len = snprintf(reply, sizeof(reply),
                   connection->consumer->refuse
                       ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                       : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
    connection->upgraded = true;
    omsp_sim_peer_send(connection->peer, reply, (size_t)len);
}

static void send_control(struct sim_connection *connection, unsigned opcode, const uint8_t *data,
                         size_t len)
{
    uint8_t frame[2 + 125];

    ck_assert_uint_le(len, 125);
    frame[0] = (uint8_t)(0x80 | opcode);
    frame[1] = (uint8_t)len;
    if (len)
        memcpy(frame + 2, data, len);
    omsp_sim_peer_send(connection->peer, frame, 2 + len);
}

static void keep(struct sim_connection *connection, const uint8_t *text, size_t len)
{
    char *copy = malloc(len + 1);

    ck_assert_msg(!connection->closed, "a message behind the close");
    memcpy(copy, text, len);
    copy[len] = '\0';
    connection->messages =
        realloc(connection->messages, (connection->count + 1) * sizeof(*connection->messages));
    connection->messages[connection->count++] = copy;
}

/* How many bytes the first frame had; 0: it is not whole yet. */
static size_t take_frame(struct sim_connection *connection)
{
    uint8_t *p = connection->bytes;
    size_t header = 6, len;

    if (connection->len < 6)
        return 0;
    ck_assert_msg(p[1] & 0x80, "a client's frame is not masked");
    ck_assert_msg(p[0] & 0x80, "fragmented");
    len = p[1] & 127;
    ck_assert_uint_lt(len, 127);
    if (len == 126) {
        len = omsp_be16(p + 2);
        header = 8;
    }
    if (connection->len < header + len)
        return 0;
    omsp_ws_mask(p + header, len, p + header - 4);
    switch (p[0] & 15) {
    case OMSP_WS_TEXT:
        keep(connection, p + header, len);
        break;
    case OMSP_WS_CLOSE:
        connection->closed = true;
        send_control(connection, OMSP_WS_CLOSE, p + header, len);
        omsp_sim_peer_close(connection->peer);
        break;
    case OMSP_WS_PING:
        send_control(connection, OMSP_WS_PONG, p + header, len);
        break;
    default:
        break;
    }
    return header + len;
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct sim_connection *connection = omsp_sim_peer_get_data(peer);
    size_t used;

    (void)owner;
    if (!connection->upgraded) {
        ck_assert_uint_lt(connection->request_len + len, sizeof(connection->request));
        memcpy(connection->request + connection->request_len, data, len);
        connection->request_len += len;
        connection->request[connection->request_len] = '\0';
        if (strstr(connection->request, "\r\n\r\n"))
            answer_upgrade(connection);
        return;
    }
    ck_assert_uint_le(connection->len + len, sizeof(connection->bytes));
    memcpy(connection->bytes + connection->len, data, len);
    connection->len += len;
    while ((used = take_frame(connection)) > 0) {
        connection->len -= used;
        memmove(connection->bytes, connection->bytes + used, connection->len);
    }
}

static void on_gone(void *owner, struct omsp_sim_peer *peer)
{
    struct sim_connection *connection = omsp_sim_peer_get_data(peer);

    (void)owner;
    connection->gone = true;
    connection->peer = NULL;
}

static enum omsp_sim_dial on_dial(void *owner, const struct omsp_tcp_target *target,
                                  uint64_t *delay_us)
{
    (void)target, (void)delay_us;
    return ((struct sim_consumer *)owner)->dial;
}

void sim_consumer_open(struct sim_consumer *consumer, struct omsp_sim *sim, uint16_t port)
{
    struct omsp_sim_server server = {.owner = consumer,
                                     .on_dial = on_dial,
                                     .on_accept = on_accept,
                                     .on_bytes = on_bytes,
                                     .on_gone = on_gone};

    memset(consumer, 0, sizeof(*consumer));
    consumer->sim = sim;
    ck_assert_int_eq(omsp_sim_tcp_listen(sim, "127.0.0.1", port, &server), OMSP_OK);
}

void sim_consumer_free(struct sim_consumer *consumer)
{
    for (unsigned i = 0; i < consumer->count; i++) {
        struct sim_connection *connection = consumer->connections[i];

        for (unsigned k = 0; k < connection->count; k++)
            free(connection->messages[k]);
        free(connection->messages);
        free(connection);
    }
    consumer->count = 0;
}

void sim_connection_close(struct sim_connection *connection)
{
    static const uint8_t code[2] = {0x03, 0xe8};

    send_control(connection, OMSP_WS_CLOSE, code, sizeof(code));
}

unsigned sim_connection_count(const struct sim_connection *connection, const char *text)
{
    unsigned found = 0;

    for (unsigned i = 0; i < connection->count; i++)
        found += strstr(connection->messages[i], text) != NULL;
    return found;
}

static bool is_media(const char *message, unsigned track)
{
    return strstr(message, "{\"event\":\"media\"") == message &&
           strstr(message,
                  track == OMSP_TRACK_INBOUND ? "\"track\":\"inbound\"" : "\"track\":\"outbound\"");
}

unsigned sim_connection_media(const struct sim_connection *connection, unsigned track)
{
    unsigned found = 0;

    ck_assert_ptr_nonnull(connection);
    for (unsigned i = 0; i < connection->count; i++)
        found += is_media(connection->messages[i], track);
    return found;
}

const char *sim_connection_nth(const struct sim_connection *connection, unsigned track,
                               unsigned number)
{
    ck_assert_ptr_nonnull(connection);
    for (unsigned i = 0; i < connection->count; i++)
        if (is_media(connection->messages[i], track) && !number--)
            return connection->messages[i];
    return NULL;
}

uint64_t sim_message_number(const char *message, const char *member)
{
    char pattern[64];
    const char *at;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", member);
    at = strstr(message, pattern);
    ck_assert_msg(at != NULL, "no %s in %s", member, message);
    return strtoull(at + strlen(pattern), NULL, 10);
}

static const char *tracks_text(unsigned tracks)
{
    if (tracks == (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND))
        return "\"tracks\":[\"inbound\",\"outbound\"]";
    return tracks == OMSP_TRACK_INBOUND ? "\"tracks\":[\"inbound\"]" : "\"tracks\":[\"outbound\"]";
}

void sim_connection_judge(const struct sim_connection *connection, unsigned tracks, bool over)
{
    uint64_t chunk[3] = {0}, next[3] = {0};
    unsigned last = connection->count - (over ? 1 : 0);

    ck_assert_uint_ge(connection->count, over ? 3 : 2);
    ck_assert_str_eq(connection->messages[0],
                     "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
    ck_assert_ptr_nonnull(strstr(connection->messages[1], "{\"event\":\"start\","));
    ck_assert_msg(strstr(connection->messages[1], tracks_text(tracks)), "%s is not in %s",
                  tracks_text(tracks), connection->messages[1]);
    for (unsigned i = 2; i < last; i++) {
        const char *message = connection->messages[i];
        unsigned track =
            is_media(message, OMSP_TRACK_INBOUND) ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND;
        uint64_t timestamp = sim_message_number(message, "timestamp");

        ck_assert_msg(is_media(message, track), "%s", message);
        ck_assert_uint_ne(track & tracks, 0);
        ck_assert_uint_eq(sim_message_number(message, "sequenceNumber"), i);
        ck_assert_uint_eq(sim_message_number(message, "chunk"), ++chunk[track]);
        ck_assert_uint_eq(timestamp % 20, 0);
        ck_assert_uint_ge(timestamp, next[track]);
        next[track] = timestamp + 20;
    }
    if (over) {
        ck_assert_ptr_nonnull(strstr(connection->messages[last], "{\"event\":\"stop\""));
        ck_assert_uint_eq(sim_message_number(connection->messages[last], "sequenceNumber"), last);
    }
    ck_assert_int_eq(connection->closed, over);
}
