/* IDispatch by tables: error codes, exceptions, type information, the check of tables. */
#include "sample.c"

/* ---- errors --------------------------------------------------------------------------------- */

START_TEST(wrong_counts_and_types_have_their_codes)
{
    ISample *sample = sample_make();
    VARIANT args[3] = {of_long(1), of_long(2), of_long(3)}, result, loop;
    UINT arg_error = 9;
    GUID guid = IID_NULL;

    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 1, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 3, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    args[1] = of_pointer(VT_BSTR, SysAllocString(L"word"));
    ck_assert_int_eq(
        sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
        DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 0);
    VariantClear(&args[1]);
    V_VT(&args[0]) = VT_R8;
    V_R8(&args[0]) = 1e12;
    args[1] = of_long(1);
    ck_assert_int_eq(
        sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
        DISP_E_OVERFLOW);
    ck_assert_uint_eq(arg_error, 1);
    V_VT(&args[0]) = VT_ERROR; /* left out */
    V_ERROR(&args[0]) = DISP_E_PARAMNOTFOUND;
    ck_assert_int_eq(
        sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
        DISP_E_PARAMNOTOPTIONAL);
    loop = of_pointer(VT_BYREF | VT_VARIANT, &loop);
    args[0] = loop;
    ck_assert_int_eq(
        sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
        DISP_E_TYPEMISMATCH);
    args[0] = of_pointer(VT_BYREF | VT_VARIANT, NULL);
    ck_assert_int_eq(
        sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
        DISP_E_TYPEMISMATCH);
    args[0] = of_pointer(VT_BYREF | VT_I4, &guid);
    ck_assert_int_eq(
        sample_invoke(sample, ID_BYGUID, DISPATCH_METHOD, args, 1, &result, &arg_error),
        DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(sample_invoke(sample, 4711, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(sample_invoke(sample, -1, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(sample_invoke(sample, 0x7fffffff, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(
        sample_invoke(sample, (DISPID)0x80000000, DISPATCH_METHOD, args, 0, &result, NULL),
        DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_VALUE, &IID_NULL, 0, DISPATCH_METHOD, NULL,
                                            &result, NULL, NULL),
                     E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_VALUE, &IID_IUnknown, 0, DISPATCH_METHOD,
                                            NULL, &result, NULL, NULL),
                     DISP_E_UNKNOWNINTERFACE);
    sample_drop(sample);
}
END_TEST

static const WCHAR *words(HRESULT hr)
{
    return hr == (HRESULT)0x8004003B ? L"not a terminal" : NULL;
}

static void check_exception(ISample *sample, HRESULT hr, const WCHAR *description)
{
    VARIANT arg = of_long(hr), result;
    DISPPARAMS params = {&arg, NULL, 1, 0};
    EXCEPINFO exception;

    memset(&exception, 0xcc, sizeof(exception)); /* as callers leave it */
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_THROW, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, &exception, NULL),
                     DISP_E_EXCEPTION);
    ck_assert_int_eq(exception.scode, hr);
    ck_assert_uint_eq(exception.wCode, 0);
    ck_assert_ptr_null(exception.pfnDeferredFillIn);
    ck_assert_ptr_nonnull(exception.bstrSource);
    ck_assert_int_eq(wcscmp(exception.bstrSource, L"Sample.ISample"), 0);
    if (description) {
        ck_assert_ptr_nonnull(exception.bstrDescription);
        ck_assert_int_eq(wcscmp(exception.bstrDescription, description), 0);
    } else {
        ck_assert_uint_gt(SysStringLen(exception.bstrDescription), 3);
    }
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    ck_assert_int_eq(V_VT(&result), VT_EMPTY);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_THROW, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, NULL, NULL, NULL),
                     DISP_E_EXCEPTION);
}

START_TEST(a_failing_method_is_an_exception_with_its_code)
{
    ISample *sample = sample_make();
    VARIANT arg = of_long(S_FALSE);

    com_dispatch_set_words(words);
    check_exception(sample, (HRESULT)0x8004003B, L"not a terminal");
    check_exception(sample, (HRESULT)0x80040fff, L"Error 0x80040FFF");
    check_exception(sample, E_OUTOFMEMORY, NULL);
    com_dispatch_set_words(NULL);
    ck_assert_int_eq(sample_invoke(sample, ID_THROW, DISPATCH_METHOD, &arg, 1, NULL, NULL), S_OK);
    sample_drop(sample);
}
END_TEST

/* ---- the default member of what a getter answers ----------------------------------------------
 */

START_TEST(arguments_of_a_plain_getter_go_to_the_default_member)
{
    ISample *sample = sample_make();
    VARIANT arg = of_long(2), result;

    ck_assert_int_eq(sample_invoke(sample, ID_WORDS, DISPATCH_METHOD | DISPATCH_PROPERTYGET, &arg,
                                   1, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    ck_assert_ptr_nonnull(V_BSTR(&result));
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"two"), 0);
    VariantClear(&result);
    ck_assert_int_eq(sample_invoke(sample, ID_VALUE, DISPATCH_PROPERTYGET, &arg, 1, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    sample_drop(sample);
}
END_TEST

/* ---- type information ----------------------------------------------------------------------- */

static ITypeInfo *known_info;

static HRESULT load(REFIID iid, LCID lcid, ITypeInfo **out)
{
    (void)lcid;
    if (!IsEqualIID(iid, &IID_ISample)) {
        return TYPE_E_ELEMENTNOTFOUND;
    }
    *out = known_info;
    ITypeInfo_AddRef(known_info);
    return S_OK;
}

START_TEST(type_information_is_told_consistently)
{
    ISample *sample = sample_make();
    ICreateTypeLib2 *library;
    ICreateTypeInfo *creator;
    ITypeInfo *info = (ITypeInfo *)&library;
    IOther *other;
    WCHAR name[] = L"ISample";
    UINT count = 9;

    ck_assert_int_eq(sample->lpVtbl->GetTypeInfoCount(sample, NULL), E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfo(sample, 0, 0, NULL), E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfoCount(sample, &count), S_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfo(sample, 0, 0, &info), E_NOTIMPL);
    ck_assert_ptr_null(info);

    ck_assert_int_eq(CreateTypeLib2(SYS_WIN32, L"never-saved.tlb", &library), S_OK);
    ck_assert_int_eq(ICreateTypeLib2_CreateTypeInfo(library, name, TKIND_INTERFACE, &creator),
                     S_OK);
    ck_assert_int_eq(ICreateTypeInfo_QueryInterface(creator, &IID_ITypeInfo, (void **)&known_info),
                     S_OK);
    com_dispatch_set_typeinfo(load);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfoCount(sample, &count), S_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfo(sample, 0, 0, &info), S_OK);
    ck_assert_ptr_eq(info, known_info);
    ITypeInfo_Release(info);
    ck_assert_int_eq(sample->lpVtbl->GetTypeInfo(sample, 1, 0, &info), DISP_E_BADINDEX);
    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IOther, (void **)&other), S_OK);
    ck_assert_int_eq(other->lpVtbl->GetTypeInfoCount(other, &count), S_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(other->lpVtbl->GetTypeInfo(other, 0, 0, &info), E_NOTIMPL);
    other->lpVtbl->Release(other);
    com_dispatch_set_typeinfo(NULL);
    ITypeInfo_Release(known_info);
    ICreateTypeInfo_Release(creator);
    ICreateTypeLib2_Release(library);
    sample_drop(sample);
}
END_TEST

/* ---- com_dispatch_check ---------------------------------------------------------------------- */

static const struct com_member unsorted[] = {COM_METHOD(ISample, 2, Nothing),
                                             COM_METHOD(ISample, 1, Throw, COM_IN_LONG("hr"))};
static const struct com_member twice[] = {COM_METHOD(ISample, 1, Nothing),
                                          COM_METHOD(ISample, 1, Nothing)};
static const struct com_member no_iid[] = {
    COM_METHOD(ISample, 1, Same, COM_IN_OBJECT("other", NULL), COM_RETVAL_OBJECT)};
static const struct com_member no_retval[] = {COM_GET(ISample, 1, Value, COM_IN_LONG("x"))};
static const struct com_dispatch tables[] = {
    COM_DISPATCH_TABLE(&IID_ISample, "ISample", unsorted),
    COM_DISPATCH_TABLE(&IID_ISample, "ISample", twice),
    COM_DISPATCH_TABLE(&IID_ISample, "ISample", no_iid),
    COM_DISPATCH_TABLE(&IID_ISample, "ISample", no_retval)};

START_TEST(the_check_finds_broken_tables)
{
    const unsigned slots = sizeof(ISampleVtbl) / sizeof(void *);

    ck_assert_ptr_null(com_dispatch_check(&sample_dispatch, slots));
    ck_assert_str_eq(com_dispatch_check(&sample_dispatch, slots - 1),
                     "a member outside of its vtable");
    ck_assert_str_eq(com_dispatch_check(&tables[0], slots), "a dispatch table is not sorted");
    ck_assert_str_eq(com_dispatch_check(&tables[1], slots), "a DISPID is used twice");
    ck_assert_str_eq(com_dispatch_check(&tables[2], slots), "an interface argument without an IID");
    ck_assert_str_eq(com_dispatch_check(&tables[3], slots), "a getter without a retval");
}
END_TEST

OMSP_SUITE("com_dispatch_errors", TEST(wrong_counts_and_types_have_their_codes),
           TEST(a_failing_method_is_an_exception_with_its_code),
           TEST(arguments_of_a_plain_getter_go_to_the_default_member),
           TEST_ON_WINDOWS(type_information_is_told_consistently),
           TEST(the_check_finds_broken_tables))
