/*
 * The one engine of the process: made when the first address opens, destroyed when the last one was
 * shut down and no wrapper of one of its objects is left.
 */
#ifndef OMSP_MSP_ENGINE_HOST_H
#define OMSP_MSP_ENGINE_HOST_H

#include "msp/msp.h"

/* The composition root's hook: where the next engine's ports come from, asked when one is made.
 * Without it every Initialize answers E_FAIL. The ports and config must outlive all engines; config
 * may be NULL. Call while no engine exists. */
void msp_engine_configure(const struct omsp_ports *(*ports)(void),
                          const struct omsp_engine_config *config);

/* The engine and one hold on it; *out NULL on failure. E_FAIL: no ports were configured;
 * omsp_engine_create's errors. */
HRESULT msp_engine_acquire(struct omsp_engine **out);
/* One more hold, by who holds one already. */
void msp_engine_hold(void);
/* Gives one hold back; the last one joins the engine's threads. Not under a lock, not on one of the
 * engine's threads. */
void msp_engine_release(void);
/* What the process's media streams share (media_host.h); valid as long as the caller holds the
 * engine. NULL while there is no engine. */
struct msp_media_host;
struct msp_media_host *msp_engine_media(void);
/* Holds now; for tests. */
unsigned msp_engine_holds(void);

#endif
