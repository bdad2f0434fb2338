/*
 * From request target to route. Does not know which account or call exists, nor methods. Pure; any
 * thread.
 */
#include "rest/route.h"

#include "base/bytes.h"
#include "base/utf.h"

#include <string.h>

#define MAX_SEGMENTS 7

/* Skips "http://authority" of the absolute form (RFC 9112 3.2.2). */
static const char *path_of(const char *target)
{
    const char *p = target;

    if (strncmp(p, "http://", 7) == 0)
        p += 7;
    else if (strncmp(p, "https://", 8) == 0)
        p += 8;
    else
        return p;
    return p + strcspn(p, "/?#");
}

void omsp_route_path(const char *target, char *out, size_t room)
{
    const char *path = path_of(target);
    size_t len = strcspn(path, "?#");

    if (len > room - 1)
        len = room - 1;
    /* What no path may hold unencoded would spoil the texts that this goes into. */
    for (size_t i = 0; i < len; i++)
        out[i] = path[i] > 0x20 && path[i] < 0x7f ? path[i] : '?';
    out[len] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* OMSP_MORE: longer than any segment that exists; OMSP_INVALID. */
static enum omsp_status decode(struct omsp_span in, char out[OMSP_ROUTE_SEGMENT_MAX + 1])
{
    size_t len = 0;
    bool fits = true;

    for (size_t i = 0; i < in.len; i++) {
        char c = (char)in.ptr[i];

        if (c == '%') {
            int high = i + 2 < in.len ? hex_digit((char)in.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_digit((char)in.ptr[i + 2]) : -1;

            if (low < 0)
                return OMSP_INVALID;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (!c)
            return OMSP_INVALID;
        fits = len < OMSP_ROUTE_SEGMENT_MAX;
        if (fits)
            out[len++] = c;
    }
    out[len] = 0;
    if (!fits)
        return OMSP_MORE;
    return omsp_utf8_is_valid(out, len) ? OMSP_OK : OMSP_INVALID;
}

static bool ends_in(struct omsp_span text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* Cuts one ".json" or ".xml" off, no more: a name may end in one too. */
static enum omsp_route_suffix cut_suffix(struct omsp_span *segment)
{
    if (ends_in(*segment, ".json")) {
        segment->len -= 5;
        return OMSP_SUFFIX_JSON;
    }
    if (ends_in(*segment, ".xml")) {
        segment->len -= 4;
        return OMSP_SUFFIX_XML;
    }
    return OMSP_SUFFIX_NONE;
}

enum omsp_status omsp_route_parse(const char *target, struct omsp_route *out)
{
    struct omsp_span raw[MAX_SEGMENTS];
    char text[MAX_SEGMENTS][OMSP_ROUTE_SEGMENT_MAX + 1];
    const char *path = path_of(target), *end = path + strcspn(path, "?#");
    unsigned count = 0;
    bool known = true;

    memset(out, 0, sizeof(*out));
    if (path == end || *path != '/')
        return OMSP_INVALID;
    for (const char *at = path; at < end;) {
        const char *next = memchr(at + 1, '/', (size_t)(end - at - 1));

        if (!next)
            next = end;
        if (count == MAX_SEGMENTS)
            known = false;
        else
            raw[count++] = omsp_span(at + 1, (size_t)(next - at - 1));
        if (next == end) { /* the last one, whether there is room for it or not */
            struct omsp_span last = omsp_span(at + 1, (size_t)(next - at - 1));

            out->suffix = cut_suffix(&last);
            if (known)
                raw[count - 1] = last;
        }
        at = next;
    }
    for (unsigned i = 0; i < count; i++) {
        enum omsp_status status = decode(raw[i], text[i]);

        if (status == OMSP_INVALID)
            return status;
        if (status != OMSP_OK || raw[i].len == 0)
            known = false;
    }
    if (!known || count < 6 || strcmp(text[0], "2010-04-01") != 0 ||
        strcmp(text[1], "Accounts") != 0 || strcmp(text[3], "Calls") != 0 ||
        strcmp(text[5], "Streams") != 0)
        return OMSP_NOTFOUND;
    out->kind = count == 7 ? OMSP_ROUTE_STREAM : OMSP_ROUTE_LIST;
    memcpy(out->account, text[2], sizeof(out->account));
    memcpy(out->call, text[4], sizeof(out->call));
    if (count == 7)
        memcpy(out->stream, text[6], sizeof(out->stream));
    return OMSP_OK;
}
