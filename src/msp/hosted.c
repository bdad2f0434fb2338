/*
 * Which terminals of other makers are on streams of ours, and the doors that want them connected. A
 * hosted terminal exists from SelectTerminal to UnselectTerminal or the call's end, and beyond that
 * as long as it takes the terminal to let go. The list's lock is a leaf.
 */
#include "msp/hosted.h"

#include "base/alloc.h"
#include "com/module.h"
#include "msp/call.h"
#include "msp/engine_host.h"
#include "msp/hosted_filter.h"
#include "msp/hosted_state.h"

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
            msp_hosted_ref(found);
            break;
        }
    }
    ReleaseSRWLockShared(&list_lock);
    return found;
}

static IUnknown *identity_of(ITTerminal *terminal)
{
    IUnknown *identity = NULL;

    if (FAILED(ITTerminal_QueryInterface(terminal, &IID_IUnknown, (void **)&identity)))
        return NULL;
    IUnknown_Release(identity); /* the terminal's pointer keeps it */
    return identity;
}

static struct msp_hosted *find_interface(ITTerminal *terminal)
{
    IUnknown *identity = identity_of(terminal);

    return identity ? find(identity, 0) : NULL;
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
                    ITTerminal *terminal, ITTerminalControl *control)
{
    HRESULT hr = msp_bounded_init(&self->bounded, &msp_hosted_hooks, self);

    if (FAILED(hr))
        return hr;
    hr = msp_foreign_keep(&self->foreign, terminal, control);
    if (FAILED(hr))
        return hr;
    self->id = omsp_terminal_id(self->engine);
    self->call = call;
    self->on = stream;
    omsp_stream_ref(stream);
    self->identity = identity_of(terminal);
    /* Without memory for it the terminal has nobody to tell. */
    msp_terminal_sink_create(call->engine, msp_address_engine(call->address), &self->sink);
    omsp_samples_set_gate(self->engine, msp_hosted_gate, self);
    omsp_samples_set_threshold(self->engine, MSP_FILTER_CHUNK_MS);
    omsp_samples_watch(self->engine, msp_hosted_news, self);
    return S_OK;
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
    InitializeSRWLock(&self->graph_lock);
    self->engine = engine;
    msp_engine_hold();
    com_module_addref();
    hr = fill(self, call, stream, terminal, control);
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

HRESULT msp_hosted_select(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal,
                          ITTerminalControl *control)
{
    struct msp_hosted *self = find_interface(terminal);
    ULONGLONG until = bound();
    HRESULT hr, refused;
    bool wanted, done;

    if (self) {
        /* It is somewhere already. */
        enum omsp_direction direction;

        hr = direction_of(terminal, stream, &direction);
        if (SUCCEEDED(hr))
            hr = self->on == stream && !self->retired ? TAPI_E_INVALIDTERMINAL
                                                      : TAPI_E_TERMINALINUSE;
        msp_hosted_unref(self);
        return hr;
    }
    hr = make(call, stream, terminal, control, &self);
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

HRESULT msp_hosted_unselect(struct omsp_stream *stream, ITTerminal *terminal)
{
    struct msp_hosted *self = find_interface(terminal);
    HRESULT hr = TAPI_E_INVALIDTERMINAL;

    if (!self)
        return hr;
    if (self->on == stream && !self->retired)
        hr = msp_hresult(omsp_stream_unselect(stream, self->engine));
    if (SUCCEEDED(hr))
        retire(self, bound());
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
    struct msp_hosted *self = id ? find(NULL, id) : NULL;
    ITTerminal *terminal;

    if (!self)
        return NULL;
    terminal = msp_foreign_terminal(&self->foreign);
    msp_hosted_unref(self);
    return terminal;
}
