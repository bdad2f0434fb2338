/*
 * What DllRegisterServer and DllUnregisterServer write and remove: CLSID, InprocServer32,
 * ThreadingModel Both, ProgIDs, Programmable, TypeLib. Not the type library itself.
 */
#ifndef OMSP_COM_REGISTRY_H
#define OMSP_COM_REGISTRY_H

#include "com/factory.h"

/* Opens HKLM\Software\Classes for writing; the caller closes. HRESULT_FROM_WIN32 (access denied).
 */
HRESULT com_registry_open_classes(HKEY *classes);

/* Registers all of the table or, on failure, leaves no key behind that was not there before.
 * classes: where CLSID lies (com_registry_open_classes). path: the DLL's full path. libid: may be
 * NULL. HRESULT_FROM_WIN32. */
HRESULT com_registry_register(HKEY classes, const struct com_coclass *table, size_t count,
                              const WCHAR *path, const GUID *libid);
/* Removes all of it; what is not there does not matter. A ProgID that by now names another CLSID is
 * left alone. The first failure other than "not found", when all was tried. */
HRESULT com_registry_unregister(HKEY classes, const struct com_coclass *table, size_t count);

#endif
