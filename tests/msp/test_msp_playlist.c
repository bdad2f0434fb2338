/* What put_PlayList and put_FileName take, and what they refuse. */
#include "msp/media_kit.h"

#include "msp/terminal.h"

static void check_list(ITMediaPlayback *playback, BSTR *paths, ULONG count)
{
    VARIANT list;
    VARIANT *elements;

    ck_assert_hr(ITMediaPlayback_get_PlayList(playback, &list), S_OK);
    ck_assert_int_eq(list.vt, VT_ARRAY | VT_VARIANT);
    ck_assert_uint_eq(list.parray->rgsabound[0].cElements, count);
    ck_assert_hr(SafeArrayAccessData(list.parray, (void **)&elements), S_OK);
    for (ULONG i = 0; i < count; i++) {
        ck_assert_int_eq(elements[i].vt, VT_BSTR);
        ck_assert_int_eq(wcscmp(elements[i].bstrVal, paths[i]), 0);
    }
    SafeArrayUnaccessData(list.parray);
    VariantClear(&list);
}

START_TEST(play_lists_come_in_every_shape)
{
    struct media media;
    ITTerminal *player;
    ITMediaPlayback *playback;
    BSTR paths[2];
    VARIANT list, reference;
    SAFEARRAY *array;

    media_begin(&media);
    paths[0] = media_wav(L"one.wav", 80);
    paths[1] = media_wav(L"two.wav", 80);
    player = media_player(&media);
    playback = kit_query(player, &IID_ITMediaPlayback);
    ck_assert_hr(ITMediaPlayback_get_PlayList(playback, NULL), E_POINTER);
    ck_assert_hr(ITMediaPlayback_get_PlayList(playback, &list), S_OK);
    ck_assert_int_eq(list.vt, VT_EMPTY);

    VariantInit(&list), VariantInit(&reference);
    list.vt = VT_ARRAY | VT_VARIANT;
    list.parray = array = media_names(VT_VARIANT, paths, 2);
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, list), S_OK);
    check_list(playback, paths, 2);
    reference.vt = VT_BYREF | VT_VARIANT; /* what VBScript passes for a variable */
    reference.pvarVal = &list;
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, reference), S_OK);
    reference.vt = VT_BYREF | VT_ARRAY | VT_VARIANT;
    reference.pparray = &array;
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, reference), S_OK);
    check_list(playback, paths, 2);
    SafeArrayDestroy(array);

    list.vt = VT_ARRAY | VT_BSTR;
    list.parray = media_names(VT_BSTR, paths, 2);
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, list), S_OK);
    check_list(playback, paths, 2);
    VariantClear(&list);

    list.vt = VT_BSTR;
    list.bstrVal = paths[1];
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, list), S_OK);
    check_list(playback, &paths[1], 1);
    reference.vt = VT_BYREF | VT_BSTR;
    reference.pbstrVal = &paths[0];
    ck_assert_hr(ITMediaPlayback_put_PlayList(playback, reference), S_OK);
    check_list(playback, &paths[0], 1);

    SysFreeString(paths[0]), SysFreeString(paths[1]);
    kit_release(playback), kit_release(player);
    media_end(&media);
    media_delete(L"one.wav"), media_delete(L"two.wav");
}
END_TEST

static HRESULT put_vt(ITMediaPlayback *playback, VARTYPE vt, void *value)
{
    VARIANT list;

    VariantInit(&list);
    list.vt = vt;
    list.byref = value;
    return ITMediaPlayback_put_PlayList(playback, list);
}

START_TEST(play_lists_of_rubbish_are_refused)
{
    struct media media;
    ITTerminal *player;
    ITMediaPlayback *playback;
    BSTR good, odd;
    SAFEARRAY *array;
    SAFEARRAYBOUND bounds[2] = {{1, 0}, {1, 0}};
    VARIANT element;
    LONG at = 0;

    media_begin(&media);
    good = media_wav(L"good.wav", 80);
    player = media_player(&media);
    playback = kit_query(player, &IID_ITMediaPlayback);
    ck_assert_hr(put_vt(playback, VT_BSTR, good), S_OK);

    ck_assert_hr(put_vt(playback, VT_EMPTY, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_I4, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_BSTR, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_BSTR | VT_BYREF, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_VARIANT | VT_BYREF, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_BSTR | VT_BYREF, NULL), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_UNKNOWN, player), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(put_vt(playback, VT_STORAGE, player), TAPI_E_NOTSUPPORTED);
    odd = SysAllocString(L"");
    ck_assert_hr(put_vt(playback, VT_BSTR, odd), E_INVALIDARG);
    SysFreeString(odd);
    odd = SysAllocStringLen(L"a.wav\0.wav", 10);
    ck_assert_hr(put_vt(playback, VT_BSTR, odd), E_INVALIDARG);
    SysFreeString(odd);
    odd = SysAllocString(L"\xd800.wav"); /* half a surrogate pair */
    ck_assert_hr(put_vt(playback, VT_BSTR, odd), E_INVALIDARG);
    SysFreeString(odd);
    odd = SysAllocString(L"C:\\no such folder\\no such file.wav");
    ck_assert_hr(put_vt(playback, VT_BSTR, odd), HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND));
    SysFreeString(odd);

    array = SafeArrayCreateVector(VT_VARIANT, 0, 0);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, array), E_INVALIDARG);
    SafeArrayDestroy(array);
    array = SafeArrayCreateVector(VT_I4, 0, 2);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_I4, array), E_INVALIDARG);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, array), E_INVALIDARG); /* a lie */
    SafeArrayDestroy(array);
    array = SafeArrayCreate(VT_VARIANT, 2, bounds);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, array), E_INVALIDARG);
    SafeArrayDestroy(array);
    array = media_names(VT_VARIANT, &good, 1);
    VariantInit(&element);
    element.vt = VT_I4;
    at = 5;
    ck_assert_hr(SafeArrayPutElement(array, &at, &element), S_OK);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, array), E_INVALIDARG);
    SafeArrayDestroy(array);
    array = SafeArrayCreateVector(VT_VARIANT, 0, MSP_PLAYLIST_MAX + 1);
    ck_assert_hr(put_vt(playback, VT_ARRAY | VT_VARIANT, array), E_INVALIDARG);
    SafeArrayDestroy(array);

    check_list(playback, &good, 1); /* the old one stands */
    SysFreeString(good);
    kit_release(playback), kit_release(player);
    media_end(&media);
    media_delete(L"good.wav");
}
END_TEST

static void list_body(void *ctx)
{
    struct msp_playlist list;
    VARIANT *value = ctx;
    HRESULT hr = msp_playlist_read(value, &list);

    ck_assert_hr(hr, omsp_test_alloc_failed() ? E_OUTOFMEMORY : S_OK);
    msp_playlist_clear(&list);
}

START_TEST(a_play_list_survives_every_failing_allocation)
{
    BSTR paths[3] = {SysAllocString(L"a"), SysAllocString(L"b"), SysAllocString(L"c")};
    VARIANT list;

    VariantInit(&list);
    list.vt = VT_ARRAY | VT_VARIANT;
    list.parray = media_names(VT_VARIANT, paths, 3);
    ck_assert_int_ge(omsp_test_alloc_walk(list_body, &list), 4);
    VariantClear(&list);
    for (int i = 0; i < 3; i++)
        SysFreeString(paths[i]);
}
END_TEST

START_TEST(a_file_name_is_kept_and_checked)
{
    struct media media;
    ITTerminal *recorder;
    ITMediaRecord *record;
    BSTR name = NULL, path;

    media_begin(&media);
    recorder = media_recorder(&media);
    record = kit_query(recorder, &IID_ITMediaRecord);
    ck_assert_hr(ITMediaRecord_get_FileName(record, NULL), E_POINTER);
    ck_assert_hr(ITMediaRecord_get_FileName(record, &name), S_OK);
    ck_assert_uint_eq(SysStringLen(name), 0);
    SysFreeString(name);
    ck_assert_hr(ITMediaRecord_put_FileName(record, NULL), E_INVALIDARG);
    name = SysAllocString(L"");
    ck_assert_hr(ITMediaRecord_put_FileName(record, name), E_INVALIDARG);
    SysFreeString(name);
    path = media_path(L"\x00e4\x65e5.wav");
    ck_assert_hr(ITMediaRecord_put_FileName(record, path), S_OK);
    ck_assert_hr(ITMediaRecord_get_FileName(record, &name), S_OK);
    ck_assert_int_eq(wcscmp(name, path), 0);
    SysFreeString(name), SysFreeString(path);
    kit_release(record), kit_release(recorder);
    media_end(&media);
}
END_TEST

OMSP_SUITE("msp playlist", TEST(play_lists_come_in_every_shape),
           TEST(play_lists_of_rubbish_are_refused),
           TEST(a_play_list_survives_every_failing_allocation),
           TEST(a_file_name_is_kept_and_checked))
