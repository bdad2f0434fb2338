/*
 * A WebSocket consumer in simulated time that keeps nothing and judges everything: any number of
 * connections, each held to the laws of the media-stream protocol (spec twilio-streams 2.2-2.7) by
 * ck_assert: connected and start first and once, sequence numbers and chunks without a hole,
 * timestamps in whole 20 ms steps that never go back, nothing behind stop.
 */
#ifndef OMSP_TESTS_SUPPORT_STREAM_JUDGE_H
#define OMSP_TESTS_SUPPORT_STREAM_JUDGE_H

#include "sim/sim_tcp.h"

#include <stdbool.h>

enum judge_mood {
    JUDGE_ANSWERS,
    JUDGE_REFUSES, /* 403 to the upgrade */
    JUDGE_HANGS,   /* takes the connection, never answers */
};

struct judge {
    struct omsp_sim *sim;
    enum judge_mood mood;           /* of connections to come */
    struct judge_socket *sockets;   /* that are there */
    uint64_t connections, upgrades; /* since the beginning */
    uint64_t starts, media, stops, closes, dtmf, marks;
};

/* Listens at 127.0.0.1:port. */
void judge_open(struct judge *judge, struct omsp_sim *sim, uint16_t port);
/* Frees what is left when the simulation ends without telling. */
void judge_close(struct judge *judge);

unsigned judge_count(const struct judge *judge);
/* To the socket with this number, below judge_count: */
void judge_hang_up(struct judge *judge, unsigned index); /* a close frame with 1000, then the end */
void judge_reset(struct judge *judge, unsigned index);
void judge_set_window(struct judge *judge, unsigned index, size_t bytes);
/* A text message, or garbage of that opcode. */
void judge_say(struct judge *judge, unsigned index, unsigned opcode, const void *data, size_t len);

#endif
