/* Status words. Pure tables; no state. */
#include "base/status.h"

static const char *const words[OMSP_STATUS_COUNT] = {
#define OMSP_STATUS_WORDS(symbol, text) text,
    OMSP_STATUS_LIST(OMSP_STATUS_WORDS)
#undef OMSP_STATUS_WORDS
};

static const char *const names[OMSP_STATUS_COUNT] = {
#define OMSP_STATUS_NAME(symbol, text) #symbol,
    OMSP_STATUS_LIST(OMSP_STATUS_NAME)
#undef OMSP_STATUS_NAME
};

const char *omsp_status_words(enum omsp_status status)
{
    return (unsigned)status < OMSP_STATUS_COUNT ? words[status] : "unknown status";
}

const char *omsp_status_name(enum omsp_status status)
{
    return (unsigned)status < OMSP_STATUS_COUNT ? names[status] : "OMSP_UNKNOWN";
}
