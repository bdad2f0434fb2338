/*
 * A consumer of media streams on a simulated machine, for several connections: answers upgrades,
 * unmasks frames, answers closes and pings, and keeps the messages of each connection.
 */
#ifndef OMSP_TESTS_SUPPORT_SIM_CONSUMER_H
#define OMSP_TESTS_SUPPORT_SIM_CONSUMER_H

#include "engine/fork.h"
#include "sim/sim_tcp.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_CONSUMER_MOST 64

struct sim_connection {
    struct sim_consumer *consumer;
    struct omsp_sim_peer *peer;
    char request[4096];
    size_t request_len;
    bool upgraded, closed, gone; /* closed: a close frame came; gone: the connection itself */
    uint8_t bytes[16384];
    size_t len;
    char **messages;
    unsigned count;
};

struct sim_consumer {
    struct omsp_sim *sim;
    enum omsp_sim_dial dial; /* what becomes of those who call */
    bool refuse;             /* answers upgrades with 403 */
    struct sim_connection *connections[SIM_CONSUMER_MOST];
    unsigned count;
};

/* Listens at 127.0.0.1:port. */
void sim_consumer_open(struct sim_consumer *consumer, struct omsp_sim *sim, uint16_t port);
/* Frees what it kept; before the simulation is destroyed. */
void sim_consumer_free(struct sim_consumer *consumer);

/* The consumer's close frame. */
void sim_connection_close(struct sim_connection *connection);
/* How many messages contain the text. */
unsigned sim_connection_count(const struct sim_connection *connection, const char *text);
/* Media messages of this track (OMSP_TRACK_*). */
unsigned sim_connection_media(const struct sim_connection *connection, unsigned track);
/* The number-th media message of the track, or NULL. */
const char *sim_connection_nth(const struct sim_connection *connection, unsigned track,
                               unsigned number);
/* The decimal string that is the member's value. */
uint64_t sim_message_number(const char *message, const char *member);

/* That a whole connection was in order: connected, then start with these tracks, then media of
 * these alone, numbered without a hole, chunks by track, timestamps multiples of 20 ms that rise by
 * track; then, when it is over, stop and close, and nothing behind. */
void sim_connection_judge(const struct sim_connection *connection, unsigned tracks, bool over);

#endif
