/*
 * The stand-in's lists of what TAPI holds: enumerators with TAPI's order of methods, and the
 * collections that scripts walk (Count, Item from 1, _NewEnum). Both are snapshots that hold what
 * they list. Any thread.
 */
#include "support/host/tapi_objects.h"

#include <stdlib.h>
#include <wchar.h>

struct list {
    struct outer outer;
    struct face face;
    const IID *iid;
    ULONG at, count;
    IUnknown *members[]; /* the very interfaces that are handed out; a reference each */
};

static struct list *of_face(struct face *face)
{
    return CONTAINING_RECORD(face, struct list, face);
}

static void *list_own(struct outer *outer, REFIID iid)
{
    struct list *list = outer->ctx;
    bool scripted = IsEqualIID(list->iid, &IID_ITCollection);

    return IsEqualIID(iid, list->iid) || (scripted && IsEqualIID(iid, &IID_IDispatch)) ? &list->face
                                                                                       : NULL;
}

static void list_gone(struct outer *outer)
{
    struct list *list = outer->ctx;

    for (ULONG i = 0; i < list->count; i++)
        IUnknown_Release(list->members[i]);
    InterlockedDecrement(&tapi_object_count);
    free(list);
}

static struct list *create(const IID *iid, void *const *slots, void *const *members, ULONG count,
                           ULONG at)
{
    struct list *list = calloc(1, sizeof(*list) + count * sizeof(list->members[0]));

    ck_assert_ptr_nonnull(list);
    InterlockedIncrement(&tapi_object_count);
    outer_init(&list->outer);
    list->outer.own = list_own;
    list->outer.gone = list_gone;
    list->outer.ctx = list;
    list->face = (struct face){slots, &list->outer};
    list->iid = iid;
    list->at = at;
    list->count = count;
    for (ULONG i = 0; i < count; i++) {
        list->members[i] = members[i];
        IUnknown_AddRef(list->members[i]);
    }
    return list;
}

/* ---- enumerators ----------------------------------------------------------------------------- */

static HRESULT WINAPI enum_Next(struct face *face, ULONG count, IUnknown **out, ULONG *fetched)
{
    struct list *list = of_face(face);
    ULONG n = 0;

    if (!out || (!fetched && count != 1))
        return E_POINTER;
    for (; n < count && list->at < list->count; n++) {
        out[n] = list->members[list->at++];
        IUnknown_AddRef(out[n]);
    }
    for (ULONG i = n; i < count; i++)
        out[i] = NULL;
    if (fetched)
        *fetched = n;
    return n == count ? S_OK : S_FALSE;
}

static HRESULT WINAPI enum_Reset(struct face *face)
{
    of_face(face)->at = 0;
    return S_OK;
}

static HRESULT WINAPI enum_Skip(struct face *face, ULONG count)
{
    struct list *list = of_face(face);
    ULONG left = list->count - list->at;

    list->at += count < left ? count : left;
    return count <= left ? S_OK : S_FALSE;
}

static HRESULT WINAPI enum_Clone(struct face *face, void **out)
{
    struct list *list = of_face(face);

    if (!out)
        return E_POINTER;
    *out = &create(list->iid, list->face.slots, (void *const *)list->members, list->count, list->at)
                ->face;
    return S_OK;
}

static void *const enum_slots[] = {FACE_UNKNOWN, enum_Next, enum_Reset, enum_Skip, enum_Clone};

HRESULT tapi_enumerate(const IID *iid, void *const *members, ULONG count, void *out)
{
    void **to = out;

    if (!to)
        return E_POINTER;
    *to = &create(iid, enum_slots, members, count, 0)->face;
    return S_OK;
}

/* ---- IEnumVARIANT, whose Skip and Reset stand the other way round -----------------------------
 */

static HRESULT WINAPI variants_Next(struct face *face, ULONG count, VARIANT *out, ULONG *fetched)
{
    struct list *list = of_face(face);
    ULONG n = 0;

    if (!out || (!fetched && count != 1))
        return E_POINTER;
    for (; n < count && list->at < list->count; n++) {
        V_VT(&out[n]) = VT_DISPATCH;
        V_DISPATCH(&out[n]) = (IDispatch *)(void *)list->members[list->at++];
        IDispatch_AddRef(V_DISPATCH(&out[n]));
    }
    for (ULONG i = n; i < count; i++)
        V_VT(&out[i]) = VT_EMPTY;
    if (fetched)
        *fetched = n;
    return n == count ? S_OK : S_FALSE;
}

static void *const variant_slots[] = {FACE_UNKNOWN, variants_Next, enum_Skip, enum_Reset,
                                      enum_Clone};

/* ---- ITCollection -----------------------------------------------------------------------------
 */

static HRESULT WINAPI collection_get_Count(struct face *face, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)of_face(face)->count;
    return S_OK;
}

static HRESULT WINAPI collection_get_Item(struct face *face, LONG index, VARIANT *out)
{
    struct list *list = of_face(face);

    if (!out)
        return E_POINTER;
    V_VT(out) = VT_EMPTY;
    if (index < 1 || (ULONG)index > list->count)
        return E_INVALIDARG;
    V_VT(out) = VT_DISPATCH;
    V_DISPATCH(out) = (IDispatch *)(void *)list->members[index - 1];
    IDispatch_AddRef(V_DISPATCH(out));
    return S_OK;
}

static HRESULT WINAPI collection_get__NewEnum(struct face *face, IUnknown **out)
{
    struct list *list = of_face(face);

    if (!out)
        return E_POINTER;
    *out = (IUnknown *)(void *)&create(&IID_IEnumVARIANT, variant_slots,
                                       (void *const *)list->members, list->count, 0)
               ->face;
    return S_OK;
}

static HRESULT WINAPI collection_GetIDsOfNames(struct face *face, REFIID iid, LPOLESTR *names,
                                               UINT count, LCID locale, DISPID *ids)
{
    (void)face, (void)iid, (void)locale;
    if (count != 1)
        return DISP_E_UNKNOWNNAME;
    *ids = !_wcsicmp(names[0], L"Count")      ? 0x60020000
           : !_wcsicmp(names[0], L"Item")     ? DISPID_VALUE
           : !_wcsicmp(names[0], L"_NewEnum") ? DISPID_NEWENUM
                                              : DISPID_UNKNOWN;
    return *ids == DISPID_UNKNOWN ? DISP_E_UNKNOWNNAME : S_OK;
}

static HRESULT WINAPI collection_Invoke(struct face *face, DISPID id, REFIID iid, LCID locale,
                                        WORD flags, DISPPARAMS *params, VARIANT *result,
                                        EXCEPINFO *exception, UINT *bad)
{
    VARIANT unused;

    (void)iid, (void)locale, (void)flags, (void)exception, (void)bad;
    if (!result)
        result = &unused;
    if (id == 0x60020000 && !params->cArgs) {
        V_VT(result) = VT_I4;
        return collection_get_Count(face, &V_I4(result));
    }
    if (id == DISPID_NEWENUM && !params->cArgs) {
        V_VT(result) = VT_UNKNOWN;
        return collection_get__NewEnum(face, &V_UNKNOWN(result));
    }
    if (id == DISPID_VALUE && params->cArgs == 1 && V_VT(params->rgvarg) == VT_I4)
        return collection_get_Item(face, V_I4(params->rgvarg), result);
    return DISP_E_MEMBERNOTFOUND;
}

static void *const collection_slots[] = {
    FACE_UNKNOWN,
    face_type_count,
    not_4, /* GetTypeInfo */
    collection_GetIDsOfNames,
    collection_Invoke,
    collection_get_Count,
    collection_get_Item,
    collection_get__NewEnum,
};

HRESULT tapi_collection(void *const *members, ULONG count, VARIANT *out)
{
    if (!out)
        return E_POINTER;
    V_VT(out) = VT_DISPATCH;
    V_DISPATCH(out) =
        (IDispatch *)(void *)&create(&IID_ITCollection, collection_slots, members, count, 0)->face;
    return S_OK;
}
