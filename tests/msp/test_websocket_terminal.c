/* The WebSocket terminal: its properties, its selection, what its streams tell. */
#include "msp/stream_bench.h"

#include "com/dispatch.h"
#include "engine/fork.h"
#include "msp/terminal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CLASS        L"{017C9E82-9045-492A-8565-3012E9FFA1FD}"

struct websocket {
    ITTerminal *terminal;
    IOpenMSPWebSocketTerminal *socket;
};

static struct websocket made(struct bench *bench)
{
    struct websocket made;

    made.terminal = media_terminal(&bench->media, CLASS, TD_BIDIRECTIONAL);
    made.socket = kit_query(made.terminal, &IID_IOpenMSPWebSocketTerminal);
    return made;
}

static void drop(struct websocket *websocket)
{
    kit_release(websocket->socket);
    kit_release(websocket->terminal);
}

static HRESULT put(HRESULT(STDMETHODCALLTYPE *setter)(IOpenMSPWebSocketTerminal *, BSTR),
                   IOpenMSPWebSocketTerminal *socket, const WCHAR *value)
{
    BSTR text = SysAllocString(value);
    HRESULT hr = setter(socket, text);

    SysFreeString(text);
    return hr;
}

static HRESULT put_url(struct websocket *websocket, const WCHAR *url)
{
    return put(websocket->socket->lpVtbl->put_Url, websocket->socket, url);
}

static HRESULT add(struct websocket *websocket, const WCHAR *name, const WCHAR *value)
{
    BSTR name_text = SysAllocString(name), value_text = SysAllocString(value);
    HRESULT hr = IOpenMSPWebSocketTerminal_AddParameter(websocket->socket, name_text, value_text);

    SysFreeString(name_text);
    SysFreeString(value_text);
    return hr;
}

static IOpenMSPMediaStream *stream_of(struct websocket *websocket)
{
    IOpenMSPMediaStream *stream = NULL;

    ck_assert_hr(IOpenMSPWebSocketTerminal_get_MediaStream(websocket->socket, &stream), S_OK);
    return stream;
}

static void expect(HRESULT(STDMETHODCALLTYPE *getter)(IOpenMSPMediaStream *, BSTR *),
                   IOpenMSPMediaStream *stream, const WCHAR *expected)
{
    BSTR text = NULL;

    ck_assert_hr(getter(stream, &text), S_OK);
    ck_assert_msg(!wcscmp(text, expected), "%ls, not %ls", text, expected);
    SysFreeString(text);
}

START_TEST(class_tables_are_sound)
{
    const char *problem = com_class_check(&msp_websocket_class);

    ck_assert_msg(!problem, "%s", problem ? problem : "");
    problem = com_dispatch_check(&msp_dispatch_IOpenMSPWebSocketTerminal,
                                 sizeof(IOpenMSPWebSocketTerminalVtbl) / sizeof(void *));
    ck_assert_msg(!problem, "%s", problem ? problem : "");
}
END_TEST

START_TEST(it_is_a_dynamic_terminal)
{
    static const IID *const iids[] = {
        &IID_IUnknown,
        &IID_IDispatch,
        &IID_ITTerminal,
        &IID_ITTerminalControl,
        &IID_IOpenMSPWebSocketTerminal,
        &IID_IObjectSafety,
    };
    struct bench bench;
    struct websocket websocket;
    TERMINAL_TYPE type = TT_STATIC;
    TERMINAL_DIRECTION direction = TD_NONE;
    ITTerminal *none = NULL;
    LONG media = 0;
    BSTR text = SysAllocString(CLASS);

    open_bench(&bench);
    ck_assert_hr(ITTerminalSupport_CreateTerminal(bench.media.terminals, text, TAPIMEDIATYPE_AUDIO,
                                                  TD_RENDER, &none),
                 TAPI_E_INVALIDDIRECTION);
    SysFreeString(text);
    websocket = made(&bench);
    kit_check_identity((IUnknown *)websocket.terminal, iids, COUNT(iids));
    ck_assert_hr(ITTerminal_get_TerminalType(websocket.terminal, &type), S_OK);
    ck_assert_int_eq(type, TT_DYNAMIC);
    ck_assert_hr(ITTerminal_get_Direction(websocket.terminal, &direction), S_OK);
    ck_assert_int_eq(direction, TD_BIDIRECTIONAL);
    ck_assert_hr(ITTerminal_get_MediaType(websocket.terminal, &media), S_OK);
    ck_assert_int_eq(media, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITTerminal_get_TerminalClass(websocket.terminal, &text), S_OK);
    ck_assert(!wcscmp(text, CLASS));
    SysFreeString(text);
    ck_assert_hr(ITTerminal_get_Name(websocket.terminal, &text), S_OK);
    ck_assert(!wcscmp(text, L"WebSocket Terminal"));
    SysFreeString(text);
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(ITTerminal_get_Name(websocket.terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_State(websocket.terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_TerminalClass(websocket.terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_MediaType(websocket.terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_Direction(websocket.terminal, NULL), E_POINTER);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(properties_are_kept_until_it_is_selected)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream = NULL;
    ITStream *render;
    BSTR text = NULL;
    LONG result = 1;

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_Url(websocket.socket, &text), S_OK);
    ck_assert(!wcscmp(text, L""));
    SysFreeString(text);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_Url(websocket.socket, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_MediaStream(websocket.socket, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_LastResult(websocket.socket, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_MediaStream(websocket.socket, &stream),
                 TAPI_E_NOITEMS);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_LastResult(websocket.socket, &result), S_OK);
    ck_assert_int_eq(result, S_OK);
    ck_assert_hr(put_url(&websocket, L"\xd800"), E_INVALIDARG);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(put(websocket.socket->lpVtbl->put_StreamName, websocket.socket, L"named"), S_OK);
    ck_assert_hr(add(&websocket, NULL, L"value"), E_INVALIDARG);
    for (int i = 0; i < 99; i++)
        ck_assert_hr(add(&websocket, L"same", L"value"), S_OK);
    ck_assert_hr(add(&websocket, L"hundredth", L""), E_INVALIDARG);

    render = media_stream(bench.a, RENDER);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    ck_assert_hr(put_url(&websocket, L"ws://127.0.0.1/"), TAPI_E_WRONG_STATE);
    ck_assert_hr(add(&websocket, L"late", L""), TAPI_E_WRONG_STATE);
    stream = stream_of(&websocket);
    expect(stream->lpVtbl->get_StreamName, stream, L"named");
    kit_release(stream);
    ck_assert_hr(ITStream_UnselectTerminal(render, websocket.terminal), S_OK);
    ck_assert_hr(put_url(&websocket, NULL), S_OK);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(selection_streams_and_unselection_stops)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream;
    ITStream *render;
    IEnumTerminal *list;
    ITTerminal *listed = NULL;

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(add(&websocket, L"from", L"terminal"), S_OK);
    render = media_stream(bench.a, RENDER);
    ck_assert_hr(ITStream_UnselectTerminal(render, websocket.terminal), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), TAPI_E_INVALIDTERMINAL);
    ck_assert_int_eq(media_state(websocket.terminal), TS_INUSE);
    ck_assert_hr(ITStream_EnumerateTerminals(render, &list), S_OK);
    ck_assert_hr(IEnumTerminal_Next(list, 1, &listed, NULL), S_OK);
    ck_assert_ptr_eq(listed, websocket.terminal);
    kit_release(listed);
    ck_assert_hr(IEnumTerminal_Next(list, 1, &listed, NULL), S_FALSE);
    kit_release(list);

    stream = stream_of(&websocket);
    expect(stream->lpVtbl->get_Tracks, stream, L"inbound");
    await_terminal_event(&bench, render, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    consumer_await(&bench.consumer, "\"customParameters\":{\"from\":\"terminal\"}", 1);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 5);
    expect(stream->lpVtbl->get_State, stream, L"in-progress");
    ck_assert_hr(ITStream_UnselectTerminal(render, websocket.terminal), S_OK);
    await_terminal_event(&bench, render, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    consumer_await(&bench.consumer, "\"event\":\"stop\"", 1);
    expect(stream->lpVtbl->get_State, stream, L"stopped");
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(ITStream_UnselectTerminal(render, websocket.terminal), TAPI_E_INVALIDTERMINAL);
    kit_release(stream);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(both_streams_are_both_tracks_of_one_connection)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *first, *second;
    ITStream *render, *capture;

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(put(websocket.socket->lpVtbl->put_StreamName, websocket.socket, L"one"), S_OK);
    render = media_stream(bench.a, RENDER);
    capture = media_stream(bench.a, CAPTURE);
    ck_assert_hr(ITStream_SelectTerminal(capture, websocket.terminal), S_OK);
    first = stream_of(&websocket);
    expect(first->lpVtbl->get_Tracks, first, L"outbound");
    consumer_await(&bench.consumer, "\"tracks\":[\"outbound\"]", 1);
    /* Too late for this connection's start: another one. */
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    second = stream_of(&websocket);
    ck_assert_ptr_ne(first, second);
    expect(first->lpVtbl->get_State, first, L"stopped");
    expect(second->lpVtbl->get_Tracks, second, L"both");
    expect(second->lpVtbl->get_StreamName, second, L"one");
    consumer_await(&bench.consumer, "\"tracks\":[\"inbound\",\"outbound\"]", 1);
    consumer_await(&bench.consumer, "\"track\":\"inbound\"", 5);
    kit_release(first);
    ck_assert_hr(ITStream_UnselectTerminal(capture, websocket.terminal), S_OK);
    first = stream_of(&websocket);
    ck_assert_ptr_eq(first, second);
    expect(second->lpVtbl->get_State, second, L"in-progress");
    kit_release(first);
    kit_release(second);
    kit_release(capture);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(the_streams_states_are_the_tracks)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream;
    ITStream *render, *capture;
    unsigned inbound, outbound;

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    render = media_stream(bench.a, RENDER);
    capture = media_stream(bench.a, CAPTURE);
    ck_assert_hr(ITStream_SelectTerminal(capture, websocket.terminal), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    stream = stream_of(&websocket);
    consumer_await(&bench.consumer, "\"track\":\"inbound\"", 5);
    ck_assert_hr(ITStream_PauseStream(render), S_OK);
    await_terminal_event(&bench, render, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    await_terminal_event(&bench, render, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    /* What was sent before the pause has come when what is sent behind it comes. */
    outbound = consumer_count(&bench.consumer, "\"track\":\"outbound\"");
    consumer_await(&bench.consumer, "\"track\":\"outbound\"", outbound + 10);
    inbound = consumer_count(&bench.consumer, "\"track\":\"inbound\"");
    consumer_await(&bench.consumer, "\"track\":\"outbound\"", outbound + 30);
    ck_assert_uint_eq(consumer_count(&bench.consumer, "\"track\":\"inbound\""), inbound);
    ck_assert_hr(ITStream_StartStream(render), S_OK);
    consumer_await(&bench.consumer, "\"track\":\"inbound\"", inbound + 5);
    ck_assert_hr(ITStream_StopStream(capture), S_OK);
    ck_assert_int_eq(media_state(websocket.terminal), TS_INUSE);
    expect(stream->lpVtbl->get_State, stream, L"in-progress");
    ck_assert_hr(ITStream_StopStream(render), S_OK);
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    expect(stream->lpVtbl->get_State, stream, L"stopped");
    consumer_await(&bench.consumer, "\"event\":\"stop\"", 1);
    kit_release(stream);
    kit_release(capture);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(its_connection_is_no_stream_of_the_call_but_is_stopped_as_one)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream, *found;
    ITStreamControl *control;
    IEnumStream *list;
    ITStream *render, *media, *listed[4];
    ULONG count = 0;
    LONG result = 0;
    BSTR name = SysAllocString(L"mine");

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(IOpenMSPWebSocketTerminal_put_StreamName(websocket.socket, name), S_OK);
    render = media_stream(bench.a, RENDER);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    stream = stream_of(&websocket);
    control = kit_query(bench.a, &IID_ITStreamControl);
    ck_assert_hr(ITStreamControl_EnumerateStreams(control, &list), S_OK);
    ck_assert_hr(IEnumStream_Next(list, 4, listed, &count), S_FALSE);
    ck_assert_uint_eq(count, 2);
    kit_release(listed[0]);
    kit_release(listed[1]);
    kit_release(list);
    kit_release(control);
    ck_assert_hr(IOpenMSPCall_FindMediaStream(bench.a, name, &found), S_OK);
    ck_assert_ptr_eq(found, stream);
    kit_release(found);
    SysFreeString(name);
    await_terminal_event(&bench, render, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 1);
    media = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(media), S_OK);
    await_terminal_event(&bench, render, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    ck_assert_hr(ITStream_StartStream(media), TAPI_E_WRONG_STATE);
    kit_release(media);
    kit_release(stream);
    ck_assert_hr(ITStream_StartStream(render), S_OK);
    consumer_await(&bench.consumer, "\"event\":\"start\"", 2);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_LastResult(websocket.socket, &result), S_OK);
    ck_assert_hr(result, S_OK);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(a_consumer_that_is_not_there_is_a_terminal_that_failed)
{
    struct bench bench;
    struct websocket websocket;
    ITStream *render;
    LONG result = 0;

    open_bench(&bench);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, L"ws://127.0.0.1:1/"), S_OK);
    render = media_stream(bench.a, RENDER);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    await_terminal_event(&bench, render, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK,
                         websocket.terminal);
    await_terminal_event(&bench, render, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
                         HRESULT_FROM_WIN32(WSAEHOSTUNREACH), websocket.terminal);
    await_terminal_event(&bench, render, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL,
                         HRESULT_FROM_WIN32(WSAEHOSTUNREACH), websocket.terminal);
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_LastResult(websocket.socket, &result), S_OK);
    ck_assert_hr(result, HRESULT_FROM_WIN32(WSAEHOSTUNREACH));
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(a_selection_waits_for_the_call)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream = NULL;
    IOpenMSPCall *call;
    ITStream *render, *capture;

    open_bench(&bench);
    call = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    listen_on(call);
    render = media_stream(call, RENDER);
    capture = media_stream(call, CAPTURE);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(capture, websocket.terminal), S_OK);
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_MediaStream(websocket.socket, &stream),
                 TAPI_E_NOITEMS);
    connect_to(call, bench.b);
    stream = stream_of(&websocket);
    expect(stream->lpVtbl->get_Tracks, stream, L"both");
    consumer_await(&bench.consumer, "\"event\":\"start\"", 1);
    ck_assert_uint_eq(consumer_count(&bench.consumer, "\"event\":\"connected\""), 1);
    ck_assert_hr(IOpenMSPCall_Close(call), S_OK);
    expect(stream->lpVtbl->get_State, stream, L"stopped");
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    kit_release(stream);
    kit_release(render);
    kit_release(capture);
    kit_release(call);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(what_cannot_be_made_is_not_selected)
{
    struct bench bench;
    struct websocket websocket, others[4];
    ITStream *render, *elsewhere;
    IOpenMSPMediaStream *stream;
    ITTerminal *foreign;
    struct media other;

    open_bench(&bench);
    render = media_stream(bench.a, RENDER);
    elsewhere = media_stream(bench.b, RENDER);
    websocket = made(&bench);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), E_INVALIDARG); /* no Url */
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    ck_assert_hr(put(websocket.socket->lpVtbl->put_StatusCallbackMethod, websocket.socket, L"PUT"),
                 S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), E_INVALIDARG);
    ck_assert_hr(put(websocket.socket->lpVtbl->put_StatusCallbackMethod, websocket.socket, NULL),
                 S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(elsewhere, websocket.terminal), TAPI_E_TERMINALINUSE);
    for (size_t i = 0; i < COUNT(others); i++) {
        others[i] = made(&bench);
        ck_assert_hr(put_url(&others[i], bench.consumer.url), S_OK);
        ck_assert_hr(ITStream_SelectTerminal(render, others[i].terminal),
                     i < 3 ? S_OK : TAPI_E_MAXTERMINALS);
    }
    /* Not on a media stream, and not of another address. */
    stream = stream_of(&websocket);
    {
        ITStream *fork = kit_query(stream, &IID_ITStream);

        ck_assert_hr(ITStream_SelectTerminal(fork, others[3].terminal), TAPI_E_INVALIDTERMINAL);
        ck_assert_hr(ITStream_UnselectTerminal(fork, others[3].terminal), TAPI_E_INVALIDTERMINAL);
        kit_release(fork);
    }
    kit_release(stream);
    other.msp = kit_address();
    other.open = kit_query(other.msp, &IID_IOpenMSPAddress);
    other.terminals = kit_query(other.msp, &IID_ITTerminalSupport);
    ck_assert_hr(IOpenMSPAddress_Open(other.open), S_OK);
    foreign = media_terminal(&other, CLASS, TD_BIDIRECTIONAL);
    ck_assert_hr(ITStream_SelectTerminal(elsewhere, foreign), TAPI_E_INVALIDTERMINAL);
    kit_release(foreign);
    kit_release(other.terminals);
    kit_release(other.open);
    kit_release(other.msp);
    for (size_t i = 0; i < COUNT(others); i++)
        drop(&others[i]);
    kit_release(elsewhere);
    kit_release(render);
    drop(&websocket);
    close_bench(&bench);
}
END_TEST

START_TEST(a_call_released_without_close_lets_go)
{
    struct bench bench;
    struct websocket websocket;
    IOpenMSPMediaStream *stream = NULL;
    IOpenMSPCall *call;
    ITStream *render;

    open_bench(&bench);
    call = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    websocket = made(&bench);
    ck_assert_hr(put_url(&websocket, bench.consumer.url), S_OK);
    render = media_stream(call, RENDER);
    connect_to(call, bench.b);
    ck_assert_hr(ITStream_SelectTerminal(render, websocket.terminal), S_OK);
    kit_release(render);
    ck_assert_uint_eq(kit_release(call), 0);
    ck_assert_int_eq(media_state(websocket.terminal), TS_NOTINUSE);
    ck_assert_hr(IOpenMSPWebSocketTerminal_get_MediaStream(websocket.socket, &stream),
                 TAPI_E_NOITEMS);
    close_bench_keeping(&bench);
    drop(&websocket); /* outlives the address, and lets go of the engine now */
    end_bench(&bench);
}
END_TEST

OMSP_SUITE("websocket terminal", TEST(class_tables_are_sound), TEST(it_is_a_dynamic_terminal),
           TEST(properties_are_kept_until_it_is_selected),
           TEST(selection_streams_and_unselection_stops),
           TEST(both_streams_are_both_tracks_of_one_connection),
           TEST(the_streams_states_are_the_tracks),
           TEST(its_connection_is_no_stream_of_the_call_but_is_stopped_as_one),
           TEST(a_consumer_that_is_not_there_is_a_terminal_that_failed),
           TEST(a_selection_waits_for_the_call), TEST(what_cannot_be_made_is_not_selected),
           TEST(a_call_released_without_close_lets_go))
