/*
 * GUIDs and their texts. The build says INITGUID for this file: every GUID of the headers below is
 * defined here.
 */
#include "support/standin/standin.h"

#include <cguid.h>
#include <objsafe.h>
#include <ocidl.h>
#include <olectl.h>

/* What these headers only declare. */
const GUID GUID_NULL = {0};
#define OLE_GUID(first)                                                                            \
    {                                                                                              \
        (first), 0, 0,                                                                             \
        {                                                                                          \
            0xc0, 0, 0, 0, 0, 0, 0, 0x46                                                           \
        }                                                                                          \
    }
const CLSID CLSID_StdGlobalInterfaceTable = OLE_GUID(0x323);
const CLSID CLSID_InProcFreeMarshaler = OLE_GUID(0x33a);

int WINAPI StringFromGUID2(REFGUID guid, LPOLESTR out, int room)
{
    if (room < 39)
        return 0;
    return _snwprintf(out, (size_t)room, L"{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
                      guid->Data1, guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1],
                      guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5],
                      guid->Data4[6], guid->Data4[7]) +
           1;
}

static int digit(WCHAR letter)
{
    if (letter >= L'0' && letter <= L'9')
        return letter - L'0';
    if (letter >= L'a' && letter <= L'f')
        return letter - L'a' + 10;
    return letter >= L'A' && letter <= L'F' ? letter - L'A' + 10 : -1;
}

HRESULT WINAPI IIDFromString(LPCOLESTR text, IID *out)
{
    /* Where the 16 bytes' digits are, in the order of the text; 0: one of the dashes. */
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    BYTE bytes[16] = {0};
    unsigned count = 0;

    if (!out)
        return E_INVALIDARG;
    memset(out, 0, sizeof(*out));
    if (!text)
        return S_OK;
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == 'x') {
            int value = digit(text[i]);

            if (value < 0)
                return CO_E_IIDSTRING;
            bytes[count / 2] = (BYTE)(bytes[count / 2] << 4 | value);
            count++;
        } else if (text[i] != (WCHAR)form[i]) {
            return CO_E_IIDSTRING;
        }
    }
    if (text[sizeof(form) - 1])
        return CO_E_IIDSTRING;
    out->Data1 = (UINT32)bytes[0] << 24 | (UINT32)bytes[1] << 16 | (UINT32)bytes[2] << 8 | bytes[3];
    out->Data2 = (UINT16)(bytes[4] << 8 | bytes[5]);
    out->Data3 = (UINT16)(bytes[6] << 8 | bytes[7]);
    memcpy(out->Data4, bytes + 8, 8);
    return S_OK;
}

HRESULT WINAPI CLSIDFromString(LPCOLESTR text, LPCLSID out)
{
    HRESULT hr = IIDFromString(text, out);

    return hr == CO_E_IIDSTRING ? CO_E_CLASSSTRING : hr;
}
