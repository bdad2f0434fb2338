/*
 * IPin of the media streaming terminal, because a multimedia stream's filter takes every media
 * stream for one of its pins. It never connects: the terminal's other end is the call. Any thread.
 */
#include "msp/mst.h"

#include <wchar.h>

static struct mst_terminal *of(IPin *iface)
{
    return COM_SELF(iface, struct mst_terminal, pin);
}

/* As the pins of other media streams are called: direction and purpose. */
static void name_of(struct mst_terminal *self, WCHAR out[40])
{
    out[0] = mst_queue_writes(self->queue) ? L'O' : L'I';
    StringFromGUID2(&MSPID_PrimaryAudio, out + 1, 39);
}

static PIN_DIRECTION direction_of(struct mst_terminal *self)
{
    return mst_queue_writes(self->queue) ? PINDIR_OUTPUT : PINDIR_INPUT;
}

static HRESULT STDMETHODCALLTYPE pin_Connect(IPin *iface, IPin *peer, const AM_MEDIA_TYPE *type)
{
    (void)iface, (void)type;
    return peer ? VFW_E_NO_ACCEPTABLE_TYPES : E_POINTER;
}

static HRESULT STDMETHODCALLTYPE pin_Disconnect(IPin *iface)
{
    (void)iface;
    return S_FALSE; /* it was not connected */
}

static HRESULT STDMETHODCALLTYPE pin_ConnectedTo(IPin *iface, IPin **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return VFW_E_NOT_CONNECTED;
}

static HRESULT STDMETHODCALLTYPE pin_ConnectionMediaType(IPin *iface, AM_MEDIA_TYPE *out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    memset(out, 0, sizeof(*out));
    return VFW_E_NOT_CONNECTED;
}

static HRESULT STDMETHODCALLTYPE pin_QueryPinInfo(IPin *iface, PIN_INFO *out)
{
    struct mst_terminal *self = of(iface);

    if (!out)
        return E_POINTER;
    memset(out, 0, sizeof(*out));
    out->dir = direction_of(self);
    name_of(self, out->achName);
    AcquireSRWLockShared(&self->queue->lock);
    out->pFilter = (IBaseFilter *)self->filter;
    if (out->pFilter)
        IBaseFilter_AddRef(out->pFilter);
    ReleaseSRWLockShared(&self->queue->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_QueryDirection(IPin *iface, PIN_DIRECTION *out)
{
    if (!out)
        return E_POINTER;
    *out = direction_of(of(iface));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_QueryId(IPin *iface, WCHAR **out)
{
    if (!out)
        return E_POINTER;
    *out = CoTaskMemAlloc(40 * sizeof(WCHAR));
    if (!*out)
        return E_OUTOFMEMORY;
    name_of(of(iface), *out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_QueryAccept(IPin *iface, const AM_MEDIA_TYPE *type)
{
    (void)iface;
    return type ? S_FALSE : E_POINTER;
}

static HRESULT STDMETHODCALLTYPE pin_EnumMediaTypes(IPin *iface, IEnumMediaTypes **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE pin_QueryInternalConnections(IPin *iface, IPin **pins,
                                                              ULONG *count)
{
    (void)iface, (void)pins;
    if (!count)
        return E_POINTER;
    *count = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_nothing(IPin *iface)
{
    (void)iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE pin_NewSegment(IPin *iface, REFERENCE_TIME start,
                                                REFERENCE_TIME stop, double rate)
{
    (void)iface, (void)start, (void)stop, (void)rate;
    return S_OK;
}

MSP_VTABLE(mst_pin_vtable, IPin, struct mst_terminal, pin, NULL, COM_UNKNOWN_SLOTS(IPin),
           .Connect = pin_Connect, .ReceiveConnection = pin_Connect, .Disconnect = pin_Disconnect,
           .ConnectedTo = pin_ConnectedTo, .ConnectionMediaType = pin_ConnectionMediaType,
           .QueryPinInfo = pin_QueryPinInfo, .QueryDirection = pin_QueryDirection,
           .QueryId = pin_QueryId, .QueryAccept = pin_QueryAccept,
           .EnumMediaTypes = pin_EnumMediaTypes,
           .QueryInternalConnections = pin_QueryInternalConnections, .EndOfStream = pin_nothing,
           .BeginFlush = pin_nothing, .EndFlush = pin_nothing, .NewSegment = pin_NewSegment);
