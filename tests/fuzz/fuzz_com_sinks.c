/*
 * Sinks under calls of COM on the native stand-in, with real threads and sockets: sinks that
 * answer well, fail, say that they are dead, refuse to be asked, unadvise themselves or others,
 * advise more, call whatever the event leads to, end the address or let go of themselves, all from
 * inside a call; and beside the first thread a second one with the same address and call. Each
 * choice is a byte of the input, but for what sinks and the second thread choose, whose seeds are.
 * Laws beside fuzz_com.c's: no call of a sink begins after its Unadvise returned, and nobody holds
 * a sink in the end. Files and TCP are not there: fuzz_com.c has them, simulated.
 */
#include "com_life.h"

#include "msp/sinks.h"
#include "port/ports.h"

#include <olectl.h>

#define STEPS 200
#define SINKS 6

enum inside { LOOK, CALL, UNADVISE_SELF, UNADVISE_OTHER, ADVISE_MORE, LET_GO, SHUTDOWN, INSIDES };
enum shape { CUSTOM, SCRIPTED, BOTH, REFUSING, STARVING, SHAPES };

struct sink {
    ITTAPIEventNotification custom;
    IDispatch dispatch;
    struct life *life;
    LONG refs;
    enum inside inside;
    enum shape shape;
    HRESULT answer;
    bool gone; /* Unadvise returned: not to be called any more */
    uint32_t seed;
};

/* One that is advised, as its maker knows it. */
struct advised {
    struct sink *sink; /* counted until LET_GO or the end */
    DWORD cookie;
    bool scripted;
    bool busy; /* Advise runs */
};

static struct advised sinks[SINKS];
static SRWLOCK sinks_lock = SRWLOCK_INIT;
static LONG sinks_alive, calls_left;

static void advise(struct life *life, uint32_t seed);
static void unadvise(struct life *life, unsigned place, bool inside);

/* ---- a sink ---------------------------------------------------------------------------------- */

static void sink_release(struct sink *sink)
{
    LONG refs = InterlockedDecrement(&sink->refs);

    FUZZ_CHECK(refs >= 0);
    if (refs == 0) {
        free(sink);
        InterlockedDecrement(&sinks_alive);
    }
}

static unsigned place_of(const struct sink *sink)
{
    unsigned place = 0;

    while (place < SINKS && sinks[place].sink != sink)
        place++;
    return place;
}

/* Whatever the event and the address lead to. */
static void call_around(struct life *life, uint32_t seed, IUnknown *event, unsigned calls)
{
    struct play *play = calloc(1, sizeof(*play));

    FUZZ_CHECK(play != NULL);
    play->seed = seed;
    keep(play, event ? event : (IUnknown *)life->open);
    keep(play, (IUnknown *)life->msp);
    while (calls-- && InterlockedDecrement(&calls_left) > 0) {
        unsigned what = any(play, 3);

        if (what == 0)
            one_call(play);
        else if (what == 1)
            one_slot(play);
        else
            with_purpose(play);
    }
    for (unsigned i = 0; i < POOL; i++)
        if (play->pool[i])
            kit_release(play->pool[i]);
    free(play);
}

static HRESULT called(struct sink *sink, IDispatch *event)
{
    struct life *life = sink->life;
    HRESULT answer = sink->answer;
    unsigned place;

    FUZZ_CHECK(!sink->gone);
    switch (sink->inside) {
    case CALL:
        call_around(life, sink->seed, (IUnknown *)event, 12);
        break;
    case UNADVISE_SELF:
    case UNADVISE_OTHER:
        AcquireSRWLockShared(&sinks_lock);
        place = sink->inside == UNADVISE_SELF ? place_of(sink) : sink->seed % SINKS;
        ReleaseSRWLockShared(&sinks_lock);
        unadvise(life, place, true);
        break;
    case ADVISE_MORE:
        advise(life, sink->seed + 77);
        break;
    case LET_GO:
        AcquireSRWLockExclusive(&sinks_lock);
        place = place_of(sink);
        if (place < SINKS)
            sinks[place].sink = NULL;
        ReleaseSRWLockExclusive(&sinks_lock);
        if (place < SINKS)
            sink_release(sink);
        break;
    case SHUTDOWN:
        if (sink->seed % 8 == 0)
            MSP(Shutdown, life->msp);
        break;
    default:
        SwitchToThread();
    }
    return answer;
}

#define OF_CUSTOM(iface)   CONTAINING_RECORD(iface, struct sink, custom)
#define OF_DISPATCH(iface) CONTAINING_RECORD(iface, struct sink, dispatch)

static HRESULT sink_query(struct sink *sink, REFIID iid, void **out)
{
    bool scripted = sink->shape == SCRIPTED || sink->shape == BOTH;

    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown))
        *out = scripted ? (void *)&sink->dispatch : (void *)&sink->custom;
    else if (sink->shape == STARVING)
        return E_OUTOFMEMORY;
    else if (scripted &&
             (IsEqualIID(iid, &IID_IDispatch) ||
              (sink->shape == BOTH && IsEqualIID(iid, &DIID_ITTAPIDispatchEventNotification))))
        *out = &sink->dispatch;
    else if (sink->shape == CUSTOM && IsEqualIID(iid, &IID_ITTAPIEventNotification))
        *out = &sink->custom;
    else
        return E_NOINTERFACE;
    InterlockedIncrement(&sink->refs);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE custom_query(ITTAPIEventNotification *iface, REFIID iid,
                                              void **out)
{
    return sink_query(OF_CUSTOM(iface), iid, out);
}

static ULONG STDMETHODCALLTYPE custom_add(ITTAPIEventNotification *iface)
{
    return (ULONG)InterlockedIncrement(&OF_CUSTOM(iface)->refs);
}

static ULONG STDMETHODCALLTYPE custom_release(ITTAPIEventNotification *iface)
{
    sink_release(OF_CUSTOM(iface));
    return 1;
}

static HRESULT STDMETHODCALLTYPE custom_event(ITTAPIEventNotification *iface, TAPI_EVENT kind,
                                              IDispatch *event)
{
    FUZZ_CHECK(event && kind);
    return called(OF_CUSTOM(iface), event);
}

static HRESULT STDMETHODCALLTYPE dispatch_query(IDispatch *iface, REFIID iid, void **out)
{
    return sink_query(OF_DISPATCH(iface), iid, out);
}

static ULONG STDMETHODCALLTYPE dispatch_add(IDispatch *iface)
{
    return (ULONG)InterlockedIncrement(&OF_DISPATCH(iface)->refs);
}

static ULONG STDMETHODCALLTYPE dispatch_release(IDispatch *iface)
{
    sink_release(OF_DISPATCH(iface));
    return 1;
}

static HRESULT STDMETHODCALLTYPE dispatch_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                                 WORD flags, DISPPARAMS *params, VARIANT *result,
                                                 EXCEPINFO *exception, UINT *wrong)
{
    (void)iid, (void)lcid, (void)result, (void)exception, (void)wrong;
    FUZZ_CHECK(id == 1 && flags == DISPATCH_METHOD && params->cArgs == 2);
    FUZZ_CHECK(params->rgvarg[1].vt == VT_I4 && params->rgvarg[0].vt == VT_DISPATCH);
    return called(OF_DISPATCH(iface), params->rgvarg[0].pdispVal);
}

static struct sink *sink_make(struct life *life, uint32_t seed)
{
    static ITTAPIEventNotificationVtbl custom = {custom_query, custom_add, custom_release,
                                                 custom_event};
    static IDispatchVtbl dispatch = {.QueryInterface = dispatch_query,
                                     .AddRef = dispatch_add,
                                     .Release = dispatch_release,
                                     .Invoke = dispatch_invoke};
    static const HRESULT answers[] = {S_OK, S_OK, E_FAIL, RPC_E_DISCONNECTED, E_OUTOFMEMORY};
    struct sink *sink = calloc(1, sizeof(*sink));

    FUZZ_CHECK(sink != NULL);
    sink->custom.lpVtbl = &custom;
    sink->dispatch.lpVtbl = &dispatch;
    sink->life = life;
    sink->refs = 1;
    sink->inside = (enum inside)(seed % INSIDES);
    sink->shape = (enum shape)((seed >> 4) % 16);
    if (sink->shape >= SHAPES)
        sink->shape = (enum shape)((seed >> 4) % 3);
    sink->answer = answers[(seed >> 8) % 5];
    sink->seed = seed;
    InterlockedIncrement(&sinks_alive);
    return sink;
}

/* ---- advising -------------------------------------------------------------------------------- */

static IConnectionPoint *point_of(struct life *life, bool scripted)
{
    IConnectionPointContainer *container = kit_query(life->msp, &IID_IConnectionPointContainer);
    IConnectionPoint *point = NULL;

    ck_assert_hr(
        IConnectionPointContainer_FindConnectionPoint(
            container,
            scripted ? &DIID_ITTAPIDispatchEventNotification : &IID_ITTAPIEventNotification,
            &point),
        S_OK);
    kit_release(container);
    return point;
}

static void advise(struct life *life, uint32_t seed)
{
    struct sink *sink = sink_make(life, seed);
    bool scripted = sink->shape == SCRIPTED || sink->shape == BOTH;
    IConnectionPoint *point = point_of(life, scripted);
    IUnknown *unknown = scripted ? (IUnknown *)&sink->dispatch : (IUnknown *)&sink->custom;
    unsigned place = SINKS;
    DWORD cookie = 99;
    HRESULT hr;

    /* It stands in its place before it may be called. */
    AcquireSRWLockExclusive(&sinks_lock);
    for (unsigned i = 0; i < SINKS && place == SINKS; i++)
        if (!sinks[i].sink && !sinks[i].cookie && !sinks[i].busy)
            place = i;
    if (place < SINKS) {
        sinks[place].sink = sink;
        sinks[place].scripted = scripted;
        sinks[place].busy = true;
        InterlockedIncrement(&sink->refs); /* for as long as Advise runs */
    }
    ReleaseSRWLockExclusive(&sinks_lock);
    if (place == SINKS) {
        kit_release(point);
        sink_release(sink);
        return;
    }
    hr = IConnectionPoint_Advise(point, unknown, &cookie);
    FUZZ_CHECK(hr == S_OK || hr == CONNECT_E_CANNOTCONNECT || hr == E_OUTOFMEMORY ||
               hr == E_UNEXPECTED || hr == (HRESULT)CONNECT_E_ADVISELIMIT);
    FUZZ_CHECK(SUCCEEDED(hr) ? cookie != 0 : cookie == 0);
    AcquireSRWLockExclusive(&sinks_lock);
    sinks[place].busy = false;
    if (SUCCEEDED(hr)) {
        sinks[place].cookie = cookie;
    } else if (sinks[place].sink == sink) { /* else it has let go of itself */
        sinks[place].sink = NULL;
        InterlockedDecrement(&sink->refs);
    }
    ReleaseSRWLockExclusive(&sinks_lock);
    sink_release(sink);
    kit_release(point);
}

/* inside: from a sink's call, so that a call may be under way. */
static void unadvise(struct life *life, unsigned place, bool inside)
{
    struct advised one = {0};
    ULONGLONG before = GetTickCount64();
    IConnectionPoint *point;
    HRESULT hr;

    if (place >= SINKS)
        return;
    AcquireSRWLockExclusive(&sinks_lock);
    if (sinks[place].cookie) {
        one = sinks[place];
        memset(&sinks[place], 0, sizeof(sinks[place]));
    }
    ReleaseSRWLockExclusive(&sinks_lock);
    if (!one.cookie)
        return;
    point = point_of(life, one.scripted);
    hr = IConnectionPoint_Unadvise(point, one.cookie);
    FUZZ_CHECK(hr == S_OK || hr == (HRESULT)CONNECT_E_NOCONNECTION);
    kit_release(point);
    /* It waits for a call that is under way, but not for ever. */
    if (one.sink && hr == S_OK && !inside && GetTickCount64() - before < MSP_SINK_PATIENCE_MS)
        one.sink->gone = true;
    if (one.sink)
        sink_release(one.sink);
}

/* ---- steps ----------------------------------------------------------------------------------- */

struct second {
    struct life *life;
    uint32_t seed;
    unsigned calls;
    HANDLE thread;
};

static struct second second;

static DWORD WINAPI second_run(void *ctx)
{
    struct second *self = ctx;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    call_around(self->life, self->seed, NULL, self->calls);
    CoUninitialize();
    return 0;
}

static void second_join(void)
{
    if (!second.thread)
        return;
    FUZZ_CHECK(WaitForSingleObject(second.thread, 20000) == WAIT_OBJECT_0);
    CloseHandle(second.thread);
    second.thread = NULL;
}

static void step(struct life *life)
{
    unsigned what = fuzz_u8(&life->input) % 32;

    switch (what) {
    case 0:
        for (unsigned i = fuzz_u8(&life->input) % 16; i; i--)
            SwitchToThread();
        break;
    case 1:
        take_event(life, sizeof(MSP_EVENT_INFO) + 8192);
        break;
    case 2:
        tsp_data(life);
        break;
    case 3:
        life->memory.left = fuzz_u8(&life->input) % 64;
        break;
    case 4:
        if (fuzz_u8(&life->input) % 64 == 0)
            MSP(Shutdown, life->msp);
        break;
    case 5:
        second_join();
        second.life = life;
        second.seed = fuzz_u16(&life->input);
        second.calls = fuzz_u8(&life->input);
        second.thread = CreateThread(NULL, 0, second_run, &second, 0, NULL);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        advise(life, fuzz_u16(&life->input));
        break;
    case 10:
    case 11:
        unadvise(life, fuzz_u8(&life->input) % SINKS, false);
        break;
    case 12:
    case 13:
    case 14:
    case 15:
        with_purpose(&life->play);
        break;
    case 16:
        fill_buffer(life);
        break;
    default:
        if (what % 2)
            one_call(&life->play);
        else
            one_slot(&life->play);
    }
}

static void settle(struct life *life)
{
    (void)life;
    second_join();
}

/* ---- a life ---------------------------------------------------------------------------------- */

static enum omsp_status no_file(void *ctx, const char *path, enum omsp_file_mode mode,
                                struct omsp_file **out)
{
    (void)ctx, (void)path, (void)mode;
    *out = NULL;
    return OMSP_ACCESS;
}

static const struct omsp_ports *ports(void)
{
    static struct omsp_ports all;

    all = *omsp_system_ports();
    all.file.open = no_file;
    all.tcp_loop_create = NULL;
    all.http_create = NULL;
    return &all;
}

static void begin(struct life *life)
{
    (void)life;
    memset(sinks, 0, sizeof(sinks));
    calls_left = 400;
}

/* Whoever was still advised is let go of by the address. */
static void end(struct life *life)
{
    ULONGLONG give_up = GetTickCount64() + 10000;

    (void)life;
    for (unsigned i = 0; i < SINKS; i++)
        if (sinks[i].sink)
            sink_release(sinks[i].sink);
    while (InterlockedCompareExchange(&sinks_alive, 0, 0) && GetTickCount64() < give_up)
        SwitchToThread();
    FUZZ_CHECK(sinks_alive == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct omsp_engine_config config = {.workers = 1};
    static const struct life_world world = {ports, &config, begin, step, settle, end};
    ULONGLONG give_up = GetTickCount64() + 10000;
    struct life life = {.input = {data, size}};

    life_run(&life, &world, STEPS);
    while (standin_handles() && GetTickCount64() < give_up) /* a thread's own, when it ends */
        SwitchToThread();
    FUZZ_CHECK(standin_handles() == 0);
    return 0;
}
