/*
 * What an application may live through (the "Bad input and faults"), over COM: every kind
 * of object leaked past the end of its address, threads and sinks that wait inside at that moment.
 * No answer takes two seconds, nothing is left, each has its code. Devices: test_device_faults.c.
 */
#include "msp/consumer_kit.h"
#include "msp/sink_kit.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PATIENCE     20000
#define AT_MOST_MS   2000
#define MST          L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"
#define BRIDGE       L"{BC2B8F77-5595-4B8C-868E-9162FE97A480}"
#define WEBSOCKET    L"{017C9E82-9045-492A-8565-3012E9FFA1FD}"

/* ---- a program that keeps everything --------------------------------------------------------- */

#define MOST_KEPT 128

struct keeper {
    struct media media;
    IUnknown *kept[MOST_KEPT];
    unsigned count;
    IOpenMSPCall *call, *other;
    ITStream *out, *in;
    SOCKET silent; /* takes connections and never says a word */
    WCHAR url[64];
};

static void *keep(struct keeper *keeper, void *object)
{
    ck_assert_uint_lt(keeper->count, MOST_KEPT);
    ck_assert_ptr_nonnull(object);
    keeper->kept[keeper->count++] = object;
    return object;
}

static void *keep_as(struct keeper *keeper, void *object, REFIID iid)
{
    return keep(keeper, kit_query(object, iid));
}

static void listen_silently(struct keeper *keeper)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    int size = sizeof(here);
    WSADATA data;

    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &data), 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    keeper->silent = socket(AF_INET, SOCK_STREAM, 0);
    for (unsigned port = 20000 + GetCurrentProcessId() % 5000; port < 32000; port++) {
        here.sin_port = htons((u_short)port);
        if (!bind(keeper->silent, (struct sockaddr *)&here, sizeof(here)) &&
            !listen(keeper->silent, 8))
            break;
    }
    ck_assert_int_eq(getsockname(keeper->silent, (struct sockaddr *)&here, &size), 0);
    _snwprintf(keeper->url, 64, L"ws://127.0.0.1:%u/", ntohs(here.sin_port));
}

static void keep_list(struct keeper *keeper, VARIANT *list)
{
    ck_assert_int_eq(V_VT(list), VT_DISPATCH);
    keep(keeper, V_DISPATCH(list));
}

static void keep_streams(struct keeper *keeper)
{
    static const IID *const faces[] = {&IID_ITStreamQualityControl, &IID_ITAudioSettings,
                                       &IID_ITAudioDeviceControl, &IID_ITFormatControl};
    ITStreamControl *control = keep_as(keeper, keeper->call, &IID_ITStreamControl);
    ITSubStreamControl *substreams = keep_as(keeper, keeper->in, &IID_ITSubStreamControl);
    ITSubStream *substream;
    IEnumStream *all;
    VARIANT list;

    for (size_t i = 0; i < COUNT(faces); i++) {
        keep_as(keeper, keeper->out, faces[i]);
        keep_as(keeper, keeper->in, faces[i]);
    }
    keep_as(keeper, keeper->call, &IID_ITCallQualityControl);
    ck_assert_hr(ITStreamControl_EnumerateStreams(control, &all), S_OK);
    keep(keeper, all);
    ck_assert_hr(ITStreamControl_get_Streams(control, &list), S_OK);
    keep_list(keeper, &list);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(substreams, &substream), S_OK);
    keep(keeper, substream);
    ck_assert_hr(ITSubStreamControl_get_SubStreams(substreams, &list), S_OK);
    keep_list(keeper, &list);
}

static void keep_files(struct keeper *keeper)
{
    ITTerminal *track, *player = media_playing(&keeper->media, L"kept.wav", 8000 * 30, &track);
    ITTerminal *recorder;
    ITMediaControl *control;

    keep(keeper, player), keep(keeper, track);
    ck_assert_hr(ITStream_SelectTerminal(keeper->out, track), S_OK);
    control = keep_as(keeper, player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    recorder = media_recording(&keeper->media, L"kept-heard.wav", &track);
    keep(keeper, recorder), keep(keeper, track);
    keep_as(keeper, track, &IID_ITFileTrack);
    ck_assert_hr(ITStream_SelectTerminal(keeper->in, track), S_OK);
    control = keep_as(keeper, recorder, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
}

static void keep_others(struct keeper *keeper)
{
    ITTerminal *bridge = keep(keeper, media_terminal(&keeper->media, BRIDGE, TD_BIDIRECTIONAL));
    ITMultiTrackTerminal *tracks = keep_as(keeper, bridge, &IID_ITMultiTrackTerminal);
    ITTerminal *websocket =
        keep(keeper, media_terminal(&keeper->media, WEBSOCKET, TD_BIDIRECTIONAL));
    IOpenMSPWebSocketTerminal *socket = keep_as(keeper, websocket, &IID_IOpenMSPWebSocketTerminal);
    IOpenMSPMediaStream *fork;
    BSTR url = SysAllocString(keeper->url);
    IEnumTerminal *ends;
    VARIANT list, none;

    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &ends), S_OK);
    keep(keeper, ends);
    ck_assert_hr(IOpenMSPWebSocketTerminal_put_Url(socket, url), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(keeper->in, websocket), S_OK); /* dials for ever */
    VariantInit(&none);
    ck_assert_hr(
        IOpenMSPCall_CreateMediaStream(keeper->call, url, NULL, NULL, none, NULL, NULL, &fork),
        S_OK);
    keep(keeper, fork); /* so does this one */
    SysFreeString(url);
    ck_assert_hr(ITStream_get_Terminals(keeper->in, &list), S_OK);
    keep_list(keeper, &list);
    keep_as(keeper, keeper->media.msp, &IID_ITTerminalSupport2);
    keep_as(keeper, keeper->media.msp, &IID_IConnectionPointContainer);
}

static void keeper_begin(struct keeper *keeper)
{
    BSTR any = SysAllocString(L"127.0.0.1:0"), at = NULL;

    memset(keeper, 0, sizeof(*keeper));
    media_begin(&keeper->media);
    listen_silently(keeper);
    keeper->call = media_call(&keeper->media, TAPIMEDIATYPE_AUDIO);
    keeper->other = media_call(&keeper->media, TAPIMEDIATYPE_AUDIO);
    keeper->out = media_stream(keeper->call, CAPTURE);
    keeper->in = media_stream(keeper->call, RENDER);
    ck_assert_hr(IOpenMSPCall_Listen(keeper->call, any), S_OK);
    ck_assert_hr(IOpenMSPCall_Listen(keeper->other, any), S_OK);
    ck_assert_hr(IOpenMSPCall_get_LocalAddress(keeper->other, &at), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(keeper->call, at, 0), S_OK);
    SysFreeString(any), SysFreeString(at);
}

static void keeper_end(struct keeper *keeper)
{
    for (unsigned i = 0; i < keeper->count; i++)
        kit_release(keeper->kept[i]);
    kit_release(keeper->out), kit_release(keeper->in);
    kit_release(keeper->call), kit_release(keeper->other);
    kit_release(keeper->media.terminals);
    kit_release(keeper->media.open);
    kit_release(keeper->media.msp);
    kit_end();
    closesocket(keeper->silent);
    WSACleanup();
    media_delete(L"kept.wav");
    media_delete(L"kept-heard.wav");
}

/* ---- and uses it afterwards ------------------------------------------------------------------ */

static const WCHAR *const names[] = {L"Address",
                                     L"AddressEvent",
                                     L"Bidirectional",
                                     L"BitsPerSample",
                                     L"BufferMilliseconds",
                                     L"BufferedMilliseconds",
                                     L"Call",
                                     L"Channels",
                                     L"Close",
                                     L"Codecs",
                                     L"Connect",
                                     L"Connected",
                                     L"ControllingTerminal",
                                     L"Count",
                                     L"CreateSubStream",
                                     L"Direction",
                                     L"DirectionsInUse",
                                     L"Disconnect",
                                     L"Drop",
                                     L"DynamicTerminalClasses",
                                     L"EmptyAudioFormatForScripting",
                                     L"Encoding",
                                     L"EndOfStream",
                                     L"EnumerateStreams",
                                     L"EnumerateTerminals",
                                     L"FileName",
                                     L"Format",
                                     L"FramesDropped",
                                     L"FramesSent",
                                     L"LastError",
                                     L"LastResult",
                                     L"LocalAddress",
                                     L"LocalDescription",
                                     L"MaxReconnects",
                                     L"MediaState",
                                     L"MediaStream",
                                     L"MediaType",
                                     L"MediaTypes",
                                     L"MediaTypesInUse",
                                     L"Name",
                                     L"Overruns",
                                     L"PacketTime",
                                     L"Pause",
                                     L"PauseStream",
                                     L"PauseSubStream",
                                     L"PlayList",
                                     L"QueueMilliseconds",
                                     L"Reconnects",
                                     L"SampleRate",
                                     L"Sid",
                                     L"Start",
                                     L"StartStream",
                                     L"StartSubStream",
                                     L"State",
                                     L"StaticTerminals",
                                     L"Statistics",
                                     L"StatusCallback",
                                     L"Stop",
                                     L"StopStream",
                                     L"StopSubStream",
                                     L"Stream",
                                     L"StreamName",
                                     L"Streams",
                                     L"SubStreams",
                                     L"TerminalClass",
                                     L"TerminalType",
                                     L"Terminals",
                                     L"TrackTerminals",
                                     L"Tracks",
                                     L"Underruns",
                                     L"Url",
                                     L"Volume"};

struct late {
    struct keeper *keeper;
    unsigned calls, slow;
    int wrong;
};

/* Everything that the object knows by name and that wants nothing, as a script says it. */
static void say_everything(struct late *late, IUnknown *object)
{
    IDispatch *dispatch;

    if (FAILED(IUnknown_QueryInterface(object, &IID_IDispatch, (void **)&dispatch)))
        return;
    for (size_t i = 0; i < COUNT(names); i++) {
        LPOLESTR name = (LPOLESTR)names[i];
        DISPPARAMS nothing = {0};
        ULONGLONG began = GetTickCount64();
        VARIANT result;
        DISPID id;

        if (FAILED(IDispatch_GetIDsOfNames(dispatch, &IID_NULL, &name, 1, 0, &id)))
            continue;
        VariantInit(&result);
        IDispatch_Invoke(dispatch, id, &IID_NULL, 0, DISPATCH_METHOD | DISPATCH_PROPERTYGET,
                         &nothing, &result, NULL, NULL);
        VariantClear(&result);
        late->calls++;
        late->slow += GetTickCount64() - began > AT_MOST_MS;
    }
    IDispatch_Release(dispatch);
}

#define MUST(expression, expected)                                                                 \
    do {                                                                                           \
        HRESULT hr_ = (expression);                                                                \
        if (hr_ != (HRESULT)(expected)) {                                                          \
            printf("%s: 0x%08lx\n", #expression, (unsigned long)hr_);                              \
            late->wrong++;                                                                         \
        }                                                                                          \
    } while (0)

static DWORD WINAPI use_late(void *arg)
{
    struct late *late = arg;
    struct keeper *keeper = late->keeper;
    ITSubStreamControl *substreams;
    ITSubStream *substream = NULL;
    IEnumTerminal *terminals = NULL;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (unsigned i = 0; i < keeper->count; i++)
        say_everything(late, keeper->kept[i]);
    say_everything(late, (IUnknown *)keeper->out);
    say_everything(late, (IUnknown *)keeper->in);
    say_everything(late, (IUnknown *)keeper->call);
    MUST(ITStream_StartStream(keeper->out), E_UNEXPECTED);
    MUST(ITStream_StopStream(keeper->in), E_UNEXPECTED);
    MUST(ITStream_EnumerateTerminals(keeper->in, &terminals), E_UNEXPECTED);
    substreams = kit_query(keeper->in, &IID_ITSubStreamControl);
    MUST(ITSubStreamControl_CreateSubStream(substreams, &substream), E_UNEXPECTED);
    kit_release(substreams);
    MUST(ITTerminalSupport_EnumerateStaticTerminals(keeper->media.terminals, &terminals),
         E_UNEXPECTED);
    CoUninitialize();
    return 0;
}

START_TEST(every_kind_of_object_leaked_past_the_end_answers_other_threads)
{
    struct keeper keeper;
    struct late late = {.keeper = &keeper};
    ULONGLONG began;
    HANDLE thread;

    keeper_begin(&keeper);
    keep_streams(&keeper);
    keep_files(&keeper);
    keep_others(&keeper);
    began = GetTickCount64();
    ck_assert_hr(keeper.media.open->lpVtbl->Close(keeper.media.open), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, AT_MOST_MS);
    thread = CreateThread(NULL, 0, use_late, &late, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, PATIENCE), WAIT_OBJECT_0);
    CloseHandle(thread);
    ck_assert_int_eq(late.wrong, 0);
    ck_assert_uint_eq(late.slow, 0);
    ck_assert_uint_gt(late.calls, 100);
    keeper_end(&keeper);
}
END_TEST

/* ---- threads that are inside at the end ------------------------------------------------------ */

struct inside {
    IOpenMSPSamples *samples;
    HANDLE ready;
    HRESULT result;
    VARIANT_BOOL answer;
};

static DWORD WINAPI wait_inside(void *arg)
{
    struct inside *inside = arg;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    SetEvent(inside->ready);
    inside->result = IOpenMSPSamples_Wait(inside->samples, -1, &inside->answer);
    CoUninitialize();
    return 0;
}

START_TEST(a_thread_that_waits_for_samples_comes_back_when_the_address_ends)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *terminal;
    struct inside inside = {.answer = 7};
    ULONGLONG began;
    HANDLE thread;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, RENDER);
    terminal = media_terminal(&media, MST, TD_RENDER);
    inside.samples = kit_query(terminal, &IID_IOpenMSPSamples);
    ck_assert_hr(ITStream_SelectTerminal(stream, terminal), S_OK);
    media_connect(call); /* nobody speaks there */
    inside.ready = kit_event();
    thread = CreateThread(NULL, 0, wait_inside, &inside, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(inside.ready, PATIENCE), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(thread, 100), WAIT_TIMEOUT);
    began = GetTickCount64();
    ck_assert_hr(media.open->lpVtbl->Close(media.open), S_OK);
    ck_assert_uint_eq(WaitForSingleObject(thread, AT_MOST_MS), WAIT_OBJECT_0);
    ck_assert_uint_lt(GetTickCount64() - began, AT_MOST_MS);
    ck_assert_hr(inside.result, S_OK);
    CloseHandle(thread);
    CloseHandle(inside.ready);
    kit_release(inside.samples), kit_release(terminal);
    kit_release(stream), kit_release(call);
    kit_release(media.terminals), kit_release(media.open), kit_release(media.msp);
    kit_end();
}
END_TEST

START_TEST(a_sink_that_hangs_and_one_that_fails_hold_up_no_end)
{
    struct keeper keeper;
    struct sink hanging, failing;
    ULONGLONG began;

    keeper_begin(&keeper);
    sink_init(&hanging), sink_init(&failing);
    hanging.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    failing.answer = E_FAIL;
    sink_advise(keeper.media.msp, &hanging);
    sink_advise(keeper.media.msp, &failing);
    keep_files(&keeper);
    ck_assert_uint_eq(WaitForSingleObject(hanging.entered, PATIENCE), WAIT_OBJECT_0);
    sink_wait(&failing, 2);
    began = GetTickCount64();
    ck_assert_hr(IOpenMSPCall_Close(keeper.call), S_OK);
    ck_assert_hr(keeper.media.open->lpVtbl->Close(keeper.media.open), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, AT_MOST_MS);
    SetEvent(hanging.gate);
    keeper_end(&keeper);
    sink_fini(&hanging), sink_fini(&failing);
    CloseHandle(hanging.gate);
}
END_TEST

OMSP_SUITE("faults", TEST(every_kind_of_object_leaked_past_the_end_answers_other_threads),
           TEST(a_thread_that_waits_for_samples_comes_back_when_the_address_ends),
           TEST(a_sink_that_hangs_and_one_that_fails_hold_up_no_end))
