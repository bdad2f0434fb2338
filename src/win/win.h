/* What the files of this adapter show each other; ports.c binds it together. */
#ifndef OMSP_WIN_WIN_H
#define OMSP_WIN_WIN_H

#include "port/ports.h"

/* struct omsp_ports.now_us */
uint64_t omsp_win_now_us(void);
/* Milliseconds to wait for a deadline on that clock (UINT64_MAX: none), 0 when it is over. Never
 * more than a second: a wake that the system had no memory for is seen then. */
unsigned omsp_win_wait_ms(uint64_t deadline_us);
/* struct omsp_ports.loop_create */
enum omsp_status omsp_win_loop_create(void *ctx, struct omsp_net_loop **out);
/* struct omsp_ports.audio_create */
enum omsp_status omsp_win_audio_create(void *ctx, const struct omsp_audio_watch *watch,
                                       struct omsp_audio **out);
/* struct omsp_file_port.open */
enum omsp_status omsp_win_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                    struct omsp_file **out);

#endif
