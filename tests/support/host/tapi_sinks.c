/*
 * The connection points of the stand-in's TAPI object: one for ITTAPIEventNotification, one for
 * scripts. Any thread; sinks are called without a lock.
 */
#include "support/host/tapi_objects.h"

#include <olectl.h>
#include <stdlib.h>

static struct tapi *of_container(struct face *face)
{
    return CONTAINING_RECORD(face, struct tapi, container);
}

static struct tapi *of_point(struct face *face, bool *script)
{
    struct tapi *tapi = face->outer->ctx;

    *script = face == &tapi->points[1];
    return tapi;
}

static HRESULT WINAPI container_Find(struct face *face, REFIID iid, IConnectionPoint **out)
{
    struct tapi *tapi = of_container(face);
    struct face *point = NULL;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (IsEqualIID(iid, &IID_ITTAPIEventNotification))
        point = &tapi->points[0];
    if (IsEqualIID(iid, &DIID_ITTAPIDispatchEventNotification))
        point = &tapi->points[1];
    if (!point)
        return CONNECT_E_NOCONNECTION;
    face_add(point);
    *out = (IConnectionPoint *)(void *)point;
    return S_OK;
}

/* A point is no interface of the object: it answers for itself alone. */
static HRESULT WINAPI point_query(struct face *face, REFIID iid, void **out)
{
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IConnectionPoint) ? face : NULL;
    if (!*out)
        return E_NOINTERFACE;
    face_add(face);
    return S_OK;
}

static HRESULT WINAPI point_Interface(struct face *face, IID *out)
{
    bool script;

    if (!out)
        return E_POINTER;
    of_point(face, &script);
    *out = script ? DIID_ITTAPIDispatchEventNotification : IID_ITTAPIEventNotification;
    return S_OK;
}

static HRESULT WINAPI point_Container(struct face *face, IConnectionPointContainer **out)
{
    return face_query(face, &IID_IConnectionPointContainer, (void **)out);
}

static void free_sink(struct tapi_sink *sink)
{
    if (sink->custom)
        ITTAPIEventNotification_Release(sink->custom);
    if (sink->script)
        IDispatch_Release(sink->script);
    free(sink);
}

static HRESULT WINAPI point_Advise(struct face *face, IUnknown *given, DWORD *cookie)
{
    struct tapi_sink *sink;
    struct tapi *tapi;
    bool script;
    HRESULT hr;

    if (!given || !cookie)
        return E_POINTER;
    *cookie = 0;
    tapi = of_point(face, &script);
    sink = calloc(1, sizeof(*sink));
    ck_assert_ptr_nonnull(sink);
    hr = script
             ? IUnknown_QueryInterface(given, &IID_IDispatch, (void **)&sink->script)
             : IUnknown_QueryInterface(given, &IID_ITTAPIEventNotification, (void **)&sink->custom);
    if (FAILED(hr)) {
        free(sink);
        return CONNECT_E_CANNOTCONNECT;
    }
    sink->refs = 1;
    AcquireSRWLockExclusive(&tapi->lock);
    *cookie = sink->cookie = ++tapi->cookies;
    sink->next = tapi->sinks;
    tapi->sinks = sink;
    ReleaseSRWLockExclusive(&tapi->lock);
    return S_OK;
}

static HRESULT remove_sink(struct tapi *tapi, DWORD cookie)
{
    struct tapi_sink *sink = NULL;
    bool last = false;

    AcquireSRWLockExclusive(&tapi->lock);
    for (struct tapi_sink **at = &tapi->sinks; *at; at = &(*at)->next)
        if ((*at)->cookie == cookie) {
            sink = *at;
            *at = sink->next;
            last = !--sink->refs;
            break;
        }
    ReleaseSRWLockExclusive(&tapi->lock);
    if (last)
        free_sink(sink);
    return sink ? S_OK : CONNECT_E_NOCONNECTION;
}

static HRESULT WINAPI point_Unadvise(struct face *face, DWORD cookie)
{
    bool script;

    return remove_sink(of_point(face, &script), cookie);
}

static void *const container_slots[] = {FACE_UNKNOWN, not_2 /* EnumConnectionPoints */,
                                        container_Find};
static void *const point_slots[] = {
    point_query,     face_add,     face_release,   point_Interface,
    point_Container, point_Advise, point_Unadvise, not_2 /* EnumConnections */};

void tapi_points_init(struct tapi *tapi)
{
    tapi->container = (struct face){container_slots, &tapi->outer};
    tapi->points[0] = tapi->points[1] = (struct face){point_slots, &tapi->outer};
}

void tapi_points_close(struct tapi *tapi)
{
    while (tapi->sinks)
        remove_sink(tapi, tapi->sinks->cookie);
}

static void call_sink(struct tapi_sink *sink, TAPI_EVENT kind, IDispatch *event)
{
    VARIANT arguments[2];
    DISPPARAMS params = {arguments, NULL, 2, 0};

    if (sink->custom) {
        ITTAPIEventNotification_Event(sink->custom, kind, event);
        return;
    }
    V_VT(&arguments[1]) = VT_I4; /* last argument first */
    V_I4(&arguments[1]) = (LONG)kind;
    V_VT(&arguments[0]) = VT_DISPATCH;
    V_DISPATCH(&arguments[0]) = event;
    IDispatch_Invoke(sink->script, 1, &IID_NULL, LOCALE_NEUTRAL, DISPATCH_METHOD, &params, NULL,
                     NULL, NULL);
}

void tapi_sinks_call(struct tapi *tapi, TAPI_EVENT kind, IDispatch *event)
{
    DWORD done = 0;

    for (;
         ;) { /* the list may change while a sink is called: by cookie, the lowest not yet called */
        struct tapi_sink *sink = NULL;
        bool last;

        AcquireSRWLockExclusive(&tapi->lock);
        for (struct tapi_sink *at = tapi->sinks; at; at = at->next)
            if (at->cookie > done && (!sink || at->cookie < sink->cookie))
                sink = at;
        if (sink)
            sink->refs++;
        ReleaseSRWLockExclusive(&tapi->lock);
        if (!sink)
            return;
        done = sink->cookie;
        call_sink(sink, kind, event);
        AcquireSRWLockExclusive(&tapi->lock);
        last = !--sink->refs;
        ReleaseSRWLockExclusive(&tapi->lock);
        if (last)
            free_sink(sink);
    }
}
