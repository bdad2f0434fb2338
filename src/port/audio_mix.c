/*
 * Between a device's channels and our one: folding, spreading, gains. No state, no lock; the device
 * thread.
 */
#include "port/audio.h"

#include <math.h>
#include <string.h>

static float read_one(const struct omsp_audio_frames *format, const void *frames, size_t at)
{
    float sample;
    int16_t whole;

    if (!format->floats) {
        memcpy(&whole, (const char *)frames + at * sizeof(whole), sizeof(whole));
        return (float)whole;
    }
    memcpy(&sample, (const char *)frames + at * sizeof(sample), sizeof(sample));
    return sample * 32768.0f;
}

/* Not a number counts as silence. */
static int16_t clip(float sample)
{
    if (!(sample > -32768.0f))
        return sample <= -32768.0f ? INT16_MIN : 0;
    return sample >= 32767.0f ? INT16_MAX : (int16_t)lrintf(sample);
}

void omsp_audio_fold(const struct omsp_audio_frames *format, const void *frames, size_t count,
                     uint32_t gain, int16_t *pcm)
{
    float scale = (float)gain / OMSP_AUDIO_UNITY / (float)format->channels;

    for (size_t i = 0; i < count; i++) {
        float sum = 0;

        for (unsigned c = 0; c < format->channels; c++)
            sum += read_one(format, frames, i * format->channels + c);
        pcm[i] = clip(sum * scale);
    }
}

static void write_one(const struct omsp_audio_frames *format, void *frames, size_t at, float sample)
{
    int16_t whole;

    if (format->floats) {
        sample /= 32768.0f;
        memcpy((char *)frames + at * sizeof(sample), &sample, sizeof(sample));
        return;
    }
    whole = clip(sample);
    memcpy((char *)frames + at * sizeof(whole), &whole, sizeof(whole));
}

void omsp_audio_spread(const struct omsp_audio_frames *format, const int16_t *pcm, size_t count,
                       uint32_t left, uint32_t right, void *frames)
{
    float gain[2] = {(float)left / OMSP_AUDIO_UNITY, (float)right / OMSP_AUDIO_UNITY};

    for (size_t i = 0; i < count; i++)
        for (unsigned c = 0; c < format->channels; c++)
            write_one(format, frames, i * format->channels + c,
                      c < 2 ? (float)pcm[i] * gain[c] : 0.0f);
}
