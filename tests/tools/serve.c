/*
 * omsp-serve --calls N --rtp-ports A-B --rest IP:PORT --account AC… --token-file FILE [options]
 *
 * What `openmsp.exe serve` is on Windows, over the same engine and the same REST server, natively:
 * N connected calls that listen for RTP and whose media streams the Stream resource starts and
 * stops. Here so that real clients can be held against a sanitized build. Nothing of COM. One
 * thread of its own, which waits for signals and events; SIGTERM and SIGINT end it in good order.
 *
 *   --api-key SK…:SECRET  may come up to sixteen times
 *   --ca FILE             private CA of consumers and callbacks, PEM
 *   --extensions          what is beyond Twilio
 *   --codec pcmu|pcma     what the calls send
 *   --play FILE.wav       what every far end hears
 *   --twiml FILE.xml      carried out on every call once it is connected
 *   --reconnects N        of streams that do not say
 *   --encoding E, --sample-rate R  likewise
 *   --json                said for likeness' sake: the output always is one JSON object a line
 *
 * Exit status: 0 ended by a signal, 1 failed, 2 wrong usage.
 */
#include "engine/fork.h"
#include "rest/server.h"

#include "base/alloc.h"
#include "base/log.h"
#include "wire/twiml.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAX_CALLS    1000
#define MAX_TWIML    65536
#define DISCARD_PORT 9 /* no address: the calls send to whoever sends to them */

struct arguments {
    unsigned calls, first_port, last_port, reconnects, sample_rate;
    const char *encoding;
    struct omsp_stream_format format;
    const char *token_file, *ca_file, *play, *twiml_file;
    uint8_t codec;
    struct omsp_rest_config rest;
    char token[OMSP_REST_SECRET_MAX + 1];
    char twiml[MAX_TWIML + 1];
    size_t twiml_len;
};

struct hosted {
    struct omsp_call *call;
    struct omsp_terminal *player, *track;
};

struct host {
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_rest_server *rest;
    struct hosted calls[MAX_CALLS];
    unsigned count;
    uint64_t began_us;
    int wake;
};

static bool failed(enum omsp_status status, const char *what)
{
    if (status)
        fprintf(stderr, "omsp-serve: %s: %s\n", what, omsp_status_words(status));
    return status != OMSP_OK;
}

/* ---- command line -----------------------------------------------------------------------------
 */

static bool parse_ports(struct arguments *args, const char *text)
{
    char rest;

    return sscanf(text, "%u-%u%c", &args->first_port, &args->last_port, &rest) == 2 &&
           args->first_port > 0 && args->first_port % 2 == 0 &&
           args->last_port > args->first_port && args->last_port <= 65535;
}

static bool add_key(struct arguments *args, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon || args->rest.key_count == OMSP_REST_MAX_KEYS)
        return false;
    *colon = '\0';
    args->rest.keys[args->rest.key_count].sid = text;
    args->rest.keys[args->rest.key_count++].secret = colon + 1;
    return true;
}

static bool take(struct arguments *args, const char *name, char *value)
{
    char rest;

    if (!strcmp(name, "--calls"))
        return sscanf(value, "%u%c", &args->calls, &rest) == 1 && args->calls > 0 &&
               args->calls <= MAX_CALLS;
    if (!strcmp(name, "--reconnects"))
        return sscanf(value, "%u%c", &args->reconnects, &rest) == 1;
    if (!strcmp(name, "--sample-rate"))
        return sscanf(value, "%u%c", &args->sample_rate, &rest) == 1;
    if (!strcmp(name, "--rtp-ports"))
        return parse_ports(args, value);
    if (!strcmp(name, "--rest"))
        args->rest.listen = value;
    else if (!strcmp(name, "--account"))
        args->rest.account_sid = value;
    else if (!strcmp(name, "--token-file"))
        args->token_file = value;
    else if (!strcmp(name, "--encoding"))
        args->encoding = value;
    else if (!strcmp(name, "--ca"))
        args->ca_file = value;
    else if (!strcmp(name, "--play"))
        args->play = value;
    else if (!strcmp(name, "--twiml"))
        args->twiml_file = value;
    else if (!strcmp(name, "--api-key"))
        return add_key(args, value);
    else if (!strcmp(name, "--codec") && !strcasecmp(value, "pcma"))
        args->codec = 8;
    else if (strcmp(name, "--codec") || strcasecmp(value, "pcmu"))
        return false;
    return true;
}

/* At most room - 1 bytes, terminated. */
static bool read_file(const char *path, char *out, size_t room, size_t *len)
{
    FILE *file = fopen(path, "rb");
    bool good;

    if (!file)
        return false;
    *len = fread(out, 1, room - 1, file);
    out[*len] = '\0';
    good = !ferror(file) && fgetc(file) == EOF;
    fclose(file);
    return good;
}

static bool parse(struct arguments *args, int argc, char **argv)
{
    size_t len;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            continue;
        if (!strcmp(argv[i], "--extensions")) {
            args->rest.extensions = true;
        } else if (i + 1 == argc || !take(args, argv[i], argv[i + 1])) {
            fprintf(stderr, "omsp-serve: %s is unknown or lacks a good value\n", argv[i]);
            return false;
        } else {
            i++;
        }
    }
    if (!args->calls || !args->first_port || !args->rest.listen || !args->rest.account_sid ||
        !args->token_file) {
        fprintf(stderr, "omsp-serve: --calls, --rtp-ports, --rest, --account and --token-file "
                        "are needed\n");
        return false;
    }
    if (omsp_stream_format_read(args->encoding, args->sample_rate, &args->format)) {
        fprintf(stderr, "omsp-serve: --encoding and --sample-rate do not go together\n");
        return false;
    }
    if (args->calls > (args->last_port - args->first_port + 1) / 2) {
        fprintf(stderr, "omsp-serve: --rtp-ports has no room for two ports a call\n");
        return false;
    }
    if (!read_file(args->token_file, args->token, sizeof(args->token), &len)) {
        fprintf(stderr, "omsp-serve: %s: %s\n", args->token_file,
                errno ? strerror(errno) : "too long");
        return false;
    }
    args->token[strcspn(args->token, "\r\n")] = '\0';
    args->rest.auth_tokens[0] = args->token;
    if (args->twiml_file &&
        !read_file(args->twiml_file, args->twiml, sizeof(args->twiml), &args->twiml_len)) {
        fprintf(stderr, "omsp-serve: %s cannot be read\n", args->twiml_file);
        return false;
    }
    return true;
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void on_signal(void *ctx)
{
    struct host *host = ctx;
    uint64_t one = 1;

    if (write(host->wake, &one, sizeof(one)) != sizeof(one))
        abort(); /* the counter cannot be full: it is read at every turn */
}

static void on_log(void *ctx, enum omsp_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "omsp-serve: %s\n", line);
}

/* "capture", "render", or a media stream's SID. */
static void name_stream(struct omsp_call *call, uint32_t id, char *out, size_t room)
{
    struct omsp_stream *streams[64];
    unsigned count = omsp_call_stream_count(call);

    snprintf(out, room, "%s", "");
    for (unsigned i = 0; i < count; i++) {
        struct omsp_stream *stream = omsp_call_stream_at(call, i);

        if (stream && omsp_stream_id(stream) == id && !omsp_stream_is_fork(stream))
            snprintf(out, room, "%s",
                     omsp_stream_direction(stream) == OMSP_RENDER ? "render" : "capture");
        if (stream)
            omsp_stream_release(stream);
    }
    count = omsp_call_forks(call, streams, 64);
    for (unsigned i = 0; i < count; i++) {
        struct omsp_fork_info info;

        if (omsp_stream_id(streams[i]) == id && !omsp_stream_fork_info(streams[i], &info))
            snprintf(out, room, "%s", info.sid);
        omsp_stream_release(streams[i]);
    }
}

static void tell(struct host *host, const struct omsp_event *event)
{
    static const char *const events[] = {
        "CME_NEW_STREAM",      "CME_STREAM_FAIL",   "CME_TERMINAL_FAIL",
        "CME_STREAM_NOT_USED", "CME_STREAM_ACTIVE", "CME_STREAM_INACTIVE",
    };
    static const char *const causes[] = {
        "CMC_UNKNOWN",        "CMC_BAD_DEVICE",    "CMC_CONNECT_FAIL",    "CMC_LOCAL_REQUEST",
        "CMC_REMOTE_REQUEST", "CMC_MEDIA_TIMEOUT", "CMC_MEDIA_RECOVERED", "CMC_QUALITY_OF_SERVICE",
    };
    unsigned i = 0;
    char stream[64];

    while (i < host->count && omsp_call_id(host->calls[i].call) != event->call)
        i++;
    if (event->kind != OMSP_EVENT_CALL || i == host->count)
        return;
    name_stream(host->calls[i].call, event->stream, stream, sizeof(stream));
    printf("{\"type\":\"event\",\"event\":\"%s\",\"cause\":\"%s\",\"call\":\"%s\","
           "\"stream\":\"%s\",\"error\":\"%s\",\"t_ms\":%llu}\n",
           events[event->type], causes[event->cause], omsp_call_sid(host->calls[i].call), stream,
           omsp_status_name(event->error),
           (unsigned long long)((event->at_us - host->began_us) / 1000));
}

static void tell_all(struct host *host)
{
    struct omsp_event event;

    while (!omsp_listener_take(host->listener, NULL, NULL, &event)) {
        tell(host, &event);
        omsp_free(event.blob);
    }
    fflush(stdout);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static enum omsp_status play(struct host *host, struct hosted *hosted, const char *path)
{
    struct omsp_stream *capture = omsp_call_stream_at(hosted->call, 0);
    enum omsp_status status = omsp_file_player_create(host->address, &hosted->player);

    if (!status)
        status = omsp_file_player_set_list(hosted->player, &path, 1);
    if (!status && omsp_file_tracks(hosted->player, &hosted->track, 1) != 1)
        status = OMSP_NOTFOUND;
    if (!status)
        status = omsp_stream_select(capture, hosted->track);
    if (!status)
        status = omsp_file_start(hosted->player);
    omsp_stream_release(capture);
    return status;
}

static enum omsp_status carry_out(void *ctx, const struct omsp_twiml_stream *stream)
{
    struct omsp_call *call = ctx;
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    struct omsp_fork_options options = {
        .url = stream->url,
        .name = stream->name,
        .tracks = OMSP_TRACK_INBOUND,
        .params = params,
        .callback_url = stream->status_callback,
        .bidirectional = stream->verb == OMSP_TWIML_CONNECT,
    };
    struct omsp_stream *made;
    enum omsp_status status;

    if (stream->verb == OMSP_TWIML_STOP) {
        made = omsp_call_find_fork(call, stream->name);
        status = made ? omsp_stream_stop(made, OMSP_CAUSE_LOCAL_REQUEST) : OMSP_NOTFOUND;
    } else {
        if (stream->track && !strcmp(stream->track, "outbound_track"))
            options.tracks = OMSP_TRACK_OUTBOUND;
        else if (stream->track && !strcmp(stream->track, "both_tracks"))
            options.tracks = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
        options.callback_get =
            stream->status_callback_method && !strcasecmp(stream->status_callback_method, "GET");
        for (; options.param_count < stream->param_count; options.param_count++) {
            params[options.param_count].name = stream->params[options.param_count].name;
            params[options.param_count].value = stream->params[options.param_count].value;
        }
        status = omsp_call_fork(call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &made);
    }
    if (!status)
        omsp_stream_release(made);
    return status;
}

static bool open_call(struct host *host, const struct arguments *args)
{
    struct hosted *hosted = &host->calls[host->count];
    struct omsp_addr peer = {.family = 4, .port = DISCARD_PORT};
    struct omsp_addr local = {.family = 4, .ip = {127, 0, 0, 1}};
    struct omsp_twiml_visitor visitor = {.stream = carry_out};
    char text[64];

    local.port = (uint16_t)(args->first_port + host->count * 2);
    if (failed(omsp_call_create(host->address, OMSP_MEDIA_AUDIO, host->count + 1, &hosted->call),
               "no call"))
        return false;
    host->count++;
    if (failed(omsp_call_bind(hosted->call, &local), "--rtp-ports"))
        return false;
    if (failed(omsp_call_set_reconnects(hosted->call, args->reconnects), "--reconnects") ||
        failed(omsp_call_set_format(hosted->call, &args->format), "--encoding"))
        return false;
    if (args->play && failed(play(host, hosted, args->play), args->play))
        return false;
    if (failed(omsp_call_set_peer(hosted->call, &peer, args->codec), "connecting"))
        return false;
    visitor.ctx = hosted->call;
    if (args->twiml_file &&
        failed(omsp_twiml_parse(omsp_span((const uint8_t *)args->twiml, args->twiml_len), &visitor),
               args->twiml_file))
        return false;
    omsp_addr_text(&local, text, sizeof(text));
    printf("{\"type\":\"ready\",\"call\":\"%s\",\"listen\":\"%s\"}\n", omsp_call_sid(hosted->call),
           text);
    return true;
}

static bool open_host(struct host *host, struct arguments *args)
{
    struct omsp_fork_settings settings = {
        .account_sid = args->rest.account_sid,
        .auth_token = args->token,
        .ca_file = args->ca_file,
    };

    if (failed(omsp_engine_create(omsp_system_ports(), NULL, &host->engine), "no engine") ||
        failed(omsp_engine_set_forks(host->engine, &settings), "--account") ||
        failed(omsp_address_create(host->engine, &host->address), "no address") ||
        failed(omsp_address_listen(host->address, on_signal, host, &host->listener), "no events"))
        return false;
    host->began_us = omsp_engine_now_us(host->engine);
    while (host->count < args->calls)
        if (!open_call(host, args))
            return false;
    if (failed(omsp_rest_start(host->engine, &args->rest, &host->rest), "--rest"))
        return false;
    printf("{\"type\":\"rest\",\"url\":\"http://%s\"}\n", omsp_rest_address(host->rest));
    fflush(stdout);
    return true;
}

static void close_host(struct host *host)
{
    omsp_rest_stop(host->rest);
    for (unsigned i = 0; i < host->count; i++)
        omsp_call_disconnect(host->calls[i].call, OMSP_CAUSE_LOCAL_REQUEST);
    if (host->listener)
        tell_all(host);
    for (unsigned i = 0; i < host->count; i++) {
        omsp_call_shutdown(host->calls[i].call);
        if (host->calls[i].track)
            omsp_terminal_release(host->calls[i].track);
        if (host->calls[i].player)
            omsp_terminal_release(host->calls[i].player);
        omsp_call_release(host->calls[i].call);
    }
    if (host->listener)
        omsp_listener_close(host->listener);
    if (host->address) {
        omsp_address_shutdown(host->address);
        omsp_address_release(host->address);
    }
    if (host->engine)
        omsp_engine_destroy(host->engine);
}

static void run(struct host *host, int signals)
{
    struct pollfd polled[2] = {{.fd = host->wake, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};

    while (!polled[1].revents) {
        uint64_t count;

        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return;
        if (polled[0].revents && read(host->wake, &count, sizeof(count)) == sizeof(count))
            tell_all(host);
    }
}

int main(int argc, char **argv)
{
    static struct arguments args;
    static struct host host;
    sigset_t ends;
    int signals;
    bool good;

    if (!parse(&args, argc, argv))
        return 2;
    /* Blocked before there are threads, which inherit it. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    signals = signalfd(-1, &ends, SFD_CLOEXEC);
    host.wake = eventfd(0, EFD_CLOEXEC);
    if (signals < 0 || host.wake < 0) {
        perror("omsp-serve");
        return 1;
    }
    omsp_log_set(on_log, NULL, OMSP_LOG_WARNING);
    good = open_host(&host, &args);
    if (good)
        run(&host, signals);
    close_host(&host);
    omsp_log_set(NULL, NULL, OMSP_LOG_ERROR);
    close(host.wake);
    close(signals);
    return good ? 0 : 1;
}
