/* Words for people about the codes that OpenMSP answers. Constants only. */
#include "words.h"

#include "msp/tapi.h"

static const struct {
    HRESULT hr;
    const WCHAR *words;
} table[] = {
    {E_UNEXPECTED, L"The address is not open, or the object was shut down."},
    {TAPI_E_NOTENOUGHMEMORY, L"The buffer is too small."},
    {TAPI_E_NOITEMS, L"There is no such item."},
    {TAPI_E_NOTSUPPORTED, L"This is not supported here."},
    {TAPI_E_INVALIDMEDIATYPE, L"This media type is not possible here."},
    {TAPI_E_OPERATIONFAILED, L"The operation failed."},
    {TAPI_E_NODEVICE, L"There is no such device, or it is gone."},
    {TAPI_E_INVALIDDIRECTION, L"This direction is not possible here."},
    {TAPI_E_INVALIDTERMINAL, L"This terminal cannot be used here."},
    {TAPI_E_INVALIDTERMINALCLASS, L"There is no such terminal class."},
    {TAPI_E_MAXSTREAMS, L"The call cannot have more streams."},
    {TAPI_E_NOTERMINALSELECTED, L"No terminal is selected."},
    {TAPI_E_TERMINALINUSE, L"The terminal is in use."},
    {TAPI_E_MAXTERMINALS, L"The stream cannot have more terminals."},
    {TAPI_E_TIMEOUT, L"The time is over."},
    {TAPI_E_NOEVENT, L"No event is waiting."},
    {TAPI_E_RESOURCEUNAVAIL, L"No codec in common, or a resource is used up."},
    {TAPI_E_NOFORMAT, L"No format is set, or this format is not possible."},
    {TAPI_E_WRONG_STATE, L"This is not possible in the present state."},
    {TAPI_E_INUSE, L"A media stream of this name is running on the call."},
    {TAPI_E_INVALCALLSTATE, L"The call is not connected."},
    {TAPI_E_CALLUNAVAIL, L"The call is gone."},
};

const WCHAR *dll_words(HRESULT hr)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].hr == hr)
            return table[i].words;
    return NULL;
}
