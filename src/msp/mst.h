/*
 * The media streaming terminal (mspi.md 4.1): a samples terminal of the engine seen through
 * DirectShow's multimedia streaming interfaces. Private to this room's mst_*.c and terminal_mst.c.
 *
 * Three things: the *queue* is plain memory attached to the engine's terminal, so that settings
 * survive when a client lets go of the COM object and finds it again by its stream; the *terminal*
 * is the COM object; a *sample* is one too and holds its terminal. An update under way lies in the
 * queue and is never counted there: a sample that is released meanwhile leaves what it still had to
 * send behind, so the engine's threads touch no COM reference.
 *
 * Lock: the queue's, over everything of the queue and the updates of its samples; inside it the
 * engine's samples terminal may be called, and IMemoryData::SetActual of a client's own data
 * object. Events are set and APCs queued under it, so that none comes late.
 */
#ifndef OMSP_MSP_MST_H
#define OMSP_MSP_MST_H

#include "base/list.h"
#include "engine/samples.h"
#include "msp/terminal.h"
#include "msp/vtable.h"
#include "openmsp/openmsp.h"

#define MST_MAX_SAMPLES  256        /* of AllocateSample, alive, of one terminal */
#define MST_MAX_BUFFER   (1u << 20) /* bytes */
#define MST_SAMPLES      8          /* unless set otherwise, of */
#define MST_SAMPLE_MS    20         /* each */
#define MST_CAPTURE_RING 120        /* ms ahead of the call */
#define MST_RENDER_RING  1000       /* ms behind it */

struct mst_sample;

struct mst_update {
    struct omsp_link link;     /* queue->updates, or alone */
    struct mst_sample *sample; /* NULL: what a released sample left; this is then freed alone */
    BYTE *bytes;
    DWORD size, moved;
    void *memory; /* omsp_free with it; left ones only */
};

struct mst_queue {
    struct omsp_terminal *terminal; /* whose attachment this is */
    MSP_HANDLE token;
    SRWLOCK lock;
    CONDITION_VARIABLE changed; /* an update ended, a sample died, news */
    struct omsp_link updates;   /* first come, first served */
    struct omsp_link pool;      /* samples made by AllocateSample; no reference */
    unsigned pooled, left;      /* in the pool; updates without sample */
    bool was_connected, end_asked;
    ALLOCATOR_PROPERTIES forced; /* cBuffers 0: nothing forced */
    bool without_buffers;
    DWORD buffer_size; /* 0: what the properties say */
    HANDLE event;      /* of IOpenMSPSamples; the client's */
};

struct mst_terminal {
    struct msp_terminal base;
    ITTerminal terminal;
    ITAMMediaFormat format;
    ITAllocatorProperties allocator;
    IAudioMediaStream stream;
    IAMMediaStream am;
    IOpenMSPSamples samples;
    IOpenMSPSampleBytes bytes;
    IPin pin;
    struct mst_queue *queue; /* lives as long as base.engine */
    /* No references, as IAMMediaStream's Join methods want; the queue's lock. */
    IMultiMediaStream *joined;
    IMediaStreamFilter *filter;
};

struct mst_sample {
    struct com_object object;
    IAudioStreamSample sample;
    IAudioData data;
    struct mst_terminal *owner; /* reference */
    IAudioData *foreign;        /* reference: the data are another object's; or NULL */
    SRWLOCK data_lock;          /* leaf: the next three */
    BYTE *buffer;
    DWORD size, actual;
    BYTE *memory; /* what `own` lies in, or NULL */
    BYTE *own;    /* the buffer that it was made with; SetBuffer puts another in its place */
    /* the queue's lock from here */
    struct omsp_link pool;
    bool lent; /* a pooled one is in the client's hands, not to be given out again */
    struct mst_update update;
    DWORD flags; /* SSUPDATE_* of the update under way */
    HANDLE event, thread;
    PAPCFUNC apc;
    ULONG_PTR apc_data;
    HRESULT result; /* of the last update */
    STREAM_TIME start, end;
};

/* ---- mst_queue.c --------------------------------------------------------------------------- */

/* A terminal of the engine with its queue; *out is the caller's reference. E_OUTOFMEMORY,
 * E_UNEXPECTED. */
HRESULT mst_queue_create(struct omsp_address *address, MSP_HANDLE token,
                         enum omsp_direction direction, struct omsp_terminal **out);
/* Any thread, lock held. Moves what can be moved. */
void mst_queue_pump(struct mst_queue *queue);
/* Lock held, the update is under way: ends it with this result. */
void mst_queue_end(struct mst_queue *queue, struct mst_update *update, HRESULT result);
static inline bool mst_update_pending(const struct mst_update *update)
{
    return !omsp_list_empty(&update->link);
}
bool mst_queue_connected(struct mst_queue *queue);
static inline bool mst_queue_writes(const struct mst_queue *queue)
{
    return omsp_terminal_direction(queue->terminal) == OMSP_CAPTURE;
}
/* Lock held, and given up meanwhile: false when `until` (GetTickCount64; UINT64_MAX: never) has
 * passed. */
bool mst_queue_wait(struct mst_queue *queue, ULONGLONG until);
ULONGLONG mst_until(DWORD milliseconds);

/* ---- mst_format.c --------------------------------------------------------------------------- */

/* The engine's answer to a format, in DirectShow's words: VFW_E_ALREADY_CONNECTED,
 * VFW_E_TYPE_NOT_ACCEPTED. */
HRESULT mst_set_format(struct mst_terminal *self, const struct omsp_audio_format *format);
void mst_get_properties(struct mst_queue *queue, ALLOCATOR_PROPERTIES *out);
/* What a new sample's buffer has: 0 when the client brings its own. */
void mst_get_buffer(struct mst_queue *queue, DWORD *size, DWORD *align, DWORD *prefix);
/* E_INVALIDARG: its numbers do not agree. */
HRESULT mst_wave_read(const WAVEFORMATEX *wave, struct omsp_audio_format *out);
void mst_wave_write(const struct omsp_audio_format *format, WAVEFORMATEX *out);

/* ---- mst_sample.c -------------------------------------------------------------------------- */

/* foreign NULL: with a buffer of its own as the allocator's properties say. *out: one reference.
 * E_OUTOFMEMORY. */
HRESULT mst_sample_create(struct mst_terminal *owner, IAudioData *foreign, bool pooled,
                          struct mst_sample **out);
/* Queue's lock: how much a read brought. */
void mst_sample_set_actual(struct mst_sample *sample, DWORD actual);

extern const struct com_class mst_sample_class; /* mst_class: terminal.h */
extern const struct com_dispatch msp_dispatch_IOpenMSPSamples;
MSP_VTABLE_TYPE(ITAMMediaFormat);
MSP_VTABLE_TYPE(ITAllocatorProperties);
MSP_VTABLE_TYPE(IAudioMediaStream);
MSP_VTABLE_TYPE(IAMMediaStream);
MSP_VTABLE_TYPE(IOpenMSPSamples);
MSP_VTABLE_TYPE(IOpenMSPSampleBytes);
MSP_VTABLE_TYPE(IPin);
extern const struct msp_vtable_ITAMMediaFormat mst_format_vtable;
extern const struct msp_vtable_ITAllocatorProperties mst_allocator_vtable;
extern const struct msp_vtable_IAudioMediaStream mst_stream_vtable;
extern const struct msp_vtable_IAMMediaStream mst_am_vtable;
extern const struct msp_vtable_IOpenMSPSamples mst_samples_vtable;
extern const struct msp_vtable_IOpenMSPSampleBytes mst_bytes_vtable;
extern const struct msp_vtable_IPin mst_pin_vtable;

#endif
