/*
 * Terminals of another maker that hang, and those that may be called on one thread only (mspi.md
 * 3.15, issue of faults): nobody waits longer than two seconds, and every call comes on the thread
 * that it must.
 */
#include "msp/hosted_kit.h"

/* What a slow machine may add. */
#define MOST_MS (2000u + 3000u)

static void hang_at(enum third_place place)
{
    third.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    InterlockedExchange(&third.hang, (LONG)place);
}

static void let_go(void)
{
    ULONGLONG give_up = GetTickCount64() + 20000;

    InterlockedExchange(&third.hang, THIRD_NOWHERE);
    SetEvent(third.gate);
    while (third.hanging && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_int_eq(third.hanging, 0);
}

static void until_disconnected(LONG count)
{
    ULONGLONG give_up = GetTickCount64() + 20000;

    while (third.disconnected < count && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_int_eq(third.disconnected, count);
}

/* At StartStream: its code and the events within the bound; again at once; and it works when the
 * terminal does. */
static void hang_and_recover(enum third_place place)
{
    struct bench bench;
    ULONGLONG began;
    ITTerminal *from;

    begin(&bench);
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    ck_assert_hr(ITStream_StopStream(bench.capture), S_OK);
    expect(&bench, bench.capture, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST, S_OK, from);
    hang_at(place);
    began = GetTickCount64();
    ck_assert_hr(ITStream_StartStream(bench.capture), TAPI_E_TIMEOUT);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    ck_assert_int_eq(third.hanging, 1);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_TIMEOUT,
           from);
    expect(&bench, bench.capture, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_TIMEOUT, from);
    began = GetTickCount64();
    ck_assert_hr(ITStream_StartStream(bench.capture), TAPI_E_TIMEOUT);
    ck_assert_uint_lt(GetTickCount64() - began, 1500); /* known by now */
    let_go();
    until_disconnected(2);
    ck_assert_hr(ITStream_StartStream(bench.capture), S_OK);
    ck_assert_int_eq(state_of(from), TS_INUSE);
    kit_release(from);
    CloseHandle(third.gate);
    end(&bench);
}

START_TEST(a_connect_that_hangs_fails_within_the_bound_and_works_later)
{
    hang_and_recover(THIRD_CONNECT);
}
END_TEST

START_TEST(a_graph_that_hangs_as_it_runs_fails_within_the_bound_and_works_later)
{
    hang_and_recover(THIRD_RUN);
}
END_TEST

/* StopStream is done when the bound is over, whatever the terminal does. */
static void hang_at_the_end(enum third_place place)
{
    struct bench bench;
    ULONGLONG began;
    ITTerminal *from;

    begin(&bench);
    connect_both(&bench);
    from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    hang_at(place);
    began = GetTickCount64();
    ck_assert_hr(ITStream_StopStream(bench.capture), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    ck_assert_int_eq(third.hanging, 1);
    ck_assert_hr(ITStream_StartStream(bench.capture), TAPI_E_TIMEOUT);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), TAPI_E_TERMINALINUSE);
    let_go();
    until_disconnected(1);
    kit_release(from);
    CloseHandle(third.gate);
    end(&bench);
}

START_TEST(a_disconnect_that_hangs_holds_nobody)
{
    hang_at_the_end(THIRD_DISCONNECT);
}
END_TEST

START_TEST(a_graph_that_does_not_stop_holds_nobody)
{
    hang_at_the_end(THIRD_STOP);
}
END_TEST

START_TEST(a_selection_whose_sink_hangs_is_refused)
{
    struct bench bench;
    ULONGLONG began;
    ITTerminal *from;

    begin(&bench);
    from = tone(&bench);
    hang_at(THIRD_SINK);
    began = GetTickCount64();
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), TAPI_E_TIMEOUT);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);
    let_go();
    kit_release(from);
    CloseHandle(third.gate);
    end(&bench);
}
END_TEST

START_TEST(a_call_ends_while_its_terminal_hangs_and_is_cleaned_up_after)
{
    struct bench bench;
    ULONGLONG began;
    ITTerminal *from;
    ITStream *stream;

    begin(&bench);
    connect_both(&bench);
    from = tone(&bench);
    stream = media_stream(bench.a, CAPTURE);
    hang_at(THIRD_CONNECT);
    ck_assert_hr(ITStream_SelectTerminal(stream, from), TAPI_E_TIMEOUT);
    kit_release(stream);
    began = GetTickCount64();
    ck_assert_hr(IOpenMSPCall_Close(bench.a), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    kit_release(from);
    ck_assert_int_gt(com_module_references(), 0); /* so that the DLL stays */
    let_go();
    CloseHandle(third.gate);
    end(&bench); /* where everything has to be gone */
}
END_TEST

/* Before it is hosted at all: what it is and what it says of itself. */
static void hang_when_asked(enum third_place place)
{
    struct bench bench;
    ULONGLONG began;
    ITTerminal *from;

    begin(&bench);
    from = tone(&bench);
    hang_at(place);
    began = GetTickCount64();
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), TAPI_E_TIMEOUT);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    ck_assert_int_eq(third.hanging, 1);
    began = GetTickCount64();
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), TAPI_E_INVALIDTERMINAL);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    let_go();
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, from), S_OK);
    hang_at(place); /* what is known of it is not asked again */
    began = GetTickCount64();
    ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
    ck_assert_uint_lt(GetTickCount64() - began, 1500);
    let_go();
    kit_release(from);
    CloseHandle(third.gate);
    end(&bench);
}

START_TEST(a_terminal_that_hangs_when_asked_for_its_control_is_refused)
{
    hang_when_asked(THIRD_QUERY);
}
END_TEST

START_TEST(a_terminal_that_hangs_when_asked_for_its_address_is_refused)
{
    hang_when_asked(THIRD_HANDLE);
}
END_TEST

START_TEST(a_terminal_that_hangs_when_asked_for_its_direction_is_refused)
{
    hang_when_asked(THIRD_DIRECTION);
}
END_TEST

/* What is created too late is let go of. */
START_TEST(a_terminal_that_hangs_as_it_is_made_is_not_waited_for)
{
    struct bench bench;
    ITTerminal *from = NULL;
    ULONGLONG began;

    begin(&bench);
    hang_at(THIRD_INITIALIZE);
    began = GetTickCount64();
    ck_assert_hr(create(&bench, THIRD_TONE, TAPIMEDIATYPE_AUDIO, TD_CAPTURE, &from),
                 TAPI_E_TIMEOUT);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    ck_assert_ptr_null(from);
    ck_assert_int_eq(third.hanging, 1);
    let_go();
    from = tone(&bench);
    kit_release(from);
    CloseHandle(third.gate);
    end(&bench);
}
END_TEST

/* ---- one thread only ------------------------------------------------------------------------- */

/* An application's thread of a single-threaded apartment with a terminal of its own. */
struct home {
    ITStream *stream;
    HANDLE ready, go, done, quit, thread;
    DWORD id;
    HRESULT selected, started;
    bool deaf; /* does not let calls in */
    struct third_terminal *terminal;
};

static void pump(HANDLE until)
{
    DWORD woken;

    do {
        MSG message;

        woken = MsgWaitForMultipleObjects(1, &until, FALSE, 60000, QS_ALLINPUT);
        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
            DispatchMessageW(&message);
    } while (woken == WAIT_OBJECT_0 + 1);
}

static DWORD WINAPI home_main(void *ctx)
{
    struct home *home = ctx;

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    home->id = GetCurrentThreadId();
    home->terminal = third_create(true);
    home->selected = ITStream_SelectTerminal(home->stream, &home->terminal->terminal);
    SetEvent(home->ready);
    if (home->deaf)
        WaitForSingleObject(home->go, 60000);
    else
        pump(home->go);
    ITStream_StopStream(home->stream);
    home->started = ITStream_StartStream(home->stream);
    SetEvent(home->done);
    pump(home->quit);
    ITStream_UnselectTerminal(home->stream, &home->terminal->terminal);
    third_release(home->terminal);
    CoUninitialize();
    return 0;
}

static void home_begin(struct home *home, ITStream *stream, bool deaf)
{
    memset(home, 0, sizeof(*home));
    home->stream = stream;
    home->deaf = deaf;
    home->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->go = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    home->thread = CreateThread(NULL, 0, home_main, home, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(home->ready, 30000), WAIT_OBJECT_0);
}

static void home_end(struct home *home)
{
    SetEvent(home->quit);
    ck_assert_uint_eq(WaitForSingleObject(home->thread, 30000), WAIT_OBJECT_0);
    CloseHandle(home->ready), CloseHandle(home->go), CloseHandle(home->done);
    CloseHandle(home->quit), CloseHandle(home->thread);
}

START_TEST(a_terminal_of_one_thread_is_called_on_that_thread)
{
    struct bench bench;
    struct home home;

    begin(&bench);
    home_begin(&home, bench.capture, false);
    ck_assert_hr(home.selected, S_OK);
    ck_assert_uint_eq(third.sink_thread, home.id);
    ck_assert_int_eq(third.connected, 0);
    connect_both(&bench); /* from here, another apartment */
    ck_assert_int_eq(third.connected, 1);
    ck_assert_uint_eq(third.connect_thread, home.id);
    ck_assert_int_eq(home.terminal->state, TS_INUSE);
    ck_assert_hr(ITStream_StopStream(bench.capture), S_OK);
    ck_assert_int_eq(third.disconnected, 1);
    ck_assert_uint_eq(third.disconnect_thread, home.id);
    SetEvent(home.go); /* and from its own thread, which lets calls in while it waits */
    ck_assert_uint_eq(WaitForSingleObject(home.done, 30000), WAIT_OBJECT_0);
    ck_assert_hr(home.started, S_OK);
    ck_assert_int_eq(third.connected, 2);
    ck_assert_uint_eq(third.connect_thread, home.id);
    home_end(&home);
    ck_assert_int_eq(third.disconnected, 2);
    end(&bench);
}
END_TEST

START_TEST(a_thread_that_lets_no_call_in_holds_nobody)
{
    struct bench bench;
    struct home home;
    ULONGLONG began;

    begin(&bench);
    home_begin(&home, bench.capture, true);
    ck_assert_hr(home.selected, S_OK);
    began = GetTickCount64();
    connect_both(&bench);
    ck_assert_uint_lt(GetTickCount64() - began, MOST_MS);
    expect(&bench, bench.capture, CALL_TERMINAL_FAIL, CALL_CAUSE_CONNECT_FAIL, TAPI_E_TIMEOUT,
           &home.terminal->terminal);
    SetEvent(home.go);
    ck_assert_uint_eq(WaitForSingleObject(home.done, 30000), WAIT_OBJECT_0);
    ck_assert_hr(home.started, TAPI_E_TIMEOUT); /* the first call still waits to be let in */
    until_disconnected(1);                      /* it was, and was not wanted any more */
    ck_assert_hr(ITStream_StartStream(bench.capture), S_OK);
    ck_assert_uint_eq(third.connect_thread, home.id);
    home_end(&home);
    end(&bench);
}
END_TEST

OMSP_SUITE("hosted_bound", TEST(a_connect_that_hangs_fails_within_the_bound_and_works_later),
           TEST(a_graph_that_hangs_as_it_runs_fails_within_the_bound_and_works_later),
           TEST(a_disconnect_that_hangs_holds_nobody),
           TEST(a_graph_that_does_not_stop_holds_nobody),
           TEST(a_selection_whose_sink_hangs_is_refused),
           TEST(a_call_ends_while_its_terminal_hangs_and_is_cleaned_up_after),
           TEST(a_terminal_that_hangs_when_asked_for_its_control_is_refused),
           TEST(a_terminal_that_hangs_when_asked_for_its_address_is_refused),
           TEST(a_terminal_that_hangs_when_asked_for_its_direction_is_refused),
           TEST(a_terminal_that_hangs_as_it_is_made_is_not_waited_for),
           TEST(a_terminal_of_one_thread_is_called_on_that_thread),
           TEST(a_thread_that_lets_no_call_in_holds_nobody))
