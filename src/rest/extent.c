/*
 * How much of a request is there: looks for the end of the header and at three of its fields. Not a
 * parser of HTTP: libmicrohttpd is. Pure; any thread.
 */
#include "rest/extent.h"

#include <stdbool.h>
#include <string.h>

/* Has the line this name before its colon? name is lower case; *value what follows the colon. */
static bool is_field(const char *line, size_t len, const char *name, const char **value)
{
    size_t i = 0;

    for (; name[i]; i++)
        if (i == len || (line[i] | 0x20) != name[i])
            return false;
    while (i < len && (line[i] == ' ' || line[i] == '\t'))
        i++;
    if (i == len || line[i] != ':')
        return false;
    *value = line + i + 1;
    return true;
}

/* 0 when it is none, which the library refuses; more than a window is as good as endless. */
static size_t length_of(const char *value, const char *end)
{
    size_t length = 0;

    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    for (; value < end && *value >= '0' && *value <= '9' && length <= OMSP_REST_WINDOW; value++)
        length = 10 * length + (size_t)(*value - '0');
    return length;
}

enum omsp_extent omsp_request_extent(const char *bytes, size_t len)
{
    const char *end = bytes + len, *line = bytes, *value;
    enum omsp_extent unknown = len >= OMSP_REST_WINDOW ? OMSP_EXTENT_LONG : OMSP_EXTENT_PART;
    size_t body = 0;
    unsigned lengths = 0;
    bool unbounded = false, folded = false;

    while (line < end &&
           (*line == '\r' || *line == '\n')) /* before the first line they count not */
        line++;
    for (;;) {
        const char *stop = line;

        while (stop < end && *stop != '\r' && *stop != '\n')
            stop++;
        if (stop == end)
            return unknown;
        if (is_field(line, (size_t)(stop - line), "content-length", &value)) {
            body = length_of(value, stop);
            lengths++;
        } else if (is_field(line, (size_t)(stop - line), "transfer-encoding", &value) ||
                   is_field(line, (size_t)(stop - line), "expect", &value)) {
            unbounded = true;
        }
        if (*line == ' ' || *line == '\t') /* folded: what it continues may be a length */
            unbounded = folded = true;
        if (*stop == '\r' && stop + 1 == end) /* its LF may be under way */
            return unknown;
        if (stop == line) { /* the empty line */
            line = stop + (*stop == '\r' && stop[1] == '\n' ? 2 : 1);
            break;
        }
        line = stop + (*stop == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    if (lengths > 1 && !folded) /* refused by the header alone */
        return OMSP_EXTENT_WHOLE;
    if (unbounded || body > OMSP_REST_WINDOW - (size_t)(line - bytes))
        return OMSP_EXTENT_LONG;
    return (size_t)(end - line) >= body ? OMSP_EXTENT_WHOLE : unknown;
}
