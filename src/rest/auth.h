/*
 * Who asks (spec/twilio-streams 1.2): HTTP Basic, checked against the account's tokens and API keys
 * without telling by time how much of a secret was right. Pure.
 */
#ifndef OMSP_REST_AUTH_H
#define OMSP_REST_AUTH_H

#include "rest/server.h"

#define OMSP_AUTH_USER_MAX 64

struct omsp_credentials {
    char user[OMSP_AUTH_USER_MAX + 1];
    char secret[OMSP_REST_SECRET_MAX + 1];
    size_t secret_len;
};

/* The value of an Authorization header. OMSP_INVALID: not Basic (any case, then spaces), not
 * base64, no colon, a NUL, a name or secret that is too long; *out is empty then. */
enum omsp_status omsp_auth_parse(const char *header, struct omsp_credentials *out);

/* Compares with every credential there is, in a time that depends on their number and on the length
 * of what was given alone. Names are exact to the letter. */
bool omsp_auth_matches(const struct omsp_credentials *given, const struct omsp_rest_config *config);

/* Overwrites, so that the compiler cannot leave it out. */
void omsp_auth_forget(void *secret, size_t len);

#endif
