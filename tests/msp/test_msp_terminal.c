/* File terminals and tracks: interfaces, tracks, formats, states, automation. */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/classes.h"
#include "msp/terminal.h"

#include <mmreg.h>

START_TEST(the_classes_are_well_formed)
{
    const struct com_class *classes[] = {&msp_player_class, &msp_recorder_class, &msp_track_class,
                                         &msp_audio_format_class};

    for (unsigned i = 0; i < 4; i++) {
        const char *wrong = com_class_check(classes[i]);

        ck_assert_msg(!wrong, "%s: %s", classes[i]->name, wrong);
    }
}
END_TEST

START_TEST(interfaces_reach_one_another)
{
    static const IID *const player_iids[] = {&IID_ITTerminal,     &IID_ITMultiTrackTerminal,
                                             &IID_ITMediaControl, &IID_ITMediaPlayback,
                                             &IID_IDispatch,      &IID_IObjectSafety};
    static const IID *const recorder_iids[] = {&IID_ITTerminal, &IID_ITMultiTrackTerminal,
                                               &IID_ITMediaControl, &IID_ITMediaRecord,
                                               &IID_ITTerminalControl};
    static const IID *const track_iids[] = {&IID_ITTerminal, &IID_ITFileTrack, &IID_IDispatch,
                                            &IID_ITTerminalControl};
    struct media media;
    ITTerminal *player, *recorder, *track;
    void *none = &media;

    media_begin(&media);
    player = media_player(&media);
    recorder = media_recorder(&media);
    track = media_new_track(recorder);
    kit_check_identity((IUnknown *)player, player_iids, 6);
    kit_check_identity((IUnknown *)recorder, recorder_iids, 5);
    kit_check_identity((IUnknown *)track, track_iids, 4);
    ck_assert_hr(ITTerminal_QueryInterface(player, &IID_ITMediaRecord, &none), E_NOINTERFACE);
    ck_assert_ptr_null(none);
    ck_assert_hr(ITTerminal_QueryInterface(recorder, &IID_ITMediaPlayback, &none), E_NOINTERFACE);
    ck_assert_hr(ITTerminal_QueryInterface(track, &IID_ITMultiTrackTerminal, &none), E_NOINTERFACE);
    kit_release(track), kit_release(recorder), kit_release(player);
    media_end(&media);
}
END_TEST

static void check_properties(ITTerminal *terminal, const WCHAR *class, LONG media,
                             TERMINAL_DIRECTION direction)
{
    TERMINAL_TYPE type;
    TERMINAL_DIRECTION is;
    BSTR text;
    LONG types;

    ck_assert_hr(ITTerminal_get_Name(terminal, &text), S_OK);
    ck_assert_uint_gt(SysStringLen(text), 0);
    SysFreeString(text);
    ck_assert_hr(ITTerminal_get_TerminalClass(terminal, &text), S_OK);
    ck_assert_int_eq(wcscmp(text, class), 0); /* a Delphi client compares exactly */
    SysFreeString(text);
    ck_assert_hr(ITTerminal_get_TerminalType(terminal, &type), S_OK);
    ck_assert_int_eq(type, TT_DYNAMIC);
    ck_assert_hr(ITTerminal_get_MediaType(terminal, &types), S_OK);
    ck_assert_int_eq(types & TAPIMEDIATYPE_AUDIO, media);
    ck_assert_hr(ITTerminal_get_Direction(terminal, &is), S_OK);
    ck_assert_int_eq(is, direction);
    ck_assert_int_eq(media_state(terminal), TS_NOTINUSE);
    ck_assert_hr(ITTerminal_get_Name(terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_State(terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_TerminalType(terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_TerminalClass(terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_MediaType(terminal, NULL), E_POINTER);
    ck_assert_hr(ITTerminal_get_Direction(terminal, NULL), E_POINTER);
}

START_TEST(properties_say_what_they_are)
{
    struct media media;
    ITTerminal *player, *recorder, *played, *recorded;

    media_begin(&media);
    player = media_playing(&media, L"properties.wav", 80, &played);
    recorder = media_recorder(&media);
    recorded = media_new_track(recorder);
    check_properties(player, L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", TAPIMEDIATYPE_AUDIO,
                     TD_CAPTURE);
    check_properties(recorder, L"{521F3D06-C3D0-4511-8617-86B9A783DA77}", TAPIMEDIATYPE_AUDIO,
                     TD_RENDER);
    check_properties(recorded, L"{BF14A2E4-E88B-4EF5-9740-5AC5D022F8C9}", TAPIMEDIATYPE_AUDIO,
                     TD_RENDER);
    kit_release(recorded), kit_release(recorder), kit_release(played), kit_release(player);
    media_end(&media);
    media_delete(L"properties.wav");
}
END_TEST

START_TEST(terminal_control_tells_the_address_and_no_pins)
{
    struct media media;
    ITTerminal *player;
    ITTerminalControl *control;
    MSP_HANDLE token = NULL;
    DWORD pins = 7;

    media_begin(&media);
    player = media_player(&media);
    control = kit_query(player, &IID_ITTerminalControl);
    ck_assert_hr(control->lpVtbl->get_AddressHandle(control, &token), S_OK);
    ck_assert_ptr_eq(token,
                     msp_address_token(CONTAINING_RECORD(media.msp, struct msp_address, msp)));
    ck_assert_ptr_nonnull(token);
    ck_assert_hr(control->lpVtbl->get_AddressHandle(control, NULL), E_POINTER);
    ck_assert_hr(control->lpVtbl->ConnectTerminal(control, NULL, 0, &pins, NULL), E_POINTER);
    ck_assert_hr(control->lpVtbl->ConnectTerminal(control, (IGraphBuilder *)player, 0, &pins, NULL),
                 E_NOTIMPL);
    ck_assert_uint_eq(pins, 0);
    ck_assert_hr(control->lpVtbl->CompleteConnectTerminal(control), E_NOTIMPL);
    ck_assert_hr(control->lpVtbl->RunRenderFilter(control), E_NOTIMPL);
    ck_assert_hr(control->lpVtbl->StopRenderFilter(control), E_NOTIMPL);
    ck_assert_hr(control->lpVtbl->DisconnectTerminal(control, NULL, 0), E_POINTER);
    kit_release(control), kit_release(player);
    media_end(&media);
}
END_TEST

/* ---- tracks ---------------------------------------------------------------------------------- */

START_TEST(a_recorder_makes_and_removes_tracks_and_a_player_does_not)
{
    struct media media;
    ITTerminal *player, *recorder, *played, *first, *second, *third = (ITTerminal *)&media, *parent;
    ITTerminal *more[8];
    ITMultiTrackTerminal *of_player, *of_recorder;
    ITFileTrack *track;
    IOpenMSPCall *call;
    ITStream *render;
    TERMINAL_DIRECTION direction;
    VARIANT collection;
    LONG types;

    media_begin(&media);
    player = media_playing(&media, L"tracks.wav", 80, &played);
    recorder = media_recording(&media, L"tracks-out.wav", &first);
    of_player = kit_query(player, &IID_ITMultiTrackTerminal);
    of_recorder = kit_query(recorder, &IID_ITMultiTrackTerminal);

    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(of_player, TAPIMEDIATYPE_AUDIO,
                                                          TD_CAPTURE, &third),
                 TAPI_E_NOTSUPPORTED);
    ck_assert_ptr_null(third);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_player, played), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(
        ITMultiTrackTerminal_CreateTrackTerminal(of_recorder, TAPIMEDIATYPE_AUDIO, TD_RENDER, NULL),
        E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(of_recorder, TAPIMEDIATYPE_VIDEO,
                                                          TD_RENDER, &third),
                 E_INVALIDARG);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(of_recorder, TAPIMEDIATYPE_AUDIO,
                                                          TD_CAPTURE, &third),
                 TAPI_E_INVALIDDIRECTION);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(of_recorder, TAPIMEDIATYPE_AUDIO,
                                                          (TERMINAL_DIRECTION)77, &third),
                 E_INVALIDARG);
    second = media_new_track(recorder);
    for (int i = 2; i < 8; i++) {
        third = media_new_track(recorder);
        ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, third), S_OK);
        kit_release(third);
        more[i] = media_new_track(recorder);
    }
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(of_recorder, TAPIMEDIATYPE_AUDIO,
                                                          TD_RENDER, &third),
                 TAPI_E_RESOURCEUNAVAIL);
    for (int i = 2; i < 8; i++) {
        ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, more[i]), S_OK);
        kit_release(more[i]);
    }
    ck_assert_hr(ITMultiTrackTerminal_get_TrackTerminals(of_recorder, &collection), S_OK);
    ck_assert_int_eq(collection.vt, VT_DISPATCH);
    VariantClear(&collection);
    track = kit_query(second, &IID_ITFileTrack);
    ck_assert_hr(ITFileTrack_get_ControllingTerminal(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_get_ControllingTerminal(track, &parent), S_OK);
    ck_assert_ptr_eq(parent, recorder);
    kit_release(parent);

    /* In use while connected. */
    ck_assert_hr(ITMultiTrackTerminal_get_MediaTypesInUse(of_recorder, &types), S_OK);
    ck_assert_int_eq(types, 0);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(of_recorder, &direction), S_OK);
    ck_assert_int_eq(direction, TD_NONE);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    render = media_stream(call, RENDER);
    ck_assert_hr(ITStream_SelectTerminal(render, first), S_OK);
    media_connect(call);
    ck_assert_hr(ITMultiTrackTerminal_get_MediaTypesInUse(of_recorder, &types), S_OK);
    ck_assert_int_eq(types, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(of_recorder, &direction), S_OK);
    ck_assert_int_eq(direction, TD_RENDER);
    ck_assert_int_eq(media_state(recorder), TS_INUSE);

    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, recorder), E_INVALIDARG);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, played), E_INVALIDARG);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, first),
                 TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITStream_UnselectTerminal(render, first), S_OK);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, first), S_OK);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, first), E_INVALIDARG);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(of_recorder, second), S_OK);

    kit_release(render), kit_release(call), kit_release(track);
    kit_release(of_recorder), kit_release(of_player);
    kit_release(second), kit_release(first), kit_release(recorder);
    kit_release(played), kit_release(player);
    media_end(&media);
    media_delete(L"tracks.wav"), media_delete(L"tracks-out.wav");
}
END_TEST

/* ---- formats --------------------------------------------------------------------------------- */

START_TEST(formats_travel_as_media_types)
{
    static const GUID none;
    struct media media;
    ITTerminal *recorder, *terminal;
    ITFileTrack *track;
    AM_MEDIA_TYPE *type = NULL, wrong;
    WAVEFORMATEX wave;

    media_begin(&media);
    recorder = media_recorder(&media);
    terminal = media_new_track(recorder);
    track = kit_query(terminal, &IID_ITFileTrack);
    ck_assert_hr(ITFileTrack_get_Format(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_put_Format(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_get_Format(track, &type), S_OK);
    ck_assert_uint_eq(type->cbFormat, sizeof(wave));
    memcpy(&wave, type->pbFormat, sizeof(wave));
    ck_assert_uint_eq(wave.wFormatTag, WAVE_FORMAT_PCM);
    ck_assert_uint_eq(wave.nChannels, 1);
    ck_assert_uint_eq(wave.nSamplesPerSec, 8000);
    ck_assert_uint_eq(wave.nAvgBytesPerSec, 16000);
    ck_assert_uint_eq(wave.nBlockAlign, 2);
    ck_assert_uint_eq(wave.wBitsPerSample, 16);

    /* µ-law in the same block, then one lie after the other. */
    wave.wFormatTag = WAVE_FORMAT_MULAW;
    wave.nAvgBytesPerSec = 8000;
    wave.nBlockAlign = 1;
    wave.wBitsPerSample = 8;
    memcpy(type->pbFormat, &wave, sizeof(wave));
    ck_assert_hr(ITFileTrack_put_Format(track, type), S_OK);
    wrong = *type;
    wrong.cbFormat = sizeof(wave) - 1;
    ck_assert_hr(ITFileTrack_put_Format(track, &wrong), E_INVALIDARG);
    wrong = *type;
    wrong.pbFormat = NULL;
    ck_assert_hr(ITFileTrack_put_Format(track, &wrong), E_INVALIDARG);
    wrong = *type;
    wrong.formattype = none;
    ck_assert_hr(ITFileTrack_put_Format(track, &wrong), E_INVALIDARG);
    wrong = *type;
    wrong.majortype = none;
    ck_assert_hr(ITFileTrack_put_Format(track, &wrong), E_INVALIDARG);
    wave.nBlockAlign = 3;
    memcpy(type->pbFormat, &wave, sizeof(wave));
    ck_assert_hr(ITFileTrack_put_Format(track, type), E_INVALIDARG);
    wave.nBlockAlign = 1;
    wave.nAvgBytesPerSec = 0xffffffff;
    memcpy(type->pbFormat, &wave, sizeof(wave));
    ck_assert_hr(ITFileTrack_put_Format(track, type), E_INVALIDARG);
    wave.nAvgBytesPerSec = 8000;
    wave.nChannels = 0;
    memcpy(type->pbFormat, &wave, sizeof(wave));
    ck_assert_hr(ITFileTrack_put_Format(track, type), E_INVALIDARG);
    CoTaskMemFree(type->pbFormat), CoTaskMemFree(type);

    ck_assert_hr(ITFileTrack_get_Format(track, &type), S_OK); /* the good one stands */
    memcpy(&wave, type->pbFormat, sizeof(wave));
    ck_assert_uint_eq(wave.wFormatTag, WAVE_FORMAT_MULAW);
    CoTaskMemFree(type->pbFormat), CoTaskMemFree(type);
    kit_release(track), kit_release(terminal), kit_release(recorder);
    media_end(&media);
}
END_TEST

START_TEST(formats_travel_as_objects_for_scripts)
{
    struct media media;
    ITTerminal *recorder, *terminal;
    ITFileTrack *track;
    ITScriptableAudioFormat *format = NULL;
    LONG value;

    media_begin(&media);
    recorder = media_recorder(&media);
    terminal = media_new_track(recorder);
    track = kit_query(terminal, &IID_ITFileTrack);
    ck_assert_hr(ITFileTrack_get_AudioFormatForScripting(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_put_AudioFormatForScripting(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_get_EmptyAudioFormatForScripting(track, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_get_EmptyAudioFormatForScripting(track, &format), S_OK);
    ck_assert_hr(ITScriptableAudioFormat_get_SamplesPerSec(format, &value), S_OK);
    ck_assert_int_eq(value, 0);
    ck_assert_hr(ITScriptableAudioFormat_get_Channels(format, NULL), E_POINTER);
    ck_assert_hr(ITFileTrack_put_AudioFormatForScripting(track, format), E_INVALIDARG);
    ck_assert_hr(ITScriptableAudioFormat_put_Channels(format, -1), E_INVALIDARG);
    ck_assert_hr(ITScriptableAudioFormat_put_Channels(format, 0x10000), E_INVALIDARG);
    ck_assert_hr(ITScriptableAudioFormat_put_FormatTag(format, 6), S_OK); /* A-law */
    ck_assert_hr(ITScriptableAudioFormat_put_Channels(format, 1), S_OK);
    ck_assert_hr(ITScriptableAudioFormat_put_SamplesPerSec(format, 8000), S_OK);
    ck_assert_hr(ITScriptableAudioFormat_put_BitsPerSample(format, 8), S_OK);
    /* BlockAlign and AvgBytesPerSec follow from these when left at 0. */
    ck_assert_hr(ITFileTrack_put_AudioFormatForScripting(track, format), S_OK);
    ck_assert_hr(ITScriptableAudioFormat_put_AvgBytesPerSec(format, 1), S_OK);
    ck_assert_hr(ITFileTrack_put_AudioFormatForScripting(track, format), E_INVALIDARG);
    kit_release(format);
    ck_assert_hr(ITFileTrack_get_AudioFormatForScripting(track, &format), S_OK);
    ck_assert_hr(ITScriptableAudioFormat_get_FormatTag(format, &value), S_OK);
    ck_assert_int_eq(value, 6);
    ck_assert_hr(ITScriptableAudioFormat_get_AvgBytesPerSec(format, &value), S_OK);
    ck_assert_int_eq(value, 8000);
    ck_assert_hr(ITScriptableAudioFormat_get_BlockAlign(format, &value), S_OK);
    ck_assert_int_eq(value, 1);
    kit_release(format), kit_release(track), kit_release(terminal), kit_release(recorder);
    media_end(&media);
}
END_TEST

/* ---- states and automation ------------------------------------------------------------------- */

static TERMINAL_MEDIA_STATE state_of(ITMediaControl *control)
{
    TERMINAL_MEDIA_STATE state = (TERMINAL_MEDIA_STATE)-1;

    ck_assert_hr(ITMediaControl_get_MediaState(control, &state), S_OK);
    return state;
}

START_TEST(media_control_moves_through_its_states)
{
    struct media media;
    ITTerminal *player, *track;
    ITMediaControl *control;
    BSTR path;

    media_begin(&media);
    player = media_player(&media);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_get_MediaState(control, NULL), E_POINTER);
    ck_assert_int_eq(state_of(control), TMS_IDLE);
    ck_assert_hr(ITMediaControl_Start(control), TAPI_E_WRONG_STATE); /* nothing to play */
    ck_assert_hr(ITMediaControl_Pause(control), TAPI_E_WRONG_STATE);
    path = media_wav(L"states.wav", 80000);
    ck_assert_hr(media_play_list(player, path), S_OK);
    track = media_track(player);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    ck_assert_int_eq(state_of(control), TMS_ACTIVE);
    ck_assert_hr(media_play_list(player, path), TAPI_E_WRONG_STATE);
    ck_assert_hr(ITMediaControl_Pause(control), S_OK);
    ck_assert_int_eq(state_of(control), TMS_PAUSED);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    ck_assert_int_eq(state_of(control), TMS_ACTIVE);
    ck_assert_hr(ITMediaControl_Stop(control), S_OK);
    ck_assert_int_eq(state_of(control), TMS_IDLE);
    ck_assert_hr(media_play_list(player, path), S_OK);
    SysFreeString(path);
    kit_release(track), kit_release(control), kit_release(player);
    media_end(&media);
    media_delete(L"states.wav");
}
END_TEST

START_TEST(an_unwritable_file_is_told_at_the_start)
{
    struct media media;
    ITTerminal *recorder, *track;
    ITMediaControl *control;
    BSTR path = SysAllocString(L"/no such folder/out.wav");
    HRESULT hr;

    media_begin(&media);
    recorder = media_recorder(&media);
    control = kit_query(recorder, &IID_ITMediaControl);
    ck_assert_hr(media_file_name(recorder, path), S_OK);
    track = media_new_track(recorder);
    hr = ITMediaControl_Start(control);
    ck_assert_msg(hr == HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) || hr == E_ACCESSDENIED, "0x%08lx",
                  (unsigned long)hr);
    ck_assert_int_eq(state_of(control), TMS_IDLE);
    SysFreeString(path);
    kit_release(track), kit_release(control), kit_release(recorder);
    media_end(&media);
}
END_TEST

static HRESULT by_name(IDispatch *dispatch, const WCHAR *name, WORD flags, VARIANT *argument,
                       VARIANT *result, DISPID *id)
{
    DISPID put = DISPID_PROPERTYPUT;
    DISPPARAMS params = {argument, NULL, argument != NULL, 0};
    WCHAR *names[1] = {(WCHAR *)name};
    HRESULT hr = IDispatch_GetIDsOfNames(dispatch, &IID_NULL, names, 1, 0, id);

    if (flags == DISPATCH_PROPERTYPUT) {
        params.rgdispidNamedArgs = &put;
        params.cNamedArgs = 1;
    }
    if (result)
        VariantInit(result);
    return FAILED(hr)
               ? hr
               : IDispatch_Invoke(dispatch, *id, &IID_NULL, 0, flags, &params, result, NULL, NULL);
}

START_TEST(a_script_drives_a_player_by_the_pointer_it_was_given)
{
    struct media media;
    IDispatch *player;
    BSTR path = media_wav(L"scripted.wav", 8000);
    VARIANT list, result, array;
    DISPID id;

    media_begin(&media);
    player = (IDispatch *)media_player(&media); /* ITTerminal, as CreateTerminal answers it */
    VariantInit(&array);
    array.vt = VT_ARRAY | VT_VARIANT;
    array.parray = media_names(VT_VARIANT, &path, 1);
    VariantInit(&list);
    list.vt = VT_BYREF | VT_VARIANT;
    list.pvarVal = &array;
    ck_assert_hr(by_name(player, L"playlist", DISPATCH_PROPERTYPUT, &list, NULL, &id), S_OK);
    ck_assert_int_eq(id, 0x40001);
    ck_assert_hr(by_name(player, L"PlayList", DISPATCH_PROPERTYGET, NULL, &result, &id), S_OK);
    ck_assert_int_eq(result.vt, VT_ARRAY | VT_VARIANT);
    VariantClear(&result);
    ck_assert_hr(by_name(player, L"Start", DISPATCH_METHOD, NULL, NULL, &id), S_OK);
    ck_assert_int_eq(id, 0x20001);
    ck_assert_hr(by_name(player, L"MediaState", DISPATCH_PROPERTYGET, NULL, &result, &id), S_OK);
    ck_assert_int_eq(result.lVal, TMS_ACTIVE);
    ck_assert_hr(by_name(player, L"Stop", DISPATCH_METHOD, NULL, NULL, &id), S_OK);
    ck_assert_hr(by_name(player, L"TrackTerminals", DISPATCH_PROPERTYGET, NULL, &result, &id),
                 S_OK);
    ck_assert_int_eq(id, 0x10001);
    VariantClear(&result);
    ck_assert_hr(by_name(player, L"Direction", DISPATCH_PROPERTYGET, NULL, &result, &id), S_OK);
    ck_assert_int_eq(id, 6);
    ck_assert_hr(by_name(player, L"FileName", DISPATCH_PROPERTYGET, NULL, &result, &id),
                 DISP_E_UNKNOWNNAME);
    VariantClear(&array);
    SysFreeString(path);
    kit_release(player);
    media_end(&media);
    media_delete(L"scripted.wav");
}
END_TEST

START_TEST(terminals_outlive_their_address)
{
    struct media media;
    ITTerminal *player, *track;
    ITMediaControl *control;
    BSTR name;

    media_begin(&media);
    player = media_playing(&media, L"after.wav", 800, &track);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_hr(media.open->lpVtbl->Close(media.open), S_OK);
    ck_assert_hr(ITTerminal_get_Name(player, &name), S_OK);
    SysFreeString(name);
    ck_assert_int_eq(media_state(track), TS_NOTINUSE);
    ck_assert_hr(ITMediaControl_Start(control), E_UNEXPECTED);
    kit_release(control), kit_release(track), kit_release(player);
    media_end(&media);
    media_delete(L"after.wav");
}
END_TEST

/* What a client that holds nothing finds on the stream: the track, and by it its file terminal. */
static ITTerminal *found_on(ITStream *stream)
{
    IEnumTerminal *all;
    ITTerminal *track, *parent;
    ITFileTrack *file;

    ck_assert_hr(ITStream_EnumerateTerminals(stream, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &track, NULL), S_OK);
    file = kit_query(track, &IID_ITFileTrack);
    ck_assert_hr(ITFileTrack_get_ControllingTerminal(file, &parent), S_OK);
    kit_release(file), kit_release(track), kit_release(all);
    return parent;
}

START_TEST(a_player_let_go_of_plays_on_while_its_track_is_on_a_stream)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITTerminal *player, *track;
    ITMediaControl *control;
    ITMediaPlayback *playback;
    VARIANT list;
    VARIANT *names;
    BSTR path = media_path(L"let-go.wav");

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    stream = media_stream(call, CAPTURE);
    player = media_playing(&media, L"let-go.wav", 800000, &track);
    ck_assert_hr(ITStream_SelectTerminal(stream, track), S_OK);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    media_connect(call);
    kit_release(track), kit_release(control);
    ck_assert_uint_eq(kit_release(player), 0);

    player = found_on(stream);
    ck_assert_int_eq(media_state(player), TS_INUSE);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_int_eq(state_of(control), TMS_ACTIVE);
    playback = kit_query(player, &IID_ITMediaPlayback);
    ck_assert_hr(ITMediaPlayback_get_PlayList(playback, &list), S_OK);
    ck_assert_int_eq(list.vt, VT_ARRAY | VT_VARIANT);
    ck_assert_hr(SafeArrayAccessData(list.parray, (void **)&names), S_OK);
    ck_assert_int_eq(names[0].vt, VT_BSTR);
    ck_assert_int_eq(wcscmp(names[0].bstrVal, path), 0);
    SafeArrayUnaccessData(list.parray);
    VariantClear(&list);
    ck_assert_hr(ITMediaControl_Stop(control), S_OK);
    kit_release(playback), kit_release(control), kit_release(player);
    kit_release(stream), kit_release(call);
    SysFreeString(path);
    media_end(&media);
    media_delete(L"let-go.wav");
}
END_TEST

START_TEST(a_track_keeps_its_file_terminal_until_it_is_removed)
{
    struct media media;
    ITTerminal *recorder, *track, *parent;
    ITMultiTrackTerminal *tracks;
    ITFileTrack *file;
    ITMediaRecord *record;
    BSTR path = media_path(L"kept.wav"), name;

    media_begin(&media);
    recorder = media_recorder(&media);
    ck_assert_hr(media_file_name(recorder, path), S_OK);
    track = media_new_track(recorder);
    ck_assert_uint_eq(kit_release(recorder), 0);

    file = kit_query(track, &IID_ITFileTrack);
    ck_assert_hr(ITFileTrack_get_ControllingTerminal(file, &parent), S_OK);
    record = kit_query(parent, &IID_ITMediaRecord);
    ck_assert_hr(ITMediaRecord_get_FileName(record, &name), S_OK);
    ck_assert_int_eq(wcscmp(name, path), 0);
    SysFreeString(name);
    tracks = kit_query(parent, &IID_ITMultiTrackTerminal);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(tracks, track), S_OK);
    kit_release(parent);
    ck_assert_hr(ITFileTrack_get_ControllingTerminal(file, &parent), TAPI_E_INVALIDTERMINAL);
    ck_assert_ptr_null(parent);
    kit_release(tracks), kit_release(record), kit_release(file), kit_release(track);
    SysFreeString(path);
    media_end(&media);
}
END_TEST

OMSP_SUITE("msp terminal", TEST(the_classes_are_well_formed), TEST(interfaces_reach_one_another),
           TEST(properties_say_what_they_are), TEST(terminal_control_tells_the_address_and_no_pins),
           TEST(a_recorder_makes_and_removes_tracks_and_a_player_does_not),
           TEST(formats_travel_as_media_types), TEST(formats_travel_as_objects_for_scripts),
           TEST(media_control_moves_through_its_states),
           TEST(an_unwritable_file_is_told_at_the_start),
           TEST(a_script_drives_a_player_by_the_pointer_it_was_given),
           TEST(terminals_outlive_their_address),
           TEST(a_player_let_go_of_plays_on_while_its_track_is_on_a_stream),
           TEST(a_track_keeps_its_file_terminal_until_it_is_removed))
