/*
 * The stand-in's events: what the MSP told becomes an object with the event interfaces of its kind,
 * which goes to the sinks on the delivery thread. One object serves all kinds; its table is the
 * kind's.
 */
#include "support/host/tapi_objects.h"

#include <stdlib.h>

struct tapi_event {
    struct outer outer;
    struct face face;
    const IID *iid;
    struct tapi_facts facts;
    struct tapi_event *next;
};

static const struct tapi_facts *facts_of(struct face *face)
{
    return &CONTAINING_RECORD(face, struct tapi_event, face)->facts;
}

/* ---- getters --------------------------------------------------------------------------------- */

static HRESULT give(IUnknown *what, REFIID iid, void *out)
{
    void **to = out;

    if (!to)
        return E_POINTER;
    *to = NULL;
    return what ? IUnknown_QueryInterface(what, iid, to) : S_OK;
}

static HRESULT WINAPI event_call(struct face *face, ITCallInfo **out)
{
    if (out && !facts_of(face)->call) {
        *out = NULL;
        return TAPI_E_CALLUNAVAIL;
    }
    return give(facts_of(face)->call, &IID_ITCallInfo, out);
}

static HRESULT WINAPI event_terminal(struct face *face, ITTerminal **out)
{
    return give(facts_of(face)->terminal, &IID_ITTerminal, out);
}

static HRESULT WINAPI event_stream(struct face *face, ITStream **out)
{
    return give(facts_of(face)->second, &IID_ITStream, out);
}

static HRESULT WINAPI event_track(struct face *face, ITFileTrack **out)
{
    return give(facts_of(face)->second, &IID_ITFileTrack, out);
}

static HRESULT WINAPI event_address(struct face *face, ITAddress **out)
{
    return give(&facts_of(face)->address->outer->iface, &IID_ITAddress, out);
}

static HRESULT WINAPI event_extra(struct face *face, IDispatch **out)
{
    return give((IUnknown *)facts_of(face)->extra, &IID_IDispatch, out);
}

static HRESULT number(LONG value, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = value;
    return S_OK;
}

static HRESULT WINAPI event_event(struct face *face, LONG *out)
{
    return number(facts_of(face)->event, out);
}

static HRESULT WINAPI event_cause(struct face *face, LONG *out)
{
    return number(facts_of(face)->cause, out);
}

static HRESULT WINAPI event_error(struct face *face, LONG *out)
{
    return number(facts_of(face)->error, out);
}

static HRESULT WINAPI event_code(struct face *face, LONG *out)
{
    return number(facts_of(face)->code, out);
}

static void *const media_slots[] = {FACE_DISPATCH,  event_call,   event_event, event_error,
                                    event_terminal, event_stream, event_cause};
static void *const file_slots[] = {FACE_DISPATCH, event_terminal, event_track, event_call,
                                   event_event,   event_cause,    event_error};
static void *const address_slots[] = {FACE_DISPATCH, event_address, event_event, event_terminal};
static void *const private_slots[] = {FACE_DISPATCH,       event_address, event_call,
                                      not_2 /* CallHub */, event_code,    event_extra};
static void *const state_slots[] = {FACE_DISPATCH, event_call, event_event, event_cause,
                                    event_code};
static void *const notification_slots[] = {FACE_DISPATCH, event_call, event_event, event_code};

static const struct kind {
    TAPI_EVENT kind;
    const IID *iid;
    void *const *slots;
} kinds[] = {
    {TE_CALLMEDIA, &IID_ITCallMediaEvent, media_slots},
    {TE_FILETERMINAL, &IID_ITFileTerminalEvent, file_slots},
    {TE_ADDRESS, &IID_ITAddressEvent, address_slots},
    {TE_PRIVATE, &IID_ITPrivateEvent, private_slots},
    {TE_CALLSTATE, &IID_ITCallStateEvent, state_slots},
    {TE_CALLNOTIFICATION, &IID_ITCallNotificationEvent, notification_slots},
};

/* ---- posting --------------------------------------------------------------------------------- */

static void *event_own(struct outer *outer, REFIID iid)
{
    struct tapi_event *event = outer->ctx;

    return IsEqualIID(iid, event->iid) || IsEqualIID(iid, &IID_IDispatch) ? &event->face : NULL;
}

static void drop(const struct tapi_facts *facts)
{
    if (facts->call)
        IUnknown_Release(facts->call);
    if (facts->terminal)
        IUnknown_Release(facts->terminal);
    if (facts->second)
        IUnknown_Release(facts->second);
    if (facts->extra)
        IDispatch_Release(facts->extra);
}

static void event_gone(struct outer *outer)
{
    struct tapi_event *event = outer->ctx;

    drop(&event->facts);
    if (event->facts.address)
        IUnknown_Release(&event->facts.address->outer->iface);
    InterlockedDecrement(&tapi_object_count);
    free(event);
}

void tapi_post(struct tapi *tapi, const struct tapi_facts *facts)
{
    const struct kind *kind = kinds;
    struct tapi_event *event;

    if (!(tapi->filter & (LONG)facts->kind)) {
        drop(facts);
        return;
    }
    while (kind->kind != facts->kind)
        kind++;
    event = calloc(1, sizeof(*event));
    ck_assert_ptr_nonnull(event);
    InterlockedIncrement(&tapi_object_count);
    outer_init(&event->outer);
    event->outer.own = event_own;
    event->outer.gone = event_gone;
    event->outer.ctx = event;
    event->iid = kind->iid;
    event->face = (struct face){kind->slots, &event->outer};
    event->facts = *facts;
    if (facts->address)
        IUnknown_AddRef(&facts->address->outer->iface);
    AcquireSRWLockExclusive(&tapi->lock);
    if (tapi->last)
        tapi->last->next = event;
    else
        tapi->first = event;
    tapi->last = event;
    ReleaseSRWLockExclusive(&tapi->lock);
    WakeAllConditionVariable(&tapi->came);
}

void tapi_post_state(struct tapi_call *call, CALL_STATE state, CALL_STATE_EVENT_CAUSE cause)
{
    struct tapi_facts facts = {.kind = TE_CALLSTATE,
                               .call = (IUnknown *)(void *)&call->info,
                               .event = (LONG)state,
                               .cause = (LONG)cause,
                               .code = call->instance};

    if (!call->address->tapi)
        return;
    IUnknown_AddRef(facts.call);
    tapi_post(call->address->tapi, &facts);
}

/* ---- of the MSP ------------------------------------------------------------------------------ */

static IUnknown *counted(void *iface)
{
    if (iface)
        IUnknown_AddRef((IUnknown *)iface);
    return iface;
}

void tapi_translate(struct host *host, const MSP_EVENT_INFO *info)
{
    struct tapi_address *address = host->outer.ctx;
    struct tapi_facts facts = {0};
    struct tapi_call *call;

    switch (info->Event) {
    case ME_ADDRESS_EVENT:
        facts.kind = TE_ADDRESS;
        facts.address = address;
        facts.event = info->MSP_ADDRESS_EVENT_INFO.Type == ADDRESS_TERMINAL_AVAILABLE
                          ? AE_NEWTERMINAL
                          : AE_REMOVETERMINAL;
        facts.terminal = counted(info->MSP_ADDRESS_EVENT_INFO.pTerminal);
        break;
    case ME_CALL_EVENT:
        facts.kind = TE_CALLMEDIA;
        facts.event = (LONG)info->MSP_CALL_EVENT_INFO.Type;
        facts.cause = (LONG)info->MSP_CALL_EVENT_INFO.Cause;
        facts.error = info->MSP_CALL_EVENT_INFO.hrError;
        facts.second = counted(info->MSP_CALL_EVENT_INFO.pStream);
        facts.terminal = counted(info->MSP_CALL_EVENT_INFO.pTerminal);
        break;
    case ME_PRIVATE_EVENT:
        facts.kind = TE_PRIVATE;
        facts.address = address;
        facts.code = info->MSP_PRIVATE_EVENT_INFO.lEventCode;
        facts.extra = (IDispatch *)counted(info->MSP_PRIVATE_EVENT_INFO.pEvent);
        break;
    case ME_FILE_TERMINAL_EVENT:
        facts.kind = TE_FILETERMINAL;
        facts.event = (LONG)info->MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState;
        facts.cause = (LONG)info->MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause;
        facts.error = info->MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode;
        facts.terminal = counted(info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
        facts.second = counted(info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
        break;
    default: /* TSP data is the TSP's, which waits for it (tsp.c) */
        return;
    }
    call = info->hCall ? tapi_find_call(address->tapi, (ULONG_PTR)info->hCall) : NULL;
    if (call)
        facts.call = (IUnknown *)(void *)&call->info;
    if (info->hCall && !call) /* the application let go of it */
        drop(&facts);
    else
        tapi_post(address->tapi, &facts);
}

/* ---- delivery -------------------------------------------------------------------------------- */

DWORD WINAPI tapi_deliver(void *ctx)
{
    struct tapi *tapi = ctx;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    AcquireSRWLockExclusive(&tapi->lock);
    while (!tapi->stop) {
        struct tapi_event *event = tapi->first;

        if (!event) {
            SleepConditionVariableSRW(&tapi->came, &tapi->lock, INFINITE, 0);
            continue;
        }
        tapi->first = event->next;
        if (!tapi->first)
            tapi->last = NULL;
        ReleaseSRWLockExclusive(&tapi->lock);
        tapi_sinks_call(tapi, event->facts.kind, (IDispatch *)(void *)&event->face);
        IUnknown_Release(&event->outer.iface);
        AcquireSRWLockExclusive(&tapi->lock);
    }
    ReleaseSRWLockExclusive(&tapi->lock);
    CoUninitialize();
    return 0;
}

void tapi_drop_events(struct tapi *tapi)
{
    struct tapi_event *event = tapi->first;

    tapi->first = tapi->last = NULL;
    while (event) {
        struct tapi_event *next = event->next;

        IUnknown_Release(&event->outer.iface);
        event = next;
    }
}
