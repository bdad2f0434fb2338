/*
 * Asking the controlling unknown of an aggregated object of ours for an interface of the whole. We
 * have no reference of it (mspi.md 1.3): it is sure to be there until the method by which its owner
 * ends us has returned (Shutdown, ShutdownMSPCall), and our object may live on. So the end is told
 * here, and waits for who is asking then. Any thread.
 */
#ifndef OMSP_MSP_OUTER_H
#define OMSP_MSP_OUTER_H

#include "com/object.h"

struct msp_outer {
    SRWLOCK lock; /* leaf: the rest */
    CONDITION_VARIABLE quiet;
    unsigned asking;
    bool gone;
};

void msp_outer_init(struct msp_outer *outer);
/* What object's outer answers, which is foreign code: no lock is held. One without outer answers
 * for itself, always. E_UNEXPECTED: it was ended. *out NULL on failure. */
HRESULT msp_outer_query(struct msp_outer *outer, struct com_object *object, REFIID iid, void **out);
/* From here on it is not asked any more. Waits for whoever is asking, but no longer than
 * MSP_OUTER_PATIENCE_MS, which is for one that ends us from inside. No lock is held. Twice is fine.
 */
#define MSP_OUTER_PATIENCE_MS 1000
void msp_outer_end(struct msp_outer *outer);

#endif
