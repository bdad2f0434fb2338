/*
 * libsrtp2 behind our allocator and our words. The only file that knows libsrtp2. Whose packets
 * count, and what becomes of them, is the session's; keys are negotiated in wire/sdp.h. One owner
 * at a time, but for open and close.
 */
#include "media/srtp.h"

#include "base/alloc.h"
#include "base/bytes.h"

#include <limits.h>
#include <srtp2/srtp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define RTP_HEADER  12
#define RTCP_HEADER 8

struct omsp_srtp {
    srtp_t context;
    bool sends, mki;
    /* Who has a stream in the context, so that one who has the key cannot make it grow without
     * end: streams cannot be forgotten, because their replays could then be played. */
    uint32_t sources[OMSP_SRTP_SOURCES_MAX];
    unsigned source_count;
    bool heard;
    uint32_t last;
};

/* ---- the library ---------------------------------------------------------------------------- */

static atomic_flag opening = ATOMIC_FLAG_INIT;
static unsigned users;

void *omsp_srtp_calloc(size_t count, size_t size)
{
    return omsp_zalloc_array(count, size);
}

void omsp_srtp_free(void *ptr)
{
    omsp_free(ptr);
}

enum omsp_status omsp_srtp_open(void)
{
    enum omsp_status status = OMSP_OK;

    /* Its self-tests take about a millisecond, once: not worth a lock of the system. */
    while (atomic_flag_test_and_set(&opening))
        continue;
    if (!users) {
        srtp_err_status_t failed = srtp_init();

        if (failed) {
            srtp_shutdown();
            status = failed == srtp_err_status_alloc_fail ? OMSP_NOMEM : OMSP_IO;
        }
    }
    if (!status)
        users++;
    atomic_flag_clear(&opening);
    return status;
}

void omsp_srtp_close(void)
{
    while (atomic_flag_test_and_set(&opening))
        continue;
    if (!--users)
        srtp_shutdown();
    atomic_flag_clear(&opening);
}

/* ---- life ----------------------------------------------------------------------------------- */

size_t omsp_srtp_key_bytes(unsigned suite)
{
    static const uint8_t bytes[OMSP_SRTP_SUITES] = {
        [OMSP_SRTP_AES128_SHA1_80] = SRTP_AES_ICM_128_KEY_LEN_WSALT,
        [OMSP_SRTP_AES128_SHA1_32] = SRTP_AES_ICM_128_KEY_LEN_WSALT,
        [OMSP_SRTP_AES256_SHA1_80] = SRTP_AES_ICM_256_KEY_LEN_WSALT,
        [OMSP_SRTP_AES256_SHA1_32] = SRTP_AES_ICM_256_KEY_LEN_WSALT,
    };

    return suite < OMSP_SRTP_SUITES ? bytes[suite] : 0;
}

static void set_suite(srtp_policy_t *policy, unsigned suite)
{
    bool wide = suite == OMSP_SRTP_AES256_SHA1_80 || suite == OMSP_SRTP_AES256_SHA1_32;

    if (wide)
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy->rtcp);
    else
        srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
    policy->rtp = policy->rtcp;
    if (suite == OMSP_SRTP_AES128_SHA1_32 || suite == OMSP_SRTP_AES256_SHA1_32)
        policy->rtp.auth_tag_len = 4;
}

static enum omsp_status create(const struct omsp_srtp_key *key, srtp_ssrc_type_t type,
                               uint32_t ssrc, struct omsp_srtp **out)
{
    struct omsp_srtp_key copy = *key; /* the library's pointers are not to const */
    srtp_master_key_t master = {copy.bytes, copy.mki_len ? copy.mki : NULL, copy.mki_len};
    srtp_master_key_t *masters[] = {&master};
    srtp_policy_t policy;
    struct omsp_srtp *srtp;
    srtp_err_status_t failed;

    if (!omsp_srtp_key_bytes(key->suite) || key->mki_len > OMSP_SRTP_MKI_MAX) {
        omsp_wipe(&copy, sizeof(copy));
        return OMSP_INVALID;
    }
    srtp = omsp_zalloc(sizeof(*srtp));
    if (!srtp) {
        omsp_wipe(&copy, sizeof(copy));
        return OMSP_NOMEM;
    }
    memset(&policy, 0, sizeof(policy));
    set_suite(&policy, key->suite);
    policy.ssrc.type = type;
    policy.ssrc.value = ssrc;
    policy.keys = masters;
    policy.num_master_keys = 1;
    srtp->sends = type == ssrc_any_outbound;
    srtp->mki = copy.mki_len != 0;
    failed = srtp_create(&srtp->context, &policy);
    omsp_wipe(&copy, sizeof(copy));
    if (failed) {
        omsp_free(srtp);
        return OMSP_NOMEM; /* it has other words for that, too; the policy is sound */
    }
    *out = srtp;
    return OMSP_OK;
}

enum omsp_status omsp_srtp_sender_create(const struct omsp_srtp_key *key, struct omsp_srtp **out)
{
    return key->mki_len ? OMSP_INVALID : create(key, ssrc_any_outbound, 0, out);
}

enum omsp_status omsp_srtp_receiver_create(const struct omsp_srtp_key *key, struct omsp_srtp **out)
{
    return create(key, ssrc_any_inbound, 0, out);
}

enum omsp_status omsp_srtp_receiver_resume(const struct omsp_srtp_key *key, uint32_t ssrc,
                                           uint32_t rollover, struct omsp_srtp **out)
{
    struct omsp_srtp *srtp;
    enum omsp_status status = create(key, ssrc_specific, ssrc, &srtp);

    if (status)
        return status;
    if (srtp_set_stream_roc(srtp->context, ssrc, rollover)) {
        omsp_srtp_destroy(srtp);
        return OMSP_INVALID;
    }
    srtp->sources[srtp->source_count++] = ssrc;
    *out = srtp;
    return OMSP_OK;
}

void omsp_srtp_destroy(struct omsp_srtp *srtp)
{
    if (!srtp)
        return;
    srtp_dealloc(srtp->context);
    omsp_free(srtp);
}

/* ---- packets -------------------------------------------------------------------------------- */

static bool known(const struct omsp_srtp *srtp, uint32_t ssrc)
{
    for (unsigned i = srtp->source_count; i--;)
        if (srtp->sources[i] == ssrc)
            return true;
    return false;
}

static enum omsp_status protect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len, bool rtcp)
{
    srtp_err_status_t failed;
    int size = (int)*len;

    if (*len < (rtcp ? RTCP_HEADER : RTP_HEADER) || *len > INT_MAX - SRTP_MAX_TRAILER_LEN)
        return OMSP_IO;
    failed = rtcp ? srtp_protect_rtcp(srtp->context, packet, &size)
                  : srtp_protect(srtp->context, packet, &size);
    if (failed)
        return failed == srtp_err_status_alloc_fail ? OMSP_NOMEM : OMSP_IO;
    *len = (size_t)size;
    return OMSP_OK;
}

enum omsp_status omsp_srtp_protect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len)
{
    return protect(srtp, packet, len, false);
}

enum omsp_status omsp_srtp_protect_rtcp(struct omsp_srtp *srtp, uint8_t *packet, size_t *len)
{
    return protect(srtp, packet, len, true);
}

static enum omsp_srtp_verdict verdict_of(srtp_err_status_t failed)
{
    switch (failed) {
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return OMSP_SRTP_REPLAYED;
    case srtp_err_status_alloc_fail:
        return OMSP_SRTP_REFUSED;
    default:
        return OMSP_SRTP_FORGED;
    }
}

static enum omsp_srtp_verdict unprotect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len,
                                        bool rtcp)
{
    srtp_err_status_t status;
    int size = (int)*len;
    uint32_t ssrc;
    bool before;

    if (*len < (rtcp ? RTCP_HEADER : RTP_HEADER) || *len > INT_MAX)
        return OMSP_SRTP_FORGED;
    ssrc = omsp_be32(packet + (rtcp ? 4 : 8));
    before = known(srtp, ssrc);
    if (!before && srtp->source_count == OMSP_SRTP_SOURCES_MAX)
        return OMSP_SRTP_REFUSED;
    status = rtcp ? srtp_unprotect_rtcp_mki(srtp->context, packet, &size, srtp->mki)
                  : srtp_unprotect_mki(srtp->context, packet, &size, srtp->mki);
    if (status)
        return verdict_of(status);
    *len = (size_t)size;
    if (!before)
        srtp->sources[srtp->source_count++] = ssrc;
    if (!rtcp) {
        srtp->heard = true;
        srtp->last = ssrc;
    }
    return OMSP_SRTP_GENUINE;
}

enum omsp_srtp_verdict omsp_srtp_unprotect(struct omsp_srtp *srtp, uint8_t *packet, size_t *len)
{
    return unprotect(srtp, packet, len, false);
}

enum omsp_srtp_verdict omsp_srtp_unprotect_rtcp(struct omsp_srtp *srtp, uint8_t *packet,
                                                size_t *len)
{
    return unprotect(srtp, packet, len, true);
}

enum omsp_status omsp_srtp_last_source(const struct omsp_srtp *srtp, uint32_t *ssrc,
                                       uint32_t *rollover)
{
    if (!srtp->heard || srtp_get_stream_roc(srtp->context, srtp->last, rollover))
        return OMSP_EMPTY;
    *ssrc = srtp->last;
    return OMSP_OK;
}
