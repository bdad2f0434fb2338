/*
 * SDP files of `openmsp call`: read into the call, and written from it. They may hold keys, so no
 * copy of them stays here. Main thread.
 */
#include "app/describe.h"

#include "app/file_text.h"

#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX 16384

static HRESULT last_error(void)
{
    return HRESULT_FROM_WIN32(GetLastError());
}

HRESULT describe_srtp(IOpenMSPCall *call, const wchar_t *word)
{
    BSTR text = SysAllocString(word);
    HRESULT hr = text ? IOpenMSPCall_put_Srtp(call, text) : E_OUTOFMEMORY;

    SysFreeString(text);
    return hr;
}

static void wipe_text(BSTR text)
{
    if (text)
        SecureZeroMemory(text, SysStringByteLen(text));
    SysFreeString(text);
}

HRESULT describe_remote(IOpenMSPCall *call, const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    char bytes[FILE_MAX];
    WCHAR wide[FILE_MAX];
    DWORD size = 0;
    HRESULT hr = S_OK;
    BSTR text;
    int len;

    if (file == INVALID_HANDLE_VALUE)
        return last_error();
    if (!ReadFile(file, bytes, sizeof(bytes), &size, NULL))
        hr = last_error();
    CloseHandle(file);
    if (SUCCEEDED(hr) && size < sizeof(bytes))
        size = (DWORD)file_text_plain(bytes, size, sizeof(bytes));
    len = SUCCEEDED(hr) && size && size < sizeof(bytes)
              ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, bytes, (int)size, wide, FILE_MAX)
              : 0;
    if (SUCCEEDED(hr) && !len)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr)) {
        text = SysAllocStringLen(wide, (UINT)len);
        hr = text ? IOpenMSPCall_put_RemoteDescription(call, text) : E_OUTOFMEMORY;
        wipe_text(text);
    }
    SecureZeroMemory(bytes, sizeof(bytes));
    SecureZeroMemory(wide, sizeof(wide));
    return hr;
}

/* Readable by its owner alone, whatever the folder says. A new file always: one that is there would
 * keep its own rights, and who has it open would read on. */
static HANDLE create_private(const wchar_t *path)
{
    SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
    HANDLE file;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:P(A;;FA;;;OW)", SDDL_REVISION_1,
                                                              &security.lpSecurityDescriptor, NULL))
        return INVALID_HANDLE_VALUE;
    DeleteFileW(path);
    file = CreateFileW(path, GENERIC_WRITE, 0, &security, CREATE_NEW, 0, NULL);
    LocalFree(security.lpSecurityDescriptor);
    return file;
}

HRESULT describe_local(IOpenMSPCall *call, const wchar_t *path)
{
    char bytes[FILE_MAX];
    BSTR text = NULL;
    HRESULT hr = IOpenMSPCall_get_LocalDescription(call, &text);
    HANDLE file;
    DWORD done;
    int len;

    if (FAILED(hr))
        return hr;
    len = WideCharToMultiByte(CP_UTF8, 0, text, (int)SysStringLen(text), bytes, sizeof(bytes), NULL,
                              NULL);
    wipe_text(text);
    file = len ? create_private(path) : INVALID_HANDLE_VALUE;
    if (file == INVALID_HANDLE_VALUE)
        hr = len ? last_error() : E_INVALIDARG;
    else if (!WriteFile(file, bytes, (DWORD)len, &done, NULL))
        hr = last_error();
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    SecureZeroMemory(bytes, sizeof(bytes));
    return hr;
}
