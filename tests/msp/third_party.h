/*
 * Terminals of another maker, as one would write them against TAPI's and DirectShow's public
 * headers: a capture terminal whose filter plays a tone, a render terminal whose filter measures
 * what it hears. Both are COM classes of this process (CoRegisterClassObject), named in the
 * registry by registry_kit.h. Knobs make them fail; counters tell what was done to them.
 */
#ifndef OMSP_TESTS_MSP_THIRD_PARTY_H
#define OMSP_TESTS_MSP_THIRD_PARTY_H

#include "msp/media_kit.h"
#include "msp/registry_kit.h"

#include "com/enumerator.h"

#include <control.h>
#include <evcode.h>
#include <math.h>
#include <mmreg.h>
#include <strmif.h>
#include <uuids.h>
#include <vfwmsgs.h>

#define THIRD_SUPERCLASS L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C01}"
#define THIRD_TONE       L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C02}" /* public classes */
#define THIRD_METER      L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C03}"
#define THIRD_TONE_COM   L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C04}" /* COM classes */
#define THIRD_METER_COM  L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C05}"
#define THIRD_NOT_HERE   L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C06}"

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

static struct {
    /* set by tests */
    volatile LONG hang; /* enum third_place: there it waits for the gate */
    HANDLE gate;
    DWORD rate, channels;              /* of the filter's pin */
    HRESULT initialize, connect, run;  /* what these answer */
    TERMINAL_DIRECTION tone_direction; /* what the terminal says of itself */
    MSP_HANDLE foreign_token;          /* instead of the one it was given */
    bool abort;                        /* the tone breaks after some samples */
    /* read by tests */
    volatile LONG hanging;
    DWORD connect_thread, disconnect_thread, sink_thread;
    volatile LONG alive, initialized, connected, disconnected, completed;
    volatile LONG heard, crossings; /* samples since the last reset; of one channel */
    volatile LONGLONG squares;
    MSP_HANDLE token;
    DWORD media;
    IID class;
} third;

static inline void third_reset(void)
{
    memset(&third, 0, sizeof(third));
    third.rate = 8000;
    third.channels = 1;
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
    FILTER_STATE state;
    volatile LONG stop;
    IFilterGraph *graph;
    IReferenceClock *clock;
    IPin *peer;
    IMemInputPin *transport;
    IMemAllocator *allocator;
    HANDLE thread;
    LONG last;
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

static inline void third_wave(WAVEFORMATEX *wave)
{
    memset(wave, 0, sizeof(*wave));
    wave->wFormatTag = WAVE_FORMAT_PCM;
    wave->nChannels = (WORD)third.channels;
    wave->nSamplesPerSec = third.rate;
    wave->wBitsPerSample = 16;
    wave->nBlockAlign = (WORD)(2 * third.channels);
    wave->nAvgBytesPerSec = third.rate * wave->nBlockAlign;
}

static inline void third_type(AM_MEDIA_TYPE *type, WAVEFORMATEX *wave)
{
    third_wave(wave);
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
    IPin *peer = self->peer;

    if (self->transport)
        IMemInputPin_Release(self->transport);
    if (self->allocator)
        IMemAllocator_Release(self->allocator);
    self->transport = NULL;
    self->allocator = NULL;
    self->peer = NULL;
    if (!peer)
        return S_FALSE;
    IPin_Release(peer);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_Connect(IPin *iface, IPin *peer,
                                                   const AM_MEDIA_TYPE *wanted)
{
    struct third_filter *self = THIRD_PIN(iface);
    ALLOCATOR_PROPERTIES want = {4, 4096, 1, 0}, got;
    AM_MEDIA_TYPE type;
    WAVEFORMATEX wave;
    HRESULT hr;

    (void)wanted;
    if (!self->tone)
        return E_UNEXPECTED;
    third_type(&type, &wave);
    self->peer = peer;
    IPin_AddRef(peer);
    hr = IPin_ReceiveConnection(peer, iface, &type);
    if (SUCCEEDED(hr))
        hr = IPin_QueryInterface(peer, &IID_IMemInputPin, (void **)&self->transport);
    if (SUCCEEDED(hr))
        hr = IMemInputPin_GetAllocator(self->transport, &self->allocator);
    if (SUCCEEDED(hr))
        hr = IMemAllocator_SetProperties(self->allocator, &want, &got);
    if (SUCCEEDED(hr))
        hr = IMemInputPin_NotifyAllocator(self->transport, self->allocator, FALSE);
    if (FAILED(hr))
        third_pin_Disconnect(iface);
    return hr;
}

static HRESULT STDMETHODCALLTYPE third_pin_QueryAccept(IPin *iface, const AM_MEDIA_TYPE *type)
{
    WAVEFORMATEX wave;

    (void)iface;
    third_wave(&wave);
    return type->pbFormat && type->cbFormat >= 16 && !memcmp(type->pbFormat, &wave, 16) ? S_OK
                                                                                        : S_FALSE;
}

static HRESULT STDMETHODCALLTYPE third_pin_ReceiveConnection(IPin *iface, IPin *peer,
                                                             const AM_MEDIA_TYPE *type)
{
    struct third_filter *self = THIRD_PIN(iface);

    if (self->tone)
        return E_UNEXPECTED;
    if (third_pin_QueryAccept(iface, type) != S_OK)
        return VFW_E_TYPE_NOT_ACCEPTED;
    self->peer = peer;
    IPin_AddRef(peer);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_ConnectedTo(IPin *iface, IPin **out)
{
    *out = THIRD_PIN(iface)->peer;
    if (!*out)
        return VFW_E_NOT_CONNECTED;
    IPin_AddRef(*out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_pin_ConnectionMediaType(IPin *iface, AM_MEDIA_TYPE *out)
{
    WAVEFORMATEX wave;

    if (!THIRD_PIN(iface)->peer)
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
    *out = NULL;
    return VFW_E_NO_ALLOCATOR;
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

static HRESULT STDMETHODCALLTYPE third_mem_Receive(IMemInputPin *iface, IMediaSample *sample)
{
    struct third_filter *self = THIRD_MEM(iface);
    LONG count = IMediaSample_GetActualDataLength(sample) / (LONG)(2 * third.channels);
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
        LONG at = pcm[i * (LONG)third.channels];

        if ((at < 0) != (self->last < 0))
            InterlockedIncrement(&third.crossings);
        self->last = at;
        InterlockedExchangeAdd64(&third.squares, (LONGLONG)at * at);
    }
    InterlockedExchangeAdd(&third.heard, count);
    return S_OK;
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

/* ---- the tone plays -------------------------------------------------------------------------- */

static inline void third_play(void *ctx)
{
    struct third_filter *self = ctx;
    double phase = 0;
    unsigned sent = 0;

    while (!self->stop) {
        IMediaSample *sample;
        BYTE *bytes;
        SHORT *pcm;
        DWORD count = third.rate / 50;
        HRESULT hr;

        if (FAILED(IMemAllocator_GetBuffer(self->allocator, &sample, NULL, NULL, 0)))
            break;
        IMediaSample_GetPointer(sample, &bytes);
        pcm = (SHORT *)(void *)bytes;
        if (count * 2 * third.channels > 4096)
            count = 4096 / 2 / third.channels;
        for (DWORD i = 0; i < count; i++, phase += 2 * 3.14159265358979 * 500 / third.rate)
            for (DWORD c = 0; c < third.channels; c++)
                pcm[i * third.channels + c] = (SHORT)(10000 * sin(phase));
        IMediaSample_SetActualDataLength(sample, (LONG)(count * 2 * third.channels));
        hr = IMemInputPin_Receive(self->transport, sample);
        IMediaSample_Release(sample);
        if (hr != S_OK)
            break;
        if (third.abort && ++sent == 5) {
            IMediaEventSink *events;

            IFilterGraph_QueryInterface(self->graph, &IID_IMediaEventSink, (void **)&events);
            IMediaEventSink_Notify(events, EC_ERRORABORT, VFW_E_RUNTIME_ERROR, 0);
            IMediaEventSink_Release(events);
            break;
        }
    }
}

static DWORD WINAPI third_thread(void *ctx)
{
    third_play(ctx);
    return 0;
}

/* ---- the filter ------------------------------------------------------------------------------ */

static HRESULT STDMETHODCALLTYPE third_filter_QueryInterface(IBaseFilter *iface, REFIID iid,
                                                             void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBaseFilter) &&
        !IsEqualIID(iid, &IID_IMediaFilter) && !IsEqualIID(iid, &IID_IPersist))
        return E_NOINTERFACE;
    *out = iface;
    third_filter_addref(THIRD_FILTER(iface));
    return S_OK;
}

static ULONG STDMETHODCALLTYPE third_filter_AddRef(IBaseFilter *iface)
{
    return third_filter_addref(THIRD_FILTER(iface));
}

static ULONG STDMETHODCALLTYPE third_filter_Release(IBaseFilter *iface)
{
    return third_filter_release(THIRD_FILTER(iface));
}

static HRESULT STDMETHODCALLTYPE third_filter_GetClassID(IBaseFilter *iface, CLSID *out)
{
    (void)iface;
    memset(out, 1, sizeof(*out));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_Stop(IBaseFilter *iface)
{
    struct third_filter *self = THIRD_FILTER(iface);

    if (self->state != State_Stopped)
        third_pass(THIRD_STOP);
    self->stop = 1;
    self->state = State_Stopped;
    if (self->allocator)
        IMemAllocator_Decommit(self->allocator);
    if (self->thread) {
        WaitForSingleObject(self->thread, INFINITE);
        CloseHandle(self->thread);
        self->thread = NULL;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_Pause(IBaseFilter *iface)
{
    struct third_filter *self = THIRD_FILTER(iface);

    if (FAILED(third.run))
        return third.run;
    self->stop = 0;
    self->state = State_Paused;
    if (self->allocator)
        IMemAllocator_Commit(self->allocator);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_Run(IBaseFilter *iface, REFERENCE_TIME start)
{
    struct third_filter *self = THIRD_FILTER(iface);

    (void)start;
    third_pass(THIRD_RUN);
    if (FAILED(third.run))
        return third.run;
    third_filter_Pause(iface);
    self->state = State_Running;
    if (self->tone && !self->thread)
        self->thread = CreateThread(NULL, 0, third_thread, self, 0, NULL);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_GetState(IBaseFilter *iface, DWORD timeout,
                                                       FILTER_STATE *out)
{
    (void)timeout;
    *out = THIRD_FILTER(iface)->state;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_SetSyncSource(IBaseFilter *iface,
                                                            IReferenceClock *clock)
{
    struct third_filter *self = THIRD_FILTER(iface);

    if (clock)
        IReferenceClock_AddRef(clock);
    if (self->clock)
        IReferenceClock_Release(self->clock);
    self->clock = clock;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_GetSyncSource(IBaseFilter *iface,
                                                            IReferenceClock **out)
{
    *out = THIRD_FILTER(iface)->clock;
    if (*out)
        IReferenceClock_AddRef(*out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_EnumPins(IBaseFilter *iface, IEnumPins **out)
{
    IPin *pin = &THIRD_FILTER(iface)->pin;

    HRESULT hr = com_enum_interfaces(&IID_IEnumPins, COM_ENUM_SKIP_RESET, (void *const *)&pin, 1,
                                     (void **)out);

    /* The graph's reads on through a NULL when there is no memory, so it is asked for again. */
    if (hr == E_OUTOFMEMORY)
        hr = com_enum_interfaces(&IID_IEnumPins, COM_ENUM_SKIP_RESET, (void *const *)&pin, 1,
                                 (void **)out);
    return hr;
}

static HRESULT STDMETHODCALLTYPE third_filter_FindPin(IBaseFilter *iface, LPCWSTR id, IPin **out)
{
    (void)iface, (void)id;
    *out = NULL;
    return VFW_E_NOT_FOUND;
}

static HRESULT STDMETHODCALLTYPE third_filter_QueryFilterInfo(IBaseFilter *iface, FILTER_INFO *out)
{
    wcscpy(out->achName, L"third party");
    out->pGraph = THIRD_FILTER(iface)->graph;
    if (out->pGraph)
        IFilterGraph_AddRef(out->pGraph);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_JoinFilterGraph(IBaseFilter *iface,
                                                              IFilterGraph *graph, LPCWSTR name)
{
    (void)name;
    THIRD_FILTER(iface)->graph = graph;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_QueryVendorInfo(IBaseFilter *iface, LPWSTR *out)
{
    (void)iface, (void)out;
    return E_NOTIMPL;
}

static const IBaseFilterVtbl third_filter_vtbl = {
    third_filter_QueryInterface,
    third_filter_AddRef,
    third_filter_Release,
    third_filter_GetClassID,
    third_filter_Stop,
    third_filter_Pause,
    third_filter_Run,
    third_filter_GetState,
    third_filter_SetSyncSource,
    third_filter_GetSyncSource,
    third_filter_EnumPins,
    third_filter_FindPin,
    third_filter_QueryFilterInfo,
    third_filter_JoinFilterGraph,
    third_filter_QueryVendorInfo,
};

static inline struct third_filter *third_filter_create(bool tone)
{
    struct third_filter *self = calloc(1, sizeof(*self));

    self->filter.lpVtbl = (IBaseFilterVtbl *)&third_filter_vtbl;
    self->pin.lpVtbl = (IPinVtbl *)&third_pin_vtbl;
    self->mem.lpVtbl = (IMemInputPinVtbl *)&third_mem_vtbl;
    self->refs = 1;
    self->tone = tone;
    self->stop = 1;
    InterlockedIncrement(&third.alive);
    return self;
}

/* ---- the terminal ---------------------------------------------------------------------------- */

struct third_terminal {
    ITTerminal terminal;
    ITTerminalControl control;
    ITPluggableTerminalInitialization start;
    ITPluggableTerminalEventSinkRegistration registration;
    volatile LONG refs;
    bool tone, plain; /* plain: without ITTerminalControl */
    MSP_HANDLE token;
    IID class;
    TERMINAL_STATE state;
    IGraphBuilder *graph; /* while connected; not counted */
    struct third_filter *filter;
    ITPluggableTerminalEventSink *sink;
};

#define THIRD_SELF(iface, member)                                                                  \
    ((struct third_terminal *)(void *)((char *)(iface)-offsetof(struct third_terminal, member)))

static inline HRESULT third_query(struct third_terminal *self, REFIID iid, void **out)
{
    *out = NULL;
    if (IsEqualIID(iid, &IID_ITTerminalControl))
        third_pass(THIRD_QUERY);
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IDispatch) ||
        IsEqualIID(iid, &IID_ITTerminal))
        *out = &self->terminal;
    else if (IsEqualIID(iid, &IID_ITTerminalControl) && !self->plain)
        *out = &self->control;
    else if (IsEqualIID(iid, &IID_ITPluggableTerminalInitialization))
        *out = &self->start;
    else if (IsEqualIID(iid, &IID_ITPluggableTerminalEventSinkRegistration))
        *out = &self->registration;
    else
        return E_NOINTERFACE;
    InterlockedIncrement(&self->refs);
    return S_OK;
}

static inline ULONG third_release(struct third_terminal *self)
{
    LONG left = InterlockedDecrement(&self->refs);

    if (!left) {
        if (self->sink)
            IUnknown_Release((IUnknown *)self->sink);
        third_filter_release(self->filter);
        InterlockedDecrement(&third.alive);
        free(self);
    }
    return (ULONG)left;
}

#define THIRD_UNKNOWN(I, member)                                                                   \
    static HRESULT STDMETHODCALLTYPE third_##member##_QueryInterface(I *iface, REFIID iid,         \
                                                                     void **out)                   \
    {                                                                                              \
        return third_query(THIRD_SELF(iface, member), iid, out);                                   \
    }                                                                                              \
    static ULONG STDMETHODCALLTYPE third_##member##_AddRef(I *iface)                               \
    {                                                                                              \
        return (ULONG)InterlockedIncrement(&THIRD_SELF(iface, member)->refs);                      \
    }                                                                                              \
    static ULONG STDMETHODCALLTYPE third_##member##_Release(I *iface)                              \
    {                                                                                              \
        return third_release(THIRD_SELF(iface, member));                                           \
    }
THIRD_UNKNOWN(ITTerminal, terminal)
THIRD_UNKNOWN(ITTerminalControl, control)
THIRD_UNKNOWN(ITPluggableTerminalInitialization, start)
THIRD_UNKNOWN(ITPluggableTerminalEventSinkRegistration, registration)
#undef THIRD_UNKNOWN

static HRESULT STDMETHODCALLTYPE third_GetTypeInfoCount(ITTerminal *iface, UINT *count)
{
    (void)iface;
    *count = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_GetTypeInfo(ITTerminal *iface, UINT index, LCID lcid,
                                                   ITypeInfo **out)
{
    (void)iface, (void)index, (void)lcid, (void)out;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_GetIDsOfNames(ITTerminal *iface, REFIID iid, LPOLESTR *names,
                                                     UINT count, LCID lcid, DISPID *ids)
{
    (void)iface, (void)iid, (void)names, (void)count, (void)lcid, (void)ids;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_Invoke(ITTerminal *iface, DISPID id, REFIID iid, LCID lcid,
                                              WORD flags, DISPPARAMS *params, VARIANT *result,
                                              EXCEPINFO *exception, UINT *error)
{
    (void)iface, (void)id, (void)iid, (void)lcid, (void)flags, (void)params, (void)result;
    (void)exception, (void)error;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_get_Name(ITTerminal *iface, BSTR *out)
{
    (void)iface;
    *out = SysAllocString(L"Third party");
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_State(ITTerminal *iface, TERMINAL_STATE *out)
{
    *out = THIRD_SELF(iface, terminal)->state;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_TerminalType(ITTerminal *iface, TERMINAL_TYPE *out)
{
    (void)iface;
    *out = TT_DYNAMIC;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_TerminalClass(ITTerminal *iface, BSTR *out)
{
    *out = msp_guid_bstr(&THIRD_SELF(iface, terminal)->class);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_MediaType(ITTerminal *iface, LONG *out)
{
    (void)iface;
    *out = TAPIMEDIATYPE_AUDIO;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_Direction(ITTerminal *iface, TERMINAL_DIRECTION *out)
{
    third_pass(THIRD_DIRECTION);
    *out = THIRD_SELF(iface, terminal)->tone ? third.tone_direction : TD_RENDER;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_AddressHandle(ITTerminalControl *iface, MSP_HANDLE *out)
{
    third_pass(THIRD_HANDLE);
    *out = third.foreign_token ? third.foreign_token : THIRD_SELF(iface, control)->token;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_ConnectTerminal(ITTerminalControl *iface,
                                                       IGraphBuilder *graph, DWORD direction,
                                                       DWORD *count, IPin **pins)
{
    struct third_terminal *self = THIRD_SELF(iface, control);
    HRESULT hr;

    if (direction != (DWORD)(self->tone ? TD_CAPTURE : TD_RENDER))
        return TAPI_E_INVALIDDIRECTION;
    if (!pins) {
        *count = 1;
        return S_OK;
    }
    if (*count < 1)
        return TAPI_E_NOTENOUGHMEMORY;
    if (self->state == TS_INUSE)
        return TAPI_E_TERMINALINUSE;
    third.connect_thread = GetCurrentThreadId();
    third_pass(THIRD_CONNECT);
    if (FAILED(third.connect))
        return third.connect;
    hr = IGraphBuilder_AddFilter(graph, &self->filter->filter, L"third party");
    if (FAILED(hr))
        return hr;
    *count = 1;
    pins[0] = &self->filter->pin;
    third_filter_addref(self->filter);
    self->graph = graph;
    self->state = TS_INUSE;
    InterlockedIncrement(&third.connected);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_CompleteConnectTerminal(ITTerminalControl *iface)
{
    (void)iface;
    InterlockedIncrement(&third.completed);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_DisconnectTerminal(ITTerminalControl *iface,
                                                          IGraphBuilder *graph, DWORD reserved)
{
    struct third_terminal *self = THIRD_SELF(iface, control);

    (void)reserved;
    if (self->state != TS_INUSE)
        return S_OK;
    if (graph != self->graph)
        return E_INVALIDARG;
    third.disconnect_thread = GetCurrentThreadId();
    third_pass(THIRD_DISCONNECT);
    IGraphBuilder_RemoveFilter(graph, &self->filter->filter);
    self->graph = NULL;
    self->state = TS_NOTINUSE;
    InterlockedIncrement(&third.disconnected);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_render_filter(ITTerminalControl *iface)
{
    (void)iface;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE third_InitializeDynamic(ITPluggableTerminalInitialization *iface,
                                                         IID class, DWORD media,
                                                         TERMINAL_DIRECTION direction,
                                                         MSP_HANDLE token)
{
    struct third_terminal *self = THIRD_SELF(iface, start);

    (void)direction;
    third_pass(THIRD_INITIALIZE);
    if (FAILED(third.initialize))
        return third.initialize;
    self->class = third.class = class;
    self->token = third.token = token;
    third.media = media;
    InterlockedIncrement(&third.initialized);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_RegisterSink(ITPluggableTerminalEventSinkRegistration *iface,
                                                    ITPluggableTerminalEventSink *sink)
{
    struct third_terminal *self = THIRD_SELF(iface, registration);

    third.sink_thread = GetCurrentThreadId();
    third_pass(THIRD_SINK);
    if (self->sink)
        IUnknown_Release((IUnknown *)self->sink);
    self->sink = sink;
    IUnknown_AddRef((IUnknown *)sink);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
third_UnregisterSink(ITPluggableTerminalEventSinkRegistration *iface)
{
    struct third_terminal *self = THIRD_SELF(iface, registration);

    if (self->sink)
        IUnknown_Release((IUnknown *)self->sink);
    self->sink = NULL;
    return S_OK;
}

static const ITTerminalVtbl third_terminal_vtbl = {
    third_terminal_QueryInterface,
    third_terminal_AddRef,
    third_terminal_Release,
    third_GetTypeInfoCount,
    third_GetTypeInfo,
    third_GetIDsOfNames,
    third_Invoke,
    third_get_Name,
    third_get_State,
    third_get_TerminalType,
    third_get_TerminalClass,
    third_get_MediaType,
    third_get_Direction,
};
static const ITTerminalControlVtbl third_control_vtbl = {
    third_control_QueryInterface, third_control_AddRef,  third_control_Release,
    third_get_AddressHandle,      third_ConnectTerminal, third_CompleteConnectTerminal,
    third_DisconnectTerminal,     third_render_filter,   third_render_filter,
};
static const ITPluggableTerminalInitializationVtbl third_start_vtbl = {
    third_start_QueryInterface,
    third_start_AddRef,
    third_start_Release,
    third_InitializeDynamic,
};
static const ITPluggableTerminalEventSinkRegistrationVtbl third_registration_vtbl = {
    third_registration_QueryInterface,
    third_registration_AddRef,
    third_registration_Release,
    third_RegisterSink,
    third_UnregisterSink,
};

static inline struct third_terminal *third_create(bool tone)
{
    struct third_terminal *self = calloc(1, sizeof(*self));

    self->terminal.lpVtbl = (ITTerminalVtbl *)&third_terminal_vtbl;
    self->control.lpVtbl = (ITTerminalControlVtbl *)&third_control_vtbl;
    self->start.lpVtbl = (ITPluggableTerminalInitializationVtbl *)&third_start_vtbl;
    self->registration.lpVtbl =
        (ITPluggableTerminalEventSinkRegistrationVtbl *)&third_registration_vtbl;
    self->refs = 1;
    self->tone = tone;
    self->state = TS_NOTINUSE;
    self->filter = third_filter_create(tone);
    InterlockedIncrement(&third.alive);
    return self;
}

/* ---- the classes ----------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE third_factory_QueryInterface(IClassFactory *iface, REFIID iid,
                                                              void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory))
        return E_NOINTERFACE;
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE third_factory_count(IClassFactory *iface)
{
    (void)iface;
    return 2;
}

extern const IClassFactory third_factories[2];

static HRESULT STDMETHODCALLTYPE third_factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                              REFIID iid, void **out)
{
    struct third_terminal *self;
    HRESULT hr;

    *out = NULL;
    if (outer)
        return CLASS_E_NOAGGREGATION;
    self = third_create(iface == &third_factories[0]);
    hr = third_query(self, iid, out);
    third_release(self);
    return hr;
}

static HRESULT STDMETHODCALLTYPE third_factory_LockServer(IClassFactory *iface, BOOL lock)
{
    (void)iface, (void)lock;
    return S_OK;
}

static const IClassFactoryVtbl third_factory_vtbl = {
    third_factory_QueryInterface, third_factory_count,      third_factory_count,
    third_factory_CreateInstance, third_factory_LockServer,
};
const IClassFactory third_factories[2] = {{(IClassFactoryVtbl *)&third_factory_vtbl},
                                          {(IClassFactoryVtbl *)&third_factory_vtbl}};

static DWORD third_cookies[2];

/* Registers both classes, as their installer and their DLL would. COM is initialised. */
static inline void third_begin(void)
{
    static const WCHAR *const clsids[] = {THIRD_TONE_COM, THIRD_METER_COM};
    static const struct registry_entry entries[] = {
        {THIRD_TONE, L"Tone", L"Third party", L"1.0", THIRD_TONE_COM, 1, 8},
        {THIRD_METER, L"Meter", L"Third party", L"1.0", THIRD_METER_COM, 2, 8},
        {THIRD_NOT_HERE, L"Not here", NULL, NULL, THIRD_NOT_HERE, 1, 8},
    };

    third_reset();
    registry_forget(THIRD_SUPERCLASS);
    registry_superclass(0, THIRD_SUPERCLASS, L"Third party");
    for (unsigned i = 0; i < 3; i++)
        registry_class(0, THIRD_SUPERCLASS, &entries[i]);
    for (unsigned i = 0; i < 2; i++) {
        CLSID clsid;

        ck_assert_hr(IIDFromString(clsids[i], &clsid), S_OK);
        ck_assert_hr(CoRegisterClassObject(&clsid, (IUnknown *)&third_factories[i],
                                           CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE,
                                           &third_cookies[i]),
                     S_OK);
    }
}

static inline void third_end(void)
{
    ULONGLONG give_up = GetTickCount64() + 10000;

    while (third.alive && GetTickCount64() < give_up) /* threads let go a little later */
        SwitchToThread();
    ck_assert_int_eq(third.alive, 0);
    for (unsigned i = 0; i < 2; i++)
        CoRevokeClassObject(third_cookies[i]);
    registry_forget(THIRD_SUPERCLASS);
}

#endif
