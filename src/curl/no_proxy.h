#ifndef OMSP_CURL_NO_PROXY_H
#define OMSP_CURL_NO_PROXY_H

#include <curl/curl.h>

/* A connection goes straight to its host, whatever the environment's variables say. A libcurl built
 * without proxies does not know the option, and does as it says. CURLE_OUT_OF_MEMORY. */
static inline CURLcode omsp_curl_no_proxy(CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROXY, "");

    return code == CURLE_UNKNOWN_OPTION ? CURLE_OK : code;
}

#endif
