/*
 * The stand-in's TAPI object, its class objects, and the dispatch mapper. Any thread; the delivery
 * thread is begun by Initialize and ended by Shutdown.
 */
#include "support/host/tapi_objects.h"

#include <stdlib.h>
#include <string.h>

LONG tapi_object_count;

LONG tapi_objects(void)
{
    return tapi_object_count;
}

/* ---- faces ----------------------------------------------------------------------------------- */

HRESULT WINAPI face_query(struct face *face, REFIID iid, void **out)
{
    return out ? IUnknown_QueryInterface(&face->outer->iface, iid, out) : E_POINTER;
}

ULONG WINAPI face_add(struct face *face)
{
    return IUnknown_AddRef(&face->outer->iface);
}

ULONG WINAPI face_release(struct face *face)
{
    return IUnknown_Release(&face->outer->iface);
}

HRESULT WINAPI face_type_count(struct face *face, UINT *count)
{
    (void)face;
    *count = 0;
    return S_OK;
}

HRESULT WINAPI not_1(void *a)
{
    (void)a;
    return E_NOTIMPL;
}

HRESULT WINAPI not_2(void *a, void *b)
{
    (void)a, (void)b;
    return E_NOTIMPL;
}

HRESULT WINAPI not_3(void *a, void *b, void *c)
{
    (void)a, (void)b, (void)c;
    return E_NOTIMPL;
}

HRESULT WINAPI not_4(void *a, void *b, void *c, void *d)
{
    (void)a, (void)b, (void)c, (void)d;
    return E_NOTIMPL;
}

HRESULT WINAPI not_6(void *a, void *b, void *c, void *d, void *e, void *f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return E_NOTIMPL;
}

HRESULT WINAPI not_9(void *a, void *b, void *c, void *d, void *e, void *f, void *g, void *h,
                     void *i)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i;
    return E_NOTIMPL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* One more reference, unless its end has begun. */
static bool try_hold(struct tapi_call *call)
{
    LONG refs = call->outer->refs;

    while (refs > 0) {
        LONG was = InterlockedCompareExchange(&call->outer->refs, refs + 1, refs);

        if (was == refs)
            return true;
        refs = was;
    }
    return false;
}

struct tapi_call *tapi_find_call(struct tapi *tapi, ULONG_PTR token)
{
    struct tapi_call *call;

    AcquireSRWLockShared(&tapi->lock);
    for (call = tapi->calls; call && call->media.token != token; call = call->next)
        ;
    if (call && !try_hold(call))
        call = NULL;
    ReleaseSRWLockShared(&tapi->lock);
    return call;
}

ULONG tapi_hold_calls(struct tapi *tapi, const struct tapi_address *address, struct tapi_call **out)
{
    ULONG count = 0;

    AcquireSRWLockShared(&tapi->lock);
    for (struct tapi_call *call = tapi->calls; call && count < TAPI_MAX_CALLS; call = call->next)
        if (call->address == address && try_hold(call))
            out[count++] = call;
    ReleaseSRWLockShared(&tapi->lock);
    return count;
}

void tapi_unlist(struct tapi *tapi, struct tapi_call *call)
{
    AcquireSRWLockExclusive(&tapi->lock);
    for (struct tapi_call **at = &tapi->calls; *at; at = &(*at)->next)
        if (*at == call) {
            *at = call->next;
            break;
        }
    ReleaseSRWLockExclusive(&tapi->lock);
}

/* ---- ITTAPI2 --------------------------------------------------------------------------------- */

static struct tapi *of_face(struct face *face)
{
    return CONTAINING_RECORD(face, struct tapi, face);
}

static HRESULT WINAPI tapi_Initialize(struct face *face)
{
    struct tapi *tapi = of_face(face);

    if (tapi->initialized || tapi->ended)
        return S_FALSE;
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        tapi->lines[i] = tapi_address_create(tapi, &tapi_lines[i]);
    tapi->thread = CreateThread(NULL, 0, tapi_deliver, tapi, 0, &tapi->thread_id);
    tapi->initialized = true;
    return S_OK;
}

static HRESULT WINAPI tapi_Shutdown(struct face *face)
{
    struct tapi *tapi = of_face(face);

    if (!tapi->initialized)
        return TAPI_E_NOT_INITIALIZED;
    tapi->initialized = false;
    tapi->ended = true;
    for (;;) { /* calls that are up are hung up; what the application holds of them stays */
        struct tapi_call *call;

        AcquireSRWLockShared(&tapi->lock);
        for (call = tapi->calls; call && !call->held; call = call->next)
            ;
        ReleaseSRWLockShared(&tapi->lock);
        if (!call)
            break;
        tapi_network_hang_up(call, CEC_NONE);
    }
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        tapi_address_leave(tapi->lines[i]);
    AcquireSRWLockExclusive(&tapi->lock);
    tapi->stop = true;
    ReleaseSRWLockExclusive(&tapi->lock);
    WakeAllConditionVariable(&tapi->came);
    if (GetCurrentThreadId() != tapi->thread_id)
        WaitForSingleObject(tapi->thread, HOST_WAIT_MS);
    CloseHandle(tapi->thread);
    tapi_drop_events(tapi);
    tapi_points_close(tapi);
    return S_OK;
}

static void all_addresses(struct tapi *tapi, void **out)
{
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        out[i] = &tapi->lines[i]->address;
}

static HRESULT WINAPI tapi_get_Addresses(struct face *face, VARIANT *out)
{
    void *members[TAPI_LINE_COUNT];

    if (!out)
        return E_POINTER;
    if (!of_face(face)->initialized)
        return TAPI_E_NOT_INITIALIZED;
    all_addresses(of_face(face), members);
    return tapi_collection(members, TAPI_LINE_COUNT, out);
}

static HRESULT WINAPI tapi_EnumerateAddresses(struct face *face, IEnumAddress **out)
{
    void *members[TAPI_LINE_COUNT];

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!of_face(face)->initialized)
        return TAPI_E_NOT_INITIALIZED;
    all_addresses(of_face(face), members);
    return tapi_enumerate(&IID_IEnumAddress, members, TAPI_LINE_COUNT, out);
}

static struct tapi_address *address_of(struct tapi *tapi, ITAddress *given)
{
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        if ((void *)given == (void *)&tapi->lines[i]->address)
            return tapi->lines[i];
    return NULL;
}

static HRESULT WINAPI tapi_RegisterCallNotifications(struct face *face, ITAddress *given,
                                                     VARIANT_BOOL monitor, VARIANT_BOOL owner,
                                                     LONG types, LONG instance, LONG *out)
{
    struct tapi *tapi = of_face(face);
    struct tapi_address *address;

    (void)monitor;
    if (!given || !out)
        return E_POINTER;
    if (!tapi->initialized)
        return TAPI_E_NOT_INITIALIZED;
    address = address_of(tapi, given);
    if (!address || !owner)
        return E_INVALIDARG;
    if (!types || types & ~address->line->media)
        return TAPI_E_INVALIDMEDIATYPE;
    address->media_types = types;
    address->instance = instance;
    InterlockedExchange(&address->owners, 1);
    for (LONG i = 0; i < TAPI_LINE_COUNT; i++)
        if (tapi->lines[i] == address)
            *out = i + 1;
    return S_OK;
}

static HRESULT WINAPI tapi_UnregisterNotifications(struct face *face, LONG which)
{
    struct tapi *tapi = of_face(face);

    if (!tapi->initialized)
        return TAPI_E_NOT_INITIALIZED;
    if (which < 1 || which > TAPI_LINE_COUNT ||
        !InterlockedExchange(&tapi->lines[which - 1]->owners, 0))
        return E_INVALIDARG;
    return S_OK;
}

static HRESULT WINAPI tapi_put_EventFilter(struct face *face, LONG filter)
{
    if (!of_face(face)->initialized)
        return TAPI_E_NOT_INITIALIZED;
    InterlockedExchange(&of_face(face)->filter, filter);
    return S_OK;
}

static HRESULT WINAPI tapi_get_EventFilter(struct face *face, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = of_face(face)->filter;
    return S_OK;
}

static void *const tapi_slots[] = {
    FACE_DISPATCH,
    tapi_Initialize,
    tapi_Shutdown,
    tapi_get_Addresses,
    tapi_EnumerateAddresses,
    tapi_RegisterCallNotifications,
    tapi_UnregisterNotifications,
    not_2, /* get_CallHubs */
    not_2, /* EnumerateCallHubs */
    not_6, /* SetCallHubTracking */
    not_2, /* EnumeratePrivateTAPIObjects */
    not_2, /* get_PrivateTAPIObjects */
    not_4, /* RegisterRequestRecipient */
    not_3, /* SetAssistedTelephonyPriority */
    not_4, /* SetApplicationPriority */
    tapi_put_EventFilter,
    tapi_get_EventFilter,
    not_2, /* get_Phones */
    not_2, /* EnumeratePhones */
    not_2, /* CreateEmptyCollectionObject */
};

static void *tapi_own(struct outer *outer, REFIID iid)
{
    struct tapi *tapi = outer->ctx;

    if (IsEqualIID(iid, &IID_ITTAPI) || IsEqualIID(iid, &IID_ITTAPI2) ||
        IsEqualIID(iid, &IID_IDispatch))
        return &tapi->face;
    if (IsEqualIID(iid, &IID_IConnectionPointContainer))
        return &tapi->container;
    return NULL;
}

static void tapi_gone(struct outer *outer)
{
    struct tapi *tapi = outer->ctx;

    if (tapi->initialized)
        tapi_Shutdown(&tapi->face);
    InterlockedDecrement(&tapi_object_count);
    free(tapi);
}

HRESULT tapi_create(REFIID iid, void **out)
{
    struct tapi *tapi = calloc(1, sizeof(*tapi));
    HRESULT hr;

    ck_assert_ptr_nonnull(tapi);
    InterlockedIncrement(&tapi_object_count);
    outer_init(&tapi->outer);
    tapi->outer.own = tapi_own;
    tapi->outer.gone = tapi_gone;
    tapi->outer.ctx = tapi;
    tapi->face = (struct face){tapi_slots, &tapi->outer};
    InitializeSRWLock(&tapi->lock);
    InitializeConditionVariable(&tapi->came);
    tapi_points_init(tapi);
    hr = IUnknown_QueryInterface(&tapi->outer.iface, iid, out);
    IUnknown_Release(&tapi->outer.iface);
    return hr;
}

/* ---- the dispatch mapper --------------------------------------------------------------------- */

static HRESULT WINAPI mapper_Query(struct face *face, BSTR text, IDispatch *given, IDispatch **out)
{
    IID iid;

    (void)face;
    if (!text || !given || !out)
        return E_POINTER;
    *out = NULL;
    if (FAILED(IIDFromString(text, &iid)))
        return E_INVALIDARG;
    return IDispatch_QueryInterface(given, &iid, (void **)out);
}

static void *const mapper_slots[] = {FACE_DISPATCH, mapper_Query};

struct mapper {
    struct outer outer;
    struct face face;
};

static void *mapper_own(struct outer *outer, REFIID iid)
{
    return IsEqualIID(iid, &IID_ITDispatchMapper) || IsEqualIID(iid, &IID_IDispatch)
               ? &((struct mapper *)outer->ctx)->face
               : NULL;
}

static void mapper_gone(struct outer *outer)
{
    InterlockedDecrement(&tapi_object_count);
    free(outer->ctx);
}

HRESULT tapi_mapper_create(REFIID iid, void **out)
{
    struct mapper *mapper = calloc(1, sizeof(*mapper));
    HRESULT hr;

    ck_assert_ptr_nonnull(mapper);
    InterlockedIncrement(&tapi_object_count);
    outer_init(&mapper->outer);
    mapper->outer.own = mapper_own;
    mapper->outer.gone = mapper_gone;
    mapper->outer.ctx = mapper;
    mapper->face = (struct face){mapper_slots, &mapper->outer};
    hr = IUnknown_QueryInterface(&mapper->outer.iface, iid, out);
    IUnknown_Release(&mapper->outer.iface);
    return hr;
}

/* ---- classes --------------------------------------------------------------------------------- */

struct factory {
    IClassFactory iface;
    HRESULT (*create)(REFIID iid, void **out);
    DWORD cookie;
};

static HRESULT WINAPI factory_query(IClassFactory *iface, REFIID iid, void **out)
{
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IClassFactory) ? iface : NULL;
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG WINAPI factory_count(IClassFactory *iface)
{
    (void)iface;
    return 2;
}

static HRESULT WINAPI factory_create(IClassFactory *iface, IUnknown *outer, REFIID iid, void **out)
{
    *out = NULL;
    return outer ? CLASS_E_NOAGGREGATION
                 : CONTAINING_RECORD(iface, struct factory, iface)->create(iid, out);
}

static HRESULT WINAPI factory_lock(IClassFactory *iface, BOOL lock)
{
    (void)iface, (void)lock;
    return S_OK;
}

static IClassFactoryVtbl factory_vtable = {factory_query, factory_count, factory_count,
                                           factory_create, factory_lock};
static struct factory factories[2] = {{{&factory_vtable}, tapi_create, 0},
                                      {{&factory_vtable}, tapi_mapper_create, 0}};
static struct activation activation;
static LONG before; /* objects of a test that failed are not the next one's */

void tapi_install(void)
{
    before = tapi_object_count;
    activate(&activation);
    ck_assert_hr(CoRegisterClassObject(&CLSID_TAPI, (IUnknown *)&factories[0].iface,
                                       CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE,
                                       &factories[0].cookie),
                 S_OK);
    ck_assert_hr(CoRegisterClassObject(&CLSID_DispatchMapper, (IUnknown *)&factories[1].iface,
                                       CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE,
                                       &factories[1].cookie),
                 S_OK);
}

bool tapi_remove(void)
{
    ULONGLONG give_up = GetTickCount64() + 10000;

    while (tapi_object_count > before && GetTickCount64() < give_up)
        SwitchToThread();
    CoRevokeClassObject(factories[0].cookie);
    CoRevokeClassObject(factories[1].cookie);
    deactivate(&activation);
    return tapi_object_count <= before;
}
