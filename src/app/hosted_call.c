/*
 * A call of the program and its file terminals: what `call` has once and `serve` many times. It is
 * made as an application without TSP does. Main thread.
 */
#include "app/hosted_call.h"

#include "app/devices.h"
#include "app/report.h"

static HRESULT find_streams(struct hosted_call *call)
{
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *stream;
    HRESULT hr = IOpenMSPCall_QueryInterface(call->call, &IID_ITStreamControl, (void **)&control);

    if (FAILED(hr))
        return hr;
    hr = ITStreamControl_EnumerateStreams(control, &streams);
    ITStreamControl_Release(control);
    if (FAILED(hr))
        return hr;
    while (IEnumStream_Next(streams, 1, &stream, NULL) == S_OK) {
        TERMINAL_DIRECTION direction;

        if (SUCCEEDED(ITStream_get_Direction(stream, &direction)) && direction <= TD_RENDER &&
            !call->streams[direction])
            call->streams[direction] = stream;
        else
            ITStream_Release(stream);
    }
    IEnumStream_Release(streams);
    return call->streams[TD_CAPTURE] && call->streams[TD_RENDER] ? S_OK : E_UNEXPECTED;
}

static HRESULT create_terminal(struct hosted_call *call, const wchar_t *class_name,
                               TERMINAL_DIRECTION direction)
{
    ITTerminalSupport *support;
    BSTR name = SysAllocString(class_name);
    HRESULT hr =
        IOpenMSPAddress_QueryInterface(call->address, &IID_ITTerminalSupport, (void **)&support);

    if (SUCCEEDED(hr)) {
        hr = ITTerminalSupport_CreateTerminal(support, name, TAPIMEDIATYPE_AUDIO, direction,
                                              &call->terminals[direction]);
        ITTerminalSupport_Release(support);
    }
    if (SUCCEEDED(hr))
        hr = ITTerminal_QueryInterface(call->terminals[direction], &IID_ITMediaControl,
                                       (void **)&call->controls[direction]);
    SysFreeString(name);
    return hr;
}

/* Selects the file terminal's track on the stream of its direction and starts the terminal. */
static HRESULT select_track(struct hosted_call *call, TERMINAL_DIRECTION direction,
                            ITTerminal *track)
{
    HRESULT hr = ITStream_SelectTerminal(call->streams[direction], track);

    ITTerminal_Release(track);
    return SUCCEEDED(hr) ? ITMediaControl_Start(call->controls[direction]) : hr;
}

HRESULT hosted_call_play(struct hosted_call *call, const wchar_t *path)
{
    ITMediaPlayback *playback;
    ITMultiTrackTerminal *tracks;
    IEnumTerminal *list;
    ITTerminal *track;
    VARIANT file;
    HRESULT hr = create_terminal(call, L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", TD_CAPTURE);

    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(call->terminals[TD_CAPTURE], &IID_ITMediaPlayback,
                                   (void **)&playback);
    if (FAILED(hr))
        return hr;
    V_VT(&file) = VT_BSTR;
    V_BSTR(&file) = SysAllocString(path);
    hr = ITMediaPlayback_put_PlayList(playback, file);
    VariantClear(&file);
    ITMediaPlayback_Release(playback);
    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(call->terminals[TD_CAPTURE], &IID_ITMultiTrackTerminal,
                                   (void **)&tracks);
    if (FAILED(hr))
        return hr;
    hr = ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &list);
    ITMultiTrackTerminal_Release(tracks);
    if (FAILED(hr))
        return hr;
    hr = IEnumTerminal_Next(list, 1, &track, NULL) == S_OK ? select_track(call, TD_CAPTURE, track)
                                                           : E_UNEXPECTED;
    IEnumTerminal_Release(list);
    return hr;
}

HRESULT hosted_call_record(struct hosted_call *call, const wchar_t *path)
{
    ITMediaRecord *record;
    ITMultiTrackTerminal *tracks;
    ITTerminal *track;
    BSTR name;
    HRESULT hr = create_terminal(call, L"{521F3D06-C3D0-4511-8617-86B9A783DA77}", TD_RENDER);

    if (FAILED(hr))
        return hr;
    hr =
        ITTerminal_QueryInterface(call->terminals[TD_RENDER], &IID_ITMediaRecord, (void **)&record);
    if (FAILED(hr))
        return hr;
    name = SysAllocString(path);
    hr = ITMediaRecord_put_FileName(record, name);
    SysFreeString(name);
    ITMediaRecord_Release(record);
    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(call->terminals[TD_RENDER], &IID_ITMultiTrackTerminal,
                                   (void **)&tracks);
    if (FAILED(hr))
        return hr;
    hr = ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO, TD_RENDER, &track);
    ITMultiTrackTerminal_Release(tracks);
    return SUCCEEDED(hr) ? select_track(call, TD_RENDER, track) : hr;
}

HRESULT hosted_call_device(struct hosted_call *call, TERMINAL_DIRECTION direction,
                           const wchar_t *name)
{
    HRESULT hr = device_find(call->address, direction, name, &call->devices[direction]);

    if (SUCCEEDED(hr))
        hr = ITStream_SelectTerminal(call->streams[direction], call->devices[direction]);
    return hr;
}

static HRESULT listen(struct hosted_call *call, const wchar_t *address)
{
    BSTR text = SysAllocString(address);
    HRESULT hr = IOpenMSPCall_Listen(call->call, text);

    SysFreeString(text);
    return hr;
}

HRESULT hosted_call_connect(struct hosted_call *call, const wchar_t *peer, int payload_type)
{
    BSTR text = SysAllocString(peer);
    HRESULT hr = IOpenMSPCall_SetPeer(call->call, text, payload_type);

    SysFreeString(text);
    return hr;
}

void hosted_call_tell_ready(struct hosted_call *call)
{
    BSTR local = NULL, sid = NULL;

    IOpenMSPCall_get_LocalAddress(call->call, &local);
    IOpenMSPCall_get_Sid(call->call, &sid);
    report_ready(local ? local : L"", sid ? sid : L"");
    SysFreeString(local);
    SysFreeString(sid);
}

HRESULT hosted_call_open(struct hosted_call *call, IOpenMSPAddress *address, const wchar_t *local)
{
    HRESULT hr;

    memset(call, 0, sizeof(*call));
    call->address = address;
    hr = IOpenMSPAddress_CreateCall(address, TAPIMEDIATYPE_AUDIO, &call->call);
    if (SUCCEEDED(hr))
        hr = find_streams(call);
    return SUCCEEDED(hr) ? listen(call, local) : hr;
}

void hosted_call_end(struct hosted_call *call)
{
    for (int i = 0; i < 2; i++)
        if (call->controls[i])
            ITMediaControl_Stop(call->controls[i]);
    if (call->call)
        IOpenMSPCall_Close(call->call);
}

#define RELEASE(pointer)                                                                           \
    do {                                                                                           \
        if (pointer)                                                                               \
            IUnknown_Release((IUnknown *)(pointer));                                               \
        (pointer) = NULL;                                                                          \
    } while (0)

void hosted_call_close(struct hosted_call *call)
{
    hosted_call_end(call);
    for (int i = 0; i < 2; i++) {
        RELEASE(call->controls[i]);
        RELEASE(call->terminals[i]);
        RELEASE(call->devices[i]);
        RELEASE(call->streams[i]);
    }
    RELEASE(call->call);
}
