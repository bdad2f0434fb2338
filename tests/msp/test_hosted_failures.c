/*
 * Terminals of another maker that fail (mspi.md 2.5, 3.15): they cannot be connected, or not run,
 * or break while they do.
 */
#include "msp/hosted_kit.h"

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

START_TEST(a_terminal_of_many_pins_is_given_the_room_it_asks_for)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    third.knobs.pins = 40;
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    kit_release(from);
    end(&bench);
}
END_TEST

static void count_pins_wrong(DWORD pins, DWORD claims, HRESULT answer, LONG connected)
{
    struct bench bench;
    ITTerminal *from;

    begin(&bench);
    third.knobs.pins = pins;
    third.knobs.claims = claims;
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), answer);
    ck_assert_int_eq(third.connected, connected);
    ck_assert_int_eq(third.disconnected, connected);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL,
           TAPI_E_OPERATIONFAILED, NULL);
    kit_release(from);
    end(&bench);
}

START_TEST(a_terminal_that_tells_more_pins_than_there_is_room_for_is_let_go_of)
{
    count_pins_wrong(3, 17, TAPI_E_INVALIDTERMINAL, 1);
}
END_TEST

START_TEST(a_terminal_that_asks_for_endless_room_is_refused)
{
    count_pins_wrong(0x40000000, 0, TAPI_E_NOTENOUGHMEMORY, 0);
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
OMSP_SUITE("hosted-failures",
           TEST(a_terminal_that_cannot_be_connected_fails_itself_then_its_stream),
           TEST(a_graph_that_refuses_to_run_fails_the_same_way),
           TEST(no_format_in_common_is_a_refusal),
           TEST(a_terminal_of_many_pins_is_given_the_room_it_asks_for),
           TEST(a_terminal_that_tells_more_pins_than_there_is_room_for_is_let_go_of),
           TEST(a_terminal_that_asks_for_endless_room_is_refused),
           TEST(a_graph_that_breaks_while_running_fails_the_stream))
