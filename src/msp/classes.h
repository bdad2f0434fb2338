/*
 * Classes that only their own file makes, named so that com_class_check can be asked about them.
 */
#ifndef OMSP_MSP_CLASSES_H
#define OMSP_MSP_CLASSES_H

#include "com/object.h"

extern const struct com_class msp_stream_class;        /* stream.c */
extern const struct com_class msp_render_stream_class; /* stream.c */
extern const struct com_class msp_substream_class;     /* stream.c */
extern const struct com_class msp_video_stream_class;  /* stream.c */
extern const struct com_class msp_media_stream_class;  /* stream.c */
extern const struct com_class msp_audio_format_class;  /* audio_format.c */
#define MSP_EVENT_CLASS_COUNT 8
extern const struct com_class *const msp_event_classes[MSP_EVENT_CLASS_COUNT]; /* event_object.c */

#endif
