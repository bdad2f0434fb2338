/* ITStreamQualityControl, ITAudioSettings, ITAudioDeviceControl, ITFormatControl of streams,
 * ITCallQualityControl of calls (mspi.md 4.6): ranges, codes, and that what they set and say is so.
 */
#include "msp/media_kit.h"

#include "com/object.h"
#include "msp/call.h"
#include "msp/classes.h"
#include "msp/property.h"
#include "support/speech.h"

#include <mmreg.h>

struct bench {
    struct media media;
    IOpenMSPCall *call;
    ITStream *stream;
};

static void open_bench(struct bench *bench, ULONG index)
{
    media_begin(&bench->media);
    bench->call = media_call(&bench->media, TAPIMEDIATYPE_AUDIO | TAPIMEDIATYPE_VIDEO);
    bench->stream = media_stream(bench->call, index);
}

static void close_bench(struct bench *bench)
{
    kit_release(bench->stream);
    kit_release(bench->call);
    media_end(&bench->media);
}

static ITTerminal *first_track(ITTerminal *file)
{
    ITMultiTrackTerminal *multi = kit_query(file, &IID_ITMultiTrackTerminal);
    IEnumTerminal *tracks;
    ITTerminal *track;

    ck_assert_hr(ITMultiTrackTerminal_EnumerateTrackTerminals(multi, &tracks), S_OK);
    ck_assert_hr(IEnumTerminal_Next(tracks, 1, &track, NULL), S_OK);
    kit_release(tracks);
    kit_release(multi);
    return track;
}

START_TEST(the_classes_are_well_formed)
{
    const char *wrong = com_class_check(&msp_stream_class);

    ck_assert_msg(!wrong, "%s", wrong);
    wrong = com_class_check(&msp_video_stream_class);
    ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(audio_streams_answer_all_and_video_streams_none)
{
    static const IID *const iids[] = {&IID_ITStream, &IID_ITStreamQualityControl,
                                      &IID_ITAudioSettings, &IID_ITAudioDeviceControl,
                                      &IID_ITFormatControl};
    struct bench bench;
    ITStream *video;
    void *none = &bench;

    open_bench(&bench, CAPTURE);
    kit_check_identity((IUnknown *)bench.stream, iids, 5);
    video = media_stream(bench.call, VIDEO_RENDER);
    for (int i = 1; i < 5; i++) {
        ck_assert_hr(ITStream_QueryInterface(video, iids[i], &none), E_NOINTERFACE);
        ck_assert_ptr_null(none);
    }
    kit_release(video);
    close_bench(&bench);
}
END_TEST

/* ---- ranges and codes ------------------------------------------------------------------------ */

struct expected {
    HRESULT range, set;
    LONG min, max, step, initial;
    LONG flags;
};

/* The three interfaces have the same three methods in the same places. */
static void check_property(ITStreamQualityControl *control, int number, const struct expected *is)
{
    LONG min = 7, max = 7, step = 7, initial = 7, value = 7;
    TAPIControlFlags flags = (TAPIControlFlags)7;
    StreamQualityProperty property = (StreamQualityProperty)number;

    ck_assert_hr(
        ITStreamQualityControl_GetRange(control, property, NULL, &max, &step, &initial, &flags),
        E_POINTER);
    ck_assert_hr(
        ITStreamQualityControl_GetRange(control, property, &min, &max, &step, &initial, NULL),
        E_POINTER);
    ck_assert_hr(ITStreamQualityControl_Get(control, property, NULL, &flags), E_POINTER);
    ck_assert_hr(ITStreamQualityControl_Get(control, property, &value, NULL), E_POINTER);
    ck_assert_hr(
        ITStreamQualityControl_GetRange(control, property, &min, &max, &step, &initial, &flags),
        is->range);
    ck_assert_int_eq(min, is->min);
    ck_assert_int_eq(max, is->max);
    ck_assert_int_eq(step, is->step);
    ck_assert_int_eq(initial, is->initial);
    ck_assert_int_eq(flags, is->flags);
    flags = (TAPIControlFlags)7;
    ck_assert_hr(ITStreamQualityControl_Get(control, property, &value, &flags), is->range);
    ck_assert_int_eq(flags, is->flags);
    if (SUCCEEDED(is->range)) {
        ck_assert_int_ge(value, min);
        ck_assert_int_le(value, max);
    } else {
        ck_assert_int_eq(value, 0);
    }
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->initial, TAPIControl_Flags_None),
                 is->set);
    if (is->set != S_OK)
        return;
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->max, TAPIControl_Flags_Manual),
                 S_OK);
    ck_assert_hr(ITStreamQualityControl_Get(control, property, &value, &flags), S_OK);
    ck_assert_int_eq(value, is->max);
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->min, TAPIControl_Flags_Manual),
                 S_OK);
    ck_assert_hr(ITStreamQualityControl_Get(control, property, &value, &flags), S_OK);
    ck_assert_int_eq(value, is->min);
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->max + 1, TAPIControl_Flags_None),
                 E_INVALIDARG);
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->min - 1, TAPIControl_Flags_None),
                 E_INVALIDARG);
    ck_assert_hr(ITStreamQualityControl_Set(control, property, is->min, TAPIControl_Flags_Auto),
                 E_INVALIDARG);
    if (is->step > 1)
        ck_assert_hr(
            ITStreamQualityControl_Set(control, property, is->min + 1, TAPIControl_Flags_None),
            E_INVALIDARG);
}

#define READ_ONLY TAPI_E_NOTSUPPORTED

START_TEST(stream_quality_has_the_documented_properties)
{
    static const struct expected all[] = {
        {S_OK, READ_ONLY, 64000, 64000, 1, 64000, 0},    {S_OK, READ_ONLY, 0, 64000, 1, 0, 0},
        {S_OK, S_OK, 100000, 600000, 100000, 200000, 2}, {S_OK, READ_ONLY, 0, LONG_MAX, 1, 0, 0},
        {E_INVALIDARG, E_INVALIDARG, 0, 0, 0, 0, 0},
    };
    struct bench bench;
    ITStreamQualityControl *control;

    open_bench(&bench, RENDER);
    control = kit_query(bench.stream, &IID_ITStreamQualityControl);
    for (int i = 0; i < 5; i++)
        check_property(control, i, &all[i]);
    check_property(control, -1, &all[4]);
    kit_release(control);
    close_bench(&bench);
}
END_TEST

START_TEST(audio_settings_have_the_documented_properties)
{
    static const struct expected all[] = {
        {S_OK, READ_ONLY, 0, 32767, 1, 0, 0},        {S_OK, S_OK, 0, 32767, 1, 0, 2},
        {S_OK, S_OK, 0, 65535, 1, 16384, 2},         {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},
        {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},       {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},
        {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},       {S_OK, READ_ONLY, 1, 1, 1, 1, 0},
        {E_INVALIDARG, E_INVALIDARG, 0, 0, 0, 0, 0},
    };
    struct bench bench;
    void *control;

    open_bench(&bench, CAPTURE);
    control = kit_query(bench.stream, &IID_ITAudioSettings);
    for (int i = 0; i < 9; i++)
        check_property(control, i, &all[i]);
    kit_release(control);
    close_bench(&bench);
}
END_TEST

START_TEST(device_control_has_the_documented_properties)
{
    static const struct expected capture[] = {
        {S_OK, READ_ONLY, 1, 1, 1, 1, 0},
        {S_OK, S_OK, 0, 1, 1, 0, 2},
        {S_OK, S_OK, 0, 1, 1, 0, 2},
        {E_INVALIDARG, E_INVALIDARG, 0, 0, 0, 0, 0},
    };
    static const struct expected render[] = {
        {S_OK, READ_ONLY, 1, 1, 1, 1, 0},
        {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},
        {E_NOTIMPL, E_NOTIMPL, 0, 0, 0, 0, 0},
        {E_INVALIDARG, E_INVALIDARG, 0, 0, 0, 0, 0},
    };
    struct bench bench;
    ITStream *other;
    void *control;

    open_bench(&bench, CAPTURE);
    control = kit_query(bench.stream, &IID_ITAudioDeviceControl);
    for (int i = 0; i < 4; i++)
        check_property(control, i, &capture[i]);
    kit_release(control);
    other = media_stream(bench.call, RENDER);
    control = kit_query(other, &IID_ITAudioDeviceControl);
    for (int i = 0; i < 4; i++)
        check_property(control, i, &render[i]);
    kit_release(control);
    kit_release(other);
    close_bench(&bench);
}
END_TEST

START_TEST(call_quality_has_the_documented_properties)
{
    static const struct expected all[] = {
        {S_OK, S_OK, 100, 10000, 1, 1000, 2},         {S_OK, READ_ONLY, 0, 128000, 1, 0, 0},
        {S_OK, READ_ONLY, 64000, 64000, 1, 64000, 0}, {S_OK, READ_ONLY, 0, 64000, 1, 0, 0},
        {S_OK, READ_ONLY, 64000, 64000, 1, 64000, 0}, {S_OK, READ_ONLY, 0, 64000, 1, 0, 0},
        {S_OK, READ_ONLY, 100, 100, 1, 100, 0},       {S_OK, READ_ONLY, 0, 100, 1, 0, 0},
        {E_INVALIDARG, E_INVALIDARG, 0, 0, 0, 0, 0},
    };
    struct bench bench;
    void *control;

    open_bench(&bench, CAPTURE);
    control = kit_query(bench.call, &IID_ITCallQualityControl);
    for (int i = 0; i < 9; i++)
        check_property(control, i, &all[i]);
    kit_release(control);
    close_bench(&bench);
}
END_TEST

START_TEST(after_the_call_everything_is_unexpected)
{
    static const IID *const iids[] = {&IID_ITStreamQualityControl, &IID_ITAudioSettings,
                                      &IID_ITAudioDeviceControl};
    LONG min, max, step, initial, value;
    TAPIControlFlags flags;
    struct bench bench;
    ITStreamQualityControl *controls[4];
    ITFormatControl *formats;
    TAPI_STREAM_CONFIG_CAPS caps;
    AM_MEDIA_TYPE *type;
    DWORD indices[] = {0, 1}, count;
    WINBOOL yes[] = {TRUE, TRUE};

    open_bench(&bench, CAPTURE);
    for (int i = 0; i < 3; i++)
        controls[i] = kit_query(bench.stream, iids[i]);
    controls[3] = kit_query(bench.call, &IID_ITCallQualityControl);
    formats = kit_query(bench.stream, &IID_ITFormatControl);
    ck_assert_hr(IOpenMSPCall_Close(bench.call), S_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_hr(
            ITStreamQualityControl_GetRange(controls[i], 0, &min, &max, &step, &initial, &flags),
            E_UNEXPECTED);
        ck_assert_hr(ITStreamQualityControl_Get(controls[i], 0, &value, &flags), E_UNEXPECTED);
        ck_assert_hr(ITStreamQualityControl_Set(controls[i], i == 2 ? 1 : 2, i == 2 ? 1 : 100000,
                                                TAPIControl_Flags_None),
                     E_UNEXPECTED);
        kit_release(controls[i]);
    }
    ck_assert_hr(ITFormatControl_GetCurrentFormat(formats, &type), E_UNEXPECTED);
    ck_assert_hr(ITFormatControl_GetNumberOfCapabilities(formats, &count), E_UNEXPECTED);
    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, 0, &type, &caps, yes), E_UNEXPECTED);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, indices, yes, yes, 2), E_UNEXPECTED);
    kit_release(formats);
    close_bench(&bench);
}
END_TEST

/* ---- what is behind them --------------------------------------------------------------------- */

/* a plays silence to b; both know each other by SDP. */
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

/* Waits until the figure is within the bounds. */
static LONG await_figure(void *control, int number, LONG least, LONG most)
{
    ULONGLONG give_up = GetTickCount64() + 20000;
    TAPIControlFlags flags;
    LONG value;

    for (;;) {
        ck_assert_hr(ITStreamQualityControl_Get((ITStreamQualityControl *)control,
                                                (StreamQualityProperty)number, &value, &flags),
                     S_OK);
        if (value >= least && value <= most)
            return value;
        ck_assert_msg(GetTickCount64() < give_up, "property %d stays at %ld", number, (long)value);
        Sleep(10);
    }
}

START_TEST(rates_and_intervals_are_those_of_the_packets)
{
    struct bench bench;
    IOpenMSPCall *other;
    ITStreamQualityControl *stream;
    void *call, *far_call;
    ITTerminal *player, *track;
    ITMediaControl *control;
    BSTR path;

    open_bench(&bench, CAPTURE);
    other = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    stream = kit_query(bench.stream, &IID_ITStreamQualityControl);
    call = kit_query(bench.call, &IID_ITCallQualityControl);
    far_call = kit_query(other, &IID_ITCallQualityControl);
    ck_assert_hr(ITStreamQualityControl_Set((ITStreamQualityControl *)call, 0, 200,
                                            TAPIControl_Flags_Manual),
                 S_OK);
    player = media_player(&bench.media);
    path = media_wav(L"quality.wav", 8000 * 60);
    ck_assert_hr(media_play_list(player, path), S_OK);
    track = first_track(player);
    ck_assert_hr(ITStream_SelectTerminal(bench.stream, track), S_OK);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    /* What the far end wishes to receive is what is sent. */
    ck_assert_hr(IOpenMSPCall_put_PacketTime(other, 40), S_OK);
    connect_by_sdp(bench.call, other);
    await_figure(stream, StreamQuality_AvgFrameInterval, 360000, 440000);
    await_figure(stream, StreamQuality_CurrBitrate, 58000, 64000);
    await_figure(call, CallQuality_CurrOutputBitrate, 58000, 64000);
    await_figure(far_call, CallQuality_CurrInputBitrate, 58000, 64000);
    await_figure(call, CallQuality_CurrInputBitrate, 0, 0);
    await_figure(call, CallQuality_ConfBitrate, 58000, 64000);
    ck_assert_hr(ITStream_StopStream(bench.stream), S_OK);
    await_figure(stream, StreamQuality_CurrBitrate, 0, 0);
    await_figure(stream, StreamQuality_AvgFrameInterval, 0, 0);
    await_figure(far_call, CallQuality_CurrInputBitrate, 0, 0);
    kit_release(control);
    kit_release(track);
    kit_release(player);
    kit_release(far_call);
    kit_release(call);
    kit_release(stream);
    kit_release(other);
    close_bench(&bench);
    DeleteFileW(path);
    SysFreeString(path);
}
END_TEST

/* The file, with a quiet voice in it. */
static void speak_into(BSTR path, DWORD samples)
{
    FILE *file = _wfopen(path, L"r+b");
    struct speech speech;
    int16_t pcm[80];

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 44, SEEK_SET), 0);
    speech_init(&speech, 200, 1);
    for (DWORD done = 0; done < samples; done += 80) {
        speech_fill(&speech, pcm, 80);
        ck_assert_uint_eq(fwrite(pcm, sizeof(pcm[0]), 80, file), 80);
    }
    fclose(file);
}

START_TEST(automatic_gain_makes_a_quiet_voice_loud)
{
    struct bench bench;
    IOpenMSPCall *other;
    void *device, *audio;
    ITTerminal *player, *track;
    ITMediaControl *control;
    ULONGLONG until;
    TAPIControlFlags flags;
    LONG level;
    BSTR path;

    open_bench(&bench, CAPTURE);
    other = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    device = kit_query(bench.stream, &IID_ITAudioDeviceControl);
    audio = kit_query(bench.stream, &IID_ITAudioSettings);
    player = media_player(&bench.media);
    path = media_wav(L"voice.wav", 8000 * 60);
    speak_into(path, 8000 * 60);
    ck_assert_hr(media_play_list(player, path), S_OK);
    track = first_track(player);
    ck_assert_hr(ITStream_SelectTerminal(bench.stream, track), S_OK);
    control = kit_query(player, &IID_ITMediaControl);
    ck_assert_hr(ITMediaControl_Start(control), S_OK);
    connect_by_sdp(bench.call, other);
    await_figure(audio, AudioSettings_SignalLevel, 50, 800);
    until = GetTickCount64() + 1000;
    while (GetTickCount64() < until) {
        ck_assert_hr(ITAudioSettings_Get((ITAudioSettings *)audio, AudioSettings_SignalLevel,
                                         &level, &flags),
                     S_OK);
        ck_assert_int_lt(level, 800);
        Sleep(10);
    }
    ck_assert_hr(ITAudioDeviceControl_Set((ITAudioDeviceControl *)device,
                                          AudioDevice_AutomaticGainControl, 1,
                                          TAPIControl_Flags_Manual),
                 S_OK);
    await_figure(audio, AudioSettings_SignalLevel, 1600, 32767);
    kit_release(control);
    kit_release(track);
    kit_release(player);
    kit_release(audio);
    kit_release(device);
    kit_release(other);
    close_bench(&bench);
    DeleteFileW(path);
    SysFreeString(path);
}
END_TEST

START_TEST(the_packet_time_is_the_calls_own)
{
    struct bench bench;
    ITStreamQualityControl *quality;
    BSTR sdp;
    LONG ms;

    open_bench(&bench, CAPTURE);
    quality = kit_query(bench.stream, &IID_ITStreamQualityControl);
    ck_assert_hr(ITStreamQualityControl_Set(quality, StreamQuality_MinFrameInterval, 300000,
                                            TAPIControl_Flags_Manual),
                 S_OK);
    ck_assert_hr(IOpenMSPCall_get_PacketTime(bench.call, &ms), S_OK);
    ck_assert_int_eq(ms, 30);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.call, &sdp), S_OK);
    ck_assert_ptr_nonnull(wcsstr(sdp, L"a=ptime:30\r\n"));
    SysFreeString(sdp);
    kit_release(quality);
    close_bench(&bench);
}
END_TEST

START_TEST(processor_time_is_counted)
{
    struct bench bench;
    void *quality;
    ULONGLONG until = GetTickCount64() + 600;
    volatile unsigned work = 0;

    open_bench(&bench, CAPTURE);
    quality = kit_query(bench.call, &IID_ITCallQualityControl);
    await_figure(quality, CallQuality_CurrCPULoad, 0, 100);
    while (GetTickCount64() < until)
        for (int i = 0; i < 100000; i++)
            work = work + (unsigned)i;
    await_figure(quality, CallQuality_CurrCPULoad, 1, 100);
    kit_release(quality);
    close_bench(&bench);
}
END_TEST

/* ---- formats --------------------------------------------------------------------------------- */

static unsigned tag_of(const AM_MEDIA_TYPE *type)
{
    const WAVEFORMATEX *wave = (const void *)type->pbFormat;

    ck_assert_uint_eq(type->cbFormat, sizeof(*wave));
    ck_assert_uint_eq(wave->nSamplesPerSec, 8000);
    ck_assert_uint_eq(wave->nAvgBytesPerSec, 8000);
    ck_assert_uint_eq(wave->nChannels, 1);
    ck_assert_uint_eq(wave->wBitsPerSample, 8);
    return wave->wFormatTag;
}

static void expect_caps(ITFormatControl *formats, DWORD index, unsigned tag, BOOL enabled)
{
    TAPI_STREAM_CONFIG_CAPS caps;
    AM_MEDIA_TYPE *type = NULL;
    WINBOOL on = 7;

    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, index, &type, &caps, &on), S_OK);
    ck_assert_uint_eq(tag_of(type), tag);
    ck_assert_int_eq(on, enabled);
    ck_assert_int_eq(caps.CapsType, AudioStreamConfigCaps);
    ck_assert_ptr_nonnull(wcsstr(caps.AudioCap.Description, tag == 6 ? L"PCMA" : L"PCMU"));
    ck_assert_uint_eq(caps.AudioCap.MinimumSampleFrequency, 8000);
    ck_assert_uint_eq(caps.AudioCap.MaximumChannels, 1);
    ck_assert_uint_eq(caps.AudioCap.MaximumAvgBytesPerSec, 8000);
    ck_assert_hr(ITFormatControl_ReleaseFormat(formats, type), S_OK);
}

static void reorder(ITFormatControl *formats, DWORD first, BOOL first_on, BOOL second_on,
                    HRESULT expected)
{
    DWORD indices[2] = {first, 1 - first};
    WINBOOL enabled[2] = {first_on, second_on}, publicize[2] = {TRUE, TRUE};

    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, indices, enabled, publicize, 2),
                 expected);
}

START_TEST(formats_check_their_arguments)
{
    DWORD twice[] = {0, 0}, beyond[] = {0, 2}, both[] = {0, 1}, count = 9;
    WINBOOL yes[] = {TRUE, TRUE}, no[] = {FALSE, FALSE}, on;
    TAPI_STREAM_CONFIG_CAPS caps;
    AM_MEDIA_TYPE *type = (void *)&caps;
    ITFormatControl *formats;
    struct bench bench;

    open_bench(&bench, RENDER);
    formats = kit_query(bench.stream, &IID_ITFormatControl);
    ck_assert_hr(ITFormatControl_GetCurrentFormat(formats, NULL), E_POINTER);
    ck_assert_hr(ITFormatControl_GetCurrentFormat(formats, &type), TAPI_E_NOFORMAT);
    ck_assert_ptr_null(type);
    ck_assert_hr(ITFormatControl_ReleaseFormat(formats, NULL), E_POINTER);
    ck_assert_hr(ITFormatControl_GetNumberOfCapabilities(formats, NULL), E_POINTER);
    ck_assert_hr(ITFormatControl_GetNumberOfCapabilities(formats, &count), S_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, 0, NULL, &caps, &on), E_POINTER);
    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, 0, &type, NULL, &on), E_POINTER);
    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, 0, &type, &caps, NULL), E_POINTER);
    ck_assert_hr(ITFormatControl_GetStreamCaps(formats, 2, &type, &caps, &on), E_INVALIDARG);
    ck_assert_ptr_null(type);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, NULL, yes, yes, 2), E_POINTER);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, both, NULL, yes, 2), E_POINTER);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, both, yes, NULL, 2), E_POINTER);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, both, yes, yes, 1), E_INVALIDARG);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, twice, yes, yes, 2), E_INVALIDARG);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, beyond, yes, yes, 2), E_INVALIDARG);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, both, no, yes, 2), E_INVALIDARG);
    ck_assert_hr(ITFormatControl_ReOrderCapabilities(formats, both, yes, no, 2), E_INVALIDARG);
    expect_caps(formats, 0, 7, TRUE); /* nothing of it changed anything */
    expect_caps(formats, 1, 6, TRUE);
    kit_release(formats);
    close_bench(&bench);
}
END_TEST

START_TEST(the_order_of_formats_is_the_order_of_the_offer)
{
    struct bench bench;
    ITFormatControl *formats;
    BSTR sdp;

    open_bench(&bench, CAPTURE);
    formats = kit_query(bench.stream, &IID_ITFormatControl);
    reorder(formats, 1, TRUE, TRUE, S_OK);
    expect_caps(formats, 0, 6, TRUE);
    expect_caps(formats, 1, 7, TRUE);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.call, &sdp), S_OK);
    ck_assert_ptr_nonnull(wcsstr(sdp, L" RTP/AVP 8 0 101"));
    SysFreeString(sdp);
    reorder(formats, 1, TRUE, FALSE, S_OK); /* an index counts in the order of now */
    expect_caps(formats, 0, 7, TRUE);
    expect_caps(formats, 1, 6, FALSE);
    ck_assert_hr(IOpenMSPCall_get_LocalDescription(bench.call, &sdp), S_OK);
    ck_assert_ptr_nonnull(wcsstr(sdp, L" RTP/AVP 0 101"));
    SysFreeString(sdp);
    ck_assert_hr(IOpenMSPCall_get_Codecs(bench.call, &sdp), S_OK);
    ck_assert(!wcscmp(sdp, L"PCMU"));
    SysFreeString(sdp);
    kit_release(formats);
    close_bench(&bench);
}
END_TEST

START_TEST(the_current_format_is_what_was_agreed)
{
    struct bench bench;
    ITFormatControl *formats, *far_formats;
    AM_MEDIA_TYPE *type;
    ITStream *far_stream;
    IOpenMSPCall *other;

    open_bench(&bench, CAPTURE);
    other = media_call(&bench.media, TAPIMEDIATYPE_AUDIO);
    far_stream = media_stream(other, CAPTURE);
    formats = kit_query(bench.stream, &IID_ITFormatControl);
    far_formats = kit_query(far_stream, &IID_ITFormatControl);
    reorder(far_formats, 1, TRUE, FALSE, S_OK); /* the far end speaks A-law alone */
    connect_by_sdp(bench.call, other);
    ck_assert_hr(ITFormatControl_GetCurrentFormat(formats, &type), S_OK);
    ck_assert_uint_eq(tag_of(type), 6);
    ck_assert_hr(ITFormatControl_ReleaseFormat(formats, type), S_OK);
    ck_assert_hr(ITFormatControl_GetCurrentFormat(far_formats, &type), S_OK);
    ck_assert_uint_eq(tag_of(type), 6);
    ck_assert_hr(ITFormatControl_ReleaseFormat(far_formats, type), S_OK);
    kit_release(far_formats);
    kit_release(formats);
    kit_release(far_stream);
    kit_release(other);
    close_bench(&bench);
}
END_TEST

OMSP_SUITE("msp quality", TEST(the_classes_are_well_formed),
           TEST(audio_streams_answer_all_and_video_streams_none),
           TEST(stream_quality_has_the_documented_properties),
           TEST(audio_settings_have_the_documented_properties),
           TEST(device_control_has_the_documented_properties),
           TEST(call_quality_has_the_documented_properties),
           TEST(after_the_call_everything_is_unexpected),
           TEST(rates_and_intervals_are_those_of_the_packets),
           TEST(automatic_gain_makes_a_quiet_voice_loud), TEST(the_packet_time_is_the_calls_own),
           TEST(processor_time_is_counted), TEST(formats_check_their_arguments),
           TEST(the_order_of_formats_is_the_order_of_the_offer),
           TEST(the_current_format_is_what_was_agreed))
