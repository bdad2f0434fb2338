/*
 * IOpenMSPMediaStream: what the engine knows of a stream that goes to a WebSocket consumer. The
 * other half of ITStream's object (stream.c). Each getter asks the engine anew; any thread.
 */
#include "msp/stream.h"

#include "com/dispatch.h"
#include "engine/fork.h"

static struct msp_stream *self_of(IOpenMSPMediaStream *iface)
{
    return COM_SELF(iface, struct msp_stream, media);
}

static HRESULT info_of(IOpenMSPMediaStream *iface, struct omsp_fork_info *info)
{
    return msp_hresult(omsp_stream_fork_info(self_of(iface)->engine, info));
}

static HRESULT text_out(HRESULT hr, const char *text, BSTR *out)
{
    if (FAILED(hr))
        return hr;
    *out = msp_bstr(text);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static const char *tracks_name(unsigned tracks)
{
    switch (tracks) {
    case OMSP_TRACK_INBOUND:
        return "inbound";
    case OMSP_TRACK_OUTBOUND:
        return "outbound";
    default:
        return "both";
    }
}

static const char *state_name(enum omsp_fork_state state)
{
    switch (state) {
    case OMSP_FORK_CONNECTING:
        return "connecting";
    case OMSP_FORK_OPEN:
        return "in-progress";
    case OMSP_FORK_PAUSED:
        return "paused";
    case OMSP_FORK_STOPPED:
        break;
    }
    return "stopped";
}

#define TEXT_GETTER(name, expression)                                                              \
    static HRESULT STDMETHODCALLTYPE media_get_##name(IOpenMSPMediaStream *iface, BSTR *out)       \
    {                                                                                              \
        struct omsp_fork_info info;                                                                \
        HRESULT hr;                                                                                \
                                                                                                   \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = NULL;                                                                               \
        hr = info_of(iface, &info);                                                                \
        return text_out(hr, FAILED(hr) ? "" : (expression), out);                                  \
    }
TEXT_GETTER(Sid, info.sid)
TEXT_GETTER(StreamName, info.name)
TEXT_GETTER(Url, info.url)
TEXT_GETTER(Tracks, tracks_name(info.tracks))
TEXT_GETTER(State, state_name(info.state))
TEXT_GETTER(Encoding, omsp_stream_encoding_name(info.format.encoding))
#undef TEXT_GETTER

#define NUMBER_GETTER(name, type, field)                                                           \
    static HRESULT STDMETHODCALLTYPE media_get_##name(IOpenMSPMediaStream *iface, type *out)       \
    {                                                                                              \
        struct omsp_fork_info info;                                                                \
        HRESULT hr;                                                                                \
                                                                                                   \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = 0;                                                                                  \
        hr = info_of(iface, &info);                                                                \
        if (SUCCEEDED(hr))                                                                         \
            *out = (type)info.field;                                                               \
        return hr;                                                                                 \
    }
NUMBER_GETTER(LastError, LONG, last_error)
NUMBER_GETTER(FramesSent, double, frames_sent)
NUMBER_GETTER(FramesDropped, double, frames_dropped)
NUMBER_GETTER(BytesSent, double, bytes_sent)
NUMBER_GETTER(QueueMilliseconds, LONG, queue_ms)
NUMBER_GETTER(RoundTripMicroseconds, double, round_trip_us)
NUMBER_GETTER(MessagesReceived, double, messages_received)
NUMBER_GETTER(MessagesBad, double, messages_bad)
NUMBER_GETTER(Reconnects, double, reconnects)
NUMBER_GETTER(SampleRate, LONG, format.rate)
#undef NUMBER_GETTER

static HRESULT STDMETHODCALLTYPE media_get_Call(IOpenMSPMediaStream *iface, IOpenMSPCall **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    return msp_call_query(self_of(iface)->call, &IID_IOpenMSPCall, (void **)out);
}

static HRESULT STDMETHODCALLTYPE media_get_Bidirectional(IOpenMSPMediaStream *iface,
                                                         VARIANT_BOOL *out)
{
    struct omsp_fork_info info;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = VARIANT_FALSE;
    hr = info_of(iface, &info);
    if (SUCCEEDED(hr) && info.bidirectional)
        *out = VARIANT_TRUE;
    return hr;
}

static const struct com_member members[] = {
    COM_GET(IOpenMSPMediaStream, 0x00f20001, Sid, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20002, StreamName, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20003, Url, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20004, Tracks, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20005, State, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20006, LastError, COM_RETVAL_LONG),
    COM_GET(IOpenMSPMediaStream, 0x00f20007, FramesSent, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f20008, FramesDropped, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f20009, BytesSent, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f2000a, QueueMilliseconds, COM_RETVAL_LONG),
    COM_GET(IOpenMSPMediaStream, 0x00f2000b, RoundTripMicroseconds, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f2000c, MessagesReceived, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f2000d, Call, COM_RETVAL_OBJECT),
    COM_GET(IOpenMSPMediaStream, 0x00f2000e, MessagesBad, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f2000f, Bidirectional, COM_RETVAL_BOOL),
    COM_GET(IOpenMSPMediaStream, 0x00f20010, Reconnects, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPMediaStream, 0x00f20011, Encoding, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPMediaStream, 0x00f20012, SampleRate, COM_RETVAL_LONG),
};
const struct com_dispatch msp_dispatch_IOpenMSPMediaStream =
    COM_DISPATCH_TABLE(&IID_IOpenMSPMediaStream, "IOpenMSPMediaStream", members);

MSP_VTABLE(msp_media_stream_vtable, IOpenMSPMediaStream, struct msp_stream, media,
           &msp_dispatch_IOpenMSPMediaStream, COM_DISPATCH_SLOTS(IOpenMSPMediaStream),
           .get_Sid = media_get_Sid, .get_StreamName = media_get_StreamName,
           .get_Url = media_get_Url, .get_Tracks = media_get_Tracks, .get_State = media_get_State,
           .get_LastError = media_get_LastError, .get_FramesSent = media_get_FramesSent,
           .get_FramesDropped = media_get_FramesDropped, .get_BytesSent = media_get_BytesSent,
           .get_QueueMilliseconds = media_get_QueueMilliseconds,
           .get_RoundTripMicroseconds = media_get_RoundTripMicroseconds,
           .get_MessagesReceived = media_get_MessagesReceived, .get_Call = media_get_Call,
           .get_MessagesBad = media_get_MessagesBad, .get_Bidirectional = media_get_Bidirectional,
           .get_Reconnects = media_get_Reconnects, .get_Encoding = media_get_Encoding,
           .get_SampleRate = media_get_SampleRate);
