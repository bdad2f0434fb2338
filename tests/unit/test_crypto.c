/* Digests against the vectors of RFC 3174 / FIPS 180 and RFC 2202. */
#include "support/suite.h"

#include "port/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *hex(const uint8_t *bytes)
{
    static char text[2 * OMSP_SHA1_BYTES + 1];

    for (int i = 0; i < OMSP_SHA1_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static const char *sha1(const void *data, size_t len)
{
    uint8_t out[OMSP_SHA1_BYTES];

    omsp_sha1(data, len, out);
    return hex(out);
}

static const char *hmac(const void *key, size_t key_len, const void *data, size_t len)
{
    uint8_t out[OMSP_SHA1_BYTES];

    omsp_hmac_sha1(key, key_len, data, len, out);
    return hex(out);
}

START_TEST(sha1_of_known_texts)
{
    char *much = malloc(1000000);
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    ck_assert_ptr_nonnull(much);
    memset(much, 'a', 1000000);
    ck_assert_str_eq(sha1("", 0), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    ck_assert_str_eq(sha1(NULL, 0), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    ck_assert_str_eq(sha1("abc", 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
    ck_assert_str_eq(sha1(two_blocks, 56), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    ck_assert_str_eq(sha1(much, 1000000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    free(much);
}
END_TEST

/* RFC 2202, section 3, all seven. */
START_TEST(hmac_sha1_of_known_keys)
{
    uint8_t key[80], data[50];
    const char *larger = "Test Using Larger Than Block-Size Key - Hash Key First";
    const char *larger_still =
        "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data";

    memset(key, 0x0b, 20);
    ck_assert_str_eq(hmac(key, 20, "Hi There", 8), "b617318655057264e28bc0b6fb378c8ef146be00");
    ck_assert_str_eq(hmac("Jefe", 4, "what do ya want for nothing?", 28),
                     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    memset(key, 0xaa, 20);
    memset(data, 0xdd, 50);
    ck_assert_str_eq(hmac(key, 20, data, 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
    for (int i = 0; i < 25; i++)
        key[i] = (uint8_t)(i + 1);
    memset(data, 0xcd, 50);
    ck_assert_str_eq(hmac(key, 25, data, 50), "4c9007f4026250c6bc8414f9bf50c86c2d7235da");
    memset(key, 0x0c, 20);
    ck_assert_str_eq(hmac(key, 20, "Test With Truncation", 20),
                     "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04");
    memset(key, 0xaa, 80);
    ck_assert_str_eq(hmac(key, 80, larger, strlen(larger)),
                     "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    ck_assert_str_eq(hmac(key, 80, larger_still, strlen(larger_still)),
                     "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
}
END_TEST

START_TEST(hmac_sha1_of_nothing)
{
    ck_assert_str_eq(hmac("", 0, "", 0), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
    ck_assert_str_eq(hmac(NULL, 0, NULL, 0), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}
END_TEST

OMSP_SUITE("crypto", TEST(sha1_of_known_texts), TEST(hmac_sha1_of_known_keys),
           TEST(hmac_sha1_of_nothing))
