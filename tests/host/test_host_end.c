/*
 * Applications that behave badly and hosts that end: nobody drains the events, references are
 * leaked, the DLL is unloaded while its workers are busy.
 */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

/* ---- a queue that nobody reads --------------------------------------------------------------- */

/* What is allocated in all heaps of this process. */
static size_t allocated(void)
{
    HANDLE heaps[64];
    DWORD count = GetProcessHeaps(64, heaps);
    size_t sum = 0;

    ck_assert_uint_gt(count, 0);
    ck_assert_uint_le(count, 64);
    for (DWORD i = 0; i < count; i++) {
        PROCESS_HEAP_ENTRY entry = {0};

        HeapLock(heaps[i]);
        while (HeapWalk(heaps[i], &entry))
            if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY)
                sum += entry.cbData;
        HeapUnlock(heaps[i]);
    }
    return sum;
}

static void toggle(struct host_call *call, int times)
{
    for (int i = 0; i < times; i++) {
        ck_assert_hr(ITStream_StopStream(call->streams[HOST_RENDER]), S_OK);
        ck_assert_hr(ITStream_StartStream(call->streams[HOST_RENDER]), S_OK);
    }
}

static double count_of(struct host *host,
                       HRESULT(STDMETHODCALLTYPE *get)(IOpenMSPAddress *, double *))
{
    double value = -1;

    ck_assert_hr(get(host->open, &value), S_OK);
    return value;
}

#define COUNT(host, name) count_of(host, (host)->open->lpVtbl->get_##name)

static struct host_call *running_call(struct host *host, struct host_file *recorder,
                                      const WCHAR *name)
{
    struct host_call *call = host_call_open(host, TAPIMEDIATYPE_AUDIO);
    BSTR peer = SysAllocString(L"127.0.0.1:30986");

    host_recorder(host, name, recorder);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[HOST_RENDER], recorder->track), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call->open, peer, 0), S_OK);
    SysFreeString(peer);
    return call;
}

START_TEST(a_queue_that_nobody_drains_stays_small_and_keeps_the_last_state)
{
    enum { FIRST = 2000, MORE = 6000 };
    struct host *host = host_open(false);
    struct host_file recorder;
    struct host_call *call = running_call(host, &recorder, L"undrained.wav");
    size_t before, after;
    double waiting, coalesced;
    int last = -1;

    toggle(call, FIRST);
    before = allocated();
    toggle(call, MORE);
    after = allocated();
    ck_assert_msg(after < before + 65536, "%lu bytes became %lu", (unsigned long)before,
                  (unsigned long)after);
    waiting = COUNT(host, EventsWaiting);
    coalesced = COUNT(host, EventsCoalesced);
    ck_assert(waiting < 2048);
    ck_assert(coalesced == 1 + 2.0 * (FIRST + MORE) - waiting);
    ck_assert(COUNT(host, EventsDropped) == 0);
    ck_assert_hr(ITStream_StopStream(call->streams[HOST_RENDER]), S_OK);
    host_drain(host);
    ck_assert(COUNT(host, EventsWaiting) == 0);
    for (size_t i = 0; i < host->count; i++) {
        int type = host->events[i].type;

        ck_assert_int_eq(host->events[i].kind, ME_CALL_EVENT);
        ck_assert(type == CALL_STREAM_ACTIVE || type == CALL_STREAM_INACTIVE);
        ck_assert_int_eq(type,
                         last == CALL_STREAM_ACTIVE ? CALL_STREAM_INACTIVE : CALL_STREAM_ACTIVE);
        last = type;
    }
    ck_assert_int_eq(last, CALL_STREAM_INACTIVE);
    host_file_close(&recorder);
    host_call_close(call);
    host_close(host);
}
END_TEST

/* The hardware of this call breaks its render stream; the application starts it again. */
static void break_and_restart(struct host_call *call, unsigned long status)
{
    struct omsp_tsp_stream_state body;

    memset(&body, 0, sizeof(body));
    body.direction = OMSP_TSP_RENDER;
    body.state = OMSP_TSP_STOPPED;
    OMSP_TSP_PUT32(body.status, status);
    host_send(call, OMSP_TSP_STREAM_STATE, &body, sizeof(body));
    ck_assert_hr(ITStream_StartStream(call->streams[HOST_RENDER]), S_OK);
}

START_TEST(no_failure_is_lost_in_a_full_queue)
{
    enum { CALLS = 6, FAILURES = 4 };
    static const unsigned long statuses[FAILURES] = {OMSP_TSP_NODEVICE, OMSP_TSP_TIMEOUT,
                                                     OMSP_TSP_ACCESS, OMSP_TSP_NOMEM};
    static const HRESULT errors[FAILURES] = {TAPI_E_NODEVICE, TAPI_E_TIMEOUT, E_ACCESSDENIED,
                                             E_OUTOFMEMORY};
    struct host *host = host_open(false);
    struct host_file recorder, files[CALLS];
    struct host_call *busy = running_call(host, &recorder, L"busy.wav"), *calls[CALLS];

    for (int i = 0; i < CALLS; i++) {
        struct omsp_tsp_configure body;
        WCHAR name[32];

        calls[i] = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        memset(&body, 0, sizeof(body));
        body.transport = OMSP_TSP_TRANSPORT_HARDWARE;
        body.offers = OMSP_TSP_OFFER_START | OMSP_TSP_OFFER_STOP;
        OMSP_TSP_PUT32(body.media_timeout_ms, OMSP_TSP_KEEP_TIMEOUT);
        host_send(calls[i], OMSP_TSP_CONFIGURE, &body, sizeof(body));
        _snwprintf(name, 31, L"fail-%d.wav", i);
        host_recorder(host, name, &files[i]);
        ck_assert_hr(ITStream_SelectTerminal(calls[i]->streams[HOST_RENDER], files[i].track), S_OK);
        host_send(calls[i], OMSP_TSP_CONNECT, NULL, 0);
    }
    for (int round = 0; round < FAILURES; round++) {
        toggle(busy, 700);
        for (int i = 0; i < CALLS; i++)
            break_and_restart(calls[i], statuses[round]);
    }
    toggle(busy, 1000);
    ck_assert(COUNT(host, EventsCoalesced) > 0);
    host_drain(host);
    for (int i = 0; i < CALLS; i++)
        for (int j = 0; j < FAILURES; j++) {
            int streams = 0, terminals = 0;

            for (size_t k = 0; k < host->count; k++) {
                const struct host_event *event = &host->events[k];

                if (event->call != calls[i]->token || event->kind != ME_CALL_EVENT ||
                    event->error != errors[j])
                    continue;
                streams += event->type == CALL_STREAM_FAIL;
                terminals += event->type == CALL_TERMINAL_FAIL;
            }
            ck_assert_int_eq(streams, 1);
            ck_assert_int_eq(terminals, 1);
        }
    /* All of them run again, and that is the last thing told. */
    for (int i = 0; i < CALLS; i++) {
        int last = -1;

        for (size_t k = 0; k < host->count; k++)
            if (host->events[k].call == calls[i]->token && host->events[k].kind == ME_CALL_EVENT)
                last = host->events[k].type;
        ck_assert_int_eq(last, CALL_STREAM_ACTIVE);
        host_file_close(&files[i]);
        host_call_close(calls[i]);
    }
    host_file_close(&recorder);
    host_call_close(busy);
    host_close(host);
}
END_TEST

/* ---- references left over -------------------------------------------------------------------- */

struct leak {
    struct host_call *call;
    struct host_file *player, *recorder;
    ITTerminalSupport *terminals;
    int wrong;
};

/* An application's thread that has not heard of the end: every answer is a code, none a crash. */
static DWORD WINAPI use_leaked(void *arg)
{
    struct leak *leak = arg;
    struct host_call *call = leak->call;
    ITTerminal *terminal = NULL;
    IEnumStream *streams = NULL;
    IEnumTerminal *selected = NULL;
    IOpenMSPStatistics *statistics = NULL;
    BSTR class = SysAllocString(HOST_PLAYER), text = NULL, peer = SysAllocString(L"127.0.0.1:9");
    VARIANT collection;
    LONG state;

#define MUST(expression, expected)                                                                 \
    do {                                                                                           \
        HRESULT hr_ = (expression);                                                                \
        if (hr_ != (HRESULT)(expected)) {                                                          \
            printf("%s: 0x%08lx\n", #expression, (unsigned long)hr_);                              \
            leak->wrong++;                                                                         \
        }                                                                                          \
    } while (0)

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    VariantInit(&collection);
    for (int i = 0; i < 2; i++) {
        MUST(ITStream_StartStream(call->streams[i]), E_UNEXPECTED);
        MUST(ITStream_PauseStream(call->streams[i]), E_UNEXPECTED);
        MUST(ITStream_StopStream(call->streams[i]), E_UNEXPECTED);
        MUST(ITStream_SelectTerminal(call->streams[i],
                                     i ? leak->recorder->track : leak->player->track),
             E_UNEXPECTED);
        MUST(ITStream_UnselectTerminal(call->streams[i],
                                       i ? leak->recorder->track : leak->player->track),
             E_UNEXPECTED);
        MUST(ITStream_EnumerateTerminals(call->streams[i], &selected), E_UNEXPECTED);
        MUST(ITStream_get_Terminals(call->streams[i], &collection), E_UNEXPECTED);
    }
    MUST(ITStreamControl_EnumerateStreams(call->control, &streams), E_UNEXPECTED);
    MUST(ITStreamControl_get_Streams(call->control, &collection), E_UNEXPECTED);
    MUST(IOpenMSPCall_Listen(call->open, peer), E_UNEXPECTED);
    MUST(IOpenMSPCall_SetPeer(call->open, peer, 0), E_UNEXPECTED);
    MUST(IOpenMSPCall_Connect(call->open), E_UNEXPECTED);
    MUST(IOpenMSPCall_Disconnect(call->open), E_UNEXPECTED);
    MUST(IOpenMSPCall_get_LocalDescription(call->open, &text), E_UNEXPECTED);
    MUST(IOpenMSPCall_get_Sid(call->open, &text), S_OK);
    SysFreeString(text);
    MUST(IOpenMSPCall_get_State(call->open, &state), S_OK);
    MUST(IOpenMSPCall_get_Statistics(call->open, &statistics), S_OK);
    MUST(IOpenMSPCall_Close(call->open), S_OK);
    MUST(ITTerminalSupport_CreateTerminal(leak->terminals, class, TAPIMEDIATYPE_AUDIO, TD_CAPTURE,
                                          &terminal),
         E_UNEXPECTED);
    MUST(ITMediaControl_Start(leak->player->control), E_UNEXPECTED);
    MUST(ITMediaControl_Start(leak->recorder->control), E_UNEXPECTED);
    if (terminal || streams || selected)
        leak->wrong++;
    if (statistics)
        kit_release(statistics);
    SysFreeString(class);
    SysFreeString(peer);
    CoUninitialize();
    return 0;
}

START_TEST(leaked_references_answer_after_shutdown_from_any_thread)
{
    struct host *host = host_open(true);
    struct host_file player, recorder;
    struct host_call *call = running_call(host, &recorder, L"leak-heard.wav");
    struct leak leak = {call, &player, &recorder, host->terminals, 0};
    HANDLE thread;

    host_write_wav(L"leak.wav", 5, 80000, NULL);
    host_player(host, L"leak.wav", &player);
    ck_assert_hr(ITStream_SelectTerminal(call->streams[HOST_CAPTURE], player.track), S_OK);
    ck_assert_hr(ITMediaControl_Start(player.control), S_OK);
    ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
    host_next(call, ME_CALL_EVENT);
    host_shutdown(host); /* with all of it running, and no ShutdownMSPCall */
    thread = CreateThread(NULL, 0, use_leaked, &leak, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, HOST_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(thread);
    ck_assert_int_eq(leak.wrong, 0);
    host_call_release(call);
    host_file_close(&player);
    host_file_close(&recorder);
    host_close(host);
}
END_TEST

/* ---- unloading ------------------------------------------------------------------------------- */

/* Workers end by themselves, a little later perhaps than the last reference; then the module goes.
 */
static void expect_unloaded(void)
{
    ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;

    while (GetModuleHandleW(L"openmsp.dll") && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_ptr_null(GetModuleHandleW(L"openmsp.dll"));
}

typedef HRESULT(STDMETHODCALLTYPE *can_unload_fn)(void);

START_TEST(com_unloads_the_dll_while_its_workers_carry_media)
{
    for (int round = 0; round < 4; round++) {
        struct host *host = host_open(true);
        struct host_call *a = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        struct host_call *b = host_call_open(host, TAPIMEDIATYPE_AUDIO);
        struct host_file player, recorder;
        can_unload_fn can_unload = (can_unload_fn)(void *)GetProcAddress(
            GetModuleHandleW(L"openmsp.dll"), "DllCanUnloadNow");
        unsigned long long frames;

        host_write_wav(L"unload.wav", 6, 80000, NULL);
        host_player(host, L"unload.wav", &player);
        host_recorder(host, L"unload-heard.wav", &recorder);
        host_configure(a, 20, 0);
        host_configure(b, 20, 0);
        host_connect(a, b);
        ck_assert_hr(ITStream_SelectTerminal(a->streams[HOST_CAPTURE], player.track), S_OK);
        ck_assert_hr(ITStream_SelectTerminal(b->streams[HOST_RENDER], recorder.track), S_OK);
        ck_assert_hr(ITMediaControl_Start(recorder.control), S_OK);
        ck_assert_hr(ITMediaControl_Start(player.control), S_OK);
        do { /* until media flows */
            struct omsp_tsp_stats stats = host_stats(b);

            frames = HOST_COUNT(stats.frames_recorded);
        } while (frames < 3);
        ck_assert_hr(can_unload(), S_FALSE);
        CoFreeUnusedLibrariesEx(0, 0);
        ck_assert_ptr_nonnull(GetModuleHandleW(L"openmsp.dll"));
        if (round & 1) { /* the address first, the calls' references after it */
            host_shutdown(host);
            host_call_release(a);
            host_call_release(b);
        } else {
            host_call_close(a);
            host_call_close(b);
        }
        if (round & 2)
            ck_assert_hr(ITMediaControl_Stop(recorder.control), S_OK);
        host_file_close(&player);
        host_file_close(&recorder);
        host_close(host); /* CoUninitialize of the last apartment frees COM's modules */
        expect_unloaded();
    }
}
END_TEST

OMSP_SUITE("host-end", TEST(a_queue_that_nobody_drains_stays_small_and_keeps_the_last_state),
           TEST(no_failure_is_lost_in_a_full_queue),
           TEST(leaked_references_answer_after_shutdown_from_any_thread),
           TEST(com_unloads_the_dll_while_its_workers_carry_media))
