/*
 * Terminals of another maker, as one would write them against TAPI's and DirectShow's public
 * headers: a capture terminal whose filter plays a tone, a render terminal whose filter measures
 * what it hears (third_filter.h). Both are COM classes of this process (CoRegisterClassObject),
 * named in the registry by registry_kit.h. Knobs make them fail; counters tell what was done to
 * them, and what must not be done to a terminal (third_pin.h). Any thread.
 */
#ifndef OMSP_TESTS_MSP_THIRD_PARTY_H
#define OMSP_TESTS_MSP_THIRD_PARTY_H

#include "msp/registry_kit.h"
#include "msp/third_filter.h"
#include "support/stacks.h"

#define THIRD_SUPERCLASS L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C01}"
#define THIRD_TONE       L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C02}" /* public classes */
#define THIRD_METER      L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C03}"
#define THIRD_TONE_COM   L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C04}" /* COM classes */
#define THIRD_METER_COM  L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C05}"
#define THIRD_NOT_HERE   L"{6C0F2F0E-3C0B-4B7A-9C35-6F6E1D1B2C06}"

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
    struct third_filter *filter;
    volatile LONG inside; /* calls of who hosts it */
    SRWLOCK lock;         /* leaf: what follows */
    TERMINAL_STATE state;
    IGraphBuilder *graph; /* while connected; not counted */
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
    struct third_terminal *self = THIRD_SELF(iface, terminal);

    AcquireSRWLockShared(&self->lock);
    *out = self->state;
    ReleaseSRWLockShared(&self->lock);
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
    struct third_terminal *self = THIRD_SELF(iface, terminal);

    third_pass(THIRD_DIRECTION);
    *out = self->tone ? self->filter->knobs->tone_direction : TD_RENDER;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_get_AddressHandle(ITTerminalControl *iface, MSP_HANDLE *out)
{
    struct third_terminal *self = THIRD_SELF(iface, control);
    MSP_HANDLE foreign = self->filter->knobs->foreign_token;

    third_pass(THIRD_HANDLE);
    *out = foreign ? foreign : self->token;
    return S_OK;
}

/* Who hosts it calls it from one thread at a time. */
static inline void third_enter(struct third_terminal *self)
{
    if (InterlockedIncrement(&self->inside) > 1)
        third_wrong("two calls at a time");
}

static inline HRESULT third_leave(struct third_terminal *self, HRESULT hr)
{
    InterlockedDecrement(&self->inside);
    return hr;
}

/* NULL: it is not connected. */
static inline IGraphBuilder *third_graph(struct third_terminal *self)
{
    IGraphBuilder *graph;

    AcquireSRWLockShared(&self->lock);
    graph = self->state == TS_INUSE ? self->graph : NULL;
    ReleaseSRWLockShared(&self->lock);
    return graph;
}

static inline void third_set_graph(struct third_terminal *self, IGraphBuilder *graph)
{
    AcquireSRWLockExclusive(&self->lock);
    self->graph = graph;
    self->state = graph ? TS_INUSE : TS_NOTINUSE;
    ReleaseSRWLockExclusive(&self->lock);
}

static inline HRESULT third_connect(struct third_terminal *self, IGraphBuilder *graph, DWORD *count,
                                    IPin **pins)
{
    const struct third_knobs *knobs = self->filter->knobs;
    DWORD given = knobs->pins ? knobs->pins : 1;
    HRESULT hr;

    if (third_graph(self)) {
        third_wrong("connected twice");
        return TAPI_E_TERMINALINUSE;
    }
    third.connect_thread = GetCurrentThreadId();
    third_pass(THIRD_CONNECT);
    hr = knobs->connect;
    if (FAILED(hr))
        return hr;
    if (*count < given) {
        *count = given;
        return TAPI_E_NOTENOUGHMEMORY;
    }
    hr = IGraphBuilder_AddFilter(graph, &self->filter->filter, L"third party");
    if (FAILED(hr))
        return hr;
    *count = knobs->claims ? knobs->claims : given;
    for (DWORD i = 0; i < given; i++) {
        pins[i] = &self->filter->pin;
        third_filter_addref(self->filter);
    }
    self->filter->hosted = 1;
    third_set_graph(self, graph);
    InterlockedIncrement(&third.connected);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_ConnectTerminal(ITTerminalControl *iface,
                                                       IGraphBuilder *graph, DWORD direction,
                                                       DWORD *count, IPin **pins)
{
    struct third_terminal *self = THIRD_SELF(iface, control);

    if (pins)
        InterlockedIncrement(&third.graphs);
    if (direction != (DWORD)(self->tone ? TD_CAPTURE : TD_RENDER))
        return TAPI_E_INVALIDDIRECTION;
    if (!pins) {
        *count = 1;
        return S_OK;
    }
    third_enter(self);
    return third_leave(self, third_connect(self, graph, count, pins));
}

static HRESULT STDMETHODCALLTYPE third_CompleteConnectTerminal(ITTerminalControl *iface)
{
    if (!third_graph(THIRD_SELF(iface, control)))
        third_wrong("completed, and not connected");
    InterlockedIncrement(&third.completed);
    return S_OK;
}

static inline HRESULT third_disconnect(struct third_terminal *self, IGraphBuilder *graph)
{
    IGraphBuilder *in = third_graph(self);

    if (!in) {
        third_wrong("disconnected, and not connected");
        return S_OK;
    }
    if (graph != in) {
        third_wrong("disconnected from another graph");
        return E_INVALIDARG;
    }
    third.disconnect_thread = GetCurrentThreadId();
    third_pass(THIRD_DISCONNECT);
    if (third_state(self->filter) != State_Stopped)
        third_wrong("disconnected while it runs");
    if (self->filter->inside)
        third_wrong("disconnected under a sample");
    self->filter->hosted = 0;
    IGraphBuilder_RemoveFilter(graph, &self->filter->filter);
    third_set_graph(self, NULL);
    InterlockedIncrement(&third.disconnected);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE third_DisconnectTerminal(ITTerminalControl *iface,
                                                          IGraphBuilder *graph, DWORD reserved)
{
    struct third_terminal *self = THIRD_SELF(iface, control);

    (void)reserved;
    third_enter(self);
    return third_leave(self, third_disconnect(self, graph));
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

/* The sink that it has, counted, or NULL. */
static inline ITPluggableTerminalEventSink *third_sink(struct third_terminal *self)
{
    ITPluggableTerminalEventSink *sink;

    AcquireSRWLockShared(&self->lock);
    sink = self->sink;
    if (sink)
        IUnknown_AddRef((IUnknown *)sink);
    ReleaseSRWLockShared(&self->lock);
    return sink;
}

static inline void third_set_sink(struct third_terminal *self, ITPluggableTerminalEventSink *sink)
{
    ITPluggableTerminalEventSink *before;

    if (sink)
        IUnknown_AddRef((IUnknown *)sink);
    AcquireSRWLockExclusive(&self->lock);
    before = self->sink;
    self->sink = sink;
    ReleaseSRWLockExclusive(&self->lock);
    if (!before == !sink)
        third_wrong(sink ? "a second sink" : "no sink taken away");
    if (before)
        IUnknown_Release((IUnknown *)before);
}

static HRESULT STDMETHODCALLTYPE third_RegisterSink(ITPluggableTerminalEventSinkRegistration *iface,
                                                    ITPluggableTerminalEventSink *sink)
{
    struct third_terminal *self = THIRD_SELF(iface, registration);

    third.sink_thread = GetCurrentThreadId();
    third_enter(self);
    third_pass(THIRD_SINK);
    third_set_sink(self, sink);
    return third_leave(self, S_OK);
}

static HRESULT STDMETHODCALLTYPE
third_UnregisterSink(ITPluggableTerminalEventSinkRegistration *iface)
{
    struct third_terminal *self = THIRD_SELF(iface, registration);

    third_enter(self);
    third_set_sink(self, NULL);
    return third_leave(self, S_OK);
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
    InitializeSRWLock(&self->lock);
    self->filter = third_filter_create(tone);
    InterlockedIncrement(&third.alive);
    return self;
}

/* Its own knobs from here on, which are as everybody's are now. Before anybody hosts it. */
static inline struct third_knobs *third_own(struct third_terminal *self)
{
    self->filter->own = third.knobs;
    self->filter->knobs = &self->filter->own;
    return &self->filter->own;
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
    if (third.alive) /* who still holds it? */
        omsp_stacks_print(stdout);
    ck_assert_int_eq(third.alive, 0);
    ck_assert_int_eq(third.wrong, 0);
    for (unsigned i = 0; i < 2; i++)
        CoRevokeClassObject(third_cookies[i]);
    registry_forget(THIRD_SUPERCLASS);
}

#endif
