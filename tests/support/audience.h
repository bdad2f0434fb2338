/*
 * Two calls on a simulated machine, terminals that listen to them, and every door that moves
 * either: WebSocket terminals are put on streams and substreams and taken off, streams are started,
 * paused, stopped, held, and cut off, connections are moved by their SIDs, refused, closed, reset
 * and stalled by the consumer, calls end and begin; media streams of the calls' own stand beside. A
 * second account is kept of what each terminal is on and whether that is to be heard, and after
 * each step and each stretch of audio it is held against what the engine says and what the consumer
 * got:
 *
 *  - no track but of a stream that the terminal is on and that runs, on the connection made last,
 * and nothing of another call, direction or source: each says one thing of its own all the time;
 *  - what is to be heard is, frame by frame;
 *  - a connection is there as long as a stream wants it, and a terminal in use as long as a stream
 *    has it connected;
 *  - ACTIVE and INACTIVE alternate and are what is so; TERMINAL_FAIL only of who is there;
 *  - numbers without a hole, time that never goes back, one stop and nothing behind it;
 *  - with the last object the memory is back where it was.
 */
#ifndef OMSP_TESTS_SUPPORT_AUDIENCE_H
#define OMSP_TESTS_SUPPORT_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* What was done, and what came of it; added to. */
struct audience_counts {
    uint64_t steps, selected, moved, by_sid, failed, connections, redialled, frames;
};

/* One life of so many steps, all of it from the seed. told: each step goes to stderr. */
void audience_live(uint64_t seed, unsigned steps, bool told, struct audience_counts *counts);

#endif
