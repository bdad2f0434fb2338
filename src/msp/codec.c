/*
 * Names of codecs for people and scripts, to RTP payload types and back. Pure; any thread.
 */
#include "msp/call.h"

#include <wchar.h>

static const struct {
    const WCHAR *name;
    uint8_t type;
} codecs[] = {{L"PCMU", 0}, {L"PCMA", 8}};

#define CODECS (sizeof(codecs) / sizeof(codecs[0]))

static HRESULT parse_one(const WCHAR *name, size_t len, uint8_t *out)
{
    if (!len)
        return E_INVALIDARG;
    for (size_t i = 0; i < CODECS; i++) {
        if (wcslen(codecs[i].name) == len && !_wcsnicmp(codecs[i].name, name, len)) {
            *out = codecs[i].type;
            return S_OK;
        }
    }
    return TAPI_E_RESOURCEUNAVAIL;
}

HRESULT msp_codecs_parse(const WCHAR *names, uint8_t *types, unsigned *count)
{
    unsigned used = 0;

    if (!names)
        return E_INVALIDARG;
    for (;;) {
        size_t len, end;
        uint8_t type;
        HRESULT hr;

        names += wcsspn(names, L" \t");
        end = wcscspn(names, L",");
        for (len = end; len && (names[len - 1] == L' ' || names[len - 1] == L'\t');)
            len--;
        hr = parse_one(names, len, &type);
        if (FAILED(hr))
            return hr;
        for (unsigned i = 0; i < used; i++)
            if (types[i] == type)
                return E_INVALIDARG;
        types[used++] = type; /* no two equal: never more than there are codecs */
        if (!names[end])
            break;
        names += end + 1;
    }
    *count = used;
    return S_OK;
}

BSTR msp_codecs_text(const uint8_t *types, unsigned count)
{
    WCHAR text[MSP_CALL_MAX_CODECS * 8 + 1];
    size_t used = 0;

    text[0] = 0;
    for (unsigned i = 0; i < count && i < MSP_CALL_MAX_CODECS; i++) {
        const WCHAR *name = L"?";

        for (size_t j = 0; j < CODECS; j++)
            if (codecs[j].type == types[i])
                name = codecs[j].name;
        if (used)
            text[used++] = L',';
        wcscpy(text + used, name);
        used += wcslen(name);
    }
    return SysAllocString(text);
}
