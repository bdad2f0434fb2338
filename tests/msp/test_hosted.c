/*
 * Terminals of another maker on our streams (mspi.md 3.5, 3.8, 3.13, 3.15, 4.5): made by class,
 * initialised, selected, hosted in a filter graph, audio both ways with and without conversion.
 */
#include "msp/hosted_kit.h"

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
           TEST(on_a_substream_it_hears_the_source))
