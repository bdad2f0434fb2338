/* The parts of the WASAPI adapter: audio.c (the device thread), audio_desk.c (what others want of
 * it), audio_stream.c (one open device), audio_list.c (which there are). */
#ifndef OMSP_WIN_AUDIO_H
#define OMSP_WIN_AUDIO_H

#include "base/list.h"
#include "port/audio.h"

#include <windows.h>

#include <audioclient.h>
#include <mmdeviceapi.h>

struct win_request;

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
    ULONGLONG served;            /* tick count */
    volatile LONG left, right;   /* any thread */
    SRWLOCK calling;             /* around the owner's callbacks */
    bool silent;                 /* calling: no callback any more */
    struct win_request *closing; /* the owner's: made beforehand, for a close cannot fail */
};

/* Opens and starts the device by id and flow, with the stream's event, and sets base.rate. As long
 * as the system's driver likes. On failure nothing is held. OMSP_NODEVICE, OMSP_ACCESS,
 * OMSP_NO_FORMAT, OMSP_NOMEM, OMSP_IO. */
enum omsp_status win_stream_start(struct win_stream *stream, IMMDeviceEnumerator *devices);
/* Gives back what start took; twice is fine. */
void win_stream_stop(struct win_stream *stream);
/* Hands over what is due, by the owner's callbacks; false: the device is lost. */
bool win_stream_serve(struct win_stream *stream);

/* Around every callback; enter answers false when there is nobody to call, and leave follows then,
 * too. */
bool win_stream_enter(struct win_stream *stream);
void win_stream_leave(struct win_stream *stream);
/* Any thread: when it returned no callback runs or will. Not inside one. */
void win_stream_silence(struct win_stream *stream);

/* WASAPI's codes: OMSP_OK for S_OK, OMSP_NOMEM, OMSP_ACCESS, OMSP_NO_FORMAT, OMSP_NODEVICE, and
 * OMSP_IO for all else. */
enum omsp_status win_audio_status(HRESULT hr);

/* ---- audio_list.c ---------------------------------------------------------------------------- */

struct win_listing {
    IMMDeviceEnumerator *devices;
    bool (*hidden)(void *ctx, const WCHAR *id); /* not one to show */
    void *ctx;
};

/* Those of one side; up to room, *count of them. Device thread. One that cannot be asked for its
 * id, or whose id has no room, is left out. As win_audio_status when the system's list cannot be
 * had; *count is 0 then. */
enum omsp_status win_list(const struct win_listing *listing, EDataFlow flow,
                          struct omsp_audio_device *out, unsigned room, unsigned *count);
/* By its id; what is no id of WASAPI's: eRender. */
EDataFlow win_flow_of(const WCHAR *id);
/* As the port has it. Any thread. */
enum omsp_status win_wave_id(struct omsp_audio *audio, const char *id, uint32_t *out);

#endif
