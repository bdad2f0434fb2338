/*
 * TAPI 3's headers in the order that compiles from C, and the GUIDs that they do not declare. No
 * library of mingw-w64 holds any of these GUIDs: guids.c defines them all, once.
 */
#ifndef OMSP_MSP_TAPI_H
#define OMSP_MSP_TAPI_H

#include <windows.h>

#include <ole2.h>
#include <oleauto.h>
#include <objsafe.h>
#include <ocidl.h>

#include <strmif.h>
#include <mmstream.h>
#include <amstream.h>
#include <austream.h>
#include <vfwmsgs.h>
#include <tapi3if.h>
#include <tapi3ds.h>
#include <tapi3err.h>
#include <msp.h>
#include <ipmsp.h>

/* ITTerminalControl is declared here because termmgr.h includes Objsafe.h by a name that a
 * case-sensitive file system does not have (mspi.md 3.15). */
#ifndef __ITTerminalControl_INTERFACE_DEFINED__
#define __ITTerminalControl_INTERFACE_DEFINED__
EXTERN_C const IID IID_ITTerminalControl;
#undef INTERFACE
#define INTERFACE ITTerminalControl
DECLARE_INTERFACE_(ITTerminalControl, IUnknown)
{
    STDMETHOD(QueryInterface)(THIS_ REFIID riid, void **out) PURE;
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;
    STDMETHOD_(ULONG, Release)(THIS) PURE;
    STDMETHOD(get_AddressHandle)(THIS_ MSP_HANDLE * token) PURE;
    STDMETHOD(ConnectTerminal)
    (THIS_ IGraphBuilder * graph, DWORD direction, DWORD * count, IPin * *pins) PURE;
    STDMETHOD(CompleteConnectTerminal)(THIS) PURE;
    STDMETHOD(DisconnectTerminal)(THIS_ IGraphBuilder * graph, DWORD reserved) PURE;
    STDMETHOD(RunRenderFilter)(THIS) PURE;
    STDMETHOD(StopRenderFilter)(THIS) PURE;
};
#undef INTERFACE
#endif

/* The creator of a pluggable terminal tells it what it shall be, once (mspi.md 4.5). From the same
 * header, whose layout C compilers share; the IID is the Windows SDK's. */
#ifndef __ITPluggableTerminalInitialization_INTERFACE_DEFINED__
#define __ITPluggableTerminalInitialization_INTERFACE_DEFINED__
typedef struct ITPluggableTerminalInitialization ITPluggableTerminalInitialization;
EXTERN_C const IID IID_ITPluggableTerminalInitialization;
#undef INTERFACE
#define INTERFACE ITPluggableTerminalInitialization
DECLARE_INTERFACE_(ITPluggableTerminalInitialization, IUnknown)
{
    STDMETHOD(QueryInterface)(THIS_ REFIID riid, void **out) PURE;
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;
    STDMETHOD_(ULONG, Release)(THIS) PURE;
    STDMETHOD(InitializeDynamic)
    (THIS_ IID terminal_class, DWORD media, TERMINAL_DIRECTION direction, MSP_HANDLE address) PURE;
};
#undef INTERFACE
#endif

/* ITTAPIDispatchEventNotification, the event interface for scripts: a dispinterface with the one
 * method Event, DISPID 1 (TAPI_EVENT, IDispatch *). */
EXTERN_C const IID DIID_ITTAPIDispatchEventNotification;
EXTERN_C const IID LIBID_TAPI3Lib;

/* Terminal classes (mspi.md 10). */
EXTERN_C const CLSID CLSID_msp_file_playback;   /* {0CB9914C-79CD-47DC-ADB0-327F47CEFB20} */
EXTERN_C const CLSID CLSID_msp_file_recording;  /* {521F3D06-C3D0-4511-8617-86B9A783DA77} */
EXTERN_C const CLSID CLSID_msp_file_track;      /* {BF14A2E4-E88B-4EF5-9740-5AC5D022F8C9} */
EXTERN_C const CLSID CLSID_msp_media_streaming; /* {E2F7AEF7-4971-11D1-A671-006097C9A2E8} */
EXTERN_C const CLSID CLSID_msp_microphone;      /* {AAF578EF-DC70-11D0-8ED3-00C04FB6809F} */
EXTERN_C const CLSID CLSID_msp_speakers;        /* {AAF578F0-DC70-11D0-8ED3-00C04FB6809F} */
EXTERN_C const CLSID CLSID_msp_playback_track;  /* ours: TAPI names none for playback's tracks */
EXTERN_C const CLSID CLSID_msp_bridge_end;      /* ours, too */

#endif
