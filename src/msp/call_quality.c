/*
 * ITCallQualityControl (mspi.md 4.6): bits a second of RTP payload in and out, measured over the
 * control interval (milliseconds), and the processor time of the whole process (per cent of all
 * processors). What G.711 needs cannot be bounded below, so the limits are figures, not settings.
 * Any thread.
 */
#include "engine/quality.h"
#include "msp/call.h"
#include "msp/cpu_load.h"
#include "msp/property.h"

static const struct msp_property table[] = {
    [CallQuality_ControlInterval] = {MSP_PROPERTY_SET, OMSP_QUALITY_INTERVAL_MIN_MS,
                                     OMSP_QUALITY_INTERVAL_MAX_MS, 1,
                                     OMSP_QUALITY_INTERVAL_DEFAULT_MS},
    [CallQuality_ConfBitrate] = {MSP_PROPERTY_READ, 0, 2 * OMSP_MAX_BITRATE, 1, 0},
    [CallQuality_MaxInputBitrate] = {MSP_PROPERTY_READ, OMSP_MAX_BITRATE, OMSP_MAX_BITRATE, 1,
                                     OMSP_MAX_BITRATE},
    [CallQuality_CurrInputBitrate] = {MSP_PROPERTY_READ, 0, OMSP_MAX_BITRATE, 1, 0},
    [CallQuality_MaxOutputBitrate] = {MSP_PROPERTY_READ, OMSP_MAX_BITRATE, OMSP_MAX_BITRATE, 1,
                                      OMSP_MAX_BITRATE},
    [CallQuality_CurrOutputBitrate] = {MSP_PROPERTY_READ, 0, OMSP_MAX_BITRATE, 1, 0},
    [CallQuality_MaxCPULoad] = {MSP_PROPERTY_READ, 100, 100, 1, 100},
    [CallQuality_CurrCPULoad] = {MSP_PROPERTY_READ, 0, 100, 1, 0},
};
static const struct msp_properties properties = MSP_PROPERTIES(table);

static struct msp_call *self_of(ITCallQualityControl *iface)
{
    return COM_SELF(iface, struct msp_call, quality);
}

static HRESULT STDMETHODCALLTYPE quality_range(ITCallQualityControl *iface,
                                               CallQualityProperty property, LONG *min, LONG *max,
                                               LONG *step, LONG *initial, TAPIControlFlags *flags)
{
    return msp_property_range(&properties, msp_call_is_shut(self_of(iface)), (int)property, min,
                              max, step, initial, flags);
}

static LONG figure(struct msp_call *self, CallQualityProperty property)
{
    struct omsp_call_quality quality;

    omsp_call_get_quality(self->engine, &quality);
    switch (property) {
    case CallQuality_ControlInterval:
        return (LONG)quality.interval_ms;
    case CallQuality_ConfBitrate:
        return (LONG)(quality.input_bits_per_second + quality.output_bits_per_second);
    case CallQuality_CurrInputBitrate:
        return (LONG)quality.input_bits_per_second;
    case CallQuality_CurrOutputBitrate:
        return (LONG)quality.output_bits_per_second;
    case CallQuality_CurrCPULoad:
        return msp_cpu_load();
    default:
        return table[property].max;
    }
}

static HRESULT STDMETHODCALLTYPE quality_get(ITCallQualityControl *iface,
                                             CallQualityProperty property, LONG *value,
                                             TAPIControlFlags *flags)
{
    struct msp_call *self = self_of(iface);
    HRESULT hr = msp_property_get(&properties, msp_call_is_shut(self), (int)property, value, flags);

    if (SUCCEEDED(hr))
        *value = figure(self, property);
    return hr;
}

static HRESULT STDMETHODCALLTYPE quality_set(ITCallQualityControl *iface,
                                             CallQualityProperty property, LONG value,
                                             TAPIControlFlags flags)
{
    struct msp_call *self = self_of(iface);
    HRESULT hr = msp_property_set(&properties, msp_call_is_shut(self), (int)property, value, flags);

    return FAILED(hr) ? hr
                      : msp_hresult(omsp_call_set_quality_interval(self->engine, (unsigned)value));
}

MSP_VTABLE(msp_call_quality_vtable, ITCallQualityControl, struct msp_call, quality, NULL,
           COM_UNKNOWN_SLOTS(ITCallQualityControl), .GetRange = quality_range, .Get = quality_get,
           .Set = quality_set);
