/* port/crypto.h over OpenSSL's libcrypto. Stateless; any thread. */
#include "port/crypto.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

void omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    if (EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL) != 1)
        abort();
}

void omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[OMSP_SHA1_BYTES])
{
    uint8_t digest[OMSP_SHA1_BYTES];
    unsigned size = 0;

    if (key_len > INT_MAX) { /* OpenSSL's limit; a long key stands for its digest (RFC 2104) */
        omsp_sha1(key, key_len, digest);
        key = digest;
        key_len = sizeof(digest);
    }
    /* NULL means something else to OpenSSL than nothing. */
    if (!HMAC(EVP_sha1(), key_len ? key : "", (int)key_len, len ? data : "", len, out, &size) ||
        size != OMSP_SHA1_BYTES)
        abort();
}
