/*
 * The limit of what comes in as RTP and goes out over TCP: epoll, recv() of one packet, send() of
 * as many bytes as a media frame has. They lie ready but for the first bytes of the sound, which
 * tell the sink which packet it was. Linux.
 */
#ifndef OMSP_TESTS_BENCH_NATIVE_BARE_RELAY_H
#define OMSP_TESTS_BENCH_NATIVE_BARE_RELAY_H

#include "bench/native/peers.h"

/* For bench_process_fork. Each byte on fd asks how many were sent on, once all is open. Returns
 * when fd is closed. with_ring: what came in one wait is sent together, by io_uring. */
void bench_bare_relay(const struct bench_rtp_load *load, int fd, bool with_ring);
/* Is there io_uring, here and in this build? */
bool bench_bare_has_ring(void);

#endif
