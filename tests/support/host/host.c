/*
 * The host: address, calls, events. One thread of it waits and drains, as tapi3.dll's does; the
 * test's thread makes the calls. Nothing here knows the DLL from inside.
 */
#include "support/host.h"

#include <stdlib.h>
#include <string.h>

/* ---- events ---------------------------------------------------------------------------------- */

static void let_go(void *iface)
{
    if (iface)
        kit_release(iface);
}

static void keep(struct host *host, const MSP_EVENT_INFO *info)
{
    struct host_event event = {.kind = info->Event, .call = (ULONG_PTR)info->hCall, -1, -1, -1};
    TERMINAL_DIRECTION direction;

    if (host->on_event)
        host->on_event(host, info);
    switch (info->Event) {
    case ME_CALL_EVENT:
        event.type = info->MSP_CALL_EVENT_INFO.Type;
        event.cause = info->MSP_CALL_EVENT_INFO.Cause;
        event.error = info->MSP_CALL_EVENT_INFO.hrError;
        if (info->MSP_CALL_EVENT_INFO.pStream &&
            SUCCEEDED(ITStream_get_Direction(info->MSP_CALL_EVENT_INFO.pStream, &direction)))
            event.direction = (int)direction;
        let_go(info->MSP_CALL_EVENT_INFO.pStream);
        let_go(info->MSP_CALL_EVENT_INFO.pTerminal);
        break;
    case ME_FILE_TERMINAL_EVENT:
        event.type = info->MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState;
        event.cause = info->MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause;
        event.error = info->MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode;
        event.file = info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal;
        let_go(info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
        let_go(info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
        break;
    case ME_TSP_DATA:
        event.size = info->MSP_TSP_DATA.dwBufferSize;
        event.data = malloc(event.size);
        if (event.data)
            memcpy(event.data, info->MSP_TSP_DATA.pBuffer, event.size);
        break;
    case ME_PRIVATE_EVENT:
        event.type = info->MSP_PRIVATE_EVENT_INFO.lEventCode;
        let_go(info->MSP_PRIVATE_EVENT_INFO.pEvent);
        break;
    default:
        break;
    }
    AcquireSRWLockExclusive(&host->lock);
    if (host->count == host->room) {
        size_t room = host->room ? host->room * 2 : 256;
        struct host_event *more = realloc(host->events, room * sizeof(*more));

        if (!more)
            abort();
        host->events = more;
        host->room = room;
    }
    host->events[host->count++] = event;
    ReleaseSRWLockExclusive(&host->lock);
    WakeAllConditionVariable(&host->came);
}

void host_drain(struct host *host)
{
    /* The smallest that a fixed event can have; longer ones come by the size protocol. */
    DWORD room = sizeof(MSP_EVENT_INFO);
    BYTE *buffer = malloc(room);

    while (buffer) {
        DWORD size = room;
        HRESULT hr = host->address->lpVtbl->GetEvent(host->address, &size, buffer);

        if (hr == (HRESULT)TAPI_E_NOTENOUGHMEMORY && size > room) {
            host->short_buffers++;
            free(buffer);
            room = size;
            buffer = malloc(room);
            continue;
        }
        if (hr != S_OK)
            break;
        keep(host, (const MSP_EVENT_INFO *)(const void *)buffer);
    }
    free(buffer);
}

static DWORD WINAPI drain_thread(void *arg)
{
    struct host *host = arg;
    HANDLE handles[2] = {host->event, host->stop};

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    while (WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0)
        host_drain(host);
    CoUninitialize();
    return 0;
}

/* Waits until an event is there at or after *seen that `wanted` likes; *seen is behind it then. */
static bool find(struct host *host, size_t *seen,
                 bool (*wanted)(const struct host_event *event, const void *ctx), const void *ctx,
                 struct host_event *out, DWORD wait_ms)
{
    ULONGLONG give_up = GetTickCount64() + wait_ms;
    bool found = false;

    AcquireSRWLockExclusive(&host->lock);
    for (;;) {
        ULONGLONG now = GetTickCount64();

        while (!found && *seen < host->count) {
            *out = host->events[(*seen)++];
            found = wanted(out, ctx);
        }
        if (found || now >= give_up)
            break;
        SleepConditionVariableSRW(&host->came, &host->lock, (DWORD)(give_up - now), 0);
    }
    ReleaseSRWLockExclusive(&host->lock);
    return found;
}

struct of_call {
    ULONG_PTR call;
    MSP_EVENT kind;
};

static bool is_of_call(const struct host_event *event, const void *ctx)
{
    const struct of_call *want = ctx;

    return event->call == want->call && event->kind == want->kind;
}

static bool is_of_file(const struct host_event *event, const void *ctx)
{
    return event->kind == ME_FILE_TERMINAL_EVENT && event->file == ctx;
}

struct host_event host_next(struct host_call *call, MSP_EVENT kind)
{
    struct of_call want = {call->token, kind};
    struct host_event event = {0};

    ck_assert_msg(find(call->host, &call->seen[kind], is_of_call, &want, &event, HOST_WAIT_MS),
                  "no further event of kind %d", kind);
    return event;
}

struct host_event host_next_file(struct host *host, const void *terminal, size_t *seen)
{
    struct host_event event = {0};

    ck_assert_msg(find(host, seen, is_of_file, terminal, &event, HOST_WAIT_MS),
                  "no further file event");
    return event;
}

void host_expect(struct host_call *call, int direction, MSP_CALL_EVENT type,
                 MSP_CALL_EVENT_CAUSE cause, HRESULT error)
{
    struct host_event event = host_next(call, ME_CALL_EVENT);

    ck_assert_msg(event.direction == direction && event.type == (int)type &&
                      event.cause == (int)cause && event.error == error,
                  "event %d cause %d direction %d 0x%08lx, not %d %d %d 0x%08lx", event.type,
                  event.cause, event.direction, (unsigned long)event.error, type, cause, direction,
                  (unsigned long)error);
}

void host_expect_nothing(struct host_call *call)
{
    struct of_call want = {call->token, ME_CALL_EVENT};
    struct host_event event;

    /* The queue is first in, first out: what was posted before the answer came before it. */
    host_ask(call, OMSP_TSP_QUERY_SID, NULL, 0, OMSP_TSP_CALL_SID);
    ck_assert_msg(!find(call->host, &call->seen[ME_CALL_EVENT], is_of_call, &want, &event, 0),
                  "event %d cause %d direction %d that nobody expects", event.type, event.cause,
                  event.direction);
}

/* ---- address --------------------------------------------------------------------------------- */

static struct host *new_host(void)
{
    struct host *host = calloc(1, sizeof(*host));

    ck_assert_ptr_nonnull(host);
    InitializeSRWLock(&host->lock);
    InitializeConditionVariable(&host->came);
    host->event = kit_event();
    host->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    outer_init(&host->outer);
    return host;
}

static void start(struct host *host, bool drains)
{
    ck_assert_int_eq(host->outer.refs, 1);
    host->address = kit_query(&host->outer.iface, &IID_ITMSPAddress);
    ck_assert_hr(host->address->lpVtbl->Initialize(host->address, (MSP_HANDLE)host->event), S_OK);
    host->terminals = kit_query(&host->outer.iface, &IID_ITTerminalSupport);
    host->open = kit_query(&host->outer.iface, &IID_IOpenMSPAddress);
    ck_assert_int_eq(host->outer.refs, 4);
    if (drains)
        host->thread = CreateThread(NULL, 0, drain_thread, host, 0, NULL);
}

struct host *host_open(bool drains)
{
    struct host *host = new_host();

    activate(&host->activation);
    host->activated = true;
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, &host->outer.iface, CLSCTX_INPROC_SERVER,
                                  &IID_IUnknown, (void **)&host->outer.inner),
                 S_OK);
    start(host, drains);
    return host;
}

struct host *host_open_as(REFCLSID clsid, void (*dress)(struct host *host, void *ctx), void *ctx)
{
    struct host *host = new_host();

    dress(host, ctx);
    if (FAILED(CoCreateInstance(clsid, &host->outer.iface, CLSCTX_INPROC_SERVER, &IID_IUnknown,
                                (void **)&host->outer.inner))) {
        host_free(host);
        return NULL;
    }
    start(host, true);
    return host;
}

void host_shutdown(struct host *host)
{
    ck_assert_hr(host->address->lpVtbl->Shutdown(host->address), S_OK);
    SetEvent(host->stop);
    if (host->thread) {
        ck_assert_uint_eq(WaitForSingleObject(host->thread, HOST_WAIT_MS), WAIT_OBJECT_0);
        CloseHandle(host->thread);
    }
    host->thread = NULL;
}

void host_leave(struct host *host)
{
    host_shutdown(host);
    kit_release(host->terminals);
    kit_release(host->open);
    kit_release(host->address);
}

void host_free(struct host *host)
{
    if (host->outer.inner)
        kit_release(host->outer.inner);
    CloseHandle(host->event);
    CloseHandle(host->stop);
    if (host->activated)
        deactivate(&host->activation);
    for (size_t i = 0; i < host->count; i++)
        free(host->events[i].data);
    free(host->events);
    free(host);
}

void host_close(struct host *host)
{
    host_leave(host);
    ck_assert_int_eq(host->outer.refs, 1);
    host_free(host);
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct host_call *host_call_open(struct host *host, DWORD media)
{
    struct host_call *call = calloc(1, sizeof(*call));
    IEnumStream *streams;
    ULONG got = 0;

    ck_assert_ptr_nonnull(call);
    call->host = host;
    call->token = 0x7100 + ++host->calls;
    outer_init(&call->outer);
    ck_assert_hr(host->address->lpVtbl->CreateMSPCall(host->address, (MSP_HANDLE)call->token, 0,
                                                      media, &call->outer.iface,
                                                      &call->outer.inner),
                 S_OK);
    ck_assert_int_eq(call->outer.refs, 1);
    call->control = kit_query(&call->outer.iface, &IID_ITStreamControl);
    call->open = kit_query(&call->outer.iface, &IID_IOpenMSPCall);
    ck_assert_hr(ITStreamControl_EnumerateStreams(call->control, &streams), S_OK);
    while (call->stream_count < 4 &&
           IEnumStream_Next(streams, 1, &call->streams[call->stream_count], &got) == S_OK)
        call->stream_count++;
    kit_release(streams);
    for (int i = 0; i < (int)call->stream_count; i++) {
        TERMINAL_DIRECTION direction;

        ck_assert_hr(ITStream_get_Direction(call->streams[i], &direction), S_OK);
        ck_assert_int_eq(direction, i % 2);
    }
    return call;
}

void host_call_release(struct host_call *call)
{
    for (unsigned i = 0; i < call->stream_count; i++)
        kit_release(call->streams[i]);
    kit_release(call->open);
    kit_release(call->control);
    ck_assert_int_eq(call->outer.refs, 1);
    kit_release(call->outer.inner);
    free(call);
}

void host_call_close(struct host_call *call)
{
    ITMSPAddress *address = call->host->address;

    ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call->outer.inner), S_OK);
    host_call_release(call);
}
