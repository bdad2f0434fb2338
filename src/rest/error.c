/*
 * Errors as values, and the one place that turns the engine's statuses into them. Does not write
 * bodies: answer.c does. Pure; any thread.
 */
#include "rest/error.h"

#include "engine/fork.h"

#include <stdarg.h>
#include <stdio.h>

enum omsp_status omsp_rest_refuse(struct omsp_rest_error *error, int status, int code,
                                  const char *format, ...)
{
    va_list args;

    error->status = status;
    error->code = code;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    return OMSP_INVALID;
}

void omsp_rest_error_of_fork(struct omsp_rest_error *error, enum omsp_status status,
                             int engine_error)
{
    switch (status) {
    case OMSP_INVALID:
        if (engine_error == OMSP_FORK_BAD_SCHEME)
            omsp_rest_refuse(error, 400, engine_error, "Url: the scheme is not supported");
        else if (engine_error == OMSP_FORK_BAD_URL)
            omsp_rest_refuse(error, 400, engine_error, "Url: malformed");
        else if (engine_error == OMSP_FORK_BAD_TRACK)
            omsp_rest_refuse(error, 400, engine_error, "Track: not allowed here");
        else
            omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER, "A parameter is not valid");
        break;
    case OMSP_EXISTS:
        omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                         "Name: a stream of this name is running on this call");
        break;
    case OMSP_FULL:
        omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                         "Track: a call has at most %d forked tracks", OMSP_CALL_MAX_TRACKS);
        break;
    case OMSP_WRONG_STATE:
        omsp_rest_refuse(error, 400, OMSP_REST_NOT_IN_PROGRESS, "The call is not in progress");
        break;
    default:
        omsp_rest_refuse(error, 500, OMSP_REST_SERVER_FAULT, "The stream could not be made: %s",
                         omsp_status_words(status));
    }
}
