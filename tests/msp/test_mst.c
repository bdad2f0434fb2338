/* The media streaming terminal before and around media: what it is, formats, buffers, codes. */
#include "msp/mst_kit.h"

#include "com/dispatch.h"
#include "msp/mst.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(class_tables_are_sound)
{
    const char *problem = com_class_check(&mst_class);

    ck_assert_msg(!problem, "%s", problem ? problem : "");
    problem = com_class_check(&mst_sample_class);
    ck_assert_msg(!problem, "%s", problem ? problem : "");
    problem = com_dispatch_check(&msp_dispatch_IOpenMSPSamples,
                                 sizeof(IOpenMSPSamplesVtbl) / sizeof(void *));
    ck_assert_msg(!problem, "%s", problem ? problem : "");
}
END_TEST

START_TEST(it_is_a_dynamic_terminal_of_either_direction_with_one_identity)
{
    static const IID *const iids[] = {
        &IID_IUnknown,          &IID_IDispatch,           &IID_ITTerminal,
        &IID_ITTerminalControl, &IID_ITAMMediaFormat,     &IID_ITAllocatorProperties,
        &IID_IMediaStream,      &IID_IAudioMediaStream,   &IID_IAMMediaStream,
        &IID_IOpenMSPSamples,   &IID_IOpenMSPSampleBytes, &IID_IObjectSafety,
    };
    static const TERMINAL_DIRECTION refused[] = {TD_BIDIRECTIONAL, TD_MULTITRACK_MIXED, TD_NONE};
    struct mst_pair pair;
    TERMINAL_TYPE type = TT_STATIC;
    TERMINAL_DIRECTION direction = TD_NONE;
    BSTR text = SysAllocString(MST_CLASS);
    ITTerminal *none;
    LONG media = 0;

    pair_open(&pair);
    for (size_t i = 0; i < COUNT(refused); i++)
        ck_assert_hr(ITTerminalSupport_CreateTerminal(pair.media.terminals, text,
                                                      TAPIMEDIATYPE_AUDIO, refused[i], &none),
                     TAPI_E_INVALIDDIRECTION);
    ck_assert_hr(ITTerminalSupport_CreateTerminal(pair.media.terminals, text, TAPIMEDIATYPE_VIDEO,
                                                  TD_RENDER, &none),
                 TAPI_E_INVALIDMEDIATYPE);
    SysFreeString(text);
    kit_check_identity((IUnknown *)pair.writer, iids, COUNT(iids));
    ck_assert_hr(ITTerminal_get_TerminalType(pair.reader, &type), S_OK);
    ck_assert_int_eq(type, TT_DYNAMIC);
    ck_assert_hr(ITTerminal_get_Direction(pair.reader, &direction), S_OK);
    ck_assert_int_eq(direction, TD_RENDER);
    ck_assert_hr(ITTerminal_get_Direction(pair.writer, &direction), S_OK);
    ck_assert_int_eq(direction, TD_CAPTURE);
    ck_assert_hr(ITTerminal_get_MediaType(pair.writer, &media), S_OK);
    ck_assert_int_eq(media, TAPIMEDIATYPE_AUDIO);
    ck_assert_hr(ITTerminal_get_TerminalClass(pair.writer, &text), S_OK);
    ck_assert(!wcscmp(text, MST_CLASS));
    SysFreeString(text);
    ck_assert_hr(ITTerminal_get_Name(pair.writer, &text), S_OK);
    ck_assert(!wcscmp(text, L"Media Streaming Terminal"));
    SysFreeString(text);
    ck_assert_hr(ITStream_SelectTerminal(pair.in, pair.writer), TAPI_E_INVALIDTERMINAL);
    pair_close(&pair);
}
END_TEST

static const GUID audio = {
    0x73647561, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71}};
static const GUID wave_format = {
    0x05589f81, 0xc356, 0x11ce, {0xbf, 0x01, 0x00, 0xaa, 0x00, 0x55, 0x59, 0x5a}};

static HRESULT put_format(ITTerminal *terminal, WORD channels, DWORD rate, WORD bits)
{
    WAVEFORMATEX wave = {
        1, channels, rate, rate * channels * bits / 8, (WORD)(channels * bits / 8), bits, 0};
    AM_MEDIA_TYPE type = {.majortype = audio,
                          .formattype = wave_format,
                          .cbFormat = sizeof(wave),
                          .pbFormat = (BYTE *)&wave};
    ITAMMediaFormat *format = kit_query(terminal, &IID_ITAMMediaFormat);
    HRESULT hr = ITAMMediaFormat_put_MediaFormat(format, &type);

    kit_release(format);
    return hr;
}

START_TEST(formats_are_copies_and_are_settled_before_the_connection)
{
    struct mst_pair pair;
    ITAMMediaFormat *format;
    AM_MEDIA_TYPE *type = NULL;
    IAudioMediaStream *stream;
    WAVEFORMATEX wave;

    pair_open(&pair);
    format = kit_query(pair.writer, &IID_ITAMMediaFormat);
    ck_assert_hr(ITAMMediaFormat_get_MediaFormat(format, NULL), E_POINTER);
    ck_assert_hr(ITAMMediaFormat_put_MediaFormat(format, NULL), E_POINTER);
    ck_assert_hr(ITAMMediaFormat_get_MediaFormat(format, &type), S_OK);
    ck_assert_uint_eq(((WAVEFORMATEX *)type->pbFormat)->nSamplesPerSec, 8000);
    ck_assert_uint_eq(((WAVEFORMATEX *)type->pbFormat)->wBitsPerSample, 16);
    ((WAVEFORMATEX *)type->pbFormat)->nSamplesPerSec = 16000; /* ours to change */
    ck_assert_hr(ITAMMediaFormat_put_MediaFormat(format, type), E_INVALIDARG);
    CoTaskMemFree(type->pbFormat);
    CoTaskMemFree(type);
    ck_assert_hr(put_format(pair.writer, 2, 16000, 16), S_OK);
    ck_assert_hr(put_format(pair.writer, 2, 7000, 16), VFW_E_TYPE_NOT_ACCEPTED);
    ck_assert_hr(put_format(pair.writer, 2, 16000, 24), VFW_E_TYPE_NOT_ACCEPTED);
    stream = kit_query(pair.write, &IID_IAudioMediaStream);
    ck_assert_hr(IAudioMediaStream_GetFormat(stream, NULL), E_POINTER);
    ck_assert_hr(IAudioMediaStream_SetFormat(stream, NULL), E_POINTER);
    memset(&wave, 0xff, sizeof(wave)); /* numbers that multiply to more than an int */
    ck_assert_hr(IAudioMediaStream_SetFormat(stream, &wave), E_INVALIDARG);
    ck_assert_hr(IAudioMediaStream_GetFormat(stream, &wave), S_OK);
    ck_assert_uint_eq(wave.nSamplesPerSec, 16000);
    ck_assert_uint_eq(wave.nBlockAlign, 4);
    ck_assert_hr(IMediaStream_SetSameFormat(pair.read, pair.write, 0), S_OK);
    ck_assert_hr(IMediaStream_SetSameFormat(pair.read, NULL, 0), E_POINTER);
    ck_assert_hr(IMediaStream_SetSameFormat(pair.read, pair.write, 1), E_INVALIDARG);
    pair_connect(&pair);
    ck_assert_int_eq(media_state(pair.writer), TS_INUSE);
    ck_assert_hr(put_format(pair.reader, 2, 16000, 16), S_OK);
    ck_assert_hr(put_format(pair.reader, 1, 8000, 16), VFW_E_ALREADY_CONNECTED);
    ck_assert_hr(put_format(pair.writer, 1, 8000, 16), VFW_E_ALREADY_CONNECTED);
    ck_assert_hr(ITStream_StopStream(pair.out), S_OK);
    ck_assert_hr(put_format(pair.writer, 1, 8000, 16), S_OK);
    kit_release(stream);
    kit_release(format);
    pair_close(&pair);
}
END_TEST

START_TEST(buffers_are_as_the_client_forces_them_even_when_it_lets_go_meanwhile)
{
    struct mst_pair pair;
    ITAllocatorProperties *allocator;
    ALLOCATOR_PROPERTIES is = {0}, forced = {5, 4800, 16, 32}, bad;
    IStreamSample *sample;
    WINBOOL allocate = FALSE;
    DWORD size = 0;
    BYTE *bytes;

    pair_open(&pair);
    allocator = kit_query(pair.reader, &IID_ITAllocatorProperties);
    ck_assert_hr(ITAllocatorProperties_GetAllocatorProperties(allocator, &is), S_OK);
    ck_assert_int_eq(is.cbBuffer, 320); /* 20 ms */
    ck_assert_int_gt(is.cBuffers, 1);
    ck_assert_int_eq(is.cbAlign, 1);
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, NULL), E_POINTER);
    ck_assert_hr(ITAllocatorProperties_GetAllocatorProperties(allocator, NULL), E_POINTER);
    ck_assert_hr(ITAllocatorProperties_GetAllocateBuffers(allocator, NULL), E_POINTER);
    ck_assert_hr(ITAllocatorProperties_GetBufferSize(allocator, NULL), E_POINTER);
    bad = forced;
    bad.cBuffers = 0;
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &bad), E_INVALIDARG);
    bad = forced;
    bad.cbBuffer = -1;
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &bad), E_INVALIDARG);
    bad = forced;
    bad.cbAlign = 3;
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &bad), VFW_E_BADALIGN);
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &forced), S_OK);
    ck_assert_hr(ITAllocatorProperties_GetAllocateBuffers(allocator, &allocate), S_OK);
    ck_assert_int_eq(allocate, TRUE);
    ck_assert_hr(ITAllocatorProperties_GetBufferSize(allocator, &size), S_OK);
    ck_assert_uint_eq(size, 4800);
    kit_release(allocator);

    /* The SDK's receiver lets go of the terminal and finds it on its stream again. */
    ck_assert_hr(ITStream_SelectTerminal(pair.in, pair.reader), S_OK);
    kit_release(pair.read);
    kit_release(pair.reader);
    {
        IEnumTerminal *list = NULL;

        ck_assert_hr(ITStream_EnumerateTerminals(pair.in, &list), S_OK);
        ck_assert_hr(IEnumTerminal_Next(list, 1, &pair.reader, NULL), S_OK);
        kit_release(list);
    }
    pair.read = kit_query(pair.reader, &IID_IMediaStream);
    allocator = kit_query(pair.read, &IID_ITAllocatorProperties);
    memset(&is, 0, sizeof(is));
    ck_assert_hr(ITAllocatorProperties_GetAllocatorProperties(allocator, &is), S_OK);
    ck_assert_mem_eq(&is, &forced, sizeof(is));
    sample = pair_sample(pair.read);
    bytes = sample_data(sample, &size, NULL);
    ck_assert_uint_eq(size, 4800);
    ck_assert_uint_eq((ULONG_PTR)bytes % 16, 0);
    memset(bytes - 32, 0, 32); /* the prefix is there */
    kit_release(sample);
    ck_assert_hr(ITAllocatorProperties_SetBufferSize(allocator, 0), E_INVALIDARG);
    ck_assert_hr(ITAllocatorProperties_SetBufferSize(allocator, 640), S_OK);
    ck_assert_hr(ITAllocatorProperties_GetAllocatorProperties(allocator, &is), S_OK);
    ck_assert_int_eq(is.cbBuffer, 4800);
    sample = pair_sample(pair.read);
    sample_data(sample, &size, NULL);
    ck_assert_uint_eq(size, 640);
    kit_release(sample);
    ck_assert_hr(ITAllocatorProperties_SetAllocateBuffers(allocator, FALSE), S_OK);
    sample = pair_sample(pair.read);
    ck_assert_ptr_null(sample_data(sample, &size, NULL));
    ck_assert_uint_eq(size, 0);
    kit_release(sample);
    ck_assert_hr(ITStream_UnselectTerminal(pair.in, pair.reader), S_OK);
    pair_connect(&pair);
    ck_assert_hr(ITAllocatorProperties_SetAllocatorProperties(allocator, &forced),
                 VFW_E_ALREADY_CONNECTED);
    ck_assert_hr(ITAllocatorProperties_SetAllocateBuffers(allocator, TRUE),
                 VFW_E_ALREADY_CONNECTED);
    ck_assert_hr(ITAllocatorProperties_SetBufferSize(allocator, 320), VFW_E_ALREADY_CONNECTED);
    sample = pair_sample(pair.read);
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0), VFW_E_BUFFER_NOTSET);
    kit_release(sample);
    kit_release(allocator);
    pair_close(&pair);
}
END_TEST

/* A sample of somebody else's that says S_OK and gives no data; it lives on the stack. */
static HRESULT STDMETHODCALLTYPE empty_query(IAudioStreamSample *iface, REFIID iid, void **out)
{
    (void)iid;
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE empty_count(IAudioStreamSample *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE empty_data(IAudioStreamSample *iface, IAudioData **out)
{
    (void)iface;
    *out = NULL;
    return S_OK;
}

START_TEST(a_foreign_sample_without_data_is_refused)
{
    IAudioStreamSampleVtbl vtable = {.QueryInterface = empty_query,
                                     .AddRef = empty_count,
                                     .Release = empty_count,
                                     .GetAudioData = empty_data};
    IAudioStreamSample empty = {&vtable};
    IStreamSample *shared = (IStreamSample *)&empty;
    struct mst_pair pair;

    pair_open(&pair);
    ck_assert_hr(IMediaStream_CreateSharedSample(pair.read, (IStreamSample *)&empty, 0, &shared),
                 MS_E_INCOMPATIBLE);
    ck_assert_ptr_null(shared);
    pair_close(&pair);
}
END_TEST

START_TEST(streams_and_samples_say_what_they_are)
{
    struct mst_pair pair;
    IMultiMediaStream *container = (IMultiMediaStream *)&pair;
    IMediaStream *stream = NULL;
    IStreamSample *sample, *shared = NULL;
    IAudioStreamSample *audio_sample;
    IAudioMediaStream *stream_face;
    IAudioData *data = NULL;
    IUnknown *one, *other;
    STREAM_TYPE type = STREAMTYPE_TRANSFORM;
    STREAM_TIME times[2] = {100, 200}, got[3];
    WAVEFORMATEX wave;
    MSPID purpose;
    DWORD size;
    BYTE own[64];

    pair_open(&pair);
    ck_assert_hr(IMediaStream_GetMultiMediaStream(pair.write, NULL), E_POINTER);
    ck_assert_hr(IMediaStream_GetMultiMediaStream(pair.write, &container), MS_E_NOSTREAM);
    ck_assert_ptr_null(container);
    ck_assert_hr(IMediaStream_GetInformation(pair.write, &purpose, &type), S_OK);
    ck_assert(IsEqualGUID(&purpose, &MSPID_PrimaryAudio));
    ck_assert_int_eq(type, STREAMTYPE_WRITE);
    ck_assert_hr(IMediaStream_GetInformation(pair.read, NULL, &type), S_OK);
    ck_assert_int_eq(type, STREAMTYPE_READ);
    ck_assert_hr(IMediaStream_AllocateSample(pair.write, 0, NULL), E_POINTER);
    ck_assert_hr(IMediaStream_AllocateSample(pair.write, 1, &sample), E_INVALIDARG);
    ck_assert_hr(IMediaStream_SendEndOfStream(pair.write, 1), E_INVALIDARG);
    ck_assert_hr(IMediaStream_SendEndOfStream(pair.read, 0), S_OK);

    sample = pair_sample(pair.write);
    ck_assert_hr(IStreamSample_GetMediaStream(sample, NULL), E_POINTER);
    ck_assert_hr(IStreamSample_GetMediaStream(sample, &stream), S_OK);
    one = kit_query(stream, &IID_IUnknown);
    other = kit_query(pair.writer, &IID_IUnknown);
    ck_assert_ptr_eq(one, other);
    kit_release(one);
    kit_release(other);
    kit_release(stream);
    ck_assert_hr(IStreamSample_SetSampleTimes(sample, NULL, &times[1]), E_POINTER);
    ck_assert_hr(IStreamSample_SetSampleTimes(sample, &times[0], &times[1]), S_OK);
    ck_assert_hr(IStreamSample_GetSampleTimes(sample, &got[0], &got[1], &got[2]), S_OK);
    ck_assert_int_eq(got[0], 100);
    ck_assert_int_eq(got[1], 200);
    ck_assert_int_eq(got[2], 0);
    ck_assert_hr(IStreamSample_GetSampleTimes(sample, NULL, NULL, NULL), S_OK);
    ck_assert_hr(IStreamSample_Update(sample, 4, NULL, NULL, 0), E_INVALIDARG);
    ck_assert_hr(IStreamSample_Update(sample, 0, (HANDLE)4, (PAPCFUNC)(void *)4, 0), E_INVALIDARG);
    ck_assert_hr(IStreamSample_Update(sample, SSUPDATE_ASYNC, NULL, NULL, 0), VFW_E_NOT_COMMITTED);
    ck_assert_hr(IStreamSample_CompletionStatus(sample, 8, 0), E_INVALIDARG);

    audio_sample = kit_query(sample, &IID_IAudioStreamSample);
    ck_assert_hr(IAudioStreamSample_GetAudioData(audio_sample, NULL), E_POINTER);
    ck_assert_hr(IAudioStreamSample_GetAudioData(audio_sample, &data), S_OK);
    ck_assert_hr(IAudioData_GetFormat(data, &wave), S_OK);
    ck_assert_uint_eq(wave.nAvgBytesPerSec, 16000);
    ck_assert_hr(IAudioData_SetFormat(data, &wave), S_OK);
    wave.nSamplesPerSec = 16000;
    wave.nAvgBytesPerSec = 32000;
    ck_assert_hr(IAudioData_SetFormat(data, &wave), MS_E_INCOMPATIBLE);
    ck_assert_hr(IAudioData_SetBuffer(data, 0, own, 0), E_INVALIDARG);
    ck_assert_hr(IAudioData_SetBuffer(data, sizeof(own), NULL, 0), E_INVALIDARG);
    ck_assert_hr(IAudioData_SetBuffer(data, sizeof(own), own, 0), S_OK);
    ck_assert_hr(IAudioData_SetActual(data, sizeof(own) + 1), E_INVALIDARG);
    ck_assert_ptr_eq(sample_data(sample, &size, NULL), own);
    ck_assert_uint_eq(size, sizeof(own));
    kit_release(audio_sample);
    kit_release(data);

    shared = sample;
    ck_assert_hr(IMediaStream_CreateSharedSample(pair.read, NULL, 0, &shared), E_POINTER);
    ck_assert_ptr_null(shared);
    stream_face = kit_query(pair.read, &IID_IAudioMediaStream);
    audio_sample = (IAudioStreamSample *)&pair;
    ck_assert_hr(IAudioMediaStream_CreateSample(stream_face, NULL, 0, &audio_sample), E_POINTER);
    ck_assert_ptr_null(audio_sample);
    kit_release(stream_face);
    ck_assert_hr(IMediaStream_CreateSharedSample(pair.read, sample, 0, &shared), S_OK);
    audio_sample = kit_query(shared, &IID_IAudioStreamSample);
    ck_assert_hr(IAudioStreamSample_GetAudioData(audio_sample, &data), S_OK);
    one = kit_query(data, &IID_IUnknown);
    other = kit_query(sample, &IID_IUnknown);
    ck_assert_ptr_eq(one, other);
    kit_release(one);
    kit_release(other);
    kit_release(data);
    kit_release(audio_sample);
    kit_release(shared);
    ck_assert_hr(put_format(pair.reader, 1, 16000, 16), S_OK);
    ck_assert_hr(IMediaStream_CreateSharedSample(pair.read, sample, 0, &shared), MS_E_INCOMPATIBLE);
    kit_release(sample);
    pair_close(&pair);
}
END_TEST

/* ---- IAMMultiMediaStream ----------------------------------------------------------------------
 */

static const CLSID class_multimedia = {
    0x49c47ce5, 0x9ba4, 0x11d0, {0x82, 0x12, 0x00, 0xc0, 0x4f, 0xc3, 0x2c, 0x45}};
static const IID iid_am_multimedia = {
    0xbebe595c, 0x9a6f, 0x11d0, {0x8f, 0xde, 0x00, 0xc0, 0x4f, 0xd9, 0x18, 0x9d}};

START_TEST(a_multimedia_stream_takes_it_in_by_its_purpose)
{
    struct mst_pair pair;
    IAMMultiMediaStream *container = NULL;
    IMultiMediaStream *back = NULL;
    IMediaStream *found = NULL;
    IAMMediaStream *am;
    IUnknown *one, *other;
    HRESULT hr;

    pair_open(&pair);
    am = kit_query(pair.writer, &IID_IAMMediaStream);
    ck_assert_hr(IAMMediaStream_Initialize(am, NULL, 0, &MSPID_PrimaryAudio, STREAMTYPE_READ),
                 MS_E_INVALIDSTREAMTYPE);
    ck_assert_hr(IAMMediaStream_Initialize(am, NULL, 0, &IID_IUnknown, STREAMTYPE_WRITE),
                 MS_E_PURPOSEID);
    ck_assert_hr(IAMMediaStream_Initialize(am, NULL, 0, &MSPID_PrimaryAudio, STREAMTYPE_WRITE),
                 S_OK);
    ck_assert_hr(IAMMediaStream_SetState(am, State_Running), S_OK);
    kit_release(am);
    hr = CoCreateInstance(&class_multimedia, NULL, CLSCTX_INPROC_SERVER, &iid_am_multimedia,
                          (void **)&container);
    if (hr == REGDB_E_CLASSNOTREG) {
        pair_close(&pair); /* a Windows without amstream */
        return;
    }
    ck_assert_hr(hr, S_OK);
    ck_assert_hr(IAMMultiMediaStream_Initialize(container, STREAMTYPE_READ, 0, NULL), S_OK);
    hr = IAMMultiMediaStream_AddMediaStream(container, (IUnknown *)pair.reader, &MSPID_PrimaryAudio,
                                            0, NULL);
    ck_assert_hr(hr, S_OK);
    ck_assert_hr(IAMMultiMediaStream_SetState(container, STREAMSTATE_RUN), S_OK);
    ck_assert_hr(IAMMultiMediaStream_SetState(container, STREAMSTATE_STOP), S_OK);
    ck_assert_hr(IAMMultiMediaStream_GetMediaStream(container, &MSPID_PrimaryAudio, &found), S_OK);
    one = kit_query(found, &IID_IUnknown);
    other = kit_query(pair.reader, &IID_IUnknown);
    ck_assert_ptr_eq(one, other);
    kit_release(one);
    kit_release(other);
    kit_release(found);
    ck_assert_hr(IMediaStream_GetMultiMediaStream(pair.read, &back), S_OK);
    ck_assert_ptr_eq(back, container);
    kit_release(back);
    /* Nobody counts on whom it joined, so whoever ends first must be taken out. */
    am = kit_query(pair.reader, &IID_IAMMediaStream);
    ck_assert_hr(IAMMediaStream_JoinAMMultiMediaStream(am, NULL), S_OK);
    kit_release(am);
    ck_assert_hr(IMediaStream_GetMultiMediaStream(pair.read, &back), MS_E_NOSTREAM);
    kit_release(container);
    pair_close(&pair);
}
END_TEST

OMSP_SUITE("mst", TEST(class_tables_are_sound),
           TEST(it_is_a_dynamic_terminal_of_either_direction_with_one_identity),
           TEST(formats_are_copies_and_are_settled_before_the_connection),
           TEST(buffers_are_as_the_client_forces_them_even_when_it_lets_go_meanwhile),
           TEST(a_foreign_sample_without_data_is_refused),
           TEST(streams_and_samples_say_what_they_are),
           TEST(a_multimedia_stream_takes_it_in_by_its_purpose))
