/*
 * omsp-proof SOURCE.wav PASSED.wav RECORDING.wav
 *
 * What a recording is worth: finds where each of its stretches comes from, and compares it with
 * PASSED, which is SOURCE after one G.711 pass by the sender's encoder. Prints one line of JSON:
 *
 *   {"seconds":...,"stretches":...,"matched_seconds":...,"source_covered":...,"snr_db":...,
 *    "snr_original_db":...}
 *
 * snr_db: recording against PASSED over all stretches; 999 when not one sample differs.
 * snr_original_db: against SOURCE itself, which is what G.711 costs. Exit 0 when something matched,
 * 1 when nothing did, 2 when a file cannot be read.
 */
#include "base/alloc.h"
#include "media/wav.h"
#include "media/wav_convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE   8000
#define WINDOW 400  /* samples that must agree to find a place: 50 ms */
#define BLOCK  80   /* samples that are compared at a time: 10 ms */
#define QUIET  64   /* mean magnitude below which a window is silence */
#define CLOSE  0.02 /* noise energy over signal energy that still is the same sound */

struct audio {
    int16_t *pcm;
    size_t count;
};

static int load(const char *path, struct audio *audio)
{
    FILE *file = fopen(path, "rb");
    struct omsp_wav_decoder *decoder;
    struct omsp_wav_info info;
    unsigned char *bytes;
    size_t used, room;
    long size;

    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
        fprintf(stderr, "omsp-proof: cannot read %s\n", path);
        return 0;
    }
    rewind(file);
    bytes = malloc((size_t)size + 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size ||
        omsp_wav_parse(omsp_span(bytes, (size_t)size), &info) ||
        omsp_wav_decoder_create(&info.format, &decoder)) {
        fprintf(stderr, "omsp-proof: %s is no WAV file\n", path);
        return 0;
    }
    fclose(file);
    room =
        (size_t)(info.data_bytes / omsp_wav_block_bytes(&info.format)) * RATE / info.format.rate +
        RATE;
    audio->pcm = malloc(room * sizeof(int16_t));
    audio->count = omsp_wav_decode(decoder, bytes + info.data_offset, (size_t)info.data_bytes,
                                   &used, audio->pcm, room);
    audio->count += omsp_wav_decode_flush(decoder, audio->pcm + audio->count, room - audio->count);
    omsp_wav_decoder_destroy(decoder);
    free(bytes);
    return 1;
}

static double energy(const int16_t *pcm, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)pcm[i] * pcm[i];
    return sum;
}

static double distance(const int16_t *a, const int16_t *b, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sum;
}

/* Where in ref, from `from` on, the window at rec sounds the same; -1: nowhere. */
static long find(const int16_t *rec, const struct audio *ref, size_t from)
{
    double limit = energy(rec, WINDOW) * CLOSE;

    for (size_t at = from; at + WINDOW <= ref->count; at++)
        if (distance(rec, ref->pcm + at, 40) < limit &&
            distance(rec, ref->pcm + at, WINDOW) < limit)
            return (long)at;
    return -1;
}

/* How many samples at the beginning of a window belong elsewhere: where the recording was cut, the
 * window that found its place may hold a little of what was before. */
static size_t foreign(const int16_t *rec, const int16_t *ref)
{
    size_t last = WINDOW;

    while (last > 0 && rec[last - 1] == ref[last - 1])
        last--;
    return last < WINDOW / 2 ? last : 0;
}

/* Does the recording go on at `at` as the reference does at `place`? What is played late goes on
 * elsewhere, and a tone is much like itself there: who is in doubt looks for a better place. */
static int goes_on(const struct audio *rec, size_t at, const struct audio *ref, size_t place)
{
    double e = energy(ref->pcm + place, BLOCK);
    double off = distance(rec->pcm + at, ref->pcm + place, BLOCK);
    long better;

    if (e < BLOCK * 400.0)
        e = BLOCK * 400.0;
    if (off > e / 2) /* silence in its place is as far off as it is loud */
        return 0;
    if (off < e * CLOSE || at + WINDOW > rec->count)
        return 1;
    better = find(rec->pcm + at, ref, place);
    return better < 0 || (size_t)better < place + BLOCK;
}

int main(int argc, char **argv)
{
    struct audio source, rec, ref;
    double signal = 0, noise = 0, noise_original = 0, signal_original = 0;
    size_t at = 0, from = 0, matched = 0;
    unsigned stretches = 0;

    if (argc != 4) {
        fprintf(stderr, "usage: omsp-proof SOURCE.wav PASSED.wav RECORDING.wav\n");
        return 2;
    }
    if (!load(argv[1], &source) || !load(argv[2], &ref) || !load(argv[3], &rec))
        return 2;
    if (ref.count != source.count) {
        fprintf(stderr, "omsp-proof: %s and %s differ in length\n", argv[1], argv[2]);
        return 2;
    }
    while (at + WINDOW <= rec.count) {
        size_t begin, skip, run = 0;
        long place;

        if (energy(rec.pcm + at, WINDOW) < (double)QUIET * QUIET * WINDOW ||
            (place = find(rec.pcm + at, &ref, from)) < 0) {
            at += 40;
            continue;
        }
        /* Back to the true beginning of the stretch, then on until the two part. */
        skip = foreign(rec.pcm + at, ref.pcm + place);
        begin = at + skip;
        place += (long)skip;
        while (begin > 0 && place > (long)from && rec.pcm[begin - 1] == ref.pcm[place - 1]) {
            begin--;
            place--;
        }
        while (begin + run + BLOCK <= rec.count && (size_t)place + run + BLOCK <= ref.count &&
               goes_on(&rec, begin + run, &ref, (size_t)place + run))
            run += BLOCK;
        signal += energy(ref.pcm + place, run);
        noise += distance(rec.pcm + begin, ref.pcm + place, run);
        signal_original += energy(source.pcm + place, run);
        noise_original += distance(rec.pcm + begin, source.pcm + place, run);
        matched += run;
        stretches++;
        at = begin + (run ? run : 40);
        from = (size_t)place + run;
    }
    printf("{\"seconds\":%.3f,\"stretches\":%u,\"matched_seconds\":%.3f,\"source_covered\":%.3f,"
           "\"snr_db\":%.1f,\"snr_original_db\":%.1f}\n",
           (double)rec.count / RATE, stretches, (double)matched / RATE,
           source.count ? (double)matched / (double)source.count : 0,
           !matched    ? 0
           : noise > 0 ? 10 * log10(signal / noise)
                       : 999,
           noise_original > 0 ? 10 * log10(signal_original / noise_original) : 999);
    free(source.pcm);
    free(rec.pcm);
    free(ref.pcm);
    return matched ? 0 : 1;
}
