/*
 * Status callbacks (spec 2.7): one after the other per stream, on the HTTP port's own thread;
 * neither media nor a stop waits for them. Once sent it is never retried; one that could not be
 * sent, for want of memory or because too many are under way, is tried again every half second.
 */
#include "engine/fork_state.h"

#include "base/alloc.h"
#include "base/log.h"
#include "port/crypto.h"
#include "wire/base64.h"

#include <stdio.h>
#include <string.h>

#define MAX_FIELDS 7
#define MAX_BODY   2048
#define RETRY_US   500000

static const char *const event_names[] = {"stream-started", "stream-stopped", "stream-error"};

void omsp_fork_tell(struct omsp_fork *fork, enum omsp_fork_event event, int error)
{
    const struct omsp_ports *ports = fork->links->engine->ports;
    unsigned place = fork->callback_count;

    if (!fork->callback_url)
        return;
    if (event == OMSP_CALLBACK_STARTED)
        fork->callbacks_muted = place + 2 > OMSP_FORK_MAX_CALLBACKS;
    else if (!fork->callbacks_muted && place == OMSP_FORK_MAX_CALLBACKS)
        fork->callbacks_muted = true;
    if (fork->callbacks_muted) {
        omsp_log(OMSP_LOG_WARNING, "11200: stream %s: %s is not told: %u callbacks wait already",
                 fork->sid, event_names[event], place);
        /* The next one begins anew: a started stream is told with its end or not at all. */
        fork->callbacks_muted = event == OMSP_CALLBACK_STARTED;
        return;
    }
    fork->callbacks[place].event = event;
    fork->callbacks[place].error = error;
    fork->callbacks[place].at_us = ports->wall_us(ports->ctx);
    memcpy(fork->callbacks[place].sid, fork->sid, sizeof(fork->sid));
    fork->callback_count++;
}

static const char *words_of(int error)
{
    switch (error) {
    case OMSP_FORK_TIMEOUT:
        return "31901 connection timed out";
    case OMSP_FORK_REFUSED:
        return "31902 connection refused";
    case OMSP_FORK_BROKEN:
        return "31903 connection broken";
    case OMSP_FORK_TLS:
        return "31910 TLS error";
    case OMSP_FORK_HANDSHAKE:
        return "31920 WebSocket handshake failed";
    case OMSP_FORK_CLOSED:
        return "31921 stream closed by the server";
    case OMSP_FORK_PROTOCOL:
        return "31924 WebSocket protocol error";
    default:
        return "31903 stream error";
    }
}

/* ISO 8601 in UTC with nine digits of fraction, as captured (spec 2.7). Days to a date after Howard
 * Hinnant's civil_from_days. */
static void put_timestamp(char *out, size_t room, int64_t unix_us)
{
    int64_t seconds = unix_us / 1000000, micros = unix_us % 1000000, days, z, era;
    unsigned doe, yoe, doy, mp, day, month;
    int rest;

    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    days = seconds / 86400;
    rest = (int)(seconds % 86400);
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    z = days + 719468;
    era = (z >= 0 ? z : z - 146096) / 146097;
    doe = (unsigned)(z - era * 146097);
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    day = doy - (153 * mp + 2) / 5 + 1;
    month = mp < 10 ? mp + 3 : mp - 9;
    snprintf(out, room, "%04d-%02u-%02uT%02d:%02d:%02d.%06d000Z",
             (int)((int64_t)yoe + era * 400 + (month <= 2)), month, day, rest / 3600,
             rest / 60 % 60, rest % 60, (int)micros);
}

static void on_done(void *owner, int http_status)
{
    struct omsp_fork *fork = owner;

    if (http_status < 200 || http_status > 299)
        omsp_log(OMSP_LOG_WARNING, "11200: stream %s: status callback answered %d",
                 fork->callback_now.sid, http_status);
    omsp_lock_acquire(&fork->lock);
    fork->callback_busy = false;
    omsp_lock_release(&fork->lock);
    omsp_fork_send_callbacks(fork);
    omsp_timers_unreserve(&fork->links->timers, &fork->callback_timer);
    omsp_fork_unref(fork);
}

/* OMSP_NOMEM. */
static enum omsp_status put_signature(struct omsp_fork *fork, const char *url,
                                      struct omsp_form_field *fields, unsigned count, char *out,
                                      size_t room)
{
    const char *token = fork->links->auth_token;
    char encoded[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES) + 1];
    uint8_t digest[OMSP_SHA1_BYTES];
    enum omsp_status status;
    struct omsp_text text;
    char *storage;

    omsp_text_init(&text, NULL, 0);
    omsp_form_signed_text(&text, url, fields, count);
    storage = omsp_alloc(text.need + 1);
    if (!storage)
        return OMSP_NOMEM;
    omsp_text_init(&text, storage, text.need + 1);
    omsp_form_signed_text(&text, url, fields, count);
    status = omsp_hmac_sha1(token, strlen(token), storage, text.len, digest);
    omsp_free(storage);
    if (status)
        return status;
    omsp_base64_encode(encoded, digest, sizeof(digest));
    encoded[OMSP_BASE64_CHARS(OMSP_SHA1_BYTES)] = '\0';
    snprintf(out, room, "X-Twilio-Signature: %s", encoded);
    return OMSP_OK;
}

/* The URL that is dialled and signed: without fragment, which is no server's, and without user. */
static void put_url(struct omsp_text *text, const struct omsp_url *url)
{
    omsp_text_puts(text, url->scheme == OMSP_SCHEME_HTTPS ? "https://" : "http://");
    omsp_url_put_host(text, url);
    if (url->port_given)
        omsp_text_printf(text, ":%u", (unsigned)url->port);
    omsp_url_put_path(text, url, true);
}

/* A header for user:password of the URL, percent-decoded; for omsp_free. NULL: no memory. */
static char *make_authorization(struct omsp_span user)
{
    static const char head[] = "Authorization: Basic ";
    char *header = omsp_alloc(sizeof(head) + OMSP_BASE64_CHARS(user.len + 1));
    char *plain = omsp_alloc(user.len + 2);
    size_t len = 0;

    for (size_t i = 0; header && plain && i < user.len; i++) {
        unsigned c = user.ptr[i];

        if (c == '%') {
            c = (unsigned)omsp_url_hex((char)user.ptr[i + 1]) << 4 |
                (unsigned)omsp_url_hex((char)user.ptr[i + 2]);
            i += 2;
        }
        plain[len++] = (char)c;
    }
    if (header && plain) {
        if (!memchr(user.ptr, ':', user.len))
            plain[len++] = ':'; /* no password is an empty one */
        memcpy(header, head, sizeof(head) - 1);
        omsp_base64_encode(header + sizeof(head) - 1, (const uint8_t *)plain, len);
        header[sizeof(head) - 1 + OMSP_BASE64_CHARS(len)] = '\0';
    } else {
        omsp_free(header);
        header = NULL;
    }
    omsp_free(plain);
    return header;
}

static enum omsp_status send_one(struct omsp_fork *fork)
{
    const enum omsp_fork_event event = fork->callback_now.event;
    const char *sid = fork->callback_now.sid;
    char timestamp[48], body[MAX_BODY], signature[96];
    struct omsp_form_field fields[MAX_FIELDS] = {
        {"AccountSid", fork->links->account_sid},
        {"CallSid", fork->call->sid},
        {"StreamSid", sid},
        {"StreamName", fork->name ? fork->name : sid},
        {"StreamEvent", event_names[event]},
        {"Timestamp", timestamp},
        {"StreamError", words_of(fork->callback_now.error)},
    };
    unsigned count = event == OMSP_CALLBACK_ERROR ? MAX_FIELDS : MAX_FIELDS - 1;
    const char *headers[4] = {"User-Agent: TwilioProxy/1.1"};
    struct omsp_http_request request = {
        .post = !fork->callback_get,
        .headers = headers,
        .header_count = 1,
        .ca_file = fork->links->ca_file,
        .timeout_ms = fork->links->callback_ms,
        .on_done = on_done,
        .owner = fork,
    };
    size_t url_room = 3 * strlen(fork->callback_url) + MAX_BODY + 2;
    char *dialled, *authorization = NULL;
    struct omsp_text text;
    struct omsp_url url;
    enum omsp_status status = omsp_url_parse_user(fork->callback_url, &url);

    if (!fork->links->http)
        return OMSP_SHUTDOWN; /* the engine's end did not wait for it */
    if (status)
        return status;
    dialled = omsp_alloc(url_room);
    if (dialled && url.user.len)
        authorization = make_authorization(url.user);
    if (!dialled || (url.user.len && !authorization)) {
        omsp_free(dialled);
        return OMSP_NOMEM;
    }
    put_timestamp(timestamp, sizeof(timestamp), fork->callback_now.at_us);
    omsp_text_init(&text, body, sizeof(body));
    omsp_form_put(&text, fields, count);
    omsp_text_init(&text, dialled, url_room);
    put_url(&text, &url);
    if (fork->callback_get) {
        omsp_text_puts(&text, url.has_query ? "&" : "?");
        omsp_text_puts(&text, body);
    } else {
        request.body = body;
        headers[request.header_count++] = "Content-Type: application/x-www-form-urlencoded";
    }
    request.url = dialled;
    if (authorization)
        headers[request.header_count++] = authorization;
    if (fork->links->auth_token) {
        status = put_signature(fork, dialled, fields, fork->callback_get ? 0 : count, signature,
                               sizeof(signature));
        headers[request.header_count++] = signature;
    }
    if (!status)
        status = fork->links->http->send(fork->links->http, &request);
    omsp_free(dialled);
    omsp_free(authorization);
    return status;
}

/* The next one is under way; false: there is none, or another is. */
static bool begin(struct omsp_fork *fork)
{
    bool begun;

    omsp_lock_acquire(&fork->lock);
    begun = !fork->callback_busy && fork->callback_count;
    if (begun) {
        fork->callback_now = fork->callbacks[0];
        memmove(&fork->callbacks[0], &fork->callbacks[1],
                (OMSP_FORK_MAX_CALLBACKS - 1) * sizeof(fork->callbacks[0]));
        fork->callback_count--;
        fork->callback_busy = true;
    }
    omsp_lock_release(&fork->lock);
    return begun;
}

/* Takes a reference. */
static void starve(struct omsp_fork *fork)
{
    struct omsp_links *links = fork->links;
    bool first;

    omsp_lock_acquire(&links->lock);
    first = omsp_list_empty(&links->starved);
    omsp_list_insert(&links->starved, &fork->starved);
    omsp_lock_release(&links->lock);
    if (first)
        omsp_links_arm(links, &links->retry,
                       links->engine->ports->now_us(links->engine->ports->ctx) + RETRY_US);
}

/* With a reference: under way it keeps the fork, and the link thread's end waits for it. */
static void send_begun(struct omsp_fork *fork)
{
    do {
        enum omsp_status status = omsp_timers_reserve(&fork->links->timers);

        if (!status) {
            status = send_one(fork);
            if (!status)
                return;
            omsp_timers_unreserve(&fork->links->timers, &fork->callback_timer);
        }
        if (status == OMSP_NOMEM || status == OMSP_FULL) {
            starve(fork);
            return;
        }
        omsp_log(OMSP_LOG_WARNING, "11200: stream %s: status callback could not be sent",
                 fork->callback_now.sid);
        omsp_lock_acquire(&fork->lock);
        fork->callback_busy = false;
        omsp_lock_release(&fork->lock);
    } while (begin(fork));
    omsp_fork_unref(fork);
}

void omsp_fork_send_callbacks(struct omsp_fork *fork)
{
    if (!begin(fork))
        return;
    omsp_fork_ref(fork);
    send_begun(fork);
}

void omsp_fork_retry_callbacks(struct omsp_timer *timer, uint64_t now_us)
{
    struct omsp_links *links = omsp_container(timer, struct omsp_links, retry);
    struct omsp_link all;

    (void)now_us;
    omsp_list_init(&all);
    omsp_lock_acquire(&links->lock);
    while (!omsp_list_empty(&links->starved)) {
        struct omsp_link *link = links->starved.next;

        omsp_list_remove(link);
        omsp_list_insert(&all, link);
    }
    omsp_lock_release(&links->lock);
    while (!omsp_list_empty(&all)) {
        struct omsp_fork *fork = omsp_container(all.next, struct omsp_fork, starved);

        omsp_list_remove(&fork->starved);
        send_begun(fork);
    }
}
