/*
 * From the MSP's settings to those of the REST server, so that neither room knows the other. The
 * table is constant; any thread.
 */
#include "rest_hooks.h"

#include "rest/server.h"

_Static_assert(MSP_REST_MAX_KEYS <= OMSP_REST_MAX_KEYS, "the server takes fewer keys");

static enum omsp_status start(struct omsp_engine *engine, const struct msp_rest_settings *settings,
                              void **server, const char **address)
{
    struct omsp_rest_config config = {
        .listen = settings->listen,
        .allow_any = settings->allow_any,
        .account_sid = settings->account_sid,
        .auth_tokens = {settings->auth_token},
        .key_count = settings->key_count,
        .created_status = settings->created ? 201 : 200,
        .strict_url = settings->strict_url,
        .extensions = settings->extensions,
        .max_waiting = settings->limits[MSP_REST_WAITING],
        .max_per_address = settings->limits[MSP_REST_PER_ADDRESS],
    };
    struct omsp_rest_server *made;
    enum omsp_status status;

    for (unsigned i = 0; i < settings->key_count; i++) {
        config.keys[i].sid = settings->keys[i].sid;
        config.keys[i].secret = settings->keys[i].secret;
    }
    status = omsp_rest_start(engine, &config, &made);
    if (status)
        return status;
    *server = made;
    *address = omsp_rest_address(made);
    return OMSP_OK;
}

static void stop(void *server)
{
    omsp_rest_stop(server);
}

const struct msp_rest_hooks dll_rest_hooks = {start, stop};
