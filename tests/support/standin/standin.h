/*
 * Between the files of the stand-in: what COM and Win32 share, and what tests may ask of it.
 */
#ifndef OMSP_STANDIN_H
#define OMSP_STANDIN_H

#include <windows.h>

/* Microseconds of the monotonic clock. */
UINT64 standin_now_us(void);

/* Handles that are open: events, threads, semaphores. */
unsigned standin_handles(void);

#endif
