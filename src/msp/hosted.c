/*
 * Which terminals of other makers are on streams of ours, and bringing their graphs in line with
 * the engine. A hosted terminal exists from SelectTerminal to UnselectTerminal or the call's end.
 *
 * Locks: `list_lock` is a leaf; `work` is one terminal's and held while its graph is opened and
 * closed, which calls the terminal. The engine is asked and told under `work`, never the other way
 * round: what the engine calls (gate, watcher) takes neither.
 */
#include "msp/hosted.h"

#include "base/alloc.h"
#include "base/list.h"
#include "com/module.h"
#include "msp/call.h"
#include "msp/engine_host.h"
#include "msp/hosted_filter.h"
#include "msp/terminal_event.h"

struct msp_hosted {
    LONG refs;
    struct omsp_link link; /* list_lock; a reference while it is in the list */
    IUnknown *identity;
    ITTerminal *terminal;
    ITTerminalControl *control;
    struct omsp_terminal *engine;
    struct omsp_stream *on;      /* a reference */
    const struct msp_call *call; /* to be compared only */
    uint32_t id;
    volatile LONG outcome; /* HRESULT of the last try to connect; the gate's answer */
    volatile LONG working; /* a thread is on its way */
    CRITICAL_SECTION work;
    ITPluggableTerminalEventSinkRegistration *registration; /* NULL: it tells nothing */
    struct msp_terminal_sink *sink;                         /* while it is registered */
    unsigned expected;       /* work: doors between prepare and settle */
    struct msp_graph *graph; /* work; and list_lock for who only wakes it */
    volatile LONG broken;    /* HRESULT of the running graph's end, or S_OK */
};

static SRWLOCK list_lock = SRWLOCK_INIT;
static struct omsp_link hosted_list = {&hosted_list, &hosted_list};

/* ---- life ------------------------------------------------------------------------------------ */

static void hosted_ref(struct msp_hosted *self)
{
    InterlockedIncrement(&self->refs);
}

static void hosted_unref(struct msp_hosted *self)
{
    if (InterlockedDecrement(&self->refs))
        return;
    omsp_samples_watch(self->engine, NULL, NULL);
    omsp_terminal_release(self->engine);
    omsp_stream_release(self->on);
    IUnknown_Release((IUnknown *)self->control);
    ITTerminal_Release(self->terminal);
    IUnknown_Release(self->identity);
    DeleteCriticalSection(&self->work);
    omsp_free(self);
    msp_engine_release();
    com_module_release();
}

/* With a reference, or NULL. */
static struct msp_hosted *find(const IUnknown *identity, uint32_t id)
{
    struct msp_hosted *found = NULL;

    AcquireSRWLockShared(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *self = omsp_container(link, struct msp_hosted, link);

        if (identity ? self->identity == identity : self->id == id) {
            found = self;
            hosted_ref(found);
            break;
        }
    }
    ReleaseSRWLockShared(&list_lock);
    return found;
}

static struct msp_hosted *find_interface(ITTerminal *terminal)
{
    struct msp_hosted *found;
    IUnknown *identity;

    if (FAILED(ITTerminal_QueryInterface(terminal, &IID_IUnknown, (void **)&identity)))
        return NULL;
    found = find(identity, 0);
    IUnknown_Release(identity);
    return found;
}

/* False: it was not in it any more. */
static bool take_off(struct msp_hosted *self)
{
    bool was;

    AcquireSRWLockExclusive(&list_lock);
    was = !omsp_list_empty(&self->link);
    omsp_list_remove(&self->link);
    ReleaseSRWLockExclusive(&list_lock);
    return was;
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static void call_worker(struct msp_hosted *self);

/* On a thread of the system's. */
static void graph_broke(void *ctx, HRESULT why)
{
    struct msp_hosted *self = ctx;

    if (InterlockedCompareExchange(&self->broken, why, S_OK) == S_OK)
        call_worker(self);
}

/* Work held. */
static void set_graph(struct msp_hosted *self, struct msp_graph *graph)
{
    AcquireSRWLockExclusive(&list_lock);
    self->graph = graph;
    ReleaseSRWLockExclusive(&list_lock);
}

/* Work held. */
static void close_graph(struct msp_hosted *self)
{
    struct msp_graph *graph = self->graph;

    if (!graph)
        return;
    set_graph(self, NULL);
    msp_graph_close(graph, self->control);
    InterlockedExchange(&self->broken, S_OK);
}

/* Work held. */
static HRESULT open_graph(struct msp_hosted *self)
{
    struct msp_graph *graph = NULL;
    HRESULT hr = S_OK;

    if (!self->graph) {
        hr = msp_graph_open(self->control, self->engine, graph_broke, self, &graph);
        if (SUCCEEDED(hr))
            set_graph(self, graph);
    }
    InterlockedExchange(&self->outcome, FAILED(hr) ? hr : S_OK);
    return FAILED(hr) ? hr : S_OK;
}

/* In the words of the engine; the event's HRESULT is made of it. */
static enum omsp_status status_of(HRESULT hr)
{
    switch (hr) {
    case S_OK:
        return OMSP_OK;
    case E_OUTOFMEMORY:
        return OMSP_NOMEM;
    case TAPI_E_TERMINALINUSE:
        return OMSP_TERMINAL_IN_USE;
    case TAPI_E_NODEVICE:
        return OMSP_NODEVICE;
    case E_ACCESSDENIED:
        return OMSP_ACCESS;
    default:
        return OMSP_IO;
    }
}

/* What the engine asks before it connects; under its lock. */
static enum omsp_status gate(void *ctx)
{
    struct msp_hosted *self = ctx;

    return status_of(self->outcome);
}

/* The graph is there exactly while the engine has the terminal connected, or a door has made it and
 * is about to ask the engine. Work held. */
static void reconcile(struct msp_hosted *self)
{
    if (self->broken != S_OK) {
        omsp_terminal_break(self->engine, status_of(self->broken));
        close_graph(self);
    }
    if (omsp_terminal_in_use(self->engine)) {
        if (FAILED(open_graph(self))) {
            /* It started by itself meanwhile. */
            omsp_terminal_break(self->engine, status_of(self->outcome));
            InterlockedExchange(&self->outcome, S_OK);
        }
    } else if (!self->expected) {
        close_graph(self);
        InterlockedExchange(&self->outcome, S_OK);
    }
}

/* The end of a door. */
static void settle(struct msp_hosted *self)
{
    EnterCriticalSection(&self->work);
    if (self->expected)
        self->expected--;
    reconcile(self);
    LeaveCriticalSection(&self->work);
}

static void work(void *ctx)
{
    struct msp_hosted *self = ctx;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    InterlockedExchange(&self->working, 0);
    EnterCriticalSection(&self->work);
    reconcile(self);
    LeaveCriticalSection(&self->work);
    hosted_unref(self);
    if (initialised)
        CoUninitialize();
}

static void call_worker(struct msp_hosted *self)
{
    if (InterlockedExchange(&self->working, 1))
        return;
    hosted_ref(self);
    if (FAILED(com_module_thread(work, self, NULL))) {
        InterlockedExchange(&self->working, 0);
        InterlockedDecrement(&self->refs); /* never the last: who called has one */
    }
}

/* The samples terminal's news; on the engine's control thread. The list's reference is there as
 * long as the engine has a reason to tell anything. */
static void news(void *ctx, unsigned news)
{
    struct msp_hosted *self = ctx;

    if (news & OMSP_SAMPLES_READY) {
        AcquireSRWLockShared(&list_lock);
        if (self->graph)
            msp_graph_wake(self->graph);
        ReleaseSRWLockShared(&list_lock);
    }
    if (news & (OMSP_SAMPLES_CONNECTED | OMSP_SAMPLES_STOPPED))
        call_worker(self);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* What the terminal says of itself, against the stream that it shall go on. */
static HRESULT direction_of(ITTerminal *terminal, struct omsp_stream *stream,
                            enum omsp_direction *out)
{
    TERMINAL_DIRECTION direction;
    LONG media;
    HRESULT hr = ITTerminal_get_Direction(terminal, &direction);

    if (SUCCEEDED(hr))
        hr = ITTerminal_get_MediaType(terminal, &media);
    if (FAILED(hr) || !(media & TAPIMEDIATYPE_AUDIO) ||
        omsp_stream_media(stream) != OMSP_MEDIA_AUDIO)
        return TAPI_E_INVALIDTERMINAL;
    *out = omsp_stream_direction(stream);
    return direction == TD_BIDIRECTIONAL || direction == (TERMINAL_DIRECTION)*out
               ? S_OK
               : TAPI_E_INVALIDTERMINAL;
}

/* Enters it into the list, unless another thread was first: then that one. */
static struct msp_hosted *enlist(struct msp_hosted *self)
{
    struct msp_hosted *winner = self;

    AcquireSRWLockExclusive(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *other = omsp_container(link, struct msp_hosted, link);

        if (other->identity == self->identity)
            winner = other;
    }
    if (winner == self)
        omsp_list_insert(&hosted_list, &self->link);
    hosted_ref(winner);
    ReleaseSRWLockExclusive(&list_lock);
    if (winner != self)
        hosted_unref(self);
    return winner;
}

/* *out: two references, one of them the list's. */
static HRESULT make(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal,
                    ITTerminalControl *control, struct msp_hosted **out)
{
    struct omsp_address *address = msp_address_engine(call->address);
    enum omsp_direction direction;
    struct omsp_terminal *engine;
    struct msp_hosted *self;
    HRESULT hr = direction_of(terminal, stream, &direction);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(omsp_samples_create(address, direction, MSP_FILTER_RING_MS, &engine));
    if (FAILED(hr))
        return hr;
    self = omsp_zalloc(sizeof(*self));
    if (!self) {
        omsp_terminal_release(engine);
        return E_OUTOFMEMORY;
    }
    self->refs = 1;
    omsp_list_init(&self->link);
    InitializeCriticalSection(&self->work);
    self->engine = engine;
    self->id = omsp_terminal_id(engine);
    self->call = call;
    self->on = stream;
    omsp_stream_ref(stream);
    self->terminal = terminal;
    ITTerminal_AddRef(terminal);
    self->control = control;
    IUnknown_AddRef((IUnknown *)control);
    ITTerminal_QueryInterface(terminal, &IID_IUnknown, (void **)&self->identity);
    msp_engine_hold();
    com_module_addref();
    omsp_samples_set_gate(engine, gate, self);
    omsp_samples_set_threshold(engine, MSP_FILTER_CHUNK_MS);
    omsp_samples_watch(engine, news, self);
    *out = enlist(self);
    return S_OK;
}

/* Gives the terminal its sink; that it cannot is no failure (mspi.md 3.5). Selected; nobody else
 * has seen it. */
static void register_sink(struct msp_hosted *self, struct msp_call *call)
{
    ITPluggableTerminalEventSinkRegistration *registration;
    TERMINAL_TYPE type;

    if (FAILED(ITTerminal_get_TerminalType(self->terminal, &type)) || type != TT_DYNAMIC ||
        FAILED(ITTerminal_QueryInterface(
            self->terminal, &IID_ITPluggableTerminalEventSinkRegistration, (void **)&registration)))
        return;
    if (SUCCEEDED(msp_terminal_sink_create(call->engine, msp_address_engine(call->address),
                                           &self->sink)) &&
        SUCCEEDED(registration->lpVtbl->RegisterSink(registration,
                                                     msp_terminal_sink_interface(self->sink)))) {
        self->registration = registration;
        return;
    }
    msp_terminal_sink_detach(self->sink);
    self->sink = NULL;
    registration->lpVtbl->Release(registration);
}

static void unregister_sink(struct msp_hosted *self)
{
    if (!self->registration)
        return;
    self->registration->lpVtbl->UnregisterSink(self->registration);
    self->registration->lpVtbl->Release(self->registration);
    self->registration = NULL;
    msp_terminal_sink_detach(self->sink);
    self->sink = NULL;
}

/* Lets go of one that is on no stream any more. Takes the caller's reference. */
static void retire(struct msp_hosted *self)
{
    bool listed = take_off(self);

    omsp_samples_watch(self->engine, NULL, NULL); /* from here on nobody calls a worker */
    EnterCriticalSection(&self->work);
    unregister_sink(self);
    close_graph(self);
    LeaveCriticalSection(&self->work);
    if (listed)
        hosted_unref(self);
    hosted_unref(self);
}

/* ---- for the room ---------------------------------------------------------------------------- */

/* Connects it when the stream would start with it; the gate lets the engine through otherwise. */
static HRESULT prepare(struct msp_hosted *self, struct omsp_stream *stream, enum omsp_input input)
{
    enum omsp_actual to;
    enum omsp_status status = omsp_stream_foresee(stream, input, self->engine, &to);
    HRESULT hr = S_OK;

    if (status)
        return msp_hresult(status);
    EnterCriticalSection(&self->work);
    if (to != OMSP_STOPPED) {
        self->expected++;
        hr = open_graph(self);
    } else {
        InterlockedExchange(&self->outcome, S_OK);
    }
    LeaveCriticalSection(&self->work);
    return hr;
}

HRESULT msp_hosted_select(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal,
                          ITTerminalControl *control)
{
    struct msp_hosted *self = find_interface(terminal);
    bool fresh = !self;
    HRESULT hr = S_OK, refused;

    if (fresh)
        hr = make(call, stream, terminal, control, &self);
    if (FAILED(hr))
        return hr;
    if (!fresh || self->call != call || self->on != stream) {
        /* It is somewhere already. */
        enum omsp_direction direction;

        hr = direction_of(terminal, stream, &direction);
        if (SUCCEEDED(hr))
            hr = self->on == stream ? TAPI_E_INVALIDTERMINAL : TAPI_E_TERMINALINUSE;
        hosted_unref(self);
        return hr;
    }
    EnterCriticalSection(&self->work);
    register_sink(self, call); /* before it is connected: it may have something to tell then */
    LeaveCriticalSection(&self->work);
    refused = prepare(self, stream, OMSP_IN_SELECT);
    hr = msp_hresult(omsp_stream_select(stream, self->engine));
    if (FAILED(hr)) {
        retire(self);
        return FAILED(refused) ? refused : hr;
    }
    settle(self);
    hosted_unref(self);
    return hr;
}

HRESULT msp_hosted_unselect(struct omsp_stream *stream, ITTerminal *terminal)
{
    struct msp_hosted *self = find_interface(terminal);
    HRESULT hr = TAPI_E_INVALIDTERMINAL;

    if (!self)
        return hr;
    if (self->on == stream)
        hr = msp_hresult(omsp_stream_unselect(stream, self->engine));
    if (SUCCEEDED(hr))
        retire(self);
    else
        hosted_unref(self);
    return hr;
}

/* The n-th of this call, with a reference. */
static struct msp_hosted *nth(const struct msp_call *call, unsigned n)
{
    struct msp_hosted *found = NULL;

    AcquireSRWLockShared(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *self = omsp_container(link, struct msp_hosted, link);

        if (self->call == call && n-- == 0) {
            found = self;
            hosted_ref(found);
            break;
        }
    }
    ReleaseSRWLockShared(&list_lock);
    return found;
}

void msp_hosted_drop(struct msp_call *call, const struct omsp_stream *stream)
{
    struct msp_hosted *self;
    unsigned others = 0;

    while ((self = nth(call, others))) {
        if (!stream || self->on == stream) {
            retire(self);
        } else {
            others++;
            hosted_unref(self);
        }
    }
}

HRESULT msp_hosted_prepare(struct msp_call *call, struct omsp_stream *stream, enum omsp_input input)
{
    struct msp_hosted *self;
    HRESULT hr = S_FALSE;

    for (unsigned n = 0; (self = nth(call, n)); n++) {
        bool with = !stream || self->on == stream;
        HRESULT one = S_FALSE;

        if (with)
            one = prepare(self, self->on, input);
        else if (omsp_stream_parent(self->on) == stream) /* a substream starts with its stream */
            one = prepare(self, self->on, OMSP_IN_READY);
        if (one != S_FALSE && (hr == S_FALSE || FAILED(one)))
            hr = one;
        hosted_unref(self);
    }
    return hr;
}

void msp_hosted_settle(struct msp_call *call)
{
    struct msp_hosted *self;

    for (unsigned n = 0; (self = nth(call, n)); n++) {
        settle(self);
        hosted_unref(self);
    }
}

ITTerminal *msp_hosted_terminal(uint32_t id)
{
    struct msp_hosted *self = id ? find(NULL, id) : NULL;
    ITTerminal *terminal;

    if (!self)
        return NULL;
    terminal = self->terminal;
    ITTerminal_AddRef(terminal);
    hosted_unref(self);
    return terminal;
}
