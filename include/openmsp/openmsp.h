/*
 * OpenMSP: what an application or a script may ask of the media service provider beyond TAPI's own
 * interfaces. With a TSP and tapi3.dll nothing of this is needed: ITStreamControl, ITStream and
 * ITTerminalSupport do it all. Without one, this is the way to a call:
 *
 *     IOpenMSPAddress *address;
 *     IOpenMSPCall *call;
 *     CoCreateInstance(&CLSID_OpenMSPAddress, NULL, CLSCTX_INPROC_SERVER, &IID_IOpenMSPAddress,
 *                      (void **)&address);
 *     IOpenMSPAddress_Open(address);
 *     IOpenMSPAddress_CreateCall(address, TAPIMEDIATYPE_AUDIO, &call);
 *     IOpenMSPCall_Listen(call, listen);            // BSTR "127.0.0.1:40000"
 *     ... IOpenMSPCall_QueryInterface(call, &IID_ITStreamControl, ...), select terminals ...
 *     IOpenMSPCall_SetPeer(call, peer, 0);          // or put_RemoteDescription(call, sdp)
 *
 * The script of it: CreateObject("OpenMSP.Address"); the one IDispatch of an address answers to the
 * names of ITTerminalSupport2 and IOpenMSPAddress, that of a call to those of ITStreamControl,
 * IOpenMSPCall and (a call without outer) ITCallInfo.
 *
 * The same address object also has ITMSPAddress, ITTerminalSupport, ITTerminalSupport2 and
 * IConnectionPointContainer (ITTAPIEventNotification, ITTAPIDispatchEventNotification); the call
 * ITStreamControl. All objects are free-threaded. Interfaces are dual; nothing needs registering
 * when openmsp.dll.manifest is used.
 *
 * Every method: E_POINTER for a NULL result pointer; E_OUTOFMEMORY; E_UNEXPECTED when the address
 * is not open, or the call or address was closed. Results are cleared on failure. Strings that come
 * back are the caller's (SysFreeString). Further codes are named with the method; TAPI_E_* are
 * those of tapi3err.h.
 *
 * GUIDs: include <initguid.h> before this header in exactly one source file.
 */
#ifndef OPENMSP_H
#define OPENMSP_H

#include <windows.h>

#include <ole2.h>
#include <oleauto.h>

/* {563553CA-7C07-4E95-A16B-0A24E50DF444}, version 1.0, embedded in openmsp.dll */
DEFINE_GUID(LIBID_OpenMSP, 0x563553ca, 0x7c07, 0x4e95, 0xa1, 0x6b, 0x0a, 0x24, 0xe5, 0x0d, 0xf4,
            0x44);
/* {B077D4F0-A16E-412B-8508-861AC31C803F}, "OpenMSP.Address": what a TSP names in
 * TSPI_lineMSPIdentify, and what an application creates */
DEFINE_GUID(CLSID_OpenMSPAddress, 0xb077d4f0, 0xa16e, 0x412b, 0x85, 0x08, 0x86, 0x1a, 0xc3, 0x1c,
            0x80, 0x3f);
/* {5A2CC889-B91B-4298-B35E-543ECD0BF473} */
DEFINE_GUID(IID_IOpenMSPAddress, 0x5a2cc889, 0xb91b, 0x4298, 0xb3, 0x5e, 0x54, 0x3e, 0xcd, 0x0b,
            0xf4, 0x73);
/* {72DB91CC-E3B2-4A38-9B6C-77630C527AEB} */
DEFINE_GUID(IID_IOpenMSPCall, 0x72db91cc, 0xe3b2, 0x4a38, 0x9b, 0x6c, 0x77, 0x63, 0x0c, 0x52, 0x7a,
            0xeb);
/* {C4702DA4-5D51-4F2B-A24A-6C02C5D5D92F} */
DEFINE_GUID(IID_IOpenMSPStatistics, 0xc4702da4, 0x5d51, 0x4f2b, 0xa2, 0x4a, 0x6c, 0x02, 0xc5, 0xd5,
            0xd9, 0x2f);

/* lEventCode of private events (ME_PRIVATE_EVENT, ITPrivateEvent::EventCode). */
#define OPENMSP_PRIVATE_DIGIT 1 /* the far end began to press a key (RFC 4733) */

#ifndef __cplusplus
typedef struct IOpenMSPAddress IOpenMSPAddress;
typedef struct IOpenMSPCall IOpenMSPCall;
typedef struct IOpenMSPStatistics IOpenMSPStatistics;
#else
struct IOpenMSPAddress;
struct IOpenMSPCall;
struct IOpenMSPStatistics;
#endif

/* The seven methods of IDispatch, for C's vtables; in C++ they are inherited. */
#define OPENMSP_DISPATCH_METHODS                                                                   \
    STDMETHOD(QueryInterface)(THIS_ REFIID iid, void **out) PURE;                                  \
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;                                                          \
    STDMETHOD_(ULONG, Release)(THIS) PURE;                                                         \
    STDMETHOD(GetTypeInfoCount)(THIS_ UINT * count) PURE;                                          \
    STDMETHOD(GetTypeInfo)(THIS_ UINT index, LCID lcid, ITypeInfo * *out) PURE;                    \
    STDMETHOD(GetIDsOfNames)                                                                       \
    (THIS_ REFIID iid, LPOLESTR * names, UINT count, LCID lcid, DISPID * ids) PURE;                \
    STDMETHOD(Invoke)                                                                              \
    (THIS_ DISPID id, REFIID iid, LCID lcid, WORD flags, DISPPARAMS * params, VARIANT * result,    \
     EXCEPINFO * exception, UINT * arg_error) PURE;

/* ---- IOpenMSPStatistics: a snapshot ---------------------------------------------------------- */

#undef INTERFACE
#define INTERFACE IOpenMSPStatistics
/* What the call carried until the moment get_Statistics was called; it does not change afterwards.
 * Counters are doubles, exact to 2^53, because scripts have no wider integer than 32 bits. */
DECLARE_INTERFACE_(IOpenMSPStatistics, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    /* RTP packets that arrived and were taken, and their payload bytes. */
    STDMETHOD(get_PacketsReceived)(THIS_ double *value) PURE;
    STDMETHOD(get_BytesReceived)(THIS_ double *value) PURE;
    STDMETHOD(get_PacketsSent)(THIS_ double *value) PURE;
    STDMETHOD(get_BytesSent)(THIS_ double *value) PURE;
    /* Never came; came too late to be heard; came twice; came in the wrong order. */
    STDMETHOD(get_PacketsLost)(THIS_ double *value) PURE;
    STDMETHOD(get_PacketsLate)(THIS_ double *value) PURE;
    STDMETHOD(get_PacketsDuplicate)(THIS_ double *value) PURE;
    STDMETHOD(get_PacketsReordered)(THIS_ double *value) PURE;
    /* No RTP, a stranger's, or of an unknown payload type. */
    STDMETHOD(get_PacketsRejected)(THIS_ double *value) PURE;
    /* RTCP compound packets. */
    STDMETHOD(get_ReportsReceived)(THIS_ double *value) PURE;
    STDMETHOD(get_ReportsSent)(THIS_ double *value) PURE;
    /* Interarrival jitter (RFC 3550 6.4.1). */
    STDMETHOD(get_JitterMicroseconds)(THIS_ double *value) PURE;
    /* From RTCP; 0: not known yet. */
    STDMETHOD(get_RoundTripMicroseconds)(THIS_ double *value) PURE;
    /* Packets of ours that the peer says it lost. */
    STDMETHOD(get_RemoteLost)(THIS_ double *value) PURE;
    /* Frames of 20 ms given to render terminals, those of them made up for lost ones, and frames
     * taken from capture terminals. */
    STDMETHOD(get_FramesRecorded)(THIS_ double *value) PURE;
    STDMETHOD(get_FramesConcealed)(THIS_ double *value) PURE;
    STDMETHOD(get_FramesPlayed)(THIS_ double *value) PURE;
    /* "PCMU", "PCMA", or "" while there is none; its RTP payload type, 255 while none. */
    STDMETHOD(get_Codec)(THIS_ BSTR * name) PURE;
    STDMETHOD(get_PayloadType)(THIS_ LONG * type) PURE;
    /* Of the packets we send. */
    STDMETHOD(get_PacketTime)(THIS_ LONG * milliseconds) PURE;
};

    /* ---- IOpenMSPCall
     * ---------------------------------------------------------------------------- */

#undef INTERFACE
#define INTERFACE IOpenMSPCall
/* Also on a call that tapi3.dll made (reached through the call's outer object); there the TSP
 * normally does what Listen, SetPeer, RemoteDescription, Connect and Disconnect do. */
DECLARE_INTERFACE_(IOpenMSPCall, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    /* The call's name in logs and over REST: "CA" and 32 hex digits. Also after Close. */
    STDMETHOD(get_Sid)(THIS_ BSTR * sid) PURE;
    /* A CALL_STATE: CS_IDLE 0, CS_CONNECTED 2 or CS_DISCONNECTED 3. Also after Close. */
    STDMETHOD(get_State)(THIS_ LONG * state) PURE;
    /* The TAPIMEDIATYPE_* bits it was made with. Also after Close. */
    STDMETHOD(get_MediaTypes)(THIS_ LONG * mediaTypes) PURE;
    /* Binds RTP to "127.0.0.1:40000", "[::1]:40000"; without port or with port 0 to any even one;
     * RTCP to the next. get_LocalAddress tells the real one. Without Listen the first need binds to
     * 127.0.0.1. E_INVALIDARG: not an address of this machine; HRESULT_FROM_WIN32(WSAEADDRINUSE);
     * E_ACCESSDENIED; TAPI_E_WRONG_STATE: bound already. */
    STDMETHOD(Listen)(THIS_ BSTR address) PURE;
    /* "" while not bound. */
    STDMETHOD(get_LocalAddress)(THIS_ BSTR * address) PURE;
    /* Connects without SDP: sends RTP to address with payload type 0 (PCMU) or 8 (PCMA). Streams
     * with terminals start by themselves. E_INVALIDARG; TAPI_E_RESOURCEUNAVAIL: no such codec;
     * Listen's errors. */
    STDMETHOD(SetPeer)(THIS_ BSTR address, LONG payloadType) PURE;
    /* What is offered and accepted, best first: "PCMU,PCMA" (the default), any case, spaces
     * allowed. TAPI_E_RESOURCEUNAVAIL: a codec we do not have; E_INVALIDARG: empty, or one twice.
     */
    STDMETHOD(get_Codecs)(THIS_ BSTR * names) PURE;
    STDMETHOD(put_Codecs)(THIS_ BSTR names) PURE;
    /* Of the packets we send: 10, 20 (the default) ... 60 ms. E_INVALIDARG. */
    STDMETHOD(get_PacketTime)(THIS_ LONG * milliseconds) PURE;
    STDMETHOD(put_PacketTime)(THIS_ LONG milliseconds) PURE;
    /* No RTP for this long is CME_STREAM_INACTIVE / CMC_MEDIA_TIMEOUT; 0: never. Default 5000.
     * E_INVALIDARG: negative. */
    STDMETHOD(get_MediaTimeout)(THIS_ LONG * milliseconds) PURE;
    STDMETHOD(put_MediaTimeout)(THIS_ LONG milliseconds) PURE;
    /* The peer's SDP: the answer to our offer if get_LocalDescription was read before, else an
     * offer. Connects. Later ones re-negotiate: hold, codec, address. E_INVALIDARG: no SDP;
     * TAPI_E_RESOURCEUNAVAIL: no codec in common; TAPI_E_INVALIDMEDIATYPE: no audio; Listen's
     * errors. On failure nothing changed. */
    STDMETHOD(put_RemoteDescription)(THIS_ BSTR sdp) PURE;
    /* Our SDP: the offer while no remote one is known, the answer afterwards. Listen's errors. */
    STDMETHOD(get_LocalDescription)(THIS_ BSTR * sdp) PURE;
    /* The far end is there / is gone: streams run / stop. SetPeer and RemoteDescription connect by
     * themselves. TAPI_E_WRONG_STATE: no peer yet. */
    STDMETHOD(Connect)(THIS) PURE;
    STDMETHOD(Disconnect)(THIS) PURE;
    /* Also after Close. */
    STDMETHOD(get_Statistics)(THIS_ IOpenMSPStatistics * *statistics) PURE;
    /* The address that made it. (ITCallInfo::Address is the telephony address.) */
    STDMETHOD(get_MSPAddress)(THIS_ IOpenMSPAddress * *address) PURE;
    /* Ends the call as ITMSPAddress::ShutdownMSPCall does: streams stop, sockets close, no event
     * follows. The last Release does it too. Again: S_OK. */
    STDMETHOD(Close)(THIS) PURE;
};

    /* ---- IOpenMSPAddress
     * ------------------------------------------------------------------------- */

#undef INTERFACE
#define INTERFACE IOpenMSPAddress
DECLARE_INTERFACE_(IOpenMSPAddress, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    /* ITMSPAddress::Initialize for those who have no event handle: events come to sinks
     * (IConnectionPointContainer), and ITMSPAddress::GetEvent works too. E_UNEXPECTED: open
     * already, initialised, or closed before. */
    STDMETHOD(Open)(THIS) PURE;
    /* ITMSPAddress::Shutdown: closes all calls. An address opens once in its life. Again: S_OK. */
    STDMETHOD(Close)(THIS) PURE;
    /* A call with its default streams: audio capture, audio render, video capture, video render, as
     * mediaTypes (TAPIMEDIATYPE_AUDIO 8, TAPIMEDIATYPE_VIDEO 0x8000) ask. Its media state is idle.
     * TAPI_E_INVALIDMEDIATYPE. */
    STDMETHOD(CreateCall)(THIS_ LONG mediaTypes, IOpenMSPCall * *call) PURE;
    /* VT_DISPATCH: an ITCollection of the calls that live and are not closed, oldest first. */
    STDMETHOD(get_Calls)(THIS_ VARIANT * collection) PURE;
    /* "0.1.0". In every state. */
    STDMETHOD(get_Version)(THIS_ BSTR * version) PURE;
    /* Of the queue that ITMSPAddress::GetEvent reads: how many wait; how many were not kept because
     * a later one says the same or more (state is never lost); how many private and TSP events were
     * dropped because nobody read them. */
    STDMETHOD(get_EventsWaiting)(THIS_ double *count) PURE;
    STDMETHOD(get_EventsCoalesced)(THIS_ double *count) PURE;
    STDMETHOD(get_EventsDropped)(THIS_ double *count) PURE;
};
#undef INTERFACE

    /* ---- C calls
     * --------------------------------------------------------------------------------- */

#if defined(COBJMACROS) && (!defined(__cplusplus) || defined(CINTERFACE))
#define IOpenMSPStatistics_QueryInterface(p, a, b)      (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPStatistics_AddRef(p)                    (p)->lpVtbl->AddRef(p)
#define IOpenMSPStatistics_Release(p)                   (p)->lpVtbl->Release(p)
#define IOpenMSPStatistics_get_PacketsReceived(p, a)    (p)->lpVtbl->get_PacketsReceived(p, a)
#define IOpenMSPStatistics_get_BytesReceived(p, a)      (p)->lpVtbl->get_BytesReceived(p, a)
#define IOpenMSPStatistics_get_PacketsSent(p, a)        (p)->lpVtbl->get_PacketsSent(p, a)
#define IOpenMSPStatistics_get_BytesSent(p, a)          (p)->lpVtbl->get_BytesSent(p, a)
#define IOpenMSPStatistics_get_PacketsLost(p, a)        (p)->lpVtbl->get_PacketsLost(p, a)
#define IOpenMSPStatistics_get_PacketsLate(p, a)        (p)->lpVtbl->get_PacketsLate(p, a)
#define IOpenMSPStatistics_get_PacketsDuplicate(p, a)   (p)->lpVtbl->get_PacketsDuplicate(p, a)
#define IOpenMSPStatistics_get_PacketsReordered(p, a)   (p)->lpVtbl->get_PacketsReordered(p, a)
#define IOpenMSPStatistics_get_PacketsRejected(p, a)    (p)->lpVtbl->get_PacketsRejected(p, a)
#define IOpenMSPStatistics_get_ReportsReceived(p, a)    (p)->lpVtbl->get_ReportsReceived(p, a)
#define IOpenMSPStatistics_get_ReportsSent(p, a)        (p)->lpVtbl->get_ReportsSent(p, a)
#define IOpenMSPStatistics_get_JitterMicroseconds(p, a) (p)->lpVtbl->get_JitterMicroseconds(p, a)
#define IOpenMSPStatistics_get_RoundTripMicroseconds(p, a)                                         \
    (p)->lpVtbl->get_RoundTripMicroseconds(p, a)
#define IOpenMSPStatistics_get_RemoteLost(p, a)      (p)->lpVtbl->get_RemoteLost(p, a)
#define IOpenMSPStatistics_get_FramesRecorded(p, a)  (p)->lpVtbl->get_FramesRecorded(p, a)
#define IOpenMSPStatistics_get_FramesConcealed(p, a) (p)->lpVtbl->get_FramesConcealed(p, a)
#define IOpenMSPStatistics_get_FramesPlayed(p, a)    (p)->lpVtbl->get_FramesPlayed(p, a)
#define IOpenMSPStatistics_get_Codec(p, a)           (p)->lpVtbl->get_Codec(p, a)
#define IOpenMSPStatistics_get_PayloadType(p, a)     (p)->lpVtbl->get_PayloadType(p, a)
#define IOpenMSPStatistics_get_PacketTime(p, a)      (p)->lpVtbl->get_PacketTime(p, a)

#define IOpenMSPCall_QueryInterface(p, a, b)     (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPCall_AddRef(p)                   (p)->lpVtbl->AddRef(p)
#define IOpenMSPCall_Release(p)                  (p)->lpVtbl->Release(p)
#define IOpenMSPCall_get_Sid(p, a)               (p)->lpVtbl->get_Sid(p, a)
#define IOpenMSPCall_get_State(p, a)             (p)->lpVtbl->get_State(p, a)
#define IOpenMSPCall_get_MediaTypes(p, a)        (p)->lpVtbl->get_MediaTypes(p, a)
#define IOpenMSPCall_Listen(p, a)                (p)->lpVtbl->Listen(p, a)
#define IOpenMSPCall_get_LocalAddress(p, a)      (p)->lpVtbl->get_LocalAddress(p, a)
#define IOpenMSPCall_SetPeer(p, a, b)            (p)->lpVtbl->SetPeer(p, a, b)
#define IOpenMSPCall_get_Codecs(p, a)            (p)->lpVtbl->get_Codecs(p, a)
#define IOpenMSPCall_put_Codecs(p, a)            (p)->lpVtbl->put_Codecs(p, a)
#define IOpenMSPCall_get_PacketTime(p, a)        (p)->lpVtbl->get_PacketTime(p, a)
#define IOpenMSPCall_put_PacketTime(p, a)        (p)->lpVtbl->put_PacketTime(p, a)
#define IOpenMSPCall_get_MediaTimeout(p, a)      (p)->lpVtbl->get_MediaTimeout(p, a)
#define IOpenMSPCall_put_MediaTimeout(p, a)      (p)->lpVtbl->put_MediaTimeout(p, a)
#define IOpenMSPCall_put_RemoteDescription(p, a) (p)->lpVtbl->put_RemoteDescription(p, a)
#define IOpenMSPCall_get_LocalDescription(p, a)  (p)->lpVtbl->get_LocalDescription(p, a)
#define IOpenMSPCall_Connect(p)                  (p)->lpVtbl->Connect(p)
#define IOpenMSPCall_Disconnect(p)               (p)->lpVtbl->Disconnect(p)
#define IOpenMSPCall_get_Statistics(p, a)        (p)->lpVtbl->get_Statistics(p, a)
#define IOpenMSPCall_get_MSPAddress(p, a)        (p)->lpVtbl->get_MSPAddress(p, a)
#define IOpenMSPCall_Close(p)                    (p)->lpVtbl->Close(p)

#define IOpenMSPAddress_QueryInterface(p, a, b)   (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPAddress_AddRef(p)                 (p)->lpVtbl->AddRef(p)
#define IOpenMSPAddress_Release(p)                (p)->lpVtbl->Release(p)
#define IOpenMSPAddress_Open(p)                   (p)->lpVtbl->Open(p)
#define IOpenMSPAddress_Close(p)                  (p)->lpVtbl->Close(p)
#define IOpenMSPAddress_CreateCall(p, a, b)       (p)->lpVtbl->CreateCall(p, a, b)
#define IOpenMSPAddress_get_Calls(p, a)           (p)->lpVtbl->get_Calls(p, a)
#define IOpenMSPAddress_get_Version(p, a)         (p)->lpVtbl->get_Version(p, a)
#define IOpenMSPAddress_get_EventsWaiting(p, a)   (p)->lpVtbl->get_EventsWaiting(p, a)
#define IOpenMSPAddress_get_EventsCoalesced(p, a) (p)->lpVtbl->get_EventsCoalesced(p, a)
#define IOpenMSPAddress_get_EventsDropped(p, a)   (p)->lpVtbl->get_EventsDropped(p, a)
#endif

#endif
