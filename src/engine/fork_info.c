/*
 * What doors ask of media streams: which there are, by SID and by name, and how one is. Not here:
 * their life (fork.c). Any thread; each answer is a copy of one moment.
 */
#include "engine/fork_state.h"

#include "engine/call.h"

#include <string.h>

bool omsp_stream_is_fork(const struct omsp_stream *stream)
{
    return stream->fork != NULL;
}

struct omsp_stream *omsp_call_find_fork(struct omsp_call *call, const char *sid_or_name)
{
    bool by_sid = omsp_sid_is_valid(sid_or_name, strlen(sid_or_name), "MZ");
    struct omsp_stream *found = NULL;

    omsp_call_enter(call);
    for (unsigned i = call->fork_count; i-- > 0 && by_sid && !found;)
        if (omsp_sid_equal(sid_or_name, call->forks[i]->fork->sid))
            found = call->forks[i];
    for (unsigned i = call->fork_count; i-- > 0 && !found;) {
        const char *name = call->forks[i]->fork->name;

        if (name && !strcmp(sid_or_name, name))
            found = call->forks[i];
    }
    if (found)
        omsp_stream_ref(found);
    omsp_call_leave(call);
    return found;
}

unsigned omsp_call_forks(struct omsp_call *call, struct omsp_stream **out, unsigned room)
{
    unsigned count;

    omsp_call_enter(call);
    count = call->fork_count;
    for (unsigned i = 0; i < count && i < room; i++) {
        out[i] = call->forks[i];
        omsp_stream_ref(out[i]);
    }
    omsp_call_leave(call);
    return count;
}

static void copy_text(char *out, size_t room, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len >= room)
        len = room - 1;
    if (len)
        memcpy(out, text, len);
    out[len] = '\0';
}

enum omsp_status omsp_stream_fork_info(struct omsp_stream *stream, struct omsp_fork_info *out)
{
    struct omsp_fork *fork = stream->fork;

    if (!fork)
        return OMSP_NOTSUPPORTED;
    memset(out, 0, sizeof(*out));
    copy_text(out->call_sid, sizeof(out->call_sid), fork->call->sid);
    copy_text(out->name, sizeof(out->name), fork->name);
    copy_text(out->url, sizeof(out->url), fork->url);
    out->bidirectional = fork->bidirectional;
    out->format = fork->format;
    out->of_terminal = fork->of_terminal;
    omsp_lock_acquire(&fork->lock);
    out->tracks = fork->tracks_wanted;
    copy_text(out->sid, sizeof(out->sid), fork->sid);
    out->state =
        fork->redialing && fork->state == OMSP_FORK_OPEN ? OMSP_FORK_CONNECTING : fork->state;
    out->updated_us = fork->updated_us;
    out->last_error = fork->last_error;
    out->frames_sent = fork->frames_sent;
    out->frames_dropped = fork->frames_dropped;
    out->bytes_sent = fork->bytes_sent;
    out->messages_received = fork->messages_received;
    out->messages_bad = fork->messages_bad;
    out->queue_ms = fork->queue_fill * 20 / omsp_fork_tracks(fork->tracks_wanted);
    out->round_trip_us = fork->round_trip_us;
    out->reconnects = fork->reconnects;
    omsp_lock_release(&fork->lock);
    return OMSP_OK;
}
