/*
 * ITCallInfo of a call that has no outer, as far as a media call knows its own facts: state, media,
 * id, and the call's SID as CIS_COMMENT. All else, which belongs to a telephony call, answers
 * E_NOTIMPL. Any thread; works after Close too, for event objects outlive calls.
 */
#include "msp/call.h"

static struct msp_call *self_of(ITCallInfo *iface)
{
    return COM_SELF(iface, struct msp_call, info);
}

static HRESULT STDMETHODCALLTYPE info_get_Address(ITCallInfo *iface, ITAddress **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_get_CallState(ITCallInfo *iface, CALL_STATE *out)
{
    LONG state;

    if (!out)
        return E_POINTER;
    IOpenMSPCall_get_State(&self_of(iface)->open, &state);
    *out = (CALL_STATE)state;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE info_get_Privilege(ITCallInfo *iface, CALL_PRIVILEGE *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = CP_OWNER;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE info_get_CallHub(ITCallInfo *iface, ITCallHub **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_get_CallInfoLong(ITCallInfo *iface, CALLINFO_LONG which,
                                                       __LONG32 *out)
{
    struct omsp_call *engine = self_of(iface)->engine;

    if (!out)
        return E_POINTER;
    *out = 0;
    switch (which) {
    case CIL_MEDIATYPESAVAILABLE:
        *out = (__LONG32)omsp_call_media(engine);
        return S_OK;
    case CIL_CALLID:
        *out = (__LONG32)omsp_call_id(engine);
        return S_OK;
    default:
        return (unsigned)which <= CIL_MONITORMEDIAMODES ? E_NOTIMPL : E_INVALIDARG;
    }
}

static HRESULT STDMETHODCALLTYPE info_put_CallInfoLong(ITCallInfo *iface, CALLINFO_LONG which,
                                                       __LONG32 value)
{
    (void)iface;
    (void)value;
    return (unsigned)which <= CIL_MONITORMEDIAMODES ? E_NOTIMPL : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE info_get_CallInfoString(ITCallInfo *iface, CALLINFO_STRING which,
                                                         BSTR *out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (which == CIS_COMMENT) {
        *out = msp_bstr(omsp_call_sid(self_of(iface)->engine));
        return *out ? S_OK : E_OUTOFMEMORY;
    }
    return (unsigned)which <= CIS_CALLINGPARTYID ? E_NOTIMPL : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE info_put_CallInfoString(ITCallInfo *iface, CALLINFO_STRING which,
                                                         BSTR value)
{
    (void)iface;
    (void)value;
    return (unsigned)which <= CIS_CALLINGPARTYID ? E_NOTIMPL : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE info_get_CallInfoBuffer(ITCallInfo *iface, CALLINFO_BUFFER which,
                                                         VARIANT *out)
{
    (void)iface;
    (void)which;
    if (!out)
        return E_POINTER;
    VariantInit(out);
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_put_CallInfoBuffer(ITCallInfo *iface, CALLINFO_BUFFER which,
                                                         VARIANT value)
{
    (void)iface;
    (void)which;
    (void)value;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_GetCallInfoBuffer(ITCallInfo *iface, CALLINFO_BUFFER which,
                                                        DWORD *size, BYTE **out)
{
    (void)iface;
    (void)which;
    if (!size || !out)
        return E_POINTER;
    *size = 0;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_SetCallInfoBuffer(ITCallInfo *iface, CALLINFO_BUFFER which,
                                                        DWORD size, BYTE *data)
{
    (void)iface;
    (void)which;
    (void)size;
    (void)data;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_ReleaseUserUserInfo(ITCallInfo *iface)
{
    (void)iface;
    return E_NOTIMPL;
}

MSP_VTABLE(msp_call_info_vtable, ITCallInfo, struct msp_call, info, &msp_dispatch_ITCallInfo,
           COM_DISPATCH_SLOTS(ITCallInfo), .get_Address = info_get_Address,
           .get_CallState = info_get_CallState, .get_Privilege = info_get_Privilege,
           .get_CallHub = info_get_CallHub, .get_CallInfoLong = info_get_CallInfoLong,
           .put_CallInfoLong = info_put_CallInfoLong, .get_CallInfoString = info_get_CallInfoString,
           .put_CallInfoString = info_put_CallInfoString,
           .get_CallInfoBuffer = info_get_CallInfoBuffer,
           .put_CallInfoBuffer = info_put_CallInfoBuffer,
           .GetCallInfoBuffer = info_GetCallInfoBuffer, .SetCallInfoBuffer = info_SetCallInfoBuffer,
           .ReleaseUserUserInfo = info_ReleaseUserUserInfo);
