/* Objects: identity, counts, aggregation, marshaler, safety. */
#include "sample.c"

#include "com/module.h"

static IUnknown *query(void *iface, const IID *iid)
{
    IUnknown *out;

    ck_assert_int_eq(IUnknown_QueryInterface((IUnknown *)iface, iid, (void **)&out), S_OK);
    ck_assert_ptr_nonnull(out);
    return out;
}

static const IID *const all[] = {&IID_IUnknown,
                                 &IID_ISample,
                                 &IID_ISampleOld,
                                 &IID_IOther,
                                 &IID_IPlain,
                                 &IID_ITornOff,
                                 &IID_IDispatch,
                                 &IID_IMarshal,
                                 &com_iid_agile_object,
                                 &IID_IObjectSafety,
                                 &IID_IConnectionPointContainer};
enum { ALL = sizeof(all) / sizeof(all[0]) };

/* From every interface every interface; always the same IUnknown. */
static void check_matrix(IUnknown *start)
{
    IUnknown *identity = query(start, &IID_IUnknown);

    for (size_t i = 0; i < ALL; i++) {
        IUnknown *from = query(start, all[i]);

        for (size_t j = 0; j < ALL; j++) {
            IUnknown *to = query(from, all[j]), *back = query(to, &IID_IUnknown);

            ck_assert_ptr_eq(back, identity);
            IUnknown_Release(back);
            IUnknown_Release(to);
        }
        IUnknown_Release(from);
    }
    IUnknown_Release(identity);
}

START_TEST(every_interface_leads_to_every_other_and_to_one_identity)
{
    LONG before = sample_destroyed, module = com_module_references();
    IUnknown *sample;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    ck_assert_int_eq(com_module_references(), module + 1);
    ck_assert_int_eq(com_module_can_unload(), S_FALSE);
    check_matrix(sample);
    ck_assert_int_eq(sample_destroyed, before);
    ck_assert_uint_eq(IUnknown_Release(sample), 0);
    ck_assert_int_eq(sample_destroyed, before + 1);
    ck_assert_int_eq(com_module_references(), module);
}
END_TEST

START_TEST(every_way_of_counting_is_one_count)
{
    ISample *sample;
    IPlain *plain;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    plain = (IPlain *)query(sample, &IID_IPlain);
    ck_assert_uint_eq(plain->lpVtbl->AddRef(plain), 3);
    ck_assert_uint_eq(sample->lpVtbl->AddRef(sample), 4);
    ck_assert_uint_eq(plain->lpVtbl->Release(plain), 3);
    ck_assert_uint_eq(com_object_addref(com_object_of(plain)), 4);
    ck_assert_uint_eq(com_object_release(com_object_of(sample)), 3);
    sample->lpVtbl->Release(sample);
    sample->lpVtbl->Release(sample);
    ck_assert_uint_eq(plain->lpVtbl->Release(plain), 0);
    ck_assert_uint_eq(com_object_release(NULL), 0);
}
END_TEST

START_TEST(unknown_interfaces_and_null_outs_are_refused)
{
    IUnknown *sample, *none = (IUnknown *)&sample;

    ck_assert_int_eq(sample_create(NULL, &IID_IUnknown, (void **)&sample), S_OK);
    ck_assert_int_eq(IUnknown_QueryInterface(sample, &IID_IPersist, (void **)&none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(IUnknown_QueryInterface(sample, &IID_ISample, NULL), E_POINTER);
    ck_assert_uint_eq(IUnknown_Release(sample), 0);
    ck_assert_int_eq(sample_create(NULL, &IID_ISample, NULL), E_POINTER);
    none = (IUnknown *)&sample;
    ck_assert_int_eq(sample_create(NULL, &IID_IPersist, (void **)&none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(an_object_is_recognised_by_its_vtables_only)
{
    struct outer foreign;
    ISample *sample;
    IPlain *plain;

    outer_init(&foreign);
    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    plain = (IPlain *)query(sample, &IID_IPlain);
    ck_assert_ptr_eq(com_object_cast(&sample_class, sample), com_object_of(sample));
    ck_assert_ptr_eq(com_object_cast(&sample_class, plain), com_object_of(sample));
    ck_assert_ptr_null(com_object_cast(&sample_class, &foreign.iface));
    ck_assert_ptr_null(com_object_cast(&sample_class, NULL));
    plain->lpVtbl->Release(plain);
    ck_assert_uint_eq(sample->lpVtbl->Release(sample), 0);
}
END_TEST

/* ---- aggregation ---------------------------------------------------------------------------- */

START_TEST(aggregated_interfaces_have_the_outers_identity_and_count)
{
    LONG destroyed = sample_destroyed;
    struct outer outer;
    ISample *sample;
    IUnknown *identity;

    outer_init(&outer);
    ck_assert_int_eq(sample_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    ck_assert_int_eq(outer.refs, 1);   /* construction left nothing on the outer */
    ck_assert_int_ge(outer.lowest, 1); /* nor ever let it fall */
    identity = query(outer.inner, &IID_IUnknown);
    ck_assert_ptr_eq(identity, outer.inner); /* the one exception */
    ck_assert_int_eq(outer.refs, 1);
    IUnknown_Release(identity);

    sample = (ISample *)query(&outer.iface, &IID_ISample);
    ck_assert_int_eq(outer.refs, 2);
    identity = query(sample, &IID_IUnknown);
    ck_assert_ptr_eq(identity, &outer.iface);
    IUnknown_Release(identity);
    sample->lpVtbl->AddRef(sample);
    ck_assert_int_eq(outer.refs, 3);
    sample->lpVtbl->Release(sample);
    check_matrix(&outer.iface);
    check_matrix((IUnknown *)sample);
    sample->lpVtbl->Release(sample);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_int_eq(sample_destroyed, destroyed);
    ck_assert_uint_eq(IUnknown_Release(outer.inner), 0);
    ck_assert_int_eq(sample_destroyed, destroyed + 1);
    ck_assert_int_eq(outer.refs, 1);
    ck_assert_int_ge(outer.lowest, 1);
}
END_TEST

START_TEST(aggregating_by_another_interface_is_refused)
{
    LONG destroyed = sample_destroyed;
    struct outer outer;
    IUnknown *none = (IUnknown *)&outer;

    outer_init(&outer);
    ck_assert_int_eq(sample_create(&outer.iface, &IID_ISample, (void **)&none),
                     CLASS_E_NOAGGREGATION);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(sample_destroyed, destroyed + 1);
    ck_assert_int_eq(outer.refs, 1);
}
END_TEST

START_TEST(a_failed_construction_destroys_once)
{
    LONG destroyed = sample_destroyed, module = com_module_references();
    IUnknown *none = (IUnknown *)&module;

    sample_creation_result = E_ACCESSDENIED;
    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&none), E_ACCESSDENIED);
    sample_creation_result = S_OK;
    ck_assert_ptr_null(none);
    ck_assert_int_eq(sample_destroyed, destroyed + 1);
    ck_assert_int_eq(com_module_references(), module);
}
END_TEST

static void create_body(void *ctx)
{
    IUnknown *sample = NULL;
    HRESULT hr = sample_create(NULL, &IID_ISample, (void **)&sample);

    (void)ctx;
    ck_assert_int_eq(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    if (sample) {
        IUnknown_Release(sample);
    }
}

START_TEST(running_out_of_memory_is_answered)
{
    ck_assert_int_ge(omsp_test_alloc_walk(create_body, NULL), 1);
}
END_TEST

/* ---- the free-threaded marshaler ------------------------------------------------------------- */

START_TEST(the_marshaler_is_made_when_first_asked_for)
{
    IUnknown *sample, *marshal;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    ck_assert_ptr_null(com_object_of(sample)->ftm);
    marshal = query(sample, &IID_IMarshal);
    ck_assert_ptr_nonnull(com_object_of(sample)->ftm);
    ck_assert_uint_eq(IUnknown_Release(sample), 1);
    ck_assert_uint_eq(IUnknown_Release(marshal), 0);
}
END_TEST

struct crossing {
    IStream *stream;
    ISample *expected;
    DWORD apartment;
    LONG value;
    bool same;
    HRESULT hr;
};

static DWORD WINAPI cross(void *param)
{
    struct crossing *crossing = param;
    ISample *sample = NULL;

    CoInitializeEx(NULL, crossing->apartment);
    crossing->hr = CoGetInterfaceAndReleaseStream(crossing->stream, &IID_ISample, (void **)&sample);
    if (SUCCEEDED(crossing->hr)) {
        crossing->same = sample == crossing->expected;
        crossing->hr = sample->lpVtbl->get_Value(sample, &crossing->value);
        sample->lpVtbl->Release(sample);
    }
    CoUninitialize();
    return 0;
}

static void check_crossing(DWORD here, DWORD there)
{
    struct crossing crossing = {.apartment = there};
    ISample *sample;
    HANDLE thread;

    ck_assert(SUCCEEDED(CoInitializeEx(NULL, here)));
    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    crossing.expected = sample;
    ck_assert_int_eq(
        CoMarshalInterThreadInterfaceInStream(&IID_ISample, (IUnknown *)sample, &crossing.stream),
        S_OK);
    thread = CreateThread(NULL, 0, cross, &crossing, 0, NULL);
    ck_assert_ptr_nonnull(thread);
    /* No messages are pumped here: a proxy would hang, a direct pointer does not. */
    ck_assert_uint_eq(WaitForSingleObject(thread, 30000), WAIT_OBJECT_0);
    CloseHandle(thread);
    ck_assert_int_eq(crossing.hr, S_OK);
    ck_assert(crossing.same);
    ck_assert_int_eq(crossing.value, 42);
    ck_assert_uint_eq(sample->lpVtbl->Release(sample), 0);
    CoUninitialize();
}

START_TEST(other_apartments_get_the_object_itself)
{
    check_crossing(COINIT_APARTMENTTHREADED, COINIT_MULTITHREADED);
    check_crossing(COINIT_APARTMENTTHREADED, COINIT_APARTMENTTHREADED);
    check_crossing(COINIT_MULTITHREADED, COINIT_APARTMENTTHREADED);
}
END_TEST

static DWORD WINAPI ask_marshal(void *param)
{
    for (int i = 0; i < 200; i++) {
        IUnknown *marshal = query(param, &IID_IMarshal), *other = query(param, &IID_IOther);

        IUnknown_Release(marshal);
        IUnknown_Release(other);
    }
    return 0;
}

START_TEST(many_threads_share_one_object)
{
    for (int round = 0; round < 20; round++) {
        HANDLE threads[4];
        IUnknown *sample;

        ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
        for (int i = 0; i < 4; i++) {
            threads[i] = CreateThread(NULL, 0, ask_marshal, sample, 0, NULL);
        }
        ck_assert_uint_lt(WaitForMultipleObjects(4, threads, TRUE, 30000), WAIT_OBJECT_0 + 4);
        for (int i = 0; i < 4; i++) {
            CloseHandle(threads[i]);
        }
        ck_assert_uint_eq(IUnknown_Release(sample), 0);
    }
}
END_TEST

/* ---- IObjectSafety -------------------------------------------------------------------------- */

static void check_safety(IObjectSafety *safety)
{
    DWORD supported = 9, enabled = 9;

    ck_assert_int_eq(
        IObjectSafety_GetInterfaceSafetyOptions(safety, &IID_IOther, &supported, &enabled), S_OK);
    ck_assert_uint_eq(supported, 3);
    ck_assert_uint_eq(enabled, 0);
    ck_assert_int_eq(IObjectSafety_SetInterfaceSafetyOptions(safety, &IID_IOther, 3, 3), S_OK);
    ck_assert_int_eq(IObjectSafety_SetInterfaceSafetyOptions(safety, &IID_IDispatch, 1, 0), S_OK);
    ck_assert_int_eq(
        IObjectSafety_GetInterfaceSafetyOptions(safety, &IID_ISample, &supported, &enabled), S_OK);
    ck_assert_uint_eq(enabled, 2);
    ck_assert_int_eq(IObjectSafety_SetInterfaceSafetyOptions(safety, &IID_IOther, 4, 4), E_FAIL);
    ck_assert_int_eq(IObjectSafety_SetInterfaceSafetyOptions(safety, &IID_IPersist, 1, 1),
                     E_NOINTERFACE);
    ck_assert_int_eq(
        IObjectSafety_GetInterfaceSafetyOptions(safety, &IID_IPersist, &supported, &enabled),
        E_NOINTERFACE);
    ck_assert_uint_eq(supported, 0);
    ck_assert_uint_eq(enabled, 0);
    ck_assert_int_eq(IObjectSafety_GetInterfaceSafetyOptions(safety, &IID_IOther, NULL, &enabled),
                     E_POINTER);
    ck_assert_int_eq(IObjectSafety_GetInterfaceSafetyOptions(safety, &IID_IOther, &supported, NULL),
                     E_POINTER);
}

START_TEST(safety_options_are_kept_per_object)
{
    struct outer outer;
    IUnknown *sample, *safety;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    safety = query(sample, &IID_IObjectSafety);
    check_safety((IObjectSafety *)safety);
    IUnknown_Release(safety);
    ck_assert_uint_eq(IUnknown_Release(sample), 0);

    outer_init(&outer);
    ck_assert_int_eq(sample_create(&outer.iface, &IID_IUnknown, (void **)&outer.inner), S_OK);
    safety = query(&outer.iface, &IID_IObjectSafety);
    ck_assert_int_eq(outer.refs, 2);
    check_safety((IObjectSafety *)safety);
    IUnknown_Release(safety);
    ck_assert_int_eq(outer.refs, 1);
    IUnknown_Release(outer.inner);
}
END_TEST

/* ---- com_class_check ------------------------------------------------------------------------- */

struct broken {
    struct com_object object;
    IPlain plain;
};

COM_VTABLE(broken_vtable, IPlain, struct broken, plain, NULL, COM_UNKNOWN_SLOTS(IPlain));

/* The same members at another slot. */
struct clashing {
    struct sample sample;
    IOther again;
};
COM_VTABLE(again_vtable, IOther, struct clashing, again, &other_dispatch,
           COM_DISPATCH_SLOTS(IOther), .get_Name = other_get_Name);

START_TEST(the_check_finds_an_empty_slot_and_passes_the_sample)
{
    static const struct com_entry entries[] = {COM_ENTRY(IID_IPlain, broken_vtable)};
    static const struct com_entry twice[] = {COM_ENTRY(IID_IPlain, plain_vtable),
                                             COM_ENTRY(IID_IPlain, plain_vtable)};
    static const struct com_entry clash[] = {COM_ENTRY(IID_IOther, other_vtable),
                                             COM_ENTRY(IID_ITornOff, again_vtable)};
    static const struct com_class apart = {COM_CLASS("Clash", struct clashing, clash)};
    static const struct com_class merged = {COM_CLASS("Clash", struct clashing, clash),
                                            .flags = COM_MERGED};
    static const struct com_class broken = {COM_CLASS("Broken", struct broken, entries)};
    static const struct com_class small = {
        .name = "Small", .size = sizeof(struct com_object), .entries = entries, .entry_count = 1};
    static const struct com_class doubled = {COM_CLASS("Doubled", struct sample, twice)};

    ck_assert_ptr_null(com_class_check(&sample_class));
    ck_assert_ptr_null(com_class_check(&apart));
    ck_assert_str_eq(com_class_check(&merged), "a merged class has a DISPID twice");
    ck_assert_str_eq(com_class_check(&broken), "a vtable has an empty slot");
    ck_assert_str_eq(com_class_check(&small), "a slot lies outside of the object");
    ck_assert_str_eq(com_class_check(&doubled), "an IID is listed twice");
}
END_TEST

OMSP_SUITE("com_object", TEST(every_interface_leads_to_every_other_and_to_one_identity),
           TEST(every_way_of_counting_is_one_count),
           TEST(unknown_interfaces_and_null_outs_are_refused),
           TEST(an_object_is_recognised_by_its_vtables_only),
           TEST(aggregated_interfaces_have_the_outers_identity_and_count),
           TEST(aggregating_by_another_interface_is_refused),
           TEST(a_failed_construction_destroys_once), TEST(running_out_of_memory_is_answered),
           TEST(the_marshaler_is_made_when_first_asked_for),
           TEST(other_apartments_get_the_object_itself), TEST(many_threads_share_one_object),
           TEST(safety_options_are_kept_per_object),
           TEST(the_check_finds_an_empty_slot_and_passes_the_sample))
