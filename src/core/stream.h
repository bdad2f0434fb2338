/*
 * The stream's state machine as data (spec/mspi.md 3.6-3.11): desired, ready and actual are three
 * variables; every input is looked up in a table; what must happen is told as a step, and the engine
 * says afterwards how it went. Pure: no clock, no locks, no allocation. The owner's address lock
 * guards it.
 *
 *   plan  = omsp_stream_plan(&fsm, input, cause)      -> answer now, or a move to make
 *   ...the engine moves the media...
 *   commit = omsp_stream_commit(&fsm, &plan, status)  -> final answer and the events to post
 */
#ifndef OMSP_CORE_STREAM_H
#define OMSP_CORE_STREAM_H

#include "core/event.h"

#include <stdbool.h>

enum omsp_desired { OMSP_WANT_RUN, OMSP_WANT_PAUSE, OMSP_WANT_STOP };
enum omsp_actual { OMSP_STOPPED, OMSP_PAUSED, OMSP_RUNNING };

enum omsp_input {
    OMSP_IN_START,      /* application's StartStream (any door) */
    OMSP_IN_PAUSE,      /* PauseStream */
    OMSP_IN_STOP,       /* StopStream */
    OMSP_IN_SELECT,     /* a terminal was added; the counter is raised by the plan */
    OMSP_IN_UNSELECT,   /* a terminal was removed */
    OMSP_IN_READY,      /* transport configured and call connected, this direction open */
    OMSP_IN_NOT_READY,  /* disconnect, hold, direction closed by the peer */
    OMSP_IN_SILENT,     /* media supervision: nothing arrived for the set time */
    OMSP_IN_HEARD,      /* media supervision: it is back */
    OMSP_IN_BROKE,      /* running media failed; commit's status is the reason */
    OMSP_IN_SHUTDOWN,   /* RemoveStream, ShutdownMSPCall */
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
    bool silent;    /* running, but INACTIVE/MEDIA_TIMEOUT was told */
    bool told_active; /* the last of ACTIVE/INACTIVE told was ACTIVE */
    bool shut;
    unsigned terminals; /* selected */
    struct omsp_stream_offers offers;
};

struct omsp_stream_plan {
    enum omsp_status status;   /* when not OMSP_OK: refuse with it, nothing changes, no commit */
    bool move;                 /* actual must go from `from` to `to`; else nothing to do in the media */
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

/* cause: LOCAL_REQUEST for an application, REMOTE_REQUEST for the peer, …; for SILENT/HEARD ignored
 * (MEDIA_TIMEOUT/MEDIA_RECOVERED). READY's automatic start keeps LOCAL_REQUEST when given so.
 * Refusals: OMSP_SHUTDOWN after shutdown; OMSP_NOTIMPL / OMSP_NOTSUPPORTED by offers.
 * Changes nothing: commit does. */
struct omsp_stream_plan omsp_stream_plan(const struct omsp_stream_fsm *fsm, enum omsp_input input,
                                         enum omsp_cause cause);

/* result: how the move went (OMSP_OK when plan.move is false). On failure of START, PAUSE, STOP the
 * desired state is rolled back and STREAM_FAIL is told (LOCAL_REQUEST, or the cause that
 * `failed_cause` gives when the terminal was to blame: CONNECT_FAIL, BAD_DEVICE; pass
 * OMSP_CAUSE_LOCAL_REQUEST otherwise). A failed SELECT gives the counter back. After a failed move
 * actual is STOPPED when the media is down, which `actual_now` tells. */
struct omsp_stream_commit omsp_stream_commit(struct omsp_stream_fsm *fsm,
                                             const struct omsp_stream_plan *plan,
                                             enum omsp_status result, enum omsp_cause failed_cause,
                                             enum omsp_actual actual_now);

#endif
