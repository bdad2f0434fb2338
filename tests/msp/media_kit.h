/*
 * Streams, file terminals and events for the suites of streams, terminals and sinks, on top of
 * kit.h: one open address, calls made as an application makes them, files in the temporary folder.
 */
#ifndef OMSP_TESTS_MSP_MEDIA_KIT_H
#define OMSP_TESTS_MSP_MEDIA_KIT_H

#include "msp/kit.h"

#include <stdio.h>

struct media {
    ITMSPAddress *msp;
    IOpenMSPAddress *open;
    ITTerminalSupport *terminals;
};

static inline void media_begin(struct media *media)
{
    kit_begin();
    media->msp = kit_address();
    media->open = kit_query(media->msp, &IID_IOpenMSPAddress);
    media->terminals = kit_query(media->msp, &IID_ITTerminalSupport);
    ck_assert_hr(media->open->lpVtbl->Open(media->open), S_OK);
}

static inline void media_end(struct media *media)
{
    ck_assert_hr(media->open->lpVtbl->Close(media->open), S_OK);
    kit_release(media->terminals);
    kit_release(media->open);
    kit_release(media->msp);
    kit_end();
}

/* ---- calls and streams ----------------------------------------------------------------------- */

enum { CAPTURE, RENDER, VIDEO_CAPTURE, VIDEO_RENDER };

static inline IOpenMSPCall *media_call(struct media *media, LONG types)
{
    IOpenMSPCall *call = NULL;

    ck_assert_hr(media->open->lpVtbl->CreateCall(media->open, types, &call), S_OK);
    return call;
}

static inline ITStream *media_stream(IOpenMSPCall *call, ULONG index)
{
    ITStreamControl *control = kit_query(call, &IID_ITStreamControl);
    IEnumStream *streams = NULL;
    ITStream *stream = NULL;

    ck_assert_hr(ITStreamControl_EnumerateStreams(control, &streams), S_OK);
    if (index)
        ck_assert_hr(IEnumStream_Skip(streams, index), S_OK);
    ck_assert_hr(IEnumStream_Next(streams, 1, &stream, NULL), S_OK);
    kit_release(streams);
    kit_release(control);
    return stream;
}

/* Connected by loopback to a peer that nobody listens at. */
static inline void media_connect(IOpenMSPCall *call)
{
    BSTR peer = SysAllocString(L"127.0.0.1:20999");

    ck_assert_hr(IOpenMSPCall_SetPeer(call, peer, 0), S_OK);
    SysFreeString(peer);
}

/* ---- file terminals -------------------------------------------------------------------------- */

static inline BSTR media_path(const WCHAR *name)
{
    WCHAR path[MAX_PATH + 64];
    DWORD length = GetTempPathW(MAX_PATH, path);
    BSTR made;

    _snwprintf(path + length, 63, L"omsp-%lu-%ls", GetCurrentProcessId(), name);
    ck_assert_ptr_nonnull(made = SysAllocString(path));
    return made;
}

/* A mono PCM 16 bit 8 kHz WAV of silence. */
static inline BSTR media_wav(const WCHAR *name, DWORD samples)
{
    static const BYTE head[44] =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0"
        "\x02\0\x10\0data";
    BSTR path = media_path(name);
    FILE *file = _wfopen(path, L"wb");
    DWORD bytes = samples * 2, riff = 36 + bytes;
    BYTE real[44];

    ck_assert_ptr_nonnull(file);
    memcpy(real, head, sizeof(real));
    memcpy(real + 4, &riff, 4);
    memcpy(real + 40, &bytes, 4);
    ck_assert_uint_eq(fwrite(real, 1, sizeof(real), file), sizeof(real));
    for (DWORD i = 0; i < bytes; i++)
        fputc(0, file);
    fclose(file);
    return path;
}

static inline ITTerminal *media_terminal(struct media *media, const WCHAR *class,
                                         TERMINAL_DIRECTION direction)
{
    BSTR text = SysAllocString(class);
    ITTerminal *terminal = NULL;

    ck_assert_hr(ITTerminalSupport_CreateTerminal(media->terminals, text, TAPIMEDIATYPE_AUDIO,
                                                  direction, &terminal),
                 S_OK);
    SysFreeString(text);
    return terminal;
}

static inline ITTerminal *media_player(struct media *media)
{
    return media_terminal(media, L"{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", TD_CAPTURE);
}

static inline ITTerminal *media_recorder(struct media *media)
{
    return media_terminal(media, L"{521F3D06-C3D0-4511-8617-86B9A783DA77}", TD_RENDER);
}

static inline HRESULT media_play_list(ITTerminal *player, BSTR path)
{
    ITMediaPlayback *playback = kit_query(player, &IID_ITMediaPlayback);
    VARIANT list;
    HRESULT hr;

    VariantInit(&list);
    list.vt = VT_BSTR;
    list.bstrVal = path;
    hr = ITMediaPlayback_put_PlayList(playback, list);
    kit_release(playback);
    return hr;
}

/* These names as an array of VT_VARIANT or VT_BSTR; any lower bound will do. */
static inline SAFEARRAY *media_names(VARTYPE type, BSTR *paths, ULONG count)
{
    SAFEARRAY *array = SafeArrayCreateVector(type, 5, count);

    for (ULONG i = 0; i < count; i++) {
        LONG at = (LONG)i + 5;
        VARIANT element;

        VariantInit(&element);
        element.vt = VT_BSTR;
        element.bstrVal = paths[i];
        ck_assert_hr(SafeArrayPutElement(array, &at,
                                         type == VT_VARIANT ? (void *)&element : (void *)paths[i]),
                     S_OK);
    }
    return array;
}

static inline HRESULT media_file_name(ITTerminal *recorder, BSTR path)
{
    ITMediaRecord *record = kit_query(recorder, &IID_ITMediaRecord);
    HRESULT hr = ITMediaRecord_put_FileName(record, path);

    kit_release(record);
    return hr;
}

/* The first track. */
static inline ITTerminal *media_track(ITTerminal *parent)
{
    ITMultiTrackTerminal *tracks = kit_query(parent, &IID_ITMultiTrackTerminal);
    IEnumTerminal *all = NULL;
    ITTerminal *track = NULL;

    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(tracks, &all), S_OK);
    ck_assert_hr(IEnumTerminal_Next(all, 1, &track, NULL), S_OK);
    kit_release(all);
    kit_release(tracks);
    return track;
}

/* A player with one file, and its track. */
static inline ITTerminal *media_playing(struct media *media, const WCHAR *name, DWORD samples,
                                        ITTerminal **track)
{
    ITTerminal *player = media_player(media);
    BSTR path = media_wav(name, samples);

    ck_assert_hr(media_play_list(player, path), S_OK);
    *track = media_track(player);
    SysFreeString(path);
    return player;
}

static inline ITTerminal *media_new_track(ITTerminal *recorder)
{
    ITMultiTrackTerminal *tracks = kit_query(recorder, &IID_ITMultiTrackTerminal);
    ITTerminal *track = NULL;

    ck_assert_hr(
        ITMultiTrackTerminal_CreateTrackTerminal(tracks, TAPIMEDIATYPE_AUDIO, TD_RENDER, &track),
        S_OK);
    kit_release(tracks);
    return track;
}

/* A recorder with a file name, and a track of it. */
static inline ITTerminal *media_recording(struct media *media, const WCHAR *name,
                                          ITTerminal **track)
{
    ITTerminal *recorder = media_recorder(media);
    BSTR path = media_path(name);

    ck_assert_hr(media_file_name(recorder, path), S_OK);
    *track = media_new_track(recorder);
    SysFreeString(path);
    return recorder;
}

static inline void media_delete(const WCHAR *name)
{
    BSTR path = media_path(name);

    DeleteFileW(path);
    SysFreeString(path);
}

static inline TERMINAL_STATE media_state(ITTerminal *terminal)
{
    TERMINAL_STATE state = (TERMINAL_STATE)-1;

    ck_assert_hr(ITTerminal_get_State(terminal, &state), S_OK);
    return state;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The next event of GetEvent's queue; false when it is empty. Its references are the caller's. */
static inline bool media_event(struct media *media, MSP_EVENT_INFO *out)
{
    BYTE buffer[sizeof(MSP_EVENT_INFO) + 256];
    DWORD size = sizeof(buffer);
    HRESULT hr = media->msp->lpVtbl->GetEvent(media->msp, &size, buffer);

    if (hr == (HRESULT)TAPI_E_NOEVENT)
        return false;
    ck_assert_hr(hr, S_OK);
    memcpy(out, buffer, sizeof(*out));
    return true;
}

/* The next call event must be this one, of this stream. */
static inline void media_expect(struct media *media, ITStream *stream, MSP_CALL_EVENT type,
                                MSP_CALL_EVENT_CAUSE cause, HRESULT error)
{
    MSP_EVENT_INFO info = {0};

    ck_assert_msg(media_event(media, &info), "no event, call event %d expected", type);
    ck_assert_int_eq(info.Event, ME_CALL_EVENT);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Type, type);
    ck_assert_int_eq(info.MSP_CALL_EVENT_INFO.Cause, cause);
    ck_assert_hr(info.MSP_CALL_EVENT_INFO.hrError, error);
    ck_assert_ptr_eq(info.MSP_CALL_EVENT_INFO.pStream, stream);
    kit_release(info.MSP_CALL_EVENT_INFO.pStream);
    if (info.MSP_CALL_EVENT_INFO.pTerminal)
        kit_release(info.MSP_CALL_EVENT_INFO.pTerminal);
}

static inline void media_expect_nothing(struct media *media)
{
    MSP_EVENT_INFO info = {0};

    ck_assert_msg(!media_event(media, &info), "an event of kind %d that nobody expects",
                  info.Event);
}

#endif
