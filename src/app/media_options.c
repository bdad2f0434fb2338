/* The options about media streams, as a table of names. Pure. */
#include "app/media_options.h"

#include <stddef.h>

enum kind { TEXT, FLAG, PARAM, KEY, RECONNECTS, RATE, WORKERS, CONNECTIONS };

static const struct option {
    const wchar_t *name;
    enum kind kind;
    size_t offset; /* TEXT, FLAG, CONNECTIONS */
} table[] = {
    {L"--stream", TEXT, offsetof(struct media_options, stream)},
    {L"--name", TEXT, offsetof(struct media_options, name)},
    {L"--track", TEXT, offsetof(struct media_options, track)},
    {L"--param", PARAM, 0},
    {L"--status-callback", TEXT, offsetof(struct media_options, callback)},
    {L"--reconnects", RECONNECTS, 0},
    {L"--encoding", TEXT, offsetof(struct media_options, encoding)},
    {L"--sample-rate", RATE, 0},
    {L"--twiml", TEXT, offsetof(struct media_options, twiml)},
    {L"--rest", TEXT, offsetof(struct media_options, rest)},
    {L"--account", TEXT, offsetof(struct media_options, account)},
    {L"--token-file", TEXT, offsetof(struct media_options, token_file)},
    {L"--api-key", KEY, 0},
    {L"--ca", TEXT, offsetof(struct media_options, ca_file)},
    {L"--allow-plain", FLAG, offsetof(struct media_options, allow_plain)},
    {L"--extensions", FLAG, offsetof(struct media_options, extensions)},
    {L"--media-workers", WORKERS, 0},
    {L"--rest-waiting", CONNECTIONS, offsetof(struct media_options, rest_waiting)},
    {L"--rest-per-address", CONNECTIONS, offsetof(struct media_options, rest_per_address)},
    {L"--rest-any", FLAG, offsetof(struct media_options, any_address)},
};

static const struct option *find(const wchar_t *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (!wcscmp(name, table[i].name))
            return &table[i];
    return NULL;
}

bool media_option_known(const wchar_t *name, bool *takes_value)
{
    const struct option *option = find(name);

    *takes_value = option && option->kind != FLAG;
    return option != NULL;
}

static bool take_number(const wchar_t *value, long most, long *out)
{
    wchar_t *end;

    *out = wcstol(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && *out <= most;
}

bool media_option_take(struct media_options *options, const wchar_t *name, const wchar_t *value,
                       const char **why)
{
    const struct option *option = find(name);
    char *base = (char *)options;

    switch (option->kind) {
    case TEXT:
        *(const wchar_t **)(void *)(base + option->offset) = value;
        return true;
    case FLAG:
        *(bool *)(base + option->offset) = true;
        return true;
    case PARAM:
        *why = "--param is NAME=VALUE, at most 99 times";
        if (options->param_count == MEDIA_MAX_PARAMS || !wcschr(value, '=') || *value == '=')
            return false;
        options->params[options->param_count++] = value;
        return true;
    case RECONNECTS:
        *why = "--reconnects is 0 to 100";
        return take_number(value, 100, &options->reconnects);
    case RATE:
        *why = "--sample-rate is 8000, 16000 or 24000";
        return take_number(value, 24000, &options->sample_rate) &&
               (options->sample_rate == 8000 || options->sample_rate == 16000 ||
                options->sample_rate == 24000);
    case WORKERS:
        *why = "--media-workers is 0 to 16";
        return take_number(value, 16, &options->workers);
    case CONNECTIONS:
        *why = "--rest-waiting and --rest-per-address are 1 to 65536 connections";
        return take_number(value, 65536, (long *)(void *)(base + option->offset)) &&
               *(long *)(void *)(base + option->offset) > 0;
    case KEY:
        *why = "--api-key is SK...:SECRET without a comma, at most 16 times";
        if (options->key_count == MEDIA_MAX_KEYS || !wcschr(value, ':') || wcschr(value, ','))
            return false;
        options->keys[options->key_count++] = value;
        return true;
    }
    return false;
}

bool media_options_check(const struct media_options *options, const char **why)
{
    *why = "--name, --track, --param and --status-callback go with --stream";
    if (!options->stream &&
        (options->name || options->track || options->param_count || options->callback))
        return false;
    *why = "--rest needs --account, and --token-file or --api-key";
    if (options->rest && (!options->account || (!options->token_file && !options->key_count)))
        return false;
    *why = "--rest-waiting and --rest-per-address go with --rest";
    if (!options->rest && (options->rest_waiting || options->rest_per_address))
        return false;
    *why = "--token-file, --ca and --allow-plain need --account";
    return options->account || (!options->token_file && !options->ca_file && !options->allow_plain);
}
