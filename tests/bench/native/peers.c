/* See peers.h: the programs' command lines and, of node, libwebsockets and GStreamer, no more. */
#include "bench/native/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sockaddr_in bench_addr(const char *address, uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    inet_pton(AF_INET, address, &addr.sin_addr);
    return addr;
}

bool bench_peer_node(struct bench_process *process, const struct bench_rtp_load *load)
{
    char url[64], port[16], count[16];
    const char *argv[] = {
        "node", "tests/bench/peers/relay_peer.js", url, port, count, load->address, NULL};

    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/", load->out_port);
    snprintf(port, sizeof(port), "%u", load->first_port);
    snprintf(count, sizeof(count), "%u", load->streams);
    return bench_process_exec_ready(process, argv);
}

bool bench_peer_lws(struct bench_process *process, const struct bench_rtp_load *load)
{
    char out[16], port[16], count[16];
    const char *argv[] = {
        bench_own_peer("lws_peer"), "relay", out, count, port, load->address, NULL};

    snprintf(out, sizeof(out), "%u", load->out_port);
    snprintf(port, sizeof(port), "%u", load->first_port);
    snprintf(count, sizeof(count), "%u", load->streams);
    return bench_process_exec_ready(process, argv);
}

/* ---- GStreamer ------------------------------------------------------------------------------ */

#define CAPS "caps=application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU,payload=0"

enum { WORDS = 16, WORD = 40 }; /* a stream's at most */

static size_t gst_words(const char **argv, const struct bench_rtp_load *load, bool jitter,
                        char (*text)[WORD])
{
    size_t n = 0;

    snprintf(text[0], WORD, "address=%s", load->address);
    snprintf(text[2], WORD, "port=%u", load->out_port);
    argv[n++] = "udpsrc";
    argv[n++] = text[0];
    argv[n++] = text[1];
    argv[n++] = CAPS;
    argv[n++] = "!";
    if (jitter) {
        argv[n++] = "rtpjitterbuffer";
        argv[n++] = "latency=40";
        argv[n++] = "!";
    }
    argv[n++] = load->out_port ? "udpsink" : "fakesink";
    argv[n++] = "sync=false";
    if (load->out_port) {
        argv[n++] = "async=false";
        argv[n++] = "host=127.0.0.1";
        argv[n++] = text[2];
    }
    return n;
}

bool bench_peer_gst(struct bench_process *process, const struct bench_rtp_load *load, bool jitter)
{
    const char **argv = calloc(load->streams * WORDS + 2, sizeof(*argv));
    char(*text)[3][WORD] = calloc(load->streams, sizeof(*text));
    char line[256];
    bool started;
    size_t n = 0;

    if (!argv || !text)
        exit(2);
    argv[n++] = "gst-launch-1.0";
    for (unsigned i = 0; i < load->streams; i++) {
        snprintf(text[i][1], WORD, "port=%u", (unsigned)(load->first_port + i * load->step));
        n += gst_words(argv + n, load, jitter, text[i]);
    }
    started = bench_process_exec(process, argv);
    free(argv);
    free(text);
    if (!started)
        return false;
    while (bench_process_line(process, line, sizeof(line), 60))
        if (strstr(line, "New clock"))
            return true;
    bench_process_end(process);
    return false;
}
