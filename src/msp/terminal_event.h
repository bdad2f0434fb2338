/*
 * What terminals of other makers tell (mspi.md 2.4, 2.6, 4.5): the sink that a hosted terminal is
 * given while it is selected, and the way of its events through our queue, which carries ids only.
 * The interfaces that an event brings wait in a table under the event's detail, once for each
 * listener that may take it; what nobody takes is given back by the address's shutdown, or earlier
 * when too much waits (256 in the process, the oldest first). Any thread.
 */
#ifndef OMSP_MSP_TERMINAL_EVENT_H
#define OMSP_MSP_TERMINAL_EVENT_H

#include "msp/msp.h"

struct msp_terminal_sink;

/* terminal_sink.c. A sink for one selection on a stream of this call, for RegisterSink; one
 * reference. Until it is detached it answers for the call; after that TAPI_E_INVALIDSTREAM.
 * E_OUTOFMEMORY. */
HRESULT msp_terminal_sink_create(struct omsp_call *call, struct omsp_address *address,
                                 struct msp_terminal_sink **out);
ITPluggableTerminalEventSink *msp_terminal_sink_interface(struct msp_terminal_sink *sink);
/* Answers TAPI_E_INVALIDSTREAM from now on; waits for a FireEvent that is posting, which calls
 * nobody. NULL is fine. */
void msp_terminal_sink_silence(struct msp_terminal_sink *sink);
/* That, and takes the caller's reference. NULL is fine. */
void msp_terminal_sink_detach(struct msp_terminal_sink *sink);
extern const struct com_class msp_terminal_sink_class;

/* terminal_event.c. Posts it; on S_OK the references in it are taken over, else they stay the
 * caller's. E_INVALIDARG (a kind that is not a terminal's to tell), TAPI_E_CALLUNAVAIL,
 * E_OUTOFMEMORY. *oldest, whatever the answer: what had to make room, for
 * msp_terminal_event_release with no lock held. */
HRESULT msp_terminal_event_post(struct omsp_call *call, struct omsp_address *address,
                                const MSP_EVENT_INFO *info, MSP_EVENT_INFO *oldest);
/* What kind of event waits under this detail. False: none any more. */
bool msp_terminal_event_look(uint32_t detail, MSP_EVENT *out);
/* What waits under this detail; its references are the caller's. False: nothing any more. */
bool msp_terminal_event_take(uint32_t detail, MSP_EVENT_INFO *out);
/* Nothing when it is none of a terminal's. Calls foreign code. */
void msp_terminal_event_release(MSP_EVENT_INFO *info);
/* The address was shut down: gives back what waits for its listeners. No lock is held. */
void msp_terminal_event_forget(const struct omsp_address *address);

#endif
