/*
 * Terminals of other makers on our streams: each is put into a filter graph of its own, on the
 * other side of which a filter of ours moves the samples between the graph and a samples terminal
 * of the engine (engine/samples.h). The application's ITTerminal stays the one that everybody sees.
 *
 *   terminal's filters --pin--> our sink    --> samples terminal (capture) --> call
 *   call --> samples terminal (render) --> our source --pin--> terminal's filters
 *
 * hosted.c: which terminals are hosted, and when a graph has to be there. hosted_work.c: bringing
 * its graph in line. hosted_graph.c: one graph with one terminal. hosted_filter.c, hosted_sink.c,
 * hosted_source.c: the filter of ours. foreign.c: the terminal in its apartment. probe.c: what it
 * says of itself.
 *
 * When. Foreign code is never called under a lock of the engine: what starts a stream (StartStream,
 * PauseStream, SelectTerminal, the call's connect) first asks the engine where the stream would go,
 * has the terminals connected, and the engine then asks each for the outcome (the gate). After
 * every such call, and when the engine connected or disconnected by itself, the graphs are brought
 * in line with what the engine says.
 *
 * Where. ConnectTerminal and its like, and every change of the graph's state, happen on a thread of
 * the terminal's own (bounded.h), which doors wait for no longer than MSP_BOUND_MS together; what
 * it is asked before it is hosted counts in that (probe.h).
 */
#ifndef OMSP_MSP_HOSTED_H
#define OMSP_MSP_HOSTED_H

#include "engine/samples.h"
#include "msp/foreign.h"
#include "msp/msp.h"

struct msp_hosted;
struct msp_graph;
struct msp_filter;

/* ---- hosted.c -------------------------------------------------------------------------------- */

/* SelectTerminal of a terminal that is not ours. Its own codes when it cannot be connected,
 * TAPI_E_TIMEOUT when it did not answer in time; TAPI_E_INVALIDTERMINAL (no ITTerminalControl, one
 * of another address, another direction or medium, a fork's stream), TAPI_E_TERMINALINUSE, and
 * omsp_stream_select's. */
HRESULT msp_hosted_select(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal);
/* TAPI_E_INVALIDTERMINAL: not on this stream. TAPI_E_TIMEOUT: not known by this pointer, and it
 * does not say which it is. */
HRESULT msp_hosted_unselect(struct omsp_stream *stream, ITTerminal *terminal);
/* The call was shut down, or one of its streams that is not NULL: lets go of its terminals. */
void msp_hosted_drop(struct msp_call *call, const struct omsp_stream *stream);

/* On all streams of a call. */
#define MSP_HOSTED_MAX ((4 + OMSP_STREAM_MAX_SUBSTREAMS) * OMSP_STREAM_MAX_TERMINALS)

/* Around every door of the engine that may start or stop streams. */
struct msp_hosted_door {
    struct msp_call *call;
    ULONGLONG until; /* nobody waits longer */
    HRESULT refused; /* of a terminal that could not be connected */
    struct msp_hosted *wanted[MSP_HOSTED_MAX];
    unsigned count;
};
/* Connects the terminals of the call's streams that `input` would start, and of their substreams;
 * stream NULL: of all streams. */
void msp_hosted_enter(struct msp_hosted_door *door, struct msp_call *call,
                      struct omsp_stream *stream, enum omsp_input input);
/* After the engine was asked and said hr: graphs that it does not want are taken down again.
 * Answers hr, or why the last terminal refused when the engine could not go on without it. */
HRESULT msp_hosted_leave(struct msp_hosted_door *door, HRESULT hr);

/* The application's terminal behind an engine's one; one reference, or NULL. */
ITTerminal *msp_hosted_terminal(uint32_t id);

/* ---- hosted_graph.c -------------------------------------------------------------------------- */

/* Told on a thread of the system's: the running graph broke. Must not close the graph. */
typedef void (*msp_graph_broken_fn)(void *ctx, HRESULT why);

/* Makes a graph, connects the terminal in it and runs it. engine: the samples terminal; its
 * direction is the one that the terminal is asked for. On failure the terminal is disconnected and
 * in no graph: its own code, or VFW_E_*, E_OUTOFMEMORY, REGDB_E_CLASSNOTREG (no DirectShow). */
HRESULT msp_graph_open(struct msp_foreign *foreign, struct omsp_terminal *engine,
                       msp_graph_broken_fn broken, void *ctx, struct msp_graph **out);
/* Stops it, disconnects the terminal. When it returns `broken` is not running. NULL is fine. */
void msp_graph_close(struct msp_graph *graph, struct msp_foreign *foreign);
/* The samples terminal has news: data, or room. Any thread, never blocks. */
void msp_graph_wake(struct msp_graph *graph);

#endif
