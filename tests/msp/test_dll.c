/*
 * openmsp.dll as strangers load it: without registration through its manifest, aggregated by a host
 * that plays tapi3.dll's part, registered, and unloaded. The objects here come from the DLL; what
 * is linked into this program is used for its constants only.
 */
#include "msp/kit.h"

#include "com/dispatch.h"
#include "msp/call.h"

#include <stdio.h>

struct activation {
    HANDLE context;
    ULONG_PTR cookie;
};

/* ..\bin\<name> from where this program lies. */
static void beside(const WCHAR *name, WCHAR *out, size_t room)
{
    WCHAR path[1024];
    WCHAR *slash;

    ck_assert_uint_lt(GetModuleFileNameW(NULL, path, 1024), 1024);
    slash = wcsrchr(path, L'\\');
    ck_assert_ptr_nonnull(slash);
    *slash = 0;
    _snwprintf(out, room, L"%ls\\..\\bin\\%ls", path, name);
    out[room - 1] = 0;
}

static void activate(struct activation *activation)
{
    WCHAR path[1200];
    ACTCTXW context = {.cbSize = sizeof(context), .lpSource = path};

    beside(L"openmsp.dll.manifest", path, sizeof(path) / sizeof(path[0]));
    activation->context = CreateActCtxW(&context);
    ck_assert_msg(activation->context != INVALID_HANDLE_VALUE, "CreateActCtx %ls: %lu", path,
                  GetLastError());
    ck_assert(ActivateActCtx(activation->context, &activation->cookie));
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
}

static void deactivate(struct activation *activation)
{
    CoUninitialize();
    DeactivateActCtx(0, activation->cookie);
    ReleaseActCtx(activation->context);
}

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

    beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
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
    beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
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
    beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
    ck_assert_hr(LoadTypeLibEx(path, REGKIND_NONE, &library), S_OK);
    ck_assert_hr(ITypeLib_GetLibAttr(library, &attributes), S_OK);
    ck_assert(IsEqualGUID(&attributes->guid, &LIBID_OpenMSP));
    ITypeLib_ReleaseTLibAttr(library, attributes);
    compare(library, &msp_dispatch_IOpenMSPAddress);
    compare(library, &msp_dispatch_IOpenMSPCall);
    compare(library, &msp_dispatch_IOpenMSPStatistics);
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

/* ---- a host as tapi3.dll is ------------------------------------------------------------------ */

struct host {
    HANDLE event, stop;
    struct outer address_outer;
    ITMSPAddress *address;
    LONG active, inactive, others, alternates;
};

static void release_if(void *iface)
{
    if (iface)
        kit_release(iface);
}

/* Waits on the handle and drains GetEvent until it fails, on a thread of its own. */
static DWORD WINAPI host_events(void *arg)
{
    struct host *host = arg;
    HANDLE handles[2] = {host->event, host->stop};

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (;;) {
        union {
            MSP_EVENT_INFO info;
            BYTE bytes[1024];
        } room;
        DWORD woken = WaitForMultipleObjects(2, handles, FALSE, 30000), size = sizeof(room);

        while (host->address->lpVtbl->GetEvent(host->address, &size, room.bytes) == S_OK) {
            if (room.info.Event == ME_CALL_EVENT) {
                if (room.info.MSP_CALL_EVENT_INFO.Type == CALL_STREAM_ACTIVE) {
                    if (host->active == host->inactive)
                        InterlockedIncrement(&host->alternates);
                    InterlockedIncrement(&host->active);
                } else if (room.info.MSP_CALL_EVENT_INFO.Type == CALL_STREAM_INACTIVE) {
                    if (host->active == host->inactive + 1)
                        InterlockedIncrement(&host->alternates);
                    InterlockedIncrement(&host->inactive);
                } else {
                    InterlockedIncrement(&host->others);
                }
                if (!room.info.MSP_CALL_EVENT_INFO.pStream ||
                    room.info.hCall != (MSP_HANDLE)(ULONG_PTR)0x77)
                    InterlockedIncrement(&host->others);
                release_if(room.info.MSP_CALL_EVENT_INFO.pStream);
                release_if(room.info.MSP_CALL_EVENT_INFO.pTerminal);
            } else if (room.info.Event == ME_FILE_TERMINAL_EVENT) {
                release_if(room.info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
                release_if(room.info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
            }
            size = sizeof(room);
        }
        if (woken != WAIT_OBJECT_0)
            break;
    }
    CoUninitialize();
    return 0;
}

START_TEST(host_aggregates_waits_and_drains)
{
    enum { CYCLES = 100 };
    struct activation activation;
    struct host host = {0};
    struct outer call_outer;
    ITTerminalSupport *support;
    ITStreamControl *control;
    IOpenMSPCall *open;
    IEnumStream *enumerator;
    ITStream *streams[2];
    ITTerminal *recorder, *track;
    ITMultiTrackTerminal *file;
    BSTR class = SysAllocString(L"{521F3D06-C3D0-4511-8617-86B9A783DA77}"),
         peer = SysAllocString(L"127.0.0.1:30988");
    ULONG fetched;
    HANDLE thread;

    activate(&activation);
    host.event = kit_event();
    host.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    outer_init(&host.address_outer);
    ck_assert_hr(CoCreateInstance(&CLSID_OpenMSPAddress, &host.address_outer.iface,
                                  CLSCTX_INPROC_SERVER, &IID_IUnknown,
                                  (void **)&host.address_outer.inner),
                 S_OK);
    host.address = kit_query(&host.address_outer.iface, &IID_ITMSPAddress);
    ck_assert_hr(host.address->lpVtbl->Initialize(host.address, (MSP_HANDLE)host.event), S_OK);
    thread = CreateThread(NULL, 0, host_events, &host, 0, NULL);

    outer_init(&call_outer);
    ck_assert_hr(host.address->lpVtbl->CreateMSPCall(host.address, (MSP_HANDLE)(ULONG_PTR)0x77, 0,
                                                     8, &call_outer.iface, &call_outer.inner),
                 S_OK);
    support = kit_query(&host.address_outer.iface, &IID_ITTerminalSupport);
    control = kit_query(&call_outer.iface, &IID_ITStreamControl);
    open = kit_query(&call_outer.iface, &IID_IOpenMSPCall);
    ck_assert_hr(support->lpVtbl->CreateTerminal(support, class, 8, TD_RENDER, &recorder), S_OK);
    file = kit_query(recorder, &IID_ITMultiTrackTerminal);
    ck_assert_hr(file->lpVtbl->CreateTrackTerminal(file, 8, TD_RENDER, &track), S_OK);
    ck_assert_hr(control->lpVtbl->EnumerateStreams(control, &enumerator), S_OK);
    ck_assert_hr(enumerator->lpVtbl->Next(enumerator, 2, streams, &fetched), S_OK);
    ck_assert_hr(streams[1]->lpVtbl->SelectTerminal(streams[1], track), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(open, peer, 0), S_OK);
    for (int i = 0; i < CYCLES; i++) {
        ck_assert_hr(streams[1]->lpVtbl->StopStream(streams[1]), S_OK);
        ck_assert_hr(streams[1]->lpVtbl->StartStream(streams[1]), S_OK);
    }
    for (ULONGLONG end = GetTickCount64() + 20000;
         host.active < CYCLES + 1 && GetTickCount64() < end;)
        SwitchToThread();
    ck_assert_int_eq(host.active, CYCLES + 1);
    ck_assert_int_eq(host.inactive, CYCLES);
    ck_assert_int_eq(host.alternates, 2 * CYCLES + 1);
    ck_assert_int_eq(host.others, 0);

    /* The end in tapi3's order, with pointers left over at the application. */
    ck_assert_hr(host.address->lpVtbl->ShutdownMSPCall(host.address, call_outer.inner), S_OK);
    kit_release(open);
    kit_release(control);
    ck_assert_int_eq(call_outer.refs, 1);
    kit_release(call_outer.inner);
    SetEvent(host.stop);
    ck_assert_uint_eq(WaitForSingleObject(thread, 30000), WAIT_OBJECT_0);
    ck_assert_hr(host.address->lpVtbl->Shutdown(host.address), S_OK);
    kit_release(support);
    kit_release(host.address);
    ck_assert_int_eq(host.address_outer.refs, 1);
    kit_release(host.address_outer.inner);
    ck_assert_hr(streams[1]->lpVtbl->StartStream(streams[1]), E_UNEXPECTED);
    ck_assert_hr(streams[1]->lpVtbl->SelectTerminal(streams[1], track), E_UNEXPECTED);
    kit_release(track);
    kit_release(file);
    kit_release(recorder);
    kit_release(enumerator);
    kit_release(streams[0]);
    kit_release(streams[1]);
    ck_assert_int_eq(host.address_outer.refs, 1);
    ck_assert_int_eq(call_outer.refs, 1);
    CloseHandle(thread);
    CloseHandle(host.event);
    CloseHandle(host.stop);
    SysFreeString(class);
    SysFreeString(peer);
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
    beside(L"openmsp.dll", path, sizeof(path) / sizeof(path[0]));
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

OMSP_SUITE("dll", TEST(exports_are_the_four_and_nothing_else),
           TEST(registration_free_by_clsid_and_by_name), TEST(unloads_after_a_life_with_workers),
           TEST(type_library_is_inside_and_agrees_with_the_tables),
           TEST(own_interfaces_have_type_information), TEST(host_aggregates_waits_and_drains),
           TEST(registers_and_unregisters_itself))
