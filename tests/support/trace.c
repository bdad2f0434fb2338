/*
 * Reads traces and judges what was played of them. The judge looks at what lies between two pieces
 * of audio: what was sent there, what of it the network lost, and how much was made up meanwhile.
 * Whatever a buffer does (throws late packets away, stands still, inserts frames), its listener
 * hears made-up sound for as long as that took, so all are judged by the same measure. Allocates by
 * malloc: tests only.
 */
#include "support/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_US 50
#define LOST    65535u
#define UNSENT  65534u
/* Packets are at most so far from the fastest lately. */
#define NEAR 500

static int by_arrival(const void *a, const void *b)
{
    const struct trace_packet *x = a, *y = b;

    if (x->arrival_us != y->arrival_us)
        return x->arrival_us < y->arrival_us ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void find_floor(struct trace *trace, const uint16_t *values)
{
    for (size_t i = 0; i < trace->places; i++) {
        size_t from = i > NEAR ? i - NEAR : 0;
        size_t to = i + NEAR < trace->places ? i + NEAR : trace->places;
        uint16_t least = LOST;

        for (size_t k = from; k < to; k++) {
            if (values[k] < least)
                least = values[k];
        }
        trace->floor_us[i] = (int64_t)least * UNIT_US;
    }
}

static void fill(struct trace *trace, const uint16_t *values)
{
    uint32_t number = 0, arrived = 0, unsent = 0;

    for (size_t i = 0; i < trace->places; i++) {
        trace->arrived[i] = arrived;
        trace->unsent[i] = unsent;
        if (values[i] == UNSENT) {
            unsent++;
            continue;
        }
        if (values[i] != LOST)
            trace->packets[arrived++] =
                (struct trace_packet){number, (uint32_t)i * TRACE_SAMPLES,
                                      (uint64_t)i * TRACE_PTIME_US + values[i] * UNIT_US};
        number++;
    }
    trace->arrived[trace->places] = arrived;
    trace->unsent[trace->places] = unsent;
    trace->count = arrived;
    qsort(trace->packets, arrived, sizeof(*trace->packets), by_arrival);
    find_floor(trace, values);
}

bool trace_load(struct trace *trace, const char *folder, const char *name, size_t places)
{
    static uint8_t bytes[2 * 65536];
    static uint16_t values[65536];
    char path[512];
    size_t count;
    FILE *file;

    memset(trace, 0, sizeof(*trace));
    snprintf(path, sizeof(path), "%s/%s.trace", folder, name);
    file = fopen(path, "rb");
    if (!file)
        return false;
    count = fread(bytes, 2, sizeof(bytes) / 2, file);
    fclose(file);
    if (places && places < count)
        count = places;
    for (size_t i = 0; i < count; i++)
        values[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    trace->places = count;
    trace->packets = malloc((count + 1) * sizeof(*trace->packets));
    trace->floor_us = malloc((count + 1) * sizeof(*trace->floor_us));
    trace->arrived = malloc((count + 1) * sizeof(*trace->arrived));
    trace->unsent = malloc((count + 1) * sizeof(*trace->unsent));
    if (!count || !trace->packets || !trace->floor_us || !trace->arrived || !trace->unsent)
        return false;
    fill(trace, values);
    return true;
}

void trace_free(struct trace *trace)
{
    free(trace->packets);
    free(trace->floor_us);
    free(trace->arrived);
    free(trace->unsent);
    memset(trace, 0, sizeof(*trace));
}

void trace_judge_init(struct trace_judge *judge, const struct trace *trace)
{
    memset(judge, 0, sizeof(*judge));
    judge->trace = trace;
}

/* Samples of packets of a kind from one timestamp to another, by the sums up to each place. */
static int64_t between(const struct trace *trace, const uint32_t *sums, uint32_t from, uint32_t to)
{
    int64_t sum[2];

    for (int i = 0; i < 2; i++) {
        uint32_t at = i ? to : from;
        size_t place = at / TRACE_SAMPLES;

        if (place >= trace->places)
            sum[i] = (int64_t)sums[trace->places] * TRACE_SAMPLES;
        else
            sum[i] = (int64_t)sums[place] * TRACE_SAMPLES +
                     (int64_t)(sums[place + 1] - sums[place]) * (at % TRACE_SAMPLES);
    }
    return sum[1] - sum[0];
}

static void close_gap(struct trace_judge *judge, uint32_t timestamp)
{
    const struct trace *trace = judge->trace;
    int64_t length = (int32_t)(timestamp - judge->end), unsent = 0, arrived = 0;

    if (length > 0) {
        arrived = between(trace, trace->arrived, judge->end, timestamp);
        unsent = between(trace, trace->unsent, judge->end, timestamp);
        judge->score.dropped += (uint64_t)arrived;
    } else {
        length = 0;
    }
    /* Silence is filled with silence, however long; what is missing of speech beside it is late. */
    if (unsent)
        judge->score.late += arrived;
    else if ((int64_t)judge->made_up > length - arrived)
        judge->score.late += (int64_t)judge->made_up - (length - arrived);
    judge->made_up = 0;
}

void trace_judge_played(struct trace_judge *judge, uint64_t at_us, uint32_t timestamp,
                        uint32_t samples)
{
    const struct trace *trace = judge->trace;
    size_t place = timestamp / TRACE_SAMPLES;

    if (judge->begun)
        close_gap(judge, timestamp);
    judge->made_up = 0;
    judge->begun = true;
    judge->end = timestamp + samples;
    judge->score.played += samples;
    judge->score.delay_us += (double)samples * ((double)at_us - (double)timestamp * 125 -
                                                (double)trace->floor_us[place]);
}

void trace_judge_made_up(struct trace_judge *judge, uint32_t samples)
{
    judge->made_up += samples;
}

void trace_judge_repeated(struct trace_judge *judge, uint32_t samples)
{
    judge->score.repeated += samples;
}

double trace_delay_ms(const struct trace_score *score)
{
    return score->played ? score->delay_us / (double)score->played / 1000 : 0;
}

double trace_late_percent(const struct trace_score *score, const struct trace *trace)
{
    return 100.0 * (double)score->late / ((double)trace->count * TRACE_SAMPLES);
}
