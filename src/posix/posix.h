/* What the files of this adapter show each other; ports.c binds it together. */
#ifndef OMSP_POSIX_POSIX_H
#define OMSP_POSIX_POSIX_H

#include "curl/adapter.h"
#include "port/ports.h"

uint64_t omsp_posix_now_us(void);
/* struct omsp_ports.loop_create */
enum omsp_status omsp_posix_loop_create(void *ctx, struct omsp_net_loop **out);
/* struct omsp_file_port.open */
enum omsp_status omsp_posix_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                      struct omsp_file **out);
/* What the TCP and HTTP adapters of src/curl stand on here. */
extern const struct omsp_curl_os omsp_posix_curl_os;

#endif
