/*
 * What an object has of one kind, gathered to be given out as an enumerator or as a collection.
 * The caller's stack alone; any thread.
 */
#ifndef OMSP_MSP_INTERFACES_H
#define OMSP_MSP_INTERFACES_H

#include "msp/msp.h"

struct msp_interfaces {
    void **items; /* one reference each */
    unsigned count;
};

/* Empty, with room for so many. E_OUTOFMEMORY, and nothing to be dropped then either. */
HRESULT msp_interfaces_room(struct msp_interfaces *all, unsigned most);
/* Both take what was gathered, whatever they answer; hr is how gathering ended, and theirs when it
 * failed. E_OUTOFMEMORY. *out is NULL, VT_EMPTY on failure. */
HRESULT msp_interfaces_enum(struct msp_interfaces *all, HRESULT hr, REFIID iid, void **out);
HRESULT msp_interfaces_list(struct msp_interfaces *all, HRESULT hr, VARIANT *out);

#endif
