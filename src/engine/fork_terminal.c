/*
 * The connection of a WebSocket terminal: its tracks are streams that the terminal is selected on,
 * and their audio goes while those run. Address lock. Not here: when it is made and ended
 * (terminal_websocket.c).
 */
#include "engine/fork_state.h"

#include "engine/session.h"

enum omsp_status omsp_fork_add_track(struct omsp_fork *fork, unsigned track)
{
    struct omsp_fork_options more = {.tracks = track};
    enum omsp_status status = OMSP_OK;

    if (fork->tracks_wanted & track)
        return OMSP_OK;
    status = omsp_fork_check_room(fork->call, &more, NULL);
    if (!status && !fork->tracks[track - 1].encoder)
        status = omsp_stream_encoder_create(&fork->format, &fork->tracks[track - 1].encoder);
    if (status)
        return status;
    omsp_lock_acquire(&fork->lock);
    if (fork->started_told)
        status = OMSP_WRONG_STATE;
    else
        fork->tracks_wanted |= track;
    omsp_lock_release(&fork->lock);
    return status;
}

unsigned omsp_fork_flow(const struct omsp_fork *fork)
{
    return fork->of_terminal ? fork->gates : fork->tracks_wanted;
}

void omsp_fork_set_gates(struct omsp_fork *fork, unsigned gates, struct omsp_session_source *source)
{
    fork->gates = gates;
    fork->source = source;
    if (fork->call->session && fork->stream && fork->stream->fsm.actual == OMSP_RUNNING)
        omsp_session_feed(fork->call->session, fork, gates, source);
}
