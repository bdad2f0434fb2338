/*
 * What doors ask of a stream: constants, and how it is at one moment. Not here: whatever changes it
 * (stream.c). Any thread.
 */
#include "engine/fork_state.h"

uint32_t omsp_stream_id(const struct omsp_stream *stream)
{
    return stream->id;
}

uint32_t omsp_stream_media(const struct omsp_stream *stream)
{
    return stream->media;
}

enum omsp_direction omsp_stream_direction(const struct omsp_stream *stream)
{
    return stream->direction;
}

const char *omsp_stream_name(const struct omsp_stream *stream)
{
    bool video = stream->media == OMSP_MEDIA_VIDEO;

    if (stream->fork)
        return stream->fork->name ? stream->fork->name : "Media stream";
    if (stream->direction == OMSP_CAPTURE)
        return video ? "Video capture" : "Audio capture";
    return video ? "Video render" : "Audio render";
}

enum omsp_actual omsp_stream_get_actual(struct omsp_stream *stream)
{
    enum omsp_actual actual;

    omsp_lock_acquire(&stream->call->address->lock);
    actual = stream->fsm.actual;
    omsp_lock_release(&stream->call->address->lock);
    return actual;
}

bool omsp_stream_is_shut(struct omsp_stream *stream)
{
    bool shut;

    omsp_lock_acquire(&stream->call->address->lock);
    shut = stream->fsm.shut;
    omsp_lock_release(&stream->call->address->lock);
    return shut;
}

unsigned omsp_stream_terminals(struct omsp_stream *stream, struct omsp_terminal **out,
                               unsigned room)
{
    unsigned count;

    omsp_lock_acquire(&stream->call->address->lock);
    count = stream->terminal_count;
    for (unsigned i = 0; i < count && i < room; i++) {
        out[i] = omsp_terminal_whole(stream->terminals[i]);
        omsp_terminal_ref(out[i]);
    }
    omsp_lock_release(&stream->call->address->lock);
    return count;
}
