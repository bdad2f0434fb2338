/* What the files of this adapter show each other; ports.c binds it together. */
#ifndef OMSP_WIN_WIN_H
#define OMSP_WIN_WIN_H

#include "port/ports.h"

/* struct omsp_ports.now_us */
uint64_t omsp_win_now_us(void);
/* struct omsp_ports.loop_create */
enum omsp_status omsp_win_loop_create(void *ctx, struct omsp_net_loop **out);
/* struct omsp_ports.audio_create */
enum omsp_status omsp_win_audio_create(void *ctx, const struct omsp_audio_watch *watch,
                                       struct omsp_audio **out);
/* struct omsp_file_port.open */
enum omsp_status omsp_win_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                    struct omsp_file **out);

#endif
