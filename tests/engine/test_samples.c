/* The samples terminal in simulated time: what a program writes is what the other end reads. */
#include "support/call_rig.h"
#include "support/suite.h"

#include "engine/samples.h"
#include "media/g711.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 8000
#define PI     3.14159265358979

struct watcher {
    unsigned calls, news; /* all bits ever */
    struct omsp_terminal *read_from;
    int16_t pcm[4 * SECOND];
    size_t count;
    bool failed;
};

struct pair {
    struct rig rig;
    struct omsp_call *a, *b;
    struct omsp_stream *send, *hear;
    struct omsp_terminal *in, *out; /* written to a's capture, read from b's render */
    struct watcher *writer, *reader;
};

static void note(void *ctx, unsigned news)
{
    struct watcher *watcher = ctx;

    watcher->calls++;
    watcher->news |= news;
}

static void pair_open(struct pair *pair, unsigned ring_ms)
{
    memset(pair, 0, sizeof(*pair));
    rig_open(&pair->rig, 3);
    pair->a = rig_call(&pair->rig);
    pair->b = rig_call(&pair->rig);
    pair->send = rig_stream(pair->a, OMSP_CAPTURE);
    pair->hear = rig_stream(pair->b, OMSP_RENDER);
    ck_assert_int_eq(omsp_samples_create(pair->rig.address, OMSP_CAPTURE, ring_ms, &pair->in),
                     OMSP_OK);
    ck_assert_int_eq(omsp_samples_create(pair->rig.address, OMSP_RENDER, ring_ms, &pair->out),
                     OMSP_OK);
    pair->writer = calloc(1, sizeof(*pair->writer));
    pair->reader = calloc(1, sizeof(*pair->reader));
    ck_assert_int_eq(omsp_samples_watch(pair->in, note, pair->writer), OMSP_OK);
    ck_assert_int_eq(omsp_samples_watch(pair->out, note, pair->reader), OMSP_OK);
}

static void pair_select(struct pair *pair)
{
    ck_assert_int_eq(omsp_stream_select(pair->send, pair->in), OMSP_OK);
    ck_assert_int_eq(omsp_stream_select(pair->hear, pair->out), OMSP_OK);
}

static void pair_close(struct pair *pair)
{
    ck_assert_int_eq(omsp_samples_watch(pair->in, NULL, NULL), OMSP_OK);
    ck_assert_int_eq(omsp_samples_watch(pair->out, NULL, NULL), OMSP_OK);
    omsp_terminal_release(pair->in);
    omsp_terminal_release(pair->out);
    omsp_stream_release(pair->send);
    omsp_stream_release(pair->hear);
    omsp_call_release(pair->a);
    omsp_call_release(pair->b);
    free(pair->writer);
    free(pair->reader);
    rig_close(&pair->rig);
}

static int16_t tone(size_t i, unsigned rate)
{
    return (int16_t)lrint(9000 * sin(2 * PI * 440 * (double)i / rate));
}

static int16_t pass(int16_t sample)
{
    return omsp_ulaw_to_linear(omsp_ulaw_from_linear(sample));
}

static struct omsp_samples_stats stats_of(struct omsp_terminal *terminal)
{
    struct omsp_samples_stats stats;

    ck_assert_int_eq(omsp_samples_get_stats(terminal, &stats), OMSP_OK);
    return stats;
}

/* Writes tone from sample *at on until the terminal has no more room. */
static void fill(struct pair *pair, size_t *at)
{
    int16_t pcm[SECOND];
    size_t used;

    for (size_t i = 0; i < SECOND; i++)
        pcm[i] = tone(*at + i, SECOND);
    ck_assert_int_eq(omsp_samples_write(pair->in, pcm, sizeof(pcm), &used), OMSP_FULL);
    *at += used / 2;
}

START_TEST(what_is_written_is_what_the_other_end_reads)
{
    struct pair pair;
    struct omsp_samples_chunk chunk;
    size_t written = 0, read = 0;
    static int16_t heard[3 * SECOND];

    pair_open(&pair, 200);
    pair_select(&pair);
    fill(&pair, &written); /* before the call is up: what it hears first */
    ck_assert_uint_eq(written, SECOND / 5);
    rig_connect(pair.a, pair.b);
    for (int i = 0; i < 100; i++) {
        enum omsp_status status;

        rig_run(&pair.rig, 20);
        fill(&pair, &written);
        do {
            status = omsp_samples_read(pair.out, heard + read, sizeof(heard) - 2 * read, &chunk);
            if (!status) {
                ck_assert_int_eq(chunk.discontinuity, read == 0);
                ck_assert_uint_eq(chunk.at_us, read * 125);
            }
            read += chunk.bytes / 2;
        } while (!status);
        ck_assert_int_eq(status, OMSP_EMPTY);
    }
    ck_assert_uint_ge(read, 2 * SECOND - 480);
    for (size_t i = 0; i < read; i++)
        ck_assert_int_eq(heard[i], pass(tone(i, SECOND)));
    ck_assert_uint_eq(stats_of(pair.in).underruns, 0);
    ck_assert_uint_eq(stats_of(pair.out).overruns, 0);
    ck_assert_uint_eq(stats_of(pair.out).discontinuities, 1);
    ck_assert_uint_eq(stats_of(pair.out).moved_us, read * 125);
    pair_close(&pair);
}
END_TEST

static const struct omsp_audio_format formats[] = {
    {1, 1, 8000, 8},  {1, 2, 8000, 16},  {1, 1, 16000, 16}, {1, 2, 44100, 16},
    {1, 1, 48000, 8}, {1, 2, 48000, 16}, {7, 1, 8000, 8},   {6, 1, 8000, 8},
};

static size_t put_block(const struct omsp_audio_format *format, int16_t value, uint8_t *to)
{
    size_t at = 0;

    for (unsigned c = 0; c < format->channels; c++) {
        if (format->tag == 7) {
            to[at++] = omsp_ulaw_from_linear(value);
        } else if (format->tag == 6) {
            to[at++] = omsp_alaw_from_linear(value);
        } else if (format->bits == 8) {
            to[at++] = (uint8_t)((value + 32768 + 128) / 256);
        } else {
            to[at++] = (uint8_t)value;
            to[at++] = (uint8_t)((uint16_t)value >> 8);
        }
    }
    return at;
}

static int get_block(const struct omsp_audio_format *format, const uint8_t *from)
{
    if (format->tag == 7)
        return omsp_ulaw_to_linear(*from);
    if (format->tag == 6)
        return omsp_alaw_to_linear(*from);
    return format->bits == 8 ? (*from - 128) * 256 : (int16_t)(from[0] | from[1] << 8);
}

/* Power of the tone at one frequency and of all the rest. */
static void measure(const struct omsp_audio_format *format, const uint8_t *bytes, size_t blocks,
                    double *level, double *rest)
{
    size_t block = (size_t)format->channels * format->bits / 8;
    double re = 0, im = 0, all = 0;

    for (size_t i = 0; i < blocks; i++) {
        double value = get_block(format, bytes + i * block);
        double phase = 2 * PI * 440 * (double)i / format->rate;

        re += value * cos(phase);
        im += value * sin(phase);
        all += value * value;
    }
    *level = 2 * sqrt(re * re + im * im) / (double)blocks;
    *rest = sqrt(fabs(all / (double)blocks - *level * *level / 2));
}

static void tone_in_format(const struct omsp_audio_format *mine)
{
    size_t block = (size_t)mine->channels * mine->bits / 8;
    size_t total = 2u * mine->rate, at = 0, got = 0;
    uint8_t *in = malloc(total * block), *out = malloc(total * block);
    struct omsp_audio_format told;
    struct pair pair;
    double level, rest;

    for (size_t i = 0; i < total; i++)
        put_block(mine, tone(i, mine->rate), in + i * block);
    pair_open(&pair, 200);
    ck_assert_int_eq(omsp_samples_set_format(pair.in, mine), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_format(pair.out, mine), OMSP_OK);
    ck_assert_int_eq(omsp_samples_get_format(pair.out, &told), OMSP_OK);
    ck_assert_mem_eq(&told, mine, sizeof(told));
    pair_select(&pair);
    rig_connect(pair.a, pair.b);
    for (int i = 0; i < 75; i++) {
        struct omsp_samples_chunk chunk;
        enum omsp_status status;
        size_t used;

        status = omsp_samples_write(pair.in, in + at, total * block - at, &used);
        ck_assert(status == OMSP_OK || status == OMSP_FULL);
        at += used;
        rig_run(&pair.rig, 20);
        status = omsp_samples_read(pair.out, out + got, total * block - got, &chunk);
        ck_assert(status == OMSP_OK || (status == OMSP_EMPTY && i == 0));
        got += chunk.bytes;
    }
    ck_assert_uint_ge(got, mine->rate * block * 14 / 10);
    measure(mine, out + mine->rate / 10 * block, mine->rate, &level, &rest);
    ck_assert_msg(fabs(level - 9000) < 200 && rest < 300, "level %f rest %f", level, rest);
    for (size_t i = 0; mine->channels == 2 && i < got; i += block)
        ck_assert_mem_eq(out + i, out + i + block / 2, block / 2);
    free(in);
    free(out);
    pair_close(&pair);
}

START_TEST(both_ends_choose_their_own_format)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        tone_in_format(&formats[i]);
}
END_TEST

START_TEST(a_format_cannot_change_under_a_connected_terminal)
{
    static const struct omsp_audio_format bad[] = {
        {3, 1, 8000, 32}, {1, 3, 8000, 16}, {1, 1, 7999, 16}, {1, 1, 48001, 16}, {1, 1, 8000, 24}};
    static const struct omsp_audio_format plain = {1, 1, 8000, 16};
    struct pair pair;

    pair_open(&pair, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(omsp_samples_set_format(pair.in, &bad[i]), OMSP_NO_FORMAT);
    pair_select(&pair);
    ck_assert_int_eq(omsp_samples_set_format(pair.in, &formats[2]), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_ring(pair.in, 100), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_ring(pair.in, 59), OMSP_INVALID);
    ck_assert_int_eq(omsp_samples_set_ring(pair.in, 10001), OMSP_INVALID);
    rig_connect(pair.a, pair.b);
    ck_assert_int_eq(omsp_samples_set_format(pair.in, &formats[2]), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_format(pair.in, &plain), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_samples_set_ring(pair.in, 200), OMSP_WRONG_STATE);
    ck_assert_uint_eq(stats_of(pair.in).ring_ms, 100);
    ck_assert_int_eq(omsp_stream_stop(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_format(pair.in, &plain), OMSP_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(a_reader_that_is_late_loses_the_oldest_and_is_told)
{
    struct pair pair;
    struct omsp_samples_chunk chunk;
    static int16_t pcm[SECOND];
    size_t written = 0;

    pair_open(&pair, 100);
    pair_select(&pair);
    rig_connect(pair.a, pair.b);
    for (int i = 0; i < 50; i++) {
        fill(&pair, &written);
        rig_run(&pair.rig, 20);
    }
    ck_assert_uint_eq(stats_of(pair.out).overruns, 1);
    ck_assert_uint_ge(stats_of(pair.out).overrun_us, 800000);
    ck_assert_uint_eq(stats_of(pair.out).buffered_us, 100000);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    ck_assert_uint_eq(chunk.bytes, 1600);
    ck_assert(chunk.discontinuity);
    ck_assert_uint_eq(chunk.at_us, stats_of(pair.out).overrun_us);
    for (size_t i = 0; i < 800; i++)
        ck_assert_int_eq(pcm[i], pass(tone(chunk.at_us / 125 + i, SECOND)));
    /* What lay in the reader's own hands is not mixed with what came after the loss. */
    rig_run(&pair.rig, 40);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, 200, &chunk), OMSP_OK);
    ck_assert(!chunk.discontinuity);
    rig_run(&pair.rig, 300);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    ck_assert(!chunk.discontinuity);
    ck_assert_uint_eq(chunk.bytes % 320, 120);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    ck_assert(chunk.discontinuity);
    ck_assert_uint_eq(stats_of(pair.out).overruns, 2);
    pair_close(&pair);
}
END_TEST

START_TEST(a_writer_that_is_late_is_counted_once_it_is_back)
{
    struct pair pair;
    int16_t pcm[160] = {1000};
    size_t used;

    pair_open(&pair, 0);
    pair_select(&pair);
    rig_connect(pair.a, pair.b);
    rig_run(&pair.rig, 100);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(omsp_samples_write(pair.in, pcm, sizeof(pcm), &used), OMSP_OK);
        rig_run(&pair.rig, 100);
        ck_assert_uint_eq(stats_of(pair.in).underruns, (unsigned)i);
        ck_assert_uint_eq(stats_of(pair.in).underrun_us, i ? 80000 : 0);
    }
    ck_assert_uint_eq(stats_of(pair.in).moved_us, 40000);
    pair_close(&pair);
}
END_TEST

START_TEST(the_watcher_hears_of_every_turn_outside_all_locks)
{
    struct pair pair;
    struct omsp_samples_chunk chunk;
    int16_t pcm[800] = {0};
    size_t used;
    unsigned calls;

    pair_open(&pair, 100);
    ck_assert_int_eq(omsp_samples_set_threshold(pair.in, 40), OMSP_OK);
    ck_assert_int_eq(omsp_samples_set_threshold(pair.out, 60), OMSP_OK);
    pair_select(&pair);
    rig_run(&pair.rig, 10);
    ck_assert_uint_eq(pair.writer->news | pair.reader->news, 0);
    rig_connect(pair.a, pair.b);
    rig_run(&pair.rig, 5);
    ck_assert_uint_eq(pair.writer->news, OMSP_SAMPLES_CONNECTED | OMSP_SAMPLES_READY);
    ck_assert_uint_eq(pair.reader->news, OMSP_SAMPLES_CONNECTED);
    rig_run(&pair.rig, 30);
    ck_assert_uint_eq(pair.reader->news, OMSP_SAMPLES_CONNECTED);
    rig_run(&pair.rig, 40);
    ck_assert_uint_eq(pair.reader->news, OMSP_SAMPLES_CONNECTED | OMSP_SAMPLES_READY);
    calls = pair.reader->calls;
    rig_run(&pair.rig, 500);
    ck_assert_uint_eq(pair.reader->calls, calls); /* told once until somebody reads */
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    rig_run(&pair.rig, 100);
    ck_assert_uint_eq(pair.reader->calls, calls + 1);

    calls = pair.writer->calls;
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 1600, &used), OMSP_OK);
    rig_run(&pair.rig, 20);
    ck_assert_uint_eq(pair.writer->calls, calls);
    rig_run(&pair.rig, 40);
    ck_assert_uint_eq(pair.writer->calls, calls + 1);

    pair.writer->news = pair.reader->news = 0;
    ck_assert_int_eq(omsp_samples_end(pair.in), OMSP_OK);
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 320, &used), OMSP_EOF);
    rig_run(&pair.rig, 200);
    ck_assert_uint_eq(pair.writer->news & OMSP_SAMPLES_ENDED, OMSP_SAMPLES_ENDED);
    ck_assert(stats_of(pair.in).ended);
    ck_assert_int_eq(omsp_samples_drop(pair.in), OMSP_OK);
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 320, &used), OMSP_OK);
    omsp_call_shutdown(pair.a);
    omsp_call_shutdown(pair.b);
    rig_run(&pair.rig, 10);
    ck_assert_uint_eq(pair.writer->news & OMSP_SAMPLES_STOPPED, OMSP_SAMPLES_STOPPED);
    ck_assert_uint_eq(pair.reader->news & OMSP_SAMPLES_STOPPED, OMSP_SAMPLES_STOPPED);
    pair_close(&pair);
}
END_TEST

START_TEST(a_stop_ends_what_waits_and_a_start_begins_anew)
{
    struct pair pair;
    struct omsp_samples_chunk chunk;
    int16_t pcm[1600];
    size_t written = 0;

    pair_open(&pair, 200);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_WRONG_STATE);
    pair_select(&pair);
    rig_connect(pair.a, pair.b);
    fill(&pair, &written);
    rig_run(&pair.rig, 65);
    ck_assert_int_eq(omsp_stream_stop(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_uint_eq(stats_of(pair.in).buffered_us, 0);
    ck_assert_int_eq(omsp_stream_stop(pair.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_WRONG_STATE);
    ck_assert_int_eq(omsp_stream_start(pair.send, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    ck_assert_int_eq(omsp_stream_start(pair.hear, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    written = 0;
    fill(&pair, &written);
    rig_run(&pair.rig, 65);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, sizeof(pcm), &chunk), OMSP_OK);
    ck_assert(chunk.discontinuity);
    ck_assert_uint_eq(chunk.at_us, 0);
    for (size_t i = 0; i < 160; i++)
        ck_assert_int_eq(pcm[chunk.bytes / 2 - 160 + i],
                         pass(tone(chunk.bytes / 2 - 160 + i, SECOND)));
    pair_close(&pair);
}
END_TEST

static void read_in_watcher(void *ctx, unsigned news)
{
    struct watcher *watcher = ctx;
    struct omsp_samples_chunk chunk;

    watcher->news |= news;
    while (!omsp_samples_read(watcher->read_from, watcher->pcm + watcher->count,
                              sizeof(watcher->pcm) - 2 * watcher->count, &chunk))
        watcher->count += chunk.bytes / 2;
}

START_TEST(a_watcher_may_do_the_reading_itself)
{
    struct pair pair;
    size_t written = 0;

    pair_open(&pair, 900);
    pair.reader->read_from = pair.out;
    ck_assert_int_eq(omsp_samples_watch(pair.out, read_in_watcher, pair.reader), OMSP_OK);
    pair_select(&pair);
    fill(&pair, &written);
    rig_connect(pair.a, pair.b);
    rig_run(&pair.rig, 900);
    ck_assert_uint_ge(pair.reader->count, SECOND * 8 / 10);
    for (size_t i = 0; i < pair.reader->count; i++)
        ck_assert_int_eq(pair.reader->pcm[i], pass(tone(i, SECOND)));
    pair_close(&pair);
}
END_TEST

START_TEST(every_door_knows_its_direction_and_its_kind)
{
    struct omsp_samples_chunk chunk;
    struct omsp_samples_stats stats;
    struct omsp_terminal *none, *recorder;
    struct pair pair;
    int16_t pcm[16] = {0};
    size_t used;

    pair_open(&pair, 0);
    ck_assert_int_eq(omsp_samples_write(pair.out, pcm, 2, &used), OMSP_BAD_DIRECTION);
    ck_assert_int_eq(omsp_samples_end(pair.out), OMSP_BAD_DIRECTION);
    ck_assert_int_eq(omsp_samples_read(pair.in, pcm, 2, &chunk), OMSP_BAD_DIRECTION);
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 1, &used), OMSP_INVALID);
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 0, &used), OMSP_OK);
    ck_assert_int_eq(omsp_samples_write(pair.in, pcm, 3, &used), OMSP_OK);
    ck_assert_uint_eq(used, 2);
    ck_assert_int_eq(omsp_samples_read(pair.out, pcm, 1, &chunk), OMSP_INVALID);
    ck_assert_int_eq(omsp_samples_create(pair.rig.address, OMSP_CAPTURE, 20000, &none),
                     OMSP_INVALID);
    ck_assert_int_eq(omsp_stream_select(pair.send, pair.out), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_file_recorder_create(pair.rig.address, &recorder), OMSP_OK);
    ck_assert_int_eq(omsp_samples_get_stats(recorder, &stats), OMSP_BAD_TERMINAL);
    ck_assert_int_eq(omsp_samples_write(recorder, pcm, 2, &used), OMSP_BAD_TERMINAL);
    omsp_terminal_release(recorder);
    ck_assert_int_eq(omsp_terminal_get_kind(pair.in), OMSP_TERMINAL_SAMPLES);
    pair_close(&pair);
}
END_TEST

static void make_one(void *ctx)
{
    struct rig *rig = ctx;
    struct omsp_terminal *terminal;
    enum omsp_status status = omsp_samples_create(rig->address, OMSP_RENDER, 0, &terminal);

    if (!status) {
        status = omsp_samples_set_format(terminal, &formats[3]);
        if (!status)
            status = omsp_samples_set_ring(terminal, 100);
        omsp_terminal_release(terminal);
    }
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
}

START_TEST(without_memory_there_is_no_terminal_and_no_leak)
{
    struct rig rig;

    rig_open(&rig, 1);
    ck_assert_int_ge(omsp_test_alloc_walk(make_one, &rig), 5);
    rig_close(&rig);
}
END_TEST

OMSP_SUITE("samples", TEST(what_is_written_is_what_the_other_end_reads),
           TEST(both_ends_choose_their_own_format),
           TEST(a_format_cannot_change_under_a_connected_terminal),
           TEST(a_reader_that_is_late_loses_the_oldest_and_is_told),
           TEST(a_writer_that_is_late_is_counted_once_it_is_back),
           TEST(the_watcher_hears_of_every_turn_outside_all_locks),
           TEST(a_stop_ends_what_waits_and_a_start_begins_anew),
           TEST(a_watcher_may_do_the_reading_itself),
           TEST(every_door_knows_its_direction_and_its_kind),
           TEST(without_memory_there_is_no_terminal_and_no_leak))
