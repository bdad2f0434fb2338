/*
 * Memory that runs out, in the methods that need some and in whole scenes of an application:
 * E_OUTOFMEMORY, nothing given, nothing lost, and the same goes well afterwards. The engine has no
 * threads here: who settles, pumps.
 */
#include "msp/memory_scene.h"

/* ---- methods --------------------------------------------------------------------------------- */

WALKED(address, msp_address_create(NULL, &IID_ITMSPAddress, MADE))
WALKED(call, IOpenMSPAddress_CreateCall(s->media.open, TAPIMEDIATYPE_AUDIO, MADE))
WALKED(calls, IOpenMSPAddress_get_Calls(s->media.open, &answer->variant))
WALKED(version, IOpenMSPAddress_get_Version(s->media.open, &answer->text))
WALKED(statics, ITTerminalSupport2_get_StaticTerminals(s->terminals, &answer->variant))
WALKED(enum_statics, ITTerminalSupport2_EnumerateStaticTerminals(s->terminals, MADE))
WALKED(dynamics, ITTerminalSupport2_get_DynamicTerminalClasses(s->terminals, &answer->variant))
WALKED(enum_dynamics, ITTerminalSupport2_EnumerateDynamicTerminalClasses(s->terminals, MADE))
WALKED(superclasses, ITTerminalSupport2_get_PluggableSuperclasses(s->terminals, &answer->variant))
WALKED(enum_superclasses, ITTerminalSupport2_EnumeratePluggableSuperclasses(s->terminals, MADE))
WALKED(enum_points, IConnectionPointContainer_EnumConnectionPoints(s->container, MADE))
WALKED(player, ITTerminalSupport2_CreateTerminal(s->terminals, s->player_class, TAPIMEDIATYPE_AUDIO,
                                                 TD_CAPTURE, MADE))
WALKED(recorder, ITTerminalSupport2_CreateTerminal(s->terminals, s->recorder_class,
                                                   TAPIMEDIATYPE_AUDIO, TD_RENDER, MADE))
WALKED(socket_made, ITTerminalSupport2_CreateTerminal(s->terminals, s->socket_class,
                                                      TAPIMEDIATYPE_AUDIO, TD_BIDIRECTIONAL, MADE))

START_TEST(address_methods)
{
    static const struct memory_walk walks[] = {
        {"msp_address_create", address},
        {"CreateCall", call},
        {"get_Calls", calls},
        {"get_Version", version},
        {"get_StaticTerminals", statics},
        {"EnumerateStaticTerminals", enum_statics},
        {"get_DynamicTerminalClasses", dynamics},
        {"EnumerateDynamicTerminalClasses", enum_dynamics},
        {"get_PluggableSuperclasses", superclasses},
        {"EnumeratePluggableSuperclasses", enum_superclasses},
        {"EnumConnectionPoints", enum_points},
        {"CreateTerminal, player", player},
        {"CreateTerminal, recorder", recorder},
        {"CreateTerminal, WebSocket", socket_made},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

WALKED(streams, ITStreamControl_get_Streams(s->control, &answer->variant))
WALKED(enum_streams, ITStreamControl_EnumerateStreams(s->control, MADE))
WALKED(call_sid, IOpenMSPCall_get_Sid(s->call, &answer->text))
WALKED(call_local, IOpenMSPCall_get_LocalAddress(s->call, &answer->text))
WALKED(call_codecs, IOpenMSPCall_get_Codecs(s->call, &answer->text))
WALKED(call_sdp, IOpenMSPCall_get_LocalDescription(s->call, &answer->text))
WALKED(call_statistics, IOpenMSPCall_get_Statistics(s->call, MADE))
WALKED(forks, IOpenMSPCall_get_MediaStreams(s->call, &answer->variant))
WALKED(fork_found, IOpenMSPCall_FindMediaStream(s->call, s->name, MADE))
WALKED(fork_sid, IOpenMSPMediaStream_get_Sid(s->fork, &answer->text))
WALKED(fork_name, IOpenMSPMediaStream_get_StreamName(s->fork, &answer->text))
WALKED(fork_url, IOpenMSPMediaStream_get_Url(s->fork, &answer->text))
WALKED(fork_tracks, IOpenMSPMediaStream_get_Tracks(s->fork, &answer->text))
WALKED(fork_state, IOpenMSPMediaStream_get_State(s->fork, &answer->text))

START_TEST(call_and_media_stream_methods)
{
    static const struct memory_walk walks[] = {
        {"get_Streams", streams},
        {"EnumerateStreams", enum_streams},
        {"call get_Sid", call_sid},
        {"get_LocalAddress", call_local},
        {"get_Codecs", call_codecs},
        {"get_LocalDescription", call_sdp},
        {"get_Statistics", call_statistics},
        {"get_MediaStreams", forks},
        {"FindMediaStream", fork_found},
        {"media stream get_Sid", fork_sid},
        {"get_StreamName", fork_name},
        {"get_Url", fork_url},
        {"get_Tracks", fork_tracks},
        {"get_State", fork_state},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

WALKED(stream_name, ITStream_get_Name(s->render, &answer->text))
WALKED(terminals, ITStream_get_Terminals(s->render, &answer->variant))
WALKED(enum_terminals, ITStream_EnumerateTerminals(s->render, MADE))
WALKED(clone, IEnumTerminal_Clone(s->enumerator, MADE))
WALKED(new_enum, ITCollection_get__NewEnum(s->collection, MADE))
WALKED(terminal_name, ITTerminal_get_Name(s->player, &answer->text))
WALKED(terminal_class, ITTerminal_get_TerminalClass(s->recorder, &answer->text))
WALKED(list_put, ITMediaPlayback_put_PlayList(s->playback, s->list))
WALKED(list_got, ITMediaPlayback_get_PlayList(s->playback, &answer->variant))
WALKED(file_got, ITMediaRecord_get_FileName(s->record, &answer->text))
WALKED(track_list, ITMultiTrackTerminal_get_TrackTerminals(s->tracks, &answer->variant))
WALKED(enum_tracks, ITMultiTrackTerminal_EnumerateTrackTerminals(s->tracks, MADE))
WALKED(format, ITFileTrack_get_Format(s->file_track, &answer->type))
WALKED(audio_format, ITFileTrack_get_AudioFormatForScripting(s->file_track, MADE))
WALKED(empty_format, ITFileTrack_get_EmptyAudioFormatForScripting(s->file_track, MADE))
WALKED(socket_put, IOpenMSPWebSocketTerminal_put_Url(s->socket, s->url))
WALKED(socket_got, IOpenMSPWebSocketTerminal_get_Url(s->socket, &answer->text))

START_TEST(stream_and_terminal_methods)
{
    static const struct memory_walk walks[] = {
        {"stream get_Name", stream_name},
        {"get_Terminals", terminals},
        {"EnumerateTerminals", enum_terminals},
        {"IEnumTerminal::Clone", clone},
        {"get__NewEnum", new_enum},
        {"terminal get_Name", terminal_name},
        {"get_TerminalClass", terminal_class},
        {"put_PlayList", list_put},
        {"get_PlayList", list_got},
        {"get_FileName", file_got},
        {"get_TrackTerminals", track_list},
        {"EnumerateTrackTerminals", enum_tracks},
        {"get_Format", format},
        {"get_AudioFormatForScripting", audio_format},
        {"get_EmptyAudioFormatForScripting", empty_format},
        {"put_Url", socket_put},
        {"terminal get_Url", socket_got},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

/* ---- scenes ---------------------------------------------------------------------------------- */

/* As tapi3.dll begins and ends with an address. */
static HRESULT initialize(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITMSPAddress *msp = NULL;
    HRESULT hr = msp_address_create(NULL, &IID_ITMSPAddress, (void **)&msp);

    (void)answer;
    if (FAILED(hr))
        return hr;
    hr = msp->lpVtbl->Initialize(msp, (MSP_HANDLE)s->event);
    if (SUCCEEDED(hr))
        ck_assert_hr(msp->lpVtbl->Shutdown(msp), S_OK);
    msp->lpVtbl->Release(msp);
    return hr;
}

static HRESULT msp_call(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    ITMSPAddress *msp = s->media.msp;
    struct outer outer;
    IUnknown *made = NULL;
    HRESULT hr;

    (void)answer;
    outer_init(&outer);
    hr = msp->lpVtbl->CreateMSPCall(msp, (MSP_HANDLE)(ULONG_PTR)0x77, 0, TAPIMEDIATYPE_AUDIO,
                                    &outer.iface, &made);
    if (FAILED(hr)) {
        ck_assert_ptr_null(made);
    } else {
        ck_assert_hr(msp->lpVtbl->ShutdownMSPCall(msp, made), S_OK);
        kit_release(made);
    }
    ck_assert_int_eq(outer.refs, 1);
    return hr;
}

static HRESULT file_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    (void)made;
    return select_one(both[CAPTURE], s->track);
}

static HRESULT file_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, file_body);
}

static HRESULT socket_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    IOpenMSPWebSocketTerminal *socket = NULL;
    ITTerminal *terminal = NULL;
    HRESULT hr = ITTerminalSupport2_CreateTerminal(
        s->terminals, s->socket_class, TAPIMEDIATYPE_AUDIO, TD_BIDIRECTIONAL, &terminal);

    (void)made;
    if (FAILED(hr))
        return hr;
    hr = ITTerminal_QueryInterface(terminal, &IID_IOpenMSPWebSocketTerminal, (void **)&socket);
    if (SUCCEEDED(hr))
        hr = IOpenMSPWebSocketTerminal_put_Url(socket, s->url);
    if (SUCCEEDED(hr))
        hr = IOpenMSPWebSocketTerminal_AddParameter(socket, s->name, s->url);
    if (SUCCEEDED(hr))
        hr = ITStream_SelectTerminal(both[CAPTURE], terminal);
    if (SUCCEEDED(hr)) {
        hr = select_one(both[RENDER], terminal);
        ck_assert_hr(ITStream_UnselectTerminal(both[CAPTURE], terminal), S_OK);
    }
    if (socket)
        IOpenMSPWebSocketTerminal_Release(socket);
    ck_assert_int_eq(media_state(terminal), TS_NOTINUSE);
    ITTerminal_Release(terminal);
    return hr;
}

static HRESULT socket_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, socket_body);
}

static HRESULT stream_body(struct scene *s, IOpenMSPCall *made, ITStream *both[2])
{
    IOpenMSPMediaStream *media = NULL;
    ITStream *stream = NULL;
    VARIANT parameters;
    HRESULT hr;

    (void)both;
    VariantInit(&parameters);
    parameters.vt = VT_BSTR;
    parameters.bstrVal = s->document; /* it has an equals sign */
    hr =
        IOpenMSPCall_CreateMediaStream(made, s->url, s->name, NULL, parameters, NULL, NULL, &media);
    if (FAILED(hr)) {
        ck_assert_ptr_null(media);
        return hr;
    }
    hr = IOpenMSPMediaStream_QueryInterface(media, &IID_ITStream, (void **)&stream);
    if (SUCCEEDED(hr)) {
        hr = ITStream_StopStream(stream);
        ITStream_Release(stream);
    }
    IOpenMSPMediaStream_Release(media);
    return SUCCEEDED(hr) ? IOpenMSPCall_ExecuteTwiML(made, s->document) : hr;
}

static HRESULT stream_scene(void *ctx, struct memory_answer *answer)
{
    (void)answer;
    return with_call(ctx, stream_body);
}

/* A sink that is told of a stream which pauses and goes on. */
static HRESULT sink_scene(void *ctx, struct memory_answer *answer)
{
    struct scene *s = ctx;
    struct sink sink;
    IConnectionPoint *point = NULL;
    DWORD cookie = 0;
    HRESULT hr;

    (void)answer;
    sink_init(&sink);
    hr = IConnectionPointContainer_FindConnectionPoint(s->container, &IID_ITTAPIEventNotification,
                                                       &point);
    if (SUCCEEDED(hr)) {
        hr = IConnectionPoint_Advise(point, sink_unknown(&sink), &cookie);
        ck_assert_int_eq(SUCCEEDED(hr), cookie != 0);
    }
    if (SUCCEEDED(hr)) {
        hr = ITStream_PauseStream(s->render);
        if (SUCCEEDED(hr))
            hr = ITStream_StartStream(s->render);
        ck_assert_hr(IConnectionPoint_Unadvise(point, cookie), S_OK);
    }
    if (point)
        IConnectionPoint_Release(point);
    sink_fini(&sink);
    return hr;
}

START_TEST(scenes_of_an_application)
{
    static const struct memory_walk walks[] = {
        {"Initialize and Shutdown", initialize},
        {"CreateMSPCall and ShutdownMSPCall", msp_call},
        {"a file on a stream", file_scene},
        {"a WebSocket terminal on both streams", socket_scene},
        {"media streams", stream_scene},
        {"a sink", sink_scene},
    };

    walk_all(walks, COUNT(walks));
}
END_TEST

OMSP_SUITE("msp memory", TEST(address_methods), TEST(call_and_media_stream_methods),
           TEST(stream_and_terminal_methods), TEST(scenes_of_an_application))
