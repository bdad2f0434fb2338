/*
 * Terminals of other makers on our streams: each is put into a filter graph of its own, on the
 * other side of which a filter of ours moves the samples between the graph and a samples terminal
 * of the engine (engine/samples.h). The application's ITTerminal stays the one that everybody sees.
 *
 *   terminal's filters --pin--> our sink    --> samples terminal (capture) --> call
 *   call --> samples terminal (render) --> our source --pin--> terminal's filters
 *
 * hosted.c: which terminals are hosted, and when a graph has to be there. hosted_graph.c: one graph
 * with one terminal. hosted_filter.c, hosted_sink.c, hosted_source.c: the filter of ours.
 *
 * When. Foreign code is never called under a lock of the engine: what starts a stream (StartStream,
 * PauseStream, SelectTerminal, the call's connect) first asks the engine where the stream would go,
 * connects the terminals, and the engine then asks each for the outcome (the gate). After every
 * such call, and on a thread of its own when the engine connected or disconnected by itself, the
 * graphs are brought in line with what the engine says. A terminal has to be agile.
 */
#ifndef OMSP_MSP_HOSTED_H
#define OMSP_MSP_HOSTED_H

#include "engine/samples.h"
#include "msp/msp.h"

struct msp_hosted;
struct msp_graph;
struct msp_filter;

/* ---- hosted.c -------------------------------------------------------------------------------- */

/* SelectTerminal of a terminal that is not ours and speaks ITTerminalControl. Its own codes when it
 * cannot be connected; TAPI_E_INVALIDTERMINAL, TAPI_E_TERMINALINUSE, and omsp_stream_select's. */
HRESULT msp_hosted_select(struct msp_call *call, struct omsp_stream *stream, ITTerminal *terminal,
                          ITTerminalControl *control);
/* TAPI_E_INVALIDTERMINAL: not on this stream. */
HRESULT msp_hosted_unselect(struct omsp_stream *stream, ITTerminal *terminal);
/* The call was shut down, or one of its streams that is not NULL: lets go of its terminals. */
void msp_hosted_drop(struct msp_call *call, const struct omsp_stream *stream);

/* Connects the terminals of the call's streams that `input` would start, and of their substreams;
 * stream NULL: of all streams. S_FALSE: there is none. A failure is that of the last one that
 * failed, for who finds the engine refusing then. */
HRESULT msp_hosted_prepare(struct msp_call *call, struct omsp_stream *stream,
                           enum omsp_input input);
/* After the engine was asked: graphs that it does not want are taken down again. */
void msp_hosted_settle(struct msp_call *call);

/* The application's terminal behind an engine's one; one reference, or NULL. */
ITTerminal *msp_hosted_terminal(uint32_t id);

/* ---- hosted_graph.c -------------------------------------------------------------------------- */

/* Told on a thread of the system's: the running graph broke. Must not close the graph. */
typedef void (*msp_graph_broken_fn)(void *ctx, HRESULT why);

/* Makes a graph, connects the terminal in it and runs it. engine: the samples terminal; its
 * direction is the one that the terminal is asked for. On failure the terminal is disconnected and
 * in no graph: its own code, or VFW_E_*, E_OUTOFMEMORY, REGDB_E_CLASSNOTREG (no DirectShow). */
HRESULT msp_graph_open(ITTerminalControl *control, struct omsp_terminal *engine,
                       msp_graph_broken_fn broken, void *ctx, struct msp_graph **out);
/* Stops it, disconnects the terminal. When it returns `broken` is not running. NULL is fine. */
void msp_graph_close(struct msp_graph *graph, ITTerminalControl *control);
/* The samples terminal has news: data, or room. Any thread, never blocks. */
void msp_graph_wake(struct msp_graph *graph);

#endif
