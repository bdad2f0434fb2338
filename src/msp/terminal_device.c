/*
 * A static terminal: an audio device of this machine (mspi.md 3.15, 3.16). ITTerminal,
 * ITBasicAudioTerminal, ITStaticAudioTerminal, ITTerminalControl. Stateless: everything is the
 * engine's. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "com/dispatch.h"
#include "engine/device.h"

struct msp_device {
    struct msp_terminal base;
    ITTerminal terminal;
    ITBasicAudioTerminal audio;
    ITStaticAudioTerminal wave;
};

static struct omsp_terminal *engine_of(void *iface)
{
    return ((struct msp_device *)com_object_of(iface))->base.engine;
}

/* ---- ITBasicAudioTerminal -------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE audio_put_Volume(ITBasicAudioTerminal *iface, __LONG32 volume)
{
    return msp_hresult(omsp_device_set_volume(engine_of(iface), volume));
}

static HRESULT STDMETHODCALLTYPE audio_get_Volume(ITBasicAudioTerminal *iface, __LONG32 *out)
{
    if (!out)
        return E_POINTER;
    *out = omsp_device_get_volume(engine_of(iface));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE audio_put_Balance(ITBasicAudioTerminal *iface, __LONG32 balance)
{
    return msp_hresult(omsp_device_set_balance(engine_of(iface), balance));
}

static HRESULT STDMETHODCALLTYPE audio_get_Balance(ITBasicAudioTerminal *iface, __LONG32 *out)
{
    int32_t balance;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = 0;
    hr = msp_hresult(omsp_device_get_balance(engine_of(iface), &balance));
    if (SUCCEEDED(hr))
        *out = balance;
    return hr;
}

static const struct com_member audio_members[] = {
    COM_GET(ITBasicAudioTerminal, 1, Volume, COM_RETVAL_LONG),
    COM_PUT(ITBasicAudioTerminal, 1, Volume, COM_IN_LONG("lVolume")),
    COM_GET(ITBasicAudioTerminal, 2, Balance, COM_RETVAL_LONG),
    COM_PUT(ITBasicAudioTerminal, 2, Balance, COM_IN_LONG("lBalance")),
};
static const struct com_dispatch audio_dispatch =
    COM_DISPATCH_TABLE(&IID_ITBasicAudioTerminal, "ITBasicAudioTerminal", audio_members);

/* ---- ITStaticAudioTerminal ------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE wave_get_WaveId(ITStaticAudioTerminal *iface, __LONG32 *out)
{
    enum omsp_status status;
    uint32_t number;

    if (!out)
        return E_POINTER;
    *out = -1;
    status = omsp_device_wave_id(engine_of(iface), &number);
    if (status == OMSP_OK)
        *out = (__LONG32)number;
    return status == OMSP_NODEVICE ? E_UNEXPECTED : msp_hresult(status);
}

static const struct com_member wave_members[] = {
    COM_GET(ITStaticAudioTerminal, 1, WaveId, COM_RETVAL_LONG),
};
static const struct com_dispatch wave_dispatch =
    COM_DISPATCH_TABLE(&IID_ITStaticAudioTerminal, "ITStaticAudioTerminal", wave_members);

/* ---- tables ---------------------------------------------------------------------------------- */

COM_VTABLE(terminal_vtable, ITTerminal, struct msp_device, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);
COM_VTABLE(audio_vtable, ITBasicAudioTerminal, struct msp_device, audio, &audio_dispatch,
           COM_DISPATCH_SLOTS(ITBasicAudioTerminal), .put_Volume = audio_put_Volume,
           .get_Volume = audio_get_Volume, .put_Balance = audio_put_Balance,
           .get_Balance = audio_get_Balance);
COM_VTABLE(wave_vtable, ITStaticAudioTerminal, struct msp_device, wave, &wave_dispatch,
           COM_DISPATCH_SLOTS(ITStaticAudioTerminal), .get_WaveId = wave_get_WaveId);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITBasicAudioTerminal, audio_vtable),
    COM_ENTRY(IID_ITStaticAudioTerminal, wave_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

/* Not COM_MERGED: the three number their members alike, as TAPI does. */
const struct com_class msp_device_class = {COM_CLASS("ITTerminal", struct msp_device, entries),
                                           .flags = COM_FTM | COM_SAFE,
                                           .destroy = msp_terminal_fini};

ITTerminal *msp_device_terminal(struct com_object *object)
{
    return &((struct msp_device *)object)->terminal;
}
