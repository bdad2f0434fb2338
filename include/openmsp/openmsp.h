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

/* {5E9F5A16-59BC-4082-B086-8D00FF04CFE1} */
DEFINE_GUID(IID_IOpenMSPMediaStream, 0x5e9f5a16, 0x59bc, 0x4082, 0xb0, 0x86, 0x8d, 0x00, 0xff, 0x04,
            0xcf, 0xe1);
/* {6FC4E38E-C8BC-48B6-B219-239DEC990702} */
DEFINE_GUID(IID_IOpenMSPWebSocketTerminal, 0x6fc4e38e, 0xc8bc, 0x48b6, 0xb2, 0x19, 0x23, 0x9d, 0xec,
            0x99, 0x07, 0x02);
/* {017C9E82-9045-492A-8565-3012E9FFA1FD}: a dynamic terminal class, for
 * ITTerminalSupport::CreateTerminal */
DEFINE_GUID(CLSID_OpenMSPWebSocketTerminal, 0x017c9e82, 0x9045, 0x492a, 0x85, 0x65, 0x30, 0x12,
            0xe9, 0xff, 0xa1, 0xfd);
/* {BC2B8F77-5595-4B8C-868E-9162FE97A480}: another, audio, TD_BIDIRECTIONAL: two calls of one
 * address that hear each other. An ITMultiTrackTerminal with four tracks in this order: a render
 * and a capture track for the streams of the one call, and the same for the other. What a render
 * track hears, the other pair's capture track says. The calls may come and go. */
DEFINE_GUID(CLSID_OpenMSPBridgeTerminal, 0xbc2b8f77, 0x5595, 0x4b8c, 0x86, 0x8e, 0x91, 0x62, 0xfe,
            0x97, 0xa4, 0x80);

/* {6AD6DE40-B95A-4E03-86E7-15D425ACECEC} */
DEFINE_GUID(IID_IOpenMSPSamples, 0x6ad6de40, 0xb95a, 0x4e03, 0x86, 0xe7, 0x15, 0xd4, 0x25, 0xac,
            0xec, 0xec);
/* {955A535C-45C3-4F6A-8C85-19976F83346B}: C and C++ only */
DEFINE_GUID(IID_IOpenMSPSampleBytes, 0x955a535c, 0x45c3, 0x4f6a, 0x8c, 0x85, 0x19, 0x97, 0x6f, 0x83,
            0x34, 0x6b);

/* lEventCode of private events (ME_PRIVATE_EVENT, ITPrivateEvent::EventCode). */
#define OPENMSP_PRIVATE_DIGIT 1 /* the far end began to press a key (RFC 4733) */

#ifndef __cplusplus
typedef struct IOpenMSPAddress IOpenMSPAddress;
typedef struct IOpenMSPCall IOpenMSPCall;
typedef struct IOpenMSPStatistics IOpenMSPStatistics;
typedef struct IOpenMSPMediaStream IOpenMSPMediaStream;
typedef struct IOpenMSPWebSocketTerminal IOpenMSPWebSocketTerminal;
typedef struct IOpenMSPSamples IOpenMSPSamples;
typedef struct IOpenMSPSampleBytes IOpenMSPSampleBytes;
#else
struct IOpenMSPAddress;
struct IOpenMSPCall;
struct IOpenMSPStatistics;
struct IOpenMSPMediaStream;
struct IOpenMSPWebSocketTerminal;
struct IOpenMSPSamples;
struct IOpenMSPSampleBytes;
#endif

/* IOpenMSPAddress::StartRest's options, or-ed. */
#define OPENMSP_REST_EXTENSIONS  1 /* beyond Twilio: pause, resume, GET, the other payloads */
#define OPENMSP_REST_ANY_ADDRESS 2 /* listen elsewhere than on loopback */
#define OPENMSP_REST_CREATED     4 /* create answers 201 instead of 200 */
#define OPENMSP_REST_STRICT_URL  8 /* a query in Url is refused; else it is cut off */

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
    /* No RTP, a stranger's, of an unknown payload type; and those of the last two counters. */
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
    /* Of those rejected: SRTP and SRTCP that is not of who has the key; whose number came before.
     */
    STDMETHOD(get_PacketsForged)(THIS_ double *value) PURE;
    STDMETHOD(get_PacketsReplayed)(THIS_ double *value) PURE;
};

#undef INTERFACE
#define INTERFACE IOpenMSPMediaStream
/* One object with ITStream, whose PauseStream and StartStream pause and resume; after StopStream,
 * StartStream begins anew with another SID (TAPI_E_INUSE, TAPI_E_MAXSTREAMS: as CreateMediaStream,
 * when others have its name or its tracks by now). No terminals are selected on it. Its events:
 * CME_NEW_STREAM when it is made, CME_STREAM_ACTIVE when the consumer accepted, CME_STREAM_INACTIVE
 * when it was stopped (CMC_LOCAL_REQUEST; CMC_REMOTE_REQUEST over REST or by the consumer),
 * CME_STREAM_FAIL when it broke; get_LastError tells why.
 *
 * Everything here answers in every state, also after the call's Close: the last word then.
 * Counters are doubles as in IOpenMSPStatistics. */
DECLARE_INTERFACE_(IOpenMSPMediaStream, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    /* "MZ" and 32 hex digits. */
    STDMETHOD(get_Sid)(THIS_ BSTR * sid) PURE;
    /* "" when it was given none. (ITStream::Name is another member of the same object.) */
    STDMETHOD(get_StreamName)(THIS_ BSTR * name) PURE;
    STDMETHOD(get_Url)(THIS_ BSTR * url) PURE;
    /* "inbound", "outbound" or "both". */
    STDMETHOD(get_Tracks)(THIS_ BSTR * tracks) PURE;
    /* "connecting" (again, too), "in-progress", "paused", "stopped". */
    STDMETHOD(get_State)(THIS_ BSTR * state) PURE;
    /* The error numbers of Twilio's media streams, 31901..31951; 0: nothing happened. */
    STDMETHOD(get_LastError)(THIS_ LONG * number) PURE;
    /* Media messages of 20 ms, sent and dropped (the consumer was too slow); bytes on the
     * connection. */
    STDMETHOD(get_FramesSent)(THIS_ double *value) PURE;
    STDMETHOD(get_FramesDropped)(THIS_ double *value) PURE;
    STDMETHOD(get_BytesSent)(THIS_ double *value) PURE;
    /* Audio that waits for the consumer now. */
    STDMETHOD(get_QueueMilliseconds)(THIS_ LONG * value) PURE;
    /* Of the last ping; 0: not known yet. */
    STDMETHOD(get_RoundTripMicroseconds)(THIS_ double *value) PURE;
    /* Text and binary messages that the consumer sent. */
    STDMETHOD(get_MessagesReceived)(THIS_ double *value) PURE;
    /* E_UNEXPECTED: the call was closed and belongs to tapi3.dll's. */
    STDMETHOD(get_Call)(THIS_ IOpenMSPCall * *call) PURE;
    /* Those of MessagesReceived that nobody takes: all on a stream that goes one way. */
    STDMETHOD(get_MessagesBad)(THIS_ double *value) PURE;
    /* VARIANT_TRUE: what the consumer sends is played into the call. */
    STDMETHOD(get_Bidirectional)(THIS_ VARIANT_BOOL * value) PURE;
    /* Connections after the first (IOpenMSPCall::MaxReconnects). */
    STDMETHOD(get_Reconnects)(THIS_ double *value) PURE;
    /* What payloads are made of, as mediaFormat says it: "audio/x-mulaw", "audio/x-l16",
     * "audio/opus"; samples a second. */
    STDMETHOD(get_Encoding)(THIS_ BSTR * name) PURE;
    STDMETHOD(get_SampleRate)(THIS_ LONG * rate) PURE;
};

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
     * E_ACCESSDENIED; TAPI_E_WRONG_STATE: bound already; TAPI_E_RESOURCEUNAVAIL,
     * TAPI_E_OPERATIONFAILED: the system gives no socket. */
    STDMETHOD(Listen)(THIS_ BSTR address) PURE;
    /* "" while not bound. */
    STDMETHOD(get_LocalAddress)(THIS_ BSTR * address) PURE;
    /* Connects without SDP: sends RTP to address ("0.0.0.0:9": to whoever sends first) with
     * payload type 0 (PCMU) or 8 (PCMA). Streams with terminals start by themselves. E_INVALIDARG:
     * no address with a port, or IPv6 for a call that is bound to IPv4, or the other way round;
     * TAPI_E_RESOURCEUNAVAIL: no such codec; TAPI_E_INVALIDMEDIATYPE: Srtp is "required"; Listen's
     * errors. */
    STDMETHOD(SetPeer)(THIS_ BSTR address, LONG payloadType) PURE;
    /* What is offered and accepted, best first: "PCMU,PCMA" (the default), any case, spaces
     * allowed. TAPI_E_RESOURCEUNAVAIL: a codec we do not have; E_INVALIDARG: empty, or one twice.
     * Here as in every text: E_INVALIDARG, too, when there is a NUL inside. */
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
     * offer. Connects. Later ones re-negotiate: hold, codec, address. E_INVALIDARG: no SDP,
     * or IPv6 for the audio of a call that is bound to IPv4, or the other way round;
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
    /* The address that made it. (ITCallInfo::Address is the telephony address.) E_UNEXPECTED: it
     * was closed and belongs to tapi3.dll's. */
    STDMETHOD(get_MSPAddress)(THIS_ IOpenMSPAddress * *address) PURE;
    /* Ends the call as ITMSPAddress::ShutdownMSPCall does: streams stop, sockets close, and
     * the events of that are the last. The last Release does it too. Again: S_OK. */
    STDMETHOD(Close)(THIS) PURE;

    /* Sends the call's audio to the consumer at url (wss://; ws:// to loopback, or where
     * ConfigureMediaStreams allowed it). Returns at once, before there is a connection.
     * name: to find and stop it by, unique among the call's running ones; NULL or "": none.
     * track: "inbound_track" (also NULL and ""), "outbound_track", "both_tracks".
     * parameters: VT_EMPTY, or an array of strings "NAME=VALUE" (VT_BSTR or VT_VARIANT elements;
     * one string alone is taken too), at most 99. callback: an http(s) URL, NULL or "": none.
     * callbackMethod: "POST" (also NULL and "") or "GET".
     * E_INVALIDARG: one of these; TAPI_E_INUSE: the name is taken, by one that is not stopped;
     * TAPI_E_MAXSTREAMS: more than four tracks in the call; TAPI_E_INVALCALLSTATE: the call is not
     * connected; TAPI_E_NOTSUPPORTED: no TCP here, or parameters holds objects. */
    STDMETHOD(CreateMediaStream)
    (THIS_ BSTR url, BSTR name, BSTR track, VARIANT parameters, BSTR callback, BSTR callbackMethod,
     IOpenMSPMediaStream * *stream) PURE;
    /* By SID, else by name: the newest that has it, running or not. TAPI_E_NOITEMS. */
    STDMETHOD(FindMediaStream)(THIS_ BSTR sidOrName, IOpenMSPMediaStream * *stream) PURE;
    /* VT_DISPATCH: an ITCollection of all, running or not, oldest first. ITStreamControl lists
     * those that run, behind the call's own streams. */
    STDMETHOD(get_MediaStreams)(THIS_ VARIANT * collection) PURE;
    /* Carries a TwiML document out: <Start><Stream>, <Stop><Stream>, and as the last verb
     * <Connect><Stream> (bidirectional; the method does not wait for its end). The whole document
     * is looked at first. E_INVALIDARG: no TwiML, or a stream without what it needs;
     * TAPI_E_NOTSUPPORTED: other verbs, verbs behind <Connect>, or a name to stop that is
     * bidirectional - in both cases nothing was done. Else the verbs are carried out in order until
     * one fails: TAPI_E_NOITEMS (nothing of that name runs), CreateMediaStream's errors,
     * TAPI_E_INUSE also for a second <Connect>; what was done before stays. */
    STDMETHOD(ExecuteTwiML)(THIS_ BSTR document) PURE;
    /* Beyond Twilio: how often in a row the connection of a media stream of this call is dialled
     * again when it broke; SID and media clock go on, and no event tells. Holds for streams made
     * from now on, by whichever door. 0 (the default): never. E_INVALIDARG: not 0 to 100. */
    STDMETHOD(get_MaxReconnects)(THIS_ LONG * count) PURE;
    STDMETHOD(put_MaxReconnects)(THIS_ LONG count) PURE;
    /* Beyond Twilio: what payloads of this call's media streams are made of, both ways: an encoding
     * as IOpenMSPMediaStream::Encoding, NULL or "": "audio/x-mulaw"; 8000, 16000 or 24000 samples a
     * second, 0: 8000; "audio/x-mulaw" has 8000 alone (the default). Holds for streams made from
     * now on, by whichever door, that do not say for themselves. E_INVALIDARG: there is no such
     * format. */
    STDMETHOD(SetMediaFormat)(THIS_ BSTR name, LONG rate) PURE;
    /* Is the call's audio kept secret by SRTP, with keys in the descriptions (RFC 3711, RFC 4568)?
     * "allowed" (the default): if the peer offers RTP/SAVP; LocalDescription offers RTP/AVP.
     * "required": offers RTP/SAVP, and RemoteDescription and SetPeer answer
     * TAPI_E_INVALIDMEDIATYPE to what is plain. "off": RTP/SAVP is answered so. Any case; for
     * descriptions from now on. E_INVALIDARG. */
    STDMETHOD(get_Srtp)(THIS_ BSTR * word) PURE;
    STDMETHOD(put_Srtp)(THIS_ BSTR word) PURE;
    /* What protects the packets now, as SDP calls it: "AES_CM_128_HMAC_SHA1_80"; "": nothing. */
    STDMETHOD(get_SrtpSuite)(THIS_ BSTR * name) PURE;
};

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

    /* For all media streams and the REST server of this process, once, for as long as an address is
     * open. accountSid: "AC" and 32 hex digits. authToken: signs upgrades and status
     * callbacks and is the account's password over REST; NULL or "": neither. caFile: PEM of a
     * private CA that is trusted for consumers and callbacks instead of the system's store; NULL or
     * "": none. allowPlain: ws:// and http:// to others than loopback. Without this: an account of
     * zeros, no signature, no plain connections.
     * E_INVALIDARG; TAPI_E_WRONG_STATE: called before, or a media stream was made before. */
    STDMETHOD(ConfigureMediaStreams)
    (THIS_ BSTR accountSid, BSTR authToken, BSTR caFile, VARIANT_BOOL allowPlain) PURE;
    /* Serves the Stream resource over HTTP, for all calls of this process, until StopRest or until
     * no address is open. listen: "127.0.0.1:8080"; port 0 picks one. apiKeys:
     * "SK...:secret,SK...:secret", NULL or "": none. options: OPENMSP_REST_*. url:
     * "http://127.0.0.1:8080". TAPI_E_WRONG_STATE: it runs already, or ConfigureMediaStreams was
     * not called; E_INVALIDARG: an address, key or option that cannot be, or neither token nor
     * key; E_ACCESSDENIED: not loopback without OPENMSP_REST_ANY_ADDRESS, or refused by the system;
     * HRESULT_FROM_WIN32(WSAEADDRINUSE); TAPI_E_NOTSUPPORTED: this build has no server. */
    STDMETHOD(StartRest)(THIS_ BSTR listen, BSTR apiKeys, LONG options, BSTR * url) PURE;
    /* S_FALSE: it did not run. Requests under way are answered first. */
    STDMETHOD(StopRest)(THIS) PURE;
    /* Of this process, while an address is open: threads that move media, among which calls are
     * shared by load as they come. 1 to 16: so many from now on. 0, as in the beginning: one, and
     * more by need, up to one for two processors. Calls stay where they began. E_INVALIDARG,
     * E_OUTOFMEMORY, TAPI_E_RESOURCEUNAVAIL. */
    STDMETHOD(get_MediaWorkers)(THIS_ LONG * count) PURE;
    STDMETHOD(put_MediaWorkers)(THIS_ LONG count) PURE;
    /* Of this process, while an address is open, for servers that StartRest starts from then on, 0
     * to 65536: connections whose request is not there yet (0, as in the beginning: 1024; one more
     * lets the oldest of them go), and connections from one IP address, of which more are refused
     * (0, as in the beginning: no limit). E_INVALIDARG. */
    STDMETHOD(get_RestMaxWaiting)(THIS_ LONG * connections) PURE;
    STDMETHOD(put_RestMaxWaiting)(THIS_ LONG connections) PURE;
    STDMETHOD(get_RestMaxPerAddress)(THIS_ LONG * connections) PURE;
    STDMETHOD(put_RestMaxPerAddress)(THIS_ LONG connections) PURE;
};

#undef INTERFACE
#define INTERFACE IOpenMSPWebSocketTerminal
/* A dynamic terminal (CLSID_OpenMSPWebSocketTerminal, audio, TD_BIDIRECTIONAL) that sends a call's
 * audio to a WebSocket consumer: on the render stream what the far end says (inbound), on the
 * capture stream what it hears (outbound), on both of one call both tracks over one connection. A
 * track's audio flows while its stream runs. The connection is made when the first of the streams
 * starts or pauses in a connected call, lasts through pause and hold, and ends when all are
 * stopped, unselected or disconnected. Selecting it on the second stream after `start` was sent
 * makes a new connection with both tracks. When the connection fails or the consumer closes it,
 * CALL_TERMINAL_FAIL is told, and CALL_STREAM_FAIL of a stream that has no other terminal; the
 * next StartStream connects anew. One that is stopped by REST or by its MediaStream stops the
 * streams that have no other terminal.
 * ITStream::SelectTerminal adds CreateMediaStream's errors, TAPI_E_MAXTERMINALS beyond four tracks,
 * and TAPI_E_TERMINALINUSE on another call. Setters: TAPI_E_WRONG_STATE while selected. */
DECLARE_INTERFACE_(IOpenMSPWebSocketTerminal, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    /* As CreateMediaStream's arguments, and checked as there when the terminal is selected. */
    STDMETHOD(get_Url)(THIS_ BSTR * url) PURE;
    STDMETHOD(put_Url)(THIS_ BSTR url) PURE;
    STDMETHOD(get_StreamName)(THIS_ BSTR * name) PURE;
    STDMETHOD(put_StreamName)(THIS_ BSTR name) PURE;
    STDMETHOD(get_StatusCallback)(THIS_ BSTR * url) PURE;
    STDMETHOD(put_StatusCallback)(THIS_ BSTR url) PURE;
    STDMETHOD(get_StatusCallbackMethod)(THIS_ BSTR * method) PURE;
    STDMETHOD(put_StatusCallbackMethod)(THIS_ BSTR method) PURE;
    /* E_INVALIDARG: no name, or more than 99. */
    STDMETHOD(AddParameter)(THIS_ BSTR name, BSTR value) PURE;
    /* Its last connection: for numbers and for stopping it. It is not among ITStreamControl's
     * streams, has no events, and does not start again once stopped. TAPI_E_NOITEMS: none yet, or
     * the call is gone. */
    STDMETHOD(get_MediaStream)(THIS_ IOpenMSPMediaStream * *stream) PURE;
    /* How the last try to connect went, or why the connection was lost, an HRESULT; the number is
     * MediaStream's LastError. */
    STDMETHOD(get_LastResult)(THIS_ LONG * result) PURE;
};
#undef INTERFACE

#undef INTERFACE
#define INTERFACE IOpenMSPSamples
/* The media streaming terminal (CLSID_MediaStreamTerminal of TAPI, audio; TD_CAPTURE: the
 * application writes what the call's far end hears, TD_RENDER: it reads what the far end says) for
 * those who do without DirectShow's IMediaStream and its samples. Nothing here waits but Wait.
 * Between the application and the call lie BufferMilliseconds; a reader that is late loses the
 * oldest, a writer is told how much was taken. Do not mix with pending IStreamSample updates.
 * TAPI_E_INVALIDDIRECTION: a method of the other direction. */
DECLARE_INTERFACE_(IOpenMSPSamples, IDispatch)
{
    OPENMSP_DISPATCH_METHODS
    STDMETHOD(get_SampleRate)(THIS_ LONG * hertz) PURE;
    STDMETHOD(get_Channels)(THIS_ LONG * channels) PURE;
    STDMETHOD(get_BitsPerSample)(THIS_ LONG * bits) PURE;
    /* PCM: 8000 to 48000 Hz, 1 or 2 channels, 8 (unsigned) or 16 bits; 8000, 1, 16 until set.
     * VFW_E_TYPE_NOT_ACCEPTED: another; E_INVALIDARG: negative, or far too much;
     * VFW_E_ALREADY_CONNECTED: the stream is active or paused. */
    STDMETHOD(SetFormat)(THIS_ LONG hertz, LONG channels, LONG bits) PURE;
    /* data: VT_ARRAY of VT_UI1 (bytes as they are), VT_I2 (16-bit samples) or VT_VARIANT (numbers,
     * one a sample), one-dimensional, also by reference. *taken: bytes (VT_UI1) or samples, the
     * first ones. What is written before the stream is active is what the call hears first.
     * E_INVALIDARG: other data, VT_I2 while the format has 8 bits, a number that does not fit;
     * TAPI_E_WRONG_STATE: after EndOfStream. */
    STDMETHOD(Write)(THIS_ VARIANT data, LONG * taken) PURE;
    /* At most `bytes`, as VT_ARRAY of VT_UI1; empty while nothing has come. TAPI_E_WRONG_STATE:
     * nothing is left and the stream is not active. E_INVALIDARG: less than one sample of every
     * channel, or more than a megabyte. */
    STDMETHOD(Read)(THIS_ LONG bytes, VARIANT * data) PURE;
    /* The same as VT_ARRAY of VT_VARIANT of VT_I4, one a sample, for scripts. */
    STDMETHOD(ReadSamples)(THIS_ LONG samples, VARIANT * data) PURE;
    /* What waits in the buffer. */
    STDMETHOD(get_BufferedMilliseconds)(THIS_ LONG * milliseconds) PURE;
    /* Room; 60 to 10000. Capture 120, render 1000 until set. E_INVALIDARG;
     * VFW_E_ALREADY_CONNECTED. */
    STDMETHOD(get_BufferMilliseconds)(THIS_ LONG * milliseconds) PURE;
    STDMETHOD(put_BufferMilliseconds)(THIS_ LONG milliseconds) PURE;
    /* Waits until there is something to read, room to write, or no active stream (any more), at
     * most so long (-1: for ever). VARIANT_FALSE: the time is over. */
    STDMETHOD(Wait)(THIS_ LONG milliseconds, VARIANT_BOOL * ready) PURE;
    /* No more will be written; lifted by Drop and by the end of the stream. */
    STDMETHOD(EndOfStream)(THIS) PURE;
    /* What waits is thrown away. */
    STDMETHOD(Drop)(THIS) PURE;
    /* VARIANT_TRUE: the stream that it is selected on is active or paused. */
    STDMETHOD(get_Connected)(THIS_ VARIANT_BOOL * connected) PURE;
    /* Times that a reader was late, and that a writer was. */
    STDMETHOD(get_Overruns)(THIS_ double *count) PURE;
    STDMETHOD(get_Underruns)(THIS_ double *count) PURE;
    /* An event (a HANDLE's 32 significant bits; 0: none) to be set when something can be read or
     * written, and when the stream begins or ends. It stays the caller's, and must live until
     * replaced. */
    STDMETHOD(SetNotificationEvent)(THIS_ LONG event) PURE;
};

#undef INTERFACE
#define INTERFACE IOpenMSPSampleBytes
/* The same without arrays. Codes as Write and Read; a Read that finds nothing is S_FALSE. */
DECLARE_INTERFACE_(IOpenMSPSampleBytes, IUnknown)
{
    STDMETHOD(QueryInterface)(THIS_ REFIID iid, void **out) PURE;
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;
    STDMETHOD_(ULONG, Release)(THIS) PURE;
    STDMETHOD(Write)(THIS_ const BYTE *data, ULONG bytes, ULONG *taken) PURE;
    STDMETHOD(Read)(THIS_ BYTE * data, ULONG room, ULONG * bytes) PURE;
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
#define IOpenMSPStatistics_get_PacketsForged(p, a)   (p)->lpVtbl->get_PacketsForged(p, a)
#define IOpenMSPStatistics_get_PacketsReplayed(p, a) (p)->lpVtbl->get_PacketsReplayed(p, a)

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
#define IOpenMSPCall_CreateMediaStream(p, a, b, c, d, e, f, g)                                     \
    (p)->lpVtbl->CreateMediaStream(p, a, b, c, d, e, f, g)
#define IOpenMSPCall_FindMediaStream(p, a, b) (p)->lpVtbl->FindMediaStream(p, a, b)
#define IOpenMSPCall_get_MediaStreams(p, a)   (p)->lpVtbl->get_MediaStreams(p, a)
#define IOpenMSPCall_ExecuteTwiML(p, a)       (p)->lpVtbl->ExecuteTwiML(p, a)
#define IOpenMSPCall_get_MaxReconnects(p, a)  (p)->lpVtbl->get_MaxReconnects(p, a)
#define IOpenMSPCall_put_MaxReconnects(p, a)  (p)->lpVtbl->put_MaxReconnects(p, a)
#define IOpenMSPCall_SetMediaFormat(p, a, b)  (p)->lpVtbl->SetMediaFormat(p, a, b)
#define IOpenMSPCall_get_Srtp(p, a)           (p)->lpVtbl->get_Srtp(p, a)
#define IOpenMSPCall_put_Srtp(p, a)           (p)->lpVtbl->put_Srtp(p, a)
#define IOpenMSPCall_get_SrtpSuite(p, a)      (p)->lpVtbl->get_SrtpSuite(p, a)

#define IOpenMSPMediaStream_QueryInterface(p, a, b)     (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPMediaStream_AddRef(p)                   (p)->lpVtbl->AddRef(p)
#define IOpenMSPMediaStream_Release(p)                  (p)->lpVtbl->Release(p)
#define IOpenMSPMediaStream_get_Sid(p, a)               (p)->lpVtbl->get_Sid(p, a)
#define IOpenMSPMediaStream_get_StreamName(p, a)        (p)->lpVtbl->get_StreamName(p, a)
#define IOpenMSPMediaStream_get_Url(p, a)               (p)->lpVtbl->get_Url(p, a)
#define IOpenMSPMediaStream_get_Tracks(p, a)            (p)->lpVtbl->get_Tracks(p, a)
#define IOpenMSPMediaStream_get_State(p, a)             (p)->lpVtbl->get_State(p, a)
#define IOpenMSPMediaStream_get_LastError(p, a)         (p)->lpVtbl->get_LastError(p, a)
#define IOpenMSPMediaStream_get_FramesSent(p, a)        (p)->lpVtbl->get_FramesSent(p, a)
#define IOpenMSPMediaStream_get_FramesDropped(p, a)     (p)->lpVtbl->get_FramesDropped(p, a)
#define IOpenMSPMediaStream_get_BytesSent(p, a)         (p)->lpVtbl->get_BytesSent(p, a)
#define IOpenMSPMediaStream_get_QueueMilliseconds(p, a) (p)->lpVtbl->get_QueueMilliseconds(p, a)
#define IOpenMSPMediaStream_get_RoundTripMicroseconds(p, a)                                        \
    (p)->lpVtbl->get_RoundTripMicroseconds(p, a)
#define IOpenMSPMediaStream_get_MessagesReceived(p, a) (p)->lpVtbl->get_MessagesReceived(p, a)
#define IOpenMSPMediaStream_get_Call(p, a)             (p)->lpVtbl->get_Call(p, a)
#define IOpenMSPMediaStream_get_MessagesBad(p, a)      (p)->lpVtbl->get_MessagesBad(p, a)
#define IOpenMSPMediaStream_get_Bidirectional(p, a)    (p)->lpVtbl->get_Bidirectional(p, a)
#define IOpenMSPMediaStream_get_Reconnects(p, a)       (p)->lpVtbl->get_Reconnects(p, a)
#define IOpenMSPMediaStream_get_Encoding(p, a)         (p)->lpVtbl->get_Encoding(p, a)
#define IOpenMSPMediaStream_get_SampleRate(p, a)       (p)->lpVtbl->get_SampleRate(p, a)

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
#define IOpenMSPAddress_ConfigureMediaStreams(p, a, b, c, d)                                       \
    (p)->lpVtbl->ConfigureMediaStreams(p, a, b, c, d)
#define IOpenMSPAddress_StartRest(p, a, b, c, d)    (p)->lpVtbl->StartRest(p, a, b, c, d)
#define IOpenMSPAddress_StopRest(p)                 (p)->lpVtbl->StopRest(p)
#define IOpenMSPAddress_get_MediaWorkers(p, a)      (p)->lpVtbl->get_MediaWorkers(p, a)
#define IOpenMSPAddress_put_MediaWorkers(p, a)      (p)->lpVtbl->put_MediaWorkers(p, a)
#define IOpenMSPAddress_get_RestMaxWaiting(p, a)    (p)->lpVtbl->get_RestMaxWaiting(p, a)
#define IOpenMSPAddress_put_RestMaxWaiting(p, a)    (p)->lpVtbl->put_RestMaxWaiting(p, a)
#define IOpenMSPAddress_get_RestMaxPerAddress(p, a) (p)->lpVtbl->get_RestMaxPerAddress(p, a)
#define IOpenMSPAddress_put_RestMaxPerAddress(p, a) (p)->lpVtbl->put_RestMaxPerAddress(p, a)

#define IOpenMSPWebSocketTerminal_QueryInterface(p, a, b)  (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPWebSocketTerminal_AddRef(p)                (p)->lpVtbl->AddRef(p)
#define IOpenMSPWebSocketTerminal_Release(p)               (p)->lpVtbl->Release(p)
#define IOpenMSPWebSocketTerminal_get_Url(p, a)            (p)->lpVtbl->get_Url(p, a)
#define IOpenMSPWebSocketTerminal_put_Url(p, a)            (p)->lpVtbl->put_Url(p, a)
#define IOpenMSPWebSocketTerminal_get_StreamName(p, a)     (p)->lpVtbl->get_StreamName(p, a)
#define IOpenMSPWebSocketTerminal_put_StreamName(p, a)     (p)->lpVtbl->put_StreamName(p, a)
#define IOpenMSPWebSocketTerminal_get_StatusCallback(p, a) (p)->lpVtbl->get_StatusCallback(p, a)
#define IOpenMSPWebSocketTerminal_put_StatusCallback(p, a) (p)->lpVtbl->put_StatusCallback(p, a)
#define IOpenMSPWebSocketTerminal_get_StatusCallbackMethod(p, a)                                   \
    (p)->lpVtbl->get_StatusCallbackMethod(p, a)
#define IOpenMSPWebSocketTerminal_put_StatusCallbackMethod(p, a)                                   \
    (p)->lpVtbl->put_StatusCallbackMethod(p, a)
#define IOpenMSPWebSocketTerminal_AddParameter(p, a, b) (p)->lpVtbl->AddParameter(p, a, b)
#define IOpenMSPWebSocketTerminal_get_MediaStream(p, a) (p)->lpVtbl->get_MediaStream(p, a)
#define IOpenMSPWebSocketTerminal_get_LastResult(p, a)  (p)->lpVtbl->get_LastResult(p, a)

#define IOpenMSPSamples_QueryInterface(p, a, b)        (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPSamples_AddRef(p)                      (p)->lpVtbl->AddRef(p)
#define IOpenMSPSamples_Release(p)                     (p)->lpVtbl->Release(p)
#define IOpenMSPSamples_get_SampleRate(p, a)           (p)->lpVtbl->get_SampleRate(p, a)
#define IOpenMSPSamples_get_Channels(p, a)             (p)->lpVtbl->get_Channels(p, a)
#define IOpenMSPSamples_get_BitsPerSample(p, a)        (p)->lpVtbl->get_BitsPerSample(p, a)
#define IOpenMSPSamples_SetFormat(p, a, b, c)          (p)->lpVtbl->SetFormat(p, a, b, c)
#define IOpenMSPSamples_Write(p, a, b)                 (p)->lpVtbl->Write(p, a, b)
#define IOpenMSPSamples_Read(p, a, b)                  (p)->lpVtbl->Read(p, a, b)
#define IOpenMSPSamples_ReadSamples(p, a, b)           (p)->lpVtbl->ReadSamples(p, a, b)
#define IOpenMSPSamples_get_BufferedMilliseconds(p, a) (p)->lpVtbl->get_BufferedMilliseconds(p, a)
#define IOpenMSPSamples_get_BufferMilliseconds(p, a)   (p)->lpVtbl->get_BufferMilliseconds(p, a)
#define IOpenMSPSamples_put_BufferMilliseconds(p, a)   (p)->lpVtbl->put_BufferMilliseconds(p, a)
#define IOpenMSPSamples_Wait(p, a, b)                  (p)->lpVtbl->Wait(p, a, b)
#define IOpenMSPSamples_EndOfStream(p)                 (p)->lpVtbl->EndOfStream(p)
#define IOpenMSPSamples_Drop(p)                        (p)->lpVtbl->Drop(p)
#define IOpenMSPSamples_get_Connected(p, a)            (p)->lpVtbl->get_Connected(p, a)
#define IOpenMSPSamples_get_Overruns(p, a)             (p)->lpVtbl->get_Overruns(p, a)
#define IOpenMSPSamples_get_Underruns(p, a)            (p)->lpVtbl->get_Underruns(p, a)
#define IOpenMSPSamples_SetNotificationEvent(p, a)     (p)->lpVtbl->SetNotificationEvent(p, a)

#define IOpenMSPSampleBytes_QueryInterface(p, a, b) (p)->lpVtbl->QueryInterface(p, a, b)
#define IOpenMSPSampleBytes_AddRef(p)               (p)->lpVtbl->AddRef(p)
#define IOpenMSPSampleBytes_Release(p)              (p)->lpVtbl->Release(p)
#define IOpenMSPSampleBytes_Write(p, a, b, c)       (p)->lpVtbl->Write(p, a, b, c)
#define IOpenMSPSampleBytes_Read(p, a, b, c)        (p)->lpVtbl->Read(p, a, b, c)
#endif

#endif
