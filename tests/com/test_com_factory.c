/* Class factories, the module's count and its threads. */
#include "sample.c"

#include "com/factory.h"
#include "com/module.h"

static const CLSID clsid_single = {0x3d6f0a10, 0x52a1, 0x4c1e, {1, 2, 3, 4, 5, 6, 7, 8}};

static const struct com_coclass table[] = {
    {&CLSID_Sample, sample_create, true, L"Sample", L"Omsp.Sample.1", L"Omsp.Sample"},
    {&clsid_single, sample_create, false, L"Single", NULL, NULL},
};

static HRESULT get(REFCLSID clsid, IClassFactory **factory)
{
    return com_factory_get(table, 2, clsid, &IID_IClassFactory, (void **)factory);
}

START_TEST(a_factory_makes_objects)
{
    LONG module = com_module_references();
    IClassFactory *factory;
    ISample *sample;

    ck_assert_int_eq(get(&CLSID_Sample, &factory), S_OK);
    ck_assert_int_eq(com_module_references(), module + 1);
    ck_assert_int_eq(IClassFactory_CreateInstance(factory, NULL, &IID_ISample, (void **)&sample),
                     S_OK);
    ck_assert_ptr_eq(com_object_of(sample)->outer, &com_object_of(sample)->inner);
    sample_drop(sample);
    ck_assert_ptr_null(com_class_check(com_object_of(factory)->class));
    ck_assert_uint_eq(IClassFactory_Release(factory), 0);
    ck_assert_int_eq(com_module_references(), module);
}
END_TEST

START_TEST(unknown_classes_interfaces_and_null_outs_are_refused)
{
    void *none = &none;
    IClassFactory *factory;

    ck_assert_int_eq(com_factory_get(table, 2, &IID_IOther, &IID_IClassFactory, &none),
                     CLASS_E_CLASSNOTAVAILABLE);
    ck_assert_ptr_null(none);
    none = &none;
    ck_assert_int_eq(com_factory_get(table, 2, &CLSID_Sample, &IID_IPersist, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(com_factory_get(table, 2, &CLSID_Sample, &IID_IClassFactory, NULL), E_POINTER);
    ck_assert_int_eq(get(&CLSID_Sample, &factory), S_OK);
    ck_assert_int_eq(IClassFactory_CreateInstance(factory, NULL, &IID_ISample, NULL), E_POINTER);
    none = &none;
    ck_assert_int_eq(IClassFactory_CreateInstance(factory, NULL, &IID_IPersist, &none),
                     E_NOINTERFACE);
    ck_assert_ptr_null(none);
    IClassFactory_Release(factory);
}
END_TEST

START_TEST(aggregation_needs_iunknown_and_a_class_that_allows_it)
{
    IClassFactory *factory;
    struct outer outer;
    void *none;

    outer_init(&outer);
    ck_assert_int_eq(get(&CLSID_Sample, &factory), S_OK);
    none = &none;
    ck_assert_int_eq(IClassFactory_CreateInstance(factory, &outer.iface, &IID_ISample, &none),
                     CLASS_E_NOAGGREGATION);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(
        IClassFactory_CreateInstance(factory, &outer.iface, &IID_IUnknown, (void **)&outer.inner),
        S_OK);
    ck_assert_uint_eq(IUnknown_Release(outer.inner), 0);
    IClassFactory_Release(factory);
    ck_assert_int_eq(get(&clsid_single, &factory), S_OK);
    ck_assert_int_eq(IClassFactory_CreateInstance(factory, &outer.iface, &IID_IUnknown, &none),
                     CLASS_E_NOAGGREGATION);
    ck_assert_ptr_null(none);
    IClassFactory_Release(factory);
    ck_assert_int_eq(outer.refs, 1);
}
END_TEST

START_TEST(locks_keep_the_module)
{
    IClassFactory *factory;

    ck_assert_int_eq(com_module_can_unload(), S_OK);
    ck_assert_int_eq(get(&CLSID_Sample, &factory), S_OK);
    ck_assert_int_eq(com_module_can_unload(), S_FALSE);
    ck_assert_int_eq(IClassFactory_LockServer(factory, TRUE), S_OK);
    IClassFactory_Release(factory);
    ck_assert_int_eq(com_module_can_unload(), S_FALSE);
    ck_assert_int_eq(get(&CLSID_Sample, &factory), S_OK);
    ck_assert_int_eq(IClassFactory_LockServer(factory, FALSE), S_OK);
    IClassFactory_Release(factory);
    ck_assert_int_eq(com_module_can_unload(), S_OK);
}
END_TEST

static void note(void *ctx)
{
    *(DWORD *)ctx = GetCurrentThreadId();
}

START_TEST(a_module_thread_runs_and_ends)
{
    DWORD id = 0;
    HANDLE thread;

    ck_assert_ptr_eq(com_module_handle(), GetModuleHandleW(NULL));
    ck_assert_int_eq(com_module_thread(note, &id, &thread), S_OK);
    ck_assert_uint_eq(WaitForSingleObject(thread, 30000), WAIT_OBJECT_0);
    CloseHandle(thread);
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_ne(id, GetCurrentThreadId());
    ck_assert_int_eq(omsp_test_outstanding(), 0);
}
END_TEST

OMSP_SUITE("com_factory", TEST(a_factory_makes_objects),
           TEST(unknown_classes_interfaces_and_null_outs_are_refused),
           TEST(aggregation_needs_iunknown_and_a_class_that_allows_it), TEST(locks_keep_the_module),
           TEST(a_module_thread_runs_and_ends))
