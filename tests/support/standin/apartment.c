/*
 * Apartments, the Global Interface Table, the free-threaded marshaler, classes that programs
 * register. There are no proxies: an interface that belongs to a single-threaded apartment is
 * answered in that apartment alone, elsewhere REGDB_E_IIDNOTREG says so. One lock guards the
 * tables.
 */
#include "support/standin/standin.h"

#include <cguid.h>

static SRWLOCK lock = SRWLOCK_INIT;
static unsigned mta_threads;
static _Thread_local unsigned initialised;
static _Thread_local bool single_threaded;

/* ---- apartments ------------------------------------------------------------------------------ */

HRESULT WINAPI CoInitializeEx(LPVOID reserved, DWORD model)
{
    bool single = !(model & COINIT_MULTITHREADED) && model == COINIT_APARTMENTTHREADED;

    (void)reserved;
    if (initialised && single != single_threaded)
        return RPC_E_CHANGED_MODE;
    single_threaded = single;
    if (initialised++)
        return S_FALSE;
    if (!single) {
        AcquireSRWLockExclusive(&lock);
        mta_threads++;
        ReleaseSRWLockExclusive(&lock);
    }
    return S_OK;
}

VOID WINAPI CoUninitialize(void)
{
    if (!initialised || --initialised)
        return;
    if (!single_threaded) {
        AcquireSRWLockExclusive(&lock);
        mta_threads--;
        ReleaseSRWLockExclusive(&lock);
    }
    single_threaded = false;
}

static bool in_mta(bool *implied)
{
    bool any;

    *implied = !initialised;
    if (initialised)
        return !single_threaded;
    AcquireSRWLockShared(&lock);
    any = mta_threads != 0;
    ReleaseSRWLockShared(&lock);
    return any;
}

HRESULT WINAPI CoGetApartmentType(APTTYPE *type, APTTYPEQUALIFIER *qualifier)
{
    bool implied;

    if (!type || !qualifier)
        return E_INVALIDARG;
    *qualifier = APTTYPEQUALIFIER_NONE;
    if (in_mta(&implied)) {
        *type = APTTYPE_MTA;
        if (implied)
            *qualifier = APTTYPEQUALIFIER_IMPLICIT_MTA;
        return S_OK;
    }
    *type = implied ? APTTYPE_CURRENT : APTTYPE_STA;
    return implied ? CO_E_NOTINITIALIZED : S_OK;
}

HRESULT WINAPI CoGetCurrentLogicalThreadId(GUID *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = (GUID){.Data1 = GetCurrentThreadId(), .Data2 = 0x4f4d};
    return S_OK;
}

HRESULT WINAPI CoWaitForMultipleHandles(DWORD flags, DWORD ms, ULONG count, LPHANDLE handles,
                                        LPDWORD index)
{
    bool implied;
    DWORD result;

    if (!in_mta(&implied) && implied)
        return CO_E_NOTINITIALIZED;
    result = WaitForMultipleObjects(count, handles, flags & COWAIT_WAITALL, ms);
    if (result == WAIT_TIMEOUT)
        return RPC_S_CALLPENDING;
    if (result == WAIT_FAILED)
        return HRESULT_FROM_WIN32(GetLastError());
    *index = result - WAIT_OBJECT_0;
    return S_OK;
}

/* Nobody sends messages here. */
DWORD WINAPI MsgWaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD ms,
                                       DWORD mask)
{
    (void)mask;
    return WaitForMultipleObjects(count, handles, all, ms);
}

BOOL WINAPI PeekMessageW(LPMSG message, HWND window, UINT first, UINT last, UINT remove)
{
    (void)message, (void)window, (void)first, (void)last, (void)remove;
    return FALSE;
}

LRESULT WINAPI DispatchMessageW(const MSG *message)
{
    (void)message;
    return 0;
}

/* ---- the free-threaded marshaler ------------------------------------------------------------- */

struct marshaler {
    IUnknown inner;
    IMarshal marshal;
    IUnknown *outer;
    LONG refs;
};

static struct marshaler *of_inner(IUnknown *iface)
{
    return CONTAINING_RECORD(iface, struct marshaler, inner);
}

static struct marshaler *of_marshal(IMarshal *iface)
{
    return CONTAINING_RECORD(iface, struct marshaler, marshal);
}

static ULONG WINAPI inner_AddRef(IUnknown *iface)
{
    return (ULONG)InterlockedIncrement(&of_inner(iface)->refs);
}

static ULONG WINAPI inner_Release(IUnknown *iface)
{
    LONG refs = InterlockedDecrement(&of_inner(iface)->refs);

    if (!refs)
        CoTaskMemFree(of_inner(iface));
    return (ULONG)refs;
}

static HRESULT WINAPI inner_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    struct marshaler *self = of_inner(iface);

    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown)) {
        *out = iface;
        inner_AddRef(iface);
    } else if (IsEqualIID(iid, &IID_IMarshal)) {
        *out = &self->marshal;
        IUnknown_AddRef(self->outer);
    }
    return *out ? S_OK : E_NOINTERFACE;
}

static HRESULT WINAPI marshal_QueryInterface(IMarshal *iface, REFIID iid, void **out)
{
    return IUnknown_QueryInterface(of_marshal(iface)->outer, iid, out);
}

static ULONG WINAPI marshal_AddRef(IMarshal *iface)
{
    return IUnknown_AddRef(of_marshal(iface)->outer);
}

static ULONG WINAPI marshal_Release(IMarshal *iface)
{
    return IUnknown_Release(of_marshal(iface)->outer);
}

static HRESULT WINAPI marshal_class(IMarshal *iface, REFIID iid, void *object, DWORD context,
                                    void *context_data, DWORD flags, CLSID *out)
{
    (void)iface, (void)iid, (void)object, (void)context_data, (void)flags;
    if (context != MSHCTX_INPROC && context != MSHCTX_CROSSCTX)
        return E_NOTIMPL;
    *out = CLSID_InProcFreeMarshaler;
    return S_OK;
}

static HRESULT WINAPI marshal_size(IMarshal *iface, REFIID iid, void *object, DWORD context,
                                   void *context_data, DWORD flags, DWORD *out)
{
    (void)iface, (void)iid, (void)object, (void)context, (void)context_data, (void)flags;
    *out = sizeof(void *);
    return S_OK;
}

static HRESULT WINAPI marshal_write(IMarshal *iface, IStream *stream, REFIID iid, void *object,
                                    DWORD context, void *context_data, DWORD flags)
{
    (void)iface, (void)stream, (void)iid, (void)object, (void)context, (void)context_data;
    (void)flags;
    return E_NOTIMPL;
}

static HRESULT WINAPI marshal_read(IMarshal *iface, IStream *stream, REFIID iid, void **out)
{
    (void)iface, (void)stream, (void)iid;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT WINAPI marshal_forget(IMarshal *iface, IStream *stream)
{
    (void)iface, (void)stream;
    return S_OK;
}

static HRESULT WINAPI marshal_cut(IMarshal *iface, DWORD reserved)
{
    (void)iface, (void)reserved;
    return S_OK;
}

HRESULT WINAPI CoCreateFreeThreadedMarshaler(LPUNKNOWN outer, LPUNKNOWN *out)
{
    static IUnknownVtbl inner = {inner_QueryInterface, inner_AddRef, inner_Release};
    static IMarshalVtbl marshal = {marshal_QueryInterface, marshal_AddRef, marshal_Release,
                                   marshal_class,          marshal_size,   marshal_write,
                                   marshal_read,           marshal_forget, marshal_cut};
    struct marshaler *self = CoTaskMemAlloc(sizeof(*self));

    *out = NULL;
    if (!self)
        return E_OUTOFMEMORY;
    self->inner.lpVtbl = &inner;
    self->marshal.lpVtbl = &marshal;
    self->outer = outer ? outer : &self->inner;
    self->refs = 1;
    *out = &self->inner;
    return S_OK;
}

static bool is_free_threaded(IUnknown *object, REFIID iid)
{
    IMarshal *marshal;
    CLSID class;
    HRESULT hr;

    if (FAILED(IUnknown_QueryInterface(object, &IID_IMarshal, (void **)&marshal)))
        return false;
    hr = IMarshal_GetUnmarshalClass(marshal, iid, object, MSHCTX_INPROC, NULL, MSHLFLAGS_NORMAL,
                                    &class);
    IMarshal_Release(marshal);
    return SUCCEEDED(hr) && IsEqualCLSID(&class, &CLSID_InProcFreeMarshaler);
}

/* ---- an interface between apartments --------------------------------------------------------- */

/* Where it may be called: 0 everywhere, 1 the MTA, else the thread. */
static DWORD home_of(IUnknown *object, REFIID iid)
{
    bool implied;

    if (is_free_threaded(object, iid))
        return 0;
    return in_mta(&implied) ? 1 : GetCurrentThreadId();
}

static bool is_home(DWORD home)
{
    bool implied;

    return !home || home == (in_mta(&implied) ? 1 : GetCurrentThreadId());
}

struct entry {
    struct entry *next;
    DWORD cookie, home;
    IID iid;
    IUnknown *object;
};

static struct entry *entries;
static DWORD last_cookie;

static HRESULT WINAPI table_QueryInterface(IGlobalInterfaceTable *iface, REFIID iid, void **out)
{
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IGlobalInterfaceTable) ? iface
                                                                                         : NULL;
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG WINAPI table_count(IGlobalInterfaceTable *iface)
{
    (void)iface;
    return 1;
}

static HRESULT WINAPI table_register(IGlobalInterfaceTable *iface, IUnknown *object, REFIID iid,
                                     DWORD *cookie)
{
    struct entry *entry = CoTaskMemAlloc(sizeof(*entry));
    HRESULT hr;

    (void)iface;
    *cookie = 0;
    if (!entry)
        return E_OUTOFMEMORY;
    entry->iid = *iid;
    hr = IUnknown_QueryInterface(object, iid, (void **)&entry->object);
    if (FAILED(hr)) {
        CoTaskMemFree(entry);
        return hr;
    }
    entry->home = home_of(object, iid);
    AcquireSRWLockExclusive(&lock);
    entry->cookie = *cookie = ++last_cookie;
    entry->next = entries;
    entries = entry;
    ReleaseSRWLockExclusive(&lock);
    return S_OK;
}

static HRESULT WINAPI table_revoke(IGlobalInterfaceTable *iface, DWORD cookie)
{
    struct entry **at, *entry;

    (void)iface;
    AcquireSRWLockExclusive(&lock);
    for (at = &entries; *at && (*at)->cookie != cookie; at = &(*at)->next)
        ;
    entry = *at;
    if (entry)
        *at = entry->next;
    ReleaseSRWLockExclusive(&lock);
    if (!entry)
        return E_INVALIDARG;
    IUnknown_Release(entry->object);
    CoTaskMemFree(entry);
    return S_OK;
}

static HRESULT WINAPI table_get(IGlobalInterfaceTable *iface, DWORD cookie, REFIID iid, void **out)
{
    IUnknown *object = NULL;
    DWORD home = 0;
    HRESULT hr;

    (void)iface;
    *out = NULL;
    AcquireSRWLockShared(&lock);
    for (struct entry *entry = entries; entry; entry = entry->next) {
        if (entry->cookie == cookie) {
            object = entry->object;
            home = entry->home;
            IUnknown_AddRef(object);
        }
    }
    ReleaseSRWLockShared(&lock);
    if (!object)
        return E_INVALIDARG;
    hr = is_home(home) ? IUnknown_QueryInterface(object, iid, out) : REGDB_E_IIDNOTREG;
    IUnknown_Release(object);
    return hr;
}

static IGlobalInterfaceTableVtbl table_vtable = {table_QueryInterface, table_count,  table_count,
                                                 table_register,       table_revoke, table_get};
static IGlobalInterfaceTable the_table = {&table_vtable};

/* A stream that holds an interface; read by CoGetInterfaceAndReleaseStream alone. */
struct parcel {
    IStream stream;
    DWORD home;
    IUnknown *object;
};

HRESULT WINAPI CoMarshalInterThreadInterfaceInStream(REFIID iid, LPUNKNOWN object, LPSTREAM *out)
{
    struct parcel *parcel = CoTaskMemAlloc(sizeof(*parcel));
    HRESULT hr;

    *out = NULL;
    if (!parcel)
        return E_OUTOFMEMORY;
    memset(parcel, 0, sizeof(*parcel));
    hr = IUnknown_QueryInterface(object, iid, (void **)&parcel->object);
    if (FAILED(hr)) {
        CoTaskMemFree(parcel);
        return hr;
    }
    parcel->home = home_of(object, iid);
    *out = &parcel->stream;
    return S_OK;
}

HRESULT WINAPI CoGetInterfaceAndReleaseStream(LPSTREAM stream, REFIID iid, LPVOID *out)
{
    struct parcel *parcel = CONTAINING_RECORD(stream, struct parcel, stream);
    HRESULT hr = REGDB_E_IIDNOTREG;

    *out = NULL;
    if (is_home(parcel->home))
        hr = IUnknown_QueryInterface(parcel->object, iid, out);
    IUnknown_Release(parcel->object);
    CoTaskMemFree(parcel);
    return hr;
}

/* ---- classes --------------------------------------------------------------------------------- */

struct class
{
    struct class *next;
    DWORD cookie;
    CLSID clsid;
    IUnknown *factory;
};

static struct class *classes;

HRESULT WINAPI CoRegisterClassObject(REFCLSID clsid, LPUNKNOWN factory, DWORD context, DWORD flags,
                                     LPDWORD cookie)
{
    struct class *class = malloc(sizeof(*class));

    (void)context, (void)flags;
    if (!class)
        return E_OUTOFMEMORY;
    class->clsid = *clsid;
    class->factory = factory;
    IUnknown_AddRef(factory);
    AcquireSRWLockExclusive(&lock);
    class->cookie = *cookie = ++last_cookie;
    class->next = classes;
    classes = class;
    ReleaseSRWLockExclusive(&lock);
    return S_OK;
}

HRESULT WINAPI CoRevokeClassObject(DWORD cookie)
{
    struct class **at, *class;

    AcquireSRWLockExclusive(&lock);
    for (at = &classes; *at && (*at)->cookie != cookie; at = &(*at)->next)
        ;
    class = *at;
    if (class)
        *at = class->next;
    ReleaseSRWLockExclusive(&lock);
    if (!class)
        return E_INVALIDARG;
    IUnknown_Release(class->factory);
    free(class);
    return S_OK;
}

HRESULT WINAPI CoCreateInstance(REFCLSID clsid, LPUNKNOWN outer, DWORD context, REFIID iid,
                                LPVOID *out)
{
    IClassFactory *factory = NULL;
    IUnknown *found = NULL;
    bool implied;
    HRESULT hr;

    (void)context;
    *out = NULL;
    if (!in_mta(&implied) && implied)
        return CO_E_NOTINITIALIZED;
    if (IsEqualCLSID(clsid, &CLSID_StdGlobalInterfaceTable))
        return IGlobalInterfaceTable_QueryInterface(&the_table, iid, out);
    AcquireSRWLockShared(&lock);
    for (struct class *class = classes; class && !found; class = class->next)
        if (IsEqualCLSID(&class->clsid, clsid))
            found = class->factory;
    if (found)
        IUnknown_AddRef(found);
    ReleaseSRWLockShared(&lock);
    if (!found)
        return REGDB_E_CLASSNOTREG;
    hr = IUnknown_QueryInterface(found, &IID_IClassFactory, (void **)&factory);
    IUnknown_Release(found);
    if (FAILED(hr))
        return hr;
    hr = IClassFactory_CreateInstance(factory, outer, iid, out);
    IClassFactory_Release(factory);
    return hr;
}

HRESULT WINAPI CreateTypeLib2(SYSKIND kind, LPCOLESTR path, ICreateTypeLib2 **out)
{
    (void)kind, (void)path;
    *out = NULL;
    return E_NOTIMPL;
}

/* For IDispatch that comes with a callback's wait; hosted graphs alone ask, and there are none. */
BOOL WINAPI RegisterWaitForSingleObject(PHANDLE out, HANDLE handle, WAITORTIMERCALLBACK run,
                                        PVOID context, ULONG ms, ULONG flags)
{
    (void)handle, (void)run, (void)context, (void)ms, (void)flags;
    *out = NULL;
    SetLastError(ERROR_NOT_SUPPORTED);
    return FALSE;
}

BOOL WINAPI UnregisterWaitEx(HANDLE wait, HANDLE done)
{
    (void)wait, (void)done;
    SetLastError(ERROR_INVALID_HANDLE);
    return FALSE;
}
