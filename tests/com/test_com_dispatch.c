/* IDispatch by tables: names, coercion, BYREF, outs. */
#include "sample.c"

/* ---- names ---------------------------------------------------------------------------------- */

START_TEST(names_are_found_in_any_case)
{
    ISample *sample = sample_make();
    DISPID id;

    ck_assert_int_eq(sample_id(sample, L"Value", &id), S_OK);
    ck_assert_int_eq(id, ID_VALUE);
    ck_assert_int_eq(sample_id(sample, L"sUBTRACT", &id), S_OK);
    ck_assert_int_eq(id, ID_SUBTRACT);
    ck_assert_int_eq(sample_id(sample, L"nothing", &id), S_OK);
    ck_assert_int_eq(id, ID_NOTHING);
    ck_assert_int_eq(sample_id(sample, L"Subtrac", &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(id, DISPID_UNKNOWN);
    ck_assert_int_eq(sample_id(sample, L"", &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(sample_id(sample, NULL, &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(sample_id(sample, L"Name", &id),
                     DISP_E_UNKNOWNNAME); /* of another interface */
    sample_drop(sample);
}
END_TEST

START_TEST(argument_names_give_their_positions)
{
    WCHAR method[] = L"subtract", what[] = L"WHAT", from[] = L"from", odd[] = L"odd";
    LPOLESTR names[] = {method, what, odd, from};
    ISample *sample = sample_make();
    DISPID ids[4];

    ck_assert_int_eq(sample->lpVtbl->GetIDsOfNames(sample, &IID_NULL, names, 4, 0, ids),
                     DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(ids[0], ID_SUBTRACT);
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
    sample_drop(sample);
}
END_TEST

START_TEST(each_dual_interface_dispatches_its_own_members)
{
    ISample *sample = sample_make();
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
    ck_assert_ptr_nonnull(V_BSTR(&result));
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"other"), 0);
    VariantClear(&result);
    /* IDispatch itself is the class's first dual interface. */
    ck_assert_int_eq(other->lpVtbl->QueryInterface(other, &IID_IDispatch, (void **)&dual), S_OK);
    ck_assert_ptr_eq(dual, sample);
    IDispatch_Release(dual);
    other->lpVtbl->Release(other);
    sample_drop(sample);
}
END_TEST

START_TEST(merged_interfaces_answer_for_each_other)
{
    ISample *sample;
    IOther *other;
    VARIANT result;
    DISPID id;

    sample_merged = true;
    sample = sample_make();
    sample_merged = false;
    ck_assert_ptr_null(com_class_check(com_object_of(sample)->class));
    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IOther, (void **)&other), S_OK);
    ck_assert_int_eq(sample_id(sample, L"name", &id), S_OK);
    ck_assert_int_eq(id, 1);
    ck_assert_int_eq(sample_id(sample, L"nobody", &id), DISP_E_UNKNOWNNAME);
    ck_assert_int_eq(sample_invoke(sample, 1, DISPATCH_PROPERTYGET, NULL, 0, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    VariantClear(&result);
    ck_assert_int_eq(sample_invoke(other, ID_VALUE, DISPATCH_PROPERTYGET, NULL, 0, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    ck_assert_int_eq(sample_invoke(other, 4711, DISPATCH_METHOD, NULL, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    other->lpVtbl->Release(other);
    sample_drop(sample);
    /* The others do not. */
    sample = sample_make();
    ck_assert_int_eq(sample_invoke(sample, 1, DISPATCH_PROPERTYGET, NULL, 0, &result, NULL),
                     DISP_E_MEMBERNOTFOUND);
    sample_drop(sample);
}
END_TEST

/* ---- arguments ------------------------------------------------------------------------------ */

START_TEST(getters_answer_as_property_and_as_method_and_setters_set)
{
    ISample *sample = sample_make();
    DISPID put = DISPID_PROPERTYPUT;
    VARIANT value = of_long(-5), result;
    DISPPARAMS params = {&value, &put, 1, 1};
    const WORD get[] = {DISPATCH_PROPERTYGET, DISPATCH_METHOD,
                        DISPATCH_METHOD | DISPATCH_PROPERTYGET};

    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_VALUE, &IID_NULL, 0, DISPATCH_PROPERTYPUT,
                                            &params, NULL, NULL, NULL),
                     S_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(sample_invoke(sample, ID_VALUE, get[i], NULL, 0, &result, NULL), S_OK);
        ck_assert_int_eq(V_VT(&result), VT_I4);
        ck_assert_int_eq(V_I4(&result), -5);
    }
    ck_assert_int_eq(sample_invoke(sample, ID_VALUE, DISPATCH_PROPERTYGET, NULL, 0, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(sample_invoke(sample, ID_WORDS, DISPATCH_PROPERTYPUT, &value, 1, NULL, NULL),
                     DISP_E_MEMBERNOTFOUND);
    ck_assert_int_eq(sample_invoke(sample, ID_NOTHING, DISPATCH_PROPERTYGET, NULL, 0, NULL, NULL),
                     DISP_E_MEMBERNOTFOUND);
    sample_drop(sample);
}
END_TEST

START_TEST(arguments_come_reversed_and_are_coerced)
{
    ISample *sample = sample_make();
    VARIANT args[2] = {of_long(50), of_long(8)}, result, inner;
    LONG eight = 8;

    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    V_VT(&args[0]) = VT_I2;
    V_I2(&args[0]) = -50;
    args[1] = of_pointer(VT_BYREF | VT_I4, &eight);
    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), -58);
    args[0] = of_pointer(VT_BSTR, SysAllocString(L"50"));
    inner = of_long(8); /* as VBScript passes a variable */
    args[1] = of_pointer(VT_BYREF | VT_VARIANT, &inner);
    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    VariantClear(&args[0]);
    V_VT(&args[0]) = VT_R8;
    V_R8(&args[0]) = 50.0;
    ck_assert_int_eq(sample_invoke(sample, ID_SUBTRACT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 42);
    sample_drop(sample);
}
END_TEST

START_TEST(strings_and_booleans_are_passed_and_coerced)
{
    ISample *sample = sample_make();
    BSTR text = SysAllocString(L"abc");
    VARIANT args[2] = {of_pointer(VT_BYREF | VT_BSTR, &text), of_long(12)}, result;

    ck_assert_int_eq(sample_invoke(sample, ID_CONCAT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_ptr_nonnull(V_BSTR(&result));
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"abc12"), 0);
    VariantClear(&result);
    args[0] = args[1] = of_pointer(VT_BSTR, NULL); /* a NULL BSTR is the empty string */
    ck_assert_int_eq(sample_invoke(sample, ID_CONCAT, DISPATCH_METHOD, args, 2, &result, NULL),
                     S_OK);
    ck_assert_uint_eq(SysStringLen(V_BSTR(&result)), 0);
    VariantClear(&result);
    SysFreeString(text);
    V_VT(&args[0]) = VT_BOOL;
    V_BOOL(&args[0]) = VARIANT_TRUE;
    ck_assert_int_eq(sample_invoke(sample, ID_NOT, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BOOL);
    ck_assert_int_eq(V_BOOL(&result), VARIANT_FALSE);
    args[0] = of_long(0);
    ck_assert_int_eq(sample_invoke(sample, ID_NOT, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_BOOL(&result), VARIANT_TRUE);
    sample_drop(sample);
}
END_TEST

START_TEST(variants_go_by_value_between_other_arguments)
{
    ISample *sample = sample_make();
    VARIANT args[3] = {of_long(3), of_pointer(VT_BSTR, SysAllocString(L"v")), of_long(4)}, result;
    VARIANT inner = of_long(99);
    LONG value;

    ck_assert_int_eq(sample_invoke(sample, ID_ECHO, DISPATCH_METHOD, args, 3, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_BSTR);
    ck_assert_ptr_nonnull(V_BSTR(&result));
    ck_assert_int_eq(wcscmp(V_BSTR(&result), L"v"), 0);
    VariantClear(&result);
    VariantClear(&args[1]);
    sample->lpVtbl->get_Value(sample, &value);
    ck_assert_int_eq(value, 34);
    args[1] = of_pointer(VT_BYREF | VT_VARIANT, &inner);
    ck_assert_int_eq(sample_invoke(sample, ID_ECHO, DISPATCH_METHOD, args, 3, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_I4);
    ck_assert_int_eq(V_I4(&result), 99);
    sample_drop(sample);
}
END_TEST

START_TEST(objects_are_queried_for_the_interface_needed)
{
    ISample *sample = sample_make();
    VARIANT args[1], result;
    IUnknown *plain;
    struct outer foreign;
    UINT arg_error = 9;

    outer_init(&foreign);
    ck_assert_int_eq(sample->lpVtbl->QueryInterface(sample, &IID_IPlain, (void **)&plain), S_OK);
    args[0] = of_pointer(VT_UNKNOWN, plain);
    ck_assert_int_eq(sample_invoke(sample, ID_SAME, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    ck_assert_ptr_eq(V_DISPATCH(&result), sample);
    VariantClear(&result);
    args[0] = of_pointer(VT_BYREF | VT_UNKNOWN, &plain);
    ck_assert_int_eq(sample_invoke(sample, ID_SAME, DISPATCH_METHOD, args, 1, NULL, NULL), S_OK);
    args[0] = of_pointer(VT_DISPATCH, NULL);
    ck_assert_int_eq(sample_invoke(sample, ID_SAME, DISPATCH_METHOD, args, 1, &result, NULL), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_DISPATCH);
    ck_assert_ptr_null(V_DISPATCH(&result));
    args[0] = of_pointer(VT_UNKNOWN, &foreign.iface);
    ck_assert_int_eq(sample_invoke(sample, ID_SAME, DISPATCH_METHOD, args, 1, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 0);
    args[0] = of_long(1);
    ck_assert_int_eq(sample_invoke(sample, ID_SAME, DISPATCH_METHOD, args, 1, &result, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(foreign.refs, 1);
    IUnknown_Release(plain);
    sample_drop(sample);
}
END_TEST

START_TEST(eight_arguments_arrive_in_order)
{
    ISample *sample = sample_make();
    VARIANT args[7], result;

    for (int i = 0; i < 7; i++) {
        args[i] = of_long(i + 1);
    }
    ck_assert_int_eq(sample_invoke(sample, ID_DIGITS, DISPATCH_METHOD, args, 7, &result, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 1234567);
    sample_drop(sample);
}
END_TEST

START_TEST(named_arguments_go_to_their_positions)
{
    ISample *sample = sample_make();
    VARIANT args[2] = {of_long(1), of_long(10)}, result;
    DISPID names[2] = {1, 0};
    DISPPARAMS params = {args, names, 2, 2};
    UINT arg_error = 9;

    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 9);
    params.cNamedArgs = 1; /* What:=1 with the other by position */
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, NULL),
                     S_OK);
    ck_assert_int_eq(V_I4(&result), 9);
    names[0] = 2;
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, &arg_error),
                     DISP_E_PARAMNOTFOUND);
    ck_assert_uint_eq(arg_error, 0);
    names[0] = 0; /* given twice */
    ck_assert_int_eq(sample->lpVtbl->Invoke(sample, ID_SUBTRACT, &IID_NULL, 0, DISPATCH_METHOD,
                                            &params, &result, NULL, &arg_error),
                     DISP_E_PARAMNOTFOUND);
    sample_drop(sample);
}
END_TEST

/* ---- outs ----------------------------------------------------------------------------------- */

START_TEST(outs_are_written_through_pointers_of_their_type)
{
    ISample *sample = sample_make();
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
    ck_assert_int_eq(sample_invoke(sample, ID_OUTS, DISPATCH_METHOD, args, 6, NULL, NULL), S_OK);
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(flag, VARIANT_TRUE);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(wcscmp(text, L"text"), 0);
    ck_assert_int_eq(V_VT(&any), VT_I2);
    ck_assert_int_eq(V_I2(&any), 12);
    ck_assert_ptr_eq(object, sample);
    ck_assert_ptr_nonnull(unknown);
    SysFreeString(text);
    IDispatch_Release(object);
    IUnknown_Release(unknown);
    sample_drop(sample);
}
END_TEST

START_TEST(outs_replace_the_variables_of_a_script)
{
    ISample *sample = sample_make();
    VARIANT variables[6], args[6];

    for (int i = 0; i < 6; i++) { /* what they held is freed */
        variables[i] = of_pointer(VT_BSTR, SysAllocString(L"old"));
        args[i] = of_pointer(VT_BYREF | VT_VARIANT, &variables[i]);
    }
    ck_assert_int_eq(sample_invoke(sample, ID_OUTS, DISPATCH_METHOD, args, 6, NULL, NULL), S_OK);
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
    sample_drop(sample);
}
END_TEST

START_TEST(outs_by_value_or_of_another_type_are_refused_before_the_call)
{
    ISample *sample = sample_make();
    VARIANT variables[6], args[6];
    UINT arg_error = 9;
    LONG number;

    for (int i = 0; i < 6; i++) {
        VariantInit(&variables[i]);
        args[i] = of_pointer(VT_BYREF | VT_VARIANT, &variables[i]);
    }
    args[1] = of_pointer(VT_BYREF | VT_I4, &number); /* a BOOL is asked for */
    ck_assert_int_eq(sample_invoke(sample, ID_OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_uint_eq(arg_error, 4);
    args[1] = of_long(1);
    ck_assert_int_eq(sample_invoke(sample, ID_OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    args[1] = of_pointer(VT_BYREF | VT_BOOL, NULL);
    ck_assert_int_eq(sample_invoke(sample, ID_OUTS, DISPATCH_METHOD, args, 6, NULL, &arg_error),
                     DISP_E_TYPEMISMATCH);
    ck_assert_int_eq(V_VT(&variables[0]), VT_EMPTY);
    sample_drop(sample);
}
END_TEST

OMSP_SUITE("com_dispatch", TEST(merged_interfaces_answer_for_each_other),
           TEST(names_are_found_in_any_case), TEST(argument_names_give_their_positions),
           TEST(each_dual_interface_dispatches_its_own_members),
           TEST(getters_answer_as_property_and_as_method_and_setters_set),
           TEST(arguments_come_reversed_and_are_coerced),
           TEST(strings_and_booleans_are_passed_and_coerced),
           TEST(variants_go_by_value_between_other_arguments),
           TEST(objects_are_queried_for_the_interface_needed),
           TEST(eight_arguments_arrive_in_order), TEST(named_arguments_go_to_their_positions),
           TEST(outs_are_written_through_pointers_of_their_type),
           TEST(outs_replace_the_variables_of_a_script),
           TEST(outs_by_value_or_of_another_type_are_refused_before_the_call))
