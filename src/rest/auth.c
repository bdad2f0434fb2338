/*
 * Basic credentials: reading them and comparing them. Holds no secret of its own; does not answer
 * requests. Pure; any thread.
 */
#include "rest/auth.h"

#include "wire/base64.h"

#include <string.h>

void omsp_auth_forget(void *secret, size_t len)
{
    volatile unsigned char *p = secret;

    while (len--)
        *p++ = 0;
}

static bool is_basic(const char *header, const char **rest)
{
    static const char scheme[] = "basic";

    for (size_t i = 0; i < sizeof(scheme) - 1; i++) {
        char c = header[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != scheme[i])
            return false;
    }
    header += sizeof(scheme) - 1;
    if (*header != ' ')
        return false;
    while (*header == ' ')
        header++;
    *rest = header;
    return true;
}

enum omsp_status omsp_auth_parse(const char *header, struct omsp_credentials *out)
{
    uint8_t plain[OMSP_AUTH_USER_MAX + 1 + OMSP_REST_SECRET_MAX];
    const char *text;
    const uint8_t *colon;
    size_t text_len, len, user_len;
    enum omsp_status status = OMSP_INVALID;

    memset(out, 0, sizeof(*out));
    if (!is_basic(header, &text))
        return OMSP_INVALID;
    text_len = strlen(text);
    while (text_len && (text[text_len - 1] == ' ' || text[text_len - 1] == '\t'))
        text_len--;
    if (omsp_base64_decode(text, text_len, plain, sizeof(plain), &len) != OMSP_OK)
        goto end;
    colon = memchr(plain, ':', len);
    if (!colon || memchr(plain, 0, len))
        goto end;
    user_len = (size_t)(colon - plain);
    if (user_len > OMSP_AUTH_USER_MAX || len - user_len - 1 > OMSP_REST_SECRET_MAX)
        goto end;
    memcpy(out->user, plain, user_len);
    out->secret_len = len - user_len - 1;
    memcpy(out->secret, colon + 1, out->secret_len);
    status = OMSP_OK;
end:
    omsp_auth_forget(plain, sizeof(plain));
    return status;
}

/* 1 when equal. Every byte of the given secret's room is looked at, whatever it holds. */
static unsigned same_secret(const struct omsp_credentials *given, const char *secret)
{
    size_t len = strlen(secret);
    unsigned diff = (unsigned)(given->secret_len ^ len);

    for (size_t i = 0; i < OMSP_REST_SECRET_MAX; i++) {
        /* Stays inside the stored secret without a branch on what was given. */
        size_t at = i < len ? i : len;

        diff |= (unsigned)((unsigned char)given->secret[i] ^ (unsigned char)secret[at]);
    }
    return diff == 0;
}

bool omsp_auth_matches(const struct omsp_credentials *given, const struct omsp_rest_config *config)
{
    unsigned right = 0;

    for (unsigned i = 0; i < OMSP_REST_MAX_TOKENS; i++)
        if (config->auth_tokens[i])
            right |= same_secret(given, config->auth_tokens[i]) &
                     (unsigned)(strcmp(given->user, config->account_sid) == 0);
    for (unsigned i = 0; i < config->key_count; i++)
        right |= same_secret(given, config->keys[i].secret) &
                 (unsigned)(strcmp(given->user, config->keys[i].sid) == 0);
    return right != 0;
}
