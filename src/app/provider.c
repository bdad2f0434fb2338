/* Loading the provider by an activation context made of its manifest. */
#include "app/provider.h"

#include <stdio.h>

#define MANIFEST L"openmsp.dll.manifest"

/* The manifest beside the program. */
static HRESULT manifest_path(wchar_t *path, size_t room)
{
    DWORD len = GetModuleFileNameW(NULL, path, (DWORD)room);
    wchar_t *slash;

    if (!len || len >= room)
        return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    slash = wcsrchr(path, L'\\');
    if (!slash || (size_t)(slash - path) + 2 + wcslen(MANIFEST) > room)
        return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    wcscpy(slash + 1, MANIFEST);
    return S_OK;
}

HRESULT provider_open(struct provider *provider)
{
    wchar_t path[1024];
    ACTCTXW context = {.cbSize = sizeof(context), .lpSource = path};
    HRESULT hr = manifest_path(path, sizeof(path) / sizeof(path[0]));

    provider->address = NULL;
    if (FAILED(hr))
        return hr;
    provider->context = CreateActCtxW(&context);
    if (provider->context == INVALID_HANDLE_VALUE)
        return HRESULT_FROM_WIN32(GetLastError());
    if (!ActivateActCtx(provider->context, &provider->cookie)) {
        hr = HRESULT_FROM_WIN32(GetLastError());
        ReleaseActCtx(provider->context);
        return hr;
    }
    hr = CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER, &IID_IOpenMSPAddress,
                          (void **)&provider->address);
    if (SUCCEEDED(hr))
        hr = IOpenMSPAddress_Open(provider->address);
    if (FAILED(hr))
        provider_close(provider);
    return hr;
}

void provider_close(struct provider *provider)
{
    if (provider->address) {
        IOpenMSPAddress_Close(provider->address);
        IOpenMSPAddress_Release(provider->address);
        provider->address = NULL;
    }
    DeactivateActCtx(0, provider->cookie);
    ReleaseActCtx(provider->context);
}
