/*
 * The stream's state machine as data (spec/mspi.md 3.6-3.11): desired, ready and actual are three
 * variables; every input is looked up in a table; what must happen is told as a step, and the
 * engine says afterwards how it went. Pure: no clock, no locks, no allocation. The owner's address
 * lock guards it.
 *
 *   plan  = omsp_stream_plan(&fsm, input, cause)      -> answer now, or a move to make
 *   ...the engine moves the media...
 *   commit = omsp_stream_commit(&fsm, &plan, status)  -> final answer and the events to post
 *
 * Between a plan and its commit the owner makes no other plan of the same stream.
 *
 * What is told (3.11): ACTIVE and INACTIVE strictly alternate, starting with ACTIVE. A STREAM_FAIL
 * that ends streaming stands for the INACTIVE: none follows, and the next of the two is ACTIVE
 * again. A STREAM_FAIL after which media still runs (a Stop or Pause that failed) changes nothing
 * in that. TERMINAL_FAIL, with the same cause and error, precedes the STREAM_FAIL it brings about;
 * it stands alone when the stream goes on with its other terminals.
 */
#ifndef OMSP_CORE_STREAM_H
#define OMSP_CORE_STREAM_H

#include "core/event.h"

#include <stdbool.h>

enum omsp_desired { OMSP_WANT_RUN, OMSP_WANT_PAUSE, OMSP_WANT_STOP };
enum omsp_actual { OMSP_STOPPED, OMSP_PAUSED, OMSP_RUNNING };

enum omsp_input {
    OMSP_IN_START,     /* application's StartStream (any door) */
    OMSP_IN_PAUSE,     /* PauseStream */
    OMSP_IN_STOP,      /* StopStream */
    OMSP_IN_SELECT,    /* a terminal is being added; the commit counts it when it went well */
    OMSP_IN_UNSELECT,  /* a terminal is being removed; starts nothing, the rest streams on */
    OMSP_IN_READY,     /* transport configured and call connected, this direction open */
    OMSP_IN_NOT_READY, /* disconnect, hold, direction closed by the peer */
    OMSP_IN_SILENT,    /* media supervision: nothing arrived for the set time */
    OMSP_IN_HEARD,     /* media supervision: it is back */
    OMSP_IN_BROKE,     /* running or paused media failed; commit's result is the reason (OMSP_OK
                          counts as OMSP_IO). Desired stays: the next input that may start tries */
    OMSP_IN_SHUTDOWN,  /* RemoveStream, ShutdownMSPCall; all terminals are forgotten */
    OMSP_INPUT_COUNT
};

/* What the transport of a stream offers for each of start, pause, stop. */
enum omsp_offer { OMSP_OFFERED, OMSP_OFFER_NOTIMPL, OMSP_OFFER_NOTSUPPORTED };

struct omsp_stream_offers {
    uint8_t start, pause, stop; /* enum omsp_offer */
};

struct omsp_stream_fsm {
    enum omsp_desired desired; /* starts at RUN: streams start by themselves (3.7) */
    enum omsp_actual actual;
    bool ready;
    bool silent;      /* running, but INACTIVE/MEDIA_TIMEOUT was told */
    bool told_active; /* the last of ACTIVE/INACTIVE told was ACTIVE */
    bool shut;
    unsigned terminals; /* selected */
    struct omsp_stream_offers offers;
};

struct omsp_stream_plan {
    enum omsp_status status; /* when not OMSP_OK: refuse with it, nothing changes, no commit */
    bool move; /* actual must go from `from` to `to`; else nothing to do in the media */
    enum omsp_actual from, to;
    enum omsp_input input;
    enum omsp_cause cause;
    enum omsp_desired desired_before, desired_after;
};

#define OMSP_STREAM_MAX_EVENTS 2

struct omsp_stream_commit {
    enum omsp_status status; /* what the door answers */
    unsigned count;
    struct {
        enum omsp_call_event type;
        enum omsp_cause cause;
        enum omsp_status error;
    } events[OMSP_STREAM_MAX_EVENTS]; /* in order of posting */
};

void omsp_stream_fsm_init(struct omsp_stream_fsm *fsm, struct omsp_stream_offers offers);

/* cause: LOCAL_REQUEST for an application, REMOTE_REQUEST for the peer, ...; for SILENT/HEARD
 * ignored (MEDIA_TIMEOUT/MEDIA_RECOVERED). READY's automatic start keeps LOCAL_REQUEST when given
 * so. Refusals: OMSP_SHUTDOWN after shutdown; OMSP_BAD_TERMINAL for UNSELECT without terminals;
 * OMSP_NOTIMPL / OMSP_NOTSUPPORTED by offers, which count for START, PAUSE and STOP alone.
 * Changes nothing: commit does. */
struct omsp_stream_plan omsp_stream_plan(const struct omsp_stream_fsm *fsm, enum omsp_input input,
                                         enum omsp_cause cause);

/* Whether START, PAUSE or STOP (no other) asks for what is so already and is not refused: its plan
 * moves nothing, and its commit would change and tell nothing. Neither need be made. */
bool omsp_stream_is_idle(const struct omsp_stream_fsm *fsm, enum omsp_input input);

/* A refused plan is answered with its refusal and changes nothing. Else result says how the move
 * went (OMSP_OK when plan.move is false and nothing else failed); for SILENT and HEARD it is
 * ignored.
 *
 * result OMSP_OK: everything planned holds now; failed_cause and actual_now are ignored.
 *
 * Else failed_cause is what the events will say: OMSP_CAUSE_CONNECT_FAIL or _BAD_DEVICE when a
 * terminal is to blame, OMSP_CAUSE_LOCAL_REQUEST for other failures of a request, UNKNOWN for media
 * that broke; and actual_now is what the media really is: plan.from, or STOPPED when it is down
 * (anything else counts as STOPPED), or, when one of several terminals is to blame and the others
 * carry on, plan.to (BROKE: plan.from). In that last case TERMINAL_FAIL is told and all else goes
 * as if it had succeeded, though the answer stays `result`. Otherwise:
 *  - START, PAUSE, STOP: desired rolls back; STREAM_FAIL.
 *  - SELECT: the terminal is not counted; STREAM_FAIL when the stream was to start, or when a
 * terminal is to blame that would have been the only one, or when actual_now is not plan.from.
 *  - READY: ready stays set; STREAM_FAIL when the stream was to start.
 *  - UNSELECT, NOT_READY, SHUTDOWN: happen all the same, actual_now is ignored; STREAM_FAIL in
 * place of INACTIVE when there was something to take down.
 *  - BROKE: actual becomes STOPPED; STREAM_FAIL unless it was STOPPED already. */
struct omsp_stream_commit omsp_stream_commit(struct omsp_stream_fsm *fsm,
                                             const struct omsp_stream_plan *plan,
                                             enum omsp_status result, enum omsp_cause failed_cause,
                                             enum omsp_actual actual_now);

#endif
