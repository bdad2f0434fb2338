/* Wine's, and the modes of digits that it lacks. */
#ifndef OMSP_STANDIN_TAPI_H
#define OMSP_STANDIN_TAPI_H

#include_next <tapi.h>

#ifndef LINEDIGITMODE_DTMF
#define LINEDIGITMODE_PULSE   0x00000001
#define LINEDIGITMODE_DTMF    0x00000002
#define LINEDIGITMODE_DTMFEND 0x00000004
#endif

#endif
