/*
 * The call's negotiation (RFC 3264): keeps what was said last by both sides and turns it into the
 * session's parameters. Not here: reading and writing SDP (wire/sdp.h).
 */
#include "engine/call.h"

#include "base/alloc.h"
#include "engine/session.h"

#include <string.h>

struct omsp_sdp_session {
    uint64_t session_id;
    struct omsp_sdp local;      /* what we described last */
    struct omsp_sdp_local caps; /* what went into it */
    bool described;             /* local is valid */
    bool offering;              /* local is an offer that waits for its answer */
};

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
    return OMSP_OK;
}

static void fill_caps(struct omsp_call *call, struct omsp_sdp_local *caps)
{
    memset(caps, 0, sizeof(*caps));
    omsp_session_local(call->session, &caps->rtp);
    if (call->advertised.family) {
        uint16_t port = caps->rtp.port;

        caps->rtp = call->advertised;
        caps->rtp.port = port;
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
    caps->security = OMSP_SDP_SECURITY_OFF;
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

static enum omsp_status negotiate(struct omsp_call *call, const struct omsp_sdp *remote)
{
    struct omsp_sdp_session *sdp = call->sdp;
    struct omsp_sdp_agreed agreed;
    struct omsp_session_params params;
    struct omsp_sdp_local caps;
    enum omsp_status status;

    if (sdp->offering) {
        status = omsp_sdp_apply_answer(&sdp->caps, &sdp->local, remote, &agreed);
        if (status == OMSP_BAD_MEDIA)
            tell_not_used(call);
    } else {
        fill_caps(call, &caps);
        status = omsp_sdp_make_answer(&caps, sdp->described ? &sdp->local : NULL, remote,
                                      &sdp->local, &agreed);
        if (!status) {
            sdp->caps = caps;
            sdp->described = true;
        }
    }
    if (status)
        return status;
    sdp->offering = false;
    fill_params(&agreed, &params);
    omsp_call_apply(call, &params,
                    call->state == OMSP_CALL_CONNECTED ? OMSP_CAUSE_REMOTE_REQUEST
                                                       : OMSP_CAUSE_LOCAL_REQUEST);
    return OMSP_OK;
}

static const struct omsp_addr loopback = {.family = 4, .ip = {127, 0, 0, 1}};

enum omsp_status omsp_call_set_remote_sdp(struct omsp_call *call, const char *text, size_t len)
{
    struct omsp_addr local = loopback;
    struct omsp_sdp *remote = omsp_alloc(sizeof(*remote));
    enum omsp_status status;
    bool fresh;

    if (!remote)
        return OMSP_NOMEM;
    status = omsp_sdp_parse(text, len, OMSP_SDP_SECURITY_OFF, remote);
    if (!status)
        status = omsp_call_ensure_bound(call, &local, &fresh);
    if (!status) {
        omsp_call_enter(call);
        status = call->shut || !call->session ? OMSP_SHUTDOWN : ensure_sdp(call);
        if (!status)
            status = negotiate(call, remote);
        omsp_call_leave(call);
    }
    omsp_free(remote);
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

enum omsp_status omsp_call_set_advertised(struct omsp_call *call, const struct omsp_addr *addr)
{
    omsp_call_enter(call);
    call->advertised = *addr;
    omsp_call_leave(call);
    return OMSP_OK;
}
