/* The REST server behind the hooks that src/msp knows. */
#ifndef OMSP_DLL_REST_HOOKS_H
#define OMSP_DLL_REST_HOOKS_H

#include "msp/media_host.h"

extern const struct msp_rest_hooks dll_rest_hooks;

#endif
