/*
 * Token files. The encrypted form is a magic word and a blob of CryptProtectData, which only the
 * same user on the same machine reads. Every buffer that held the token is wiped. Main thread.
 */
#include "app/token.h"

#include "app/file_text.h"

#include <dpapi.h>
#include <stdbool.h>
#include <string.h>

#define FILE_MAX  4096
#define TOKEN_MAX 256

static const char magic[8] = {'O', 'M', 'S', 'P', 'T', 'O', 'K', '1'};

struct content {
    DWORD size;
    BYTE bytes[FILE_MAX];
};

static HRESULT last_error(void)
{
    return HRESULT_FROM_WIN32(GetLastError());
}

static HRESULT load(const wchar_t *path, struct content *out)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HRESULT hr = S_OK;

    out->size = 0;
    if (file == INVALID_HANDLE_VALUE)
        return last_error();
    if (!ReadFile(file, out->bytes, FILE_MAX, &out->size, NULL))
        hr = last_error();
    else if (out->size == FILE_MAX)
        hr = E_INVALIDARG;
    CloseHandle(file);
    return hr;
}

static bool is_protected(const struct content *content)
{
    return content->size > sizeof(magic) && !memcmp(content->bytes, magic, sizeof(magic));
}

/* As UTF-8, without the line's end. */
static void trim(struct content *content)
{
    DWORD size = 0;

    content->size = (DWORD)file_text_plain((char *)content->bytes, content->size, FILE_MAX);
    while (size < content->size && content->bytes[size] != '\n' && content->bytes[size] != '\r')
        size++;
    content->size = size;
}

static HRESULT decrypt(struct content *content)
{
    DATA_BLOB in = {content->size - (DWORD)sizeof(magic), content->bytes + sizeof(magic)}, out;

    if (!CryptUnprotectData(&in, NULL, NULL, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
        return last_error();
    if (out.cbData < FILE_MAX) {
        memcpy(content->bytes, out.pbData, out.cbData);
        content->size = out.cbData;
    }
    SecureZeroMemory(out.pbData, out.cbData);
    LocalFree(out.pbData);
    return S_OK;
}

/* The token's bytes, from either form. */
static HRESULT load_token(const wchar_t *path, struct content *out)
{
    HRESULT hr = load(path, out);

    if (SUCCEEDED(hr) && is_protected(out))
        hr = decrypt(out);
    if (FAILED(hr))
        return hr;
    trim(out);
    return out->size && out->size <= TOKEN_MAX ? S_OK : E_INVALIDARG;
}

HRESULT token_read(const wchar_t *path, BSTR *out)
{
    struct content content;
    HRESULT hr = load_token(path, &content);
    wchar_t wide[TOKEN_MAX];
    int length = 0;

    *out = NULL;
    if (SUCCEEDED(hr)) {
        length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, (char *)content.bytes,
                                     (int)content.size, wide, TOKEN_MAX);
        hr = length > 0 ? S_OK : E_INVALIDARG;
    }
    if (SUCCEEDED(hr)) {
        *out = SysAllocStringLen(wide, (UINT)length);
        hr = *out ? S_OK : E_OUTOFMEMORY;
    }
    SecureZeroMemory(&content, sizeof(content));
    SecureZeroMemory(wide, sizeof(wide));
    return hr;
}

void token_free(BSTR token)
{
    if (token)
        SecureZeroMemory(token, SysStringByteLen(token));
    SysFreeString(token);
}

/* Over the old content, so that it does not stay on the disk where the file was. */
static HRESULT store(const wchar_t *path, const DATA_BLOB *blob)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD written;
    HRESULT hr = S_OK;

    if (file == INVALID_HANDLE_VALUE)
        return last_error();
    if (!WriteFile(file, magic, sizeof(magic), &written, NULL) ||
        !WriteFile(file, blob->pbData, blob->cbData, &written, NULL) || !SetEndOfFile(file) ||
        !FlushFileBuffers(file))
        hr = last_error();
    CloseHandle(file);
    return hr;
}

HRESULT token_protect(const wchar_t *path)
{
    struct content content;
    DATA_BLOB in, out;
    HRESULT hr = load(path, &content);

    if (SUCCEEDED(hr) && is_protected(&content))
        return S_FALSE;
    if (SUCCEEDED(hr)) {
        trim(&content);
        hr = content.size && content.size <= TOKEN_MAX ? S_OK : E_INVALIDARG;
    }
    if (SUCCEEDED(hr)) {
        in.cbData = content.size;
        in.pbData = content.bytes;
        if (CryptProtectData(&in, L"OpenMSP token", NULL, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN,
                             &out)) {
            hr = store(path, &out);
            LocalFree(out.pbData);
        } else {
            hr = last_error();
        }
    }
    SecureZeroMemory(&content, sizeof(content));
    return hr;
}
