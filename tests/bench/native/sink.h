/*
 * Who reads what contestants send: a server that answers the upgrade of any WebSocket and throws
 * away all that comes, on as many connections as come. Linux. One thread, for ever.
 */
#ifndef OMSP_TESTS_BENCH_NATIVE_SINK_H
#define OMSP_TESTS_BENCH_NATIVE_SINK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

struct sockaddr_in bench_sink_addr(uint16_t port); /* on loopback */
/* For bench_process_fork: writes a number of eight bytes to fd once it listens. Does not return. */
void bench_sink_run(uint16_t port, int fd);
/* Answers the request of an upgrade, which is changed. */
void bench_sink_upgrade(int fd, char *request);

#endif
