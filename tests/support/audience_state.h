/*
 * The audience's own state, shared by its files: audience.c (what is done), audience_judge.c (what
 * must hold), audience_wires.c (media streams beside the terminals), audience_others.c (players,
 * recorders, samples).
 */
#ifndef OMSP_TESTS_SUPPORT_AUDIENCE_STATE_H
#define OMSP_TESTS_SUPPORT_AUDIENCE_STATE_H

#include "support/audience.h"
#include "support/call_rig.h"
#include "support/sim_consumer.h"
#include "support/suite.h"

#include "base/format.h"
#include "engine/fork.h"

#define AUDIENCE_CALLS   2
#define AUDIENCE_SOCKETS 3
#define AUDIENCE_WIRES   2
#define AUDIENCE_CHARS   (OMSP_SID_CHARS + 1)
#define AUDIENCE_SIDS    64

enum { POST_CAPTURE, POST_RENDER, POST_FIRST, POST_SECOND, POSTS }; /* the last two: substreams */
enum { SEAT_INBOUND, SEAT_OUTBOUND, SEATS };

/* A stream, and who is on it besides. */
struct post {
    struct omsp_stream *stream; /* NULL: there is none just now */
    enum omsp_actual actual;    /* as it was after the last step */
    bool told_active;           /* by events */
    /* Besides: a player's track on what is sent, a recorder's or samples on what arrives; made when
     * it is wanted. */
    struct omsp_terminal *other, *parent; /* parent NULL: samples */
    bool other_on, other_works;           /* works: connected by the last move, and since */
    uint8_t heard;                        /* a substream's one source, once it was heard; or 0 */
};

struct stage {
    struct omsp_call *call;
    unsigned index, sources;
    bool connected;
    struct omsp_addr local, far;
    struct post posts[POSTS];
    unsigned said;
};

/* One of a terminal's two tracks. */
struct seat {
    struct post *on;
    bool started; /* the stream has it, running, paused or held: so a connection is wanted */
    bool ended;   /* stopped by its SID: only a stop and a start of the stream begin anew */
};

struct ear {
    struct omsp_terminal *terminal;
    struct stage *stage; /* whose streams it is on */
    struct seat seats[SEATS];
    bool hushed; /* the connection is paused by its SID */
    char sid[AUDIENCE_CHARS];
    struct omsp_stream *former; /* an older connection of it, or NULL */
};

/* A media stream of a call's own. */
struct wire {
    struct omsp_stream *stream; /* NULL: there is none just now */
    struct stage *stage;
    unsigned tracks;
    bool hushed;      /* it was paused, and not started since */
    bool wanted;      /* it was started, and not stopped, lost or disconnected since */
    bool asked;       /* likewise while its call was not connected: that starts it */
    bool told_active; /* by events */
};

/* What of a connection may be heard just now, or might since the last look. */
struct leave {
    char sid[AUDIENCE_CHARS];
    unsigned tracks;
    struct post *inbound; /* of the last look */
};
#define AUDIENCE_LEAVES 64

struct watched {
    unsigned judged; /* of its messages */
    struct stage *stage;
    char sid[AUDIENCE_CHARS];
    unsigned tracks;
    uint64_t sequence, chunk[SEATS], next_ms[SEATS];
    unsigned fresh;      /* dialled again: tracks that go on after a gap */
    unsigned got[SEATS]; /* media messages since the last look */
    bool started, stopped;
    bool stalled, muddy; /* muddy: what comes may have waited */
    bool slow, cut; /* it was stalled once, so that it may be given up; the consumer ended it */
};

struct audience {
    struct rig rig;
    struct sim_consumer consumer;
    struct stage stages[AUDIENCE_CALLS];
    struct ear ears[AUDIENCE_SOCKETS];
    struct wire wires[AUDIENCE_WIRES];
    struct watched watched[SIM_CONSUMER_MOST];
    struct leave leaves[AUDIENCE_LEAVES];
    unsigned leave_count;
    const struct omsp_terminal *attempt; /* is being selected just now */
    bool shy;                            /* samples refuse to be connected */
    unsigned reconnects;                 /* a lost connection is dialled again so often */
    struct {
        char sid[AUDIENCE_CHARS];
        struct stage *stage;
        uint32_t id;
        bool gone;
    } calls[AUDIENCE_SIDS]; /* all that there ever were */
    unsigned call_count;
    uint64_t random, seed;
    uint16_t port;
    unsigned step;
    bool told;
    struct audience_counts *counts;
};

/* ck_assert_msg, which says whose life it was. */
#define law(audience, condition, ...)                                                              \
    do {                                                                                           \
        if (!(condition))                                                                          \
            audience_broken(audience, __LINE__, #condition, __VA_ARGS__);                          \
    } while (0)
void audience_broken(const struct audience *audience, int line, const char *law, const char *format,
                     ...) OMSP_FORMAT(4, 5) __attribute__((noreturn));

/* What a source, or the capture stream's player (source 2), says in each sample. */
uint8_t audience_code(const struct stage *stage, unsigned source);

/* audience_others.c: what is on a stream besides; recorded: a recorder rather than samples. */
void audience_make_other(struct audience *audience, struct stage *stage, struct post *post,
                         bool recorded);

/* audience_wires.c: something is done to one of them; its call is connected, or not any more, or
 * over; what must hold of them; whether an event was of one. */
void audience_move_wire(struct audience *audience, struct wire *wire, unsigned what);
void audience_wires_connected(struct audience *audience, const struct stage *stage);
void audience_wires_disconnected(struct audience *audience, const struct stage *stage);
void audience_wires_over(struct audience *audience, const struct stage *stage);
void audience_judge_wires(struct audience *audience);
bool audience_wire_event(struct audience *audience, const struct omsp_event *event);
/* What of it may be heard. */
unsigned audience_wire_tracks(const struct wire *wire);

/* After each door: what the streams did, what was told, and whether it all agrees. */
void audience_note(struct audience *audience);
/* What may be heard from now on and nothing that might before. */
void audience_look(struct audience *audience);
/* Audio for a while, and what came of it. still: nothing was done since the last look, so that
 * everything that is to be heard must come. */
void audience_run(struct audience *audience, unsigned ms, bool still);
/* Its place among the consumer's connections, or -1. */
int audience_place(const struct audience *audience, const char *sid);

#endif
