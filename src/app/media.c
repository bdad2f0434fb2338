/* Media streams of the command line: arguments into BSTRs, answers into words. Main thread. */
#include "app/media.h"

#include "app/report.h"
#include "app/token.h"

#include <stdlib.h>

#define TWIML_MAX 65536

static bool failed(HRESULT hr, const char *what, const wchar_t *subject)
{
    if (FAILED(hr))
        report_error(what, subject, hr);
    return FAILED(hr);
}

/* Of one that cannot be read each handshake would say that it failed, and not why. */
static HRESULT try_read(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return HRESULT_FROM_WIN32(GetLastError());
    CloseHandle(file);
    return S_OK;
}

bool media_configure(IOpenMSPAddress *address, const struct media_options *options)
{
    BSTR account, ca_file, token = NULL;
    HRESULT hr;

    if (options->workers && failed(IOpenMSPAddress_put_MediaWorkers(address, options->workers),
                                   "--media-workers", NULL))
        return false;
    if (!options->account)
        return true;
    if (options->ca_file && failed(try_read(options->ca_file), "--ca", options->ca_file))
        return false;
    if (options->token_file &&
        failed(token_read(options->token_file, &token), "--token-file", options->token_file))
        return false;
    account = SysAllocString(options->account);
    ca_file = SysAllocString(options->ca_file);
    hr = IOpenMSPAddress_ConfigureMediaStreams(address, account, token, ca_file,
                                               options->allow_plain ? VARIANT_TRUE : VARIANT_FALSE);
    SysFreeString(account);
    SysFreeString(ca_file);
    token_free(token);
    return !failed(hr, "--account, --token-file, --ca", NULL);
}

/* "SK…:SECRET,SK…:SECRET"; NULL: there are none, or no memory. */
static BSTR join_keys(const struct media_options *options)
{
    size_t length = 0;
    BSTR text;

    for (unsigned i = 0; i < options->key_count; i++)
        length += wcslen(options->keys[i]) + 1;
    text = length ? SysAllocStringLen(NULL, (UINT)length - 1) : NULL;
    if (!text)
        return NULL;
    text[0] = 0;
    for (unsigned i = 0; i < options->key_count; i++) {
        if (i)
            wcscat(text, L",");
        wcscat(text, options->keys[i]);
    }
    return text;
}

bool media_serve(IOpenMSPAddress *address, const struct media_options *options)
{
    BSTR listen, keys, url = NULL;
    LONG flags = 0;
    HRESULT hr;

    if (!options->rest)
        return true;
    if (options->extensions)
        flags |= OPENMSP_REST_EXTENSIONS;
    if (options->any_address)
        flags |= OPENMSP_REST_ANY_ADDRESS;
    if (failed(IOpenMSPAddress_put_RestMaxWaiting(address, options->rest_waiting), "--rest-waiting",
               NULL) ||
        failed(IOpenMSPAddress_put_RestMaxPerAddress(address, options->rest_per_address),
               "--rest-per-address", NULL))
        return false;
    listen = SysAllocString(options->rest);
    keys = join_keys(options);
    hr = options->key_count && !keys
             ? E_OUTOFMEMORY
             : IOpenMSPAddress_StartRest(address, listen, keys, flags, &url);
    SysFreeString(listen);
    token_free(keys);
    if (failed(hr, "--rest", options->rest))
        return false;
    report_rest(url);
    SysFreeString(url);
    return true;
}

static HRESULT parameters_of(const struct media_options *options, VARIANT *out)
{
    VariantInit(out);
    if (!options->param_count)
        return S_OK;
    V_ARRAY(out) = SafeArrayCreateVector(VT_BSTR, 0, options->param_count);
    if (!V_ARRAY(out))
        return E_OUTOFMEMORY;
    V_VT(out) = VT_ARRAY | VT_BSTR;
    for (LONG i = 0; i < (LONG)options->param_count; i++) {
        BSTR pair = SysAllocString(options->params[i]);
        HRESULT hr = pair ? SafeArrayPutElement(V_ARRAY(out), &i, pair) : E_OUTOFMEMORY;

        SysFreeString(pair);
        if (FAILED(hr))
            return hr;
    }
    return S_OK;
}

static bool begin_stream(IOpenMSPCall *call, const struct media_options *options)
{
    BSTR url = SysAllocString(options->stream), name = SysAllocString(options->name),
         track = SysAllocString(options->track), callback = SysAllocString(options->callback);
    IOpenMSPMediaStream *stream = NULL;
    VARIANT parameters;
    HRESULT hr = parameters_of(options, &parameters);

    if (SUCCEEDED(hr))
        hr = IOpenMSPCall_CreateMediaStream(call, url, name, track, parameters, callback, NULL,
                                            &stream);
    if (stream)
        IOpenMSPMediaStream_Release(stream);
    VariantClear(&parameters);
    SysFreeString(url);
    SysFreeString(name);
    SysFreeString(track);
    SysFreeString(callback);
    return !failed(hr, "--stream", options->stream);
}

/* UTF-8, with or without a mark at its beginning, or UTF-16 with one, as Windows' shells write it.
 */
static HRESULT decode(const char *text, DWORD size, BSTR *out)
{
    int length;

    if (size >= 2 && !memcmp(text, "\xff\xfe", 2)) {
        *out = SysAllocStringLen((const WCHAR *)(const void *)(text + 2),
                                 (size - 2) / (DWORD)sizeof(WCHAR));
        return *out ? S_OK : E_OUTOFMEMORY;
    }
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        size -= 3;
    }
    length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int)size, NULL, 0);
    if (length <= 0)
        return E_INVALIDARG;
    *out = SysAllocStringLen(NULL, (UINT)length);
    if (!*out)
        return E_OUTOFMEMORY;
    MultiByteToWideChar(CP_UTF8, 0, text, (int)size, *out, length);
    return S_OK;
}

/* A text file as a BSTR. */
static HRESULT read_document(const wchar_t *path, BSTR *out)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    char *bytes = malloc(TWIML_MAX + 1);
    DWORD size = 0;
    HRESULT hr = S_OK;

    *out = NULL;
    if (file == INVALID_HANDLE_VALUE)
        hr = HRESULT_FROM_WIN32(GetLastError());
    else if (!bytes)
        hr = E_OUTOFMEMORY;
    else if (!ReadFile(file, bytes, TWIML_MAX + 1, &size, NULL))
        hr = HRESULT_FROM_WIN32(GetLastError());
    else if (!size || size > TWIML_MAX)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = decode(bytes, size, out);
    free(bytes);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return hr;
}

static bool begin_twiml(IOpenMSPCall *call, const wchar_t *path)
{
    BSTR document;
    HRESULT hr = read_document(path, &document);

    if (SUCCEEDED(hr))
        hr = IOpenMSPCall_ExecuteTwiML(call, document);
    SysFreeString(document);
    return !failed(hr, "--twiml", path);
}

static bool set_format(IOpenMSPCall *call, const struct media_options *options)
{
    BSTR encoding = options->encoding ? SysAllocString(options->encoding) : NULL;
    HRESULT hr = IOpenMSPCall_SetMediaFormat(call, encoding, options->sample_rate);

    SysFreeString(encoding);
    return !failed(hr, "--encoding, --sample-rate", options->encoding);
}

bool media_begin(IOpenMSPCall *call, const struct media_options *options)
{
    if (failed(IOpenMSPCall_put_MaxReconnects(call, options->reconnects), "--reconnects", NULL))
        return false;
    if ((options->encoding || options->sample_rate) && !set_format(call, options))
        return false;
    if (options->stream && !begin_stream(call, options))
        return false;
    return !options->twiml || begin_twiml(call, options->twiml);
}
