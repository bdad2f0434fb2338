/*
 * The address's members for scripts: TAPI's DISPIDs (mspi.md 12) and our own (idl/openmsp.idl).
 * Constants only.
 */
#include "com/dispatch.h"
#include "msp/address.h"

static const struct com_member terminal_support_members[] = {
    COM_GET(ITTerminalSupport2, 0x60001, StaticTerminals, COM_RETVAL_VARIANT),
    COM_METHOD(ITTerminalSupport2, 0x60002, EnumerateStaticTerminals, COM_RETVAL_UNKNOWN),
    COM_GET(ITTerminalSupport2, 0x60003, DynamicTerminalClasses, COM_RETVAL_VARIANT),
    COM_METHOD(ITTerminalSupport2, 0x60004, EnumerateDynamicTerminalClasses, COM_RETVAL_UNKNOWN),
    COM_METHOD(ITTerminalSupport2, 0x60005, CreateTerminal, COM_IN_BSTR("pTerminalClass"),
               COM_IN_LONG("lMediaType"), COM_IN_LONG("Direction"), COM_RETVAL_OBJECT),
    COM_METHOD(ITTerminalSupport2, 0x60006, GetDefaultStaticTerminal, COM_IN_LONG("lMediaType"),
               COM_IN_LONG("Direction"), COM_RETVAL_OBJECT),
    COM_GET(ITTerminalSupport2, 0x60007, PluggableSuperclasses, COM_RETVAL_VARIANT),
    COM_METHOD(ITTerminalSupport2, 0x60008, EnumeratePluggableSuperclasses, COM_RETVAL_UNKNOWN),
    COM_GET(ITTerminalSupport2, 0x60009, PluggableTerminalClasses,
            COM_IN_BSTR("bstrTerminalSuperclass"), COM_IN_LONG("lMediaType"), COM_RETVAL_VARIANT),
    COM_METHOD(ITTerminalSupport2, 0x6000a, EnumeratePluggableTerminalClasses,
               COM_IN_FOREIGN("iidTerminalSuperclass"), COM_IN_LONG("lMediaType"),
               COM_RETVAL_UNKNOWN),
};
const struct com_dispatch msp_dispatch_ITTerminalSupport2 =
    COM_DISPATCH_TABLE(&IID_ITTerminalSupport2, "ITTerminalSupport2", terminal_support_members);

static const struct com_member open_members[] = {
    COM_METHOD(IOpenMSPAddress, 0x00f00001, Open),
    COM_METHOD(IOpenMSPAddress, 0x00f00002, Close),
    COM_METHOD(IOpenMSPAddress, 0x00f00003, CreateCall, COM_IN_LONG("mediaTypes"),
               COM_RETVAL_OBJECT),
    COM_GET(IOpenMSPAddress, 0x00f00004, Calls, COM_RETVAL_VARIANT),
    COM_GET(IOpenMSPAddress, 0x00f00005, Version, COM_RETVAL_BSTR),
    COM_GET(IOpenMSPAddress, 0x00f00006, EventsWaiting, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPAddress, 0x00f00007, EventsCoalesced, COM_RETVAL_DOUBLE),
    COM_GET(IOpenMSPAddress, 0x00f00008, EventsDropped, COM_RETVAL_DOUBLE),
    COM_METHOD(IOpenMSPAddress, 0x00f00009, ConfigureMediaStreams, COM_IN_BSTR("accountSid"),
               COM_IN_BSTR("authToken"), COM_IN_BSTR("caFile"), COM_IN_BOOL("allowPlain")),
    COM_METHOD(IOpenMSPAddress, 0x00f0000a, StartRest, COM_IN_BSTR("listen"),
               COM_IN_BSTR("apiKeys"), COM_IN_LONG("options"), COM_RETVAL_BSTR),
    COM_METHOD(IOpenMSPAddress, 0x00f0000b, StopRest),
    COM_GET(IOpenMSPAddress, 0x00f0000c, MediaWorkers, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPAddress, 0x00f0000c, MediaWorkers, COM_IN_LONG("count")),
    COM_GET(IOpenMSPAddress, 0x00f0000d, RestMaxWaiting, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPAddress, 0x00f0000d, RestMaxWaiting, COM_IN_LONG("connections")),
    COM_GET(IOpenMSPAddress, 0x00f0000e, RestMaxPerAddress, COM_RETVAL_LONG),
    COM_PUT(IOpenMSPAddress, 0x00f0000e, RestMaxPerAddress, COM_IN_LONG("connections")),
};
const struct com_dispatch msp_dispatch_IOpenMSPAddress =
    COM_DISPATCH_TABLE(&IID_IOpenMSPAddress, "IOpenMSPAddress", open_members);
