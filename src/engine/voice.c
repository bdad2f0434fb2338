/*
 * The doors to what is done about a voice before it is sent: automatic gain, which the session
 * applies to what all the stream's terminals say together, and echo cancellation, which works
 * between two devices (echo_path.c). Both are made and kept here, under the address lock.
 */
#include "engine/quality.h"

#include "engine/call.h"
#include "engine/echo_path.h"
#include "engine/session.h"
#include "media/gain_control.h"

static enum omsp_status may_set(const struct omsp_stream *stream)
{
    if (stream->fsm.shut)
        return OMSP_SHUTDOWN;
    if (stream->fork || stream->parent || stream->media != OMSP_MEDIA_AUDIO ||
        stream->direction != OMSP_CAPTURE || stream->call->transport != OMSP_TRANSPORT_RTP)
        return OMSP_NOTSUPPORTED;
    return OMSP_OK;
}

enum omsp_status omsp_stream_set_gain_control(struct omsp_stream *stream, bool on)
{
    struct omsp_gain_control *fresh = NULL, *old = NULL;
    enum omsp_status status;

    if (on) {
        status = omsp_gain_control_create(&fresh);
        if (status)
            return status;
    }
    omsp_call_enter(stream->call);
    status = may_set(stream);
    if (!status && on != (stream->sound.gain != NULL)) {
        old = stream->sound.gain;
        stream->sound.gain = fresh;
        fresh = NULL;
        if (stream->call->session)
            omsp_session_set_sound(stream->call->session, stream->direction, &stream->sound);
    }
    omsp_call_leave(stream->call);
    omsp_gain_control_destroy(old); /* the session has seen the other one */
    omsp_gain_control_destroy(fresh);
    return status;
}

enum omsp_status omsp_stream_set_echo_cancellation(struct omsp_stream *stream, bool on)
{
    struct omsp_echo_path *fresh = NULL, *old = NULL;
    enum omsp_status status;

    if (on) {
        status = omsp_echo_path_create(&fresh);
        if (status)
            return status;
    }
    omsp_call_enter(stream->call);
    status = may_set(stream);
    if (!status && on != (stream->echo != NULL)) {
        old = stream->echo;
        stream->echo = fresh;
        fresh = NULL;
        omsp_echo_path_settle(stream->call);
    }
    omsp_call_leave(stream->call);
    omsp_echo_path_unref(old);
    omsp_echo_path_unref(fresh);
    return status;
}
