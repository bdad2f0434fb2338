/*
 * The TwiML verbs that concern media streams (spec/twilio-streams 3): <Start><Stream>,
 * <Stop><Stream>, <Connect><Stream>, with <Parameter>. The parser is expat; other verbs are
 * reported, not executed.
 */
#ifndef OMSP_WIRE_TWIML_H
#define OMSP_WIRE_TWIML_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

enum omsp_twiml_verb { OMSP_TWIML_START, OMSP_TWIML_STOP, OMSP_TWIML_CONNECT };

struct omsp_twiml_param {
    const char *name, *value;
};

/* Attributes are NULL when absent. Valid during the call; UTF-8. */
struct omsp_twiml_stream {
    enum omsp_twiml_verb verb;
    const char *url, *name, *track, *status_callback, *status_callback_method;
    const struct omsp_twiml_param *params;
    unsigned param_count; /* at most 99 */
};

struct omsp_twiml_visitor {
    /* In document order. Anything but OMSP_OK ends the reading with that status. */
    enum omsp_status (*stream)(void *ctx, const struct omsp_twiml_stream *stream);
    /* A verb that is not ours, or what stands in one of ours and is no Stream: its element name.
     * What is inside of it is skipped. NULL: not wanted. */
    void (*other)(void *ctx, const char *element);
    void *ctx;
};

/* Reads the whole document before the first visit. OMSP_INVALID: not XML, root not Response,
 * entities or a DTD, nesting (32) or size (64 KB) out of bounds, Stream without what its verb needs
 * (Stop: name, else url), more than 99 parameters. OMSP_NOMEM. A Parameter without name is skipped,
 * one without value has an empty one. */
enum omsp_status omsp_twiml_parse(struct omsp_span document,
                                  const struct omsp_twiml_visitor *visitor);

#endif
