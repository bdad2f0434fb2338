/*
 * The bridge: two calls of one address that hear each other. It has four ends, a pair for each
 * call: what the render end of one pair hears, the capture end of the other says. Each end is a
 * terminal and goes on a stream of its direction; the calls need not know of one another, have
 * their own packet times and clocks, and either may go: the other then has silence.
 *
 * Rules of threads and references: engine.h.
 */
#ifndef OMSP_ENGINE_BRIDGE_H
#define OMSP_ENGINE_BRIDGE_H

#include "engine/engine.h"

#define OMSP_BRIDGE_ENDS 4

/* The parent (OMSP_TERMINAL_BRIDGE), which is never itself on a stream. OMSP_NOMEM. */
enum omsp_status omsp_bridge_create(struct omsp_address *address, struct omsp_terminal **out);
/* Its ends (OMSP_TERMINAL_BRIDGE_END), a reference each, in the order render and capture of the one
 * pair, render and capture of the other. bridge must be a parent. */
void omsp_bridge_ends(struct omsp_terminal *bridge, struct omsp_terminal *out[OMSP_BRIDGE_ENDS]);

#endif
