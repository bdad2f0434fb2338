/*
 * The contestant of bench_scale_wine as a Windows program: opens as many streams as it is told,
 * says "ready" and runs until it is ended.
 *
 *   scale_relay STREAMS ADDRESS FIRST-PORT FROM-PORT SINK-PORT MARK
 *
 * MARK is nothing but a word on its command line by which it can be found.
 */
#include "bench/relay.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct bench_relay relay = {0};

    if (argc != 7) {
        fprintf(stderr, "six arguments, please\n");
        return 2;
    }
    relay.streams = (unsigned)atoi(argv[1]);
    relay.address = argv[2];
    relay.first_port = (uint16_t)atoi(argv[3]);
    relay.from_port = (uint16_t)atoi(argv[4]);
    relay.sink_port = (uint16_t)atoi(argv[5]);
    bench_relay_open(&relay);
    puts("ready");
    fflush(stdout);
    Sleep(INFINITE);
    return 0;
}
