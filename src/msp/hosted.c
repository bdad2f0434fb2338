/*
 * Which terminals of other makers are on streams of ours, and the doors that want them connected. A
 * hosted terminal exists from SelectTerminal to UnselectTerminal or the call's end, and beyond that
 * as long as it takes the terminal to let go. The list's lock is a leaf.
 */
#include "msp/hosted.h"

#include "base/alloc.h"
#include "com/module.h"
#include "engine/fork.h"
#include "msp/call.h"
#include "msp/engine_host.h"
#include "msp/hosted_filter.h"
#include "msp/hosted_state.h"
#include "msp/probe.h"

static SRWLOCK list_lock = SRWLOCK_INIT;
static struct omsp_link hosted_list = {&hosted_list, &hosted_list};

/* ---- life ------------------------------------------------------------------------------------ */

void msp_hosted_ref(void *self)
{
    InterlockedIncrement(&((struct msp_hosted *)self)->refs);
}

void msp_hosted_unref(void *ctx)
{
    struct msp_hosted *self = ctx;

    if (InterlockedDecrement(&self->refs))
        return;
    omsp_samples_watch(self->engine, NULL, NULL);
    omsp_terminal_release(self->engine);
    omsp_stream_release(self->on);
    msp_terminal_sink_detach(self->sink);
    msp_foreign_drop(&self->foreign);
    msp_bounded_fini(&self->bounded);
    omsp_free(self);
    msp_engine_release();
    com_module_release();
}

/* By one of the three that is not nothing; with a reference, or NULL. */
static struct msp_hosted *find(const IUnknown *identity, const ITTerminal *direct, uint32_t id)
{
    struct msp_hosted *found = NULL;

    AcquireSRWLockShared(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *self = omsp_container(link, struct msp_hosted, link);

        if ((identity && self->identity == identity) ||
            (direct && self->foreign.direct == direct) || (id && self->id == id)) {
            found = self;
            msp_hosted_ref(found);
            break;
        }
    }
    ReleaseSRWLockShared(&list_lock);
    return found;
}

void msp_hosted_take_off(struct msp_hosted *self)
{
    bool was;

    AcquireSRWLockExclusive(&list_lock);
    was = !omsp_list_empty(&self->link);
    omsp_list_remove(&self->link);
    ReleaseSRWLockExclusive(&list_lock);
    if (was)
        msp_hosted_unref(self);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* What the terminal says of itself, against the stream that it shall go on. */
static HRESULT check(const struct msp_probe *probe, struct omsp_stream *stream)
{
    if (FAILED(probe->usable) || omsp_stream_is_fork(stream) || FAILED(probe->described) ||
        !(probe->media & TAPIMEDIATYPE_AUDIO) || omsp_stream_media(stream) != OMSP_MEDIA_AUDIO)
        return TAPI_E_INVALIDTERMINAL;
    return probe->direction == TD_BIDIRECTIONAL ||
                   probe->direction == (TERMINAL_DIRECTION)omsp_stream_direction(stream)
               ? S_OK
               : TAPI_E_INVALIDTERMINAL;
}

/* Enters it into the list, unless another thread was first. */
static bool enlist(struct msp_hosted *self)
{
    bool first = true;

    AcquireSRWLockExclusive(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *other = omsp_container(link, struct msp_hosted, link);

        first &= other->identity != self->identity;
    }
    if (first) {
        omsp_list_insert(&hosted_list, &self->link);
        msp_hosted_ref(self);
    }
    ReleaseSRWLockExclusive(&list_lock);
    return first;
}

/* What it holds beside its memory; undone by the last reference. */
static HRESULT fill(struct msp_hosted *self, struct msp_call *call, struct omsp_stream *stream,
                    const struct msp_probe *probe)
{
    HRESULT hr = msp_bounded_init(&self->bounded, &msp_hosted_hooks, self);

    if (FAILED(hr))
        return hr;
    hr = msp_foreign_keep(&self->foreign, probe->terminal, probe->control);
    if (FAILED(hr))
        return hr;
    self->id = omsp_terminal_id(self->engine);
    self->call = call;
    self->on = stream;
    omsp_stream_ref(stream);
    self->identity = probe->identity;
    hr = msp_terminal_sink_create(call->engine, msp_address_engine(call->address), &self->sink);
    if (FAILED(hr))
        return hr;
    omsp_samples_set_gate(self->engine, msp_hosted_gate, self);
    omsp_samples_set_threshold(self->engine, MSP_FILTER_CHUNK_MS);
    omsp_samples_watch(self->engine, msp_hosted_news, self);
    return S_OK;
}

/* *out: two references, one of them the list's. */
static HRESULT make(struct msp_call *call, struct omsp_stream *stream,
                    const struct msp_probe *probe, struct msp_hosted **out)
{
    struct omsp_address *address = msp_address_engine(call->address);
    struct omsp_terminal *engine;
    struct msp_hosted *self;
    HRESULT hr = msp_hresult(
        omsp_samples_create(address, omsp_stream_direction(stream), MSP_FILTER_RING_MS, &engine));

    if (FAILED(hr))
        return hr;
    self = omsp_zalloc(sizeof(*self));
    if (!self) {
        omsp_terminal_release(engine);
        return E_OUTOFMEMORY;
    }
    self->refs = 1;
    omsp_list_init(&self->link);
    InitializeSRWLock(&self->graph_lock);
    self->engine = engine;
    msp_engine_hold();
    com_module_addref();
    hr = fill(self, call, stream, probe);
    if (SUCCEEDED(hr) && !enlist(self))
        hr = TAPI_E_TERMINALINUSE;
    if (FAILED(hr)) {
        msp_hosted_unref(self);
        return hr;
    }
    *out = self;
    return S_OK;
}

/* ---- for the room ---------------------------------------------------------------------------- */

static ULONGLONG bound(void)
{
    return GetTickCount64() + MSP_BOUND_MS;
}

/* Asks for a round and waits for it. */
static bool have_done(struct msp_hosted *self, ULONGLONG until)
{
    return msp_bounded_wait(&self->bounded, msp_bounded_ask(&self->bounded), until);
}

/* It is on no stream any more; its next round lets go of it. */
static void dismiss(struct msp_hosted *self)
{
    omsp_samples_watch(self->engine, NULL, NULL); /* from here on the engine tells nothing */
    msp_terminal_sink_silence(self->sink);
    InterlockedExchange(&self->retired, 1);
}

static void retire(struct msp_hosted *self, ULONGLONG until)
{
    dismiss(self);
    have_done(self, until);
}

/* Would the stream start with it? Then it is wanted until the door is left. */
static HRESULT want(struct msp_hosted *self, enum omsp_input input, bool *wanted)
{
    enum omsp_actual to;
    enum omsp_status status = omsp_stream_foresee(self->on, input, self->engine, &to);

    *wanted = !status && to != OMSP_STOPPED;
    if (*wanted)
        InterlockedIncrement(&self->expected);
    return msp_hresult(status);
}

/* It was wanted, and this is what came of it. */
static HRESULT outcome_of(struct msp_hosted *self, bool done)
{
    if (!done)
        InterlockedExchange(&self->outcome, TAPI_E_TIMEOUT);
    return (HRESULT)self->outcome;
}

/* One that was asked and said what it has to. */
static HRESULT select_probed(struct msp_call *call, struct omsp_stream *stream,
                             const struct msp_probe *probe, ULONGLONG until)
{
    struct msp_hosted *self;
    bool wanted, done;
    HRESULT hr = check(probe, stream), refused;

    if (FAILED(hr))
        return hr;
    self = probe->identity ? find(probe->identity, NULL, 0) : NULL;
    if (self) { /* it is somewhere already */
        hr = self->on == stream && !self->retired ? TAPI_E_INVALIDTERMINAL
             : omsp_stream_terminals(stream, NULL, 0) >= OMSP_STREAM_MAX_TERMINALS
                 ? TAPI_E_MAXTERMINALS
                 : TAPI_E_TERMINALINUSE;
        msp_hosted_unref(self);
        return hr;
    }
    hr = make(call, stream, probe, &self);
    if (FAILED(hr))
        return hr;
    refused = want(self, OMSP_IN_SELECT, &wanted);
    done = have_done(self, until);
    if (wanted || !done)
        refused = outcome_of(self, done);
    hr = refused;
    if (wanted || done) /* else it did not even take its sink */
        hr = msp_hresult(omsp_stream_select(stream, self->engine));
    if (wanted)
        InterlockedDecrement(&self->expected);
    if (FAILED(hr))
        retire(self, until);
    else
        have_done(self, until);
    msp_hosted_unref(self);
    return FAILED(hr) && FAILED(refused) ? refused : hr;
}

HRESULT msp_hosted_select(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal)
{
    ULONGLONG until = bound();
    struct msp_probe *probe;
    HRESULT hr =
        msp_probe_terminal(terminal, msp_address_token(msp_call_address(call)), until, &probe);

    if (SUCCEEDED(hr))
        hr = select_probed(call, stream, probe, until);
    msp_probe_release(probe);
    return hr;
}

HRESULT msp_hosted_unselect(struct omsp_stream *stream, ITTerminal *terminal)
{
    struct msp_hosted *self = find(NULL, terminal, 0);
    ULONGLONG until = bound();
    HRESULT hr = S_OK;

    if (!self) {
        struct msp_probe *probe;

        hr = msp_probe_identity(terminal, until, &probe);
        if (SUCCEEDED(hr) && probe->identity)
            self = find(probe->identity, NULL, 0);
        msp_probe_release(probe);
    }
    if (!self)
        return FAILED(hr) ? hr : TAPI_E_INVALIDTERMINAL;
    hr = self->on == stream && !self->retired
             ? msp_hresult(omsp_stream_unselect(stream, self->engine))
             : TAPI_E_INVALIDTERMINAL;
    if (SUCCEEDED(hr))
        retire(self, until);
    msp_hosted_unref(self);
    return hr;
}

/* Those of this call, and of this stream unless it is NULL, that are not on their way out; a
 * reference each. */
static unsigned gather(const struct msp_call *call, const struct omsp_stream *stream,
                       struct msp_hosted *out[MSP_HOSTED_MAX])
{
    unsigned count = 0;

    AcquireSRWLockShared(&list_lock);
    omsp_list_each(link, &hosted_list)
    {
        struct msp_hosted *self = omsp_container(link, struct msp_hosted, link);

        if (self->call == call && (!stream || self->on == stream) && !self->retired &&
            count < MSP_HOSTED_MAX) {
            msp_hosted_ref(self);
            out[count++] = self;
        }
    }
    ReleaseSRWLockShared(&list_lock);
    return count;
}

/* All at once, so that one that hangs costs the others nothing. Gives the references back. */
static void have_all_done(struct msp_hosted *const *all, unsigned count, ULONGLONG until)
{
    unsigned rounds[MSP_HOSTED_MAX];

    for (unsigned i = 0; i < count; i++)
        rounds[i] = msp_bounded_ask(&all[i]->bounded);
    for (unsigned i = 0; i < count; i++) {
        msp_bounded_wait(&all[i]->bounded, rounds[i], until);
        msp_hosted_unref(all[i]);
    }
}

void msp_hosted_drop(struct msp_call *call, const struct omsp_stream *stream)
{
    struct msp_hosted *all[MSP_HOSTED_MAX];
    unsigned count = gather(call, stream, all);

    for (unsigned i = 0; i < count; i++)
        dismiss(all[i]);
    have_all_done(all, count, bound());
}

void msp_hosted_enter(struct msp_hosted_door *door, struct msp_call *call,
                      struct omsp_stream *stream, enum omsp_input input)
{
    struct msp_hosted *all[MSP_HOSTED_MAX];
    unsigned count = input == OMSP_IN_STOP ? 0 : gather(call, NULL, all);
    unsigned rounds[MSP_HOSTED_MAX];

    door->call = call;
    door->until = bound();
    door->refused = S_OK;
    door->count = 0;
    for (unsigned i = 0; i < count; i++) {
        bool of_parent = stream && omsp_stream_parent(all[i]->on) == stream;
        bool wanted = false;
        HRESULT hr = S_OK;

        if (!stream || all[i]->on == stream || of_parent) /* a substream starts with its stream */
            hr = want(all[i], of_parent ? OMSP_IN_READY : input, &wanted);
        if (FAILED(hr))
            door->refused = hr;
        if (wanted) {
            rounds[door->count] = msp_bounded_ask(&all[i]->bounded);
            door->wanted[door->count++] = all[i];
        } else {
            msp_hosted_unref(all[i]);
        }
    }
    for (unsigned i = 0; i < door->count; i++) {
        struct msp_hosted *self = door->wanted[i];
        HRESULT hr = outcome_of(self, msp_bounded_wait(&self->bounded, rounds[i], door->until));

        if (FAILED(hr))
            door->refused = hr;
    }
}

HRESULT msp_hosted_leave(struct msp_hosted_door *door, HRESULT hr)
{
    struct msp_hosted *all[MSP_HOSTED_MAX];

    for (unsigned i = 0; i < door->count; i++) {
        InterlockedDecrement(&door->wanted[i]->expected);
        msp_hosted_unref(door->wanted[i]);
    }
    have_all_done(all, gather(door->call, NULL, all), door->until);
    return FAILED(hr) && FAILED(door->refused) ? door->refused : hr;
}

ITTerminal *msp_hosted_terminal(uint32_t id)
{
    struct msp_hosted *self = id ? find(NULL, NULL, id) : NULL;
    ITTerminal *terminal = NULL;
    struct msp_foreign foreign;

    if (!self)
        return NULL;
    AcquireSRWLockShared(&self->graph_lock);
    foreign = self->foreign;
    if (foreign.relay)
        com_object_addref(foreign.relay); /* which keeps the terminal */
    ReleaseSRWLockShared(&self->graph_lock);
    if (foreign.relay) {
        terminal = msp_foreign_terminal(&foreign);
        com_object_release(foreign.relay);
    }
    msp_hosted_unref(self);
    return terminal;
}
