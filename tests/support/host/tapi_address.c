/*
 * The stand-in's addresses: one for each line of the TSP's table, each aggregating the MSP that the
 * table names. Any thread.
 */
#include "support/host/tapi_objects.h"

#include <stdlib.h>
#include <wchar.h>

const struct tapi_line tapi_lines[TAPI_LINE_COUNT] = {
    {TAPI_LINE_A, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO, &CLSID_OpenMSPAddress},
    {TAPI_LINE_B, TAPIMEDIATYPE_AUDIO, &CLSID_OpenMSPAddress},
    {TAPI_LINE_BARE, TAPIMEDIATYPE_DATAMODEM, NULL},
};

static struct tapi_address *of_face(struct face *face)
{
    return CONTAINING_RECORD(face, struct tapi_address, address);
}

/* ---- ITAddress ------------------------------------------------------------------------------- */

static HRESULT WINAPI address_get_State(struct face *face, ADDRESS_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = of_face(face)->tapi ? AS_INSERVICE : AS_OUTOFSERVICE;
    return S_OK;
}

static HRESULT WINAPI address_get_name(struct face *face, BSTR *out)
{
    if (!out)
        return E_POINTER;
    *out = SysAllocString(of_face(face)->line->name);
    return S_OK;
}

static HRESULT WINAPI address_get_provider(struct face *face, BSTR *out)
{
    (void)face;
    if (!out)
        return E_POINTER;
    *out = SysAllocString(L"OpenMSP's test lines");
    return S_OK;
}

static HRESULT WINAPI address_get_TAPIObject(struct face *face, ITTAPI **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!of_face(face)->tapi)
        return TAPI_E_NOT_INITIALIZED;
    return IUnknown_QueryInterface(&of_face(face)->tapi->outer.iface, &IID_ITTAPI, (void **)out);
}

static HRESULT WINAPI address_CreateCall(struct face *face, BSTR destination, LONG type, LONG media,
                                         ITBasicCallControl **out)
{
    struct tapi_call *call;
    HRESULT hr;

    (void)type;
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!destination)
        return E_POINTER;
    if (!of_face(face)->tapi)
        return TAPI_E_NOT_INITIALIZED;
    hr = tapi_call_create(of_face(face), media, destination, &call);
    if (SUCCEEDED(hr))
        *out = (ITBasicCallControl *)(void *)&call->control;
    return hr;
}

static void *const address_slots[] = {
    FACE_DISPATCH,
    address_get_State,
    address_get_name,
    address_get_provider,
    address_get_TAPIObject,
    address_CreateCall,
    not_2,            /* get_Calls */
    not_2,            /* EnumerateCalls */
    address_get_name, /* get_DialableAddress */
    not_2,            /* CreateForwardInfoObject */
    not_3,            /* Forward */
    not_2,            /* get_CurrentForwardInfo */
    not_2,            /* put_MessageWaiting */
    not_2,            /* get_MessageWaiting */
    not_2,            /* put_DoNotDisturb */
    not_2,            /* get_DoNotDisturb */
};

/* ---- ITMediaSupport -------------------------------------------------------------------------- */

static HRESULT WINAPI media_get_MediaTypes(struct face *face, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = CONTAINING_RECORD(face, struct tapi_address, media)->line->media;
    return S_OK;
}

static HRESULT WINAPI media_QueryMediaType(struct face *face, LONG type, VARIANT_BOOL *out)
{
    LONG media = CONTAINING_RECORD(face, struct tapi_address, media)->line->media;

    if (!out)
        return E_POINTER;
    *out = type && (media & type) == type ? VARIANT_TRUE : VARIANT_FALSE;
    return S_OK;
}

static void *const media_slots[] = {FACE_DISPATCH, media_get_MediaTypes, media_QueryMediaType};

/* ---- life ------------------------------------------------------------------------------------ */

static void *address_own(struct outer *outer, REFIID iid)
{
    struct tapi_address *address = outer->ctx;

    if (IsEqualIID(iid, &IID_ITAddress) || IsEqualIID(iid, &IID_IDispatch))
        return &address->address;
    if (IsEqualIID(iid, &IID_ITMediaSupport))
        return &address->media;
    return NULL;
}

static void address_gone(struct outer *outer)
{
    struct tapi_address *address = outer->ctx;

    if (address->host)
        host_free(address->host);
    InterlockedDecrement(&tapi_object_count);
    free(address);
}

static void dress(struct host *host, void *ctx)
{
    host->outer.own = address_own;
    host->outer.gone = address_gone;
    host->outer.ctx = ctx;
    host->on_event = tapi_translate;
    ((struct tapi_address *)ctx)->outer = &host->outer;
}

struct tapi_address *tapi_address_create(struct tapi *tapi, const struct tapi_line *line)
{
    struct tapi_address *address = calloc(1, sizeof(*address));

    ck_assert_ptr_nonnull(address);
    InterlockedIncrement(&tapi_object_count);
    address->tapi = tapi;
    address->line = line;
    if (line->msp) {
        address->host = host_open_as(line->msp, dress, address);
        ck_assert_ptr_nonnull(address->host);
    } else {
        outer_init(&address->bare);
        address->bare.own = address_own;
        address->bare.gone = address_gone;
        address->bare.ctx = address;
        address->outer = &address->bare;
    }
    address->address = (struct face){address_slots, address->outer};
    address->media = (struct face){media_slots, address->outer};
    return address;
}

void tapi_address_leave(struct tapi_address *address)
{
    address->owners = 0;
    if (address->host)
        host_leave(address->host);
    address->tapi = NULL;
    IUnknown_Release(&address->outer->iface);
}

/* ---- IEnumAddress ---------------------------------------------------------------------------- */

struct addresses {
    struct outer outer;
    struct face face;
    struct tapi_address *list[TAPI_LINE_COUNT];
    ULONG at;
};

static struct addresses *of_list(struct face *face)
{
    return CONTAINING_RECORD(face, struct addresses, face);
}

static HRESULT WINAPI list_Next(struct face *face, ULONG count, ITAddress **out, ULONG *fetched)
{
    struct addresses *list = of_list(face);
    ULONG n = 0;

    if (!out || (!fetched && count != 1))
        return E_POINTER;
    for (; n < count && list->at < TAPI_LINE_COUNT; n++) {
        out[n] = (ITAddress *)(void *)&list->list[list->at++]->address;
        ITAddress_AddRef(out[n]);
    }
    for (ULONG i = n; i < count; i++)
        out[i] = NULL;
    if (fetched)
        *fetched = n;
    return n == count ? S_OK : S_FALSE;
}

static HRESULT WINAPI list_Reset(struct face *face)
{
    of_list(face)->at = 0;
    return S_OK;
}

static HRESULT WINAPI list_Skip(struct face *face, ULONG count)
{
    struct addresses *list = of_list(face);
    ULONG left = TAPI_LINE_COUNT - list->at;

    list->at += count < left ? count : left;
    return count <= left ? S_OK : S_FALSE;
}

static void *list_own(struct outer *outer, REFIID iid)
{
    return IsEqualIID(iid, &IID_IEnumAddress) ? &((struct addresses *)outer->ctx)->face : NULL;
}

static void list_gone(struct outer *outer)
{
    struct addresses *list = outer->ctx;

    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++)
        IUnknown_Release(&list->list[i]->outer->iface);
    InterlockedDecrement(&tapi_object_count);
    free(list);
}

static HRESULT list_create(struct tapi_address *const *members, ULONG at, IEnumAddress **out);

static HRESULT WINAPI list_Clone(struct face *face, IEnumAddress **out)
{
    return out ? list_create(of_list(face)->list, of_list(face)->at, out) : E_POINTER;
}

static void *const list_slots[] = {FACE_UNKNOWN, list_Next, list_Reset, list_Skip, list_Clone};

static HRESULT list_create(struct tapi_address *const *members, ULONG at, IEnumAddress **out)
{
    struct addresses *list = calloc(1, sizeof(*list));

    ck_assert_ptr_nonnull(list);
    InterlockedIncrement(&tapi_object_count);
    outer_init(&list->outer);
    list->outer.own = list_own;
    list->outer.gone = list_gone;
    list->outer.ctx = list;
    list->face = (struct face){list_slots, &list->outer};
    list->at = at;
    for (unsigned i = 0; i < TAPI_LINE_COUNT; i++) {
        list->list[i] = members[i];
        IUnknown_AddRef(&members[i]->outer->iface);
    }
    *out = (IEnumAddress *)(void *)&list->face;
    return S_OK;
}

HRESULT tapi_address_enumerate(struct tapi *tapi, IEnumAddress **out)
{
    return list_create(tapi->lines, 0, out);
}
