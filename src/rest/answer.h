/*
 * Bodies of answers (spec/twilio-streams 1.5-1.7): the Stream resource, a list of them, and errors,
 * in JSON or XML. Pure.
 */
#ifndef OMSP_REST_ANSWER_H
#define OMSP_REST_ANSWER_H

#include "engine/fork.h"
#include "rest/error.h"

enum omsp_format { OMSP_FORMAT_JSON, OMSP_FORMAT_XML };

struct omsp_body {
    char *text; /* terminated; free with omsp_free */
    size_t len;
};

/* "application/json" or "application/xml"; static storage. */
const char *omsp_format_type(enum omsp_format format);

/* account_sid as it is to be printed. extended: pause is a status of its own, and the live
 * statistics are told. OMSP_NOMEM. */
enum omsp_status omsp_answer_stream(enum omsp_format format, const char *account_sid,
                                    const struct omsp_fork_info *info, bool extended,
                                    struct omsp_body *out);
/* Always extended. */
enum omsp_status omsp_answer_list(enum omsp_format format, const char *account_sid,
                                  const struct omsp_fork_info *infos, unsigned count,
                                  struct omsp_body *out);
/* Exactly code, message, more_info, status. OMSP_NOMEM. */
enum omsp_status omsp_answer_error(enum omsp_format format, const struct omsp_rest_error *error,
                                   struct omsp_body *out);

/* What an Accept header asks for where the path does not say (no suffix): XML when it ranks above
 * JSON, else JSON. accept may be NULL. */
enum omsp_format omsp_answer_format(const char *accept);

#endif
