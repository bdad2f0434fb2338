/*
 * How much of a request is there, seen before anybody reads it: what the gate decides by. It judges
 * no request: what is doubtful counts as whole and is libmicrohttpd's and headers.c's to refuse.
 */
#ifndef OMSP_REST_EXTENT_H
#define OMSP_REST_EXTENT_H

#include <stddef.h>

/* So many bytes of a request are looked at. */
#define OMSP_REST_WINDOW 16384

enum omsp_extent {
    OMSP_EXTENT_PART,  /* more must come before anything can be said or done */
    OMSP_EXTENT_WHOLE, /* header and body are there, or what the library refuses by its header */
    OMSP_EXTENT_LONG, /* it has to be read to be known: beyond the window, chunked, expecting 100 */
};

/* Of a connection's first len bytes. Lines end as libmicrohttpd lets them end: CR LF, LF or CR.
 * Pure. */
enum omsp_extent omsp_request_extent(const char *bytes, size_t len);

#endif
