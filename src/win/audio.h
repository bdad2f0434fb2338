/* The two halves of the WASAPI adapter: audio.c (thread, list of devices) and audio_stream.c. */
#ifndef OMSP_WIN_AUDIO_H
#define OMSP_WIN_AUDIO_H

#include "base/list.h"
#include "port/audio.h"

#include <windows.h>

#include <audioclient.h>
#include <mmdeviceapi.h>

/* Everything below but what is marked is the device thread's. */
struct win_stream {
    struct omsp_audio_stream base;
    struct omsp_link link; /* win_audio.streams */
    WCHAR id[OMSP_AUDIO_ID_ROOM];
    EDataFlow flow;
    IAudioClient *client;
    IAudioRenderClient *render;
    IAudioCaptureClient *capture;
    HANDLE event; /* the device wants, or has, a piece */
    struct omsp_audio_frames frames;
    UINT32 room;  /* of the device's buffer, frames */
    int16_t *pcm; /* room samples */
    bool lost;
    ULONGLONG served;          /* tick count */
    volatile LONG left, right; /* any thread */
};

/* Opens and starts the device. OMSP_NODEVICE, OMSP_ACCESS, OMSP_NO_FORMAT, OMSP_NOMEM, OMSP_IO. */
enum omsp_status win_stream_start(struct win_stream *stream, IMMDeviceEnumerator *devices);
void win_stream_stop(struct win_stream *stream);
/* Hands over what is due; false: the device is lost. */
bool win_stream_serve(struct win_stream *stream);

enum omsp_status win_audio_status(HRESULT hr);

#endif
