/*
 * Bringing the graph of a hosted terminal in line with what the engine wants. All of it runs on the
 * terminal's own thread (bounded.h), one round at a time, and calls the terminal; the engine is
 * asked and told from here, never the other way round: what the engine calls (gate, news) only
 * asks for a round.
 */
#include "msp/hosted_state.h"

#include "com/module.h"

#define AGAIN_MS 500u

/* On a thread of the system's, for whose return the graph's end waits: it must not come from here.
 * While there is no memory for a thread, the next one is asked for again; a round that somebody
 * else has done by then was this one, too. */
static void graph_broke(void *ctx, HRESULT why)
{
    struct msp_hosted *self = ctx;

    if (InterlockedCompareExchange(&self->broken, why, S_OK) != S_OK)
        return;
    while (!msp_bounded_ask_thread(&self->bounded))
        Sleep(AGAIN_MS);
}

static void set_graph(struct msp_hosted *self, struct msp_graph *graph)
{
    AcquireSRWLockExclusive(&self->graph_lock);
    self->graph = graph;
    ReleaseSRWLockExclusive(&self->graph_lock);
}

static bool has_graph(struct msp_hosted *self)
{
    bool has;

    AcquireSRWLockShared(&self->graph_lock);
    has = self->graph != NULL;
    ReleaseSRWLockShared(&self->graph_lock);
    return has;
}

static void close_graph(struct msp_hosted *self)
{
    struct msp_graph *graph = self->graph;

    if (!graph)
        return;
    set_graph(self, NULL);
    msp_graph_close(graph, &self->foreign);
    InterlockedExchange(&self->broken, S_OK);
}

static HRESULT open_graph(struct msp_hosted *self)
{
    struct msp_graph *graph = NULL;
    HRESULT hr = S_OK;

    if (!self->graph) {
        hr = msp_graph_open(&self->foreign, self->engine, graph_broke, self, &graph);
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
    case TAPI_E_TIMEOUT:
        return OMSP_TIMEOUT;
    case E_ACCESSDENIED:
        return OMSP_ACCESS;
    default:
        return OMSP_IO;
    }
}

/* What the engine asks before it connects; under its lock. */
enum omsp_status msp_hosted_gate(void *ctx)
{
    struct msp_hosted *self = ctx;

    return status_of(self->outcome);
}

/* The graph is there exactly while the engine has the terminal connected, or a door has had it made
 * and is about to ask the engine. */
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
    } else if (self->expected) {
        open_graph(self);
    } else {
        close_graph(self);
        InterlockedExchange(&self->outcome, S_OK);
    }
}

/* That it does not take the sink is no failure (mspi.md 3.5). Before it is connected: it may have
 * something to tell then. */
static void give_sink(struct msp_hosted *self)
{
    if (self->told_sink)
        return;
    self->told_sink = true;
    msp_foreign_sink(&self->foreign, msp_terminal_sink_interface(self->sink));
}

/* Here, in the round that is waited for, and not with the last reference: whoever unselected it has
 * it back when he is answered. */
static void drop_foreign(struct msp_hosted *self)
{
    struct msp_foreign foreign;

    AcquireSRWLockExclusive(&self->graph_lock);
    foreign = self->foreign;
    self->foreign = (struct msp_foreign){0};
    ReleaseSRWLockExclusive(&self->graph_lock);
    msp_foreign_drop(&foreign);
}

static void let_go(struct msp_hosted *self)
{
    if (self->told_sink)
        msp_foreign_sink(&self->foreign, NULL);
    self->told_sink = false;
    close_graph(self);
    msp_hosted_take_off(self);
    drop_foreign(self);
}

static bool run(void *owner)
{
    struct msp_hosted *self = owner;

    if (self->retired) {
        let_go(self);
    } else {
        give_sink(self);
        reconcile(self);
    }
    return self->graph != NULL; /* its apartment lasts as long as this thread */
}

const struct msp_bounded_hooks msp_hosted_hooks = {
    .run = run, .ref = msp_hosted_ref, .unref = msp_hosted_unref};

/* The engine started it by itself, so nobody else waits for the terminal. */
static void watch(void *ctx)
{
    struct msp_hosted *self = ctx;
    unsigned round = msp_bounded_ask(&self->bounded);

    if (!msp_bounded_wait(&self->bounded, round, GetTickCount64() + MSP_BOUND_MS) &&
        !self->retired) {
        InterlockedExchange(&self->outcome, TAPI_E_TIMEOUT);
        omsp_terminal_break(self->engine, OMSP_TIMEOUT);
    }
    msp_hosted_unref(self);
}

/* The samples terminal's news; on the engine's control thread. The list's reference is there as
 * long as the engine has a reason to tell anything. */
void msp_hosted_news(void *ctx, unsigned news)
{
    struct msp_hosted *self = ctx;

    if (news & OMSP_SAMPLES_READY) {
        AcquireSRWLockShared(&self->graph_lock);
        if (self->graph)
            msp_graph_wake(self->graph);
        ReleaseSRWLockShared(&self->graph_lock);
    }
    if (news & OMSP_SAMPLES_CONNECTED && !has_graph(self)) {
        msp_hosted_ref(self);
        if (FAILED(com_module_thread(watch, self, NULL)))
            msp_hosted_unref(self); /* never the last: who calls has one */
    }
    if (news & (OMSP_SAMPLES_CONNECTED | OMSP_SAMPLES_STOPPED))
        msp_bounded_ask(&self->bounded);
}
