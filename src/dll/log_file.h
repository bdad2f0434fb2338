/*
 * The log of the library as a file, for administrators: which one is said by the environment or the
 * registry, nothing is written where neither does.
 */
#ifndef OPENMSP_DLL_LOG_FILE_H
#define OPENMSP_DLL_LOG_FILE_H

#include <windows.h>

/* Listens to the log if OPENMSP_LOG, or the value LogFile of HKLM\Software\OpenMSP, names a file.
 * Once in the module's life. A file that cannot be written is not told anywhere. */
void dll_log_begin(HINSTANCE module);
/* DLL_PROCESS_DETACH: writes what still waits; exiting: the process's other threads are gone. */
void dll_log_end(BOOL exiting);

#endif
