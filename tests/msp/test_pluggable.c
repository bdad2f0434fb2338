/*
 * Superclasses and classes of pluggable terminals as the registry has them (mspi.md 3.13): both
 * views, collections and enumerators, every property, what a script sees, bad entries and bad
 * arguments.
 */
#include "msp/registry_kit.h"

#include "msp/pluggable.h"

#define SUPERCLASS L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A01}"
#define NAMELESS   L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A02}"
#define TONE       L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A03}"
#define METER      L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A04}"
#define PICTURE    L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A05}"
#define BOTH       L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A06}"
#define COM_CLASS_ L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A07}"

#define OWN_VIEW   (sizeof(void *) == 8 ? KEY_WOW64_64KEY : KEY_WOW64_32KEY)
#define OTHER_VIEW (sizeof(void *) == 8 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY)

struct bench {
    HANDLE event;
    ITMSPAddress *address;
    ITTerminalSupport2 *support;
};

static void begin(struct bench *bench)
{
    kit_begin();
    registry_forget(SUPERCLASS);
    registry_forget(NAMELESS);
    bench->event = kit_event();
    bench->address = kit_live(bench->event);
    bench->support = kit_query(bench->address, &IID_ITTerminalSupport2);
}

static void end(struct bench *bench)
{
    registry_forget(SUPERCLASS);
    registry_forget(NAMELESS);
    kit_release(bench->support);
    ck_assert_uint_eq(kit_release(bench->address), 0);
    CloseHandle(bench->event);
    kit_end();
}

static void write_all(void)
{
    static const struct registry_entry tone = {TONE,       L"Tone", L"Example", L"1.2",
                                               COM_CLASS_, 1,       0x8008};
    static const struct registry_entry meter = {METER, NULL, NULL, NULL, COM_CLASS_, 2, 8};
    static const struct registry_entry picture = {PICTURE,    L"Picture", NULL,  NULL,
                                                  COM_CLASS_, 2,          0x8000};
    static const struct registry_entry both = {BOTH, L"Both", NULL, NULL, COM_CLASS_, 3, 8};

    registry_superclass(OWN_VIEW, SUPERCLASS, L"Samples");
    registry_superclass(OWN_VIEW, NAMELESS, NULL);
    registry_class(OWN_VIEW, SUPERCLASS, &tone);
    registry_class(OWN_VIEW, SUPERCLASS, &meter);
    registry_class(OWN_VIEW, SUPERCLASS, &picture);
    registry_class(OTHER_VIEW, SUPERCLASS, &both);
}

/* Of a getter's answer; takes the text. */
static bool is_text(HRESULT hr, BSTR *text, const WCHAR *wanted)
{
    bool same = hr == S_OK && *text && !wcscmp(*text, wanted);

    SysFreeString(*text);
    *text = NULL;
    return same;
}

static CLSID guid(const WCHAR *text)
{
    CLSID clsid;

    ck_assert_hr(IIDFromString(text, &clsid), S_OK);
    return clsid;
}

/* The superclass with this GUID, or NULL; and how often it is listed. */
static ITPluggableTerminalSuperclassInfo *find_superclass(struct bench *bench, const WCHAR *wanted,
                                                          unsigned *times)
{
    ITPluggableTerminalSuperclassInfo *info, *found = NULL;
    IEnumPluggableSuperclassInfo *list;

    *times = 0;
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableSuperclasses(bench->support, &list), S_OK);
    while (list->lpVtbl->Next(list, 1, &info, NULL) == S_OK) {
        BSTR text = NULL;
        HRESULT hr = info->lpVtbl->get_CLSID(info, &text);

        if (is_text(hr, &text, wanted)) {
            (*times)++;
            if (!found) {
                found = info;
                continue;
            }
        }
        kit_release(info);
    }
    kit_release(list);
    return found;
}

static ITPluggableTerminalClassInfo *find_class(struct bench *bench, LONG media,
                                                const WCHAR *wanted, unsigned *times)
{
    ITPluggableTerminalClassInfo *info, *found = NULL;
    IEnumPluggableTerminalClassInfo *list;

    *times = 0;
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableTerminalClasses(
                     bench->support, guid(SUPERCLASS), media, &list),
                 S_OK);
    while (list->lpVtbl->Next(list, 1, &info, NULL) == S_OK) {
        BSTR text = NULL;
        HRESULT hr = info->lpVtbl->get_TerminalClass(info, &text);

        if (is_text(hr, &text, wanted)) {
            (*times)++;
            if (!found) {
                found = info;
                continue;
            }
        }
        kit_release(info);
    }
    kit_release(list);
    return found;
}

static LONG count_of(const VARIANT *collection)
{
    ITCollection *items;
    LONG count;

    ck_assert_int_eq(V_VT(collection), VT_DISPATCH);
    items = kit_query(V_DISPATCH(collection), &IID_ITCollection);
    ck_assert_hr(ITCollection_get_Count(items, &count), S_OK);
    kit_release(items);
    return count;
}

START_TEST(class_tables_are_sound)
{
    const char *wrong = com_class_check(&msp_superclass_info_class);

    ck_assert_msg(!wrong, "%s", wrong);
    wrong = com_class_check(&msp_class_info_class);
    ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(superclasses_of_both_views_are_listed_once)
{
    struct bench bench;
    ITPluggableTerminalSuperclassInfo *info;
    BSTR text = (BSTR)&text;
    unsigned times;

    begin(&bench);
    ck_assert_ptr_null(find_superclass(&bench, SUPERCLASS, &times));
    write_all();
    info = find_superclass(&bench, SUPERCLASS, &times);
    ck_assert_ptr_nonnull(info);
    ck_assert_uint_eq(times, 1);
    ck_assert_hr(info->lpVtbl->get_Name(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CLSID(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Name(info, &text), S_OK);
    ck_assert(is_text(S_OK, &text, L"Samples"));
    kit_release(info);
    info = find_superclass(&bench, NAMELESS, &times);
    ck_assert_ptr_nonnull(info);
    ck_assert_hr(info->lpVtbl->get_Name(info, &text), E_UNEXPECTED);
    ck_assert_ptr_null(text);
    kit_release(info);
    end(&bench);
}
END_TEST

START_TEST(a_script_walks_the_superclasses)
{
    struct bench bench;
    VARIANT collection, item;
    DISPID id;
    DISPPARAMS none = {0};
    LPOLESTR name = (LPOLESTR)L"clsid";
    ITCollection *items;
    bool found = false;

    begin(&bench);
    write_all();
    ck_assert_hr(ITTerminalSupport2_get_PluggableSuperclasses(bench.support, &collection), S_OK);
    items = kit_query(V_DISPATCH(&collection), &IID_ITCollection);
    for (LONG i = 1; i <= count_of(&collection); i++) {
        VARIANT result;

        ck_assert_hr(ITCollection_get_Item(items, i, &item), S_OK);
        ck_assert_int_eq(V_VT(&item), VT_DISPATCH);
        ck_assert_hr(IDispatch_GetIDsOfNames(V_DISPATCH(&item), &IID_NULL, &name, 1, 0, &id), S_OK);
        ck_assert_int_eq(id, 2);
        VariantInit(&result);
        ck_assert_hr(IDispatch_Invoke(V_DISPATCH(&item), id, &IID_NULL, 0, DISPATCH_PROPERTYGET,
                                      &none, &result, NULL, NULL),
                     S_OK);
        ck_assert_int_eq(V_VT(&result), VT_BSTR);
        found |= !wcscmp(V_BSTR(&result), SUPERCLASS);
        VariantClear(&result);
        VariantClear(&item);
    }
    ck_assert(found);
    kit_release(items);
    VariantClear(&collection);
    end(&bench);
}
END_TEST

START_TEST(classes_tell_all_that_the_registry_says)
{
    struct bench bench;
    ITPluggableTerminalClassInfo *info;
    TERMINAL_DIRECTION direction;
    BSTR text = NULL;
    LONG media;
    unsigned times;

    begin(&bench);
    write_all();
    info = find_class(&bench, TAPIMEDIATYPE_AUDIO, TONE, &times);
    ck_assert_ptr_nonnull(info);
    ck_assert_uint_eq(times, 1);
    ck_assert(is_text(info->lpVtbl->get_Name(info, &text), &text, L"Tone"));
    ck_assert(is_text(info->lpVtbl->get_Company(info, &text), &text, L"Example"));
    ck_assert(is_text(info->lpVtbl->get_Version(info, &text), &text, L"1.2"));
    ck_assert(is_text(info->lpVtbl->get_TerminalClass(info, &text), &text, TONE));
    ck_assert(is_text(info->lpVtbl->get_CLSID(info, &text), &text, COM_CLASS_));
    ck_assert_hr(info->lpVtbl->get_Direction(info, &direction), S_OK);
    ck_assert_int_eq(direction, TD_CAPTURE);
    ck_assert_hr(info->lpVtbl->get_MediaTypes(info, &media), S_OK);
    ck_assert_int_eq(media, 0x8008);
    ck_assert_hr(info->lpVtbl->get_Name(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Company(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Version(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_TerminalClass(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_CLSID(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_Direction(info, NULL), E_POINTER);
    ck_assert_hr(info->lpVtbl->get_MediaTypes(info, NULL), E_POINTER);
    kit_release(info);

    info = find_class(&bench, TAPIMEDIATYPE_AUDIO, METER, &times);
    ck_assert_ptr_nonnull(info);
    ck_assert_hr(info->lpVtbl->get_Name(info, &text), E_UNEXPECTED);
    ck_assert_ptr_null(text);
    ck_assert_hr(info->lpVtbl->get_Company(info, &text), E_UNEXPECTED);
    ck_assert_hr(info->lpVtbl->get_Version(info, &text), E_UNEXPECTED);
    kit_release(info);
    end(&bench);
}
END_TEST

START_TEST(the_registrys_directions_become_tapis)
{
    static const struct {
        const WCHAR *class;
        LONG media;
        TERMINAL_DIRECTION direction;
    } cases[] = {{TONE, 8, TD_CAPTURE}, {METER, 8, TD_RENDER}, {BOTH, 8, TD_BIDIRECTIONAL}};
    struct bench bench;

    begin(&bench);
    write_all();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TERMINAL_DIRECTION direction;
        unsigned times;
        ITPluggableTerminalClassInfo *info =
            find_class(&bench, cases[i].media, cases[i].class, &times);

        ck_assert_ptr_nonnull(info);
        ck_assert_hr(info->lpVtbl->get_Direction(info, &direction), S_OK);
        ck_assert_int_eq(direction, cases[i].direction);
        kit_release(info);
    }
    end(&bench);
}
END_TEST

START_TEST(classes_are_listed_by_medium_as_collection_and_enumerator)
{
    struct bench bench;
    ITPluggableTerminalClassInfo *info;
    BSTR superclass = SysAllocString(SUPERCLASS), other = SysAllocString(NAMELESS);
    VARIANT collection;
    unsigned times;

    begin(&bench);
    write_all();
    ck_assert_hr(ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, superclass,
                                                                 TAPIMEDIATYPE_AUDIO, &collection),
                 S_OK);
    ck_assert_int_eq(count_of(&collection), 3);
    VariantClear(&collection);
    ck_assert_hr(ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, superclass,
                                                                 TAPIMEDIATYPE_VIDEO, &collection),
                 S_OK);
    ck_assert_int_eq(count_of(&collection), 2);
    VariantClear(&collection);
    ck_assert_hr(ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, other,
                                                                 TAPIMEDIATYPE_AUDIO, &collection),
                 S_OK);
    ck_assert_int_eq(count_of(&collection), 0);
    VariantClear(&collection);
    ck_assert_ptr_null(find_class(&bench, TAPIMEDIATYPE_AUDIO, PICTURE, &times));
    info = find_class(&bench, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO, PICTURE, &times);
    ck_assert_ptr_nonnull(info);
    kit_release(info);
    SysFreeString(other);
    SysFreeString(superclass);
    end(&bench);
}
END_TEST

START_TEST(entries_nobody_could_make_a_terminal_of_are_passed_over)
{
    static const struct registry_entry bad[] = {
        {L"no guid", L"a", NULL, NULL, COM_CLASS_, 1, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2A0}", L"b", NULL, NULL, COM_CLASS_, 1, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2B01}", L"c", NULL, NULL, NULL, 1, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2B02}", L"d", NULL, NULL, L"Some.ProgID", 1, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2B03}", L"e", NULL, NULL, COM_CLASS_, 0, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2B04}", L"f", NULL, NULL, COM_CLASS_, 4, 8},
        {L"{5B0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2B05}", L"g", NULL, NULL, COM_CLASS_, 1, 0},
    };
    struct bench bench;
    BSTR superclass = SysAllocString(SUPERCLASS);
    VARIANT collection;
    WCHAR long_name[200];

    begin(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        registry_class(OWN_VIEW, SUPERCLASS, &bad[i]);
    for (unsigned i = 0; i < 150; i++)
        long_name[i] = L'x';
    long_name[150] = 0;
    registry_superclass(OWN_VIEW, long_name, L"long");
    ck_assert_hr(ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, superclass,
                                                                 TAPIMEDIATYPE_AUDIO, &collection),
                 S_OK);
    ck_assert_int_eq(count_of(&collection), 0);
    VariantClear(&collection);
    registry_forget(long_name);
    SysFreeString(superclass);
    end(&bench);
}
END_TEST

START_TEST(bad_arguments_are_refused_in_order)
{
    struct bench bench;
    IEnumPluggableTerminalClassInfo *classes = (void *)&classes;
    IEnumPluggableSuperclassInfo *superclasses = (void *)&superclasses;
    BSTR superclass = SysAllocString(SUPERCLASS), bad = SysAllocString(L"OpenMSP.Address");
    VARIANT collection;

    begin(&bench);
    ck_assert_hr(
        ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, bad, 8, &collection),
        E_INVALIDARG);
    ck_assert_int_eq(V_VT(&collection), VT_EMPTY);
    ck_assert_hr(
        ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, NULL, 8, &collection),
        E_INVALIDARG);
    ck_assert_hr(
        ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, superclass, 0, &collection),
        E_INVALIDARG);
    ck_assert_hr(
        ITTerminalSupport2_get_PluggableTerminalClasses(bench.support, superclass, 1, &collection),
        E_INVALIDARG);
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableTerminalClasses(
                     bench.support, guid(SUPERCLASS), 0x40000000, &classes),
                 E_INVALIDARG);
    ck_assert_ptr_null(classes);
    ck_assert_hr(bench.address->lpVtbl->Shutdown(bench.address), S_OK);
    ck_assert_hr(ITTerminalSupport2_get_PluggableSuperclasses(bench.support, NULL), E_POINTER);
    ck_assert_hr(ITTerminalSupport2_get_PluggableSuperclasses(bench.support, &collection),
                 E_UNEXPECTED);
    ck_assert_int_eq(V_VT(&collection), VT_EMPTY);
    ck_assert_hr(ITTerminalSupport2_EnumeratePluggableSuperclasses(bench.support, &superclasses),
                 E_UNEXPECTED);
    ck_assert_ptr_null(superclasses);
    SysFreeString(bad);
    SysFreeString(superclass);
    end(&bench);
}
END_TEST

static void list_classes(void *ctx)
{
    struct bench *bench = ctx;
    IEnumPluggableTerminalClassInfo *list;
    HRESULT hr = ITTerminalSupport2_EnumeratePluggableTerminalClasses(
        bench->support, guid(SUPERCLASS), TAPIMEDIATYPE_AUDIO, &list);

    ck_assert_hr(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    if (list)
        kit_release(list);
}

START_TEST(every_failing_allocation_is_out_of_memory)
{
    struct bench bench;

    begin(&bench);
    write_all();
    ck_assert_int_gt(omsp_test_alloc_walk(list_classes, &bench), 0);
    end(&bench);
}
END_TEST

OMSP_SUITE("pluggable", TEST(class_tables_are_sound),
           TEST(superclasses_of_both_views_are_listed_once), TEST(a_script_walks_the_superclasses),
           TEST(classes_tell_all_that_the_registry_says),
           TEST(the_registrys_directions_become_tapis),
           TEST(classes_are_listed_by_medium_as_collection_and_enumerator),
           TEST(entries_nobody_could_make_a_terminal_of_are_passed_over),
           TEST(bad_arguments_are_refused_in_order),
           TEST(every_failing_allocation_is_out_of_memory))
