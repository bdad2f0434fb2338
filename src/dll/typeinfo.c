/*
 * Type information: our own library is a resource of this DLL and needs no registration; TAPI's own
 * interfaces are described by tapi3.dll only (never by us: registering a copy would take them
 * over). A library is kept once loaded; two threads that load at the same time keep the first. Any
 * thread.
 */
#include "typeinfo.h"

#include "com/module.h"
#include "msp/tapi.h"
#include "openmsp/openmsp.h"

#include <oleauto.h>

static ITypeLib *volatile own_library, *volatile tapi_library;

HRESULT dll_path(WCHAR *out, DWORD room)
{
    DWORD length = GetModuleFileNameW(com_module_handle(), out, room);

    if (!length)
        return HRESULT_FROM_WIN32(GetLastError());
    return length < room ? S_OK : HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
}

static HRESULT load_own(ITypeLib **out)
{
    WCHAR path[MAX_PATH * 4];
    HRESULT hr = dll_path(path, sizeof(path) / sizeof(path[0]));

    return SUCCEEDED(hr) ? LoadTypeLibEx(path, REGKIND_NONE, out) : hr;
}

static HRESULT load_tapi(ITypeLib **out)
{
    return LoadRegTypeLib(&LIBID_TAPI3Lib, 1, 0, LOCALE_NEUTRAL, out);
}

static HRESULT from(ITypeLib *volatile *kept, HRESULT (*load)(ITypeLib **), REFIID iid,
                    ITypeInfo **out)
{
    ITypeLib *library = *kept;

    if (!library) {
        HRESULT hr = load(&library);
        ITypeLib *other;

        if (FAILED(hr))
            return hr;
        other = InterlockedCompareExchangePointer((void *volatile *)kept, library, NULL);
        if (other) {
            ITypeLib_Release(library);
            library = other;
        }
    }
    return ITypeLib_GetTypeInfoOfGuid(library, iid, out);
}

HRESULT dll_typeinfo(REFIID iid, LCID lcid, ITypeInfo **out)
{
    (void)lcid; /* the libraries have one language */
    *out = NULL;
    if (IsEqualIID(iid, &IID_IOpenMSPAddress) || IsEqualIID(iid, &IID_IOpenMSPCall) ||
        IsEqualIID(iid, &IID_IOpenMSPStatistics) || IsEqualIID(iid, &IID_IOpenMSPMediaStream) ||
        IsEqualIID(iid, &IID_IOpenMSPWebSocketTerminal) || IsEqualIID(iid, &IID_IOpenMSPSamples))
        return from(&own_library, load_own, iid, out);
    return from(&tapi_library, load_tapi, iid, out);
}

void dll_typeinfo_drop(void)
{
    ITypeLib *own = InterlockedExchangePointer((void *volatile *)&own_library, NULL);
    ITypeLib *tapi = InterlockedExchangePointer((void *volatile *)&tapi_library, NULL);

    if (own)
        ITypeLib_Release(own);
    if (tapi)
        ITypeLib_Release(tapi);
}
