/*
 * A simulated WebSocket consumer and two connected calls to fork, in virtual time (call_rig.h). The
 * consumer answers the upgrade, checks that frames are masked and whole, keeps every message.
 */
#ifndef OMSP_TESTS_SUPPORT_FORK_RIG_H
#define OMSP_TESTS_SUPPORT_FORK_RIG_H

#include "support/call_rig.h"

#include "engine/fork.h"
#include "sim/sim_http.h"
#include "sim/sim_tcp.h"

#define FORK_URL      "ws://127.0.0.1:9000/listen"
#define FORK_CALLBACK "http://127.0.0.1:9001/status"
#define FORK_MESSAGES 4096 /* kept */

struct message {
    char text[1600];
    size_t len;
    unsigned connection; /* from 1 */
};

struct consumer {
    struct omsp_sim *sim;
    struct omsp_sim_peer *peer; /* the newest connection; NULL: gone */
    char request[8192];
    size_t request_len;
    bool upgraded, gone, closed;
    int refuse; /* HTTP status in place of 101; 0: none */
    /* The answer comes in two pieces, the first with so many bytes of it (0: in one); these frames
     * come with its end. */
    size_t cut, behind_len;
    const uint8_t *behind;
    uint16_t close_code;
    uint8_t bytes[1 << 20];
    size_t len;
    struct message *messages;
    unsigned count, pings, pongs, connections;
    char pong[126]; /* what the last one held */
    unsigned reads; /* each is one send of the other side */
    /* What becomes of dialling, and how often it was tried. */
    enum omsp_sim_dial answer;
    unsigned dials;
    uint64_t dialed_us[64]; /* the first of them */
};

struct fixture {
    struct rig rig;
    struct consumer consumer;
    struct omsp_call *a, *b; /* b hears what a's player plays */
    struct omsp_terminal *player, *track;
    struct omsp_stream *send, *fork;
    int16_t *source;
};

/* Calls that are not connected, a player of so many samples of tone, the consumer at FORK_URL. */
void open_fixture(struct fixture *f, size_t samples);
void connect_fixture(struct fixture *f);
/* a plays. */
void start_audio(struct fixture *f);
/* A fork of b with two parameters; its NEW_STREAM is taken. */
void fork_call(struct fixture *f, unsigned tracks, const char *name, const char *callback);
void close_fixture(struct fixture *f);

void send_frame(struct consumer *consumer, unsigned opcode, const void *data, size_t len);
void send_close(struct consumer *consumer, uint16_t code);
/* A header name of either case, or anything else; NULL: not there. */
char *find_text(char *text, const char *what);
/* The value behind "name":" as a number. */
uint64_t number(const char *text, const char *name);
bool is_media(const struct message *message);
/* Status callbacks with this in their body. */
unsigned count_callbacks(struct fixture *f, const char *event);

#endif
