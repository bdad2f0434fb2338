/*
 * The address: its life, its calls, its references. What its interfaces do lies in the other
 * address_*.c; connection points in sinks.c. No thread of its own; any thread may call anything.
 */
#include "msp/address.h"

#include "base/alloc.h"
#include "msp/call.h"
#include "msp/engine_host.h"
#include "msp/terminal_event.h"

/* ---- references and facts -------------------------------------------------------------------- */

void msp_address_ref(struct msp_address *address)
{
    com_object_addref(&address->object);
}

void msp_address_unref(struct msp_address *address)
{
    com_object_release(&address->object);
}

bool msp_address_try_ref(struct msp_address *address)
{
    return com_object_try_addref(&address->object);
}

struct omsp_address *msp_address_engine(struct msp_address *address)
{
    struct omsp_address *engine;

    AcquireSRWLockShared(&address->lock);
    engine = address->engine;
    ReleaseSRWLockShared(&address->lock);
    return engine;
}

MSP_HANDLE msp_address_token(const struct msp_address *address)
{
    return (MSP_HANDLE)(ULONG_PTR)address;
}

HRESULT msp_address_query(struct msp_address *address, REFIID iid, void **out)
{
    return msp_outer_query(&address->outer, &address->object, iid, out);
}

HRESULT msp_address_check_live(struct msp_address *address)
{
    HRESULT hr;

    AcquireSRWLockShared(&address->lock);
    hr = address->state == MSP_ADDRESS_LIVE ? S_OK : E_UNEXPECTED;
    ReleaseSRWLockShared(&address->lock);
    return hr;
}

/* ---- start and stop -------------------------------------------------------------------------- */

/* The engine's signal: the queue went from empty to not empty, or what GetEvent had no memory for
 * may be asked for again. Whoever reads it loops GetEvent until it fails, so one SetEvent for each
 * such edge is enough for an event of either reset mode. */
static void wake(void *ctx)
{
    struct msp_address *address = ctx;

    if (address->event)
        SetEvent(address->event);
}

static void set_state(struct msp_address *address, enum msp_address_state state)
{
    AcquireSRWLockExclusive(&address->lock);
    address->state = state;
    ReleaseSRWLockExclusive(&address->lock);
}

/* The engine's side of a start: on failure nothing is left. */
static HRESULT start_engine(struct msp_address *address, HANDLE event)
{
    struct omsp_engine *engine;
    struct omsp_address *made = NULL;
    struct omsp_listener *listener = NULL;
    HRESULT hr = msp_engine_acquire(&engine);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(omsp_address_create(engine, &made));
    if (SUCCEEDED(hr)) {
        address->event = event;
        hr = msp_hresult(omsp_address_listen(made, wake, address, &listener));
    }
    if (SUCCEEDED(hr)) {
        AcquireSRWLockExclusive(&address->lock);
        address->engine = made;
        ReleaseSRWLockExclusive(&address->lock);
        hr = msp_sinks_attach(address->sinks);
        if (FAILED(hr)) {
            /* Lets those end who use it; whoever comes later finds none, so that what detach takes
             * from the sinks is all that they have. */
            AcquireSRWLockExclusive(&address->listener_lock);
            AcquireSRWLockExclusive(&address->lock);
            address->engine = NULL;
            ReleaseSRWLockExclusive(&address->lock);
            ReleaseSRWLockExclusive(&address->listener_lock);
            msp_sinks_detach(address->sinks);
        }
    }
    if (SUCCEEDED(hr)) {
        AcquireSRWLockExclusive(&address->listener_lock);
        address->listener = listener;
        ReleaseSRWLockExclusive(&address->listener_lock);
        return hr;
    }
    if (listener)
        omsp_listener_close(listener);
    if (made) {
        omsp_address_shutdown(made);
        omsp_address_release(made);
    }
    address->event = NULL;
    msp_engine_release();
    return hr;
}

HRESULT msp_address_start(struct msp_address *address, HANDLE event)
{
    bool mine;
    HRESULT hr;

    AcquireSRWLockExclusive(&address->lock);
    mine = address->state == MSP_ADDRESS_CREATED;
    if (mine)
        address->state = MSP_ADDRESS_STARTING;
    ReleaseSRWLockExclusive(&address->lock);
    if (!mine)
        return E_UNEXPECTED;
    hr = start_engine(address, event);
    set_state(address, SUCCEEDED(hr) ? MSP_ADDRESS_LIVE : MSP_ADDRESS_CREATED);
    return hr;
}

static void shut_calls(struct msp_address *address)
{
    /* One at a time, so that no memory is needed. */
    for (;;) {
        struct msp_call *call = NULL;

        AcquireSRWLockExclusive(&address->lock);
        while (!call && !omsp_list_empty(&address->calls)) {
            struct msp_call *next = omsp_container(address->calls.next, struct msp_call, link);

            omsp_list_remove(&next->link);
            if (com_object_try_addref(&next->object))
                call = next;
        }
        ReleaseSRWLockExclusive(&address->lock);
        if (!call)
            return;
        msp_call_shut(call);
        msp_call_unref(call);
    }
}

struct stop_waiter {
    struct omsp_link link; /* address lock */
    HANDLE done;
};

static void note_place(struct msp_stop_place *place)
{
    place->thread_id = GetCurrentThreadId();
    if (FAILED(CoGetCurrentLogicalThreadId(&place->logical_id)))
        place->logical_id = GUID_NULL;
}

static bool is_within(const struct msp_stop_place *here, const struct msp_stop_place *stopper)
{
    return here->thread_id == stopper->thread_id ||
           (!IsEqualGUID(&here->logical_id, &GUID_NULL) &&
            IsEqualGUID(&here->logical_id, &stopper->logical_id));
}

/* Another thread shuts down: whoever comes second may unload us afterwards, and so may no more than
 * who came first return before it is done. */
static void await_stop(struct msp_address *address)
{
    struct msp_stop_place here;
    struct stop_waiter waiter;
    bool waits;
    DWORD index;

    note_place(&here);
    if (msp_sinks_inside(address->sinks))
        return; /* what it waits for may be this call's end */
    waiter.done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!waiter.done)
        return;
    AcquireSRWLockExclusive(&address->lock);
    waits = address->state == MSP_ADDRESS_ENDING && !is_within(&here, &address->stopper);
    if (waits)
        omsp_list_insert(&address->stop_waiters, &waiter.link);
    ReleaseSRWLockExclusive(&address->lock);
    if (waits) {
        HRESULT hr = CoWaitForMultipleHandles(0, MSP_STOP_PATIENCE_MS, 1, &waiter.done, &index);

        if (FAILED(hr) && hr != RPC_S_CALLPENDING) /* not a thread of COM's */
            WaitForSingleObject(waiter.done, MSP_STOP_PATIENCE_MS);
        AcquireSRWLockExclusive(&address->lock);
        omsp_list_remove(&waiter.link);
        ReleaseSRWLockExclusive(&address->lock);
    }
    CloseHandle(waiter.done);
}

static void tell_stopped(struct msp_address *address)
{
    AcquireSRWLockExclusive(&address->lock);
    address->state = MSP_ADDRESS_DEAD;
    omsp_list_each(link, &address->stop_waiters)
    {
        SetEvent(omsp_container(link, struct stop_waiter, link)->done);
    }
    ReleaseSRWLockExclusive(&address->lock);
}

HRESULT msp_address_stop(struct msp_address *address)
{
    struct omsp_listener *listener;
    struct msp_stop_place here;
    struct omsp_event pending = {0};
    enum msp_address_state before;

    note_place(&here);
    AcquireSRWLockExclusive(&address->lock);
    before = address->state;
    if (before == MSP_ADDRESS_LIVE) {
        address->state = MSP_ADDRESS_ENDING;
        address->stopper = here;
        if (address->has_pending)
            pending = address->pending;
        address->has_pending = false;
    }
    ReleaseSRWLockExclusive(&address->lock);
    if (before == MSP_ADDRESS_ENDING)
        await_stop(address);
    if (before != MSP_ADDRESS_LIVE)
        return before >= MSP_ADDRESS_ENDING ? S_OK : E_UNEXPECTED;

    omsp_free(pending.blob);
    shut_calls(address);
    msp_sinks_detach(address->sinks);
    AcquireSRWLockExclusive(&address->listener_lock);
    listener = address->listener;
    address->listener = NULL;
    ReleaseSRWLockExclusive(&address->listener_lock);
    /* Waits for a running signal: after this nobody touches TAPI's event handle. */
    omsp_listener_close(listener);
    omsp_address_shutdown(address->engine);
    msp_terminal_event_forget(address->engine);
    msp_engine_release();
    msp_outer_end(&address->outer);
    tell_stopped(address);
    return S_OK;
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct msp_call *msp_address_find_call(struct msp_address *address, const void *unknown)
{
    struct msp_call *found = NULL;

    AcquireSRWLockShared(&address->lock);
    omsp_list_each(it, &address->calls)
    {
        struct msp_call *call = omsp_container(it, struct msp_call, link);
        const char *at = unknown, *begin = (const char *)call;

        if (at >= begin && at < begin + sizeof(*call)) {
            if (com_object_try_addref(&call->object))
                found = call;
            break;
        }
    }
    ReleaseSRWLockShared(&address->lock);
    return found;
}

HRESULT msp_address_calls(struct msp_address *address, struct msp_call ***out, size_t *count)
{
    struct msp_call **calls = NULL;
    size_t room = 0, used;

    *out = NULL;
    *count = 0;
    for (;;) {
        size_t living = 0;

        used = 0;
        AcquireSRWLockShared(&address->lock);
        omsp_list_each(it, &address->calls)
        {
            living++;
        }
        if (living <= room) {
            omsp_list_each(it, &address->calls)
            {
                struct msp_call *call = omsp_container(it, struct msp_call, link);

                if (com_object_try_addref(&call->object))
                    calls[used++] = call;
            }
        }
        ReleaseSRWLockShared(&address->lock);
        if (living <= room)
            break;
        omsp_free(calls);
        calls = omsp_zalloc_array(living, sizeof(*calls));
        if (!calls)
            return E_OUTOFMEMORY;
        room = living;
    }
    *out = calls;
    *count = used;
    return S_OK;
}

/* ---- the class ------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE container_EnumConnectionPoints(IConnectionPointContainer *iface,
                                                                IEnumConnectionPoints **out)
{
    struct msp_address *self = COM_SELF(iface, struct msp_address, container);

    if (!out)
        return E_POINTER;
    *out = NULL;
    return msp_sinks_enum(self->sinks, out);
}

static HRESULT STDMETHODCALLTYPE container_FindConnectionPoint(IConnectionPointContainer *iface,
                                                               REFIID iid, IConnectionPoint **out)
{
    struct msp_address *self = COM_SELF(iface, struct msp_address, container);

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!iid)
        return E_POINTER;
    return msp_sinks_find(self->sinks, iid, out);
}

COM_VTABLE(container_vtable, IConnectionPointContainer, struct msp_address, container, NULL,
           COM_UNKNOWN_SLOTS(IConnectionPointContainer),
           .EnumConnectionPoints = container_EnumConnectionPoints,
           .FindConnectionPoint = container_FindConnectionPoint);

static const struct com_entry address_entries[] = {
    COM_ENTRY(IID_ITTerminalSupport2, msp_address_terminals_vtable),
    COM_ENTRY(IID_ITTerminalSupport, msp_address_terminals_vtable),
    COM_ENTRY(IID_IOpenMSPAddress, msp_address_open_vtable),
    COM_ENTRY(IID_ITMSPAddress, msp_address_msp_vtable),
    COM_ENTRY(IID_IConnectionPointContainer, container_vtable),
    COM_ENTRY(IID_ITLegacyWaveSupport, msp_address_legacy_vtable),
};

/* No call is left: each holds us. */
static void address_destroy(struct com_object *object)
{
    struct msp_address *self = (struct msp_address *)object;

    msp_address_stop(self);
    if (self->sinks)
        msp_sinks_destroy(self->sinks);
    if (self->engine)
        omsp_address_release(self->engine);
}

const struct com_class msp_address_class = {
    COM_CLASS("OpenMSP.Address", struct msp_address, address_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED,
    .destroy = address_destroy,
};

HRESULT msp_address_create(IUnknown *outer, REFIID iid, void **out)
{
    struct com_object *object;
    struct msp_address *self;
    HRESULT hr = com_object_create(&msp_address_class, outer, &object);

    if (FAILED(hr))
        return hr;
    self = (struct msp_address *)object;
    InitializeSRWLock(&self->lock);
    InitializeSRWLock(&self->listener_lock);
    msp_outer_init(&self->outer);
    omsp_list_init(&self->calls);
    omsp_list_init(&self->stop_waiters);
    hr = msp_sinks_create(self, &self->sinks);
    return com_object_finish(object, hr, iid, out);
}
