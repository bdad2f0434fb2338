/*
 * The digests that protocols demand, bound at link time: CNG on Windows, OpenSSL's libcrypto
 * elsewhere. Any thread.
 */
#ifndef OMSP_PORT_CRYPTO_H
#define OMSP_PORT_CRYPTO_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define OMSP_SHA1_BYTES 20

/* RFC 3174, RFC 2104. OMSP_NOMEM: the system had no memory for it, and `out` is undefined. The
 * adapter for Windows ends the process when the system has no SHA-1. data and key may be NULL when
 * empty. */
enum omsp_status omsp_sha1(const void *data, size_t len, uint8_t out[OMSP_SHA1_BYTES]);
enum omsp_status omsp_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                                uint8_t out[OMSP_SHA1_BYTES]);

#endif
