/* Two calls of one process that speak to each other over whatever network their engines have. */
#ifndef OMSP_TESTS_SUPPORT_PAIR_H
#define OMSP_TESTS_SUPPORT_PAIR_H

#include "engine/engine.h"

/* An offer of a's is answered by b, as their TSPs would have it. Asserts that both take it. */
void connect_pair(struct omsp_call *a, struct omsp_call *b);

#endif
