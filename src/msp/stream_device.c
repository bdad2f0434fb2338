/*
 * ITAudioDeviceControl of an audio stream (mspi.md 4.6). Devices play and hear at once, always; the
 * gain of what is captured and its echoes are the engine's doing, whatever the device can, so that
 * there is nothing of them to set on a render stream. Asks and tells the engine; any thread.
 */
#include "engine/quality.h"
#include "msp/property.h"
#include "msp/stream.h"

#define FULL_DUPLEX 1 /* 0 would be half duplex */

static const struct msp_property capture_table[] = {
    [AudioDevice_DuplexMode] = {MSP_PROPERTY_READ, FULL_DUPLEX, FULL_DUPLEX, 1, FULL_DUPLEX},
    [AudioDevice_AutomaticGainControl] = {MSP_PROPERTY_SET, 0, 1, 1, 0},
    [AudioDevice_AcousticEchoCancellation] = {MSP_PROPERTY_SET, 0, 1, 1, 0},
};
static const struct msp_property render_table[] = {
    [AudioDevice_DuplexMode] = {MSP_PROPERTY_READ, FULL_DUPLEX, FULL_DUPLEX, 1, FULL_DUPLEX},
    [AudioDevice_AutomaticGainControl] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
    [AudioDevice_AcousticEchoCancellation] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
};
static const struct msp_properties capture_properties = MSP_PROPERTIES(capture_table);
static const struct msp_properties render_properties = MSP_PROPERTIES(render_table);

static struct msp_stream *self_of(ITAudioDeviceControl *iface)
{
    return COM_SELF(iface, struct msp_stream, device);
}

static const struct msp_properties *properties_of(const struct msp_stream *self)
{
    return omsp_stream_direction(self->engine) == OMSP_CAPTURE ? &capture_properties
                                                               : &render_properties;
}

static HRESULT STDMETHODCALLTYPE device_range(ITAudioDeviceControl *iface,
                                              AudioDeviceProperty property, LONG *min, LONG *max,
                                              LONG *step, LONG *initial, TAPIControlFlags *flags)
{
    struct msp_stream *self = self_of(iface);

    return msp_property_range(properties_of(self), msp_stream_is_shut(self), (int)property, min,
                              max, step, initial, flags);
}

static HRESULT STDMETHODCALLTYPE device_get(ITAudioDeviceControl *iface,
                                            AudioDeviceProperty property, LONG *value,
                                            TAPIControlFlags *flags)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream_quality quality;
    HRESULT hr = msp_property_get(properties_of(self), msp_stream_is_shut(self), (int)property,
                                  value, flags);

    if (FAILED(hr))
        return hr;
    omsp_stream_get_quality(self->engine, &quality);
    switch (property) {
    case AudioDevice_DuplexMode:
        *value = FULL_DUPLEX;
        break;
    case AudioDevice_AutomaticGainControl:
        *value = quality.gain_control;
        break;
    case AudioDevice_AcousticEchoCancellation:
        *value = quality.echo_cancellation;
        break;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE device_set(ITAudioDeviceControl *iface,
                                            AudioDeviceProperty property, LONG value,
                                            TAPIControlFlags flags)
{
    struct msp_stream *self = self_of(iface);
    HRESULT hr = msp_property_set(properties_of(self), msp_stream_is_shut(self), (int)property,
                                  value, flags);

    if (FAILED(hr))
        return hr;
    return msp_hresult(property == AudioDevice_AutomaticGainControl
                           ? omsp_stream_set_gain_control(self->engine, value != 0)
                           : omsp_stream_set_echo_cancellation(self->engine, value != 0));
}

MSP_VTABLE(msp_stream_device_vtable, ITAudioDeviceControl, struct msp_stream, device, NULL,
           COM_UNKNOWN_SLOTS(ITAudioDeviceControl), .GetRange = device_range, .Get = device_get,
           .Set = device_set);
