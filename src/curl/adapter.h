/* The parts of port/tcp.h and port/http.h that are the same on every system, made on libcurl.
 * posix/ and win/ bind them to their system. */
#ifndef OMSP_CURL_ADAPTER_H
#define OMSP_CURL_ADAPTER_H

#include "curl/os.h"

#include "port/http.h"
#include "port/tcp.h"

/* struct omsp_ports.tcp_loop_create and .http_create. os outlives what is made; each has a thread
 * of its own until it is destroyed: dialling, all of HTTP. OMSP_NOMEM, OMSP_FULL, OMSP_IO. */
enum omsp_status omsp_curl_tcp_create(const struct omsp_curl_os *os, struct omsp_tcp_loop **out);
enum omsp_status omsp_curl_http_create(const struct omsp_curl_os *os, struct omsp_http **out);

#endif
