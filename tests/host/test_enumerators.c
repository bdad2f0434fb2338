/*
 * Every enumerator and every collection that the address, a call, a stream and a file terminal hand
 * out, each held against the same rules. The enumerators' vtables are alike, so that one walk
 * serves all; elements are interfaces or GUIDs.
 */
#include "support/host.h"

#include <objsafe.h>

#include <stdlib.h>
#include <string.h>

#define MORE 64 /* more than any list here has */

/* What all of them have behind IUnknown. */
struct any_enumerator;
struct any_methods {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(struct any_enumerator *, REFIID, void **);
    ULONG(STDMETHODCALLTYPE *AddRef)(struct any_enumerator *);
    ULONG(STDMETHODCALLTYPE *Release)(struct any_enumerator *);
    HRESULT(STDMETHODCALLTYPE *Next)(struct any_enumerator *, ULONG, void *, ULONG *);
    HRESULT(STDMETHODCALLTYPE *Reset)(struct any_enumerator *);
    HRESULT(STDMETHODCALLTYPE *Skip)(struct any_enumerator *, ULONG);
    HRESULT(STDMETHODCALLTYPE *Clone)(struct any_enumerator *, struct any_enumerator **);
};
struct any_enumerator {
    const struct any_methods *methods;
};

struct kind {
    const char *name;
    REFIID iid;
    size_t element; /* bytes */
    bool interfaces;
    LONG at_least;
};

/* The list once, its elements released again; answers how many. Their bytes are left in `out`. */
static ULONG list(struct any_enumerator *all, const struct kind *kind, BYTE *out)
{
    ULONG fetched = 777;

    memset(out, 0xA5, MORE * kind->element);
    ck_assert_hr(all->methods->Next(all, MORE, out, &fetched), S_FALSE);
    ck_assert_uint_lt(fetched, MORE);
    for (ULONG i = 0; kind->interfaces && i < MORE; i++) {
        IUnknown *element = ((IUnknown **)(void *)out)[i];

        ck_assert_int_eq(element != NULL, i < fetched); /* what is not there is NULL */
        if (element)
            kit_release(element);
    }
    return fetched;
}

static void walk(void *enumerator, const struct kind *kind)
{
    static BYTE once[MORE * sizeof(GUID)], again[MORE * sizeof(GUID)];
    struct any_enumerator *all = enumerator, *clone = NULL;
    const struct any_methods *methods = all->methods;
    IUnknown *same = kit_query(all, kind->iid);
    BYTE one[sizeof(GUID)];
    ULONG fetched = 777, count;

    ck_assert_msg((void *)same == (void *)all, "%s has not its own IID", kind->name);
    kit_release(same);
    kit_release(kit_query(all, &IID_IMarshal));
    count = list(all, kind, once);
    ck_assert_msg((LONG)count >= kind->at_least, "%s has %lu", kind->name, count);

    /* Nothing wanted; nothing left. */
    ck_assert_hr(methods->Next(all, 0, one, &fetched), S_OK);
    ck_assert_uint_eq(fetched, 0);
    ck_assert_hr(methods->Next(all, 1, one, NULL), S_FALSE);
    ck_assert_hr(methods->Skip(all, 1), S_FALSE);

    /* Pointers. */
    ck_assert_hr(methods->Reset(all), S_OK);
    ck_assert_hr(methods->Next(all, 1, NULL, &fetched), E_POINTER);
    ck_assert_hr(methods->Next(all, 2, once, NULL), E_POINTER);
    ck_assert_hr(methods->Clone(all, NULL), E_POINTER);

    /* One by one without a count; the clone stays where it was made. */
    for (ULONG i = 0; i < count; i++) {
        ck_assert_hr(methods->Next(all, 1, one, NULL), S_OK);
        ck_assert_int_eq(memcmp(one, once + i * kind->element, kind->element), 0);
        if (kind->interfaces)
            kit_release(*(IUnknown **)(void *)one);
        if (!i)
            ck_assert_hr(methods->Clone(all, &clone), S_OK);
    }
    if (count) {
        ck_assert_uint_eq(list(clone, kind, again), count - 1);
        ck_assert_int_eq(memcmp(again, once + kind->element, (count - 1) * kind->element), 0);
        ck_assert_hr(methods->Reset(clone), S_OK);
        ck_assert_hr(methods->Skip(clone, count - 1), S_OK);
        ck_assert_uint_eq(list(clone, kind, again), 1);
        ck_assert_hr(methods->Reset(clone), S_OK);
        ck_assert_hr(methods->Skip(clone, count), S_OK);
        ck_assert_hr(methods->Reset(clone), S_OK);
        ck_assert_hr(methods->Skip(clone, count + 1), S_FALSE);
        ck_assert_uint_eq(list(clone, kind, again), 0);
        ck_assert_uint_eq(kit_release(clone), 0);
    }
    ck_assert_uint_eq(kit_release(all), 0);
}

static void collect(VARIANT variant, LONG at_least, VARTYPE elements)
{
    static const IID safety = {
        0xCB5BDC81, 0x93C1, 0x11CF, {0x8F, 0x20, 0x00, 0x80, 0x5F, 0x2C, 0xD0, 0x64}};
    ITCollection *collection;
    IObjectSafety *safe;
    IUnknown *unknown = NULL;
    IEnumVARIANT *each;
    VARIANT item;
    DWORD supported = 0, enabled = 7;
    LONG count = -1;
    void *none = &none;

    ck_assert_int_eq(V_VT(&variant), VT_DISPATCH);
    collection = kit_query(V_DISPATCH(&variant), &IID_ITCollection);
    ck_assert_hr(ITCollection_get_Count(collection, NULL), E_POINTER);
    ck_assert_hr(ITCollection_get_Count(collection, &count), S_OK);
    ck_assert_int_ge(count, at_least);
    for (LONG i = -1; i <= count + 1; i++) {
        V_VT(&item) = 0x7777; /* not to be cleared */
        ck_assert_hr(ITCollection_get_Item(collection, i, &item),
                     i >= 1 && i <= count ? S_OK : E_INVALIDARG);
        ck_assert_int_eq(V_VT(&item), i >= 1 && i <= count ? elements : VT_EMPTY);
        VariantClear(&item);
    }
    ck_assert_hr(ITCollection_get_Item(collection, 1, NULL), E_POINTER);
    ck_assert_hr(ITCollection_get__NewEnum(collection, NULL), E_POINTER);
    ck_assert_hr(ITCollection_get__NewEnum(collection, &unknown), S_OK);
    each = kit_query(unknown, &IID_IEnumVARIANT);
    for (LONG i = 0; i < count; i++) {
        ck_assert_hr(IEnumVARIANT_Next(each, 1, &item, NULL), S_OK);
        ck_assert_int_eq(V_VT(&item), elements);
        VariantClear(&item);
    }
    ck_assert_hr(IEnumVARIANT_Next(each, 1, &item, NULL), S_FALSE);
    kit_release(each), kit_release(unknown);

    ck_assert_hr(ITCollection_QueryInterface(collection, &IID_ITCollection2, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    safe = kit_query(collection, &safety);
    ck_assert_hr(
        safe->lpVtbl->GetInterfaceSafetyOptions(safe, &IID_ITCollection, &supported, &enabled),
        S_OK);
    ck_assert_uint_eq(supported,
                      INTERFACESAFE_FOR_UNTRUSTED_CALLER | INTERFACESAFE_FOR_UNTRUSTED_DATA);
    ck_assert_uint_eq(enabled, 0);
    kit_release(safe), kit_release(collection);
    VariantClear(&variant);
}

/* A call with a recorder's track selected. */
struct scene {
    struct host *host;
    struct host_call *call;
    struct host_file recorder;
    ITTerminalSupport2 *support;
    ITMultiTrackTerminal *tracks;
};

static void begin(struct scene *scene)
{
    scene->host = host_open(true);
    scene->call = host_call_open(scene->host, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    host_recorder(scene->host, L"enumerated.wav", &scene->recorder);
    ck_assert_hr(ITStream_SelectTerminal(scene->call->streams[HOST_RENDER], scene->recorder.track),
                 S_OK);
    scene->support = kit_query(scene->host->terminals, &IID_ITTerminalSupport2);
    scene->tracks = kit_query(scene->recorder.terminal, &IID_ITMultiTrackTerminal);
}

static void end(struct scene *scene)
{
    kit_release(scene->tracks), kit_release(scene->support);
    host_file_close(&scene->recorder);
    host_call_close(scene->call);
    host_close(scene->host);
}

#define FILE_SUPERCLASS L"{B4790031-56DB-4D3E-88C8-6FFAAFA08A91}"

START_TEST(each_kind_walks_by_the_same_rules)
{
    static const struct kind streams = {"streams", &IID_IEnumStream, sizeof(void *), true, 4},
                             terminals = {"terminals", &IID_IEnumTerminal, sizeof(void *), true, 1},
                             classes = {"classes", &IID_IEnumTerminalClass, sizeof(GUID), false, 5},
                             devices = {"devices", &IID_IEnumTerminal, sizeof(void *), true, 0},
                             supers = {"superclasses", &IID_IEnumPluggableSuperclassInfo,
                                       sizeof(void *), true, 0},
                             plugs = {"pluggable classes", &IID_IEnumPluggableTerminalClassInfo,
                                      sizeof(void *), true, 0};
    struct scene scene;
    IEnumStream *of_streams;
    IEnumTerminal *of_terminals;
    IEnumTerminalClass *of_classes;
    IEnumPluggableSuperclassInfo *of_supers;
    IEnumPluggableTerminalClassInfo *of_plugs;
    CLSID superclass;

    begin(&scene);
    ck_assert_hr(ITStreamControl_EnumerateStreams(scene.call->control, &of_streams), S_OK);
    walk(of_streams, &streams);
    ck_assert_hr(ITStream_EnumerateTerminals(scene.call->streams[HOST_RENDER], &of_terminals),
                 S_OK);
    walk(of_terminals, &terminals);
    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(scene.tracks, &of_terminals), S_OK);
    walk(of_terminals, &terminals);
    ck_assert_hr(ITTerminalSupport_EnumerateStaticTerminals(scene.host->terminals, &of_terminals),
                 S_OK);
    walk(of_terminals, &devices);
    ck_assert_hr(
        ITTerminalSupport_EnumerateDynamicTerminalClasses(scene.host->terminals, &of_classes),
        S_OK);
    walk(of_classes, &classes);
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableSuperclasses(scene.support, &of_supers),
                 S_OK);
    walk(of_supers, &supers);
    ck_assert_hr(CLSIDFromString(FILE_SUPERCLASS, &superclass), S_OK);
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableTerminalClasses(
                     scene.support, superclass, TAPIMEDIATYPE_AUDIO, &of_plugs),
                 S_OK);
    walk(of_plugs, &plugs);
    end(&scene);
}
END_TEST

/* Every getter of a collection, over a variant that was never initialised. */
static void each_collection(struct scene *scene)
{
    BSTR superclass = SysAllocString(FILE_SUPERCLASS);
    VARIANT variant;

    memset(&variant, 0x7B, sizeof(variant)); /* VariantClear would follow a wild pointer */
    ck_assert_hr(ITStreamControl_get_Streams(scene->call->control, &variant), S_OK);
    collect(variant, 4, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITStream_get_Terminals(scene->call->streams[HOST_RENDER], &variant), S_OK);
    collect(variant, 1, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITStream_get_Terminals(scene->call->streams[HOST_CAPTURE], &variant), S_OK);
    collect(variant, 0, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITMultiTrackTerminal_get_TrackTerminals(scene->tracks, &variant), S_OK);
    collect(variant, 1, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITTerminalSupport_get_StaticTerminals(scene->host->terminals, &variant), S_OK);
    collect(variant, 0, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITTerminalSupport_get_DynamicTerminalClasses(scene->host->terminals, &variant),
                 S_OK);
    collect(variant, 3, VT_BSTR);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITTerminalSupport2_get_PluggableSuperclasses(scene->support, &variant), S_OK);
    collect(variant, 0, VT_DISPATCH);
    memset(&variant, 0x7B, sizeof(variant));
    ck_assert_hr(ITTerminalSupport2_get_PluggableTerminalClasses(scene->support, superclass,
                                                                 TAPIMEDIATYPE_AUDIO, &variant),
                 S_OK);
    collect(variant, 0, VT_DISPATCH);
    SysFreeString(superclass);
}

START_TEST(a_collections_variant_may_hold_garbage_before)
{
    struct scene scene;

    begin(&scene);
    each_collection(&scene);
    end(&scene);
}
END_TEST

START_TEST(collections_are_read_only_and_safe)
{
    struct scene scene;
    VARIANT variant;
    DISPID id = 0;
    WCHAR add[] = L"Add", *names[1] = {add};

    begin(&scene);
    each_collection(&scene); /* no ITCollection2, IObjectSafety of all */
    ck_assert_hr(ITStreamControl_get_Streams(scene.call->control, &variant), S_OK);
    ck_assert_hr(IDispatch_GetIDsOfNames(V_DISPATCH(&variant), &IID_NULL, names, 1, 0, &id),
                 DISP_E_UNKNOWNNAME);
    VariantClear(&variant);
    end(&scene);
}
END_TEST

OMSP_SUITE("enumerators", TEST(each_kind_walks_by_the_same_rules),
           TEST(a_collections_variant_may_hold_garbage_before),
           TEST(collections_are_read_only_and_safe))
