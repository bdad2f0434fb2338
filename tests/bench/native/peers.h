/*
 * Peers that take RTP in, started as processes: node and libwebsockets, which send it on as media
 * frames, GStreamer and rtpengine, which send it on as RTP, and janus (streaming plugin, nobody
 * watching), which only takes it. All on loopback. Linux. One thread.
 */
#ifndef OMSP_TESTS_BENCH_NATIVE_PEERS_H
#define OMSP_TESTS_BENCH_NATIVE_PEERS_H

#include "bench/native/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct bench_rtp_load {
    const char *address; /* where the peer listens */
    uint16_t first_port, step;
    unsigned streams;
    uint16_t from_port; /* on 127.0.0.1: whose RTP it is */
    uint16_t out_port;  /* on 127.0.0.1: where it goes, UDP or WebSocket; 0: nowhere */
};

/* Each answers false when the peer is not to be had or does not start; no process is left then. */
bool bench_peer_node(struct bench_process *process, const struct bench_rtp_load *load);
bool bench_peer_lws(struct bench_process *process, const struct bench_rtp_load *load);
/* udpsrc, rtpjitterbuffer of 40 ms or none, udpsink or fakesink, all in one gst-launch-1.0. */
bool bench_peer_gst(struct bench_process *process, const struct bench_rtp_load *load, bool jitter);
/* load->address has to be that of an interface: 127.0.0.1. */
bool bench_peer_janus(struct bench_process *process, const struct bench_rtp_load *load);
/* Userspace forwarding. It chooses the ports itself, between 20000 and 32000: ports[i] is where
 * stream i goes in. Its control port is first_port. */
bool bench_peer_rtpengine(struct bench_process *process, const struct bench_rtp_load *load,
                          uint16_t *ports);

struct sockaddr_in bench_addr(const char *address, uint16_t port);

#endif
