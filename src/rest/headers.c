/*
 * What a request's header must be before anybody believes it. libmicrohttpd takes more than RFC
 * 9112 allows: duplicate lengths, a length besides chunks, a space before the colon; each is a way
 * to smuggle a request past a proxy. Judges no credentials. Runs on libmicrohttpd's threads.
 */
#include "rest/state.h"

#include <string.h>

/* Of these one at most (RFC 9110 5.3; for Authorization because two answers would be possible). */
static const char *const singles[] = {"Host",          "Content-Length", "Transfer-Encoding",
                                      "Authorization", "Content-Type",   "Content-Encoding",
                                      "Origin",        "Expect"};
#define SINGLE_COUNT (sizeof(singles) / sizeof(singles[0]))
enum { HOST, LENGTH, ENCODING };

struct tally {
    unsigned count, seen[SINGLE_COUNT];
    bool bad_name;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

/* RFC 9110 5.6.2. */
static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++) {
        char c = lower(*text);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr("!#$%&'*+-.^_`|~", c))
            return false;
    }
    return true;
}

static enum MHD_Result take(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct tally *tally = ctx;

    (void)kind;
    (void)value;
    tally->count++;
    if (!key || !is_token(key)) {
        tally->bad_name = true;
        return MHD_YES;
    }
    for (unsigned i = 0; i < SINGLE_COUNT; i++)
        tally->seen[i] += same_name(key, singles[i]);
    return MHD_YES;
}

const char *omsp_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

enum omsp_status omsp_headers_check(struct omsp_request *request, struct MHD_Connection *connection,
                                    const char *version)
{
    struct tally tally = {0};
    struct omsp_rest_error *error = &request->error;
    const char *encoding;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, take, &tally);
    if (tally.count > OMSP_REST_MAX_HEADERS)
        return omsp_rest_refuse(error, 431, 20431, "Too many header fields");
    if (tally.bad_name)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER, "Malformed header field");
    for (unsigned i = 0; i < SINGLE_COUNT; i++)
        if (tally.seen[i] > 1)
            return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                    "Header field %s given more than once", singles[i]);
    if (!tally.seen[HOST] && strcmp(version, "HTTP/1.1") == 0)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER, "Header field Host missing");
    if (!tally.seen[ENCODING])
        return OMSP_OK;
    if (tally.seen[LENGTH] || strcmp(version, "HTTP/1.1") != 0)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                "Transfer-Encoding not allowed here");
    encoding = omsp_header(connection, "Transfer-Encoding");
    if (!encoding || !same_name(encoding, "chunked"))
        return omsp_rest_refuse(error, 501, 20501, "Transfer-Encoding not supported");
    return OMSP_OK;
}
