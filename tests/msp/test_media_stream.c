/* Media streams through COM: making, finding, stopping, events, settings, TwiML, against a real
 * consumer on loopback. */
#include "msp/stream_bench.h"

#include "com/dispatch.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/classes.h"
#include "msp/media_host.h"
#include "msp/stream.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ACCOUNT      L"AC00112233445566778899aabbccddeeff"

/* ---- making ---------------------------------------------------------------------------------- */

struct arguments {
    const WCHAR *url, *name, *track, *callback, *method;
    VARIANT parameters;
    LONG without; /* counted from 1: which allocation of the method's fails; 0: none */
};

static HRESULT create(IOpenMSPCall *call, const struct arguments *arguments,
                      IOpenMSPMediaStream **out)
{
    BSTR url = SysAllocString(arguments->url), name = SysAllocString(arguments->name),
         track = SysAllocString(arguments->track), callback = SysAllocString(arguments->callback),
         method = SysAllocString(arguments->method);
    HRESULT hr;

    if (arguments->without)
        omsp_test_fail_alloc(arguments->without - 1);
    hr = IOpenMSPCall_CreateMediaStream(call, url, name, track, arguments->parameters, callback,
                                        method, out);

    SysFreeString(url);
    SysFreeString(name);
    SysFreeString(track);
    SysFreeString(callback);
    SysFreeString(method);
    return hr;
}

static IOpenMSPMediaStream *created(struct bench *bench, const WCHAR *name, const WCHAR *track)
{
    struct arguments arguments = {.url = bench->consumer.url, .name = name, .track = track};
    IOpenMSPMediaStream *stream = NULL;

    ck_assert_hr(create(bench->a, &arguments, &stream), S_OK);
    return stream;
}

static void expect_text(HRESULT(STDMETHODCALLTYPE *getter)(IOpenMSPMediaStream *, BSTR *),
                        IOpenMSPMediaStream *stream, const WCHAR *expected)
{
    BSTR text = NULL;

    ck_assert_hr(getter(stream, &text), S_OK);
    ck_assert_msg(!wcscmp(text, expected), "%ls, not %ls", text, expected);
    SysFreeString(text);
}

static void expect_state(IOpenMSPMediaStream *stream, const WCHAR *expected)
{
    expect_text(stream->lpVtbl->get_State, stream, expected);
}

START_TEST(class_tables_are_sound)
{
    const char *problem = com_class_check(&msp_media_stream_class);

    ck_assert_msg(!problem, "%s", problem ? problem : "");
    problem = com_dispatch_check(&msp_dispatch_IOpenMSPMediaStream,
                                 sizeof(IOpenMSPMediaStreamVtbl) / sizeof(void *));
    ck_assert_msg(!problem, "%s", problem ? problem : "");
}
END_TEST

/* Messages in which this member is that SID. Letter by letter: natively %ls is not of our WCHAR. */
static unsigned with_sid(struct bench *bench, const char *member, BSTR sid)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "\"%s\":\"", member);

    for (const WCHAR *from = sid; *from; from++)
        text[len++] = (char)*from;
    strcpy(text + len, "\"");
    return consumer_count(&bench->consumer, text);
}

START_TEST(a_stream_is_made_carries_audio_and_stops)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    IOpenMSPCall *call;
    ITStream *same;
    BSTR sid = NULL, call_sid = NULL;
    double value = 0;
    LONG number = 1;

    open_bench(&bench);
    stream = created(&bench, L"live", NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    expect_state(stream, L"in-progress");
    expect_text(stream->lpVtbl->get_StreamName, stream, L"live");
    expect_text(stream->lpVtbl->get_Url, stream, bench.consumer.url);
    expect_text(stream->lpVtbl->get_Tracks, stream, L"inbound");
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, &sid), S_OK);
    ck_assert(!wcsncmp(sid, L"MZ", 2) && wcslen(sid) == 34);
    ck_assert_hr(IOpenMSPMediaStream_get_Call(stream, &call), S_OK);
    ck_assert_ptr_eq(call, bench.a);
    ck_assert_hr(IOpenMSPCall_get_Sid(call, &call_sid), S_OK);
    kit_release(call);

    consumer_await(&bench.consumer, "\"event\":\"media\"", 10);
    ck_assert_uint_eq(consumer_count(&bench.consumer, "\"event\":\"connected\""), 1);
    ck_assert_uint_eq(consumer_count(&bench.consumer, "\"event\":\"start\""), 1);
    ck_assert_uint_ge(with_sid(&bench, "callSid", call_sid), 1);
    ck_assert_uint_ge(with_sid(&bench, "streamSid", sid), 11);
    ck_assert_hr(IOpenMSPMediaStream_get_FramesSent(stream, &value), S_OK);
    ck_assert(value >= 10);
    ck_assert_hr(IOpenMSPMediaStream_get_BytesSent(stream, &value), S_OK);
    ck_assert(value > 3000);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_int_eq(number, 0);

    same = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(same), S_OK);
    await_event(&bench, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    consumer_await(&bench.consumer, "\"event\":\"stop\"", 1);
    expect_state(stream, L"stopped");
    kit_release(same);
    SysFreeString(sid);
    SysFreeString(call_sid);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(pause_and_start_are_those_of_itstream)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ITStream *control;
    unsigned before;

    open_bench(&bench);
    stream = created(&bench, NULL, L"both_tracks");
    expect_text(stream->lpVtbl->get_Tracks, stream, L"both");
    expect_text(stream->lpVtbl->get_StreamName, stream, L"");
    control = kit_query(stream, &IID_ITStream);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 3);
    ck_assert_hr(ITStream_PauseStream(control), S_OK);
    expect_state(stream, L"paused");
    ck_assert_hr(ITStream_StartStream(control), S_OK);
    expect_state(stream, L"in-progress");
    before = consumer_count(&bench.consumer, "\"event\":\"media\"");
    consumer_await(&bench.consumer, "\"event\":\"media\"", before + 3);
    ck_assert_uint_eq(consumer_count(&bench.consumer, "\"event\":\"start\""), 1);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

static void stop_and_release(ITStream *control)
{
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    kit_release(control);
}

START_TEST(who_was_stopped_starts_again_when_nobody_has_its_name)
{
    struct bench bench;
    IOpenMSPMediaStream *first, *second;
    ITStream *control;

    open_bench(&bench);
    first = created(&bench, L"one", NULL);
    control = kit_query(first, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    second = created(&bench, L"one", NULL);
    ck_assert_hr(ITStream_StartStream(control), TAPI_E_INUSE);
    ck_assert_hr(ITStream_PauseStream(control), TAPI_E_INUSE);
    expect_state(first, L"stopped");
    stop_and_release(kit_query(second, &IID_ITStream));
    ck_assert_hr(ITStream_StartStream(control), S_OK);
    consumer_await(&bench.consumer, "\"event\":\"start\"", 1);
    stop_and_release(control);
    kit_release(second);
    kit_release(first);
    close_bench(&bench);
}
END_TEST

/* ---- identity -------------------------------------------------------------------------------- */

START_TEST(only_media_streams_have_the_interface)
{
    static const IID *const iids[] = {
        &IID_IUnknown, &IID_IDispatch, &IID_ITStream, &IID_IOpenMSPMediaStream, &IID_IObjectSafety,
    };
    struct bench bench;
    IOpenMSPMediaStream *stream;
    void *none = &none;

    open_bench(&bench);
    ck_assert_hr(ITStream_QueryInterface(bench.playing, &IID_IOpenMSPMediaStream, &none),
                 E_NOINTERFACE);
    ck_assert_ptr_null(none);
    stream = created(&bench, NULL, NULL);
    kit_check_identity((IUnknown *)stream, iids, COUNT(iids));
    kit_release(kit_query(stream, &IID_IMarshal));
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(terminals_are_not_for_media_streams)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ITStream *control;
    IEnumTerminal *list = NULL;
    ITTerminal *none = NULL;
    ITTerminal *recorder, *track;

    open_bench(&bench);
    stream = created(&bench, NULL, NULL);
    control = kit_query(stream, &IID_ITStream);
    recorder = media_recording(&bench.media, L"none.wav", &track);
    ck_assert_hr(ITStream_SelectTerminal(control, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_EnumerateTerminals(control, &list), S_OK);
    ck_assert_hr(IEnumTerminal_Next(list, 1, &none, NULL), S_FALSE);
    kit_release(list);
    kit_release(track);
    kit_release(recorder);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* ---- finding --------------------------------------------------------------------------------- */

static HRESULT find(IOpenMSPCall *call, const WCHAR *what, IOpenMSPMediaStream **out)
{
    BSTR text = SysAllocString(what);
    HRESULT hr = IOpenMSPCall_FindMediaStream(call, text, out);

    SysFreeString(text);
    return hr;
}

static LONG count_of(VARIANT *variant)
{
    ITCollection *collection = kit_query(V_DISPATCH(variant), &IID_ITCollection);
    LONG count = -1;

    ck_assert_hr(ITCollection_get_Count(collection, &count), S_OK);
    kit_release(collection);
    VariantClear(variant);
    return count;
}

static LONG listed(IOpenMSPCall *call)
{
    ITStreamControl *control = kit_query(call, &IID_ITStreamControl);
    VARIANT streams;

    ck_assert_hr(ITStreamControl_get_Streams(control, &streams), S_OK);
    kit_release(control);
    return count_of(&streams);
}

START_TEST(streams_are_found_by_sid_and_by_name)
{
    struct bench bench;
    IOpenMSPMediaStream *stream, *second, *found = NULL;
    ITStream *control;
    VARIANT all;
    BSTR sid = NULL;

    open_bench(&bench);
    ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench.a, &all), S_OK);
    ck_assert_int_eq(count_of(&all), 0);
    stream = created(&bench, L"with space/slash", NULL);
    second = created(&bench, NULL, NULL);
    ck_assert_int_eq(listed(bench.a), 4);
    ck_assert_hr(find(bench.a, L"with space/slash", &found), S_OK);
    ck_assert_ptr_eq(found, stream);
    kit_release(found);
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, &sid), S_OK);
    _wcsupr(sid);
    ck_assert_hr(find(bench.a, sid, &found), S_OK);
    ck_assert_ptr_eq(found, stream);
    kit_release(found);
    ck_assert_hr(find(bench.b, sid, &found), TAPI_E_NOITEMS);
    ck_assert_ptr_null(found);
    ck_assert_hr(find(bench.a, L"With space/slash", &found), TAPI_E_NOITEMS);
    ck_assert_hr(find(bench.a, L"", &found), TAPI_E_NOITEMS);
    ck_assert_hr(find(bench.a, NULL, &found), TAPI_E_NOITEMS);

    control = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    ck_assert_hr(find(bench.a, L"with space/slash", &found), S_OK);
    ck_assert_ptr_eq(found, stream); /* stopped ones, too */
    kit_release(found);
    ck_assert_int_eq(listed(bench.a), 3); /* but they are no streams of the call any more */
    ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench.a, &all), S_OK);
    ck_assert_int_eq(count_of(&all), 2);
    kit_release(control);
    SysFreeString(sid);
    kit_release(second);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* Each allocation of the call fails, eight times because one of the connection's thread may be it.
 */
START_TEST(without_memory_none_is_made)
{
    struct bench bench;
    LONG made = 1, refused = 0;
    VARIANT all;
    bool failed;

    open_bench(&bench);
    kit_release(created(&bench, L"first", NULL)); /* makes what is made once */
    do {
        struct arguments arguments = {
            .url = bench.consumer.url, .name = L"one", .without = (made - 1 + refused) / 8 + 1};
        IOpenMSPMediaStream *stream = NULL;
        ITStream *control;
        HRESULT hr;

        hr = create(bench.a, &arguments, &stream);
        failed = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        if (SUCCEEDED(hr)) {
            control = kit_query(stream, &IID_ITStream);
            ITStream_StopStream(control);
            kit_release(control);
            kit_release(stream);
            made++;
        } else {
            ck_assert_hr(hr, E_OUTOFMEMORY);
            ck_assert_ptr_null(stream);
            refused++;
        }
        ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench.a, &all), S_OK);
        ck_assert_int_eq(count_of(&all), made);
    } while (failed);
    ck_assert_int_ge(refused, 8 * 4);
    close_bench(&bench);
}
END_TEST

START_TEST(remove_stream_stops_a_media_stream)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ITStreamControl *control, *other;
    ITStream *itself;

    open_bench(&bench);
    stream = created(&bench, NULL, NULL);
    itself = kit_query(stream, &IID_ITStream);
    control = kit_query(bench.a, &IID_ITStreamControl);
    other = kit_query(bench.b, &IID_ITStreamControl);
    ck_assert_hr(ITStreamControl_RemoveStream(other, itself), E_INVALIDARG);
    expect_state(stream, L"connecting");
    ck_assert_hr(ITStreamControl_RemoveStream(control, itself), S_OK);
    expect_state(stream, L"stopped");
    kit_release(other);
    kit_release(control);
    kit_release(itself);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------------- */

static VARIANT strings(const WCHAR *first, const WCHAR *second, VARTYPE type)
{
    VARIANT value;
    BSTR names[2] = {SysAllocString(first), SysAllocString(second)};

    VariantInit(&value);
    value.vt = (VARTYPE)(VT_ARRAY | type);
    value.parray = media_names(type, names, second ? 2 : 1);
    SysFreeString(names[0]);
    SysFreeString(names[1]);
    return value;
}

START_TEST(arguments_are_judged_one_by_one)
{
    static const struct {
        struct arguments arguments;
        HRESULT hr;
    } cases[] = {
        {{.url = NULL}, E_INVALIDARG},
        {{.url = L""}, E_INVALIDARG},
        {{.url = L"nonsense"}, E_INVALIDARG},
        {{.url = L"http://127.0.0.1:21000/"}, E_INVALIDARG},
        {{.url = L"ws://192.0.2.1/"}, E_INVALIDARG}, /* plain, and not loopback */
        {{.url = L"\xd800"}, E_INVALIDARG},
        {{.url = L"ws://127.0.0.1:1/", .track = L"inbound"}, E_INVALIDARG},
        {{.url = L"ws://127.0.0.1:1/", .track = L"BOTH_TRACKS"}, E_INVALIDARG},
        {{.url = L"ws://127.0.0.1:1/", .callback = L"ftp://127.0.0.1/"}, E_INVALIDARG},
        {{.url = L"ws://127.0.0.1:1/", .method = L"PUT"}, E_INVALIDARG},
        {{.url = L"ws://127.0.0.1:1/", .method = L"get"}, E_INVALIDARG},
    };
    struct bench bench;
    IOpenMSPMediaStream *stream = NULL, *more = NULL;
    struct arguments arguments = {.url = bench.consumer.url};
    IOpenMSPCall *idle;
    VARIANT none;

    open_bench(&bench);
    VariantInit(&none);
    ck_assert_hr(IOpenMSPCall_CreateMediaStream(bench.a, NULL, NULL, NULL, none, NULL, NULL, NULL),
                 E_POINTER);
    for (size_t i = 0; i < COUNT(cases); i++) {
        stream = (void *)&stream;
        ck_assert_hr(create(bench.a, &cases[i].arguments, &stream), cases[i].hr);
        ck_assert_ptr_null(stream);
    }
    idle = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(create(idle, &arguments, &stream), TAPI_E_INVALCALLSTATE);
    kit_release(idle);

    stream = created(&bench, L"twice", L"both_tracks");
    arguments.name = L"twice";
    ck_assert_hr(create(bench.a, &arguments, &more), TAPI_E_INUSE);
    arguments.name = NULL;
    arguments.track = L"both_tracks";
    ck_assert_hr(create(bench.a, &arguments, &more), S_OK);
    kit_release(more);
    arguments.track = L"outbound_track";
    ck_assert_hr(create(bench.a, &arguments, &more), TAPI_E_MAXSTREAMS);
    ck_assert_ptr_null(more);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(parameters_are_arrays_of_pairs)
{
    static const struct {
        const WCHAR *first, *second;
        HRESULT hr;
    } cases[] = {
        {L"name", NULL, E_INVALIDARG},          {L"=value", NULL, E_INVALIDARG},
        {L"good=1", L"", E_INVALIDARG},         {L"empty=", NULL, S_OK},
        {L"lang=d\x00e4nisch", L"a=b=c", S_OK},
    };
    struct bench bench;
    IOpenMSPMediaStream *stream;

    open_bench(&bench);
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        struct arguments arguments = {.url = bench.consumer.url};
        HRESULT expected = cases[i / 2].hr;

        arguments.parameters =
            strings(cases[i / 2].first, cases[i / 2].second, i % 2 ? VT_VARIANT : VT_BSTR);
        ck_assert_hr(create(bench.a, &arguments, &stream), expected);
        VariantClear(&arguments.parameters);
        if (SUCCEEDED(expected)) {
            ITStream *control = kit_query(stream, &IID_ITStream);

            if (i >= 8)
                consumer_await(&bench.consumer,
                               "\"customParameters\":{\"lang\":\"d\xc3\xa4nisch\",\"a\":\"b=c\"}",
                               (unsigned)i - 7);
            ck_assert_hr(ITStream_StopStream(control), S_OK);
            kit_release(control);
            kit_release(stream);
        }
    }
    {
        struct arguments arguments = {.url = bench.consumer.url};

        arguments.parameters.vt = VT_I4;
        ck_assert_hr(create(bench.a, &arguments, &stream), E_INVALIDARG);
        arguments.parameters.vt = VT_ARRAY | VT_VARIANT;
        arguments.parameters.parray = SafeArrayCreateVector(VT_VARIANT, 0, 0);
        ck_assert_hr(create(bench.a, &arguments, &stream), S_OK); /* VBScript's Array() */
        kit_release(stream);
        arguments.parameters.parray->rgsabound[0].cElements = 0;
        VariantClear(&arguments.parameters);
        arguments.parameters.vt = VT_ARRAY | VT_BSTR;
        arguments.parameters.parray = SafeArrayCreateVector(VT_BSTR, 0, 100);
        for (LONG i = 0; i < 100; i++) {
            BSTR pair = SysAllocString(L"k=v");

            ck_assert_hr(SafeArrayPutElement(arguments.parameters.parray, &i, pair), S_OK);
            SysFreeString(pair);
        }
        ck_assert_hr(create(bench.a, &arguments, &stream), E_INVALIDARG); /* 100 > 99 */
        VariantClear(&arguments.parameters);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(what_breaks_it_is_told_by_number)
{
    struct bench bench;
    struct arguments arguments = {.url = L"ws://127.0.0.1:9/nobody"};
    IOpenMSPMediaStream *stream;
    LONG number = 0;

    open_bench(&bench);
    ck_assert_hr(create(bench.a, &arguments, &stream), S_OK);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_int_eq(number, OMSP_FORK_REFUSED);
    expect_state(stream, L"stopped");
    kit_release(stream);

    bench.consumer.refuse = 1;
    stream = created(&bench, NULL, NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_int_eq(number, OMSP_FORK_HANDSHAKE);
    kit_release(stream);
    bench.consumer.refuse = 0;

    stream = created(&bench, NULL, NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    bench.consumer.drop = 1;
    await_event(&bench, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_REMOTE_REQUEST);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_int_eq(number, OMSP_FORK_CLOSED);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(a_connection_that_breaks_is_made_again_when_asked_for)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ULONGLONG give_up;
    ITStream *control;
    VARIANT_BOOL both_ways = VARIANT_TRUE;
    double value = -1;
    LONG count = -1;
    BSTR before = NULL, after = NULL;
    MSP_EVENT_INFO info;
    unsigned media;

    open_bench(&bench);
    ck_assert_hr(IOpenMSPCall_get_MaxReconnects(bench.a, &count), S_OK);
    ck_assert_int_eq(count, 0);
    ck_assert_hr(IOpenMSPCall_put_MaxReconnects(bench.a, -1), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_MaxReconnects(bench.a, 101), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_MaxReconnects(bench.a, 20), S_OK);
    ck_assert_hr(IOpenMSPCall_get_MaxReconnects(bench.a, &count), S_OK);
    ck_assert_int_eq(count, 20);
    stream = created(&bench, NULL, NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, &before), S_OK);
    ck_assert_hr(IOpenMSPMediaStream_get_Bidirectional(stream, &both_ways), S_OK);
    ck_assert_int_eq(both_ways, VARIANT_FALSE);
    ck_assert_hr(IOpenMSPMediaStream_get_Reconnects(stream, &value), S_OK);
    ck_assert(value == 0);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 3);
    bench.consumer.drop = 1;
    give_up = GetTickCount64() + CONSUMER_WAIT_MS;
    while (SUCCEEDED(IOpenMSPMediaStream_get_State(stream, &after)) &&
           wcscmp(after, L"connecting")) {
        ck_assert_msg(GetTickCount64() < give_up, "it is not noticed");
        SysFreeString(after);
        SwitchToThread();
    }
    SysFreeString(after);
    bench.consumer.drop = 0;
    consumer_await(&bench.consumer, "\"event\":\"start\"", 2);
    media = consumer_count(&bench.consumer, "\"event\":\"media\"");
    consumer_await(&bench.consumer, "\"event\":\"media\"", media + 3);
    ck_assert_hr(IOpenMSPMediaStream_get_Reconnects(stream, &value), S_OK);
    ck_assert(value == 1);
    ck_assert_hr(IOpenMSPMediaStream_get_MessagesBad(stream, &value), S_OK);
    ck_assert(value == 0);
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, &after), S_OK);
    ck_assert(!wcscmp(before, after));
    while (media_event(&bench.media, &info))
        ck_assert_msg(info.Event != ME_CALL_EVENT, "event %d", info.MSP_CALL_EVENT_INFO.Type);
    control = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    await_event(&bench, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    SysFreeString(before);
    SysFreeString(after);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(the_end_with_its_call_is_told_also_of_a_stream_that_nobody_holds)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    BSTR sid = NULL, told = NULL;
    bool inactive = false;
    MSP_EVENT_INFO info;

    open_bench(&bench);
    stream = created(&bench, NULL, NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, &sid), S_OK);
    ck_assert_uint_eq(IOpenMSPMediaStream_Release(stream), 0);
    ck_assert_hr(IOpenMSPCall_Close(bench.a), S_OK);
    while (media_event(&bench.media, &info)) {
        IOpenMSPMediaStream *of = NULL;

        if (info.Event != ME_CALL_EVENT)
            continue;
        if (SUCCEEDED(ITStream_QueryInterface(info.MSP_CALL_EVENT_INFO.pStream,
                                              &IID_IOpenMSPMediaStream, (void **)&of))) {
            ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, CALL_STREAM_INACTIVE);
            ck_assert_hr(IOpenMSPMediaStream_get_Sid(of, &told), S_OK);
            ck_assert(!wcscmp(sid, told));
            expect_state(of, L"stopped");
            SysFreeString(told);
            kit_release(of);
            inactive = true;
        }
        kit_release(info.MSP_CALL_EVENT_INFO.pStream);
        if (info.MSP_CALL_EVENT_INFO.pTerminal)
            kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
    }
    ck_assert(inactive);
    SysFreeString(sid);
    close_bench(&bench); /* with the check that nothing is left */
}
END_TEST

START_TEST(null_outs_are_pointer_errors)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;

    open_bench(&bench);
    stream = created(&bench, NULL, NULL);
    ck_assert_hr(IOpenMSPMediaStream_get_Sid(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_StreamName(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_Url(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_Tracks(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_State(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_FramesSent(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_FramesDropped(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_BytesSent(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_QueueMilliseconds(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_RoundTripMicroseconds(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_MessagesReceived(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_Call(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_FindMediaStream(bench.a, NULL, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench.a, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_StartRest(bench.media.open, NULL, NULL, 0, NULL), E_POINTER);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(after_close_only_the_last_word_is_there)
{
    struct bench bench;
    IOpenMSPMediaStream *stream, *none = NULL;
    struct arguments arguments = {.url = L"ws://127.0.0.1:9/"};
    IOpenMSPCall *call;
    ITStream *control;
    VARIANT all;
    BSTR document = SysAllocString(L"<Response/>");

    open_bench(&bench);
    stream = created(&bench, L"last", NULL);
    control = kit_query(stream, &IID_ITStream);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 1);
    ck_assert_hr(IOpenMSPCall_Close(bench.a), S_OK);
    consumer_await(&bench.consumer, "\"event\":\"stop\"", 1);
    expect_text(stream->lpVtbl->get_StreamName, stream, L"last");
    expect_state(stream, L"stopped");
    ck_assert_hr(ITStream_StartStream(control), E_UNEXPECTED);
    ck_assert_hr(ITStream_StopStream(control), E_UNEXPECTED);
    ck_assert_hr(create(bench.a, &arguments, &none), E_UNEXPECTED);
    ck_assert_hr(find(bench.a, L"last", &none), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench.a, &all), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_ExecuteTwiML(bench.a, document), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPMediaStream_get_Call(stream, &call), S_OK);
    kit_release(call);
    SysFreeString(document);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* ---- TwiML ----------------------------------------------------------------------------------- */

static HRESULT execute(struct bench *bench, const WCHAR *format)
{
    WCHAR text[2048];
    BSTR document;
    HRESULT hr;

    _snwprintf(text, COUNT(text), format, bench->consumer.url, bench->consumer.url);
    document = SysAllocString(text);
    hr = IOpenMSPCall_ExecuteTwiML(bench->a, document);
    SysFreeString(document);
    return hr;
}

static LONG streams_of(struct bench *bench)
{
    VARIANT all;

    ck_assert_hr(IOpenMSPCall_get_MediaStreams(bench->a, &all), S_OK);
    return count_of(&all);
}

START_TEST(twiml_starts_and_stops)
{
    struct bench bench;
    IOpenMSPMediaStream *stream = NULL;

    open_bench(&bench);
    ck_assert_hr(execute(&bench, L"<Response><Start><Stream url=\"%ls\" name=\"one\" "
                                 L"track=\"both_tracks\"><Parameter name=\"k\" value=\"v\"/>"
                                 L"</Stream></Start></Response>"),
                 S_OK);
    ck_assert_hr(find(bench.a, L"one", &stream), S_OK);
    expect_text(stream->lpVtbl->get_Tracks, stream, L"both");
    consumer_await(&bench.consumer, "\"customParameters\":{\"k\":\"v\"}", 1);
    ck_assert_hr(execute(&bench, L"<Response><Stop><Stream name=\"one\"/></Stop></Response>"),
                 S_OK);
    consumer_await(&bench.consumer, "\"event\":\"stop\"", 1);
    expect_state(stream, L"stopped");
    ck_assert_hr(execute(&bench, L"<Response><Stop><Stream name=\"one\"/></Stop></Response>"),
                 TAPI_E_NOITEMS);
    kit_release(stream);
    ck_assert_hr(execute(&bench, L"<Response><Connect><Stream url=\"%ls\" name=\"talk\"/>"
                                 L"</Connect></Response>"),
                 S_OK);
    ck_assert_hr(execute(&bench, L"<Response><Stop><Stream name=\"talk\"/></Stop></Response>"),
                 TAPI_E_NOTSUPPORTED);
    ck_assert_int_eq(streams_of(&bench), 2);
    close_bench(&bench);
}
END_TEST

START_TEST(twiml_that_is_not_ours_does_nothing)
{
    static const struct {
        const WCHAR *document;
        HRESULT hr;
    } cases[] = {
        {L"", E_INVALIDARG},
        {L"no XML", E_INVALIDARG},
        {L"<Other/>", E_INVALIDARG},
        {L"<Response><Start><Stream name=\"no url\"/></Start></Response>", E_INVALIDARG},
        {L"<Response><Start><Stream url=\"%ls\" track=\"all\"/></Start></Response>", E_INVALIDARG},
        {L"<Response><Start><Stream url=\"%ls\"/></Start><Hangup/></Response>",
         TAPI_E_NOTSUPPORTED},
        {L"<Response><Say>Hello</Say><Start><Stream url=\"%ls\"/></Start></Response>",
         TAPI_E_NOTSUPPORTED},
        {L"<Response><Connect><Stream url=\"%ls\"/></Connect><Start><Stream url=\"%ls\"/></Start>"
         L"</Response>",
         TAPI_E_NOTSUPPORTED},
        {L"<Response><Connect><Stream url=\"%ls\" track=\"both_tracks\"/></Connect></Response>",
         E_INVALIDARG},
    };
    struct bench bench;

    open_bench(&bench);
    ck_assert_hr(IOpenMSPCall_ExecuteTwiML(bench.a, NULL), E_INVALIDARG);
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(execute(&bench, cases[i].document) == cases[i].hr, "document %u",
                      (unsigned)i);
        ck_assert_int_eq(streams_of(&bench), 0);
    }
    ck_assert_hr(execute(&bench, L"<Response/>"), S_OK);
    close_bench(&bench);
}
END_TEST

/* ---- settings and the server ----------------------------------------------------------------- */

static HRESULT configure(struct bench *bench, const WCHAR *account, const WCHAR *token)
{
    BSTR account_text = SysAllocString(account), token_text = SysAllocString(token);
    HRESULT hr = IOpenMSPAddress_ConfigureMediaStreams(bench->media.open, account_text, token_text,
                                                       NULL, VARIANT_FALSE);

    SysFreeString(account_text);
    SysFreeString(token_text);
    return hr;
}

START_TEST(settings_are_given_once_and_sign)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    bool signed_request = false;

    open_bench(&bench);
    ck_assert_hr(configure(&bench, NULL, L"token"), E_INVALIDARG);
    ck_assert_hr(configure(&bench, L"AC1", L"token"), E_INVALIDARG);
    ck_assert_hr(configure(&bench, ACCOUNT, L"token"), S_OK);
    ck_assert_hr(configure(&bench, ACCOUNT, L"token"), TAPI_E_WRONG_STATE);
    stream = created(&bench, NULL, NULL);
    consumer_await(&bench.consumer, "\"accountSid\":\"AC00112233445566778899aabbccddeeff\"", 1);
    AcquireSRWLockShared(&bench.consumer.lock);
    for (const char *p = bench.consumer.request; *p; p++)
        signed_request = signed_request || !_strnicmp(p, "x-twilio-signature: ", 20);
    ReleaseSRWLockShared(&bench.consumer.lock);
    ck_assert(signed_request);
    kit_release(stream);
    close_bench(&bench);

    open_bench(&bench); /* another engine: nothing was kept */
    stream = created(&bench, NULL, NULL);
    ck_assert_hr(configure(&bench, ACCOUNT, L"token"), TAPI_E_WRONG_STATE);
    consumer_await(&bench.consumer, "\"accountSid\":\"AC00000000000000000000000000000000\"", 1);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

/* A server that only notes what it was told. */
static struct fake_rest {
    LONG starts, stops, running;
    enum omsp_status answer;
    char listen[64], account[40], token[64], sids[2][40], secrets[2][40];
    unsigned key_count, limits[MSP_REST_LIMITS];
    bool extensions, created, any;
} fake;

static enum omsp_status fake_start(struct omsp_engine *engine,
                                   const struct msp_rest_settings *settings, void **server,
                                   const char **address)
{
    ck_assert_ptr_nonnull(engine);
    if (fake.answer)
        return fake.answer;
    fake.starts++;
    fake.running++;
    snprintf(fake.listen, sizeof(fake.listen), "%s", settings->listen);
    snprintf(fake.account, sizeof(fake.account), "%s", settings->account_sid);
    snprintf(fake.token, sizeof(fake.token), "%s",
             settings->auth_token ? settings->auth_token : "(none)");
    fake.key_count = settings->key_count;
    for (unsigned i = 0; i < settings->key_count && i < 2; i++) {
        snprintf(fake.sids[i], sizeof(fake.sids[i]), "%s", settings->keys[i].sid);
        snprintf(fake.secrets[i], sizeof(fake.secrets[i]), "%s", settings->keys[i].secret);
    }
    fake.extensions = settings->extensions;
    fake.created = settings->created;
    fake.any = settings->allow_any;
    memcpy(fake.limits, settings->limits, sizeof(fake.limits));
    *server = &fake;
    *address = "127.0.0.1:8080";
    return OMSP_OK;
}

static void fake_stop(void *server)
{
    ck_assert_ptr_eq(server, &fake);
    fake.stops++;
    fake.running--;
}

static const struct msp_rest_hooks fake_hooks = {fake_start, fake_stop};

static HRESULT start_rest(struct bench *bench, const WCHAR *listen, const WCHAR *keys, LONG options,
                          BSTR *url)
{
    BSTR listen_text = SysAllocString(listen), keys_text = SysAllocString(keys);
    HRESULT hr = IOpenMSPAddress_StartRest(bench->media.open, listen_text, keys_text, options, url);

    SysFreeString(listen_text);
    SysFreeString(keys_text);
    return hr;
}

START_TEST(the_rest_server_lives_as_long_as_the_engine)
{
    struct bench bench;
    BSTR url = NULL;

    open_bench(&bench);
    msp_rest_configure(NULL);
    ck_assert_hr(configure(&bench, ACCOUNT, L"the token"), S_OK);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), TAPI_E_NOTSUPPORTED);
    msp_rest_configure(&fake_hooks);
    memset(&fake, 0, sizeof(fake));
    ck_assert_hr(IOpenMSPAddress_StopRest(bench.media.open), S_FALSE);
    ck_assert_hr(start_rest(&bench, NULL, NULL, 0, &url), E_INVALIDARG);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", L"SK1", 0, &url), E_INVALIDARG);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 16, &url), E_INVALIDARG);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, VARIANT_TRUE, &url), E_INVALIDARG);
    fake.answer = OMSP_ADDRINUSE;
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url),
                 HRESULT_FROM_WIN32(WSAEADDRINUSE));
    ck_assert_ptr_null(url);
    fake.answer = OMSP_OK;
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:8080", L"SK1:one,SK2:two:three",
                            OPENMSP_REST_EXTENSIONS | OPENMSP_REST_CREATED, &url),
                 S_OK);
    ck_assert_msg(!wcscmp(url, L"http://127.0.0.1:8080"), "%ls", url);
    SysFreeString(url);
    ck_assert_str_eq(fake.listen, "127.0.0.1:8080");
    ck_assert_str_eq(fake.account, "AC00112233445566778899aabbccddeeff");
    ck_assert_str_eq(fake.token, "the token");
    ck_assert_uint_eq(fake.key_count, 2);
    ck_assert_str_eq(fake.sids[1], "SK2");
    ck_assert_str_eq(fake.secrets[0], "one");
    ck_assert_str_eq(fake.secrets[1], "two:three");
    ck_assert(fake.extensions && fake.created && !fake.any);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), TAPI_E_WRONG_STATE);
    ck_assert_hr(IOpenMSPAddress_StopRest(bench.media.open), S_OK);
    ck_assert_hr(IOpenMSPAddress_StopRest(bench.media.open), S_FALSE);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), S_OK);
    SysFreeString(url);
    ck_assert_int_eq(fake.running, 1);
    close_bench(&bench);
    ck_assert_int_eq(fake.starts, 2);
    ck_assert_int_eq(fake.stops, 2);

    open_bench(&bench);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), TAPI_E_WRONG_STATE);
    ck_assert_hr(IOpenMSPAddress_Close(bench.media.open), S_OK);
    bench.closed = true;
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPAddress_StopRest(bench.media.open), E_UNEXPECTED);
    ck_assert_hr(configure(&bench, ACCOUNT, NULL), E_UNEXPECTED);
    close_bench(&bench);
    msp_rest_configure(NULL);
}
END_TEST

START_TEST(the_rest_server_s_limits_are_those_set_before_it)
{
    struct bench bench;
    IOpenMSPAddress *open;
    LONG count = 7;
    BSTR url;

    open_bench(&bench);
    open = bench.media.open;
    msp_rest_configure(&fake_hooks);
    memset(&fake, 0, sizeof(fake));
    ck_assert_hr(IOpenMSPAddress_get_RestMaxWaiting(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_RestMaxPerAddress(open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPAddress_get_RestMaxWaiting(open, &count), S_OK);
    ck_assert_int_eq(count, 0);
    ck_assert_hr(configure(&bench, ACCOUNT, L"the token"), S_OK);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), S_OK);
    SysFreeString(url);
    ck_assert_uint_eq(fake.limits[MSP_REST_WAITING], 0);
    ck_assert_uint_eq(fake.limits[MSP_REST_PER_ADDRESS], 0);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxWaiting(open, 65536), S_OK);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxWaiting(open, 65537), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxWaiting(open, -1), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxPerAddress(open, 1), S_OK);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxPerAddress(open, 65537), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxPerAddress(open, -1), E_INVALIDARG);
    ck_assert_hr(IOpenMSPAddress_get_RestMaxWaiting(open, &count), S_OK);
    ck_assert_int_eq(count, 65536);
    ck_assert_hr(IOpenMSPAddress_get_RestMaxPerAddress(open, &count), S_OK);
    ck_assert_int_eq(count, 1);
    ck_assert_hr(IOpenMSPAddress_StopRest(open), S_OK);
    ck_assert_hr(start_rest(&bench, L"127.0.0.1:0", NULL, 0, &url), S_OK);
    SysFreeString(url);
    ck_assert_uint_eq(fake.limits[MSP_REST_WAITING], 65536);
    ck_assert_uint_eq(fake.limits[MSP_REST_PER_ADDRESS], 1);
    ck_assert_hr(IOpenMSPAddress_Close(open), S_OK);
    bench.closed = true;
    ck_assert_hr(IOpenMSPAddress_get_RestMaxWaiting(open, &count), E_UNEXPECTED);
    ck_assert_int_eq(count, 0);
    ck_assert_hr(IOpenMSPAddress_put_RestMaxPerAddress(open, 1), E_UNEXPECTED);
    close_bench(&bench);

    open_bench(&bench); /* the limits went with the last address */
    ck_assert_hr(IOpenMSPAddress_get_RestMaxPerAddress(bench.media.open, &count), S_OK);
    ck_assert_int_eq(count, 0);
    close_bench(&bench);
    msp_rest_configure(NULL);
}
END_TEST

/* ---- scripts --------------------------------------------------------------------------------- */

static HRESULT invoke(IDispatch *object, const WCHAR *name, WORD flags, VARIANT *result)
{
    LPOLESTR text = (LPOLESTR)name;
    DISPPARAMS none = {0};
    DISPID id;
    HRESULT hr = IDispatch_GetIDsOfNames(object, &IID_NULL, &text, 1, LOCALE_SYSTEM_DEFAULT, &id);

    if (FAILED(hr))
        return hr;
    VariantInit(result);
    return IDispatch_Invoke(object, id, &IID_NULL, LOCALE_SYSTEM_DEFAULT, flags, &none, result,
                            NULL, NULL);
}

START_TEST(one_dispatch_answers_for_both_interfaces)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    IDispatch *scripts[2];
    VARIANT value;

    open_bench(&bench);
    stream = created(&bench, L"scripted", NULL);
    scripts[0] = kit_query(stream, &IID_IDispatch);
    scripts[1] = (IDispatch *)stream;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        ck_assert_hr(invoke(scripts[i], L"StreamName", DISPATCH_PROPERTYGET, &value), S_OK);
        ck_assert(value.vt == VT_BSTR && !wcscmp(value.bstrVal, L"scripted"));
        VariantClear(&value);
        ck_assert_hr(invoke(scripts[i], L"FramesSent", DISPATCH_PROPERTYGET, &value), S_OK);
        ck_assert_int_eq(value.vt, VT_R8);
        ck_assert_hr(invoke(scripts[i], L"StopStream", DISPATCH_METHOD, &value), S_OK);
        ck_assert_hr(invoke(scripts[i], L"State", DISPATCH_PROPERTYGET, &value), S_OK);
        ck_assert(!wcscmp(value.bstrVal, L"stopped"));
        VariantClear(&value);
    }
    kit_release(scripts[0]);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

START_TEST(payloads_are_of_the_format_that_the_call_says)
{
    static const struct {
        const wchar_t *encoding;
        LONG rate;
    } none[] = {{L"audio/x-mulaw", 16000},
                {NULL, 16000},
                {L"audio/x-l16", 44100},
                {L"audio/L16", 8000},
                {L"audio/opus", -1}};
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ITStream *control;
    BSTR text = NULL;
    LONG rate = -1;

    open_bench(&bench);
    for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        text = none[i].encoding ? SysAllocString(none[i].encoding) : NULL;
        ck_assert_hr(IOpenMSPCall_SetMediaFormat(bench.a, text, none[i].rate), E_INVALIDARG);
        SysFreeString(text);
    }
    ck_assert_hr(IOpenMSPCall_SetMediaFormat(bench.a, NULL, 0), S_OK);
    text = SysAllocString(L"audio/x-l16");
    ck_assert_hr(IOpenMSPCall_SetMediaFormat(bench.a, text, 16000), S_OK);
    SysFreeString(text);
    stream = created(&bench, NULL, NULL);
    await_event(&bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    ck_assert_hr(IOpenMSPMediaStream_get_Encoding(stream, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPMediaStream_get_Encoding(stream, &text), S_OK);
    ck_assert(!wcscmp(text, L"audio/x-l16"));
    SysFreeString(text);
    ck_assert_hr(IOpenMSPMediaStream_get_SampleRate(stream, &rate), S_OK);
    ck_assert_int_eq(rate, 16000);
    consumer_await(&bench.consumer,
                   "\"mediaFormat\":{\"encoding\":\"audio/x-l16\",\"sampleRate\":16000,", 1);
    consumer_await(&bench.consumer, "\"event\":\"media\"", 3);
    control = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    await_event(&bench, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

OMSP_SUITE("media_stream", TEST(payloads_are_of_the_format_that_the_call_says),
           TEST(class_tables_are_sound), TEST(a_stream_is_made_carries_audio_and_stops),
           TEST(pause_and_start_are_those_of_itstream),
           TEST(who_was_stopped_starts_again_when_nobody_has_its_name),
           TEST(only_media_streams_have_the_interface), TEST(terminals_are_not_for_media_streams),
           TEST(streams_are_found_by_sid_and_by_name), TEST(without_memory_none_is_made),
           TEST(remove_stream_stops_a_media_stream), TEST(arguments_are_judged_one_by_one),
           TEST(parameters_are_arrays_of_pairs), TEST(what_breaks_it_is_told_by_number),
           TEST(a_connection_that_breaks_is_made_again_when_asked_for),
           TEST(the_end_with_its_call_is_told_also_of_a_stream_that_nobody_holds),
           TEST(null_outs_are_pointer_errors), TEST(after_close_only_the_last_word_is_there),
           TEST(twiml_starts_and_stops), TEST(twiml_that_is_not_ours_does_nothing),
           TEST(settings_are_given_once_and_sign),
           TEST(the_rest_server_lives_as_long_as_the_engine),
           TEST(the_rest_server_s_limits_are_those_set_before_it),
           TEST(one_dispatch_answers_for_both_interfaces))
