/*
 * What the call's own files share: call.c (life), call_transport.c (peer) and call_sdp.c
 * (negotiation).
 */
#ifndef OMSP_ENGINE_CALL_H
#define OMSP_ENGINE_CALL_H

#include "engine/objects.h"

struct omsp_session_params;

#define OMSP_TYPE_PCMU 0 /* RFC 3551 6 */
#define OMSP_TYPE_PCMA 8

/* Start, pause and stop: what RTP and WebSocket streams offer. */
extern const struct omsp_stream_offers omsp_offers_all;

void omsp_call_enter(struct omsp_call *call);
/* Wakes listeners and worker. */
void omsp_call_leave(struct omsp_call *call);
/* No lock held. Binds to *local unless bound; OMSP_OK then too, with *local untouched and *fresh
 * false. */
enum omsp_status omsp_call_ensure_bound(struct omsp_call *call, struct omsp_addr *local,
                                        bool *fresh);
/* Address lock. False: the peer's address is of another family than the socket that the call has,
 * or that the first need makes it, which sends nothing there. An unspecified one says nothing. */
bool omsp_call_can_reach(const struct omsp_call *call, const struct omsp_addr *peer);
/* The last reference's: the description, with its keys. */
void omsp_call_free_sdp(struct omsp_call *call);
/* Address lock, bound. Takes the parameters over and opens or closes the directions that they
 * allow; connects when it was not. cause for streams that open or close because of it. */
void omsp_call_apply(struct omsp_call *call, const struct omsp_session_params *params,
                     enum omsp_cause cause);

/* Address lock. An input for the audio stream of this direction; or its media broke. */
void omsp_call_feed(struct omsp_call *call, enum omsp_direction direction, enum omsp_input input,
                    enum omsp_cause cause);
void omsp_call_break(struct omsp_call *call, enum omsp_direction direction, enum omsp_status why,
                     enum omsp_cause cause);

#endif
