/* The simulated consumer: its end of the upgrade and of frames, written apart from the engine's. */
#include "support/fork_rig.h"

#include "support/suite.h"

#include "base/bytes.h"
#include "port/crypto.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *find_text(char *text, const char *what)
{
    for (; *text; text++) {
        size_t i = 0;

        while (what[i] && (text[i] | 32) == (what[i] | 32))
            i++;
        if (!what[i])
            return text;
    }
    return NULL;
}

static void answer_upgrade(struct consumer *consumer)
{
    char key[OMSP_WS_KEY_CHARS + 1] = "", input[61], accept[64] = "", reply[256];
    uint8_t digest[OMSP_SHA1_BYTES], *end;
    char *at = find_text(consumer->request, "sec-websocket-key: ");
    int len;

    ck_assert_ptr_nonnull(at);
    memcpy(key, at + 19, OMSP_WS_KEY_CHARS);
    omsp_ws_accept_input(key, input);
    omsp_sha1(input, strlen(input), digest);
    omsp_base64_encode(accept, digest, sizeof(digest));
    if (consumer->refuse)
        len = snprintf(reply, sizeof(reply), "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n",
                       consumer->refuse);
    else
        len = snprintf(reply, sizeof(reply),
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    consumer->upgraded = true;
    omsp_sim_peer_send(consumer->peer, reply, consumer->cut);
    end = malloc((size_t)len - consumer->cut + consumer->behind_len);
    memcpy(end, reply + consumer->cut, (size_t)len - consumer->cut);
    if (consumer->behind_len)
        memcpy(end + len - consumer->cut, consumer->behind, consumer->behind_len);
    omsp_sim_peer_send(consumer->peer, end, (size_t)len - consumer->cut + consumer->behind_len);
    free(end);
}

void send_frame(struct consumer *consumer, unsigned opcode, const void *data, size_t len)
{
    uint8_t frame[4 + 2000];
    size_t header = 2;

    frame[0] = (uint8_t)(0x80 | opcode);
    if (len < 126) {
        frame[1] = (uint8_t)len;
    } else {
        frame[1] = 126;
        omsp_put_be16(frame + 2, (uint16_t)len);
        header = 4;
    }
    memcpy(frame + header, data, len);
    omsp_sim_peer_send(consumer->peer, frame, header + len);
}

void send_close(struct consumer *consumer, uint16_t code)
{
    uint8_t body[2];

    omsp_put_be16(body, code);
    send_frame(consumer, OMSP_WS_CLOSE, body, sizeof(body));
}

static size_t take_frame(struct consumer *consumer)
{
    uint8_t *p = consumer->bytes;
    size_t header = 6, len;
    struct message *message;

    if (consumer->len < 6)
        return 0;
    ck_assert_msg(p[1] & 0x80, "a client frame is not masked");
    ck_assert_msg(p[0] & 0x80, "fragmented");
    len = p[1] & 127;
    if (len == 126) {
        len = omsp_be16(p + 2);
        header = 8;
    }
    ck_assert_uint_lt(len, 127 * 1000);
    if (consumer->len < header + len)
        return 0;
    omsp_ws_mask(p + header, len, p + header - 4);
    if ((p[0] & 15) == OMSP_WS_TEXT) {
        ck_assert_uint_lt(consumer->count, FORK_MESSAGES);
        ck_assert_uint_lt(len, sizeof(message->text));
        message = &consumer->messages[consumer->count++];
        memcpy(message->text, p + header, len);
        message->text[len] = '\0';
        message->len = len;
        message->connection = consumer->connections;
    } else if ((p[0] & 15) == OMSP_WS_CLOSE) {
        consumer->closed = true;
        consumer->close_code = len >= 2 ? omsp_be16(p + header) : 1005;
        send_frame(consumer, OMSP_WS_CLOSE, p + header, len >= 2 ? 2 : 0);
        omsp_sim_peer_close(consumer->peer);
    } else if ((p[0] & 15) == OMSP_WS_PING) {
        consumer->pings++;
        send_frame(consumer, OMSP_WS_PONG, p + header, len);
    } else if ((p[0] & 15) == OMSP_WS_PONG) {
        consumer->pongs++;
        memcpy(consumer->pong, p + header, len);
        consumer->pong[len] = '\0';
    }
    return header + len;
}

static void on_bytes(void *owner, struct omsp_sim_peer *peer, const uint8_t *data, size_t len)
{
    struct consumer *consumer = owner;
    size_t used;

    consumer->peer = peer;
    consumer->reads++;
    if (!consumer->upgraded) {
        ck_assert_uint_lt(consumer->request_len + len, sizeof(consumer->request));
        memcpy(consumer->request + consumer->request_len, data, len);
        consumer->request_len += len;
        consumer->request[consumer->request_len] = '\0';
        if (strstr(consumer->request, "\r\n\r\n"))
            answer_upgrade(consumer);
        return;
    }
    ck_assert_uint_lt(consumer->len + len, sizeof(consumer->bytes));
    memcpy(consumer->bytes + consumer->len, data, len);
    consumer->len += len;
    while ((used = take_frame(consumer)) > 0) {
        consumer->len -= used;
        memmove(consumer->bytes, consumer->bytes + used, consumer->len);
    }
}

static void on_accept(void *owner, struct omsp_sim_peer *peer)
{
    struct consumer *consumer = owner;

    consumer->peer = peer;
    consumer->gone = false;
    consumer->connections++;
    consumer->upgraded = false;
    consumer->request_len = 0;
    consumer->len = 0;
}

static void on_gone(void *owner, struct omsp_sim_peer *peer)
{
    struct consumer *consumer = owner;

    if (peer != consumer->peer)
        return;
    consumer->gone = true;
    consumer->peer = NULL;
}

static enum omsp_sim_dial on_dial(void *owner, const struct omsp_tcp_target *target,
                                  uint64_t *delay_us)
{
    struct consumer *consumer = owner;

    (void)target;
    (void)delay_us;
    if (consumer->dials < sizeof(consumer->dialed_us) / sizeof(consumer->dialed_us[0]))
        consumer->dialed_us[consumer->dials] = omsp_sim_now(consumer->sim);
    consumer->dials++;
    return consumer->answer;
}

void open_fixture(struct fixture *f, size_t samples)
{
    struct omsp_fork_settings settings = {.account_sid = "AC0123456789abcdef0123456789abcdef",
                                          .auth_token = "12345"};
    struct omsp_sim_server server = {
        .owner = &f->consumer,
        .on_dial = on_dial,
        .on_accept = on_accept,
        .on_bytes = on_bytes,
        .on_gone = on_gone,
    };

    memset(f, 0, sizeof(*f));
    rig_open(&f->rig, 5);
    f->consumer.messages = calloc(FORK_MESSAGES, sizeof(struct message));
    f->consumer.sim = f->rig.sim;
    f->source = malloc(samples * sizeof(int16_t));
    ck_assert_int_eq(omsp_sim_tcp_listen(f->rig.sim, "127.0.0.1", 9000, &server), OMSP_OK);
    ck_assert_int_eq(omsp_engine_set_forks(f->rig.engine, &settings), OMSP_OK);
    rig_put_tone(&f->rig, "in.wav", samples, f->source);
    f->a = rig_call(&f->rig);
    f->b = rig_call(&f->rig);
    f->send = rig_stream(f->a, OMSP_CAPTURE);
    f->player = rig_player(&f->rig, "in.wav", &f->track);
    rig_event(&f->rig);
}

void connect_fixture(struct fixture *f)
{
    rig_connect(f->a, f->b);
}

void start_audio(struct fixture *f)
{
    ck_assert_int_eq(omsp_stream_select(f->send, f->track), OMSP_OK);
    rig_expect_call(&f->rig, f->send, OMSP_STREAM_ACTIVE, OMSP_CAUSE_LOCAL_REQUEST, OMSP_OK);
}

void fork_call(struct fixture *f, unsigned tracks, const char *name, const char *callback)
{
    struct omsp_fork_param params[] = {{"one", "1"}, {"quote", "\"\xc3\xa9"}};
    struct omsp_fork_options options = {.url = FORK_URL,
                                        .name = name,
                                        .tracks = tracks,
                                        .params = params,
                                        .param_count = 2,
                                        .callback_url = callback};
    int error;

    ck_assert_int_eq(omsp_call_fork(f->b, &options, OMSP_CAUSE_REMOTE_REQUEST, &error, &f->fork),
                     OMSP_OK);
    rig_expect_call(&f->rig, f->fork, OMSP_NEW_STREAM, OMSP_CAUSE_REMOTE_REQUEST, OMSP_OK);
}

void close_fixture(struct fixture *f)
{
    omsp_stream_release(f->fork);
    omsp_terminal_release(f->track);
    omsp_terminal_release(f->player);
    omsp_stream_release(f->send);
    omsp_call_release(f->a);
    omsp_call_release(f->b);
    free(f->source);
    rig_close(&f->rig);
    free(f->consumer.messages);
}

uint64_t number(const char *text, const char *name)
{
    char pattern[64];
    const char *at;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    at = strstr(text, pattern);
    ck_assert_msg(at != NULL, "no %s in %s", name, text);
    return strtoull(at + strlen(pattern), NULL, 10);
}

bool is_media(const struct message *message)
{
    return strstr(message->text, "{\"event\":\"media\"") == message->text;
}

unsigned count_callbacks(struct fixture *f, const char *event)
{
    unsigned found = 0;

    for (size_t i = 0; i < omsp_sim_http_count(f->rig.sim); i++) {
        const struct omsp_sim_http_request *record = omsp_sim_http_get(f->rig.sim, i);

        if (record->body && strstr(record->body, event))
            found++;
    }
    return found;
}
