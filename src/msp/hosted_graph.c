/*
 * One filter graph with one hosted terminal and our filter in it. It knows how a terminal is
 * connected (mspi.md 3.15), not when. The graph is its opener's; `broken` comes on a thread of the
 * system's.
 */
#include "msp/hosted_filter.h"

#include "base/alloc.h"

#include <evcode.h>

#define USUAL_PINS 16u
#define MAX_PINS   1024u /* of one that asks for more room, for nobody's memory is endless */

struct msp_graph {
    IGraphBuilder *builder;
    IMediaControl *control;
    IMediaEvent *events;
    struct msp_filter *filter;
    HANDLE wait; /* registered on the graph's event */
    msp_graph_broken_fn broken;
    void *ctx;
};

/* ---- what the running graph tells ------------------------------------------------------------ */

static void CALLBACK graph_tells(void *ctx, BOOLEAN timeout)
{
    struct msp_graph *graph = ctx;
    LONG code;
    LONG_PTR first, second;

    (void)timeout;
    while (SUCCEEDED(IMediaEvent_GetEvent(graph->events, &code, &first, &second, 0))) {
        HRESULT why = (HRESULT)first;

        IMediaEvent_FreeEventParams(graph->events, code, first, second);
        if (code == EC_ERRORABORT || code == EC_STREAM_ERROR_STOPPED)
            graph->broken(graph->ctx, FAILED(why) ? why : E_FAIL);
        else if (code == EC_USERABORT)
            graph->broken(graph->ctx, E_ABORT);
    }
}

static HRESULT listen(struct msp_graph *graph)
{
    OAEVENT event = 0;
    HRESULT hr = IMediaEvent_GetEventHandle(graph->events, &event);

    if (SUCCEEDED(hr) && !RegisterWaitForSingleObject(&graph->wait, (HANDLE)event, graph_tells,
                                                      graph, INFINITE, WT_EXECUTEDEFAULT))
        hr = E_OUTOFMEMORY;
    return hr;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static HRESULT join(struct msp_graph *graph, IPin *theirs)
{
    IPin *ours = &graph->filter->pin;
    bool sink = graph->filter->kind->direction == PINDIR_INPUT;
    IPin *from = sink ? theirs : ours, *to = sink ? ours : theirs;
    PIN_DIRECTION direction;
    HRESULT hr = IPin_QueryDirection(theirs, &direction);

    if (SUCCEEDED(hr) && (direction == PINDIR_OUTPUT) != sink)
        hr = VFW_E_INVALID_DIRECTION;
    if (FAILED(hr))
        return hr;
    hr = IGraphBuilder_ConnectDirect(graph->builder, from, to, NULL);
    if (FAILED(hr)) /* with filters between that convert */
        hr = IGraphBuilder_Connect(graph->builder, from, to);
    /* Of a pin that does not say what it takes; from a door it would mean that there is none. */
    return hr == E_NOTIMPL ? VFW_E_CANNOT_CONNECT : hr;
}

/* What a terminal that connects gives: its pins, each counted; those it left out are NULL. */
struct pins {
    IPin **all;
    DWORD room;  /* of `all` */
    DWORD count; /* what the terminal says */
};

static void release_pins(struct pins *pins)
{
    for (DWORD i = 0; i < pins->room; i++)
        if (pins->all[i])
            IPin_Release(pins->all[i]);
    omsp_free(pins->all);
}

static HRESULT ask_with_room(struct msp_graph *graph, struct msp_foreign *foreign, DWORD room,
                             struct pins *pins)
{
    DWORD direction = graph->filter->kind->direction == PINDIR_INPUT ? TD_CAPTURE : TD_RENDER;
    HRESULT hr;

    *pins = (struct pins){omsp_zalloc_array(room, sizeof(IPin *)), room, room};
    if (!pins->all) {
        pins->room = 0;
        return E_OUTOFMEMORY;
    }
    hr = msp_foreign_connect(foreign, graph->builder, direction, &pins->count, pins->all);
    if (FAILED(hr)) /* what it wrote is nobody's */
        memset(pins->all, 0, room * sizeof(IPin *));
    return hr;
}

/* Connects the terminal. Whatever it answers, the pins are to be released. */
static HRESULT ask_for_pins(struct msp_graph *graph, struct msp_foreign *foreign, struct pins *pins)
{
    HRESULT hr = ask_with_room(graph, foreign, USUAL_PINS, pins);

    if (hr == TAPI_E_NOTENOUGHMEMORY && pins->count > USUAL_PINS && pins->count <= MAX_PINS) {
        DWORD wanted = pins->count;

        release_pins(pins);
        hr = ask_with_room(graph, foreign, wanted, pins);
    }
    if (SUCCEEDED(hr) && (pins->count < 1 || pins->count > pins->room || !pins->all[0])) {
        msp_foreign_disconnect(foreign, graph->builder);
        hr = TAPI_E_INVALIDTERMINAL;
    }
    return hr;
}

/* The first of the terminal's pins that can be joined with ours. */
static HRESULT join_one(struct msp_graph *graph, const struct pins *pins)
{
    HRESULT first = join(graph, pins->all[0]), hr = first;

    for (DWORD i = 1; i < pins->count && FAILED(hr); i++)
        hr = pins->all[i] ? join(graph, pins->all[i]) : E_POINTER;
    return SUCCEEDED(hr) ? hr : first;
}

static HRESULT connect(struct msp_graph *graph, struct msp_foreign *foreign)
{
    struct pins pins;
    HRESULT hr = ask_for_pins(graph, foreign, &pins);
    bool connected = SUCCEEDED(hr);

    if (connected)
        hr = join_one(graph, &pins);
    release_pins(&pins);
    if (SUCCEEDED(hr)) {
        hr = msp_foreign_complete(foreign);
        if (hr == E_NOTIMPL)
            hr = S_OK;
    }
    if (FAILED(hr) && connected)
        msp_foreign_disconnect(foreign, graph->builder);
    return hr;
}

/* A graph that could not run counts as stopped, and may leave filters as they were then; one that
 * is not stopped cannot be taken out. */
static void stop(struct msp_graph *graph)
{
    IEnumFilters *filters;
    IBaseFilter *filter;

    if (graph->control)
        IMediaControl_Stop(graph->control);
    if (!graph->builder || FAILED(IGraphBuilder_EnumFilters(graph->builder, &filters)))
        return;
    while (IEnumFilters_Next(filters, 1, &filter, NULL) == S_OK) {
        IBaseFilter_Stop(filter);
        IBaseFilter_Release(filter);
    }
    IEnumFilters_Release(filters);
}

/* ---- for hosted.c ---------------------------------------------------------------------------- */

void msp_graph_close(struct msp_graph *graph, struct msp_foreign *foreign)
{
    if (!graph)
        return;
    if (graph->wait)
        UnregisterWaitEx(graph->wait, INVALID_HANDLE_VALUE);
    stop(graph);
    if (foreign)
        msp_foreign_disconnect(foreign, graph->builder);
    if (graph->filter) {
        IPin_Disconnect(&graph->filter->pin);
        IGraphBuilder_RemoveFilter(graph->builder, &graph->filter->filter);
        com_object_release(&graph->filter->object);
    }
    if (graph->events)
        IMediaEvent_Release(graph->events);
    if (graph->control)
        IMediaControl_Release(graph->control);
    if (graph->builder)
        IGraphBuilder_Release(graph->builder);
    omsp_free(graph);
}

void msp_graph_wake(struct msp_graph *graph)
{
    SetEvent(graph->filter->wake);
}

HRESULT msp_graph_open(struct msp_foreign *foreign, struct omsp_terminal *engine,
                       msp_graph_broken_fn broken, void *ctx, struct msp_graph **out)
{
    struct msp_graph *graph = omsp_zalloc(sizeof(*graph));
    bool connected = false;
    HRESULT hr;

    *out = NULL;
    if (!graph)
        return E_OUTOFMEMORY;
    graph->broken = broken;
    graph->ctx = ctx;
    hr = CoCreateInstance(&CLSID_FilterGraph, NULL, CLSCTX_INPROC_SERVER, &IID_IGraphBuilder,
                          (void **)&graph->builder);
    if (SUCCEEDED(hr))
        hr = IGraphBuilder_QueryInterface(graph->builder, &IID_IMediaControl,
                                          (void **)&graph->control);
    if (SUCCEEDED(hr))
        hr =
            IGraphBuilder_QueryInterface(graph->builder, &IID_IMediaEvent, (void **)&graph->events);
    if (SUCCEEDED(hr))
        hr = omsp_terminal_direction(engine) == OMSP_CAPTURE
                 ? msp_sink_create(engine, &graph->filter)
                 : msp_source_create(engine, &graph->filter);
    if (SUCCEEDED(hr))
        hr = IGraphBuilder_AddFilter(graph->builder, &graph->filter->filter, L"OpenMSP");
    if (SUCCEEDED(hr))
        hr = connect(graph, foreign);
    connected = SUCCEEDED(hr);
    if (connected)
        hr = listen(graph);
    if (SUCCEEDED(hr))
        hr = IMediaControl_Run(graph->control);
    if (FAILED(hr)) {
        msp_graph_close(graph, connected ? foreign : NULL);
        return hr;
    }
    *out = graph;
    return S_OK;
}
