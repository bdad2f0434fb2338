/*
 * What the media streams of the process share: account, token, certificate authority, and the REST
 * server, of which this room knows a table of functions only. Lives as long as the process's engine
 * (engine_host.h). Any thread.
 */
#ifndef OMSP_MSP_MEDIA_HOST_H
#define OMSP_MSP_MEDIA_HOST_H

#include "msp/msp.h"

#define MSP_REST_MAX_KEYS  16
#define MSP_REST_MAX_LIMIT 65536

enum msp_rest_limit { MSP_REST_WAITING, MSP_REST_PER_ADDRESS, MSP_REST_LIMITS };

struct msp_rest_key {
    char *sid, *secret;
};

struct msp_rest_settings { /* strings are the caller's, UTF-8 */
    const char *listen;
    bool allow_any, created, strict_url, extensions;
    const char *account_sid;
    const char *auth_token; /* NULL: none */
    struct msp_rest_key keys[MSP_REST_MAX_KEYS];
    unsigned key_count;
    unsigned limits[MSP_REST_LIMITS]; /* connections; 0: the server's default */
};

/* A server over this engine; copies what it needs. *address: "IP:PORT", lives as long as the
 * server. The statuses are those of rest/server.h. */
struct msp_rest_hooks {
    enum omsp_status (*start)(struct omsp_engine *engine, const struct msp_rest_settings *settings,
                              void **server, const char **address);
    void (*stop)(void *server);
};
/* The composition root's hook; NULL: no server in this build. Call while no engine exists. */
void msp_rest_configure(const struct msp_rest_hooks *hooks);

struct msp_media_host;

/* engine_host.c only. NULL: no memory. */
struct msp_media_host *msp_media_host_create(void);
/* Stops the server, wipes the secrets. No lock is held. */
void msp_media_host_destroy(struct msp_media_host *host);

/* The methods of IOpenMSPAddress, with their contracts; the caller holds the engine. E_INVALIDARG
 * (account); TAPI_E_WRONG_STATE: done already; E_OUTOFMEMORY, omsp_engine_set_forks' errors, what
 * CryptProtectMemory says; nothing is kept then. */
HRESULT msp_media_configure(struct msp_media_host *host, struct omsp_engine *engine,
                            const char *account, const char *token, const char *ca_file,
                            bool allow_plain);
/* For servers that are started from then on; E_INVALIDARG above MSP_REST_MAX_LIMIT. */
HRESULT msp_media_set_limit(struct msp_media_host *host, enum msp_rest_limit limit,
                            unsigned connections);
unsigned msp_media_get_limit(struct msp_media_host *host, enum msp_rest_limit limit);
/* settings: account, token and limits are filled in here. *url: for omsp_free, NULL on failure.
 * TAPI_E_NOTSUPPORTED: no server in this build; TAPI_E_WRONG_STATE: it runs, or nothing was
 * configured; E_OUTOFMEMORY; the hook's errors. */
HRESULT msp_media_start_rest(struct msp_media_host *host, struct omsp_engine *engine,
                             struct msp_rest_settings *settings, char **url);
/* S_FALSE: it did not run. Waits for it, no lock held. */
HRESULT msp_media_stop_rest(struct msp_media_host *host);

#endif
