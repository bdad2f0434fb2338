/*
 * The process's settings of media streams, and its REST server. The token is kept encrypted in
 * memory and decrypted for the moment of its use. One lock, taken before the engine's and the
 * server's; neither calls back into this room.
 */
#include "msp/media_host.h"

#include "base/alloc.h"
#include "base/sid.h"
#include "engine/fork.h"

#include <dpapi.h>
#include <stdio.h>

#define URL_ROOM 128

struct msp_media_host {
    SRWLOCK lock;
    char account[OMSP_SID_CHARS + 1]; /* "": not configured */
    uint8_t *token;                   /* CryptProtectMemory; NULL: none */
    DWORD token_room;                 /* whole blocks */
    void *server;                     /* NULL: does not run */
    unsigned limits[MSP_REST_LIMITS];
};

static const struct msp_rest_hooks *rest;

void msp_rest_configure(const struct msp_rest_hooks *hooks)
{
    rest = hooks;
}

/* ---- the token ------------------------------------------------------------------------------- */

static void forget_token(struct msp_media_host *host)
{
    if (host->token)
        SecureZeroMemory(host->token, host->token_room);
    omsp_free(host->token);
    host->token = NULL;
    host->token_room = 0;
}

static HRESULT keep_token(struct msp_media_host *host, const char *token)
{
    size_t need = token ? strlen(token) + 1 : 0;
    DWORD block = CRYPTPROTECTMEMORY_BLOCK_SIZE;

    forget_token(host);
    if (!need)
        return S_OK;
    host->token_room = (DWORD)((need + block - 1) / block * block);
    host->token = omsp_zalloc(host->token_room);
    if (!host->token)
        return E_OUTOFMEMORY;
    memcpy(host->token, token, need);
    if (!CryptProtectMemory(host->token, host->token_room, CRYPTPROTECTMEMORY_SAME_PROCESS)) {
        HRESULT hr = HRESULT_FROM_WIN32(GetLastError());

        forget_token(host);
        return hr;
    }
    return S_OK;
}

/* For msp_secret_free; NULL and S_OK: there is none. */
static HRESULT read_token(const struct msp_media_host *host, char **out)
{
    char *copy;

    *out = NULL;
    if (!host->token)
        return S_OK;
    copy = omsp_alloc(host->token_room);
    if (!copy)
        return E_OUTOFMEMORY;
    memcpy(copy, host->token, host->token_room);
    if (!CryptUnprotectMemory(copy, host->token_room, CRYPTPROTECTMEMORY_SAME_PROCESS)) {
        HRESULT hr = HRESULT_FROM_WIN32(GetLastError());

        omsp_free(copy); /* still encrypted */
        return hr;
    }
    *out = copy;
    return S_OK;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct msp_media_host *msp_media_host_create(void)
{
    struct msp_media_host *host = omsp_zalloc(sizeof(*host));

    if (host)
        InitializeSRWLock(&host->lock);
    return host;
}

void msp_media_host_destroy(struct msp_media_host *host)
{
    if (host->server)
        rest->stop(host->server);
    forget_token(host);
    omsp_free(host);
}

/* ---- methods --------------------------------------------------------------------------------- */

HRESULT msp_media_configure(struct msp_media_host *host, struct omsp_engine *engine,
                            const char *account, const char *token, const char *ca_file,
                            bool allow_plain)
{
    struct omsp_fork_settings settings = {
        .account_sid = account,
        .auth_token = token,
        .ca_file = ca_file,
        .allow_plain = allow_plain,
    };
    HRESULT hr;

    if (!account || !omsp_sid_is_valid(account, strlen(account), "AC"))
        return E_INVALIDARG;
    AcquireSRWLockExclusive(&host->lock);
    hr = host->account[0] ? TAPI_E_WRONG_STATE : keep_token(host, token);
    if (SUCCEEDED(hr)) {
        hr = msp_hresult(omsp_engine_set_forks(engine, &settings));
        if (SUCCEEDED(hr))
            memcpy(host->account, account, sizeof(host->account));
        else
            forget_token(host);
    }
    ReleaseSRWLockExclusive(&host->lock);
    return hr;
}

HRESULT msp_media_set_limit(struct msp_media_host *host, enum msp_rest_limit limit,
                            unsigned connections)
{
    if (connections > MSP_REST_MAX_LIMIT)
        return E_INVALIDARG;
    AcquireSRWLockExclusive(&host->lock);
    host->limits[limit] = connections;
    ReleaseSRWLockExclusive(&host->lock);
    return S_OK;
}

unsigned msp_media_get_limit(struct msp_media_host *host, enum msp_rest_limit limit)
{
    unsigned connections;

    AcquireSRWLockShared(&host->lock);
    connections = host->limits[limit];
    ReleaseSRWLockShared(&host->lock);
    return connections;
}

HRESULT msp_media_start_rest(struct msp_media_host *host, struct omsp_engine *engine,
                             struct msp_rest_settings *settings, char **url)
{
    const char *address = NULL;
    char *token = NULL, *text = omsp_alloc(URL_ROOM);
    HRESULT hr = S_OK;

    *url = NULL;
    if (!text)
        return E_OUTOFMEMORY;
    AcquireSRWLockExclusive(&host->lock);
    if (!rest)
        hr = TAPI_E_NOTSUPPORTED;
    else if (host->server || !host->account[0])
        hr = TAPI_E_WRONG_STATE;
    if (SUCCEEDED(hr))
        hr = read_token(host, &token);
    if (SUCCEEDED(hr)) {
        settings->account_sid = host->account;
        settings->auth_token = token;
        memcpy(settings->limits, host->limits, sizeof(settings->limits));
        hr = msp_hresult(rest->start(engine, settings, &host->server, &address));
        settings->account_sid = settings->auth_token = NULL;
        if (FAILED(hr))
            host->server = NULL;
    }
    if (SUCCEEDED(hr)) {
        snprintf(text, URL_ROOM, "http://%s", address);
        *url = text;
        text = NULL;
    }
    ReleaseSRWLockExclusive(&host->lock);
    msp_secret_free(token);
    omsp_free(text);
    return hr;
}

HRESULT msp_media_stop_rest(struct msp_media_host *host)
{
    void *server;

    AcquireSRWLockExclusive(&host->lock);
    server = host->server;
    host->server = NULL;
    ReleaseSRWLockExclusive(&host->lock);
    if (!server)
        return S_FALSE;
    rest->stop(server);
    return S_OK;
}
