/*
 * SRTP and SRTCP (RFC 3711) of one direction of a session, by libsrtp2: AES counter mode with
 * HMAC-SHA1, encrypted and authenticated always. Sources (SSRCs) are learnt as packets of theirs
 * are sent or proved genuine; each has a rollover counter and a window of 128 packets in which
 * replays are told. Not thread-safe: the session's lock owns it.
 *
 * Allocates at create and with the first genuine packet of a source, never for one that is not.
 */
#ifndef OMSP_MEDIA_SRTP_H
#define OMSP_MEDIA_SRTP_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum omsp_srtp_suite {
    OMSP_SRTP_AES128_SHA1_80, /* RFC 4568 6.2 */
    OMSP_SRTP_AES128_SHA1_32, /* 32 bits behind RTP; behind RTCP 80 (RFC 4568 6.2.2) */
    OMSP_SRTP_AES256_SHA1_80, /* RFC 6188 */
    OMSP_SRTP_AES256_SHA1_32,
    OMSP_SRTP_SUITES
};

#define OMSP_SRTP_KEY_MAX     46  /* master key and salt: 16 or 32, and 14 */
#define OMSP_SRTP_MKI_MAX     128 /* RFC 4568 6.1 */
#define OMSP_SRTP_TRAILER     10  /* a packet grows by at most so much; RTCP by 4 more */
#define OMSP_SRTP_SOURCES_MAX 128

struct omsp_srtp_key {
    uint8_t suite; /* enum omsp_srtp_suite */
    uint8_t bytes[OMSP_SRTP_KEY_MAX];
    uint8_t mki_len; /* receiving only: bytes in front of the tag that name the key; 0: none */
    uint8_t mki[OMSP_SRTP_MKI_MAX];
};

enum omsp_srtp_verdict {
    OMSP_SRTP_GENUINE,
    OMSP_SRTP_FORGED,   /* not of who has the key: plain, changed, too short, another key's */
    OMSP_SRTP_REPLAYED, /* its number came before, or is too old to know */
    OMSP_SRTP_REFUSED,  /* more sources than are kept, or out of memory */
};

struct omsp_srtp;

/* Before the first create, and after the last destroy; counted, any thread. OMSP_NOMEM, OMSP_IO (a
 * cipher does not compute what it should). */
enum omsp_status omsp_srtp_open(void);
void omsp_srtp_close(void);

/* Bytes of a suite's key with salt; 0: there is none. */
size_t omsp_srtp_key_bytes(unsigned suite);

/* Between open and close. The key is copied, not kept. OMSP_NOMEM, OMSP_INVALID (suite, length of
 * the MKI, of which a sender has none). */
enum omsp_status omsp_srtp_sender_create(const struct omsp_srtp_key *key, struct omsp_srtp **out);
enum omsp_status omsp_srtp_receiver_create(const struct omsp_srtp_key *key, struct omsp_srtp **out);
/* One that expects a source to go on where it is after another key (RFC 3711 3.3.1): with its
 * rollover counter, and with no packet of it known. Errors as above. */
enum omsp_status omsp_srtp_receiver_resume(const struct omsp_srtp_key *key, uint32_t ssrc,
                                           uint32_t rollover, struct omsp_srtp **out);
void omsp_srtp_destroy(struct omsp_srtp *srtp); /* NULL is fine */

/* In place; packet is aligned to 4 and has room for the trailer (RTCP: and 4). *len is both the
 * packet's and the result's. OMSP_NOMEM; OMSP_IO: no RTP, sent before, or the key has had its 2^48
 * packets (RTCP: 2^31). */
enum omsp_status omsp_srtp_protect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len);
enum omsp_status omsp_srtp_protect_rtcp(struct omsp_srtp *srtp, uint8_t *packet, size_t *len);
/* In place, likewise aligned. What is forged or replayed is as it was; what is refused may be
 * deciphered already when there is no memory for its source. *len is as it was in each case. */
enum omsp_srtp_verdict omsp_srtp_unprotect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len);
enum omsp_srtp_verdict omsp_srtp_unprotect_rtcp(struct omsp_srtp *srtp, uint8_t *packet,
                                                size_t *len);
/* The source that was heard last by RTP, and its rollover counter. OMSP_EMPTY: none yet. */
enum omsp_status omsp_srtp_last_source(const struct omsp_srtp *srtp, uint32_t *ssrc,
                                       uint32_t *rollover);

/* For libsrtp2, which is built to allocate here. */
void *omsp_srtp_calloc(size_t count, size_t size);
void omsp_srtp_free(void *ptr);

#endif
