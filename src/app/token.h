/* Token files: one line of plain text, or the same encrypted for this Windows user (DPAPI). */
#ifndef OMSP_APP_TOKEN_H
#define OMSP_APP_TOKEN_H

#include <windows.h>

#include <ole2.h>
#include <oleauto.h>

/* The token for token_free. E_INVALIDARG: empty, too long, no UTF-8; system's errors. */
HRESULT token_read(const wchar_t *path, BSTR *out);
/* Overwrites, then frees. NULL is fine. */
void token_free(BSTR token);
/* Puts the encrypted form in place of the plain one; S_FALSE: it is encrypted already. */
HRESULT token_protect(const wchar_t *path);

#endif
