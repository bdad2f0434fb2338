/*
 * A terminal of another maker as its own apartment wants it called. One that may be called from
 * anywhere, or that was given on a thread of the multithreaded apartment, is called where the call
 * comes up; any other on the thread of the apartment that it was given in, through a relay that
 * stands there in the Global Interface Table: for ITTerminalControl nobody has a proxy. That
 * thread has to let calls in, as COM has it.
 */
#ifndef OMSP_MSP_FOREIGN_H
#define OMSP_MSP_FOREIGN_H

#include "com/agile.h"
#include "msp/msp.h"

struct msp_foreign {
    struct com_object *relay;        /* counted */
    struct com_agile door, terminal; /* the relay's, the terminal's; only of one that is relayed */
    ITTerminal *direct;              /* what the application gave; the relay's reference */
    bool relayed;
};

/* On the thread that has the pointers. On failure nothing is kept. E_OUTOFMEMORY, and what the
 * table answers. */
HRESULT msp_foreign_keep(struct msp_foreign *foreign, ITTerminal *terminal,
                         ITTerminalControl *control);
/* Any thread. Safe on a zeroed one. */
void msp_foreign_drop(struct msp_foreign *foreign);
/* The terminal for whoever asks, counted: the application's own pointer where it is good, else a
 * proxy; the former too where there is none. */
ITTerminal *msp_foreign_terminal(const struct msp_foreign *foreign);

/* ITTerminalControl's; on a thread where COM is initialised. What the terminal answers; RPC_E_* of
 * one whose apartment is gone. */
HRESULT msp_foreign_connect(struct msp_foreign *foreign, IGraphBuilder *graph, DWORD direction,
                            DWORD *count, IPin **pins);
HRESULT msp_foreign_complete(struct msp_foreign *foreign);
HRESULT msp_foreign_disconnect(struct msp_foreign *foreign, IGraphBuilder *graph);
/* Of a dynamic one that takes a sink, RegisterSink's answer: S_FALSE when it is none. NULL: none
 * any more, S_OK. */
HRESULT msp_foreign_sink(struct msp_foreign *foreign, ITPluggableTerminalEventSink *sink);

#endif
