/*
 * What the call's own files share: call.c (life and state) and call_sdp.c (negotiation).
 */
#ifndef OMSP_ENGINE_CALL_H
#define OMSP_ENGINE_CALL_H

#include "engine/objects.h"

struct omsp_session_params;

void omsp_call_enter(struct omsp_call *call);
/* Wakes listeners and worker. */
void omsp_call_leave(struct omsp_call *call);
/* No lock held. Binds to *local unless bound; OMSP_OK then too, with *local untouched and *fresh
 * false. */
enum omsp_status omsp_call_ensure_bound(struct omsp_call *call, struct omsp_addr *local,
                                        bool *fresh);
/* Address lock, bound. Takes the parameters over and opens or closes the directions that they
 * allow; connects when it was not. cause for streams that open or close because of it. */
void omsp_call_apply(struct omsp_call *call, const struct omsp_session_params *params,
                     enum omsp_cause cause);

#endif
