/*
 * Threads, bound at link time like locks. On Windows every thread holds a reference on the module
 * it runs in and ends by FreeLibraryAndExitThread, so the DLL never unloads under it.
 */
#ifndef OMSP_PORT_THREAD_H
#define OMSP_PORT_THREAD_H

#include "base/status.h"

#include <stdbool.h>

struct omsp_thread; /* opaque; made by start, freed by join */

typedef void (*omsp_thread_fn)(void *arg);

/* name: ASCII, at most 15 characters, for debuggers. OMSP_NOMEM, OMSP_FULL (no more threads). */
enum omsp_status omsp_thread_start(omsp_thread_fn fn, void *arg, const char *name,
                                   struct omsp_thread **out);
/* Waits for the thread's end and frees it. Not from the thread itself, never under a lock. */
void omsp_thread_join(struct omsp_thread *thread);
/* Frees without waiting; the thread goes on. Used when a thread must outlive its last owner. */
void omsp_thread_detach(struct omsp_thread *thread);
/* Processors that this process may run on, at least 1. */
unsigned omsp_thread_processors(void);
bool omsp_thread_is_current(const struct omsp_thread *thread);

#endif
