/*
 * The call's negotiation (RFC 3264): keeps what was said last by both sides and turns it into the
 * session's parameters. Not here: reading and writing SDP (wire/sdp.h).
 */
#include "engine/call.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "engine/call_log.h"
#include "engine/session.h"
#include "engine/session_srtp.h"

#include <string.h>

/* What we offer, the one that everybody has first (RFC 4568 6.2.1). */
static const uint8_t suites[] = {
    OMSP_SDP_AES_CM_128_HMAC_SHA1_80,
    OMSP_SDP_AES_256_CM_HMAC_SHA1_80,
    OMSP_SDP_AES_CM_128_HMAC_SHA1_32,
    OMSP_SDP_AES_256_CM_HMAC_SHA1_32,
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

struct omsp_sdp_session {
    uint64_t session_id;
    struct omsp_sdp local;                  /* what we described last */
    struct omsp_sdp_local caps;             /* what went into it */
    bool described;                         /* local is valid */
    bool offering;                          /* local is an offer that waits for its answer */
    uint8_t keys[SUITES][OMSP_SDP_KEY_MAX]; /* ours, of each suite */
    bool secure;
    struct omsp_sdp_crypto heard; /* theirs, while secure */
};

/* Where a call without an address of its own is bound. */
static const struct omsp_addr loopback = {.family = 4, .ip = {127, 0, 0, 1}};

static void make_keys(struct omsp_call *call)
{
    const struct omsp_ports *ports = call->address->engine->ports;

    ports->random(ports->ctx, call->sdp->keys, sizeof(call->sdp->keys));
}

static enum omsp_status ensure_sdp(struct omsp_call *call)
{
    const struct omsp_ports *ports = call->address->engine->ports;

    if (call->sdp)
        return OMSP_OK;
    call->sdp = omsp_zalloc(sizeof(*call->sdp));
    if (!call->sdp)
        return OMSP_NOMEM;
    ports->random(ports->ctx, &call->sdp->session_id, sizeof(call->sdp->session_id));
    call->sdp->session_id >>= 2; /* RFC 3264 5: fits a signed 64-bit integer, room to count */
    make_keys(call);
    return OMSP_OK;
}

void omsp_call_free_sdp(struct omsp_call *call)
{
    if (call->sdp)
        omsp_wipe(call->sdp, sizeof(*call->sdp));
    omsp_free(call->sdp);
    call->sdp = NULL;
}

static enum omsp_sdp_security security_of(const struct omsp_call *call)
{
    switch (call->security) {
    case OMSP_SECURITY_REQUIRED:
        return OMSP_SDP_SECURITY_REQUIRED;
    case OMSP_SECURITY_OFF:
        return OMSP_SDP_SECURITY_OFF;
    default:
        return OMSP_SDP_SECURITY_ALLOWED;
    }
}

static void fill_caps(struct omsp_call *call, struct omsp_sdp_local *caps)
{
    memset(caps, 0, sizeof(*caps));
    if (call->session) {
        omsp_session_local(call->session, &caps->rtp);
    } else { /* nobody is told */
        caps->rtp = loopback;
        caps->rtp.port = 9;
    }
    caps->rtcp_mux = true;
    caps->direction = OMSP_SDP_SENDRECV;
    caps->ptime_ms = (uint16_t)call->ptime_ms;
    for (unsigned i = 0; i < call->codec_count; i++) {
        caps->codecs[i].type = call->codecs[i];
        caps->codecs[i].codec = call->codecs[i] ? OMSP_SDP_CODEC_PCMA : OMSP_SDP_CODEC_PCMU;
    }
    caps->codec_count = (uint8_t)call->codec_count;
    caps->telephone_event = true;
    caps->session_id = call->sdp->session_id;
    caps->security = security_of(call);
    caps->crypto_count = SUITES;
    for (unsigned i = 0; i < SUITES; i++) {
        caps->crypto[i].suite = suites[i];
        memcpy(caps->crypto[i].key, call->sdp->keys[i], OMSP_SDP_KEY_MAX);
    }
}

static void fill_params(const struct omsp_sdp_agreed *agreed, struct omsp_session_params *params)
{
    memset(params, 0, sizeof(*params));
    params->peer = agreed->peer_rtp;
    params->peer_rtcp = agreed->peer_rtcp;
    params->rtcp_mux = agreed->rtcp_mux;
    params->may_send = agreed->may_send;
    params->may_receive = agreed->may_receive;
    params->send_type = agreed->send_type;
    params->send_alaw = agreed->send_codec == OMSP_SDP_CODEC_PCMA;
    for (unsigned i = 0; i < agreed->receive_count && i < OMSP_SESSION_MAX_TYPES; i++) {
        params->receive[i].type = agreed->receive[i].type;
        params->receive[i].alaw = agreed->receive[i].codec == OMSP_SDP_CODEC_PCMA;
        params->receive_count = i + 1;
    }
    params->event_type = agreed->telephone_event ? agreed->event_receive_type : -1;
    params->ptime_ms = agreed->ptime_ms;
}

/* The answer has no place for our audio (mspi.md 2.5). Address lock. */
static void tell_not_used(struct omsp_call *call)
{
    for (unsigned i = 0; i < call->stream_count; i++)
        if (call->streams[i]->media == OMSP_MEDIA_AUDIO)
            omsp_stream_post(call->streams[i], OMSP_STREAM_NOT_USED, OMSP_CAUSE_REMOTE_REQUEST,
                             OMSP_OK, 0);
}

static void key_of(const struct omsp_sdp_crypto *crypto, struct omsp_srtp_key *key)
{
    static const uint8_t of[OMSP_SDP_SUITES] = {
        [OMSP_SDP_AES_CM_128_HMAC_SHA1_80] = OMSP_SRTP_AES128_SHA1_80,
        [OMSP_SDP_AES_CM_128_HMAC_SHA1_32] = OMSP_SRTP_AES128_SHA1_32,
        [OMSP_SDP_AES_256_CM_HMAC_SHA1_80] = OMSP_SRTP_AES256_SHA1_80,
        [OMSP_SDP_AES_256_CM_HMAC_SHA1_32] = OMSP_SRTP_AES256_SHA1_32,
    };

    memset(key, 0, sizeof(*key));
    key->suite = of[crypto->suite];
    memcpy(key->bytes, crypto->key, sizeof(key->bytes));
    key->mki_len = crypto->mki_len;
    for (unsigned i = 0; i < 4 && i < crypto->mki_len; i++)
        key->mki[crypto->mki_len - 1 - i] = (uint8_t)(crypto->mki >> 8 * i);
}

static enum omsp_status make_srtp(struct omsp_call *call, const struct omsp_sdp_agreed *agreed,
                                  struct omsp_session_srtp **out)
{
    struct omsp_srtp_key send, receive;
    enum omsp_status status;

    *out = NULL;
    if (!agreed->secure)
        return OMSP_OK;
    status = omsp_engine_open_srtp(call->address->engine);
    if (status)
        return status;
    key_of(&agreed->send_crypto, &send);
    key_of(&agreed->receive_crypto, &receive);
    status = omsp_session_srtp_create(&send, &receive, out);
    omsp_wipe(&send, sizeof(send));
    omsp_wipe(&receive, sizeof(receive));
    return status;
}

/* What a negotiation came to, until nothing can fail any more. */
struct outcome {
    struct omsp_sdp_local caps;
    struct omsp_sdp local;
    struct omsp_sdp_agreed agreed;
    struct omsp_session_params params;
};

static enum omsp_status take_answer(struct omsp_call *call, const struct omsp_sdp *remote,
                                    struct outcome *out)
{
    enum omsp_status status;

    out->caps = call->sdp->caps;
    out->caps.security = security_of(call); /* it may have been set since */
    out->local = call->sdp->local;
    status = omsp_sdp_apply_answer(&out->caps, &out->local, remote, &out->agreed);
    if (status == OMSP_BAD_MEDIA)
        tell_not_used(call);
    return status;
}

/* With a new key of theirs come new keys of ours: it may be another machine that they are for, and
 * whoever was there before shall not hear it. */
static enum omsp_status make_answer(struct omsp_call *call, const struct omsp_sdp *remote,
                                    struct outcome *out)
{
    struct omsp_sdp_session *sdp = call->sdp;
    const struct omsp_sdp *prior = sdp->described ? &sdp->local : NULL;
    enum omsp_status status;

    fill_caps(call, &out->caps);
    status = omsp_sdp_make_answer(&out->caps, prior, remote, &out->local, &out->agreed);
    if (status || !out->agreed.secure || !sdp->secure ||
        omsp_sdp_crypto_same_key(&out->agreed.receive_crypto, &sdp->heard))
        return status;
    make_keys(call);
    fill_caps(call, &out->caps);
    return omsp_sdp_make_answer(&out->caps, prior, remote, &out->local, &out->agreed);
}

static enum omsp_status negotiate(struct omsp_call *call, const struct omsp_sdp *remote,
                                  struct outcome *out)
{
    struct omsp_sdp_session *sdp = call->sdp;
    struct omsp_session_srtp *srtp;
    enum omsp_status status =
        sdp->offering ? take_answer(call, remote, out) : make_answer(call, remote, out);

    if (!status)
        status = make_srtp(call, &out->agreed, &srtp);
    if (status)
        return status;
    sdp->local = out->local;
    sdp->caps = out->caps;
    sdp->described = true;
    sdp->offering = false;
    sdp->secure = out->agreed.secure;
    sdp->heard = out->agreed.receive_crypto;
    fill_params(&out->agreed, &out->params);
    out->params.srtp = srtp;
    omsp_call_apply(call, &out->params,
                    call->state == OMSP_CALL_CONNECTED ? OMSP_CAUSE_REMOTE_REQUEST
                                                       : OMSP_CAUSE_LOCAL_REQUEST);
    return OMSP_OK;
}

/* No lock held; before anything is done about it, so that a call whose peer is refused is bound to
 * nothing yet. Audio that is declined may be anywhere. */
static enum omsp_status foresee(struct omsp_call *call, const struct omsp_sdp *remote,
                                struct outcome *out)
{
    enum omsp_status status = OMSP_OK;

    omsp_call_enter(call);
    if (call->shut)
        status = OMSP_SHUTDOWN;
    else if (remote->audio.rtp.port && !omsp_call_can_reach(call, &remote->audio.rtp))
        status = OMSP_INVALID;
    else if (!call->session)
        status = ensure_sdp(call);
    if (!status && !call->session)
        status = make_answer(call, remote, out);
    omsp_call_leave(call);
    return status;
}

enum omsp_status omsp_call_set_remote_sdp(struct omsp_call *call, const char *text, size_t len)
{
    struct {
        struct omsp_sdp remote;
        struct outcome outcome;
    } *work = omsp_alloc(sizeof(*work)); /* in one piece, because all of it is secret */
    struct omsp_addr local = loopback;
    enum omsp_sdp_security security;
    enum omsp_status status;
    bool fresh;

    if (!work)
        return OMSP_NOMEM;
    omsp_call_enter(call);
    security = security_of(call);
    omsp_call_leave(call);
    status = omsp_sdp_parse(text, len, security, &work->remote);
    if (!status)
        status = foresee(call, &work->remote, &work->outcome);
    if (!status)
        status = omsp_call_ensure_bound(call, &local, &fresh);
    if (!status) {
        omsp_call_enter(call);
        status = call->shut || !call->session ? OMSP_SHUTDOWN : ensure_sdp(call);
        if (!status)
            status = negotiate(call, &work->remote, &work->outcome);
        omsp_call_leave(call);
    }
    omsp_wipe(work, sizeof(*work));
    omsp_free(work);
    if (status)
        omsp_log_refused(call, "the remote description", status);
    return status;
}

enum omsp_status omsp_call_local_sdp(struct omsp_call *call, char *out, size_t room, size_t *need)
{
    struct omsp_addr local = loopback;
    enum omsp_status status;
    bool fresh;

    status = omsp_call_ensure_bound(call, &local, &fresh);
    if (status)
        return status;
    omsp_call_enter(call);
    status = call->shut || !call->session ? OMSP_SHUTDOWN : ensure_sdp(call);
    if (!status && (!call->sdp->described || call->sdp->offering)) {
        /* An offer that nobody answered yet follows what was set since. */
        struct omsp_sdp_session *sdp = call->sdp;

        fill_caps(call, &sdp->caps);
        status = omsp_sdp_make_offer(&sdp->caps, sdp->described ? &sdp->local : NULL, &sdp->local);
        if (!status)
            sdp->described = sdp->offering = true;
    }
    if (!status)
        status = omsp_sdp_write(&call->sdp->local, out, room, need);
    omsp_call_leave(call);
    return status;
}

const char *omsp_call_suite(struct omsp_call *call)
{
    const char *name = "";

    omsp_call_enter(call);
    if (call->sdp && call->sdp->secure)
        name = omsp_sdp_suite_name(call->sdp->heard.suite);
    omsp_call_leave(call);
    return name;
}
