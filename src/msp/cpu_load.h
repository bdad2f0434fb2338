/* How busy this process keeps the machine. */
#ifndef OMSP_MSP_CPU_LOAD_H
#define OMSP_MSP_CPU_LOAD_H

#include <windows.h>

/* Per cent of all processors, 0..100, since the last time that somebody asked at least a quarter of
 * a second ago (the first time: since the process began). Any thread. */
LONG msp_cpu_load(void);

#endif
