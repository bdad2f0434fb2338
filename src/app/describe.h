/* A call connected by descriptions (SDP) in files, as a program that does the signalling would. */
#ifndef OMSP_APP_DESCRIBE_H
#define OMSP_APP_DESCRIBE_H

#include "app/tapi.h"

#include <openmsp/openmsp.h>
#include <wchar.h>

/* "off", "allowed", "required". */
HRESULT describe_srtp(IOpenMSPCall *call, const wchar_t *word);
/* Takes the far end's description, which connects. */
HRESULT describe_remote(IOpenMSPCall *call, const wchar_t *path);
/* Writes ours, which may hold keys: only this user may read the file. */
HRESULT describe_local(IOpenMSPCall *call, const wchar_t *path);

#endif
