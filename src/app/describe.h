/* A call connected by descriptions (SDP) in files, as a program that does the signalling would. */
#ifndef OMSP_APP_DESCRIBE_H
#define OMSP_APP_DESCRIBE_H

#include "app/tapi.h"

#include <openmsp/openmsp.h>
#include <wchar.h>

/* All answer the provider's errors, those of the file, E_OUTOFMEMORY; E_INVALIDARG: no UTF-8,
 * empty, or 16 KB and more. */
/* "off", "allowed", "required". */
HRESULT describe_srtp(IOpenMSPCall *call, const wchar_t *word);
/* Takes the far end's description, which connects. */
HRESULT describe_remote(IOpenMSPCall *call, const wchar_t *path);
/* Writes ours, which may hold keys: a new file in the place of one that is there, which only this
 * user may read. */
HRESULT describe_local(IOpenMSPCall *call, const wchar_t *path);

#endif
