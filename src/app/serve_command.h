/* `openmsp serve`: many calls whose streams others control over REST. */
#ifndef OMSP_APP_SERVE_COMMAND_H
#define OMSP_APP_SERVE_COMMAND_H

#include "app/options.h"

#include <windows.h>

/* Answers the process's exit status. quit: signalled by Ctrl-C; set here when standard input says
 * so. The thread is in the MTA. */
int serve_command(const struct options *options, HANDLE quit);

#endif
