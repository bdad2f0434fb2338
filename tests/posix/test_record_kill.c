/*
 * A recording process that is killed (SIGKILL) at moments of chance while it records a call over
 * real sockets: what it wrote is a WAV file of what was said, in order from the first word, up to
 * the last second. The process is this program, started again; what it hears is sent from here,
 * every frame with its number. Under Wine openmsp.exe is killed likewise:
 * tests/interop/call/test_crash.sh.
 */
#include "support/suite.h"

#include "engine/engine.h"
#include "media/g711.h"
#include "media/rtp.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS    4 /* or $OMSP_KILLS */
#define FRAME    160
#define HEADER   44
#define SECOND_S 8000 /* samples */
#define WAIT_S   20

static void nothing(void *ctx)
{
    (void)ctx;
}

/* Never zero, which is silence. */
static uint8_t code_at(unsigned frame, unsigned i)
{
    return (uint8_t)(0x10 + ((frame * FRAME + i) * 2654435761u >> 24) % 0x60);
}

/* The child: records until it is killed. Tells its port. */
static _Noreturn void record(const char *path, uint16_t peer_port, int tell)
{
    struct omsp_addr local = {.family = 4, .ip = {127, 0, 0, 1}}, peer = local;
    struct omsp_engine *engine;
    struct omsp_address *address;
    struct omsp_listener *listener;
    struct omsp_terminal *recorder, *track;
    struct omsp_stream *render;
    struct omsp_call *call;

    peer.port = peer_port;
    if (omsp_engine_create(omsp_system_ports(), NULL, &engine) ||
        omsp_address_create(engine, &address) ||
        omsp_address_listen(address, nothing, NULL, &listener) ||
        omsp_call_create(address, OMSP_MEDIA_AUDIO, 1, &call) || omsp_call_bind(call, &local))
        _exit(2);
    render = omsp_call_stream_at(call, 1);
    if (omsp_file_recorder_create(address, &recorder) ||
        omsp_file_recorder_set_name(recorder, path) ||
        omsp_file_create_track(recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER, &track) ||
        omsp_file_start(recorder) || omsp_stream_select(render, track) ||
        omsp_call_set_peer(call, &peer, 0))
        _exit(3);
    omsp_call_local_addr(call, &local);
    if (write(tell, &local.port, sizeof(local.port)) != (ssize_t)sizeof(local.port))
        _exit(4);
    for (;;)
        pause();
}

static int make_socket(uint16_t *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (*port = (uint16_t)(20000 + getpid() % 5000 * 2);; *port += 2) {
        ck_assert_uint_lt(*port, 32000);
        addr.sin_port = htons(*port);
        if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
            return fd;
    }
}

static void say(int fd, uint16_t port, unsigned frame)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    uint8_t packet[OMSP_RTP_HEADER + FRAME];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    omsp_rtp_put_header(packet, false, OMSP_RTP_PCMU, (uint16_t)frame, frame * FRAME, 4711);
    for (unsigned i = 0; i < FRAME; i++)
        packet[OMSP_RTP_HEADER + i] = code_at(frame, i);
    ck_assert_int_eq(sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(packet));
}

static uint32_t little(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* As a player reads it: by the header's sizes, which the file must have. */
static size_t read_samples(const char *path, int16_t *samples, size_t room)
{
    uint8_t header[HEADER], pair[2];
    FILE *file = fopen(path, "rb");
    size_t count;

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(header, 1, HEADER, file), HEADER);
    ck_assert(!memcmp(header, "RIFF", 4) && !memcmp(header + 8, "WAVEfmt ", 8) &&
              !memcmp(header + 36, "data", 4));
    ck_assert_uint_eq(header[34], 16);
    ck_assert_uint_eq(little(header + 24), SECOND_S);
    count = little(header + 40) / 2;
    ck_assert_uint_eq(little(header + 4), 36 + count * 2);
    ck_assert_uint_le(count, room);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(fread(pair, 1, 2, file), 2);
        samples[i] = (int16_t)(pair[0] | pair[1] << 8);
    }
    fclose(file);
    return count;
}

static void judge(const char *path, unsigned said)
{
    static int16_t samples[SECOND_S * 60];
    size_t count = read_samples(path, samples, SECOND_S * 60), at = 0;

    while (at < count && !samples[at])
        at++; /* before the first word */
    ck_assert_msg(count - at <= said * FRAME, "%zu samples of %u said", count - at, said * FRAME);
    ck_assert_msg(count - at + SECOND_S >= said * FRAME, "%zu samples of %u said", count - at,
                  said * FRAME);
    for (size_t i = 0; at + i < count; i++)
        ck_assert_msg(samples[at + i] ==
                          omsp_ulaw_to_linear(code_at((unsigned)(i / FRAME), i % FRAME)),
                      "sample %zu is another", i);
}

static void kill_one(unsigned round, unsigned frames)
{
    struct timespec next;
    uint16_t peer_port, port = 0;
    char path[64];
    int fd = make_socket(&peer_port), pipes[2], status;
    pid_t pid;

    snprintf(path, sizeof(path), "record-kill-%d-%u.wav", (int)getpid(), round);
    ck_assert_int_eq(pipe(pipes), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) { /* anew: what other threads of this process held is not held there */
        char port_text[16], tell_text[16];

        snprintf(port_text, sizeof(port_text), "%u", (unsigned)peer_port);
        snprintf(tell_text, sizeof(tell_text), "%d", pipes[1]);
        execl("/proc/self/exe", "test_record_kill", path, port_text, tell_text, (char *)NULL);
        _exit(1);
    }
    close(pipes[1]); /* so that a child that could not begin is an end */
    ck_assert_int_eq(read(pipes[0], &port, sizeof(port)), sizeof(port));
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (unsigned frame = 0; frame < frames; frame++) {
        say(fd, port, frame);
        next.tv_nsec += 20000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(pipes[0]);
    close(fd);
    judge(path, frames);
    remove(path);
}

START_TEST(a_killed_recorder_leaves_all_but_the_last_second)
{
    const char *text = getenv("OMSP_KILLS");
    unsigned kills = text ? (unsigned)atoi(text) : KILLS;

    srand((unsigned)time(NULL) ^ (unsigned)getpid());
    for (unsigned i = 0; i < kills; i++)
        kill_one(i, 55 + (unsigned)rand() % 150);
}
END_TEST

int main(int argc, char **argv)
{
    static const struct omsp_test_entry entries[] = {
        TEST(a_killed_recorder_leaves_all_but_the_last_second)};

    if (argc == 4)
        record(argv[1], (uint16_t)atoi(argv[2]), atoi(argv[3]));
    return omsp_suite_run("record_kill", entries, sizeof(entries) / sizeof(entries[0]));
}
