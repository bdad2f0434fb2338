/*
 * What is kept of a sink, and how Event is called on it. One that may be called from the delivery's
 * thread is kept as it is. One that lives in a single-threaded apartment gets a relay in front of
 * it, in that apartment, which is called by IDispatch, because
 *  - a proxy for ITTAPIEventNotification is registered only where tapi3.dll is;
 *  - an event object that travels as an argument may be marshalled although it is agile (Wine does
 * so), and for its interfaces too only tapi3.dll has proxies. So what travels is a number
 * (com/relay.h). The relay runs on the sink's thread and holds nothing but the sink.
 */
#include "msp/sinks.h"

#include "com/agile.h"
#include "com/object.h"
#include "com/relay.h"

#define DISPID_EVENT 1 /* of ITTAPIDispatchEventNotification (mspi.md 12) */

/* IID_IDispatch's value at an address of its own, by which a relay is told from a sink of scripts.
 */
static const IID relay_iid = {
    0x00020400, 0x0000, 0x0000, {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}};

/* ---- the relay ------------------------------------------------------------------------------ */

struct sink_relay {
    struct com_object object;
    IDispatch dispatch;
    const IID *iid; /* of sink */
    IUnknown *sink;
};

/* On the stack of the delivery, which waits for the call's end. */
struct request {
    TAPI_EVENT kind;
    IDispatch *event;
};

static HRESULT STDMETHODCALLTYPE relay_invoke(IDispatch *iface, DISPID id, REFIID iid, LCID lcid,
                                              WORD flags, DISPPARAMS *params, VARIANT *result,
                                              EXCEPINFO *exception, UINT *arg_error)
{
    struct sink_relay *self = COM_SELF(iface, struct sink_relay, dispatch);
    struct request *request;
    HRESULT hr = com_relay_arrived(id, flags, params, (void **)&request);

    (void)iid, (void)lcid, (void)result, (void)exception, (void)arg_error;
    return FAILED(hr) ? hr : msp_sink_call(self->iid, self->sink, request->kind, request->event);
}

COM_VTABLE(relay_vtable, IDispatch, struct sink_relay, dispatch, NULL, COM_UNKNOWN_SLOTS(IDispatch),
           .GetTypeInfoCount = com_relay_type_count, .GetTypeInfo = com_relay_type,
           .GetIDsOfNames = com_relay_names, .Invoke = relay_invoke);

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
    if (!com_in_sta() || com_is_agile(*kept, *kept_iid))
        return S_OK;
    iid = *kept_iid;
    *kept_iid = &relay_iid;
    return relay_create(iid, *kept, kept);
}

static HRESULT invoke(IDispatch *target, TAPI_EVENT kind, IDispatch *event)
{
    VARIANT args[2]; /* last argument first */
    DISPPARAMS params = {args, NULL, 2, 0};
    EXCEPINFO exception = {0};
    HRESULT hr;

    VariantInit(&args[0]);
    VariantInit(&args[1]);
    args[1].vt = VT_I4;
    args[1].lVal = (LONG)kind;
    args[0].vt = VT_DISPATCH;
    args[0].pdispVal = event;
    hr = IDispatch_Invoke(target, DISPID_EVENT, &IID_NULL, LOCALE_USER_DEFAULT, DISPATCH_METHOD,
                          &params, NULL, &exception, NULL);
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    return hr;
}

HRESULT msp_sink_call(const IID *kept_iid, void *kept, TAPI_EVENT kind, IDispatch *event)
{
    if (kept_iid == &relay_iid) {
        struct request request = {kind, event};

        return com_relay_send(kept, &request);
    }
    if (IsEqualIID(kept_iid, &IID_ITTAPIEventNotification))
        return ITTAPIEventNotification_Event((ITTAPIEventNotification *)kept, kind, event);
    return invoke(kept, kind, event);
}
