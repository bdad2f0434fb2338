/*
 * A sink that counts, blocks, fails or asks back as a test wants, on any apartment, and a thread
 * that is a single-threaded apartment with a message loop.
 */
#ifndef OMSP_TESTS_MSP_SINK_KIT_H
#define OMSP_TESTS_MSP_SINK_KIT_H

#include "msp/media_kit.h"
#include "msp/sinks.h"

#include <ocidl.h>
#include <olectl.h>

#define SINK_ROOM    4096
#define SINK_WAIT_MS 20000

struct seen {
    TAPI_EVENT kind;
    LONG type, cause; /* of ITCallMediaEvent or ITFileTerminalEvent */
};

struct sink {
    ITTAPIEventNotification custom;
    IDispatch dispatch; /* the other way to be called */
    bool scripted;      /* answers IDispatch only */
    bool both;          /* answers the dispatch event interface's IID too */
    LONG refs;
    DWORD thread_id; /* of the last call */
    HRESULT answer;
    HANDLE came, gate; /* semaphore: one a call; gate NULL, or waited for in the call */
    HANDLE entered;    /* semaphore: before the gate */
    void (*inside)(struct sink *sink, IDispatch *event);
    void *ctx;
    _Atomic(LONG) forbidden; /* no call may begin any more */
    volatile LONG violations;
    volatile LONG count;
    struct seen seen[SINK_ROOM];
};

static inline void sink_note(struct sink *sink, TAPI_EVENT kind, IDispatch *event)
{
    struct seen seen = {kind, -1, -1};
    ITCallMediaEvent *media;
    ITFileTerminalEvent *file;

    if (SUCCEEDED(IDispatch_QueryInterface(event, &IID_ITCallMediaEvent, (void **)&media))) {
        CALL_MEDIA_EVENT type = (CALL_MEDIA_EVENT)-1;
        CALL_MEDIA_EVENT_CAUSE cause = (CALL_MEDIA_EVENT_CAUSE)-1;

        ITCallMediaEvent_get_Event(media, &type);
        ITCallMediaEvent_get_Cause(media, &cause);
        seen.type = (LONG)type;
        seen.cause = (LONG)cause;
        ITCallMediaEvent_Release(media);
    } else if (SUCCEEDED(
                   IDispatch_QueryInterface(event, &IID_ITFileTerminalEvent, (void **)&file))) {
        TERMINAL_MEDIA_STATE state = (TERMINAL_MEDIA_STATE)-1;
        FT_STATE_EVENT_CAUSE cause = (FT_STATE_EVENT_CAUSE)-1;

        ITFileTerminalEvent_get_State(file, &state);
        ITFileTerminalEvent_get_Cause(file, &cause);
        seen.type = (LONG)state;
        seen.cause = (LONG)cause;
        ITFileTerminalEvent_Release(file);
    }
    if (sink->count < SINK_ROOM)
        sink->seen[sink->count] = seen;
    InterlockedIncrement(&sink->count);
}

static inline HRESULT sink_called(struct sink *sink, TAPI_EVENT kind, IDispatch *event)
{
    HRESULT answer;

    if (sink->forbidden)
        InterlockedIncrement(&sink->violations);
    sink->thread_id = GetCurrentThreadId();
    sink_note(sink, kind, event);
    ReleaseSemaphore(sink->entered, 1, NULL);
    if (sink->gate)
        WaitForSingleObject(sink->gate, SINK_WAIT_MS);
    if (sink->inside)
        sink->inside(sink, event);
    answer = sink->answer;
    ReleaseSemaphore(sink->came, 1, NULL);
    return answer;
}

static inline HRESULT sink_query(struct sink *sink, REFIID iid, void **out)
{
    *out = NULL;
    if (!sink->scripted &&
        (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_ITTAPIEventNotification)))
        *out = &sink->custom;
    else if (sink->scripted &&
             (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IDispatch) ||
              (sink->both && IsEqualIID(iid, &DIID_ITTAPIDispatchEventNotification))))
        *out = &sink->dispatch;
    else
        return E_NOINTERFACE;
    InterlockedIncrement(&sink->refs);
    return S_OK;
}

#define CUSTOM_SINK(iface)   CONTAINING_RECORD(iface, struct sink, custom)
#define DISPATCH_SINK(iface) CONTAINING_RECORD(iface, struct sink, dispatch)

static HRESULT STDMETHODCALLTYPE custom_query(ITTAPIEventNotification *iface, REFIID iid,
                                              void **out)
{
    return sink_query(CUSTOM_SINK(iface), iid, out);
}
static ULONG STDMETHODCALLTYPE custom_add(ITTAPIEventNotification *iface)
{
    return (ULONG)InterlockedIncrement(&CUSTOM_SINK(iface)->refs);
}
static ULONG STDMETHODCALLTYPE custom_release(ITTAPIEventNotification *iface)
{
    return (ULONG)InterlockedDecrement(&CUSTOM_SINK(iface)->refs);
}
static HRESULT STDMETHODCALLTYPE custom_event(ITTAPIEventNotification *iface, TAPI_EVENT kind,
                                              IDispatch *event)
{
    return sink_called(CUSTOM_SINK(iface), kind, event);
}
static HRESULT STDMETHODCALLTYPE dispatch_query(IDispatch *iface, REFIID iid, void **out)
{
    return sink_query(DISPATCH_SINK(iface), iid, out);
}
static ULONG STDMETHODCALLTYPE dispatch_add(IDispatch *iface)
{
    return (ULONG)InterlockedIncrement(&DISPATCH_SINK(iface)->refs);
}
static ULONG STDMETHODCALLTYPE dispatch_release(IDispatch *iface)
{
    return (ULONG)InterlockedDecrement(&DISPATCH_SINK(iface)->refs);
}
static HRESULT STDMETHODCALLTYPE dispatch_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                                 WORD flags, DISPPARAMS *params, VARIANT *result,
                                                 EXCEPINFO *exception, UINT *arg)
{
    (void)iid, (void)lcid, (void)result, (void)exception, (void)arg;
    if (id != 1 || flags != DISPATCH_METHOD || params->cArgs != 2 ||
        params->rgvarg[1].vt != VT_I4 || params->rgvarg[0].vt != VT_DISPATCH)
        return DISP_E_MEMBERNOTFOUND;
    return sink_called(DISPATCH_SINK(iface), (TAPI_EVENT)params->rgvarg[1].lVal,
                       params->rgvarg[0].pdispVal);
}

static inline void sink_init(struct sink *sink)
{
    static ITTAPIEventNotificationVtbl custom = {custom_query, custom_add, custom_release,
                                                 custom_event};
    static IDispatchVtbl dispatch = {.QueryInterface = dispatch_query,
                                     .AddRef = dispatch_add,
                                     .Release = dispatch_release,
                                     .Invoke = dispatch_invoke};

    memset(sink, 0, sizeof(*sink));
    sink->custom.lpVtbl = &custom;
    sink->dispatch.lpVtbl = &dispatch;
    sink->refs = 1;
    sink->came = CreateSemaphoreW(NULL, 0, 1000000, NULL);
    sink->entered = CreateSemaphoreW(NULL, 0, 1000000, NULL);
}

/* Nobody holds it any more, at the latest in a while. */
static inline void sink_fini(struct sink *sink)
{
    ULONGLONG give_up = GetTickCount64() + SINK_WAIT_MS;

    while (InterlockedCompareExchange(&sink->refs, 0, 0) != 1 && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_int_eq(sink->refs, 1);
    ck_assert_int_eq(sink->violations, 0);
    CloseHandle(sink->came);
    CloseHandle(sink->entered);
}

static inline IUnknown *sink_unknown(struct sink *sink)
{
    return sink->scripted ? (IUnknown *)&sink->dispatch : (IUnknown *)&sink->custom;
}

static inline IConnectionPoint *sink_point(void *address, REFIID iid)
{
    IConnectionPointContainer *container = kit_query(address, &IID_IConnectionPointContainer);
    IConnectionPoint *point = NULL;

    ck_assert_hr(IConnectionPointContainer_FindConnectionPoint(container, iid, &point), S_OK);
    kit_release(container);
    return point;
}

static inline DWORD sink_advise(void *address, struct sink *sink)
{
    IConnectionPoint *point =
        sink_point(address, sink->scripted ? &DIID_ITTAPIDispatchEventNotification
                                           : &IID_ITTAPIEventNotification);
    DWORD cookie = 0;

    ck_assert_hr(IConnectionPoint_Advise(point, sink_unknown(sink), &cookie), S_OK);
    ck_assert_uint_ne(cookie, 0);
    kit_release(point);
    return cookie;
}

static inline HRESULT sink_unadvise(void *address, struct sink *sink, DWORD cookie)
{
    IConnectionPoint *point =
        sink_point(address, sink->scripted ? &DIID_ITTAPIDispatchEventNotification
                                           : &IID_ITTAPIEventNotification);
    HRESULT hr = IConnectionPoint_Unadvise(point, cookie);

    kit_release(point);
    return hr;
}

/* So many calls have ended. Serves incoming calls on a single-threaded apartment. */
static inline void sink_wait(struct sink *sink, unsigned calls)
{
    for (unsigned i = 0; i < calls; i++)
        ck_assert_msg(WaitForSingleObject(sink->came, SINK_WAIT_MS) == WAIT_OBJECT_0,
                      "call %u of %u did not come", i + 1, calls);
}

/* ---- a single-threaded apartment ------------------------------------------------------------- */

struct apartment {
    HANDLE thread, ready, quit;
    void *address;
    struct sink *sink;
    DWORD cookie, thread_id;
    bool leave_advised; /* ends without Unadvise: the apartment dies under its sink */
    HRESULT unadvised;
};

static inline void apartment_pump(HANDLE until)
{
    while (MsgWaitForMultipleObjects(1, &until, FALSE, SINK_WAIT_MS, QS_ALLINPUT) ==
           WAIT_OBJECT_0 + 1) {
        MSG message;

        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
            DispatchMessageW(&message);
    }
}

static DWORD WINAPI apartment_run(void *arg)
{
    struct apartment *self = arg;

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    self->thread_id = GetCurrentThreadId();
    self->cookie = sink_advise(self->address, self->sink);
    SetEvent(self->ready);
    apartment_pump(self->quit);
    if (!self->leave_advised)
        self->unadvised = sink_unadvise(self->address, self->sink, self->cookie);
    CoUninitialize();
    return 0;
}

static inline void apartment_begin(struct apartment *self, void *address, struct sink *sink)
{
    memset(self, 0, sizeof(*self));
    self->address = address;
    self->sink = sink;
    self->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    self->quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    self->thread = CreateThread(NULL, 0, apartment_run, self, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(self->ready, SINK_WAIT_MS), WAIT_OBJECT_0);
}

static inline void apartment_end(struct apartment *self)
{
    SetEvent(self->quit);
    ck_assert_uint_eq(WaitForSingleObject(self->thread, SINK_WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(self->thread);
    CloseHandle(self->ready);
    CloseHandle(self->quit);
}

/* ---- events to be told ------------------------------------------------------------------------
 */

/* A call whose capture stream can be made to tell two events by a start and a stop. */
struct source {
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
};

static inline void source_begin(struct source *source)
{
    media_begin(&source->media);
    source->call = media_call(&source->media, TAPIMEDIATYPE_AUDIO);
    source->stream = media_stream(source->call, CAPTURE);
    source->player = media_playing(&source->media, L"sinks.wav", 800, &source->track);
    ck_assert_hr(ITStream_SelectTerminal(source->stream, source->track), S_OK);
    ck_assert_hr(ITStream_StopStream(source->stream), S_OK);
    media_connect(source->call);
}

static inline void source_end(struct source *source)
{
    kit_release(source->track), kit_release(source->player);
    kit_release(source->stream), kit_release(source->call);
    media_end(&source->media);
    media_delete(L"sinks.wav");
}

static inline void toggle(struct source *source, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        ck_assert_hr(ITStream_StartStream(source->stream), S_OK);
        ck_assert_hr(ITStream_StopStream(source->stream), S_OK);
    }
}

static inline void expect_toggles(const struct sink *sink, unsigned from, unsigned times)
{
    ck_assert_int_ge(sink->count, (LONG)(from + 2 * times));
    for (unsigned i = 0; i < 2 * times; i++) {
        const struct seen *seen = &sink->seen[from + i];

        ck_assert_int_eq(seen->kind, TE_CALLMEDIA);
        ck_assert_int_eq(seen->type, i & 1 ? CME_STREAM_INACTIVE : CME_STREAM_ACTIVE);
        ck_assert_int_eq(seen->cause, CMC_LOCAL_REQUEST);
    }
}

static inline struct msp_sinks_stats stats_of(struct source *source)
{
    struct msp_sinks_stats stats;

    msp_sinks_get_stats(CONTAINING_RECORD(source->media.msp, struct msp_address, msp)->sinks,
                        &stats);
    return stats;
}

/* Waits until so many are connected. */
static inline void wait_connected(struct source *source, unsigned connected)
{
    ULONGLONG give_up = GetTickCount64() + SINK_WAIT_MS;

    while (stats_of(source).connected != connected && GetTickCount64() < give_up)
        SwitchToThread();
    ck_assert_uint_eq(stats_of(source).connected, connected);
}

#endif
