/*
 * What a terminal of another maker says of itself when it shall go on a stream: asked all at once,
 * within a bound (errand.h). What it is asked later, foreign.h has.
 */
#ifndef OMSP_MSP_PROBE_H
#define OMSP_MSP_PROBE_H

#include "msp/errand.h"
#include "msp/msp.h"

struct msp_probe {
    struct msp_errand errand;
    ITTerminal *terminal; /* one reference */
    MSP_HANDLE token;
    bool all;
    /* what was found */
    IUnknown *identity;         /* to be compared only; NULL: it would not tell */
    HRESULT usable;             /* checks 3 and 4 of mspi.md 3.5: S_OK, TAPI_E_INVALIDTERMINAL */
    ITTerminalControl *control; /* one reference; of a usable one */
    HRESULT described;          /* the worse of the next two's answers */
    TERMINAL_DIRECTION direction;
    LONG media;
};

/* Asks for everything, for the address of this token. TAPI_E_TIMEOUT, E_OUTOFMEMORY; *out NULL
 * then. Given back with msp_probe_release, NULL too. */
HRESULT msp_probe_terminal(ITTerminal *terminal, MSP_HANDLE token, ULONGLONG until,
                           struct msp_probe **out);
/* Asks for the identity alone. */
HRESULT msp_probe_identity(ITTerminal *terminal, ULONGLONG until, struct msp_probe **out);
void msp_probe_release(struct msp_probe *probe);

#endif
