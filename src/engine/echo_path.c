/*
 * An echo canceller between two devices, and which two: the first open microphone of the call's
 * capture stream and the first open loudspeaker of its render stream. Not the cancelling
 * (media/echo.h). Its lock is below the devices' own; device thread and control.
 */
#include "engine/echo_path.h"

#include "base/alloc.h"
#include "engine/devices.h"
#include "media/echo.h"

struct omsp_echo_path {
    _Atomic unsigned refs;
    struct omsp_lock lock;
    struct omsp_echo *echo;
};

enum omsp_status omsp_echo_path_create(struct omsp_echo_path **out)
{
    struct omsp_echo_path *path = omsp_zalloc(sizeof(*path));
    enum omsp_status status;

    if (!path)
        return OMSP_NOMEM;
    status = omsp_echo_create(&path->echo);
    if (status) {
        omsp_free(path);
        return status;
    }
    atomic_init(&path->refs, 1);
    omsp_lock_init(&path->lock);
    *out = path;
    return OMSP_OK;
}

void omsp_echo_path_ref(struct omsp_echo_path *path)
{
    atomic_fetch_add(&path->refs, 1);
}

void omsp_echo_path_unref(struct omsp_echo_path *path)
{
    if (!path || atomic_fetch_sub(&path->refs, 1) != 1)
        return;
    omsp_echo_destroy(path->echo);
    omsp_lock_destroy(&path->lock);
    omsp_free(path);
}

void omsp_echo_path_played(struct omsp_echo_path *path, const int16_t *pcm, size_t count)
{
    omsp_lock_acquire(&path->lock);
    omsp_echo_played(path->echo, pcm, count);
    omsp_lock_release(&path->lock);
}

void omsp_echo_path_heard(struct omsp_echo_path *path, int16_t *pcm, size_t count)
{
    omsp_lock_acquire(&path->lock);
    omsp_echo_heard(path->echo, pcm, count);
    omsp_lock_release(&path->lock);
}

/* ---- which devices ----------------------------------------------------------------------------
 */

static struct omsp_stream *audio_of(struct omsp_call *call, enum omsp_direction direction)
{
    for (unsigned i = 0; i < call->stream_count; i++)
        if (call->streams[i]->media == OMSP_MEDIA_AUDIO && call->streams[i]->direction == direction)
            return call->streams[i];
    return NULL;
}

static bool is_open(struct omsp_terminal *terminal)
{
    return terminal->kind == OMSP_TERMINAL_DEVICE && atomic_load(&terminal->in_use);
}

static struct omsp_terminal *first_open(const struct omsp_stream *stream)
{
    for (unsigned i = 0; i < stream->terminal_count; i++)
        if (is_open(stream->terminals[i]))
            return stream->terminals[i];
    return NULL;
}

/* The one device gets the path, the stream's others none. */
static void give(struct omsp_stream *stream, const struct omsp_terminal *to,
                 struct omsp_echo_path *path)
{
    for (unsigned i = 0; i < stream->terminal_count; i++)
        if (is_open(stream->terminals[i]))
            omsp_device_set_echo(stream->terminals[i], stream->terminals[i] == to ? path : NULL);
}

void omsp_echo_path_settle(struct omsp_call *call)
{
    struct omsp_stream *capture = audio_of(call, OMSP_CAPTURE);
    struct omsp_stream *render = audio_of(call, OMSP_RENDER);
    struct omsp_terminal *microphone, *loudspeaker;
    struct omsp_echo_path *path;

    if (!capture || !render)
        return;
    microphone = first_open(capture);
    loudspeaker = first_open(render);
    path = microphone && loudspeaker ? capture->echo : NULL;
    give(capture, microphone, path);
    give(render, loudspeaker, path);
}
