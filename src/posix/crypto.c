/* Digests by OpenSSL's libcrypto. Any thread. */
#include "port/crypto.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

void omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    if (EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL) != 1)
        abort();
}

void omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[OMSP_SHA1_BYTES])
{
    unsigned written = OMSP_SHA1_BYTES;

    if (!HMAC(EVP_sha1(), key, (int)key_len, data, len, out, &written))
        abort();
}
