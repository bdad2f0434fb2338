/*
 * What an application has open while memory runs out: an address, a connected call with a file and
 * a recorder, a media stream. The engine has no threads here: who settles, pumps.
 */
#ifndef OMSP_TESTS_MSP_MEMORY_SCENE_H
#define OMSP_TESTS_MSP_MEMORY_SCENE_H

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
static inline void settle(void *ctx)
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

static inline void open_scene(struct scene *s)
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

static inline void close_scene(struct scene *s)
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

static inline void walk_all(const struct memory_walk *walks, size_t count)
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

/* What is done with a connected call of its own and its two streams. */
static inline HRESULT with_call(struct scene *s,
                                HRESULT (*body)(struct scene *s, IOpenMSPCall *call,
                                                ITStream *streams[2]))
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
static inline HRESULT select_one(ITStream *stream, ITTerminal *terminal)
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

#endif
