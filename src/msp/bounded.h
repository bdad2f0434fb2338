/*
 * Work that calls foreign code, on a thread made for it, so that who asks for it need not wait
 * longer than a bound whatever that code does. The work brings something in line with what its
 * owner wants by then; it is asked for as often as anybody likes and runs once for all who asked
 * before it began.
 *
 * The thread is in the multithreaded apartment, holds the module in memory, and lives as long as
 * there is work, or while the work says that it wants to be kept. A work that hangs is only left
 * alone: nobody waits for it again until it has come back.
 */
#ifndef OMSP_MSP_BOUNDED_H
#define OMSP_MSP_BOUNDED_H

#include "base/list.h"

#include <stdbool.h>
#include <windows.h>

#define MSP_BOUND_MS 1800u /* what foreign code is given while somebody waits */

struct msp_bounded_hooks {
    bool (*run)(void *owner); /* on the thread; true: keep it */
    void (*ref)(void *owner); /* the thread's reference */
    void (*unref)(void *owner);
};

struct msp_bounded {
    const struct msp_bounded_hooks *hooks;
    void *owner;
    SRWLOCK lock; /* leaf: the rest */
    HANDLE wake;
    bool running;         /* there is a thread */
    bool stuck;           /* somebody waited in vain */
    unsigned asked, done; /* rounds */
    struct omsp_link waiters;
};

/* E_OUTOFMEMORY. */
HRESULT msp_bounded_init(struct msp_bounded *bounded, const struct msp_bounded_hooks *hooks,
                         void *owner);
/* No thread runs: its reference would be there. */
void msp_bounded_fini(struct msp_bounded *bounded);

/* Asks for a round; what to wait for. Without a thread to be had it is done here and now. */
unsigned msp_bounded_ask(struct msp_bounded *bounded);
/* The same for who must not do it itself. False: there is no thread to be had; it is done with the
 * next round that anybody asks for. */
bool msp_bounded_ask_thread(struct msp_bounded *bounded);
/* Waits for that round until this time (GetTickCount64); a single-threaded apartment is pumped
 * meanwhile. False: it is not done by then; at once when somebody has waited in vain already, or
 * when there is no memory to wait. */
bool msp_bounded_wait(struct msp_bounded *bounded, unsigned round, ULONGLONG until);

#endif
