/* What track formats need of the two kinds of file terminal (file_core.c). */
#ifndef OMSP_ENGINE_FILE_KINDS_H
#define OMSP_ENGINE_FILE_KINDS_H

#include "engine/file_core.h"

/* The first file's; OMSP_NO_FORMAT while no list is set. */
enum omsp_status omsp_file_player_format(struct omsp_file_core *core,
                                         struct omsp_audio_format *out);
enum omsp_status omsp_file_recorder_get_format(struct omsp_file_core *core,
                                               struct omsp_audio_format *out);
/* OMSP_NO_FORMAT, OMSP_WRONG_STATE. */
enum omsp_status omsp_file_recorder_set_format(struct omsp_file_core *core,
                                               const struct omsp_audio_format *format);

#endif
