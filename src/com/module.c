/*
 * The module's count of objects and locks, and threads that hold its file in memory. No thread of
 * its own; all is interlocked.
 */
#include "com/module.h"

#include "base/alloc.h"

static LONG references;

void com_module_addref(void)
{
    InterlockedIncrement(&references);
}

void com_module_release(void)
{
    InterlockedDecrement(&references);
}

LONG com_module_references(void)
{
    return InterlockedCompareExchange(&references, 0, 0);
}

HRESULT com_module_can_unload(void)
{
    return com_module_references() ? S_FALSE : S_OK;
}

static BOOL module_get(DWORD flags, HMODULE *module)
{
    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | flags,
                              (const WCHAR *)&references, module);
}

HMODULE com_module_handle(void)
{
    HMODULE module = NULL;

    module_get(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, &module);
    return module;
}

struct start {
    void (*run)(void *ctx);
    void *ctx;
    HMODULE module;
};

static DWORD WINAPI thread_main(void *param)
{
    struct start start = *(struct start *)param;

    omsp_free(param);
    start.run(start.ctx);
    FreeLibraryAndExitThread(start.module, 0);
}

HRESULT com_module_thread(void (*run)(void *ctx), void *ctx, HANDLE *thread)
{
    struct start *start = omsp_zalloc(sizeof(*start));
    HANDLE handle;
    DWORD error;

    if (thread) {
        *thread = NULL;
    }
    if (!start) {
        return E_OUTOFMEMORY;
    }
    start->run = run;
    start->ctx = ctx;
    if (!module_get(0, &start->module)) {
        error = GetLastError();
        omsp_free(start);
        return HRESULT_FROM_WIN32(error);
    }
    handle = CreateThread(NULL, 0, thread_main, start, 0, NULL);
    if (!handle) {
        error = GetLastError();
        FreeLibrary(start->module);
        omsp_free(start);
        return HRESULT_FROM_WIN32(error);
    }
    if (thread) {
        *thread = handle;
    } else {
        CloseHandle(handle);
    }
    return S_OK;
}
