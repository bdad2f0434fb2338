/*
 * The address's static terminals - the audio devices of this machine - as ITTerminalSupport lists
 * them (mspi.md 3.13), and ITLegacyWaveSupport (3.16). Any thread; the first question waits for the
 * system to list its devices.
 */
#include "msp/address.h"

#include "com/collection.h"
#include "com/enumerator.h"
#include "engine/device.h"
#include "msp/terminal.h"

/* All of them, a reference each, into out, which has room for OMSP_ADDRESS_MAX_DEVICES. */
static HRESULT static_terminals(struct msp_address *self, ITTerminal **out, unsigned *count)
{
    struct omsp_terminal *engines[OMSP_ADDRESS_MAX_DEVICES];
    HRESULT hr = msp_address_check_live(self);

    *count = 0;
    if (SUCCEEDED(hr))
        hr = msp_hresult(omsp_address_devices(msp_address_engine(self), engines,
                                              OMSP_ADDRESS_MAX_DEVICES, count));
    if (FAILED(hr))
        return hr;
    return msp_terminals_wrap(msp_address_token(self), engines, *count, out);
}

HRESULT msp_address_static_collection(struct msp_address *self, VARIANT *out)
{
    ITTerminal *terminals[OMSP_ADDRESS_MAX_DEVICES];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = static_terminals(self, terminals, &count);
    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)terminals, count, out);
    msp_terminals_drop(terminals, count);
    return hr;
}

HRESULT msp_address_static_enum(struct msp_address *self, IEnumTerminal **out)
{
    ITTerminal *terminals[OMSP_ADDRESS_MAX_DEVICES];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = static_terminals(self, terminals, &count);
    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumTerminal, COM_ENUM_RESET_SKIP, (void *const *)terminals,
                             count, (void **)out);
    msp_terminals_drop(terminals, count);
    return hr;
}

HRESULT msp_address_default_static(struct msp_address *self, LONG media,
                                   TERMINAL_DIRECTION direction, ITTerminal **out)
{
    struct omsp_terminal *terminal;
    enum omsp_status status;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_address_check_live(self);
    if (FAILED(hr))
        return hr;
    if (media != TAPIMEDIATYPE_AUDIO && media != TAPIMEDIATYPE_VIDEO)
        return E_INVALIDARG;
    if (direction != TD_CAPTURE && direction != TD_RENDER)
        return E_INVALIDARG;
    if (media == TAPIMEDIATYPE_VIDEO)
        return TAPI_E_NOITEMS;
    status = omsp_address_default_device(msp_address_engine(self), (enum omsp_direction)direction,
                                         &terminal);
    if (status)
        return status == OMSP_NODEVICE ? TAPI_E_NOITEMS : msp_hresult(status);
    hr = msp_terminal_wrap(msp_address_token(self), terminal, out);
    omsp_terminal_release(terminal);
    return hr;
}

/* ---- ITLegacyWaveSupport --------------------------------------------------------------------- */

/* The system's mixer lets both directions run at once; that is only known to be of use where there
 * is a device for each. */
static HRESULT STDMETHODCALLTYPE legacy_IsFullDuplex(ITLegacyWaveSupport *iface,
                                                     FULLDUPLEX_SUPPORT *out)
{
    struct msp_address *self = COM_SELF(iface, struct msp_address, legacy);
    bool both = true;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = FDS_UNKNOWN;
    hr = msp_address_check_live(self);
    for (int direction = TD_CAPTURE; SUCCEEDED(hr) && direction <= TD_RENDER; direction++) {
        struct omsp_terminal *terminal = NULL;
        enum omsp_status status = omsp_address_default_device(
            msp_address_engine(self), (enum omsp_direction)direction, &terminal);

        if (status == OMSP_NODEVICE)
            both = false;
        else
            hr = msp_hresult(status);
        omsp_terminal_release(terminal);
    }
    if (SUCCEEDED(hr) && both)
        *out = FDS_SUPPORTED;
    return hr;
}

static const struct com_member legacy_members[] = {
    COM_METHOD(ITLegacyWaveSupport, 0x60020000, IsFullDuplex, COM_RETVAL_LONG),
};
static const struct com_dispatch legacy_dispatch =
    COM_DISPATCH_TABLE(&IID_ITLegacyWaveSupport, "ITLegacyWaveSupport", legacy_members);

MSP_VTABLE(msp_address_legacy_vtable, ITLegacyWaveSupport, struct msp_address, legacy,
           &legacy_dispatch, COM_DISPATCH_SLOTS(ITLegacyWaveSupport),
           .IsFullDuplex = legacy_IsFullDuplex);
