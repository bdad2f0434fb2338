/*
 * The doors to a stream's volume and to what is measured. Volume and threshold are the stream's,
 * under the address lock, and are handed to the session as often as it is told what runs
 * (stream.c); what is measured is asked of the session. No arithmetic here.
 */
#include "engine/quality.h"

#include "engine/call.h"
#include "engine/session.h"

#include <string.h>

static enum omsp_status may_set(const struct omsp_stream *stream)
{
    if (stream->fsm.shut)
        return OMSP_SHUTDOWN;
    if (stream->fork || stream->media != OMSP_MEDIA_AUDIO ||
        stream->call->transport != OMSP_TRANSPORT_RTP)
        return OMSP_NOTSUPPORTED;
    return OMSP_OK;
}

static void hand_over(struct omsp_stream *stream)
{
    if (stream->call->session)
        omsp_session_set_sound(stream->call->session, stream->direction, &stream->sound);
}

enum omsp_status omsp_stream_set_volume(struct omsp_stream *stream, unsigned volume)
{
    enum omsp_status status;

    omsp_call_enter(stream->call);
    status = may_set(stream);
    if (!status && volume > OMSP_STREAM_VOLUME_MAX)
        status = OMSP_INVALID;
    if (!status) {
        stream->sound.volume = volume;
        hand_over(stream);
    }
    omsp_call_leave(stream->call);
    return status;
}

enum omsp_status omsp_stream_set_silence(struct omsp_stream *stream, unsigned level)
{
    enum omsp_status status;

    omsp_call_enter(stream->call);
    status = may_set(stream);
    if (!status && level > OMSP_STREAM_LEVEL_MAX)
        status = OMSP_INVALID;
    if (!status) {
        stream->sound.silence = level;
        hand_over(stream);
    }
    omsp_call_leave(stream->call);
    return status;
}

void omsp_stream_get_quality(struct omsp_stream *stream, struct omsp_stream_quality *out)
{
    struct omsp_call *call = stream->call;
    struct omsp_session_heard heard;

    memset(out, 0, sizeof(*out));
    out->codec = -1;
    omsp_call_enter(call);
    out->volume = stream->sound.volume;
    out->silence_threshold = stream->sound.silence;
    out->gain_control = stream->sound.gain != NULL;
    out->echo_cancellation = stream->echo != NULL;
    if (call->session && !stream->fork && stream->media == OMSP_MEDIA_AUDIO) {
        omsp_session_measure(call->session, stream->direction, &heard);
        out->codec = heard.codec;
        if (heard.running) {
            out->level = heard.level;
            out->bits_per_second = heard.rate.bits_per_second;
            out->packet_interval_us = heard.rate.interval_us;
        }
    }
    omsp_call_leave(call);
}

void omsp_call_get_quality(struct omsp_call *call, struct omsp_call_quality *out)
{
    struct omsp_session_heard heard;

    memset(out, 0, sizeof(*out));
    omsp_call_enter(call);
    out->interval_ms = call->quality_interval_ms;
    if (call->session) {
        omsp_session_measure(call->session, OMSP_RENDER, &heard);
        out->input_bits_per_second = heard.rate.bits_per_second;
        omsp_session_measure(call->session, OMSP_CAPTURE, &heard);
        out->output_bits_per_second = heard.rate.bits_per_second;
    }
    omsp_call_leave(call);
}

enum omsp_status omsp_call_set_quality_interval(struct omsp_call *call, unsigned ms)
{
    enum omsp_status status = OMSP_OK;

    if (ms < OMSP_QUALITY_INTERVAL_MIN_MS || ms > OMSP_QUALITY_INTERVAL_MAX_MS)
        return OMSP_INVALID;
    omsp_call_enter(call);
    if (call->shut) {
        status = OMSP_SHUTDOWN;
    } else {
        call->quality_interval_ms = ms;
        if (call->session)
            omsp_session_set_interval(call->session, ms);
    }
    omsp_call_leave(call);
    return status;
}

unsigned omsp_call_get_ptime(struct omsp_call *call)
{
    unsigned ms;

    omsp_call_enter(call);
    ms = call->ptime_ms;
    omsp_call_leave(call);
    return ms;
}
