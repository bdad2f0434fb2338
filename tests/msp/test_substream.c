/* ITSubStreamControl and ITSubStream over the real engine (mspi.md 3.12). */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/call.h"
#include "msp/classes.h"

struct bench {
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
    ITSubStreamControl *control;
};

static void bench_begin(struct bench *bench)
{
    media_begin(&bench->media);
    bench->call = media_call(&bench->media, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    bench->stream = media_stream(bench->call, RENDER);
    bench->control = kit_query(bench->stream, &IID_ITSubStreamControl);
}

static void bench_end(struct bench *bench)
{
    kit_release(bench->control);
    kit_release(bench->stream);
    kit_release(bench->call);
    media_end(&bench->media);
}

static ITSubStream *make(struct bench *bench)
{
    ITSubStream *made = NULL;

    ck_assert_hr(ITSubStreamControl_CreateSubStream(bench->control, &made), S_OK);
    return made;
}

/* A recorder's track; the recorder is the caller's. */
static ITTerminal *recording(struct bench *bench, const WCHAR *name, ITTerminal **recorder)
{
    BSTR path = media_path(name);
    ITTerminal *track;

    *recorder = media_recorder(&bench->media);
    ck_assert_hr(media_file_name(*recorder, path), S_OK);
    SysFreeString(path);
    track = media_new_track(*recorder);
    return track;
}

START_TEST(the_classes_are_well_formed)
{
    const char *wrong = com_class_check(&msp_substream_class);

    ck_assert_msg(!wrong, "%s", wrong);
    wrong = com_class_check(&msp_render_stream_class);
    ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(audio_render_streams_alone_have_substreams)
{
    static const IID *const iids[] = {&IID_ITStream, &IID_IDispatch, &IID_IObjectSafety};
    struct bench bench;

    bench_begin(&bench);
    for (ULONG i = 0; i < 4; i++) {
        ITStream *stream = media_stream(bench.call, i);
        ITSubStreamControl *control = NULL;

        ck_assert_hr(ITStream_QueryInterface(stream, &IID_ITSubStreamControl, (void **)&control),
                     i == RENDER ? S_OK : E_NOINTERFACE);
        if (i == RENDER) {
            kit_check_identity((IUnknown *)control, iids, 3);
            kit_release(control);
        }
        kit_release(stream);
    }
    bench_end(&bench);
}
END_TEST

START_TEST(eight_substreams_are_made_listed_and_removed)
{
    struct bench bench;
    ITSubStream *made[8], *found[9], *none = (ITSubStream *)&bench;
    IEnumSubStream *all, *again;
    ITCollection *collection;
    ULONG count;
    LONG items;
    VARIANT list;

    bench_begin(&bench);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(bench.control, NULL), E_POINTER);
    ck_assert_hr(ITSubStreamControl_EnumerateSubStreams(bench.control, NULL), E_POINTER);
    ck_assert_hr(ITSubStreamControl_get_SubStreams(bench.control, NULL), E_POINTER);
    for (int i = 0; i < 8; i++)
        made[i] = make(&bench);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(bench.control, &none), TAPI_E_MAXSTREAMS);
    ck_assert_ptr_null(none);
    ck_assert_hr(ITSubStreamControl_EnumerateSubStreams(bench.control, &all), S_OK);
    ck_assert_hr(IUnknown_QueryInterface((IUnknown *)all, &IID_IEnumSubStream, (void **)&again),
                 S_OK);
    kit_release(again);
    ck_assert_hr(all->lpVtbl->Next(all, 9, found, &count), S_FALSE);
    ck_assert_uint_eq(count, 8);
    for (int i = 0; i < 8; i++) {
        ck_assert_ptr_eq(found[i], made[i]);
        kit_release(found[i]);
    }
    kit_release(all);
    ck_assert_hr(ITSubStreamControl_get_SubStreams(bench.control, &list), S_OK);
    ck_assert_int_eq(list.vt, VT_DISPATCH);
    collection = kit_query(list.pdispVal, &IID_ITCollection);
    ck_assert_hr(ITCollection_get_Count(collection, &items), S_OK);
    ck_assert_int_eq(items, 8);
    kit_release(collection);
    VariantClear(&list);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, NULL), E_INVALIDARG);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, (ITSubStream *)bench.stream),
                 E_INVALIDARG);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, made[0]), S_OK);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, made[0]), E_INVALIDARG);
    ck_assert_hr(ITSubStream_StartSubStream(made[0]), E_UNEXPECTED);
    none = make(&bench);
    kit_release(none);
    for (int i = 0; i < 8; i++)
        kit_release(made[i]);
    bench_end(&bench);
}
END_TEST

START_TEST(a_substream_is_of_one_stream_which_it_tells)
{
    static const IID *const iids[] = {&IID_ITSubStream, &IID_IDispatch, &IID_IObjectSafety};
    struct bench bench;
    ITSubStreamControl *elsewhere;
    ITSubStream *one;
    ITStream *parent = NULL, *stranger;
    IOpenMSPCall *other;
    ULONG before;

    bench_begin(&bench);
    one = make(&bench);
    kit_check_identity((IUnknown *)one, iids, 3);
    ck_assert_hr(ITSubStream_get_Stream(one, NULL), E_POINTER);
    before = ITStream_AddRef(bench.stream);
    ck_assert_hr(ITSubStream_get_Stream(one, &parent), S_OK);
    ck_assert_ptr_eq(parent, bench.stream);
    ck_assert_uint_eq(ITStream_Release(bench.stream), before);
    kit_release(parent);
    other = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    stranger = media_stream(other, RENDER);
    elsewhere = kit_query(stranger, &IID_ITSubStreamControl);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(elsewhere, one), E_INVALIDARG);
    kit_release(elsewhere), kit_release(stranger), kit_release(other);
    kit_release(one);
    bench_end(&bench);
}
END_TEST

START_TEST(a_substreams_terminals_are_selected_as_a_streams)
{
    struct bench bench;
    ITTerminal *recorder, *track, *player, *source, *found = NULL;
    ITSubStream *one, *two;
    IEnumTerminal *all;
    ITCollection *collection;
    VARIANT list;
    LONG items;

    bench_begin(&bench);
    one = make(&bench);
    two = make(&bench);
    track = recording(&bench, L"sub-a.wav", &recorder);
    player = media_playing(&bench.media, L"sub-b.wav", 800, &source);
    ck_assert_hr(ITSubStream_SelectTerminal(one, NULL), E_POINTER);
    ck_assert_hr(ITSubStream_UnselectTerminal(one, NULL), E_POINTER);
    ck_assert_hr(ITSubStream_EnumerateTerminals(one, NULL), E_POINTER);
    ck_assert_hr(ITSubStream_get_Terminals(one, NULL), E_POINTER);
    ck_assert_hr(ITSubStream_SelectTerminal(one, source), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITSubStream_SelectTerminal(one, recorder), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITSubStream_UnselectTerminal(one, track), TAPI_E_INVALIDTERMINAL);
    ck_assert_hr(ITSubStream_SelectTerminal(one, track), S_OK);
    ck_assert_hr(ITSubStream_SelectTerminal(two, track), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITStream_SelectTerminal(bench.stream, track), TAPI_E_TERMINALINUSE);
    ck_assert_hr(ITSubStream_EnumerateTerminals(one, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &found, NULL), S_OK);
    ck_assert_ptr_eq(found, track);
    kit_release(found);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &found, NULL), S_FALSE);
    kit_release(all);
    ck_assert_hr(ITSubStream_get_Terminals(one, &list), S_OK);
    collection = kit_query(list.pdispVal, &IID_ITCollection);
    ck_assert_hr(ITCollection_get_Count(collection, &items), S_OK);
    ck_assert_int_eq(items, 1);
    kit_release(collection);
    VariantClear(&list);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, one), S_OK);
    ck_assert_hr(ITSubStream_SelectTerminal(two, track), S_OK);
    ck_assert_hr(ITSubStream_UnselectTerminal(two, track), S_OK);
    ck_assert_hr(ITSubStream_UnselectTerminal(two, track), TAPI_E_INVALIDTERMINAL);
    kit_release(track), kit_release(recorder), kit_release(source), kit_release(player);
    kit_release(one), kit_release(two);
    bench_end(&bench);
    media_delete(L"sub-b.wav");
}
END_TEST

START_TEST(a_recorder_let_go_of_is_told_of_while_its_track_is_on_a_substream)
{
    struct bench bench;
    ITTerminal *recorder, *track;
    ITMediaControl *control;
    ITSubStream *one;
    MSP_EVENT_INFO info = {0};

    bench_begin(&bench);
    one = make(&bench);
    track = recording(&bench, L"sub-go.wav", &recorder);
    ck_assert_hr(ITSubStream_SelectTerminal(one, track), S_OK);
    control = kit_query(recorder, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    kit_release(control), kit_release(track);
    ck_assert_uint_eq(kit_release(recorder), 0);
    ck_assert(media_event(&bench.media, &info));
    ck_assert_int_eq(info.Event, ME_FILE_TERMINAL_EVENT);
    ck_assert_int_eq(info.MSP_FILE_TERMINAL_EVENT_INFO.TerminalMediaState, TMS_ACTIVE);
    control = kit_query(info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal, &IID_ITMediaControl);
    kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pParentFileTerminal);
    kit_release(info.MSP_FILE_TERMINAL_EVENT_INFO.pFileTrack);
    ck_assert_hr(ITMediaControl_Stop(control), S_OK);
    kit_release(control), kit_release(one);
    bench_end(&bench);
    media_delete(L"sub-go.wav");
}
END_TEST

START_TEST(start_pause_and_stop_answer_as_a_streams_and_tell_nothing)
{
    struct bench bench;
    ITTerminal *recorder, *track;
    TERMINAL_STATE state;
    ITSubStream *one;

    bench_begin(&bench);
    one = make(&bench);
    ck_assert_hr(ITSubStream_StopSubStream(one), S_OK);
    ck_assert_hr(ITSubStream_PauseSubStream(one), S_OK);
    ck_assert_hr(ITSubStream_StartSubStream(one), S_OK);
    ck_assert_hr(ITSubStream_StartSubStream(one), S_OK);
    track = recording(&bench, L"sub-c.wav", &recorder);
    ck_assert_hr(ITSubStream_SelectTerminal(one, track), S_OK);
    ck_assert_hr(ITTerminal_get_State(track, &state), S_OK);
    ck_assert_int_eq(state, TS_NOTINUSE);
    media_connect(bench.call);
    ck_assert_hr(ITTerminal_get_State(track, &state), S_OK);
    ck_assert_int_eq(state, TS_INUSE);
    ck_assert_hr(ITSubStream_PauseSubStream(one), S_OK);
    ck_assert_hr(ITTerminal_get_State(track, &state), S_OK);
    ck_assert_int_eq(state, TS_INUSE);
    ck_assert_hr(ITSubStream_StopSubStream(one), S_OK);
    ck_assert_hr(ITTerminal_get_State(track, &state), S_OK);
    ck_assert_int_eq(state, TS_NOTINUSE);
    ck_assert_hr(ITSubStream_StartSubStream(one), S_OK);
    ck_assert_hr(ITStream_StopStream(bench.stream), S_OK);
    ck_assert_hr(ITTerminal_get_State(track, &state), S_OK);
    ck_assert_int_eq(state, TS_NOTINUSE);
    media_expect_nothing(&bench.media);
    kit_release(track), kit_release(recorder), kit_release(one);
    bench_end(&bench);
}
END_TEST

START_TEST(what_the_transport_does_not_do_is_not_supported)
{
    struct omsp_stream_offers all = {0};
    struct bench bench;
    ITSubStream *one, *none;

    bench_begin(&bench);
    one = make(&bench);
    ck_assert_int_eq(omsp_call_set_transport(
                         msp_call_engine(CONTAINING_RECORD(bench.call, struct msp_call, open)),
                         OMSP_TRANSPORT_HARDWARE, all),
                     OMSP_OK);
    ck_assert_hr(ITSubStream_StartSubStream(one), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITSubStream_PauseSubStream(one), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITSubStream_StopSubStream(one), TAPI_E_NOTSUPPORTED);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(bench.control, &none), TAPI_E_MAXSTREAMS);
    kit_release(one);
    bench_end(&bench);
}
END_TEST

START_TEST(after_the_call_everything_is_unexpected_but_the_parent)
{
    struct bench bench;
    ITSubStream *one, *none;
    ITStream *parent;
    IEnumSubStream *all;
    IEnumTerminal *terminals;
    VARIANT list;

    bench_begin(&bench);
    one = make(&bench);
    ck_assert_hr(IOpenMSPCall_Close(bench.call), S_OK);
    ck_assert_hr(ITSubStream_StartSubStream(one), E_UNEXPECTED);
    ck_assert_hr(ITSubStream_PauseSubStream(one), E_UNEXPECTED);
    ck_assert_hr(ITSubStream_StopSubStream(one), E_UNEXPECTED);
    ck_assert_hr(ITSubStream_EnumerateTerminals(one, &terminals), E_UNEXPECTED);
    ck_assert_hr(ITSubStream_get_Terminals(one, &list), E_UNEXPECTED);
    ck_assert_hr(ITSubStreamControl_CreateSubStream(bench.control, &none), E_UNEXPECTED);
    ck_assert_hr(ITSubStreamControl_RemoveSubStream(bench.control, one), E_UNEXPECTED);
    ck_assert_hr(ITSubStreamControl_EnumerateSubStreams(bench.control, &all), E_UNEXPECTED);
    ck_assert_hr(ITSubStreamControl_get_SubStreams(bench.control, &list), E_UNEXPECTED);
    ck_assert_hr(ITSubStream_get_Stream(one, &parent), S_OK);
    ck_assert_ptr_eq(parent, bench.stream);
    kit_release(parent), kit_release(one);
    bench_end(&bench);
}
END_TEST

OMSP_SUITE("substream", TEST(the_classes_are_well_formed),
           TEST(audio_render_streams_alone_have_substreams),
           TEST(eight_substreams_are_made_listed_and_removed),
           TEST(a_substream_is_of_one_stream_which_it_tells),
           TEST(a_substreams_terminals_are_selected_as_a_streams),
           TEST(a_recorder_let_go_of_is_told_of_while_its_track_is_on_a_substream),
           TEST(start_pause_and_stop_answer_as_a_streams_and_tell_nothing),
           TEST(what_the_transport_does_not_do_is_not_supported),
           TEST(after_the_call_everything_is_unexpected_but_the_parent))
