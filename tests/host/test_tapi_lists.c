/* Addresses and calls as TAPI 3 clients list them: enumerators, and collections with For Each. */
#include "support/tapi.h"

#include <tapi3.h>
#include <tapi3err.h>

static ITTAPI *begin(void)
{
    ITTAPI *tapi;

    tapi_install();
    ck_assert_hr(
        CoCreateInstance(&CLSID_TAPI, NULL, CLSCTX_INPROC_SERVER, &IID_ITTAPI, (void **)&tapi),
        S_OK);
    return tapi;
}

static void end(ITTAPI *tapi)
{
    ITTAPI_Release(tapi);
    ck_assert_msg(tapi_remove(), "%ld objects are left", (long)tapi_objects());
}

static ITAddress *first_address(ITTAPI *tapi)
{
    IEnumAddress *all;
    ITAddress *address;

    ck_assert_hr(ITTAPI_EnumerateAddresses(tapi, &all), S_OK);
    ck_assert_hr(IEnumAddress_Next(all, 1, &address, NULL), S_OK);
    IEnumAddress_Release(all);
    return address;
}

/* A property as a script asks for it. */
static VARIANT property(IDispatch *object, const WCHAR *name, LONG *index)
{
    LPOLESTR names = (LPOLESTR)name;
    DISPPARAMS params = {0};
    VARIANT argument, result;
    DISPID id;

    V_VT(&argument) = VT_I4;
    V_I4(&argument) = index ? *index : 0;
    params.rgvarg = &argument;
    params.cArgs = index ? 1 : 0;
    VariantInit(&result);
    ck_assert_hr(IDispatch_GetIDsOfNames(object, &IID_NULL, &names, 1, 0, &id), S_OK);
    ck_assert_hr(IDispatch_Invoke(object, id, &IID_NULL, 0, DISPATCH_PROPERTYGET, &params, &result,
                                  NULL, NULL),
                 S_OK);
    return result;
}

static LONG count_of(IDispatch *collection)
{
    VARIANT count = property(collection, L"count", NULL);

    ck_assert_int_eq(V_VT(&count), VT_I4);
    return V_I4(&count);
}

START_TEST(addresses_are_a_collection_and_an_enumeration_of_the_same)
{
    ITTAPI *tapi = begin();
    IEnumAddress *all, *copy;
    ITAddress *one, *rest[TAPI_LINE_COUNT + 1];
    IEnumVARIANT *each;
    VARIANT list, item;
    ULONG got = 9;

    ck_assert_hr(ITTAPI_get_Addresses(tapi, &list), TAPI_E_NOT_INITIALIZED);
    ck_assert_hr(ITTAPI_Initialize(tapi), S_OK);
    ck_assert_hr(ITTAPI_get_Addresses(tapi, NULL), E_POINTER);
    ck_assert_hr(ITTAPI_get_Addresses(tapi, &list), S_OK);
    ck_assert_int_eq(V_VT(&list), VT_DISPATCH);
    ck_assert_int_eq(count_of(V_DISPATCH(&list)), TAPI_LINE_COUNT);
    item = property(V_DISPATCH(&list), L"_newenum", NULL);
    ck_assert_int_eq(V_VT(&item), VT_UNKNOWN);
    each = kit_query(V_UNKNOWN(&item), &IID_IEnumVARIANT);
    VariantClear(&item);
    ck_assert_hr(ITTAPI_EnumerateAddresses(tapi, &all), S_OK);
    for (LONG i = 1; i <= TAPI_LINE_COUNT; i++) {
        VARIANT walked;

        item = property(V_DISPATCH(&list), L"ITEM", &i);
        ck_assert_int_eq(V_VT(&item), VT_DISPATCH);
        ck_assert_hr(IEnumVARIANT_Next(each, 1, &walked, NULL), S_OK);
        ck_assert_hr(IEnumAddress_Next(all, 1, &one, NULL), S_OK);
        ck_assert_ptr_eq(V_DISPATCH(&item), (IDispatch *)one);
        ck_assert_ptr_eq(V_DISPATCH(&walked), (IDispatch *)one);
        VariantClear(&item), VariantClear(&walked), ITAddress_Release(one);
    }
    ck_assert_hr(IEnumVARIANT_Next(each, 1, &item, &got), S_FALSE);
    ck_assert_uint_eq(got, 0);
    ck_assert_hr(IEnumAddress_Next(all, 1, &one, &got), S_FALSE);
    ck_assert_ptr_null(one);
    ck_assert_hr(IEnumAddress_Reset(all), S_OK);
    ck_assert_hr(IEnumAddress_Skip(all, 1), S_OK);
    ck_assert_hr(IEnumAddress_Clone(all, &copy), S_OK);
    ck_assert_hr(IEnumAddress_Next(copy, TAPI_LINE_COUNT + 1, rest, &got), S_FALSE);
    ck_assert_uint_eq(got, TAPI_LINE_COUNT - 1);
    for (ULONG i = 0; i < got; i++)
        ITAddress_Release(rest[i]);
    ck_assert_hr(IEnumAddress_Skip(all, TAPI_LINE_COUNT), S_FALSE);
    ck_assert_hr(ITTAPI_Shutdown(tapi), S_OK);
    ck_assert_int_eq(count_of(V_DISPATCH(&list)), TAPI_LINE_COUNT); /* a snapshot */
    kit_release(copy), kit_release(all), kit_release(each);
    VariantClear(&list);
    end(tapi);
}
END_TEST

static ITBasicCallControl *new_call(ITAddress *address)
{
    BSTR to = SysAllocString(L"127.0.0.1:30972");
    ITBasicCallControl *call;

    ck_assert_hr(
        ITAddress_CreateCall(address, to, LINEADDRESSTYPE_IPADDRESS, TAPIMEDIATYPE_AUDIO, &call),
        S_OK);
    SysFreeString(to);
    return call;
}

static ULONG calls_listed(ITAddress *address, void *expected)
{
    ITCallInfo *found[8];
    IEnumCall *calls;
    VARIANT list;
    bool there = false;
    ULONG count;

    ck_assert_hr(ITAddress_EnumerateCalls(address, &calls), S_OK);
    ck_assert_hr(IEnumCall_Next(calls, 8, found, &count), S_FALSE);
    for (ULONG i = 0; i < count; i++) {
        IUnknown *is = kit_query(found[i], &IID_IUnknown);

        there |= is == expected;
        kit_release(is);
        kit_release(found[i]);
    }
    IEnumCall_Release(calls);
    ck_assert(there == (expected != NULL));
    ck_assert_hr(ITAddress_get_Calls(address, &list), S_OK);
    ck_assert_int_eq(count_of(V_DISPATCH(&list)), (LONG)count);
    VariantClear(&list);
    return count;
}

START_TEST(calls_are_listed_while_they_live)
{
    ITTAPI *tapi = begin();
    ITBasicCallControl *first, *second;
    ITAddress *address;
    IUnknown *identity;
    IEnumCall *kept;
    ITCallInfo *info;
    VARIANT list;

    ck_assert_hr(ITTAPI_Initialize(tapi), S_OK);
    address = first_address(tapi);
    ck_assert_uint_eq(calls_listed(address, NULL), 0);
    first = new_call(address);
    second = new_call(address);
    identity = kit_query(first, &IID_IUnknown);
    ck_assert_uint_eq(calls_listed(address, identity), 2);
    ck_assert_hr(ITAddress_EnumerateCalls(address, NULL), E_POINTER);
    ck_assert_hr(ITAddress_get_Calls(address, NULL), E_POINTER);
    kit_release(second);
    ck_assert_uint_eq(calls_listed(address, identity), 1);
    ck_assert_hr(ITAddress_EnumerateCalls(address, &kept), S_OK);
    kit_release(identity);
    kit_release(first); /* the enumerator still holds it */
    ck_assert_hr(IEnumCall_Next(kept, 1, &info, NULL), S_OK);
    kit_release(info);
    kit_release(kept);
    ck_assert_uint_eq(calls_listed(address, NULL), 0);
    ck_assert_hr(ITTAPI_Shutdown(tapi), S_OK);
    ck_assert_hr(ITAddress_EnumerateCalls(address, &kept), TAPI_E_NOT_INITIALIZED);
    ck_assert_hr(ITAddress_get_Calls(address, &list), TAPI_E_NOT_INITIALIZED);
    kit_release(address);
    end(tapi);
}
END_TEST

OMSP_SUITE("tapi lists", TEST(addresses_are_a_collection_and_an_enumeration_of_the_same),
           TEST(calls_are_listed_while_they_live))
