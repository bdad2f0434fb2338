/*
 * The random calls of com_calls.h from three apartments at once: two threads of the multithreaded
 * one and a single-threaded one with a message loop. What they find they give one another, by
 * streams and by the global interface table, objects of the module and guests of their own: a guest
 * of the single-threaded apartment is a proxy elsewhere, which the module is given as an argument
 * and as a sink of events, so that calls cross in both directions. Laws, beside those of
 * com_calls.h:
 *
 *  - a guest is called in its own apartment alone;
 *  - an object of the module is the same wherever it comes;
 *  - no thread waits for ever, and in the end nobody holds a guest and the module may go;
 *  - what happens more often takes no more handles and threads of the process.
 *
 * OMSP_COM_CALLS says how many sequences of 3 times 500 calls each; else there are 6, or as many as
 * begin within 15 s: a guest whose apartment is busy is waited for, each time for a bounded time.
 */
#include "support/host.h"

#include "support/com_calls.h"
#include "support/process_use.h"

#include <olectl.h>

#define CALLS       500
#define ACTORS      3 /* the last lives in the single-threaded apartment */
#define LATE        3 /* of the system's own, in whatever sequence first needs them */
#define SLOTS       6
#define ENOUGH_MS   15000
#define SEQUENCE_MS 120000 /* for its calls */
#define KEPT_BY_COM 2      /* a pipe and an event of each such apartment, which Wine leaves open */

/* DIID_ITTAPIDispatchEventNotification, which mingw-w64's headers do not have. */
static const IID event_sink = {
    0x9f34325b, 0x7e62, 0x11d2, {0x94, 0x57, 0x00, 0xc0, 0x4f, 0x8e, 0xc8, 0x88}};

/* Where one leaves an object for another. */
struct slot {
    IStream *stream; /* by CoMarshalInterThreadInterfaceInStream, or */
    DWORD cookie;    /* of the global interface table */
    bool full;
};

struct meeting {
    SRWLOCK lock;
    struct slot slots[SLOTS];
    IGlobalInterfaceTable *table;
    volatile LONG crossed, told, strayed, lost;
    DWORD home; /* the single-threaded apartment's thread */
    HANDLE ready;
};

struct guest {
    IDispatch dispatch;
    volatile LONG refs;
    struct meeting *meeting;
    DWORD home; /* 0: any thread */
};

struct actor {
    struct meeting *meeting;
    struct play play;
    struct guest guest;
    IStream *address, *call; /* the first objects, marshalled for it */
    IConnectionPoint *point;
    DWORD cookie;
    bool single;
    IStream *introduction; /* of its guest */
    HANDLE thread, ready, may_begin, finished, may_leave;
};

/* ---- a guest --------------------------------------------------------------------------------- */

static struct guest *guest_of(IDispatch *iface)
{
    struct guest *guest = CONTAINING_RECORD(iface, struct guest, dispatch);

    if (guest->home && guest->home != GetCurrentThreadId())
        InterlockedIncrement(&guest->meeting->strayed);
    return guest;
}

static HRESULT STDMETHODCALLTYPE guest_query(IDispatch *iface, REFIID iid, void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IDispatch) &&
        !IsEqualIID(iid, &event_sink))
        return E_NOINTERFACE;
    *out = iface;
    InterlockedIncrement(&CONTAINING_RECORD(iface, struct guest, dispatch)->refs);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE guest_add(IDispatch *iface)
{
    return (ULONG)InterlockedIncrement(&CONTAINING_RECORD(iface, struct guest, dispatch)->refs);
}

static ULONG STDMETHODCALLTYPE guest_release(IDispatch *iface)
{
    return (ULONG)InterlockedDecrement(&CONTAINING_RECORD(iface, struct guest, dispatch)->refs);
}

static HRESULT STDMETHODCALLTYPE guest_type_count(IDispatch *iface, UINT *out)
{
    guest_of(iface);
    *out = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE guest_type(IDispatch *iface, UINT index, LCID lcid,
                                            ITypeInfo **out)
{
    (void)index;
    (void)lcid;
    guest_of(iface);
    *out = NULL;
    return DISP_E_BADINDEX;
}

static HRESULT STDMETHODCALLTYPE guest_names(IDispatch *iface, REFIID iid, LPOLESTR *wanted,
                                             UINT count, LCID lcid, DISPID *out)
{
    (void)iid;
    (void)wanted;
    (void)lcid;
    guest_of(iface);
    for (UINT i = 0; i < count; i++)
        out[i] = DISPID_UNKNOWN;
    return DISP_E_UNKNOWNNAME;
}

/* An event, or whatever a random call says. */
static HRESULT STDMETHODCALLTYPE guest_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                              WORD flags, DISPPARAMS *params, VARIANT *result,
                                              EXCEPINFO *exception, UINT *wrong)
{
    struct guest *guest = guest_of(iface);
    IUnknown *same = NULL;

    (void)iid;
    (void)lcid;
    (void)flags;
    (void)result;
    (void)exception;
    (void)wrong;
    if (id != 1)
        return DISP_E_MEMBERNOTFOUND;
    for (UINT i = 0; i < params->cArgs; i++) {
        const VARIANT *given = &params->rgvarg[i];

        if (given->vt == VT_DISPATCH && given->pdispVal &&
            SUCCEEDED(IDispatch_QueryInterface(given->pdispVal, &IID_IUnknown, (void **)&same)))
            kit_release(same);
    }
    InterlockedIncrement(&guest->meeting->told);
    return S_OK;
}

static IDispatchVtbl guest_vtable = {guest_query, guest_add,   guest_release, guest_type_count,
                                     guest_type,  guest_names, guest_invoke};

/* ---- from one to another --------------------------------------------------------------------- */

static void put(struct actor *actor, IUnknown *object)
{
    struct meeting *meeting = actor->meeting;
    struct slot made = {NULL, 0, true};
    HRESULT hr;

    if (any(&actor->play, 2))
        hr = CoMarshalInterThreadInterfaceInStream(&IID_IUnknown, object, &made.stream);
    else
        hr = IGlobalInterfaceTable_RegisterInterfaceInGlobal(meeting->table, object, &IID_IUnknown,
                                                             &made.cookie);
    ck_assert_hr(hr, S_OK);
    AcquireSRWLockExclusive(&meeting->lock);
    for (int i = 0; i < SLOTS && made.full; i++)
        if (!meeting->slots[i].full) {
            meeting->slots[i] = made;
            made.full = false;
        }
    ReleaseSRWLockExclusive(&meeting->lock);
    if (!made.full)
        return;
    if (made.cookie)
        IGlobalInterfaceTable_RevokeInterfaceFromGlobal(meeting->table, made.cookie);
    if (made.stream) { /* its reference goes with it, which Release alone does not do */
        CoReleaseMarshalData(made.stream);
        kit_release(made.stream);
    }
}

/* NULL: there is nothing. */
static IUnknown *take(struct meeting *meeting, unsigned from)
{
    struct slot found = {NULL, 0, false};
    IUnknown *object = NULL;

    AcquireSRWLockExclusive(&meeting->lock);
    for (unsigned i = 0; i < SLOTS && !found.full; i++) {
        struct slot *slot = &meeting->slots[(from + i) % SLOTS];

        found = *slot;
        memset(slot, 0, sizeof(*slot));
    }
    ReleaseSRWLockExclusive(&meeting->lock);
    if (!found.full)
        return NULL;
    if (found.stream) {
        ck_assert_hr(CoGetInterfaceAndReleaseStream(found.stream, &IID_IUnknown, (void **)&object),
                     S_OK);
    } else {
        ck_assert_hr(IGlobalInterfaceTable_GetInterfaceFromGlobal(meeting->table, found.cookie,
                                                                  &IID_IUnknown, (void **)&object),
                     S_OK);
        ck_assert_hr(IGlobalInterfaceTable_RevokeInterfaceFromGlobal(meeting->table, found.cookie),
                     S_OK);
    }
    InterlockedIncrement(&meeting->crossed);
    return object;
}

/* The guest hears the events of an address, or not any more. */
static void advise(struct actor *actor)
{
    IConnectionPointContainer *container = NULL;

    if (actor->point) {
        IConnectionPoint_Unadvise(actor->point, actor->cookie); /* its address may be gone */
        kit_release(actor->point);
        actor->point = NULL;
        return;
    }
    if (FAILED(IUnknown_QueryInterface(actor->play.pool[0], &IID_IConnectionPointContainer,
                                       (void **)&container)))
        return;
    if (FAILED(
            IConnectionPointContainer_FindConnectionPoint(container, &event_sink, &actor->point)))
        actor->point = NULL;
    kit_release(container);
    if (actor->point && FAILED(IConnectionPoint_Advise(
                            actor->point, (IUnknown *)&actor->guest.dispatch, &actor->cookie))) {
        kit_release(actor->point);
        actor->point = NULL;
    }
}

/* One of the call's streams: what sinks hear of. */
static void start_or_stop(struct actor *actor)
{
    ITStreamControl *control = NULL;
    IEnumStream *all = NULL;
    ITStream *stream = NULL;

    if (FAILED(
            IUnknown_QueryInterface(actor->play.pool[1], &IID_ITStreamControl, (void **)&control)))
        return;
    if (SUCCEEDED(ITStreamControl_EnumerateStreams(control, &all))) {
        IEnumStream_Skip(all, any(&actor->play, 2));
        if (IEnumStream_Next(all, 1, &stream, NULL) == S_OK) {
            if (any(&actor->play, 2))
                ITStream_StartStream(stream);
            else
                ITStream_StopStream(stream);
            kit_release(stream);
        }
        kit_release(all);
    }
    kit_release(control);
}

static void step(struct actor *actor)
{
    struct play *play = &actor->play;
    IUnknown *object;

    switch (any(play, 12)) {
    case 0:
        object = any_object(play);
        put(actor, object);
        kit_release(object);
        break;
    case 1: /* Wine 8 loses references to what it marshals at once from threads of one apartment */
        if (actor->single)
            put(actor, (IUnknown *)&actor->guest.dispatch);
        break;
    case 2:
    case 3:
        object = take(actor->meeting, any(play, SLOTS));
        if (object) {
            keep(play, object);
            kit_release(object);
        }
        break;
    case 4:
        if (!any(play, 4))
            advise(actor);
        break;
    case 5:
        start_or_stop(actor);
        break;
    default:
        one_call(play);
    }
}

/* ---- an apartment ---------------------------------------------------------------------------- */

static void pump(const struct actor *actor)
{
    MSG message;

    while (actor->single && PeekMessageW(&message, NULL, 0, 0, PM_REMOVE))
        DispatchMessageW(&message);
}

/* Until the event is set; a single-threaded apartment answers others meanwhile. */
static bool wait_for(const struct actor *actor, HANDLE event)
{
    ULONGLONG give_up = GetTickCount64() + SEQUENCE_MS;
    DWORD what = WAIT_OBJECT_0 + 1;

    while (what == WAIT_OBJECT_0 + 1 && GetTickCount64() < give_up) {
        pump(actor);
        what = actor->single ? MsgWaitForMultipleObjects(1, &event, FALSE, SEQUENCE_MS, QS_ALLINPUT)
                             : WaitForSingleObject(event, SEQUENCE_MS);
    }
    return what == WAIT_OBJECT_0;
}

static IUnknown *first(IStream *stream)
{
    IUnknown *object = NULL;

    ck_assert_hr(CoGetInterfaceAndReleaseStream(stream, &IID_IUnknown, (void **)&object), S_OK);
    return object;
}

static IStream *marshalled(void *object)
{
    IStream *stream = NULL;

    ck_assert_hr(CoMarshalInterThreadInterfaceInStream(&IID_IUnknown, object, &stream), S_OK);
    return stream;
}

static DWORD WINAPI act(void *arg)
{
    struct actor *actor = arg;
    IUnknown *address, *call;

    CoInitializeEx(NULL, actor->single ? COINIT_APARTMENTTHREADED : COINIT_MULTITHREADED);
    if (actor->single)
        actor->guest.home = GetCurrentThreadId();
    address = first(actor->address);
    call = first(actor->call);
    keep(&actor->play, address);
    keep(&actor->play, call);
    kit_release(address);
    kit_release(call);
    if (actor->single)
        actor->introduction = marshalled(&actor->guest.dispatch);
    SetEvent(actor->ready);
    wait_for(actor, actor->may_begin);
    advise(actor);
    for (unsigned i = 0; i < CALLS; i++) {
        step(actor);
        pump(actor);
    }
    if (actor->point)
        advise(actor);
    for (unsigned i = 0; i < POOL; i++)
        if (actor->play.pool[i])
            kit_release(actor->play.pool[i]);
    SetEvent(actor->finished);
    /* Others may have its guest still. */
    if (!wait_for(actor, actor->may_leave))
        InterlockedIncrement(&actor->meeting->lost);
    CoUninitialize();
    return 0;
}

/* A call that is connected, with something to say: its streams' starts and stops are told. */
static IOpenMSPCall *connected_call(IOpenMSPAddress *address)
{
    BSTR class = SysAllocString(L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"); /* media streaming */
    BSTR peer = SysAllocString(L"127.0.0.1:30986");
    ITTerminalSupport *terminals = NULL;
    ITStreamControl *control = NULL;
    ITTerminal *terminal = NULL;
    IOpenMSPCall *call = NULL;
    IEnumStream *all = NULL;
    ITStream *stream = NULL;

    ck_assert_hr(IOpenMSPAddress_CreateCall(address, TAPIMEDIATYPE_AUDIO, &call), S_OK);
    terminals = kit_query((IUnknown *)address, &IID_ITTerminalSupport);
    control = kit_query((IUnknown *)call, &IID_ITStreamControl);
    ck_assert_hr(ITTerminalSupport_CreateTerminal(terminals, class, TAPIMEDIATYPE_AUDIO, TD_CAPTURE,
                                                  &terminal),
                 S_OK);
    ck_assert_hr(ITStreamControl_EnumerateStreams(control, &all), S_OK);
    ck_assert_hr(IEnumStream_Next(all, 1, &stream, NULL), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(stream, terminal), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call, peer, 0), S_OK);
    ck_assert_hr(IOpenMSPCall_Connect(call), S_OK);
    kit_release(stream);
    kit_release(all);
    kit_release(terminal);
    kit_release(control);
    kit_release(terminals);
    SysFreeString(class);
    SysFreeString(peer);
    return call;
}

static void sequence(uint32_t seed, struct play *totals, LONG *crossed, LONG *told)
{
    struct meeting meeting = {.lock = SRWLOCK_INIT};
    struct actor actors[ACTORS];
    IOpenMSPAddress *address = NULL;
    IOpenMSPCall *call;
    /* Wine 8 makes two proxies of an object, and loses one, when two threads of an apartment meet
     * it for the first time at once: this thread has met it before, for the whole apartment. */
    IUnknown *known;
    IUnknown *left;

    ck_assert_hr(CoCreateInstance(&CLSID_StdGlobalInterfaceTable, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IGlobalInterfaceTable, (void **)&meeting.table),
                 S_OK);
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IOpenMSPAddress, (void **)&address),
                 S_OK);
    ck_assert_hr(IOpenMSPAddress_Open(address), S_OK);
    call = connected_call(address);
    memset(actors, 0, sizeof(actors));
    for (unsigned i = 0; i < ACTORS; i++) {
        struct actor *actor = &actors[i];

        actor->meeting = &meeting;
        actor->play.seed = omsp_test_seed(seed * ACTORS + i) * 2654435761u + 1;
        actor->guest.dispatch.lpVtbl = &guest_vtable;
        actor->guest.refs = 1;
        actor->guest.meeting = &meeting;
        actor->single = i == ACTORS - 1;
        actor->address = marshalled(address);
        actor->call = marshalled(call);
        actor->ready = kit_event();
        actor->may_begin = kit_event();
        actor->finished = kit_event();
        actor->may_leave = kit_event();
        actor->thread = CreateThread(NULL, 0, act, actor, 0, NULL);
        ck_assert_ptr_nonnull(actor->thread);
    }
    for (unsigned i = 0; i < ACTORS; i++)
        ck_assert_uint_eq(WaitForSingleObject(actors[i].ready, SEQUENCE_MS), WAIT_OBJECT_0);
    known = first(actors[ACTORS - 1].introduction);
    for (unsigned i = 0; i < ACTORS; i++)
        SetEvent(actors[i].may_begin);
    for (unsigned i = 0; i < ACTORS; i++)
        ck_assert_msg(WaitForSingleObject(actors[i].finished, SEQUENCE_MS) == WAIT_OBJECT_0,
                      "sequence %u: apartment %u hangs", seed, i);
    while ((left = take(&meeting, 0)) != NULL)
        kit_release(left);
    IOpenMSPAddress_Close(address); /* perhaps it is closed already */
    kit_release(call);
    kit_release(address);
    kit_release(known);
    for (unsigned i = 0; i < ACTORS; i++) {
        SetEvent(actors[i].may_leave);
        ck_assert_uint_eq(WaitForSingleObject(actors[i].thread, HOST_WAIT_MS), WAIT_OBJECT_0);
        CloseHandle(actors[i].thread);
        CloseHandle(actors[i].ready);
        CloseHandle(actors[i].may_begin);
        CloseHandle(actors[i].finished);
        CloseHandle(actors[i].may_leave);
        totals->invoked += actors[i].play.invoked;
        totals->succeeded += actors[i].play.succeeded;
        totals->refused += actors[i].play.refused;
    }
    kit_release(meeting.table);
    for (unsigned i = 0; i < ACTORS; i++)
        ck_assert_msg(actors[i].guest.refs == 1, "sequence %u: guest %u has %ld references", seed,
                      i, actors[i].guest.refs);
    ck_assert_int_eq(meeting.strayed, 0);
    ck_assert_int_eq(meeting.lost, 0);
    *crossed += meeting.crossed;
    *told += meeting.told;
}

typedef HRESULT(STDMETHODCALLTYPE *can_unload_fn)(void);

START_TEST(three_apartments_give_each_other_whatever_they_find)
{
    const char *asked = getenv("OMSP_COM_CALLS");
    unsigned count = asked ? (unsigned)strtoul(asked, NULL, 10) : 6, made = 0;
    ULONGLONG began = GetTickCount64();
    struct process_use before = {0, 0, 0}, after;
    struct activation activation;
    struct play totals = {0};
    LONG crossed = 0, told = 0;
    can_unload_fn can_unload;
    HMODULE module;

    activate(&activation);
    for (unsigned seed = 1; seed <= count; seed++) {
        ULONGLONG give_up = GetTickCount64() + HOST_WAIT_MS;

        sequence(seed, &totals, &crossed, &told);
        module = GetModuleHandleW(L"openmsp.dll");
        ck_assert_ptr_nonnull(module);
        can_unload = (can_unload_fn)(void *)GetProcAddress(module, "DllCanUnloadNow");
        while (can_unload() != S_OK && GetTickCount64() < give_up) /* a sink's thread ends itself */
            SwitchToThread();
        ck_assert_msg(can_unload() == S_OK, "sequence %u left something behind", seed);
        if (seed == 1) {
            process_use_now(&before);
            before.handles += LATE; /* less than one of each sequence to come */
        } else {
            before.handles += KEPT_BY_COM;
        }
        made = seed;
        if (!asked && GetTickCount64() - began > ENOUGH_MS)
            break;
    }
    printf("%u sequences: %lu calls, %lu answered, %lu refused; %ld objects crossed, %ld events\n",
           made, totals.invoked, totals.succeeded, totals.refused, crossed, told);
    ck_assert_msg(process_use_returns(&before, HOST_WAIT_MS, &after),
                  "threads %u -> %u, handles %u -> %u", before.threads, after.threads,
                  before.handles, after.handles);
    ck_assert_uint_gt(totals.succeeded, totals.invoked / 50);
    ck_assert_int_gt(crossed, (LONG)made * 20);
    ck_assert_int_gt(told, 0);
    DeleteFileW(L"com_calls.wav");
    deactivate(&activation);
}
END_TEST

OMSP_SUITE("com_apartments", TEST(three_apartments_give_each_other_whatever_they_find))
