/*
 * The jitter buffer read by a device's clock, against speexdsp's and libre's, on the same arrivals
 * (tests/data/traces), each with many settings: the delay that it adds, and the share of the audio
 * that comes too late. Then the time for a packet in and its frame out.
 *
 * Delay: from the moment at which the fastest packet lately could have been played to the one at
 * which the sample is, mean over what is played. Late: what was made up though the network lost
 * nothing, whether the buffer threw the late packet away, stood still until it came, or put frames
 * in of itself (support/trace.h). Dropped: what arrived and was not played, for whatever reason;
 * repeated: pitch periods or silence played twice, while nothing was missing. Both beside the
 * delay, in percent.
 *
 * All of this runs in the traces' own time, so it is the same under every load.
 */
#include "bench/compare.h"
#include "support/speech.h"
#include "support/trace.h"

#include "media/conceal.h"
#include "media/jitter.h"

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
enum { PERIOD_US = 10000, PERIOD = TRACE_SAMPLES / 2, PHASES = 4 };

static const char *const traces[] = {"wifi",    "lte",  "dsl",   "dtx", "powersave",
                                     "reorder", "skew", "route", "lan"};

static uint8_t payload[TRACE_SAMPLES];
static struct trace trace;

/* What each side's settings mean is said where they are listed. */
struct setting {
    int first, second;
};

/* What a buffer did on a trace. */
struct outcome {
    struct setting setting;
    double delay_ms, late, dropped, repeated; /* the last three in percent */
};

/* A buffer behind a common face: packets in, one period of PERIOD samples out. */
struct buffer {
    void *state;
    void (*open)(struct buffer *buffer, struct setting setting);
    void (*put)(struct buffer *buffer, const struct trace_packet *packet);
    void (*play)(struct buffer *buffer, uint64_t now_us, struct trace_judge *judge);
    void (*close)(struct buffer *buffer);
    unsigned tick;
    uint32_t heard; /* ours: timestamp after what was played last */
};

/* ---- ours ----------------------------------------------------------------------------------- */

/* How many samples can be left out or repeated unheard at each place of some speech, with at most
 * so many allowed. Worked out beforehand: where the sound is quiet any number can. */
enum { SPEECH = 12 * 8000, STEP = 8, MOSTS = 3, ANY = 1000 };
static const unsigned most_of[MOSTS] = {120, 90, 60};
static uint16_t spares[MOSTS][SPEECH / STEP];

static void listen_to_speech(void)
{
    static int16_t pcm[SPEECH];
    struct omsp_conceal conceal;
    struct speech speech;

    speech_init(&speech, 3000, 1);
    speech_fill(&speech, pcm, SPEECH);
    omsp_conceal_init(&conceal);
    for (size_t i = 0; i < SPEECH / STEP; i++) {
        for (size_t m = 0; m < MOSTS; m++)
            spares[m][i] = (uint16_t)omsp_conceal_spare(&conceal, most_of[m]);
        /* A pitch period is never so long. */
        if (omsp_conceal_spare(&conceal, ANY) == ANY)
            spares[0][i] = ANY;
        omsp_conceal_good(&conceal, pcm + i * STEP, STEP);
    }
}

static unsigned spare(void *ctx, unsigned most)
{
    const struct buffer *buffer = ctx;
    size_t at = buffer->heard % SPEECH / STEP;

    if (spares[0][at] == ANY)
        return most;
    for (size_t m = 0; m < MOSTS; m++) {
        if (spares[m][at] && spares[m][at] <= most)
            return spares[m][at];
    }
    return 0;
}

/* first: late_per_thousand, second: min_delay_ms. */
static void ours_open(struct buffer *buffer, struct setting setting)
{
    struct omsp_jitter_config config;
    struct omsp_jitter *jitter;

    omsp_jitter_config_init(&config);
    config.playout = true;
    config.late_per_thousand = (unsigned)setting.first;
    config.min_delay_ms = (unsigned)setting.second;
    if (omsp_jitter_create(&config, &jitter))
        abort();
    buffer->state = jitter;
}

static void ours_put(struct buffer *buffer, const struct trace_packet *packet)
{
    struct omsp_jitter_packet in = {
        (uint16_t)packet->number, packet->timestamp, 0, false, payload, TRACE_SAMPLES};

    omsp_jitter_put(buffer->state, packet->arrival_us, &in);
}

static void ours_play(struct buffer *buffer, uint64_t now_us, struct trace_judge *judge)
{
    const struct omsp_jitter_ear ear = {spare, buffer};
    uint32_t filled = 0;

    while (filled < PERIOD) {
        struct omsp_jitter_frame frame;

        omsp_jitter_play(buffer->state, now_us, PERIOD - filled, &ear, &frame);
        if (frame.kind == OMSP_FRAME_AUDIO)
            buffer->heard = frame.timestamp + frame.samples;
        if (judge && frame.kind == OMSP_FRAME_AUDIO)
            trace_judge_played(judge, now_us + filled * 125, frame.timestamp, frame.samples);
        else if (judge && frame.kind == OMSP_FRAME_REPEAT)
            trace_judge_repeated(judge, frame.samples);
        else if (judge)
            trace_judge_made_up(judge, frame.samples);
        filled += frame.samples;
    }
}

static void ours_close(struct buffer *buffer)
{
    omsp_jitter_destroy(buffer->state);
}

/* ---- speexdsp ------------------------------------------------------------------------------- */

#ifdef OMSP_PEER_SPEEXDSP
/* first: most late packets in percent, second: what one percent of late packets costs in samples;
 * 0: its own choice. Below zero first is the margin, in packets. */
static void speex_open(struct buffer *buffer, struct setting setting)
{
    spx_int32_t margin = -setting.first * (int)TRACE_SAMPLES;

    buffer->state = jitter_buffer_init(TRACE_SAMPLES);
    if (setting.first > 0)
        jitter_buffer_ctl(buffer->state, JITTER_BUFFER_SET_MAX_LATE_RATE, &setting.first);
    if (setting.first < 0)
        jitter_buffer_ctl(buffer->state, JITTER_BUFFER_SET_MARGIN, &margin);
    if (setting.second)
        jitter_buffer_ctl(buffer->state, JITTER_BUFFER_SET_LATE_COST, &setting.second);
}

static void speex_put(struct buffer *buffer, const struct trace_packet *packet)
{
    JitterBufferPacket in = {(char *)payload,          TRACE_SAMPLES,
                             packet->timestamp,        TRACE_SAMPLES,
                             (uint16_t)packet->number, 0};

    jitter_buffer_put(buffer->state, &in);
}

static void speex_play(struct buffer *buffer, uint64_t now_us, struct trace_judge *judge)
{
    static char room[TRACE_SAMPLES];
    JitterBufferPacket out = {.data = room, .len = sizeof(room)};
    spx_int32_t offset = 0;
    int got;

    if (buffer->tick++ % 2)
        return;
    got = jitter_buffer_get(buffer->state, &out, TRACE_SAMPLES, &offset);
    if (judge && got == JITTER_BUFFER_OK)
        trace_judge_played(judge, now_us + (uint64_t)(offset * 125), out.timestamp, TRACE_SAMPLES);
    else if (judge)
        trace_judge_made_up(judge, got == JITTER_BUFFER_INSERTION ? out.span : TRACE_SAMPLES);
    jitter_buffer_tick(buffer->state);
}

static void speex_close(struct buffer *buffer)
{
    jitter_buffer_destroy(buffer->state);
}
#endif

/* ---- libre ---------------------------------------------------------------------------------- */

#ifdef OMSP_PEER_LIBRE
/* first, second: the least and the most packets that it holds. */
static void re_open(struct buffer *buffer, struct setting setting)
{
    struct jbuf *jbuf;

    if (jbuf_alloc(&jbuf, (uint32_t)setting.first, (uint32_t)setting.second))
        abort();
    buffer->state = jbuf;
}

static void re_put(struct buffer *buffer, const struct trace_packet *packet)
{
    struct rtp_header header = {.ver = 2, .seq = (uint16_t)packet->number, .ts = packet->timestamp};
    void *mem = mem_alloc(TRACE_SAMPLES, NULL);

    if (!mem)
        abort();
    memcpy(mem, payload, TRACE_SAMPLES);
    jbuf_put(buffer->state, &header, mem);
    mem_deref(mem);
}

static void re_play(struct buffer *buffer, uint64_t now_us, struct trace_judge *judge)
{
    struct rtp_header header;
    void *mem;

    if (buffer->tick++ % 2)
        return;
    if (!jbuf_get(buffer->state, &header, &mem)) {
        if (judge)
            trace_judge_played(judge, now_us, header.ts, TRACE_SAMPLES);
        mem_deref(mem);
    } else if (judge) {
        trace_judge_made_up(judge, TRACE_SAMPLES);
    }
}

static void re_close(struct buffer *buffer)
{
    mem_deref(buffer->state);
}
#endif

/* ---- settings ------------------------------------------------------------------------------- */

static const struct buffer ours = {NULL, ours_open, ours_put, ours_play, ours_close, 0, 0};
static const struct buffer peers[] = {
#ifdef OMSP_PEER_SPEEXDSP
    {NULL, speex_open, speex_put, speex_play, speex_close, 0, 0},
#else
    {0},
#endif
#ifdef OMSP_PEER_LIBRE
    {NULL, re_open, re_put, re_play, re_close, 0, 0},
#else
    {0},
#endif
};
static const char *const peer_names[] = {"speexdsp", "libre"};
enum { PEERS = sizeof(peers) / sizeof(peers[0]), MOST_SETTINGS = 256 };

struct settings {
    struct setting list[MOST_SETTINGS]; /* the first one is what it does unasked */
    size_t count;
};

static void add_setting(struct settings *settings, int first, int second)
{
    settings->list[settings->count++] = (struct setting){first, second};
}

static void list_ours(struct settings *settings)
{
    static const int late[] = {5,  0,  1,  2,  3,  4,  7,   10,  15,  20, 25,
                               30, 35, 40, 50, 60, 80, 100, 120, 150, 200};

    add_setting(settings, 10, 10);
    for (int least = 0; least <= 160; least += omsp_bench_is_quick() ? 40 : 20) {
        for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
            add_setting(settings, late[i], least);
    }
}

static void list_speex(struct settings *settings)
{
    static const int costs[] = {0, 5, 15, 45, 135, 400};

    add_setting(settings, 0, 0);
    for (int late = 0; late <= 8; late = late ? 2 * late : 1) {
        for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
            add_setting(settings, late, costs[i]);
    }
    for (int margin = 1; margin <= 8; margin++)
        add_setting(settings, -margin, 0);
}

static void list_libre(struct settings *settings)
{
    static const int most[] = {5, 6, 7, 8, 10, 12, 20};

    /* The least at which it keeps up with the wifi trace, and the most as baresip has it. */
    add_setting(settings, 3, 10);
    for (int least = 0; least <= 8; least++) {
        for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
            if (most[i] > least)
                add_setting(settings, least, most[i]);
        }
    }
}

/* ---- the delay ------------------------------------------------------------------------------ */

static void run_phase(const struct buffer *kind, struct setting setting, uint64_t now,
                      struct trace_score *sum)
{
    struct buffer buffer = *kind;
    struct trace_judge judge;
    size_t next = 0;

    trace_judge_init(&judge, &trace);
    buffer.open(&buffer, setting);
    for (; next < trace.count; now += PERIOD_US) {
        while (next < trace.count && trace.packets[next].arrival_us <= now)
            buffer.put(&buffer, &trace.packets[next++]);
        /* Nobody plays before there was anything. */
        if (next)
            buffer.play(&buffer, now, &judge);
    }
    buffer.close(&buffer);
    sum->played += judge.score.played;
    sum->delay_us += judge.score.delay_us;
    sum->late += judge.score.late;
    sum->dropped += judge.score.dropped;
    sum->repeated += judge.score.repeated;
}

static struct outcome run_trace(const struct buffer *kind, struct setting setting)
{
    double all = (double)trace.count * TRACE_SAMPLES * PHASES / 100;
    struct trace_score sum = {0};

    for (unsigned phase = 0; phase < PHASES; phase++)
        run_phase(kind, setting, 1000 + TRACE_PTIME_US * phase / PHASES, &sum);
    return (struct outcome){setting, trace_delay_ms(&sum), (double)sum.late / all,
                            (double)sum.dropped / all, (double)sum.repeated / all};
}

/* All settings of a side on this trace. */
struct side {
    struct outcome outcomes[MOST_SETTINGS];
    size_t count;
};

static void run_side(struct side *side, const struct buffer *kind,
                     void (*list)(struct settings *settings))
{
    static struct settings settings;

    settings.count = 0;
    side->count = 0;
    if (!kind->open)
        return;
    list(&settings);
    for (size_t i = 0; i < settings.count; i++)
        side->outcomes[side->count++] = run_trace(kind, settings.list[i]);
}

/* The least delay of a side at which no more is late than this; NULL: none. */
static const struct outcome *best_at(const struct side *side, double late)
{
    const struct outcome *best = NULL;

    for (size_t i = 0; i < side->count; i++) {
        const struct outcome *one = &side->outcomes[i];

        if (one->late <= late && (!best || one->delay_ms < best->delay_ms))
            best = one;
    }
    return best;
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
    int64_t *transit = malloc(trace.count * sizeof(*transit));
    size_t at = (size_t)((double)trace.count * (1 - late_percent / 100));
    double ms;

    if (!transit)
        abort();
    for (size_t i = 0; i < trace.count; i++) {
        const struct trace_packet *packet = &trace.packets[i];

        transit[i] = (int64_t)packet->arrival_us - (int64_t)packet->timestamp * 125 -
                     trace.floor_us[packet->timestamp / TRACE_SAMPLES];
    }
    qsort(transit, trace.count, sizeof(*transit), by_value);
    ms = (double)transit[at < trace.count ? at : trace.count - 1] / 1000;
    free(transit);
    return ms;
}

static void print_line(const char *name, const char *peer, const struct outcome *theirs,
                       const struct outcome *mine)
{
    double fixed = fixed_delay_ms(theirs->late);

    printf("{\"bench\":\"jitter %s %s\",\"peer\":\"%s\",\"peer_setting\":\"%d/%d\","
           "\"peer_value\":%.1f,\"late_percent\":%.2f,\"peer_dropped_percent\":%.2f",
           name, peer, peer, theirs->setting.first, theirs->setting.second, theirs->delay_ms,
           theirs->late, theirs->dropped);
    if (mine)
        printf(",\"ours\":%.1f,\"ours_setting\":\"%d/%d\",\"ours_late_percent\":%.2f,"
               "\"ours_dropped_percent\":%.2f,\"ours_repeated_percent\":%.2f",
               mine->delay_ms, mine->setting.first, mine->setting.second, mine->late, mine->dropped,
               mine->repeated);
    else
        printf(",\"ours\":null");
    printf(",\"limit\":\"fixed delay\",\"limit_value\":%.1f,\"unit\":\"ms\"", fixed);
    if (mine)
        printf(",\"ratio_peer\":%.2f,\"ratio_limit\":%.2f", theirs->delay_ms / mine->delay_ms,
               fixed > 0 ? mine->delay_ms / fixed : 0);
    else
        printf(",\"ratio_peer\":null,\"ratio_limit\":null");
    printf(",\"goal\":\"<= 0.90x its delay at its late share\",\"met\":%s}\n",
           mine && mine->delay_ms <= 0.9 * theirs->delay_ms ? "true" : "false");
    fflush(stdout);
}

/* Where ours is worst against the best that any peer does with any setting, up to 3 % late. */
static void compare_frontiers(const char *name, const struct side *mine, const struct side *theirs)
{
    const struct outcome *worst = NULL, *worst_mine = NULL;
    double worst_ratio = 0;
    size_t worst_peer = 0;

    for (size_t p = 0; p < PEERS; p++) {
        for (size_t i = 0; i < theirs[p].count; i++) {
            const struct outcome *one = &theirs[p].outcomes[i], *my = best_at(mine, one->late);
            bool beaten = one->late > 3;
            double ratio = my ? my->delay_ms / one->delay_ms : 100;

            for (size_t q = 0; q < PEERS; q++) {
                const struct outcome *other = best_at(&theirs[q], one->late);

                beaten = beaten || (other && other->delay_ms < one->delay_ms);
            }
            if (!beaten && ratio > worst_ratio) {
                worst_ratio = ratio;
                worst = one;
                worst_mine = my;
                worst_peer = p;
            }
        }
    }
    if (worst) {
        char title[64];

        snprintf(title, sizeof(title), "%s worst,", name);
        print_line(title, peer_names[worst_peer], worst, worst_mine);
    }
}

static void compare_delays(const char *name)
{
    static struct side mine, theirs[PEERS];

    run_side(&mine, &ours, list_ours);
    run_side(&theirs[0], &peers[0], list_speex);
    run_side(&theirs[1], &peers[1], list_libre);
    printf("{\"bench\":\"jitter %s as shipped\",\"ours\":%.1f,\"late_percent\":%.2f,"
           "\"dropped_percent\":%.2f,\"repeated_percent\":%.2f,\"peer\":\"none\","
           "\"peer_value\":null,\"limit\":\"fixed delay\",\"limit_value\":%.1f,\"unit\":\"ms\","
           "\"ratio_peer\":null,\"ratio_limit\":null,\"goal\":\"none\",\"met\":null}\n",
           name, mine.outcomes[0].delay_ms, mine.outcomes[0].late, mine.outcomes[0].dropped,
           mine.outcomes[0].repeated, fixed_delay_ms(mine.outcomes[0].late));
    for (size_t p = 0; p < PEERS; p++) {
        const struct outcome *unasked = &theirs[p].outcomes[0];

        if (theirs[p].count)
            print_line(name, peer_names[p], unasked, best_at(&mine, unasked->late));
        else
            printf("{\"bench\":\"jitter %s %s\",\"peer\":\"%s\",\"ours\":%.1f,"
                   "\"peer_value\":null,\"peer_missing\":true,\"limit\":\"fixed delay\","
                   "\"limit_value\":null,\"unit\":\"ms\",\"ratio_peer\":null,"
                   "\"ratio_limit\":null,\"goal\":\"<= 0.90x its delay at its late share\","
                   "\"met\":null}\n",
                   name, peer_names[p], peer_names[p], mine.outcomes[0].delay_ms);
    }
    compare_frontiers(name, &mine, theirs);
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

        flow->buffer.put(&flow->buffer, &packet);
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
    mine.buffer.open(&mine.buffer, (struct setting){10, 10});
    if (theirs.buffer.open)
        theirs.buffer.open(&theirs.buffer, (struct setting){p ? 3 : 0, p ? 10 : 0});
    omsp_bench_compare(&bench);
    mine.buffer.close(&mine.buffer);
    if (theirs.buffer.open)
        theirs.buffer.close(&theirs.buffer);
}

int main(void)
{
    memset(payload, 0xd5, sizeof(payload));
    listen_to_speech();
    for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
        if (!trace_load(&trace, OMSP_TRACES, traces[i], 0)) {
            fprintf(stderr, "no trace %s\n", traces[i]);
            return 2;
        }
        compare_delays(traces[i]);
        trace_free(&trace);
    }
    for (unsigned p = 0; p < PEERS; p++)
        compare_time(p);
    return 0;
}
