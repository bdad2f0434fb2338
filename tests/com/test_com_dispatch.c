/* IDispatch by tables: names, coercion, BYREF, outs, errors. */
#include "sample.c"

static ISample *make(void)
{
    ISample *sample;

    ck_assert_int_eq(sample_create(NULL, &IID_ISample, (void **)&sample), S_OK);
    return sample;
}

static void drop(ISample *sample)
{
    ck_assert_uint_eq(sample->lpVtbl->Release(sample), 0);
}

static HRESULT id_of(ISample *sample, const WCHAR *name, DISPID *id)
{
    LPOLESTR names[] = {(WCHAR *)(UINT_PTR)name};

    return sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 1, 0, id);
}

/* Arguments in the order of the call, which DISPPARAMS has reversed. */
static HRESULT invoke(ISample *sample, DISPID id, WORD flags, VARIANT *args, UINT count,
                      VARIANT *result, UINT *arg_error)
{
    VARIANT reversed[10];
    DISPPARAMS params = {reversed, NULL, count, 0};

    for (UINT i = 0; i < count; i++) {
        reversed[count - 1 - i] = args[i];
    }
    return sample->lpVtbl->Invoke(sample, id, &IID_NULL, LOCALE_USER_DEFAULT, flags, &params,
                                  result, NULL, arg_error);
}

static VARIANT of_long(LONG value)
{
    VARIANT v;

    memset(&v, 0, sizeof(v));
    V_VT(&v) = VT_I4;
    V_I4(&v) = value;
    return v;
}

static VARIANT of_pointer(VARTYPE vt, void *pointer)
{
    VARIANT v;

    memset(&v, 0, sizeof(v));
    V_VT(&v) = vt;
    V_BYREF(&v) = pointer;
    return v;
}

enum {
    VALUE = 0x10001,
    SUBTRACT,
    CONCAT,
    NOT,
    ECHO_,
    SAME,
    OUTS,
    THROW,
    DIGITS,
    BYGUID,
    WORDS,
    NOTHING = 0x2000c
};

/* ---- names ---------------------------------------------------------------------------------- */

START_TEST(names_are_found_in_any_case)
{
    ISample *sample = make();
    DISPID id;

    ck_assert_int_eq(id_of(sample, L"Value", &id), S_OK);
    ck_assert_int_eq(id, VALUE);
    ck_assert_int_eq(id_of(sample, L"sUBTRACT", &id), S_OK);
    ck_assert_int_eq(id, SUBTRACT);
    ck_assert_int_eq(id_of(sample, L"nothing", &id), S_OK);
    ck_assert_int_eq(id, NOTHING);
    ck_assert_int_eq(id_of(sample, L"Subtrac", &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(id, DISPID_UNKNOWN);
    ck_assert_int_eq(id_of(sample, L"", &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(id_of(sample, NULL, &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(id_of(sample, L"Name", &id), DISP_E_UNKNOWNNAME); /* of another interface */
    drop(sample);
}
END_TEST

START_TEST(argument_names_give_their_positions)
{
    WCHAR method[] = L"subtract", what[] = L"WHAT", from[] = L"from", odd[] = L"odd";
    LPOLESTR names[] = {method, what, odd, from};
    ISample *sample = make();
    DISPID ids[4];

    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 4, 0, ids),
                     DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(ids[0], SUBTRACT);
    ck_assert_int_eq(ids[1], 1);
    ck_assert_int_eq(ids[2], DISPID_UNKNOWN);
    ck_assert_int_eq(ids[3], 0);
    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 2, 0, ids), S_OK);
    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_IUnknown, names, 2, 0, ids),
                     DISP_E_UNKNOWNINTERFACE);
    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, NULL, 2, 0, ids), E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 2, 0, NULL),
                     E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 0, 0, ids),
                     E_INVALIDARG);
    drop(sample);
}
END_TEST

START_TEST(each_dual_interface_dispatches_its_own_members)
{
    ISample *sample = make();
    WCHAR name[] = L"NAME";
    LPOLESTR names[] = {name};
    IDispatch *dual;
    IOther *other;
    VARIANT result;
    DISPPARAMS none = {NULL, NULL, 0, 0};
    DISPID id;

    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IOther, (void **)&other), S_OK);
    ck_assert_int_eq(other->lpVtbl->GetIDsOfNames(other, &IID_NULL, names, 1, 0, &id), S_OK);
    ck_assert_int_eq(other->lpVtbl->Invoke(other, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &none,
                                           &result, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"other"), 0);
    VariantClear(&result);
    /* IDispatch itself is the class's first dual interface. */
    ck_assert_int_eq(other->lpVtbl->QueryInterface(other, &IID_IDispatch, (void **)&dual), S_OK);
    ck_assert_ptr_eq(dual, sample);
    IDispatch_Release(dual);
    other->lpVtbl->Release(other);
    drop(sample);
}
END_TEST

/* ---- arguments ------------------------------------------------------------------------------ */

START_TEST(getters_answer_as_property_and_as_method_and_setters_set)
{
    ISample *sample = make();
    DISPID put = DISPID_PROPERTYPUT;
    VARIANT value = of_long(-5), result;
    DISPPARAMS params = {&value, &put, 1, 1};
    const WORD get[] = {DISPATCH_PROPERTYGET, DISPATCH_METHOD,
                        DISPATCH_METHOD | DISPATCH_PROPERTYGET};

    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, VALUE, &IID_NULL, 0, DISPATCH_PROPERTYPUT,
                                            &params, NULL, NULL, NULL),
                     S_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(invoke(sample, VALUE, get[i], NULL, 0, &result, NULL), S_OK);
        ck_assert_int_eq(V_VT(&result), VT_I4);
        ck_assert_int_eq(V_I4(&result), -5);
    }
    ck_assert_int_eq(invoke(sample, VALUE, DISPATCH_PROPERTYGET, NULL, 0, NULL, NULL), S_OK);
    ck_assert_int_eq(invoke(sample, WORDS, DISPATCH_PROPERTYPUT, &value, 1, NULL, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(invoke(sample, NOTHING, DISPATCH_PROPERTYGET, NULL, 0, NULL, NULL),
                     DISP_E_MEMBERNOTFOUND);
    drop(sample);
}
END_TEST

START_TEST(arguments_come_reversed_and_are_coerced)
{
    ISample *sample = make();
    VARIANT args[2] = {of_long(50), of_long(8)}, result, inner;
    LONG eight = 8;

    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    V_VT(&args[0]) = VT_I2;
    V_I2(&args[0]) = -50;
    args[1] = of_pointer(VT_BYREF | VT_I4, &eight);
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_int_eq(V_I4(&result), -58);
    args[0] = of_pointer(VT_BSTR, SysAllocString(L"50"));
    inner = of_long(8); /* as VBScript passes a variable */
    args[1] = of_pointer(VT_BYREF | VT_VARIANT, &inner);
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    VariantClear(&args[0]);
    V_VT(&args[0]) = VT_R8;
    V_R8(&args[0]) = 50.0;
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    drop(sample);
}
END_TEST

START_TEST(strings_and_booleans_are_passed_and_coerced)
{
    ISample *sample = make();
    BSTR text = SysAllocString(L"abc");
    VARIANT args[2] = {of_pointer(VT_BYREF | VT_BSTR, &text), of_long(12)}, result;

    ck_assert_int_eq(invoke(sample, CONCAT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"abc12"), 0);
    VariantClear(&result);
    args[0] = args[1] = of_pointer(VT_BSTR, NULL); /* a NULL BSTR is the empty string */
    ck_assert_int_eq(invoke(sample, CONCAT, DISPATCH_METHOD, args, 2, &result, NULL), S_OK);
    ck_assert_uint_eq(SysStringLen(V_BSTR(&result)), 0);
    VariantClear(&result);
    SysFreeString(text);
    V_VT(&args[0]) = VT_BOOL;
    V_BOOL(&args[0]) = VARIANT_TRUE;
    ck_assert_int_eq(invoke(sample, NOT, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BOOL);
    ck_assert_int_eq(V_BOOL(&result), VARIANT_FALSE);
    args[0] = of_long(0);
    ck_assert_int_eq(invoke(sample, NOT, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_BOOL(&result), VARIANT_TRUE);
    drop(sample);
}
END_TEST

START_TEST(variants_go_by_value_between_other_arguments)
{
    ISample *sample = make();
    VARIANT args[3] = {of_long(3), of_pointer(VT_BSTR, SysAllocString(L"v")), of_long(4)}, result;
    VARIANT inner = of_long(99);
    LONG value;

    ck_assert_int_eq(invoke(sample, ECHO_, DISPATCH_METHOD, args, 3, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"v"), 0);
    VariantClear(&result);
    VariantClear(&args[1]);
    sample->lpVtbl->get_Value(sample, &value);
    ck_assert_int_eq(value, 34);
    args[1] = of_pointer(VT_BYREF | VT_VARIANT, &inner);
    ck_assert_int_eq(invoke(sample, ECHO_, DISPATCH_METHOD, args, 3, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_I4);
    ck_assert_int_eq(V_I4(&result), 99);
    drop(sample);
}
END_TEST

START_TEST(objects_are_queried_for_the_interface_needed)
{
    ISample *sample = make();
    VARIANT args[1], result;
    IUnknown *plain;
    struct outer foreign;
    UINT arg_error = 9;

    outer_init(&foreign);
    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IPlain, (void **)&plain), S_OK);
    args[0] = of_pointer(VT_UNKNOWN, plain);
    ck_assert_int_eq(invoke(sample, SAME, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    ck_assert_ptr_eq(V_DISPATCH(&result), sample);
    VariantClear(&result);
    args[0] = of_pointer(VT_BYREF | VT_UNKNOWN, &plain);
    ck_assert_int_eq(invoke(sample, SAME, DISPATCH_METHOD, args, 1, NULL, NULL), S_OK);
    args[0] = of_pointer(VT_DISPATCH, NULL);
    ck_assert_int_eq(invoke(sample, SAME, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    ck_assert_ptr_null(V_DISPATCH(&result));
    args[0] = of_pointer(VT_UNKNOWN, &foreign.iface);
    ck_assert_int_eq(invoke(sample, SAME, DISPATCH_METHOD, args, 1, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 0);
    args[0] = of_long(1);
    ck_assert_int_eq(invoke(sample, SAME, DISPATCH_METHOD, args, 1, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(foreign.refs, 1);
    IUnknown_Release(plain);
    drop(sample);
}
END_TEST

START_TEST(eight_arguments_arrive_in_order)
{
    ISample *sample = make();
    VARIANT args[7], result;

    for (int i = 0; i < 7; i++) {
        args[i] = of_long(i + 1);
    }
    ck_assert_int_eq(invoke(sample, DIGITS, DISPATCH_METHOD, args, 7, &result, NULL), S_OK);
    ck_assert_int_eq(V_I4(&result), 1234567);
    drop(sample);
}
END_TEST

START_TEST(named_arguments_go_to_their_positions)
{
    ISample *sample = make();
    VARIANT args[2] = {of_long(1), of_long(10)}, result;
    DISPID names[2] = {1, 0};
    DISPPARAMS params = {args, names, 2, 2};
    UINT arg_error = 9;

    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 9);
    params.cNamedArgs = 1; /* What:=1 with the other by position */
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 9);
    names[0] = 2;
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, &arg_error),
                     DISP_E_PARAMNOTFOUND);
    ck_assert_uint_eq(arg_error, 0);
    names[0] = 0; /* given twice */
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, &arg_error),
                     DISP_E_PARAMNOTFOUND);
    drop(sample);
}
END_TEST

/* ---- outs ----------------------------------------------------------------------------------- */

START_TEST(outs_are_written_through_pointers_of_their_type)
{
    ISample *sample = make();
    LONG number = 0;
    VARIANT_BOOL flag = 0;
    BSTR text = NULL;
    VARIANT any;
    IDispatch *object = NULL;
    IUnknown *unknown = NULL;
    VARIANT args[6] = {
        of_pointer(VT_BYREF | VT_I4, &number),       of_pointer(VT_BYREF | VT_BOOL, &flag),
        of_pointer(VT_BYREF | VT_BSTR, &text),       of_pointer(VT_BYREF | VT_VARIANT, &any),
        of_pointer(VT_BYREF | VT_DISPATCH, &object), of_pointer(VT_BYREF | VT_UNKNOWN, &unknown)};

    VariantInit(&any);
    ck_assert_int_eq(invoke(sample, OUTS, DISPATCH_METHOD, args, 6, NULL, NULL), S_OK);
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(flag, VARIANT_TRUE);
    ck_assert_int_eq(wcscmp(text, L"text"), 0);
    ck_assert_int_eq(V_VT(&any), VT_I2);
    ck_assert_int_eq(V_I2(&any), 12);
    ck_assert_ptr_eq(object, sample);
    ck_assert_ptr_nonnull(unknown);
    SysFreeString(text);
    IDispatch_Release(object);
    IUnknown_Release(unknown);
    drop(sample);
}
END_TEST

START_TEST(outs_replace_the_variables_of_a_script)
{
    ISample *sample = make();
    VARIANT variables[6], args[6];

    for (int i = 0; i < 6; i++) { /* what they held is freed */
        variables[i] = of_pointer(VT_BSTR, SysAllocString(L"old"));
        args[i] = of_pointer(VT_BYREF | VT_VARIANT, &variables[i]);
    }
    ck_assert_int_eq(invoke(sample, OUTS, DISPATCH_METHOD, args, 6, NULL, NULL), S_OK);
    ck_assert_int_eq(V_VT(&variables[0]), VT_I4);
    ck_assert_int_eq(V_I4(&variables[0]), 7);
    ck_assert_int_eq(V_VT(&variables[1]), VT_BOOL);
    ck_assert_int_eq(V_VT(&variables[2]), VT_BSTR);
    ck_assert_int_eq(V_VT(&variables[3]), VT_I2);
    ck_assert_int_eq(V_VT(&variables[4]), VT_DISPATCH);
    ck_assert_int_eq(V_VT(&variables[5]), VT_UNKNOWN);
    for (int i = 0; i < 6; i++) {
        VariantClear(&variables[i]);
    }
    drop(sample);
}
END_TEST

START_TEST(outs_by_value_or_of_another_type_are_refused_before_the_call)
{
    ISample *sample = make();
    VARIANT variables[6], args[6];
    UINT arg_error = 9;
    LONG number;

    for (int i = 0; i < 6; i++) {
        VariantInit(&variables[i]);
        args[i] = of_pointer(VT_BYREF | VT_VARIANT, &variables[i]);
    }
    args[1] = of_pointer(VT_BYREF | VT_I4, &number); /* a BOOL is asked for */
    ck_assert_int_eq(invoke(sample, OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 4);
    args[1] = of_long(1);
    ck_assert_int_eq(invoke(sample, OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    args[1] = of_pointer(VT_BYREF | VT_BOOL, NULL);
    ck_assert_int_eq(invoke(sample, OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(V_VT(&variables[0]), VT_EMPTY);
    drop(sample);
}
END_TEST

/* ---- errors --------------------------------------------------------------------------------- */

START_TEST(wrong_counts_and_types_have_their_codes)
{
    ISample *sample = make();
    VARIANT args[3] = {of_long(1), of_long(2), of_long(3)}, result, loop;
    UINT arg_error = 9;
    GUID guid = IID_NULL;

    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 1, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 3, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    args[1] = of_pointer(VT_BSTR, SysAllocString(L"word"));
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 0);
    VariantClear(&args[1]);
    V_VT(&args[0]) = VT_R8;
    V_R8(&args[0]) = 1e12;
    args[1] = of_long(1);
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
                     DISP_E_OVERFLOW);
    ck_assert_uint_eq(arg_error, 1);
    V_VT(&args[0]) = VT_ERROR; /* left out */
    V_ERROR(&args[0]) = DISP_E_PARAMNOTFOUND;
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
                     DISP_E_PARAMNOTOPTIONAL);
    loop = of_pointer(VT_BYREF | VT_VARIANT, &loop);
    args[0] = loop;
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    args[0] = of_pointer(VT_BYREF | VT_VARIANT, NULL);
    ck_assert_int_eq(invoke(sample, SUBTRACT, DISPATCH_METHOD, args, 2, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    args[0] = of_pointer(VT_BYREF | VT_I4, &guid);
    ck_assert_int_eq(invoke(sample, BYGUID, DISPATCH_METHOD, args, 1, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(invoke(sample, 4711, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(invoke(sample, -1, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(invoke(sample, 0x7fffffff, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(invoke(sample, (DISPID)0x80000000, DISPATCH_METHOD, args, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, VALUE, &IID_NULL, 0, DISPATCH_METHOD, NULL,
                                            &result, NULL, NULL),
                     E_POINTER);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, VALUE, &IID_IUnknown, 0, DISPATCH_METHOD, NULL,
                                            &result, NULL, NULL),
                     DISP_E_UNKNOWNINTERFACE);
    drop(sample);
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
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, THROW, &IID_NULL, 0, DISPATCH_METHOD, &params,
                                            &result, &exception, NULL),
                     DISP_E_EXCEPTION);
    ck_assert_int_eq(exception.scode, hr);
    ck_assert_uint_eq(exception.wCode, 0);
    ck_assert_ptr_null(exception.pfnDeferredFillIn);
    ck_assert_int_eq(wcscmp(exception.bstrSource, L"Sample.ISample"), 0);
    if (description) {
        ck_assert_int_eq(wcscmp(exception.bstrDescription, description), 0);
    } else {
        ck_assert_uint_gt(SysStringLen(exception.bstrDescription), 3);
    }
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    ck_assert_int_eq(V_VT(&result), VT_EMPTY);
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, THROW, &IID_NULL, 0, DISPATCH_METHOD, &params,
                                            NULL, NULL, NULL),
                     DISP_E_EXCEPTION);
}

START_TEST(a_failing_method_is_an_exception_with_its_code)
{
    ISample *sample = make();
    VARIANT arg = of_long(S_FALSE);

    com_dispatch_set_words(words);
    check_exception(sample, (HRESULT)0x8004003B, L"not a terminal");
    check_exception(sample, (HRESULT)0x80040fff, L"Error 0x80040FFF");
    check_exception(sample, E_OUTOFMEMORY, NULL);
    com_dispatch_set_words(NULL);
    ck_assert_int_eq(invoke(sample, THROW, DISPATCH_METHOD, &arg, 1, NULL, NULL), S_OK);
    drop(sample);
}
END_TEST

/* ---- the default member of what a getter answers ----------------------------------------------
 */

START_TEST(arguments_of_a_plain_getter_go_to_the_default_member)
{
    ISample *sample = make();
    VARIANT arg = of_long(2), result;

    ck_assert_int_eq(
        invoke(sample, WORDS, DISPATCH_METHOD | DISPATCH_PROPERTYGET, &arg, 1, &result, NULL),
        S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"two"), 0);
    VariantClear(&result);
    ck_assert_int_eq(invoke(sample, VALUE, DISPATCH_PROPERTYGET, &arg, 1, &result, NULL),
                     DISP_E_BADPARAMCOUNT);
    drop(sample);
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
    ISample *sample = make();
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
    drop(sample);
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

OMSP_SUITE("com_dispatch", TEST(names_are_found_in_any_case),
           TEST(argument_names_give_their_positions),
           TEST(each_dual_interface_dispatches_its_own_members),
           TEST(getters_answer_as_property_and_as_method_and_setters_set),
           TEST(arguments_come_reversed_and_are_coerced),
           TEST(strings_and_booleans_are_passed_and_coerced),
           TEST(variants_go_by_value_between_other_arguments),
           TEST(objects_are_queried_for_the_interface_needed),
           TEST(eight_arguments_arrive_in_order), TEST(named_arguments_go_to_their_positions),
           TEST(outs_are_written_through_pointers_of_their_type),
           TEST(outs_replace_the_variables_of_a_script),
           TEST(outs_by_value_or_of_another_type_are_refused_before_the_call),
           TEST(wrong_counts_and_types_have_their_codes),
           TEST(a_failing_method_is_an_exception_with_its_code),
           TEST(arguments_of_a_plain_getter_go_to_the_default_member),
           TEST(type_information_is_told_consistently), TEST(the_check_finds_broken_tables))
