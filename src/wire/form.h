/* application/x-www-form-urlencoded, both ways, and Twilio's signature over it. Pure. */
#ifndef OMSP_WIRE_FORM_H
#define OMSP_WIRE_FORM_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

struct omsp_form_field {
    const char *name, *value; /* UTF-8, decoded, terminated */
};

/* Percent-encodes everything but A-Z a-z 0-9 - . _ ~ (space: %20). */
void omsp_form_escape(struct omsp_text *text, const char *value);
/* name=value&… */
void omsp_form_put(struct omsp_text *text, const struct omsp_form_field *fields, unsigned count);
/* Decodes in place: text is cut into terminated names and values ('+' is a space; no '=': the value
 * is empty; nothing between two '&' is no field). *count at most room. OMSP_INVALID: broken
 * percent-encoding, %00, not UTF-8; OMSP_FULL: more than room. The text ends at its terminator: who
 * has it from a network looks for a NUL in it first. After an error text is half decoded. */
enum omsp_status omsp_form_parse(char *text, struct omsp_form_field *fields, unsigned room,
                                 unsigned *count);
/* What X-Twilio-Signature is the HMAC of (spec/twilio-streams 2.8): url, then names and values
 * sorted by name bytewise; equal names: values de-duplicated and sorted. fields is reordered. */
void omsp_form_signed_text(struct omsp_text *text, const char *url, struct omsp_form_field *fields,
                           unsigned count);
/* The URL of an upgrade as it is signed: scheme wss, the host as its Host header has it, no port
 * when it is the default of what is dialled or 443, path as dialled (url.h) without query.
 * Nothing when omsp_url_parse refuses it. */
void omsp_form_signed_url(struct omsp_text *text, const char *ws_url);

#endif
