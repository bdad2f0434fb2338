/*
 * Visits to foreign code (errand.h). Not here: what is asked there. The state says which came
 * first, the end of the bound or that of the visit, and with it whose the errand is.
 */
#include "msp/errand.h"

#include "com/agile.h"
#include "com/module.h"
#include "msp/msp.h"

enum { UNDER_WAY, DONE, GIVEN_UP };

static void thread_main(void *ctx)
{
    struct msp_errand *errand = ctx;
    HANDLE done = errand->done;
    bool initialised = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    errand->hooks->run(errand);
    if (InterlockedCompareExchange(&errand->state, DONE, UNDER_WAY) == UNDER_WAY) {
        SetEvent(done); /* the waiter's from here on */
    } else {
        CloseHandle(done);
        errand->hooks->free(errand);
    }
    if (initialised)
        CoUninitialize();
    com_module_release();
}

static HRESULT start(struct msp_errand *errand)
{
    HRESULT hr;

    errand->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!errand->done)
        return E_OUTOFMEMORY;
    com_module_addref();
    hr = com_module_thread(thread_main, errand, NULL);
    if (FAILED(hr)) {
        CloseHandle(errand->done);
        com_module_release();
    }
    return hr;
}

HRESULT msp_errand_run(struct msp_errand *errand, ULONGLONG until)
{
    ULONGLONG now = GetTickCount64();

    if (!com_in_mta() || FAILED(start(errand))) {
        errand->hooks->run(errand);
        return S_OK;
    }
    if (WaitForSingleObject(errand->done, now < until ? (DWORD)(until - now) : 0) !=
            WAIT_OBJECT_0 &&
        InterlockedCompareExchange(&errand->state, GIVEN_UP, UNDER_WAY) == UNDER_WAY)
        return TAPI_E_TIMEOUT;
    WaitForSingleObject(errand->done, INFINITE); /* it is about to be set, if it is not yet */
    CloseHandle(errand->done);
    return S_OK;
}
