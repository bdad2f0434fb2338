/*
 * What both filters of ours are: IBaseFilter with one pin, and of the pin what does not depend on
 * its direction. Not here: how samples move. Any thread.
 */
#include "msp/hosted_filter.h"

#include "com/enumerator.h"
#include "msp/terminal.h"

/* Ours is the first; the others are what filters usually take. */
const struct omsp_audio_format msp_filter_formats[MSP_FILTER_FORMATS] = {
    {1, 1, 8000, 16},  {1, 1, 16000, 16}, {1, 2, 8000, 16},  {1, 2, 44100, 16},
    {1, 2, 48000, 16}, {1, 1, 48000, 16}, {1, 1, 44100, 16}, {1, 1, 8000, 8},
};

static const CLSID filter_clsid = {
    0x2f1d1a6b, 0x5c1f, 0x4c38, {0x9d, 0x0e, 0x6b, 0x0a, 0x52, 0xb3, 0x61, 0x7c}}; /* random */

static struct msp_filter *of(IBaseFilter *iface)
{
    return COM_SELF(iface, struct msp_filter, filter);
}

struct msp_filter *msp_filter_of_pin(IPin *iface)
{
    return COM_SELF(iface, struct msp_filter, pin);
}

unsigned msp_filter_block(const struct omsp_audio_format *format)
{
    return format->channels * format->bits / 8u;
}

FILTER_STATE msp_filter_state(struct msp_filter *self)
{
    FILTER_STATE state;

    AcquireSRWLockShared(&self->lock);
    state = self->state;
    ReleaseSRWLockShared(&self->lock);
    return state;
}

void msp_filter_notify(struct msp_filter *self, LONG code, LONG_PTR first, LONG_PTR second)
{
    IMediaEventSink *events = NULL;

    AcquireSRWLockShared(&self->lock);
    if (self->graph)
        IFilterGraph_QueryInterface(self->graph, &IID_IMediaEventSink, (void **)&events);
    ReleaseSRWLockShared(&self->lock);
    if (events) {
        IMediaEventSink_Notify(events, code, first, second);
        IMediaEventSink_Release(events);
    }
}

/* ---- IBaseFilter ----------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE filter_GetClassID(IBaseFilter *iface, CLSID *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = filter_clsid;
    return S_OK;
}

static HRESULT move_to(struct msp_filter *self, FILTER_STATE to, REFERENCE_TIME start)
{
    FILTER_STATE from = msp_filter_state(self);
    HRESULT hr = S_OK;

    if (from == State_Stopped && to != State_Stopped) {
        InterlockedExchange(&self->stopping, 0);
        if (self->kind->activate && self->peer)
            hr = self->kind->activate(self);
        if (FAILED(hr)) {
            InterlockedExchange(&self->stopping, 1);
            return hr;
        }
    }
    AcquireSRWLockExclusive(&self->lock);
    self->state = to;
    self->start = start;
    ReleaseSRWLockExclusive(&self->lock);
    if (to == State_Stopped)
        InterlockedExchange(&self->stopping, 1);
    SetEvent(self->wake);
    if (to == State_Stopped && from != State_Stopped && self->kind->deactivate)
        self->kind->deactivate(self);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_Stop(IBaseFilter *iface)
{
    return move_to(of(iface), State_Stopped, 0);
}

static HRESULT STDMETHODCALLTYPE filter_Pause(IBaseFilter *iface)
{
    return move_to(of(iface), State_Paused, 0);
}

static HRESULT STDMETHODCALLTYPE filter_Run(IBaseFilter *iface, REFERENCE_TIME start)
{
    return move_to(of(iface), State_Running, start);
}

/* Live: a paused source has nothing to show (VFW_S_CANT_CUE), a sink waits for nothing. */
static HRESULT STDMETHODCALLTYPE filter_GetState(IBaseFilter *iface, DWORD timeout,
                                                 FILTER_STATE *out)
{
    (void)timeout;
    if (!out)
        return E_POINTER;
    *out = msp_filter_state(of(iface));
    return *out == State_Paused && of(iface)->kind->direction == PINDIR_OUTPUT ? VFW_S_CANT_CUE
                                                                               : S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_SetSyncSource(IBaseFilter *iface, IReferenceClock *clock)
{
    struct msp_filter *self = of(iface);
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

static HRESULT STDMETHODCALLTYPE filter_GetSyncSource(IBaseFilter *iface, IReferenceClock **out)
{
    struct msp_filter *self = of(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    *out = self->clock;
    if (*out)
        IReferenceClock_AddRef(*out);
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_EnumPins(IBaseFilter *iface, IEnumPins **out)
{
    return msp_filter_enum_pins(of(iface), out);
}

static HRESULT STDMETHODCALLTYPE filter_FindPin(IBaseFilter *iface, LPCWSTR id, IPin **out)
{
    struct msp_filter *self = of(iface);

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!id || wcscmp(id, self->kind->name))
        return VFW_E_NOT_FOUND;
    *out = &self->pin;
    IPin_AddRef(*out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_QueryFilterInfo(IBaseFilter *iface, FILTER_INFO *out)
{
    struct msp_filter *self = of(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    wcscpy(out->achName, self->name);
    out->pGraph = self->graph;
    if (out->pGraph)
        IFilterGraph_AddRef(out->pGraph);
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_JoinFilterGraph(IBaseFilter *iface, IFilterGraph *graph,
                                                        LPCWSTR name)
{
    struct msp_filter *self = of(iface);

    AcquireSRWLockExclusive(&self->lock);
    self->graph = graph;
    wcsncpy(self->name, name ? name : L"", sizeof(self->name) / sizeof(WCHAR) - 1);
    ReleaseSRWLockExclusive(&self->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE filter_QueryVendorInfo(IBaseFilter *iface, LPWSTR *out)
{
    (void)iface, (void)out;
    return E_NOTIMPL;
}

COM_VTABLE(filter_vtable, IBaseFilter, struct msp_filter, filter, NULL,
           COM_UNKNOWN_SLOTS(IBaseFilter), .GetClassID = filter_GetClassID, .Stop = filter_Stop,
           .Pause = filter_Pause, .Run = filter_Run, .GetState = filter_GetState,
           .SetSyncSource = filter_SetSyncSource, .GetSyncSource = filter_GetSyncSource,
           .EnumPins = filter_EnumPins, .FindPin = filter_FindPin,
           .QueryFilterInfo = filter_QueryFilterInfo, .JoinFilterGraph = filter_JoinFilterGraph,
           .QueryVendorInfo = filter_QueryVendorInfo);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_IBaseFilter, filter_vtable),
    COM_ENTRY(IID_IMediaFilter, filter_vtable),
    COM_ENTRY(IID_IPersist, filter_vtable),
};

static void destroy(struct com_object *object)
{
    struct msp_filter *self = (struct msp_filter *)object;

    msp_filter_part(self);
    if (self->clock)
        IReferenceClock_Release(self->clock);
    if (self->wake)
        CloseHandle(self->wake);
    if (self->engine)
        omsp_terminal_release(self->engine);
}

const struct com_class msp_filter_class = {COM_CLASS("OpenMSP.Filter", struct msp_filter, entries),
                                           .flags = COM_FTM, .destroy = destroy};

HRESULT msp_filter_create(const struct msp_filter_kind *kind, struct omsp_terminal *engine,
                          struct msp_filter **out)
{
    struct msp_filter *self;
    HRESULT hr = com_object_create(&msp_filter_class, NULL, (struct com_object **)&self);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    InitializeSRWLock(&self->lock);
    self->kind = kind;
    self->pin.lpVtbl = (IPinVtbl *)kind->pin;
    self->mem.lpVtbl = (IMemInputPinVtbl *)kind->mem;
    self->stopping = 1;
    self->engine = engine;
    omsp_terminal_ref(engine);
    self->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!self->wake) {
        com_object_release(&self->object);
        return E_OUTOFMEMORY;
    }
    *out = self;
    return S_OK;
}

/* ---- the pin --------------------------------------------------------------------------------- */

HRESULT msp_filter_join(struct msp_filter *self, IPin *peer, const struct omsp_audio_format *format)
{
    HRESULT hr = VFW_E_ALREADY_CONNECTED;

    AcquireSRWLockExclusive(&self->lock);
    if (!self->peer) {
        self->peer = peer;
        self->format = *format;
        IPin_AddRef(peer);
        hr = S_OK;
    }
    ReleaseSRWLockExclusive(&self->lock);
    return hr;
}

HRESULT msp_filter_part(struct msp_filter *self)
{
    IPin *peer;
    IMemAllocator *allocator;
    IMemInputPin *transport;

    AcquireSRWLockExclusive(&self->lock);
    peer = self->peer;
    allocator = self->allocator;
    transport = self->transport;
    self->peer = NULL;
    self->allocator = NULL;
    self->transport = NULL;
    ReleaseSRWLockExclusive(&self->lock);
    if (allocator)
        IMemAllocator_Release(allocator);
    if (transport)
        IMemInputPin_Release(transport);
    if (!peer)
        return S_FALSE;
    IPin_Release(peer);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_query(IPin *iface, REFIID iid, void **out)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IPin))
        *out = &self->pin;
    else if (IsEqualIID(iid, &IID_IMemInputPin) && self->kind->mem)
        *out = &self->mem;
    else
        return E_NOINTERFACE;
    com_object_addref(&self->object);
    return S_OK;
}

ULONG STDMETHODCALLTYPE msp_pin_addref(IPin *iface)
{
    return com_object_addref(&msp_filter_of_pin(iface)->object);
}

ULONG STDMETHODCALLTYPE msp_pin_release(IPin *iface)
{
    return com_object_release(&msp_filter_of_pin(iface)->object);
}

HRESULT STDMETHODCALLTYPE msp_pin_connected_to(IPin *iface, IPin **out)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    *out = self->peer;
    if (*out)
        IPin_AddRef(*out);
    ReleaseSRWLockShared(&self->lock);
    return *out ? S_OK : VFW_E_NOT_CONNECTED;
}

HRESULT STDMETHODCALLTYPE msp_pin_media_type(IPin *iface, AM_MEDIA_TYPE *out)
{
    struct msp_filter *self = msp_filter_of_pin(iface);
    struct omsp_audio_format format;
    AM_MEDIA_TYPE *type;
    bool connected;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    memset(out, 0, sizeof(*out));
    AcquireSRWLockShared(&self->lock);
    connected = self->peer != NULL;
    format = self->format;
    ReleaseSRWLockShared(&self->lock);
    if (!connected)
        return VFW_E_NOT_CONNECTED;
    hr = msp_media_type_create(&format, &type);
    if (FAILED(hr))
        return hr;
    *out = *type;
    CoTaskMemFree(type);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_info(IPin *iface, PIN_INFO *out)
{
    struct msp_filter *self = msp_filter_of_pin(iface);

    if (!out)
        return E_POINTER;
    out->pFilter = &self->filter;
    IBaseFilter_AddRef(out->pFilter);
    out->dir = self->kind->direction;
    wcscpy(out->achName, self->kind->name);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_direction(IPin *iface, PIN_DIRECTION *out)
{
    if (!out)
        return E_POINTER;
    *out = msp_filter_of_pin(iface)->kind->direction;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_id(IPin *iface, LPWSTR *out)
{
    const WCHAR *name = msp_filter_of_pin(iface)->kind->name;
    size_t bytes = (wcslen(name) + 1) * sizeof(WCHAR);

    if (!out)
        return E_POINTER;
    *out = CoTaskMemAlloc(bytes);
    if (!*out)
        return E_OUTOFMEMORY;
    memcpy(*out, name, bytes);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_accept(IPin *iface, const AM_MEDIA_TYPE *type)
{
    struct msp_filter *self = msp_filter_of_pin(iface);
    struct omsp_audio_format format, is;
    bool connected;

    if (!type)
        return E_POINTER;
    if (FAILED(msp_media_type_read(type, &format)))
        return S_FALSE;
    AcquireSRWLockShared(&self->lock);
    connected = self->peer != NULL;
    is = self->format;
    ReleaseSRWLockShared(&self->lock);
    if (connected)
        return is.tag == format.tag && is.channels == format.channels && is.rate == format.rate &&
                       is.bits == format.bits
                   ? S_OK
                   : S_FALSE;
    /* Whoever connects sets the one that it connects with. */
    return omsp_samples_set_format(self->engine, &format) ? S_FALSE : S_OK;
}

static HRESULT keep_format(void *to, const void *from)
{
    memcpy(to, from, sizeof(struct omsp_audio_format));
    return S_OK;
}

static HRESULT give_type(void *element, const void *item)
{
    return msp_media_type_create(item, element);
}

HRESULT STDMETHODCALLTYPE msp_pin_types(IPin *iface, IEnumMediaTypes **out)
{
    static const struct com_enum_kind kind = {
        sizeof(struct omsp_audio_format), sizeof(AM_MEDIA_TYPE *), keep_format, NULL, give_type};

    (void)iface;
    return com_enum_create(&IID_IEnumMediaTypes, COM_ENUM_SKIP_RESET, &kind, msp_filter_formats,
                           MSP_FILTER_FORMATS, (void **)out);
}

HRESULT STDMETHODCALLTYPE msp_pin_internal(IPin *iface, IPin **pins, ULONG *count)
{
    (void)iface, (void)pins;
    if (!count)
        return E_POINTER;
    *count = 0;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE msp_pin_segment(IPin *iface, REFERENCE_TIME start, REFERENCE_TIME stop,
                                          double rate)
{
    (void)iface, (void)start, (void)stop, (void)rate;
    return S_OK;
}
