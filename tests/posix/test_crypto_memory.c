/* Digests when OpenSSL's n-th allocation fails: an answer, never the end of the process. */
#include "support/suite.h"

#include "port/crypto.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static long to_fail = -1; /* allocations until then; below 0: none fails */
static bool failed;

static bool fails(void)
{
    if (to_fail < 0 || to_fail--)
        return false;
    failed = true;
    return true;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return fails() ? NULL : malloc(size);
}

static void *change(void *ptr, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return fails() ? NULL : realloc(ptr, size);
}

static void give_back(void *ptr, const char *file, int line)
{
    (void)file, (void)line;
    free(ptr);
}

/* OpenSSL takes these only before its first allocation. */
__attribute__((constructor)) static void lend(void)
{
    if (!CRYPTO_set_mem_functions(take, change, give_back))
        abort();
}

static void walk(enum omsp_status (*digest)(uint8_t *out))
{
    uint8_t right[OMSP_SHA1_BYTES], out[OMSP_SHA1_BYTES];
    unsigned failures = 0;

    ck_assert_int_eq(digest(right), OMSP_OK); /* what OpenSSL makes once is there */
    for (long n = 0;; n++) {
        enum omsp_status status;

        memset(out, 0, sizeof(out));
        failed = false;
        to_fail = n;
        status = digest(out);
        to_fail = -1;
        if (status == OMSP_OK)
            ck_assert_mem_eq(out, right, sizeof(out));
        else
            ck_assert_int_eq(status, OMSP_NOMEM);
        if (!failed)
            break;
        failures += status != OMSP_OK;
    }
    ck_assert_uint_ge(failures, 1);
    ck_assert_int_eq(digest(out), OMSP_OK);
    ck_assert_mem_eq(out, right, sizeof(out));
}

static enum omsp_status plain(uint8_t *out)
{
    return omsp_sha1("abc", 3, out);
}

static enum omsp_status keyed(uint8_t *out)
{
    return omsp_hmac_sha1("12345", 5, "abc", 3, out);
}

START_TEST(a_digest_without_memory_is_told)
{
    walk(plain);
    walk(keyed);
}
END_TEST

OMSP_SUITE("crypto_memory", TEST(a_digest_without_memory_is_told))
