/*
 * One visit to foreign code that somebody waits for, and no longer than a bound: it is made on a
 * thread of its own, and what it brings home too late is let go of there. Without memory for the
 * thread the caller makes the visit, and there is no bound.
 *
 * The bound holds for who asks from the multithreaded apartment. What a thread of a single-threaded
 * one gives us may be called on that thread only: there the visit is made at once, by it, and takes
 * as long as the application's own object takes on the application's own thread.
 */
#ifndef OMSP_MSP_ERRAND_H
#define OMSP_MSP_ERRAND_H

#include <windows.h>

struct msp_errand;

struct msp_errand_hooks {
    void (*run)(struct msp_errand *errand);  /* no lock is held */
    void (*free)(struct msp_errand *errand); /* with all that nobody took */
};

/* The first member of who uses it, whose memory `free` gives back. */
struct msp_errand {
    const struct msp_errand_hooks *hooks;
    volatile LONG state;
    HANDLE done;
};

/* hooks are set, the rest is 0. S_OK: it has run; what it found is the caller's to take, and then
 * it is the caller's to free. TAPI_E_TIMEOUT: it has not by `until` (GetTickCount64); it is not the
 * caller's any more. */
HRESULT msp_errand_run(struct msp_errand *errand, ULONGLONG until);

#endif
