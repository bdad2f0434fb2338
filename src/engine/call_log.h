/*
 * What a call and what is on it say in the log: a line for whatever happens to them that an
 * administrator may look for. Nothing that callers say or press is in it, and no key.
 *
 * All of it may be called under the address lock, on any thread, and costs a load while nobody
 * listens.
 */
#ifndef OMSP_ENGINE_CALL_LOG_H
#define OMSP_ENGINE_CALL_LOG_H

#include "engine/objects.h"

struct omsp_session_params;

/* It has sockets at this address. */
void omsp_log_bound(const struct omsp_call *call, const struct omsp_addr *local);
/* Address lock. These parameters hold from now on. */
void omsp_log_connected(const struct omsp_call *call, const struct omsp_session_params *params);
/* What was asked was refused. what: "the remote description". */
void omsp_log_refused(const struct omsp_call *call, const char *what, enum omsp_status why);
/* After the end, so that the last word of its counters is there. */
void omsp_log_ended(const struct omsp_call *call);
/* A stream tells an event (kind CALL). */
void omsp_log_stream(const struct omsp_stream *stream, const struct omsp_event *event);
/* A file terminal tells its state (kind FILE). stream: what its track is on, NULL: none. */
void omsp_log_file(const struct omsp_stream *stream, const struct omsp_event *event);
/* A device came or went. */
void omsp_log_device(const char *name, enum omsp_address_event type);

#endif
