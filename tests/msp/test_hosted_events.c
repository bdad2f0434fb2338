/*
 * What terminals of another maker tell through the sink that they are given while they are selected
 * (mspi.md 2.4, 4.5): it comes out of the queue as the call's own.
 */
#include "msp/hosted_kit.h"

#include "msp/sink_kit.h"
#include "msp/terminal_event.h"

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

/* What it would tell must not get lost without a word. */
START_TEST(without_memory_for_its_sink_it_is_not_selected)
{
    struct bench bench;
    ITTerminal *from;
    bool failed = true;

    begin(&bench);
    from = tone(&bench);
    for (long number = 0; failed; number++) {
        HRESULT hr;

        omsp_test_fail_alloc(number);
        hr = ITStream_SelectTerminal(bench.capture, from);
        omsp_test_allow_alloc();
        failed = omsp_test_alloc_failed();
        if (hr == S_OK) {
            ck_assert_ptr_nonnull(third_of_terminal(from)->sink);
            ck_assert_hr(ITStream_UnselectTerminal(bench.capture, from), S_OK);
        } else {
            ck_assert(failed);
            ck_assert_hr(hr, E_OUTOFMEMORY);
        }
        ck_assert_ptr_null(third_of_terminal(from)->sink);
    }
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

/* What a terminal tells along: unselects the terminal on another thread when it is given back. */
struct carried {
    IDispatch iface;
    LONG refs;
    struct bench *bench;
    ITTerminal *from;
    DWORD waited;
};

static DWORD WINAPI unselect(void *ctx)
{
    struct carried *self = ctx;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    ITStream_UnselectTerminal(self->bench->capture, self->from);
    CoUninitialize();
    return 0;
}

static ULONG STDMETHODCALLTYPE carried_AddRef(IDispatch *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct carried, iface)->refs);
}

static ULONG STDMETHODCALLTYPE carried_Release(IDispatch *iface)
{
    struct carried *self = CONTAINING_RECORD(iface, struct carried, iface);
    LONG refs = InterlockedDecrement(&self->refs);

    if (!refs) {
        HANDLE thread = CreateThread(NULL, 0, unselect, self, 0, NULL);

        self->waited = WaitForSingleObject(thread, 10000);
        CloseHandle(thread);
    }
    return (ULONG)refs;
}

START_TEST(what_is_given_back_to_a_terminal_may_wait_for_its_unselection)
{
    static IDispatchVtbl vtable = {.AddRef = carried_AddRef, .Release = carried_Release};
    struct carried carried = {.iface = {&vtable}, .refs = 1, .waited = WAIT_FAILED};
    ITPluggableTerminalEventSink *sink;
    struct bench bench;

    begin(&bench);
    carried.bench = &bench;
    carried.from = tone(&bench);
    ck_assert_hr(ITStream_SelectTerminal(bench.capture, carried.from), S_OK);
    sink = third_of_terminal(carried.from)->sink;
    IUnknown_AddRef((IUnknown *)sink);
    ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, 0, &carried.iface), S_OK);
    IDispatch_Release(&carried.iface);
    for (LONG i = 0; i < 255; i++)
        ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, i, NULL), S_OK);
    ck_assert_int_eq(carried.refs, 1);
    ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, 255, NULL), S_OK); /* one too many: back it goes */
    ck_assert_uint_eq(carried.waited, WAIT_OBJECT_0);
    ck_assert_hr(fire(sink, ME_PRIVATE_EVENT, 256, NULL), TAPI_E_INVALIDSTREAM);
    kit_release(sink);
    kit_release(carried.from);
    end(&bench);
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
OMSP_SUITE("hosted-events", TEST(a_dynamic_terminal_has_the_sink_while_it_is_selected),
           TEST(without_memory_for_its_sink_it_is_not_selected),
           TEST(its_events_come_through_the_queue_with_their_call),
           TEST(its_events_reach_registered_sinks_as_objects),
           TEST(what_is_given_back_to_a_terminal_may_wait_for_its_unselection),
           TEST(events_that_nobody_reads_are_given_back))
