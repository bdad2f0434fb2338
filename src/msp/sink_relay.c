/*
 * What is kept of a sink, and how Event is called on it. One that may be called from the delivery's
 * thread is kept as it is. One that lives in a single-threaded apartment gets a relay in front of
 * it, in that apartment, which is called by IDispatch, because
 *  - a proxy for ITTAPIEventNotification is registered only where tapi3.dll is;
 *  - an event object that travels as an argument may be marshalled although it is agile (Wine does
 * so), and for its interfaces too only tapi3.dll has proxies. So what travels is a number; the
 * event waits for the relay in a table of this process. The relay runs on the sink's thread and
 * holds nothing but the sink. The table's lock is a leaf.
 */
#include "msp/sinks.h"

#include "com/agile.h"
#include "com/object.h"

#include "base/list.h"

#define DISPID_EVENT 1 /* of ITTAPIDispatchEventNotification (mspi.md 12) */
#define DISPID_RELAY 2 /* ours: the number of a waiting event */

/* IID_IDispatch's value at an address of its own, by which a relay is told from a sink of scripts.
 */
static const IID relay_iid = {
    0x00020400, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}};

/* ---- events on their way -------------------------------------------------------------------- */

/* On the stack of the delivery, which waits for the call's end. */
struct waiting {
    struct omsp_link link;
    LONG number;
    TAPI_EVENT kind;
    IDispatch *event;
};

static SRWLOCK waiting_lock = SRWLOCK_INIT;
static struct omsp_link waiting_list = {&waiting_list, &waiting_list};
static LONG last_number;

static void waiting_begin(struct waiting *waiting)
{
    AcquireSRWLockExclusive(&waiting_lock);
    waiting->number = ++last_number;
    omsp_list_insert(&waiting_list, &waiting->link);
    ReleaseSRWLockExclusive(&waiting_lock);
}

static void waiting_end(struct waiting *waiting)
{
    AcquireSRWLockExclusive(&waiting_lock);
    omsp_list_remove(&waiting->link);
    ReleaseSRWLockExclusive(&waiting_lock);
}

/* The event with a reference, or NULL when its delivery gave up. */
static IDispatch *waiting_get(LONG number, TAPI_EVENT *kind)
{
    IDispatch *event = NULL;

    AcquireSRWLockShared(&waiting_lock);
    omsp_list_each(link, &waiting_list)
    {
        struct waiting *waiting = omsp_container(link, struct waiting, link);

        if (waiting->number == number) {
            event = waiting->event;
            *kind = waiting->kind;
            IDispatch_AddRef(event); /* our own object: it only counts */
        }
    }
    ReleaseSRWLockShared(&waiting_lock);
    return event;
}

/* ---- the relay ------------------------------------------------------------------------------ */

struct sink_relay {
    struct com_object object;
    IDispatch dispatch;
    const IID *iid; /* of sink */
    IUnknown *sink;
};

static HRESULT STDMETHODCALLTYPE relay_type_count(IDispatch *iface, UINT *count)
{
    (void)iface;
    if (!count)
        return E_POINTER;
    *count = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE relay_type(IDispatch *iface, UINT index, LCID lcid,
                                            ITypeInfo **out)
{
    (void)iface, (void)index, (void)lcid;
    if (out)
        *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE relay_names(IDispatch *iface, REFIID iid, LPOLESTR *names,
                                             UINT count, LCID lcid, DISPID *ids)
{
    (void)iface, (void)iid, (void)names, (void)lcid;
    for (UINT i = 0; ids && i < count; i++)
        ids[i] = DISPID_UNKNOWN;
    return DISP_E_UNKNOWNNAME;
}

static HRESULT STDMETHODCALLTYPE relay_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                              WORD flags, DISPPARAMS *params, VARIANT *result,
                                              EXCEPINFO *exception, UINT *arg_error)
{
    struct sink_relay *self = COM_SELF(iface, struct sink_relay, dispatch);

    TAPI_EVENT kind;
    IDispatch *event;
    HRESULT hr;

    (void)iid, (void)lcid, (void)result, (void)exception, (void)arg_error;
    if (id != DISPID_RELAY || !(flags & DISPATCH_METHOD))
        return DISP_E_MEMBERNOTFOUND;
    if (!params || params->cArgs != 1)
        return DISP_E_BADPARAMCOUNT;
    if (params->rgvarg[0].vt != VT_I4)
        return DISP_E_TYPEMISMATCH;
    event = waiting_get(params->rgvarg[0].lVal, &kind);
    if (!event)
        return E_UNEXPECTED;
    hr = msp_sink_call(self->iid, self->sink, kind, event);
    IDispatch_Release(event);
    return hr;
}

COM_VTABLE(relay_vtable, IDispatch, struct sink_relay, dispatch, NULL, COM_UNKNOWN_SLOTS(IDispatch),
           .GetTypeInfoCount = relay_type_count, .GetTypeInfo = relay_type,
           .GetIDsOfNames = relay_names, .Invoke = relay_invoke);

static const struct com_entry relay_entries[] = {COM_ENTRY(IID_IDispatch, relay_vtable)};

static void relay_destroy(struct com_object *object)
{
    struct sink_relay *self = (struct sink_relay *)object;

    if (self->sink)
        IUnknown_Release(self->sink);
}

/* Not free-threaded: it belongs to the sink's apartment. */
static const struct com_class relay_class = {
    COM_CLASS("sink relay", struct sink_relay, relay_entries), .destroy = relay_destroy};

/* Takes the reference on sink over, whatever the answer. */
static HRESULT relay_create(const IID *iid, IUnknown *sink, IUnknown **out)
{
    struct sink_relay *self;
    HRESULT hr = com_object_create(&relay_class, NULL, (struct com_object **)&self);

    if (FAILED(hr)) {
        IUnknown_Release(sink);
        return hr;
    }
    self->iid = iid;
    self->sink = sink;
    *out = (IUnknown *)&self->dispatch;
    return S_OK;
}

static bool in_single_threaded_apartment(void)
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;

    return SUCCEEDED(CoGetApartmentType(&type, &qualifier)) && type != APTTYPE_MTA;
}

HRESULT msp_sink_adopt(struct com_object *owner, const IID *iid, IUnknown *given,
                       const IID **kept_iid, IUnknown **kept)
{
    bool custom = IsEqualIID(iid, &IID_ITTAPIEventNotification);
    HRESULT hr;

    (void)owner;
    /* A dispinterface is called by IDispatch::Invoke, but an object may have several of them: what
     * is kept is the pointer that it answers for this one, else its IDispatch. */
    *kept_iid = custom ? &IID_ITTAPIEventNotification : &IID_IDispatch;
    hr = IUnknown_QueryInterface(given, iid, (void **)kept);
    if (FAILED(hr) && !custom)
        hr = IUnknown_QueryInterface(given, &IID_IDispatch, (void **)kept);
    if (FAILED(hr))
        return hr;
    if (!in_single_threaded_apartment() || com_is_agile(*kept, *kept_iid))
        return S_OK;
    iid = *kept_iid;
    *kept_iid = &relay_iid;
    return relay_create(iid, *kept, kept);
}

static HRESULT invoke(IDispatch *target, DISPID id, VARIANT *args, UINT count)
{
    DISPPARAMS params = {args, NULL, count, 0};
    EXCEPINFO exception = {0};
    HRESULT hr = IDispatch_Invoke(target, id, &IID_NULL, LOCALE_USER_DEFAULT, DISPATCH_METHOD,
                                  &params, NULL, &exception, NULL);

    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    return hr;
}

HRESULT msp_sink_call(const IID *kept_iid, void *kept, TAPI_EVENT kind, IDispatch *event)
{
    VARIANT args[2]; /* last argument first */
    HRESULT hr;

    VariantInit(&args[0]);
    VariantInit(&args[1]);
    if (kept_iid == &relay_iid) {
        struct waiting waiting = {.kind = kind, .event = event};

        waiting_begin(&waiting);
        args[0].vt = VT_I4;
        args[0].lVal = waiting.number;
        hr = invoke(kept, DISPID_RELAY, args, 1);
        waiting_end(&waiting);
        return hr;
    }
    if (IsEqualIID(kept_iid, &IID_ITTAPIEventNotification))
        return ITTAPIEventNotification_Event((ITTAPIEventNotification *)kept, kind, event);
    args[1].vt = VT_I4;
    args[1].lVal = (LONG)kind;
    args[0].vt = VT_DISPATCH;
    args[0].pdispVal = event;
    return invoke(kept, DISPID_EVENT, args, 2);
}
