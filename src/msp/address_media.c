/*
 * IOpenMSPAddress about media streams: the settings they share, and the REST server. What is secret
 * is wiped from every copy made here. Any thread.
 */
#include "msp/address.h"

#include "base/alloc.h"
#include "msp/engine_host.h"
#include "msp/media_host.h"

static struct msp_address *self_of(IOpenMSPAddress *iface)
{
    return COM_SELF(iface, struct msp_address, open);
}

/* The engine with a hold of our own, so that neither it nor what its media streams share goes away
 * meanwhile. */
static HRESULT hold(IOpenMSPAddress *iface, struct omsp_engine **engine)
{
    HRESULT hr = msp_address_check_live(self_of(iface));

    return SUCCEEDED(hr) ? msp_engine_acquire(engine) : hr;
}

HRESULT STDMETHODCALLTYPE msp_address_configure_media(IOpenMSPAddress *iface, BSTR account,
                                                      BSTR token, BSTR ca_file, VARIANT_BOOL plain)
{
    char *account_text = NULL, *token_text = NULL, *ca_text = NULL;
    struct omsp_engine *engine;
    HRESULT hr = hold(iface, &engine);

    if (FAILED(hr))
        return hr;
    hr = msp_optional_text(account, &account_text);
    if (SUCCEEDED(hr))
        hr = msp_optional_text(token, &token_text);
    if (SUCCEEDED(hr))
        hr = msp_optional_text(ca_file, &ca_text);
    if (SUCCEEDED(hr))
        hr = msp_media_configure(msp_engine_media(), engine, account_text, token_text, ca_text,
                                 plain != VARIANT_FALSE);
    omsp_free(account_text);
    msp_secret_free(token_text);
    omsp_free(ca_text);
    msp_engine_release();
    return hr;
}

/* "SID:secret,SID:secret", cut up in place; the server judges what is in it. */
static HRESULT read_keys(char *text, struct msp_rest_settings *settings)
{
    while (text && *text) {
        char *end = strchr(text, ','), *colon = strchr(text, ':');
        struct msp_rest_key *key = &settings->keys[settings->key_count];

        if (!colon || (end && colon > end) || settings->key_count == MSP_REST_MAX_KEYS)
            return E_INVALIDARG;
        if (end)
            *end = 0;
        *colon = 0;
        key->sid = text;
        key->secret = colon + 1;
        settings->key_count++;
        text = end ? end + 1 : NULL;
    }
    return S_OK;
}

static HRESULT start(struct omsp_engine *engine, BSTR listen, BSTR keys, LONG options, BSTR *out)
{
    struct msp_rest_settings settings = {
        .allow_any = (options & OPENMSP_REST_ANY_ADDRESS) != 0,
        .created = (options & OPENMSP_REST_CREATED) != 0,
        .strict_url = (options & OPENMSP_REST_STRICT_URL) != 0,
        .extensions = (options & OPENMSP_REST_EXTENSIONS) != 0,
    };
    char *listen_text = NULL, *keys_text = NULL, *url = NULL;
    size_t keys_len = 0;
    HRESULT hr = msp_optional_text(listen, &listen_text);

    if (SUCCEEDED(hr) && !listen_text)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_optional_text(keys, &keys_text);
    if (SUCCEEDED(hr) && keys_text)
        keys_len = strlen(keys_text);
    if (SUCCEEDED(hr))
        hr = read_keys(keys_text, &settings);
    settings.listen = listen_text;
    if (SUCCEEDED(hr))
        hr = msp_media_start_rest(msp_engine_media(), engine, &settings, &url);
    if (SUCCEEDED(hr)) {
        *out = msp_bstr(url);
        if (!*out) {
            msp_media_stop_rest(msp_engine_media());
            hr = E_OUTOFMEMORY;
        }
    }
    if (keys_text)
        SecureZeroMemory(keys_text, keys_len);
    omsp_free(keys_text);
    omsp_free(listen_text);
    omsp_free(url);
    return hr;
}

HRESULT STDMETHODCALLTYPE msp_address_start_rest(IOpenMSPAddress *iface, BSTR listen, BSTR keys,
                                                 LONG options, BSTR *out)
{
    struct omsp_engine *engine;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = hold(iface, &engine);
    if (FAILED(hr))
        return hr;
    if (options & ~(LONG)(OPENMSP_REST_EXTENSIONS | OPENMSP_REST_ANY_ADDRESS |
                          OPENMSP_REST_CREATED | OPENMSP_REST_STRICT_URL))
        hr = E_INVALIDARG;
    else
        hr = start(engine, listen, keys, options, out);
    msp_engine_release();
    return hr;
}

HRESULT STDMETHODCALLTYPE msp_address_stop_rest(IOpenMSPAddress *iface)
{
    struct omsp_engine *engine;
    HRESULT hr = hold(iface, &engine);

    if (FAILED(hr))
        return hr;
    hr = msp_media_stop_rest(msp_engine_media());
    msp_engine_release();
    return hr;
}

static HRESULT get_limit(IOpenMSPAddress *iface, enum msp_rest_limit limit, LONG *out)
{
    struct omsp_engine *engine;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = 0;
    hr = hold(iface, &engine);
    if (FAILED(hr))
        return hr;
    *out = (LONG)msp_media_get_limit(msp_engine_media(), limit);
    msp_engine_release();
    return S_OK;
}

static HRESULT put_limit(IOpenMSPAddress *iface, enum msp_rest_limit limit, LONG connections)
{
    struct omsp_engine *engine;
    HRESULT hr = hold(iface, &engine);

    if (FAILED(hr))
        return hr;
    hr = connections < 0 ? E_INVALIDARG
                         : msp_media_set_limit(msp_engine_media(), limit, (unsigned)connections);
    msp_engine_release();
    return hr;
}

HRESULT STDMETHODCALLTYPE msp_address_get_rest_waiting(IOpenMSPAddress *iface, LONG *out)
{
    return get_limit(iface, MSP_REST_WAITING, out);
}

HRESULT STDMETHODCALLTYPE msp_address_put_rest_waiting(IOpenMSPAddress *iface, LONG connections)
{
    return put_limit(iface, MSP_REST_WAITING, connections);
}

HRESULT STDMETHODCALLTYPE msp_address_get_rest_per_address(IOpenMSPAddress *iface, LONG *out)
{
    return get_limit(iface, MSP_REST_PER_ADDRESS, out);
}

HRESULT STDMETHODCALLTYPE msp_address_put_rest_per_address(IOpenMSPAddress *iface, LONG connections)
{
    return put_limit(iface, MSP_REST_PER_ADDRESS, connections);
}
