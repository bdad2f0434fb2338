/*
 * Formats and buffers of the media streaming terminal: ITAMMediaFormat and ITAllocatorProperties
 * (mspi.md 4.1). Both must be settled before the terminal is connected. Any thread.
 */
#include "msp/mst.h"

#include <mmreg.h>

/* ---- formats --------------------------------------------------------------------------------- */

HRESULT mst_wave_read(const WAVEFORMATEX *wave, struct omsp_audio_format *out)
{
    /* Unsigned, or the widest of what a client may write would not fit into the product. */
    if (wave->nBlockAlign != (DWORD)wave->nChannels * wave->wBitsPerSample / 8 ||
        wave->nAvgBytesPerSec != wave->nSamplesPerSec * wave->nBlockAlign)
        return E_INVALIDARG;
    out->tag = wave->wFormatTag;
    out->channels = wave->nChannels;
    out->rate = wave->nSamplesPerSec;
    out->bits = wave->wBitsPerSample;
    return S_OK;
}

void mst_wave_write(const struct omsp_audio_format *format, WAVEFORMATEX *out)
{
    memset(out, 0, sizeof(*out));
    out->wFormatTag = format->tag;
    out->nChannels = format->channels;
    out->nSamplesPerSec = format->rate;
    out->wBitsPerSample = format->bits;
    out->nBlockAlign = (WORD)(format->channels * format->bits / 8);
    out->nAvgBytesPerSec = format->rate * out->nBlockAlign;
}

HRESULT mst_set_format(struct mst_terminal *self, const struct omsp_audio_format *format)
{
    enum omsp_status status = omsp_samples_set_format(self->base.engine, format);

    if (status == OMSP_WRONG_STATE)
        return VFW_E_ALREADY_CONNECTED;
    return status == OMSP_NO_FORMAT ? VFW_E_TYPE_NOT_ACCEPTED : msp_hresult(status);
}

static HRESULT STDMETHODCALLTYPE format_get_MediaFormat(ITAMMediaFormat *iface, AM_MEDIA_TYPE **out)
{
    struct mst_terminal *self = COM_SELF(iface, struct mst_terminal, format);
    struct omsp_audio_format format;

    if (!out)
        return E_POINTER;
    omsp_samples_get_format(self->base.engine, &format);
    return msp_media_type_create(&format, out);
}

static HRESULT STDMETHODCALLTYPE format_put_MediaFormat(ITAMMediaFormat *iface,
                                                        const AM_MEDIA_TYPE *type)
{
    struct mst_terminal *self = COM_SELF(iface, struct mst_terminal, format);
    struct omsp_audio_format format;
    HRESULT hr;

    if (!type)
        return E_POINTER;
    hr = msp_media_type_read(type, &format);
    return FAILED(hr) ? hr : mst_set_format(self, &format);
}

MSP_VTABLE(mst_format_vtable, ITAMMediaFormat, struct mst_terminal, format, NULL,
           COM_UNKNOWN_SLOTS(ITAMMediaFormat), .get_MediaFormat = format_get_MediaFormat,
           .put_MediaFormat = format_put_MediaFormat);

/* ---- buffers --------------------------------------------------------------------------------- */

static DWORD default_size(struct mst_queue *queue)
{
    struct omsp_audio_format format;

    omsp_samples_get_format(queue->terminal, &format);
    return format.rate * MST_SAMPLE_MS / 1000 * (format.channels * format.bits / 8u);
}

void mst_get_properties(struct mst_queue *queue, ALLOCATOR_PROPERTIES *out)
{
    DWORD size = default_size(queue);

    AcquireSRWLockShared(&queue->lock);
    *out = queue->forced;
    ReleaseSRWLockShared(&queue->lock);
    if (!out->cBuffers) {
        out->cBuffers = MST_SAMPLES;
        out->cbBuffer = (LONG)size;
        out->cbAlign = 1;
        out->cbPrefix = 0;
    }
}

void mst_get_buffer(struct mst_queue *queue, DWORD *size, DWORD *align, DWORD *prefix)
{
    ALLOCATOR_PROPERTIES properties;

    mst_get_properties(queue, &properties);
    AcquireSRWLockShared(&queue->lock);
    *size = queue->buffer_size ? queue->buffer_size : (DWORD)properties.cbBuffer;
    if (queue->without_buffers)
        *size = 0;
    ReleaseSRWLockShared(&queue->lock);
    *align = (DWORD)properties.cbAlign;
    *prefix = (DWORD)properties.cbPrefix;
}

static struct mst_queue *queue_of(ITAllocatorProperties *iface)
{
    return COM_SELF(iface, struct mst_terminal, allocator)->queue;
}

static HRESULT check(const ALLOCATOR_PROPERTIES *in)
{
    if (in->cBuffers < 1 || in->cBuffers > MST_MAX_SAMPLES || in->cbBuffer < 1 ||
        in->cbBuffer > (LONG)MST_MAX_BUFFER || in->cbPrefix < 0 ||
        in->cbPrefix > (LONG)MST_MAX_BUFFER)
        return E_INVALIDARG;
    if (in->cbAlign < 1 || in->cbAlign > 65536 || (in->cbAlign & (in->cbAlign - 1)))
        return VFW_E_BADALIGN;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_SetAllocatorProperties(ITAllocatorProperties *iface,
                                                                  ALLOCATOR_PROPERTIES *in)
{
    struct mst_queue *queue = queue_of(iface);
    HRESULT hr;

    if (!in)
        return E_POINTER;
    hr = check(in);
    if (FAILED(hr))
        return hr;
    if (mst_queue_connected(queue))
        return VFW_E_ALREADY_CONNECTED;
    AcquireSRWLockExclusive(&queue->lock);
    queue->forced = *in;
    ReleaseSRWLockExclusive(&queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_GetAllocatorProperties(ITAllocatorProperties *iface,
                                                                  ALLOCATOR_PROPERTIES *out)
{
    if (!out)
        return E_POINTER;
    mst_get_properties(queue_of(iface), out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_SetAllocateBuffers(ITAllocatorProperties *iface,
                                                              WINBOOL allocate)
{
    struct mst_queue *queue = queue_of(iface);

    if (mst_queue_connected(queue))
        return VFW_E_ALREADY_CONNECTED;
    AcquireSRWLockExclusive(&queue->lock);
    queue->without_buffers = !allocate;
    ReleaseSRWLockExclusive(&queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_GetAllocateBuffers(ITAllocatorProperties *iface,
                                                              WINBOOL *out)
{
    struct mst_queue *queue = queue_of(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&queue->lock);
    *out = !queue->without_buffers;
    ReleaseSRWLockShared(&queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_SetBufferSize(ITAllocatorProperties *iface, DWORD size)
{
    struct mst_queue *queue = queue_of(iface);

    if (!size || size > MST_MAX_BUFFER)
        return E_INVALIDARG;
    if (mst_queue_connected(queue))
        return VFW_E_ALREADY_CONNECTED;
    AcquireSRWLockExclusive(&queue->lock);
    queue->buffer_size = size;
    ReleaseSRWLockExclusive(&queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE allocator_GetBufferSize(ITAllocatorProperties *iface, DWORD *out)
{
    struct mst_queue *queue = queue_of(iface);
    ALLOCATOR_PROPERTIES properties;

    if (!out)
        return E_POINTER;
    mst_get_properties(queue, &properties);
    AcquireSRWLockShared(&queue->lock);
    *out = queue->buffer_size ? queue->buffer_size : (DWORD)properties.cbBuffer;
    ReleaseSRWLockShared(&queue->lock);
    return S_OK;
}

MSP_VTABLE(mst_allocator_vtable, ITAllocatorProperties, struct mst_terminal, allocator, NULL,
           COM_UNKNOWN_SLOTS(ITAllocatorProperties),
           .SetAllocatorProperties = allocator_SetAllocatorProperties,
           .GetAllocatorProperties = allocator_GetAllocatorProperties,
           .SetAllocateBuffers = allocator_SetAllocateBuffers,
           .GetAllocateBuffers = allocator_GetAllocateBuffers,
           .SetBufferSize = allocator_SetBufferSize, .GetBufferSize = allocator_GetBufferSize);
