/*
 * Linear samples between a call and the program's standard handles: 16 bits, mono, the lower byte
 * first, through media streaming terminals. Main thread; a thread a direction moves the samples.
 */
#ifndef OMSP_APP_PCM_H
#define OMSP_APP_PCM_H

#include "app/hosted_call.h"

struct pcm_pipe;

/* TD_CAPTURE: what comes on standard input is what the far end hears, and is read no faster than
 * that; its end is followed by silence. TD_RENDER: what the far end says goes to standard output;
 * who closes it sets `quit`. rate: 8000 to 48000 samples a second. Before or after connecting.
 * E_OUTOFMEMORY, the system's and the provider's errors; *out is NULL then. */
HRESULT pcm_open(struct hosted_call *call, TERMINAL_DIRECTION direction, LONG rate, HANDLE quit,
                 struct pcm_pipe **out);
/* After the call ended: what was heard is written to its end, however long its reader takes; a read
 * of standard input that cannot be broken off is left to the process's end. NULL is fine. */
void pcm_close(struct pcm_pipe *pipe);

#endif
