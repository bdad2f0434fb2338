/*
 * The form of a create request (spec/twilio-streams 1.3) as the engine's options. Pure.
 */
#ifndef OMSP_REST_CREATE_FORM_H
#define OMSP_REST_CREATE_FORM_H

#include "engine/fork.h"
#include "rest/error.h"
#include "wire/form.h"

#define OMSP_CREATE_STRICT_URL 1u /* a query in Url is an error; else it is cut off */
/* AuthorizationBearerToken, AuthorizationBasic, Reconnects, Encoding, SampleRate */
#define OMSP_CREATE_EXTENSIONS 2u

#define OMSP_CREATE_SECRET_MAX 1024 /* bytes of an Authorization… field */

/* Large (12 KB): not for a small stack. */
struct omsp_create_form {
    struct omsp_fork_options options; /* points into this struct and into the fields */
    struct omsp_fork_param params[OMSP_FORK_MAX_PARAMS];
    bool query_cut;
    char url[OMSP_FORK_URL_MAX + 1];
    char authorization[OMSP_CREATE_SECRET_MAX * 4 / 3 + 16]; /* the caller forgets it */
};

/* fields: of omsp_form_parse; they outlive *out. Of a field given twice the last counts, unknown
 * ones are skipped. Scheme and host of Url are the engine's to judge (omsp_call_fork).
 * OMSP_INVALID: *error tells; *out is undefined. */
enum omsp_status omsp_create_form_read(const struct omsp_form_field *fields, unsigned count,
                                       unsigned flags, struct omsp_create_form *out,
                                       struct omsp_rest_error *error);

/* The last field of this name, or NULL. */
const char *omsp_form_last(const struct omsp_form_field *fields, unsigned count, const char *name);

#endif
