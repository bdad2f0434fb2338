/*
 * The stand-in's calls: ITBasicCallControl2 and ITCallInfo around an aggregated MSP call. TAPI
 * makes the MSP's call when the application makes one, or when one comes in, and shuts it down when
 * the application let go of it. Any thread.
 */
#include "support/host/tapi_objects.h"

#include <stdlib.h>
#include <wchar.h>

static struct tapi_call *of_control(struct face *face)
{
    return CONTAINING_RECORD(face, struct tapi_call, control);
}

static struct tapi_call *of_info(struct face *face)
{
    return CONTAINING_RECORD(face, struct tapi_call, info);
}

/* ---- ITBasicCallControl2 --------------------------------------------------------------------- */

static HRESULT WINAPI call_Connect(struct face *face, VARIANT_BOOL wait)
{
    struct tapi_call *call = of_control(face);
    HRESULT hr = tapi_network_dial(call);

    if (SUCCEEDED(hr) && wait)
        hr = tapi_network_wait(call) == CS_CONNECTED ? S_OK : TAPI_E_OPERATIONFAILED;
    return hr;
}

static HRESULT WINAPI call_Answer(struct face *face)
{
    return tapi_network_answer(of_control(face));
}

static HRESULT WINAPI call_Disconnect(struct face *face, DISCONNECT_CODE code)
{
    return tapi_network_hang_up(of_control(face), code == DC_REJECTED ? CEC_DISCONNECT_REJECTED
                                                                      : CEC_DISCONNECT_NORMAL);
}

static HRESULT WINAPI call_SetQOS(struct face *face, LONG media, QOS_SERVICE_LEVEL level)
{
    (void)face, (void)media, (void)level; /* the TSP's, and loopback has all of it */
    return S_OK;
}

static HRESULT WINAPI call_RequestTerminal(struct face *face, BSTR class, LONG media,
                                           TERMINAL_DIRECTION direction, ITTerminal **out)
{
    ITTerminalSupport *support;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = IUnknown_QueryInterface(&of_control(face)->address->outer->iface, &IID_ITTerminalSupport,
                                 (void **)&support);
    if (FAILED(hr))
        return hr;
    hr = ITTerminalSupport_CreateTerminal(support, class, media, direction, out);
    ITTerminalSupport_Release(support);
    return hr;
}

/* The first stream of the call that a terminal like this goes to, tried in order. */
static HRESULT on_streams(struct tapi_call *call, ITTerminal *terminal, bool select)
{
    HRESULT hr = TAPI_E_INVALIDTERMINAL;
    TERMINAL_DIRECTION wants = TD_NONE;
    ITStreamControl *control;
    IEnumStream *streams;
    ITStream *stream;
    LONG media = 0;

    ITTerminal_get_MediaType(terminal, &media);
    ITTerminal_get_Direction(terminal, &wants);
    if (FAILED(
            IUnknown_QueryInterface(&call->outer->iface, &IID_ITStreamControl, (void **)&control)))
        return TAPI_E_NOTSUPPORTED;
    if (SUCCEEDED(ITStreamControl_EnumerateStreams(control, &streams))) {
        while (FAILED(hr) && IEnumStream_Next(streams, 1, &stream, NULL) == S_OK) {
            TERMINAL_DIRECTION is = TD_NONE;
            LONG of = 0;

            ITStream_get_MediaType(stream, &of);
            ITStream_get_Direction(stream, &is);
            if (of & media && (is == wants || wants == TD_BIDIRECTIONAL))
                hr = select ? ITStream_SelectTerminal(stream, terminal)
                            : ITStream_UnselectTerminal(stream, terminal);
            ITStream_Release(stream);
        }
        IEnumStream_Release(streams);
    }
    ITStreamControl_Release(control);
    return hr;
}

/* A file terminal by its tracks; a recorder that has none gets one. */
static HRESULT on_call(struct tapi_call *call, ITTerminal *terminal, bool select)
{
    ITMultiTrackTerminal *file;
    IEnumTerminal *tracks = NULL;
    ITTerminal *track;
    unsigned count = 0;
    HRESULT hr = S_OK;

    if (!terminal)
        return E_POINTER;
    if (FAILED(ITTerminal_QueryInterface(terminal, &IID_ITMultiTrackTerminal, (void **)&file)))
        return on_streams(call, terminal, select);
    if (SUCCEEDED(ITMultiTrackTerminal_EnumerateTrackTerminals(file, &tracks))) {
        while (SUCCEEDED(hr) && IEnumTerminal_Next(tracks, 1, &track, NULL) == S_OK) {
            hr = on_streams(call, track, select);
            ITTerminal_Release(track);
            count++;
        }
        IEnumTerminal_Release(tracks);
    }
    if (SUCCEEDED(hr) && !count && select) {
        hr = ITMultiTrackTerminal_CreateTrackTerminal(file, TAPIMEDIATYPE_AUDIO, TD_RENDER, &track);
        if (SUCCEEDED(hr)) {
            hr = on_streams(call, track, true);
            ITTerminal_Release(track);
        }
    }
    ITMultiTrackTerminal_Release(file);
    return hr;
}

static HRESULT WINAPI call_SelectTerminalOnCall(struct face *face, ITTerminal *terminal)
{
    return on_call(of_control(face), terminal, true);
}

static HRESULT WINAPI call_UnselectTerminalOnCall(struct face *face, ITTerminal *terminal)
{
    return on_call(of_control(face), terminal, false);
}

static void *const control_slots[] = {
    FACE_DISPATCH,
    call_Connect,
    call_Answer,
    call_Disconnect,
    not_2, /* Hold */
    not_2, /* HandoffDirect */
    not_2, /* HandoffIndirect */
    not_3, /* Conference */
    not_3, /* Transfer */
    not_2, /* BlindTransfer */
    not_2, /* SwapHold */
    not_2, /* ParkDirect */
    not_2, /* ParkIndirect */
    not_1, /* Unpark */
    call_SetQOS,
    not_2, /* Pickup */
    not_2, /* Dial */
    not_2, /* Finish */
    not_1, /* RemoveFromConference */
    call_RequestTerminal,
    call_SelectTerminalOnCall,
    call_UnselectTerminalOnCall,
};

/* ---- ITCallInfo ------------------------------------------------------------------------------ */

static HRESULT WINAPI info_get_Address(struct face *face, ITAddress **out)
{
    if (!out)
        return E_POINTER;
    return IUnknown_QueryInterface(&of_info(face)->address->outer->iface, &IID_ITAddress,
                                   (void **)out);
}

static HRESULT WINAPI info_get_CallState(struct face *face, CALL_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = tapi_network_state(of_info(face));
    return S_OK;
}

static HRESULT WINAPI info_get_Privilege(struct face *face, CALL_PRIVILEGE *out)
{
    (void)face;
    if (!out)
        return E_POINTER;
    *out = CP_OWNER;
    return S_OK;
}

static HRESULT WINAPI info_get_CallInfoLong(struct face *face, CALLINFO_LONG which, LONG *out)
{
    if (!out)
        return E_POINTER;
    if (which != CIL_MEDIATYPESAVAILABLE)
        return TAPI_E_NOTSUPPORTED;
    *out = of_info(face)->types;
    return S_OK;
}

static void *const info_slots[] = {
    FACE_DISPATCH,
    info_get_Address,
    info_get_CallState,
    info_get_Privilege,
    not_2, /* get_CallHub */
    info_get_CallInfoLong,
    not_3, /* put_CallInfoLong */
    not_3, /* get_CallInfoString */
    not_3, /* put_CallInfoString */
    not_3, /* get_CallInfoBuffer */
    not_6, /* put_CallInfoBuffer */
    not_4, /* GetCallInfoBuffer */
    not_4, /* SetCallInfoBuffer */
};

/* ---- life ------------------------------------------------------------------------------------ */

static void *call_own(struct outer *outer, REFIID iid)
{
    struct tapi_call *call = outer->ctx;

    if (IsEqualIID(iid, &IID_ITBasicCallControl) || IsEqualIID(iid, &IID_ITBasicCallControl2) ||
        IsEqualIID(iid, &IID_IDispatch))
        return &call->control;
    if (IsEqualIID(iid, &IID_ITCallInfo))
        return &call->info;
    return NULL;
}

/* The application let go: now, and not at the disconnect, the MSP's call is shut down. */
static void call_gone(struct outer *outer)
{
    struct tapi_call *call = outer->ctx;

    if (call->address->tapi)
        tapi_unlist(call->address->tapi, call);
    if (outer->inner) {
        ITMSPAddress *msp = call->address->host->address;
        HRESULT hr;

        /* The last event may let go of it while Shutdown is under way, or after it. */
        if (call->address->tapi) {
            hr = msp->lpVtbl->ShutdownMSPCall(msp, outer->inner);
            ck_assert(hr == S_OK || hr == E_UNEXPECTED);
        }
        IUnknown_Release(outer->inner);
    }
    IUnknown_Release(&call->address->outer->iface);
    InterlockedDecrement(&tapi_object_count);
    free(call);
}

HRESULT tapi_call_create(struct tapi_address *address, LONG types, const WCHAR *destination,
                         struct tapi_call **out)
{
    struct tapi *tapi = address->tapi;
    struct tapi_call *call;
    HRESULT hr = S_OK;

    if (!types || types & ~address->line->media)
        return TAPI_E_INVALIDMEDIATYPE;
    call = calloc(1, sizeof(*call));
    ck_assert_ptr_nonnull(call);
    InterlockedIncrement(&tapi_object_count);
    call->address = address;
    IUnknown_AddRef(&address->outer->iface);
    call->types = types;
    wcsncpy(call->destination, destination, 63);
    call->outer = &call->media.outer;
    outer_init(call->outer);
    call->outer->own = call_own;
    call->outer->gone = call_gone;
    call->outer->ctx = call;
    call->control = (struct face){control_slots, call->outer};
    call->info = (struct face){info_slots, call->outer};
    call->media.host = address->host;
    AcquireSRWLockExclusive(&tapi->lock);
    call->media.token = 0x51000 + ++tapi->tokens;
    call->next = tapi->calls;
    tapi->calls = call;
    ReleaseSRWLockExclusive(&tapi->lock);
    if (address->host) {
        ITMSPAddress *msp = address->host->address;

        hr = msp->lpVtbl->CreateMSPCall(msp, (MSP_HANDLE)call->media.token, 0, (DWORD)types,
                                        &call->outer->iface, &call->outer->inner);
        ck_assert_int_eq(call->outer->refs, 1);
    }
    if (FAILED(hr)) {
        IUnknown_Release(&call->outer->iface);
        return hr;
    }
    *out = call;
    return S_OK;
}
