/* OpenMSP's own GUIDs, defined once for everything inside the DLL. Constants only. */
#include <initguid.h>

#include "openmsp/openmsp.h"
