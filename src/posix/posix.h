/* What the files of this adapter show each other; ports.c binds it together. */
#ifndef OMSP_POSIX_POSIX_H
#define OMSP_POSIX_POSIX_H

#include "curl/adapter.h"
#include "port/ports.h"

/* struct omsp_ports.now_us */
uint64_t omsp_posix_now_us(void);
/* struct omsp_ports.loop_create */
enum omsp_status omsp_posix_loop_create(void *ctx, struct omsp_net_loop **out);
/* struct omsp_file_port.open */
enum omsp_status omsp_posix_file_open(void *ctx, const char *path, enum omsp_file_mode mode,
                                      struct omsp_file **out);
/* struct omsp_curl_os.sender_*: over io_uring, where the build has liburing (OMSP_URING). */
struct omsp_sender *omsp_posix_sender_create(void);
void omsp_posix_sender_destroy(struct omsp_sender *sender);
void omsp_posix_sender_send(struct omsp_sender *sender, struct omsp_sock_send *sends,
                            unsigned count);
/* struct omsp_curl_os.sock_send */
enum omsp_status omsp_posix_sock_send(curl_socket_t sock, const void *data, size_t len,
                                      size_t *sent);
/* What the TCP and HTTP adapters of src/curl stand on here. */
extern const struct omsp_curl_os omsp_posix_curl_os;

#endif
