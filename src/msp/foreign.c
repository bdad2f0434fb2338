/*
 * Calls of a foreign terminal in the apartment where it may be called (foreign.h). The relay holds
 * its interfaces and runs on its thread; what a call is about waits on the caller's stack, and a
 * number says which (as with sinks, sink_relay.c). The table's lock is a leaf.
 */
#include "msp/foreign.h"

#include "base/list.h"
#include "com/object.h"
#include "com/relay.h"

enum operation { CONNECT, COMPLETE, DISCONNECT, SINK };

/* What is called, and its answer; on the stack of who waits for it. */
struct request {
    enum operation operation;
    IGraphBuilder *graph;
    DWORD direction, *count;
    IPin **pins;
    ITPluggableTerminalEventSink *sink;
    HRESULT answer;
};

struct relay {
    struct com_object object;
    IDispatch dispatch;
    ITTerminal *terminal;
    ITTerminalControl *control;
    ITPluggableTerminalEventSinkRegistration *registration; /* while it has a sink */
};

/* ---- in the terminal's apartment ------------------------------------------------------------- */

static HRESULT set_sink(struct relay *self, ITPluggableTerminalEventSink *sink)
{
    ITPluggableTerminalEventSinkRegistration *registration = self->registration;
    TERMINAL_TYPE type;
    HRESULT hr;

    if (registration) {
        self->registration = NULL;
        registration->lpVtbl->UnregisterSink(registration);
        registration->lpVtbl->Release(registration);
    }
    if (!sink)
        return S_OK;
    if (FAILED(ITTerminal_get_TerminalType(self->terminal, &type)) || type != TT_DYNAMIC ||
        FAILED(ITTerminal_QueryInterface(
            self->terminal, &IID_ITPluggableTerminalEventSinkRegistration, (void **)&registration)))
        return S_FALSE;
    hr = registration->lpVtbl->RegisterSink(registration, sink);
    if (SUCCEEDED(hr))
        self->registration = registration;
    else
        registration->lpVtbl->Release(registration);
    return hr;
}

static HRESULT perform(struct relay *self, const struct request *request)
{
    ITTerminalControl *control = self->control;

    switch (request->operation) {
    case CONNECT:
        return control->lpVtbl->ConnectTerminal(control, request->graph, request->direction,
                                                request->count, request->pins);
    case COMPLETE:
        return control->lpVtbl->CompleteConnectTerminal(control);
    case DISCONNECT:
        return control->lpVtbl->DisconnectTerminal(control, request->graph, 0);
    case SINK:
        return set_sink(self, request->sink);
    }
    return E_UNEXPECTED;
}

static HRESULT STDMETHODCALLTYPE relay_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                              WORD flags, DISPPARAMS *params, VARIANT *result,
                                              EXCEPINFO *exception, UINT *arg_error)
{
    struct request *request;
    HRESULT hr = com_relay_arrived(id, flags, params, (void **)&request);

    (void)iid, (void)lcid, (void)result, (void)exception, (void)arg_error;
    if (SUCCEEDED(hr))
        request->answer = perform(COM_SELF(iface, struct relay, dispatch), request);
    return hr;
}

COM_VTABLE(relay_vtable, IDispatch, struct relay, dispatch, NULL, COM_UNKNOWN_SLOTS(IDispatch),
           .GetTypeInfoCount = com_relay_type_count, .GetTypeInfo = com_relay_type,
           .GetIDsOfNames = com_relay_names, .Invoke = relay_invoke);

static const struct com_entry relay_entries[] = {COM_ENTRY(IID_IDispatch, relay_vtable)};

static void relay_destroy(struct com_object *object)
{
    struct relay *self = (struct relay *)object;

    set_sink(self, NULL);
    if (self->control)
        IUnknown_Release((IUnknown *)self->control);
    if (self->terminal)
        ITTerminal_Release(self->terminal);
}

/* Not free-threaded: it belongs to the terminal's apartment. */
static const struct com_class relay_class = {
    COM_CLASS("terminal relay", struct relay, relay_entries), .destroy = relay_destroy};

/* ---- for the room ---------------------------------------------------------------------------- */

HRESULT msp_foreign_keep(struct msp_foreign *foreign, ITTerminal *terminal,
                         ITTerminalControl *control)
{
    struct relay *relay;
    HRESULT hr;

    *foreign = (struct msp_foreign){0};
    hr = com_object_create(&relay_class, NULL, (struct com_object **)&relay);
    if (FAILED(hr))
        return hr;
    relay->terminal = terminal;
    ITTerminal_AddRef(terminal);
    relay->control = control;
    IUnknown_AddRef((IUnknown *)control);
    foreign->relay = &relay->object;
    foreign->direct = terminal;
    foreign->relayed = com_in_sta() && !com_is_agile((IUnknown *)control, &IID_ITTerminalControl);
    if (!foreign->relayed)
        return S_OK;
    hr = com_agile_keep(&foreign->door, &IID_IDispatch, (IUnknown *)&relay->dispatch);
    if (FAILED(hr))
        msp_foreign_drop(foreign);
    else /* that there is no proxy for it is no reason to refuse it */
        com_agile_keep(&foreign->terminal, &IID_ITTerminal, (IUnknown *)terminal);
    return hr;
}

void msp_foreign_drop(struct msp_foreign *foreign)
{
    com_agile_drop(&foreign->door);
    com_agile_drop(&foreign->terminal);
    if (foreign->relay)
        com_object_release(foreign->relay);
    foreign->relay = NULL;
}

ITTerminal *msp_foreign_terminal(const struct msp_foreign *foreign)
{
    ITTerminal *terminal;

    if (foreign->terminal.cookie &&
        SUCCEEDED(com_agile_get(&foreign->terminal, (void **)&terminal)))
        return terminal;
    ITTerminal_AddRef(foreign->direct);
    return foreign->direct;
}

static HRESULT call(struct msp_foreign *foreign, struct request *request)
{
    IDispatch *door;
    HRESULT hr;

    if (!foreign->relayed)
        return perform((struct relay *)foreign->relay, request);
    hr = com_agile_get(&foreign->door, (void **)&door);
    if (FAILED(hr))
        return hr;
    hr = com_relay_send(door, request);
    IDispatch_Release(door);
    return SUCCEEDED(hr) ? request->answer : hr;
}

HRESULT msp_foreign_connect(struct msp_foreign *foreign, IGraphBuilder *graph, DWORD direction,
                            DWORD *count, IPin **pins)
{
    struct request request = {
        .operation = CONNECT, .graph = graph, .direction = direction, .count = count, .pins = pins};

    return call(foreign, &request);
}

HRESULT msp_foreign_complete(struct msp_foreign *foreign)
{
    struct request request = {.operation = COMPLETE};

    return call(foreign, &request);
}

HRESULT msp_foreign_disconnect(struct msp_foreign *foreign, IGraphBuilder *graph)
{
    struct request request = {.operation = DISCONNECT, .graph = graph};

    return call(foreign, &request);
}

HRESULT msp_foreign_sink(struct msp_foreign *foreign, ITPluggableTerminalEventSink *sink)
{
    struct request request = {.operation = SINK, .sink = sink};

    return call(foreign, &request);
}
