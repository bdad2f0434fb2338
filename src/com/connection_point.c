/*
 * Connection points and their container. Not a source of events: it keeps sinks, and whoever
 * delivers takes a snapshot or holds a sink by a hook. The list is guarded by the point's leaf
 * lock; sinks, hooks and the table of interfaces are called outside of it.
 */
#include "com/connection_point.h"

#include "base/alloc.h"
#include "com/agile.h"
#include "com/enumerator.h"

#include <olectl.h>

/* ---- sinks ---------------------------------------------------------------------------------- */

struct com_sink {
    LONG refs;
    DWORD cookie;
    void *context;
    struct com_agile agile;
};

void com_sink_addref(struct com_sink *sink)
{
    InterlockedIncrement(&sink->refs);
}

void com_sink_release(struct com_sink *sink)
{
    if (sink && !InterlockedDecrement(&sink->refs)) {
        com_agile_drop(&sink->agile);
        omsp_free(sink);
    }
}

HRESULT com_sink_get(struct com_sink *sink, void **out)
{
    return com_agile_get(&sink->agile, out);
}

DWORD com_sink_cookie(const struct com_sink *sink)
{
    return sink->cookie;
}

const IID *com_sink_iid(const struct com_sink *sink)
{
    return sink->agile.iid;
}

static HRESULT adopt(const struct com_point *point, IUnknown *unknown, const IID **iid,
                     IUnknown **kept)
{
    HRESULT hr;

    if (point->hooks && point->hooks->adopt) {
        hr = point->hooks->adopt(point->owner, point->iid, unknown, iid, kept);
    } else {
        *iid = point->iid;
        hr = IUnknown_QueryInterface(unknown, point->iid, (void **)kept);
    }
    return SUCCEEDED(hr) || hr == E_OUTOFMEMORY ? hr : CONNECT_E_CANNOTCONNECT;
}

static struct com_sink *take_spare(struct com_point *point)
{
    return InterlockedExchangePointer((void *volatile *)&point->spare, NULL);
}

/* As com_sink_release, but the memory stays with the point. */
static void give_back(struct com_point *point, struct com_sink *sink)
{
    if (!InterlockedDecrement(&sink->refs)) {
        com_agile_drop(&sink->agile);
        omsp_free(InterlockedExchangePointer((void *volatile *)&point->spare, sink));
    }
}

static HRESULT sink_create(struct com_point *point, IUnknown *unknown, struct com_sink **out)
{
    struct com_sink *sink;
    const IID *iid;
    IUnknown *iface;
    HRESULT hr = adopt(point, unknown, &iid, &iface);

    if (FAILED(hr)) {
        return hr;
    }
    sink = take_spare(point);
    if (!sink) {
        sink = omsp_alloc(sizeof(*sink));
    }
    if (!sink) {
        IUnknown_Release(iface);
        return E_OUTOFMEMORY;
    }
    *sink = (struct com_sink){.refs = 1};
    hr = com_agile_keep(&sink->agile, iid, iface);
    IUnknown_Release(iface);
    if (FAILED(hr)) {
        give_back(point, sink);
        return hr == E_OUTOFMEMORY ? hr : CONNECT_E_CANNOTCONNECT;
    }
    *out = sink;
    return S_OK;
}

/* ---- the list ------------------------------------------------------------------------------- */

static DWORD point_cookie(struct com_point *point)
{
    LONG cookie;

    do {
        cookie = InterlockedIncrement(&point->last_cookie);
    } while (!cookie); /* 0 is nobody's */
    return (DWORD)cookie;
}

static HRESULT point_add(struct com_point *point, struct com_sink *sink)
{
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&point->lock);
    if (point->closed) {
        hr = CONNECT_E_CANNOTCONNECT;
    } else if (point->count == point->room) {
        size_t room = point->room ? 2 * point->room : 4;
        struct com_sink **sinks = omsp_resize(point->sinks, room * sizeof(*sinks));

        if (sinks) {
            point->sinks = sinks;
            point->room = room;
        } else {
            hr = E_OUTOFMEMORY;
        }
    }
    if (SUCCEEDED(hr)) {
        com_sink_addref(sink);
        point->sinks[point->count++] = sink;
    }
    ReleaseSRWLockExclusive(&point->lock);
    return hr;
}

/* Takes the list's reference over, or answers NULL. Keeps the order of the others. */
static struct com_sink *point_remove(struct com_point *point, DWORD cookie)
{
    struct com_sink *found = NULL;

    AcquireSRWLockExclusive(&point->lock);
    for (size_t i = 0; i < point->count; i++) {
        if (found) {
            point->sinks[i - 1] = point->sinks[i];
        } else if (point->sinks[i]->cookie == cookie) {
            found = point->sinks[i];
        }
    }
    point->count -= found != NULL;
    ReleaseSRWLockExclusive(&point->lock);
    return found;
}

static void tell_gone(struct com_point *point, struct com_sink *sink)
{
    if (point->hooks && point->hooks->unadvise) {
        point->hooks->unadvise(point->owner, sink, sink->context);
    }
}

HRESULT com_point_disconnect(struct com_point *point, DWORD cookie)
{
    struct com_sink *sink = point_remove(point, cookie);

    if (!sink) {
        return CONNECT_E_NOCONNECTION;
    }
    tell_gone(point, sink);
    give_back(point, sink);
    return S_OK;
}

HRESULT com_point_snapshot(struct com_point *point, struct com_sink ***sinks, size_t *count)
{
    HRESULT hr = S_OK;

    *sinks = NULL;
    *count = 0;
    AcquireSRWLockShared(&point->lock);
    if (point->count) {
        *sinks = omsp_zalloc_array(point->count, sizeof(**sinks));
        hr = *sinks ? S_OK : E_OUTOFMEMORY;
    }
    if (*sinks) {
        for (size_t i = 0; i < point->count; i++) {
            com_sink_addref(point->sinks[i]);
            (*sinks)[i] = point->sinks[i];
        }
        *count = point->count;
    }
    ReleaseSRWLockShared(&point->lock);
    return hr;
}

void com_sinks_free(struct com_sink **sinks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        com_sink_release(sinks[i]);
    }
    omsp_free(sinks);
}

void com_point_close(struct com_point *point)
{
    struct com_sink **sinks;
    size_t count;

    AcquireSRWLockExclusive(&point->lock);
    sinks = point->sinks;
    count = point->count;
    point->sinks = NULL;
    point->count = point->room = 0;
    point->closed = true;
    ReleaseSRWLockExclusive(&point->lock);
    for (size_t i = 0; i < count; i++) {
        tell_gone(point, sinks[i]);
    }
    com_sinks_free(sinks, count);
}

/* ---- IConnectionPoint ------------------------------------------------------------------------ */

static struct com_point *point_of(IConnectionPoint *iface)
{
    return CONTAINING_RECORD(iface, struct com_point, iface);
}

static HRESULT STDMETHODCALLTYPE point_QueryInterface(IConnectionPoint *iface, REFIID iid,
                                                      void **out)
{
    struct com_point *point = point_of(iface);

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    if (IsEqualIID(iid, &IID_IMarshal)) {
        return com_ftm_query((IUnknown *)iface, &point->ftm, out);
    }
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IConnectionPoint) &&
        !IsEqualIID(iid, &com_iid_agile_object)) {
        return E_NOINTERFACE;
    }
    IConnectionPoint_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE point_AddRef(IConnectionPoint *iface)
{
    return IUnknown_AddRef(point_of(iface)->owner->outer);
}

static ULONG STDMETHODCALLTYPE point_Release(IConnectionPoint *iface)
{
    return IUnknown_Release(point_of(iface)->owner->outer);
}

static HRESULT STDMETHODCALLTYPE point_GetConnectionInterface(IConnectionPoint *iface, IID *iid)
{
    if (!iid) {
        return E_POINTER;
    }
    *iid = *point_of(iface)->iid;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE point_GetConnectionPointContainer(IConnectionPoint *iface,
                                                                   IConnectionPointContainer **out)
{
    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    return IUnknown_QueryInterface(point_of(iface)->owner->outer, &IID_IConnectionPointContainer,
                                   (void **)out);
}

static HRESULT STDMETHODCALLTYPE point_Advise(IConnectionPoint *iface, IUnknown *unknown,
                                              DWORD *cookie)
{
    struct com_point *point = point_of(iface);
    struct com_sink *sink;
    DWORD reserved;
    HRESULT hr;

    if (!cookie) {
        return E_POINTER;
    }
    *cookie = 0;
    if (!unknown) {
        return E_POINTER;
    }
    if (point->closed) {
        return CONNECT_E_CANNOTCONNECT;
    }
    hr = sink_create(point, unknown, &sink);
    if (FAILED(hr)) {
        return hr;
    }
    sink->cookie = reserved = point_cookie(point);
    if (point->hooks && point->hooks->advise) {
        hr = point->hooks->advise(point->owner, sink, &sink->context);
    }
    if (SUCCEEDED(hr)) {
        hr = point_add(point, sink);
        if (SUCCEEDED(hr)) {
            *cookie = reserved;
        } else {
            tell_gone(point, sink);
        }
    }
    give_back(point, sink);
    return FAILED(hr) ? hr : S_OK;
}

static HRESULT STDMETHODCALLTYPE point_Unadvise(IConnectionPoint *iface, DWORD cookie)
{
    return com_point_disconnect(point_of(iface), cookie);
}

static HRESULT connection_hold(void *to, const void *from)
{
    struct com_sink *sink = *(struct com_sink *const *)from;

    com_sink_addref(sink);
    *(struct com_sink **)to = sink;
    return S_OK;
}

static void connection_drop(void *item)
{
    com_sink_release(*(struct com_sink **)item);
}

static HRESULT connection_get(void *element, const void *item)
{
    struct com_sink *sink = *(struct com_sink *const *)item;
    CONNECTDATA *data = element;
    HRESULT hr = com_sink_get(sink, (void **)&data->pUnk);

    if (FAILED(hr)) { /* its apartment is gone */
        return hr == E_OUTOFMEMORY ? hr : S_FALSE;
    }
    data->dwCookie = sink->cookie;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE point_EnumConnections(IConnectionPoint *iface,
                                                       IEnumConnections **out)
{
    static const struct com_enum_kind kind = {sizeof(struct com_sink *), sizeof(CONNECTDATA),
                                              connection_hold, connection_drop, connection_get};
    struct com_sink **sinks;
    size_t count;
    HRESULT hr;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    hr = com_point_snapshot(point_of(iface), &sinks, &count);
    if (SUCCEEDED(hr)) {
        hr = com_enum_create(&IID_IEnumConnections, COM_ENUM_SKIP_RESET, &kind, sinks, count,
                             (void **)out);
        com_sinks_free(sinks, count);
    }
    return hr;
}

static const IConnectionPointVtbl point_vtable = {
    .QueryInterface = point_QueryInterface,
    .AddRef = point_AddRef,
    .Release = point_Release,
    .GetConnectionInterface = point_GetConnectionInterface,
    .GetConnectionPointContainer = point_GetConnectionPointContainer,
    .Advise = point_Advise,
    .Unadvise = point_Unadvise,
    .EnumConnections = point_EnumConnections,
};

void com_point_init(struct com_point *point, const IID *iid, struct com_object *owner,
                    const struct com_point_hooks *hooks)
{
    *(const void **)&point->iface = &point_vtable;
    point->iid = iid;
    point->owner = owner;
    point->hooks = hooks;
    point->ftm = NULL;
    point->spare = NULL;
    InitializeSRWLock(&point->lock);
    point->sinks = NULL;
    point->count = point->room = 0;
    point->last_cookie = 0;
    point->closed = false;
}

void com_point_fini(struct com_point *point)
{
    com_point_close(point);
    omsp_free(take_spare(point));
    if (point->ftm) {
        IUnknown_Release(point->ftm);
        point->ftm = NULL;
    }
}

/* ---- IConnectionPointContainer --------------------------------------------------------------- */

void com_container_init(struct com_container *container, struct com_point *points, size_t count)
{
    container->points = points;
    container->count = count;
}

HRESULT STDMETHODCALLTYPE com_container_EnumConnectionPoints(IConnectionPointContainer *iface,
                                                             IEnumConnectionPoints **out)
{
    struct com_container *self = CONTAINING_RECORD(iface, struct com_container, iface);
    void **points;
    HRESULT hr;

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    points = omsp_zalloc_array(self->count + 1, sizeof(*points));
    if (!points) {
        return E_OUTOFMEMORY;
    }
    for (size_t i = 0; i < self->count; i++) {
        points[i] = &self->points[i].iface;
    }
    hr = com_enum_interfaces(&IID_IEnumConnectionPoints, COM_ENUM_SKIP_RESET, points, self->count,
                             (void **)out);
    omsp_free(points);
    return hr;
}

HRESULT STDMETHODCALLTYPE com_container_FindConnectionPoint(IConnectionPointContainer *iface,
                                                            REFIID iid, IConnectionPoint **out)
{
    struct com_container *self = CONTAINING_RECORD(iface, struct com_container, iface);

    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    for (size_t i = 0; i < self->count; i++) {
        if (IsEqualIID(iid, self->points[i].iid)) {
            *out = &self->points[i].iface;
            IConnectionPoint_AddRef(*out);
            return S_OK;
        }
    }
    return CONNECT_E_NOCONNECTION;
}
