/*
 * The call's and the statistics' members for scripts: TAPI's DISPIDs (mspi.md 12; ITCallInfo's as
 * its registered type library has them) and our own (idl/openmsp.idl). Constants only.
 */
#include "com/dispatch.h"
#include "msp/call.h"

static const struct com_member control_members[] = {
    COM_METHOD(ITStreamControl, 0x40001, CreateStream, COM_IN_LONG("lMediaType"), COM_IN_LONG("td"),
               COM_RETVAL_OBJECT),
    COM_METHOD(ITStreamControl, 0x40002, RemoveStream, COM_IN_OBJECT("pStream", &IID_ITStream)),
    COM_METHOD(ITStreamControl, 0x40003, EnumerateStreams, COM_RETVAL_UNKNOWN),
    COM_GET(ITStreamControl, 0x40004, Streams, COM_RETVAL_VARIANT),
};
const struct com_dispatch msp_dispatch_ITStreamControl =
    COM_DISPATCH_TABLE(&IID_ITStreamControl, "ITStreamControl", control_members);

/* Members of a call without outer only, so these numbers meet no other interface of TAPI's. */
static const struct com_member info_members[] = {
    COM_GET(ITCallInfo, 0x10001, Address, COM_RETVAL_OBJECT),
    COM_GET(ITCallInfo, 0x10002, CallState, COM_RETVAL_LONG),
    COM_GET(ITCallInfo, 0x10003, Privilege, COM_RETVAL_LONG),
    COM_GET(ITCallInfo, 0x10004, CallHub, COM_RETVAL_OBJECT),
    COM_GET(ITCallInfo, 0x10005, CallInfoLong, COM_IN_LONG("CallInfoLong"), COM_RETVAL_LONG),
    COM_PUT(ITCallInfo, 0x10005, CallInfoLong, COM_IN_LONG("CallInfoLong"),
            COM_IN_LONG("lCallInfoLongVal")),
    COM_GET(ITCallInfo, 0x10006, CallInfoString, COM_IN_LONG("CallInfoString"), COM_RETVAL_BSTR),
    COM_PUT(ITCallInfo, 0x10006, CallInfoString, COM_IN_LONG("CallInfoString"),
            COM_IN_BSTR("pCallInfoString")),
    COM_GET(ITCallInfo, 0x10007, CallInfoBuffer, COM_IN_LONG("CallInfoBuffer"), COM_RETVAL_VARIANT),
    COM_PUT(ITCallInfo, 0x10007, CallInfoBuffer, COM_IN_LONG("CallInfoBuffer"),
            COM_IN_VARIANT("pCallInfoBuffer")),
    COM_METHOD(ITCallInfo, 0x10008, GetCallInfoBuffer, COM_IN_LONG("CallInfoBuffer"),
               COM_IN_FOREIGN("pdwSize"), COM_IN_FOREIGN("ppCallInfoBuffer")),
    COM_METHOD(ITCallInfo, 0x10009, SetCallInfoBuffer, COM_IN_LONG("CallInfoBuffer"),
               COM_IN_LONG("dwSize"), COM_IN_FOREIGN("pCallInfoBuffer")),
    COM_METHOD(ITCallInfo, 0x1000a, ReleaseUserUserInfo),
};
const struct com_dispatch msp_dispatch_ITCallInfo =
    COM_DISPATCH_TABLE(&IID_ITCallInfo, "ITCallInfo", info_members);

static const struct com_member open_members[] = {
    COM_GET(IOpenMSPCall, 0x00f10001, Sid, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPCall, 0x00f10002, State, COM_RETVAL_LONG),
    COM_GET(IOpenMSPCall, 0x00f10003, MediaTypes, COM_RETVAL_LONG),
    COM_METHOD(IOpenMSPCall, 0x00f10004, Listen, COM_IN_BSTR("address")),
    COM_GET(IOpenMSPCall, 0x00f10005, LocalAddress, COM_RETVAL_BSTR),
    COM_METHOD(IOpenMSPCall, 0x00f10006, SetPeer, COM_IN_BSTR("address"),
               COM_IN_LONG("payloadType")),
    COM_GET(IOpenMSPCall, 0x00f10007, Codecs, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPCall, 0x00f10007, Codecs, COM_IN_BSTR("names")),
    COM_GET(IOpenMSPCall, 0x00f10008, PacketTime, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPCall, 0x00f10008, PacketTime, COM_IN_LONG("milliseconds")),
    COM_GET(IOpenMSPCall, 0x00f10009, MediaTimeout, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPCall, 0x00f10009, MediaTimeout, COM_IN_LONG("milliseconds")),
    COM_PUT(IOpenMSPCall, 0x00f1000a, RemoteDescription, COM_IN_BSTR("sdp")),
    COM_GET(IOpenMSPCall, 0x00f1000b, LocalDescription, COM_RETVAL_BSTR),
    COM_METHOD(IOpenMSPCall, 0x00f1000c, Connect),
    COM_METHOD(IOpenMSPCall, 0x00f1000d, Disconnect),
    COM_GET(IOpenMSPCall, 0x00f1000e, Statistics, COM_RETVAL_OBJECT),
    COM_GET(IOpenMSPCall, 0x00f1000f, MSPAddress, COM_RETVAL_OBJECT),
    COM_METHOD(IOpenMSPCall, 0x00f10010, Close),
    COM_METHOD(IOpenMSPCall, 0x00f10011, CreateMediaStream, COM_IN_BSTR("url"), COM_IN_BSTR("name"),
               COM_IN_BSTR("track"), COM_IN_VARIANT("parameters"), COM_IN_BSTR("callback"),
               COM_IN_BSTR("callbackMethod"), COM_RETVAL_OBJECT),
    COM_METHOD(IOpenMSPCall, 0x00f10012, FindMediaStream, COM_IN_BSTR("sidOrName"),
               COM_RETVAL_OBJECT),
    COM_GET(IOpenMSPCall, 0x00f10013, MediaStreams, COM_RETVAL_VARIANT),
    COM_METHOD(IOpenMSPCall, 0x00f10014, ExecuteTwiML, COM_IN_BSTR("document")),
    COM_GET(IOpenMSPCall, 0x00f10015, MaxReconnects, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPCall, 0x00f10015, MaxReconnects, COM_IN_LONG("count")),
    COM_METHOD(IOpenMSPCall, 0x00f10016, SetMediaFormat, COM_IN_BSTR("name"), COM_IN_LONG("rate")),
    COM_GET(IOpenMSPCall, 0x00f10017, Srtp, COM_RETVAL_BSTR),
    COM_PUT(IOpenMSPCall, 0x00f10017, Srtp, COM_IN_BSTR("word")),
    COM_GET(IOpenMSPCall, 0x00f10018, SrtpSuite, COM_RETVAL_BSTR),
};
const struct com_dispatch msp_dispatch_IOpenMSPCall =
    COM_DISPATCH_TABLE(&IID_IOpenMSPCall, "IOpenMSPCall", open_members);

static const struct com_member statistics_members[] = {
    COM_GET(IOpenMSPStatistics, 1, PacketsReceived, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 2, BytesReceived, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 3, PacketsSent, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 4, BytesSent, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 5, PacketsLost, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 6, PacketsLate, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 7, PacketsDuplicate, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 8, PacketsReordered, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 9, PacketsRejected, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 10, ReportsReceived, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 11, ReportsSent, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 12, JitterMicroseconds, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 13, RoundTripMicroseconds, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 14, RemoteLost, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 15, FramesRecorded, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 16, FramesConcealed, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 17, FramesPlayed, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 18, Codec, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPStatistics, 19, PayloadType, COM_RETVAL_LONG),
    COM_GET(IOpenMSPStatistics, 20, PacketTime, COM_RETVAL_LONG),
    COM_GET(IOpenMSPStatistics, 21, PacketsForged, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPStatistics, 22, PacketsReplayed, COM_RETVAL_DOUBLE),
};
const struct com_dispatch msp_dispatch_IOpenMSPStatistics =
    COM_DISPATCH_TABLE(&IID_IOpenMSPStatistics, "IOpenMSPStatistics", statistics_members);
