/* The event sink: asks each event object what it says, and reports it. */
#include "app/sink.h"

#include "app/report.h"

#include <stdlib.h>
#include <string.h>

struct sink {
    ITTAPIEventNotification iface;
    LONG refs;
    HANDLE came;
};

static HRESULT STDMETHODCALLTYPE sink_query(ITTAPIEventNotification *iface, REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_ITTAPIEventNotification))
        return E_NOINTERFACE;
    ITTAPIEventNotification_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE sink_add_ref(ITTAPIEventNotification *iface)
{
    return (ULONG)InterlockedIncrement(&((struct sink *)iface)->refs);
}

static ULONG STDMETHODCALLTYPE sink_release(ITTAPIEventNotification *iface)
{
    ULONG left = (ULONG)InterlockedDecrement(&((struct sink *)iface)->refs);

    if (!left)
        free(iface);
    return left;
}

#define SID_ROOM 40

/* Takes the string. */
static void copy_sid(BSTR sid, char out[SID_ROOM])
{
    out[0] = '\0';
    if (sid)
        WideCharToMultiByte(CP_UTF8, 0, sid, -1, out, SID_ROOM, NULL, NULL);
    SysFreeString(sid);
}

/* The call's SID, "" when it is not told; takes the reference. */
static void call_name(ITCallInfo *info, char out[SID_ROOM])
{
    IOpenMSPCall *call;
    BSTR sid = NULL;

    if (info && SUCCEEDED(ITCallInfo_QueryInterface(info, &IID_IOpenMSPCall, (void **)&call))) {
        IOpenMSPCall_get_Sid(call, &sid);
        IOpenMSPCall_Release(call);
    }
    if (info)
        ITCallInfo_Release(info);
    copy_sid(sid, out);
}

/* What the stream is called in a line; takes the reference. */
static void stream_name(ITStream *stream, char out[SID_ROOM])
{
    IOpenMSPMediaStream *media;
    TERMINAL_DIRECTION direction;
    BSTR sid = NULL;

    out[0] = '\0';
    if (!stream)
        return;
    if (SUCCEEDED(ITStream_QueryInterface(stream, &IID_IOpenMSPMediaStream, (void **)&media))) {
        IOpenMSPMediaStream_get_Sid(media, &sid);
        IOpenMSPMediaStream_Release(media);
        copy_sid(sid, out);
    } else if (SUCCEEDED(ITStream_get_Direction(stream, &direction))) {
        strcpy(out, direction == TD_CAPTURE ? "capture" : "render");
    }
    ITStream_Release(stream);
}

static void report_media(IDispatch *object)
{
    ITCallMediaEvent *event;
    CALL_MEDIA_EVENT what = CME_NEW_STREAM;
    CALL_MEDIA_EVENT_CAUSE cause = CMC_UNKNOWN;
    char call_text[SID_ROOM], stream_text[SID_ROOM];
    ITStream *stream = NULL;
    ITCallInfo *info = NULL;
    HRESULT error = S_OK;

    if (FAILED(IDispatch_QueryInterface(object, &IID_ITCallMediaEvent, (void **)&event)))
        return;
    ITCallMediaEvent_get_Event(event, &what);
    ITCallMediaEvent_get_Cause(event, &cause);
    ITCallMediaEvent_get_Error(event, &error);
    ITCallMediaEvent_get_Stream(event, &stream);
    ITCallMediaEvent_get_Call(event, &info);
    stream_name(stream, stream_text);
    call_name(info, call_text);
    report_media_event(what, cause, call_text, stream_text, error);
    ITCallMediaEvent_Release(event);
}

static const char *terminal_name(ITTerminal *terminal)
{
    TERMINAL_DIRECTION direction;

    if (!terminal || FAILED(ITTerminal_get_Direction(terminal, &direction)))
        return "";
    return direction == TD_CAPTURE ? "play" : "record";
}

static void report_file(IDispatch *object)
{
    ITFileTerminalEvent *event;
    TERMINAL_MEDIA_STATE state = TMS_IDLE;
    FT_STATE_EVENT_CAUSE cause = FTEC_NORMAL;
    ITTerminal *terminal = NULL;
    ITCallInfo *info = NULL;
    char call_text[SID_ROOM];
    HRESULT error = S_OK;

    if (FAILED(IDispatch_QueryInterface(object, &IID_ITFileTerminalEvent, (void **)&event)))
        return;
    ITFileTerminalEvent_get_State(event, &state);
    ITFileTerminalEvent_get_Cause(event, &cause);
    ITFileTerminalEvent_get_Error(event, &error);
    ITFileTerminalEvent_get_Terminal(event, &terminal);
    ITFileTerminalEvent_get_Call(event, &info);
    call_name(info, call_text);
    report_file_event(state, cause, call_text, terminal_name(terminal), error);
    if (terminal)
        ITTerminal_Release(terminal);
    ITFileTerminalEvent_Release(event);
}

/* The digit object knows its key as a character. */
static void report_key(IDispatch *object)
{
    ITDigitDetectionEvent *digit;
    ITCallInfo *info = NULL;
    char call_text[SID_ROOM];
    unsigned char key = 0;

    if (FAILED(IDispatch_QueryInterface(object, &IID_ITDigitDetectionEvent, (void **)&digit)))
        return;
    if (SUCCEEDED(ITDigitDetectionEvent_get_Digit(digit, &key))) {
        ITDigitDetectionEvent_get_Call(digit, &info);
        call_name(info, call_text);
        report_digit(call_text, (char)key);
    }
    ITDigitDetectionEvent_Release(digit);
}

static void report_private(IDispatch *object)
{
    ITPrivateEvent *event;
    IDispatch *said = NULL;
    LONG code = 0;

    if (FAILED(IDispatch_QueryInterface(object, &IID_ITPrivateEvent, (void **)&event)))
        return;
    ITPrivateEvent_get_EventCode(event, &code);
    ITPrivateEvent_get_EventInterface(event, &said);
    if (code == OPENMSP_PRIVATE_DIGIT && said)
        report_key(said);
    if (said)
        IDispatch_Release(said);
    ITPrivateEvent_Release(event);
}

/* Only devices that come and go are told of an address. */
static void report_address(IDispatch *object)
{
    ITAddressEvent *event;
    ADDRESS_EVENT what = AE_STATE;
    ITTerminal *terminal = NULL;
    TERMINAL_DIRECTION direction = TD_CAPTURE;
    BSTR name = NULL;

    if (FAILED(IDispatch_QueryInterface(object, &IID_ITAddressEvent, (void **)&event)))
        return;
    ITAddressEvent_get_Event(event, &what);
    ITAddressEvent_get_Terminal(event, &terminal);
    if (terminal && (what == AE_NEWTERMINAL || what == AE_REMOVETERMINAL)) {
        ITTerminal_get_Direction(terminal, &direction);
        ITTerminal_get_Name(terminal, &name);
        report_terminal(what == AE_NEWTERMINAL, direction == TD_CAPTURE, name ? name : L"");
        SysFreeString(name);
    }
    if (terminal)
        ITTerminal_Release(terminal);
    ITAddressEvent_Release(event);
}

static HRESULT STDMETHODCALLTYPE sink_event(ITTAPIEventNotification *iface, TAPI_EVENT kind,
                                            IDispatch *object)
{
    if (!object)
        return E_POINTER;
    if (kind == TE_CALLMEDIA)
        report_media(object);
    else if (kind == TE_FILETERMINAL)
        report_file(object);
    else if (kind == TE_ADDRESS)
        report_address(object);
    else if (kind == TE_PRIVATE)
        report_private(object);
    SetEvent(((struct sink *)iface)->came);
    return S_OK;
}

static ITTAPIEventNotificationVtbl sink_vtbl = {
    .QueryInterface = sink_query,
    .AddRef = sink_add_ref,
    .Release = sink_release,
    .Event = sink_event,
};

HRESULT sink_create(HANDLE came, ITTAPIEventNotification **out)
{
    struct sink *sink = calloc(1, sizeof(*sink));

    if (!sink)
        return E_OUTOFMEMORY;
    sink->iface.lpVtbl = &sink_vtbl;
    sink->refs = 1;
    sink->came = came;
    *out = &sink->iface;
    return S_OK;
}

HRESULT sink_advise(IUnknown *object, ITTAPIEventNotification *sink, IConnectionPoint **point,
                    DWORD *cookie)
{
    IConnectionPointContainer *container;
    HRESULT hr =
        IUnknown_QueryInterface(object, &IID_IConnectionPointContainer, (void **)&container);

    if (FAILED(hr))
        return hr;
    hr = IConnectionPointContainer_FindConnectionPoint(container, &IID_ITTAPIEventNotification,
                                                       point);
    IConnectionPointContainer_Release(container);
    if (FAILED(hr))
        return hr;
    hr = IConnectionPoint_Advise(*point, (IUnknown *)sink, cookie);
    if (FAILED(hr)) {
        IConnectionPoint_Release(*point);
        *point = NULL;
    }
    return hr;
}

void sink_unadvise(IConnectionPoint *point, DWORD cookie)
{
    IConnectionPoint_Unadvise(point, cookie);
    IConnectionPoint_Release(point);
}
