/* What src/curl stands on here: poller.c's table, tls.c's functions in it. */
#ifndef OMSP_WIN_POLLER_H
#define OMSP_WIN_POLLER_H

#include <winsock2.h>

#include "curl/adapter.h"

extern const struct omsp_curl_os omsp_win_curl_os;

/* struct omsp_curl_os.verify */
CURLcode omsp_win_tls_verify(CURL *easy, const char *ca_file, struct omsp_tls_check *check);
/* struct omsp_curl_os.stay_loaded: never unloaded again */
void omsp_win_stay_loaded(void);

#endif
