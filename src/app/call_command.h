/* `openmsp call`: one call from beginning to end. */
#ifndef OMSP_APP_CALL_COMMAND_H
#define OMSP_APP_CALL_COMMAND_H

#include "app/options.h"

#include <windows.h>

/* Answers the process's exit status. quit: signalled by Ctrl-C. The thread is in the MTA. */
int call_command(const struct options *options, HANDLE quit);

#endif
