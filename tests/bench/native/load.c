/*
 * Sending and telling; the sink is load_sink.c. What both know lies in memory that they share. The
 * sender's process, one thread.
 */
#include "bench/native/load.h"
#include "bench/native/load_shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    GROUPS = 20, /* every millisecond a twentieth of the streams */
    AT_ONCE = 8, /* packets of one system call, which are stamped together */
};

static struct bench_load_shared *shared;
static struct bench_process sink;
static int from;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

uint64_t bench_load_wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_load_precedence(bool is_first)
{
    setpriority(PRIO_PROCESS, 0, is_first ? -15 : 0);
}

static void run_sink(int fd)
{
    bench_load_precedence(true);
    bench_load_sink(shared, fd);
}

void bench_load_open(uint16_t from_port, uint16_t sink_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(from_port)};
    int room = 8 << 20;

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("the shared memory");
    shared->port = sink_port;
    bench_process_fork(&sink, run_sink);
    bench_process_ask(&sink, '?');
    from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(from, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (bind(from, (struct sockaddr *)&addr, sizeof(addr)))
        die("the sender's port");
}

void bench_load_close(void)
{
    bench_process_end(&sink);
    close(from);
    munmap(shared, sizeof(*shared));
}

/* ---- sending -------------------------------------------------------------------------------- */

static void put(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static void make_packet(uint8_t *packet, unsigned stream, uint32_t sequence, uint32_t timestamp,
                        bool is_first)
{
    packet[0] = 0x80;
    packet[1] = is_first ? 0x80 : 0; /* the marker: what came before was silence */
    put(packet + 2, sequence, 2);
    put(packet + 4, timestamp, 4);
    put(packet + 8, 0x4f4d5300u + stream, 4);
    memcpy(packet + 12, BENCH_LOAD_MAGIC, 3);
    put(packet + 15, stream, 2);
    put(packet + 17, sequence, 4);
    memset(packet + 12 + BENCH_LOAD_TAG, 0xd5, BENCH_LOAD_RTP - 12 - BENCH_LOAD_TAG);
}

static void send_some(const struct sockaddr_in *to, unsigned first, unsigned count, unsigned step,
                      uint32_t sequence, uint32_t timestamp, bool is_first)
{
    static uint8_t packets[AT_ONCE][BENCH_LOAD_RTP];
    struct mmsghdr heads[AT_ONCE] = {0};
    struct iovec vectors[AT_ONCE];
    unsigned done = 0;
    uint64_t now;

    for (unsigned i = 0; i < count; i++) {
        make_packet(packets[i], first + i * step, sequence, timestamp, is_first);
        vectors[i] = (struct iovec){packets[i], BENCH_LOAD_RTP};
        heads[i].msg_hdr.msg_name = (void *)(uintptr_t)&to[first + i * step];
        heads[i].msg_hdr.msg_namelen = sizeof(*to);
        heads[i].msg_hdr.msg_iov = &vectors[i];
        heads[i].msg_hdr.msg_iovlen = 1;
    }
    now = bench_load_wall_ns();
    for (unsigned i = 0; i < count; i++)
        atomic_store_explicit(bench_load_slot(shared, first + i * step, sequence), now,
                              memory_order_release);
    while (done < count) {
        int sent = sendmmsg(from, heads + done, count - done, 0);

        if (sent < 0)
            die("sending");
        done += (unsigned)sent;
    }
}

/* Streams group, group + GROUPS, …: how many. */
static unsigned send_group(const struct sockaddr_in *to, unsigned streams, unsigned group,
                           uint32_t sequence, uint32_t timestamp, bool is_first)
{
    unsigned count = streams > group ? (streams - group + GROUPS - 1) / GROUPS : 0;

    for (unsigned done = 0; done < count; done += AT_ONCE)
        send_some(to, group + done * GROUPS, count - done < AT_ONCE ? count - done : AT_ONCE,
                  GROUPS, sequence, timestamp, is_first);
    return count;
}

static void wait_for(uint64_t count)
{
    uint64_t got = 0, quiet_ms = 0;

    for (unsigned ms = 0; ms < 2000 && quiet_ms < 200; ms += 5, quiet_ms += 5) {
        uint64_t now = atomic_load(&shared->got);

        if (now != got)
            quiet_ms = 0;
        got = now;
        if (got >= count)
            break;
        bench_sleep_until(bench_now_ns() + 5000000);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void tell(struct bench_load_result *result)
{
    size_t count = result->got < BENCH_LOAD_DELAYS ? result->got : BENCH_LOAD_DELAYS;

    if (!count)
        return;
    qsort(shared->delay_ns, count, sizeof(shared->delay_ns[0]), by_value);
    result->p50_us = shared->delay_ns[count / 2] / 1000.0;
    result->p99_us = shared->delay_ns[count * 99 / 100] / 1000.0;
    result->max_us = shared->delay_ns[count - 1] / 1000.0;
}

void bench_load_run(const struct sockaddr_in *to, unsigned streams, uint32_t *sequence, unsigned ms,
                    struct bench_load_result *result)
{
    static uint64_t begin;
    uint64_t start = bench_now_ns(), at = start;
    uint32_t timestamp;

    if (!begin)
        begin = at;
    *result = (struct bench_load_result){0};
    atomic_store(&shared->got, 0);
    bench_load_precedence(true);
    timestamp = (uint32_t)((at - begin) / 20000000 * 160);
    for (unsigned t = 0; t < ms; t++) {
        result->sent += send_group(to, streams, t % GROUPS, *sequence, timestamp, t < GROUPS);
        if (t % GROUPS == GROUPS - 1) {
            ++*sequence;
            timestamp += 160;
        }
        at += 1000000;
        bench_sleep_until(at);
    }
    if (ms % GROUPS)
        ++*sequence;
    result->pace = 1e6 * ms / (double)(bench_now_ns() - start);
    bench_load_precedence(false);
    wait_for(result->sent);
    result->got = atomic_load(&shared->got);
    tell(result);
}

/* ---- what the system dropped ------------------------------------------------------------------
 */

uint64_t bench_load_drops(const char *address, uint16_t first_port, uint16_t last_port)
{
    FILE *file = fopen("/proc/net/udp", "r");
    struct in_addr wanted;
    uint64_t sum = 0;
    char line[256];

    inet_pton(AF_INET, address, &wanted);
    while (file && fgets(line, sizeof(line), file)) {
        unsigned local, port;
        char *last = strrchr(line, ' ');

        /* The last column that is not blank is the count. */
        while (last && last > line && strspn(last, " \n") == strlen(last))
            *last = 0, last = strrchr(line, ' ');
        if (last && sscanf(line, " %*[0-9]: %x:%x", &local, &port) == 2 && local == wanted.s_addr &&
            port >= first_port && port <= last_port)
            sum += strtoull(last, NULL, 10);
    }
    if (file)
        fclose(file);
    return sum;
}
