/*
 * CreateTerminal of a class that another maker registered: the COM object that the registry names,
 * told what it shall be. What it does on a stream is hosted.c's business. Any thread; the object is
 * made in the caller's apartment, and within a bound where that has more than one thread.
 */
#include "base/alloc.h"
#include "msp/bounded.h"
#include "msp/errand.h"
#include "msp/pluggable.h"

struct birth {
    struct msp_errand errand;
    CLSID clsid, terminal_class;
    LONG media;
    TERMINAL_DIRECTION direction;
    MSP_HANDLE token;
    /* what came of it */
    HRESULT hr;
    ITTerminal *terminal; /* counted; NULL unless hr is a success */
};

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

static HRESULT initialize(struct birth *self)
{
    ITPluggableTerminalInitialization *start;
    HRESULT hr = ITTerminal_QueryInterface(self->terminal, &IID_ITPluggableTerminalInitialization,
                                           (void **)&start);

    if (hr == E_NOINTERFACE)
        return S_OK; /* it needs no telling */
    if (FAILED(hr))
        return hr;
    hr = start->lpVtbl->InitializeDynamic(start, self->terminal_class, (DWORD)self->media,
                                          self->direction, self->token);
    start->lpVtbl->Release(start);
    return FAILED(hr) ? hr : S_OK;
}

static void run(struct msp_errand *errand)
{
    struct birth *self = (struct birth *)errand;

    self->hr = CoCreateInstance(&self->clsid, NULL, CLSCTX_INPROC_SERVER, &IID_ITTerminal,
                                (void **)&self->terminal);
    if (FAILED(self->hr)) {
        self->terminal = NULL;
        return;
    }
    self->hr = initialize(self);
    if (FAILED(self->hr)) {
        ITTerminal_Release(self->terminal);
        self->terminal = NULL;
    }
}

static void birth_free(struct msp_errand *errand)
{
    struct birth *self = (struct birth *)errand;

    if (self->terminal)
        ITTerminal_Release(self->terminal);
    omsp_free(self);
}

static const struct msp_errand_hooks hooks = {.run = run, .free = birth_free};

HRESULT msp_pluggable_create(const CLSID *terminal_class, LONG media, TERMINAL_DIRECTION direction,
                             MSP_HANDLE token, ITTerminal **out)
{
    struct msp_pluggable_class class = {0};
    struct birth *birth;
    HRESULT hr;

    *out = NULL;
    if (!find(terminal_class, &class, &hr))
        return FAILED(hr) ? hr : TAPI_E_INVALIDTERMINALCLASS;
    if (media & ~class.media)
        return TAPI_E_INVALIDMEDIATYPE;
    if ((unsigned)direction > TD_BIDIRECTIONAL ||
        (class.direction != TD_BIDIRECTIONAL && direction != class.direction))
        return TAPI_E_INVALIDDIRECTION;
    birth = omsp_zalloc(sizeof(*birth));
    if (!birth)
        return E_OUTOFMEMORY;
    birth->errand.hooks = &hooks;
    birth->clsid = class.clsid;
    birth->terminal_class = *terminal_class;
    birth->media = media;
    birth->direction = direction;
    birth->token = token;
    hr = msp_errand_run(&birth->errand, GetTickCount64() + MSP_BOUND_MS);
    if (FAILED(hr))
        return hr;
    hr = birth->hr;
    *out = birth->terminal;
    birth->terminal = NULL;
    birth_free(&birth->errand);
    return hr;
}
