/*
 * What a media stream's connection begins with: the upgrade request with its signature, the answer
 * to it, connected and start (spec 2.1, 2.2). Not here: when, and what follows from the answer
 * (fork_link.c). Link thread.
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "port/crypto.h"
#include "wire/base64.h"

#include <string.h>

/* A path that is not ASCII gets three times as long. */
#define MAX_UPGRADE (3 * OMSP_FORK_URL_MAX + 4096)
#define SMALL_START 1024 /* what needs no memory of its own */

/* OMSP_NOMEM. */
static enum omsp_status sign(struct omsp_fork *fork,
                             char out[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1])
{
    const char *token = fork->links->auth_token;
    char signed_url[3 * OMSP_FORK_URL_MAX + 16];
    struct omsp_text text;
    uint8_t digest[OMSP_SHA1_BYTES];
    enum omsp_status status;

    omsp_text_init(&text, signed_url, sizeof(signed_url));
    omsp_form_signed_url(&text, fork->url);
    status = omsp_hmac_sha1(token, strlen(token), signed_url, text.len, digest);
    if (status)
        return status;
    omsp_base64_encode(out, digest, sizeof(digest));
    out[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES)] = '\0';
    return OMSP_OK;
}

/* OMSP_NOMEM. */
static enum omsp_status make_key(struct omsp_fork *fork)
{
    const struct omsp_ports *ports = fork->links->engine->ports;
    uint8_t random[16], digest[OMSP_SHA1_BYTES];
    enum omsp_status status;
    char input[61];

    ports->random(ports->ctx, random, sizeof(random));
    omsp_base64_encode(fork->key, random, sizeof(random));
    fork->key[OMSP_WS_KEY_CHARS] = '\0';
    omsp_ws_accept_input(fork->key, input);
    status = omsp_sha1(input, strlen(input), digest);
    if (status)
        return status;
    omsp_base64_encode(fork->accept, digest, sizeof(digest));
    fork->accept[OMSP_WS_ACCEPT_CHARS] = '\0';
    return OMSP_OK;
}

static void put_host(struct omsp_text *text, const struct omsp_url *url)
{
    bool usual = url->port == (url->scheme == OMSP_SCHEME_WSS ? 443 : 80);

    omsp_url_put_host(text, url);
    if (!usual)
        omsp_text_printf(text, ":%u", (unsigned)url->port);
}

enum omsp_status omsp_fork_upgrade(struct omsp_fork *fork, struct omsp_fork_note **out)
{
    char request[MAX_UPGRADE], path[3 * OMSP_FORK_URL_MAX + 2], host[300];
    char signature[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1];
    struct omsp_ws_upgrade upgrade = {.host = host, .key = fork->key};
    struct omsp_fork_note *note;
    struct omsp_text text;
    struct omsp_url url;

    if (omsp_url_parse(fork->url, &url))
        return OMSP_INVALID;
    if (make_key(fork))
        return OMSP_NOMEM;
    omsp_text_init(&text, host, sizeof(host));
    put_host(&text, &url);
    /* Queries are not sent, as the field has it (spec 1.3). */
    omsp_text_init(&text, path, sizeof(path));
    omsp_url_put_path(&text, &url, false);
    upgrade.path = omsp_span(path, text.len);
    upgrade.authorization = fork->authorization;
    if (fork->links->auth_token) {
        if (sign(fork, signature))
            return OMSP_NOMEM;
        upgrade.signature = signature;
    }
    omsp_text_init(&text, request, sizeof(request));
    omsp_ws_put_upgrade(&text, &upgrade);
    if (text.truncated)
        return OMSP_INVALID;
    note = omsp_alloc(sizeof(*note) + text.len);
    if (!note)
        return OMSP_NOMEM;
    note->len = text.len;
    memcpy(note->bytes, request, text.len);
    *out = note;
    return OMSP_OK;
}

void omsp_fork_drop_answer(struct omsp_fork *fork)
{
    omsp_free(fork->response);
    fork->response = NULL;
    fork->response_len = 0;
}

/* As much as an answer may have; what is behind is looked at where it lies. */
static enum omsp_status keep_answer(struct omsp_fork *fork, struct omsp_span bytes)
{
    size_t room = OMSP_WS_RESPONSE_MAX - fork->response_len;
    size_t len = bytes.len < room ? bytes.len : room;

    if (!fork->response)
        fork->response = omsp_alloc(OMSP_WS_RESPONSE_MAX);
    if (!fork->response)
        return OMSP_NOMEM;
    memcpy(fork->response + fork->response_len, bytes.ptr, len);
    fork->response_len += len;
    return OMSP_OK;
}

enum omsp_status omsp_fork_answer(struct omsp_fork *fork, struct omsp_span *bytes, int *http_status)
{
    size_t before = fork->response_len, used = 0;
    struct omsp_span answer = *bytes; /* in one piece, as most are, it is not copied */
    enum omsp_status status;

    if (before) {
        keep_answer(fork, *bytes); /* has its memory */
        answer = omsp_span(fork->response, fork->response_len);
    }
    status = omsp_ws_check_response(answer, fork->accept, &used, http_status);
    if (status == OMSP_MORE) {
        if (!before)
            status = keep_answer(fork, *bytes) ? OMSP_NOMEM : OMSP_MORE;
        *bytes = omsp_span(NULL, 0);
        return status;
    }
    omsp_fork_drop_answer(fork);
    if (!status) /* what came before was not whole: the end lies in these bytes */
        *bytes = omsp_span(bytes->ptr + (used - before), bytes->len - (used - before));
    return status;
}

enum omsp_status omsp_fork_note_start(struct omsp_fork *fork)
{
    struct omsp_ms_start start = {
        .account_sid = fork->links->account_sid,
        .stream_sid = fork->sid,
        .call_sid = fork->call->sid,
        .tracks = fork->tracks_wanted,
        .encoding = omsp_stream_encoding_name(fork->format.encoding),
        .rate = fork->format.rate,
        .channels = 1,
        .params = fork->params,
        .param_count = fork->param_count,
    };
    struct omsp_text text;
    enum omsp_status status;
    char connected[128], small[SMALL_START], *storage = small;

    omsp_text_init(&text, connected, sizeof(connected));
    omsp_ms_put_connected(&text);
    status = omsp_fork_note(fork, OMSP_WS_TEXT, connected, text.len);
    if (status)
        return status;
    omsp_text_init(&text, NULL, 0);
    omsp_ms_put_start(&text, fork->sequence + 1, &start);
    if (text.need >= sizeof(small))
        storage = omsp_alloc(text.need + 1);
    if (!storage)
        return OMSP_NOMEM;
    omsp_text_init(&text, storage, text.need + 1);
    omsp_ms_put_start(&text, ++fork->sequence, &start);
    status = omsp_fork_note(fork, OMSP_WS_TEXT, storage, text.len);
    if (storage != small)
        omsp_free(storage);
    return status;
}
