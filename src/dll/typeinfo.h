/* Where IDispatch::GetTypeInfo gets its answers. */
#ifndef OMSP_DLL_TYPEINFO_H
#define OMSP_DLL_TYPEINFO_H

#include <windows.h>
#include <ole2.h>

/* For com_dispatch_set_typeinfo: OpenMSP's interfaces from the library inside this DLL, TAPI's from
 * tapi3.dll's registered one, if the machine has it. Loaded at first need and kept. Any thread. */
HRESULT dll_typeinfo(REFIID iid, LCID lcid, ITypeInfo **out);
/* Lets go of the libraries, when no object is alive; who asks meanwhile loads them again. */
void dll_typeinfo_drop(void);
/* The DLL's own path. HRESULT_FROM_WIN32. */
HRESULT dll_path(WCHAR *out, DWORD room);

#endif
