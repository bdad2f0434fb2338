/*
 * Counting who needs the engine. Knows no adapters: the composition root hands the ports in. The
 * lock guards the pointer and the count; destruction happens outside of it, so that an engine may
 * be made while its predecessor's threads are still being joined. Any thread but the engine's own.
 */
#include "msp/engine_host.h"

static SRWLOCK host_lock = SRWLOCK_INIT;
static struct omsp_engine *host_engine;
static unsigned host_holds;
static const struct omsp_ports *(*host_ports)(void);
static const struct omsp_engine_config *host_config;

void msp_engine_configure(const struct omsp_ports *(*ports)(void),
                          const struct omsp_engine_config *config)
{
    AcquireSRWLockExclusive(&host_lock);
    host_ports = ports;
    host_config = config;
    ReleaseSRWLockExclusive(&host_lock);
}

HRESULT msp_engine_acquire(struct omsp_engine **out)
{
    HRESULT hr = S_OK;

    *out = NULL;
    AcquireSRWLockExclusive(&host_lock);
    if (!host_engine) {
        if (host_ports)
            hr = msp_hresult(omsp_engine_create(host_ports(), host_config, &host_engine));
        else
            hr = E_FAIL;
    }
    if (SUCCEEDED(hr)) {
        host_holds++;
        *out = host_engine;
    } else {
        host_engine = NULL;
    }
    ReleaseSRWLockExclusive(&host_lock);
    return hr;
}

void msp_engine_hold(void)
{
    AcquireSRWLockExclusive(&host_lock);
    host_holds++;
    ReleaseSRWLockExclusive(&host_lock);
}

void msp_engine_release(void)
{
    struct omsp_engine *dead = NULL;

    AcquireSRWLockExclusive(&host_lock);
    if (--host_holds == 0) {
        dead = host_engine;
        host_engine = NULL;
    }
    ReleaseSRWLockExclusive(&host_lock);
    if (dead)
        omsp_engine_destroy(dead);
}

unsigned msp_engine_holds(void)
{
    unsigned holds;

    AcquireSRWLockShared(&host_lock);
    holds = host_holds;
    ReleaseSRWLockShared(&host_lock);
    return holds;
}
