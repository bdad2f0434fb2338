/* port/crypto.h over OpenSSL's libcrypto, which has SHA-1 always: what fails does so for want of
 * memory. Stateless; any thread. */
#include "port/crypto.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static enum omsp_status no_memory(void)
{
    ERR_clear_error(); /* TLS on this thread would take it for its own */
    return OMSP_NOMEM;
}

enum omsp_status omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    return EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL) == 1 ? OMSP_OK : no_memory();
}

enum omsp_status omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                                uint8_t out[OMSP_SHA1_BYTES])
{
    uint8_t digest[OMSP_SHA1_BYTES];
    unsigned size = 0;

    if (key_len > INT_MAX) { /* OpenSSL's limit; a long key stands for its digest (RFC 2104) */
        if (omsp_sha1(key, key_len, digest))
            return OMSP_NOMEM;
        key = digest;
        key_len = sizeof(digest);
    }
    /* NULL means something else to OpenSSL than nothing. */
    if (!HMAC(EVP_sha1(), key_len ? key : "", (int)key_len, len ? data : "", len, out, &size) ||
        size != OMSP_SHA1_BYTES)
        return no_memory();
    return OMSP_OK;
}
