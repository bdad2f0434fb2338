/* Names of TAPI's numbers, for people and logs. Static strings, never NULL; "?": no such number.
 * Any thread. */
#ifndef OMSP_APP_NAMES_H
#define OMSP_APP_NAMES_H

#include <windows.h>

const char *name_of_media_event(int event); /* CALL_MEDIA_EVENT: "CME_STREAM_ACTIVE" */
const char *name_of_cause(int cause);       /* CALL_MEDIA_EVENT_CAUSE: "CMC_LOCAL_REQUEST" */
const char *name_of_media_state(int state); /* TERMINAL_MEDIA_STATE: "TMS_IDLE" */
const char *name_of_file_cause(int cause);  /* FT_STATE_EVENT_CAUSE: "FTEC_END_OF_FILE" */
/* "S_OK", "TAPI_E_NOTSUPPORTED"; "" when it has none here. */
const char *name_of_hresult(HRESULT hr);
/* What it means, in words of our own; of codes that have none here "error" and the number. ASCII,
 * in out, cut to room. */
void words_of_hresult(HRESULT hr, char *out, size_t room);

#endif
