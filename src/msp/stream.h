/*
 * The stream's own state, for the files that implement its interfaces. The rest of the room uses
 * msp.h.
 */
#ifndef OMSP_MSP_STREAM_H
#define OMSP_MSP_STREAM_H

#include "com/object.h"
#include "msp/msp.h"
#include "msp/vtable.h"
#include "openmsp/openmsp.h"

struct omsp_fork_options;

struct msp_stream {
    struct com_object object;
    ITStream stream;
    ITStreamQualityControl quality; /* these four: by an audio stream of the call's own only */
    ITAudioSettings audio;
    ITAudioDeviceControl device;
    ITFormatControl formats;
    ITSubStreamControl substreams; /* by an audio render stream of the call's own only */
    ITSubStream substream;         /* by a substream, and nothing else */
    IOpenMSPMediaStream media;     /* answered by a media stream only */
    struct msp_call *call;         /* inner reference */
    struct omsp_stream *engine;    /* reference */
};

/* Shut down, itself or with its call. */
bool msp_stream_is_shut(const struct msp_stream *self);

/* stream_quality.c, stream_audio.c, stream_device.c, stream_format.c */
MSP_VTABLE_TYPE(ITStreamQualityControl);
MSP_VTABLE_TYPE(ITAudioSettings);
MSP_VTABLE_TYPE(ITAudioDeviceControl);
MSP_VTABLE_TYPE(ITFormatControl);
extern const struct msp_vtable_ITStreamQualityControl msp_stream_quality_vtable;
extern const struct msp_vtable_ITAudioSettings msp_stream_audio_vtable;
extern const struct msp_vtable_ITAudioDeviceControl msp_stream_device_vtable;
extern const struct msp_vtable_ITFormatControl msp_stream_format_vtable;

/* substream_control.c */
MSP_VTABLE_TYPE(ITSubStreamControl);
extern const struct msp_vtable_ITSubStreamControl msp_substream_control_vtable;

/* substream.c */
MSP_VTABLE_TYPE(ITSubStream);
extern const struct msp_vtable_ITSubStream msp_substream_vtable;

/* As msp_stream_wrap and msp_stream_from_interface. */
HRESULT msp_substream_wrap(struct msp_call *call, struct omsp_stream *substream, ITSubStream **out);
HRESULT msp_substream_from_interface(IUnknown *unknown, struct omsp_stream **out);

/* The methods of ITStream and ITSubStream (mspi.md 3.4 to 3.10; core/stream.h has the states). Each
 * E_POINTER, then E_UNEXPECTED (shut down); start, pause, stop: the engine's answer, or that of a
 * hosted terminal (hosted.h); the lists E_OUTOFMEMORY. No lock is held. */
HRESULT msp_stream_start(struct msp_stream *self);
HRESULT msp_stream_pause(struct msp_stream *self);
HRESULT msp_stream_stop(struct msp_stream *self);
HRESULT msp_stream_select(struct msp_stream *self, ITTerminal *terminal);
HRESULT msp_stream_unselect(struct msp_stream *self, ITTerminal *terminal);
HRESULT msp_stream_enumerate_terminals(struct msp_stream *self, IEnumTerminal **out);
HRESULT msp_stream_list_terminals(struct msp_stream *self, VARIANT *out);

/* media_stream.c */
MSP_VTABLE_TYPE(IOpenMSPMediaStream);
extern const struct msp_vtable_IOpenMSPMediaStream msp_media_stream_vtable;
extern const struct com_dispatch msp_dispatch_IOpenMSPMediaStream;

/* As msp_stream_wrap for a stream that is a fork. */
HRESULT msp_media_stream_wrap(struct msp_call *call, struct omsp_stream *stream,
                              IOpenMSPMediaStream **out);
/* Makes a fork of the call and its wrapper, or neither: E_OUTOFMEMORY has dialled nothing, and
 * omsp_call_fork's errors (msp_fork_hresult). */
HRESULT msp_media_stream_create(struct msp_call *call, const struct omsp_fork_options *options,
                                IOpenMSPMediaStream **out);

#endif
