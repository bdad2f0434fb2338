/* `openmsp devices`, and devices by their names. Main thread. */
#include "app/devices.h"

#include "app/provider.h"
#include "app/report.h"

#include <stdlib.h>
#include <string.h>

static HRESULT support_of(IOpenMSPAddress *address, ITTerminalSupport **out)
{
    return IOpenMSPAddress_QueryInterface(address, &IID_ITTerminalSupport, (void **)out);
}

static bool contains(const wchar_t *text, const wchar_t *part)
{
    size_t length = wcslen(part);

    for (; *text; text++)
        if (!_wcsnicmp(text, part, length))
            return true;
    return !length;
}

static bool is_wanted(ITTerminal *terminal, TERMINAL_DIRECTION direction, const wchar_t *name)
{
    TERMINAL_DIRECTION its;
    BSTR text = NULL;
    bool wanted = SUCCEEDED(ITTerminal_get_Direction(terminal, &its)) && its == direction &&
                  SUCCEEDED(ITTerminal_get_Name(terminal, &text)) && contains(text, name);

    SysFreeString(text);
    return wanted;
}

HRESULT device_find(IOpenMSPAddress *address, TERMINAL_DIRECTION direction, const wchar_t *name,
                    ITTerminal **out)
{
    ITTerminalSupport *support;
    IEnumTerminal *list;
    ITTerminal *terminal;
    HRESULT hr = support_of(address, &support);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    if (!name) {
        hr = ITTerminalSupport_GetDefaultStaticTerminal(support, TAPIMEDIATYPE_AUDIO, direction,
                                                        out);
        ITTerminalSupport_Release(support);
        return hr;
    }
    hr = ITTerminalSupport_EnumerateStaticTerminals(support, &list);
    ITTerminalSupport_Release(support);
    if (FAILED(hr))
        return hr;
    while (!*out && IEnumTerminal_Next(list, 1, &terminal, NULL) == S_OK) {
        if (is_wanted(terminal, direction, name))
            *out = terminal;
        else
            ITTerminal_Release(terminal);
    }
    IEnumTerminal_Release(list);
    return *out ? S_OK : TAPI_E_NOITEMS;
}

static void tell(ITTerminal *terminal, ITTerminal *const *defaults)
{
    TERMINAL_DIRECTION direction = TD_CAPTURE;
    ITStaticAudioTerminal *wave;
    LONG number = -1;
    BSTR name = NULL;

    ITTerminal_get_Direction(terminal, &direction);
    ITTerminal_get_Name(terminal, &name);
    if (SUCCEEDED(
            ITTerminal_QueryInterface(terminal, &IID_ITStaticAudioTerminal, (void **)&wave))) {
        ITStaticAudioTerminal_get_WaveId(wave, &number);
        ITStaticAudioTerminal_Release(wave);
    }
    report_device(direction == TD_CAPTURE, name ? name : L"", number,
                  direction <= TD_RENDER && terminal == defaults[direction]);
    SysFreeString(name);
}

static HRESULT list_all(IOpenMSPAddress *address)
{
    ITTerminal *defaults[2] = {NULL}, *terminal;
    ITTerminalSupport *support;
    IEnumTerminal *list;
    HRESULT hr = support_of(address, &support);

    if (FAILED(hr))
        return hr;
    for (int direction = TD_CAPTURE; direction <= TD_RENDER; direction++)
        device_find(address, (TERMINAL_DIRECTION)direction, NULL, &defaults[direction]);
    hr = ITTerminalSupport_EnumerateStaticTerminals(support, &list);
    ITTerminalSupport_Release(support);
    if (SUCCEEDED(hr)) {
        while (IEnumTerminal_Next(list, 1, &terminal, NULL) == S_OK) {
            tell(terminal, defaults);
            ITTerminal_Release(terminal);
        }
        IEnumTerminal_Release(list);
    }
    for (int direction = TD_CAPTURE; direction <= TD_RENDER; direction++)
        if (defaults[direction])
            ITTerminal_Release(defaults[direction]);
    return hr;
}

int devices_command(bool json)
{
    struct provider provider;
    HRESULT hr;

    report_open(json, false);
    memset(&provider, 0, sizeof(provider));
    hr = provider_open(&provider);
    if (FAILED(hr)) {
        report_error("openmsp.dll cannot be loaded", NULL, hr);
        return 1;
    }
    hr = list_all(provider.address);
    if (FAILED(hr))
        report_error("the devices cannot be listed", NULL, hr);
    provider_close(&provider);
    return FAILED(hr) ? 1 : 0;
}
