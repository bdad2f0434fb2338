/*
 * GetEvent: one event of the queue as MSP_EVENT_INFO (mspi.md 2.2, 2.3, 2.6). The queue carries
 * ids; interface pointers are made here, on the caller's thread, with one reference each that
 * becomes the caller's. Never waits for an event, nor for foreign code. Any thread.
 */
#include "msp/address.h"

#include "base/alloc.h"
#include "msp/call.h"
#include "msp/terminal_event.h"

#include <stddef.h>

/* The layouts that other people's compilers expect (mspi.md 2.3). */
#ifdef _WIN64
_Static_assert(sizeof(MSP_EVENT_INFO) == 48, "MSP_EVENT_INFO");
_Static_assert(offsetof(MSP_EVENT_INFO, hCall) == 8, "hCall");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_CALL_EVENT_INFO.pStream) == 24, "pStream");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_CALL_EVENT_INFO.hrError) == 40, "hrError");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer) == 20, "pBuffer");
#else
_Static_assert(sizeof(MSP_EVENT_INFO) == 32, "MSP_EVENT_INFO");
_Static_assert(offsetof(MSP_EVENT_INFO, hCall) == 8, "hCall");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_CALL_EVENT_INFO.pStream) == 20, "pStream");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_CALL_EVENT_INFO.hrError) == 28, "hrError");
_Static_assert(offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer) == 16, "pBuffer");
#endif

static DWORD size_of(const struct omsp_event *event)
{
    size_t size = sizeof(MSP_EVENT_INFO);

    if (event->kind == OMSP_EVENT_TSP_DATA) {
        size_t data = offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer) + msp_tsp_event_size(event);

        if (data > size)
            size = data;
    }
    return (DWORD)size;
}

struct offer {
    DWORD room, need;
    bool has_buffer;
    uint32_t call; /* that the head is about; 0: none, or a file terminal's own business */
};

typedef bool fits_fn(void *ctx, const struct omsp_event *head);

static uint32_t call_of(const struct omsp_event *event)
{
    return event->kind == OMSP_EVENT_FILE ? 0 : event->call;
}

/* Under the queue's lock. */
static bool fits(void *ctx, const struct omsp_event *head)
{
    struct offer *offer = ctx;

    offer->need = size_of(head);
    offer->call = call_of(head);
    return offer->need <= offer->room && offer->has_buffer;
}

/* Under the queue's lock. ctx: a call's id. */
static bool is_about(void *ctx, const struct omsp_event *head)
{
    return call_of(head) == *(const uint32_t *)ctx;
}

static enum omsp_status take_pending(struct msp_address *address, fits_fn *fit, void *ctx,
                                     struct omsp_event *out)
{
    enum omsp_status status = OMSP_EMPTY;

    AcquireSRWLockExclusive(&address->lock);
    if (address->has_pending) {
        status = OMSP_MORE;
        if (fit(ctx, &address->pending)) {
            *out = address->pending;
            address->has_pending = false;
            status = OMSP_OK;
        }
    }
    ReleaseSRWLockExclusive(&address->lock);
    return status;
}

static enum omsp_status take(struct msp_address *address, fits_fn *fit, void *ctx,
                             struct omsp_event *out)
{
    enum omsp_status status = take_pending(address, fit, ctx, out);

    if (status != OMSP_EMPTY)
        return status;
    AcquireSRWLockShared(&address->listener_lock);
    if (address->listener)
        status = omsp_listener_take(address->listener, fit, ctx, out);
    else
        status = OMSP_SHUTDOWN;
    ReleaseSRWLockShared(&address->listener_lock);
    return status;
}

/* Of an event that nobody is told. */
static void discard(const struct omsp_event *event)
{
    MSP_EVENT_INFO told;

    if (event->kind == OMSP_EVENT_PRIVATE && event->type == OMSP_PRIVATE_TERMINAL &&
        msp_terminal_event_take(event->detail, &told))
        msp_terminal_event_release(&told);
    omsp_free(event->blob);
}

/* An event that could not be delivered for want of memory is the next one's head. Who waits for the
 * handle is woken for it: maybe nothing else comes. */
static void keep(struct msp_address *address, struct omsp_event *event)
{
    bool kept = false;

    AcquireSRWLockExclusive(&address->lock);
    if (!address->has_pending && address->state == MSP_ADDRESS_LIVE) {
        address->pending = *event;
        address->has_pending = kept = true;
    }
    ReleaseSRWLockExclusive(&address->lock);
    if (!kept) {
        discard(event);
        return;
    }
    AcquireSRWLockShared(&address->listener_lock);
    if (address->listener)
        omsp_listener_signal_later(address->listener);
    ReleaseSRWLockShared(&address->listener_lock);
}

static MSP_HANDLE token_of(const struct msp_call *call)
{
    return call ? (MSP_HANDLE)(ULONG_PTR)omsp_call_token(msp_call_engine(call)) : NULL;
}

/* Fills info, which is zeroed; interface references move from parts into it. S_FALSE: what it was
 * about is gone. */
static HRESULT fill(const struct omsp_event *event, struct msp_event_parts *parts,
                    MSP_EVENT_INFO *info)
{
    HRESULT hr = S_OK;

    info->Event = (MSP_EVENT)event->kind;
    info->hCall = token_of(parts->call);
    switch (event->kind) {
    case OMSP_EVENT_ADDRESS:
        info->MSP_ADDRESS_EVENT_INFO.Type = (MSP_ADDRESS_EVENT)event->type;
        info->MSP_ADDRESS_EVENT_INFO.pTerminal = parts->terminal;
        parts->terminal = NULL;
        break;
    case OMSP_EVENT_CALL:
        info->MSP_CALL_EVENT_INFO.Type = (MSP_CALL_EVENT)event->type;
        info->MSP_CALL_EVENT_INFO.Cause = (MSP_CALL_EVENT_CAUSE)event->cause;
        info->MSP_CALL_EVENT_INFO.hrError = msp_hresult(event->error);
        info->MSP_CALL_EVENT_INFO.pStream = parts->stream;
        info->MSP_CALL_EVENT_INFO.pTerminal = parts->terminal;
        parts->stream = NULL;
        parts->terminal = NULL;
        break;
    case OMSP_EVENT_TSP_DATA:
        info->MSP_TSP_DATA.dwBufferSize = msp_tsp_event_size(event);
        msp_tsp_event_write(event, (BYTE *)info + offsetof(MSP_EVENT_INFO, MSP_TSP_DATA.pBuffer));
        break;
    case OMSP_EVENT_PRIVATE:
        if (event->type == OMSP_PRIVATE_TERMINAL) {
            if (!msp_terminal_event_take(event->detail, info))
                return S_FALSE;
            info->hCall = token_of(parts->call);
            break;
        }
        hr = msp_private_object_create(event, &info->MSP_PRIVATE_EVENT_INFO.pEvent);
        info->MSP_PRIVATE_EVENT_INFO.lEventCode = event->type;
        break;
    case OMSP_EVENT_FILE:
        info->MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState = (TERMINAL_MEDIA_STATE)event->type;
        info->MSP_FILE_TERMINAL_EVENT_INFO.ftecEventCause = (FT_STATE_EVENT_CAUSE)event->cause;
        info->MSP_FILE_TERMINAL_EVENT_INFO.hrErrorCode = msp_hresult(event->error);
        info->MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal = parts->terminal;
        info->MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack = parts->track;
        parts->terminal = NULL;
        parts->track = NULL;
        break;
    }
    return hr;
}

/* ---- calls that are gone --------------------------------------------------------------------- */

/* TAPI has shut it down, or nobody holds it: its token means nothing, and nothing is told of it any
 * more (mspi.md 3.11), though whoever holds a stream holds the call. */
static bool is_gone(struct msp_address *address, uint32_t id)
{
    struct msp_call *call = msp_call_from_id(address, id);
    bool gone = !call || msp_call_is_forgotten(call);

    if (call)
        msp_call_unref(call);
    return gone;
}

/* The head when it is about a call that is gone, so that nobody has to make room for it. */
static bool discard_head(struct msp_address *address, uint32_t call)
{
    struct omsp_event event;

    if (!call || !is_gone(address, call) || take(address, is_about, &call, &event) != OMSP_OK)
        return false;
    discard(&event);
    return true;
}

/* ---- one event ------------------------------------------------------------------------------- */

/* S_FALSE: nobody is left whom the event could concern. */
static HRESULT deliver(struct msp_address *address, struct omsp_event *event, DWORD *size,
                       BYTE *buffer)
{
    struct msp_event_parts parts;
    MSP_EVENT_INFO *info = (MSP_EVENT_INFO *)(void *)buffer;
    DWORD need = size_of(event);
    HRESULT hr = msp_event_resolve(address, event, &parts);

    if (hr == S_OK && parts.call && msp_call_is_forgotten(parts.call)) {
        if (event->kind == OMSP_EVENT_FILE) { /* what a file terminal does is also its own */
            msp_call_unref(parts.call);
            parts.call = NULL;
        } else {
            msp_event_parts_clear(&parts);
            hr = S_FALSE;
        }
    }
    if (hr == S_OK) {
        memset(buffer, 0, need);
        hr = fill(event, &parts, info);
        if (hr == S_OK) {
            info->dwSize = *size = need;
            if (event->kind == OMSP_EVENT_PRIVATE && event->type == OMSP_PRIVATE_DIGIT &&
                parts.call)
                msp_tsp_digit(parts.call, event->detail);
        } else {
            memset(buffer, 0, need);
        }
        msp_event_parts_clear(&parts);
    }
    if (FAILED(hr))
        keep(address, event);
    else if (hr == S_FALSE)
        discard(event);
    else
        omsp_free(event->blob);
    return hr;
}

HRESULT msp_address_get_event(struct msp_address *address, DWORD *size, BYTE *buffer)
{
    struct offer offer;
    struct omsp_event event;
    HRESULT hr;

    if (!size)
        return E_POINTER;
    hr = msp_address_check_live(address);
    if (FAILED(hr))
        return hr;
    offer.room = *size;
    offer.has_buffer = buffer != NULL;
    do {
        enum omsp_status status = take(address, fits, &offer, &event);

        hr = S_FALSE;
        if (status == OMSP_MORE && discard_head(address, offer.call))
            continue;
        if (status == OMSP_MORE) {
            if (offer.need <= offer.room)
                return E_POINTER;
            *size = offer.need;
            return TAPI_E_NOTENOUGHMEMORY;
        }
        if (status != OMSP_OK)
            return msp_hresult(status);
        hr = deliver(address, &event, size, buffer);
    } while (hr == S_FALSE);
    return hr;
}
