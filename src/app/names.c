/* Names of TAPI's numbers. Tables only. */
#include "app/names.h"

#include <stdio.h>
#include <string.h>

#include <tapi3err.h>

static const char *pick(const char *const *names, int count, int value)
{
    return value >= 0 && value < count ? names[value] : "?";
}

#define PICK(names, value) pick(names, (int)(sizeof(names) / sizeof((names)[0])), value)

const char *name_of_media_event(int event)
{
    static const char *const names[] = {
        "CME_NEW_STREAM",      "CME_STREAM_FAIL",   "CME_TERMINAL_FAIL",
        "CME_STREAM_NOT_USED", "CME_STREAM_ACTIVE", "CME_STREAM_INACTIVE",
    };

    return PICK(names, event);
}

const char *name_of_cause(int cause)
{
    static const char *const names[] = {
        "CMC_UNKNOWN",        "CMC_BAD_DEVICE",    "CMC_CONNECT_FAIL",    "CMC_LOCAL_REQUEST",
        "CMC_REMOTE_REQUEST", "CMC_MEDIA_TIMEOUT", "CMC_MEDIA_RECOVERED", "CMC_QUALITY_OF_SERVICE",
    };

    return PICK(names, cause);
}

const char *name_of_media_state(int state)
{
    static const char *const names[] = {"TMS_IDLE", "TMS_ACTIVE", "TMS_PAUSED"};

    return PICK(names, state);
}

const char *name_of_file_cause(int cause)
{
    static const char *const names[] = {"FTEC_NORMAL", "FTEC_END_OF_FILE", "FTEC_READ_ERROR",
                                        "FTEC_WRITE_ERROR"};

    return PICK(names, cause);
}

static const struct {
    HRESULT hr;
    const char *name;
    const char *words;
} codes[] = {
    {S_OK, "S_OK", "done"},
    {S_FALSE, "S_FALSE", "nothing to do"},
    {E_NOTIMPL, "E_NOTIMPL", "not implemented"},
    {E_NOINTERFACE, "E_NOINTERFACE", "no such interface"},
    {E_POINTER, "E_POINTER", "invalid pointer"},
    {E_FAIL, "E_FAIL", "unspecified error"},
    {E_UNEXPECTED, "E_UNEXPECTED", "the object was shut down"},
    {E_ACCESSDENIED, "E_ACCESSDENIED", "access denied"},
    {E_OUTOFMEMORY, "E_OUTOFMEMORY", "out of memory"},
    {E_INVALIDARG, "E_INVALIDARG", "not valid"},
    {TAPI_E_NOITEMS, "TAPI_E_NOITEMS", "no such item"},
    {TAPI_E_NOTSUPPORTED, "TAPI_E_NOTSUPPORTED", "not supported"},
    {TAPI_E_INVALIDMEDIATYPE, "TAPI_E_INVALIDMEDIATYPE", "invalid media type"},
    {TAPI_E_OPERATIONFAILED, "TAPI_E_OPERATIONFAILED", "the operation failed"},
    {TAPI_E_NODEVICE, "TAPI_E_NODEVICE", "no such device"},
    {TAPI_E_INVALIDTERMINAL, "TAPI_E_INVALIDTERMINAL", "invalid terminal"},
    {TAPI_E_TERMINALINUSE, "TAPI_E_TERMINALINUSE", "the terminal is in use"},
    {TAPI_E_MAXTERMINALS, "TAPI_E_MAXTERMINALS", "no further terminals"},
    {TAPI_E_RESOURCEUNAVAIL, "TAPI_E_RESOURCEUNAVAIL", "resource unavailable"},
    {TAPI_E_NOFORMAT, "TAPI_E_NOFORMAT", "audio format not supported"},
    {TAPI_E_WRONG_STATE, "TAPI_E_WRONG_STATE", "not possible in this state"},
    {TAPI_E_TIMEOUT, "TAPI_E_TIMEOUT", "timed out"},
};

const char *name_of_hresult(HRESULT hr)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].hr == hr)
            return codes[i].name;
    return "";
}

/* Of the system's errors those that matter most. Its own messages are not asked for, so that the
 * line is the same everywhere. */
static const struct {
    DWORD error;
    const char *words;
} system_errors[] = {
    {ERROR_FILE_NOT_FOUND, "file not found"},
    {ERROR_PATH_NOT_FOUND, "path not found"},
    {ERROR_ACCESS_DENIED, "access denied"},
    {ERROR_DISK_FULL, "disk full"},
    {ERROR_HANDLE_DISK_FULL, "disk full"},
    {10048, "address already in use"}, /* WSAEADDRINUSE */
    {10049, "not an address of this machine"},
    {10065, "refused, unreachable, or no such name"}, /* WSAEHOSTUNREACH, of a media stream */
    {ERROR_MOD_NOT_FOUND, "module not found"},
};

void words_of_hresult(HRESULT hr, char *out, size_t room)
{
    if (HRESULT_FACILITY(hr) == FACILITY_WIN32)
        for (size_t i = 0; i < sizeof(system_errors) / sizeof(system_errors[0]); i++)
            if (system_errors[i].error == (DWORD)HRESULT_CODE(hr)) {
                snprintf(out, room, "%s", system_errors[i].words);
                return;
            }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].hr == hr) {
            snprintf(out, room, "%s", codes[i].words);
            return;
        }
    snprintf(out, room, "error 0x%08lx", (unsigned long)hr);
}
