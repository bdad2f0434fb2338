/*
 * The digests that protocols demand, bound at link time: CNG on Windows, OpenSSL's libcrypto
 * elsewhere. Any thread.
 */
#ifndef OMSP_PORT_CRYPTO_H
#define OMSP_PORT_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define OMSP_SHA1_BYTES 20

/* Cannot fail: the adapters end the process when the system has no SHA-1. */
void omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES]);
void omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[OMSP_SHA1_BYTES]);

#endif
