/* The audio devices of this machine as the provider's static terminals. */
#ifndef OMSP_APP_DEVICES_H
#define OMSP_APP_DEVICES_H

#include "app/tapi.h"

#include <stdbool.h>

/* The first whose name contains `name`, in any case; NULL: the default one. TAPI_E_NOITEMS: there
 * is none, and *out is NULL as after the provider's errors. */
HRESULT device_find(IOpenMSPAddress *address, TERMINAL_DIRECTION direction, const wchar_t *name,
                    ITTerminal **out);
/* `openmsp devices`: a line each. Answers the exit status. */
int devices_command(bool json);

#endif
