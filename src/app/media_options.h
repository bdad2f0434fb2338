/*
 * What the command line says about media streams and the REST server; the same for `call` and
 * `serve`. Strings are the process's own arguments (UTF-16).
 */
#ifndef OMSP_APP_MEDIA_OPTIONS_H
#define OMSP_APP_MEDIA_OPTIONS_H

#include <stdbool.h>
#include <wchar.h>

#define MEDIA_MAX_PARAMS 99
#define MEDIA_MAX_KEYS   16

struct media_options { /* NULL: not given */
    const wchar_t *stream, *name, *track, *callback, *twiml;
    const wchar_t *params[MEDIA_MAX_PARAMS]; /* NAME=VALUE */
    unsigned param_count;
    long reconnects; /* 0: none */
    const wchar_t *encoding;
    long sample_rate; /* 0: the encoding's first */
    const wchar_t *rest, *account, *token_file, *ca_file;
    const wchar_t *keys[MEDIA_MAX_KEYS]; /* SK…:SECRET */
    unsigned key_count;
    long workers;                        /* 0: by need */
    long rest_waiting, rest_per_address; /* connections; 0: the server's default */
    bool allow_plain, extensions, any_address;
};

/* Is it one of these options, and does a value follow it? */
bool media_option_known(const wchar_t *name, bool *takes_value);
/* Takes a known option; value NULL when it has none. False: *why is a sentence. */
bool media_option_take(struct media_options *options, const wchar_t *name, const wchar_t *value,
                       const char **why);
/* Do they go together? */
bool media_options_check(const struct media_options *options, const char **why);

#endif
