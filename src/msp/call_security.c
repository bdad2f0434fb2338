/*
 * Whether a call is secret (SRTP), as words: IOpenMSPCall's Srtp and SrtpSuite. The keys are in the
 * descriptions, and nowhere else. Any thread.
 */
#include "msp/call.h"

static const struct {
    const WCHAR *word;
    enum omsp_security security;
} words[] = {{L"off", OMSP_SECURITY_OFF},
             {L"allowed", OMSP_SECURITY_ALLOWED},
             {L"required", OMSP_SECURITY_REQUIRED}};

#define WORDS (sizeof(words) / sizeof(words[0]))

static struct msp_call *self_of(IOpenMSPCall *iface)
{
    return COM_SELF(iface, struct msp_call, open);
}

HRESULT STDMETHODCALLTYPE msp_call_get_srtp(IOpenMSPCall *iface, BSTR *out)
{
    struct msp_call *self = self_of(iface);
    enum omsp_security security;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    security = omsp_call_get_security(self->engine);
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].security == security)
            *out = SysAllocString(words[i].word);
    return *out ? S_OK : E_OUTOFMEMORY;
}

HRESULT STDMETHODCALLTYPE msp_call_put_srtp(IOpenMSPCall *iface, BSTR word)
{
    struct msp_call *self = self_of(iface);

    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    if (!word || !msp_is_whole(word))
        return E_INVALIDARG;
    for (size_t i = 0; i < WORDS; i++)
        if (!_wcsicmp(word, words[i].word))
            return msp_hresult(omsp_call_set_security(self->engine, words[i].security));
    return E_INVALIDARG;
}

HRESULT STDMETHODCALLTYPE msp_call_get_srtp_suite(IOpenMSPCall *iface, BSTR *out)
{
    struct msp_call *self = self_of(iface);
    WCHAR text[32];
    const char *name;
    size_t len = 0;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_call_is_shut(self))
        return E_UNEXPECTED;
    name = omsp_call_suite(self->engine);
    while (name[len] && len + 1 < sizeof(text) / sizeof(text[0])) {
        text[len] = (WCHAR)name[len];
        len++;
    }
    *out = SysAllocStringLen(text, (UINT)len);
    return *out ? S_OK : E_OUTOFMEMORY;
}
