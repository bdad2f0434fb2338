/* Asking a terminal of another maker (probe.h). Stateless; any thread. */
#include "msp/probe.h"

#include "base/alloc.h"

static HRESULT ask_control(struct msp_probe *self)
{
    MSP_HANDLE token = NULL;
    HRESULT hr;

    hr = ITTerminal_QueryInterface(self->terminal, &IID_ITTerminalControl, (void **)&self->control);
    if (FAILED(hr) || !self->control) {
        self->control = NULL;
        return TAPI_E_INVALIDTERMINAL;
    }
    hr = self->control->lpVtbl->get_AddressHandle(self->control, &token);
    return SUCCEEDED(hr) && (!token || token == self->token) ? S_OK : TAPI_E_INVALIDTERMINAL;
}

static void run(struct msp_errand *errand)
{
    struct msp_probe *self = (struct msp_probe *)errand;

    if (SUCCEEDED(
            ITTerminal_QueryInterface(self->terminal, &IID_IUnknown, (void **)&self->identity)) &&
        self->identity)
        IUnknown_Release(self->identity); /* the terminal's pointer keeps it */
    else
        self->identity = NULL;
    if (!self->all)
        return;
    self->usable = ask_control(self);
    if (FAILED(self->usable))
        return;
    self->described = ITTerminal_get_Direction(self->terminal, &self->direction);
    if (SUCCEEDED(self->described))
        self->described = ITTerminal_get_MediaType(self->terminal, &self->media);
}

static void probe_free(struct msp_errand *errand)
{
    struct msp_probe *self = (struct msp_probe *)errand;

    if (self->control)
        IUnknown_Release((IUnknown *)self->control);
    ITTerminal_Release(self->terminal);
    omsp_free(self);
}

static const struct msp_errand_hooks hooks = {.run = run, .free = probe_free};

static HRESULT probe(ITTerminal *terminal, bool all, MSP_HANDLE token, ULONGLONG until,
                     struct msp_probe **out)
{
    struct msp_probe *self = omsp_zalloc(sizeof(*self));
    HRESULT hr;

    *out = NULL;
    if (!self)
        return E_OUTOFMEMORY;
    self->errand.hooks = &hooks;
    self->terminal = terminal;
    ITTerminal_AddRef(terminal);
    self->all = all;
    self->token = token;
    hr = msp_errand_run(&self->errand, until);
    if (SUCCEEDED(hr))
        *out = self;
    return hr;
}

HRESULT msp_probe_terminal(ITTerminal *terminal, MSP_HANDLE token, ULONGLONG until,
                           struct msp_probe **out)
{
    return probe(terminal, true, token, until, out);
}

HRESULT msp_probe_identity(ITTerminal *terminal, ULONGLONG until, struct msp_probe **out)
{
    return probe(terminal, false, NULL, until, out);
}

void msp_probe_release(struct msp_probe *probe)
{
    if (probe)
        probe_free(&probe->errand);
}
