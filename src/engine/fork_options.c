/*
 * What may be asked of a media stream: checked in one go, before anything is made. Pure. Not here:
 * what depends on the call's other streams (fork_call.c).
 */
#include "engine/fork_state.h"

#include "base/utf.h"

#include <string.h>

static bool clean_text(const char *text, size_t most)
{
    size_t len = strlen(text);

    return len <= most && omsp_utf8_is_valid(text, len);
}

static enum omsp_status check_url(const struct omsp_links *links, const char *text, int *error)
{
    struct omsp_url url;

    *error = OMSP_FORK_BAD_URL;
    if (!text || strlen(text) > OMSP_FORK_URL_MAX || omsp_url_parse(text, &url))
        return OMSP_INVALID;
    *error = OMSP_FORK_BAD_SCHEME;
    if (url.scheme == OMSP_SCHEME_WS && !links->allow_plain && !omsp_url_is_loopback(&url))
        return OMSP_INVALID;
    if (url.scheme != OMSP_SCHEME_WS && url.scheme != OMSP_SCHEME_WSS)
        return OMSP_INVALID;
    *error = 0;
    return OMSP_OK;
}

static enum omsp_status check_callback(const struct omsp_links *links, const char *text)
{
    struct omsp_url url;

    if (strlen(text) > OMSP_FORK_URL_MAX || omsp_url_parse_user(text, &url))
        return OMSP_INVALID;
    if (url.scheme == OMSP_SCHEME_HTTP && !links->allow_plain && !omsp_url_is_loopback(&url))
        return OMSP_INVALID;
    return url.scheme == OMSP_SCHEME_HTTP || url.scheme == OMSP_SCHEME_HTTPS ? OMSP_OK
                                                                             : OMSP_INVALID;
}

enum omsp_status omsp_fork_check_options(const struct omsp_links *links,
                                         const struct omsp_fork_options *options, int *error)
{
    struct omsp_stream_format format = options->format;
    enum omsp_status status = check_url(links, options->url, error);

    if (status)
        return status;
    *error = OMSP_FORK_BAD_TRACK;
    if (!options->tracks || options->tracks > (OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND) ||
        (options->bidirectional && options->tracks != OMSP_TRACK_INBOUND))
        return OMSP_INVALID;
    *error = 0;
    if (options->name && (!*options->name || !clean_text(options->name, OMSP_FORK_NAME_MAX)))
        return OMSP_INVALID;
    if (options->callback_url && check_callback(links, options->callback_url))
        return OMSP_INVALID;
    if (options->param_count > OMSP_FORK_MAX_PARAMS ||
        options->reconnects < OMSP_FORK_RECONNECTS_OFF ||
        options->reconnects > OMSP_FORK_MAX_RECONNECTS)
        return OMSP_INVALID;
    if (omsp_stream_format_check(&format))
        return OMSP_INVALID;
    for (unsigned i = 0; i < options->param_count; i++)
        if (!options->params[i].name || !options->params[i].value ||
            !clean_text(options->params[i].name, OMSP_FORK_URL_MAX) ||
            !clean_text(options->params[i].value, OMSP_FORK_URL_MAX))
            return OMSP_INVALID;
    return OMSP_OK;
}
