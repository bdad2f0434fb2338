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

/* Those that live, counted; how many. */
static ULONG calls_of(struct tapi_address *address, void **out)
{
    ULONG count =
        address->tapi ? tapi_hold_calls(address->tapi, address, (struct tapi_call **)out) : 0;

    for (ULONG i = 0; i < count; i++)
        out[i] = &((struct tapi_call *)out[i])->info;
    return count;
}

static void let_go(void *const *members, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        face_release(members[i]);
}

static HRESULT WINAPI address_get_Calls(struct face *face, VARIANT *out)
{
    void *members[TAPI_MAX_CALLS];
    ULONG count;
    HRESULT hr;

    if (!of_face(face)->tapi)
        return TAPI_E_NOT_INITIALIZED;
    count = calls_of(of_face(face), members);
    hr = tapi_collection(members, count, out);
    let_go(members, count);
    return hr;
}

static HRESULT WINAPI address_EnumerateCalls(struct face *face, IEnumCall **out)
{
    void *members[TAPI_MAX_CALLS];
    ULONG count;
    HRESULT hr;

    if (!of_face(face)->tapi)
        return TAPI_E_NOT_INITIALIZED;
    count = calls_of(of_face(face), members);
    hr = tapi_enumerate(&IID_IEnumCall, members, count, out);
    let_go(members, count);
    return hr;
}

static void *const address_slots[] = {
    FACE_DISPATCH,
    address_get_State,
    address_get_name,
    address_get_provider,
    address_get_TAPIObject,
    address_CreateCall,
    address_get_Calls,
    address_EnumerateCalls,
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
