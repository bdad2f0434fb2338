/*
 * Type information: our own library is a resource of this DLL and needs no registration; TAPI's own
 * interfaces are described by tapi3.dll only (never by us: registering a copy would take them
 * over). A library is kept once loaded; two threads that load at the same time keep the first. Any
 * thread: DllCanUnloadNow may find the module idle and drop them just when another thread makes an
 * object and asks, so that who uses one counts it.
 */
#include "typeinfo.h"

#include "com/module.h"
#include "msp/tapi.h"
#include "openmsp/openmsp.h"

#include <oleauto.h>

static SRWLOCK lock = SRWLOCK_INIT; /* leaf: the next two */
static ITypeLib *own_library, *tapi_library;

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

/* The kept one, counted, or NULL. */
static ITypeLib *look(ITypeLib *const *kept)
{
    ITypeLib *library;

    AcquireSRWLockShared(&lock);
    library = *kept;
    if (library)
        ITypeLib_AddRef(library);
    ReleaseSRWLockShared(&lock);
    return library;
}

/* Keeps it, with a reference of its own, unless there is one. */
static void keep(ITypeLib **kept, ITypeLib *library)
{
    AcquireSRWLockExclusive(&lock);
    if (!*kept) {
        *kept = library;
        ITypeLib_AddRef(library);
    }
    ReleaseSRWLockExclusive(&lock);
}

static HRESULT from(ITypeLib **kept, HRESULT (*load)(ITypeLib **), REFIID iid, ITypeInfo **out)
{
    ITypeLib *library = look(kept);
    HRESULT hr;

    if (!library) {
        hr = load(&library);
        if (FAILED(hr))
            return hr;
        keep(kept, library);
    }
    hr = ITypeLib_GetTypeInfoOfGuid(library, iid, out);
    ITypeLib_Release(library);
    return hr;
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
    ITypeLib *own, *tapi;

    AcquireSRWLockExclusive(&lock);
    own = own_library;
    tapi = tapi_library;
    own_library = tapi_library = NULL;
    ReleaseSRWLockExclusive(&lock);
    if (own)
        ITypeLib_Release(own);
    if (tapi)
        ITypeLib_Release(tapi);
}
