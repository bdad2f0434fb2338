/* Token files: one line of plain text, or the same encrypted for this Windows user (DPAPI). */
#ifndef OMSP_APP_TOKEN_H
#define OMSP_APP_TOKEN_H

#include <windows.h>

#include <ole2.h>
#include <oleauto.h>

/* The token for token_free. E_INVALIDARG: empty, more than 256 bytes, no UTF-8; E_OUTOFMEMORY; the
 * system's errors, another user's encryption among them. *out is NULL then. */
HRESULT token_read(const wchar_t *path, BSTR *out);
/* Overwrites, then frees. NULL is fine. */
void token_free(BSTR token);
/* Puts the encrypted form in place of the plain one; S_FALSE: it is encrypted already. Errors as
 * above; one of writing may leave neither. */
HRESULT token_protect(const wchar_t *path);

#endif
