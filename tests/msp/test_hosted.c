/*
 * Terminals of another maker on our streams (mspi.md 3.5, 3.8, 3.13, 3.15, 4.5): made by class,
 * initialised, hosted in a filter graph, audio both ways with and without conversion, and every
 * way in which they fail.
 */
#include "msp/hosted_kit.h"

#include "msp/sink_kit.h"
#include "msp/terminal_event.h"

/* The meter hears about 500 Hz at 10000/sqrt(2) within a bound. */
static void expect_tone(void)
{
    ULONGLONG give_up = GetTickCount64() + 30000;

    for (;;) {
        LONG heard, wanted = (LONG)third.knobs.rate / 2;
        double frequency, level;

        InterlockedExchange(&third.crossings, 0);
        InterlockedExchange64(&third.squares, 0);
        InterlockedExchange(&third.heard, 0);
        while ((heard = third.heard) < wanted && GetTickCount64() < give_up)
            Sleep(5);
        frequency = third.crossings / 2.0 * third.knobs.rate / heard;
        level = sqrt((double)third.squares / heard);
        if (heard >= wanted && frequency > 480 && frequency < 520 && level > 6000 && level < 8000)
            return;
        ck_assert_msg(GetTickCount64() < give_up, "heard %ld samples, %.0f Hz, level %.0f", heard,
                      frequency, level);
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

START_TEST(a_registered_class_is_made_and_told_what_it_is)
{
    struct bench bench;
    ITTerminal *terminal;
    BSTR class = NULL;

    begin(&bench);
    terminal = tone(&bench);
    ck_assert_int_eq(third.initialized, 1);
    ck_assert_uint_eq(third.media, TAPIMEDIATYPE_AUDIO);
    ck_assert_ptr_nonnull((void *)(ULONG_PTR)third.token);
    ck_assert_hr(ITTerminal_get_TerminalClass(terminal, &class), S_OK);
    ck_assert(!wcscmp(class, THIRD_TONE));
    SysFreeString(class);
    ck_assert_uint_eq(kit_release(terminal), 0);
    end(&bench);
}
END_TEST

START_TEST(what_cannot_be_made_is_a_code_and_leaves_nothing)
{
    struct bench bench;
    ITTerminal *terminal = (void *)&terminal;

    begin(&bench);
    ck_assert_hr(
        create(&bench, L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2CFF}", 8, TD_CAPTURE, &terminal),
        TAPI_E_INVALIDTERMINALCLASS);
    ck_assert_ptr_null(terminal);
    ck_assert_hr(create(&bench, THIRD_TONE, TAPIMEDIATYPE_VIDEO, TD_CAPTURE, &terminal),
                 TAPI_E_INVALIDMEDIATYPE);
    ck_assert_hr(create(&bench, THIRD_TONE, TAPIMEDIATYPE_AUDIO, TD_RENDER, &terminal),
                 TAPI_E_INVALIDDIRECTION);
    ck_assert_hr(create(&bench, THIRD_NOT_HERE, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, &terminal),
                 REGDB_E_CLASSNOTREG);
    third.initialize = E_ACCESSDENIED;
    ck_assert_hr(create(&bench, THIRD_TONE, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, &terminal),
                 E_ACCESSDENIED);
    ck_assert_ptr_null(terminal);
    ck_assert_int_eq(third.alive, 0);
    end(&bench);
}
END_TEST

/* ---- audio ----------------------------------------------------------------------------------- */

static void hear_it_through(DWORD rate, DWORD channels)
{
    struct bench bench;
    ITTerminal *from, *to;

    begin(&bench);
    third.knobs.rate = rate;
    third.knobs.channels = channels;
    from = tone(&bench);
    to = meter(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench.render, to), S_OK);
    ck_assert_int_eq(third.connected, 0); /* the call is not there yet */
    ck_assert_int_eq(state_of(from), TS_NOTINUSE);
    connect_both(&bench);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    ck_assert_int_eq(state_of(from), TS_INUSE);
    ck_assert_int_eq(state_of(to), TS_INUSE);
    ck_assert_int_eq(third.connected, 2);
    ck_assert_int_eq(third.completed, 2);
    expect_tone();
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    ck_assert_int_eq(state_of(from), TS_NOTINUSE);
    ck_assert_hr(ITStream_UnselectTerminal(bench.render, to), S_OK);
    ck_assert_int_eq(third.disconnected, 2);
    kit_release(from);
    kit_release(to);
    end(&bench);
}

START_TEST(a_tone_goes_through_the_call_into_a_meter)
{
    hear_it_through(8000, 1);
}
END_TEST

START_TEST(other_formats_are_converted_both_ways)
{
    hear_it_through(48000, 2);
    hear_it_through(16000, 1);
}
END_TEST

START_TEST(starts_and_stops_connect_and_disconnect_every_time)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_int_eq(state_of(from), TS_INUSE); /* it started by itself */
    for (int i = 0; i < 5; i++) {
        ck_assert_hr(ITStream_StopStream(bench.capture), S_OK);
        ck_assert_int_eq(state_of(from), TS_NOTINUSE);
        ck_assert_hr(ITStream_StartStream(bench.capture), S_OK);
        ck_assert_int_eq(state_of(from), TS_INUSE);
        ck_assert_hr(ITStream_PauseStream(bench.capture), S_OK);
        ck_assert_int_eq(state_of(from), TS_INUSE);
        ck_assert_hr(ITStream_StartStream(bench.capture), S_OK);
    }
    ck_assert_int_eq(third.connected, 6);
    ck_assert_int_eq(third.disconnected, 5);
    kit_release(from);
    end(&bench); /* still selected: the call's end lets go of it */
    ck_assert_int_eq(third.disconnected, 6);
}
END_TEST

START_TEST(the_applications_own_pointer_is_what_everybody_sees)
{
    struct bench bench;
    ITTerminal *from, *listed = NULL;
    IEnumTerminal *all;

    begin(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITStream_EnumerateTerminals(bench.capture, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &listed, NULL), S_OK);
    ck_assert_ptr_eq(listed, from);
    kit_release(listed);
    kit_release(all);
    connect_both(&bench);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    kit_release(from);
    end(&bench);
}
END_TEST

/* ---- selection ------------------------------------------------------------------------------- */

START_TEST(selection_is_refused_as_for_terminals_of_ours)
{
    struct bench bench;
    ITTerminal *from;
    ITStream *other, *render;
    struct third_terminal *given;

    begin(&bench);
    other = media_stream(bench.b, CAPTURE);
    render = media_stream(bench.a, RENDER);
    from = tone(&bench);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(render, from), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(other, from), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITStream_UnselectTerminal(other, from), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    third.knobs.foreign_token = (MSP_HANDLE)(ULONG_PTR)0x4711;
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);
    third.knobs.foreign_token = 0;
    kit_release(from);

    /* Handed in by the application, of no address; with ITTerminalControl, and without. */
    given = third_create(true);
    given->plain = true;
    ck_assert_hr(ITStream_SelectTerminal(other, &given->terminal), TAPI_E_INVALIDTERMINAL);
    given->plain = false;
    ck_assert_hr(ITStream_SelectTerminal(other, &given->terminal), S_OK);
    ck_assert_uint_eq(third_let_go(other, given), 0);
    kit_release(render);
    kit_release(other);
    end(&bench);
}
END_TEST

START_TEST(a_full_stream_says_so_of_a_terminal_that_is_elsewhere_too)
{
    struct third_terminal *given[OMSP_STREAM_MAX_TERMINALS];
    struct bench bench;
    ITTerminal *from;
    ITStream *other;

    begin(&bench);
    other = media_stream(bench.b, CAPTURE);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    for (int i = 0; i < OMSP_STREAM_MAX_TERMINALS; i++) {
        ck_assert_hr(ITStream_SelectTerminal(other, from), TAPI_E_TERMINALINUSE);
        given[i] = third_create(true);
        ck_assert_hr(ITStream_SelectTerminal(other, &given[i]->terminal), S_OK);
    }
    ck_assert_hr(ITStream_SelectTerminal(other, from), TAPI_E_MAXTERMINALS);
    for (int i = 0; i < OMSP_STREAM_MAX_TERMINALS; i++) {
        ck_assert_uint_eq(third_let_go(other, given[i]), 0);
    }
    kit_release(from);
    kit_release(other);
    end(&bench);
}
END_TEST

START_TEST(a_bidirectional_terminal_goes_on_the_stream_that_takes_it)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    from = tone(&bench);
    third.knobs.tone_direction = TD_BIDIRECTIONAL;
    connect_both(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_int_eq(third.connected, 1);
    ck_assert_hr(ITStream_SelectTerminal(bench.render, from), TAPI_E_TERMINALINUSE);
    kit_release(from);
    end(&bench);
}
END_TEST

START_TEST(on_a_substream_it_is_connected_and_let_go_of_with_it)
{
    struct bench bench;
    ITSubStreamControl *control;
    ITSubStream *one = NULL, *two = NULL;
    ITTerminal *to;

    begin(&bench);
    control = kit_query(bench.render, &IID_ITSubStreamControl);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(control, &one), S_OK);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(control, &two), S_OK);
    to = meter(&bench);
    ck_assert_hr(ITSubStream_SelectTerminal(one, to), S_OK);
    ck_assert_hr(ITSubStream_SelectTerminal(two, to), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITStream_SelectTerminal(bench.render, to), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITSubStream_UnselectTerminal(two, to), TAPI_E_INVALIDTERMINAL);
    ck_assert_int_eq(third.connected, 0);
    connect_both(&bench); /* it starts with its stream */
    ck_assert_int_eq(state_of(to), TS_INUSE);
    ck_assert_int_eq(third.connected, 1);
    ck_assert_hr(ITSubStream_StopSubStream(one), S_OK);
    ck_assert_int_eq(third.disconnected, 1);
    ck_assert_hr(ITSubStream_StartSubStream(one), S_OK);
    ck_assert_int_eq(third.connected, 2);
    ck_assert_hr(ITStream_StopStream(bench.render), S_OK);
    ck_assert_int_eq(third.disconnected, 2);
    ck_assert_hr(ITStream_StartStream(bench.render), S_OK);
    ck_assert_int_eq(third.connected, 3);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(control, one), S_OK);
    ck_assert_int_eq(third.disconnected, 3);
    ck_assert_int_eq(state_of(to), TS_NOTINUSE);
    third.knobs.connect = MAKE_HRESULT(1, FACILITY_ITF, 0x777);
    ck_assert_hr(ITSubStream_SelectTerminal(two, to), third.knobs.connect);
    expect(&bench, bench.render, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, NULL);
    third.knobs.connect = S_OK;
    ck_assert_hr(ITSubStream_SelectTerminal(two, to), S_OK);
    kit_release(to);
    kit_release(one), kit_release(two), kit_release(control);
    end(&bench); /* still selected */
}
END_TEST

START_TEST(on_a_substream_it_hears_the_source)
{
    struct bench bench;
    ITSubStreamControl *control;
    ITSubStream *one = NULL;
    ITTerminal *from, *to;

    begin(&bench);
    control = kit_query(bench.render, &IID_ITSubStreamControl);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(control, &one), S_OK);
    from = tone(&bench);
    to = meter(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITSubStream_SelectTerminal(one, to), S_OK);
    connect_both(&bench);
    expect_tone();
    ck_assert_hr(ITSubStream_UnselectTerminal(one, to), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench.render, to), S_OK);
    expect_tone();
    kit_release(from), kit_release(to);
    kit_release(one), kit_release(control);
    end(&bench);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------- */

static void refuse(HRESULT connect, HRESULT run, HRESULT answer)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    from = tone(&bench);

    /* At the call's connect: events only, and it stays selected. */
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    third.knobs.connect = connect;
    third.knobs.run = run;
    connect_both(&bench);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, from);
    expect(&bench, bench.capture, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_OPERATIONFAILED,
           from);
    ck_assert_int_eq(state_of(from), TS_NOTINUSE);

    /* At StartStream: its code and the events. */
    ck_assert_hr(ITStream_StartStream(bench.capture), answer);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, from);
    expect(&bench, bench.capture, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_OPERATIONFAILED,
           from);
    ck_assert_int_eq(state_of(from), TS_NOTINUSE);

    /* At SelectTerminal: unselected again. */
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), answer);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, NULL);
    expect(&bench, bench.capture, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_OPERATIONFAILED,
           NULL);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);

    /* It works again once the terminal does. */
    third.knobs.connect = third.knobs.run = S_OK;
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    kit_release(from);
    end(&bench);
}

START_TEST(a_terminal_that_cannot_be_connected_fails_itself_then_its_stream)
{
    refuse(MAKE_HRESULT(1, FACILITY_ITF, 0x777), S_OK, MAKE_HRESULT(1, FACILITY_ITF, 0x777));
}
END_TEST

START_TEST(a_graph_that_refuses_to_run_fails_the_same_way)
{
    refuse(S_OK, VFW_E_NOT_PAUSED, VFW_E_NOT_PAUSED);
}
END_TEST

START_TEST(no_format_in_common_is_a_refusal)
{
    struct bench bench;
    ITTerminal *to, *from;

    begin(&bench);
    third.knobs.rate = 6000; /* nobody converts that */
    connect_both(&bench);
    to = meter(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.render, to), VFW_E_CANNOT_CONNECT);
    ck_assert_int_eq(state_of(to), TS_NOTINUSE);
    expect(&bench, bench.render, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, NULL);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), VFW_E_CANNOT_CONNECT);
    kit_release(to);
    kit_release(from);
    end(&bench);
}
END_TEST

START_TEST(a_graph_that_breaks_while_running_fails_the_stream)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    third.knobs.abort = true;
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, from);
    expect(&bench, bench.capture, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_OPERATIONFAILED,
           from);
    third.knobs.abort = false;
    ck_assert_hr(ITStream_StartStream(bench.capture), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    kit_release(from);
    end(&bench);
}
END_TEST

/* ---- what a terminal tells ------------------------------------------------------------------- */

static struct third_terminal *third_of_terminal(ITTerminal *terminal)
{
    return THIRD_SELF(terminal, terminal);
}

static HRESULT fire(ITPluggableTerminalEventSink *sink, MSP_EVENT kind, LONG code, void *carried)
{
    MSP_EVENT_INFO info = {.dwSize = sizeof(info), .Event = kind};
    HRESULT hr;

    if (kind == ME_PRIVATE_EVENT) {
        info.MSP_PRIVATE_EVENT_INFO.lEventCode = code;
        info.MSP_PRIVATE_EVENT_INFO.pEvent = carried;
    } else {
        info.MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal = carried; /* ASR and TTS lie the same */
        info.MSP_TONE_TERMINAL_EVENT_INFO.hrErrorCode = code;
    }
    if (carried)
        IUnknown_AddRef((IUnknown *)carried);
    hr = sink->lpVtbl->FireEvent(sink, &info);
    if (FAILED(hr) && carried)
        IUnknown_Release((IUnknown *)carried);
    return hr;
}

START_TEST(a_dynamic_terminal_has_the_sink_while_it_is_selected)
{
    const char *wrong = com_class_check(&msp_terminal_sink_class);
    struct bench bench;
    ITTerminal *from;
    ITPluggableTerminalEventSink *sink;

    ck_assert_msg(!wrong, "%s", wrong);
    begin(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    sink = third_of_terminal(from)->sink;
    ck_assert_ptr_nonnull(sink);
    IUnknown_AddRef((IUnknown *)sink);
    ck_assert_hr(sink->lpVtbl->FireEvent(sink, NULL), E_POINTER);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    ck_assert_ptr_null(third_of_terminal(from)->sink);
    ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, 1, NULL), TAPI_E_INVALIDSTREAM);
    kit_release(sink);
    kit_release(from);
    end(&bench);
}
END_TEST

START_TEST(its_events_come_through_the_queue_with_their_call)
{
    struct bench bench;
    ITTerminal *from;
    ITPluggableTerminalEventSink *sink;
    MSP_EVENT_INFO info = {0};

    begin(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    sink = third_of_terminal(from)->sink;
    ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, 4711, from), S_OK);
    ck_assert_hr(fire(sink, ME_TONE_TERMINAL_EVENT, E_ABORT, from), S_OK);
    ck_assert_hr(fire(sink, ME_ASR_TERMINAL_EVENT, S_OK, NULL), S_OK);
    ck_assert_hr(fire(sink, ME_TTS_TERMINAL_EVENT, S_OK, from), S_OK);
    ck_assert_hr(fire(sink, ME_CALL_EVENT, 0, NULL), E_INVALIDARG);
    ck_assert_hr(fire(sink, ME_TSP_DATA, 0, NULL), E_INVALIDARG);

    ck_assert(media_event(&bench.media, &info));
    ck_assert_int_eq(info.Event, ME_PRIVATE_EVENT);
    ck_assert_uint_eq(info.dwSize, sizeof(info));
    ck_assert_int_eq(info.MSP_PRIVATE_EVENT_INFO.lEventCode, 4711);
    ck_assert_ptr_eq(info.MSP_PRIVATE_EVENT_INFO.pEvent, from);
    kit_release(info.MSP_PRIVATE_EVENT_INFO.pEvent);
    ck_assert(media_event(&bench.media, &info));
    ck_assert_int_eq(info.Event, ME_TONE_TERMINAL_EVENT);
    ck_assert_hr(info.MSP_TONE_TERMINAL_EVENT_INFO.hrErrorCode, E_ABORT);
    ck_assert_ptr_eq(info.MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal, from);
    kit_release(info.MSP_TONE_TERMINAL_EVENT_INFO.pToneTerminal);
    ck_assert(media_event(&bench.media, &info));
    ck_assert_int_eq(info.Event, ME_ASR_TERMINAL_EVENT);
    ck_assert(media_event(&bench.media, &info));
    ck_assert_int_eq(info.Event, ME_TTS_TERMINAL_EVENT);
    kit_release(info.MSP_TTS_TERMINAL_EVENT_INFO.pTTSTerminal);
    kit_release(from);
    end(&bench);
}
END_TEST

/* What a sink saw of each kind; in its call. */
struct told {
    ITTerminal *terminal;
    IOpenMSPCall *call;
    HRESULT errors[8];
    unsigned count;
};

static void note_told(struct sink *sink, IDispatch *event)
{
    struct told *told = sink->ctx;
    ITTerminal *terminal = NULL;
    ITCallInfo *info = NULL;
    VARIANT value;
    DISPPARAMS none = {0};

    /* Terminal, Call and Error, as a script asks for them. */
    VariantInit(&value);
    if (sink->seen[sink->count - 1].kind == TE_FILETERMINAL) {
        ITFileTerminalEvent *file = kit_query(event, &IID_ITFileTerminalEvent);

        ck_assert_hr(ITFileTerminalEvent_get_Terminal(file, &terminal), S_OK);
        ck_assert_hr(ITFileTerminalEvent_get_Error(file, &told->errors[told->count++]), S_OK);
        ck_assert_hr(ITFileTerminalEvent_get_Call(file, &info), S_OK);
        kit_release(file);
    } else {
        ck_assert_hr(IDispatch_Invoke(event, 3, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &value,
                                      NULL, NULL),
                     S_OK);
        ck_assert_int_eq(value.vt, VT_I4);
        told->errors[told->count++] = value.lVal;
        ck_assert_hr(IDispatch_Invoke(event, 1, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &value,
                                      NULL, NULL),
                     S_OK);
        if (value.vt == VT_DISPATCH && value.pdispVal)
            terminal = kit_query(value.pdispVal, &IID_ITTerminal);
        VariantClear(&value);
        ck_assert_hr(IDispatch_Invoke(event, 2, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none, &value,
                                      NULL, NULL),
                     S_OK);
        info = kit_query(value.pdispVal, &IID_ITCallInfo);
        VariantClear(&value);
    }
    ck_assert_ptr_eq(terminal, told->terminal);
    kit_release(terminal);
    kit_release(info);
}

START_TEST(its_events_reach_registered_sinks_as_objects)
{
    static const MSP_EVENT kinds[] = {ME_ASR_TERMINAL_EVENT, ME_TTS_TERMINAL_EVENT,
                                      ME_TONE_TERMINAL_EVENT};
    static const TAPI_EVENT seen[] = {TE_ASRTERMINAL, TE_TTSTERMINAL, TE_TONETERMINAL};
    MSP_EVENT_INFO info = {.dwSize = sizeof(info), .Event = ME_FILE_TERMINAL_EVENT};
    ITPluggableTerminalEventSink *sink;
    struct told told = {0};
    struct sink ear;
    struct bench bench;
    ITTerminal *from;
    DWORD cookie;

    begin(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    sink = third_of_terminal(from)->sink;
    sink_init(&ear);
    told.terminal = from;
    ear.ctx = &told;
    ear.inside = note_told;
    cookie = sink_advise(bench.media.msp, &ear);
    for (LONG i = 0; i < 3; i++)
        ck_assert_hr(fire(sink, kinds[i], (LONG)(E_ABORT + i), from), S_OK);
    info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal = from;
    info.MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState = TMS_PAUSED;
    info.MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause = FTEC_READ_ERROR;
    info.MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode = E_ACCESSDENIED;
    ITTerminal_AddRef(from);
    ck_assert_hr(sink->lpVtbl->FireEvent(sink, &info), S_OK);
    sink_wait(&ear, 4);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(ear.seen[i].kind, seen[i]);
        ck_assert_hr(told.errors[i], (HRESULT)(E_ABORT + (LONG)i));
    }
    ck_assert_int_eq(ear.seen[3].kind, TE_FILETERMINAL);
    ck_assert_int_eq(ear.seen[3].type, TMS_PAUSED);
    ck_assert_int_eq(ear.seen[3].cause, FTEC_READ_ERROR);
    ck_assert_hr(told.errors[3], E_ACCESSDENIED);
    ck_assert_hr(sink_unadvise(bench.media.msp, &ear, cookie), S_OK);
    sink_fini(&ear);
    kit_release(from);
    end(&bench); /* GetEvent has them, too, and what nobody reads is given back */
}
END_TEST

START_TEST(events_that_nobody_reads_are_given_back)
{
    struct bench bench;
    ITTerminal *from;
    ITPluggableTerminalEventSink *sink;

    begin(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    sink = third_of_terminal(from)->sink;
    for (LONG i = 0; i < 1000; i++) /* more than may wait */
        ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, i, from), S_OK);
    ck_assert_int_lt(third_of_terminal(from)->refs, 300);
    kit_release(from);
    ck_assert_hr(IOpenMSPAddress_Close(bench.media.open), S_OK);
    kit_release(bench.capture);
    kit_release(bench.render);
    kit_release(bench.a);
    kit_release(bench.b);
    kit_release(bench.media.terminals);
    kit_release(bench.media.open);
    kit_release(bench.media.msp);
    third_end(); /* which asks whether any is left */
    kit_end();
}
END_TEST

OMSP_SUITE("hosted", TEST(a_registered_class_is_made_and_told_what_it_is),
           TEST(what_cannot_be_made_is_a_code_and_leaves_nothing),
           TEST(a_tone_goes_through_the_call_into_a_meter),
           TEST(other_formats_are_converted_both_ways),
           TEST(starts_and_stops_connect_and_disconnect_every_time),
           TEST(the_applications_own_pointer_is_what_everybody_sees),
           TEST(selection_is_refused_as_for_terminals_of_ours),
           TEST(a_full_stream_says_so_of_a_terminal_that_is_elsewhere_too),
           TEST(a_bidirectional_terminal_goes_on_the_stream_that_takes_it),
           TEST(on_a_substream_it_is_connected_and_let_go_of_with_it),
           TEST(on_a_substream_it_hears_the_source),
           TEST(a_terminal_that_cannot_be_connected_fails_itself_then_its_stream),
           TEST(a_graph_that_refuses_to_run_fails_the_same_way),
           TEST(no_format_in_common_is_a_refusal),
           TEST(a_graph_that_breaks_while_running_fails_the_stream),
           TEST(a_dynamic_terminal_has_the_sink_while_it_is_selected),
           TEST(its_events_come_through_the_queue_with_their_call),
           TEST(its_events_reach_registered_sinks_as_objects),
           TEST(events_that_nobody_reads_are_given_back))
