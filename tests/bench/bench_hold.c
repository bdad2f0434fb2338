/*
 * How long what comes in order is held before it is forwarded. Counted first, in the trace's own
 * time: the jitter buffer read as forks read it, on ten minutes of wifi; packets behind a gap wait
 * for what is missing, the others must not wait. Then by the clock: ten new streams through the
 * engine, through GStreamer's rtpjitterbuffer (40 ms, for which it holds the first packet) and
 * through a bare loop of recv and send; the first packet of each, and the ones after it.
 *
 * Not pinned: sender, relays and sink wait for each other.
 */
#include "bench/compare.h"
#include "bench/native/bare_relay.h"
#include "bench/native/load.h"
#include "bench/native/peers.h"
#include "bench/relay.h"
#include "support/trace.h"

#include "media/jitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- counted -------------------------------------------------------------------------------- */

static struct trace trace;
static uint64_t arrived_us[65536]; /* by number */

struct holds {
    uint64_t in_order, in_order_longest_us; /* packets; what the longest of them waited */
    uint64_t behind, behind_longest_us, behind_sum_us;
};

static void count_one(struct holds *holds, uint16_t seq, uint64_t now_us, bool in_order)
{
    uint64_t waited = now_us - arrived_us[seq];

    if (in_order) {
        holds->in_order++;
        if (waited > holds->in_order_longest_us)
            holds->in_order_longest_us = waited;
    } else {
        holds->behind++;
        holds->behind_sum_us += waited;
        if (waited > holds->behind_longest_us)
            holds->behind_longest_us = waited;
    }
}

/* came: what has just come; whatever else comes out had waited. */
static void read_all(struct omsp_jitter *jitter, struct holds *holds, uint64_t now_us,
                     uint16_t came, bool in_order)
{
    struct omsp_jitter_frame frame;

    while (omsp_jitter_next(jitter, now_us, &frame))
        if (frame.kind == OMSP_FRAME_AUDIO)
            count_one(holds, frame.seq, now_us, in_order && frame.seq == came);
}

static void count_holds(struct holds *holds)
{
    static uint8_t payload[TRACE_SAMPLES];
    struct omsp_jitter *jitter;
    uint32_t due = 0; /* the number that is in order */

    if (omsp_jitter_create(NULL, &jitter))
        exit(2);
    for (size_t i = 0; i < trace.count; i++) {
        const struct trace_packet *packet = &trace.packets[i];
        struct omsp_jitter_packet in = {
            (uint16_t)packet->number, packet->timestamp, 0, false, payload, TRACE_SAMPLES};
        bool in_order = packet->number == due;
        struct omsp_jitter_frame frame;

        while (omsp_jitter_deadline(jitter) <= packet->arrival_us)
            read_all(jitter, holds, omsp_jitter_deadline(jitter), 0, false);
        arrived_us[in.seq] = packet->arrival_us;
        if (omsp_jitter_pass(jitter, &in, &frame)) {
            count_one(holds, in.seq, packet->arrival_us, in_order);
        } else {
            omsp_jitter_put(jitter, packet->arrival_us, &in);
            read_all(jitter, holds, packet->arrival_us, in.seq, in_order);
        }
        if (packet->number >= due)
            due = packet->number + 1;
    }
    omsp_jitter_destroy(jitter);
}

static void report_counted(void)
{
    struct holds holds = {0};

    if (!trace_load(&trace, OMSP_TRACES, "wifi", 0)) {
        fprintf(stderr, "no trace\n");
        exit(2);
    }
    count_holds(&holds);
    trace_free(&trace);
    printf("{\"bench\":\"fork hold in order, longest\",\"ours\":%.1f,\"packets\":%u,"
           "\"behind_a_gap\":%u,\"behind_mean_ms\":%.1f,\"behind_longest_ms\":%.1f,"
           "\"peer\":\"none\",\"peer_value\":null,\"limit\":\"forward on arrival\","
           "\"limit_value\":0,\"unit\":\"us\",\"ratio_peer\":null,\"ratio_limit\":null,"
           "\"goal\":\"0 us\",\"met\":%s}\n",
           (double)holds.in_order_longest_us, (unsigned)holds.in_order, (unsigned)holds.behind,
           holds.behind ? (double)holds.behind_sum_us / (double)holds.behind / 1000 : 0,
           (double)holds.behind_longest_us / 1000, holds.in_order_longest_us ? "false" : "true");
    fflush(stdout);
}

/* ---- by the clock --------------------------------------------------------------------------- */

enum { STREAMS = 10, SINK_PORT = 20936, FROM_PORT = 20938, FIRST_PORT = 20000 };
enum who { OURS, BARE, GST, CONTESTANTS };

static const char *const addresses[CONTESTANTS] = {"127.0.78.1", "127.0.78.2", "127.0.78.3"};

static struct bench_rtp_load load; /* of the contestant that is being started */

static void run_ours(int fd)
{
    struct bench_relay relay = {.address = load.address,
                                .first_port = load.first_port,
                                .streams = load.streams,
                                .from_port = FROM_PORT,
                                .sink_port = SINK_PORT};
    char question;

    bench_relay_open(&relay);
    while (read(fd, &question, 1) == 1) {
        uint64_t frames = bench_relay_frames();

        if (write(fd, &frames, sizeof(frames)) != sizeof(frames))
            return;
    }
}

static void run_bare(int fd)
{
    bench_bare_relay(&load, fd, false);
}

static bool start(struct bench_process *process, enum who who)
{
    load = (struct bench_rtp_load){.address = addresses[who],
                                   .first_port = FIRST_PORT,
                                   .step = 2,
                                   .streams = STREAMS,
                                   .from_port = FROM_PORT,
                                   .out_port = SINK_PORT};
    if (who == GST)
        return bench_peer_gst(process, &load, true);
    bench_process_fork(process, who == OURS ? run_ours : run_bare);
    bench_process_ask(process, 'c'); /* it answers when it is open */
    return true;
}

/* A contestant that knows none of the streams yet. The first packet of each, then a second of them.
 */
static void measure(enum who who, struct omsp_bench_values *first, struct omsp_bench_values *later)
{
    struct sockaddr_in to[STREAMS];
    struct bench_process process;
    struct bench_load_result result;
    uint32_t sequence = 0;

    if (!start(&process, who))
        return;
    for (unsigned i = 0; i < STREAMS; i++)
        to[i] = bench_addr(addresses[who], (uint16_t)(FIRST_PORT + 2 * i));
    bench_load_run(to, STREAMS, &sequence, 20, &result);
    if (result.got)
        first->value[first->count++] = result.p50_us;
    bench_load_run(to, STREAMS, &sequence, 1000, &result);
    if (result.got)
        later->value[later->count++] = result.p50_us;
    bench_process_end(&process);
}

static void report_clock(void)
{
    unsigned rounds = omsp_bench_is_quick() ? 3 : 7;
    struct omsp_bench_values first[CONTESTANTS] = {0}, later[CONTESTANTS] = {0};
    struct omsp_bench bench = {.name = "first packet of a stream, arrival to forwarded",
                               .ours = {"openmsp", NULL, NULL},
                               .peer = {"gst rtpjitterbuffer", NULL, NULL},
                               .limit = {"bare recv and send", NULL, NULL}};

    bench_load_open(FROM_PORT, SINK_PORT);
    for (unsigned round = 0; round < rounds; round++) {
        for (int who = 0; who < CONTESTANTS; who++)
            measure((enum who)who, &first[who], &later[who]);
    }
    bench_load_close();
    omsp_bench_report(&bench, "us", &first[OURS], &first[GST], &first[BARE]);
    bench.name = "packets after it, arrival to forwarded";
    omsp_bench_report(&bench, "us", &later[OURS], &later[GST], &later[BARE]);
}

int main(void)
{
    report_counted();
    report_clock();
    return 0;
}
