/* Enumerators and collections. */
#include "sample.c"

#include "com/collection.h"
#include "com/enumerator.h"

#include <limits.h>

/* TAPI's order of methods; IEnumUnknown has the other. */
typedef struct IEnumResetFirst IEnumResetFirst;
typedef struct IEnumResetFirstVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IEnumResetFirst *iface, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(IEnumResetFirst *iface);
    ULONG(STDMETHODCALLTYPE *Release)(IEnumResetFirst *iface);
    HRESULT(STDMETHODCALLTYPE *Next)(IEnumResetFirst *iface, ULONG count, void *to, ULONG *fetched);
    HRESULT(STDMETHODCALLTYPE *Reset)(IEnumResetFirst *iface);
    HRESULT(STDMETHODCALLTYPE *Skip)(IEnumResetFirst *iface, ULONG count);
    HRESULT(STDMETHODCALLTYPE *Clone)(IEnumResetFirst *iface, IEnumResetFirst **out);
} IEnumResetFirstVtbl;
struct IEnumResetFirst {
    const IEnumResetFirstVtbl *lpVtbl;
};

enum { COUNT = 3 };

static void make_all(ISample *samples[COUNT])
{
    for (int i = 0; i < COUNT; i++) {
        samples[i] = sample_make();
    }
}

static void drop_all(ISample *samples[COUNT])
{
    for (int i = 0; i < COUNT; i++) {
        sample_drop(samples[i]);
    }
}

static IEnumResetFirst *enumerate(ISample *samples[COUNT], size_t count)
{
    IEnumResetFirst *out;

    ck_assert_int_eq(com_enum_interfaces(&IID_IWords, COM_ENUM_RESET_SKIP, (void **)samples, count,
                                         (void **)&out),
                     S_OK);
    return out;
}

START_TEST(next_delivers_counts_and_says_when_there_are_fewer)
{
    ISample *samples[COUNT], *got[COUNT + 1];
    IEnumResetFirst *all;
    ULONG fetched = 9;

    make_all(samples);
    all = enumerate(samples, COUNT);
    ck_assert_int_eq(all->lpVtbl->Next(all, 2, got, &fetched), S_OK);
    ck_assert_uint_eq(fetched, 2);
    ck_assert_ptr_eq(got[0], samples[0]);
    ck_assert_ptr_eq(got[1], samples[1]);
    got[0]->lpVtbl->Release(got[0]);
    got[1]->lpVtbl->Release(got[1]);
    got[1] = got[2] = samples[0];
    ck_assert_int_eq(all->lpVtbl->Next(all, 3, got, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 1);
    ck_assert_ptr_eq(got[0], samples[2]);
    ck_assert_ptr_null(got[1]);
    ck_assert_ptr_null(got[2]);
    got[0]->lpVtbl->Release(got[0]);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, got, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 0);
    ck_assert_ptr_null(got[0]);
    ck_assert_uint_eq(all->lpVtbl->Release(all), 0);
    drop_all(samples);
}
END_TEST

START_TEST(one_element_needs_no_count_and_more_do)
{
    ISample *samples[COUNT], *got[COUNT];
    IEnumResetFirst *all;
    ULONG fetched = 9;

    make_all(samples);
    all = enumerate(samples, COUNT);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, got, NULL), S_OK);
    got[0]->lpVtbl->Release(got[0]);
    ck_assert_int_eq(all->lpVtbl->Next(all, 2, got, NULL), E_POINTER);
    ck_assert_int_eq(all->lpVtbl->Next(all, 0, got, NULL), E_POINTER);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, NULL, &fetched), E_POINTER);
    ck_assert_uint_eq(fetched, 0);
    fetched = 9;
    ck_assert_int_eq(all->lpVtbl->Next(all, 0, NULL, &fetched), S_OK);
    ck_assert_uint_eq(fetched, 0);
    ck_assert_int_eq(all->lpVtbl->Next(all, 2, got, &fetched), S_OK); /* nothing was lost */
    got[0]->lpVtbl->Release(got[0]);
    got[1]->lpVtbl->Release(got[1]);
    all->lpVtbl->Release(all);
    drop_all(samples);
}
END_TEST

START_TEST(skip_reset_and_clone_move_as_told)
{
    ISample *samples[COUNT], *got[COUNT];
    IEnumResetFirst *all, *clone;

    make_all(samples);
    all = enumerate(samples, COUNT);
    ck_assert_int_eq(all->lpVtbl->Skip(all, 1), S_OK);
    ck_assert_int_eq(all->lpVtbl->Clone(all, NULL), E_POINTER);
    ck_assert_int_eq(all->lpVtbl->Clone(all, &clone), S_OK);
    ck_assert_int_eq(all->lpVtbl->Skip(all, 2), S_OK);
    ck_assert_int_eq(all->lpVtbl->Skip(all, 1), S_FALSE);
    ck_assert_int_eq(all->lpVtbl->Skip(all, 0), S_OK);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, got, NULL), S_FALSE);
    ck_assert_int_eq(all->lpVtbl->Reset(all), S_OK);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, got, NULL), S_OK);
    ck_assert_ptr_eq(got[0], samples[0]);
    got[0]->lpVtbl->Release(got[0]);
    ck_assert_int_eq(all->lpVtbl->Skip(all, ULONG_MAX), S_FALSE);
    all->lpVtbl->Release(all);
    /* The clone stands where the other stood, over the same snapshot. */
    ck_assert_int_eq(clone->lpVtbl->Next(clone, 1, got, NULL), S_OK);
    ck_assert_ptr_eq(got[0], samples[1]);
    got[0]->lpVtbl->Release(got[0]);
    ck_assert_uint_eq(clone->lpVtbl->Release(clone), 0);
    drop_all(samples);
}
END_TEST

START_TEST(the_snapshot_holds_its_elements_and_may_be_empty)
{
    LONG destroyed = sample_destroyed;
    ISample *samples[COUNT], *got;
    IEnumResetFirst *all, *none;
    IUnknown *unknown;
    ULONG fetched;

    make_all(samples);
    all = enumerate(samples, COUNT);
    for (int i = 0; i < COUNT; i++) {
        samples[i]->lpVtbl->Release(samples[i]);
    }
    ck_assert_int_eq(sample_destroyed, destroyed);
    ck_assert_int_eq(all->lpVtbl->Next(all, 1, &got, NULL), S_OK);
    ck_assert_ptr_eq(got, samples[0]);
    all->lpVtbl->Release(all);
    ck_assert_int_eq(sample_destroyed, destroyed + COUNT - 1);
    sample_drop(got);

    none = enumerate(NULL, 0);
    ck_assert_int_eq(none->lpVtbl->Next(none, 1, &got, &fetched), S_FALSE);
    ck_assert_int_eq(none->lpVtbl->Skip(none, 1), S_FALSE);
    ck_assert_int_eq(none->lpVtbl->Reset(none), S_OK);
    ck_assert_int_eq(none->lpVtbl->QueryInterface(none, &IID_IMarshal, (void **)&unknown), S_OK);
    IUnknown_Release(unknown);
    ck_assert_int_eq(none->lpVtbl->QueryInterface(none, &IID_IWords, (void **)&unknown), S_OK);
    ck_assert_ptr_eq(unknown, none);
    IUnknown_Release(unknown);
    ck_assert_int_eq(none->lpVtbl->QueryInterface(none, &IID_IEnumUnknown, (void **)&unknown),
                     E_NOINTERFACE);
    ck_assert_uint_eq(none->lpVtbl->Release(none), 0);
    ck_assert_int_eq(com_enum_interfaces(&IID_IWords, COM_ENUM_RESET_SKIP, NULL, 0, NULL),
                     E_POINTER);
    ck_assert_int_eq(com_enum_interfaces(&IID_IWords, COM_ENUM_RESET_SKIP, NULL, 1, (void **)&none),
                     E_POINTER);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(guids_and_variants_are_enumerated_by_value)
{
    const GUID guids[] = {IID_ISample, IID_IOther};
    IEnumResetFirst *classes;
    IEnumVARIANT *variants, *clone;
    VARIANT items[2], got[3];
    GUID both[2];
    ULONG fetched;

    ck_assert_int_eq(com_enum_guids(&IID_IWords, COM_ENUM_RESET_SKIP, guids, 2, (void **)&classes),
                     S_OK);
    ck_assert_int_eq(classes->lpVtbl->Next(classes, 2, both, &fetched), S_OK);
    ck_assert(IsEqualGUID(&both[0], &guids[0]) && IsEqualGUID(&both[1], &guids[1]));
    classes->lpVtbl->Release(classes);

    items[0] = of_long(5);
    items[1] = of_pointer(VT_BSTR, SysAllocString(L"text"));
    ck_assert_int_eq(com_enum_variants(items, 2, (void **)&variants), S_OK);
    VariantClear(&items[1]);
    ck_assert_int_eq(IEnumVARIANT_Skip(variants, 1), S_OK);
    ck_assert_int_eq(IEnumVARIANT_Clone(variants, &clone), S_OK);
    ck_assert_int_eq(IEnumVARIANT_Reset(variants), S_OK);
    memset(got, 0xcc, sizeof(got)); /* [out]: never cleared */
    ck_assert_int_eq(IEnumVARIANT_Next(variants, 3, got, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 2);
    ck_assert_int_eq(V_I4(&got[0]), 5);
    ck_assert_ptr_nonnull(V_BSTR(&got[1]));
    ck_assert_int_eq(wcscmp(V_BSTR(&got[1]), L"text"), 0);
    ck_assert_int_eq(V_VT(&got[2]), VT_EMPTY);
    VariantClear(&got[1]);
    IEnumVARIANT_Release(variants);
    ck_assert_int_eq(IEnumVARIANT_Next(clone, 1, got, NULL), S_OK);
    ck_assert_int_eq(V_VT(&got[0]), VT_BSTR);
    VariantClear(&got[0]);
    IEnumVARIANT_Release(clone);
}
END_TEST

/* ---- elements that are fetched ----------------------------------------------------------------
 */

static HRESULT number_hold(void *to, const void *from)
{
    *(LONG *)to = *(const LONG *)from;
    return S_OK;
}

static HRESULT number_get(void *element, const void *item)
{
    LONG number = *(const LONG *)item;

    *(LONG *)element = 77; /* what a failure leaves behind */
    if (number < 0) {
        return number == -1 ? S_FALSE : E_OUTOFMEMORY;
    }
    *(LONG *)element = number;
    return S_OK;
}

START_TEST(elements_that_are_gone_are_passed_over_and_failures_end_next)
{
    static const struct com_enum_kind kind = {sizeof(LONG), sizeof(LONG), number_hold, NULL,
                                              number_get};
    const LONG numbers[] = {1, -1, 2, -2, 3};
    IEnumUnknown *all;
    LONG got[4];
    ULONG fetched;

    ck_assert_int_eq(
        com_enum_create(&IID_IEnumUnknown, COM_ENUM_SKIP_RESET, &kind, numbers, 5, (void **)&all),
        S_OK);
    ck_assert_int_eq(IEnumUnknown_Next(all, 4, (IUnknown **)(void *)got, &fetched), S_FALSE);
    ck_assert_uint_eq(fetched, 2);
    ck_assert_int_eq(got[0], 1);
    ck_assert_int_eq(got[1], 2);
    ck_assert_int_eq(got[2], 0);
    ck_assert_int_eq(IEnumUnknown_Next(all, 1, (IUnknown **)(void *)got, &fetched), E_OUTOFMEMORY);
    ck_assert_uint_eq(fetched, 0);
    ck_assert_int_eq(got[0], 0);
    ck_assert_int_eq(IEnumUnknown_Skip(all, 1), S_OK);
    ck_assert_int_eq(IEnumUnknown_Next(all, 1, (IUnknown **)(void *)got, &fetched), S_OK);
    ck_assert_int_eq(got[0], 3);
    IEnumUnknown_Release(all);
}
END_TEST

/* ---- collections ---------------------------------------------------------------------------- */

enum { COLLECTION_COUNT = 0x60020000 };

static IDispatch *words_of_sample(ISample *sample)
{
    VARIANT words;

    memset(&words, 0xcc, sizeof(words));
    ck_assert_int_eq(sample->lpVtbl->get_Words(sample, &words), S_OK);
    ck_assert_int_eq(V_VT(&words), VT_DISPATCH);
    return V_DISPATCH(&words);
}

START_TEST(a_collection_counts_from_one_and_refuses_the_rest)
{
    static const WCHAR *const expected[] = {L"one", L"two", L"three"};
    ISample *sample = sample_make();
    IDispatch *words = words_of_sample(sample);
    VARIANT index, result;

    ck_assert_int_eq(
        sample_invoke(words, COLLECTION_COUNT, DISPATCH_PROPERTYGET, NULL, 0, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_I4);
    ck_assert_int_eq(V_I4(&result), 3);
    for (LONG i = -1; i <= 5; i++) {
        index = of_long(i);
        if (i >= 1 && i <= 3) {
            ck_assert_int_eq(
                sample_invoke(words, DISPID_VALUE, DISPATCH_METHOD, &index, 1, &result, NULL),
                S_OK);
            ck_assert_int_eq(V_VT(&result), VT_BSTR);
            ck_assert_ptr_nonnull(V_BSTR(&result));
            ck_assert_int_eq(wcscmp(V_BSTR(&result), expected[i - 1]), 0);
            VariantClear(&result);
        } else {
            ck_assert_int_eq(
                sample_invoke(words, DISPID_VALUE, DISPATCH_METHOD, &index, 1, &result, NULL),
                DISP_E_EXCEPTION);
            ck_assert_int_eq(V_VT(&result), VT_EMPTY);
        }
    }
    ck_assert_uint_eq(IDispatch_Release(words), 0);
    sample_drop(sample);
}
END_TEST

START_TEST(for_each_walks_a_collection_by_its_new_enum)
{
    ISample *sample = sample_make();
    IDispatch *words = words_of_sample(sample);
    IEnumVARIANT *all;
    VARIANT result, item;
    int count = 0;

    ck_assert_int_eq(sample_invoke(words, DISPID_NEWENUM, DISPATCH_METHOD | DISPATCH_PROPERTYGET,
                                   NULL, 0, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_VT(&result), VT_UNKNOWN);
    ck_assert_int_eq(IUnknown_QueryInterface(V_UNKNOWN(&result), &IID_IEnumVARIANT, (void **)&all),
                     S_OK);
    VariantClear(&result);
    ck_assert_uint_eq(IDispatch_Release(words), 0); /* the enumerator has its own copy */
    while (IEnumVARIANT_Next(all, 1, &item, NULL) == S_OK) {
        ck_assert_int_eq(V_VT(&item), VT_BSTR);
        VariantClear(&item);
        count++;
    }
    ck_assert_int_eq(count, 3);
    ck_assert_uint_eq(IEnumVARIANT_Release(all), 0);
    sample_drop(sample);
}
END_TEST

START_TEST(a_collection_has_the_interface_it_was_given_and_is_safe_and_free_threaded)
{
    const IID *const iids[] = {&IID_IUnknown, &IID_IDispatch, &IID_IWords, &IID_IObjectSafety,
                               &IID_IMarshal};
    ISample *samples[COUNT];
    IDispatch *objects;
    IUnknown *identity, *iface, *back;
    VARIANT index = of_long(2), result, collection;

    make_all(samples);
    ck_assert_int_eq(com_collection_variant_of_objects(&IID_IWords, (void **)samples, COUNT, NULL),
                     E_POINTER);
    ck_assert_int_eq(
        com_collection_variant_of_objects(&IID_IWords, (void **)samples, COUNT, &collection), S_OK);
    ck_assert_int_eq(V_VT(&collection), VT_DISPATCH);
    objects = V_DISPATCH(&collection);
    ck_assert_int_eq(IDispatch_QueryInterface(objects, &IID_IUnknown, (void **)&identity), S_OK);
    for (size_t i = 0; i < sizeof(iids) / sizeof(iids[0]); i++) {
        ck_assert_int_eq(IDispatch_QueryInterface(objects, iids[i], (void **)&iface), S_OK);
        ck_assert_int_eq(IUnknown_QueryInterface(iface, &IID_IUnknown, (void **)&back), S_OK);
        ck_assert_ptr_eq(back, identity);
        IUnknown_Release(back);
        IUnknown_Release(iface);
    }
    ck_assert_int_eq(IDispatch_QueryInterface(objects, &IID_ISample, (void **)&iface),
                     E_NOINTERFACE);
    IUnknown_Release(identity);
    ck_assert_int_eq(
        sample_invoke(objects, DISPID_VALUE, DISPATCH_METHOD, &index, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    ck_assert_ptr_eq(V_DISPATCH(&result), samples[1]);
    VariantClear(&result);
    ck_assert_ptr_null(com_class_check(com_object_of(objects)->class));
    ck_assert_uint_eq(IDispatch_Release(objects), 0);
    drop_all(samples);
}
END_TEST

static void make_body(void *ctx)
{
    ISample **samples = ctx;
    void *all = NULL;
    VARIANT objects;
    HRESULT hr;

    VariantInit(&objects);
    hr = com_enum_interfaces(&IID_IWords, COM_ENUM_RESET_SKIP, (void **)samples, COUNT, &all);
    ck_assert(SUCCEEDED(hr) == (all != NULL));
    if (SUCCEEDED(hr)) {
        hr = com_collection_variant_of_objects(&IID_IWords, (void **)samples, COUNT, &objects);
    }
    ck_assert_int_eq(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    ck_assert(SUCCEEDED(hr) == (V_VT(&objects) == VT_DISPATCH));
    VariantClear(&objects);
    if (all) {
        IUnknown_Release((IUnknown *)all);
    }
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    ISample *samples[COUNT];

    make_all(samples);
    ck_assert_int_eq(omsp_test_alloc_walk(make_body, samples), 4);
    drop_all(samples);
}
END_TEST

OMSP_SUITE("com_enumerator", TEST(next_delivers_counts_and_says_when_there_are_fewer),
           TEST(one_element_needs_no_count_and_more_do), TEST(skip_reset_and_clone_move_as_told),
           TEST(the_snapshot_holds_its_elements_and_may_be_empty),
           TEST(guids_and_variants_are_enumerated_by_value),
           TEST(elements_that_are_gone_are_passed_over_and_failures_end_next),
           TEST(a_collection_counts_from_one_and_refuses_the_rest),
           TEST(for_each_walks_a_collection_by_its_new_enum),
           TEST(a_collection_has_the_interface_it_was_given_and_is_safe_and_free_threaded),
           TEST(running_out_of_memory_leaves_nothing_behind))
