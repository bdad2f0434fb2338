/* IOpenMSPSamples and IOpenMSPSampleBytes: the media streaming terminal for everybody else, scripts
 * included. */
#include "msp/memory_kit.h"
#include "msp/mst_kit.h"

struct open_pair {
    struct mst_pair pair;
    IOpenMSPSamples *in, *out; /* written, read */
    IOpenMSPSampleBytes *in_bytes, *out_bytes;
};

static void samples_open(struct open_pair *open)
{
    pair_open(&open->pair);
    open->in = kit_query(open->pair.writer, &IID_IOpenMSPSamples);
    open->out = kit_query(open->pair.reader, &IID_IOpenMSPSamples);
    open->in_bytes = kit_query(open->pair.writer, &IID_IOpenMSPSampleBytes);
    open->out_bytes = kit_query(open->pair.reader, &IID_IOpenMSPSampleBytes);
}

static void samples_close(struct open_pair *open)
{
    kit_release(open->in);
    kit_release(open->out);
    kit_release(open->in_bytes);
    kit_release(open->out_bytes);
    pair_close(&open->pair);
}

START_TEST(bytes_go_through_a_call_by_waiting_and_writing)
{
    static SHORT heard[16000];
    struct open_pair open;
    VARIANT_BOOL ready = VARIANT_FALSE, connected = VARIANT_TRUE;
    DWORD at = 0, got = 0;
    double count = 1, level, share;
    BYTE tone[3200];
    ULONG used;
    LONG value;

    samples_open(&open);
    ck_assert_hr(IOpenMSPSamples_get_Connected(open.in, &connected), S_OK);
    ck_assert_int_eq(connected, VARIANT_FALSE);
    ck_assert_hr(IOpenMSPSampleBytes_Read(open.out_bytes, tone, sizeof(tone), &used),
                 TAPI_E_WRONG_STATE);
    ck_assert_hr(IOpenMSPSamples_put_BufferMilliseconds(open.in, 200), S_OK);
    ck_assert_hr(IOpenMSPSamples_put_BufferMilliseconds(open.in, 20), E_INVALIDARG);
    ck_assert_hr(IOpenMSPSamples_get_BufferMilliseconds(open.in, &value), S_OK);
    ck_assert_int_eq(value, 200);
    pair_connect(&open.pair);
    ck_assert_hr(IOpenMSPSamples_put_BufferMilliseconds(open.in, 100), VFW_E_ALREADY_CONNECTED);
    ck_assert_hr(IOpenMSPSamples_SetFormat(open.in, 16000, 1, 16), VFW_E_ALREADY_CONNECTED);
    while (got < 8000) {
        DWORD next = at;

        tone_fill(tone, sizeof(tone), &next);
        ck_assert_hr(IOpenMSPSampleBytes_Write(open.in_bytes, tone, sizeof(tone), &used), S_OK);
        at += used / 2;
        ck_assert_hr(IOpenMSPSamples_Wait(open.out, PATIENCE, &ready), S_OK);
        ck_assert_int_eq(ready, VARIANT_TRUE);
        while (IOpenMSPSampleBytes_Read(open.out_bytes, (BYTE *)(heard + got),
                                        (ULONG)(sizeof(heard) - got * 2), &used) == S_OK)
            got += used / 2;
    }
    share = tone_share(heard + 2000, 6000, &level);
    ck_assert_msg(share > 0.9, "share %f, level %f", share, level);
    ck_assert_hr(IOpenMSPSamples_get_Overruns(open.out, &count), S_OK);
    ck_assert(count == 0);
    ck_assert_hr(IOpenMSPSamples_EndOfStream(open.in), S_OK);
    ck_assert_hr(IOpenMSPSampleBytes_Write(open.in_bytes, tone, 2, &used), TAPI_E_WRONG_STATE);
    ck_assert_hr(IOpenMSPSamples_Drop(open.in), S_OK);
    ck_assert_hr(IOpenMSPSampleBytes_Write(open.in_bytes, tone, 2, &used), S_OK);
    samples_close(&open);
}
END_TEST

START_TEST(an_event_tells_when_there_is_something)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    struct open_pair open;
    BYTE bytes[320];
    ULONG used = 0;
    HRESULT hr = S_FALSE;

    samples_open(&open);
    ck_assert_hr(IOpenMSPSamples_SetNotificationEvent(open.out, HandleToLong(event)), S_OK);
    pair_connect(&open.pair);
    while (hr != S_OK) {
        ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
        hr = IOpenMSPSampleBytes_Read(open.out_bytes, bytes, sizeof(bytes), &used);
    }
    ck_assert_uint_eq(used, sizeof(bytes));
    ck_assert_hr(ITStream_StopStream(open.pair.in), S_OK);
    while (IOpenMSPSampleBytes_Read(open.out_bytes, bytes, sizeof(bytes), &used) !=
           (HRESULT)TAPI_E_WRONG_STATE)
        ck_assert_uint_eq(WaitForSingleObject(event, PATIENCE), WAIT_OBJECT_0);
    ck_assert_hr(IOpenMSPSamples_SetNotificationEvent(open.out, 0), S_OK);
    samples_close(&open);
    CloseHandle(event);
}
END_TEST

static VARIANT array_of(VARTYPE type, const void *data, ULONG count, ULONG width)
{
    SAFEARRAY *array;
    VARIANT variant;

    ck_assert_ptr_nonnull(array = SafeArrayCreateVector(type, 0, count));
    memcpy(array->pvData, data, (size_t)count * width);
    V_VT(&variant) = VT_ARRAY | type;
    V_ARRAY(&variant) = array;
    return variant;
}

START_TEST(arrays_of_bytes_words_and_numbers_are_written)
{
    static const SHORT words[] = {0, 1000, -1000, 32767, -32768};
    struct open_pair open;
    VARIANT variant, numbers[3], wrapped;
    LONG taken = 7;

    samples_open(&open);
    ck_assert_hr(IOpenMSPSamples_Write(open.in, (VARIANT){0}, NULL), E_POINTER);
    V_VT(&variant) = VT_EMPTY;
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    ck_assert_int_eq(taken, 0);
    V_VT(&variant) = VT_BYREF | VT_VARIANT;
    V_VARIANTREF(&variant) = NULL;
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    V_VT(&variant) = VT_BYREF | VT_ARRAY | VT_UI1;
    V_ARRAYREF(&variant) = NULL;
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    variant = array_of(VT_UI1, words, 10, 1);
    V_VT(&variant) = VT_ARRAY | VT_I2; /* which it does not hold */
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    V_VT(&variant) = VT_ARRAY | VT_UI1;
    VariantClear(&variant);
    variant = array_of(VT_I2, words, 5, 2);
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), S_OK);
    ck_assert_int_eq(taken, 5);
    V_VT(&wrapped) = VT_BYREF | VT_VARIANT; /* as VBScript passes its variables */
    V_VARIANTREF(&wrapped) = &variant;
    ck_assert_hr(IOpenMSPSamples_Write(open.in, wrapped, &taken), S_OK);
    ck_assert_hr(IOpenMSPSamples_Write(open.out, variant, &taken), TAPI_E_INVALIDDIRECTION);
    VariantClear(&variant);
    variant = array_of(VT_UI1, words, 10, 1);
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), S_OK);
    ck_assert_int_eq(taken, 10);
    VariantClear(&variant);

    V_VT(&numbers[0]) = VT_I4;
    V_I4(&numbers[0]) = -32768;
    V_VT(&numbers[1]) = VT_R8;
    V_R8(&numbers[1]) = 32766.6;
    V_VT(&numbers[2]) = VT_BSTR;
    V_BSTR(&numbers[2]) = SysAllocString(L"12");
    variant = array_of(VT_VARIANT, numbers, 3, sizeof(VARIANT));
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), S_OK);
    ck_assert_int_eq(taken, 3);
    ck_assert_hr(IOpenMSPSamples_get_BufferedMilliseconds(open.in, &taken), S_OK);
    ck_assert_int_eq(taken, (5 + 5 + 5 + 3) / 8);
    V_R8((VARIANT *)V_ARRAY(&variant)->pvData + 1) = 40000;
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    ck_assert_hr(IOpenMSPSamples_SetFormat(open.in, 8000, 1, 8), S_OK);
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG); /* -32768 */
    VariantClear(&variant);
    variant = array_of(VT_I2, words, 5, 2);
    ck_assert_hr(IOpenMSPSamples_Write(open.in, variant, &taken), E_INVALIDARG);
    VariantClear(&variant);
    ck_assert_hr(IOpenMSPSamples_SetFormat(open.in, 8000, 3, 16), VFW_E_TYPE_NOT_ACCEPTED);
    ck_assert_hr(IOpenMSPSamples_SetFormat(open.in, -1, 1, 16), E_INVALIDARG);
    ck_assert_hr(IOpenMSPSamples_get_BitsPerSample(open.in, &taken), S_OK);
    ck_assert_int_eq(taken, 8);
    samples_close(&open);
}
END_TEST

static HRESULT invoke(IDispatch *object, const WCHAR *name, WORD kind, VARIANT *argument,
                      VARIANT *result)
{
    DISPPARAMS params = {argument, NULL, argument ? 1 : 0, 0};
    DISPID id;
    HRESULT hr = IDispatch_GetIDsOfNames(object, &IID_NULL, (LPOLESTR *)&name, 1, 0, &id);

    VariantInit(result);
    return SUCCEEDED(hr)
               ? IDispatch_Invoke(object, id, &IID_NULL, 0, kind, &params, result, NULL, NULL)
               : hr;
}

START_TEST(a_script_reads_numbers_through_the_one_dispatch_of_the_terminal)
{
    struct open_pair open;
    VARIANT argument, result;
    IDispatch *script;
    LONG lower = 1, upper = -2;

    samples_open(&open);
    script = kit_query(open.pair.reader, &IID_IDispatch);
    ck_assert_hr(invoke(script, L"samplerate", DISPATCH_PROPERTYGET, NULL, &result), S_OK);
    ck_assert_int_eq(V_I4(&result), 8000);
    ck_assert_hr(invoke(script, L"Direction", DISPATCH_PROPERTYGET, NULL, &result), S_OK);
    ck_assert_int_eq(V_I4(&result), TD_RENDER);
    pair_connect(&open.pair);
    V_VT(&argument) = VT_I4;
    V_I4(&argument) = PATIENCE;
    ck_assert_hr(invoke(script, L"Wait", DISPATCH_METHOD, &argument, &result), S_OK);
    ck_assert_int_eq(V_BOOL(&result), VARIANT_TRUE);
    V_I4(&argument) = 80;
    ck_assert_hr(invoke(script, L"ReadSamples", DISPATCH_METHOD, &argument, &result), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_ARRAY | VT_VARIANT);
    ck_assert_hr(SafeArrayGetLBound(V_ARRAY(&result), 1, &lower), S_OK);
    ck_assert_hr(SafeArrayGetUBound(V_ARRAY(&result), 1, &upper), S_OK);
    ck_assert_int_eq(lower, 0);
    ck_assert_int_eq(upper, 79);
    for (LONG i = 0; i < 80; i++) /* silence of mu-law */
        ck_assert_int_eq(V_I4((VARIANT *)V_ARRAY(&result)->pvData + i), 0);
    VariantClear(&result);
    V_I4(&argument) = 160;
    ck_assert_hr(invoke(script, L"Read", DISPATCH_METHOD, &argument, &result), S_OK);
    ck_assert_int_eq(V_VT(&result), VT_ARRAY | VT_UI1);
    VariantClear(&result);
    V_I4(&argument) = -1;
    ck_assert_hr(invoke(script, L"Read", DISPATCH_METHOD, &argument, &result), DISP_E_EXCEPTION);
    ck_assert_hr(invoke(script, L"EndOfStream", DISPATCH_METHOD, NULL, &result), DISP_E_EXCEPTION);
    kit_release(script);
    samples_close(&open);
}
END_TEST

/* Each allocation of one read fails; one of the call's own threads may be it, and then there is
 * another go. */
static void read_without_memory(IOpenMSPSamples *samples,
                                HRESULT(STDMETHODCALLTYPE *read)(IOpenMSPSamples *, LONG,
                                                                 VARIANT *))
{
    LONG before = 0, after = 0, refused = 0;
    VARIANT_BOOL ready;
    VARIANT result;
    bool failed;

    do {
        HRESULT hr;

        ck_assert_hr(IOpenMSPSamples_Wait(samples, PATIENCE, &ready), S_OK);
        ck_assert_hr(IOpenMSPSamples_get_BufferedMilliseconds(samples, &before), S_OK);
        ck_assert_int_gt(before, 0);
        omsp_test_fail_alloc(refused);
        hr = read(samples, 80, &result);
        failed = omsp_test_alloc_failed();
        omsp_test_allow_alloc();
        if (SUCCEEDED(hr)) {
            VariantClear(&result);
            continue;
        }
        ck_assert_hr(hr, E_OUTOFMEMORY);
        ck_assert_int_eq(V_VT(&result), VT_EMPTY);
        ck_assert_hr(IOpenMSPSamples_get_BufferedMilliseconds(samples, &after), S_OK);
        ck_assert_int_ge(after, before);
        refused++;
    } while (failed);
    ck_assert_int_ge(refused, 2);
}

START_TEST(without_memory_for_the_array_what_waits_goes_on_waiting)
{
    struct open_pair open;

    memory_begin();
    samples_open(&open);
    pair_connect(&open.pair);
    read_without_memory(open.out, open.out->lpVtbl->Read);
    read_without_memory(open.out, open.out->lpVtbl->ReadSamples);
    samples_close(&open);
}
END_TEST

OMSP_SUITE("mst_samples", TEST(bytes_go_through_a_call_by_waiting_and_writing),
           TEST(an_event_tells_when_there_is_something),
           TEST(arrays_of_bytes_words_and_numbers_are_written),
           TEST(a_script_reads_numbers_through_the_one_dispatch_of_the_terminal),
           TEST(without_memory_for_the_array_what_waits_goes_on_waiting))
