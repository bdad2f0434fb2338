/*
 * See peers.h: janus and rtpengine, unpacked by toolchain/peers.sh under $OMSP_PEERS. janus gets a
 * folder of settings with a mountpoint for each stream, and no door but a socket in that folder;
 * rtpengine is told of each call over its control port (the "ng" protocol: bencode in datagrams).
 */
#include "bench/native/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *program(const char *path)
{
    static char whole[512];
    const char *folder = getenv("OMSP_PEERS");

    snprintf(whole, sizeof(whole), "%s/%s", folder ? folder : "/nowhere", path);
    return whole;
}

static bool later(unsigned *tries)
{
    bench_sleep_until(bench_now_ns() + 20000000);
    return ++*tries < 3000; /* a minute */
}

/* ---- janus ---------------------------------------------------------------------------------- */

#define LIBRARIES "janus/usr/lib/x86_64-linux-gnu/janus"

static FILE *janus_file(const char *folder, const char *name)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

static void janus_settings(const char *folder, const struct bench_rtp_load *load)
{
    FILE *file = janus_file(folder, "janus.jcfg");

    fprintf(file,
            "general: { plugins_folder = \"%s/plugins\"; transports_folder = \"%s/transports\"; "
            "debug_level = 2; }\nevents: { broadcast = false; }\nmedia: { }\nnat: { }\n"
            "certificates: { }\nplugins: { }\ntransports: { }\n",
            folder, folder);
    fclose(file);
    file = janus_file(folder, "janus.transport.pfunix.jcfg");
    fprintf(file,
            "general: { enabled = true; json = \"compact\"; path = \"%s/door\"; "
            "type = \"SOCK_SEQPACKET\"; }\nadmin: { admin_enabled = false; }\n",
            folder);
    fclose(file);
    file = janus_file(folder, "janus.plugin.streaming.jcfg");
    fprintf(file, "general: { events = false; }\n");
    for (unsigned i = 0; i < load->streams; i++)
        fprintf(file,
                "s%u: { type = \"rtp\"; id = %u; description = \"s\"; media = ( { type = "
                "\"audio\"; mid = \"a\"; iface = \"%s\"; port = %u; pt = 0; codec = \"pcmu\"; } ); "
                "}\n",
                i + 1, i + 1, load->address, (unsigned)(load->first_port + i * load->step));
    fclose(file);
}

/* A folder with nothing but one module in it, so that janus loads no other. */
static void janus_module(const char *folder, const char *kind, const char *name)
{
    char path[192], file[600];

    snprintf(path, sizeof(path), "%s/%s", folder, kind);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, kind, name);
    snprintf(file, sizeof(file), "%s/%s/%s", program(LIBRARIES), kind, name);
    if (symlink(file, path))
        perror(path);
}

static void janus_remove(const char *folder)
{
    static const char *const names[] = {
        "janus.jcfg", "janus.transport.pfunix.jcfg",   "janus.plugin.streaming.jcfg",
        "door",       "plugins/libjanus_streaming.so", "transports/libjanus_pfunix.so"};
    char path[192];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/plugins", folder);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/transports", folder);
    rmdir(path);
    rmdir(folder);
}

/* Its door opens when its plugins are there. */
static bool janus_is_open(const char *folder)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool is_open;

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/door", folder);
    is_open = !connect(fd, (struct sockaddr *)&addr, sizeof(addr));
    close(fd);
    return is_open;
}

static bool janus_start(struct bench_process *process, const char *const *argv, const char *folder)
{
    unsigned tries = 0;

    if (!bench_process_exec(process, argv))
        return false;
    while (!janus_is_open(folder))
        if (bench_process_is_gone(process) || !later(&tries)) {
            bench_process_end(process);
            return false;
        }
    return true;
}

bool bench_peer_janus(struct bench_process *process, const struct bench_rtp_load *load)
{
    /* Its transport's thread now and then looks whether the transport is up before it is, and ends;
     * then janus ends, too. */
    enum { TRIES = 20 };
    char folder[] = "/tmp/omsp-janus-XXXXXX", settings[64];
    char *name = strdup(program("janus/usr/bin/janus"));
    const char *argv[] = {name, "-F", folder, "-C", settings, "-N", "-L", "/dev/null", NULL};
    bool is_there = false;

    if (!access(name, X_OK) && mkdtemp(folder)) {
        snprintf(settings, sizeof(settings), "%s/janus.jcfg", folder);
        janus_settings(folder, load);
        janus_module(folder, "plugins", "libjanus_streaming.so");
        janus_module(folder, "transports", "libjanus_pfunix.so");
        for (int i = 0; i < TRIES && !is_there; i++)
            is_there = janus_start(process, argv, folder);
        janus_remove(folder);
    }
    free(name);
    /* A mountpoint whose port was taken is not there, and janus goes on. */
    if (is_there && bench_process_files(process) < load->streams) {
        bench_process_end(process);
        is_there = false;
    }
    return is_there;
}

/* ---- rtpengine ------------------------------------------------------------------------------ */

static int ng_socket(const struct bench_rtp_load *load)
{
    struct sockaddr_in addr = bench_addr(load->address, load->first_port);
    struct timeval patience = {0, 500000};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
        perror("rtpengine's control port");
    return fd;
}

/* What it answers; false: nothing. */
static bool ng_ask(int fd, const char *order, char *answer, size_t room)
{
    ssize_t got;

    if (send(fd, order, strlen(order), 0) < 0)
        return false;
    got = recv(fd, answer, room - 1, 0);
    answer[got > 0 ? got : 0] = 0;
    return got > 0;
}

static int ng_order(char *order, size_t room, unsigned call, bool is_answer, uint16_t port)
{
    char sdp[256], id[16];
    int len = snprintf(sdp, sizeof(sdp),
                       "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                       "m=audio %u RTP/AVP 0\r\n",
                       port);
    int chars = snprintf(id, sizeof(id), "c%u", call);

    return snprintf(order, room,
                    "%u%c d3:ICE6:remove7:call-id%d:%s7:command%s8:from-tag1:a3:sdp%d:%s%se", call,
                    is_answer ? 'a' : 'o', chars, id, is_answer ? "6:answer" : "5:offer", len, sdp,
                    is_answer ? "6:to-tag1:b" : "");
}

/* The port in the answer's SDP; 0: it refused. */
static uint16_t ng_port(int fd, unsigned call, bool is_answer, uint16_t port)
{
    char order[1024], answer[4096];
    const char *at;

    ng_order(order, sizeof(order), call, is_answer, port);
    if (!ng_ask(fd, order, answer, sizeof(answer)))
        return 0;
    at = strstr(answer, "m=audio ");
    return at ? (uint16_t)atoi(at + strlen("m=audio ")) : 0;
}

bool bench_peer_rtpengine(struct bench_process *process, const struct bench_rtp_load *load,
                          uint16_t *ports)
{
    char interface[64], control[64], answer[256];
    char *name = strdup(program("rtpengine-daemon/usr/bin/rtpengine"));
    const char *argv[] = {name,
                          "--config-file=none",
                          "--foreground",
                          "--log-stderr",
                          "--table=-1",
                          interface,
                          control,
                          "--port-min=20000",
                          "--port-max=32000",
                          "--timeout=36000",
                          "--silent-timeout=36000",
                          "--log-level=1",
                          NULL};
    bool is_there;
    unsigned tries = 0;
    int fd;

    snprintf(interface, sizeof(interface), "--interface=%s", load->address);
    snprintf(control, sizeof(control), "--listen-ng=%s:%u", load->address, load->first_port);
    is_there = bench_process_exec(process, argv);
    free(name);
    if (!is_there)
        return false;
    fd = ng_socket(load);
    while (!ng_ask(fd, "0 d7:command4:pinge", answer, sizeof(answer)))
        if (bench_process_is_gone(process) || !later(&tries))
            break;
    for (unsigned i = 0; i < load->streams && is_there; i++) {
        ng_port(fd, i, false, load->from_port);
        ports[i] = ng_port(fd, i, true, load->out_port);
        is_there = ports[i] != 0;
    }
    close(fd);
    if (!is_there)
        bench_process_end(process);
    return is_there;
}
