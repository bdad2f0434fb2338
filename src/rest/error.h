/* What a request that failed is answered with: the four members of spec/twilio-streams 1.6. */
#ifndef OMSP_REST_ERROR_H
#define OMSP_REST_ERROR_H

#include "base/format.h"
#include "base/status.h"

#define OMSP_REST_MESSAGE_MAX 600

struct omsp_rest_error {
    int status; /* HTTP */
    int code;   /* Twilio's number, or one made after its pattern (docs/choices.md) */
    char message[OMSP_REST_MESSAGE_MAX + 1]; /* UTF-8; never holds what was sent but for the path */
};

/* Numbers that several files use. */
#define OMSP_REST_BAD_PARAMETER    20001
#define OMSP_REST_UNAUTHORIZED     20003
#define OMSP_REST_BAD_METHOD       20004
#define OMSP_REST_NOT_FOUND        20404
#define OMSP_REST_NOT_IN_PROGRESS  21220
#define OMSP_REST_BAD_CALLBACK_URL 21609
#define OMSP_REST_SERVER_FAULT     20500

/* Fills it; answers OMSP_INVALID, so that a check can end with "return omsp_rest_refuse(…)". */
enum omsp_status omsp_rest_refuse(struct omsp_rest_error *error, int status, int code,
                                  const char *format, ...) OMSP_FORMAT(4, 5);

/* What the engine answered when it did not make a stream; engine_error is the number it gave. */
void omsp_rest_error_of_fork(struct omsp_rest_error *error, enum omsp_status status,
                             int engine_error);

#endif
