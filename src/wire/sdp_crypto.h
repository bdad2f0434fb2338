/*
 * a=crypto of SDP (RFC 4568, RFC 6188): the value of one such line, read and written. Pure
 * functions, any thread. What an offer and an answer make of them is sdp_negotiate.c's.
 */
#ifndef OMSP_WIRE_SDP_CRYPTO_H
#define OMSP_WIRE_SDP_CRYPTO_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum omsp_sdp_suite {
    OMSP_SDP_AES_CM_128_HMAC_SHA1_80,
    OMSP_SDP_AES_CM_128_HMAC_SHA1_32,
    OMSP_SDP_AES_256_CM_HMAC_SHA1_80,
    OMSP_SDP_AES_256_CM_HMAC_SHA1_32,
    OMSP_SDP_SUITES
};

#define OMSP_SDP_KEY_MAX 46  /* master key and salt */
#define OMSP_SDP_MKI_MAX 128 /* bytes on the wire */

struct omsp_sdp_crypto {
    uint32_t tag; /* 0..999999999 */
    uint8_t suite;
    uint8_t mki_len; /* 0: packets carry none */
    uint32_t mki;    /* its value, right-aligned in mki_len bytes */
    uint8_t key[OMSP_SDP_KEY_MAX];
};

/* "AES_CM_128_HMAC_SHA1_80"; NULL: there is none. */
const char *omsp_sdp_suite_name(unsigned suite);

/* What stands behind "a=crypto:", without line end. OMSP_INVALID: malformed. OMSP_NOTSUPPORTED: it
 * asks for what we do not do: another suite, more than one key, an MKI above 32 bits, a session
 * parameter other than WSH (a hint) and those marked optional by '-': KDR, UNENCRYPTED_SRTP and so
 * on. Lifetimes are checked and not kept: they end with the signalling that gives a new key. *out
 * is filled on OMSP_OK only. */
enum omsp_status omsp_sdp_crypto_parse(const char *text, size_t len, struct omsp_sdp_crypto *out);
/* The value again: no lifetime, no session parameters. suite < OMSP_SDP_SUITES. */
void omsp_sdp_crypto_write(const struct omsp_sdp_crypto *crypto, struct omsp_text *out);

/* The same key of the same suite, with the same MKI, whatever the tag. */
bool omsp_sdp_crypto_same_key(const struct omsp_sdp_crypto *a, const struct omsp_sdp_crypto *b);

#endif
