/*
 * Calls for as long as one likes: pairs of calls of one engine over real sockets. What one side
 * says is written through a samples terminal and read at the other as G.711 codes; every 20 ms
 * carry their number and a checksum, so that a frame lost, repeated, changed or out of turn is
 * seen, and a call of which nothing comes any more is, too. Once a second some calls are hung up
 * and made anew, some streams are stopped, paused and started. Prints a line of JSON every report;
 * the last line sums up and the exit status is 0 only when nothing was lost or changed and handles,
 * threads and memory are known and where they were.
 *
 *   omsp-soak --calls N --seconds S [--churn N] [--report S]
 *
 * Not a Check program and no part of the test suite: toolchain/soak.sh runs it.
 */
#include "engine/samples.h"
#include "support/process_use.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>

#include <mmsystem.h>
#else
#include <time.h>
#endif

#define FRAME   160
#define LETTER  64      /* codes 0x80.. stand for themselves through any G.711 there and back */
#define AHEAD   25      /* frames written before they are due: a loaded machine lets us wait */
#define MUTE_US 5000000 /* a call that said nothing for so long, and how late we were, is dead */

struct side {
    struct omsp_call *calls[2];
    struct omsp_terminal *mouth, *ear;
    struct omsp_stream *capture, *render;
    uint32_t said, heard; /* frame numbers */
    uint32_t floor;       /* those below were said before the last stop */
    uint64_t began_us;
    uint64_t heard_us; /* the last frame, or change */
    bool settled;      /* the next frame must be `heard` */
    bool aligned;      /* `part` begins where a frame begins */
    uint8_t part[FRAME];
    size_t part_len;
};

struct soak {
    const struct omsp_ports *ports;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct side *pairs;
    unsigned count;
    uint32_t random;
    uint64_t frames, lost, changed, strange, mute, made, changes, events, late_us;
};

static uint64_t now(const struct soak *soak)
{
    return soak->ports->now_us(soak->ports->ctx);
}

static uint32_t below(struct soak *soak, uint32_t bound)
{
    soak->random = soak->random * 1664525u + 1013904223u;
    return (soak->random >> 8) % bound;
}

static void must(enum omsp_status status, const char *what)
{
    if (status == OMSP_OK)
        return;
    fprintf(stderr, "%s: %d\n", what, status);
    exit(2);
}

/* ---- what a frame says ------------------------------------------------------------------------
 */

static uint8_t code_of(uint32_t number, unsigned place)
{
    uint32_t hash = (number * FRAME + place) * 2654435761u;

    hash = (hash ^ hash >> 15) * 2246822519u;
    return (uint8_t)(0x80 + (hash >> 26) % LETTER);
}

static void say(uint8_t *frame, uint32_t number)
{
    for (unsigned i = 0; i < 5; i++)
        frame[i] = (uint8_t)(0x80 + (number >> (6 * i)) % LETTER);
    for (unsigned i = 5; i < FRAME; i++)
        frame[i] = code_of(number, i);
}

/* The number, or -1 when it is no frame of ours. */
static int64_t understand(const uint8_t *frame)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < 5; i++) {
        if (frame[i] < 0x80 || frame[i] >= 0x80 + LETTER)
            return -1;
        number |= (uint32_t)(frame[i] - 0x80) << (6 * i);
    }
    for (unsigned i = 5; i < FRAME; i++)
        if (frame[i] != code_of(number, i))
            return -1;
    return number;
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static void connect(struct omsp_call *a, struct omsp_call *b)
{
    char sdp[2048];
    size_t need;

    must(omsp_call_local_sdp(a, sdp, sizeof(sdp), &need), "offer");
    must(omsp_call_set_remote_sdp(b, sdp, strlen(sdp)), "offer taken");
    must(omsp_call_local_sdp(b, sdp, sizeof(sdp), &need), "answer");
    must(omsp_call_set_remote_sdp(a, sdp, strlen(sdp)), "answer taken");
}

static void open_pair(struct soak *soak, struct side *pair)
{
    static const struct omsp_audio_format ulaw = {7, 1, 8000, 8};

    memset(pair, 0, sizeof(*pair));
    soak->made += 2;
    for (int i = 0; i < 2; i++) {
        must(omsp_call_create(soak->address, OMSP_MEDIA_AUDIO, 1, &pair->calls[i]), "call");
        must(omsp_call_set_media_timeout(pair->calls[i], 0), "timeout");
    }
    pair->capture = omsp_call_stream_at(pair->calls[0], 0);
    pair->render = omsp_call_stream_at(pair->calls[1], 1);
    must(omsp_samples_create(soak->address, OMSP_CAPTURE, 2000, &pair->mouth), "mouth");
    must(omsp_samples_create(soak->address, OMSP_RENDER, 4000, &pair->ear), "ear");
    must(omsp_samples_set_format(pair->mouth, &ulaw), "format");
    must(omsp_samples_set_format(pair->ear, &ulaw), "format");
    must(omsp_stream_select(pair->render, pair->ear), "select");
    must(omsp_stream_select(pair->capture, pair->mouth), "select");
    connect(pair->calls[0], pair->calls[1]);
    pair->began_us = pair->heard_us = now(soak);
}

static void close_pair(struct side *pair)
{
    for (int i = 0; i < 2; i++)
        must(omsp_call_shutdown(pair->calls[i]), "shutdown");
    omsp_stream_release(pair->capture);
    omsp_stream_release(pair->render);
    omsp_terminal_release(pair->mouth);
    omsp_terminal_release(pair->ear);
    for (int i = 0; i < 2; i++)
        omsp_call_release(pair->calls[i]);
}

/* A frame in turn, or not. */
static void hear(struct soak *soak, struct side *pair, uint32_t number)
{
    soak->frames++;
    pair->heard_us = now(soak);
    if (number < pair->floor)
        return;
    if (pair->settled && number > pair->heard)
        soak->lost += number - pair->heard;
    else if (pair->settled && number < pair->heard)
        soak->strange++;
    pair->heard = number + 1;
    pair->settled = true;
}

static bool is_silence(const uint8_t *frame)
{
    for (unsigned i = 0; i < FRAME; i++)
        if (frame[i] != 0xff && frame[i] != 0x7f)
            return false;
    return true;
}

/*
 * `part` is full. What a start, a pause or a gap left before the first frame may have any length
 * (the jitter buffer bends time), so the beginning of a frame is looked for code by code; once it
 * is found every 160 codes must be a frame.
 */
static void take_part(struct soak *soak, struct side *pair)
{
    int64_t number = understand(pair->part);

    pair->part_len = 0;
    if (number >= 0) {
        pair->aligned = true;
        hear(soak, pair, (uint32_t)number);
        return;
    }
    if (is_silence(pair->part))
        return;
    if (pair->aligned && pair->settled)
        soak->changed++;
    pair->aligned = false;
    pair->part_len = FRAME - 1;
    memmove(pair->part, pair->part + 1, pair->part_len);
}

static void look_for_a_frame(struct soak *soak, struct side *pair)
{
    pair->heard_us = now(soak);
    pair->settled = pair->aligned = false;
    pair->part_len = 0;
}

static void listen_to(struct soak *soak, struct side *pair)
{
    uint8_t bytes[FRAME * 50];
    struct omsp_samples_chunk chunk;

    while (!omsp_samples_read(pair->ear, bytes, sizeof(bytes), &chunk)) {
        size_t at = 0;

        if (chunk.discontinuity)
            pair->part_len = 0;
        while (at < chunk.bytes) {
            size_t take = FRAME - pair->part_len;

            if (take > chunk.bytes - at)
                take = chunk.bytes - at;
            memcpy(pair->part + pair->part_len, bytes + at, take);
            pair->part_len += take;
            at += take;
            if (pair->part_len == FRAME)
                take_part(soak, pair);
        }
    }
}

static void serve(struct soak *soak, struct side *pair)
{
    uint64_t due = (now(soak) - pair->began_us) / 20000 + AHEAD;
    uint8_t frame[FRAME];
    size_t used;

    while (pair->said < due) {
        say(frame, pair->said);
        if (omsp_samples_write(pair->mouth, frame, FRAME, &used))
            break;
        pair->said++;
    }
    listen_to(soak, pair);
}

/* Each second that somebody says nothing counts. */
static void count_mute(struct soak *soak)
{
    uint64_t at = now(soak);

    for (unsigned i = 0; i < soak->count; i++)
        soak->mute += at - soak->pairs[i].heard_us > MUTE_US + soak->late_us;
}

/* What the call says next does not follow what it said before. */
static void begin_anew(struct soak *soak, struct side *pair)
{
    omsp_samples_drop(pair->mouth);
    look_for_a_frame(soak, pair);
    pair->said = pair->floor = pair->said + 100;
    pair->began_us = now(soak) - pair->floor * UINT64_C(20000);
}

static void churn(struct soak *soak, unsigned how_many)
{
    for (unsigned i = 0; i < how_many; i++) {
        struct side *pair = &soak->pairs[below(soak, soak->count)];

        soak->changes++;
        switch (below(soak, 4)) {
        case 0:
            close_pair(pair);
            open_pair(soak, pair);
            break;
        case 1:
            must(omsp_stream_stop(pair->capture, OMSP_CAUSE_LOCAL_REQUEST), "stop");
            begin_anew(soak, pair);
            must(omsp_stream_start(pair->capture, OMSP_CAUSE_LOCAL_REQUEST), "start");
            break;
        case 2:
            must(omsp_stream_pause(pair->render, OMSP_CAUSE_LOCAL_REQUEST), "pause");
            listen_to(soak, pair);
            must(omsp_stream_start(pair->render, OMSP_CAUSE_LOCAL_REQUEST), "start");
            look_for_a_frame(soak, pair);
            break;
        default:
            connect(pair->calls[0], pair->calls[1]); /* a new offer that changes nothing */
            break;
        }
    }
}

/* ---- the process ------------------------------------------------------------------------------
 */

static void wait_until(struct soak *soak, uint64_t due_us)
{
    uint64_t at = now(soak);

    if (at >= due_us) {
        if (at - due_us > soak->late_us)
            soak->late_us = at - due_us;
        return;
    }
#ifdef _WIN32
    Sleep((DWORD)((due_us - at + 999) / 1000));
#else
    nanosleep(&(struct timespec){.tv_nsec = (long)(due_us - at) * 1000}, NULL);
#endif
}

static void take_events(struct soak *soak)
{
    struct omsp_event event;

    while (omsp_listener_take(soak->listener, NULL, NULL, &event) == OMSP_OK)
        soak->events++;
}

static void ignore(void *ctx)
{
    (void)ctx;
}

static void report(const struct soak *soak, const struct process_use *at, uint64_t seconds)
{
    printf("{\"seconds\":%" PRIu64 ",\"calls\":%u,\"frames\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"changed\":%" PRIu64 ",\"out_of_turn\":%" PRIu64 ",\"mute\":%" PRIu64
           ",\"calls_made\":%" PRIu64 ",\"changes\":%" PRIu64 ",\"events\":%" PRIu64
           ",\"late_ms\":%" PRIu64 ",\"handles\":%u,\"threads\":%u,\"memory_kb\":%" PRIu64 "}\n",
           seconds, soak->count * 2, soak->frames, soak->lost, soak->changed, soak->strange,
           soak->mute, soak->made, soak->changes, soak->events, soak->late_us / 1000, at->handles,
           at->threads, at->memory / 1024);
    fflush(stdout);
}

static unsigned number(const char *text, const char *option)
{
    char *end;
    unsigned long value = strtoul(text ? text : "", &end, 10);

    if (!text || !*text || *end || value > 1000000) {
        fprintf(stderr, "%s wants a number\n", option);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    static struct soak soak = {.random = 12345};
    unsigned calls = 100, seconds = 60, churns = 0, every = 10, second = 0;
    struct process_use first = {0, 0, 0}, last = {0, 0, 0};
    uint64_t began, tick;
    bool good;

    for (int i = 1; i < argc; i += 2) {
        unsigned value = number(i + 1 < argc ? argv[i + 1] : NULL, argv[i]);

        if (!strcmp(argv[i], "--calls"))
            calls = value;
        else if (!strcmp(argv[i], "--seconds"))
            seconds = value;
        else if (!strcmp(argv[i], "--churn"))
            churns = value;
        else if (!strcmp(argv[i], "--report"))
            every = value ? value : 1;
        else
            return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
#ifdef _WIN32
    timeBeginPeriod(1);
#endif
    soak.ports = omsp_system_ports();
    soak.count = calls / 2 ? calls / 2 : 1;
    soak.pairs = calloc(soak.count, sizeof(*soak.pairs));
    must(omsp_engine_create(soak.ports, NULL, &soak.engine), "engine");
    must(omsp_address_create(soak.engine, &soak.address), "address");
    must(omsp_address_listen(soak.address, ignore, NULL, &soak.listener), "listener");
    for (unsigned i = 0; i < soak.count; i++)
        open_pair(&soak, &soak.pairs[i]);
    began = tick = now(&soak);
    while (second < seconds) {
        tick += 20000;
        wait_until(&soak, tick);
        for (unsigned i = 0; i < soak.count; i++)
            serve(&soak, &soak.pairs[i]);
        take_events(&soak);
        if ((now(&soak) - began) / 1000000 <= second)
            continue;
        second = (unsigned)((now(&soak) - began) / 1000000);
        count_mute(&soak);
        if (second % every == 0 || second >= seconds) {
            process_use_now(&last); /* what the last churn closed is closed by now */
            report(&soak, &last, second);
            /* Heaps and pools have grown to what they need by then. */
            if (!first.memory && second * 4 >= seconds)
                first = last;
        }
        churn(&soak, churns);
    }
    for (unsigned i = 0; i < soak.count; i++)
        close_pair(&soak.pairs[i]);
    omsp_address_shutdown(soak.address);
    omsp_listener_close(soak.listener);
    omsp_engine_destroy(soak.engine);
    omsp_address_release(soak.address);
    free(soak.pairs);
    good = soak.frames && !soak.lost && !soak.changed && !soak.strange && !soak.mute &&
           first.handles && last.handles <= first.handles && last.threads <= first.threads &&
           last.memory <= first.memory + first.memory / 20 + 4096 * 1024;
    printf("%" PRIu64 " frames of 20 ms, %" PRIu64 " lost, %" PRIu64 " changed, %" PRIu64
           " out of turn, %" PRIu64 " seconds mute; %" PRIu64 " calls made, %" PRIu64
           " changes; handles %u -> %u, threads "
           "%u -> %u, memory %" PRIu64 " -> %" PRIu64 " KiB: %s\n",
           soak.frames, soak.lost, soak.changed, soak.strange, soak.mute, soak.made, soak.changes,
           first.handles, last.handles, first.threads, last.threads, first.memory / 1024,
           last.memory / 1024, good ? "good" : "BAD");
    return good ? 0 : 1;
}
