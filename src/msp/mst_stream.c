/*
 * The media streaming terminal as a media stream: IMediaStream, IAudioMediaStream and
 * IAMMediaStream (public documentation of DirectShow's multimedia streaming). Which sample is given
 * out when is here; what a sample does is mst_sample.c. Any thread.
 */
#include "msp/mst.h"

static struct mst_terminal *of_stream(IAudioMediaStream *iface)
{
    return COM_SELF(iface, struct mst_terminal, stream);
}

/* ---- IMediaStream ---------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE stream_GetMultiMediaStream(IAudioMediaStream *iface,
                                                            IMultiMediaStream **out)
{
    struct mst_terminal *self = of_stream(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->queue->lock);
    *out = self->joined;
    if (*out)
        IMultiMediaStream_AddRef(*out);
    ReleaseSRWLockShared(&self->queue->lock);
    return *out ? S_OK : MS_E_NOSTREAM;
}

static HRESULT STDMETHODCALLTYPE stream_GetInformation(IAudioMediaStream *iface, MSPID *purpose,
                                                       STREAM_TYPE *type)
{
    if (purpose)
        *purpose = MSPID_PrimaryAudio;
    if (type)
        *type = mst_queue_writes(of_stream(iface)->queue) ? STREAMTYPE_WRITE : STREAMTYPE_READ;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE stream_SetSameFormat(IAudioMediaStream *iface, IMediaStream *other,
                                                      DWORD flags)
{
    struct omsp_audio_format format;
    IAudioMediaStream *audio;
    WAVEFORMATEX wave;
    HRESULT hr;

    if (!other)
        return E_POINTER;
    if (flags)
        return E_INVALIDARG;
    if (FAILED(IMediaStream_QueryInterface(other, &IID_IAudioMediaStream, (void **)&audio)))
        return MS_E_INCOMPATIBLE;
    hr = IAudioMediaStream_GetFormat(audio, &wave);
    IAudioMediaStream_Release(audio);
    if (SUCCEEDED(hr))
        hr = mst_wave_read(&wave, &format);
    return SUCCEEDED(hr) ? mst_set_format(of_stream(iface), &format) : hr;
}

/* Lock held. One that came back from its update; a reference. */
static struct mst_sample *take_returned(struct mst_queue *queue)
{
    omsp_list_each(it, &queue->pool)
    {
        struct mst_sample *sample = omsp_container(it, struct mst_sample, pool);

        if (!sample->lent && com_object_try_addref(&sample->object)) {
            sample->lent = true;
            return sample;
        }
    }
    return NULL;
}

/* What a writer does who has none left to fill: it waits until one has been sent. Samples that the
 * client holds without updating them are not waited for, or it would wait for itself. A reader gets
 * a new one each time: only it knows which one it has read. S_FALSE: make one. */
static HRESULT pooled_sample(struct mst_queue *queue, struct mst_sample **out)
{
    ALLOCATOR_PROPERTIES properties;
    HRESULT hr = S_FALSE;

    mst_get_properties(queue, &properties);
    AcquireSRWLockExclusive(&queue->lock);
    while (mst_queue_writes(queue)) {
        if (queue->was_connected && !mst_queue_connected(queue)) {
            hr = VFW_E_NOT_COMMITTED;
            break;
        }
        *out = take_returned(queue);
        if (*out) {
            hr = S_OK;
            break;
        }
        if (queue->pooled + queue->left < (unsigned)properties.cBuffers ||
            omsp_list_empty(&queue->updates))
            break;
        mst_queue_wait(queue, UINT64_MAX);
    }
    if (hr == S_FALSE && queue->pooled + queue->left >= MST_MAX_SAMPLES)
        hr = MS_E_SAMPLEALLOC;
    ReleaseSRWLockExclusive(&queue->lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE stream_AllocateSample(IAudioMediaStream *iface, DWORD flags,
                                                       IStreamSample **out)
{
    struct mst_terminal *self = of_stream(iface);
    struct mst_sample *sample = NULL;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (flags)
        return E_INVALIDARG;
    hr = pooled_sample(self->queue, &sample);
    if (hr == S_FALSE)
        hr = mst_sample_create(self, NULL, true, &sample);
    if (SUCCEEDED(hr))
        *out = (IStreamSample *)&sample->sample;
    return hr;
}

static HRESULT STDMETHODCALLTYPE stream_CreateSample(IAudioMediaStream *iface, IAudioData *data,
                                                     DWORD flags, IAudioStreamSample **out)
{
    struct omsp_audio_format theirs, ours;
    struct mst_sample *sample;
    WAVEFORMATEX wave;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!data)
        return E_POINTER;
    if (flags)
        return E_INVALIDARG;
    hr = IAudioData_GetFormat(data, &wave);
    if (SUCCEEDED(hr))
        hr = mst_wave_read(&wave, &theirs);
    if (FAILED(hr))
        return hr;
    omsp_samples_get_format(of_stream(iface)->base.engine, &ours);
    if (theirs.tag != ours.tag || theirs.channels != ours.channels || theirs.rate != ours.rate ||
        theirs.bits != ours.bits)
        return MS_E_INCOMPATIBLE;
    hr = mst_sample_create(of_stream(iface), data, false, &sample);
    if (SUCCEEDED(hr))
        *out = &sample->sample;
    return hr;
}

static HRESULT STDMETHODCALLTYPE stream_CreateSharedSample(IAudioMediaStream *iface,
                                                           IStreamSample *existing, DWORD flags,
                                                           IStreamSample **out)
{
    IAudioStreamSample *audio;
    IAudioData *data = NULL;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!existing)
        return E_POINTER;
    if (flags)
        return E_INVALIDARG;
    if (FAILED(IStreamSample_QueryInterface(existing, &IID_IAudioStreamSample, (void **)&audio)))
        return MS_E_INCOMPATIBLE;
    hr = IAudioStreamSample_GetAudioData(audio, &data);
    IAudioStreamSample_Release(audio);
    if (FAILED(hr))
        return hr;
    if (!data)
        return MS_E_INCOMPATIBLE; /* a foreign one that says S_OK and gives nothing */
    hr = stream_CreateSample(iface, data, 0, (IAudioStreamSample **)out);
    IAudioData_Release(data);
    return hr;
}

static HRESULT STDMETHODCALLTYPE stream_SendEndOfStream(IAudioMediaStream *iface, DWORD flags)
{
    struct mst_queue *queue = of_stream(iface)->queue;

    if (flags)
        return E_INVALIDARG;
    if (!mst_queue_writes(queue))
        return S_OK;
    AcquireSRWLockExclusive(&queue->lock);
    if (mst_queue_connected(queue)) {
        queue->end_asked = true;
        mst_queue_pump(queue);
    }
    ReleaseSRWLockExclusive(&queue->lock);
    return S_OK;
}

/* ---- IAudioMediaStream ----------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE stream_GetFormat(IAudioMediaStream *iface, WAVEFORMATEX *out)
{
    struct omsp_audio_format format;

    if (!out)
        return E_POINTER;
    omsp_samples_get_format(of_stream(iface)->base.engine, &format);
    mst_wave_write(&format, out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE stream_SetFormat(IAudioMediaStream *iface,
                                                  const WAVEFORMATEX *wave)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!wave)
        return E_POINTER;
    hr = mst_wave_read(wave, &format);
    return SUCCEEDED(hr) ? mst_set_format(of_stream(iface), &format) : hr;
}

MSP_VTABLE(mst_stream_vtable, IAudioMediaStream, struct mst_terminal, stream, NULL,
           COM_UNKNOWN_SLOTS(IAudioMediaStream), .GetMultiMediaStream = stream_GetMultiMediaStream,
           .GetInformation = stream_GetInformation, .SetSameFormat = stream_SetSameFormat,
           .AllocateSample = stream_AllocateSample, .CreateSharedSample = stream_CreateSharedSample,
           .SendEndOfStream = stream_SendEndOfStream, .GetFormat = stream_GetFormat,
           .SetFormat = stream_SetFormat, .CreateSample = stream_CreateSample);

/* ---- IAMMediaStream -------------------------------------------------------------------------- */

static struct mst_terminal *of_am(IAMMediaStream *iface)
{
    return COM_SELF(iface, struct mst_terminal, am);
}

static HRESULT STDMETHODCALLTYPE am_GetMultiMediaStream(IAMMediaStream *iface,
                                                        IMultiMediaStream **out)
{
    return stream_GetMultiMediaStream(&of_am(iface)->stream, out);
}

static HRESULT STDMETHODCALLTYPE am_GetInformation(IAMMediaStream *iface, MSPID *purpose,
                                                   STREAM_TYPE *type)
{
    return stream_GetInformation(&of_am(iface)->stream, purpose, type);
}

static HRESULT STDMETHODCALLTYPE am_SetSameFormat(IAMMediaStream *iface, IMediaStream *other,
                                                  DWORD flags)
{
    return stream_SetSameFormat(&of_am(iface)->stream, other, flags);
}

static HRESULT STDMETHODCALLTYPE am_AllocateSample(IAMMediaStream *iface, DWORD flags,
                                                   IStreamSample **out)
{
    return stream_AllocateSample(&of_am(iface)->stream, flags, out);
}

static HRESULT STDMETHODCALLTYPE am_CreateSharedSample(IAMMediaStream *iface,
                                                       IStreamSample *existing, DWORD flags,
                                                       IStreamSample **out)
{
    return stream_CreateSharedSample(&of_am(iface)->stream, existing, flags, out);
}

static HRESULT STDMETHODCALLTYPE am_SendEndOfStream(IAMMediaStream *iface, DWORD flags)
{
    return stream_SendEndOfStream(&of_am(iface)->stream, flags);
}

/* The terminal is what it is; it can only be asked whether it is that. */
static HRESULT STDMETHODCALLTYPE am_Initialize(IAMMediaStream *iface, IUnknown *source, DWORD flags,
                                               REFMSPID purpose, const STREAM_TYPE type)
{
    STREAM_TYPE is;

    (void)source;
    if (!purpose)
        return E_POINTER;
    if (flags)
        return E_INVALIDARG;
    stream_GetInformation(&of_am(iface)->stream, NULL, &is);
    if (type != is)
        return MS_E_INVALIDSTREAMTYPE;
    return IsEqualGUID(purpose, &MSPID_PrimaryAudio) ? S_OK : MS_E_PURPOSEID;
}

/* Its state is the call's stream's, which ITStream moves. */
static HRESULT STDMETHODCALLTYPE am_SetState(IAMMediaStream *iface, FILTER_STATE state)
{
    (void)iface;
    return state == State_Stopped || state == State_Paused || state == State_Running ? S_OK
                                                                                     : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE am_Join(IAMMediaStream *iface, IAMMultiMediaStream *container)
{
    struct mst_terminal *self = of_am(iface);

    AcquireSRWLockExclusive(&self->queue->lock);
    self->joined = (IMultiMediaStream *)container;
    ReleaseSRWLockExclusive(&self->queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE am_JoinFilter(IAMMediaStream *iface, IMediaStreamFilter *filter)
{
    struct mst_terminal *self = of_am(iface);

    AcquireSRWLockExclusive(&self->queue->lock);
    self->filter = filter;
    ReleaseSRWLockExclusive(&self->queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE am_JoinFilterGraph(IAMMediaStream *iface, IFilterGraph *graph)
{
    (void)iface, (void)graph;
    return S_OK;
}

MSP_VTABLE(mst_am_vtable, IAMMediaStream, struct mst_terminal, am, NULL,
           COM_UNKNOWN_SLOTS(IAMMediaStream), .GetMultiMediaStream = am_GetMultiMediaStream,
           .GetInformation = am_GetInformation, .SetSameFormat = am_SetSameFormat,
           .AllocateSample = am_AllocateSample, .CreateSharedSample = am_CreateSharedSample,
           .SendEndOfStream = am_SendEndOfStream, .Initialize = am_Initialize,
           .SetState = am_SetState, .JoinAMMultiMediaStream = am_Join, .JoinFilter = am_JoinFilter,
           .JoinFilterGraph = am_JoinFilterGraph);
