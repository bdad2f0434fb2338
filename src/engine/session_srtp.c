/*
 * What a session does with SRTP when its call agreed on keys: packets are proved and opened before
 * anything else looks at them, and closed after everything else has. Not here: the ciphers
 * (media/srtp.c), which keys (call_sdp.c). Session lock, but for create and destroy.
 *
 * Whom a packet is from is told by its key, so the address that it came from decides only where we
 * send to (media/latch.h). Otherwise a copy that is faster than the original, from elsewhere, would
 * be dropped as a stranger's and make the original a replay.
 */
#include "engine/session_srtp.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "engine/session_state.h"

#include <string.h>

#define FORMER_US                                                                                  \
    2000000u /* how long packets under the key before are taken: those on their way                \
              */

enum omsp_status omsp_session_srtp_create(const struct omsp_srtp_key *send,
                                          const struct omsp_srtp_key *receive,
                                          struct omsp_session_srtp **out)
{
    struct omsp_session_srtp *srtp = omsp_zalloc(sizeof(*srtp));
    enum omsp_status status;

    if (!srtp)
        return OMSP_NOMEM;
    status = omsp_srtp_sender_create(send, &srtp->out);
    if (!status)
        status = omsp_srtp_receiver_create(receive, &srtp->in);
    if (status) {
        omsp_session_srtp_destroy(srtp);
        return status;
    }
    srtp->send_key = *send;
    srtp->receive_key = *receive;
    *out = srtp;
    return OMSP_OK;
}

void omsp_session_srtp_destroy(struct omsp_session_srtp *srtp)
{
    if (!srtp)
        return;
    omsp_srtp_destroy(srtp->out);
    omsp_srtp_destroy(srtp->in);
    omsp_srtp_destroy(srtp->resumed);
    omsp_srtp_destroy(srtp->former);
    omsp_wipe(srtp, sizeof(*srtp));
    omsp_free(srtp);
}

static bool same_key(const struct omsp_srtp_key *a, const struct omsp_srtp_key *b)
{
    return a->suite == b->suite && a->mki_len == b->mki_len &&
           memcmp(a->mki, b->mki, a->mki_len) == 0 &&
           memcmp(a->bytes, b->bytes, omsp_srtp_key_bytes(a->suite)) == 0;
}

static void swap(struct omsp_srtp **a, struct omsp_srtp **b)
{
    struct omsp_srtp *kept = *a;

    *a = *b;
    *b = kept;
}

/* The same key goes on with what it knows: its rollover counters and which packets came. Under
 * another one a source may begin anew or go on (RFC 3711 3.3.1 has it so, and not everybody): both
 * are tried until one is heard. */
static void take_over(struct omsp_session_srtp *srtp, struct omsp_session_srtp *before,
                      uint64_t now_us)
{
    uint32_t ssrc, rollover;

    if (same_key(&srtp->send_key, &before->send_key))
        swap(&srtp->out, &before->out);
    if (same_key(&srtp->receive_key, &before->receive_key)) {
        swap(&srtp->in, &before->in);
        swap(&srtp->resumed, &before->resumed);
        swap(&srtp->former, &before->former);
        srtp->former_until_us = before->former_until_us;
        return;
    }
    swap(&srtp->former, &before->in);
    srtp->former_until_us = now_us + FORMER_US;
    if (omsp_srtp_last_source(srtp->former, &ssrc, &rollover) == OMSP_OK && rollover &&
        omsp_srtp_receiver_resume(&srtp->receive_key, ssrc, rollover, &srtp->resumed))
        srtp->resumed = NULL; /* no memory: then who goes on is not understood */
}

bool omsp_session_srtp_replace(struct omsp_session *session, struct omsp_session_srtp *srtp,
                               uint64_t now_us)
{
    struct omsp_session_srtp *before = session->srtp;
    bool anew = srtp && (!before || !same_key(&srtp->send_key, &before->send_key) ||
                         !same_key(&srtp->receive_key, &before->receive_key));

    if (srtp && before)
        take_over(srtp, before, now_us);
    session->srtp = srtp;
    omsp_session_srtp_destroy(before);
    return anew;
}

static enum omsp_srtp_verdict open_with(struct omsp_srtp *with, uint8_t *packet, size_t *len,
                                        bool rtcp)
{
    return rtcp ? omsp_srtp_unprotect_rtcp(with, packet, len)
                : omsp_srtp_unprotect(with, packet, len);
}

static void forget(struct omsp_srtp **srtp)
{
    omsp_srtp_destroy(*srtp);
    *srtp = NULL;
}

static enum omsp_srtp_verdict try_keys(struct omsp_session_srtp *srtp, size_t *len, bool rtcp,
                                       uint64_t now_us)
{
    enum omsp_srtp_verdict verdict = open_with(srtp->in, srtp->packet, len, rtcp);

    if (srtp->resumed && verdict == OMSP_SRTP_GENUINE && !rtcp)
        forget(&srtp->resumed); /* it began anew */
    if (srtp->resumed && verdict == OMSP_SRTP_FORGED) {
        verdict = open_with(srtp->resumed, srtp->packet, len, rtcp);
        if (verdict == OMSP_SRTP_GENUINE && !rtcp) {
            swap(&srtp->in, &srtp->resumed); /* it went on */
            forget(&srtp->resumed);
        }
    }
    if (srtp->former && now_us >= srtp->former_until_us)
        forget(&srtp->former);
    if (srtp->former && verdict == OMSP_SRTP_FORGED)
        verdict = open_with(srtp->former, srtp->packet, len, rtcp);
    return verdict;
}

const uint8_t *omsp_session_srtp_open(struct omsp_session *session, const uint8_t *data,
                                      size_t *len, bool rtcp, uint64_t now_us)
{
    struct omsp_session_srtp *srtp = session->srtp;

    if (*len > sizeof(srtp->packet)) {
        session->forged++; /* no audio of 60 ms is so long */
        return NULL;
    }
    memcpy(srtp->packet, data, *len);
    switch (try_keys(srtp, len, rtcp, now_us)) {
    case OMSP_SRTP_GENUINE:
        return srtp->packet;
    case OMSP_SRTP_REPLAYED:
        session->replayed++;
        break;
    case OMSP_SRTP_FORGED:
        session->forged++;
        break;
    case OMSP_SRTP_REFUSED:
        session->rejected++;
        break;
    }
    return NULL;
}

enum omsp_status omsp_session_srtp_send(struct omsp_session *session, struct omsp_udp *udp,
                                        const struct omsp_addr *to, const uint8_t *data, size_t len,
                                        bool rtcp)
{
    struct omsp_session_srtp *srtp = session->srtp;
    enum omsp_status status;

    if (len + OMSP_SRTP_TRAILER + 4 > sizeof(srtp->packet))
        return OMSP_FULL;
    memcpy(srtp->packet, data, len);
    status = rtcp ? omsp_srtp_protect_rtcp(srtp->out, srtp->packet, &len)
                  : omsp_srtp_protect(srtp->out, srtp->packet, &len);
    return status ? status : udp->loop->send(udp, to, srtp->packet, len);
}
