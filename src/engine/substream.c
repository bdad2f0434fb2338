/*
 * Substreams: one remote source of a render stream, with terminals of its own. A substream is a
 * stream of the same kind with a parent, so that its doors are those of stream.c; here is what
 * makes and ends it, and how it follows its parent. Address lock.
 */
#include "engine/objects.h"

#include "engine/session.h"

#include <string.h>

static const struct omsp_stream_offers none = {OMSP_OFFER_NOTSUPPORTED, OMSP_OFFER_NOTSUPPORTED,
                                               OMSP_OFFER_NOTSUPPORTED};

static void enter(struct omsp_stream *stream)
{
    omsp_lock_acquire(&stream->call->address->lock);
}

static void leave(struct omsp_stream *stream)
{
    struct omsp_address *address = stream->call->address;

    if (stream->call->session)
        omsp_session_flush(stream->call->session);
    omsp_lock_release(&address->lock);
    omsp_address_signal(address);
}

void omsp_substream_run(struct omsp_stream *stream, bool running,
                        struct omsp_terminal *const *terminals, unsigned count)
{
    omsp_session_run_source(stream->call->session, stream->source, running, terminals, count);
}

void omsp_substream_settle(struct omsp_stream *stream)
{
    bool taken = stream->terminal_count > 0 || stream->fsm.desired != OMSP_WANT_RUN;

    if (stream->call->session && !stream->fsm.shut)
        omsp_session_take_source(stream->call->session, stream->source, taken);
}

void omsp_substreams_follow(struct omsp_stream *stream)
{
    bool ready = stream->fsm.ready && stream->fsm.desired == OMSP_WANT_RUN &&
                 stream->call->transport == OMSP_TRANSPORT_RTP;

    for (unsigned i = 0; i < stream->substream_count; i++) {
        struct omsp_stream *substream = stream->substreams[i];

        if (substream->fsm.ready != ready)
            omsp_stream_input(substream, ready ? OMSP_IN_READY : OMSP_IN_NOT_READY,
                              OMSP_CAUSE_LOCAL_REQUEST);
        /* Also when it did not run: what a terminal keeps through a pause ends with a stop. */
        for (unsigned k = 0; k < substream->terminal_count; k++)
            if (substream->terminals[k]->ops->settle)
                substream->terminals[k]->ops->settle(substream->terminals[k]);
        omsp_substream_settle(substream);
    }
}

void omsp_substreams_offer(struct omsp_stream *stream)
{
    for (unsigned i = 0; i < stream->substream_count; i++)
        stream->substreams[i]->fsm.offers =
            stream->call->transport == OMSP_TRANSPORT_RTP ? stream->fsm.offers : none;
}

/* Of one that its parent has no longer. */
static void end(struct omsp_stream *substream)
{
    omsp_stream_shutdown(substream);
    if (substream->call->session)
        omsp_session_drop_source(substream->call->session, substream->source);
}

void omsp_substreams_shutdown(struct omsp_stream *stream)
{
    while (stream->substream_count) {
        struct omsp_stream *substream = stream->substreams[--stream->substream_count];

        end(substream);
        omsp_stream_release(substream);
    }
}

/* ---- doors ---------------------------------------------------------------------------------- */

enum omsp_status omsp_stream_create_substream(struct omsp_stream *stream, struct omsp_stream **out)
{
    struct omsp_stream *substream;
    enum omsp_status status;

    *out = NULL;
    if (stream->media != OMSP_MEDIA_AUDIO || stream->direction != OMSP_RENDER || stream->fork ||
        stream->parent)
        return OMSP_NOTSUPPORTED;
    substream = omsp_stream_new(stream->call, stream->media, stream->direction, none);
    if (!substream)
        return OMSP_NOMEM;
    substream->parent = stream;
    omsp_stream_ref(stream);
    status = omsp_session_source_create(&substream->source);
    if (status) {
        omsp_stream_release(substream);
        return status;
    }
    enter(stream);
    if (stream->fsm.shut) {
        status = OMSP_SHUTDOWN;
    } else if (stream->substream_count == OMSP_STREAM_MAX_SUBSTREAMS ||
               stream->call->transport != OMSP_TRANSPORT_RTP) {
        status = OMSP_FULL;
    } else {
        substream->fsm.offers = stream->fsm.offers;
        stream->substreams[stream->substream_count++] = substream;
        omsp_stream_ref(substream);
        omsp_substreams_follow(stream);
        *out = substream;
    }
    leave(stream);
    if (status)
        omsp_stream_release(substream);
    return status;
}

enum omsp_status omsp_stream_remove_substream(struct omsp_stream *stream,
                                              struct omsp_stream *substream)
{
    enum omsp_status status = OMSP_INVALID;
    unsigned place = 0;

    enter(stream);
    while (place < stream->substream_count && stream->substreams[place] != substream)
        place++;
    if (stream->fsm.shut) {
        status = OMSP_SHUTDOWN;
    } else if (place < stream->substream_count) {
        stream->substream_count--;
        memmove(&stream->substreams[place], &stream->substreams[place + 1],
                (stream->substream_count - place) * sizeof(stream->substreams[0]));
        end(substream);
        status = OMSP_OK;
    }
    leave(stream);
    if (!status)
        omsp_stream_release(substream);
    return status;
}

unsigned omsp_stream_substreams(struct omsp_stream *stream, struct omsp_stream **out, unsigned room)
{
    unsigned count;

    enter(stream);
    count = stream->substream_count;
    for (unsigned i = 0; i < count && i < room; i++) {
        out[i] = stream->substreams[i];
        omsp_stream_ref(out[i]);
    }
    leave(stream);
    return count;
}

struct omsp_stream *omsp_stream_parent(const struct omsp_stream *substream)
{
    return substream->parent;
}
