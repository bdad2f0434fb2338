/*
 * From the engine's answers to HRESULTs (mspi.md 5), and nowhere else. Pure; any thread.
 */
#include "msp/msp.h"

/* WinError.h's names where the system's own word says it best: the shell, VBScript's
 * Err.Description and FormatMessage know them. */
#define MSP_WIN32(code) ((HRESULT)(0x80070000u | (code)))

HRESULT msp_hresult(enum omsp_status status)
{
    switch (status) {
    case OMSP_OK:
        return S_OK;
    case OMSP_NOMEM:
        return E_OUTOFMEMORY;
    case OMSP_INVALID:
        return E_INVALIDARG;
    case OMSP_MORE:
        return TAPI_E_NOTENOUGHMEMORY;
    case OMSP_EMPTY:
        return TAPI_E_NOEVENT;
    case OMSP_FULL:
        return TAPI_E_RESOURCEUNAVAIL;
    case OMSP_NOTFOUND:
        return MSP_WIN32(ERROR_FILE_NOT_FOUND);
    case OMSP_EXISTS:
        return MSP_WIN32(ERROR_ALREADY_EXISTS);
    case OMSP_SHUTDOWN:
        return E_UNEXPECTED;
    case OMSP_NOTSUPPORTED:
        return TAPI_E_NOTSUPPORTED;
    case OMSP_NOTIMPL:
        return E_NOTIMPL;
    case OMSP_TIMEOUT:
        return TAPI_E_TIMEOUT;
    case OMSP_IO:
        return TAPI_E_OPERATIONFAILED;
    case OMSP_EOF:
        return MSP_WIN32(ERROR_HANDLE_EOF);
    case OMSP_NOSPACE:
        return MSP_WIN32(ERROR_DISK_FULL);
    case OMSP_ACCESS:
        return E_ACCESSDENIED;
    case OMSP_ADDRINUSE:
        return MSP_WIN32(WSAEADDRINUSE);
    case OMSP_UNREACHABLE:
        return MSP_WIN32(WSAEHOSTUNREACH);
    case OMSP_NODEVICE:
        return TAPI_E_NODEVICE;
    case OMSP_BAD_MEDIA:
        return TAPI_E_INVALIDMEDIATYPE;
    case OMSP_BAD_DIRECTION:
        return TAPI_E_INVALIDDIRECTION;
    case OMSP_BAD_TERMINAL:
        return TAPI_E_INVALIDTERMINAL;
    case OMSP_BAD_CLASS:
        return TAPI_E_INVALIDTERMINALCLASS;
    case OMSP_MAX_STREAMS:
        return TAPI_E_MAXSTREAMS;
    case OMSP_MAX_TERMINALS:
        return TAPI_E_MAXTERMINALS;
    case OMSP_TERMINAL_IN_USE:
        return TAPI_E_TERMINALINUSE;
    case OMSP_NO_TERMINAL:
        return TAPI_E_NOTERMINALSELECTED;
    case OMSP_NO_FORMAT:
        return TAPI_E_NOFORMAT;
    case OMSP_WRONG_STATE:
        return TAPI_E_WRONG_STATE;
    case OMSP_NO_CODEC:
        return TAPI_E_RESOURCEUNAVAIL;
    case OMSP_STATUS_COUNT:
        break;
    }
    return E_FAIL;
}
