/*
 * G.711, 160 samples, as a Windows program: ours against the system's own codec by the Audio
 * Compression Manager (under Wine msg711.acm), and against copying the 320 bytes. Its header is
 * prepared once, so that what is timed is acmStreamConvert alone. Windows only; pinned by the
 * script.
 */
#include <windows.h>

#include <mmsystem.h>

#include <mmreg.h>
#include <msacm.h>

#include "bench/compare.h"

#include "media/g711.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 160, RATE = 8000 };

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

/* ---- ours -------------------------------------------------------------------------------------
 */

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

/* ---- the system's -----------------------------------------------------------------------------
 */

struct acm {
    HACMSTREAM stream;
    ACMSTREAMHEADER header;
};

static void run_acm(void *ctx, size_t times)
{
    struct acm *acm = ctx;

    while (times--) {
        if (acmStreamConvert(acm->stream, &acm->header, 0)) {
            fprintf(stderr, "acmStreamConvert failed\n");
            exit(2);
        }
        OMSP_BENCH_KEEP(acm->header.pbDst);
    }
}

static WAVEFORMATEX format_of(WORD tag)
{
    WORD bits = tag == WAVE_FORMAT_PCM ? 16 : 8, block = bits / 8;

    return (WAVEFORMATEX){.wFormatTag = tag,
                          .nChannels = 1,
                          .nSamplesPerSec = RATE,
                          .nAvgBytesPerSec = RATE * block,
                          .nBlockAlign = block,
                          .wBitsPerSample = bits};
}

static bool open_acm(struct acm *acm, WORD from, WORD to, void *in, DWORD in_bytes, void *out,
                     DWORD out_bytes)
{
    WAVEFORMATEX in_format = format_of(from), out_format = format_of(to);

    *acm = (struct acm){0};
    if (acmStreamOpen(&acm->stream, NULL, &in_format, &out_format, NULL, 0, 0, 0))
        return false;
    acm->header = (ACMSTREAMHEADER){.cbStruct = sizeof(acm->header),
                                    .pbSrc = in,
                                    .cbSrcLength = in_bytes,
                                    .pbDst = out,
                                    .cbDstLength = out_bytes};
    return !acmStreamPrepareHeader(acm->stream, &acm->header, 0) &&
           !acmStreamConvert(acm->stream, &acm->header, 0) &&
           acm->header.cbDstLengthUsed == out_bytes;
}

static void compare(const char *law, struct codec *codec, WORD tag)
{
    char name[2][48];
    struct acm coder, decoder;
    struct omsp_bench encode = {.name = name[0],
                                .ours = {"openmsp", run_encode, codec},
                                .peer = {"system's ACM codec", NULL, &coder},
                                .limit = {"memcpy", run_copy, NULL}};
    struct omsp_bench decode = {.name = name[1],
                                .ours = {"openmsp", run_decode, codec},
                                .peer = {"system's ACM codec", NULL, &decoder},
                                .limit = {"memcpy", run_copy, NULL}};

    snprintf(name[0], sizeof(name[0]), "pe-g711 %s encode 160", law);
    snprintf(name[1], sizeof(name[1]), "pe-g711 %s decode 160", law);
    if (open_acm(&coder, WAVE_FORMAT_PCM, tag, linear, sizeof(linear), encoded, sizeof(encoded)))
        encode.peer.run = run_acm;
    if (open_acm(&decoder, tag, WAVE_FORMAT_PCM, codes, sizeof(codes), decoded, sizeof(decoded)))
        decode.peer.run = run_acm;
    omsp_bench_compare(&encode);
    omsp_bench_compare(&decode);
}

int main(void)
{
    struct codec ulaw = {omsp_ulaw_encode, omsp_ulaw_decode};
    struct codec alaw = {omsp_alaw_encode, omsp_alaw_decode};
    uint32_t seed = 1;

    for (int i = 0; i < SAMPLES; i++) {
        seed = seed * 1664525u + 1013904223u;
        linear[i] = (int16_t)(seed >> 16);
        codes[i] = (uint8_t)(seed >> 24);
    }
    compare("u-law", &ulaw, WAVE_FORMAT_MULAW);
    compare("A-law", &alaw, WAVE_FORMAT_ALAW);
    return 0;
}
