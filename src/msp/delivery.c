/*
 * One advised sink: a listener of the engine's address and a thread that turns its events into
 * objects and calls Event. It does not decide who is advised (sinks.c) nor how a sink is called
 * (sink_relay.c).
 *
 * The thread is a member of the multithreaded apartment, holds a reference of the module, of this
 * delivery and of the sink, and for the length of one event of the address; it calls out with no
 * lock held. `lock` guards the listener, what was drained and the flags; the engine's queue lock is
 * taken under it, so the engine's signal, which may come with engine locks held, takes only
 * `wake_lock`.
 */
#include "msp/sinks.h"

#include "base/alloc.h"
#include "com/module.h"
#include "msp/address.h"

struct item {
    struct omsp_link link;
    struct omsp_event event;
    struct msp_event_parts parts;
};

struct msp_delivery {
    LONG refs;
    struct omsp_link link;   /* sinks' lock */
    struct msp_sinks *sinks; /* counted */
    struct com_point *point; /* part of sinks */
    struct com_sink *sink;   /* counted */
    HANDLE thread;
    SRWLOCK lock;
    struct omsp_listener *listener;
    struct omsp_link drained; /* item.link: what a shutdown found in the queue, in order */
    bool listened;            /* there is a listener, or somebody is making it */
    bool stop;
    DWORD thread_id;   /* of the thread, once it runs */
    GUID logical_id;   /* of its calls, which COM hands on to the apartment of the sink */
    SRWLOCK wake_lock; /* leaf */
    CONDITION_VARIABLE wake;
    bool signalled;
};

/* ---- counting ------------------------------------------------------------------------------- */

void msp_delivery_ref(struct msp_delivery *delivery)
{
    InterlockedIncrement(&delivery->refs);
}

void msp_delivery_unref(struct msp_delivery *delivery)
{
    if (InterlockedDecrement(&delivery->refs))
        return;
    com_sink_release(delivery->sink);
    if (delivery->thread)
        CloseHandle(delivery->thread);
    msp_sinks_unref(delivery->sinks);
    omsp_free(delivery);
}

struct omsp_link *msp_delivery_link(struct msp_delivery *delivery)
{
    return &delivery->link;
}

struct msp_delivery *msp_delivery_from_link(struct omsp_link *link)
{
    return omsp_container(link, struct msp_delivery, link);
}

static void item_free(struct item *item)
{
    msp_event_parts_clear(&item->parts);
    omsp_free(item->event.blob);
    omsp_free(item);
}

/* ---- waking --------------------------------------------------------------------------------- */

static void wake(void *ctx)
{
    struct msp_delivery *self = ctx;

    AcquireSRWLockExclusive(&self->wake_lock);
    self->signalled = true;
    ReleaseSRWLockExclusive(&self->wake_lock);
    WakeConditionVariable(&self->wake);
}

/* Or until so many milliseconds have passed. */
static void sleep_until_woken(struct msp_delivery *self, DWORD most)
{
    AcquireSRWLockExclusive(&self->wake_lock);
    while (!self->signalled && SleepConditionVariableSRW(&self->wake, &self->wake_lock, most, 0))
        ;
    self->signalled = false;
    ReleaseSRWLockExclusive(&self->wake_lock);
}

/* ---- one event ------------------------------------------------------------------------------ */

enum next { NEXT_NONE, NEXT_EVENT, NEXT_ITEM, NEXT_STOP };

/* What to do now: *event is the caller's, or *item is. */
static enum next next(struct msp_delivery *self, struct omsp_event *event, struct item **item)
{
    enum next what = NEXT_NONE;

    AcquireSRWLockExclusive(&self->lock);
    if (self->stop) {
        what = NEXT_STOP;
    } else if (!omsp_list_empty(&self->drained)) {
        *item = omsp_container(self->drained.next, struct item, link);
        omsp_list_remove(&(*item)->link);
        what = NEXT_ITEM;
    } else if (self->listener && omsp_listener_take(self->listener, NULL, NULL, event) == OMSP_OK) {
        what = NEXT_EVENT;
    }
    ReleaseSRWLockExclusive(&self->lock);
    return what;
}

static bool stopped(struct msp_delivery *self)
{
    bool stop;

    AcquireSRWLockShared(&self->lock);
    stop = self->stop;
    ReleaseSRWLockShared(&self->lock);
    return stop;
}

/* Answers that say that there is nobody left to call, ever. */
static bool is_dead(HRESULT hr)
{
    switch (hr) {
    case RPC_E_DISCONNECTED:
    case RPC_E_SERVER_DIED:
    case RPC_E_SERVER_DIED_DNE:
    case RPC_E_CONNECTION_TERMINATED:
    case RPC_E_INVALID_OBJECT:
    case RPC_E_INVALID_IPID:
    case CO_E_OBJNOTCONNECTED:
    case CO_E_OBJNOTREG:
        return true;
    default:
        return hr == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE) ||
               hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED) ||
               hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED_DNE) ||
               hr == HRESULT_FROM_WIN32(RPC_S_UNKNOWN_IF) || /* Wine's RPC_E_DISCONNECTED */
               hr == HRESULT_FROM_WIN32(ERROR_INVALID_WINDOW_HANDLE);
    }
}

/* The sink's pointer for this thread, fetched once: *target is kept for the next event. */
static HRESULT fetch_sink(struct msp_delivery *self, void **target)
{
    HRESULT hr = *target ? S_OK : com_sink_get(self->sink, target);

    /* But for memory, its apartment is gone: it will never be there again. */
    return SUCCEEDED(hr) || hr == E_OUTOFMEMORY ? hr : CO_E_OBJNOTCONNECTED;
}

static HRESULT call_sink(struct msp_delivery *self, void *target, TAPI_EVENT kind, IDispatch *event)
{
    HRESULT hr;

    if (stopped(self)) {
        InterlockedIncrement(&self->sinks->dropped);
        return S_FALSE;
    }
    hr = msp_sink_call(com_sink_iid(self->sink), target, kind, event);
    InterlockedIncrement(SUCCEEDED(hr) ? &self->sinks->delivered : &self->sinks->failed);
    return hr;
}

/* parts: NULL for an event from the queue, which is resolved now. */
static HRESULT make_object(struct msp_address *address, const struct omsp_event *event,
                           const struct msp_event_parts *parts, TAPI_EVENT *kind, IDispatch **out)
{
    struct msp_event_parts own = {0};
    HRESULT hr = S_OK;

    if (!parts) {
        hr = msp_event_resolve(address, event, &own);
        parts = &own;
    }
    if (hr == S_OK)
        hr = msp_event_object_create(address, event, parts, kind, out);
    msp_event_parts_clear(&own);
    return hr;
}

/* *again: there was no memory for it, and it may be tried later. */
static HRESULT try_deliver(struct msp_delivery *self, void **target, const struct omsp_event *event,
                           const struct msp_event_parts *parts, bool *again)
{
    struct msp_address *address = msp_sinks_address(self->sinks);
    IDispatch *object = NULL;
    TAPI_EVENT kind;
    HRESULT hr;

    *again = false;
    if (!address)
        return S_FALSE;
    hr = fetch_sink(self, target);
    if (SUCCEEDED(hr))
        hr = make_object(address, event, parts, &kind, &object);
    *again = hr == E_OUTOFMEMORY;
    if (FAILED(hr) && !*again)
        InterlockedIncrement(&self->sinks->failed);
    if (hr == S_OK) {
        hr = call_sink(self, *target, kind, object);
        IDispatch_Release(object);
    }
    msp_address_unref(address); /* may be the last: then this delivery is stopped from within */
    return hr;
}

/* An event for which there is no memory waits, and with it those behind it: what is told is in
 * order, and the last state is always told. */
static HRESULT deliver(struct msp_delivery *self, void **target, const struct omsp_event *event,
                       const struct msp_event_parts *parts)
{
    if (event->kind == OMSP_EVENT_TSP_DATA)
        return S_FALSE; /* the TSP's; applications never see it */
    for (;;) {
        bool again;
        HRESULT hr = try_deliver(self, target, event, parts, &again);

        if (!again)
            return hr;
        if (stopped(self)) {
            InterlockedIncrement(&self->sinks->dropped);
            return S_FALSE;
        }
        sleep_until_woken(self, MSP_SINK_AGAIN_MS);
    }
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void unadvise_dead(struct msp_delivery *self)
{
    struct msp_address *address = msp_sinks_address(self->sinks);

    InterlockedIncrement(&self->sinks->dead);
    if (!address)
        return; /* it is going and takes its points along */
    com_point_disconnect(self->point, com_sink_cookie(self->sink));
    msp_address_unref(address);
}

static void run(void *ctx)
{
    struct msp_delivery *self = ctx;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));
    struct omsp_event event;
    struct item *item;
    void *target = NULL;
    enum next what;

    AcquireSRWLockExclusive(&self->lock);
    self->thread_id = GetCurrentThreadId();
    if (FAILED(CoGetCurrentLogicalThreadId(&self->logical_id)))
        self->logical_id = GUID_NULL;
    ReleaseSRWLockExclusive(&self->lock);
    while ((what = next(self, &event, &item)) != NEXT_STOP) {
        HRESULT hr = S_OK;

        if (what == NEXT_NONE) {
            sleep_until_woken(self, INFINITE);
        } else if (what == NEXT_ITEM) {
            hr = deliver(self, &target, &item->event, &item->parts);
            item_free(item);
        } else {
            hr = deliver(self, &target, &event, NULL);
            omsp_free(event.blob);
        }
        if (FAILED(hr) && is_dead(hr)) {
            unadvise_dead(self);
            break;
        }
    }
    if (target)
        IUnknown_Release((IUnknown *)target);
    msp_delivery_unref(self);
    if (initialised)
        CoUninitialize();
}

/* ---- for sinks.c ---------------------------------------------------------------------------- */

HRESULT msp_delivery_create(struct msp_sinks *sinks, struct com_point *point, struct com_sink *sink,
                            struct msp_delivery **out)
{
    struct msp_delivery *self = omsp_zalloc(sizeof(*self));
    HRESULT hr;

    *out = NULL;
    if (!self)
        return E_OUTOFMEMORY;
    self->refs = 2; /* the caller's and the thread's */
    self->sinks = sinks;
    self->point = point;
    self->sink = sink;
    msp_sinks_ref(sinks);
    com_sink_addref(sink);
    omsp_list_init(&self->link);
    omsp_list_init(&self->drained);
    InitializeSRWLock(&self->lock);
    InitializeSRWLock(&self->wake_lock);
    InitializeConditionVariable(&self->wake);
    hr = com_module_thread(run, self, &self->thread);
    if (FAILED(hr)) {
        self->refs = 1;
        msp_delivery_unref(self);
        return hr;
    }
    *out = self;
    return S_OK;
}

/* The address's listener_lock held, which keeps the engine's address. */
static HRESULT listen_to(struct msp_delivery *self, struct omsp_address *engine)
{
    struct omsp_listener *listener = NULL;
    bool first;
    HRESULT hr;

    AcquireSRWLockExclusive(&self->lock);
    first = !self->listened;
    self->listened = true;
    ReleaseSRWLockExclusive(&self->lock);
    if (!first)
        return S_OK;
    msp_delivery_ref(self); /* the listener's, as long as it may signal */
    hr = msp_hresult(omsp_address_listen(engine, wake, self, &listener));
    AcquireSRWLockExclusive(&self->lock);
    if (FAILED(hr)) {
        self->listened = false;
    } else if (!self->stop) {
        self->listener = listener;
        listener = NULL;
    }
    ReleaseSRWLockExclusive(&self->lock);
    if (listener)
        omsp_listener_close(listener);
    if (listener || FAILED(hr))
        msp_delivery_unref(self); /* never the last: the caller has one */
    else
        wake(self); /* what came before the listener was in place */
    return hr;
}

/* Ends the listener; with `items`, what waits in it goes there, in order. */
static void unlisten(struct msp_delivery *self, struct omsp_link *items)
{
    struct omsp_listener *listener;
    struct omsp_event event;

    AcquireSRWLockExclusive(&self->lock);
    listener = self->listener;
    self->listener = NULL;
    while (items && listener && omsp_listener_take(listener, NULL, NULL, &event) == OMSP_OK) {
        struct item *item = omsp_zalloc(sizeof(*item));

        if (item) {
            item->event = event;
            omsp_list_insert(items, &item->link);
        } else {
            omsp_free(event.blob);
            InterlockedIncrement(&self->sinks->failed);
        }
    }
    ReleaseSRWLockExclusive(&self->lock);
    if (listener) {
        omsp_listener_close(listener);
        msp_delivery_unref(self);
    }
}

static bool is_ending(struct msp_address *address)
{
    bool ending;

    AcquireSRWLockShared(&address->lock);
    ending = address->state >= MSP_ADDRESS_ENDING;
    ReleaseSRWLockShared(&address->lock);
    return ending;
}

HRESULT msp_delivery_listen(struct msp_delivery *self, struct msp_address *address)
{
    struct omsp_address *engine;
    HRESULT hr = S_OK;

    AcquireSRWLockShared(&address->listener_lock);
    engine = msp_address_engine(address);
    if (engine) /* or msp_sinks_attach comes back */
        hr = listen_to(self, engine);
    ReleaseSRWLockShared(&address->listener_lock);
    /* The shutdown may have been done before the listener was there. */
    if (SUCCEEDED(hr) && is_ending(address)) {
        unlisten(self, NULL);
        hr = E_UNEXPECTED;
    }
    return hr;
}

bool msp_delivery_listens(struct msp_delivery *self)
{
    bool listens;

    AcquireSRWLockShared(&self->lock);
    listens = self->listener != NULL;
    ReleaseSRWLockShared(&self->lock);
    return listens;
}

void msp_delivery_drain(struct msp_delivery *self, struct msp_address *address)
{
    struct omsp_link items;

    omsp_list_init(&items);
    unlisten(self, &items);
    /* Resolved here and not by the thread, for after the shutdown the calls are not found any more.
     */
    omsp_list_each_safe(link, &items)
    {
        struct item *item = omsp_container(link, struct item, link);
        HRESULT hr = msp_event_resolve(address, &item->event, &item->parts);

        if (hr != S_OK) {
            if (FAILED(hr))
                InterlockedIncrement(&self->sinks->failed);
            omsp_list_remove(link);
            item_free(item);
        }
    }
    AcquireSRWLockExclusive(&self->lock);
    self->listened = false; /* a start that failed half-way may be tried again */
    while (!self->stop && !omsp_list_empty(&items)) {
        struct omsp_link *link = items.next;

        omsp_list_remove(link);
        omsp_list_insert(&self->drained, link);
    }
    ReleaseSRWLockExclusive(&self->lock);
    wake(self);
    omsp_list_each_safe(link, &items) item_free(omsp_container(link, struct item, link));
}

bool msp_delivery_inside(struct msp_delivery *self)
{
    GUID logical_id, theirs;
    DWORD thread_id;

    AcquireSRWLockShared(&self->lock);
    thread_id = self->thread_id;
    theirs = self->logical_id;
    ReleaseSRWLockShared(&self->lock);
    if (thread_id == GetCurrentThreadId())
        return true;
    return SUCCEEDED(CoGetCurrentLogicalThreadId(&logical_id)) &&
           !IsEqualGUID(&logical_id, &GUID_NULL) && IsEqualGUID(&logical_id, &theirs);
}

static void wait_for_thread(struct msp_delivery *self)
{
    DWORD index;
    HRESULT hr = CoWaitForMultipleHandles(0, MSP_SINK_PATIENCE_MS, 1, &self->thread, &index);

    if (FAILED(hr) && hr != RPC_S_CALLPENDING) /* not a thread of COM's */
        WaitForSingleObject(self->thread, MSP_SINK_PATIENCE_MS);
}

void msp_delivery_stop(struct msp_delivery *self, bool wait)
{
    struct omsp_link items;

    omsp_list_init(&items);
    AcquireSRWLockExclusive(&self->lock);
    self->stop = true;
    while (!omsp_list_empty(&self->drained)) {
        struct omsp_link *link = self->drained.next;

        omsp_list_remove(link);
        omsp_list_insert(&items, link);
    }
    ReleaseSRWLockExclusive(&self->lock);
    unlisten(self, NULL);
    wake(self);
    omsp_list_each_safe(link, &items)
    {
        InterlockedIncrement(&self->sinks->dropped);
        item_free(omsp_container(link, struct item, link));
    }
    if (wait && !msp_delivery_inside(self))
        wait_for_thread(self);
    msp_delivery_unref(self);
}
