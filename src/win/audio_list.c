/*
 * Which devices WASAPI lists, and their numbers in the system's older interface. Stateless; the
 * list is asked for on the device thread, a number on any.
 */
#include <initguid.h>

#include "win/audio.h"

#include <functiondiscoverykeys_devpkey.h>
#include <mmsystem.h>
#include <string.h>

/* Endpoint ids begin with "{0.0.0." or "{0.0.1.": which side they are on. */
EDataFlow win_flow_of(const WCHAR *id)
{
    return wcsncmp(id, L"{0.0.1.", 7) ? eRender : eCapture;
}

static void name_of(IMMDevice *device, char *out)
{
    IPropertyStore *store;
    PROPVARIANT value;

    lstrcpyA(out, "Audio device");
    if (FAILED(IMMDevice_OpenPropertyStore(device, STGM_READ, &store)))
        return;
    PropVariantInit(&value);
    if (SUCCEEDED(IPropertyStore_GetValue(store, &PKEY_Device_FriendlyName, &value)) &&
        value.vt == VT_LPWSTR &&
        !WideCharToMultiByte(CP_UTF8, 0, value.pwszVal, -1, out, OMSP_AUDIO_NAME_ROOM, NULL, NULL))
        lstrcpyA(out, "Audio device"); /* longer than anybody would read */
    PropVariantClear(&value);
    IPropertyStore_Release(store);
}

/* False: not one to show. */
static bool describe(const struct win_listing *listing, IMMDevice *device, EDataFlow flow,
                     const WCHAR *default_id, struct omsp_audio_device *out)
{
    WCHAR *id;
    bool shown;

    if (FAILED(IMMDevice_GetId(device, &id)))
        return false;
    memset(out, 0, sizeof(*out));
    out->flow = flow == eRender ? OMSP_AUDIO_RENDER : OMSP_AUDIO_CAPTURE;
    out->is_default = default_id && !wcscmp(default_id, id);
    shown = !listing->hidden(listing->ctx, id) &&
            WideCharToMultiByte(CP_UTF8, 0, id, -1, out->id, OMSP_AUDIO_ID_ROOM, NULL, NULL) != 0;
    CoTaskMemFree(id);
    if (shown)
        name_of(device, out->name);
    return shown;
}

static WCHAR *default_id(IMMDeviceEnumerator *devices, EDataFlow flow)
{
    IMMDevice *device;
    WCHAR *id = NULL;

    if (FAILED(
            IMMDeviceEnumerator_GetDefaultAudioEndpoint(devices, flow, eCommunications, &device)))
        return NULL;
    if (FAILED(IMMDevice_GetId(device, &id)))
        id = NULL;
    IMMDevice_Release(device);
    return id;
}

enum omsp_status win_list(const struct win_listing *listing, EDataFlow flow,
                          struct omsp_audio_device *out, unsigned room, unsigned *count)
{
    IMMDeviceCollection *all;
    UINT there = 0;
    WCHAR *preferred;
    HRESULT hr;

    *count = 0;
    hr = IMMDeviceEnumerator_EnumAudioEndpoints(listing->devices, flow, DEVICE_STATE_ACTIVE, &all);
    if (FAILED(hr))
        return win_audio_status(hr);
    preferred = default_id(listing->devices, flow);
    hr = IMMDeviceCollection_GetCount(all, &there);
    for (UINT i = 0; SUCCEEDED(hr) && i < there && *count < room; i++) {
        IMMDevice *device;

        hr = IMMDeviceCollection_Item(all, i, &device);
        if (FAILED(hr))
            break;
        if (describe(listing, device, flow, preferred, &out[*count]))
            ++*count;
        IMMDevice_Release(device);
    }
    CoTaskMemFree(preferred);
    IMMDeviceCollection_Release(all);
    if (FAILED(hr))
        *count = 0;
    return FAILED(hr) ? win_audio_status(hr) : OMSP_OK;
}

/* mmddk.h has these; it is a driver's header. */
#ifndef DRV_QUERYFUNCTIONINSTANCEID
#define DRV_QUERYFUNCTIONINSTANCEID     (DRV_RESERVED + 17)
#define DRV_QUERYFUNCTIONINSTANCEIDSIZE (DRV_RESERVED + 18)
#endif

enum omsp_status win_wave_id(struct omsp_audio *base, const char *id, uint32_t *out)
{
    WCHAR wanted[OMSP_AUDIO_ID_ROOM], found[OMSP_AUDIO_ID_ROOM];
    bool render;
    UINT count;

    (void)base;
    if (!MultiByteToWideChar(CP_UTF8, 0, id, -1, wanted, OMSP_AUDIO_ID_ROOM))
        return OMSP_NODEVICE;
    render = win_flow_of(wanted) == eRender;
    count = render ? waveOutGetNumDevs() : waveInGetNumDevs();
    for (UINT i = 0; i < count; i++) {
        DWORD_PTR to = (DWORD_PTR)found, room = sizeof(found);
        MMRESULT result;

        memset(found, 0, sizeof(found));
        if (render)
            result = waveOutMessage((HWAVEOUT)(UINT_PTR)i, DRV_QUERYFUNCTIONINSTANCEID, to, room);
        else
            result = waveInMessage((HWAVEIN)(UINT_PTR)i, DRV_QUERYFUNCTIONINSTANCEID, to, room);
        if (result == MMSYSERR_NOERROR && !wcscmp(found, wanted)) {
            *out = i;
            return OMSP_OK;
        }
    }
    return OMSP_NODEVICE;
}
