/*
 * Which terminal may go on which stream. Rules only: whoever asks holds the lock over the facts.
 */
#include "core/terminal.h"

bool omsp_media_is_valid(uint32_t media)
{
    return media != 0 && (media & ~OMSP_MEDIA_KNOWN) == 0;
}

bool omsp_media_is_single(uint32_t media)
{
    return omsp_media_is_valid(media) && (media & (media - 1)) == 0;
}

/* MIXED and NO_DIRECTION are multitrack parents: their tracks go on streams, they never do. */
static bool directions_match(enum omsp_direction stream, enum omsp_direction terminal)
{
    if (terminal != OMSP_CAPTURE && terminal != OMSP_RENDER && terminal != OMSP_BIDIRECTIONAL)
        return false;
    return terminal == stream || terminal == OMSP_BIDIRECTIONAL || stream == OMSP_BIDIRECTIONAL;
}

enum omsp_status omsp_terminal_may_select(const struct omsp_stream_facts *stream,
                                          const struct omsp_terminal_facts *terminal)
{
    if (stream->shut)
        return OMSP_SHUTDOWN;
    if (terminal->owner_token && terminal->owner_token != stream->owner_token)
        return OMSP_BAD_TERMINAL;
    if (!(terminal->media & stream->media) ||
        !directions_match(stream->direction, terminal->direction))
        return OMSP_BAD_TERMINAL;
    if (terminal->selected_here)
        return OMSP_BAD_TERMINAL;
    if (stream->selected >= stream->capacity)
        return OMSP_MAX_TERMINALS;
    if (terminal->selected_elsewhere)
        return OMSP_TERMINAL_IN_USE;
    return OMSP_OK;
}
