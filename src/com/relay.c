/* Requests under way to relays (relay.h). The lock is a leaf. */
#include "com/relay.h"

#include "base/list.h"

#define DISPID_RELAY 2 /* ours: the number of a waiting request */

struct waiting {
    struct omsp_link link;
    LONG number;
    void *request;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct omsp_link all = {&all, &all};
static ULONG last;

bool com_in_sta(void)
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;

    return SUCCEEDED(CoGetApartmentType(&type, &qualifier)) && type != APTTYPE_MTA;
}

/* Lock held. None that waits: after 2^32 they come again. */
static LONG next_number(void)
{
    bool taken;

    do {
        last++;
        taken = false;
        omsp_list_each(link, &all)
        {
            taken |= omsp_container(link, struct waiting, link)->number == (LONG)last;
        }
    } while (taken);
    return (LONG)last;
}

HRESULT com_relay_send(IDispatch *door, void *request)
{
    struct waiting waiting = {.request = request};
    EXCEPINFO exception = {0};
    DISPPARAMS params = {0};
    VARIANT number;
    HRESULT hr;

    AcquireSRWLockExclusive(&lock);
    waiting.number = next_number();
    omsp_list_insert(&all, &waiting.link);
    ReleaseSRWLockExclusive(&lock);
    VariantInit(&number);
    number.vt = VT_I4;
    number.lVal = waiting.number;
    params.rgvarg = &number;
    params.cArgs = 1;
    hr = IDispatch_Invoke(door, DISPID_RELAY, &IID_NULL, LOCALE_USER_DEFAULT, DISPATCH_METHOD,
                          &params, NULL, &exception, NULL);
    SysFreeString(exception.bstrSource);
    SysFreeString(exception.bstrDescription);
    SysFreeString(exception.bstrHelpFile);
    AcquireSRWLockExclusive(&lock);
    omsp_list_remove(&waiting.link);
    ReleaseSRWLockExclusive(&lock);
    return hr;
}

HRESULT com_relay_arrived(DISPID id, WORD flags, const DISPPARAMS *params, void **request)
{
    *request = NULL;
    if (id != DISPID_RELAY || !(flags & DISPATCH_METHOD))
        return DISP_E_MEMBERNOTFOUND;
    if (!params || params->cArgs != 1)
        return DISP_E_BADPARAMCOUNT;
    if (params->rgvarg[0].vt != VT_I4)
        return DISP_E_TYPEMISMATCH;
    AcquireSRWLockShared(&lock);
    omsp_list_each(link, &all)
    {
        struct waiting *waiting = omsp_container(link, struct waiting, link);

        if (waiting->number == params->rgvarg[0].lVal)
            *request = waiting->request;
    }
    ReleaseSRWLockShared(&lock);
    return *request ? S_OK : E_UNEXPECTED;
}

HRESULT STDMETHODCALLTYPE com_relay_type_count(IDispatch *iface, UINT *count)
{
    (void)iface;
    if (!count)
        return E_POINTER;
    *count = 0;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE com_relay_type(IDispatch *iface, UINT index, LCID lcid, ITypeInfo **out)
{
    (void)iface, (void)index, (void)lcid;
    if (out)
        *out = NULL;
    return E_NOTIMPL;
}

HRESULT STDMETHODCALLTYPE com_relay_names(IDispatch *iface, REFIID iid, LPOLESTR *names, UINT count,
                                          LCID lcid, DISPID *ids)
{
    (void)iface, (void)iid, (void)names, (void)lcid;
    for (UINT i = 0; ids && i < count; i++)
        ids[i] = DISPID_UNKNOWN;
    return DISP_E_UNKNOWNNAME;
}
