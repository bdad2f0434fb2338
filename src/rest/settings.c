/*
 * A server's configuration: checked, copied, completed. Reads no file and no environment. Pure but
 * for allocation; any thread.
 */
#include "rest/auth.h"
#include "rest/state.h"

#include "base/alloc.h"

#include <string.h>

static bool is_secret(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= OMSP_REST_SECRET_MAX;
}

static bool is_key_sid(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len > 2 && len <= OMSP_AUTH_USER_MAX && memcmp(text, "SK", 2) == 0 && !strchr(text, ':');
}

/* What may stand in a header. "*" would let everybody in with credentials. */
static bool is_origin(const char *text)
{
    if (!text || !*text || strcmp(text, "*") == 0)
        return false;
    for (; *text; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

static bool is_valid(const struct omsp_rest_config *config)
{
    bool credential = config->key_count > 0;

    if (!config->listen || !config->account_sid ||
        !omsp_sid_is_valid(config->account_sid, strlen(config->account_sid), "AC") ||
        config->key_count > OMSP_REST_MAX_KEYS || config->origin_count > OMSP_REST_MAX_ORIGINS ||
        (config->created_status && config->created_status != 200 && config->created_status != 201))
        return false;
    for (unsigned i = 0; i < OMSP_REST_MAX_TOKENS; i++) {
        if (config->auth_tokens[i] && !is_secret(config->auth_tokens[i]))
            return false;
        credential |= config->auth_tokens[i] != NULL;
    }
    for (unsigned i = 0; i < config->key_count; i++)
        if (!is_key_sid(config->keys[i].sid) || !is_secret(config->keys[i].secret))
            return false;
    for (unsigned i = 0; i < config->origin_count; i++)
        if (!is_origin(config->allowed_origins[i]))
            return false;
    return credential;
}

static bool copy(const char **slot, const char *text)
{
    *slot = text ? omsp_strdup(text) : NULL;
    return *slot || !text;
}

static void forget(const char *secret)
{
    if (secret) {
        omsp_auth_forget((void *)secret, strlen(secret));
        omsp_free((void *)secret);
    }
}

void omsp_settings_free(struct omsp_rest_config *config)
{
    omsp_free((void *)config->listen);
    omsp_free((void *)config->account_sid);
    for (unsigned i = 0; i < OMSP_REST_MAX_TOKENS; i++)
        forget(config->auth_tokens[i]);
    for (unsigned i = 0; i < OMSP_REST_MAX_KEYS; i++) {
        omsp_free((void *)config->keys[i].sid);
        forget(config->keys[i].secret);
    }
    for (unsigned i = 0; i < OMSP_REST_MAX_ORIGINS; i++)
        omsp_free((void *)config->allowed_origins[i]);
    memset(config, 0, sizeof(*config));
}

enum omsp_status omsp_settings_copy(const struct omsp_rest_config *config,
                                    struct omsp_rest_config *out)
{
    bool whole;

    memset(out, 0, sizeof(*out));
    if (!is_valid(config))
        return OMSP_INVALID;
    out->allow_any = config->allow_any;
    out->created_status = config->created_status ? config->created_status : 200;
    out->strict_url = config->strict_url;
    out->extensions = config->extensions;
    out->max_body = config->max_body ? config->max_body : 262144;
    out->request_ms = config->request_ms ? config->request_ms : 10000;
    out->idle_ms = config->idle_ms ? config->idle_ms : 60000;
    out->max_connections = config->max_connections ? config->max_connections : 64;
    out->max_waiting = config->max_waiting ? config->max_waiting : 1024;
    out->max_per_address = config->max_per_address;
    out->rate_per_s = config->rate_per_s ? config->rate_per_s : 500;
    out->stop_ms = config->stop_ms ? config->stop_ms : 2000;
    out->key_count = config->key_count;
    out->origin_count = config->origin_count;
    whole = copy(&out->listen, config->listen) && copy(&out->account_sid, config->account_sid);
    for (unsigned i = 0; whole && i < OMSP_REST_MAX_TOKENS; i++)
        whole = copy(&out->auth_tokens[i], config->auth_tokens[i]);
    for (unsigned i = 0; whole && i < config->key_count; i++)
        whole = copy(&out->keys[i].sid, config->keys[i].sid) &&
                copy(&out->keys[i].secret, config->keys[i].secret);
    for (unsigned i = 0; whole && i < config->origin_count; i++)
        whole = copy(&out->allowed_origins[i], config->allowed_origins[i]);
    if (whole)
        return OMSP_OK;
    omsp_settings_free(out);
    return OMSP_NOMEM;
}
