/*
 * Memory that runs out, in the methods that need some and in whole scenes of an application:
 * E_OUTOFMEMORY, nothing given, nothing lost, and the same goes well afterwards. The engine has no
 * threads here: who settles, pumps.
 */
#include "msp/media_kit.h"
#include "msp/memory_kit.h"
#include "msp/sink_kit.h"

#include "engine/engine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PLAYER    L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"
#define RECORDER  L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"
#define WEBSOCKET L"{017C9E82-9045-492A-8565-3012E9FFA1FD}"

struct scene {
    struct media media;
    struct omsp_engine *engine;
    struct memory_spy *spy;
    HANDLE event;
    ITTerminalSupport2 *terminals;
    IConnectionPointContainer *container;
    IOpenMSPCall *call;
    ITStreamControl *control;
    ITStream *render, *capture;
    ITTerminal *player, *track, *recorder, *recorded, *socket_terminal;
    ITMediaPlayback *playback;
    ITMediaRecord *record;
    ITMultiTrackTerminal *tracks;
    ITFileTrack *file_track;
    IOpenMSPWebSocketTerminal *socket;
    IOpenMSPMediaStream *fork;
    IEnumTerminal *enumerator;
    ITCollection *collection;
    BSTR path, url, name, peer, player_class, recorder_class, socket_class, document;
    VARIANT list;
};

/* Events taken, and what is due in the engine done. */
static void settle(void *ctx)
{
    struct scene *s = ctx;
    MSP_EVENT_INFO info;

    for (int i = 0; i < 3; i++)
        omsp_engine_pump(s->engine, omsp_engine_now_us(s->engine) + 1000);
    while (media_event(&s->media, &info)) {
        if (info.Event == ME_CALL_EVENT) {
            kit_release(info.MSP_CALL_EVENT_INFO.pStream);
            if (info.MSP_CALL_EVENT_INFO.pTerminal)
                kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
        }
    }
}

static void open_scene(struct scene *s)
{
    static const struct omsp_engine_config config = {.manual = true};
    VARIANT value;

    memset(s, 0, sizeof(*s));
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    s->spy = memory_begin();
    s->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    msp_engine_configure(omsp_system_ports, &config);
    ck_assert_hr(msp_engine_acquire(&s->engine), S_OK);
    s->media.msp = kit_address();
    s->media.open = kit_query(s->media.msp, &IID_IOpenMSPAddress);
    s->media.terminals = kit_query(s->media.msp, &IID_ITTerminalSupport);
    s->terminals = kit_query(s->media.msp, &IID_ITTerminalSupport2);
    s->container = kit_query(s->media.msp, &IID_IConnectionPointContainer);
    ck_assert_hr(IOpenMSPAddress_Open(s->media.open), S_OK);
    s->url = SysAllocString(L"ws://127.0.0.1:9/");
    s->name = SysAllocString(L"walked");
    s->peer = SysAllocString(L"127.0.0.1:20999");
    s->player_class = SysAllocString(PLAYER);
    s->recorder_class = SysAllocString(RECORDER);
    s->socket_class = SysAllocString(WEBSOCKET);
    s->document =
        SysAllocString(L"<Response><Start><Stream url=\"ws://127.0.0.1:9/\">"
                       L"<Parameter name=\"a\" value=\"b\"/></Stream></Start></Response>");
    s->call = media_call(&s->media, TAPIMEDIATYPE_AUDIO);
    s->control = kit_query(s->call, &IID_ITStreamControl);
    media_connect(s->call);
    s->capture = media_stream(s->call, CAPTURE);
    s->render = media_stream(s->call, RENDER);
    s->player = media_playing(&s->media, L"memory.wav", 800, &s->track);
    s->path = media_path(L"memory.wav");
    s->recorder = media_recording(&s->media, L"memory-out.wav", &s->recorded);
    s->socket_terminal = media_terminal(&s->media, WEBSOCKET, TD_BIDIRECTIONAL);
    s->socket = kit_query(s->socket_terminal, &IID_IOpenMSPWebSocketTerminal);
    s->playback = kit_query(s->player, &IID_ITMediaPlayback);
    s->record = kit_query(s->recorder, &IID_ITMediaRecord);
    s->tracks = kit_query(s->recorder, &IID_ITMultiTrackTerminal);
    s->file_track = kit_query(s->recorded, &IID_ITFileTrack);
    VariantInit(&s->list);
    s->list.vt = VT_BSTR;
    s->list.bstrVal = s->path;
    VariantInit(&value);
    ck_assert_hr(
        IOpenMSPCall_CreateMediaStream(s->call, s->url, s->name, NULL, value, NULL, NULL, &s->fork),
        S_OK);
    ck_assert_hr(ITStream_SelectTerminal(s->render, s->recorded), S_OK);
    ck_assert_hr(ITStream_EnumerateTerminals(s->render, &s->enumerator), S_OK);
    ck_assert_hr(ITStream_get_Terminals(s->render, &value), S_OK);
    s->collection = kit_query(V_DISPATCH(&value), &IID_ITCollection);
    VariantClear(&value);
    memory_rest(s->spy, s, settle);
}

static void close_scene(struct scene *s)
{
    BSTR texts[] = {s->path,           s->url,          s->name,    s->peer, s->player_class,
                    s->recorder_class, s->socket_class, s->document};
    void *objects[] = {s->collection, s->enumerator, s->fork,     s->file_track,      s->tracks,
                       s->record,     s->playback,   s->socket,   s->socket_terminal, s->recorded,
                       s->recorder,   s->track,      s->player,   s->render,          s->capture,
                       s->control,    s->container,  s->terminals};

    ck_assert_hr(IOpenMSPCall_Close(s->call), S_OK);
    settle(s);
    for (size_t i = 0; i < COUNT(objects); i++)
        kit_release(objects[i]);
    kit_release(s->call);
    for (size_t i = 0; i < COUNT(texts); i++)
        SysFreeString(texts[i]);
    ck_assert_hr(IOpenMSPAddress_Close(s->media.open), S_OK);
    kit_release(s->media.terminals);
    kit_release(s->media.open);
    kit_release(s->media.msp);
    omsp_engine_pump(s->engine, omsp_engine_now_us(s->engine) + 1000);
    msp_engine_release();
    kit_end();
    CloseHandle(s->event);
    media_delete(L"memory.wav");
    media_delete(L"memory-out.wav");
}

static void walk_all(const struct memory_walk *walks, size_t count)
{
    struct scene scene;
    long failed = 0;

    open_scene(&scene);
    for (size_t i = 0; i < count; i++)
        failed += memory_walk(scene.spy, &walks[i], &scene, settle);
    ck_assert_int_ge(failed, (long)count); /* each needs memory */
    close_scene(&scene);
}

/* ---- methods --------------------------------------------------------------------------------- */

#define MADE ((void *)&answer->objects[0])

/* A method that is one call. */
#define WALKED(name, expression)                                                                   \
    static HRESULT name(void *ctx, struct memory_answer *answer)                                   \
    {                                                                                              \
        struct scene *s = ctx;                                                                     \
                                                                                                   \
        (void)s, (void)answer;                                                                     \
        return expression;                                                                         \
    }

WALKED(address, msp_address_create(NULL, &IID_ITMSPAddress, MADE))
WALKED(call, IOpenMSPAddress_CreateCall(s->media.open, TAPIMEDIATYPE_AUDIO, MADE))
WALKED(calls, IOpenMSPAddress_get_Calls(s->media.open, &answer->variant))
WALKED(version, IOpenMSPAddress_get_Version(s->media.open, &answer->text))
WALKED(statics, ITTerminalSupport2_get_StaticTerminals(s->terminals, &answer->variant))
WALKED(enum_statics, ITTerminalSupport2_EnumerateStaticTerminals(s->terminals, MADE))
WALKED(dynamics, ITTerminalSupport2_get_DynamicTerminalClasses(s->terminals, &answer->variant))
WALKED(enum_dynamics, ITTerminalSupport2_EnumerateDynamicTerminalClasses(s->terminals, MADE))
WALKED(superclasses, ITTerminalSupport2_get_PluggableSuperclasses(s->terminals, &answer->variant))
WALKED(enum_superclasses, ITTerminalSupport2_EnumeratePluggableSuperclasses(s->terminals, MADE))
WALKED(enum_points, IConnectionPointContainer_EnumConnectionPoints(s->container, MADE))
WALKED(player, ITTerminalSupport2_CreateTerminal(s->terminals, s->player_class, TAPIMEDIATYPE_AUDIO,
                                                 TD_CAPTURE, MADE))
WALKED(recorder, ITTerminalSupport2_CreateTerminal(s->terminals, s->recorder_class,
                                                   TAPIMEDIATYPE_AUDIO, TD_RENDER, MADE))
WALKED(socket_made, ITTerminalSupport2_CreateTerminal(s->terminals, s->socket_class,
                                                      TAPIMEDIATYPE_AUDIO, TD_BIDIRECTIONAL, MADE))

START_TEST(address_methods)
{
    static const struct memory_walk walks[] = {
        {"msp_address_create", address},
        {"CreateCall", call},
        {"get_Calls", calls},
        {"get_Version", version},
        {"get_StaticTerminals", statics},
        {"EnumerateStaticTerminals", enum_statics},
        {"get_DynamicTerminalClasses", dynamics},
        {"EnumerateDynamicTerminalClasses", enum_dynamics},
        {"get_PluggableSuperclasses", superclasses},
        {"EnumeratePluggableSuperclasses", enum_superclasses},
        {"EnumConnectionPoints", enum_points},
        {"CreateTerminal, player", player},
        {"CreateTerminal, recorder", recorder},
        {"CreateTerminal, WebSocket", socket_made},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

WALKED(streams, ITStreamControl_get_Streams(s->control, &answer->variant))
WALKED(enum_streams, ITStreamControl_EnumerateStreams(s->control, MADE))
WALKED(call_sid, IOpenMSPCall_get_Sid(s->call, &answer->text))
WALKED(call_local, IOpenMSPCall_get_LocalAddress(s->call, &answer->text))
WALKED(call_codecs, IOpenMSPCall_get_Codecs(s->call, &answer->text))
WALKED(call_sdp, IOpenMSPCall_get_LocalDescription(s->call, &answer->text))
WALKED(call_statistics, IOpenMSPCall_get_Statistics(s->call, MADE))
WALKED(forks, IOpenMSPCall_get_MediaStreams(s->call, &answer->variant))
WALKED(fork_found, IOpenMSPCall_FindMediaStream(s->call, s->name, MADE))
WALKED(fork_sid, IOpenMSPMediaStream_get_Sid(s->fork, &answer->text))
WALKED(fork_name, IOpenMSPMediaStream_get_StreamName(s->fork, &answer->text))
WALKED(fork_url, IOpenMSPMediaStream_get_Url(s->fork, &answer->text))
WALKED(fork_tracks, IOpenMSPMediaStream_get_Tracks(s->fork, &answer->text))
WALKED(fork_state, IOpenMSPMediaStream_get_State(s->fork, &answer->text))

START_TEST(call_and_media_stream_methods)
{
    static const struct memory_walk walks[] = {
        {"get_Streams", streams},
        {"EnumerateStreams", enum_streams},
        {"call get_Sid", call_sid},
        {"get_LocalAddress", call_local},
        {"get_Codecs", call_codecs},
        {"get_LocalDescription", call_sdp},
        {"get_Statistics", call_statistics},
        {"get_MediaStreams", forks},
        {"FindMediaStream", fork_found},
        {"media stream get_Sid", fork_sid},
        {"get_StreamName", fork_name},
        {"get_Url", fork_url},
        {"get_Tracks", fork_tracks},
        {"get_State", fork_state},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

WALKED(stream_name, ITStream_get_Name(s->render, &answer->text))
WALKED(terminals, ITStream_get_Terminals(s->render, &answer->variant))
WALKED(enum_terminals, ITStream_EnumerateTerminals(s->render, MADE))
WALKED(clone, IEnumTerminal_Clone(s->enumerator, MADE))
WALKED(new_enum, ITCollection_get__NewEnum(s->collection, MADE))
WALKED(terminal_name, ITTerminal_get_Name(s->player, &answer->text))
WALKED(terminal_class, ITTerminal_get_TerminalClass(s->recorder, &answer->text))
WALKED(list_put, ITMediaPlayback_put_PlayList(s->playback, s->list))
WALKED(list_got, ITMediaPlayback_get_PlayList(s->playback, &answer->variant))
WALKED(file_got, ITMediaRecord_get_FileName(s->record, &answer->text))
WALKED(track_list, ITMultiTrackTerminal_get_TrackTerminals(s->tracks, &answer->variant))
WALKED(enum_tracks, ITMultiTrackTerminal_EnumerateTrackTerminals(s->tracks, MADE))
WALKED(format, ITFileTrack_get_Format(s->file_track, &answer->type))
WALKED(audio_format, ITFileTrack_get_AudioFormatForScripting(s->file_track, MADE))
WALKED(empty_format, ITFileTrack_get_EmptyAudioFormatForScripting(s->file_track, MADE))
WALKED(socket_put, IOpenMSPWebSocketTerminal_put_Url(s->socket, s->url))
WALKED(socket_got, IOpenMSPWebSocketTerminal_get_Url(s->socket, &answer->text))

START_TEST(stream_and_terminal_methods)
{
    static const struct memory_walk walks[] = {
        {"stream get_Name", stream_name},
        {"get_Terminals", terminals},
        {"EnumerateTerminals", enum_terminals},
        {"IEnumTerminal::Clone", clone},
        {"get__NewEnum", new_enum},
        {"terminal get_Name", terminal_name},
        {"get_TerminalClass", terminal_class},
        {"put_PlayList", list_put},
        {"get_PlayList", list_got},
        {"get_FileName", file_got},
        {"get_TrackTerminals", track_list},
        {"EnumerateTrackTerminals", enum_tracks},
        {"get_Format", format},
        {"get_AudioFormatForScripting", audio_format},
        {"get_EmptyAudioFormatForScripting", empty_format},
        {"put_Url", socket_put},
        {"terminal get_Url", socket_got},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

/* ---- scenes ---------------------------------------------------------------------------------- */

/* As tapi3.dll begins and ends with an address. */
static HRESULT initialize(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITMSPAddress *msp = NULL;
    HRESULT hr = msp_address_create(NULL, &IID_ITMSPAddress, (void **)&msp);

    (void)answer;
    if (FAILED(hr))
        return hr;
    hr = msp->lpVtbl->Initialize(msp, (MSP_HANDLE)s->event);
    if (SUCCEEDED(hr))
        ck_assert_hr(msp->lpVtbl->Shutdown(msp), S_OK);
    msp->lpVtbl->Release(msp);
    return hr;
}

static HRESULT msp_call(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITMSPAddress *msp = s->media.msp;
    struct outer outer;
    IUnknown *made = NULL;
    HRESULT hr;

    (void)answer;
    outer_init(&outer);
    hr = msp->lpVtbl->CreateMSPCall(msp, (MSP_HANDLE)(ULONG_PTR)0x77, 0, TAPIMEDIATYPE_AUDIO,
                                    &outer.iface, &made);
    if (FAILED(hr)) {
        ck_assert_ptr_null(made);
    } else {
        ck_assert_hr(msp->lpVtbl->ShutdownMSPCall(msp, made), S_OK);
        kit_release(made);
    }
    ck_assert_int_eq(outer.refs, 1);
    return hr;
}

/* What is done with a connected call of its own and its two streams. */
static HRESULT with_call(struct scene *s,
                         HRESULT (*body)(struct scene *s, IOpenMSPCall *call, ITStream *streams[2]))
{
    ITStreamControl *control = NULL;
    IEnumStream *all = NULL;
    ULONG count = 0;
    ITStream *both[2] = {NULL};
    IOpenMSPCall *made = NULL;
    HRESULT hr = IOpenMSPAddress_CreateCall(s->media.open, TAPIMEDIATYPE_AUDIO, &made);

    if (FAILED(hr))
        return hr;
    hr = IOpenMSPCall_QueryInterface(made, &IID_ITStreamControl, (void **)&control);
    if (SUCCEEDED(hr))
        hr = ITStreamControl_EnumerateStreams(control, &all);
    if (SUCCEEDED(hr))
        hr = IEnumStream_Next(all, 2, both, &count);
    if (SUCCEEDED(hr))
        hr = IOpenMSPCall_SetPeer(made, s->peer, 0);
    if (SUCCEEDED(hr))
        hr = body(s, made, both);
    for (int i = 0; i < 2; i++)
        if (both[i])
            ITStream_Release(both[i]);
    if (all)
        IEnumStream_Release(all);
    if (control)
        ITStreamControl_Release(control);
    ck_assert_hr(IOpenMSPCall_Close(made), S_OK);
    IOpenMSPCall_Release(made);
    return hr;
}

/* TERMINAL and whatever the move says: what the answer was before the selection. */
static HRESULT select_one(ITStream *stream, ITTerminal *terminal)
{
    HRESULT hr = ITStream_SelectTerminal(stream, terminal);

    if (SUCCEEDED(hr)) {
        hr = ITStream_PauseStream(stream);
        if (SUCCEEDED(hr))
            hr = ITStream_StartStream(stream);
        if (SUCCEEDED(hr))
            hr = ITStream_StopStream(stream);
        if (SUCCEEDED(hr))
            hr = ITStream_StartStream(stream);
        ck_assert_hr(ITStream_UnselectTerminal(stream, terminal), S_OK);
    }
    return hr;
}

static HRESULT file_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    (void)made;
    return select_one(both[CAPTURE], s->track);
}

static HRESULT file_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, file_body);
}

static HRESULT socket_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    IOpenMSPWebSocketTerminal *socket = NULL;
    ITTerminal *terminal = NULL;
    HRESULT hr = ITTerminalSupport2_CreateTerminal(
        s->terminals, s->socket_class, TAPIMEDIATYPE_AUDIO, TD_BIDIRECTIONAL, &terminal);

    (void)made;
    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(terminal, &IID_IOpenMSPWebSocketTerminal, (void **)&socket);
    if (SUCCEEDED(hr))
        hr = IOpenMSPWebSocketTerminal_put_Url(socket, s->url);
    if (SUCCEEDED(hr))
        hr = IOpenMSPWebSocketTerminal_AddParameter(socket, s->name, s->url);
    if (SUCCEEDED(hr))
        hr = ITStream_SelectTerminal(both[CAPTURE], terminal);
    if (SUCCEEDED(hr)) {
        hr = select_one(both[RENDER], terminal);
        ck_assert_hr(ITStream_UnselectTerminal(both[CAPTURE], terminal), S_OK);
    }
    if (socket)
        IOpenMSPWebSocketTerminal_Release(socket);
    ck_assert_int_eq(media_state(terminal), TS_NOTINUSE);
    ITTerminal_Release(terminal);
    return hr;
}

static HRESULT socket_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, socket_body);
}

static HRESULT stream_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    IOpenMSPMediaStream *media = NULL;
    ITStream *stream = NULL;
    VARIANT parameters;
    HRESULT hr;

    (void)both;
    VariantInit(&parameters);
    parameters.vt = VT_BSTR;
    parameters.bstrVal = s->document; /* it has an equals sign */
    hr =
        IOpenMSPCall_CreateMediaStream(made, s->url, s->name, NULL, parameters, NULL, NULL, &media);
    if (FAILED(hr)) {
        ck_assert_ptr_null(media);
        return hr;
    }
    hr = IOpenMSPMediaStream_QueryInterface(media, &IID_ITStream, (void **)&stream);
    if (SUCCEEDED(hr)) {
        hr = ITStream_StopStream(stream);
        ITStream_Release(stream);
    }
    IOpenMSPMediaStream_Release(media);
    return SUCCEEDED(hr) ? IOpenMSPCall_ExecuteTwiML(made, s->document) : hr;
}

static HRESULT stream_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, stream_body);
}

/* A sink that is told of a stream which pauses and goes on. */
static HRESULT sink_scene(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    struct sink sink;
    IConnectionPoint *point = NULL;
    DWORD cookie = 0;
    HRESULT hr;

    (void)answer;
    sink_init(&sink);
    hr = IConnectionPointContainer_FindConnectionPoint(s->container, &IID_ITTAPIEventNotification,
                                                       &point);
    if (SUCCEEDED(hr)) {
        hr = IConnectionPoint_Advise(point, sink_unknown(&sink), &cookie);
        ck_assert_int_eq(SUCCEEDED(hr), cookie != 0);
    }
    if (SUCCEEDED(hr)) {
        hr = ITStream_PauseStream(s->render);
        if (SUCCEEDED(hr))
            hr = ITStream_StartStream(s->render);
        ck_assert_hr(IConnectionPoint_Unadvise(point, cookie), S_OK);
    }
    if (point)
        IConnectionPoint_Release(point);
    sink_fini(&sink);
    return hr;
}

START_TEST(scenes_of_an_application)
{
    static const struct memory_walk walks[] = {
        {"Initialize and Shutdown", initialize},
        {"CreateMSPCall and ShutdownMSPCall", msp_call},
        {"a file on a stream", file_scene},
        {"a WebSocket terminal on both streams", socket_scene},
        {"media streams", stream_scene},
        {"a sink", sink_scene},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

OMSP_SUITE("msp memory", TEST(address_methods), TEST(call_and_media_stream_methods),
           TEST(stream_and_terminal_methods), TEST(scenes_of_an_application))
