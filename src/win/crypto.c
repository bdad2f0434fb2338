/* Digests by Windows' CNG. Any thread. */
#include "port/crypto.h"

#include <windows.h>

#include <bcrypt.h>
#include <stdlib.h>

static void digest(ULONG flags, const void *key, size_t key_len, const void *data, size_t len,
                   uint8_t out[OMSP_SHA1_BYTES])
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;

    /* Opened each time: the provider caches it, and nothing has to be closed at unload. */
    if (BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA1_ALGORITHM, NULL, flags))
        abort();
    if (BCryptCreateHash(algorithm, &hash, NULL, 0, (PUCHAR)key, (ULONG)key_len, 0) ||
        BCryptHashData(hash, (PUCHAR)data, (ULONG)len, 0) ||
        BCryptFinishHash(hash, out, OMSP_SHA1_BYTES, 0))
        abort();
    BCryptDestroyHash(hash);
    BCryptCloseAlgorithmProvider(algorithm, 0);
}

void omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    digest(0, NULL, 0, data, len, out);
}

void omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[OMSP_SHA1_BYTES])
{
    digest(BCRYPT_ALG_HANDLE_HMAC_FLAG, key, key_len, data, len, out);
}
