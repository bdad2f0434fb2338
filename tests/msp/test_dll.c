/*
 * openmsp.dll as strangers load it: without registration through its manifest, registered, and
 * unloaded. The objects here come from the DLL; what is linked into this program is used for its
 * constants only. A host that plays tapi3.dll's part is in tests/host.
 */
#include "msp/kit.h"
#include "support/dll.h"

#include "com/dispatch.h"
#include "msp/call.h"
#include "msp/mst.h"
#include "msp/stream.h"
#include "msp/terminal.h"

START_TEST(registration_free_by_clsid_and_by_name)
{
    struct activation activation;
    IOpenMSPAddress *address = NULL;
    IDispatch *dispatch = NULL;
    BSTR version = NULL;
    CLSID clsid;

    activate(&activation);
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IOpenMSPAddress, (void **)&address),
                 S_OK);
    ck_assert_hr(IOpenMSPAddress_get_Version(address, &version), S_OK);
    ck_assert(!wcscmp(version, L"" OMSP_VERSION));
    SysFreeString(version);
    ck_assert_uint_eq(kit_release(address), 0);
    ck_assert_hr(CLSIDFromProgID(L"OpenMSP.Address", &clsid), S_OK);
    /* It may be an alias that the activation context made up. */
    ck_assert_hr(
        CoCreateInstance(&clsid, NULL, CLSCTX_INPROC_SERVER, &IID_IDispatch, (void **)&dispatch),
        S_OK);
    ck_assert_uint_eq(kit_release(dispatch), 0);
    deactivate(&activation);
}
END_TEST

START_TEST(exports_are_the_four_and_nothing_else)
{
    static const char *const expected[] = {"DllCanUnloadNow", "DllGetClassObject",
                                           "DllRegisterServer", "DllUnregisterServer"};
    WCHAR path[1200];
    HMODULE module;
    const BYTE *base;
    const IMAGE_NT_HEADERS *headers;
    const IMAGE_EXPORT_DIRECTORY *directory;
    const DWORD *names;

    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    module = LoadLibraryW(path);
    ck_assert_ptr_nonnull(module);
    base = (const BYTE *)module;
    headers = (const void *)(base + ((const IMAGE_DOS_HEADER *)(const void *)base)->e_lfanew);
    directory =
        (const void *)(base + headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT]
                                  .VirtualAddress);
    names = (const void *)(base + directory->AddressOfNames);
    ck_assert_uint_eq(directory->NumberOfFunctions, 4);
    ck_assert_uint_eq(directory->NumberOfNames, 4);
    for (DWORD i = 0; i < 4; i++)
        ck_assert_str_eq((const char *)base + names[i], expected[i]);
    FreeLibrary(module);
}
END_TEST

typedef HRESULT(STDMETHODCALLTYPE *get_class_fn)(REFCLSID, REFIID, void **);
typedef HRESULT(STDMETHODCALLTYPE *plain_fn)(void);

START_TEST(unloads_after_a_life_with_workers)
{
    WCHAR path[1200];

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    for (int round = 0; round < 3; round++) {
        HMODULE module = LoadLibraryW(path);
        get_class_fn get_class;
        plain_fn can_unload;
        IClassFactory *factory = NULL;
        ITMSPAddress *address = NULL;
        IUnknown *call = NULL;
        IOpenMSPCall *open;
        HANDLE event = kit_event();
        BSTR peer = SysAllocString(L"127.0.0.1:30990");
        void *none = &none;

        ck_assert_ptr_nonnull(module);
        get_class = (get_class_fn)(void *)GetProcAddress(module, "DllGetClassObject");
        can_unload = (plain_fn)(void *)GetProcAddress(module, "DllCanUnloadNow");
        ck_assert_hr(can_unload(), S_OK);
        ck_assert_hr(get_class(&CLSID_msp_file_track, &IID_IClassFactory, &none),
                     CLASS_E_CLASSNOTAVAILABLE);
        ck_assert_ptr_null(none);
        ck_assert_hr(get_class(&CLSID_OpenMSPAddress, &IID_IClassFactory, NULL), E_POINTER);
        ck_assert_hr(get_class(&CLSID_OpenMSPAddress, &IID_IClassFactory, (void **)&factory), S_OK);
        ck_assert_hr(can_unload(), S_FALSE);
        ck_assert_hr(
            factory->lpVtbl->CreateInstance(factory, NULL, &IID_ITMSPAddress, (void **)&address),
            S_OK);
        ck_assert_uint_eq(kit_release(factory), 0);
        ck_assert_hr(address->lpVtbl->Initialize(address, (MSP_HANDLE)event), S_OK);
        call = kit_call(address, 8);
        open = kit_query(call, &IID_IOpenMSPCall);
        ck_assert_hr(IOpenMSPCall_SetPeer(open, peer, 0), S_OK);
        SysFreeString(peer);
        kit_release(open);
        ck_assert_hr(can_unload(), S_FALSE);
        if (round == 0) {
            ck_assert_hr(address->lpVtbl->ShutdownMSPCall(address, call), S_OK);
            ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
        } else if (round == 1) {
            ck_assert_hr(address->lpVtbl->Shutdown(address), S_OK);
        } /* 2: nothing but releases */
        ck_assert_uint_eq(kit_release(call), 0);
        ck_assert_uint_eq(kit_release(address), 0);
        ck_assert_hr(can_unload(), S_OK);
        ck_assert(FreeLibrary(module));
        ck_assert_ptr_null(GetModuleHandleW(L"openmsp.dll"));
        CloseHandle(event);
    }
    CoUninitialize();
}
END_TEST

/* ---- type library ---------------------------------------------------------------------------- */

static INVOKEKIND kind_of(const struct com_member *member)
{
    return (INVOKEKIND)member->kind;
}

/* Does the library say the same of an interface as the table that IDispatch goes by? */
static void compare(ITypeLib *library, const struct com_dispatch *dispatch)
{
    ITypeInfo *dual, *vtable;
    TYPEATTR *attributes;
    HREFTYPE reference;

    ck_assert_hr(ITypeLib_GetTypeInfoOfGuid(library, dispatch->iid, &dual), S_OK);
    ck_assert_hr(ITypeInfo_GetRefTypeOfImplType(dual, (UINT)-1, &reference), S_OK);
    ck_assert_hr(ITypeInfo_GetRefTypeInfo(dual, reference, &vtable), S_OK);
    ck_assert_hr(ITypeInfo_GetTypeAttr(vtable, &attributes), S_OK);
    ck_assert_uint_eq(attributes->cFuncs, dispatch->count);
    for (UINT i = 0; i < attributes->cFuncs; i++) {
        const struct com_member *member = NULL;
        FUNCDESC *function;
        BSTR name;
        UINT names;

        ck_assert_hr(ITypeInfo_GetFuncDesc(vtable, i, &function), S_OK);
        ck_assert_hr(ITypeInfo_GetNames(vtable, function->memid, &name, 1, &names), S_OK);
        for (unsigned j = 0; j < dispatch->count; j++)
            if (dispatch->members[j].id == function->memid &&
                kind_of(&dispatch->members[j]) == function->invkind)
                member = &dispatch->members[j];
        ck_assert_msg(member != NULL, "%s has no %ls, DISPID 0x%lx", dispatch->name, name,
                      function->memid);
        ck_assert_msg(!wcscmp(member->name, name), "%ls is %ls", member->name, name);
        ck_assert_uint_eq((UINT)function->oVft / sizeof(void *), member->slot);
        ck_assert_uint_eq((UINT)function->cParams, member->arg_count);
        SysFreeString(name);
        ITypeInfo_ReleaseFuncDesc(vtable, function);
    }
    ITypeInfo_ReleaseTypeAttr(vtable, attributes);
    ITypeInfo_Release(vtable);
    ITypeInfo_Release(dual);
}

START_TEST(type_library_is_inside_and_agrees_with_the_tables)
{
    WCHAR path[1200];
    ITypeLib *library;
    TLIBATTR *attributes;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    ck_assert_hr(LoadTypeLibEx(path, REGKIND_NONE, &library), S_OK);
    ck_assert_hr(ITypeLib_GetLibAttr(library, &attributes), S_OK);
    ck_assert(IsEqualGUID(&attributes->guid, &LIBID_OpenMSP));
    ITypeLib_ReleaseTLibAttr(library, attributes);
    compare(library, &msp_dispatch_IOpenMSPAddress);
    compare(library, &msp_dispatch_IOpenMSPCall);
    compare(library, &msp_dispatch_IOpenMSPStatistics);
    compare(library, &msp_dispatch_IOpenMSPMediaStream);
    compare(library, &msp_dispatch_IOpenMSPWebSocketTerminal);
    compare(library, &msp_dispatch_IOpenMSPSamples);
    ITypeLib_Release(library);
    CoUninitialize();
}
END_TEST

START_TEST(own_interfaces_have_type_information)
{
    struct activation activation;
    IOpenMSPAddress *address = NULL;
    ITypeInfo *info = NULL;
    UINT count = 0;

    activate(&activation);
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER,
                                  &IID_IOpenMSPAddress, (void **)&address),
                 S_OK);
    ck_assert_hr(address->lpVtbl->GetTypeInfoCount(address, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_hr(address->lpVtbl->GetTypeInfo(address, 0, LOCALE_NEUTRAL, &info), S_OK);
    ITypeInfo_Release(info);
    ck_assert_uint_eq(kit_release(address), 0);
    deactivate(&activation);
}
END_TEST

/* ---- registration ---------------------------------------------------------------------------- */

static bool key_exists(const WCHAR *path)
{
    HKEY key;

    if (RegOpenKeyExW(HKEY_CLASSES_ROOT, path, 0, KEY_READ, &key))
        return false;
    RegCloseKey(key);
    return true;
}

START_TEST(registers_and_unregisters_itself)
{
    static const WCHAR *const keys[] = {L"CLSID\\{B077D4F0-A16E-412B-8508-861AC31C803F}",
                                        L"OpenMSP.Address", L"OpenMSP.Address.1",
                                        L"TypeLib\\{563553CA-7C07-4E95-A16B-0A24E50DF444}",
                                        L"Interface\\{5A2CC889-B91B-4298-B35E-543ECD0BF473}"};
    WCHAR path[1200];
    HMODULE module;
    plain_fn do_register, do_unregister;
    IUnknown *unknown = NULL;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    module = LoadLibraryW(path);
    ck_assert_ptr_nonnull(module);
    do_register = (plain_fn)(void *)GetProcAddress(module, "DllRegisterServer");
    do_unregister = (plain_fn)(void *)GetProcAddress(module, "DllUnregisterServer");
    ck_assert_hr(do_register(), S_OK);
    ck_assert_hr(do_register(), S_OK);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        ck_assert_msg(key_exists(keys[i]), "%ls", keys[i]);
    /* TAPI's own interfaces are not ours to register. */
    ck_assert(!key_exists(L"Interface\\{EE3BD605-3868-11D2-A045-00C04FB6809F}"));
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER, &IID_IUnknown,
                                  (void **)&unknown),
                 S_OK);
    kit_release(unknown);
    ck_assert_hr(do_unregister(), S_OK);
    ck_assert_hr(do_unregister(), S_OK);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        ck_assert_msg(!key_exists(keys[i]), "%ls", keys[i]);
    CoUninitialize();
    FreeLibrary(module);
}
END_TEST

static BOOL CALLBACK take_language(HMODULE module, LPCWSTR type, LPCWSTR name, WORD language,
                                   LONG_PTR out)
{
    (void)module, (void)type, (void)name;
    *(WORD *)out = language;
    return FALSE;
}

/* A DLL like ours whose type library is none. */
static void copy_without_library(const WCHAR *from, const WCHAR *to)
{
    HMODULE module = LoadLibraryExW(from, NULL, LOAD_LIBRARY_AS_DATAFILE);
    char garbage[] = "none";
    WORD language = 0;
    HANDLE update;

    ck_assert_ptr_nonnull(module);
    EnumResourceLanguagesW(module, L"TYPELIB", MAKEINTRESOURCEW(1), take_language,
                           (LONG_PTR)&language);
    FreeLibrary(module);
    ck_assert(CopyFileW(from, to, FALSE));
    update = BeginUpdateResourceW(to, FALSE);
    ck_assert_ptr_nonnull(update);
    ck_assert(UpdateResourceW(update, L"TYPELIB", MAKEINTRESOURCEW(1), language, garbage,
                              sizeof(garbage)));
    ck_assert(EndUpdateResourceW(update, FALSE));
}

START_TEST(a_registration_that_fails_takes_away_nothing_that_was_there)
{
    static const WCHAR clsid[] = L"CLSID\\{B077D4F0-A16E-412B-8508-861AC31C803F}";
    static const WCHAR server[] = L"CLSID\\{B077D4F0-A16E-412B-8508-861AC31C803F}\\InprocServer32";
    WCHAR path[1200], broken_path[MAX_PATH + 32], before[1200], after[1200];
    DWORD size = sizeof(before);
    HMODULE module, broken;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll_beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    ck_assert_uint_gt(GetTempPathW(MAX_PATH, broken_path), 0);
    wcscat(broken_path, L"openmsp-broken.dll");
    copy_without_library(path, broken_path);
    module = LoadLibraryW(path);
    broken = LoadLibraryW(broken_path);
    ck_assert_ptr_nonnull(module);
    ck_assert_ptr_nonnull(broken);
    ck_assert(FAILED(((plain_fn)(void *)GetProcAddress(broken, "DllRegisterServer"))()));
    ck_assert(!key_exists(clsid));
    ck_assert_hr(((plain_fn)(void *)GetProcAddress(module, "DllRegisterServer"))(), S_OK);
    ck_assert(!RegGetValueW(HKEY_CLASSES_ROOT, server, NULL, RRF_RT_REG_SZ, NULL, before, &size));
    ck_assert(FAILED(((plain_fn)(void *)GetProcAddress(broken, "DllRegisterServer"))()));
    size = sizeof(after);
    ck_assert(!RegGetValueW(HKEY_CLASSES_ROOT, server, NULL, RRF_RT_REG_SZ, NULL, after, &size));
    ck_assert(!wcscmp(after, before));
    ck_assert_hr(((plain_fn)(void *)GetProcAddress(module, "DllUnregisterServer"))(), S_OK);
    FreeLibrary(broken);
    FreeLibrary(module);
    ck_assert(DeleteFileW(broken_path));
    CoUninitialize();
}
END_TEST

OMSP_SUITE("dll", TEST(exports_are_the_four_and_nothing_else),
           TEST(registration_free_by_clsid_and_by_name), TEST(unloads_after_a_life_with_workers),
           TEST(type_library_is_inside_and_agrees_with_the_tables),
           TEST(own_interfaces_have_type_information), TEST(registers_and_unregisters_itself),
           TEST(a_registration_that_fails_takes_away_nothing_that_was_there))
