/* Media streams of the audience's calls, beside its terminals: they compete for tracks, and hear
 * all of their call. Not a test by itself. */
#include "support/audience_state.h"

static void end(struct wire *wire)
{
    wire->wanted = wire->asked = false;
}

static void make(struct audience *audience, struct wire *wire, unsigned what)
{
    struct omsp_fork_options options = {.url = "ws://127.0.0.1:9000/listen",
                                        .name = what & 4 ? "one" : NULL,
                                        .tracks = 1 + what % 3};
    struct stage *stage = &audience->stages[what / 8 % AUDIENCE_CALLS];
    enum omsp_status status =
        omsp_call_fork(stage->call, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &wire->stream);

    law(audience, stage->connected || status == OMSP_WRONG_STATE, "answer %d", status);
    if (status) {
        law(audience, status == OMSP_FULL || status == OMSP_EXISTS || status == OMSP_WRONG_STATE,
            "answer %d", status);
        wire->stream = NULL;
        return;
    }
    wire->stage = stage;
    wire->tracks = options.tracks;
    wire->wanted = true;
}

void audience_move_wire(struct audience *audience, struct wire *wire, unsigned what)
{
    enum omsp_status status;

    if (!wire->stream) {
        make(audience, wire, what);
        return;
    }
    switch (what % 8) {
    case 0:
        omsp_stream_stop(wire->stream, OMSP_CAUSE_LOCAL_REQUEST);
        end(wire);
        audience_note(audience);
        omsp_stream_release(wire->stream); /* and another is made later */
        *wire = (struct wire){0};
        break;
    case 1:
    case 2:
        ck_assert_int_eq(omsp_stream_stop(wire->stream, OMSP_CAUSE_REMOTE_REQUEST), OMSP_OK);
        end(wire);
        break;
    default:
        status = what % 8 < 5 ? omsp_stream_pause(wire->stream, OMSP_CAUSE_LOCAL_REQUEST)
                              : omsp_stream_start(wire->stream, OMSP_CAUSE_LOCAL_REQUEST);
        law(audience, !status || (!wire->wanted && (status == OMSP_FULL || status == OMSP_EXISTS)),
            "answer %d", status);
        if (!status) {
            wire->wanted = wire->stage->connected;
            wire->asked = !wire->wanted;
            wire->hushed = what % 8 < 5;
        }
        break;
    }
}

void audience_wires_connected(struct audience *audience, const struct stage *stage)
{
    for (unsigned i = 0; i < AUDIENCE_WIRES; i++) {
        struct wire *wire = &audience->wires[i];

        if (!wire->stream || wire->stage != stage)
            continue;
        wire->wanted |= wire->asked;
        wire->asked = false;
    }
}

void audience_wires_disconnected(struct audience *audience, const struct stage *stage)
{
    for (unsigned i = 0; i < AUDIENCE_WIRES; i++)
        if (audience->wires[i].stage == stage)
            end(&audience->wires[i]);
}

void audience_wires_over(struct audience *audience, const struct stage *stage)
{
    for (unsigned i = 0; i < AUDIENCE_WIRES; i++) {
        struct wire *wire = &audience->wires[i];

        if (wire->stage != stage)
            continue;
        law(audience, !wire->told_active, "a media stream of a call that is gone is active");
        omsp_stream_release(wire->stream);
        *wire = (struct wire){0};
    }
}

bool audience_wire_event(struct audience *audience, const struct omsp_event *event)
{
    struct wire *wire = NULL;

    for (unsigned i = 0; i < AUDIENCE_WIRES; i++)
        if (audience->wires[i].stream && omsp_stream_id(audience->wires[i].stream) == event->stream)
            wire = &audience->wires[i];
    if (!wire)
        return false;
    if (event->type == OMSP_STREAM_ACTIVE) {
        law(audience, !wire->told_active, "media stream %d: ACTIVE twice",
            (int)(wire - audience->wires));
        wire->told_active = true;
    } else if (event->type == OMSP_STREAM_INACTIVE || event->type == OMSP_STREAM_FAIL) {
        law(audience, wire->told_active || event->type == OMSP_STREAM_FAIL,
            "media stream %d: INACTIVE twice", (int)(wire - audience->wires));
        wire->told_active = false;
    }
    return true;
}

/* An end that it comes to by itself has its number. */
void audience_judge_wires(struct audience *audience)
{
    for (unsigned i = 0; i < AUDIENCE_WIRES; i++) {
        struct wire *wire = &audience->wires[i];
        struct omsp_fork_info info;

        if (!wire->stream)
            continue;
        ck_assert_int_eq(omsp_stream_fork_info(wire->stream, &info), OMSP_OK);
        if (wire->wanted && info.state == OMSP_FORK_STOPPED && info.last_error)
            end(wire);
        law(audience, (info.state != OMSP_FORK_STOPPED) == wire->wanted,
            "media stream %u is %d (%d)", i, info.state, info.last_error);
        law(audience, wire->told_active == (omsp_stream_get_actual(wire->stream) == OMSP_RUNNING),
            "media stream %u was told as %s", i, wire->told_active ? "active" : "inactive");
    }
}

unsigned audience_wire_tracks(const struct wire *wire)
{
    const struct post *capture = &wire->stage->posts[POST_CAPTURE];
    unsigned tracks = wire->tracks;

    if (!wire->wanted || wire->hushed)
        return 0;
    return capture->actual == OMSP_RUNNING ? tracks : tracks & OMSP_TRACK_INBOUND;
}
