/*
 * Client programs as they are written for TAPI 3, in C, over tapi3.h and nothing of ours but the
 * file names: they create the TAPI object, find an address, make and take calls, select terminals,
 * wait for events and hang up, as the published samples do in their order. Behind them is the
 * stand-in.
 */
#include "support/tapi.h"

#include "openmsp/openmsp.h"

#include <tapi3.h>
#include <tapi3err.h>
#include <tapi3ds.h>
#include <winsock2.h>

#include <olectl.h>
#include <stdlib.h>
#include <string.h>

/* ---- an application's sink ------------------------------------------------------------------- */

/* tapi3.h has these as strings in C++ only. */
#define PLAYBACK  L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"
#define RECORDING L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"

#define ROOM 512

struct said {
    TAPI_EVENT kind;
    LONG event, cause;
    HRESULT error;
    TERMINAL_DIRECTION direction; /* of a media event's stream */
    LONG listed;                  /* its terminals at that moment */
};

struct app {
    ITTAPIEventNotification sink;
    IDispatch script;
    LONG refs;
    CRITICAL_SECTION lock;
    CONDITION_VARIABLE came;
    struct said said[ROOM];
    unsigned count, taken;
    ITCallInfo *offered; /* of the last notification; a reference */
    IDispatch *kept;     /* the last event of media or private; a reference */
    bool answers, stops; /* in the event itself */
    HRESULT answered, stopped;
    HANDLE gate; /* waited for inside, when there is one */
    HRESULT answer;

    ITTAPI *tapi;
    ITAddress *addresses[TAPI_LINE_COUNT];
    DWORD cookie;
    IConnectionPoint *point;
};

static struct app *of_sink(ITTAPIEventNotification *sink)
{
    return CONTAINING_RECORD(sink, struct app, sink);
}

static HRESULT WINAPI sink_QueryInterface(ITTAPIEventNotification *sink, REFIID iid, void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_ITTAPIEventNotification))
        return E_NOINTERFACE;
    InterlockedIncrement(&of_sink(sink)->refs);
    *out = sink;
    return S_OK;
}

static ULONG WINAPI sink_AddRef(ITTAPIEventNotification *sink)
{
    return (ULONG)InterlockedIncrement(&of_sink(sink)->refs);
}

static ULONG WINAPI sink_Release(ITTAPIEventNotification *sink)
{
    return (ULONG)InterlockedDecrement(&of_sink(sink)->refs);
}

static LONG listed_on(ITStream *stream)
{
    IEnumTerminal *all;
    ITTerminal *terminal;
    LONG count = 0;

    if (FAILED(ITStream_EnumerateTerminals(stream, &all)))
        return -1;
    while (IEnumTerminal_Next(all, 1, &terminal, NULL) == S_OK) {
        count++;
        ITTerminal_Release(terminal);
    }
    IEnumTerminal_Release(all);
    return count;
}

static void media_event(struct app *app, IDispatch *event, struct said *said)
{
    ITCallMediaEvent *media;
    ITStream *stream = NULL;

    if (FAILED(IDispatch_QueryInterface(event, &IID_ITCallMediaEvent, (void **)&media)))
        return;
    ITCallMediaEvent_get_Event(media, (CALL_MEDIA_EVENT *)&said->event);
    ITCallMediaEvent_get_Cause(media, (CALL_MEDIA_EVENT_CAUSE *)&said->cause);
    ITCallMediaEvent_get_Error(media, &said->error);
    ITCallMediaEvent_get_Stream(media, &stream);
    if (stream) {
        ITStream_get_Direction(stream, &said->direction);
        said->listed = listed_on(stream);
        if (app->stops && said->event == CME_STREAM_ACTIVE)
            app->stopped = ITStream_StopStream(stream);
        ITStream_Release(stream);
    }
    ITCallMediaEvent_Release(media);
}

static void state_event(IDispatch *event, struct said *said)
{
    ITCallStateEvent *state;

    if (FAILED(IDispatch_QueryInterface(event, &IID_ITCallStateEvent, (void **)&state)))
        return;
    ITCallStateEvent_get_State(state, (CALL_STATE *)&said->event);
    ITCallStateEvent_get_Cause(state, (CALL_STATE_EVENT_CAUSE *)&said->cause);
    ITCallStateEvent_Release(state);
}

static void file_event(IDispatch *event, struct said *said)
{
    ITFileTerminalEvent *file;
    ITTerminal *terminal = NULL;
    ITFileTrack *track = NULL;
    ITCallInfo *call = NULL;

    if (FAILED(IDispatch_QueryInterface(event, &IID_ITFileTerminalEvent, (void **)&file)))
        return;
    ITFileTerminalEvent_get_State(file, (TERMINAL_MEDIA_STATE *)&said->event);
    ITFileTerminalEvent_get_Cause(file, (FT_STATE_EVENT_CAUSE *)&said->cause);
    ITFileTerminalEvent_get_Error(file, &said->error);
    ITFileTerminalEvent_get_Terminal(file, &terminal);
    ITFileTerminalEvent_get_Track(file, &track);
    ITFileTerminalEvent_get_Call(file, &call);
    said->listed = (terminal != NULL) + (track != NULL) + (call != NULL);
    if (terminal)
        ITTerminal_Release(terminal);
    if (track)
        ITFileTrack_Release(track);
    if (call)
        ITCallInfo_Release(call);
    ITFileTerminalEvent_Release(file);
}

static void notification(struct app *app, IDispatch *event, struct said *said)
{
    ITCallNotificationEvent *notice;
    ITCallInfo *call = NULL;

    if (FAILED(IDispatch_QueryInterface(event, &IID_ITCallNotificationEvent, (void **)&notice)))
        return;
    ITCallNotificationEvent_get_Event(notice, (CALL_NOTIFICATION_EVENT *)&said->event);
    ITCallNotificationEvent_get_CallbackInstance(notice, &said->cause);
    ITCallNotificationEvent_get_Call(notice, &call);
    if (app->answers) {
        ITBasicCallControl *control;

        ITCallInfo_QueryInterface(call, &IID_ITBasicCallControl, (void **)&control);
        app->answered = ITBasicCallControl_Answer(control);
        ITBasicCallControl_Release(control);
    }
    if (app->offered)
        ITCallInfo_Release(app->offered);
    app->offered = call;
    ITCallNotificationEvent_Release(notice);
}

static HRESULT happened(struct app *app, TAPI_EVENT kind, IDispatch *event)
{
    struct said said = {kind, -1, -1, E_FAIL, TD_NONE, -1};
    IDispatch *before = NULL;
    bool keeps = kind == TE_CALLMEDIA || kind == TE_PRIVATE;

    if (kind == TE_CALLMEDIA)
        media_event(app, event, &said);
    if (kind == TE_CALLSTATE)
        state_event(event, &said);
    if (kind == TE_FILETERMINAL)
        file_event(event, &said);
    if (kind == TE_CALLNOTIFICATION)
        notification(app, event, &said);
    if (app->gate)
        WaitForSingleObject(app->gate, TAPI_WAIT_MS);
    if (keeps)
        IDispatch_AddRef(event);
    EnterCriticalSection(&app->lock);
    if (app->count < ROOM)
        app->said[app->count++] = said;
    if (keeps) {
        before = app->kept;
        app->kept = event;
    }
    LeaveCriticalSection(&app->lock);
    WakeAllConditionVariable(&app->came);
    if (before)
        IDispatch_Release(before);
    return app->answer;
}

static HRESULT WINAPI sink_Event(ITTAPIEventNotification *sink, TAPI_EVENT kind, IDispatch *event)
{
    return happened(of_sink(sink), kind, event);
}

static ITTAPIEventNotificationVtbl sink_vtable = {sink_QueryInterface, sink_AddRef, sink_Release,
                                                  sink_Event};

/* The same as a script's object. */
static struct app *of_script(IDispatch *script)
{
    return CONTAINING_RECORD(script, struct app, script);
}

static HRESULT WINAPI script_QueryInterface(IDispatch *script, REFIID iid, void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IDispatch))
        return E_NOINTERFACE;
    InterlockedIncrement(&of_script(script)->refs);
    *out = script;
    return S_OK;
}

static ULONG WINAPI script_AddRef(IDispatch *script)
{
    return (ULONG)InterlockedIncrement(&of_script(script)->refs);
}

static ULONG WINAPI script_Release(IDispatch *script)
{
    return (ULONG)InterlockedDecrement(&of_script(script)->refs);
}

static HRESULT WINAPI script_Invoke(IDispatch *script, DISPID id, REFIID iid, LCID locale,
                                    WORD flags, DISPPARAMS *params, VARIANT *result,
                                    EXCEPINFO *exception, UINT *bad)
{
    (void)iid, (void)locale, (void)flags, (void)result, (void)exception, (void)bad;
    if (id != 1 || params->cArgs != 2)
        return DISP_E_MEMBERNOTFOUND;
    return happened(of_script(script), (TAPI_EVENT)V_I4(&params->rgvarg[1]),
                    V_DISPATCH(&params->rgvarg[0]));
}

static IDispatchVtbl script_vtable = {
    .QueryInterface = script_QueryInterface,
    .AddRef = script_AddRef,
    .Release = script_Release,
    .Invoke = script_Invoke,
};

/* The next event of this kind, waited for; others of other kinds are passed over. */
static struct said next_of(struct app *app, TAPI_EVENT kind)
{
    struct said said = {0};
    bool found = false;
    ULONGLONG give_up = GetTickCount64() + TAPI_WAIT_MS;

    EnterCriticalSection(&app->lock);
    while (!found && GetTickCount64() < give_up) {
        while (!found && app->taken < app->count) {
            said = app->said[app->taken++];
            found = said.kind == kind;
        }
        if (!found)
            SleepConditionVariableCS(&app->came, &app->lock, 1000);
    }
    LeaveCriticalSection(&app->lock);
    ck_assert_msg(found, "no event of kind 0x%x", kind);
    return said;
}

static void expect(struct app *app, TAPI_EVENT kind, LONG event, LONG cause)
{
    struct said said = next_of(app, kind);

    ck_assert_msg(said.event == event && said.cause == cause,
                  "kind 0x%x: event %ld cause %ld, not %ld %ld", kind, (long)said.event,
                  (long)said.cause, (long)event, (long)cause);
}

/* ---- an application -------------------------------------------------------------------------- */

static void connect_sink(struct app *app, REFIID iid)
{
    IConnectionPointContainer *container;

    ck_assert_hr(
        ITTAPI_QueryInterface(app->tapi, &IID_IConnectionPointContainer, (void **)&container),
        S_OK);
    ck_assert_hr(IConnectionPointContainer_FindConnectionPoint(container, iid, &app->point), S_OK);
    ck_assert_hr(IConnectionPoint_Advise(app->point,
                                         IsEqualIID(iid, &IID_ITTAPIEventNotification)
                                             ? (IUnknown *)&app->sink
                                             : (IUnknown *)&app->script,
                                         &app->cookie),
                 S_OK);
    IConnectionPointContainer_Release(container);
}

static void app_begin(struct app *app, LONG filter)
{
    IEnumAddress *all;

    memset(app, 0, sizeof(*app));
    app->sink.lpVtbl = &sink_vtable;
    app->script.lpVtbl = &script_vtable;
    app->refs = 1;
    InitializeCriticalSection(&app->lock);
    InitializeConditionVariable(&app->came);
    tapi_install();
    ck_assert_hr(
        CoCreateInstance(&CLSID_TAPI, NULL, CLSCTX_INPROC_SERVER, &IID_ITTAPI, (void **)&app->tapi),
        S_OK);
    ck_assert_hr(ITTAPI_Initialize(app->tapi), S_OK);
    connect_sink(app, &IID_ITTAPIEventNotification);
    ck_assert_hr(ITTAPI_put_EventFilter(app->tapi, filter), S_OK);
    ck_assert_hr(ITTAPI_EnumerateAddresses(app->tapi, &all), S_OK);
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        ck_assert_hr(IEnumAddress_Next(all, 1, &app->addresses[i], NULL), S_OK);
    IEnumAddress_Release(all);
}

static void app_shutdown(struct app *app)
{
    ck_assert_hr(IConnectionPoint_Unadvise(app->point, app->cookie), S_OK);
    IConnectionPoint_Release(app->point);
    ck_assert_hr(ITTAPI_Shutdown(app->tapi), S_OK);
}

static void app_release(struct app *app)
{
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        ITAddress_Release(app->addresses[i]);
    if (app->offered)
        ITCallInfo_Release(app->offered);
    if (app->kept)
        IDispatch_Release(app->kept);
    ITTAPI_Release(app->tapi);
    ck_assert_msg(tapi_remove(), "%ld objects are left", (long)tapi_objects());
    ck_assert_int_eq(app->refs, 1);
    DeleteCriticalSection(&app->lock);
}

static void app_end(struct app *app)
{
    app_shutdown(app);
    app_release(app);
}

#define EVERYTHING                                                                                 \
    (TE_CALLNOTIFICATION | TE_CALLSTATE | TE_CALLMEDIA | TE_FILETERMINAL | TE_PRIVATE | TE_ADDRESS)

static ITBasicCallControl *make_call(ITAddress *address, const WCHAR *to, LONG media)
{
    ITBasicCallControl *call = NULL;
    BSTR destination = SysAllocString(to);

    ck_assert_hr(
        ITAddress_CreateCall(address, destination, LINEADDRESSTYPE_IPADDRESS, media, &call), S_OK);
    SysFreeString(destination);
    return call;
}

/* A terminal of this class on the call's address, with its file; the wide name is the test's. */
static ITTerminal *file_terminal(ITBasicCallControl *call, const WCHAR *class, LONG media,
                                 TERMINAL_DIRECTION direction, const WCHAR *name)
{
    ITBasicCallControl2 *control;
    ITTerminal *terminal = NULL;
    BSTR text = SysAllocString(class), path = host_path(name);

    ck_assert_hr(
        ITBasicCallControl_QueryInterface(call, &IID_ITBasicCallControl2, (void **)&control), S_OK);
    ck_assert_hr(ITBasicCallControl2_RequestTerminal(control, text, media, direction, &terminal),
                 S_OK);
    if (direction == TD_CAPTURE) {
        ITMediaPlayback *playback;
        SAFEARRAY *names = SafeArrayCreateVector(VT_VARIANT, 0, 1);
        VARIANT element, list;
        LONG at = 0;

        V_VT(&element) = VT_BSTR;
        V_BSTR(&element) = path;
        SafeArrayPutElement(names, &at, &element);
        V_VT(&list) = VT_ARRAY | VT_VARIANT;
        V_ARRAY(&list) = names;
        ck_assert_hr(ITTerminal_QueryInterface(terminal, &IID_ITMediaPlayback, (void **)&playback),
                     S_OK);
        ck_assert_hr(ITMediaPlayback_put_PlayList(playback, list), S_OK);
        ITMediaPlayback_Release(playback);
        SafeArrayDestroy(names);
    } else {
        ITMediaRecord *record;

        ck_assert_hr(ITTerminal_QueryInterface(terminal, &IID_ITMediaRecord, (void **)&record),
                     S_OK);
        ck_assert_hr(ITMediaRecord_put_FileName(record, path), S_OK);
        ITMediaRecord_Release(record);
    }
    ITBasicCallControl2_Release(control);
    SysFreeString(text);
    SysFreeString(path);
    return terminal;
}

static void on_call(ITBasicCallControl *call, ITTerminal *terminal, bool select)
{
    ITBasicCallControl2 *control;

    ck_assert_hr(
        ITBasicCallControl_QueryInterface(call, &IID_ITBasicCallControl2, (void **)&control), S_OK);
    if (select)
        ck_assert_hr(ITBasicCallControl2_SelectTerminalOnCall(control, terminal), S_OK);
    else
        ck_assert_hr(ITBasicCallControl2_UnselectTerminalOnCall(control, terminal), S_OK);
    ITBasicCallControl2_Release(control);
}

static void control(ITTerminal *terminal, bool start)
{
    ITMediaControl *media;

    ck_assert_hr(ITTerminal_QueryInterface(terminal, &IID_ITMediaControl, (void **)&media), S_OK);
    ck_assert_hr(start ? ITMediaControl_Start(media) : ITMediaControl_Stop(media), S_OK);
    ITMediaControl_Release(media);
}

static void delete_file(const WCHAR *name)
{
    BSTR path = host_path(name);

    DeleteFileW(path);
    SysFreeString(path);
}

/* ---- what published clients do --------------------------------------------------------------- */

/* Address search by what it can carry, as the outgoing-call sample: the first that does audio. */
static ITAddress *search(struct app *app, LONG media)
{
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++) {
        ITMediaSupport *support;
        VARIANT_BOOL can = 7;

        ck_assert_hr(
            ITAddress_QueryInterface(app->addresses[i], &IID_ITMediaSupport, (void **)&support),
            S_OK);
        ck_assert_hr(ITMediaSupport_QueryMediaType(support, media, &can), S_OK);
        ck_assert(can == VARIANT_TRUE || can == VARIANT_FALSE);
        ITMediaSupport_Release(support);
        if (can == VARIANT_TRUE)
            return app->addresses[i];
    }
    return NULL;
}

START_TEST(an_outgoing_call_selects_connects_and_hears_of_its_streams)
{
    struct app app;
    ITAddress *address;
    ITBasicCallControl *call;
    ITStreamControl *streams_of;
    IEnumStream *streams;
    ITStream *stream;
    ITTerminalSupport *support;
    ITTerminal *player = NULL, *recorder = NULL;
    ITCallInfo *info, *told = NULL;
    ITCallMediaEvent *media;
    CALL_STATE state;
    int directions = 0;

    app_begin(&app, TE_CALLSTATE | TE_CALLMEDIA);
    host_write_wav(L"outgoing.wav", 11, 80000, NULL);
    address = search(&app, TAPIMEDIATYPE_AUDIO);
    ck_assert_ptr_nonnull(address);
    call = make_call(address, L"127.0.0.1:30940", TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(
        ITBasicCallControl_QueryInterface(call, &IID_ITStreamControl, (void **)&streams_of), S_OK);
    ck_assert_hr(ITStreamControl_EnumerateStreams(streams_of, &streams), S_OK);
    ITStreamControl_Release(streams_of);
    ck_assert_hr(ITAddress_QueryInterface(address, &IID_ITTerminalSupport, (void **)&support),
                 S_OK);
    player = file_terminal(call, PLAYBACK, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, L"outgoing.wav");
    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"outgoing-out.wav");
    while (IEnumStream_Next(streams, 1, &stream, NULL) == S_OK) {
        TERMINAL_DIRECTION direction;
        LONG type;

        ck_assert_hr(ITStream_get_MediaType(stream, &type), S_OK);
        ck_assert_int_eq(type, TAPIMEDIATYPE_AUDIO);
        ck_assert_hr(ITStream_get_Direction(stream, &direction), S_OK);
        ck_assert_int_eq(direction, directions++ ? TD_RENDER : TD_CAPTURE);
        ITStream_Release(stream);
    }
    IEnumStream_Release(streams);
    ck_assert_int_eq(directions, 2);
    on_call(call, player, true);
    on_call(call, recorder, true);
    ck_assert_hr(ITBasicCallControl_SetQOS(call, TAPIMEDIATYPE_AUDIO, QSL_BEST_EFFORT), S_OK);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    expect(&app, TE_CALLSTATE, CS_INPROGRESS, CEC_NONE);
    directions = 0;
    for (int i = 0; i < 2; i++) {
        struct said said = next_of(&app, TE_CALLMEDIA);

        ck_assert_int_eq(said.event, CME_STREAM_ACTIVE);
        ck_assert_int_eq(said.cause, CMC_LOCAL_REQUEST);
        ck_assert_hr(said.error, S_OK);
        ck_assert_int_ge(said.listed, 1); /* the terminal is there for who looks now */
        directions |= 1 << said.direction;
    }
    ck_assert_int_eq(directions, 3);

    /* An event may be kept, and tells of its call, stream and terminal for as long as it is. */
    ck_assert_hr(IDispatch_QueryInterface(app.kept, &IID_ITCallMediaEvent, (void **)&media), S_OK);
    ck_assert_hr(ITCallMediaEvent_get_Call(media, &told), S_OK);
    ck_assert_hr(ITBasicCallControl_QueryInterface(call, &IID_ITCallInfo, (void **)&info), S_OK);
    ck_assert_ptr_eq(told, info);
    ck_assert_hr(ITCallInfo_get_CallState(info, &state), S_OK);
    ck_assert_int_eq(state, CS_CONNECTED);
    ITCallInfo_Release(told), ITCallInfo_Release(info);
    ITCallMediaEvent_Release(media);

    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(next_of(&app, TE_CALLMEDIA).event, CME_STREAM_INACTIVE);
    expect(&app, TE_CALLSTATE, CS_DISCONNECTED, CEC_DISCONNECT_NORMAL);
    ITTerminal_Release(player), ITTerminal_Release(recorder);
    ITTerminalSupport_Release(support);
    ITBasicCallControl_Release(call);
    app_end(&app);
    delete_file(L"outgoing.wav"), delete_file(L"outgoing-out.wav");
}
END_TEST

START_TEST(an_incoming_call_is_offered_to_who_registered_and_answered)
{
    struct app app;
    ITBasicCallControl *outgoing, *incoming;
    ITTerminal *recorder;
    LONG registered = 0;

    app_begin(&app, EVERYTHING);
    /* Nobody registered: it rings in vain. */
    outgoing = make_call(app.addresses[0], TAPI_LINE_B, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITBasicCallControl_Connect(outgoing, VARIANT_TRUE), TAPI_E_OPERATIONFAILED);
    expect(&app, TE_CALLSTATE, CS_INPROGRESS, CEC_NONE);
    expect(&app, TE_CALLSTATE, CS_DISCONNECTED, CEC_DISCONNECT_NOANSWER);
    ITBasicCallControl_Release(outgoing);

    ck_assert_hr(ITTAPI_RegisterCallNotifications(app.tapi, app.addresses[1], VARIANT_TRUE,
                                                  VARIANT_TRUE, TAPIMEDIATYPE_AUDIO, 4711, NULL),
                 E_POINTER);
    ck_assert_hr(ITTAPI_RegisterCallNotifications(app.tapi, app.addresses[1], VARIANT_TRUE,
                                                  VARIANT_TRUE, TAPIMEDIATYPE_AUDIO, 4711,
                                                  &registered),
                 S_OK);
    outgoing = make_call(app.addresses[0], TAPI_LINE_B, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITBasicCallControl_Connect(outgoing, VARIANT_FALSE), S_OK);
    expect(&app, TE_CALLNOTIFICATION, CNE_OWNER, 4711);
    expect(&app, TE_CALLSTATE, CS_OFFERING, CEC_NONE);
    ck_assert_hr(
        ITCallInfo_QueryInterface(app.offered, &IID_ITBasicCallControl, (void **)&incoming), S_OK);
    recorder =
        file_terminal(incoming, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"incoming-out.wav");
    on_call(incoming, recorder, true);
    ck_assert_hr(ITBasicCallControl_Answer(incoming), S_OK);
    expect(&app, TE_CALLMEDIA, CME_STREAM_ACTIVE, CMC_LOCAL_REQUEST);
    expect(&app, TE_CALLSTATE, CS_CONNECTED, CEC_NONE);
    expect(&app, TE_CALLSTATE, CS_CONNECTED, CEC_NONE);
    ck_assert_hr(ITBasicCallControl_Answer(incoming), TAPI_E_INVALCALLSTATE);

    /* The far end hangs up. */
    ck_assert_hr(ITBasicCallControl_Disconnect(outgoing, DC_NORMAL), S_OK);
    expect(&app, TE_CALLMEDIA, CME_STREAM_INACTIVE, CMC_REMOTE_REQUEST);
    expect(&app, TE_CALLSTATE, CS_DISCONNECTED, CEC_DISCONNECT_NORMAL);
    ck_assert_hr(ITTAPI_UnregisterNotifications(app.tapi, registered), S_OK);
    ck_assert_hr(ITTAPI_UnregisterNotifications(app.tapi, registered), E_INVALIDARG);
    ITTerminal_Release(recorder);
    ITBasicCallControl_Release(incoming);
    ITBasicCallControl_Release(outgoing);
    app_end(&app);
    delete_file(L"incoming-out.wav");
}
END_TEST

/* The answering machine: plays its greeting when the stream is active, at its end unselects and
 * records what is said, by a track that it creates and selects itself. */
START_TEST(a_file_terminal_plays_then_records)
{
    struct app app;
    ITBasicCallControl *call;
    ITStreamControl *control_of;
    IEnumStream *streams;
    ITStream *stream;
    ITMultiTrackTerminal *tracks;
    ITTerminal *player, *recorder, *track;
    ITFileTrack *format_of;
    AM_MEDIA_TYPE *format;
    struct said said;

    app_begin(&app, EVERYTHING);
    host_write_wav(L"greeting.wav", 12, 1600, NULL);
    call = make_call(app.addresses[1], L"127.0.0.1:30942", TAPIMEDIATYPE_AUDIO);
    player = file_terminal(call, PLAYBACK, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, L"greeting.wav");
    on_call(call, player, true);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    said = next_of(&app, TE_CALLMEDIA);
    ck_assert_int_eq(said.event, CME_STREAM_ACTIVE);
    ck_assert_int_eq(said.direction, TD_CAPTURE);
    control(player, true);
    said = next_of(&app, TE_FILETERMINAL);
    ck_assert_int_eq(said.event, TMS_ACTIVE);
    ck_assert_int_eq(said.listed, 3); /* terminal, track and call are told */
    expect(&app, TE_FILETERMINAL, TMS_IDLE, FTEC_END_OF_FILE);
    on_call(call, player, false);
    expect(&app, TE_CALLMEDIA, CME_STREAM_INACTIVE, CMC_LOCAL_REQUEST);

    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_MULTITRACK | TAPIMEDIATYPE_AUDIO,
                             TD_RENDER, L"message.wav");
    ck_assert_hr(
        ITBasicCallControl_QueryInterface(call, &IID_ITStreamControl, (void **)&control_of), S_OK);
    ck_assert_hr(ITStreamControl_EnumerateStreams(control_of, &streams), S_OK);
    ck_assert_hr(IEnumStream_Skip(streams, 1), S_OK);
    ck_assert_hr(IEnumStream_Next(streams, 1, &stream, NULL), S_OK);
    ck_assert_hr(ITTerminal_QueryInterface(recorder, &IID_ITMultiTrackTerminal, (void **)&tracks),
                 S_OK);
    ck_assert_hr(
        ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO, TD_RENDER, &track),
        S_OK);
    ck_assert_hr(ITTerminal_QueryInterface(track, &IID_ITFileTrack, (void **)&format_of), S_OK);
    ck_assert_hr(ITFileTrack_get_Format(format_of, &format), S_OK);
    ck_assert_hr(ITFileTrack_put_Format(format_of, format), S_OK);
    CoTaskMemFree(format->pbFormat), CoTaskMemFree(format);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    expect(&app, TE_CALLMEDIA, CME_STREAM_ACTIVE, CMC_LOCAL_REQUEST);
    control(recorder, true);
    expect(&app, TE_FILETERMINAL, TMS_ACTIVE, FTEC_NORMAL);
    control(recorder, false);
    expect(&app, TE_FILETERMINAL, TMS_IDLE, FTEC_NORMAL);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);

    ITFileTrack_Release(format_of);
    ITTerminal_Release(track), ITTerminal_Release(recorder), ITTerminal_Release(player);
    ITMultiTrackTerminal_Release(tracks), ITStream_Release(stream);
    IEnumStream_Release(streams), ITStreamControl_Release(control_of);
    ITBasicCallControl_Release(call);
    app_end(&app);
    delete_file(L"greeting.wav"), delete_file(L"message.wav");
}
END_TEST

/* ---- the TAPI object ------------------------------------------------------------------------- */

START_TEST(nothing_works_before_initialize_nor_after_shutdown)
{
    struct app app;
    ITTAPI *fresh;
    IEnumAddress *all = (void *)&app;
    ITBasicCallControl *call = (void *)&app;
    BSTR to = SysAllocString(L"127.0.0.1:30944");

    app_begin(&app, EVERYTHING);
    ck_assert_hr(
        CoCreateInstance(&CLSID_TAPI, NULL, CLSCTX_INPROC_SERVER, &IID_ITTAPI2, (void **)&fresh),
        S_OK);
    ck_assert_hr(ITTAPI_EnumerateAddresses(fresh, &all), TAPI_E_NOT_INITIALIZED);
    ck_assert_ptr_null(all);
    ck_assert_hr(ITTAPI_put_EventFilter(fresh, 1), TAPI_E_NOT_INITIALIZED);
    ck_assert_hr(ITTAPI_Shutdown(fresh), TAPI_E_NOT_INITIALIZED);
    ITTAPI_Release(fresh);
    ck_assert_hr(ITTAPI_Initialize(app.tapi), S_FALSE);
    app_shutdown(&app);
    ck_assert_hr(ITTAPI_EnumerateAddresses(app.tapi, &all), TAPI_E_NOT_INITIALIZED);
    ck_assert_hr(ITAddress_CreateCall(app.addresses[0], to, 0, TAPIMEDIATYPE_AUDIO, &call),
                 TAPI_E_NOT_INITIALIZED);
    ck_assert_ptr_null(call);
    SysFreeString(to);
    app_release(&app);
}
END_TEST

START_TEST(sinks_are_connected_by_either_interface)
{
    struct app app, scripted;
    ITBasicCallControl *call;
    IConnectionPoint *none = (void *)&app;
    IConnectionPointContainer *container;

    app_begin(&app, TE_CALLSTATE);
    memset(&scripted, 0, sizeof(scripted));
    scripted.script.lpVtbl = &script_vtable;
    scripted.refs = 1;
    scripted.tapi = app.tapi;
    InitializeCriticalSection(&scripted.lock);
    InitializeConditionVariable(&scripted.came);
    connect_sink(&scripted, &DIID_ITTAPIDispatchEventNotification);
    ck_assert_hr(
        ITTAPI_QueryInterface(app.tapi, &IID_IConnectionPointContainer, (void **)&container), S_OK);
    ck_assert_hr(IConnectionPointContainer_FindConnectionPoint(container, &IID_IUnknown, &none),
                 CONNECT_E_NOCONNECTION);
    ck_assert_ptr_null(none);
    IConnectionPointContainer_Release(container);

    call = make_call(app.addresses[0], L"127.0.0.1:30946", TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    expect(&app, TE_CALLSTATE, CS_INPROGRESS, CEC_NONE);
    expect(&app, TE_CALLSTATE, CS_CONNECTED, CEC_NONE);
    expect(&scripted, TE_CALLSTATE, CS_INPROGRESS, CEC_NONE);
    expect(&scripted, TE_CALLSTATE, CS_CONNECTED, CEC_NONE);
    ck_assert_hr(IConnectionPoint_Unadvise(scripted.point, scripted.cookie), S_OK);
    ck_assert_hr(IConnectionPoint_Unadvise(scripted.point, scripted.cookie),
                 CONNECT_E_NOCONNECTION);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    expect(&app, TE_CALLSTATE, CS_DISCONNECTED, CEC_DISCONNECT_NORMAL);
    ck_assert_uint_eq(scripted.count, 2);
    IConnectionPoint_Release(scripted.point);
    ITBasicCallControl_Release(call);
    app_end(&app);
    ck_assert_int_eq(scripted.refs, 1);
    DeleteCriticalSection(&scripted.lock);
}
END_TEST

START_TEST(only_what_the_filter_names_is_delivered)
{
    struct app app;
    ITBasicCallControl *call;
    ITTerminal *recorder;
    LONG filter = 7;

    app_begin(&app, 0);
    ck_assert_hr(ITTAPI_get_EventFilter(app.tapi, &filter), S_OK);
    ck_assert_int_eq(filter, 0);
    call = make_call(app.addresses[0], L"127.0.0.1:30948", TAPIMEDIATYPE_AUDIO);
    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"filter.wav");
    on_call(call, recorder, true);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    control(recorder, true);
    tapi_media_port(call); /* the answer comes behind all that was told before it */
    ck_assert_hr(ITTAPI_put_EventFilter(app.tapi, TE_FILETERMINAL), S_OK);
    control(recorder, false);
    expect(&app, TE_FILETERMINAL, TMS_IDLE, FTEC_NORMAL);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    ck_assert_uint_eq(app.count, 1);
    ITTerminal_Release(recorder);
    ITBasicCallControl_Release(call);
    app_end(&app);
    delete_file(L"filter.wav");
}
END_TEST

START_TEST(media_the_address_supports_can_be_called_with)
{
    struct app app;
    ITMediaSupport *support;
    ITBasicCallControl *call;
    ITTerminalSupport *none = (void *)&app;
    BSTR to = SysAllocString(L"nowhere");
    LONG types = 0;

    app_begin(&app, EVERYTHING);
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++) {
        VARIANT_BOOL can = 7;

        ck_assert_hr(
            ITAddress_QueryInterface(app.addresses[i], &IID_ITMediaSupport, (void **)&support),
            S_OK);
        ck_assert_hr(ITMediaSupport_get_MediaTypes(support, NULL), E_POINTER);
        ck_assert_hr(ITMediaSupport_QueryMediaType(support, 8, NULL), E_POINTER);
        ck_assert_hr(ITMediaSupport_get_MediaTypes(support, &types), S_OK);
        for (LONG bit = 1; bit; bit = (LONG)((ULONG)bit << 1)) {
            ck_assert_hr(ITMediaSupport_QueryMediaType(support, bit, &can), S_OK);
            ck_assert_int_eq(can, types & bit ? VARIANT_TRUE : VARIANT_FALSE);
            ck_assert_hr(ITAddress_CreateCall(app.addresses[i], to, 0, bit, &call),
                         types & bit ? S_OK : TAPI_E_INVALIDMEDIATYPE);
            if (call)
                ck_assert_uint_eq(ITBasicCallControl_Release(call), 0);
        }
        ck_assert_hr(ITAddress_CreateCall(app.addresses[i], to, 0, types, &call), S_OK);
        ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_FALSE), TAPI_E_INVALADDRESS);
        ck_assert_uint_eq(ITBasicCallControl_Release(call), 0);
        ITMediaSupport_Release(support);
    }
    /* A line whose provider names no MSP has no terminals and no streams. */
    ck_assert_hr(ITAddress_QueryInterface(app.addresses[2], &IID_ITTerminalSupport, (void **)&none),
                 E_NOINTERFACE);
    ck_assert_ptr_null(none);
    call = make_call(app.addresses[2], L"nowhere", TAPIMEDIATYPE_DATAMODEM);
    ck_assert_hr(ITBasicCallControl_QueryInterface(call, &IID_ITStreamControl, (void **)&none),
                 E_NOINTERFACE);
    ITBasicCallControl_Release(call);
    SysFreeString(to);
    app_end(&app);
}
END_TEST

/* ---- events ---------------------------------------------------------------------------------- */

START_TEST(what_the_tsp_and_the_msp_say_is_not_the_applications)
{
    struct app app;
    ITBasicCallControl *call;

    app_begin(&app, (LONG)0x0FFFFFFF);
    call = make_call(app.addresses[0], L"127.0.0.1:30950", TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK); /* many messages */
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    expect(&app, TE_CALLSTATE, CS_INPROGRESS, CEC_NONE);
    expect(&app, TE_CALLSTATE, CS_CONNECTED, CEC_NONE);
    expect(&app, TE_CALLSTATE, CS_DISCONNECTED, CEC_DISCONNECT_NORMAL);
    ck_assert_uint_eq(app.count, 3);
    ITBasicCallControl_Release(call);
    app_end(&app);
}
END_TEST

/* A phone at the far end presses a key: RTP's telephone-event, three packets and its end. */
static void press(unsigned port, unsigned digit, unsigned from)
{
    SOCKET phone = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((u_short)from)};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};

    here.sin_addr.s_addr = there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(phone, (struct sockaddr *)&here, sizeof(here)), 0);
    for (unsigned i = 0; i < 5; i++) {
        unsigned char packet[16] = {0x80, 101};
        unsigned duration = (i + 1) * 160;

        packet[1] |= i ? 0 : 0x80;
        packet[3] = (unsigned char)(i + 1); /* sequence */
        packet[6] = 1;                      /* one timestamp for the whole event */
        packet[11] = 77;                    /* SSRC */
        packet[12] = (unsigned char)digit;
        packet[13] = (unsigned char)(10 | (i > 2 ? 0x80 : 0));
        packet[14] = (unsigned char)(duration >> 8), packet[15] = (unsigned char)duration;
        ck_assert_int_eq(
            sendto(phone, (char *)packet, 16, 0, (struct sockaddr *)&there, sizeof(there)), 16);
    }
    closesocket(phone);
}

START_TEST(digits_are_private_events)
{
    struct app app;
    ITBasicCallControl *call;
    ITTerminal *recorder;
    ITPrivateEvent *private_event;
    ITDigitDetectionEvent *digit;
    IDispatch *extra = NULL;
    ITAddress *address = NULL;
    ITCallInfo *info = NULL;
    WSADATA sockets;
    unsigned char is = 0;
    LONG code = 0;

    ck_assert_int_eq(WSAStartup(MAKEWORD(2, 2), &sockets), 0);
    app_begin(&app, EVERYTHING);
    call = make_call(app.addresses[0], L"127.0.0.1:30952", TAPIMEDIATYPE_AUDIO);
    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"digits.wav");
    on_call(call, recorder, true);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    press(tapi_media_port(call), 11, 30952);
    next_of(&app, TE_PRIVATE);
    ck_assert_hr(IDispatch_QueryInterface(app.kept, &IID_ITPrivateEvent, (void **)&private_event),
                 S_OK);
    ck_assert_hr(ITPrivateEvent_get_EventCode(private_event, &code), S_OK);
    ck_assert_int_eq(code, OPENMSP_PRIVATE_DIGIT);
    ck_assert_hr(ITPrivateEvent_get_Address(private_event, &address), S_OK);
    ck_assert_ptr_eq(address, app.addresses[0]);
    ck_assert_hr(ITPrivateEvent_get_Call(private_event, &info), S_OK);
    ck_assert_ptr_nonnull(info);
    ck_assert_hr(ITPrivateEvent_get_EventInterface(private_event, &extra), S_OK);
    ck_assert_hr(IDispatch_QueryInterface(extra, &IID_ITDigitDetectionEvent, (void **)&digit),
                 S_OK);
    ck_assert_hr(ITDigitDetectionEvent_get_Digit(digit, &is), S_OK);
    ck_assert_int_eq(is, '#');
    ITDigitDetectionEvent_Release(digit), IDispatch_Release(extra);
    ITCallInfo_Release(info), ITAddress_Release(address);
    ITPrivateEvent_Release(private_event);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    ITTerminal_Release(recorder);
    ITBasicCallControl_Release(call);
    app_end(&app);
    delete_file(L"digits.wav");
    WSACleanup();
}
END_TEST

START_TEST(a_stream_is_stopped_inside_its_own_event)
{
    struct app app;
    ITBasicCallControl *call;
    ITTerminal *recorder;

    app_begin(&app, EVERYTHING);
    app.stops = true;
    app.stopped = E_FAIL;
    call = make_call(app.addresses[0], L"127.0.0.1:30954", TAPIMEDIATYPE_AUDIO);
    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"inside.wav");
    on_call(call, recorder, true);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    expect(&app, TE_CALLMEDIA, CME_STREAM_ACTIVE, CMC_LOCAL_REQUEST);
    expect(&app, TE_CALLMEDIA, CME_STREAM_INACTIVE, CMC_LOCAL_REQUEST);
    ck_assert_hr(app.stopped, S_OK);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    ITTerminal_Release(recorder);
    ITBasicCallControl_Release(call);

    /* A call is answered inside its own notification. */
    LONG registered;

    app.answers = true;
    app.answered = E_FAIL;
    ck_assert_hr(ITTAPI_RegisterCallNotifications(app.tapi, app.addresses[1], VARIANT_FALSE,
                                                  VARIANT_TRUE, TAPIMEDIATYPE_AUDIO, 0,
                                                  &registered),
                 S_OK);
    call = make_call(app.addresses[0], TAPI_LINE_B, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    expect(&app, TE_CALLNOTIFICATION, CNE_OWNER, 0);
    ck_assert_hr(app.answered, S_OK);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    ITBasicCallControl_Release(call);
    app_end(&app);
    delete_file(L"inside.wav");
}
END_TEST

START_TEST(scripts_reach_the_inner_interfaces_by_the_dispatch_mapper)
{
    struct app app;
    ITDispatchMapper *mapper;
    ITBasicCallControl *call;
    IDispatch *mapped = NULL;
    BSTR iid = SysAllocString(L"{EE3BD604-3868-11D2-A045-00C04FB6809F}"),
         unknown = SysAllocString(L"{00000000-0000-0000-0000-000000000001}");
    WCHAR name[] = L"streams", *names[1] = {name};
    DISPPARAMS none = {NULL, NULL, 0, 0};
    VARIANT result;
    DISPID id = 0;

    app_begin(&app, EVERYTHING);
    ck_assert_hr(CoCreateInstance(&CLSID_DispatchMapper, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_ITDispatchMapper, (void **)&mapper),
                 S_OK);
    call = make_call(app.addresses[0], L"nowhere", TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(
        ITDispatchMapper_QueryDispatchInterface(mapper, unknown, (IDispatch *)call, &mapped),
        E_NOINTERFACE);
    ck_assert_ptr_null(mapped);
    ck_assert_hr(ITDispatchMapper_QueryDispatchInterface(mapper, iid, (IDispatch *)call, &mapped),
                 S_OK);
    ck_assert_hr(IDispatch_GetIDsOfNames(mapped, &IID_NULL, names, 1, 0, &id), S_OK);
    ck_assert_int_eq(id, 0x40004);
    VariantInit(&result);
    ck_assert_hr(IDispatch_Invoke(mapped, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &result,
                                  NULL, NULL),
                 S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    VariantClear(&result);
    IDispatch_Release(mapped);
    ITBasicCallControl_Release(call);
    ITDispatchMapper_Release(mapper);
    SysFreeString(iid), SysFreeString(unknown);
    app_end(&app);
}
END_TEST

/* ---- bad clients ----------------------------------------------------------------------------- */

START_TEST(a_sink_that_hangs_or_fails_holds_up_nobody_else)
{
    struct app app;
    ITBasicCallControl *call;
    ITTerminal *recorder;
    ULONGLONG before;

    app_begin(&app, EVERYTHING);
    app.answer = E_FAIL;
    app.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    call = make_call(app.addresses[0], L"127.0.0.1:30956", TAPIMEDIATYPE_AUDIO);
    recorder = file_terminal(call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"hang.wav");
    on_call(call, recorder, true);
    before = GetTickCount64();
    ck_assert_hr(ITBasicCallControl_Connect(call, VARIANT_TRUE), S_OK);
    control(recorder, true);
    control(recorder, false);
    ck_assert_hr(ITBasicCallControl_Disconnect(call, DC_NORMAL), S_OK);
    ck_assert_uint_lt(GetTickCount64() - before, 10000); /* the sink is in its first event still */
    ck_assert_uint_eq(app.count, 0);
    SetEvent(app.gate);
    for (;;)
        if (next_of(&app, TE_CALLSTATE).event == CS_DISCONNECTED)
            break;
    ITTerminal_Release(recorder);
    ITBasicCallControl_Release(call);
    app_end(&app);
    CloseHandle(app.gate);
    delete_file(L"hang.wav");
}
END_TEST

/* The thread of an application that has not heard of the end. */
struct late {
    ITBasicCallControl *call;
    ITTerminal *recorder;
    int wrong;
};

static DWORD WINAPI use_after_shutdown(void *arg)
{
    struct late *late = arg;
    ITStreamControl *streams_of = NULL;
    IEnumStream *streams = (void *)late;
    ITMediaControl *media;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    late->wrong += FAILED(
        ITBasicCallControl_QueryInterface(late->call, &IID_ITStreamControl, (void **)&streams_of));
    late->wrong += ITStreamControl_EnumerateStreams(streams_of, &streams) != E_UNEXPECTED;
    late->wrong += streams != NULL;
    ITStreamControl_Release(streams_of);
    late->wrong +=
        FAILED(ITTerminal_QueryInterface(late->recorder, &IID_ITMediaControl, (void **)&media));
    late->wrong += ITMediaControl_Start(media) != E_UNEXPECTED;
    ITMediaControl_Release(media);
    late->wrong += SUCCEEDED(ITBasicCallControl_Connect(late->call, VARIANT_FALSE));
    late->wrong += FAILED(ITBasicCallControl_Disconnect(late->call, DC_NORMAL));
    CoUninitialize();
    return 0;
}

START_TEST(an_application_that_keeps_everything_can_shut_down_and_go_on)
{
    struct app app;
    struct late late = {0};
    ITStream *streams[2];
    ITStreamControl *streams_of;
    IEnumStream *all;
    ULONGLONG before;
    HANDLE thread;

    app_begin(&app, EVERYTHING);
    late.call = make_call(app.addresses[0], L"127.0.0.1:30958", TAPIMEDIATYPE_AUDIO);
    late.recorder =
        file_terminal(late.call, RECORDING, TAPIMEDIATYPE_AUDIO, TD_RENDER, L"late.wav");
    on_call(late.call, late.recorder, true);
    ck_assert_hr(ITBasicCallControl_Connect(late.call, VARIANT_TRUE), S_OK);
    control(late.recorder, true);
    ck_assert_hr(
        ITBasicCallControl_QueryInterface(late.call, &IID_ITStreamControl, (void **)&streams_of),
        S_OK);
    ck_assert_hr(ITStreamControl_EnumerateStreams(streams_of, &all), S_OK);
    ck_assert_hr(IEnumStream_Next(all, 2, streams, &(ULONG){0}), S_OK);
    before = GetTickCount64();
    app_shutdown(&app);
    ck_assert_uint_lt(GetTickCount64() - before, 2000);
    thread = CreateThread(NULL, 0, use_after_shutdown, &late, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, TAPI_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(thread);
    ck_assert_int_eq(late.wrong, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_hr(ITStream_StartStream(streams[i]), E_UNEXPECTED);
        ITStream_Release(streams[i]);
    }
    IEnumStream_Release(all), ITStreamControl_Release(streams_of);
    ITTerminal_Release(late.recorder);
    ITBasicCallControl_Release(late.call);
    app_release(&app); /* and nothing is left */
    delete_file(L"late.wav");
}
END_TEST

OMSP_SUITE("tapi-client", TEST(an_outgoing_call_selects_connects_and_hears_of_its_streams),
           TEST(an_incoming_call_is_offered_to_who_registered_and_answered),
           TEST(a_file_terminal_plays_then_records),
           TEST(nothing_works_before_initialize_nor_after_shutdown),
           TEST(sinks_are_connected_by_either_interface),
           TEST(only_what_the_filter_names_is_delivered),
           TEST(media_the_address_supports_can_be_called_with),
           TEST(what_the_tsp_and_the_msp_say_is_not_the_applications),
           TEST(digits_are_private_events), TEST(a_stream_is_stopped_inside_its_own_event),
           TEST(scripts_reach_the_inner_interfaces_by_the_dispatch_mapper),
           TEST(a_sink_that_hangs_or_fails_holds_up_nobody_else),
           TEST(an_application_that_keeps_everything_can_shut_down_and_go_on))
