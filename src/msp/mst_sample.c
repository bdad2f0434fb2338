/*
 * A sample of the media streaming terminal: IStreamSample and IAudioStreamSample, with its data as
 * IMemoryData and IAudioData on the same object. Its update is a place in the terminal's queue
 * (mst_queue.c). Free-threaded; locks as mst.h says.
 */
#include "msp/mst.h"

#include "base/alloc.h"

static struct mst_sample *of_sample(IAudioStreamSample *iface)
{
    return COM_SELF(iface, struct mst_sample, sample);
}

static struct mst_sample *of_data(IAudioData *iface)
{
    return COM_SELF(iface, struct mst_sample, data);
}

static struct mst_queue *queue_of(const struct mst_sample *self)
{
    return self->owner->queue;
}

/* ---- data ------------------------------------------------------------------------------------ */

static bool is_pending(struct mst_sample *self)
{
    bool pending;

    AcquireSRWLockShared(&queue_of(self)->lock);
    pending = mst_update_pending(&self->update);
    ReleaseSRWLockShared(&queue_of(self)->lock);
    return pending;
}

static HRESULT STDMETHODCALLTYPE data_SetBuffer(IAudioData *iface, DWORD size, BYTE *bytes,
                                                DWORD flags)
{
    struct mst_sample *self = of_data(iface);

    if (flags || !size || !bytes)
        return E_INVALIDARG;
    if (is_pending(self))
        return MS_E_BUSY;
    AcquireSRWLockExclusive(&self->data_lock);
    self->buffer = bytes;
    self->size = size;
    self->actual = 0;
    ReleaseSRWLockExclusive(&self->data_lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE data_GetInfo(IAudioData *iface, DWORD *size, BYTE **bytes,
                                              DWORD *actual)
{
    struct mst_sample *self = of_data(iface);

    AcquireSRWLockShared(&self->data_lock);
    if (size)
        *size = self->size;
    if (bytes)
        *bytes = self->buffer;
    if (actual)
        *actual = self->actual;
    ReleaseSRWLockShared(&self->data_lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE data_SetActual(IAudioData *iface, DWORD actual)
{
    struct mst_sample *self = of_data(iface);
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&self->data_lock);
    if (actual > self->size)
        hr = E_INVALIDARG;
    else
        self->actual = actual;
    ReleaseSRWLockExclusive(&self->data_lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE data_GetFormat(IAudioData *iface, WAVEFORMATEX *wave)
{
    return IAudioMediaStream_GetFormat(&of_data(iface)->owner->stream, wave);
}

/* The data have the stream's format; any other would need converting that nobody asked for. */
static HRESULT STDMETHODCALLTYPE data_SetFormat(IAudioData *iface, const WAVEFORMATEX *wave)
{
    struct omsp_audio_format asked, is;
    HRESULT hr;

    if (!wave)
        return E_POINTER;
    hr = mst_wave_read(wave, &asked);
    if (FAILED(hr))
        return hr;
    omsp_samples_get_format(queue_of(of_data(iface))->terminal, &is);
    return asked.tag == is.tag && asked.channels == is.channels && asked.rate == is.rate &&
                   asked.bits == is.bits
               ? S_OK
               : MS_E_INCOMPATIBLE;
}

void mst_sample_set_actual(struct mst_sample *sample, DWORD actual)
{
    IAudioData *data = sample->foreign ? sample->foreign : &sample->data;

    IAudioData_SetActual(data, actual);
}

/* ---- IStreamSample --------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE sample_GetMediaStream(IAudioStreamSample *iface,
                                                       IMediaStream **out)
{
    if (!out)
        return E_POINTER;
    *out = (IMediaStream *)&of_sample(iface)->owner->stream;
    IMediaStream_AddRef(*out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_GetSampleTimes(IAudioStreamSample *iface,
                                                       STREAM_TIME *start, STREAM_TIME *end,
                                                       STREAM_TIME *current)
{
    struct mst_sample *self = of_sample(iface);
    struct mst_queue *queue = queue_of(self);
    struct omsp_samples_stats stats;

    AcquireSRWLockShared(&queue->lock);
    if (start)
        *start = self->start;
    if (end)
        *end = self->end;
    ReleaseSRWLockShared(&queue->lock);
    if (current) {
        omsp_samples_get_stats(queue->terminal, &stats);
        *current = (STREAM_TIME)stats.moved_us * 10;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE sample_SetSampleTimes(IAudioStreamSample *iface,
                                                       const STREAM_TIME *start,
                                                       const STREAM_TIME *end)
{
    struct mst_sample *self = of_sample(iface);
    struct mst_queue *queue = queue_of(self);
    HRESULT hr = S_OK;

    if (!start || !end)
        return E_POINTER;
    AcquireSRWLockExclusive(&queue->lock);
    if (mst_update_pending(&self->update)) {
        hr = MS_E_BUSY;
    } else {
        self->start = *start;
        self->end = *end;
    }
    ReleaseSRWLockExclusive(&queue->lock);
    return hr;
}

/* What to move: whole blocks of the data object. */
static HRESULT prepare(struct mst_sample *self, BYTE **bytes, DWORD *size)
{
    struct mst_queue *queue = queue_of(self);
    IAudioData *data = self->foreign ? self->foreign : &self->data;
    struct omsp_audio_format format;
    DWORD room = 0, actual = 0, block;
    HRESULT hr = IAudioData_GetInfo(data, &room, bytes, &actual);

    if (FAILED(hr))
        return hr;
    if (!*bytes || !room)
        return VFW_E_BUFFER_NOTSET;
    omsp_samples_get_format(queue->terminal, &format);
    block = format.channels * format.bits / 8u;
    *size = mst_queue_writes(queue) ? actual : room;
    *size -= *size % block;
    if (!*size && !mst_queue_writes(queue))
        return VFW_E_BUFFER_OVERFLOW; /* it holds no block */
    return S_OK;
}

/* Lock held. The thread that an APC goes to; kept, for samples are updated by one thread. */
static HRESULT want_apc(struct mst_sample *self, PAPCFUNC apc, ULONG_PTR data)
{
    if (self->thread)
        CloseHandle(self->thread);
    self->thread = NULL;
    self->apc = NULL; /* not while this call may still answer S_OK */
    self->apc_data = data;
    if (apc && !DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                                &self->thread, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return HRESULT_FROM_WIN32(GetLastError());
    return S_OK;
}

/* Lock held. Puts the update at the end and moves what can be moved now. */
static HRESULT begin(struct mst_sample *self, BYTE *bytes, DWORD size)
{
    struct mst_queue *queue = queue_of(self);
    struct omsp_samples_stats stats;

    omsp_samples_get_stats(queue->terminal, &stats);
    if (!stats.connected)
        return VFW_E_NOT_COMMITTED;
    queue->was_connected = true;
    if (mst_queue_writes(queue) && (stats.ended || queue->end_asked))
        return MS_S_ENDOFSTREAM;
    self->update.sample = self;
    self->update.bytes = bytes;
    self->update.size = size;
    self->update.moved = 0;
    self->lent = true;
    self->result = MS_S_PENDING;
    omsp_list_insert(&queue->updates, &self->update.link);
    if (size)
        mst_queue_pump(queue);
    else
        mst_queue_end(queue, &self->update, S_OK);
    return mst_update_pending(&self->update) ? MS_S_PENDING : self->result;
}

static HRESULT STDMETHODCALLTYPE sample_Update(IAudioStreamSample *iface, DWORD flags, HANDLE event,
                                               PAPCFUNC apc, DWORD apc_data)
{
    struct mst_sample *self = of_sample(iface);
    struct mst_queue *queue = queue_of(self);
    BYTE *bytes = NULL;
    DWORD size = 0;
    HRESULT hr;

    if ((flags & ~(DWORD)(SSUPDATE_ASYNC | SSUPDATE_CONTINUOUS)) || (event && apc))
        return E_INVALIDARG;
    if (is_pending(self))
        return MS_E_BUSY;
    hr = prepare(self, &bytes, &size);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockExclusive(&queue->lock);
    if (mst_update_pending(&self->update))
        hr = MS_E_BUSY; /* another thread was faster */
    if (SUCCEEDED(hr))
        hr = want_apc(self, apc, apc_data);
    if (SUCCEEDED(hr)) {
        /* Nothing again and again would never end. */
        self->flags = size ? flags : flags & ~(DWORD)SSUPDATE_CONTINUOUS;
        self->event = event;
        hr = begin(self, bytes, size);
    }
    if (hr == MS_S_PENDING && !event && !apc && !flags) {
        while (mst_update_pending(&self->update))
            mst_queue_wait(queue, UINT64_MAX);
        hr = self->result;
    } else if (SUCCEEDED(hr)) {
        self->apc = apc; /* an update that ended at once queues none */
    }
    ReleaseSRWLockExclusive(&queue->lock);
    return hr;
}

/* Lock held, the update is under way. */
static void force(struct mst_sample *self, DWORD flags)
{
    struct mst_queue *queue = queue_of(self);

    if (flags & COMPSTAT_ABORT)
        mst_queue_end(queue, &self->update, E_ABORT);
    else if (flags & COMPSTAT_NOUPDATEOK)
        mst_queue_end(queue, &self->update, self->update.moved ? S_OK : MS_S_NOUPDATE);
}

static HRESULT STDMETHODCALLTYPE sample_CompletionStatus(IAudioStreamSample *iface, DWORD flags,
                                                         DWORD milliseconds)
{
    struct mst_sample *self = of_sample(iface);
    struct mst_queue *queue = queue_of(self);
    ULONGLONG until = mst_until(milliseconds);
    HRESULT hr;

    if (flags & ~(DWORD)(COMPSTAT_NOUPDATEOK | COMPSTAT_WAIT | COMPSTAT_ABORT))
        return E_INVALIDARG;
    AcquireSRWLockExclusive(&queue->lock);
    self->flags &= ~(DWORD)SSUPDATE_CONTINUOUS; /* it goes on until this is called */
    if (mst_update_pending(&self->update))
        force(self, flags);
    while ((flags & COMPSTAT_WAIT) && mst_update_pending(&self->update) &&
           mst_queue_wait(queue, until))
        ;
    hr = mst_update_pending(&self->update) ? MS_S_PENDING : self->result;
    ReleaseSRWLockExclusive(&queue->lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE sample_GetAudioData(IAudioStreamSample *iface, IAudioData **out)
{
    struct mst_sample *self = of_sample(iface);

    if (!out)
        return E_POINTER;
    *out = self->foreign ? self->foreign : &self->data;
    IAudioData_AddRef(*out);
    return S_OK;
}

/* ---- tables ---------------------------------------------------------------------------------- */

COM_VTABLE(sample_vtable, IAudioStreamSample, struct mst_sample, sample, NULL,
           COM_UNKNOWN_SLOTS(IAudioStreamSample), .GetMediaStream = sample_GetMediaStream,
           .GetSampleTimes = sample_GetSampleTimes, .SetSampleTimes = sample_SetSampleTimes,
           .Update = sample_Update, .CompletionStatus = sample_CompletionStatus,
           .GetAudioData = sample_GetAudioData);
COM_VTABLE(data_vtable, IAudioData, struct mst_sample, data, NULL, COM_UNKNOWN_SLOTS(IAudioData),
           .SetBuffer = data_SetBuffer, .GetInfo = data_GetInfo, .SetActual = data_SetActual,
           .GetFormat = data_GetFormat, .SetFormat = data_SetFormat);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_IStreamSample, sample_vtable),
    COM_ENTRY(IID_IAudioStreamSample, sample_vtable),
    COM_ENTRY(IID_IMemoryData, data_vtable),
    COM_ENTRY(IID_IAudioData, data_vtable),
};

/* Lock held. What a released sample still had to send goes on without it. */
static void leave_behind(struct mst_sample *self)
{
    struct mst_queue *queue = queue_of(self);
    struct mst_update *left = NULL;

    if (mst_queue_writes(queue) && (left = omsp_zalloc(sizeof(*left))) != NULL) {
        left->size = self->update.size - self->update.moved;
        if (self->memory && self->update.bytes == self->own) {
            left->memory = self->memory;
            self->memory = NULL;
            left->bytes = self->update.bytes + self->update.moved;
        } else if ((left->memory = omsp_alloc(left->size)) != NULL) {
            left->bytes = left->memory;
            memcpy(left->bytes, self->update.bytes + self->update.moved, left->size);
        } else {
            omsp_free(left);
            left = NULL;
        }
    }
    if (left) {
        omsp_list_insert(&self->update.link, &left->link);
        queue->left++;
    }
    omsp_list_remove(&self->update.link);
}

static void destroy(struct com_object *object)
{
    struct mst_sample *self = (struct mst_sample *)object;
    struct mst_queue *queue;

    if (!self->owner)
        return;
    queue = queue_of(self);
    AcquireSRWLockExclusive(&queue->lock);
    if (mst_update_pending(&self->update))
        leave_behind(self);
    if (!omsp_list_empty(&self->pool)) {
        omsp_list_remove(&self->pool);
        queue->pooled--;
    }
    WakeAllConditionVariable(&queue->changed);
    ReleaseSRWLockExclusive(&queue->lock);
    if (self->thread)
        CloseHandle(self->thread);
    omsp_free(self->memory);
    if (self->foreign)
        IAudioData_Release(self->foreign);
    com_object_release(&self->owner->base.object);
}

const struct com_class mst_sample_class = {
    COM_CLASS("IStreamSample", struct mst_sample, entries),
    .flags = COM_FTM,
    .destroy = destroy,
};

/* ---- making ---------------------------------------------------------------------------------- */

static HRESULT give_buffer(struct mst_sample *self)
{
    DWORD size, align, prefix;
    BYTE *at;

    mst_get_buffer(queue_of(self), &size, &align, &prefix);
    if (!size)
        return S_OK;
    self->memory = omsp_zalloc((size_t)size + prefix + align);
    if (!self->memory)
        return E_OUTOFMEMORY;
    at = self->memory + prefix;
    at += (align - (ULONG_PTR)at % align) % align;
    self->buffer = self->own = at;
    self->size = size;
    return S_OK;
}

HRESULT mst_sample_create(struct mst_terminal *owner, IAudioData *foreign, bool pooled,
                          struct mst_sample **out)
{
    struct mst_queue *queue = owner->queue;
    struct mst_sample *self;
    HRESULT hr = com_object_create(&mst_sample_class, NULL, (struct com_object **)&self);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    self->owner = owner;
    com_object_addref(&owner->base.object);
    InitializeSRWLock(&self->data_lock);
    omsp_list_init(&self->pool);
    omsp_list_init(&self->update.link);
    self->lent = true;
    if (foreign) {
        self->foreign = foreign;
        IAudioData_AddRef(foreign);
    } else {
        hr = give_buffer(self);
    }
    if (FAILED(hr)) {
        com_object_release(&self->object);
        return hr;
    }
    if (pooled) {
        AcquireSRWLockExclusive(&queue->lock);
        omsp_list_insert(&queue->pool, &self->pool);
        queue->pooled++;
        ReleaseSRWLockExclusive(&queue->lock);
    }
    *out = self;
    return S_OK;
}
