/* Authorization headers from anywhere: what is read is what a header made of it says again, and is
 * known to a server that has it, and to none that has another. */
#include "fuzz.h"

#include "rest/auth.h"
#include "wire/base64.h"

#define ROOM (OMSP_AUTH_USER_MAX + OMSP_REST_SECRET_MAX + 1)

static void goes_round(const struct omsp_credentials *given)
{
    char plain[ROOM + 1], header[OMSP_BASE64_CHARS(ROOM) + 16] = "Basic ";
    struct omsp_credentials again;
    size_t len = (size_t)sprintf(plain, "%s:%s", given->user, given->secret);

    omsp_base64_encode(header + 6, (const uint8_t *)plain, len);
    header[6 + OMSP_BASE64_CHARS(len)] = '\0';
    FUZZ_CHECK(omsp_auth_parse(header, &again) == OMSP_OK);
    FUZZ_CHECK(!strcmp(given->user, again.user) && !strcmp(given->secret, again.secret));
}

static void is_known(const struct omsp_credentials *given)
{
    struct omsp_rest_config config = {.account_sid = "AC00000000000000000000000000000000"};
    struct omsp_credentials other = *given;

    config.keys[0].sid = given->user;
    config.keys[0].secret = given->secret;
    config.key_count = 1;
    FUZZ_CHECK(omsp_auth_matches(given, &config) || !given->secret_len);
    if (!given->secret_len)
        return;
    other.secret[0] ^= 1;
    if (other.secret[0])
        FUZZ_CHECK(!omsp_auth_matches(&other, &config));
    other = *given;
    other.user[0] ^= 1;
    FUZZ_CHECK(!omsp_auth_matches(&other, &config));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *header = malloc(size + 1);
    struct omsp_credentials given;

    FUZZ_CHECK(header != NULL);
    if (size)
        memcpy(header, data, size);
    header[size] = '\0';
    memset(&given, 0x5a, sizeof(given));
    if (omsp_auth_parse(header, &given) == OMSP_OK) {
        FUZZ_CHECK(strlen(given.user) <= OMSP_AUTH_USER_MAX && !strchr(given.user, ':'));
        FUZZ_CHECK(strlen(given.secret) == given.secret_len &&
                   given.secret_len <= OMSP_REST_SECRET_MAX);
        goes_round(&given);
        is_known(&given);
    } else {
        FUZZ_CHECK(!given.user[0] && !given.secret[0] && !given.secret_len);
    }
    omsp_auth_forget(&given, sizeof(given));
    free(header);
    return 0;
}
