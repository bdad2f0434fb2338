/*
 * One open device of WASAPI: shared mode, event-driven, at the format that the system mixes in, so
 * that nothing is converted twice. Knows no list and no thread; the device thread calls it.
 */
#include <initguid.h>

#include "win/audio.h"

#include "base/alloc.h"

#include <mmreg.h>
#include <string.h>

/* What the device may hold: enough for a thread that comes late, and heard as delay. 100 ns. */
#define BUFFER_TIME 300000

#ifndef AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM
#define AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM 0x80000000
#endif
#ifndef AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY
#define AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY 0x08000000
#endif

/* KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT, which no library of mingw-w64 holds: the tag in front
 * of what all such GUIDs end in. */
static bool is_subtype(const GUID *format, WORD tag)
{
    const GUID subtype = {tag, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71}};

    return IsEqualGUID(format, &subtype);
}

enum omsp_status win_audio_status(HRESULT hr)
{
    switch (hr) {
    case S_OK:
        return OMSP_OK;
    case E_OUTOFMEMORY:
        return OMSP_NOMEM;
    case E_ACCESSDENIED:
    case AUDCLNT_E_DEVICE_IN_USE:
    case AUDCLNT_E_EXCLUSIVE_MODE_NOT_ALLOWED:
        return OMSP_ACCESS;
    case AUDCLNT_E_UNSUPPORTED_FORMAT:
        return OMSP_NO_FORMAT;
    case AUDCLNT_E_DEVICE_INVALIDATED:
    case AUDCLNT_E_ENDPOINT_CREATE_FAILED:
    case AUDCLNT_E_RESOURCES_INVALIDATED:
    case AUDCLNT_E_SERVICE_NOT_RUNNING:
    case HRESULT_FROM_WIN32(ERROR_NOT_FOUND):
    case HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND):
        return OMSP_NODEVICE;
    default:
        return OMSP_IO;
    }
}

/* Formats whose samples we read and write ourselves. */
static bool understood(const WAVEFORMATEX *format, struct omsp_audio_frames *out)
{
    const WAVEFORMATEXTENSIBLE *more = (const WAVEFORMATEXTENSIBLE *)format;
    WORD tag = format->wFormatTag;

    if (tag == WAVE_FORMAT_EXTENSIBLE && format->cbSize >= sizeof(*more) - sizeof(*format)) {
        if (is_subtype(&more->SubFormat, WAVE_FORMAT_IEEE_FLOAT))
            tag = WAVE_FORMAT_IEEE_FLOAT;
        else if (is_subtype(&more->SubFormat, WAVE_FORMAT_PCM))
            tag = WAVE_FORMAT_PCM;
    }
    out->channels = format->nChannels;
    out->floats = tag == WAVE_FORMAT_IEEE_FLOAT;
    return format->nChannels > 0 && ((out->floats && format->wBitsPerSample == 32) ||
                                     (tag == WAVE_FORMAT_PCM && format->wBitsPerSample == 16));
}

static HRESULT initialize(struct win_stream *stream)
{
    WAVEFORMATEX plain = {
        .wFormatTag = WAVE_FORMAT_PCM, .nBlockAlign = 4, .wBitsPerSample = 16, .nChannels = 2};
    DWORD flags = AUDCLNT_STREAMFLAGS_EVENTCALLBACK;
    WAVEFORMATEX *mix = NULL;
    const WAVEFORMATEX *use;
    HRESULT hr = IAudioClient_GetMixFormat(stream->client, &mix);

    if (FAILED(hr))
        return hr;
    use = mix;
    if (!understood(mix, &stream->frames)) {
        plain.nSamplesPerSec = mix->nSamplesPerSec;
        plain.nAvgBytesPerSec = mix->nSamplesPerSec * plain.nBlockAlign;
        stream->frames.floats = false;
        stream->frames.channels = plain.nChannels;
        flags |= AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM | AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY;
        use = &plain;
    }
    stream->base.rate = use->nSamplesPerSec;
    hr = IAudioClient_Initialize(stream->client, AUDCLNT_SHAREMODE_SHARED, flags, BUFFER_TIME, 0,
                                 use, NULL);
    CoTaskMemFree(mix);
    return hr;
}

static HRESULT prepare(struct win_stream *stream)
{
    HRESULT hr = IAudioClient_SetEventHandle(stream->client, stream->event);

    if (SUCCEEDED(hr))
        hr = IAudioClient_GetBufferSize(stream->client, &stream->room);
    if (SUCCEEDED(hr)) {
        stream->pcm = omsp_zalloc_array(stream->room, sizeof(*stream->pcm));
        if (!stream->pcm)
            hr = E_OUTOFMEMORY;
    }
    if (SUCCEEDED(hr) && stream->flow == eRender)
        hr = IAudioClient_GetService(stream->client, &IID_IAudioRenderClient,
                                     (void **)&stream->render);
    else if (SUCCEEDED(hr))
        hr = IAudioClient_GetService(stream->client, &IID_IAudioCaptureClient,
                                     (void **)&stream->capture);
    return hr;
}

enum omsp_status win_stream_start(struct win_stream *stream, IMMDeviceEnumerator *devices)
{
    IMMDevice *device;
    HRESULT hr = IMMDeviceEnumerator_GetDevice(devices, stream->id, &device);

    if (FAILED(hr))
        return hr == E_INVALIDARG ? OMSP_NODEVICE : win_audio_status(hr);
    hr = IMMDevice_Activate(device, &IID_IAudioClient, CLSCTX_ALL, NULL, (void **)&stream->client);
    IMMDevice_Release(device);
    if (SUCCEEDED(hr))
        hr = initialize(stream);
    if (SUCCEEDED(hr))
        hr = prepare(stream);
    if (SUCCEEDED(hr))
        hr = IAudioClient_Start(stream->client);
    stream->served = GetTickCount64();
    if (FAILED(hr))
        win_stream_stop(stream);
    return SUCCEEDED(hr) ? OMSP_OK : win_audio_status(hr);
}

void win_stream_stop(struct win_stream *stream)
{
    if (stream->client)
        IAudioClient_Stop(stream->client);
    if (stream->render)
        IAudioRenderClient_Release(stream->render);
    if (stream->capture)
        IAudioCaptureClient_Release(stream->capture);
    if (stream->client)
        IAudioClient_Release(stream->client);
    stream->render = NULL;
    stream->capture = NULL;
    stream->client = NULL;
    omsp_free(stream->pcm);
    stream->pcm = NULL;
}

bool win_stream_enter(struct win_stream *stream)
{
    AcquireSRWLockExclusive(&stream->calling);
    return !stream->silent;
}

void win_stream_leave(struct win_stream *stream)
{
    ReleaseSRWLockExclusive(&stream->calling);
}

void win_stream_silence(struct win_stream *stream)
{
    AcquireSRWLockExclusive(&stream->calling);
    stream->silent = true;
    ReleaseSRWLockExclusive(&stream->calling);
}

static HRESULT serve_render(struct win_stream *stream)
{
    UINT32 padding, count;
    BYTE *to;
    HRESULT hr = IAudioClient_GetCurrentPadding(stream->client, &padding);

    if (FAILED(hr) || padding >= stream->room)
        return hr;
    count = stream->room - padding;
    hr = IAudioRenderClient_GetBuffer(stream->render, count, &to);
    if (FAILED(hr))
        return hr;
    if (win_stream_enter(stream))
        stream->base.on_render(stream->base.owner, &stream->base, stream->pcm, count);
    else
        memset(stream->pcm, 0, count * sizeof(*stream->pcm));
    win_stream_leave(stream);
    omsp_audio_spread(&stream->frames, stream->pcm, count, (uint32_t)stream->left,
                      (uint32_t)stream->right, to);
    return IAudioRenderClient_ReleaseBuffer(stream->render, count, 0);
}

static HRESULT serve_capture(struct win_stream *stream)
{
    for (bool any = false;; any = true) {
        UINT32 count, size;
        DWORD flags;
        BYTE *from;
        HRESULT hr = IAudioCaptureClient_GetNextPacketSize(stream->capture, &size);

        /* Under Wine only the padding tells that the device is gone. */
        if (SUCCEEDED(hr) && !size && !any)
            hr = IAudioClient_GetCurrentPadding(stream->client, &size);
        if (FAILED(hr) || !size)
            return hr;
        hr = IAudioCaptureClient_GetBuffer(stream->capture, &from, &count, &flags, NULL, NULL);
        if (hr == AUDCLNT_S_BUFFER_EMPTY || FAILED(hr))
            return hr;
        if (count > stream->room) /* never: a packet fits into the buffer */
            count = stream->room;
        if (flags & AUDCLNT_BUFFERFLAGS_SILENT)
            memset(stream->pcm, 0, count * sizeof(*stream->pcm));
        else
            omsp_audio_fold(&stream->frames, from, count, (uint32_t)stream->left, stream->pcm);
        if (win_stream_enter(stream))
            stream->base.on_capture(stream->base.owner, &stream->base, stream->pcm, count);
        win_stream_leave(stream);
        hr = IAudioCaptureClient_ReleaseBuffer(stream->capture, count);
        if (FAILED(hr))
            return hr;
    }
}

bool win_stream_serve(struct win_stream *stream)
{
    HRESULT hr = stream->flow == eRender ? serve_render(stream) : serve_capture(stream);

    stream->served = GetTickCount64();
    return SUCCEEDED(hr);
}
