/* The played engine behind a REST server. Its functions run on the server's threads; rig->lock. */
#include "support/rest_rig.h"

#include "port/ports.h"

#include <stdio.h>
#include <string.h>

/* Calls and streams are rows of the rig; the engine is the rig. */
static struct rest_rig *current;

static uint64_t play_now(const struct omsp_engine *engine)
{
    const struct omsp_ports *ports = omsp_system_ports();

    ck_assert_ptr_eq(engine, (struct omsp_engine *)current);
    return ports->now_us(ports->ctx);
}

static void count(int by)
{
    omsp_lock_acquire(&current->lock);
    current->references += by;
    omsp_lock_release(&current->lock);
}

static struct omsp_call *play_find_call(struct omsp_engine *engine, const char *sid)
{
    ck_assert_ptr_eq(engine, (struct omsp_engine *)current);
    if (strcmp(sid, REST_CALL) != 0)
        return NULL;
    count(1);
    return (struct omsp_call *)current;
}

static void play_release_call(struct omsp_call *call)
{
    ck_assert_ptr_eq(call, (struct omsp_call *)current);
    count(-1);
}

static void keep(char *room, size_t size, const char *text)
{
    snprintf(room, size, "%s", text ? text : "(none)");
}

static enum omsp_status play_fork(struct omsp_call *call, const struct omsp_fork_options *options,
                                  enum omsp_cause cause, int *error, struct omsp_stream **out)
{
    struct rest_rig *rig = (struct rest_rig *)call;
    enum omsp_status status;
    struct rest_stream *stream;

    omsp_lock_acquire(&rig->lock);
    keep(rig->url, sizeof(rig->url), options->url);
    keep(rig->name, sizeof(rig->name), options->name);
    keep(rig->callback, sizeof(rig->callback), options->callback_url);
    keep(rig->authorization, sizeof(rig->authorization), options->authorization);
    rig->callback_get = options->callback_get;
    rig->tracks = options->tracks;
    rig->cause = cause;
    rig->params[0] = 0;
    for (unsigned i = 0; i < options->param_count; i++) {
        size_t at = strlen(rig->params);

        snprintf(rig->params + at, sizeof(rig->params) - at, "[%s=%s]", options->params[i].name,
                 options->params[i].value);
    }
    rig->held = true;
    omsp_cond_broadcast(&rig->changed);
    while (rig->hold)
        omsp_cond_wait(&rig->changed, &rig->lock, 100000);
    rig->held = false;
    status = rig->fork_answer;
    *error = rig->fork_error;
    if (status == OMSP_OK && rig->stream_count == REST_MAX_STREAMS)
        status = OMSP_FULL;
    if (status == OMSP_OK) {
        stream = &rig->streams[rig->stream_count++];
        memset(stream, 0, sizeof(*stream));
        snprintf(stream->info.sid, sizeof(stream->info.sid), "MZ%032x", rig->stream_count + 0xab00);
        memcpy(stream->info.call_sid, REST_CALL, sizeof(REST_CALL));
        keep(stream->info.name, sizeof(stream->info.name), options->name ? options->name : "");
        stream->info.tracks = options->tracks;
        stream->info.updated_us = INT64_C(1724630400000000);
        rig->references++;
        *out = (struct omsp_stream *)stream;
    }
    omsp_lock_release(&rig->lock);
    return status;
}

static struct omsp_stream *play_find_fork(struct omsp_call *call, const char *sid_or_name)
{
    struct rest_rig *rig = (struct rest_rig *)call;
    struct rest_stream *found = NULL;

    omsp_lock_acquire(&rig->lock);
    for (unsigned i = 0; i < rig->stream_count; i++)
        if (omsp_sid_equal(rig->streams[i].info.sid, sid_or_name))
            found = &rig->streams[i];
    for (unsigned i = rig->stream_count; !found && i > 0; i--)
        if (strcmp(rig->streams[i - 1].info.name, sid_or_name) == 0)
            found = &rig->streams[i - 1];
    rig->references += found != NULL;
    omsp_lock_release(&rig->lock);
    return (struct omsp_stream *)found;
}

static unsigned play_forks(struct omsp_call *call, struct omsp_stream **out, unsigned room)
{
    struct rest_rig *rig = (struct rest_rig *)call;
    unsigned n;

    omsp_lock_acquire(&rig->lock);
    for (n = 0; n < rig->stream_count && n < room; n++)
        out[n] = (struct omsp_stream *)&rig->streams[n];
    rig->references += (int)n;
    omsp_lock_release(&rig->lock);
    return n;
}

static void play_release_stream(struct omsp_stream *stream)
{
    ck_assert_ptr_nonnull(stream);
    count(-1);
}

static enum omsp_status move(struct omsp_stream *stream, enum omsp_fork_state to,
                             enum omsp_cause cause)
{
    struct rest_stream *row = (struct rest_stream *)stream;

    ck_assert_int_eq(cause, OMSP_CAUSE_REMOTE_REQUEST);
    omsp_lock_acquire(&current->lock);
    row->starts += to == OMSP_FORK_OPEN;
    row->pauses += to == OMSP_FORK_PAUSED;
    row->stops += to == OMSP_FORK_STOPPED;
    row->info.state = to;
    omsp_lock_release(&current->lock);
    return OMSP_OK;
}

static enum omsp_status play_start(struct omsp_stream *stream, enum omsp_cause cause)
{
    return move(stream, OMSP_FORK_OPEN, cause);
}

static enum omsp_status play_pause(struct omsp_stream *stream, enum omsp_cause cause)
{
    return move(stream, OMSP_FORK_PAUSED, cause);
}

static enum omsp_status play_stop(struct omsp_stream *stream, enum omsp_cause cause)
{
    return move(stream, OMSP_FORK_STOPPED, cause);
}

static enum omsp_status play_info(struct omsp_stream *stream, struct omsp_fork_info *out)
{
    omsp_lock_acquire(&current->lock);
    *out = ((struct rest_stream *)stream)->info;
    omsp_lock_release(&current->lock);
    return OMSP_OK;
}

static const struct omsp_rest_calls played = {
    play_now,       play_find_call, play_release_call,   play_fork,
    play_find_fork, play_forks,     play_release_stream, play_start,
    play_pause,     play_stop,      play_info,
};

void rest_rig_init(struct rest_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    omsp_lock_init(&rig->lock);
    omsp_cond_init(&rig->changed);
    rig->config.listen = "127.0.0.1:0";
    rig->config.account_sid = REST_ACCOUNT;
    rig->config.auth_tokens[0] = REST_TOKEN;
    rig->config.keys[0].sid = REST_KEY;
    rig->config.keys[0].secret = REST_SECRET;
    rig->config.key_count = 1;
    current = rig;
}

enum omsp_status rest_rig_try(struct rest_rig *rig, const struct omsp_rest_config *config,
                              struct omsp_rest_server **out)
{
    return omsp_rest_start_with(&played, (struct omsp_engine *)rig, config, out);
}

void rest_rig_start(struct rest_rig *rig)
{
    ck_assert_int_eq(rest_rig_try(rig, &rig->config, &rig->server), OMSP_OK);
    http_open(&rig->client, omsp_rest_address(rig->server));
}

void rest_rig_end(struct rest_rig *rig)
{
    if (rig->server) {
        http_close(&rig->client);
        omsp_rest_stop(rig->server);
    }
    ck_assert_int_eq(rig->references, 0);
    omsp_cond_destroy(&rig->changed);
    omsp_lock_destroy(&rig->lock);
    current = NULL;
}

struct http_answer rest_ask(struct rest_rig *rig, const char *method, const char *path,
                            const char *body, int status)
{
    char head[2048];
    struct http_answer answer;

    snprintf(head, sizeof(head),
             "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: " REST_BASIC "\r\n"
             "Accept: application/json\r\nContent-Type: " REST_FORM
             "\r\nContent-Length: %u\r\n\r\n",
             method, path, body ? (unsigned)strlen(body) : 0);
    http_puts(&rig->client, head);
    if (body)
        http_puts(&rig->client, body);
    ck_assert_msg(http_read(&rig->client, &answer, strcmp(method, "HEAD") == 0),
                  "no answer to %s %s", method, path);
    ck_assert_msg(answer.status == status, "%s %s: %d instead of %d: %s", method, path,
                  answer.status, status, answer.body);
    if (status >= 400 && strcmp(method, "HEAD") != 0)
        rest_check_error(&answer, 0);
    return answer;
}

void rest_expect(struct rest_rig *rig, const char *method, const char *path, const char *body,
                 int status, const char *want)
{
    struct http_answer answer = rest_ask(rig, method, path, body, status);

    ck_assert_msg(strstr(answer.body, want) != NULL, "%s is not in %s", want, answer.body);
    http_free(&answer);
}

void rest_check_error(const struct http_answer *answer, int code)
{
    char want[128], text[512] = "", url[128];
    int got_code, got_status, url_code, end = 0;

    ck_assert(http_has(answer, "Content-Type", "application/json"));
    ck_assert(http_has(answer, "Access-Control-Allow-Methods", NULL));
    ck_assert(!strstr(answer->body, REST_TOKEN) && !strstr(answer->head, REST_TOKEN));
    ck_assert_msg(sscanf(answer->body,
                         "{\"code\":%d,\"message\":\"%511[^\"]\",\"more_info\":\"%127[^\"]\","
                         "\"status\":%d}%n",
                         &got_code, text, url, &got_status, &end) == 4 &&
                      (size_t)end == answer->body_len,
                  "no error in proper form: %s", answer->body);
    ck_assert_int_eq(sscanf(url, "https://www.twilio.com/docs/errors/%d", &url_code), 1);
    ck_assert_int_eq(url_code, got_code);
    ck_assert_int_eq(got_status, answer->status);
    if (code) {
        snprintf(want, sizeof(want), "{\"code\":%d,", code);
        ck_assert_msg(strncmp(answer->body, want, strlen(want)) == 0, "%s instead of %d",
                      answer->body, code);
    }
}

void rest_expect_raw(struct rest_rig *rig, const char *request, int status, int code)
{
    struct http_answer answer;

    http_puts(&rig->client, request);
    ck_assert_msg(http_read(&rig->client, &answer, false), "no answer to %.300s", request);
    ck_assert_msg(answer.status == status, "%d instead of %d to %.300s: %s", answer.status, status,
                  request, answer.body);
    if (code)
        rest_check_error(&answer, code);
    if (http_has(&answer, "Connection", "close")) {
        ck_assert(http_ends(&rig->client));
        http_close(&rig->client);
        http_open(&rig->client, omsp_rest_address(rig->server));
    }
    http_free(&answer);
}
