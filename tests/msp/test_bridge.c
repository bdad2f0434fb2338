/* The bridge terminal: what it is, what it refuses, and two calls that hear each other by it. */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/terminal.h"

#define BRIDGE L"{BC2B8F77-5595-4B8C-868E-9162FE97A480}"

static ITTerminal *open_bridge(struct media *media, ITTerminal *ends[4])
{
    ITTerminal *bridge = media_terminal(media, BRIDGE, TD_BIDIRECTIONAL);
    ITMultiTrackTerminal *tracks = kit_query(bridge, &IID_ITMultiTrackTerminal);
    IEnumTerminal *all;
    ULONG fetched = 0;

    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 4, ends, &fetched), S_OK);
    ck_assert_hr(IEnumTerminal_Skip(all, 1), S_FALSE);
    kit_release(all);
    kit_release(tracks);
    return bridge;
}

static void close_bridge(ITTerminal *bridge, ITTerminal *ends[4])
{
    for (int i = 0; i < 4; i++)
        kit_release(ends[i]);
    kit_release(bridge);
}

START_TEST(the_classes_are_well_formed)
{
    const char *wrong = com_class_check(&msp_bridge_class);

    ck_assert_msg(!wrong, "%s", wrong);
    wrong = com_class_check(&msp_bridge_end_class);
    ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(it_has_four_tracks_and_says_what_they_are)
{
    static const IID *const bridge_iids[] = {&IID_ITTerminal, &IID_ITMultiTrackTerminal,
                                             &IID_ITTerminalControl};
    static const IID *const end_iids[] = {&IID_ITTerminal, &IID_ITTerminalControl};
    struct media media;
    ITTerminal *bridge, *ends[4], *same[4];
    ITMultiTrackTerminal *tracks;
    TERMINAL_DIRECTION direction;
    TERMINAL_TYPE type;
    VARIANT collection;
    BSTR text;
    LONG value;

    media_begin(&media);
    bridge = open_bridge(&media, ends);
    kit_check_identity((IUnknown *)bridge, bridge_iids, 3);
    kit_check_identity((IUnknown *)ends[0], end_iids, 2);
    ck_assert_hr(ITTerminal_get_TerminalClass(bridge, &text), S_OK);
    ck_assert(!wcscmp(text, BRIDGE));
    SysFreeString(text);
    ck_assert_hr(ITTerminal_get_TerminalType(bridge, &type), S_OK);
    ck_assert_int_eq(type, TT_DYNAMIC);
    ck_assert_hr(ITTerminal_get_Direction(bridge, &direction), S_OK);
    ck_assert_int_eq(direction, TD_BIDIRECTIONAL);
    for (int i = 0; i < 4; i++) {
        ck_assert_hr(ITTerminal_get_Direction(ends[i], &direction), S_OK);
        ck_assert_int_eq(direction, i % 2 ? TD_CAPTURE : TD_RENDER);
        ck_assert_hr(ITTerminal_get_MediaType(ends[i], &value), S_OK);
        ck_assert_int_eq(value, TAPIMEDIATYPE_AUDIO);
        ck_assert_hr(ITTerminal_get_Name(ends[i], &text), S_OK);
        ck_assert_uint_gt(SysStringLen(text), 0);
        SysFreeString(text);
    }
    tracks = kit_query(bridge, &IID_ITMultiTrackTerminal);
    ck_assert_hr(ITMultiTrackTerminal_get_TrackTerminals(tracks, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_get_MediaTypesInUse(tracks, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(tracks, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_get_TrackTerminals(tracks, &collection), S_OK);
    ck_assert_int_eq(collection.vt, VT_DISPATCH);
    VariantClear(&collection);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(tracks, 8, TD_RENDER, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_CreateTrackTerminal(tracks, 8, TD_RENDER, &same[0]),
                 TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(tracks, NULL), E_POINTER);
    ck_assert_hr(ITMultiTrackTerminal_RemoveTrackTerminal(tracks, ends[0]), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(tracks, &direction), S_OK);
    ck_assert_int_eq(direction, TD_NONE);
    kit_release(tracks);
    close_bridge(bridge, ends);
    media_end(&media);
}
END_TEST

START_TEST(only_its_ends_go_on_streams)
{
    struct media media;
    IOpenMSPCall *call;
    ITStream *render, *capture;
    ITTerminal *bridge, *ends[4], *selected;
    IEnumTerminal *all;
    ITMultiTrackTerminal *tracks;
    TERMINAL_DIRECTION direction;

    media_begin(&media);
    call = media_call(&media, TAPIMEDIATYPE_AUDIO);
    capture = media_stream(call, CAPTURE);
    render = media_stream(call, RENDER);
    bridge = open_bridge(&media, ends);
    ck_assert_hr(ITStream_SelectTerminal(render, bridge), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(render, ends[1]), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(render, ends[0]), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(render, ends[0]), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITStream_SelectTerminal(capture, ends[1]), S_OK);
    ck_assert_hr(ITStream_EnumerateTerminals(render, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &selected, NULL), S_OK);
    ck_assert_ptr_eq(selected, ends[0]);
    kit_release(selected);
    kit_release(all);
    ck_assert_int_eq(media_state(bridge), TS_NOTINUSE);
    media_connect(call);
    ck_assert_int_eq(media_state(bridge), TS_INUSE);
    ck_assert_int_eq(media_state(ends[0]), TS_INUSE);
    ck_assert_int_eq(media_state(ends[2]), TS_NOTINUSE);
    tracks = kit_query(bridge, &IID_ITMultiTrackTerminal);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(tracks, &direction), S_OK);
    ck_assert_int_eq(direction, TD_MULTITRACK_MIXED);
    ck_assert_hr(ITStream_UnselectTerminal(render, ends[0]), S_OK);
    ck_assert_hr(ITMultiTrackTerminal_get_DirectionsInUse(tracks, &direction), S_OK);
    ck_assert_int_eq(direction, TD_CAPTURE);
    kit_release(tracks);
    close_bridge(bridge, ends);
    kit_release(render);
    kit_release(capture);
    kit_release(call);
    media_end(&media);
}
END_TEST

/* ---- two calls ------------------------------------------------------------------------------- */

static void connect_by_sdp(IOpenMSPCall *a, IOpenMSPCall *b)
{
    BSTR offer, answer;

    ck_assert_hr(IOpenMSPCall_get_LocalDescription(a, &offer), S_OK);
    ck_assert_hr(IOpenMSPCall_put_RemoteDescription(b, offer), S_OK);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(b, &answer), S_OK);
    ck_assert_hr(IOpenMSPCall_put_RemoteDescription(a, answer), S_OK);
    SysFreeString(offer);
    SysFreeString(answer);
}

static void select_on(IOpenMSPCall *call, ULONG index, ITTerminal *terminal)
{
    ITStream *stream = media_stream(call, index);

    ck_assert_hr(ITStream_SelectTerminal(stream, terminal), S_OK);
    kit_release(stream);
}

static LONG level_of(IOpenMSPCall *call)
{
    ITStream *stream = media_stream(call, RENDER);
    ITAudioSettings *settings = kit_query(stream, &IID_ITAudioSettings);
    TAPIControlFlags flags;
    LONG level;

    ck_assert_hr(ITAudioSettings_Get(settings, AudioSettings_SignalLevel, &level, &flags), S_OK);
    kit_release(settings);
    kit_release(stream);
    return level;
}

static void await_level(IOpenMSPCall *call, LONG least, LONG most)
{
    ULONGLONG give_up = GetTickCount64() + 20000;
    LONG level;

    while ((level = level_of(call)) < least || level > most) {
        ck_assert_msg(GetTickCount64() < give_up, "the level stays at %ld", (long)level);
        Sleep(10);
    }
}

/* A file of one value, which is its level. */
static void write_level(const WCHAR *name, short value, DWORD samples)
{
    BSTR path = media_wav(name, samples);
    FILE *file = _wfopen(path, L"r+b");

    ck_assert_ptr_nonnull(file);
    fseek(file, 44, SEEK_SET);
    for (DWORD i = 0; i < samples; i++)
        fwrite(&value, sizeof(value), 1, file);
    fclose(file);
    SysFreeString(path);
}

START_TEST(two_calls_hear_each_other_and_one_goes)
{
    static const WCHAR *const names[] = {L"bridge0.wav", L"bridge1.wav"};
    static const WCHAR *const heard[] = {L"bridge2.wav", L"bridge3.wav"};
    IOpenMSPCall *callers[2], *legs[2];
    ITTerminal *bridge, *ends[4], *players[2], *played[2], *recorders[2], *recorded[2];
    struct media media;

    media_begin(&media);
    bridge = open_bridge(&media, ends);
    for (int i = 0; i < 2; i++) {
        ITMediaControl *control;
        BSTR path;

        write_level(names[i], i ? 6000 : 1000, 8000 * 60);
        callers[i] = media_call(&media, TAPIMEDIATYPE_AUDIO);
        legs[i] = media_call(&media, TAPIMEDIATYPE_AUDIO);
        players[i] = media_player(&media);
        path = media_path(names[i]);
        ck_assert_hr(media_play_list(players[i], path), S_OK);
        SysFreeString(path);
        played[i] = media_track(players[i]);
        recorders[i] = media_recording(&media, heard[i], &recorded[i]);
        select_on(callers[i], CAPTURE, played[i]);
        select_on(callers[i], RENDER, recorded[i]); /* somebody must hear, or nothing is decoded */
        select_on(legs[i], RENDER, ends[2 * i]);
        select_on(legs[i], CAPTURE, ends[2 * i + 1]);
        control = kit_query(players[i], &IID_ITMediaControl);
        ck_assert_hr(ITMediaControl_Start(control), S_OK);
        kit_release(control);
        connect_by_sdp(callers[i], legs[i]);
    }
    await_level(callers[0], 5800, 6200);
    await_level(callers[1], 950, 1050);
    ck_assert_hr(IOpenMSPCall_Close(legs[1]), S_OK);
    await_level(callers[0], 0, 0);
    await_level(legs[0], 950, 1050); /* still hears its caller */
    for (int i = 0; i < 2; i++) {
        kit_release(recorded[i]);
        kit_release(recorders[i]);
        kit_release(played[i]);
        kit_release(players[i]);
        kit_release(legs[i]);
        kit_release(callers[i]);
    }
    close_bridge(bridge, ends);
    media_end(&media);
    for (int i = 0; i < 2; i++) {
        media_delete(names[i]);
        media_delete(heard[i]);
    }
}
END_TEST

OMSP_SUITE("msp bridge", TEST(the_classes_are_well_formed),
           TEST(it_has_four_tracks_and_says_what_they_are), TEST(only_its_ends_go_on_streams),
           TEST(two_calls_hear_each_other_and_one_goes))
