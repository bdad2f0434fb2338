/*
 * CreateTerminal of a class that another maker registered: the COM object that the registry names,
 * told what it shall be. What it does on a stream is hosted.c's business. Any thread; the object is
 * made in the caller's apartment.
 */
#include "base/alloc.h"
#include "msp/pluggable.h"

static bool find(const CLSID *terminal_class, struct msp_pluggable_class *out, HRESULT *hr)
{
    struct msp_pluggable_class *all;
    unsigned count;
    bool found = false;

    *hr = msp_pluggable_classes(NULL, 0, &all, &count);
    for (unsigned i = 0; SUCCEEDED(*hr) && i < count && !found; i++) {
        found = IsEqualCLSID(&all[i].terminal_class, terminal_class);
        if (found)
            *out = all[i];
    }
    omsp_free(all);
    return found;
}

HRESULT msp_pluggable_create(const CLSID *terminal_class, LONG media, TERMINAL_DIRECTION direction,
                             MSP_HANDLE token, ITTerminal **out)
{
    ITPluggableTerminalInitialization *start;
    struct msp_pluggable_class class;
    HRESULT hr;

    *out = NULL;
    if (!find(terminal_class, &class, &hr))
        return FAILED(hr) ? hr : TAPI_E_INVALIDTERMINALCLASS;
    if (media & ~class.media)
        return TAPI_E_INVALIDMEDIATYPE;
    if ((unsigned)direction > TD_BIDIRECTIONAL ||
        (class.direction != TD_BIDIRECTIONAL && direction != class.direction))
        return TAPI_E_INVALIDDIRECTION;
    hr = CoCreateInstance(&class.clsid, NULL, CLSCTX_INPROC_SERVER, &IID_ITTerminal, (void **)out);
    if (FAILED(hr)) {
        *out = NULL;
        return hr;
    }
    hr = ITTerminal_QueryInterface(*out, &IID_ITPluggableTerminalInitialization, (void **)&start);
    if (SUCCEEDED(hr)) {
        hr = start->lpVtbl->InitializeDynamic(start, *terminal_class, (DWORD)media, direction,
                                              token);
        start->lpVtbl->Release(start);
    } else if (hr == E_NOINTERFACE) {
        hr = S_OK; /* it needs no telling */
    }
    if (FAILED(hr)) {
        ITTerminal_Release(*out);
        *out = NULL;
    }
    return FAILED(hr) ? hr : S_OK;
}
