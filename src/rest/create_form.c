/*
 * Reading the fields of a create request: which there are, what they may be, what is wrong. Asks
 * nobody whether a stream can be made. Pure; any thread.
 */
#include "rest/create_form.h"

#include "wire/base64.h"
#include "wire/url.h"

#include <stdio.h>
#include <string.h>

#define CALLBACK_URL_MAX 4000 /* error 21609 */

const char *omsp_form_last(const struct omsp_form_field *fields, unsigned count, const char *name)
{
    const char *value = NULL;

    for (unsigned i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            value = fields[i].value;
    return value;
}

/* An empty value stands for none. */
static const char *given(const struct omsp_form_field *fields, unsigned count, const char *name)
{
    const char *value = omsp_form_last(fields, count, name);

    return value && *value ? value : NULL;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static enum omsp_status read_url(const char *url, unsigned flags, struct omsp_create_form *out,
                                 struct omsp_rest_error *error)
{
    size_t len;

    if (!url)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER, "Url is required");
    if (strlen(url) > OMSP_FORK_URL_MAX || has_control(url))
        return omsp_rest_refuse(error, 400, OMSP_FORK_BAD_URL, "Url: malformed");
    len = strcspn(url, "?#");
    if (url[len]) {
        if (flags & OMSP_CREATE_STRICT_URL)
            return omsp_rest_refuse(error, 400, OMSP_FORK_BAD_URL,
                                    "Url: query strings are not supported; use parameters");
        out->query_cut = true;
    }
    memcpy(out->url, url, len);
    out->url[len] = 0;
    out->options.url = out->url;
    return OMSP_OK;
}

static enum omsp_status read_track(const char *track, unsigned *out, struct omsp_rest_error *error)
{
    if (!track || strcmp(track, "inbound_track") == 0)
        *out = OMSP_TRACK_INBOUND;
    else if (strcmp(track, "outbound_track") == 0)
        *out = OMSP_TRACK_OUTBOUND;
    else if (strcmp(track, "both_tracks") == 0)
        *out = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    else
        return omsp_rest_refuse(error, 400, OMSP_FORK_BAD_TRACK,
                                "Track: must be inbound_track, outbound_track or both_tracks");
    return OMSP_OK;
}

static enum omsp_status read_callback(const char *url, const char *method,
                                      struct omsp_fork_options *out, struct omsp_rest_error *error)
{
    struct omsp_url parts;

    if (method && strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                "StatusCallbackMethod: must be GET or POST");
    out->callback_get = method && strcmp(method, "GET") == 0;
    if (!url)
        return OMSP_OK;
    if (strlen(url) > CALLBACK_URL_MAX || omsp_url_parse_user(url, &parts) != OMSP_OK ||
        (parts.scheme != OMSP_SCHEME_HTTP && parts.scheme != OMSP_SCHEME_HTTPS))
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_CALLBACK_URL,
                                "StatusCallback: not an absolute http or https URL");
    out->callback_url = url;
    return OMSP_OK;
}

/* "Parameter7.Name" gives 7 and "Name"; 0 for every other field. */
static unsigned parameter_index(const char *field, const char **rest)
{
    static const char stem[] = "Parameter";
    unsigned index = 0;
    const char *p = field + sizeof(stem) - 1;

    if (strncmp(field, stem, sizeof(stem) - 1) != 0 || *p == '0')
        return 0;
    for (; *p >= '0' && *p <= '9' && index <= OMSP_FORK_MAX_PARAMS; p++)
        index = index * 10 + (unsigned)(*p - '0');
    if (*p != '.' || index > OMSP_FORK_MAX_PARAMS)
        return 0;
    *rest = p + 1;
    return index;
}

/* Sparse indexes are closed up; of two with one name the higher index counts. */
static void read_params(const struct omsp_form_field *fields, unsigned count,
                        struct omsp_create_form *out)
{
    struct omsp_fork_param sparse[OMSP_FORK_MAX_PARAMS + 1];
    unsigned used = 0;

    memset(sparse, 0, sizeof(sparse));
    for (unsigned i = 0; i < count; i++) {
        const char *rest;
        unsigned index = parameter_index(fields[i].name, &rest);

        if (!index)
            continue;
        if (strcmp(rest, "Name") == 0)
            sparse[index].name = fields[i].value;
        else if (strcmp(rest, "Value") == 0)
            sparse[index].value = fields[i].value;
    }
    for (unsigned i = 1; i <= OMSP_FORK_MAX_PARAMS; i++) {
        struct omsp_fork_param *param = &sparse[i];
        unsigned at = 0;

        if (!param->name || !*param->name)
            continue;
        while (at < used && strcmp(out->params[at].name, param->name) != 0)
            at++;
        if (at < used) /* its place in the order is the later one */
            memmove(&out->params[at], &out->params[at + 1], (--used - at) * sizeof(out->params[0]));
        out->params[used].name = param->name;
        out->params[used++].value = param->value ? param->value : "";
    }
    out->options.params = out->params;
    out->options.param_count = used;
}

/* Beyond Twilio: what the consumer is to be shown. */
static enum omsp_status read_authorization(const struct omsp_form_field *fields, unsigned count,
                                           struct omsp_create_form *out,
                                           struct omsp_rest_error *error)
{
    const char *token = given(fields, count, "AuthorizationBearerToken");
    const char *basic = given(fields, count, "AuthorizationBasic");
    const char *one = token ? token : basic;
    size_t len;

    if (!one)
        return OMSP_OK;
    if (token && basic)
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                "AuthorizationBearerToken and AuthorizationBasic exclude "
                                "each other");
    len = strlen(one);
    if (len > OMSP_CREATE_SECRET_MAX || has_control(one) || (basic && !strchr(basic, ':')))
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER, "%s: malformed",
                                token ? "AuthorizationBearerToken" : "AuthorizationBasic");
    if (token) {
        snprintf(out->authorization, sizeof(out->authorization), "Bearer %s", token);
    } else {
        memcpy(out->authorization, "Basic ", 6);
        omsp_base64_encode(out->authorization + 6, (const uint8_t *)basic, len);
        out->authorization[6 + OMSP_BASE64_CHARS(len)] = 0;
    }
    out->options.authorization = out->authorization;
    return OMSP_OK;
}

/* Beyond Twilio: how often in a row a connection that broke is dialled again. */
static enum omsp_status read_reconnects(const char *text, int *out, struct omsp_rest_error *error)
{
    int value = 0;

    for (const char *p = text; p && *p; p++) {
        value = value * 10 + (*p - '0');
        if (*p < '0' || *p > '9' || value > OMSP_FORK_MAX_RECONNECTS)
            return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                    "Reconnects: must be a number from 0 to %d",
                                    OMSP_FORK_MAX_RECONNECTS);
    }
    *out = text && !value ? OMSP_FORK_RECONNECTS_OFF : value;
    return OMSP_OK;
}

/* Beyond Twilio: what payloads are made of, both ways. */
static enum omsp_status read_format(const char *encoding, const char *rate,
                                    struct omsp_stream_format *out, struct omsp_rest_error *error)
{
    static const unsigned rates[] = {8000, 16000, 24000};
    char text[8];

    if (!encoding && !rate)
        return OMSP_OK; /* as the call says */
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        snprintf(text, sizeof(text), "%u", rates[i]);
        if ((!rate || strcmp(rate, text) == 0) &&
            omsp_stream_format_read(encoding, rates[i], out) == OMSP_OK)
            return OMSP_OK;
    }
    return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                            "Encoding: must be audio/x-mulaw, audio/x-l16 or audio/opus; "
                            "SampleRate: 8000, 16000 or 24000, of audio/x-mulaw 8000");
}

enum omsp_status omsp_create_form_read(const struct omsp_form_field *fields, unsigned count,
                                       unsigned flags, struct omsp_create_form *out,
                                       struct omsp_rest_error *error)
{
    const char *name = given(fields, count, "Name");
    enum omsp_status status;

    memset(out, 0, sizeof(*out));
    status = read_url(given(fields, count, "Url"), flags, out, error);
    if (status != OMSP_OK)
        return status;
    if (name && (strlen(name) > OMSP_FORK_NAME_MAX || has_control(name)))
        return omsp_rest_refuse(error, 400, OMSP_REST_BAD_PARAMETER,
                                "Name: at most %d bytes, no control characters",
                                OMSP_FORK_NAME_MAX);
    out->options.name = name;
    status = read_track(given(fields, count, "Track"), &out->options.tracks, error);
    if (status != OMSP_OK)
        return status;
    status = read_callback(given(fields, count, "StatusCallback"),
                           given(fields, count, "StatusCallbackMethod"), &out->options, error);
    if (status != OMSP_OK)
        return status;
    read_params(fields, count, out);
    if (!(flags & OMSP_CREATE_EXTENSIONS))
        return OMSP_OK;
    status = read_reconnects(given(fields, count, "Reconnects"), &out->options.reconnects, error);
    if (status != OMSP_OK)
        return status;
    status = read_format(given(fields, count, "Encoding"), given(fields, count, "SampleRate"),
                         &out->options.format, error);
    return status == OMSP_OK ? read_authorization(fields, count, out, error) : status;
}
