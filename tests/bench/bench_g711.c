/*
 * G.711, 160 samples (20 ms at 8 kHz): ours against spandsp's and against copying the 320 bytes;
 * the goals are for what callers get, the block functions of media/g711.h. After them each twin by
 * itself, without a goal. Before anything is timed all must agree: every code decodes to the same
 * sample, and every sample encodes to the same code or to one that decodes equally near.
 */
#include "bench/compare.h"

#include "media/g711.h"
#include "media/g711_blocks.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef OMSP_PEER_SPANDSP
#include <spandsp.h>
#endif

enum { SAMPLES = 160 };

static int16_t linear[SAMPLES], decoded[SAMPLES];
static uint8_t codes[SAMPLES], encoded[SAMPLES];

/* Through a volatile pointer: a copy of known size would be a few inlined moves, not a memcpy. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void run_copy(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        copy(decoded, linear, sizeof(linear));
        OMSP_BENCH_KEEP(decoded);
    }
}

struct codec {
    void (*encode)(uint8_t *out, const int16_t *in, size_t n);
    void (*decode)(int16_t *out, const uint8_t *in, size_t n);
};

static void run_encode(void *ctx, size_t times)
{
    const struct codec *codec = ctx;

    while (times--) {
        codec->encode(encoded, linear, SAMPLES);
        OMSP_BENCH_KEEP(encoded);
    }
}

static void run_decode(void *ctx, size_t times)
{
    const struct codec *codec = ctx;

    while (times--) {
        codec->decode(decoded, codes, SAMPLES);
        OMSP_BENCH_KEEP(decoded);
    }
}

#ifdef OMSP_PEER_SPANDSP
static void run_peer_encode(void *ctx, size_t times)
{
    while (times--) {
        g711_encode(ctx, encoded, linear, SAMPLES);
        OMSP_BENCH_KEEP(encoded);
    }
}

static void run_peer_decode(void *ctx, size_t times)
{
    while (times--) {
        g711_decode(ctx, decoded, codes, SAMPLES);
        OMSP_BENCH_KEEP(decoded);
    }
}

/* In one block each: of single samples the vector code would see nothing. */
static bool agree(const struct codec *ours, g711_state_t *peer)
{
    static int16_t samples[65536], mine_back[65536], theirs_back[65536];
    static uint8_t mine[65536], theirs[65536];

    for (int i = 0; i < 65536; i++) {
        samples[i] = (int16_t)(i - 32768);
        mine[i] = (uint8_t)i;
    }
    ours->decode(mine_back, mine, 256);
    g711_decode(peer, theirs_back, mine, 256);
    if (memcmp(mine_back, theirs_back, 256 * sizeof(mine_back[0])))
        return false;
    ours->encode(mine, samples, 65536);
    g711_encode(peer, theirs, samples, 65536);
    ours->decode(mine_back, mine, 65536);
    ours->decode(theirs_back, theirs, 65536);
    for (int i = 0; i < 65536; i++)
        if (mine[i] != theirs[i] &&
            abs(mine_back[i] - samples[i]) > abs(theirs_back[i] - samples[i]))
            return false;
    return true;
}
#endif

static bool compare(const char *law, struct codec *codec, int peer_mode, const char *twin)
{
    char name[2][48];
    struct omsp_bench encode = {
        .name = name[0],
        .ours = {"openmsp", run_encode, codec},
        .peer = {.name = "spandsp"},
        .limit = {"memcpy", run_copy, NULL},
        .faster_than_peer = twin ? 0 : 1,
        .times_limit = twin ? 0 : 2.0,
    };
    struct omsp_bench decode = encode;
    bool met;

    snprintf(name[0], sizeof(name[0]), "g711 %s encode 160%s%s", law, twin ? " " : "",
             twin ? twin : "");
    snprintf(name[1], sizeof(name[1]), "g711 %s decode 160%s%s", law, twin ? " " : "",
             twin ? twin : "");
    decode.name = name[1];
    decode.ours.run = run_decode;
    decode.times_limit = twin ? 0 : 1.6;
#ifdef OMSP_PEER_SPANDSP
    g711_state_t *peer = g711_init(NULL, peer_mode);

    if (!peer || !agree(codec, peer)) {
        fprintf(stderr, "%s: openmsp and spandsp disagree; nothing was timed\n", law);
        exit(2);
    }
    encode.peer = (struct omsp_bench_side){"spandsp", run_peer_encode, peer};
    decode.peer = (struct omsp_bench_side){"spandsp", run_peer_decode, peer};
#else
    (void)peer_mode;
#endif
    met = omsp_bench_compare(&encode);
    met &= omsp_bench_compare(&decode);
#ifdef OMSP_PEER_SPANDSP
    g711_release(peer);
    free(peer);
#endif
    return met;
}

int main(void)
{
    struct codec ulaw = {omsp_ulaw_encode, omsp_ulaw_decode};
    struct codec alaw = {omsp_alaw_encode, omsp_alaw_decode};
    uint32_t seed = 1;
    int ulaw_mode = 0, alaw_mode = 1;

#ifdef OMSP_PEER_SPANDSP
    ulaw_mode = G711_ULAW;
    alaw_mode = G711_ALAW;
#endif
    for (int i = 0; i < SAMPLES; i++) {
        seed = seed * 1664525u + 1013904223u;
        linear[i] = (int16_t)(seed >> 16);
        codes[i] = (uint8_t)(seed >> 24);
    }
    /* A missed goal is in the line; the status tells only whether there was something to measure.
     */
    compare("u-law", &ulaw, ulaw_mode, NULL);
    compare("A-law", &alaw, alaw_mode, NULL);
    for (unsigned t = 0; omsp_g711_twin(t); t++) {
        const struct omsp_g711_blocks *twin = omsp_g711_twin(t);

        ulaw = (struct codec){twin->ulaw_encode, twin->ulaw_decode};
        alaw = (struct codec){twin->alaw_encode, twin->alaw_decode};
        compare("u-law", &ulaw, ulaw_mode, twin->name);
        compare("A-law", &alaw, alaw_mode, twin->name);
    }
    return 0;
}
