/*
 * RTP in, out again, for 1 to 2000 streams: processor time a stream for each second of its media,
 * how long a packet takes, what is lost, and memory a stream. Ours is the engine with a media
 * stream for each; the limit receives and sends as many bytes; node and libwebsockets send media
 * frames as ours does, GStreamer (a jitter buffer of 40 ms) and rtpengine send the RTP on, janus
 * takes it and, having nobody to send it to, throws it away. Each is a process of its own, all of a
 * size are there at once and take turns. A contestant that of 100 streams or more lost more than a
 * twentieth, or made the sender as much too late, is not asked to carry more.
 *
 * Not pinned: 2000 streams and who sends and reads for them need more than one processor.
 */
#include "bench/native/bare_relay.h"
#include "bench/native/load.h"
#include "bench/native/peers.h"
#include "bench/relay.h"
#include "bench/scale_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SINK_PORT = 20940,
    FROM_PORT = 20942,
    FILES_A_STREAM = 5,
    PACKETS_A_SECOND = 50,
    MANY = 100
};

enum who { OURS, BARE, NODE, LWS, GST, JANUS, RTPENGINE, CONTESTANTS };

/* On addresses of their own, so that nobody's ports are in the way. */
static const struct contestant {
    const char *name;
    const char *address;
    uint16_t first_port, step;
    bool is_relay;
} contestants[CONTESTANTS] = {
    [OURS] = {"openmsp", "127.0.77.1", 20000, 2, true},
    [BARE] = {"bare recv and send", "127.0.77.2", 20000, 2, true},
    [NODE] = {"node dgram and ws", "127.0.77.3", 20000, 2, true},
    [LWS] = {"libwebsockets", "127.0.77.4", 20000, 2, true},
    [GST] = {"gst jitterbuffer", "127.0.77.5", 20000, 2, true},
    [JANUS] = {"janus streaming", "127.0.0.1", 30000, 1, false},
    [RTPENGINE] = {"rtpengine", "127.0.77.7", 19999, 0, true},
};

static unsigned workers;
static struct bench_rtp_load load; /* of the contestant that is being started */

static void run_ours(int fd)
{
    struct bench_relay relay = {.address = load.address,
                                .first_port = load.first_port,
                                .streams = load.streams,
                                .from_port = FROM_PORT,
                                .sink_port = SINK_PORT,
                                .workers = workers};
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

/* ---- one contestant at one size ---------------------------------------------------------------
 */

struct runner {
    bool is_there;
    struct bench_process process;
    uint32_t sequence;
    struct sockaddr_in to[BENCH_LOAD_MAX_STREAMS];
    struct bench_scale_line line;
};

static bool start(struct bench_process *process, enum who who, uint16_t *ports)
{
    switch (who) {
    case OURS:
    case BARE:
        bench_process_fork(process, who == OURS ? run_ours : run_bare);
        bench_process_ask(process, 'c'); /* it answers when it is open */
        return true;
    case NODE:
        return bench_peer_node(process, &load);
    case LWS:
        return bench_peer_lws(process, &load);
    case GST:
        return bench_peer_gst(process, &load, true);
    case JANUS:
        return bench_peer_janus(process, &load);
    default:
        return bench_peer_rtpengine(process, &load, ports);
    }
}

static void runner_start(struct runner *runner, enum who who, unsigned streams)
{
    static uint16_t ports[BENCH_LOAD_MAX_STREAMS];
    const struct contestant *it = &contestants[who];

    load = (struct bench_rtp_load){.address = it->address,
                                   .first_port = it->first_port,
                                   .step = it->step,
                                   .streams = streams,
                                   .from_port = FROM_PORT,
                                   .out_port = SINK_PORT};
    runner->is_there = start(&runner->process, who, ports);
    for (unsigned i = 0; i < streams; i++)
        runner->to[i] = bench_addr(
            it->address, who == RTPENGINE ? ports[i] : (uint16_t)(it->first_port + i * it->step));
    if (!runner->is_there)
        runner->line.missing = "not installed, or it did not start";
}

static uint64_t drops(enum who who)
{
    return bench_load_drops(contestants[who].address, contestants[who].first_port,
                            contestants[who].first_port + BENCH_LOAD_MAX_STREAMS);
}

static void put(struct omsp_bench_values *values, double value)
{
    values->value[values->count++] = value;
}

static void runner_measure(struct runner *runner, enum who who, unsigned ms)
{
    struct bench_scale_line *line = &runner->line;
    uint64_t dropped = line->is_relay ? 0 : drops(who);
    uint64_t used = bench_process_cpu_ns(&runner->process);
    struct bench_load_result result;

    bench_load_run(runner->to, line->streams, &runner->sequence, ms, &result);
    used = bench_process_cpu_ns(&runner->process) - used;
    if (!line->is_relay)
        result.got = result.sent - (drops(who) - dropped);
    line->sent += result.sent;
    line->got += result.got;
    if (!result.got)
        return;
    put(&line->cpu_us, (double)used / 1000 / (double)result.got * PACKETS_A_SECOND);
    put(&line->p50_us, result.p50_us);
    put(&line->p99_us, result.p99_us);
    put(&line->max_us, result.max_us);
    put(&line->pace, result.pace);
}

static double median(const struct omsp_bench_values *sorted)
{
    return sorted->value[sorted->count / 2];
}

/* ---- one size ---------------------------------------------------------------------------------
 */

static uint64_t memory_of_one[CONTESTANTS];
static bool is_full[CONTESTANTS];

static void measure_memory(struct runner *runner, enum who who, unsigned streams)
{
    uint64_t now = bench_process_memory(&runner->process);

    runner->line.memory_kb = -1;
    if (streams == 1)
        memory_of_one[who] = now;
    else if (memory_of_one[who])
        runner->line.memory_kb = ((double)now - (double)memory_of_one[who]) / 1024 / (streams - 1);
}

/* After printing: values are sorted. Of a few streams a packet is soon a twentieth. */
static bool is_carried(const struct bench_scale_line *line)
{
    return line->streams < MANY ||
           (bench_scale_loss(line) <= 5 && line->pace.count && median(&line->pace) >= 0.95);
}

static void run_size(struct runner *runners, unsigned streams, unsigned rounds, unsigned ms)
{
    struct bench_load_result warm;

    for (int who = 0; who < CONTESTANTS; who++) {
        runners[who] = (struct runner){.line = {.who = contestants[who].name,
                                                .streams = streams,
                                                .is_relay = contestants[who].is_relay}};
        if (is_full[who])
            runners[who].line.missing = "did not carry fewer streams";
        else
            runner_start(&runners[who], (enum who)who, streams);
    }
    for (int who = 0; who < CONTESTANTS; who++) /* sources are locked, code is compiled */
        if (runners[who].is_there)
            bench_load_run(runners[who].to, streams, &runners[who].sequence, 400, &warm);
    for (unsigned round = 0; round < rounds; round++)
        for (int who = 0; who < CONTESTANTS; who++)
            if (runners[who].is_there)
                runner_measure(&runners[who], (enum who)who, ms);
    for (int who = 0; who < CONTESTANTS; who++) {
        if (runners[who].is_there) {
            measure_memory(&runners[who], (enum who)who, streams);
            bench_process_end(&runners[who].process);
        }
        bench_scale_print(&runners[who].line);
        if (runners[who].is_there)
            is_full[who] = !is_carried(&runners[who].line);
    }
}

/* ---- all sizes --------------------------------------------------------------------------------
 */

static void report_cost(struct runner *runners, unsigned streams)
{
    static const enum who peers[] = {NODE, LWS, GST, JANUS, RTPENGINE};
    char name[64];
    struct omsp_bench bench = {.name = name, .limit.name = contestants[BARE].name};

    snprintf(name, sizeof(name), "scale, %u stream%s, a second of media", streams,
             streams == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        bench.peer.name = contestants[peers[i]].name;
        omsp_bench_report(&bench, "us", &runners[OURS].line.cpu_us, &runners[peers[i]].line.cpu_us,
                          &runners[BARE].line.cpu_us);
    }
}

/* Of the most streams that were run. */
static void report_memory(const struct runner *runners)
{
    static const enum who peers[] = {RTPENGINE, JANUS, GST, NODE, LWS};
    char name[64];
    struct omsp_bench bench = {.name = name, .at_most = 16};

    if (runners[OURS].line.missing || runners[OURS].line.memory_kb < 0)
        return;
    snprintf(name, sizeof(name), "scale, memory of a stream, %u streams",
             runners[OURS].line.streams);
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        const struct bench_scale_line *peer = &runners[peers[i]].line;
        struct omsp_bench_values mine = {{runners[OURS].line.memory_kb}, 1}, none = {0};
        struct omsp_bench_values theirs = {{peer->memory_kb},
                                           !peer->missing && peer->memory_kb >= 0};

        bench.peer.name = contestants[peers[i]].name;
        omsp_bench_report(&bench, "KB", &mine, &theirs, &none);
    }
}

static bool allow_files(unsigned streams)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max >= streams * FILES_A_STREAM + 200;
}

int main(void)
{
    static const unsigned all[] = {1, 10, 100, 500, 1000, 2000}, few[] = {1, 100, 1000};
    bool is_quick = omsp_bench_is_quick();
    const unsigned *sizes = is_quick ? few : all;
    size_t count = is_quick ? sizeof(few) / sizeof(few[0]) : sizeof(all) / sizeof(all[0]);
    static struct runner runners[CONTESTANTS];
    struct omsp_bench_values one = {0}, dearest = {0}, none = {0};
    struct omsp_bench flat = {.name = "scale, the dearest size against 1 stream",
                              .limit.name = "1 stream",
                              .times_limit = 1.2};

    workers = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    if (workers > 16)
        workers = 16;
    bench_load_open(FROM_PORT, SINK_PORT);
    for (size_t i = 0; i < count; i++) {
        struct omsp_bench_values *ours = &runners[OURS].line.cpu_us;

        if (!allow_files(sizes[i])) {
            printf("{\"bench\":\"scale\",\"streams\":%u,\"who\":\"everybody\",\"missing\":\"the "
                   "limit on open files\"}\n",
                   sizes[i]);
            continue;
        }
        run_size(runners, sizes[i], is_quick ? 2 : 7, is_quick ? 400 : 1000);
        if (!ours->count)
            continue;
        report_cost(runners, sizes[i]);
        if (sizes[i] == 1)
            one = *ours;
        else if (!dearest.count || median(ours) > median(&dearest))
            dearest = *ours;
    }
    if (dearest.count)
        omsp_bench_report(&flat, "us", &dearest, &none, &one);
    report_memory(runners);
    bench_load_close();
    return 0;
}
