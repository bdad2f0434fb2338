/* Registered event sinks: who is called, in which apartment, and that none harms another. */
#include "msp/sink_kit.h"

/* ---- what comes ------------------------------------------------------------------------------ */

static void check_members(struct sink *sink, IDispatch *event)
{
    struct source *source = sink->ctx;
    ITCallMediaEvent *media = kit_query(event, &IID_ITCallMediaEvent);
    ITCallInfo *info = NULL;
    ITTerminal *terminal = NULL;
    ITStream *stream = NULL;
    IUnknown *call, *of_call;
    HRESULT error = E_FAIL;

    ck_assert_hr(ITCallMediaEvent_get_Stream(media, &stream), S_OK);
    ck_assert_ptr_eq(stream, source->stream);
    ck_assert_hr(ITCallMediaEvent_get_Terminal(media, &terminal), S_OK);
    ck_assert_ptr_eq(terminal, source->track);
    ck_assert_hr(ITCallMediaEvent_get_Call(media, &info), S_OK);
    call = kit_query(source->call, &IID_IUnknown);
    of_call = kit_query(info, &IID_IUnknown);
    ck_assert_ptr_eq(of_call, call);
    ck_assert_hr(ITCallMediaEvent_get_Error(media, &error), S_OK);
    ck_assert_hr(error, S_OK);
    kit_release(of_call), kit_release(call), kit_release(info);
    kit_release(terminal), kit_release(stream), kit_release(media);
}

START_TEST(a_sink_gets_every_event_with_its_objects)
{
    struct source source;
    struct sink sink;
    DWORD cookie;

    source_begin(&source);
    sink_init(&sink);
    sink.inside = check_members;
    sink.ctx = &source;
    cookie = sink_advise(source.media.msp, &sink);
    toggle(&source, 3);
    sink_wait(&sink, 6);
    expect_toggles(&sink, 0, 3);
    ck_assert_uint_ne(sink.thread_id, GetCurrentThreadId());
    ck_assert_hr(sink_unadvise(source.media.msp, &sink, cookie), S_OK);
    ck_assert_int_eq(sink.refs, 1); /* let go of when Unadvise returned */
    ck_assert_hr(sink_unadvise(source.media.msp, &sink, cookie), CONNECT_E_NOCONNECTION);
    sink.forbidden = 1;
    toggle(&source, 1);
    ck_assert_uint_eq(stats_of(&source).delivered, 6);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

START_TEST(a_single_threaded_sink_is_called_on_its_thread)
{
    for (int scripted = 0; scripted < 3; scripted++) {
        struct source source;
        struct sink sink;
        struct apartment apartment;

        source_begin(&source);
        sink_init(&sink);
        sink.scripted = scripted > 0;
        sink.both = scripted > 1;
        apartment_begin(&apartment, source.media.msp, &sink);
        toggle(&source, 2);
        sink_wait(&sink, 4);
        expect_toggles(&sink, 0, 2);
        ck_assert_uint_eq(sink.thread_id, apartment.thread_id);
        apartment_end(&apartment);
        ck_assert_hr(apartment.unadvised, S_OK);
        ck_assert_int_eq(sink.refs, 1);
        source_end(&source);
        sink_fini(&sink);
    }
}
END_TEST

START_TEST(a_dispatch_sink_of_the_multithreaded_apartment)
{
    struct source source;
    struct sink sink;
    DWORD cookie;

    source_begin(&source);
    sink_init(&sink);
    sink.scripted = true;
    cookie = sink_advise(source.media.msp, &sink);
    toggle(&source, 2);
    sink_wait(&sink, 4);
    expect_toggles(&sink, 0, 2);
    ck_assert_hr(sink_unadvise(source.media.msp, &sink, cookie), S_OK);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

START_TEST(file_events_come_too)
{
    struct source source;
    struct sink sink;
    ITMediaControl *control;
    DWORD cookie;

    source_begin(&source);
    sink_init(&sink);
    cookie = sink_advise(source.media.msp, &sink);
    control = kit_query(source.player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    ck_assert_hr(ITMediaControl_Stop(control), S_OK);
    sink_wait(&sink, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sink.seen[i].kind, TE_FILETERMINAL);
        ck_assert_int_eq(sink.seen[i].type, i ? TMS_IDLE : TMS_ACTIVE);
        ck_assert_int_eq(sink.seen[i].cause, FTEC_NORMAL);
    }
    ck_assert_hr(sink_unadvise(source.media.msp, &sink, cookie), S_OK);
    kit_release(control);
    source_end(&source);
    sink_fini(&sink);
}
END_TEST

/* ---- several, and bad ones ------------------------------------------------------------------- */

START_TEST(blocking_and_failing_sinks_harm_nobody)
{
    enum { MTA = 3, EVENTS = 10 };
    struct source source;
    struct sink good[MTA], in_apartment, blocking, failing;
    struct apartment apartment;
    DWORD cookies[MTA], blocked, failed;
    ULONGLONG before;

    source_begin(&source);
    sink_init(&blocking);
    blocking.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    blocked = sink_advise(source.media.msp, &blocking);
    sink_init(&failing);
    failing.answer = E_FAIL;
    failed = sink_advise(source.media.msp, &failing);
    for (int i = 0; i < MTA; i++) {
        sink_init(&good[i]);
        cookies[i] = sink_advise(source.media.msp, &good[i]);
    }
    sink_init(&in_apartment);
    apartment_begin(&apartment, source.media.msp, &in_apartment);

    toggle(&source, EVENTS);
    for (int i = 0; i < MTA; i++) {
        sink_wait(&good[i], 2 * EVENTS);
        expect_toggles(&good[i], 0, EVENTS);
    }
    sink_wait(&in_apartment, 2 * EVENTS);
    expect_toggles(&in_apartment, 0, EVENTS);
    sink_wait(&failing, 2 * EVENTS); /* it stays connected */
    ck_assert_int_eq(blocking.count, 1);
    ck_assert_uint_eq(stats_of(&source).connected, MTA + 3);

    /* Letting go of the blocked one neither hangs nor calls it again. */
    before = GetTickCount64();
    ck_assert_hr(sink_unadvise(source.media.msp, &blocking, blocked), S_OK);
    ck_assert_uint_lt(GetTickCount64() - before, 2000);
    blocking.forbidden = 1;
    SetEvent(blocking.gate);
    sink_wait(&blocking, 1);

    apartment_end(&apartment);
    for (int i = 0; i < MTA; i++)
        ck_assert_hr(sink_unadvise(source.media.msp, &good[i], cookies[i]), S_OK);
    ck_assert_hr(sink_unadvise(source.media.msp, &failing, failed), S_OK);
    ck_assert_uint_eq(stats_of(&source).failed, 2 * EVENTS);
    ck_assert_uint_eq(stats_of(&source).dead, 0);
    source_end(&source);
    for (int i = 0; i < MTA; i++)
        sink_fini(&good[i]);
    sink_fini(&in_apartment), sink_fini(&failing), sink_fini(&blocking);
    CloseHandle(blocking.gate);
}
END_TEST

START_TEST(dead_sinks_are_unadvised)
{
    static const HRESULT codes[] = {RPC_E_DISCONNECTED, CO_E_OBJNOTCONNECTED, RPC_E_SERVER_DIED,
                                    RPC_E_SERVER_DIED_DNE};
    enum { CODES = sizeof(codes) / sizeof(codes[0]) };
    struct source source;
    struct sink dying[CODES], other;
    DWORD cookies[CODES], cookie;

    source_begin(&source);
    for (int i = 0; i < CODES; i++) {
        sink_init(&dying[i]);
        dying[i].answer = codes[i];
        cookies[i] = sink_advise(source.media.msp, &dying[i]);
    }
    sink_init(&other);
    cookie = sink_advise(source.media.msp, &other);
    toggle(&source, 5);
    sink_wait(&other, 10);
    wait_connected(&source, 1);
    ck_assert_uint_eq(stats_of(&source).dead, CODES);
    for (int i = 0; i < CODES; i++) {
        ck_assert_int_eq(dying[i].count, 1);
        ck_assert_hr(sink_unadvise(source.media.msp, &dying[i], cookies[i]),
                     CONNECT_E_NOCONNECTION);
    }
    ck_assert_hr(sink_unadvise(source.media.msp, &other, cookie), S_OK);
    source_end(&source);
    for (int i = 0; i < CODES; i++)
        sink_fini(&dying[i]);
    sink_fini(&other);
}
END_TEST

/* As GetEvent, which answers E_OUTOFMEMORY then and keeps the event. */
START_TEST(an_event_without_memory_is_told_when_there_is_some)
{
    for (long number = 0; number < 3; number++) {
        ULONGLONG give_up = GetTickCount64() + SINK_WAIT_MS;
        struct source source;
        struct sink sink;

        source_begin(&source);
        sink_init(&sink);
        sink.gate = CreateEventW(NULL, TRUE, FALSE, NULL);
        sink_advise(source.media.msp, &sink);
        toggle(&source, 2);
        ck_assert_uint_eq(WaitForSingleObject(sink.entered, SINK_WAIT_MS), WAIT_OBJECT_0);
        omsp_test_fail_allocs_from(number); /* in the call for the first of the other three */
        SetEvent(sink.gate);
        while (!omsp_test_alloc_failed() && GetTickCount64() < give_up)
            SwitchToThread();
        omsp_test_allow_alloc();
        ck_assert(omsp_test_alloc_failed());
        sink_wait(&sink, 4);
        expect_toggles(&sink, 0, 2);
        ck_assert_uint_eq(stats_of(&source).failed, 0);
        source_end(&source);
        sink_fini(&sink);
        CloseHandle(sink.gate);
    }
}
END_TEST

START_TEST(an_apartment_that_dies_takes_only_its_sink_along)
{
    for (int scripted = 0; scripted < 2; scripted++) {
        struct source source;
        struct sink doomed, other;
        struct apartment apartment;
        DWORD cookie;

        source_begin(&source);
        sink_init(&doomed);
        doomed.scripted = scripted;
        apartment_begin(&apartment, source.media.msp, &doomed);
        sink_init(&other);
        cookie = sink_advise(source.media.msp, &other);
        toggle(&source, 1);
        sink_wait(&doomed, 2);
        apartment.leave_advised = true;
        apartment_end(&apartment);
        doomed.forbidden = 1;
        toggle(&source, 3);
        sink_wait(&other, 8);
        wait_connected(&source, 1);
        ck_assert_uint_eq(stats_of(&source).dead, 1);
        ck_assert_int_eq(doomed.count, 2);
        ck_assert_hr(sink_unadvise(source.media.msp, &other, cookie), S_OK);
        source_end(&source);
        sink_fini(&other);
        sink_fini(&doomed);
    }
}
END_TEST

OMSP_SUITE("msp sinks", TEST(a_sink_gets_every_event_with_its_objects),
           TEST_ON_WINDOWS(a_single_threaded_sink_is_called_on_its_thread),
           TEST(a_dispatch_sink_of_the_multithreaded_apartment), TEST(file_events_come_too),
           TEST_ON_WINDOWS(blocking_and_failing_sinks_harm_nobody), TEST(dead_sinks_are_unadvised),
           TEST(an_event_without_memory_is_told_when_there_is_some),
           TEST_ON_WINDOWS(an_apartment_that_dies_takes_only_its_sink_along))
