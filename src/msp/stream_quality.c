/*
 * ITStreamQualityControl of an audio stream (mspi.md 4.6): bit rates in bits a second of RTP
 * payload, frame intervals in units of 100 ns as everywhere in DirectShow. A frame is a packet.
 * Asks and tells the engine; any thread.
 */
#include "engine/quality.h"
#include "msp/call.h"
#include "msp/property.h"
#include "msp/stream.h"

#define UNITS_PER_MS 10000

static const struct msp_property table[] = {
    [StreamQuality_MaxBitrate] = {MSP_PROPERTY_READ, OMSP_MAX_BITRATE, OMSP_MAX_BITRATE, 1,
                                  OMSP_MAX_BITRATE},
    [StreamQuality_CurrBitrate] = {MSP_PROPERTY_READ, 0, OMSP_MAX_BITRATE, 1, 0},
    [StreamQuality_MinFrameInterval] = {MSP_PROPERTY_SET, 10 * UNITS_PER_MS, 60 * UNITS_PER_MS,
                                        10 * UNITS_PER_MS, 20 * UNITS_PER_MS},
    [StreamQuality_AvgFrameInterval] = {MSP_PROPERTY_READ, 0, LONG_MAX, 1, 0},
};
static const struct msp_properties properties = MSP_PROPERTIES(table);

static struct msp_stream *self_of(ITStreamQualityControl *iface)
{
    return COM_SELF(iface, struct msp_stream, quality);
}

static HRESULT STDMETHODCALLTYPE quality_range(ITStreamQualityControl *iface,
                                               StreamQualityProperty property, LONG *min, LONG *max,
                                               LONG *step, LONG *initial, TAPIControlFlags *flags)
{
    return msp_property_range(&properties, msp_stream_is_shut(self_of(iface)), (int)property, min,
                              max, step, initial, flags);
}

static HRESULT STDMETHODCALLTYPE quality_get(ITStreamQualityControl *iface,
                                             StreamQualityProperty property, LONG *value,
                                             TAPIControlFlags *flags)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream_quality quality;
    HRESULT hr =
        msp_property_get(&properties, msp_stream_is_shut(self), (int)property, value, flags);

    if (FAILED(hr))
        return hr;
    omsp_stream_get_quality(self->engine, &quality);
    switch (property) {
    case StreamQuality_MaxBitrate:
        *value = OMSP_MAX_BITRATE;
        break;
    case StreamQuality_CurrBitrate:
        *value = (LONG)quality.bits_per_second;
        break;
    case StreamQuality_MinFrameInterval:
        *value = (LONG)omsp_call_get_ptime(msp_call_engine(self->call)) * UNITS_PER_MS;
        break;
    case StreamQuality_AvgFrameInterval:
        *value = (LONG)quality.packet_interval_us * 10;
        break;
    }
    return S_OK;
}

/* The packet time is the call's: what it asks its peer for, and sends when the peer has no wish. */
static HRESULT STDMETHODCALLTYPE quality_set(ITStreamQualityControl *iface,
                                             StreamQualityProperty property, LONG value,
                                             TAPIControlFlags flags)
{
    struct msp_stream *self = self_of(iface);
    HRESULT hr =
        msp_property_set(&properties, msp_stream_is_shut(self), (int)property, value, flags);

    return FAILED(hr) ? hr : msp_hresult(msp_call_set_ptime(self->call, value / UNITS_PER_MS));
}

MSP_VTABLE(msp_stream_quality_vtable, ITStreamQualityControl, struct msp_stream, quality, NULL,
           COM_UNKNOWN_SLOTS(ITStreamQualityControl), .GetRange = quality_range, .Get = quality_get,
           .Set = quality_set);
