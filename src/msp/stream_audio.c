/*
 * ITAudioSettings of an audio stream (mspi.md 4.6): volume and silence of all its terminals
 * together, and how loud it is just now. Balance, loudness, treble and bass are for devices that
 * have them; the audio of a call is mono. Asks and tells the engine; any thread.
 */
#include "engine/quality.h"
#include "msp/property.h"
#include "msp/stream.h"

static const struct msp_property table[] = {
    [AudioSettings_SignalLevel] = {MSP_PROPERTY_READ, 0, OMSP_STREAM_LEVEL_MAX, 1, 0},
    [AudioSettings_SilenceThreshold] = {MSP_PROPERTY_SET, 0, OMSP_STREAM_LEVEL_MAX, 1, 0},
    [AudioSettings_Volume] = {MSP_PROPERTY_SET, 0, OMSP_STREAM_VOLUME_MAX, 1,
                              OMSP_STREAM_VOLUME_SAME},
    [AudioSettings_Balance] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
    [AudioSettings_Loudness] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
    [AudioSettings_Treble] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
    [AudioSettings_Bass] = {MSP_PROPERTY_NONE, 0, 0, 0, 0},
    [AudioSettings_Mono] = {MSP_PROPERTY_READ, 1, 1, 1, 1},
};
static const struct msp_properties properties = MSP_PROPERTIES(table);

static struct msp_stream *self_of(ITAudioSettings *iface)
{
    return COM_SELF(iface, struct msp_stream, audio);
}

static HRESULT STDMETHODCALLTYPE audio_range(ITAudioSettings *iface, AudioSettingsProperty property,
                                             LONG *min, LONG *max, LONG *step, LONG *initial,
                                             TAPIControlFlags *flags)
{
    return msp_property_range(&properties, msp_stream_is_shut(self_of(iface)), (int)property, min,
                              max, step, initial, flags);
}

static HRESULT STDMETHODCALLTYPE audio_get(ITAudioSettings *iface, AudioSettingsProperty property,
                                           LONG *value, TAPIControlFlags *flags)
{
    struct msp_stream *self = self_of(iface);
    struct omsp_stream_quality quality;
    HRESULT hr =
        msp_property_get(&properties, msp_stream_is_shut(self), (int)property, value, flags);

    if (FAILED(hr))
        return hr;
    omsp_stream_get_quality(self->engine, &quality);
    switch (property) {
    case AudioSettings_SignalLevel:
        *value = (LONG)quality.level;
        break;
    case AudioSettings_SilenceThreshold:
        *value = (LONG)quality.silence_threshold;
        break;
    case AudioSettings_Volume:
        *value = (LONG)quality.volume;
        break;
    default:
        *value = 1; /* mono */
        break;
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE audio_set(ITAudioSettings *iface, AudioSettingsProperty property,
                                           LONG value, TAPIControlFlags flags)
{
    struct msp_stream *self = self_of(iface);
    HRESULT hr =
        msp_property_set(&properties, msp_stream_is_shut(self), (int)property, value, flags);

    if (FAILED(hr))
        return hr;
    return msp_hresult(property == AudioSettings_Volume
                           ? omsp_stream_set_volume(self->engine, (unsigned)value)
                           : omsp_stream_set_silence(self->engine, (unsigned)value));
}

MSP_VTABLE(msp_stream_audio_vtable, ITAudioSettings, struct msp_stream, audio, NULL,
           COM_UNKNOWN_SLOTS(ITAudioSettings), .GetRange = audio_range, .Get = audio_get,
           .Set = audio_set);
