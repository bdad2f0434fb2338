/*
 * As bench_scale, of the Windows build under Wine: 1 to 200 streams through pe/scale_relay.c, whose
 * RTP is sent and whose frames are read by this program, which is none of Windows'. Processor time
 * is that of the Windows process and of its wineserver, without which it does nothing.
 *
 * Not pinned: process, server, sender and sink need more than one processor.
 */
#include "bench/native/load.h"
#include "bench/native/peers.h"
#include "bench/scale_line.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "build/mingw-x64/bench/scale_relay.exe"
#define ADDRESS "127.0.77.8"
#define WHO     "openmsp under Wine"

enum { SINK_PORT = 20944, FROM_PORT = 20946, FIRST_PORT = 20000, PACKETS_A_SECOND = 50 };

/* ---- finding processes ------------------------------------------------------------------------
 */

/* A file of /proc whose parts end with NUL, as one string with blanks; "" when it cannot be read.
 */
static const char *proc_text(int pid, const char *name)
{
    static char text[65536];
    char path[64];
    size_t len = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    file = fopen(path, "r");
    if (file) {
        len = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = ' ';
    text[len] = 0;
    return text;
}

static bool runs(int pid, const char *program)
{
    char path[64], target[512];
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    len = readlink(path, target, sizeof(target) - 1);
    target[len > 0 ? len : 0] = 0;
    return strstr(target, program) != NULL;
}

/* The process that runs `program` and has `word` in this file of /proc; 0: none. */
static int find_process(const char *program, const char *name, const char *word)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    int found = 0;

    while (folder && !found && (entry = readdir(folder))) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && runs(pid, program) && strstr(proc_text(pid, name), word))
            found = pid;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* ---- the contestant ---------------------------------------------------------------------------
 */

static struct bench_process script, relay, server;

static bool find_relay(const char *mark)
{
    char prefix[4200];
    const char *at;

    relay.pid = find_process("wine", "cmdline", mark);
    at = relay.pid ? strstr(proc_text(relay.pid, "environ"), "WINEPREFIX=") : NULL;
    if (!at)
        return false;
    snprintf(prefix, sizeof(prefix), "%.*s ", (int)strcspn(at, " "), at);
    server.pid = find_process("wineserver", "environ", prefix);
    return server.pid != 0;
}

static void end_relay(void)
{
    if (relay.pid)
        kill(relay.pid, SIGKILL);
    waitpid(script.pid, NULL, 0); /* it ends when its program has */
    close(script.fd);
}

/* False: no Windows build, no Wine. */
static bool start_relay(unsigned streams)
{
    char count[16], first[16], from[16], sink[16], mark[32], line[256] = "";
    const char *argv[] = {
        "bash", "toolchain/run-wine.sh", "x64", PROGRAM, count, ADDRESS, first, from, sink, mark,
        NULL};

    snprintf(count, sizeof(count), "%u", streams);
    snprintf(first, sizeof(first), "%d", FIRST_PORT);
    snprintf(from, sizeof(from), "%d", FROM_PORT);
    snprintf(sink, sizeof(sink), "%d", SINK_PORT);
    snprintf(mark, sizeof(mark), "mark-%d", (int)getpid());
    setenv("OMSP_TEST_TIMEOUT", "170", 1);
    if (access(PROGRAM, R_OK) || !bench_process_exec(&script, argv))
        return false;
    while (strncmp(line, "ready", 5) != 0)
        if (!bench_process_line(&script, line, sizeof(line), 120))
            break;
    if (find_relay(mark) && !strncmp(line, "ready", 5))
        return true;
    end_relay();
    return false;
}

/* ---- measuring --------------------------------------------------------------------------------
 */

static uint64_t cpu_ns(void)
{
    return bench_process_cpu_ns(&relay) + bench_process_cpu_ns(&server);
}

static void put(struct omsp_bench_values *values, double value)
{
    values->value[values->count++] = value;
}

static void measure(struct bench_scale_line *line, const struct sockaddr_in *to, uint32_t *sequence,
                    unsigned ms)
{
    struct bench_load_result result;
    uint64_t used = cpu_ns();

    bench_load_run(to, line->streams, sequence, ms, &result);
    used = cpu_ns() - used;
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

static void run_size(struct bench_scale_line *line, unsigned streams, unsigned rounds, unsigned ms)
{
    static struct sockaddr_in to[BENCH_LOAD_MAX_STREAMS];
    static uint64_t memory_of_one;
    struct bench_load_result warm;
    uint32_t sequence = 0;
    uint64_t memory;

    *line = (struct bench_scale_line){
        .who = WHO, .streams = streams, .is_relay = true, .memory_kb = -1};
    if (!start_relay(streams)) {
        line->missing = "no Windows build or no Wine, or it did not start";
        bench_scale_print(line);
        return;
    }
    for (unsigned i = 0; i < streams; i++)
        to[i] = bench_addr(ADDRESS, (uint16_t)(FIRST_PORT + 2 * i));
    bench_load_run(to, streams, &sequence, 400, &warm);
    for (unsigned round = 0; round < rounds; round++)
        measure(line, to, &sequence, ms);
    memory = bench_process_memory(&relay);
    if (streams == 1)
        memory_of_one = memory;
    else if (memory_of_one)
        line->memory_kb = ((double)memory - (double)memory_of_one) / 1024 / (streams - 1);
    end_relay();
    bench_scale_print(line);
}

int main(void)
{
    static const unsigned all[] = {1, 10, 50, 100, 200}, few[] = {1, 100};
    bool is_quick = omsp_bench_is_quick();
    const unsigned *sizes = is_quick ? few : all;
    size_t count = is_quick ? sizeof(few) / sizeof(few[0]) : sizeof(all) / sizeof(all[0]);
    struct omsp_bench_values one = {0}, dearest = {0}, none = {0};
    struct omsp_bench flat = {.name = "scale under Wine, the dearest size against 1 stream",
                              .limit.name = "1 stream",
                              .times_limit = 1.2};

    bench_load_open(FROM_PORT, SINK_PORT);
    for (size_t i = 0; i < count; i++) {
        static struct bench_scale_line line;
        struct omsp_bench_values *cpu = &line.cpu_us;

        run_size(&line, sizes[i], is_quick ? 2 : 7, is_quick ? 500 : 1000);
        if (!cpu->count)
            break;
        if (sizes[i] == 1)
            one = *cpu;
        else if (!dearest.count || cpu->value[cpu->count / 2] > dearest.value[dearest.count / 2])
            dearest = *cpu;
    }
    if (dearest.count)
        omsp_bench_report(&flat, "us", &dearest, &none, &one);
    bench_load_close();
    return 0;
}
