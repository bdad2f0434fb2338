/* A counter that who adds to it and who reads it share, each for as long as it wants to. */
#ifndef OMSP_ENGINE_TALLY_H
#define OMSP_ENGINE_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

struct omsp_tally {
    _Atomic unsigned refs;
    _Atomic uint64_t count;
};

/* One reference; NULL: out of memory. */
struct omsp_tally *omsp_tally_new(void);
void omsp_tally_ref(struct omsp_tally *tally);
void omsp_tally_release(struct omsp_tally *tally); /* NULL is fine */

#endif
