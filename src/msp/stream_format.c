/*
 * ITFormatControl of an audio stream (mspi.md 4.6): which codecs the call may speak, in which order
 * of preference, and which one this stream speaks. The list is the call's: SDP has one for both
 * directions. It holds every codec there is, those in use first and in order; what is changed
 * counts from the next description on. Any thread.
 */
#include "engine/quality.h"
#include "msp/call.h"
#include "msp/stream.h"
#include "msp/terminal.h"

#include <wchar.h>

static struct msp_stream *self_of(ITFormatControl *iface)
{
    return COM_SELF(iface, struct msp_stream, formats);
}

/* ---- codecs ---------------------------------------------------------------------------------- */

#define TAG_ALAW 6
#define TAG_ULAW 7

static const struct known {
    uint8_t type; /* RFC 3551 */
    uint16_t tag; /* WAVEFORMATEX */
    const WCHAR *description;
} known[] = {{0, TAG_ULAW, L"PCMU (G.711 mu-law)"}, {8, TAG_ALAW, L"PCMA (G.711 A-law)"}};

#define KNOWN (sizeof(known) / sizeof(known[0]))

struct capabilities {
    const struct known *codecs[KNOWN];
    unsigned enabled; /* the first so many */
};

static const struct known *by_type(unsigned type)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].type == type)
            return &known[i];
    return NULL;
}

static void list(struct msp_call *call, struct capabilities *out)
{
    unsigned used;

    out->enabled = 0;
    AcquireSRWLockShared(&call->lock);
    for (unsigned i = 0; i < call->codec_count && out->enabled < KNOWN; i++) {
        const struct known *codec = by_type(call->codecs[i]);

        if (codec)
            out->codecs[out->enabled++] = codec;
    }
    ReleaseSRWLockShared(&call->lock);
    used = out->enabled;
    for (size_t i = 0; i < KNOWN && used < KNOWN; i++) {
        bool there = false;

        for (unsigned k = 0; k < out->enabled; k++)
            there |= out->codecs[k] == &known[i];
        if (!there)
            out->codecs[used++] = &known[i];
    }
}

static HRESULT media_type_of(const struct known *codec, AM_MEDIA_TYPE **out)
{
    struct omsp_audio_format format = {codec->tag, 1, 8000, 8};

    return msp_media_type_create(&format, out);
}

/* ---- methods --------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE format_current(ITFormatControl *iface, AM_MEDIA_TYPE **out)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream_quality quality;
    const struct known *codec;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    omsp_stream_get_quality(self->engine, &quality);
    codec = quality.codec < 0 ? NULL : by_type((unsigned)quality.codec);
    return codec ? media_type_of(codec, out) : TAPI_E_NOFORMAT;
}

static HRESULT STDMETHODCALLTYPE format_release(ITFormatControl *iface, AM_MEDIA_TYPE *type)
{
    (void)iface;
    if (!type)
        return E_POINTER;
    if (type->pUnk)
        IUnknown_Release(type->pUnk);
    CoTaskMemFree(type->pbFormat);
    CoTaskMemFree(type);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE format_count(ITFormatControl *iface, DWORD *out)
{
    if (!out)
        return E_POINTER;
    *out = 0;
    if (msp_stream_is_shut(self_of(iface)))
        return E_UNEXPECTED;
    *out = KNOWN;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE format_caps(ITFormatControl *iface, DWORD index,
                                             AM_MEDIA_TYPE **type, TAPI_STREAM_CONFIG_CAPS *caps,
                                             WINBOOL *enabled)
{
    struct msp_stream *self = self_of(iface);
    TAPI_AUDIO_STREAM_CONFIG_CAPS *audio;
    struct capabilities all;
    HRESULT hr;

    if (!type || !caps || !enabled)
        return E_POINTER;
    *type = NULL;
    memset(caps, 0, sizeof(*caps));
    *enabled = FALSE;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    if (index >= KNOWN)
        return E_INVALIDARG;
    list(self->call, &all);
    hr = media_type_of(all.codecs[index], type);
    if (FAILED(hr))
        return hr;
    caps->CapsType = AudioStreamConfigCaps;
    audio = &caps->AudioCap;
    wcscpy(audio->Description, all.codecs[index]->description);
    audio->MinimumChannels = audio->MaximumChannels = audio->ChannelsGranularity = 1;
    audio->MinimumBitsPerSample = audio->MaximumBitsPerSample = audio->BitsPerSampleGranularity = 8;
    audio->MinimumSampleFrequency = audio->MaximumSampleFrequency = 8000;
    audio->SampleFrequencyGranularity = 8000;
    audio->MinimumAvgBytesPerSec = audio->MaximumAvgBytesPerSec = 8000;
    audio->AvgBytesPerSecGranularity = 8000;
    *enabled = index < all.enabled;
    return S_OK;
}

/* indices are those of the present order. A codec is offered and accepted when it is both enabled
 * and publicized: what a peer is not told of, it does not send. */
static HRESULT STDMETHODCALLTYPE format_reorder(ITFormatControl *iface, DWORD *indices,
                                                WINBOOL *enabled, WINBOOL *publicize, DWORD count)
{
    struct msp_stream *self = self_of(iface);
    uint8_t types[KNOWN];
    bool seen[KNOWN] = {false};
    struct capabilities all;
    unsigned used = 0;

    if (!indices || !enabled || !publicize)
        return E_POINTER;
    if (msp_stream_is_shut(self))
        return E_UNEXPECTED;
    if (count != KNOWN)
        return E_INVALIDARG;
    list(self->call, &all);
    for (DWORD i = 0; i < count; i++) {
        if (indices[i] >= KNOWN || seen[indices[i]])
            return E_INVALIDARG;
        seen[indices[i]] = true;
        if (enabled[i] && publicize[i])
            types[used++] = all.codecs[indices[i]]->type;
    }
    if (!used)
        return E_INVALIDARG;
    return msp_hresult(msp_call_set_codecs(self->call, types, used));
}

MSP_VTABLE(msp_stream_format_vtable, ITFormatControl, struct msp_stream, formats, NULL,
           COM_UNKNOWN_SLOTS(ITFormatControl), .GetCurrentFormat = format_current,
           .ReleaseFormat = format_release, .GetNumberOfCapabilities = format_count,
           .GetStreamCaps = format_caps, .ReOrderCapabilities = format_reorder);
