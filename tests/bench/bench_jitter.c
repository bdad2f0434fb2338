/*
 * The jitter buffer read by a device's clock, against speexdsp's and libre's, on the same arrivals
 * (bench/trace.h): the delay that it adds, at a share of packets that come too late which is no
 * higher than the peer's; and the time for a packet in and its frame out. Delay: from the moment
 * at which the trace's fastest packet could have been played to the one at which the sample is,
 * mean over what is played. Late: came after its turn. Where a buffer waits for it instead
 * (speexdsp inserts, ours stands still), the frame made up meanwhile counts as a late packet of
 * ours; of the peer's only what was thrown away does.
 */
#include "bench/compare.h"
#include "bench/trace.h"

#include "media/jitter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OMSP_PEER_SPEEXDSP
#include <speex/speex_jitter.h>
#endif
#ifdef OMSP_PEER_LIBRE
#include <re/re.h>
#endif

/* The device asks for PERIOD_US at a time, at PHASES different moments between two packets in turn
 * (a run each; the mean counts), so that no buffer is lucky with its clock. speexdsp and libre give
 * whole packets, so every second time. */
enum { SECONDS = 600, PERIOD_US = 10000, PERIOD = TRACE_SAMPLES / 2, PHASES = 4 };

static uint8_t payload[TRACE_SAMPLES];

static struct trace_packet *packets;
static size_t packet_count;
static int64_t floor_us;

/* What a buffer did on a trace. */
struct outcome {
    double delay_ms, late_percent;
    int64_t delay_sum;
    uint64_t played, late;
};

/* A buffer behind a common face: packets in, one period of TRACE_SAMPLES out. */
struct buffer {
    void *state;
    void (*open)(struct buffer *buffer, unsigned setting);
    void (*put)(struct buffer *buffer, const struct trace_packet *packet, struct outcome *outcome);
    void (*play)(struct buffer *buffer, uint64_t now_us, struct outcome *outcome);
    void (*close)(struct buffer *buffer, struct outcome *outcome);
    unsigned tick;
};

static void note_played(struct outcome *outcome, int64_t at_us, uint32_t timestamp)
{
    outcome->delay_sum += at_us - (int64_t)timestamp * 125 - floor_us;
    outcome->played++;
}

/* ---- ours ----------------------------------------------------------------------------------- */

static void ours_open(struct buffer *buffer, unsigned late_per_thousand)
{
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter;

    omsp_jitter_config_init(&config);
    config.playout = true;
    config.late_per_thousand = late_per_thousand;
    if (omsp_jitter_create(&config, &jitter))
        abort();
    buffer->state = jitter;
}

static void ours_put(struct buffer *buffer, const struct trace_packet *packet,
                     struct outcome *outcome)
{
    struct omsp_jitter_packet in = {
        (uint16_t)packet->number, packet->timestamp, 0, false, payload, TRACE_SAMPLES};

    (void)outcome;
    omsp_jitter_put(buffer->state, packet->arrival_us, &in);
}

/* A third of the time nothing loud is played: samples may be left out unheard. */
static bool is_quiet(const struct buffer *buffer)
{
    return buffer->tick % 300 < 100;
}

static void ours_play(struct buffer *buffer, uint64_t now_us, struct outcome *outcome)
{
    uint32_t filled = 0;

    while (filled < PERIOD) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(buffer->state, now_us, PERIOD - filled, is_quiet(buffer), &frame);
        if (outcome && frame.kind == OMSP_FRAME_AUDIO)
            note_played(outcome, (int64_t)(now_us + filled * 125), frame.timestamp);
        filled += frame.samples;
    }
    buffer->tick++;
}

static void ours_close(struct buffer *buffer, struct outcome *outcome)
{
    struct omsp_jitter_stats stats;

    omsp_jitter_get_stats(buffer->state, &stats);
    if (outcome)
        outcome->late = stats.late + stats.underruns;
    omsp_jitter_destroy(buffer->state);
}

/* ---- speexdsp ------------------------------------------------------------------------------- */

#ifdef OMSP_PEER_SPEEXDSP
static void speex_open(struct buffer *buffer, unsigned setting)
{
    (void)setting;
    buffer->state = jitter_buffer_init(TRACE_SAMPLES);
}

static void speex_put(struct buffer *buffer, const struct trace_packet *packet,
                      struct outcome *outcome)
{
    JitterBufferPacket in = {(char *)payload,          TRACE_SAMPLES,
                             packet->timestamp,        TRACE_SAMPLES,
                             (uint16_t)packet->number, 0};
    int32_t at = jitter_buffer_get_pointer_timestamp(buffer->state);

    if (outcome && outcome->played && (int32_t)(packet->timestamp + TRACE_SAMPLES) - at <= 0)
        outcome->late++;
    jitter_buffer_put(buffer->state, &in);
}

static void speex_play(struct buffer *buffer, uint64_t now_us, struct outcome *outcome)
{
    static char room[TRACE_SAMPLES];
    JitterBufferPacket out = {.data = room, .len = sizeof(room)};
    spx_int32_t offset = 0;

    if (buffer->tick++ % 2)
        return;
    if (jitter_buffer_get(buffer->state, &out, TRACE_SAMPLES, &offset) == JITTER_BUFFER_OK &&
        outcome)
        note_played(outcome, (int64_t)now_us + offset * 125, out.timestamp);
    jitter_buffer_tick(buffer->state);
}

static void speex_close(struct buffer *buffer, struct outcome *outcome)
{
    (void)outcome;
    jitter_buffer_destroy(buffer->state);
}
#endif

/* ---- libre ---------------------------------------------------------------------------------- */

#ifdef OMSP_PEER_LIBRE
/* Packets: the least at which it keeps up with the wifi trace, and the most as baresip has it. */
enum { LIBRE_MIN = 3, LIBRE_MAX = 10 };

static void re_open(struct buffer *buffer, unsigned setting)
{
    struct jbuf *jbuf;

    (void)setting;
    if (jbuf_alloc(&jbuf, LIBRE_MIN, LIBRE_MAX))
        abort();
    buffer->state = jbuf;
}

static void re_put(struct buffer *buffer, const struct trace_packet *packet,
                   struct outcome *outcome)
{
    struct rtp_header header = {.ver = 2, .seq = (uint16_t)packet->number, .ts = packet->timestamp};
    void *mem = mem_alloc(TRACE_SAMPLES, NULL);

    (void)outcome;
    if (!mem)
        abort();
    memcpy(mem, payload, TRACE_SAMPLES);
    jbuf_put(buffer->state, &header, mem);
    mem_deref(mem);
}

static void re_play(struct buffer *buffer, uint64_t now_us, struct outcome *outcome)
{
    struct rtp_header header;
    void *mem;

    if (buffer->tick++ % 2 || jbuf_get(buffer->state, &header, &mem))
        return;
    if (outcome)
        note_played(outcome, (int64_t)now_us, header.ts);
    mem_deref(mem);
}

/* Its counters are not compiled into Debian's library: what it neither played nor still holds was
 * refused as too late or thrown away. */
static void re_close(struct buffer *buffer, struct outcome *outcome)
{
    if (outcome)
        outcome->late =
            packet_count - outcome->played > LIBRE_MAX ? packet_count - outcome->played : 0;
    mem_deref(buffer->state);
}
#endif

static const struct buffer ours = {NULL, ours_open, ours_put, ours_play, ours_close, 0};
static const struct buffer peers[] = {
#ifdef OMSP_PEER_SPEEXDSP
    {NULL, speex_open, speex_put, speex_play, speex_close, 0},
#else
    {0},
#endif
#ifdef OMSP_PEER_LIBRE
    {NULL, re_open, re_put, re_play, re_close, 0},
#else
    {0},
#endif
};
static const char *const peer_names[] = {"speexdsp", "libre"};
enum { PEERS = sizeof(peers) / sizeof(peers[0]) };

/* ---- the delay ------------------------------------------------------------------------------ */

static struct outcome run_phase(const struct buffer *kind, unsigned setting, uint64_t now)
{
    struct buffer buffer = *kind;
    struct outcome outcome = {0};
    size_t next = 0;

    buffer.open(&buffer, setting);
    while (next < packet_count) {
        while (next < packet_count && packets[next].arrival_us <= now)
            buffer.put(&buffer, &packets[next++], &outcome);
        /* Nobody plays before there was anything. */
        if (next)
            buffer.play(&buffer, now, &outcome);
        now += PERIOD_US;
    }
    buffer.close(&buffer, &outcome);
    return outcome;
}

static struct outcome run_trace(const struct buffer *kind, unsigned setting)
{
    struct outcome sum = {0};

    for (unsigned phase = 0; phase < PHASES; phase++) {
        struct outcome one = run_phase(kind, setting, 1000 + TRACE_PTIME_US * phase / PHASES);

        sum.delay_sum += one.delay_sum;
        sum.played += one.played;
        sum.late += one.late;
    }
    sum.delay_ms = sum.played ? (double)sum.delay_sum / (double)sum.played / 1000 : 0;
    sum.late_percent = 100.0 * (double)sum.late / (double)packet_count / PHASES;
    return sum;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The fixed delay that lets just this share come too late: what one that had seen the trace
 * beforehand, and cannot adapt, would choose. */
static double fixed_delay_ms(double late_percent)
{
    int64_t *transit = malloc(packet_count * sizeof(*transit));
    size_t at = (size_t)((double)packet_count * (1 - late_percent / 100));
    double ms;

    if (!transit)
        abort();
    for (size_t i = 0; i < packet_count; i++)
        transit[i] =
            (int64_t)packets[i].arrival_us - (int64_t)packets[i].timestamp * 125 - floor_us;
    qsort(transit, packet_count, sizeof(*transit), by_value);
    ms = (double)transit[at < packet_count ? at : packet_count - 1] / 1000;
    free(transit);
    return ms;
}

/* The least delay of ours at which no more is late than this. */
static struct outcome ours_at(double late_percent, unsigned *setting)
{
    static const unsigned settings[] = {0,  1,  2,  3,  5,  7,  10, 13,  16,  20,  25,
                                        30, 40, 50, 60, 70, 80, 90, 100, 120, 150, 200};
    struct outcome best = {0};

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct outcome outcome = run_trace(&ours, settings[i]);
        bool fits = outcome.late_percent <= late_percent;

        if (!i ||
            (fits && (outcome.delay_ms < best.delay_ms || best.late_percent > late_percent))) {
            best = outcome;
            *setting = settings[i];
        }
    }
    return best;
}

static void compare_delay(const char *trace, unsigned p)
{
    struct outcome theirs, best;
    unsigned setting = 0;
    double fixed;
    bool met;

    printf("{\"bench\":\"jitter %s delay\",\"peer\":\"%s\"", trace, peer_names[p]);
    if (!peers[p].open) {
        best = run_trace(&ours, 5);
        printf(
            ",\"ours\":%.1f,\"ours_late_percent\":%.2f,\"peer_value\":null,\"peer_missing\":true,"
            "\"limit\":\"fixed delay\",\"limit_value\":%.1f,\"unit\":\"ms\",\"ratio_peer\":null,"
            "\"ratio_limit\":null,\"goal\":\"<= 0.90x the delay of %s\",\"met\":null}\n",
            best.delay_ms, best.late_percent, fixed_delay_ms(best.late_percent), peer_names[p]);
        return;
    }
    theirs = run_trace(&peers[p], 0);
    best = ours_at(theirs.late_percent, &setting);
    fixed = fixed_delay_ms(best.late_percent);
    met = best.late_percent <= theirs.late_percent && best.delay_ms <= 0.9 * theirs.delay_ms;
    printf(",\"ours\":%.1f,\"ours_late_percent\":%.2f,\"ours_setting\":%u,\"peer_value\":%.1f,"
           "\"peer_late_percent\":%.2f,\"limit\":\"fixed delay\",\"limit_value\":%.1f,"
           "\"unit\":\"ms\",\"ratio_peer\":%.2f,\"ratio_limit\":%.2f,"
           "\"goal\":\"<= 0.90x the delay of %s\",\"met\":%s}\n",
           best.delay_ms, best.late_percent, setting, theirs.delay_ms, theirs.late_percent, fixed,
           theirs.delay_ms / best.delay_ms, fixed > 0 ? best.delay_ms / fixed : 0, peer_names[p],
           met ? "true" : "false");
    fflush(stdout);
}

/* ---- the time ------------------------------------------------------------------------------- */

/* In order, evenly, one in, one out, on and on. */
struct flow {
    struct buffer buffer;
    uint32_t number;
};

static void run_flow(void *ctx, size_t times)
{
    struct flow *flow = ctx;

    while (times--) {
        struct trace_packet packet = {flow->number, flow->number * TRACE_SAMPLES,
                                      (uint64_t)flow->number * TRACE_PTIME_US + 20000};

        flow->buffer.put(&flow->buffer, &packet, NULL);
        flow->buffer.play(&flow->buffer, packet.arrival_us + 5000, NULL);
        flow->buffer.play(&flow->buffer, packet.arrival_us + 5000 + PERIOD_US, NULL);
        flow->number++;
    }
}

static uint8_t copied[TRACE_SAMPLES];
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static void run_copy(void *ctx, size_t times)
{
    (void)ctx;
    while (times--) {
        copy(copied, payload, sizeof(copied));
        OMSP_BENCH_KEEP(copied);
    }
}

static void compare_time(unsigned p)
{
    struct flow mine = {ours, 0}, theirs = {peers[p], 0};
    char name[48];
    struct omsp_bench bench = {
        .name = name,
        .ours = {"openmsp", run_flow, &mine},
        .peer = {peer_names[p], peers[p].open ? run_flow : NULL, &theirs},
        .limit = {"memcpy", run_copy, NULL},
        .at_most = 60,
    };

    snprintf(name, sizeof(name), "jitter packet in and out, %s", peer_names[p]);
    mine.buffer.open(&mine.buffer, 5);
    if (theirs.buffer.open)
        theirs.buffer.open(&theirs.buffer, 0);
    omsp_bench_compare(&bench);
    mine.buffer.close(&mine.buffer, NULL);
    if (theirs.buffer.open)
        theirs.buffer.close(&theirs.buffer, NULL);
}

int main(void)
{
    memset(payload, 0xd5, sizeof(payload));
    for (int kind = 0; kind < TRACE_KINDS; kind++) {
        packet_count = trace_make((enum trace_kind)kind, SECONDS, &packets);
        floor_us = trace_floor_us(packets, packet_count);
        for (unsigned p = 0; p < PEERS; p++)
            compare_delay(trace_name((enum trace_kind)kind), p);
        free(packets);
    }
    for (unsigned p = 0; p < PEERS; p++)
        compare_time(p);
    return 0;
}
