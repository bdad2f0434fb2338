/* A call of the program and its file terminals, for `call` and `serve`. Main thread. HRESULTs are
 * the provider's; what a failure left is freed by hosted_call_close. */
#ifndef OMSP_APP_HOSTED_CALL_H
#define OMSP_APP_HOSTED_CALL_H

#include "app/tapi.h"

struct hosted_call {
    IOpenMSPAddress *address; /* not counted */
    IOpenMSPCall *call;
    ITStream *streams[2]; /* by TD_CAPTURE, TD_RENDER */
    ITTerminal *terminals[2];
    ITMediaControl *controls[2];
    ITTerminal *devices[2];
};

/* Makes the call and binds it to local, without port to any. To be closed also on failure. */
HRESULT hosted_call_open(struct hosted_call *call, IOpenMSPAddress *address, const wchar_t *local);
/* A file to the capture stream, or from the render stream; before or after connecting. */
HRESULT hosted_call_play(struct hosted_call *call, const wchar_t *path);
HRESULT hosted_call_record(struct hosted_call *call, const wchar_t *path);
/* A device to or from the stream of this direction; name as device_find's. */
HRESULT hosted_call_device(struct hosted_call *call, TERMINAL_DIRECTION direction,
                           const wchar_t *name);
HRESULT hosted_call_connect(struct hosted_call *call, const wchar_t *peer, int payload_type);
/* The line that tells its address and SID. */
void hosted_call_tell_ready(struct hosted_call *call);
/* Ends its media and closes it; what that brings about is still told. Twice is fine. */
void hosted_call_end(struct hosted_call *call);
void hosted_call_close(struct hosted_call *call);

#endif
