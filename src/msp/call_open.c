/*
 * IOpenMSPCall: what openmsp.h says, in the engine's words. Translates strings and numbers and
 * nothing else. Any thread.
 */
#include "msp/call.h"

#include "base/alloc.h"
#include "msp/hosted.h"

static struct msp_call *self_of(IOpenMSPCall *iface)
{
    return COM_SELF(iface, struct msp_call, open);
}

static HRESULT out_text(const char *text, BSTR *out)
{
    *out = msp_bstr(text);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT check(struct msp_call *self)
{
    return msp_call_is_shut(self) ? E_UNEXPECTED : S_OK;
}

static HRESULT STDMETHODCALLTYPE open_get_Sid(IOpenMSPCall *iface, BSTR *out)
{
    if (!out)
        return E_POINTER;
    return out_text(omsp_call_sid(self_of(iface)->engine), out);
}

static HRESULT STDMETHODCALLTYPE open_get_State(IOpenMSPCall *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    switch (omsp_call_get_state(self_of(iface)->engine)) {
    case OMSP_CALL_CONNECTED:
        *out = CS_CONNECTED;
        break;
    case OMSP_CALL_DISCONNECTED:
        *out = CS_DISCONNECTED;
        break;
    default:
        *out = CS_IDLE;
        break;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE open_get_MediaTypes(IOpenMSPCall *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)omsp_call_media(self_of(iface)->engine);
    return S_OK;
}

static HRESULT parse_address(BSTR text, struct omsp_addr *out)
{
    HRESULT hr;
    char *utf8 = msp_utf8(text, &hr);

    if (!utf8)
        return hr;
    hr = msp_hresult(omsp_addr_parse(utf8, out));
    omsp_free(utf8);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_Listen(IOpenMSPCall *iface, BSTR text)
{
    struct msp_call *self = self_of(iface);
    struct omsp_addr addr;
    HRESULT hr = check(self);

    if (SUCCEEDED(hr))
        hr = parse_address(text, &addr);
    if (SUCCEEDED(hr))
        hr = msp_hresult(omsp_call_bind(self->engine, &addr));
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_LocalAddress(IOpenMSPCall *iface, BSTR *out)
{
    struct omsp_addr addr = {0};
    char text[80];
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = check(self_of(iface));
    if (FAILED(hr))
        return hr;
    omsp_call_local_addr(self_of(iface)->engine, &addr);
    text[0] = 0;
    if (addr.family)
        omsp_addr_text(&addr, text, sizeof(text));
    return out_text(text, out);
}

static HRESULT STDMETHODCALLTYPE open_SetPeer(IOpenMSPCall *iface, BSTR text, LONG type)
{
    struct msp_call *self = self_of(iface);
    struct msp_hosted_door door;
    struct omsp_addr addr;
    HRESULT hr = check(self);

    if (SUCCEEDED(hr))
        hr = parse_address(text, &addr);
    if (SUCCEEDED(hr) && !addr.port)
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr) && (type < 0 || type > 127))
        hr = E_INVALIDARG;
    if (FAILED(hr))
        return hr;
    msp_hosted_enter(&door, self, NULL, OMSP_IN_READY);
    hr = msp_hresult(omsp_call_set_peer(self->engine, &addr, (uint8_t)type));
    msp_hosted_leave(&door, hr);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_get_Codecs(IOpenMSPCall *iface, BSTR *out)
{
    struct msp_call *self = self_of(iface);
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = check(self);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockShared(&self->lock);
    *out = msp_codecs_text(self->codecs, self->codec_count);
    ReleaseSRWLockShared(&self->lock);
    return *out ? S_OK : E_OUTOFMEMORY;
}

enum omsp_status msp_call_set_codecs(struct msp_call *self, const uint8_t *types, unsigned count)
{
    enum omsp_status status = omsp_call_set_codecs(self->engine, types, count);

    if (status == OMSP_OK && count <= MSP_CALL_MAX_CODECS) {
        AcquireSRWLockExclusive(&self->lock);
        memcpy(self->codecs, types, count);
        self->codec_count = count;
        ReleaseSRWLockExclusive(&self->lock);
    }
    return status;
}

static HRESULT STDMETHODCALLTYPE open_put_Codecs(IOpenMSPCall *iface, BSTR names)
{
    struct msp_call *self = self_of(iface);
    uint8_t types[MSP_CALL_MAX_CODECS];
    unsigned count;
    HRESULT hr = check(self);

    if (SUCCEEDED(hr) && !msp_is_whole(names))
        hr = E_INVALIDARG;
    if (SUCCEEDED(hr))
        hr = msp_codecs_parse(names, types, &count);
    return SUCCEEDED(hr) ? msp_hresult(msp_call_set_codecs(self, types, count)) : hr;
}

static HRESULT get_remembered(struct msp_call *self, const LONG *value, LONG *out)
{
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = 0;
    hr = check(self);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockShared(&self->lock);
    *out = *value;
    ReleaseSRWLockShared(&self->lock);
    return S_OK;
}

static void remember(struct msp_call *self, LONG *where, LONG value)
{
    AcquireSRWLockExclusive(&self->lock);
    *where = value;
    ReleaseSRWLockExclusive(&self->lock);
}

enum omsp_status msp_call_set_ptime(struct msp_call *self, LONG milliseconds)
{
    enum omsp_status status = OMSP_INVALID;

    if (milliseconds >= 0)
        status = omsp_call_set_ptime(self->engine, (unsigned)milliseconds);
    if (status == OMSP_OK)
        remember(self, &self->ptime_ms, milliseconds);
    return status;
}

enum omsp_status msp_call_set_media_timeout(struct msp_call *self, LONG milliseconds)
{
    enum omsp_status status = OMSP_INVALID;

    if (milliseconds >= 0)
        status = omsp_call_set_media_timeout(self->engine, (unsigned)milliseconds);
    if (status == OMSP_OK)
        remember(self, &self->timeout_ms, milliseconds);
    return status;
}

static HRESULT STDMETHODCALLTYPE open_get_PacketTime(IOpenMSPCall *iface, LONG *out)
{
    return get_remembered(self_of(iface), &self_of(iface)->ptime_ms, out);
}

static HRESULT STDMETHODCALLTYPE open_put_PacketTime(IOpenMSPCall *iface, LONG milliseconds)
{
    HRESULT hr = check(self_of(iface));

    return SUCCEEDED(hr) ? msp_hresult(msp_call_set_ptime(self_of(iface), milliseconds)) : hr;
}

static HRESULT STDMETHODCALLTYPE open_get_MediaTimeout(IOpenMSPCall *iface, LONG *out)
{
    return get_remembered(self_of(iface), &self_of(iface)->timeout_ms, out);
}

static HRESULT STDMETHODCALLTYPE open_put_MediaTimeout(IOpenMSPCall *iface, LONG milliseconds)
{
    HRESULT hr = check(self_of(iface));

    return SUCCEEDED(hr) ? msp_hresult(msp_call_set_media_timeout(self_of(iface), milliseconds))
                         : hr;
}

static HRESULT STDMETHODCALLTYPE open_put_RemoteDescription(IOpenMSPCall *iface, BSTR sdp)
{
    struct msp_call *self = self_of(iface);
    struct msp_hosted_door door;
    HRESULT hr = check(self);
    char *utf8;

    if (FAILED(hr))
        return hr;
    utf8 = msp_utf8(sdp, &hr);
    if (!utf8)
        return hr;
    msp_hosted_enter(&door, self, NULL, OMSP_IN_READY);
    hr = msp_hresult(omsp_call_set_remote_sdp(self->engine, utf8, strlen(utf8)));
    msp_hosted_leave(&door, hr);
    omsp_free(utf8);
    return hr;
}

enum omsp_status msp_call_local_sdp(struct msp_call *self, char **out)
{
    enum omsp_status status;
    size_t room = 1024, need = 0;

    *out = NULL;
    do {
        omsp_free(*out);
        *out = omsp_alloc(room);
        if (!*out)
            return OMSP_NOMEM;
        status = omsp_call_local_sdp(self->engine, *out, room, &need);
        room = need;
    } while (status == OMSP_MORE);
    if (status != OMSP_OK) {
        omsp_free(*out);
        *out = NULL;
    }
    return status;
}

static HRESULT STDMETHODCALLTYPE open_get_LocalDescription(IOpenMSPCall *iface, BSTR *out)
{
    struct msp_call *self = self_of(iface);
    char *sdp;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = check(self);
    if (FAILED(hr))
        return hr;
    hr = msp_hresult(msp_call_local_sdp(self, &sdp));
    if (FAILED(hr))
        return hr;
    hr = out_text(sdp, out);
    omsp_free(sdp);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_Connect(IOpenMSPCall *iface)
{
    struct msp_call *self = self_of(iface);
    struct msp_hosted_door door;
    HRESULT hr = check(self);

    if (FAILED(hr))
        return hr;
    msp_hosted_enter(&door, self, NULL, OMSP_IN_READY);
    hr = msp_hresult(omsp_call_connect(self->engine));
    msp_hosted_leave(&door, hr);
    return hr;
}

static HRESULT STDMETHODCALLTYPE open_Disconnect(IOpenMSPCall *iface)
{
    HRESULT hr = check(self_of(iface));

    return SUCCEEDED(hr)
               ? msp_hresult(omsp_call_disconnect(self_of(iface)->engine, OMSP_CAUSE_LOCAL_REQUEST))
               : hr;
}

static HRESULT STDMETHODCALLTYPE open_get_Statistics(IOpenMSPCall *iface, IOpenMSPStatistics **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    return msp_statistics_create(self_of(iface)->engine, out);
}

static HRESULT STDMETHODCALLTYPE open_get_MSPAddress(IOpenMSPCall *iface, IOpenMSPAddress **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    return msp_address_query(self_of(iface)->address, &IID_IOpenMSPAddress, (void **)out);
}

static HRESULT STDMETHODCALLTYPE open_Close(IOpenMSPCall *iface)
{
    msp_call_shut(self_of(iface));
    return S_OK;
}

MSP_VTABLE(msp_call_open_vtable, IOpenMSPCall, struct msp_call, open, &msp_dispatch_IOpenMSPCall,
           COM_DISPATCH_SLOTS(IOpenMSPCall), .get_Sid = open_get_Sid, .get_State = open_get_State,
           .get_MediaTypes = open_get_MediaTypes, .Listen = open_Listen,
           .get_LocalAddress = open_get_LocalAddress, .SetPeer = open_SetPeer,
           .get_Codecs = open_get_Codecs, .put_Codecs = open_put_Codecs,
           .get_PacketTime = open_get_PacketTime, .put_PacketTime = open_put_PacketTime,
           .get_MediaTimeout = open_get_MediaTimeout, .put_MediaTimeout = open_put_MediaTimeout,
           .put_RemoteDescription = open_put_RemoteDescription,
           .get_LocalDescription = open_get_LocalDescription, .Connect = open_Connect,
           .Disconnect = open_Disconnect, .get_Statistics = open_get_Statistics,
           .get_MSPAddress = open_get_MSPAddress, .Close = open_Close,
           .CreateMediaStream = msp_call_create_media_stream,
           .FindMediaStream = msp_call_find_media_stream,
           .get_MediaStreams = msp_call_media_streams, .ExecuteTwiML = msp_call_execute_twiml,
           .get_MaxReconnects = msp_call_get_reconnects,
           .put_MaxReconnects = msp_call_put_reconnects,
           .SetMediaFormat = msp_call_set_media_format, .get_Srtp = msp_call_get_srtp,
           .put_Srtp = msp_call_put_srtp, .get_SrtpSuite = msp_call_get_srtp_suite);
