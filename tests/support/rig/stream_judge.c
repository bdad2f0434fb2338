/* The judging consumer. Runs on the simulation's one thread. */
#include "support/stream_judge.h"

#include "base/bytes.h"
#include "port/crypto.h"
#include "support/suite.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACKS 2

struct judge_socket {
    struct judge *judge;
    struct judge_socket *next;
    struct omsp_sim_peer *peer; /* NULL once we ended it */
    enum judge_mood mood;
    bool upgraded, connected, started, stopped, closing;
    char sid[40];
    uint64_t sequence;
    struct {
        uint64_t chunk, timestamp;
        bool known;
    } tracks[TRACKS];
    size_t len;
    uint8_t bytes[1 << 17];
};

/* The text of a string member, by its name, into out. */
static bool member(const char *text, const char *name, char *out, size_t room)
{
    char pattern[48];
    const char *at;
    size_t len;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    at = strstr(text, pattern);
    if (!at)
        return false;
    at += strlen(pattern);
    len = strcspn(at, "\"");
    ck_assert_uint_lt(len, room);
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

static uint64_t number(const char *text, const char *name)
{
    char digits[32], *end;
    uint64_t value;

    ck_assert_msg(member(text, name, digits, sizeof(digits)), "no %s in %s", name, text);
    value = strtoull(digits, &end, 10);
    ck_assert_msg(*digits && !*end, "%s is no number in %s", name, text);
    return value;
}

static void judge_media(struct judge_socket *socket, const char *text)
{
    char track[16];
    unsigned index;
    uint64_t timestamp = number(text, "timestamp");

    ck_assert(member(text, "track", track, sizeof(track)));
    index = strcmp(track, "inbound") ? 1 : 0;
    ck_assert(!index || !strcmp(track, "outbound"));
    ck_assert_uint_eq(number(text, "chunk"), ++socket->tracks[index].chunk);
    ck_assert_uint_eq(timestamp % 20, 0);
    ck_assert(!socket->tracks[index].known || timestamp > socket->tracks[index].timestamp);
    socket->tracks[index].known = true;
    socket->tracks[index].timestamp = timestamp;
    socket->judge->media++;
}

static void judge_text(struct judge_socket *socket, const char *text)
{
    char event[16], sid[40];

    ck_assert_msg(member(text, "event", event, sizeof(event)), "%s", text);
    ck_assert_msg(!socket->stopped, "behind stop: %s", text);
    if (!strcmp(event, "connected")) {
        ck_assert(!socket->connected);
        socket->connected = true;
        return;
    }
    ck_assert(socket->connected);
    ck_assert_uint_eq(number(text, "sequenceNumber"), ++socket->sequence);
    ck_assert(member(text, "streamSid", sid, sizeof(sid)));
    if (!strcmp(event, "start")) {
        ck_assert(!socket->started);
        socket->started = true;
        memcpy(socket->sid, sid, sizeof(sid));
        socket->judge->starts++;
        return;
    }
    ck_assert(socket->started);
    ck_assert_str_eq(sid, socket->sid);
    if (!strcmp(event, "media")) {
        judge_media(socket, text);
    } else if (!strcmp(event, "stop")) {
        socket->stopped = true;
        socket->judge->stops++;
    } else if (!strcmp(event, "dtmf")) {
        socket->judge->dtmf++;
    } else {
        ck_assert_str_eq(event, "mark");
        socket->judge->marks++;
    }
}

static void end_socket(struct judge_socket *socket, bool reset)
{
    struct omsp_sim_peer *peer = socket->peer;

    socket->peer = NULL;
    if (!peer)
        return;
    if (reset)
        omsp_sim_peer_break(peer);
    else
        omsp_sim_peer_close(peer);
}

static void send_frame(struct judge_socket *socket, unsigned opcode, const void *data, size_t len)
{
    uint8_t frame[4 + 2048];
    size_t header = 2;

    ck_assert_uint_le(len, 2048);
    frame[0] = (uint8_t)(0x80 | opcode);
    if (len < 126) {
        frame[1] = (uint8_t)len;
    } else {
        frame[1] = 126;
        omsp_put_be16(frame + 2, (uint16_t)len);
        header = 4;
    }
    if (len)
        memcpy(frame + header, data, len);
    if (socket->peer)
        omsp_sim_peer_send(socket->peer, frame, header + len);
}

/* Takes one frame from the bytes: how long it was, 0 when it is not whole. */
static size_t take_frame(struct judge_socket *socket, uint8_t *p, size_t left)
{
    size_t header = 6, len;
    char text[4096];

    if (left < 6)
        return 0;
    ck_assert_msg(p[1] & 0x80, "a client's frame is not masked");
    ck_assert_msg(p[0] & 0x80, "fragmented");
    len = p[1] & 127;
    ck_assert_uint_ne(len, 127);
    if (len == 126) {
        len = omsp_be16(p + 2);
        header = 8;
    }
    if (left < header + len)
        return 0;
    ck_assert_msg(!socket->closing, "a frame behind the close frame");
    omsp_ws_mask(p + header, len, p + header - 4);
    switch (p[0] & 15) {
    case OMSP_WS_TEXT:
        ck_assert_uint_lt(len, sizeof(text));
        memcpy(text, p + header, len);
        text[len] = '\0';
        judge_text(socket, text);
        break;
    case OMSP_WS_PING:
        send_frame(socket, OMSP_WS_PONG, p + header, len);
        break;
    case OMSP_WS_CLOSE:
        socket->closing = true;
        socket->judge->closes++;
        send_frame(socket, OMSP_WS_CLOSE, p + header, len >= 2 ? 2 : 0);
        end_socket(socket, false);
        break;
    default:
        ck_assert_uint_eq(p[0] & 15, OMSP_WS_PONG);
        break;
    }
    return header + len;
}

static void answer_upgrade(struct judge_socket *socket)
{
    static const char refusal[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    char key[OMSP_WS_KEY_CHARS + 1] = "", input[61], accept[64] = "", reply[256];
    uint8_t digest[OMSP_SHA1_BYTES];
    const char *at = strstr((const char *)socket->bytes, "Sec-WebSocket-Key: ");
    int len;

    ck_assert_ptr_nonnull(at);
    socket->len = 0;
    if (socket->mood == JUDGE_REFUSES) {
        omsp_sim_peer_send(socket->peer, refusal, sizeof(refusal) - 1);
        return;
    }
    memcpy(key, at + 19, OMSP_WS_KEY_CHARS);
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), digest);
    omsp_base64_encode(accept, digest, sizeof(digest));
    len = snprintf(reply, sizeof(reply),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
    socket->upgraded = true;
    socket->judge->upgrades++;
    omsp_sim_peer_send(socket->peer, reply, (size_t)len);
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct judge_socket *socket = omsp_sim_peer_get_data(peer);
    size_t at = 0, used;

    (void)owner;
    if (!socket->peer || socket->mood == JUDGE_HANGS)
        return;
    ck_assert_uint_lt(socket->len + len, sizeof(socket->bytes));
    memcpy(socket->bytes + socket->len, data, len);
    socket->len += len;
    if (!socket->upgraded) {
        socket->bytes[socket->len] = '\0';
        if (strstr((const char *)socket->bytes, "\r\n\r\n"))
            answer_upgrade(socket);
        return;
    }
    while ((used = take_frame(socket, socket->bytes + at, socket->len - at)) > 0)
        at += used;
    socket->len -= at;
    memmove(socket->bytes, socket->bytes + at, socket->len);
}

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct judge *judge = owner;
    struct judge_socket *socket = calloc(1, sizeof(*socket));

    ck_assert_ptr_nonnull(socket);
    socket->judge = judge;
    socket->peer = peer;
    socket->mood = judge->mood;
    socket->next = judge->sockets;
    judge->sockets = socket;
    judge->connections++;
    omsp_sim_peer_set_data(peer, socket);
}

static void on_gone(void *owner, struct omsp_sim_peer *peer)
{
    struct judge *judge = owner;
    struct judge_socket *socket = omsp_sim_peer_get_data(peer), **at = &judge->sockets;

    while (*at != socket)
        at = &(*at)->next;
    *at = socket->next;
    free(socket);
}

void judge_open(struct judge *judge, struct omsp_sim *sim, uint16_t port)
{
    struct omsp_sim_server server = {
        .owner = judge, .on_accept = on_accept, .on_bytes = on_bytes, .on_gone = on_gone};

    memset(judge, 0, sizeof(*judge));
    judge->sim = sim;
    ck_assert_int_eq(omsp_sim_tcp_listen(sim, "127.0.0.1", port, &server), OMSP_OK);
}

void judge_close(struct judge *judge)
{
    while (judge->sockets) {
        struct judge_socket *socket = judge->sockets;

        judge->sockets = socket->next;
        free(socket);
    }
}

unsigned judge_count(const struct judge *judge)
{
    unsigned count = 0;

    for (const struct judge_socket *socket = judge->sockets; socket; socket = socket->next)
        count++;
    return count;
}

static struct judge_socket *at_index(struct judge *judge, unsigned index)
{
    struct judge_socket *socket = judge->sockets;

    while (index-- && socket)
        socket = socket->next;
    ck_assert_ptr_nonnull(socket);
    return socket;
}

void judge_hang_up(struct judge *judge, unsigned index)
{
    static const uint8_t normal[2] = {0x03, 0xe8};
    struct judge_socket *socket = at_index(judge, index);

    if (socket->upgraded)
        send_frame(socket, OMSP_WS_CLOSE, normal, 2);
    end_socket(socket, false);
}

void judge_reset(struct judge *judge, unsigned index)
{
    end_socket(at_index(judge, index), true);
}

void judge_set_window(struct judge *judge, unsigned index, size_t bytes)
{
    struct judge_socket *socket = at_index(judge, index);

    if (socket->peer)
        omsp_sim_peer_set_window(socket->peer, bytes);
}

void judge_say(struct judge *judge, unsigned index, unsigned opcode, const void *data, size_t len)
{
    struct judge_socket *socket = at_index(judge, index);

    if (socket->upgraded)
        send_frame(socket, opcode, data, len);
}
