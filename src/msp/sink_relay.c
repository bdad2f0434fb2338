/*
 * What is kept of a sink, and how Event is called on it. An ITTAPIEventNotification that may be
 * called from any apartment is kept as it is. One that lives in a single-threaded apartment would
 * need a proxy for that interface, which only a system with tapi3.dll has registered; so a relay is
 * put in front of it, in the sink's own apartment, that is called by IDispatch, for which every
 * system has a proxy. Sinks of scripts are called by IDispatch anyway. The relay runs on the sink's
 * thread and holds nothing but the sink.
 */
#include "msp/sinks.h"

#include "com/agile.h"
#include "com/object.h"

#define DISPID_EVENT 1 /* of ITTAPIDispatchEventNotification (mspi.md 12) */

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

    (void)iid, (void)lcid, (void)result, (void)exception, (void)arg_error;
    if (id != DISPID_EVENT || !(flags & DISPATCH_METHOD))
        return DISP_E_MEMBERNOTFOUND;
    if (!params || params->cArgs != 2)
        return DISP_E_BADPARAMCOUNT;
    if (params->rgvarg[1].vt != VT_I4 || params->rgvarg[0].vt != VT_DISPATCH)
        return DISP_E_TYPEMISMATCH;
    return msp_sink_call(self->iid, self->sink, (TAPI_EVENT)params->rgvarg[1].lVal,
                         params->rgvarg[0].pdispVal);
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
     * is kept is the pointer that it answers for this one. */
    *kept_iid = custom ? &IID_ITTAPIEventNotification : &IID_IDispatch;
    hr = IUnknown_QueryInterface(given, iid, (void **)kept);
    if (FAILED(hr))
        return custom ? hr : IUnknown_QueryInterface(given, &IID_IDispatch, (void **)kept);
    if (!in_single_threaded_apartment() || com_is_agile(*kept, *kept_iid))
        return S_OK;
    iid = *kept_iid;
    *kept_iid = &IID_IDispatch;
    return relay_create(iid, *kept, kept);
}

HRESULT msp_sink_call(const IID *kept_iid, void *kept, TAPI_EVENT kind, IDispatch *event)
{
    VARIANT args[2]; /* last argument first */
    DISPPARAMS params = {args, NULL, 2, 0};
    EXCEPINFO exception = {0};
    HRESULT hr;

    if (IsEqualIID(kept_iid, &IID_ITTAPIEventNotification))
        return ITTAPIEventNotification_Event((ITTAPIEventNotification *)kept, kind, event);
    VariantInit(&args[0]);
    VariantInit(&args[1]);
    args[1].vt = VT_I4;
    args[1].lVal = (LONG)kind;
    args[0].vt = VT_DISPATCH;
    args[0].pdispVal = event;
    hr = IDispatch_Invoke((IDispatch *)kept, DISPID_EVENT, &IID_NULL, LOCALE_USER_DEFAULT,
                          DISPATCH_METHOD, &params, NULL, &exception, NULL);
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    return hr;
}
