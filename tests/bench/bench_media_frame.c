/*
 * One media message of the Media Streams protocol as a masked WebSocket frame: 160 bytes of µ-law,
 * 386 bytes in all. Ours against the same by snprintf and loops over bytes, as it is written when
 * nobody measures, by node (JSON.stringify and the framing of npm `ws`, a process of its own), and
 * against copying as many bytes; then base64 and mask of the payload alone by
 * each twin. Before anything is timed the frames must be equal byte by byte.
 */
#include "bench/compare.h"
#include "bench/native/process.h"

#include "base/bytes.h"
#include "wire/base64.h"
#include "wire/media_payload.h"
#include "wire/media_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAYLOAD = 160, FRAME = 386 };

#define SID "MZ0123456789abcdef0123456789abcdef"

static uint8_t payload[PAYLOAD], frame[OMSP_MS_MEDIA_MAX], other[OMSP_MS_MEDIA_MAX];
static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static struct omsp_ms_template template;

/* Numbers of the usual length, which go on from frame to frame. */
static struct omsp_ms_media message(size_t number)
{
    return (struct omsp_ms_media){OMSP_MS_TRACK_INBOUND, 1000 + number % 8000, 998 + number % 2,
                                  19960 + number % 4000 * 20, omsp_span(payload, PAYLOAD)};
}

static void run_ours(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        struct omsp_ms_media media = message(times);

        omsp_ms_put_media(&template, &media, mask, frame);
        OMSP_BENCH_KEEP(frame);
    }
}

/* ---- the naive way -------------------------------------------------------------------------- */

static size_t naive_base64(char *out, const uint8_t *in, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *at = out;

    for (size_t i = 0; i < len; i += 3) {
        unsigned b = i + 1 < len ? in[i + 1] : 0, c = i + 2 < len ? in[i + 2] : 0;

        *at++ = alphabet[in[i] >> 2];
        *at++ = alphabet[(in[i] & 3) << 4 | b >> 4];
        *at++ = i + 1 < len ? alphabet[(b & 15) << 2 | c >> 6] : '=';
        *at++ = i + 2 < len ? alphabet[c & 63] : '=';
    }
    *at = 0;
    return (size_t)(at - out);
}

static size_t naive_frame(uint8_t *out, const struct omsp_ms_media *media)
{
    char base64[OMSP_BASE64_CHARS(PAYLOAD) + 1];
    uint8_t *json = out + 8;
    int len;

    naive_base64(base64, media->payload.ptr, media->payload.len);
    len = snprintf((char *)json, OMSP_MS_MEDIA_MAX - 8,
                   "{\"event\":\"media\",\"sequenceNumber\":\"%" PRIu64
                   "\",\"media\":{\"track\":\"%s\",\"chunk\":\"%" PRIu64
                   "\",\"timestamp\":\"%" PRIu64 "\",\"payload\":\"%s\"},\"streamSid\":\"%s\"}",
                   media->sequence, media->track == OMSP_MS_TRACK_INBOUND ? "inbound" : "outbound",
                   media->chunk, media->timestamp_ms, base64, SID);
    out[0] = 0x81;
    out[1] = 0x80 | 126;
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
    for (int i = 0; i < 4; i++)
        out[4 + i] = mask[i];
    for (int i = 0; i < len; i++)
        json[i] ^= mask[i % 4];
    return 8 + (size_t)len;
}

static void run_naive(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        struct omsp_ms_media media = message(times);

        naive_frame(other, &media);
        OMSP_BENCH_KEEP(other);
    }
}

/* ---- node ----------------------------------------------------------------------------------- */

/* Processor time of node's threads, the one that collects garbage included; nanoseconds a frame. */
static double ask_node(struct bench_process *node, uint64_t frames)
{
    uint64_t start = bench_process_cpu_ns(node), bytes;

    if (write(node->fd, &frames, sizeof(frames)) != sizeof(frames) ||
        recv(node->fd, &bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes) ||
        bytes < frames * (FRAME - 4)) {
        fprintf(stderr, "node does not answer\n");
        exit(2);
    }
    return (double)(bench_process_cpu_ns(node) - start) / (double)frames;
}

static void compare_node(void)
{
    enum { FRAMES = 50000 };
    static const char *const argv[] = {"node", "tests/bench/peers/frame_peer.js", NULL};
    struct omsp_bench_values mine = {0}, theirs = {0}, none = {0};
    struct bench_process node;
    struct omsp_bench bench = {.name = "media frame 386", .peer.name = "node"};
    bool is_there = bench_process_exec_ready(&node, argv);

    bench.faster_than_peer = 25;
    for (unsigned round = 0; round < 15; round++) {
        uint64_t start = bench_now_ns();

        run_ours(NULL, FRAMES);
        mine.value[mine.count++] = (double)(bench_now_ns() - start) / FRAMES;
        if (is_there)
            theirs.value[theirs.count++] = ask_node(&node, FRAMES);
    }
    omsp_bench_report(&bench, "ns", &mine, &theirs, &none);
    if (is_there)
        bench_process_end(&node);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* Through a volatile pointer: a copy of known size would be a few inlined moves, not a memcpy. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void run_copy(void *ctx, size_t times)
{
    const size_t *len = ctx;

    while (times--) {
        copy(other, frame, *len);
        OMSP_BENCH_KEEP(other);
    }
}

/* ---- the payload alone ---------------------------------------------------------------------- */

static void run_twin(void *ctx, size_t times)
{
    const struct omsp_ms_payload_twin *twin = ctx;

    while (times--) {
        twin->put(frame, payload, PAYLOAD, 0x3d21fa37u);
        OMSP_BENCH_KEEP(frame);
    }
}

static void run_naive_payload(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        size_t len = naive_base64((char *)other, payload, PAYLOAD);

        for (size_t i = 0; i < len; i++)
            other[i] ^= mask[i % 4];
        OMSP_BENCH_KEEP(other);
    }
}

/* Every frame that is going to be timed. */
static bool equal(void)
{
    for (size_t number = 0; number < 8000; number++) {
        struct omsp_ms_media media = message(number);
        size_t ours = omsp_ms_put_media(&template, &media, mask, frame);

        if (ours != naive_frame(other, &media) || memcmp(frame, other, ours))
            return false;
    }
    return true;
}

int main(void)
{
    size_t frame_len = FRAME, chars = OMSP_BASE64_CHARS(PAYLOAD);
    struct omsp_bench whole = {
        .name = "media frame 386",
        .ours = {"openmsp", run_ours, NULL},
        .peer = {"naive C", run_naive, NULL},
        .limit = {"memcpy", run_copy, &frame_len},
        .faster_than_peer = 10,
    };
    struct omsp_ms_media media;
    uint32_t seed = 1;

    for (int i = 0; i < PAYLOAD; i++) {
        seed = seed * 1664525u + 1013904223u;
        payload[i] = (uint8_t)(seed >> 24);
    }
    omsp_ms_template_init(&template, SID);
    media = message(0);
    frame_len = omsp_ms_put_media(&template, &media, mask, frame);
    if (!equal()) {
        fprintf(stderr, "ours and the naive frame differ; nothing was timed\n");
        return 2;
    }
    /* A missed goal is in the line; the status tells only whether there was something to measure.
     */
    omsp_bench_compare(&whole);
    compare_node();
    for (unsigned t = 0; omsp_ms_payload_twin(t); t++) {
        struct omsp_ms_payload_twin twin = *omsp_ms_payload_twin(t);
        char name[48];
        struct omsp_bench part = {
            .name = name,
            .ours = {"openmsp", run_twin, &twin},
            .peer = {"naive C", run_naive_payload, NULL},
            .limit = {"memcpy", run_copy, &chars},
        };

        snprintf(name, sizeof(name), "base64 and mask 160 %s", twin.name);
        omsp_bench_compare(&part);
    }
    return 0;
}
