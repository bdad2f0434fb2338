/*
 * Audio formats between the engine's struct, DirectShow's AM_MEDIA_TYPE and the object that scripts
 * fill in (ITScriptableAudioFormat, mspi.md 4.5). Whether a format can be read or written is the
 * engine's to say; here only the numbers must agree with one another. Free-threaded: the object's
 * six numbers are changed one at a time by atomic stores.
 */
#include "msp/classes.h"
#include "msp/terminal.h"

#include "com/dispatch.h"

#include <mmreg.h>

/* DirectShow's own GUIDs, which lie in a library that nothing else here needs. */
static const GUID media_audio = {
    0x73647561, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71}};
static const GUID format_wave = {
    0x05589f81, 0xc356, 0x11ce, {0xbf, 0x01, 0x00, 0xaa, 0x00, 0x55, 0x59, 0x5a}};

static unsigned block_bytes(const struct omsp_audio_format *format)
{
    return format->channels * format->bits / 8u;
}

/* ---- AM_MEDIA_TYPE -------------------------------------------------------------------------- */

HRESULT msp_media_type_create(const struct omsp_audio_format *format, AM_MEDIA_TYPE **out)
{
    AM_MEDIA_TYPE *type = CoTaskMemAlloc(sizeof(*type));
    WAVEFORMATEX *wave = CoTaskMemAlloc(sizeof(*wave));

    *out = NULL;
    if (!type || !wave) {
        CoTaskMemFree(type);
        CoTaskMemFree(wave);
        return E_OUTOFMEMORY;
    }
    memset(wave, 0, sizeof(*wave));
    wave->wFormatTag = format->tag;
    wave->nChannels = format->channels;
    wave->nSamplesPerSec = format->rate;
    wave->nBlockAlign = (WORD)block_bytes(format);
    wave->nAvgBytesPerSec = format->rate * wave->nBlockAlign;
    wave->wBitsPerSample = format->bits;
    memset(type, 0, sizeof(*type));
    type->majortype = media_audio;
    type->subtype = media_audio; /* the format tag's number in the same pattern */
    type->subtype.Data1 = format->tag;
    type->bFixedSizeSamples = TRUE;
    type->lSampleSize = wave->nBlockAlign;
    type->formattype = format_wave;
    type->cbFormat = sizeof(*wave);
    type->pbFormat = (BYTE *)wave;
    *out = type;
    return S_OK;
}

/* The numbers of a WAVEFORMATEX, each as wide as a script's long. */
struct wave_numbers {
    LONG channels, rate, bytes_per_second, block, bits, tag;
};

static HRESULT agree(const struct wave_numbers *in, struct omsp_audio_format *out)
{
    LONG block;

    if (in->channels < 1 || in->channels > 0xffff || in->bits < 1 || in->bits > 0xffff ||
        in->tag < 1 || in->tag > 0xffff || in->rate < 1)
        return E_INVALIDARG;
    if (in->channels > 64 || in->bits > 64) /* keeps the product below small */
        return E_INVALIDARG;
    block = in->channels * in->bits / 8;
    if (in->block != block || in->bytes_per_second != (LONGLONG)in->rate * block)
        return E_INVALIDARG;
    out->tag = (uint16_t)in->tag;
    out->channels = (uint16_t)in->channels;
    out->rate = (uint32_t)in->rate;
    out->bits = (uint16_t)in->bits;
    return S_OK;
}

HRESULT msp_media_type_read(const AM_MEDIA_TYPE *type, struct omsp_audio_format *out)
{
    struct wave_numbers numbers;
    WAVEFORMATEX wave;

    if (!IsEqualGUID(&type->majortype, &media_audio) ||
        !IsEqualGUID(&type->formattype, &format_wave) || !type->pbFormat ||
        type->cbFormat < sizeof(wave))
        return E_INVALIDARG;
    memcpy(&wave, type->pbFormat, sizeof(wave)); /* may lie unaligned */
    if (wave.nSamplesPerSec > LONG_MAX || wave.nAvgBytesPerSec > LONG_MAX)
        return E_INVALIDARG;
    numbers.channels = wave.nChannels;
    numbers.rate = (LONG)wave.nSamplesPerSec;
    numbers.bytes_per_second = (LONG)wave.nAvgBytesPerSec;
    numbers.block = wave.nBlockAlign;
    numbers.bits = wave.wBitsPerSample;
    numbers.tag = wave.wFormatTag;
    return agree(&numbers, out);
}

/* ---- ITScriptableAudioFormat ---------------------------------------------------------------- */

struct msp_audio_format {
    struct com_object object;
    ITScriptableAudioFormat format;
    struct wave_numbers is;
};

#define NUMBER(member, greatest)                                                                   \
    static HRESULT STDMETHODCALLTYPE get_##member(ITScriptableAudioFormat *iface, LONG *out)       \
    {                                                                                              \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = InterlockedCompareExchange(                                                         \
            &COM_SELF(iface, struct msp_audio_format, format)->is.member, 0, 0);                   \
        return S_OK;                                                                               \
    }                                                                                              \
    static HRESULT STDMETHODCALLTYPE put_##member(ITScriptableAudioFormat *iface,                  \
                                                  const LONG value)                                \
    {                                                                                              \
        if (value < 0 || value > (greatest))                                                       \
            return E_INVALIDARG;                                                                   \
        InterlockedExchange(&COM_SELF(iface, struct msp_audio_format, format)->is.member, value);  \
        return S_OK;                                                                               \
    }

/* The greatest values are those of WAVEFORMATEX's fields, as far as a long holds them. */
NUMBER(channels, 0xffff)
NUMBER(rate, LONG_MAX)
NUMBER(bytes_per_second, LONG_MAX)
NUMBER(block, 0xffff)
NUMBER(bits, 0xffff)
NUMBER(tag, 0xffff)

#define MEMBERS(id, name)                                                                          \
    COM_GET(ITScriptableAudioFormat, id, name, COM_RETVAL_LONG),                                   \
        COM_PUT(ITScriptableAudioFormat, id, name, COM_IN_LONG("nNewVal"))

static const struct com_member members[] = {
    MEMBERS(1, Channels),   MEMBERS(2, SamplesPerSec), MEMBERS(3, AvgBytesPerSec),
    MEMBERS(4, BlockAlign), MEMBERS(5, BitsPerSample), MEMBERS(6, FormatTag),
};
static const struct com_dispatch dispatch =
    COM_DISPATCH_TABLE(&IID_ITScriptableAudioFormat, "ITScriptableAudioFormat", members);

COM_VTABLE(vtable, ITScriptableAudioFormat, struct msp_audio_format, format, &dispatch,
           COM_DISPATCH_SLOTS(ITScriptableAudioFormat), .get_Channels = get_channels,
           .put_Channels = put_channels, .get_SamplesPerSec = get_rate,
           .put_SamplesPerSec = put_rate, .get_AvgBytesPerSec = get_bytes_per_second,
           .put_AvgBytesPerSec = put_bytes_per_second, .get_BlockAlign = get_block,
           .put_BlockAlign = put_block, .get_BitsPerSample = get_bits,
           .put_BitsPerSample = put_bits, .get_FormatTag = get_tag, .put_FormatTag = put_tag);

static const struct com_entry entries[] = {COM_ENTRY(IID_ITScriptableAudioFormat, vtable)};
const struct com_class msp_audio_format_class = {
    COM_CLASS("ITScriptableAudioFormat", struct msp_audio_format, entries),
    .flags = COM_FTM | COM_SAFE};

HRESULT msp_scriptable_format_create(const struct omsp_audio_format *format,
                                     ITScriptableAudioFormat **out)
{
    struct msp_audio_format *self;
    HRESULT hr = com_object_create(&msp_audio_format_class, NULL, (struct com_object **)&self);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    if (format) {
        self->is.channels = format->channels;
        self->is.rate = (LONG)format->rate;
        self->is.block = (LONG)block_bytes(format);
        self->is.bytes_per_second = self->is.rate * self->is.block;
        self->is.bits = format->bits;
        self->is.tag = format->tag;
    }
    *out = &self->format;
    return S_OK;
}

HRESULT msp_scriptable_format_read(ITScriptableAudioFormat *from, struct omsp_audio_format *out)
{
    struct wave_numbers numbers;
    HRESULT hr;

    if (FAILED(hr = ITScriptableAudioFormat_get_Channels(from, &numbers.channels)) ||
        FAILED(hr = ITScriptableAudioFormat_get_SamplesPerSec(from, &numbers.rate)) ||
        FAILED(hr = ITScriptableAudioFormat_get_AvgBytesPerSec(from, &numbers.bytes_per_second)) ||
        FAILED(hr = ITScriptableAudioFormat_get_BlockAlign(from, &numbers.block)) ||
        FAILED(hr = ITScriptableAudioFormat_get_BitsPerSample(from, &numbers.bits)) ||
        FAILED(hr = ITScriptableAudioFormat_get_FormatTag(from, &numbers.tag)))
        return hr;
    if (!numbers.block && numbers.channels > 0 && numbers.channels <= 64 && numbers.bits > 0 &&
        numbers.bits <= 64)
        numbers.block = numbers.channels * numbers.bits / 8;
    if (!numbers.bytes_per_second && numbers.rate > 0 && numbers.block > 0 &&
        numbers.rate <= LONG_MAX / numbers.block)
        numbers.bytes_per_second = numbers.rate * numbers.block;
    return agree(&numbers, out);
}
