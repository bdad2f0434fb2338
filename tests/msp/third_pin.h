/*
 * The pin of another maker's filter (third_filter.h) and the meter behind it, and of all of them
 * the knobs that make them fail and the counters that tell what was done to them, and what must not
 * be done. Any thread: knobs may turn while graphs run.
 */
#ifndef OMSP_TESTS_MSP_THIRD_PIN_H
#define OMSP_TESTS_MSP_THIRD_PIN_H

#include "msp/media_kit.h"

#include <mmreg.h>
#include <strmif.h>
#include <uuids.h>
#include <vfwmsgs.h>

/* ---- knobs and counters ---------------------------------------------------------------------- */

enum third_place {
    THIRD_NOWHERE,
    THIRD_CONNECT,
    THIRD_DISCONNECT,
    THIRD_RUN,
    THIRD_STOP,
    THIRD_SINK,
    THIRD_QUERY, /* QueryInterface for ITTerminalControl */
    THIRD_HANDLE,
    THIRD_DIRECTION,
    THIRD_INITIALIZE
};

/* How a terminal behaves. */
struct third_knobs {
    volatile DWORD rate, channels;              /* of the filter's pin, when it is connected */
    volatile HRESULT connect, run;              /* what these answer */
    volatile TERMINAL_DIRECTION tone_direction; /* what the terminal says of itself */
    volatile MSP_HANDLE foreign_token;          /* instead of the one it was given */
    volatile bool abort;                        /* the tone breaks after some samples */
    volatile DWORD pins;                        /* how often it gives its pin; 0: once */
    volatile DWORD claims;                      /* the count it tells instead, unless 0 */
};

static struct {
    /* set by tests */
    volatile LONG hang; /* enum third_place: there it waits for the gate */
    HANDLE gate;
    struct third_knobs knobs;    /* of all terminals but those with their own (third_own) */
    IMemAllocator *allocator;    /* what meters offer whoever connects; NULL: none */
    volatile HRESULT initialize; /* what it answers */
    /* read by tests */
    volatile LONG hanging;
    DWORD connect_thread, disconnect_thread, sink_thread;
    volatile LONG alive, initialized, connected, disconnected, completed;
    volatile LONG graphs;           /* that it was asked to join, or at least to look at */
    volatile LONG wrong;            /* what nobody may do to a terminal: third_wrong tells */
    volatile LONG heard, crossings; /* samples since the last reset; of one channel */
    volatile LONGLONG squares;
    MSP_HANDLE token;
    DWORD media;
    IID class;
} third;

static inline void third_reset(void)
{
    memset(&third, 0, sizeof(third));
    third.knobs.rate = 8000;
    third.knobs.channels = 1;
}

static inline void third_wrong(const char *what)
{
    printf("third party: %s\n", what);
    InterlockedIncrement(&third.wrong);
}

static inline void third_pass(enum third_place place)
{
    if (third.hang != (LONG)place)
        return;
    InterlockedIncrement(&third.hanging);
    WaitForSingleObject(third.gate, 60000);
    InterlockedDecrement(&third.hanging);
}

struct third_terminal;

struct third_filter {
    IBaseFilter filter;
    IPin pin;
    IMemInputPin mem;
    volatile LONG refs;
    bool tone;
    const struct third_knobs *knobs;
    struct third_knobs own;
    volatile LONG stop;
    volatile LONG hosted; /* its terminal is connected */
    volatile LONG inside; /* samples that are being delivered */
    SRWLOCK lock;         /* leaf: what follows */
    DWORD rate, channels; /* of the connection, while there is a peer */
    FILTER_STATE state;
    IFilterGraph *graph; /* not counted: DirectShow's rule */
    IReferenceClock *clock;
    IPin *peer;
    IMemInputPin *transport;
    IMemAllocator *allocator;
    HANDLE thread;
    LONG last; /* of who delivers */
};

static inline struct third_filter *third_of(void *iface, size_t offset)
{
    return (struct third_filter *)(void *)((char *)iface - offset);
}
#define THIRD_FILTER(iface) third_of(iface, offsetof(struct third_filter, filter))
#define THIRD_PIN(iface)    third_of(iface, offsetof(struct third_filter, pin))
#define THIRD_MEM(iface)    third_of(iface, offsetof(struct third_filter, mem))

static inline ULONG third_filter_addref(struct third_filter *self)
{
    return (ULONG)InterlockedIncrement(&self->refs);
}

static inline ULONG third_filter_release(struct third_filter *self)
{
    LONG left = InterlockedDecrement(&self->refs);

    if (!left) {
        if (self->clock)
            IReferenceClock_Release(self->clock);
        InterlockedDecrement(&third.alive);
        free(self);
    }
    return (ULONG)left;
}

/* ---- the pin --------------------------------------------------------------------------------- */

static inline void third_wave(DWORD rate, DWORD channels, WAVEFORMATEX *wave)
{
    memset(wave, 0, sizeof(*wave));
    wave->wFormatTag = WAVE_FORMAT_PCM;
    wave->nChannels = (WORD)channels;
    wave->nSamplesPerSec = rate;
    wave->wBitsPerSample = 16;
    wave->nBlockAlign = (WORD)(2 * channels);
    wave->nAvgBytesPerSec = rate * wave->nBlockAlign;
}

static inline void third_type(AM_MEDIA_TYPE *type, WAVEFORMATEX *wave)
{
    memset(type, 0, sizeof(*type));
    type->majortype = MEDIATYPE_Audio;
    type->subtype = MEDIASUBTYPE_PCM;
    type->formattype = FORMAT_WaveFormatEx;
    type->bFixedSizeSamples = TRUE;
    type->lSampleSize = wave->nBlockAlign;
    type->cbFormat = sizeof(*wave);
    type->pbFormat = (BYTE *)wave;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryInterface(IPin *iface, REFIID iid, void **out)
{
    struct third_filter *self = THIRD_PIN(iface);

    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IPin))
        *out = &self->pin;
    else if (!self->tone && IsEqualIID(iid, &IID_IMemInputPin))
        *out = &self->mem;
    else
        return E_NOINTERFACE;
    third_filter_addref(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE third_pin_AddRef(IPin *iface)
{
    return third_filter_addref(THIRD_PIN(iface));
}

static ULONG STDMETHODCALLTYPE third_pin_Release(IPin *iface)
{
    return third_filter_release(THIRD_PIN(iface));
}

static HRESULT STDMETHODCALLTYPE third_pin_Disconnect(IPin *iface)
{
    struct third_filter *self = THIRD_PIN(iface);
    IMemInputPin *transport;
    IMemAllocator *allocator;
    IPin *peer;

    AcquireSRWLockExclusive(&self->lock);
    transport = self->transport;
    allocator = self->allocator;
    peer = self->peer;
    self->transport = NULL;
    self->allocator = NULL;
    self->peer = NULL;
    ReleaseSRWLockExclusive(&self->lock);
    if (transport)
        IMemInputPin_Release(transport);
    if (allocator)
        IMemAllocator_Release(allocator);
    if (!peer)
        return S_FALSE;
    IPin_Release(peer);
    return S_OK;
}

static inline void third_join(struct third_filter *self, IPin *peer, const WAVEFORMATEX *wave)
{
    IPin_AddRef(peer);
    AcquireSRWLockExclusive(&self->lock);
    self->peer = peer;
    self->rate = wave->nSamplesPerSec;
    self->channels = wave->nChannels;
    ReleaseSRWLockExclusive(&self->lock);
}

static HRESULT STDMETHODCALLTYPE third_pin_Connect(IPin *iface, IPin *peer,
                                                   const AM_MEDIA_TYPE *wanted)
{
    struct third_filter *self = THIRD_PIN(iface);
    ALLOCATOR_PROPERTIES want = {4, 4096, 1, 0}, got;
    IMemInputPin *transport = NULL;
    IMemAllocator *allocator = NULL;
    AM_MEDIA_TYPE type;
    WAVEFORMATEX wave;
    HRESULT hr;

    (void)wanted;
    if (!self->tone)
        return E_UNEXPECTED;
    third_wave(self->knobs->rate, self->knobs->channels, &wave);
    third_type(&type, &wave);
    third_join(self, peer, &wave);
    hr = IPin_ReceiveConnection(peer, iface, &type);
    if (SUCCEEDED(hr))
        hr = IPin_QueryInterface(peer, &IID_IMemInputPin, (void **)&transport);
    if (SUCCEEDED(hr))
        hr = IMemInputPin_GetAllocator(transport, &allocator);
    if (SUCCEEDED(hr))
        hr = IMemAllocator_SetProperties(allocator, &want, &got);
    if (SUCCEEDED(hr))
        hr = IMemInputPin_NotifyAllocator(transport, allocator, FALSE);
    AcquireSRWLockExclusive(&self->lock);
    self->transport = transport;
    self->allocator = allocator;
    ReleaseSRWLockExclusive(&self->lock);
    if (FAILED(hr))
        third_pin_Disconnect(iface);
    return hr;
}

static inline bool third_accepts(const AM_MEDIA_TYPE *type, const WAVEFORMATEX *wave)
{
    return type->pbFormat && type->cbFormat >= 16 && !memcmp(type->pbFormat, wave, 16);
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryAccept(IPin *iface, const AM_MEDIA_TYPE *type)
{
    struct third_filter *self = THIRD_PIN(iface);
    WAVEFORMATEX wave;

    third_wave(self->knobs->rate, self->knobs->channels, &wave);
    return third_accepts(type, &wave) ? S_OK : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE third_pin_ReceiveConnection(IPin *iface, IPin *peer,
                                                             const AM_MEDIA_TYPE *type)
{
    struct third_filter *self = THIRD_PIN(iface);
    WAVEFORMATEX wave;

    if (self->tone)
        return E_UNEXPECTED;
    third_wave(self->knobs->rate, self->knobs->channels, &wave);
    if (!third_accepts(type, &wave))
        return VFW_E_TYPE_NOT_ACCEPTED;
    third_join(self, peer, &wave);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_ConnectedTo(IPin *iface, IPin **out)
{
    struct third_filter *self = THIRD_PIN(iface);

    AcquireSRWLockShared(&self->lock);
    *out = self->peer;
    if (*out)
        IPin_AddRef(*out);
    ReleaseSRWLockShared(&self->lock);
    return *out ? S_OK : VFW_E_NOT_CONNECTED;
}

static HRESULT STDMETHODCALLTYPE third_pin_ConnectionMediaType(IPin *iface, AM_MEDIA_TYPE *out)
{
    struct third_filter *self = THIRD_PIN(iface);
    WAVEFORMATEX wave;
    bool connected;

    AcquireSRWLockShared(&self->lock);
    connected = self->peer != NULL;
    third_wave(self->rate, self->channels, &wave);
    ReleaseSRWLockShared(&self->lock);
    if (!connected)
        return VFW_E_NOT_CONNECTED;
    third_type(out, &wave);
    out->pbFormat = CoTaskMemAlloc(sizeof(wave));
    memcpy(out->pbFormat, &wave, sizeof(wave));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryPinInfo(IPin *iface, PIN_INFO *out)
{
    struct third_filter *self = THIRD_PIN(iface);

    out->pFilter = &self->filter;
    third_filter_addref(self);
    out->dir = self->tone ? PINDIR_OUTPUT : PINDIR_INPUT;
    wcscpy(out->achName, L"pin");
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryDirection(IPin *iface, PIN_DIRECTION *out)
{
    *out = THIRD_PIN(iface)->tone ? PINDIR_OUTPUT : PINDIR_INPUT;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryId(IPin *iface, LPWSTR *out)
{
    (void)iface;
    *out = CoTaskMemAlloc(8);
    wcscpy(*out, L"pin");
    return S_OK;
}

/* It does not say what it takes: who connects has to find out. */
static HRESULT STDMETHODCALLTYPE third_pin_EnumMediaTypes(IPin *iface, IEnumMediaTypes **out)
{
    (void)iface;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryInternalConnections(IPin *iface, IPin **pins,
                                                                    ULONG *count)
{
    (void)iface, (void)pins, (void)count;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_pin_nothing(IPin *iface)
{
    (void)iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_NewSegment(IPin *iface, REFERENCE_TIME start,
                                                      REFERENCE_TIME stop, double rate)
{
    (void)iface, (void)start, (void)stop, (void)rate;
    return S_OK;
}

static const IPinVtbl third_pin_vtbl = {
    third_pin_QueryInterface,    third_pin_AddRef,
    third_pin_Release,           third_pin_Connect,
    third_pin_ReceiveConnection, third_pin_Disconnect,
    third_pin_ConnectedTo,       third_pin_ConnectionMediaType,
    third_pin_QueryPinInfo,      third_pin_QueryDirection,
    third_pin_QueryId,           third_pin_QueryAccept,
    third_pin_EnumMediaTypes,    third_pin_QueryInternalConnections,
    third_pin_nothing,           third_pin_nothing,
    third_pin_nothing,           third_pin_NewSegment,
};

/* ---- the meter hears ------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE third_mem_QueryInterface(IMemInputPin *iface, REFIID iid,
                                                          void **out)
{
    return third_pin_QueryInterface(&THIRD_MEM(iface)->pin, iid, out);
}

static ULONG STDMETHODCALLTYPE third_mem_AddRef(IMemInputPin *iface)
{
    return third_filter_addref(THIRD_MEM(iface));
}

static ULONG STDMETHODCALLTYPE third_mem_Release(IMemInputPin *iface)
{
    return third_filter_release(THIRD_MEM(iface));
}

static HRESULT STDMETHODCALLTYPE third_mem_GetAllocator(IMemInputPin *iface, IMemAllocator **out)
{
    (void)iface;
    *out = third.allocator;
    if (!*out)
        return VFW_E_NO_ALLOCATOR;
    IMemAllocator_AddRef(*out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_mem_NotifyAllocator(IMemInputPin *iface,
                                                           IMemAllocator *allocator, BOOL read_only)
{
    (void)iface, (void)allocator, (void)read_only;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_mem_GetAllocatorRequirements(IMemInputPin *iface,
                                                                    ALLOCATOR_PROPERTIES *out)
{
    (void)iface, (void)out;
    return E_NOTIMPL;
}

static inline HRESULT third_hear(struct third_filter *self, IMediaSample *sample)
{
    LONG channels = (LONG)self->channels; /* stays as long as anybody delivers */
    LONG count = IMediaSample_GetActualDataLength(sample) / (2 * channels);
    REFERENCE_TIME begin, end;
    SHORT *pcm;
    BYTE *bytes;

    if (self->stop)
        return VFW_E_WRONG_STATE;
    if (FAILED(IMediaSample_GetPointer(sample, &bytes)) ||
        IMediaSample_GetTime(sample, &begin, &end) != S_OK || end <= begin)
        return E_FAIL;
    pcm = (SHORT *)(void *)bytes;
    for (LONG i = 0; i < count; i++) {
        LONG at = pcm[i * channels];

        if ((at < 0) != (self->last < 0))
            InterlockedIncrement(&third.crossings);
        self->last = at;
        InterlockedExchangeAdd64(&third.squares, (LONGLONG)at * at);
    }
    InterlockedExchangeAdd(&third.heard, count);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_mem_Receive(IMemInputPin *iface, IMediaSample *sample)
{
    struct third_filter *self = THIRD_MEM(iface);
    HRESULT hr;

    if (InterlockedIncrement(&self->inside) > 1)
        third_wrong("two samples at a time");
    if (!self->hosted)
        third_wrong("a sample after the end");
    hr = third_hear(self, sample);
    InterlockedDecrement(&self->inside);
    return hr;
}

static HRESULT STDMETHODCALLTYPE third_mem_ReceiveMultiple(IMemInputPin *iface,
                                                           IMediaSample **samples, LONG count,
                                                           LONG *done)
{
    (void)iface, (void)samples, (void)count, (void)done;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_mem_ReceiveCanBlock(IMemInputPin *iface)
{
    (void)iface;
    return S_FALSE;
}

static const IMemInputPinVtbl third_mem_vtbl = {
    third_mem_QueryInterface, third_mem_AddRef,          third_mem_Release,
    third_mem_GetAllocator,   third_mem_NotifyAllocator, third_mem_GetAllocatorRequirements,
    third_mem_Receive,        third_mem_ReceiveMultiple, third_mem_ReceiveCanBlock,
};

#endif
