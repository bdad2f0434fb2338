/*
 * `openmsp call`: creates the call as an application without TSP does, selects file terminals on
 * its streams, connects, carries out the script, and tells what happened. Main thread.
 */
#include "app/call_command.h"

#include "app/provider.h"
#include "app/report.h"
#include "app/sink.h"

#include <string.h>

#define EVENTS_QUIET_MS 100 /* after the end: no event for this long, and none will come */

struct call {
    struct provider provider;
    ITTAPIEventNotification *sink;
    HANDLE event_came;
    IConnectionPoint *point;
    DWORD cookie;
    IOpenMSPCall *call;
    ITStream *streams[2]; /* by TD_CAPTURE, TD_RENDER */
    ITTerminal *terminals[2];
    ITMediaControl *controls[2];
};

#define RELEASE(pointer)                                                                           \
    do {                                                                                           \
        if (pointer)                                                                               \
            IUnknown_Release((IUnknown *)(pointer));                                               \
        (pointer) = NULL;                                                                          \
    } while (0)

/* ---- opening -------------------------------------------------------------------------------- */

static HRESULT find_streams(struct call *call)
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

static HRESULT create_terminal(struct call *call, const wchar_t *class_name,
                               TERMINAL_DIRECTION direction)
{
    ITTerminalSupport *support;
    BSTR name = SysAllocString(class_name);
    HRESULT hr = IOpenMSPAddress_QueryInterface(call->provider.address, &IID_ITTerminalSupport,
                                                (void **)&support);

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
static HRESULT select_track(struct call *call, TERMINAL_DIRECTION direction, ITTerminal *track)
{
    HRESULT hr = ITStream_SelectTerminal(call->streams[direction], track);

    ITTerminal_Release(track);
    return SUCCEEDED(hr) ? ITMediaControl_Start(call->controls[direction]) : hr;
}

static HRESULT open_playback(struct call *call, const wchar_t *path)
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

static HRESULT open_recording(struct call *call, const wchar_t *path)
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

static HRESULT listen(struct call *call, const wchar_t *address)
{
    BSTR text = SysAllocString(address ? address : L"127.0.0.1");
    HRESULT hr = IOpenMSPCall_Listen(call->call, text);

    SysFreeString(text);
    return hr;
}

static HRESULT connect_peer(struct call *call, const struct options *options)
{
    BSTR text = SysAllocString(options->peer);
    HRESULT hr = IOpenMSPCall_SetPeer(call->call, text, options->payload_type);

    SysFreeString(text);
    return hr;
}

static void tell_ready(struct call *call)
{
    BSTR local = NULL, sid = NULL;

    IOpenMSPCall_get_LocalAddress(call->call, &local);
    IOpenMSPCall_get_Sid(call->call, &sid);
    report_ready(local ? local : L"", sid ? sid : L"");
    SysFreeString(local);
    SysFreeString(sid);
}

static bool failed(HRESULT hr, const char *what, const wchar_t *subject)
{
    if (FAILED(hr))
        report_error(what, subject, hr);
    return FAILED(hr);
}

/* Everything up to the connected call; false: told why on standard error. */
static bool open_call(struct call *call, const struct options *options)
{
    const wchar_t *local = options->listen ? options->listen : L"127.0.0.1";

    if (failed(provider_open(&call->provider), "openmsp.dll cannot be loaded", NULL))
        return false;
    call->event_came = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (failed(sink_create(call->event_came, &call->sink), "events", NULL) ||
        failed(sink_advise((IUnknown *)call->provider.address, call->sink, &call->point,
                           &call->cookie),
               "events", NULL))
        return false;
    if (failed(IOpenMSPAddress_CreateCall(call->provider.address, TAPIMEDIATYPE_AUDIO, &call->call),
               "no call", NULL) ||
        failed(find_streams(call), "no streams", NULL) ||
        failed(listen(call, options->listen), "--listen", local))
        return false;
    if (options->play && failed(open_playback(call, options->play), "--play", options->play))
        return false;
    if (options->record &&
        failed(open_recording(call, options->record), "--record", options->record))
        return false;
    tell_ready(call);
    return !failed(connect_peer(call, options), "--peer", options->peer);
}

/* Ends the media; what that brings about is still told. */
static void end_call(struct call *call)
{
    for (int i = 0; i < 2; i++)
        if (call->controls[i])
            ITMediaControl_Stop(call->controls[i]);
    if (call->call)
        IOpenMSPCall_Close(call->call);
    while (call->point && WaitForSingleObject(call->event_came, EVENTS_QUIET_MS) == WAIT_OBJECT_0)
        ;
    if (call->point)
        sink_unadvise(call->point, call->cookie);
    call->point = NULL;
}

static void close_call(struct call *call)
{
    end_call(call);
    RELEASE(call->sink);
    for (int i = 0; i < 2; i++) {
        RELEASE(call->controls[i]);
        RELEASE(call->terminals[i]);
        RELEASE(call->streams[i]);
    }
    RELEASE(call->call);
    if (call->provider.address)
        provider_close(&call->provider);
    if (call->event_came)
        CloseHandle(call->event_came);
}

/* ---- running -------------------------------------------------------------------------------- */

static bool read_stats(struct call *call, struct report_stats *stats)
{
    IOpenMSPStatistics *from;

    memset(stats, 0, sizeof(*stats));
    if (FAILED(IOpenMSPCall_get_Statistics(call->call, &from)))
        return false;
    IOpenMSPStatistics_get_PacketsReceived(from, &stats->packets_received);
    IOpenMSPStatistics_get_BytesReceived(from, &stats->bytes_received);
    IOpenMSPStatistics_get_PacketsSent(from, &stats->packets_sent);
    IOpenMSPStatistics_get_BytesSent(from, &stats->bytes_sent);
    IOpenMSPStatistics_get_PacketsLost(from, &stats->packets_lost);
    IOpenMSPStatistics_get_PacketsLate(from, &stats->packets_late);
    IOpenMSPStatistics_get_PacketsDuplicate(from, &stats->packets_duplicate);
    IOpenMSPStatistics_get_PacketsReordered(from, &stats->packets_reordered);
    IOpenMSPStatistics_get_PacketsRejected(from, &stats->packets_rejected);
    IOpenMSPStatistics_get_JitterMicroseconds(from, &stats->jitter_us);
    IOpenMSPStatistics_get_RoundTripMicroseconds(from, &stats->round_trip_us);
    IOpenMSPStatistics_get_FramesRecorded(from, &stats->frames_recorded);
    IOpenMSPStatistics_get_FramesConcealed(from, &stats->frames_concealed);
    IOpenMSPStatistics_get_FramesPlayed(from, &stats->frames_played);
    IOpenMSPStatistics_Release(from);
    return true;
}

static void do_step(struct call *call, const struct script_step *step)
{
    static const char *const names[] = {"capture", "render"};

    for (int i = 0; i < 2; i++) {
        HRESULT hr;

        if (!(step->stream & (i == TD_CAPTURE ? SCRIPT_CAPTURE : SCRIPT_RENDER)))
            continue;
        if (step->op == SCRIPT_START)
            hr = ITStream_StartStream(call->streams[i]);
        else if (step->op == SCRIPT_STOP)
            hr = ITStream_StopStream(call->streams[i]);
        else
            hr = ITStream_PauseStream(call->streams[i]);
        report_result(script_op_name(step->op), names[i], hr);
    }
}

/* Waits until `until` (tick count) with the meter going; true when told to quit. */
static bool wait_until(struct call *call, HANDLE quit, ULONGLONG began, ULONGLONG until)
{
    for (;;) {
        ULONGLONG now = GetTickCount64();
        struct report_stats stats;
        DWORD step = 1000;

        if (now >= until)
            return false;
        if (until - now < step)
            step = (DWORD)(until - now);
        if (WaitForSingleObject(quit, step) == WAIT_OBJECT_0)
            return true;
        if (read_stats(call, &stats))
            report_meter(&stats, (double)(GetTickCount64() - began) / 1000);
    }
}

static void run(struct call *call, const struct options *options, HANDLE quit)
{
    ULONGLONG began = GetTickCount64(), end = ~0ULL;

    if (options->seconds > 0)
        end = began + (ULONGLONG)(options->seconds * 1000);
    for (unsigned i = 0; i < options->script.count; i++) {
        const struct script_step *step = &options->script.steps[i];

        if (step->op == SCRIPT_QUIT)
            return;
        if (step->op == SCRIPT_WAIT) {
            ULONGLONG until = GetTickCount64() + step->wait_ms;

            if (wait_until(call, quit, began, until < end ? until : end) || GetTickCount64() >= end)
                return;
        } else {
            do_step(call, step);
        }
    }
    wait_until(call, quit, began, end);
}

int call_command(const struct options *options, HANDLE quit)
{
    struct call call;
    struct report_stats stats;
    bool ok;

    memset(&call, 0, sizeof(call));
    report_open(options->json);
    ok = open_call(&call, options);
    if (ok)
        run(&call, options, quit);
    if (ok) {
        end_call(&call);
        if (read_stats(&call, &stats))
            report_stats(&stats);
    }
    close_call(&call);
    return ok ? 0 : 1;
}
