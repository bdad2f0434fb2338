/* port/crypto.h over CNG. Stateless; any thread. */
#include "port/crypto.h"

#include <windows.h>
#include <bcrypt.h>
#include <stdlib.h>
#include <string.h>

#define PART 0x40000000u

/* STATUS_NO_MEMORY, STATUS_INSUFFICIENT_RESOURCES: ntstatus.h and windows.h do not go together. */
#define NT_NO_MEMORY    0xC0000017u
#define NT_NO_RESOURCES 0xC000009Au

/* A digest, keyed or not, of any length. OMSP_NOMEM. */
static enum omsp_status digest(ULONG flags, const void *key, size_t key_len, const void *data,
                               size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    BCRYPT_ALG_HANDLE algorithm = NULL;
    BCRYPT_HASH_HANDLE hash = NULL;
    const uint8_t *at = data;
    NTSTATUS status = BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA1_ALGORITHM, NULL, flags);

    if (status >= 0)
        status = BCryptCreateHash(algorithm, &hash, NULL, 0, (PUCHAR)key, (ULONG)key_len, 0);
    while (status >= 0 && len) {
        ULONG part = len > PART ? PART : (ULONG)len;

        status = BCryptHashData(hash, (PUCHAR)at, part, 0);
        at += part;
        len -= part;
    }
    if (status >= 0)
        status = BCryptFinishHash(hash, out, OMSP_SHA1_BYTES, 0);
    if (hash)
        BCryptDestroyHash(hash);
    if (algorithm)
        BCryptCloseAlgorithmProvider(algorithm, 0);
    if (status >= 0)
        return OMSP_OK;
    if ((ULONG)status != NT_NO_MEMORY && (ULONG)status != NT_NO_RESOURCES)
        abort();
    return OMSP_NOMEM;
}

enum omsp_status omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES])
{
    return digest(0, NULL, 0, data, len, out);
}

enum omsp_status omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                                uint8_t out[OMSP_SHA1_BYTES])
{
    uint8_t short_key[OMSP_SHA1_BYTES];

    if (key_len > PART) { /* a long key stands for its digest (RFC 2104) */
        if (omsp_sha1(key, key_len, short_key))
            return OMSP_NOMEM;
        key = short_key;
        key_len = sizeof(short_key);
    }
    return digest(BCRYPT_ALG_HANDLE_HMAC_FLAG, key_len ? key : "", key_len, data, len, out);
}
