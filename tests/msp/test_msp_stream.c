/* ITStream over the real engine: properties, the (state x method) matrix, automation. */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/call.h"
#include "msp/classes.h"

START_TEST(the_class_is_well_formed)
{
    const char *wrong = com_class_check(&msp_stream_class);

    ck_assert_msg(!wrong, "%s", wrong);
    wrong = com_class_check(&msp_render_stream_class);
    ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(default_streams_are_capture_then_render_audio_then_video)
{
    static const struct {
        LONG media;
        TERMINAL_DIRECTION direction;
    } expected[] = {{TAPIMEDIATYPE_AUDIO, TD_CAPTURE},
                    {TAPIMEDIATYPE_AUDIO, TD_RENDER},
                    {TAPIMEDIATYPE_VIDEO, TD_CAPTURE},
                    {TAPIMEDIATYPE_VIDEO, TD_RENDER}};
    struct media media;
    IOpenMSPCall *call;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    for (ULONG i = 0; i < 4; i++) {
        ITStream *stream = media_stream(call, i);
        TERMINAL_DIRECTION direction;
        BSTR name = NULL;
        LONG type;

        ck_assert_hr(ITStream_get_MediaType(stream, &type), S_OK);
        ck_assert_hr(ITStream_get_Direction(stream, &direction), S_OK);
        ck_assert_hr(ITStream_get_Name(stream, &name), S_OK);
        ck_assert_int_eq(type, expected[i].media);
        ck_assert_int_eq(direction, expected[i].direction);
        ck_assert_uint_gt(SysStringLen(name), 0);
        SysFreeString(name);
        kit_release(stream);
    }
    kit_release(call);
    media_end(&media);
}
END_TEST

START_TEST(identity_is_stable_and_every_interface_reaches_every_other)
{
    static const IID *const iids[] = {&IID_ITStream, &IID_IDispatch, &IID_IObjectSafety,
                                      &IID_IMarshal};
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream, *again;
    void *none = &media;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    again = media_stream(call, CAPTURE);
    ck_assert_ptr_eq(stream, again);
    kit_release(again);
    kit_check_identity((IUnknown *)stream, iids, 3); /* IMarshal's object is the marshaler's */
    again = kit_query(stream, iids[3]);
    kit_release(again);
    ck_assert_hr(ITStream_QueryInterface(stream, &IID_ITSubStreamControl, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    kit_release(stream);
    kit_release(call);
    media_end(&media);
}
END_TEST

START_TEST(null_pointers_are_told)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    ck_assert_hr(ITStream_get_MediaType(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_get_Direction(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_get_Name(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_EnumerateTerminals(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_get_Terminals(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_SelectTerminal(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_UnselectTerminal(stream, NULL), E_POINTER);
    kit_release(stream);
    kit_release(call);
    media_end(&media);
}
END_TEST

/* ---- the matrix of mspi.md 3.8-3.10 ---------------------------------------------------------- */

enum method { START, PAUSE, STOP };
enum actual { STOPPED, PAUSED, RUNNING };

static HRESULT invoke(ITStream *stream, enum method method)
{
    return method == START   ? ITStream_StartStream(stream)
           : method == PAUSE ? ITStream_PauseStream(stream)
                             : ITStream_StopStream(stream);
}

static enum actual actual_of(bool terminal, bool ready, enum method desired)
{
    if (!terminal || !ready)
        return STOPPED;
    return desired == START ? RUNNING : desired == PAUSE ? PAUSED : STOPPED;
}

static void drain(struct media *media)
{
    MSP_EVENT_INFO info = {0};

    while (media_event(media, &info)) {
        ck_assert_int_eq(info.Event, ME_CALL_EVENT);
        kit_release(info.MSP_CALL_EVENT_INFO.pStream);
        if (info.MSP_CALL_EVENT_INFO.pTerminal)
            kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
    }
}

static void try_one(struct media *media, unsigned index, bool terminal, bool ready,
                    enum method before, enum method method)
{
    IOpenMSPCall *call = media_call(media, TAPIMEDIATYPE_AUDIO);
    ITStream *stream = media_stream(call, index);
    ITTerminal *parent, *track;
    enum actual from = actual_of(terminal, ready, before);
    enum actual to = actual_of(terminal, ready, method);

    parent = index == CAPTURE ? media_playing(media, L"matrix.wav", 80, &track)
                              : media_recording(media, L"matrix-out.wav", &track);
    if (terminal)
        ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    if (ready)
        media_connect(call);
    ck_assert_hr(invoke(stream, before), S_OK);
    drain(media);
    ck_assert_int_eq(media_state(track), from == STOPPED ? TS_NOTINUSE : TS_INUSE);

    ck_assert_hr(invoke(stream, method), S_OK);
    if (from != RUNNING && to == RUNNING)
        media_expect(media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    if (from == RUNNING && to != RUNNING)
        media_expect(media, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    media_expect_nothing(media);
    ck_assert_int_eq(media_state(track), to == STOPPED ? TS_NOTINUSE : TS_INUSE);

    kit_release(track), kit_release(parent), kit_release(stream);
    ck_assert_hr(IOpenMSPCall_Close(call), S_OK);
    drain(media);
    kit_release(call);
}

START_TEST(every_state_meets_every_method)
{
    struct media media;

    media_begin(&media);
    for (unsigned index = CAPTURE; index <= RENDER; index++)
        for (unsigned facts = 0; facts < 4; facts++)
            for (unsigned before = START; before <= STOP; before++)
                for (unsigned method = START; method <= STOP; method++)
                    try_one(&media, index, facts & 1, facts & 2, (enum method)before,
                            (enum method)method);
    media_end(&media);
    media_delete(L"matrix.wav");
}
END_TEST

/* ---- automatic start: mspi.md 3.7 ------------------------------------------------------------ */

START_TEST(streams_start_by_themselves_as_documented)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"auto.wav", 800, &track);

    /* 1: selected first, starts when connected. */
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_expect_nothing(&media);
    media_connect(call);
    media_expect(&media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    /* The last terminal goes: it ceases; desired is kept. */
    ck_assert_hr(ITStream_UnselectTerminal(stream, track), S_OK);
    media_expect(&media, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    /* 2: selected after, starts at once. */
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_expect(&media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    /* An MFC client: Start after the automatic start must be exactly S_OK, without event. */
    ck_assert_hr(ITStream_StartStream(stream), S_OK);
    media_expect_nothing(&media);
    /* After a stop only StartStream restarts. */
    ck_assert_hr(ITStream_StopStream(stream), S_OK);
    media_expect(&media, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    ck_assert_hr(ITStream_UnselectTerminal(stream, track), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_expect_nothing(&media);
    /* Start without terminal is remembered. */
    ck_assert_hr(ITStream_UnselectTerminal(stream, track), S_OK);
    ck_assert_hr(ITStream_StartStream(stream), S_OK);
    media_expect_nothing(&media);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_expect(&media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    /* 5: disconnect stops it, desired stays. */
    ck_assert_hr(IOpenMSPCall_Disconnect(call), S_OK);
    media_expect(&media, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    media_expect_nothing(&media);
    kit_release(stream), kit_release(call);

    /* 3: stopped before the connect: must not start. */
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    ck_assert_hr(ITStream_StopStream(stream), S_OK);
    media_connect(call);
    media_expect_nothing(&media);
    ck_assert_hr(ITStream_StartStream(stream), S_OK);
    media_expect(&media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);

    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    media_end(&media);
    media_delete(L"auto.wav");
}
END_TEST

START_TEST(start_and_stop_can_be_repeated_without_limit)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"cycles.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    ck_assert_hr(ITStream_StopStream(stream), S_OK);
    media_connect(call);
    for (int i = 0; i < 1000; i++) {
        ck_assert_hr(ITStream_StartStream(stream), S_OK);
        media_expect(&media, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
        ck_assert_hr(ITStream_StopStream(stream), S_OK);
        media_expect(&media, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK);
    }
    media_expect_nothing(&media);
    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    media_end(&media);
    media_delete(L"cycles.wav");
}
END_TEST

/* ---- what the transport does not offer ------------------------------------------------------- */

START_TEST(video_is_not_implemented_and_hardware_offers_what_it_says)
{
    struct omsp_stream_offers offers = {OMSP_OFFERED, OMSP_OFFER_NOTSUPPORTED,
                                        OMSP_OFFER_NOTSUPPORTED};
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    stream = media_stream(call, VIDEO_RENDER);
    ck_assert_hr(ITStream_StartStream(stream), E_NOTIMPL);
    ck_assert_hr(ITStream_PauseStream(stream), E_NOTIMPL);
    ck_assert_hr(ITStream_StopStream(stream), E_NOTIMPL);
    kit_release(stream);
    kit_release(call);

    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    ck_assert_int_eq(
        omsp_call_set_transport(msp_call_engine(CONTAINING_RECORD(call, struct msp_call, open)),
                                OMSP_TRANSPORT_HARDWARE, offers),
        OMSP_OK);
    stream = media_stream(call, RENDER);
    ck_assert_hr(ITStream_StartStream(stream), S_OK);
    ck_assert_hr(ITStream_PauseStream(stream), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITStream_StopStream(stream), TAPI_E_NOTSUPPORTED);
    media_expect_nothing(&media);
    kit_release(stream);
    kit_release(call);
    media_end(&media);
}
END_TEST

START_TEST(a_stream_outlives_its_call_and_says_so)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    IEnumTerminal *all = (IEnumTerminal *)&media;
    TERMINAL_DIRECTION direction;
    VARIANT collection;
    BSTR name;
    LONG type;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"outlive.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    ck_assert_hr(IOpenMSPCall_Close(call), S_OK);
    kit_release(call);

    ck_assert_hr(ITStream_StartStream(stream), E_UNEXPECTED);
    ck_assert_hr(ITStream_PauseStream(stream), E_UNEXPECTED);
    ck_assert_hr(ITStream_StopStream(stream), E_UNEXPECTED);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), E_UNEXPECTED);
    ck_assert_hr(ITStream_UnselectTerminal(stream, track), E_UNEXPECTED);
    ck_assert_hr(ITStream_EnumerateTerminals(stream, &all), E_UNEXPECTED);
    ck_assert_ptr_null(all);
    ck_assert_hr(ITStream_get_Terminals(stream, &collection), E_UNEXPECTED);
    ck_assert_int_eq(collection.vt, VT_EMPTY);
    ck_assert_hr(ITStream_SelectTerminal(stream, NULL), E_POINTER);
    ck_assert_hr(ITStream_get_MediaType(stream, &type), S_OK);
    ck_assert_hr(ITStream_get_Direction(stream, &direction), S_OK);
    ck_assert_hr(ITStream_get_Name(stream, &name), S_OK);
    SysFreeString(name);
    ck_assert_int_eq(media_state(track), TS_NOTINUSE);

    kit_release(track), kit_release(player), kit_release(stream);
    media_end(&media);
    media_delete(L"outlive.wav");
}
END_TEST

/* ---- automation and apartments --------------------------------------------------------------- */

START_TEST(scripts_use_the_true_dispids)
{
    static const struct {
        const WCHAR *name;
        DISPID id;
    } members[] = {{L"MEDIATYPE", 1},      {L"Direction", 2},        {L"name", 3},
                   {L"StartStream", 4},    {L"PauseStream", 5},      {L"stopstream", 6},
                   {L"SelectTerminal", 7}, {L"UnselectTerminal", 8}, {L"EnumerateTerminals", 9},
                   {L"Terminals", 10}};
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    IDispatch *dispatch;
    VARIANT result, argument, reference;
    DISPPARAMS none = {NULL, NULL, 0, 0}, one = {&reference, NULL, 1, 0};

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"script.wav", 800, &track);
    dispatch = kit_query(stream, &IID_IDispatch);
    for (unsigned i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        WCHAR *name = (WCHAR *)members[i].name;
        DISPID id = 0;

        ck_assert_hr(IDispatch_GetIDsOfNames(dispatch, &IID_NULL, &name, 1, 0, &id), S_OK);
        ck_assert_int_eq(id, members[i].id);
    }
    VariantInit(&result);
    ck_assert_hr(IDispatch_Invoke(dispatch, 2, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &result,
                                  NULL, NULL),
                 S_OK);
    ck_assert_int_eq(result.vt, VT_I4);
    ck_assert_int_eq(result.lVal, TD_CAPTURE);
    /* As VBScript passes a variable. */
    VariantInit(&argument);
    argument.vt = VT_DISPATCH;
    argument.pdispVal = (IDispatch *)track;
    VariantInit(&reference);
    reference.vt = VT_BYREF | VT_VARIANT;
    reference.pvarVal = &argument;
    ck_assert_hr(
        IDispatch_Invoke(dispatch, 7, &IID_NULL, 0, DISPATCH_METHOD, &one, NULL, NULL, NULL), S_OK);
    ck_assert_hr(
        IDispatch_Invoke(dispatch, 7, &IID_NULL, 0, DISPATCH_METHOD, &one, NULL, NULL, NULL),
        DISP_E_EXCEPTION);
    ck_assert_hr(IDispatch_Invoke(dispatch, 10, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &result,
                                  NULL, NULL),
                 S_OK);
    ck_assert_int_eq(result.vt, VT_DISPATCH);
    VariantClear(&result);
    kit_release(dispatch), kit_release(track), kit_release(player);
    kit_release(stream), kit_release(call);
    media_end(&media);
    media_delete(L"script.wav");
}
END_TEST

static DWORD WINAPI in_another_apartment(void *marshalled)
{
    ITStream *stream = NULL;
    HRESULT hr;

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    hr = CoGetInterfaceAndReleaseStream(marshalled, &IID_ITStream, (void **)&stream);
    if (SUCCEEDED(hr))
        hr = ITStream_StopStream(stream);
    if (stream)
        kit_release(stream);
    CoUninitialize();
    return (DWORD)hr;
}

START_TEST(a_single_threaded_apartment_calls_directly)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    IStream *marshalled;
    HANDLE thread;
    DWORD answer;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    ck_assert_hr(
        CoMarshalInterThreadInterfaceInStream(&IID_ITStream, (IUnknown *)stream, &marshalled),
        S_OK);
    thread = CreateThread(NULL, 0, in_another_apartment, marshalled, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    GetExitCodeThread(thread, &answer);
    ck_assert_hr((HRESULT)answer, S_OK);
    CloseHandle(thread);
    kit_release(stream), kit_release(call);
    media_end(&media);
}
END_TEST

/* ---- many threads ---------------------------------------------------------------------------- */

static DWORD WINAPI press_all_buttons(void *arg)
{
    ITStream *stream = arg;
    unsigned seed = GetCurrentThreadId();

    for (int i = 0; i < 500; i++) {
        seed = seed * 1103515245u + 12345u;
        if (FAILED(invoke(stream, (enum method)(seed >> 16) % 3)))
            return 1;
    }
    return 0;
}

START_TEST(events_alternate_whoever_presses_the_buttons)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    HANDLE threads[4];
    MSP_EVENT_INFO info = {0};
    bool active = false;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"buttons.wav", 800, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    media_connect(call);
    for (int i = 0; i < 4; i++)
        threads[i] = CreateThread(NULL, 0, press_all_buttons, stream, 0, NULL);
    ck_assert_uint_eq(WaitForMultipleObjects(4, threads, TRUE, 60000), WAIT_OBJECT_0);
    for (int i = 0; i < 4; i++) {
        DWORD bad = 1;

        GetExitCodeThread(threads[i], &bad);
        ck_assert_uint_eq(bad, 0);
        CloseHandle(threads[i]);
    }
    ck_assert_hr(ITStream_StartStream(stream), S_OK);
    while (media_event(&media, &info)) {
        MSP_CALL_EVENT expected = active ? CALL_STREAM_INACTIVE : CALL_STREAM_ACTIVE;

        ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, expected);
        active = !active;
        kit_release(info.MSP_CALL_EVENT_INFO.pStream);
        if (info.MSP_CALL_EVENT_INFO.pTerminal)
            kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
    }
    ck_assert(active);
    kit_release(track), kit_release(player), kit_release(stream), kit_release(call);
    media_end(&media);
    media_delete(L"buttons.wav");
}
END_TEST

OMSP_SUITE("msp stream", TEST(the_class_is_well_formed),
           TEST(default_streams_are_capture_then_render_audio_then_video),
           TEST(identity_is_stable_and_every_interface_reaches_every_other),
           TEST(null_pointers_are_told), TEST(every_state_meets_every_method),
           TEST(streams_start_by_themselves_as_documented),
           TEST(start_and_stop_can_be_repeated_without_limit),
           TEST(video_is_not_implemented_and_hardware_offers_what_it_says),
           TEST(a_stream_outlives_its_call_and_says_so), TEST(scripts_use_the_true_dispids),
           TEST(a_single_threaded_apartment_calls_directly),
           TEST(events_alternate_whoever_presses_the_buttons))
