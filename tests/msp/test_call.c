/* The call: identity, aggregation, streams, the extension interface, scripts, ITCallInfo. */
#include "msp/kit.h"

#include "msp/call.h"

static const IID *const standalone_iids[] = {
    &IID_IUnknown,     &IID_IDispatch,  &IID_ITStreamControl,
    &IID_IOpenMSPCall, &IID_ITCallInfo, &IID_IObjectSafety,
};
/* Without ITCallInfo, which is the outer's. */
static const IID *const aggregated_iids[] = {
    &IID_IUnknown, &IID_IDispatch, &IID_ITStreamControl, &IID_IOpenMSPCall, &IID_IObjectSafety,
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct bench {
    HANDLE event;
    ITMSPAddress *address;
    IUnknown *call;
    IOpenMSPCall *open;
    ITStreamControl *control;
};

static void open_bench_for(struct bench *bench, DWORD media)
{
    kit_begin();
    bench->event = kit_event();
    bench->address = kit_live(bench->event);
    bench->call = kit_standalone(bench->address, (LONG)media);
    bench->open = kit_query(bench->call, &IID_IOpenMSPCall);
    bench->control = kit_query(bench->call, &IID_ITStreamControl);
}

static void open_bench(struct bench *bench)
{
    open_bench_for(bench, TAPIMEDIATYPE_AUDIO);
}

static void close_bench(struct bench *bench)
{
    kit_release(bench->control);
    kit_release(bench->open);
    ck_assert_uint_eq(kit_release(bench->call), 0);
    ck_assert_uint_eq(kit_release(bench->address), 0);
    CloseHandle(bench->event);
    kit_end();
}

START_TEST(class_tables_are_sound)
{
    const char *problem = com_class_check(&msp_call_class);

    ck_assert_msg(!problem, "%s", problem ? problem : "");
    problem = com_class_check(&msp_call_aggregated_class);
    ck_assert_msg(!problem, "%s", problem ? problem : "");
}
END_TEST

START_TEST(standalone_answers_every_interface_from_every_other)
{
    struct bench bench;

    open_bench(&bench);
    kit_check_identity(bench.call, standalone_iids, COUNT(standalone_iids));
    kit_release(kit_query(bench.call, &IID_IMarshal));
    close_bench(&bench);
}
END_TEST

START_TEST(aggregated_keeps_to_its_outer_and_counts_nothing_on_it)
{
    HANDLE event;
    ITMSPAddress *address;
    struct outer outer;
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *stream;
    IUnknown *inner = NULL;
    void *none = &none;

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    outer_init(&outer);
    ck_assert_hr(
        address->lpVtbl->CreateMSPCall(address, (MSP_HANDLE)&outer, 0, 8, &outer.iface, &inner),
        S_OK);
    outer.inner = inner;
    ck_assert_int_eq(outer.refs, 1);
    kit_check_identity(&outer.iface, aggregated_iids, COUNT(aggregated_iids));
    ck_assert_hr(IUnknown_QueryInterface(inner, &IID_ITCallInfo, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);

    control = kit_query(&outer.iface, &IID_ITStreamControl);
    ck_assert_int_eq(outer.refs, 2);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &stream, NULL), S_OK);
    ck_assert_int_eq(outer.refs, 2); /* streams hold the inner */
    kit_release(control);
    ck_assert_int_eq(outer.refs, 1);

    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, inner), S_OK);
    ck_assert_uint_ne(kit_release(inner), 0); /* the stream keeps it */
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_hr(stream->lpVtbl->StartStream(stream), E_UNEXPECTED);
    kit_release(streams);
    ck_assert_uint_eq(kit_release(stream), 0);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

START_TEST(default_streams_come_in_the_documented_order)
{
    static const struct {
        LONG media;
        TERMINAL_DIRECTION direction;
    } expected[] = {{8, TD_CAPTURE}, {8, TD_RENDER}, {0x8000, TD_CAPTURE}, {0x8000, TD_RENDER}};
    struct bench bench;
    IEnumStream *streams;
    ITCollection *collection;
    ITStream *stream, *again;
    VARIANT variant, item;
    LONG count = 0;
    ULONG fetched = 9;

    open_bench_for(&bench, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    ck_assert_hr(bench.control->lpVtbl->EnumerateStreams(bench.control, &streams), S_OK);
    ck_assert_hr(bench.control->lpVtbl->get_Streams(bench.control, &variant), S_OK);
    collection = kit_query(V_DISPATCH(&variant), &IID_ITCollection);
    ck_assert_hr(collection->lpVtbl->get_Count(collection, &count), S_OK);
    ck_assert_int_eq(count, 4);
    for (LONG i = 0; i < 4; i++) {
        LONG media = 0;
        TERMINAL_DIRECTION direction = TD_NONE;

        ck_assert_hr(streams->lpVtbl->Next(streams, 1, &stream, NULL), S_OK);
        ck_assert_hr(stream->lpVtbl->get_MediaType(stream, &media), S_OK);
        ck_assert_hr(stream->lpVtbl->get_Direction(stream, &direction), S_OK);
        ck_assert_int_eq(media, expected[i].media);
        ck_assert_int_eq(direction, expected[i].direction);
        ck_assert_hr(collection->lpVtbl->get_Item(collection, i + 1, &item), S_OK);
        again = kit_query(V_DISPATCH(&item), &IID_ITStream);
        ck_assert_ptr_eq(again, stream); /* one object for one stream */
        kit_release(again);
        VariantClear(&item);
        kit_release(stream);
    }
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &stream, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 0);
    kit_release(collection);
    VariantClear(&variant);
    kit_release(streams);
    close_bench(&bench);
}
END_TEST

START_TEST(streams_are_fixed_and_arguments_come_first)
{
    struct bench bench, other;
    ITStream *stream = (void *)&stream, *foreign;
    IEnumStream *streams;

    open_bench(&bench);
    other = bench;
    other.call = kit_standalone(bench.address, 8);
    other.control = kit_query(other.call, &IID_ITStreamControl);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 8, TD_RENDER, NULL), E_POINTER);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 0x8008, TD_RENDER, &stream),
                 TAPI_E_INVALIDMEDIATYPE);
    ck_assert_ptr_null(stream);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 0x8000, TD_RENDER, &stream),
                 TAPI_E_INVALIDMEDIATYPE);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 8, TD_NONE, &stream),
                 TAPI_E_INVALIDDIRECTION);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 8, TD_RENDER, &stream),
                 TAPI_E_MAXSTREAMS);

    ck_assert_hr(bench.control->lpVtbl->RemoveStream(bench.control, NULL), E_INVALIDARG);
    ck_assert_hr(bench.control->lpVtbl->RemoveStream(bench.control, (ITStream *)bench.control),
                 E_INVALIDARG);
    ck_assert_hr(bench.control->lpVtbl->EnumerateStreams(bench.control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &stream, NULL), S_OK);
    kit_release(streams);
    ck_assert_hr(other.control->lpVtbl->EnumerateStreams(other.control, &streams), S_OK);
    ck_assert_hr(streams->lpVtbl->Next(streams, 1, &foreign, NULL), S_OK);
    kit_release(streams);
    ck_assert_hr(bench.control->lpVtbl->RemoveStream(bench.control, foreign), E_INVALIDARG);
    ck_assert_hr(bench.control->lpVtbl->RemoveStream(bench.control, stream), TAPI_E_NOTSUPPORTED);
    kit_release(foreign);
    kit_release(stream);
    kit_release(other.control);
    kit_release(other.call);
    close_bench(&bench);
}
END_TEST

START_TEST(null_outs_are_pointer_errors)
{
    struct bench bench;
    ITCallInfo *info;

    open_bench(&bench);
    info = kit_query(bench.call, &IID_ITCallInfo);
    ck_assert_hr(bench.control->lpVtbl->EnumerateStreams(bench.control, NULL), E_POINTER);
    ck_assert_hr(bench.control->lpVtbl->get_Streams(bench.control, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_Sid(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_State(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_MediaTypes(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_LocalAddress(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_Codecs(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_PacketTime(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_MediaTimeout(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_Statistics(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_MSPAddress(bench.open, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CallState(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CallInfoString(info, CIS_COMMENT, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CallInfoLong(info, CIL_CALLID, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Address(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CallHub(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Privilege(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CallInfoBuffer(info, 0, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->GetCallInfoBuffer(info, 0, NULL, NULL), E_POINTER);
    kit_release(info);
    close_bench(&bench);
}
END_TEST

static HRESULT with_text(HRESULT(STDMETHODCALLTYPE *method)(IOpenMSPCall *, BSTR),
                         IOpenMSPCall *open, const WCHAR *text)
{
    BSTR argument = SysAllocString(text);
    HRESULT hr = method(open, argument);

    SysFreeString(argument);
    return hr;
}

static void expect_text(HRESULT(STDMETHODCALLTYPE *method)(IOpenMSPCall *, BSTR *),
                        IOpenMSPCall *open, const WCHAR *expected)
{
    BSTR text = NULL;

    ck_assert_hr(method(open, &text), S_OK);
    ck_assert_msg(!wcscmp(text, expected), "%ls, not %ls", text, expected);
    SysFreeString(text);
}

START_TEST(settings_are_checked_and_remembered)
{
    static const struct {
        const WCHAR *text;
        HRESULT hr;
    } codecs[] = {
        {NULL, E_INVALIDARG},
        {L"", E_INVALIDARG},
        {L",", E_INVALIDARG},
        {L"PCMU,", E_INVALIDARG},
        {L"PCMU,,PCMA", E_INVALIDARG},
        {L"PCMU,pcmu", E_INVALIDARG},
        {L"G729", TAPI_E_RESOURCEUNAVAIL},
        {L"PCM", TAPI_E_RESOURCEUNAVAIL},
        {L"PCMU PCMA", TAPI_E_RESOURCEUNAVAIL},
    };
    struct bench bench;
    IOpenMSPCallVtbl *methods;
    LONG value = 0;

    open_bench(&bench);
    methods = bench.open->lpVtbl;
    expect_text(methods->get_Codecs, bench.open, L"PCMU,PCMA");
    for (size_t i = 0; i < COUNT(codecs); i++)
        ck_assert_hr(with_text(methods->put_Codecs, bench.open, codecs[i].text), codecs[i].hr);
    expect_text(methods->get_Codecs, bench.open, L"PCMU,PCMA");
    ck_assert_hr(with_text(methods->put_Codecs, bench.open, L" pcma ,\tPCMU "), S_OK);
    expect_text(methods->get_Codecs, bench.open, L"PCMA,PCMU");

    ck_assert_hr(IOpenMSPCall_put_PacketTime(bench.open, -20), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_PacketTime(bench.open, 15), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_get_PacketTime(bench.open, &value), S_OK);
    ck_assert_int_eq(value, 20);
    ck_assert_hr(IOpenMSPCall_put_PacketTime(bench.open, 60), S_OK);
    ck_assert_hr(IOpenMSPCall_get_PacketTime(bench.open, &value), S_OK);
    ck_assert_int_eq(value, 60);
    ck_assert_hr(IOpenMSPCall_put_MediaTimeout(bench.open, -1), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_get_MediaTimeout(bench.open, &value), S_OK);
    ck_assert_int_eq(value, 5000);
    ck_assert_hr(IOpenMSPCall_put_MediaTimeout(bench.open, 0), S_OK);
    ck_assert_hr(IOpenMSPCall_get_MediaTimeout(bench.open, &value), S_OK);
    ck_assert_int_eq(value, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(a_call_is_secret_when_it_is_asked_to_be)
{
#define HEAD L"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    static const WCHAR plain[] = HEAD L"m=audio 30994 RTP/AVP 0\r\n";
    static const WCHAR secret[] =
        HEAD L"m=audio 30994 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
             L"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    struct bench bench;
    const IOpenMSPCallVtbl *methods;
    IOpenMSPStatistics *statistics;
    double value = -1;

    open_bench(&bench);
    methods = bench.open->lpVtbl;
    expect_text(methods->get_Srtp, bench.open, L"allowed");
    expect_text(methods->get_SrtpSuite, bench.open, L"");
    ck_assert_hr(with_text(methods->put_Srtp, bench.open, L"perhaps"), E_INVALIDARG);
    ck_assert_hr(with_text(methods->put_Srtp, bench.open, L""), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_Srtp(bench.open, NULL), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_get_Srtp(bench.open, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPCall_get_SrtpSuite(bench.open, NULL), E_POINTER);
    ck_assert_hr(with_text(methods->put_Srtp, bench.open, L"Required"), S_OK);
    expect_text(methods->get_Srtp, bench.open, L"required");
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, plain),
                 TAPI_E_INVALIDMEDIATYPE);
    ck_assert_hr(with_text(methods->put_Srtp, bench.open, L"off"), S_OK);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, secret),
                 TAPI_E_INVALIDMEDIATYPE);
    ck_assert_hr(with_text(methods->put_Srtp, bench.open, L"allowed"), S_OK);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, secret), S_OK);
    expect_text(methods->get_SrtpSuite, bench.open, L"AES_CM_128_HMAC_SHA1_80");
    ck_assert_hr(IOpenMSPCall_get_Statistics(bench.open, &statistics), S_OK);
    ck_assert_hr(IOpenMSPStatistics_get_PacketsForged(statistics, &value), S_OK);
    ck_assert(value == 0);
    ck_assert_hr(IOpenMSPStatistics_get_PacketsReplayed(statistics, &value), S_OK);
    ck_assert(value == 0);
    ck_assert_uint_eq(kit_release(statistics), 0);
    close_bench(&bench);
#undef HEAD
}
END_TEST

START_TEST(listen_says_why_it_cannot)
{
    struct bench bench;
    IOpenMSPCall *second;
    IUnknown *call;
    IOpenMSPCallVtbl *methods;
    BSTR local = NULL;

    open_bench(&bench);
    methods = bench.open->lpVtbl;
    expect_text(methods->get_LocalAddress, bench.open, L"");
    ck_assert_hr(with_text(methods->Listen, bench.open, NULL), E_INVALIDARG);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"nonsense"), E_INVALIDARG);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"127.0.0.1:99999"), E_INVALIDARG);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"\xd800"), E_INVALIDARG);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"127.0.0.1"), S_OK);
    ck_assert_hr(IOpenMSPCall_get_LocalAddress(bench.open, &local), S_OK);
    ck_assert_msg(!wcsncmp(local, L"127.0.0.1:", 10) && wcslen(local) > 10, "%ls", local);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"127.0.0.1"), TAPI_E_WRONG_STATE);

    call = kit_standalone(bench.address, 8);
    second = kit_query(call, &IID_IOpenMSPCall);
    ck_assert_hr(second->lpVtbl->Listen(second, local), HRESULT_FROM_WIN32(WSAEADDRINUSE));
    ck_assert_hr(IOpenMSPCall_Close(bench.open), S_OK);
    ck_assert_hr(second->lpVtbl->Listen(second, local), S_OK);
    kit_release(second);
    kit_release(call);
    SysFreeString(local);
    {
        IOpenMSPAddress *address;

        ck_assert_hr(IOpenMSPCall_get_MSPAddress(bench.open, &address), S_OK);
        kit_release(address);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(descriptions_connect_and_bad_ones_change_nothing)
{
    static const WCHAR good[] =
        L"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        L"m=audio 30996 RTP/AVP 0\r\n";
    static const WCHAR no_codec[] =
        L"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        L"m=audio 30996 RTP/AVP 18\r\n";
    struct bench bench;
    IOpenMSPCallVtbl *methods;
    IOpenMSPStatistics *statistics;
    BSTR text = NULL;
    LONG value;
    double number = 1;

    open_bench(&bench);
    methods = bench.open->lpVtbl;
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.open, &text), S_OK);
    ck_assert(!wcsncmp(text, L"v=0\r\n", 5));
    SysFreeString(text);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, NULL), E_INVALIDARG);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, L"hello"), E_INVALIDARG);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, no_codec),
                 TAPI_E_RESOURCEUNAVAIL);
    ck_assert_hr(IOpenMSPCall_get_State(bench.open, &value), S_OK);
    ck_assert_int_eq(value, CS_IDLE);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, good), S_OK);
    ck_assert_hr(IOpenMSPCall_get_State(bench.open, &value), S_OK);
    ck_assert_int_eq(value, CS_CONNECTED);
    ck_assert_hr(IOpenMSPCall_get_Statistics(bench.open, &statistics), S_OK);
    ck_assert_hr(IOpenMSPStatistics_get_Codec(statistics, &text), S_OK);
    ck_assert(!wcscmp(text, L"PCMU"));
    SysFreeString(text);
    ck_assert_hr(IOpenMSPStatistics_get_PayloadType(statistics, &value), S_OK);
    ck_assert_int_eq(value, 0);
    ck_assert_hr(IOpenMSPStatistics_get_PacketsLost(statistics, &number), S_OK);
    ck_assert(number == 0);
    ck_assert_hr(IOpenMSPStatistics_get_PacketsLost(statistics, NULL), E_POINTER);
    ck_assert_hr(IOpenMSPStatistics_get_Codec(statistics, NULL), E_POINTER);
    ck_assert_uint_eq(kit_release(statistics), 0);
    ck_assert_hr(IOpenMSPCall_Disconnect(bench.open), S_OK);
    ck_assert_hr(IOpenMSPCall_get_State(bench.open, &value), S_OK);
    ck_assert_int_eq(value, CS_DISCONNECTED);
    close_bench(&bench);
}
END_TEST

START_TEST(peers_are_checked)
{
    static const struct {
        const WCHAR *text;
        LONG type;
        HRESULT hr;
    } cases[] = {
        {NULL, 0, E_INVALIDARG},
        {L"127.0.0.1", 0, E_INVALIDARG}, /* no port */
        {L"127.0.0.1:30994", -1, E_INVALIDARG},
        {L"127.0.0.1:30994", 256, E_INVALIDARG},
        {L"127.0.0.1:30994", 18, TAPI_E_RESOURCEUNAVAIL},
        {L"[::1]:30994", 8, E_INVALIDARG}, /* from 127.0.0.1 nothing would get there, */
        {L"127.0.0.1:30994", 8, S_OK},
        {L"[::1]:30994", 8, E_INVALIDARG}, /* bound or not */
        {L"[::]:9", 8, S_OK},              /* to whoever sends first */
    };
    struct bench bench;

    open_bench(&bench);
    for (size_t i = 0; i < COUNT(cases); i++) {
        BSTR text = SysAllocString(cases[i].text);

        ck_assert_hr(IOpenMSPCall_SetPeer(bench.open, text, cases[i].type), cases[i].hr);
        SysFreeString(text);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(text_with_a_nul_inside_is_refused_whole)
{
    static const WCHAR description[] = L"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                       L"c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                                       L"m=audio 30994 RTP/AVP 0\r\n\0m=audio 0 RTP/AVP 0\r\n";
#define WITH_LENGTH(text) SysAllocStringLen(text, sizeof(text) / sizeof(WCHAR) - 1)
    struct bench bench;
    BSTR address, codecs, word, sdp, empty;

    open_bench(&bench);
    ck_assert_ptr_nonnull(address = WITH_LENGTH(L"127.0.0.1:30994\0.example"));
    ck_assert_ptr_nonnull(codecs = WITH_LENGTH(L"PCMA\0,PCMU"));
    ck_assert_ptr_nonnull(word = WITH_LENGTH(L"off\0required"));
    ck_assert_ptr_nonnull(sdp = WITH_LENGTH(description));
    ck_assert_ptr_nonnull(empty = WITH_LENGTH(L"\0"));
    ck_assert_hr(IOpenMSPCall_Listen(bench.open, address), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_SetPeer(bench.open, address, 0), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_Codecs(bench.open, codecs), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_Srtp(bench.open, word), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_RemoteDescription(bench.open, sdp), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_put_RemoteDescription(bench.open, empty), E_INVALIDARG);
    expect_text(bench.open->lpVtbl->get_LocalAddress, bench.open, L"");
    expect_text(bench.open->lpVtbl->get_Codecs, bench.open, L"PCMU,PCMA");
    expect_text(bench.open->lpVtbl->get_Srtp, bench.open, L"allowed");
    SysFreeString(address);
    SysFreeString(codecs);
    SysFreeString(word);
    SysFreeString(sdp);
    SysFreeString(empty);
#undef WITH_LENGTH
    close_bench(&bench);
}
END_TEST

START_TEST(closed_calls_keep_name_and_state_only)
{
    struct bench bench;
    IOpenMSPCallVtbl *methods;
    IOpenMSPStatistics *statistics = NULL;
    IEnumStream *streams = (void *)&streams;
    ITStream *stream = (void *)&stream;
    VARIANT variant;
    BSTR text = (BSTR)&text;
    LONG value = 7;

    open_bench(&bench);
    methods = bench.open->lpVtbl;
    ck_assert_hr(IOpenMSPCall_Close(bench.open), S_OK);
    ck_assert_hr(IOpenMSPCall_Close(bench.open), S_OK);
    ck_assert_hr(bench.address->lpVtbl->ShutdownMSPCall(bench.address, bench.call), E_INVALIDARG);
    ck_assert_hr(bench.control->lpVtbl->EnumerateStreams(bench.control, &streams), E_UNEXPECTED);
    ck_assert_ptr_null(streams);
    ck_assert_hr(bench.control->lpVtbl->get_Streams(bench.control, &variant), E_UNEXPECTED);
    ck_assert_int_eq(V_VT(&variant), VT_EMPTY);
    ck_assert_hr(bench.control->lpVtbl->CreateStream(bench.control, 8, TD_RENDER, &stream),
                 E_UNEXPECTED);
    ck_assert_hr(with_text(methods->Listen, bench.open, L"127.0.0.1"), E_UNEXPECTED);
    ck_assert_hr(with_text(methods->put_Codecs, bench.open, L"PCMU"), E_UNEXPECTED);
    ck_assert_hr(with_text(methods->put_RemoteDescription, bench.open, L"v=0"), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_get_LocalAddress(bench.open, &text), E_UNEXPECTED);
    ck_assert_ptr_null(text);
    ck_assert_hr(IOpenMSPCall_get_Codecs(bench.open, &text), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.open, &text), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_get_PacketTime(bench.open, &value), E_UNEXPECTED);
    ck_assert_int_eq(value, 0);
    ck_assert_hr(IOpenMSPCall_Connect(bench.open), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_Disconnect(bench.open), E_UNEXPECTED);
    ck_assert_hr(IOpenMSPCall_get_Sid(bench.open, &text), S_OK);
    ck_assert_uint_eq(SysStringLen(text), 34);
    SysFreeString(text);
    ck_assert_hr(IOpenMSPCall_get_State(bench.open, &value), S_OK);
    ck_assert_hr(IOpenMSPCall_get_MediaTypes(bench.open, &value), S_OK);
    ck_assert_int_eq(value, 8);
    ck_assert_hr(IOpenMSPCall_get_Statistics(bench.open, &statistics), S_OK);
    kit_release(statistics);
    close_bench(&bench);
}
END_TEST

START_TEST(call_info_knows_media_facts_and_the_sid)
{
    struct bench bench;
    ITCallInfo *info;
    CALL_STATE state = CS_QUEUED;
    CALL_PRIVILEGE privilege = CP_MONITOR;
    LONG value = 0;
    BSTR sid, comment;

    open_bench(&bench);
    info = kit_query(bench.call, &IID_ITCallInfo);
    ck_assert_hr(info->lpVtbl->get_CallState(info, &state), S_OK);
    ck_assert_int_eq(state, CS_IDLE);
    ck_assert_hr(info->lpVtbl->get_Privilege(info, &privilege), S_OK);
    ck_assert_int_eq(privilege, CP_OWNER);
    ck_assert_hr(info->lpVtbl->get_CallInfoLong(info, CIL_MEDIATYPESAVAILABLE, &value), S_OK);
    ck_assert_int_eq(value, 8);
    ck_assert_hr(info->lpVtbl->get_CallInfoLong(info, CIL_TRUNK, &value), E_NOTIMPL);
    ck_assert_hr(info->lpVtbl->get_CallInfoLong(info, (CALLINFO_LONG)999, &value), E_INVALIDARG);
    ck_assert_hr(IOpenMSPCall_get_Sid(bench.open, &sid), S_OK);
    ck_assert_hr(info->lpVtbl->get_CallInfoString(info, CIS_COMMENT, &comment), S_OK);
    ck_assert(!wcscmp(sid, comment) && !wcsncmp(sid, L"CA", 2));
    SysFreeString(sid);
    SysFreeString(comment);
    ck_assert_hr(info->lpVtbl->get_CallInfoString(info, CIS_CALLERIDNAME, &comment), E_NOTIMPL);
    ck_assert_ptr_null(comment);
    ck_assert_hr(info->lpVtbl->get_CallInfoString(info, (CALLINFO_STRING)-1, &comment),
                 E_INVALIDARG);
    kit_release(info);
    close_bench(&bench);
}
END_TEST

/* ---- scripts --------------------------------------------------------------------------------- */

static DISPID id_of(IDispatch *dispatch, const WCHAR *name)
{
    LPOLESTR names[] = {(LPOLESTR)name};
    DISPID id = DISPID_UNKNOWN;

    if (FAILED(IDispatch_GetIDsOfNames(dispatch, &IID_NULL, names, 1, LOCALE_NEUTRAL, &id)))
        return DISPID_UNKNOWN;
    return id;
}

static HRESULT call_name(IDispatch *dispatch, const WCHAR *name, WORD flags, VARIANT *args,
                         UINT count, VARIANT *result, EXCEPINFO *exception)
{
    DISPID put = DISPID_PROPERTYPUT;
    DISPPARAMS params = {args, flags == DISPATCH_PROPERTYPUT ? &put : NULL, count,
                         flags == DISPATCH_PROPERTYPUT};

    return IDispatch_Invoke(dispatch, id_of(dispatch, name), &IID_NULL, LOCALE_NEUTRAL, flags,
                            &params, result, exception, NULL);
}

START_TEST(one_dispatch_answers_for_all_interfaces)
{
    static const struct {
        const WCHAR *name;
        DISPID id;
    } names[] = {
        {L"Streams", 0x40004},
        {L"createstream", 0x40001},
        {L"CallState", 0x10002},
        {L"Listen", 0xf10004},
        {L"SID", 0xf10001},
        {L"Statistics", 0xf1000e},
        {L"Address", 0x10001},
        {L"MSPAddress", 0xf1000f},
        {L"NoSuchThing", DISPID_UNKNOWN},
        {L"Privilege", 0x10003},
        {L"CallHub", 0x10004},
        {L"CallInfoLong", 0x10005},
        {L"CallInfoString", 0x10006},
        {L"CallInfoBuffer", 0x10007},
        {L"GetCallInfoBuffer", 0x10008},
        {L"SetCallInfoBuffer", 0x10009},
        {L"ReleaseUserUserInfo", 0x1000a},
    };
    struct bench bench;
    IDispatch *faces[4];
    VARIANT result, args[2];
    EXCEPINFO exception;

    open_bench(&bench);
    faces[0] = kit_query(bench.call, &IID_IDispatch);
    faces[1] = kit_query(bench.call, &IID_IOpenMSPCall);
    faces[2] = kit_query(bench.call, &IID_ITStreamControl);
    faces[3] = kit_query(bench.call, &IID_ITCallInfo);
    for (size_t f = 0; f < 4; f++) {
        for (size_t i = 0; i < COUNT(names); i++)
            ck_assert_int_eq(id_of(faces[f], names[i].name), names[i].id);
        ck_assert_hr(call_name(faces[f], L"Streams", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL),
                     S_OK);
        ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
        VariantClear(&result);
        ck_assert_hr(
            call_name(faces[f], L"CallState", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL), S_OK);
        ck_assert_int_eq(V_VT(&result), VT_I4);
        ck_assert_int_eq(V_I4(&result), CS_IDLE);
        V_VT(&args[0]) = VT_I2;
        V_I2(&args[0]) = 40;
        ck_assert_hr(call_name(faces[f], L"PacketTime", DISPATCH_PROPERTYPUT, args, 1, NULL, NULL),
                     S_OK);
        memset(&exception, 0, sizeof(exception));
        V_I2(&args[0]) = 41;
        ck_assert_hr(
            call_name(faces[f], L"PacketTime", DISPATCH_PROPERTYPUT, args, 1, NULL, &exception),
            DISP_E_EXCEPTION);
        ck_assert_hr(exception.scode, E_INVALIDARG);
        SysFreeString(exception.bstrSource);
        SysFreeString(exception.bstrDescription);
        SysFreeString(exception.bstrHelpFile);
        kit_release(faces[f]);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(address_dispatch_makes_calls_and_lists_them)
{
    ITMSPAddress *address;
    IDispatch *dispatch;
    VARIANT result, arg, call, number;

    kit_begin();
    address = kit_address();
    dispatch = kit_query(address, &IID_IDispatch);
    ck_assert_int_eq(id_of(dispatch, L"CreateTerminal"), 0x60005);
    ck_assert_int_eq(id_of(dispatch, L"PluggableTerminalClasses"), 0x60009);
    ck_assert_int_eq(id_of(dispatch, L"CreateCall"), 0xf00003);
    ck_assert_hr(call_name(dispatch, L"Version", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL),
                 S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    VariantClear(&result);
    ck_assert_hr(call_name(dispatch, L"Open", DISPATCH_METHOD, NULL, 0, NULL, NULL), S_OK);
    V_VT(&arg) = VT_I4;
    V_I4(&arg) = 8;
    ck_assert_hr(call_name(dispatch, L"CreateCall", DISPATCH_METHOD, &arg, 1, &call, NULL), S_OK);
    ck_assert_int_eq(V_VT(&call), VT_DISPATCH);
    ck_assert_int_eq(id_of(V_DISPATCH(&call), L"Streams"), 0x40004);
    ck_assert_hr(call_name(dispatch, L"Calls", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL), S_OK);
    ck_assert_hr(
        call_name(V_DISPATCH(&result), L"Count", DISPATCH_PROPERTYGET, NULL, 0, &number, NULL),
        S_OK);
    ck_assert_int_eq(V_I4(&number), 1);
    VariantClear(&result);
    ck_assert_hr(
        call_name(V_DISPATCH(&call), L"Statistics", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL),
        S_OK);
    ck_assert_hr(call_name(V_DISPATCH(&result), L"PacketsReceived", DISPATCH_PROPERTYGET, NULL, 0,
                           &number, NULL),
                 S_OK);
    ck_assert_int_eq(V_VT(&number), VT_R8);
    ck_assert(V_R8(&number) == 0);
    VariantClear(&result);
    ck_assert_hr(call_name(V_DISPATCH(&call), L"Close", DISPATCH_METHOD, NULL, 0, NULL, NULL),
                 S_OK);
    ck_assert_hr(call_name(dispatch, L"Calls", DISPATCH_PROPERTYGET, NULL, 0, &result, NULL), S_OK);
    ck_assert_hr(
        call_name(V_DISPATCH(&result), L"Count", DISPATCH_PROPERTYGET, NULL, 0, &number, NULL),
        S_OK);
    ck_assert_int_eq(V_I4(&number), 0);
    VariantClear(&result);
    VariantClear(&call);
    ck_assert_hr(
        call_name(dispatch, L"EventsWaiting", DISPATCH_PROPERTYGET, NULL, 0, &number, NULL), S_OK);
    ck_assert_int_eq(V_VT(&number), VT_R8);
    ck_assert_hr(call_name(dispatch, L"Close", DISPATCH_METHOD, NULL, 0, NULL, NULL), S_OK);
    kit_release(dispatch);
    ck_assert_uint_eq(kit_release(address), 0);
    kit_end();
}
END_TEST

START_TEST(a_thousand_calls_leave_nothing)
{
    HANDLE event;
    ITMSPAddress *address;
    IUnknown *calls[100];

    kit_begin();
    event = kit_event();
    address = kit_live(event);
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < COUNT(calls); i++)
            calls[i] = kit_standalone(address, 0x8008);
        for (size_t i = 0; i < COUNT(calls); i++) {
            if ((i + (size_t)round) % 2)
                ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, calls[i]), S_OK);
            ck_assert_uint_eq(kit_release(calls[i]), 0);
        }
    }
    ck_assert_uint_eq(msp_engine_holds(), 1);
    ck_assert_uint_eq(kit_release(address), 0);
    CloseHandle(event);
    kit_end();
}
END_TEST

OMSP_SUITE("call", TEST(class_tables_are_sound),
           TEST(standalone_answers_every_interface_from_every_other),
           TEST(aggregated_keeps_to_its_outer_and_counts_nothing_on_it),
           TEST(default_streams_come_in_the_documented_order),
           TEST(streams_are_fixed_and_arguments_come_first), TEST(null_outs_are_pointer_errors),
           TEST(settings_are_checked_and_remembered), TEST(a_call_is_secret_when_it_is_asked_to_be),
           TEST(listen_says_why_it_cannot), TEST(descriptions_connect_and_bad_ones_change_nothing),
           TEST(peers_are_checked), TEST(text_with_a_nul_inside_is_refused_whole),
           TEST(closed_calls_keep_name_and_state_only),
           TEST(call_info_knows_media_facts_and_the_sid),
           TEST(one_dispatch_answers_for_all_interfaces),
           TEST(address_dispatch_makes_calls_and_lists_them), TEST(a_thousand_calls_leave_nothing))
