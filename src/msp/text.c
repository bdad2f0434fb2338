/*
 * Strings at the border: the engine speaks UTF-8, COM speaks UTF-16. Holds nothing; any thread.
 */
#include "msp/msp.h"

#include "base/alloc.h"
#include "base/utf.h"

#include <string.h>

BSTR msp_bstr(const char *utf8)
{
    size_t len = strlen(utf8), need = 0;
    BSTR text;

    omsp_utf8_to_utf16(utf8, len, OMSP_UTF_REPLACE, NULL, 0, &need);
    if (need > UINT_MAX / 2 - 16)
        return NULL;
    text = SysAllocStringLen(NULL, (UINT)need);
    if (text)
        omsp_utf8_to_utf16(utf8, len, OMSP_UTF_REPLACE, (uint16_t *)text, need, &need);
    return text;
}

bool msp_is_whole(BSTR text)
{
    return !text || wcslen(text) == SysStringLen(text);
}

char *msp_utf8(BSTR text, HRESULT *hr)
{
    size_t len = SysStringLen(text), need = 0;
    char *utf8;

    if (!msp_is_whole(text) || omsp_utf16_to_utf8((const uint16_t *)text, len, OMSP_UTF_STRICT,
                                                  NULL, 0, &need) == OMSP_INVALID) {
        *hr = E_INVALIDARG;
        return NULL;
    }
    utf8 = omsp_alloc(need + 1);
    if (!utf8) {
        *hr = E_OUTOFMEMORY;
        return NULL;
    }
    omsp_utf16_to_utf8((const uint16_t *)text, len, OMSP_UTF_STRICT, utf8, need, &need);
    utf8[need] = 0;
    *hr = S_OK;
    return utf8;
}

HRESULT msp_optional_text(BSTR text, char **out)
{
    HRESULT hr;

    *out = NULL;
    if (!text || !SysStringLen(text))
        return S_OK;
    *out = msp_utf8(text, &hr);
    return *out ? S_OK : hr;
}

void msp_secret_free(char *secret)
{
    if (secret)
        SecureZeroMemory(secret, strlen(secret));
    omsp_free(secret);
}

BSTR msp_guid_bstr(REFGUID guid)
{
    WCHAR text[40];

    StringFromGUID2(guid, text, 40);
    return SysAllocString(text);
}
