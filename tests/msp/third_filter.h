/*
 * Another maker's filter: one that plays a tone, or a meter (third_pin.h), with one pin. Any
 * thread.
 */
#ifndef OMSP_TESTS_MSP_THIRD_FILTER_H
#define OMSP_TESTS_MSP_THIRD_FILTER_H

#include "msp/third_pin.h"

#include "com/enumerator.h"

#include <control.h>
#include <evcode.h>
#include <math.h>

/* ---- the tone plays -------------------------------------------------------------------------- */

static inline void third_break(struct third_filter *self)
{
    IMediaEventSink *events = NULL;

    AcquireSRWLockShared(&self->lock);
    if (self->graph)
        IFilterGraph_QueryInterface(self->graph, &IID_IMediaEventSink, (void **)&events);
    ReleaseSRWLockShared(&self->lock);
    if (!events)
        return;
    IMediaEventSink_Notify(events, EC_ERRORABORT, VFW_E_RUNTIME_ERROR, 0);
    IMediaEventSink_Release(events);
}

static inline HRESULT third_say(struct third_filter *self, IMemAllocator *allocator,
                                IMemInputPin *transport, double *phase)
{
    DWORD rate = self->rate, channels = self->channels, count = rate / 50;
    IMediaSample *sample;
    BYTE *bytes;
    SHORT *pcm;
    HRESULT hr = IMemAllocator_GetBuffer(allocator, &sample, NULL, NULL, 0);

    if (FAILED(hr))
        return hr;
    IMediaSample_GetPointer(sample, &bytes);
    pcm = (SHORT *)(void *)bytes;
    if (count * 2 * channels > 4096)
        count = 4096 / 2 / channels;
    for (DWORD i = 0; i < count; i++, *phase += 2 * 3.14159265358979 * 500 / rate)
        for (DWORD c = 0; c < channels; c++)
            pcm[i * channels + c] = (SHORT)(10000 * sin(*phase));
    IMediaSample_SetActualDataLength(sample, (LONG)(count * 2 * channels));
    hr = IMemInputPin_Receive(transport, sample);
    IMediaSample_Release(sample);
    return hr;
}

/* Who stops it waits for it, so that the connection stays. */
static DWORD WINAPI third_thread(void *ctx)
{
    struct third_filter *self = ctx;
    IMemAllocator *allocator;
    IMemInputPin *transport;
    double phase = 0;
    unsigned sent = 0;

    AcquireSRWLockShared(&self->lock);
    allocator = self->allocator;
    transport = self->transport;
    ReleaseSRWLockShared(&self->lock);
    while (!self->stop && third_say(self, allocator, transport, &phase) == S_OK)
        if (self->knobs->abort && ++sent == 5) {
            third_break(self);
            break;
        }
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

static inline FILTER_STATE third_state(struct third_filter *self)
{
    FILTER_STATE state;

    AcquireSRWLockShared(&self->lock);
    state = self->state;
    ReleaseSRWLockShared(&self->lock);
    return state;
}

static HRESULT STDMETHODCALLTYPE third_filter_Stop(IBaseFilter *iface)
{
    struct third_filter *self = THIRD_FILTER(iface);
    HANDLE thread;

    if (third_state(self) != State_Stopped)
        third_pass(THIRD_STOP);
    self->stop = 1;
    AcquireSRWLockExclusive(&self->lock);
    self->state = State_Stopped;
    thread = self->thread;
    self->thread = NULL;
    ReleaseSRWLockExclusive(&self->lock);
    /* Wine's allocator may leave who asks for a buffer at this very moment waiting for ever: its
     * semaphore is closed before he waits for it. Nobody holds buffers here for long. */
    if (thread)
        WaitForSingleObject(thread, 5000);
    AcquireSRWLockExclusive(&self->lock);
    if (self->allocator)
        IMemAllocator_Decommit(self->allocator);
    ReleaseSRWLockExclusive(&self->lock);
    if (thread) {
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
    }
    return S_OK;
}

static inline HRESULT third_move(struct third_filter *self, FILTER_STATE to)
{
    HRESULT refused = self->knobs->run;

    if (FAILED(refused))
        return refused;
    AcquireSRWLockExclusive(&self->lock);
    self->stop = 0;
    self->state = to;
    if (self->allocator)
        IMemAllocator_Commit(self->allocator);
    if (to == State_Running && self->tone && self->transport && !self->thread)
        self->thread = CreateThread(NULL, 0, third_thread, self, 0, NULL);
    ReleaseSRWLockExclusive(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_Pause(IBaseFilter *iface)
{
    return third_move(THIRD_FILTER(iface), State_Paused);
}

static HRESULT STDMETHODCALLTYPE third_filter_Run(IBaseFilter *iface, REFERENCE_TIME start)
{
    (void)start;
    third_pass(THIRD_RUN);
    return third_move(THIRD_FILTER(iface), State_Running);
}

static HRESULT STDMETHODCALLTYPE third_filter_GetState(IBaseFilter *iface, DWORD timeout,
                                                       FILTER_STATE *out)
{
    (void)timeout;
    *out = third_state(THIRD_FILTER(iface));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_SetSyncSource(IBaseFilter *iface,
                                                            IReferenceClock *clock)
{
    struct third_filter *self = THIRD_FILTER(iface);
    IReferenceClock *before;

    if (clock)
        IReferenceClock_AddRef(clock);
    AcquireSRWLockExclusive(&self->lock);
    before = self->clock;
    self->clock = clock;
    ReleaseSRWLockExclusive(&self->lock);
    if (before)
        IReferenceClock_Release(before);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_GetSyncSource(IBaseFilter *iface,
                                                            IReferenceClock **out)
{
    struct third_filter *self = THIRD_FILTER(iface);

    AcquireSRWLockShared(&self->lock);
    *out = self->clock;
    if (*out)
        IReferenceClock_AddRef(*out);
    ReleaseSRWLockShared(&self->lock);
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
    struct third_filter *self = THIRD_FILTER(iface);

    wcscpy(out->achName, L"third party");
    AcquireSRWLockShared(&self->lock);
    out->pGraph = self->graph;
    if (out->pGraph)
        IFilterGraph_AddRef(out->pGraph);
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_filter_JoinFilterGraph(IBaseFilter *iface,
                                                              IFilterGraph *graph, LPCWSTR name)
{
    struct third_filter *self = THIRD_FILTER(iface);

    (void)name;
    AcquireSRWLockExclusive(&self->lock);
    self->graph = graph;
    ReleaseSRWLockExclusive(&self->lock);
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
    self->knobs = &third.knobs;
    self->stop = 1;
    InitializeSRWLock(&self->lock);
    InterlockedIncrement(&third.alive);
    return self;
}

#endif
