/*
 * The WebSocket terminal (terminal_websocket.c) and its selection on a call's streams
 * (call_sockets.c). It is a terminal for COM only: the engine knows the media stream that its
 * selection makes.
 */
#ifndef OMSP_MSP_WEBSOCKET_H
#define OMSP_MSP_WEBSOCKET_H

#include "msp/terminal.h"
#include "msp/vtable.h"
#include "openmsp/openmsp.h"

struct msp_websocket;

/* ---- terminal_websocket.c ------------------------------------------------------------------- */

/* token: of the address that makes it. E_OUTOFMEMORY. */
HRESULT msp_websocket_create(MSP_HANDLE token, ITTerminal **out);
/* The object behind a terminal, one inner reference; NULL: another kind of terminal. */
struct msp_websocket *msp_websocket_from(ITTerminal *terminal);
void msp_websocket_release(struct msp_websocket *socket);
/* A reference. */
ITTerminal *msp_websocket_terminal(struct msp_websocket *socket);
/* For one call alone; its properties are fixed until unclaim. False: another has it. Holds a
 * reference until unclaim. */
bool msp_websocket_claim(struct msp_websocket *socket);
void msp_websocket_unclaim(struct msp_websocket *socket);
/* Makes the media stream of a claimed terminal and remembers it and the answer.
 * CreateMediaStream's errors. */
HRESULT msp_websocket_start(struct msp_websocket *socket, struct msp_call *call, unsigned tracks,
                            struct omsp_stream **out);

extern const struct com_class msp_websocket_class;
extern const struct com_dispatch msp_dispatch_IOpenMSPWebSocketTerminal;

/* ---- call_sockets.c -------------------------------------------------------------------------- */

/* SelectTerminal, UnselectTerminal on the call's audio stream of this direction.
 * TAPI_E_TERMINALINUSE, TAPI_E_MAXTERMINALS, TAPI_E_INVALIDTERMINAL (not selected there), and, when
 * the call is connected, CreateMediaStream's. */
HRESULT msp_call_select_socket(struct msp_call *call, enum omsp_direction direction,
                               struct msp_websocket *socket);
HRESULT msp_call_unselect_socket(struct msp_call *call, enum omsp_direction direction,
                                 struct msp_websocket *socket);
/* Those selected on this stream, a reference each, at most MSP_CALL_MAX_SOCKETS. */
unsigned msp_call_sockets(struct msp_call *call, enum omsp_direction direction, ITTerminal **out);

#endif
