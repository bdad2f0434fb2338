/*
 * openmsp.dll: the four exports, the table of classes, and the composition: the only place that
 * names the adapters of the system. DllMain itself does nothing that the loader's lock forbids; all
 * set-up happens at the first DllGetClassObject.
 */
#include "com/dispatch.h"
#include "com/factory.h"
#include "com/module.h"
#include "com/registry.h"
#include "msp/address.h"
#include "msp/engine_host.h"
#include "log_file.h"
#include "port/ports.h"
#include "rest_hooks.h"
#include "typeinfo.h"
#include "words.h"

#include <olectl.h>

static const struct com_coclass coclasses[] = {
    {.clsid = &CLSID_OpenMSPAddress,
     .create = msp_address_create,
     .aggregatable = true,
     .description = L"OpenMSP address",
     .prog_id = L"OpenMSP.Address.1",
     .prog_id_no_version = L"OpenMSP.Address"},
};

#define COCLASSES (sizeof(coclasses) / sizeof(coclasses[0]))

static HINSTANCE module;

static BOOL CALLBACK compose(INIT_ONCE *once, void *parameter, void **context)
{
    (void)once;
    (void)parameter;
    (void)context;
    dll_log_begin(module);
    com_dispatch_set_typeinfo(dll_typeinfo);
    com_dispatch_set_words(dll_words);
    msp_engine_configure(omsp_system_ports, NULL);
    msp_rest_configure(&dll_rest_hooks);
    return TRUE;
}

STDAPI DllGetClassObject(REFCLSID clsid, REFIID iid, void **out)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!clsid || !iid)
        return E_INVALIDARG;
    InitOnceExecuteOnce(&once, compose, NULL, NULL);
    return com_factory_get(coclasses, COCLASSES, clsid, iid, out);
}

STDAPI DllCanUnloadNow(void)
{
    HRESULT hr = com_module_can_unload();

    if (hr == S_OK)
        dll_typeinfo_drop();
    return hr;
}

/* Our type library, without touching the registration of TAPI's: it declares none of TAPI's
 * interfaces. */
static HRESULT register_library(const WCHAR *path)
{
    ITypeLib *library;
    HRESULT hr = LoadTypeLibEx(path, REGKIND_NONE, &library);

    if (FAILED(hr))
        return hr;
    hr = RegisterTypeLib(library, (WCHAR *)path, NULL);
    ITypeLib_Release(library);
    return hr;
}

static bool has_library(void)
{
    BSTR path = NULL;
    bool there = SUCCEEDED(QueryPathOfRegTypeLib(&LIBID_OpenMSP, 1, 0, LOCALE_NEUTRAL, &path));

    SysFreeString(path);
    return there;
}

static HRESULT unregister_library(void)
{
#ifdef _WIN64
    static const SYSKIND system_kind = SYS_WIN64;
#else
    static const SYSKIND system_kind = SYS_WIN32;
#endif

    /* What is not there is unregistered; UnRegisterTypeLib has no one code for that. */
    if (!has_library())
        return S_OK;
    return UnRegisterTypeLib(&LIBID_OpenMSP, 1, 0, LOCALE_NEUTRAL, system_kind);
}

STDAPI DllRegisterServer(void)
{
    WCHAR path[MAX_PATH * 4];
    bool had_library = has_library();
    HKEY classes;
    HRESULT hr = dll_path(path, sizeof(path) / sizeof(path[0]));

    if (SUCCEEDED(hr))
        hr = com_registry_open_classes(&classes);
    if (FAILED(hr))
        return hr;
    /* What fails takes away nothing that was there before: the classes see to that themselves. */
    hr = register_library(path);
    if (SUCCEEDED(hr)) {
        hr = com_registry_register(classes, coclasses, COCLASSES, path, &LIBID_OpenMSP);
        if (FAILED(hr) && !had_library)
            unregister_library();
    }
    RegCloseKey(classes);
    return hr;
}

STDAPI DllUnregisterServer(void)
{
    HKEY classes;
    HRESULT hr = com_registry_open_classes(&classes), library;

    if (FAILED(hr))
        return hr;
    hr = com_registry_unregister(classes, coclasses, COCLASSES);
    RegCloseKey(classes);
    library = unregister_library();
    return FAILED(hr) ? hr : library;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    if (reason == DLL_PROCESS_ATTACH) {
        module = instance;
        DisableThreadLibraryCalls(instance);
    } else if (reason == DLL_PROCESS_DETACH) {
        dll_log_end(reserved != NULL);
    }
    return TRUE;
}
