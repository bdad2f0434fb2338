/*
 * Loading openmsp.dll registration-free from the folder of the program, whatever is registered.
 */
#ifndef OMSP_APP_PROVIDER_H
#define OMSP_APP_PROVIDER_H

#include "app/tapi.h"

struct provider {
    HANDLE context; /* activation context */
    ULONG_PTR cookie;
    IOpenMSPAddress *address;
};

/* The calling thread must have entered an apartment; it alone may close. On failure nothing is
 * held, and nothing to be closed. The system's errors (no manifest, no DLL), the provider's. */
HRESULT provider_open(struct provider *provider);
void provider_close(struct provider *provider);

#endif
