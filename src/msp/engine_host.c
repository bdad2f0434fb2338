/*
 * Counting who needs the engine. Knows no adapters: the composition root hands the ports in. The
 * lock guards the pointer and the count; destruction happens outside of it, so that an engine may
 * be made while its predecessor's threads are still being joined. Any thread but the engine's own.
 */
#include "msp/engine_host.h"

#include "msp/media_host.h"

static SRWLOCK host_lock = SRWLOCK_INIT;
static struct omsp_engine *host_engine;
static struct msp_media_host *host_media; /* there is one exactly when there is an engine */
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

/* Lock held; on failure there is no engine. */
static HRESULT make_engine(void)
{
    HRESULT hr;

    if (!host_ports)
        return E_FAIL;
    host_media = msp_media_host_create();
    if (!host_media)
        return E_OUTOFMEMORY;
    hr = msp_hresult(omsp_engine_create(host_ports(), host_config, &host_engine));
    if (FAILED(hr)) {
        msp_media_host_destroy(host_media);
        host_media = NULL;
        host_engine = NULL;
    }
    return hr;
}

HRESULT msp_engine_acquire(struct omsp_engine **out)
{
    HRESULT hr = S_OK;

    *out = NULL;
    AcquireSRWLockExclusive(&host_lock);
    if (!host_engine)
        hr = make_engine();
    if (SUCCEEDED(hr)) {
        host_holds++;
        *out = host_engine;
    }
    ReleaseSRWLockExclusive(&host_lock);
    return hr;
}

struct msp_media_host *msp_engine_media(void)
{
    struct msp_media_host *media;

    AcquireSRWLockShared(&host_lock);
    media = host_media;
    ReleaseSRWLockShared(&host_lock);
    return media;
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
    struct msp_media_host *media = NULL;

    AcquireSRWLockExclusive(&host_lock);
    if (--host_holds == 0) {
        dead = host_engine;
        media = host_media;
        host_engine = NULL;
        host_media = NULL;
    }
    ReleaseSRWLockExclusive(&host_lock);
    if (!dead)
        return;
    msp_media_host_destroy(media); /* the REST server calls the engine until it is stopped */
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
