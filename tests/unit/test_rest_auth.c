/* HTTP Basic: reading and comparing. */
#include "support/suite.h"

#include "rest/auth.h"
#include "wire/base64.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT "AC0123456789abcdef0123456789abcdef"

static const struct omsp_rest_config config = {
    .account_sid = ACCOUNT,
    .auth_tokens = {"token one", "token:two"},
    .keys = {{"SK00000000000000000000000000000001", "secret"}},
    .key_count = 1,
};

/* "Basic " and base64 of user:secret. */
static const char *header_of(const char *scheme, const char *plain, size_t len)
{
    static char header[1024];
    size_t at = (size_t)snprintf(header, sizeof(header), "%s", scheme);

    omsp_base64_encode(header + at, (const uint8_t *)plain, len);
    header[at + OMSP_BASE64_CHARS(len)] = 0;
    return header;
}

static bool lets_in(const char *plain)
{
    struct omsp_credentials given;

    return omsp_auth_parse(header_of("Basic ", plain, strlen(plain)), &given) == OMSP_OK &&
           omsp_auth_matches(&given, &config);
}

START_TEST(golden)
{
    struct omsp_credentials given;

    /* RFC 7617 2 */
    ck_assert_int_eq(omsp_auth_parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &given), OMSP_OK);
    ck_assert_str_eq(given.user, "Aladdin");
    ck_assert_str_eq(given.secret, "open sesame");
    ck_assert_uint_eq(given.secret_len, 11);
    ck_assert_int_eq(omsp_auth_parse("bASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", &given), OMSP_OK);
    ck_assert_str_eq(given.user, "Aladdin");
}
END_TEST

START_TEST(the_first_colon_divides)
{
    struct omsp_credentials given;

    ck_assert_int_eq(omsp_auth_parse(header_of("Basic ", "a:b:c", 5), &given), OMSP_OK);
    ck_assert_str_eq(given.user, "a");
    ck_assert_str_eq(given.secret, "b:c");
    ck_assert_int_eq(omsp_auth_parse(header_of("Basic ", ":", 1), &given), OMSP_OK);
    ck_assert_str_eq(given.user, "");
    ck_assert_uint_eq(given.secret_len, 0);
}
END_TEST

START_TEST(refuses_what_is_no_basic)
{
    static const char *const bad[] = {"",           "Basic",       "Basic ",    "Bearer QTpi",
                                      "BasicQTpi",  "Basic QTpi!", "Basic QTp", "Basic QTpi QTpi",
                                      "Basic QUJD", "Basi",        "Basic =",   "Basic QTpi=",
                                      "Basic\tQTpi"};
    struct omsp_credentials given;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(omsp_auth_parse(bad[i], &given), OMSP_INVALID);
        ck_assert_uint_eq(given.secret_len, 0);
        ck_assert_int_eq(given.user[0], 0);
    }
    ck_assert_int_eq(omsp_auth_parse(header_of("Basic ", "a\0:b", 4), &given), OMSP_INVALID);
    ck_assert_int_eq(omsp_auth_parse(header_of("Basic ", "a:b\0", 4), &given), OMSP_INVALID);
}
END_TEST

START_TEST(lengths_are_bounded)
{
    char plain[OMSP_AUTH_USER_MAX + OMSP_REST_SECRET_MAX + 8];
    struct omsp_credentials given;

    memset(plain, 'x', sizeof(plain));
    plain[OMSP_AUTH_USER_MAX] = ':';
    ck_assert_int_eq(
        omsp_auth_parse(header_of("Basic ", plain, OMSP_AUTH_USER_MAX + 1 + OMSP_REST_SECRET_MAX),
                        &given),
        OMSP_OK);
    ck_assert_uint_eq(strlen(given.user), OMSP_AUTH_USER_MAX);
    ck_assert_uint_eq(strlen(given.secret), OMSP_REST_SECRET_MAX);
    ck_assert_int_eq(
        omsp_auth_parse(header_of("Basic ", plain, OMSP_AUTH_USER_MAX + 2 + OMSP_REST_SECRET_MAX),
                        &given),
        OMSP_INVALID);
    plain[OMSP_AUTH_USER_MAX] = 'x';
    plain[OMSP_AUTH_USER_MAX + 1] = ':';
    ck_assert_int_eq(omsp_auth_parse(header_of("Basic ", plain, OMSP_AUTH_USER_MAX + 3), &given),
                     OMSP_INVALID);
}
END_TEST

START_TEST(every_credential_opens_and_nothing_else)
{
    ck_assert(lets_in(ACCOUNT ":token one"));
    ck_assert(lets_in(ACCOUNT ":token:two"));
    ck_assert(lets_in("SK00000000000000000000000000000001:secret"));

    ck_assert(!lets_in(ACCOUNT ":"));
    ck_assert(!lets_in(ACCOUNT ":secret"));     /* another's secret */
    ck_assert(!lets_in(ACCOUNT ":token on"));   /* a part of it */
    ck_assert(!lets_in(ACCOUNT ":token one ")); /* more than it */
    ck_assert(!lets_in(ACCOUNT ":Token one"));  /* case */
    ck_assert(!lets_in("AC0123456789ABCDEF0123456789abcdef:token one"));
    ck_assert(!lets_in("SK00000000000000000000000000000001:token one"));
    ck_assert(!lets_in(":token one"));
    ck_assert(!lets_in("SK00000000000000000000000000000001:"));
}
END_TEST

START_TEST(every_changed_letter_is_refused)
{
    char plain[] = ACCOUNT ":token one";

    for (size_t i = 0; plain[i]; i++) {
        plain[i] ^= 1;
        ck_assert_msg(!lets_in(plain), "letter %u does not count", (unsigned)i);
        plain[i] ^= 1;
    }
    ck_assert(lets_in(plain));
}
END_TEST

START_TEST(any_bytes_are_survived)
{
    uint32_t seed = 1;

    for (int n = 0; n < 20000; n++) {
        char text[64] = "Basic ";
        struct omsp_credentials given;

        for (size_t i = n % 3 ? 6 : 0; i < sizeof(text) - 1; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = n & 1 ? (char)(seed >> 24) : "ABCDEFabcdef0123456789+/= :"[(seed >> 16) % 27];
        }
        omsp_auth_parse(text, &given);
        ck_assert(!omsp_auth_matches(&given, &config));
    }
}
END_TEST

START_TEST(forgetting_leaves_zeros)
{
    char secret[8] = "secret!";

    omsp_auth_forget(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        ck_assert_int_eq(secret[i], 0);
}
END_TEST

OMSP_SUITE("rest_auth", TEST(golden), TEST(the_first_colon_divides), TEST(refuses_what_is_no_basic),
           TEST(lengths_are_bounded), TEST(every_credential_opens_and_nothing_else),
           TEST(every_changed_letter_is_refused), TEST(any_bytes_are_survived),
           TEST(forgetting_leaves_zeros))
